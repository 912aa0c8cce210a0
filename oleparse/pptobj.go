package oleparse

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Records of the PowerPoint Document stream (MS-PPT 2.13.24, RecordType).
const (
	rtTextChars       = 0x0FA0 // TextCharsAtom: UTF-16
	rtTextBytes       = 0x0FA8 // TextBytesAtom: its lower bytes
	rtCString         = 0x0FBA // strings of many sorts
	rtExOleObjAtom    = 0x0FC3 // 2.10.12
	rtExOleEmbed      = 0x0FCC // 2.10.27
	rtExOleLink       = 0x0FCE // ExOleLinkContainer
	rtExControl       = 0x0FEE // ExControlContainer
	rtInteractive     = 0x0FF2 // MouseClickInteractiveInfoContainer, MouseOverInteractiveInfoContainer
	rtInteractiveAtom = 0x0FF3 // 2.6.10
)

const (
	containerVersion = 0xF // RecordHeader.recVer (MS-PPT 2.3.1)
	nameInstance     = 2   // of a CString: ProgIDAtom, MacroNameAtom (2.6.11)
)

// What an InteractiveInfoAtom does (MS-PPT, InteractiveInfoActionEnum).
const (
	actionMacro   = 1
	actionProgram = 2
)

// shapeObject is what a presentation says of an object beside its storage (MS-PPT 2.10.12).
type shapeObject struct {
	typ     uint32 // 0 embedded, 1 linked, 2 a control
	persist uint32
	progID  string
}

const (
	shapeObjectsMax = objectsMax
	slideText       = 1 << 20 // bytes of one text; a slide has some hundred characters
	editsMax        = 256     // saves that only appended; PowerPoint writes anew after some dozens
)

// slides reads a document stream along its records.
type slides struct {
	c       *compound
	path    string
	r       *bufio.Reader
	in      uint16 // the container at hand
	action  byte   // of the InteractiveInfo at hand
	objects []shapeObject
}

// readSlides reads the texts, the actions and the names of objects in presentations.
func (c *compound) readSlides() {
	if c.r.inPackage {
		return
	}
	for _, id := range c.order {
		switch e := &c.entries[id]; {
		case e.kind != typeStream || e.parent == noParent:
		case strings.EqualFold(e.name, "PowerPoint Document"):
			c.readShowRecords(id)
		case strings.EqualFold(e.name, "PP40"): // PowerPoint 95, whose records nobody has described
			c.looseBytes(id)
		case strings.EqualFold(e.name, "CONTENTS") && strings.EqualFold(c.entries[e.parent].name, "QuillSub"): // Publisher
			c.looseWide(id)
		}
	}
}

func (c *compound) readShowRecords(id int) {
	if c.r.doc.Encrypted && !c.r.doc.Opened && c.nest == 0 {
		return
	}
	s := &slides{c: c, path: c.path(id), r: bufio.NewReader(c.plain(id, 0))}
	for s.next() {
	}
	c.r.write("\n")
	if len(s.objects) > 0 {
		c.nameObjects(id, s.objects)
	}
}

// next reads a record: a container's children are the next records, what is of no interest is skipped. It is false at the end.
func (s *slides) next() bool {
	var head [recordHeader]byte
	if _, err := io.ReadFull(s.r, head[:]); err != nil {
		return false
	}
	version, typ, size := binary.LittleEndian.Uint16(head[:]), binary.LittleEndian.Uint16(head[2:]), int64(binary.LittleEndian.Uint32(head[4:]))
	if version&0xF == containerVersion {
		s.enter(typ)
		return true
	}
	body := s.body(typ, version>>4, size)
	for left := size - body; left > 0; {
		n, err := s.r.Discard(int(min(left, 1<<30)))
		if left -= int64(n); err != nil {
			return false
		}
	}
	return true
}

func (s *slides) enter(typ uint16) {
	s.in = typ
	switch typ {
	case rtInteractive:
		s.action = 0
	case rtExOleEmbed, rtExOleLink, rtExControl:
		if len(s.objects) == shapeObjectsMax {
			s.in = 0
			return
		}
		s.objects = append(s.objects, shapeObject{})
	}
}

// body reads an atom of interest and returns how many bytes it took.
func (s *slides) body(typ, instance uint16, size int64) int64 {
	switch typ {
	case rtTextChars, rtTextBytes:
		b := readMost(s.r, min(size, slideText))
		s.text(b, typ == rtTextChars)
		return int64(len(b))
	case rtCString, rtInteractiveAtom, rtExOleObjAtom:
		b := readMost(s.r, min(size, nameMax))
		s.atom(typ, instance, b)
		return int64(len(b))
	}
	return 0
}

