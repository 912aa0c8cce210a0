package trace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// every way to ask for the infected mail, and none to find it by.
var byKey = map[string]struct {
	q    Query
	want bool
}{
	"envelope sender":                     {Query{Sender: "bounce@mail.bad.example.com"}, true},
	"From in other letters":               {Query{Sender: "SUZUKI@bad.example.com"}, true},
	"sender's domain":                     {Query{Sender: "mail.bad.example.com"}, true},
	"sender's organisation":               {Query{Sender: "@example.com"}, true},
	"a domain that it only ends like":     {Query{Sender: "le.com"}, false},
	"recipient":                           {Query{Recipient: "ABE@example.org"}, true},
	"recipient as sender":                 {Query{Sender: "abe@example.org"}, false},
	"sender as recipient":                 {Query{Recipient: "suzuki@bad.example.com"}, false},
	"address, a recipient's":              {Query{Address: "abe@example.org"}, true},
	"address, the sender's":               {Query{Address: "suzuki@bad.example.com"}, true},
	"Message-ID":                          {Query{MessageID: "<bad@bad.example.com>"}, true},
	"Message-ID without brackets":         {Query{MessageID: "bad@bad.example.com"}, true},
	"part of the Message-ID":              {Query{MessageID: "bad@bad.example"}, false},
	"subject, narrow digits, no prefix":   {Query{Subject: "【重要】請求書 2026"}, true},
	"subject of a forward":                {Query{Subject: "Fwd: Re[2]: 【重要】請求書　2026"}, true},
	"part of the subject":                 {Query{Subject: "請求書"}, false},
	"text in the subject":                 {Query{Contains: "請求書 2026"}, true},
	"text in a file's name":               {Query{Contains: "invoice"}, true},
	"text in an address":                  {Query{Contains: "ABE@"}, true},
	"a pattern is no text":                {Query{Contains: "%"}, false},
	"digest of the mail":                  {Query{Digests: []string{digest(1 << 20)}}, true},
	"digest of an attachment":             {Query{Digests: []string{digest(7), digest(1<<20 + 1)}}, true},
	"digest of a file inside, upper case": {Query{Digests: []string{fmt.Sprintf("%064X", 1<<20+3)}}, true},
	"macros":                              {Query{Macros: []string{digest(1<<20 + 3)}}, true},
	"macros as digest":                    {Query{Digests: []string{digest(1<<20 + 3)}}, false},
	"file or macros":                      {Query{Digests: []string{digest(1<<20 + 9)}, Macros: []string{digest(1<<20 + 3)}}, true},
	"file name":                           {Query{Name: "INVOICE.doc"}, true},
	"file name with a folder":             {Query{Name: `C:\mail\請求書.zip`}, true},
	"queue id":                            {Query{QueueID: "4BAD"}, true},
	"quarantine id":                       {Query{Quarantine: "20261123-15var7wq"}, true},
	"client":                              {Query{Client: "2001:db8::25"}, true},
	"account":                             {Query{Account: "sato@EXAMPLE.org"}, true},
	"rule":                                {Query{Rule: "macro-autoexec"}, true},
	"verdict":                             {Query{Verdict: "quarantine"}, true},
	"verdict accept":                      {Query{Verdict: "accept", Sender: "@bad.example.com"}, false},
	"direction":                           {Query{Direction: "in", Rule: "macro-autoexec"}, true},
	"another direction":                   {Query{Direction: "out", Rule: "macro-autoexec"}, false},
	"two keys":                            {Query{Sender: "suzuki@bad.example.com", Recipient: "mori@example.org"}, true},
	"two keys of which one is another's":  {Query{Sender: "suzuki@bad.example.com", Recipient: "r1@example.org"}, false},
	"its time":                            {Query{Rule: "macro-autoexec", Since: epoch, Until: epoch.Add(time.Millisecond)}, true},
	"later":                               {Query{Rule: "macro-autoexec", Since: epoch.Add(time.Millisecond)}, false},
	"earlier":                             {Query{Rule: "macro-autoexec", Until: epoch}, false},
}

// TestEveryKeyFindsItsRecord asks the same of the newest records, which are read one by one, of a chunk's index, and of a joined one.
func TestEveryKeyFindsItsRecord(t *testing.T) {
	for _, place := range []struct {
		name   string
		behind int // records that came after it
		joined bool
	}{{"newest", 10, false}, {"chunk", chunkSize + 10, false}, {"joined", 2 * chunkSize, true}} {
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, Options{})
			r.fill(50)
			r.keep(infected())
			r.fill(place.behind)
			if place.joined {
				must(t, r.join(t.Context(), 0))
			}
			for name, tc := range byKey {
				got := r.found(tc.q)
				got = slices.DeleteFunc(got, func(id string) bool { return id != infected().MessageID })
				if (len(got) == 1) != tc.want {
					t.Errorf("%s: found %d times, want %t", name, len(got), tc.want)
				}
			}
		})
	}
}

// What is asked must never be left out for having nothing in it: the answer may go to a command that deletes.
func TestAQuestionThatIsEmptyInsideIsAnError(t *testing.T) {
	r := newRig(t, Options{})
	r.fill(3)
	for _, q := range []Query{
		{Subject: "Re: "}, {MessageID: "<>"}, {Sender: "@"}, {Recipient: "@"}, {Address: " "}, {Name: "mail/"}, {Contains: " \t"}, {Digests: []string{"", " "}},
		{Subject: "Re:", QueueID: "4Q1"},
	} {
		n := 0
		if err := r.Search(t.Context(), q, func(*Record) bool { n++; return true }); n > 0 {
			t.Errorf("%+v found %d", q, n)
		} else if err == nil && len(q.Digests) == 0 {
			t.Errorf("%+v: no error", q)
		}
	}
}

