package sparse

import (
	"bytes"
	"io"
)

// Filling is what repeats itself from one byte to the next, or with a short period, over a long run: zeros, blanks, a line over and over.
const (
	periodMost = Block / 2 // so that a block shows it twice
	runLeast   = 256 << 10 // shorter runs are what tables, pictures and reserved sectors have
	headLen    = 16        // bytes by which the period is guessed
)

// repeats is the period of a block that repeats itself, 0 for one that does not.
func repeats(b []byte) int {
	if bytes.Equal(b[1:], b[:len(b)-1]) {
		return 1
	}
	p := bytes.Index(b[1:periodMost+headLen], b[:headLen]) + 1
	if p == 0 || !bytes.Equal(b[p:], b[:len(b)-p]) {
		return 0
	}
	return p
}

// Meter counts filling.
type Meter struct {
	filling int64
	run     int64 // bytes of the run that goes on
}

func (m *Meter) add(filling bool, n int64) {
	if filling {
		m.run += n
		return
	}
	m.end()
}

func (m *Meter) end() {
	if m.run >= runLeast {
		m.filling += m.run
	}
	m.run = 0
}

// Filling is how many bytes lie in long runs of filling.
func (m Meter) Filling() int64 {
	m.end()
	return m.filling
}

// Measure counts the filling in size bytes of r. It gives up, with 0, where more than most bytes are no filling. The error is r's.
func Measure(r io.ReaderAt, size, most int64) (int64, error) {
	var m Meter
	buf := make([]byte, 16*Block)
	for at := int64(0); at < size; at += int64(len(buf)) {
		b := buf[:min(int64(len(buf)), size-at)]
		if n, err := r.ReadAt(b, at); n < len(b) {
			return 0, err
		}
		for ; len(b) >= Block; b = b[Block:] {
			m.add(repeats(b[:Block]) > 0, Block)
		}
		if at-m.filling-m.run > most {
			return 0, nil
		}
	}
	return m.Filling(), nil
}
