package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/filter"
	"sekisho/internal/lists"
	"sekisho/internal/quarantine"
	auth "sekisho/internal/sender"
	"sekisho/internal/store"
)

type allowCmd struct {
	Add    allowAddCmd    `cmd:"" help:"help_allowadd"`
	List   allowListCmd   `cmd:"" help:"help_allowlist"`
	Remove allowRemoveCmd `cmd:"" help:"help_allowremove"`
}

type blockCmd struct {
	Add    blockAddCmd    `cmd:"" help:"help_blockadd"`
	List   blockListCmd   `cmd:"" help:"help_blocklist"`
	Remove blockRemoveCmd `cmd:"" help:"help_blockremove"`
}

// book is the open book of entries by hand, beside a running daemon or without one.
type book struct {
	*desk
	*lists.Book
	asJSON bool
}

func (g *globals) withBook(ctx context.Context, io streams, asJSON bool, f func(*book) error) error {
	return g.withDesk(ctx, io, func(d *desk) error {
		db, err := d.st.Database(ctx, store.Memory)
		if err != nil {
			return err
		}
		b, err := lists.OpenBook(ctx, db)
		if err != nil {
			return err
		}
		return inBookWords(f(&book{d, b, asJSON}), d.lang)
	})
}

// inBookWords gives a refusal in the reader's language.
func inBookWords(err error, lang string) error {
	for known, key := range map[error]string{
		lists.ErrOwner: "le_owner", lists.ErrReason: "le_reason", lists.ErrExpiry: "le_expiry", lists.ErrSender: "le_sender", lists.ErrRcpt: "le_rcpt",
		lists.ErrMacro: "le_macro", lists.ErrStranger: "le_stranger", lists.ErrKnown: "le_known", lists.ErrNone: "le_none", lists.ErrFull: "le_full",
		lists.ErrForm: "le_form", lists.ErrLong: "le_long", lists.ErrBroad: "le_broad", lists.ErrNoType: "le_notype",
	} {
		if errors.Is(err, known) {
			return errors.New(text(lang, key))
		}
	}
	return err
}

// entryJSON is one entry as --json prints it, and as the audit log keeps it.
type entryJSON struct {
	Schema    int    `json:"schema"`
	ID        int64  `json:"id"`
	Use       string `json:"use"`
	Type      string `json:"type"`
	Value     string `json:"value"`
	Sender    string `json:"sender,omitempty"`
	Recipient string `json:"recipient,omitempty"`
	Owner     string `json:"owner"`
	Reason    string `json:"reason"`
	Made      string `json:"made"`
	Expires   string `json:"expires,omitempty"`
	Expired   bool   `json:"expired"`
}

// entrySchema is the version of entryJSON.
const entrySchema = 1

func toJSON(e *lists.Entry) entryJSON {
	j := entryJSON{
		Schema: entrySchema, ID: e.ID, Use: string(e.Use), Type: e.Type.String(), Value: e.Value, Sender: e.Sender, Recipient: e.Rcpt,
		Owner: e.Owner, Reason: e.Reason, Made: e.Made.Format(time.RFC3339), Expired: e.Expired(time.Now()),
	}
	if !e.Expires.IsZero() {
		j.Expires = e.Expires.Format(time.RFC3339)
	}
	return j
}

// changed records a change, then prints it.
func (b *book) changed(what string, e *lists.Entry, by, why string) error {
	file := b.cfg.Audit.File
	if file == "" {
		file = b.st.Path("audit.jsonl")
	}
	log, err := audit.Open(file)
	if err == nil {
		err = errors.Join(log.Change(audit.Change{Who: by, Why: why, What: what, Entry: toJSON(e)}), log.Close())
	}
	if err != nil { // it is done all the same
		err = fmt.Errorf(text(b.lang, "le_unaudited"), e.ID, err)
	}
	return errors.Join(b.print(e), err)
}

func (b *book) print(e *lists.Entry) error {
	if b.asJSON {
		return b.encode(toJSON(e))
	}
	return b.table([]lists.Entry{*e})
}

