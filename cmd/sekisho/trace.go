package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/config"
	"sekisho/internal/filter"
	"sekisho/internal/trace"
	"sekisho/milter"
)

type traceCmd struct {
	Sender     string   `placeholder:"ADDRESS" help:"help_t_sender"`
	Recipient  string   `placeholder:"ADDRESS" help:"help_t_recipient"`
	Address    string   `placeholder:"ADDRESS" help:"help_t_address"`
	MessageID  string   `placeholder:"ID" help:"help_t_messageid"`
	Subject    string   `placeholder:"TEXT" help:"help_t_subject"`
	Contains   string   `placeholder:"TEXT" help:"help_t_contains"`
	SHA256     []string `name:"sha256" placeholder:"HEX" help:"help_t_sha256"`
	Macros     []string `placeholder:"HEX" help:"help_t_macros"`
	Name       string   `placeholder:"NAME" help:"help_t_name"`
	QueueID    string   `placeholder:"ID" help:"help_t_queueid"`
	Quarantine string   `name:"quarantine-id" placeholder:"ID" help:"help_t_quarantine"`
	Client     string   `placeholder:"IP" help:"help_t_client"`
	Account    string   `placeholder:"NAME" help:"help_t_account"`
	Rule       string   `placeholder:"NAME" help:"help_t_rule"`
	Verdict    string   `placeholder:"WORD" help:"help_t_verdict"`
	Direction  string   `placeholder:"in|out|internal" help:"help_t_direction"`
	Since      string   `placeholder:"TIME" help:"help_t_since"`
	Until      string   `placeholder:"TIME" help:"help_t_until"`
	Before     int64    `placeholder:"N" help:"help_t_before"`
	Limit      int      `placeholder:"N" default:"-1" help:"help_t_limit"`
	JSON       bool     `xor:"form" help:"help_json"`
	MessageIDs bool     `xor:"form" name:"message-ids" help:"help_t_messageids"`
	Doveadm    bool     `xor:"form" help:"help_t_doveadm"`
	Files      []string `arg:"" optional:"" name:"file" help:"help_t_file"`
}

// Run searches the record of messages. Exit status as grep(1): 0 something was found, 1 nothing was, 2 an error.
func (c *traceCmd) Run(ctx context.Context, g *globals, io streams) error {
	return g.withDesk(ctx, io, func(d *desk) error {
		q, err := c.query(d.lang, time.Now())
		if err != nil {
			return err
		}
		if err := c.lookBack(ctx, g, io, &q); err != nil {
			return err
		}
		t, err := d.openTrace(ctx)
		if err != nil {
			return err
		}
		v := &traceView{desk: d, q: q, t: t, limit: c.most(&q), fates: newFates(d, t)}
		switch {
		case c.MessageIDs, c.Doveadm:
			return v.copies(ctx, c.Doveadm)
		case c.JSON:
			return v.json(ctx)
		case isLookBack(&q):
			return v.received(ctx)
		}
		return v.list(ctx)
	})
}

// openTrace opens the record of messages for questions.
func (d *desk) openTrace(ctx context.Context) (*trace.Trace, error) {
	o, err := traceOptions(d.cfg, d.st)
	if err != nil {
		return nil, err
	}
	return trace.Open(ctx, d.st, o)
}

// isLookBack reports whether the question is who received a file.
func isLookBack(q *trace.Query) bool { return len(q.Digests)+len(q.Macros) > 0 }

// listMost is how many messages are shown unless more are asked for: a screen.
const listMost = 50

// most is how many messages are given; all, where the question is who received a file or which copies there are.
func (c *traceCmd) most(q *trace.Query) int {
	switch {
	case c.Limit >= 0:
		return c.Limit
	case c.MessageIDs, c.Doveadm, isLookBack(q):
		return 0
	}
	return listMost
}

