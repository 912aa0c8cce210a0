package quarantine

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"sekisho/internal/message"
)

// with makes a quarantine that releases to a relay.
func with(t *testing.T, r *relay, o Options) *rig {
	o.Relay.Addr = r.addr
	if o.Relay.Timeout == 0 {
		o.Relay.Timeout = 10 * time.Second
	}
	return newRig(t, o)
}

func (r *rig) release(id string, req ReleaseRequest) []Outcome {
	r.Helper()
	req.By = by
	out, err := r.Release(r.Context(), id, req)
	if err != nil {
		r.Fatal(err)
	}
	return out
}

func TestReleaseSendsExactBytesAndEnvelope(t *testing.T) {
	quoted := `"a> NOTIFY=SUCCESS <b"@partner.example`
	tests := map[string]struct {
		content string
		edit    func(*Item)
		utf8    bool
	}{
		"an ordinary mail":               {mail, nil, false},
		"dots at line beginnings":        {"A: b\r\n\r\n.\r\n..\r\n...\r\nx.\r\n.\r\n", nil, false},
		"a dot first of all":             {".A: b\r\n\r\nx\r\n", nil, false},
		"empty lines at the end":         {"A: b\r\n\r\nx\r\n\r\n\r\n", nil, false},
		"a header and no body":           {"A: b\r\n\r\n", nil, false},
		"carriage returns on their own":  {"A: b\r\n\r\nx\ry\r\r\nz\r\r\r\n.\r.\r\n", nil, false},
		"8-bit text in the body":         {"A: b\r\n\r\n\x82\xa0\xff\x00\r\n", nil, false},
		"8-bit text that is not UTF-8":   {"Subject: \x82\xa0\r\n\r\nx\r\n", nil, false},
		"a header in UTF-8":              {"Subject: 請求書\r\n\r\nx\r\n", nil, true},
		"a body in UTF-8":                {"Subject: x\r\n\r\n請求書\r\n", nil, false},
		"an address in UTF-8":            {mail, func(it *Item) { it.Envelope.Rcpts = []string{"花子@our.example"} }, true},
		"the null sender":                {mail, func(it *Item) { it.Envelope.MailFrom = "" }, false},
		"a quoted local part":            {mail, func(it *Item) { it.Envelope.MailFrom = quoted }, false},
		"a long line":                    {"A: b\r\n\r\n" + strings.Repeat("x", 200_000) + "\r\n", nil, false},
		"a large mail":                   {mail + words(20_000), nil, false},
		"a line end split by the buffer": {"A: b\r\n\r\n" + strings.Repeat("x", 64<<10-9) + "\r\n.\r\n", nil, false},
	}
	rel := newRelay(t, true)
	r := with(t, rel, Options{})
	n := 0
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			it := item()
			if tt.edit != nil {
				tt.edit(&it)
			}
			id := r.put(it, tt.content)
			out := r.release(id, ReleaseRequest{})
			got := rel.got()[n:]
			if n++; len(got) != 1 {
				t.Fatalf("%d mails, outcome %+v", len(got), out)
			}
			_, data := split(t, got[0].data)
			if data != tt.content {
				t.Errorf("the bytes differ: %d, want %d\n%.200q", len(data), len(tt.content), data)
			}
			if from := strings.ReplaceAll(it.Envelope.MailFrom, `"`, ""); got[0].from != from || // the server takes quotes off
				!cmp.Equal(got[0].rcpts, it.Envelope.Rcpts) {
				t.Errorf("envelope %q -> %q", got[0].from, got[0].rcpts)
			}
			if got[0].utf8 != tt.utf8 || got[0].body != smtp.Body8BitMIME {
				t.Errorf("SMTPUTF8 %v, BODY=%s; want %v, 8BITMIME", got[0].utf8, got[0].body, tt.utf8)
			}
			for _, n := range got[0].notify {
				if n != smtp.DSNNotifyNever {
					t.Errorf("NOTIFY=%s", n)
				}
			}
			if len(got[0].notify) != len(got[0].rcpts) {
				t.Errorf("%d NOTIFY for %d recipients", len(got[0].notify), len(got[0].rcpts))
			}
		})
	}
}

func TestReleaseEndsALineThatHadNoEnd(t *testing.T) {
	rel := newRelay(t, true)
	r := with(t, rel, Options{})
	r.release(r.put(item(), "A: b\r\n\r\nx"), ReleaseRequest{})
	if _, data := split(t, rel.got()[0].data); data != "A: b\r\n\r\nx\r\n" {
		t.Errorf("got %q", data)
	}
}

