package inspect

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
)

// locked is a package under the password that Excel tries by itself.
func locked(plain []byte) []byte {
	return fixture.Crypt{Scheme: "agile", Password: fixture.VelvetSweatshop}.Package(plain)
}

func TestAnOpenedPackageIsInspectedInTheDocumentsPlace(t *testing.T) {
	kind, r := scanFile(t, Options{}, locked(fixture.XLSM(downloader)))
	if kind != "xlsm" || len(r.Files) != 1 || r.Incomplete {
		t.Fatalf("%s, %v, %v", kind, tree(r), r.Incomplete)
	}
	f := r.Files[0]
	if f.Kind != "xlsm" || !f.Encrypted || !f.DefaultPassword || !f.HasVBA || len(f.Modules) != 1 || f.Path != "" {
		t.Errorf("%+v", f)
	}
	got := map[string]bool{}
	for _, l := range lines(r) {
		got[strings.Fields(l)[0]] = true
	}
	for kind, want := range map[finding.Kind]bool{
		finding.OfficeDefaultPassword: true, finding.VBAPresent: true, finding.OfficeEncrypted: false, finding.OfficePasswordFound: false,
	} {
		if got[string(kind)] != want {
			t.Errorf("%s: %v", kind, got)
		}
	}
}

func TestWhatOfAnEncryptedDocumentIsReported(t *testing.T) {
	secret := fixture.Crypt{Scheme: "rc4", Password: "secret"}
	pack := fixture.Crypt{Scheme: "standard", Password: "secret"}.Package(fixture.DOCX())
	for _, tc := range []struct {
		name      string
		file      []byte
		passwords []string
		kind      string
		findings  string
		def       bool
	}{
		{"locked", secret.DocVBA(quiet), nil, "doc", "office.encrypted", false},
		{"wrong", secret.DocVBA(quiet), []string{"wrong"}, "doc", "office.encrypted", false},
		{"found", secret.DocVBA(quiet), []string{"wrong", "secret"}, "doc", "office.encrypted office.password-found", false},
		{"default", fixture.Crypt{Scheme: "xor", Password: fixture.VelvetSweatshop}.XLSVBA(quiet), nil, "xls", "office.default-password", true},
		{"locked package", pack, nil, "ole", "office.encrypted", false},
		{"found package", pack, []string{"secret"}, "docx", "office.encrypted office.password-found", false},
	} {
		_, r := scanFile(t, Options{Passwords: tc.passwords}, tc.file)
		f := r.Files[0]
		var office []string
		for _, found := range r.Findings {
			if strings.HasPrefix(string(found.Kind), "office.") {
				office = append(office, string(found.Kind))
			}
		}
		if f.Kind != tc.kind || !f.Encrypted || f.DefaultPassword != tc.def || r.Incomplete || strings.Join(office, " ") != tc.findings {
			t.Errorf("%s: %+v, %v, %v", tc.name, f, office, r.Incomplete)
		}
		if r.Locked != (tc.findings == "office.encrypted") {
			t.Errorf("%s: locked %v", tc.name, r.Locked)
		}
	}
}

