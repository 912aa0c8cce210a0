package quarantine

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/rules"
)

// waitingItem waits for ten minutes.
func (r *rig) waitingItem() Item {
	it := item()
	it.Waits = r.clock.now().Add(10 * time.Minute)
	it.Verdict = rules.Verdict{Action: rules.Tag, Rule: "archive-locked", Rules: []string{"archive-locked"}, Enforced: true}
	return it
}

func (r *rig) due() (int, error) { return r.ReleaseDue(r.Context(), r.clock.now()) }

// hostileVerdict is what was found out about a file of a waiting message.
func hostileVerdict() rules.Verdict {
	return rules.Verdict{Action: rules.Quarantine, Rule: "macro-autoexec", Why: []finding.Finding{finding.New(finding.VBAAutoexec, nil, "AutoOpen")}}
}

func TestAWaitingMessageGoesOnWhenItsTimeIsOver(t *testing.T) {
	relay := newRelay(t, true)
	told := 0
	r := newRig(t, Options{Relay: Relay{Addr: relay.addr}, Notice: func(Item) []string { told++; return []string{"postmaster"} }})
	it := r.waitingItem()
	id := r.put(it, mail)
	if got := r.get(id); !got.IsWaiting() || !got.Waits.Equal(it.Waits) || got.State != StateHeld {
		t.Errorf("%+v", got)
	}
	if n, err := r.due(); n != 0 || err != nil {
		t.Errorf("%d too early, %v", n, err)
	}
	r.clock.add(10 * time.Minute)
	if n, err := r.due(); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := r.due(); n != 0 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
	got := relay.got()
	if len(got) != 1 || got[0].from != it.Envelope.MailFrom || len(got[0].rcpts) != len(it.Envelope.Rcpts) {
		t.Fatalf("%+v", got)
	}
	_, rest := split(t, got[0].data)
	if want := "X-Sekisho-Verdict: tag\r\nX-Sekisho-Rule: archive-locked\r\nX-Sekisho-Id: " + id + "\r\n" + mail; rest != want {
		t.Errorf("%q\nwant %q", rest, want)
	}
	if d := cmp.Diff([]string{ActWait, ActRelease}, r.acts(id)); d != "" {
		t.Error(d)
	}
	if it := r.get(id); it.State != StateReleased || it.IsWaiting() || it.Waits.IsZero() {
		t.Errorf("%+v: nothing tells that it waited", it)
	}
	if told != 0 {
		t.Errorf("somebody was told %d times", told)
	}
}

func TestTheMarkOfAWaitingMessageIsGoodWithItsFields(t *testing.T) {
	relay := newRelay(t, true)
	r := newRig(t, Options{Relay: Relay{Addr: relay.addr}})
	it := r.waitingItem()
	id := r.put(it, mail)
	must(t, r.LetGo(t.Context(), id))
	if n, err := r.due(); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	data := relay.got()[0].data
	mark, _ := split(t, data)
	got, res, err := r.Redeem(t.Context(), mark, it.Envelope, r.buffer(data, 1<<20))
	if got != id || res != MarkOK || err != nil {
		t.Errorf("%s %s %v", got, res, err)
	}
}

func TestKeepEndsTheWaiting(t *testing.T) {
	relay := newRelay(t, true)
	told := 0
	r := newRig(t, Options{Relay: Relay{Addr: relay.addr}, Notice: func(it Item) []string { told++; return []string{"postmaster"} }})
	id := r.put(r.waitingItem(), mail)
	held, err := r.Keep(t.Context(), id, hostileVerdict(), By{"sekisho", "macro-autoexec"})
	if !held || err != nil {
		t.Fatal(held, err)
	}
	r.clock.add(time.Hour)
	if n, err := r.due(); n != 0 || err != nil || len(relay.got()) != 0 {
		t.Errorf("%d released, %v", n, err)
	}
	it := r.get(id)
	if it.IsWaiting() || it.State != StateHeld || it.Verdict.Rule != "macro-autoexec" || len(it.Verdict.Why) != 1 {
		t.Errorf("%+v", it)
	}
	if d := cmp.Diff([]string{ActWait, ActHold}, r.acts(id)); d != "" {
		t.Error(d)
	}
	if told != 1 {
		t.Errorf("the readers were named %d times", told)
	}
	if held, err := r.Keep(t.Context(), id, hostileVerdict(), by); !held || err != nil || len(r.acts(id)) != 2 {
		t.Errorf("a second time: %v, %v, acts %v", held, err, r.acts(id))
	}
	must(t, r.LetGo(t.Context(), id))
	if n, err := r.due(); n != 0 || err != nil {
		t.Errorf("let go after Keep: %d, %v", n, err)
	}
	if _, err := r.Release(t.Context(), id, ReleaseRequest{By: by}); err != nil {
		t.Fatal(err)
	}
	if _, rest := split(t, relay.got()[0].data); rest != mail {
		t.Errorf("a person released it, and it has fields of ours: %q", rest)
	}
}

