package cms

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
)

// Lines that begin messages in text (RFC 9580 6.2, RFC 7468 8 and 9).
var armors = [...]struct{ line, end string }{
	{"-----BEGIN PGP MESSAGE-----", "PGP"},
	{"-----BEGIN PGP MESSAGE, PART", "PGP"},
	{"-----BEGIN PKCS7-----", "CMS"},
	{"-----BEGIN PKCS #7 SIGNED DATA-----", "CMS"},
	{"-----BEGIN CMS-----", "CMS"},
}

// Armor says what a text holds that begins with head: "PGP", "CMS", or "". A text that is base64 of CMS and nothing else is CMS.
func Armor(head []byte) string {
	for _, a := range armors {
		if bytes.HasPrefix(head, []byte(a.line)) {
			return a.end
		}
	}
	if !bytes.HasPrefix(head, []byte("MI")) { // every sequence of more than 127 bytes, and of indefinite length
		return ""
	}
	b := make([]byte, 0, 48)
	for _, c := range head[:min(len(head), 2*cap(b))] {
		if c != '\r' && c != '\n' && len(b) < cap(b) {
			b = append(b, c)
		}
	}
	n, _ := base64.StdEncoding.Decode(b, b) // what is decoded before an error counts
	if Is(b[:n]) {
		return "CMS"
	}
	return ""
}

// Dearmor decodes a message in text: the base64 between its first and last line, or all of it where it has none. Lines with a colon before it are
// a header's, a line that begins with "=" is the check sum.
func Dearmor(r io.Reader) io.Reader { return &dearmored{in: bufio.NewReader(r)} }

type dearmored struct {
	in    *bufio.Reader
	begun bool // base64 was seen
	tail  bool // the next bytes go on a line
	quad  []byte
	out   []byte
	err   error
}

func (d *dearmored) Read(p []byte) (int, error) {
	for len(d.out) == 0 {
		if d.err != nil {
			return 0, d.err
		}
		d.line()
	}
	n := copy(p, d.out)
	d.out = d.out[n:]
	return n, nil
}

// line takes one line, or as much of it as the buffer holds.
func (d *dearmored) line() {
	b, err := d.in.ReadSlice('\n')
	tail := d.tail
	d.tail = errors.Is(err, bufio.ErrBufferFull)
	if err != nil && !d.tail {
		d.err = err
	}
	text := bytes.TrimRight(b, " \t\r\n")
	switch {
	case tail:
	case bytes.HasPrefix(text, []byte("-----")), d.begun && bytes.HasPrefix(text, []byte("=")):
		if d.begun {
			d.err = io.EOF
		}
		return
	case !d.begun && bytes.IndexByte(text, ':') >= 0:
		return
	}
	d.begun = d.begun || len(text) > 0
	d.decode(text)
}

func (d *dearmored) decode(text []byte) {
	d.out = d.out[:0]
	for _, c := range text {
		if c == '=' || c >= 0x80 || !digits[c] {
			continue
		}
		if d.quad = append(d.quad, c); len(d.quad) == 4 {
			d.flush()
		}
	}
	if d.err != nil || bytes.HasSuffix(text, []byte("=")) {
		d.flush()
	}
}

// flush decodes a quantum, of which padding may be missing.
func (d *dearmored) flush() {
	var b [3]byte
	n, _ := base64.RawStdEncoding.Decode(b[:], d.quad) // one digit alone holds no byte
	d.out = append(d.out, b[:n]...)
	d.quad = d.quad[:0]
}

// digits are base64's.
var digits = func() (t [0x80]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		t[c] = true
	}
	return t
}()
