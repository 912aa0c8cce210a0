package inflate

import "encoding/binary"

const (
	hurryInput = 16           // input at hand with which hurry begins a symbol: two fills
	hurryRoom  = maxMatch + 8 // a match, copied by eight bytes
)

// spans are what length or distance symbols stand for: the least value in the upper bits, the number of extra bits in the lowest eight (3.2.5). There are as
// many as five bits can count, so that no index need be checked.
type spans [32]uint32

func (s *spans) of(i int) (base int, extra uint) {
	v := s[i&31]
	return int(v >> 8), uint(v & 31)
}

// lengthSpans and distSpans are lengthBase and lengthExtra, distBase and distExtra in one.
var lengthSpans, distSpans = spansOf(lengthBase[:], lengthExtra[:]), spansOf(distBase[:], distExtra[:])

func spansOf(base []uint16, extra []uint8) (s spans) {
	for i := range base {
		s[i] = uint32(base[i])<<8 | uint32(extra[i])
	}
	return s
}

// hurry decodes symbols as codes does, up to the place end or somewhat behind it, as long as neither input nor room can end on the way and nothing is
// odd: an ordinary symbol costs one look and no check of how many bits there are. It stops between two symbols, and codes goes on or says what is wrong.
func (z *Reader) hurry(end int) {
	next, pos, b, n, wr := z.next, z.pos, z.b, z.n, z.wr
	out, lit, dist, long := &z.out, z.lit, z.dist, z.format == Deflate64
	end = min(end, outSize-hurryRoom-1)
	for wr < end && len(next)-pos >= hurryInput {
		b |= binary.LittleEndian.Uint64(next[pos:]) << (n & 63) // at least 56 bits: three symbols that are literals, or what follows one
		pos += int((63 - n) >> 3)
		n |= 56
		e := lit.fast[b&(1<<fastBits-1)]
		if e-1 < endOfData<<4-1 {
			b, n = b>>(e&15), n-uint(e&15)
			out[wr] = byte(e >> 4)
			wr++
			e = lit.fast[b&(1<<fastBits-1)]
			if e-1 < endOfData<<4-1 {
				b, n = b>>(e&15), n-uint(e&15)
				out[wr] = byte(e >> 4)
				wr++
				continue
			}
			b |= binary.LittleEndian.Uint64(next[pos:]) << (n & 63)
			pos += int((63 - n) >> 3)
			n |= 56
		}
		sym, size := int(e>>4), uint(e&15)
		if e == 0 {
			if sym, size = lit.search(b); size == 0 {
				break
			}
			if sym < endOfData {
				b, n = b>>size, n-size
				out[wr] = byte(sym)
				wr++
				continue
			}
		}
		if sym == endOfData || sym > lastLen || long && sym == lastLen {
			break
		}
		length, extra := lengthSpans.of(sym - firstLen)
		at, used := b>>(size&15), size+extra
		length += int(at & (1<<extra - 1))
		at >>= extra
		e = dist.fast[at&(1<<fastBits-1)]
		code, size := int(e>>4), uint(e&15)
		if e == 0 {
			code, size = dist.search(at)
		}
		if size == 0 || code >= 30 && !long {
			break
		}
		back, extra := distSpans.of(code)
		at >>= size & 15
		back += int(at & (1<<extra - 1))
		if back > wr {
			break
		}
		b, n = at>>extra, n-used-size-extra
		if back < 8 {
			repeat(out[wr-back:wr+length], back)
		} else {
			for i, src, dst := 0, out[wr-back:], out[wr:]; i < length; i += 8 {
				binary.LittleEndian.PutUint64(dst[i:], binary.LittleEndian.Uint64(src[i:]))
			}
		}
		wr += length
	}
	z.pos, z.b, z.n, z.wr = pos, b, n, wr
}
