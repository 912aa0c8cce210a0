package lnk

import "encoding/binary"

// linkInfo reads LinkInfo (2.3). Its offsets count from its own beginning.
func (p *parser) linkInfo() {
	b := p.peek(4)
	if len(b) < 4 {
		p.problem("LinkInfo is missing")
		return
	}
	size := int64(binary.LittleEndian.Uint32(b))
	if size < 4 || size > p.size-p.off {
		p.problem("LinkInfo of %d bytes", size)
		p.off += 4
		return
	}
	b = p.peek(min(size, linkInfoMax))
	p.off += size
	if size > linkInfoMax {
		p.problem("LinkInfo of %d bytes", size)
	}
	l, i := p.link, info{b, p}
	flags, wide := i.number(8), i.number(4) >= 0x24 // 2.3, LinkInfoHeaderSize
	if flags&1 != 0 {
		l.Base = i.text(i.number(16), wide, 28)
	}
	if flags&2 != 0 {
		p.network(i.from(i.number(20)))
	}
	l.Suffix = i.text(i.number(24), wide, 32)
}

// network reads CommonNetworkRelativeLink (2.3.2).
func (p *parser) network(b []byte) {
	i := info{b, p}
	name := i.number(8)
	wide := name > 0x14
	p.link.Net = i.text(name, wide, 20)
	if i.number(4)&1 != 0 { // ValidDevice
		p.link.Device = i.text(i.number(12), wide, 24)
	}
}

// info is a structure with offsets into itself.
type info struct {
	b []byte
	p *parser
}

// number is the 32-bit number at off, 0 outside.
func (i info) number(off int) uint32 {
	if b := part(i.b, off, off+4); len(b) == 4 {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// from is what stands from off on, nil for the offset 0.
func (i info) from(off uint32) []byte {
	if off == 0 || uint64(off) >= uint64(len(i.b)) {
		return nil
	}
	return i.b[off:]
}

// text is a string: the wide one whose offset stands at wideAt, else the one at narrow.
func (i info) text(narrow uint32, wide bool, wideAt int) string {
	if wide {
		if s := wideText(i.from(i.number(wideAt))); s != "" {
			return s
		}
	}
	return i.p.o.Code(cutNUL(i.from(narrow)))
}
