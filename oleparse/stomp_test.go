package oleparse

import (
	"context"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"testing"

	"sekisho/internal/fixture"
)

// stompDoc is a document with one module of this source and p-code.
func stompDoc(v fixture.VBAVersion, source string, lines ...fixture.VBALine) []byte {
	m := fixture.VBAModuleOf("Module1", source)
	m.PCode = lines
	return fixture.OLE(fixture.VBAProject{Code: v, Modules: []fixture.VBAModule{m}}.Nodes()...)
}

var codeVersions = map[string]fixture.VBAVersion{"VBA 5": fixture.VBA5Code, "VBA 6": fixture.VBA6Code, "VBA 7": fixture.VBA7Code, "VBA 7, 64 bits": fixture.VBA7Code64}

const honest = "Sub AutoOpen()\n  Shell \"calc \"\"x\"\".exe\"\nEnd Sub\n"

func TestAModuleWhoseSourceWasChangedIsStomped(t *testing.T) {
	lines := fixture.VBACall("AutoOpen", "Shell", `calc "x".exe`)
	for _, tc := range []struct {
		name, source string
		want         string // in the evidence; "" for no evidence
	}{
		{"honest", honest, ""},
		{"another case", strings.ToUpper(honest[:20]) + honest[20:], ""},
		{"line continued", "Sub AutoOpen()\n  Shell _\n\"calc \"\"x\"\".exe\"\nEnd Sub\n", ""},
		{"no source", "", `"AutoOpen", "Shell", "calc \"x\".exe"`},
		{"harmless source", "Sub Hello()\n  MsgBox \"hello\"\nEnd Sub\n", `"AutoOpen", "Shell"`},
		{"another literal", strings.Replace(honest, "calc", "note", 1), `"calc \"x\".exe"`},
		{"words in a comment", "' AutoOpen Shell _\nAutoOpen Shell\nRem AutoOpen Shell\nSub Hello()\nMsgBox \"AutoOpen Shell\"\nEnd Sub\n", `"AutoOpen", "Shell"`},
		{"words inside longer ones", "Sub AutoOpener()\nShellSort\nEnd Sub\n", `"AutoOpen", "Shell"`},
	} {
		for version, v := range codeVersions {
			m := modulesRead(t, stompDoc(v, tc.source, lines...))[0]
			if got := m.Stomped; tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
				t.Errorf("%s, %s: %q, want %q", tc.name, version, got, tc.want)
			}
			if want := []string{"AutoOpen", "Shell", `calc "x".exe`}; tc.want != "" && !slices.Equal(m.PCode, want) || tc.want == "" && m.PCode != nil {
				t.Errorf("%s, %s: p-code %q", tc.name, version, m.PCode)
			}
		}
	}
}

func modulesRead(t *testing.T, b []byte) []Module {
	t.Helper()
	d := readBytes(t, b)
	if len(d.Projects) != 1 || len(d.Projects[0].Modules) == 0 {
		t.Fatalf("%d projects, %v", len(d.Projects), d.Problems)
	}
	return d.Projects[0].Modules
}

func TestWordsAndLiteralsOfASource(t *testing.T) {
	words := make(wordSet)
	words.want(strings.Fields("_ As Dim q String w x y z 開く comment goes other c b Open " + strings.Repeat("x", 70) + " ＡＢ"))
	literals := sourceWords("Dim\u3000開く _\n As String ' a comment _\n that goes on\nx = \"a \"\"b\"\" 'c\" & y!z: Rem w\nrem other\nq = \"open\"\nq = \"c\n"+
		strings.Repeat("X", 70)+" = ＡＢ", words)
	var got []string
	for w, met := range words {
		if met {
			got = append(got, w)
		}
	}
	slices.Sort(got)
	if want := "_ as dim q string w x " + strings.Repeat("x", 70) + " y z 開く ａｂ"; strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", strings.Join(got, " "), want)
	}
	if !literals[`a "b" 'c`] || len(literals) != 1 {
		t.Errorf("%v", literals)
	}
}

