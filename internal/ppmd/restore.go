package ppmd

// orderBound is the order up to which a context of a single symbol stays when all behind it is gone.
const orderBound = 9

// restore is what happens when the memory is full: the contexts above c have got a symbol that those below have not.
func (m *model) restore(c1 ref) {
	m.text = 0
	c := m.maxContext
	for ; c != c1; c = m.suffix(c) {
		n := m.numStats(c) - 1
		m.setNumStats(c, n)
		if n == 0 {
			m.single(c, m.stats(c), m.freeUnit)
		} else {
			m.refresh(c, (n+3)/2, 0)
		}
	}
	for ; c != m.minContext; c = m.suffix(c) {
		m.fade(c)
	}
	if !m.cutOffs || m.usedMemory() < m.size/2 {
		m.restart()
		return
	}
	m.prune()
}

// prune cuts the contexts that nothing follows until a quarter of the memory is free.
func (m *model) prune() {
	for m.suffix(m.maxContext) != 0 {
		m.maxContext = m.suffix(m.maxContext)
	}
	for {
		m.cutOff(m.maxContext, 0)
		m.expandText()
		if m.usedMemory() <= 3*(m.size/4) || m.visits > m.maxVisits() {
			break
		}
	}
	m.glueCount = 0
	m.orderFall = m.maxOrder
}

// single makes c a context of the one symbol s.
func (m *model) single(c, s ref, free func(ref)) {
	v := m.state(s)
	v.freq = byte((uint32(v.freq) + 11) >> 3)
	m.setFlags(c, m.flags(c)&flagAfter+highFlag(v.symbol, flagHigh))
	free(s)
	m.setState(oneState(c), v)
}

// fade lets old counts weigh less.
func (m *model) fade(c ref) {
	n := m.numStats(c)
	if n == 0 {
		f := m.freq(oneState(c))
		m.setFreq(oneState(c), f-f/2)
		return
	}
	m.setSummFreq(c, m.summFreq(c)+4)
	if m.summFreq(c) > 128+4*n {
		m.refresh(c, (n+2)/2, 1)
	}
}

// refresh fits a context's block of oldNU units to its states, and their frequencies by scale.
func (m *model) refresh(c ref, oldNU, scale uint32) {
	n := m.numStats(c)
	s := m.shrink(m.stats(c), oldNU, (n+2)/2)
	m.setStats(c, s)
	flags := m.flags(c) & (flagAfter + flagRescaled*byte(scale))
	esc, sum := m.summFreq(c), uint32(0)
	for range n + 1 {
		f := m.freq(s)
		esc -= f
		f = (f + scale) >> scale
		m.setFreq(s, f)
		sum += f
		flags |= highFlag(m.symbol(s), flagHigh)
		s += stateSize
	}
	m.setSummFreq(c, sum+(esc+scale)>>scale)
	m.setFlags(c, flags)
}

// cutOff removes from c, and from what follows it, the symbols that lead to text only. It returns 0 where nothing of c is left.
func (m *model) cutOff(c ref, order uint32) ref {
	n := m.numStats(c)
	m.visits += int64(n) + 1
	if n == 0 {
		return m.cutSingle(c, order)
	}
	oldNU := (n + 2) / 2
	stats := m.moveUp(m.stats(c), oldNU)
	m.setStats(c, stats)
	left := int(n)
	for i := int(n); i >= 0; i-- {
		s := stats + uint32(i)*stateSize
		if m.successor(s) < m.unitsStart {
			m.setSuccessor(s, 0)
			m.swap(s, stats+uint32(left)*stateSize)
			left--
			continue
		}
		m.setSuccessor(s, m.behind(s, order))
	}
	switch {
	case left == int(n) || order == 0:
	case left < 0:
		m.free(stats, oldNU)
		m.freeUnit(c)
		return 0
	case left == 0:
		m.setNumStats(c, 0)
		m.single(c, stats, func(s ref) { m.free(s, oldNU) })
	default:
		m.setNumStats(c, uint32(left))
		m.refresh(c, oldNU, over(m.summFreq(c), 16*uint32(left)+1))
	}
	return c
}

// behind cuts off the context that s leads to.
func (m *model) behind(s ref, order uint32) ref {
	if order >= m.maxOrder {
		return 0
	}
	return m.cutOff(m.successor(s), order+1)
}

func (m *model) cutSingle(c ref, order uint32) ref {
	if s := oneState(c); m.successor(s) >= m.unitsStart {
		m.setSuccessor(s, m.behind(s, order))
		if m.successor(s) != 0 || order <= orderBound {
			return c
		}
	}
	m.freeUnit(c)
	return 0
}
