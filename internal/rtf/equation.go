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

// equationWatch looks for the equation editor in the content that passes: its identifier in the root of a compound file, a stream
// "Equation Native" anywhere in its directory, or a bare EQNOLEFILEHDR (MTEF, "OLE Equation Objects").
type equationWatch struct {
	r     io.Reader
	found bool
	off   int64  // bytes that passed
	head  []byte // the first 512
	root  int64  // offset of the root entry's CLSID (MS-CFB 2.6.1), 0 while not known
	tail  []byte // of what passed before: a name may lie across two reads
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

const cfbHeader = 512

// streamName is "Equation Native" as a directory entry writes it (MS-CFB 2.6.1).
const streamName = "E\x00q\x00u\x00a\x00t\x00i\x00o\x00n\x00 \x00N\x00a\x00t\x00i\x00v\x00e\x00\x00\x00"

func (w *equationWatch) look(b []byte) {
	if len(w.head) < cfbHeader {
		w.head = append(w.head, b[:min(len(b), cfbHeader-len(w.head))]...)
		w.header()
	}
	seam := append(w.tail, b[:min(len(b), len(streamName))]...)
	w.found = w.found || bytes.Contains(seam, []byte(streamName)) || bytes.Contains(b, []byte(streamName))
	if at := w.root - w.off; w.root > 0 && at >= 0 && at+16 <= int64(len(b)) {
		w.found = w.found || equationCLSID(b[at:at+16])
	}
	w.tail = append(w.tail[:0], b[max(0, len(b)-len(streamName)):]...)
}

// header judges by the first bytes.
func (w *equationWatch) header() {
	h := w.head
	le := binary.LittleEndian
	switch {
	case len(h) >= 33 && le.Uint16(h) == 28 && le.Uint32(h[2:]) == 0x00020000 && h[28] >= 2 && h[28] <= 3: // cbHdr, version, then MTEF 2 or 3
		w.found = true
	case len(h) == cfbHeader && strings.HasPrefix(string(h), "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"):
		shift := min(le.Uint16(h[30:]), 12)
		w.root = (int64(le.Uint32(h[48:]))+1)<<shift + 80 // first directory sector, 2.2
	}
}
