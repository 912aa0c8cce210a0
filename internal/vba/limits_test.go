package vba

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// Each of these costs far more than the time that tests have where the cost were not linear in the source.
func TestCostIsLinear(t *testing.T) {
	const size = 1 << 17
	for name, unit := range map[string]string{
		"blanks": " ", "continuations": "_ ", "members": "a.", "command": "cmd ", "quotes": "\"", "Open": "Open For ", "comments": "' _", "Chr": "Chr(",
		"colons": ": ", "lines": "_\n", "letters": "é", "classes": "\"a.b\" & ", "Declare": "Declare ", "parentheses": "(", "indexes": "a(", "closed": "a(1)",
		"not": "Not ", "minus": "-", "points": ".", "If": "If a Then ", "Else": "Else ", "ends": "End If\n", "For": "For i = 1 To 9\n", "For Each": "For Each x In Array(1)\n",
		"next": "Next\n", "With": "With a\n", "Do": "Do While True\n", "Select": "Select Case 1\nCase 1\n", "Case": "Case 1, 2 To 3\n", "subs": "Sub a()\n", "calls": "a b, c\n",
		"grows": "x = x & \"abc\"\n", "chain": "\"abc\" & ", "commas": ",", "bar": "a!b", "brackets": "[", "dates": "#", "array": "Array(1, ", "New": "New ",
		"Dim": "Dim a(1 To 9) As New b, ", "Const": "Const a = 1, ", "labels": "a:\n", "sinks": "Shell a\n", "objects": "CreateObject(a & b)\n", "named": "a b:=1, ",
		"case of text": "x = LCase(x & \"A\")\n", "length": "y = Len(x)\nx = x & \"ab\"\n", "letter by letter": "x = x & Mid(x, 3, 1) & \"é\"\n", "compared": "x = x & \"a\"\nIf x = x Then y = 1\n",
		"searched": "x = x & \"powershell \"\nf x\n", "replaced": "x = Replace(x & \"a\", \"a\", \"aa\")\n", "in text": "y = InStr(x, \"zz\")\nx = x & \"za\"\n",
	} {
		t.Run(name, func(t *testing.T) {
			body := strings.Repeat(unit, size/len(unit))
			judged(t, one("Sub AutoOpen()\n"+body))
			judged(t, one("Sub AutoOpen()\nx = "+body+"\nShell x\nEnd Sub"))
			judged(t, one("Shell \""+body))
		})
	}
}

