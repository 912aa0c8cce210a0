package message_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/message"
)

// kinds counts the findings of each kind.
func kinds(r *recorder) map[finding.Kind]int {
	n := map[finding.Kind]int{}
	for _, f := range r.findings {
		n[f.Kind]++
	}
	return n
}

func TestHundredThousandPartsStopAtTheLimit(t *testing.T) {
	mail := mixed("multipart/mixed; boundary=b", strings.Repeat("--b\r\n\r\na\r\n", 100_000))
	r := walk(t, []byte(mail), message.Limits{}, whole)
	if len(r.parts) != 2000 || kinds(r)[finding.LimitFiles] != 1 {
		t.Errorf("%d parts, findings %v", len(r.parts), kinds(r))
	}
}

func TestDeeperThanTheLimitIsOneRawLeaf(t *testing.T) {
	var b strings.Builder
	b.WriteString("Subject: s\r\n")
	for i := range 5000 {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d_\r\n\r\n--b%d_\r\n", i, i)
	}
	b.WriteString(fileHead + b64)
	r := sameInChunks(t, []byte(b.String()), message.Limits{})
	if n := kinds(r)[finding.LimitDepth]; n != 1 {
		t.Errorf("%d depth findings", n)
	}
	last := len(r.parts) - 1
	if len(r.parts) != 1 || !strings.Contains(string(r.content[last]), b64) || !r.parts[last].Attachment {
		t.Errorf("parts %v", r.parts)
	}
}

func TestNestedMessagesStopAtTheLimit(t *testing.T) {
	for name, field := range map[string]string{
		"plain": "Content-Type: message/rfc822\r\n\r\n",
		"qp":    "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := walk(t, []byte(strings.Repeat(field, 3000)+"hello"), message.Limits{}, whole)
			n := kinds(r)
			if n[finding.LimitDepth]+n[finding.LimitSize] == 0 || len(r.parts) == 0 || len(r.parts) > 100 {
				t.Errorf("%d parts, findings %v", len(r.parts), n)
			}
		})
	}
}

func TestLongHeaderIsCut(t *testing.T) {
	for name, long := range map[string]string{
		"many_fields": strings.Repeat("X-A: b\r\n", 50_000),
		"one_line":    "X-A: " + strings.Repeat("b", 400_000) + "\r\n",
		"no_colon":    strings.Repeat("bbbbbbb ", 50_000) + "\r\n",
		"folded":      "X-A: b" + strings.Repeat("\r\n b", 100_000) + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			mail := "Subject: s\r\nContent-Type: multipart/mixed; boundary=b\r\n" + long + "X-After: y\r\n\r\n--b\r\n" + fileHead + b64 + "--b--\r\n"
			r := walk(t, []byte(mail), message.Limits{}, func(int) int { return 1000 })
			if n := kinds(r); n[finding.LimitSize] != 1 || len(r.parts) != 1 || r.parts[0].Name != "a.doc" {
				t.Errorf("parts %v, findings %v", r.parts, n)
			}
		})
	}
}

func TestHeaderLimitDoesNotHideADelimiter(t *testing.T) {
	mail := mixed("multipart/mixed; boundary=b", "--b\r\nX-A: "+strings.Repeat("b", 400_000)+"\r\n--b\r\n"+fileHead+b64+"--b--\r\n")
	r := sameInChunks(t, []byte(mail[:100]+mail[400:]), message.Limits{Header: 128})
	if last := len(r.parts) - 1; r.parts[last].Name != "a.doc" {
		t.Errorf("parts %v", r.parts)
	}
}

func TestMessageSizeLimit(t *testing.T) {
	mail := []byte("Subject: s\r\n\r\n" + strings.Repeat("0123456789", 1000))
	r := sameInChunks(t, mail, message.Limits{Body: 1014})
	if n := kinds(r)[finding.LimitSize]; n != 1 || len(r.parts) != 1 || r.parts[0].Size != 1000 {
		t.Errorf("%d findings, parts %v", n, len(r.parts))
	}
}

func TestMalformedFindingsFallSilent(t *testing.T) {
	r := walk(t, []byte(mixed("multipart/mixed; boundary=b", strings.Repeat("--b x\r\n\r\na\r\n", 1000))), message.Limits{}, whole)
	if n := kinds(r)[finding.MailMalformed]; n == 0 || n > 40 {
		t.Errorf("%d findings", n)
	}
}

func TestTextIsClippedAtARune(t *testing.T) {
	r := walk(t, []byte("Content-Type: text/plain; charset=utf-8\r\n\r\n"+strings.Repeat("あ", 100)), message.Limits{Text: 100}, whole)
	if got := r.parts[0]; got.Text != strings.Repeat("あ", 33) || got.Size != 300 {
		t.Errorf("text %q of %d", got.Text, got.Size)
	}
}

