package outbound

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Incident is an account or machine of ours that sends what nobody honest does. It lasts until somebody clears it.
type Incident struct {
	ID          int64 // 0 while the database does not have it
	Kind        Kind
	Who         string
	Since, Last time.Time // of its risky mails
	Why         Why
	Mails       int // risky ones
	Recipients  int // of theirs
	Cleared     time.Time
	ClearedBy   string
	ClearedWhy  string
	Samples     []Sample // some of its mails, the oldest first
}

// Sample is one risky mail.
type Sample struct {
	Time      time.Time `json:"-"`
	QueueID   string    `json:"queue_id,omitempty"`
	MessageID string    `json:"message_id,omitempty"`
	SHA256    string    `json:"sha256,omitempty"`
	Account   string    `json:"-"`
	Client    string    `json:"-"`
	MailFrom  string    `json:"mail_from,omitempty"`
	From      string    `json:"from,omitempty"`
	Rcpts     []string  `json:"rcpt_to"`
	More      int       `json:"more,omitempty"` // recipients that are not listed
	Files     []string  `json:"files,omitempty"`
	Contents  []string  `json:"contents,omitempty"` // digests of what starts by itself
	Orphan    bool      `json:"orphan,omitempty"`   // it claims to be an answer and cites nothing
	Delivered bool      `json:"-"`                  // its recipients have it
}

const (
	maxKept          = 200  // risky mails of one account a day that are kept as samples
	maxKeptOfMachine = 1000 // … and of one machine, of mail that needed no login: a server with many people behind it
	maxRcpts         = 50   // recipients of one sample
	maxText          = 200  // bytes of one text of a sample
)

func (m *Mail) sample(account, client string, delivered bool) Sample {
	s := Sample{
		Time: m.Time, QueueID: clip(m.QueueID), MessageID: clip(m.MessageID), SHA256: clip(m.SHA256), Account: account, Client: client,
		MailFrom: clip(m.MailFrom), From: clip(m.From), Rcpts: []string{}, Delivered: delivered, Orphan: m.orphan(), More: max(len(m.Rcpts)-maxRcpts, 0),
	}
	for _, r := range m.Rcpts[:min(len(m.Rcpts), maxRcpts)] {
		s.Rcpts = append(s.Rcpts, clip(r))
	}
	for _, f := range m.Files[:min(len(m.Files), maxDigests)] {
		s.Files = append(s.Files, clip(f.Name))
	}
	for _, c := range m.Carriers[:min(len(m.Carriers), maxDigests)] {
		s.Contents = append(s.Contents, clip(c.Content))
	}
	return s
}

// incidentState is what stands in the database of a sender.
type incidentState struct {
	open    bool
	cleared time.Time // when the last incident was
}

// states asks for the incidents of senders. Those of this process that the database does not have are known without it.
func (m *Monitor) states(ctx context.Context, keys []key) (map[key]incidentState, error) {
	known := map[key]incidentState{}
	var errs error
	for _, k := range keys {
		state, err := m.state(ctx, k)
		errs = errors.Join(errs, err)
		m.mu.Lock()
		switch mine := m.open[k]; {
		case mine == nil:
		case err != nil || mine.ID == 0:
			state.open = true
		case !state.open: // cleared meanwhile
			delete(m.open, k)
		}
		m.mu.Unlock()
		known[k] = state
	}
	return known, errs
}

func (m *Monitor) state(ctx context.Context, k key) (incidentState, error) {
	db, err := m.database(ctx)
	if db == nil || err != nil {
		return incidentState{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, m.o.Timeout)
	defer cancel()
	var cleared sql.NullInt64
	err = db.QueryRowContext(ctx, `SELECT cleared FROM outbound_incidents WHERE kind = ? AND who = ? ORDER BY id DESC LIMIT 1`, k.kind, k.who).Scan(&cleared)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return incidentState{}, nil
	case err != nil:
		return incidentState{}, fmt.Errorf("outbound: asking for incidents: %w", err)
	case cleared.Valid:
		return incidentState{cleared: time.UnixMilli(cleared.Int64)}, nil
	}
	return incidentState{open: true}, nil
}

// Keep remembers a risky mail once it is judged: delivered says that its recipients get it. It returns the incidents that the mail has opened, each once,
// whichever process of the state folder sees them first. With an error they are open in this process only.
func (m *Monitor) Keep(ctx context.Context, s *Seen, delivered bool) (opened []Incident, err error) {
	if !s.Risky {
		return nil, nil
	}
	db, err := m.database(ctx)
	if db == nil || err != nil {
		return m.unsaved(s), wrap(err)
	}
	within, cancel := context.WithTimeout(ctx, m.o.Timeout)
	defer cancel()
	begun, err := m.keep(within, db, s, delivered)
	if err != nil {
		return m.unsaved(s), wrap(err)
	}
	for _, in := range begun {
		if m.note(in) {
			opened = append(opened, in)
		}
	}
	return opened, nil
}

func wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("outbound: remembering a risky mail: %w", err)
}

