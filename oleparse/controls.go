package oleparse

import (
	"encoding/binary"
	"io"
	"maps"
	"slices"

	"sekisho/internal/vba"
)

// A control of MS-OFORMS on a document writes the same properties as one on a UserForm, into a stream of its own: contents in its storage, or behind
// its class where it saves itself as a stream.

const contentsStream = "CONTENTS"

// controlsMost bounds the controls on a document whose texts are kept.
const controlsMost = 4096

// layoutOfClass is the layout by the first field of a control's CLSID (MS-OFORMS 2.4.5).
func layoutOfClass(clsid []byte) string {
	switch binary.LittleEndian.Uint32(clsid) {
	case 0x8BD21D10, 0x8BD21D20, 0x8BD21D30, 0x8BD21D40, 0x8BD21D50, 0x8BD21D60: // TextBox, ListBox, ComboBox, CheckBox, OptionButton, ToggleButton
		return morphLayout
	case 0xD7053240:
		return buttonLayout
	case 0x978C9E23:
		return labelLayout
	}
	return ""
}

// controlTexts reads the texts of a control; nil for one that has none or is not known.
func controlTexts(clsid []byte, r io.Reader) map[string]string {
	layout := layoutOfClass(clsid)
	if layout == "" {
		return nil
	}
	p, err := readProps(r, 2, layout)
	if err != nil { // it only tells less
		return nil
	}
	return p.texts()
}

// texts are those that code can read from a control by itself; a MorphData's text is its value under another name.
func (p *props) texts() map[string]string {
	t := make(map[string]string)
	for _, key := range [...]string{"value", "caption", "groupname"} {
		if s := p.text[key]; s != "" {
			t[key] = s
		}
	}
	if s := t["value"]; s != "" {
		t["text"] = s
	}
	return t
}

// addControl keeps the texts of a control on the document. Code names it by itself, or as a member of its document or sheet.
func (r *reading) addControl(name string, texts map[string]string) {
	if name != "" && len(texts) > 0 && len(r.doc.Texts) < controlsMost {
		r.doc.Texts = append(r.doc.Texts, vba.Control{Path: name, Texts: texts})
	}
}

// controls are the controls on the document by each name that code has for them: alone in the module of their document or sheet, elsewhere as its member.
func (r *reading) controls() (list []vba.Control) {
	if len(r.doc.Texts) == 0 {
		return nil
	}
	list = slices.Clone(r.doc.Texts)
	for _, owner := range [...]string{"ThisDocument", "ActiveDocument", "ActiveSheet"} {
		list = append(list, vba.Control{Path: owner})
		for _, c := range r.doc.Texts {
			list = append(list, vba.Control{Path: owner + "." + c.Path, Texts: c.Texts})
		}
	}
	return list
}

// readControl reads the control in a storage of Word (MS-DOC 2.1.4, ObjectPool).
func (c *compound) readControl(id int, streams map[string]int, name string) {
	if at, ok := streams[contentsStream]; ok {
		c.r.addControl(name, controlTexts(c.entries[id].clsid[:], c.open(at, 0)))
	}
}

// savedControl reads what a control of a package saved: a storage, or a stream that begins with its class (MS-OFFMACRO2 2.2.5).
func (r *reading) savedControl(b io.ReaderAt, n int64) map[string]string {
	var class [16]byte
	if got, _ := b.ReadAt(class[:], 0); got < len(class) {
		return nil
	}
	if !IsOLE(class[:]) {
		return controlTexts(class[:], io.NewSectionReader(b, int64(len(class)), n-int64(len(class))))
	}
	quiet := &reading{ctx: r.ctx, o: r.o, doc: &Document{}}
	c := &compound{r: quiet, src: newSource(r.ctx, b, n)}
	if !c.readHeader() {
		return nil
	}
	c.readFAT()
	if !c.readDirectory() {
		return nil
	}
	c.layOut()
	c.readMiniFAT()
	at, ok := c.streams(c.root)[contentsStream]
	if !ok {
		return nil
	}
	return controlTexts(c.entries[c.root].clsid[:], c.open(at, 0))
}

// controlPart is how much of a control that saved itself as a stream is looked at; its texts stand before its picture.
const controlPart = 128 << 10

// readSaved keeps the texts of a control's part until the names of the controls are known.
func (k *opc) readSaved(p *opcPart, b io.ReaderAt, n int64) {
	if t := k.r.savedControl(b, n); len(t) > 0 && len(k.saved) < controlsMost {
		if k.saved == nil {
			k.saved = make(map[string]map[string]string)
		}
		k.saved[p.key] = t
	}
}

// nameSaved gives the texts to the controls that refer to their parts.
func (k *opc) nameSaved() {
	for _, p := range k.parts {
		if p.label == "" || p.roles&roleControl == 0 {
			continue
		}
		for _, id := range slices.Sorted(maps.Keys(p.rels)) {
			k.r.addControl(p.label, k.saved[p.rels[id].key])
		}
	}
}
