// Package rtf reads Rich Text Format (the RTF 1.9.1 specification) as Word does, which is far more lenient than the specification: for
// the objects in it (MS-OLEDS 2.2, OLE 1.0), its links and field instructions, and its text.
//
// Objects are hidden in RTF behind everything Word forgives: white space, unknown control words, groups of other destinations and
// escapes between the digits of \objdata, odd digits, \bin with lengths that lie, destinations where none may stand. All of it is read
// in one pass; an object's bytes go to the caller while they are decoded.
//
// # Limits
//
//   - Groups: 65,536 levels, counted, no recursion.
//   - Objects handed out: [Options].Objects. What readers take in two ways is read in both, one after the other: an \objdata inside another, a group
//     of an unknown destination inside \objdata, a \bin beyond the end. All of that may cost rereads times the file's size.
//   - Text: [Options].MaxText. Field instructions: 32 KiB each, 16 nested. Names: 256 bytes. Fonts: 4,096.
//   - Links and DDE commands kept: 256 each; Problems: 16.
//   - Memory: about 200 KiB and 8 bytes for each open group.
//
// Pictures, embedded fonts and \datastore are skipped. OLE 1.0 presentation data behind an object is skipped too.
package rtf

import (
	"context"
	"fmt"
	"io"
)

// Options of a Read. The zero value of a field is its default.
type Options struct {
	Text    io.Writer // takes the visible text in UTF-8, "\n" between paragraphs; nil for nobody
	MaxText int64     // bytes of text written; 4 MiB: a thousand pages have three
	Objects int       // objects handed out; 4096: a thesis full of formulas has a thousand

	// Object takes one object with its content: a package's file, a compound file, other native data; nothing for a link. r ends with
	// the object and is valid during the call. Root, Equation and Attacked of o are only known when r has been read. An error ends the Read.
	Object func(o *Object, r io.Reader) error
}

func (o Options) withDefaults() Options {
	if o.Text == nil {
		o.Text = io.Discard
	}
	if o.MaxText <= 0 {
		o.MaxText = 4 << 20
	}
	if o.Objects <= 0 {
		o.Objects = 4096
	}
	if o.Object == nil {
		o.Object = func(*Object, io.Reader) error { return nil }
	}
	return o
}

// Document is what was read of a file.
type Document struct {
	Objects  int       // \objdata destinations
	Links    []Link    // targets that are fetched when the document is opened or updated
	DDE      []Command // fields that start another program
	Problems []Problem
}

// LinkType is what a Link is for.
type LinkType string

// The types of links.
const (
	LinkTemplate LinkType = "template" // \*\template
	LinkObject   LinkType = "object"   // a linked OLE 1.0 object
	LinkField    LinkType = "field"    // INCLUDETEXT, INCLUDEPICTURE, LINK …
)

// Link is something outside the document.
type Link struct {
	Type   LinkType
	Target string // as written
	Remote bool   // a remote host or UNC path
}

// Command is a field that asks another program to run.
type Command struct{ Text string }

// Problem is a limit that was met or a structure that cannot be read.
type Problem struct {
	Offset int64
	Text   string
	Unread bool // content that Word might still use was not read
}

const (
	maxGroups   = 1 << 16 // Word writes fewer than a hundred, converters some thousand for nested tables
	maxList     = 256     // links and commands: nobody reads more
	maxProblems = 16
	rereads     = 4 // times the file's size, for objects inside objects: one such reread finds any trick that is known
	rereadLeast = 16 * window
)

// Read reads an RTF file. An error is the reader's, the context's or that of a callback, never the document's; what was read before it is returned.
func Read(ctx context.Context, r io.ReaderAt, size int64, o Options) (*Document, error) {
	p := newParser(ctx, r, size, o.withDefaults())
	p.all()
	p.text.flush(true)
	if p.err == nil {
		p.err = p.text.err
	}
	if p.err != nil {
		p.err = fmt.Errorf("rtf: %w", p.err)
	}
	return p.doc, p.err
}

// problem notes p once a text.
func (p *parser) problem(unread bool, text string) {
	for i := range p.doc.Problems {
		if p.doc.Problems[i].Text == text {
			return
		}
	}
	if len(p.doc.Problems) < maxProblems {
		p.doc.Problems = append(p.doc.Problems, Problem{Offset: p.src.offset(), Text: text, Unread: unread})
	}
}

func (p *parser) link(t LinkType, target string) {
	if target != "" && len(p.doc.Links) < maxList {
		p.doc.Links = append(p.doc.Links, Link{Type: t, Target: target, Remote: remote(target)})
	}
}

func (p *parser) command(text string) {
	if len(p.doc.DDE) < maxList {
		p.doc.DDE = append(p.doc.DDE, Command{text})
	}
}
