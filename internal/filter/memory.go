package filter

import (
	"context"
	"fmt"
	"net/mail"
	"net/netip"
	"slices"
	"strings"

	"sekisho/internal/finding"
	"sekisho/internal/inspect"
	"sekisho/internal/ledger"
	"sekisho/internal/message"
	"sekisho/internal/password"
	"sekisho/rules"
)

// Later is a locked file of an earlier mail that this mail's words opened.
type Later struct {
	File    ledger.File
	Word    string
	Verdict rules.Verdict // of what the file holds, by itself
	Why     []finding.Finding
	Whole   bool // nothing in it stays locked
}

// Hostile reports whether what the file holds would have been held.
func (l *Later) Hostile() bool { return l.Verdict.Action >= rules.Disarm }

// Memory is what a message has to do with others.
type Memory struct {
	Mail  ledger.Mail
	Said  []string // passwords it gives
	Later []Later
	Err   error // the ledger could not be asked: what it knows is not among the facts
}

// Source is whom a message is counted against: the account, else the client's network, which is as much as one sender
// usually has (a /24; RFC 6177's /64).
func (r *Result) Source() string {
	if user := r.Session.Envelope.SASLUser; user != "" {
		return user
	}
	addr := r.Client
	if !addr.IsValid() {
		return "local"
	}
	bits := 64
	if addr.Is4() {
		bits = 24
	}
	return netip.PrefixFrom(addr, bits).Masked().String()
}

// recalls begins the memory of a message: only mail from outside has one, and no mail that a person released.
func (r *Run) recalls(res *Result) *Memory {
	if r.f.o.Ledger == nil || res.Facts.Direction != message.In || res.Session.Released != "" {
		return nil
	}
	e := res.Session.Envelope
	at := e.Time
	if at.IsZero() {
		at = r.begun
	}
	return &Memory{Mail: ledger.Mail{
		QueueID: e.QueueID, SHA256: res.SHA256, Time: at, From: res.Facts.From, MailFrom: e.MailFrom, Rcpts: e.Rcpts,
		Subject: res.Facts.Subject, Source: res.Source(),
	}}
}

// open opens what is locked: in this message with its own words and those of earlier mails, in earlier mails with this one's.
func (r *Run) open(res *Result) {
	r.scan.Text(res.Facts.Subject)
	if sent, err := mail.ParseDate(res.Header.Get("Date")); err == nil {
		r.scan.Date(sent)
	}
	mem := r.recalls(res)
	res.Memory = mem
	if mem != nil && r.scan.Pending() {
		var words []string
		words, mem.Err = r.f.o.Ledger.Words(r.ctx, mem.Mail)
		r.scan.Passwords(password.Earlier, words...)
	}
	locked, err := r.scan.Finish(r.ctx)
	if err != nil {
		r.scan.Add(finding.New(finding.ScanIncomplete, nil, "%v", err))
	}
	res.Locked = locked
	if mem != nil {
		mem.Said = r.scan.Said()
		r.earlier(mem)
	}
}

// earlier tries the words of the message on the locked files of earlier mails: those it gives as passwords on every file first, then, if it
// is short, all its words, so that a file on which a try is dear keeps no other from being tried.
func (r *Run) earlier(mem *Memory) {
	tokens := r.scan.Tokens()
	if len(mem.Said)+len(tokens) == 0 {
		return
	}
	files, err := r.f.o.Ledger.Waiting(r.ctx, mem.Mail)
	if err != nil {
		mem.Err = err
		return
	}
	for _, words := range [][]string{mem.Said, tokens} {
		if len(words) == 0 {
			continue
		}
		files = slices.DeleteFunc(files, func(f ledger.File) bool {
			opened, err := r.openEarlier(f, words)
			if err != nil {
				mem.Err = err
			}
			if opened != nil {
				mem.Later = append(mem.Later, r.later(f, opened))
			}
			return opened != nil
		})
	}
}

// EarlierMail is the first component of the path of what was in a locked file of an earlier mail; the mail's queue id is the second.
const EarlierMail = "earlier mail"

func (r *Run) openEarlier(f ledger.File, words []string) (*inspect.Opened, error) {
	content, err := r.f.o.Ledger.Content(f)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	return r.scan.Earlier(r.ctx, pathOf(f), f.Name, content, f.Size, words...)
}

func pathOf(f ledger.File) finding.Path {
	p := finding.Path{EarlierMail, f.Mail.Ref()}
	if len(f.Path) > 1 { // the part's number says nothing here; what is in the part does
		return append(p, f.Path[1:]...)
	}
	return append(p, f.Name)
}

// later judges what an opened file holds as if its mail had brought it open, and says in this message's findings where it is from.
func (r *Run) later(f ledger.File, o *inspect.Opened) Later {
	m := f.Mail
	detail := fmt.Sprintf("%.40q of %s from %.50q, opened by %.30q", f.Name, m.Time.UTC().Format("2006-01-02 15:04:05Z"), m.From, o.Word)
	brought := finding.New(finding.ArchivePasswordLater, pathOf(f), "%s", detail)
	r.scan.Add(brought)
	facts := rules.Facts{
		Envelope: message.Envelope{QueueID: m.QueueID, MailFrom: m.MailFrom, Rcpts: m.Rcpts, Time: m.Time}, Direction: message.In,
		Subject: m.Subject, From: m.From, Findings: append(slices.Clone(o.Findings), brought), Files: o.Kinds, Incomplete: o.Incomplete, Locked: o.Left,
	}
	return Later{File: f, Word: o.Word, Verdict: r.f.o.Pack.Decide(facts).Apply(r.f.o.Mode), Why: o.Findings, Whole: !o.Left}
}

// Remembered is what Remember did.
type Remembered struct {
	Files    int           // locked files of the message itself that are remembered now
	Hostile  []Later       // whose mails are to be held, or their recipients to be warned
	Harmless []ledger.Mail // whose locked files are all opened and harmless
}

// Remember keeps in the ledger what the message has to do with others, once its verdict is carried out: its locked files if it goes to its
// recipients, its passwords, and it forgets files that were opened. waits is the quarantine id under which the mail itself waits for its
// password. Everything that can be done is done; the error says what could not.
func (f *Filter) Remember(ctx context.Context, res *Result, delivered bool, waits string) (out Remembered, err error) {
	mem := res.Memory
	if mem == nil {
		return out, nil
	}
	var known []ledger.File
	for i := range mem.Later {
		switch l := &mem.Later[i]; {
		case l.Hostile():
			out.Hostile = append(out.Hostile, *l)
		case l.Whole:
			known = append(known, l.File)
		}
	}
	if len(known) > 0 {
		if out.Harmless, err = f.o.Ledger.Forget(ctx, known); err != nil {
			return out, err
		}
	}
	mail := mem.Mail
	mail.Quarantine = waits
	var locked []ledger.Locked
	if delivered || waits != "" {
		locked = lockedFiles(res)
	}
	if err := f.o.Ledger.Remember(ctx, mail, locked, mem.Said); err != nil {
		return out, err
	}
	out.Files = len(locked)
	return out, nil
}

func lockedFiles(res *Result) (list []ledger.Locked) {
	for _, l := range res.Locked {
		name := l.Name
		if name == "" {
			name = strings.Join(l.Path, "/")
		}
		list = append(list, ledger.Locked{Path: l.Path, Name: name, Kind: l.Kind, Content: l.Content, Size: l.Content.Size()})
	}
	return list
}
