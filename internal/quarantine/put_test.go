package quarantine

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sekisho/internal/message"
)

func TestPutKeepsBytesAndItem(t *testing.T) {
	contents := map[string]string{
		"an ordinary mail":                  mail,
		"an empty message":                  "",
		"a header alone":                    "Subject: x\r\n",
		"no last line end":                  "Subject: x\r\n\r\nbody",
		"line feeds and NULs":               "Subject: x\n\n\x00\xff\r",
		"a mail that ends like a held file": mail + "SEKISHO\n",
		"a large mail":                      mail + words(20000),
	}
	for name, content := range contents {
		for where, memory := range map[string]int64{"in memory": 1 << 30, "spooled": 0} {
			t.Run(name+" "+where, func(t *testing.T) {
				r := newRig(t, Options{})
				b := r.buffer(content, memory)
				id, err := r.Put(t.Context(), item(), b)
				must(t, err)
				if got := r.raw(id); got != content {
					t.Errorf("raw bytes differ: %d, want %d", len(got), len(content))
				}
				want := item()
				want.ID, want.State, want.Where = id, StateHeld, InStore
				want.Held, want.Expires = r.clock.now(), r.clock.now().Add(30*24*time.Hour)
				want.Size, want.SHA256 = int64(len(content)), digest(content)
				if diff := cmp.Diff(want, r.get(id), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
					t.Error("item (-want +got):\n", diff)
				}
				if mails, spool := r.files(); len(mails) != 1 || len(spool) != 0 {
					t.Errorf("files %q, spool %q", mails, spool)
				}
				var buf bytes.Buffer
				if err := r.Export(t.Context(), id, &buf, by); err != nil || buf.String() != content {
					t.Errorf("export: %d bytes, %v", buf.Len(), err)
				}
				if p := make([]byte, 4); len(content) >= 4 {
					if _, err := b.ReadAt(p, 0); err != nil || string(p) != content[:4] {
						t.Errorf("the buffer cannot be read any more: %q, %v", p, err)
					}
				}
			})
		}
	}
}

func TestEnvelopeThatIsNotUTF8SurvivesExactly(t *testing.T) {
	r := newRig(t, Options{})
	it := item()
	it.Envelope.MailFrom = "caf\xe9@partner.example"
	it.Envelope.Rcpts = []string{"\x83e\x83X\x83g@our.example", "花子@our.example"}
	id := r.put(it, mail)
	if got := r.get(id).Envelope; got.MailFrom != it.Envelope.MailFrom || !cmp.Equal(got.Rcpts, it.Envelope.Rcpts) {
		t.Errorf("envelope from the index: %+v", got)
	}
	f, kept, err := r.openFile(id)
	must(t, err)
	f.Close()
	if got := kept.Envelope; got.MailFrom != it.Envelope.MailFrom || !cmp.Equal(got.Rcpts, it.Envelope.Rcpts) {
		t.Errorf("envelope from the file: %+v", got)
	}
}

func TestHostileItemMakesASmallRow(t *testing.T) {
	r := newRig(t, Options{})
	it := item()
	it.Subject = strings.Repeat("件", 1<<20)
	it.From, it.MessageID, it.Source = it.Subject, it.Subject+"\xff", it.Subject
	a := it.Attachments[0]
	a.Name = it.Subject
	for range 3000 {
		it.Attachments = append(it.Attachments, a)
		it.Verdict.Why = append(it.Verdict.Why, it.Verdict.Why[0])
	}
	id := r.put(it, mail)
	fi, err := os.Stat(r.path(id))
	must(t, err)
	if fi.Size() > 1<<20 {
		t.Errorf("the file has %d bytes", fi.Size())
	}
	if got := r.get(id); len(got.Attachments) != maxAttachments || len(got.Verdict.Why) != maxWhy || !strings.HasSuffix(got.Subject, "件…") {
		t.Errorf("%d attachments, %d findings, subject of %d bytes", len(got.Attachments), len(got.Verdict.Why), len(got.Subject))
	}
}

