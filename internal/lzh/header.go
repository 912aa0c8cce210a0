package lzh

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
)

const (
	baseLen     = 22       // up to the name's length, which all levels have in common but for the last byte
	level2Len   = 26       // up to the first extended header
	level3Len   = 32       // the same
	usualHeader = 1 << 10  // more than extended headers need
	maxHeader   = 64 << 10 // what the two bytes of level 2 can say; nobody writes longer ones
)

// Extended headers.
const (
	extName      = 0x01
	extDir       = 0x02
	extSizes     = 0x42 // 64 bits each
	extWideName  = 0x44 // UTF-16
	extWideDir   = 0x45
	extCodePage  = 0x46
	codePageUTF8 = 65001
)

// header is one file's.
type header struct {
	method     string
	compressed int64
	size       int64
	crc        uint16
	hasCRC     bool
	name, dir  []byte
	wideName   string
	wideDir    string
	codePage   uint32
	data       int64 // where the data begins
}

// source reads headers. The first error of the reader sticks.
type source struct {
	r    io.ReaderAt
	size int64
	buf  []byte
	err  error
}

// at returns up to n bytes at off, valid until the next call; n is at most maxHeader.
func (s *source) at(off int64, n int) []byte {
	if off < 0 || off >= s.size || s.err != nil {
		return nil
	}
	if cap(s.buf) < n {
		s.buf = make([]byte, n)
	}
	got, err := s.r.ReadAt(s.buf[:n], off)
	if got < n && err != nil && !errors.Is(err, io.EOF) {
		s.err = err
		return nil
	}
	return s.buf[:got]
}

// isMethod reports whether b names a method: "-lh5-".
func isMethod(b []byte) bool {
	return len(b) >= 5 && b[0] == '-' && b[4] == '-' && (b[1] == 'l' && (b[2] == 'h' || b[2] == 'z') || b[1] == 'p' && b[2] == 'm')
}

// begins reports whether something at off begins like a header.
func (s *source) begins(off int64) bool {
	b := s.at(off, 2+5)
	return len(b) == 2+5 && isMethod(b[2:])
}

// header reads the header at off.
func (s *source) header(off int64) (header, bool) {
	b := s.at(off, 256+2)
	if len(b) < baseLen || !isMethod(b[2:]) {
		return header{}, false
	}
	h := header{method: string(b[2:7]), compressed: int64(u32(b, 7)), size: int64(u32(b, 11))}
	switch b[20] {
	case 0:
		return h, h.short(b, off, 0)
	case 1:
		if !h.short(b, off, 1) {
			return h, false
		}
		first := u16(b, int(b[0]))
		if first == 0 {
			return h, true
		}
		for _, n := range []int{usualHeader, maxHeader} {
			more := h
			if more.extend(s.at(h.data, n), first, 2) {
				return more, true
			}
		}
		return h, false
	case 2:
		n := u16(b, 0)
		if len(b) < level2Len || n < level2Len {
			return h, false
		}
		h.crc, h.hasCRC, h.data = uint16(u16(b, 21)), true, off+int64(n)
		return h, h.extend(s.at(off+level2Len-2, n-level2Len+2), -1, 2)
	case 3:
		if len(b) < level3Len {
			return h, false
		}
		n := int64(u32(b, 24))
		h.crc, h.hasCRC, h.data = uint16(u16(b, 21)), true, off+n
		return h, n >= level3Len && n <= maxHeader && h.extend(s.at(off+level3Len-4, int(n)-level3Len+4), -1, 4)
	}
	return h, false
}

// short reads what is left of a header of level 0 or 1. Its first byte is the length without itself and the checksum.
func (h *header) short(b []byte, off int64, level int) bool {
	end, n := int(b[0])+2, int(b[21])
	if end > len(b) || baseLen+n > end || level == 1 && end < baseLen+n+5 {
		return false
	}
	h.name = bytes.Clone(b[baseLen : baseLen+n])
	if end >= baseLen+n+2 { // old archivers leave the checksum out
		h.crc, h.hasCRC = uint16(u16(b, baseLen+n)), true
	}
	h.data = off + int64(end)
	return true
}

// extend reads extended headers: the size of the next, of width bytes, stands before it: the first in b, or, for level 1, in front of b and given.
// There they are counted as data.
func (h *header) extend(b []byte, first, width int) bool {
	size := first
	if first < 0 {
		if len(b) < width {
			return false
		}
		size, b = number(b, width), b[width:]
	}
	for size != 0 {
		if size < 1+width || size > len(b) {
			return false
		}
		h.extra(b[0], b[1:size-width])
		if first >= 0 {
			h.data += int64(size)
			h.compressed -= int64(size)
		}
		size, b = number(b[size-width:], width), b[size:]
	}
	return h.compressed >= 0
}

