package oleparse

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
)

var shellExplorer = fixture.CLSID(0xEAB22AC3, 0x30C1, 0x11CF, [8]byte{0xA7, 0xEB, 0, 0, 0xC0, 0x5B, 0xAE, 0x0B})

func TestTheClassIsThatOfTheStorage(t *testing.T) {
	other := fixture.OfficeCLSID(0x1234)
	for name, tc := range map[string]struct {
		storage [16]byte
		stream  []byte // \x01CompObj
		want    string
	}{
		"nothing":                   {want: ""},
		"known":                     {storage: shellExplorer, want: "Shell.Explorer.1"},
		"known, with a false name":  {storage: shellExplorer, stream: fixture.CompObj(other, "Picture", "Paint.Picture"), want: "Shell.Explorer.1"},
		"known in the stream":       {stream: fixture.CompObj(shellExplorer, "Picture", "Paint.Picture"), want: "Shell.Explorer.1"},
		"name":                      {storage: other, stream: fixture.CompObj(other, "User", "Prog.1"), want: "Prog.1"},
		"no name":                   {storage: other, want: "{00001234-0000-0000-C000-000000000046}"},
		"no name, class in stream":  {stream: fixture.CompObj(other, "User", ""), want: "{00001234-0000-0000-C000-000000000046}"},
		"only what people are told": {stream: fixture.CompObj([16]byte{}, "User", ""), want: "User"},
		"name that is no text":      {storage: other, stream: fixture.CompObj(other, "User", "a\x01b"), want: "{00001234-0000-0000-C000-000000000046}"},
	} {
		s := fixture.Storage("_1", fixture.Stream("thing", nil))
		if s.CLSID = tc.storage; tc.stream != nil {
			s.Kids = append(s.Kids, fixture.Stream("\x01CompObj", tc.stream))
		}
		if d := readBytes(t, fixture.DocWith(s)); len(d.Objects) != 1 || d.Objects[0].Class != tc.want {
			t.Errorf("%s: %+v", name, d.Objects)
		}
	}
}

// wideCompObj is \x01CompObj with names in both forms and clipboard formats of every sort.
func wideCompObj(format []byte) []byte {
	le := binary.LittleEndian
	text := func(s string) []byte { return append(le.AppendUint32(nil, uint32(len(s))), s...) }
	b := append(make([]byte, 28), text("ansi user\x00")...)
	b = append(append(b, format...), text("Ansi.Prog\x00")...)
	b = le.AppendUint32(b, 0x71B239F4)
	wide := func(s string) []byte { return append(le.AppendUint32(nil, uint32(len(s))), fixture.UTF16(s)...) }
	b = append(append(b, wide("wide user\x00")...), 0, 0, 0, 0)
	return append(b, wide("Wide.Prog\x00")...)
}

func TestCompObjInUTF16WinsOverTheCodePage(t *testing.T) {
	for name, format := range map[string][]byte{
		"no format": {0, 0, 0, 0}, "number": {0xFF, 0xFF, 0xFF, 0xFF, 3, 0, 0, 0}, "Macintosh's": {0xFE, 0xFF, 0xFF, 0xFF, 'P', 'I', 'C', 'T'}, "name": {2, 0, 0, 0, 'x', 0},
	} {
		if o := parseCompObj(wideCompObj(format), westEuropean); o.progID != "Wide.Prog" || o.userType != "wide user" {
			t.Errorf("%s: %+v", name, o)
		}
	}
	whole := wideCompObj([]byte{0, 0, 0, 0})
	for n := range whole { // what is cut tells what it has
		o := parseCompObj(whole[:n], westEuropean)
		if o.progID != "" && o.progID != "Ansi.Prog" || o.userType != "" && o.userType != "ansi user" && o.userType != "wide user" {
			t.Errorf("%d: %+v", n, o)
		}
	}
}

func TestControlsOfWordHaveTheNameThatMacrosKnow(t *testing.T) {
	d := readBytes(t, fixture.DocWith(
		fixture.Storage("_1", fixture.Stream("\x03OCXNAME", fixture.UTF16("CommandButton1\x00\x00"))),
		fixture.Storage("_2", fixture.Stream("\x03OCXDATA", []byte("x"))),
		fixture.Storage("_3", fixture.Stream("\x03ObjInfo", []byte{0, 0x10, 3, 0})),
		fixture.Storage("_4", fixture.Stream("\x03ObjInfo", []byte{0})),
	))
	var kinds []ObjectKind
	for _, o := range d.Objects {
		kinds = append(kinds, o.Kind)
	}
	if len(kinds) != 4 || kinds[0] != ObjectControl || kinds[1] != ObjectControl || kinds[2] != ObjectControl || kinds[3] != ObjectEmbedded {
		t.Errorf("%v", d.Objects)
	}
	if len(d.Controls) != 1 || d.Controls[0] != "CommandButton1" || d.Objects[0].Name != "CommandButton1" {
		t.Errorf("%v", d.Controls)
	}
}

