package milter

import (
	"context"
	"errors"
	"slices"

	gomilter "github.com/emersion/go-milter"

	"sekisho/internal/message"
	"sekisho/internal/quarantine"
	"sekisho/rules"
)

// The steps of dispose, in their order. StepPut comes only with mail to be held.
const (
	StepDecided    = "decided"    // nothing has been done yet
	StepPut        = "put"        // the message is held durably; the MTA has it too
	StepRemembered = "remembered" // what it has to do with other mail is settled
	StepModified   = "modified"   // our modifications are made; the MTA has them with the reply
	StepAudited    = "audited"
	StepCounted    = "counted"
	StepReplied    = "replied" // the MTA's system has the last reply
)

// Steps returns the names Options.Step is called with, in order.
func Steps() []string {
	return []string{StepDecided, StepPut, StepRemembered, StepModified, StepAudited, StepCounted, StepReplied}
}

// The audit's words for mail in the MTA's hold queue, and for mail that waits for its password.
const (
	doneHold = "hold"
	doneWait = "wait"
)

// disposal is what is done with one message.
type disposal struct {
	action rules.Action // what is carried out
	done   string       // the audit's word for it
	held   string       // quarantine id
	hold   bool         // the MTA keeps it, in its hold queue
	waits  bool         // it is held until its password comes
	split  []int        // the recipients, by index, whose copy is held while action is for the others; nil where all have the same

	undivided bool  // held for all, since the MTA cannot forget some of the recipients
	err       error // why it is not what the verdict asked for
	stage     string
}

// delivers reports whether the recipients get the mail now.
func (d disposal) delivers() bool { return d.action <= rules.Tag }

// dispose carries out a verdict. The order is fixed: what must be kept is on disk before anything else happens, and the reply, with
// which we or the MTA take over responsibility, is last.
func (m *mail) dispose() gomilter.Response {
	step := m.session.srv.o.Step
	step(StepDecided)
	d := m.decide()
	switch {
	case d.split != nil:
		m.holdSome(&d)
	case d.action == rules.Quarantine:
		m.store(&d)
	case m.mayWait(d):
		m.wait(&d)
	}
	alerts := m.remember(&d)
	step(StepRemembered)
	m.modify(d)
	step(StepModified)
	m.audit(d)
	m.alert(alerts)
	step(StepAudited)
	m.count(d)
	step(StepCounted)
	return m.reply(d)
}

// store makes a message durable, or notes that the MTA will hold it. When it cannot, this message comes again later: it must
// neither pass nor be lost.
func (m *mail) store(d *disposal) {
	srv := m.session.srv
	d.hold = m.policy.MTAHold && m.session.conn.terms.can(gomilter.OptQuarantine)
	ctx, cancel := context.WithTimeout(srv.base, srv.o.HoldTimeout)
	defer cancel()
	item := m.item()
	switch {
	case srv.o.Holder == nil:
		d.err = errNoHolder
	case d.hold:
		item.Where = quarantine.InMTA
		d.held, d.err = srv.o.Holder.NoteHold(ctx, item)
		d.done = doneHold
	default:
		item.Where = quarantine.InStore
		d.held, d.err = srv.o.Holder.Put(ctx, item, m.result.Raw)
	}
	if d.err != nil {
		m.notStored(d, d.err)
		return
	}
	srv.o.Step(StepPut)
}

// notStored gives a mail that must be held and cannot back to the MTA.
func (m *mail) notStored(d *disposal, err error) {
	d.err, d.held, d.hold, d.split, d.stage = err, "", false, nil, "store"
	d.action = rules.TempFail
	if m.onFailure() == FailReject {
		d.action = rules.Reject
	}
	d.done = d.action.String()
	m.session.srv.o.Metrics.QuarantineRefused.WithLabelValues(quarantine.Cause(err)).Inc()
}

var errNoHolder = errors.New("milter: no quarantine is configured")

// item is the message as the quarantine knows it.
func (m *mail) item() quarantine.Item {
	r := m.result
	it := quarantine.Item{
		Direction: r.Facts.Direction, Source: r.Source(), Envelope: r.Session.Envelope, Verdict: r.Verdict,
		Subject: r.Facts.Subject, From: r.Facts.From, MessageID: m.first.messageID,
		Size: r.Size, SHA256: r.Digest(), Incomplete: r.Facts.Incomplete,
	}
	it.Earlier = m.earlier()
	if r.Header != nil {
		it.From = r.Header.Text("From")
	}
	for _, a := range r.Attachments {
		it.Attachments = append(it.Attachments, quarantine.Attachment{Path: a.Path, Name: a.Name, Kind: a.Kind, SHA256: a.SHA256, Size: a.Size})
	}
	return it
}

// modify makes the modifications. They travel with the reply: the MTA, which carries out all or none of them, wakes up once.
func (m *mail) modify(d disposal) {
	mod := modifier{m.session.conn}
	if d.delivers() || d.hold {
		m.mark(d, mod)
	}
	m.forgetHeld(d, mod)
}