func TestALittleThatIsMissingIsNoEvidence(t *testing.T) {
	lines := []fixture.VBALine{{Proc: "Total"}, {Loads: []string{"a", "b", "c"}, Strings: []string{"sum"}}, {End: true}}
	for source, want := range map[string]bool{
		"Sub Total()\nx = a + b + c & \"sum\"\nEnd Sub\n": false,
		"Sub Total()\nx = a + b & \"sum\"\nEnd Sub\n":     false,
		"Sub Total()\nx = a + b + c\nEnd Sub\n":           false,
		"Sub Total()\nx = a\nEnd Sub\n":                   true,
	} {
		if m := modulesRead(t, stompDoc(fixture.VBA7Code, source, lines...))[0]; m.Stomped != "" != want {
			t.Errorf("%q: %q", source, m.Stomped)
		}
	}
}

func TestStatementsOnFilesAreToldWithTheNames(t *testing.T) {
	m := modulesRead(t, stompDoc(fixture.VBA6Code, "", fixture.VBALine{Proc: "AutoOpen"}, fixture.VBALine{Strings: []string{"C:\\a.exe"}, Open: true}))[0]
	if want := []string{"AutoOpen", "Open", "C:\\a.exe"}; !slices.Equal(m.PCode, want) {
		t.Errorf("%q", m.PCode)
	}
}

func TestProjectsWithoutCodeThatCouldRunAreNotCompared(t *testing.T) {
	lines := fixture.VBACall("AutoOpen", "Shell", "calc.exe")
	if m := modulesRead(t, stompDoc(fixture.VBACodeNoted, "", lines...))[0]; m.Stomped != "" {
		t.Errorf("%q", m.Stomped)
	}
	b := stompDoc(fixture.VBA7Code, "", lines...)
	table := entryAt(t, b, "_VBA_PROJECT")
	put32(b, table+120, 100) // cut: the names are lost, the literals are there
	if m := modulesRead(t, b)[0]; !strings.Contains(m.Stomped, "calc.exe") {
		t.Errorf("%q", m.Stomped)
	}
}

func TestAModuleWithoutItsSourceIsTold(t *testing.T) {
	m := fixture.VBAModuleOf("Module1", "")
	m.PCode = fixture.VBACall("AutoOpen", "Shell", "calc.exe")
	nodes := fixture.VBAProject{Code: fixture.VBA7Code, Modules: []fixture.VBAModule{m}}.Nodes()
	for i, k := range nodes[0].Kids {
		if k.Name == "Module1" {
			at := strings.LastIndex(string(k.Data), "\x01") // the container
			nodes[0].Kids[i].Data = append(k.Data[:at:at], make([]byte, 50)...)
		}
	}
	d := readBytes(t, fixture.OLE(nodes...))
	if got := d.Projects[0].Modules; !d.Unread() || len(got) != 1 || !strings.Contains(got[0].Stomped, `"AutoOpen", "Shell"`) || got[0].Name != "Module1" {
		t.Errorf("%+v, %v", got, d.Problems)
	}
}

func TestLinesThatMakeNoSenseAreLeftOutAndWeighed(t *testing.T) {
	good := fixture.VBACall("AutoOpen", "Shell", "calc.exe")
	for range 20 {
		good = append(good, fixture.VBALine{Loads: []string{"x"}})
	}
	whole := stompDoc(fixture.VBA7Code, "x = 1\n", good...)
	c, _ := openBytes(whole, Options{})
	at, _ := streamAt(t, c, whole, "Module1")
	const dir = 0x100 + 6
	for _, tc := range []struct {
		bad  int // lines from the last on
		want string
	}{{0, `"AutoOpen", "Shell", "calc.exe"`}, {2, `"AutoOpen", "Shell", "calc.exe"`}, {15, `"AutoOpen", "Shell", "calc.exe"`}, {23, ""}} {
		b := slices.Clone(whole)
		for i := range tc.bad {
			put32(b, at+dir+12*(len(good)-1-i)+8, 0x00FFFFFF)
		}
		if got := modulesRead(t, b)[0].Stomped; !strings.Contains(got, tc.want) || tc.want == "" && got != "" {
			t.Errorf("%d bad lines: %q, want %q", tc.bad, got, tc.want)
		}
	}
}

