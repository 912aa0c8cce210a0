package milter

import (
	"context"
	"slices"
	"strings"

	gomilter "github.com/emersion/go-milter"

	"sekisho/internal/quarantine"
	"sekisho/rules"
)

// A message whose recipients have different verdicts is held for some and delivered to the others: its bytes and the held recipients go into our store, then
// the MTA is told to forget these recipients (SMFIR_DELRCPT), then it delivers to the rest. Whenever the process dies in between, the MTA still has the
// message for all of them and offers it again.
//
// At the end of a message nothing can be refused for some of its recipients (RFC 5321 3.3: one reply for the mail data). So a recipient for whom the
// rules say reject is held where others get the message, and tempfail for one is tempfail for all: delivered to the others at each try, they would have it
// many times. The MTA's hold queue keeps a message whole, so the held part of a divided one is always in our store, and nothing of it waits for a password.

// doneSplit is the audit's word for a message that is held for some and delivered to others.
const doneSplit = "split"

// carriedOut is the action in whose place a is carried out. See the package comment for disarm.
func carriedOut(a rules.Action) rules.Action {
	if a == rules.Disarm {
		return rules.Quarantine
	}
	return a
}

// decide softens the verdict by mode, and sorts the recipients where they differ.
func (m *mail) decide() disposal {
	v := m.result.Verdict
	d := disposal{action: carriedOut(v.Effective(m.policy.Mode))}
	if len(v.PerRecipient)+len(v.Modes) > 0 {
		m.divide(&d)
	}
	if d.done = d.action.String(); d.split != nil {
		d.done = doneSplit
	}
	return d
}

// divide decides for recipients that differ.
func (m *mail) divide(d *disposal) {
	var held []int
	rest, refused := rules.Accept, 0
	for i, rcpt := range m.rcpts {
		switch a := carriedOut(m.result.Verdict.EffectiveFor(rcpt, m.policy.Mode)); a {
		case rules.TempFail:
			d.action = a
			return
		case rules.Quarantine, rules.Reject:
			held = append(held, i)
			if a == rules.Reject {
				refused++
			}
		default:
			rest = max(rest, a)
		}
	}
	switch {
	case len(held) == 0:
		d.action = rest
	case refused == len(m.rcpts):
		d.action = rules.Reject
	case len(held) == len(m.rcpts):
		d.action = rules.Quarantine
	case !m.session.conn.terms.can(gomilter.OptRemoveRcpt): // the hardest that can be undone
		d.action, d.undivided = rules.Quarantine, true
	default:
		d.action, d.split = rest, held
	}
}

// holdSome stores a message for the recipients that do not get it.
func (m *mail) holdSome(d *disposal) {
	srv := m.session.srv
	if srv.o.Holder == nil {
		m.notStored(d, errNoHolder)
		return
	}
	ctx, cancel := context.WithTimeout(srv.base, srv.o.HoldTimeout)
	defer cancel()
	item := m.item()
	item.Where = quarantine.InStore
	item.Envelope.Rcpts = m.some(d.split)
	item.Verdict.PerRecipient, item.Verdict.Modes, item.Verdict.Softened = nil, nil, nil
	id, err := srv.o.Holder.Put(ctx, item, m.result.Raw)
	if err != nil {
		m.notStored(d, err)
		return
	}
	d.held = id
	srv.o.Step(StepPut)
}

// some are recipients by index.
func (m *mail) some(indexes []int) []string {
	list := make([]string, len(indexes))
	for i, n := range indexes {
		list[i] = m.rcpts[n]
	}
	return list
}

// forgetHeld has the MTA forget the recipients whose copy is held. Postfix and Sendmail compare with what the client wrote, case included, so each goes
// back as it came.
func (m *mail) forgetHeld(d disposal, mod modifier) {
	for _, i := range d.split {
		mod.DeleteRecipient(m.asCame[i])
	}
}

// unbracketed is a path without its angle brackets (RFC 5321 4.1.2), which the library puts around it again.
func unbracketed(path string) string {
	return strings.TrimSuffix(strings.TrimPrefix(path, "<"), ">")
}

// divideAgain follows a verdict that has changed when some recipients' copy is held already. Further ones cannot be added to it, so the
// message comes again and is then judged by what is known now.
func (m *mail) divideAgain(d *disposal) {
	now := m.decide()
	if now.action == rules.TempFail || now.split == nil && now.action > rules.Tag || slices.ContainsFunc(now.split, func(i int) bool { return !slices.Contains(d.split, i) }) {
		*d = disposal{action: rules.TempFail, done: rules.TempFail.String()}
		return
	}
	d.action = now.action // it may be tagged now
}

// unrouted is a path without its source route, which a server takes off (RFC 5321 appendix C): Postfix forgets the recipient only by what it kept, and
// policies and lists name the mailbox. Blanks around the address, which Postfix lets pass, go with it.
func unrouted(path string) string {
	path = strings.TrimSpace(path)
	if !strings.HasPrefix(path, "@") {
		return path
	}
	literal := false // a domain in brackets, which may have colons (RFC 5321 4.1.3)
	for i, c := range path {
		switch {
		case c == '[':
			literal = true
		case c == ']':
			literal = false
		case c == ':' && !literal:
			return strings.TrimSpace(path[i+1:])
		}
	}
	return path
}

// perRecipient is the audit's word for each recipient of a divided message.
func (m *mail) perRecipient(d disposal) map[string]string {
	if d.split == nil {
		return nil
	}
	words := make(map[string]string, len(m.rcpts))
	for _, r := range m.rcpts {
		words[r] = d.action.String()
	}
	for _, i := range d.split {
		words[m.rcpts[i]] = rules.Quarantine.String()
	}
	return words
}
