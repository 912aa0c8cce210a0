package mtatest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
)

// TestRules runs promtool test rules on test files of a folder, which name their rule files relative to it, and returns what it says.
func TestRules(ctx context.Context, logf func(string, ...any), dir string, tests ...string) (out string, err error) {
	root, err := PrometheusSet.Fetch(ctx, logf)
	if err != nil {
		return "", err
	}
	j, err := newJail(filepath.Join(root, "usr"))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, j.close()) }()
	if err := os.CopyFS(filepath.Join(j.dir, "rules"), os.DirFS(dir)); err != nil {
		return "", fmt.Errorf("mtatest: %w", err)
	}
	args := []string{"/usr/bin/promtool", "test", "rules"}
	for _, name := range tests {
		args = append(args, path.Join("/mta/rules", name))
	}
	return j.run(nil, args...)
}
