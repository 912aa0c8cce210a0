package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"sekisho/internal/archive"
	"sekisho/internal/audit"
	"sekisho/internal/budget"
	"sekisho/internal/config"
	"sekisho/internal/filter"
	"sekisho/internal/inspect"
	"sekisho/internal/ledger"
	"sekisho/internal/lists"
	"sekisho/internal/metrics"
	"sekisho/internal/notify"
	"sekisho/internal/outbound"
	"sekisho/internal/quarantine"
	"sekisho/internal/store"
	"sekisho/internal/trace"
	"sekisho/internal/web"
	"sekisho/internal/worker"
	"sekisho/milter"
	"sekisho/rules"
)

type serveCmd struct {
	Listen string `placeholder:"ADDRESS" help:"help_listen"`
	Web    string `placeholder:"HOST:PORT" help:"help_web"`
}

// Run serves until ctx ends, then finishes the messages in work.
func (c *serveCmd) Run(ctx context.Context, g *globals, io streams) error {
	load := func() (*config.Config, error) { return c.load(g) }
	cfg, err := load()
	if err != nil {
		return err
	}
	log, err := audit.NewLogger(io.err, cfg.Log.Level, cfg.Log.Format)
	if err != nil {
		return err
	}
	if err := checked(cfg, log); err != nil {
		return err
	}
	defer milter.CaptureLog(log)()
	s := &server{cfg: cfg, current: cfg, load: load, log: log, budget: newBudget(cfg, log),
		archives: archive.New(worker.Options{}), registry: prometheus.NewRegistry()}
	err = s.open(ctx)
	if err == nil {
		err = s.serve(ctx)
	}
	return errors.Join(err, s.close())
}

func (c *serveCmd) load(g *globals) (*config.Config, error) {
	cfg, err := g.load()
	if err != nil {
		return nil, err
	}
	for key, flag := range map[string]string{"listen": c.Listen, "web.listen": c.Web} {
		if flag == "" {
			continue
		}
		if err := cfg.Set(key, flag); err != nil {
			return nil, err
		}
	}
	return cfg, nil
}

// checked logs what contradicts, and refuses a configuration that cannot work.
func checked(cfg *config.Config, log *slog.Logger) error {
	problems := cfg.Check()
	for _, p := range problems {
		level := slog.LevelError
		if p.Warning {
			level = slog.LevelWarn
		}
		log.Log(context.Background(), level, "configuration", "problem", p.Text("en"))
	}
	if config.Errors(problems) {
		return errors.New(text("en", "cfg_bad"))
	}
	return nil
}

// server is the daemon: everything that lives from start to stop.
type server struct {
	cfg      *config.Config // at start
	current  *config.Config // after the last reload; upkeep's
	load     func() (*config.Config, error)
	log      *slog.Logger
	registry *prometheus.Registry
	metrics  *metrics.Metrics

	budget    *budget.Budget
	archives  *archive.Opener
	st        *store.Store
	lock      *os.File
	q         *quarantine.Quarantine
	ledger    *ledger.Ledger // nil where nothing is remembered
	talks     talks
	outbound  *outbound.Monitor
	trace     *trace.Trace // nil where nothing is traced
	tracer    milter.Tracer
	notifier  *notify.Notifier
	pack      atomic.Pointer[rules.Pack] // in force; the notifier explains by it
	audit     *audit.Log
	listeners []net.Listener
	web       *web.Server
	milter    *milter.Server
	book      *lists.Book // nil where it cannot be opened
	lists     *openLists
	scanners  []*inspect.Scanner // the one in force; during a reload the new one behind it
	retired   []retired          // upkeep's
	cache     inspect.Cache      // of all scanners

	steer     sync.Mutex     // held while what a reload, a mode or a pack changes is put in force
	opts      filter.Options // in force
	packFiles packWatch      // what the pack was read from
	modeFault string         // why the mode file was not read; told once
}

