package inflate

// header reads a block's header (RFC 1951 3.2.3).
func (z *Reader) header() {
	if !z.need(3) {
		return
	}
	z.final = z.bits(1) == 1
	switch z.bits(2) {
	case 0:
		z.storedHeader()
	case 1:
		z.useFixed()
		z.phase = inCodes
	case 2:
		if z.readLengths() && z.useDynamic() {
			z.phase = inCodes
		}
	default:
		z.corrupt("block of type 3")
	}
}

// storedHeader reads LEN and NLEN (3.2.4).
func (z *Reader) storedHeader() {
	z.bits(z.n & 7) // to the byte
	if !z.need(32) {
		return
	}
	n, not := z.bits(16), z.bits(16)
	if n != not^0xFFFF {
		z.corrupt("length of a stored block")
		return
	}
	z.stored, z.phase = n, inStored
}

// The alphabets (3.2.5, 3.2.6); Deflate64 uses the distance codes 30 and 31.
const (
	maxLit    = 288
	maxDist   = 32
	endOfData = 256
	firstLen  = 257
	lastLen   = 285
)

// useFixed takes the codes of 3.2.6.
func (z *Reader) useFixed() {
	if !z.hasFixed {
		var l [maxLit]uint8
		for i := range l {
			switch {
			case i < 144, i >= 280:
				l[i] = 8
			case i < 256:
				l[i] = 9
			default:
				l[i] = 7
			}
		}
		z.fixed[0].build(l[:])
		var d [maxDist]uint8
		for i := range d {
			d[i] = 5
		}
		z.fixed[1].build(d[:])
		z.hasFixed = true
	}
	z.isFixed = true
	z.lit, z.dist = &z.fixed[0], &z.fixed[1]
}

// useDynamic makes the tables of lengths.
func (z *Reader) useDynamic() bool {
	z.isFixed = false
	z.lit, z.dist = &z.dynamic[0], &z.dynamic[1]
	if !z.lit.build(z.lengths[:z.nlit]) || !z.dist.build(z.lengths[z.nlit:z.nlit+z.ndist]) {
		z.corrupt("set of codes")
		return false
	}
	return true
}

// lengthOrder is the order of the code lengths' own code lengths (3.2.7).
var lengthOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// readLengths reads the code lengths of a dynamic block (3.2.7).
func (z *Reader) readLengths() bool {
	if !z.need(14) {
		return false
	}
	z.nlit, z.ndist = z.bits(5)+257, z.bits(5)+1
	count := z.bits(4) + 4
	if z.nlit > 286 || z.ndist > 30 && z.format == Deflate {
		z.corrupt("number of codes")
		return false
	}
	var own [19]uint8
	for _, at := range lengthOrder[:count] {
		if !z.need(3) {
			return false
		}
		own[at] = uint8(z.bits(3))
	}
	t := &z.dynamic[0] // is made anew from what it yields
	if !t.build(own[:]) {
		z.corrupt("set of code length codes")
		return false
	}
	return z.runLengths(t)
}

// runLengths reads the lengths, written with repetitions.
func (z *Reader) runLengths(t *table) bool {
	all := z.lengths[:z.nlit+z.ndist]
	for i := 0; i < len(all); {
		sym, ok := z.symbol(t)
		if !ok {
			return false
		}
		if sym < 16 {
			all[i] = uint8(sym)
			i++
			continue
		}
		n, ok := z.times(sym)
		switch {
		case !ok:
			return false
		case n > len(all)-i, sym == 16 && i == 0:
			z.corrupt("repeated code lengths")
			return false
		}
		var value uint8
		if sym == 16 {
			value = all[i-1]
		}
		for ; n > 0; n-- {
			all[i] = value
			i++
		}
	}
	return true
}

// times reads how often the symbols 16, 17 and 18 repeat.
func (z *Reader) times(sym int) (int, bool) {
	base, extra := 3, uint(2)
	switch sym {
	case 17:
		extra = 3
	case 18:
		base, extra = 11, 7
	}
	if !z.need(extra) {
		return 0, false
	}
	return base + z.bits(extra), true
}

// symbol decodes one symbol. No byte is taken that the symbol does not need, or that is not at hand.
func (z *Reader) symbol(t *table) (int, bool) {
	if z.n < maxCode {
		z.fill()
	}
	for {
		sym, n := t.look(z.b)
		switch {
		case n > 0 && n <= z.n:
			z.bits(n)
			return sym, true
		case n == 0 && z.n >= maxCode:
			z.corrupt("bits that are no code")
			return 0, false
		case !z.need(z.n + 1):
			return 0, false
		}
	}
}

// codes decodes symbols until the block ends or there is output up to the place end.
func (z *Reader) codes(end int) {
	for z.wr < end {
		if z.length > 0 {
			if !z.match(end) {
				return
			}
			continue
		}
		z.hurry(end)
		if z.wr >= end {
			return
		}
		sym, ok := z.symbol(z.lit)
		switch {
		case !ok:
			return
		case sym < endOfData:
			z.out[z.wr] = byte(sym)
			z.wr++
		case sym == endOfData:
			z.endBlock()
			return
		case !z.readMatch(sym):
			return
		}
	}
}

// lengthBase and lengthExtra belong to the symbols from 257 on, distBase and distExtra to the distance codes (3.2.5).
var (
	lengthBase  = [...]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra = [...]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase    = [...]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289,
		16385, 24577, 32769, 49153}
	distExtra = [...]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14}
)

// readMatch reads what follows a length symbol.
func (z *Reader) readMatch(sym int) bool {
	if sym > lastLen {
		z.corrupt("length symbol")
		return false
	}
	base, extra := int(lengthBase[sym-firstLen]), uint(lengthExtra[sym-firstLen])
	if sym == lastLen && z.format == Deflate64 {
		base, extra = 3, 16
	}
	if !z.need(extra) {
		return false
	}
	length := base + z.bits(extra)
	code, ok := z.symbol(z.dist)
	if !ok {
		return false
	}
	if code >= 30 && z.format == Deflate {
		z.corrupt("distance code")
		return false
	}
	if extra = uint(distExtra[code]); !z.need(extra) {
		return false
	}
	z.length, z.back = length, int(distBase[code])+z.bits(extra)
	return true
}

// match copies a match up to the place end.
func (z *Reader) match(end int) bool {
	if int64(z.back) > z.decoded() {
		z.corrupt("match before the beginning")
		z.length = 0
		return false
	}
	n := min(end-z.wr, z.length)
	repeat(z.out[z.wr-z.back:z.wr+n], z.back)
	z.wr += n
	z.length -= n
	return true
}

// repeat fills b, whose first back bytes are there, with these over and over: what was copied is there to be copied again.
func repeat(b []byte, back int) {
	for back < len(b) {
		back += copy(b[back:], b[:back])
	}
}