func TestCapsRefuseWithTheirCause(t *testing.T) {
	other := item()
	other.Source = "bob"
	tests := map[string]struct {
		o     Options
		first []Item
		cause string
	}{
		"total bytes":        {Options{MaxBytes: 3500, SourceShare: 1}, []Item{other, other}, "full"},
		"total messages":     {Options{MaxMessages: 2, SourceShare: 1}, []Item{other, other}, "full"},
		"a source's bytes":   {Options{MaxBytes: 10000, SourceShare: 0.35}, []Item{item(), item()}, "sender"},
		"a source's number":  {Options{MaxMessages: 10}, []Item{item(), item()}, "sender"},
		"free disk":          {Options{MinFree: 1 << 60}, nil, "disk"},
		"another source's":   {Options{MaxMessages: 10}, []Item{other, other}, ""},
		"no cap on messages": {Options{MaxMessages: -1}, []Item{item(), item()}, ""},
		"no cap on a source": {Options{MaxMessages: 10, SourceShare: -1}, []Item{item(), item()}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, tt.o)
			for _, it := range tt.first {
				r.put(it, mail)
			}
			_, err := r.Put(t.Context(), item(), r.buffer(mail, 0))
			if (err != nil) != (tt.cause != "") || err != nil && (!errors.Is(err, ErrFull) || Cause(err) != tt.cause) {
				t.Fatalf("error %v, want cause %q", err, tt.cause)
			}
			want := len(tt.first)
			if tt.cause == "" {
				want++
			}
			if mails, _ := r.files(); len(mails) != want {
				t.Errorf("%d files, want %d", len(mails), want)
			}
			if _, n := r.usage(); n != int64(want) {
				t.Errorf("%d counted, want %d", n, want)
			}
		})
	}
}

func TestConcurrentPutsDoNotPassTheCap(t *testing.T) {
	const limit, puts = 5, 24
	var full atomic.Int64
	r := newRig(t, Options{MaxMessages: limit, SourceShare: 1})
	second, err := Open(t.Context(), r.st, r.opts) // as another process would
	must(t, err)
	var wg sync.WaitGroup
	for i := range puts {
		q := []*Quarantine{r.Quarantine, second}[i%2]
		b := r.buffer(mail, int64(i%2)*1<<20)
		wg.Go(func() {
			if _, err := q.Put(context.Background(), item(), b); errors.Is(err, ErrFull) {
				full.Add(1)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if mails, _ := r.files(); len(mails) != limit || full.Load() != puts-limit {
		t.Errorf("%d held, %d refused; want %d, %d", len(mails), full.Load(), limit, puts-limit)
	}
}

func TestStoreNotWritableHoldsNothing(t *testing.T) {
	tests := map[string]func(*rig){
		"the database is closed": func(r *rig) { r.st.Close() },
		"the index is read-only": func(r *rig) {
			r.st.Index.SetMaxOpenConns(1)
			_, err := r.st.Index.Exec(`PRAGMA query_only = 1`)
			must(r.T, err)
		},
		"the table is gone": func(r *rig) {
			_, err := r.st.DB.Exec(`PRAGMA foreign_keys = 0; DROP TABLE items`)
			must(r.T, err)
		},
		"the quarantine folder is gone": func(r *rig) { must(r.T, os.Remove(r.st.Path(Folder))) },
		"the quarantine folder is a file": func(r *rig) {
			must(r.T, errors.Join(os.Remove(r.st.Path(Folder)), os.WriteFile(r.st.Path(Folder), nil, 0o600)))
		},
		"the spool file is gone": func(r *rig) {
			_, spool := r.files()
			for _, path := range spool {
				must(r.T, os.Remove(path))
			}
		},
		"the spool file is cut": func(r *rig) {
			_, spool := r.files()
			for _, path := range spool {
				must(r.T, os.Truncate(path, 10))
			}
		},
	}
	for name, breakIt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, Options{})
			b := r.buffer(mail, 0)
			breakIt(r)
			id, err := r.Put(t.Context(), item(), b)
			if err == nil || id != "" {
				t.Fatalf("got %q, %v", id, err)
			}
			if errors.Is(err, ErrFull) || Cause(err) != "store" {
				t.Errorf("cause %q of %v, want store", Cause(err), err)
			}
			if mails, _ := r.files(); len(mails) > 0 {
				t.Errorf("left in the quarantine: %q", mails)
			}
		})
	}
}

