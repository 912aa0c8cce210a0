package mailstore

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"

	"sekisho/internal/message"
)

const (
	from   = "From a@us.example Mon May 11 09:00:00 2026\n"
	syslog = "May 11 09:00:00 mx postfix/qmgr[1]: 4F1: removed\n"
)

func mailOf(subject string) string { return "From: a@us.example\nSubject: " + subject + "\n\nbody\n" }

func compressed(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(s)); err != nil {
		panic(err)
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

func zstandard(s string) string {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	return string(z.EncodeAll([]byte(s), nil))
}

// tree writes files below a new folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// walk gives what is found: "kind sent draft: subjects" by name.
func walk(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := Walk(t.Context(), dir, func(f File) error {
		name, err := filepath.Rel(dir, f.Path)
		if err != nil {
			return err
		}
		got[name] = read(t, f)
		return nil
	}, func(path string, err error) { t.Errorf("%s: %v", path, err) })
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func read(t *testing.T, f File) string {
	t.Helper()
	n := 0
	r, err := f.Open(func(k int) { n += k })
	if err != nil {
		return "error"
	}
	defer r.Close()
	s := [...]string{"other", "message", "mbox", "log"}[r.Kind]
	if f.Sent {
		s += " sent"
	}
	if f.Draft {
		s += " draft"
	}
	s += ":"
	if r.Kind == Other || r.Kind == Log {
		return s
	}
	err = r.Messages(func(h *message.Header) error { s += " " + h.Get("Subject"); return nil })
	if err != nil {
		s += " error"
	} else if n > int(f.Size) {
		t.Errorf("%s: %d of %d bytes are read", f.Path, n, f.Size)
	}
	return s
}

func TestWhatIsFound(t *testing.T) {
	files := map[string]string{
		"Maildir/cur/1.a:2,S":                         mailOf("in"),
		"Maildir/new/2.a":                             mailOf("new"),
		"Maildir/tmp/3.a":                             mailOf("incomplete"),
		"Maildir/.Sent/cur/1.a:2,S":                   mailOf("one"),
		"Maildir/.INBOX.Sent Items/cur/1.a:2,S":       mailOf("two"),
		"Maildir/.&kAFP4W4IMH8-/cur/1.a:2,S":          mailOf("three"),
		"Maildir/.Gesendete Elemente/cur/1.a:2,S":     mailOf("four"),
		"Maildir/.Sent/cur/2.a:2,DS":                  mailOf("flagged"),
		"Maildir/.Drafts/cur/1.a:2,S":                 mailOf("draft"),
		"Maildir/dovecot.index":                       "\x01\x02\x03",
		"mail/sent-mail":                              from + mailOf("five") + "\n" + from + mailOf("six"),
		"mail/Sent.gz":                                compressed(from + mailOf("seven")),
		"mail/送信済み.mbox":                              from + mailOf("eight"),
		"mail/inbox":                                  from + mailOf("nine"),
		"mh/12":                                       mailOf("ten"),
		"mail.eml":                                    mailOf("eleven"),
		"packed.eml.gz":                               compressed(mailOf("twelve")),
		"packed.zst":                                  zstandard(from + mailOf("thirteen")),
		"log/mail.log":                                syslog,
		"log/mail.log.1.gz":                           compressed(syslog),
		"log/iso.log":                                 "2026-05-11T09:00:00.123456+09:00 mx postfix/qmgr[1]: 4F1: removed\n",
		"log/not.gz":                                  "\x1f\x8bxxxxxxxxxxxxxxx",
		"log/not inside.gz":                           "\x1f\x8b\x08\x00xxxxxxxxxxxxxxx",
		"empty":                                       "",
		"a/deep/folder/with/x.eml":                    mailOf("fourteen"),
		"header without a body.eml":                   "Subject: fifteen\n",
		"an mbox of one without end":                  from + "Subject: sixteen",
		"text.txt":                                    "some words\nand: more\n",
		"mail/empty bodies":                           from + "Subject: a\n\n" + from + "Subject: b\n\n",
		"mail/crlf":                                   strings.ReplaceAll(from+mailOf("c")+"\n"+from+mailOf("d"), "\n", "\r\n"),
		"mail/quoted mark (mboxrd)":                   from + mailOf("e") + "\n>From x Mon May 11 09:00:00 2026\nSubject: no\n\n",
		"mail/mark in a paragraph":                    from + mailOf("f") + "\nFrom here on: no\nSubject: no\n\nFrom 9 to 17: no\nSubject: no\n\nFrom\n",
		"mail/long line":                              from + mailOf("g") + strings.Repeat("x", 3*maxLine) + "\n\n" + from + mailOf("h"),
		"mail/long mark":                              from + mailOf("i") + "\nFrom a 09:00:00 2026 " + strings.Repeat("a", 2*maxLine) + "\nSubject: i2\n\n",
		"mail/two lines of marks":                     from + "Subject: j\n\n" + from + from + "Subject: k\n\n",
		"mail/content-length (mboxcl2)":               from + "Content-Length: 66\nSubject: l\n\nFrom a@us.example Mon May 11 09:00:00 2026\nSubject: inside\n\ntext\n\n" + from + mailOf("m"),
		"mail/content-length at the end":              from + "Content-Length: 12\nSubject: n\n\n\nFrom x y z\n",
		"mail/content-length that leads to nothing":   from + "Content-Length: 9\nSubject: o\n\ntext\n\n" + from + mailOf("p"),
		"mail/content-length past the end":            from + "Content-Length: 99999\nSubject: q\n\ntext\n\n" + from + mailOf("r"),
		"mail/content-length is not believed when gz": compressed(from + "Content-Length: 1000\nSubject: s\n\ntext\n\n" + from + mailOf("t")),
	}
	want := map[string]string{
		"Maildir/cur/1.a:2,S":                         "message: in",
		"Maildir/new/2.a":                             "message: new",
		"Maildir/.Sent/cur/1.a:2,S":                   "message sent: one",
		"Maildir/.INBOX.Sent Items/cur/1.a:2,S":       "message sent: two",
		"Maildir/.&kAFP4W4IMH8-/cur/1.a:2,S":          "message sent: three",
		"Maildir/.Gesendete Elemente/cur/1.a:2,S":     "message sent: four",
		"Maildir/.Sent/cur/2.a:2,DS":                  "message sent draft: flagged",
		"Maildir/.Drafts/cur/1.a:2,S":                 "message draft: draft",
		"Maildir/dovecot.index":                       "other:",
		"mail/sent-mail":                              "mbox sent: five six",
		"mail/Sent.gz":                                "mbox sent: seven",
		"mail/送信済み.mbox":                              "mbox sent: eight",
		"mail/inbox":                                  "mbox: nine",
		"mh/12":                                       "message: ten",
		"mail.eml":                                    "message: eleven",
		"packed.eml.gz":                               "message: twelve",
		"packed.zst":                                  "mbox: thirteen",
		"log/mail.log":                                "log:",
		"log/mail.log.1.gz":                           "log:",
		"log/iso.log":                                 "log:",
		"log/not.gz":                                  "error",
		"log/not inside.gz":                           "error",
		"empty":                                       "other:",
		"a/deep/folder/with/x.eml":                    "message: fourteen",
		"header without a body.eml":                   "message: fifteen",
		"an mbox of one without end":                  "mbox: sixteen",
		"text.txt":                                    "other:",
		"mail/empty bodies":                           "mbox: a b",
		"mail/crlf":                                   "mbox: c d",
		"mail/quoted mark (mboxrd)":                   "mbox: e",
		"mail/mark in a paragraph":                    "mbox: f",
		"mail/long line":                              "mbox: g h",
		"mail/long mark":                              "mbox: i i2",
		"mail/two lines of marks":                     "mbox: j k",
		"mail/content-length (mboxcl2)":               "mbox: l m",
		"mail/content-length at the end":              "mbox: n",
		"mail/content-length that leads to nothing":   "mbox: o p",
		"mail/content-length past the end":            "mbox: q r",
		"mail/content-length is not believed when gz": "mbox: s t",
	}
	got := walk(t, tree(t, files))
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestADamagedFileGivesWhatStandsBeforeTheDamage(t *testing.T) {
	dir := tree(t, map[string]string{"cut.gz": compressed(strings.Repeat(from+mailOf("kept")+"\n", 2000))[:400]})
	if got := walk(t, dir)["cut.gz"]; !strings.HasPrefix(got, "mbox: kept kept") || !strings.HasSuffix(got, " error") {
		t.Errorf("%.60q", got)
	}
}

func TestOneFileAndALinkThatIsNamed(t *testing.T) {
	dir := tree(t, map[string]string{"Sent/cur/1:2,S": mailOf("x")})
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "Sent"), link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "Sent/cur/1:2,S"), link} {
		n := 0
		err := Walk(t.Context(), path, func(f File) error {
			n++
			if !f.Sent && path != link {
				t.Errorf("%s is not in a folder of sent mail", f.Path)
			}
			return nil
		}, func(string, error) {})
		if err != nil || n != 1 {
			t.Errorf("%s: %d files, %v", path, n, err)
		}
	}
	if err := Walk(t.Context(), filepath.Join(dir, "nowhere"), nil, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("nowhere: %v", err)
	}
}

