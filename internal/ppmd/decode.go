package ppmd

import "io"

// The range coder is Subbotin's without carry: bounds of 32 bits, of which the upper byte is known once both agree.
const (
	top    = 1 << 24
	bottom = 1 << 15
)

type rangeDecoder struct {
	in               io.ByteReader
	low, code, scope uint32
	err              error
}

func (d *rangeDecoder) next() {
	b, err := d.in.ReadByte()
	if err != nil && d.err == nil {
		if d.err = err; err == io.EOF {
			d.err = io.ErrUnexpectedEOF // the encoder ends with all bytes that decoding asks for
		}
	}
	d.code = d.code<<8 | uint32(b)
}

func (d *rangeDecoder) start() {
	d.scope = 0xFFFFFFFF
	for range 4 {
		d.next()
	}
	if d.code == 0xFFFFFFFF {
		d.fail()
	}
}

func (d *rangeDecoder) fail() {
	if d.err == nil {
		d.err = ErrCorrupt
	}
}

// threshold is where in a total the code stands. No code of an encoder stands behind it.
func (d *rangeDecoder) threshold(total uint32) uint32 {
	if total == 0 || d.scope < total {
		d.fail()
		return 0
	}
	d.scope /= total
	count := d.code / d.scope
	if count >= total {
		d.fail()
		return 0
	}
	return count
}

// take narrows to what a symbol has of the total.
func (d *rangeDecoder) take(start, size uint32) {
	if size == 0 {
		d.fail()
		return
	}
	start *= d.scope
	d.low += start
	d.code -= start
	d.scope *= size
	for d.err == nil {
		if d.low^(d.low+d.scope) >= top {
			if d.scope >= bottom {
				return
			}
			d.scope = -d.low & (bottom - 1)
		}
		d.next()
		d.scope <<= 8
		d.low <<= 8
	}
}

// endMark is the symbol behind the last: an escape from the order-0 context.
const endMark = -1

// masks tells the symbols that an escape has ruled out.
type masks [256]bool

func (m *model) mask(x *masks) {
	c := m.minContext
	if m.numStats(c) == 0 {
		x[m.symbol(oneState(c))] = true
		return
	}
	s := m.stats(c)
	for i := range m.numStats(c) + 1 {
		x[m.symbol(s+i*stateSize)] = true
	}
}

// decode is the next symbol, or endMark. It means nothing once d.err is set.
func (m *model) decode(d *rangeDecoder) int {
	var symbol int
	var found bool
	if m.numStats(m.minContext) == 0 {
		symbol, found = m.decodeBin(d)
	} else {
		symbol, found = m.decodeList(d)
	}
	if found || d.err != nil {
		return symbol
	}
	var x masks
	for {
		masked := m.numStats(m.minContext)
		m.mask(&x)
		for m.numStats(m.minContext) == masked {
			m.orderFall++
			if m.suffix(m.minContext) == 0 {
				return endMark
			}
			m.minContext = m.suffix(m.minContext)
		}
		symbol, found = m.decodeMasked(d, &x, masked)
		if found || d.err != nil {
			return symbol
		}
	}
}

// decodeBin asks whether the context's only symbol follows.
func (m *model) decodeBin(d *rangeDecoder) (int, bool) {
	p, s := m.bin(), oneState(m.minContext)
	prob := uint32(*p)
	mean := (prob + 1<<(periodBits-2)) >> periodBits
	if d.threshold(binScale) < prob {
		d.take(0, prob)
		*p = uint16(prob + 1<<intBits - mean)
		m.foundState = s
		symbol := m.symbol(s)
		m.updateBin()
		return int(symbol), true
	}
	d.take(prob, binScale-prob)
	*p = uint16(prob - mean)
	m.initEsc = expEscape[*p>>10]
	m.prevSuccess = 0
	return 0, false
}

// decodeList asks which symbol of the context follows.
func (m *model) decodeList(d *rangeDecoder) (int, bool) {
	total := m.summFreq(m.minContext)
	count := d.threshold(total)
	s, sum := m.stats(m.minContext), uint32(0)
	for i := range m.numStats(m.minContext) + 1 {
		f := m.freq(s)
		if sum+f <= count {
			sum += f
			s += stateSize
			continue
		}
		d.take(sum, f)
		m.foundState = s
		symbol := m.symbol(s)
		if i == 0 {
			m.updateFirst()
		} else {
			m.prevSuccess = 0
			m.update1()
		}
		return int(symbol), true
	}
	m.prevSuccess = 0
	d.take(sum, total-sum)
	return 0, false
}

// decodeMasked asks which symbol follows of those that no longer context had.
func (m *model) decodeMasked(d *rangeDecoder, x *masks, masked uint32) (int, bool) {
	var rest [256]ref
	n, sum := 0, uint32(0)
	s := m.stats(m.minContext)
	for range m.numStats(m.minContext) + 1 {
		if !x[m.symbol(s)] {
			rest[n] = s
			n++
			sum += m.freq(s)
		}
		s += stateSize
	}
	see, esc := m.escape(masked)
	count := d.threshold(sum + esc)
	if count >= sum {
		d.take(sum, esc)
		see.summ += uint16(sum + esc)
		return 0, false
	}
	sum = 0
	for _, s := range rest[:n] {
		f := m.freq(s)
		if sum+f <= count {
			sum += f
			continue
		}
		d.take(sum, f)
		see.update()
		m.foundState = s
		symbol := m.symbol(s)
		m.update2()
		return int(symbol), true
	}
	return 0, false
}
