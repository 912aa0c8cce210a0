package quarantine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sekisho/internal/store"
)

// Problem is one disagreement between folder and index. Kinds are ProblemKinds.
type Problem struct {
	Kind     string `json:"kind"`
	ID       string `json:"id,omitempty"`
	Path     string `json:"path"` // within the state folder
	Detail   string `json:"detail,omitempty"`
	Repaired bool   `json:"repaired"`
}

// The kinds of Problem.
const (
	NoRow     = "no-row"    // a whole file without a row; repaired by writing the row
	NoFile    = "no-file"   // a row without its file; repaired by the state "lost"
	Damaged   = "damaged"   // a file that is cut or changed; left alone, for a person to look at
	Gone      = "gone"      // a file whose row says that it ended; repaired by removing it
	Foreign   = "foreign"   // something in the folder that is not ours; left alone
	Leftover  = "leftover"  // a file in the spool folder; removed by EmptySpool when the daemon starts
	Abandoned = "abandoned" // a reservation whose Put never ended; the next Put removes it
)

// Report is what Verify and Reconcile found.
type Report struct {
	Files    int       `json:"files"`
	Rows     int       `json:"rows"`
	Problems []Problem `json:"problems"`
	More     int       `json:"more"` // problems beyond maxProblems, counted only
}

// maxProblems bounds a report: a folder full of rubbish is one trouble, not a million lines.
const maxProblems = 10_000

func (r *Report) add(p Problem) {
	if len(r.Problems) >= maxProblems {
		r.More++
		return
	}
	r.Problems = append(r.Problems, p)
}

// OK reports whether folder and index agreed, or do now.
func (r *Report) OK() bool {
	for _, p := range r.Problems {
		if !p.Repaired {
			return false
		}
	}
	return r.More == 0
}

// Verify compares folder and index, reads every held message and checks its digest; with repair it puts right what it can. It is safe
// beside a running daemon.
func (q *Quarantine) Verify(ctx context.Context, repair bool) (*Report, error) {
	return q.compare(ctx, verifier{q: q, repair: repair, content: true, who: "verify"})
}

// Reconcile puts folder and index in agreement without reading the messages: what a daemon does when it starts.
func (q *Quarantine) Reconcile(ctx context.Context) (*Report, error) {
	return q.compare(ctx, verifier{q: q, repair: true, who: "start"})
}

type verifier struct {
	q       *Quarantine
	repair  bool
	content bool
	who     string
	report  *Report
}

func (q *Quarantine) compare(ctx context.Context, v verifier) (*Report, error) {
	q.desk.settled(ctx)
	v.report = &Report{}
	err := v.folder(ctx)
	if err == nil {
		err = v.rows(ctx)
	}
	if err == nil {
		err = v.spool()
	}
	if err != nil {
		err = fmt.Errorf("quarantine: verify: %w", err)
	}
	return v.report, err
}

// folder goes through quarantine/ab/ID.mail; it goes no deeper, whatever lies there.
func (v *verifier) folder(ctx context.Context) error {
	root := v.q.st.Path(Folder)
	return entries(root, func(d fs.DirEntry) error {
		if !d.IsDir() || len(d.Name()) != 2 {
			v.report.add(Problem{Kind: Foreign, Path: filepath.Join(Folder, d.Name())})
			return nil
		}
		return entries(filepath.Join(root, d.Name()), func(f fs.DirEntry) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return v.file(ctx, d.Name(), f)
		})
	})
}

// entryBatch is how many names are read at a time, so that memory does not grow with the folder.
const entryBatch = 256

