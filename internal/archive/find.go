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
	b := make([]byte, min(size, maxStub))
	n, err := r.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", 0, err
	}
	b = b[:n]
	at := 0
	for range maxSignals {
		i := nextMark(b[at:])
		if i < 0 {
			return "", 0, nil
		}
		at += i
		format, err := archiveAt(r, size, int64(at))
		if format != "" || err != nil {
			return format, int64(at), err
		}
		at++
	}
	return "", 0, nil
}

// nextMark is where the next signature of either format begins, -1 for none.
func nextMark(b []byte) int {
	rar := bytes.Index(b, []byte(rar4Mark[:6]))
	if rar >= 0 {
		b = b[:rar]
	}
	if seven := bytes.Index(b, []byte(sevenMark)); seven >= 0 {
		return seven
	}
	return rar
}

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
