package quarantine

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sekisho/internal/store"
)

func (r *rig) verify(repair bool) *Report {
	r.Helper()
	rep, err := r.Verify(r.Context(), repair)
	if err != nil {
		r.Fatal(err)
	}
	return rep
}

func kinds(rep *Report) (ks []string) {
	for _, p := range rep.Problems {
		ks = append(ks, p.Kind)
	}
	return ks
}

func TestVerifyFindsAndRepairs(t *testing.T) {
	remove := func(table string) func(*rig, string) {
		return func(r *rig, id string) {
			_, err := r.st.DB.Exec(`DELETE FROM ` + table)
			must(r.T, err)
		}
	}
	edit := func(f func(path string) error) func(*rig, string) {
		return func(r *rig, id string) { must(r.T, f(r.path(id))) }
	}
	tests := map[string]struct {
		breakIt  func(*rig, string)
		kinds    []string
		repaired bool
		after    string // state of the row afterwards, "" for none
		raw      bool   // the message can still be read
	}{
		"nothing":                {func(*rig, string) {}, nil, true, StateHeld, true},
		"the row is gone":        {remove("items"), []string{NoRow}, true, StateHeld, true},
		"the file is gone":       {edit(os.Remove), []string{NoFile}, true, StateLost, false},
		"the file is cut":        {edit(func(p string) error { return os.Truncate(p, 100) }), []string{Damaged}, false, StateHeld, false},
		"the file is empty":      {edit(func(p string) error { return os.Truncate(p, 0) }), []string{Damaged}, false, StateHeld, false},
		"the content is changed": {func(r *rig, id string) { flip(r.T, r.path(id), 3) }, []string{Damaged}, false, StateHeld, true},
		"row gone, content changed": {func(r *rig, id string) { remove("items")(r, id); flip(r.T, r.path(id), 3) },
			[]string{Damaged}, false, "", true},
		"a file of something deleted": {func(r *rig, id string) {
			b, err := os.ReadFile(r.path(id))
			must(r.T, errors.Join(err, r.Delete(r.Context(), id, by), os.WriteFile(r.path(id), b, 0o600)))
		}, []string{Gone}, true, StateDeleted, false},
		"a file under another's name": {edit(func(p string) error {
			return os.Rename(p, filepath.Join(filepath.Dir(p), "20200101-000000"+filepath.Base(filepath.Dir(p))+".mail"))
		}), []string{Damaged, NoFile}, false, StateLost, false},
		"a file in another folder": {edit(func(p string) error {
			other := filepath.Join(filepath.Dir(filepath.Dir(p)), "!!")
			return errors.Join(os.Mkdir(other, 0o700), os.Rename(p, filepath.Join(other, filepath.Base(p))))
		}), []string{Foreign, NoFile}, false, StateLost, false},
		"a pipe in its place": {edit(func(p string) error { return errors.Join(os.Remove(p), syscall.Mkfifo(p, 0o600)) }), []string{Foreign}, false, StateHeld, false},
		"a link in its place": {edit(func(p string) error { return errors.Join(os.Rename(p, p+".x"), os.Symlink(p+".x", p)) }),
			[]string{Foreign, Foreign}, false, StateHeld, false},
		"a folder in its place": {edit(func(p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o700)) }), []string{Foreign}, false, StateHeld, false},
		"rubbish beside the folders": {func(r *rig, id string) { must(r.T, os.WriteFile(r.st.Path(Folder, "notes.txt"), nil, 0o600)) },
			[]string{Foreign}, false, StateHeld, true},
		"an old file in the spool": {func(r *rig, id string) {
			path := r.st.Path(SpoolFolder, "spool-1")
			old := r.clock.now().Add(-time.Hour)
			must(r.T, errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, old, old)))
		}, []string{Leftover}, false, StateHeld, true},
		"a reservation of a process that died": {func(r *rig, id string) {
			_, err := r.reserve(r.Context(), Item{Where: InStore}, nil)
			must(r.T, err)
			r.clock.add(2 * reservationLife)
		}, []string{Abandoned}, true, StateHeld, true},
		"a reservation of a process at work": {func(r *rig, id string) {
			_, err := r.reserve(r.Context(), Item{Where: InStore}, nil)
			must(r.T, err)
		}, nil, true, StateHeld, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, Options{})
			id := r.put(item(), mail)
			before := r.get(id)
			tt.breakIt(r, id)
			rep := r.verify(false)
			if diff := cmp.Diff(tt.kinds, kinds(rep), cmpopts.SortSlices(func(a, b string) bool { return a < b })); diff != "" {
				t.Fatalf("found (-want +got):\n%s\n%+v", diff, rep.Problems)
			}
			rep = r.verify(true)
			if rep.OK() != tt.repaired {
				t.Errorf("repaired %v: %+v", rep.OK(), rep.Problems)
			}
			if tt.repaired && len(tt.kinds) > 0 && tt.kinds[0] != Abandoned {
				if again := r.verify(false); len(again.Problems) > 0 {
					t.Errorf("still there: %+v", again.Problems)
				}
			}
			it, err := r.Get(t.Context(), id)
			if it.State != tt.after || err != nil && !errors.Is(err, ErrNotFound) {
				t.Errorf("state %q, %v; want %q", it.State, err, tt.after)
			}
			if tt.after == StateHeld {
				if diff := cmp.Diff(before, it, cmpopts.EquateComparable(it.Envelope.ClientIP)); diff != "" {
					t.Error("the item changed:\n", diff)
				}
			}
			rc, err := r.Raw(t.Context(), id)
			if (err == nil) != tt.raw {
				t.Errorf("raw: %v", err)
			}
			if err == nil {
				rc.Close()
			}
		})
	}
}

