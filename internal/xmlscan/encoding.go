package xmlscan

import (
	"bytes"
	"io"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// declarationMax is how far an XML declaration is looked for its encoding; it has three attributes.
const declarationMax = 256

// detect finds out the encoding from the first bytes (XML appendix F) and puts a decoder before the reader where one is needed.
func (s *Scanner) detect() {
	for s.hi < declarationMax && s.more() {
		continue
	}
	b := s.buf[:s.hi]
	if bytes.HasPrefix(b, []byte("\xEF\xBB\xBF")) {
		s.lo = 3
	} else if e := wide(b); e != nil {
		s.decode(e)
	} else {
		s.declared(b)
	}
}

// Wide reports whether b begins as XML of an encoding without ASCII in it: by a byte order mark, or by blanks and a tag in units of two or four
// bytes, or by a declaration in EBCDIC.
func Wide(b []byte) bool { return wide(b) != nil }

func wide(b []byte) encoding.Encoding {
	if len(b) < 4 || b[0] != 0 && b[1] != 0 && b[0] < 0x80 && b[0] != 0x4C { // most files
		return nil
	}
	for _, e := range [...]struct {
		mark, blank, tag string
		encoding         encoding.Encoding
	}{ // four bytes first: they begin as two do
		{"\xFF\xFE\x00\x00", "\x00\x00\x00", "<\x00\x00\x00", utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)},
		{"\x00\x00\xFE\xFF", "\x00\x00\x00", "\x00\x00\x00<", utf32.UTF32(utf32.BigEndian, utf32.UseBOM)},
		{"\xFF\xFE", "\x00", "<\x00", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)},
		{"\xFE\xFF", "\x00", "\x00<", unicode.UTF16(unicode.BigEndian, unicode.UseBOM)},
		{"\x4C\x6F\xA7\x94\x93", "", "\x4C\x6F\xA7\x94\x93", charmap.CodePage037}, // "<?xml"
	} {
		if bytes.HasPrefix(b, []byte(e.mark)) {
			return e.encoding
		}
		rest := b
		for n := len(e.tag); e.blank != "" && len(rest) > n && blankUnit(rest[:n], e.blank); {
			rest = rest[n:]
		}
		if bytes.HasPrefix(rest, []byte(e.tag)) {
			return e.encoding
		}
	}
	return nil
}

// blankUnit reports whether a unit is white space with these NULs before or behind it.
func blankUnit(unit []byte, nuls string) bool {
	return isSpace(unit[0]) && string(unit[1:]) == nuls || isSpace(unit[len(unit)-1]) && string(unit[:len(unit)-1]) == nuls
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
	if e, err := htmlindex.Get(name); err == nil && e != encoding.Replacement { // which hides everything
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
