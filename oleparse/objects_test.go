package oleparse

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
)

// filesOf reads the files of a document: path, name and content of each.
func filesOf(t *testing.T, d *Document) []string {
	t.Helper()
	var list []string
	for _, f := range d.Files {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatalf("%s: %v", f.Path, err)
		}
		list = append(list, fmt.Sprintf("%s|%s|%s", f.Path, f.Name, b))
	}
	return list
}

func class(n fixture.Node, id [16]byte) fixture.Node {
	n.CLSID = id
	return n
}

func TestObjectsAreListedWhereTheirProgramsPutThem(t *testing.T) {
	thing := fixture.Packed{Label: "a.txt", Source: `C:\a.txt`, Temp: `C:\t\a.txt`, Data: []byte("hello")}
	native := fixture.Stream("\x01Ole10Native", thing.Native())
	comp := func(id uint32, name string) fixture.Node {
		return fixture.Stream("\x01CompObj", fixture.CompObj(fixture.OfficeCLSID(id), name+" Object", name))
	}
	sheet := fixture.Storage("_1", comp(0x20820, "Excel.Sheet.8"), fixture.Stream("Workbook", fixture.BIFF()))
	pdf := fixture.Stream("CONTENTS", []byte("%PDF-1.4"))
	for name, tc := range map[string]struct {
		file    []byte
		objects []Object
		files   []string
	}{
		"none": {file: fixture.DocPlain()},
		"Word package": {
			fixture.DocWith(fixture.PackageObject("_1234", thing)),
			[]Object{{Path: "ObjectPool/_1234", Kind: ObjectPackage, Class: "Package", Name: "a.txt"}},
			[]string{"ObjectPool/_1234/\x01Ole10Native|a.txt|hello"},
		},
		"workbook in a document": {
			fixture.DocWith(sheet), []Object{{Path: "ObjectPool/_1", Kind: ObjectEmbedded, Class: "Excel.Sheet.8"}}, nil,
		},
		"PDF in a workbook": {
			fixture.XLSWith(fixture.Storage("MBD0012ABCF", comp(1, "AcroExch.Document.7"), pdf)),
			[]Object{{Path: "MBD0012ABCF", Kind: ObjectEmbedded, Class: "AcroExch.Document.7"}},
			[]string{"MBD0012ABCF/CONTENTS||%PDF-1.4"},
		},
		"package in a document in a workbook": {
			fixture.XLSWith(fixture.Storage("MBD00000001", fixture.Stream("WordDocument", fixture.WordHead(0)),
				fixture.Storage("ObjectPool", fixture.Storage("_2", native)))),
			[]Object{{Path: "MBD00000001", Kind: ObjectEmbedded}, {Path: "MBD00000001/ObjectPool/_2", Kind: ObjectPackage, Name: "a.txt"}},
			[]string{"MBD00000001/ObjectPool/_2/\x01Ole10Native|a.txt|hello"},
		},
		"object of a presentation": {
			show(fixture.PPTObject(fixture.OLE(native), true)),
			[]Object{{Path: "PowerPoint Document/ExOleObjStg@0x30", Kind: ObjectPackage, Name: "a.txt"}},
			[]string{"PowerPoint Document/ExOleObjStg@0x30/\x01Ole10Native|a.txt|hello"},
		},
		"project of a presentation": {file: fixture.PPTVBA("")},
		"storage by itself": {
			fixture.OLE(fixture.Stream("\x01Ole", fixture.OLEStream()), native),
			[]Object{{Path: "Root Entry", Kind: ObjectPackage, Name: "a.txt"}},
			[]string{"\x01Ole10Native|a.txt|hello"},
		},
		"Publisher": {
			fixture.OLE(fixture.Storage("Quill", class(fixture.Storage("QuillSub", comp(5, "Quill")), fixture.OfficeCLSID(5))),
				fixture.Storage("Objects", fixture.Storage("Object 1", fixture.Stream("\x01Ole", fixture.OLEStream()), pdf))),
			[]Object{{Path: "Objects/Object 1", Kind: ObjectEmbedded}},
			[]string{"Objects/Object 1/CONTENTS||%PDF-1.4"},
		},
		"control in Word": {
			fixture.DocWith(fixture.Storage("_3", fixture.Stream("\x03OCXNAME", fixture.UTF16("Button1")), comp(7, "Some.Control.1"))),
			[]Object{{Path: "ObjectPool/_3", Kind: ObjectControl, Class: "Some.Control.1", Name: "Button1"}}, nil,
		},
		"control by its class": {
			fixture.XLSWith(class(fixture.Storage("MBD00000002", fixture.Stream("thing", []byte("y"))),
				fixture.CLSID(0x8856F961, 0x340A, 0x11D0, [8]byte{0xA9, 0x6B, 0, 0xC0, 0x4F, 0xD7, 0x05, 0xA2}))),
			[]Object{{Path: "MBD00000002", Kind: ObjectControl, Class: "Shell.Explorer.2"}},
			[]string{"MBD00000002/thing||y"},
		},
		"controls of a workbook": {
			fixture.XLSWith(fixture.Stream("Ctls", []byte("z"))), []Object{{Path: "Ctls", Kind: ObjectControl}}, nil,
		},
		"UserForm": {file: fixture.OLE(fixture.Stream("WordDocument", fixture.WordHead(0)), fixture.Storage("Macros",
			fixture.Storage("UserForm1", comp(8, "Forms.Form.1"), fixture.Stream("f", []byte("1")), fixture.Stream("o", []byte("2")))))},
		"equation behind another class": {
			fixture.DocWith(class(fixture.Storage("_4", comp(9, "Word.Document.8"), fixture.Stream("Equation Native", fixture.EquationNative())), fixture.OfficeCLSID(0x2CE02))),
			[]Object{{Path: "ObjectPool/_4", Kind: ObjectEmbedded, Class: "Equation.3"}}, nil,
		},
	} {
		d := readBytes(t, tc.file)
		if diff := cmp.Diff(tc.objects, d.Objects); diff != "" {
			t.Errorf("%s: objects (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(tc.files, filesOf(t, d)); diff != "" {
			t.Errorf("%s: files (-want +got):\n%s", name, diff)
		}
		if len(d.Problems) > 0 {
			t.Errorf("%s: %v", name, d.Problems)
		}
	}
}

func TestALinkTellsWhereItLeads(t *testing.T) {
	unc := `\\files.example.com\share\a.doc`
	script := fixture.CLSID(0x06290BD3, 0x48AA, 0x11D2, [8]byte{0x84, 0x32, 0, 0x60, 0x08, 0xC3, 0xFB, 0xFC})
	for name, tc := range map[string]struct {
		stream  []byte
		targets []string
		remote  bool
	}{
		"embedded":         {fixture.OLEStream(), nil, false},
		"address":          {fixture.OLEStream(fixture.URLMoniker("http://example.com/a.hta")), []string{"http://example.com/a.hta"}, true},
		"share":            {fixture.OLEStream(fixture.FileMoniker("a.doc", ""), fixture.FileMoniker("x", unc)), []string{unc, "a.doc"}, true},
		"local file":       {fixture.OLEStream(fixture.FileMoniker(`C:\a.doc`, "")), []string{`C:\a.doc`}, false},
		"in a composite":   {fixture.OLEStream(fixture.CompositeMoniker(fixture.URLMoniker("https://example.com/x"), []byte("item"))), []string{"https://example.com/x"}, true},
		"script":           {fixture.OLEStream(append(script[:], fixture.FileMoniker("", "http://example.com/a.sct")...)), []string{"script:http://example.com/a.sct"}, true},
		"sizes that lie":   {bytes.ReplaceAll(fixture.OLEStream(fixture.URLMoniker("http://example.com/")), []byte{60, 0, 0, 0}, []byte{255, 255, 255, 255}), []string{"http://example.com/"}, true},
		"cut in the flags": {fixture.OLEStream(fixture.URLMoniker("http://example.com/"))[:6], nil, false},
	} {
		d := readBytes(t, fixture.DocWith(fixture.Storage("_1", fixture.Stream("\x01Ole", tc.stream))))
		var got []string
		for _, l := range d.Links {
			got = append(got, l.Target)
			if l.Remote != isRemote(l.Target) || l.Type != LinkOLE || l.Path != "ObjectPool/_1" {
				t.Errorf("%s: %+v", name, l)
			}
		}
		if diff := cmp.Diff(tc.targets, got); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", name, diff)
		}
		want := Object{Path: "ObjectPool/_1", Kind: ObjectEmbedded}
		if len(tc.targets) > 0 {
			want.Kind, want.Target = ObjectLinked, tc.targets[0]
			if d.Links[0].Remote != tc.remote {
				t.Errorf("%s: remote %v", name, !tc.remote)
			}
		}
		if len(d.Objects) != 1 || d.Objects[0] != want {
			t.Errorf("%s: %+v", name, d.Objects)
		}
	}
}

