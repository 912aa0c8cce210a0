package message

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"sekisho/internal/budget"
)

// Buffer is a message or a file: in memory up to a size, then in a spool file that somebody else can take over.
// It is an io.Writer and, once written, an io.ReaderAt. It is not safe for concurrent writing.
type Buffer struct {
	dir      string
	memory   int64
	mem      []byte // the whole content while file is nil
	slab     *slab  // where mem is from, nil for memory of its own
	file     *os.File
	budget   *budget.Budget
	taken    int64 // bytes of memory taken from budget
	spared   bool  // there is no spool: memory is all it has
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

// capacity is the size of the smallest slab for n bytes, 0 when there is none.
func capacity(n int) int {
	for _, size := range slabSizes {
		if n <= size {
			return size
		}
	}
	return 0
}

// slabFor returns a slab of exactly n bytes, nil when there is no such size.
func slabFor(n int) *slab {
	for i, size := range slabSizes {
		if n == size {
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

// Under has the buffer take its memory from m, and returns the buffer: where m has none left it spools at once, and where the spool cannot be written it
// keeps in memory what m has.
func (b *Buffer) Under(m *budget.Budget) *Buffer {
	b.budget = m
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
	if b.file == nil && !b.room(len(p)) {
		if err := b.spool(); err != nil && !b.spare(len(p)) {
			b.err = err
			return 0, err
		}
	}
	if b.file == nil {
		b.mem = append(b.mem, p...)
		b.size += int64(len(p))
		return len(p), nil
	}
	n, err := b.file.WriteAt(p, b.size)
	b.size += int64(n)
	if err == nil {
		return n, nil
	}
	if b.rescue(len(p) - n) {
		rest, err := b.Write(p[n:])
		return n + rest, err
	}
	b.err = fmt.Errorf("message: spool: %w", err)
	return n, b.err
}

// rescue takes the content of a spool file that cannot be written any more back into memory, with room for n bytes.
func (b *Buffer) rescue(n int) bool {
	if b.detached || !b.spare(int(b.size)+n) {
		return false
	}
	mem := append(b.mem[:0], make([]byte, b.size)...)
	if _, err := b.file.ReadAt(mem, 0); err != nil {
		b.free()
		return false
	}
	b.removeFile() //nolint:errcheck // the disk is in trouble already, and the content is safe
	b.mem = mem
	return true
}

const (
	smallBuffer = 4 << 10  // the size up to which append's own growth is good enough
	firstSlice  = 64 << 10 // of every buffer, which nobody is asked for: a mail of text and its part are in memory however much is going on
)

// room makes room for n bytes more in memory, so that a byte is copied a constant number of times on average. It reports whether there is.
func (b *Buffer) room(n int) bool {
	need := len(b.mem) + n
	switch {
	case !b.spared && int64(need) > b.memory:
		return false
	case need <= cap(b.mem), need <= smallBuffer:
		return true
	}
	size := capacity(need)
	if size == 0 {
		size = max(2*cap(b.mem), need)
	}
	if !b.take(int64(size)) {
		return false
	}
	b.move(size)
	return true
}

// spare is room for n bytes more where there is no spool.
func (b *Buffer) spare(n int) bool {
	if b.budget == nil {
		return false
	}
	was := b.spared
	b.spared = true
	if !b.room(n) {
		b.spared = was
		return false
	}
	return true
}

// take makes sure that size bytes are taken from the budget, but for the first slice.
func (b *Buffer) take(size int64) bool {
	more := size - b.taken
	if size <= firstSlice || more <= 0 {
		return true
	}
	if !b.budget.Keep(more, b.spared) {
		return false
	}
	b.taken = size
	return true
}

// move moves the content to memory for size bytes.
func (b *Buffer) move(size int) {
	next := slabFor(size)
	var mem []byte
	if next != nil {
		mem = next.mem[:0]
	} else {
		mem = make([]byte, 0, size)
	}
	mem = append(mem, b.mem...)
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
	b.budget.Return(b.taken)
	b.taken = 0
}

// spool moves the content to a new file, mode 0600, with a name nobody can foresee (os.CreateTemp: O_EXCL and a random number).
func (b *Buffer) spool() error {
	f, err := os.CreateTemp(b.dir, "spool-*")
	if err != nil {
		return fmt.Errorf("message: spool: %w", err)
	}
	if _, err := f.WriteAt(b.mem, 0); err != nil {
		Discard(f) //nolint:errcheck // the first error says it
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
	if b.spared {
		b.free()
	}
	b.mem, b.size, b.err, b.detached, b.spared = b.mem[:0], 0, nil, false, false
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
	f := b.file
	b.file = nil
	if b.detached {
		return f.Close()
	}
	return Discard(f)
}

// Discard closes and removes a spool file. Where its folder cannot be written now, the file is emptied at least: its name may stay, its bytes not.
func Discard(f *os.File) error {
	err := os.Remove(f.Name())
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // which has another name now, and is somebody's
		err = errors.Join(err, f.Truncate(0))
	}
	return errors.Join(err, f.Close())
}
