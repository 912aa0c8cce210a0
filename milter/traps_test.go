package milter

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sekisho/internal/message"
	"sekisho/internal/miltertest"
	"sekisho/rules"
)

// offers are the MTAs every behaviour is tested with.
var offers = map[string]miltertest.Offer{
	"postfix": miltertest.Postfix(), "sendmail": miltertest.Sendmail(), "version2": miltertest.Old(),
}

func eachMTA(t *testing.T, f func(t *testing.T, o miltertest.Offer)) {
	for name, o := range offers {
		t.Run(name, func(t *testing.T) { f(t, o) })
	}
}

// unspaced is a message as an MTA without SMFIP_HDR_LEADSPC sends it.
func unspaced(m miltertest.Mail) miltertest.Mail {
	for i := range m.Header {
		m.Header[i].Value = strings.TrimPrefix(m.Header[i].Value, " ")
	}
	return m
}

func mailFor(o miltertest.Offer, m miltertest.Mail) miltertest.Mail {
	if o.Protocol&miltertest.LeadingSpace == 0 {
		return unspaced(m)
	}
	return m
}

func TestEnvelopeAndBytes(t *testing.T) {
	eachMTA(t, func(t *testing.T, o miltertest.Offer) {
		r := start(t, nil)
		s := r.greet(o)
		if got := r.send(s, mailFor(o, plain())); got.Code != 'a' {
			t.Fatalf("reply %q", got.Code)
		}
		run := r.filter.last(t)
		want := message.Envelope{
			QueueID: "4Xq1", MailFrom: "a@example.com", Rcpts: []string{"b@example.org", "c@example.org"},
			ClientIP: netip.MustParseAddr("192.0.2.1"), ClientName: "client.example.com", Helo: "client.example.com",
			TLS: true, DaemonName: "smtpd", Host: "mx.example.org",
		}
		if d := cmp.Diff(want, run.session.Envelope, cmpopts.IgnoreFields(message.Envelope{}, "Time"), cmpopts.EquateComparable(netip.Addr{})); d != "" {
			t.Error(d)
		}
		raw := "From: a@example.com\r\nSubject: hello\r\nMessage-ID: <1@example.com>\r\n\r\nHello.\r\n"
		if d := cmp.Diff(raw, run.raw.String()); d != "" {
			t.Error(d)
		}
	})
}

// session.go:220
func TestTrapNegotiationAnswersTheOffer(t *testing.T) {
	tests := map[string]struct{ offer, want miltertest.Offer }{
		"postfix 3.7":               {miltertest.Postfix(), miltertest.Offer{Version: 6, Actions: 0x139, Protocol: 0x1ff380}},
		"sendmail 8.17":             {miltertest.Sendmail(), miltertest.Offer{Version: 6, Actions: 0x139, Protocol: 0x1ff380}},
		"version 2":                 {miltertest.Old(), miltertest.Offer{Version: 2, Actions: 0x39}},
		"a version yet to come":     {miltertest.Offer{Version: 9, Actions: 0xffff, Protocol: 0xffffffff}, miltertest.Offer{Version: 6, Actions: 0x139, Protocol: 0x1ff380}},
		"version 4 without actions": {miltertest.Offer{Version: 4, Protocol: 0x3ff}, miltertest.Offer{Version: 4, Protocol: 0x380}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := start(t, nil).dial(tt.offer)
			if s.Terms != tt.want {
				t.Errorf("agreed on %#x, want %#x", s.Terms, tt.want)
			}
			if asks := s.Terms.Actions&miltertest.ActSymList != 0; asks != (len(s.Symbols) > 0) {
				t.Errorf("symbol lists %v with actions %#x", s.Symbols, s.Terms.Actions)
			}
		})
	}
}

func TestVersionOneIsRefused(t *testing.T) {
	r := start(t, nil)
	if _, err := miltertest.Dial(r.net, r.addr, miltertest.Offer{Version: 1, Actions: 0xf, Protocol: 0x3f}); err == nil {
		t.Error("agreed on version 1")
	}
	r.wantCounter(r.m.ProtocolErrors.WithLabelValues("frame"), 1)
}

// No-reply bits do not keep the library from replying; a reply too many desynchronises the session.
func TestTrapAtMostTwoRoundTripsOnPostfix(t *testing.T) {
	s := start(t, nil).greet(miltertest.Postfix())
	m := plain()
	m.Body = bytes.Repeat([]byte("0123456789abcde\n"), 20_000) // five chunks
	for i := range 3 {
		before := s.RoundTrips
		if o, err := s.Send(m); err != nil || o.Code != 'a' {
			t.Fatal(o, err)
		}
		if i == 0 {
			before = 0 // the first message pays for the negotiation
		}
		if n := s.RoundTrips - before; n > 2 {
			t.Errorf("message %d took %d round trips", i+1, n)
		}
	}
}

