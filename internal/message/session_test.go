package message

import (
	"strings"
	"testing"
	"time"
)

func TestSessionFileReadsEveryField(t *testing.T) {
	e, err := ReadSession(strings.NewReader(`{"file":"a.eml","seq":1,"ts":"2026-05-13T09:18:11+09:00","direction":"in","client_ip":"198.51.100.220",
		"client_name":"mta0.example","helo":"mta0.example","tls":true,"mail_from":"","rcpt_to":["a@example.org"],"sasl_user":null,
		"sasl_method":null,"queue_id":"4A","listener":"smtp","daemon_name":"gw.example.org"}`))
	if err != nil {
		t.Fatal(err)
	}
	if e.ClientIP != ip("198.51.100.220") || !e.TLS || e.MailFrom != "" || len(e.Rcpts) != 1 || e.SASLUser != "" ||
		e.QueueID != "4A" || e.Listener != "smtp" || !e.Time.Equal(time.Date(2026, 5, 13, 0, 18, 11, 0, time.UTC)) {
		t.Errorf("got %+v", e)
	}
}

func TestSessionFileWithAnEmptyClientIsUnknown(t *testing.T) {
	e, err := ReadSession(strings.NewReader(`{"client_ip":"","mail_from":"a@example.net"}`))
	if err != nil || e.ClientIP.IsValid() {
		t.Errorf("got %v, %v", e.ClientIP, err)
	}
}

func TestBrokenSessionFilesAreErrors(t *testing.T) {
	for name, s := range map[string]string{
		"not JSON": "From a", "wrong type": `{"rcpt_to":"a"}`, "bad address": `{"client_ip":"1.2.3"}`, "too large": `{"helo":"` + strings.Repeat("a", sessionMax) + `"}`,
	} {
		if _, err := ReadSession(strings.NewReader(s)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestSiteFile(t *testing.T) {
	s, err := ReadSite(strings.NewReader(`{"local_domains":["example.org"],"internal_networks":["172.16.0.0/16"],"trusted_relays":[],
		"gateway":"gw.example.org","authserv_id":"gw.example.org","people":[{"address":"a@example.org"}]}`))
	if err != nil || !s.Local("a@example.org") || len(s.InternalNetworks) != 1 || s.Gateway != "gw.example.org" {
		t.Errorf("got %+v, %v", s, err)
	}
}