func TestKeepOfWhatIsGone(t *testing.T) {
	relay := newRelay(t, true)
	r := newRig(t, Options{Relay: Relay{Addr: relay.addr}})
	released, deleted := r.put(r.waitingItem(), mail), r.put(r.waitingItem(), mail)
	must(t, r.LetGo(t.Context(), released))
	if n, err := r.due(); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	must(t, r.Delete(t.Context(), deleted, by))
	for name, id := range map[string]string{"released": released, "deleted": deleted, "unknown": "20261123-zzzzzzzz"} {
		if held, err := r.Keep(t.Context(), id, hostileVerdict(), by); held || err != nil {
			t.Errorf("%s: %v, %v", name, held, err)
		}
	}
}

// What waits is on its way while Keep is called: it may arrive, but is not sent again.
func TestKeepDuringARelease(t *testing.T) {
	relay := newRelay(t, true)
	r := newRig(t, Options{Relay: Relay{Addr: relay.addr}})
	id := r.put(r.waitingItem(), mail)
	var held bool
	relay.onData.set(func(received) error {
		var err error
		held, err = r.Keep(background(), id, hostileVerdict(), by)
		must(t, err)
		return &smtp.SMTPError{Code: 451, Message: "later"}
	})
	must(t, r.LetGo(t.Context(), id))
	if n, err := r.due(); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	relay.onData.set(nil)
	r.clock.add(duePause)
	if n, err := r.due(); n != 0 || err != nil || held || len(relay.got()) != 0 {
		t.Errorf("%d, %v, held %v", n, err, held)
	}
	if it := r.get(id); it.State != StateHeld || it.IsWaiting() {
		t.Errorf("%+v", it)
	}
}

func TestWhatTheRelayDoesNotTake(t *testing.T) {
	answer := func(code int) func(received) error {
		return func(received) error { return &smtp.SMTPError{Code: code, Message: "no"} }
	}
	for _, tt := range []struct {
		name    string
		change  func(*relay, *rig)
		waiting bool // it is tried again
		fails   bool
	}{
		{"refused for now", func(s *relay, _ *rig) { s.onData.set(answer(451)) }, true, false},
		{"refused for good", func(s *relay, _ *rig) { s.onData.set(answer(554)) }, false, false},
		{"an unknown end", func(s *relay, _ *rig) { s.drop.Store(true) }, false, false},
		{"the relay is away", func(_ *relay, r *rig) { r.opts.Relay.Addr = "127.0.0.1:1" }, true, true},
		{"a damaged file", func(_ *relay, r *rig) {
			mails, _ := r.files()
			flip(r.T, mails[0], 5)
		}, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			relay := newRelay(t, true)
			r := newRig(t, Options{Relay: Relay{Addr: relay.addr}})
			id := r.put(r.waitingItem(), mail)
			must(t, r.LetGo(t.Context(), id))
			tt.change(relay, r)
			if n, err := r.due(); n != 0 || (err != nil) != tt.fails {
				t.Errorf("%d, %v", n, err)
			}
			it := r.get(id)
			if it.State != StateHeld || it.IsWaiting() != tt.waiting || it.Verdict.Rule != "archive-locked" {
				t.Errorf("state %s, waiting %v", it.State, it.IsWaiting())
			}
			relay.onData.set(nil)
			relay.drop.Store(false)
			r.opts.Relay.Addr = relay.addr
			if n, err := r.due(); n != map[bool]int{true: 1}[tt.fails] || err != nil {
				t.Errorf("tried again at once: %d, %v", n, err)
			}
			r.clock.add(duePause)
			if _, err := r.due(); err != nil {
				t.Error(err)
			}
			if it := r.get(id); (it.State == StateReleased) != tt.waiting {
				t.Errorf("in the end it is %s", it.State)
			}
		})
	}
}

