package mailstore

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"

	"sekisho/internal/message"
)

// Kind is what a file's content is.
type Kind uint8

// The kinds.
const (
	Other   Kind = iota
	Message      // one mail
	Mbox
	Log // lines with a time stamp, as syslog writes them
)

// sniffed are the bytes that tell what a file is: a line of a header, an mbox or a log.
const sniffed = 512

// zstdWindow is the memory that a Zstandard file may ask for: RFC 8878 3.1.1.1.2 recommends to support 8 MiB.
const zstdWindow = 64 << 20

// Reader is an open file.
type Reader struct {
	Kind Kind
	*bufio.Reader
	file   *os.File
	plain  bool // not compressed: offsets are the file's
	closer func()
}

// Open opens a file for reading and sees what it is. read hears of the file's bytes as they are read.
func (f File) Open(read func(n int)) (*Reader, error) {
	file, err := os.OpenFile(f.Path, os.O_RDONLY|unix.O_NONBLOCK, 0) // a pipe that came in a file's place since the walk would wait for its writer
	if err != nil {
		return nil, err
	}
	if fi, err := file.Stat(); err != nil || !fi.Mode().IsRegular() {
		return nil, errors.Join(err, file.Close(), &os.PathError{Op: "open", Path: f.Path, Err: errors.New("not a regular file")})
	}
	r := &Reader{file: file, closer: func() {}}
	raw := bufio.NewReaderSize(&counting{file, read}, maxLine)
	if err := r.unpack(raw); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	head, err := r.Peek(sniffed)
	if len(head) == 0 && err != nil && !errors.Is(err, io.EOF) { // damaged from the start
		return nil, errors.Join(err, r.Close())
	}
	r.Kind = sniff(head)
	return r, nil
}

// Close closes the file.
func (r *Reader) Close() error {
	r.closer()
	return r.file.Close()
}

type counting struct {
	io.Reader
	read func(int)
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read(n)
	return n, err
}

// unpack puts the decompressor between that the first bytes ask for.
func (r *Reader) unpack(raw *bufio.Reader) error {
	head, _ := raw.Peek(4)
	var in io.Reader
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")): // RFC 1952 2.3.1
		z, err := gzip.NewReader(raw)
		if err != nil {
			return err
		}
		in = z
	case bytes.HasPrefix(head, []byte("BZh")):
		in = bzip2.NewReader(raw)
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")): // RFC 8878 3.1.1
		z, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return err
		}
		in, r.closer = z, z.Close
	default:
		r.Reader, r.plain = raw, true
		return nil
	}
	r.Reader = bufio.NewReaderSize(in, maxLine)
	return nil
}

// sniff says what content begins so.
func sniff(head []byte) Kind {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	switch {
	case message.IsMbox(head):
		return Mbox
	case isLogLine(line):
		return Log
	case isField(line):
		return Message
	}
	return Other
}

// isLogLine: "May 14 12:43:01 host …" (RFC 3164 4.1.2) or "2026-05-14T12:43:01… host …" (RFC 5424 6.2.3).
func isLogLine(line []byte) bool {
	digit := func(i int) bool { return i < len(line) && line[i] >= '0' && line[i] <= '9' }
	switch {
	case len(line) < 20:
		return false
	case digit(0):
		return digit(3) && line[4] == '-' && line[7] == '-' && (line[10] == 'T' || line[10] == ' ') && line[13] == ':'
	}
	return line[3] == ' ' && digit(5) && line[6] == ' ' && line[9] == ':' && line[12] == ':' && line[15] == ' '
}

// isField: a line of a header (RFC 5322 2.2).
func isField(line []byte) bool {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return false
	}
	for _, c := range line[:colon] {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}
