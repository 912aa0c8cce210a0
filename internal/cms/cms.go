// Package cms opens what wraps a mail for its recipient: the Cryptographic Message Syntax of S/MIME (RFC 5652, RFC 8551; compressed data: RFC 3274), and
// messages of OpenPGP (RFC 9580). It checks no signature and decrypts nothing: it hands out what stands in the open, and says what does not.
//
// CMS is read as BER, with indefinite lengths and strings in pieces, and only as far as the way to the content goes.
//
// # Limits
//
//   - Structures inside each other: depthMax. Elements passed: skipMax. Pieces of one content: piecesMax. Packets before a message of OpenPGP:
//     packetsMax. What is more is Message.Cut.
//   - A content is a list of places in the file: 16 bytes for each piece. Nothing is copied. Decompressing is bounded by who reads.
package cms

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// Kind says what a message is.
type Kind string

// The kinds.
const (
	Signed     Kind = "signed"     // the content stands in the open, or elsewhere (detached)
	Compressed Kind = "compressed" // Open decompresses
	Encrypted  Kind = "encrypted"
	Literal    Kind = "literal" // of OpenPGP: a file
	Other      Kind = ""        // certificates, keys, and what cannot be read
)

// Message is what was read.
type Message struct {
	Kind   Kind
	Scheme string // "enveloped data", "PGP"
	Name   string // of the content, where OpenPGP gives one
	Cut    bool   // there is more than the limits allow
	pieces []span
	r      io.ReaderAt
	unpack func(io.Reader) io.Reader // nil: as it is
}

// span is a place in the file.
type span struct{ at, size int64 }

// Size is the number of bytes of the content before Open decompresses it.
func (m *Message) Size() (n int64) {
	for _, p := range m.pieces {
		n += p.size
	}
	return n
}

// Open returns the content.
func (m *Message) Open() io.Reader {
	r := m.raw()
	if m.unpack != nil {
		r = m.unpack(r)
	}
	return r
}

func (m *Message) raw() io.Reader { return &joined{r: m.r, rest: m.pieces} }

// joined reads pieces one after the other.
type joined struct {
	r    io.ReaderAt
	rest []span
	done int64 // of the first
}

