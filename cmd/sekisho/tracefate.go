package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"sekisho/internal/message"
	"sekisho/internal/quarantine"
	"sekisho/internal/trace"
)

// What became of a recipient's copy, as far as we know it: a closed list, in the order in which it is shown. The MTA, or another filter, may still have
// refused what we delivered.
const (
	fateDelivered = "delivered"
	fateReleased  = "released" // held, and later delivered
	fateHeld      = "held"
	fateWaiting   = "waiting" // for a password; it goes on by itself
	fateHold      = "hold"    // in the MTA's hold queue, or what became of it there
	fateDeleted   = "deleted"
	fateExpired   = "expired"
	fateLost      = "lost"
	fateRejected  = "rejected"
	fateDeferred  = "deferred" // it may have come again
)

var fateNames = []string{fateDelivered, fateReleased, fateHeld, fateWaiting, fateHold, fateDeleted, fateExpired, fateLost, fateRejected, fateDeferred}

// arrived reports whether a copy lies in a mailbox.
func arrived(fate string) bool { return fate == fateDelivered || fate == fateReleased }

// fates asks the quarantine what became of what it held.
type fates struct {
	d     *desk
	t     *trace.Trace
	items map[string]*quarantine.Item // nil for one whose record is gone
}

func newFates(d *desk, t *trace.Trace) *fates { return &fates{d, t, map[string]*quarantine.Item{}} }

// of gives the fate of each recipient's copy.
func (f *fates) of(ctx context.Context, r *trace.Record) []string {
	list := make([]string, len(r.Rcpts))
	for i, to := range r.Rcpts {
		switch to.Done {
		case "accept", "tag":
			list[i] = fateDelivered
		case "reject":
			list[i] = fateRejected
		case "tempfail":
			list[i] = fateDeferred
		case "hold":
			list[i] = fateHold
		default:
			list[i] = f.held(f.item(ctx, r.Quarantine), r, to.Address)
		}
	}
	return list
}

// itemsMost bounds what is kept in memory of the quarantine: as many as it holds by default.
const itemsMost = 100_000

func (f *fates) item(ctx context.Context, id string) *quarantine.Item {
	it, known := f.items[id]
	if known || id == "" {
		return it
	}
	got, err := f.d.q.Get(ctx, id)
	if err == nil {
		it = &got
	}
	if len(f.items) < itemsMost {
		f.items[id] = it
	}
	return it
}

// held is what became of a held copy. Of one whose record is gone from the quarantine too, nothing is known but that it was held.
func (f *fates) held(it *quarantine.Item, r *trace.Record, rcpt string) string {
	released := func(to string) bool { return f.t.Stored(r, to) == rcpt }
	switch {
	case it == nil:
		return fateHeld
	case it.State == quarantine.StateReleased, slices.ContainsFunc(it.Released, released):
		return fateReleased
	case it.IsWaiting():
		return fateWaiting
	}
	switch it.State {
	case quarantine.StateDeleted:
		return fateDeleted
	case quarantine.StateExpired:
		return fateExpired
	case quarantine.StateLost:
		return fateLost
	}
	return fateHeld
}

// mailCopy is a mail in a mailbox.
type mailCopy struct {
	rcpt, id string
	since    time.Time
	hidden   bool // rcpt is a hash
}

// copies prints the copies that lie in our mailboxes, one a line: mailbox and Message-ID, or the command that removes it. What cannot be said safely
// is said on standard error, and the exit status tells.
func (v *traceView) copies(ctx context.Context, doveadm bool) error {
	hits := map[int64]bool{}
	found := map[[2]string]*mailCopy{}
	var order []*mailCopy
	_, err := v.each(ctx, func(r *trace.Record) error {
		hits[r.ID] = true
		for i, f := range v.fates.of(ctx, r) {
			if to := r.Rcpts[i].Address; arrived(f) && v.ours(r, to) {
				key := [2]string{strings.ToLower(to), r.MessageID}
				if c := found[key]; c != nil {
					c.since = r.Time
					continue
				}
				found[key] = &mailCopy{to, r.MessageID, r.Time, r.Hidden}
				order = append(order, found[key])
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	left := 0
	for _, c := range order {
		why := c.unsafe(doveadm)
		if why == "" {
			if why, err = v.shared(ctx, c, hits); err != nil {
				return err
			}
		}
		if why != "" {
			left++
			fmt.Fprintf(v.err, "sekisho: %s %s: %s\n", printable(c.rcpt), printable(c.id), text(v.lang, why))
			continue
		}
		line := c.rcpt + "\t" + c.id
		if doveadm {
			line = c.doveadm()
		}
		if _, err := fmt.Fprintln(v.out, line); err != nil {
			return err
		}
	}
	if left > 0 {
		return fmt.Errorf(text(v.lang, "t_left"), left)
	}
	return v.found(len(order))
}

// ours reports whether a recipient's mailbox is one of our own.
func (v *traceView) ours(r *trace.Record, rcpt string) bool {
	s := site(v.cfg)
	if r.Hidden || len(s.LocalDomains) == 0 {
		return r.Direction != "out"
	}
	return s.Local(rcpt)
}

// unsafe says why a copy cannot be named to doveadm, "" where it can. The search for a header is one for a part of its text, so that only a whole
// Message-ID in its brackets names one mail, and -u takes wildcards.
func (c *mailCopy) unsafe(doveadm bool) string {
	id, opened := strings.CutPrefix(c.id, "<")
	id, closed := strings.CutSuffix(id, ">")
	odd := func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' }
	switch {
	case !opened || !closed || id == "" || strings.ContainsFunc(id, odd):
		return "t_badid"
	case c.hidden && doveadm:
		return "t_hidden"
	case !strings.Contains(c.rcpt, "@"), strings.ContainsFunc(c.rcpt, func(r rune) bool { return odd(r) || r == '*' || r == '?' || r == '"' }):
		return "t_badrcpt"
	}
	return ""
}

// shared says that another mail that was not asked for has the same Message-ID and lies in a mailbox of ours, or among what one of ours has sent: an attacker
// knows those of mails he stole. In which mailbox is not asked: aliases lead to others, and the sender keeps a copy.
func (v *traceView) shared(ctx context.Context, c *mailCopy, hits map[int64]bool) (why string, err error) {
	err = v.t.Search(ctx, trace.Query{MessageID: c.id}, func(r *trace.Record) bool {
		if hits[r.ID] || r.Released != "" { // what was released is the mail that was held
			return true
		}
		if r.Direction != string(message.In) {
			why = "t_shared"
			return false
		}
		if slices.ContainsFunc(v.fates.of(ctx, r), arrived) {
			why = "t_shared"
		}
		return why == ""
	})
	return why, err
}

// doveadm is the command line that removes the copy, for sh(1). A mail that was saved before ours came is another.
func (c *mailCopy) doveadm() string {
	return fmt.Sprintf("doveadm expunge -u %s mailbox '*' SAVEDSINCE %s HEADER Message-ID %s",
		quoted(c.rcpt), c.since.Add(-24*time.Hour).UTC().Format(time.DateOnly), quoted(c.id))
}

// quoted makes one word of a text for sh(1) (POSIX.1-2017 XCU 2.2.2).
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// shellWord is a text as a person may copy it into a shell: quoted only where that is needed.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("@._-+:/", r))
	}
	if s != "" && s[0] != '-' && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return quoted(s)
}
