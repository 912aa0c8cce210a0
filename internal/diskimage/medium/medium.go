// Package medium is what the readers of disk images share: a medium that is read where something refers to it and nowhere else, the files a file
// system lists on it, and content that lies on it in extents.
//
// # Limits
//
// All readers of one image share one account of the bytes read as structures (folders, descriptors, records). It is a multiple of the file's
// own size, so that structures which lead to the same place again and again cost no more than the file does. Content is not on that account,
// nor are the tables that it is found by: who reads it counts it. A Listing holds at most Options.Entries files and folders and Options.Names bytes of names, in folders
// at most Options.Depth deep; Listing.Limit says which of them ended it. At never allocates more than maxRead bytes.
package medium

import (
	"errors"
	"io"
)

// Options bound a listing. The zero value of a field is its default.
type Options struct {
	Entries int // files and folders listed of one file system
	Names   int // bytes of their names with all folders
	Depth   int // folders inside folders
	Extents int // extents kept of all files
}

const (
	defaultEntries = 20_000  // as zipinspect: images in mail hold a handful, an installation disc 2,000
	defaultNames   = 4 << 20 // 200 bytes a name for that many entries
	defaultDepth   = 64      // a path of Windows has 260 characters; ECMA-119 6.8.2.1 allows 8 levels
	defaultExtents = 1 << 18 // 13 fragments a file for that many files; 4 MB
)

// WithDefaults fills the zero fields.
func (o Options) WithDefaults() Options {
	if o.Entries <= 0 {
		o.Entries = defaultEntries
	}
	if o.Names <= 0 {
		o.Names = defaultNames
	}
	if o.Depth <= 0 {
		o.Depth = defaultDepth
	}
	if o.Extents <= 0 {
		o.Extents = defaultExtents
	}
	return o
}

const (
	maxRead    = 64 << 10 // the largest structure read in one piece: an MFT record or a folder's block
	minRead    = 512      // what a smaller one counts as
	cacheBlock = 4 << 10  // tables of clusters are read entry by entry
	readings   = 4        // times the file: three views of a disc, and a second look at the tables
	readFloor  = 1 << 20  // a small image may refer to an empty MFT or table larger than itself
)

// Medium is what a file system lies on: a file, a part of one, or the disk that a file describes. Not safe for concurrent use.
type Medium struct {
	Size    int64
	r       io.ReaderAt
	account *account
	cache   []byte
	cached  int64 // where cache begins
}

// account is shared by all media of one image.
type account struct {
	left int64
	over bool
	err  error
}

// New is the medium of a file of size bytes.
func New(r io.ReaderAt, size int64) *Medium {
	return &Medium{Size: size, r: r, account: &account{left: size*readings + readFloor}}
}

// Section is the part of m from off, n bytes or as many as there are.
func (m *Medium) Section(off, n int64) *Medium {
	off = min(max(off, 0), m.Size)
	n = min(max(n, 0), m.Size-off)
	return &Medium{Size: n, r: io.NewSectionReader(m.r, off, n), account: m.account}
}

// Through is a medium of size bytes that r makes out of m.
func (m *Medium) Through(r io.ReaderAt, size int64) *Medium {
	return &Medium{Size: size, r: r, account: m.account}
}

// At returns n bytes from off, nil where not all of them are there, n is larger than any structure, or the account is used up.
func (m *Medium) At(off int64, n int) []byte {
	if off < 0 || n <= 0 || n > maxRead || int64(n) > m.Size-off || !m.spend(int64(max(n, minRead))) {
		return nil
	}
	b := make([]byte, n)
	if _, err := m.ReadAt(b, off); err != nil {
		return nil
	}
	return b
}

// Entry is At for the small entries of a table that content is found by: neighbours are read together, and nothing is spent, for whoever reads the
// content counts that. The bytes are valid until the next call.
func (m *Medium) Entry(off int64, n int) []byte {
	if off < 0 || n <= 0 || n > cacheBlock/2 || int64(n) > m.Size-off || m.account.err != nil {
		return nil
	}
	if off < m.cached || off+int64(n) > m.cached+int64(len(m.cache)) {
		m.cached = off &^ (cacheBlock/2 - 1)
		m.cache = append(m.cache[:0], make([]byte, min(cacheBlock, m.Size-m.cached))...)
		got, err := m.ReadAt(m.cache, m.cached)
		if m.cache = m.cache[:got]; err != nil && got == 0 {
			return nil
		}
	}
	i := off - m.cached
	if i+int64(n) > int64(len(m.cache)) {
		return nil
	}
	return m.cache[i:][:n]
}

// spend takes n bytes from the account.
func (m *Medium) spend(n int64) bool {
	if m.account.err != nil {
		return false
	}
	if m.account.left < n {
		m.account.over = true
		return false
	}
	m.account.left -= n
	return true
}

// ReadAt reads content, which is on nobody's account. It implements io.ReaderAt.
func (m *Medium) ReadAt(p []byte, off int64) (int, error) {
	n, err := m.r.ReadAt(p, off)
	if n == len(p) {
		return n, nil
	}
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && m.account.err == nil {
		m.account.err = err
	}
	return n, err
}

// Err is the first error of the file below, not of what stands in it.
func (m *Medium) Err() error { return m.account.err }

// Over reports whether structures were left unread because the account was used up.
func (m *Medium) Over() bool { return m.account.over }
