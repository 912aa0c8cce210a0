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

// Put makes the message durable and returns its id. When it returns nil the message is on disk whole, whatever happens next; when it
// returns an error nothing is held and the MTA still has the mail. The buffer's spool file, if it has one, is taken over without a copy.
// An error is ErrFull where a cap was reached; Cause names it for the metric.
func (q *Quarantine) Put(ctx context.Context, it Item, raw *message.Buffer) (id string, err error) {
	it.Where, it.Size = InStore, raw.Size()
	if !it.Waits.IsZero() {
		err = sendable(raw)
	}
	var h held
	if err == nil {
		h, err = q.reserve(ctx, it, raw)
	}
	if err != nil {
		return "", fmt.Errorf("quarantine: put: %w", refuse(err))
	}
	q.opts.Step("reserved")
	if err := q.writeFile(&h, raw); err != nil {
		q.unreserve(h.it.ID)
		return "", fmt.Errorf("quarantine: put: %w", refuse(err))
	}
	// From here on the mail is held, whatever becomes of the index and of the caller's patience.
	q.desk.later(func(ctx context.Context, tx execer) error { return q.indexIn(ctx, tx, &h, "sekisho") }, func(err error) {
		if err != nil {
			q.indexLater(h, err)
		}
		q.opts.Step("indexed")
	})
	return h.it.ID, nil
}

// NoteHold records a message that the MTA holds in its own queue.
func (q *Quarantine) NoteHold(ctx context.Context, it Item) (id string, err error) {
	it.Where, it.Waits = InMTA, time.Time{}
	h, err := q.reserve(ctx, it, nil)
	if err == nil {
		err = q.index(ctx, h, "sekisho")
	}
	if err != nil {
		return "", fmt.Errorf("quarantine: note hold: %w", refuse(err))
	}
	return h.it.ID, nil
}

func (q *Quarantine) indexLater(h held, err error) {
	q.mu.Lock()
	q.unindexed[h.it.ID] = h
	q.mu.Unlock()
	q.opts.Unindexed(h.it.ID, err)
}

// reserve draws an id and enters a row that counts against the caps while the file is written. So concurrent Puts, of other processes
// too, cannot pass a cap together, and a database out of order is noticed while the MTA still has the mail.
func (q *Quarantine) reserve(ctx context.Context, it Item, raw *message.Buffer) (h held, err error) {
	now := q.now()
	it = trim(it)
	it.State, it.Held, it.Expires, it.Released = StateHeld, now, now.Add(q.opts.Retain), nil
	if raw != nil {
		if h.sum, err = digestOf(raw); err != nil {
			return h, err
		}
		it.SHA256 = hex.EncodeToString(h.sum[:])
	}
	for try := 1; ; try++ {
		it.ID = newID(now)
		h.it = it
		if h.json, err = marshalItem(it); err != nil {
			return h, err
		}
		if it.Where == InStore {
			h.space = it.Size + int64(len(h.json)) + footerLen
		}
		err = q.desk.do(ctx, func(ctx context.Context, tx execer) error { return q.reserveIn(ctx, tx, &h) })
		if err == nil || try == idTries || !taken(err) {
			return h, err
		}
	}
}

// digestOf reads the content once.
func digestOf(raw *message.Buffer) (sum [sha256.Size]byte, err error) {
	if b, ok := raw.Bytes(); ok {
		return sha256.Sum256(b), nil
	}
	h := sha256.New()
	n, err := io.Copy(h, io.NewSectionReader(raw, 0, raw.Size()))
	if err == nil && n < raw.Size() {
		err = fmt.Errorf("spool file of %d bytes, the message has %d", n, raw.Size())
	}
	return [sha256.Size]byte(h.Sum(nil)), err
}

// taken reports whether an id was in use already.
func taken(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
}

func (q *Quarantine) reserveIn(ctx context.Context, tx execer, h *held) error {
	it := &h.it
	if _, err := tx.ExecContext(ctx, sqlAbandoned, statePutting, it.Held.Add(-reservationLife).UnixMilli()); err != nil {
		return err
	}
	if err := q.checkCaps(ctx, tx, it.Source, h.space); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, sqlReserve, it.ID, statePutting, it.Where, it.Held.UnixMilli(), it.Expires.UnixMilli(), it.Source, h.space)
	return err
}

