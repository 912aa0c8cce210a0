package oleparse

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/japanese"

	"sekisho/internal/fixture"
)

func TestAFileMonikerTellsItsPathInTheBestFormItHas(t *testing.T) {
	sjis, err := japanese.ShiftJIS.NewEncoder().String(`C:\表.xls`)
	if err != nil {
		t.Fatal(err)
	}
	cut := fixture.FileMoniker("a.xls", `\\h\s\a.xls`)
	lying := bytes.Clone(cut)
	binary.LittleEndian.PutUint32(lying[len(lying)-2*11-6:], 0xFFFFFFFF) // cbUnicodePathBytes
	for name, tc := range map[string]struct {
		moniker []byte
		page    int
		want    []string
	}{
		"code page":             {fixture.FileMoniker(`C:\a.xls`, ""), westEuropean, []string{`C:\a.xls`}},
		"Japanese code page":    {fixture.FileMoniker(sjis, ""), 932, []string{`C:\表.xls`}},
		"UTF-16":                {cut, westEuropean, []string{`\\h\s\a.xls`}},
		"UTF-16 that is cut":    {cut[:len(cut)-10], westEuropean, []string{"a.xls"}},
		"UTF-16 that lies":      {lying, westEuropean, []string{"a.xls"}},
		"cut before the UTF-16": {cut[:30], westEuropean, []string{"a.xls"}},
		"cut in the path":       {cut[:23], westEuropean, nil},
		"nothing":               {fixture.FileMoniker("", ""), westEuropean, nil},
		"no text":               {fixture.FileMoniker("a\x01\x02", ""), westEuropean, nil},
	} {
		b := append([]byte{1, 0, 0, 2, 1, 0, 0, 0}, tc.moniker...)
		if diff := cmp.Diff(tc.want, parseLinks(b, tc.page)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAURLMonikerEndsWithItsNULOrTheStream(t *testing.T) {
	m := fixture.URLMoniker("http://example.com/a")
	more := append(bytes.Clone(m), fixture.UTF16("more")...)
	small := bytes.Clone(m)
	small[16] = 14
	odd := append(bytes.Clone(m[:len(m)-2]), 'x')
	for name, tc := range map[string]struct {
		moniker []byte
		want    []string
	}{
		"plain":              {m, []string{"http://example.com/a"}},
		"more behind":        {more, []string{"http://example.com/a"}},
		"size that is small": {small, []string{"http://"}},
		"odd":                {odd, []string{"http://example.com/a"}},
		"only its class":     {m[:16], nil},
		"empty":              {fixture.URLMoniker(""), nil},
	} {
		b := append([]byte{1, 0, 0, 2, 1, 0, 0, 0}, tc.moniker...)
		if diff := cmp.Diff(tc.want, parseLinks(b, westEuropean)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestMonikersOfAnObjectThatIsNotLinkedAreNotFollowed(t *testing.T) {
	b := fixture.OLEStream(fixture.URLMoniker("http://example.com/"))
	for flags, want := range map[byte]int{0: 0, 1: 1, 8: 0, 9: 1} {
		b[4] = flags
		if got := parseLinks(b, westEuropean); len(got) != want {
			t.Errorf("flags %d: %v", flags, got)
		}
	}
}

func TestTheSameTargetTwiceIsOneLink(t *testing.T) {
	m := fixture.URLMoniker("http://example.com/")
	if got := parseLinks(fixture.OLEStream(m, m), westEuropean); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

func TestTheCodePageOfNames(t *testing.T) {
	set := func(page uint16) []byte { return properties(page).Data }
	whole := set(932)
	vary := func(f func(b []byte)) []byte {
		b := bytes.Clone(whole)
		f(b)
		return b
	}
	for name, tc := range map[string]struct {
		b    []byte
		want int
	}{
		"Japanese":             {whole, 932},
		"UTF-16":               {set(utf16Page), 0},
		"UTF-8":                {set(65001), 65001},
		"unknown":              {set(4711), 0},
		"no such property":     {vary(func(b []byte) { b[56] = 2 }), 0},
		"behind another":       {append(whole[:44:44], append([]byte{48, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 24, 0, 0, 0}, 2, 0, 0, 0, 0xB5, 3)...), 949},
		"offset that lies":     {vary(func(b []byte) { b[60] = 0xFF }), 0},
		"section that lies":    {vary(func(b []byte) { b[44] = 0xFF }), 0},
		"count that lies":      {vary(func(b []byte) { copy(b[52:], "\xFF\xFF\xFF\xFF\x05") }), 0},
		"cut before the value": {whole[:66], 0},
		"nothing":              {nil, 0},
	} {
		if got := propertiesPage(tc.b); got != tc.want {
			t.Errorf("%s: %d", name, got)
		}
	}
}

func TestTheCodePageComesFromEitherPropertySet(t *testing.T) {
	object := fixture.PackageObject("_1", fixture.Named("\x83\x65.exe", []byte("MZ")))
	second := properties(932)
	second.Name = "\x05DocumentSummaryInformation"
	for name, tc := range map[string]struct {
		nodes []fixture.Node
		want  string
	}{
		"first":           {[]fixture.Node{properties(932)}, "テ.exe"},
		"second":          {[]fixture.Node{second}, "テ.exe"},
		"first says none": {[]fixture.Node{properties(0), second}, "テ.exe"},
		"none":            {nil, "ƒe.exe"},
	} {
		d := readBytes(t, fixture.OLE(append(tc.nodes, fixture.Storage("ObjectPool", object))...))
		if len(d.Objects) != 1 || d.Objects[0].Name != tc.want {
			t.Errorf("%s: %+v", name, d.Objects)
		}
	}
}

func TestNamesOfPathsOfAnySystem(t *testing.T) {
	for path, want := range map[string]string{
		`C:\a\b.exe`: "b.exe", "/tmp/b.exe": "b.exe", "Macintosh HD:b.exe": "b.exe", "b.exe": "b.exe", `C:\a\`: "", "": "", `\\h\s\b.exe`: "b.exe", "..": "..",
	} {
		if got := baseName(path); got != want {
			t.Errorf("%q: %q", path, got)
		}
	}
}

func TestTheNameOfAPackageHasTheEndingThatDecides(t *testing.T) {
	for name, tc := range map[string]struct {
		p    packed
		want string
	}{
		"all alike":           {packed{label: "a.txt", source: `C:\a.txt`}, "a.txt"},
		"label is a title":    {packed{label: "Invoice", source: `C:\a.exe`}, "a.exe"},
		"label lies":          {packed{label: "a.pdf", source: `C:\b.EXE`}, "b.EXE"},
		"case differs":        {packed{label: "a.EXE", source: `C:\b.exe`}, "a.EXE"},
		"only temporary":      {packed{temp: `C:\t\b.js`}, "b.js"},
		"label and temporary": {packed{label: "a.pdf", temp: `C:\t\b.js`}, "b.js"},
		"only label":          {packed{label: `D:\a.pdf`}, "a.pdf"},
		"nothing":             {packed{}, ""},
	} {
		if got := tc.p.name(); got != tc.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestAPackageThatIsNoneIsNotTakenForOne(t *testing.T) {
	good := fixture.Named("a.exe", []byte("MZ")).Native()
	for name, b := range map[string][]byte{
		"control characters in the label": bytes.Replace(good, []byte("a.exe"), []byte("a\x01exe"), 1),
		"no end of the label":             append([]byte{0, 0, 0, 0, 2, 0}, strings.Repeat("x", 100)...),
		"other flags, no label":           fixture.Packed{Source: "x", Data: []byte("y")}.Native()[5:],
		"other flags, too long":           append([]byte{0, 0, 0, 0, 9}, fixture.Packed{Label: "a", Source: "b", Data: []byte("x"), Size: 99}.Native()[5:]...),
		"cut before the data":             good[:60],
		"command without one":             {0, 0, 0, 0, 2, 0, 'a', 0, 'b', 0, 0, 0, 1, 0, 0},
		"nothing":                         nil,
	} {
		if p, ok := parsePacked(b, int64(len(b)), westEuropean); ok {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func TestTheTailInUTF16IsOnlyBelievedWhereItIsText(t *testing.T) {
	p := fixture.Named("a.exe", []byte("MZ"))
	for name, wide := range map[string][3]string{"control characters": {"t", "b\x01.exe", "s"}, "half a pair": {"t", "\uFFFD.exe", "s"}} {
		p.Wide = wide
		if d, _ := nativeOf(t, p.Native()); d.Objects[0].Name != "a.exe" {
			t.Errorf("%s: %q", name, d.Objects[0].Name)
		}
	}
	p.Wide = [3]string{"t", "表.exe", `C:\表.exe`}
	whole := p.Native()
	for cut := 1; cut < 20; cut++ {
		if d, _ := nativeOf(t, whole[:len(whole)-cut]); d.Objects[0].Name != "a.exe" {
			t.Errorf("cut by %d: %q", cut, d.Objects[0].Name)
		}
	}
}
