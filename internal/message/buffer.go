package message

// Buffer is a message or a file: in memory up to a size, then in a spool file that somebody else can take over.
// It is an io.Writer and, once written, an io.ReaderAt.
type Buffer struct{}

// Header is a header in order, duplicates kept.
type Header struct{}
