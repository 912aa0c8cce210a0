package quarantine

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"

	"sekisho/internal/message"
)

// Redeem checks the mark of a mail that claims to be released and uses it up. Only "ok" lets the mail pass unjudged. mark is the value
// of the first X-Sekisho-Release field, raw the whole message as the MTA gave it, that field included.
//
// A mark is good once for each recipient it was made for, so an MTA may split the transaction. When the mail is lost between here
// and the MTA's answer, the release has failed, the item is still held, and the next release, which a person asks for with Again, has a mark of its own. id is set as soon as the mark is known to be ours.
// An error is our own trouble: the caller answers with a temporary failure, and the mark is not used up.
func (q *Quarantine) Redeem(ctx context.Context, mark string, env message.Envelope, raw *message.Buffer) (id string, res MarkResult, err error) {
	m, made, err := q.knownMark(ctx, mark)
	if err != nil {
		return "", "", fmt.Errorf("quarantine: redeem: %w", err)
	}
	if made == nil {
		return "", MarkForged, nil
	}
	res, err = q.redeem(ctx, m, made, mark, envelope{env.MailFrom, env.Rcpts}.canonical(), raw)
	if err == nil && res != MarkOK {
		_, err = q.st.DB.ExecContext(ctx, `UPDATE marks SET refused = ? WHERE tx = ?`, string(res), m.tx)
	}
	if err != nil {
		return m.id, "", fmt.Errorf("quarantine: redeem: %w", err)
	}
	return m.id, res, nil
}

// redeem judges a mark that is ours.
func (q *Quarantine) redeem(ctx context.Context, m mark, made *madeMark, value string, got envelope, raw *message.Buffer) (MarkResult, error) {
	switch {
	case q.now().Unix() > m.exp:
		return MarkExpired, nil
	case !made.covers(got):
		return MarkRecipient, nil
	case !made.open(got):
		return MarkReplayed, nil
	}
	same, err := q.sameContent(m.id, made.sha256, value, raw)
	switch {
	case err != nil:
		return "", err
	case !same:
		return MarkContent, nil
	}
	used, err := q.useUp(ctx, m.tx, got.rcpts)
	switch {
	case err != nil:
		return "", err
	case !used:
		return MarkReplayed, nil
	}
	return MarkOK, nil
}

// madeMark is what the database knows of a mark.
type madeMark struct {
	itemID, sha256, mailFrom string
	rcpts                    map[string]string // state by recipient
}

func (m *madeMark) covers(e envelope) bool {
	for _, r := range e.rcpts {
		if _, ok := m.rcpts[r]; !ok {
			return false
		}
	}
	return len(e.rcpts) > 0 && e.mailFrom == canonicalPath(m.mailFrom)
}

func (m *madeMark) open(e envelope) bool {
	for _, r := range e.rcpts {
		if m.rcpts[r] != "open" {
			return false
		}
	}
	return true
}

// knownMark finds a mark and checks its MAC; nil means that it is not ours.
func (q *Quarantine) knownMark(ctx context.Context, value string) (mark, *madeMark, error) {
	m, ok := parseMark(value)
	if !ok {
		return m, nil, nil
	}
	made, err := q.readMark(ctx, m.tx)
	if made == nil || err != nil {
		return m, nil, err
	}
	e := envelope{mailFrom: made.mailFrom}
	for r := range made.rcpts {
		e.rcpts = append(e.rcpts, r)
	}
	if made.itemID != m.id || !hmac.Equal(m.mac, sign(q.key, m, made.sha256, e)) {
		return m, nil, nil
	}
	return m, made, nil
}

func (q *Quarantine) readMark(ctx context.Context, tx string) (*madeMark, error) {
	m := &madeMark{rcpts: map[string]string{}}
	err := q.st.DB.QueryRowContext(ctx, `SELECT item_id, sha256, mail_from FROM marks WHERE tx = ?`, tx).Scan(&m.itemID, &m.sha256, &m.mailFrom)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rows, err := q.st.DB.QueryContext(ctx, `SELECT rcpt, state FROM mark_rcpts WHERE tx = ?`, tx)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var rcpt, state string
		if err := rows.Scan(&rcpt, &state); err != nil {
			return nil, err
		}
		m.rcpts[rcpt] = state
	}
	return m, rows.Err()
}

// useUp marks the recipients as used, all or none: of two who come at once one wins.
func (q *Quarantine) useUp(ctx context.Context, tx string, rcpts []string) (bool, error) {
	errUsed := errors.New("used")
	err := q.tx(ctx, q.st.DB, func(t *sql.Tx) error {
		for _, r := range rcpts {
			res, err := t.ExecContext(ctx, `UPDATE mark_rcpts SET state = 'used' WHERE tx = ? AND rcpt = ? AND state = 'open'`, tx, r)
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil || n != 1 {
				return errors.Join(errUsed, err)
			}
		}
		return nil
	})
	if errors.Is(err, errUsed) {
		return false, nil
	}
	return err == nil, err
}