func TestFullDiskIsACause(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT} {
		err := refuse(&os.PathError{Op: "write", Path: "x", Err: errno})
		if !errors.Is(err, ErrFull) || Cause(err) != "disk" || !errors.Is(err, errno) {
			t.Errorf("%v: cause %q", err, Cause(err))
		}
	}
}

func TestIndexLostAfterTheFileIsDurableStillHolds(t *testing.T) {
	var heard string
	var r *rig
	r = newRig(t, Options{
		Step: func(name string) {
			if name == "dirsync" {
				_, err := r.st.DB.Exec(`ALTER TABLE items RENAME TO away`)
				must(t, err)
			}
		},
		Unindexed: func(id string, err error) { heard = id },
	})
	id := r.put(item(), mail)
	if r.Close(t.Context()); heard != id {
		t.Errorf("Unindexed heard %q, want %q", heard, id)
	}
	if got := r.raw(id); got != mail {
		t.Errorf("raw: %q", got)
	}
	_, err := r.st.DB.Exec(`ALTER TABLE away RENAME TO items`)
	must(t, err)
	if _, err := r.Expire(t.Context(), r.clock.now()); err != nil {
		t.Fatal(err)
	}
	if it := r.get(id); it.State != StateHeld {
		t.Errorf("state %q", it.State)
	}
}

func TestACancelledCallerDoesNotUndoWhatIsDurable(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := newRig(t, Options{Step: func(name string) {
		if name == "renamed" {
			cancel()
		}
	}})
	id, err := r.Put(ctx, item(), r.buffer(mail, 0))
	must(t, err)
	if it := r.get(id); it.State != StateHeld {
		t.Errorf("state %q", it.State)
	}
}

func TestAReservationThatWasAbandonedEnds(t *testing.T) {
	r := newRig(t, Options{MaxMessages: 1, SourceShare: 1})
	if _, err := r.reserve(t.Context(), Item{Where: InStore}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Put(t.Context(), item(), r.buffer(mail, 0)); !errors.Is(err, ErrFull) {
		t.Fatalf("a live reservation does not count: %v", err)
	}
	r.clock.add(reservationLife + time.Second)
	r.put(item(), mail)
}

func TestNoteHoldShowsTheMTAsCommand(t *testing.T) {
	r := newRig(t, Options{})
	id, err := r.NoteHold(t.Context(), item())
	must(t, err)
	it := r.get(id)
	if it.Where != InMTA || MTACommand(it) != "postsuper -H 4ABCDEF" || MTADelete(it) != "postsuper -d 4ABCDEF" {
		t.Errorf("%+v: %q", it, MTACommand(it))
	}
	if _, err := r.Release(t.Context(), id, ReleaseRequest{By: by}); !errors.Is(err, ErrInMTA) {
		t.Errorf("release: %v", err)
	}
	if _, err := r.Raw(t.Context(), id); !errors.Is(err, ErrNotFound) {
		t.Errorf("raw: %v", err)
	}
	rep, err := r.Verify(t.Context(), false)
	if err != nil || !rep.OK() {
		t.Errorf("verify: %+v, %v", rep, err)
	}
	must(t, r.Delete(t.Context(), id, by))
	for _, bad := range []string{"", "ALL", "4A;reboot", "-", strings.Repeat("A", 41), "4A\n"} {
		it.Envelope.QueueID = bad
		if got := MTACommand(it); got != "" {
			t.Errorf("queue id %q: %q", bad, got)
		}
	}
}

func TestFilesOfRootBelongToTheFoldersOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: only root can make files for another user")
	}
	const nobody = 65534
	r := newRig(t, Options{})
	dir := r.st.Dir()
	must(t, r.st.Close())
	must(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, _ error) error { return os.Chown(path, nobody, nobody) }))
	r = reopen(t, r)
	r.put(item(), mail)
	spooled := message.NewBuffer(r.st.Path(SpoolFolder), 0)
	defer spooled.Close()
	spooled.Write([]byte(mail))
	if _, err := r.Put(t.Context(), item(), spooled); err != nil {
		t.Fatal(err)
	}
	n := 0
	must(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, _ error) error {
		fi, err := os.Lstat(path)
		if err == nil && fi.Sys().(*syscall.Stat_t).Uid != nobody {
			t.Errorf("%s is not the owner's", path)
		}
		n++
		return err
	}))
	if n < 9 {
		t.Errorf("only %d files seen", n)
	}
}
