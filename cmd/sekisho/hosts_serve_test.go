package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sekisho/internal/fixture"
	"sekisho/internal/hosts"
	"sekisho/internal/miltertest"
)

// outgoing is a mail with a macro from an account of ours.
func (d *daemonTest) outgoing(s *miltertest.Session, account, to string, n int) byte {
	d.t.Helper()
	mail := fixture.Message(account, to, fmt.Sprintf("Re: invoice %d", n), fixture.TextPart("see"),
		fixture.FilePart("invoice.doc", "application/msword", fixture.DocVBA(autoOpen)))
	for i, f := range mail.Fields {
		if strings.HasPrefix(f, "Message-ID:") {
			mail.Fields[i] = fmt.Sprintf("Message-ID: <%d@pc>", n)
		}
	}
	m := miltertest.FromBytes(account, []string{to}, mail.Bytes())
	m.Macros['M'] = append(m.Macros['M'], "{auth_authen}", account, "{auth_type}", "PLAIN")
	o, err := s.Send(m)
	if err != nil {
		d.t.Fatal(err)
	}
	return o.Code
}

// TestHostsBesideTheDaemon is the day on which somebody calls: an account has turned, the machine is found, those who have mail of it are named, and the hold is lifted.
func TestHostsBesideTheDaemon(t *testing.T) {
	d := startDaemon(t, "mode: enforce\n")
	s := d.session()
	const account = "taro@example.org"
	delivered := 0
	for i := range 12 {
		if d.outgoing(s, account, fmt.Sprintf("r%d@example.net", i%9), i) == accepted {
			delivered++
		}
	}
	if delivered == 0 || delivered == 12 {
		t.Fatalf("%d of 12 mails were delivered", delivered)
	}
	d.await("recorded", func() bool { return d.metric(`sekisho_trace_records_total{result="written"} 12`) })

	inventory := filepath.Join(d.dir, "m.csv")
	if err := os.WriteFile(inventory, []byte("PC名,ユーザー名\nPC-042,EXAMPLE\\TARO\nPC-043,hanako\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.sekisho(exitOK, "hosts", "import", inventory)
	out, _ := d.sekisho(exitVerdict, "hosts", "--json")
	var row hostRow
	if err := json.NewDecoder(strings.NewReader(out)).Decode(&row); err != nil || row.Who != "PC-042" || row.State != hosts.Suspected {
		t.Fatalf("%v\n%s", err, out)
	}
	in := row.Incidents[0]
	held := 0
	for _, sample := range in.Samples {
		if sample.QuarantineID != "" {
			held++
		}
	}
	if len(in.Samples) != 12 || held != 12-delivered || in.Samples[0].MessageID != "<0@pc>" || !in.Samples[0].Delivered || in.Samples[11].Delivered {
		t.Errorf("%d held of %d: %s", held, len(in.Samples), out)
	}

	out, _ = d.sekisho(exitVerdict, "hosts", "received", "--recipients")
	if got := strings.Fields(out); len(got) != min(delivered, 9) || !strings.Contains(out, "r0@example.net") {
		t.Errorf("to be warned: %q", got)
	}
	out, _ = d.sekisho(exitVerdict, "hosts", "received", "pc-042")
	if strings.Count(out, "delivered") != delivered || !strings.Contains(out, fmt.Sprintf("12 messages, %d copies shown", delivered)) {
		t.Errorf("%s", out)
	}
	out, _ = d.sekisho(exitVerdict, "hosts", "received", "--all", "--json", "pc-042")
	var c receivedCopy
	if err := json.NewDecoder(strings.NewReader(out)).Decode(&c); err != nil || strings.Count(out, "\n") != 12 || c.State != fateHeld ||
		c.MessageID != "<11@pc>" || c.Who != "PC-042" || len(c.Files) != 1 || c.Account != account || c.Quarantine == "" {
		t.Errorf("%v\n%s", err, out)
	}
	d.sekisho(exitOK, "hosts", "received", "hanako")
	d.sekisho(exitOK, "hosts", "received", "--since", "2099-01-01")
	d.sekisho(exitError, "hosts", "received", "--since", "soon")
	d.sekisho(exitError, "hosts", "received", "nobody")

	d.sekisho(exitOK, "hosts", "clear", "pc-042", "--why", "set up anew")
	if out, _ := d.sekisho(exitOK, "hosts", "show", "pc-042"); !strings.Contains(out, "set up anew") {
		t.Errorf("%s", out)
	}
	d.sekisho(exitOK, "hosts")
	d.sekisho(exitOK, "hosts", "received")
	if got := d.outgoing(s, account, "r0@example.net", 13); got != accepted {
		t.Errorf("after the clearing: %q", got)
	}
	d.end()
}
