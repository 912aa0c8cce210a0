package inspect

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/message"
)

func scanner(t testing.TB, o Options) *Scanner {
	t.Helper()
	if o.SpoolDir == "" {
		o.SpoolDir = t.TempDir()
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(o.SpoolDir); err != nil || len(left) > 0 {
			t.Errorf("left in the spool: %v, %v", left, err)
		}
	})
	return s
}

func scanFile(t testing.TB, o Options, b []byte) (string, Result) {
	t.Helper()
	s := scanner(t, o).Begin()
	kind, err := s.File(context.Background(), nil, "file", bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	finish(t, s)
	return kind, s.Result()
}

// finish opens what passwords lock and closes what stays locked.
func finish(t testing.TB, s *Scan) {
	t.Helper()
	still, err := s.Finish(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range still {
		l.Content.Close()
	}
}

// lines are the findings as "kind path".
func lines(r Result) (out []string) {
	for _, f := range r.Findings {
		out = append(out, strings.TrimSpace(string(f.Kind)+" "+f.Path.String()))
	}
	return out
}

// tree is the reports as "path kind".
func tree(r Result) (out []string) {
	for _, f := range r.Files {
		locked := ""
		if f.Encrypted {
			locked = " encrypted"
		}
		out = append(out, f.Path+" "+f.Kind+locked)
	}
	return out
}

const (
	downloader = "Sub AutoOpen()\nCreateObject(\"WScript.Shell\").Run \"calc\"\nEnd Sub\n"
	quiet      = "Sub Tidy()\nx = 1\nEnd Sub\n"
)

func zipOf(entries ...fixture.ZIPEntry) []byte { return fixture.ZIP{Entries: entries}.Bytes() }

func entry(name string, data []byte) fixture.ZIPEntry {
	return fixture.ZIPEntry{Name: name, Data: data, Method: 8}
}

func gz(t testing.TB, name string, data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name = name
	_, err := w.Write(data)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarOf(t testing.TB, name string, data []byte) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	err := w.WriteHeader(&tar.Header{Name: "dir/", Typeflag: tar.TypeDir, Mode: 0o755})
	err = errors.Join(err, w.WriteHeader(&tar.Header{Name: name, Size: int64(len(data)), Mode: 0o644}))
	_, werr := w.Write(data)
	if err := errors.Join(err, werr, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zst(t testing.TB, data []byte) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(data, nil)
}

// bz2Text is "text in bzip2\n", compressed once with bzip2.
const bz2Text = "BZh91AY&SY\xb0@J\x01\x00\x00\x05\xd9\x80\x00\x10@\x00\x10\x00\x12!DP \x001\x00\xd3M\x04\x1a\x06\x9a\x0c&\xc4.dR\xf1w$S\x85\x09\x0b\x04\x04\xa0\x10"

func TestWhatIsFound(t *testing.T) {
	docm, doc := fixture.DOCM(downloader), fixture.DocVBA(downloader)
	mail := fixture.Message("a@example.com", "b@example.com", "s", fixture.TextPart("hello"),
		fixture.FilePart("x.zip", "application/zip", zipOf(entry("x.doc", doc)))).Bytes()
	macro := func(path, stream string) []string {
		return []string{"vba.present " + path, "vba.autoexec " + path + "!/" + stream, "vba.suspicious " + path + "!/" + stream}
	}
	embedded := fixture.Package(append(fixture.DOCXParts(), fixture.Part{Name: "word/embeddings/oleObject1.bin", Data: string(doc)},
		fixture.Part{Name: "word/embeddings/book.xlsx", Data: string(fixture.XLSM(quiet))}, fixture.Part{Name: "run.js", Data: "x()"}))
	corrupt := entry("a.txt", []byte("BZ"))
	corrupt.Method = 12
	badDeflate := fixture.Zip("a.txt", strings.Repeat("some words, ", 50)+fmt.Sprint(time.Unix(0, 0)))
	badDeflate[50] ^= 0xFF
	tests := []struct {
		name       string
		file       []byte
		kind       string
		findings   []string
		files      []string
		incomplete bool
	}{
		{"plain text", []byte("hello\n"), "text", nil, []string{" text"}, false},
		{"document with a downloader", doc, "doc",
			[]string{"vba.present", "vba.autoexec Macros/VBA/ThisDocument", "vba.suspicious Macros/VBA/ThisDocument"}, []string{" doc"}, false},
		{"document with a quiet macro", fixture.DocVBA(quiet), "doc", []string{"vba.present"}, []string{" doc"}, false},
		{"package with a downloader: its project is no file of its own", docm, "docm",
			[]string{"vba.present", "vba.autoexec word/vbaProject.bin/VBA/ThisDocument", "vba.suspicious word/vbaProject.bin/VBA/ThisDocument"},
			[]string{" docm"}, false},
		{"document without macros", fixture.DocPlain(), "doc", nil, []string{" doc"}, false},
		{"package without macros", fixture.DOCX(), "docx", nil, []string{" docx"}, false},
		{"encrypted document", fixture.DocEncrypted(), "doc", []string{"office.encrypted"}, []string{" doc encrypted"}, false},
		{"archive in archive", zipOf(entry("b.zip", zipOf(entry("請求書.docm", docm)))), "zip",
			macro("b.zip!/請求書.docm", "word/vbaProject.bin/VBA/ThisDocument"),
			[]string{" zip", "b.zip zip", "b.zip!/請求書.docm docm"}, false},
		{"files embedded in a package", embedded, "docx",
			append(append([]string{"ole.object word/embeddings/oleObject1.bin"}, macro("word/embeddings/oleObject1.bin", "Macros/VBA/ThisDocument")...),
				"vba.present word/embeddings/book.xlsx", "script.file run.js"),
			[]string{" docx", "word/embeddings/oleObject1.bin doc", "word/embeddings/book.xlsx xlsm", "run.js script"}, false},
		{"mail in an archive", zipOf(entry("m.eml", mail)), "zip", macro("m.eml!/2!/x.doc", "Macros/VBA/ThisDocument"),
			[]string{" zip", "m.eml message", "m.eml!/2 zip", "m.eml!/2!/x.doc doc"}, false},
		{"encrypted archive", zipOf(fixture.ZIPEntry{Name: "a.doc", Data: doc, Method: 8, Password: "p"}, entry("b.txt", []byte("b"))), "zip",
			[]string{"zip.encrypted"}, []string{" zip encrypted", "a.doc data encrypted", "b.txt text"}, false},
		{"encrypted archive in an open one", zipOf(entry("in.zip", zipOf(fixture.ZIPEntry{Name: "a", AES: 3}))), "zip",
			[]string{"zip.encrypted in.zip"}, []string{" zip", "in.zip zip encrypted", "in.zip!/a data encrypted"}, false},
		{"hidden entry is opened all the same", zipOf(entry("a.txt", []byte("a")), fixture.ZIPEntry{Name: "b.doc", Data: doc, Unlisted: true}), "zip",
			append([]string{"archive.listing-mismatch"}, macro("b.doc", "Macros/VBA/ThisDocument")...), []string{" zip", "a.txt text", "b.doc doc"}, false},
		{"method nobody here unpacks", zipOf(fixture.ZIPEntry{Name: "a", Data: []byte("x"), Method: 97}), "zip",
			[]string{"archive.unread"}, []string{" zip", "a data"}, false},
		{"member of two bytes", zipOf(corrupt), "zip", []string{"scan.incomplete a.txt"}, []string{" zip", "a.txt empty"}, true},
		{"damaged deflate stream", badDeflate, "zip", []string{"scan.incomplete a.txt"}, []string{" zip", "a.txt text"}, true},
		{"archive cut off in the last member", fixture.Zip("a.txt", "a", "n", string(fixture.Noise(2000)))[:1500], "zip",
			nil, []string{" zip", "a.txt text", "n data"}, false},
		{"program with an archive behind it", fixture.ZIP{Entries: []fixture.ZIPEntry{entry("x.doc", doc)}, Prefix: exe()}.Bytes(), "exe",
			macro("x.doc", "Macros/VBA/ThisDocument"), []string{" exe", "x.doc doc"}, false},
		{"picture with an archive behind it", fixture.ZIP{Entries: []fixture.ZIPEntry{entry("x.doc", doc)}, Prefix: []byte("\xFF\xD8\xFF\xE0 picture")}.Bytes(),
			"jpg", macro("x.doc", "Macros/VBA/ThisDocument"), []string{" jpg", "x.doc doc"}, false},
		{"junk before an archive", fixture.ZIP{Entries: []fixture.ZIPEntry{entry("a", []byte("a"))}, Prefix: []byte("\x00\x01junk")}.Bytes(), "zip",
			nil, []string{" zip", "a text"}, false},
		{"archive in the stream of a compound file", fixture.OLE(fixture.Stream("theme", append(zipOf(entry("t.xml", nil)), make([]byte, 5000)...))), "ole",
			nil, []string{" ole"}, false},
		{"gzip of tar", gz(t, "", tarOf(t, "x.doc", doc)), "gz", macro("content!/x.doc", "Macros/VBA/ThisDocument"),
			[]string{" gz", "content tar", "content!/x.doc doc"}, false},
		{"gzip that knows its name", gz(t, "a.txt", []byte("text")), "gz", nil, []string{" gz", "a.txt text"}, false},
		{"bzip2", []byte(bz2Text), "bz2", nil, []string{" bz2", "content text"}, false},
		{"Zstandard", zst(t, []byte("some text")), "zst", nil, []string{" zst", "content text"}, false},
		{"archive that is only known", []byte("Rar!\x1A\x07\x01\x00 and more"), "rar", []string{"archive.unread"}, []string{" rar"}, false},
		{"no archive at all behind its signature", []byte("PK\x05\x06"), "zip", []string{"archive.unread"}, []string{" zip"}, false},
		{"gzip that breaks at once", []byte("\x1F\x8B\x08\xE0\x00\x00\x00"), "gz", nil, []string{" gz"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kind, r := scanFile(t, Options{}, tt.file)
			if kind != tt.kind {
				t.Errorf("kind %q, want %q", kind, tt.kind)
			}
			if d := cmp.Diff(tt.findings, lines(r)); d != "" {
				t.Errorf("findings (-want +got):\n%s%v", d, r.Findings)
			}
			if d := cmp.Diff(tt.files, tree(r)); d != "" {
				t.Errorf("files (-want +got):\n%s", d)
			}
			if r.Incomplete != tt.incomplete {
				t.Errorf("incomplete is %v", r.Incomplete)
			}
		})
	}
}

func exe() []byte { return append([]byte("MZ\x90\x00\x03\x00"), make([]byte, 200)...) }

func TestModules(t *testing.T) {
	source := "Attribute VB_Name = \"ThisDocument\"\n" + downloader
	for _, keep := range []bool{false, true} {
		_, r := scanFile(t, Options{Sources: keep}, fixture.DocVBA(downloader))
		if len(r.Files) != 1 || len(r.Files[0].Modules) != 1 || !r.Files[0].HasVBA {
			t.Fatalf("files %+v", r.Files)
		}
		m := r.Files[0].Modules[0]
		if m.Name != "ThisDocument" || m.Stream != "Macros/VBA/ThisDocument" || m.Len != len(source) || len(m.SHA256) != 64 {
			t.Errorf("module %+v", m)
		}
		if keep != (m.Source == source) || !keep && m.Source != "" {
			t.Errorf("Sources %v: source %q", keep, m.Source)
		}
	}
	_, r := scanFile(t, Options{}, fixture.DocVBA(downloader))
	if f := r.Findings[1]; f.Kind != finding.VBAAutoexec || f.Detail != "AutoOpen" {
		t.Errorf("finding %+v", f)
	}
}

// walk gives the parts of a mail to a scan, as the filter does.
type walk struct {
	t     *testing.T
	ctx   context.Context
	s     *Scan
	kinds []string
	errs  []error
}

func (w *walk) Part(p *message.Part) error {
	kind, err := w.s.Part(w.ctx, p)
	w.kinds = append(w.kinds, kind)
	w.errs = append(w.errs, err)
	return nil
}

func (w *walk) Finding(f finding.Finding) { w.s.Add(f) }

func scanMail(t *testing.T, ctx context.Context, o Options, mail []byte) (*walk, Result) {
	t.Helper()
	h := &walk{t: t, ctx: ctx, s: scanner(t, o).Begin()}
	w := message.NewWalker(nil, message.Limits{}, h)
	_, err := w.Write(mail)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return h, h.s.Result()
}

func TestParts(t *testing.T) {
	quoted := "From: someone@example.com\r\nReceived: by example\r\n\r\nas they wrote\r\n"
	mail := fixture.Message("a@example.com", "b@example.com", "s", fixture.TextPart(quoted),
		fixture.FilePart("invoice.doc", "application/pdf", fixture.DocVBA(downloader)),
		fixture.FilePart("fwd.dat", "application/octet-stream", []byte(quoted))).Bytes()
	w, r := scanMail(t, context.Background(), Options{}, mail)
	if d := cmp.Diff([]string{"text", "doc", "message"}, w.kinds); d != "" {
		t.Errorf("kinds (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"2 doc", "3 message"}, tree(r)); d != "" {
		t.Errorf("a text body has no report (-want +got):\n%s", d)
	}
	want := []string{"vba.present 2", "vba.autoexec 2!/Macros/VBA/ThisDocument", "vba.suspicious 2!/Macros/VBA/ThisDocument"}
	if d := cmp.Diff(want, lines(r)); d != "" {
		t.Errorf("findings (-want +got):\n%s", d)
	}
}

func TestPartThatClaimsToBeText(t *testing.T) {
	mail := fixture.Mail{Fields: []string{"Content-Type: text/plain"}, Encoding: "base64", Body: zipOf(entry("a.doc", fixture.DocVBA(quiet)))}.Bytes()
	w, r := scanMail(t, context.Background(), Options{}, mail)
	if w.kinds[0] != "zip" || !strings.HasPrefix(strings.Join(lines(r), " "), "vba.present 1!/a.doc") {
		t.Errorf("kinds %v, findings %v", w.kinds, lines(r))
	}
}

func TestCancelledScanIsOurTrouble(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w, r := scanMail(t, ctx, Options{}, fixture.Message("a@b", "c@d", "s", fixture.FilePart("a.zip", "a/b", zipOf(entry("a", nil)))).Bytes())
	if !errors.Is(w.errs[0], context.Canceled) || !r.Incomplete {
		t.Errorf("err %v, incomplete %v", w.errs[0], r.Incomplete)
	}
}

func TestSpoolThatCannotBeWritten(t *testing.T) {
	s, err := New(Options{SpoolDir: t.TempDir() + "/gone", Memory: 10})
	if err != nil {
		t.Fatal(err)
	}
	scan := s.Begin()
	b := zipOf(entry("a", fixture.Noise(10_000)))
	_, err = scan.File(context.Background(), nil, "", bytes.NewReader(b), int64(len(b)))
	if !errors.Is(err, os.ErrNotExist) || !scan.Result().Incomplete {
		t.Errorf("err %v, %+v", err, scan.Result())
	}
}

type brokenDisk struct{}

func (brokenDisk) ReadAt([]byte, int64) (int, error) { return 0, io.ErrClosedPipe }

func TestFileThatCannotBeRead(t *testing.T) {
	for _, o := range []Options{{}, {Journal: t.TempDir() + "/journal"}} {
		s := scanner(t, o).Begin()
		if _, err := s.File(context.Background(), nil, "", brokenDisk{}, 100); !errors.Is(err, io.ErrClosedPipe) || !s.Result().Incomplete {
			t.Errorf("err %v", err)
		}
	}
}

// trap is an inspector for files that begin with its word.
type trap struct {
	word string
	do   func(ctx context.Context, f *File, s *Scan) error
}

func (trap) Name() string { return "trap" }

func (tr trap) Match(f *File) bool {
	b, err := f.peek(context.Background(), 0, make([]byte, len(tr.word)))
	return err == nil && string(b) == tr.word
}

func (tr trap) Inspect(ctx context.Context, f *File, s *Scan) error { return tr.do(ctx, f, s) }

func TestPanicIsAFindingAndTheScanGoesOn(t *testing.T) {
	s := scanner(t, Options{})
	s.table = append(s.table, trap{"TRAP", func(context.Context, *File, *Scan) error { panic("index \x1b[31m out of range") }})
	scan := s.Begin()
	b := zipOf(entry("a", []byte("TRAP")), entry("b.doc", fixture.DocVBA(quiet)))
	if _, err := scan.File(context.Background(), nil, "", bytes.NewReader(b), int64(len(b))); err != nil {
		t.Fatal(err)
	}
	r := scan.Result()
	if d := cmp.Diff([]string{"parser.error a", "vba.present b.doc"}, lines(r)); d != "" || !r.Incomplete {
		t.Errorf("incomplete %v, findings (-want +got):\n%s", r.Incomplete, d)
	}
}
