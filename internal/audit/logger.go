package audit

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode"
)

// NewLogger makes the daemon's logger. level is debug, info, warn or error; format is text or json. Where w is the journal's stream the
// journal gives the time: lines carry none, and start with the priority as sd-daemon(3) has it.
func NewLogger(w io.Writer, level, format string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("audit: log level %q: %w", level, err)
	}
	journal := isJournal(w, os.Getenv("JOURNAL_STREAM"))
	switch format {
	case "json":
		return slog.New(slog.NewJSONHandler(w, jsonOptions(l, journal))), nil
	case "text":
		return slog.New(&textHandler{w: w, level: l, journal: journal, mu: &sync.Mutex{}}), nil
	}
	return nil, fmt.Errorf("audit: log format %q: want text or json", format)
}

func jsonOptions(l slog.Level, journal bool) *slog.HandlerOptions {
	o := &slog.HandlerOptions{Level: l}
	if journal {
		o.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}
	}
	return o
}

// isJournal reports whether w is the stream that $JOURNAL_STREAM names by device and inode (systemd.exec(5)): the variable is inherited by
// programs whose output goes elsewhere.
func isJournal(w io.Writer, stream string) bool {
	f, ok := w.(*os.File)
	if !ok || stream == "" {
		return false
	}
	info, err := f.Stat()
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && stream == fmt.Sprintf("%d:%d", st.Dev, st.Ino)
}

const noQueue = "NOQUEUE" // Postfix's own word for it

// Log writes the message's line: the MTA's queue id first, then key=value, as mail logs have it. It names recipients by number only; the
// addresses stand in the record.
func (r Record) Log(ctx context.Context, l *slog.Logger) {
	level := slog.LevelInfo
	if r.Error != "" {
		level = slog.LevelWarn
	}
	if !l.Enabled(ctx, level) {
		return
	}
	r.shorten(new(cutter))
	id := r.QueueID
	if id == "" {
		id = noQueue
	}
	attrs := append(make([]slog.Attr, 0, 14),
		slog.String("verdict", r.Verdict), slog.String("done", r.Done), slog.String("rule", r.Rule),
		slog.String("direction", r.Direction), slog.String("client", r.ClientIP), slog.String("from", "<"+r.MailFrom+">"),
		slog.Int("rcpts", len(r.Rcpts)), slog.String("msgid", r.MessageID), slog.Int64("size", r.Size),
		slog.Bool("incomplete", r.Incomplete), slog.Float64("ms", r.ElapsedMS),
	)
	for _, a := range []slog.Attr{
		slog.String("quarantine", r.Quarantine), slog.String("released", r.Released), slog.String("error", r.Error),
	} {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	l.LogAttrs(ctx, level, id+":", attrs...)
}

// textHandler writes "TIME LEVEL message key=value ...", and "<N>message key=value ..." to the journal.
type textHandler struct {
	w       io.Writer
	level   slog.Level
	journal bool
	mu      *sync.Mutex
	prefix  string // of open groups, "a.b."
	attrs   []byte // already written out
}

var _ slog.Handler = (*textHandler)(nil)

// Enabled implements slog.Handler.
func (h *textHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

// WithAttrs implements slog.Handler.
func (h *textHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.attrs = slices.Clone(h.attrs)
	for _, a := range attrs {
		c.attrs = appendAttr(c.attrs, h.prefix, a)
	}
	return &c
}

// WithGroup implements slog.Handler.
func (h *textHandler) WithGroup(name string) slog.Handler {
	c := *h
	if name != "" {
		c.prefix += name + "."
	}
	return &c
}

// Handle implements slog.Handler. A line is one Write.
func (h *textHandler) Handle(_ context.Context, r slog.Record) error {
	var b []byte
	if h.journal {
		b = fmt.Appendf(b, "<%d>", priority(r.Level))
	} else if !r.Time.IsZero() {
		b = r.Time.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z ")
	}
	if !h.journal {
		b = append(append(b, r.Level.String()...), ' ')
	}
	b = append(b, printable(r.Message)...)
	b = append(b, h.attrs...)
	r.Attrs(func(a slog.Attr) bool {
		b = appendAttr(b, h.prefix, a)
		return true
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := h.w.Write(append(b, '\n'))
	return err
}

// priority is the level as syslog(3) counts it.
func priority(l slog.Level) int {
	switch {
	case l >= slog.LevelError:
		return 3
	case l >= slog.LevelWarn:
		return 4
	case l >= slog.LevelInfo:
		return 6
	}
	return 7
}

// appendAttr writes " key=value". Groups join their keys with dots; an empty attribute writes nothing, as slog.Handler demands.
func appendAttr(b []byte, prefix string, a slog.Attr) []byte {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, sub := range v.Group() {
			b = appendAttr(b, prefix, sub)
		}
		return b
	}
	if a.Equal(slog.Attr{}) {
		return b
	}
	b = append(append(append(b, ' '), prefix...), a.Key...)
	return append(append(b, '='), quoted(text(v))...)
}

func text(v slog.Value) string {
	if v.Kind() == slog.KindTime {
		return v.Time().Format(time.RFC3339Nano)
	}
	return v.String()
}

// quoted writes a value so that a line splits in one way only.
func quoted(s string) string {
	if s == "" || strings.ContainsAny(s, ` "=\`) || strings.ContainsFunc(s, unprintable) || strings.ContainsRune(s, unicode.ReplacementChar) {
		return strconv.Quote(s)
	}
	return s
}

// printable keeps a message on its line.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if unprintable(c) {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(s, "?"))
}
