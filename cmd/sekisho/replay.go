package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sekisho/internal/filter"
	"sekisho/internal/ledger"
	"sekisho/internal/message"
	"sekisho/rules"
)

type replayCmd struct {
	JSON    bool   `help:"help_json"`
	Compare string `placeholder:"PACK" help:"help_compare"`
	History bool   `help:"help_history"`
	Folder  string `arg:"" optional:"" help:"help_folder"`
}

// labelsFile gives the order of a labelled folder; nothing else is read from it.
const labelsFile = "labels.jsonl"

// Run plays the folder's mails in order and prints one result a mail.
func (c *replayCmd) Run(ctx context.Context, g *globals, io streams) (err error) {
	switch {
	case c.Compare != "":
		return c.compare(ctx, g, io)
	case c.History || c.Folder == "":
		return errors.New(text(g.language(), "replay_what"))
	}
	off, end, err := g.replayLine(ctx, c.Folder, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	mails, err := order(c.Folder)
	if err != nil {
		return err
	}
	p := newPrinter(io, off.lang, c.JSON)
	for _, m := range mails {
		if err := ctx.Err(); err != nil {
			return err
		}
		p.progress(m.file)
		if err := play(ctx, off, p, c.Folder, m); err != nil {
			p.fail(m.file, err)
		}
	}
	p.done()
	return p.outcome()
}

// replayLine opens the line for a folder, with a fresh memory; p stands for the configuration's pack unless it is nil.
func (g *globals) replayLine(ctx context.Context, folder string, p *rules.Pack) (off *offline, end func() error, err error) {
	if off, err = g.offline(false); err != nil {
		return nil, nil, err
	}
	if p != nil {
		off.options.Pack = p
	}
	if err := off.useSite(folder); err != nil {
		off.close()
		return nil, nil, err
	}
	forget, err := off.remember(ctx)
	if err != nil {
		off.close()
		return nil, nil, err
	}
	off.countOutbound()
	return off, func() error { off.close(); return forget() }, nil
}

func play(ctx context.Context, off *offline, p *printer, folder string, m mail) error {
	return playTo(ctx, off, folder, m, func(res *filter.Result) error { return p.result(m.file, res) })
}

// playTo plays one mail and gives its result, which ends with give.
func playTo(ctx context.Context, off *offline, folder string, m mail, give func(*filter.Result) error) error {
	f, err := os.Open(filepath.Join(folder, m.file))
	if err != nil {
		return err
	}
	defer f.Close()
	res, err := off.filter.Message(ctx, filter.Session{Envelope: m.envelope}, f)
	if err != nil {
		return err
	}
	defer res.Close()
	delivered := res.Verdict.Effective(off.options.Mode) <= rules.Tag
	if _, err := off.filter.Remember(ctx, res, delivered, ""); err != nil && !errors.Is(err, ledger.ErrFull) {
		return err
	}
	return give(res)
}

// mail is one mail of a folder with its session; its time is the clock when it is played.
type mail struct {
	file     string // relative to the folder
	envelope message.Envelope
}

// order lists the mails of a folder as labels.jsonl has them, else by the time of their sessions, else by name.
func order(folder string) ([]mail, error) {
	files, err := labelled(folder)
	sorted := err == nil
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	if !sorted {
		if files, err = mailFiles(folder); err != nil {
			return nil, err
		}
	}
	mails := make([]mail, 0, len(files))
	for _, f := range files {
		m := mail{file: f}
		b, err := os.ReadFile(filepath.Join(folder, strings.TrimSuffix(f, filepath.Ext(f))+".json"))
		switch {
		case err == nil:
			if m.envelope, err = message.ReadSession(bytes.NewReader(b)); err != nil {
				return nil, fmt.Errorf("%s: %w", f, err)
			}
		case os.IsNotExist(err):
			m.envelope = message.Envelope{Time: modified(folder, f)}
		default:
			return nil, err
		}
		mails = append(mails, m)
	}
	if !sorted {
		slices.SortStableFunc(mails, func(a, b mail) int {
			return cmp.Or(a.envelope.Time.Compare(b.envelope.Time), cmp.Compare(a.file, b.file))
		})
	}
	return mails, nil
}

func modified(folder, f string) time.Time {
	info, err := os.Stat(filepath.Join(folder, f))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

func labelled(folder string) ([]string, error) {
	f, err := os.Open(filepath.Join(folder, labelsFile))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var files []string
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for n := 1; sc.Scan(); n++ {
		if len(bytes.TrimSpace(sc.Bytes())) == 0 {
			continue
		}
		var l struct {
			File string `json:"file"`
		}
		if err := json.Unmarshal(sc.Bytes(), &l); err != nil || l.File == "" {
			return nil, fmt.Errorf("%s:%d: no mail is named (%v)", labelsFile, n, err)
		}
		if !filepath.IsLocal(l.File) {
			return nil, fmt.Errorf("%s:%d: %q lies outside the folder", labelsFile, n, l.File)
		}
		files = append(files, l.File)
	}
	return files, sc.Err()
}

func mailFiles(folder string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !strings.EqualFold(filepath.Ext(name), ".eml") {
			return err
		}
		rel, err := filepath.Rel(folder, name)
		files = append(files, rel)
		return err
	})
	return files, err
}
