package vba

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// costs judges a project and returns what that took.
func costs(t *testing.T, p *Project) *judge {
	t.Helper()
	j := newJudge(context.Background(), p, Options{}.withDefaults())
	if _, err := j.judgement(); err != nil {
		t.Fatal(err)
	}
	return j
}

// Loops take from one budget, whatever stands in them; a statement may go past its end once.
func TestAShortModuleCostsABoundedNumberOfOperands(t *testing.T) {
	const many = "For i = 1 To 1000000000\n"
	for name, body := range map[string]string{
		"text that grows without end":     "i = 1\nDo While i < Len(\"575363726970742e\")\nx = x + Chr(Val(\"&h\" + Mid$(\"57\", i, 2)))\ni =  i = i + 2\nLoop",
		"a nested loop":                   many + "For k = 1 To 60\nx = x & Left(Chr(65) & Chr(k), 1)\nNext\nNext",
		"Filter of one long text":         "ReDim a(60000)\ns = String(1000000, \"a\")\nFor i = 0 To 60000\na(i) = s\ny = Chr(65)\nNext\n" + many + "y = Chr(65)\nz = Filter(a, \"b\")\nNext",
		"arrays as text":                  "a = Split(Space(60000), \" \")\n" + many + "y = Chr(65)\nz = Mid(a, 1, 1) & Left(a, 2) & Asc(a)\nNext",
		"blanks as a number":              "s = Space(1000000)\n" + many + "y = Chr(65)\nz = s + 1\nNext",
		"equal texts":                     "s = String(1000000, \"a\")\nt = String(1000000, \"a\")\nu = LCase(s)\n" + many + "y = Mid(s, i, 1)\nz = Mid(t, i, 1)\nw = Mid(u, i, 1)\nNext",
		"a path":                          "s = Space(1000000)\n" + many + "y = Chr(65)\nKill s\nNext",
		"an environment":                  "s = String(1000000, \"a\")\n" + many + "y = Chr(65)\nz = Environ(s)\nNext",
		"a part of text":                  "s = String(1000000, \"a\")\n" + many + "y = Chr(65)\nMid(s, 1, 1) = y\nNext",
		"base64":                          "Set o = d.createElement(\"b\")\no.DataType = \"bin.base64\"\no.Text = String(1000000, \"a\")\n" + many + "y = Chr(65)\nz = o.nodeTypedValue\nNext",
		"tokens that are passed over":     many + "y = Chr(65)\nz = [" + strings.Repeat("a ", 30000) + "]\nNext",
		"blanks before a point":           many + "y = Chr(65)\nz" + strings.Repeat(" ", 100000) + ".b\nNext",
		"a long name":                     many + "y = Chr(65)\n" + strings.Repeat("a", 100000) + ".b\nNext",
		"a class of points":               "s = String(1000000, \".\")\n" + many + "y = Chr(65)\nCreateObject s\nNext",
		"lines that go through long text": "s = String(1000000, \"a\")\n" + many + "y = Chr(65)\nz = UCase(s)\nNext\n" + strings.Repeat("z = UCase(s)\n", 1000),
	} {
		t.Run(name, func(t *testing.T) {
			j := costs(t, one("Sub AutoOpen()\n"+body+"\nShell \"calc.exe\"\nEnd Sub\n"))
			if !j.report.Suspicious {
				t.Error("what stands behind the loop is not seen")
			}
			if j.steps > stepsMax || j.terms > termsMax*3/2 || j.met > stepsMax+2000 { // what is searched may go past the operands once
				t.Errorf("%d statements, %d repeated, %d operands", j.met, j.steps, j.terms)
			}
		})
	}
}

func TestWhatIsPastTheOperandsIsNotGoneThrough(t *testing.T) {
	j := newJudge(context.Background(), one(""), Options{}.withDefaults())
	long := str(strings.Repeat("a", 2*freeWork*bytesPerTerm))
	if !j.afford(long) {
		t.Error("the first is too long")
	}
	j.terms = termsMax
	if j.afford(long) {
		t.Error("a long text past the limit")
	}
	if !j.afford(str("calc.exe")) {
		t.Error("a command line is too long")
	}
	list := value{k: array, a: &elements{v: []value{long, long}}}
	if got := list.work(); got < 2*long.work() {
		t.Errorf("an array of long texts costs %d", got)
	}
}

// asked is a context that ends when it was asked so often.
type asked struct {
	context.Context
	left int
}

func (c *asked) Err() error {
	if c.left--; c.left < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

func TestTheContextIsAskedOnTheWay(t *testing.T) {
	for name, source := range map[string]string{
		"a loop":                    "Sub AutoOpen()\nFor i = 1 To 100000\nx = x & Chr(65)\nNext\nShell x\nEnd Sub\n",
		"a module":                  strings.Repeat("x = 1\n", 100000) + "Sub AutoOpen()\nShell x\nEnd Sub\n",
		"a procedure of many lines": "Sub AutoOpen()\n" + strings.Repeat("Shell x\n", 10*checkEvery) + "End Sub\n",
	} {
		ctx := &asked{context.Background(), 5}
		if _, err := Judge(ctx, one(source), Options{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		if ctx.left < -20 {
			t.Errorf("%s: asked %d times after the end", name, -ctx.left)
		}
	}
}
