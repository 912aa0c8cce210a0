package message

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// Buffer is a message or a file: in memory up to a size, then in a spool file that somebody else can take over.
// It is an io.Writer and, once written, an io.ReaderAt. It is not safe for concurrent writing.
type Buffer struct {
	dir      string
	memory   int64
	mem      []byte // the whole content while file is nil
	file     *os.File
	size     int64
	err      error // of the first failed write; every later one returns it
	detached bool
	closed   bool
}

var (
	_ io.Writer   = (*Buffer)(nil)
	_ io.ReaderAt = (*Buffer)(nil)
	_ io.Closer   = (*Buffer)(nil)
)

// ErrClosed is the error of a Buffer used after Close.
var ErrClosed = errors.New("message: buffer is closed")

// slabSize is the capacity of a pooled block of memory: most attachments fit, and a hundred idle ones are nothing.
const slabSize = 256 << 10

// slabs recycles memory between buffers. A slab returns to it in Close only, when nobody may read the buffer any more.
var slabs = sync.Pool{New: func() any { return new([slabSize]byte) }}

// NewBuffer makes an empty buffer that keeps memory bytes before it spools to a new file in dir ("" is os.TempDir()).
func NewBuffer(dir string, memory int64) *Buffer { return &Buffer{dir: dir, memory: memory} }

// Write appends. An error is the file system's.
func (b *Buffer) Write(p []byte) (int, error) {
	if b.closed {
		return 0, ErrClosed
	}
	if b.err != nil {
		return 0, b.err
	}
	if b.file == nil {
		if b.size+int64(len(p)) <= b.memory {
			b.grow(len(p))
			b.mem = append(b.mem, p...)
			b.size += int64(len(p))
			return len(p), nil
		}
		if b.err = b.spool(); b.err != nil {
			return 0, b.err
		}
	}
	n, err := b.file.WriteAt(p, b.size)
	b.size += int64(n)
	if err != nil {
		b.err = fmt.Errorf("message: spool: %w", err)
	}
	return n, b.err
}

// grow makes room for n bytes: small buffers by append's rule, larger ones through a slab, beyond that doubling, so that a byte is
// copied a constant number of times on average.
func (b *Buffer) grow(n int) {
	need := len(b.mem) + n
	if need <= cap(b.mem) || need <= 16<<10 {
		return
	}
	var next []byte
	switch {
	case need <= slabSize:
		next = slabs.Get().(*[slabSize]byte)[:0]
	default:
		next = make([]byte, 0, min(max(2*cap(b.mem), need), max(int(b.memory), need)))
	}
	next = append(next, b.mem...)
	b.free()
	b.mem = next
}

// free gives the memory back.
func (b *Buffer) free() {
	if cap(b.mem) == slabSize {
		slabs.Put((*[slabSize]byte)(b.mem[:slabSize]))
	}
	b.mem = nil
}

// spool moves the content to a new file, mode 0600, with a name nobody can foresee (os.CreateTemp: O_EXCL and a random number).
func (b *Buffer) spool() error {
	f, err := os.CreateTemp(b.dir, "spool-*")
	if err != nil {
		return fmt.Errorf("message: spool: %w", err)
	}
	if _, err := f.WriteAt(b.mem, 0); err != nil {
		f.Close()
		os.Remove(f.Name())
		return fmt.Errorf("message: spool: %w", err)
	}
	b.file = f
	b.free()
	return nil
}

// truncate drops what lies behind size.
func (b *Buffer) truncate(size int64) {
	if b.file == nil {
		b.mem = b.mem[:size]
	}
	b.size = size
}

// reset empties the buffer for its next use by the same owner; a spool file is removed, memory is kept.
func (b *Buffer) reset() {
	b.removeFile()
	b.mem, b.size, b.err, b.detached = b.mem[:0], 0, nil, false
}

// ReadAt is io.ReaderAt.
func (b *Buffer) ReadAt(p []byte, off int64) (int, error) {
	switch {
	case b.closed:
		return 0, ErrClosed
	case off < 0:
		return 0, fmt.Errorf("message: read at %d", off)
	case off >= b.size:
		return 0, io.EOF
	case b.file == nil:
		n := copy(p, b.mem[off:])
		if n < len(p) {
			return n, io.EOF
		}
		return n, nil
	}
	if left := b.size - off; int64(len(p)) > left { // a truncated buffer's file may be longer than its content
		n, err := b.file.ReadAt(p[:left], off)
		if err == nil {
			err = io.EOF
		}
		return n, err
	}
	return b.file.ReadAt(p, off)
}

// Size is the number of bytes written.
func (b *Buffer) Size() int64 { return b.size }

// Bytes returns the whole content while it is in memory. The caller does not change it, nor keep it longer than the buffer.
func (b *Buffer) Bytes() ([]byte, bool) { return b.mem, b.file == nil && !b.closed }

// Detach gives up the spool file: the caller owns the path now, and whether and how the bytes are synced. ok is false when the content is in
// memory. Reading and writing go on working.
func (b *Buffer) Detach() (path string, ok bool) {
	if b.file == nil || b.closed {
		return "", false
	}
	b.detached = true
	return b.file.Name(), true
}

// Close frees the buffer and removes the spool file unless it was detached. A second Close does nothing.
func (b *Buffer) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	b.free()
	return b.removeFile()
}

func (b *Buffer) removeFile() error {
	if b.file == nil {
		return nil
	}
	err := b.file.Close()
	if !b.detached {
		err = errors.Join(err, os.Remove(b.file.Name()))
	}
	b.file = nil
	return err
}
