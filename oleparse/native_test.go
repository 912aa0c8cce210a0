package oleparse

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"sekisho/internal/fixture"
)

func nativeOf(t *testing.T, native []byte, more ...fixture.Node) (*Document, string) {
	t.Helper()
	d := readBytes(t, fixture.OLE(append(more, fixture.Stream("WordDocument", fixture.WordHead(0)),
		fixture.Storage("ObjectPool", fixture.Storage("_1", fixture.Stream("\x01Ole10Native", native))))...))
	return d, strings.Join(filesOf(t, d), "\n")
}

func TestAPackageIsReadWhateverItsLengthsSay(t *testing.T) {
	const at = "ObjectPool/_1/\x01Ole10Native|"
	p := fixture.Named("a.exe", []byte("MZ..."))
	short, long, none := p, p, p
	short.Size, long.Size = 3, 0xFFFFFFFF
	none.Temp = ""
	wide := p
	wide.Wide = [3]string{`C:\t\請求書.exe`, "請求書.exe", `C:\請求書.exe`}
	label := p
	label.Label = "Invoice.pdf"
	noSize := p.Native()[4:]
	badTemp := p.Native()
	i := strings.Index(string(badTemp), `C:\Users\a\AppData`)
	badTemp[i-4] = 2
	for name, tc := range map[string]struct {
		native []byte
		want   string
	}{
		"plain":                      {p.Native(), "a.exe|MZ..."},
		"data longer than told":      {short.Native(), "a.exe|MZ."},
		"data shorter than told":     {long.Native(), "a.exe|MZ..."},
		"no temporary path":          {none.Native(), "a.exe|MZ..."},
		"temporary path's size lies": {badTemp, "a.exe|MZ..."},
		"no size before":             {noSize, "a.exe|MZ..."},
		"names in UTF-16":            {wide.Native(), "請求書.exe|MZ..."},
		"label with another ending":  {label.Native(), "a.exe|MZ..."},
		"other flags":                {append([]byte{9, 0, 0, 0, 7}, p.Native()[5:]...), "a.exe|MZ..."},
		"no package, with its size":  {[]byte("\x04\x00\x00\x00BM.."), "|BM.."},
		"no package, without one":    {[]byte("%PDF-1.4 and so on"), "|%PDF-1.4 and so on"},
		"size of nothing":            {[]byte("\x00\x00\x00\x00"), "|\x00\x00\x00\x00"},
	} {
		if _, got := nativeOf(t, tc.native); got != at+tc.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestAPackageOfACommandIsALink(t *testing.T) {
	d, files := nativeOf(t, fixture.Packed{Label: "x", Source: "", Command: `\\host\share\run.exe`}.Native())
	if !strings.HasSuffix(files, `.cmd|\\host\share\run.exe`) || len(d.Objects) != 1 || d.Objects[0].Target != `\\host\share\run.exe` || len(d.Links) != 1 || !d.Links[0].Remote {
		t.Errorf("%v %v %q", d.Objects, d.Links, files)
	}
}

func TestACommandLineIsAFileThatRuns(t *testing.T) {
	for command, want := range map[string]bool{
		`cmd /c calc`: true, `"C:\Windows\System32\cmd.exe" /c calc`: true, `C:\Windows\System32\MSHTA http://example.test/`: true, `C:\a b\c.vbs`: true,
		`C:\My Files\report.pdf`: false, `cmd`: false, `C:\a.exe notes\b.txt`: true, `powershell guide.docx`: true,
	} {
		_, files := nativeOf(t, fixture.Packed{Label: "x", Command: command}.Native())
		if got := strings.HasSuffix(files, "command line.cmd|"+command); got != want {
			t.Errorf("%s: %q", command, files)
		}
	}
}

// properties is a property set with a code page (MS-OLEPS 2.21).
func properties(page uint16) fixture.Node {
	b := append(make([]byte, 44), 48, 0, 0, 0)
	b = append(b, 24, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 16, 0, 0, 0, 2, 0, 0, 0, byte(page), byte(page>>8), 0, 0)
	return fixture.Stream("\x05SummaryInformation", b)
}

func TestNamesAreInTheCodePageOfTheDocument(t *testing.T) {
	name, err := japanese.ShiftJIS.NewEncoder().String("表見積.exe") // 表 ends with a backslash in Shift_JIS
	if err != nil {
		t.Fatal(err)
	}
	if d, _ := nativeOf(t, fixture.Named(name, []byte("MZ")).Native(), properties(932)); d.Objects[0].Name != "表見積.exe" {
		t.Errorf("%q", d.Objects[0].Name)
	}
	for _, page := range []uint16{0, 1200, 1252, 9999} {
		if d, _ := nativeOf(t, fixture.Named("\x80.exe", nil).Native(), properties(page)); d.Objects[0].Name != "€.exe" {
			t.Errorf("%d: %q", page, d.Objects[0].Name)
		}
	}
}
