package message

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sekisho/internal/budget"
	"sekisho/internal/finding"
)

// Via says how a part came.
type Via string

// The ways a part comes.
const (
	ViaPart     Via = "part"     // a MIME part, or the whole body
	ViaUUEncode Via = "uuencode" // a uuencoded file inside text
	ViaYEnc     Via = "yenc"     // a yEnc file inside text
)

// Part is one leaf of the message, as a mail client would show it.
type Part struct {
	// Path is the base path and the part number as in IMAP (RFC 9051 6.4.5: "1", "2.1"). A uuencoded file adds its own number to
	// that of its text ("1.1"), and the content under a second reading of a broken message adds "~" ("2~").
	Path        finding.Path
	Header      *Header  // the part's own header; the message's for a message of one part
	Type        string   // declared media type in lower case, "text/plain" where none is given
	Name        string   // decoded file name, "" where none is given
	Names       []string // every file name the header can be read to give (name=, filename=, other charsets), best first
	Attachment  bool     // has a file name, an attachment disposition or a type that is neither text nor a delivery report
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
	Depth    int            // nested multiparts and messages: 50, ten times what forwarding people reach
	Parts    int            // leaves: 2000, above the largest digest
	Header   int            // bytes of one header: 256 KiB, above what MTAs accept (Postfix header_size_limit 100 KB)
	Body     int64          // bytes of the whole message: 256 MiB, above what mail servers accept
	Text     int            // bytes of Part.Text: 1 MiB
	Memory   int64          // bytes a Buffer keeps in memory before it spools: 2 MiB, above four mails of five
	SpoolDir string         // "" means os.TempDir()
	Budget   *budget.Budget // what buffers take their memory from; nil for none: then each has Memory
}

// WithDefaults fills in what is zero.
func (l Limits) WithDefaults() Limits {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&l.Depth, 50)
	def(&l.Parts, 2000)
	def(&l.Header, 256<<10)
	def(&l.Text, 1<<20)
	if l.Body <= 0 {
		l.Body = 256 << 20
	}
	if l.Memory <= 0 {
		l.Memory = 2 << 20
	}
	return l
}

// maxProblems is how many mail.malformed findings one message makes: enough to tell a reader, too few to fill a log.
const maxProblems = 32

// common is what a walk shares with the walks of the encoded messages inside it.
type common struct {
	base     finding.Path
	limits   Limits
	handler  Handler
	root     *Walker
	parts    int
	problems int
	told     map[finding.Kind]bool // limits already reported
	full     bool                  // the limit of parts is reached: nothing more is read
	work     *work                 // digests there: of every part given to the handler
	rewalked int64                 // bytes walked a second time
}

// problem reports that the message is malformed.
func (c *common) problem(num, format string, args ...any) {
	if c.problems++; c.problems <= maxProblems {
		c.handler.Finding(finding.New(finding.MailMalformed, c.path(num), format, args...))
	}
}

// limit reports a limit, each kind once.
func (c *common) limit(k finding.Kind, num, format string, args ...any) {
	if c.told == nil {
		c.told = map[finding.Kind]bool{}
	}
	if !c.told[k] {
		c.told[k] = true
		c.handler.Finding(finding.New(k, c.path(num), format, args...))
	}
}

func (c *common) path(num string) finding.Path {
	if num == "" {
		return c.base.Child("1")[:len(c.base)]
	}
	return c.base.Child(num)
}

// mode is what the next bytes are.
type mode uint8

const (
	inHeader mode = iota
	inLeaf
	inPreamble // before a multipart's first delimiter
	inEpilogue // after its close delimiter
	inSkip     // the rest of a delimiter line that is too long
	inDiscard  // after a limit
)

// Walker parses one message as its bytes arrive. It is not safe for concurrent use.
type Walker struct {
	*common
	mode    mode
	after   mode // what follows inSkip
	pos     int64
	carry   []byte // bytes not decided yet
	bol     bool   // the next byte begins a line
	depth   int    // frames of the walks around this one
	again   bool   // this walk is a second reading
	frames  []frame
	ghosts  []frame // multiparts that a delimiter further out cut off
	leaf    *leaf
	shadows []*leaf
	top     *Header
	err     error

	num      string // the part whose header is being read
	hbuf     []byte
	lineAt   int // where the current header line begins in hbuf
	lineLen  int
	overflow bool // header bytes were dropped
}