func TestReleaseRefusesWhatSMTPCannotCarry(t *testing.T) {
	rel := newRelay(t, true)
	r := with(t, rel, Options{})
	for _, content := range []string{"A: b\n\nx\n", "A: b\r\n\r\nx\n.\n", "\n"} {
		id := r.put(item(), content)
		if _, err := r.Release(t.Context(), id, ReleaseRequest{By: by}); !errors.Is(err, ErrUnsendable) {
			t.Errorf("%q: %v", content, err)
		}
		if it := r.get(id); it.State != StateHeld {
			t.Errorf("state %s", it.State)
		}
	}
	if got := rel.got(); len(got) > 0 {
		t.Errorf("sent %d", len(got))
	}
}

func TestReleaseRefusesAnAddressThatIsMore(t *testing.T) {
	rel := newRelay(t, true)
	r := with(t, rel, Options{})
	for _, from := range []string{"a@b> SIZE=1", "a@b\r\nRSET", "a b@c", `"a`, "<a@b", "a\x7f@b", "\"a\\\x01\"@b"} {
		it := item()
		it.Envelope.MailFrom = from
		out, err := r.Release(t.Context(), r.put(it, mail), ReleaseRequest{By: by})
		if !errors.Is(err, ErrUndelivered) || len(out) != 2 || out[0].Result != Failed {
			t.Errorf("%q: %+v, %v", from, out, err)
		}
	}
	if got := rel.got(); len(got) > 0 {
		t.Errorf("sent %+v", got)
	}
}

func TestReleaseWithoutExtensions(t *testing.T) {
	rel := newRelay(t, false)
	r := with(t, rel, Options{})
	r.release(r.put(item(), "Subject: 請求書\r\n\r\nx\r\n"), ReleaseRequest{})
	if got := rel.got(); len(got) != 1 || got[0].utf8 || len(got[0].notify) > 0 {
		t.Errorf("got %+v", got)
	}
	it := item()
	it.Envelope.Rcpts = []string{"花子@our.example"}
	if _, err := r.Release(t.Context(), r.put(it, mail), ReleaseRequest{By: by}); !errors.Is(err, ErrUndelivered) {
		t.Errorf("an address in UTF-8 without SMTPUTF8: %v", err)
	}
}

// Whoever is named gets it and nobody else, wherever in the envelope they stand.
func TestReleaseGoesToNobodyElse(t *testing.T) {
	all := []string{"a@our.example", "b@our.example", "c@our.example", "d@our.example"}
	for _, to := range [][]string{{all[0]}, {all[1]}, {all[3]}, {all[2], all[0]}, {all[0], all[0]}, {"a@OUR.example"}} {
		rel := newRelay(t, true)
		r := with(t, rel, Options{})
		it := item()
		it.Envelope.Rcpts = all
		id := r.put(it, mail)
		r.release(id, ReleaseRequest{Rcpts: to})
		want := envelope{rcpts: to}.canonical().rcpts
		if got := rel.got(); len(got) != 1 || !cmp.Equal(got[0].rcpts, want) {
			t.Errorf("asked for %q, went out %+v", to, got)
		}
		if it := r.get(id); it.State != StateHeld || !cmp.Equal(it.Released, want) {
			t.Errorf("asked for %q: state %s, released %q", to, it.State, it.Released)
		}
		r.release(id, ReleaseRequest{Rcpts: to, Again: true})
		if got := rel.got(); len(got) != 2 || !cmp.Equal(got[1].rcpts, want) {
			t.Errorf("asked for %q again, went out %+v", to, got)
		}
	}
}

