package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sekisho/internal/hosts"
	"sekisho/internal/quarantine"
)

type hostsCmd struct {
	List     hostsListCmd     `cmd:"" default:"withargs" help:"help_hostslist"`
	Show     hostsShowCmd     `cmd:"" help:"help_hostsshow"`
	Received hostsReceivedCmd `cmd:"" help:"help_hostsreceived"`
	Import   hostsImportCmd   `cmd:"" help:"help_hostsimport"`
	Clear    hostsClearCmd    `cmd:"" help:"help_hostsclear"`
}

// gateway is what the daemon saw of our senders.
type gateway interface {
	Seen(ctx context.Context) (hosts.Seen, error)
	Clear(ctx context.Context, who, by, why string) (int, error) // how many incidents
}

// hostsDesk is the open table of machines, beside a running daemon or without one.
type hostsDesk struct {
	*desk
	hosts   *hosts.Hosts
	gateway gateway
}

func (g *globals) withHosts(ctx context.Context, io streams, f func(*hostsDesk) error) error {
	return g.withDesk(ctx, io, func(d *desk) error {
		h, err := hosts.Open(ctx, d.st, hosts.Options{})
		if err != nil {
			return err
		}
		return d.withGateway(ctx, func(gw gateway) error { return f(&hostsDesk{desk: d, hosts: h, gateway: gw}) })
	})
}

// table gives every row, with what the quarantine holds of them.
func (d *hostsDesk) table(ctx context.Context) ([]hosts.Row, error) {
	seen, err := d.gateway.Seen(ctx)
	if err != nil {
		return nil, err
	}
	if err := d.held(ctx, seen.Incidents); err != nil {
		return nil, err
	}
	return d.hosts.Table(ctx, seen)
}

// held adds to incidents what only held mails tell: their ids, and the names of the clients. Without an incident it reads nothing, and nothing older than the
// first.
func (d *hostsDesk) held(ctx context.Context, incidents []hosts.Incident) error {
	if len(incidents) == 0 {
		return nil
	}
	w := wanted{samples: map[string][]*hosts.Sample{}, clients: map[string][]*hosts.Incident{}}
	for i := range incidents {
		w.add(&incidents[i])
	}
	_, err := d.list(ctx, true, func(it quarantine.Item) error {
		if it.Held.Before(w.since) {
			return errOlder
		}
		w.take(it)
		return nil
	})
	if errors.Is(err, errOlder) {
		return nil
	}
	return err
}

// errOlder ends a listing.
var errOlder = errors.New("older than what is wanted")

// wanted are the mails and clients of incidents.
type wanted struct {
	since   time.Time
	samples map[string][]*hosts.Sample // by digest
	clients map[string][]*hosts.Incident
}

func (w *wanted) add(in *hosts.Incident) {
	if w.since.IsZero() || in.First.Before(w.since) {
		w.since = in.First
	}
	for j := range in.Samples {
		if s := &in.Samples[j]; s.SHA256 != "" {
			w.samples[s.SHA256] = append(w.samples[s.SHA256], s)
		}
	}
	for _, c := range in.Clients() {
		w.clients[c] = append(w.clients[c], in)
	}
}

// maxClientNames keeps a client that changes its name with each mail from filling the table.
const maxClientNames = 5

func (w *wanted) take(it quarantine.Item) {
	for _, s := range w.samples[it.SHA256] {
		s.QuarantineID, s.Subject = cmp.Or(s.QuarantineID, it.ID), it.Subject
		s.Delivered = s.Delivered || it.State == quarantine.StateReleased
	}
	for _, in := range w.clients[clientIP(it.Envelope.ClientIP)] {
		for _, name := range []string{it.Envelope.ClientName, it.Envelope.Helo} {
			if len(in.Names) < maxClientNames && name != "" && name != "unknown" && !slices.Contains(in.Names, name) {
				in.Names = append(in.Names, name)
			}
		}
	}
}

type hostsListCmd struct {
	All  bool `help:"help_hostsall"`
	JSON bool `xor:"csv,bom" help:"help_json"`
	CSV  bool `name:"csv" xor:"csv" help:"help_csv"`
	BOM  bool `name:"bom" xor:"bom" help:"help_bom"`
}

// Run lists machines, accounts and addresses, the worst first.
func (c *hostsListCmd) Run(ctx context.Context, g *globals, io streams) error {
	return g.withHosts(ctx, io, func(d *hostsDesk) error { return c.list(ctx, d) })
}

func (c *hostsListCmd) list(ctx context.Context, d *hostsDesk) error {
	rows, err := d.table(ctx)
	if err != nil {
		return err
	}
	shown := rows
	if !c.All {
		shown = slices.DeleteFunc(slices.Clone(rows), func(r hosts.Row) bool { return r.State == hosts.Clean })
	}
	switch {
	case c.JSON:
		err = d.rowsJSON(shown)
	case c.CSV || c.BOM:
		err = hostsCSV(d.out, shown, c.BOM)
	default:
		err = d.rows(shown, rows)
	}
	return cmp.Or(err, infected(rows))
}

// infected is the exit status for scripts.
func infected(rows []hosts.Row) error {
	if slices.ContainsFunc(rows, func(r hosts.Row) bool { return r.State.LooksInfected() }) {
		return errVerdict
	}
	return nil
}