func (j *joined) Read(p []byte) (int, error) {
	for len(j.rest) > 0 && j.done == j.rest[0].size {
		j.rest, j.done = j.rest[1:], 0
	}
	if len(j.rest) == 0 {
		return 0, io.EOF
	}
	first := j.rest[0]
	n, err := j.r.ReadAt(p[:min(int64(len(p)), first.size-j.done)], first.at+j.done)
	j.done += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// Types of content (RFC 5652 3 and 5 to 9, RFC 5083, RFC 3274), as DER has them.
const (
	oidPKCS7 = "\x2A\x86\x48\x86\xF7\x0D\x01\x07"         // 1.2.840.113549.1.7
	oidSMIME = "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x01" // 1.2.840.113549.1.9.16.1
)

// contentType is the kind and name of an identifier.
func contentType(oid []byte) (kind Kind, scheme string, inside int) {
	switch {
	case len(oid) == len(oidPKCS7)+1 && string(oid[:len(oidPKCS7)]) == oidPKCS7:
		switch oid[len(oidPKCS7)] {
		case 2: // SignedData: version, digestAlgorithms, encapContentInfo
			return Signed, "signed data", 2
		case 3:
			return Encrypted, "enveloped data", 0
		case 4: // PKCS #7 1.5 11
			return Encrypted, "signed and enveloped data", 0
		case 5: // DigestedData: version, digestAlgorithm, encapContentInfo
			return Signed, "digested data", 2
		case 6:
			return Encrypted, "encrypted data", 0
		}
	case len(oid) == len(oidSMIME)+1 && string(oid[:len(oidSMIME)]) == oidSMIME:
		switch oid[len(oidSMIME)] {
		case 2: // AuthenticatedData: version, recipientInfos, macAlgorithm and what may stand before encapContentInfo
			return Signed, "authenticated data", 3
		case 9: // CompressedData: version, compressionAlgorithm, encapContentInfo
			return Compressed, "compressed data", 2
		case 23:
			return Encrypted, "authenticated and enveloped data", 0
		}
	}
	return Other, "", 0
}

// Is reports whether a file that begins with head is CMS: a sequence that begins with one of the types.
func Is(head []byte) bool {
	e, ok := element(head)
	if !ok || e.tag != tagSequence {
		return false
	}
	head = head[min(e.head, len(head)):]
	o, ok := element(head)
	if !ok || o.tag != tagOID || o.size < 0 || o.size > int64(len(head)-o.head) {
		return false
	}
	_, scheme, _ := contentType(head[o.head : o.head+int(o.size)])
	return scheme != ""
}

// Read reads a CMS file. An error is the reader's or the context's, never the file's.
func Read(ctx context.Context, r io.ReaderAt, size int64) (*Message, error) {
	p := &parser{ctx: ctx, r: r, size: size, msg: &Message{r: r}}
	p.contentInfo()
	if p.err != nil {
		return p.msg, fmt.Errorf("cms: %w", p.err)
	}
	return p.msg, nil
}

// contentInfo is RFC 5652 3: the type, then the content in [0].
func (p *parser) contentInfo() {
	outer, ok := p.element(span{0, p.size})
	if !ok || outer.tag != tagSequence {
		return
	}
	inner := outer.inside(p.size)
	oid, ok := p.element(inner)
	if !ok || oid.tag != tagOID || oid.size < 0 || oid.size > windowSize {
		return
	}
	kind, scheme, before := contentType(p.bytes(oid.at+int64(oid.head), int(oid.size)))
	p.msg.Kind, p.msg.Scheme = kind, scheme
	if kind != Signed && kind != Compressed {
		return
	}
	explicit, ok := p.element(oid.behind(inner))
	if !ok || explicit.tag != tagContext0 {
		return
	}
	data, ok := p.element(explicit.inside(inner.end()))
	if !ok || data.tag != tagSequence {
		return
	}
	p.encapsulated(data.inside(inner.end()), before)
	if kind == Compressed {
		p.msg.unpack = newInflater
	}
}

// encapsulated looks for encapContentInfo behind so many elements (RFC 5652 5.2): a sequence that begins with an identifier and has its content in [0].
func (p *parser) encapsulated(s span, before int) {
	for n := 0; n < elementsMax; n++ {
		e, ok := p.element(s)
		if !ok {
			return
		}
		if n >= before && e.tag == tagSequence {
			inner := e.inside(s.end())
			if oid, ok := p.element(inner); ok && oid.tag == tagOID {
				if content, ok := p.element(oid.behind(inner)); ok && content.tag == tagContext0 {
					p.pieces(content.inside(inner.end()), 0)
					return
				}
			}
		}
		next, ok := p.skip(e, s, 0)
		if !ok {
			return
		}
		s = next
	}
	p.msg.Cut = true
}

// elementsMax is how many elements are passed on the way; each of these structures has at most eight.
const elementsMax = 16

// pieces gathers the octets of a string that may be in pieces, which may be in pieces themselves (X.690 8.7.3).
func (p *parser) pieces(s span, depth int) (rest span) {
	for s.size > 0 && p.err == nil {
		e, ok := p.element(s)
		switch {
		case !ok || e.tag == tagEnd:
			return s
		case e.tag == tagOctets && e.size >= 0: // X.690 8.1.3.2: only what is in pieces has no length
			if len(p.msg.pieces) >= piecesMax {
				p.msg.Cut = true
				return span{}
			}
			if at := e.inside(s.end()); at.size > 0 {
				p.msg.pieces = append(p.msg.pieces, at)
			}
		case e.tag == tagOctetsInPieces && depth >= depthMax:
			p.msg.Cut = true
			return span{}
		case e.tag == tagOctetsInPieces:
			if inner := p.pieces(e.inside(s.end()), depth+1); e.size < 0 {
				s = span{inner.at + 2, inner.size - 2} // behind the end of contents
				continue
			}
		default: // PKCS #7 1.5 allows any type: a list of trust, say, which is no mail
			return span{}
		}
		s = e.behind(s)
	}
	return s
}

const (
	piecesMax = 1 << 18 // 256 MB, the largest message, in the pieces of 1,000 bytes that some programs write
	depthMax  = 16      // honest files have two
)

// IsMIME reports whether a content that begins with b is a MIME entity (RFC 8551 3.1): header fields, one of which is of MIME.
func IsMIME(b []byte) bool {
	for range 100 {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		name, _, ok := bytes.Cut(line, []byte(":"))
		low := bytes.ToLower(name)
		switch {
		case ok && (bytes.HasPrefix(low, []byte("content-")) || string(low) == "mime-version"):
			return true
		case len(line) > 0 && (line[0] == ' ' || line[0] == '\t'):
		case !ok || len(name) == 0 || bytes.ContainsAny(name, " \t\x00") || len(name) > 76:
			return false
		}
		b = rest
	}
	return false
}
