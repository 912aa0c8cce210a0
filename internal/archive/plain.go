package archive

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"strconv"
	"strings"
)

// Part is a member of an archive that does not compress.
type Part struct {
	Name   string
	Offset int64
	Size   int64
}

const maxParts = 50_000 // as maxBlocks

// partWalk goes through such an archive. next returns the next member and where the header behind it begins; errEnd at the archive's end.
type partWalk struct {
	r    io.ReaderAt
	size int64
	long []byte // ar's table of long names
}

var (
	errEnd   = errors.New("archive: end")
	errParts = &Error{TooLarge, "archive: more members than are looked at"}
)

// all lists members until the end, an error, or maxParts.
func (w *partWalk) all(at int64, next func(at int64) (p *Part, behind int64, err error)) iter.Seq2[*Part, error] {
	return func(yield func(*Part, error) bool) {
		for range maxParts {
			p, behind, err := next(at)
			switch {
			case errors.Is(err, errEnd):
				return
			case err != nil:
				yield(nil, err)
				return
			case p != nil && !yield(p, nil):
				return
			}
			at = behind
		}
		yield(nil, errParts)
	}
}

// read reads n bytes; fewer at the file's end.
func (w *partWalk) read(at int64, n int64) ([]byte, error) {
	b := make([]byte, max(0, min(n, w.size-at)))
	got, err := w.r.ReadAt(b, at)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b[:got], nil
}

// cut keeps a part inside the file.
func (w *partWalk) cut(p *Part) *Part {
	p.Size = max(0, min(p.Size, w.size-p.Offset))
	return p
}

const (
	arMark    = "!<arch>\n"
	arHeader  = 60      // ar(5): name 16, date 12, uid 6, gid 6, mode 8, size 10, "`\n"
	maxArLong = 1 << 20 // of long names
)

// AR lists a Unix archive (ar(5), with the long names of System V and BSD).
func AR(r io.ReaderAt, size int64) iter.Seq2[*Part, error] {
	w := &partWalk{r: r, size: size}
	return w.all(int64(len(arMark)), w.ar)
}

// ar reads the header of a member (ar(5)); members begin at even places.
func (w *partWalk) ar(at int64) (*Part, int64, error) {
	h, err := w.read(at, arHeader)
	if err != nil {
		return nil, 0, err
	}
	if len(h) < arHeader || string(h[58:]) != "`\n" {
		return nil, 0, errEnd
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(h[48:58])), 10, 64)
	if err != nil || n < 0 {
		return nil, 0, &Error{Damaged, "ar: a member's size"}
	}
	p := &Part{Name: strings.TrimRight(string(h[:16]), " "), Offset: at + arHeader, Size: n}
	behind := p.Offset + n + n&1 // ten digits, so many times: no overflow
	switch {
	case p.Name == "/" || p.Name == "/SYM64/" || strings.HasPrefix(p.Name, "__.SYMDEF"): // symbols
		return nil, behind, nil
	case p.Name == "//":
		w.long, err = w.read(p.Offset, min(n, maxArLong))
		return nil, behind, err
	}
	return w.cut(p), behind, w.arName(p)
}

// arName resolves a long name: "/offset" into the table, or "#1/length" before the content.
func (w *partWalk) arName(p *Part) error {
	if digits, ok := strings.CutPrefix(p.Name, "#1/"); ok {
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n < 0 || n > min(p.Size, maxName) {
			return nil
		}
		b, err := w.read(p.Offset, n)
		if err != nil {
			return err
		}
		p.Name, p.Offset, p.Size = zeroEnd(b), p.Offset+n, p.Size-n
		return nil
	}
	if digits, ok := strings.CutPrefix(p.Name, "/"); ok {
		if n, err := strconv.ParseUint(digits, 10, 32); err == nil && n < uint64(len(w.long)) {
			name := w.long[n:]
			end := bytes.IndexAny(name, "/\n\x00")
			p.Name = string(name[:max(0, min(max(end, 0), maxName))])
		}
		return nil
	}
	p.Name = strings.TrimSuffix(p.Name, "/")
	return nil
}

// Headers of cpio, by magic: pax(1) "cpio Interchange Format" for the octal one, cpio(5) for those of SVR4.
const (
	cpioOctal  = "070707"
	cpioHex    = "070701"
	cpioHexSum = "070702"

	cpioOctalSize = 76
	cpioHexSize   = 110
	cpioTrailer   = "TRAILER!!!"
	maxCPIOName   = 1 << 20 // PATH_MAX is 4 KB; a longer one is read in part
	cpioFolder    = 0o040000
	cpioRegular   = 0o100000
	cpioType      = 0o170000
)

// IsCPIO reports whether b begins with a cpio header: the magic is digits alone, so all of it must be.
func IsCPIO(b []byte) bool {
	_, ok := parseCPIO(b)
	return ok
}

// cpioHead is what matters of a header.
type cpioHead struct {
	mode, name, size int64
	header, align    int64
}

// parseCPIO reads a header: c_mode, c_namesize and c_filesize, in digits of base 8 or 16.
func parseCPIO(b []byte) (h cpioHead, ok bool) {
	if len(b) < cpioOctalSize {
		return h, false
	}
	field := func(at, n, base int) int64 {
		v, err := strconv.ParseUint(string(b[at:at+n]), base, 63)
		ok = ok && err == nil
		return int64(v)
	}
	ok = true
	switch string(b[:6]) {
	case cpioOctal:
		return cpioHead{field(18, 6, 8), field(59, 6, 8), field(65, 11, 8), cpioOctalSize, 1}, ok
	case cpioHex, cpioHexSum:
		if len(b) < cpioHexSize {
			return h, false
		}
		for at := 6; at < cpioHexSize; at += 8 {
			field(at, 8, 16)
		}
		return cpioHead{field(14, 8, 16), field(94, 8, 16), field(54, 8, 16), cpioHexSize, 4}, ok
	}
	return h, false
}

// CPIO lists a cpio archive with headers in ASCII.
func CPIO(r io.ReaderAt, size int64) iter.Seq2[*Part, error] {
	w := &partWalk{r: r, size: size}
	return w.all(0, w.cpio)
}

// cpio reads a member: header, name and content, each filled up to four bytes in the formats of SVR4 (cpio(5)).
func (w *partWalk) cpio(at int64) (*Part, int64, error) {
	b, err := w.read(at, cpioHexSize)
	if err != nil {
		return nil, 0, err
	}
	h, ok := parseCPIO(b)
	switch {
	case !ok && len(bytes.Trim(b, "\x00")) == 0:
		return nil, 0, errEnd
	case !ok:
		return nil, 0, &Error{Damaged, "cpio: a header"}
	}
	name, err := w.read(at+h.header, min(h.name, maxName))
	if err != nil {
		return nil, 0, err
	}
	padded := func(n int64) int64 { return (n + h.align - 1) / h.align * h.align }
	p := &Part{Name: zeroEnd(name), Size: h.size}
	p.Offset = at + padded(h.header+h.name)
	behind := p.Offset + padded(h.size)
	switch {
	case p.Name == cpioTrailer:
		return nil, 0, errEnd
	case h.name > maxCPIOName:
		return nil, 0, &Error{Damaged, "cpio: a name's size"}
	case h.mode&cpioType != cpioRegular && h.mode&cpioType != 0:
		return nil, behind, nil
	}
	return w.cut(p), behind, nil
}
