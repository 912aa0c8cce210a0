package e2e

import (
	"strings"
	"testing"

	"sekisho/internal/finding"
	"sekisho/internal/message"
	"sekisho/internal/mtatest"
)

// texts gathers the text of a mail's parts.
type texts struct{ all string }

func (t *texts) Part(p *message.Part) error { t.all += p.Text; return nil }
func (t *texts) Finding(finding.Finding)    {}

func textOf(t *testing.T, raw []byte) string {
	t.Helper()
	var got texts
	w := message.NewWalker(nil, message.Limits{SpoolDir: t.TempDir()}, &got)
	if _, err := w.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return got.all
}

// A held mail is told to the postmaster and, by setting, to its recipient, in both languages, through the real MTA; never to the sender.
// Two held mails make one notice. Of outgoing mail only the postmaster hears.
func TestNoticesOfHeldMail(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{},
		"notices: {postmaster: postmaster@example.co.jp, recipients: true, every: 2s}")
	var ids []string
	for _, subject := range []string{"[quarantine] notice one", "[quarantine] notice two"} {
		ids = append(ids, hold(t, d, p.Inbound, mailOf(subject), outside...))
	}
	out := mailOf("[quarantine] notice of outgoing mail")
	out.From, out.To = "sato@example.co.jp", []string{"tanaka@example.co.jp", "partner@partner.example"}
	hold(t, d, p.Inbound, out, "ADDR=198.51.100.7", "NAME=pc7.example.net")
	for _, to := range []string{"postmaster@example.co.jp", "tanaka@example.co.jp"} {
		got, err := p.Sink.Wait("To: <"+to+">", wait)
		if err != nil {
			t.Fatal(to, err)
		}
		text := textOf(t, got.Raw)
		for _, want := range append(ids[:2:2], "notice one", "notice two", "mails", "隔離") {
			if !strings.Contains(text, want) {
				t.Errorf("the notice to %s does not say %q:\n%s", to, want, text)
			}
		}
		if got.From != "" || len(got.To) != 1 || got.To[0] != to || got.Fields("Auto-Submitted") == nil {
			t.Errorf("notice to %s: envelope %q %q, Auto-Submitted %q", to, got.From, got.To, got.Fields("Auto-Submitted"))
		}
		if outgoing := strings.Contains(text, "notice of outgoing mail"); outgoing != strings.HasPrefix(to, "postmaster") {
			t.Errorf("notice to %s: outgoing mail told %v", to, outgoing)
		}
	}
	for _, got := range p.Sink.All() {
		for _, to := range got.To {
			if got.From == "" && (to == out.From || strings.HasSuffix(to, "@partner.example")) {
				t.Errorf("a notice went to %s", to)
			}
		}
	}
}
