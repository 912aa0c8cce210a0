package ledger

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Locked is a locked file to be remembered.
type Locked struct {
	Path    []string
	Name    string
	Content io.ReaderAt
	Size    int64
}

// What a row costs beside the bytes of its files: the caps bound the number of mails by it, 32,768 in the default gigabyte.
const (
	mailSpace  = 32 << 10 // its row, and a file's blocks
	partySpace = 128      // a sender and a recipient with their index
)

// Remember keeps the locked files of a mail and the passwords that it gives, from m.Time on for Options.Keep. ErrFull means that nothing
// was kept, because others have an older right to the room.
func (l *Ledger) Remember(ctx context.Context, m Mail, files []Locked, words []string) ([]File, error) {
	r := newMemory(m, files, words)
	if len(r.files) == 0 && len(r.words) == 0 || len(r.senders) == 0 || len(r.rcpts) == 0 {
		return nil, nil // without parties nobody could ask for it
	}
	if err := l.remember(ctx, r); err != nil {
		return nil, fmt.Errorf("ledger: remember: %w", err)
	}
	kept := make([]File, len(r.files))
	for i, f := range r.files {
		kept[i] = File{ID: r.ids[i], Mail: r.mail, Path: f.Path, Name: f.Name, Size: f.Size, memory: r.id}
	}
	return kept, nil
}

func (l *Ledger) remember(ctx context.Context, r *memory) error {
	ctx, cancel := l.within(ctx)
	defer cancel()
	if err := l.room(r); err != nil {
		return err
	}
	if err := l.write(ctx, r); err != nil {
		return errors.Join(err, l.remove(r.ids))
	}
	var gone []string
	err := l.tx(ctx, func(tx *sql.Tx) (err error) {
		gone, err = l.insert(ctx, tx, r)
		return err
	})
	if err != nil {
		return errors.Join(err, l.remove(r.ids))
	}
	l.generation.Add(1)
	return l.remove(gone)
}

// memory is a mail on its way into the database.
type memory struct {
	mail           Mail
	senders, rcpts []string
	words          []string
	files          []Locked
	ids, sums      []string // of the files written so far
	id             int64    // of its row
	space          int64
}

func newMemory(m Mail, files []Locked, words []string) *memory {
	r := &memory{senders: m.senders(), rcpts: m.recipients(), files: files[:min(len(files), maxFiles)]}
	for _, w := range words {
		if len(w) <= maxWord && utf8.ValidString(w) && len(r.words) < maxWords {
			r.words = append(r.words, w)
		}
	}
	m.Rcpts = r.rcpts
	for _, s := range []*string{&m.QueueID, &m.From, &m.MailFrom, &m.Subject, &m.Source} {
		*s = clip(*s)
	}
	r.mail = m
	r.space = mailSpace + partySpace*int64(len(r.senders)*len(r.rcpts))
	for _, f := range r.files {
		r.space += f.Size
	}
	return r
}

// maxText is how many bytes of a name or subject are kept: more than a line shows.
const maxText = 500

func clip(s string) string { return strings.ToValidUTF8(s[:min(len(s), maxText)], "\uFFFD") }

// room refuses before a byte is written what no eviction could make room for.
func (l *Ledger) room(r *memory) error {
	if r.space > l.share() {
		return ErrFull
	}
	if l.opts.MinFree <= 0 {
		return nil
	}
	free, err := l.st.Free()
	if err == nil && free-r.space < l.opts.MinFree {
		err = fmt.Errorf("%w: the disk has %d bytes left", ErrFull, free)
	}
	return err
}

func (l *Ledger) share() int64 { return int64(float64(l.opts.MaxBytes) * min(l.opts.Share, 1)) }

// path is the place of a file.
func (l *Ledger) path(id string) string { return l.st.Path(Folder, id) }

func (l *Ledger) write(ctx context.Context, r *memory) error {
	for _, f := range r.files {
		id := rand.Text()
		r.ids = append(r.ids, id)
		sum, err := l.writeFile(ctx, id, f)
		if err != nil {
			return err
		}
		r.sums = append(r.sums, sum)
	}
	return nil
}

