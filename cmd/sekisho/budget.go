package main

import (
	"log/slog"
	"math"
	"os"
	"runtime/debug"

	"sekisho/internal/budget"
	"sekisho/internal/config"
)

// newBudget makes what all messages in work share, and tells the runtime how much memory there is.
func newBudget(c *config.Config, log *slog.Logger) *budget.Budget {
	limit, from := goMemory(c, budget.CgroupLimit(os.DirFS("/")))
	if from != goEnvironment && limit > 0 {
		debug.SetMemoryLimit(limit)
	}
	b := budget.New(budget.Options{Memory: workMemory(c, limit)})
	s := b.Stats()
	log.Info("memory", "go_limit", limit, "from", from, "messages_in_work", s.Limit, "heavy_turns", s.Turns)
	if limit > 0 && s.Limit > limit/2 { // the check of the configuration knows neither the environment nor the control group
		log.Warn("messages in work may take more than half of the Go runtime's memory limit: it will do little but collect garbage",
			"limits.work_memory_bytes", s.Limit, "go_limit", limit, "from", from)
	}
	return b
}

// Where the runtime's limit is from.
const (
	goEnvironment = "GOMEMLIMIT"
	goConfigured  = "limits.go_memory_bytes"
	goCgroup      = "cgroup"
	goUnlimited   = "none"
)

// The share of a control group's memory that the runtime may use: the rest is for workers and the pages of the program. A worker that takes more is what
// the kernel ends first.
const goShare = 0.8

// goMemory is the soft limit of the Go runtime, 0 for none, and where it is from: the environment's word is the runtime's already.
func goMemory(c *config.Config, cgroup int64) (limit int64, from string) {
	if os.Getenv(goEnvironment) != "" {
		if limit = debug.SetMemoryLimit(-1); limit == math.MaxInt64 { // "off"
			limit = 0
		}
		return limit, goEnvironment
	}
	if n := int64(c.Limits.GoMemoryBytes); n > 0 {
		return n, goConfigured
	}
	if cgroup > 0 {
		return int64(goShare * float64(cgroup)), goCgroup
	}
	return 0, goUnlimited
}

// workMemory is what messages in work may take: by default what suits the processors, and half of the runtime's limit at most.
func workMemory(c *config.Config, limit int64) int64 {
	n := int64(c.Limits.WorkMemoryBytes)
	if n == 0 {
		if n = budget.DefaultMemory(); limit > 0 {
			n = min(n, limit/2)
		}
	}
	return n
}
