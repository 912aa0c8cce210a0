package vba

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Chains lead from the entry point over each call to the ability, by the shortest way.
func TestChainsAreTheShortestWay(t *testing.T) {
	for name, tc := range map[string]struct {
		source string
		want   []string
	}{
		"at once":        {"Sub AutoOpen()\nShell x.y\nEnd Sub", []string{"AutoOpen", "Shell"}},
		"over two":       {"Sub AutoOpen()\nA\nEnd Sub\nSub A()\nB\nEnd Sub\nSub B()\nShell x.y\nEnd Sub", []string{"AutoOpen", "A", "B", "Shell"}},
		"two ways":       {"Sub AutoOpen()\nA\nB\nEnd Sub\nSub A()\nB\nEnd Sub\nSub B()\nShell x.y\nEnd Sub", []string{"AutoOpen", "B", "Shell"}},
		"around":         {"Sub AutoOpen()\nA\nEnd Sub\nSub A()\nB\nEnd Sub\nSub B()\nA\nShell x.y\nEnd Sub", []string{"AutoOpen", "A", "B", "Shell"}},
		"by a function":  {"Sub AutoOpen()\nx = 1 + F(2)\nEnd Sub\nFunction F(n)\nShell x.y\nEnd Function", []string{"AutoOpen", "F", "Shell"}},
		"by a property":  {"Sub AutoOpen()\nP = 1\nEnd Sub\nProperty Let P(n)\nShell x.y\nEnd Property", []string{"AutoOpen", "P", "Shell"}},
		"other module":   {"Sub AutoOpen()\nModule2.A\nEnd Sub\n--- Module2\nSub A()\nShell x.y\nEnd Sub", []string{"AutoOpen", "A", "Shell"}},
		"a class made":   {"Sub AutoOpen()\nDim c As New Class1\nc.Go\nEnd Sub\n--- Class1\nPrivate Sub Class_Initialize()\nShell x.y\nEnd Sub", []string{"AutoOpen", "Class_Initialize", "Shell"}},
		"a form shown":   {"Sub AutoOpen()\nUserForm1.Show\nEnd Sub\n--- UserForm1\nPrivate Sub UserForm_Activate()\nShell x.y\nEnd Sub", []string{"AutoOpen", "UserForm_Activate", "Shell"}},
		"grave text won": {"Sub AutoOpen()\nShell x.y\nShell \"calc.exe\"\nEnd Sub", []string{"AutoOpen", "Shell"}},
	} {
		if r := judged(t, project(tc.source)); !cmp.Equal(r.Chain, tc.want) {
			t.Errorf("%s: %q, want %q", name, r.Chain, tc.want)
		}
	}
}

// A very long chain is told from its end, so that the ability's surroundings are seen.
func TestLongChainsAreCut(t *testing.T) {
	var s strings.Builder
	s.WriteString("Sub AutoOpen()\np0\nEnd Sub\n")
	for i := range 40 {
		fmt.Fprintf(&s, "Sub p%d()\np%d\nEnd Sub\n", i, i+1)
	}
	s.WriteString("Sub p40()\nShell x.y\nEnd Sub\n")
	r := judged(t, one(s.String()))
	if len(r.Chain) != 17 || r.Chain[16] != "Shell" || r.Chain[15] != "p40" {
		t.Errorf("%q", r.Chain)
	}
}

func TestWhatIsToldIsWhatSaysMost(t *testing.T) {
	for code, want := range map[string]string{
		"Shell x.y\nShell \"calc.exe\"":                           "calc.exe",
		"Shell \"calc.exe\"\nShell x.y":                           "calc.exe",
		"Shell \"calc.exe\"\nShell \"powershell -w hidden -c 1\"": "powershell -w hidden -c 1",
		"CreateObject x.y\nx = \"mshta http://a.test/1\" & z":     "mshta http://a.test/1",
		"Shell x.y":                       "",
		"Shell \"a\" & x.y & \"b\"":       "a…b",
		"Open \"a.vbs\" For Output As #1": "a.vbs",
		"CreateObject(\"WScript.Shell\").Run \"cmd.exe /c \" & Chr(65), 0": "WScript.Shell",
	} {
		if r := judged(t, one("Sub AutoOpen()\n"+code+"\nEnd Sub")); !r.Suspicious || r.Text != want {
			t.Errorf("%s: %q, want %q", code, r.Text, want)
		}
	}
}

