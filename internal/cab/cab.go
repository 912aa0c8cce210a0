// Package cab reads Microsoft cabinets by [MS-CAB], with stored, MSZIP ([MS-MCI]) and LZX ([MS-PATCH] 2, without the delta) folders.
//
// A cabinet has files and folders; a folder is one stream of compressed blocks in which its files lie one behind the other. Read lists the
// files in the order of the folders and their places, so that opening one after the other decodes each folder once.
//
// # Limits
//
// What is no cabinet at all is ErrFormat; whatever else is malformed is an error of the file concerned. Read keeps at most Options.Files
// files; Archive.Limit says that there are more. Memory is the list, one block in and out, and a window of at most 2 MB. A file that lies before the one
// read last begins its folder anew, sixteen times in all. Nothing is allocated from a number in the file but the window, whose sizes are seven. The
// checksums of blocks are not computed: data that Windows refuses is read all the same.
//
// Quantum is recognised and not decoded (ErrMethod). Of a cabinet that is one part of a set, what began in an earlier part cannot be read
// (ErrPart), and what goes on in a later one ends with io.ErrUnexpectedEOF.
package cab

import (
	"cmp"
	"errors"
	"io"
	"slices"
)

// The errors callers branch on.
var (
	ErrFormat  = errors.New("cab: not a cabinet")
	ErrMethod  = errors.New("cab: compression method not supported")
	ErrPart    = errors.New("cab: the data begins in another cabinet of the set")
	ErrCorrupt = errors.New("cab: data is corrupt")
)

// Options bound a read. The zero value is its default.
type Options struct {
	Files int // files listed
}

const defaultFiles = 20_000 // driver packages have some hundreds; a directory of this size is 1 MB

func (o Options) withDefaults() Options {
	if o.Files <= 0 {
		o.Files = defaultFiles
	}
	return o
}

// Archive is what was read of one cabinet.
type Archive struct {
	Files   []File
	Prev    string // the cabinet that comes before this one in its set, "" for none
	Next    string
	Index   int  // place in the set
	Limit   bool // there are more files
	Cut     bool // the list of files ends before its number
	folders []folder
	reserve int // bytes in front of the data of each block
	r       io.ReaderAt
	size    int64

	current  *stream
	restarts int
	begun    bool // the first folder begins in an earlier cabinet
}

// File is one file of the cabinet.
type File struct {
	Name string
	Size int64 // as claimed
	Prev bool  // begins in an earlier cabinet
	Next bool  // goes on in a later one

	folder  int
	offset  int64 // in the folder
	archive *Archive
}

// maxRestarts bounds folders read anew. Files of honest cabinets do not overlap, so none is needed.
const maxRestarts = 16

// Check says why the file cannot be opened: ErrMethod, ErrPart, ErrCorrupt, or nil.
func (f *File) Check() error {
	a := f.archive
	switch {
	case f.Prev, f.folder == 0 && a.begun:
		return ErrPart
	case f.folder >= len(a.folders):
		return errorf("folder %d of %d", f.folder, len(a.folders))
	}
	return check(a.folders[f.folder].method)
}

// Open returns the content of the file, valid until the next file of the archive is opened. The error is one of Check.
func (f *File) Open() (io.Reader, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	a := f.archive
	s := a.current
	switch {
	case s == nil || s.folder != f.folder:
		s = a.open(f.folder)
	case s.pos > f.offset:
		if a.restarts++; a.restarts > maxRestarts {
			return nil, errorf("too many files overlap")
		}
		s = a.open(f.folder)
	}
	a.current = s
	return &content{s, f.offset - s.pos, f.Size}, nil
}

// content is a file's part of its folder's stream.
type content struct {
	s    *stream
	skip int64
	left int64
}

func (c *content) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, io.EOF
	}
	skipped, err := io.CopyN(io.Discard, c.s, c.skip)
	if c.skip -= skipped; err != nil {
		return 0, unexpected(err)
	}
	n, err := c.s.Read(p[:min(int64(len(p)), c.left)])
	if c.left -= int64(n); n > 0 {
		return n, nil
	}
	return n, unexpected(err)
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// order sorts the files as their data lies.
func (a *Archive) order() {
	slices.SortStableFunc(a.Files, func(x, y File) int {
		return cmp.Or(cmp.Compare(x.folder, y.folder), cmp.Compare(x.offset, y.offset), cmp.Compare(x.Size, y.Size))
	})
	for i := range a.Files {
		a.Files[i].archive = a
		a.begun = a.begun || a.Files[i].Prev && a.Prev != "" // without an earlier cabinet the folder begins here, whatever a file says
	}
}