func (s *slides) text(b []byte, wide bool) {
	text := ""
	if wide {
		text = utf16Text(b)
	} else {
		text = latin(b)
	}
	s.c.r.write(strings.Map(visible, text) + "\n")
}

// latin widens bytes to the first 256 characters.
func latin(b []byte) string {
	r := make([]rune, len(b))
	for i, v := range b {
		r[i] = rune(v)
	}
	return string(r)
}

func (s *slides) atom(typ, instance uint16, b []byte) {
	object := s.in == rtExOleEmbed || s.in == rtExOleLink || s.in == rtExControl
	switch {
	case typ == rtInteractiveAtom && s.in == rtInteractive && len(b) > 8:
		s.action = b[8]
	case typ == rtExOleObjAtom && object && len(b) >= 20:
		o := &s.objects[len(s.objects)-1]
		o.typ, o.persist = binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[16:])
	case typ != rtCString || instance != nameInstance:
	case object:
		s.objects[len(s.objects)-1].progID = clean(utf16String(b))
	case s.in == rtInteractive:
		s.act(clean(utf16String(b)))
	}
}

// act notes what a click, or the mouse over a shape, starts.
func (s *slides) act(name string) {
	switch {
	case name == "":
	case s.action == actionProgram:
		s.c.addCommand(s.path, name)
	case s.action == actionMacro:
		s.c.addCallback(name)
	}
}

// nameObjects says of the objects found in storages what the presentation says of them. It finds a storage by the persist directory.
func (c *compound) nameObjects(id int, list []shapeObject) {
	at := c.persistOffsets(id)
	byPath := make(map[string]shapeObject)
	for _, o := range list {
		if off, ok := at[o.persist]; ok {
			byPath[fmt.Sprintf("%s/ExOleObjStg@%#x", c.path(id), off)] = o
		}
	}
	for i := range c.r.doc.Objects {
		o := &c.r.doc.Objects[i]
		told, ok := byPath[o.Path]
		if !ok {
			continue
		}
		if o.Class == "" || o.Class[0] == '{' && told.progID != "" {
			o.Class = told.progID
		}
		switch {
		case o.Kind != ObjectEmbedded:
		case told.typ == 1:
			o.Kind = ObjectLinked
		case told.typ == 2:
			o.Kind = ObjectControl
		}
	}
}

// persistOffsets follows the user edits from the last one back (MS-PPT 2.3.3); what a later one says of an object counts.
func (c *compound) persistOffsets(id int) map[uint32]int64 {
	all := make(map[uint32]int64)
	user := c.find(c.entries[id].parent, typeStream, "Current User")
	if user < 0 {
		return all
	}
	b := cursor{b: c.headAt(user, 0, userEditHead+8)}
	b.take(userEditHead + 4)
	edit := int64(b.u32())
	for range editsMax {
		head := c.headAt(id, edit, userEditLen-4) // without encryptSessionPersistIdRef
		if len(head) < userEditLen-4 || binary.LittleEndian.Uint16(head[2:]) != rtUserEdit {
			break
		}
		for k, off := range c.persistDirectory(id, int64(binary.LittleEndian.Uint32(head[20:]))) {
			if _, ok := all[k]; !ok {
				all[k] = off
			}
		}
		last := int64(binary.LittleEndian.Uint32(head[16:]))
		if last == 0 || last >= edit { // the first one, or a circle
			break
		}
		edit = last
	}
	return all
}

// Text in streams whose structure is not known: runs of characters that are long enough not to be chance.
const (
	looseMost = 4 << 20
	looseRun  = 8
)

func (c *compound) looseBytes(id int) {
	if c.r.o.Text == nil {
		return
	}
	for run := range bytes.FieldsFuncSeq(readMost(c.plain(id, 0), looseMost), func(r rune) bool { return r < ' ' && r != '\r' && r != '\n' && r != '\t' }) {
		if len(run) >= looseRun {
			c.r.text(decodeText(c.ansi(), run))
		}
	}
}

func (c *compound) looseWide(id int) {
	if c.r.o.Text == nil {
		return
	}
	text := utf16Text(readMost(c.plain(id, 0), looseMost))
	for run := range strings.FieldsFuncSeq(text, func(r rune) bool {
		return r < ' ' && r != '\r' && r != '\n' && r != '\t' || r == '\uFFFD' || r == '\uFFFF'
	}) {
		if utf8.RuneCountInString(run) >= looseRun {
			c.r.text(run)
		}
	}
}
