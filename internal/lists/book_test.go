package lists

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/store"
)

func openDB(t *testing.T, dir string) *sql.DB {
	t.Helper()
	st, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	db, err := st.Database(t.Context(), store.Memory)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func openBook(t *testing.T, dir string) *Book {
	t.Helper()
	b, err := OpenBook(t.Context(), openDB(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// allowing is a good entry.
func allowing() Entry {
	return Entry{Use: Allow, Type: Macro, Value: strings.ToUpper(hashA), Sender: "Sato@Partner.example", Rcpt: "@example.org",
		Owner: "mori", Reason: "the order form", Expires: now.AddDate(0, 0, 90)}
}

func TestEntriesAreKeptAndListed(t *testing.T) {
	dir := t.TempDir()
	b := openBook(t, dir)
	added, err := b.Add(t.Context(), allowing(), now, false)
	want := Entry{ID: 1, Use: Allow, Type: Macro, Value: hashA, Sender: "sato@partner.example", Rcpt: "@example.org", Owner: "mori", Reason: "the order form",
		Made: now, Expires: now.AddDate(0, 0, 90)}
	if d := cmp.Diff(want, added); err != nil || d != "" {
		t.Fatalf("%v\n%s", err, d)
	}
	if _, err := b.Add(t.Context(), allowing(), now, false); !errors.Is(err, ErrKnown) {
		t.Errorf("the same again: %v", err)
	}
	again := allowing()
	again.Reason = "another year"
	if _, err := b.Add(t.Context(), again, now.AddDate(0, 1, 0), true); err != nil {
		t.Fatal(err)
	}
	list, err := openBook(t, dir).List(t.Context(), Allow)
	if err != nil || len(list) != 1 || list[0].ID != 1 || list[0].Reason != "another year" {
		t.Errorf("%v %+v", err, list)
	}
	if _, err := b.Remove(t.Context(), Block, 1); !errors.Is(err, ErrNone) {
		t.Errorf("removed through the other list: %v", err)
	}
	if _, err := b.Remove(t.Context(), Allow, 1); err != nil {
		t.Error(err)
	}
	if _, err := b.Remove(t.Context(), Allow, 1); !errors.Is(err, ErrNone) {
		t.Errorf("removed twice: %v", err)
	}
}

func TestEntriesThatAreRefused(t *testing.T) {
	b := openBook(t, t.TempDir())
	for name, tc := range map[string]struct {
		change func(e *Entry)
		want   error
	}{
		"nobody answers":        {func(e *Entry) { e.Owner = " \n" }, ErrOwner},
		"no reason":             {func(e *Entry) { e.Reason = "\x00" }, ErrReason},
		"a whole sender":        {func(e *Entry) { e.Value = "" }, ErrMacro},
		"a file by its hash":    {func(e *Entry) { e.Type = SHA256 }, ErrMacro},
		"a sender's address":    {func(e *Entry) { e.Type, e.Value = Address, "sato@partner.example" }, ErrMacro},
		"any sender":            {func(e *Entry) { e.Sender = "*" }, ErrSender},
		"no sender":             {func(e *Entry) { e.Sender = "" }, ErrSender},
		"a domain of everybody": {func(e *Entry) { e.Sender = "@gmail.com" }, ErrStranger},
		"a public suffix":       {func(e *Entry) { e.Sender = "@co.jp" }, ErrBroad},
		"any recipient":         {func(e *Entry) { e.Rcpt = "" }, ErrRcpt},
		"half a fingerprint":    {func(e *Entry) { e.Value = hashA[:32] }, ErrForm},
		"no end":                {func(e *Entry) { e.Expires = time.Time{} }, ErrExpiry},
		"an end in the past":    {func(e *Entry) { e.Expires = now.Add(-time.Hour) }, ErrExpiry},
		"an end far away":       {func(e *Entry) { e.Expires = now.AddDate(2, 0, 0) }, ErrExpiry},
	} {
		e := allowing()
		tc.change(&e)
		if _, err := b.Add(t.Context(), e, now, false); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := b.Add(t.Context(), Entry{Use: Block, Type: Auto, Value: "com", Owner: "a", Reason: "b"}, now, false); err == nil {
		t.Error("a top-level domain is blocked")
	}
	if list, err := b.List(t.Context(), Allow); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
}

func TestAllowedIsExact(t *testing.T) {
	b := openBook(t, t.TempDir())
	if _, err := b.Add(t.Context(), allowing(), now, false); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		macro, sender, rcpt string
		at                  time.Time
		want                bool
	}{
		"as entered":              {hashA, "sato@partner.example", "mori@example.org", now, true},
		"in other letters":        {hashA, "SATO@PARTNER.example", "Mori@EXAMPLE.org", now, true},
		"another macro":           {hashB, "sato@partner.example", "mori@example.org", now, false},
		"no macro":                {"", "sato@partner.example", "mori@example.org", now, false},
		"another sender":          {hashA, "abe@partner.example", "mori@example.org", now, false},
		"a tag on the sender":     {hashA, "sato+x@partner.example", "mori@example.org", now, false},
		"a domain that ends so":   {hashA, "x@sato@partner.example", "mori@example.org", now, false},
		"another recipient":       {hashA, "sato@partner.example", "mori@example.com", now, false},
		"a recipient's subdomain": {hashA, "sato@partner.example", "mori@sub.example.org", now, false},
		"a recipient without one": {hashA, "sato@partner.example", "@example.org", now, false},
		"after its end":           {hashA, "sato@partner.example", "mori@example.org", now.AddDate(0, 0, 91), false},
	} {
		if got := b.Allowed(tc.macro, tc.sender, tc.rcpt, tc.at) != nil; got != tc.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestAnotherProcessSeesTheChange(t *testing.T) {
	dir := t.TempDir()
	mine, other := openBook(t, dir), openBook(t, dir)
	e, err := other.Add(t.Context(), Entry{Use: Block, Value: "bad.example", Owner: "a", Reason: "b"}, now, false)
	if err != nil {
		t.Fatal(err)
	}
	l, err := Open(t.Context(), Options{Book: mine})
	if err != nil {
		t.Fatal(err)
	}
	if has(t, l, Domain, "www.bad.example") {
		t.Error("the process knows before it asks: the test proves nothing")
	}
	if err := mine.Refresh(t.Context()); err != nil || !has(t, l, Domain, "www.bad.example") || !l.Wants(Domain) {
		t.Errorf("the entry of the other process is not in force (%v)", err)
	}
	if _, err := other.Remove(t.Context(), Block, e.ID); err != nil {
		t.Fatal(err)
	}
	if err := mine.Refresh(t.Context()); err != nil || has(t, l, Domain, "www.bad.example") {
		t.Errorf("what the other process removed is in force (%v)", err)
	}
}

func TestRunAsksForChanges(t *testing.T) {
	dir := t.TempDir()
	mine, other := openBook(t, dir), openBook(t, dir)
	done := make(chan struct{})
	go func() {
		defer close(done)
		mine.Run(t.Context(), func(err error) { t.Error(err) })
	}()
	if _, err := other.Add(t.Context(), allowing(), now, false); err != nil {
		t.Fatal(err)
	}
	for mine.Allowed(hashA, "sato@partner.example", "a@example.org", now) == nil {
		time.Sleep(10 * time.Millisecond) // until the test's own end
	}
}

func TestAnEntryThatBlocksEnds(t *testing.T) {
	b := openBook(t, t.TempDir())
	for _, e := range []Entry{
		{Value: "192.0.2.0/24", Expires: now.Add(time.Hour)}, {Type: Macro, Value: hashA}, {Value: "@bad.example"}, {Value: "http://worse.example/x"},
	} {
		e.Owner, e.Reason = "a", "b"
		if _, err := b.Add(t.Context(), e, now, false); err != nil {
			t.Fatal(err)
		}
	}
	network := []Item{{IP, "192.0.2.0/24"}}
	if b.blocked(network, now) == nil || b.blocked(network, now.Add(2*time.Hour)) != nil {
		t.Error("an entry does not end, or does not begin")
	}
	if e := b.blocked([]Item{{Macro, hashA}}, now); e == nil || e.ID != 2 {
		t.Errorf("%+v", e)
	}
}

func TestABrokenDatabaseLeavesTheEntriesInForce(t *testing.T) {
	db := openDB(t, t.TempDir())
	b, err := OpenBook(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Add(t.Context(), allowing(), now, false); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`DROP TABLE list_generation`); err != nil {
		t.Fatal(err)
	}
	if err := b.refreshed(t.Context()); err == nil {
		t.Error("no error")
	}
	if b.Allowed(hashA, "sato@partner.example", "a@example.org", now) == nil {
		t.Error("the entry is gone")
	}
}

// TestABlockedNetworkIsLookedUp: an entry by hand for a network counts for each address in it, also where no list in a file has networks.
func TestABlockedNetworkIsLookedUp(t *testing.T) {
	b := openBook(t, t.TempDir())
	l, err := Open(t.Context(), Options{Book: b})
	if err != nil {
		t.Fatal(err)
	}
	if !l.Empty() || l.Wants(IP) {
		t.Error("a book without entries costs look-ups")
	}
	for _, value := range []string{"192.0.2.0/24", "2001:db8::/32"} {
		if _, err := b.Add(t.Context(), Entry{Use: Block, Value: value, Owner: "a", Reason: "b"}, now, false); err != nil {
			t.Fatal(err)
		}
	}
	for addr, want := range map[string]bool{"192.0.2.77": true, "192.0.3.1": false, "2001:db8::1": true, "2001:db9::1": false} {
		if has(t, l, IP, addr) != want {
			t.Errorf("%s: %t", addr, !want)
		}
	}
	if l.Empty() || !l.Wants(IP) || l.Wants(Domain) {
		t.Error("what the book has is not looked up, or what it has not is")
	}
}

func TestAllowsNamesTheMacro(t *testing.T) {
	b := openBook(t, t.TempDir())
	if _, err := b.Add(t.Context(), allowing(), now, false); err != nil {
		t.Fatal(err)
	}
	if !b.Allows(hashA, now) || !b.Allows(strings.ToUpper(hashA), now) || b.Allows(hashB, now) || b.Allows("", now) {
		t.Error("another macro is allowed, or the one that is, is not")
	}
	if b.Allows(hashA, now.AddDate(0, 0, 91)) {
		t.Error("an entry that ended still vouches for a macro that is sent to many")
	}
}

// TestTheBookIsFull: BookMax entries, and a machine that writes on.
func TestTheBookIsFull(t *testing.T) {
	db := openDB(t, t.TempDir())
	b, err := OpenBook(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < ?) INSERT INTO list_entries (use, type, value, sender, rcpt, owner, reason, made, expires)
		SELECT 'block', 'domain', i || '.bad.example', '', '', 'a', 'b', 1, 0 FROM n`, BookMax-1); err != nil {
		t.Fatal(err)
	}
	last := Entry{Use: Block, Value: "last.example", Owner: "a", Reason: "b"}
	if _, err := b.Add(t.Context(), last, now, false); err != nil {
		t.Errorf("the last one: %v", err)
	}
	last.Value = "more.example"
	if _, err := b.Add(t.Context(), last, now, false); !errors.Is(err, ErrFull) {
		t.Errorf("one more: %v", err)
	}
}

// TestEntriesOfANewerVersionArePassedOver: a database that was in use by a later release, with a type that this one does not know.
func TestEntriesOfANewerVersionArePassedOver(t *testing.T) {
	db := openDB(t, t.TempDir())
	for _, kind := range []string{"sha512", "domain"} {
		if _, err := db.Exec(`INSERT INTO list_entries (use, type, value, sender, rcpt, owner, reason, made, expires) VALUES ('block', ?, 'bad.example', '', '', 'a', 'b', 1795424400, 0)`, kind); err != nil {
			t.Fatal(err)
		}
	}
	b, err := OpenBook(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if all, err := b.List(t.Context(), Block); err != nil || len(all) != 1 || all[0].Type != Domain || !all[0].Made.Equal(now) {
		t.Errorf("%v %+v", err, all)
	}
}

func TestALockedDatabaseIsSaidPlainly(t *testing.T) {
	dir := t.TempDir()
	db := openDB(t, dir)
	b, err := OpenBook(t.Context(), openDB(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.db.Exec(`PRAGMA busy_timeout = 10`); err != nil {
		t.Fatal(err)
	}
	b.db.SetMaxOpenConns(1) // the one with the short time
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec(`UPDATE list_generation SET n = n + 1`); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Add(t.Context(), allowing(), now, false); err == nil || !strings.Contains(err.Error(), "busy: try again") {
		t.Errorf("%v", err)
	}
}

// TestRunTellsAFailureOnce: until it works again.
func TestRunTellsAFailureOnce(t *testing.T) {
	db := openDB(t, t.TempDir())
	b, err := OpenBook(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`ALTER TABLE list_generation RENAME TO away`); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*everyLook+everyLook/2)
	defer cancel()
	told := 0
	if b.Run(ctx, func(error) { told++ }); told != 1 {
		t.Errorf("told %d times", told)
	}
}

// TestTextsOfAnEntryAreShortAndPrintable: cut at a character's edge.
func TestTextsOfAnEntryAreShortAndPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"  the order\r\n\tform \x7f ": "the order form", strings.Repeat("a", ownerMax): strings.Repeat("a", ownerMax), strings.Repeat("a", ownerMax+1): strings.Repeat("a", ownerMax),
		"a" + strings.Repeat("é", ownerMax): "a" + strings.Repeat("é", (ownerMax-1)/2), "a\xffb": "a\uFFFDb",
	} {
		if got := cut(in, ownerMax); got != want {
			t.Errorf("%.40q: %q", in, got)
		}
	}
}