// table prints entries for people, one a line, with the reason below.
func (b *book) table(entries []lists.Entry) error {
	now := time.Now()
	for i := range entries {
		e := &entries[i]
		what := e.Type.String() + " " + e.Value
		if e.Use == lists.Allow {
			what += fmt.Sprintf("  %s → %s", e.Sender, e.Rcpt)
		}
		until := text(b.lang, "le_forever")
		switch {
		case e.Expired(now):
			until = fmt.Sprintf(text(b.lang, "le_ended"), lastOf(e.Expires.Local()))
		case !e.Expires.IsZero():
			until = fmt.Sprintf(text(b.lang, "le_until"), lastOf(e.Expires.Local()))
		}
		if _, err := fmt.Fprintf(b.out, "%d  %s  %s  %s\n    %s\n", e.ID, printable(what), until, printable(e.Owner), printable(e.Reason)); err != nil {
			return err
		}
	}
	return nil
}

// lastOf names an end as until reads it: of one at midnight the day before, which is still within.
func lastOf(end time.Time) string {
	if end.Equal(time.Date(end.Year(), end.Month(), end.Day(), 0, 0, 0, 0, end.Location())) {
		return end.AddDate(0, 0, -1).Format(time.DateOnly)
	}
	return stamp(end)
}

func (b *book) list(ctx context.Context, use lists.Use) error {
	entries, err := b.List(ctx, use)
	if err != nil {
		return err
	}
	if !b.asJSON {
		if len(entries) == 0 {
			_, err := fmt.Fprintln(b.out, text(b.lang, "le_empty"))
			return err
		}
		return b.table(entries)
	}
	for i := range entries {
		if err := b.encode(toJSON(&entries[i])); err != nil {
			return err
		}
	}
	return nil
}

func (b *book) remove(ctx context.Context, use lists.Use, ids []int64, by act) error {
	for _, id := range ids {
		e, err := b.Remove(ctx, use, id)
		if err != nil {
			return fmt.Errorf("%d: %w", id, inBookWords(err, b.lang))
		}
		if err := b.changed(string(use)+" remove", &e, who(by.As), by.Reason); err != nil {
			return err
		}
	}
	return nil
}

// entryFlags belong to every new entry.
type entryFlags struct {
	Reason  string `required:"" placeholder:"TEXT" help:"help_entryreason"`
	Owner   string `placeholder:"NAME" help:"help_owner"`
	Expires string `placeholder:"TIME" help:"help_expires"`
	Renew   bool   `help:"help_renew"`
	JSON    bool   `help:"help_json"`
}

// allowDays is how long an entry allows where nothing else is said: a quarter, after which its owner looks again.
const allowDays = "90d"

// until reads when an entry ends: in so long (90d, 12h), or a date, whose whole day it takes in. Zero for "".
func until(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return now.AddDate(0, 0, int(n)), nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d < math.MaxInt64/2 {
		return now.Add(d), nil
	}
	day, err := time.ParseInLocation(time.DateOnly, s, time.Local)
	if err != nil {
		return day, errUntil
	}
	return day.AddDate(0, 0, 1), nil
}

var errUntil = errors.New("want a time such as 90d, 12h or 2027-03-31")

func (f *entryFlags) entry(otherwise string, lang string) (lists.Entry, error) {
	if f.Expires != "" {
		otherwise = f.Expires
	}
	ends, err := until(otherwise, time.Now())
	if err != nil {
		return lists.Entry{}, errors.New(text(lang, "le_time"))
	}
	return lists.Entry{Owner: who(f.Owner), Reason: f.Reason, Expires: ends}, nil
}

type allowAddCmd struct {
	entryFlags
	Macro      string   `placeholder:"HASH" xor:"macro" help:"help_macrohash"`
	FromFile   string   `placeholder:"FILE" xor:"macro" help:"help_fromfile"`
	Quarantine string   `placeholder:"ID" xor:"macro" help:"help_fromheld"`
	Sender     string   `placeholder:"ADDRESS" help:"help_allowsender"`
	Recipient  []string `placeholder:"ADDRESS" help:"help_allowrcpt"`
}

