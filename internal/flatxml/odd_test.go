package flatxml

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// What stands before the root says nothing, and the root's name space counts, not its prefix.
func TestRootsInOddPlaces(t *testing.T) {
	for file, want := range map[string]Format{
		"\uFEFF<?xml version='1.0'?><!-- <html/> --><?mso-application progid='Word.Document'?><w:wordDocument/>": Word,
		`<html xmlns="http://www.w3.org/1999/xhtml"/>`:                                                           Page,
		`<x:html/>`: Page,
		`<ss:Workbook xmlns:ss="` + excelSpace + `"/>`:              Excel,
		`<Workbook xmlns="urn:other"/>`:                             Other,
		`<pkg:package xmlns:pkg="urn:other"/>`:                      Other,
		`<Package xmlns="` + packageSpace + `"/>`:                   Other,
		"\n\n text <wordDocument/>":                                 Word,
		`<worddocument/>`:                                           Other,
		"<" + strings.Repeat("a", 100000):                           Other,
		`<!DOCTYPE html [<!ENTITY a "<wordDocument/>">]><package/>`: Other,
	} {
		if got, err := Identify(strings.NewReader(file)); got != want || err != nil {
			t.Errorf("%.80q: %d, %v", file, got, err)
		}
	}
}

// A part may have neither name nor type, and its contents may be of either sort.
func TestPartsOfAnyShape(t *testing.T) {
	for name, tt := range map[string]struct {
		file  string
		names string
		data  string
	}{
		"both contents":        {`<pkg:part pkg:name="/a"><pkg:xmlData><x/></pkg:xmlData><pkg:binaryData>QQ==</pkg:binaryData></pkg:part>`, "/a,/a", `<x></x>|A`},
		"other elements":       {`<pkg:other><pkg:xmlData><x/></pkg:xmlData></pkg:other>`, "", `<x></x>`},
		"names not in order":   {`<pkg:part pkg:contentType="t" pkg:name="/b"><pkg:binaryData>QQ==</pkg:binaryData></pkg:part>`, "/b", "A"},
		"an empty part":        {`<pkg:part pkg:name="/a"/><pkg:part pkg:name="/b"><pkg:xmlData/></pkg:part>`, "/b", ""},
		"elements in elements": {`<pkg:part pkg:name="/a"><pkg:xmlData><x><xmlData>t</xmlData></x></pkg:xmlData></pkg:part>`, "/a", `<x><xmlData>t</xmlData></x>`},
		"two roots":            {`<pkg:part pkg:name="/a"><pkg:xmlData><x/><y/></pkg:xmlData></pkg:part>`, "/a", `<x></x><y></y>`},
	} {
		var p parts
		if cut, err := Parts(strings.NewReader(head+tt.file+`</pkg:package>`), &p); cut || err != nil {
			t.Errorf("%s: cut %v, %v", name, cut, err)
		}
		var data []string
		for _, d := range p.data {
			data = append(data, strings.ReplaceAll(strings.TrimPrefix(d.String(), xmlHead), ` xmlns:pkg="`+packageSpace+`"`, ""))
		}
		if strings.Join(p.names, ",") != tt.names || strings.Join(data, "|") != tt.data {
			t.Errorf("%s: %q, %q", name, p.names, data)
		}
	}
}

// A sink or a reader that fails ends the work at once, wherever it is.
func TestErrorsOfSinkAndReader(t *testing.T) {
	long := strings.Repeat("<x/>", 20000)
	for name, content := range map[string]string{
		"markup": `<pkg:xmlData>` + long + `</pkg:xmlData>`, "short markup": `<pkg:xmlData><x/></pkg:xmlData>`, "cut markup": `<pkg:xmlData><x>`,
		"base64": `<pkg:binaryData>` + strings.Repeat("QUJD", 20000) + `</pkg:binaryData>`,
	} {
		if _, err := Parts(strings.NewReader(head+`<pkg:part>`+content), broken{}); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("%s: %v", name, err)
		}
		r := io.MultiReader(strings.NewReader(head+`<pkg:part>`+content[:len(content)/2]), iotest.ErrReader(io.ErrClosedPipe))
		if _, err := Parts(r, &parts{}); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := io.MultiReader(strings.NewReader(`<binData>QUJD`), iotest.ErrReader(io.ErrClosedPipe))
	err := Binaries(r, func(_ string, r io.Reader) error { _, err := io.Copy(io.Discard, r); return err })
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

// broken takes parts and none of their bytes.
type broken struct{}

func (broken) Part(string, string) (io.Writer, error) { return broken{}, nil }
func (broken) Write([]byte) (int, error)              { return 0, io.ErrShortWrite }

// Who does not read a file to its end still gets the next one.
func TestFilesThatNobodyReads(t *testing.T) {
	var names []string
	file := `<r><binData name="a">` + strings.Repeat("QUJD", 20000) + `</binData><binData name="b">QQ==</binData></r>`
	err := Binaries(strings.NewReader(file), func(name string, _ io.Reader) error { names = append(names, name); return nil })
	if strings.Join(names, ",") != "a,b" || err != nil {
		t.Errorf("%q, %v", names, err)
	}
}