func TestFoundRecordsAreWhole(t *testing.T) {
	r := newRig(t, Options{})
	r.keep(infected())
	var got []Record
	must(t, r.Search(t.Context(), Query{QueueID: "4BAD"}, func(x *Record) bool { got = append(got, *x); return true }))
	want := infected()
	want.ID = 1
	if diff := cmp.Diff([]Record{want}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheNewestComeFirstAndPagesJoin(t *testing.T) {
	r := newRig(t, Options{})
	const n = 3*chunkSize + 100
	r.fill(n)
	must(t, r.join(t.Context(), 0)) // two sorts of index and the rest
	for name, q := range map[string]Query{
		"all":        {},
		"by key":     {Sender: "s7@example.net"},
		"by text":    {Contains: "order 77"},
		"in a range": {Since: epoch.Add(time.Hour), Until: epoch.Add(2 * time.Hour)},
	} {
		var ids []int64
		must(t, r.Search(t.Context(), q, func(x *Record) bool { ids = append(ids, x.ID); return true }))
		if len(ids) < 4 || !slices.IsSortedFunc(ids, func(a, b int64) int { return int(b - a) }) {
			t.Fatalf("%s: %d records, not the newest first", name, len(ids))
		}
		var paged []int64
		for {
			page := 0
			must(t, r.Search(t.Context(), q, func(x *Record) bool {
				paged, q.Before = append(paged, x.ID), x.ID
				page++
				return page < max(2, len(ids)/3)
			}))
			if page == 0 {
				break
			}
		}
		if diff := cmp.Diff(ids, paged); diff != "" {
			t.Errorf("%s: pages are not the whole: %s", name, diff)
		}
	}
	if got := len(r.found(Query{Since: epoch.Add(time.Hour), Until: epoch.Add(2 * time.Hour)})); got != 3600 {
		t.Errorf("an hour with a mail a second has %d", got)
	}
}

// A list that is longer than a block is found whole, and so are its neighbours.
func TestLongListsAreWhole(t *testing.T) {
	r := newRig(t, Options{})
	for i := range 2*chunkSize + 10 {
		x := ordinary(i)
		x.Subject, x.Rule = "the same", fmt.Sprint("rule", i%3)
		r.Add(x)
		if i%1000 == 0 {
			must(t, r.flush(context.Background()))
		}
	}
	must(t, r.flush(t.Context()))
	for range 2 {
		if n := len(r.found(Query{Subject: "The Same"})); n != 2*chunkSize+10 {
			t.Errorf("%d records", n)
		}
		if n := len(r.found(Query{Subject: "The Same", Rule: "rule1"})); n != (2*chunkSize+10+1)/3 {
			t.Errorf("%d records by two keys", n)
		}
		must(t, r.join(t.Context(), 0))
	}
}

func TestHiddenAddressesAreFoundAndNotKept(t *testing.T) {
	hide := func(a string) string { // as a keyed hash of address and domain apart would
		at := len(a)
		for i := range a {
			if a[i] == '@' {
				at = i
			}
		}
		return fmt.Sprintf("h%d@d%d", len(a[:at])*7, len(a[at:]))
	}
	r := newRig(t, Options{Hide: hide})
	r.keep(infected())
	for name, q := range map[string]Query{
		"sender": {Sender: "Suzuki@bad.example.com"}, "recipient": {Recipient: "abe@example.org"}, "domain": {Sender: "bad.example.com"},
		"either": {Address: "@example.org"}, "account": {Account: "sato@example.org"},
	} {
		if got := r.found(q); len(got) != 1 {
			t.Errorf("%s: found %q", name, got)
		}
	}
	must(t, r.Search(t.Context(), Query{}, func(x *Record) bool {
		if !x.Hidden || x.From == "" || x.From == infected().From || x.MailFrom == infected().MailFrom || x.Rcpts[0].Address == infected().Rcpts[0].Address || x.Account == infected().Account {
			t.Errorf("an address is kept: %+v", x)
		}
		return true
	}))
	if got := r.found(Query{Contains: "suzuki"}); len(got) != 0 {
		t.Errorf("found by a text of a hidden address: %q", got)
	}
}

func TestASearchEndsWithItsContext(t *testing.T) {
	r := newRig(t, Options{})
	r.fill(chunkSize + 100)
	for name, q := range map[string]Query{"one by one": {}, "by index": {Sender: "@example.net"}} {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		err := r.Search(ctx, q, func(*Record) bool {
			if n++; n == 200 {
				cancel()
			}
			return true
		})
		cancel()
		if !errors.Is(err, context.Canceled) || n > 1000 {
			t.Errorf("%s: %d records, %v", name, n, err)
		}
	}
	if n := len(r.found(Query{})); n != chunkSize+100 {
		t.Errorf("afterwards %d are found", n)
	}
}

func TestADamagedRecordIsFoundByWhatIsLeft(t *testing.T) {
	r := newRig(t, Options{})
	r.keep(infected())
	if _, err := r.db.Exec(`UPDATE trace_records SET body = substr(body, 1, length(body) - 3)`); err != nil {
		t.Fatal(err)
	}
	if got := r.found(Query{QueueID: "4BAD"}); len(got) != 1 {
		t.Errorf("found %q", got)
	}
}
