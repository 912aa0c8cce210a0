package mtatest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReleaseID(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"debian", "ID=debian\nVERSION_ID=\"12\"\nVERSION=\"12 (bookworm)\"\n", "debian-12"},
		{"ubuntu", "ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"24.04\"\n", "ubuntu-24.04"},
		{"derivative", "ID=mint\nID_LIKE=\"ubuntu debian\"\nVERSION_ID=21\n", "mint-21"},
		{"others_are_refused", "ID=fedora\nVERSION_ID=43\n", ""},
		{"rhel_like_is_refused", "ID=alma\nID_LIKE=\"rhel fedora\"\nVERSION_ID=9\n", ""},
		{"unstable_has_no_number", "ID=debian\n", "debian-"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "os-release")
			if err := os.WriteFile(file, []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := releaseID(file)
			if got != tc.want || (err == nil) != (tc.want != "") {
				t.Errorf("got %q, %v; want %q", got, err, tc.want)
			}
		})
	}
	if _, err := releaseID(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no os-release, no error")
	}
}

func TestNeededOf(t *testing.T) {
	const simulated = `Reading package lists...
Inst zlib1g (1:1.2.13 Debian:12.13/oldstable [amd64])
Inst libc6 (2.36-9+deb12u14 Debian:12.13/oldstable [amd64])
Inst perl-base (5.36.0-7 Debian:12.13/oldstable [amd64])
Inst libperl5.36 (5.36.0-7 Debian:12.13/oldstable [amd64])
Inst libfile-find-rule-perl (0.34-3 Debian:12.13/oldstable [all])
Inst libjs-jquery (3.6.1 Debian:12.13/oldstable [all])
Inst passwd (1:4.13 Debian:12.13/oldstable [amd64])
Inst postfix (3.7.11-0+deb12u1 Debian:12.13/oldstable [amd64])
Conf libc6 (2.36-9+deb12u14 Debian:12.13/oldstable [amd64])
`
	want := []string{"zlib1g=1:1.2.13", "libc6=2.36-9+deb12u14", "postfix=3.7.11-0+deb12u1"}
	if diff := cmp.Diff(want, neededOf(simulated, []string{"postfix"})); diff != "" {
		t.Error(diff)
	}
}

// A package that is not to be had must be an error that names it, with apt-get's own words.
func TestFetchFailsLoudly(t *testing.T) {
	s := Set{Name: "none", Packages: []string{"sekisho-no-such-package"}, Needs: []string{"usr/bin/none"}}
	root, err := s.Fetch(t.Context(), t.Logf)
	if err == nil {
		t.Fatalf("got %s", root)
	}
	t.Log(err)
	mod, merr := moduleRoot()
	if merr != nil {
		t.Fatal(merr)
	}
	if left, _ := filepath.Glob(filepath.Join(mod, ".cache", "debs", "*", "none-*", "root")); len(left) > 0 {
		t.Errorf("a root was left: %q", left)
	}
}
