package ledger

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// What one mail with a file of fileSize counts as.
const (
	fileSize = 100 << 10
	oneMail  = mailSpace + partySpace + fileSize
)

// small has room for 40 mails, and for 10 of one network or one sender.
func small() Options { return Options{MaxBytes: 40 * oneMail, Share: 0.25} }

// flood remembers n mails; refusals do not matter.
func (r *rig) flood(n int, m func(i int) Mail) {
	r.Helper()
	for i := range n {
		if _, err := r.Remember(r.Context(), m(i), zipOf(fileSize), nil); err != nil && !errors.Is(err, ErrFull) {
			r.Fatal(err)
		}
	}
}

// waits is how many of a sender's mails are still remembered.
func (r *rig) waits(m Mail) int { return len(r.waitingFor(m)) }

func TestASenderPushesOutHisOwnOnly(t *testing.T) {
	attacker := func(i int) Mail { return mailFrom(fmt.Sprintf("a%d@evil.example", i), "203.0.113.0/24") }
	tests := []struct {
		name  string
		flood func(i int) Mail
	}{
		{"one sender, one network", attacker},
		{"many senders, one network", func(i int) Mail { return mailFrom(fmt.Sprintf("a@evil%d.example", i), "203.0.113.0/24") }},
		{"the victim's forged address, one network", func(int) Mail { return mailFrom("taro@partner.example", "203.0.113.0/24") }},
		{"the victim's forged address, some networks", func(i int) Mail {
			return mailFrom("taro@partner.example", fmt.Sprintf("203.0.%d.0/24", i%4))
		}},
		{"some networks and senders, until all is full", func(i int) Mail {
			return mailFrom(fmt.Sprintf("a@evil%d.example", i%8), fmt.Sprintf("203.0.%d.0/24", i%8))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, small())
			r.remember(partner(), zipOf(fileSize))
			r.flood(100, tt.flood)
			files := r.waitingFor(partner())
			genuine := 0
			for _, f := range files {
				if f.Mail.Source == partner().Source {
					genuine++
				}
			}
			if genuine != 1 {
				t.Errorf("the victim's file was pushed out")
			}
			s, err := r.Stats(t.Context())
			if err != nil || s.Bytes > s.LimitBytes || s.Files != int64(len(r.onDisk())) {
				t.Errorf("%+v, %v, %d files on disk", s, err, len(r.onDisk()))
			}
			newcomer := mailFrom("new@other.example", "198.51.100.0/24")
			r.remember(newcomer, zipOf(fileSize))
			if r.waits(newcomer) != 1 || len(r.waitingFor(partner())) < 1 {
				t.Error("a newcomer finds no room")
			}
		})
	}
}

func TestTheOldestOfTheOwnGoesFirst(t *testing.T) {
	evicted := 0
	o := small()
	o.Evicted = func(n int) { evicted += n }
	r := newRig(t, o)
	for i := range 12 {
		m := partner()
		m.QueueID = fmt.Sprint(i)
		r.remember(m, zipOf(fileSize))
	}
	files := r.waitingFor(partner())
	if len(files) != 10 || files[0].Mail.QueueID != "11" || files[9].Mail.QueueID != "2" {
		t.Errorf("%d files, from %s to %s", len(files), files[0].Mail.QueueID, files[len(files)-1].Mail.QueueID)
	}
	if evicted != 2 {
		t.Errorf("%d evictions told", evicted)
	}
}

func TestNobodyWithLessGivesWay(t *testing.T) {
	r := newRig(t, Options{MaxBytes: 10 * oneMail, Share: 1})
	for i := range 10 {
		r.remember(mailFrom(fmt.Sprintf("a@p%d.example", i), fmt.Sprintf("192.0.%d.0/24", i)), zipOf(fileSize))
	}
	_, err := r.Remember(t.Context(), mailFrom("b@new.example", "198.51.100.0/24"), zipOf(fileSize), nil)
	if !errors.Is(err, ErrFull) {
		t.Errorf("%v", err)
	}
	if n := len(r.onDisk()); n != 10 {
		t.Errorf("%d files on disk", n)
	}
	late := mailFrom("b@new.example", "198.51.100.0/24")
	late.Time = noon.Add(chance + time.Second)
	r.remember(late, zipOf(fileSize))
	if n := len(r.onDisk()); n != 10 || r.waits(late) != 1 {
		t.Errorf("what has had its chance did not give way: %d files on disk", n)
	}
}

func TestAFileAboveTheShareIsRefusedBeforeItIsWritten(t *testing.T) {
	r := newRig(t, small())
	r.remember(partner(), zipOf(fileSize))
	if _, err := r.Remember(t.Context(), partner(), zipOf(10*oneMail), nil); !errors.Is(err, ErrFull) {
		t.Errorf("%v", err)
	}
	if r.waits(partner()) != 1 || len(r.onDisk()) != 1 {
		t.Error("it pushed something out all the same")
	}
}

func TestTheDiskKeepsItsReserve(t *testing.T) {
	r := newRig(t, Options{MinFree: 1 << 62})
	if _, err := r.Remember(t.Context(), partner(), zipOf(10), nil); !errors.Is(err, ErrFull) {
		t.Errorf("%v", err)
	}
}

func TestALargeNewcomerDoesNotWorkForever(t *testing.T) {
	r := newRig(t, Options{MaxBytes: 2 * maxEvicted * mailSpace, Share: 1, Timeout: time.Minute})
	for range maxEvicted + 100 {
		r.remember(partner(), nil, "word")
	}
	_, err := r.Remember(t.Context(), partner(), zipOf(2*maxEvicted*mailSpace-2*mailSpace), nil)
	if !errors.Is(err, ErrFull) {
		t.Errorf("%v", err)
	}
}
