package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sekisho/internal/filter"
	"sekisho/internal/lists"
	"sekisho/internal/trace"
	"sekisho/milter"
)

type blockAddCmd struct {
	entryFlags
	Type     string   `default:"auto" enum:"auto,sha256,sha1,md5,macro,domain,address,ip,url" placeholder:"TYPE" help:"help_blocktype"`
	FromFile []string `placeholder:"FILE" help:"help_blockfile"`
	Values   []string `arg:"" optional:"" name:"value" help:"help_blockvalues"`
}

// Run adds an entry for each value, and for what names the files.
func (c *blockAddCmd) Run(ctx context.Context, g *globals, io streams) error {
	return g.withBook(ctx, io, c.JSON, func(b *book) error {
		e, err := c.entry("", b.lang)
		if err != nil {
			return err
		}
		e.Use = lists.Block
		if err := e.Type.UnmarshalText([]byte(c.Type)); err != nil {
			return err
		}
		marks, err := fileMarks(ctx, b, c.FromFile)
		if err != nil {
			return err
		}
		for _, value := range c.Values {
			marks = append(marks, lists.Item{Type: e.Type, Value: plainAddress(value)})
		}
		if len(marks) == 0 {
			return errors.New(text(b.lang, "le_what"))
		}
		for _, m := range marks {
			e.Type, e.Value = m.Type, m.Value
			if err := c.add(ctx, b, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// add makes one entry. Of what a file gives, some may be blocked already.
func (c *blockAddCmd) add(ctx context.Context, b *book, e lists.Entry) error {
	added, err := b.Add(ctx, e, time.Now(), c.Renew)
	if errors.Is(err, lists.ErrKnown) && len(c.FromFile) > 0 {
		fmt.Fprintf(b.err, "%s: %s\n", printable(e.Value), text(b.lang, "le_known"))
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", printable(e.Value), inBookWords(err, b.lang))
	}
	return b.changed("block add", &added, who(""), c.Reason)
}

// fileMarks are what names hostile files in other mails: all macros in them, and the digests of the files, or of a mail's attachments. Files inside archives are not
// named: an attacker may have put one of ours among them.
func fileMarks(ctx context.Context, b *book, names []string) (marks []lists.Item, err error) {
	if len(names) == 0 {
		return nil, nil
	}
	err = lookInto(ctx, b.cfg, b.streams, names, func(name string, res *filter.Result) error {
		found := marksOf(milter.TraceFiles(res))
		if len(found) == 0 {
			return fmt.Errorf("%s: %s", printable(name), text(b.lang, "le_nomark"))
		}
		marks = append(marks, found...)
		return nil
	})
	return marks, err
}

func marksOf(files []trace.File) (marks []lists.Item) {
	seen := map[lists.Item]bool{{Type: lists.SHA256}: true, {Type: lists.Macro}: true}
	for i := range files {
		f := &files[i]
		items := []lists.Item{{Type: lists.Macro, Value: f.Macros}}
		if f.Path == "" && !f.Common() {
			items = append(items, lists.Item{Type: lists.SHA256, Value: f.SHA256})
		}
		for _, it := range items {
			if !seen[it] {
				seen[it] = true
				marks = append(marks, it)
			}
		}
	}
	return marks
}

// plainAddress takes an address out of what is copied from a mail program: "Name <address>".
func plainAddress(s string) string {
	if _, rest, ok := strings.Cut(s, "<"); ok {
		return strings.TrimSuffix(strings.TrimSpace(rest), ">")
	}
	return s
}

type blockListCmd struct {
	JSON bool `help:"help_json"`
}

// Run lists what is blocked, expired entries too.
func (c *blockListCmd) Run(ctx context.Context, g *globals, io streams) error {
	return g.withBook(ctx, io, c.JSON, func(b *book) error { return b.list(ctx, lists.Block) })
}

type blockRemoveCmd struct {
	act
	JSON bool    `help:"help_json"`
	IDs  []int64 `arg:"" name:"id" help:"help_entryids"`
}

// Run removes entries.
func (c *blockRemoveCmd) Run(ctx context.Context, g *globals, io streams) error {
	return g.withBook(ctx, io, c.JSON, func(b *book) error { return b.remove(ctx, lists.Block, c.IDs, c.act) })
}
