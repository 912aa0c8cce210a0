package mtatest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A Set names packages that are unpacked together into one root folder.
type Set struct {
	Name     string
	Packages []string
	Also     []string // packages that some releases split off and the others make depend on
	Needs    []string // programs that must be there afterwards, below the root folder
}

// The sets. Sendmail's configuration is made by m4, which calls a shell.
var (
	PostfixSet    = Set{"postfix", []string{"postfix"}, nil, []string{"usr/lib/postfix/sbin/master", "usr/sbin/postconf"}}
	SendmailSet   = Set{"sendmail", []string{"sendmail-bin", "sendmail-base", "sendmail-cf", "m4", "dash"}, nil, []string{"usr/bin/m4", "usr/share/sendmail/cf/m4/cf.m4"}}
	PrometheusSet = Set{"prometheus", []string{"prometheus"}, []string{"promtool"}, []string{"usr/bin/prometheus", "usr/bin/promtool"}}
)

// Other filters, which bench/peers compares with. Python's interpreter is in a package that has its version in its name.
var (
	ClamAVSet = Set{"clamav", []string{"clamav-daemon", "clamav-milter"}, nil, []string{"usr/sbin/clamd", "usr/sbin/clamav-milter"}}
	RspamdSet = Set{"rspamd", []string{"rspamd"}, nil, []string{"usr/bin/rspamd", "etc/rspamd/rspamd.conf"}}
	PythonSet = Set{"python-milter", []string{"python3-minimal", "python3-milter", "python3-olefile"},
		[]string{"python3.10-minimal", "python3.11-minimal", "python3.12-minimal", "python3.13-minimal", "python3.14-minimal"},
		[]string{"usr/bin/python3", "usr/lib/python3/dist-packages/Milter/__init__.py", "usr/lib/python3/dist-packages/olefile/olefile.py"}}
)

// Sets is every set that tests need, for fetching ahead.
func Sets() []Set { return []Set{PostfixSet, SendmailSet, PrometheusSet} }

// recipe changes when the way of unpacking does, so that an old cache is not taken for a new one.
const recipe = "2"

// fetchLimit bounds one apt-get call. The largest set is 25 MB; a slow mirror and a busy machine need patience, a hang must end.
const fetchLimit = 10 * time.Minute

// Fetch makes the set's root folder, from the cache if it is there, and returns it. Progress goes to logf. Two programs may call it at
// once: the second waits for the first.
func (s Set) Fetch(ctx context.Context, logf func(string, ...any)) (string, error) {
	release, err := releaseID("/etc/os-release")
	if err != nil {
		return "", err
	}
	mod, err := moduleRoot()
	if err != nil {
		return "", err
	}
	cache := filepath.Join(mod, ".cache", "debs")
	dir := filepath.Join(cache, release+"-"+runtime.GOARCH, s.Name+"-"+s.key())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("mtatest: %w", err)
	}
	unlock, err := lockFile(filepath.Join(cache, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	root := filepath.Join(dir, "root")
	if s.complete(root) == nil {
		return root, nil
	}
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	a := apt{dir: filepath.Join(cache, "apt"), logf: logf}
	if err := a.unpack(ctx, s, dir, root); err != nil {
		return "", fmt.Errorf("mtatest: package set %q cannot be had: %w", s.Name, err)
	}
	return root, nil
}

func (s Set) key() string {
	h := sha256.Sum256([]byte(recipe + "\n" + strings.Join(s.Packages, "\n")))
	return fmt.Sprintf("%x", h[:4])
}

// complete tells whether root, which is renamed into place only when whole, has the programs.
func (s Set) complete(root string) error {
	for _, p := range s.Needs {
		if _, err := os.Stat(filepath.Join(root, p)); err != nil {
			return err
		}
	}
	return nil
}

var releaseField = regexp.MustCompile(`(?m)^(ID|ID_LIKE|VERSION_ID)="?([^"\n]*)"?$`)

// releaseID names the distribution, as "debian-12", from os-release(5).
func releaseID(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("mtatest: which Linux is this: %w", err)
	}
	v := map[string]string{}
	for _, m := range releaseField.FindAllStringSubmatch(string(b), -1) {
		v[m[1]] = m[2]
	}
	like := " " + v["ID"] + " " + v["ID_LIKE"] + " "
	if !strings.Contains(like, " debian ") && !strings.Contains(like, " ubuntu ") {
		return "", fmt.Errorf("mtatest: the real mail servers come from Debian's or Ubuntu's packages; this is %q", v["ID"])
	}
	return v["ID"] + "-" + v["VERSION_ID"], nil
}

// lockFile takes an exclusive lock that also ends with the process.
func lockFile(name string) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("mtatest: lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, fmt.Errorf("mtatest: lock: %w", err)
	}
	return func() { f.Close() }, nil
}

// apt drives apt-get with lists and cache of its own and with an empty list of installed packages, so that the answer does not depend
// on what this machine has, and nothing of the machine's apt is changed.
type apt struct {
	dir  string
	logf func(string, ...any)
}

