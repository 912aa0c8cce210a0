package ppmd

// updateModel adds the found symbol to the contexts longer than the one in which it was found.
func (m *model) updateModel() {
	fs := m.state(m.foundState)
	s := m.updateSuffix(fs)
	c := m.maxContext
	if m.orderFall == 0 && fs.successor != 0 {
		cs := m.createSuccessors(true, s, m.minContext)
		m.setSuccessor(m.foundState, cs)
		if cs == 0 {
			m.restore(c)
			return
		}
		m.maxContext = cs
		return
	}
	m.at(m.text)[0] = fs.symbol
	m.text++
	if m.text >= m.unitsStart {
		m.restore(c)
		return
	}
	successor := m.text
	switch {
	case fs.successor == 0:
		fs.successor = m.reduceOrder(s, m.minContext)
	case fs.successor < m.unitsStart:
		fs.successor = m.createSuccessors(false, s, m.minContext)
	}
	if fs.successor == 0 {
		m.restore(c)
		return
	}
	if m.orderFall--; m.orderFall == 0 {
		successor = fs.successor
		if m.maxContext != m.minContext {
			m.text--
		}
	}
	m.extend(c, fs, successor)
}

// updateSuffix counts the found symbol in the context one shorter, and returns its state there; 0 where it is too frequent to matter.
func (m *model) updateSuffix(fs state) ref {
	c := m.suffix(m.minContext)
	if fs.freq >= maxFreq/4 || c == 0 {
		return 0
	}
	if m.numStats(c) == 0 {
		s := oneState(c)
		if f := m.freq(s); f < 32 {
			m.setFreq(s, f+1)
		}
		return s
	}
	s := m.find(c, fs.symbol)
	if before := s - stateSize; s != m.stats(c) && m.freq(s) >= m.freq(before) {
		m.swap(s, before)
		s = before
	}
	m.raise(c, s, 2)
	return s
}

// raise adds n to the frequency of a state, unless it is near the end.
func (m *model) raise(c, s ref, n uint32) {
	if f := m.freq(s); f < maxFreq-9 {
		m.setFreq(s, f+n)
		m.setSummFreq(c, m.summFreq(c)+n)
	}
}

// extend adds the symbol to the contexts from c down to minContext.
func (m *model) extend(c ref, fs state, successor ref) {
	ns, freq := m.numStats(m.minContext), uint32(fs.freq)
	s0 := m.summFreq(m.minContext) - ns - freq
	for ; c != m.minContext; c = m.suffix(c) {
		ns1 := m.numStats(c)
		if !m.room(c, ns1, ns) {
			m.restore(c)
			return
		}
		sum := m.summFreq(c)
		cf, sf := 2*freq*(sum+6), s0+sum
		switch {
		case cf < 6*sf:
			cf = 1 + over(cf, sf+1) + over(cf, 4*sf)
			sum += 4
		default:
			cf = 4 + over(cf, 9*sf+1) + over(cf, 12*sf+1) + over(cf, 15*sf+1)
			sum += cf
		}
		m.setSummFreq(c, sum)
		m.setState(m.stats(c)+(ns1+1)*stateSize, state{fs.symbol, byte(cf), successor})
		m.setContext(c, byte(ns1+1), m.flags(c)|highFlag(fs.symbol, flagHigh))
	}
	m.maxContext, m.minContext = fs.successor, fs.successor
}

// over is 1 from a limit on.
func over(v, limit uint32) uint32 {
	if v >= limit {
		return 1
	}
	return 0
}

// room makes place for one more state in c, which has ns1 of them; false where the memory is full.
func (m *model) room(c ref, ns1, ns uint32) bool {
	if ns1 == 0 {
		return m.branch(c, ns)
	}
	if old := (ns1 + 1) / 2; ns1%2 == 1 && blocks.index[old] != blocks.index[old+1] {
		i := blocks.index[old]
		s := m.alloc(i + 1)
		if s == 0 {
			return false
		}
		m.move(s, m.stats(c), old)
		m.insert(m.stats(c), i)
		m.setStats(c, s)
	}
	m.setSummFreq(c, m.summFreq(c)+1-over(3*ns1+1, ns))
	return true
}

