package milter

import (
	"bytes"
	"mime"
	"slices"
	"strings"

	"sekisho/internal/finding"
)

// Fields we write. Whatever comes in under ownPrefix is removed.
const (
	ownPrefix     = "x-sekisho-"
	fieldVerdict  = "X-Sekisho-Verdict"
	fieldRule     = "X-Sekisho-Rule"
	fieldFindings = "X-Sekisho-Findings"
	fieldID       = "X-Sekisho-Id"
	fieldRelease  = "X-Sekisho-Release"
)

// valueMax keeps a field of ours on one line of RFC 5322 2.1.1 (998 characters).
const valueMax = 900

// isField compares field names: without case, and without the white space that obsolete syntax allows before the colon (RFC 5322 4.5).
func isField(name []byte, want string) bool {
	if len(name) < len(want) {
		return false
	}
	return strings.EqualFold(string(bytes.TrimRight(name, " \t")), want)
}

// ownFields counts the incoming fields under ownPrefix: the protocol names an occurrence by name and number.
type ownFields struct {
	total int
	names []string // as first seen, in order
	count map[string]int
}

// note counts a field. It reports false beyond ownMax.
func (o *ownFields) note(name []byte) bool {
	if len(name) < len(ownPrefix) || !strings.EqualFold(string(name[:len(ownPrefix)]), ownPrefix) {
		return true
	}
	if o.count == nil {
		o.count = map[string]int{}
	}
	key := strings.ToLower(string(name))
	if o.count[key] == 0 {
		o.names = append(o.names, string(name))
	}
	o.count[key]++
	o.total++
	return o.total <= ownMax
}

// each calls f for every field, the last of a name first: removing one renumbers those after it.
func (o *ownFields) each(f func(name string, n int)) {
	for _, name := range o.names {
		for i := o.count[strings.ToLower(name)]; i > 0; i-- {
			f(name, i)
		}
	}
}

// firstFields are the first fields of the names that dispose needs, as sent.
type firstFields struct {
	messageID, contentType, mark string
	subject                      string
	hasSubject                   bool
}

func (f *firstFields) note(name, value []byte) {
	switch {
	case isField(name, "Subject") && !f.hasSubject:
		f.subject, f.hasSubject = string(value), true
	case isField(name, "Message-Id") && f.messageID == "":
		f.messageID = string(bytes.TrimSpace(value))
	case isField(name, "Content-Type") && f.contentType == "":
		f.contentType = string(bytes.TrimSpace(value))
	case isField(name, fieldRelease) && f.mark == "":
		f.mark = string(bytes.TrimSpace(value))
	}
}

// sealed are the media types of messages that are signed or encrypted as a whole (RFC 1847, RFC 8551 3).
var sealed = []string{"multipart/signed", "multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}

// isSealed reports whether the message is one of them.
func (f *firstFields) isSealed() bool {
	media, _, _ := strings.Cut(f.contentType, ";")
	return slices.Contains(sealed, strings.ToLower(strings.TrimSpace(media)))
}

// lineMax is RFC 5322 2.1.1's longest line, without its line end.
const lineMax = 998

// taggedSubject puts tag before the subject. The subject's own bytes stay: encoded-words remain whole because white space stands
// before them (RFC 2047 5). ok is false where the subject has the tag.
func taggedSubject(tag, subject string) (value string, ok bool) {
	tag = encodeTag(strings.TrimSpace(tag))
	subject = strings.TrimLeft(folded(subject), " \t")
	if strings.HasPrefix(subject, tag) {
		return "", false
	}
	line, _, _ := strings.Cut(subject, "\n")
	if len("Subject: ")+len(tag)+1+len(line) > lineMax {
		return tag + "\n " + subject, true
	}
	if subject == "" {
		return tag, true
	}
	return tag + " " + subject, true
}

// folded makes a value that came in safe to go out: a NUL would end it, and a line that does not begin with white space would be another
// field, or the body. Line ends are LF, as MTAs want them.
func folded(value string) string {
	var b strings.Builder
	value = strings.ReplaceAll(strings.ReplaceAll(value, "\x00", ""), "\r", "") // as bytes: it may be in any charset
	for i, line := range strings.Split(value, "\n") {
		switch {
		case i == 0:
		case strings.TrimSpace(line) == "":
			continue
		case line[0] == ' ' || line[0] == '\t':
			b.WriteByte('\n')
		default:
			b.WriteString("\n ")
		}
		b.WriteString(line)
	}
	return b.String()
}

// encodeTag writes a tag that is not ASCII as an encoded-word. White space between two encoded-words is not shown (RFC 2047 6.2), so the
// separating space is encoded with it.
func encodeTag(tag string) string {
	if ascii(tag) == tag {
		return tag
	}
	return mime.BEncoding.Encode("utf-8", strings.ToValidUTF8(tag, "?")+" ")
}

// ascii makes s safe as a field value or reply text, which the library sends as they are: printable ASCII, at most valueMax bytes.
func ascii(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
	return s[:min(len(s), valueMax)]
}

// kindList names each kind once, in order, as many as fit a field.
func kindList(fs []finding.Finding) string {
	var b strings.Builder
	seen := map[finding.Kind]bool{}
	for _, f := range fs {
		if seen[f.Kind] || b.Len()+2+len(f.Kind) > valueMax {
			continue
		}
		seen[f.Kind] = true
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(f.Kind))
	}
	return b.String()
}