// writeFile writes the bytes before a row names them. They are not synced: a killed process loses none, and after a power failure a file
// that cannot be opened any more is a chance lost, no mail.
func (l *Ledger) writeFile(ctx context.Context, id string, f Locked) (sum string, err error) {
	file, err := l.st.Create(filepath.Join(Folder, id), 0o640)
	if err != nil {
		return "", err
	}
	sum, err = f.copyTo(ctx, file)
	return sum, errors.Join(err, file.Close())
}

// copyTo writes the file's bytes and gives their digest.
func (f *Locked) copyTo(ctx context.Context, w io.Writer) (sum string, err error) {
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(w, h), &untilDone{ctx, io.NewSectionReader(f.Content, 0, f.Size)})
	return hex.EncodeToString(h.Sum(nil)), err
}

// untilDone ends a copy with its context.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u *untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

// remove deletes files whose rows are gone.
func (l *Ledger) remove(ids []string) error {
	var errs []error
	for _, id := range ids {
		if err := os.Remove(l.path(id)); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// insert makes room and writes the rows. gone are the files of what was forgotten for it.
func (l *Ledger) insert(ctx context.Context, tx *sql.Tx, r *memory) (gone []string, err error) {
	if gone, _, err = l.expire(ctx, tx, r.mail.Time); err != nil {
		return nil, err
	}
	evicted, err := l.makeRoom(ctx, tx, r)
	if err != nil {
		return nil, err
	}
	gone = append(gone, evicted...)
	words, err := encode(r.words)
	if err != nil {
		return nil, err
	}
	mail, err := encode(r.mail)
	if err != nil {
		return nil, err
	}
	res, err := tx.ExecContext(ctx, `INSERT INTO memories (expires, source, sender, space, words, mail) VALUES (?, ?, ?, ?, ?, ?)`,
		r.mail.Time.Add(l.opts.Keep).UnixMilli(), r.mail.Source, r.mail.sender(), r.space, words, mail)
	if err != nil {
		return nil, err
	}
	if r.id, err = res.LastInsertId(); err != nil {
		return nil, err
	}
	return gone, l.insertRest(ctx, tx, r)
}

// insertRest writes what hangs on the row.
func (l *Ledger) insertRest(ctx context.Context, tx *sql.Tx, r *memory) error {
	l.senders.add(r.senders) // before others can find the rows
	senders, err := encode(r.senders)
	if err != nil {
		return err
	}
	rcpts, err := encode(r.rcpts)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO memory_parties (sender, rcpt, memory)
		SELECT s.value, r.value, ? FROM json_each(?) s, json_each(?) r`, r.id, senders, rcpts); err != nil {
		return err
	}
	for i, f := range r.files {
		path, err := encode(f.Path)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO memory_files (id, memory, path, name, size, sha256) VALUES (?, ?, ?, ?, ?, ?)`,
			r.ids[i], r.id, path, clip(f.Name), f.Size, r.sums[i]); err != nil {
			return err
		}
	}
	return nil
}

func encode(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}

func (l *Ledger) tx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := l.st.Index.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// maxEvicted bounds the work that one newcomer causes: a 16 MB archive in the place of 500 small ones.
const maxEvicted = 500

// makeRoom forgets until the newcomer fits under each cap.
func (l *Ledger) makeRoom(ctx context.Context, tx *sql.Tx, r *memory) (gone []string, err error) {
	for n := 0; ; n++ {
		v, err := l.victim(ctx, tx, r)
		if err != nil {
			return nil, err
		}
		if v == nil {
			if n > 0 {
				l.opts.Evicted(n)
			}
			return gone, nil
		}
		if n == maxEvicted {
			return nil, ErrFull
		}
		files, found, err := v.evict(ctx, tx)
		switch {
		case err != nil:
			return nil, err
		case !found:
			return nil, ErrFull
		}
		gone = append(gone, files...)
	}
}

