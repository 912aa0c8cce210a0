package message

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"io"
	"slices"
	"strings"

	"sekisho/internal/finding"
)

// sink is where decoded content goes: a buffer and a digest.
type sink struct {
	c       *common
	buf     *Buffer
	hash    hash.Hash
	scratch []byte // lent memory, shared by the sinks of a walk
	err     error
}

// room returns empty scratch memory for n bytes, and keeps it in s.scratch.
func (s *sink) room(n int) []byte {
	if cap(s.c.work.scratch) < n {
		s.c.work.scratch = make([]byte, 0, n)
	}
	s.scratch = s.c.work.scratch[:0]
	return s.scratch
}

func (s *sink) write(p []byte) {
	if len(p) == 0 || s.err != nil {
		return
	}
	s.hash.Write(p)
	_, s.err = s.buf.Write(p)
}

// newSink takes a free sink or makes one.
func (c *common) newSink() *sink {
	s, ok := last(&c.work.sinks)
	if !ok {
		s = &sink{hash: sha256.New()}
	}
	s.c = c
	if s.buf == nil { // a buffer stays with its walk: who kept one too long meets a closed one, not another mail
		s.buf = NewBuffer(c.limits.SpoolDir, c.limits.Memory).Under(c.limits.Budget)
	}
	return s
}

// release takes a leaf and its sink back.
func (c *common) release(l *leaf) {
	s := l.out
	s.buf.reset()
	s.hash.Reset()
	s.err = nil
	c.work.sinks = append(c.work.sinks, s)
	*l = leaf{}
	c.work.leaves = append(c.work.leaves, l)
}

// use says what a leaf's content is for.
type use uint8

const (
	asLeaf      use = iota // a part
	asMessage              // an encoded message: walked when it is complete
	asMultipart            // an encoded multipart: walked when it is complete
	asText                 // a preamble or an epilogue: only its uuencoded files are shown by anybody
)

// leaf is a part that is being read.
type leaf struct {
	num     string
	prefix  string // of its parts' numbers, if it has any
	entity  *entity
	use     use
	dec     decoder
	out     *sink
	encoded int64
	frame   int    // the frame it is a part of
	cand    int    // the boundary candidate that began it
	again   bool   // a second reading of bytes that another leaf has too
	owed    []byte // of a second reading: its own, unless a delimiter that ends it comes next
}

func (l *leaf) write(p []byte) {
	l.encoded += int64(len(p))
	l.dec.write(l.out, p)
}

// newLeaf makes a leaf of the innermost frame.
func (w *Walker) newLeaf(num string, e *entity, u use) *leaf {
	l, ok := last(&w.work.leaves)
	if !ok {
		l = &leaf{}
	}
	*l = leaf{num: num, entity: e, use: u, out: w.newSink(), frame: len(w.frames) - 1, cand: w.frames[len(w.frames)-1].began}
	l.dec.enc = e.enc
	if f := &w.frames[l.frame]; u == asMultipart && !f.multipart { // the body of a message: its parts are the message's
		l.prefix = f.prefix
	} else {
		l.prefix = num
	}
	return l
}

// with sets another transfer encoding.
func (l *leaf) with(enc transfer) *leaf {
	l.dec.enc = enc
	return l
}

func (w *Walker) startLeaf(num string, e *entity, u use) {
	w.leaf, w.mode = w.newLeaf(num, e, u), inLeaf
}

// startPlain begins a preamble or an epilogue.
func (w *Walker) startPlain(num string, m mode) {
	w.leaf, w.mode, w.bol = w.newLeaf(num, plainEntity, asText), m, true
}

var plainEntity = &entity{header: &Header{}, typ: "text/plain"}

// content gives bytes to the current leaf and to the second readings.
func (w *Walker) content(p []byte) {
	if len(p) > 0 {
		w.leafContent(p)
		w.tee(p)
	}
}

// leafContent gives bytes to the current leaf alone: the second readings have them already.
func (w *Walker) leafContent(p []byte) {
	if w.leaf != nil {
		w.leaf.write(p)
		w.fail(w.leaf.out.err)
	}
}

// late gives header lines that turned out to be content to the leaf and to the second readings that begin with it.
func (w *Walker) late(p []byte, older int) {
	w.leafContent(p)
	for _, s := range w.shadows[older:] {
		s.write(p)
		w.fail(s.out.err)
	}
}

// tee gives bytes to the second readings, behind what they are owed.
func (w *Walker) tee(p []byte) {
	for _, s := range w.shadows {
		s.settle()
		s.write(p)
		w.fail(s.out.err)
	}
}

// owe gives bytes to the second readings that are theirs unless a delimiter that ends them comes next: a line end (RFC 2046 5.1.1), or a line.
func (w *Walker) owe(p []byte) {
	for _, s := range w.shadows {
		if s.owed = append(s.owed, p...); len(s.owed) > 2*maxDelimiter { // more than a delimiter line with the line end before it
			s.settle()
			w.fail(s.out.err)
		}
	}
}