func TestThePasswordOfALaterPartOpensADocument(t *testing.T) {
	doc := fixture.Crypt{Scheme: "rc4", Password: "s3cret"}.DocVBA(quiet)
	pack := fixture.Crypt{Scheme: "agile", Password: "s3cret"}.Package(fixture.XLSM(downloader))
	mail := fixture.Message("a@example.com", "b@example.com", "s", fixture.FilePart("a.doc", "application/msword", doc),
		fixture.FilePart("b.zip", "application/zip", fixture.Zip("c/b.xlsx", string(pack))), fixture.TextPart("Passwort lautet s3cret")).Bytes()
	w, r := scanMail(t, context.Background(), Options{}, mail)
	if !w.s.Pending() || len(r.Files) != 3 || r.Files[0].HasVBA {
		t.Fatalf("before the end: %v", tree(r))
	}
	finish(t, w.s)
	r = w.s.Result()
	if d := cmp.Diff([]string{"1 doc encrypted", "2 zip", "2!/c/b.xlsx xlsm encrypted"}, tree(r)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if !r.Files[0].HasVBA || !r.Files[2].HasVBA || r.Locked || r.Incomplete {
		t.Errorf("%+v, %v, %v", r.Files, r.Locked, r.Incomplete)
	}
	seen := map[finding.Kind]int{}
	for _, f := range r.Findings {
		if f.Kind == finding.OfficePasswordFound && f.Detail != `"s3cret", said in the mail` {
			t.Errorf("%v", f)
		}
		seen[f.Kind]++
	}
	if seen[finding.OfficePasswordFound] != 2 || seen[finding.VBAPresent] != 2 {
		t.Errorf("%v", lines(r))
	}
}

func TestADearDocumentIsTriedAsFarAsTheBudgetGoes(t *testing.T) {
	file := fixture.Crypt{Scheme: "agile", Password: "w0019", Spin: 1000}.Package(fixture.DOCX())
	for _, tc := range []struct {
		budget time.Duration
		detail string
		locked bool
	}{{time.Second, "agile: a password opens it", false}, {2 * time.Millisecond, "7 of 20 words tried; agile: a password opens it", true}} {
		s := scanner(t, Options{TryTime: tc.budget}).Begin()
		guesses(s, 20)
		if _, err := s.File(context.Background(), nil, "", bytes.NewReader(file), int64(len(file))); err != nil {
			t.Fatal(err)
		}
		finish(t, s)
		if r := s.Result(); r.Findings[0].Detail != tc.detail || r.Locked != tc.locked || r.Incomplete {
			t.Errorf("%s: %v, %v", tc.budget, r.Findings, r.Locked)
		}
	}
}

func TestMoreLockedDocumentsThanAreTried(t *testing.T) {
	file := fixture.Crypt{Scheme: "rc4", Password: "s3cret"}.DocVBA(quiet)
	s := scanner(t, Options{Given: []string{"s3cret"}}).Begin()
	for range maxLocked + 1 {
		if _, err := s.File(context.Background(), nil, "", bytes.NewReader(file), int64(len(file))); err != nil {
			t.Fatal(err)
		}
	}
	finish(t, s)
	r := s.Result()
	if n := strings.Count(strings.Join(lines(r), " "), "office.password-found"); n != maxLocked || !r.Incomplete || !r.Files[maxLocked].HasVBA {
		t.Errorf("%d opened, incomplete %v, %+v", n, r.Incomplete, r.Files[maxLocked])
	}
}

func TestMacrosOfALockedDocumentAreReported(t *testing.T) {
	_, r := scanFile(t, Options{}, fixture.Crypt{Scheme: "xor", Password: "s3cret"}.DocVBA(quiet))
	if !r.Files[0].HasVBA || !r.Locked || strings.Count(strings.Join(lines(r), " "), "office.encrypted") != 1 {
		t.Errorf("%v", lines(r))
	}
}

func TestLockedPackagesInsideEachOtherEndAtTheDepth(t *testing.T) {
	file := fixture.XLSM(quiet)
	for range 5 {
		file = locked(file)
	}
	if kind, r := scanFile(t, Options{Depth: 5}, file); kind != "xlsm" || len(r.Files) != 1 || r.Incomplete {
		t.Errorf("at the depth: %s, %v", kind, lines(r))
	}
	if _, r := scanFile(t, Options{Depth: 4}, file); !r.Incomplete || r.Files[0].HasVBA {
		t.Errorf("past the depth: %v", lines(r))
	}
}

func TestADecryptedPackageCountsAgainstTheBudget(t *testing.T) {
	if _, r := scanFile(t, Options{Bytes: 1000}, locked(fixture.Noise(5000))); !r.Incomplete {
		t.Errorf("%v", lines(r))
	}
}

func TestAnEncryptedPackageMayHoldAnything(t *testing.T) {
	kind, r := scanFile(t, Options{}, locked([]byte("no package at all")))
	if kind != "ole" || !r.Files[0].DefaultPassword || r.Incomplete {
		t.Errorf("%s, %v", kind, lines(r))
	}
	if kind, r := scanFile(t, Options{}, locked(fixture.DocVBA(quiet))); kind != "doc" || !r.Files[0].HasVBA {
		t.Errorf("%s, %v", kind, lines(r))
	}
}

func TestADefaultPasswordPastTheCostIsIncomplete(t *testing.T) {
	info := bytes.Replace(fixture.Crypt{Scheme: "agile", Password: "x"}.Info(), []byte(`spinCount="100"`), []byte(`spinCount="9999999999"`), 1)
	file := fixture.OLE(fixture.Stream("EncryptionInfo", info), fixture.Stream("EncryptedPackage", make([]byte, 4096)))
	if _, r := scanFile(t, Options{}, file); !r.Incomplete || !r.Files[0].Encrypted {
		t.Errorf("%v", lines(r))
	}
}
