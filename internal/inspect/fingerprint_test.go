package inspect

import (
	"slices"
	"testing"

	"sekisho/internal/fixture"
	"sekisho/internal/vba"
	"sekisho/internal/xlm"
	"sekisho/oleparse"
)

func vbaHash(t *testing.T, p fixture.VBAProject) string {
	t.Helper()
	if p.Name == "" {
		p.Name = "Project"
	}
	_, r := scanFile(t, Options{}, fixture.OLE(fixture.Storage("Macros", p.Nodes()...)))
	if len(r.Files) != 1 {
		t.Fatalf("%d files", len(r.Files))
	}
	return r.Files[0].MacroHash
}

func TestAFingerprintSurvivesAReSave(t *testing.T) {
	module := fixture.VBAModuleOf
	base := vbaHash(t, fixture.VBAProject{Modules: []fixture.VBAModule{
		module("Module1", "Sub AutoOpen()\n    MsgBox \"A  b\"\nEnd Sub\n"), module("Module2", "Sub B()\nEnd Sub\n")}})
	if len(base) != 64 {
		t.Fatalf("fingerprint %q", base)
	}
	for name, p := range map[string]fixture.VBAProject{
		"modules in another order": {Modules: []fixture.VBAModule{module("Module2", "Sub B()\nEnd Sub\n"), module("Module1", "Sub AutoOpen()\n    MsgBox \"A  b\"\nEnd Sub\n")}},
		"modules and project renamed": {Name: "Other", Modules: []fixture.VBAModule{
			module("X", "Sub AutoOpen()\n    MsgBox \"A  b\"\nEnd Sub\n"), module("Y", "Sub B()\nEnd Sub\n")}},
		"a sheet without code added": {Modules: []fixture.VBAModule{
			module("Module1", "Sub AutoOpen()\n    MsgBox \"A  b\"\nEnd Sub\n"), module("Module2", "Sub B()\nEnd Sub\n"),
			module("Sheet7", "Attribute VB_Base = \"0{00020820-0000-0000-C000-000000000046}\"\nAttribute VB_Exposed = True\n")}},
		"blanks, blank lines, case, attributes": {Modules: []fixture.VBAModule{
			module("Module1", "\nAttribute VB_Description = \"x\"\nsub autoopen()\n\tmsgbox   \"A  b\"  \n\nEnd Sub\nAttribute AutoOpen.VB_ProcData.VB_Invoke_Func = \" \\n14\"\n"),
			module("Module2", "Sub B()\nEnd Sub\n\n\n")}},
	} {
		if got := vbaHash(t, p); got != base {
			t.Errorf("%s: %s, want %s", name, got, base)
		}
	}
}

func TestOtherCodeHasAnotherFingerprint(t *testing.T) {
	seen := map[string]string{}
	for name, source := range map[string]string{
		"base":                            "Sub A()\nShell \"a b\"\nEnd Sub\n",
		"blanks in a string":              "Sub A()\nShell \"a  b\"\nEnd Sub\n",
		"case in a string":                "Sub A()\nShell \"A b\"\nEnd Sub\n",
		"blanks in a foreign name":        "Sub A()\nShell [a  b]\nEnd Sub\n",
		"one blank in it":                 "Sub A()\nShell [a b]\nEnd Sub\n",
		"a comment that goes on":          "Sub A()\n' note _\nShell \"a b\"\nEnd Sub\n",
		"a comment ended by a blank line": "Sub A()\n' note _\n\nShell \"a b\"\nEnd Sub\n",
		"a statement behind an attribute": "Sub A()\nAttribute A.VB_X = 1: Shell \"c\"\nShell \"a b\"\nEnd Sub\n",
		"a call that looks like one":      "Sub A()\nAttribute (x) = 1\nShell \"a b\"\nEnd Sub\n",
		"an attribute's line continued":   "Sub A()\nx = _\nAttribute VB_X = 1\nShell \"a b\"\nEnd Sub\n",
	} {
		h := vbaHash(t, fixture.VBAProject{Modules: []fixture.VBAModule{fixture.VBAModuleOf("M", source)}})
		if other := seen[h]; other != "" || h == "" {
			t.Errorf("%s has the fingerprint of %s: %q", name, other, h)
		}
		seen[h] = name
	}
}

