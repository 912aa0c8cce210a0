package pdf_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
	"sekisho/internal/pdf"
)

// full is a file with one of everything.
func full(lock *fixture.PDFLock) []byte {
	f := fixture.PDF{Lock: lock, Objects: append(fixture.PDFEmbedding("a.txt", []byte("content")),
		fixture.PDFObject{Text: "<< /S /JavaScript /JS %s >>", Strings: []string{"a script"}}, fixture.PDFPacked(20, "<< /JS (packed) >>"),
		text("<< /S /Launch /Win << /P null >> >>"), text("<< /AcroForm << /XFA [null 8 0 R] >> >>"), deflated("", "<script contentType='application/x-javascript'>"),
		deflated("/Type /XRef /W [1 2 1]", "\x01\x00\x10\x00"))}
	return f.Bytes()
}

// TestCutAtEveryByte: the beginning of a file holds nothing but what the file holds, without an error.
func TestCutAtEveryByte(t *testing.T) {
	for _, lock := range []*fixture.PDFLock{nil, {Revision: 2, Owner: "o"}, {Revision: 4, Owner: "o"}, {Revision: 6, Owner: "o"}} {
		b := full(lock)
		whole := told(t, read(t, b))
		for n := 0; n < len(b); n++ {
			if lock != nil {
				n += 6 // where it is cut matters less there
			}
			f := open(t, b[:min(n, len(b))], pdf.Options{})
			d, err := f.Read()
			if err != nil {
				t.Fatalf("%d bytes: %v", n, err)
			}
			for _, line := range told(t, d) {
				part := func(w string) bool { return strings.HasPrefix(w, line[:len(line)-1]) } // but for half a digit
				if lock == nil && !strings.HasPrefix(line, "problem") && !slices.ContainsFunc(whole, part) && !strings.HasPrefix(line, "file ") {
					t.Errorf("%d bytes: %q", n, line)
				}
			}
		}
	}
}

// TestAChangedByteBreaksNothingElse: what stands in other objects is found all the same.
func TestAChangedByteBreaksNothingElse(t *testing.T) {
	b := objects("", text("<< /Type /Font /Name /F1 /Widths [1 2 3] >>"), text("<< /K (text) /L <41> >>"), deflated("", "page"), text("<< /S /JavaScript /JS (a) >>")).Bytes()
	target := bytes.Index(b, []byte("5 0 obj"))
	for at := range b[:target] {
		for _, x := range []byte{0x01, 0x08, 0x20, 0x80, '(' ^ b[at], '[' ^ b[at]} {
			changed := bytes.Clone(b)
			changed[at] ^= x
			d := read(t, changed)
			if len(d.Scripts) == 0 && len(d.Problems) == 0 {
				t.Fatalf("byte %d ^ %#x: nothing found: %q", at, x, changed[max(0, at-20):at+20])
			}
		}
	}
}

// TestManyHarmlessOnesHideNothing: lists have limits by the sort of what they hold.
func TestManyHarmlessOnesHideNothing(t *testing.T) {
	many := func(s string) fixture.PDFObject { return text("[" + strings.Repeat(s, 5000) + "]") }
	for _, tt := range []struct {
		name   string
		many   string
		object string
		want   string
	}{
		{"a program behind documents", "<< /S /GoToR /F (a.pdf) >>", "<< /S /Launch /F (cmd.exe) >>", "Launch  cmd.exe"},
		{"a program by itself behind such on a click", "<< /S /Launch /F (a.txt) >>", "<< /OpenAction << /S /Launch /F (cmd.exe) >> >>", "Launch OpenAction cmd.exe"},
		{"a script by itself behind such on a click", "<< /JS () >>", "<< /OpenAction << /JS (a) >> >>", "script OpenAction a"},
		{"a program's address behind those of pages", "<< /URI (http://example.test) >>", "<< /URI (file:///c:/a.exe) >>", "link file:///c:/a.exe"},
	} {
		if lines := told(t, read(t, objects("", many(tt.many), text(tt.object)).Bytes())); !slices.Contains(lines, tt.want) || len(lines) > 4097 {
			t.Errorf("%s: %d lines without %q", tt.name, len(lines), tt.want)
		}
	}
	pages := objects("")
	for i := range 1500 {
		pages.Objects = append(pages.Objects, text(fmt.Sprintf("<< /Type /Page /AA << /O %d 0 R >> >>", 10_000+i)))
	}
	pages.Objects = append(pages.Objects, text("<< /OpenAction 1503 0 R >>"), text("<< /S /JavaScript /JS (a) >>"))
	if diff := cmp.Diff([]string{"script OpenAction a"}, told(t, read(t, pages.Bytes()))); diff != "" {
		t.Errorf("the document's own action behind those of pages: %s", diff)
	}
}

func TestLimitsAreTold(t *testing.T) {
	deep := strings.Repeat("[", 200) + "<< /JS (a) >>"
	for _, tt := range []struct {
		name string
		file fixture.PDF
		o    pdf.Options
		want string
	}{
		{"parts of a form", objects("/AcroForm << /XFA [" + strings.Repeat("(name) ", 100) + "2 0 R] >>"), pdf.Options{}, "a form of too many parts"},
		{"depth in an object stream", objects("", fixture.PDFPacked(9, deep)), pdf.Options{}, "an object is too large or too deep"},
		{"size of an object stream", objects("", fixture.PDFPacked(9, "("+strings.Repeat("x", 9<<20)+")")), pdf.Options{}, "a stream is too large"},
		{"filters", objects("", fixture.PDFObject{Text: "<< /Type /EmbeddedFile /Filter [" + strings.Repeat("/Fl ", 9) + "] >>", Stream: []byte{}}), pdf.Options{}, "too many filters"},
	} {
		d, err := open(t, tt.file.Bytes(), tt.o).Read()
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Problems) != 1 || d.Problems[0].Text != tt.want || !d.Problems[0].Unread {
			t.Errorf("%s: %v", tt.name, d.Problems)
		}
	}
}

