package oleparse

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"

	"sekisho/internal/fixture"
)

// project is a sound project of two modules.
func project() fixture.VBAProject {
	return fixture.VBAProject{Name: "Payroll", Modules: []fixture.VBAModule{
		fixture.VBAModuleOf("ThisDocument", fixture.HarmlessMacro), fixture.VBAModuleOf("Module1", "Sub Helper()\nEnd Sub\n")}}
}

// withDir is a document whose project has this dir stream, packed already, in place of its own.
func withDir(p fixture.VBAProject, dir []byte) []byte {
	nodes := p.Nodes()
	nodes[0].Kids[0].Data = dir
	return fixture.OLE(fixture.Storage("Macros", nodes...))
}

func moduleNames(d *Document) (got []string) {
	for _, m := range modulesOf(d) {
		got = append(got, m.Name)
	}
	return got
}

func TestADamagedDirStreamHidesNoModule(t *testing.T) {
	p := project()
	plain := p.Dir()
	packed := fixture.VBACompress(plain)
	cut := bytes.Index(plain, []byte("Module1"))
	huge := bytes.Clone(plain)
	copy(huge[2:], []byte{4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0xFF, 0xFF, 0xFF, 0x7F})
	for _, tc := range []struct {
		name string
		dir  []byte
		want []string
	}{
		{"sound", packed, []string{"ThisDocument", "Module1"}},
		{"empty", nil, []string{"Module1", "ThisDocument"}},
		{"not compressed", plain, []string{"Module1", "ThisDocument"}},
		{"noise", noise(500), []string{"Module1", "ThisDocument"}},
		{"cut in its container", packed[:len(packed)/2], []string{"Module1", "ThisDocument"}},
		{"cut in a module record", fixture.VBACompress(plain[:cut]), []string{"ThisDocument", "Module1"}},
		{"a record longer than the stream", fixture.VBACompress(huge), []string{"Module1", "ThisDocument"}},
		{"no terminator", fixture.VBACompress(plain[:len(plain)-6]), []string{"ThisDocument", "Module1"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := readBytes(t, withDir(p, tc.dir))
			sound := tc.name == "sound"
			if diff := cmp.Diff(tc.want, moduleNames(d)); diff != "" {
				t.Error(diff)
			}
			if d.Unread() || (len(d.Problems) == 0) != sound {
				t.Errorf("problems %v", d.Problems)
			}
		})
	}
}

func TestDirAndStorageOfVBAMayBeMissing(t *testing.T) {
	nodes := project().Nodes()
	nodes[0].Kids = nodes[0].Kids[1:]
	if d := readBytes(t, fixture.OLE(nodes...)); len(modulesOf(d)) != 2 || len(d.Problems) == 0 {
		t.Errorf("no dir: %v, %v", moduleNames(d), d.Problems)
	}
	nodes = project().Nodes()
	nodes[0].Name = "renamed"
	if d := readBytes(t, fixture.OLE(nodes...)); len(modulesOf(d)) != 2 || d.Projects[0].Path != "renamed" {
		t.Errorf("storage of another name: %+v", d.Projects)
	}
}

func TestAStreamThatDirDoesNotNameIsReadAllTheSame(t *testing.T) {
	p := project()
	short := p
	short.Modules = p.Modules[:1]
	d := readBytes(t, withDir(p, fixture.VBACompress(short.Dir())))
	if diff := cmp.Diff([]string{"ThisDocument", "Module1"}, moduleNames(d)); diff != "" || len(d.Problems) != 1 || d.Unread() {
		t.Errorf("%s %v", diff, d.Problems)
	}
}

func TestAModuleThatCannotBeReadIsUnread(t *testing.T) {
	p := project()
	p.Modules[0].Name = "Elsewhere"
	if d := readBytes(t, withDir(project(), fixture.VBACompress(p.Dir()))); !d.Unread() || len(modulesOf(d)) != 2 {
		t.Errorf("no stream of that name: %v", d.Problems)
	}
	p = project()
	p.Modules[1].Source = nil
	nodes := p.Nodes()
	nodes[0].Kids[3].Data = []byte("performance cache, and then nothing that is compressed")
	if d := readBytes(t, fixture.OLE(nodes...)); !d.Unread() || len(modulesOf(d)) != 1 {
		t.Errorf("no container: %v", d.Problems)
	}
}

