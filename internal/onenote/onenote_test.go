package onenote_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
	"sekisho/internal/onenote"
)

func read(t testing.TB, b []byte, o onenote.Options) (*onenote.Document, string) {
	t.Helper()
	var text strings.Builder
	o.Text = &text
	doc, err := onenote.Read(context.Background(), bytes.NewReader(b), int64(len(b)), o)
	if err != nil {
		t.Fatal(err)
	}
	return doc, text.String()
}

// list is the files as "names ext flags content".
func list(doc *onenote.Document, b []byte) (out []string) {
	for _, f := range doc.Files {
		s := strings.Join(f.Names, "|") + " " + f.Ext
		if f.Picture {
			s += " picture"
		}
		if f.Listed {
			s += " listed"
		}
		out = append(out, fmt.Sprintf("%s %q", s, b[f.Offset:f.Offset+f.Size]))
	}
	return out
}

var page = []fixture.OneNoteFile{
	{Name: "open.wsf", Ext: ".wsf", Data: []byte("<job/>")},
	{Name: "button.png", Ext: ".png", Data: []byte("\x89PNG"), Picture: true},
	{Ext: ".bin", Data: []byte("nobody speaks of it")},
	{Name: "lost.bat", Data: []byte("echo"), Hidden: true},
}

var words = []string{"Double click here", "日本語"}

func TestRevisionStore(t *testing.T) {
	b := fixture.OneNote(words, page...)
	doc, text := read(t, b, onenote.Options{})
	want := []string{
		`open.wsf .wsf listed "<job/>"`, `button.png .png picture listed "\x89PNG"`, ` .bin listed "nobody speaks of it"`, `  "echo"`,
	}
	if diff := cmp.Diff(want, list(doc, b)); diff != "" {
		t.Error(diff)
	}
	if text != "Double click here\n日本語\n" || len(doc.Problems) > 0 || doc.Encrypted {
		t.Errorf("text %q, problems %v, encrypted %v", text, doc.Problems, doc.Encrypted)
	}
}

func TestPackage(t *testing.T) {
	files := []fixture.OneNoteFile{
		{Name: "open.wsf", Data: []byte("<job/>")}, {Data: bytes.Repeat([]byte("x"), 200)}, {Name: "large", Data: bytes.Repeat([]byte("y"), 40_000)},
	}
	for _, b := range [][]byte{fixture.OneNotePackage(words, files...), fixture.OneNoteDownload(words, files...)} {
		doc, text := read(t, b, onenote.Options{})
		if len(doc.Files) != 3 || len(doc.Problems) > 0 {
			t.Fatalf("%v, problems %v", list(doc, b), doc.Problems)
		}
		for i, f := range doc.Files {
			if !bytes.Equal(b[f.Offset:f.Offset+f.Size], files[i].Data) || strings.Join(f.Names, "") != files[i].Name || !f.Listed {
				t.Errorf("%+v", f)
			}
		}
		if text != "Double click here\n日本語\n" {
			t.Errorf("text %q", text)
		}
	}
}

func TestProtectedPages(t *testing.T) {
	if doc, _ := read(t, fixture.OneNoteProtected(), onenote.Options{}); !doc.Encrypted {
		t.Error("not told")
	}
}

// TestFilesAreFoundWithoutLists holds that damage anywhere in the structure loses no file.
func TestFilesAreFoundWithoutLists(t *testing.T) {
	good := fixture.OneNote(words, page...)
	want := len(page)
	for at := 16; at < len(good); at += 7 {
		if bytes.Contains(good[max(0, at-24):min(len(good), at+24)], []byte("\xE7\x16\xE3\xBD")) {
			continue // the objects' own headers
		}
		b := bytes.Clone(good)
		b[at] ^= 0xFF
		if doc, _ := read(t, b, onenote.Options{}); len(doc.Files) < want {
			t.Fatalf("byte %d: %v", at, list(doc, b))
		}
	}
}

func TestNestedSectionCountsOnce(t *testing.T) {
	inner := fixture.OneNote(nil, page...)
	for _, hidden := range []bool{false, true} {
		b := fixture.OneNote(nil, fixture.OneNoteFile{Name: "a.one", Data: inner, Hidden: hidden}, fixture.OneNoteFile{Data: []byte("second")})
		if doc, _ := read(t, b, onenote.Options{}); len(doc.Files) != 2 {
			t.Errorf("hidden %v: %d files", hidden, len(doc.Files))
		}
	}
	b := fixture.OneNotePackage(nil, fixture.OneNoteFile{Data: inner})
	if doc, _ := read(t, b, onenote.Options{}); len(doc.Files) != 1 {
		t.Errorf("package: %d files", len(doc.Files))
	}
}

