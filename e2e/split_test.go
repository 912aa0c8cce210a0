package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/internal/mtatest"
	"sekisho/internal/quarantine"
	"sekisho/milter"
)

// lenient lets one recipient have what is held for others.
const lenient = pack + `policies:
  - {name: lenient, recipients: [sales@example.co.jp], actions: {ask-quarantine: tag}}
`

// dividing is a configuration under which mail to be held is held for all but sales.
func dividing(t *testing.T, release string) string {
	t.Helper()
	file := packFile(t)
	if err := os.WriteFile(file, []byte(lenient), 0o644); err != nil {
		t.Fatal(err)
	}
	return site + fmt.Sprintf("rules: {pack: %q}\nrelease: {smtp: %q}\n", file, release)
}

// toBoth is a mail to one recipient for whom it is held, and one who gets it. MTAs match a recipient with what the client wrote.
func toBoth(subject string) mtatest.Message {
	m := mailOf(subject)
	m.To = []string{"Tanaka.Taro@Example.co.jp", "Sales@example.CO.JP"}
	return m
}

// A source route, which MTAs take off, does not bring the mail to the one for whom it is held.
func checkRouted(t *testing.T, d *mtatest.Daemon, sink *mtatest.Sink, submit func(mtatest.Message) (mtatest.Reply, error)) {
	t.Helper()
	subject := "[quarantine] by a route"
	m := mailOf(subject)
	m.To = []string{"@relay.example,@b.example:tanaka@example.co.jp", "sales@example.co.jp"}
	if r, err := submit(m); err != nil || r.Code != 250 {
		t.Fatalf("reply %s (%v)", r, err)
	}
	if got := delivered(t, sink, subject); len(got.To) != 1 || !strings.EqualFold(got.To[0], m.To[1]) {
		t.Errorf("delivered to %v", got.To)
	}
	if items := withSubject(list(t, d), subject); len(items) != 1 || !slices.Equal(items[0].Envelope.Rcpts, []string{"tanaka@example.co.jp"}) {
		t.Errorf("held %+v", items)
	}
}

func TestOneMailTwoPoliciesPostfix(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{Config: dividing(t, p.Release)})
	submit := func(m mtatest.Message) (mtatest.Reply, error) { return mtatest.SendMail(p.Inbound, m, outside...) }
	checkDivided(t, d, p.Sink, submit)
	checkRouted(t, d, p.Sink, submit)
}

func TestOneMailTwoPoliciesSendmail(t *testing.T) {
	s := sendmail(t)
	d := mtatest.StartDaemon(t, mtatest.DaemonOptions{Binary: shared.binary, Listen: "unix:" + s.Socket(), Config: dividing(t, s.Inbound)})
	submit := func(m mtatest.Message) (mtatest.Reply, error) { return mtatest.SendMail(s.Inbound, m) }
	checkDivided(t, d, s.Sink, submit)
	checkRouted(t, d, s.Sink, submit)
}

func checkDivided(t *testing.T, d *mtatest.Daemon, sink *mtatest.Sink, submit func(mtatest.Message) (mtatest.Reply, error)) {
	t.Helper()
	subject := "[quarantine] for two"
	m := toBoth(subject)
	if r, err := submit(m); err != nil || r.Code != 250 {
		t.Fatalf("reply %s (%v)", r, err)
	}
	got := delivered(t, sink, subject)
	if len(got.To) != 1 || !strings.EqualFold(got.To[0], m.To[1]) || got.Field("X-Sekisho-Verdict") != "tag" {
		t.Errorf("delivered to %v, marked %q", got.To, got.Field("X-Sekisho-Verdict"))
	}
	items := withSubject(list(t, d), subject)
	if len(items) != 1 || !slices.Equal(items[0].Envelope.Rcpts, m.To[:1]) || exported(t, d, items[0].ID) != string(m.Raw) {
		t.Fatalf("held %+v", items)
	}
	if rec := one(t, d, subject); rec.Done != "split" || len(rec.Rcpts) != 2 {
		t.Errorf("record %+v", rec)
	}
	if out, status, err := d.Run("quarantine", "release", items[0].ID, "--reason", "e2e"); err != nil || status != 0 {
		t.Fatalf("release: %v\n%s", err, out)
	}
	var all []mtatest.Delivery
	for end := time.Now().Add(wait); len(all) < 2 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		all = sink.Find("Subject: " + subject + "\r\n")
	}
	if len(all) != 2 || len(all[1].To) != 1 || !strings.EqualFold(all[1].To[0], m.To[0]) {
		t.Errorf("after the release %d deliveries", len(all))
	}
}

// The filter dies at each step of a divided message. Nobody loses it: the one for whom it is held finds it in the quarantine, the other one gets it.
func TestKilledAtEachStepADividedMailIsNeverLost(t *testing.T) {
	p := postfix(t)
	for _, step := range append(quarantine.Steps(), milter.Steps()...) {
		t.Run(step, func(t *testing.T) {
			subject := "[quarantine] divided, killed at " + step
			d := behindPostfix(t, p, mtatest.DaemonOptions{Config: dividing(t, p.Release), Env: []string{crashAt + "=" + step}})
			m := toBoth(subject)
			reply := crashOn(t, d, p, m)
			restart(t, d)
			if reply.Code/100 == 4 {
				send(t, p.Inbound, m, 250, outside...) // as every MTA does
			}
			if got := delivered(t, p.Sink, subject); len(got.To) != 1 || !strings.EqualFold(got.To[0], m.To[1]) {
				t.Errorf("delivered to %v", got.To)
			}
			kept := m
			kept.To = m.To[:1]
			checkHeldWhole(t, d, kept, subject)
		})
	}
}