func TestReleaseToSomeLeavesTheRestHeld(t *testing.T) {
	rel := newRelay(t, true)
	r := with(t, rel, Options{})
	id := r.put(item(), mail)
	out := r.release(id, ReleaseRequest{Rcpts: []string{"jiro@OUR.example"}})
	if len(out) != 1 || out[0].Rcpt != "jiro@our.example" || out[0].Result != Sent {
		t.Fatalf("outcome %+v", out)
	}
	if it := r.get(id); it.State != StateHeld || !cmp.Equal(it.Released, []string{"jiro@our.example"}) {
		t.Errorf("state %s, released %q", it.State, it.Released)
	}
	if _, err := r.Release(t.Context(), id, ReleaseRequest{By: by, Rcpts: []string{"jiro@our.example"}}); !errors.Is(err, ErrReleased) {
		t.Errorf("a second time: %v", err)
	}
	if _, err := r.Release(t.Context(), id, ReleaseRequest{By: by, Rcpts: []string{"eve@our.example"}}); err == nil {
		t.Error("released to a stranger")
	}
	r.release(id, ReleaseRequest{})
	if got := rel.got(); len(got) != 2 || !cmp.Equal(got[1].rcpts, []string{"hanako@our.example"}) {
		t.Errorf("the second release went to %+v", got)
	}
	it := r.get(id)
	if it.State != StateReleased || it.Expires.After(r.clock.now().Add(7*24*time.Hour)) {
		t.Errorf("state %s until %v", it.State, it.Expires)
	}
	if _, err := r.Release(t.Context(), id, ReleaseRequest{By: by}); !errors.Is(err, ErrReleased) {
		t.Errorf("a third time: %v", err)
	}
	r.release(id, ReleaseRequest{Again: true})
	if got := rel.got(); len(got) != 3 || len(got[2].rcpts) != 2 {
		t.Errorf("with Again: %+v", got)
	}
}

func TestReleasePartialFailureIsRecorded(t *testing.T) {
	rel := newRelay(t, true)
	refuse := true
	rel.onRcpt.set(func(to string) error {
		if refuse && strings.HasPrefix(to, "jiro@") {
			return &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 2, 1}, Message: "busy"}
		}
		return nil
	})
	r := with(t, rel, Options{})
	id := r.put(item(), mail)
	out, err := r.Release(t.Context(), id, ReleaseRequest{By: by})
	if !errors.Is(err, ErrUndelivered) || len(out) != 2 {
		t.Fatal(out, err)
	}
	want := []Outcome{{"hanako@our.example", Sent, 250, out[0].Reply}, {"jiro@our.example", Denied, 450, "busy"}}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Error(diff)
	}
	acts, err := r.Acts(t.Context(), id)
	must(t, err)
	if n := len(acts); n != 2 || acts[0].Act != ActHold || acts[1].Act != ActRelease || acts[1].Who != "root" || acts[1].Why != "a test" ||
		!cmp.Equal(acts[1].Rcpts, out) {
		t.Errorf("acts %+v", acts)
	}
	refuse = false
	r.release(id, ReleaseRequest{})
	if it := r.get(id); it.State != StateReleased {
		t.Errorf("state %s", it.State)
	}
}

func TestReleaseFailsWhole(t *testing.T) {
	deaf, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { deaf.Close() })
	free, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	free.Close()
	no := newRelay(t, true)
	no.onData.set(func(received) error { return &smtp.SMTPError{Code: 451, Message: "later"} })
	tests := map[string]struct {
		relay  Relay
		result string
	}{
		"nobody listens":            {Relay{Addr: free.Addr().String()}, Failed},
		"the relay never greets":    {Relay{Addr: deaf.Addr().String(), Timeout: 300 * time.Millisecond}, Failed},
		"the relay refuses content": {Relay{Addr: no.addr}, Denied},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, Options{Relay: tt.relay})
			id := r.put(item(), mail)
			out, err := r.Release(t.Context(), id, ReleaseRequest{By: by})
			if !errors.Is(err, ErrUndelivered) || len(out) != 2 || out[0].Result != tt.result || out[1].Result != tt.result {
				t.Errorf("%+v, %v", out, err)
			}
			if it := r.get(id); it.State != StateHeld || len(it.Released) > 0 {
				t.Errorf("state %s", it.State)
			}
		})
	}
}

func TestConnectionLostAfterTheDotIsUnknownAndHeld(t *testing.T) {
	rel := newRelay(t, true)
	rel.drop.Store(true)
	r := with(t, rel, Options{})
	id := r.put(item(), mail)
	out, err := r.Release(t.Context(), id, ReleaseRequest{By: by})
	if !errors.Is(err, ErrUndelivered) || out[0].Result != Unknown {
		t.Errorf("%+v, %v", out, err)
	}
	if it := r.get(id); it.State != StateHeld {
		t.Errorf("state %s", it.State)
	}
}

