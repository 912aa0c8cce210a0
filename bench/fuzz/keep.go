package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	keepBytes = 2 << 10 // of a file: what a person can look at
	keepMost  = 8       // of a target, those that are there included: eighty targets have half a megabyte
	keepTries = 100     // inputs of a target that are looked at: some tenths of a second each
	tryTime   = 10 * time.Second
)

// suspect are words by which virus scanners know scripts, macros, programs and addresses to fetch them from. What holds one is no file of ours.
var suspect = []string{
	"eicar", "script", "shell", "cmd", "powershell", "mshta", "autoopen", "auto_open", "autoexec", "document_open", "workbook_open", "createobject",
	"urlmon", "urldownload", "regsvr", "rundll", "certutil", "bitsadmin", "equation", "exec(", "http:", "https:", "ftp:", "file:", "mz", "pe\\x00", "jndi",
}

// readCode are targets for code: the more of them an input reaches, the more it looks like an attack. None is kept.
var readCode = []string{"internal/script ", "internal/vba ", "internal/xlm FuzzJudge", "oleparse FuzzPCode"}

// harmless reports whether nothing in the file of an input looks like what a virus scanner is made to find.
func harmless(file []byte) bool {
	low := bytes.ToLower(file)
	return !slices.ContainsFunc(suspect, func(w string) bool { return bytes.Contains(low, []byte(w)) })
}

func keepAll(ctx context.Context, o options, list []target, temp string) error {
	covering := &binaries{folder: temp, flags: []string{"-cover", "-covermode=set"}}
	list = slices.DeleteFunc(list, func(t target) bool {
		return slices.ContainsFunc(readCode, func(s string) bool { return strings.Contains(t.String(), s) })
	})
	for i, t := range list {
		file, err := covering.of(ctx, t)
		if err != nil {
			return err
		}
		k := keeper{t, file, filepath.Join(temp, fmt.Sprint("work", i))}
		n, err := k.keep(ctx, o.cache)
		if err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
		fmt.Fprintf(o.out, "%d/%d  %s  %d kept\n", i+1, len(list), t, n)
	}
	return nil
}

// keeper chooses inputs for a target.
type keeper struct {
	t      target
	binary string
	folder string // in which the target runs: the package's, but for its inputs
}

// keep copies inputs that reach something new into the package's folder.
func (k keeper) keep(ctx context.Context, cache string) (n int, err error) {
	to := filepath.Join(k.t.dir, "testdata", "fuzz", k.t.name)
	have, err := inputs(to)
	if err != nil {
		return 0, err
	}
	candidates, err := inputs(filepath.Join(k.t.cached(cache), k.t.name))
	if err != nil || len(candidates) == 0 {
		return 0, err
	}
	if err := k.prepare(); err != nil {
		return 0, err
	}
	reached := map[string]bool{}
	for _, old := range append(have, input{}) { // none: the seeds of the target
		blocks, err := k.covers(ctx, old)
		if err != nil {
			return 0, err
		}
		maps.Copy(reached, blocks)
	}
	for _, c := range k.best(ctx, spread(candidates, keepTries), reached, keepMost-len(have)) {
		if err := errors.Join(os.MkdirAll(to, 0o755), os.WriteFile(filepath.Join(to, c.name), c.file, 0o644)); err != nil {
			return n, err
		}
		n++
	}
	return n, ctx.Err()
}

// spread are n of a list at most, small and large ones.
func spread(list []input, n int) (some []input) {
	for i := range min(n, len(list)) {
		some = append(some, list[i*len(list)/min(n, len(list))])
	}
	return some
}

// best are the inputs, most of them, that reach most of what neither reached has nor the inputs before them do. An input that fails or takes long is for the
// next turn to find.
func (k keeper) best(ctx context.Context, candidates []input, reached map[string]bool, most int) (list []input) {
	var blocks []map[string]bool
	for _, c := range candidates {
		b, err := k.covers(ctx, c)
		if err != nil {
			b = nil
		}
		blocks = append(blocks, b)
	}
	for len(list) < most {
		at, gain := -1, 0
		for i, b := range blocks {
			for block := range reached {
				delete(b, block)
			}
			if len(b) > gain {
				at, gain = i, len(b)
			}
		}
		if at < 0 {
			break
		}
		list = append(list, candidates[at])
		reached = maps.Clone(blocks[at])
	}
	return list
}

// input is a file of Go's fuzzing.
type input struct {
	name string
	file []byte
}

// inputs are those of a folder that may be kept, the smallest first.
func inputs(folder string) (list []input, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			return nil, err
		}
		if len(b) <= keepBytes && harmless(b) {
			list = append(list, input{e.Name(), b})
		}
	}
	slices.SortFunc(list, func(a, b input) int {
		return cmp.Or(len(a.file)-len(b.file), strings.Compare(a.name, b.name))
	})
	return list, nil
}

// prepare makes the folder, with the package's other test data.
func (k keeper) prepare() error {
	if err := os.MkdirAll(filepath.Join(k.folder, "testdata", "fuzz", k.t.name), 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(filepath.Join(k.t.dir, "testdata"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if e.Name() == "fuzz" {
			continue
		}
		if err := os.Symlink(filepath.Join(k.t.dir, "testdata", e.Name()), filepath.Join(k.folder, "testdata", e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// covers runs the target with an input, or with its seeds for one without a name, and returns the statements of the package that it reaches.
func (k keeper) covers(ctx context.Context, in input) (map[string]bool, error) {
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	only := "^" + k.t.name + "$"
	if in.name != "" {
		at := filepath.Join(k.folder, "testdata", "fuzz", k.t.name, in.name)
		if err := os.WriteFile(at, in.file, 0o644); err != nil {
			return nil, err
		}
		defer os.Remove(at)
		only += "/^" + in.name + "$"
	}
	profile := filepath.Join(k.folder, "profile")
	cmd := exec.CommandContext(ctx, k.binary, "-test.run="+only, "-test.coverprofile="+profile)
	cmd.Dir = k.folder
	if said, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", in.name, err, said)
	}
	b, err := os.ReadFile(profile)
	if err != nil {
		return nil, err
	}
	blocks := map[string]bool{}
	for line := range strings.Lines(string(b)) { // FILE:FROM,TO STATEMENTS COUNT
		if block, ok := strings.CutSuffix(strings.TrimSpace(line), " 1"); ok {
			blocks[block] = true
		}
	}
	return blocks, nil
}
