package ledger

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
)

// What one mail may teach.
const (
	maxParties   = 50 // addresses: a mail to more is no conversation, and makes nobody a correspondent
	maxKeysName  = 8  // names of one address
	maxSentRefs  = 10 // how far an answer's references are followed to the mail that it answers
	maxSentNames = 20
	measured     = 2 // mails of ours to a correspondent before what he cites says how much is remembered
)

// sent learns a mail of ours.
func (b *batch) sent(ctx context.Context, s *Sent) error {
	m := &letter{id: b.sentID(s), at: s.Time.Unix(), class: mailOurs}
	if old, err := b.letter(ctx, m.id); err != nil || old != nil {
		return err
	}
	b.learned++
	to := b.addressees(s)
	switch {
	case s.Robot:
		m.flags |= mailRobot
	case len(to) > maxParties:
		m.flags |= mailWide
	default:
		b.days[dayOf(s.Time)]++
		if err := b.conversation(ctx, s, m, to); err != nil {
			return err
		}
	}
	if err := b.insert(ctx, m); err != nil {
		return err
	}
	return b.ours(ctx, s)
}

// sentID is the id of a mail; one without a Message-ID gets it from the MTA after us, and is known by what else it says.
func (b *batch) sentID(s *Sent) int64 {
	if s.MessageID != "" {
		return b.hash.of(hashOurs, s.MessageID)
	}
	text := strconv.FormatInt(s.Time.Unix(), 10) + "\n" + s.From + "\n" + s.Subject
	for _, r := range s.Rcpts[:min(len(s.Rcpts), maxParties)] {
		text += "\n" + r
	}
	return b.hash.of(hashOurs, text)
}

// addressees are the people of a mail but its writer, each once, those in To first; one more than maxParties at most.
func (b *batch) addressees(s *Sent) (to []string) {
	seen := map[string]bool{s.From: true, "": true}
	for _, list := range [][]string{s.To, s.Cc, s.Rcpts} {
		for _, a := range list {
			if len(to) > maxParties {
				return to
			}
			if !seen[a] {
				seen[a] = true
				to = append(to, a)
			}
		}
	}
	return to
}

// conversation notes who is a party, and who became a correspondent: all addressees of a mail that begins a conversation; of an answer only
// the writer of what it answers. Who else an answer goes to came along in an answer to all, until we write to him otherwise.
func (b *batch) conversation(ctx context.Context, s *Sent, m *letter, to []string) error {
	if s.Subject != "" {
		m.subject = b.subjectID(s.Subject)
	}
	who, err := b.answered(ctx, s, to)
	if err != nil {
		return err
	}
	m.parties.add(b.hash.of(hashAddress, s.From), addressee)
	orgs := map[int64]bool{0: true}
	for _, a := range to {
		if b.local(a) {
			m.parties.add(b.hash.of(hashAddress, a), addressee)
			continue
		}
		r, err := b.wrote(ctx, a, who, m.at)
		if err != nil {
			return err
		}
		m.parties.add(b.hash.of(hashAddress, a), r)
		if of := b.hash.org(a); r == addressee && !orgs[of] {
			orgs[of] = true
			m.parties.add(of, org)
		}
	}
	return nil
}

// answer is what is known of the mail that one of ours answers.
type answer struct {
	begun  bool    // none: it begins a conversation
	writer int64   // of mail from outside
	first  string  // who is taken for its writer, where that is not remembered
	before parties // of the conversation
}

func (b *batch) answered(ctx context.Context, s *Sent, to []string) (who answer, err error) {
	if len(s.Refs) == 0 && !s.Reply {
		return answer{begun: true}, nil
	}
	m, err := b.cites(ctx, s.Refs)
	if err != nil {
		return who, err
	}
	outside := slices.DeleteFunc(slices.Clone(to), b.local)
	if len(outside) == 1 {
		who.first = outside[0]
	}
	if m != nil {
		who.before = m.parties
	}
	if m != nil && m.class == mailOurs { // a second mail of ours: nobody is answered
		return who, nil
	}
	if who.writer = who.before.writer(); !slices.Contains(b.hash.parties(outside), who.writer) && len(s.To) > 0 && !b.local(s.To[0]) {
		// Not remembered, or he wants the answer elsewhere (RFC 5322 3.6.2: Reply-To). Mail programs put him first and the others behind.
		who.first = s.To[0]
	}
	return who, nil
}

// cites finds the nearest mail that is cited and remembered, nil for none.
func (b *batch) cites(ctx context.Context, refs []string) (*letter, error) {
	for _, ref := range refs[:min(len(refs), maxSentRefs)] {
		for _, kind := range []byte{hashTheirs, hashOurs} {
			m, err := b.letter(ctx, b.hash.of(kind, ref))
			if err != nil || m != nil && len(m.parties) > 0 {
				return m, err
			}
		}
	}
	return nil, nil
}

