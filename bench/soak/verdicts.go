package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// verdicts compares what the daemon said with what replay says of the same bytes.
type verdicts struct {
	Compared  int            `json:"compared"`
	Outage    int            `json:"outage"` // different, and answered while something was away
	Different int            `json:"different"`
	How       map[string]int `json:"how,omitempty"` // what differed, and how often
}

const (
	ofEach  = 40              // letters of each kind that are replayed
	oddMost = 2000            // and those unlike most of their kind
	graceOf = 3 * time.Second // after an outage, for what was begun in it
)

// compareVerdicts replays letters of each kind, and all that are unlike their kind, in the order in which they were answered.
func (t *trial) compareVerdicts(ctx context.Context, kept rulings) (v verdicts, err error) {
	v.How = map[string]int{}
	folder := filepath.Join(t.dir, "replay")
	list := t.chosen(kept)
	if err := writeMails(folder, list); err != nil {
		return v, err
	}
	said, err := t.replay(ctx, folder)
	if err != nil {
		return v, err
	}
	for _, a := range list {
		want, got := said[a.id], live(a, kept)
		if v.Compared++; want == got {
			continue
		}
		how := fmt.Sprintf("%s: %q, replay says %q", a.name, got, want)
		switch {
		case t.outage(a.at) || a.answer && t.outage(t.mta.accounts[a.of].at):
			v.Outage++
			how += " (outage)"
		default:
			v.Different++
			how += fmt.Sprintf(" (sent during %q, answered during %q)", t.during(t.mta.accounts[a.of].at), t.during(a.at))
		}
		v.How[how]++
	}
	return v, nil
}

// live is the daemon's word: the verdict, and for a held mail the rule too.
func live(a *account, kept rulings) string {
	if c := kept[a.id]; a.fate == held && len(c) > 0 {
		return c[0].Verdict.Action.String() + " " + c[0].Verdict.Rule
	}
	return a.verdict
}

// outage reports whether what is remembered was away at a time.
func (t *trial) outage(at time.Time) bool {
	return slices.ContainsFunc(t.done, func(o outage) bool {
		return o.forgets && at.After(o.From.Add(-graceOf)) && at.Before(o.To.Add(graceOf))
	})
}

// during names what was done to the daemon at a time.
func (t *trial) during(at time.Time) string {
	for _, o := range t.done {
		if at.After(o.From) && at.Before(o.To.Add(graceOf)) {
			return o.Name
		}
	}
	return ""
}

// chosen chooses the letters, those they answer with them.
func (t *trial) chosen(kept rulings) []*account {
	words := map[string]map[string]int{}
	for _, a := range t.mta.accounts {
		if words[a.name] == nil {
			words[a.name] = map[string]int{}
		}
		words[a.name][live(a, kept)]++
	}
	set := map[int]bool{}
	some, odd := map[string]int{}, 0
	for _, a := range t.mta.accounts {
		if a.fate != delivered && a.fate != held {
			continue
		}
		rare := words[a.name][live(a, kept)] < most(words[a.name])
		if some[a.name]++; some[a.name] > ofEach && !(rare && odd < oddMost) {
			continue
		}
		if rare {
			odd++
		}
		set[a.id] = true
		if a.answer {
			set[a.of] = true
		}
	}
	var list []*account
	for id := range set {
		list = append(list, t.mta.accounts[id])
	}
	slices.SortFunc(list, func(a, b *account) int { return cmp.Or(a.at.Compare(b.at), a.id-b.id) })
	return list
}

func most(words map[string]int) (n int) {
	for _, k := range words {
		n = max(n, k)
	}
	return n
}

// writeMails makes a folder for replay.
func writeMails(folder string, list []*account) error {
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	var labels bytes.Buffer
	for _, a := range list {
		e := a.envelope()
		e["ts"] = a.at
		session, err := json.Marshal(e)
		if err != nil {
			return err
		}
		name := filepath.Join(folder, strconv.Itoa(a.id))
		if err := errors.Join(os.WriteFile(name+".eml", raw(a.mail()), 0o644), os.WriteFile(name+".json", session, 0o644)); err != nil {
			return err
		}
		fmt.Fprintf(&labels, "{\"file\":\"%d.eml\"}\n", a.id)
	}
	return os.WriteFile(filepath.Join(folder, "labels.jsonl"), labels.Bytes(), 0o644)
}

// replay gives verdicts by letter.
func (t *trial) replay(ctx context.Context, folder string) (map[int]string, error) {
	out, err := t.command(ctx, "replay", "--json", folder).Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		return nil, fmt.Errorf("soak: replay: %w", err)
	}
	said := map[int]string{}
	for line := range bytes.Lines(out) {
		var r struct{ File, Verdict, Rule string }
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, err
		}
		id, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(r.File), ".eml"))
		if err != nil {
			return nil, err
		}
		if said[id] = r.Verdict; r.Verdict == "quarantine" {
			said[id] += " " + r.Rule
		}
	}
	return said, nil
}
