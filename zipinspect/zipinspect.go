// Package zipinspect reads ZIP archives as an adversary may have written them, by PKWARE's APPNOTE.TXT 6.3.10.
//
// An archive says what it holds twice: in the central directory at its end and in the local header before each file. Programs differ in
// which they believe, where they look for the directory, and what they do when the two disagree. Read takes both views, and every
// directory in the file, and lists each entry that any of those programs could show, once. Where two programs would show different
// files or different content, it says so as a Mismatch. Shapes that honest programs write are none: data descriptors, ZIP64, streamed
// archives, stubs of self-extracting archives, padding, comments, bytes behind the end.
//
// # Limits
//
// A file that is no archive at all is ErrFormat; everything else malformed is a Mismatch or an error of the entry's Reader. Read looks
// at every byte of the file at most three times and keeps memory for the entries listed only: at most Options.Entries entries and
// Options.Names bytes of names, 64 directories, and 100 mismatches; Archive.Limit says which of them ended the listing. Nothing is
// allocated from a number in the file. A Reader has no limit of its own on what it unpacks: the caller stops reading.
//
// Stored, deflated, Deflate64, bzip2, LZMA, xz (without filters), Zstandard and PPMd entries are opened. LZMA takes a dictionary at once: it is not larger than what the
// entry claims or its data can fill, and at most 32 MB. PPMd
// takes pages as its model grows, at most 64 MB, beyond which reading ends with ErrMethod. Split archives are read as far as the segment goes.
//
// Entries of ZipCrypto (6.1) and of WinZip's AE-1 and AE-2 are opened with a password, which Verify tries and TryCost prices beforehand. Strong encryption
// (7.2) is named and not opened; a directory that is encrypted (7.3) is not read, which Archive.Hidden says. Methods of an Entry change what is remembered
// of it: an Archive is not safe for concurrent use.
package zipinspect

import (
	"errors"
	"io"
)

// The errors callers branch on.
var (
	ErrFormat    = errors.New("zipinspect: not a ZIP archive")
	ErrMethod    = errors.New("zipinspect: compression method not supported")
	ErrEncrypted = errors.New("zipinspect: entry is encrypted")
	ErrCorrupt   = errors.New("zipinspect: compressed data is corrupt")
	ErrChecksum  = errors.New("zipinspect: checksum differs") // at the end of the data, all of which was delivered
)

// Options bound a read. The zero value of a field is its default.
type Options struct {
	Entries int // entries listed
	Names   int // bytes of names of all entries
}

const (
	defaultEntries = 20_000  // honest archives in mail hold fewer; a directory of this size is about 2 MB
	defaultNames   = 4 << 20 // 200 bytes a name for that many entries
	maxDirectories = 64      // joined archives: two are seen in attacks, more have no use but to cost time
	maxMismatches  = 100     // one tells; the rest is for the reader's curiosity
)

func (o Options) withDefaults() Options {
	if o.Entries <= 0 {
		o.Entries = defaultEntries
	}
	if o.Names <= 0 {
		o.Names = defaultNames
	}
	return o
}

// Compression methods (4.4.5).
const (
	Stored    uint16 = 0
	Deflated  uint16 = 8
	Deflate64 uint16 = 9
	BZip2     uint16 = 12
	LZMA      uint16 = 14
	Zstd      uint16 = 93
	XZ        uint16 = 95
	PPMd      uint16 = 98
	aesMethod uint16 = 99 // the true method stands in extra field 0x9901
)

// Entry is one file of the archive, as one program or another shows it.
type Entry struct {
	Name       string // UTF-8, as a recipient would read it
	RawName    string // the bytes of the header
	LocalName  string // decoded, where the local header has another name than the directory
	Method     uint16 // of an AES entry the one below the encryption
	Encrypted  bool
	Encryption string // "ZipCrypto", "AES-128", "AES-192", "AES-256", "strong"; "" when not encrypted
	CRC32      uint32
	Compressed int64 // size as stored, -1 when only the data's own end would tell
	Size       int64 // size unpacked, as claimed
	Offset     int64 // of the local header in the file, -1 when there is none
	DataOffset int64 // of the data, -1 when there is none
	InCentral  bool
	InLocal    bool
	Directory  bool

	checked  bool       // CRC32 is known
	marked   bool       // LZMA data ends with a marker (4.4.4, bit 1)
	localCRC uint32     // of the local header, where it knows
	checks   [2][2]byte // of the two views
	aes      aesInfo
	head     []byte // of the encrypted data, once it was read
	tagged   string // the key under which the data was authentic
	archive  *Archive
}

// Archive is what was read of one file.
type Archive struct {
	Entries    []Entry
	Mismatches []Mismatch
	Prefix     int64  // bytes before the first local header: a stub, or junk
	Trailing   int64  // bytes behind the end of the archive and its comment
	Comment    string // raw bytes of the archive comment
	NoEnd      bool   // there is no directory: cut off, or its end is damaged; programs refuse it or list the local headers
	Hidden     bool   // the directory is encrypted or its fields are masked (7.3): names and sizes are not those of the files
	Limit      string // what ended the listing early: "entries", "names", "directories"; else ""

	r       io.ReaderAt
	size    int64
	lastKey aesKey
	bare    int64 // bytes read to see whether entries are encrypted at all
}

// MismatchKind names a way in which two programs would show different files.
type MismatchKind string

// The mismatches.
const (
	LocalOnly     MismatchKind = "local-only"     // a local header that the directory does not list
	CentralOnly   MismatchKind = "central-only"   // listed, but there is no local header at that place
	NameDiffers   MismatchKind = "name"           // the two headers name different files
	DataDiffers   MismatchKind = "data"           // method, size or encryption differ, so different bytes come out
	Overlap       MismatchKind = "overlap"        // entries share bytes
	Duplicate     MismatchKind = "duplicate"      // one name, two contents
	CountDiffers  MismatchKind = "count"          // the directory holds another number of entries than its end says
	SecondArchive MismatchKind = "second-archive" // another directory with entries of its own
	NameAmbiguous MismatchKind = "name-ambiguous" // NUL in a name, or a Unicode path of another file type
)

// Mismatch is a disagreement between the views.
type Mismatch struct {
	Kind MismatchKind
	Name string // of the first entry concerned, "" when it is the archive
	Text string // attacker bytes through %q
}

// Read lists the archive. The error is ErrFormat or the reader's own.
func Read(r io.ReaderAt, size int64, o Options) (*Archive, error) {
	l := &lister{
		source:  source{r: r, size: size},
		o:       o.withDefaults(),
		a:       &Archive{r: r, size: size},
		records: map[int64]bool{},
		locals:  map[int64]int{},
	}
	window := windows.Get().(*[windowSize]byte)
	defer windows.Put(window)
	l.buf = window[:0]
	l.directories()
	l.gaps()
	l.overlaps()
	l.duplicates()
	if l.err != nil {
		return nil, l.err
	}
	if len(l.a.Entries) == 0 && l.dirs == 0 {
		return nil, ErrFormat
	}
	l.finish()
	return l.a, nil
}
