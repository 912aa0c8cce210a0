package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// target is one fuzz function.
type target struct {
	path, dir, name string // import path and folder of its package
}

func (t target) String() string { return t.path + " " + t.name }

// cached is the folder of what turns found interesting.
func (t target) cached(cache string) string { return filepath.Join(cache, filepath.FromSlash(t.path)) }

var declaration = regexp.MustCompile(`(?m)^func (Fuzz\w*)\(\w+ \*testing\.F\)`)

// targets reads the fuzz functions from the test files of packages, without compiling them.
func targets(ctx context.Context, packages []string, only string) (list []target, err error) {
	wanted, err := regexp.Compile(only)
	if err != nil {
		return nil, err
	}
	format := `{{$p := .}}{{range .TestGoFiles}}{{$p.ImportPath}}	{{$p.Dir}}	{{.}}{{"\n"}}{{end}}{{range .XTestGoFiles}}{{$p.ImportPath}}	{{$p.Dir}}	{{.}}{{"\n"}}{{end}}`
	out, err := goTool(ctx, append([]string{"list", "-f", format}, packages...)...)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(out)) {
		field := strings.Split(strings.TrimSpace(line), "\t")
		if len(field) != 3 {
			continue
		}
		b, err := os.ReadFile(filepath.Join(field[1], field[2]))
		if err != nil {
			return nil, err
		}
		for _, m := range declaration.FindAllSubmatch(b, -1) {
			if t := (target{field[0], field[1], string(m[1])}); wanted.MatchString(t.String()) {
				list = append(list, t)
			}
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no fuzz target in %s", strings.Join(packages, " "))
	}
	return list, nil
}

func goTool(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("go %s: %w\n%s", args[0], err, errs.Bytes())
	}
	return out, err
}

// binaries are the compiled tests of packages, each made when it is first asked for.
type binaries struct {
	folder string
	flags  []string
	made   map[string]string
}

func (b *binaries) of(ctx context.Context, t target) (string, error) {
	if b.made == nil {
		b.made = map[string]string{}
	}
	if file := b.made[t.path]; file != "" {
		return file, nil
	}
	file := filepath.Join(b.folder, fmt.Sprint(len(b.made), ".test"))
	if _, err := goTool(ctx, slices.Concat([]string{"test", "-c", "-o", file}, b.flags, []string{t.path})...); err != nil {
		return "", err
	}
	b.made[t.path] = file
	return file, nil
}

// turns goes round the targets.
func turns(ctx context.Context, o options, list []target, temp string) error {
	begun, compiled := time.Now(), &binaries{folder: temp, flags: []string{"-fuzz=."}}
	for round := 1; ; round++ {
		for i, t := range list {
			if ctx.Err() != nil || o.total > 0 && time.Since(begun) >= o.total {
				fmt.Fprintf(o.out, "%8s  %d targets, %d rounds, nothing fails\n", time.Since(begun).Round(time.Second), len(list), round-1)
				return nil
			}
			if round == 1 && (i == 0 || list[i-1].path != t.path) {
				fmt.Fprintf(o.out, "%8s  compiling %s\n", time.Since(begun).Round(time.Second), t.path)
			}
			file, err := compiled.of(ctx, t)
			if err != nil && ctx.Err() == nil {
				return err
			}
			if err := turn(ctx, o, t, file, fmt.Sprintf("%8s  round %d  %*d/%d", time.Since(begun).Round(time.Second), round, len(fmt.Sprint(len(list))), i+1, len(list))); err != nil {
				return err
			}
		}
	}
}

// grace is how long a target may take to end its turn when somebody interrupts.
const grace = 10 * time.Second

// turn runs one target for a while and prints a line of it; what it says when it fails, too.
func turn(ctx context.Context, o options, t target, file, at string) error {
	cmd := exec.CommandContext(ctx, file, "-test.run=^$", "-test.fuzz=^"+t.name+"$", "-test.fuzztime="+o.turn.String(), "-test.fuzzminimizetime=1x",
		fmt.Sprint("-test.parallel=", o.parallel), "-test.fuzzcachedir="+t.cached(o.cache))
	cmd.Dir, cmd.WaitDelay = t.dir, grace
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	said, err := cmd.CombinedOutput()
	if err != nil && ctx.Err() == nil && !overtime.Match(said) {
		fmt.Fprintf(o.out, "%s  %s  FAILS\n%s", at, t, said)
		if input := failing(t, said); input != "" {
			fmt.Fprintln(o.out, "failing input:", input)
		}
		return fmt.Errorf("%w: %s", errFailed, t)
	}
	fmt.Fprintf(o.out, "%s  %s  %s\n", at, t, progress(said))
	return nil
}

// overtime is how Go's own fuzzing fails, now and then, on a busy machine: its time is over while a worker is asked for more.
var overtime = regexp.MustCompile(`(?m)^--- FAIL: \w+ \(.*\)\n\s*context deadline exceeded\nFAIL$`)

var written = regexp.MustCompile(`Failing input written to (\S+)`)

// failing is the file with the input by which a target failed, "" where its seeds do.
func failing(t target, said []byte) string {
	m := written.FindSubmatch(said)
	if m == nil {
		return ""
	}
	return filepath.Join(t.dir, filepath.FromSlash(string(m[1])))
}

var counted = regexp.MustCompile(`execs: (\d+) .*new interesting: (\d+) \(total: (\d+)\)`)

// progress is what a turn came to.
func progress(said []byte) string {
	all := counted.FindAllSubmatch(said, -1)
	if len(all) == 0 {
		return "ended before its first try"
	}
	m := all[len(all)-1]
	return fmt.Sprintf("%s tries, %s new, %s in all", m[1], m[2], m[3])
}
