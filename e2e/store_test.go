package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

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

// takeAway gives a tree to root, read-only, so that the daemon's user cannot write there; the result gives it back.
func takeAway(t *testing.T, dir string) (restore func()) {
	t.Helper()
	change := func(uid int, folder, file os.FileMode) {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			mode := file
			if e.IsDir() {
				mode = folder
			}
			if err := os.Chown(path, uid, -1); err != nil {
				return err
			}
			return os.Chmod(path, mode)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	change(0, 0o555, 0o444)
	return func() { change(mtatest.NobodyID, 0o750, 0o640) }
}

// Caps: what is above them is refused for the time being, nothing that was held before is given up for it.
func TestCapsReached(t *testing.T) {
	p := postfix(t)
	for _, tc := range []struct {
		name, settings, cause string
		room                  int // mails that still fit
	}{
		{"messages", "quarantine: {min_free_bytes: 1MiB, max_messages: 2, max_source_percent: 100}", "full", 2},
		{"bytes", "quarantine: {min_free_bytes: 1MiB, max_bytes: 5KiB, max_source_percent: 100}", "full", 1},
		{"one_source", "quarantine: {min_free_bytes: 1MiB, max_messages: 10, max_source_percent: 20}", "sender", 2},
		{"free_disk", "quarantine: {min_free_bytes: 1000TB}", "disk", 0},
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
