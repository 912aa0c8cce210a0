package message

import "sekisho/internal/finding"

// Via says how a part came.
type Via string

// The ways a part comes.
const (
	ViaPart     Via = "part"     // a MIME part, or the whole body
	ViaUUEncode Via = "uuencode" // a uuencoded file inside text
)

// Part is one leaf of the message, as a mail client would show it.
type Part struct {
	Path        finding.Path // base path + part number as in IMAP ("1", "2.1"); a uuencoded file adds its own number
	Header      *Header      // the part's own header; the message's for a message of one part
	Type        string       // declared media type in lower case, "text/plain" where none is given
	Name        string       // decoded file name, "" where none is given
	Names       []string     // every file name the header can be read to give (name=, filename=, other charsets), best first
	Attachment  bool         // has a file name, an attachment disposition or a type other than text
	Via         Via
	Text        string  // of a text part: UTF-8, at most Limits.Text bytes; HTML as it stands
	Content     *Buffer // the decoded content; valid during Handler.Part only
	SHA256      [32]byte
	EncodedSize int64 // bytes before decoding
}

// Handler takes what the walk finds, in order.
type Handler interface {
	// Part takes a leaf. An error ends the walk and comes back from Write or Close.
	Part(p *Part) error
	// Finding takes what is broken or over a limit.
	Finding(f finding.Finding)
}

// Limits bound one walk. The zero value of a field is its default.
type Limits struct {
	Depth    int    // nested multiparts and messages
	Parts    int    // leaves
	Header   int    // bytes of one header
	Body     int64  // bytes of the whole message
	Text     int    // bytes of Part.Text
	Memory   int64  // bytes a Buffer keeps in memory before it spools
	SpoolDir string // "" means os.TempDir()
}

// Walker parses one message as its bytes arrive.
type Walker struct{}

// NewWalker starts a walk. base is put before every part number: nil for a mail, the path of the file for a mail inside an archive.
func NewWalker(base finding.Path, l Limits, h Handler) *Walker { panic("skeleton") }

// Write takes the next bytes of the raw message, header included. p is not retained.
func (w *Walker) Write(p []byte) (int, error) { panic("skeleton") }

// Close ends the message and yields what was still open.
func (w *Walker) Close() error { panic("skeleton") }

// Header is the top header, complete once the body has begun.
func (w *Walker) Header() *Header { panic("skeleton") }
