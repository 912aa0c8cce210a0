package filter

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strings"

	"sekisho/internal/finding"
	"sekisho/internal/inspect"
	"sekisho/internal/ledger"
	"sekisho/internal/message"
	"sekisho/internal/outbound"
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

	generation int64           // of the ledger before it was asked
	others     func() []string // further words that are tried: found only where a locked file waits for them
	untried    finding.Path    // of a file on which trying the passwords costs too much
	known      []string        // passwords of earlier mails that were tried
	seen       []string        // ids of the files of earlier mails that were tried
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
	return &Memory{generation: r.f.o.Ledger.Generation(), Mail: ledger.Mail{
		QueueID: e.QueueID, Time: at, From: res.Facts.From, MailFrom: e.MailFrom, Rcpts: e.Rcpts,
		Subject: res.Facts.Subject, Source: res.Source(),
	}}
}

// open opens what is locked: in this message with its own words and those of earlier mails, in earlier mails with this one's.
func (r *Run) open(res *Result) {
	r.scan.Text(res.Facts.Subject)
	mem := r.recalls(res)
	res.Memory = mem
	if mem != nil && r.scan.Pending() {
		mem.known, mem.Err = r.f.o.Ledger.Words(r.ctx, mem.Mail)
		r.scan.Passwords(password.Earlier, mem.known...)
	}
	locked, err := r.scan.Finish(r.ctx)
	if err != nil {
		r.scan.Add(finding.New(finding.ScanIncomplete, nil, "%v", err))
	}
	res.Locked = locked
	if mem != nil {
		mem.Said, mem.others = r.scan.Said(), r.scan.Others
		r.f.earlier(r.ctx, r.scan, res)
	}
}

// guessed is how many files the words are tried on that are not said to be passwords: such a mail follows within minutes, and every
// short mail between the two is tried so.
const guessed = 30

// earlier tries the words of the message on the locked files of earlier mails that it has not tried yet: those it gives as passwords on every file
// first, then all that may be one on the newest, so that a file on which a try is dear keeps no other from being tried.
func (f *Filter) earlier(ctx context.Context, scan *inspect.Scan, res *Result) {
	mem := res.Memory
	files, more, err := f.o.Ledger.Waiting(ctx, mem.Mail)
	if err != nil {
		mem.Err = err
		return
	}
	if more && len(mem.Said) > 0 { // the file of this password may hide among them
		scan.Add(finding.New(finding.LimitFiles, finding.Path{EarlierMail}, "more than %d locked files of earlier mails", ledger.MaxWaiting))
	}
	files = slices.DeleteFunc(files, func(file ledger.File) bool {
		return slices.Contains(mem.seen, file.ID) || file.Mail.QueueID == mem.Mail.QueueID && file.Mail.SHA256 == res.Digest() // its own
	})
	for _, file := range files {
		mem.seen = append(mem.seen, file.ID)
	}
	files = f.tryEarlier(ctx, scan, mem, files, mem.Said)
	if mem.untried != nil { // the file of this password may be the one
		scan.Add(finding.New(finding.LimitTime, mem.untried, "a try costs too much: not all passwords of this mail tried"))
	}
	if len(files) > 0 {
		f.tryEarlier(ctx, scan, mem, files[:min(len(files), guessed)], mem.others())
	}
}

// tryEarlier tries words on files and returns those that stay locked.
func (f *Filter) tryEarlier(ctx context.Context, scan *inspect.Scan, mem *Memory, files []ledger.File, words []string) []ledger.File {
	if len(words) == 0 {
		return files
	}
	return slices.DeleteFunc(files, func(file ledger.File) bool {
		opened, err := f.openEarlier(ctx, scan, file, words)
		if err != nil {
			mem.Err = err
		}
		if opened == nil && scan.Untried() && mem.untried == nil {
			mem.untried = pathOf(file)
		}
		if opened != nil {
			mem.Later = append(mem.Later, f.later(scan, file, opened))
		}
		return opened != nil
	})
}

// EarlierMail is the first component of the path of what was in a locked file of an earlier mail; the mail's queue id is the second.
const EarlierMail = "earlier mail"

