package ppmd

// The names of this file and the next are those of Shkarin's model, so that the two can be compared.

const (
	maxFreq    = 124
	intBits    = 7
	periodBits = 7
	binScale   = 1 << (intBits + periodBits) // of the probabilities of binary contexts
	high       = 0x40                        // symbols from here on count as of another kind: letters, in text
)

// Flags of a context.
const (
	flagRescaled = 0x04
	flagHigh     = 0x08 // one of its symbols is high
	flagAfter    = 0x10 // the symbol before is
)

// see is the estimate of an escape that contexts of a kind share (secondary escape estimation).
type see struct {
	summ         uint16
	shift, count uint8
}

func (s *see) update() {
	if s.shift < periodBits {
		if s.count--; s.count == 0 {
			s.summ <<= 1
			s.count = 3 << s.shift
			s.shift++
		}
	}
}

// quantized are the classes of a number of symbols or of a frequency: 0 to 4 their own, then rows that grow by one.
var quantized = func() (q [260]uint8) {
	m, k := 5, 1
	for i := range q {
		if i < 5 {
			q[i] = uint8(i)
			continue
		}
		q[i] = uint8(m)
		if k--; k == 0 {
			m++
			k = m - 4
		}
	}
	return q
}()

// initBinEsc are the first probabilities of binary contexts, expEscape the first of an escape from what was one.
var (
	initBinEsc = [8]uint32{0x3CDD, 0x1F3F, 0x59BF, 0x48F3, 0x64A1, 0x5ABC, 0x6632, 0x6051}
	expEscape  = [16]uint32{25, 14, 9, 7, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2, 2}
)

// model is PPMd's variant I: the contexts seen so far with what followed them.
type model struct {
	allocator
	minContext, maxContext ref // where the next symbol is looked for, the longest that is known
	foundState             ref
	orderFall              uint32 // how far minContext is from the longest
	initEsc                uint32
	prevSuccess            uint32
	maxOrder               uint32
	runLength, initRL      int32
	cutOffs                bool // else the model starts over when the memory is full
	symbols, visits        int64
	binSumm                [25][64]uint16
	see                    [24][32]see
	dummySee               see
}

func newModel(order, size uint32, cutOffs bool) *model {
	m := &model{maxOrder: order, cutOffs: cutOffs, dummySee: see{shift: periodBits, count: 64}}
	m.size, m.arena = size, newArena(size)
	m.restart()
	return m
}

// restart forgets all: one context of order 0 with all symbols.
func (m *model) restart() {
	m.reset()
	m.orderFall = m.maxOrder
	m.initRL = -int32(min(m.maxOrder, 12)) - 1
	m.runLength, m.prevSuccess = m.initRL, 0

	m.hiUnit -= unitSize
	c := m.hiUnit
	m.minContext, m.maxContext = c, c
	m.foundState = m.loUnit
	m.loUnit += maxUnits * unitSize
	m.setContext(c, 255, 0)
	m.setSummFreq(c, 257)
	m.setStats(c, m.foundState)
	m.setSuffix(c, 0)
	for i := range uint32(256) {
		m.setState(m.foundState+i*stateSize, state{symbol: byte(i), freq: 1})
	}
	m.restartEstimates()
}

func (m *model) restartEstimates() {
	for i, row := uint32(0), 0; row < len(m.binSumm); row++ {
		for quantized[i] == uint8(row) {
			i++
		}
		for k := range m.binSumm[row] {
			m.binSumm[row][k] = uint16(binScale - initBinEsc[k&7]/(i+1))
		}
	}
	for i, row := 0, 0; row < len(m.see); row++ {
		for quantized[i+3] == uint8(row+3) {
			i++
		}
		for k := range m.see[row] {
			m.see[row][k] = see{uint16((2*i + 5) << (periodBits - 4)), periodBits - 4, 7}
		}
	}
}

// bin is the probability of the only symbol of minContext.
func (m *model) bin() *uint16 {
	c := m.minContext
	k := uint32(m.flags(c)) + m.prevSuccess + uint32(m.runLength>>26)&0x20
	switch n := m.numStats(m.suffix(c)); {
	case n == 0:
	case n == 1:
		k += 2
	case n < 11:
		k += 4
	default:
		k += 6
	}
	return &m.binSumm[quantized[m.freq(oneState(c))-1]][k]
}

// escape is the estimate of an escape from minContext when masked symbols are out of the question, and the frequency that it gives.
func (m *model) escape(masked uint32) (*see, uint32) {
	c := m.minContext
	n := m.numStats(c)
	if n == 255 {
		return &m.dummySee, 1
	}
	k := uint32(m.flags(c))
	if m.summFreq(c) > 11*(n+1) {
		k++
	}
	if 2*n < m.numStats(m.suffix(c))+masked {
		k += 2
	}
	s := &m.see[quantized[n+2]-3][k]
	r := s.summ >> s.shift
	s.summ -= r
	return s, max(uint32(r), 1)
}