// The filter let the mail through, then the connection broke: it is not sent a second time unless somebody asks for just that.
func TestReleaseThatMayHaveArrivedIsNotRepeatedUnasked(t *testing.T) {
	for name, tt := range map[string]struct {
		end  error // the relay's last word; nil hangs up
		want error
	}{
		"hung up after the mark was used": {nil, ErrPerhaps},
		"refused after the mark was used": {&smtp.SMTPError{Code: 451, Message: "no space"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			rel := newRelay(t, true)
			r := with(t, rel, Options{})
			id := r.put(item(), mail)
			rel.drop.Store(tt.end == nil)
			rel.onData.set(func(received) error {
				_, err := r.st.DB.Exec(`UPDATE mark_rcpts SET state = 'used' WHERE rcpt = 'jiro@our.example'`)
				if err != nil {
					return err
				}
				return tt.end
			})
			if out, err := r.Release(t.Context(), id, ReleaseRequest{By: by}); !errors.Is(err, ErrUndelivered) {
				t.Fatalf("%+v, %v", out, err)
			}
			rel.drop.Store(false)
			rel.onData.set(nil)
			sent := len(rel.got())
			if _, err := r.Release(t.Context(), id, ReleaseRequest{By: by}); !errors.Is(err, tt.want) {
				t.Errorf("a second time: %v, want %v", err, tt.want)
			}
			if tt.want == nil {
				return
			}
			if got := rel.got(); len(got) != sent {
				t.Errorf("sent again: %+v", got[sent:])
			}
			r.release(id, ReleaseRequest{Again: true})
			if it := r.get(id); it.State != StateReleased {
				t.Errorf("state %s", it.State)
			}
		})
	}
}

func TestManyRecipientsGoInSeveralTransactions(t *testing.T) {
	rel := newRelay(t, true)
	r := with(t, rel, Options{})
	it := item()
	it.Envelope.Rcpts = nil
	for i := range 250 {
		it.Envelope.Rcpts = append(it.Envelope.Rcpts, string(rune('a'+i%26))+strings.Repeat("x", i/26)+"@our.example")
	}
	id := r.put(it, mail)
	out := r.release(id, ReleaseRequest{})
	if got := rel.got(); len(got) != 3 || len(out) != 250 || r.get(id).State != StateReleased {
		t.Errorf("%d transactions, %d outcomes, state %s", len(got), len(out), r.get(id).State)
	}
}

func TestTwoReleasesAtOnceSendOnce(t *testing.T) {
	rel := newRelay(t, true)
	r := with(t, rel, Options{})
	id := r.put(item(), mail)
	entered, goOn := make(chan struct{}), make(chan struct{})
	rel.onData.set(func(received) error { close(entered); <-goOn; return nil })
	done := make(chan error)
	go func() {
		_, err := r.Release(background(), id, ReleaseRequest{By: by})
		done <- err
	}()
	<-entered
	if _, err := r.Release(t.Context(), id, ReleaseRequest{By: by}); !errors.Is(err, ErrReleased) {
		t.Errorf("the second: %v", err)
	}
	close(goOn)
	must(t, <-done)
	if got := rel.got(); len(got) != 1 {
		t.Errorf("sent %d times", len(got))
	}
}

func TestReleaseRefusesADamagedFile(t *testing.T) {
	rel := newRelay(t, true)
	r := with(t, rel, Options{})
	id := r.put(item(), mail)
	flip(t, r.path(id), 5)
	if _, err := r.Release(t.Context(), id, ReleaseRequest{By: by}); !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v", err)
	}
	if len(rel.got()) > 0 {
		t.Error("a changed mail went out")
	}
}

