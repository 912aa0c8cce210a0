package quarantine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"sekisho/internal/message"
)

func TestOtherProcessesSeeWhatIsHeldBeforeItsRow(t *testing.T) {
	r := newRig(t, Options{})
	r.desk.busy = true // its row does not come: the process was stopped, or killed
	h := held{it: item()}
	h.it.ID = newID(r.clock.now())
	_, err := r.st.DB.Exec(sqlReserve, h.it.ID, statePutting, InStore, r.clock.now().UnixMilli(), r.clock.now().Add(time.Hour).UnixMilli(), h.it.Source, 5000)
	must(t, err)
	other, err := Open(t.Context(), r.st, Options{MinFree: -1, Now: r.clock.now})
	must(t, err)
	if items, err := other.List(t.Context(), Filter{}); err != nil || len(items) != 0 {
		t.Fatalf("a reservation alone: %+v, %v", items, err)
	}
	h.it.State, h.it.Where, h.it.Held, h.it.Expires = StateHeld, InStore, r.clock.now(), r.clock.now().Add(time.Hour)
	raw := r.buffer(mail, 1<<20)
	h.it.Size = raw.Size()
	h.sum, err = digestOf(raw)
	must(t, err)
	h.it.SHA256 = fmt.Sprintf("%x", h.sum)
	h.json, err = marshalItem(h.it)
	must(t, err)
	must(t, r.writeFile(&h, raw))
	for name, look := range map[string]func() (string, error){
		"resolve": func() (string, error) { return other.Resolve(t.Context(), h.it.ID[9:]) },
		"list": func() (string, error) {
			items, err := other.List(t.Context(), Filter{})
			if err != nil || len(items) != 1 {
				return "", errors.Join(errors.New("not one"), err)
			}
			return items[0].ID, nil
		},
	} {
		if id, err := look(); err != nil || id != h.it.ID {
			t.Errorf("%s: %q, %v", name, id, err)
		}
	}
	if b, n := other.Stats(t.Context()); n != nil || b.Messages != 1 || b.Bytes <= int64(len(mail)) {
		t.Errorf("%+v, %v", b, n)
	}
	acts, err := other.Acts(t.Context(), h.it.ID)
	if err != nil || len(acts) != 1 || acts[0].Act != ActHold {
		t.Errorf("%+v, %v", acts, err)
	}
}

// unindexed puts a mail whose row does not come: its process was stopped, or killed, after the reply.
func unindexed(r *rig) (id string) {
	r.Helper()
	r.desk.mu.Lock()
	r.desk.timed = true // and no timer runs
	r.desk.mu.Unlock()
	return r.put(item(), mail)
}

func TestVerifyBesideADaemonWritesTheRowOfAMailOnItsWay(t *testing.T) {
	for _, repair := range []bool{false, true} {
		r := newRig(t, Options{})
		id := unindexed(r)
		other, err := Open(t.Context(), r.st, Options{MinFree: -1, Now: r.clock.now})
		must(t, err)
		if rep, err := other.Verify(t.Context(), repair); err != nil || len(rep.Problems) > 0 || rep.Files != 1 {
			t.Errorf("repair %v: %+v, %v", repair, rep, err)
		}
		acts, err := other.Acts(t.Context(), id)
		if err != nil || len(acts) != 1 || acts[0].Act != ActHold {
			t.Errorf("repair %v: %+v, %v", repair, acts, err)
		}
	}
}

func TestWhoeverWritesTheRowEntersItsReadersOnce(t *testing.T) {
	readers := func(Item) []string { return []string{"postmaster"} }
	r := newRig(t, Options{Notice: readers})
	id := unindexed(r)
	other, err := Open(t.Context(), r.st, Options{MinFree: -1, Now: r.clock.now, Notice: readers})
	must(t, err)
	if _, err := other.List(t.Context(), Filter{}); err != nil {
		t.Fatal(err)
	}
	r.Close(t.Context()) // the daemon's own row comes second
	for table, column := range map[string]string{"notices": "item_id", "acts": "item_id", "items": "id"} {
		var n int
		must(t, r.st.DB.QueryRow(`SELECT count(*) FROM `+table+` WHERE `+column+` = ?`, id).Scan(&n))
		if n != 1 {
			t.Errorf("%d rows in %s", n, table)
		}
	}
}

