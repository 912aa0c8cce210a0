// Command peers compares sekisho with a filter that does nothing and with other filters in one run: three rounds of each cell, the medians, and
// ratios; at the milter socket, over TCP, and through a real Postfix. All filters are processes on this machine, reached over Unix sockets in
// temporary folders and over loopback; they end with it.
//
// # Limits
//
// Root and Debian or Ubuntu, where more than the first two filters or Postfix is asked for (internal/mtatest). A filter that cannot be had or does
// not stop a mail that it must stop ends the command: no row is made up. The driver, Postfix and the filters share the machine: figures are
// comparable within one run only.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"sekisho/bench/load"
)

// options are the command's flags.
type options struct {
	corpus, sekisho, olevba                string
	curves, workloads, filters, ways, conc string
	concurrency                            []int
	rounds                                 int
	cell                                   time.Duration
	json, verify, curvesFar                bool
	network                                string               // of the socket that a filter of ours is to listen on
	logf                                   func(string, ...any) // progress
}

func (o options) takesWay(way string) bool { return has(o.ways, way) }

// has tells whether a list with commas has a word.
func has(list, word string) bool { return strings.Contains(","+list+",", ","+word+",") }

// errSeen is a result that somebody has to see to.
var errSeen = errors.New("not as it must be")

func main() {
	if len(os.Args) == 4 && os.Args[1] == "null" { // the filter that does nothing is this command again
		null(os.Args[2], os.Args[3])
		return
	}
	var o options
	flag.StringVar(&o.corpus, "corpus", "", "folder with files for attachments (default: files of our own making)")
	flag.StringVar(&o.workloads, "workloads", "text,business,macro", "which workloads; through Postfix it is business alone")
	flag.StringVar(&o.filters, "filters", "null,sekisho", "which filters, of "+strings.Join(names(), ", "))
	flag.StringVar(&o.ways, "ways", "milter", "how mail comes, of milter, tcp (null and sekisho, one connection, told if it stalls), postfix (a real one)")
	flag.StringVar(&o.conc, "concurrency", "1,4,16", "how many connections at the milter socket")
	flag.StringVar(&o.sekisho, "sekisho", "./sekisho", "the binary")
	flag.StringVar(&o.olevba, "olevba", "", "folder of Python modules that has oletools, for the filter olevba")
	flag.IntVar(&o.rounds, "rounds", 3, "how often; medians are shown")
	flag.DurationVar(&o.cell, "cell", 4*time.Second, "how long each cell takes at the least; each mail is sent once at the least")
	flag.BoolVar(&o.json, "json", false, "one JSON object a cell")
	flag.BoolVar(&o.verify, "verify", false, "compare the verdicts of one and of 16 connections with those of sekisho replay")
	flag.StringVar(&o.curves, "curves", "", "instead of comparing: measure sekisho's cost against size, parts, nesting and memory, and write pictures to this folder")
	flag.BoolVar(&o.curvesFar, "curves-far", false, "with a memory of ten million mails, too")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	o.logf = func(format string, args ...any) { fmt.Fprintf(os.Stderr, "peers: "+format+"\n", args...) }
	err := run(ctx, o, os.Stdout)
	stop()
	switch {
	case errors.Is(err, errSeen):
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(2)
	}
}

func run(ctx context.Context, o options, out io.Writer) error {
	if o.curves != "" {
		return drawCurves(ctx, o, o.curves, out)
	}
	for n := range strings.SplitSeq(o.conc, ",") {
		n, err := strconv.Atoi(n)
		if err != nil || n < 1 {
			return fmt.Errorf("--concurrency %q: numbers from 1 on", o.conc)
		}
		o.concurrency = append(o.concurrency, n)
	}
	o.logf("making mails")
	workloads, err := load.Workloads(o.corpus)
	if err != nil {
		return err
	}
	s, err := newStage(ctx, o)
	if err != nil {
		return err
	}
	defer s.close()
	cells, err := s.measure(ctx, workloads)
	if err != nil {
		return err
	}
	if err := show(out, o, cells); err != nil {
		return err
	}
	err = stalls(cells)
	if o.verify {
		err = errors.Join(err, verify(ctx, o, filepath.Join(s.dir, "verify"), workloads, out))
	}
	return err
}

func show(out io.Writer, o options, cells []cell) error {
	if !o.json {
		return errors.Join(table(out, cells), notes(out, o, cells))
	}
	enc := json.NewEncoder(out)
	for _, c := range cells {
		if err := enc.Encode(c); err != nil {
			return err
		}
	}
	return nil
}