// The statements of a Put.
const (
	sqlAbandoned = `DELETE FROM items WHERE state = ? AND held < ?`
	sqlReserve   = `INSERT INTO items (id, state, place, held, expires, source, space, counted, item) VALUES (?, ?, ?, ?, ?, ?, ?, 1, '')`
	sqlUsage     = `SELECT coalesce(sum(CASE kind WHEN 'total' THEN bytes END), 0), coalesce(sum(CASE kind WHEN 'total' THEN messages END), 0),
		coalesce(sum(CASE kind WHEN 'source' THEN bytes END), 0), coalesce(sum(CASE kind WHEN 'source' THEN messages END), 0)
		FROM usage WHERE (kind, source) IN (VALUES ('total', ''), ('source', ?))`
	sqlPending = `SELECT coalesce(sum(space), 0) FROM items WHERE state = ?`
	sqlGiveUp  = `DELETE FROM items WHERE id = ? AND state IN (?, ?)`
	// The row counts already with what it takes: the trigger that counts changes of space does not fire.
	sqlIndexReserved = `UPDATE items SET state = ?, waits = ?, item = ? WHERE id = ? AND state = ? AND space = ?`
	sqlIndex         = `INSERT INTO items (id, state, place, held, expires, waits, source, space, counted, item)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, waits = excluded.waits, space = excluded.space, item = excluded.item WHERE state = ?`
	sqlAct    = `INSERT INTO acts (item_id, at, who, act, why, rcpts) VALUES (?, ?, ?, ?, ?, ?)`
	sqlNotice = `INSERT INTO notices (item_id, audience, queued) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`
	sqlOwn    = `SELECT count(*) FROM notice_ids WHERE message_id = ?`
)

var compiled = []string{sqlAbandoned, sqlReserve, sqlUsage, sqlPending, sqlGiveUp, sqlIndexReserved, sqlIndex, sqlAct, sqlNotice, sqlOwn}

func (q *Quarantine) checkCaps(ctx context.Context, tx execer, source string, need int64) error {
	var total, own used
	if err := tx.QueryRowContext(ctx, sqlUsage, source).Scan(&total.bytes, &total.messages, &own.bytes, &own.messages); err != nil {
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
func (q *Quarantine) checkDisk(ctx context.Context, tx execer, need int64) error {
	if need == 0 || q.opts.MinFree < 0 {
		return nil
	}
	free, err := q.st.Free()
	if err != nil {
		return err
	}
	var pending int64
	if err := tx.QueryRowContext(ctx, sqlPending, statePutting).Scan(&pending); err != nil {
		return err
	}
	if free-pending-need < q.opts.MinFree {
		return &Refused{Cause: "disk"}
	}
	return nil
}

type used struct{ bytes, messages int64 }

// unreserve gives the reservation back, and the row that somebody else made of a file that then could not be made durable. Where that fails the reservation
// ends by itself (reservationLife).
func (q *Quarantine) unreserve(id string) {
	_ = q.desk.do(context.Background(), func(ctx context.Context, tx execer) error {
		_, err := tx.ExecContext(ctx, sqlGiveUp, id, statePutting, StateHeld)
		return err
	})
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
func (q *Quarantine) writeFile(h *held, raw *message.Buffer) error {
	f, err := q.spooled(h.it.ID, raw)
	if err != nil {
		return err
	}
	q.opts.Step("spooled")
	if err = q.seal(f, h); err == nil {
		err = q.move(f.Name(), h.it.ID)
	}
	if err != nil {
		return errors.Join(err, message.Discard(f))
	}
	f.Close() // it is durable, whatever that says
	return nil
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
	b, ok := raw.Bytes()
	if !ok {
		return nil, errors.Join(message.ErrClosed, message.Discard(f))
	}
	if _, err := f.Write(b); err != nil {
		return nil, errors.Join(err, message.Discard(f))
	}
	return f, nil
}

// seal appends trailer and footer and makes the file durable.
func (q *Quarantine) seal(f *os.File, h *held) error {
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	if fi.Size() < h.it.Size {
		return fmt.Errorf("spool file of %d bytes, the message has %d", fi.Size(), h.it.Size)
	}
	if fi.Size() > h.it.Size { // a buffer may have dropped its last bytes
		if err := f.Truncate(h.it.Size); err != nil {
			return err
		}
	}
	b, err := tail(h.json, h.it.Size, h.sum)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(b, h.it.Size); err != nil {
		return err
	}
	q.opts.Step("trailer")
	if err := f.Sync(); err != nil {
		return err
	}
	q.opts.Step("fsync")
	return nil
}

// move gives the file its place and makes the name durable.
func (q *Quarantine) move(from, id string) error {
	to := q.path(id)
	err := rename(from, to)
	if errors.Is(err, fs.ErrNotExist) { // the first of its folder
		if err = q.st.Mkdir(filepath.Join(Folder, shard(id))); err == nil {
			err = rename(from, to)
		}
	}
	if err != nil {
		return err
	}
	q.opts.Step("renamed")
	if err := store.SyncDir(filepath.Dir(to)); err != nil {
		return errors.Join(err, os.Rename(to, from)) // undone; the caller removes it
	}
	q.opts.Step("dirsync")
	return nil
}

// rename never takes the place of another mail.
func rename(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	switch {
	case err == nil:
		return nil
	case !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOSYS): // the file system, or the kernel, does not know the flag
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s: %w", filepath.Base(to), fs.ErrExist), err)
	}
	return os.Rename(from, to)
}

// shard is the folder of an id: its last two letters, which are random.
func shard(id string) string { return id[len(id)-2:] }

// path is the file of a valid id.
func (q *Quarantine) path(id string) string { return q.st.Path(Folder, shard(id), id+".mail") }