func TestTheWidthThatDirStatesDoesNotHidePCode(t *testing.T) {
	m := fixture.VBAModuleOf("Module1", "")
	m.PCode = append(fixture.VBACall("AutoOpen", "Shell", "calc.exe"), fixture.VBALine{Strings: []string{"odd"}, Open: true})
	for _, v := range []fixture.VBAVersion{fixture.VBA7Code, fixture.VBA7Code64} {
		p := fixture.VBAProject{Code: v, Modules: []fixture.VBAModule{m}}
		nodes := p.Nodes()
		m2 := m
		m2.Cache = make([]byte, len(cacheOf(nodes, m)))
		p.Code, p.Modules = fixture.VBAVersion{Wide: !v.Wide}, []fixture.VBAModule{m2}
		nodes[0].Kids[0].Data = fixture.VBACompress(p.Dir())
		if got := modulesRead(t, fixture.OLE(nodes...))[0].Stomped; !strings.Contains(got, "calc.exe") {
			t.Errorf("wide %v: %q", v.Wide, got)
		}
	}
}

// cacheOf is what stands before the source of a module in its stream.
func cacheOf(nodes []fixture.Node, m fixture.VBAModule) []byte {
	for _, k := range nodes[0].Kids {
		if k.Name == m.Name {
			return k.Data[:len(k.Data)-len(fixture.VBACompress(m.Source))]
		}
	}
	return nil
}

func TestNamesNumberedInAWayWeDoNotKnowAreNoEvidence(t *testing.T) {
	source := "Sub AutoOpen()\n  Shell \"calc.exe\"\nEnd Sub\n"
	lines := fixture.VBACall("AutoOpen", "Shell", "calc.exe")
	shifted := fixture.VBA5Code
	shifted.VBA7 = true // four more than we expect, in a table that does not say VBA7
	for _, tc := range []struct {
		name, source string
		v            fixture.VBAVersion
		want         bool
	}{
		{"shifted, and agrees", source, shifted, false},
		{"shifted, and does not", "Sub Hello()\nEnd Sub\n", shifted, true},
		{"not shifted", source, fixture.VBA5Code, false},
	} {
		b := stompDoc(tc.v, tc.source, lines...)
		b = []byte(strings.Replace(string(b), "VBA7", "XXXX", 1))
		if got := modulesRead(t, b)[0].Stomped; (got != "") != tc.want {
			t.Errorf("%s: %q", tc.name, got)
		}
	}
}

func TestLiteralsAreComparedInTheProjectsCodePage(t *testing.T) {
	sjis, _ := codePage(932)
	m := fixture.VBAModuleOf("Module1", "")
	m.Source = encode(t, sjis, "Sub 開く()\r\nShell \"請求書.exe\"\r\nEnd Sub\r\n")
	m.PCode = fixture.VBACall(string(encode(t, sjis, "開く")), "Shell", string(encode(t, sjis, "請求書.exe")))
	d := readBytes(t, fixture.OLE(fixture.VBAProject{CodePage: 932, Code: fixture.VBA7Code, Modules: []fixture.VBAModule{m}}.Nodes()...))
	if got := d.Projects[0].Modules[0].Stomped; got != "" {
		t.Error(got)
	}
}