func (c *traceCmd) query(lang string, now time.Time) (q trace.Query, err error) {
	q = trace.Query{
		Sender: c.Sender, Recipient: c.Recipient, Address: c.Address, MessageID: c.MessageID, Subject: c.Subject, Contains: c.Contains,
		Digests: c.SHA256, Macros: c.Macros, Name: c.Name, QueueID: c.QueueID, Quarantine: c.Quarantine, Client: c.Client, Account: c.Account,
		Rule: c.Rule, Verdict: c.Verdict, Direction: c.Direction, Before: c.Before,
	}
	for _, list := range [][]string{q.Digests, q.Macros} {
		for i := range list {
			list[i] = strings.ToLower(list[i])
		}
	}
	for _, d := range slices.Concat(q.Digests, q.Macros) {
		if b, err := hex.DecodeString(d); err != nil || len(b) != 32 {
			return q, fmt.Errorf(text(lang, "t_nodigest"), printable(d))
		}
	}
	if q.Since, err = moment(lang, c.Since, now, false); err == nil {
		q.Until, err = moment(lang, c.Until, now, true)
	}
	return q, err
}

// moment reads a time: how long ago (90m, 2h, 7d), a date, a local time, or RFC 3339. A date as an end takes the day in.
func moment(lang, s string, now time.Time, end bool) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return now.AddDate(0, 0, -int(n)), nil
		}
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, now.Location()); err == nil {
		if end {
			t = t.AddDate(0, 0, 1)
		}
		return t, nil
	}
	for _, form := range []string{"2006-01-02 15:04", time.DateTime, "2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339} {
		if t, err := time.ParseInLocation(form, s, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf(text(lang, "t_notime"), printable(s))
}

// lookBack adds the digests and macro fingerprints of the files that were named.
func (c *traceCmd) lookBack(ctx context.Context, g *globals, io streams, q *trace.Query) error {
	if len(c.Files) == 0 {
		return nil
	}
	cfg, err := g.load()
	if err != nil {
		return err
	}
	return lookInto(ctx, cfg, io, c.Files, func(_ string, res *filter.Result) error {
		digests, macros := marks(res)
		q.Digests, q.Macros = append(q.Digests, digests...), append(q.Macros, macros...)
		return nil
	})
}

// lookInto scans mails and files for what they are.
func lookInto(ctx context.Context, cfg *config.Config, io streams, files []string, give func(name string, res *filter.Result) error) error {
	off, err := unjudged(cfg)
	if err != nil {
		return err
	}
	defer off.close()
	s := &scanner{offline: off, p: newPrinter(streams{io.err, io.err}, off.lang, true), give: give}
	for _, path := range files {
		if err := s.path(ctx, path); err != nil {
			return err
		}
	}
	s.p.done()
	return s.p.outcome()
}

// marks are what names a file, or a mail with its files, in other mails. Pictures and texts of a mail do not: a logo stands in every mail of a company.
func marks(res *filter.Result) (digests, macros []string) {
	digests = []string{res.Digest()}
	for _, f := range milter.TraceFiles(res) {
		if f.SHA256 != "" && !f.Common() {
			digests = append(digests, f.SHA256)
		}
		if f.Macros != "" {
			macros = append(macros, f.Macros)
		}
	}
	return unique(digests), unique(macros)
}

// traceView shows what a query finds.
type traceView struct {
	*desk
	t     *trace.Trace
	q     trace.Query
	limit int // 0 for all
	fates *fates
}

// each gives what is found, and reports how much that was. Where there is more than limit, it says how to go on.
func (v *traceView) each(ctx context.Context, give func(r *trace.Record) error) (n int, err error) {
	var last int64
	more := false
	serr := v.t.Search(ctx, v.q, func(r *trace.Record) bool {
		if v.limit > 0 && n == v.limit {
			more = true
			return false
		}
		n, last = n+1, r.ID
		err = give(r)
		return err == nil
	})
	if err = cmp.Or(err, serr); err != nil {
		return n, err
	}
	if more {
		fmt.Fprintf(v.err, text(v.lang, "t_more")+"\n", last)
	}
	return n, nil
}

// found makes the exit status of the number found.
func (v *traceView) found(n int) error {
	if n == 0 {
		return errVerdict
	}
	return nil
}

func (v *traceView) nothing() error {
	_, err := fmt.Fprintln(v.out, text(v.lang, "t_none"))
	return errors.Join(err, errVerdict)
}

// list shows one line a message.
func (v *traceView) list(ctx context.Context) error {
	rows := [][]string{strings.Split(text(v.lang, "t_head"), "\t")}
	n, err := v.each(ctx, func(r *trace.Record) error {
		to := ""
		if len(r.Rcpts) > 0 {
			to = short(r.Rcpts[0].Address)
		}
		if more := len(r.Rcpts) - 1; more > 0 {
			to += fmt.Sprintf(" +%d", more)
		}
		rows = append(rows, []string{
			stamp(r.Time), r.Direction, r.Verdict, v.summary(ctx, r), sender(r), to, short(cmp.Or(r.Quarantine, r.QueueID)), short(r.Subject),
		})
		return nil
	})
	switch {
	case err != nil:
		return err
	case n == 0:
		return v.nothing()
	}
	return table(v.out, rows)
}

// sender is the From address, and the envelope's where there is none.
func sender(r *trace.Record) string { return "<" + short(cmp.Or(r.From, r.MailFrom)) + ">" }

// summary names what became of a message: one word, where that is the same for all recipients.
func (v *traceView) summary(ctx context.Context, r *trace.Record) string {
	var all []string
	for _, f := range v.fates.of(ctx, r) {
		if w := v.fateWord(f); !slices.Contains(all, w) {
			all = append(all, w)
		}
	}
	return strings.Join(all, "/")
}

func (v *traceView) fateWord(f string) string { return text(v.lang, "t_"+f) }

// tracedRcpt is a recipient in JSON.
type tracedRcpt struct {
	trace.Rcpt
	State string `json:"state"`
}

// traced is one line of trace --json.
type traced struct {
	Schema int `json:"schema"`
	trace.Record
	Rcpts   []tracedRcpt `json:"rcpt_to"`
	Matched []trace.File `json:"matched,omitempty"` // the files that were asked for
}

// traceSchema is the number of the shape of traced. It grows when a field changes its meaning or goes away.
const traceSchema = 1

func (v *traceView) json(ctx context.Context) error {
	n, err := v.each(ctx, func(r *trace.Record) error {
		out := traced{Schema: traceSchema, Record: *r, Rcpts: []tracedRcpt{}, Matched: v.matched(r)}
		for i, f := range v.fates.of(ctx, r) {
			out.Rcpts = append(out.Rcpts, tracedRcpt{r.Rcpts[i], f})
		}
		return v.encode(out)
	})
	return errors.Join(err, v.found(n))
}

// matched are the files of a record that were asked for.
func (v *traceView) matched(r *trace.Record) (files []trace.File) {
	for i := range r.Files {
		if f := r.Files[i]; slices.Contains(v.q.Digests, f.SHA256) || f.Macros != "" && slices.Contains(v.q.Macros, f.Macros) {
			files = append(files, f)
		}
	}
	return files
}

// receivedMost is how many rows the table of recipients has at most; the totals count all.
const receivedMost = 1000

// received shows who received a file: one line a recipient, and totals.
func (v *traceView) received(ctx context.Context) error {
	rows := [][]string{strings.Split(text(v.lang, "t_received"), "\t")}
	copies, totals := 0, map[string]int{}
	n, err := v.each(ctx, func(r *trace.Record) error {
		name := short(r.Subject)
		file := ""
		if m := v.matched(r); len(m) > 0 {
			file = short(m[0].Name)
		}
		for i, f := range v.fates.of(ctx, r) {
			copies++
			totals[f]++
			if len(rows) <= receivedMost {
				rows = append(rows, []string{stamp(r.Time), v.fateWord(f), short(r.Rcpts[i].Address), sender(r), short(cmp.Or(r.Quarantine, r.QueueID)), file, name})
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case n == 0:
		return v.nothing()
	}
	if err := table(v.out, rows); err != nil {
		return err
	}
	if copies > receivedMost {
		fmt.Fprintf(v.out, text(v.lang, "t_cut")+"\n", copies-receivedMost)
	}
	_, err = fmt.Fprintf(v.out, text(v.lang, "t_totals")+"\n", n, copies, v.counts(totals))
	return err
}

// counts are the totals in the order in which a reader asks: what arrived first.
func (v *traceView) counts(totals map[string]int) string {
	var parts []string
	for _, f := range fateNames {
		if totals[f] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", v.fateWord(f), totals[f]))
		}
	}
	return strings.Join(parts, ", ")
}