func TestARowWrittenByOthersGoesWithAFileThatCouldNotBeMadeDurable(t *testing.T) {
	r := newRig(t, Options{})
	id := unindexed(r)
	if _, err := r.Resolve(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	must(t, os.Remove(r.path(id))) // the folder could not be synced, and the renaming was undone
	r.unreserve(id)
	if items, err := r.List(t.Context(), Filter{State: "all"}); err != nil || len(items) > 0 {
		t.Errorf("%+v, %v", items, err)
	}
	if s, err := r.Stats(t.Context()); err != nil || s.Messages != 0 || s.Bytes != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestManyAtOnceAreAllHeldAndCountedOnce(t *testing.T) {
	const puts = 60
	r := newRig(t, Options{SourceShare: 1})
	var wg sync.WaitGroup
	ids := make([]string, puts)
	for i := range puts {
		b := r.buffer(mail, int64(i%2)*1<<20)
		wg.Go(func() {
			var err error
			if ids[i], err = r.Put(t.Context(), item(), b); err != nil {
				t.Error(err)
			}
			if it, err := r.Get(t.Context(), ids[i]); err != nil || it.State != StateHeld {
				t.Errorf("%+v, %v", it, err)
			}
		})
	}
	wg.Wait()
	s, err := r.Stats(t.Context())
	if err != nil || s.Messages != puts || s.Acts[ActHold] != puts {
		t.Errorf("%+v, %v", s, err)
	}
	var bytes int64
	for _, id := range ids {
		fi, err := os.Stat(r.path(id))
		must(t, err)
		bytes += fi.Size()
	}
	if s.Bytes != bytes { // what was reserved is what it takes
		t.Errorf("%d bytes counted, %d on disk", s.Bytes, bytes)
	}
}

func TestDeskTakesNothingAlongThatFails(t *testing.T) {
	r := newRig(t, Options{})
	begin, proceed := make(chan struct{}), make(chan struct{})
	go r.desk.do(context.Background(), func(context.Context, execer) error { close(begin); <-proceed; return nil }) //nolint:errcheck // keeps the desk busy
	<-begin
	insert := func(act string) func(context.Context, execer) error {
		return func(ctx context.Context, tx execer) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO act_counts VALUES (?, 1)`, act)
			return err
		}
	}
	results := map[string]chan error{}
	for name, work := range map[string]func(context.Context, execer) error{
		"fine": insert("fine"), "also fine": insert("also fine"),
		"failed":  func(ctx context.Context, tx execer) error { _, err := tx.ExecContext(ctx, `nonsense`); return err },
		"fault":   func(context.Context, execer) error { panic("of ours") },
		"refused": func(context.Context, execer) error { return &Refused{Cause: "full"} },
	} {
		results[name] = make(chan error, 1)
		r.desk.later(work, func(err error) { results[name] <- err })
	}
	close(proceed)
	for name, c := range results {
		if err := <-c; (err == nil) != (name == "fine" || name == "also fine") || name == "refused" && !errors.Is(err, ErrFull) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s, err := r.Stats(t.Context())
	if err != nil || s.Acts["fine"] != 1 || s.Acts["also fine"] != 1 || len(s.Acts) != 2 {
		t.Errorf("%+v, %v", s.Acts, err)
	}
}

func TestWhoStoppedWaitingReservesNothing(t *testing.T) {
	r := newRig(t, Options{MaxMessages: 1, SourceShare: 1})
	begin, proceed := make(chan struct{}), make(chan struct{})
	go r.desk.do(context.Background(), func(context.Context, execer) error { close(begin); <-proceed; return nil }) //nolint:errcheck // keeps the desk busy
	<-begin
	ctx, cancel := context.WithCancel(t.Context())
	b := r.buffer(mail, 1<<20)
	done := make(chan error, 1)
	go func() { _, err := r.Put(ctx, item(), b); done <- err }()
	for queued := 0; queued == 0; time.Sleep(time.Millisecond) {
		r.desk.mu.Lock()
		queued = len(r.desk.jobs)
		r.desk.mu.Unlock()
	}
	cancel()
	close(proceed)
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	r.put(item(), mail)
}

func TestClosedBufferIsNotHeld(t *testing.T) {
	r := newRig(t, Options{})
	for _, memory := range []int64{0, 1 << 20} {
		b := r.buffer(mail, memory)
		b.Close()
		if id, err := r.Put(t.Context(), item(), b); !errors.Is(err, message.ErrClosed) {
			t.Errorf("%q, %v", id, err)
		}
	}
	if mails, spool := r.files(); len(mails)+len(spool) != 0 {
		t.Errorf("%q, %q", mails, spool)
	}
}
