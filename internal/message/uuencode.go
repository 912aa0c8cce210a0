package message

import (
	"bufio"
	"bytes"
	"io"
	"strings"
)

// uuLine is the longest line kept while decoding: a length character and 21 groups of four make 85; mail programs add a check character
// and blanks. What is longer is cut.
const uuLine = 128

// uuState decodes a uuencoded body line by line (POSIX uuencode): nothing before "begin", nothing after "end".
type uuState struct {
	line  [uuLine]byte
	n     int // bytes in line
	begun bool
	ended bool
}

func (s *uuState) decode(dst, p []byte) []byte {
	for len(p) > 0 {
		i := bytes.IndexAny(p, "\r\n")
		if i < 0 {
			s.n += copy(s.line[s.n:], p)
			return dst
		}
		s.n += copy(s.line[s.n:], p[:i])
		dst = s.next(dst, s.line[:s.n])
		s.n = 0
		p = p[i+1:]
	}
	return dst
}

func (s *uuState) next(dst, line []byte) []byte {
	switch {
	case s.ended:
	case !s.begun:
		_, s.begun = uuBegin(line)
	case string(bytes.TrimRight(line, " \t")) == "end":
		s.ended = true
	default:
		dst = uuDecode(dst, line)
	}
	return dst
}

// uuBegin reads "begin 644 name".
func uuBegin(line []byte) (name string, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte("begin "))
	if !ok {
		return "", false
	}
	rest = bytes.TrimLeft(rest, " ")
	mode := 0
	for mode < len(rest) && '0' <= rest[mode] && rest[mode] <= '7' {
		mode++
	}
	if mode < 3 || mode > 4 || mode == len(rest) || rest[mode] != ' ' {
		return "", false
	}
	name = strings.Trim(string(rest[mode:]), " \t\r\n\x00")
	return name, name != ""
}

// uuDecode appends the bytes of one line. The first character is the number of bytes; blanks that a gateway cut off count as zero.
func uuDecode(dst, line []byte) []byte {
	if len(line) == 0 || line[0] < ' ' || line[0] > '`' {
		return dst
	}
	n := int(line[0]-' ') & 63
	at := func(i int) byte {
		if i < len(line) && line[i] >= ' ' && line[i] <= '`' {
			return (line[i] - ' ') & 63
		}
		return 0
	}
	for i := 1; n > 0; i, n = i+4, n-3 {
		a, b, c, d := at(i), at(i+1), at(i+2), at(i+3)
		group := [3]byte{a<<2 | b>>4, b<<4 | c>>2, c<<6 | d}
		dst = append(dst, group[:min(n, 3)]...)
	}
	return dst
}

// uuPlausible reports whether a line may stand after "begin": as long as its length character says, two characters give or take.
func uuPlausible(line []byte) bool {
	if len(line) == 0 || line[0] < ' ' || line[0] > '`' {
		return false
	}
	n := int(line[0]-' ') & 63
	want := 1 + (n+2)/3*4
	return n == 0 || len(line) <= want+2 && len(line) > want-12
}

// uuFiles finds the uuencoded files of a text. open is called with each name and returns where the bytes go; done follows it.
func uuFiles(r io.Reader, open func(name string) *leaf, done func(*leaf)) {
	lines := bufio.NewReaderSize(r, 4096)
	var cur *leaf
	var pending string // the name of a "begin" whose next line is not seen yet
	for {
		line, prefix, err := lines.ReadLine()
		if err != nil {
			break
		}
		for prefix && err == nil { // the rest of a line too long to be ours
			_, prefix, err = lines.ReadLine()
		}
		cur, pending = uuStep(line, cur, pending, open, done)
	}
	if cur != nil {
		done(cur)
	}
}

func uuStep(line []byte, cur *leaf, pending string, open func(string) *leaf, done func(*leaf)) (*leaf, string) {
	switch {
	case cur == nil:
		if name, ok := yBegin(line); ok {
			if cur = open(name); cur != nil {
				cur.dec.enc = yEncoding
			}
			return cur, ""
		}
	case cur.dec.enc == yEncoding:
		return yStep(line, cur, done), ""
	}
	if cur == nil && pending != "" && uuPlausible(line) {
		if cur = open(pending); cur == nil {
			return nil, ""
		}
	}
	if cur == nil {
		pending, _ = uuBegin(line)
		return nil, pending
	}
	cur.encoded += int64(len(line)) + 1
	if string(bytes.TrimRight(line, " \t")) == "end" {
		done(cur)
		return nil, ""
	}
	var out [64]byte
	cur.out.write(uuDecode(out[:0], line))
	return cur, ""
}
