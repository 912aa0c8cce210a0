package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"sekisho/internal/archive"
	"sekisho/internal/budget"
	"sekisho/internal/config"
	"sekisho/internal/filter"
	"sekisho/internal/inspect"
	"sekisho/internal/ledger"
	"sekisho/internal/message"
	"sekisho/internal/notify"
	"sekisho/internal/quarantine"
	"sekisho/internal/worker"
	"sekisho/milter"
	"sekisho/rules"
)

// load reads the configuration; flags win over the file.
func (g *globals) load() (*config.Config, error) {
	c, err := config.Load(g.Config)
	if err != nil {
		return nil, err
	}
	if g.State != "" {
		if err := c.Set("state", g.State); err != nil {
			return nil, err
		}
	}
	if g.Lang != "" {
		if err := c.Set("language", g.Lang); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// language is that of the configuration and the flags, for what is said before either is used.
func (g *globals) language() string {
	c, err := g.load()
	if err != nil {
		return language(g.Lang, os.Getenv)
	}
	return c.Lang(os.Getenv)
}

func site(c *config.Config) message.Site {
	var people []message.Person
	for _, m := range c.Site.People {
		people = append(people, message.Person{Address: m.Addr, Names: []string{m.Name}})
	}
	return message.Site{
		People:       people,
		LocalDomains: c.Site.LocalDomains, InternalNetworks: c.Site.InternalNetworks, TrustedRelays: c.Site.TrustedRelays,
		SubmissionDaemons: c.Site.SubmissionDaemons, Gateway: c.Site.Gateway, AuthservID: c.Site.AuthservID,
	}
}

// place is where messages in work are kept.
type place struct {
	spool    string          // "" means os.TempDir()
	budget   *budget.Budget  // of the whole process
	archives *archive.Opener // the workers of the whole process
}

func walkLimits(c *config.Config, at place) message.Limits {
	l := c.Limits
	return message.Limits{
		Depth: l.Depth, Parts: l.Parts, Header: int(l.HeaderBytes), Body: int64(l.MessageBytes),
		Memory: int64(l.MemoryBytes), SpoolDir: at.spool, Budget: at.budget,
	}
}

func inspectOptions(c *config.Config, at place) (inspect.Options, error) {
	l := c.Limits
	words, err := passwords(c)
	return inspect.Options{
		Depth: l.Depth, Files: l.Files, Bytes: int64(l.UnpackedBytes), Time: l.InspectTime, TryTime: c.Passwords.Time, Passwords: words,
		Memory: int64(l.MemoryBytes), SpoolDir: at.spool, Walk: walkLimits(c, at), Archives: at.archives,
		Remember: c.Inspect.Cache, CacheBytes: int64(c.Inspect.CacheBytes),
	}, err
}

func filterOptions(c *config.Config, p *rules.Pack, scanner *inspect.Scanner, at place) (filter.Options, error) {
	var mode rules.Mode
	if err := mode.UnmarshalText([]byte(c.Mode)); err != nil {
		return filter.Options{}, err
	}
	return filter.Options{Pack: p, Scanner: scanner, Site: site(c), Walk: walkLimits(c, at), Mode: mode}, nil
}

func quarantineOptions(c *config.Config) quarantine.Options {
	q, r := c.Quarantine, c.Release
	return quarantine.Options{
		MaxBytes: int64(q.MaxBytes), MaxMessages: int64(q.MaxMessages), SourceShare: float64(q.MaxSourcePercent) / 100,
		MinFree: int64(q.MinFreeBytes), Retain: q.Retention, KeepReleased: q.KeepReleased, Tombstone: q.KeepRecords,
		MarkLife: r.Valid, Relay: quarantine.Relay{Addr: r.SMTP, Helo: r.Helo},
		Notice: notifyOptions(c).Readers, // whoever writes the row of a held mail enters its readers, the command line too
	}
}

// noticeWait is how long the first held mail of a wave waits for the others before its notice.
const noticeWait = time.Minute

func notifyOptions(c *config.Config) notify.Options {
	n, ours := c.Notices, site(c)
	addr := n.SMTP
	if addr == "" {
		addr = c.Release.SMTP
	}
	return notify.Options{
		Postmaster: n.Postmaster, From: n.From, Recipients: n.Recipients, Local: ours.Local, Every: n.Every,
		Wait:  min(noticeWait, n.Every),
		Relay: quarantine.Relay{Addr: addr, Helo: c.Release.Helo, Timeout: time.Minute},
	}
}

// policyOf says what is done with verdicts.
func policyOf(c *config.Config, opts filter.Options) *milter.Policy {
	failures := map[string]milter.OnFailure{"tempfail": milter.FailTemp, "accept": milter.FailAccept, "reject": milter.FailReject}
	return &milter.Policy{
		Filter: milter.Line(filter.New(opts)), Site: opts.Site, Mode: opts.Mode,
		OnFailure: failures[c.Actions.OnFailure], OnFailureSubmission: failures[c.Actions.OnFailureSubmission],
		MTAHold: c.Actions.Quarantine == "hold", TaggedOnly: !c.Actions.MarkAccepted, SubjectTag: c.Actions.SubjectTag,
		ReleaseClients: c.Release.Clients, Wait: c.Locked.Hold,
	}
}

// siteFile stands for the configuration's site in offline runs.
const siteFile = "site.json"

// offline is the line for scan and replay: no state, and a memory of its own at most.
type offline struct {
	lang    string
	options filter.Options
	memory  ledger.Options
	talks   ledger.ConversationOptions
	home    message.Site // the configuration's
	config  *config.Config
	filter  *filter.Filter
}

func (g *globals) offline(sources bool, given ...string) (*offline, error) {
	c, err := g.load()
	if err != nil {
		return nil, err
	}
	return offlineBy(c, sources, given...)
}

func offlineBy(c *config.Config, sources bool, given ...string) (*offline, error) {
	o, err := inspectOptions(c, place{archives: archive.New(worker.Options{})})
	if err != nil {
		return nil, err
	}
	p, err := pack(c)
	if err != nil {
		return nil, err
	}
	known, err := offlineLists(c)
	if err != nil {
		return nil, err
	}
	o.Sources, o.Given, o.Sums, o.Digests = sources, given, true, filter.Digests(known)
	scanner, err := inspect.New(o)
	if err != nil {
		return nil, err
	}
	opts, err := filterOptions(c, p, scanner, place{})
	if err != nil {
		return nil, errors.Join(err, scanner.Close())
	}
	opts.Lists = known
	return &offline{lang: c.Lang(os.Getenv), options: opts, memory: ledgerOptions(c), talks: conversationOptions(c), home: opts.Site, config: c, filter: filter.New(opts)}, nil
}

// unjudged is a line for what a file is, not what the rules say of it: a list or pack with a fault does not stop who asks in the night.
func unjudged(c *config.Config) (*offline, error) {
	plain := *c
	plain.Lists, plain.Rules.Pack = nil, ""
	return offlineBy(&plain, false)
}

func (o *offline) close() {
	o.options.Scanner.Close()
	if o.options.Lists != nil {
		o.options.Lists.Close()
	}
}

// useSite takes the site.json of a folder, or of the one above it, in place of the configuration's site.
func (o *offline) useSite(folder string) error {
	o.options.Site = o.home
	for _, dir := range []string{folder, filepath.Join(folder, "..")} {
		f, err := os.Open(filepath.Join(dir, siteFile))
		if err != nil {
			continue
		}
		defer f.Close()
		s, err := message.ReadSite(f)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(dir, siteFile), err)
		}
		if s.SubmissionDaemons == nil {
			s.SubmissionDaemons = o.home.SubmissionDaemons
		}
		o.options.Site = s
		break
	}
	o.renew()
	return nil
}

// renew makes the filter of the options as they are now.
func (o *offline) renew() { o.filter = filter.New(o.options) }
