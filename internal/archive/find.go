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
	buf := make([]byte, min(size, findBuffer))
	tried := 0
	for base := int64(0); base < min(size, maxStub) && tried < maxSignals; base += findBuffer - markSize + 1 {
		n, err := r.ReadAt(buf[:min(size-base, findBuffer, maxStub-base)], base)
		if err != nil && !errors.Is(err, io.EOF) {
			return "", 0, err
		}
		for at := 0; tried < maxSignals; tried++ {
			i := nextMark(buf[at:n])
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
