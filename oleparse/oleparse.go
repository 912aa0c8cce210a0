// Package oleparse reads Office documents as bytes: compound files ([MS-CFB]), the VBA projects in them ([MS-OVBA]), the compressed storages of
// PowerPoint ([MS-PPT] 2.10.34), and OOXML packages (ECMA-376 part 2) whose parts a caller hands in.
// It lists what documents embed, link to and start: packages ([MS-OLEDS] 2.3), Word's fields and text ([MS-DOC]), PowerPoint's actions, Outlook's
// attachments ([MS-OXMSG]).
//
// The reader of compound files counts entries, depth and cycles, and forgives what Office forgives. Tests hold it against github.com/richardlehane/mscfb
// wherever that reads a file. Nothing is decided by a name alone: a package part is a compound file when its bytes say so.
//
// What is malformed is a [Problem], never an error; a Problem says whether content that Office might still run went unread.
//
// # Limits
//
//   - Directory entries, nested storages, modules and source bytes: see [Options].
//   - Problems: 64 are kept; whether any was Unread is never lost.
//   - Bytes read of a file: eight times its size. A sound file is read about once; only sectors shared
//     between streams cost more, and those are not sound.
//   - Memory: the FAT (1/128 of the file), the directory, the sources, and Options.Unpacked for storages inside streams and parts where
//     Options.Storage gives no other room.
//   - Encrypted documents ([MS-OFFCRYPTO]) are opened with the passwords their programs try themselves and with Options.Passwords, 65,536 tries
//     a file in all, see internal/offcrypto; of an encrypted presentation 65,536 objects, of a stream "encryption" 1024 items.
//   - Objects and links: 4096 and 1024 are listed. Files in streams: 4096 are handed out, to be read while the caller still has the document; their bytes count
//     among those read of it. Text: 8 MiB; of Word in the first 16 MiB of its pieces, of a PowerPoint text 1 MiB. PowerPoint 95 and Publisher give
//     what reads as text in their streams, Visio none. DDE commands, links and templates of Word are read from fields as they would be worked out.
//   - Packages: 65,536 relationships besides web addresses, as many content types; 4096 procedures that a document names, 256 commands, strings to 8 KiB.
//     Of a tag 1 MiB is read (internal/xmlscan). Parts of schemas without text, fields, objects and macros (styles, themes …) are read as far as
//     their root element. Cells are read where a formula has "|" or the text stands in the cell.
//   - UserForms: texts of the controls that MS-OFORMS defines; other controls give none, nor do those on Excel's
//     binary sheets. 8192 controls and 4 MiB of texts a project, 4096 controls on the document.
//   - Presentations: 4096 embedded storages are unpacked, those that are none after all included.
//   - P-code is read for the names and literals it has, by what is known of VBA 5, 6 and 7 on Windows and before 2016 on the Macintosh; 8 MiB
//     a module, 64 MiB in all. It is not decompiled.
package oleparse

import (
	"context"
	"fmt"
	"io"
	"iter"
	"time"

	"sekisho/internal/vba"
	"sekisho/internal/xlm"
)

// Document is what was read of one Office document.
type Document struct {
	Kind       string // doc xls ppt msg msi pub vsd ole (a compound file of another kind); docx docm xlsx … ooxml (a package of another kind)
	Encrypted  bool   // EncryptedPackage, DRMContent, or FibBase.fEncrypted, FilePass, CryptSession10Container
	Encryption string // the scheme: "xor", "rc4", "rc4-cryptoapi", "standard", "agile", "drm", "" for another one
	Opened     bool   // a password opened it, and what is below was read of the plain text
	Locked     bool   // a password opens it that was not at hand
	Password   string // that password
	Default    bool   // it is one that Office tries without asking
	Package    *File  // the plain text of an EncryptedPackage: an OOXML file, for the caller to inspect in the document's place
	Projects   []Project
	Workbooks  []*xlm.Workbook // the workbook, and those in embedded storages, as far as they have macro sheets or names
	Objects    []Object
	Links      []Link
	DDE        []Command
	Files      []File
	Texts      []vba.Control // what ActiveX controls on the document hold, as far as they are of MS-OFORMS
	Controls   []string      // names of the ActiveX controls on the document, whose events are procedures
	OnLoad     []string      // procedures that a ribbon asks by itself (customUI onLoad, get…)
	Callbacks  []string      // procedures that a click starts: of a ribbon, a shape, a form field
	Streams    []string      // paths of all streams, "/" between storages, control prefixes kept
	Problems   []Problem
}

