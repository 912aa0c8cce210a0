package pdf_test

import (
	"bytes"
	"fmt"
	"strings"
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

// TestCryptFilters: which streams and strings are encrypted how (ISO 32000-2 7.6.6).
func TestCryptFilters(t *testing.T) {
	secret := func(text string) fixture.PDFObject {
		return fixture.PDFObject{Text: "<< " + text + " >>", Stream: []byte("content")}
	}
	plain := func(o fixture.PDFObject) fixture.PDFObject { o.Plain = true; return o }
	const aes = "/CF << /StdCF << /CFM /AESV2 >> >> "
	for _, tt := range []struct {
		name    string
		filters string
		object  fixture.PDFObject
		want    []string
	}{
		{"streams and strings", "", secret("/Type /EmbeddedFile"), []string{"file  content"}},
		{"embedded files alone", aes + "/StmF /Identity /StrF /Identity /EFF /StdCF", secret("/Type /EmbeddedFile"), []string{"file  content"}},
		{"all but embedded files", aes + "/StmF /StdCF /StrF /StdCF /EFF /Identity", plain(secret("/Type /EmbeddedFile")), []string{"file  content"}},
		{"nothing, by names that do not exist", aes + "/StmF /No /StrF /No", plain(secret("/Type /EmbeddedFile")), []string{"file  content"}},
		{"a stream's own filter", aes + "/StmF /Identity /StrF /Identity", secret("/Type /EmbeddedFile /Filter /Crypt /DecodeParms << /Name /StdCF >>"), []string{"file  content"}},
		{"a stream's own filter of no name", aes + "/StmF /StdCF /StrF /StdCF", plain(secret("/Type /EmbeddedFile /Filter [/Crypt]")), []string{"file  content"}},
		{"RC4 by a filter of version 4", "/CF << /StdCF << /CFM /V2 >> >> /StmF /StdCF /StrF /StdCF", secret("/Type /EmbeddedFile"), []string{"file  content"}},
		{"strings alone", aes + "/StmF /Identity /StrF /StdCF", fixture.PDFObject{Text: "<< /JS %s >>", Strings: []string{"a script"}}, []string{"script  a script"}},
	} {
		f := objects("", tt.object)
		f.Lock = &fixture.PDFLock{Revision: 4, User: "u", Owner: "o", Filters: tt.filters}
		file := open(t, f.Bytes(), pdf.Options{})
		if !file.Locked() || !file.Try("u") {
			t.Fatalf("%s: locked %v", tt.name, file.Locked())
		}
		d, err := file.Read()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, told(t, d)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestMetadataThatIsNotEncryptedIsPartOfTheKey(t *testing.T) {
	f := objects("", fixture.PDFObject{Text: "<< /JS %s >>", Strings: []string{"a script"}},
		fixture.PDFObject{Text: "<< /Type /EmbeddedFile /Type /Metadata >>", Stream: []byte("content")})
	f.Lock = &fixture.PDFLock{Revision: 4, Owner: "o", PlainMeta: true}
	if diff := cmp.Diff([]string{"script  a script", "file  content"}, told(t, read(t, f.Bytes()))); diff != "" {
		t.Error(diff)
	}
}

// TestSealedDataCutAtEveryByte: what is decrypted of the beginning of a file is its beginning, by blocks where the cipher has them.
func TestSealedDataCutAtEveryByte(t *testing.T) {
	content := strings.Repeat("0123456789abcdef", 600)[:9000]
	for _, revision := range []int{3, 4, 6} {
		f := objects("", fixture.PDFObject{Text: "<< /Type /EmbeddedFile >>", Stream: []byte(content)})
		f.Lock = &fixture.PDFLock{Revision: revision, Owner: "o"}
		whole := f.Bytes()
		start := bytes.Index(whole, []byte("stream\n")) + len("stream\n")
		end := bytes.LastIndex(whole, []byte("\nendstream"))
		for _, n := range []int{0, 1, 15, 16, 17, 31, 32, 33, 4096, 4111, 4112, 4113, 8208, 8992} {
			cut := bytes.Replace(whole, whole[start+n:end], nil, 1)
			got := told(t, read(t, cut))
			text := strings.TrimPrefix(got[0], "file  ")
			if !strings.HasPrefix(content, text[:max(0, len(text)-32)]) || len(text) > n+48 {
				t.Errorf("R%d, %d bytes: %d of %.40q", revision, n, len(text), text)
			}
		}
	}
}

func TestPasswordsBeyondTheAlphabet(t *testing.T) {
	for revision := 2; revision <= 6; revision++ {
		f := open(t, sealed(&fixture.PDFLock{Revision: revision, User: "秘密", Owner: "o"}), pdf.Options{})
		if !f.Try("秘密") || f.Try("秘") || f.Try(strings.Repeat("x", 1<<16)) {
			t.Errorf("R%d", revision)
		}
	}
}
