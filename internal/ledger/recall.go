package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"time"

	"sekisho/internal/store"
)

// between is the condition that a memory lives at a time and is of the parties of a mail.
const between = ` expires > ? AND m.id IN (SELECT p.memory FROM json_each(?) s, json_each(?) r
	JOIN memory_parties p ON p.sender = s.value AND p.rcpt = r.value) ORDER BY m.id DESC LIMIT ?`

func (m Mail) parties(limit int) (args []any, err error) {
	senders, err := encode(m.senders())
	if err != nil {
		return nil, err
	}
	rcpts, err := encode(m.recipients())
	return []any{m.Time.UnixMilli(), senders, rcpts, limit}, err
}

// Waiting gives the locked files of earlier mails between the parties of m, the newest mail first. more tells that there are further ones.
func (l *Ledger) Waiting(ctx context.Context, m Mail) (files []File, more bool, err error) {
	if !l.senders.any(m.senders()) {
		return nil, false, nil
	}
	ctx, cancel := l.within(ctx)
	defer cancel()
	if files, err = l.waiting(ctx, m); err != nil {
		return nil, false, fmt.Errorf("ledger: waiting: %w", err)
	}
	return files[:min(len(files), MaxWaiting)], len(files) > MaxWaiting, nil
}

func (l *Ledger) waiting(ctx context.Context, m Mail) ([]File, error) {
	args, err := m.parties(MaxWaiting + 1)
	if err != nil {
		return nil, err
	}
	rows, err := l.st.Index.QueryContext(ctx, `SELECT f.id, f.memory, f.path, f.name, f.size, m.mail
		FROM memory_files f JOIN memories m ON m.id = f.memory WHERE`+between, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var files []File
	for rows.Next() {
		var f File
		var path, mail string
		if err := rows.Scan(&f.ID, &f.memory, &path, &f.Name, &f.Size, &mail); err != nil {
			return nil, err
		}
		if err := errors.Join(json.Unmarshal([]byte(path), &f.Path), json.Unmarshal([]byte(mail), &f.Mail)); err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, rows.Err()
}

// Waited gives the quarantine ids of earlier mails between the parties of m that waited for the password of one of these very files: m may be
// such a mail come back, from a release or through a content filter.
func (l *Ledger) Waited(ctx context.Context, m Mail, files []Locked) ([]string, error) {
	if !l.senders.any(m.senders()) {
		return nil, nil
	}
	ctx, cancel := l.within(ctx)
	defer cancel()
	ids, err := l.waited(ctx, m, files)
	if err != nil {
		return nil, fmt.Errorf("ledger: waited: %w", err)
	}
	return ids, nil
}

func (l *Ledger) waited(ctx context.Context, m Mail, files []Locked) ([]string, error) {
	var sums []string
	for _, f := range files[:min(len(files), maxFiles)] {
		sum, err := f.copyTo(ctx, io.Discard)
		if err != nil {
			return nil, err
		}
		sums = append(sums, sum)
	}
	list, err := encode(sums)
	if err != nil {
		return nil, err
	}
	args, err := m.parties(maxAnswer)
	if err != nil {
		return nil, err
	}
	return column[string](ctx, l.st.Index, `SELECT m.mail ->> '$.quarantine_id' FROM memories m WHERE m.mail ->> '$.quarantine_id' <> ''
		AND m.id IN (SELECT memory FROM memory_files WHERE sha256 IN (SELECT value FROM json_each(?))) AND`+between, append([]any{list}, args...)...)
}

// Words gives the passwords that earlier mails between the parties of m gave, the newest mail's first, each once.
func (l *Ledger) Words(ctx context.Context, m Mail) ([]string, error) {
	if !l.senders.any(m.senders()) {
		return nil, nil
	}
	ctx, cancel := l.within(ctx)
	defer cancel()
	words, err := l.words(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("ledger: words: %w", err)
	}
	return words, nil
}

func (l *Ledger) words(ctx context.Context, m Mail) (words []string, err error) {
	args, err := m.parties(maxAnswer)
	if err != nil {
		return nil, err
	}
	said, err := column[string](ctx, l.st.Index, `SELECT m.words FROM memories m WHERE m.words <> 'null' AND`+between, args...)
	if err != nil {
		return nil, err
	}
	for _, s := range said {
		var list []string
		if err := json.Unmarshal([]byte(s), &list); err != nil {
			return nil, err
		}
		for _, w := range list {
			if !slices.Contains(words, w) {
				words = append(words, w)
			}
		}
	}
	return words, nil
}

// Content opens the bytes of a remembered file.
func (l *Ledger) Content(f File) (*os.File, error) {
	r, err := store.OpenRegular(l.path(f.ID))
	if err != nil {
		return nil, fmt.Errorf("ledger: content: %w", err)
	}
	return r, nil
}

// Forget drops files whose content is known now. done are the mails that have none left.
func (l *Ledger) Forget(ctx context.Context, files []File) (done []Mail, err error) {
	ctx, cancel := l.within(ctx)
	defer cancel()
	err = l.tx(ctx, func(tx *sql.Tx) error {
		for _, f := range files {
			last, err := forget(ctx, tx, f)
			if err != nil {
				return err
			}
			if last {
				done = append(done, f.Mail)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: forget: %w", err)
	}
	for _, f := range files {
		if err := l.remove([]string{f.ID}); err != nil {
			return done, fmt.Errorf("ledger: forget: %w", err)
		}
	}
	return done, nil
}

// forget drops one file, and its mail with the last one unless that gave passwords too.
func forget(ctx context.Context, tx *sql.Tx, f File) (last bool, err error) {
	res, err := tx.ExecContext(ctx, `DELETE FROM memory_files WHERE id = ?`, f.ID)
	if err != nil {
		return false, err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return false, err // another mail was quicker
	}
	left, err := column[int](ctx, tx, `SELECT count(*) FROM memory_files WHERE memory = ?`, f.memory)
	if err != nil || left[0] > 0 {
		return false, err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM memories WHERE id = ? AND words = 'null'`, f.memory)
	return true, err
}

// expireBatch bounds one transaction, so that other writers get their turn.
const expireBatch = 200

// expire forgets a batch of what is past its time.
func (l *Ledger) expire(ctx context.Context, tx *sql.Tx, now time.Time) (files []string, n int, err error) {
	ids, err := column[int64](ctx, tx, `SELECT id FROM memories WHERE expires <= ? LIMIT ?`, now.UnixMilli(), expireBatch)
	if err == nil {
		files, err = drop(ctx, tx, ids...)
	}
	return files, len(ids), err
}

// Expire forgets what is past its time.
func (l *Ledger) Expire(ctx context.Context, now time.Time) error {
	for n := expireBatch; n == expireBatch; {
		var gone []string
		err := l.tx(ctx, func(tx *sql.Tx) (err error) {
			gone, n, err = l.expire(ctx, tx, now)
			return err
		})
		if err == nil {
			err = l.remove(gone)
		}
		if err != nil {
			return fmt.Errorf("ledger: expire: %w", err)
		}
	}
	if l.senders.outgrown() {
		return l.readSenders(ctx)
	}
	return nil
}

// Clear forgets everything.
func (l *Ledger) Clear(ctx context.Context) error {
	return l.Expire(ctx, time.UnixMilli(math.MaxInt64))
}

// Sweep removes files that no row names: a process was killed between the two. Only the daemon may call it, before it takes mail.
func (l *Ledger) Sweep(ctx context.Context) (n int, err error) {
	known, err := column[string](ctx, l.st.Index, `SELECT id FROM memory_files`)
	if err != nil {
		return 0, fmt.Errorf("ledger: sweep: %w", err)
	}
	slices.Sort(known)
	err = fs.WalkDir(os.DirFS(l.st.Path(Folder)), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if _, there := slices.BinarySearch(known, name); there {
			return nil
		}
		n++
		return l.remove([]string{name})
	})
	if err != nil {
		err = fmt.Errorf("ledger: sweep: %w", err)
	}
	return n, err
}
