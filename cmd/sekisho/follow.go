package main

import (
	"context"
	"fmt"
	"time"

	"sekisho/internal/config"
	"sekisho/internal/filter"
	"sekisho/rules"
)

const (
	followEvery = time.Second // whoever types sekisho mode waits for it
	packEvery   = 2           // of these: a look at the files of the pack
)

// follow carries out what commands and editors leave in files, until ctx ends: the mode of sekisho mode, and a changed rule pack.
func (s *server) follow(ctx context.Context) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.followOnce(n%packEvery == 0)
		}
	}
}

// followOnce keeps a fault of ours from ending the daemon.
func (s *server) followOnce(withPack bool) {
	defer func() {
		if p := recover(); p != nil {
			s.metrics.Errors.WithLabelValues("panic").Inc()
			s.log.Error("following mode and rules", "panic", fmt.Sprint(p))
		}
	}()
	s.steer.Lock()
	defer s.steer.Unlock()
	s.followMode()
	if withPack && s.packFiles.changed() {
		s.followPack()
	}
}

// followMode takes over what the mode file says. One that cannot be read changes nothing, and is told once.
func (s *server) followMode() {
	old := s.opts.Mode
	order, err := orderOf(s.current, s.st.Dir())
	switch {
	case err != nil && err.Error() != s.modeFault:
		s.modeFault = err.Error()
		s.log.Error("mode: the order cannot be read; the mode stays", "mode", old, "error", err.Error())
		return
	case err != nil:
		return
	}
	s.modeFault = ""
	if order.Mode == old {
		return
	}
	s.swap(func(o *filter.Options) { o.Mode = order.Mode })
	s.log.Warn("mode changed", "old", old, "new", order.Mode, "source", order.Source, "who", order.Who, "why", order.Why)
}

// orderedMode is the mode of a configuration, or what a command orders instead. An order that cannot be read leaves the mode in force, at the start
// the configuration's.
func (s *server) orderedMode(cfg *config.Config) rules.Mode {
	o, err := orderOf(cfg, s.st.Dir())
	if err != nil && s.milter != nil {
		o.Mode = s.opts.Mode
	}
	if err != nil {
		s.log.Error("mode: the order cannot be read", "mode", o.Mode, "error", err.Error())
	}
	return o.Mode
}

// followPack takes over a changed pack that has no faults and passes its own tests.
func (s *server) followPack() {
	p, stamps, err := packOf(s.current)
	s.packFiles.done = stamps
	if err == nil {
		err = passes(p)
	}
	if err != nil {
		s.reloaded(err, "rules: the changed pack is refused; the old one stays in force")
		return
	}
	s.swap(func(o *filter.Options) { o.Pack = p })
	s.reloaded(nil, "")
	s.log.Info("rules: the changed pack is in force", "pack", s.current.Rules.Pack, "rules", len(p.Rules()), "policies", len(p.Policies()))
}

// reloaded counts a reload and logs why it failed.
func (s *server) reloaded(err error, msg string) {
	result := "ok"
	if err != nil {
		result = "error"
		s.log.Error(msg, "error", err.Error())
	}
	s.metrics.Reloads.WithLabelValues(result).Inc()
	s.metrics.ReloadOK.Set(map[string]float64{"ok": 1}[result])
}

// swap puts a changed line in force; messages in work keep theirs.
func (s *server) swap(change func(*filter.Options)) {
	change(&s.opts)
	s.pack.Store(s.opts.Pack)
	s.metrics.SetMode(s.opts.Mode.String())
	s.milter.SetPolicy(policyOf(s.current, s.opts))
}