// mark removes incoming fields of our names, then writes ours; in mode monitor it writes none.
func (m *mail) mark(d disposal, mod modifier) {
	terms := m.session.conn.terms
	if terms.can(gomilter.OptChangeHeader) {
		m.own.each(func(name string, n int) { mod.ChangeHeader(n, name, "") })
	}
	if d.hold {
		mod.Quarantine(ascii("sekisho: " + m.result.Verdict.Rule))
	}
	if m.policy.Mode == rules.ModeMonitor {
		return
	}
	if terms.can(gomilter.OptAddHeader) {
		m.insert(d, mod)
	}
	if d.action == rules.Tag && terms.can(gomilter.OptChangeHeader) {
		m.tagSubject(mod)
	}
}

// insert puts our fields above all others: the last one inserted stands first.
func (m *mail) insert(d disposal, mod modifier) {
	fields := [...][2]string{{fieldVerdict, d.action.String()}, {fieldRule}, {fieldFindings}, {fieldID, m.id(d)}}
	if d.action != rules.Accept {
		v := m.result.Verdict
		fields[1][1], fields[2][1] = v.Rule, kindList(v.Why)
	} else if m.policy.TaggedOnly {
		return
	}
	for i := len(fields) - 1; i >= 0; i-- {
		name, value := fields[i][0], ascii(fields[i][1])
		if value != "" {
			mod.InsertHeader(0, name, m.spaced(value))
		}
	}
}

// spaced puts the space after the colon where the MTA leaves that to us.
func (m *mail) spaced(value string) string {
	if m.session.conn.terms.leadingSpace() {
		return " " + value
	}
	return value
}

func (m *mail) tagSubject(mod modifier) {
	if m.policy.SubjectTag == "" || m.first.isSealed() {
		return
	}
	if value, ok := taggedSubject(m.policy.SubjectTag, m.first.subject); ok {
		mod.ChangeHeader(1, "Subject", m.spaced(value))
	}
}

// id names the message to a person who has only our reply or field: the quarantine's id, else the MTA's, else the beginning of its
// digest, which the audit record holds.
func (m *mail) id(d disposal) string {
	const digest = 16 // hex digits: enough for one log
	id := m.session.macro("i")
	switch {
	case d.held != "" && d.split == nil: // what is held of a divided message is none of the others' business
		id = d.held
	case id == "" && m.result != nil:
		sum := m.result.Digest()
		id = sum[:min(len(sum), digest)]
	}
	return ascii(id)
}

// reply is the last word on the message. A held message is ours, and the MTA drops its copy.
func (m *mail) reply(d disposal) gomilter.Response {
	switch {
	case d.hold:
		return response{code: replyAccept}
	case d.action == rules.Quarantine:
		return response{code: replyDiscard}
	case d.action == rules.Reject:
		return reject(m.id(d))
	case d.action == rules.TempFail:
		return tempFail(m.id(d))
	default:
		return response{code: replyAccept}
	}
}

// onFailure is the answer to failures of ours on this message.
func (m *mail) onFailure() OnFailure {
	switch {
	case m.policy.Mode == rules.ModeMonitor:
		return FailAccept
	case m.submitted():
		return m.policy.OnFailureSubmission
	default:
		return m.policy.OnFailure
	}
}

// submitted reports whether one of our users' mail programs is at the other end.
func (m *mail) submitted() bool {
	return m.session.macro("auth_authen") != "" || slices.Contains(m.policy.Site.SubmissionDaemons, m.session.macro("daemon_name"))
}

// failed answers a message that we could not judge. Nothing has been modified; the record says why.
func (m *mail) failed(stage string, err error) gomilter.Response {
	d := m.failure(stage, err)
	m.giveUp()
	m.auditFailure(d)
	m.countFailure(d)
	return m.reply(d)
}

func (m *mail) failure(stage string, err error) disposal {
	d := disposal{action: rules.TempFail, err: err, stage: stage}
	switch m.onFailure() {
	case FailAccept:
		d.action = rules.Accept
	case FailReject:
		d.action = rules.Reject
	}
	d.done = d.action.String()
	return d
}

// lastResort answers after a panic at the end of the message. What panicked may do so again while the failure is recorded.
func (m *mail) lastResort(err error) (r gomilter.Response) {
	const stage = "panic"
	defer func() {
		if p := recover(); p != nil {
			m.session.srv.panicked("recording a failure", p)
			r = m.reply(m.failure(stage, err))
		}
	}()
	return m.failed(stage, err)
}

// direction is the message's, or what its envelope says where there is no result.
func (m *mail) direction() message.Direction {
	if m.result != nil {
		return m.result.Facts.Direction
	}
	env := m.session.envelope(m)
	d, _ := m.policy.Site.Direction(&env, nil)
	return d
}
