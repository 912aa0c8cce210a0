package vba

import (
	"fmt"
	"strings"
	"testing"
)

// project reads modules from one text: "--- Name" begins another one.
func project(source string) *Project {
	p := one("")
	for part := range strings.SplitSeq("Module1\n"+source, "\n--- ") {
		name, body, _ := strings.Cut(part, "\n")
		p.Modules = append(p.Modules, Module{Name: name, Stream: "VBA/" + name, Source: body + "\n"})
	}
	p.Modules = p.Modules[1:]
	return p
}

// evasions are projects whose language hides from a simpler reader that they start a program by themselves.
var evasions = map[string]string{
	"EOM for a space":      "Sub\x19AutoOpen()\nShell\x19\"calc.exe\"\nEnd Sub",
	"wide space":           "Sub\u3000AutoOpen()\nShell\u3000\"calc.exe\"\nEnd Sub",
	"no-break space":       "Sub\u00a0AutoOpen()\nShell\u00a0\"calc.exe\"\nEnd Sub",
	"wide letters":         "Ｓｕｂ Ａｕｔｏ＿Ｏｐｅｎ()\nＳｈｅｌｌ \"calc.exe\"\nＥｎｄ Ｓｕｂ",
	"symbol in a name":     "Sub AutoOpen()\n処理①\nEnd Sub\nSub 処理②()\nEnd Sub\nSub 処理①()\nShell \"calc.exe\"\nEnd Sub",
	"member in brackets":   "Sub AutoOpen()\nVBA.[_HiddenModule].[Shell] \"calc.exe\"\nEnd Sub",
	"function in brackets": "Sub AutoOpen()\nx = [Shell](\"calc.exe\")\nEnd Sub",
	"entry in brackets":    "Sub [AutoOpen]()\nShell \"calc.exe\"\nEnd Sub",
	"End Sub left out":     "Sub AutoOpen()\n#If False Then\nEnd Sub\n#End If\nShell \"calc.exe\"\nEnd Sub",
	"procedure left out":   "Sub AutoOpen()\n#If False Then\nEnd Sub\nSub Decoy()\n#End If\nShell \"calc.exe\"\nEnd Sub",
	"beginning left out":   "Sub AutoOpen()\n#If 0 Then\nSub Decoy()\n#End If\nShell \"calc.exe\"\nEnd Sub",
	"Type left out":        "Sub AutoOpen()\n#If Mac Then\nType T\n#End If\nShell \"calc.exe\"\nEnd Sub",
	"event of the project": "Private WithEvents c As Class1\nSub Document_Open()\nSet c = New Class1\nc.Fire\nEnd Sub\nPrivate Sub c_Go(cmd)\nShell cmd\nEnd Sub\n" +
		"--- Class1\nPublic Event Go(cmd)\nSub Fire()\nRaiseEvent Go(\"calc.exe\")\nEnd Sub",
	"event of the program": "Private WithEvents App As Word.Application\nSub Document_Open()\nSet App = Word.Application\nEnd Sub\n" +
		"Private Sub App_DocumentChange()\nShell \"calc.exe\"\nEnd Sub",
	"interface":              "Sub AutoOpen()\nDim x As IFoo\nSet x = New Class1\nx.DoIt\nEnd Sub\n--- IFoo\nSub DoIt()\nEnd Sub\n--- Class1\nImplements IFoo\nPrivate Sub IFoo_DoIt()\nShell \"calc.exe\"\nEnd Sub",
	"default member":         "Sub AutoOpen()\nDim c As New Class1\nDebug.Print c\nEnd Sub\n--- Class1\nProperty Get Foo()\nAttribute Foo.VB_UserMemId = 0\nShell \"calc.exe\"\nEnd Property",
	"enumerator":             "Sub AutoOpen()\nDim c As New Class1\nFor Each x In c\nNext\nEnd Sub\n--- Class1\nFunction Items() As IUnknown\nAttribute Items.VB_UserMemId = -4\nShell \"calc.exe\"\nEnd Function",
	"calls too deep":         "Sub AutoOpen()\na1 \"calc.exe\"\nEnd Sub\n" + deepCalls(callsMax+8) + "Sub z(x)\nShell x\nEnd Sub",
	"procedure named Step":   "Sub AutoOpen()\nStep\nEnd Sub\nSub Step()\nShell \"calc.exe\"\nEnd Sub",
	"procedure named Access": "Sub AutoOpen()\nCall Access\nEnd Sub\nSub Access()\nShell \"calc.exe\"\nEnd Sub",
}

func TestLanguageDoesNotHideWhatStartsByItself(t *testing.T) {
	for name, source := range evasions {
		if r := judged(t, project(source)); !r.Suspicious || len(r.Autoexec) == 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// deepCalls are procedures that pass their argument on, to z at last.
func deepCalls(n int) string {
	var s strings.Builder
	for i := range n {
		next := fmt.Sprintf("a%d", i+2)
		if i == n-1 {
			next = "z"
		}
		fmt.Fprintf(&s, "Sub a%d(x)\n%s x\nEnd Sub\n", i+1, next)
	}
	return s.String()
}
