package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sekisho/internal/hosts"
	"sekisho/internal/trace"
)

type hostsReceivedCmd struct {
	Since      string   `placeholder:"TIME" help:"help_rsince"`
	All        bool     `help:"help_rall"`
	JSON       bool     `xor:"form" help:"help_json"`
	Recipients bool     `xor:"form" help:"help_rrecipients"`
	Who        []string `arg:"" optional:"" name:"who" help:"help_rwho"`
}

// Run lists who received mail from what looks infected, by the record of messages.
func (c *hostsReceivedCmd) Run(ctx context.Context, g *globals, io streams) error {
	return g.withHosts(ctx, io, func(d *hostsDesk) error {
		since, err := moment(d.lang, c.Since, time.Now(), false)
		if err != nil {
			return err
		}
		rows, err := c.rows(ctx, d)
		if err != nil {
			return err
		}
		t, err := d.openTrace(ctx)
		if err != nil {
			return err
		}
		f := &follower{hostsDesk: d, t: t, fates: newFates(d.desk, t), all: c.All, seen: map[int64]bool{}}
		for _, r := range rows {
			if err := f.row(ctx, r, since); err != nil {
				return err
			}
		}
		return f.print(ctx, c)
	})
}

// rows are those named, else those that look infected.
func (c *hostsReceivedCmd) rows(ctx context.Context, d *hostsDesk) ([]hosts.Row, error) {
	rows, err := d.table(ctx)
	if err != nil {
		return nil, err
	}
	if len(c.Who) == 0 {
		return slices.DeleteFunc(rows, func(r hosts.Row) bool { return !r.State.LooksInfected() }), nil
	}
	found, unknown := named(rows, c.Who)
	if len(unknown) > 0 {
		return nil, fmt.Errorf(text(d.lang, "host_unknown"), strings.Join(unknown, ", "))
	}
	return found, nil
}

const (
	followBefore = 24 * time.Hour // an infection is older than its first sign
	maxFollowed  = 50_000         // messages of one answer: more than any accounts sent in a month; they are kept in memory
)

// follower collects what rows have sent.
type follower struct {
	*hostsDesk
	t     *trace.Trace
	fates *fates
	all   bool
	seen  map[int64]bool
	mails []followed
	cut   bool
}

// followed is a message of a row.
type followed struct {
	who string
	trace.Record
}

// row looks for what the accounts and addresses of a row sent.
func (f *follower) row(ctx context.Context, r hosts.Row, since time.Time) error {
	if since.IsZero() && !r.Since.IsZero() {
		since = r.Since.Add(-followBefore)
	}
	for _, q := range f.queries(r) {
		q.Since = since
		err := f.t.Search(ctx, q, func(rec *trace.Record) bool {
			if rec.Direction == "in" || f.seen[rec.ID] {
				return true
			}
			if f.cut = len(f.mails) >= maxFollowed; f.cut {
				return false
			}
			f.seen[rec.ID] = true
			f.mails = append(f.mails, followed{r.Who(), *rec})
			return true
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// queries ask for each name of a row. A login without a domain is asked for in each domain of ours too; where mail programs do not log in, the sender's address
// is the account.
func (f *follower) queries(r hosts.Row) (list []trace.Query) {
	for _, a := range r.Addresses {
		list = append(list, trace.Query{Client: a})
	}
	accounts := slices.Clone(r.Accounts)
	for _, i := range r.Incidents {
		if i.Account {
			accounts = append(accounts, i.Who)
		}
	}
	for _, a := range accounts {
		if strings.Contains(a, "@") {
			continue
		}
		for _, domain := range f.cfg.Site.LocalDomains {
			accounts = append(accounts, a+"@"+domain)
		}
	}
	for _, a := range unique(accounts) {
		list = append(list, trace.Query{Account: a})
		if strings.Contains(a, "@") {
			list = append(list, trace.Query{Sender: a})
		}
	}
	return list
}

// receivedCopy is one line of hosts received --json.
type receivedCopy struct {
	Schema     int       `json:"schema"`
	Who        string    `json:"who"`
	Time       time.Time `json:"ts"`
	Rcpt       string    `json:"rcpt_to"`
	State      string    `json:"state"` // as trace says it
	MailFrom   string    `json:"mail_from"`
	From       string    `json:"from"`
	Account    string    `json:"account"`
	ClientIP   string    `json:"client_ip"`
	MessageID  string    `json:"message_id"`
	QueueID    string    `json:"queue_id"`
	Quarantine string    `json:"quarantine_id,omitempty"`
	Subject    string    `json:"subject"`
	SHA256     string    `json:"sha256"`
	Files      []string  `json:"files"`
}

func (m *followed) copy(to, state string) receivedCopy {
	c := receivedCopy{
		Schema: 1, Who: m.who, Time: m.Time, Rcpt: to, State: state, MailFrom: m.MailFrom, From: m.From, Account: m.Account, ClientIP: m.ClientIP, MessageID: m.MessageID,
		QueueID: m.QueueID, Quarantine: m.Quarantine, Subject: m.Subject, SHA256: m.SHA256, Files: []string{},
	}
	for _, file := range m.Files {
		c.Files = append(c.Files, file.Name)
	}
	return c
}

// copies gives every copy that arrived, or every copy at all, the newest first.
func (f *follower) copies(ctx context.Context, give func(receivedCopy) error) error {
	slices.SortFunc(f.mails, func(a, b followed) int { return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(b.ID, a.ID)) })
	for i := range f.mails {
		m := &f.mails[i]
		for j, state := range f.fates.of(ctx, &m.Record) {
			if !f.all && !arrived(state) {
				continue
			}
			if err := give(m.copy(m.Rcpts[j].Address, state)); err != nil {
				return err
			}
		}
	}
	return nil
}

// print shows the copies. The exit status says whether there is somebody to warn.
func (f *follower) print(ctx context.Context, c *hostsReceivedCmd) error {
	rows := [][]string{strings.Split(text(f.lang, "r_head"), "\t")}
	warned, copies, reached := map[string]bool{}, 0, 0
	err := f.copies(ctx, func(r receivedCopy) error {
		copies++
		if arrived(r.State) {
			reached++
		}
		address := strings.ToLower(r.Rcpt)
		first := arrived(r.State) && !warned[address]
		warned[address] = warned[address] || first
		switch {
		case c.JSON:
			return f.encode(r)
		case c.Recipients && first:
			_, err := fmt.Fprintln(f.out, printable(r.Rcpt))
			return err
		case !c.Recipients && len(rows) <= receivedMost:
			rows = append(rows, []string{
				stamp(r.Time), text(f.lang, "t_"+r.State), short(r.Rcpt), short(r.Who), short(r.MessageID), several(r.Files), short(r.Subject),
			})
		}
		return nil
	})
	if err == nil && !c.JSON && !c.Recipients {
		err = f.table(rows, copies, warned)
	}
	if f.cut {
		fmt.Fprintf(f.err, text(f.lang, "r_cut")+"\n", maxFollowed)
	}
	if err == nil && reached > 0 {
		return errVerdict
	}
	return err
}

func (f *follower) table(rows [][]string, copies int, warned map[string]bool) error {
	if copies > 0 {
		if err := table(f.out, rows); err != nil {
			return err
		}
	}
	if copies > receivedMost {
		fmt.Fprintf(f.out, text(f.lang, "t_cut")+"\n", copies-receivedMost)
	}
	n := 0
	for _, arrived := range warned {
		if arrived {
			n++
		}
	}
	_, err := fmt.Fprintf(f.out, text(f.lang, "r_total")+"\n", len(f.mails), copies, n)
	return err
}
