// Package pdf reads what in a PDF file (ISO 32000-1, ISO 32000-2) can hurt: scripts, actions that start programs or lead to other machines, embedded
// files, links, and encryption. It draws nothing.
//
// The cross-reference table is not trusted: every "n g obj" in the file is an object, and what the table names besides is looked at too. So older
// revisions of a file count like its last one, and junk before the header does not matter. Names are compared after #xx is undone, keys given twice
// count twice, and a stream ends where /Length says if that is true, else at "endstream".
//
// The standard security handler is opened with the empty user password and with the words that [File.Try] is given: RC4 and AES of 40 to 256 bits,
// revisions 2 to 6.
//
// # Limits
//
//   - Reading: readTimes the file's size. Objects: 524,288, of which 131,072 are looked at twice. Depth of arrays and dictionaries: 100.
//   - Object streams: 8 MiB each when decompressed; all streams read for what is in them: [Options].Bytes. Filters of one stream: 8.
//   - Strings 1 MiB, scripts 8 MiB together, links, scripts and actions kept: some thousands.
//   - Memory: 24 bytes for each object, object streams up to 16 MiB, what was found.
//
// Reaching a limit behind which something may be is a Problem with Unread. Pages and their text are not read, and neither are pictures
// (DCT, JBIG2, CCITT, JPX), fonts, sounds and films.
package pdf

import (
	"bytes"
	"context"
	"fmt"
	"io"
)

// Options of a Read. The zero value of a field is its default.
type Options struct {
	Objects int   // 524,288: a catalogue of ten thousand pages has 200,000
	Files   int   // embedded: 1,000; a portfolio has some dozen
	Bytes   int64 // decompressed to look for objects and scripts: 128 MiB; structure is a tenth of a sound file

	// Unpack counts what a filter gives; nil for nobody. Its errors come back from Read.
	Unpack func(io.Reader) io.Reader
}

func (o Options) withDefaults() Options {
	if o.Objects <= 0 {
		o.Objects = 1 << 19
	}
	if o.Files <= 0 {
		o.Files = 1000
	}
	if o.Bytes <= 0 {
		o.Bytes = 128 << 20
	}
	if o.Unpack == nil {
		o.Unpack = func(r io.Reader) io.Reader { return r }
	}
	return o
}

// Document is what was read. Texts are UTF-8.
type Document struct {
	Scripts  []Script
	Actions  []Action
	Links    []string // addresses that a click opens
	Files    []Embedded
	Problems []Problem
}

// Script is JavaScript.
type Script struct {
	Event string // "OpenAction", "AA" or "JavaScript" (by name, in the catalogue) where it starts by itself; "XFA" in a form's XML
	Text  string // "" where it cannot be read
}

// Action is an action that leads out of the file: Launch, GoToR, GoToE, SubmitForm, ImportData (ISO 32000-1 12.6.4).
type Action struct {
	Type   string
	Event  string // as of a Script
	Target string // file or address
	Params string // what a program is started with
}

// Embedded is an embedded file.
type Embedded struct {
	Names  []string // the one that programs show first; none where no specification names the file
	Object int64    // number of its stream
	open   func() io.Reader
}

// Open returns the content, decrypted and decompressed as far as the file breaks off. Read errors are the file's reader's and those of Options.Unpack.
func (e *Embedded) Open() io.Reader { return e.open() }

// Problem is a limit that was met or a structure that cannot be read.
type Problem struct {
	Offset int64
	Text   string
	Unread bool // something may be there that was not found
}

// File is a PDF file whose objects were found.
type File struct {
	o       Options
	src     *source
	r       io.ReaderAt
	entries []entry // in the order of their places
	order   []int32 // the entries by number
	marked  []marked
	refs    []int64   // places that cross-reference tables name
	trailer []trailer // with /Encrypt
	search  int64     // no "endstream" stands behind it
	left    int64     // bytes of the file that may still be read
	crypt   *crypt    // nil where nothing is encrypted

	problems []Problem
	doc      *Document
	packed   packed
	kept     []kept
	nodes    int
	auto     map[int64]string // events by the number of the action
	sorts    map[string]int   // how many scripts, actions and links of each sort there are
	files    map[int64]*Embedded
	fileList []int64
	scripts  map[int64]string // by the number of the object that holds one
	unpacked bytes.Buffer     // the object stream read last
	scratch  bytes.Buffer     // what else was decompressed last
	bytes    int64            // still to be decompressed
	text     int              // still to be kept of scripts
}

// Open finds the objects of a file and tries the empty password. An error is the reader's or the context's, never the file's.
func Open(ctx context.Context, r io.ReaderAt, size int64, o Options) (*File, error) {
	f := &File{o: o.withDefaults(), r: r, search: size}
	f.bytes = f.o.Bytes
	f.left, f.packed.left = readTimes*size+readLeast, readLeast
	f.src = &source{ctx: ctx, r: r, size: size, left: &f.left}
	f.scan()
	f.tables()
	f.sortEntries()
	f.encryption()
	return f, f.failed()
}

// failed is the reader's error.
func (f *File) failed() error {
	if f.src.err != nil {
		return fmt.Errorf("pdf: %w", f.src.err)
	}
	return nil
}

const problemsMax = 16

// problem notes what is wrong, once a text.
func (f *File) problem(unread bool, at int64, text string) {
	for i := range f.problems {
		if f.problems[i].Text == text {
			return
		}
	}
	if len(f.problems) < problemsMax {
		f.problems = append(f.problems, Problem{at, text, unread})
	}
}
