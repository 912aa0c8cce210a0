package pdf

import (
	"bytes"
	"cmp"
	"slices"
)

// entry is an indirect object in the file.
type entry struct {
	num  uint32
	gen  uint32
	head int64 // where its number begins
	at   int64 // where its value begins
}

// marked is an entry of interest.
type marked struct {
	entry  int32
	marks  mark
	stream bool
}

// trailer is a dictionary that speaks of encryption.
type trailer struct{ encrypt, id object }

const (
	markedMax  = 1 << 17 // objects looked at twice
	linkedMax  = 1 << 16 // of them those that are links and nothing else
	trailerMax = 16      // a file that was changed often has a trailer for each time
)

// scan finds the objects, trailers and tables of the file.
func (f *File) scan() {
	for pos := int64(0); pos < f.src.size && f.src.err == nil; {
		w := f.src.window(pos)
		if len(w) == 0 {
			break
		}
		i, word := keyword(w)
		pos += int64(i)
		switch word {
		case "obj":
			pos = f.object(pos)
		case "trailer":
			pos = f.readTrailer(pos + int64(len(word)))
		case "xref":
			pos = f.table(pos, pos+int64(len(word)))
		}
		if len(f.entries) >= f.o.Objects {
			f.problem(true, pos, "too many objects")
			break
		}
	}
	if f.src.spent {
		f.problem(true, 0, "objects inside each other")
	}
}

// keyword is the place of the first keyword in w; without one, of the first byte that may begin one cut off by the end of w.
func keyword(w []byte) (at int, word string) {
	for i, c := range w {
		switch c {
		case 'o':
			word = "obj"
		case 't':
			word = "trailer"
		case 'x':
			word = "xref"
		default:
			continue
		}
		if bytes.HasPrefix(w[i:], []byte(word)) {
			return i, word
		}
	}
	return max(1, len(w)-marginSize/2), ""
}

// object reads the indirect object whose keyword stands at pos, and returns where to go on.
func (f *File) object(pos int64) int64 {
	at := pos + int64(len("obj"))
	if c, ok := f.src.at(at); ok && isRegular(c) && (c < '0' || c > '9') { // a longer word
		return at
	}
	before := f.src.before(pos, headMax)
	if bytes.HasSuffix(before, []byte("end")) {
		return at
	}
	num, gen, length := head(before)
	return f.add(entry{uint32(num), uint32(gen), pos - int64(length), at})
}

// headMax is how far before the keyword an object's number is looked for.
const headMax = 40

// numberLimit is where object numbers end (ISO 32000-1 annex C has 8,388,607).
const numberLimit = 1 << 31

// head reads "12 0 " backwards from its end. Without it the object has no number, and nothing can refer to it.
func head(b []byte) (num, gen int64, length int) {
	rest, gen, ok := lastNumber(b)
	if !ok {
		return 0, 0, 0
	}
	rest, num, ok = lastNumber(rest)
	if !ok || num >= numberLimit || gen >= numberLimit {
		return 0, 0, 0
	}
	return num, gen, len(b) - len(rest)
}

// lastNumber cuts the number off the end of b.
func lastNumber(b []byte) (rest []byte, n int64, ok bool) {
	end := len(b)
	for end > 0 && isSpace(b[end-1]) {
		end--
	}
	at := end
	for at > 0 && b[at-1] >= '0' && b[at-1] <= '9' {
		at--
	}
	for _, c := range b[at:end] {
		n = min(n*10+int64(c-'0'), numberLimit)
	}
	return b[:at], n, at < end
}

// add reads the object of e.
func (f *File) add(e entry) int64 {
	l := &lexer{src: f.src, pos: e.at}
	o, ended := l.body()
	f.entries = append(f.entries, e)
	end, stream := f.skipStream(l, &o)
	f.note(l, stream)
	if stream && o.is("Type", "XRef") {
		f.noteTrailer(&o)
	}
	if !ended { // what was read to the end of the file may hold others
		return e.at
	}
	return end
}

// note keeps the newest entry for a second look.
func (f *File) note(l *lexer, stream bool) {
	if l.cut && l.seen&^markURI != 0 {
		f.problem(true, l.pos, "an object is too large or too deep")
	}
	if !stream {
		l.seen &^= markObjStm | markXRef // headings have a First, too
	}
	switch {
	case l.seen == 0:
	case len(f.marked) >= markedMax:
		f.problem(true, l.pos, "too many objects of interest")
	case l.seen != markURI || len(f.marked) < linkedMax:
		f.marked = append(f.marked, marked{int32(len(f.entries) - 1), l.seen, stream})
	}
}

