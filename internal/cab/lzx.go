package cab

import "encoding/binary"

// LZX as cabinets have it ([MS-PATCH] 2 without the parts for deltas).
const (
	minWindow   = 15 // bits (2.2 of MS-CAB)
	maxWindow   = 21
	minMatch    = 2
	literals    = 256
	lengthCodes = 249
	preCodes    = 20
	alignCodes  = 8
	maxSlots    = 50
	e8Frames    = 32768 // frames on which jumps are translated
)

// Block types (2.3.1).
const (
	verbatim     = 1
	aligned      = 2
	uncompressed = 3
)

// slots is the number of position slots for each size of window.
var slots = [...]int{30, 32, 34, 36, 38, 42, 50}

// lzx decodes the blocks of one folder: its state goes on from block to block, each of which begins at a 16-bit word.
type lzx struct {
	window []byte
	pos    int   // in window
	made   int64 // bytes decoded
	frame  int
	recent [3]int // R0, R1, R2

	started   bool  // the header of the stream was read
	translate int32 // E8 translation size, 0 for none

	kind   int // of the LZX block
	left   int // bytes of it
	padded bool

	main, length, align, pre huffman
	mainLens                 [literals + 8*maxSlots]uint8
	lengthLens               [lengthCodes]uint8
	slots                    int

	in   []byte
	at   int    // of in not read yet
	bits uint64 // the next ones, left-aligned
	have uint
	bad  bool // a word outside its code, or no more input
	out  [maxBlock]byte
}

func newLZX(bits int) *lzx {
	return &lzx{window: make([]byte, 1<<bits), recent: [3]int{1, 1, 1}, slots: slots[bits-minWindow]}
}

// block decodes n bytes, the frame that in holds.
func (z *lzx) block(in []byte, n int) ([]byte, error) {
	z.in, z.at, z.bits, z.have, z.bad = in, 0, 0, 0, false
	if !z.started {
		z.started = true
		if z.take(1) == 1 { // 2.2
			high := z.take(16)
			z.translate = int32(high<<16 | z.take(16))
		}
	}
	start := z.pos
	done := 0
	for done < n && !z.bad {
		if z.left == 0 {
			z.header()
			continue
		}
		got := z.run(min(z.left, n-done))
		z.left -= got
		done += got
	}
	return z.deliver(start, done, n)
}

// deliver copies the frame out of the window, in which it stays as it is, and translates its jumps.
func (z *lzx) deliver(start, done, n int) ([]byte, error) {
	n1 := copy(z.out[:done], z.window[start:])
	copy(z.out[n1:done], z.window)
	if z.translate != 0 && z.frame < e8Frames {
		e8(z.out[:done], int32(z.made)-int32(done), z.translate)
	}
	z.frame++
	if z.bad || done < n {
		return z.out[:done], errorf("LZX: frame %d ends after %d of %d bytes", z.frame-1, done, n)
	}
	return z.out[:done], nil
}

// e8 makes the absolute targets of x86 calls relative again (2.2.1).
func e8(b []byte, at, size int32) {
	for i := 0; i+10 < len(b); i++ {
		if b[i] != 0xE8 {
			continue
		}
		here := at + int32(i)
		v := int32(binary.LittleEndian.Uint32(b[i+1:]))
		switch {
		case v >= 0 && v < size:
			binary.LittleEndian.PutUint32(b[i+1:], uint32(v-here))
		case v < 0 && v >= -here:
			binary.LittleEndian.PutUint32(b[i+1:], uint32(v+size))
		}
		i += 4
	}
}

// header reads the header of an LZX block (2.3).
func (z *lzx) header() {
	if z.kind == uncompressed && z.padded { // 2.3.2.3: an odd number of bytes is padded
		z.at, z.padded = z.at+1, false
	}
	z.kind = z.take(3)
	z.left = z.take(16)<<8 | z.take(8)
	switch z.kind {
	case aligned:
		var lens [alignCodes]uint8
		for i := range lens {
			lens[i] = uint8(z.take(3))
		}
		z.bad = z.bad || !z.align.build(lens[:])
		z.trees()
	case verbatim:
		z.trees()
	case uncompressed:
		z.rawHeader()
	default:
		z.bad = true
	}
}

// rawHeader reads what precedes the bytes of an uncompressed block: 1 to 16 bits of padding and the recent offsets.
func (z *lzx) rawHeader() {
	if z.have%16 == 0 {
		z.take(1)
	}
	z.giveBack()
	if len(z.in)-z.at < 12 {
		z.bad = true
		return
	}
	for i := range z.recent {
		z.recent[i] = int(binary.LittleEndian.Uint32(z.in[z.at+4*i:]))
	}
	z.at, z.padded = z.at+12, z.left%2 == 1
}

// trees reads the lengths of the main and the length tree, as differences to those of the block before (2.3.3).
func (z *lzx) trees() {
	z.lengths(z.mainLens[:literals])
	z.lengths(z.mainLens[literals : literals+8*z.slots])
	z.lengths(z.lengthLens[:])
	z.bad = z.bad || !z.main.build(z.mainLens[:literals+8*z.slots]) || !z.length.build(z.lengthLens[:])
}

