package pdf

import (
	"bufio"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"
)

// filter decodes a stream (ISO 32000-1 7.4). nil is a filter for pictures, or one that nobody knows.
func filter(name string, r io.Reader, params *object) io.Reader {
	switch name {
	case "FlateDecode", "Fl":
		return predicted(&inflater{in: bufio.NewReader(r)}, params)
	case "LZWDecode", "LZW":
		early := 1 // ISO 32000-1 table 8, EarlyChange
		if o := params.get("EarlyChange"); o.kind == isNumber {
			early = int(o.n & 1)
		}
		return predicted(newLZW(r, early), params)
	case "ASCIIHexDecode", "AHx":
		return &asciiHex{in: bufio.NewReader(r)}
	case "ASCII85Decode", "A85":
		return &ascii85{in: bufio.NewReader(r)}
	case "RunLengthDecode", "RL":
		return &runLength{in: bufio.NewReader(r)}
	case "Crypt": // done before
		return r
	}
	return nil
}

// inflater reads zlib data (RFC 1950) as PDF programs do: without its check sum, and as far as it can be read.
type inflater struct {
	in  *bufio.Reader
	out io.Reader
}

func (z *inflater) Read(p []byte) (int, error) {
	if z.out == nil {
		if err := z.begin(); err != nil {
			return 0, err
		}
	}
	n, err := z.out.Read(p)
	var corrupt flate.CorruptInputError
	if errors.As(err, &corrupt) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

// begin passes the header, and line ends before it that some producers write.
func (z *inflater) begin() error {
	for {
		h, err := z.in.Peek(2)
		if len(h) < 2 {
			if err == nil || errors.Is(err, bufio.ErrBufferFull) {
				err = io.EOF
			}
			return err
		}
		if (h[0] == '\r' || h[0] == '\n') && h[1] != 0 {
			if _, err := z.in.Discard(1); err != nil {
				return err
			}
			continue
		}
		if h[0]&15 == 8 && (uint(h[0])<<8|uint(h[1]))%31 == 0 { // RFC 1950 2.2
			if _, err := z.in.Discard(2); err != nil {
				return err
			}
		}
		z.out = flate.NewReader(z.in)
		return nil
	}
}

// asciiHex decodes ASCIIHexDecode (ISO 32000-1 7.4.2).
type asciiHex struct {
	in   *bufio.Reader
	done bool
}

func (a *asciiHex) Read(p []byte) (n int, err error) {
	for n < len(p) && !a.done {
		hi, err := a.digit()
		if err != nil {
			return n, err
		}
		if hi > 15 {
			break
		}
		lo, err := a.digit()
		if err != nil {
			return n, err
		}
		p[n] = hi<<4 | lo&15
		n++
	}
	if n == 0 && a.done && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// digit is the next digit, 16 at the end: what is missing then counts as 0.
func (a *asciiHex) digit() (byte, error) {
	for !a.done {
		c, err := a.in.ReadByte()
		if errors.Is(err, io.EOF) || err == nil && c == '>' {
			a.done = true
			break
		}
		if v := digit(c); err != nil || v < 16 {
			return v, err
		}
	}
	return 16, nil
}

// ascii85 decodes ASCII85Decode (ISO 32000-1 7.4.3).
type ascii85 struct {
	in   *bufio.Reader
	out  [4]byte
	n    int // bytes in out
	at   int
	done bool
}

func (a *ascii85) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if a.at < a.n {
			m := copy(p[n:], a.out[a.at:a.n])
			n, a.at = n+m, a.at+m
			continue
		}
		if a.done {
			break
		}
		if err := a.group(); err != nil {
			return n, err
		}
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// group reads five digits, or "z" for four zeros.
func (a *ascii85) group() error {
	var v uint32
	digits := 0
	for digits < 5 {
		c, err := a.in.ReadByte()
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return err
		case err != nil || c == '~':
			a.done = true
		case c == 'z' && digits == 0:
			digits = 5
		case c >= '!' && c <= 'u':
			v = v*85 + uint32(c-'!')
			digits++
			continue
		default:
			continue
		}
		break
	}
	a.at, a.n = 0, max(0, digits-1)
	for i := digits; i < 5; i++ { // a short group is filled up with "u"
		v = v*85 + 84
	}
	a.out = [4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}
	return nil
}

// runLength decodes RunLengthDecode (ISO 32000-1 7.4.5).
type runLength struct {
	in      *bufio.Reader
	literal int // bytes still to copy
	run     int // times still to repeat
	value   byte
	done    bool
}

func (r *runLength) Read(p []byte) (n int, err error) {
	for n < len(p) && !r.done {
		switch {
		case r.run > 0:
			p[n] = r.value
			r.run--
			n++
		case r.literal > 0:
			m, err := r.in.Read(p[n:min(len(p), n+r.literal)])
			n, r.literal = n+m, r.literal-m
			if err != nil {
				return n, err
			}
		default:
			if err := r.next(); err != nil {
				return n, err
			}
		}
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// next reads a length byte: up to 127 bytes follow as they are, from 129 on one is repeated, 128 is the end.
func (r *runLength) next() error {
	c, err := r.in.ReadByte()
	switch {
	case errors.Is(err, io.EOF), err == nil && c == 128:
		r.done = true
		return nil
	case err != nil:
		return err
	case c < 128:
		r.literal = int(c) + 1
		return nil
	}
	r.value, err = r.in.ReadByte()
	if r.run = 257 - int(c); errors.Is(err, io.EOF) {
		r.run, r.done, err = 0, true, nil
	}
	return err
}
