package quarantine

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"sekisho/internal/message"
	"sekisho/internal/store"
)

// reservationLife is how long a reservation counts whose Put never came to an end: far longer than any Put takes, short enough that a
// crash does not narrow the caps for long.
const reservationLife = 10 * time.Minute

// idTries is how often another id is drawn when one is taken: with 40 random bits the second draw already is a curiosity.
const idTries = 4

// tailRoom is what a file needs above content and trailer: the footer, and the fields of the Item that are set after the reservation.
const tailRoom = footerLen + 256

// Put makes the message durable and returns its id. When it returns nil the message is on disk whole, whatever happens next; when it
// returns an error nothing is held and the MTA still has the mail. The buffer's spool file, if it has one, is taken over without a copy.
// An error is ErrFull where a cap was reached; Cause names it for the metric.
func (q *Quarantine) Put(ctx context.Context, it Item, raw *message.Buffer) (id string, err error) {
	it.Where, it.Size = InStore, raw.Size()
	if !it.Waits.IsZero() {
		err = sendable(raw)
	}
	if err == nil {
		it, err = q.reserve(ctx, it)
	}
	if err != nil {
		return "", fmt.Errorf("quarantine: put: %w", refuse(err))
	}
	q.opts.Step("reserved")
	it, space, err := q.writeFile(it, raw)
	if err != nil {
		q.unreserve(it.ID)
		return "", fmt.Errorf("quarantine: put: %w", refuse(err))
	}
	// From here on the mail is held, whatever becomes of the index and of the caller's patience.
	h := held{it, space}
	if err := q.index(context.WithoutCancel(ctx), h, "sekisho"); err != nil {
		q.indexLater(h, err)
	}
	q.opts.Step("indexed")
	return it.ID, nil
}

// NoteHold records a message that the MTA holds in its own queue.
func (q *Quarantine) NoteHold(ctx context.Context, it Item) (id string, err error) {
	it.Where, it.Waits = InMTA, time.Time{}
	it, err = q.reserve(ctx, it)
	if err == nil {
		err = q.index(ctx, held{it, 0}, "sekisho")
	}
	if err != nil {
		return "", fmt.Errorf("quarantine: note hold: %w", refuse(err))
	}
	return it.ID, nil
}

func (q *Quarantine) indexLater(h held, err error) {
	q.mu.Lock()
	q.unindexed[h.it.ID] = h
	q.mu.Unlock()
	q.opts.Unindexed(h.it.ID, err)
}

// reserve draws an id and enters a row that counts against the caps while the file is written. So concurrent Puts, of other processes
// too, cannot pass a cap together, and a database out of order is noticed while the MTA still has the mail.
func (q *Quarantine) reserve(ctx context.Context, it Item) (Item, error) {
	now := q.now()
	it = trim(it)
	it.State, it.Held, it.Expires, it.Released = StateHeld, now, now.Add(q.opts.Retain), nil
	var need int64
	if it.Where == InStore {
		b, err := marshalItem(it)
		if err != nil {
			return it, err
		}
		need = it.Size + int64(len(b)) + tailRoom
	}
	for try := 1; ; try++ {
		it.ID = newID(now)
		err := q.tx(ctx, q.st.Index, func(tx *sql.Tx) error { return q.reserveIn(ctx, tx, it, need) })
		if err == nil || try == idTries || !taken(err) {
			return it, err
		}
	}
}

// taken reports whether an id was in use already.
func taken(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
}

func (q *Quarantine) reserveIn(ctx context.Context, tx *sql.Tx, it Item, need int64) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM items WHERE state = ? AND held < ?`,
		statePutting, it.Held.Add(-reservationLife).UnixMilli()); err != nil {
		return err
	}
	if err := q.checkCaps(ctx, tx, it.Source, need); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO items (id, state, place, held, expires, source, space, counted, item)
		VALUES (?, ?, ?, ?, ?, ?, ?, 1, '')`,
		it.ID, statePutting, it.Where, it.Held.UnixMilli(), it.Expires.UnixMilli(), it.Source, need)
	return err
}

func (q *Quarantine) checkCaps(ctx context.Context, tx *sql.Tx, source string, need int64) error {
	total, err := usage(ctx, tx, "total", "")
	if err != nil {
		return err
	}
	own, err := usage(ctx, tx, "source", source)
	if err != nil {
		return err
	}
	// Floor keeps "no cap", -1, negative.
	share := func(limit int64) int64 { return int64(math.Floor(float64(limit) * q.opts.SourceShare)) }
	over := func(used, limit int64) bool { return limit >= 0 && used > limit }
	switch o := q.opts; {
	case over(total.bytes+need, o.MaxBytes), over(total.messages+1, o.MaxMessages):
		return &Refused{Cause: "full"}
	case o.SourceShare < 0:
	case over(own.bytes+need, share(o.MaxBytes)), over(own.messages+1, share(o.MaxMessages)):
		return &Refused{Cause: "sender"}
	}
	return q.checkDisk(ctx, tx, need)
}

