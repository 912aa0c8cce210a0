package inspect

import (
	"strings"
	"testing"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
)

func TestAModuleWhosePCodeSaysMoreThanItsSourceIsFound(t *testing.T) {
	for _, tc := range []struct {
		name, source string
		want         int
	}{
		{"honest", "Sub AutoOpen()\n  Shell \"calc.exe\"\nEnd Sub\n", 0},
		{"stomped", "Sub Hello()\n  MsgBox \"hello\"\nEnd Sub\n", 1},
		{"no source left", "", 1},
	} {
		m := fixture.VBAModuleOf("ThisDocument", tc.source)
		m.PCode = fixture.VBACall("AutoOpen", "Shell", "calc.exe")
		p := fixture.VBAProject{Code: fixture.VBA7Code, Modules: []fixture.VBAModule{m}}
		_, r := scanFile(t, Options{}, fixture.OLE(fixture.Stream("WordDocument", fixture.WordHead(0)), fixture.Storage("Macros", p.Nodes()...)))
		n := 0
		for _, f := range r.Findings {
			if f.Kind == finding.VBAStomped {
				n++
				if !strings.Contains(f.Path.String(), "ThisDocument") || !strings.Contains(f.Detail, `"AutoOpen", "Shell"`) {
					t.Errorf("%s: %s %s", tc.name, f.Path, f.Detail)
				}
			}
		}
		if n != tc.want {
			t.Errorf("%s: %d findings of %v", tc.name, n, lines(r))
		}
	}
}
