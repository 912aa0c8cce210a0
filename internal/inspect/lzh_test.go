package inspect

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
)

func TestLHA(t *testing.T) {
	doc := fixture.LZHFile{Name: "\x90\xBF\x8B\x81\x8F\x91.doc", Data: fixture.DocVBA(quiet), Method: "-lh5-"}
	text := fixture.LZHFile{Name: "b.txt", Data: []byte("text"), Method: "-lh7-", Level: 2, BadCRC: true}
	folder := fixture.LZHFile{Name: "folder/", Method: "-lhd-"}
	unknown := fixture.LZHFile{Name: "c.txt", Data: []byte("text"), Method: "-lhx-"}
	broken := fixture.LZHFile{Name: "d.txt", Data: []byte(strings.Repeat("text", 50)), Method: "-lh5-", Packed: []byte("\xFF\xFF\xFF\xFF\xFF\xFF")}
	for _, tc := range []struct {
		name       string
		file       []byte
		want       []string
		tree       []string
		incomplete bool
	}{
		{"of all levels", fixture.LZH{Files: []fixture.LZHFile{doc, folder, text}}.Bytes(), []string{"vba.present 請求書.doc"},
			[]string{" lzh", "請求書.doc doc", "b.txt text"}, false},
		{"behind a program", append(exe(), fixture.LZH{Files: []fixture.LZHFile{doc}}.Bytes()...), []string{"vba.present 請求書.doc"},
			[]string{" exe", "請求書.doc doc"}, false},
		{"a method nobody reads", fixture.LZH{Files: []fixture.LZHFile{unknown}}.Bytes(), []string{"archive.unread"}, []string{" lzh", "c.txt data"}, false},
		{"damaged", fixture.LZH{Files: []fixture.LZHFile{broken}}.Bytes(), []string{"scan.incomplete d.txt"}, []string{" lzh", "d.txt empty"}, true},
		{"a list that breaks off", append(fixture.LZH{NoEnd: true, Files: []fixture.LZHFile{text}}.Bytes(), "..-lh5-\xFF\xFF"...), []string{"archive.unread"},
			[]string{" lzh", "b.txt text"}, false},
		{"nothing to list", []byte("..-lh5-\x01\x01\x01" + strings.Repeat("\xFF", 40)), []string{"archive.unread"}, []string{" lzh"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, r := scanFile(t, Options{}, tc.file)
			got := slices.DeleteFunc(lines(r), func(l string) bool { return l == "executable.file" })
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("findings (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tc.tree, tree(r)); d != "" {
				t.Errorf("files (-want +got):\n%s", d)
			}
			if r.Incomplete != tc.incomplete {
				t.Errorf("incomplete %v", r.Incomplete)
			}
		})
	}
}

// Symbols may have no bits: blocks of seven bytes make 64 KB each.
func TestLHABomb(t *testing.T) {
	two := "\xFF\xFF\x00\x00\x00\x00\x0F\xFF\xF0\x00\x00\x00\x00"
	file := fixture.LZH{Files: []fixture.LZHFile{{Name: "a", Method: "-lh5-", Packed: []byte(strings.Repeat(two, 1200)), Grow: 1 << 31}}}.Bytes()
	if _, r := scanFile(t, Options{}, file); !r.Incomplete || !slices.Equal(lines(r), []string{"archive.bomb"}) {
		t.Errorf("%v", lines(r))
	}
}
