package quarantine

import (
	"context"
	"database/sql"
	"encoding/json"
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

// The words of Act.Act.
const (
	ActHold    = "hold"
	ActWait    = "wait" // held until its password comes, or its time is over
	ActRelease = "release"
	ActDelete  = "delete"
	ActExpire  = "expire"
	ActExport  = "export"
	ActRepair  = "repair"
)

// Acts are the words of Act.Act, the label of the metric.
func Acts() []string {
	return []string{ActHold, ActWait, ActRelease, ActDelete, ActExpire, ActExport, ActRepair}
}

// Act is one thing done with a message, kept as long as the record of the message.
type Act struct {
	At    time.Time `json:"at"`
	Who   string    `json:"who"`
	Act   string    `json:"act"`
	Why   string    `json:"why"`
	Rcpts []Outcome `json:"rcpts,omitempty"` // of a release
}

// By says who acts and why.
type By struct{ Who, Why string }

func (q *Quarantine) addAct(ctx context.Context, tx execer, id, act string, by By, rcpts []Outcome) error {
	b := []byte("null") // as of none
	if len(rcpts) > 0 {
		var err error
		if b, err = json.Marshal(rcpts); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, sqlAct, id, q.now().UnixMilli(), clip(by.Who), act, clip(by.Why), string(b))
	return err
}

// index writes the row of a message whose file is durable. A row that is there already stays as it is.
func (q *Quarantine) index(ctx context.Context, h held, who string) error {
	if h.json == nil {
		var err error
		if h.json, err = marshalItem(h.it); err != nil {
			return err
		}
	}
	return q.desk.do(ctx, func(ctx context.Context, tx execer) error { return q.indexIn(ctx, tx, &h, who) })
}

func (q *Quarantine) indexIn(ctx context.Context, tx execer, h *held, who string) error {
	it := &h.it
	written, err := changes(tx.ExecContext(ctx, sqlIndexReserved, StateHeld, waits(*it), string(h.json), it.ID, statePutting, h.space))
	if err == nil && written == 0 { // not, or not so, reserved
		written, err = changes(tx.ExecContext(ctx, sqlIndex,
			it.ID, StateHeld, it.Where, it.Held.UnixMilli(), it.Expires.UnixMilli(), waits(*it), it.Source, h.space, string(h.json), statePutting))
	}
	if err != nil || written == 0 {
		return err
	}
	act := ActHold
	switch {
	case who != "sekisho":
		act = ActRepair
	case !it.Waits.IsZero():
		act = ActWait
	}
	if err := q.addAct(ctx, tx, it.ID, act, By{who, it.Verdict.Rule}, nil); err != nil || !it.Waits.IsZero() {
		return err // nobody is asked to do something about what waits
	}
	return q.queueNotices(ctx, tx, *it)
}

func changes(res sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// waits is the column, 0 for no waiting.
func waits(it Item) int64 {
	if it.Waits.IsZero() {
		return 0
	}
	return it.Waits.UnixMilli()
}

// queueNotices enters the readers to be told, in the transaction of the row itself, so that no notice is lost by a crash. A notice of our
// own that was held causes none: its Message-ID was drawn by package notify and is known to nobody who is not a reader of it.
func (q *Quarantine) queueNotices(ctx context.Context, tx execer, it Item) error {
	audiences := q.opts.Notice(it)
	if len(audiences) == 0 {
		return nil
	}
	var own int
	err := tx.QueryRowContext(ctx, sqlOwn, strings.Trim(it.MessageID, "<> ")).Scan(&own)
	if err != nil || own > 0 {
		return err
	}
	for _, a := range audiences {
		if _, err := tx.ExecContext(ctx, sqlNotice,
			it.ID, a, q.now().UnixMilli()); err != nil {
			return err
		}
	}
	return nil
}

// Close writes the rows that are on their way. The quarantine is not used afterwards.
func (q *Quarantine) Close(ctx context.Context) { q.desk.settled(ctx) }

// catchUp writes rows that are on their way: this process's, and those of a daemon that has the message's file in its place, or had when it was killed.
func (q *Quarantine) catchUp(ctx context.Context) {
	q.desk.settled(ctx)
	ids, err := q.ids(ctx, `SELECT id FROM items WHERE state = ? AND place = ? LIMIT ?`, statePutting, InStore, defaultLimit)
	if err != nil {
		return // the caller's own question will fail as well
	}
	for _, id := range ids {
		f, it, err := q.openFile(id)
		if err != nil { // not yet there, as nearly always
			continue
		}
		fi, err := f.Stat()
		if f.Close(); err == nil {
			_ = q.rebuild(ctx, it, fi.Size(), "sekisho")
		}
	}
}

// rebuild makes a row of a file. Its Put may not have come to the syncing of the folder, or have died before it: nobody sees a row whose file a power cut
// could take away.
func (q *Quarantine) rebuild(ctx context.Context, it Item, space int64, who string) error {
	if err := store.SyncDir(filepath.Dir(q.path(it.ID))); err != nil {
		return err
	}
	if !it.Waits.After(q.now()) {
		it.Waits = time.Time{} // without its row nobody knows what was decided while it waited
	}
	return q.index(ctx, held{it: it, space: space}, who)
}

// indexPending writes the rows that index could not write before.
func (q *Quarantine) indexPending(ctx context.Context) error {
	q.mu.Lock()
	pending := make([]held, 0, len(q.unindexed))
	for _, h := range q.unindexed {
		pending = append(pending, h)
	}
	q.mu.Unlock()
	for _, h := range pending {
		if err := q.index(ctx, h, "sekisho"); err != nil {
			return fmt.Errorf("quarantine: index %s: %w", h.it.ID, err)
		}
		q.mu.Lock()
		delete(q.unindexed, h.it.ID)
		q.mu.Unlock()
	}
	return nil
}

// Filter chooses what List gives.
type Filter struct {
	State  string // one of the states, "all"; "" means held
	Limit  int    // the most items; 0 means 1000
	Before *Item  // only what is older than this item: the last one of the page before
}

// defaultLimit is a page: more than a person reads, little enough for one answer.
const defaultLimit = 1000

const itemColumns = `state, expires, waits, released, item`

// List gives messages, newest first.
func (q *Quarantine) List(ctx context.Context, f Filter) ([]Item, error) {
	q.catchUp(ctx)
	if f.Limit <= 0 {
		f.Limit = defaultLimit
	}
	if f.State == "" {
		f.State = StateHeld
	}
	where, args := []string{"state <> ?"}, []any{statePutting}
	if f.State != "all" {
		where, args = append(where, "state = ?"), append(args, f.State)
	}
	if f.Before != nil {
		where, args = append(where, "(held, id) < (?, ?)"), append(args, f.Before.Held.UnixMilli(), f.Before.ID)
	}
	rows, err := q.st.Index.QueryContext(ctx, `SELECT `+itemColumns+` FROM items WHERE `+strings.Join(where, " AND ")+
		` ORDER BY held DESC, id DESC LIMIT ?`, append(args, f.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("quarantine: list: %w", err)
	}
	defer rows.Close()
	var items []Item
	for rows.Next() {
		it, err := scanItem(rows)
		if err != nil {
			return nil, fmt.Errorf("quarantine: list: %w", err)
		}
		items = append(items, it)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("quarantine: list: %w", err)
	}
	return items, nil
}

type scanner interface{ Scan(...any) error }

// scanItem reads itemColumns. The columns are newer than the JSON beside them.
func scanItem(row scanner) (Item, error) {
	var state, released, b string
	var expires, waits int64
	if err := row.Scan(&state, &expires, &waits, &released, &b); err != nil {
		return Item{}, err
	}
	it, err := unmarshalItem([]byte(b))
	if err != nil {
		return Item{}, err
	}
	it.State, it.Expires, it.Waits, it.Released = state, time.UnixMilli(expires).UTC(), time.Time{}, nil
	if waits > 0 {
		it.Waits = time.UnixMilli(waits).UTC()
	}
	var rcpts [][]byte // bytes, since an address need not be UTF-8
	if err := json.Unmarshal([]byte(released), &rcpts); err != nil {
		return Item{}, err
	}
	for _, r := range rcpts {
		it.Released = append(it.Released, string(r))
	}
	return it, nil
}

// querier is a database or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func getItem(ctx context.Context, db querier, id string) (Item, error) {
	it, err := scanItem(db.QueryRowContext(ctx, `SELECT `+itemColumns+` FROM items WHERE id = ? AND state <> ?`, id, statePutting))
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("%w: %q", ErrNotFound, clip(id))
	}
	return it, err
}

// Get gives one message by its whole id, tombstones included.
func (q *Quarantine) Get(ctx context.Context, id string) (Item, error) {
	q.desk.settled(ctx)
	it, err := getItem(ctx, q.st.Index, id)
	if err != nil && !errors.Is(err, ErrNotFound) {
		err = fmt.Errorf("quarantine: get: %w", err)
	}
	return it, err
}

// Acts gives what was done with a message, in order.
func (q *Quarantine) Acts(ctx context.Context, id string) ([]Act, error) {
	q.desk.settled(ctx)
	rows, err := q.st.DB.QueryContext(ctx, `SELECT at, who, act, why, rcpts FROM acts WHERE item_id = ? ORDER BY seq`, id)
	if err != nil {
		return nil, fmt.Errorf("quarantine: acts: %w", err)
	}
	defer rows.Close()
	var acts []Act
	for rows.Next() {
		var a Act
		var at int64
		var rcpts string
		err := rows.Scan(&at, &a.Who, &a.Act, &a.Why, &rcpts)
		if err == nil {
			err = json.Unmarshal([]byte(rcpts), &a.Rcpts)
		}
		if err != nil {
			return nil, fmt.Errorf("quarantine: acts: %w", err)
		}
		a.At = time.UnixMilli(at).UTC()
		acts = append(acts, a)
	}
	return acts, rows.Err()
}

// Raw opens the exact bytes of a held message. It needs no index.
func (q *Quarantine) Raw(_ context.Context, id string) (io.ReadCloser, error) {
	f, it, err := q.openFile(id)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(f, 0, it.Size), f}, nil
}

