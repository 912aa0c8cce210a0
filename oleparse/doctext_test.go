package oleparse

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"context"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/japanese"

	"sekisho/internal/fixture"
)

// textOf is a document with the text that was handed on.
func textOf(t *testing.T, b []byte) (*Document, string) {
	t.Helper()
	var text bytes.Buffer
	d := readWith(t, b, Options{Text: &text})
	return d, strings.TrimRight(text.String(), "\n")
}

func TestTextOfWord(t *testing.T) {
	sjis, err := japanese.ShiftJIS.NewEncoder().String("コンテンツの有効化\rを押す")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		doc  fixture.WordText
		want string
	}{
		"one piece":               {fixture.WordText{Pieces: []string{"Enable Content"}}, "Enable Content"},
		"other table":             {fixture.WordText{Pieces: []string{"Enable Content"}, Flags: flagTable1}, "Enable Content"},
		"pieces out of order":     {fixture.WordText{Pieces: []string{"Ena", "ble", " Content", "、", "編集"}}, "Enable Content、編集"},
		"marks of the layout":     {fixture.WordText{Pieces: []string{"a\rb\x07c\x0bd\x01\x08e\x1ef\x1fg"}}, "a\nb\tc\nde-fg"},
		"fields show their value": {fixture.WordText{Pieces: []string{"see \x13HYPERLINK \"x\"\x01\x14here\x15."}}, "see here."},
		"Word 95 in Japanese":     {fixture.WordText{Old: true, LID: 0x0411, Text: []byte(sjis)}, "コンテンツの有効化\nを押す"},
		"Word 95 in Russian":      {fixture.WordText{Old: true, LID: 0x0419, Text: []byte{0xC2, 0xEA, 0xEB}}, "Вкл"},
		"empty":                   {fixture.WordText{}, ""},
	} {
		d, got := textOf(t, tc.doc.Bytes())
		if got != tc.want || d.Kind != "doc" || len(d.Problems) > 0 {
			t.Errorf("%s: %q, %v", name, got, d.Problems)
		}
	}
	_, got := textOf(t, fixture.WordText{Pieces: []string{"wide", "x"}, Damaged: true}.Bytes())
	if !strings.Contains(got, "wide") {
		t.Errorf("damaged: %q", got)
	}
	if _, got := textOf(t, fixture.XLSWith(fixture.Storage("MBD00000001", fixture.WordText{Pieces: []string{"inner"}}.Nodes()...))); got != "inner" {
		t.Errorf("embedded: %q", got)
	}
	if _, got := textOf(t, fixture.WordText{Pieces: []string{"cipher"}, Flags: flagEncrypted}.Bytes()); got != "" {
		t.Errorf("encrypted: %q", got)
	}
}

func TestFieldsOfWord(t *testing.T) {
	type links []string
	for name, tc := range map[string]struct {
		text  []string
		dde   links
		links links
	}{
		"plain":             {text: []string{"\x13PAGE\x141\x15"}},
		"DDE":               {[]string{"\x13DDEAUTO c:\\\\windows\\\\cmd.exe \"/k calc\"\x14x\x15"}, links{`c:\windows\cmd.exe /k calc`}, nil},
		"small letters":     {[]string{"\x13 dde excel a.xls r1c1\x15"}, links{"excel a.xls r1c1"}, nil},
		"split in pieces":   {[]string{"\x13DD", "EAUTO cm", "d \"/c", " x\"\x15"}, links{"cmd /c x"}, nil},
		"nested QUOTE":      {[]string{"\x13\x13QUOTE 68 68 69\x15 \x13QUOTE 99 109 100\x15 a\x15"}, links{"cmd a"}, nil},
		"nested SET":        {[]string{"\x13SET c \"cmd /k calc\"\x15\x13DDEAUTO \x13REF c\x15 x\x15"}, links{"cmd /k calc x"}, nil},
		"result of a field": {[]string{"\x13DDE \x13IF 1\x14cmd\x15 y\x15"}, links{"cmd y"}, nil},
		"never ended":       {[]string{"\x13DDEAUTO cmd x"}, links{"cmd x"}, nil},
		"ended twice":       {[]string{"\x15\x14\x15\x13DDE cmd x\x15\x15"}, links{"cmd x"}, nil},
		"remote text":       {[]string{"\x13INCLUDETEXT \"http://example.com/a\"\x15"}, nil, links{"other http://example.com/a true"}},
		"local picture":     {[]string{"\x13INCLUDEPICTURE \"C:\\\\a.png\" \\* MERGEFORMAT\x15"}, nil, links{`other C:\a.png false`}},
		"linked object":     {[]string{"\x13LINK Excel.Sheet.8 \"\\\\\\\\h\\\\s\\\\a.xls\" \"A!R1C1\" \\a \\p\x15"}, nil, links{`ole \\h\s\a.xls true`}},
		"no target":         {[]string{"\x13LINK Excel.Sheet.8\x15\x13DDE\x15\x13\x15"}, nil, nil},
	} {
		d := readBytes(t, fixture.WordText{Pieces: tc.text}.Bytes())
		var dde, found links
		for _, c := range d.DDE {
			dde = append(dde, c.Text)
			if c.Path != "WordDocument" {
				t.Errorf("%s: %+v", name, c)
			}
		}
		for _, l := range d.Links {
			found = append(found, string(l.Type)+" "+l.Target+map[bool]string{true: " true", false: " false"}[l.Remote])
		}
		if diff := cmp.Diff(tc.dde, dde); diff != "" {
			t.Errorf("%s: DDE (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(tc.links, found); diff != "" {
			t.Errorf("%s: links (-want +got):\n%s", name, diff)
		}
	}
}

func TestATemplateOnAnotherMachineIsALink(t *testing.T) {
	for _, old := range []bool{false, true} {
		for target, want := range map[string]bool{
			`\\files.example.com\t\a.dot`: true, "http://example.com/a.dot": true, "Normal.dot": false, `C:\a.dot`: false, "": false,
		} {
			d := readBytes(t, fixture.WordText{Pieces: []string{"x"}, Text: []byte("x"), Template: target, Old: old}.Bytes())
			if got := len(d.Links) == 1 && d.Links[0] == (Link{Path: "WordDocument", Type: LinkTemplate, Target: target, Remote: true}); got != want {
				t.Errorf("%q (old %v): %v", target, old, d.Links)
			}
		}
	}
}

func TestTheSourceOfAMailMergeOnAnotherMachineIsALink(t *testing.T) {
	b := []byte{0xFF, 0xFF, 18, 0, 0, 0}
	for i := range 18 {
		s := ""
		if i == assocData || i == assocTitle {
			s = `\\h\s\a.mdb`
		}
		b = append(append(b, byte(len(s)), 0), fixture.UTF16(s)...)
	}
	main := make([]byte, 0x600)
	copy(main, fixture.WordHead(0))
	main[0x19E] = byte(len(b))
	d := readBytes(t, fixture.OLE(fixture.Stream("WordDocument", main), fixture.Stream("0Table", b)))
	if diff := cmp.Diff([]Link{{Path: "WordDocument", Type: LinkOther, Target: `\\h\s\a.mdb`, Remote: true}}, d.Links); diff != "" {
		t.Error(diff)
	}
}

const assocTitle = 0x02 // no path

func TestPiecesThatShareTheirBytesCostNoMoreThanTheText(t *testing.T) {
	clx := []byte{2, 0, 0, 0, 0}
	const n = 50000
	le := func(v uint32) []byte { return []byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)} }
	for i := range uint32(n + 1) {
		clx = append(clx, le(i*100000)...)
	}
	for range n {
		clx = append(clx, 0, 0, 0, 0, 0, 0, 0, 0)
	}
	copy(clx[1:], le(uint32(len(clx)-5)))
	main := make([]byte, 300000)
	copy(main, fixture.WordHead(0))
	copy(main[0x1A2:], append(le(0), le(uint32(len(clx)))...))
	_, text := textOf(t, fixture.OLE(fixture.Stream("WordDocument", main), fixture.Stream("0Table", clx)))
	if len(text) > textMax+1<<20 {
		t.Errorf("%d bytes", len(text))
	}
}

