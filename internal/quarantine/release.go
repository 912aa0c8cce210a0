package quarantine

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// ErrUndelivered means that a release did not reach every recipient; the outcomes say which, and the message is held for the rest.
var ErrUndelivered = errors.New("quarantine: not released to every recipient")

// ReleaseRequest says what to release.
type ReleaseRequest struct {
	By
	Rcpts []string // recipients of the message; none means all that it was not released to before
	Again bool     // also to those that it was released to before

	due bool // because its waiting is over: not if somebody has decided otherwise meanwhile
}

// maxRcpts is how many recipients go into one transaction: what every server must take (RFC 5321 4.5.3.1.8).
const maxRcpts = 100

// Release sends a held message to its recipients, as it came, and records what became of each. When one of them did not get it the
// error is ErrUndelivered and the message stays held.
func (q *Quarantine) Release(ctx context.Context, id string, req ReleaseRequest) ([]Outcome, error) {
	q.desk.settled(ctx)
	out, err := q.release(ctx, id, req)
	if err != nil {
		return out, fmt.Errorf("quarantine: release: %w", err)
	}
	for _, o := range out {
		if o.Result != Sent {
			return out, fmt.Errorf("%w: %s", ErrUndelivered, o.Text())
		}
	}
	return out, nil
}

func (q *Quarantine) release(ctx context.Context, id string, req ReleaseRequest) ([]Outcome, error) {
	it, err := getItem(ctx, q.st.DB, id)
	switch {
	case err != nil:
		return nil, err
	case it.Where == InMTA:
		return nil, ErrInMTA
	case it.State != StateHeld && it.State != StateReleased:
		return nil, fmt.Errorf("%w: %s", ErrState, it.State)
	}
	rcpts, err := choose(it, req)
	if err != nil {
		return nil, err
	}
	f, kept, err := q.openFile(id)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	facts, err := survey(f, kept)
	if err != nil {
		return nil, err
	}
	kept.Waits, kept.Verdict = it.Waits, it.Verdict // the row is newer
	var all []Outcome
	for part := range slices.Chunk(rcpts, maxRcpts) {
		out, err := q.releaseTo(ctx, f, kept, facts, part, req)
		all = append(all, out...)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// choose gives the recipients of a release, as the envelope has them.
func choose(it Item, req ReleaseRequest) ([]string, error) {
	named := set(req.Rcpts)
	done := set(it.Released)
	unknown := set(req.Rcpts)
	var rcpts []string
	for _, r := range it.Envelope.Rcpts {
		c := canonicalPath(r)
		delete(unknown, c)
		switch {
		case len(named) > 0 && !named[c]:
		case !done[c] || req.Again:
			rcpts = append(rcpts, r)
		case named[c]:
			return nil, fmt.Errorf("%w: to %q", ErrReleased, clip(r))
		}
	}
	for r := range unknown {
		return nil, fmt.Errorf("%q is not a recipient of this message", clip(r))
	}
	if len(rcpts) == 0 {
		return nil, ErrReleased
	}
	return rcpts, nil
}

// set is a set of addresses, each in its canonical form.
func set(addrs []string) map[string]bool {
	m := make(map[string]bool, len(addrs))
	for _, a := range addrs {
		m[canonicalPath(a)] = true
	}
	return m
}

// surveyed is what of the content matters to SMTP.
type surveyed struct{ utf8Header bool }

// survey reads the content once: it must be what was held, and SMTP must be able to carry it.
func survey(f *os.File, it Item) (s surveyed, err error) {
	var (
		h      = sha256.New()
		buf    = make([]byte, 64<<10)
		r      = io.TeeReader(io.NewSectionReader(f, 0, it.Size), h)
		header = headerScan{}
		last   byte
	)
	for off := int64(0); ; {
		n, err := r.Read(buf)
		for i, c := range buf[:n] {
			if c == '\n' && last != '\r' {
				return s, fmt.Errorf("%w: line feed without carriage return at byte %d", ErrUnsendable, off+int64(i))
			}
			last = c
		}
		header.write(buf[:n])
		off += int64(n)
		if err == io.EOF {
			break
		}
		if err != nil {
			return s, err
		}
	}
	if hex.EncodeToString(h.Sum(nil)) != it.SHA256 {
		return s, damaged("the content's digest differs")
	}
	s.utf8Header = header.isUTF8()
	return s, nil
}

// headerScan collects the bytes of a header that are not ASCII.
type headerScan struct {
	eol   int // line ends in a row
	ended bool
	high  []byte
}

// maxHigh is how many bytes are looked at: 8-bit text that begins as UTF-8 for this long is UTF-8.
const maxHigh = 4096

func (s *headerScan) write(p []byte) {
	for _, c := range p {
		if s.ended || len(s.high) >= maxHigh {
			return
		}
		switch {
		case c == '\n':
			s.eol++
			s.ended = s.eol == 2
		case c != '\r':
			s.eol = 0
			if c >= utf8.RuneSelf {
				s.high = append(s.high, c)
			}
		}
	}
}

// isUTF8 reports whether the header has characters beyond ASCII and they are UTF-8 (RFC 6532). Other 8-bit text was never SMTPUTF8.
func (s *headerScan) isUTF8() bool {
	b := s.high
	for n := 0; n < utf8.UTFMax && len(b) > 0 && len(s.high) >= maxHigh && !utf8.Valid(b); n++ {
		b = b[:len(b)-1] // a character that was cut at maxHigh
	}
	return len(b) > 0 && utf8.Valid(b)
}

// releaseTo runs one transaction: a mark, the mail, the record.
func (q *Quarantine) releaseTo(ctx context.Context, f *os.File, it Item, facts surveyed, rcpts []string, req ReleaseRequest) ([]Outcome, error) {
	e := envelope{it.Envelope.MailFrom, rcpts}
	m, err := q.claim(ctx, it, e, req)
	if err != nil {
		return nil, err
	}
	q.opts.Step("claimed")
	field := MarkField + ": " + m.String() + "\r\n" + tagFields(it)
	out := q.opts.Relay.send(ctx, transaction{
		envelope: e,
		needUTF8: e.beyondASCII(),
		wantUTF8: facts.utf8Header,
		size:     int64(len(field)) + it.Size,
		content:  io.MultiReader(strings.NewReader(field), io.NewSectionReader(f, 0, it.Size)),
	})
	q.opts.Step("sent")
	// What happened is recorded even when the caller has gone.
	if err := q.settleRelease(context.WithoutCancel(ctx), it.ID, m.tx, out, req.By); err != nil {
		return out, fmt.Errorf("the mail went out, but that could not be recorded: %w", err)
	}
	q.opts.Step("settled")
	return out, nil
}

// claim makes the mark of a transaction and its row, unless a recipient was released to before or is being released to just now.
func (q *Quarantine) claim(ctx context.Context, it Item, e envelope, req ReleaseRequest) (mark, error) {
	now := q.now()
	m := mark{id: it.ID, tx: newTx(), exp: now.Add(q.opts.MarkLife).Unix()}
	m.mac = sign(q.key, m, it.SHA256, e)
	return m, q.tx(ctx, q.st.DB, func(tx *sql.Tx) error {
		if req.due {
			if row, err := getItem(ctx, tx, it.ID); err != nil || !row.IsWaiting() {
				return errors.Join(err, ErrState)
			}
		}
		if !req.Again {
			if err := q.unclaimed(ctx, tx, it, e, now); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO marks (tx, item_id, made, expires, sha256, mail_from) VALUES (?, ?, ?, ?, ?, ?)`,
			m.tx, m.id, now.UnixMilli(), m.exp, it.SHA256, e.mailFrom)
		for _, r := range e.canonical().rcpts {
			if err == nil {
				_, err = tx.ExecContext(ctx, `INSERT INTO mark_rcpts (tx, rcpt, state) VALUES (?, ?, 'open')`, m.tx, r)
			}
		}
		return err
	})
}

// unclaimed looks again at what choose saw, now under the write lock. A claim whose process died ends with the relay's timeout. A mark
// that was used although no release was recorded let a mail through whose fate nobody knows: a person must ask for the second one.
func (q *Quarantine) unclaimed(ctx context.Context, tx *sql.Tx, it Item, e envelope, now time.Time) error {
	row, err := getItem(ctx, tx, it.ID)
	if err != nil {
		return err
	}
	if row.State != StateHeld && row.State != StateReleased {
		return fmt.Errorf("%w: %s", ErrState, row.State)
	}
	if _, err := choose(row, ReleaseRequest{Rcpts: e.rcpts}); err != nil {
		return err
	}
	for _, r := range e.canonical().rcpts {
		var running, used int
		err := tx.QueryRowContext(ctx, `SELECT count(*) FILTER (WHERE ended = 0 AND made > ?), count(*) FILTER (WHERE state IN ('used', 'perhaps'))
			FROM marks JOIN mark_rcpts USING (tx) WHERE item_id = ? AND rcpt = ?`,
			now.Add(-q.opts.Relay.Timeout).UnixMilli(), it.ID, r).Scan(&running, &used)
		switch {
		case err != nil:
			return err
		case running > 0:
			return ErrReleased
		case used > 0:
			return fmt.Errorf("%w to %q", ErrPerhaps, clip(r))
		}
	}
	return nil
}

// settleRelease withdraws the mark for whoever did not get the mail and records the rest.
func (q *Quarantine) settleRelease(ctx context.Context, id, mtx string, out []Outcome, by By) error {
	return q.tx(ctx, q.st.DB, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE marks SET ended = ? WHERE tx = ?`, q.now().UnixMilli(), mtx); err != nil {
			return err
		}
		if err := q.refused(ctx, tx, mtx, out); err != nil {
			return err
		}
		var sent []string
		for _, o := range out {
			if o.Result == Sent { // the mark stays open: a relay in front of the filter shows it later
				sent = append(sent, o.Rcpt)
				continue
			}
			state := "void" // after a no it does not matter that the filter had said yes
			if o.Result == Unknown {
				state = "perhaps" // a person must ask for the second one (unclaimed)
			}
			if _, err := tx.ExecContext(ctx, `UPDATE mark_rcpts SET state = ? WHERE tx = ? AND rcpt = ?`, state, mtx, canonicalPath(o.Rcpt)); err != nil {
				return err
			}
		}
		if err := q.noteReleased(ctx, tx, id, sent); err != nil {
			return err
		}
		return q.addAct(ctx, tx, id, ActRelease, by, out)
	})
}

// refused looks whether the filter refused the mark of mail that the relay took, because it came late or the MTA changed the message: then
// it was judged anew, and perhaps held anew. Such a recipient's outcome becomes Unknown.
func (q *Quarantine) refused(ctx context.Context, tx *sql.Tx, mtx string, out []Outcome) error {
	for i, o := range out {
		if o.Result != Sent {
			continue
		}
		var why string
		err := tx.QueryRowContext(ctx, `SELECT refused FROM marks JOIN mark_rcpts USING (tx) WHERE tx = ? AND rcpt = ? AND state <> 'used'`,
			mtx, canonicalPath(o.Rcpt)).Scan(&why)
		switch {
		case errors.Is(err, sql.ErrNoRows) || err == nil && why == "":
		case err != nil:
			return err
		default:
			out[i] = Outcome{Rcpt: o.Rcpt, Result: Unknown, Reply: "the filter refused the release mark (" + why + ") and judged the mail anew: look for it in the quarantine"}
		}
	}
	return nil
}

// noteReleased adds recipients to those the message was released to. When it has reached all, the state is released, and the file is
// kept only as long as a second release may be wanted.
func (q *Quarantine) noteReleased(ctx context.Context, tx *sql.Tx, id string, sent []string) error {
	if len(sent) == 0 {
		return nil
	}
	it, err := getItem(ctx, tx, id)
	if err != nil {
		return err
	}
	done := envelope{rcpts: append(slices.Clone(it.Released), sent...)}.canonical().rcpts
	rest := envelope{rcpts: it.Envelope.Rcpts}.canonical().rcpts
	rest = slices.DeleteFunc(rest, func(r string) bool { return slices.Contains(done, r) })
	state, expires := it.State, it.Expires
	if len(rest) == 0 && state == StateHeld {
		state = StateReleased
		if t := q.now().Add(q.opts.KeepReleased); t.Before(expires) {
			expires = t
		}
	}
	raw := make([][]byte, len(done))
	for i, r := range done {
		raw[i] = []byte(r)
	}
	b, err := json.Marshal(raw)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE items SET released = ?, state = ?, expires = ? WHERE id = ?`, string(b), state, expires.UnixMilli(), id)
	if err == nil && state == StateReleased {
		_, err = tx.ExecContext(ctx, `DELETE FROM notices WHERE item_id = ?`, id)
	}
	return err
}

// MTACommand is what the postmaster types to release a message that the MTA holds (Postfix postsuper(1)), "" where the queue id is not
// one that is safe to type.
func MTACommand(it Item) string { return mtaCommand("-H", it) }

// MTADelete is what the postmaster types to delete a message that the MTA holds.
func MTADelete(it Item) string { return mtaCommand("-d", it) }

// maxQueueID is longer than any queue id of Postfix (long ids have at most 21 characters).
const maxQueueID = 40

func mtaCommand(flag string, it Item) string {
	id := it.Envelope.QueueID
	const alnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	if it.Where != InMTA || id == "" || id == "ALL" || len(id) > maxQueueID || !onlyOf(id, alnum) { // ALL is every mail
		return ""
	}
	return "postsuper " + flag + " " + id
}
