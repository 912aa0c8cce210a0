package message

// Buffer is a message or a file: in memory up to a size, then in a spool file that somebody else can take over.
// It is an io.Writer and, once written, an io.ReaderAt.
type Buffer struct{}

// NewBuffer makes an empty buffer that keeps memory bytes before it spools to a new file in dir.
func NewBuffer(dir string, memory int64) *Buffer { panic("skeleton") }

// Write appends. An error is the file system's.
func (b *Buffer) Write(p []byte) (int, error) { panic("skeleton") }

// ReadAt is io.ReaderAt.
func (b *Buffer) ReadAt(p []byte, off int64) (int, error) { panic("skeleton") }

// Size is the number of bytes written.
func (b *Buffer) Size() int64 { panic("skeleton") }

// Bytes returns the whole content while it is in memory. The caller does not change it.
func (b *Buffer) Bytes() ([]byte, bool) { panic("skeleton") }

// Detach gives up the spool file: the caller owns the path now. ok is false when the content is in memory. Reading goes on working.
func (b *Buffer) Detach() (path string, ok bool) { panic("skeleton") }

// Close frees the buffer and removes the spool file unless it was detached.
func (b *Buffer) Close() error { panic("skeleton") }