func TestLongTextIsNotCutInsideACharacter(t *testing.T) {
	for _, shift := range []string{"", "x"} {
		want := shift + strings.Repeat("😀", textChunk/2)
		if _, got := textOf(t, fixture.WordText{Pieces: []string{"", want}}.Bytes()); got != want {
			t.Errorf("UTF-16: %d bytes of %d", len(got), len(want))
		}
		want = shift + strings.Repeat(strings.Repeat("表", 100)+"\n", 300)
		sjis, err := japanese.ShiftJIS.NewEncoder().String(strings.ReplaceAll(want, "\n", "\r"))
		if err != nil {
			t.Fatal(err)
		}
		if _, got := textOf(t, fixture.WordText{Old: true, LID: 0x0411, Text: []byte(sjis)}.Bytes()); got != strings.TrimRight(want, "\n") {
			t.Errorf("Shift_JIS: %d bytes of %d", len(got), len(want))
		}
	}
	if n := cutText(make([]byte, textChunk+1), false); n != textChunk {
		t.Errorf("no paragraph: %d", n)
	}
}

func TestAButtonInTextNamesItsMacro(t *testing.T) {
	d := readBytes(t, fixture.WordText{Pieces: []string{"\x13MACROBUTTON Project.Module1.Run click here\x15\x13MACROBUTTON a.dot!Other x\x15\x13MACROBUTTON\x15"}}.Bytes())
	if diff := cmp.Diff([]string{"Project.Module1.Run", "Other"}, d.Callbacks); diff != "" {
		t.Error(diff)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestAWriterThatFailsIsAnError(t *testing.T) {
	b := fixture.WordText{Pieces: []string{"x"}}.Bytes()
	if _, err := ReadOLE(context.Background(), bytes.NewReader(b), int64(len(b)), Options{Text: fullDisk{}}); err == nil {
		t.Error("no error")
	}
}

// FuzzWord holds that text is UTF-8 and within its limit, and that a document without a field asks nobody for anything.
func FuzzWord(f *testing.F) {
	for _, w := range []fixture.WordText{
		{Pieces: []string{"a", "編集", "\x13DDEAUTO cmd x\x15"}, Template: `\\h\s`}, {Old: true, Text: []byte("\x13DDE a b\x15"), Template: "x"}, {Damaged: true, Pieces: []string{"b"}},
	} {
		nodes := append(w.Nodes(), fixture.Stream("", nil))
		f.Add(nodes[0].Data, nodes[1].Data)
	}
	f.Fuzz(func(t *testing.T, main, table []byte) {
		var text bytes.Buffer
		d := readWith(t, fixture.OLE(fixture.Stream("WordDocument", main), fixture.Stream("0Table", table)), Options{Text: &text})
		if !utf8.Valid(text.Bytes()) || text.Len() > textMax+4*wordMax {
			t.Errorf("%d bytes, %.100q", text.Len(), text.Bytes())
		}
		if len(d.DDE) > 0 && !bytes.Contains(main, []byte{0x13}) {
			t.Errorf("%v", d.DDE)
		}
	})
}