// TestHostileRepetition walks mails that make a careless walker quadratic. It fails by the test binary's deadline.
func TestHostileRepetition(t *testing.T) {
	const size = 1 << 20
	repeat := func(s string) string { return strings.Repeat(s, size/len(s)) }
	nested := ""
	for i := range 40 {
		nested += fmt.Sprintf("Content-Type: multipart/mixed; boundary=\"-%d\"\r\n\r\n---%d\r\n", i, i)
	}
	for name, mail := range map[string]string{
		"dashes":               mixed("multipart/mixed; boundary=b", repeat("-")),
		"dash_lines":           mixed("multipart/mixed; boundary=b", repeat("--\n")),
		"dash_lines_nested":    nested + repeat("--\n"),
		"almost_delimiters":    mixed("multipart/mixed; boundary=\""+strings.Repeat("-", 900)+"\"", repeat(strings.Repeat("-", 900)+"\n")),
		"ambiguous_delimiters": mixed("multipart/mixed; boundary=b", repeat("--b x\r\n\r\n")),
		"two_boundaries":       mixed("multipart/mixed; boundary=b; boundary=c", repeat("--b\r\n\r\n--c\r\n\r\n")),
		"empty_lines":          mixed("multipart/mixed; boundary=b", repeat("\r\n")),
		"carriage_returns":     mixed("multipart/mixed; boundary=b", repeat("\r")),
		"header_crs":           repeat("\r\r\r\r\r\n"),
		"header_lines":         repeat("a\n"),
		"parameters":           "Content-Type: a/b" + repeat(";a=b"),
		"sections":             "Content-Type: a/b" + repeat(";a*1=b"),
		"open_comments":        "Content-Type: a/b; " + repeat("("),
		"open_quotes":          "Content-Type: a/b" + repeat(`;a="b`),
		"missing_semicolons":   "Content-Type: a/b" + repeat(" a=b c"),
		"words":                "Content-Type: a/b; name=\"" + repeat("=?a?q?") + "\"",
		"word_starts":          "Content-Type: a/b; name=\"" + repeat("=?") + "\"",
		"escapes":              "Content-Type: a/b; name=\"" + repeat("\x1b$B") + "\"",
		"dispositions":         repeat("Content-Disposition: attachment; filename=a\r\n"),
		"types":                repeat("Content-Type: multipart/x; boundary=abc\r\n"),
		"uuencode_begins":      "\r\n" + repeat("begin 644 a\r\n"),
		"uuencode_files":       "\r\n" + repeat("begin 644 a\r\n#AAAA\r\nend\r\n"),
		"uuencode_lengths":     "Content-Transfer-Encoding: x-uue\r\n\r\nbegin 644 a\r\n" + repeat("_\n"),
		"qp_equals":            "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + repeat("="),
		"qp_blanks":            "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + repeat("= "),
		"base64_pads":          "Content-Transfer-Encoding: base64\r\n\r\n" + repeat("="),
		"rfc822_chain":         repeat("Content-Type: message/rfc822\r\n\r\n"),
		"ghosts":               mixed("multipart/mixed; boundary=b", repeat("--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\n")),
		"encoded_multiparts":   mixed("multipart/mixed; boundary=b", repeat("--b\r\nContent-Type: multipart/mixed; boundary=c\r\nContent-Transfer-Encoding: base64\r\n\r\n")),
		"encoded_chain":        repeat("Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n--b\r\n"),
		"guesses":              mixed("multipart/mixed", repeat("--x\r\nSubject: s\r\n")),
	} {
		t.Run(name, func(t *testing.T) {
			r := walk(t, []byte(mail), message.Limits{}, func(int) int { return 65535 })
			if most := 64 * int64(len(mail)); r.decoded > most {
				t.Errorf("%d bytes decoded from %d", r.decoded, len(mail))
			}
			h := message.Header{Fields: []message.Field{{Name: "From", Raw: mail[:min(len(mail), 256<<10)]}}}
			h.Addresses("From")
			h.Text("From")
		})
	}
}

func TestHandlerErrorEndsTheWalk(t *testing.T) {
	w := message.NewWalker(nil, message.Limits{}, refuser{})
	mail := fixture.Message("a@example.com", "b@example.com", "s", fixture.TextPart("a"), fixture.TextPart("b")).Bytes()
	if _, err := w.Write(mail); err == nil {
		t.Error("Write gave no error")
	}
	if err := w.Close(); err == nil {
		t.Error("Close gave no error")
	}
}

type refuser struct{}

func (refuser) Part(*message.Part) error { return fmt.Errorf("no more") }
func (refuser) Finding(finding.Finding)  {}

func TestSpoolThatCannotBeWrittenIsAnError(t *testing.T) {
	w := message.NewWalker(nil, message.Limits{Memory: 10, SpoolDir: t.TempDir() + "/gone"}, &recorder{})
	w.Write([]byte("\r\n" + strings.Repeat("x", 100)))
	if err := w.Close(); err == nil {
		t.Error("no error")
	}
}

func TestBoundaryThatCannotBeUsedIsIncomplete(t *testing.T) {
	for name, param := range map[string]string{
		"empty": `""`, "too long": strings.Repeat("b", 5000),
		"too many": "b0" + "; boundary=b1; boundary=b2; boundary=b3; boundary=b4; boundary=b5; boundary=b6; boundary=b7; boundary=b8; boundary=b9",
	} {
		r := walk(t, []byte("Content-Type: multipart/mixed; boundary="+param+"\r\n\r\n--x\r\n\r\nhi\r\n"), message.Limits{}, whole)
		if kinds(r)[finding.ScanIncomplete] != 1 {
			t.Errorf("%s: %v", name, r.findings)
		}
	}
}

func TestTransferEncodingThatIsNoWordIsUnknown(t *testing.T) {
	r := walk(t, []byte("Content-Type: application/msword\r\nContent-Transfer-Encoding: =?us-ascii?q?base64?=\r\n\r\n"+string(fixture.Base64(fixture.DocPlain()))), message.Limits{}, whole)
	found := false
	for _, c := range r.content {
		found = found || bytes.Equal(c, fixture.DocPlain())
	}
	if !found {
		t.Errorf("the document is not among %d parts; %v", len(r.parts), r.findings)
	}
}