// skipStream passes the data behind a dictionary.
func (f *File) skipStream(l *lexer, o *object) (end int64, stream bool) {
	s, ok := f.streamData(l, o, false)
	if !ok {
		return l.pos, false
	}
	return max(l.pos, s.at+s.size), true
}

// readTrailer reads a trailer's dictionary (ISO 32000-1 7.5.5).
func (f *File) readTrailer(pos int64) int64 {
	l := &lexer{src: f.src, pos: pos}
	o, ended := l.body()
	f.noteTrailer(&o)
	if !ended {
		return pos
	}
	return max(l.pos, pos)
}

// noteTrailer keeps a trailer, or the dictionary of a cross-reference stream, that speaks of encryption (ISO 32000-1 tables 15 and 17).
func (f *File) noteTrailer(o *object) {
	if e := o.get("Encrypt"); (e.kind == isRef || e.kind == isDict) && len(f.trailer) < trailerMax {
		f.trailer = append(f.trailer, trailer{e, o.get("ID")})
	}
}

// table reads a cross-reference table (ISO 32000-1 7.5.4) behind its keyword. Its lines need not have 20 bytes.
func (f *File) table(word, pos int64) int64 {
	if bytes.HasSuffix(f.src.before(word, len("start")), []byte("start")) {
		return pos
	}
	l := &lexer{src: f.src, pos: pos}
	for {
		first, count := l.next(), l.next()
		if first.kind != tokenNumber || count.kind != tokenNumber {
			return max(pos, first.at)
		}
		for range count.n {
			at, gen, use := l.next(), l.next(), l.next()
			if at.kind != tokenNumber || gen.kind != tokenNumber || use.kind != tokenWord {
				return max(pos, at.at)
			}
			if use.text == "n" {
				f.refer(at.n)
			}
		}
	}
}

// refer notes a place at which a cross-reference table has an object.
func (f *File) refer(at int64) {
	if at > 0 && at < f.src.size && len(f.refs) < f.o.Objects {
		f.refs = append(f.refs, at)
	}
}

// tables looks for the objects that only the cross-reference tables and streams name: inside the data of streams, say.
func (f *File) tables() {
	for i := 0; i < len(f.marked) && f.src.err == nil; i++ {
		if m := f.marked[i]; m.stream && m.marks&markXRef != 0 {
			f.crossReferences(f.entries[m.entry])
		}
	}
	slices.Sort(f.refs) // what is read in the order of its place is read about once
	found := len(f.entries)
	for _, at := range slices.Compact(f.refs) {
		if _, known := slices.BinarySearchFunc(f.entries[:found], at, func(e entry, at int64) int { return cmp.Compare(e.head, at) }); !known {
			f.referred(found, at)
		}
	}
	f.refs = nil
}

// referred reads the object at a place that a table names, unless it is known.
func (f *File) referred(found int, at int64) {
	l := &lexer{src: f.src, pos: at}
	num, gen, word := l.next(), l.next(), l.next()
	if num.kind != tokenNumber || gen.kind != tokenNumber || word.text != "obj" || num.n < 0 || num.n >= numberLimit || len(f.entries) >= f.o.Objects {
		return
	}
	if _, known := slices.BinarySearchFunc(f.entries[:found], l.pos, func(e entry, at int64) int { return cmp.Compare(e.at, at) }); !known {
		f.add(entry{uint32(num.n), uint32(gen.n), num.at, l.pos})
	}
}

// sortEntries makes the index of numbers: of several entries of one number the last in the file stands last.
func (f *File) sortEntries() {
	f.order = make([]int32, len(f.entries))
	for i := range f.order {
		f.order[i] = int32(i)
	}
	slices.SortStableFunc(f.order, func(a, b int32) int { return cmp.Compare(f.entries[a].num, f.entries[b].num) })
}

// numbered are the entries of a number.
func (f *File) numbered(num int64) []int32 {
	by := func(i int32, num int64) int { return cmp.Compare(int64(f.entries[i].num), num) }
	from, _ := slices.BinarySearchFunc(f.order, num, by)
	to, _ := slices.BinarySearchFunc(f.order, num+1, by)
	return f.order[from:to]
}
