package xmlscan

import (
	"bytes"
	"io"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
)

// declarationMax is how far an XML declaration is looked for its encoding; it has three attributes.
const declarationMax = 256

// detect finds out the encoding from the first bytes (XML appendix F) and puts a decoder before the reader where one is needed.
func (s *Scanner) detect() {
	for s.hi < declarationMax && s.more() {
		continue
	}
	b := s.buf[:s.hi]
	switch {
	case bytes.HasPrefix(b, []byte("\xEF\xBB\xBF")):
		s.lo = 3
	case bytes.HasPrefix(b, []byte("\xFF\xFE")), len(b) > 3 && b[0] == '<' && b[1] == 0 && b[2] != 0 && b[3] == 0:
		s.decode(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM))
	case bytes.HasPrefix(b, []byte("\xFE\xFF")), len(b) > 3 && b[0] == 0 && b[1] == '<' && b[2] == 0 && b[3] != 0:
		s.decode(unicode.UTF16(unicode.BigEndian, unicode.UseBOM))
	default:
		s.declared(b)
	}
}

// declared obeys the encoding of an XML declaration (XML 4.3.3).
func (s *Scanner) declared(b []byte) {
	b = bytes.TrimLeft(b[:min(len(b), declarationMax)], " \t\r\n")
	if !bytes.HasPrefix(b, []byte("<?xml")) {
		return
	}
	b, _, _ = bytes.Cut(b, piEnd)
	_, b, ok := bytes.Cut(b, []byte("encoding"))
	if b = bytes.TrimLeft(b, " \t\r\n="); !ok || len(b) == 0 {
		return
	}
	name, _ := value(b)
	s.encoding = strings.ToLower(strings.TrimSpace(string(name)))
	switch s.encoding {
	case "utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be", "": // bytes that begin so are not UTF-16
		return
	}
	if e := byName(s.encoding); e != nil {
		s.decode(e)
	} else {
		s.unknown = true
	}
}

func byName(name string) encoding.Encoding {
	if e, err := htmlindex.Get(name); err == nil {
		return e
	}
	e, err := ianaindex.IANA.Encoding(name)
	if err != nil {
		return nil
	}
	return e
}

// decode starts again behind a decoder.
func (s *Scanner) decode(e encoding.Encoding) {
	head := bytes.NewReader(bytes.Clone(s.buf[:s.hi]))
	src, err := s.src, s.err
	s.lo, s.hi, s.err = 0, 0, nil
	if s.eof {
		src = failed{err}
	}
	s.eof = false
	s.src = e.NewDecoder().Reader(io.MultiReader(head, src))
}

// failed gives a reader's end once more.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}

// Encoding is the encoding that the declaration names, in lower case, and whether it is one that was obeyed.
func (s *Scanner) Encoding() (name string, known bool) { return s.encoding, !s.unknown }
