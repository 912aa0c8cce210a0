package rtf

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
)

// Equation Editor 3.0 and 2.0 (eqnedt32.exe) as class identifiers. MathType (Equation.DSMT4, 0002CE03) is another program.
const (
	clsidEquation3 = "\x02\xCE\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46"
	clsidEquation2 = "\x00\x17\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46"
)

func equationCLSID(b []byte) bool { return string(b) == clsidEquation3 || string(b) == clsidEquation2 }

// equationClass reports whether a ProgID is that of the equation editor; the registry knows no case.
func equationClass(s string) bool {
	return strings.EqualFold(s, "Equation.3") || strings.EqualFold(s, "Equation.2")
}

// equationText reports whether a CLSID written as text is the equation editor's.
func equationText(s string) bool {
	s = strings.Trim(s, "{} ")
	return strings.EqualFold(s, "0002CE02-0000-0000-C000-000000000046") || strings.EqualFold(s, "00021700-0000-0000-C000-000000000046")
}

// equationWatch looks for the equation editor in the content that passes: its identifier in the root of a compound file, its stream
// "Equation Native" there, or a bare EQNOLEFILEHDR (MTEF, "OLE Equation Objects"). A document with formulas inside it is no formula.
type equationWatch struct {
	r     io.Reader
	found bool
	off   int64  // bytes that passed
	head  []byte // the first 512
	start int64  // of the directory (MS-CFB 2.6.1), 0 while not known
	dir   []byte // its first four entries
}

// class judges by the names.
func (w *equationWatch) class(o *Object) {
	w.found = equationClass(o.Class) || equationClass(o.Declared) || equationText(o.CLSID)
	o.Equation = w.found
}

// watched is the reader that a caller gets.
type watched struct {
	*equationWatch
	o *Object
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	if n > 0 && !w.found {
		w.look(b[:n])
		w.o.Equation = w.found
	}
	w.off += int64(n)
	return n, err
}

const cfbSector = 512 // of the header, and the least of the directory

// streamName is "Equation Native" as a directory entry writes it (MS-CFB 2.6.1).
const streamName = "E\x00q\x00u\x00a\x00t\x00i\x00o\x00n\x00 \x00N\x00a\x00t\x00i\x00v\x00e\x00\x00\x00"

func (w *equationWatch) look(b []byte) {
	if len(w.head) < cfbSector {
		w.head = append(w.head, b[:min(len(b), cfbSector-len(w.head))]...)
		w.header()
	}
	if w.start == 0 || len(w.dir) == cfbSector {
		return
	}
	if at := w.start + int64(len(w.dir)) - w.off; at >= 0 && at < int64(len(b)) {
		w.dir = append(w.dir, b[at:min(at+int64(cfbSector-len(w.dir)), int64(len(b)))]...)
		w.found = len(w.dir) >= 96 && equationCLSID(w.dir[80:96]) || bytes.Contains(w.dir, []byte(streamName))
	}
}

// header judges by the first bytes.
func (w *equationWatch) header() {
	h := w.head
	le := binary.LittleEndian
	switch {
	case len(h) >= 33 && le.Uint16(h) == 28 && le.Uint32(h[2:]) == 0x00020000 && h[28] >= 2 && h[28] <= 3: // cbHdr, version, then MTEF 2 or 3
		w.found = true
	case len(h) == cfbSector && string(h[:8]) == "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1":
		shift := min(le.Uint16(h[30:]), 12)
		w.start = (int64(le.Uint32(h[48:])) + 1) << shift // first directory sector, 2.2
	}
}