// Abilities are told once each, with the first use; all entry points are told.
func TestReportsAreLists(t *testing.T) {
	r := judged(t, one("Sub AutoOpen()\nShell a.b\nKill \"x.tmp\"\nShell \"calc\"\nEnd Sub\nSub AutoClose()\nShell a.b\nEnd Sub\nSub auto_open()\nEnd Sub"))
	if got := keywords(r.Abilities); got != "Shell Kill" || r.Abilities[0].Line != 2 || r.Abilities[1].Line != 3 {
		t.Errorf("%v", r.Abilities)
	}
	if got := keywords(r.Autoexec); got != "AutoOpen AutoClose Auto_Open" {
		t.Errorf("%v", r.Autoexec)
	}
}

func TestJudgingTwiceSaysTheSame(t *testing.T) {
	for _, h := range honest {
		p := honestProject(h.kind, h.modules)
		p.Modules = append(p.Modules, Module{Name: "Z", Stream: "Z", Source: "Sub AutoOpen()\nShell \"calc.exe\"\nCreateObject \"WScr\" & \"ipt.Shell\"\nEnd Sub"})
		first := judged(t, p)
		for range 3 {
			if d := cmp.Diff(first, judged(t, p)); d != "" {
				t.Fatalf("%s: %s", h.name, d)
			}
		}
	}
}

// The order of modules and procedures does not decide.
func TestOrderDoesNotDecide(t *testing.T) {
	parts := []string{"Sub AutoOpen()\nA\nEnd Sub\n", "Sub A()\nCreateObject(N).Run C\nEnd Sub\n", "Function N()\nN = \"WScr\" & \"ipt.Shell\"\nEnd Function\n", "Function C()\nC = \"cmd.exe \" & \"/c calc\"\nEnd Function\n"}
	for i := range parts {
		for _, sep := range []string{"", "--- M\n"} {
			var s strings.Builder
			for k := range parts {
				if k > 0 && sep != "" {
					fmt.Fprintf(&s, "--- M%d\n", k)
				}
				s.WriteString(parts[(i+k)%len(parts)])
			}
			if r := judged(t, project(s.String())); !r.Suspicious || r.Text != "WScript.Shell" || len(r.Chain) < 3 || len(r.Evidence) != 1 || r.Evidence[0].Text != "cmd.exe /c calc" {
				t.Errorf("%d %q: %q %q", i, sep, r.Text, r.Chain)
			}
		}
	}
}

// A downloader is one procedure from which a fetch, a write and a start are reached; each alone waits for an entry point.
func TestDownloaderNeedsAllItsParts(t *testing.T) {
	const fetch = "Set h = CreateObject(\"MSXML2.XMLHTTP\")\nh.Open \"GET\", a.b\nh.Send\n"
	const write = "Open c.d For Binary As #1\nPut #1, , h.x\n"
	const start = "CreateObject(\"WScript.Shell\").Run c.d\n"
	for name, tc := range map[string]struct {
		source string
		want   bool
	}{
		"all in one":               {"Sub b()\n" + fetch + write + start + "End Sub", true},
		"in procedures it calls":   {"Sub Everything()\nF\nW\nS\nEnd Sub\nSub F()\n" + fetch + "End Sub\nSub W()\n" + write + "End Sub\nSub S()\n" + start + "End Sub", true},
		"in a function":            {"Function b()\n" + fetch + write + start + "b = 1\nEnd Function", true},
		"fetch and write":          {"Sub b()\n" + fetch + write + "End Sub", false},
		"fetch and start":          {"Sub b()\n" + fetch + start + "End Sub", false},
		"write and start":          {"Sub b()\n" + write + start + "End Sub", false},
		"in separate procedures":   {"Sub F()\n" + fetch + "End Sub\nSub W()\n" + write + "End Sub\nSub S()\n" + start + "End Sub", false},
		"URLDownloadToFile writes": {"Declare Function u Lib \"urlmon\" Alias \"URLDownloadToFileA\" (ByVal a) As Long\nSub b()\nu 0, c.d, e.f\n" + start + "End Sub", true},
	} {
		if r := judged(t, one(tc.source)); r.Suspicious != tc.want || tc.want && !strings.Contains(r.Why, "fetches") {
			t.Errorf("%s: %v %q", name, r.Suspicious, r.Why)
		}
	}
}

