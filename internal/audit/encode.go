package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	textMax = 2000    // bytes of one string: twice the 998 of a header line (RFC 5322 2.1.1), for decoded text
	rcptMax = 1000    // recipients: Postfix's default smtpd_recipient_limit
	lineMax = 1 << 20 // bytes of one record: a reader may hold one whole
)

// encode makes the record's line.
func encode(r Record) ([]byte, error) {
	r = r.bounded()
	line, err := marshal(r)
	if err == nil && len(line) > lineMax {
		r.Findings, r.Attachments, r.Facts, r.Truncated = []any{}, []any{}, nil, true
		line, err = marshal(r)
	}
	return line, err
}

// bounded returns the record with its strings cut, its lists never null and its own fields set.
func (r Record) bounded() Record {
	r.Schema = Schema
	if r.Time.IsZero() {
		r.Time = time.Now()
	}
	r.Time = r.Time.UTC()
	var c cutter
	r.shorten(&c)
	r.Rcpts, r.Rules, r.Monitored, r.Facts = c.list(r.Rcpts), c.list(r.Rules), c.list(r.Monitored), r.Facts.bounded(&c)
	r.PerRecipient = c.words(r.PerRecipient)
	r.Findings, r.Attachments = orEmpty(r.Findings), orEmpty(r.Attachments)
	r.Truncated = r.Truncated || bool(c)
	return r
}

// shorten cuts the texts, which a log line has as well.
func (r *Record) shorten(c *cutter) {
	if math.IsNaN(r.ElapsedMS) || math.IsInf(r.ElapsedMS, 0) { // JSON has no such numbers (RFC 8259 6)
		r.ElapsedMS = 0
	}
	for _, s := range []*string{&r.QueueID, &r.SASLUser, &r.MailFrom, &r.MessageID, &r.Subject, &r.Rule, &r.Error} {
		c.text(s)
	}
}

// cutter notes whether it cut something.
type cutter bool

func (c *cutter) text(s *string) {
	if len(*s) <= textMax {
		return
	}
	end := textMax
	for end > textMax-utf8.UTFMax && !utf8.RuneStart((*s)[end]) {
		end--
	}
	*s, *c = (*s)[:end], true
}

// words bounds a map by recipient, and never changes the caller's.
func (c *cutter) words(m map[string]string) map[string]string {
	if m == nil {
		return nil
	}
	out := make(map[string]string, min(len(m), rcptMax))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if len(out) == rcptMax {
			*c = true
			break
		}
		short := key
		c.text(&short)
		out[short] = m[key]
	}
	return out
}

// list never changes the caller's list.
func (c *cutter) list(list []string) []string {
	if len(list) > rcptMax {
		list, *c = list[:rcptMax], true
	}
	list = slices.Clone(list)
	for i := range list {
		c.text(&list[i])
	}
	if list == nil {
		return []string{}
	}
	return list
}

// orEmpty makes an absent list an empty one.
func orEmpty(list any) any {
	if list == nil {
		return []any{}
	}
	if v := reflect.ValueOf(list); v.Kind() == reflect.Slice && v.IsNil() {
		return []any{}
	}
	return list
}

func marshal(r any) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(1500) // an ordinary record, at once
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // the reader is no browser, and <> stand around every Message-ID
	if err := e.Encode(r); err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return escapeUnprintable(b.Bytes()), nil
}

// escapeUnprintable writes every rune that is not printable as \uXXXX (RFC 8259 7). Outside strings JSON is printable ASCII, so the value
// stays the same; the final line end is kept.
func escapeUnprintable(line []byte) []byte {
	body := line[:len(line)-1]
	if !bytes.ContainsFunc(body, unprintable) {
		return line
	}
	out := make([]byte, 0, len(line)+64)
	for _, c := range string(body) {
		switch {
		case !unprintable(c):
			out = utf8.AppendRune(out, c)
		case c > 0xFFFF:
			hi, lo := utf16.EncodeRune(c)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		default:
			out = fmt.Appendf(out, `\u%04x`, c)
		}
	}
	return append(out, '\n')
}

// unprintable excepts IDEOGRAPHIC SPACE, an everyday sight in Japanese subjects and names.
func unprintable(c rune) bool {
	if c < utf8.RuneSelf { // nearly all, without the tables
		return c < ' ' || c == 0x7F
	}
	return !unicode.IsPrint(c) && c != '\u3000'
}
