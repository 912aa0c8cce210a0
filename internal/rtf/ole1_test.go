package rtf_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
	"sekisho/internal/rtf"
)

func TestObjects(t *testing.T) {
	doc := fixture.DocPlain()
	junk := []byte("\x01\x05\x00\x00\x02\x00\x00\x00\xFF\xFF\xFF\xFFjunk")
	huge := fixture.OLE1("Word.Document.8", doc)
	binary.LittleEndian.PutUint32(huge[len(huge)-len(doc)-4:], 0xFFFFFFF0)
	lying := fixture.OLE1("Word.Document.8", append([]byte("four"), doc...))
	for _, tt := range []struct {
		name    string
		data    []byte
		want    rtf.Object
		content []byte
	}{
		{"embedded", fixture.OLE1("Word.Document.8", doc), rtf.Object{Kind: rtf.KindEmbedded, Class: "Word.Document.8"}, doc},
		{"no class", fixture.OLE1("", doc), rtf.Object{Kind: rtf.KindEmbedded}, doc},
		{"trailing presentation", append(fixture.OLE1("A", []byte("native")), "presentation"...), rtf.Object{Kind: rtf.KindEmbedded, Class: "A"}, []byte("native")},
		{"size beyond the end", huge, rtf.Object{Kind: rtf.KindEmbedded, Class: "Word.Document.8"}, doc},
		{"compound file behind other bytes", lying, rtf.Object{Kind: rtf.KindEmbedded, Class: "Word.Document.8"}, doc},
		{"any version", append([]byte("\xDE\xAD\xBE\xEF"), fixture.OLE1("A", doc)[4:]...), rtf.Object{Kind: rtf.KindEmbedded, Class: "A"}, doc},
		{"header of nonsense before a compound file", append(junk, doc...), rtf.Object{Kind: rtf.KindRaw}, doc},
		{"header of nonsense before a program", append(junk, "MZ\x90 This program cannot"...), rtf.Object{Kind: rtf.KindRaw}, []byte("MZ\x90 This program cannot")},
		{"header of nonsense", junk, rtf.Object{Kind: rtf.KindRaw}, junk},
		{"a compound file and no header", doc, rtf.Object{Kind: rtf.KindRaw}, doc},
		{"a few bytes", []byte("abc"), rtf.Object{Kind: rtf.KindRaw}, []byte("abc")},
		{"nothing", nil, rtf.Object{Kind: rtf.KindEmpty}, nil},
		{"another format", append([]byte{1, 5, 0, 0, 9, 0, 0, 0}, doc...), rtf.Object{Kind: rtf.KindRaw}, doc},
		{"link", fixture.OLE1Link("Excel.Sheet.8", `\\host\a.xls`), rtf.Object{Kind: rtf.KindLinked, Class: "Excel.Sheet.8", Target: `\\host\a.xls`}, make([]byte, 12)},
		{"package", fixture.OLE1Package("a.bat", `C:\x\b.bat`, []byte("echo")),
			rtf.Object{Kind: rtf.KindPackage, Class: "Package", Name: "a.bat", Source: `C:\x\b.bat`}, []byte("echo")},
		{"package without a label", fixture.OLE1Package("", `C:\x\b.bat`, []byte("echo")),
			rtf.Object{Kind: rtf.KindPackage, Class: "Package", Name: "b.bat", Source: `C:\x\b.bat`}, []byte("echo")},
		{"package that links", fixture.OLE1("Package", []byte("\x02\x00a\x00\\\\host\\a.exe\x00\x00\x00\x01\x00")),
			rtf.Object{Kind: rtf.KindLinked, Class: "Package", Name: "a", Source: `\\host\a.exe`, Target: `\\host\a.exe`}, nil},
		{"package cut short", fixture.OLE1("package", []byte("\x02\x00a.bat\x00C:")), rtf.Object{Kind: rtf.KindPackage, Class: "package"}, []byte("\x02\x00a.bat\x00C:")},
		{"package in Shift_JIS", fixture.OLE1Package("\x93\xfa.bat", "", []byte("echo")),
			rtf.Object{Kind: rtf.KindPackage, Class: "Package", Name: "日.bat"}, []byte("echo")},
		{"equation in any case", fixture.OLE1("eQuAtion.3", []byte("x")), rtf.Object{Kind: rtf.KindEmbedded, Class: "eQuAtion.3", Equation: true}, []byte("x")},
		{"equation 2", fixture.OLE1("Equation.2", nil), rtf.Object{Kind: rtf.KindEmbedded, Class: "Equation.2", Equation: true}, nil},
		{"equation by its stream", fixture.OLE1("A", fixture.EquationFile()), rtf.Object{Kind: rtf.KindEmbedded, Class: "A", Equation: true}, fixture.EquationFile()},
		{"equation by the root's identifier", fixture.OLE1("A", withCLSID(doc)), rtf.Object{Kind: rtf.KindEmbedded, Class: "A", Equation: true, Root: "{0002CE02-0000-0000-C000-000000000046}"}, withCLSID(doc)},
		{"equation as its bare data", fixture.OLE1("A", fixture.EquationNative()), rtf.Object{Kind: rtf.KindEmbedded, Class: "A", Equation: true}, fixture.EquationNative()},
		{"MathType", fixture.OLE1("Equation.DSMT4", []byte("x")), rtf.Object{Kind: rtf.KindEmbedded, Class: "Equation.DSMT4"}, []byte("x")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.Number = 1
			_, objects, _ := read(t, []byte(`{\rtf1\ansicpg932 `+fixture.RTFObject(tt.data)+`}`), rtf.Options{})
			if diff := cmp.Diff([]seen{{tt.want, string(tt.content)}}, objects); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// withCLSID is a compound file whose root has the equation editor's class.
func withCLSID(b []byte) []byte {
	b = bytes.Clone(b)
	root := (int(binary.LittleEndian.Uint32(b[48:]))+1)*512 + 80
	copy(b[root:], "\x02\xCE\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46")
	return b
}

func TestDeclarations(t *testing.T) {
	data := hex.EncodeToString(fixture.OLE1("A", []byte("a")))
	for _, tt := range []struct {
		name, words string
		want        rtf.Object
	}{
		{"class that lies", `\objemb{\*\objclass Word.Document.8}`, rtf.Object{Declared: "Word.Document.8"}},
		{"class in pieces", `\objemb{\*\objclass Equ{\b at}ion\'2e3}`, rtf.Object{Declared: "Equation.3", Equation: true}},
		{"identifier", `{\*\oleclsid \'7b0002CE02-0000-0000-c000-000000000046\'7d}`, rtf.Object{CLSID: "{0002CE02-0000-0000-c000-000000000046}", Equation: true}},
		{"loaded at once", `\objautlink\objupdate`, rtf.Object{Update: true, Linked: true}},
		{"control", `\objocx`, rtf.Object{Control: true}},
		{"of another object", `\objupdate{\*\objclass B}}{\object`, rtf.Object{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.Number, tt.want.Kind, tt.want.Class = 1, rtf.KindEmbedded, "A"
			_, objects, _ := read(t, []byte(`{\rtf1{\object`+tt.words+`{\*\objdata `+data+`}}}`), rtf.Options{})
			if diff := cmp.Diff([]seen{{tt.want, "a"}}, objects); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestContentMayBeLeft holds that a caller who does not read an object loses none behind it.
func TestContentMayBeLeft(t *testing.T) {
	one := fixture.RTFObject(fixture.OLE1("A", fixture.Noise(100_000)))
	b := fixture.RTF(one + one + one)
	n := 0
	doc, err := rtf.Read(context.Background(), bytes.NewReader(b), int64(len(b)), rtf.Options{Object: func(o *rtf.Object, _ io.Reader) error {
		if n++; o.Number != n || o.Class != "A" {
			t.Errorf("%+v", o)
		}
		return nil
	}})
	if err != nil || n != 3 || doc.Objects != 3 {
		t.Errorf("%d of %d objects, %v", n, doc.Objects, err)
	}
}

func TestLimits(t *testing.T) {
	one := fixture.RTFObject(fixture.OLE1("A", []byte("a")))
	doc, objects, _ := read(t, fixture.RTF(strings.Repeat(one, 30)), rtf.Options{Objects: 10})
	if len(objects) != 10 || doc.Objects != 30 || len(doc.Problems) != 1 || !doc.Problems[0].Unread {
		t.Errorf("%d of %d objects, %v", len(objects), doc.Objects, doc.Problems)
	}
	doc, _, _ = read(t, []byte(strings.Repeat("{", 70_000)), rtf.Options{})
	if len(doc.Problems) != 1 || !doc.Problems[0].Unread {
		t.Errorf("deep groups: %v", doc.Problems)
	}
	doc, _, _ = read(t, fixture.RTF(strings.Repeat(`{\field{\*\fldinst DDE a}}{\*\template \\\\a}`, 1000)), rtf.Options{})
	if len(doc.DDE) != 256 || len(doc.Links) != 256 {
		t.Errorf("%d commands, %d links", len(doc.DDE), len(doc.Links))
	}
}

// TestHostileCostIsLinear holds that shapes which invite repeated work are read in a bounded number of passes. It counts reads, not seconds.
func TestHostileCostIsLinear(t *testing.T) {
	for _, tt := range []struct{ name, file string }{
		{"objects inside objects", `{\rtf1` + strings.Repeat(`{\objdata 00`, 20_000)},
		{"objects behind objects in one group", `{\rtf1` + strings.Repeat(`\objdata 00`, 20_000)},
		{"lonely minus signs", `{\rtf1` + strings.Repeat(`\a-`, 100_000)},
		{"\\bin beyond the end", `{\rtf1\objdata ` + strings.Repeat(`\bin999999999 `, 20_000)},
		{"escapes", `{\rtf1\objdata ` + strings.Repeat(`\'`, 100_000)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &counting{r: strings.NewReader(tt.file)}
			_, err := rtf.Read(context.Background(), r, int64(len(tt.file)), rtf.Options{Object: func(_ *rtf.Object, r io.Reader) error {
				_, err := io.Copy(io.Discard, r)
				return err
			}})
			if limit := 8*int64(len(tt.file)) + 4<<20; err != nil || r.n > limit {
				t.Errorf("%d bytes read of %d, %v", r.n, len(tt.file), err)
			}
		})
	}
}

// counting counts the bytes that are read.
type counting struct {
	r io.ReaderAt
	n int64
}

func (c *counting) ReadAt(b []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(b, off)
	c.n += int64(n)
	return n, err
}
