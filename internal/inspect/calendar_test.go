package inspect

import (
	"bytes"
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
)

// invitation is a calendar with these lines in its event.
func invitation(lines ...string) []byte {
	all := append([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "METHOD:REQUEST", "BEGIN:VEVENT", "UID:1"}, lines...)
	return []byte(strings.Join(append(all, "END:VEVENT", "END:VCALENDAR", ""), "\r\n"))
}

// fold breaks a line as RFC 5545 3.1 wants it.
func fold(line, end string) string {
	var b strings.Builder
	for len(line) > 70 {
		b.WriteString(line[:70] + end + " ")
		line = line[70:]
	}
	return b.String() + line
}

func TestCalendarAttachments(t *testing.T) {
	doc := base64.StdEncoding.EncodeToString(fixture.DocVBA(quiet))
	for _, tt := range []struct {
		name           string
		file           []byte
		findings, tree []string
	}{
		{"invitation", invitation("SUMMARY:Meeting", "ATTENDEE;CN=\"A; B: C\":mailto:a@example.com", "DESCRIPTION:https://example.com/"), nil, []string{" ics"}},
		{"attached", invitation(fold("ATTACH;FMTTYPE=application/msword;ENCODING=BASE64;VALUE=BINARY;FILENAME=a.doc:"+doc, "\r\n")), []string{"vba.present a.doc"}, []string{" ics", "a.doc doc"}},
		{"folded by line feeds", invitation(fold("ATTACH;ENCODING=BASE64;X-FILENAME=\"a;b.doc\":"+doc, "\n")), []string{"vba.present a;b.doc"}, []string{" ics", "a;b.doc doc"}},
		{"on one line, without padding", invitation("attach;encoding=b:" + strings.TrimRight(doc, "=")), []string{"vba.present attachment 1"}, []string{" ics", "attachment 1 doc"}},
		{"two", invitation("ATTACH;VALUE=BINARY:eA==", "ATTACH;VALUE=BINARY:eQ=="), nil, []string{" ics", "attachment 1 text", "attachment 2 text"}},
		{"in its address", invitation(fold("ATTACH;FILENAME=a.doc:data:application/msword;base64,"+doc, "\r\n")), []string{"vba.present a.doc"}, []string{" ics", "a.doc doc"}},
		{"address of a text", invitation("ATTACH:data:text/plain,x"), nil, []string{" ics"}},
		{"address", invitation("ATTACH:https://example.com/a.doc"), []string{"mail.document-link"}, []string{" ics"}},
		{"cut off", []byte("BEGIN:VCALENDAR\nATTACH;VALUE=BINARY:eHh4eA"), nil, []string{" ics", "attachment 1 text"}},
		{"line without a name", invitation(strings.Repeat("x", 20000), "ATTACH;VALUE=BINARY:eA=="), nil, []string{" ics", "attachment 1 text"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, r := scanFile(t, Options{}, tt.file)
			if diff := cmp.Diff(tt.findings, lines(r)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.tree, tree(r)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCalendarText(t *testing.T) {
	b := invitation("SUMMARY:the password\\nis Wort\r\n 4711", "X-UNKNOWN:the password is Nothing77")
	s := scanner(t, Options{}).Begin()
	if _, err := s.File(context.Background(), nil, "", bytes.NewReader(b), int64(len(b))); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, w := range s.words.Words() {
		all = append(all, w.Text)
	}
	if text := strings.Join(all, " "); !strings.Contains(text, "Wort4711") || strings.Contains(text, "Nothing77") {
		t.Errorf("words %v", all)
	}
}

// FuzzCalendar holds that nothing panics, that every line is read once, and that names and values keep to the file.
func FuzzCalendar(f *testing.F) {
	f.Add(invitation("SUMMARY:a\r\n b", "ATTACH;VALUE=BINARY;FILENAME=\"a:b\":eA=="))
	f.Add([]byte("BEGIN:VCALENDAR\nX;A=\":\r\r\n\n ATTACH"))
	s, err := New(Options{Files: 100, Bytes: 1 << 20, SpoolDir: f.TempDir()})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		scan := s.Begin()
		file := &File{called: "a.ics", Kind: KindICS, Size: int64(len(b)), content: bytes.NewReader(b), report: -1, listed: true}
		scan.report(file)
		err := calendarFile{}.Inspect(context.Background(), file, scan)
		if err != nil && !scan.incomplete {
			t.Fatal(err)
		}
		if scan.bytes > int64(len(b)) {
			t.Errorf("%d bytes of %d", scan.bytes, len(b))
		}
	})
}
