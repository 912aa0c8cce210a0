package oleparse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"sekisho/internal/fixture"
)

func TestPackageKindIsThatOfItsMainPart(t *testing.T) {
	for contentType, want := range mainTypes {
		if d := readParts(t, append(fixture.OPC("/any/name.xml", contentType), fixture.Part{Name: "any/name.xml"})); d.Kind != want || len(d.Problems) > 0 {
			t.Errorf("%s: %q, want %q, %v", contentType, d.Kind, want, d.Problems)
		}
	}
}

// utf16Part is a part's text in UTF-16 with its mark.
func utf16Part(p fixture.Part) fixture.Part {
	b := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(p.Data)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return fixture.Part{Name: p.Name, Data: string(b)}
}

func TestPackageKindSurvivesOddities(t *testing.T) {
	const docm = "application/vnd.ms-word.document.macroEnabled.main+xml"
	sound := fixture.DOCMParts("")
	types, rels := sound[0], sound[1]
	for _, tc := range []struct {
		name, want string
		parts      []fixture.Part
	}{
		{"names in other case", "docm", append(fixture.OPC("/WORD/Document.XML", docm), sound[2:]...)},
		{"types in UTF-16", "docm", append([]fixture.Part{utf16Part(types), rels}, sound[2:]...)},
		{"relationship to nowhere", "docm", append([]fixture.Part{types, {Name: rels.Name, Data: strings.ReplaceAll(rels.Data, "word/", "w/")}}, sound[2:]...)},
		{"no relationships", "docm", append([]fixture.Part{types}, sound[2:]...)},
		{"no types", "docx", sound[1:]},
		{"types that are no XML", "docx", append([]fixture.Part{{Name: types.Name, Data: "<Types <<<"}, rels}, sound[2:]...)},
		{"type by extension", "docm", []fixture.Part{{Name: types.Name, Data: `<Types><Default Extension="XML" ContentType="` + docm + `"/></Types>`}, rels, sound[2], sound[3]}},
		{"backslashes", "docx", []fixture.Part{{Name: `word\document.xml`}, sound[3]}},
		{"another package", "ooxml", append(fixture.OPC("/x.xml", "application/x"), sound[3])},
	} {
		d := readParts(t, tc.parts)
		if d.Kind != tc.want || len(modulesOf(d)) != 1 || d.Unread() {
			t.Errorf("%s: %q, %d modules, %v", tc.name, d.Kind, len(modulesOf(d)), d.Problems)
		}
	}
}

func TestAProjectIsFoundInAPartOfAnyName(t *testing.T) {
	sound := fixture.DOCXParts()
	for _, name := range []string{"word/media/image1.png", "customXml/item1.xml", "x", "word/VBAPROJECT.BIN"} {
		d := readParts(t, append(sound[:len(sound):len(sound)], fixture.Part{Name: name, Data: string(fixture.VBABin("Module1", ""))}))
		if len(d.Projects) != 1 || d.Projects[0].Path != name || d.Kind != "docx" {
			t.Errorf("%s: %+v", name, d.Projects)
		}
	}
}

func TestAPartOfTheProjectsNameIsNoProjectByThat(t *testing.T) {
	d := readParts(t, append(fixture.DOCXParts(), fixture.Part{Name: "word/vbaProject.bin", Data: "nothing of the kind"}))
	if len(d.Projects) != 0 {
		t.Errorf("%+v", d.Projects)
	}
}

// failing is a package with a part that fails at once, or after some bytes.
type failing struct {
	parts
	late bool
}

var errPart = errors.New("checksum does not match")

func (f failing) Open(name string) (io.ReadCloser, error) {
	r, err := f.parts.Open(name)
	switch {
	case name != "word/vbaProject.bin":
		return r, err
	case f.late:
		return io.NopCloser(io.MultiReader(io.LimitReader(r, 3000), errReader{})), nil
	default:
		return nil, errPart
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errPart }

func TestAPartThatCannotBeReadIsUnread(t *testing.T) {
	for _, late := range []bool{false, true} {
		d, err := ReadOOXML(context.Background(), failing{parts(fixture.DOCMParts("")), late}, Options{})
		if err != nil || !d.Unread() || !strings.Contains(fmt.Sprint(d.Problems), "checksum") {
			t.Errorf("late %v: %v, %v", late, err, d.Problems)
		}
	}
}

func TestPartsShareOneLimitOfMemory(t *testing.T) {
	p := fixture.DOCXParts()
	for i := range 20 {
		p = append(p, fixture.Part{Name: fmt.Sprint(i), Data: string(fixture.OLE(fixture.Stream("s", make([]byte, 50000))))})
	}
	d, err := ReadOOXML(context.Background(), parts(p), Options{Unpacked: 300000})
	if err != nil || !d.Unread() {
		t.Errorf("%v, %v", err, d.Problems)
	}
}

func FuzzReadOOXML(f *testing.F) {
	for _, p := range fixture.DOCMParts("") {
		f.Add(p.Name, p.Data, "x", "")
	}
	f.Add("[Content_Types].xml", fixture.OPC("/a", "application/vnd.ms-visio.drawing.main+xml")[0].Data, "_rels/.rels", `<Relationship Type="/officeDocument" Target="a"/>`)
	f.Add("word/document.xml", fixture.WordParts(fixture.FieldStart + fixture.FieldCode("D") + fixture.WordField("", "QUOTE 68 69") + fixture.FieldCode(" cmd x") + fixture.FieldEnd)[2].Data,
		"word/_rels/document.xml.rels", fixture.Rels("", fixture.Rel{ID: "a", Type: "attachedTemplate", Target: "http://example.com/", External: true}).Data)
	f.Add("xl/worksheets/sheet1.xml", fixture.SheetParts(`<sheetData><c><f>cmd|'x'!A0</f></c><c><is><t>x</t></is></c></sheetData><controls><control r:id="a" name="b"/></controls>`)[4].Data,
		"xl/worksheets/_rels/sheet1.xml.rels", fixture.Rels("", fixture.Rel{ID: "a", Type: "control", Target: "../x.xml"}).Data)
	f.Add("ppt/slides/slide1.xml", fixture.SlideParts(`<a:hlinkMouseOver r:id="a" action="ppaction://program"/>`)[4].Data, "customUI.xml", ribbon)
	f.Fuzz(func(t *testing.T, name1, data1, name2, data2 string) {
		d, err := ReadOOXML(context.Background(), parts{{Name: name1, Data: data1}, {Name: name2, Data: data2}}, Options{Source: 1 << 20, Unpacked: 1 << 20})
		if err != nil {
			t.Fatalf("an error for what is the document's: %v", err)
		}
		if d.Kind == "" {
			t.Fatal("no kind")
		}
		if len(d.Links) > linksMax || len(d.DDE) > commandsMax || len(d.Callbacks) > callbacksMax || len(d.OnLoad) > callbacksMax {
			t.Fatal("more than a limit")
		}
		if len(d.Projects) > 0 && !IsOLE([]byte(data1)) && !IsOLE([]byte(data2)) {
			t.Fatal("a project from nowhere")
		}
	})
}
