package flatxml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"sekisho/internal/fixture"
	"sekisho/internal/xmlscan"
)

// parts keeps what a package holds.
type parts struct {
	names, types []string
	data         []*bytes.Buffer
	fail         error
}

func (p *parts) Part(name, contentType string) (io.Writer, error) {
	if p.fail != nil {
		return nil, p.fail
	}
	p.names, p.types, p.data = append(p.names, name), append(p.types, contentType), append(p.data, &bytes.Buffer{})
	return p.data[len(p.data)-1], nil
}

const head = `<pkg:package xmlns:pkg="` + packageSpace + `">`

func TestFormatsAreToldByTheRoot(t *testing.T) {
	for file, want := range map[string]Format{
		string(fixture.FlatOPC(fixture.DOCMParts(""))): Package,
		string(fixture.Word2003("")):                   Word,
		`<!DOCTYPE x><wordDocument/>`:                  Word,
		`<package xmlns="` + packageSpace + `"/>`:      Package,
		`<package/>`:                             Other,
		`<Workbook xmlns="` + excelSpace + `"/>`: Excel,
		`<Workbook/>`:                            Other,
		`<a><w:wordDocument/></a>`:               Other,
		``:                                       Other,
		`no markup`:                              Other,
	} {
		if got, err := Identify(strings.NewReader(file)); got != want || err != nil {
			t.Errorf("%.60q: %d, %v", file, got, err)
		}
	}
	if _, err := Identify(iotest.ErrReader(io.ErrClosedPipe)); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

func TestPartsComeBack(t *testing.T) {
	want := fixture.DOCMParts("Sub A()\nEnd Sub")
	var p parts
	cut, err := Parts(iotest.OneByteReader(bytes.NewReader(fixture.FlatOPC(want))), &p)
	if cut || err != nil {
		t.Fatal(cut, err)
	}
	for i, part := range want[1:] {
		if p.names[i] != "/"+part.Name || p.types[i] == "" {
			t.Errorf("part %d: %q, %q", i, p.names[i], p.types[i])
		}
		got, text := p.data[i].String(), part.Data
		if text[0] == '<' {
			got, text = tokens(got), tokens(text)
		}
		if got != text {
			t.Errorf("%s:\n%q\n%q", part.Name, got, text)
		}
	}
}

// tokens are the tags and texts of a part, without the declaration of the package's name space.
func tokens(file string) string {
	var b strings.Builder
	x := xmlscan.New(strings.NewReader(file))
	for k := x.Next(); k != xmlscan.EOF; k = x.Next() {
		fmt.Fprintf(&b, "%d %s:%s %s", k, x.Prefix(), x.Name(), bytes.TrimSpace(x.Text()))
		for _, a := range x.Attrs() {
			if string(a.Name) != "pkg" {
				fmt.Fprintf(&b, " %s:%s=%s", a.Prefix, a.Name, a.Value)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestAPartInheritsNameSpacesAndKeepsItsCharacters(t *testing.T) {
	file := `<p:package xmlns:p="` + packageSpace + `" xmlns:a="outer" xmlns="default"><p:part p:name="/x" p:contentType="t" xmlns:b="of part">` +
		`<p:xmlData xmlns:a="inner"><a:root c="1 &lt; &quot;2&quot;&#10;" xmlns:b="own"><b:e/>x &amp; y<![CDATA[<z>]]></a:root></p:xmlData></p:part>` +
		`<p:part p:name="/y"><p:xmlData><q/></p:xmlData></p:part></p:package>`
	var p parts
	if _, err := Parts(strings.NewReader(file), &p); err != nil {
		t.Fatal(err)
	}
	want := `<a:root c="1 &#60; &#34;2&#34;&#10;" xmlns:b="own" xmlns:a="inner" xmlns="default" xmlns:p="` + packageSpace + `">` +
		`<b:e></b:e>x &#38; y&#60;z&#62;</a:root>`
	if got := strings.TrimPrefix(p.data[0].String(), xmlHead); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if got := p.data[1].String(); strings.Contains(got, "of part") || strings.Contains(got, "inner") || !strings.Contains(got, "outer") {
		t.Errorf("declarations of another part: %s", got)
	}
}

func TestDamagedPackagesGiveWhatTheyHave(t *testing.T) {
	for name, tc := range map[string]struct{ file, want string }{
		"no end":           {head + `<pkg:part pkg:name="/x"><pkg:xmlData><a>text`, xmlHead + `<a xmlns:pkg="` + packageSpace + `">text`},
		"cut in base64":    {head + `<pkg:part><pkg:binaryData>SGVsbG8`, "Hello"},
		"broken base64":    {head + `<pkg:part><pkg:binaryData> S G!V-s` + "\n" + `bG8=</pkg:binaryData>`, "Hello"},
		"two groups":       {head + `<pkg:part><pkg:binaryData>SGU=bGxv</pkg:binaryData>`, "Hello"},
		"comment inside":   {head + `<pkg:part><pkg:binaryData>SGV<!-- x -->sbG8=</pkg:binaryData>`, "Hello"},
		"outside any part": {head + `<pkg:binaryData>SGVsbG8=</pkg:binaryData>`, "Hello"},
	} {
		var p parts
		if _, err := Parts(strings.NewReader(tc.file), &p); err != nil || len(p.data) != 1 || p.data[0].String() != tc.want {
			t.Errorf("%s: %v, %v", name, p.data, err)
		}
	}
}

func TestLimitsOfPackages(t *testing.T) {
	many := head + strings.Repeat(`<pkg:part><pkg:binaryData/></pkg:part>`, partsMax+1)
	var p parts
	if cut, err := Parts(strings.NewReader(many), &p); !cut || err != nil || len(p.data) != partsMax {
		t.Errorf("%v, %d parts, %v", cut, len(p.data), err)
	}
	wide := `<pkg:package xmlns:pkg="` + packageSpace + `" xmlns:a="` + strings.Repeat("x", inheritsMax) + `" xmlns:b="kept"><pkg:part><pkg:xmlData><r/>`
	p = parts{}
	if _, err := Parts(strings.NewReader(wide), &p); err != nil || p.data[0].Len() > 4096 {
		t.Errorf("%d bytes, %v", p.data[0].Len(), err)
	}
	fail := parts{fail: io.ErrClosedPipe}
	if _, err := Parts(strings.NewReader(many), &fail); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

func TestBinariesAreFoundByElementOrContent(t *testing.T) {
	mso := fixture.Lines64([]byte("ActiveMime\x00\x00rest"))
	ole := fixture.Lines64(fixture.OLE())
	for name, tc := range map[string]struct {
		file string
		want []string
	}{
		"binData":         {`<w:binData w:name="a.mso">SGVsbG8=</w:binData>`, []string{"a.mso Hello"}},
		"without a name":  {`<binData>SGVsbG8=</binData>`, []string{"binData Hello"}},
		"other element":   {`<x>` + mso + `</x>`, []string{"x ActiveMime\x00\x00rest"}},
		"compound file":   {`<x name="y">` + ole + `</x>`, []string{"y " + string(fixture.OLE())}},
		"after blanks":    {`<x>` + strings.Repeat(" ", 40_000) + `<!-- --> ` + mso + `</x>`, []string{"x ActiveMime\x00\x00rest"}},
		"ordinary text":   {`<w:t>SGVsbG8=</w:t><w:binData/><w:t>text</w:t>`, nil},
		"one after other": {`<binData>QQ==</binData><x/><binData>Qg==</binData>`, []string{"binData A", "binData B"}},
	} {
		var got []string
		err := Binaries(strings.NewReader("<r>"+tc.file+"</r>"), func(name string, r io.Reader) error {
			b, err := io.ReadAll(r)
			got = append(got, name+" "+string(b))
			return err
		})
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tc.want) || err != nil {
			t.Errorf("%s: %.200q, %v", name, got, err)
		}
	}
	if err := Binaries(strings.NewReader(`<binData>QQ==</binData>`), func(string, io.Reader) error { return io.ErrClosedPipe }); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

func TestALargeBinaryIsAStream(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789"), 100_000)
	file := `<binData>` + fixture.Lines64(want) + `</binData>`
	err := Binaries(strings.NewReader(file), func(_ string, r io.Reader) error {
		got, err := io.ReadAll(r)
		if !bytes.Equal(got, want) {
			t.Errorf("%d bytes", len(got))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestContentTypesAreEscaped(t *testing.T) {
	got := string(ContentTypes([]string{`/a"b`, `t<`, "c", "u"}))
	for _, want := range []string{`PartName="/a&#34;b" ContentType="t&#60;"`, `PartName="/c" ContentType="u"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
}

// FuzzFlat holds that no file makes an error of ours, more parts than it has characters for, or more bytes in base64 than it has.
func FuzzFlat(f *testing.F) {
	f.Add(fixture.FlatOPC(fixture.DOCMParts("")))
	f.Add(fixture.Word2003("text", "editdata.mso", "ActiveMime"))
	f.Add([]byte(head + `<pkg:part><pkg:xmlData xmlns:a="b"><a:b c='d'>&amp;`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := Identify(bytes.NewReader(b)); err != nil {
			t.Fatal(err)
		}
		var p parts
		if _, err := Parts(bytes.NewReader(b), &p); err != nil || len(p.data) > bytes.Count(b, []byte("<"))+len(b)/2 {
			t.Fatal(err)
		}
		var total int64
		err := Binaries(bytes.NewReader(b), func(_ string, r io.Reader) error {
			n, err := io.Copy(io.Discard, r)
			total += n
			return err
		})
		if err != nil || total > int64(2*len(b)+16) {
			t.Fatal(total, err)
		}
	})
}
