package mailstore

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"sekisho/internal/finding"
	"sekisho/internal/message"
)

// Messages calls fn with the header of every mail in a Message or an Mbox. fn's error ends it; a compressed file that is damaged ends it with an error as well,
// after what stands before the damage.
func (r *Reader) Messages(fn func(*message.Header) error) error {
	if r.Kind != Mbox {
		head, _, err := r.header()
		if err := ignoreEOF(err); err != nil {
			return err
		}
		return give(head, fn)
	}
	m := mbox{Reader: r}
	return m.each(fn)
}

// mbox is the state of reading one. Offsets count from the file's beginning, as far as it is not compressed.
type mbox struct {
	*Reader
	at int64
}

var mark = []byte("From ")

func (m *mbox) each(fn func(*message.Header) error) error {
	if n, err := m.skipLine(); err != nil {
		return ignoreEOF(err)
	} else {
		m.at += n
	}
	for {
		head, size, err := m.header()
		m.at += size
		if len(head) > 0 {
			if err := give(head, fn); err != nil {
				return err
			}
		}
		if err != nil {
			return ignoreEOF(err)
		}
		if more, err := m.body(head); !more || err != nil {
			return ignoreEOF(err)
		}
	}
}

// body passes over a body and the mark behind it.
func (m *mbox) body(head []byte) (more bool, err error) {
	if n := m.contentLength(head); n > 0 {
		skipped, err := io.CopyN(io.Discard, m.Reader, n)
		m.at += skipped
		if err != nil {
			return false, err
		}
	}
	for empty := true; ; {
		line, whole, err := m.line()
		m.at += int64(len(line))
		if empty && isMark(line) {
			for !whole && err == nil {
				line, whole, err = m.line()
				m.at += int64(len(line))
			}
			return err == nil, err
		}
		if err != nil {
			return false, err
		}
		empty = whole && len(bytes.TrimRight(line, "\r\n")) == 0
		for !whole && err == nil {
			line, whole, err = m.line()
			m.at += int64(len(line))
		}
	}
}

// isMark: "From " and a time of day (RFC 4155 Appendix A: asctime). Prose that begins with "From" has none, mostly.
func isMark(line []byte) bool {
	if !bytes.HasPrefix(line, mark) {
		return false
	}
	for rest := line; ; {
		_, after, found := bytes.Cut(rest, []byte(":"))
		if !found {
			return false
		}
		before := rest[:len(rest)-len(after)-1]
		if len(before) > 0 && len(after) > 1 && isDigit(before[len(before)-1]) && isDigit(after[0]) && isDigit(after[1]) {
			return true
		}
		rest = after
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// contentLength is the body's size by its own word (mboxcl), if a mark or the file's end is where it then should be; else 0.
func (m *mbox) contentLength(head []byte) int64 {
	if !m.plain {
		return 0
	}
	value := fieldOf(head, "content-length")
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n <= 0 || n > 1<<40 { // a terabyte: with the place in the file it stays far from an overflow
		return 0
	}
	buf := make([]byte, 16)
	got, err := m.file.ReadAt(buf, m.at+n)
	if err != nil && !errors.Is(err, io.EOF) || err != nil && got == 0 && !m.ends(m.at+n) {
		return 0
	}
	if rest := bytes.TrimLeft(buf[:got], "\r\n"); len(rest) > 0 && !bytes.HasPrefix(rest, mark) {
		return 0
	}
	return n
}

func (m *mbox) ends(at int64) bool {
	fi, err := m.file.Stat()
	return err == nil && fi.Size() == at
}

// header reads up to the empty line, maxHeader bytes at most; size is what was read.
func (r *Reader) header() (head []byte, size int64, err error) {
	for {
		line, whole, err := r.line()
		size += int64(len(line))
		blank := whole && len(bytes.TrimRight(line, "\r\n")) == 0
		if len(head)+len(line) <= maxHeader {
			head = append(head, line...)
		}
		for !whole && err == nil {
			line, whole, err = r.line()
			size += int64(len(line))
		}
		if blank || err != nil {
			return head, size, err
		}
	}
}

// line is the next line with its end, or maxLine of it. It is valid until the next read.
func (r *Reader) line() (line []byte, whole bool, err error) {
	line, err = r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return line, false, nil
	}
	return line, err == nil, err
}

func (m *mbox) skipLine() (n int64, err error) {
	for whole := false; !whole; {
		var line []byte
		if line, whole, err = m.line(); err != nil {
			return n, err
		}
		n += int64(len(line))
	}
	return n, nil
}

// give parses a header as that of a mail in transit, and hands it on.
func give(head []byte, fn func(*message.Header) error) error {
	w := message.NewWalker(nil, message.Limits{Header: maxHeader}, deaf{})
	_, err := w.Write(head)
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	return fn(w.Header())
}

// deaf is a handler: of a mail without its body nothing is wanted.
type deaf struct{}

func (deaf) Part(*message.Part) error  { return nil }
func (deaf) Finding(_ finding.Finding) {}

// fieldOf is the value of the first field of that name, which is in lower case.
func fieldOf(head []byte, name string) string {
	for line := range bytes.Lines(head) {
		if len(line) > len(name) && line[len(name)] == ':' && strings.EqualFold(string(line[:len(name)]), name) {
			return strings.TrimSpace(string(line[len(name)+1:]))
		}
	}
	return ""
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
