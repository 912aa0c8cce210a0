package oleparse

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"sekisho/internal/vba"
)

// A UserForm lies in a storage beside VBA (MS-OVBA 2.2.10): the designer's VBFrame, and the form's own f stream with a site for each control, o stream
// with the controls' properties one after the other, and a storage for each control that holds others (MS-OFORMS 2.1.1).

const (
	formDepth    = 32      // frames and pages inside each other; the editor allows about seven
	formControls = 8192    // of a project; a form of some hundred is large
	formTexts    = 4 << 20 // bytes of all texts of a project's forms; texts of 100 KB are known to hold programs, a form has few
	formFrame    = 64 << 10
	formCarved   = 256 << 10 // bytes looked through for text where a form cannot be read
)

// Classes of controls (MS-OFORMS 2.4.5, ClsidCacheIndex).
const (
	classForm      = 7
	classFrame     = 14
	classMorph     = 15
	classButton    = 17
	classTabStrip  = 18
	classLabel     = 21
	classMorphLow  = 23 // TextBox, ListBox, ComboBox, CheckBox, OptionButton, ToggleButton: all are MorphData
	classMorphHigh = 28
	classMultiPage = 57
)

// formReader reads the forms of one project.
type formReader struct {
	c     *compound
	form  string // its name: the code says UserForm1.TextBox1 however deep the control lies
	out   []vba.Control
	texts int
}

// readForms reads the forms whose storages lie in one storage.
func (c *compound) readForms(outer, page int) []vba.Control {
	f := &formReader{c: c, texts: formTexts}
	for _, id := range c.entries[outer].kids {
		if c.entries[id].kind != typeStorage || c.find(id, typeStream, "f") < 0 && c.find(id, typeStream, "\x03VBFrame") < 0 {
			continue
		}
		f.form = c.entries[id].name
		self := f.add(vba.Control{Path: f.form, Texts: c.readFrame(id, page)})
		if err := f.read(id, self, 0); err != nil {
			c.fault(c.path(id), "form: %v", err)
			f.carve(id, self)
		}
	}
	return f.out
}

// add keeps a control and returns its texts, for more; nil where there is no room.
func (f *formReader) add(v vba.Control) map[string]string {
	if len(f.out) >= formControls {
		return nil
	}
	if v.Texts == nil {
		v.Texts = make(map[string]string)
	}
	f.out = append(f.out, v)
	return v.Texts
}

// put keeps a text of a control.
func (f *formReader) put(texts map[string]string, key, text string) {
	if texts == nil || text == "" || len(text) > f.texts {
		return
	}
	f.texts -= len(text)
	texts[key] = text
}

// readFrame reads the designer's own text: Caption and Tag of the form (MS-OVBA 2.3.5).
func (c *compound) readFrame(storage, page int) map[string]string {
	texts := make(map[string]string)
	id := c.find(storage, typeStream, "\x03VBFrame")
	if id < 0 {
		return texts
	}
	b := c.bytes(id, formFrame)
	for _, line := range strings.Split(decodeText(page, b), "\n") {
		key, value, ok := strings.Cut(line, "=")
		if key = strings.ToLower(strings.TrimSpace(key)); !ok || key != "caption" && key != "tag" {
			continue
		}
		value, quoted := strings.CutPrefix(strings.TrimSpace(value), `"`)
		if end := strings.LastIndexByte(value, '"'); quoted && end > 0 {
			texts[key] = strings.ReplaceAll(value[:end], `""`, `"`)
		}
	}
	return texts
}

// read reads the form in a storage, and the controls on it (MS-OFORMS 2.2.10.1).
func (f *formReader) read(storage int, self map[string]string, depth int) error {
	if depth > formDepth {
		return fmt.Errorf("nested deeper than %d", formDepth)
	}
	id := f.c.find(storage, typeStream, "f")
	if id < 0 {
		return nil // a designer that is no UserForm
	}
	r := bufio.NewReader(f.c.open(id, 0))
	props, err := readProps(r, 4, formLayout)
	if err != nil {
		return err
	}
	if _, have := self["caption"]; !have {
		f.put(self, "caption", props.text["caption"])
	}
	for _, key := range [...]string{"icon", "font", "picture"} { // MS-OFORMS 2.2.10.5, FormStreamData
		if err := skipStreamed(r, props.have[key], key == "font"); err != nil {
			return err
		}
	}
	sites, err := readSites(r, props.number["flags"]&formNoClasses == 0)
	if cause := f.controls(storage, sites, depth); err == nil {
		err = cause
	}
	return err
}

// controls reads the properties of the controls that sites name.
func (f *formReader) controls(storage int, sites []*props, depth int) error {
	var o *bufio.Reader
	if id := f.c.find(storage, typeStream, "o"); id >= 0 {
		o = bufio.NewReader(f.c.open(id, 0))
	}
	var tabs *props
	page := 0
	for _, s := range sites {
		texts := f.site(s)
		class := s.number["class"]
		if s.number["bits"]&siteStreamed == 0 { // a control that holds others
			if tabs != nil && class == classForm {
				f.page(texts, tabs, page)
				page++
			}
			if err := f.inner(storage, s.number["id"], texts, depth); err != nil {
				return err
			}
			continue
		}
		p, err := f.control(o, s, texts)
		if err != nil {
			return err
		}
		if class == classTabStrip {
			tabs = p
		}
	}
	return nil
}