func (z *lzx) lengths(lens []uint8) {
	var pre [preCodes]uint8
	for i := range pre {
		pre[i] = uint8(z.take(4))
	}
	if !z.pre.build(pre[:]) {
		z.bad = true
	}
	for i := 0; i < len(lens) && !z.bad; {
		sym, n := z.symbol(&z.pre), 1
		value := uint8(0)
		switch sym {
		case 17:
			n = 4 + z.take(4)
		case 18:
			n = 20 + z.take(5)
		case 19:
			n = 4 + z.take(1)
			value = delta(lens[i], z.symbol(&z.pre))
		default:
			value = delta(lens[i], sym)
		}
		for ; n > 0 && i < len(lens); n, i = n-1, i+1 {
			lens[i] = value
		}
	}
}

func delta(old uint8, code int) uint8 { return uint8((int(old) - code + 2*17) % 17) }

// run decodes n bytes of the block. A match that would leave the block or the frame ends there and is damage.
func (z *lzx) run(n int) int {
	if z.kind == uncompressed {
		return z.raw(n)
	}
	done := 0
	for done < n && !z.bad {
		sym := z.symbol(&z.main)
		switch {
		case z.bad:
		case sym < literals:
			z.put(byte(sym))
			done++
		default:
			done += z.match(sym-literals, n-done)
		}
	}
	return done
}

func (z *lzx) put(c byte) {
	z.window[z.pos] = c
	z.pos = (z.pos + 1) & (len(z.window) - 1)
	z.made++
}

// match copies what came before: the symbol holds the position slot and the beginning of the length (2.4).
func (z *lzx) match(sym, room int) int {
	length := sym & 7
	if length == 7 {
		length += z.symbol(&z.length)
	}
	length += minMatch
	back := z.offset(sym >> 3)
	if back <= 0 || back > len(z.window) || int64(back) > z.made || length > room {
		z.bad = true
	}
	if z.bad {
		return 0
	}
	z.copy(back, length)
	return length
}

// copy repeats length bytes from so far back, piece by piece between the edges of the window.
func (z *lzx) copy(back, length int) {
	mask := len(z.window) - 1
	z.made += int64(length)
	for from := (z.pos - back) & mask; length > 0; {
		n := min(length, len(z.window)-from, len(z.window)-z.pos)
		src, to := z.window[from:from+n], z.window[z.pos:z.pos+n]
		if back < n { // what is copied is copied again
			for k := copy(to, src[:back]); k < n; k *= 2 {
				copy(to[k:], to[:k])
			}
		} else {
			copy(to, src)
		}
		from, z.pos, length = (from+n)&mask, (z.pos+n)&mask, length-n
	}
}

// offset reads how far back a match lies and keeps the last three (2.4.1).
func (z *lzx) offset(slot int) int {
	r := &z.recent
	switch slot {
	case 0:
		return r[0]
	case 1, 2:
		r[0], r[slot] = r[slot], r[0]
		return r[0]
	}
	extra := extraBits(slot)
	back := base(slot) - 2
	if z.kind == aligned && extra >= 3 {
		back += z.take(uint(extra-3))<<3 + z.symbol(&z.align)
	} else {
		back += z.take(uint(extra))
	}
	r[0], r[1], r[2] = back, r[0], r[1]
	return back
}

// extraBits is the number of bits that tell the offsets of a slot apart.
func extraBits(slot int) int { return min(max(slot/2-1, 0), 17) }

// base is the first offset of a slot from 3 on.
func base(slot int) int {
	if slot < 36 {
		return (2 + slot&1) << (slot/2 - 1)
	}
	return 1<<18 + (slot-36)<<17
}

// raw copies n bytes.
func (z *lzx) raw(n int) int {
	got := min(n, max(0, len(z.in)-z.at))
	for _, c := range z.in[z.at : z.at+got] {
		z.put(c)
	}
	z.at += got
	z.bad = got < n
	return got
}

// fill takes words of 16 bits from the input (2.1).
func (z *lzx) fill() {
	for z.have <= 48 && z.at < len(z.in) {
		word := uint64(z.in[z.at])
		if z.at+1 < len(z.in) {
			word |= uint64(z.in[z.at+1]) << 8
		}
		z.bits |= word << (48 - z.have)
		z.have += 16
		z.at += 2
	}
}

// take reads n bits, at most 17.
func (z *lzx) take(n uint) int {
	if z.have < n {
		z.fill()
	}
	v := int(z.bits >> (64 - n))
	z.use(n)
	return v
}

func (z *lzx) use(n uint) {
	if n > z.have {
		z.bad, n = true, z.have
	}
	z.bits <<= n
	z.have -= n
}

// symbol reads one symbol of a code.
func (z *lzx) symbol(h *huffman) int {
	if z.have < maxCode {
		z.fill()
	}
	sym, n := h.lookup(uint32(z.bits >> (64 - maxCode)))
	if n == 0 {
		z.bad = true
	}
	z.use(uint(n))
	return sym
}

// giveBack returns whole words to the input and drops the rest of the one that was begun.
func (z *lzx) giveBack() {
	z.at -= int(z.have / 16 * 2)
	z.bits, z.have = 0, 0
}