func (a apt) unpack(ctx context.Context, s Set, dir, root string) error {
	debs := filepath.Join(dir, "debs")
	tmp := root + ".tmp"
	if err := errors.Join(a.prepare(), os.RemoveAll(debs), os.RemoveAll(tmp), os.RemoveAll(root), os.MkdirAll(debs, 0o755)); err != nil {
		return err
	}
	a.logf("fetching Debian packages for %s (once, into %s)", s.Name, dir)
	list, err := a.resolve(ctx, s)
	if err != nil {
		return err
	}
	if _, err := a.get(ctx, debs, append([]string{"download"}, list...)...); err != nil {
		return err
	}
	if err := unpackAll(ctx, debs, tmp); err != nil {
		return err
	}
	if err := s.complete(tmp); err != nil {
		return fmt.Errorf("the packages are not as expected: %w", err)
	}
	a.logf("unpacked %s", strings.Join(list, " "))
	return errors.Join(os.Rename(tmp, root), os.RemoveAll(debs))
}

// prepare lays out apt's private folders. Hooks of the machine's configuration are cleared: they would run on the machine's files.
func (a apt) prepare() error {
	for _, d := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(a.dir, d), 0o755); err != nil {
			return err
		}
	}
	conf := fmt.Sprintf(`Dir::State::lists %q;
Dir::State::status %q;
Dir::Cache %q;
APT::Sandbox::User "root";
Acquire::Retries "3";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
`, filepath.Join(a.dir, "lists"), filepath.Join(a.dir, "status"), filepath.Join(a.dir, "cache"))
	return errors.Join(os.WriteFile(filepath.Join(a.dir, "status"), nil, 0o644),
		os.WriteFile(filepath.Join(a.dir, "apt.conf"), []byte(conf), 0o644))
}

// get runs apt-get in dir and returns its standard output.
func (a apt) get(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "apt-get", append([]string{"-c", filepath.Join(a.dir, "apt.conf"), "-q"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	var out, all bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &all
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("apt-get %s: %w\n%s%s", args[0], err, tail(out.String(), 2000), tail(all.String(), 2000))
	}
	return out.String(), nil
}

// resolve asks apt which packages the set needs, as name=version.
func (a apt) resolve(ctx context.Context, s Set) ([]string, error) {
	if !a.listsFresh() {
		if err := a.update(ctx); err != nil {
			return nil, err
		}
	}
	out, err := a.get(ctx, a.dir, append([]string{"install", "-s", "--no-install-recommends"}, s.Packages...)...)
	if err != nil {
		return nil, err
	}
	list := neededOf(out, append(slices.Clone(s.Packages), s.Also...))
	if len(list) < len(s.Packages) {
		return nil, fmt.Errorf("apt-get names only %q", list)
	}
	return list, nil
}

// listsMaxAge: a security update removes the older version from the mirror, so lists age fast.
const listsMaxAge = 6 * time.Hour

func (a apt) stamp() string { return filepath.Join(a.dir, "updated") }

func (a apt) listsFresh() bool {
	fi, err := os.Stat(a.stamp())
	return err == nil && time.Since(fi.ModTime()) < listsMaxAge
}

func (a apt) update(ctx context.Context) error {
	if _, err := a.get(ctx, a.dir, "update"); err != nil {
		return err
	}
	return os.WriteFile(a.stamp(), nil, 0o644)
}

var (
	instLine = regexp.MustCompile(`(?m)^Inst (\S+) \((\S+) `)
	// Libraries serve the programs; everything else a package depends on serves its maintainer scripts, which are never run. (zlib1g is libz.)
	library    = regexp.MustCompile(`^z?lib`)
	notLibrary = regexp.MustCompile(`^libjs-|perl|^libpam-modules|^libpam-runtime`)
)

// neededOf picks from apt-get's simulated installation the wanted packages and the shared libraries.
func neededOf(simulated string, wanted []string) []string {
	want := map[string]bool{}
	for _, w := range wanted {
		want[w] = true
	}
	var list []string
	for _, m := range instLine.FindAllStringSubmatch(simulated, -1) {
		if want[m[1]] || library.MatchString(m[1]) && !notLibrary.MatchString(m[1]) {
			list = append(list, m[1]+"="+m[2])
		}
	}
	return list
}

// mergedUsr is the layout since Debian 12 and Ubuntu 22.04: packages may still name the old folders.
var mergedUsr = []string{"bin", "sbin", "lib", "lib64"}

func unpackAll(ctx context.Context, debs, root string) error {
	for _, d := range mergedUsr {
		if err := errors.Join(os.MkdirAll(filepath.Join(root, "usr", d), 0o755), os.Symlink("usr/"+d, filepath.Join(root, d))); err != nil {
			return err
		}
	}
	files, err := filepath.Glob(filepath.Join(debs, "*.deb"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no packages came (%w)", err)
	}
	for _, f := range files {
		// dpkg-deb -x would replace the links above by folders.
		cmd := exec.CommandContext(ctx, "/bin/sh", "-ec", `dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink -f - -C "$2"`, "sh", f, root)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("unpack %s: %w: %s", filepath.Base(f), err, out)
		}
	}
	return os.Chmod(root, 0o755)
}

// tail keeps the end of a long text.
func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}