// open makes everything ready. What was opened before an error is closed by close.
func (s *server) open(ctx context.Context) (err error) {
	s.metrics = metrics.New(s.registry, buildVersion())
	s.metrics.SessionsLimit.Set(float64(s.cfg.Sessions.Max))
	s.metrics.ReloadOK.Set(1)
	s.metrics.CollectWork(s.budget.Stats)
	if s.st, err = store.Open(ctx, s.cfg.State); err != nil {
		return err
	}
	if err = s.lockState(); err != nil {
		return err
	}
	if err = s.openQuarantine(ctx); err != nil {
		return err
	}
	if err = s.openLedger(ctx); err != nil {
		return err
	}
	s.openConversations(ctx)
	s.openOutbound(ctx)
	s.collectHosts()
	s.openBook(ctx)
	s.openTrace(ctx)
	file := s.cfg.Audit.File
	if file == "" {
		file = s.st.Path("audit.jsonl")
	}
	if s.audit, err = audit.Open(file); err != nil {
		return err
	}
	s.audit.Gather(func(records int, err error) {
		s.metrics.Errors.WithLabelValues("audit").Add(float64(records))
		s.log.Error("audit: records lost", "records", records, "error", err.Error())
	})
	policy, err := s.policy(s.cfg)
	if err != nil {
		return err
	}
	s.metrics.CollectCache(s.cacheStats)
	s.metrics.SetMode(s.opts.Mode.String())
	if err := passes(s.opts.Pack); err != nil { // mail without the gateway would be worse
		s.log.Error("rules: the pack fails its own tests", "error", err.Error())
	}
	s.milter = milter.New(s.milterOptions(), policy)
	if s.cfg.Web.Listen != "" {
		if s.web, err = web.New(s.webOptions()); err != nil {
			return err
		}
	}
	return s.listen()
}