func TestATargetIsRemoteWhenAnotherMachineServesIt(t *testing.T) {
	for target, want := range map[string]bool{
		"http://example.com/a": true, "HTTPS://example.com": true, "ftp://example.com/x": true, `\\host\share\x.dot`: true, "//host/share": true,
		"file://host/share/a.dot": true, `file:\\host\share`: true, "file:////host/share": true, "script:http://example.com/": true,
		"mhtml:http://example.com/a!x-usc:http://example.com/b": true, `\\?\UNC\host\share`: true, `\\host@80\dav\x`: true,
		"": false, "a.dot": false, `C:\a.dot`: false, `c:/a/b`: false, "file:///C:/a.dot": false, "file://C:/a": false, `file:///C|/a`: false,
		`\\?\C:\a`: false, `\\.\pipe\x`: false, `\\localhost\c$`: false, "mailto:a@example.com": false, "http:": false, "a/b:c": false, ":": false, "x:y:z": false,
	} {
		if isRemote(target) != want {
			t.Errorf("%q: %v", target, !want)
		}
	}
}

func TestManyMonikersCostNoMoreThanTheirLimit(t *testing.T) {
	var list [][]byte
	for i := range 2000 {
		list = append(list, fixture.FileMoniker(fmt.Sprint("a", i), ""))
	}
	if got := parseLinks(fixture.OLEStream(list...), westEuropean); len(got) != monikersMax {
		t.Errorf("%d", len(got))
	}
}

