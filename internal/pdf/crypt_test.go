package pdf_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
	"sekisho/internal/pdf"
)

// sealed is a PDF with a script in a string, one in an object stream and a file.
func sealed(lock *fixture.PDFLock) []byte {
	f := fixture.PDF{Lock: lock, Objects: append(fixture.PDFEmbedding("a.txt", []byte("content")),
		fixture.PDFObject{Text: "<< /S /JavaScript /JS %s >>", Strings: []string{"a script"}}, fixture.PDFPacked(20, "<< /JS (packed) >>"))}
	return f.Bytes()
}

var opened = []string{"script  a script", "script  packed", "file a.txt content"}

func TestPasswords(t *testing.T) {
	for revision := 2; revision <= 6; revision++ {
		for _, tt := range []struct{ user, owner, try string }{
			{"", "owner", ""}, {"user", "owner", "user"}, {"user", "owner", "owner"}, {"p\u00e4ss", "owner", "p\u00e4ss"}, {"", "", ""},
		} {
			t.Run(fmt.Sprintf("R%d %q", revision, tt.try), func(t *testing.T) {
				lock := &fixture.PDFLock{Revision: revision, User: tt.user, Owner: tt.owner}
				if revision < 5 && tt.user == "p\u00e4ss" {
					lock.User = "p\xE4ss" // PDFDocEncoding
				}
				f := open(t, sealed(lock), pdf.Options{})
				if f.Locked() != (tt.user != "") || !f.Openable() || f.TryCost() <= 0 {
					t.Fatalf("locked %v, openable %v", f.Locked(), f.Openable())
				}
				if f.Locked() && (f.Try("wrong") || !f.Try(tt.try)) {
					t.Fatal("the wrong password opens it, or the right one does not")
				}
				d, err := f.Read()
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(opened, told(t, d)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestLockedFileTellsItsNames(t *testing.T) {
	f := open(t, sealed(&fixture.PDFLock{Revision: 6, User: "user", Owner: "owner"}), pdf.Options{})
	d, err := f.Read()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"script  "}, told(t, d)); diff != "" {
		t.Error(diff)
	}
	if f.Try("user"); f.Locked() {
		t.Fatal("not opened")
	}
	if d, err = f.Read(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(opened, told(t, d)); diff != "" {
		t.Error(diff)
	}
}

func TestSchemes(t *testing.T) {
	for _, tt := range []struct {
		lock     fixture.PDFLock
		scheme   string
		openable bool
	}{
		{fixture.PDFLock{Revision: 2, User: "u", Owner: "o"}, "RC4 40", true},
		{fixture.PDFLock{Revision: 3, User: "u", Owner: "o"}, "RC4 128", true},
		{fixture.PDFLock{Revision: 4, User: "u", Owner: "o"}, "AES 128", true},
		{fixture.PDFLock{Revision: 5, User: "u", Owner: "o"}, "AES 256", true},
		{fixture.PDFLock{Revision: 6, User: "u", Owner: "o"}, "AES 256", true},
		{fixture.PDFLock{Revision: 6, User: "u", Owner: "o", Handler: "Adobe.PubSec"}, `"Adobe.PubSec"`, false},
	} {
		f := open(t, sealed(&tt.lock), pdf.Options{})
		if scheme, encrypted := f.Encrypted(); scheme != tt.scheme || !encrypted || !f.Locked() || f.Openable() != tt.openable || f.Try("x") {
			t.Errorf("R%d: %s, locked %v, openable %v", tt.lock.Revision, scheme, f.Locked(), f.Openable())
		}
	}
	if _, encrypted := open(t, objects("").Bytes(), pdf.Options{}).Encrypted(); encrypted {
		t.Error("a plain file is called encrypted")
	}
}

// Dictionaries that another program made, with the user password "pw123" and the owner password "own": the figures prove the algorithms, which
// the fixtures cannot.
func TestDictionariesOfAnotherProgram(t *testing.T) {
	for name, dict := range vectors {
		b := "%PDF-1.7\n1 0 obj\n" + dict + "\nendobj\ntrailer << /Encrypt 1 0 R /ID [" + vectorID + " " + vectorID + "] >>"
		for _, password := range []string{"pw123", "own"} {
			f := open(t, []byte(b), pdf.Options{})
			if !f.Locked() || f.Try("pw124") || !f.Try(password) {
				t.Errorf("%s: %q does not open it", name, password)
			}
		}
	}
}

func TestDamagedDictionaries(t *testing.T) {
	for _, dict := range []string{"<< >>", "<< /Filter /Standard /V 5 /R 6 /O <00> /U <00> >>", "<< /Filter /Standard /V 1 /R 2 /O () /U () >>",
		"<< /Filter /Standard /V 2 /R 3 /Length 99999999 >>", "<< /Filter /Standard /V 9 /R 9 >>", "<< /Filter /Standard /V 4 /R 4 /CF [1 2] /StmF 3 >>"} {
		f := open(t, []byte("1 0 obj "+dict+" endobj 2 0 obj << /JS (a) >> endobj trailer << /Encrypt 1 0 R >>"), pdf.Options{})
		if !f.Locked() || f.Openable() || f.Try("a") {
			t.Errorf("%s: locked %v, openable %v", dict, f.Locked(), f.Openable())
		}
	}
}
