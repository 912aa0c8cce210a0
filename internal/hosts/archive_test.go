package hosts

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
	"sekisho/zipinspect"
)

func zipFile(t *testing.T, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestArchiveOfCollectedReports(t *testing.T) {
	ok := reportOf{lang: "ja", version: "2.4"}
	bad := reportOf{version: "2.4", processes: virus}
	inner := fixture.Zip("PC-7_20230320104551_emocheck.txt", ok.text())
	z := fixture.ZIP{Entries: []fixture.ZIPEntry{
		{Name: "all/", Data: nil},
		{Name: "all/PC-1_20230320104551_emocheck.txt", Data: []byte(ok.text()), Method: 8},
		{Name: `all\PC-2\20230320104551_emocheck.txt`, Data: []byte(bad.text()), Method: 8},
		{Name: "../../PC-3_20230320104551_emocheck.txt", Data: []byte(ok.text())},
		{Name: "machines.csv", Data: []byte("host,ip\nPC-4,192.0.2.4\n"), Method: 8},
		{Name: "inner.zip", Data: inner},
		{Name: "PC-5_20230320104551_emocheck.txt", Data: []byte(ok.text()), Method: 8, Password: "x"},
		{Name: "PC-6_20230320104551_emocheck.txt", Data: bytes.Repeat([]byte{0}, 8<<20), Method: 8},
	}}
	h := open(t, Options{})
	sum := imported(t, &Importer{Hosts: h}, zipFile(t, "Reports.ZIP", z.Bytes()))
	want := Summary{Files: 8, Reports: 3, New: 3, Infected: 1, Inventories: 1, Machines: 1, Foreign: 2, TooLarge: 1}
	if diff := cmp.Diff(want, sum); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"infected PC-2", "unchecked PC-4", "clean PC-1", "clean PC-3"}, rowsOf(t, h)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatOnlyLooksLikeAnArchiveIsPassedOver(t *testing.T) {
	h := open(t, Options{})
	if sum := imported(t, &Importer{Hosts: h}, zipFile(t, "a.zip", []byte("no archive"))); sum.Foreign != 1 || sum.Trouble() {
		t.Errorf("%+v", sum)
	}
	broken := fixture.Zip("PC-1_20230320104551_emocheck.txt", reportOf{version: "2.4"}.text())
	broken[len("PK\x03\x04")+26+len("PC-1_20230320104551_emocheck.txt")+9] ^= 0xFF
	if sum := imported(t, &Importer{Hosts: h}, zipFile(t, "a.zip", broken)); sum.Unread != 1 || sum.Reports != 0 {
		t.Errorf("%+v", sum)
	}
}

func TestArchiveThatUnpacksToMoreThanItMay(t *testing.T) {
	z := bytes.NewReader(fixture.Zip("a.txt", "some other file", "PC-1_20230320104551_emocheck.txt", reportOf{version: "2.4"}.text()))
	a, err := zipinspect.Read(z, z.Size(), zipinspect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	im := &Importer{Hosts: open(t, Options{}), Step: func(string) {}, Problem: func(string, error) {}, room: 10}
	for i := range a.Entries {
		if err := im.entry(t.Context(), found{path: "a.zip"}, &a.Entries[i]); err != nil {
			t.Fatal(err)
		}
	}
	if want := (Summary{Files: 2, Foreign: 1, Unread: 1}); im.sum != want {
		t.Errorf("%+v", im.sum)
	}
}