func TestWhatGrowsWhileItRunsIsBounded(t *testing.T) {
	for name, body := range map[string]string{
		"doubling":           "x = \"abcd\"\n" + strings.Repeat("x = x & x\n", 100) + "Shell x",
		"doubling by Join":   "x = \"abcd\"\n" + strings.Repeat("x = Join(Array(x, x, x), x)\n", 100) + "Shell x",
		"doubling elements":  "Dim a\na = Array(1)\n" + strings.Repeat("a = Array(a, a)\n", 100) + "Shell a",
		"Replace":            "x = String(60000, \"a\")\n" + strings.Repeat("x = Replace(x, \"a\", x)\n", 20) + "Shell x",
		"String":             "Shell String(2000000000, \"a\") & Space(2000000000)",
		"array":              "Dim a(2000000000) As Byte\nReDim b(1 To 2000000000)\na(2000000000) = 1\nb(65000) = 2\nShell a(1)",
		"array of arrays":    "ReDim a(60000)\nFor i = 0 To 60000\nReDim c(60000)\na(i) = c\nx = x & Chr(65)\nNext\nShell x",
		"For":                "For i = 1 To 2000000000\nx = x & Chr(65)\nNext\nShell x",
		"For backwards":      "For i = 1 To -2000000000 Step -0.0001\nx = x & Chr(65)\nNext\nShell x",
		"For nested":         strings.Repeat("For i = 1 To 1000\n", 50) + "x = x & Chr(65)\n" + strings.Repeat("Next\n", 50) + "Shell x",
		"Do":                 "Do\nx = Chr(65)\nLoop\nShell x",
		"While":              "While True\nx = x & Chr(65)\nWend\nShell x",
		"Exit that is not":   "Do\nx = Chr(65)\nIf y.z Then Exit Do\nLoop\nShell x",
		"counter set back":   "For i = 1 To 10\nx = x & Chr(65)\ni = 1\nNext\nShell x",
		"recursion":          "Shell f(1)\nEnd Sub\nFunction f(x)\nf = f(x & Chr(65)) & f(x)\n",
		"recursion of empty": "Call g\nShell 1\nEnd Sub\nSub g()\ng\ng\n",
		"power":              "x = 9 ^ 9 ^ 9 ^ 9\nShell 1 / 0 & 1 \\ 0 & 1 Mod 0 & x",
	} {
		t.Run(name, func(t *testing.T) {
			if r := judged(t, one("Sub AutoOpen()\n"+body+"\nEnd Sub\n")); !r.Suspicious {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestCallsThatBranchAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, "Sub p%d()\np%d\np%d\np%d\nEnd Sub\n", i, i+1, i+1, i+1)
	}
	b.WriteString("Sub p40()\nShell Chr(65)\nEnd Sub\nSub AutoOpen()\np0\nEnd Sub\n")
	if r := judged(t, one(b.String())); !r.Suspicious {
		t.Errorf("%+v", r)
	}
}

func TestManyModulesAndProcedures(t *testing.T) {
	p := &Project{}
	for i := range 4096 {
		var names strings.Builder
		for k := range 20 {
			fmt.Fprintf(&names, "Module%d.same\n", (i*31+k*7)%4096)
		}
		p.Modules = append(p.Modules, Module{Name: fmt.Sprintf("Module%d", i), Stream: "s",
			Source: "Sub same()\n" + names.String() + "Open x For Output As #1\nEnd Sub\nSub UserForm_Initialize()\nsame\nEnd Sub\n"})
	}
	p.Modules[7].Source += "Sub Auto_Open()\nsame\nEnd Sub\n"
	if r := judged(t, p); !r.Suspicious {
		t.Errorf("%+v", r)
	}
	many := one(strings.Repeat("Sub same()\nsame\nShell x\nEnd Sub\n", 20000) + "Sub AutoOpen()\nsame\nEnd Sub\n")
	if r := judged(t, many); !r.Suspicious || len(r.Abilities) > 10 {
		t.Errorf("%v %d", r.Suspicious, len(r.Abilities))
	}
}

func TestMoreTokensThanTheLimitAreSaid(t *testing.T) {
	if r := judged(t, one(strings.Repeat("(", tokensMax+1))); !r.Unread {
		t.Error("not said")
	}
	if r := judged(t, one("x = x & \"abc\"")); r.Unread || r.Truncated {
		t.Errorf("%+v", r)
	}
}

func TestAWhollyFoldedBudgetIsSaidAndHidesNothing(t *testing.T) {
	p := one("Sub AutoOpen()\nx = String(3000, \"a\")\nCreateObject(StrReverse(\"llehS.tpircSW\")).Run \"a\"\nEnd Sub\n")
	r, err := Judge(context.Background(), p, Options{Folded: 100})
	if err != nil || !r.Suspicious || !r.Truncated {
		t.Errorf("%v %+v", err, r)
	}
}

func TestTheContextsEndIsTheError(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Judge(ctx, one("Sub AutoOpen()\nShell x\nEnd Sub\n"), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestLoopsOverLongTextsEnd(t *testing.T) {
	long := strings.Repeat("a", 100_000)
	for name, body := range map[string]string{
		"literal":  "f \"" + strings.Repeat(`""`, 100_000) + "\", Chr(65)",
		"reversed": "x = Chr(65)\ny = StrReverse(\"" + long + "\")",
		"searched": "x = Chr(65)\ny = LCase(s)\nz = InStr(s, \"b\")",
		"joined":   "x = Chr(65)\ny = Join(a, \"\")\nz = Filter(a, \"b\")\nw = \"\" & a",
	} {
		src := "Sub AutoOpen()\ns = \"" + long + "\" & t\na = Split(Space(60000), \" \")\nFor i = 1 To 1000000\n" + body + "\nNext\nShell \"calc.exe\"\nEnd Sub\nSub f(a, b)\nEnd Sub\n"
		if r := judged(t, one(src)); !r.Suspicious { // what stands behind the loop is still looked at
			t.Errorf("%s: %+v", name, r)
		}
	}
}