func TestTheShortcutInAnExplorerIsAFile(t *testing.T) {
	link := string(shellLink) + "rest"
	for name, class := range map[string][16]byte{"Explorer": shellExplorer, "another class": fixture.OfficeCLSID(0x1234)} {
		s := fixture.Storage("_1", fixture.Stream("\x03OCXDATA", []byte(strings.Repeat("x", 76)+link)), fixture.Storage("inner"))
		s.CLSID = class
		var want []string
		if class == shellExplorer {
			want = []string{"ObjectPool/_1/\x03OCXDATA||" + link}
		}
		if diff := cmp.Diff(want, filesOf(t, readBytes(t, fixture.DocWith(s)))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestStoragesAreObjectsByTheirNames(t *testing.T) {
	for name, want := range map[string]bool{
		"MBD0012ABCF": true, "mbd0012abcf": true, "LNK00000001": true, "MBD0012ABC": false, "MBD0012ABCG": false, "MBX0012ABCF": false, "": false, "MBD0012ABCF1": false,
	} {
		if isObjectName(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
		if name == "" {
			continue
		}
		d := readBytes(t, fixture.XLSWith(fixture.Storage(name, fixture.Stream("a", []byte("x")))))
		if (len(d.Objects) == 1) != want || (len(d.Files) == 1) != want {
			t.Errorf("%q: %v", name, d.Objects)
		}
	}
}

func TestADocumentIsNoObjectOfItself(t *testing.T) {
	ole, comp := fixture.Stream("\x01Ole", fixture.OLEStream()), fixture.Stream("\x01CompObj", fixture.CompObj(fixture.OfficeCLSID(0x20906), "Word", "Word.Document.8"))
	for name, file := range map[string][]byte{
		"document":          fixture.OLE(ole, comp, fixture.Stream("WordDocument", fixture.WordHead(0)), fixture.Stream("thing", []byte("x"))),
		"workbook":          fixture.OLE(ole, comp, fixture.Stream("Workbook", fixture.BIFF())),
		"nothing but OLE's": fixture.OLE(ole, comp),
		"project":           fixture.VBABin("Module1", ""),
	} {
		if d := readBytes(t, file); len(d.Objects)+len(d.Files) > 0 {
			t.Errorf("%s: %v %v", name, d.Objects, d.Files)
		}
	}
	linked := fixture.OLE(fixture.Stream("\x01Ole", fixture.OLEStream(fixture.URLMoniker("http://example.com/"))))
	if d := readBytes(t, linked); len(d.Objects) != 1 || d.Objects[0].Kind != ObjectLinked {
		t.Errorf("linked: %v", d.Objects)
	}
	empty := show(fixture.PPTObject(fixture.OLE(), false))
	if d := readBytes(t, empty); len(d.Objects) > 0 {
		t.Errorf("empty storage: %v", d.Objects)
	}
}

func TestObjectsInPackagesAreLeftToTheirInspection(t *testing.T) {
	bin := fixture.OLE(fixture.Stream("\x01Ole10Native", fixture.Named("a.exe", []byte("MZ")).Native()))
	d := readParts(t, append(fixture.DOCXParts(), fixture.Part{Name: "word/embeddings/oleObject1.bin", Data: string(bin)}))
	for _, f := range d.Files {
		if f.Name == "a.exe" {
			t.Errorf("%+v", f)
		}
	}
}

func TestMoreObjectsThanTheLimitAreNotListed(t *testing.T) {
	var nodes []fixture.Node
	for i := range objectsMax + 10 {
		nodes = append(nodes, fixture.Storage("_"+string(rune('0'+i%10))+string(rune(0x4E00+i)), fixture.Stream("\x03ObjInfo", []byte{0, 0})))
	}
	if d := readBytes(t, fixture.DocWith(nodes...)); len(d.Objects) != objectsMax || d.Unread() {
		t.Errorf("%d, %v", len(d.Objects), d.Problems)
	}
}

func TestALinkElsewhereIsKeptWhenTheListIsFull(t *testing.T) {
	c := &compound{r: &reading{doc: &Document{}}}
	for range linksMax + 5 {
		c.addLink(Link{Target: "local"})
	}
	c.addLink(Link{Target: "remote", Remote: true})
	c.addLink(Link{Target: "another", Remote: true})
	c.addLink(Link{Target: "template", Type: LinkTemplate, Remote: true})
	if l := c.r.doc.Links; len(l) != linksMax || l[linksMax-1].Target != "template" {
		t.Errorf("%d, %+v", len(l), l[len(l)-1])
	}
}

func TestFilesCanBeReadAgain(t *testing.T) {
	d := readBytes(t, fixture.DocWith(fixture.PackageObject("_1", fixture.Named("a", bytes.Repeat([]byte("x"), 100000)))))
	first, second := filesOf(t, d), filesOf(t, d)
	if len(first) != 1 || first[0] != second[0] || len(first[0]) < 100000 {
		t.Errorf("%d and %d bytes", len(first[0]), len(second[0]))
	}
}

// counted is a file that counts what is read of it.
type counted struct {
	*bytes.Reader
	n int64
}

func (c *counted) ReadAt(b []byte, off int64) (int, error) {
	n, err := c.Reader.ReadAt(b, off)
	c.n += int64(n)
	return n, err
}

func TestWhatIsReadGrowsWithTheFile(t *testing.T) {
	read := func(n int) (int64, int64) {
		var nodes []fixture.Node
		for i := range n {
			nodes = append(nodes, fixture.PackageObject(fmt.Sprintf("_%08d", i), fixture.Named("a.exe", bytes.Repeat([]byte("MZ"), 3000))))
		}
		file := fixture.DocWith(nodes...)
		r := &counted{Reader: bytes.NewReader(file)}
		d, err := ReadOLE(context.Background(), r, int64(len(file)), Options{})
		if err != nil || len(d.Files) != n || len(d.Problems) > 0 {
			t.Fatalf("%v, %d files, %v", err, len(d.Files), d.Problems)
		}
		filesOf(t, d)
		return r.n, int64(len(file))
	}
	small, size := read(100)
	large, _ := read(200)
	if small > 4*size || large > small*5/2 {
		t.Errorf("%d bytes of %d are read, %d of twice as many objects", small, size, large)
	}
}
