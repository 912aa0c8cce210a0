package oleparse

import (
	"bytes"
	"encoding/binary"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
)

func TestTextOfPresentations(t *testing.T) {
	wide := fixture.PPTAtom(0, rtTextChars, fixture.UTF16("コンテンツの\r有効化"))
	narrow := fixture.PPTAtom(0, rtTextBytes, []byte("Enable\x0bcontent \xe9"))
	slide := fixture.PPTContainer(1006, fixture.PPTAtom(0, 1007, make([]byte, 24)), fixture.PPTContainer(0xF00D, wide), narrow)
	lying := fixture.PPTAtom(0, 1007, []byte("12345678"))
	binary.LittleEndian.PutUint32(lying[4:], 0xFFFFFFFF)
	for name, tc := range map[string]struct {
		records [][]byte
		want    string
	}{
		"both sorts":        {[][]byte{slide}, "コンテンツの\n有効化\nEnable\ncontent é"},
		"length that lies":  {[][]byte{narrow, lying, wide}, "Enable\ncontent é"},
		"names are no text": {[][]byte{fixture.PPTAtom(0, rtCString, fixture.UTF16("name"))}, ""},
		"none":              {nil, ""},
	} {
		d, got := textOf(t, fixture.PPTShow(tc.records, nil))
		if got != tc.want || d.Kind != "ppt" || len(d.Problems) > 0 {
			t.Errorf("%s: %q, %v", name, got, d.Problems)
		}
	}
	if _, got := textOf(t, fixture.PPTEncrypted()); got != "" {
		t.Errorf("encrypted: %q", got)
	}
}

func TestActionsOfPresentations(t *testing.T) {
	d := readBytes(t, fixture.PPTShow([][]byte{
		fixture.PPTAction(actionMacro, "show.ppt!Module1.Run"), fixture.PPTAction(actionMacro, "Other"), fixture.PPTAction(actionProgram, `C:\Windows\system32\cmd.exe`),
		fixture.PPTAction(4, "a hyperlink"), fixture.PPTAction(actionProgram, ""),
	}, nil))
	if diff := cmp.Diff([]string{"Module1.Run", "Other"}, d.Callbacks); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Command{{Path: "PowerPoint Document", Text: `C:\Windows\system32\cmd.exe`}}, d.DDE); diff != "" {
		t.Error(diff)
	}
}

func TestAPresentationSaysWhatItsObjectsAre(t *testing.T) {
	storage := func(name string) []byte {
		return fixture.PPTAtom(0, 0x1011, fixture.OLE(fixture.Stream(name, []byte("x"))))
	}
	records := [][]byte{
		fixture.PPTShape(2, 5, "Forms.CommandButton.1"), fixture.PPTShape(1, 6, "Excel.Sheet.8"), fixture.PPTShape(0, 7, "Equation.3"), fixture.PPTShape(0, 99, "None"),
		storage("a"), storage("b"), storage("c"), storage("d"),
	}
	d := readBytes(t, fixture.PPTShow(records, map[uint32]int{5: 4, 6: 5, 7: 6}))
	var got []string
	for _, o := range d.Objects {
		got = append(got, string(o.Kind)+" "+o.Class)
	}
	if diff := cmp.Diff([]string{"control Forms.CommandButton.1", "link Excel.Sheet.8", "object Equation.3", "object "}, got); diff != "" {
		t.Error(diff)
	}
}

func TestUserEditsInACircleEnd(t *testing.T) {
	shape := fixture.PPTShape(0, 5, "x")
	show := fixture.PPTShow([][]byte{shape}, map[uint32]int{5: 0})
	i := bytes.Index(show, []byte{0xF5, 0x0F, 28, 0, 0, 0})
	binary.LittleEndian.PutUint32(show[i+14:], uint32(i)) // offsetLastEdit: somewhere behind
	if d := readBytes(t, show); len(d.Problems) > 0 {
		t.Errorf("%v", d.Problems)
	}
}

func TestTextOfUnknownStructure(t *testing.T) {
	_, old := textOf(t, fixture.OLE(fixture.Stream("PP40", []byte("\x00\x01short\x02\x00a longer text\x00"))))
	if old != "a longer text" {
		t.Errorf("PowerPoint 95: %q", old)
	}
	contents := append([]byte("CHNKINK \x04\x00"), append([]byte{0, 0}, fixture.UTF16("コンテンツの有効化\x00ab\x00")...)...)
	_, pub := textOf(t, fixture.OLE(fixture.Storage("Quill", fixture.Storage("QuillSub", fixture.Stream("CONTENTS", contents)))))
	if pub != "コンテンツの有効化" {
		t.Errorf("Publisher: %q", pub)
	}
}

// FuzzSlides holds that the walk ends, that text is UTF-8, and that nothing is run by a presentation without an action.
func FuzzSlides(f *testing.F) {
	f.Add(fixture.PPTContainer(1006, fixture.PPTAtom(0, rtTextChars, fixture.UTF16("a")), fixture.PPTAtom(0, rtTextBytes, []byte("b")), fixture.PPTAction(1, "m")))
	f.Add(append(fixture.PPTShape(2, 5, "x"), fixture.PPTAction(2, "cmd")...))
	f.Fuzz(func(t *testing.T, doc []byte) {
		var text bytes.Buffer
		d := readWith(t, fixture.PPTShow([][]byte{doc}, map[uint32]int{5: 0}), Options{Text: &text})
		if !utf8.Valid(text.Bytes()) || text.Len() > 4*len(doc)+1000 {
			t.Errorf("%d bytes of %d", text.Len(), len(doc))
		}
		if len(d.DDE)+len(d.Callbacks) > 0 && !bytes.Contains(doc, []byte{0xF2, 0x0F}) {
			t.Errorf("%v %v", d.DDE, d.Callbacks)
		}
	})
}
