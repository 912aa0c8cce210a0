package e2e

import (
	"fmt"
	"strings"
	"testing"

	"sekisho/internal/fixture"
	"sekisho/internal/mtatest"
)

// TestABurstFromSubmission: an infected machine sends through its user's account. From the tenth mail on all is held, with one alert; what left is told; an ordinary mail
// goes on; and once it is cleared so does the next workbook.
func TestABurstFromSubmission(t *testing.T) {
	p := postfix(t)
	d := behindDefaults(t, p, mtatest.DaemonOptions{})
	c := connect(t, p.Submission, "ADDR=198.51.100.20", "NAME=pc20.example.co.jp")
	if err := c.Auth("sato", mtatest.SASLPassword); err != nil {
		t.Fatal(err)
	}
	workbook := func(n int) mtatest.Message {
		m := withAttachment(fmt.Sprintf("burst %d", n), "form.doc", fixture.DocVBA("Sub AutoOpen()\n  x = 1\nEnd Sub\n"))
		m.From, m.To = "sato@example.co.jp", []string{fmt.Sprintf("p%d@elsewhere.example", n)}
		return m
	}
	pass := func(m mtatest.Message, subject, verdict string) {
		t.Helper()
		if r, err := c.Send(m); err != nil || !r.Ok() {
			t.Fatalf("%s %v", r, err)
		}
		if rec := one(t, d, subject); rec.Verdict != verdict {
			t.Errorf("%s: %s, want %s: %+v", subject, rec.Verdict, verdict, rec)
		}
	}
	for n := 1; n <= 12; n++ {
		want := "tag"
		if n >= 10 {
			want = "quarantine"
		}
		pass(workbook(n), fmt.Sprintf("burst %d", n), want)
	}
	plain := mailOf("not of the burst")
	plain.From, plain.To = "sato@example.co.jp", []string{"a@elsewhere.example"}
	pass(plain, "not of the burst", "accept")
	if as := alerts(t, d); len(as) != 1 || as[0].Kind != "outbound-burst" || as[0].Account != "sato" || as[0].Client != "198.51.100.20" || as[0].Mails != 10 {
		t.Errorf("%+v", as)
	}
	out, _, _ := d.Run("hosts", "--json")
	if !strings.Contains(out, `"sato"`) {
		t.Errorf("sekisho hosts: %s", out)
	}
	if out, _, err := d.Run("hosts", "clear", "sato", "--reason", "e2e"); err != nil {
		t.Fatal(out, err)
	}
	pass(workbook(13), "burst 13", "tag")
}
