package lzh

import "bufio"

// -lh4- to -lh7-: blocks of codes for literals, lengths and positions (ar002 by Haruhiko Okumura; LHa for UNIX, huf.c).
const (
	minMatch    = 3
	charCodes   = 256 + 256 - minMatch + 1
	charBits    = 9  // of the number of codes
	lengthCodes = 19 // the code lengths 0 to 16 and what stands for runs of zeros
	lengthBits  = 5
	runAfter    = 3 // behind this many lengths of the first code a run of zeros may follow
	maxPosition = 17
)

// static decodes files of static codes.
type static struct {
	bits
	window
	block     int // symbols left
	positions int // position codes
	posBits   uint
	chars     code
	pos       code
	lens      code
}

func newStatic(in *bufio.Reader, bitsOfWindow int) *static {
	if in == nil {
		return nil
	}
	s := &static{bits: bits{r: in}, window: newWindow(1<<bitsOfWindow, ' '), positions: bitsOfWindow + 1, posBits: 5}
	if bitsOfWindow <= 13 {
		s.positions, s.posBits = 14, 4
	}
	return s
}

func (s *static) decode(p []byte) (n int, err error) {
	for n < len(p) {
		if s.left > 0 {
			n += s.window.fill(p[n:])
			continue
		}
		sym := s.char()
		switch {
		case s.err != nil:
			return n, s.err
		case sym < 256:
			p[n] = s.put(byte(sym))
			n++
		default:
			back := s.position() + 1
			if s.err != nil || back > len(s.buf) {
				s.fail(errCode)
				return n, s.err
			}
			s.match(s.window.pos-back, sym-256+minMatch)
		}
	}
	return n, nil
}

// char reads a literal or a length, and the codes of a block before its first.
func (s *static) char() int {
	if s.block == 0 {
		if s.block = s.take(16); s.block == 0 {
			s.block = 1 << 16 // as the number of 16 bits wraps in LHa
		}
		s.lengths(&s.lens, lengthCodes, lengthBits, runAfter)
		s.charLengths()
		s.lengths(&s.pos, s.positions, s.posBits, -1)
	}
	s.block--
	return s.symbol(&s.chars)
}

// position reads how far back a match lies: the code says how many bits.
func (s *static) position() int {
	n := s.symbol(&s.pos)
	if n == 0 {
		return 0
	}
	return 1<<(n-1) + s.take(uint(n-1))
}

// lengths reads a code whose lengths stand as they are: three bits, and one more for each above six.
func (s *static) lengths(c *code, most int, bitsOfCount uint, run int) {
	n := s.take(bitsOfCount)
	if n == 0 {
		c.single(s.take(bitsOfCount))
		if c.only >= most {
			s.fail(errCode)
		}
		return
	}
	var lens [32]uint8 // bitsOfCount is 5 at most
	for i := 0; i < n && s.err == nil; {
		v := s.take(3)
		for v >= 7 && s.take(1) == 1 && v <= maxCode {
			v++
		}
		if v > maxCode {
			s.fail(errCode)
			return
		}
		lens[i] = uint8(v)
		if i++; i == run {
			i += s.take(2)
		}
	}
	if n > most || !c.build(lens[:most]) {
		s.fail(errCode)
	}
}

// charLengths reads the code of literals and lengths, whose lengths are written in the code lens.
func (s *static) charLengths() {
	n := s.take(charBits)
	if n == 0 {
		s.chars.single(s.take(charBits))
		if s.chars.only >= charCodes {
			s.fail(errCode)
		}
		return
	}
	var lens [charCodes]uint8
	for i := 0; i < n && i < charCodes && s.err == nil; {
		switch sym := s.symbol(&s.lens); sym {
		case 0:
			i++
		case 1:
			i += s.take(4) + 3
		case 2:
			i += s.take(charBits) + 20
		default:
			lens[i] = uint8(sym - 2)
			i++
		}
	}
	if n > charCodes || !s.chars.build(lens[:]) {
		s.fail(errCode)
	}
}
