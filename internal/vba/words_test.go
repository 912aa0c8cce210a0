package vba

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// hitOf is the hit of a keyword in the judgement of code that starts by itself.
func hitOf(r *Report, keyword string) (Hit, bool) {
	i := slices.IndexFunc(r.Abilities, func(h Hit) bool { return h.Keyword == keyword })
	if i < 0 {
		return Hit{}, false
	}
	return r.Abilities[i], true
}

// Every name of the lists is found where code uses it as a member, is of the ability that the list says, and a hard one is suspicious unasked.
func TestEveryNameOfTheListsTakesEffect(t *testing.T) {
	for low, w := range names {
		r := judged(t, one("Sub AutoOpen()\nx.y."+strings.ToUpper(low)+" z.z, 1\nEnd Sub"))
		h, ok := hitOf(r, w.keyword)
		if !ok || h.Ability != w.ability || h.Why != w.why || h.Line != 2 || r.Suspicious != (w.rule != soft) {
			t.Errorf("%s: %v %+v, suspicious %v", low, ok, h, r.Suspicious)
		}
	}
}

func TestEverySinkTakesEffect(t *testing.T) {
	for low, w := range sinks {
		args := "\"a.exe\", \"b.exe\", 2"
		switch w.rule {
		case byRemote:
			args = "\"http://example.test/a.dotm\""
		case byFormula, byMember: // they lead on to what they name
			continue
		}
		r := judged(t, one("Sub AutoOpen()\nApplication."+strings.ToUpper(low)+" "+args+"\nEnd Sub"))
		h, ok := hitOf(r, w.keyword)
		if w.keyword == "OnAction" { // it waits for a person
			ok, h = !ok, Hit{Ability: w.ability, Why: w.why, Line: 2}
		}
		if !ok || h.Ability != w.ability || h.Why != w.why || h.Line != 2 || (w.rule == hard || w.rule == byRemote) && !r.Suspicious {
			t.Errorf("%s: %v %+v %v, suspicious %v", low, ok, h, r.Abilities, r.Suspicious)
		}
	}
}

// A name of the lists that the project gives to something of its own is no use of the ability.
func TestNamesThatTheProjectUsesForItsOwnAreNoAbilities(t *testing.T) {
	for low, w := range sinks {
		for _, source := range []string{"Sub AutoOpen()\nDim " + low + " As Long\nEnd Sub", "Sub AutoOpen()\nx = " + low + "\nEnd Sub", "Sub AutoOpen()\n' " + low + " \"a\"\nEnd Sub",
			"Sub AutoOpen()\nMsgBox \"" + low + " a\"\nEnd Sub"} {
			if r := judged(t, one(source)); r.Suspicious {
				t.Errorf("%s, %s: %v", w.keyword, source, r.Abilities)
			}
		}
	}
}

func TestEveryClassTakesEffect(t *testing.T) {
	for low, c := range types {
		for _, code := range []string{"Dim x As New " + low, "Set x = New " + low, "Set x = New Some." + strings.TrimPrefix(low, "shell32.")} {
			if strings.HasPrefix(low, "shell32.") && strings.Contains(code, "Some.") {
				continue // Shell is a class of that library only
			}
			r := judged(t, one("Sub AutoOpen()\n"+code+"\nEnd Sub"))
			if h, ok := hitOf(r, c.keyword); !ok || h.Ability != c.ability || r.Suspicious != c.ofRisk {
				t.Errorf("%s: %v, suspicious %v", code, r.Abilities, r.Suspicious)
			}
		}
	}
	for low, w := range texts {
		if w.rule == soft {
			continue
		}
		for _, class := range []string{low, strings.ToUpper(low), low + ".1"} {
			r := judged(t, one("Sub AutoOpen()\nSet x = CreateObject(\""+class+"\")\nx.Create 1\nEnd Sub"))
			if !r.Suspicious {
				t.Errorf("%s: %+v", class, r)
			}
		}
	}
	for class := range ordinary {
		if r := judged(t, one("Sub AutoOpen()\nSet x = CreateObject(\""+strings.ToUpper(class)+"\")\nEnd Sub")); r.Suspicious {
			t.Errorf("%s: %+v", class, r)
		}
		if w, risk, ok := classOf(class); ok {
			t.Errorf("%s is ordinary and grave: %+v %v", class, w, risk)
		}
	}
}

