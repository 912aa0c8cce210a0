package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"sekisho/internal/config"
	"sekisho/internal/ledger"
	"sekisho/internal/message"
	"sekisho/internal/store"
)

type ledgerCmd struct {
	Import ledgerImportCmd `cmd:"" help:"help_ledgerimport"`
	Stats  ledgerStatsCmd  `cmd:"" help:"help_ledgerstats"`
	Forget ledgerForgetCmd `cmd:"" help:"help_ledgerforget"`
}

// books is the open memory of conversations, beside a running daemon or without one.
type books struct {
	streams
	cfg   *config.Config
	lang  string
	site  message.Site
	talks *ledger.Conversations
}

// booksTimeout is for one act of the command line, where no mail waits.
const booksTimeout = time.Minute

// withBooks opens the memory of a state folder that exists: on the first day nothing else need be in it.
func (g *globals) withBooks(ctx context.Context, io streams, f func(*books) error) (err error) {
	c, err := g.load()
	if err != nil {
		return err
	}
	b := &books{streams: io, cfg: c, lang: c.Lang(os.Getenv), site: site(c)}
	if c.Ledger.Keep == 0 {
		return errors.New(text(b.lang, "lg_off"))
	}
	if fi, err := os.Stat(c.State); err != nil || !fi.IsDir() {
		return fmt.Errorf(text(b.lang, "lg_nostate"), c.State, err)
	}
	st, err := store.Open(ctx, c.State)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	o := conversationOptions(c)
	o.Timeout = booksTimeout
	if b.talks, err = openTalks(ctx, c, st, o); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.talks.Close()) }()
	setLocal(b.talks, b.site)
	return f(b)
}

type ledgerStatsCmd struct {
	JSON bool `help:"help_json"`
}

// Run says how much is remembered, and whether that is enough. The exit status is 1 while it is not.
func (c *ledgerStatsCmd) Run(ctx context.Context, g *globals, io streams) error {
	return g.withBooks(ctx, io, func(b *books) error {
		now := time.Now()
		s, err := b.talks.Stats(ctx, now)
		if err != nil {
			return err
		}
		w := b.talks.Warmth(now)
		if c.JSON {
			err = encodeJSON(b.out, statsJSON(s, w, int64(b.cfg.Ledger.MaxBytes)))
		} else {
			err = b.stats(s, w)
		}
		if err == nil && len(w.Lacks) > 0 {
			return errVerdict
		}
		return err
	})
}

type ledgerStats struct {
	Schema  int           `json:"schema"`
	Warm    bool          `json:"warm"`
	Lacks   []ledger.Lack `json:"lacks"`
	Mails   ledgerMails   `json:"mails"`
	First   *time.Time    `json:"first"`
	Last    *time.Time    `json:"last"`
	Days    int           `json:"days"`
	Cited   int           `json:"cited"`
	Found   int           `json:"found"`
	Domains int           `json:"domains"`
	Covered int           `json:"covered"`

	People         int64 `json:"people"`
	Correspondents int64 `json:"correspondents"`
	Strangers      int64 `json:"strangers"`
	Bytes          int64 `json:"bytes"`
	LimitBytes     int64 `json:"limit_bytes"`
}

type ledgerMails struct {
	Ours      int64 `json:"ours"`
	Theirs    int64 `json:"theirs"`
	Strangers int64 `json:"strangers"`
}

func statsJSON(s ledger.ConversationStats, w ledger.Warmth, limit int64) ledgerStats {
	j := ledgerStats{
		Schema: 1, Warm: len(w.Lacks) == 0, Lacks: append([]ledger.Lack{}, w.Lacks...), Mails: ledgerMails{s.Ours, s.Theirs, s.Strangers}, Days: w.Days,
		Cited: w.Cited, Found: w.Found, Domains: w.Domains, Covered: w.Covered, People: s.People, Correspondents: s.Known, Strangers: s.Unknown,
		Bytes: s.Bytes, LimitBytes: limit,
	}
	if !w.First.IsZero() {
		j.First, j.Last = &w.First, &w.Last
	}
	return j
}

