package inspect

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
)

func macroFindings(t *testing.T, source string) map[finding.Kind]string {
	t.Helper()
	_, r := scanFile(t, Options{}, fixture.DocVBA(source))
	details := map[finding.Kind]string{}
	for _, f := range r.Findings {
		if strings.HasPrefix(string(f.Kind), "vba.") {
			details[f.Kind] = f.Detail
			if len(f.Detail) > 200 {
				t.Errorf("%s: %d bytes", f.Kind, len(f.Detail))
			}
		}
	}
	return details
}

func TestMacrosAreReportedByWhatTheyDoUnasked(t *testing.T) {
	for name, tc := range map[string]struct {
		source string
		want   map[finding.Kind]string
	}{
		"nothing": {"Sub a()\nEnd Sub\n", map[finding.Kind]string{finding.VBAPresent: `modules 1: "ThisDocument"`}},
		"starts": {"Sub AutoOpen()\nEnd Sub\n",
			map[finding.Kind]string{finding.VBAPresent: `modules 1: "ThisDocument"`, finding.VBAAutoexec: "AutoOpen"}},
		"able": {"Sub a()\nShell \"calc\"\nEnd Sub\n",
			map[finding.Kind]string{finding.VBAPresent: `modules 1: "ThisDocument"`, finding.VBAAbility: "Shell"}},
		"does": {"Sub AutoOpen()\nRun1\nEnd Sub\nSub Run1()\nShell \"ca\" & \"lc\"\nEnd Sub\n",
			map[finding.Kind]string{finding.VBAPresent: `modules 1: "ThisDocument"`, finding.VBAAutoexec: "AutoOpen", finding.VBASuspicious: `AutoOpen → Run1 → Shell "calc"`}},
		"far away": {"Sub AutoOpen()\na\nEnd Sub\nSub a()\nb\nEnd Sub\nSub b()\nc\nEnd Sub\nSub c()\nd\nEnd Sub\nSub d()\nShell x\nEnd Sub\n",
			map[finding.Kind]string{finding.VBAPresent: `modules 1: "ThisDocument"`, finding.VBAAutoexec: "AutoOpen", finding.VBASuspicious: `AutoOpen → a → b → … → Shell`}},
		"long": {"Sub AutoOpen()\nShell String(5000, ChrW(233))\nEnd Sub\n",
			map[finding.Kind]string{finding.VBAPresent: `modules 1: "ThisDocument"`, finding.VBAAutoexec: "AutoOpen", finding.VBASuspicious: `AutoOpen → Shell "` + strings.Repeat("é", 60) + `"`}},
	} {
		if d := cmp.Diff(tc.want, macroFindings(t, tc.source)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestNamesOfProceduresCannotForgeADetail(t *testing.T) {
	name := strings.Repeat("x", 250)
	got := macroFindings(t, "Sub AutoOpen()\n"+name+"\nEnd Sub\nSub "+name+"()\nShell \"\x1b[2J\"\nEnd Sub\n")[finding.VBASuspicious]
	if want := `AutoOpen → "` + name[:34] + `" → Shell "\x1b[2J"`; got != want {
		t.Errorf("%s", got)
	}
}

func TestEvidenceIsReportedWithTheSources(t *testing.T) {
	doc := fixture.DocVBA("Sub AutoOpen()\nShell \"cmd /c start ht\" & \"tp://example.test/a\"\nEnd Sub\n")
	want := []Evidence{{"command", "cmd /c start http://example.test/a", "Macros/VBA/ThisDocument", 3}, {"url", "http://example.test/a", "Macros/VBA/ThisDocument", 3}}
	if _, r := scanFile(t, Options{Sources: true}, doc); !cmp.Equal(r.Files[0].Evidence, want) {
		t.Errorf("%+v", r.Files[0].Evidence)
	}
	if _, r := scanFile(t, Options{}, doc); r.Files[0].Evidence != nil {
		t.Errorf("%+v", r.Files[0].Evidence)
	}
}

func TestALockedProjectIsNamedSo(t *testing.T) {
	for text, want := range map[string]bool{"": false, "ID=\"{0}\"\r\n" + fixture.VBAProtect("CMG", 0x10, 1, 0, 0, 0): true} {
		p := fixture.VBAProject{Name: "Project", Modules: []fixture.VBAModule{fixture.VBAModuleOf("Module1", "Sub A()\nEnd Sub\n")}, Text: []byte(text)}
		_, r := scanFile(t, Options{}, fixture.OLE(fixture.Storage("Macros", p.Nodes()...)))
		if len(r.Findings) != 1 || strings.HasSuffix(r.Findings[0].Detail, "; the project is locked against viewing") != want {
			t.Errorf("%q: %v", text, r.Findings)
		}
	}
}

func TestAModuleThatTheEditorDoesNotShowIsNamed(t *testing.T) {
	p := fixture.VBAProject{Name: "Project", Text: []byte("ID=\"{0}\"\r\nModule=Module1\r\nName=\"Project\"\r\n"), Modules: []fixture.VBAModule{
		fixture.VBAModuleOf("Module1", "Sub A()\nEnd Sub\n"), fixture.VBAModuleOf("Module2", "Sub B()\nEnd Sub\n")}}
	_, r := scanFile(t, Options{}, fixture.OLE(fixture.Storage("Macros", p.Nodes()...)))
	if len(r.Findings) != 1 || !strings.HasSuffix(r.Findings[0].Detail, `; the editor does not show 1: "Module2"`) {
		t.Errorf("%v", r.Findings)
	}
}
