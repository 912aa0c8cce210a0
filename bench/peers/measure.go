package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sekisho/bench/load"
)

// cell is one place of the table.
type cell struct {
	Filter      string  `json:"filter"`
	Way         string  `json:"way"` // milter, unix, tcp or postfix
	Workload    string  `json:"workload"`
	Concurrency int     `json:"concurrency"`
	CPU         float64 `json:"cpu_ms"` // of the filter, a message
	Peak        int64   `json:"peak_bytes"`
	load.Stats
}

// place is where cells are compared: the same load over the same way.
type place struct {
	way, workload string
	concurrency   int
}

func (c cell) place() place { return place{c.Way, c.Workload, c.Concurrency} }

// key is a cell's place and filter.
type key struct {
	place
	filter string
}

func (c cell) key() key { return key{c.place(), c.Filter} }

// drainMost is how long Postfix may take to deliver what it accepted in a cell, beyond the cell's own time.
const drainMost = 2 * time.Minute

// measure runs each cell in each round, so that what else the machine does meets all filters alike, and returns the medians by throughput.
func (s *stage) measure(ctx context.Context, workloads []load.Workload) (medians []cell, err error) {
	all := map[key][]cell{}
	var order []key
	for round := range s.o.rounds {
		err := s.each(ctx, workloads, func(w way, l load.Workload, concurrency int) error {
			c, err := s.cell(w, l, concurrency, round)
			if err != nil {
				return fmt.Errorf("%s, %s, %s: %w", w.p.name, w.name, l.Name, err)
			}
			s.o.logf("round %d of %d: %s, %s, %s, %d at once: %.1f messages/s", round+1, s.o.rounds, w.name, l.Name, c.Filter, concurrency, c.PerSec)
			if round == 0 {
				order = append(order, c.key())
			}
			all[c.key()] = append(all[c.key()], c)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(order, func(a, b key) int { return slices.Index(wayOrder, a.way) - slices.Index(wayOrder, b.way) })
	for _, k := range order {
		medians = append(medians, median(all[k]))
	}
	return medians, nil
}

var wayOrder = []string{"milter", "unix", "tcp", "postfix"}

func median(cells []cell) cell {
	slices.SortFunc(cells, func(a, b cell) int { return cmp.Compare(a.PerSec, b.PerSec) })
	return cells[len(cells)/2]
}

// each calls f for every cell of a round, those that are compared one after the other.
func (s *stage) each(ctx context.Context, workloads []load.Workload, f func(way, load.Workload, int) error) error {
	for _, l := range workloads {
		for _, n := range s.concurrencies() {
			for _, w := range s.ways {
				if !has(w.workloads, l.Name) || !slices.Contains(w.concurrency, n) {
					continue
				}
				if err := errors.Join(ctx.Err(), f(w, l, n)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (s *stage) concurrencies() (list []int) {
	for _, w := range s.ways {
		list = append(list, w.concurrency...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (s *stage) cell(w way, l load.Workload, concurrency, round int) (c cell, err error) {
	run := fmt.Sprintf("%s.%s.%s.%d.%d", w.name, w.p.name, l.Name, concurrency, round)
	job := load.Job{Open: w.open, Mails: l.Mails, Concurrency: concurrency, For: s.o.cell / 10, Run: run + ".warm"}
	if _, err := load.Drive(job); err != nil {
		return c, err
	}
	load.ResetPeak(w.p.pids...)
	before, err := w.p.usage()
	if err != nil {
		return c, err
	}
	job.For, job.Least, job.Run = s.o.cell, len(l.Mails), run
	stats, err := load.Drive(job)
	if err != nil {
		return c, err
	}
	if n := deferred(stats); n > 0 {
		return c, fmt.Errorf("%d of %d messages were deferred: %s", n, stats.Messages, w.p.output())
	}
	after, err := w.p.usage()
	if err == nil && w.after != nil {
		err = w.after()
	}
	return cell{
		Filter: w.p.name, Way: w.name, Workload: l.Name, Concurrency: concurrency, Stats: stats, Peak: after.Peak,
		CPU: (after.CPU - before.CPU) * 1000 / float64(max(1, stats.Messages)),
	}, err
}

// deferred counts temporary failures, after which a figure says nothing of the filter.
func deferred(s load.Stats) (n int) {
	for code, count := range s.Replies {
		if code == "t" || strings.HasPrefix(code, "4") {
			n += count
		}
	}
	return n
}

// usage is nothing where there is no filter.
func (p *process) usage() (load.Usage, error) {
	if len(p.pids) == 0 {
		return load.Usage{}, nil
	}
	return load.UsageOf(p.pids...)
}

// What a message over TCP may take longer than over a Unix socket, in milliseconds: far below the 40 that a delayed acknowledgment waits for
// (tcp(7), TCP_QUICKACK) while Nagle's algorithm holds the last piece back.
const (
	laterP50 = 5
	laterP99 = 25
)

// stalls holds sekisho over TCP against itself over a Unix socket.
func stalls(cells []cell) error {
	unix := map[string]cell{}
	for _, c := range cells {
		if c.Way == "unix" && c.Filter == "sekisho" {
			unix[c.Workload] = c
		}
	}
	var errs []error
	for _, c := range cells {
		u, ok := unix[c.Workload]
		if c.Way != "tcp" || c.Filter != "sekisho" || !ok {
			continue
		}
		if c.Whole.P50 > u.Whole.P50+laterP50 || c.Whole.P99 > u.Whole.P99+laterP99 {
			errs = append(errs, fmt.Errorf("%w: %s over TCP takes %.1f ms (p99 %.1f), over a Unix socket %.1f (%.1f)",
				errSeen, c.Workload, c.Whole.P50, c.Whole.P99, u.Whole.P50, u.Whole.P99))
		}
	}
	return errors.Join(errs...)
}