func (b *books) stats(s ledger.ConversationStats, w ledger.Warmth) error {
	warm := text(b.lang, "lg_warm")
	if len(w.Lacks) > 0 {
		var why []string
		for _, l := range w.Lacks {
			why = append(why, text(b.lang, "lg_"+string(l)))
		}
		warm = fmt.Sprintf(text(b.lang, "lg_cold"), strings.Join(why, text(b.lang, "comma")))
	}
	fmt.Fprintln(b.out, warm)
	rows := [][]string{
		{text(b.lang, "lg_ours"), fmt.Sprint(s.Ours)},
		{text(b.lang, "lg_theirs"), fmt.Sprint(s.Theirs)},
		{text(b.lang, "lg_strange"), fmt.Sprint(s.Strangers)},
		{text(b.lang, "lg_people"), fmt.Sprint(s.People)},
		{text(b.lang, "lg_known"), fmt.Sprint(s.Known)},
		{text(b.lang, "lg_unknown"), fmt.Sprint(s.Unknown)},
		{text(b.lang, "lg_domains"), fmt.Sprintf("%d / %d", w.Covered, w.Domains)},
		{text(b.lang, "lg_size"), amount(s.Bytes)},
	}
	if w.Days > 0 {
		rows = append(rows, []string{text(b.lang, "lg_span"), w.First.Format(time.DateOnly) + " – " + w.Last.Format(time.DateOnly)})
	}
	if w.Cited > 0 {
		rows = append(rows, []string{text(b.lang, "lg_cited"), fmt.Sprintf("%d / %d", w.Found, w.Cited)})
	}
	return table(b.out, rows)
}

type ledgerForgetCmd struct {
	Address []string `arg:"" name:"address" help:"help_address"`
}

// Run removes people from the memory. The exit status is 1 when one was not in it.
func (c *ledgerForgetCmd) Run(ctx context.Context, g *globals, io streams) error {
	return g.withBooks(ctx, io, func(b *books) error {
		missing := false
		for _, a := range c.Address {
			found, err := b.talks.Forget(ctx, a)
			if err != nil {
				return err
			}
			key := "lg_forgotten"
			if !found {
				key, missing = "lg_nobody", true
			}
			fmt.Fprintf(b.out, text(b.lang, key)+"\n", printable(a))
		}
		if missing {
			return errVerdict
		}
		return nil
	})
}

type ledgerImportCmd struct {
	Archive bool     `help:"help_archive"`
	JSON    bool     `help:"help_json"`
	Paths   []string `arg:"" name:"path" help:"help_ledgerpaths"`
}

// Run learns what our people sent before: from their folders first, which say more, then from logs.
func (c *ledgerImportCmd) Run(ctx context.Context, g *globals, io streams) error {
	return g.withBooks(ctx, io, func(b *books) error {
		if len(b.site.LocalDomains) == 0 && len(b.site.People) == 0 {
			return errors.New(text(b.lang, "lg_nobodyours"))
		}
		i := newImporter(ctx, b, c.Archive)
		err := i.run(c.Paths)
		i.bar.clear()
		if c.JSON {
			err = errors.Join(err, encodeJSON(b.out, i.report()))
		} else {
			err = errors.Join(err, i.print())
		}
		if err == nil && i.failed > 0 {
			return errVerdict
		}
		return err
	})
}

type importReport struct {
	Schema     int            `json:"schema"`
	Learned    int            `json:"learned"`
	Known      int            `json:"known"`
	PassedOver map[string]int `json:"passed_over"`
	Files      int            `json:"files"`
	Bytes      int64          `json:"bytes"`
	OtherFiles int            `json:"other_files"`
	Failed     int            `json:"failed"`
}

func (i *importer) report() importReport {
	passed := map[string]int{}
	for why, n := range i.passed {
		passed[string(why)] = n
	}
	return importReport{1, i.learned, i.known, passed, i.files, i.read, i.other, i.failed}
}

func (i *importer) print() error {
	lang, out := i.books.lang, i.books.out
	fmt.Fprintf(out, text(lang, "li_learned")+"\n", i.learned, i.known, i.files, amount(i.read))
	var rows [][]string
	for _, why := range slices.Sorted(maps.Keys(i.passed)) {
		rows = append(rows, []string{fmt.Sprintf("  %d", i.passed[why]), text(lang, "li_"+string(why))})
	}
	for _, f := range []struct {
		key string
		n   int
	}{{"li_other", i.other}, {"li_failed", i.failed}} {
		if f.n > 0 {
			rows = append(rows, []string{fmt.Sprintf("  %d", f.n), text(lang, f.key)})
		}
	}
	if len(rows) > 0 {
		fmt.Fprintln(out, text(lang, "li_passed"))
	}
	return table(out, rows)
}

// amount is a size for people.
func amount(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	f, units := float64(n)/unit, "KMGTPE"
	for f >= unit && len(units) > 1 {
		f, units = f/unit, units[1:]
	}
	return fmt.Sprintf("%.1f %ciB", f, units[0])
}
