package archive

import (
	"bytes"
	"errors"
	"io"
)

const (
	maxStub    = 1 << 20 // UnRAR archive.hpp MAXSFXSIZE was 1 MB for long; a 7z module is 200 KB
	maxSignals = 64      // signatures tried: a program that handles archives holds some as constants
)

// Find looks for a RAR or 7z archive behind a program's stub, or behind anything else that archivers pass over: the first signature with a header whose
// checksum agrees. The error is the file's.
func Find(r io.ReaderAt, size int64) (format Format, off int64, err error) {
	w := window{r: r}
	far, tried := min(size, maxStub), 0
	for base := int64(0); base < far && tried < maxSignals; base += findBuffer - markSize + 1 {
		b, err := w.at(base, min(far-base, findBuffer))
		if err != nil {
			return "", 0, err
		}
		for at := 0; tried < maxSignals; tried++ {
			i := nextMark(b[at:])
			if i < 0 {
				break
			}
			off := base + int64(at+i)
			if format, err := archiveAt(r, size, off); format != "" || err != nil {
				return format, off, err
			}
			at += i + 1
		}
	}
	return "", 0, nil
}

const (
	findBuffer = 32 << 10
	markSize   = 6 // of the signatures, as far as they are sought
)

// window is a part of a file: the file's own memory where it has some, else a copy.
type window struct {
	r   io.ReaderAt
	buf []byte
}

// viewer is a reader that may have its content in memory, nil where it has not.
type viewer interface {
	View(off, n int64) []byte
}

func (w *window) at(off, n int64) ([]byte, error) {
	if v, ok := w.r.(viewer); ok {
		if b := v.View(off, n); b != nil {
			return b, nil
		}
	}
	if w.buf == nil {
		w.buf = make([]byte, n) // the first is the longest
	}
	got, err := w.r.ReadAt(w.buf[:n], off)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return w.buf[:got], err
}

// nextMark is where the next signature of either format begins, -1 for none.
func nextMark(b []byte) int {
	rar := bytes.Index(b, []byte(rar4Mark[:markSize]))
	if rar >= 0 {
		b = b[:rar]
	}
	if seven := bytes.Index(b, []byte(sevenMark)); seven >= 0 {
		return seven
	}
	return rar
}

// archiveAt is the format of an archive at off, "" for none.
func archiveAt(r io.ReaderAt, size, off int64) (Format, error) {
	_, err := ReadSeven(r, size, off)
	format := SevenZip
	var e *Error
	if errors.As(err, &e) {
		var info *RARInfo
		info, err = ReadRAR(r, size, off)
		if format = RAR; err == nil && len(info.Members) == 0 && !info.HeadersLocked {
			return "", nil
		}
	}
	if errors.As(err, &e) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return format, nil
}
