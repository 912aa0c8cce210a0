package outbound

import (
	"math"
	"slices"
	"time"
)

// Counts are those of one sender within the window, or the higher ones of account and machine. The last mail is among them.
type Counts struct {
	Mails, Recipients    int
	NewRecipients        int
	RepliesWithoutThread int
	SameFile             int // mails with the attachment that most mails have
	Carriers             int // mails with a file that starts by itself or hides
	DifferentCarriers    int // of them with such a file that none before had
	Risky                int
	Bounces              int // of mail that we did send, to the sender's address
}

// Map has the counts under the names that rules know.
func (c Counts) Map() map[string]int {
	return map[string]int{
		"mails": c.Mails, "recipients": c.Recipients, "new_recipients": c.NewRecipients, "replies_without_thread": c.RepliesWithoutThread,
		"same_file": c.SameFile, "carriers": c.Carriers, "different_carriers": c.DifferentCarriers, "risky": c.Risky, "bounces": c.Bounces,
	}
}

func (c Counts) max(d Counts) Counts {
	return Counts{
		Mails: max(c.Mails, d.Mails), Recipients: max(c.Recipients, d.Recipients), NewRecipients: max(c.NewRecipients, d.NewRecipients),
		RepliesWithoutThread: max(c.RepliesWithoutThread, d.RepliesWithoutThread), SameFile: max(c.SameFile, d.SameFile),
		Carriers: max(c.Carriers, d.Carriers), DifferentCarriers: max(c.DifferentCarriers, d.DifferentCarriers),
		Risky: max(c.Risky, d.Risky), Bounces: max(c.Bounces, d.Bounces),
	}
}

// What is only counted ages in slots: a window ends between 19 and 20 twentieths of its length. Risky mails age by their own times.
const slots = 20

// The fields of a tally.
const (
	tMails = iota
	tRcpts
	tNew
	tOrphans
	tFields
)

// tally counts in slots of time.
type tally struct {
	at int64 // the newest slot
	n  [slots][tFields]uint32
}

// move makes slot the newest one. A slot before all of them means that the clock was set back: what was counted then has no place.
func (t *tally) move(slot int64) {
	if slot-t.at >= slots || t.at-slot >= slots {
		*t = tally{at: slot}
		return
	}
	for t.at < slot {
		t.at++
		t.n[mod(t.at)] = [tFields]uint32{}
	}
}

func (t *tally) add(slot int64, field, n int) {
	t.n[mod(slot)][field] += uint32(min(n, 1<<20)) // a mail has at most 1000 recipients; 4,096 of the largest fit
}

func (t *tally) sum(field int) (n int) {
	for i := range t.n {
		n += int(t.n[i][field])
	}
	return n
}

func mod(slot int64) int64 { return ((slot % slots) + slots) % slots }

// risk is one risky mail.
type risk struct {
	at       int64 // UnixNano
	id, to   uint64
	orphan   bool
	carriers []uint64
}

// content is a file that starts by itself, and when it was first met.
type content struct {
	digest uint64
	at     int64
}

// fileTally counts the mails with one attachment, in slots as a tally.
type fileTally struct {
	digest uint64
	at     int64
	n      [slots]uint16
}

func (f *fileTally) move(slot int64) {
	if slot-f.at >= slots || f.at-slot >= slots {
		*f = fileTally{digest: f.digest, at: slot}
		return
	}
	for f.at < slot {
		f.at++
		f.n[mod(f.at)] = 0
	}
}

func (f *fileTally) sum() (n int) {
	for _, v := range f.n {
		n += int(v)
	}
	return n
}

const (
	maxRecent = 16 // mails that are known again when the MTA brings them a second time at once
	maxFiles  = 16 // attachments of one sender that are counted: one that matters is sent again and again
)

// sender is the memory of one account, machine or address.
type sender struct {
	last   int64
	tally  tally
	recent []uint64 // ids of the last mails
	risky  []risk
	slow   []content // contents that start by themselves, of the last day
	files  []fileTally

	cited, uncited uint32 // answers so far
}

// clock turns times into those of a sender's memory.
type clock struct{ window, slot int64 }

func newClock(window time.Duration) clock {
	return clock{int64(window), max(int64(window)/slots, 1)}
}

// advance forgets what is older than the window, and what lies further ahead than a window: the clock was set back.
func (s *sender) advance(c clock, now int64) {
	s.last = now
	slot := now / c.slot
	s.tally.move(slot)
	for i := range s.files {
		s.files[i].move(slot)
	}
	s.risky = slices.DeleteFunc(s.risky, func(r risk) bool { return outside(r.at, now, c.window) })
	s.slow = slices.DeleteFunc(s.slow, func(d content) bool { return outside(d.at, now, int64(day)) })
}

