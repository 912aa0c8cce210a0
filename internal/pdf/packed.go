package pdf

import (
	"bytes"
	"io"
)

// Object streams (ISO 32000-1 7.5.7): objects packed together and compressed.

const (
	packedMax = 8 << 20  // of one stream when decompressed; producers put 100 to 200 objects into one
	keptBytes = 16 << 20 // of all of them, kept for references into them
)

// packed is what is kept of object streams.
type packed struct {
	streams [][]byte
	places  map[int64]place
	bytes   int
	left    int64 // bytes of them that may still be read
}

type place struct{ stream, at int32 }

// object is the value of an object in a stream that was kept.
func (p *packed) object(f *File, num int64) object {
	at, ok := p.places[num]
	if !ok {
		return object{}
	}
	l := &lexer{src: memory(f.src.ctx, p.streams[at.stream], &p.left), pos: int64(at.at)}
	return l.value()
}

// unpackObjects reads an object stream and looks at the objects in it.
func (f *File) unpackObjects(s *stream) {
	count, first := f.resolve(s.dict.get("N")), f.resolve(s.dict.get("First"))
	if count.n <= 0 || first.n <= 0 {
		return
	}
	b := f.whole(&f.unpacked, s)
	if first.n >= int64(len(b)) {
		return
	}
	stream := f.keep(b)
	f.packed.left += readTimes * int64(len(b))
	src := memory(f.src.ctx, b, &f.packed.left)
	head := &lexer{src: src}
	for range min(count.n, first.n/2) { // two numbers take four bytes
		num, at := head.next(), head.next()
		if num.kind != tokenNumber || at.kind != tokenNumber || head.pos > first.n {
			break
		}
		from := first.n + at.n
		if at.n < 0 || from >= int64(len(b)) {
			continue
		}
		f.place(num.n, stream, from)
		l := &lexer{src: src, pos: from}
		o := l.value()
		l.seen &^= markObjStm | markXRef // no stream is in a stream
		if l.cut && l.seen&^markURI != 0 {
			f.problem(true, s.at, "an object is too large or too deep")
		}
		f.consider(kept{num.n, l.seen, o}, l.nodes)
	}
	if src.spent {
		f.problem(true, s.at, "objects inside each other")
	}
}

// keep keeps a stream for references; -1 says that it is not kept.
func (f *File) keep(b []byte) int32 {
	if f.packed.bytes+len(b) > keptBytes {
		return -1
	}
	f.packed.bytes += len(b)
	f.packed.streams = append(f.packed.streams, bytes.Clone(b))
	return int32(len(f.packed.streams) - 1)
}

// place notes where an object stands in a stream that was kept.
func (f *File) place(num int64, stream int32, at int64) {
	if stream < 0 || len(f.packed.places) >= f.o.Objects {
		return
	}
	if f.packed.places == nil {
		f.packed.places = map[int64]place{}
	}
	f.packed.places[num] = place{stream, int32(at)}
}

// load decompresses a stream that is read for what is in it: most bytes, and one more where there is more. They are valid until the next call with
// the same buffer.
func (f *File) load(to *bytes.Buffer, s *stream, most int64) []byte {
	if f.Locked() || f.src.err != nil {
		return nil
	}
	limit := min(most, f.bytes)
	to.Reset()
	n, err := to.ReadFrom(io.LimitReader(f.open(s, true), limit+1))
	f.bytes -= min(f.bytes, n)
	if err != nil {
		f.src.err = err
	}
	return to.Bytes()
}

// whole is load for a stream behind whose limit something may be.
func (f *File) whole(to *bytes.Buffer, s *stream) []byte {
	limit := min(packedMax, f.bytes)
	b := f.load(to, s, packedMax)
	if int64(len(b)) > limit {
		f.problem(true, s.at, "a stream is too large")
		b = b[:limit]
	}
	return b
}

// crossReferences reads a cross-reference stream (ISO 32000-1 7.5.8): the places of objects that are not in object streams.
func (f *File) crossReferences(e entry) {
	s, ok := f.stream(e)
	if !ok || !s.dict.is("Type", "XRef") {
		return
	}
	var w [3]int
	widths := s.dict.get("W")
	for i, o := range widths.list[:min(len(widths.list), 3)] {
		w[i] = int(min(max(o.n, 0), 8))
	}
	size := w[0] + w[1] + w[2]
	if size == 0 || w[1] == 0 {
		return
	}
	b := f.whole(&f.scratch, &s)
	for ; len(b) >= size; b = b[size:] {
		if w[0] == 0 || number(b[:w[0]]) == 1 {
			f.refer(number(b[w[0] : w[0]+w[1]]))
		}
	}
}

// number is a field of a cross-reference stream, high byte first (ISO 32000-1 7.5.8.3).
func number(b []byte) (n int64) {
	for _, c := range b {
		n = n<<8 | int64(c)
	}
	return n
}
