package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"

	"sekisho/internal/config"
)

// reload reads the configuration anew. A bad one changes nothing. Messages in work keep the policy they began with.
func (s *server) reload() {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err == nil {
		s.tell(fmt.Sprintf("%s\nMONOTONIC_USEC=%d", daemon.SdNotifyReloading, now.Nano()/1000))
	}
	s.steer.Lock()
	s.reloaded(s.reloadConfig(), "reload failed; the old configuration stays in force")
	s.steer.Unlock()
	if err := s.audit.Reopen(); err != nil {
		s.metrics.Errors.WithLabelValues("audit").Inc()
		s.log.Error("audit: reopening", "error", err.Error())
	}
	s.tell(daemon.SdNotifyReady)
}

func (s *server) reloadConfig() error {
	cfg, err := s.load()
	if err != nil {
		return err
	}
	if err := checked(cfg, s.log); err != nil {
		return err
	}
	if p, err := pack(cfg); err != nil {
		return err
	} else if err := passes(p); err != nil {
		return err
	}
	policy, err := s.policy(cfg)
	if err != nil {
		return err
	}
	var restart []string
	for _, c := range config.Diff(s.current, cfg) {
		if c.Restart {
			restart = append(restart, c.Key)
			continue
		}
		s.log.Info("reload", "key", c.Key, "old", c.Old, "new", c.New)
	}
	if len(restart) > 0 {
		s.log.Warn("these keys change at the next start only", "keys", strings.Join(restart, ", "))
	}
	s.milter.SetPolicy(policy)
	s.metrics.SetMode(s.opts.Mode.String())
	s.retired = append(s.retired, retired{s.scanners[0], time.Now()})
	s.scanners, s.current = s.scanners[1:], cfg
	s.log.Info("reload done", "mode", s.opts.Mode)
	return nil
}

// retired is a scanner, or lists, that messages in work may still use.
type retired struct {
	io.Closer
	since time.Time
}

// closeRetired closes those that no message in work can have begun with.
func (s *server) closeRetired(now time.Time) {
	patience := 2 * (s.cfg.Timeouts.Message + s.cfg.Timeouts.Hold)
	for len(s.retired) > 0 && now.Sub(s.retired[0].since) > patience {
		if err := s.retired[0].Close(); err != nil {
			s.log.Warn("closing what an old configuration opened", "error", err.Error())
		}
		s.retired = s.retired[1:]
	}
}