func outside(at, now, window int64) bool { return at <= now-window || at > now+window }

// forget drops the risky mails up to a time: the incident was cleared then.
func (s *sender) forget(until int64) {
	s.risky = slices.DeleteFunc(s.risky, func(r risk) bool { return r.at <= until })
	s.slow = slices.DeleteFunc(s.slow, func(d content) bool { return d.at <= until })
}

// count takes a mail, unless it was here a moment ago.
func (s *sender) count(c clock, now int64, m *Mail, d sums, most int) (first bool) {
	if m.Risky() {
		s.addRisk(risk{now, d.id, d.to, m.orphan(), d.carriers}, most)
	}
	if slices.Contains(s.recent, d.id) {
		return false
	}
	s.recent = append(s.recent, d.id)
	if len(s.recent) > maxRecent {
		s.recent = slices.Delete(s.recent, 0, 1)
	}
	slot := now / c.slot
	s.tally.add(slot, tMails, 1)
	s.tally.add(slot, tRcpts, len(m.Rcpts))
	s.tally.add(slot, tNew, m.New)
	if m.orphan() {
		s.tally.add(slot, tOrphans, 1)
	}
	for _, f := range d.files {
		s.addFile(f, slot)
	}
	return true
}

// addRisk keeps a risky mail; of more than most the oldest goes, when the burst has long been found.
func (s *sender) addRisk(r risk, most int) {
	if slices.ContainsFunc(s.risky, func(o risk) bool { return o.id == r.id }) {
		return
	}
	if len(s.risky) >= most {
		s.risky = slices.Delete(s.risky, 0, 1)
	}
	s.risky = append(s.risky, r)
	for _, d := range r.carriers {
		if !slices.ContainsFunc(s.slow, func(o content) bool { return o.digest == d }) && len(s.slow) < most {
			s.slow = append(s.slow, content{d, r.at})
		}
	}
}

// addFile counts an attachment. A new one takes the place of the rarest.
func (s *sender) addFile(d uint64, slot int64) {
	i := slices.IndexFunc(s.files, func(f fileTally) bool { return f.digest == d })
	switch {
	case i >= 0:
	case len(s.files) < maxFiles:
		i = len(s.files)
		s.files = append(s.files, fileTally{digest: d, at: slot})
	default:
		i = 0
		for j := range s.files {
			if s.files[j].sum() < s.files[i].sum() {
				i = j
			}
		}
		s.files[i] = fileTally{digest: d, at: slot}
	}
	if n := &s.files[i].n[mod(slot)]; *n < math.MaxUint16 {
		*n++
	}
}

// counts are the sums of what is left of the window.
func (s *sender) counts() Counts {
	c := Counts{
		Mails: s.tally.sum(tMails), Recipients: s.tally.sum(tRcpts), NewRecipients: s.tally.sum(tNew), RepliesWithoutThread: s.tally.sum(tOrphans),
		Risky: len(s.risky),
	}
	c.Carriers, c.DifferentCarriers, _ = s.carriers()
	for i := range s.files {
		c.SameFile = max(c.SameFile, s.files[i].sum())
	}
	return c
}

// carriers counts the mails with files that start by themselves, and those of them with one that none before had; wave reports whether these look like
// a program's work: they went to three different addressees, or to two and one of them claims to be an answer and cites nothing. That somebody sends two
// files within minutes happens every day.
func (s *sender) carriers() (mails, different int, wave bool) {
	var contents, to []uint64
	orphan := false
	for _, r := range s.risky {
		if len(r.carriers) == 0 {
			continue
		}
		mails++
		if !slices.ContainsFunc(r.carriers, func(d uint64) bool { return !slices.Contains(contents, d) }) {
			continue
		}
		different++
		contents = append(contents, r.carriers...)
		orphan = orphan || r.orphan
		if !slices.Contains(to, r.to) {
			to = append(to, r.to)
		}
	}
	return mails, different, len(to) > 2 || len(to) == 2 && orphan
}

// habit learns how the account answers, after the mail was judged by it.
func (s *sender) habit(m *Mail) {
	switch {
	case !m.Answer:
	case m.Cites:
		s.cited++
	default:
		s.uncited++
	}
}

// answersCite reports whether the account's answers cite what they answer: many were seen, and hardly one that does not.
func (s *sender) answersCite() bool {
	const some, hardly = 5, 20
	return s.cited >= some && s.cited >= hardly*s.uncited
}
