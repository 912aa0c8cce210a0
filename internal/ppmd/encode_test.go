package ppmd

import "encoding/binary"

// rangeEncoder is the other side of rangeDecoder.
type rangeEncoder struct {
	out        []byte
	low, scope uint32
}

func (e *rangeEncoder) encode(start, size, total uint32) {
	e.scope /= total
	e.low += start * e.scope
	e.scope *= size
	for {
		if e.low^(e.low+e.scope) >= top {
			if e.scope >= bottom {
				return
			}
			e.scope = -e.low & (bottom - 1)
		}
		e.shift()
		e.scope <<= 8
	}
}

func (e *rangeEncoder) shift() {
	e.out = append(e.out, byte(e.low>>24))
	e.low <<= 8
}

// pack encodes data with the decoder's own model.
func pack(data []byte, order, megabytes, method uint32) []byte {
	e := &rangeEncoder{scope: 0xFFFFFFFF}
	e.out = binary.LittleEndian.AppendUint16(nil, uint16(order-1|(megabytes-1)<<4|method<<12))
	m := newModel(order, megabytes<<20, method == 1)
	for _, b := range data {
		m.encode(e, int(b))
	}
	m.encode(e, endMark)
	for range 4 {
		e.shift()
	}
	return e.out
}

func (m *model) encode(e *rangeEncoder, symbol int) {
	var x masks
	found := false
	if m.numStats(m.minContext) == 0 {
		found = m.encodeBin(e, symbol)
	} else {
		found = m.encodeList(e, symbol)
	}
	for !found {
		masked := m.numStats(m.minContext)
		m.mask(&x)
		for m.numStats(m.minContext) == masked {
			m.orderFall++
			if m.suffix(m.minContext) == 0 {
				return
			}
			m.minContext = m.suffix(m.minContext)
		}
		found = m.encodeMasked(e, &x, masked, symbol)
	}
}

func (m *model) encodeBin(e *rangeEncoder, symbol int) bool {
	p, s := m.bin(), oneState(m.minContext)
	prob := uint32(*p)
	mean := (prob + 1<<(periodBits-2)) >> periodBits
	if int(m.symbol(s)) == symbol {
		e.encode(0, prob, binScale)
		*p = uint16(prob + 1<<intBits - mean)
		m.foundState = s
		m.updateBin()
		return true
	}
	e.encode(prob, binScale-prob, binScale)
	*p = uint16(prob - mean)
	m.initEsc = expEscape[*p>>10]
	m.prevSuccess = 0
	return false
}

func (m *model) encodeList(e *rangeEncoder, symbol int) bool {
	total, sum := m.summFreq(m.minContext), uint32(0)
	s := m.stats(m.minContext)
	for i := range m.numStats(m.minContext) + 1 {
		if int(m.symbol(s)) == symbol {
			e.encode(sum, m.freq(s), total)
			m.foundState = s
			if i == 0 {
				m.updateFirst()
			} else {
				m.prevSuccess = 0
				m.update1()
			}
			return true
		}
		sum += m.freq(s)
		s += stateSize
	}
	m.prevSuccess = 0
	e.encode(sum, total-sum, total)
	return false
}

func (m *model) encodeMasked(e *rangeEncoder, x *masks, masked uint32, symbol int) bool {
	see, esc := m.escape(masked)
	var found ref
	start, sum := uint32(0), uint32(0)
	s := m.stats(m.minContext)
	for range m.numStats(m.minContext) + 1 {
		if int(m.symbol(s)) == symbol {
			found, start = s, sum
		}
		if !x[m.symbol(s)] {
			sum += m.freq(s)
		}
		s += stateSize
	}
	if found == 0 {
		e.encode(sum, esc, sum+esc)
		see.summ += uint16(sum + esc)
		return false
	}
	e.encode(start, m.freq(found), sum+esc)
	see.update()
	m.foundState = found
	m.update2()
	return true
}
