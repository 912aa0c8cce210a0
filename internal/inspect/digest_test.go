package inspect

import (
	"bytes"
	"crypto/md5"
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

// What is too large for memory is known to the journal by another digest, which is none that anybody could look for; what is larger still has none.
func TestALargeFileHasItsOwnDigestOrNone(t *testing.T) {
	for size, want := range map[int]bool{1 << 16: true, wholeMost: true, wholeMost + 1: false} {
		inner := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
		zip := fixture.Zip("a.txt", string(inner))
		s := scanner(t, Options{Sums: true, Memory: 1 << 10})
		scan := s.Begin()
		if _, err := scan.File(t.Context(), nil, "a.zip", bytes.NewReader(zip), int64(len(zip))); err != nil {
			t.Fatal(err)
		}
		digest := ""
		if want {
			sum := sha256.Sum256(inner)
			digest = hex.EncodeToString(sum[:])
		}
		for _, f := range scan.Result().Files {
			if f.Path == "a.txt" && f.SHA256 != digest {
				t.Errorf("%d bytes: digest %q, want %q", size, f.SHA256, digest)
			}
		}
	}
}

func TestDigestsAreComputedWhereAListWantsThem(t *testing.T) {
	inner := bytes.Repeat([]byte("0123456789abcdef"), 1<<12)
	zip := fixture.Zip("b.txt", "small", "a.txt", string(inner))
	for _, memory := range []int64{1 << 10, 1 << 20} { // spilled, and not
		s := scanner(t, Options{Memory: memory, Digests: func() Digests { return DigestSHA256 | DigestMD5 }})
		scan := s.Begin()
		if _, err := scan.File(t.Context(), nil, "a.zip", bytes.NewReader(zip), int64(len(zip))); err != nil {
			t.Fatal(err)
		}
		got := map[string]FileDigests{}
		for _, d := range scan.Result().Digests {
			got[d.Path.String()] = d
		}
		for name, content := range map[string][]byte{"": zip, "a.txt": inner, "b.txt": []byte("small")} {
			d, sum, old := got[name], sha256.Sum256(content), md5.Sum(content)
			if !bytes.Equal(d.SHA256, sum[:]) || !bytes.Equal(d.MD5, old[:]) || d.SHA1 != nil {
				t.Errorf("memory %d, %q: %x %x %x", memory, name, d.SHA256, d.MD5, d.SHA1)
			}
		}
	}
}
