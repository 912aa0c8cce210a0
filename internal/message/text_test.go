package message_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/message"
)

func encode(enc encoding.Encoding, s string) string {
	b, err := enc.NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return b
}

func TestTextWhateverItsLabelSays(t *testing.T) {
	const ja = "いつもお世話になっております。\r\n添付の請求書をご確認ください。パスワードは別途お送りします。\r\n"
	const de = "Sehr geehrte Frau Müller,\r\nanbei die Rechnung über 100 €. Schöne Grüße\r\n"
	charsets := map[string]encoding.Encoding{"iso-2022-jp": japanese.ISO2022JP, "shift_jis": japanese.ShiftJIS, "euc-jp": japanese.EUCJP, "utf-8": unicode.UTF8}
	for real, enc := range charsets {
		for _, label := range []string{"", "us-ascii", "utf-8", "iso-8859-1", "iso-2022-jp", "shift_jis", "euc-jp", "x-unknown", real} {
			t.Run(real+"_labelled_"+label, func(t *testing.T) {
				wantText(t, "text/plain; charset=\""+label+"\"", encode(enc, ja), ja)
			})
		}
	}
	for _, label := range []string{"", "us-ascii", "utf-8", "windows-1252", "iso-8859-1", "x-unknown"} {
		t.Run("windows-1252_labelled_"+label, func(t *testing.T) {
			wantText(t, "text/plain; charset="+label, encode(charmap.Windows1252, de), de)
		})
	}
}

func wantText(t *testing.T, contentType, body, want string) {
	t.Helper()
	r := walk(t, []byte("Content-Type: "+contentType+"\r\n\r\n"+body), message.Limits{}, whole)
	if r.parts[0].Text != want {
		t.Errorf("%q, want %q", r.parts[0].Text, want)
	}
}

func TestTextOfOtherForms(t *testing.T) {
	le := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	bare := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	for _, c := range []struct{ name, contentType, body, want string }{
		{"utf16_with_mark", "text/plain", encode(le, "請求書 invoice"), "請求書 invoice"},
		{"utf16_labelled_utf8", "text/plain; charset=utf-8", encode(le, "請求書 invoice"), "請求書 invoice"},
		{"utf16_latin_without_mark", "text/plain", encode(bare, "the password is 1234"), "the password is 1234"},
		{"utf16le_label", "text/plain; charset=utf-16le", encode(bare, "請求書"), "請求書"},
		{"utf8_with_mark", "text/plain; charset=shift_jis", "\xef\xbb\xbf請求書", "請求書"},
		{"utf7", "text/plain; charset=utf-7", "+istsQmb4-", "請求書"},
		{"english_quotes_are_no_kanji", "text/plain", "It\x92s here, don\x92t wait", "It’s here, don’t wait"},
		{"french_without_label", "text/plain", "\xe9t\xe9, caf\xe9 \xe0 No\xebl, d\xe9j\xe0 vu", "été, café à Noël, déjà vu"},
		{"html_as_it_stands", "text/html; charset=utf-8", "<p>請求書</p>", "<p>請求書</p>"},
		{"damaged_utf8", "text/plain; charset=utf-8", strings.Repeat("請求書", 20) + "\xe3(", strings.Repeat("請求書", 20) + "\uFFFD("},
		{"no_type", "", "hello", "hello"},
		{"no_text_of_a_file", "application/pdf", "hello", ""},
	} {
		t.Run(c.name, func(t *testing.T) { wantText(t, c.contentType, c.body, c.want) })
	}
}

func TestLongTextSpoolsAndIsDecoded(t *testing.T) {
	long := strings.Repeat("0123456789", 1000)
	limits := message.Limits{Memory: 100, Text: 5000, SpoolDir: t.TempDir()}
	r := sameInChunks(t, []byte("Content-Transfer-Encoding: quoted-printable\r\n\r\n"+long), limits)
	if p := r.parts[0]; p.Text != long[:5000] || string(r.content[0]) != long {
		t.Errorf("text %d bytes, content %d", len(p.Text), p.Size)
	}
}

func TestWhatCountsAsAttachment(t *testing.T) {
	for _, c := range []struct {
		header string
		want   bool
	}{
		{"Content-Type: text/plain", false},
		{"Content-Type: text/html", false},
		{"Content-Type: text/calendar", false},
		{"X-Nothing: x", false},
		{"Content-Type: text/plain; name=a.txt", true},
		{"Content-Type: text/plain\r\nContent-Disposition: attachment", true},
		{"Content-Type: text/plain\r\nContent-Disposition: strange", true},
		{"Content-Type: text/html\r\nContent-Disposition: inline", false},
		{"Content-Type: text/html\r\nContent-Disposition: inline; filename=a.html", true},
		{"Content-Type: image/png", true},
		{"Content-Type: application/octet-stream", true},
		{"Content-Type: strange", true},
		{"Content-Type: message/delivery-status", false},
		{"Content-Type: message/partial", true},
		{"Content-Type: text/plain\r\nContent-Type: application/zip", true},
	} {
		r := walk(t, []byte(c.header+"\r\n\r\nx"), message.Limits{}, whole)
		if r.parts[0].Attachment != c.want {
			t.Errorf("%q: %v", c.header, r.parts[0].Attachment)
		}
	}
}

func TestContentElsewhereIsReported(t *testing.T) {
	for typ, kind := range map[string]finding.Kind{
		"message/partial; id=x; number=1; total=2": finding.ScanIncomplete, "message/external-body; access-type=url": finding.MailMalformed,
	} {
		r := walk(t, []byte("Content-Type: "+typ+"\r\n\r\nSubject: inner\r\n\r\nx"), message.Limits{}, whole)
		wantKind(t, r, kind)
		if len(r.parts) != 1 || string(r.content[0]) != "Subject: inner\r\n\r\nx" {
			t.Errorf("%s: %v", typ, r.parts)
		}
	}
}

func TestBasePathStandsBeforeTheNumber(t *testing.T) {
	r := &recorder{}
	base := finding.Path{"2", "mail.eml"}
	w := message.NewWalker(base, message.Limits{Header: 100}, r)
	w.Write(fixture.Message("a@example.com", "b@example.com", "s", fixture.TextPart("x"), fixture.TextPart("y")).Bytes())
	w.Close()
	var have []string
	for _, p := range r.parts {
		have = append(have, p.Path)
	}
	for _, f := range r.findings {
		have = append(have, f.Path.String())
	}
	if d := cmp.Diff([]string{"2!/mail.eml"}, have[len(have)-1:]); d != "" {
		t.Error(fmt.Sprint(have), d)
	}
}

func TestTopHeaderWhileItArrives(t *testing.T) {
	w := message.NewWalker(nil, message.Limits{}, &recorder{})
	w.Write([]byte("Subject: s\r\nTo: a@exam"))
	if got := w.Header().Get("Subject"); got != "s" {
		t.Errorf("half way: %q", got)
	}
	w.Write([]byte("ple.com\r\n\r\nTo: body\r\n"))
	if got := w.Header().Get("To"); got != "a@example.com" || len(w.Header().Fields) != 2 {
		t.Errorf("complete: %v", w.Header())
	}
	w.Close()
}

func TestSharedEncodedSize(t *testing.T) {
	r := walk(t, []byte("Content-Transfer-Encoding: base64\r\n\r\nQUJD\r\n"), message.Limits{}, whole)
	if p := r.parts[0]; p.Size != 3 || p.Encoded != 6 {
		t.Errorf("%d from %d", p.Size, p.Encoded)
	}
}