func TestASecondModuleChangesTheFingerprint(t *testing.T) {
	m := fixture.VBAModuleOf("Module1", "Sub A()\nEnd Sub\n")
	one := vbaHash(t, fixture.VBAProject{Modules: []fixture.VBAModule{m}})
	twice := vbaHash(t, fixture.VBAProject{Modules: []fixture.VBAModule{m, fixture.VBAModuleOf("Module2", "Sub A()\nEnd Sub\n")}})
	if one == twice {
		t.Error("a second module with the same code does not count")
	}
}

func TestWithoutMacrosThereIsNoFingerprint(t *testing.T) {
	if h := vbaHash(t, fixture.VBAProject{Modules: []fixture.VBAModule{fixture.VBAModuleOf("ThisDocument", "")}}); h != "" {
		t.Errorf("fingerprint %s of modules without code", h)
	}
	if r := sheetsOf(t, Options{}, &xlm.Workbook{Sheets: []xlm.Sheet{{Kind: xlm.Worksheet, Cells: []xlm.Cell{{Formula: "1+1"}}}}}); len(r.Files) > 0 && r.Files[0].MacroHash != "" {
		t.Error("a worksheet has a fingerprint")
	}
}

func TestMacroSheetsHaveAFingerprint(t *testing.T) {
	hash := func(change func(*xlm.Workbook)) string {
		w := macroBook(xlm.Hidden, `EXEC("calc")`, "HALT()")
		change(w)
		return sheetsOf(t, Options{}, w).Files[0].MacroHash
	}
	base := hash(func(*xlm.Workbook) {})
	if len(base) != 64 {
		t.Fatalf("fingerprint %q", base)
	}
	for name, tc := range map[string]struct {
		change func(*xlm.Workbook)
		same   bool
	}{
		"cells stored in another order": {func(w *xlm.Workbook) { slices.Reverse(w.Sheets[0].Cells) }, true},
		"the sheet's name and state":    {func(w *xlm.Workbook) { w.Sheets[0].Name, w.Sheets[0].State = "X", xlm.Visible }, true},
		"a value saved with a formula":  {func(w *xlm.Workbook) { w.Sheets[0].Cells[0].Value = "0" }, true},
		"another formula":               {func(w *xlm.Workbook) { w.Sheets[0].Cells[0].Formula = `EXEC("calc2")` }, false},
		"another place":                 {func(w *xlm.Workbook) { w.Sheets[0].Cells[0].Col++ }, false},
		"a constant":                    {func(w *xlm.Workbook) { w.Sheets[0].Cells = append(w.Sheets[0].Cells, xlm.Cell{Row: 9, Value: "x"}) }, false},
		"another start":                 {func(w *xlm.Workbook) { w.Names[0].Formula = "Macro1!$A$2" }, false},
	} {
		if got := hash(tc.change); (got == base) != tc.same {
			t.Errorf("%s: same is %t", name, !tc.same)
		}
	}
}

func TestWhatAFormSaysIsInTheFingerprint(t *testing.T) {
	project := func(tag string) *oleparse.Project {
		return &oleparse.Project{Forms: formOf(tag)}
	}
	a, b := projectUnits(project("x")), projectUnits(project("y"))
	if len(a) != 1 || len(b) != 1 || slices.Equal(a[0], b[0]) {
		t.Error("the text of a form, which code may run, does not count")
	}
	if len(projectUnits(project(""))) != 0 {
		t.Error("a form without text counts")
	}
}

func TestRunningCodeThatTheSourceDoesNotShowIsInTheFingerprint(t *testing.T) {
	clean := &oleparse.Project{Modules: []oleparse.Module{{Source: "Sub A()\nEnd Sub\n"}}}
	stomped := &oleparse.Project{Modules: []oleparse.Module{{Source: "Sub A()\nEnd Sub\n", Stomped: "Shell", PCode: []string{"Shell"}}}}
	if slices.Equal(projectUnits(clean)[0], projectUnits(stomped)[0]) {
		t.Error("a stomped module has the fingerprint of its source")
	}
}

func formOf(tag string) []vba.Control {
	return []vba.Control{{Path: "UserForm1.TextBox1", Texts: map[string]string{"tag": tag}}}
}