func TestRedeem(t *testing.T) {
	other := func(s string) func(string) string { return func(string) string { return s } }
	env := item().Envelope
	edit := func(f func(*message.Envelope)) message.Envelope {
		e := env
		e.Rcpts = append([]string(nil), env.Rcpts...)
		f(&e)
		return e
	}
	replace := func(old, with string) func(string) string {
		return func(s string) string {
			if !strings.Contains(s, old) {
				t.Fatalf("%q is not in %q", old, s)
			}
			return strings.Replace(s, old, with, 1)
		}
	}
	same := func(s string) string { return s }
	tests := map[string]struct {
		mark func(string) string
		env  message.Envelope
		data func(string) string
		late time.Duration
		want MarkResult
	}{
		"as it was made":                     {same, env, same, 0, MarkOK},
		"one recipient of two":               {same, edit(func(e *message.Envelope) { e.Rcpts = e.Rcpts[1:] }), same, 0, MarkOK},
		"a domain in other case":             {same, edit(func(e *message.Envelope) { e.Rcpts[0] = "hanako@OUR.Example" }), same, 0, MarkOK},
		"at the last second":                 {same, env, same, time.Hour, MarkOK},
		"fields the MTA added":               {same, env, replace("From: ", "Received: from x\r\n\tby y\r\nReturn-Path: <a@b>\r\nFrom: "), 0, MarkOK},
		"fields the MTA supplied at the end": {same, env, replace("\r\n\r\n", "\r\nResent-Date: x\r\n\r\n"), 0, MarkOK},

		"too late":                        {same, env, same, time.Hour + time.Second, MarkExpired},
		"another expiry":                  {replace("exp=1", "exp=2"), env, same, 0, MarkForged},
		"another MAC":                     {flipLast, env, same, 0, MarkForged},
		"another transaction":             {replace("tx=", "tx=A"), env, same, 0, MarkForged},
		"no mark at all":                  {other(""), env, same, 0, MarkForged},
		"an attacker's mark":              {other("v1 id=20261123-00000000; tx=A; exp=9999999999; mac=AAAA"), env, same, 0, MarkForged},
		"another recipient":               {same, edit(func(e *message.Envelope) { e.Rcpts[0] = "eve@our.example" }), same, 0, MarkRecipient},
		"one recipient more":              {same, edit(func(e *message.Envelope) { e.Rcpts = append(e.Rcpts, "eve@our.example") }), same, 0, MarkRecipient},
		"a local part in other case":      {same, edit(func(e *message.Envelope) { e.Rcpts[0] = "Hanako@our.example" }), same, 0, MarkRecipient},
		"no recipient":                    {same, edit(func(e *message.Envelope) { e.Rcpts = nil }), same, 0, MarkRecipient},
		"another sender":                  {same, edit(func(e *message.Envelope) { e.MailFrom = "eve@partner.example" }), same, 0, MarkRecipient},
		"the null sender":                 {same, edit(func(e *message.Envelope) { e.MailFrom = "" }), same, 0, MarkRecipient},
		"another body":                    {same, env, replace("Dear", "Dead"), 0, MarkContent},
		"a shorter body":                  {same, env, replace("regards\r\n", ""), 0, MarkContent},
		"a longer body":                   {same, env, func(s string) string { return s + "\r\n" }, 0, MarkContent},
		"a header field changed":          {same, env, replace("invoice", "Invoice"), 0, MarkContent},
		"a header field missing":          {same, env, replace("Subject: invoice\r\n", ""), 0, MarkContent},
		"header fields in other order":    {same, env, replace("To: hanako@our.example\r\nSubject: invoice\r\n", "Subject: invoice\r\nTo: hanako@our.example\r\n"), 0, MarkContent},
		"a field that shows text":         {same, env, replace("From: ", "Comments: hello\r\nFrom: "), 0, MarkContent},
		"a second Subject":                {same, env, replace("From: ", "Subject: pay\r\nFrom: "), 0, MarkContent},
		"a second From":                   {same, env, replace("From: ", "From: eve@our.example\r\nFrom: "), 0, MarkContent},
		"the mark's field taken out":      {same, env, func(s string) string { _, rest, _ := strings.Cut(s, "\r\n"); return rest }, 0, MarkContent},
		"the mark's field twice":          {same, env, func(s string) string { f, _, _ := strings.Cut(s, "\r\n"); return f + "\r\n" + s }, 0, MarkContent},
		"an empty message":                {same, env, other(""), 0, MarkContent},
		"a folded field unfolded":         {same, env, replace("\r\nDate", "\r\n Date"), 0, MarkContent},
		"a header without end":            {same, env, other("Subject: " + strings.Repeat("x", maxHeader)), 0, MarkContent},
		"the blank line after the header": {same, env, replace("\r\n\r\nDear", "\r\nDear"), 0, MarkContent},
	}
	rel := newRelay(t, true)
	r := with(t, rel, Options{})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			id := r.put(item(), mail)
			r.release(id, ReleaseRequest{})
			got := rel.got()
			whole := got[len(got)-1].data
			value, _ := split(t, whole)
			r.clock.add(tt.late)
			gotID, res, err := r.Redeem(t.Context(), tt.mark(value), tt.env, r.buffer(tt.data(whole), 1<<10))
			must(t, err)
			if res != tt.want {
				t.Fatalf("%s, want %s", res, tt.want)
			}
			if (gotID == id) != (tt.want != MarkForged) {
				t.Errorf("id %q of %s", gotID, res)
			}
			if tt.want == MarkOK || tt.want == MarkExpired {
				return
			}
			if _, res, err = r.Redeem(t.Context(), value, env, r.buffer(whole, 1<<20)); res != MarkOK || err != nil {
				t.Errorf("the refused try used the mark up: %s, %v", res, err)
			}
		})
	}
}