// ObjectKind is what an Object is.
type ObjectKind string

// The kinds of objects.
const (
	ObjectEmbedded ObjectKind = "object"  // another program's document
	ObjectPackage  ObjectKind = "package" // a file (MS-OLEDS 2.3.6, Ole10Native)
	ObjectLinked   ObjectKind = "link"    // lies elsewhere: Target
	ObjectControl  ObjectKind = "control" // ActiveX
)

// Object is something embedded or linked.
type Object struct {
	Path   string // storage, stream or part that holds it
	Kind   ObjectKind
	Class  string // ProgID where the document tells it, else the CLSID as {…}
	Name   string // the file name that a package tells
	Target string // of a linked object, as written
	Fault  string // what it has that its own program would not write: a way to attack that program
}

// LinkType is what a Link is for.
type LinkType string

// The types of links. All but hyperlinks, which are not listed, are followed when the document is opened.
const (
	LinkTemplate LinkType = "template" // attachedTemplate, STTBFASSOC
	LinkFrame    LinkType = "frame"
	LinkOLE      LinkType = "ole"
	LinkOther    LinkType = "other" // subdocument, external workbook with a remote target, linked picture …
)

// Link is something outside the document that its program fetches.
type Link struct {
	Path   string // part or stream that says so
	Type   LinkType
	Target string // as written
	Remote bool   // a remote host or a UNC path, not a local file
}

// Command is an instruction to another program.
type Command struct {
	Path string // part, stream or cell
	Text string // as the program would put it together
}

// File is content that is a file of its own: a package, an attachment, an embedded document that is a stream.
type File struct {
	Path string   // stream or part
	Name string   // file name as the document tells it, "" for none
	Also []string // other names that it tells
	Open func() (io.Reader, error)
}

// Unread says that content Office might still run was not read: the scan is incomplete.
func (d *Document) Unread() bool {
	for i := range d.Problems {
		if d.Problems[i].Unread {
			return true
		}
	}
	return false
}

// Project is one VBA project (MS-OVBA 2.2).
type Project struct {
	Path     string // storage that holds it ("Macros", "_VBA_PROJECT_CUR", "" for the root), or the OOXML part before it
	Name     string
	CodePage int
	Modules  []Module

	Forms      []vba.Control // UserForms and what is on them (MS-OFORMS)
	Protected  bool          // the editor is asked not to show or change it: by user, host or VBE, or for a password (MS-OVBA 2.3.1.15)
	Password   bool          // a password opens it in the editor (MS-OVBA 2.3.1.16)
	Hidden     bool          // the editor does not show it (MS-OVBA 2.3.1.17)
	References []string      // LIBID of each reference, control library, and other project (MS-OVBA 2.3.4.2.2, 2.1.1.8)
	Unlisted   []string      // modules that dir has and the PROJECT stream does not list: they run, and the editor does not show them
	Missing    []string      // modules that the PROJECT stream lists and dir does not have

	Report *vba.Report // what its code does; nil before it was judged
}

// Module is one module of a project with what its source says.
type Module struct {
	Name    string
	Stream  string   // as DESIGN's modules[].stream: "Macros/VBA/ThisDocument"; in OOXML "word/vbaProject.bin" + "/VBA/ThisDocument"
	Source  string   // UTF-8, "\n" line ends, Attribute lines kept
	Stomped string   // evidence that source and p-code disagree: what the p-code names and the source lacks; "" without
	PCode   []string // strings and called names of the p-code; only where Stomped says something
}

// Problem is something malformed or out of a limit, with where.
type Problem struct {
	Where  string // stream or structure
	Text   string // attacker bytes through %q
	Unread bool   // content that Office might still run was not read: the scan is incomplete
}

