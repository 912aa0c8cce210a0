package hosts

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

// ErrFull means that there are as many machines as may be kept.
var ErrFull = errors.New("hosts: the table of machines is full")

// writer is one transaction of an import.
type writer struct {
	ctx context.Context
	tx  *sql.Tx
	h   *Hosts
}

// write runs f in one transaction.
func (h *Hosts) write(ctx context.Context, f func(writer) error) error {
	tx, err := h.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(writer{ctx, tx, h}); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// report keeps a report unless a newer one of its kind is there. It says whether that told anything new.
func (w writer) report(r *Report) (bool, error) {
	processes, err := json.Marshal(r.Processes)
	if err != nil {
		return false, err
	}
	address := ""
	if r.Address.IsValid() {
		address = r.Address.String()
	}
	res, err := w.tx.ExecContext(w.ctx, `INSERT INTO host_reports VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8)
		ON CONFLICT (host, infected) DO UPDATE SET
			first = min(first, excluded.first),
			name = iif(excluded.scanned > scanned, excluded.name, name),
			version = iif(excluded.scanned > scanned, excluded.version, version),
			address = iif(excluded.scanned > scanned, excluded.address, address),
			processes = iif(excluded.scanned > scanned, excluded.processes, processes),
			imported = excluded.imported,
			scanned = max(scanned, excluded.scanned)
		WHERE excluded.scanned > scanned OR excluded.first < first`,
		Key(r.Host), r.Infected, r.Host, r.Scanned.Unix(), r.Version, address, string(processes), w.h.opts.Now().Unix())
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// machine adds a row of the inventory to what is known of a computer.
func (w writer) machine(m Machine) error {
	key := Key(m.Host)
	_, err := w.tx.ExecContext(w.ctx, `INSERT INTO host_machines VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET name = excluded.name, imported = excluded.imported`, key, m.Host, w.h.opts.Now().Unix())
	if err != nil {
		return err
	}
	links := make([][2]string, 0, len(m.Addresses)+len(m.Accounts))
	for _, a := range m.Addresses {
		links = append(links, [2]string{"address", a.String()})
	}
	for _, a := range m.Accounts {
		links = append(links, [2]string{"account", a})
	}
	for _, l := range links {
		_, err := w.tx.ExecContext(w.ctx, `INSERT INTO host_links SELECT ?1, ?2, ?3
			WHERE (SELECT count(*) FROM host_links WHERE host = ?1 AND kind = ?2) < ?4 ON CONFLICT DO NOTHING`, key, l[0], l[1], maxLinks)
		if err != nil {
			return err
		}
	}
	return nil
}

// unlink forgets what an earlier inventory said of a computer, before the new one says it.
func (w writer) unlink(key string) error {
	_, err := w.tx.ExecContext(w.ctx, `DELETE FROM host_links WHERE host = ?`, key)
	return err
}

// forgetOthers takes the machines that are not among these out of the inventory; reports stay.
func (h *Hosts) forgetOthers(ctx context.Context, these map[string]bool) (n int, err error) {
	keys, err := h.keys(ctx, `SELECT host FROM host_machines`)
	if err != nil {
		return 0, err
	}
	gone := slices.DeleteFunc(keys, func(key string) bool { return these[key] })
	for part := range slices.Chunk(gone, batch) {
		err := h.write(ctx, func(w writer) error {
			for _, key := range part {
				if _, err := w.tx.ExecContext(ctx, `DELETE FROM host_machines WHERE host = ?`, key); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return n, err
		}
		n += len(part)
	}
	return n, nil
}

// known gives every computer that is kept.
func (h *Hosts) known(ctx context.Context) (map[string]bool, error) {
	keys, err := h.keys(ctx, `SELECT host FROM host_machines UNION SELECT host FROM host_reports`)
	known := make(map[string]bool, len(keys))
	for _, key := range keys {
		known[key] = true
	}
	return known, err
}

func (h *Hosts) keys(ctx context.Context, query string) (keys []string, err error) {
	rows, err := h.db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}

// Table is every machine, account and address with what is known of it, worst first.
func (h *Hosts) Table(ctx context.Context, seen Seen) ([]Row, error) {
	machines, err := h.machines(ctx)
	if err != nil {
		return nil, fmt.Errorf("hosts: inventory: %w", err)
	}
	checks, err := h.checks(ctx)
	if err != nil {
		return nil, fmt.Errorf("hosts: reports: %w", err)
	}
	return Join(machines, checks, seen), nil
}

func (h *Hosts) machines(ctx context.Context) (list []Machine, err error) {
	rows, err := h.db.QueryContext(ctx, `SELECT m.host, m.name, coalesce(l.kind, ''), coalesce(l.link, '')
		FROM host_machines m LEFT JOIN host_links l ON l.host = m.host ORDER BY m.host, l.kind, l.link`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	last := ""
	for rows.Next() {
		var key, name, kind, link string
		if err := rows.Scan(&key, &name, &kind, &link); err != nil {
			return nil, err
		}
		if len(list) == 0 || key != last {
			list, last = append(list, Machine{Host: name}), key
		}
		m := &list[len(list)-1]
		if kind == "account" {
			m.Accounts = append(m.Accounts, link)
		} else if a, err := netip.ParseAddr(link); err == nil {
			m.Addresses = append(m.Addresses, a)
		}
	}
	return list, rows.Err()
}

// checks gives EmoCheck's word by computer.
func (h *Hosts) checks(ctx context.Context) (map[string]Check, error) {
	rows, err := h.db.QueryContext(ctx, `SELECT host, infected, name, first, scanned, version, address, processes FROM host_reports ORDER BY host, infected`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	checks := map[string]Check{}
	for rows.Next() {
		var r stored
		if err := rows.Scan(&r.key, &r.infected, &r.name, &r.first, &r.scanned, &r.version, &r.address, &r.processes); err != nil {
			return nil, err
		}
		if checks[r.key], err = r.merge(checks[r.key]); err != nil {
			return nil, err
		}
	}
	return checks, rows.Err()
}

// stored is a row of host_reports.
type stored struct {
	key, name, version, address, processes string
	infected                               bool
	first, scanned                         int64
}

// merge adds a report to the clean one of the same machine, which comes first or is zero.
func (r stored) merge(c Check) (Check, error) {
	at := time.Unix(r.scanned, 0)
	if a, err := netip.ParseAddr(r.address); err == nil {
		c.Address = append(c.Address, a)
	}
	if r.infected {
		c.Since = time.Unix(r.first, 0)
		if c.Scanned.After(c.Since) && c.Scanned.Before(at) {
			c.Since = at // clean between two infections
		}
		if err := json.Unmarshal([]byte(r.processes), &c.Processes); err != nil {
			return c, err
		}
		if c.Scanned.After(at) {
			c.Until = at
			return c, nil
		}
	}
	c.Infected, c.Scanned, c.Version, c.Name = r.infected, at, r.version, r.name
	return c, nil
}
