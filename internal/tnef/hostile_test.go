package tnef_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
	"sekisho/internal/tnef"
)

// full is a stream with one of everything.
func full() []byte {
	return fixture.TNEF{Page: 932, Subject: "subject", Body: "body", Props: fixture.TNEFProps(fixture.TNEFText(0x1000, "body"), fixture.TNEFProp(0x10090102, []byte("rtf"))),
		Attached: []fixture.TNEFFile{data("a.doc", "one"), {Title: "b.doc", Props: fixture.TNEFProps(fixture.TNEFText(0x3707, "bb.doc"), fixture.TNEFProp(0x37010102, []byte("two")))},
			{Mac: true, Data: make([]byte, 200)}, {Props: fixture.TNEFProps(fixture.TNEFProp(0x3701000D, []byte(fixture.TNEFMessage+"three")))}}}.Bytes()
}

// TestCutAtEveryByte: the beginning of a stream has the beginning of its attachments.
func TestCutAtEveryByte(t *testing.T) {
	b := full()
	whole := read(t, b, tnef.Options{}).Files
	for n := range b {
		m := read(t, b[:n], tnef.Options{})
		if len(m.Files) > len(whole) {
			t.Fatalf("%d bytes: %v", n, m.Files)
		}
		for i, f := range m.Files {
			if f.Offset+f.Size > int64(n) || f.Size > whole[i].Size+28 || f.Number != whole[i].Number { // an object's kind stands before its data
				t.Errorf("%d bytes: %+v, want part of %+v", n, f, whole[i])
			}
		}
	}
}

// TestAChangedByteHidesNoOtherAttachment: what is damaged costs itself, or a problem says more.
func TestAChangedByteHidesNoOtherAttachment(t *testing.T) {
	b := fixture.TNEF{Page: 932, Subject: "s", Attached: []fixture.TNEFFile{data("a.doc", "one"), data("b.doc", "two"), data("c.js", "three")}}.Bytes()
	last := bytes.LastIndex(b, []byte("three"))
	first := bytes.Index(b, []byte("a.doc"))
	for at := 6; at < first; at++ {
		for _, x := range []byte{1, 0xFF, b[at] ^ 1, b[at] ^ 2} { // a length that takes what is behind it along is no damage
			changed := bytes.Clone(b)
			changed[at] ^= x
			m := read(t, changed, tnef.Options{})
			if !slices.ContainsFunc(m.Files, func(f tnef.File) bool { return f.Offset <= int64(last) && int64(last) < f.Offset+f.Size }) {
				t.Errorf("byte %d ^ %#x: %v, %v", at, x, m.Files, m.Problems)
			}
		}
	}
}

func TestManyOfOneKindAreTold(t *testing.T) {
	contents := bytes.Repeat(fixture.TNEFAttribute(2, 0x0006800F, []byte("x")), 9)
	var links [][]byte
	for range 101 {
		links = append(links, fixture.TNEFText(0x3708, "a.doc"))
	}
	for name, m := range map[string]fixture.TNEF{
		"an attachment of too many contents": {Attached: []fixture.TNEFFile{{Title: "a"}}, Tail: contents},
		"too many references":                {Attached: []fixture.TNEFFile{{Props: fixture.TNEFProps(links...)}}},
	} {
		got := read(t, m.Bytes(), tnef.Options{})
		if len(got.Problems) != 1 || got.Problems[0].Text != name || !got.Problems[0].Unread {
			t.Errorf("%s: %v", name, got.Problems)
		}
	}
}

// TestTypesOfValues: each type is passed by its size, one value or many (MS-OXTNEF 2.1.3.4.2), so that the data behind it is found.
func TestTypesOfValues(t *testing.T) {
	le := binary.LittleEndian
	for typ, size := range map[uint32]int{0x00: 8, 0x01: 4, 0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16} {
		many := append(le.AppendUint32(le.AppendUint32(nil, 0x0001_1000|typ), 3), make([]byte, 3*size)...)
		for _, p := range [][]byte{append(le.AppendUint32(nil, 0x0001_0000|typ), make([]byte, size)...), many} {
			b := fixture.TNEF{Attached: []fixture.TNEFFile{{Title: "a", Props: fixture.TNEFProps(p, fixture.TNEFProp(0x37010102, []byte("x")))}}}.Bytes()
			if diff := cmp.Diff([]string{"a data x"}, files(b, read(t, b, tnef.Options{}))); diff != "" {
				t.Errorf("type %#x: %s", typ, diff)
			}
		}
	}
	for _, typ := range []uint32{0x0D, 0x1E, 0x1F, 0x0102, 0x101E, 0x101F, 0x1102} {
		p := fixture.TNEFProp(0x0001_0000|typ, []byte("a"), []byte("bcdef"), nil)
		b := fixture.TNEF{Attached: []fixture.TNEFFile{{Title: "a", Props: fixture.TNEFProps(p, fixture.TNEFProp(0x37010102, []byte("x")))}}}.Bytes()
		if diff := cmp.Diff([]string{"a data x"}, files(b, read(t, b, tnef.Options{}))); diff != "" {
			t.Errorf("type %#x: %s", typ, diff)
		}
	}
}