// openFile opens the file of an id and reads its Item, as it was when the message was held.
func (q *Quarantine) openFile(id string) (*os.File, Item, error) {
	if !ValidID(id) {
		return nil, Item{}, fmt.Errorf("%w: %q", ErrNotFound, clip(id))
	}
	f, err := store.OpenRegular(q.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Item{}, fmt.Errorf("%w: %q", ErrNotFound, id)
	}
	if err != nil {
		return nil, Item{}, fmt.Errorf("quarantine: open: %w", err)
	}
	it, err := q.readItem(f, id)
	if err != nil {
		return nil, Item{}, errors.Join(err, f.Close())
	}
	return f, it, nil
}

func (q *Quarantine) readItem(f *os.File, id string) (Item, error) {
	fi, err := f.Stat()
	if err != nil {
		return Item{}, fmt.Errorf("quarantine: open: %w", err)
	}
	it, err := readTail(f, fi.Size())
	if err == nil && it.ID != id {
		err = damaged("the file of %s holds %s", id, it.ID)
	}
	return it, err
}

// Stats is what the metrics show.
type Stats struct {
	Messages, Bytes int64
	LimitMessages   int64
	LimitBytes      int64
	Oldest          time.Time        // zero when nothing is held
	Acts            map[string]int64 // by word, since the database was made
	Waiting         int64            // of the messages, for their password
}

