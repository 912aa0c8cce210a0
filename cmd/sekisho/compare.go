package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"sekisho/internal/filter"
	"sekisho/internal/finding"
	"sekisho/internal/quarantine"
	"sekisho/rules"
)

// difference is one line of replay --compare --json: a mail that another pack judges otherwise.
type difference struct {
	Source     string    `json:"source"` // "folder", "quarantine" or "audit"
	Mail       string    `json:"mail"`   // the file, the quarantine's id, or the MTA's queue id
	Time       time.Time `json:"ts"`
	MailFrom   string    `json:"mail_from"`
	Subject    string    `json:"subject"`
	Change     string    `json:"change"` // one of changes
	Old        judged    `json:"old"`
	New        judged    `json:"new"`
	Reproduced bool      `json:"reproduced"` // false: from what is recorded, the pack in force says something else than it said then
}

// judged is what one pack says of a mail.
type judged struct {
	Verdict      rules.Action            `json:"verdict"`
	Rule         string                  `json:"rule"`
	PerRecipient map[string]rules.Action `json:"per_recipient,omitempty"`
}

func judgedAs(v rules.Verdict) judged { return judged{v.Action, v.Rule, v.PerRecipient} }

// totals are the last line of replay --compare --json.
type totals struct {
	Mails        int            `json:"mails"`
	Changes      map[string]int `json:"changes"`       // by change; those that did not happen too
	Unreproduced int            `json:"unreproduced"`  // mails whose recorded verdict is not what the recorded facts give
	WithoutFacts int            `json:"without_facts"` // audit records of versions that did not record facts
	Unread       int            `json:"unread"`        // mails and records that could not be read
}

// changes are the words for what becomes otherwise, the gravest first.
var changes = []string{"let-through", "held", "milder", "harder", "recipients", "rule"}

// changeOf says what the new verdict changes. Disarm counts as held until it exists.
func changeOf(old, now rules.Verdict) string {
	holds := func(v rules.Verdict) bool { return v.Action > rules.Tag }
	switch {
	case holds(old) && !holds(now):
		return "let-through"
	case !holds(old) && holds(now):
		return "held"
	case now.Action < old.Action:
		return "milder"
	case now.Action > old.Action:
		return "harder"
	case !maps.Equal(old.PerRecipient, now.PerRecipient):
		return "recipients"
	case old.Rule != now.Rule:
		return "rule"
	}
	return ""
}

// comparison collects differences.
type comparison struct {
	*printer
	old, now *rules.Pack
	totals   totals
	rows     [][]string
}

// compare says what another pack would have held or let through.
func (c *replayCmd) compare(ctx context.Context, g *globals, io streams) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	if c.Folder == "" && !c.History {
		return errors.New(text(g.language(), "replay_what"))
	}
	old, err := pack(cfg)
	if err != nil {
		return err
	}
	now, _, err := readPack(c.Compare)
	if err != nil {
		return err
	}
	x := &comparison{printer: newPrinter(io, g.language(), c.JSON), old: old, now: now, totals: totals{Changes: map[string]int{}}}
	for _, ch := range changes {
		x.totals.Changes[ch] = 0
	}
	x.rows = [][]string{strings.Split(text(x.lang, "compare_head"), "\t")}
	if c.Folder != "" {
		err = x.folder(ctx, g, c.Folder)
	}
	if err == nil && c.History {
		err = x.history(ctx, g, io)
	}
	if err != nil {
		return err
	}
	return x.finish()
}

// folder plays the mails through both packs, each with a memory of its own: what is learned depends on the verdicts.
func (x *comparison) folder(ctx context.Context, g *globals, folder string) (err error) {
	var lines [2]*offline
	for i, p := range []*rules.Pack{x.old, x.now} {
		off, end, lineErr := g.replayLine(ctx, folder, p)
		if lineErr != nil {
			return lineErr
		}
		defer func() { err = errors.Join(err, end()) }()
		lines[i] = off
	}
	mails, err := order(folder)
	if err != nil {
		return err
	}
	for _, m := range mails {
		if err := ctx.Err(); err != nil {
			return err
		}
		x.progress(m.file)
		if err := x.both(ctx, lines, folder, m); err != nil {
			return err
		}
	}
	return nil
}

// both plays one mail through both lines.
func (x *comparison) both(ctx context.Context, lines [2]*offline, folder string, m mail) error {
	var verdicts [2]rules.Verdict
	d := difference{Source: "folder", Mail: m.file, Reproduced: true}
	for i, off := range lines {
		err := playTo(ctx, off, folder, m, func(res *filter.Result) error {
			verdicts[i], d.Time = res.Verdict, res.Session.Envelope.Time
			d.MailFrom, d.Subject = res.Session.Envelope.MailFrom, res.Facts.Subject
			return nil
		})
		if err != nil {
			x.unread(m.file, err)
			return nil
		}
	}
	return x.add(d, verdicts[0], verdicts[1])
}

func (x *comparison) unread(name string, err error) {
	x.totals.Unread++
	x.fail(name, err)
}

// add counts a mail and prints it, or keeps it for the table, if the packs disagree.
func (x *comparison) add(d difference, old, now rules.Verdict) error {
	x.totals.Mails++
	if !d.Reproduced {
		x.totals.Unreproduced++
	}
	if d.Change = changeOf(old, now); d.Change == "" {
		return nil
	}
	x.totals.Changes[d.Change]++
	d.Old, d.New = judgedAs(old), judgedAs(now)
	if x.json {
		return encodeJSON(x.io.out, d)
	}
	sure := ""
	if !d.Reproduced {
		sure = "?"
	}
	x.rows = append(x.rows, []string{short(d.Mail), text(x.lang, "change_"+d.Change) + sure, ruled(old), ruled(now), "<" + short(d.MailFrom) + ">", short(d.Subject)})
	return nil
}

