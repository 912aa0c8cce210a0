package e2e

import (
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"testing"

	"sekisho/internal/mtatest"
	"sekisho/internal/quarantine"
	"sekisho/milter"
)

// crashAt is the variable by which a binary built with -tags crashtest kills itself with SIGKILL at a named step.
const crashAt = "SEKISHO_TEST_CRASH"

// The filter dies at each step of dispose and of Put. The sender then has either a temporary failure, and tries again, or a 250, and the mail is held
// whole. Twice is allowed, never zero times; and the store is sound without repair.
func TestKilledAtEachStepHeldMailIsNeverLost(t *testing.T) {
	p := postfix(t)
	for _, step := range append(quarantine.Steps(), milter.Steps()...) {
		t.Run(step, func(t *testing.T) {
			subject := "[quarantine] killed at " + step
			d := behindPostfix(t, p, mtatest.DaemonOptions{Env: []string{crashAt + "=" + step}})
			m := mailOf(subject)
			reply := crashOn(t, d, p, m)
			restart(t, d)
			before := withSubject(list(t, d), subject)
			switch {
			case reply.Code/100 == 4:
				send(t, p.Inbound, m, 250, outside...) // as every MTA does
			case reply.Code != 250:
				t.Errorf("reply %s", reply)
			case len(before) == 0:
				t.Errorf("the sender was told %s, and nothing is held", reply)
			}
			t.Logf("the sender saw %s; held after the crash: %d", reply, len(before))
			checkHeldWhole(t, d, m, subject)
			if n := len(p.Sink.Find("Subject: " + subject + "\r\n")); n > 0 {
				t.Errorf("a mail to be held was delivered %d times", n)
			}
		})
	}
}

// The same for mail that is delivered: it arrives, with the mark on it.
func TestKilledAtEachStepOtherMailIsNeverLost(t *testing.T) {
	p := postfix(t)
	for _, step := range milter.Steps() {
		if step == milter.StepPut {
			continue // only held mail comes there
		}
		t.Run(step, func(t *testing.T) {
			subject := "[tag] killed at " + step
			d := behindPostfix(t, p, mtatest.DaemonOptions{Env: []string{crashAt + "=" + step}})
			m := mailOf(subject)
			reply := crashOn(t, d, p, m)
			restart(t, d)
			if reply.Code/100 == 4 {
				send(t, p.Inbound, m, 250, outside...)
			}
			if got := delivered(t, p.Sink, subject); got.Field("X-Sekisho-Verdict") != "tag" {
				t.Errorf("X-Sekisho-Verdict %q: passed unmarked", got.Fields("X-Sekisho-Verdict"))
			}
		})
	}
}

// crashOn sends a mail to a daemon that must die of it.
func crashOn(t *testing.T, d *mtatest.Daemon, p *mtatest.Postfix, m mtatest.Message) mtatest.Reply {
	t.Helper()
	r, err := mtatest.SendMail(p.Inbound, m, outside...)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Wait(wait); err != nil {
		if status, ok := killedBy(err); ok && status == syscall.SIGKILL {
			return r
		}
		t.Fatalf("the daemon did not die of SIGKILL: %v", err)
	}
	t.Fatal("the daemon ended without an error")
	return r
}

func killedBy(err error) (syscall.Signal, bool) {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return 0, false
	}
	ws, ok := exit.Sys().(syscall.WaitStatus)
	return ws.Signal(), ok && ws.Signaled()
}

// restart starts the daemon again on the same state, without the crash.
func restart(t *testing.T, d *mtatest.Daemon) {
	t.Helper()
	d.SetEnv()
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
}

// checkHeldWhole sees that the mail is held at least once, each time with every byte, and that index and folder agree.
func checkHeldWhole(t *testing.T, d *mtatest.Daemon, m mtatest.Message, subject string) {
	t.Helper()
	items := withSubject(list(t, d), subject)
	if len(items) == 0 {
		t.Error("the mail is lost")
	}
	for _, h := range items {
		if got := exported(t, d, h.ID); got != string(m.Raw) {
			t.Errorf("%s: held %d bytes, sent %d, or they differ", h.ID, len(got), len(m.Raw))
		}
		if e := h.Envelope; e.MailFrom != m.From || fmt.Sprint(e.Rcpts) != fmt.Sprint(m.To) {
			t.Errorf("%s: envelope %+v", h.ID, e)
		}
	}
	if out, status, err := d.Run("quarantine", "verify"); err != nil || status != 0 {
		t.Errorf("verify: %v\n%s", err, out)
	}
}

// Killed between messages, with the MTA's connections open: the next mail is told to come again, and passes when the filter is back.
func TestKilledWhileIdle(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{})
	c := connect(t, p.Inbound, outside...)
	if r, err := c.Send(mailOf("before the kill")); err != nil || !r.Ok() {
		t.Fatalf("%s %v", r, err)
	}
	d.Kill()
	r, err := mtatest.SendMail(p.Inbound, mailOf("while away"), outside...)
	if err != nil || r.Code/100 != 4 {
		t.Errorf("without a filter: %s %v, want 4xx (milter_default_action)", r, err)
	}
	restart(t, d)
	send(t, p.Inbound, mailOf("while away"), 250, outside...)
	delivered(t, p.Sink, "while away")
}
