package milter

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

func TestListenUnix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := Listen("unix:"+path, ListenOptions{Mode: 0o600, Group: strconv.Itoa(os.Getgid())})
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != os.ModeSocket|0o600 || int(info.Sys().(*syscall.Stat_t).Gid) != os.Getgid() {
		t.Errorf("mode %v", info.Mode())
	}
	if _, err := Listen("local:"+path, ListenOptions{}); !errors.Is(err, ErrInUse) {
		t.Errorf("a socket in use: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
}

func TestListenReplacesStaleSocketOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	stale.Close()
	l, err := Listen("unix:"+path, ListenOptions{})
	if err != nil {
		t.Fatalf("stale socket: %v", err)
	}
	defer l.Close()
	if info, err := os.Lstat(path); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte("somebody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen("unix:"+file, ListenOptions{}); err == nil {
		t.Error("an ordinary file was taken for a stale socket")
	}
	if b, err := os.ReadFile(file); string(b) != "somebody's" {
		t.Errorf("the file is %q, %v", b, err)
	}
}

// A second server that took the place over keeps its socket when the first one closes.
func TestCloseLeavesAnothersSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	first, err := Listen("unix:"+path, ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(path)
	second, err := Listen("unix:"+path, ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	first.Close()
	nc, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
}

func TestListenNotation(t *testing.T) {
	for spec, want := range map[string]string{
		"inet:0@127.0.0.1": "127.0.0.1", "inet:0": "127.0.0.1", "inet:0@localhost": "127.0.0.1",
	} {
		l, err := Listen(spec, ListenOptions{})
		if err != nil {
			t.Errorf("%s: %v", spec, err)
			continue
		}
		if host, _, _ := net.SplitHostPort(l.Addr().String()); host != want {
			t.Errorf("%s listens on %s", spec, l.Addr())
		}
		l.Close()
	}
	for _, spec := range []string{"", "unix:", "inet:", "inet:x@127.0.0.1", "inet:0@", "inet:65536@127.0.0.1", "tcp:0@127.0.0.1",
		"inet:127.0.0.1:0", "/run/s", "unix:/nonexistent/folder/s", "inet6:0@[127.0.0.1"} {
		if l, err := Listen(spec, ListenOptions{}); err == nil {
			t.Errorf("%q listens on %s", spec, l.Addr())
			l.Close()
		}
	}
	if l, err := Listen("unix:"+filepath.Join(t.TempDir(), "s"), ListenOptions{Group: "no such group"}); err == nil {
		t.Error("unknown group")
		l.Close()
	}
}

func TestInheritedWithoutActivation(t *testing.T) {
	if ls, err := Inherited(); err != nil || len(ls) != 0 {
		t.Errorf("%v, %v", ls, err)
	}
}
