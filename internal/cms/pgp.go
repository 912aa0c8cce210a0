package cms

import (
	"bytes"
	"compress/bzip2"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"
)

// Types of packets (RFC 9580 5).
const (
	packetPublicKeyESK = 1
	packetSignature    = 2
	packetSymmetricESK = 3
	packetOnePass      = 4
	packetCompressed   = 8
	packetEncrypted    = 9
	packetMarker       = 10
	packetLiteral      = 11
	packetProtected    = 18 // encrypted, with its integrity protected
	packetAEAD         = 20
	packetPadding      = 21
)

const packetsMax = 256 // recipients of one message

// packet is a packet's header (RFC 9580 4.2).
type packet struct {
	tag     int
	head    int
	size    int64 // -1: to the end
	partial bool  // of its first part
}

// packetOf reads the header that b begins with.
func packetOf(b []byte) (p packet, ok bool) {
	if len(b) < 2 || b[0]&0x80 == 0 {
		return p, false
	}
	if b[0]&0x40 != 0 {
		p.tag, p.head = int(b[0]&0x3F), 1
		n, size, partial, ok := newLength(b[1:])
		p.head, p.size, p.partial = 1+n, size, partial
		return p, ok && p.tag != 0
	}
	p.tag = int(b[0] >> 2 & 15)
	n := 1 << (b[0] & 3)
	if n == 8 {
		p.head, p.size = 1, -1
		return p, p.tag != 0
	}
	if len(b) < 1+n {
		return p, false
	}
	for _, c := range b[1 : 1+n] {
		p.size = p.size<<8 | int64(c)
	}
	p.head = 1 + n
	return p, p.tag != 0
}

// newLength reads a length of the new format (RFC 9580 4.2.1).
func newLength(b []byte) (head int, size int64, partial, ok bool) {
	switch {
	case len(b) == 0:
		return 0, 0, false, false
	case b[0] < 192:
		return 1, int64(b[0]), false, true
	case b[0] < 224 && len(b) > 1:
		return 2, int64(b[0]-192)<<8 + int64(b[1]) + 192, false, true
	case b[0] == 255 && len(b) > 4:
		return 5, int64(binary.BigEndian.Uint32(b[1:])), false, true
	case b[0] >= 224 && b[0] < 255:
		return 1, 1 << (b[0] & 31), true, true
	}
	return 0, 0, false, false
}

// plausible reports whether the body of a packet begins as it must.
func plausible(p packet, body []byte) bool {
	if len(body) < 4 || p.size >= 0 && p.size < 4 {
		return false
	}
	switch p.tag {
	case packetPublicKeyESK: // RFC 9580 5.1: version 3 with a key's identifier, or 6
		return body[0] == 3 && (p.size < 0 || p.size > 10) || body[0] == 6
	case packetSymmetricESK: // RFC 9580 5.3: a version, then a cipher
		return body[0] >= 4 && body[0] <= 6 && p.size >= 4 && p.size < 256
	case packetOnePass: // RFC 9580 5.4
		return body[0] == 3 && body[1] <= 1 && p.size == 13 || body[0] == 6 && body[1] <= 1
	case packetCompressed: // RFC 9580 5.6: an algorithm; what follows tells
		return body[0] <= 3
	case packetLiteral: // RFC 9580 5.9
		return body[0] == 'b' || body[0] == 't' || body[0] == 'u'
	case packetProtected: // RFC 9580 5.13
		return body[0] == 1 || body[0] == 2
	}
	return false
}

// IsPGP reports whether a file that begins with head is a message of OpenPGP. Its first bytes alone do not tell: what must follow them does.
func IsPGP(head []byte) bool {
	p, ok := packetOf(head)
	if !ok || !plausible(p, head[min(p.head, len(head)):]) {
		return false
	}
	body := head[p.head:]
	switch p.tag {
	case packetPublicKeyESK, packetSymmetricESK, packetOnePass:
		if p.size < 0 || p.size >= int64(len(body)) {
			return false
		}
		return follows(p.tag, body[p.size:])
	case packetCompressed:
		inner := make([]byte, 16)
		n, _ := io.ReadFull(decompressor(body[0], bytes.NewReader(skipPartial(p, body))), inner) // what breaks off is judged by what came
		q, ok := packetOf(inner[:n])
		return ok && plausible(q, inner[min(q.head, n):n])
	case packetLiteral:
		return len(body) > 6 && int(body[1])+6 <= len(body) && printable(body[2:2+int(body[1])])
	}
	return false
}

