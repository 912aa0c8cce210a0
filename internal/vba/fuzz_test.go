package vba

import (
	"context"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzJudge holds that a report speaks of the source, that judging twice says the same, and that an entry point with a start behind whatever
// stands before is suspicious.
func FuzzJudge(f *testing.F) {
	f.Add("Sub AutoOpen()\n  Shell \"cmd /c\" & Chr(104) ' x\nEnd Sub")
	f.Add("x = \"a\"\"b\" _\n & &HFF: Rem y _\n z")
	f.Add("Declare Sub 表示 Lib \"a.b.c.d\" ()")
	for _, h := range hidings {
		f.Add(h.before + "Sub Document_Open()\nCreateObject(" + h.expr("WScript.Shell") + ").Run " + h.expr(aCommand) + "\nEnd Sub")
	}
	for _, h := range honest {
		for _, source := range h.modules {
			f.Add(source)
		}
	}
	f.Fuzz(func(t *testing.T, source string) {
		p := one(source)
		r, err := Judge(context.Background(), p, Options{Folded: 1 << 16})
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Count(source, "\n") + 1
		for _, h := range append(r.Autoexec, r.Abilities...) {
			if h.Line < 1 || h.Line > lines || h.Keyword == "" || h.Why == "" {
				t.Fatalf("%+v of %d lines", h, lines)
			}
		}
		for _, e := range r.Evidence {
			if e.Line < 1 || e.Line > lines || e.Text == "" || len(e.Text) > textMax || !utf8.ValidString(e.Text) {
				t.Fatalf("%+v of %d lines", e, lines)
			}
		}
		if r.Suspicious != (len(r.Chain) > 0) || r.Suspicious != (r.Hit.Keyword != "") {
			t.Fatalf("%+v", r)
		}
		p.Modules = append(p.Modules, Module{Name: "Z", Stream: "Z", Source: "Sub AutoExec()\nZ.Goes\nEnd Sub\nSub Goes()\nShell Cells(1, 1).Text, 0\nEnd Sub\n"})
		if r := judged(t, p); !r.Suspicious || !strings.Contains(keywords(r.Autoexec), "AutoExec") {
			t.Fatalf("a module behind it is not seen: %+v", r)
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	for name, source := range map[string]string{
		"ordinary": strings.Repeat("    If Cells(i, 3).Value > limit Then total = total + Cells(i, 4).Value ' sum\n    x = \"C:\\Temp\\report.xlsx\" & y\n", 2000),
		"able":     "Sub a()\n" + strings.Repeat("    If Cells(i, 3).Value > limit Then total = total + Cells(i, 4).Value ' sum\n    x = \"C:\\Temp\\report.xlsx\" & y\n", 2000) + "Shell x\nEnd Sub\n",
		"hidden":   strings.Repeat("x = Chr(104) & Replace(\"tqtqpq\", \"q\", \"\") & StrReverse(\"//:\")\n", 2000) + "Sub AutoOpen()\nShell x\nEnd Sub\n",
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(source)))
			b.ReportAllocs()
			p := one(source)
			for b.Loop() {
				judged(b, p)
			}
		})
	}
}
