package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"

	"sekisho/internal/quarantine"
	"sekisho/internal/store"
)

// books are the accounts at the end.
type books struct {
	Sent      int `json:"sent"`
	Delivered int `json:"delivered"`
	Held      int `json:"held"`
	Refused   int `json:"refused"`
	Waiting   int `json:"waiting"` // neither, at the end

	Copies      int  `json:"copies"`      // in the quarantine
	Twice       int  `json:"twice"`       // held more than once: the daemon died between its disk and its reply
	Lost        int  `json:"lost"`        // held by the daemon's word, and not in the quarantine
	Changed     int  `json:"changed"`     // in the quarantine with other bytes
	AlsoHeld    int  `json:"also_held"`   // delivered, and in the quarantine too
	AlsoExplain int  `json:"also_outage"` // of those, the ones that an outage divided
	Strange     int  `json:"strange"`     // in the quarantine, and never sent
	Verified    bool `json:"verified"`    // sekisho quarantine verify found nothing to see to
	SpoolLeft   int  `json:"spool_left"`
}

func (b books) kept() bool {
	return b.Refused+b.Waiting+b.Lost+b.Changed+b.AlsoHeld-b.AlsoExplain+b.Strange+b.SpoolLeft == 0 && b.Verified
}

// rulings are what the quarantine says of its copies, by letter.
type rulings map[int][]quarantine.Item

// close the books: every mail is in one place, whole.
func (t *trial) books(ctx context.Context) (b books, kept rulings, err error) {
	if kept, err = t.copies(ctx, &b); err != nil {
		return b, nil, err
	}
	for _, a := range t.mta.accounts {
		b.Sent++
		copies := len(kept[a.id])
		switch a.fate {
		case delivered:
			b.Delivered++
			if copies > 0 {
				b.AlsoHeld++
				if t.outage(a.at) {
					b.AlsoExplain++
				}
			}
		case held:
			b.Held++
			if copies == 0 {
				b.Lost++
			}
			if copies > 1 {
				b.Twice++
			}
		case refused:
			b.Refused++
		default:
			b.Waiting++
		}
	}
	left, err := t.spooled()
	b.SpoolLeft = int(left)
	return b, kept, err
}

// copies reads the whole quarantine and compares each message with what was sent.
func (t *trial) copies(ctx context.Context, b *books) (rulings, error) {
	st, err := store.Open(ctx, t.state())
	if err != nil {
		return nil, err
	}
	defer st.Close()
	q, err := quarantine.Open(ctx, st, quarantine.Options{})
	if err != nil {
		return nil, err
	}
	found := rulings{}
	f := quarantine.Filter{State: quarantine.StateHeld}
	for {
		items, err := q.List(ctx, f)
		if err != nil || len(items) == 0 {
			return found, err
		}
		for _, it := range items {
			t.compare(q, it, b, found)
		}
		f.Before = &items[len(items)-1]
	}
}

// compare looks for a copy's letter and compares the bytes.
func (t *trial) compare(q *quarantine.Quarantine, it quarantine.Item, b *books, found rulings) {
	b.Copies++
	name, _, _ := strings.Cut(strings.TrimPrefix(it.MessageID, "<"), "@")
	id, err := strconv.Atoi(strings.TrimPrefix(name, "soak."))
	if err != nil || id >= len(t.mta.accounts) {
		b.Strange++
		return
	}
	found[id] = append(found[id], it)
	if got, err := digest(q, it.ID); err != nil || got != sum(t.mta.accounts[id].letter) {
		b.Changed++
	}
}

func digest(q *quarantine.Quarantine, id string) (string, error) {
	r, err := q.Raw(context.Background(), id)
	if err != nil {
		return "", err
	}
	defer r.Close()
	h := sha256.New()
	_, err = io.Copy(h, r)
	return fmt.Sprintf("%x", h.Sum(nil)), err
}

// verify has the command look the quarantine over.
func (t *trial) verify(ctx context.Context) (bool, error) {
	out, err := t.command(ctx, "quarantine", "verify").CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		fmt.Fprintf(t.log, "verify: %s", out)
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("soak: quarantine verify: %w\n%s", err, out)
	}
	return true, nil
}
