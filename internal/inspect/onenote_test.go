package inspect

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
)

func TestOneNoteFiles(t *testing.T) {
	png := []byte("\x89PNG\r\n\x1A\n")
	for _, tt := range []struct {
		name     string
		file     fixture.OneNoteFile
		findings []string
		kind     string
	}{
		{"picture", fixture.OneNoteFile{Name: "a.png", Data: png, Picture: true}, nil, "a.png png"},
		{"picture that no page names", fixture.OneNoteFile{Data: png}, nil, "file 1 png"},
		{"recording", fixture.OneNoteFile{Name: "talk.wma", Data: []byte("\x30\x26\xB2\x75\x8E\x66\xCF\x11\x00")}, nil, "talk.wma data"},
		{"PDF", fixture.OneNoteFile{Name: "a.pdf", Data: []byte("%PDF-1.7")}, []string{"onenote.embedded a.pdf"}, "a.pdf pdf"},
		{"notes", fixture.OneNoteFile{Name: "a.txt", Data: []byte("words")}, []string{"onenote.embedded a.txt"}, "a.txt text"},
		{"saved page", fixture.OneNoteFile{Name: "a.html", Data: []byte("<html>")}, []string{"onenote.embedded a.html"}, "a.html html"},
		{"command file", fixture.OneNoteFile{Name: "Open.CMD", Data: []byte("echo")}, []string{"script.file Open.CMD", "onenote.embedded Open.CMD"}, "Open.CMD script"},
		{"script in markup", fixture.OneNoteFile{Name: "open.wsf", Data: []byte("<job><script>")}, []string{"script.file open.wsf", "onenote.embedded open.wsf"}, "open.wsf script"},
		{"HTML application", fixture.OneNoteFile{Name: "a.hta", Data: []byte("<html>")}, []string{"script.file a.hta", "onenote.embedded a.hta"}, "a.hta script"},
		{"name with blanks at its end", fixture.OneNoteFile{Name: "a.vbs. ", Data: []byte("x = 1")}, []string{"script.file a.vbs.", "onenote.embedded a.vbs."}, "a.vbs.  script"},
		{"encoded script", fixture.OneNoteFile{Name: "a.vbe", Data: []byte("#@~^\x00\x00\x00")}, []string{"script.file a.vbe", "onenote.embedded a.vbe"}, "a.vbe script"},
		{"script behind the beginning of a picture", fixture.OneNoteFile{Name: "a.hta", Data: []byte("GIF89a<script>")}, []string{"script.file a.hta", "onenote.embedded a.hta"}, "a.hta script"},
		{"script that begins as RTF does", fixture.OneNoteFile{Name: "a.js", Data: []byte("{\\rtf1")}, []string{"script.file a.js", "onenote.embedded a.js"}, "a.js script"},
		{"Java archive", fixture.OneNoteFile{Name: "a.jar", Data: zipOf()}, []string{"onenote.embedded a.jar"}, "a.jar script"},
		{"extension of the data", fixture.OneNoteFile{Ext: ".bat", Data: []byte("echo")}, []string{"script.file file 1.bat", "onenote.embedded file 1.bat"}, "file 1.bat script"},
		{"text that no page names", fixture.OneNoteFile{Data: []byte("echo")}, []string{"onenote.embedded file 1"}, "file 1 script"},
		{"text outside of the lists", fixture.OneNoteFile{Name: "a", Data: []byte("<script>"), Hidden: true}, []string{"onenote.embedded file 1"}, "file 1 script"},
		{"program under another name", fixture.OneNoteFile{Name: "a.png", Data: []byte("MZ\x90\x00")}, []string{"file.type-mismatch a.png", "onenote.embedded a.png"}, "a.png exe"},
		{"document with a macro", fixture.OneNoteFile{Name: "a.doc", Data: fixture.DocVBA(quiet)},
			[]string{"vba.present a.doc", "onenote.embedded a.doc"}, "a.doc doc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sections := [][]byte{fixture.OneNote(nil, tt.file)}
			if tt.file.Ext == "" && !tt.file.Hidden { // a package has neither
				sections = append(sections, fixture.OneNotePackage(nil, tt.file))
			}
			for _, b := range sections {
				kind, r := scanFile(t, Options{}, b)
				if diff := cmp.Diff(tt.findings, lines(r)); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff([]string{" one", tt.kind}, tree(r)); diff != "" || kind != KindOneNote || r.Files[0].OneNoteEmbedded != 1 {
					t.Errorf("%s, %d embedded: %s", kind, r.Files[0].OneNoteEmbedded, diff)
				}
			}
		})
	}
}

func TestOneNoteTwoNamesOfOneFile(t *testing.T) {
	b := fixture.OneNote(nil, fixture.OneNoteFile{Name: "notes.txt", Also: "open.bat", Data: []byte("echo")})
	_, r := scanFile(t, Options{}, b)
	if diff := cmp.Diff([]string{" one", "notes.txt script"}, tree(r)); diff != "" {
		t.Error(diff)
	}
}

func TestOneNoteText(t *testing.T) {
	_, r := scanFile(t, Options{}, fixture.OneNote([]string{"Enable Editing to see it"}))
	if diff := cmp.Diff([]string{"office.lure"}, lines(r)); diff != "" {
		t.Error(diff)
	}
}

func TestOneNoteProtected(t *testing.T) {
	_, r := scanFile(t, Options{}, fixture.OneNoteProtected())
	if diff := cmp.Diff([]string{"office.encrypted"}, lines(r)); diff != "" || !r.Files[0].Encrypted || r.Incomplete {
		t.Errorf("%s, encrypted %v, incomplete %v", diff, r.Files[0].Encrypted, r.Incomplete)
	}
}

func TestOneNoteThatBreaksOffIsIncomplete(t *testing.T) {
	b := fixture.OneNotePackage([]string{"text"})
	_, r := scanFile(t, Options{}, b[:len(b)-9])
	if diff := cmp.Diff([]string{"office.unreadable"}, lines(r)); diff != "" || !r.Incomplete {
		t.Errorf("%s, incomplete %v", diff, r.Incomplete)
	}
}

func TestPackagedScript(t *testing.T) {
	_, r := scanFile(t, Options{}, fixture.RTF(fixture.RTFObject(fixture.OLE1Package("invoice", `C:\invoice.js`, []byte("var a")))))
	if diff := cmp.Diff([]string{" rtf", "invoice script"}, tree(r)); diff != "" {
		t.Error(diff)
	}
}