// lockState keeps a second daemon out: the spool is emptied at start.
func (s *server) lockState() (err error) {
	if s.lock, err = os.OpenFile(s.st.Path("serve.lock"), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	if err := s.st.Own(s.lock); err != nil {
		return err
	}
	if err := unix.Flock(int(s.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("another sekisho serves the state folder %s: %w", s.cfg.State, err)
	}
	return nil
}

func (s *server) openQuarantine(ctx context.Context) (err error) {
	o := quarantineOptions(s.cfg)
	o.Unindexed = func(id string, err error) {
		s.metrics.Errors.WithLabelValues("store").Inc()
		s.log.Error("quarantine: held, but not in the index yet", "id", id, "error", err.Error())
	}
	o.Step = crashStep()
	if s.q, err = quarantine.Open(ctx, s.st, o); err != nil {
		return err
	}
	n, err := s.q.EmptySpool()
	if err != nil {
		return err
	}
	r, err := s.q.Reconcile(ctx)
	if err != nil {
		return err
	}
	s.log.Info("quarantine: open", "files", r.Files, "rows", r.Rows, "problems", len(r.Problems)+r.More, "spool_emptied", n)
	for _, p := range r.Problems {
		s.log.Warn("quarantine: "+p.Kind, "path", p.Path, "repaired", p.Repaired, "detail", p.Detail)
	}
	s.metrics.CollectQuarantine(s.quarantineStats)
	readers := notifyOptions(s.cfg)
	readers.Explain = func(rule, lang string) (title, advice string) { return s.pack.Load().Explain(rule, lang) }
	readers.Sent = func() { s.metrics.Notices.WithLabelValues("sent").Inc() }
	readers.Failed = func(err error) {
		s.metrics.Notices.WithLabelValues("failed").Inc()
		s.metrics.Errors.WithLabelValues("notify").Inc()
		s.log.Error("notify: a notice was not sent; it is tried again", "error", err.Error())
	}
	s.notifier = notify.New(s.st, s.q, readers)
	return nil
}

// statsTimeout keeps a scrape from waiting for a database that is busy.
const statsTimeout = 2 * time.Second

func (s *server) quarantineStats() metrics.QuarantineStats {
	ctx, cancel := context.WithTimeout(context.Background(), statsTimeout)
	defer cancel()
	st, err := s.q.Stats(ctx)
	if err != nil {
		s.metrics.Errors.WithLabelValues("store").Inc()
		s.log.Warn("quarantine: reading its state", "error", err.Error())
	}
	free, diskErr := s.st.Free()
	if diskErr != nil {
		s.log.Warn("quarantine: reading its disk", "error", diskErr.Error())
	}
	return metrics.QuarantineStats{
		Messages: st.Messages, MessageLimit: st.LimitMessages, Bytes: st.Bytes, ByteLimit: st.LimitBytes,
		Free: free, MinFree: int64(s.cfg.Quarantine.MinFreeBytes), Oldest: st.Oldest, Acts: st.Acts, Waiting: st.Waiting, Err: errors.Join(err, diskErr),
	}
}

// policy makes what a reload can change.
func (s *server) policy(cfg *config.Config) (*milter.Policy, error) {
	watch, err := s.watchLists(cfg)
	if err != nil {
		return nil, err
	}
	p, err := s.policyWith(cfg, watch)
	s.useLists(watch, err == nil)
	return p, err
}

func (s *server) policyWith(cfg *config.Config, watch *openLists) (*milter.Policy, error) {
	at := place{s.st.Path(quarantine.SpoolFolder), s.budget, s.archives}
	o, err := inspectOptions(cfg, at)
	if err != nil {
		return nil, err
	}
	p, stamps, err := packOf(cfg)
	if err != nil {
		return nil, err
	}
	o.Journal, o.Digests, o.Cache = s.st.Path("journal"), filter.Digests(watch.Lists), &s.cache
	scanner, err := inspect.New(o)
	if err != nil {
		return nil, err
	}
	opts, err := filterOptions(cfg, p, scanner, at)
	if err != nil {
		return nil, errors.Join(err, scanner.Close())
	}
	opts.Mode = s.orderedMode(cfg)
	opts.Ledger, opts.Lists, opts.Book = s.ledger, watch.Lists, s.book
	if s.cfg.Ledger.Keep > 0 {
		opts.Conversations = &s.talks
	}
	if c := s.talks.open.Load(); c != nil {
		setLocal(c, opts.Site)
	}
	opts.Outbound = s.outbound
	s.scanners = append(s.scanners, scanner)
	s.pack.Store(opts.Pack)
	s.opts, s.packFiles = opts, packWatch{done: stamps}
	return policyOf(cfg, opts), nil
}

func (s *server) milterOptions() milter.Options {
	t := s.cfg.Timeouts
	return milter.Options{
		Holder: s.q, Audit: s.audit, Trace: s.tracer, Metrics: s.metrics, Log: s.log, Sessions: s.cfg.Sessions.Max, Peers: s.cfg.AllowedPeers,
		IdleTimeout: t.Idle, BurstTimeout: t.Read, WriteTimeout: t.Write, MessageTimeout: t.Message, HoldTimeout: t.Hold,
		Step: crashStep(),
	}
}

func (s *server) webOptions() web.Options {
	folder := s.st.Path(quarantine.Folder)
	return web.Options{
		Listen: s.cfg.Web.Listen, ConfigFile: s.cfg.Web.ConfigFile, Gatherer: s.registry, Version: buildVersion(), Log: s.log,
		Checks: []web.Check{
			{Name: "store", Run: func(ctx context.Context) error { _, err := s.q.Stats(ctx); return err }},
			{Name: "quarantine", Run: web.Writable(s.st.Path(quarantine.SpoolFolder))},
			{Name: "disk", Run: web.Free(folder, int64(s.cfg.Quarantine.MinFreeBytes))},
			{Name: "milter", Run: s.answers},
		},
	}
}

// answers reports whether the milter's socket takes a connection.
func (s *server) answers(ctx context.Context) error {
	for _, l := range s.listeners {
		c, err := (&net.Dialer{}).DialContext(ctx, l.Addr().Network(), l.Addr().String())
		if err != nil {
			return err
		}
		c.Close()
	}
	return nil
}

// listen takes the sockets that systemd passes, else opens the configured one.
func (s *server) listen() (err error) {
	if s.listeners, err = milter.Inherited(); err != nil || len(s.listeners) > 0 {
		return err
	}
	l, err := milter.Listen(s.cfg.Listen.String(), milter.ListenOptions{Mode: os.FileMode(s.cfg.Socket.Mode), Group: s.cfg.Socket.Group})
	if err != nil {
		return err
	}
	s.listeners = []net.Listener{l}
	return nil
}

// serve runs until ctx ends or a part fails, then drains.
func (s *server) serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	g, gctx := errgroup.WithContext(ctx)
	for _, l := range s.listeners {
		g.Go(func() error { return ended(s.milter.Serve(l)) })
	}
	if s.web != nil {
		g.Go(func() error { return s.web.Serve(gctx) })
	}
	g.Go(func() error { s.notifier.Run(gctx); return nil })
	g.Go(func() error { s.upkeep(gctx, hup); return nil })
	g.Go(func() error { s.releaseDue(gctx); return nil })
	if s.book != nil {
		g.Go(func() error { s.book.Run(gctx, s.listsFailed); return nil })
	}
	g.Go(func() error { s.follow(gctx); return nil })
	g.Go(func() error {
		<-gctx.Done()
		return s.drain()
	})
	s.ready()
	return g.Wait()
}

func ended(err error) error {
	if errors.Is(err, milter.ErrClosed) {
		return nil
	}
	return err
}

func (s *server) ready() {
	s.steer.Lock()
	mode := s.opts.Mode
	s.steer.Unlock()
	for _, l := range s.listeners {
		s.log.Info("serving", "listen", l.Addr().Network()+":"+l.Addr().String(), "mode", mode, "state", s.st.Dir(), "version", buildVersion())
	}
	if s.web != nil {
		s.log.Info("metrics and health", "listen", s.web.Addr().String())
	}
	s.tell(daemon.SdNotifyReady)
}

func (s *server) tell(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		s.log.Warn("systemd does not listen", "error", err.Error())
	}
}