func TestWhatSMTPCannotCarryMayNotWait(t *testing.T) {
	r := newRig(t, Options{})
	for name, content := range map[string]string{
		"a bare line feed": "Subject: x\r\n\r\nline\n",
		"a huge header":    "Subject: " + strings.Repeat(strings.Repeat("x", 990)+"\r\n ", maxHeader/990) + "\r\n\r\nbody\r\n",
	} {
		if id, err := r.Put(t.Context(), r.waitingItem(), r.buffer(content, 64<<20)); !errors.Is(err, ErrUnsendable) || id != "" {
			t.Errorf("%s: %s, %v", name, id, err)
		}
	}
	if mails, spool := r.files(); len(mails)+len(spool) != 0 {
		t.Errorf("left behind: %v %v", mails, spool)
	}
}

func TestWhatWaitsIsNeverExpired(t *testing.T) {
	r := newRig(t, Options{Retain: time.Minute, Relay: Relay{Addr: "127.0.0.1:1"}})
	id := r.put(r.waitingItem(), mail)
	r.clock.add(24 * time.Hour)
	if n, err := r.Expire(t.Context(), r.clock.now()); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if s, err := r.Stats(t.Context()); err != nil || s.Waiting != 1 || s.Messages != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := r.Keep(t.Context(), id, hostileVerdict(), by); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Expire(t.Context(), r.clock.now()); n != 1 || err != nil {
		t.Errorf("kept: %d, %v", n, err)
	}
}

func TestARebuiltRowWaitsOnlyWithinItsTime(t *testing.T) {
	for name, tt := range map[string]struct {
		after   time.Duration
		waiting bool
	}{"at once": {0, true}, "after its time": {time.Hour, false}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, Options{})
			id := r.put(r.waitingItem(), mail)
			_, err := r.st.DB.Exec(`DELETE FROM items`)
			must(t, err)
			r.clock.add(tt.after)
			_, err = r.Reconcile(t.Context())
			must(t, err)
			if it := r.get(id); it.State != StateHeld || it.IsWaiting() != tt.waiting {
				t.Errorf("%s, waiting %v", it.State, it.IsWaiting())
			}
		})
	}
}

func TestKeepReachesAMessageWhoseRowIsNotWritten(t *testing.T) {
	r := newRig(t, Options{})
	r.opts.Step = func(name string) {
		if name == "dirsync" {
			_, err := r.st.DB.Exec(`ALTER TABLE acts RENAME TO acts_away`)
			must(t, err)
		}
	}
	id := r.put(r.waitingItem(), mail)
	if held, err := r.Keep(t.Context(), id, hostileVerdict(), by); !held || err != nil {
		t.Fatal(held, err)
	}
	_, err := r.st.DB.Exec(`ALTER TABLE acts_away RENAME TO acts`)
	must(t, err)
	_, err = r.Expire(t.Context(), r.clock.now())
	must(t, err)
	if it := r.get(id); it.IsWaiting() || it.Verdict.Rule != "macro-autoexec" {
		t.Errorf("%+v", it)
	}
}

func TestAPersonMayReleaseWhatWaits(t *testing.T) {
	relay := newRelay(t, true)
	r := newRig(t, Options{Relay: Relay{Addr: relay.addr}})
	id := r.put(r.waitingItem(), mail)
	if _, err := r.Release(t.Context(), id, ReleaseRequest{By: by}); err != nil {
		t.Fatal(err)
	}
	r.clock.add(time.Hour)
	if n, err := r.due(); n != 0 || err != nil || len(relay.got()) != 1 {
		t.Errorf("%d, %v: it went out twice", n, err)
	}
}

func TestEarlierMailsAreBounded(t *testing.T) {
	r := newRig(t, Options{})
	it := item()
	for range maxEarlier + 5 {
		it.Earlier = append(it.Earlier, Earlier{QueueID: "4A", File: strings.Repeat("x", 2*maxText), Rcpts: make([]string, maxWarned+5)})
	}
	got := r.get(r.put(it, mail)).Earlier
	if len(got) != maxEarlier || len(got[0].Rcpts) != maxWarned || len(got[0].File) > 2*maxText-1 || len(it.Earlier[0].Rcpts) != maxWarned+5 {
		t.Errorf("%d mails, %d recipients, a name of %d", len(got), len(got[0].Rcpts), len(got[0].File))
	}
}
