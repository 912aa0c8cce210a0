package vba

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
)

// Each limit of the package comment by itself: just inside of it all is told, just outside of it no more is, and what was held back is still judged.

// wrapped are n functions, each calling the next one; the last yields a text.
func wrapped(n int) string {
	var s strings.Builder
	for i := range n - 1 {
		fmt.Fprintf(&s, "Function w%d()\nw%d = w%d()\nEnd Function\n", i, i, i+1)
	}
	fmt.Fprintf(&s, "Function w%d()\nw%d = \"calc\" & \".exe\"\nEnd Function\nSub AutoOpen()\nShell w0()\nEnd Sub\n", n-1, n-1)
	return s.String()
}

func TestNestedCallsEndAtTheirLimit(t *testing.T) {
	if r := judged(t, one(wrapped(callsMax))); r.Text != "calc.exe" || !r.Suspicious {
		t.Errorf("%d calls: %q", callsMax, r.Text)
	}
	if r := judged(t, one(wrapped(callsMax+2))); r.Text == "calc.exe" || !r.Suspicious {
		t.Errorf("%d calls: %q, suspicious %v", callsMax+2, r.Text, r.Suspicious)
	}
}

func TestNestedExpressionsEndAtTheirLimit(t *testing.T) {
	nested := func(n int) *Report {
		return judged(t, one("Sub AutoOpen()\nShell "+strings.Repeat("(", n)+"\"calc\" & \".exe\""+strings.Repeat(")", n)+"\nKill \"behind.exe\"\nEnd Sub"))
	}
	if r := nested(depthMax - 8); r.Text != "calc.exe" {
		t.Errorf("%q", r.Text)
	}
	for _, n := range []int{depthMax + 8, 100 * depthMax} {
		if r := nested(n); !r.Suspicious || !strings.Contains(keywords(r.Abilities), "Shell") || !strings.Contains(keywords(r.Abilities), "Kill") {
			t.Errorf("%d: %+v", n, r)
		}
	}
}

func TestRepeatedStatementsEndAtTheirLimit(t *testing.T) {
	p := one(fmt.Sprintf("Sub AutoOpen()\nFor i = 1 To %d\nx = Chr(65)\nNext\nShell \"calc.exe\"\nEnd Sub\nSub AutoClose()\ny = \"still \" & \"folded\"\nCreateObject y\nEnd Sub", 10*stepsMax))
	r := judged(t, p)
	if !r.Suspicious || !strings.Contains(fmt.Sprint(r.Abilities), "Shell") || !strings.Contains(fmt.Sprint(r.Abilities), "CreateObject") {
		t.Errorf("%+v", r)
	}
}

func TestElementsEndAtTheirLimit(t *testing.T) {
	for index, want := range map[int]string{0: "<q>", 1000: "<q>", elementsMax - 1: "<q>", elementsMax: "<…>", math.MaxInt32: "<…>", -1: "<…>"} {
		got := evaluated(t, fmt.Sprintf("Dim a\nReDim a(3)\na(%d) = \"q\"\nShell \"<\" & a(%d) & \">\"", index, index))
		if got != want {
			t.Errorf("%d: %q, want %q", index, got, want)
		}
	}
	r := &run{judge: &judge{report: &Report{}, folded: 1 << 22, left: 1 << 22}}
	for n, want := range map[int]kind{elementsMax: array, elementsMax + 1: unknown} {
		if v := split(r, []value{str(strings.Repeat(",", n-1)), str(",")}); v.k != want || v.k == array && len(v.a.v) != n {
			t.Errorf("%d parts: %v", n, v.k)
		}
		r.folded = 1 << 22
	}
}

func TestAbilitiesEndAtTheirLimit(t *testing.T) {
	j := &judge{report: &Report{}, places: make(map[place]int32), shown: make(map[string]bool), mods: []module{{in: &Module{}, toks: make([]token, 5*hitsMax)}}}
	r := &run{judge: j, m: &j.mods[0], p: &proc{}}
	mild, grave := word{keyword: "mild", ability: Write, why: whyWrite}, word{keyword: "grave", ability: Execute, why: whyRun}
	for i := range 2 * hitsMax {
		r.hit(&mild, i, false, "")
	}
	if len(j.hits) != hitsMax {
		t.Errorf("%d mild hits", len(j.hits))
	}
	for i := range 5 * hitsMax {
		r.hit(&grave, i, true, "")
	}
	if len(j.hits) != 4*hitsMax {
		t.Errorf("%d hits", len(j.hits))
	}
	if h := r.hit(&grave, 0, true, "again"); h.text != "again" || len(j.hits) != 4*hitsMax {
		t.Errorf("a place that is known is not found again: %+v", h)
	}
}

// However many mild uses stand before it, a grave one is seen.
func TestAGraveUseBehindManyMildOnesIsSeen(t *testing.T) {
	r := judged(t, one("Sub AutoOpen()\n"+strings.Repeat("MkDir x.y\n", 3*hitsMax)+"Shell \"calc.exe\"\nEnd Sub"))
	if !r.Suspicious || r.Text != "calc.exe" || len(r.Abilities) != 2 {
		t.Errorf("%v %q %d", r.Suspicious, r.Text, len(r.Abilities))
	}
}