// site keeps the control of a site with the texts that the site has (MS-OFORMS 2.2.10.12).
func (f *formReader) site(s *props) map[string]string {
	if s.text["name"] == "" { // the tabs of a MultiPage: its pages have their texts
		return nil
	}
	texts := f.add(vba.Control{Path: f.form + "." + s.text["name"]})
	for _, key := range [...]string{"tag", "controltiptext", "controlsource", "rowsource"} {
		f.put(texts, key, s.text[key])
	}
	return texts
}

// inner reads the storage of a control that holds others (MS-OFORMS 2.1.1.2.1): i and its ID, two digits at least.
func (f *formReader) inner(storage int, id uint32, texts map[string]string, depth int) error {
	if kid := f.c.find(storage, typeStorage, fmt.Sprintf("i%02d", id)); kid >= 0 {
		return f.read(kid, texts, depth+1)
	}
	return nil
}

// page gives a page of a MultiPage the texts that its tab has.
func (f *formReader) page(texts map[string]string, tabs *props, n int) {
	for from, to := range map[string]string{"items": "caption", "tips": "controltiptext", "tags": "tag"} {
		if list := tabs.list[from]; n < len(list) {
			f.put(texts, to, list[n])
		}
	}
}

// control reads the properties of one control in the o stream, which takes as many bytes there as its site says.
func (f *formReader) control(o *bufio.Reader, s *props, texts map[string]string) (*props, error) {
	size := int64(s.number["size"])
	if o == nil || size == 0 {
		return nil, nil
	}
	body := io.LimitedReader{R: o, N: size}
	p, err := &props{}, error(nil)
	if layout := layoutOf(s.number["class"]); layout != "" {
		if p, err = readProps(&body, 2, layout); err != nil {
			return nil, err
		}
	}
	own := p.texts()
	for _, key := range [...]string{"value", "text", "caption", "groupname"} {
		f.put(texts, key, own[key])
	}
	f.put(texts, "items", strings.Join(p.list["items"], "\n"))
	_, err = io.Copy(io.Discard, &body)
	if err == nil && body.N > 0 {
		err = errShort
	}
	return p, err
}

func layoutOf(class uint32) string {
	switch {
	case class == classMorph || class >= classMorphLow && class <= classMorphHigh:
		return morphLayout
	case class == classButton:
		return buttonLayout
	case class == classLabel:
		return labelLayout
	case class == classTabStrip:
		return tabLayout
	}
	return ""
}

// carve keeps all text that the streams of a form show, for one that cannot be read as it should.
func (f *formReader) carve(storage int, self map[string]string) {
	var all []string
	for _, id := range f.c.entries[storage].kids {
		if e := &f.c.entries[id]; e.kind == typeStream && (strings.EqualFold(e.name, "f") || strings.EqualFold(e.name, "o")) {
			b, _ := io.ReadAll(io.LimitReader(f.c.open(id, 0), formCarved))
			all = append(all, plainRuns(b)...)
		}
	}
	f.put(self, "", strings.Join(all, "\n"))
}

// plainRuns lists the runs of at least four characters in b, of one byte each or of UTF-16 below U+0100.
func plainRuns(b []byte) (list []string) {
	const least = 4
	is := func(c byte) bool { return c >= ' ' && c < 0x7F || c == '\t' }
	for i := 0; i < len(b); {
		step := 1
		if i+1 < len(b) && is(b[i]) && b[i+1] == 0 {
			step = 2
		}
		var run bytes.Buffer
		for i < len(b) && is(b[i]) && (step == 1 || i+1 < len(b) && b[i+1] == 0) {
			run.WriteByte(b[i])
			i += step
		}
		if run.Len() >= least {
			list = append(list, run.String())
		}
		if run.Len() == 0 {
			i++
		}
	}
	return list
}

// skipStreamed passes a picture or a font behind a property block (MS-OFORMS 2.4.7, 2.4.8).
func skipStreamed(r io.Reader, have, font bool) error {
	if !have {
		return nil
	}
	var b [24]byte
	if _, err := io.ReadFull(r, b[:16]); err != nil { // CLSID
		return err
	}
	le := binary.LittleEndian
	size := int64(0)
	switch {
	case !font: // 2.4.13, StdPicture
		if _, err := io.ReadFull(r, b[16:24]); err != nil {
			return err
		}
		size = int64(le.Uint32(b[20:]))
	case le.Uint32(b[:]) == 0x0BE35203: // 2.4.12, StdFont
		if _, err := io.ReadFull(r, b[:11]); err != nil {
			return err
		}
		size = int64(b[10])
	default: // 2.3.1, TextProps
		if _, err := io.ReadFull(r, b[:4]); err != nil {
			return err
		}
		size = int64(le.Uint16(b[2:]))
	}
	_, err := io.CopyN(io.Discard, r, size)
	return err
}
