package ppmd

import "encoding/binary"

// ref is an address in the model's memory, 0 is none. Which one is lower matters to the format: a successor below the units is text.
type ref = uint32

const (
	unitSize  = 12                 // of a context, of a free block's head, of two states
	stateSize = 6                  // symbol, frequency, successor
	pageSize  = 4096 * unitSize    // a unit never lies in two pages
	emptyNode = uint32(0xFFFFFFFF) // no context and no state begins so
)

// arena is the model's memory. Its size decides when the model starts over, so it is the header's; its pages are there once they are used.
type arena struct {
	pages []*[pageSize]byte
	pad   uint32 // makes the end of the memory, from which the units are counted, the end of a page
	used  int    // bytes of pages
}

func newArena(size uint32) arena {
	n := (size + pageSize - 1) / pageSize
	return arena{pages: make([]*[pageSize]byte, n), pad: n*pageSize - size}
}

// at is the memory from r to the end of its page.
func (a *arena) at(r ref) []byte {
	i := r + a.pad
	p := a.pages[i/pageSize]
	if p == nil {
		p = new([pageSize]byte)
		a.pages[i/pageSize] = p
		a.used += pageSize
	}
	return p[i%pageSize:]
}

func (a *arena) u16(r ref) uint32       { return uint32(binary.LittleEndian.Uint16(a.at(r))) }
func (a *arena) u32(r ref) uint32       { return binary.LittleEndian.Uint32(a.at(r)) }
func (a *arena) setU16(r ref, v uint32) { binary.LittleEndian.PutUint16(a.at(r), uint16(v)) }
func (a *arena) setU32(r ref, v uint32) { binary.LittleEndian.PutUint32(a.at(r), v) }

// state is one symbol of a context.
type state struct {
	symbol, freq byte
	successor    ref // the next context, or the text that would make it, or none
}

func (a *arena) state(s ref) state {
	b := a.at(s)[:stateSize]
	return state{b[0], b[1], binary.LittleEndian.Uint32(b[2:])}
}

func (a *arena) setState(s ref, v state) {
	b := a.at(s)[:stateSize]
	b[0], b[1] = v.symbol, v.freq
	binary.LittleEndian.PutUint32(b[2:], v.successor)
}

func (a *arena) symbol(s ref) byte            { return a.at(s)[0] }
func (a *arena) freq(s ref) uint32            { return uint32(a.at(s)[1]) }
func (a *arena) setFreq(s ref, v uint32)      { a.at(s)[1] = byte(v) }
func (a *arena) successor(s ref) ref          { return a.u32(s + 2) }
func (a *arena) setSuccessor(s ref, succ ref) { a.setU32(s+2, succ) }

func (a *arena) swap(s, t ref) {
	v := a.state(s)
	a.setState(s, a.state(t))
	a.setState(t, v)
}

// A context is the number of its symbols less one, flags, the sum of the frequencies, its states and the context one symbol shorter. One
// with a single symbol has the state in place of the sum and the states.

func (a *arena) numStats(c ref) uint32           { return uint32(a.at(c)[0]) }
func (a *arena) setNumStats(c ref, v uint32)     { a.at(c)[0] = byte(v) }
func (a *arena) flags(c ref) byte                { return a.at(c)[1] }
func (a *arena) setFlags(c ref, v byte)          { a.at(c)[1] = v }
func (a *arena) summFreq(c ref) uint32           { return a.u16(c + 2) }
func (a *arena) setSummFreq(c ref, v uint32)     { a.setU16(c+2, v) }
func (a *arena) stats(c ref) ref                 { return a.u32(c + 4) }
func (a *arena) setStats(c ref, s ref)           { a.setU32(c+4, s) }
func (a *arena) suffix(c ref) ref                { return a.u32(c + 8) }
func (a *arena) setSuffix(c ref, suffix ref)     { a.setU32(c+8, suffix) }
func oneState(c ref) ref                         { return c + 2 }
func (a *arena) setContext(c ref, n, flags byte) { b := a.at(c); b[0], b[1] = n, flags }

// find is the state of a symbol, which a context has when a longer one has it.
func (a *arena) find(c ref, symbol byte) ref {
	s := a.stats(c)
	for range a.numStats(c) {
		if a.symbol(s) == symbol {
			break
		}
		s += stateSize
	}
	return s
}

// A free block is a mark that tells it from a context and from states, the next of its list, and its length in units.

func (a *arena) stamp(n ref) uint32       { return a.u32(n) }
func (a *arena) setStamp(n ref, v uint32) { a.setU32(n, v) }
func (a *arena) next(n ref) ref           { return a.u32(n + 4) }
func (a *arena) setNext(n, next ref)      { a.setU32(n+4, next) }
func (a *arena) units(n ref) uint32       { return a.u32(n + 8) }
func (a *arena) setUnits(n ref, v uint32) { a.setU32(n+8, v) }

// move copies units.
func (a *arena) move(to, from ref, units uint32) {
	for i := range units {
		copy(a.at(to + i*unitSize)[:unitSize], a.at(from + i*unitSize)[:unitSize])
	}
}
