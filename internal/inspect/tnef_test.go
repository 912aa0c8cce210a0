package inspect

import (
	"bytes"
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
)

func tnefOf(files ...fixture.TNEFFile) []byte { return fixture.TNEF{Attached: files}.Bytes() }

func TestTNEFFiles(t *testing.T) {
	message := func(b []byte) fixture.TNEFFile {
		return fixture.TNEFFile{Title: "message", Props: fixture.TNEFProps(fixture.TNEFProp(0x3701000D, append([]byte(fixture.TNEFMessage), b...)))}
	}
	doc := fixture.TNEFFile{Title: "a.doc", Data: fixture.DocVBA(quiet)}
	for _, tt := range []struct {
		name           string
		file           []byte
		findings, tree []string
	}{
		{"no files", tnefOf(), []string{"tnef.file"}, []string{" tnef"}},
		{"document", tnefOf(doc), []string{"tnef.file", "vba.present a.doc"}, []string{" tnef", "a.doc doc"}},
		{"script by its name", tnefOf(fixture.TNEFFile{Title: "a.js", Data: []byte("var a")}), []string{"tnef.file", "script.file a.js"}, []string{" tnef", "a.js script"}},
		{"text without a name", tnefOf(fixture.TNEFFile{Data: []byte("words")}), []string{"tnef.file"}, []string{" tnef", "attachment 1 text"}},
		{"message in message", tnefOf(message(tnefOf(doc))), []string{"tnef.file", "tnef.file message", "vba.present message!/a.doc"},
			[]string{" tnef", "message tnef", "message!/a.doc doc"}},
		{"compound file", tnefOf(fixture.TNEFFile{Title: "o", Props: fixture.TNEFProps(fixture.TNEFProp(0x3701000D, append([]byte(fixture.TNEFStorage), doc.Data...)))}),
			[]string{"tnef.file", "vba.present o"}, []string{" tnef", "o doc"}},
		{"object of OLE 1.0", tnefOf(fixture.TNEFFile{Title: "o", Data: fixture.OLE1Package("p.js", "p.js", []byte("var a"))}),
			[]string{"tnef.file", "script.file o!/p.js", "rtf.object o!/p.js", "ole.package o!/p.js"}, []string{" tnef", "o rtf", "o!/p.js script"}},
		{"object in the text", fixture.TNEF{Props: fixture.TNEFProps(fixture.TNEFProp(0x10090102, fixture.CompressRTF(fixtureRTF())))}.Bytes(),
			[]string{"tnef.file", "rtf.object body.rtf!/p", "ole.package body.rtf!/p"}, []string{" tnef", "body.rtf rtf", "body.rtf!/p text"}},
		{"sound on another machine", fixture.TNEF{Props: fixture.TNEFProps(fixture.TNEFNamed(0x1F, 0x851F, "", fixture.TNEFProp(0x1F, fixture.UTF16(`\\host\a.wav`))[4:]))}.Bytes(),
			[]string{"tnef.file", "office.external"}, []string{" tnef"}},
		{"sound on this machine", fixture.TNEF{Props: fixture.TNEFProps(fixture.TNEFNamed(0x1F, 0x851F, "", fixture.TNEFProp(0x1F, fixture.UTF16(`C:\a.wav`))[4:]))}.Bytes(),
			[]string{"tnef.file"}, []string{" tnef"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, r := scanFile(t, Options{}, tt.file)
			if diff := cmp.Diff(tt.findings, lines(r)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.tree, tree(r)); diff != "" || r.Incomplete {
				t.Errorf("incomplete %v: %s", r.Incomplete, diff)
			}
		})
	}
}

func fixtureRTF() string {
	return string(fixture.RTF(fixture.RTFObject(fixture.OLE1Package("p", "p.txt", []byte("words")))))
}

func TestTNEFNestedDeeperThanTheLimit(t *testing.T) {
	b := tnefOf()
	for range 12 {
		b = tnefOf(fixture.TNEFFile{Title: "m", Data: b})
	}
	_, r := scanFile(t, Options{}, b)
	if !r.Incomplete || len(r.Findings) == 0 || r.Findings[len(r.Findings)-1].Kind != finding.LimitDepth {
		t.Errorf("incomplete %v, %v", r.Incomplete, lines(r))
	}
}

func TestTNEFUnreadIsIncomplete(t *testing.T) {
	_, r := scanFile(t, Options{}, tnefOf(fixture.TNEFFile{Props: fixture.TNEFProps(fixture.TNEFProp(0x000100FE))}))
	if diff := cmp.Diff([]string{"tnef.file", "scan.incomplete"}, lines(r)); diff != "" || !r.Incomplete {
		t.Errorf("incomplete %v: %s", r.Incomplete, diff)
	}
}

func TestTNEFDetail(t *testing.T) {
	_, r := scanFile(t, Options{}, tnefOf(fixture.TNEFFile{Title: "a.txt", Data: []byte("x")}, fixture.TNEFFile{Title: "b.txt", Data: []byte("x")}))
	if got, want := r.Findings[0].Detail, `2: "a.txt", "b.txt"`; got != want {
		t.Errorf("detail %q, want %q", got, want)
	}
}

func TestTNEFTextHoldsPasswords(t *testing.T) {
	rtf := fixture.CompressRTF(`{\rtf1 word-rtf }`)
	b := fixture.TNEF{Subject: "word-subject", Body: "word-body", Props: fixture.TNEFProps(fixture.TNEFProp(0x10130102, []byte("word-html")), fixture.TNEFProp(0x10090102, rtf))}.Bytes()
	s := scanner(t, Options{}).Begin()
	if _, err := s.File(context.Background(), nil, "", bytes.NewReader(b), int64(len(b))); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, w := range s.words.Words() {
		seen[w.Text] = true
	}
	for _, w := range []string{"word-subject", "word-body", "word-html", "word-rtf"} {
		if !seen[w] {
			t.Errorf("%q is not among %v", w, seen)
		}
	}
}