func flipLast(s string) string {
	c := byte('A')
	if s[len(s)-2] == c {
		c = 'B'
	}
	return s[:len(s)-2] + string(c) + s[len(s)-1:]
}

func TestRedeemOnceForEachRecipient(t *testing.T) {
	rel := newRelay(t, true)
	r := with(t, rel, Options{})
	id := r.put(item(), mail)
	r.release(id, ReleaseRequest{})
	whole := rel.got()[0].data
	value, _ := split(t, whole)
	for _, tt := range []struct {
		rcpts []string
		want  MarkResult
	}{
		{[]string{"jiro@our.example"}, MarkOK},
		{[]string{"jiro@our.example"}, MarkReplayed},
		{[]string{"hanako@our.example", "jiro@our.example"}, MarkReplayed},
		{[]string{"hanako@our.example"}, MarkOK},
		{[]string{"hanako@our.example"}, MarkReplayed},
	} {
		e := item().Envelope
		e.Rcpts = tt.rcpts
		_, got, err := r.Redeem(t.Context(), value, e, r.buffer(whole, 0))
		if got != tt.want || err != nil {
			t.Errorf("%q: %s, %v; want %s", tt.rcpts, got, err, tt.want)
		}
	}
}

func TestRedeemTwiceAtOnceIsOkOnce(t *testing.T) {
	rel := newRelay(t, true)
	r := with(t, rel, Options{})
	r.release(r.put(item(), mail), ReleaseRequest{})
	whole := rel.got()[0].data
	value, _ := split(t, whole)
	results := make(chan MarkResult)
	const n = 8
	for range n {
		b := r.buffer(whole, 0)
		go func() {
			_, got, err := r.Redeem(background(), value, item().Envelope, b)
			if err != nil {
				t.Error(err)
			}
			results <- got
		}()
	}
	count := map[MarkResult]int{}
	for range n {
		count[<-results]++
	}
	if count[MarkOK] != 1 || count[MarkReplayed] != n-1 {
		t.Errorf("results %v", count)
	}
}

func TestRedeemDuringTheReleaseAndAfterItsFailure(t *testing.T) {
	rel := newRelay(t, true)
	r := with(t, rel, Options{})
	id := r.put(item(), mail)
	// The filter says ok, then the MTA fails: the mark is spent, the mail still held.
	var first received
	rel.onData.set(func(m received) error {
		first = m
		mark, _ := split(t, m.data)
		if _, got, err := r.Redeem(background(), mark, item().Envelope, r.buffer(m.data, 0)); got != MarkOK || err != nil {
			t.Errorf("%s, %v", got, err)
		}
		return &smtp.SMTPError{Code: 451, Message: "lost"}
	})
	if _, err := r.Release(t.Context(), id, ReleaseRequest{By: by}); !errors.Is(err, ErrUndelivered) {
		t.Fatal(err)
	}
	if it := r.get(id); it.State != StateHeld {
		t.Fatalf("state %s", it.State)
	}
	rel.onData.set(nil)
	r.release(id, ReleaseRequest{})
	second := rel.got()[0]
	mark1, _ := split(t, first.data)
	mark2, _ := split(t, second.data)
	if mark1 == mark2 {
		t.Error("the second release used the first mark")
	}
	if _, got, _ := r.Redeem(t.Context(), mark1, item().Envelope, r.buffer(first.data, 0)); got != MarkReplayed {
		t.Errorf("the first mark: %s", got)
	}
	if _, got, _ := r.Redeem(t.Context(), mark2, item().Envelope, r.buffer(second.data, 0)); got != MarkOK {
		t.Errorf("the second mark: %s", got)
	}
}

