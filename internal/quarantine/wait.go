package quarantine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"sekisho/internal/message"
	"sekisho/rules"
)

// A waiting message is one whose locked file's password may still come in another mail: it is held like any other, with Item.Waits set, and
// goes to its recipients by itself when that time comes (ReleaseDue), unless Keep makes it an ordinary held message before. It is never expired.

// IsWaiting reports whether the message goes on by itself.
func (it Item) IsWaiting() bool { return it.State == StateHeld && !it.Waits.IsZero() }

// sendable refuses to let a message wait that could not be released as it came: it would need a person afterwards.
func sendable(raw *message.Buffer) error {
	var (
		last   byte
		eol    int // line ends in a row
		header = int64(-1)
		buf    = make([]byte, 64<<10)
		r      = io.NewSectionReader(raw, 0, raw.Size())
	)
	for off := int64(0); ; {
		n, err := r.Read(buf)
		for i, c := range buf[:n] {
			switch {
			case c == '\n' && last != '\r':
				return fmt.Errorf("%w: line feed without carriage return at byte %d", ErrUnsendable, off+int64(i))
			case c == '\n':
				if eol++; eol == 2 && header < 0 {
					header = off + int64(i)
				}
			case c != '\r':
				eol = 0
			}
			last = c
		}
		off += int64(n)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if header > maxHeader || header < 0 && raw.Size() > maxHeader { // Redeem compares it in memory
		return fmt.Errorf("%w: its header has more than %d bytes", ErrUnsendable, maxHeader)
	}
	return nil
}

// Keep ends the waiting of a message for good: it stays held, for the reason given, until a person decides. held is false when it is gone or
// on its way already.
func (q *Quarantine) Keep(ctx context.Context, id string, v rules.Verdict, by By) (held bool, err error) {
	q.desk.settled(ctx)
	if q.keepUnindexed(id, v) {
		return true, nil
	}
	err = q.tx(ctx, q.st.DB, func(tx *sql.Tx) error {
		held, err = q.keepRow(ctx, tx, id, v, by)
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("quarantine: keep: %w", err)
	}
	return held, nil
}

// keepUnindexed changes a message whose row is not written yet.
func (q *Quarantine) keepUnindexed(id string, v rules.Verdict) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	h, there := q.unindexed[id]
	if there {
		h.it.Waits, h.it.Verdict, h.json = time.Time{}, trimVerdict(v), nil
		q.unindexed[id] = h
	}
	return there
}

func (q *Quarantine) keepRow(ctx context.Context, tx *sql.Tx, id string, v rules.Verdict, by By) (held bool, err error) {
	it, err := getItem(ctx, tx, id)
	if err != nil || !it.IsWaiting() {
		return it.State == StateHeld, err
	}
	under, err := q.underWay(ctx, tx, id)
	if err != nil {
		return false, err
	}
	it.Waits, it.Verdict = time.Time{}, trimVerdict(v)
	b, err := marshalItem(it)
	if err != nil {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE items SET waits = 0, item = ? WHERE id = ?`, string(b), id); err != nil {
		return false, err
	}
	if err := q.addAct(ctx, tx, id, ActHold, by, nil); err != nil {
		return false, err
	}
	return !under, q.queueNotices(ctx, tx, it)
}

// underWay reports whether a release of the message is running. Its mail may arrive; a failed one is not tried again after Keep.
func (q *Quarantine) underWay(ctx context.Context, tx *sql.Tx, id string) (bool, error) {
	var n int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM marks WHERE item_id = ? AND ended = 0 AND made > ?`,
		id, q.now().Add(-q.opts.Relay.Timeout).UnixMilli()).Scan(&n)
	return n > 0, err
}

// LetGo ends the waiting of a message: the next ReleaseDue delivers it.
func (q *Quarantine) LetGo(ctx context.Context, id string) error {
	q.desk.settled(ctx)
	now := q.now().UnixMilli()
	_, err := q.st.DB.ExecContext(ctx, `UPDATE items SET waits = ? WHERE id = ? AND state = ? AND waits > ?`, now, id, StateHeld, now)
	if err != nil {
		return fmt.Errorf("quarantine: let go: %w", err)
	}
	return nil
}

// dueBatch bounds one round of ReleaseDue.
const dueBatch = 100

// dueTimeout bounds the delivery of one waiting message: one that takes longer is tried again.
const dueTimeout = time.Minute

// ReleaseDue delivers the messages whose waiting is over, and returns how many. What the relay does not take now is tried again at the next call;
// what it never will take, or may have taken, stays held for a person. It goes on with a message that it has begun after ctx ends.
func (q *Quarantine) ReleaseDue(ctx context.Context, now time.Time) (n int, err error) {
	q.desk.settled(ctx)
	ids, err := q.ids(ctx, `SELECT id FROM items WHERE waits > 0 AND waits <= ? AND state = ? ORDER BY waits LIMIT ?`, now.UnixMilli(), StateHeld, dueBatch)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if ctx.Err() != nil {
			return n, nil
		}
		away, err := q.releaseDue(ctx, id)
		switch {
		case err == nil:
			n++
		case errors.Is(err, ErrReleased), errors.Is(err, ErrState), errors.Is(err, errLater): // another's, or another time
		default:
			return n, err
		}
		if away {
			return n, fmt.Errorf("quarantine: release: the relay is away: %w", err)
		}
	}
	return n, nil
}