// branch makes a context of a single symbol one with a list.
func (m *model) branch(c ref, ns uint32) bool {
	s := m.alloc(0)
	if s == 0 {
		return false
	}
	v := m.state(oneState(c))
	if v.freq < maxFreq/4-1 {
		v.freq *= 2
	} else {
		v.freq = maxFreq - 4
	}
	m.setState(s, v)
	m.setSummFreq(c, uint32(v.freq)+m.initEsc+over(ns, 3))
	m.setStats(c, s)
	return true
}

// createSuccessors makes the contexts that the found symbol leads to, from c's suffix (whose state is s1, if known) down to the first that has
// one. It returns the longest, 0 where the memory is full.
func (m *model) createSuccessors(skip bool, s1, c ref) ref {
	fs := m.state(m.foundState)
	var path [maxOrder + 1]ref
	n := 0
	if !skip {
		path[0], n = m.foundState, 1
	}
	for m.suffix(c) != 0 && n < len(path) {
		c = m.suffix(c)
		s := s1
		if s1 = 0; s == 0 {
			s = m.countIn(c, fs.symbol)
		}
		if succ := m.successor(s); succ != fs.successor {
			c = succ
			if n == 0 {
				return c
			}
			break
		}
		path[n] = s
		n++
	}
	return m.chain(c, fs, path[:n])
}

// countIn counts the symbol in c once more.
func (m *model) countIn(c ref, symbol byte) ref {
	if m.numStats(c) != 0 {
		s := m.find(c, symbol)
		m.raise(c, s, 1)
		return s
	}
	s := oneState(c)
	if f := m.freq(s); f < 24 && m.numStats(m.suffix(c)) == 0 {
		m.setFreq(s, f+1)
	}
	return s
}

// chain makes a context for each state of the path, the last of them on top of c. The text says what followed.
func (m *model) chain(c ref, fs state, path []ref) ref {
	up := state{symbol: m.at(fs.successor)[0], successor: fs.successor + 1}
	flags := highFlag(fs.symbol, flagAfter) + highFlag(up.symbol, flagHigh)
	up.freq = m.inherited(c, up.symbol)
	for i := len(path) - 1; i >= 0; i-- {
		c1 := m.allocContext()
		if c1 == 0 {
			return 0
		}
		m.setContext(c1, 0, flags)
		m.setState(oneState(c1), up)
		m.setSuffix(c1, c)
		m.setSuccessor(path[i], c1)
		c = c1
	}
	return c
}

// inherited is the frequency at which a symbol starts in a context, from the one below.
func (m *model) inherited(c ref, symbol byte) byte {
	if m.numStats(c) == 0 {
		return byte(m.freq(oneState(c)))
	}
	cf := m.freq(m.find(c, symbol)) - 1
	s0 := m.summFreq(c) - m.numStats(c) - cf
	switch {
	case 2*cf > s0:
		return byte(1 + (cf+2*s0-3)/max(s0, 1))
	case 5*cf > s0:
		return 2
	}
	return 1
}

// reduceOrder gives the found symbol, which has no successor yet, the text as one, in all contexts down to the first that has one. It
// returns the context to go on with, 0 where the memory is full.
func (m *model) reduceOrder(s1, c ref) ref {
	c1, upBranch, symbol := c, m.text, m.symbol(m.foundState)
	s := ref(0)
	m.setSuccessor(m.foundState, upBranch)
	m.orderFall++
	for {
		if m.suffix(c) == 0 {
			return c
		}
		c = m.suffix(c)
		s = s1
		if s1 = 0; s == 0 {
			s = m.countTwice(c, symbol)
		}
		if m.successor(s) != 0 {
			break
		}
		m.setSuccessor(s, upBranch)
		m.orderFall++
	}
	if m.successor(s) <= upBranch {
		found := m.foundState
		m.foundState = s
		m.setSuccessor(s, m.createSuccessors(false, 0, c))
		m.foundState = found
	}
	if m.orderFall == 1 && c1 == m.maxContext {
		m.setSuccessor(m.foundState, m.successor(s))
		m.text--
	}
	return m.successor(s)
}

// countTwice counts the symbol in c by two where there are several.
func (m *model) countTwice(c ref, symbol byte) ref {
	if m.numStats(c) != 0 {
		s := m.find(c, symbol)
		m.raise(c, s, 2)
		return s
	}
	s := oneState(c)
	if f := m.freq(s); f < 32 {
		m.setFreq(s, f+1)
	}
	return s
}