// user is who takes room: a network, a sender in it, or both. An empty name stands for everybody.
type user struct {
	source, sender string
	space          int64
	before         int64 // only mails that end before this time, 0 for all
}

// chance is how long a mail is kept at least against others of no more weight: password mails come within minutes, most within seconds.
const chance = time.Hour

// victim names whose oldest mail goes, nil when the newcomer fits. Inside the network that has used up its part it is the sender with
// the most, inside a sender's the network with the most, of everybody the network with the most: each time one who has more than the newcomer
// would have, else the newcomer's own, else what has had its chance.
func (l *Ledger) victim(ctx context.Context, tx *sql.Tx, r *memory) (*user, error) {
	source, sender := r.mail.Source, r.mail.sender()
	network, pair := user{source: source}, user{source: source, sender: sender}
	for _, scope := range []struct {
		whole string // kind of usage that is capped
		of    user
		limit int64
		parts string // kind of usage to choose from
		self  user
	}{
		{"source", network, l.share(), "pair", pair},
		{"sender", user{sender: sender}, l.share(), "pair", pair},
		{"total", user{}, l.opts.MaxBytes, "source", network},
	} {
		used, err := space(ctx, tx, scope.whole, scope.of)
		if err != nil {
			return nil, err
		}
		if used+r.space <= scope.limit {
			continue
		}
		self := scope.self
		if self.space, err = space(ctx, tx, scope.parts, self); err != nil {
			return nil, err
		}
		large, err := largest(ctx, tx, scope.parts, scope.of)
		switch {
		case err != nil:
			return nil, err
		case large.space > self.space+r.space:
			return &large, nil
		case self.space > 0:
			return &self, nil
		}
		old := scope.of
		old.before = r.mail.Time.Add(l.opts.Keep - chance).UnixMilli()
		return &old, nil
	}
	return nil, nil
}

func space(ctx context.Context, tx *sql.Tx, kind string, u user) (n int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT space FROM memory_usage WHERE kind = ? AND source = ? AND sender = ?`, kind, u.source, u.sender).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return n, err
}

// largest is the user of that kind, within a network or a sender where one is named, that has the most.
func largest(ctx context.Context, tx *sql.Tx, kind string, within user) (u user, err error) {
	query, args := `SELECT source, sender, space FROM memory_usage WHERE kind = ?`, []any{kind}
	if within.source != "" {
		query, args = query+` AND source = ?`, append(args, within.source)
	}
	if within.sender != "" {
		query, args = query+` AND sender = ?`, append(args, within.sender)
	}
	err = tx.QueryRowContext(ctx, query+` ORDER BY space DESC LIMIT 1`, args...).Scan(&u.source, &u.sender, &u.space)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return u, err
}

// evict forgets the user's oldest mail.
func (u *user) evict(ctx context.Context, tx *sql.Tx) (files []string, found bool, err error) {
	where, args := []string{"1"}, []any{}
	for name, v := range map[string]string{"source": u.source, "sender": u.sender} {
		if v != "" {
			where, args = append(where, name+" = ?"), append(args, v)
		}
	}
	if u.before != 0 {
		where, args = append(where, "expires < ?"), append(args, u.before)
	}
	ids, err := column[int64](ctx, tx, `SELECT id FROM memories WHERE `+strings.Join(where, " AND ")+` ORDER BY id LIMIT 1`, args...)
	if err != nil || len(ids) == 0 {
		return nil, false, err
	}
	files, err = drop(ctx, tx, ids[0])
	return files, true, err
}

// drop forgets mails and returns their files.
func drop(ctx context.Context, tx *sql.Tx, ids ...int64) (files []string, err error) {
	for _, id := range ids {
		of, err := column[string](ctx, tx, `SELECT id FROM memory_files WHERE memory = ?`, id)
		if err != nil {
			return nil, err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM memories WHERE id = ?`, id); err != nil {
			return nil, err
		}
		files = slices.Concat(files, of)
	}
	return files, nil
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// column reads a query of one column.
func column[T any](ctx context.Context, db querier, query string, args ...any) (list []T, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var v T
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}