// NewWalker starts a walk. base is put before every part number: nil for a mail, the path of the file for a mail inside an archive.
func NewWalker(base finding.Path, l Limits, h Handler) *Walker {
	w := &Walker{common: &common{base: base, limits: l.WithDefaults(), handler: h, work: newWork()}, bol: true}
	w.root = w
	w.hbuf, w.carry, w.frames = w.work.header, w.work.carry, append(w.work.frames, frame{})
	return w
}

// Write takes the next bytes of the raw message, header included. p is not retained.
func (w *Walker) Write(p []byte) (int, error) {
	size := len(p)
	if over := w.pos + int64(len(w.carry)) + int64(len(p)) - w.limits.Body; over > 0 && w.mode != inDiscard && w == w.root {
		w.limit(finding.LimitSize, "", "message is larger than %d bytes; the rest was not read", w.limits.Body)
		w.feed(p[:max(0, int64(len(p))-over)])
		w.settleCarry()
		w.mode = inDiscard
	} else {
		w.feed(p)
	}
	if w.err != nil {
		return 0, w.err
	}
	return size, nil
}

// carryStep is how much of a new chunk joins the carried bytes at a time: a line is usually enough.
const carryStep = 256

// feed runs the parser over the carried bytes and p, and carries what it could not decide.
func (w *Walker) feed(p []byte) {
	for len(w.carry) > 0 && len(p) > 0 && w.err == nil {
		held := len(w.carry)
		step := min(len(p), max(carryStep, held))
		w.carry = append(w.carry, p[:step]...)
		n := w.process(w.carry, false)
		if n >= held { // all that was carried is used: go on in p itself
			p = p[n-held:]
			w.carry = w.carry[:0]
			break
		}
		w.carry = append(w.carry[:0], w.carry[n:]...)
		p = p[step:]
	}
	if len(p) > 0 && w.err == nil {
		n := w.process(p, false)
		w.carry = append(w.carry, p[n:]...)
	}
}

// process parses data and returns how much of it is decided: all of it when final.
func (w *Walker) process(data []byte, final bool) int {
	if w.full {
		return len(data)
	}
	n := 0
	for n < len(data) && w.err == nil {
		var k int
		switch w.mode {
		case inHeader:
			k = w.header(data[n:], final)
		case inSkip:
			k = w.skipLine(data[n:], final)
		case inDiscard:
			k = len(data) - n
		default:
			k = w.body(data[n:], final)
		}
		if k == 0 {
			break
		}
		n += k
		w.pos += int64(k)
	}
	return n
}

// Close ends the message and yields what was still open. Nothing but Header may be called after it.
func (w *Walker) Close() error {
	if w.work == nil {
		return w.err
	}
	w.settleCarry()
	if w.err == nil && w.mode == inHeader && !w.full && w.lineLen > 0 { // the last line may be a delimiter
		w.endLine(nil)
	}
	if w.err == nil && w.mode == inHeader && !w.full {
		w.endHeader(false, nil)
	}
	w.endAll()
	if w == w.root {
		w.top = w.Header()
		w.work.header, w.work.carry, w.work.frames = w.hbuf, w.carry, w.frames
		w.hbuf, w.carry, w.frames = nil, nil, nil
		w.work.free()
		w.work = nil
	}
	return w.err
}

// settleCarry decides the carried bytes: nothing follows them.
func (w *Walker) settleCarry() {
	if w.err == nil && len(w.carry) > 0 {
		w.process(w.carry, true)
		w.carry = w.carry[:0]
	}
}

// Header is the top header, complete once the body has begun.
func (w *Walker) Header() *Header {
	if w.top != nil {
		return w.top
	}
	h, _ := parseHeader(string(w.hbuf))
	return h
}

// header collects a header block, line by line.
func (w *Walker) header(data []byte, final bool) int {
	for i, c := range data {
		if c != '\r' && c != '\n' {
			continue
		}
		n, ok := decidedEnd(data[i:], final)
		w.addLine(data[:i])
		if !ok {
			return i
		}
		w.endLine(data[i : i+n])
		return i + n
	}
	w.addLine(data)
	return len(data)
}

// decidedEnd is the length of the line end that s begins with; ok is false while more bytes could make it longer.
func decidedEnd(s []byte, final bool) (n int, ok bool) {
	crs := 0
	for crs < len(s) && crs < maxCRs && s[crs] == '\r' {
		crs++
	}
	if crs == len(s) && crs < maxCRs && !final {
		return 0, false
	}
	return lineEnd(s), crs < maxCRs || len(s) > crs || final
}

