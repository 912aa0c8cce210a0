// Package inspect looks inside the files of a message under one budget: one file per format, one table of inspectors. What a file is, is
// read from its content; names and declared types are never asked. Mails inside files are walked like the message itself.
//
// A file that a password locks waits until the message's end (Scan.lock), when the words of all its texts are known; then its inspector tries
// them (Scan.tries) and what opens is inspected like any other member.
//
// # Limits
//
// One Scan is one message. It ends a file, or the whole scan, at these limits, and each is a finding and makes the result incomplete:
// Options.Depth containers inside containers, Options.Files files, Options.Bytes unpacked, of which long filling counts a third, Options.Time inside
// inspectors. An archive that outgrows Options.Bytes, or says that it will, with 200 times its own size is a bomb. Every reader handed to a format's
// library counts what passes and asks the context on each Read. Unpacked content beyond Options.Memory is kept in blocks, each sort of block once
// (internal/sparse); what is read of it that was neither kept nor can be unpacked again is the finding scan.incomplete. A panic is the finding parser.error on that file. A file that was being opened when the process died is
// remembered in the journal, and after two deaths not opened again.
//
// Passwords: each format tells what one try costs, by what the file asks for, and a message's tries stay within Options.TryTime of processor time. Of
// the whole process half of the processors try passwords at a time, cheap ones first. What was not tried is said on the file; 100 locked files wait.
//
// What an attachment held may be remembered for the next message (Cache): only where nothing was cut short, nothing waits for a password and no limit of
// either message is met, so that no result depends on it; bounded by Options.CacheBytes, beyond which the least used goes.
//
// At most 100 findings a file and 1,000 a message are kept; one that is the first of its kind in the message is always kept, so that
// many harmless ones cannot push a grave one out.
package inspect

import (
	"context"
	"io"

	"sekisho/internal/finding"
	"sekisho/internal/lure"
	"sekisho/zipinspect"
)

// Inspector looks inside one format.
type Inspector interface {
	// Name is a metrics label.
	Name() string
	// Match reports whether the file is of the format, by its content.
	Match(f *File) bool
	// Inspect adds what it finds to the scan. What is malformed is a finding; the error is the budget's, the context's or the file system's.
	Inspect(ctx context.Context, f *File, s *Scan) error
}

// inspectors is the table, in the order in which they are asked: zip and ole say more precisely what the file is, for those after them.
func inspectors() []Inspector {
	return []Inspector{
		zipFile{}, ooxmlFile{}, oleFile{}, biffFile{}, slkFile{}, csvFile{}, rtfFile{}, oneNoteFile{}, flatFile{}, activeMime{}, htmlFile{}, mailFile{}, tnefFile{}, gzipFile{},
		bzip2File{}, zstdFile{}, lzwFile{}, tarFile{}, cabFile{}, lzhFile{}, sevenFile{}, rarFile{}, xzFile{}, plainFile{}, diskFile{}, unreadFile{},
		lnkFile{}, urlFile{}, executableFile{}, scriptFile{}, pageFile{},
		pdfFile{}, smimeFile{}, pgpFile{}, calendarFile{},
	}
}

// File is one file on its way through the inspectors.
type File struct {
	Path finding.Path
	Kind string // one of the Kind constants
	Size int64

	called   string // its name as given, "" where none is; asked by name, or by typed where only the ending matters
	typed    string // a name with that ending; of a member, and where more than the ending matters, its own
	asked    bool   // the result may depend on more of its name than typed has
	same     *File  // what this is the content of: both have one name
	declared string // the media type that the mail declares, "" inside files
	content  io.ReaderAt
	read     bool     // its words were taken as those of a text of the mail
	sum      [32]byte // SHA-256, zero where it is not known
	whole    []byte   // SHA-256 of a large one, nil where it is not known
	sketch   bool     // sum is none, but internal/sparse's, which leaves filling out
	tailEnd  bool     // the end of a ZIP stands in the last bytes
	volume   bool     // what makes it a disc or virtual disk stands behind the beginning
	pdf      bool     // a PDF header stands among the first bytes of another kind
	mime     int64    // where a MIME message begins behind something else, 0 for none
	joined   joined   // a RAR or 7z archive behind something else
	archive  *zipinspect.Archive
	parent   *File
	looked   bool            // one of the inspectors looked into it
	waited   bool            // a document whose encryption was reported before it waited for words
	listed   bool            // an attachment or a member, not a text of the mail
	depth    int             // containers around it
	unpacked int64           // bytes unpacked from it and from what is in it
	packed   int64           // its size in what it was unpacked from, 0 where that is not known
	found    int             // findings on it
	sources  int             // members that a source tree has
	folders  map[string]int  // of them, by folder
	pages    map[string]bool // web pages among the members, without their endings
	scripts  []*foundScript  // members that are named unless they are sources of a tree
	report   int             // its place in Scan.files, -1 while it has none
	lures    *lure.Matcher   // reads its text; nil until somebody writes it
	words    *mailText       // keeps its text; nil where it is not the text of a mail
}

// name is the file's whole name.
func (f *File) name() string {
	for g := f; g != nil; g = g.same {
		g.asked = true
	}
	return f.called
}

// child is a file inside f.
func (f *File) child(name string) *File {
	return &File{Path: f.Path.Child(name), called: name, typed: name, parent: f, depth: f.depth + 1, report: -1}
}

// reader is the content for a format's library: every read asks the context, and an error of the file system is told from the format's.
func (f *File) reader(ctx context.Context) *io.SectionReader {
	return io.NewSectionReader(contextReader{ctx, f.content}, 0, f.Size)
}

// Module is one VBA module of a file.
type Module struct {
	Name   string `json:"name"`
	Stream string `json:"stream"`
	Len    int    `json:"len"`              // bytes of Source
	SHA256 string `json:"sha256"`           // of Source
	Source string `json:"source,omitempty"` // UTF-8, "\n" line ends, Attribute lines kept; printed with --macros only
}

// Evidence is an address, path or command that a macro's code yields; printed with --macros only.
type Evidence struct {
	Type   string `json:"type"` // url, path, command, name
	Text   string `json:"text"`
	Module string `json:"module"` // its stream
	Line   int    `json:"line"`
}

// FileReport is what is known of one file: the message's attachment, or a file inside one. Its JSON is DESIGN's files[].
type FileReport struct {
	Path             string     `json:"path"`
	Kind             string     `json:"kind"`
	SHA256           string     `json:"sha256,omitempty"` // "" where it is not known
	HasVBA           bool       `json:"has_vba"`
	HasXLM           bool       `json:"has_xlm"`
	Encrypted        bool       `json:"encrypted"`
	DefaultPassword  bool       `json:"default_password"`
	ExternalTemplate string     `json:"external_template"`
	DDE              bool       `json:"dde"`
	OLEObjects       int        `json:"ole_objects"`
	RTFObjects       int        `json:"rtf_objects"`
	OneNoteEmbedded  int        `json:"onenote_embedded"`
	LNKTarget        string     `json:"lnk_target"`
	LNKArgs          string     `json:"lnk_args"`
	Modules          []Module   `json:"modules,omitempty"`
	Evidence         []Evidence `json:"evidence,omitempty"`
	XLM              []string   `json:"xlm,omitempty"`          // formulas of macro sheets: "Macro1!A1: =EXEC(…)"; printed with --macros only
	MacroHash        string     `json:"macro_sha256,omitempty"` // the fingerprint of all its macros, "" without any (fingerprint.go)
}
