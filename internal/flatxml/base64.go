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
	bits uint // of acc not delivered yet
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
	out, in := d.buf2[:0], d.in
	for len(in) > 0 {
		if d.bits == 0 && len(in) >= 4 { // a whole group, as nearly all are
			a, b, c, e := sextets[in[0]], sextets[in[1]], sextets[in[2]], sextets[in[3]]
			if a|b|c|e < noSextet {
				out = append(out, a<<2|b>>4, b<<4|c>>2, c<<6|e)
				in = in[4:]
				continue
			}
		}
		c := in[0]
		in = in[1:]
		switch v := sextets[c]; {
		case c == '=':
			d.bits = 0 // what follows begins a group
		case v < noSextet:
			d.acc = d.acc<<6 | uint32(v)
			if d.bits += 6; d.bits >= 8 {
				d.bits -= 8
				out = append(out, byte(d.acc>>d.bits))
			}
		}
	}
	d.out = out
}

const noSextet = 0x80

// sextets are the values of the alphabet's characters (RFC 4648 table 1).
var sextets = func() (t [256]byte) {
	for i := range t {
		t[i] = noSextet
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = byte(i)
	}
	return t
}()
