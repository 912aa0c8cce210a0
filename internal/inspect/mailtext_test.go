package inspect

import (
	"bytes"
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
)

// readMail runs a mail through a scan of its own, to the end.
func readMail(t *testing.T, mail string) Result {
	t.Helper()
	w, _ := scanMail(t, context.Background(), Options{}, []byte(strings.ReplaceAll(mail, "\n", "\r\n")))
	still, err := w.s.Finish(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range still {
		l.Content.Close()
	}
	return w.s.Result()
}

const page = "Content-Type: text/html; charset=utf-8\n\n"

func TestWhatTheMailsOwnTextSays(t *testing.T) {
	for _, tc := range []struct {
		name, mail string
		want       []string
	}{
		{"a password", "\nPassword: k3k3\n", []string{`mail.password "k3k3" behind "Password"`}},
		{"in a web page", page + "<p>Pass<b>wort</b>:</p><p><b>k3</b>k3</p>", []string{`mail.password "k3k3" behind "Passwort"`}},
		{"in a table", page + "<table><tr><td>パスワード</td><td>k3&#107;3</td></tr></table>", []string{`mail.password "k3k3" behind "パスワード"`}},
		{"in what the page quotes", page + "<p>OK</p><blockquote>Password: k3k3</blockquote>", nil},
		{"in a script", page + "<script>Password: k3k3</script>", nil},
		{"both views of one mail say it once", "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nPassword: k3k3\n--b\n" + page + "<p>Password: k3k3</p>\n--b--\n",
			[]string{`mail.password "k3k3" behind "Password"`}},
		{"an attached text", "Content-Disposition: attachment; filename=a.txt\n\nPassword: k3k3\n", nil},
		{"a lure", page + "<p>Bitte <i>Inhalt</i> aktivieren</p>", []string{`mail.lure "inhalt aktivieren"`}},
		{"a link to a file, in both views", "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nhttps://a.example/x.zip\n--b\n" + page +
			"<p><a href=https://a.example/x.zip>here</a></p>\n--b--\n", []string{`mail.document-link archive "https://a.example/x.zip"`}},
		{"a picture with a link and nothing else", page + "<a href=https://a.example/x.zip><img src=cid:a></a>", []string{`mail.document-link archive "https://a.example/x.zip"`}},
		{"links to several", "\nhttps://a.example/x.zip https://drive.google.com/file/d/1 hxxp://b[.]example/y.docm\n",
			[]string{`mail.document-link 3: archive "https://a.example/x.zip", file sharing "https://drive.google.com/file/d/1", office "http://b.example/y.docm"`}},
		{"a link that shows another host", page + "<a href=https://evil.test/x>www.bank.example</a>", []string{`mail.link-mismatch "www.bank.example" leads to "evil.test"`}},
		{"links in the quoted history", "\nYes.\n\n> https://a.example/x.zip\n\n-----Original Message-----\nhttps://a.example/y.zip\n", nil},
		{"an ordinary link", page + "<a href=https://click.news.example/?u=1>more</a>", nil},
		{"nothing", "\nSee file.\n", nil},
	} {
		var got []string
		for _, f := range readMail(t, tc.mail).Findings {
			if strings.HasPrefix(string(f.Kind), "mail.") {
				got = append(got, string(f.Kind)+" "+f.Detail)
			}
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestFillingBeforeThePasswordHidesNothing(t *testing.T) {
	for name, mail := range map[string]string{
		"comments": page + "<p>OK</p>" + strings.Repeat("<!-- "+strings.Repeat("x", 900)+" -->\n", 3000) + "<p>Password: k3k3</p>",
		"text":     "\n" + strings.Repeat(strings.Repeat("x ", 400)+"\n", 3000) + "\nPassword: k3k3\n",
	} {
		var said bool
		for _, f := range readMail(t, mail).Findings {
			said = said || f.Kind == finding.MailPassword
		}
		if !said {
			t.Errorf("%s: nothing said", name)
		}
	}
}

// candidate reports whether a scan would try a word.
func candidate(s *Scan, word string) bool {
	for _, w := range s.words.Words() {
		if w.Text == word {
			return true
		}
	}
	return false
}

func TestShortTextsBesideLockedFilesGiveWords(t *testing.T) {
	sjis, _ := japanese.ShiftJIS.NewEncoder().String("解凍パスワードは k3k3 です")
	long := strings.Repeat("x ", hintMax) + "k3k3"
	for _, tc := range []struct {
		name, text string
		want       bool
	}{
		{"password.txt", "k3k3", true}, {"readme.txt", sjis, true}, {"a.htm", "<html><b>k3</b>k3", true}, {"wide.txt", "\xFF\xFEk\x003\x00k\x003\x00", true},
		{"book.txt", long, false}, {"x_k3k3.bin", "\x00\x01", true},
	} {
		s := scanner(t, Options{}).Begin()
		b := fixture.Zip(tc.name, tc.text)
		if _, err := s.File(context.Background(), nil, "", strings.NewReader(string(b)), int64(len(b))); err != nil {
			t.Fatal(err)
		}
		if got := candidate(s, "k3k3"); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
		if s.textFindings(); len(s.Result().Findings) > 0 {
			t.Errorf("%s: %v", tc.name, lines(s.Result()))
		}
	}
}

// A program shows a text file and an archive's comment whatever their types are.
func TestWordsOfAttachmentsThatAreNoTextParts(t *testing.T) {
	noted := fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: "a.txt"}}, Comment: "Password: k3k3"}.Bytes()
	for name, content := range map[string][]byte{"readme.txt": []byte("Password: k3k3"), "a.zip": noted} {
		mail := "From: a@example.test\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=" + name +
			"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(content)
		w, _ := scanMail(t, context.Background(), Options{}, []byte(mail))
		if !candidate(w.s, "k3k3") || len(w.s.words.Said()) > 0 {
			t.Errorf("%s: %v", name, w.s.words.Said())
		}
	}
}

// Whose text hides its password behind more than is read is not looked through.
func TestALongTextBesideALockedFile(t *testing.T) {
	locked := fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: "a.doc", Data: []byte("x"), Password: "k3k3", AES: 3}}}.Bytes()
	for size, incomplete := range map[int]bool{1 << 10: false, 5 << 20: true} {
		s := scanner(t, Options{}).Begin()
		for range size >> 10 {
			s.Text(strings.Repeat("word ", 1024/5))
		}
		if _, err := s.File(context.Background(), nil, "a.zip", bytes.NewReader(locked), int64(len(locked))); err != nil {
			t.Fatal(err)
		}
		still, err := s.Finish(context.Background())
		if err != nil || len(still) != 1 {
			t.Fatal(still, err)
		}
		still[0].Content.Close()
		if s.Result().Incomplete != incomplete {
			t.Errorf("%d bytes: %v", size, lines(s.Result()))
		}
	}
}

func TestAShortDocumentBesideLockedFilesGivesWords(t *testing.T) {
	for text, want := range map[string]bool{"Password: k3k3": true, strings.Repeat("x ", hintMax) + "k3k3": false} {
		s := scanner(t, Options{}).Begin()
		b := fixture.Package(fixture.WordParts("<w:p><w:t>" + text + "</w:t></w:p>"))
		if _, err := s.File(context.Background(), nil, "", strings.NewReader(string(b)), int64(len(b))); err != nil {
			t.Fatal(err)
		}
		if got := candidate(s, "k3k3"); got != want || len(s.words.Said()) > 0 {
			t.Errorf("%.20q: %v, %v", text, got, s.words.Said())
		}
	}
}

func TestASubjectMayBeTheWord(t *testing.T) {
	s := scanner(t, Options{}).Begin()
	s.Text("PW: k3k3")
	if !candidate(s, "k3k3") {
		t.Error("not tried")
	}
}