func entries(dir string, f func(fs.DirEntry) error) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	for {
		es, err := d.ReadDir(entryBatch)
		for _, e := range es {
			if err := f(e); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// file judges one name of the folder.
func (v *verifier) file(ctx context.Context, dir string, d fs.DirEntry) error {
	path := filepath.Join(Folder, dir, d.Name())
	id, ok := strings.CutSuffix(d.Name(), ".mail")
	if !ok || !ValidID(id) || shard(id) != dir || !d.Type().IsRegular() {
		v.report.add(Problem{Kind: Foreign, Path: path})
		return nil
	}
	v.report.Files++
	state, err := v.state(ctx, id)
	if err != nil {
		return err
	}
	known := state == StateHeld || state == StateReleased
	switch {
	case known && !v.content:
		return nil
	case !known && state != "" && state != statePutting && state != StateLost:
		return v.gone(id, path, state)
	}
	f, it, err := v.q.openFile(id)
	if errors.Is(err, ErrNotFound) { // ended while we looked
		v.report.Files--
		return nil
	}
	if err == nil {
		defer f.Close()
		if v.content {
			err = checkContent(f, it)
		}
	}
	switch {
	case errors.Is(err, ErrDamaged):
		v.report.add(Problem{Kind: Damaged, ID: id, Path: path, Detail: err.Error()})
		return nil
	case err != nil || known:
		return err
	}
	return v.noRow(ctx, f, it, path, state)
}

// state is the row's state, "" without a row.
func (v *verifier) state(ctx context.Context, id string) (state string, err error) {
	err = v.q.st.Index.QueryRowContext(ctx, `SELECT state FROM items WHERE id = ?`, id).Scan(&state)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return state, err
}

func (v *verifier) gone(id, path, state string) error {
	p := Problem{Kind: Gone, ID: id, Path: path, Detail: state}
	if v.repair {
		if err := os.Remove(v.q.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		p.Repaired = true
	}
	v.report.add(p)
	return nil
}

// noRow judges a whole file that has no row. Beside a daemon, one with a reservation is on its way: it gets its row, as from whoever lists it.
func (v *verifier) noRow(ctx context.Context, f *os.File, it Item, path, state string) error {
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	if state == statePutting && v.content && v.q.rebuild(ctx, it, fi.Size(), "sekisho") == nil {
		return nil
	}
	p := Problem{Kind: NoRow, ID: it.ID, Path: path, Detail: state}
	if v.repair {
		if state == StateLost { // it has come back
			_, err = v.q.st.Index.ExecContext(ctx, `UPDATE items SET state = ?, counted = 1, ended = 0 WHERE id = ? AND state = ?`,
				statePutting, it.ID, StateLost)
		}
		if err == nil {
			err = v.q.rebuild(ctx, it, fi.Size(), v.who)
		}
		if err != nil {
			return err
		}
		p.Repaired = true
	}
	v.report.add(p)
	return nil
}

// rowBatch is how many rows are read at a time.
const rowBatch = 500

// rows looks for rows without a file.
func (v *verifier) rows(ctx context.Context) error {
	for last := ""; ; {
		ids, err := v.q.ids(ctx, `SELECT id FROM items WHERE id > ? AND place = ? AND state IN (?, ?, ?) ORDER BY id LIMIT ?`,
			last, InStore, StateHeld, StateReleased, statePutting, rowBatch)
		if err != nil {
			return err
		}
		for _, id := range ids {
			v.report.Rows++
			if err := v.row(ctx, id); err != nil {
				return err
			}
			last = id
		}
		if len(ids) < rowBatch {
			return nil
		}
	}
}

func (v *verifier) row(ctx context.Context, id string) error {
	path := filepath.Join(Folder, shard(id), id+".mail")
	if _, err := os.Lstat(v.q.st.Path(path)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	state, err := v.state(ctx, id) // again: it may have ended, or its Put may have come to its end, since the row was read
	if err != nil {
		return err
	}
	p := Problem{Kind: NoFile, ID: id, Path: path, Detail: state}
	switch {
	case state == statePutting:
		return v.abandoned(ctx, id)
	case state != StateHeld && state != StateReleased:
		return nil
	case v.repair:
		if err := v.q.end(ctx, id, StateLost, ActRepair, By{v.who, "the file is gone"}); err != nil {
			return err
		}
		p.Repaired = true
	}
	v.report.add(p)
	return nil
}

func (v *verifier) abandoned(ctx context.Context, id string) error {
	var n int
	err := v.q.st.Index.QueryRowContext(ctx, `SELECT count(*) FROM items WHERE id = ? AND state = ? AND held < ?`,
		id, statePutting, v.q.now().Add(-reservationLife).UnixMilli()).Scan(&n)
	if err == nil && n > 0 {
		v.report.add(Problem{Kind: Abandoned, ID: id, Repaired: true})
	}
	return err
}

// spool lists what lies in the spool folder. Beside a running daemon these are messages in work.
func (v *verifier) spool() error {
	if v.repair && !v.content {
		return nil // at the start EmptySpool sees to it
	}
	return entries(v.q.st.Path(SpoolFolder), func(d fs.DirEntry) error {
		fi, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && v.q.now().Sub(fi.ModTime()) > reservationLife {
			v.report.add(Problem{Kind: Leftover, Path: filepath.Join(SpoolFolder, d.Name())})
		}
		return err
	})
}

// EmptySpool removes what a daemon that was killed left in the spool folder: the MTA still has those mails. Only the daemon may call
// it, before it takes mail and after.
func (q *Quarantine) EmptySpool() (n int, err error) {
	return q.sweep(func(fs.FileInfo) bool { return true })
}

// sweepAfter is far above the time between the making of a spool file and its first byte. A clock that jumps makes a file look older: a mail
// whose file is taken away then cannot be held, and comes again.
const sweepAfter = time.Minute

// SweepSpool removes the empty files of mails that ended while the folder could not be written (message.Discard).
func (q *Quarantine) SweepSpool() (n int, err error) {
	now := time.Now()
	return q.sweep(func(fi fs.FileInfo) bool { return fi.Size() == 0 && now.Sub(fi.ModTime()) > sweepAfter })
}

// sweep removes the files of the spool folder that are left over.
func (q *Quarantine) sweep(left func(fs.FileInfo) bool) (n int, err error) {
	root := q.st.Path(SpoolFolder)
	err = entries(root, func(d fs.DirEntry) error {
		fi, err := d.Info()
		switch {
		case errors.Is(err, fs.ErrNotExist): // its mail has ended
			return nil
		case err != nil:
			return err
		case fi.IsDir() || !left(fi):
			return nil
		}
		n++
		return os.Remove(filepath.Join(root, d.Name()))
	})
	if err != nil {
		return n, fmt.Errorf("quarantine: empty spool: %w", err)
	}
	if n == 0 {
		return 0, nil
	}
	return n, store.SyncDir(root)
}
