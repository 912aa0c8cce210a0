package outbound

import (
	"context"
	"net/netip"
	"slices"
	"time"
)

// Seen is a mail with what was sent before it.
type Seen struct {
	Mail    Mail
	Risky   bool
	Counts  Counts
	Burst   *Sender  // who sends the burst that this risky mail belongs to
	Several *Sender  // who sends different files that start by themselves to different people, as a program does
	Unusual *Sender  // whose answers cite what they answer, but for this one with a file that starts by itself
	Open    []Sender // with an open incident

	keys  []key
	sums  sums
	opens map[key]Why // incidents that this mail opens unless they are
}

// Sender is one whom the mail counts against.
type Sender struct {
	Kind   Kind
	Who    string
	Counts Counts
}

// Why an incident was opened.
type Why string

// The reasons.
const (
	Burst    Why = "burst"    // Options.Mails risky mails within the window
	Carriers Why = "carriers" // Options.Carriers different files that start by themselves within the window
	Slow     Why = "slow"     // three times Options.Mails such files within a day
)

// Count counts a mail of ours, before it is judged. The error says that incidents were not asked for in the database: those of this process
// are known all the same.
func (m *Monitor) Count(ctx context.Context, mail Mail) (*Seen, error) {
	s := &Seen{Mail: mail, Risky: mail.Risky(), keys: m.senders(&mail), sums: mail.sums(), opens: map[key]Why{}}
	var cases map[key]incidentState
	var err error
	if s.Risky {
		cases, err = m.states(ctx, s.keys)
	}
	for _, k := range s.keys {
		m.countOne(s, k, cases[k])
	}
	if at := fold(mail.MailFrom); at != "" {
		m.bounced.peek(at, mail.Time, func(b *sender) { s.Counts.Bounces = b.tally.sum(tMails) })
	}
	return s, err
}

func (m *Monitor) table(k Kind) *table {
	if k == Account {
		return m.accounts
	}
	return m.clients
}

// countOne counts the mail against one sender, and says what it means.
func (m *Monitor) countOne(s *Seen, k key, state incidentState) {
	who := &Sender{Kind: k.kind, Who: k.who}
	var slow, cites, wave bool
	m.table(k.kind).with(k.who, s.Mail.Time, s.Risky, func(of *sender) {
		if !state.cleared.IsZero() {
			of.forget(state.cleared.UnixNano())
		}
		cites = of.answersCite()
		if of.count(m.accounts.clock, s.Mail.Time.UnixNano(), &s.Mail, s.sums, m.accounts.risky) {
			of.habit(&s.Mail)
		}
		who.Counts, slow = of.counts(), len(of.slow) >= slowFactor*m.o.Mails
		_, _, wave = of.carriers()
	})
	s.Counts = s.Counts.max(who.Counts)
	if m.exempt(k, s.Mail.Client) {
		return
	}
	if s.Risky {
		m.judge(s, k, who, slow, state.open)
	}
	if len(s.Mail.Carriers) > 0 && wave && s.Several == nil {
		s.Several = who
	}
	if k == s.keys[0] && len(s.Mail.Carriers) > 0 && s.Mail.orphan() && cites {
		s.Unusual = who
	}
}

// exempt reports whether a sender is counted only.
func (m *Monitor) exempt(k key, client netip.Addr) bool {
	if k.kind == Account {
		return slices.ContainsFunc(m.o.ExemptAccounts, func(a string) bool { return fold(a) == k.who })
	}
	return contains(m.o.ExemptClients, client)
}

func (m *Monitor) judge(s *Seen, k key, who *Sender, slow, open bool) {
	switch {
	case who.Counts.Risky >= m.o.Mails:
		s.opens[k] = Burst
		if s.Burst == nil {
			s.Burst = who
		}
	case who.Counts.DifferentCarriers >= m.o.Carriers:
		s.opens[k] = Carriers
	case slow:
		s.opens[k] = Slow
	}
	if open {
		s.Open = append(s.Open, *who)
	}
}

// Bounced counts a report that came back to an address of ours about mail that we did send.
func (m *Monitor) Bounced(addr string, at time.Time) {
	m.bounced.with(fold(addr), at, false, func(s *sender) { s.tally.add(at.UnixNano()/m.bounced.clock.slot, tMails, 1) })
}
