package inspect

import (
	"bytes"
	"context"
	"strings"
)

// MHTML (RFC 2557): a document saved as a MIME message. Word and Excel open it under any name, with the VBA project in an ActiveMime part.

// savedPage tells a document from a mail by its header, which begins b: many parts, and no field that a mail has from its sender or on its way.
// Browsers write a From of their own.
func savedPage(b []byte) bool {
	multipart := false
	for name, value := range headerFields(b) {
		switch name {
		case "to", "cc", "received", "return-path", "delivered-to", "message-id", "sender", "reply-to", "dkim-signature":
			return false
		case "from":
			if !strings.HasPrefix(strings.ToLower(value), "<saved by ") {
				return false
			}
		case "content-type":
			multipart = isMultipart(value)
		}
	}
	return multipart
}

// headerFields are the fields of a header with their values unfolded.
func headerFields(b []byte) func(yield func(name, value string) bool) {
	return func(yield func(name, value string) bool) {
		name, value := "", ""
		for n := 0; n < maxStartLines; n++ {
			line, rest, more := bytes.Cut(b, []byte("\n"))
			line, b = bytes.TrimRight(line, "\r"), rest
			if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') && name != "" { // RFC 5322 2.2.3
				value += " " + strings.TrimSpace(string(line))
				continue
			}
			if name != "" && !yield(name, value) {
				return
			}
			var ok bool
			if name, ok = fieldName(line); !ok || !more {
				return
			}
			value = strings.TrimSpace(string(line[bytes.IndexByte(line, ':')+1:]))
		}
	}
}

func isMultipart(contentType string) bool {
	return strings.HasPrefix(strings.ToLower(contentType), "multipart/")
}

const (
	mimeFar      = 64 << 10 // how far behind the beginning a message is looked for
	mimeTriesMax = 16       // places that look like one
)

// identifyMIME looks for a message behind something else: Word takes a file for MHTML with lines before MIME-Version, even with a PDF before it.
func (s *Scan) identifyMIME(ctx context.Context, f *File, head []byte) error {
	switch f.Kind {
	case KindPDF, KindText, KindHTML, KindXML:
		b, err := f.look(ctx, 0, mimeFar)
		if err != nil {
			return err
		}
		head = b
	case KindData:
	case KindMHT:
		f.mime = int64(len(head) - len(textStart(head)))
		return nil
	default:
		return nil
	}
	if f.mime = int64(mimeStart(head)); f.mime > 0 && f.Kind == KindText {
		f.Kind = KindMHT
	}
	return nil
}

// mimeVersion is where the name of that field begins in b, in letters of any case, -1 for nowhere. It is known by its hyphen.
func mimeVersion(b []byte) int {
	const name, hyphen = "mime-version", 4
	for at := hyphen; at < len(b); at++ {
		i := bytes.IndexByte(b[at:], '-')
		if i < 0 {
			return -1
		}
		at += i
		if from := at - hyphen; from+len(name) <= len(b) && sameLetters(b[from:from+len(name)], name) {
			return from
		}
	}
	return -1
}

// sameLetters reports whether b is the lower-case ASCII text s, whatever the case of its letters.
func sameLetters(b []byte, s string) bool {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != s[i] {
			return false
		}
	}
	return true
}

// mimeStart is where a header begins with MIME-Version that has many parts, 0 for nowhere.
func mimeStart(b []byte) int {
	for at, n := 0, 0; n < mimeTriesMax; n++ {
		i := mimeVersion(b[at:])
		if i < 0 {
			return 0
		}
		at += i
		for name, value := range headerFields(b[at:]) {
			if name == "content-type" && isMultipart(value) {
				return at
			}
		}
		at++
	}
	return 0
}
