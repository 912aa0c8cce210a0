package oleparse

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
)

const idLine = "ID=\"{00000000-0000-0000-0000-000000000000}\"\r\n"

func TestProtectionIsReadFromThePROJECTStream(t *testing.T) {
	open := fixture.VBAProtect("CMG", 0x11, 0, 0, 0, 0) + fixture.VBAProtect("DPB", 0x23, 0) + fixture.VBAProtect("GC", 0x47, 0xFF)
	for _, tc := range []struct {
		name, text                  string
		protected, password, hidden bool
	}{
		{"open", open, false, false, false},
		{"nothing said", "", false, false, false},
		{"user", fixture.VBAProtect("CMG", 0x10, 1, 0, 0, 0), true, false, false},
		{"host", fixture.VBAProtect("CMG", 0x12, 2, 0, 0, 0), true, false, false},
		{"password", fixture.VBAProtect("DPB", 0x16, []byte(strings.Repeat("\xFF", 29))...), true, true, false},
		{"password in clear", fixture.VBAProtect("DPB", 0x16, []byte("secret\x00")...), true, true, false},
		{"not visible", fixture.VBAProtect("GC", 0x95, 0), true, false, true},
		{"unviewable: emptied", "CMG=\"\"\r\nDPB=\"\"\r\nGC=\"\"\r\n", true, true, true},
		{"unviewable: rubbish", "CMG=\"zz\"\r\nDPB=\"0102030405\"\r\nGC=\"FF\"\r\n", true, true, true},
		{"only behind the workspace", "[Workspace]\r\n" + fixture.VBAProtect("CMG", 0x10, 1, 0, 0, 0), false, false, false},
	} {
		p := project()
		p.Text = []byte(idLine + tc.text)
		d := readBytes(t, fixture.OLE(fixture.Storage("Macros", p.Nodes()...)))
		got := d.Projects[0]
		if got.Protected != tc.protected || got.Password != tc.password || got.Hidden != tc.hidden || len(d.Problems) > 0 {
			t.Errorf("%s: %v %v %v %v", tc.name, got.Protected, got.Password, got.Hidden, d.Problems)
		}
	}
}

func TestModulesThatOnlyOneOfDirAndPROJECTNamesAreTold(t *testing.T) {
	for _, tc := range []struct {
		text              string
		unlisted, missing []string
	}{
		{"Document=ThisDocument/&H00000000\r\nModule=module1\r\n", nil, nil},
		{"Document=ThisDocument/&H00000000\r\n", []string{"Module1"}, nil},
		{"Class=Gone\nBaseClass=ThisDocument\nModule=Module1\n", nil, []string{"Gone"}},
		{"Name=\"x\"\r\n", nil, nil},
	} {
		p := project()
		p.Text = []byte(idLine + tc.text)
		got := readBytes(t, fixture.OLE(p.Nodes()...)).Projects[0]
		if diff := cmp.Diff([][]string{tc.unlisted, tc.missing}, [][]string{got.Unlisted, got.Missing}); diff != "" {
			t.Errorf("%q: %s", tc.text, diff)
		}
	}
}

func TestReferencesOfEveryKindAreListed(t *testing.T) {
	p := project()
	p.Refs = []fixture.VBARef{{LIBID: `*\G{1}#1.0#0#C:\a.tlb#A`}, {LIBID: `*\CC:\share\other.dotm`, Project: true},
		{LIBID: `*\G{2}#2.0#0#C:\b.ocx#B`, Extended: `*\G{3}#2.0#0#C:\b.exd#B`}, {LIBID: `*\C\\host.test\x\other.xlsm`, Project: true}}
	want := []string{`*\G{00}`, `*\G{1}#1.0#0#C:\a.tlb#A`, `*\CC:\share\other.dotm`, `*\G{2}#2.0#0#C:\b.ocx#B`, `*\G{3}#2.0#0#C:\b.exd#B`, `*\C\\host.test\x\other.xlsm`}
	d := readBytes(t, fixture.OLE(p.Nodes()...))
	if diff := cmp.Diff(want, d.Projects[0].References); diff != "" || len(d.Problems) > 0 {
		t.Errorf("%s %v", diff, d.Problems)
	}
	links := []Link{{Type: LinkOther, Target: `\\host.test\x\other.xlsm`, Remote: true}} // a local project is nobody's business
	if diff := cmp.Diff(links, d.Links); diff != "" {
		t.Error(diff)
	}
}

func TestReferencesAreBounded(t *testing.T) {
	p := project()
	for i := range 3 * referencesMost {
		p.Refs = append(p.Refs, fixture.VBARef{LIBID: strings.Repeat("x", i%7+1)})
	}
	d := readBytes(t, fixture.OLE(p.Nodes()...))
	if n := len(d.Projects[0].References); n != referencesMost || len(modulesOf(d)) != 2 {
		t.Errorf("%d references, %d modules", n, len(modulesOf(d)))
	}
}

func FuzzProject(f *testing.F) {
	p := project()
	p.Refs = []fixture.VBARef{{LIBID: "a", Project: true}, {LIBID: "b", Extended: "c"}}
	f.Add(p.Dir(), []byte(idLine+"Module=Module1\r\n"+fixture.VBAProtect("CMG", 0x11, 0, 0, 0, 0)+fixture.VBAProtect("DPB", 9, 0)))
	f.Add(p.Dir()[:100], []byte("CMG=\"00\"\nGC="))
	f.Fuzz(func(t *testing.T, dir, text []byte) {
		d := parseDir(dir, 100)
		if len(d.modules) > 101 || len(d.libids) > referencesMost {
			t.Fatalf("%d modules, %d references", len(d.modules), len(d.libids))
		}
		var pt projectText
		for _, line := range strings.Split(string(text), "\n") {
			pt.take(line)
		}
		got := Project{Modules: []Module{{Name: "Module1"}}}
		pt.tell(&got)
		pt.compareModules(&got)
		if (got.Password || got.Hidden) && !got.Protected || len(got.Unlisted) > 1 || len(got.Missing) > len(pt.modules) {
			t.Fatalf("%+v", got)
		}
	})
}
