package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sekisho/bench/load"
)

// ruling is what was decided on a message and why: the same names in audit.jsonl and in what replay prints.
type ruling struct {
	SHA256      string    `json:"sha256"`
	Verdict     string    `json:"verdict"`
	Rule        string    `json:"rule"`
	Rules       []string  `json:"rules"`
	Incomplete  bool      `json:"incomplete"`
	Findings    []finding `json:"findings"`
	Attachments []struct {
		Path, Name, Kind, SHA256 string
	} `json:"attachments"`

	File      string `json:"file"`       // replay's
	MessageID string `json:"message_id"` // the audit's
	Truncated bool   `json:"truncated"`
}

type finding struct {
	Kind, Severity, Path, Detail string
}

// comparison is what verify prints, one a concurrency.
type comparison struct {
	Concurrency int      `json:"concurrency"`
	Messages    int      `json:"messages"`
	Equal       int      `json:"equal"`    // in verdict, rules, findings with their details, attachments and digest of the message
	Order       int      `json:"by_order"` // equal but for what depends on which mails came before: the conversation's findings
	Unequal     int      `json:"unequal"`
	Which       []string `json:"which,omitempty"` // the first few unequal ones
}

const (
	verifyRun  = "verify"
	verifyOnce = 16 // connections
	whichMost  = 5
	auditMost  = 30 * time.Second // until the last record is written
)

// verify sends every mail once over one connection and once over many, to fresh daemons, and compares with replay of the same mails as files.
func verify(ctx context.Context, o options, dir string, workloads []load.Workload, out io.Writer) error {
	var mails []load.Mail
	for _, w := range workloads {
		if has(o.workloads, w.Name) {
			mails = append(mails, w.Mails...)
		}
	}
	want, err := replayed(ctx, o, dir, mails)
	if err != nil {
		return err
	}
	var unequal error
	for _, n := range []int{1, verifyOnce} {
		got, err := served(ctx, o, filepath.Join(dir, fmt.Sprint(n)), mails, n)
		if err != nil {
			return err
		}
		c := compare(want, got, n)
		if o.json {
			err = errors.Join(err, json.NewEncoder(out).Encode(c))
		} else {
			fmt.Fprintf(out, "verdicts of %d messages, %d at once, and replay's: %d equal, %d equal but for what came before, %d unequal\n", c.Messages, n, c.Equal, c.Order, c.Unequal)
		}
		if c.Unequal > 0 {
			unequal = errors.Join(unequal, fmt.Errorf("%w: verdicts: %s", errSeen, strings.Join(c.Which, "; ")))
		}
		if err != nil {
			return err
		}
	}
	return unequal
}

// replayed writes the mails with their sessions as files and replays them. Rulings are by Message-ID.
func replayed(ctx context.Context, o options, dir string, mails []load.Mail) (map[string]ruling, error) {
	folder := filepath.Join(dir, "mails")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	begun := time.Now()
	for i := range mails {
		name := filepath.Join(folder, fmt.Sprintf("%05d", i))
		session, err := json.Marshal(map[string]any{"direction": "in", "client_ip": "192.0.2.1", "client_name": "client.example.com", "helo": "client.example.com",
			"mail_from": mails[i].From, "rcpt_to": mails[i].Rcpts, "ts": begun.Add(time.Duration(i) * time.Millisecond).Format(time.RFC3339Nano)})
		if err = errors.Join(err, os.WriteFile(name+".json", session, 0o644), os.WriteFile(name+".eml", mails[i].Numbered(messageID(i)), 0o644)); err != nil {
			return nil, err
		}
	}
	conf := filepath.Join(dir, "sekisho.yaml")
	if err := os.WriteFile(conf, fmt.Appendf(nil, sekishoYAML, "unix:"+filepath.Join(dir, "s"), dir, "0"), 0o644); err != nil {
		return nil, err
	}
	o.logf("replaying %d mails", len(mails))
	var printed, diag bytes.Buffer
	cmd := exec.CommandContext(ctx, o.sekisho, "replay", "--json", "-c", conf, folder)
	cmd.Stdout, cmd.Stderr = &printed, &diag
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != 1 { // 1: some verdict is not accept
		return nil, fmt.Errorf("sekisho replay: %w: %s", err, diag.String())
	}
	return rulings(&printed, func(r ruling) string {
		var i int
		_, _ = fmt.Sscanf(filepath.Base(r.File), "%d", &i)
		return messageID(i)
	})
}

func messageID(i int) string { return fmt.Sprintf("%s.%d", verifyRun, i) }

// served sends the mails to a fresh daemon and reads its audit file.
func served(ctx context.Context, o options, dir string, mails []load.Mail, concurrency int) (map[string]ruling, error) {
	o.logf("sending them, %d at once", concurrency)
	o.network = "unix"
	p, err := start(ctx, "sekisho", dir, o)
	if p != nil {
		defer p.stop()
	}
	if err != nil {
		return nil, err
	}
	job := load.Job{Open: load.Milter(p.network, p.addr), Mails: mails, Concurrency: concurrency, Least: len(mails), Most: len(mails), Run: verifyRun}
	if _, err := load.Drive(job); err != nil {
		return nil, err
	}
	for end := time.Now().Add(auditMost); ; time.Sleep(100 * time.Millisecond) {
		b, err := os.ReadFile(filepath.Join(dir, "state", "audit.jsonl"))
		if err != nil {
			return nil, err
		}
		b = b[:bytes.LastIndexByte(b, '\n')+1]
		if bytes.Count(b, []byte("\n")) >= len(mails) || time.Now().After(end) {
			return rulings(bytes.NewReader(b), func(r ruling) string {
				id, _, _ := strings.Cut(strings.Trim(r.MessageID, "<>"), "@")
				return id
			})
		}
	}
}

func rulings(r io.Reader, id func(ruling) string) (map[string]ruling, error) {
	m := map[string]ruling{}
	for dec := json.NewDecoder(r); dec.More(); {
		var one ruling
		if err := dec.Decode(&one); err != nil {
			return nil, err
		}
		m[id(one)] = one
	}
	return m, nil
}

func compare(want, got map[string]ruling, concurrency int) comparison {
	c := comparison{Concurrency: concurrency, Messages: len(want)}
	for id, w := range want {
		g, ok := got[id]
		if g.SHA256 == "" && len(g.Attachments) > 0 { // the audit has no digest of a large mail that was accepted; those of its attachments it has
			w.SHA256 = ""
		}
		switch {
		case ok && w.text(true) == g.text(true):
			c.Equal++
		case ok && concurrency > 1 && w.text(false) == g.text(false):
			c.Order++
		default:
			if c.Unequal++; len(c.Which) < whichMost {
				c.Which = append(c.Which, fmt.Sprintf("%s: replay %s, served %s", id, w.text(true), g.text(true)))
			}
		}
	}
	slices.Sort(c.Which)
	return c
}

// text is a ruling's for comparison; without order, what the conversation's memory adds is left out, and so are verdict and rules, which follow from it.
func (r ruling) text(order bool) string {
	r.File, r.MessageID = "", ""
	if !order {
		r.Verdict, r.Rule, r.Rules = "", "", nil
		r.Findings = slices.DeleteFunc(slices.Clone(r.Findings), func(f finding) bool {
			group, _, _ := strings.Cut(f.Kind, ".")
			return slices.Contains([]string{"thread", "sender", "reply"}, group)
		})
	}
	b, err := json.Marshal(r)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