// checkDisk counts what is reserved but not yet written as gone already.
func (q *Quarantine) checkDisk(ctx context.Context, tx *sql.Tx, need int64) error {
	if need == 0 || q.opts.MinFree < 0 {
		return nil
	}
	free, err := q.st.Free()
	if err != nil {
		return err
	}
	var pending int64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(sum(space), 0) FROM items WHERE state = ?`, statePutting).Scan(&pending); err != nil {
		return err
	}
	if free-pending-need < q.opts.MinFree {
		return &Refused{Cause: "disk"}
	}
	return nil
}

type used struct{ bytes, messages int64 }

func usage(ctx context.Context, tx *sql.Tx, kind, source string) (u used, err error) {
	err = tx.QueryRowContext(ctx, `SELECT bytes, messages FROM usage WHERE kind = ? AND source = ?`, kind, source).Scan(&u.bytes, &u.messages)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return u, err
}

// unreserve gives the reservation back. Where that fails it ends by itself (reservationLife).
func (q *Quarantine) unreserve(id string) {
	_, _ = q.st.Index.Exec(`DELETE FROM items WHERE id = ? AND state = ?`, id, statePutting)
}

// tx runs f in one transaction.
func (q *Quarantine) tx(ctx context.Context, db *sql.DB, f func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// writeFile makes the held message's file durable. After an error no file of it is left in the quarantine.
func (q *Quarantine) writeFile(it Item, raw *message.Buffer) (Item, int64, error) {
	f, err := q.spooled(it.ID, raw)
	if err != nil {
		return it, 0, err
	}
	q.opts.Step("spooled")
	it, space, err := q.seal(f, it)
	if err == nil {
		err = q.move(f.Name(), it.ID)
	}
	if err != nil {
		return it, 0, errors.Join(err, message.Discard(f))
	}
	f.Close() // it is durable, whatever that says
	return it, space, nil
}

// spooled gives a file that holds the content: the buffer's own, or a new one.
func (q *Quarantine) spooled(id string, raw *message.Buffer) (*os.File, error) {
	if path, ok := raw.Detach(); ok {
		f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOFOLLOW, 0)
		if err == nil {
			err = q.st.Own(f)
		}
		if err != nil {
			return nil, errors.Join(err, os.Remove(path))
		}
		return f, nil
	}
	f, err := q.st.Create(filepath.Join(SpoolFolder, id+".tmp"), 0o600)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(f, io.NewSectionReader(raw, 0, raw.Size())); err != nil {
		return nil, errors.Join(err, message.Discard(f))
	}
	return f, nil
}

// seal appends trailer and footer and makes the file durable. The digest is taken from the file, so that it is of what is stored.
func (q *Quarantine) seal(f *os.File, it Item) (Item, int64, error) {
	fi, err := f.Stat()
	if err != nil {
		return it, 0, err
	}
	if fi.Size() < it.Size {
		return it, 0, fmt.Errorf("spool file of %d bytes, the message has %d", fi.Size(), it.Size)
	}
	if err := f.Truncate(it.Size); err != nil { // a buffer may have dropped its last bytes
		return it, 0, err
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, it.Size)); err != nil {
		return it, 0, err
	}
	sum := [sha256.Size]byte(h.Sum(nil))
	it.SHA256 = hex.EncodeToString(sum[:])
	b, err := tail(it, sum)
	if err != nil {
		return it, 0, err
	}
	if _, err := f.WriteAt(b, it.Size); err != nil {
		return it, 0, err
	}
	q.opts.Step("trailer")
	if err := f.Sync(); err != nil {
		return it, 0, err
	}
	q.opts.Step("fsync")
	return it, it.Size + int64(len(b)), nil
}

// move gives the file its place and makes the name durable.
func (q *Quarantine) move(from, id string) error {
	if err := q.st.Mkdir(filepath.Join(Folder, shard(id))); err != nil {
		return err
	}
	to := q.path(id)
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) { // never over another mail
		return errors.Join(fmt.Errorf("%s: %w", filepath.Base(to), fs.ErrExist), err)
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	q.opts.Step("renamed")
	if err := store.SyncDir(filepath.Dir(to)); err != nil {
		return errors.Join(err, os.Rename(to, from)) // undone; the caller removes it
	}
	q.opts.Step("dirsync")
	return nil
}

// shard is the folder of an id: its last two letters, which are random.
func shard(id string) string { return id[len(id)-2:] }

// path is the file of a valid id.
func (q *Quarantine) path(id string) string { return q.st.Path(Folder, shard(id), id+".mail") }
