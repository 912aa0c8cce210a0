// Command peers compares sekisho with a filter that does nothing and with other filters, at the milter socket, in one run: three rounds of each
// cell, the medians, and ratios. All filters are processes on this machine, reached over Unix sockets in a temporary folder; they end with it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"sekisho/bench/load"
	"sekisho/internal/miltertest"
)

// options are the command's flags.
type options struct {
	corpus, workloads, filters, concurrency, sekisho, olevba string
	rounds                                                   int
	cell                                                     time.Duration
	json                                                     bool

	logf func(string, ...any) // progress
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "null" { // the filter that does nothing is this command again
		null(os.Args[2])
		return
	}
	var o options
	flag.StringVar(&o.corpus, "corpus", "", "folder with files for attachments (default: files of our own making)")
	flag.StringVar(&o.workloads, "workloads", "text,business,macro", "which workloads")
	flag.StringVar(&o.filters, "filters", "null,sekisho", "which filters, of "+strings.Join(names(), ", "))
	flag.StringVar(&o.concurrency, "concurrency", "1,4,16", "how many connections")
	flag.StringVar(&o.sekisho, "sekisho", "./sekisho", "the binary")
	flag.StringVar(&o.olevba, "olevba", "", "folder of Python modules that has oletools, for the filter olevba")
	flag.IntVar(&o.rounds, "rounds", 3, "how often; medians are shown")
	flag.DurationVar(&o.cell, "cell", 4*time.Second, "how long each cell takes")
	flag.BoolVar(&o.json, "json", false, "one JSON object a cell")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o.logf = func(format string, args ...any) { fmt.Fprintf(os.Stderr, "peers: "+format+"\n", args...) }
	if err := run(ctx, o, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(2)
	}
}

func null(path string) {
	l, err := net.Listen("unix", path)
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(2)
	}
	go func() { io.Copy(io.Discard, os.Stdin); os.Exit(0) }() //nolint:errcheck // ends with the parent
	miltertest.Null(l)
}

// cell is one place of the table.
type cell struct {
	Filter      string  `json:"filter"`
	Way         string  `json:"way"` // milter, postfix or tcp
	Workload    string  `json:"workload"`
	Concurrency int     `json:"concurrency"`
	CPU         float64 `json:"cpu_ms"` // of the filter, a message
	Peak        int64   `json:"peak_bytes"`
	load.Stats
}

// key is a cell's place and filter.
type key struct {
	place
	filter string
}

func (c cell) key() key { return key{c.place(), c.Filter} }

func run(ctx context.Context, o options, out, progress io.Writer) error {
	workloads, err := load.Workloads(o.corpus)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "peers")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var running []*process
	defer func() {
		for _, p := range running {
			p.stop()
		}
	}()
	for _, name := range strings.Split(o.filters, ",") {
		fmt.Fprintf(progress, "peers: starting %s\n", name)
		p, err := start(ctx, name, filepath.Join(dir, name), o)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		running = append(running, p)
		if err := p.prove(); err != nil {
			return fmt.Errorf("%s: %w\n%s", name, err, p.log())
		}
	}
	for _, p := range running {
		p.settle(ctx)
	}
	cells, err := measure(ctx, o, workloads, running, progress)
	if err != nil {
		return err
	}
	if o.json {
		enc := json.NewEncoder(out)
		for _, c := range cells {
			if err := enc.Encode(c); err != nil {
				return err
			}
		}
		return nil
	}
	return table(out, cells)
}

// measure runs each cell in each round, so that what else the machine does meets all filters alike, and returns the medians by throughput.
func measure(ctx context.Context, o options, workloads []load.Workload, filters []*process, progress io.Writer) (medians []cell, err error) {
	all := map[key][]cell{}
	var order []key
	for round := range o.rounds {
		for _, w := range workloads {
			if !slices.Contains(strings.Split(o.workloads, ","), w.Name) {
				continue
			}
			for _, conc := range strings.Split(o.concurrency, ",") {
				n, err := strconv.Atoi(conc)
				if err != nil {
					return nil, err
				}
				for _, f := range filters {
					if ctx.Err() != nil {
						return nil, ctx.Err()
					}
					c, err := f.cell(w, n, o.cell, round)
					if err != nil {
						return nil, fmt.Errorf("%s, %s: %w", f.name, w.Name, err)
					}
					fmt.Fprintf(progress, "peers: round %d of %d: %s, %s, %d at once: %.0f messages/s\n", round+1, o.rounds, c.Workload, c.Filter, n, c.PerSec)
					if round == 0 {
						order = append(order, c.key())
					}
					all[c.key()] = append(all[c.key()], c)
				}
			}
		}
	}
	for _, k := range order {
		slices.SortFunc(all[k], func(a, b cell) int { return int(a.PerSec*1000 - b.PerSec*1000) })
		medians = append(medians, all[k][len(all[k])/2])
	}
	return medians, nil
}

func (p *process) cell(w load.Workload, concurrency int, length time.Duration, round int) (cell, error) {
	run := fmt.Sprintf("%s.%s.%d.%d", p.name, w.Name, concurrency, round)
	job := load.Job{Network: "unix", Addr: p.socket, Mails: w.Mails, Concurrency: concurrency, For: length / 10, Run: run + ".warm"}
	if _, err := load.Drive(job); err != nil {
		return cell{}, err
	}
	load.ResetPeak(p.pids...)
	before, err := load.UsageOf(p.pids...)
	if err != nil {
		return cell{}, err
	}
	job.For, job.Least, job.Run = length, len(w.Mails), run
	stats, err := load.Drive(job)
	if err != nil {
		return cell{}, err
	}
	after, err := load.UsageOf(p.pids...)
	return cell{
		Filter: p.name, Way: "milter", Workload: w.Name, Concurrency: concurrency, Stats: stats, Peak: after.Peak,
		CPU: (after.CPU - before.CPU) * 1000 / float64(max(1, stats.Messages)),
	}, err
}