func TestDamagedCachesAreNeitherEvidenceNorAnyTrouble(t *testing.T) {
	whole := stompDoc(fixture.VBA7Code, honest, fixture.VBACall("AutoOpen", "Shell", `calc "x".exe`)...)
	c, _ := openBytes(whole, Options{})
	for _, name := range []string{"_VBA_PROJECT", "Module1"} {
		at, size := streamAt(t, c, whole, name)
		for i := range size {
			b := slices.Clone(whole)
			b[at+i] ^= 0xFF
			if d := readBytes(t, b); len(d.Projects) != 1 {
				t.Fatalf("%s, byte %d: %v", name, i, d.Problems)
			}
		}
	}
}

// streamAt finds where the bytes of a stream in the mini stream begin in the file; they lie together in a fixture.
func streamAt(t *testing.T, c *compound, b []byte, name string) (at, size int) {
	t.Helper()
	for i := range c.entries {
		if c.entries[i].name == name {
			data, err := io.ReadAll(c.open(i, 0))
			if at = strings.Index(string(b), string(data)); err != nil || at < 0 {
				t.Fatal(name, err)
			}
			return at, len(data)
		}
	}
	t.Fatal(name)
	return 0, 0
}

func FuzzPCode(f *testing.F) {
	for _, v := range codeVersions {
		m := fixture.VBAModuleOf("Module1", honest)
		m.PCode = append(fixture.VBACall("AutoOpen", "Shell", "calc.exe"), fixture.VBALine{Loads: []string{"x"}, Open: true})
		c, _ := openBytes(fixture.OLE(fixture.VBAProject{Code: v, Modules: []fixture.VBAModule{m}}.Nodes()...), Options{})
		var table, cache []byte
		for i := range c.entries {
			switch c.entries[i].name {
			case "_VBA_PROJECT":
				table, _ = io.ReadAll(c.open(i, 0))
			case "Module1":
				cache, _ = io.ReadAll(c.open(i, 0))
			}
		}
		f.Add(table, cache, v.Wide, v.VBA7)
	}
	f.Fuzz(func(t *testing.T, table, cache []byte, wide, seven bool) {
		ids, version := identifiers(table)
		for _, id := range ids {
			if len(id) > 0xFF {
				t.Fatalf("a name of %d bytes", len(id))
			}
		}
		if len(ids) > len(table) {
			t.Fatalf("%d names in %d bytes", len(ids), len(table))
		}
		p := readPCode(cache, ids, dialect{version: version, wide: wide, vba7: seven}, 1252)
		if p == nil {
			return
		}
		if n := len(p.procs) + len(p.names) + len(p.strings); n > pcodeKept {
			t.Fatalf("%d names", n)
		}
		if evidence, names := p.compare(""); (evidence == "") != (len(names) == 0) || len(evidence) > 1000 {
			t.Fatalf("%d bytes of evidence, %d names", len(evidence), len(names))
		}
	})
}

func TestPCodeWorkIsBoundedByTheCache(t *testing.T) {
	var lines []fixture.VBALine
	for range 60000 {
		lines = append(lines, fixture.VBALine{Strings: []string{"abc"}})
	}
	b := stompDoc(fixture.VBA7Code, "", lines...)
	c, _ := openBytes(b, Options{})
	id := c.find(c.find(c.root, typeStorage, "VBA"), typeStream, "Module1")
	cache, _ := io.ReadAll(c.open(id, 0))
	const dir = 0x100 + 6
	long := slices.Clone(cache)
	for i := range 60000 { // every line is all of them
		binary.LittleEndian.PutUint16(long[dir+12*i+4:], 0xFFFE)
		binary.LittleEndian.PutUint32(long[dir+12*i+8:], 0)
	}
	p := readPCode(long, nil, dialect{version: 0xB5, vba7: true}, 1252)
	if p == nil || p.whole() || p.lines*0xFFFE > len(long) {
		t.Errorf("%d lines of %d bytes in a cache of %d", p.lines, 0xFFFE, len(long))
	}
	if _, err := ReadOLE(context.Background(), strings.NewReader(string(b)), int64(len(b)), Options{}); err != nil {
		t.Error(err)
	}
}
