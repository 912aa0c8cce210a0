package pdf

import (
	"bytes"
	"io"
)

// data is where a stream's bytes lie.
type data struct{ at, size int64 }

const (
	endWord   = "endstream"
	endSlack  = 32 // blanks that may stand between the data and its end
	lengthMax = 1 << 50
)

// streamData finds the data behind a stream's dictionary o (ISO 32000-1 7.3.8.1): as long as /Length says where "endstream" follows, else up to that word.
// A length that is a reference is known only once all objects are: until then, where resolve is false, the end is only where to look for the next object.
func (f *File) streamData(l *lexer, o *object, resolve bool) (d data, ok bool) {
	t := l.next()
	if t.kind != tokenWord || t.text != "stream" || o.kind != isDict {
		l.pos = t.at
		return d, false
	}
	d.at = f.lineEnd(l.pos)
	length := o.get("Length")
	if resolve && length.kind == isRef {
		length = f.resolve(length)
	}
	if n := length.n; length.kind == isNumber && n >= 0 && n < lengthMax && f.endsAt(d.at+n) {
		d.size = n
		return d, true
	}
	end := f.endObject(d.at)
	if resolve {
		end = f.endStream(d.at)
	}
	d.size = end - d.at
	return d, true
}

// endObject is where the search for objects goes on behind a stream whose length is not known: at the next "endstream" or "endobj".
func (f *File) endObject(at int64) int64 {
	for f.src.err == nil {
		at = f.src.find("end", at)
		if at < 0 {
			return f.src.size
		}
		w := f.src.window(at)
		if bytes.HasPrefix(w, []byte(endWord)) || bytes.HasPrefix(w, []byte("endobj")) {
			return at
		}
		at++
	}
	return f.src.size
}

// lineEnd passes the end of line behind "stream".
func (f *File) lineEnd(pos int64) int64 {
	for {
		switch c, _ := f.src.at(pos); c {
		case ' ', '\t': // against the standard, and seen
			pos++
		case '\r':
			pos++
			if c, _ := f.src.at(pos); c == '\n' {
				pos++
			}
			return pos
		case '\n':
			return pos + 1
		default:
			return pos
		}
	}
}

// endsAt reports whether a stream ends at a place.
func (f *File) endsAt(at int64) bool {
	if at > f.src.size {
		return false
	}
	for n := 0; n < endSlack; n++ {
		c, ok := f.src.at(at)
		if !ok || !isSpace(c) {
			break
		}
		at++
	}
	return bytes.HasPrefix(f.src.window(at), []byte(endWord))
}

// endStream is where the data ends that begins at a place: before the next "endstream" with its end of line, else at the end of the file.
func (f *File) endStream(at int64) int64 {
	if at >= f.search {
		return f.src.size
	}
	end := f.src.find(endWord, at)
	if end < 0 {
		f.search = min(f.search, at)
		return f.src.size
	}
	line := f.src.before(end, 2)
	switch {
	case end-2 >= at && bytes.HasSuffix(line, []byte("\r\n")):
		return end - 2
	case end-1 >= at && (bytes.HasSuffix(line, []byte("\n")) || bytes.HasSuffix(line, []byte("\r"))):
		return end - 1
	}
	return end
}

// stream is a stream object that was found again.
type stream struct {
	dict object
	data
	num, gen int64
}

// stream reads an entry's dictionary and finds its data.
func (f *File) stream(e entry) (s stream, ok bool) {
	l := f.lexer(e)
	o, _ := l.body()
	d, ok := f.streamData(l, &o, true)
	return stream{o, d, int64(e.num), int64(e.gen)}, ok
}

// lexer reads the value of an entry with its strings decrypted.
func (f *File) lexer(e entry) *lexer {
	l := &lexer{src: f.src, pos: e.at}
	if f.crypt != nil {
		l.locked = f.crypt.key == nil
		l.plain = func(b []byte) []byte { return f.crypt.text(b, int64(e.num), int64(e.gen)) }
	}
	return l
}

// filtersMax is how many filters a stream may have: honest ones have two.
const filtersMax = 8

// open decrypts and decompresses a stream. counted says that Options.Unpack counts what comes out, too.
func (f *File) open(s *stream, counted bool) io.Reader {
	var r io.Reader = io.NewSectionReader(contextual{f.src, f.r}, s.at, s.size)
	names, params := f.filters(&s.dict)
	if f.crypt != nil && !s.dict.is("Type", "XRef") { // ISO 32000-1 7.5.8.2
		r = f.crypt.reader(r, s, f.cryptFilter(s, names, params))
	}
	for i, name := range names {
		next := filter(name, r, &params[i])
		if next == nil {
			return r // a picture's
		}
		if r = next; counted || i+1 < len(names) {
			r = f.o.Unpack(r)
		}
	}
	return r
}

// contextual reads for those who do not know the context.
type contextual struct {
	src *source
	r   io.ReaderAt
}

func (c contextual) ReadAt(p []byte, off int64) (int, error) {
	if err := c.src.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.ReadAt(p, off)
}

// filters are the names and parameters of a stream's filters (ISO 32000-1 7.4.1).
func (f *File) filters(dict *object) (names []string, params []object) {
	list, given := f.list(dict.get("Filter")), f.list(dict.get("DecodeParms", "DP"))
	if len(list) > filtersMax {
		f.problem(true, 0, "too many filters")
		list = list[:filtersMax]
	}
	for i, o := range list {
		p := object{}
		if i < len(given) {
			p = f.resolve(given[i])
		}
		for n := 1; n < len(p.list) && p.kind == isDict; n += 2 {
			p.list[n] = f.resolve(p.list[n])
		}
		names, params = append(names, f.resolve(o).text), append(params, p)
	}
	return names, params
}

// list is the elements of an array, or the one that stands for it.
func (f *File) list(o object) []object {
	o = f.resolve(o)
	switch o.kind {
	case isNull:
		return nil
	case isArray:
		return o.list
	}
	return []object{o}
}

// resolve is what a reference leads to, over at most two steps.
func (f *File) resolve(o object) object {
	for range 2 {
		if o.kind != isRef {
			return o
		}
		o = f.indirect(o.n)
	}
	if o.kind == isRef {
		return object{}
	}
	return o
}

// indirect is the value of the last object of a number.
func (f *File) indirect(num int64) object {
	if list := f.numbered(num); len(list) > 0 {
		o, _ := f.lexer(f.entries[list[len(list)-1]]).body()
		return o
	}
	return f.packed.object(f, num)
}
