package message

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// mboxMark begins every message of an mbox (RFC 4155).
var mboxMark = []byte("From ")

// IsMbox reports whether a file begins like an mbox.
func IsMbox(head []byte) bool {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	return bytes.HasPrefix(line, mboxMark) && bytes.Count(line, []byte(":")) >= 1
}

// Mbox calls fn with each message of an mbox in turn, numbered from 1. A line "From …" at the start or after an empty line begins a
// message; ">From " stays as it is, since which quoting was used cannot be known. fn's error ends the walk. What fn does not read of a
// message is passed over.
func Mbox(r io.Reader, fn func(n int, r io.Reader) error) error {
	m := &mbox{r: bufio.NewReaderSize(r, 64<<10), empty: true}
	for n := 0; ; {
		begun, err := m.next()
		if err != nil || !begun {
			return err
		}
		n++
		if err := fn(n, m); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, m); err != nil {
			return err
		}
	}
}

// mbox reads one message at a time: Read gives io.EOF before the next mark.
type mbox struct {
	r     *bufio.Reader
	line  []byte // rest of the current line, valid until the next read of r
	empty bool   // the line before was empty, or the file begins
	cut   bool   // the last piece read did not end its line
	atEnd bool   // of the message
	eof   bool
}

// next skips to the line after the next mark.
func (m *mbox) next() (bool, error) {
	for !m.atEnd {
		if err := m.fill(); err != nil {
			if errors.Is(err, io.EOF) {
				return false, nil
			}
			return false, err
		}
	}
	if m.eof {
		return false, nil
	}
	m.atEnd, m.line = false, nil
	for m.cut { // the rest of an over-long mark line
		if _, err := m.piece(); err != nil {
			return false, ignoreEOF(err)
		}
	}
	return true, nil
}

// Read gives the current message's bytes.
func (m *mbox) Read(p []byte) (int, error) {
	if len(m.line) == 0 && !m.atEnd {
		if err := m.fill(); err != nil {
			return 0, err
		}
	}
	if m.atEnd {
		return 0, io.EOF
	}
	n := copy(p, m.line)
	m.line = m.line[n:]
	return n, nil
}

// fill reads the next line, or piece of one, and sees whether it is a mark.
func (m *mbox) fill() error {
	first := !m.cut
	b, err := m.piece()
	if len(b) == 0 {
		m.atEnd, m.eof = true, true
		if err == nil || errors.Is(err, io.EOF) {
			return io.EOF
		}
		return err
	}
	if first && m.empty && bytes.HasPrefix(b, mboxMark) {
		m.atEnd, m.empty = true, false
		return nil
	}
	m.empty = first && len(bytes.TrimRight(b, "\r\n")) == 0
	m.line = b
	return nil
}

// piece is a line, or 64 KiB of one.
func (m *mbox) piece() ([]byte, error) {
	b, err := m.r.ReadSlice('\n')
	m.cut = errors.Is(err, bufio.ErrBufferFull)
	if m.cut {
		err = nil
	}
	return b, err
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