func ruled(v rules.Verdict) string {
	if v.Rule == "" {
		return v.Action.String()
	}
	return v.Action.String() + " (" + v.Rule + ")"
}

// finish prints the table and the totals; exit status 1 says that there are differences.
func (x *comparison) finish() error {
	x.done()
	differ := 0
	for _, n := range x.totals.Changes {
		differ += n
	}
	if x.json {
		if err := encodeJSON(x.io.out, x.totals); err != nil {
			return err
		}
	} else if err := x.summary(differ); err != nil {
		return err
	}
	switch {
	case x.errors > 0:
		return fmt.Errorf(text(x.lang, "n_unread"), x.errors)
	case differ > 0:
		return errVerdict
	}
	return nil
}

func (x *comparison) summary(differ int) error {
	if differ > 0 {
		if err := table(x.io.out, x.rows); err != nil {
			return err
		}
		fmt.Fprintln(x.io.out)
	}
	var counts []string
	for _, ch := range changes {
		if n := x.totals.Changes[ch]; n > 0 {
			counts = append(counts, fmt.Sprintf("%s %d", text(x.lang, "change_"+ch), n))
		}
	}
	fmt.Fprintf(x.io.out, text(x.lang, "compared")+"\n", x.totals.Mails, differ)
	if len(counts) > 0 {
		fmt.Fprintln(x.io.out, strings.Join(counts, ", "))
	}
	if n := x.totals.Unreproduced; n > 0 {
		fmt.Fprintf(x.io.out, text(x.lang, "unreproduced")+"\n", n)
	}
	if n := x.totals.WithoutFacts; n > 0 {
		fmt.Fprintf(x.io.out, text(x.lang, "without_facts")+"\n", n, strings.Join(factNames, ", "))
	}
	return nil
}

// history asks both packs about stored mail: held mail is inspected again, of other mail the audit log's facts are taken.
func (x *comparison) history(ctx context.Context, g *globals, out streams) error {
	off, err := g.offline(false)
	if err != nil {
		return err
	}
	defer off.close()
	return g.withDesk(ctx, out, func(d *desk) error {
		held, err := x.held(ctx, d)
		if err != nil {
			return err
		}
		logged := map[string]*record{} // of held mail
		unread, err := eachRecord(d, func(r *record) error {
			if _, ok := held[r.Quarantine]; ok && r.Quarantine != "" {
				logged[r.Quarantine] = r
				return ctx.Err()
			}
			if r.skip() {
				return ctx.Err()
			}
			x.progress(r.QueueID)
			return errors.Join(x.recorded(r), ctx.Err())
		})
		x.totals.Unread += unread
		if err != nil {
			return err
		}
		for _, id := range slices.Sorted(maps.Keys(held)) {
			x.progress(id)
			if err := x.again(ctx, d, off, held[id], logged[id]); err != nil {
				x.unread(id, err)
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		return nil
	})
}

// held are the messages whose bytes the quarantine still has.
func (x *comparison) held(ctx context.Context, d *desk) (map[string]quarantine.Item, error) {
	held := map[string]quarantine.Item{}
	_, err := d.list(ctx, true, func(it quarantine.Item) error {
		if it.Where == quarantine.InMTA {
			return nil
		}
		raw, err := d.q.Raw(ctx, it.ID)
		if err == nil {
			held[it.ID] = it
			raw.Close()
		}
		return nil // gone: its audit record has to do
	})
	return held, err
}

// again inspects a held message anew. What a memory knew of it then comes from its record.
func (x *comparison) again(ctx context.Context, d *desk, off *offline, it quarantine.Item, logged *record) error {
	raw, err := d.q.Raw(ctx, it.ID)
	if err != nil {
		return err
	}
	defer raw.Close()
	res, err := off.filter.Message(ctx, filter.Session{Envelope: it.Envelope}, io.Reader(raw))
	if err != nil {
		return err
	}
	defer res.Close()
	facts := res.Facts
	facts.For = nil
	logged.remind(&facts)
	old, now := x.old.Decide(facts), x.now.Decide(facts)
	diff := difference{Source: "quarantine", Mail: it.ID, Time: it.Held, MailFrom: it.Envelope.MailFrom, Subject: it.Subject,
		Reproduced: old.Action == it.Verdict.Action && old.Rule == it.Verdict.Rule}
	return x.add(diff, old, now)
}

// recorded asks both packs about a message of which only the record is left.
func (x *comparison) recorded(r *record) error {
	if r.Facts == nil {
		x.totals.WithoutFacts++
	}
	facts := r.facts()
	old, now := x.old.Decide(facts), x.now.Decide(facts)
	d := difference{Source: "audit", Mail: r.QueueID, Time: r.Time, MailFrom: r.MailFrom, Subject: r.Subject,
		Reproduced: old.Action.String() == r.Verdict && old.Rule == r.Rule}
	return x.add(d, old, now)
}

// remembered reports whether a finding comes from what was known of other mail, which a message alone does not show again.
func remembered(k finding.Kind) bool {
	group, _, _ := strings.Cut(string(k), ".")
	return slices.Contains([]string{"thread", "sender", "reply", "outbound", "auth", "list"}, group)
}