func TestWhatIsNoRegularFileIsNotOpened(t *testing.T) {
	dir := tree(t, map[string]string{"a.eml": mailOf("a")})
	if err := os.Symlink("/dev/zero", filepath.Join(dir, "zero")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "loop")); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"a.eml": "message: a"}, walk(t, dir)); d != "" {
		t.Error(d)
	}
	if _, err := (File{Path: filepath.Join(dir, "pipe")}).Open(func(int) {}); err == nil {
		t.Error("a pipe is opened")
	}
}

func TestFoldersInFoldersEnd(t *testing.T) {
	dir := tree(t, map[string]string{strings.Repeat("a/", maxDepth+2) + "deep.eml": mailOf("deep"), "top.eml": mailOf("top")})
	files, failed := 0, 0
	err := Walk(t.Context(), dir, func(File) error { files++; return nil }, func(string, error) { failed++ })
	if err != nil || files != 1 || failed != 1 {
		t.Errorf("%d files, %d failures, %v", files, failed, err)
	}
}

func TestWalkEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	dir := tree(t, map[string]string{"a.eml": "", "b.eml": "", "c.eml": ""})
	n := 0
	err := Walk(ctx, dir, func(File) error { n++; cancel(); return nil }, func(string, error) {})
	if !errors.Is(err, context.Canceled) || n != 1 {
		t.Errorf("%d files, %v", n, err)
	}
}

