package main

import (
	"bytes"
	"log/slog"
	"runtime/debug"
	"strings"
	"testing"

	"sekisho/internal/budget"
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

func TestGoMemory(t *testing.T) {
	const mb = 1 << 20
	for _, tt := range []struct {
		name         string
		env          string
		config, work config.Size
		cgroup       int64
		limit        int64 // -1: the runtime's own
		from         string
		messages     int64
	}{
		{"nothing", "", 0, 0, 0, 0, goUnlimited, budget.DefaultMemory()},
		{"a control group's share", "", 0, 0, 1000 * mb, 800 * mb, goCgroup, min(budget.DefaultMemory(), 400*mb)},
		{"the settings come before it", "", 100 * mb, 0, 1000 * mb, 100 * mb, goConfigured, 50 * mb},
		{"the environment comes first", "1GiB", 100 * mb, 0, 1000 * mb, -1, goEnvironment, budget.DefaultMemory()},
		{"messages have their own setting", "", 100 * mb, 40 * mb, 0, 100 * mb, goConfigured, 40 * mb},
	} {
		t.Setenv(goEnvironment, tt.env)
		c := config.Default()
		c.Limits.GoMemoryBytes, c.Limits.WorkMemoryBytes = tt.config, tt.work
		limit, from := goMemory(c, tt.cgroup)
		if from != tt.from || tt.limit >= 0 && limit != tt.limit {
			t.Errorf("%s: %d from %s", tt.name, limit, from)
		}
		if got := workMemory(c, max(0, tt.limit)); got != tt.messages {
			t.Errorf("%s: %d for messages", tt.name, got)
		}
	}
}
