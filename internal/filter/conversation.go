package filter

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sekisho/internal/address"
	"sekisho/internal/finding"
	"sekisho/internal/inspect"
	"sekisho/internal/ledger"
	"sekisho/internal/message"
	"sekisho/internal/sender"
	"sekisho/internal/thread"
	"sekisho/rules"
)

// Conversations is the memory of real conversations: *ledger.Conversations.
type Conversations interface {
	Ask(ctx context.Context, q ledger.Question) (ledger.Answer, error)
	LearnSent(ctx context.Context, s ledger.Sent) error
	LearnReceived(ctx context.Context, r ledger.Received) error
}

// Conversation is what a message says of its conversation, and what the memory knows of it.
type Conversation struct {
	Clues  thread.Clues
	Auth   sender.Auth
	From   message.Address // as written, the first of the authors
	Name   sender.Name
	Answer ledger.Answer
	Asked  bool  // the memory answered
	Err    error // the memory could not be asked

	Document bool // it leads to a document

	authors []message.Address // of the From fields
}

// converse reads the message's clues and asks the memory. It adds what speaks for and against the sender to the findings.
func (r *Run) converse(res *Result, found *inspect.Result) []finding.Finding {
	c := &Conversation{Clues: thread.Read(res.Header, found.Texts...)}
	res.Conversation = c
	if c.authors = res.Header.Addresses("From"); len(c.authors) > 0 {
		c.From = c.authors[0]
		c.Name = sender.ParseName(c.From.Name)
	}
	res.Facts.Links, c.Document = leads(found.Links, &r.f.o.Site, address.Domain(c.From.Addr))
	if res.Facts.Direction != message.In {
		c.addressees(r, res)
		return nil
	}
	c.Auth = sender.Authenticate(res.Header, &r.f.o.Site, res.Facts.From)
	res.Facts.Auth = string(c.Auth.Result)
	if r.f.o.Conversations != nil {
		c.ask(r, c.question(res, &r.f.o.Site))
	}
	res.Facts.Warm = c.Asked && c.Answer.Warm
	j := judge{c: c, site: &r.f.o.Site, people: r.f.people, res: res, from: address.Fold(c.From.Addr)}
	j.machine = j.believed()
	j.sender()
	j.thread()
	return j.findings
}

// strangersMax bounds the recipients that are asked for: more than a person addresses; of a newsletter the first of them tell enough.
const strangersMax = 50

// addressees asks who of the recipients is known.
func (c *Conversation) addressees(r *Run, res *Result) {
	q := ledger.Question{Time: timeOf(res)}
	for _, a := range res.Session.Envelope.Rcpts {
		if len(q.Quoted) < strangersMax && !r.f.o.Site.Local(a) {
			q.Quoted = append(q.Quoted, address.Fold(a))
		}
	}
	if r.f.o.Conversations != nil && len(q.Quoted) > 0 {
		c.ask(r, q)
	}
}

// ask leaves the answer empty where there is none: then nobody is known and nobody is strange.
func (c *Conversation) ask(r *Run, q ledger.Question) {
	a, err := r.f.o.Conversations.Ask(r.ctx, q)
	if c.Err = err; err == nil {
		c.Answer, c.Asked = a, true
	}
}

// strangers counts the recipients that none of ours has written to before; 0 while that is not known.
func (c *Conversation) strangers() (n int) {
	if !c.Asked || !c.Answer.Warm {
		return 0
	}
	for _, p := range c.Answer.Quoted {
		if !correspondent(p) {
			n++
		}
	}
	return n
}

// question is what the memory is asked: everything at once.
func (c *Conversation) question(res *Result, site *message.Site) ledger.Question {
	q := ledger.Question{
		Via: via(res, site), Time: timeOf(res), From: address.Fold(c.From.Addr), Names: c.Name.Keys, Refs: c.Clues.Refs,
		Alike: sender.Neighbours(address.Domain(c.From.Addr)),
	}
	if c.Clues.Reply || c.Clues.Forward {
		q.Subject = c.Clues.Subject
	}
	for _, p := range c.Clues.Quoted {
		q.Quoted = append(q.Quoted, address.Fold(p.Addr))
	}
	return q
}

func folded(addrs []string) []string {
	out := make([]string, len(addrs))
	for i, a := range addrs {
		out[i] = address.Fold(a)
	}
	return out
}

