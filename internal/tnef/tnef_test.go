package tnef_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/japanese"

	"sekisho/internal/fixture"
	"sekisho/internal/tnef"
)

func read(t testing.TB, b []byte, o tnef.Options) *tnef.Message {
	t.Helper()
	m, err := tnef.Read(context.Background(), bytes.NewReader(b), int64(len(b)), o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// files are the attachments as "names kind content".
func files(b []byte, m *tnef.Message) (out []string) {
	for _, f := range m.Files {
		out = append(out, fmt.Sprintf("%s %s %s", strings.Join(f.Names, "|"), f.Kind, b[f.Offset:f.Offset+f.Size]))
	}
	return out
}

func sjis(t testing.TB, s string) string {
	b, err := japanese.ShiftJIS.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func data(title, content string) fixture.TNEFFile {
	return fixture.TNEFFile{Title: title, Data: []byte(content)}
}

func TestAttachments(t *testing.T) {
	object := func(iid, content string) []byte {
		return fixture.TNEFProps(fixture.TNEFText(0x3001, "object"), fixture.TNEFProp(0x3701000D, []byte(iid+content)))
	}
	mac := append(make([]byte, 128), "data rest"...)
	mac[1], mac[86] = 5, 4
	for _, tt := range []struct {
		name string
		m    fixture.TNEF
		want []string
	}{
		{"none", fixture.TNEF{}, nil},
		{"two files", fixture.TNEF{Attached: []fixture.TNEFFile{data("a.doc", "one"), data("b.doc", "two")}}, []string{"a.doc data one", "b.doc data two"}},
		{"wrong check sums", fixture.TNEF{BadSums: true, Attached: []fixture.TNEFFile{data("a.doc", "one")}}, []string{"a.doc data one"}},
		{"long name before the short one", fixture.TNEF{Attached: []fixture.TNEFFile{{Title: "REPORT~1.DOC", Data: []byte("x"),
			Props: fixture.TNEFProps(fixture.TNEFProp(0x0E210003, make([]byte, 4)), fixture.TNEFText(0x3707, "Report of May.doc"))}}},
			[]string{"Report of May.doc|REPORT~1.DOC data x"}},
		{"name in the code page", fixture.TNEF{Page: 932, Attached: []fixture.TNEFFile{data(sjis(t, "請求書.doc"), "x")}}, []string{"請求書.doc data x"}},
		{"name with folders", fixture.TNEF{Attached: []fixture.TNEFFile{data(`C:\tmp\a.js`, "x")}}, []string{"a.js data x"}},
		{"no name", fixture.TNEF{Attached: []fixture.TNEFFile{{Data: []byte("x"), Props: fixture.TNEFProps(fixture.TNEFText(0x3703, ".js"))}}}, []string{"attachment 1.js data x"}},
		{"data in a property", fixture.TNEF{Attached: []fixture.TNEFFile{{Title: "a", Props: fixture.TNEFProps(fixture.TNEFProp(0x37010102, []byte("prop")))}}}, []string{"a data prop"}},
		{"both kinds of data", fixture.TNEF{Attached: []fixture.TNEFFile{{Title: "a", Data: []byte("attr"), Props: fixture.TNEFProps(fixture.TNEFProp(0x37010102, []byte("prop")))}}},
			[]string{"a data attr", "a data prop"}},
		{"message", fixture.TNEF{Attached: []fixture.TNEFFile{{Props: object(fixture.TNEFMessage, "inner")}}}, []string{"object message inner"}},
		{"compound file", fixture.TNEF{Attached: []fixture.TNEFFile{{Props: object(fixture.TNEFStorage, "inner")}}}, []string{"object object inner"}},
		{"object of another interface", fixture.TNEF{Attached: []fixture.TNEFFile{{Props: object(strings.Repeat("i", 16), "inner")}}}, []string{"object data inner"}},
		{"object without an interface", fixture.TNEF{Attached: []fixture.TNEFFile{{Props: object("short", "")}}}, []string{"object data short"}},
		{"values of every size before the data", fixture.TNEF{Attached: []fixture.TNEFFile{{Props: fixture.TNEFProps(
			fixture.TNEFProp(0x00010002, []byte("ab")), fixture.TNEFProp(0x0001000B, []byte("ab")), fixture.TNEFProp(0x00010014, make([]byte, 8)),
			fixture.TNEFProp(0x00010040, make([]byte, 8)), fixture.TNEFProp(0x00010048, make([]byte, 16)), fixture.TNEFProp(0x00010001, make([]byte, 4)),
			fixture.TNEFProp(0x00011002, []byte("ab"), []byte("cd")), fixture.TNEFProp(0x00011003, make([]byte, 4)), fixture.TNEFProp(0x0001101F, []byte("ab"), []byte("abcdef")),
			fixture.TNEFNamed(0x0B, 0x8501, "", []byte{1, 0, 0, 0}), fixture.TNEFNamed(3, 0, "Keyword", []byte{1, 0, 0, 0}), fixture.TNEFNamed(0x1F, 0, "K", fixture.TNEFProp(0x1F, []byte("ab"))[4:]),
			fixture.TNEFProp(0x37010102, []byte("data")))}}}, []string{"attachment 1 data data"}},
		{"unknown type behind the data", fixture.TNEF{Props: fixture.TNEFProps(fixture.TNEFProp(0x000100FE)), Attached: []fixture.TNEFFile{{Title: "a", Data: []byte("x"), Props: fixture.TNEFProps(fixture.TNEFProp(0x000100FE))}}},
			[]string{"a data x"}},
		{"MacBinary", fixture.TNEF{Attached: []fixture.TNEFFile{{Title: "a", Data: mac, Mac: true}}}, []string{"a data data"}},
		{"no MacBinary for all its flag", fixture.TNEF{Attached: []fixture.TNEFFile{{Title: "a", Data: []byte("plain"), Mac: true}}}, []string{"a data plain"}},
		{"no beginning", fixture.TNEF{Attached: []fixture.TNEFFile{{Title: "a", Data: []byte("x"), Bare: true}}}, []string{"a data x"}},
		{"behind damage", fixture.TNEF{Tail: append([]byte("\x07damaged, of no level"), fixture.TNEFAttribute(2, 0x0006800F, []byte("x"))...)}, []string{"attachment 1 data x"}},
		{"behind an attribute that is too long", fixture.TNEF{Tail: append([]byte("\x01\x04\x80\x01\x00\xFF\xFF\xFF\x7F"), fixture.TNEFAttribute(2, 0x0006800F, []byte("x"))...)},
			[]string{"attachment 1 data x"}},
		{"cut in the data", fixture.TNEF{Tail: []byte("\x02\x0F\x80\x06\x00\xFF\xFF\xFF\x7Fhalf")}, []string{"attachment 1 data half"}},
		{"cut in a property", fixture.TNEF{Tail: []byte("\x02\x05\x90\x06\x00\xFF\xFF\xFF\x7F\x01\x00\x00\x00\x02\x01\x01\x37\x01\x00\x00\x00\xFF\xFF\xFF\x7Fhalf")}, []string{"attachment 1 data half"}},
		{"cut in the name of a property", fixture.TNEF{Attached: []fixture.TNEFFile{data("a", "x")}, Tail: []byte("\x02\x05\x90\x06\x00\x0A\x00\x00\x00\x01\x00\x00\x00\x03\x00\x01\x80ab")},
			[]string{"a data x"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := tt.m.Bytes()
			m := read(t, b, tnef.Options{})
			if diff := cmp.Diff(tt.want, files(b, m)); diff != "" {
				t.Error(diff)
			}
			for _, p := range m.Problems {
				if p.Unread {
					t.Errorf("unread: %v", p)
				}
			}
		})
	}
}

func TestTexts(t *testing.T) {
	rtf := fixture.CompressRTF(`{\rtf1 x}`)
	props := fixture.TNEFProps(fixture.TNEFProp(0x3FDE0003, []byte{0xA4, 0x03, 0, 0}), fixture.TNEFProp(0x10130102, []byte(sjis(t, "<p>暗証</p>"))),
		fixture.TNEFProp(0x10090102, rtf), fixture.TNEFNamed(0x1F, 0x851F, "", fixture.TNEFProp(0x1F, fixture.UTF16(`\\host\a.wav`))[4:]))
	b := fixture.TNEF{Page: 932, Subject: sjis(t, "件名"), Body: sjis(t, "本文"), Props: props}.Bytes()
	m := read(t, b, tnef.Options{})
	if diff := cmp.Diff([]string{"IPM.Microsoft Mail.Note", "件名", "本文", "<p>暗証</p>"}, []string{m.Class, m.Subject, m.Body, m.HTML}); diff != "" {
		t.Error(diff)
	}
	if got := b[m.RTF.Offset : m.RTF.Offset+m.RTF.Size]; !bytes.Equal(got, rtf) {
		t.Errorf("RTF %q", got)
	}
	if diff := cmp.Diff([]string{`\\host\a.wav`}, m.Links); diff != "" {
		t.Error(diff)
	}
}

func TestTextsOfProperties(t *testing.T) {
	props := fixture.TNEFProps(fixture.TNEFText(0x37, "件名"), fixture.TNEFText(0x1000, "本文"), fixture.TNEFProp(0x1013001F, fixture.UTF16("<p>")))
	m := read(t, fixture.TNEF{Subject: "old", Props: props}.Bytes(), tnef.Options{})
	if diff := cmp.Diff([]string{"件名", "本文", "<p>"}, []string{m.Subject, m.Body, m.HTML}); diff != "" {
		t.Error(diff)
	}
}

func TestAttachmentByReference(t *testing.T) {
	f := fixture.TNEFFile{Title: "a", Props: fixture.TNEFProps(fixture.TNEFText(0x370D, "https://example.test/a.doc"))}
	m := read(t, fixture.TNEF{Attached: []fixture.TNEFFile{f}}.Bytes(), tnef.Options{})
	if diff := cmp.Diff([]string{"https://example.test/a.doc"}, m.Links); diff != "" || len(m.Files) > 0 {
		t.Errorf("%s, files %v", diff, m.Files)
	}
}

func TestCodePages(t *testing.T) {
	for page, want := range map[uint32]string{0: "é", 437: "Θ", 850: "Ú", 852: "Ú", 866: "щ", 874: "้", 1250: "é", 1251: "й", 1253: "ι", 1254: "é", 1257: "é", 10000: "È", 20866: "И", 28592: "é", 28595: "щ",
		28605: "é", 65001: "\uFFFD", 9999: "é"} {
		m := read(t, fixture.TNEF{Page: page, Subject: "\xE9"}.Bytes(), tnef.Options{})
		if m.Subject != want {
			t.Errorf("page %d: %q, want %q", page, m.Subject, want)
		}
	}
	for page, text := range map[uint32]string{936: "\xC4\xE3", 949: "\xB0\xA1", 950: "\xA7\x41", 51932: "\xB4\xC1", 54936: "\xC4\xE3"} {
		if m := read(t, fixture.TNEF{Page: page, Subject: text}.Bytes(), tnef.Options{}); len([]rune(m.Subject)) != 1 {
			t.Errorf("page %d: %q", page, m.Subject)
		}
	}
}

func TestLimitsLeaveWhatWasRead(t *testing.T) {
	many := func(n int) (list []fixture.TNEFFile) {
		for range n {
			list = append(list, data("a", "x"))
		}
		return list
	}
	prop := fixture.TNEFProp(0x00010003, make([]byte, 4))
	for _, tt := range []struct {
		name  string
		m     fixture.TNEF
		o     tnef.Options
		files int
	}{
		{"attachments", fixture.TNEF{Attached: many(5)}, tnef.Options{Files: 3}, 3},
		{"properties", fixture.TNEF{Attached: append(many(1), fixture.TNEFFile{Props: fixture.TNEFProps(prop, prop, prop)})}, tnef.Options{Properties: 2}, 1},
		{"attributes", fixture.TNEF{Attached: append(many(1), make([]fixture.TNEFFile, 1<<16)...)}, tnef.Options{Files: 1 << 20}, 1},
		{"unknown type", fixture.TNEF{Attached: append(many(1), fixture.TNEFFile{Props: fixture.TNEFProps(fixture.TNEFProp(0x000100FE))})}, tnef.Options{}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := read(t, tt.m.Bytes(), tt.o)
			if len(m.Files) != tt.files || len(m.Problems) != 1 || !m.Problems[0].Unread {
				t.Errorf("%d files, problems %v", len(m.Files), m.Problems)
			}
		})
	}
}

func TestErrorIsTheReadersOnly(t *testing.T) {
	broken := errors.New("disk")
	b := fixture.TNEF{Body: "x"}.Bytes()
	if _, err := tnef.Read(context.Background(), readerAt{broken}, int64(len(b)), tnef.Options{}); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := tnef.Read(ctx, bytes.NewReader(b), int64(len(b)), tnef.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

type readerAt struct{ err error }

func (r readerAt) ReadAt(p []byte, _ int64) (int, error) { return iotest.ErrReader(r.err).Read(p) }

// FuzzRead holds that nothing panics, that all places lie in the file, and that texts keep to their limit.
func FuzzRead(f *testing.F) {
	for _, m := range []fixture.TNEF{
		{}, {Page: 932, Subject: "s", Body: "b", Attached: []fixture.TNEFFile{data("a.doc", "x"), {Mac: true, Data: make([]byte, 200)}}},
		{Props: fixture.TNEFProps(fixture.TNEFText(0x37, "s"), fixture.TNEFProp(0x10090102, []byte("x")), fixture.TNEFNamed(0x1F, 0x851F, "", fixture.TNEFProp(0x1F, []byte("ab"))[4:]))},
		{Attached: []fixture.TNEFFile{{Props: fixture.TNEFProps(fixture.TNEFProp(0x3701000D, []byte(fixture.TNEFMessage+"x")))}}, Tail: []byte("\x07xx\x02\x0F\x80\x06\x00\x01\x00\x00\x00xx")},
	} {
		f.Add(m.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := read(t, b, tnef.Options{Text: 100, Files: 20, Properties: 50})
		for _, at := range append([]tnef.Span{m.RTF}, spans(m)...) {
			if at.Offset < 0 || at.Size < 0 || at.Offset+at.Size > int64(len(b)) {
				t.Errorf("%v in a file of %d", at, len(b))
			}
		}
		if len(m.Body) > 300 || len(m.Subject) > 300 || len(m.HTML) > 300 { // a byte becomes at most three
			t.Errorf("texts of %d, %d and %d bytes", len(m.Subject), len(m.Body), len(m.HTML))
		}
		for _, file := range m.Files {
			if len(file.Names) == 0 || file.Number < 1 || file.Number > 20 {
				t.Errorf("%+v", file)
			}
		}
	})
}

func spans(m *tnef.Message) (list []tnef.Span) {
	for _, f := range m.Files {
		list = append(list, f.Span)
	}
	return list
}
