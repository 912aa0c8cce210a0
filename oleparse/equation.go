package oleparse

import "fmt"

// Equation Editor 3.0 was taken out of Office in 2018 for faults that documents used to run code: it copies the font names and the tab stops of a matrix
// in its format, MTEF up to version 3, to places of fixed size. Honest texts of its time hold many equations, so only one that it could not have
// written itself is a fault. MTEF is documented by Design Science ("MTEF v.3").
const (
	equationMax   = 64 << 10 // bytes of one equation that are looked at; a page full of formulas takes 4 KiB
	eqnHeader     = 28       // EQNOLEFILEHDR.cbHdr
	faceMax       = 31       // bytes of a font's name: Windows has no longer ones (LF_FACESIZE)
	matrixMax     = 31       // rows or columns that the editor's dialog allows
	nudgeFarBytes = 4        // follow a nudge of 128, 128
)

// Record types of MTEF version 3, and options in the high half of a tag.
const (
	mtefEnd = iota
	mtefLine
	mtefChar
	mtefTmpl
	mtefPile
	mtefMatrix
	mtefEmbell
	mtefRuler
	mtefFont
	mtefSize
	mtefFull
	mtefSubSym = 14

	xfLMOVE  = 0x80 // a nudge follows
	xfLSPACE = 0x40 // LINE: its spacing follows
	xfRULER  = 0x20 // LINE, PILE: a RULER record follows
	xfEMBELL = 0x20 // CHAR: a list of EMBELL records follows
	xfNULL   = 0x10 // LINE: no list follows
)

// equationFault tells what an equation editor's object has that the editor does not write, "" for an ordinary one.
func (c *compound) equationFault(id int, class string, streams map[string]int) string {
	if class != "Equation.3" && class != "Equation.2" {
		return ""
	}
	if at, ok := streams[equationStream]; ok {
		return nativeFault(c.head(at, make([]byte, min(max(c.entries[at].size, 0), equationMax))))
	}
	at, ok := streams[nativeStream]
	if !ok {
		return ""
	}
	b := c.head(at, make([]byte, min(max(c.entries[at].size, 0), equationMax)))
	if len(b) > 6 && b[4] == eqnHeader && b[5] == 0 {
		return nativeFault(b[4:]) // MS-OLEDS 2.3.6: the size stands before the data
	}
	return mtefFault(b[min(len(b), 4):]) // as converted from OLE 1.0: the equation without a header
}

// nativeFault reads the stream "Equation Native": EQNOLEFILEHDR, then the equation.
func nativeFault(b []byte) string {
	c := cursor{b: b}
	if n := c.u16(); len(b) > 0 && n != eqnHeader {
		return fmt.Sprintf("an equation's header of %d bytes", n)
	}
	return mtefFault(b[min(len(b), eqnHeader):])
}

// mtefFault reads an equation in MTEF.
func mtefFault(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	c := cursor{b: b}
	version, platform, product := c.u8(), c.u8(), c.u8()
	c.take(2) // product version and subversion
	if c.bad || version < 1 || version > 3 || platform > 1 || product > 1 {
		return "an equation of no known version"
	}
	for lists := 1; lists > 0 && c.pos < len(b); { // each round takes a byte at least; what follows the last END is not read
		opened, fault := mtefRecord(&c, version)
		if fault != "" {
			return fault
		}
		lists += opened
	}
	return ""
}

// mtefRecord reads one record: how many lists of records it opens (END closes one), and what is wrong with it.
func mtefRecord(c *cursor, version byte) (lists int, fault string) {
	tag := c.u8()
	if tag&xfLMOVE != 0 && tag&0xF != mtefEnd && tag&0xF <= mtefEmbell {
		if x, y := c.u8(), c.u8(); x == 128 && y == 128 {
			c.take(nudgeFarBytes)
		}
	}
	switch tag & 0xF {
	case mtefEnd:
		return -1, ""
	case mtefLine:
		if tag&xfLSPACE != 0 {
			c.u8()
		}
		return list(tag&xfNULL == 0), ruler(c, tag)
	case mtefChar:
		c.take(2) // typeface, character
		if version == 3 {
			c.u8() // which had 8 bits before
		}
		return list(tag&xfEMBELL != 0), ""
	case mtefTmpl:
		c.take(3) // selector, variation, options
		return 1, ""
	case mtefPile:
		c.take(2)
		return 1, ruler(c, tag)
	case mtefMatrix:
		return 1, matrix(c)
	case mtefEmbell:
		c.u8()
	case mtefRuler:
		c.take(3 * int64(c.u8()))
	case mtefFont:
		return 0, font(c)
	case mtefSize:
		mtefSizes(c)
	}
	return 0, ""
}

func list(opened bool) int {
	if opened {
		return 1
	}
	return 0
}

func matrix(c *cursor) string {
	c.take(3) // alignments
	rows, cols := c.u8(), c.u8()
	if rows > matrixMax || cols > matrixMax {
		return fmt.Sprintf("an equation with a matrix of %d times %d", rows, cols)
	}
	c.take(partitions(rows) + partitions(cols))
	return ""
}

func font(c *cursor) string {
	c.take(2) // typeface, style
	name := cutNUL(c.b[c.pos:])
	if len(name) > faceMax {
		return fmt.Sprintf("an equation with a font name of %d bytes", len(name))
	}
	c.take(int64(len(name)) + 1)
	return ""
}

// ruler reads the RULER record that a line or pile may have.
func ruler(c *cursor, tag byte) string {
	if tag&xfRULER != 0 && c.u8()&0xF != mtefRuler {
		return "an equation whose ruler is none"
	}
	if tag&xfRULER != 0 {
		c.take(3 * int64(c.u8()))
	}
	return ""
}

// partitions is the length of a matrix's lines: two bits for each edge of n rows or columns.
func partitions(n byte) int64 { return (2*(int64(n)+1) + 7) / 8 }

// mtefSizes reads the rest of a SIZE record.
func mtefSizes(c *cursor) {
	switch c.u8() {
	case 101: // a size in points
		c.take(2)
	case 100: // a large difference
		c.take(3)
	default:
		c.u8()
	}
}
