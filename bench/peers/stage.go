package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sekisho/bench/load"
	"sekisho/internal/mtatest"
)

// way is how mail reaches a filter.
type way struct {
	name        string
	p           *process
	workloads   string
	concurrency []int
	open        func() (load.Client, error)
	after       func() error // a cell; nil for nothing
}

// stage is what a run measures on: filters, ways to them, and perhaps Postfixes.
type stage struct {
	o         options
	dir       string
	running   []*process
	ways      []way
	postfixes []*mtatest.Postfix
}

// newStage starts everything. The caller calls close.
func newStage(ctx context.Context, o options) (*stage, error) {
	dir, err := os.MkdirTemp("", "peers")
	if err != nil {
		return nil, err
	}
	s := &stage{o: o, dir: dir}
	if err := errors.Join(os.Chmod(dir, 0o755), s.start(ctx)); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *stage) start(ctx context.Context) error {
	filters := strings.Split(s.o.filters, ",")
	for _, name := range filters {
		p, err := s.filter(ctx, name, "unix")
		if err != nil {
			return err
		}
		if s.o.takesWay("milter") {
			s.ways = append(s.ways, way{name: "milter", p: p, workloads: s.o.workloads, concurrency: s.o.concurrency, open: load.Milter(p.network, p.addr)})
		}
	}
	for _, name := range filters {
		if s.o.takesWay("tcp") && slices.Contains([]string{"null", "sekisho"}, name) {
			if err := s.overTCP(ctx, name); err != nil {
				return err
			}
		}
	}
	if s.o.takesWay("postfix") {
		if err := s.throughPostfix(ctx); err != nil {
			return err
		}
	}
	for _, p := range s.running {
		p.settle(ctx)
	}
	return nil
}

// filter starts a filter and proves it.
func (s *stage) filter(ctx context.Context, name, network string) (*process, error) {
	s.o.logf("starting %s (%s)", name, network)
	o := s.o
	o.network = network
	p, err := start(ctx, name, filepath.Join(s.dir, network+"-"+name), o)
	if p != nil {
		s.running = append(s.running, p)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := p.prove(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", name, err, p.output())
	}
	return p, nil
}

// overTCP measures one connection over TCP and, in the same rounds, over a Unix socket.
func (s *stage) overTCP(ctx context.Context, name string) error {
	p, err := s.filter(ctx, name, "tcp")
	if err != nil {
		return err
	}
	for _, q := range s.running {
		if q.name == name && q.network == "unix" {
			s.ways = append(s.ways, way{name: "unix", p: q, workloads: "text,business", concurrency: []int{1}, open: load.Milter(q.network, q.addr)})
		}
	}
	s.ways = append(s.ways, way{name: "tcp", p: p, workloads: "text,business", concurrency: []int{1}, open: load.Milter(p.network, p.addr)})
	return nil
}

// postfixAtOnce is how many SMTP connections the comparison through Postfix has, as in its issue.
const postfixAtOnce = 4

// throughPostfix starts a Postfix for each filter and one without any, all of which deliver to nowhere.
func (s *stage) throughPostfix(ctx context.Context) error {
	for _, p := range append([]*process{{name: "none"}}, s.running...) {
		if p.network == "tcp" {
			continue
		}
		s.o.logf("starting a Postfix in front of %s", p.name)
		mta, err := mtatest.RunPostfix(ctx, mtatest.PostfixOptions{NoMilter: p.addr == "", Milter: "unix:sekisho/" + p.name, Domains: []string{"example.org"}, Logf: s.o.logf,
			Main: []string{"relay_transport = discard:", "default_transport = discard:"}})
		if err != nil {
			return err
		}
		s.postfixes = append(s.postfixes, mta)
		if p.addr != "" { // smtpd is in a chroot: the socket gets a second name there
			if err := errors.Join(os.Chmod(p.addr, 0o666), os.Link(p.addr, mta.Socket(p.name))); err != nil {
				return err
			}
		}
		s.ways = append(s.ways, way{name: "postfix", p: p, workloads: "business", concurrency: []int{postfixAtOnce}, open: load.SMTP(mta.Inbound),
			after: func() error { return mta.WaitQueueEmpty(s.o.cell + drainMost) }})
	}
	return nil
}

func (s *stage) close() {
	for _, p := range s.running {
		p.stop()
	}
	for _, mta := range s.postfixes {
		if err := mta.Close(); err != nil {
			s.o.logf("postfix: %v", err)
		}
	}
	if err := os.RemoveAll(s.dir); err != nil {
		s.o.logf("%v", err)
	}
}