func TestLengthsThatLie(t *testing.T) {
	b := fixture.OneNote(nil, fixture.OneNoteFile{Data: []byte("one"), Hidden: true}, fixture.OneNoteFile{Data: []byte("two"), Hidden: true})
	sig := []byte("\xE7\x16\xE3\xBD")
	first := bytes.Index(b, sig)
	copy(b[first+16:], "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF")
	doc, _ := read(t, b, onenote.Options{})
	if len(doc.Files) != 2 || doc.Files[0].Offset+doc.Files[0].Size > doc.Files[1].Offset {
		t.Errorf("%+v", doc.Files)
	}
	second := bytes.LastIndex(b, sig)
	copy(b[second+16:], "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F")
	doc, _ = read(t, b, onenote.Options{})
	if len(doc.Files) != 2 || doc.Files[1].Offset+doc.Files[1].Size != int64(len(b)) {
		t.Errorf("%+v in %d bytes", doc.Files, len(b))
	}
}

func TestHeadersInEachOther(t *testing.T) {
	sig := "\xE7\x16\xE3\xBD\x65\x26\x11\x45\xA4\xC4\x8D\x4D\x0B\x7A\x9E\xAC"
	b := append(fixture.OneNote(nil), strings.Repeat(sig+"\xFF\xFF", 100)...)
	doc, _ := read(t, b, onenote.Options{})
	end := int64(0)
	for _, f := range doc.Files {
		if f.Size < 0 || f.Offset+f.Size < end {
			t.Errorf("%+v", f)
		}
		end = f.Offset
	}
	if len(doc.Files) != 99 { // the last one has no whole header
		t.Errorf("%d files", len(doc.Files))
	}
}

func TestPackageThatBreaksOffIsUnread(t *testing.T) {
	b := fixture.OneNotePackage(words, page...)
	for n := 69; n < len(b)-2; n++ {
		doc, _ := read(t, b[:n], onenote.Options{})
		if len(doc.Problems) != 1 || !doc.Problems[0].Unread {
			t.Fatalf("%d of %d bytes: %v", n, len(b), doc.Problems)
		}
	}
}

func TestLimits(t *testing.T) {
	var many []fixture.OneNoteFile
	for range 40 {
		many = append(many, fixture.OneNoteFile{Data: []byte("x")})
	}
	doc, _ := read(t, fixture.OneNote(nil, many...), onenote.Options{Files: 10})
	if len(doc.Files) != 10 || len(doc.Problems) != 1 || !doc.Problems[0].Unread {
		t.Errorf("%d files, %v", len(doc.Files), doc.Problems)
	}
	if _, text := read(t, fixture.OneNote([]string{"abcdef", "ghi"}), onenote.Options{MaxText: 4}); text != "abcd\n" {
		t.Errorf("text %q", text)
	}
}

func TestErrorsAreOurs(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	b := fixture.OneNote(words, page...)
	if _, err := onenote.Read(ctx, bytes.NewReader(b), int64(len(b)), onenote.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v of a cancelled read", err)
	}
}

// FuzzRead holds that files lie in the section, in order, and together are no more than handedTimes its size.
func FuzzRead(f *testing.F) {
	f.Add(fixture.OneNote(words, page...))
	f.Add(fixture.OneNotePackage(words, page...))
	f.Add(fixture.OneNoteDownload(words, page...))
	f.Add(fixture.OneNoteProtected())
	f.Add(fixture.OneNote(nil, fixture.OneNoteFile{Data: fixture.OneNote(nil, page...)}))
	f.Fuzz(func(t *testing.T, b []byte) {
		doc, text := read(t, b, onenote.Options{Files: 100, MaxText: 1 << 16})
		var total, last int64
		for _, f := range doc.Files {
			if f.Offset < last || f.Size < 0 || f.Offset+f.Size > int64(len(b)) {
				t.Errorf("%+v in %d bytes", f, len(b))
			}
			total, last = total+f.Size, f.Offset
		}
		if total > 4*int64(len(b)) || len(doc.Files) > 100 || len(text) > 1<<16+1 {
			t.Errorf("%d bytes in %d files, %d of text, from %d", total, len(doc.Files), len(text), len(b))
		}
	})
}

func BenchmarkRead(b *testing.B) {
	big := fixture.Noise(4 << 20)
	var pages []string
	for i := range 120 {
		pages = append(pages, fmt.Sprintf("%d %s", i, strings.Repeat("words of a page ", 200)))
	}
	for _, bb := range []struct {
		name string
		file []byte
	}{
		{"files", fixture.OneNote(nil, fixture.OneNoteFile{Name: "a", Data: big})},
		{"package", fixture.OneNotePackage(nil, fixture.OneNoteFile{Name: "a", Data: big})},
		{"text", fixture.OneNote(pages)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(bb.file)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := onenote.Read(context.Background(), bytes.NewReader(bb.file), int64(len(bb.file)), onenote.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