func TestEveryNativeFunctionTakesEffect(t *testing.T) {
	for low, w := range natives {
		for _, alias := range []string{low, strings.ToUpper(low) + "A", low + "W"} {
			r := judged(t, one("Declare PtrSafe Function f Lib \"kernel32\" Alias \""+alias+"\" (ByVal a As Long) As Long\nSub AutoOpen()\nf 1\nEnd Sub"))
			h, ok := hitOf(r, w.keyword)
			if !ok || h.Ability != w.ability || h.Why != w.why || h.Line != 3 || r.Suspicious != (w.rule == hard) {
				t.Errorf("%s: %v %+v, suspicious %v", alias, ok, h, r.Suspicious)
			}
		}
	}
}

// Without Alias the name itself is the function's (MS-VBAL 5.2.3.5).
func TestExternalProceduresWithoutAlias(t *testing.T) {
	for source, want := range map[string]string{
		"Declare Function WinExec Lib \"kernel32\" (ByVal a) As Long\nSub AutoOpen()\nx = WinExec(1)\nEnd Sub":                                        "WinExec",
		"Private Declare PtrSafe Sub WinExec Lib \"kernel32.dll\" (ByVal a)\nSub AutoOpen()\nWinExec 1\nEnd Sub":                                      "WinExec",
		"Declare Function f _\n Lib \"kernel32\" _\n Alias \"WinExec\" _\n (ByVal a) As Long\nSub AutoOpen()\nf 1\nEnd Sub":                           "WinExec",
		"Declare Function Beep Lib \"kernel32\" (ByVal a, ByVal b) As Long\nSub AutoOpen()\nBeep 1, 2\nEnd Sub":                                       "",
		"Declare Function Beep Lib \"kernel32\" (ByVal a, Optional ByVal b As String = \"WinExec\") As Long\nSub AutoOpen()\nBeep 1, 2\nEnd Sub":      "",
		"Declare Function f CDecl Lib \"msvcrt\" Alias \"system\" (ByVal a) As Long\nSub AutoOpen()\nf \"calc\"\nEnd Sub":                             "system",
		"Declare Function f Lib \"kernel32\" Alias \"WinExec\" (ByVal a) As Long\nSub AutoOpen()\nApplication.OnTime Now, \"x\"\nMe.f 1\nEnd Sub":     "OnTime WinExec",
		"Declare Function f Lib \"kernel32\" Alias \"WinExec\" (ByVal a) As Long\nSub AutoOpen()\nIf f(\"calc\") > 31 Then MsgBox \"ok\"\nEnd Sub":    "WinExec",
		"Declare Function f Lib \"kernel32\" Alias \"WinExec\" (ByVal a) As Long\nSub AutoOpen()\nCall f(\"calc\")\nEnd Sub":                          "WinExec",
		"#If Win64 Then\nDeclare PtrSafe Function f Lib \"kernel32\" Alias \"WinExec\" (ByVal a)\n#End If\nSub AutoOpen()\nCall f(\"calc\")\nEnd Sub": "WinExec",
	} {
		if got := keywords(judged(t, one(source)).Abilities); got != want {
			t.Errorf("%q, want %q\n%s", got, want, source)
		}
	}
}

func TestLibrariesOfTheSystemAreKnownInEverySpelling(t *testing.T) {
	for lib := range systemLibraries {
		for _, s := range []string{lib, strings.ToUpper(lib), lib + ".dll", " " + lib + " "} {
			if w := external(s, "SomethingElse"); w.keyword != "" {
				t.Errorf("%q: %+v", s, w)
			}
		}
		if w := external(lib, "#77"); w.keyword != "Declare Lib" {
			t.Errorf("%s by ordinal: %+v", lib, w)
		}
	}
	for _, lib := range []string{"", "evil", "kernel32x", "kernel32.exe", `C:\Users\Public\kernel32.dll.dll`, "urlmon.ocx"} {
		if w := external(lib, "SomethingElse"); w.rule != hard {
			t.Errorf("%q: %+v", lib, w)
		}
	}
	for name := range enumerators {
		if w := external("user32", strings.ToUpper(name)+"A"); w.keyword != "" {
			t.Errorf("%s: %+v", name, w)
		}
	}
	for _, name := range []string{"EnumSystemLocalesA", "EnumUILanguagesW", "EnumDateFormatsA", "EnumResourceTypesA", "EnumTimeFormatsEx"} {
		if w := external("kernel32", name); w.why != whyInject || w.rule != hard {
			t.Errorf("%s: %+v", name, w)
		}
	}
}

