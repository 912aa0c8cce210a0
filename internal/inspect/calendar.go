package inspect

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"sekisho/internal/cms"
)

// calendarFile reads invitations (iCalendar, RFC 5545). The files attached to one are files inside it, and its text is read like a mail's.
type calendarFile struct{}

var _ Inspector = calendarFile{}

func (calendarFile) Name() string { return "calendar" }

func (calendarFile) Match(f *File) bool { return f.Kind == KindICS }

const (
	calendarHead = 8 << 10  // of a property's name and parameters
	calendarText = 64 << 10 // of one text: a description that quotes a mail
)

func (calendarFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	c := &calendar{in: bufio.NewReader(f.reader(ctx)), ended: true}
	left := mailTextMax
	for n := 0; c.next(); {
		switch {
		case c.name == "ATTACH" && (c.binary() || c.inData()):
			n++
			if err := s.member(ctx, f, c.fileName(n), cms.Dearmor(c)); err != nil {
				return err
			}
		case c.shown() && left > 0:
			b, err := io.ReadAll(io.LimitReader(c, int64(min(left, calendarText))))
			if err != nil {
				return err
			}
			left -= len(b)
			s.calendarText(f, unescapeText(string(b)))
		}
	}
	return c.err
}

// calendarText takes a text or an address: of the mail itself, or beside a locked file.
func (s *Scan) calendarText(f *File, text string) {
	if f.parent == nil || f.parent.ownMail() {
		s.Text(text)
		return
	}
	s.beside(text)
}

// calendar reads content lines (RFC 5545 3.1) one by one, with their folding undone. Read gives the value of the current one.
type calendar struct {
	in     *bufio.Reader
	name   string // in upper case
	params map[string]string
	ended  bool // the current line
	err    error
}

// next goes to the next line that has a name; what is left of the current one is passed over.
func (c *calendar) next() bool {
	for c.err == nil {
		if _, err := io.Copy(io.Discard, struct{ io.Reader }{c}); err != nil {
			c.err = err
			return false
		}
		if _, err := c.in.Peek(1); err != nil {
			if !errors.Is(err, io.EOF) {
				c.err = err
			}
			return false
		}
		c.ended = false
		if c.head() {
			return true
		}
	}
	return false
}

// head reads the name and the parameters.
func (c *calendar) head() bool {
	var b []byte
	quoted := false
	for len(b) < calendarHead {
		ch, err := c.byte()
		if err != nil {
			return false
		}
		if ch == ':' && !quoted {
			c.split(string(b))
			return true
		}
		quoted = quoted != (ch == '"')
		b = append(b, ch)
	}
	return false
}

func (c *calendar) split(s string) {
	quoted := false
	parts := strings.FieldsFunc(s, func(r rune) bool {
		quoted = quoted != (r == '"')
		return r == ';' && !quoted
	})
	if len(parts) == 0 {
		parts = []string{""}
	}
	c.name = strings.ToUpper(strings.TrimSpace(parts[0]))
	c.params = map[string]string{}
	for _, p := range parts[1:] {
		key, value, _ := strings.Cut(p, "=")
		c.params[strings.ToUpper(strings.TrimSpace(key))] = strings.Trim(value, `" `)
	}
}

// byte is the next byte of the current line; io.EOF is its end. A line end with a blank behind it is none.
func (c *calendar) byte() (byte, error) {
	for !c.ended {
		ch, err := c.in.ReadByte()
		if err != nil {
			c.ended = true
			return 0, err
		}
		if ch != '\r' && ch != '\n' {
			return ch, nil
		}
		c.lineEnd(ch)
	}
	return 0, io.EOF
}

// lineEnd passes a line end with the blank behind it, or ends the line.
func (c *calendar) lineEnd(ch byte) {
	next, _ := c.in.Peek(2) // at the end of the file there are fewer
	skip := 0
	if ch == '\r' && len(next) > 0 && next[0] == '\n' {
		skip = 1
	}
	if folded := len(next) > skip && (next[skip] == ' ' || next[skip] == '\t'); folded {
		skip++
	} else {
		c.ended = true
	}
	_, _ = c.in.Discard(skip) // what was peeked is there
}

// Read gives the value of the current line.
func (c *calendar) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if p[n], err = c.byte(); err != nil {
			if n > 0 && errors.Is(err, io.EOF) {
				return n, nil
			}
			return n, err
		}
		n++
	}
	return n, nil
}

// binary reports whether the value is a file in base64 (RFC 5545 3.3.1).
func (c *calendar) binary() bool {
	encoding := strings.ToUpper(c.params["ENCODING"])
	return encoding == "BASE64" || encoding == "B" || strings.EqualFold(c.params["VALUE"], "BINARY")
}

const dataHead = 256 // bytes of a data: address before its content

// inData passes over the head of a data: address with content in base64 (RFC 2397).
func (c *calendar) inData() bool {
	if b, _ := c.in.Peek(len("data:")); !strings.EqualFold(string(b), "data:") { // at the end of the file there are fewer
		return false
	}
	var head []byte
	for len(head) < dataHead {
		ch, err := c.byte()
		switch {
		case err != nil:
			return false
		case ch == ',':
			return strings.HasSuffix(strings.ToLower(string(head)), ";base64")
		}
		head = append(head, ch)
	}
	return false
}

// fileName is the name that programs show: FILENAME (RFC 8607 5), or one of their own.
func (c *calendar) fileName(n int) string {
	for _, key := range []string{"FILENAME", "X-FILENAME", "X-APPLE-FILENAME", "X-ORACLE-FILENAME", "X-EVOLUTION-CALDAV-ATTACHMENT-NAME", "X-LABEL", "LABEL"} {
		if name := c.params[key]; name != "" {
			return name
		}
	}
	return fmt.Sprintf("attachment %d", n)
}

// shown reports whether the value is text, or an address, that a person sees.
func (c *calendar) shown() bool {
	switch c.name {
	case "SUMMARY", "DESCRIPTION", "LOCATION", "COMMENT", "URL", "ATTACH", "X-ALT-DESC", "CONFERENCE", "STYLED-DESCRIPTION":
		return true
	}
	return false
}

// unescapeText undoes the escapes of a text (RFC 5545 3.3.11).
func unescapeText(s string) string {
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";").Replace(s)
}