// addLine adds to the current line. What is over the limit is dropped, but for the start of the line, which may be a delimiter.
func (w *Walker) addLine(p []byte) {
	w.owe(p)
	w.lineLen += len(p)
	room := max(w.limits.Header-len(w.hbuf), w.lineAt+maxDelimiter-len(w.hbuf), 0)
	if len(p) > room {
		w.dropHeader()
		p = p[:room]
	}
	w.hbuf = append(w.hbuf, p...)
}

func (w *Walker) dropHeader() {
	if !w.overflow {
		w.overflow = true
		w.limit(finding.LimitSize, w.num, "header is larger than %d bytes; the rest was not read", w.limits.Header)
	}
}

// endLine takes the end of a header line: a field, the blank line, or a delimiter that ends the part before its body began.
func (w *Walker) endLine(eol []byte) {
	line := w.hbuf[w.lineAt:]
	if w.lineLen == 0 {
		w.endHeader(true, eol)
		return
	}
	if m, ok := w.match(line); ok {
		line = append([]byte(nil), line...)
		w.hbuf = w.hbuf[:w.lineAt]
		w.unowe(w.lineLen)
		w.endHeader(false, nil)
		w.delimiter(m, nil, line, eol)
		return
	}
	w.tee(nil)
	w.owe(eol)
	if len(w.hbuf) > w.limits.Header {
		w.hbuf = w.hbuf[:w.lineAt]
		w.dropHeader()
	} else {
		w.hbuf = append(w.hbuf, eol...)
	}
	w.lineAt, w.lineLen = len(w.hbuf), 0
}

// startHeader begins the header of part num.
func (w *Walker) startHeader(num string) {
	w.mode, w.num = inHeader, num
	w.hbuf, w.lineAt, w.lineLen, w.overflow = w.hbuf[:0], 0, 0, false
}

// endHeader reads the collected block and begins the body. blank says that the blank line was there; without it, or when lines before
// it look like content, those lines are the body's first.
func (w *Walker) endHeader(blank bool, eol []byte) {
	if blank {
		w.tee(nil)
		w.owe(eol)
	}
	text := string(w.hbuf)
	h, tail := parseHeader(text)
	if w.top == nil {
		w.top = h
	}
	e := readEntity(h, w.defaultType())
	older := len(w.shadows) // these have had the header's lines already
	num := w.begin(e)
	for _, p := range e.problems {
		w.problem(num, "%s", p)
	}
	if tail < 0 || w.mode != inLeaf {
		return
	}
	run := text[tail:]
	switch {
	case !blank: // the line end before a delimiter is the delimiter's
		w.problem(num, "no blank line after the header")
		w.late([]byte(trimEnd(run)), older)
	case bodyLike(run, e):
		w.problem(num, "no blank line after the header")
		w.late([]byte(run+string(eol)), older)
	}
}

func trimEnd(s string) string {
	for i := max(0, len(s)-maxCRs-1); i < len(s); i++ {
		if lineEnd(s[i:]) == len(s)-i {
			return s[:i]
		}
	}
	return s
}

// bodyLike reports whether header lines without a colon are the start of an encoded body.
func bodyLike(run string, e *entity) bool {
	line, size := cutLine(run)
	for n := 0; strings.Trim(line, " \t") == "" && size < len(run) && n < maxBlankLines; n++ { // a line of blanks may stand for the blank line
		run = run[size:]
		line, size = cutLine(run)
	}
	if _, ok := uuBegin([]byte(line)); ok {
		return true
	}
	return slices.Contains(e.encs, base64Encoding) && len(line) >= 16 && base64Like([]byte(line))
}

// maxBlankLines is how many lines of blanks before a body are passed over: one stands for the blank line, more are padding.
const maxBlankLines = 64

// base64Like reports whether p is of base64's alphabet, line ends and blanks aside.
func base64Like(p []byte) bool {
	for _, c := range p {
		if base64Value[c] == skipped && c > ' ' {
			return false
		}
	}
	return true
}

// defaultType is the type of a part without Content-Type (RFC 2045 5.2; in a digest RFC 2046 5.1.5).
func (w *Walker) defaultType() string {
	if w.frames[len(w.frames)-1].digest {
		return "message/rfc822"
	}
	return "text/plain"
}

// child is the number of the nth part under prefix (RFC 9051 6.4.5).
func child(prefix string, n int) string {
	if prefix == "" {
		return strconv.Itoa(n)
	}
	return prefix + "." + strconv.Itoa(n)
}

