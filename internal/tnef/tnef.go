// Package tnef reads Outlook's Transport Neutral Encapsulation Format (MS-OXTNEF), the winmail.dat of mails: the attachments with their names, the
// message's text in its three forms, and what Outlook fetches from elsewhere. Property values are those of MS-OXCDATA 2.11.
//
// Nothing is copied: an attachment is a place in the file. Check sums are not asked, since programs do not agree on them. Behind damage reading goes on
// at the next attribute that belongs to an attachment; no program is known to show more.
//
// # Limits
//
//   - Attributes: 65,536. Properties: [Options].Properties. Attachments: [Options].Files. Reaching one is a Problem with Unread,
//     and so it is with the contents and references below.
//   - Text: [Options].Text bytes of each of subject, body and HTML; names 4 KiB. Contents of an attachment: 8, references: 100.
//   - Each byte is read once, and those of a text once more. Memory: the texts, and a hundred bytes for each attachment.
//
// A message in a message is handed out as a file; whoever reads that bounds the nesting. Recipients, dates and pictures of icons are not read. The
// compressed RTF is handed out as it is (MS-OXRTFCP).
package tnef

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Options of a Read. The zero value of a field is its default.
type Options struct {
	Text       int64 // bytes of one text: 1 MiB, as of a mail's own text
	Files      int   // attachments: 10,000, as many files as one message may have
	Properties int   // 200,000: a message has a hundred and an attachment thirty
}

func (o Options) withDefaults() Options {
	if o.Text <= 0 {
		o.Text = 1 << 20
	}
	if o.Files <= 0 {
		o.Files = 10_000
	}
	if o.Properties <= 0 {
		o.Properties = 200_000
	}
	return o
}

// Message is what was read. Texts are UTF-8.
type Message struct {
	Class    string // "IPM.Note"
	Subject  string
	Body     string
	HTML     string
	RTF      Span // compressed; of size 0 where there is none
	Files    []File
	Links    []string // paths and addresses that Outlook opens itself: attachments by reference, the sound of a reminder
	Problems []Problem
}

// Span is a place in the file.
type Span struct{ Offset, Size int64 }

// File is the content of one attachment.
type File struct {
	Names  []string // the one Outlook shows first
	Kind   Kind
	Number int // of the attachment, from 1
	Span
}

// Kind says what an attachment is.
type Kind string

// The kinds of attachments (MS-OXCMSG 2.2.2.9).
const (
	Data    Kind = "data"
	Nested  Kind = "message" // another TNEF stream
	Storage Kind = "object"  // a compound file
)

// Problem is a limit that was met or a structure that cannot be read.
type Problem struct {
	Offset int64
	Text   string
	Unread bool // there may be attachments that were not found
}

// Signature begins a TNEF stream (MS-OXTNEF 2.1.3.1).
const Signature = "\x78\x9F\x3E\x22"

const (
	headerSize    = 6       // signature, key
	attributeSize = 9       // level, identifier, length
	sumSize       = 2       // behind an attribute's data
	attributesMax = 1 << 16 // an attachment has seven
	problemsMax   = 16
)

var le = binary.LittleEndian

// Read reads a TNEF stream. An error is the reader's or the context's, never the stream's; what was read before it is returned.
func Read(ctx context.Context, r io.ReaderAt, size int64, o Options) (*Message, error) {
	p := &parser{ctx: ctx, r: r, size: size, o: o.withDefaults(), msg: &Message{}}
	p.attributes()
	p.finish()
	if p.err != nil {
		p.err = fmt.Errorf("tnef: %w", p.err)
	}
	return p.msg, p.err
}

// parser is the state of one Read.
type parser struct {
	ctx    context.Context
	r      io.ReaderAt
	size   int64
	o      Options
	msg    *Message
	err    error
	window []byte // what was read last
	at     int64  // its place

	oemPage, messagePage, webPage int
	class, subject, body, html    value
	links                         []value
	attached                      []attachment
	full                          bool // the limit of attachments is reached
	properties                    int
}

// attachment is one attachment under way.
type attachment struct {
	long, title, short, display, transport, extension value
	contents                                          []content
	mac                                               bool // its data is MacBinary
}

type content struct {
	kind Kind
	Span
}

const windowSize = 4096

// bytes are n bytes at off, at most a window of them, fewer where the file ends. They are valid until the next call.
func (p *parser) bytes(off int64, n int) []byte {
	n = int(min(int64(n), windowSize, max(0, p.size-off)))
	if at := off - p.at; at >= 0 && at+int64(n) <= int64(len(p.window)) {
		return p.window[at : at+int64(n)]
	}
	if p.err == nil {
		p.err = p.ctx.Err()
	}
	if p.err != nil || n == 0 {
		return nil
	}
	if p.window == nil {
		p.window = make([]byte, 0, windowSize)
	}
	got, err := p.r.ReadAt(p.window[:min(windowSize, p.size-off)], off)
	p.at, p.window = off, p.window[:got]
	if err != nil && !errors.Is(err, io.EOF) {
		p.err = err
	}
	return p.window[:min(n, got)]
}

// load copies a span, at most so many bytes of it.
func (p *parser) load(s Span, most int64) []byte {
	if p.err != nil {
		return nil
	}
	b := make([]byte, min(s.Size, most, max(0, p.size-s.Offset)))
	n, err := p.r.ReadAt(b, s.Offset)
	if err != nil && !errors.Is(err, io.EOF) {
		p.err = err
	}
	return b[:n]
}

// problem notes what is wrong, once a text.
func (p *parser) problem(unread bool, at int64, text string) {
	for i := range p.msg.Problems {
		if p.msg.Problems[i].Text == text {
			return
		}
	}
	if len(p.msg.Problems) < problemsMax {
		p.msg.Problems = append(p.msg.Problems, Problem{at, text, unread})
	}
}

// attributes reads the attributes of the stream (MS-OXTNEF 2.1.3.2, 2.1.3.3).
func (p *parser) attributes() {
	at := int64(headerSize)
	for n := 0; at+attributeSize <= p.size && p.err == nil; n++ {
		b := p.bytes(at, attributeSize)
		if len(b) < attributeSize {
			return
		}
		if n >= attributesMax {
			p.problem(true, at, "too many attributes")
			return
		}
		level, id, size := b[0], le.Uint16(b[1:]), int64(le.Uint32(b[5:]))
		left := p.size - at - attributeSize
		if level != levelMessage && level != levelAttachment || size > left && !holdsContent(id) {
			p.problem(false, at, "damaged attribute")
			at = p.next(at + 1)
			continue
		}
		p.attribute(id, Span{at + attributeSize, min(size, left)})
		at += attributeSize + size + sumSize
	}
}

// next is the place of the next attribute of an attachment that may be one: its level and identifier are right and its data fits in.
func (p *parser) next(at int64) int64 {
	for p.err == nil {
		b := p.bytes(at, windowSize)
		if len(b) < attributeSize {
			return p.size
		}
		last := len(b) - attributeSize
		for i := 0; i <= last; i++ {
			if b[i] == levelAttachment && b[i+3] <= 9 && b[i+4] == 0 && resumes(le.Uint16(b[i+1:])) && int64(le.Uint32(b[i+5:])) <= p.size-at-int64(i) {
				return at + int64(i)
			}
		}
		at += int64(last) + 1
	}
	return p.size
}
