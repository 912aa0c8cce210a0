package inspect

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
	"sekisho/internal/password"
	"sekisho/zipinspect"
)

func lockedEntry(name, pw string, data []byte) fixture.ZIPEntry {
	return fixture.ZIPEntry{Name: name, Data: data, Method: 8, Password: pw}
}

func TestWhatAPasswordOpensIsInspected(t *testing.T) {
	doc := fixture.DocVBA(downloader)
	aes := lockedEntry("a.doc", "4459", doc)
	aes.AES = 3
	reduced := lockedEntry("old.txt", "4459", []byte("text"))
	reduced.AES, reduced.Method, reduced.Packed = 1, 2, []byte("x")
	strong := entry("x", doc)
	strong.Flags, strong.Packed = 1|1<<6, []byte("what a key makes of it")
	open := []string{"zip.encrypted", "archive.password-found", "vba.present a.doc", "vba.autoexec a.doc!/Macros/VBA/ThisDocument",
		"vba.suspicious a.doc!/Macros/VBA/ThisDocument"}
	for _, tc := range []struct {
		name  string
		file  []byte
		words []string
		want  []string // findings
		tree  []string
		left  bool
	}{
		{"ZipCrypto", zipOf(lockedEntry("a.doc", "4459", doc)), []string{"wrong", "4459"}, open, []string{" zip encrypted", "a.doc doc encrypted"}, false},
		{"AES", zipOf(aes), []string{"wrong", "4459"}, open, []string{" zip encrypted", "a.doc doc encrypted"}, false},
		{"behind a program", append(exe(), zipOf(aes)...), []string{"4459"}, open, []string{" exe encrypted", "a.doc doc encrypted"}, false},
		{"no word opens it", zipOf(aes), []string{"wrong"}, open[:1], []string{" zip encrypted", "a.doc data encrypted"}, true},
		{"strong encryption", zipOf(strong), []string{"4459"}, open[:1], []string{" zip encrypted", "x data encrypted"}, true},
		{"two passwords", zipOf(lockedEntry("a.txt", "one", []byte("first")), lockedEntry("b.txt", "two", []byte("second one"))), []string{"one", "two"},
			[]string{"zip.encrypted", "archive.password-found", "archive.password-found"}, []string{" zip encrypted", "a.txt text encrypted", "b.txt text encrypted"}, false},
		{"one of two opens", zipOf(lockedEntry("a.txt", "one", []byte("first")), lockedEntry("b.txt", "two", []byte("second one"))), []string{"one"},
			[]string{"zip.encrypted", "archive.password-found"}, []string{" zip encrypted", "a.txt text encrypted", "b.txt data encrypted"}, true},
		{"one name twice", zipOf(lockedEntry("a", "one", []byte("first")), lockedEntry("a", "one", []byte("first"))), []string{"one"},
			[]string{"zip.encrypted", "archive.password-found"}, []string{" zip encrypted", "a text encrypted", "a text encrypted"}, false},
		{"a method nobody reads", zipOf(reduced), []string{"4459"}, []string{"zip.encrypted", "archive.password-found", "archive.unread"},
			[]string{" zip encrypted", "old.txt data encrypted"}, false},
		{"a locked archive in a locked archive", zipOf(lockedEntry("in.zip", "outer", zipOf(lockedEntry("b.txt", "inner", []byte("text"))))), []string{"outer", "inner"},
			[]string{"zip.encrypted", "archive.password-found", "zip.encrypted in.zip", "archive.password-found in.zip"},
			[]string{" zip encrypted", "in.zip zip encrypted", "in.zip!/b.txt text encrypted"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, r := scanFile(t, Options{Passwords: tc.words}, tc.file)
			if d := cmp.Diff(tc.want, lines(r)); d != "" {
				t.Errorf("findings (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tc.tree, tree(r)); d != "" {
				t.Errorf("files (-want +got):\n%s", d)
			}
			if r.Locked != tc.left || r.Incomplete {
				t.Errorf("locked %v, incomplete %v", r.Locked, r.Incomplete)
			}
		})
	}
}

// Nothing in an archive says how the password was encoded.
func TestPasswordsOfOtherAlphabets(t *testing.T) {
	for _, tc := range []struct{ word, bytes string }{
		{"秘密2024", "秘密2024"}, {"秘密2024", "\x94\xE9\x96\xA72024"}, {"Schlüssel", "Schl\xFCssel"}, {"Schlüssel", "Schl\x81ssel"},
	} {
		_, r := scanFile(t, Options{Passwords: []string{tc.word}}, zipOf(lockedEntry("a.txt", tc.bytes, []byte("text"))))
		if r.Locked || !slices.Contains(tree(r), "a.txt text encrypted") {
			t.Errorf("%q as % x: %v", tc.word, tc.bytes, tree(r))
		}
	}
}

func TestPasswordFoundNamesWordAndSource(t *testing.T) {
	s := scanner(t, Options{}).Begin()
	s.Passwords(password.Phrase, "4459")
	b := zipOf(lockedEntry("a.txt", "4459", []byte("text")))
	if _, err := s.File(context.Background(), nil, "a.zip", bytes.NewReader(b), int64(len(b))); err != nil {
		t.Fatal(err)
	}
	finish(t, s)
	for _, f := range s.Result().Findings {
		if f.Kind == "archive.password-found" {
			if want := `"4459", said in the mail`; f.Detail != want {
				t.Errorf("%s, want %s", f.Detail, want)
			}
			return
		}
	}
	t.Errorf("not found: %v", lines(s.Result()))
}

// Many locked files under words none of which fits: all words on the first of them only.
func TestWordsAreTriedOnAFewFiles(t *testing.T) {
	var z fixture.ZIP
	for i := range 50 {
		e := lockedEntry(fmt.Sprintf("%d.txt", i), "right", []byte(strings.Repeat("x", i)))
		e.AES = 3
		z.Entries = append(z.Entries, e)
	}
	u := &unlocking{s: scanner(t, Options{Passwords: []string{"wrong"}}).Begin()}
	u.f = &File{}
	for _, e := range lockedEntries(zipArchive(t, z.Bytes())) {
		if pw, err := u.password(context.Background(), e); pw != nil || err != nil {
			t.Fatalf("%q, %v", pw, err)
		}
	}
	if u.tried != zipTryLeast {
		t.Errorf("tried on %d", u.tried)
	}
}

func TestEntriesThatAreEncryptedByTheirFlagsOnly(t *testing.T) {
	e := entry("a.doc", fixture.DocVBA(quiet))
	e.Flags = 1
	_, r := scanFile(t, Options{}, zipOf(e))
	if d := cmp.Diff([]string{"archive.listing-mismatch", "vba.present a.doc"}, lines(r)); d != "" || r.Locked || r.Incomplete {
		t.Errorf("locked %v, incomplete %v\n%s", r.Locked, r.Incomplete, d)
	}
}

// Office does not open a package whose entries are encrypted: it is an archive of parts.
func TestPackageOfEncryptedEntries(t *testing.T) {
	a := zipArchive(t, fixture.XLSM(downloader))
	var z fixture.ZIP
	for i := range a.Entries {
		r, err := a.Entries[i].Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		z.Entries = append(z.Entries, lockedEntry(a.Entries[i].Name, "4459", b))
	}
	if kind, r := scanFile(t, Options{Passwords: []string{"4459"}}, z.Bytes()); kind != KindZip || r.Incomplete || !slices.Contains(lines(r), "vba.present xl/vbaProject.bin") {
		t.Errorf("%s, incomplete %v, %v", kind, r.Incomplete, lines(r))
	}
	if kind, r := scanFile(t, Options{}, z.Bytes()); kind != KindZip || r.Incomplete || !r.Locked || !slices.Equal(lines(r), []string{"zip.encrypted"}) {
		t.Errorf("%s, incomplete %v, %v", kind, r.Incomplete, lines(r))
	}
}

func TestHiddenNames(t *testing.T) {
	masked := entry("1", []byte("x"))
	masked.Flags, masked.Unlisted, masked.Packed = 1|1<<6|1<<13, true, []byte("what a key makes of it")
	_, r := scanFile(t, Options{}, zipOf(masked))
	if got := lines(r); !slices.Contains(got, "archive.header-encrypted") || !r.Locked {
		t.Errorf("%v, locked %v", got, r.Locked)
	}
}

func zipArchive(t *testing.T, b []byte) *zipinspect.Archive {
	t.Helper()
	a, err := zipinspect.Read(bytes.NewReader(b), int64(len(b)), zipinspect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}
