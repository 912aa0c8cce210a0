package inspect

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"sekisho/internal/fixture"
)

// A file inside an archive is named by the digest of its own content, whatever it is packed in.
func TestReportsHaveTheDigestsOfFilesInsideFiles(t *testing.T) {
	inner := fixture.DocPlain()
	zip := fixture.Zip("a.doc", string(inner))
	for name, tc := range map[string]struct {
		o    Options
		want bool
	}{
		"on demand":           {Options{Sums: true}, true},
		"with a crash memory": {Options{Journal: t.TempDir() + "/journal"}, true},
		"not otherwise":       {Options{}, false},
	} {
		s, err := New(tc.o)
		if err != nil {
			t.Fatal(err)
		}
		scan := s.Begin()
		if _, err := scan.File(t.Context(), nil, "a.zip", bytes.NewReader(zip), int64(len(zip))); err != nil {
			t.Fatal(err)
		}
		sum, want := sha256.Sum256(inner), ""
		if tc.want {
			want = hex.EncodeToString(sum[:])
		}
		found := false
		for _, f := range scan.Result().Files {
			if f.Path == "a.doc" {
				found = true
				if f.SHA256 != want {
					t.Errorf("%s: digest %q, want %q", name, f.SHA256, want)
				}
			}
		}
		if !found {
			t.Errorf("%s: no report of the file inside: %+v", name, scan.Result().Files)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
