package mtatest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// childEnv makes the test binary start a Postfix, print its folder and wait to be killed.
const childEnv = "MTATEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	p, err := RunPostfix(context.Background(), PostfixOptions{UsePacked: true, NoMilter: true})
	if err != nil {
		os.Stdout.WriteString("error " + err.Error() + "\n")
		os.Exit(1)
	}
	os.Stdout.WriteString("dir " + p.Dir + "\n")
	time.Sleep(time.Minute)
	os.Exit(1)
}

// Whatever way the starter dies, nothing goes on running.
func TestNothingSurvivesKill(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childEnv+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() }) //nolint:errcheck // killed already, unless the test failed
	buf := make([]byte, 4096)
	n, err := out.Read(buf)
	dir, ok := strings.CutPrefix(strings.TrimSpace(string(buf[:n])), "dir ")
	if err != nil || !ok {
		t.Fatalf("child said %q (%v)", buf[:n], err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	ns := namespaceOf(t, dir)
	if ns == "" || len(inNamespace(t, ns)) < 2 {
		t.Fatal("no Postfix processes are to be seen: the test would prove nothing")
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	cmd.Wait() //nolint:errcheck // killed
	end := time.Now().Add(startLimit)
	for len(inNamespace(t, ns)) > 0 && time.Now().Before(end) {
		time.Sleep(20 * time.Millisecond)
	}
	if left := inNamespace(t, ns); len(left) > 0 {
		t.Errorf("still running: %q", left)
	}
}

// namespaceOf is the process namespace of the server that has the folder mounted.
func namespaceOf(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		// proc_pid_mountinfo(5): field 4 is the mount's root on its file system, field 5 where it is mounted.
		if b, err := os.ReadFile(f); err == nil && strings.Contains(string(b), dir+" /mta ") {
			ns, err := os.Readlink(filepath.Join(filepath.Dir(f), "ns", "pid"))
			if err != nil {
				t.Fatal(err)
			}
			return ns
		}
	}
	return ""
}

func inNamespace(t *testing.T, ns string) []string {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/ns/pid")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, l := range links {
		if got, err := os.Readlink(l); err == nil && got == ns {
			found = append(found, l)
		}
	}
	return found
}
