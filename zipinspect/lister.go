package zipinspect

import (
	"fmt"
	"slices"
	"sort"
)

// lister makes an Archive of a file.
type lister struct {
	source
	o       Options
	a       *Archive
	dirs    int            // directories listed
	records map[int64]bool // directory records read, by place
	locals  map[int64]int  // entry by place of its local header
	extents []extent       // of the entries' headers and data, sorted
	reach   []int64        // reach[i] is the farthest end of extents[:i+1]
	names   int            // bytes of names so far
}

// extent is where an entry lies in the file.
type extent struct {
	from, to int64
	entry    int
}

func (l *lister) mismatch(k MismatchKind, name, format string, args ...any) {
	if len(l.a.Mismatches) < maxMismatches {
		l.a.Mismatches = append(l.a.Mismatches, Mismatch{k, name, fmt.Sprintf(format, args...)})
	}
}

func (l *lister) limit(what string) {
	if l.a.Limit == "" {
		l.a.Limit = what
	}
}

// full reports whether no further entry is listed, and notes why.
func (l *lister) full() bool {
	switch {
	case len(l.a.Entries) >= l.o.Entries:
		l.limit("entries")
	case l.names >= l.o.Names:
		l.limit("names")
	default:
		return l.err != nil
	}
	return true
}

// add lists an entry.
func (l *lister) add(h *header, e Entry) *Entry {
	e.Name, e.RawName, e.Method = h.text(), h.name, h.method
	e.Encryption = h.encryption()
	e.Encrypted = e.Encryption != ""
	e.CRC32, e.Compressed, e.Size = h.crc, h.csize, h.usize
	e.Directory = e.Name != "" && (e.Name[len(e.Name)-1] == '/' || e.Name[len(e.Name)-1] == '\\')
	e.archive, e.aes, e.localCRC, e.marked = l.a, h.aes, h.crc, h.flags&flagMarker != 0
	e.checks = [2][2]byte{h.checks(), h.checks()}
	l.names += len(e.Name) + len(e.RawName)
	l.a.Entries = append(l.a.Entries, e)
	return &l.a.Entries[len(l.a.Entries)-1]
}

// central lists a directory record with its local header and reports whether it is new. Offsets count from the archive's own start, which
// base is, or from the file's.
func (l *lister) central(h *header, base int64) bool {
	lh, ok := l.localHeader(h.local + base)
	if !ok && base != 0 {
		lh, ok = l.localHeader(h.local)
	}
	if h.ambiguous() {
		l.mismatch(NameAmbiguous, h.text(), "programs read different names from %q and %q", h.name, h.unicode)
	}
	if !ok {
		l.add(h, Entry{InCentral: true, Offset: -1, DataOffset: -1, checked: true})
		l.mismatch(CentralOnly, h.text(), "no local header for %q at %d", h.name, h.local+base)
		return true
	}
	if i, seen := l.locals[lh.at]; seen && l.repeated(i, h) {
		return false
	}
	e := l.add(h, Entry{InCentral: true, InLocal: true, Offset: lh.at, DataOffset: lh.end, checked: true})
	e.checks[1] = lh.checks()
	if lh.knowsSize() {
		e.localCRC = lh.crc
	}
	i := len(l.a.Entries) - 1
	l.locals[lh.at] = i
	l.extents = append(l.extents, extent{lh.at, l.dataEnd(lh.end, h.csize), i})
	l.compare(e, h, &lh)
	return true
}

// repeated handles a second record for the local header of entry i and reports whether it shows nothing new.
func (l *lister) repeated(i int, h *header) bool {
	first := l.a.Entries[i].RawName
	l.mismatch(Overlap, h.text(), "two entries, %q and %q, share one local header", first, h.name)
	return first == h.name
}

func (l *lister) dataEnd(from, n int64) int64 { return min(from+max(n, 0), l.size) }

// compare finds what would make a reader of local headers show another file than a reader of the directory. e is the directory's
// view; where other bytes come out, the local view becomes an entry of its own.
func (l *lister) compare(e *Entry, h, lh *header) {
	if lh.masked() {
		l.a.Hidden = true
		return // 7.3: its fields are blank on purpose
	}
	if !sameName(h, lh) {
		e.LocalName = lh.text()
		l.mismatch(NameDiffers, h.text(), "the directory says %q, the local header %q", h.name, lh.name)
	}
	what := ""
	switch sizes := lh.knowsSize(); {
	case h.csize == 0 && h.usize == 0 && (!sizes || lh.csize == 0):
		return // nothing to unpack in either view
	case h.encryption() != lh.encryption():
		what = "encryption"
	case h.method != lh.method:
		what = "method"
	case sizes && h.csize != lh.csize, sizes && h.usize != lh.usize && lh.usize != in64:
		what = "size"
	}
	if what == "" {
		return
	}
	l.mismatch(DataDiffers, h.text(), "%s of %q: directory %s, local header %s", what, h.name, h.brief(), lh.brief())
	l.local(lh)
}