func TestErrorsOfTheCallerEndIt(t *testing.T) {
	enough := errors.New("enough")
	dir := tree(t, map[string]string{"a": from + mailOf("a") + "\n" + from + mailOf("b")})
	err := Walk(t.Context(), dir, func(f File) error {
		r, err := f.Open(func(int) {})
		if err != nil {
			return err
		}
		defer r.Close()
		return r.Messages(func(*message.Header) error { return enough })
	}, func(string, error) {})
	if !errors.Is(err, enough) {
		t.Errorf("%v", err)
	}
}

func TestFolderNames(t *testing.T) {
	for name, want := range map[string]kindOfFolder{
		"Sent": sentFolder, ".Sent": sentFolder, ".INBOX.Sent": sentFolder, "Sent Messages": sentFolder, "sent-mail": sentFolder, "Sent.mbox": sentFolder, "送信済みトレイ": sentFolder,
		".&kAFP4W4IMH8-": sentFolder, "Éléments envoyés": sentFolder, "Отправленные": sentFolder, "已发送": sentFolder, "Entwürfe": draftFolder, "下書き": draftFolder, ".Drafts": draftFolder,
		"INBOX": otherFolder, "": otherFolder, ".": otherFolder, "Resent": otherFolder, "cur": otherFolder, "&broken": otherFolder, "&kA-": otherFolder, "A&-B": otherFolder, "1.a:2,S": otherFolder,
	} {
		if got := folderKind(name); got != want {
			t.Errorf("%q: %d, want %d", name, got, want)
		}
	}
	if got := decodeUTF7("A&-B &kAFP4W4IMH8-x"); got != "A&B 送信済みx" {
		t.Errorf("%q", got)
	}
}