// TestDamagedStructures: one broken thing each; the script beside it is found.
func TestDamagedStructures(t *testing.T) {
	beside := text("<< /JS (a) >>")
	for name, object := range map[string]fixture.PDFObject{
		"object stream of no objects":         deflated("/Type /ObjStm /N 0 /First 4", "9 0 << /JS (b) >>"),
		"of less than none":                   deflated("/Type /ObjStm /N -1 /First -4", "9 0 << >>"),
		"whose objects begin behind it":       deflated("/Type /ObjStm /N 1 /First 400", "9 0 << /JS (b) >>"),
		"with a place behind it":              deflated("/Type /ObjStm /N 1 /First 6", "9 4000"),
		"with a place before it":              deflated("/Type /ObjStm /N 1 /First 5", "9 -4 << >>"),
		"without numbers":                     deflated("/Type /ObjStm /N 2 /First 8", "x y z << >>"),
		"that refers to itself":               deflated("/Type /ObjStm /N 3 0 R /First 3 0 R", "9 0 << >>"),
		"cross-reference of no widths":        deflated("/Type /XRef /W []", "xx"),
		"of widths that are none":             deflated("/Type /XRef /W [0 0 0]", "xx"),
		"of widths beyond all":                deflated("/Type /XRef /W [99 99 99]", strings.Repeat("x", 100)),
		"that is none":                        deflated("/XRef /W", "xx"),
		"an action that follows itself":       text("<< /OpenAction 2 0 R /Next 2 0 R /S /Named >>"),
		"a page that opens itself":            text("<< /Type /Page /OpenAction 2 0 R >>"),
		"a specification of no stream":        text("<< /EF << /F (x) /UF 3 0 R /DOS null >> >>"),
		"a form without a stream":             text("<< /XFA 99 0 R >>"),
		"a form that is a number":             text("<< /XFA 7 >>"),
		"reference to a reference to another": text("<< /URI 2 0 R >>"),
		"an R without numbers":                text("[R 1 R (x) 2 R << R R >>]"),
		"ends without a beginning":            text("]] >> >>] } { ) >"),
		"a name at the end":                   text("<< /K /"),
		"hexadecimal digits without an end":   text("<< /K <4"),
		"a string without an end":             text("<< /K (x\\"),
	} {
		d := read(t, objects("", object, beside).Bytes())
		if lines := told(t, d); !slices.Contains(lines, "script  a") {
			t.Errorf("%s: %q", name, lines)
		}
	}
}

// TestDamagedTables: tables that lie neither hide an object nor make one.
func TestDamagedTables(t *testing.T) {
	for name, table := range map[string]string{
		"lines cut":                             "xref\n0 9\n0000000000 65535",
		"places beyond the file":                "xref\n0 1\n9999999999 00000 n\n",
		"places amid objects":                   "xref\n0 2\n0000000010 00000 n\n0000000012 00000 n\n",
		"counts beyond all":                     "xref\n0 99999999999999999\n0000000000 00000 n\n",
		"counts below zero":                     "xref\n0 -1\n",
		"words":                                 "xref xref trailer trailer startxref xref",
		"numbers of objects that are too large": "4294967296 0 obj << >> endobj 1 4294967296 obj << >> endobj",
		"letters behind the keyword":            "1 0 object objects",
		"trailer without an end":                "trailer << /Encrypt 77 0 R /ID [",
	} {
		b := "%PDF-1.7\n1 0 obj << /JS (a) >> endobj\n" + table
		if diff := cmp.Diff([]string{"script  a"}, told(t, read(t, []byte(b)))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestReadingIsBounded: files made to be read again and again cost no more than the limit.
func TestReadingIsBounded(t *testing.T) {
	self := "<< /Type /ObjStm /N 1000 /First 8000 >>"
	for name, b := range map[string][]byte{
		"objects inside each other":      []byte(strings.Repeat("1 0 obj << ", 20_000)),
		"streams without an end":         []byte(strings.Repeat("1 0 obj << /EF 1 0 R >> stream\n", 10_000)),
		"trailers inside each other":     []byte(strings.Repeat("trailer << ", 20_000)),
		"object streams in themselves":   objects("", deflated(self[3:len(self)-3], strings.Repeat("9 0 ", 2000)+strings.Repeat("[", 50_000))).Bytes(),
		"actions that follow each other": []byte("1 0 obj << /OpenAction 1 0 R >> endobj " + strings.Repeat("1 0 obj << /AA 1 0 R /Next 1 0 R >> endobj ", 5_000)),
		"strings without an end":         []byte(strings.Repeat("1 0 obj (", 20_000)),
		"one number for all":             []byte(strings.Repeat("1 0 obj << /JS 1 0 R /Length 1 0 R >> stream\nendstream endobj ", 5_000)),
	} {
		source := &metered{Reader: bytes.NewReader(b)}
		f, err := pdf.Open(context.Background(), source, int64(len(b)), pdf.Options{})
		if err == nil {
			_, err = f.Read()
		}
		if most := 2 * (20*int64(len(b)) + 32<<20); err != nil || source.n > most {
			t.Errorf("%s: %d bytes read of %d, %v", name, source.n, len(b), err)
		}
	}
}
