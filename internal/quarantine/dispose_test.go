package quarantine

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func (r *rig) acts(id string) (words []string) {
	r.Helper()
	acts, err := r.Acts(r.Context(), id)
	must(r.T, err)
	for _, a := range acts {
		words = append(words, a.Act)
	}
	return words
}

func TestDeleteLeavesATombstone(t *testing.T) {
	r := newRig(t, Options{})
	id := r.put(item(), mail)
	must(t, r.Delete(t.Context(), id, By{"hanako", "spam"}))
	it := r.get(id)
	if it.State != StateDeleted || it.Subject != "invoice" || it.Envelope.MailFrom != item().Envelope.MailFrom || it.Attachments != nil {
		t.Errorf("tombstone %+v", it)
	}
	acts, err := r.Acts(t.Context(), id)
	must(t, err)
	want := []Act{
		{r.clock.now(), "sekisho", ActHold, "macro-autoexec", nil},
		{r.clock.now(), "hanako", ActDelete, "spam", nil},
	}
	if diff := cmp.Diff(want, acts); diff != "" {
		t.Error(diff)
	}
	if mails, _ := r.files(); len(mails) > 0 {
		t.Errorf("files %q", mails)
	}
	if b, n := r.usage(); b != 0 || n != 0 {
		t.Errorf("%d bytes, %d messages still count", b, n)
	}
	if _, err := r.Raw(t.Context(), id); !errors.Is(err, ErrNotFound) {
		t.Errorf("raw: %v", err)
	}
	if err := r.Delete(t.Context(), id, by); !errors.Is(err, ErrState) {
		t.Errorf("a second delete: %v", err)
	}
	if _, err := r.Release(t.Context(), id, ReleaseRequest{By: by}); !errors.Is(err, ErrState) {
		t.Errorf("release: %v", err)
	}
}

func TestUnknownIDs(t *testing.T) {
	r := newRig(t, Options{})
	var buf bytes.Buffer
	for _, id := range []string{"", "20261123-00000000", "../../../etc/passwd", "x"} {
		_, err1 := r.Get(t.Context(), id)
		_, err2 := r.Raw(t.Context(), id)
		_, err3 := r.Release(t.Context(), id, ReleaseRequest{})
		for i, err := range []error{err1, err2, err3, r.Delete(t.Context(), id, by), r.Export(t.Context(), id, &buf, by)} {
			if !errors.Is(err, ErrNotFound) {
				t.Errorf("%q, call %d: %v", id, i, err)
			}
		}
	}
}

