// Package archive opens 7z and RAR archives and xz, LZMA and lzip files. Their decoders (github.com/bodgit/sevenzip, github.com/nwaples/rardecode,
// github.com/ulikunitz/xz) take memory and time from the file's numbers, so they run in a child process (internal/worker). What must be known
// before (whether the names are locked, what one password costs, which members other volumes hold) is read here from the headers, by 7zFormat.txt and
// the LZMA SDK for 7z, by RARLAB's technote and the UnRAR source for RAR, by the .xz, .lzma and .lz formats' own documents.
//
// # Limits
//
// In process: of a 7z header at most maxEncoded bytes are parsed, of a RAR archive maxBlocks blocks, and a signature is sought in the first maxStub
// bytes. In the child: its memory and processor time, maxFiles files of a 7z header of maxHeader bytes, a dictionary of maxDictionary for RAR. Names
// longer than maxName are cut. The caller counts members and bytes; it stops the child whenever it wants.
package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"sekisho/internal/worker"
)

// Format is what the child decodes.
type Format string

// The formats.
const (
	SevenZip Format = "7z"
	RAR      Format = "rar"
	XZ       Format = "xz"
	LZMA     Format = "lzma" // alone, with a header of 13 bytes
	LZip     Format = "lzip"
)

// Member is one entry of an archive. Its content follows from Reader.Read.
type Member struct {
	Name      string
	Size      int64         `json:",omitempty"` // as the archive says, -1 where it does not
	Folder    bool          `json:",omitempty"` // holds nothing
	Link      bool          `json:",omitempty"` // names another file
	Encrypted bool          `json:",omitempty"`
	Cost      time.Duration `json:",omitempty"` // of one password, where it is encrypted
	Unread    string        `json:",omitempty"` // why there is no content though a program has it: the method's name
}

const maxName = 4 << 10 // Windows has 32,767 characters a path, but no archiver makes more than a few hundred

// Class says what an error means for who looks at the archive.
type Class byte

// The classes, also those of faults on the wire.
const (
	Damaged     Class = iota + 1 // programs may still get something out of it
	Hopeless                     // no program opens it
	Cut                          // it goes on in another volume, or the file ends
	Unsupported                  // this version lacks the method
	Locked                       // a password is missing or wrong
	TooLarge                     // it wants more memory than the limit
)

// Error is an archive that cannot be read, or not to its end.
type Error struct {
	Class Class
	Text  string
}

func (e *Error) Error() string { return e.Text }

// hopeless is the error of what no program opens.
func hopeless(format string, args ...any) error {
	return &Error{Hopeless, fmt.Sprintf("archive: "+format, args...)}
}

// Opener opens archives in children. It is safe for concurrent use.
type Opener struct{ pool *worker.Pool }

// New makes an Opener. The program must call worker.Main(archive.Jobs()) first of all.
func New(o worker.Options) *Opener { return &Opener{worker.New(o)} }

// Session is what one message opens. Not safe for concurrent use. A nil Opener has none.
func (o *Opener) Session() *Session {
	if o == nil {
		return nil
	}
	return &Session{o.pool.Group()}
}

// Session opens the archives of one message.
type Session struct{ group *worker.Group }

// Source is an archive in a file.
type Source struct {
	Format   Format
	Reader   io.ReaderAt
	Size     int64
	Offset   int64  // where the archive begins: behind a program
	Password string // "" for none
}

// request is a job's argument.
type request struct {
	Format   Format
	Offset   int64
	Password string `json:",omitempty"`
	Pick     int    `json:",omitempty"` // the member that passwords are tried on
}

const (
	jobOpen = "open"
	jobTry  = "try"
)

// Jobs are the child's.
func Jobs() map[string]worker.Job { return map[string]worker.Job{jobOpen: openJob, jobTry: tryJob} }

// Open begins to read an archive. With a password only the members that it locks come.
func (s *Session) Open(ctx context.Context, from Source) (*Reader, error) {
	return s.start(ctx, jobOpen, from, request{Format: from.Format, Offset: from.Offset, Password: from.Password})
}

func (s *Session) start(ctx context.Context, job string, from Source, q request) (*Reader, error) {
	args, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	w, err := s.group.Start(ctx, job, args, from.Reader, from.Size)
	if err != nil {
		return nil, outside(err)
	}
	return &Reader{w}, nil
}

// Reader gives the members in the archive's order. It must be closed.
type Reader struct{ w *worker.Stream }

// Next is the next member; io.EOF at the archive's end. Other errors are *Error, the context's and the file's.
func (r *Reader) Next() (*Member, error) {
	b, err := r.w.Next()
	if err != nil {
		return nil, outside(err)
	}
	m := new(Member)
	if err := json.Unmarshal(b, m); err != nil {
		return nil, &Error{Damaged, "archive: " + err.Error()}
	}
	return m, nil
}

// Read reads the member's content.
func (r *Reader) Read(p []byte) (int, error) {
	n, err := r.w.Read(p)
	return n, outside(err)
}

// Close ends the child.
func (r *Reader) Close() error { return r.w.Close() }

// outside is a worker's error in the words of this package.
func outside(err error) error {
	var fault *worker.Fault
	var died *worker.DiedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &fault):
		class := Class(fault.Class)
		if class < Damaged || class > TooLarge {
			class = Damaged
		}
		return &Error{class, fault.Text}
	case errors.As(err, &died) && died.Memory, errors.Is(err, worker.ErrNested):
		return &Error{TooLarge, err.Error()}
	case errors.As(err, &died), errors.Is(err, worker.ErrStart):
		return &Error{Damaged, err.Error()}
	}
	return err
}