// unowe takes back the last n bytes: a delimiter line.
func (w *Walker) unowe(n int) {
	for _, s := range w.shadows {
		s.owed = s.owed[:max(0, len(s.owed)-n)]
	}
}

// settle writes what is owed.
func (l *leaf) settle() {
	if len(l.owed) > 0 {
		l.write(l.owed)
		l.owed = l.owed[:0]
	}
}

// maxShadows is how many second readings run beside the first: each costs one more decoding.
const maxShadows = 4

// shadow begins a second reading. It goes on until a delimiter that every program sees.
func (w *Walker) shadow(l *leaf) {
	l.again = true
	if len(w.shadows) >= maxShadows {
		w.limit(finding.ScanIncomplete, l.num, "more than %d readings of one part; the others were not inspected", maxShadows)
		w.release(l)
		return
	}
	w.shadows = append(w.shadows, l)
}

// endLeaf ends the current leaf at a delimiter. Where programs disagree about that delimiter, the leaf is yielded as it stands and goes on
// as a second reading.
func (w *Walker) endLeaf(m match) {
	l := w.leaf
	if l == nil {
		return
	}
	w.leaf = nil
	if l.use == asText && l.frame == len(w.frames)-1 && !w.frames[l.frame].seen && (m.frame != l.frame || m.ghost) {
		l.use = asLeaf // a multipart without parts: its text is what programs show
	}
	if !w.disputed(l, m) || w.reading(l.frame) {
		w.finish(l)
		return
	}
	w.snapshot(l)
	w.shadow(l)
}

// disputed reports whether some programs read past the delimiter m inside l.
func (w *Walker) disputed(l *leaf, m match) bool {
	if l.use == asText {
		return false
	}
	return !m.exact || m.ghost || m.frame == l.frame && m.cand != l.cand
}

// reading reports whether a second reading of a part of that frame is going on.
func (w *Walker) reading(frame int) bool {
	for _, s := range w.shadows {
		if s.frame == frame {
			return true
		}
	}
	return false
}

// endShadows ends the second readings that the delimiter m ends too.
func (w *Walker) endShadows(m match) {
	keep := w.shadows[:0]
	var ended []*leaf
	for _, s := range w.shadows {
		if !m.ghost && m.exact && (m.frame < s.frame || m.frame == s.frame && m.cand == s.cand) {
			ended = append(ended, s)
			continue
		}
		keep = append(keep, s)
	}
	w.shadows = keep
	for _, s := range ended {
		w.finish(s)
	}
}

// endAll ends everything at the end of the message.
func (w *Walker) endAll() {
	if l := w.leaf; l != nil {
		w.leaf = nil
		if l.use == asText && !w.frames[l.frame].seen {
			l.use = asLeaf
		}
		w.finish(l)
	}
	shadows := w.shadows
	w.shadows = nil
	for _, s := range shadows {
		s.settle()
		w.finish(s)
	}
	w.pop(1)
}

// snapshot yields a leaf as it stands and leaves it as it was.
func (w *Walker) snapshot(l *leaf) {
	if !l.dec.pending() {
		w.deliver(l)
		return
	}
	out, dec, size := *l.out, l.dec, l.out.buf.Size()
	clone, err := l.out.hash.(hash.Cloner).Clone()
	if err != nil { // never: SHA-256 of the standard library clones
		w.fail(err)
		return
	}
	l.dec.close(l.out)
	w.deliver(l)
	l.out.buf.truncate(size)
	l.out.hash, l.dec, l.out.err = clone, dec, out.err
}

// finish ends a leaf: it is yielded, or walked when it is an encoded container.
func (w *Walker) finish(l *leaf) {
	if w.err == nil {
		l.dec.close(l.out)
		w.fail(l.out.err)
	}
	if w.err == nil {
		w.deliver(l)
	}
	w.release(l)
}

func (w *Walker) deliver(l *leaf) {
	switch {
	case w.full:
	case l.use == asText:
		w.uuencoded(l)
	case l.use == asMessage && messageLike(l.out.buf), l.use == asMultipart:
		w.rewalk(l)
	case l.again && l.use == asMessage:
	case l.again && l.entity.enc == unknownEncoding && !plausible(l):
	default:
		w.yield(l, ViaPart)
		if l.entity.typ == "text/plain" {
			w.uuencoded(l)
		}
	}
}

// plausible reports whether undeclared base64 really was some: four characters made three bytes.
func plausible(l *leaf) bool {
	return l.out.buf.Size() > 0 && l.out.buf.Size() >= l.encoded*2/3
}

// messageLike reports whether a decoded message begins with a field.
func messageLike(b *Buffer) bool {
	var head [1024]byte
	n, _ := b.ReadAt(head[:], 0)
	line, _ := cutLine(string(head[:n]))
	_, colon := fieldName(line)
	return colon >= 0 || strings.HasPrefix(line, "From ")
}