// begin starts the body that e describes, and returns the part's number.
func (w *Walker) begin(e *entity) string {
	parent := &w.frames[len(w.frames)-1]
	num, prefix := w.num, w.num
	if !parent.multipart { // the body of a message: a multipart's parts are numbered under the message itself
		num, prefix = child(parent.prefix, 1), parent.prefix
	}
	w.bol = true
	container := isMultipart(e.typ) || isMessage(e.typ)
	switch {
	case container && w.depth+len(w.frames) > w.limits.Depth:
		w.limit(finding.LimitDepth, num, "nested deeper than %d; the rest is inspected as one file", w.limits.Depth)
		w.startLeaf(num, e, asLeaf)
	case isMultipart(e.typ):
		w.startMultipart(num, prefix, e)
	case isMessage(e.typ) && e.encoded():
		w.startMessage(num, e)
	case isMessage(e.typ):
		w.startOthers(num, e, asMessage)
		w.frames = append(w.frames, frame{prefix: num})
		w.startHeader("")
	default:
		w.partial(num, e)
		w.startLeaf(num, e, asLeaf)
		w.startOthers(num, e, asLeaf)
	}
	return num
}

// startMessage begins an encoded message (RFC 2046 5.2.1 forbids it, programs decode it). One that is only labelled so is read as it is.
func (w *Walker) startMessage(num string, e *entity) {
	w.problem(num, "message with a transfer encoding")
	w.startLeaf(num, e, asMessage)
	w.startOthers(num, e, asMessage)
	if e.enc != quotedPrintable && !slices.Contains(e.encs, identity) {
		w.shadow(w.newLeaf(num, e, asMessage).with(identity))
	}
}

// partial reports the types whose content is elsewhere. A message cut in pieces (RFC 2046 5.2.2) would pass a filter piece by piece, and a
// mail program may put it together; an external body (5.2.3) is nothing that a mail program fetches by itself.
func (w *Walker) partial(num string, e *entity) {
	switch e.typ {
	case "message/partial":
		w.limit(finding.ScanIncomplete, num, "message/partial: the rest of the file is in other messages")
	case "message/external-body":
		w.problem(num, "message/external-body: the content is not in this message")
	}
}

func (w *Walker) startMultipart(num, prefix string, e *entity) {
	if len(e.bounds) == 0 {
		w.problem(num, "multipart without a boundary")
	}
	if e.unbound {
		w.limit(finding.ScanIncomplete, num, "a boundary that is empty, too long or one too many: parts may hide behind it")
	}
	if len(e.bounds) > 1 {
		w.problem(num, "boundary has %d readings", len(e.bounds))
	}
	for i := range w.frames { // at most limits.Depth
		if slices.ContainsFunc(e.bounds, func(b string) bool { return slices.Contains(w.frames[i].bounds, b) }) {
			w.problem(num, "boundary of an outer multipart used again")
			break
		}
	}
	if e.encoded() { // RFC 2045 6.4 forbids it; programs disagree: the encoded form is read here, the decoded one after it
		w.problem(num, "multipart with a transfer encoding")
		w.shadow(w.newLeaf(num, e, asMultipart))
	}
	w.startOthers(num, e, asMultipart)
	w.frames = append(w.frames, frame{multipart: true, prefix: prefix, num: num, bounds: e.bounds, undeclared: len(e.bounds) == 0, digest: e.typ == "multipart/digest"})
	w.startPlain(num, inPreamble)
}

// startOthers begins the second readings of a part that is used as u: other transfer encodings, base64 that is not declared, and the
// type of a leaf where the first reading is a container.
func (w *Walker) startOthers(num string, e *entity, u use) {
	for _, enc := range e.encs {
		if enc == unknownEncoding {
			enc = base64Encoding
		}
		if enc != e.enc && enc != identity || enc == identity && e.encoded() && u != asMultipart {
			w.shadow(w.newLeaf(num, e, u).with(enc))
		}
	}
	for _, t := range e.others {
		if u != asLeaf && !isMultipart(t) && !isMessage(t) && !isText(t) {
			w.shadow(w.newLeaf(num, e.as(t), asLeaf))
		}
	}
}

// fail keeps the first error of ours.
func (w *Walker) fail(err error) {
	if w.err == nil && err != nil {
		w.err = fmt.Errorf("message: %w", err)
	}
}