// timeOf is the message's place in time: the MTA's word, else now.
func timeOf(res *Result) time.Time {
	if t := res.Session.Envelope.Time; !t.IsZero() {
		return t
	}
	return time.Now()
}

// judge turns clues and memory into findings. It is pure.
type judge struct {
	c        *Conversation
	site     *message.Site
	res      *Result
	people   map[string][]string
	from     string // folded
	machine  bool   // writes, not a person
	findings []finding.Finding
}

func (j *judge) add(k finding.Kind, format string, args ...any) {
	j.findings = append(j.findings, finding.New(k, nil, format, args...))
}

// proofs is how many mails with an aligned pass make a partner one who proves who he is.
const proofs = 2

// lapsed reports whether a partner who used to prove who he is no longer does.
func (j *judge) lapsed() bool {
	return j.c.Answer.From.Passed >= proofs && j.c.Auth.Result == sender.None
}

// doubted reports whether something speaks against the mail coming from where it says.
func (j *judge) doubted() bool { return j.c.Auth.Result == sender.Fail || j.lapsed() }

// unproven reports whether the writer cannot be taken for a party of a conversation: what is ours leaves by us, and a firm whose mail proves its origin
// has colleagues whose mail does.
func (j *judge) unproven() bool {
	a := &j.c.Answer
	return j.doubted() || j.c.Auth.Result != sender.Pass && j.site.Local(j.from) ||
		j.c.Auth.Result == sender.None && a.From.Received == 0 && a.Org.Passed >= proofs && a.Org.Unproven == 0
}

// sender says what is known of the writer.
func (j *judge) sender() {
	a := &j.c.Answer
	switch {
	case j.c.Auth.Result == sender.Fail:
		j.add(finding.AuthFail, "spf=%s dkim=%s dmarc=%s", word(j.c.Auth.SPF), word(j.c.Auth.DKIM), word(j.c.Auth.DMARC))
	case j.lapsed() && !j.machine: // a list breaks what proved its origin
		j.add(finding.AuthFail, "%d mails from %.80q proved their origin, this one does not", a.From.Passed, j.from)
	}
	switch {
	case correspondent(a.From) && !j.doubted():
		j.add(finding.SenderKnown, "%.80q: %d mails and %d answers of ours since %s", j.from, a.From.Begun, a.From.Answered, a.From.First.UTC().Format(time.DateOnly))
	case j.c.Asked && a.Warm && a.From.Received == 0 && a.Org.Received == 0 && !correspondent(a.From) && !correspondent(a.Org):
		j.add(finding.SenderNew, "%.80q", j.from)
	}
	j.name()
	j.authors()
	if domain := address.Domain(j.from); domain != "" {
		j.lookalike(domain)
	}
}