// wrote notes that one of ours wrote to an address, and says what it is in the mail.
func (b *batch) wrote(ctx context.Context, addr string, who answer, at int64) (role, error) {
	id := b.hash.of(hashAddress, addr)
	p, err := b.partner(ctx, id)
	if err != nil {
		return copied, err
	}
	answered := addr == who.first || who.writer != 0 && id&^int64(roleMask) == who.writer
	switch {
	case who.begun:
		p.Begun++
	case answered:
		p.Answered++
	case p.class == partnerKnown || who.before.has(id, addressee):
		return addressee, nil
	default:
		return copied, nil
	}
	p.Address = addr
	if err := b.promote(ctx, p, partnerKnown, at); err != nil {
		return addressee, err
	}
	return addressee, b.wroteOrg(ctx, addr, who.begun, at)
}

// wroteOrg counts for the organisation what was counted for one of its addresses.
func (b *batch) wroteOrg(ctx context.Context, addr string, begun bool, at int64) error {
	name := orgOf(addr)
	if name == "" {
		return nil
	}
	p, err := b.partner(ctx, b.hash.org(addr))
	if err != nil {
		return err
	}
	if begun {
		p.Begun++
	} else {
		p.Answered++
	}
	return b.promoteOrg(ctx, p, name, partnerKnown, at)
}

func (b *batch) promoteOrg(ctx context.Context, p *contact, name string, to class, at int64) error {
	p.Address = name
	p.flags |= partnerOrg
	for _, k := range b.hash.all(hashAlike, b.opts.Neighbours(name[1:]), maxAlike) {
		p.addKey(k, maxAlike)
	}
	return b.promote(ctx, p, to, at)
}

// promote makes one of ours, or a correspondent, of an address: it takes no stranger's room any more.
func (b *batch) promote(ctx context.Context, p *contact, to class, at int64) error {
	p.seen(at)
	if p.was != 0 && p.class <= to {
		return nil
	}
	if p.was != 0 {
		if err := b.count(ctx, usagePartner+p.class, p.source, -1); err != nil {
			return err
		}
	}
	p.class, p.was, p.source = to, to, 0
	return b.count(ctx, usagePartner+to, 0, 1)
}

// ours learns the name of one of our people, and the domain that our Message-IDs have.
func (b *batch) ours(ctx context.Context, s *Sent) error {
	if b.local(s.From) && !s.Robot {
		p, err := b.partner(ctx, b.hash.of(hashAddress, s.From))
		if err != nil {
			return err
		}
		p.Address = s.From
		for _, k := range b.hash.all(hashName, s.Names, maxSentNames) {
			p.addKey(k, maxKeysName)
		}
		if err := b.promote(ctx, p, partnerOurs, s.Time.Unix()); err != nil {
			return err
		}
		if name := orgOf(s.From); name != "" {
			o, err := b.partner(ctx, b.hash.org(s.From))
			if err != nil {
				return err
			}
			if err := b.promoteOrg(ctx, o, name, partnerOurs, s.Time.Unix()); err != nil {
				return err
			}
		}
	}
	right := rightOf(s.MessageID)
	if right == "" {
		return nil
	}
	w, err := b.window(ctx, b.hash.of(hashDomain, right), true)
	if w != nil && w.last+coarse < s.Time.Unix() {
		w.last, w.changed = s.Time.Unix(), true
	}
	return err
}

// received learns an accepted mail from outside. A mail that failed authentication is nobody's, and one under an address of ours is none of
// a correspondent's.
func (b *batch) received(ctx context.Context, r *Received) error {
	if r.Failed || r.From == "" || b.local(r.From) {
		return nil
	}
	source := int64(0)
	if r.Source != "" {
		source = b.hash.of(hashSource, r.Source)
	}
	m := &letter{id: b.receivedID(r), at: r.Time.Unix(), class: mailStranger, source: source}
	writer := b.hash.of(hashAddress, r.From)
	if cited, err := b.part(ctx, r, writer); err != nil {
		return err
	} else if r.Known && (cited.Party || cited.OrgParty || cited.Copied) {
		m.class = mailTheirs
		as := addressee
		if !cited.Party && !cited.OrgParty {
			as = copied
		}
		m.parties.add(writer, as)
		b.extend(r, m, as)
	} else {
		m.parties.add(writer, addressee)
	}
	if fresh, err := b.keep(ctx, m); err != nil || !fresh {
		return err
	}
	return b.writer(ctx, r, source)
}

func (b *batch) receivedID(r *Received) int64 {
	if r.MessageID != "" {
		return b.hash.of(hashTheirs, r.MessageID)
	}
	return b.hash.of(hashTheirs, strconv.FormatInt(r.Time.Unix(), 10)+"\n"+r.From+"\n"+r.Subject)
}