func TestAMarkOfAFailedReleaseIsWithdrawn(t *testing.T) {
	rel := newRelay(t, true)
	r := with(t, rel, Options{})
	id := r.put(item(), mail)
	var lost received
	rel.onData.set(func(m received) error { lost = m; return &smtp.SMTPError{Code: 451, Message: "no"} })
	if _, err := r.Release(t.Context(), id, ReleaseRequest{By: by}); !errors.Is(err, ErrUndelivered) {
		t.Fatal(err)
	}
	mark, _ := split(t, lost.data)
	if _, got, _ := r.Redeem(t.Context(), mark, item().Envelope, r.buffer(lost.data, 0)); got != MarkReplayed {
		t.Errorf("got %s", got)
	}
}

func TestRedeemWithAnotherKeyOrADeletedMail(t *testing.T) {
	rel := newRelay(t, true)
	r := with(t, rel, Options{})
	id := r.put(item(), mail)
	r.release(id, ReleaseRequest{})
	whole := rel.got()[0].data
	value, _ := split(t, whole)
	key := r.key
	r.key = []byte(strings.Repeat("x", 32))
	if _, got, _ := r.Redeem(t.Context(), value, item().Envelope, r.buffer(whole, 0)); got != MarkForged {
		t.Errorf("with another key: %s", got)
	}
	r.key = key
	must(t, r.Delete(t.Context(), id, by))
	if _, got, err := r.Redeem(t.Context(), value, item().Envelope, r.buffer(whole, 0)); got != MarkContent || err != nil {
		t.Errorf("of a deleted mail: %s, %v", got, err)
	}
	r.st.Close()
	if _, got, err := r.Redeem(t.Context(), value, item().Envelope, r.buffer(whole, 0)); err == nil || got != "" {
		t.Errorf("without a database: %q, %v", got, err)
	}
}

func TestRedeemAMailThatHadNoLastLineEnd(t *testing.T) {
	rel := newRelay(t, true)
	r := with(t, rel, Options{})
	r.release(r.put(item(), "A: b\r\n\r\nx"), ReleaseRequest{})
	whole := rel.got()[0].data
	value, _ := split(t, whole)
	if _, got, err := r.Redeem(t.Context(), value, item().Envelope, r.buffer(whole, 0)); got != MarkOK || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}

func FuzzParseMark(f *testing.F) {
	f.Add("v1 id=20261123-9x2abcde; tx=ABCDEFGHIJKLMNOPQRSTUVWXYZ; exp=1795428000; mac=" + strings.Repeat("A", 43))
	f.Add("v1 id=; tx=; exp=; mac=")
	f.Add(" v1 id=20261123-9x2abcde; tx=; exp=-1; mac=")
	f.Fuzz(func(t *testing.T, s string) {
		m, ok := parseMark(s)
		if ok && m.String() != strings.TrimSpace(s) {
			t.Errorf("%q is read as %q", s, m.String())
		}
	})
}

// The MTA changed the message, or was late: the filter judged it anew, so nobody may call it released.
func TestReleaseWhoseMarkWasRefusedIsNotCalledReleased(t *testing.T) {
	for name, spoil := range map[string]func(r *rig, data string) string{
		"content": func(_ *rig, data string) string {
			return strings.Replace(data, "\r\n\r\n", "\r\nSubject: another\r\n\r\n", 1)
		},
		"expired": func(r *rig, data string) string { r.clock.add(2 * time.Hour); return data },
	} {
		t.Run(name, func(t *testing.T) {
			rel := newRelay(t, true)
			r := with(t, rel, Options{})
			id := r.put(item(), mail)
			rel.onData.set(func(m received) error {
				value, _ := split(t, m.data)
				_, res, err := r.Redeem(t.Context(), value, item().Envelope, r.buffer(spoil(r, m.data), 0))
				if res == MarkOK || err != nil {
					t.Errorf("the mark is %s, %v", res, err)
				}
				return nil
			})
			out, err := r.Release(t.Context(), id, ReleaseRequest{By: by})
			if !errors.Is(err, ErrUndelivered) || out[0].Result != Unknown || !strings.Contains(out[0].Reply, name) {
				t.Errorf("%+v, %v", out, err)
			}
			if it := r.get(id); it.State != StateHeld || len(it.Released) > 0 {
				t.Errorf("state %s, released to %q", it.State, it.Released)
			}
			rel.onData.set(nil)
			if _, err := r.Release(t.Context(), id, ReleaseRequest{By: by}); !errors.Is(err, ErrPerhaps) {
				t.Errorf("a second time: %v", err)
			}
		})
	}
}