// highFlag is bit where a symbol is high.
func highFlag(symbol, bit byte) byte {
	if symbol >= high {
		return bit
	}
	return 0
}

// rescale halves the frequencies of minContext, and drops the symbols that have none left.
func (m *model) rescale() {
	c := m.minContext
	stats := m.stats(c)
	m.toFront(stats, m.foundState)
	f := m.freq(stats)
	esc := m.summFreq(c) - f
	adder := uint32(0)
	if m.orderFall != 0 {
		adder = 1
	}
	sum := (f + 4 + adder) >> 1
	m.setFreq(stats, sum)
	n, zeros := m.numStats(c), uint32(0)
	s := stats
	for range n {
		s += stateSize
		esc -= m.freq(s)
		f := (m.freq(s) + adder) >> 1
		m.setFreq(s, f)
		sum += f
		if f == 0 {
			zeros++
		}
		m.sortIn(stats, s)
	}
	if zeros > 0 && m.drop(c, zeros, esc+zeros) {
		return
	}
	esc += zeros
	m.setSummFreq(c, sum+esc-esc>>1)
	m.setFlags(c, m.flags(c)|flagRescaled)
	m.foundState = m.stats(c)
}

// toFront makes s the first state.
func (m *model) toFront(stats, s ref) {
	v := m.state(s)
	for ; s != stats; s -= stateSize {
		m.setState(s, m.state(s-stateSize))
	}
	m.setState(s, v)
}

// sortIn brings s before the states that are rarer.
func (m *model) sortIn(stats, s ref) {
	v := m.state(s)
	if uint32(v.freq) <= m.freq(s-stateSize) {
		return
	}
	for s != stats && uint32(v.freq) > m.freq(s-stateSize) {
		m.setState(s, m.state(s-stateSize))
		s -= stateSize
	}
	m.setState(s, v)
}

// drop takes the last symbols from c, and says whether only one is left.
func (m *model) drop(c ref, zeros, esc uint32) (single bool) {
	n, stats := m.numStats(c), m.stats(c)
	from, to := (n+2)/2, (n-zeros+2)/2
	m.setNumStats(c, n-zeros)
	if m.numStats(c) == 0 {
		v := m.state(stats)
		v.freq = byte(min((2*uint32(v.freq)+esc-1)/esc, maxFreq/3))
		m.free(stats, from)
		m.setFlags(c, m.flags(c)&flagAfter+highFlag(v.symbol, flagHigh))
		m.foundState = oneState(c)
		m.setState(m.foundState, v)
		return true
	}
	if from != to {
		stats = m.shrink(stats, from, to)
		m.setStats(c, stats)
	}
	flags := m.flags(c) &^ flagHigh
	for i := range m.numStats(c) + 1 {
		flags |= highFlag(m.symbol(stats+i*stateSize), flagHigh)
	}
	m.setFlags(c, flags)
	return false
}

// nextContext goes to the context behind the found symbol.
func (m *model) nextContext() {
	c := m.successor(m.foundState)
	if m.orderFall == 0 && c >= m.unitsStart {
		m.minContext, m.maxContext = c, c
		return
	}
	m.updateModel()
	m.minContext = m.maxContext
}

// count adds to the frequency of the found symbol.
func (m *model) count() {
	m.setSummFreq(m.minContext, m.summFreq(m.minContext)+4)
	m.setFreq(m.foundState, m.freq(m.foundState)+4)
}

// update1 learns that a symbol of the context followed which is not its first.
func (m *model) update1() {
	m.count()
	s := m.foundState
	if before := s - stateSize; m.freq(s) > m.freq(before) {
		m.swap(s, before)
		m.foundState = before
		if m.freq(before) > maxFreq {
			m.rescale()
		}
	}
	m.nextContext()
}

// updateFirst learns that the first symbol of the context followed.
func (m *model) updateFirst() {
	m.prevSuccess = 0
	if 2*m.freq(m.foundState) >= m.summFreq(m.minContext) {
		m.prevSuccess = 1
		m.runLength++
	}
	m.count()
	if m.freq(m.foundState) > maxFreq {
		m.rescale()
	}
	m.nextContext()
}

// updateBin learns that the only symbol of the context followed.
func (m *model) updateBin() {
	if f := m.freq(m.foundState); f < 196 {
		m.setFreq(m.foundState, f+1)
	}
	m.prevSuccess = 1
	m.runLength++
	m.nextContext()
}

// update2 learns that a symbol followed after an escape.
func (m *model) update2() {
	m.count()
	if m.freq(m.foundState) > maxFreq {
		m.rescale()
	}
	m.runLength = m.initRL
	m.updateModel()
	m.minContext = m.maxContext
}
