package filter

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"sekisho/internal/finding"
	"sekisho/internal/inspect"
	"sekisho/internal/lists"
	"sekisho/internal/message"
	"sekisho/internal/sender"
	"sekisho/rules"
)

// Digests says which digests of files the lists want: for inspect.Options. l may be nil.
func Digests(l *lists.Lists) func() inspect.Digests {
	if l == nil {
		return nil
	}
	return func() (d inspect.Digests) {
		for t, one := range map[lists.Type]inspect.Digests{
			lists.SHA256: inspect.DigestSHA256, lists.SHA1: inspect.DigestSHA1, lists.MD5: inspect.DigestMD5,
		} {
			if l.Wants(t) {
				d |= one
			}
		}
		return d
	}
}

const (
	senderFields = 10  // addresses of one field that are looked up: an honest From has one
	listFindings = 100 // as of one file: a mail of known-bad parts only needs no more
)

// asked is what of a message is looked up: the subjects, and for each the path of its file and what a reader calls it.
type asked struct {
	subjects []lists.Subject
	paths    []finding.Path
	what     []string
	seen     map[lists.Subject]bool
}

func (a *asked) add(t lists.Type, value string, path finding.Path, what string) {
	s := lists.Subject{Type: t, Value: value}
	if value == "" || a.seen[s] && path == nil {
		return
	}
	if a.seen == nil {
		a.seen = map[lists.Subject]bool{}
	}
	a.seen[s] = true
	a.subjects, a.paths, a.what = append(a.subjects, s), append(a.paths, path), append(a.what, what)
}

// ask gathers what the lists are asked of a message: its files and their macros, who wrote it, where it leads, and the client. Of mail of ours the
// writer and the client are not asked.
func (f *Filter) ask(res *Result, found *inspect.Result, direction message.Direction) *asked {
	a := &asked{}
	for i := range found.Digests {
		d := &found.Digests[i]
		a.add(lists.SHA256, hex.EncodeToString(d.SHA256), d.Path, "file")
		a.add(lists.SHA1, hex.EncodeToString(d.SHA1), d.Path, "file")
		a.add(lists.MD5, hex.EncodeToString(d.MD5), d.Path, "file")
	}
	for i := range found.Files {
		var path finding.Path
		if err := path.UnmarshalText([]byte(found.Files[i].Path)); err == nil {
			a.add(lists.Macro, found.Files[i].MacroHash, path, "macros")
		}
	}
	for _, link := range found.Links {
		a.add(lists.URL, link.URL, nil, "link")
		a.add(lists.Domain, link.Host, nil, "link")
	}
	if direction != message.In {
		return a
	}
	a.add(lists.Address, res.Session.Envelope.MailFrom, nil, "envelope sender")
	for _, field := range [...]string{"From", "Sender", "Reply-To"} {
		for i, addr := range res.Header.Addresses(field) {
			if i == senderFields {
				break
			}
			a.add(lists.Address, addr.Addr, nil, field)
		}
	}
	if res.Client.IsValid() {
		a.add(lists.IP, res.Client.String(), nil, "client")
	}
	return a
}

// lists adds to the facts which lists the message matches.
func (f *Filter) lists(res *Result, found *inspect.Result, facts *rules.Facts) {
	if f.o.Lists == nil || f.o.Lists.Empty() {
		return
	}
	a := f.ask(res, found, facts.Direction)
	matches, err := f.o.Lists.Match(a.subjects)
	res.ListsErr = err
	names, told := map[string]bool{}, map[string]bool{}
	facts.Findings = slices.Clone(facts.Findings)
	for _, m := range matches {
		if m.List != "" {
			names[m.List] = true
		}
		if m.Use != lists.Note { // the name of all lists of this use
			names[string(m.Use)] = true
		}
		text, path := matchText(m, a.what[m.Subject]), a.paths[m.Subject]
		if key := path.String() + "\n" + text; !told[key] && len(told) < listFindings {
			told[key] = true
			facts.Findings = append(facts.Findings, finding.New(finding.ListMatch, path, "%s", text))
		}
	}
	for name := range names {
		facts.Lists = append(facts.Lists, name)
	}
	slices.Sort(facts.Lists)
}

func matchText(m lists.Match, what string) string {
	by := m.List
	if m.Entry != nil {
		by = fmt.Sprintf("entry %d of %q", m.Entry.ID, m.Entry.Owner)
	}
	return fmt.Sprintf("%s (%s): %s %s %.80q", by, m.Use, what, m.Item.Type, m.Item.Value)
}

// macroKinds are the findings that an entry sets aside: what the macros of its very file do. That running code differs from the source
// (vba.stomped) is none of them: the fingerprint says nothing of it.
var macroKinds = []finding.Kind{
	finding.VBAPresent, finding.VBAAutoexec, finding.VBAAbility, finding.VBASuspicious,
	finding.XLMPresent, finding.XLMAutoexec, finding.XLMSuspicious, finding.SheetHidden,
}

