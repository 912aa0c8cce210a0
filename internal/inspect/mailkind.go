package inspect

import (
	"bytes"
	"strings"
)

// mailStart reports whether text begins as a mail or a MIME entity does: header fields, one of which only mail has. An mbox line before
// them is allowed (RFC 4155).
func mailStart(b []byte) bool {
	strong, fields := 0, 0
	for n := 0; len(b) > 0 && n < maxStartLines; n++ {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		line = bytes.TrimRight(line, "\r")
		switch {
		case n == 0 && bytes.HasPrefix(line, []byte("From ")):
		case len(line) > 0 && (line[0] == ' ' || line[0] == '\t') && fields > 0: // RFC 5322 2.2.3, folding
		default:
			name, ok := fieldName(line)
			if !ok {
				return mail(strong, fields)
			}
			fields++
			if mailField(name) {
				strong++
			}
		}
		b = rest
	}
	return mail(strong, fields)
}

const maxStartLines = 100 // a header of a mail that passed many relays

func mail(strong, fields int) bool { return strong >= 2 || strong == 1 && fields >= 2 }

// fieldName returns the name of a header field in lower case (RFC 5322 2.2): printable ASCII but colon, before a colon.
func fieldName(line []byte) (string, bool) {
	i := bytes.IndexByte(line, ':')
	if i <= 0 {
		return "", false
	}
	name := bytes.TrimRight(line[:i], " \t")
	for _, c := range name {
		if c <= ' ' || c > '~' {
			return "", false
		}
	}
	return strings.ToLower(string(name)), len(name) > 0
}

// mailField reports whether a field by that name makes text a mail.
func mailField(name string) bool {
	switch name {
	case "from", "received", "return-path", "mime-version", "content-type", "message-id", "delivered-to", "dkim-signature",
		"content-transfer-encoding", "x-mailer", "reply-to":
		return true
	}
	return false
}