// Stats reads the figures of the whole quarantine.
func (q *Quarantine) Stats(ctx context.Context) (Stats, error) {
	q.desk.settled(ctx)
	s := Stats{LimitMessages: q.opts.MaxMessages, LimitBytes: q.opts.MaxBytes, Acts: map[string]int64{}}
	var oldest sql.NullInt64
	err := q.st.Index.QueryRowContext(ctx, `SELECT messages, bytes, (SELECT min(held) FROM items WHERE state = ?),
		(SELECT count(*) FROM items WHERE waits > 0 AND state = ?) FROM usage WHERE kind = 'total'`, StateHeld, StateHeld).
		Scan(&s.Messages, &s.Bytes, &oldest, &s.Waiting)
	if err != nil {
		return s, fmt.Errorf("quarantine: stats: %w", err)
	}
	if oldest.Valid {
		s.Oldest = time.UnixMilli(oldest.Int64).UTC()
	}
	rows, err := q.st.Index.QueryContext(ctx, `SELECT act, n FROM act_counts`)
	if err != nil {
		return s, fmt.Errorf("quarantine: stats: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var act string
		var n int64
		if err := rows.Scan(&act, &n); err != nil {
			return s, fmt.Errorf("quarantine: stats: %w", err)
		}
		s.Acts[act] = n
	}
	return s, rows.Err()
}