// yield gives a part to the handler.
func (w *Walker) yield(l *leaf, via Via) {
	size := l.out.buf.Size()
	var digest [32]byte
	l.out.hash.Sum(digest[:0])
	again := l.again || w.again
	if again && (size == 0 || slices.Contains(w.work.digests, digest)) {
		return // nothing that the first reading has not shown
	}
	if l.use == asLeaf && l.entity == plainEntity && size == 0 {
		return
	}
	if w.common.parts >= w.limits.Parts {
		w.limit(finding.LimitFiles, "", "more than %d parts; the rest was not read", w.limits.Parts)
		w.full = true
		return
	}
	w.common.parts++
	w.work.digests = append(w.work.digests, digest)
	e := l.entity
	p := &Part{Path: w.base.Child(w.number(l)), Header: e.header, Type: e.typ, Names: e.names, Via: via, Content: l.out.buf, SHA256: digest, EncodedSize: l.encoded}
	if len(e.names) > 0 {
		p.Name = e.names[0]
	}
	p.Attachment = p.Name != "" || e.attached || slices.ContainsFunc(e.others, notText) || notText(e.typ)
	if isText(e.typ) && via == ViaPart {
		p.Text = w.text(l)
	}
	w.fail(w.handler.Part(p))
}

func (w *Walker) number(l *leaf) string {
	if l.again || w.again {
		return l.num + "~"
	}
	return l.num
}

// text decodes the start of a text part.
func (w *Walker) text(l *leaf) string {
	b, ok := l.out.buf.Bytes()
	if !ok {
		b = make([]byte, min(l.out.buf.Size(), int64(w.limits.Text)))
		n, err := l.out.buf.ReadAt(b, 0)
		if err != nil && err != io.EOF {
			w.fail(err)
		}
		b = b[:n]
	}
	return clipText(decodeCharset(b[:min(len(b), w.limits.Text)], l.entity.charset), w.limits.Text)
}

// uuencoded yields the uuencoded files of a text, numbered under it.
func (w *Walker) uuencoded(l *leaf) {
	if !mayHoldUU(l.out.buf) {
		return
	}
	n := 0
	open := func(name string) *leaf {
		n++
		e := &entity{header: l.entity.header, typ: "application/octet-stream"}
		if name = cleanName(decodeText(name)); name != "" {
			e.names = []string{name}
		}
		return &leaf{num: child(l.num, n), entity: e, out: w.newSink(), again: l.again}
	}
	done := func(file *leaf) {
		w.fail(file.out.err)
		if w.err == nil {
			via := ViaUUEncode
			if file.dec.enc == yEncoding {
				via = ViaYEnc
			}
			w.yield(file, via)
		}
		w.release(file)
	}
	uuFiles(io.NewSectionReader(l.out.buf, 0, l.out.buf.Size()), open, done)
}

// mayHoldUU is a quick look before the slow one.
func mayHoldUU(b *Buffer) bool {
	p, ok := b.Bytes()
	return !ok || bytes.Contains(p, []byte("begin "))
}

// maxRewalk is how many bytes are walked a second time for each byte of the message, so that encoded messages in encoded messages, read in two ways
// each, stay linear. A forwarded message that somebody encoded needs one.
const maxRewalk = 8

// rewalk walks a decoded message or multipart.
func (w *Walker) rewalk(l *leaf) {
	if w.depth+len(w.frames) > w.limits.Depth {
		w.limit(finding.LimitDepth, l.num, "nested deeper than %d; the rest is inspected as one file", w.limits.Depth)
		w.yield(l, ViaPart)
		return
	}
	sub := &Walker{common: w.common, bol: true, depth: w.depth + l.frame + 1, again: w.again || l.again, frames: []frame{{prefix: l.num}}}
	if l.use == asMultipart {
		sub.frames = append(sub.frames, frame{multipart: true, prefix: l.prefix, num: l.num, bounds: l.entity.bounds, undeclared: len(l.entity.bounds) == 0})
		sub.top = l.entity.header
		sub.startPlain(l.num, inPreamble)
	}
	r := io.NewSectionReader(l.out.buf, 0, l.out.buf.Size())
	p := make([]byte, min(r.Size(), block))
	for sub.err == nil {
		if w.rewalked += int64(len(p)); w.rewalked > maxRewalk*(w.root.pos+block) {
			w.limit(finding.LimitSize, l.num, "too many encoded messages inside each other; the rest was not read")
			break
		}
		n, err := r.Read(p)
		sub.feed(p[:n])
		if err != nil {
			if err != io.EOF {
				sub.fail(err)
			}
			break
		}
	}
	sub.Close()
	w.fail(sub.err)
}

// as is the same part with another type.
func (e *entity) as(t string) *entity {
	c := *e
	c.typ = t
	return &c
}
