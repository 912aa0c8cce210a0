package pdf_test

import (
	"bytes"
	"context"
	"encoding/ascii85"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
	"sekisho/internal/pdf"
)

func open(t testing.TB, b []byte, o pdf.Options) *pdf.File {
	t.Helper()
	f, err := pdf.Open(context.Background(), bytes.NewReader(b), int64(len(b)), o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func read(t testing.TB, b []byte) *pdf.Document {
	t.Helper()
	d, err := open(t, b, pdf.Options{}).Read()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// told is what a document holds, a line each.
func told(t testing.TB, d *pdf.Document) (out []string) {
	t.Helper()
	for _, s := range d.Scripts {
		out = append(out, fmt.Sprintf("script %s %s", s.Event, s.Text))
	}
	for _, a := range d.Actions {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", a.Type, a.Event, a.Target, a.Params)))
	}
	for _, l := range d.Links {
		out = append(out, "link "+l)
	}
	for i := range d.Files {
		b, err := io.ReadAll(d.Files[i].Open())
		if err != nil {
			t.Error(err)
		}
		out = append(out, fmt.Sprintf("file %s %s", strings.Join(d.Files[i].Names, "|"), b))
	}
	for _, p := range d.Problems {
		out = append(out, fmt.Sprintf("problem %s %v", p.Text, p.Unread))
	}
	return out
}

// objects are a catalogue and what else is given, from number 2 on.
func objects(catalogue string, more ...fixture.PDFObject) fixture.PDF {
	return fixture.PDF{Objects: append([]fixture.PDFObject{{Text: "<< /Type /Catalog " + catalogue + " >>"}}, more...)}
}

func text(s string) fixture.PDFObject { return fixture.PDFObject{Text: s} }

func deflated(dict, content string) fixture.PDFObject {
	return fixture.PDFObject{Text: "<< " + dict + " /Filter /FlateDecode >>", Stream: fixture.Deflated([]byte(content))}
}

func TestScripts(t *testing.T) {
	for _, tt := range []struct {
		name string
		file fixture.PDF
		want []string
	}{
		{"none", objects(""), nil},
		{"on a click", objects("", text("<< /S /JavaScript /JS (a\\(\\)) >>")), []string{"script  a()"}},
		{"when it is opened", objects("/OpenAction << /S /JavaScript /JS (a) >>"), []string{"script OpenAction a"}},
		{"when it is opened, elsewhere", objects("/OpenAction 2 0 R", text("<< /S /JavaScript /JS (a) >>")), []string{"script OpenAction a"}},
		{"next after the first", objects("/OpenAction 2 0 R", text("<< /S /Named /Next [3 0 R] >>"), text("<< /S /JavaScript /JS (a) >>")), []string{"script OpenAction a"}},
		{"of a page", objects("", text("<< /Type /Page /AA << /O 3 0 R >> >>"), text("<< /S /JavaScript /JS (a) >>")), []string{"script AA a"}},
		{"by name", objects("/Names << /JavaScript 2 0 R >>", text("<< /Names [(n) 3 0 R] >>"), text("<< /S /JavaScript /JS (a) >>")), []string{"script JavaScript a"}},
		{"a page that is opened starts nothing", objects("/OpenAction [2 0 R /Fit]", text("<< /Type /Page /Annots [<< /A << /S /JavaScript /JS (a) >> >>] >>")), []string{"script  a"}},
		{"in a stream", objects("", text("<< /JS 3 0 R >>"), deflated("", "long script")), []string{"script  long script"}},
		{"one stream for a button and for the opening", objects("/OpenAction << /JS 3 0 R >>", text("<< /JS 3 0 R >>"), deflated("", "a")), []string{"script OpenAction a", "script  a"}},
		{"in a string elsewhere", objects("", text("<< /JS 3 0 R >>"), text("(a)")), []string{"script  a"}},
		{"names in hexadecimal", objects("", text("<< /S /J#61v#61Script /#4AS (a) >>")), []string{"script  a"}},
		{"hexadecimal string of an odd count", objects("", text("<< /JS <61 6\n2 7> >>")), []string{"script  abp"}},
		{"UTF-16", objects("", text("<< /JS <FEFF00610062> >>")), []string{"script  ab"}},
		{"UTF-16 of the other order", objects("", text("<< /JS <FFFE61006200> >>")), []string{"script  ab"}},
		{"octal, line ends and nested parentheses", objects("", text("<< /JS (\\141\\\nb\\\r\n(c)\\n\\r\\t\\b\\f\\9\\60) >>")), []string{"script  ab(c)\n\r\t\b\f90"}},
		{"comments between", objects("", text("<< % (\n/JS % >>\r(a) >>")), []string{"script  a"}},
		{"in an object stream", objects("/OpenAction 9 0 R", fixture.PDFPacked(9, "<< /S /JavaScript /JS 10 0 R >>", "(packed)")), []string{"script OpenAction packed"}},
		{"in an object stream without its type", objects("", deflated("/N 1 /First 4", "9 0 << /JS (a) >>")), []string{"script  a"}},
		{"form in XML", objects("/AcroForm << /XFA [(template) 2 0 R] >>", deflated("", `<script contentType="application/x-javascript">x</script>`)), []string{"script XFA "}},
		{"form that only calculates", objects("/AcroForm << /XFA 2 0 R >>", deflated("", `<script>1 + 1</script>`)), nil},
		{"key given twice", objects("", text("<< /JS (a) /JS (b) >>")), []string{"script  a", "script  b"}},
		{"end of the array missing", objects("", text("<< /K [1 2 << /JS (a) >> >>")), []string{"script  a"}},
		{"end of the object missing", objects("", text("<< /JS (a) 3 0 obj << /JS (b) >>")), []string{"script  a", "script  b"}},
		{"deep", objects("", text(strings.Repeat("[", 90)+"<< /JS (a) >>")), []string{"script  a"}},
		{"too deep", objects("", text(strings.Repeat("[", 200)+"<< /JS (a) >>")), []string{"problem an object is too large or too deep true"}},
		{"too large", objects("", text("["+strings.Repeat("1 ", 1<<17)+"<< /JS (a) >>]")), []string{"problem an object is too large or too deep true"}},
		{"type that stands by itself", objects("", text("/Launch")), []string{"problem a name stands by itself true"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, told(t, read(t, tt.file.Bytes()))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestActions(t *testing.T) {
	for _, tt := range []struct {
		name, object string
		want         []string
	}{
		{"program", `<< /S /Launch /F (cmd.exe) >>`, []string{"Launch  cmd.exe"}},
		{"program with parameters", `<< /S /Launch /Win << /F (cmd.exe) /P (/c calc) >> >>`, []string{"Launch  cmd.exe /c calc"}},
		{"by itself", `<< /OpenAction << /S /Launch /F << /Type /Filespec /UF (a.exe) >> >> >>`, []string{"Launch OpenAction a.exe"}},
		{"document on another machine", `<< /AA << /O << /S /GoToE /F (\\\\host\\a.pdf) >> >> >>`, []string{`GoToE AA \\host\a.pdf`}},
		{"other document", `<< /S /GoToR /F (b.pdf) /D [0 /Fit] >>`, []string{"GoToR  b.pdf"}},
		{"form sent", `<< /S /SubmitForm /F << /FS /URL /F (https://example.test/) >> >>`, []string{"SubmitForm  https://example.test/"}},
		{"data fetched", `<< /S /ImportData /F (a.fdf) >>`, []string{"ImportData  a.fdf"}},
		{"link", `<< /S /URI /URI (https://example.test/a.doc) >>`, []string{"link https://example.test/a.doc"}},
		{"base of links", `<< /URI << /Base (https://example.test/) >> >>`, nil},
		{"place in the document", `<< /S /GoTo /D (a) >>`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, told(t, read(t, objects("", text(tt.object)).Bytes()))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEmbeddedFiles(t *testing.T) {
	content := "content of the file"
	run := append(append([]byte{byte(len(content) - 1)}, content...), 255, 'x', 128)
	a85 := make([]byte, 100)
	a85 = a85[:ascii85.Encode(a85, []byte(content))]
	embedded := func(dict string, data []byte) fixture.PDF {
		return objects("", text("<< /F (a.txt) /EF << /F 3 0 R >> >>"), fixture.PDFObject{Text: "<< " + dict + " >>", Stream: data})
	}
	for _, tt := range []struct {
		name string
		file fixture.PDF
		want []string
	}{
		{"by the names of the catalogue", fixture.PDF{Objects: fixture.PDFEmbedding("a.txt", []byte(content))}, []string{"file a.txt " + content}},
		{"plain", embedded("", []byte(content)), []string{"file a.txt " + content}},
		{"two names", objects("", text("<< /F (a.txt) /UF <FEFF0062> /EF << /F 3 0 R /UF 3 0 R >> >>"), fixture.PDFObject{Text: "<< >>", Stream: []byte("x")}), []string{"file b|a.txt x"}},
		{"that no specification names", objects("", fixture.PDFObject{Text: "<< /Type /EmbeddedFile >>", Stream: []byte("x")}), []string{"file  x"}},
		{"specification in an object stream", objects("", fixture.PDFPacked(9, "<< /F (a) /EF 10 0 R >>", "<< /F 3 0 R >>"), fixture.PDFObject{Text: "<< >>", Stream: []byte("x")}), []string{"file a x"}},
		{"two revisions", fixture.PDF{Objects: fixture.PDFEmbedding("a", []byte("old")), After: "3 0 obj << >>\nstream\nnew\nendstream\nendobj"}, []string{"file a old", "file a new"}},
		{"hexadecimal", embedded("/Filter /ASCIIHexDecode", []byte(hex.EncodeToString([]byte(content))+">")), []string{"file a.txt " + content}},
		{"base 85", embedded("/Filter [/ASCII85Decode]", append(a85, "~>"...)), []string{"file a.txt " + content}},
		{"runs", embedded("/Filter /RunLengthDecode", run), []string{"file a.txt " + content + "xx"}},
		{"LZW", embedded("/Filter /LZWDecode", []byte{0x80, 0x0B, 0x60, 0x50, 0x22, 0x0C, 0x0C, 0x85, 0x01}), []string{"file a.txt -----A---B"}},
		{"two filters", embedded("/Filter [/AHx /Fl]", []byte(hex.EncodeToString(fixture.Deflated([]byte(content))))), []string{"file a.txt " + content}},
		{"filter in another object", objects("", text("<< /EF << /F 3 0 R >> >>"), fixture.PDFObject{Text: "<< /Filter 4 0 R >>", Stream: fixture.Deflated([]byte("x"))}, text("[/FlateDecode]")), []string{"file  x"}},
		{"PNG predictor", embedded("/Filter /Fl /DecodeParms << /Predictor 12 /Columns 2 >>", fixture.Deflated([]byte("\x00ab\x02\x01\x01\x01a\x01\x03\x01\x01\x04\x01\x01"))), []string{"file a.txt abbcab1J2K"}},
		{"TIFF predictor", embedded("/Filter /Fl /DecodeParms << /Predictor 2 /Columns 3 >>", fixture.Deflated([]byte("a\x01\x01"))), []string{"file a.txt abc"}},
		{"picture's filter", embedded("/Filter /DCTDecode", []byte("jpeg")), []string{"file a.txt jpeg"}},
		{"too many filters", embedded("/Filter ["+strings.Repeat("/AHx ", 9)+"]", []byte(">")), []string{"file a.txt ", "problem too many filters true"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, told(t, read(t, tt.file.Bytes()))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDeflateThatBreaksOffGivesWhatThereIs(t *testing.T) {
	content := []byte(strings.Repeat("some content, again and again ", 100))
	whole := fixture.Deflated(content)
	for n := range whole {
		d := read(t, objects("", fixture.PDFObject{Text: "<< /Type /EmbeddedFile /Filter /FlateDecode >>", Stream: whole[:n]}).Bytes())
		got, err := io.ReadAll(d.Files[0].Open())
		if err != nil || !bytes.HasPrefix(content, got) {
			t.Fatalf("%d of %d bytes: %q, %v", n, len(whole), got, err)
		}
	}
}

func TestStreamEnds(t *testing.T) {
	inner := "before\nendstream\nbehind"
	file := func(length string) fixture.PDF {
		f := objects("", text("<< /EF << /F 3 0 R >> >>"), fixture.PDFObject{Text: "<< >>", Stream: []byte(inner), Length: length}, text(fmt.Sprint(len(inner))))
		return f
	}
	for length, want := range map[string]string{"": inner, "4 0 R": inner, "-": "before", "3": "before", "99999": "before", "9 0 R": "before"} {
		if diff := cmp.Diff([]string{"file  " + want}, told(t, read(t, file(length).Bytes()))); diff != "" {
			t.Errorf("length %q: %s", length, diff)
		}
	}
	cut := []byte("1 0 obj << /Type /EmbeddedFile >>\nstream\r\ncut")
	if diff := cmp.Diff([]string{"file  cut"}, told(t, read(t, cut))); diff != "" {
		t.Error(diff)
	}
}

func TestObjectsAreFoundWithoutTheTable(t *testing.T) {
	script := "<< /JS (a) >>"
	hidden := "%PDF-1.7\n1 0 obj << /Length 41 >>\nstream\n123456789 2 % comment\n0 obj << /JS (a) >> \nendstream endobj\n"
	at := strings.Index(hidden, "2 % comment")
	stream := fixture.Deflated([]byte{1, 0, byte(at), 0})
	for name, b := range map[string][]byte{
		"no table":                       fixture.PDF{Objects: []fixture.PDFObject{text(script)}, NoTable: true}.Bytes(),
		"junk before":                    fixture.PDF{Objects: []fixture.PDFObject{text(script)}, Before: strings.Repeat("junk (", 2000)}.Bytes(),
		"no number":                      []byte("%PDF-1.7\nobj<< /JS (a) >>"),
		"no blanks":                      []byte("%PDF-1.7\n1 0 obj<</JS(a)>>endobj"),
		"unbalanced before":              []byte("%PDF-1.7\n1 0 obj (never closed\n2 0 obj << /JS (a) >> endobj"),
		"across windows":                 []byte("%PDF-1.7\n" + strings.Repeat(" ", 8<<10-20) + "1 0 obj << /JS (a) >> endobj"),
		"behind a stream without an end": []byte("%PDF-1.7\n1 0 obj << >>\nstream\nabc\nendobj\n2 0 obj << /JS (a) >> endobj\n3 0 obj << >>\nstream\nx\nendstream endobj"),
		"only in the table":              []byte(hidden + fmt.Sprintf("xref\n2 1\n%010d 00000 n \ntrailer << >>", at)),
		"only in a xref stream": append([]byte(hidden), fmt.Appendf(nil, "3 0 obj << /Type /XRef /W [1 2 1] /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream endobj",
			len(stream), stream)...),
	} {
		if diff := cmp.Diff([]string{"script  a"}, told(t, read(t, b))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestLimits(t *testing.T) {
	many := func(n int, object string) fixture.PDF {
		f := objects("")
		for range n {
			f.Objects = append(f.Objects, text(object))
		}
		return f
	}
	for _, tt := range []struct {
		name string
		file fixture.PDF
		o    pdf.Options
		want string
	}{
		{"objects", many(10, "<< >>"), pdf.Options{Objects: 5}, "too many objects"},
		{"embedded files", objects("", text("[<< /EF << /F 1 0 R >> >> << /EF << /F 2 0 R >> >>]")), pdf.Options{Files: 1}, "too many embedded files"},
		{"decompressed", objects("", deflated("/Type /ObjStm /N 1 /First 4", strings.Repeat("1 0 ", 1000))), pdf.Options{Bytes: 100}, "a stream is too large"},
		{"read", many(2000, "("+strings.Repeat("x", 1<<10)), pdf.Options{}, "objects inside each other"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := open(t, tt.file.Bytes(), tt.o).Read()
			if err != nil {
				t.Fatal(err)
			}
			if len(d.Problems) != 1 || d.Problems[0].Text != tt.want || !d.Problems[0].Unread {
				t.Errorf("problems %v", d.Problems)
			}
		})
	}
}

func TestErrorsAreTheReaders(t *testing.T) {
	b := objects("", fixture.PDFPacked(9, "<< >>")).Bytes()
	broken := errors.New("disk")
	f := open(t, b, pdf.Options{Unpack: func(io.Reader) io.Reader { return failing{broken} }})
	if _, err := f.Read(); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := pdf.Open(ctx, bytes.NewReader(b), int64(len(b)), pdf.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := pdf.Open(context.Background(), failing{broken}, int64(len(b)), pdf.Options{}); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error)          { return 0, f.err }
func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }
