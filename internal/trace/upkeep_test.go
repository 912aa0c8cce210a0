package trace

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"testing"
	"time"
)

// rows counts a table's rows.
func (r *rig) rows(table string) (n int) {
	r.t.Helper()
	must(r.t, r.db.QueryRow(`SELECT count(*) FROM `+table).Scan(&n))
	return n
}

func TestExpiredRecordsGoAndTheirIndexesWithThem(t *testing.T) {
	r := newRig(t, Options{Keep: 24 * time.Hour})
	const n = 3*chunkSize + 500 // one a second
	r.fill(n)
	must(t, r.join(t.Context(), 0))
	first := func() int64 {
		var id sql.NullInt64
		must(t, r.db.QueryRow(`SELECT min(id) FROM trace_records`).Scan(&id))
		return id.Int64
	}
	for _, step := range []struct {
		at            time.Duration // after the first
		first, chunks int64
	}{
		{24 * time.Hour, 1, 3}, // nothing is over yet
		{24*time.Hour + 100*time.Second, 101, 3},
		{24*time.Hour + (chunkSize+10)*time.Second, chunkSize + 11, 2},
		{24*time.Hour + (3*chunkSize+10)*time.Second, 3*chunkSize + 11, 0},
	} {
		r.now = epoch.Add(step.at)
		must(t, r.upkeep(t.Context()))
		if got := first(); got != step.first {
			t.Errorf("after %s the first is %d, want %d", step.at, got, step.first)
		}
		if got := r.rows("trace_chunks"); got != int(step.chunks) {
			t.Errorf("after %s %d chunks, want %d", step.at, got, step.chunks)
		}
		if got := r.rows("trace_index"); (got == 0) != (step.chunks == 0) {
			t.Errorf("after %s %d blocks of %d chunks", step.at, got, step.chunks)
		}
		if got := len(r.found(Query{})); got != n-int(step.first)+1 {
			t.Errorf("after %s %d are found", step.at, got)
		}
		if got := r.found(Query{MessageID: ordinary(int(step.first) - 2).MessageID}); step.first > 1 && len(got) > 0 {
			t.Errorf("after %s what is over is found: %q", step.at, got)
		}
	}
	r.now = epoch.Add(100 * 24 * time.Hour)
	must(t, r.upkeep(t.Context()))
	r.keep(infected())
	if got := r.found(Query{QueueID: "4BAD"}); len(got) != 1 {
		t.Errorf("after everything was over: found %q", got)
	}
}

// An id that an index may still name is not given to another record.
func TestIDsAreNotUsedAgain(t *testing.T) {
	r := newRig(t, Options{})
	r.fill(chunkSize + 10)
	last := r.rows("trace_records")
	if _, err := r.db.Exec(`DELETE FROM trace_records WHERE id >= 100`); err != nil { // as after damage
		t.Fatal(err)
	}
	r.keep(infected())
	must(t, r.Search(t.Context(), Query{QueueID: "4BAD"}, func(x *Record) bool {
		if x.ID < chunkSize {
			t.Errorf("id %d of %d is used again", x.ID, last)
		}
		return true
	}))
}

// A clock that ran ahead for a while keeps nothing for ever.
func TestARecordFromTheFutureGoesWithTheOldest(t *testing.T) {
	r := newRig(t, Options{Keep: 24 * time.Hour})
	ahead := ordinary(0)
	ahead.Time = epoch.AddDate(10, 0, 0)
	r.keep(ordinary(1), ahead, ordinary(2))
	r.now = epoch.Add(25 * time.Hour)
	must(t, r.upkeep(t.Context()))
	if n := r.rows("trace_records"); n != 0 {
		t.Errorf("%d records are left", n)
	}
}

// An attacker who sends and sends pushes out the oldest, and the database does not grow beyond its cap.
func TestTheCapIsKeptByTheOldest(t *testing.T) {
	const most = 4 << 20
	r := newRig(t, Options{MaxBytes: most})
	r.keep(infected())
	for i := range 6 * chunkSize {
		x := ordinary(i)
		x.Subject = fmt.Sprintf("%0300d", i)
		r.Add(x)
		if i%500 == 0 {
			must(t, r.flush(context.Background()))
		}
	}
	must(t, r.flush(t.Context()))
	s, err := r.Stats(t.Context())
	must(t, err)
	if s.Bytes > most+2<<20 { // what comes between two looks
		t.Errorf("%d bytes", s.Bytes)
	}
	if s.Records < chunkSize {
		t.Errorf("only %d records are left", s.Records)
	}
	if got := r.found(Query{QueueID: "4BAD"}); len(got) > 0 {
		t.Error("the oldest is still there")
	}
	if got := r.found(Query{QueueID: ordinary(6*chunkSize - 1).QueueID}); len(got) != 1 {
		t.Errorf("the newest: found %q", got)
	}
}

func TestChunksAreJoinedOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 140,000 records")
	}
	r := newRig(t, Options{})
	r.fill(joinedSize + chunkSize + 10)
	for q, want := range map[string]int{
		`SELECT count(DISTINCT segment) FROM trace_chunks`: 2, `SELECT count(DISTINCT id >> 49) FROM trace_index`: 2,
		`SELECT count(*) FROM trace_chunks WHERE base = 0`: joinedSize / chunkSize,
	} {
		var got int
		if err := r.db.QueryRow(q).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %d, want %d (%v)", q, got, want, err)
		}
	}
	for _, n := range []int{0, 1, chunkSize - 2, chunkSize, 70_000, joinedSize - 2, joinedSize, joinedSize + chunkSize} {
		if got := r.found(Query{MessageID: ordinary(n).MessageID}); len(got) != 1 {
			t.Errorf("record %d: found %q", n, got)
		}
	}
}

func TestClearForgetsEverything(t *testing.T) {
	r := newRig(t, Options{})
	r.fill(chunkSize + 10)
	must(t, r.Clear(t.Context()))
	for _, table := range []string{"trace_records", "trace_chunks", "trace_index"} {
		if n := r.rows(table); n != 0 {
			t.Errorf("%s has %d rows", table, n)
		}
	}
}

// A segment of any numbers gives back what was put in, and only that.
func TestSegmentsGiveBackWhatIsInThem(t *testing.T) {
	r := newRig(t, Options{})
	sets := map[string][]uint64{
		"none":             {},
		"one":              {number(5, 3)},
		"the ends":         {number(0, 0), number(1<<32-1, joinedSize-1)},
		"neighbours":       {number(7, joinedSize-1), number(8, 0), number(8, 1), number(9, 0)},
		"twice":            {number(4, 4), number(4, 4)},
		"a list of blocks": nil,
	}
	for i := range int64(20_000) {
		sets["a list of blocks"] = append(sets["a list of blocks"], number(uint64(i%3)+6, i*5))
	}
	segment := int64(segmentsMax - 8)
	for name, set := range sets {
		segment++
		must(t, r.tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error { return writeSegment(ctx, tx, segment, slices.Clone(set)) }))
		tx, err := r.db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
		must(t, err)
		find, err := newFinder(t.Context(), tx)
		must(t, err)
		for _, hash := range []uint64{0, 3, 4, 5, 6, 7, 8, 9, 10, 1<<32 - 1} {
			var want []int64
			for _, n := range set {
				if n>>recordBits == hash {
					want = append(want, int64(n&(joinedSize-1)))
				}
			}
			slices.Sort(want)
			got, err := find.places(t.Context(), segment, hash)
			must(t, err)
			if !slices.Equal(slices.Compact(want), got) {
				t.Errorf("%s: hash %d: %d places, want %d", name, hash, len(got), len(want))
			}
		}
		find.blocks.Close()
		must(t, tx.Rollback())
	}
}
