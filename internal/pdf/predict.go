package pdf

import (
	"errors"
	"io"
)

// predicted undoes the predictor of a Flate or LZW stream (ISO 32000-1 7.4.4.4).
func predicted(r io.Reader, params *object) io.Reader {
	number := func(key string, def, most int64) int {
		o := params.get(key)
		if o.kind != isNumber || o.n <= 0 {
			return int(def)
		}
		return int(min(o.n, most))
	}
	kind := number("Predictor", 1, 15)
	if kind == 1 {
		return r
	}
	colors, bits, columns := number("Colors", 1, 32), number("BitsPerComponent", 8, 16), number("Columns", 1, 1<<20)
	row := (colors*bits*columns + 7) / 8
	return &predictor{in: r, png: kind >= 10, bits: bits, step: max(1, colors*bits/8), row: make([]byte, row), prior: make([]byte, row)}
}

// predictor decodes row by row: PNG's filters, a byte of which begins each row, or TIFF's differences.
type predictor struct {
	in         io.Reader
	png        bool
	bits, step int // of one component; bytes of one pixel
	row, prior []byte
	at, n      int
	err        error
}

func (p *predictor) Read(b []byte) (n int, err error) {
	for n < len(b) {
		if p.at == p.n {
			if p.err != nil {
				break
			}
			p.read()
			continue
		}
		m := copy(b[n:], p.row[p.at:p.n])
		n, p.at = n+m, p.at+m
	}
	if n == 0 && len(b) > 0 {
		return 0, p.err
	}
	return n, nil
}

// read decodes the next row; a last one that is cut off counts as far as it goes.
func (p *predictor) read() {
	var kind [1]byte
	if p.png {
		if _, p.err = io.ReadFull(p.in, kind[:]); p.err != nil {
			return
		}
	}
	p.row, p.prior = p.prior, p.row
	p.at = 0
	if p.n, p.err = io.ReadFull(p.in, p.row); errors.Is(p.err, io.ErrUnexpectedEOF) {
		p.err = io.EOF
	}
	clear(p.row[p.n:])
	switch {
	case p.png:
		p.undo(kind[0])
	case p.bits == 8:
		for i := p.step; i < p.n; i++ {
			p.row[i] += p.row[i-p.step]
		}
	}
}

// undo undoes one of PNG's filters (ISO/IEC 15948 9.2).
func (p *predictor) undo(kind byte) {
	for i := range p.row[:p.n] {
		var left, corner byte
		if i >= p.step {
			left, corner = p.row[i-p.step], p.prior[i-p.step]
		}
		up := p.prior[i]
		switch kind {
		case 1:
			p.row[i] += left
		case 2:
			p.row[i] += up
		case 3:
			p.row[i] += byte((int(left) + int(up)) / 2)
		case 4:
			p.row[i] += paeth(left, up, corner)
		}
	}
}

// paeth chooses of three bytes the one next to their sum (ISO/IEC 15948 9.4).
func paeth(a, b, c byte) byte {
	p := int(a) + int(b) - int(c)
	da, db, dc := distance(p, a), distance(p, b), distance(p, c)
	switch {
	case da <= db && da <= dc:
		return a
	case db <= dc:
		return b
	}
	return c
}

func distance(p int, v byte) int { return max(p-int(v), int(v)-p) }