func (h *header) brief() string {
	scheme := h.encryption()
	if scheme == "" {
		scheme = "open"
	}
	return fmt.Sprintf("(%s, method %d, %d to %d bytes)", scheme, h.method, h.csize, h.usize)
}

// local lists an entry as its local header has it.
func (l *lister) local(lh *header) {
	if l.full() {
		return
	}
	l.a.Hidden = l.a.Hidden || lh.masked()
	e := l.add(lh, Entry{InLocal: true, Offset: lh.at, DataOffset: lh.end, checked: lh.knowsSize()})
	if !lh.knowsSize() && lh.csize == 0 {
		e.Compressed = -1
	}
}

// sortExtents makes extents ready for covered and gaps.
func (l *lister) sortExtents() {
	slices.SortFunc(l.extents, func(a, b extent) int {
		switch {
		case a.from != b.from && a.from < b.from:
			return -1
		case a.from != b.from:
			return 1
		}
		return a.entry - b.entry
	})
	reach := int64(0)
	l.reach = l.reach[:0]
	for _, x := range l.extents {
		reach = max(reach, x.to)
		l.reach = append(l.reach, reach)
	}
}

// covered reports whether p lies in the data of a listed entry.
func (l *lister) covered(p int64) bool {
	i := sort.Search(len(l.extents), func(i int) bool { return l.extents[i].from > p })
	return i > 0 && p < l.reach[i-1]
}

// gaps looks for local headers where no listed entry lies.
func (l *lister) gaps() {
	p := int64(0)
	for _, x := range append(l.extents[:len(l.extents):len(l.extents)], extent{from: l.size, to: l.size}) {
		if x.from > p {
			l.gap(p, x.from)
		}
		p = max(p, x.to)
	}
	l.a.NoEnd = l.dirs == 0
}

// gap lists the local headers in [p, to) that stand there by themselves. Data whose length is known is skipped, as a program that goes
// from header to header does. What the file begins with is a header by that alone.
func (l *lister) gap(p, to int64) {
	for !l.full() {
		if p = l.find(sigLocal, p, to); p < 0 {
			return
		}
		if b := l.next(p, localLen); b == nil || p > 0 && !plausible(b) {
			p++
			continue
		}
		h, ok := l.localHeader(p)
		if !ok {
			p++
			continue
		}
		if l.dirs > 0 {
			l.mismatch(LocalOnly, h.text(), "the directory does not list %q at %d", h.name, p)
		}
		l.local(&h)
		l.extents = append(l.extents, extent{p, l.dataEnd(h.end, h.csize), len(l.a.Entries) - 1})
		if p = h.end; h.knowsSize() && h.csize <= to-p {
			p += h.csize
		}
	}
}

// overlaps reports entries whose bytes lie in one another: the shape of bombs, and of files hidden inside others.
func (l *lister) overlaps() {
	l.sortExtents()
	var last extent
	for _, x := range l.extents {
		if x.from < last.to && x.from != last.from {
			a, b := &l.a.Entries[last.entry], &l.a.Entries[x.entry]
			if a.InCentral && b.InCentral {
				l.mismatch(Overlap, b.Name, "%q lies inside %q", b.RawName, a.RawName)
			}
		}
		if x.to > last.to {
			last = x
		}
	}
}

// duplicates reports names that stand for two contents: some programs keep the first, others the last.
func (l *lister) duplicates() {
	seen := make(map[string]int, len(l.a.Entries))
	for i := range l.a.Entries {
		e := &l.a.Entries[i]
		if !e.InCentral || e.Directory {
			continue
		}
		if j, ok := seen[e.Name]; !ok {
			seen[e.Name] = i
		} else if f := &l.a.Entries[j]; f.CRC32 != e.CRC32 || f.Size != e.Size {
			l.mismatch(Duplicate, e.Name, "two different files are named %q", e.RawName)
		}
	}
}

func (l *lister) finish() {
	first := l.size
	for i := range l.a.Entries {
		if e := &l.a.Entries[i]; e.Offset >= 0 {
			first = min(first, e.Offset)
		}
	}
	if first < l.size {
		l.a.Prefix = first
	}
}
