// Package onenote reads OneNote sections and tables of contents: the revision store of MS-ONESTORE, and the package of MS-FSSHTTPB data
// elements that OneDrive writes (MS-ONESTORE 2.8). It finds the files embedded in the pages, with their names (MS-ONE 2.2), and the pages' text.
//
// Embedded files are found twice over: by the lists that OneNote follows, and by the identifiers that begin and end every
// FileDataStoreObject (MS-ONESTORE 2.6.13), wherever they stand in the file. So damage to the lists costs names and text, never a file.
//
// # Limits
//
//   - Embedded files: [Options].Files; their bytes together at most handedTimes the file's size (lists may point twice to the same place).
//   - File nodes, fragments, property sets and stream objects: as many as fit into readTimes the file's size; each fragment and each place is read
//     once. A fragment or property set is read up to 4 MiB.
//   - Property sets in property sets: 8 levels. Names: 65,536 objects with a name, 256 characters each.
//   - Text: [Options].MaxText.
//   - Memory: one fragment, one property set, 48 bytes for each named object and file.
//
// Encrypted sections are told, not opened. Revisions are not resolved: text and files of all revisions are read.
package onenote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Options of a Read. The zero value of a field is its default.
type Options struct {
	Text    io.Writer // takes the text of the pages in UTF-8, "\n" between paragraphs; nil for nobody
	MaxText int64     // bytes of text written; 4 MiB: a thousand pages have three
	Files   int       // embedded files; 4096: a notebook of scanned pages has some hundreds
}

func (o Options) withDefaults() Options {
	if o.Text == nil {
		o.Text = io.Discard
	}
	if o.MaxText <= 0 {
		o.MaxText = 4 << 20
	}
	if o.Files <= 0 {
		o.Files = 4096
	}
	return o
}

// Document is what was read of a section.
type Document struct {
	Files     []File // in the order of their places
	Encrypted bool   // a password protects at least one page
	Problems  []Problem
}

// File is one embedded file: an attachment of a page, a picture, a recording, a printout.
type File struct {
	Names   []string // as the pages tell them: usually one; none where no page speaks of it
	Ext     string   // extension that the file data declares, with its period
	Picture bool     // a page shows it as a picture
	Listed  bool     // OneNote's lists lead to it
	Offset  int64    // of the content
	Size    int64
}

// Problem is a limit that was met or a structure that cannot be read.
type Problem struct {
	Offset int64
	Text   string
	Unread bool // there may be files that were not found
}

const (
	chunkMax    = 4 << 20 // of one fragment or property set: OneNote writes fragments of some KB, and ink of less than one MB
	readTimes   = 32      // a sound file is read about twice, small structures of it in pages
	readLeast   = 4 << 20 // a small file is all scattered structures
	handedTimes = 4       // a sound file holds each byte of a file once
	namesMax    = 1 << 16
	nameMax     = 256 // Windows allows 255
	renamedMax  = 4   // names of one file: each revision may have another
	problemsMax = 16
)

// Read reads a section. An error is the reader's or the context's, never the section's; what was read before it is returned.
func Read(ctx context.Context, r io.ReaderAt, size int64, o Options) (*Document, error) {
	s := newStore(ctx, r, size, o.withDefaults())
	s.read()
	s.finish()
	if s.err != nil {
		s.err = fmt.Errorf("onenote: %w", s.err)
	}
	return s.doc, s.err
}

// guid is an identifier as the file has it.
type guid [16]byte

// id is an ExtendedGUID (MS-ONESTORE 2.2.1).
type id struct {
	guid guid
	n    uint32
}

// store is the state of one Read.
type store struct {
	ctx    context.Context
	r      io.ReaderAt
	size   int64
	o      Options
	doc    *Document
	err    error
	budget int64 // bytes that may still be read
	cached chunk

	data  map[int64]*File // by offset of the content
	refs  map[guid]int64  // FileDataStoreObjectReferenceFND: content by its identifier
	files map[id]fileData // objects that stand for file data
	names map[id][]named  // the same objects, as pages speak of them
	seen  map[int64]bool  // fragments and property sets that were read
	lists []span          // file node lists still to be read
	text  int64           // bytes of text still written
}