// Options bound a read. The zero value of a field is its default.
type Options struct {
	Entries  int   // directory entries; 32768: a message file with 2,000 attachments has about that many
	Depth    int   // nested storages, and compound files in compound files; 32: Office itself makes fewer than ten
	Modules  int   // modules in all; 4096: the largest honest projects have some hundreds
	Source   int64 // bytes of decompressed module source in all; 16 MiB: VBA allows 64 KiB a procedure, honest projects stay below 5 MiB
	Unpacked int64 // bytes of storages unpacked in all, parts that the caller has room for left out; 64 MiB

	Storage func() Storage // room for compound files in streams and parts, valid as long as the Document; nil for memory

	Passwords Passwords // tried on an encrypted document after those that Office itself tries; nil for none
	Text      io.Writer // takes the document's text in UTF-8 as far as it is read; nil for nobody

	// Judging is called before bytes of code are judged, and what it returns behind that: for those who share memory and processors. nil for nobody.
	Judging func(code int64) (done func(), err error)
}

// Passwords gives out the words to try on a lock of which one try takes about cost of processor time. A document may have several locks.
type Passwords func(cost time.Duration) iter.Seq[string]

func (o Options) withDefaults() Options {
	if o.Entries <= 0 {
		o.Entries = 32768
	}
	if o.Depth <= 0 {
		o.Depth = 32
	}
	if o.Modules <= 0 {
		o.Modules = 4096
	}
	if o.Source <= 0 {
		o.Source = 16 << 20
	}
	if o.Unpacked <= 0 {
		o.Unpacked = 64 << 20
	}
	return o
}

// Parts is the OOXML package's parts, filled from a ZIP reader by the caller.
type Parts interface {
	Names() []string
	// Open returns the part's content. Reads obey the caller's budget.
	Open(name string) (io.ReadCloser, error)
}

// dirsMax bounds the decompressed dir streams of all projects: a module takes about 200 bytes there, a reference as many.
const dirsMax = 16 << 20

// problemsMax bounds the list a hostile file can make us write; a person reads the first few.
const problemsMax = 64

// reading is the state of one ReadOLE or ReadOOXML: its document, and what is left of its limits.
type reading struct {
	ctx      context.Context
	o        Options       // Modules, Source and Unpacked count down
	dirs     int64         // bytes of dir streams still to be decompressed
	caches   int64         // bytes of p-code still to be read
	spare    int64         // of the bytes that may be read besides those that each file's size allows
	dead     int           // more than 0 inside something that no program opens: nothing there is Unread
	objects  int           // of presentations
	inflater io.ReadCloser // of those
	doc      *Document
	tries    int    // candidates tried on locks
	word     string // the one that opened a lock last
	err      error  // the reader's or the context's

	fields    fieldMemory
	texts     int  // bytes of text handed on
	inPackage bool // the compound files are parts of a package: the caller has files in them inspected by themselves
}

func newReading(ctx context.Context, o Options) *reading {
	return &reading{ctx: ctx, o: o.withDefaults(), dirs: dirsMax, caches: cachesMost, spare: readsAtLeast, doc: &Document{}}
}

// problem notes something malformed; unread says that Office might still run what we did not read.
func (r *reading) problem(unread bool, where, format string, args ...any) {
	unread = unread && r.dead == 0
	p := Problem{Where: where, Text: fmt.Sprintf(format, args...), Unread: unread}
	switch n := len(r.doc.Problems); {
	case n < problemsMax:
		r.doc.Problems = append(r.doc.Problems, p)
	case unread && !r.doc.Problems[n-1].Unread:
		r.doc.Problems[n-1] = p
	}
}

// fail keeps the first error that is not the document's.
func (r *reading) fail(err error) {
	if r.err == nil && err != nil {
		r.err = fmt.Errorf("oleparse: %w", err)
	}
}

// ReadOLE reads a compound file. An error is the reader's or the context's, never the document's: what is malformed is a Problem.
// What was read before an error is returned with it.
func ReadOLE(ctx context.Context, r io.ReaderAt, size int64, o Options) (*Document, error) {
	s := newReading(ctx, o)
	c := s.compound(r, size, "", 0)
	s.doc.Kind = c.kind()
	s.judge()
	return s.doc, s.err
}