func TestExportIsRecordedBeforeBytesLeave(t *testing.T) {
	r := newRig(t, Options{})
	id := r.put(item(), mail)
	w := writerFunc(func(p []byte) (int, error) {
		if got := r.acts(id); !slices.Contains(got, ActExport) {
			t.Errorf("bytes leave, acts %q", got)
		}
		return 0, errors.New("full")
	})
	if err := r.Export(t.Context(), id, w, by); err == nil {
		t.Error("a failed export is not an error")
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestExpireEndsWhatIsPastItsTimeAndNothingElse(t *testing.T) {
	const day = 24 * time.Hour
	r := newRig(t, Options{Retain: 10 * day, Tombstone: 20 * day})
	old := r.put(item(), mail)
	mta, err := r.NoteHold(t.Context(), item())
	must(t, err)
	r.clock.add(5 * day)
	young := r.put(item(), mail)
	expire := func(want int) {
		t.Helper()
		n, err := r.Expire(t.Context(), r.clock.now())
		if err != nil || n != want {
			t.Errorf("expired %d, %v; want %d", n, err, want)
		}
	}
	r.clock.add(5*day - time.Millisecond)
	expire(0)
	r.clock.add(time.Millisecond)
	expire(2)
	if a, b, c := r.get(old).State, r.get(mta).State, r.get(young).State; a != StateExpired || b != StateExpired || c != StateHeld {
		t.Errorf("states %s, %s, %s", a, b, c)
	}
	if mails, _ := r.files(); len(mails) != 1 {
		t.Errorf("files %q", mails)
	}
	if got := r.acts(old); !cmp.Equal(got, []string{ActHold, ActExpire}) {
		t.Errorf("acts %q", got)
	}
	r.clock.add(20*day - time.Millisecond)
	expire(1)
	if got := r.acts(old); len(got) != 2 {
		t.Errorf("acts were dropped before the tombstone: %q", got)
	}
	r.clock.add(time.Millisecond)
	expire(0)
	if _, err := r.Get(t.Context(), old); !errors.Is(err, ErrNotFound) {
		t.Errorf("the tombstone is still there: %v", err)
	}
	if got := r.acts(old); len(got) != 0 {
		t.Errorf("acts without a tombstone: %q", got)
	}
}

func TestExpireEndsMoreThanABatch(t *testing.T) {
	r := newRig(t, Options{Retain: time.Hour, SourceShare: 1})
	const n = 2*expireBatch + 1
	for range n {
		if _, err := r.NoteHold(t.Context(), item()); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := r.Expire(t.Context(), r.clock.now().Add(time.Hour)); got != n || err != nil {
		t.Errorf("expired %d, %v", got, err)
	}
	if b, m := r.usage(); b != 0 || m != 0 {
		t.Errorf("%d bytes, %d messages still count", b, m)
	}
	var sources int
	must(t, r.st.DB.QueryRow(`SELECT count(*) FROM usage WHERE kind = 'source'`).Scan(&sources))
	if sources != 0 {
		t.Errorf("%d empty counters remain", sources)
	}
}

func TestReleasedMailExpiresEarlier(t *testing.T) {
	rel := newRelay(t, true)
	r := with(t, rel, Options{KeepReleased: time.Hour})
	id := r.put(item(), mail)
	r.release(id, ReleaseRequest{})
	r.clock.add(time.Hour)
	if n, err := r.Expire(t.Context(), r.clock.now()); n != 1 || err != nil {
		t.Errorf("expired %d, %v", n, err)
	}
	if it := r.get(id); it.State != StateExpired || len(it.Released) != 2 {
		t.Errorf("%s, released to %q", it.State, it.Released)
	}
}

func TestListPagesNewestFirst(t *testing.T) {
	r := newRig(t, Options{})
	var want []string
	for i := range 7 {
		it := item()
		it.Subject = fmt.Sprint(i)
		want = append([]string{r.put(it, mail)}, want...)
		r.clock.add(time.Duration(i%2) * time.Second) // some are held at the same moment
	}
	must(t, r.Delete(t.Context(), want[3], by))
	page := func(f Filter) (ids []string) {
		t.Helper()
		for {
			items, err := r.List(t.Context(), f)
			must(t, err)
			for _, it := range items {
				ids = append(ids, it.ID)
			}
			if len(items) < f.Limit || f.Limit == 0 {
				return ids
			}
			f.Before = &items[len(items)-1]
		}
	}
	all, held := page(Filter{State: "all"}), page(Filter{})
	if len(all) != 7 || len(held) != 6 || slices.Contains(held, want[3]) {
		t.Fatalf("all %d, held %d", len(all), len(held))
	}
	for _, limit := range []int{1, 2, 3, 7, 100} {
		if got := page(Filter{State: "all", Limit: limit}); !cmp.Equal(got, all) {
			t.Errorf("pages of %d: %q, want %q", limit, got, all)
		}
	}
	if got := page(Filter{State: StateDeleted}); !cmp.Equal(got, want[3:4]) {
		t.Errorf("deleted: %q", got)
	}
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(a, b string) int { return r.get(b).Held.Compare(r.get(a).Held) })
	for i := range all {
		if !r.get(all[i]).Held.Equal(r.get(sorted[i]).Held) {
			t.Errorf("not newest first: %q", all)
		}
	}
}

func TestStats(t *testing.T) {
	r := newRig(t, Options{MaxBytes: 1 << 20, MaxMessages: 10})
	s, err := r.Stats(t.Context())
	must(t, err)
	if !s.Oldest.IsZero() || s.Messages != 0 {
		t.Errorf("of an empty quarantine: %+v", s)
	}
	oldest := r.clock.now()
	id := r.put(item(), mail)
	r.clock.add(time.Hour)
	gone := r.put(item(), mail)
	must(t, r.Delete(t.Context(), gone, by))
	s, err = r.Stats(t.Context())
	must(t, err)
	fi, err := os.Stat(r.path(id))
	must(t, err)
	want := Stats{1, fi.Size(), 10, 1 << 20, oldest, map[string]int64{ActHold: 2, ActDelete: 1}, 0}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Error(diff)
	}
}

func TestExportSaysThatTheMTAHasTheMessage(t *testing.T) {
	r := newRig(t, Options{})
	id, err := r.NoteHold(t.Context(), item())
	must(t, err)
	if err := r.Export(t.Context(), id, io.Discard, by); !errors.Is(err, ErrInMTA) {
		t.Errorf("got %v", err)
	}
}
