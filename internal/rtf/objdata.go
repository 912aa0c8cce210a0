package rtf

import "io"

// data decodes the content of one \objdata. Reading it moves the parser forward.
type data struct {
	p     *parser
	level int    // groups around it
	out   []byte // decoded, from off on not delivered
	off   int
	half  bool // one digit of a pair was read,
	high  byte // this one
	done  bool
	drain bool // nobody reads any more
	other bool // it has a group of an unknown destination: readers differ on whether that is data
	plain bool // such groups are data
}

// data begins an \objdata destination. One inside the object being read has its turn later.
func (p *parser) data() {
	first := p.src.offset() > p.seen
	if first {
		p.seen = p.src.offset()
		p.doc.Objects++
	}
	switch {
	case p.active != nil:
		if first {
			p.again = append(p.again, pending{at: p.src.offset(), declared: p.declared})
		}
		p.cur.dest = destSkip
	case p.handed >= p.o.Objects:
		p.problem(true, "more objects than the limit")
		p.cur.dest = destSkip
	default:
		p.object(false)
	}
}

// object hands the object that begins here to the caller, and goes on behind it.
func (p *parser) object(plain bool) {
	d := &data{p: p, level: len(p.groups), plain: plain}
	self := pending{at: p.src.offset(), declared: p.declared, plain: true}
	p.active = d
	p.handed++
	err := p.hand(d)
	if p.err == nil {
		p.err = err
	}
	for d.drain = true; !d.done && p.step(); {
	}
	p.active = nil
	if d.other {
		p.again = append(p.again, self)
	}
}

// end ends d when the destination closes that began in a group of that level.
func (d *data) end(level int) {
	if d != nil && d.level == level {
		d.done = true
	}
}

func (d *data) Read(b []byte) (int, error) {
	for d.off == len(d.out) {
		d.out, d.off = d.out[:0], 0
		if d.done || !d.p.step() {
			break
		}
	}
	n := copy(b, d.out[d.off:])
	d.off += n
	switch {
	case n > 0 || len(b) == 0:
		return n, nil
	case d.p.err != nil:
		return 0, d.p.err
	}
	return 0, io.EOF
}

// digits takes text inside \objdata: pairs of hexadecimal digits, all else is ignored as Word does.
func (p *parser) digits(b []byte) {
	d := p.active
	if d == nil || d.drain {
		return
	}
	out, half, high := d.out, d.half, d.high
	for _, c := range b {
		v := hexValues[c]
		switch {
		case v > 15:
		case half:
			out = append(out, high|v)
			half = false
		default:
			high, half = v<<4, true
		}
	}
	d.out, d.half, d.high = out, half, high
}

// hexValues is the value of every byte as a digit, \xFF for those that are none.
const hexValues = noDigits + noDigits + noDigits + "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\xFF\xFF\xFF\xFF\xFF\xFF" +
	sixLetters + noDigits + sixLetters + noDigits + noDigits + noDigits + noDigits + noDigits + noDigits + noDigits + noDigits + noDigits

const (
	noDigits   = "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
	sixLetters = "\xFF\x0A\x0B\x0C\x0D\x0E\x0F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
)

// bin is \binN: N bytes that are not parsed. More than the file has cannot be meant by anyone but a disguise: readers differ on whether they take the
// rest or nothing, so both are looked at.
func (p *parser) bin(n int64) {
	left := p.src.size - p.src.offset()
	switch {
	case n <= 0:
	case n <= left:
		p.raw = n
	case p.active != nil && p.cur.dest == destData && !p.binEnd:
		p.binEnd = true
		p.again = append(p.again, pending{at: p.src.offset(), declared: p.declared, raw: true})
	}
}

// binary takes bytes of \bin.
func (p *parser) binary() {
	b := p.src.rest()
	b = b[:min(int64(len(b)), p.raw)]
	p.src.pos += len(b)
	p.raw -= int64(len(b))
	if d := p.active; d != nil && !d.drain && p.cur.dest == destData {
		d.out = append(d.out, b...)
	}
}
