package inspect

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
)

func TestCabinets(t *testing.T) {
	doc := []fixture.CABFile{{Name: `in\a.doc`, Data: fixture.DocVBA(quiet)}, {Name: "b.txt", Data: []byte("text")}}
	folder := func(method uint16, files ...fixture.CABFile) []fixture.CABFolder {
		return []fixture.CABFolder{{Method: method, Files: files}}
	}
	for _, tc := range []struct {
		name       string
		file       []byte
		want       []string
		tree       []string
		incomplete bool
	}{
		{"MSZIP", fixture.CAB{Folders: folder(1, doc...)}.Bytes(), []string{`vba.present in\\a.doc`}, []string{" cab", `in\\a.doc doc`, "b.txt text"}, false},
		{"LZX", fixture.CAB{Folders: folder(3|15<<8, doc...)}.Bytes(), []string{`vba.present in\\a.doc`}, []string{" cab", `in\\a.doc doc`, "b.txt text"}, false},
		{"behind a program", append(exe(), fixture.CAB{Folders: folder(1, doc...)}.Bytes()...), []string{`vba.present in\\a.doc`},
			[]string{" exe", `in\\a.doc doc`, "b.txt text"}, false},
		{"Quantum", fixture.CAB{Folders: folder(2, doc...)}.Bytes(), []string{"archive.unread"}, []string{" cab", `in\\a.doc data`, "b.txt data"}, false},
		{"a part of a set", fixture.CAB{Folders: folder(0, doc[1]), Next: "2.cab"}.Bytes(), []string{"archive.unread"}, []string{" cab", "b.txt text"}, false},
		{"a list that breaks off", fixture.CAB{Folders: folder(0, doc[1])}.Bytes()[:60], []string{"archive.unread"}, []string{" cab"}, false},
		{"nothing to list", append([]byte("MSCF\x00\x00\x00\x00"), make([]byte, 50)...), []string{"archive.unread"}, []string{" cab"}, false},
		{"damaged", fixture.CAB{Folders: []fixture.CABFolder{{Method: 1, Files: doc, Raw: []byte("CKxx")}}}.Bytes(),
			[]string{`scan.incomplete in\\a.doc`, "scan.incomplete b.txt"}, []string{" cab", `in\\a.doc empty`, "b.txt empty"}, true},
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