func (f *Filter) openEarlier(ctx context.Context, scan *inspect.Scan, file ledger.File, words []string) (*inspect.Opened, error) {
	content, err := f.o.Ledger.Content(file)
	if errors.Is(err, fs.ErrNotExist) { // forgotten meanwhile
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer content.Close()
	if fi, err := content.Stat(); err != nil || fi.Size() != file.Size { // cut by a power failure
		return nil, err
	}
	return scan.Earlier(ctx, pathOf(file), file.Name, content, file.Size, words...)
}

func pathOf(f ledger.File) finding.Path {
	p := finding.Path{EarlierMail, f.Mail.Ref()}
	if len(f.Path) > 1 { // the part's number says nothing here; what is in the part does
		return append(p, f.Path[1:]...)
	}
	return append(p, f.Name)
}

// later judges what an opened file holds as if its mail had brought it open, and says in this message's findings where it is from.
func (f *Filter) later(scan *inspect.Scan, file ledger.File, o *inspect.Opened) Later {
	m := file.Mail
	detail := fmt.Sprintf("%.40q of %s from %.50q, opened by %.30q", file.Name, m.Time.UTC().Format("2006-01-02 15:04:05Z"), m.From, o.Word)
	brought := finding.New(finding.ArchivePasswordLater, pathOf(file), "%s", detail)
	scan.Add(brought)
	facts := rules.Facts{
		Envelope: message.Envelope{QueueID: m.QueueID, MailFrom: m.MailFrom, Rcpts: m.Rcpts, Time: m.Time}, Direction: message.In,
		Subject: m.Subject, From: m.From, Findings: append(slices.Clone(o.Findings), brought), Files: o.Kinds, Incomplete: o.Incomplete, Locked: o.Left,
	}
	return Later{File: file, Word: o.Word, Verdict: f.o.Pack.Decide(facts).Apply(f.o.Mode), Why: o.Findings, Whole: !o.Left}
}

// Remembered is what Remember did.
type Remembered struct {
	Files    int           // locked files of the message itself that are remembered now
	Hostile  []Later       // whose mails are to be held, or their recipients to be warned
	Harmless []ledger.Mail // whose locked files are all opened and harmless
	Changed  bool          // the message has another verdict now

	Incidents []outbound.Incident // that a message of ours has opened
}

// Remember keeps in the ledger what the message has to do with others, once its verdict is known: its locked files if it goes to its
// recipients, its passwords, and it forgets files that were opened. waits is the quarantine id under which the mail itself waits for its
// password. Of two mails that come at the same time neither knows of the other when it is judged; the one that is remembered last looks
// again, and its result may change. Everything that can be done is done; the error says what could not.
func (f *Filter) Remember(ctx context.Context, res *Result, delivered bool, waits string) (out Remembered, err error) {
	mem := res.Memory
	if mem == nil {
		out.Incidents, err = f.keepSent(ctx, res, delivered)
		return out, errors.Join(err, f.learn(ctx, res, delivered))
	}
	settled := errors.Join(f.learn(ctx, res, delivered), f.settle(ctx, mem.Later, &out))
	mem.Mail.Quarantine = waits
	var locked []ledger.Locked
	if delivered || waits != "" {
		locked = lockedFiles(res)
	}
	if len(locked)+len(mem.Said) > 0 {
		mem.Mail.SHA256 = res.Digest()
	}
	own, err := f.o.Ledger.Remember(ctx, mem.Mail, locked, mem.Said)
	out.Files = len(own)
	if f.o.Ledger.Generation() > mem.generation+1 { // not only our own
		err = errors.Join(err, f.again(ctx, res, own, &out))
	}
	return out, errors.Join(settled, err)
}

// Waited gives the quarantine ids of mails that have waited for the password of the very files that are locked in this one.
func (f *Filter) Waited(ctx context.Context, res *Result) ([]string, error) {
	return f.o.Ledger.Waited(ctx, res.Memory.Mail, lockedFiles(res))
}

// settle forgets what is known to be harmless and sorts the rest.
func (f *Filter) settle(ctx context.Context, opened []Later, out *Remembered) error {
	var known []ledger.File
	for i := range opened {
		switch l := &opened[i]; {
		case l.Hostile():
			out.Hostile = append(out.Hostile, *l)
		case l.Whole:
			known = append(known, l.File)
		}
	}
	if len(known) == 0 {
		return nil
	}
	done, err := f.o.Ledger.Forget(ctx, known)
	out.Harmless = append(out.Harmless, done...)
	return err
}

// again tries what others have brought since the message was judged. own are its locked files.
func (f *Filter) again(ctx context.Context, res *Result, own []ledger.File, out *Remembered) error {
	mem, scan := res.Memory, f.o.Scanner.Begin()
	before := len(mem.Later)
	f.earlier(ctx, scan, res)
	var harmless []Later
	left := len(own)
	for _, l := range f.openOwn(ctx, scan, res, own) {
		if l.Whole {
			left--
		}
		if !l.Hostile() {
			harmless = append(harmless, l)
		}
	}
	found := scan.Result()
	if len(mem.Later) == before && left == len(own) && len(found.Findings) == 0 {
		return nil
	}
	res.Files = append(res.Files, found.Files...)
	facts := res.Facts
	facts.Findings = append(facts.Findings, found.Findings...)
	facts.Incomplete = facts.Incomplete || found.Incomplete
	facts.Locked = facts.Locked && (left > 0 || len(own) < len(res.Locked))
	f.judge(res, facts)
	out.Changed = true
	return f.settle(ctx, append(harmless, mem.Later[before:]...), out)
}

// openOwn tries passwords that were given meanwhile on the message's own files.
func (f *Filter) openOwn(ctx context.Context, scan *inspect.Scan, res *Result, own []ledger.File) (opened []Later) {
	mem := res.Memory
	if len(own) == 0 {
		return nil
	}
	words, err := f.o.Ledger.Words(ctx, mem.Mail)
	if err != nil {
		mem.Err = err
	}
	words = slices.DeleteFunc(words, func(w string) bool { return slices.Contains(mem.known, w) || slices.Contains(mem.Said, w) })
	if len(words) == 0 {
		return nil
	}
	for i, file := range own {
		l := res.Locked[i]
		o, err := scan.Earlier(ctx, l.Path, l.Name, l.Content, file.Size, words...)
		if err != nil {
			mem.Err = err
		}
		if o == nil {
			continue
		}
		scan.Add(finding.New(finding.ArchivePasswordFound, l.Path, "%.60q, %s", o.Word, password.Earlier))
		facts := rules.Facts{Envelope: res.Facts.Envelope, Direction: message.In, Findings: o.Findings, Files: o.Kinds, Incomplete: o.Incomplete, Locked: o.Left}
		opened = append(opened, Later{File: file, Word: o.Word, Verdict: f.o.Pack.Decide(facts).Apply(f.o.Mode), Why: o.Findings, Whole: !o.Left})
	}
	return opened
}

func lockedFiles(res *Result) (list []ledger.Locked) {
	for _, l := range res.Locked {
		name := l.Name
		if name == "" {
			name = strings.Join(l.Path, "/")
		}
		list = append(list, ledger.Locked{Path: l.Path, Name: name, Content: l.Content, Size: l.Content.Size()})
	}
	return list
}