// errLater means that the relay asked to be tried again.
var errLater = errors.New("quarantine: the relay takes it later")

func (q *Quarantine) releaseDue(ctx context.Context, id string) (away bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dueTimeout)
	defer cancel()
	req := ReleaseRequest{By: By{"sekisho", "the wait for its password is over"}, due: true}
	out, err := q.Release(ctx, id, req)
	if errors.Is(err, ErrPerhaps) { // the process was killed in the middle of it: better twice than never
		req.Again = true
		out, err = q.Release(ctx, id, req)
	}
	switch {
	case err == nil:
		return false, nil
	case errors.Is(err, ErrUndelivered):
		return q.undelivered(ctx, id, out, err)
	case errors.Is(err, ErrUnsendable), errors.Is(err, ErrDamaged), errors.Is(err, ErrNotFound):
		return false, q.giveUp(ctx, id, err)
	}
	return false, err
}

// duePause is how long a message rests that the relay asked to be tried again: others are not kept waiting behind it.
const duePause = time.Minute

// undelivered tells what another try may mend from what only a person can.
func (q *Quarantine) undelivered(ctx context.Context, id string, out []Outcome, err error) (away bool, _ error) {
	for _, o := range out {
		if o.Result == Unknown || o.Result == Denied && o.Code/100 == 5 {
			return false, q.giveUp(ctx, id, err)
		}
		away = away || o.Result == Failed
	}
	if !away {
		_, err = q.st.DB.ExecContext(ctx, `UPDATE items SET waits = ? WHERE id = ? AND waits > 0`, q.now().Add(duePause).UnixMilli(), id)
		return false, errors.Join(errLater, err)
	}
	return true, errLater
}

// giveUp leaves a message to a person.
func (q *Quarantine) giveUp(ctx context.Context, id string, why error) error {
	it, err := q.Get(ctx, id)
	if err == nil {
		_, err = q.Keep(ctx, id, it.Verdict, By{"sekisho", why.Error()})
	}
	return errors.Join(err, errLater)
}

// tagFields are put before a message that waited: the relay may have no filter that marks it.
func tagFields(it Item) string {
	if it.Waits.IsZero() {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "X-Sekisho-Verdict: %s\r\n", rules.Tag)
	if rule := it.Verdict.Rule; rule != "" && !strings.ContainsFunc(rule, func(r rune) bool { return r <= ' ' || r > '~' }) {
		fmt.Fprintf(&b, "X-Sekisho-Rule: %s\r\n", rule)
	}
	fmt.Fprintf(&b, "X-Sekisho-Id: %s\r\n", it.ID)
	return b.String()
}

// tagged are the names of tagFields. They change nothing that a reader sees, and the filter removes them and writes its own.
var tagged = map[string]bool{"x-sekisho-verdict": true, "x-sekisho-rule": true, "x-sekisho-id": true}
