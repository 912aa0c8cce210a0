package onenote

import (
	"slices"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
)

// The properties that matter here (MS-ONE 2.2), their types in bits 26 to 30.
const (
	propText          = 0x1C001C22 // RichEditTextUnicode
	propTextASCII     = 0x1C003498 // TextExtendedAscii
	propFileName      = 0x1C001D9C // EmbeddedFileName
	propImageName     = 0x1C001DD7 // ImageFilename
	propFileContainer = 0x20001D9B // EmbeddedFileContainer
	propPicture       = 0x20001C3F // PictureContainer
)

// The types of properties (MS-ONESTORE 2.6.6).
const (
	typeNone        = 0x1
	typeBool        = 0x2
	type1           = 0x3
	type2           = 0x4
	type4           = 0x5
	type8           = 0x6
	typeData        = 0x7
	typeObject      = 0x8
	typeObjects     = 0x9
	typeSpace       = 0xA
	typeSpaces      = 0xB
	typeContext     = 0xC
	typeContexts    = 0xD
	typePropertySet = 0x11
	typeProperties  = 0x10
)

const propsDepth = 8 // property sets in property sets; OneNote nests two

// properties reads an ObjectSpaceObjectPropSet (2.6.1). resolve is the identity of a reference, by its CompactID and its place in the list.
func (s *store) properties(b []byte, resolve func(compact uint32, n int) id) {
	c := &cursor{b: b}
	h := c.u32() // 2.6.2: Count, ExtendedStreamsPresent, OsidStreamNotPresent
	oids := c.take(4 * uint64(h&0xFFFFFF))
	if h>>31 == 0 {
		h2 := c.u32()
		c.take(4 * uint64(h2&0xFFFFFF))
		if h2>>30&1 != 0 {
			h3 := c.u32()
			c.take(4 * uint64(h3&0xFFFFFF))
		}
	}
	if c.bad {
		return
	}
	p := &propSet{s: s, c: c, oids: oids, resolve: resolve}
	p.read(0)
}

// propSet is a property set being read.
type propSet struct {
	s       *store
	c       *cursor
	oids    []byte // CompactIDs that object properties take in order
	next    int
	resolve func(uint32, int) id
}

// read reads one PropertySet (2.6.7): the identifiers, then the data of each.
func (p *propSet) read(depth int) {
	if depth > propsDepth {
		p.c.bad = true
	}
	ids := p.c.take(4 * uint64(p.c.u16()))
	var file, image string
	var container, picture id // an attachment has a picture too: its icon
	for ; len(ids) >= 4 && !p.c.bad; ids = ids[4:] {
		prid := le.Uint32(ids)
		value, ref := p.value(prid, depth)
		switch prid & 0x7FFFFFFF {
		case propText:
			p.s.write(utf16Text(value))
		case propTextASCII:
			p.s.write(ansiText(value))
		case propFileName:
			file = utf16Name(value)
		case propImageName:
			image = utf16Name(value)
		case propFileContainer:
			container = ref
		case propPicture:
			picture = ref
		}
	}
	p.s.name(container, named{file, false})
	p.s.name(picture, named{image, true})
}

// value takes one property's data.
func (p *propSet) value(prid uint32, depth int) (value []byte, ref id) {
	switch prid >> 26 & 0x1F {
	case typeNone, typeBool, typeSpace, typeContext:
	case type1:
		value = p.c.take(1)
	case type2:
		value = p.c.take(2)
	case type4:
		value = p.c.take(4)
	case type8:
		value = p.c.take(8)
	case typeData:
		value = p.c.take(uint64(p.c.u32()))
	case typeObject:
		ref = p.oid()
	case typeObjects:
		p.next += int(min(p.c.u32(), 1<<24))
	case typeSpaces, typeContexts:
		p.c.u32()
	case typeProperties: // 2.6.9: a count, one identifier for all, the sets
		if n := p.c.u32(); n > 0 {
			p.c.u32()
			for ; n > 0 && !p.c.bad; n-- {
				p.read(depth + 1)
			}
		}
	case typePropertySet:
		p.read(depth + 1)
	default:
		p.c.bad = true
	}
	return value, ref
}

// oid is the next object reference.
func (p *propSet) oid() (ref id) {
	if at := 4 * p.next; at+4 <= len(p.oids) {
		ref = p.resolve(le.Uint32(p.oids[at:]), p.next)
	}
	p.next++
	return ref
}

// write gives a paragraph of text to the caller.
func (s *store) write(text string) {
	if text == "" || s.text <= 0 || s.err != nil {
		return
	}
	text = strings.ToValidUTF8(text[:min(int64(len(text)), s.text)], "") + "\n"
	s.text -= int64(len(text))
	_, s.err = s.o.Text.Write([]byte(text))
}

func utf16Text(b []byte) string {
	u := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		if v := le.Uint16(b); v != 0 {
			u = append(u, v)
		}
	}
	return string(utf16.Decode(u))
}

func ansiText(b []byte) string {
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return ""
	}
	return strings.TrimRight(string(out), "\x00")
}

// name notes what a page says of a file.
func (s *store) name(container id, n named) {
	known := s.names[container]
	if container == (id{}) || len(s.names) >= namesMax && known == nil || len(known) >= renamedMax || slices.Contains(known, n) {
		return
	}
	s.names[container] = append(known, n)
}
