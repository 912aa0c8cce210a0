package inspect

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/password"
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
		finding   string
		def       bool
	}{
		{"locked", secret.DocVBA(quiet), nil, "doc", "office.encrypted", false},
		{"wrong", secret.DocVBA(quiet), []string{"wrong"}, "doc", "office.encrypted", false},
		{"found", secret.DocVBA(quiet), []string{"wrong", "secret"}, "doc", "office.password-found", false},
		{"default", fixture.Crypt{Scheme: "xor", Password: fixture.VelvetSweatshop}.XLSVBA(quiet), nil, "xls", "office.default-password", true},
		{"locked package", pack, nil, "ole", "office.encrypted", false},
		{"found package", pack, []string{"secret"}, "docx", "office.password-found", false},
	} {
		kind, r := scanFile(t, Options{Passwords: tc.passwords}, tc.file)
		f := r.Files[0]
		var office []string
		for _, found := range r.Findings {
			if strings.HasPrefix(string(found.Kind), "office.") {
				office = append(office, string(found.Kind))
			}
		}
		if kind != tc.kind || !f.Encrypted || f.DefaultPassword != tc.def || r.Incomplete || !cmp.Equal(office, []string{tc.finding}) {
			t.Errorf("%s: %s, %+v, %v, %v", tc.name, kind, f, office, r.Incomplete)
		}
	}
}

func TestPasswordsOfTheMessageAreTried(t *testing.T) {
	file := fixture.Crypt{Scheme: "rc4", Password: "secret"}.DocVBA(quiet)
	s := scanner(t, Options{Passwords: []string{"wrong"}}).Begin()
	s.Passwords(password.Phrase, "from", "the mail's text", "secret")
	if _, err := s.File(context.Background(), nil, "", bytes.NewReader(file), int64(len(file))); err != nil {
		t.Fatal(err)
	}
	if got := lines(s.Result()); got[0] != "office.password-found" {
		t.Error(got)
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
