package main

import (
	"bytes"
	"log/slog"
	"runtime/debug"
	"strings"
	"testing"

	"sekisho/internal/config"
)

// TestMemoryThatTheRuntimeHasNotIsToldAtTheStart: the check of the configuration cannot see what the unit file gives the runtime.
func TestMemoryThatTheRuntimeHasNotIsToldAtTheStart(t *testing.T) {
	const limit = 200 << 20
	t.Setenv(goEnvironment, "200MiB")
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(limit))
	for _, c := range []struct {
		work   config.Size
		warned bool
	}{{0, false}, {limit / 2, false}, {limit/2 + 1, true}, {8 << 30, true}} {
		var out bytes.Buffer
		cfg := &config.Config{}
		cfg.Limits.WorkMemoryBytes = c.work
		newBudget(cfg, slog.New(slog.NewTextHandler(&out, nil)))
		if got := strings.Contains(out.String(), "level=WARN"); got != c.warned {
			t.Errorf("%d bytes of %d: warned %v, want %v\n%s", c.work, limit, got, c.warned, &out)
		}
	}
}
