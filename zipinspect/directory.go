package zipinspect

import (
	"encoding/binary"
	"math"
)

// end is an end of central directory record with one reading of its numbers (4.3.16, or 4.3.14 for ZIP64).
type end struct {
	at     int64  // where the directory must end at the latest
	offset int64  // of the directory, as said
	size   int64  // of the directory, as said
	count  uint64 // entries, as said
	wraps  bool   // count has 16 bits, and honest writers let it wrap
}

// directories finds every end of central directory and lists what their directories hold, the last first: that is the one programs
// search for. An end inside the data of an entry belongs to an archive inside this one.
func (l *lister) directories() {
	ends, more := l.ends()
	for i := len(ends) - 1; i >= 0; i-- {
		if l.covered(ends[i]) {
			continue
		}
		if l.dirs == maxDirectories {
			more = true
			break
		}
		l.directory(ends[i])
	}
	if more {
		l.limit("directories")
	}
}

// maxEnds bounds the ends kept: each nested archive has one and each costs a search among the entries.
const maxEnds = 4096

// ends returns the places of the signature in order, the last maxEnds of them.
func (l *lister) ends() (at []int64, more bool) {
	for p := l.find(sigEnd, 0, l.size); p >= 0; p = l.find(sigEnd, p+1, l.size) {
		if l.size-p < endLen {
			break
		}
		if at = append(at, p); len(at) == 2*maxEnds {
			at, more = append(at[:0], at[maxEnds:]...), true
		}
	}
	if len(at) > maxEnds {
		at, more = at[len(at)-maxEnds:], true
	}
	return at, more
}

// directory lists the directories that programs find through the end at p: they differ in whether they trust the offset or the size, and
// in when they look for the ZIP64 record.
func (l *lister) directory(p int64) {
	first := l.dirs == 0
	found := false
	for _, e := range l.readings(p) {
		if e.count == 0 && e.size == 0 && e.offset <= p {
			found = true // an empty archive is one
		}
		for _, start := range []int64{e.offset, e.at - e.size} {
			if l.records[start] || !l.signature(start, sigCentral) {
				continue
			}
			l.list(start, start-e.offset, e, first && !found)
			found = true
		}
	}
	if !found {
		return
	}
	if l.dirs++; first {
		l.tail(p)
	}
	l.sortExtents()
}

// readings returns the numbers of the end at p as programs may take them.
func (l *lister) readings(p int64) []end {
	b := l.at(p, endLen)
	if b == nil {
		return nil
	}
	plain := end{p, int64(u32(b, 16)), int64(u32(b, 12)), uint64(u16(b, 10)), true}
	var es []end
	if b := l.at(p-locatorLen, locatorLen); b != nil && string(b[:4]) == string(sigLocator64) { // 4.3.15
		said := length(binary.LittleEndian.Uint64(b[8:]))
		for _, at := range []int64{said, p - locatorLen - end64Len} {
			if e, ok := l.end64(at); ok && (len(es) == 0 || es[0] != e) {
				es = append(es, e)
			}
		}
	}
	return append(es, plain)
}

// end64 reads the ZIP64 end of central directory record at p (4.3.14).
func (l *lister) end64(p int64) (end, bool) {
	b := l.at(p, end64Len)
	if b == nil || string(b[:4]) != string(sigEnd64) {
		return end{}, false
	}
	u64 := func(i int) uint64 { return binary.LittleEndian.Uint64(b[i:]) }
	e := end{p, length(u64(48)), length(u64(40)), u64(32), false}
	if u64(4) >= end64V2Len-12 && u16(b, 14) >= 62 {
		l.secret(p)
	}
	return e, true
}

// secret notes a directory that version 2 of the record at p says to be compressed or encrypted (7.3.4).
func (l *lister) secret(p int64) {
	if b := l.at(p+end64Len, end64V2Len-end64Len); b != nil && (u16(b, 0) != 0 || u16(b, 18) != 0) {
		l.a.Hidden = true
	}
}

// list reads records from start until there is none. The directory of the first end is checked against the count.
func (l *lister) list(start, base int64, e end, first bool) {
	var n uint64
	p := start
	for ; !l.records[p] && !l.full(); n++ {
		h, ok := l.centralHeader(p)
		if !ok {
			break
		}
		l.records[p] = true
		p = h.end
		if l.central(&h, base) && n == 0 && !first {
			l.mismatch(SecondArchive, h.text(), "another directory at %d lists entries of its own", start)
		}
	}
	said := e.count
	differs := said != n
	if e.wraps {
		differs = said != n&math.MaxUint16
	}
	if first && differs && !l.full() {
		l.mismatch(CountDiffers, "", "the end says %d entries, the directory holds %d", said, n)
	}
}

// tail notes the comment and what follows the end at p.
func (l *lister) tail(p int64) {
	n := u16(l.at(p, endLen), 20)
	if b := l.at(p+endLen, n); b != nil {
		l.a.Comment = string(b)
		l.a.Trailing = l.size - p - endLen - int64(n)
	}
}