// Every mark of a command line is one, in any case, and with the characters that cmd and PowerShell leave out.
func TestEveryMarkOfACommandLine(t *testing.T) {
	for _, l := range loud {
		for _, m := range l.marks {
			for _, s := range []string{l.program + " -x " + m + " y", strings.ToUpper(l.program + " -x " + m + " y"), l.program + " -x " + m[:1] + "^" + m[1:] + " y"} {
				r := judged(t, one("Sub b()\nShell \""+s+"\"\nEnd Sub"))
				if h, ok := hitOf(r, commandLine.keyword); !ok || h.Line != 2 || !r.Suspicious {
					t.Errorf("%q: %v, suspicious %v", s, r.Abilities, r.Suspicious)
				}
			}
		}
		if r := judged(t, one("Sub b()\nShell \""+l.program+" x\"\nEnd Sub")); r.Suspicious {
			t.Errorf("%s alone: %s", l.program, r.Why)
		}
	}
}

func TestEveryConstantOfTheLanguage(t *testing.T) {
	for name, v := range constants {
		want := v.string()
		if got := evaluated(t, "Shell \"<\" & "+strings.ToUpper(name)+" & \">\""); got != "<"+want+">" {
			t.Errorf("%s: %q, want %q", name, got, "<"+want+">")
		}
	}
	for name, want := range hostTexts {
		if got := evaluated(t, "Shell Application."+name+" & \"\\x\""); got != want+`\x` {
			t.Errorf("%s: %q", name, got)
		}
	}
	for name := range hostNames {
		if got := evaluated(t, "Shell \"<\" & "+strings.TrimSuffix(name, "$")+".Name & \">\""); got != "<…>" && name != "curdir" {
			t.Errorf("%s: %q: the source does not tell it", name, got)
		}
	}
}

// A name that nobody assigned is empty text (MS-VBAL 5.2.2.1), one of the program's is a hole.
func TestNamesThatNobodyAssigned(t *testing.T) {
	for name, want := range map[string]string{
		"kjdf": "<>", "xyz1": "<>", "xlUp": "<…>", "wdFormatPDF": "<…>", "msoTrue": "<…>", "ActiveDocument": "<…>", "Now": "<…>", "Rnd": "<…>", "Selection": "<…>",
	} {
		if got := evaluated(t, "Shell \"<\" & "+name+" & \">\""); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// Each entry point is one as Sub and Function, with any modifiers, in any case, in a module of any name; and none as a call, a variable or a text.
func TestEveryEntryPointInEverySpelling(t *testing.T) {
	for low, w := range entries {
		for _, form := range []string{"Sub %s()\nEnd Sub", "Public Sub %s()\nEnd Sub", "Private Function %s(ByVal a)\nEnd Function", "Static Sub %s\nEnd Sub", "Friend Sub %s()\nEnd Sub", "Sub [%s]()\nEnd Sub"} {
			for _, name := range []string{low, strings.ToUpper(low)} {
				r := judged(t, one(fmt.Sprintf(form, name)))
				if len(r.Autoexec) != 1 || r.Autoexec[0].Keyword != w.keyword || r.Autoexec[0].Why != w.why || r.Autoexec[0].Line != 1 || r.Autoexec[0].Ability != "" {
					t.Errorf(form+": %+v", name, r.Autoexec)
				}
			}
		}
		for _, form := range []string{"Sub x%s()\nEnd Sub", "Sub a()\n%s\nEnd Sub", "Dim %s As Long", "' Sub %s()", "Event %s()", "Const a = \"Sub %s()\"", "Declare Sub %s Lib \"a\" ()"} {
			if r := judged(t, one(fmt.Sprintf(form, low))); len(r.Autoexec) > 0 {
				t.Errorf(form+": %+v", low, r.Autoexec)
			}
		}
	}
}
