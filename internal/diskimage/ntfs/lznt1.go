package ntfs

const chunk = 4096 // uncompressed bytes of an LZNT1 chunk, [MS-XCA] 2.5.1

// lznt1 unpacks in into out and reports whether in is what it should be. Content that ends early leaves zeros.
func lznt1(out, in []byte) bool {
	for len(in) >= 2 && len(out) > 0 {
		h := le.Uint16(in)
		if h == 0 { // [MS-XCA] 2.5.1.2: the end
			return true
		}
		n := int(h&0xFFF) + 1
		if in = in[2:]; n > len(in) {
			return false
		}
		dst := out[:min(chunk, len(out))]
		if h&0x8000 == 0 {
			copy(dst, in[:n])
		} else if !unpackChunk(dst, in[:n]) {
			return false
		}
		in, out = in[n:], out[len(dst):]
	}
	return true
}

// unpackChunk unpacks one chunk: groups of eight elements behind a byte of flags ([MS-XCA] 2.5.1.3).
func unpackChunk(out, in []byte) bool {
	at := 0
	for len(in) > 0 {
		flags := in[0]
		in = in[1:]
		for bit := 0; bit < 8 && len(in) > 0; bit++ {
			if flags>>bit&1 == 0 {
				if at >= len(out) {
					return false
				}
				out[at] = in[0]
				at, in = at+1, in[1:]
				continue
			}
			if len(in) < 2 {
				return false
			}
			if at = match(out, at, le.Uint16(in)); at < 0 {
				return false
			}
			in = in[2:]
		}
	}
	return true
}

// match repeats what came before. The further into the chunk, the more bits the distance has and the fewer the length ([MS-XCA] 2.5.1.4).
func match(out []byte, at int, word uint16) int {
	bits := 12
	for i := at - 1; i >= 16; i >>= 1 {
		bits--
	}
	n, back := int(word&(1<<bits-1))+3, int(word>>bits)+1
	if back > at || at+n > len(out) {
		return -1
	}
	for ; n > 0; n-- {
		out[at] = out[at-back]
		at++
	}
	return at
}
