package oleparse

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/japanese"

	"sekisho/internal/fixture"
)

func TestAMessageHandsOutItsAttachments(t *testing.T) {
	sjis := func(s string) string {
		b, err := japanese.ShiftJIS.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	inner := &fixture.Msg{Page: 932, Attached: []fixture.Attached{{Long: sjis("内訳.xls"), Narrow: true, Data: []byte("inner")}}}
	m := fixture.Msg{Body: "本文です", RTF: fixture.CompressRTF(`{\rtf1 hello}`), HTML: []byte("<p>hello"), Locale: 0x0411, Attached: []fixture.Attached{
		{Long: "請求書 2022.docm", Short: "2022~1.DOC", Data: []byte("wide")},
		{Long: sjis("表見積.zip"), Short: "A.ZIP", Narrow: true, Data: []byte("narrow")},
		{Display: `C:\a\b.exe`, Data: []byte("display")},
		{Extension: ".js", Data: []byte("none")},
		{Display: "Fwd", Message: inner},
	}}
	var text bytes.Buffer
	d := readWith(t, m.Bytes(), Options{Text: &text})
	want := []string{
		"__substg1.0_10090102||{\\rtf1 hello}",
		"__attach_version1.0_#00000000|請求書 2022.docm|wide",
		"__attach_version1.0_#00000001|表見積.zip|narrow",
		"__attach_version1.0_#00000002|b.exe|display",
		"__attach_version1.0_#00000003|attachment.js|none",
		"__attach_version1.0_#00000004/__substg1.0_3701000D/__attach_version1.0_#00000000|内訳.xls|inner",
	}
	if diff := cmp.Diff(want, filesOf(t, d)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if d.Kind != "msg" || text.String() != "本文です\n" || len(d.Objects) > 0 || len(d.Problems) > 0 {
		t.Errorf("%s, text %q, %v, %v", d.Kind, text.String(), d.Objects, d.Problems)
	}
}

func TestAnObjectAttachedToAMessageIsReadLikeAnyOther(t *testing.T) {
	native := fixture.Stream("\x01Ole10Native", fixture.Named("a.exe", []byte("MZ")).Native())
	pdf := fixture.Stream("CONTENTS", []byte("%PDF"))
	const at = "__attach_version1.0_#00000000/__substg1.0_3701000D"
	for name, tc := range map[string]struct {
		object fixture.Node
		kind   ObjectKind
		want   string
	}{
		"package":  {native, ObjectPackage, at + "/\x01Ole10Native|a.exe|MZ"},
		"contents": {pdf, ObjectEmbedded, at + "/CONTENTS||%PDF"},
	} {
		d := readBytes(t, fixture.Msg{Attached: []fixture.Attached{{Long: "x", Object: []fixture.Node{tc.object}}}}.Bytes())
		if got := strings.Join(filesOf(t, d), "\n"); got != tc.want || len(d.Objects) != 1 || d.Objects[0].Kind != tc.kind {
			t.Errorf("%s: %q, %+v", name, got, d.Objects)
		}
	}
}

func TestAReminderThatFetchesItsSoundIsALink(t *testing.T) {
	for target, want := range map[string]int{`\\192.0.2.1\share\a.wav`: 1, `C:\a.wav`: 0, "": 0} {
		d := readBytes(t, fixture.Msg{Reminder: target}.Bytes())
		if len(d.Links) != want {
			t.Errorf("%q: %v", target, d.Links)
		}
		for _, l := range d.Links {
			if l.Target != target || l.Type != LinkOther || !l.Remote {
				t.Errorf("%+v", l)
			}
		}
	}
}

func TestMessagesAreReadInMessageFilesOnly(t *testing.T) {
	attach := fixture.Storage("__attach_version1.0_#00000000", fixture.Stream("__substg1.0_37010102", []byte("x")))
	if d := readBytes(t, fixture.OLE(fixture.Stream("WordDocument", fixture.WordHead(0)), attach)); len(d.Files) > 0 {
		t.Errorf("%v", d.Files)
	}
}

func TestPropertiesThatEndEarlyAreNoTrouble(t *testing.T) {
	for n := range 60 {
		props := fixture.MsgNumbers(32, map[int]int{0x3FFD: 932})[:min(n, 48)]
		d := readBytes(t, fixture.OLE(fixture.Stream("__properties_version1.0", props), fixture.Stream("__substg1.0_1000001E", []byte("\x82\xA0")),
			fixture.Storage("__nameid_version1.0", fixture.Stream("__substg1.0_00030102", make([]byte, n)))))
		if d.Kind != "msg" || len(d.Problems) > 0 {
			t.Errorf("%d: %v", n, d.Problems)
		}
	}
}

func TestLanguagesHaveTheirCodePages(t *testing.T) {
	for lid, want := range map[int]int{0: 0, 0x0409: 1252, 0x0411: 932, 0x0804: 936, 0x0404: 950, 0x0412: 949, 0x0419: 1251, 0x0415: 1250, 0x041F: 1254, 0x041E: 874,
		0x0408: 1253, 0x040D: 1255, 0x0401: 1256, 0x0425: 1257, 0x042A: 1258, 0x0C1A: 1251, 0x1C1A: 1250} {
		if got := lidPage(lid); got != want {
			t.Errorf("%#x: %d", lid, got)
		}
	}
}

// FuzzMessage holds that whatever a message file says, its files can be read, and that their bytes are not more than the file could tell.
func FuzzMessage(f *testing.F) {
	f.Add(fixture.Msg{Body: "b", RTF: fixture.CompressRTF("hello"), Reminder: `\\h\s`, Page: 932,
		Attached: []fixture.Attached{{Long: "a", Data: []byte("x")}, {Message: &fixture.Msg{Body: "c"}}}}.Bytes())
	f.Add(fixture.Msg{}.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		var text bytes.Buffer
		d := readWith(t, b, Options{Text: &text})
		for _, file := range d.Files {
			r, err := file.Open()
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if n, _ := out.ReadFrom(r); n > int64(9*len(b)+64) {
				t.Errorf("%d bytes of %d", n, len(b))
			}
		}
		if !strings.Contains(text.String(), "\n") && text.Len() > 0 {
			t.Error("text in pieces without an end")
		}
	})
}
