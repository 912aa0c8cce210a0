package vba

import (
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
	"EOM for a space":        "Sub\x19AutoOpen()\nShell\x19\"calc.exe\"\nEnd Sub",
	"wide space":             "Sub\u3000AutoOpen()\nShell\u3000\"calc.exe\"\nEnd Sub",
	"no-break space":         "Sub\u00a0AutoOpen()\nShell\u00a0\"calc.exe\"\nEnd Sub",
	"wide letters":           "Ｓｕｂ Ａｕｔｏ＿Ｏｐｅｎ()\nＳｈｅｌｌ \"calc.exe\"\nＥｎｄ Ｓｕｂ",
	"symbol in a name":       "Sub AutoOpen()\n処理①\nEnd Sub\nSub 処理②()\nEnd Sub\nSub 処理①()\nShell \"calc.exe\"\nEnd Sub",
	"member in brackets":     "Sub AutoOpen()\nVBA.[_HiddenModule].[Shell] \"calc.exe\"\nEnd Sub",
	"function in brackets":   "Sub AutoOpen()\nx = [Shell](\"calc.exe\")\nEnd Sub",
	"entry in brackets":      "Sub [AutoOpen]()\nShell \"calc.exe\"\nEnd Sub",
	"End Sub left out":       "Sub AutoOpen()\n#If False Then\nEnd Sub\n#End If\nShell \"calc.exe\"\nEnd Sub",
	"procedure left out":     "Sub AutoOpen()\n#If False Then\nEnd Sub\nSub Decoy()\n#End If\nShell \"calc.exe\"\nEnd Sub",
	"beginning left out":     "Sub AutoOpen()\n#If 0 Then\nSub Decoy()\n#End If\nShell \"calc.exe\"\nEnd Sub",
	"Type left out":          "Sub AutoOpen()\n#If Mac Then\nType T\n#End If\nShell \"calc.exe\"\nEnd Sub",
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