// part is what the writer of a mail is in the conversations that it cites.
func (b *batch) part(ctx context.Context, r *Received, writer int64) (t Citations, err error) {
	refs := r.Refs[:min(len(r.Refs), maxSentRefs)]
	if !r.Known || len(refs) == 0 {
		return t, nil
	}
	list := append(b.hash.all(hashOurs, refs, maxSentRefs), b.hash.all(hashTheirs, refs, maxSentRefs)...)
	of := b.hash.org(r.From)
	err = b.tx.each(ctx, func(rows *sql.Rows) error {
		var m letter
		err := rows.Scan(&m.id, &m.class, &m.flags, (*[]byte)(&m.parties))
		t.count(&m, writer, of)
		return err
	}, sqlCited, ids(list...), b.since(r.Time))
	return t, err
}

// extend makes parties of whom a party writes to as well: what the writer is, they are.
func (b *batch) extend(r *Received, m *letter, as role) {
	to := b.addressees(&Sent{From: r.From, To: r.To, Cc: r.Cc})
	if len(to) > maxParties {
		m.flags |= mailWide
		return
	}
	orgs := map[int64]bool{0: true}
	for _, a := range append([]string{r.From}, to...) {
		if a != r.From {
			m.parties.add(b.hash.of(hashAddress, a), as)
		}
		if of := b.hash.org(a); as == addressee && !orgs[of] && !b.local(a) {
			orgs[of] = true
			m.parties.add(of, org)
		}
	}
}

// keep stores a mail from outside where there is room for it, and tells whether it was new.
func (b *batch) keep(ctx context.Context, m *letter) (fresh bool, err error) {
	if m.class == mailTheirs {
		own, err := b.counted(ctx, usage{mailTheirs, m.source})
		if err != nil {
			return false, err
		}
		if m.source != 0 && float64(own.n) >= max(1, b.opts.Share*float64(b.opts.MaxMails)) { // a party that floods us
			m.class = mailStranger
		}
	}
	if m.class == mailStranger {
		if ok, err := b.room(ctx, m.class, m.source); err != nil {
			return false, err
		} else if !ok {
			old, err := b.letter(ctx, m.id)
			return old == nil, err
		}
	}
	return b.insertNew(ctx, m)
}

// writer learns of a mail's writer and his organisation.
func (b *batch) writer(ctx context.Context, r *Received, source int64) error {
	p, err := b.partner(ctx, b.hash.of(hashAddress, r.From))
	if err != nil {
		return err
	}
	p.Address = r.From
	if err := b.heard(ctx, p, r, source); err != nil || p.last == 0 {
		return err
	}
	if r.Passed || p.Passed == 0 { // where he can be told from others, they name him not
		for _, k := range b.hash.all(hashName, r.Names, maxSentNames) {
			p.addKey(k, maxKeysName)
		}
	}
	if r.Passed && p.Begun+p.Answered >= measured {
		if err := b.measure(ctx, r, p.id); err != nil {
			return err
		}
	}
	name := orgOf(r.From)
	if name == "" {
		return nil
	}
	o, err := b.partner(ctx, b.hash.org(r.From))
	if err != nil {
		return err
	}
	o.Address, o.flags = name, o.flags|partnerOrg
	return b.heard(ctx, o, r, source)
}

// heard counts a mail for its writer, or the organisation. A stranger is new only where there is room.
func (b *batch) heard(ctx context.Context, p *contact, r *Received, source int64) error {
	if p.was == 0 {
		ok, err := b.room(ctx, usagePartner+partnerStranger, source)
		if err != nil || !ok {
			return err
		}
		p.was, p.source = partnerStranger, source
		if err := b.count(ctx, usagePartner+partnerStranger, source, 1); err != nil {
			return err
		}
	}
	p.seen(r.Time.Unix())
	p.Received++
	if r.Passed {
		p.Passed++
	} else {
		p.Unproven++
	}
	return nil
}

// measure notes whether the mail that a correspondent answers is remembered, if it is one of ours by its Message-ID.
func (b *batch) measure(ctx context.Context, r *Received, who int64) error {
	for _, ref := range r.Refs[:min(len(r.Refs), maxSentRefs)] {
		right := rightOf(ref)
		if right == "" {
			continue
		}
		w, err := b.window(ctx, b.hash.of(hashDomain, right), false)
		if err != nil {
			return err
		}
		if w == nil {
			continue
		}
		m, err := b.letter(ctx, b.hash.of(hashOurs, ref))
		if err != nil {
			return err
		}
		w.window, w.changed = w.push(who, m != nil), true
		return nil
	}
	return nil
}

// window reads a domain's citations; where the domain is new and there is room, it makes them on demand.
func (b *batch) window(ctx context.Context, domain int64, create bool) (*coverRow, error) {
	if w := b.windows[domain]; w != nil {
		return w, nil
	}
	w := &coverRow{}
	err := b.tx.stmt(ctx, sqlWindow).QueryRowContext(ctx, domain).Scan(&w.last, (*[]byte)(&w.window))
	switch {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return nil, err
	case err != nil && (!create || len(b.known.Load().domains)+len(b.windows) >= maxDomains):
		return nil, nil
	}
	b.windows[domain] = w
	return w, nil
}