// note keeps an incident for times without a database, and reports whether it is news.
func (m *Monitor) note(in Incident) (news bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := key{in.Kind, in.Who}
	mine := m.open[k]
	if mine != nil || len(m.open) < m.o.Senders {
		m.open[k] = &in
	}
	return mine == nil || mine.ID != 0
}

// unsaved opens incidents without the database, and goes on with those of this process.
func (m *Monitor) unsaved(s *Seen) (opened []Incident) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range s.keys {
		why, opens := s.opens[k]
		switch mine := m.open[k]; {
		case mine != nil:
			mine.Last, mine.Mails, mine.Recipients = s.Mail.Time, mine.Mails+1, mine.Recipients+len(s.Mail.Rcpts)
		case opens && len(m.open) < m.o.Senders:
			in := Incident{Kind: k.kind, Who: k.who, Since: s.Mail.Time, Last: s.Mail.Time, Why: why, Mails: s.Counts.Risky, Recipients: len(s.Mail.Rcpts)}
			m.open[k] = &in
			opened = append(opened, in)
		}
	}
	return opened
}

func (m *Monitor) keep(ctx context.Context, db *sql.DB, s *Seen, delivered bool) (opened []Incident, err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			opened, err = nil, errors.Join(err, ignoreDone(tx.Rollback()))
		}
	}()
	account, client := s.names()
	sample := s.Mail.sample(account, client, delivered)
	if err := insertSample(ctx, tx, sample, len(s.Mail.Rcpts), s.Mail.Account != ""); err != nil {
		return nil, err
	}
	var cause sql.NullInt64
	for _, k := range s.keys {
		in, err := m.openOrGoOn(ctx, tx, s, k, cause)
		if err != nil {
			return nil, err
		}
		if in == nil {
			continue
		}
		if !cause.Valid {
			cause = sql.NullInt64{Int64: in.ID, Valid: true}
		}
		in.Samples = []Sample{sample}
		opened = append(opened, *in)
	}
	return opened, tx.Commit()
}

// ignoreDone passes over a transaction that its context has ended.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

func (s *Seen) names() (account, client string) {
	for _, k := range s.keys {
		if k.kind == Account {
			account = k.who
		}
	}
	if ip := s.Mail.Client.Unmap(); ip.IsValid() {
		return account, ip.WithZone("").String()
	}
	return account, local
}

// insertSample keeps a risky mail while its account has room, and, where no login vouches for the account, its machine.
func insertSample(ctx context.Context, tx *sql.Tx, s Sample, rcpts int, login bool) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	today := s.Time.Add(-day).UnixMilli()
	where, args := "", []any{s.Time.UnixMilli(), s.Account, s.Client, rcpts, s.Delivered, string(text)}
	room := func(column, who string, most int) {
		where += ` AND (SELECT count(*) FROM outbound_mails WHERE ` + column + ` = ? AND at > ?) < ?`
		args = append(args, who, today, most)
	}
	if s.Account != "" {
		room("account", s.Account, maxKept)
	}
	if !login {
		room("client", s.Client, maxKeptOfMachine)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO outbound_mails (at, account, client, rcpts, delivered, mail) SELECT ?, ?, ?, ?, ?, ? WHERE 1`+where, args...)
	return err
}

// openOrGoOn adds the mail to the sender's open incident, or opens one; then it returns it.
func (m *Monitor) openOrGoOn(ctx context.Context, tx *sql.Tx, s *Seen, k key, cause sql.NullInt64) (*Incident, error) {
	at := s.Mail.Time.UnixMilli()
	res, err := tx.ExecContext(ctx, `UPDATE outbound_incidents SET last = max(last, ?), mails = mails + 1, rcpts = rcpts + ?
		WHERE kind = ? AND who = ? AND cleared IS NULL`, at, len(s.Mail.Rcpts), k.kind, k.who)
	if err != nil {
		return nil, err
	}
	n, err := res.RowsAffected()
	if err != nil || n > 0 {
		return nil, err
	}
	in, err := m.begin(ctx, tx, s, k)
	if in == nil || err != nil {
		return nil, err
	}
	err = tx.QueryRowContext(ctx, `INSERT INTO outbound_incidents (cause, kind, who, since, last, why, mails, rcpts) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		cause, k.kind, k.who, in.Since.UnixMilli(), at, in.Why, in.Mails, in.Recipients).Scan(&in.ID)
	return in, err
}

// unsavedOf is a sender's incident that only this process knows, nil without one.
func (m *Monitor) unsavedOf(k key) *Incident {
	m.mu.Lock()
	defer m.mu.Unlock()
	if mine := m.open[k]; mine != nil && mine.ID == 0 {
		in := *mine
		return &in
	}
	return nil
}