func word(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// correspondent reports whether one of ours has written to a partner.
func correspondent(p ledger.Partner) bool { return p.Begun+p.Answered > 0 }

// name compares the display name with who is known under it.
func (j *judge) name() {
	n := &j.c.Name
	for _, a := range n.Addresses {
		switch {
		case address.Fold(a) == j.from || same(a, j.from):
		case j.site.Local(a):
			j.add(finding.SenderInternalSpoof, "the name holds %.60q, the address is %.60q", a, j.from)
		default:
			j.add(finding.SenderNameSpoof, "the name holds %.60q, the address is %.60q", a, j.from)
		}
	}
	if n.Via && n.Names(address.Domain(j.from)) || j.site.Local(j.from) || j.memberOf() || j.familiar() {
		return
	}
	if known := j.ours(n.Keys); slices.Contains(known, j.from) { // a private address that is listed
		return
	} else if len(known) > 0 {
		j.add(finding.SenderInternalSpoof, "%.60q is %.60q, the address is %.60q", j.c.From.Name, known[0], j.from)
		return
	}
	others := slices.DeleteFunc(slices.Clone(j.c.Answer.Namesake), func(p ledger.Partner) bool { return p.Address == j.from || same(p.Address, j.from) })
	switch i := slices.IndexFunc(others, func(p ledger.Partner) bool { return p.Ours }); {
	case i >= 0:
		j.add(finding.SenderInternalSpoof, "%.60q is %.60q, the address is %.60q", j.c.From.Name, others[i].Address, j.from)
	case len(others) > 0 && !(correspondent(j.c.Answer.From) && j.c.Auth.Result == sender.Pass):
		j.add(finding.SenderNameSpoof, "%.60q is known as %.60q, the address is %.60q", j.c.From.Name, others[0].Address, j.from)
	}
}

// familiarMails is how many mails of ours make a writer familiar: so many nobody gets by one trick.
const familiarMails = 3

// familiar reports whether the writer is one to whom ours write often, and proves it: then he is a namesake, or one of ours at a private address.
func (j *judge) familiar() bool {
	p := &j.c.Answer.From
	return p.Begun+p.Answered >= familiarMails && j.c.Auth.Result == sender.Pass
}

// namesOf are the keys under which people are known again.
func namesOf(people []message.Person) map[string][]string {
	m := map[string][]string{}
	for _, p := range people {
		for _, n := range p.Names {
			for _, k := range sender.ParseName(n).Keys {
				m[k] = append(m[k], address.Fold(p.Address))
			}
		}
	}
	return m
}

// same reports whether two addresses belong to one organisation.
func same(a, b string) bool {
	return strings.HasPrefix(address.Key(a), "@") && address.Key(a) == address.Key(b)
}

// lookalike compares a stranger's domain with ours and with those of correspondents. The same name under another top-level domain is no sign: it mostly
// belongs to the same firm, or to one that honestly bears the name. So it is with a word added to a correspondent's; what is ours we know.
func (j *judge) lookalike(domain string) {
	a := &j.c.Answer
	if j.site.Local(j.from) || correspondent(a.From) || correspondent(a.Org) {
		return
	}
	for i, d := range append(slices.Clone(j.site.LocalDomains), a.Alike...) {
		how, ok := sender.Alike(domain, strings.TrimPrefix(d, "."))
		if ok && how != sender.TLD && (how != sender.Word || i < len(j.site.LocalDomains)) {
			j.add(finding.SenderLookalike, "%.60q looks like %.60q: %s", domain, d, how)
			return
		}
	}
}

// takesPart reports whether the writer was addressed, if only in a copy, or belongs to the organisation of one who was.
func takesPart(c *ledger.Citations) bool { return c.Party || c.Copied || c.OrgParty }

// thread says whether the conversation is real and the writer part of it.
func (j *judge) thread() {
	cl, a := &j.c.Clues, &j.c.Answer
	personal := !j.machine
	party, cited := takesPart(&a.Cited), a.Cited.Ours+a.Cited.Theirs
	switch {
	case cited > 0 && party && !j.unproven():
		j.add(finding.ThreadKnown, "cites %d mails of a conversation of ours", cited)
	case cited > 0 && party:
		j.add(finding.ThreadUnknown, "cites %d mails of a conversation of ours, but nothing proves that %.80q wrote it", cited, j.from)
	case cited > 0:
		if personal && !a.Cited.Listed {
			j.add(finding.ThreadStolen, "cites %d mails of a conversation of ours, %.80q was no part of it", cited, j.from)
		}
	case a.Cited.Forged > 0 && personal:
		j.add(finding.ThreadForged, "cites %d ids of ours that were never sent", a.Cited.Forged)
	case cl.Reply && len(cl.Refs) > 0 && j.c.Asked && a.Warm:
		j.add(finding.ThreadUnknown, "cites %d mails that are not remembered", len(cl.Refs))
	}
	if cl.Reply && len(cl.Refs) == 0 && personal {
		j.add(finding.ReplyNoReference, "%.100q", j.res.Facts.Subject)
	}
	if a.Subject.Ours > 0 && !takesPart(&a.Subject) && !party && personal {
		j.add(finding.ThreadSubjectForeign, "%.100q", cl.Subject)
	}
	if personal {
		j.quotes()
	}
	if cl.OneLine {
		j.add(finding.MailOneLine, "quotes %d", len(cl.Quoted))
	}
}

// quotes looks for the writer himself, and for people of ours, at another address in what is quoted.
func (j *judge) quotes() {
	for _, p := range j.c.Clues.Quoted {
		addr := address.Fold(p.Addr)
		if addr == "" || addr == j.from || same(addr, j.from) || j.site.Local(addr) {
			continue
		}
		keys := sender.ParseName(p.Name).Keys
		if j.himself(keys, addr) {
			j.add(finding.ThreadQuoteMismatch, "quotes %.50q as %.60q, writes from %.60q", j.c.From.Name, addr, j.from)
			return
		}
		if known := j.ours(keys); len(known) > 0 && !slices.Contains(known, addr) {
			j.add(finding.ThreadQuoteMismatch, "quotes %.50q, who is %.60q, as %.60q", p.Name, known[0], addr)
			return
		}
	}
}

// ours are the addresses of one of our people under a name.
func (j *judge) ours(keys []string) []string {
	for _, k := range keys {
		if known := j.people[k]; len(known) > 0 {
			return known
		}
	}
	return nil
}

// himself reports whether a quoted person bears the writer's name: as it stands there, or as the memory knows the address.
func (j *judge) himself(keys []string, addr string) bool {
	return slices.ContainsFunc(keys, func(k string) bool { return slices.Contains(j.c.Name.Keys, k) }) ||
		slices.ContainsFunc(j.c.Answer.Namesake, func(n ledger.Partner) bool { return n.Address == addr })
}

// authors says where a mail names several, one of whom is one of ours: RFC 5322 3.6.2 allows it, mail programs show whom they like, and DMARC has no answer.
func (j *judge) authors() {
	list := j.c.authors
	for _, a := range list[:min(len(list), authorsMax)] {
		if j.site.Local(a.Addr) != j.site.Local(j.from) {
			j.add(finding.SenderInternalSpoof, "several authors: %.60q, %.60q", j.from, a.Addr)
			return
		}
		if a.Addr == j.c.From.Addr || len(j.people) == 0 {
			continue
		}
		for _, k := range sender.ParseName(a.Name).Keys {
			if known := j.people[k]; len(known) > 0 && !slices.Contains(known, address.Fold(a.Addr)) && !j.site.Local(a.Addr) {
				j.add(finding.SenderInternalSpoof, "%.60q is %.60q, the address is %.60q", a.Name, known[0], a.Addr)
				return
			}
		}
	}
}

// authorsMax is how many authors are looked at; honest mail has one.
const authorsMax = 10

// learn tells the memory of a message that goes its way. Nobody becomes known by mail that was held, marked, released, sent by nobody, or by a machine; of
// such mail of ours only the id is kept where it left, so that an answer to it is not called forged.
func (f *Filter) learn(ctx context.Context, res *Result, delivered bool) error {
	c := res.Conversation
	if c == nil || f.o.Conversations == nil || !delivered && res.Session.Released == "" {
		return nil
	}
	clean := res.Session.Released == "" && res.Verdict.Action == rules.Accept && !res.Facts.Incomplete
	robot := c.Clues.Robot != thread.Human || res.Session.Envelope.MailFrom == ""
	to, cc := addresses(res.Header, "To"), addresses(res.Header, "Cc")
	e := &res.Session.Envelope
	if res.Facts.Direction != message.In {
		if !f.o.Site.Local(c.From.Addr) { // what one of ours has forwarded for him: its addressees are another's, its id too
			return nil
		}
		return wrap("sent", f.o.Conversations.LearnSent(ctx, ledger.Sent{
			Time: timeOf(res), From: address.Fold(c.From.Addr), Names: c.Name.Keys, MessageID: c.Clues.MessageID, Refs: c.Clues.Refs,
			Subject: c.Clues.Subject, Rcpts: folded(e.Rcpts), To: to, Cc: cc, Reply: c.Clues.Reply, Robot: robot || !clean || thread.Clicked(res.Facts.Subject) || program(c.From.Addr),
		}))
	}
	if robot || !clean {
		return nil
	}
	known := slices.ContainsFunc(res.Facts.Findings, func(f finding.Finding) bool { return f.Kind == finding.ThreadKnown })
	return wrap("received", f.o.Conversations.LearnReceived(ctx, ledger.Received{
		Time: timeOf(res), From: address.Fold(c.From.Addr), Names: c.Name.Keys, MessageID: c.Clues.MessageID, Refs: c.Clues.Refs,
		Subject: c.Clues.Subject, Rcpts: folded(e.Rcpts), To: to, Cc: cc, Source: res.Source(),
		Passed: c.Auth.Result == sender.Pass, Failed: c.Auth.Result == sender.Fail, Known: known,
	}))
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("filter: learning what was %s: %w", what, err)
}

func addresses(h *message.Header, field string) (list []string) {
	for _, a := range h.Addresses(field) {
		list = append(list, address.Fold(a.Addr))
	}
	return list
}
