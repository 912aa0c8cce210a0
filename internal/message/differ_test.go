package message_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"regexp"
	"strings"
	"testing"

	gomessage "github.com/emersion/go-message"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/message"
)

// FuzzGoMessage holds the walk against go-message: every leaf that it reads to its end without an error, we yield
// too, with the same bytes. It is known to read otherwise, and wrong, where
//
//   - a CR alone ends lines, as some programs read them: it sees one long field
//   - the Content-Type is one that package mime refuses and mail programs understand: it sees text
//   - a message is declared as such by multipart/digest (RFC 2046 5.1.5) or by another type than message/rfc822: it sees a file
//   - a field comes twice: it goes by the first
//   - the message ends in a line, without its end, that begins like a delimiter: it takes any such for one
//   - delimiters end with LF and lines before them with CRLF: it leaves the CR
//
// and where the charset is converted, which is not the content.
func FuzzGoMessage(f *testing.F) {
	for _, s := range attachmentShapes() {
		f.Add([]byte(s.mail))
	}
	f.Add(fixture.Message("a@example.com", "b@example.com", "s", fixture.TextPart("x"), fixture.FilePart("請求書.doc", "application/msword", doc)).Bytes())
	f.Fuzz(func(t *testing.T, mail []byte) {
		lastLine := mail[bytes.LastIndexByte(mail, '\n')+1:]
		if len(mail) > 16<<10 || bytes.Contains(bytes.ReplaceAll(mail, []byte("\r\n"), nil), []byte("\r")) || bytes.HasPrefix(lastLine, []byte("--")) {
			return
		}
		r := walk(t, mail, message.Limits{SpoolDir: t.TempDir(), Memory: 1 << 20}, whole)
		for _, f := range r.findings {
			if f.Kind != finding.MailMalformed { // we stopped somewhere, and said so
				return
			}
		}
		for _, theirs := range leaves(bytes.NewReader(mail), 0) {
			if len(theirs) > 0 && !r.has(theirs) {
				t.Errorf("go-message sees %q, we see %q\n%q", theirs, r.content, mail)
			}
		}
	})
}

// has reports whether one of the parts has that content, given a CR at its end.
func (r *recorder) has(b []byte) bool {
	for _, c := range r.content {
		if bytes.Equal(bytes.TrimSuffix(c, []byte("\r")), bytes.TrimSuffix(b, []byte("\r"))) {
			return true
		}
	}
	return false
}

// leaves are the decoded leaves of a message as go-message sees them, of messages inside it too.
func leaves(r io.Reader, depth int) [][]byte {
	e, err := gomessage.Read(r)
	if err != nil || depth > 20 {
		return nil
	}
	return entityLeaves(e, depth)
}

func entityLeaves(e *gomessage.Entity, depth int) (list [][]byte) {
	media, params, err := mime.ParseMediaType(e.Header.Get("Content-Type"))
	if e.Header.FieldsByKey("Content-Type").Len() > 1 || e.Header.FieldsByKey("Content-Transfer-Encoding").Len() > 1 {
		return nil
	}
	if e.Header.Has("Content-Type") && (err != nil || !strings.Contains(media, "/")) || depth > 20 {
		return nil
	}
	if mr := e.MultipartReader(); mr != nil {
		for {
			p, err := mr.NextPart()
			if p == nil || err != nil {
				return list
			}
			if media == "multipart/digest" && !p.Header.Has("Content-Type") {
				continue
			}
			list = append(list, entityLeaves(p, depth+1)...)
		}
	}
	b, err := io.ReadAll(e.Body)
	charset := strings.ToLower(params["charset"])
	switch {
	case err != nil, charset != "" && charset != "utf-8" && charset != "us-ascii":
		return nil
	case media == "message/rfc822":
		return leaves(bytes.NewReader(b), depth+1)
	case strings.HasPrefix(media, "message/"), strings.Contains(media, "rfc822"):
		return nil
	}
	if strings.EqualFold(e.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		return nil // see FuzzQuotedPrintable
	}
	return append(list, b)
}

// FuzzBase64 holds base64 against the standard library, which knows no junk: where that decodes a text, we have the same bytes.
func FuzzBase64(f *testing.F) {
	for _, s := range []string{"aGVsbG8=", "aGVs\r\nbG8=\r\n", "aGVsbG8", "aGVs bG8=", "a===", "aGVsbG8=aGVs", "=", "aA==\naA==", strings.Repeat("QUJD", 100)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		want, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(text)))
		agree(t, "base64", text, want, err)
	})
}

// FuzzQuotedPrintable holds quoted-printable against the standard library, but for ends of lines: it deletes the blanks that a gateway may have added there
// (RFC 2045 6.7, rule 3), we leave them to the reader of the text, as mail programs do; and to us a CR alone ends a line.
func FuzzQuotedPrintable(f *testing.F) {
	for _, s := range []string{"a=3Db", "a=\r\nb", "a= \t\r\nb", "a \r\nb", "=e3=81=82", "a=\nb", "=", "a==\r\nb", "=3", "a\rb", "a=\rb", " \t\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		want, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(text)))
		if !otherEnds.Match(text) {
			agree(t, "quoted-printable", text, want, err)
		}
	})
}

var otherEnds = regexp.MustCompile(`[ \t]\r*(\n|$)|\r([^\n]|$)`)

// agree holds what we make of a body in an encoding against what somebody else did, unless he could not.
func agree(t *testing.T, encoding string, text, want []byte, err error) {
	t.Helper()
	if err != nil || len(text) > 16<<10 {
		return
	}
	mail := append([]byte("Content-Type: application/x; name=a\r\nContent-Transfer-Encoding: "+encoding+"\r\n\r\n"), text...)
	if r := walk(t, mail, message.Limits{SpoolDir: t.TempDir(), Memory: 1 << 20}, whole); !r.has(want) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%q decoded as %q, we have %q", text, want, r.content)
	}
}

// TestSecondReadingsAreExact: what a program sees that takes no line with more than the boundary for a delimiter.
func TestSecondReadingsAreExact(t *testing.T) {
	for body, want := range map[string]string{
		"hello\r\n--b-x\r\n\r\nbye\r\n--b--\r\n":                 "hello\r\n--b-x\r\n\r\nbye",
		"hello\r\n--b-x\r\nX: y\r\n\r\nbye\r\n\r\n--b--":         "hello\r\n--b-x\r\nX: y\r\n\r\nbye\r\n",
		"hello\r\n--b-x\r\n--b--":                                "hello\r\n--b-x",
		"hello\r\n--b-x\r\nX: y\r\n--b--\r\n":                    "hello\r\n--b-x\r\nX: y",
		"hello\r\n--b-x\r\n\r\n--b\r\n\r\nz":                     "hello\r\n--b-x\r\n",
		"hello\r\n--b-x\r\n--b-y\r\nX: y\r\n\r\n--b--":           "hello\r\n--b-x\r\n--b-y\r\nX: y\r\n",
		"hello\n--b-x\n\nbye\n--b--\n":                           "hello\n--b-x\n\nbye",
		"hello\r\n--b-x\r\n\r\nbye\r\n":                          "hello\r\n--b-x\r\n\r\nbye\r\n",
		"\r\n--b-x\r\n--b--":                                     "\r\n--b-x",
		"hello\r\n--b" + strings.Repeat("x", 5000) + "\r\n--b--": "hello\r\n--b" + strings.Repeat("x", 5000),
	} {
		r := sameInChunks(t, []byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"+body), message.Limits{})
		if !r.has([]byte(want)) {
			t.Errorf("%q: %q, want %q", body, r.content, want)
		}
	}
}
