// Command fuzz runs the fuzz targets of the module by turns, each for a while, until its time is over, somebody interrupts it, or a target fails. What
// a turn finds interesting is where the next one begins: in the folder -cache, one for each target. With -keep the best of it goes into the packages'
// testdata/fuzz, where every go test takes it.
//
// # Limits
//
// Kept are inputs of keepBytes at most, keepMost for each target, each of which reaches statements of its own package that nothing before it reached. They
// come from the seeds of the targets, which our own code makes, and from mutations of them, and never from mails or files of anybody. Inputs for readers
// of code, and with a word by which scanners for viruses know scripts and macros, are left out, whatever they reach. The cache is not bounded: it may be deleted any time.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// options are the command's flags.
type options struct {
	turn, total time.Duration
	parallel    int
	cache       string
	only        string
	keep        bool
	packages    []string
	out         io.Writer
}

// errFailed is a target that failed, which is printed by now.
var errFailed = errors.New("a target fails")

func main() {
	o := options{out: os.Stdout}
	flag.DurationVar(&o.turn, "time", 30*time.Second, "how long one turn takes")
	flag.DurationVar(&o.total, "total", time.Hour, "when the last turn begins at the latest; 0: when somebody interrupts")
	flag.IntVar(&o.parallel, "parallel", 1, "processes of a target")
	flag.StringVar(&o.cache, "cache", ".cache/fuzz", "folder of what turns found interesting")
	flag.StringVar(&o.only, "run", "", "only targets whose package and name this regular expression finds")
	flag.BoolVar(&o.keep, "keep", false, "run nothing, but take the best of the cache into testdata/fuzz")
	flag.Parse()
	if o.packages = flag.Args(); len(o.packages) == 0 {
		o.packages = []string{"./..."}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	switch {
	case errors.Is(err, errFailed):
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, "fuzz:", err)
		os.Exit(2)
	}
}

func run(ctx context.Context, o options) error {
	list, err := targets(ctx, o.packages, o.only)
	if err != nil {
		return err
	}
	if o.cache, err = filepath.Abs(o.cache); err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "fuzz")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	if o.keep {
		return keepAll(ctx, o, list, temp)
	}
	return turns(ctx, o, list, temp)
}
