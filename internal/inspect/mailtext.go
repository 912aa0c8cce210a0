package inspect

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"

	"sekisho/internal/finding"
	"sekisho/internal/links"
	"sekisho/internal/lure"
	"sekisho/internal/message"
	"sekisho/internal/password"
)

// mailSays is what the mail's own text says, gathered over its parts.
type mailSays struct {
	lures *lure.Matcher
	path  finding.Path // of the first part that is text of the mail
	links []links.Link
	texts []string // as Result.Texts
	seen  links.Seen
	cut   bool // a text is longer than is read
	taken int  // texts
}

// Text takes text of the message itself that is no part: its subject, the body of a winmail.dat. It may be a web page.
func (s *Scan) Text(text string) {
	s.ownText(nil, text, htmlStart([]byte(strings.ToLower(strings.TrimSpace(text[:min(len(text), textHead)])))))
}

const textHead = 1 << 10 // of a text that tells a web page

// Date is when the message was sent: some texts say that their password is the date.
func (s *Scan) Date(t time.Time) { s.words.Date(t) }

// partText takes the text of a part of a mail, where it has any. own is what the mail itself says to its reader, not an attached text.
func (s *Scan) partText(p *message.Part, own bool) {
	switch page := p.Type == "text/html"; {
	case p.Text == "":
	case own:
		s.ownText(p.Path, p.Text, page)
		s.restText(p, page)
	default:
		s.beside(shown(p.Text, page))
	}
}

const (
	textMax   = 1 << 20 // message.Limits.Text by default: what Part.Text has of a part's bytes
	restPiece = 256 << 10
	restMax   = 4 << 20 // of a text that is read; hidden filling before a password is cheap for who writes it
)

// restText takes what is left of a long text in pieces, whose words may be cut. Its charset is guessed, which leaves ASCII as it is.
func (s *Scan) restText(p *message.Part, page bool) {
	s.mail.cut = s.mail.cut || p.Content.Size() > restMax
	b := make([]byte, min(restPiece, max(0, p.Content.Size()-textMax)))
	for off := int64(textMax); off < min(p.Content.Size(), restMax); off += int64(len(b)) {
		n, _ := p.Content.ReadAt(b, off) // the inspectors meet a spool that fails too
		if n == 0 {
			return
		}
		s.ownText(p.Path, hintText(b[:n]), page)
	}
}

// shown is a text as its reader sees it.
func shown(text string, page bool) string {
	text, _ = read(text, page, false)
	return text
}

// read is a text as its reader sees it, and where it leads.
func read(text string, page, own bool) (string, []links.Link) {
	switch {
	case page:
		p := links.HTML(text)
		return p.Text, p.Links
	case own:
		return text, links.Text(text)
	}
	return text, nil
}

// ownText takes text of the mail itself.
func (s *Scan) ownText(at finding.Path, text string, page bool) {
	s.mail.taken++
	text, found := read(text, page, true)
	s.words.Text(text)
	if at != nil {
		s.mail.keep(text)
	}
	if s.mail.lures == nil {
		s.mail.lures, s.mail.path = lure.New(), at
	}
	_, _ = io.WriteString(s.mail.lures, text)
	if len(found) > 0 && len(s.mail.links) < mailLinks {
		s.mail.leads(text, found)
	}
}

// What is kept of the mail's own texts: both forms of a multipart/alternative and what follows them, and of each as much as anybody quotes.
const (
	textsMax    = 4
	textKeepMax = 256 << 10
)

func (m *mailSays) keep(text string) {
	if len(m.texts) < textsMax {
		m.texts = append(m.texts, text[:min(len(text), textKeepMax)])
	}
}

// leads keeps the links that stand in no quoted history, each once.
func (m *mailSays) leads(text string, found []links.Link) {
	history := password.History(text)
	for _, l := range found {
		line := text[strings.LastIndexByte(text[:l.At], '\n')+1:]
		if l.At >= history && history < len(text) || strings.HasPrefix(line, ">") || len(m.links) >= mailLinks {
			continue
		}
		if m.seen.Add(l.URL, l.Text) {
			m.links = append(m.links, l)
		}
	}
}

const mailLinks = 1000 // of all parts

// textFindings says what the mail's own text says.
func (s *Scan) textFindings() {
	at := s.mail.path
	if said := s.words.Said(); len(said) > 0 {
		s.Add(finding.New(finding.MailPassword, at, "%.60q behind %.40q%s", said[0].Word, said[0].Behind, others(len(said)-1)))
	}
	s.linkFindings()
	if s.mail.lures == nil {
		return
	}
	var quoted []string
	for _, phrase := range s.mail.lures.Found() {
		quoted = append(quoted, fmt.Sprintf("%q", phrase))
	}
	if s.mail.lures = nil; len(quoted) > 0 {
		s.Add(finding.New(finding.MailLure, at, "%s", strings.Join(quoted, ", ")))
	}
}

// linkFindings says which links lead to files, and which show another host than theirs.
func (s *Scan) linkFindings() {
	var files, others sightings
	told := map[string]bool{}
	for i := range s.mail.links {
		l := &s.mail.links[i]
		if l.Class != links.Other && !told[l.URL] {
			told[l.URL] = true
			files.add("", fmt.Sprintf("%s %.80q", l.Class, l.URL))
		}
		if shown, ok := l.Mismatch(); ok {
			others.add("", fmt.Sprintf("%.60q leads to %.60q", shown, l.Host))
		}
	}
	text := &File{Path: s.mail.path}
	files.report(s, text, finding.MailDocumentLink)
	others.report(s, text, finding.MailLinkMismatch)
}

// hintMax is the size of a text beside locked files that is read for their password: readme.txt, password.txt. A longer one is a document.
const hintMax = 4 << 10

// hints takes the words of a file's name and of a short text.
func (s *Scan) hints(ctx context.Context, f *File) error {
	if f.called != "" {
		s.hear(heard{f.called, true, f.parent == nil})
	}
	if f.read || f.Size > hintMax || f.Kind != KindText && f.Kind != KindHTML {
		return nil
	}
	b, err := f.peek(ctx, 0, make([]byte, f.Size))
	if err != nil {
		return err
	}
	s.beside(shown(hintText(b), f.Kind == KindHTML))
	return nil
}

// hintText is a text file in UTF-8. What is in no Unicode encoding counts as Shift_JIS: ASCII, of which most passwords are, is the same in all others.
func hintText(b []byte) string {
	if b = plainText(b); utf8.Valid(b) {
		return string(b)
	}
	text, _ := japanese.ShiftJIS.NewDecoder().Bytes(b) // a decoder of x/text replaces what it cannot read
	return string(text)
}