// sameContent compares the message that came with the held one.
func (q *Quarantine) sameContent(id, sum, mark string, raw *message.Buffer) (bool, error) {
	f, it, err := q.openFile(id)
	if errors.Is(err, ErrNotFound) {
		return false, nil // deleted meanwhile
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	if it.SHA256 != sum {
		return false, nil
	}
	return sameMessage(io.NewSectionReader(raw, 0, raw.Size()), io.NewSectionReader(f, 0, it.Size), mark)
}

// maxHeader bounds the header that is compared in memory: 80 times the largest that Postfix takes (header_size_limit).
const maxHeader = 8 << 20

// sameMessage reports whether got is held, but for fields that an MTA may add on the way. The held fields must all be there, in order
// and byte for byte, and the body must be equal: what a simple/simple DKIM signature covers (RFC 6376 3.4) is unchanged.
func sameMessage(got, held io.Reader, mark string) (bool, error) {
	g, h := bufio.NewReaderSize(got, 64<<10), bufio.NewReaderSize(held, 64<<10)
	gf, err := readFields(g)
	if err != nil {
		return false, notTooLong(err)
	}
	hf, err := readFields(h)
	if err != nil {
		return false, notTooLong(err)
	}
	if !sameFields(gf, hf, mark) {
		return false, nil
	}
	return sameBody(g, h)
}

var errHeaderTooLong = errors.New("header too long")

func notTooLong(err error) error {
	if errors.Is(err, errHeaderTooLong) {
		return nil
	}
	return err
}

// readFields reads the fields of a header up to and with the empty line, each with its folding and without its last line end.
func readFields(r *bufio.Reader) (fields [][]byte, err error) {
	for room := maxHeader; ; {
		line, err := readLine(r, room)
		if err != nil {
			return nil, err
		}
		room -= len(line)
		switch {
		case len(bytes.TrimRight(line, "\r\n")) == 0: // the empty line, or the end
			for i, f := range fields {
				fields[i] = bytes.TrimSuffix(bytes.TrimSuffix(f, []byte("\n")), []byte("\r"))
			}
			return fields, nil
		case len(fields) > 0 && (line[0] == ' ' || line[0] == '\t'):
			last := &fields[len(fields)-1]
			*last = append(*last, line...)
		default:
			fields = append(fields, line)
		}
	}
}

// readLine reads a line of at most room bytes with its end; it is empty at the end of the input.
func readLine(r *bufio.Reader, room int) (line []byte, err error) {
	for {
		piece, err := r.ReadSlice('\n')
		line = append(line, piece...)
		switch {
		case len(line) > room:
			return nil, errHeaderTooLong
		case err == nil, err == io.EOF:
			return line, nil
		case err != bufio.ErrBufferFull:
			return nil, err
		}
	}
}

// added are the fields that an MTA, or another filter in front of ours, may put into a mail on its way (RFC 5321 4.4, RFC 8601, RFC
// 7208, RFC 6376, RFC 8617). None changes what a reader of the mail sees.
var added = map[string]bool{
	"received": true, "return-path": true, "authentication-results": true, "received-spf": true, "dkim-signature": true,
	"arc-seal": true, "arc-message-signature": true, "arc-authentication-results": true,
}

// supplied are the fields that an MTA gives to a mail that has none of that name (RFC 6409 8; Postfix always_add_missing_headers).
var supplied = map[string]bool{
	"date": true, "from": true, "message-id": true, "to": true, "resent-date": true, "resent-from": true, "resent-message-id": true,
}

func sameFields(got, held [][]byte, mark string) bool {
	has := map[string]bool{}
	for _, f := range held {
		has[fieldName(f)] = true
	}
	marked := false
	for _, f := range got {
		name := fieldName(f)
		switch {
		case !marked && name == strings.ToLower(MarkField) && fieldValue(f) == strings.TrimSpace(mark):
			marked = true
		case len(held) > 0 && bytes.Equal(f, held[0]):
			held = held[1:]
		case added[name], tagged[name], supplied[name] && !has[name]:
		default:
			return false
		}
	}
	return marked && len(held) == 0
}

func fieldName(f []byte) string {
	name, _, _ := bytes.Cut(f, []byte(":"))
	return strings.ToLower(string(bytes.TrimRight(name, " \t")))
}

func fieldValue(f []byte) string {
	_, v, _ := bytes.Cut(f, []byte(":"))
	return string(bytes.TrimSpace(v))
}

// sameBody compares to the end. A message that did not end in CRLF gets one on the wire (RFC 5321 4.1.1.4), and only that.
func sameBody(got, held *bufio.Reader) (bool, error) {
	a, b := make([]byte, 32<<10), make([]byte, 32<<10)
	var last [2]byte
	for {
		n, err := io.ReadFull(held, b)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return false, err
		}
		m, gerr := io.ReadFull(got, a[:n])
		if gerr != nil && gerr != io.EOF && gerr != io.ErrUnexpectedEOF {
			return false, gerr
		}
		if m != n || !bytes.Equal(a[:m], b[:n]) {
			return false, nil
		}
		for _, c := range b[max(0, n-2):n] {
			last[0], last[1] = last[1], c
		}
		if err != nil {
			break
		}
	}
	rest, err := io.ReadAll(io.LimitReader(got, 3))
	return len(rest) == 0 || string(rest) == "\r\n" && string(last[:]) != "\r\n", err
}