// An MTA that cannot do without replies gets one for each command.
func TestTrapEveryCommandIsAnsweredWithoutNoReply(t *testing.T) {
	for _, o := range []miltertest.Offer{miltertest.Old(), {Version: 6, Actions: 0x1ff, Protocol: 0x7f}} {
		s := start(t, nil).greet(o)
		if o.Version > 2 {
			must(t)(s.Command('T', nil))
			must(t)(s.Command('U', []byte("BOGUS\x00")))
		}
		m := unspaced(plain())
		before := s.RoundTrips
		if _, err := s.Send(m); err != nil {
			t.Fatal(err)
		}
		if got, want := s.RoundTrips-before, 1+len(m.Rcpts)+len(m.Header)+1+1+1; got != want {
			t.Errorf("version %d: %d replies, want %d", o.Version, got, want)
		}
	}
}

// session.go:299
func TestTrapLaterMessagesKeepClientData(t *testing.T) {
	eachMTA(t, func(t *testing.T, o miltertest.Offer) {
		r := start(t, nil)
		s := r.greet(o)
		for i, action := range []rules.Action{rules.Accept, rules.Reject, rules.Quarantine, rules.TempFail, rules.Tag, 0, 0, 0, 0, 0} {
			r.filter.verdict = rules.Verdict{Action: action}
			m := mailFor(o, plain())
			m.From = fmt.Sprintf("a%d@example.com", i)
			r.send(s, m)
			e := r.filter.last(t).session.Envelope
			if e.MailFrom != m.From || len(e.Rcpts) != 2 {
				t.Errorf("message %d: envelope of another: %+v", i+1, e)
			}
			if e.ClientIP.String() != "192.0.2.1" || e.Helo != "client.example.com" || !e.TLS || e.DaemonName != "smtpd" {
				t.Errorf("message %d lost client data: %+v", i+1, e)
			}
		}
	})
}

// session.go:165
func TestTrapMacrosSurviveAllStages(t *testing.T) {
	r := start(t, nil)
	s := r.greet(miltertest.Postfix())
	m := plain()
	m.Macros = map[byte][]string{
		'M': {"{auth_type}", "PLAIN", "{auth_authen}", "taro@example.org", "{mail_addr}", "a@example.com"},
		'R': {"{rcpt_addr}", "b@example.org"},
		'T': {"i", "early"},
		'N': {"i", "4Xq1"},
		'E': {"{nothing}", "known"},
	}
	r.send(s, m)
	e := r.filter.last(t).session.Envelope
	if e.SASLUser != "taro@example.org" || e.SASLMethod != "PLAIN" || e.QueueID != "4Xq1" || e.DaemonName != "smtpd" || !e.TLS {
		t.Errorf("macros lost: %+v", e)
	}
	m.Macros = nil
	r.send(s, m)
	if e := r.filter.last(t).session.Envelope; e.SASLUser != "" || e.QueueID != "" {
		t.Errorf("macros of another message: %+v", e)
	}
}

// {i} is known only from the second RCPT on.
func TestTrapQueueIDKnownLate(t *testing.T) {
	r := start(t, nil)
	s := r.greet(miltertest.Postfix())
	must(t)(s.MailFrom("a@example.com", "SIZE=100", "BODY=8BITMIME"))
	must(t)(s.Rcpt("b@example.org", "NOTIFY=NEVER"))
	s.Macros('E', "i", "4Xlate")
	if _, err := s.End(); err != nil {
		t.Fatal(err)
	}
	if e := r.filter.last(t).session.Envelope; e.QueueID != "4Xlate" || e.MailFrom != "a@example.com" || e.Rcpts[0] != "b@example.org" {
		t.Errorf("envelope %+v", e)
	}
}

// session.go:202
func TestTrapHeadersOfAnotherMessage(t *testing.T) {
	r := start(t, nil)
	s := r.greet(miltertest.Postfix())
	m := plain()
	m.Header = []miltertest.Header{{Name: "Received", Value: " 2"}, {Name: "X-A", Value: " 1"}, {Name: "received", Value: " 1"}, {Name: "X-A", Value: " 1"}}
	m.Body = nil
	r.send(s, m)
	if got, want := r.filter.last(t).raw.String(), "Received: 2\r\nX-A: 1\r\nreceived: 1\r\nX-A: 1\r\n\r\n"; got != want {
		t.Errorf("order or duplicates lost: %q", got)
	}
	m.Header = m.Header[:1] // no Abort in between
	r.send(s, m)
	if got, want := r.filter.last(t).raw.String(), "Received: 2\r\n\r\n"; got != want {
		t.Errorf("second message is %q", got)
	}
}

