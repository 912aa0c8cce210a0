package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"sekisho/internal/filter"
	"sekisho/internal/inspect"
	"sekisho/internal/message"
	"sekisho/rules"
)

type scanCmd struct {
	JSON     bool     `help:"help_json"`
	Macros   bool     `help:"help_macros"`
	Password []string `placeholder:"WORD" sep:"none" help:"help_password"`
	Session  string   `placeholder:"FILE" help:"help_session"`
	Paths    []string `arg:"" name:"path" help:"help_scanpaths"`
}

// Run looks at every path and prints one result a mail or file.
func (c *scanCmd) Run(ctx context.Context, g *globals, io streams) error {
	off, err := g.offline(c.Macros, c.Password...)
	if err != nil {
		return err
	}
	defer off.close()
	s := &scanner{offline: off, session: c.Session, p: newPrinter(io, off.lang, c.JSON)}
	for _, path := range c.Paths {
		if err := s.path(ctx, path); err != nil {
			return err
		}
	}
	s.p.done()
	return s.p.outcome()
}

// scanner looks at files one after the other.
type scanner struct {
	*offline
	session string
	p       *printer
	give    func(name string, res *filter.Result) error // p.result where nil
}

// path scans a file, or every regular file below a folder. Only the end of ctx is an error: a file that cannot be read is said and counted.
func (s *scanner) path(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		s.p.fail(path, err)
		return nil
	}
	folder := path
	if !info.IsDir() {
		folder = filepath.Dir(path)
	}
	if err := s.useSite(folder); err != nil {
		return err
	}
	if !info.IsDir() {
		return s.file(ctx, path)
	}
	return filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			s.p.fail(name, err)
			return nil
		case !d.Type().IsRegular() || s.isSession(name) || d.Name() == siteFile:
			return ctx.Err()
		}
		return s.file(ctx, name)
	})
}

// isSession reports whether NAME.json stands beside NAME.eml and so is no file to look at.
func (s *scanner) isSession(name string) bool {
	base, ok := strings.CutSuffix(name, ".json")
	if !ok {
		return false
	}
	_, err := os.Stat(base + ".eml")
	return err == nil
}

func (s *scanner) file(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.p.progress(name)
	f, err := openRegular(name)
	if err != nil {
		s.p.fail(name, err)
		return nil
	}
	defer f.Close()
	if err := s.opened(ctx, name, f); err != nil {
		s.p.fail(name, err)
	}
	return ctx.Err()
}

// openRegular opens what has an end: a pipe would keep the command waiting for who writes into it.
func openRegular(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// headLen is enough to tell a mail or an mbox from anything else.
const headLen = 4096

func (s *scanner) opened(ctx context.Context, name string, f *os.File) error {
	head := make([]byte, headLen)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	head = head[:n]
	switch {
	case message.IsMbox(head):
		return message.Mbox(f, func(n int, r io.Reader) error {
			return s.mail(ctx, fmt.Sprintf("%s#%d", name, n), r)
		})
	case strings.EqualFold(filepath.Ext(name), ".eml") || inspect.IsMessage(head):
		return s.mail(ctx, name, f)
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	res, err := s.filter.File(ctx, filepath.Base(name), f, info.Size())
	if err != nil {
		return err
	}
	return s.result(name, res)
}

func (s *scanner) result(name string, res *filter.Result) error {
	if s.give != nil {
		return s.give(name, res)
	}
	return s.p.result(name, res)
}

func (s *scanner) mail(ctx context.Context, name string, r io.Reader) error {
	env, err := s.envelope(name)
	if err != nil {
		return err
	}
	res, err := s.filter.Message(ctx, filter.Session{Envelope: env}, r)
	if err != nil {
		return err
	}
	defer res.Close()
	return s.result(name, res)
}

// envelope reads the session given, else the one beside the mail, else makes one of a stranger's mail that came now.
func (s *scanner) envelope(name string) (message.Envelope, error) {
	file, must := s.session, true
	if file == "" {
		file, must = strings.TrimSuffix(name, filepath.Ext(name))+".json", false
		if !strings.EqualFold(filepath.Ext(name), ".eml") {
			return message.Envelope{Time: time.Now()}, nil
		}
	}
	b, err := os.ReadFile(file)
	if err != nil && !must && errors.Is(err, fs.ErrNotExist) {
		return message.Envelope{Time: time.Now()}, nil
	}
	if err != nil {
		return message.Envelope{}, err
	}
	return message.ReadSession(bytes.NewReader(b))
}

// printer writes results for a person or, one JSON object a line, for a program.
type printer struct {
	io     streams
	lang   string
	json   bool
	paint  painter
	bar    progress
	alarms int
	errors int
}

func newPrinter(io streams, lang string, asJSON bool) *printer {
	p := &printer{io: io, lang: lang, paint: newPainter(io.out), json: asJSON, bar: newProgress(io.err)}
	if !asJSON && p.paint.on { // the results themselves are the progress
		p.bar = progress{}
	}
	return p
}

func (p *printer) progress(name string) { p.bar.step(name) }

func (p *printer) done() { p.bar.clear() }

func (p *printer) fail(name string, err error) {
	p.errors++
	p.bar.clear()
	fmt.Fprintf(p.io.err, "sekisho: %s: %v\n", printable(name), err)
}

func (p *printer) outcome() error {
	switch {
	case p.errors > 0:
		return fmt.Errorf(text(p.lang, "n_unread"), p.errors)
	case p.alarms > 0:
		return errVerdict
	}
	return nil
}

func (p *printer) result(name string, res *filter.Result) error {
	if res.Verdict.Action != rules.Accept {
		p.alarms++
	}
	if p.json {
		return encodeJSON(p.io.out, res.Report(name))
	}
	p.bar.clear()
	verdict := p.paint.verdict(res.Verdict.Action)
	if res.Verdict.Rule != "" {
		verdict += " (" + res.Verdict.Rule + ")"
	}
	if res.Verdict.Incomplete {
		verdict += ", " + text(p.lang, "incomplete")
	}
	if _, err := fmt.Fprintf(p.io.out, "%s: %s\n", printable(name), verdict); err != nil {
		return err
	}
	for _, f := range res.Facts.Findings {
		explainFinding(p.io.out, p.lang, f)
	}
	return nil
}
