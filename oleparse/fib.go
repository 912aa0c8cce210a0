package oleparse

import "encoding/binary"

// FibBase.wIdent (MS-DOC 2.5.2).
const (
	ident97 = 0xA5EC
	ident6  = 0xA5DC // Word 6 and 95
)

// Flags of FibBase.
const (
	flagEncrypted = 0x0100 // fEncrypted
	flagTable1    = 0x0200 // fWhichTblStm
)

const nFib97 = 0x6A // the first version after Word 95's

// fibHead is enough of WordDocument for what a fib holds.
const fibHead = 0x400

// span is bytes of a stream.
type span struct{ at, size int64 }

// fib is what reading text needs of the File Information Block.
type fib struct {
	old   bool // Word 6 or 95: text of one byte a character, tables in the same stream
	page  int  // of text that is not in UTF-16
	flags uint16
	text  span // fcMin to fcMac
	clx   span
	assoc span // SttbfAssoc
}

// parseFIB reads the FIB of Word 97 and later (MS-DOC 2.5.1), or of Word 6 and 95, whose fields stand elsewhere.
func parseFIB(b []byte) (f fib, ok bool) {
	if len(b) < 0x22 {
		return f, false
	}
	le := binary.LittleEndian
	ident, version := le.Uint16(b), le.Uint16(b[2:])
	if ident != ident97 && ident != ident6 {
		return f, false
	}
	f.old = ident == ident6 || version < nFib97
	f.flags, f.page = le.Uint16(b[10:]), westEuropean // MS-DOC 2.9.73
	if f.old {
		f.page = oldPage(int(le.Uint16(b[6:])), le.Uint16(b[0x14:]))
	}
	f.text.at = int64(le.Uint32(b[0x18:]))
	f.text.size = int64(le.Uint32(b[0x1C:])) - f.text.at
	if f.old {
		f.assoc, f.clx = spanAt(b, 0x158), spanAt(b, 0x160)
	} else { // FibRgFcLcb97 begins at 0x9A
		f.assoc, f.clx = spanAt(b, 0x19A), spanAt(b, 0x1A2)
	}
	return f, true
}

// oldPage is the code page of Word 6 and 95: that of the language, or the Macintosh's for it.
func oldPage(lid int, chs uint16) int {
	const macintosh = 0x0100
	page := lidPage(lid)
	if chs != macintosh {
		return page
	}
	switch page {
	case 932:
		return 10001
	case 950:
		return 10002
	case 949:
		return 10003
	case 936:
		return 10008
	case 1251:
		return 10007
	}
	return 10000
}

// spanAt reads an offset and a size.
func spanAt(b []byte, at int) span {
	c := cursor{b: b}
	c.take(int64(at))
	s := span{int64(c.u32()), int64(c.u32())}
	if c.bad {
		return span{}
	}
	return s
}

// piece is a run of text (MS-DOC 2.8.35, Pcd).
type piece struct {
	span
	wide bool // UTF-16
}

// clxMax bounds the piece table: 340,000 pieces; documents saved fast for years have thousands.
const clxMax = 4 << 20

// parsePieces reads a Clx (MS-DOC 2.9.38): changes of properties, then the pieces. It is nil where there is no table of pieces.
func parsePieces(clx []byte, old bool) []piece {
	c := cursor{b: clx}
	for !c.bad {
		switch kind := c.take(1); {
		case kind == nil:
		case kind[0] == 1: // Prc
			c.take(int64(c.u16()))
		case kind[0] == 2: // Pcdt
			size := min(int64(c.u32()), int64(len(c.b)-c.pos))
			return parsePlcPcd(c.take(size), old)
		default:
			return nil
		}
	}
	return nil
}

// parsePlcPcd reads the character positions and behind them the pieces (MS-DOC 2.8.35).
func parsePlcPcd(b []byte, old bool) (list []piece) {
	const cp, pcd = 4, 8
	n := (len(b) - cp) / (cp + pcd)
	le := binary.LittleEndian
	for i := range max(n, 0) {
		from, to := int64(le.Uint32(b[cp*i:])), int64(le.Uint32(b[cp*(i+1):]))
		fc := le.Uint32(b[cp*(n+1)+pcd*i+2:])
		p := piece{span: span{int64(fc), to - from}}
		const fCompressed = 1 << 30 // MS-DOC 2.9.73, FcCompressed
		if !old {
			if p.wide = fc&fCompressed == 0; p.wide {
				p.size *= 2
			} else {
				p.at = int64(fc&^fCompressed) / 2
			}
		}
		if p.size > 0 {
			list = append(list, p)
		}
	}
	return list
}