// verdict asks the rules; for recipients to whom an entry by hand allows the macros of a file, without what they were found to do.
func (f *Filter) verdict(res *Result, facts *rules.Facts) rules.Verdict {
	v := f.o.Pack.Decide(*facts)
	if f.o.Book == nil || v.Action == rules.Accept || !proven(res, facts, &f.o.Site) {
		return v
	}
	groups := f.allowed(res, facts)
	if len(groups) == 1 && groups[0].entries == nil {
		return v
	}
	parts := make([]rules.Share, len(groups))
	for i, g := range groups {
		reduced := *facts
		reduced.For = g.rcpts
		reduced.Findings = g.without(facts.Findings, res.Files)
		parts[i] = rules.Share{Rcpts: g.rcpts, Verdict: f.o.Pack.Decide(reduced)}
	}
	joined := rules.Join(parts)
	if joined.Same(v) { // it would have been so anyway
		return v
	}
	for _, g := range groups {
		for _, note := range g.said(len(groups) > 1) {
			if !slices.ContainsFunc(facts.Findings, func(f finding.Finding) bool { return f.Kind == note.Kind && f.Detail == note.Detail }) { // judged again
				facts.Findings = append(facts.Findings, note)
			}
		}
	}
	return joined
}

// proven reports whether the one who wrote the mail is who the From field says: by authentication, or as one of ours on our own way out.
func proven(res *Result, facts *rules.Facts, site *message.Site) bool {
	if facts.From == "" || len(res.Header.Addresses("From")) != 1 || len(res.Header.All("From")) != 1 {
		return false
	}
	if facts.Direction != message.In {
		return site.Local(facts.From)
	}
	return facts.Auth == string(sender.Pass)
}

// excused are recipients with the entries that count for them, by the path of the file.
type excused struct {
	rcpts   []string
	entries map[string]*lists.Entry
}

// allowed sorts the recipients by the files whose macros are allowed to them. A path is allowed only if all that has macros there is: an archive may have
// two members of one name.
func (f *Filter) allowed(res *Result, facts *rules.Facts) (groups []excused) {
	now := timeOf(res)
	at := map[string]int{} // by the entries' ids
	for _, rcpt := range facts.Envelope.Rcpts {
		entries, refused := map[string]*lists.Entry{}, map[string]bool{}
		for i := range res.Files {
			file := &res.Files[i]
			if !file.HasVBA && !file.HasXLM {
				continue
			}
			e := f.o.Book.Allowed(file.MacroHash, facts.From, rcpt, now)
			if e == nil {
				refused[file.Path] = true
				continue
			}
			entries[file.Path] = e
		}
		for path := range refused {
			delete(entries, path)
		}
		key := keyOf(entries)
		i, ok := at[key]
		if !ok {
			i, at[key] = len(groups), len(groups)
			groups = append(groups, excused{})
			if len(entries) > 0 {
				groups[i].entries = entries
			}
		}
		groups[i].rcpts = append(groups[i].rcpts, rcpt)
	}
	return groups
}

func keyOf(entries map[string]*lists.Entry) string {
	var keys []string
	for path, e := range entries {
		keys = append(keys, fmt.Sprintf("%d %q", e.ID, path))
	}
	slices.Sort(keys)
	return strings.Join(keys, "\n")
}

// without leaves out the findings on the macros of files that are allowed. A finding belongs to the innermost file at its path.
func (g *excused) without(all []finding.Finding, files []inspect.FileReport) (left []finding.Finding) {
	if g.entries == nil {
		return all
	}
	paths := map[string]bool{}
	for i := range files {
		paths[files[i].Path] = true
	}
	for _, one := range all {
		if !slices.Contains(macroKinds, one.Kind) || g.entries[innermost(one.Path, paths)] == nil {
			left = append(left, one)
		}
	}
	return left
}

func innermost(path finding.Path, files map[string]bool) string {
	for n := len(path); n >= 0; n-- {
		if p := path[:n].String(); files[p] {
			return p
		}
	}
	return "\x00" // no path has it
}

// said are the findings that say what was set aside.
func (g *excused) said(some bool) (list []finding.Finding) {
	for text, e := range g.entries {
		var path finding.Path
		if err := path.UnmarshalText([]byte(text)); err != nil {
			continue
		}
		whom := "all recipients"
		if some {
			whom = fmt.Sprintf("%d of the recipients", len(g.rcpts))
		}
		list = append(list, finding.New(finding.ListMatch, path, "entry %d of %q (allow): macros set aside for %s until %s: %.60q",
			e.ID, e.Owner, whom, e.Expires.Format(time.DateOnly), e.Reason))
	}
	slices.SortFunc(list, func(a, b finding.Finding) int { return strings.Compare(a.Path.String(), b.Path.String()) })
	return list
}
