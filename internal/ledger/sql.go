package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// The statements that mail waits for. They are compiled once a connection.
const (
	sqlCited = `SELECT id, class, flags, parties FROM talk_mails
		WHERE id IN (SELECT value FROM json_each(?)) AND at >= ?`
	sqlSubject = `SELECT class, flags, parties FROM talk_mails
		WHERE subject = ? AND subject <> 0 AND at >= ? ORDER BY at DESC LIMIT ?`
	sqlPartners = `SELECT id, name, class, flags, source, first, last, received, begun, answered, passed, unproven, keys FROM talk_partners`
	sqlMany     = sqlPartners + ` WHERE id IN (SELECT value FROM json_each(?))`
	sqlKeyed    = sqlPartners + ` WHERE id IN (SELECT partner FROM talk_keys
		WHERE key IN (SELECT value FROM json_each(?)) LIMIT ?)`

	sqlLetter          = `SELECT at, class, flags, subject, source, parties FROM talk_mails WHERE id = ?`
	sqlPartner         = sqlPartners + ` WHERE id = ?`
	sqlUsage           = `SELECT n FROM talk_usage WHERE kind = ? AND source = ?`
	sqlWindow          = `SELECT last, samples FROM talk_cover WHERE domain = ?`
	sqlInsertLetter    = `INSERT INTO talk_mails (id, at, class, flags, subject, source, parties) VALUES (?, ?, ?, ?, ?, ?, ?)`
	sqlInsertNewLetter = sqlInsertLetter + ` ON CONFLICT DO NOTHING`
	sqlSavePartner     = `INSERT OR REPLACE INTO talk_partners
		(id, name, class, flags, source, first, last, received, begun, answered, passed, unproven, keys) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	sqlSaveKey     = `INSERT OR IGNORE INTO talk_keys (key, partner) VALUES (?, ?)`
	sqlSaveUsage   = `INSERT INTO talk_usage (kind, source, n) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n = excluded.n`
	sqlDeleteUsage = `DELETE FROM talk_usage WHERE kind = ? AND source = ?`
	sqlSaveDay     = `INSERT INTO talk_days (day, n) VALUES (?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n`
	sqlSecure      = `PRAGMA secure_delete = ON` // what is deleted or replaced is overwritten: an address that is forgotten is gone
	sqlSaveWindow  = `INSERT INTO talk_cover (domain, last, samples) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET last = excluded.last, samples = excluded.samples`
)

var compiled = []string{sqlCited, sqlSubject, sqlMany, sqlKeyed, sqlLetter, sqlPartner, sqlUsage, sqlWindow, sqlInsertLetter, sqlInsertNewLetter, sqlSavePartner,
	sqlSaveKey, sqlSaveUsage, sqlDeleteUsage, sqlSaveDay, sqlSaveWindow, sqlSecure}

// database is memory.db for those who read, or for the one who writes.
type database struct {
	*sql.DB
	statements map[string]*sql.Stmt
}

// compile prepares the statements.
func (d *database) compile(ctx context.Context) error {
	d.statements = map[string]*sql.Stmt{}
	for _, q := range compiled {
		s, err := d.PrepareContext(ctx, q)
		if err != nil {
			return errors.Join(err, d.closeStatements())
		}
		d.statements[q] = s
	}
	return nil
}

func (d *database) closeStatements() error {
	var errs []error
	for _, s := range d.statements {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// txn is one transaction with the compiled statements.
type txn struct {
	*sql.Tx // nil for a single statement
	db      *database
	mine    map[string]*sql.Stmt
}

func (t *txn) stmt(ctx context.Context, q string) *sql.Stmt {
	if t.Tx == nil {
		return t.db.statements[q]
	}
	s := t.mine[q]
	if s == nil {
		s = t.StmtContext(ctx, t.db.statements[q])
		t.mine[q] = s
	}
	return s
}

func (t *txn) exec(ctx context.Context, q string, args ...any) error {
	_, err := t.stmt(ctx, q).ExecContext(ctx, args...)
	return err
}

// blob is never NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// each calls scan for every row.
func (t *txn) each(ctx context.Context, scan func(*sql.Rows) error, q string, args ...any) error {
	rows, err := t.stmt(ctx, q).QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	return eachRow(rows, scan)
}

func eachRow(rows *sql.Rows, scan func(*sql.Rows) error) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// tx runs one transaction: a reading one sees one state of the memory, a writing one has the write lock from its beginning.
func (c *Conversations) tx(ctx context.Context, read bool, f func(*txn) error) error {
	db := c.writer
	if read {
		db = c.db
	}
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: read})
	if err != nil {
		return err
	}
	if err := safely(func() error { return f(&txn{tx, db, map[string]*sql.Stmt{}}) }); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// safely turns a panic into an error.
func safely(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}