func TestFoldedTextEndsAtItsOption(t *testing.T) {
	const source = "Sub AutoOpen()\nx = String(5000, \"a\") & \"b\"\nShell \"cmd.exe /c \" & x\nEnd Sub"
	for folded, truncated := range map[int]bool{0: false, 1 << 20: false, 1000: true, 1: true, -5: false} {
		r, err := Judge(context.Background(), one(source), Options{Folded: folded})
		if err != nil || r.Truncated != truncated || !r.Suspicious {
			t.Errorf("Folded %d: %v, truncated %v, suspicious %v", folded, err, r.Truncated, r.Suspicious)
		}
	}
	if got := (Options{}).withDefaults().Folded; got != 4<<20 {
		t.Errorf("%d by default", got)
	}
	if got := (Options{Folded: 7}).withDefaults().Folded; got != 7 {
		t.Errorf("%d of 7", got)
	}
}

func TestBudgetsAreTakenAndNeverOverdrawn(t *testing.T) {
	j := &judge{report: &Report{}, folded: 10, left: 10}
	for _, step := range []struct {
		n          int
		ok         bool
		rest       int
		truncation bool
	}{{4, true, 6, false}, {6, true, 0, false}, {0, true, 0, false}, {1, false, 0, false}} {
		if ok := j.fold(step.n); ok != step.ok || j.folded != step.rest || j.report.Truncated != step.truncation {
			t.Errorf("fold %d: %v, %d left, truncated %v", step.n, ok, j.folded, j.report.Truncated)
		}
	}
	j.folded = 10
	if j.fold(11) || j.folded != 0 || !j.report.Truncated {
		t.Error("more than there is was taken, or it is not said")
	}
	j.folded = 10
	if j.fold(-1) || j.folded != 0 {
		t.Error("a negative number was taken")
	}
	for _, step := range []struct {
		n    int
		ok   bool
		rest int
	}{{10, true, 0}, {0, true, 0}, {1, false, 0}} {
		if ok := j.read(step.n); ok != step.ok || j.left != step.rest {
			t.Errorf("read %d: %v, %d left", step.n, ok, j.left)
		}
	}
}

// A decoder of a program of 20 KB, as loaders have it, stays inside of all limits.
func TestADecoderOfTwentyKilobytesIsFolded(t *testing.T) {
	program := strings.Repeat("powershell -nop -c \"a\"; ", 400)
	p := one("Sub AutoOpen()\nx = Dec(\"" + hexOf(program) + "\")\nShell x\nEnd Sub\nFunction Dec(s)\nFor i = 1 To Len(s) Step 2\nDec = Dec & Chr(Val(\"&H\" & Mid(s, i, 2)))\nNext\nEnd Function\n")
	if r := judged(t, p); !strings.HasPrefix(r.Text, "powershell -nop") || r.Truncated || len(r.Text) != textMax {
		t.Errorf("%.60q, %d, truncated %v", r.Text, len(r.Text), r.Truncated)
	}
}

// Loops that fold nothing are not repeated: what honest code counts costs nothing.
func TestLoopsThatFoldNothingEndSoon(t *testing.T) {
	for name, code := range map[string]string{
		"For":   "For i = 1 To 1000000\ny = i * 2\nNext",
		"Do":    "Do\ni = i + 1\nLoop Until i = 1000000",
		"While": "While i < 1000000\ni = i + 1\nWend",
	} {
		p := one("Sub AutoOpen()\n" + code + "\nShell \"<\" & i & \">\"\nEnd Sub")
		r := judged(t, p)
		if !r.Suspicious || r.Text == "<1000000>" {
			t.Errorf("%s: %q", name, r.Text)
		}
	}
}

func TestTokensEndAtTheirLimitOverAllModules(t *testing.T) {
	p := one(strings.Repeat("(", tokensMax/2))
	p.Modules = append(p.Modules, Module{Name: "B", Stream: "B", Source: strings.Repeat("(", tokensMax/2+1)}, Module{Name: "C", Stream: "C", Source: "Sub AutoOpen()\nEnd Sub"})
	r := judged(t, p)
	if !r.Unread || len(r.Autoexec) > 0 {
		t.Errorf("unread %v, %v", r.Unread, r.Autoexec)
	}
}

func TestProjectsWithoutCode(t *testing.T) {
	for name, p := range map[string]*Project{
		"nothing": {}, "a module": {Modules: []Module{{}}}, "forms": {Forms: []Control{{}}}, "callbacks": {OnLoad: []string{"", ".", "!"}, Callbacks: []string{""}},
		"a name only": {Modules: []Module{{Name: "ThisDocument"}}}, "blanks": one("  \r\n\t\n"), "bytes": one("\x00\xff\xfe\x00"),
	} {
		if r := judged(t, p); r.Suspicious || r.Unread || r.Truncated || len(r.Autoexec)+len(r.Abilities)+len(r.Evidence) > 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
