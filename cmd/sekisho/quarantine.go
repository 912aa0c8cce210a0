package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"sekisho/internal/config"
	"sekisho/internal/quarantine"
	"sekisho/internal/store"
	"sekisho/rules"
)

type quarantineCmd struct {
	List    listCmd    `cmd:"" help:"help_list"`
	Show    showCmd    `cmd:"" help:"help_show"`
	Release releaseCmd `cmd:"" help:"help_release"`
	Delete  deleteCmd  `cmd:"" help:"help_delete"`
	Export  exportCmd  `cmd:"" help:"help_export"`
	Verify  verifyCmd  `cmd:"" help:"help_verify"`
}

// act is who does something and why; it is recorded.
type act struct {
	Reason string `required:"" placeholder:"TEXT" help:"help_reason"`
	As     string `placeholder:"NAME" help:"help_as"`
}

func (a act) by() quarantine.By { return quarantine.By{Who: who(a.As), Why: a.Reason} }

// who names the person at the keyboard: through sudo too.
func who(given string) string {
	if given != "" {
		return given
	}
	if name := os.Getenv("SUDO_USER"); name != "" {
		return name
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return fmt.Sprintf("uid %d", os.Getuid())
}

// desk is the open quarantine, beside a running daemon or without one.
type desk struct {
	streams
	cfg  *config.Config
	lang string
	st   *store.Store
	q    *quarantine.Quarantine
}

// withDesk opens the quarantine of a state folder that exists, so that a wrong --state is said and not made.
func (g *globals) withDesk(ctx context.Context, io streams, f func(*desk) error) error {
	c, err := g.load()
	if err != nil {
		return err
	}
	d := &desk{streams: io, cfg: c, lang: c.Lang(os.Getenv)}
	if err := isState(c.State); err != nil {
		return noState(c, d.lang, err)
	}
	if d.st, err = store.Open(ctx, c.State); err != nil {
		return err
	}
	if d.q, err = quarantine.Open(ctx, d.st, quarantineOptions(c)); err != nil {
		return errors.Join(err, d.st.Close())
	}
	return errors.Join(f(d), d.st.Close())
}

// noState says why a state folder cannot be used.
func noState(c *config.Config, lang string, err error) error {
	key := "no_state"
	if errors.Is(err, fs.ErrPermission) {
		key = "no_permission"
	}
	return fmt.Errorf(text(lang, key), c.State, err)
}

// isState reports whether a folder holds a quarantine: its index, or held messages from which the index can be rebuilt.
func isState(dir string) error {
	_, err := os.Stat(filepath.Join(dir, store.DatabaseName))
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, folder := os.Stat(filepath.Join(dir, quarantine.Folder)); folder == nil {
		return nil
	}
	return err
}

// reason says what went wrong in the reader's language where it is one of the quarantine's own answers.
func (d *desk) reason(err error) string {
	for _, r := range []struct {
		err error
		key string
	}{
		{quarantine.ErrNotFound, "e_notfound"}, {quarantine.ErrAmbiguous, "e_ambiguous"}, {quarantine.ErrReleased, "e_released"},
		{quarantine.ErrState, "e_state"}, {quarantine.ErrUnsendable, "e_unsendable"}, {quarantine.ErrDamaged, "e_damaged"},
		{quarantine.ErrUndelivered, "e_undelivered"}, {quarantine.ErrPerhaps, "e_perhaps"},
	} {
		if errors.Is(err, r.err) {
			return text(d.lang, r.key)
		}
	}
	return printable(err.Error())
}

// each runs f for every id, says what fails, and goes on.
func (d *desk) each(ctx context.Context, refs []string, f func(id string) error) error {
	failed := 0
	for _, ref := range refs {
		id, err := d.q.Resolve(ctx, ref)
		if err == nil {
			err = f(id)
		}
		if err != nil {
			failed++
			fmt.Fprintf(d.err, "sekisho: %s: %s\n", printable(ref), d.reason(err))
		}
	}
	if failed > 0 {
		return fmt.Errorf(text(d.lang, "n_failed"), failed, len(refs))
	}
	return nil
}

func (d *desk) encode(v any) error { return encodeJSON(d.out, v) }

type listCmd struct {
	JSON bool `help:"help_json"`
	All  bool `help:"help_all"`
}

// Run lists what is held, newest first.
func (c *listCmd) Run(ctx context.Context, g *globals, io streams) error {
	return g.withDesk(ctx, io, func(d *desk) error {
		rows := [][]string{strings.Split(text(d.lang, "list_head"), "\t")}
		n, err := d.list(ctx, c.All, func(it quarantine.Item) error {
			if c.JSON {
				return d.encode(it)
			}
			rows = append(rows, row(d.lang, it))
			return nil
		})
		switch {
		case err != nil || c.JSON:
			return err
		case n == 0:
			_, err = fmt.Fprintln(d.out, text(d.lang, "none_held"))
			return err
		}
		return table(d.out, rows)
	})
}

// list gives every item, page by page.
func (d *desk) list(ctx context.Context, all bool, give func(quarantine.Item) error) (n int, err error) {
	f := quarantine.Filter{}
	if all {
		f.State = "all"
	}
	for {
		items, err := d.q.List(ctx, f)
		if err != nil || len(items) == 0 {
			return n, err
		}
		for i := range items {
			n++
			if err := give(items[i]); err != nil {
				return n, err
			}
		}
		f.Before = &items[len(items)-1]
	}
}

// columnMax keeps an address or a subject from pushing the rest of its row off the screen.
const columnMax = 40

// row is a message in the list.
func row(lang string, it quarantine.Item) []string {
	to := ""
	if len(it.Envelope.Rcpts) > 0 {
		to = short(it.Envelope.Rcpts[0])
	}
	if more := len(it.Envelope.Rcpts) - 1; more > 0 {
		to += fmt.Sprintf(" +%d", more)
	}
	state := it.State
	switch {
	case it.Where == quarantine.InMTA && it.State == quarantine.StateHeld:
		state = quarantine.MTACommand(it)
	case it.IsWaiting():
		state = fmt.Sprintf(text(lang, "waits"), it.Waits.Local().Format("15:04"))
	}
	return []string{it.ID, stamp(it.Held), state, string(it.Direction), "<" + short(it.Envelope.MailFrom) + ">", to, it.Verdict.Rule, short(it.Subject)}
}

func stamp(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

func short(s string) string {
	s = printable(s)
	n := 0
	for i, r := range s {
		if n += cells(string(r)); n > columnMax {
			return s[:i] + "…"
		}
	}
	return s
}

type showCmd struct {
	JSON bool     `help:"help_json"`
	IDs  []string `arg:"" name:"id" help:"help_ids"`
}

// shown is an item with its words.
type shown struct {
	quarantine.Item
	RuleTitle  string           `json:"rule_title"`
	RuleAdvice string           `json:"rule_advice"`
	Acts       []quarantine.Act `json:"acts"`
}

// Run explains held messages. Nothing of a message is rendered: what is not printable is escaped, and no body is shown.
func (c *showCmd) Run(ctx context.Context, g *globals, io streams) error {
	return g.withDesk(ctx, io, func(d *desk) error {
		p, err := pack(d.cfg)
		if err != nil {
			return err
		}
		return d.each(ctx, c.IDs, func(id string) error {
			s, err := d.shown(ctx, p, id)
			if err != nil {
				return err
			}
			if c.JSON {
				return d.encode(s)
			}
			d.explain(s)
			return nil
		})
	})
}

func (d *desk) shown(ctx context.Context, p *rules.Pack, id string) (s shown, err error) {
	if s.Item, err = d.q.Get(ctx, id); err != nil {
		return s, err
	}
	s.RuleTitle, s.RuleAdvice = p.Explain(s.Verdict.Rule, d.lang)
	s.Acts, err = d.q.Acts(ctx, id)
	return s, err
}

func (d *desk) explain(s shown) {
	line := func(key, format string, args ...any) {
		fmt.Fprintf(d.out, "%s: %s\n", text(d.lang, key), printable(fmt.Sprintf(format, args...)))
	}
	fmt.Fprintf(d.out, "%s  %s\n", s.ID, newPainter(d.out).verdict(s.Verdict.Action))
	line("l_state", "%s", s.State)
	if s.Where == quarantine.InMTA {
		line("l_inmta", "%s", quarantine.MTACommand(s.Item))
	}
	if s.IsWaiting() {
		line("l_waits", text(d.lang, "goes_on"), stamp(s.Waits))
	}
	line("l_held", "%s – %s", stamp(s.Held), stamp(s.Expires))
	line("l_direction", "%s", s.Direction)
	line("l_client", "%s", strings.TrimSpace(clientIP(s.Envelope.ClientIP)+" "+s.Envelope.ClientName))
	if s.Envelope.SASLUser != "" {
		line("l_account", "%s", s.Envelope.SASLUser)
	}
	line("l_sender", "<%s>", s.Envelope.MailFrom)
	for _, r := range s.Envelope.Rcpts {
		line("l_rcpt", "<%s>", r)
	}
	line("l_from", "%s", s.From)
	line("l_subject", "%s", s.Subject)
	line("l_msgid", "%s", s.MessageID)
	line("l_size", "%d", s.Size)
	for _, a := range s.Attachments {
		line("l_file", "%s %s (%s, %d) sha256 %s", a.Path, a.Name, a.Kind, a.Size, a.SHA256)
	}
	for _, e := range s.Earlier {
		key := "delivered_to"
		if e.Held {
			key = "waited_for"
		}
		line("l_earlier", "%s  %s  %s  %s  %s", e.QueueID, stamp(e.Time), e.From, e.File, fmt.Sprintf(text(d.lang, key), strings.Join(e.Rcpts, ", ")))
	}
	fmt.Fprintf(d.out, "\n%s: %s\n  %s\n  %s\n\n", text(d.lang, "l_rule"), s.Verdict.Rule, s.RuleTitle, s.RuleAdvice)
	for _, f := range s.Verdict.Why {
		explainFinding(d.out, d.lang, f)
	}
	fmt.Fprintln(d.out)
	for _, a := range s.Acts {
		fmt.Fprintf(d.out, "%s  %s  %s  %s\n", stamp(a.At), a.Act, printable(a.Who), printable(a.Why))
		for _, r := range a.Rcpts {
			fmt.Fprintf(d.out, "    <%s> %s\n", printable(r.Rcpt), printable(r.Text()))
		}
	}
	if s.State == quarantine.StateHeld && s.Where == quarantine.InStore {
		fmt.Fprintf(d.out, text(d.lang, "next"), s.ID)
	}
}

// clientIP is empty for mail of this machine.
func clientIP(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

type releaseCmd struct {
	act
	To    []string `placeholder:"ADDRESS" help:"help_to"`
	Again bool     `help:"help_again"`
	JSON  bool     `help:"help_json"`
	IDs   []string `arg:"" name:"id" help:"help_ids"`
}

// releasedItem is one line of release --json.
type releasedItem struct {
	ID       string               `json:"id"`
	Outcomes []quarantine.Outcome `json:"outcomes"`
	Error    string               `json:"error,omitempty"`
}

// Run delivers held messages exactly as they came.
func (c *releaseCmd) Run(ctx context.Context, g *globals, io streams) error {
	return g.withDesk(ctx, io, func(d *desk) error {
		return d.each(ctx, c.IDs, func(id string) error {
			out, err := d.q.Release(ctx, id, quarantine.ReleaseRequest{By: c.by(), Rcpts: c.To, Again: c.Again})
			if errors.Is(err, quarantine.ErrInMTA) {
				err = d.inMTA(ctx, id)
			}
			if c.JSON {
				r := releasedItem{ID: id, Outcomes: out}
				if err != nil {
					r.Error = err.Error()
				}
				return errors.Join(err, d.encode(r))
			}
			d.outcomes(id, out)
			return err
		})
	})
}

// outcomes says what became of each recipient, and where to look when nobody answered.
func (d *desk) outcomes(id string, out []quarantine.Outcome) {
	unreached := false
	for _, o := range out {
		if o.Result == quarantine.Sent {
			fmt.Fprintf(d.out, text(d.lang, "released")+"\n", id, printable(o.Rcpt))
			continue
		}
		key := "unsent"
		if o.Result == quarantine.Unknown {
			key = "unknown"
		}
		fmt.Fprintf(d.out, text(d.lang, key)+"\n", id, printable(o.Rcpt), printable(o.Text()))
		unreached = unreached || o.Result == quarantine.Failed
	}
	if unreached {
		fmt.Fprintf(d.err, text(d.lang, "relay")+"\n", d.cfg.Release.SMTP)
	}
}

// inMTA says how to let a message go that the MTA holds.
func (d *desk) inMTA(ctx context.Context, id string) error {
	it, err := d.q.Get(ctx, id)
	if err != nil {
		return err
	}
	return fmt.Errorf("%w; %s: %s", quarantine.ErrInMTA, text(d.lang, "l_inmta"), quarantine.MTACommand(it))
}

type deleteCmd struct {
	act
	IDs []string `arg:"" name:"id" help:"help_ids"`
}

// Run deletes held messages; their records stay.
func (c *deleteCmd) Run(ctx context.Context, g *globals, io streams) error {
	return g.withDesk(ctx, io, func(d *desk) error {
		return d.each(ctx, c.IDs, func(id string) error {
			if err := d.q.Delete(ctx, id, c.by()); err != nil {
				return err
			}
			fmt.Fprintf(d.out, text(d.lang, "deleted")+"\n", id)
			return nil
		})
	})
}

type exportCmd struct {
	act
	ID     string `arg:"" name:"id" help:"help_id"`
	Output string `short:"o" placeholder:"FILE" default:"-" help:"help_output"`
}

// Run writes the exact bytes of a held message to a new file, or to standard output.
func (c *exportCmd) Run(ctx context.Context, g *globals, io streams) error {
	return g.withDesk(ctx, io, func(d *desk) error {
		id, err := d.q.Resolve(ctx, c.ID)
		if err != nil {
			return err
		}
		if c.Output == "-" {
			return d.q.Export(ctx, id, d.out, c.by())
		}
		f, err := os.OpenFile(c.Output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		err = errors.Join(d.q.Export(ctx, id, f, c.by()), f.Sync(), f.Close())
		if err != nil { // half a mail looks like a whole one
			err = errors.Join(err, os.Remove(c.Output))
		}
		return err
	})
}

type verifyCmd struct {
	JSON   bool `help:"help_json"`
	Repair bool `help:"help_repair"`
}

// Run compares index and folder.
func (c *verifyCmd) Run(ctx context.Context, g *globals, io streams) error {
	return g.withDesk(ctx, io, func(d *desk) error {
		r, err := d.q.Verify(ctx, c.Repair)
		if err != nil {
			return err
		}
		if c.JSON {
			err = d.encode(r)
		} else {
			err = d.report(r)
		}
		if err == nil && !r.OK() {
			return errVerdict
		}
		return err
	})
}

func (d *desk) report(r *quarantine.Report) error {
	for _, p := range r.Problems {
		words := text(d.lang, "v_"+p.Kind)
		if p.Repaired {
			words += " (" + text(d.lang, "mended") + ")"
		}
		line := strings.TrimSpace(fmt.Sprintf("%s %s: %s %s", p.Kind, printable(p.Path), words, printable(p.Detail)))
		if _, err := fmt.Fprintln(d.out, line); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(d.out, text(d.lang, "verified")+"\n", r.Files, r.Rows, len(r.Problems)+r.More)
	return err
}
