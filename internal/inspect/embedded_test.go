package inspect

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/japanese"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
)

func packed(name string, data []byte) []byte {
	return fixture.DocWith(fixture.PackageObject("_1", fixture.Named(name, data)))
}

func TestFilesInDocumentsAreInspected(t *testing.T) {
	const native = `ObjectPool/_1/\u{1}Ole10Native!/`
	contents := fixture.Stream("CONTENTS", []byte("%PDF-1.4"))
	picture := fixture.Stream("CONTENTS", []byte("\x89PNG\r\n\x1A\n"))
	for name, tc := range map[string]struct {
		file []byte
		want []string
	}{
		"program":               {packed("a.exe", exe()), []string{" doc", native + "a.exe exe"}},
		"text":                  {packed("a.txt", []byte("hello")), []string{" doc", native + "a.txt text"}},
		"document":              {packed("a.doc", fixture.DocVBA(downloader)), []string{" doc", native + "a.doc doc"}},
		"program in an archive": {packed("a.zip", zipOf(entry("b.exe", exe()))), []string{" doc", native + "a.zip zip", native + "a.zip!/b.exe exe"}},
		"package in a package":  {packed("a.doc", packed("b.exe", exe())), []string{" doc", native + "a.doc doc", native + "a.doc!/" + native + "b.exe exe"}},
		"stream that is a file": {fixture.XLSWith(fixture.Storage("MBD00000001", contents)), []string{" xls", "MBD00000001/CONTENTS pdf"}},
		"page that runs":        {fixture.XLSWith(fixture.Storage("MBD00000001", fixture.Stream("CONTENTS", []byte("<html>")))), []string{" xls", "MBD00000001/CONTENTS html"}},
		"stream that is none":   {fixture.XLSWith(fixture.Storage("MBD00000001", picture)), []string{" xls"}},
	} {
		_, r := scanFile(t, Options{}, tc.file)
		if diff := cmp.Diff(tc.want, tree(r)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if r.Incomplete || r.Files[0].OLEObjects != 1 {
			t.Errorf("%s: incomplete %v, %d objects", name, r.Incomplete, r.Files[0].OLEObjects)
		}
	}
}

func TestWhatIsFoundInAPackageSaysWhere(t *testing.T) {
	_, r := scanFile(t, Options{}, packed("a.doc", fixture.DocVBA(downloader)))
	if !slices.ContainsFunc(lines(r), func(l string) bool {
		return strings.HasPrefix(l, string(finding.VBAAutoexec)+` ObjectPool/_1/\u{1}Ole10Native!/a.doc`)
	}) {
		t.Errorf("%q", lines(r))
	}
}

func TestPackagesInPackagesEndAtTheDepth(t *testing.T) {
	b := packed("a.exe", exe())
	for range 4 {
		b = packed("a.doc", b)
	}
	if _, r := scanFile(t, Options{Depth: 5}, b); r.Incomplete || len(r.Files) != 6 {
		t.Errorf("at the depth: %v", tree(r))
	}
	if _, r := scanFile(t, Options{Depth: 3}, b); !r.Incomplete || !slices.ContainsFunc(r.Findings, func(f finding.Finding) bool { return f.Kind == finding.LimitDepth }) {
		t.Errorf("past the depth: %v", lines(r))
	}
	if _, r := scanFile(t, Options{Bytes: 1000}, b); !r.Incomplete {
		t.Errorf("past the bytes: %v", lines(r))
	}
}

func TestAttachmentsOfAMessageFileAreInspected(t *testing.T) {
	m := fixture.Msg{Body: "hello", RTF: fixture.CompressRTF(`{\rtf1 hello}`), HTML: []byte("<html>"), Attached: []fixture.Attached{
		{Long: "請求書.doc", Data: fixture.DocVBA(downloader)},
		{Long: "note.txt", Data: []byte("hello")},
		{Message: &fixture.Msg{Attached: []fixture.Attached{{Long: "a.zip", Data: zipOf(entry("b.exe", exe()))}}}},
	}}
	kind, r := scanFile(t, Options{}, m.Bytes())
	const attach = "__attach_version1.0_#0000000"
	want := []string{" msg", "__substg1.0_10090102 rtf", attach + "0!/請求書.doc doc", attach + "1!/note.txt text",
		attach + "2/__substg1.0_3701000D/" + attach + "0!/a.zip zip", attach + "2/__substg1.0_3701000D/" + attach + "0!/a.zip!/b.exe exe"}
	if diff := cmp.Diff(want, tree(r)); diff != "" || kind != KindMSG || r.Incomplete {
		t.Errorf("%s, incomplete %v (-want +got):\n%s", kind, r.Incomplete, diff)
	}
	if slices.Contains(lines(r), string(finding.ArchiveUnread)) {
		t.Errorf("%q", lines(r))
	}
}

func TestWhatBinaryDocumentsSayAndAskForIsFound(t *testing.T) {
	lure := "「コンテンツの有効化」をクリックしてください"
	sjis, err := japanese.ShiftJIS.NewEncoder().String(lure)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		file []byte
		kind finding.Kind
	}{
		"lure in Word":                {fixture.WordText{Pieces: []string{"「コンテ", "ンツの有効化」をクリックしてください"}}.Bytes(), finding.OfficeLure},
		"lure in Word 95":             {fixture.WordText{Old: true, LID: 0x0411, Text: []byte(sjis)}.Bytes(), finding.OfficeLure},
		"lure in PowerPoint":          {fixture.PPTShow([][]byte{fixture.PPTAtom(0, 0x0FA0, fixture.UTF16(lure))}, nil), finding.OfficeLure},
		"lure in an embedded object":  {fixture.XLSWith(fixture.Storage("MBD00000001", fixture.WordText{Pieces: []string{lure}}.Nodes()...)), finding.OfficeLure},
		"DDE":                         {fixture.WordText{Pieces: []string{"\x13DDEAUTO cmd \"/c x\"\x15"}}.Bytes(), finding.OfficeDDE},
		"template":                    {fixture.WordText{Pieces: []string{"x"}, Template: "http://example.com/a.dot"}.Bytes(), finding.OfficeRemoteTemplate},
		"linked object":               {fixture.DocWith(fixture.Storage("_1", fixture.Stream("\x01Ole", fixture.OLEStream(fixture.URLMoniker("http://example.com/"))))), finding.OfficeRemoteObject},
		"package":                     {packed("a.exe", exe()), finding.OLEPackage},
		"object":                      {fixture.XLSWith(fixture.Storage("MBD00000001", fixture.Stream("Workbook", fixture.BIFF()))), finding.OLEObject},
		"control":                     {fixture.XLSWith(fixture.Stream("Ctls", []byte("x"))), finding.OfficeActiveX},
		"program behind a click":      {fixture.PPTShow([][]byte{fixture.PPTAction(2, "cmd.exe")}, nil), finding.OfficeDDE},
		"sound fetched by a reminder": {fixture.Msg{Reminder: `\\192.0.2.1\s\a.wav`}.Bytes(), finding.OfficeExternal},
	} {
		_, r := scanFile(t, Options{}, tc.file)
		if !slices.ContainsFunc(r.Findings, func(f finding.Finding) bool { return f.Kind == tc.kind }) || r.Incomplete {
			t.Errorf("%s: incomplete %v, %q", name, r.Incomplete, lines(r))
		}
	}
}

func TestAPackageRunsByAnyOfItsNames(t *testing.T) {
	for name, change := range map[string]func(*fixture.Packed){
		"label":          func(p *fixture.Packed) { p.Label = "a.vbs" },
		"path":           func(p *fixture.Packed) { p.Source = `C:\a.vbs` },
		"temporary path": func(p *fixture.Packed) { p.Temp = `C:\Temp\a.vbs` },
		"command":        func(p *fixture.Packed) { p.Command = `cmd.exe /c calc.exe` },
	} {
		p := fixture.Named("a.txt", []byte("words"))
		change(&p)
		_, r := scanFile(t, Options{}, fixture.DocWith(fixture.PackageObject("_1", p)))
		if last := r.Files[len(r.Files)-1]; last.Kind != KindScript {
			t.Errorf("%s: %v", name, tree(r))
		}
	}
}