// drain finishes the messages in work; what is left after the time for it is still the MTA's.
func (s *server) drain() error {
	s.tell(daemon.SdNotifyStopping)
	s.log.Info("stopping", "drain", s.cfg.Timeouts.Drain.String())
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.Timeouts.Drain)
	defer cancel()
	if err := s.milter.Shutdown(ctx); err != nil {
		s.log.Warn("messages in work were cut off; the MTA keeps them", "error", err.Error())
	}
	s.swept(s.q.EmptySpool())
	return nil
}

// expireEvery is how often held messages are looked over for their end, and rows that could not be written are tried again.
const expireEvery = time.Minute

func (s *server) upkeep(ctx context.Context, hup <-chan os.Signal) {
	expire := time.NewTicker(expireEvery)
	defer expire.Stop()
	watchdog := newWatchdog(s.log)
	defer watchdog.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
			s.reload()
		case <-watchdog.C:
			s.tell(daemon.SdNotifyWatchdog)
		case <-expire.C:
			s.closeRetired(time.Now())
			s.swept(s.q.SweepSpool())
			if n, err := s.q.Expire(ctx, time.Now()); err != nil && ctx.Err() == nil {
				s.metrics.Errors.WithLabelValues("store").Inc()
				s.log.Error("quarantine: expiring", "error", err.Error())
			} else if n > 0 {
				s.log.Info("quarantine: expired", "messages", n)
			}
			s.forget(ctx)
			s.forgetConversations(ctx)
			s.forgetOutbound(ctx)
		}
	}
}

// newWatchdog ticks twice as often as systemd wants to hear of us, never without a watchdog.
func newWatchdog(log *slog.Logger) *time.Ticker {
	every, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("systemd's watchdog", "error", err.Error())
	}
	if every <= 0 {
		t := time.NewTicker(time.Hour)
		t.Stop()
		return t
	}
	return time.NewTicker(every / 2)
}

func (s *server) close() error {
	var errs []error
	for _, l := range s.listeners {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if s.web != nil {
		if err := s.web.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if s.lists != nil {
		s.lists.stop()
		errs = append(errs, s.lists.Close())
	}
	for _, sc := range s.scanners {
		errs = append(errs, sc.Close())
	}
	for _, r := range s.retired {
		errs = append(errs, r.Close())
	}
	if s.audit != nil {
		errs = append(errs, s.audit.Close())
	}
	if c := s.talks.open.Load(); c != nil {
		errs = append(errs, c.Close())
	}
	s.closeTrace()
	if s.q != nil {
		ctx, cancel := context.WithTimeout(context.Background(), closePatience)
		s.q.Close(ctx)
		cancel()
	}
	if s.st != nil {
		errs = append(errs, s.st.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}
