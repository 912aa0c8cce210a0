package mtatest

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const lonely = `import os, socket
open("/mta/w/devices", "w").write(open("/proc/net/dev").read())
server = socket.create_server(("127.0.0.1", 11333))
meeting = socket.socket(socket.AF_UNIX)
meeting.bind("/mta/w/s")
meeting.listen()
server.accept()
`

func TestABoxHasLoopbackAndNoOtherNetworkAndNothingStays(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip(ErrNeedsRoot)
	}
	b, err := NewBox(t.Context(), PythonSet, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	if err := errors.Join(b.Write("lonely.py", lonely), b.Start("w/s", "/usr/bin/python3", "/mta/lonely.py")); err != nil {
		t.Fatal(err)
	}
	devices, err := os.ReadFile(filepath.Join(b.Work, "devices"))
	if lines := strings.Split(strings.TrimSpace(string(devices)), "\n"); err != nil || len(lines) != 3 || !strings.Contains(lines[2], "lo:") { // two lines of heading
		t.Errorf("devices %q (%v), want lo alone", devices, err)
	}
	if err := b.Start("w/t", "/usr/bin/python3", "-c", "print('no more'); raise SystemExit(3)"); err == nil || !strings.Contains(err.Error(), "no more") {
		t.Errorf("a program that ends at once: %v, want what it printed", err)
	}
	pids := b.Pids()
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(b.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
	if _, err := os.Stat(filepath.Join("/proc", strconv.Itoa(pids[0]))); len(pids) != 2 || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("processes %v: %v", pids, err)
	}
}
