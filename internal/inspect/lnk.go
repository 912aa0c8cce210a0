package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"sekisho/internal/finding"
	"sekisho/internal/lnk"
)

// lnkFile reads Windows shortcuts (MS-SHLLINK). What is appended to one is a file inside it.
type lnkFile struct{}

var _ Inspector = lnkFile{}

func (lnkFile) Name() string { return "lnk" }

func (lnkFile) Match(f *File) bool { return f.Kind == KindLNK }

func (lnkFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	l, err := lnk.Read(f.reader(ctx), f.Size, lnk.Options{})
	switch {
	case errors.Is(err, lnk.ErrFormat):
		return nil
	case err != nil:
		return err
	}
	r := s.report(f)
	r.LNKTarget, r.LNKArgs = l.Target(), l.Arguments
	if l.Target() != "" || l.Arguments != "" {
		s.found(f, finding.New(finding.LNKCommand, f.Path, "%s", lnkCommand(l)))
	}
	tail, err := f.tailFrom(ctx, l.Tail)
	if err != nil {
		return err
	}
	why := shortcut{l, baseName(f.name())}.reasons()
	if tail > 0 {
		why = append(why, fmt.Sprintf("%d bytes appended", tail))
	}
	if len(why) > 0 {
		s.found(f, finding.New(finding.LNKSuspicious, f.Path, "%s", strings.Join(why, "; ")))
	}
	if tail > 0 {
		_, err = s.carried(ctx, f, "appended", nil, io.NewSectionReader(f.reader(ctx), f.Size-tail, tail))
	}
	return err
}

const tailLeast = 16 // appended bytes that are worth a look: a program or a script is longer, rounding to some block's length is blank

// tailFrom is how many bytes stand behind off, 0 when they are only filling.
func (f *File) tailFrom(ctx context.Context, off int64) (int64, error) {
	if f.Size-off < tailLeast {
		return 0, nil
	}
	b, err := f.peek(ctx, off, make([]byte, headSize))
	if err != nil || len(bytes.Trim(b, "\x00\xFF \t\r\n")) == 0 && int64(len(b)) == f.Size-off {
		return 0, err
	}
	return f.Size - off, nil
}

// lnkCommand is what the shortcut runs, with the blanks in it that nobody reads taken out, and said.
func lnkCommand(l *lnk.Link) string {
	args, cut := collapse(l.Arguments)
	words := make([]string, 0, 3)
	for _, w := range []string{l.Target(), args} {
		if w != "" {
			words = append(words, fmt.Sprintf("%.100q", w))
		}
	}
	if cut > 0 {
		words = append(words, fmt.Sprintf("(without %d blanks)", cut))
	}
	return strings.Join(words, " ")
}

const longBlanks = 8 // a run that somebody put there; columns are aligned with fewer

// collapse makes one blank of each long run of them, and counts those it left out.
func collapse(s string) (short string, cut int) {
	var b strings.Builder
	run := 0
	flush := func() {
		if run >= longBlanks {
			cut += run - 1
			run = 1
		}
		b.WriteString(strings.Repeat(" ", run))
		run = 0
	}
	for _, c := range s {
		if blank(c) {
			run++
			continue
		}
		flush()
		b.WriteRune(c)
	}
	flush()
	return b.String(), cut
}

// blank reports whether a character shows as nothing in Windows' dialogs.
func blank(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\v', '\f', '\r', 0xA0, 0x1680, 0x202F, 0x205F, 0x3000, 0x3164, 0xFFA0, 0x2800, 0xFEFF:
		return true
	}
	return 0x2000 <= r && r <= 0x200D
}