// Run adds an entry for each recipient.
func (c *allowAddCmd) Run(ctx context.Context, g *globals, io streams) error {
	return g.withBook(ctx, io, c.JSON, func(b *book) error {
		e, err := c.entry(allowDays, b.lang)
		if err != nil {
			return err
		}
		e.Use, e.Type, e.Value, e.Sender = lists.Allow, lists.Macro, c.Macro, c.Sender
		if err := c.read(ctx, b, &e); err != nil {
			return err
		}
		if e.Value == "" {
			return lists.ErrMacro
		}
		if len(c.Recipient) == 0 {
			return lists.ErrRcpt
		}
		for _, e.Rcpt = range c.Recipient {
			added, err := b.Add(ctx, e, time.Now(), c.Renew)
			if err != nil {
				return err
			}
			if err := b.changed("allow add", &added, who(""), c.Reason); err != nil {
				return err
			}
		}
		return nil
	})
}

// read takes the fingerprint from a file, or with sender and recipients from a held mail; what was given goes before.
func (c *allowAddCmd) read(ctx context.Context, b *book, e *lists.Entry) error {
	if c.FromFile == "" && c.Quarantine == "" {
		return nil
	}
	off, err := unjudged(b.cfg)
	if err != nil {
		return err
	}
	defer off.close()
	var res *filter.Result
	if c.FromFile != "" {
		res, err = off.document(ctx, c.FromFile)
	} else {
		res, err = c.held(ctx, off, b, e)
	}
	if err != nil {
		return err
	}
	defer res.Close()
	e.Value, err = oneMacro(res, b.lang)
	return err
}

// document scans a file, or a mail in a file, of an ordinary size.
func (o *offline) document(ctx context.Context, name string) (*filter.Result, error) {
	f, err := store.OpenRegular(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return o.filter.File(ctx, fi.Name(), f, fi.Size())
}

func (c *allowAddCmd) held(ctx context.Context, off *offline, b *book, e *lists.Entry) (*filter.Result, error) {
	id, err := b.q.Resolve(ctx, c.Quarantine)
	if err != nil {
		return nil, errors.New(b.reason(err))
	}
	it, err := b.q.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if it.Where == quarantine.InMTA {
		return nil, b.inMTA(ctx, id)
	}
	raw, err := b.q.Raw(ctx, id)
	if err != nil {
		return nil, err
	}
	defer raw.Close()
	res, err := off.filter.Message(ctx, filter.Session{Envelope: it.Envelope}, raw)
	if err != nil {
		return nil, err
	}
	if e.Sender == "" {
		e.Sender = res.Facts.From
	}
	if len(c.Recipient) == 0 {
		c.Recipient = slices.Compact(slices.Sorted(slices.Values(it.Envelope.Rcpts)))
	}
	if result := res.Facts.Auth; result != string(auth.Pass) {
		fmt.Fprintf(b.err, text(b.lang, "le_unproven")+"\n", printable(res.Facts.From), text(b.lang, "le_auth_"+orUnknown(result)))
	}
	return res, nil
}

func orUnknown(result string) string {
	if result == "" {
		return string(auth.Unknown)
	}
	return result
}

// oneMacro is the fingerprint that a result has. With several, nobody knows which is meant.
func oneMacro(res *filter.Result, lang string) (string, error) {
	seen := map[string]string{}
	for i := range res.Files {
		if f := &res.Files[i]; f.MacroHash != "" && seen[f.MacroHash] == "" {
			seen[f.MacroHash] = f.Path
		}
	}
	if len(seen) == 0 {
		return "", errors.New(text(lang, "le_nomacro"))
	}
	var lines []string
	for hash, path := range seen {
		if len(seen) == 1 {
			return hash, nil
		}
		lines = append(lines, fmt.Sprintf("\n  --macro %s  %s", hash, printable(path)))
	}
	slices.Sort(lines)
	return "", fmt.Errorf(text(lang, "le_macros"), len(seen), strings.Join(lines, ""))
}

type allowListCmd struct {
	JSON bool `help:"help_json"`
}

// Run lists what is allowed, expired entries too.
func (c *allowListCmd) Run(ctx context.Context, g *globals, io streams) error {
	return g.withBook(ctx, io, c.JSON, func(b *book) error { return b.list(ctx, lists.Allow) })
}

type allowRemoveCmd struct {
	act
	JSON bool    `help:"help_json"`
	IDs  []int64 `arg:"" name:"id" help:"help_entryids"`
}

// Run removes entries.
func (c *allowRemoveCmd) Run(ctx context.Context, g *globals, io streams) error {
	return g.withBook(ctx, io, c.JSON, func(b *book) error { return b.remove(ctx, lists.Allow, c.IDs, c.act) })
}
