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
	slab     *slab  // where mem is from, nil for memory of its own
	file     *os.File
	spare    *Reserve
	spared   int64 // bytes borrowed from spare
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

// slab is a block of memory that buffers hand on to each other.
type slab struct{ mem []byte }

// slabSizes are the sizes of slabs, each four times the one before: a growing buffer copies a third of its bytes on average. Smaller
// buffers are left to the garbage collector, larger ones to the spool.
var slabSizes = [...]int{16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20}

// slabs recycles memory. A slab returns to it in Close only, when nobody may read the buffer any more.
var slabs [len(slabSizes)]sync.Pool

// slabFor returns a slab of at least n bytes, nil when there is no such size.
func slabFor(n int) *slab {
	for i, size := range slabSizes {
		if n <= size {
			if s, ok := slabs[i].Get().(*slab); ok {
				return s
			}
			return &slab{make([]byte, 0, size)}
		}
	}
	return nil
}

func (s *slab) free() {
	for i, size := range slabSizes {
		if cap(s.mem) == size {
			slabs[i].Put(s)
		}
	}
}

// NewBuffer makes an empty buffer that keeps memory bytes before it spools to a new file in dir ("" is os.TempDir()).
func NewBuffer(dir string, memory int64) *Buffer { return &Buffer{dir: dir, memory: memory} }

// Spare lets the buffer borrow from r when the spool cannot be written, and returns the buffer.
func (b *Buffer) Spare(r *Reserve) *Buffer {
	b.spare = r
	return b
}

// Write appends. An error is the file system's.
func (b *Buffer) Write(p []byte) (int, error) {
	if b.closed {
		return 0, ErrClosed
	}
	if b.err != nil {
		return 0, b.err
	}
	if b.file == nil && b.size+int64(len(p)) > b.memory+b.spared {
		if b.err = b.overflow(int64(len(p))); b.err != nil {
			return 0, b.err
		}
	}
	if b.file == nil {
		b.grow(len(p))
		b.mem = append(b.mem, p...)
		b.size += int64(len(p))
		return len(p), nil
	}
	n, err := b.file.WriteAt(p, b.size)
	b.size += int64(n)
	if err == nil {
		return n, nil
	}
	if b.rescue(int64(len(p) - n)) {
		rest, err := b.Write(p[n:])
		return n + rest, err
	}
	b.err = fmt.Errorf("message: spool: %w", err)
	return n, b.err
}

// overflow makes room for n bytes more than memory may hold: in a spool file or, where none can be written, in the spare memory.
func (b *Buffer) overflow(n int64) error {
	err := b.spool()
	if err != nil && b.borrow(b.size+n) {
		return nil
	}
	return err
}

// rescue takes the content of a spool file that cannot be written any more back into memory, with room for n bytes.
func (b *Buffer) rescue(n int64) bool {
	if b.detached || !b.borrow(b.size+n) {
		return false
	}
	mem := make([]byte, b.size, b.size+n)
	if _, err := b.file.ReadAt(mem, 0); err != nil {
		b.giveBack()
		return false
	}
	b.removeFile() //nolint:errcheck // the disk is in trouble already, and the content is safe
	b.mem = mem
	return true
}

// smallBuffer is the size up to which append's own growth is good enough.
const smallBuffer = 4 << 10

// grow makes room for n bytes, so that a byte is copied a constant number of times on average.
func (b *Buffer) grow(n int) {
	need := len(b.mem) + n
	if need <= cap(b.mem) || need <= smallBuffer {
		return
	}
	next := slabFor(need)
	if next == nil {
		b.mem = append(make([]byte, 0, max(2*cap(b.mem), need)), b.mem...)
		b.freeSlab()
		return
	}
	mem := append(next.mem[:0], b.mem...)
	b.freeSlab()
	b.mem, b.slab = mem, next
}

func (b *Buffer) freeSlab() {
	if b.slab != nil {
		b.slab.free()
		b.slab = nil
	}
}

// free gives the memory back.
func (b *Buffer) free() {
	b.mem = nil
	b.freeSlab()
	b.giveBack()
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
	if b.spared > 0 {
		b.free()
	}
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
