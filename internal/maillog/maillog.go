// Package maillog reads the logs of Postfix and Sendmail: who gave which mail to the MTA, and to whom it went.
//
// A log is a syslog file (RFC 3164 4.1, whose time stamps have no year) or one with ISO 8601 stamps (RFC 5424 6.2.3). What is taken of a line depends on the
// program that wrote it, since senders choose Message-IDs and servers choose the words of their answers: a field counts only where Postfix itself writes it.
//
// # Limits
//
// Lines over maxLine are passed over. At most maxOpen mails are in work at a time, with maxRcpts recipients each; the oldest is given out as far as it is
// known. Time stamps without a zone are in local time, and those without a year lie in the twelve months before the file was last written. Subjects, and the
// addresses of the header, stand in no log. Sendmail's log does not tell which mail an authenticated client sent: only its address counts. Who can
// write to the log can write anything.
package maillog

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

const (
	maxLine  = 8 << 10 // bytes: syslog itself cuts at 1 to 8 KiB
	maxOpen  = 50_000  // mails in work: a day's deferred mail of a large site, some dozen megabytes
	maxRcpts = 100     // recipients: a mail to more is no conversation
	maxText  = 512     // bytes of one address or Message-ID
)

// Mail is one mail that was handed on.
type Mail struct {
	Time      time.Time // when it came
	From      string    // reverse-path, "" for the null sender
	MessageID string
	Rcpts     []string   // to whom it went, as the MTA rewrote them
	Client    netip.Addr // who gave it; invalid where no client did
	User      string     // as whom the client was authenticated
	Local     bool       // a program on the machine gave it, by sendmail(1)
}

// Reader collects the lines of a log, or of the parts of a rotated one in turn.
type Reader struct {
	Emit func(Mail) error // is given each mail once
	Zone *time.Location   // of stamps without one; nil: time.Local

	open  map[string]*entry // by host and queue id
	order []string          // of open, the oldest first; those already given out are passed over
	last  time.Time         // when the file was written
}

type entry struct {
	mail  Mail
	want  int // recipients that Sendmail announced; 0: Postfix says when it is done
	done  int
	loose bool // the sender is not known yet
}

// File begins a file that was last written at a time.
func (r *Reader) File(written time.Time) { r.last = written }

// Line takes one line without its end.
func (r *Reader) Line(line string) error {
	if len(line) > maxLine {
		return nil
	}
	at, rest, ok := r.stamp(line)
	if !ok {
		return nil
	}
	host, rest, ok := strings.Cut(rest, " ")
	if !ok {
		return nil
	}
	program, text, ok := strings.Cut(rest, ": ")
	if !ok {
		return nil
	}
	program, _, _ = strings.Cut(program, "[")
	id, text, ok := strings.Cut(text, ": ")
	if !ok || !isQueueID(id) {
		return nil
	}
	l := entryLine{key: host + " " + id, at: at, text: text}
	switch base := program[strings.LastIndexByte(program, '/')+1:]; {
	case strings.HasPrefix(program, "postfix"):
		return r.postfix(base, l)
	case base == "sendmail" || base == "sm-mta" || base == "sm-msp-queue":
		return r.sendmail(l)
	}
	return nil
}

// entryLine is a line about one mail.
type entryLine struct {
	key, text string
	at        time.Time
}

// Flush gives out what is left at the end.
func (r *Reader) Flush() error {
	for _, key := range r.order {
		if err := r.emit(key); err != nil {
			return err
		}
	}
	r.order = nil
	return nil
}

// entry is the mail of a line; make one where it is not known.
func (r *Reader) entry(l entryLine) (*entry, error) {
	if e := r.open[l.key]; e != nil {
		return e, nil
	}
	if r.open == nil {
		r.open = map[string]*entry{}
	}
	for len(r.open) >= maxOpen && len(r.order) > 0 {
		if err := r.emit(r.order[0]); err != nil {
			return nil, err
		}
		r.order = r.order[1:]
	}
	if len(r.order) > 2*maxOpen { // mostly given out; at twice the mails in work each clearing is paid by as many lines
		r.order = slices.DeleteFunc(slices.Clone(r.order), func(key string) bool { return r.open[key] == nil })
	}
	e := &entry{mail: Mail{Time: l.at}, loose: true}
	r.open[l.key] = e
	r.order = append(r.order, l.key)
	return e, nil
}

// emit gives a mail out that went to somebody.
func (r *Reader) emit(key string) error {
	e := r.open[key]
	delete(r.open, key)
	if e == nil || e.loose || len(e.mail.Rcpts) == 0 {
		return nil
	}
	return r.Emit(e.mail)
}

func (e *entry) sentTo(addr string) {
	addr = strings.Clone(addr)
	if addr != "" && len(addr) <= maxText && len(e.mail.Rcpts) < maxRcpts && !slices.Contains(e.mail.Rcpts, addr) {
		e.mail.Rcpts = append(e.mail.Rcpts, addr)
	}
}

// isQueueID: hexadecimal (five digits at least), Postfix's long form (enable_long_queue_ids), or Sendmail's (fourteen). NOQUEUE and NOQID stand where the MTA
// has none yet, and are many mails'.
func isQueueID(s string) bool {
	if len(s) < 5 || len(s) > 20 || s == "NOQUEUE" || s == "NOQID" {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; !(c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z') {
			return false
		}
	}
	return true
}

// stamp reads the time at the beginning of a line.
func (r *Reader) stamp(line string) (t time.Time, rest string, ok bool) {
	if line != "" && line[0] >= '0' && line[0] <= '9' {
		return r.iso(line)
	}
	if len(line) < len(time.Stamp)+1 || line[len(time.Stamp)] != ' ' {
		return t, "", false
	}
	t, err := time.ParseInLocation("2006 "+time.Stamp, "2000 "+line[:len(time.Stamp)], r.zone()) // 29 February exists
	if err != nil {
		return t, "", false
	}
	year := r.last.In(r.zone()).Year() // RFC 3164 4.1.2 has none
	at := time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, r.zone())
	if at.After(r.last.Add(24 * time.Hour)) { // a day: the file's time and the zone of the log may differ
		at = time.Date(year-1, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, r.zone())
	}
	return at, line[len(time.Stamp)+1:], true
}

func (r *Reader) iso(line string) (t time.Time, rest string, ok bool) {
	stamp, rest, ok := strings.Cut(line, " ")
	if !ok {
		return t, "", false
	}
	if t, err := time.Parse(time.RFC3339, stamp); err == nil {
		return t, rest, true
	}
	if len(stamp) == len(time.DateOnly) { // "2026-05-14 12:43:01"
		clock, after, _ := strings.Cut(rest, " ")
		stamp, rest = stamp+"T"+clock, after
	}
	t, err := time.ParseInLocation("2006-01-02T15:04:05", strings.Replace(stamp, ",", ".", 1), r.zone())
	return t, rest, err == nil
}

func (r *Reader) zone() *time.Location {
	if r.Zone == nil {
		return time.Local
	}
	return r.Zone
}
