package inspect

import (
	"strings"
	"testing"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
)

func lockedZip(names ...string) []byte {
	var z fixture.ZIP
	for _, n := range names {
		z.Entries = append(z.Entries, fixture.ZIPEntry{Name: n, Data: []byte("content of " + n), Method: 8, Password: "a word that no mail says"})
	}
	return z.Bytes()
}

func TestLockedMembersAreKnownByTheirNames(t *testing.T) {
	for _, tc := range []struct {
		members string
		want    finding.Kind // "" for none
	}{
		{"請求書.lnk", finding.LNKCommand},
		{"a/b/Invoice.PDF.exe", finding.ExecutableFile},
		{"screen.scr.", finding.ExecutableFile},
		{"open.url", finding.URLFile},
		{"setup.msi", finding.MSIFile},
		{"manual.chm", finding.HelpCHM},
		{"disk.iso", finding.ImageDisk},
		{"order.js", finding.ScriptFile},
		{"order.hta", finding.ScriptFile},
		{"請求書.docm", ""},
		{"見積書.pdf,見積書.xlsx", ""},
		{"src/main.c,src/util.c,include/util.h,build.bat", ""},
		{"src/main.c,src/util.c,include/util.h,run.lnk", finding.LNKCommand},
	} {
		s := scanner(t, Options{}).Begin()
		b := lockedZip(strings.Split(tc.members, ",")...)
		if _, err := s.File(t.Context(), nil, "a.zip", strings.NewReader(string(b)), int64(len(b))); err != nil {
			t.Fatal(err)
		}
		still, err := s.Finish(t.Context())
		if err != nil || len(still) != 1 {
			t.Fatalf("%s: %d locked, %v", tc.members, len(still), err)
		}
		still[0].Content.Close()
		var got []finding.Kind
		for _, f := range s.Result().Findings {
			if strings.HasPrefix(f.Detail, "by name, locked") {
				got = append(got, f.Kind)
			}
		}
		if tc.want == "" && len(got) > 0 || tc.want != "" && (len(got) != 1 || got[0] != tc.want) {
			t.Errorf("%s: %v, want %q", tc.members, got, tc.want)
		}
	}
}

// What a word opens is named by its content alone.
func TestOpenedMembersAreNotKnownByTheirNames(t *testing.T) {
	b := fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: "notes.exe", Data: []byte("only text"), Method: 8, Password: "Kx93ab"}}}.Bytes()
	s := scanner(t, Options{Given: []string{"Kx93ab"}}).Begin()
	if _, err := s.File(t.Context(), nil, "a.zip", strings.NewReader(string(b)), int64(len(b))); err != nil {
		t.Fatal(err)
	}
	if still, err := s.Finish(t.Context()); err != nil || len(still) > 0 {
		t.Fatalf("%d locked, %v", len(still), err)
	}
	for _, f := range s.Result().Findings {
		if strings.HasPrefix(f.Detail, "by name, locked") {
			t.Errorf("%+v", f)
		}
	}
}