// begin is the incident that the mail opens, or that was opened without the database, nil for none. It sums up the mails that led to it: those of the window, or of
// the day, since the last one was cleared.
func (m *Monitor) begin(ctx context.Context, tx *sql.Tx, s *Seen, k key) (*Incident, error) {
	if in := m.unsavedOf(k); in != nil {
		in.Last, in.Mails, in.Recipients = s.Mail.Time, in.Mails+1, in.Recipients+len(s.Mail.Rcpts)
		return in, nil
	}
	why, opens := s.opens[k]
	if !opens {
		return nil, nil
	}
	in := &Incident{Kind: k.kind, Who: k.who, Since: s.Mail.Time, Last: s.Mail.Time, Why: why}
	span := m.o.Window
	if why == Slow {
		span = day
	}
	last := in.Last.UnixMilli()
	var since sql.NullInt64
	err := tx.QueryRowContext(ctx, `SELECT min(at), count(*), coalesce(sum(rcpts), 0) FROM outbound_mails WHERE `+string(k.kind)+` = ? AND at <= ? AND at > max(?,
		coalesce((SELECT max(cleared) FROM outbound_incidents WHERE kind = ? AND who = ?), 0))`,
		k.who, last, last-span.Milliseconds(), k.kind, k.who).Scan(&since, &in.Mails, &in.Recipients)
	if since.Valid {
		in.Since = time.UnixMilli(since.Int64)
	}
	return in, err
}

// Clear ends the open incidents of an account or address, and those that the same mail opened with them. It returns them; none means that there
// was none.
func (m *Monitor) Clear(ctx context.Context, who, by, why string) ([]Incident, error) {
	db, err := m.database(ctx)
	if db == nil || err != nil {
		return nil, err
	}
	now := time.Now().UnixMilli()
	rows, err := db.QueryContext(ctx, `UPDATE outbound_incidents SET cleared = ?, cleared_by = ?, cleared_why = ? WHERE cleared IS NULL AND coalesce(cause, id) IN
		(SELECT coalesce(cause, id) FROM outbound_incidents WHERE who = ? AND cleared IS NULL) RETURNING `+columns, now, clip(by), clip(why), name(who))
	if err != nil {
		return nil, fmt.Errorf("outbound: clear: %w", err)
	}
	return read(rows)
}

// name is how a sender is written in the database.
func name(who string) string {
	if ip, err := netip.ParseAddr(who); err == nil {
		return ip.Unmap().WithZone("").String()
	}
	return fold(who)
}

const columns = `id, kind, who, since, last, why, mails, rcpts, cleared, cleared_by, cleared_why`

func read(rows *sql.Rows) (list []Incident, err error) {
	defer rows.Close()
	for rows.Next() {
		var in Incident
		var since, last int64
		var cleared sql.NullInt64
		if err := rows.Scan(&in.ID, &in.Kind, &in.Who, &since, &last, &in.Why, &in.Mails, &in.Recipients, &cleared, &in.ClearedBy, &in.ClearedWhy); err != nil {
			return nil, fmt.Errorf("outbound: reading incidents: %w", err)
		}
		in.Since, in.Last = time.UnixMilli(since), time.UnixMilli(last)
		if cleared.Valid {
			in.Cleared = time.UnixMilli(cleared.Int64)
		}
		list = append(list, in)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("outbound: reading incidents: %w", err)
	}
	return list, nil
}

const (
	maxIncidents = 10_000 // in one answer
	maxSamples   = 100    // of one incident in an answer
)

// Incidents lists the open ones, and those cleared whose last mail is not older than since, the newest first.
func (m *Monitor) Incidents(ctx context.Context, since time.Time) ([]Incident, error) {
	db, err := m.database(ctx)
	if db == nil || err != nil {
		return m.mineAll(), err
	}
	rows, err := db.QueryContext(ctx, `SELECT `+columns+` FROM outbound_incidents WHERE cleared IS NULL OR last >= ? ORDER BY last DESC, id DESC LIMIT ?`, since.UnixMilli(), maxIncidents)
	if err != nil {
		return nil, fmt.Errorf("outbound: incidents: %w", err)
	}
	list, err := read(rows)
	for i := range list {
		if err != nil {
			break
		}
		list[i].Samples, err = samples(ctx, db, &list[i])
	}
	return list, err
}

func (m *Monitor) mineAll() (list []Incident) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, in := range m.open {
		list = append(list, *in)
	}
	slices.SortFunc(list, func(a, b Incident) int { return b.Last.Compare(a.Last) })
	return list
}

func samples(ctx context.Context, db *sql.DB, in *Incident) ([]Sample, error) {
	rows, err := db.QueryContext(ctx, `SELECT at, account, client, delivered, mail FROM outbound_mails WHERE `+string(in.Kind)+` = ? AND at >= ? AND at <= ? ORDER BY at, id LIMIT ?`,
		in.Who, in.Since.UnixMilli(), in.Last.UnixMilli(), maxSamples)
	if err != nil {
		return nil, fmt.Errorf("outbound: samples: %w", err)
	}
	return readSamples(rows)
}

func readSamples(rows *sql.Rows) (list []Sample, err error) {
	defer rows.Close()
	for rows.Next() {
		var s Sample
		var at int64
		var text string
		if err := rows.Scan(&at, &s.Account, &s.Client, &s.Delivered, &text); err != nil {
			return nil, fmt.Errorf("outbound: samples: %w", err)
		}
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			return nil, fmt.Errorf("outbound: samples: %w", err)
		}
		s.Time = time.UnixMilli(at)
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("outbound: samples: %w", err)
	}
	return list, nil
}
