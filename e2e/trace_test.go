package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sekisho/internal/mtatest"
)

// tracedMail is what these tests read of a line of trace --json.
type tracedMail struct {
	Subject string `json:"subject"`
	QueueID string `json:"queue_id"`
	Rcpts   []struct {
		Address string `json:"address"`
		State   string `json:"state"`
	} `json:"rcpt_to"`
}

// Behind a real Postfix: a file is asked for after it was delivered to one and held from another, and after the held one was released.
func TestTraceFindsAFileBehindPostfix(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{})
	content := make2KiB()
	for _, subject := range []string{"trace plain", "[quarantine] trace held", "trace other"} {
		name, body := "offer.bin", content
		if subject == "trace other" {
			body = []byte("something else")
		}
		send(t, p.Inbound, withAttachment(subject, name, body), 250, outside...)
	}
	rec := one(t, d, "[quarantine] trace held")
	delivered(t, p.Sink, "trace plain")
	one(t, d, "trace other")
	file := filepath.Join(t.TempDir(), "found-on-a-pc.bin")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	states := func() map[string]string {
		out, status, err := d.Run("trace", "--json", file)
		if err != nil && status != 1 { // 1: not written yet
			t.Fatal(err)
		}
		found := map[string]string{}
		for _, m := range decodeLines[tracedMail](t, out) {
			if len(m.Rcpts) != 1 || m.Rcpts[0].Address != "tanaka@example.co.jp" || m.QueueID == "" {
				t.Fatalf("%+v", m)
			}
			found[m.Subject] = m.Rcpts[0].State
		}
		return found
	}
	until := func(what string, ok func(map[string]string) bool) {
		t.Helper()
		for end := time.Now().Add(wait); !ok(states()); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: %v", what, states())
			}
		}
	}
	until("delivered and held", func(s map[string]string) bool {
		return len(s) == 2 && s["trace plain"] == "delivered" && s["[quarantine] trace held"] == "held"
	})
	if _, status, err := d.Run("quarantine", "release", rec.Quarantine, "--reason", "e2e"); err != nil || status != 0 {
		t.Fatal(status, err)
	}
	until("released", func(s map[string]string) bool { return s["[quarantine] trace held"] != "held" })
	out, status, err := d.Run("trace", "--message-ids", file)
	if err != nil || status != 0 || strings.Count(out, "tanaka@example.co.jp\t<") != 2 {
		t.Errorf("%d %v %q", status, err, out)
	}
}
