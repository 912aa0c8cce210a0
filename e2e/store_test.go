package e2e

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"sekisho/internal/mtatest"
)

// The store cannot be written: mail to be held gets a temporary failure, all other mail flows, and when the store is back so is the quarantine.
func TestStoreNotWritable(t *testing.T) {
	p := postfix(t)
	for _, tc := range []struct{ name, folder string }{
		{"quarantine_folder", "quarantine"},
		{"whole_state", "."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := behindPostfix(t, p, mtatest.DaemonOptions{})
			restore := takeAway(t, filepath.Join(d.State, tc.folder))
			heldMail, plain := mailOf("[quarantine] no store, "+tc.name), mailOf("no store, "+tc.name)
			send(t, p.Inbound, heldMail, 451, outside...)
			send(t, p.Inbound, plain, 250, outside...)
			delivered(t, p.Sink, subjectOf(plain))
			big := mailOf("no store, a big mail, " + tc.name) // more than limits.memory_bytes
			big.Raw = append(big.Raw, bytes.Repeat([]byte("An ordinary line of an ordinary mail.\r\n"), 80_000)...)
			send(t, p.Inbound, big, 250, outside...)
			delivered(t, p.Sink, subjectOf(big))
			if n := len(p.Sink.Find("Subject: " + subjectOf(heldMail) + "\r\n")); n > 0 {
				t.Error("a mail to be held was delivered")
			}
			if n, err := d.Metric(`sekisho_quarantine_refused_total{cause="store"}`); err != nil || n < 1 {
				t.Errorf("refused: %v %v", n, err)
			}
			restore()
			send(t, p.Inbound, heldMail, 250, outside...)
			checkHeldWhole(t, d, heldMail, subjectOf(heldMail))
		})
	}
}

// takeAway gives a tree to root, read-only, so that the daemon's user cannot write there; the result gives it back as it was.
func takeAway(t *testing.T, dir string) (restore func()) {
	t.Helper()
	was := map[string]os.FileMode{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		was[path] = info.Mode().Perm()
		readable := os.FileMode(0o044)
		if e.IsDir() {
			readable = 0o055
		}
		return errors.Join(os.Chown(path, 0, -1), os.Chmod(path, info.Mode().Perm()&^0o222|readable))
	})
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		for path, mode := range was {
			if err := errors.Join(os.Chown(path, mtatest.NobodyID, -1), os.Chmod(path, mode)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
		}
	}
}

// nearlyTheWholeDisk is more than can be free, but not more than there is.
func nearlyTheWholeDisk(t *testing.T) string {
	t.Helper()
	var st unix.Statfs_t
	if err := unix.Statfs(os.TempDir(), &st); err != nil {
		t.Fatal(err)
	}
	return strconv.FormatInt((int64(st.Blocks)-1)*st.Bsize, 10)
}

// Caps: what is above them is refused for the time being, nothing that was held before is given up for it.
func TestCapsReached(t *testing.T) {
	p := postfix(t)
	for _, tc := range []struct {
		name, settings, cause string
		room                  int // mails that still fit
	}{
		{"messages", "quarantine: {min_free_bytes: 1MiB, max_messages: 2, max_source_percent: 100}", "full", 2},
		{"bytes", "limits: {message_bytes: 5KiB, header_bytes: 4KiB}\nquarantine: {min_free_bytes: 1MiB, max_bytes: 5KiB, max_source_percent: 100}", "full", 1},
		{"one_source", "quarantine: {min_free_bytes: 1MiB, max_messages: 10, max_source_percent: 20}", "sender", 2},
		{"free_disk", "quarantine: {min_free_bytes: " + nearlyTheWholeDisk(t) + "}", "disk", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := behindPostfix(t, p, mtatest.DaemonOptions{Config: replaceLine(t, config(t, p.Release), "quarantine:", tc.settings)})
			for i := range tc.room + 1 {
				m := mailOf("[quarantine] cap " + tc.name + " " + string(rune('a'+i)))
				m.Raw = append(m.Raw, make2KiB()...)
				code := 250
				if i == tc.room {
					code = 451
				}
				send(t, p.Inbound, m, code, outside...)
			}
			plain := mailOf("[tag] beside the cap " + tc.name)
			send(t, p.Inbound, plain, 250, outside...)
			delivered(t, p.Sink, subjectOf(plain))
			if n := len(list(t, d)); n != tc.room {
				t.Errorf("%d held, want %d", n, tc.room)
			}
			if n, err := d.Metric(`sekisho_quarantine_refused_total{cause="` + tc.cause + `"}`); err != nil || n != 1 {
				t.Errorf("refused for %s: %v %v", tc.cause, n, err)
			}
		})
	}
}