// session.go:201
func TestTrapHeaderWithNUL(t *testing.T) {
	eachMTA(t, func(t *testing.T, o miltertest.Offer) {
		r := start(t, nil)
		s := r.greet(o)
		must(t)(s.MailFrom("a@example.com"))
		for _, v := range []string{" a\x00b", " \x00", "\x00", "", " trailing\x00\x00"} {
			must(t)(s.Field("X-N", v))
		}
		must(t)(s.EOH())
		if out, err := s.End(); err != nil || out.Code != 'a' {
			t.Fatal(out, err)
		}
		space := ""
		if s.Terms.Protocol&miltertest.LeadingSpace == 0 {
			space = " " // the MTA ate one
		}
		want := "X-N: a\x00b\r\nX-N: \x00\r\nX-N:" + space + "\x00\r\nX-N:\r\nX-N: trailing\x00\x00\r\n\r\n"
		if got := r.filter.last(t).raw.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// session.go:253
func TestTrapUnknownAndQuitNC(t *testing.T) {
	r := start(t, nil)
	s := r.greet(miltertest.Postfix())
	must(t)(s.Command('U', []byte("XFOO\x00")))
	must(t)(s.Command('T', nil))
	r.send(s, plain())
	must(t)(s.Command('K', nil))
	must(t)(s.Connect("other.example.net", '4', 1, "198.51.100.7"))
	must(t)(s.Helo("other.example.net"))
	m := plain()
	m.Macros = nil
	r.send(s, m)
	if e := r.filter.last(t).session.Envelope; e.ClientIP.String() != "198.51.100.7" || e.TLS || e.DaemonName != "" || e.Helo != "other.example.net" {
		t.Errorf("data of the connection before: %+v", e)
	}
}

// session.go:157
func TestTrapClientAddresses(t *testing.T) {
	tests := map[string]struct {
		family byte
		addr   string
		macro  string
		want   string
	}{
		"IPv4":                        {'4', "192.0.2.7", "", "192.0.2.7"},
		"IPv6 as Sendmail has it":     {'6', "IPv6:2001:db8::7", "", "2001:db8::7"},
		"IPv6 in another case":        {'6', "ipv6:2001:DB8::7", "", "2001:db8::7"},
		"IPv6 plain":                  {'6', "2001:db8::7", "", "2001:db8::7"},
		"IPv4 in IPv6":                {'6', "::ffff:192.0.2.7", "", "192.0.2.7"},
		"IPv6 with a zone":            {'6', "fe80::1%eth0", "", "fe80::1"},
		"unix socket":                 {'L', "/run/x", "", "invalid IP"},
		"unix socket with the macro":  {'L', "/run/x", "127.0.0.1", "127.0.0.1"},
		"unknown family":              {'U', "", "", "invalid IP"},
		"unknown family with a macro": {'U', "", "IPv6:::1", "::1"},
		"not an address":              {'4', "localhost", "", "invalid IP"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := start(t, nil)
			s := r.dial(miltertest.Sendmail())
			if tt.macro != "" {
				s.Macros('C', "{client_addr}", tt.macro)
			}
			must(t)(s.Connect("h", tt.family, 25, tt.addr))
			r.send(s, plain())
			if got := r.filter.last(t).session.Envelope.ClientIP.String(); got != tt.want {
				t.Errorf("client is %s, want %s", got, tt.want)
			}
		})
	}
}

func TestTrapRejectedRecipientIsNotOurs(t *testing.T) {
	r := start(t, nil)
	s := r.greet(miltertest.Sendmail())
	must(t)(s.MailFrom("a@example.com"))
	s.Macros('R', "{rcpt_mailer}", "error", "{rcpt_host}", "5.1.1", "{rcpt_addr}", "User unknown")
	must(t)(s.Rcpt("nobody@example.org"))
	s.Macros('R', "{rcpt_mailer}", "local")
	must(t)(s.Rcpt("b@example.org"))
	if _, err := s.End(); err != nil {
		t.Fatal(err)
	}
	if got := r.filter.last(t).session.Envelope.Rcpts; !cmp.Equal(got, []string{"b@example.org"}) {
		t.Errorf("recipients %q", got)
	}
}

func TestTrapAbortDropsTheMessage(t *testing.T) {
	r := start(t, nil)
	s := r.greet(miltertest.Postfix())
	must(t)(s.MailFrom("gone@example.com"))
	must(t)(s.Rcpt("gone@example.org"))
	must(t)(s.Field("X-Gone", " 1"))
	if err := s.Abort(); err != nil {
		t.Fatal(err)
	}
	r.send(s, plain())
	run := r.filter.last(t)
	if strings.Contains(run.raw.String(), "Gone") || len(run.session.Envelope.Rcpts) != 2 || run.session.Envelope.Helo == "" {
		t.Errorf("after Abort: %q %+v", run.raw.String(), run.session.Envelope)
	}
	if begun, finished, aborted := r.filter.counts(); begun != 2 || finished != 1 || aborted != 1 {
		t.Errorf("begun %d, finished %d, aborted %d", begun, finished, aborted)
	}
	r.wantCounter(r.m.Aborted, 1)
	r.idle()
}

// No callback tells of a connection lost in the middle of a message.
func TestTrapConnectionDropFreesTheMessage(t *testing.T) {
	for _, cut := range []string{"after a header field", "inside a frame"} {
		t.Run(cut, func(t *testing.T) {
			r := start(t, nil)
			nc, err := net.Dial("unix", r.addr)
			if err != nil {
				t.Fatal(err)
			}
			s, err := miltertest.New(nc, miltertest.Postfix())
			if err != nil {
				t.Fatal(err)
			}
			must(t)(s.MailFrom("a@example.com"))
			must(t)(s.Field("Subject", " x"))
			if err := s.Flush(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the message begins", func() bool { b, _, _ := r.filter.counts(); return b == 1 })
			if cut == "inside a frame" {
				nc.Write([]byte{0, 0, 1, 0, 'B', 'x'})
			}
			s.Drop()
			eventually(t, "the message is freed", func() bool { _, _, a := r.filter.counts(); return a == 1 })
			eventually(t, "the session ends", func() bool { return value(r.m.Sessions) == 0 })
			r.idle()
		})
	}
}

func TestTrapMalformedFrames(t *testing.T) {
	tests := map[string][]byte{
		"no length":                  {0, 0, 0, 0},
		"longer than the limit":      {0, 16, 0, 1, 'B'},
		"all ones":                   {255, 255, 255, 255, 'B'},
		"unknown command":            frame('Z'),
		"lower-case command":         frame('b', 'x'),
		"connect without family":     frame('C', 'h', 0),
		"connect of unknown family":  frame('C', 'h', 0, '9', 0, 25, '1', 0),
		"connect without port":       frame('C', 'h', 0, '4', 0),
		"connect without end":        frame('C', 'h'),
		"macro packet without stage": frame('D'),
		"header without value":       frame('L', 'a'),
		"header without name":        frame('L', 0, 'v', 0),
		"mail without end":           frame('M', '<', '>'),
		"short negotiation":          frame('O', 0, 0, 0, 6),
	}
	for name, bad := range tests {
		t.Run(name, func(t *testing.T) {
			r := start(t, nil)
			nc, err := net.Dial("unix", r.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			if _, err := miltertest.New(nc, miltertest.Postfix()); err != nil {
				t.Fatal(err)
			}
			nc.SetDeadline(time.Now().Add(10 * time.Second))
			nc.Write(bad)
			if n, err := nc.Read(make([]byte, 1)); n != 0 || err == nil {
				t.Errorf("the session goes on: %d bytes, %v", n, err)
			}
			r.wantCounter(r.m.ProtocolErrors.WithLabelValues("frame"), 1)
		})
	}
}

func TestTrapCommandBeforeNegotiation(t *testing.T) {
	r := start(t, nil)
	nc, err := net.Dial("unix", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	s := miltertest.Raw(nc)
	if _, err := s.MailFrom("a@example.com"); err == nil {
		t.Error("MAIL was answered before negotiation")
	}
	r.wantCounter(r.m.ProtocolErrors.WithLabelValues("frame"), 1)
}

// session.go:274
func TestTrapSilentPeer(t *testing.T) {
	short := func(set func(o *Options)) func(*Options, *Policy, *rig) {
		return func(o *Options, _ *Policy, _ *rig) { set(o) }
	}
	tests := map[string]struct {
		change func(*Options, *Policy, *rig)
		say    func(s *miltertest.Session, nc net.Conn)
	}{
		"before negotiation": {short(func(o *Options) { o.NegotiateTimeout = 20 * time.Millisecond }), nil},
		"between commands": {short(func(o *Options) { o.IdleTimeout = 20 * time.Millisecond }),
			func(s *miltertest.Session, _ net.Conn) { s.Helo("x"); s.Flush() }},
		"inside content": {short(func(o *Options) { o.BurstTimeout = 20 * time.Millisecond }),
			func(s *miltertest.Session, _ net.Conn) { s.MailFrom("a@example.com"); s.Field("A", " b"); s.Flush() }},
		"inside a frame": {short(func(o *Options) { o.BurstTimeout = 20 * time.Millisecond }),
			func(_ *miltertest.Session, nc net.Conn) { nc.Write([]byte{0, 0, 0, 9, 'H'}) }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := start(t, tt.change)
			nc, err := net.Dial("unix", r.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			if tt.say != nil {
				s, err := miltertest.New(nc, miltertest.Postfix())
				if err != nil {
					t.Fatal(err)
				}
				tt.say(s, nc)
			}
			nc.SetReadDeadline(time.Now().Add(10 * time.Second))
			if _, err := nc.Read(make([]byte, 1)); err == nil || errors.Is(err, net.ErrClosed) {
				t.Errorf("read: %v", err)
			}
			eventually(t, "the timeout is counted", func() bool { return value(r.m.ProtocolErrors.WithLabelValues("timeout")) == 1 })
		})
	}
}

// Postfix waits up to 300 s for its client between commands (smtpd_timeout), Sendmail 1 h, and a slow client's DATA is silence too.
func TestDeadlinesAreLongerThanTheMTAs(t *testing.T) {
	o := Options{}.withDefaults()
	if o.IdleTimeout <= time.Hour {
		t.Errorf("idle %v", o.IdleTimeout)
	}
	if o.BurstTimeout < 300*time.Second {
		t.Errorf("burst %v", o.BurstTimeout)
	}
	if o.MessageTimeout+o.HoldTimeout >= 300*time.Second {
		t.Errorf("working %v and storing %v are longer than the MTA waits", o.MessageTimeout, o.HoldTimeout)
	}
}

func TestTrapBodyOver64KiB(t *testing.T) {
	eachMTA(t, func(t *testing.T, o miltertest.Offer) {
		r := start(t, nil)
		s := r.greet(o)
		m := mailFor(o, plain())
		m.Body = bytes.Repeat([]byte("0123456789abcdef0123456789abcde\n"), 10_000)
		r.send(s, m)
		if _, body, _ := strings.Cut(r.filter.last(t).raw.String(), "\r\n\r\n"); body != string(m.Body) {
			t.Errorf("body of %d bytes came as %d", len(m.Body), len(body))
		}
	})
}

// The library's end of message callback has no data.
func TestTrapLastChunkInEndOfMessage(t *testing.T) {
	r := start(t, nil)
	s := r.greet(miltertest.Postfix())
	must(t)(s.MailFrom("a@example.com"))
	must(t)(s.Field("A", " b"))
	must(t)(s.EOH())
	must(t)(s.Chunk([]byte("one ")))
	if o, err := s.End([]byte("two")...); err != nil || o.Code != 'a' {
		t.Fatal(o, err)
	}
	if got := r.filter.last(t).raw.String(); got != "A: b\r\n\r\none two" {
		t.Errorf("message is %q", got)
	}
}

func TestInnerLineBreaksBecomeCRLF(t *testing.T) {
	for value, want := range map[string]string{
		" a\n b":        " a\r\n b",
		" a\r\n b\n\tc": " a\r\n b\r\n\tc",
		"\n folded":     "\r\n folded",
		" lone\rCR":     " lone\rCR",
		" end\n":        " end\r\n",
		"no space":      "no space",
		"  two":         "  two",
		" 生の日本語":        " 生の日本語",
	} {
		r := start(t, nil)
		s := r.greet(miltertest.Postfix())
		m := plain()
		m.Header, m.Body = []miltertest.Header{{Name: "X", Value: value}}, nil
		r.send(s, m)
		if got := r.filter.last(t).raw.String(); got != "X:"+want+"\r\n\r\n" {
			t.Errorf("%q came as %q", value, got)
		}
	}
}

func TestContentWithoutMailOrHeaders(t *testing.T) {
	r := start(t, nil)
	s := r.dial(miltertest.Postfix())
	if o, err := s.End(); err != nil || o.Code != 'a' {
		t.Fatal(o, err)
	}
	if got := r.filter.last(t).raw.String(); got != "\r\n" {
		t.Errorf("empty message is %q", got)
	}
}

func TestQueryOverTCP(t *testing.T) {
	r := start(t, func(_ *Options, _ *Policy, r *rig) { r.net = "tcp" })
	s := r.greet(miltertest.Postfix())
	for range 20 {
		if o := r.send(s, plain()); o.Code != 'a' {
			t.Fatalf("reply %q", o.Code)
		}
	}
}