type hostsShowCmd struct {
	JSON bool     `help:"help_json"`
	Who  []string `arg:"" name:"who" help:"help_who"`
}

// Run explains machines, accounts or addresses.
func (c *hostsShowCmd) Run(ctx context.Context, g *globals, io streams) error {
	return g.withHosts(ctx, io, func(d *hostsDesk) error { return c.show(ctx, d) })
}

func (c *hostsShowCmd) show(ctx context.Context, d *hostsDesk) error {
	rows, err := d.table(ctx)
	if err != nil {
		return err
	}
	found, unknown := named(rows, c.Who)
	if c.JSON {
		err = d.rowsJSON(found)
	} else {
		for _, r := range found {
			d.explainHost(r)
		}
	}
	if err == nil && len(unknown) > 0 {
		err = fmt.Errorf(text(d.lang, "host_unknown"), strings.Join(unknown, ", "))
	}
	return cmp.Or(err, infected(found))
}

// named finds the rows of machines, accounts and addresses; unknown are those without any, fit to be printed.
func named(rows []hosts.Row, names []string) (found []hosts.Row, unknown []string) {
	taken := map[int]bool{}
	for _, who := range names {
		known := false
		for i, r := range rows {
			if !r.Is(who) {
				continue
			}
			if known = true; !taken[i] {
				taken[i], found = true, append(found, r)
			}
		}
		if !known {
			unknown = append(unknown, printable(who))
		}
	}
	return found, unknown
}

type hostsImportCmd struct {
	JSON    bool     `help:"help_json"`
	Replace bool     `help:"help_hostsreplace"`
	Paths   []string `arg:"" name:"path" help:"help_hostspaths"`
}

// maxProblems is how many files that were not taken are named: the summary counts the rest.
const maxProblems = 20

// Run takes in reports of EmoCheck and inventories.
func (c *hostsImportCmd) Run(ctx context.Context, g *globals, io streams) error {
	return g.withHosts(ctx, io, func(d *hostsDesk) error {
		bar, problems := newProgress(d.err), 0
		if bar.w != nil {
			bar.of = hosts.Count(ctx, c.Paths)
		}
		im := hosts.Importer{Hosts: d.hosts, Replace: c.Replace, Step: bar.step, Problem: func(path string, err error) {
			if problems++; problems <= maxProblems {
				bar.clear()
				fmt.Fprintf(d.err, "sekisho: %s: %s\n", printable(path), d.importProblem(err))
			}
		}}
		sum, err := im.Run(ctx, c.Paths)
		bar.clear()
		if c.JSON {
			err = errors.Join(err, d.encode(sum))
		} else {
			d.imported(sum)
		}
		if err == nil && (sum.Infected > 0 || sum.Trouble()) {
			return errVerdict
		}
		return err
	})
}

// importProblem says why a file was not taken.
func (d *hostsDesk) importProblem(err error) string {
	for _, r := range []struct {
		err error
		key string
	}{
		{hosts.ErrUnfinished, "hi_unfinished"}, {hosts.ErrNameless, "hi_nameless"}, {hosts.ErrUndated, "hi_undated"},
		{hosts.ErrTooLarge, "hi_large"}, {hosts.ErrFull, "hi_full"},
	} {
		if errors.Is(err, r.err) {
			return text(d.lang, r.key)
		}
	}
	return printable(err.Error())
}

type hostsClearCmd struct {
	Why string   `placeholder:"TEXT" aliases:"reason" help:"help_reason"`
	As  string   `placeholder:"NAME" help:"help_as"`
	Who []string `arg:"" name:"account" help:"help_clearwho"`
}

// Run lifts the hold on accounts and addresses.
func (c *hostsClearCmd) Run(ctx context.Context, g *globals, io streams) error {
	return g.withHosts(ctx, io, func(d *hostsDesk) error { return c.clear(ctx, d) })
}

func (c *hostsClearCmd) clear(ctx context.Context, d *hostsDesk) error {
	failed := 0
	for _, w := range c.Who {
		n, err := d.clear(ctx, w, who(c.As), c.Why)
		switch {
		case err != nil:
			return err
		case n == 0:
			failed++
			fmt.Fprintf(d.err, text(d.lang, "not_cleared")+"\n", printable(w))
		default:
			fmt.Fprintf(d.out, text(d.lang, "cleared")+"\n", printable(w), n)
		}
	}
	if failed > 0 {
		return fmt.Errorf(text(d.lang, "n_failed"), failed, len(c.Who))
	}
	return nil
}

// clear takes the name of a hold itself, else what the table knows it by: a machine, or a login without its domain.
func (d *hostsDesk) clear(ctx context.Context, given, by, why string) (int, error) {
	n, err := d.gateway.Clear(ctx, given, by, why)
	if n > 0 || err != nil {
		return n, err
	}
	rows, err := d.table(ctx)
	if err != nil {
		return 0, err
	}
	for _, r := range rows {
		if !r.Is(given) {
			continue
		}
		for _, i := range r.Incidents {
			if !i.Open() {
				continue
			}
			more, err := d.gateway.Clear(ctx, i.Who, by, why)
			if n += more; err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// day is enough for a column of a table.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}