// Compiled code that names what the source does not is as if called: entry points, abilities, functions of Windows, text.
func TestCompiledCode(t *testing.T) {
	for name, tc := range map[string]struct {
		pcode      []string
		autoexec   string
		suspicious bool
	}{
		"nothing":                  {nil, "", false},
		"words of every macro":     {[]string{"MsgBox", "Range", "Value", "AutoOpen"}, "AutoOpen", false},
		"entry and start":          {[]string{"Document_Open", "Shell"}, "Document_Open", true},
		"entry and class":          {[]string{"Workbook_Open", "CreateObject", "WScript.Shell"}, "Workbook_Open", true},
		"entry and native code":    {[]string{"Auto_Open", "VirtualAlloc"}, "Auto_Open", true},
		"entry and command":        {[]string{"Auto_Open", "powershell -enc aaaa"}, "Auto_Open", true},
		"start without an entry":   {[]string{"Shell", "calc"}, "", false},
		"other case":               {[]string{"AUTOOPEN", "SHELL"}, "AutoOpen", true},
		"what only looks like one": {[]string{"AutoOpened", "Shells"}, "", false},
	} {
		p := one("Sub a()\nEnd Sub\n")
		p.Modules[0].PCode = tc.pcode
		if r := judged(t, p); keywords(r.Autoexec) != tc.autoexec || r.Suspicious != tc.suspicious {
			t.Errorf("%s: %v, suspicious %v (%s)", name, r.Autoexec, r.Suspicious, r.Why)
		}
	}
}

// The callbacks of customUI that load without a click start; the others wait (MS-CUSTOMUI 2.2).
func TestCallbacksOfTheRibbon(t *testing.T) {
	for name, tc := range map[string]struct {
		onLoad     []string
		suspicious bool
	}{
		"by name": {[]string{"Go"}, true}, "other case": {[]string{"GO"}, true}, "with its module": {[]string{"Module1.go"}, true}, "with the book": {[]string{"'Book 1.xlsm'!Module1.Go"}, true},
		"of another name": {[]string{"Gone"}, false}, "none": {nil, false}, "empty": {[]string{""}, false},
	} {
		p := one("Sub Go(r As IRibbonUI)\nShell \"calc\"\nEnd Sub")
		p.OnLoad, p.Callbacks = tc.onLoad, []string{"Go"}
		r := judged(t, p)
		if r.Suspicious != tc.suspicious || tc.suspicious && (len(r.Autoexec) != 1 || r.Autoexec[0].Keyword != "Go" || r.Autoexec[0].Why != whyRibbon) {
			t.Errorf("%s: %v %v", name, r.Suspicious, r.Autoexec)
		}
	}
}

// Forms and documents are told apart by VB_Base: two class numbers make a form (MS-OVBA 2.3.4.3).
func TestModulesOfFormsAndDocuments(t *testing.T) {
	for base, want := range map[string][2]bool{
		"": {}, "0{00020820-0000-0000-C000-000000000046}": {}, "1Normal.ThisDocument": {false, true}, "0Normal.ThisDocument": {false, true},
		"0{00020906-0000-0000-C000-000000000046}":                                       {false, true},
		"0{11111111-0000-0000-0000-000000000000}{22222222-0000-0000-0000-000000000000}": {true, false},
	} {
		m := module{in: &Module{Name: "X"}, base: base}
		j := &judge{in: &Project{Kind: "docm"}}
		if got := [2]bool{isForm(&m), j.isWord(&m)}; got != want {
			t.Errorf("%q: %v, want %v", base, got, want)
		}
	}
	for kind, want := range map[string]bool{"docm": true, "doc": true, "dotm": true, "xlsm": false, "": false} {
		j := &judge{in: &Project{Kind: kind}}
		if got := j.isWord(&module{in: &Module{Name: "thisdocument"}}); got != want {
			t.Errorf("%s: %v", kind, got)
		}
	}
	for s, want := range map[string]string{"A": "a", "M.A": "a", "Book.xlsm!M.A": "a", "b!A": "a", "": "", "a.": ""} {
		if got := lastName(s); got != want {
			t.Errorf("%q: %q", s, got)
		}
	}
}