func TestMoreFilesThanTheLimitAreUnread(t *testing.T) {
	var nodes []fixture.Node
	for i := range filesMax + 1 {
		nodes = append(nodes, fixture.Stream(fmt.Sprint("s", i), []byte("x")))
	}
	d := readBytes(t, fixture.DocWith(fixture.Storage("_1", nodes...)))
	if len(d.Files) != filesMax || !d.Unread() {
		t.Errorf("%d files, %v", len(d.Files), d.Problems)
	}
}

// FuzzObjects holds that what is told of objects is text, that files lie in the file, and that a link is only told of a linked object.
func FuzzObjects(f *testing.F) {
	p := fixture.Named("a.exe", []byte("MZ"))
	p.Wide = [3]string{"t", "a.exe", "s"}
	f.Add(p.Native(), fixture.OLEStream(fixture.URLMoniker("http://example.com/")), fixture.CompObj([16]byte{1}, "User", "Prog.ID"))
	f.Add(fixture.Packed{Label: "x", Command: "cmd.exe /c x"}.Native(), fixture.OLEStream(fixture.FileMoniker("a", `\\h\b`)), []byte{})
	f.Add([]byte("\x02\x00\x00\x00BM"), fixture.OLEStream(), bytes.Repeat([]byte{0xFF}, 90))
	f.Fuzz(func(t *testing.T, native, link, comp []byte) {
		d := readBytes(t, fixture.DocWith(fixture.Storage("_1", fixture.Stream("\x01Ole10Native", native),
			fixture.Stream("\x01Ole", link), fixture.Stream("\x01CompObj", comp))))
		if len(d.Objects) != 1 || len(d.Files) > 1 {
			t.Fatalf("%v, %d files", d.Objects, len(d.Files))
		}
		o := d.Objects[0]
		for _, s := range []string{o.Class, o.Target} {
			if strings.ToValidUTF8(s, "") != s {
				t.Errorf("%q", s)
			}
		}
		for _, s := range filesOf(t, d) {
			_, content, _ := strings.Cut(s, "|")
			if _, content, _ = strings.Cut(content, "|"); strings.Contains(o.Name, "|") {
				continue
			}
			if utf8.ValidString(content) && strings.ContainsFunc(content, func(r rune) bool { return r >= utf8.RuneSelf }) {
				continue // a command, in UTF-8: in the file it is in a code page
			}
			if !bytes.Contains(native, []byte(content)) {
				t.Errorf("%q is not in %q", content, native)
			}
		}
		if len(d.Links) == 0 && o.Kind == ObjectLinked {
			t.Errorf("%+v", o)
		}
	})
}