// TestPropertiesThatLie: numbers beyond the list end it, and what stands before them counts.
func TestPropertiesThatLie(t *testing.T) {
	le := binary.LittleEndian
	good := fixture.TNEFProp(0x37010102, []byte("x"))
	named := func(kind uint32) []byte {
		return le.AppendUint32(append(le.AppendUint32(nil, 0x80010003), make([]byte, 16)...), kind)
	}
	for name, bad := range map[string][]byte{
		"values beyond all":               le.AppendUint32(le.AppendUint32(nil, 0x0001_101E), 0xFFFFFFFF),
		"a value beyond all":              le.AppendUint32(le.AppendUint32(le.AppendUint32(nil, 0x0001_001E), 1), 0xFFFFFFFF),
		"many numbers beyond all":         le.AppendUint32(le.AppendUint32(nil, 0x0001_1003), 0xFFFFFFFF),
		"a name of a kind that is none":   named(7),
		"a name longer than the list":     le.AppendUint32(named(1), 0xFFFFFFFF),
		"a tag cut":                       {1, 0},
		"a length cut":                    append(le.AppendUint32(le.AppendUint32(nil, 0x0001_001E), 1), 1, 2),
		"nothing where a number is":       le.AppendUint32(nil, 0x0001_0003),
		"more properties than are there":  {},
		"an object without its interface": fixture.TNEFProp(0x3701000D, []byte("short")),
	} {
		props := append(le.AppendUint32(nil, 0xFFFFFFFF), append(bytes.Clone(good), bad...)...)
		b := fixture.TNEF{Attached: []fixture.TNEFFile{{Title: "a", Props: props}, data("b", "y")}}.Bytes()
		got := files(b, read(t, b, tnef.Options{}))
		if len(got) < 2 || got[0] != "a data x" || got[len(got)-1] != "b data y" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestNamesOfAttachments(t *testing.T) {
	wide := func(id uint32, s string) []byte { return fixture.TNEFText(id, s) }
	for _, tt := range []struct {
		name string
		f    fixture.TNEFFile
		want string
	}{
		{"short", fixture.TNEFFile{Props: fixture.TNEFProps(wide(0x3704, "a.doc"))}, "a.doc"},
		{"for transport", fixture.TNEFFile{Props: fixture.TNEFProps(wide(0x370C, "a.doc"))}, "a.doc"},
		{"shown", fixture.TNEFFile{Props: fixture.TNEFProps(wide(0x3001, "a.doc"))}, "a.doc"},
		{"an extension with folders", fixture.TNEFFile{Props: fixture.TNEFProps(wide(0x3703, `..\x\.js`))}, "attachment 1.js"},
		{"behind a zero", fixture.TNEFFile{Title: "a.doc\x00.txt"}, "a.doc"},
		{"of blanks", fixture.TNEFFile{Title: "  "}, "attachment 1"},
		{"of a folder alone", fixture.TNEFFile{Title: `a\`}, "attachment 1"},
		{"long", fixture.TNEFFile{Title: strings.Repeat("a", 9000)}, strings.Repeat("a", 4<<10)},
	} {
		tt.f.Data = []byte("x")
		m := read(t, fixture.TNEF{Attached: []fixture.TNEFFile{tt.f}}.Bytes(), tnef.Options{})
		if len(m.Files) != 1 || m.Files[0].Names[0] != tt.want {
			t.Errorf("%s: %.60v", tt.name, m.Files)
		}
	}
	b := fixture.TNEF{Attached: []fixture.TNEFFile{{Data: []byte("x")}}, Tail: fixture.TNEFAttribute(2, 0x00069001, []byte("way.doc\x00"))}.Bytes()
	if diff := cmp.Diff([]string{"way.doc data x"}, files(b, read(t, b, tnef.Options{}))); diff != "" {
		t.Error(diff)
	}
}

// TestMacBinary: the data fork is what Windows programs save; what is no MacBinary stays whole.
func TestMacBinary(t *testing.T) {
	header := func(change func([]byte)) []byte {
		b := append(make([]byte, 128), "data rest"...)
		b[1], b[86] = 5, 4
		change(b)
		return b
	}
	for _, tt := range []struct {
		name   string
		data   []byte
		offset int64
		size   int64
	}{
		{"as it is", header(func([]byte) {}), 128, 4},
		{"longer than the file", header(func(b []byte) { b[83] = 0x7F }), 128, 9},
		{"no name", header(func(b []byte) { b[1] = 0 }), 0, 137},
		{"a long name", header(func(b []byte) { b[1] = 64 }), 0, 137},
		{"another version", header(func(b []byte) { b[0] = 1 }), 0, 137},
		{"no zero at 74", header(func(b []byte) { b[74] = 1 }), 0, 137},
		{"no zero at 82", header(func(b []byte) { b[82] = 1 }), 0, 137},
		{"shorter than its header", bytes.Repeat([]byte("x"), 127), 0, 127},
	} {
		b := fixture.TNEF{Attached: []fixture.TNEFFile{{Mac: true, Title: "a", Data: tt.data}}}.Bytes()
		m := read(t, b, tnef.Options{})
		at := int64(bytes.Index(b, tt.data))
		if len(m.Files) != 1 || m.Files[0].Offset != at+tt.offset || m.Files[0].Size != tt.size {
			t.Errorf("%s: %+v, data at %d", tt.name, m.Files, at)
		}
	}
}

func TestJapanesePages(t *testing.T) {
	for page, text := range map[uint32]string{932: "\x88\xC3", 50220: "\x1B$B0E\x1B(B", 50222: "\x1B$B0E\x1B(B", 20932: "\xB0\xC5", 65001: "暗", 99999: "\x88\xC3"} {
		m := read(t, fixture.TNEF{Page: page, Subject: text}.Bytes(), tnef.Options{})
		if (m.Subject == "暗") != (page != 99999) {
			t.Errorf("page %d: %q", page, m.Subject)
		}
	}
	for page, want := range map[uint32]string{21866: "И", 28591: "é", 1252: "é", 1255: "י", 1256: "é", 1258: "é"} {
		if m := read(t, fixture.TNEF{Page: page, Subject: "\xE9"}.Bytes(), tnef.Options{}); m.Subject != want {
			t.Errorf("page %d: %q, want %q", page, m.Subject, want)
		}
	}
	// Where the page of the attribute is unknown that of the properties counts.
	props := fixture.TNEFProps(fixture.TNEFProp(0x3FFD0003, []byte{0xA4, 0x03, 0, 0}), fixture.TNEFProp(0x0037001E, []byte("\x88\xC3")))
	if m := read(t, fixture.TNEF{Props: props}.Bytes(), tnef.Options{}); m.Subject != "暗" {
		t.Errorf("the message's page: %q", m.Subject)
	}
}

// counting counts what is read.
type counting struct {
	r     io.ReaderAt
	bytes int
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.bytes += n
	return n, err
}

// TestReadingCostsNoMoreThanTheFile: attachments of any size, damage, and lists that end late.
func TestReadingCostsNoMoreThanTheFile(t *testing.T) {
	prop := fixture.TNEFProp(0x00010003, make([]byte, 4))
	for name, m := range map[string]fixture.TNEF{
		"large attachments":                 {Attached: slices.Repeat([]fixture.TNEFFile{{Data: make([]byte, 100_000)}}, 20)},
		"small attachments":                 {Attached: slices.Repeat([]fixture.TNEFFile{data("a", "x")}, 5000)},
		"properties":                        {Attached: []fixture.TNEFFile{{Props: fixture.TNEFProps(slices.Repeat([][]byte{prop}, 50_000)...)}}},
		"damage":                            {Tail: bytes.Repeat([]byte("\x07\x02\x0F"), 100_000)},
		"damage that looks like attributes": {Tail: bytes.Repeat([]byte("\x02\x0F\x80\x06\x00\xFF\xFF\xFF\x7F"), 10_000)},
	} {
		b := m.Bytes()
		c := &counting{r: bytes.NewReader(b)}
		if _, err := tnef.Read(context.Background(), c, int64(len(b)), tnef.Options{}); err != nil || c.bytes > 4*len(b)+64<<10 {
			t.Errorf("%s: %d bytes read of %d, %v", name, c.bytes, len(b), err)
		}
	}
}
