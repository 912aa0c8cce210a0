package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// crashers reads the inputs that fuzzing has found and the tests keep, in Go's own format (testdata/fuzz/TARGET/NAME).
func crashers(ctx context.Context) (map[string][]byte, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return nil, fmt.Errorf("soak: looking for the module: %w", err)
	}
	root, found := strings.TrimSpace(string(out)), map[string][]byte{}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !strings.Contains(filepath.ToSlash(path), "/testdata/fuzz/") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, v := range inputs(string(b)) {
			found[fmt.Sprintf("%s-%d", strings.ReplaceAll(strings.TrimPrefix(path, root+"/"), "/", "-"), i)] = v
		}
		return nil
	})
	return found, err
}

// inputs are the byte strings of one kept input: a line each, as Go source.
func inputs(file string) (list [][]byte) {
	for line := range strings.Lines(file) {
		_, text, ok := strings.Cut(strings.TrimSpace(line), "(")
		text, closed := strings.CutSuffix(text, ")")
		if v, err := strconv.Unquote(text); ok && closed && err == nil && len(v) > 0 && text[0] != '\'' {
			list = append(list, []byte(v))
		}
	}
	return list
}