// fileData is what ObjectDeclarationFileData3RefCountFND says.
type fileData struct {
	ref guid
	at  int64 // of the content, in a package
	ext string
}

// named is what the page says of a file.
type named struct {
	name    string
	picture bool
}

func newStore(ctx context.Context, r io.ReaderAt, size int64, o Options) *store {
	return &store{
		ctx: ctx, r: r, size: size, o: o, doc: &Document{}, budget: readTimes*size + readLeast, text: o.MaxText,
		data: map[int64]*File{}, refs: map[guid]int64{}, files: map[id]fileData{}, names: map[id][]named{}, seen: map[int64]bool{},
	}
}

// read follows the structure, then searches the file.
func (s *store) read() {
	h := s.at(0, headerSize)
	if len(h) >= 64 && guid(h[48:64]) == formatPackage {
		s.packaged(packageStart)
	} else {
		s.revisions(h)
	}
	s.search()
}

// finish puts names to the files and orders them.
func (s *store) finish() {
	for key, f := range s.files {
		at := f.at
		if at == 0 {
			at = s.refs[f.ref]
		}
		if d := s.data[at]; d != nil {
			d.Ext = first(d.Ext, f.ext)
			for _, n := range s.names[key] {
				d.Names = append(d.Names, n.name)
				d.Picture = d.Picture || n.picture
			}
		}
	}
	for _, f := range s.data {
		slices.Sort(f.Names)
		f.Names = slices.DeleteFunc(slices.Compact(f.Names), func(n string) bool { return n == "" })
		s.doc.Files = append(s.doc.Files, *f)
	}
	slices.SortFunc(s.doc.Files, func(a, b File) int { return cmp.Compare(a.Offset, b.Offset) })
	left := handedTimes * s.size
	for i := range s.doc.Files {
		if left -= s.doc.Files[i].Size; left < 0 {
			s.problem(true, s.doc.Files[i].Offset, "embedded files share their bytes")
			s.doc.Files = s.doc.Files[:i]
			break
		}
	}
}

// first is the better of two names: the one that is there, of two the one that sorts first, so that the order of a map does not matter.
func first(a, b string) string {
	if a == "" || b != "" && b < a {
		return b
	}
	return a
}

// problem notes p once a text.
func (s *store) problem(unread bool, at int64, text string) {
	for i := range s.doc.Problems {
		if s.doc.Problems[i].Text == text {
			return
		}
	}
	if len(s.doc.Problems) < problemsMax {
		s.doc.Problems = append(s.doc.Problems, Problem{Offset: at, Text: text, Unread: unread})
	}
}

// add notes an embedded file.
func (s *store) add(f File) {
	if old := s.data[f.Offset]; old != nil {
		old.Listed = old.Listed || f.Listed
		return
	}
	if len(s.data) >= s.o.Files {
		s.problem(true, f.Offset, "more embedded files than the limit")
		return
	}
	s.data[f.Offset] = &f
}

// span is a FileChunkReference (MS-ONESTORE 2.2.4).
type span struct{ at, n int64 }

// chunk is a part of the file in memory.
type chunk struct {
	at int64
	b  []byte
}

const page = 2 << 10 // one read at least: structures lie close to each other

// at returns up to n bytes from off, as far as file and budget go. They are valid until the next call.
func (s *store) at(off int64, n int) []byte {
	if off < 0 || off >= s.size || s.err != nil {
		return nil
	}
	n = int(min(int64(n), s.size-off))
	if c := &s.cached; off >= c.at && off+int64(n) <= c.at+int64(len(c.b)) {
		return c.b[off-c.at:][:n]
	}
	want := int(min(int64(max(n, page)), s.size-off))
	if s.budget -= int64(want); s.budget < 0 {
		s.problem(false, off, "structures overlap")
		return nil
	}
	if s.err = s.ctx.Err(); s.err != nil {
		return nil
	}
	if cap(s.cached.b) < want {
		s.cached.b = make([]byte, want)
	}
	got, err := s.r.ReadAt(s.cached.b[:want], off)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	s.cached.at, s.cached.b = off, s.cached.b[:got]
	return s.cached.b[:min(n, got)]
}