// follows tells what may come behind a packet.
func follows(tag int, rest []byte) bool {
	next, ok := packetOf(rest)
	if !ok {
		return false
	}
	switch next.tag {
	case packetPublicKeyESK, packetSymmetricESK, packetEncrypted, packetProtected, packetAEAD:
		return tag != packetOnePass
	case packetLiteral, packetCompressed, packetOnePass:
		return tag == packetOnePass
	}
	return false
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c == 0x7F {
			return false
		}
	}
	return true
}

// skipPartial leaves the algorithm of compressed data out, and what is behind its first part.
func skipPartial(p packet, body []byte) []byte {
	if p.size >= 0 {
		body = body[:min(p.size, int64(len(body)))]
	}
	return body[1:]
}

// decompressor undoes an algorithm of RFC 9580 9.4.
func decompressor(algorithm byte, r io.Reader) io.Reader {
	switch algorithm {
	case 0:
		return r
	case 1:
		return &raw{flate.NewReader(r)}
	case 2:
		return newInflater(r)
	case 3:
		return bzip2.NewReader(r)
	}
	return bytes.NewReader(nil)
}

type raw struct{ io.Reader }

func (z *raw) Read(p []byte) (int, error) { return tolerant(z.Reader.Read(p)) }

// ReadPGP reads a message of OpenPGP up to its content. Compressed data is Compressed, and what Open gives is another message.
func ReadPGP(ctx context.Context, r io.ReaderAt, size int64) (*Message, error) {
	p := &parser{ctx: ctx, r: r, size: size, msg: &Message{r: r, Scheme: "PGP"}}
	p.packets()
	if p.err != nil {
		return p.msg, fmt.Errorf("cms: %w", p.err)
	}
	return p.msg, nil
}

// packets passes the packets before the content.
func (p *parser) packets() {
	at := int64(0)
	for range packetsMax {
		h, ok := packetOf(p.bytes(at, headMax))
		if !ok {
			return
		}
		switch h.tag {
		case packetPublicKeyESK, packetSymmetricESK, packetEncrypted, packetProtected, packetAEAD:
			p.msg.Kind = Encrypted
			return
		case packetCompressed, packetLiteral:
			p.parts(at, h)
			p.content(h.tag)
			return
		case packetSignature, packetOnePass, packetMarker, packetPadding:
		default: // keys
			return
		}
		if h.size < 0 || h.partial {
			return
		}
		at += int64(h.head) + h.size
	}
	p.msg.Cut = true
}

// parts gathers the parts of a packet's body (RFC 9580 4.2.1.4).
func (p *parser) parts(at int64, h packet) {
	at += int64(h.head)
	size, partial := h.size, h.partial
	for p.err == nil {
		if left := p.size - at; size < 0 || size > left {
			size, partial = max(0, left), false
		}
		if len(p.msg.pieces) >= piecesMax {
			p.msg.Cut = true
			return
		}
		p.msg.pieces = append(p.msg.pieces, span{at, size})
		if at += size; !partial {
			return
		}
		n, next, more, ok := newLength(p.bytes(at, headMax))
		if !ok {
			return
		}
		at, size, partial = at+int64(n), next, more
	}
}

// content passes what stands before the content in a packet's body.
func (p *parser) content(tag int) {
	head := make([]byte, 2+255+4)
	n, err := io.ReadFull(p.msg.raw(), head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		p.err = err
		return
	}
	head = head[:n]
	switch {
	case n < 2:
		p.msg.pieces = nil
	case tag == packetCompressed:
		algorithm := head[0]
		p.msg.Kind, p.msg.pieces = Compressed, without(p.msg.pieces, 1)
		p.msg.unpack = func(r io.Reader) io.Reader { return decompressor(algorithm, r) }
	default: // RFC 9580 5.9: format, name, date
		name := int(head[1])
		p.msg.Kind = Literal
		p.msg.Name = string(head[2:min(n, 2+name)])
		p.msg.pieces = without(p.msg.pieces, int64(2+name+4))
	}
}

// without leaves the first n bytes of pieces out.
func without(pieces []span, n int64) []span {
	for len(pieces) > 0 && n >= pieces[0].size {
		n -= pieces[0].size
		pieces = pieces[1:]
	}
	if len(pieces) > 0 {
		pieces[0].at, pieces[0].size = pieces[0].at+n, pieces[0].size-n
	}
	return pieces
}
