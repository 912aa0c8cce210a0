package flatxml

import "io"

// decoder decodes base64 (RFC 4648 4) and passes over what is no base64, as Office does. A group that ends early gives the bytes it has.
type decoder struct {
	text io.Reader
	buf  [4096]byte
	in   []byte // of buf, to be decoded
	out  []byte // of buf2, decoded
	buf2 [4096]byte
	acc  uint32
	bits uint
	err  error
}

func (d *decoder) Read(p []byte) (int, error) {
	for len(d.out) == 0 {
		if d.err != nil {
			return 0, d.err
		}
		var n int
		n, d.err = d.text.Read(d.buf[:])
		d.in = d.buf[:n]
		d.decode()
	}
	n := copy(p, d.out)
	d.out = d.out[n:]
	return n, nil
}

func (d *decoder) decode() {
	out := d.buf2[:0]
	for _, c := range d.in {
		v := sextet(c)
		switch {
		case c == '=':
			d.bits = 0 // what follows begins a group
		case v >= 0:
			d.acc = d.acc<<6 | uint32(v)
			if d.bits += 6; d.bits >= 8 {
				d.bits -= 8
				out = append(out, byte(d.acc>>d.bits))
			}
		}
	}
	d.out = out
}

func sextet(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case c >= '0' && c <= '9':
		return int(c-'0') + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return -1
}