func TestALostMailThatComesBackIsHeldAgain(t *testing.T) {
	r := newRig(t, Options{})
	id := r.put(item(), mail)
	must(t, os.Rename(r.path(id), r.path(id)+".away"))
	if got := kinds(r.verify(true)); !cmp.Equal(got, []string{Foreign, NoFile}) {
		t.Fatalf("found %q", got)
	}
	must(t, os.Rename(r.path(id)+".away", r.path(id)))
	if got := kinds(r.verify(true)); !cmp.Equal(got, []string{NoRow}) {
		t.Fatalf("found %q", got)
	}
	if it := r.get(id); it.State != StateHeld || r.raw(id) != mail {
		t.Errorf("state %s", it.State)
	}
	if b, n := r.usage(); b == 0 || n != 1 {
		t.Errorf("%d bytes, %d messages count", b, n)
	}
	if got := r.acts(id); !cmp.Equal(got, []string{ActHold, ActRepair, ActRepair}) {
		t.Errorf("acts %q", got)
	}
}

func TestTheIndexIsRebuiltFromTheFolderAlone(t *testing.T) {
	r := newRig(t, Options{})
	want := map[string]Item{}
	for range 20 {
		id := r.put(item(), mail)
		want[id] = r.get(id)
	}
	bytesBefore, n := r.usage()
	must(t, r.st.Close())
	for _, name := range []string{store.DatabaseName, store.DatabaseName + "-wal", store.DatabaseName + "-shm"} {
		if err := os.Remove(r.st.Path(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	r = reopen(t, r)
	rep, err := r.Reconcile(t.Context())
	if err != nil || len(rep.Problems) != 20 || !rep.OK() {
		t.Fatalf("%+v, %v", rep, err)
	}
	for id, it := range want {
		if diff := cmp.Diff(it, r.get(id), cmpopts.EquateComparable(it.Envelope.ClientIP)); diff != "" {
			t.Error(diff)
		}
	}
	if b, m := r.usage(); b != bytesBefore || m != n {
		t.Errorf("%d bytes, %d messages; want %d, %d", b, m, bytesBefore, n)
	}
}

func TestVerifyBesideAPutDoesNotDisturbIt(t *testing.T) {
	var other *Quarantine
	r := newRig(t, Options{Step: func(name string) {
		if rep, err := other.Verify(t.Context(), true); err != nil || !rep.OK() {
			t.Errorf("at %s: %+v, %v", name, rep, err)
		}
	}})
	other, err := Open(t.Context(), r.st, Options{MinFree: -1, Now: r.clock.now}) // as another process would
	must(t, err)
	id := r.put(item(), mail)
	if it := r.get(id); it.State != StateHeld {
		t.Errorf("state %s", it.State)
	}
	if b, n := r.usage(); n != 1 || b == 0 {
		t.Errorf("%d bytes, %d messages", b, n)
	}
}

func TestAFolderFullOfRubbishMakesAShortReport(t *testing.T) {
	rep := &Report{}
	for range maxProblems + 5 {
		rep.add(Problem{Kind: Foreign, Repaired: true})
	}
	if len(rep.Problems) != maxProblems || rep.More != 5 || rep.OK() {
		t.Errorf("%d problems, %d more, ok %v", len(rep.Problems), rep.More, rep.OK())
	}
}

func TestVerifyWithoutADatabaseIsAnError(t *testing.T) {
	r := newRig(t, Options{})
	r.put(item(), mail)
	r.st.Close()
	if _, err := r.Verify(t.Context(), true); err == nil {
		t.Error("no error")
	}
	if mails, _ := r.files(); len(mails) != 1 {
		t.Errorf("files %q", mails)
	}
}

func TestEmptySpool(t *testing.T) {
	r := newRig(t, Options{})
	for _, name := range []string{"spool-1", "x.tmp"} {
		must(t, os.WriteFile(r.st.Path(SpoolFolder, name), nil, 0o600))
	}
	outside := filepath.Join(t.TempDir(), "outside")
	must(t, errors.Join(os.WriteFile(outside, nil, 0o600), os.Symlink(outside, r.st.Path(SpoolFolder, "link")),
		os.Mkdir(r.st.Path(SpoolFolder, "folder"), 0o700)))
	if n, err := r.EmptySpool(); n != 3 || err != nil {
		t.Errorf("removed %d, %v", n, err)
	}
	if _, err := os.Stat(outside); err != nil {
		t.Error("a link was followed:", err)
	}
}

func TestSweepSpoolLeavesMailsInWork(t *testing.T) {
	r := newRig(t, Options{})
	old := time.Now().Add(-2 * sweepAfter)
	for name, f := range map[string]struct {
		content string
		at      time.Time
	}{"emptied": {"", old}, "made now": {"", time.Now()}, "long in work": {"a mail", old}} {
		path := r.st.Path(SpoolFolder, name)
		must(t, errors.Join(os.WriteFile(path, []byte(f.content), 0o600), os.Chtimes(path, f.at, f.at)))
	}
	if n, err := r.SweepSpool(); n != 1 || err != nil {
		t.Errorf("removed %d, %v", n, err)
	}
	for name, want := range map[string]bool{"emptied": false, "made now": true, "long in work": true} {
		if _, err := os.Stat(r.st.Path(SpoolFolder, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
