package rtf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// Equation Editor 3.0 and 2.0 (eqnedt32.exe) as class identifiers. MathType (Equation.DSMT4, 0002CE03) is another program.
const (
	clsidEquation3 = "{0002CE02-0000-0000-C000-000000000046}"
	clsidEquation2 = "{00021700-0000-0000-C000-000000000046}"
)

// equation reports whether a ProgID or CLSID is that of the equation editor; the registry knows no case.
func equation(class string) bool {
	switch strings.ToUpper(class) {
	case "EQUATION.3", "EQUATION.2", clsidEquation3, clsidEquation2:
		return true
	}
	return false
}

// attacked is the fault that a class is known for, "" for an ordinary one. These were only ever seen in documents to reach the fault, or to load a
// library at a fixed address for one; the equation editor and links are told by other means.
func attacked(class string) string {
	switch class = strings.ToUpper(class); {
	case strings.HasPrefix(class, "MSCOMCTLLIB.LISTVIEWCTRL"), class == "{BDD1F04B-858B-11D1-B16A-00C0F0283628}",
		strings.HasPrefix(class, "MSCOMCTLLIB.TREECTRL"), class == "{C74190B6-8589-11D1-B16A-00C0F0283628}":
		return "CVE-2012-0158"
	case strings.HasPrefix(class, "MSCOMCTLLIB.TABSTRIP"), class == "{1EFB6596-857C-11D1-B16A-00C0F0283628}",
		strings.HasPrefix(class, "MSCOMCTLLIB.TOOLBAR"), class == "{66833FE6-8583-11D1-B16A-00C0F0283628}":
		return "CVE-2012-1856"
	case strings.HasPrefix(class, "OTKLOADR.WRLOADER"), strings.HasPrefix(class, "OTKLOADR.WRASSEMBLY"), class == "{05741520-C4EB-440A-AC3F-9643BBC9F847}":
		return "CVE-2015-1641"
	case strings.HasPrefix(class, "CONTROL.TASKSYMBOL"), class == "{44F9A03B-A3EC-4F3B-9364-08E0007F21DF}":
		return "CVE-2015-1642"
	case strings.HasPrefix(class, "SHOCKWAVEFLASH"), class == "{D27CDB6E-AE6D-11CF-96B8-444553540000}":
		return "CVE-2018-4878"
	}
	return ""
}

// judge looks at what the object says of itself.
func (o *Object) judge() {
	for _, class := range []string{o.Class, o.Declared, o.CLSID, o.Root} {
		if class != "" && class[0] != '{' && strings.Count(class, "-") == 4 {
			class = "{" + class + "}"
		}
		o.Equation = o.Equation || equation(class)
		if o.Attacked == "" {
			o.Attacked = attacked(class)
		}
	}
}

// classWatch looks for the class in the content that passes: the identifier in the root of a compound file, the stream "Equation Native"
// there, or a bare EQNOLEFILEHDR (MTEF, "OLE Equation Objects"). A document with formulas inside it is no formula.
type classWatch struct {
	r     io.Reader
	o     *Object
	off   int64  // bytes that passed
	head  []byte // the first 512
	start int64  // of the directory (MS-CFB 2.6.1), 0 while not known
	dir   []byte // its first four entries
}

func (w *classWatch) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	w.look(b[:n])
	w.off += int64(n)
	return n, err
}

const cfbSector = 512 // of the header, and the least of the directory

// streamName is "Equation Native" as a directory entry writes it (MS-CFB 2.6.1).
const streamName = "E\x00q\x00u\x00a\x00t\x00i\x00o\x00n\x00 \x00N\x00a\x00t\x00i\x00v\x00e\x00\x00\x00"

func (w *classWatch) look(b []byte) {
	if len(w.head) < cfbSector {
		w.head = append(w.head, b[:min(len(b), cfbSector-len(w.head))]...)
		w.header()
	}
	if w.start == 0 || len(w.dir) == cfbSector {
		return
	}
	if at := w.start + int64(len(w.dir)) - w.off; at >= 0 && at < int64(len(b)) {
		w.dir = append(w.dir, b[at:min(at+int64(cfbSector-len(w.dir)), int64(len(b)))]...)
		w.entries()
	}
}

// entries judges by the directory as far as it passed.
func (w *classWatch) entries() {
	if len(w.dir) >= 96 && w.o.Root == "" && !bytes.Equal(w.dir[80:96], make([]byte, 16)) {
		w.o.Root = clsid(w.dir[80:96])
		w.o.judge()
	}
	w.o.Equation = w.o.Equation || bytes.Contains(w.dir, []byte(streamName))
}

// clsid is an identifier as the registry writes it.
func clsid(b []byte) string {
	le := binary.LittleEndian
	return fmt.Sprintf("{%08X-%04X-%04X-%X-%X}", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:16])
}

// header judges by the first bytes.
func (w *classWatch) header() {
	h := w.head
	le := binary.LittleEndian
	switch {
	case len(h) >= 33 && le.Uint16(h) == 28 && le.Uint32(h[2:]) == 0x00020000 && h[28] >= 2 && h[28] <= 3: // cbHdr, version, then MTEF 2 or 3
		w.o.Equation = true
	case len(h) == cfbSector && string(h[:8]) == "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1":
		shift := min(le.Uint16(h[30:]), 12)
		w.start = (int64(le.Uint32(h[48:])) + 1) << shift // first directory sector, 2.2
	}
}