// TestNamesThatAreNoUTF7: what cannot be decoded stays as it is (RFC 3501 5.1.3).
func TestNamesThatAreNoUTF7(t *testing.T) {
	for name, want := range map[string]string{
		"a&b": "a&b", "&kA-": "&kA-", "&kAFP-": "&kAFP-", "&!-x": "&!-x", "&-": "&", "&AGE-&AGI-": "ab", "": "", "&kAFP4W4IMH8": "&kAFP4W4IMH8",
	} {
		if got := decodeUTF7(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// TestWhatALogLineIs: the stamps of RFC 3164 4.1.2 and RFC 5424 6.2.3; a header's first line, and words that look like one, are none.
func TestWhatALogLineIs(t *testing.T) {
	for line, want := range map[string]bool{
		"May 14 12:43:01 mx postfix": true, "May  4 12:43:01 mx postfix": true, "2026-05-14T12:43:01+09:00 mx": true, "2026-05-14 12:43:01 mx postfix": true,
		"May 14 12:43:01 mx": false, "": false, "2026/05/14 12:43:01 mx post": false, "2026-05-14_12:43:01 mx post": false, "2026-05-14T12.43.01 mx post": false, "202x-05-14T12:43:01 mx po": false,
		"2026-05/14T12:43:01 mx post": false, "May-14 12:43:01 mx postfix": false, "May xx 12:43:01 mx postfix": false, "May 14-12:43:01 mx postfix": false,
		"May 14 12.43:01 mx postfix": false, "May 14 12:43.01 mx postfix": false, "May 14 12:43:01.mx postfix": false, "Received: from a.example by b": false,
	} {
		if isLogLine([]byte(line)) != want {
			t.Errorf("%q: %t", line, !want)
		}
	}
}

// TestWhatAMarkIs: "From " and a time of day (RFC 4155), wherever that stands.
func TestWhatAMarkIs(t *testing.T) {
	for line, want := range map[string]bool{
		"From a@b.example Mon May 11 09:00:00 2026": true, "From - Mon May 11 09:00:00 2026": true, "From x: y 9:05": true, "From a:b:c 9:00": true,
		"From Monday on: we are closed": false, "From 9: the rest": false, "From 9:0": false, "From 9:0x": false, "From :00": false, "From x:00": false, "From": false, "from a 09:00:00": false, "": false,
	} {
		if isMark([]byte(line)) != want {
			t.Errorf("%q: %t", line, !want)
		}
	}
}

// TestWhatAFieldIs: RFC 5322 2.2 has printable ASCII before the colon.
func TestWhatAFieldIs(t *testing.T) {
	for line, want := range map[string]bool{"Subject: x": true, "X-!~:": true, ": x": false, "Subject : x": false, "件名: x": false, "a\x7f: x": false, "Subject": false, "": false} {
		if isField([]byte(line)) != want {
			t.Errorf("%q: %t", line, !want)
		}
	}
}

// TestALongHeaderIsCutAndTheNextMailFound: maxHeader of it is read, in lines of any length.
func TestALongHeaderIsCutAndTheNextMailFound(t *testing.T) {
	for name, pad := range map[string]string{"many lines": strings.Repeat("X-Pad: "+strings.Repeat("x", 90)+"\n", maxHeader/90), "a long line": "X-Pad: " + strings.Repeat("x", 2*maxHeader) + "\n"} {
		dir := tree(t, map[string]string{"box": from + "Subject: a\n" + pad + "X-Last: cut\n\nbody\n\n" + from + mailOf("b")})
		r, err := (File{Path: filepath.Join(dir, "box")}).Open(func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		var subjects []string
		err = r.Messages(func(h *message.Header) error {
			size := 0
			for _, f := range h.Fields {
				size += len(f.Name) + len(f.Raw)
			}
			if size > maxHeader {
				t.Errorf("%s: a header of %d bytes", name, size)
			}
			subjects = append(subjects, h.Get("Subject"))
			return nil
		})
		if d := cmp.Diff([]string{"a", "b"}, subjects); err != nil || d != "" {
			t.Errorf("%s: %v %s", name, err, d)
		}
	}
}

// TestContentLengthsThatLie: none of them hides the mail behind it, or is followed past the file's end.
func TestContentLengthsThatLie(t *testing.T) {
	for _, length := range []string{"0", "-1", "1", "x", "", "7", "4000", "1099511627777", "9223372036854775807", "99999999999999999999"} {
		dir := tree(t, map[string]string{"box": from + "Content-Length: " + length + "\nSubject: a\n\nbody\n\n" + from + mailOf("b")})
		if got := walk(t, dir)["box"]; got != "mbox: a b" {
			t.Errorf("Content-Length %s: %s", length, got)
		}
	}
}

// TestBzip2IsRead: a mail that bzip2 packed, and a file that only begins so.
func TestBzip2IsRead(t *testing.T) {
	const packed = "BZh91AY&SY\xe2+\xc9\xb3\x00\x00\x05_\x80\x00\x10@\x01\x00\x10A\x00\x08\x00>\x1e\xde` \x001A\xa3F\x83 4\"\x13ji\xe8F#l\xa9S~9M\xe9\xfbTm\x935\xaa\x00\xe3N/F\x99\xf3#\x0cNO\xe2\xeeH\xa7\n\x12\x1cEy6`"
	dir := tree(t, map[string]string{"mail.eml.bz2": packed, "damaged.bz2": packed[:20]})
	want := map[string]string{"mail.eml.bz2": "message: packed", "damaged.bz2": "error"}
	if d := cmp.Diff(want, walk(t, dir)); d != "" {
		t.Error(d)
	}
}

// FuzzMessages: whatever a file holds, its headers are at most maxHeader long, and no more of them than marks.
func FuzzMessages(f *testing.F) {
	f.Add(from + mailOf("a") + "\n" + from + mailOf("b"))
	f.Add(from + "Content-Length: 66\n\n" + from)
	f.Add("\x1f\x8b")
	f.Add(compressed(from + mailOf("a"))[:40])
	f.Add("BZh9")
	f.Add("\x28\xb5\x2f\xfd\x00")
	f.Fuzz(func(t *testing.T, content string) {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := File{Path: path}.Open(func(int) {})
		if err != nil {
			return
		}
		defer r.Close()
		n := 0
		err = r.Messages(func(h *message.Header) error { n++; return nil })
		if r.plain && (err != nil || n > 1+strings.Count(content, "From ")) {
			t.Errorf("%d mails, %v", n, err)
		}
	})
}

func BenchmarkMbox(b *testing.B) {
	var box strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&box, "%sMessage-ID: <%d@us.example>\nTo: b@partner.example\n%s%s\n", from, i, mailOf("Order"), strings.Repeat("a line of text\n", 100))
	}
	path := filepath.Join(b.TempDir(), "mbox")
	if err := os.WriteFile(path, []byte(box.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(box.Len()))
	b.ReportAllocs()
	for b.Loop() {
		r, err := File{Path: path}.Open(func(int) {})
		if err != nil {
			b.Fatal(err)
		}
		if err := r.Messages(func(*message.Header) error { return nil }); err != nil {
			b.Fatal(err)
		}
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
