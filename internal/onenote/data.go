package onenote

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"slices"
	"strings"
)

// The identifiers around an embedded file (MS-ONESTORE 2.6.13).
const (
	dataHeader = "\xE7\x16\xE3\xBD\x65\x26\x11\x45\xA4\xC4\x8D\x4D\x0B\x7A\x9E\xAC" // guidHeader
	dataFooter = "\x22\xA7\xFB\x71\x79\x0F\x0B\x4A\xBB\x13\x89\x92\x56\x42\x6B\x24" // guidFooter
	dataStart  = 36                                                                 // guidHeader, cbLength, unused, reserved
)

// dataObject is the embedded file whose FileDataStoreObject begins at off.
func (s *store) dataObject(off int64) (File, bool) {
	b := s.at(off, dataStart)
	if len(b) < dataStart || string(b[:16]) != dataHeader {
		return File{}, false
	}
	f := File{Offset: off + dataStart}
	f.Size = int64(min(le.Uint64(b[16:]), uint64(s.size-f.Offset))) // OneNote takes what there is
	return f, true
}

// whole reports whether the footer stands behind f, which is padded to 8 bytes.
func (s *store) whole(f File) bool {
	return bytes.Contains(s.at(f.Offset+f.Size, 7+len(dataFooter)), []byte(dataFooter))
}

const searchStep = 256 << 10

// search finds the FileDataStoreObjects that no list names. One inside the content of another belongs to that, if the other is listed or whole;
// the content of one that is neither ends where the next begins.
func (s *store) search() {
	h := &hunt{s: s, inside: s.listed()}
	buf := make([]byte, min(searchStep, s.size))
	for off := int64(0); off < s.size && s.err == nil; {
		b := s.block(buf, off)
		for from := 0; s.err == nil; {
			i := bytes.Index(b[from:], []byte(dataHeader))
			if i < 0 {
				break
			}
			h.hit(off + int64(from+i))
			from += i + len(dataHeader)
		}
		off += int64(max(len(b)-len(dataHeader)+1, 1))
	}
}

// hunt is the state of a search.
type hunt struct {
	s      *store
	inside func(at int64) bool
	last   *File // neither listed nor whole
	end    int64 // of the last whole one
}

// hit looks at a guidHeader.
func (h *hunt) hit(at int64) {
	f, ok := h.s.dataObject(at)
	if !ok || at < h.end || h.inside(at) {
		return
	}
	if h.last != nil {
		h.last.Size = min(h.last.Size, max(0, at-h.last.Offset)) // the next may begin in its header
	}
	h.last = nil
	if h.s.data[f.Offset] != nil {
		return
	}
	h.s.add(f)
	if h.s.whole(f) {
		h.end = f.Offset + f.Size
		return
	}
	h.last = h.s.data[f.Offset]
}

// listed tells of rising offsets whether they lie in the content of a listed file.
func (s *store) listed() func(at int64) bool {
	var files []*File
	for _, f := range s.data {
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b *File) int { return cmp.Compare(a.Offset, b.Offset) })
	end := int64(0)
	return func(at int64) bool {
		for len(files) > 0 && files[0].Offset <= at {
			end = max(end, files[0].Offset+files[0].Size)
			files = files[1:]
		}
		return at < end
	}
}

// block reads into buf from off on; it does not count as structure.
func (s *store) block(buf []byte, off int64) []byte {
	if s.err = s.ctx.Err(); s.err != nil {
		return nil
	}
	b := buf[:min(int64(len(buf)), s.size-off)]
	n, err := s.r.ReadAt(b, off)
	if n < len(b) && err != nil {
		s.err = err
	}
	return b[:n]
}

// parseGUID reads the identifier in a FileDataReference, "<ifndf>{GUID}" (2.5.27).
func parseGUID(s string) (g guid, ok bool) {
	s, ok = strings.CutPrefix(s, "<ifndf>")
	s = strings.Trim(strings.ReplaceAll(s, "-", ""), "{}")
	b, err := hex.DecodeString(s)
	if !ok || err != nil || len(b) != len(g) {
		return g, false
	}
	for i, at := range [16]int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15} {
		g[i] = b[at]
	}
	return g, true
}