func TestAWrongModuleOffsetDoesNotHideTheSource(t *testing.T) {
	for _, offset := range []int{0, 5, 1 << 20} {
		p := project()
		nodes := p.Nodes()
		p.Modules[0].Cache = make([]byte, offset)
		nodes[0].Kids[0].Data = fixture.VBACompress(p.Dir())
		d := readBytes(t, fixture.OLE(nodes...))
		if diff := cmp.Diff([]string{"ThisDocument", "Module1"}, moduleNames(d)); diff != "" || d.Unread() || len(d.Problems) == 0 {
			t.Errorf("offset %d: %s %v", offset, diff, d.Problems)
		}
	}
}

func TestSeveralProjectsInOneFileAreAllRead(t *testing.T) {
	one := func(name string) []fixture.Node {
		return fixture.VBAProject{Name: name, Modules: []fixture.VBAModule{fixture.VBAModuleOf("M", "Sub "+name+"()\nEnd Sub\n")}}.Nodes()
	}
	d := readBytes(t, fixture.OLE(append(one("Root"),
		fixture.Storage("_VBA_PROJECT_CUR", one("Book")...),
		fixture.Storage("ObjectPool", fixture.Storage("_1234", fixture.Storage("Macros", one("Inner")...))),
		fixture.Storage("MBD0001", fixture.Storage("_VBA_PROJECT_CUR", one("Sheet")...)))...))
	got := map[string]string{}
	for _, p := range d.Projects {
		got[p.Path] = p.Name
	}
	want := map[string]string{"": "Root", "_VBA_PROJECT_CUR": "Book", "ObjectPool/_1234/Macros": "Inner", "MBD0001/_VBA_PROJECT_CUR": "Sheet"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSourcesAreDecodedFromTheProjectsCodePage(t *testing.T) {
	for _, tc := range []struct {
		page uint16
		text string
	}{
		{437, "é½"}, {850, "é½"}, {852, "ł"}, {855, "ж"}, {858, "€"}, {860, "ã"}, {862, "ש"}, {863, "é"}, {865, "ø"}, {866, "ж"},
		{874, "ไทย"}, {932, "表示ｱｲｳ①"}, {936, "宏病毒"}, {949, "한국어똠"}, {950, "巨集"},
		{1250, "łódź"}, {1251, "Макрос"}, {1252, "Größe€"}, {1253, "μακρο"}, {1254, "ışık"}, {1255, "שלום"}, {1256, "ماكرو"}, {1257, "ąžuolas"}, {1258, "ăđ"},
		{10000, "Größe"}, {10001, "表示"}, {10007, "Макрос"}, {20127, "plain"}, {20866, "Макрос"}, {21866, "ґ"}, {20932, "表示"},
		{28591, "Größe"}, {28592, "łódź"}, {28595, "Макрос"}, {28605, "€"}, {54936, "宏"}, {65001, "表示ł"},
	} {
		e, known := codePage(int(tc.page))
		if !known {
			t.Errorf("code page %d is not known", tc.page)
			continue
		}
		m := fixture.VBAModuleOf("ThisDocument", "MsgBox \""+tc.text+"\"\n")
		m.Source = encode(t, e, string(m.Source))
		d := readBytes(t, fixture.OLE(fixture.VBAProject{CodePage: tc.page, Modules: []fixture.VBAModule{m}}.Nodes()...))
		want := fmt.Sprintf("Attribute VB_Name = \"ThisDocument\"\nMsgBox \"%s\"\n", tc.text)
		if got := modulesOf(d); len(got) != 1 || got[0].Source != want || d.Projects[0].CodePage != int(tc.page) || len(d.Problems) > 0 {
			t.Errorf("code page %d: %q, want %q, %v", tc.page, got, want, d.Problems)
		}
	}
}

func encode(t *testing.T, e encoding.Encoding, s string) []byte {
	t.Helper()
	b, err := e.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return b
}

func TestAnUnknownCodePageIsReadAsWesternAndReported(t *testing.T) {
	m := fixture.VBAModuleOf("Module1", "x = \"\xE9\"\n")
	d := readBytes(t, fixture.OLE(fixture.VBAProject{CodePage: 9999, Modules: []fixture.VBAModule{m}}.Nodes()...))
	if got := modulesOf(d); len(got) != 1 || !strings.Contains(got[0].Source, `"é"`) || len(d.Problems) != 1 || d.Unread() {
		t.Errorf("%v, %v", got, d.Problems)
	}
}

// japaneseDoc is a module as Office in Japanese makes it; unicode says whether its records in UTF-16 are there too.
func japaneseDoc(t *testing.T, unicode bool) []byte {
	sjis, _ := codePage(932)
	m := fixture.VBAModuleOf("標準モジュール", "MsgBox \"請求書\"\n")
	m.Source, m.MBCS = encode(t, sjis, string(m.Source)), encode(t, sjis, m.Name)
	p := fixture.VBAProject{CodePage: 932, Modules: []fixture.VBAModule{m}}
	dir := p.Dir()
	if !unicode {
		for _, id := range []byte{0x47, 0x32} {
			at := bytes.Index(dir, []byte{id, 0, 14, 0, 0, 0})
			dir = append(dir[:at:at], dir[at+6+14:]...)
		}
	}
	return withDir(p, fixture.VBACompress(dir))
}

func TestJapaneseModuleNamesAreFoundByEitherRecord(t *testing.T) {
	for _, unicode := range []bool{true, false} {
		d := readBytes(t, japaneseDoc(t, unicode))
		want := []found{{Project: "Macros", Name: "標準モジュール", Stream: "Macros/VBA/標準モジュール",
			Source: "Attribute VB_Name = \"標準モジュール\"\nMsgBox \"請求書\"\n"}}
		if diff := cmp.Diff(want, modulesOf(d)); diff != "" || len(d.Problems) > 0 {
			t.Errorf("unicode %v: %s %v", unicode, diff, d.Problems)
		}
	}
}

func TestLineEndsBecomeNewlines(t *testing.T) {
	if got := decodeSource(1252, []byte("a\r\nb\rc\nd")); got != "a\nb\nc\nd" {
		t.Errorf("%q", got)
	}
}

func TestModulesOfALostDirectoryAreFoundByTheirBytes(t *testing.T) {
	long := strings.Repeat("' a comment that the compressor cannot make vanish altogether "+string(noiseText(60))+"\n", 200)
	b := fixture.OLE(fixture.Storage("Macros", fixture.VBAProject{Modules: []fixture.VBAModule{
		fixture.VBAModuleOf("Module1", fixture.HarmlessMacro+long), fixture.VBAModuleOf("Module2", "Sub B()\nEnd Sub\n")}}.Nodes()...))
	put32(b, 48, 0x00EEEEEE)
	d := readBytes(t, b)
	got := modulesOf(d)
	if len(got) != 2 || !d.Unread() {
		t.Fatalf("%d modules, %v", len(got), d.Problems)
	}
	for _, m := range got {
		if m.Stream != "(lost)" || m.Name == "Module1" && !strings.HasSuffix(m.Source, long) {
			t.Errorf("%q in %q, %d bytes", m.Name, m.Stream, len(m.Source))
		}
	}
}

func noiseText(n int) []byte {
	b := noise(n)
	for i := range b {
		b[i] = 'a' + b[i]%26
	}
	return b
}

func TestSearchFindsAPatternAcrossItsWindows(t *testing.T) {
	const window = searchRoom / 2
	for _, at := range []int{0, 1, 2*window - 8, 2*window - 4, 2 * window, 2*window + 1, 5*window - 3} {
		b := make([]byte, 6*window)
		copy(b[at:], attribut)
		var got []int64
		if err := search(bytes.NewReader(b), attribut, func(at int64, _, _ []byte) bool { got = append(got, at); return true }); err == nil {
			t.Error("no end")
		}
		if diff := cmp.Diff([]int64{int64(at)}, got); diff != "" {
			t.Errorf("at %d: %s", at, diff)
		}
	}
}