// number is the size of an extended header: two bytes, four in level 3.
func number(b []byte, width int) int {
	if width == 2 {
		return u16(b, 0)
	}
	return int(u32(b, 0))
}

// extra reads one extended header.
func (h *header) extra(id byte, b []byte) {
	switch id {
	case extName:
		h.name = bytes.Clone(b)
	case extDir:
		h.dir = bytes.Clone(b)
	case extWideName:
		h.wideName = wide(b)
	case extWideDir:
		h.wideDir = wide(b)
	case extCodePage:
		if len(b) >= 4 {
			h.codePage = u32(b, 0)
		}
	case extSizes:
		if len(b) >= 16 {
			const unreachable = 1 << 60 // no file reaches it
			h.compressed = int64(min(binary.LittleEndian.Uint64(b), unreachable))
			h.size = int64(min(binary.LittleEndian.Uint64(b[8:]), unreachable))
		}
	}
}

func wide(b []byte) string {
	var u []uint16
	for ; len(b) >= 2; b = b[2:] {
		u = append(u, binary.LittleEndian.Uint16(b))
	}
	return string(utf16.Decode(u))
}

// entry makes the header an entry of a.
func (h *header) entry(a *Archive) Entry {
	name, dir := h.wideName, h.wideDir
	if name == "" {
		name = h.text(h.name)
	}
	if dir == "" {
		dir = h.text(h.dir)
	}
	dir = strings.ReplaceAll(dir, "\uFFFF", "/") // the separator in UTF-16
	if dir != "" && !strings.HasSuffix(dir, "/") {
		dir += "/"
	}
	return Entry{Name: dir + name, Method: h.method, Compressed: h.compressed, Size: h.size, Directory: h.method == "-lhd-",
		crc: h.crc, hasCRC: h.hasCRC, offset: h.data, archive: a}
}

// text decodes a name. Folders in it end with 0xFF or, of old, with a backslash, which is also the second byte of characters in CP932.
func (h *header) text(raw []byte) string {
	var parts []string
	for _, b := range bytes.Split(raw, []byte{0xFF}) {
		parts = append(parts, strings.ReplaceAll(h.decode(b), `\`, "/"))
	}
	return strings.Join(parts, "/")
}

// decode takes the code page that the header names; without one the name is CP932 where it reads as Japanese, else UTF-8 or CP437.
func (h *header) decode(b []byte) string {
	if h.codePage == codePageUTF8 || utf8.Valid(b) {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	if s, err := japanese.ShiftJIS.NewDecoder().Bytes(b); err == nil && japaneseText(string(s)) {
		return string(s)
	}
	s, err := charmap.CodePage437.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return string(s)
}

// japaneseText reports whether s reads as Japanese.
func japaneseText(s string) bool {
	return !strings.ContainsRune(s, utf8.RuneError) && strings.ContainsFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || r >= 0xFF61 && r <= 0xFF9F
	})
}

// maxSearch is how far Find looks: stubs of self-extracting archives are small.
const maxSearch = 1 << 20

// Find returns the place of the first archive in a file that is something else, such as a self-extracting program, or -1. The error is the reader's own.
func Find(r io.ReaderAt, size int64) (int64, error) {
	s := &source{r: r, size: size}
	window := make([]byte, 64<<10)
	for off := int64(0); off < min(size, maxSearch); off += int64(len(window) - baseLen) {
		n, err := r.ReadAt(window[:min(int64(len(window)), size-off)], off)
		if err != nil && !errors.Is(err, io.EOF) {
			return -1, err
		}
		for p := 2; p+5 <= n; p++ {
			i := bytes.Index(window[p:n], []byte("-lh"))
			if i < 0 {
				break
			}
			if p += i; s.plausible(off + int64(p) - 2) {
				return off + int64(p) - 2, s.err
			}
		}
	}
	return -1, s.err
}

// plausible tells a header from bytes that look like one: a method that is decoded, a checksum that is right, data that fits.
func (s *source) plausible(off int64) bool {
	h, ok := s.header(off)
	if !ok || h.data+h.compressed > s.size {
		return false
	}
	if _, err := newDecoder(h.method, nil); err != nil {
		return false
	}
	b := s.at(off, 256+2)
	if b[20] > 1 {
		return len(h.name) > 0 || h.wideName != ""
	}
	var sum byte
	for _, c := range b[2:min(len(b), int(b[0])+2)] {
		sum += c
	}
	return sum == b[1]
}

func u16(b []byte, i int) int    { return int(binary.LittleEndian.Uint16(b[i:])) }
func u32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[i:]) }
