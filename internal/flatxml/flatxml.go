// Package flatxml takes apart Office documents that are one XML file: Flat OPC (the package of ECMA-376 part 2 as elements, as Word writes it and
// [MS-DOCX] and XML schema xmlPackage of 2006 have it), and the files that are packed in base64 into Word 2003 XML and XML Spreadsheet 2003.
//
// What a file is, its root element says. Elements are compared by their local names and places: Office binds any prefix to its name spaces, and a
// file that binds none is damaged and hides nothing.
//
// # Limits
//
//   - Parts of a package: 65,535, as many as a ZIP archive without extensions lists.
//   - Declarations of name spaces that a part inherits: 8 KiB; they are repeated in each part.
//   - Everything is read as a stream, in one pass; see also internal/xmlscan.
package flatxml

import (
	"bytes"
	"io"

	"sekisho/internal/xmlscan"
)

// Format is what an XML file is.
type Format uint8

// The formats.
const (
	Other   Format = iota
	Package        // Flat OPC
	Word           // Word 2003 XML
	Excel          // XML Spreadsheet 2003
	Page           // XHTML
)

const (
	packageSpace = "http://schemas.microsoft.com/office/2006/xmlPackage"
	excelSpace   = "urn:schemas-microsoft-com:office:spreadsheet"
)

// Identify reads up to the root element. The error is the reader's.
func Identify(r io.Reader) (Format, error) {
	x := xmlscan.New(r)
	for k := x.Next(); k != xmlscan.EOF; k = x.Next() {
		if k == xmlscan.Start {
			return root(x), nil
		}
	}
	return Other, x.Err()
}

func root(x *xmlscan.Scanner) Format {
	switch space := string(x.Space()); {
	case string(x.Name()) == "wordDocument":
		return Word
	case string(x.Name()) == "package" && space == packageSpace:
		return Package
	case string(x.Name()) == "Workbook" && space == excelSpace:
		return Excel
	case string(x.Name()) == "html":
		return Page
	}
	return Other
}

// Binaries calls f with each file that is packed into the document in base64: the contents of binData elements, and of every element that begins as a
// compound file or ActiveMime. f need not read to the end. The error is f's, or the reader's.
func Binaries(r io.Reader, f func(name string, content io.Reader) error) error {
	x := xmlscan.New(r)
	name, always := "", false
	for k := x.Next(); k != xmlscan.EOF; k = x.Next() {
		switch k {
		case xmlscan.Start:
			always = string(x.Name()) == "binData" // Word 2003 XML reference: of docSuppData, docOleData, pict
			name = string(x.Attr("name"))
			if name == "" {
				name = string(x.Name())
			}
		case xmlscan.End:
			always = false
		case xmlscan.Text:
			if text := bytes.TrimLeft(x.Text(), " \t\r\n"); len(text) == 0 || !always && !isFile(text) {
				continue
			}
			always = false
			if err := f(name, &decoder{text: &run{x: x, text: x.Text()}}); err != nil {
				return err
			}
		}
	}
	return x.Err()
}

// isFile tells text that is a compound file or ActiveMime in base64.
func isFile(text []byte) bool {
	return bytes.HasPrefix(text, []byte("0M8R4KGxGu")) || bytes.HasPrefix(text, []byte("QWN0aXZlTWltZQ")) // D0 CF 11 E0 A1 B1 1A, "ActiveMime"
}

// run is the characters up to the next tag.
type run struct {
	x    *xmlscan.Scanner
	text []byte
	done bool
}

func (t *run) Read(p []byte) (int, error) {
	for len(t.text) == 0 {
		if t.done {
			return 0, io.EOF
		}
		if t.x.Next() != xmlscan.Text {
			t.done = true
			if err := t.x.Err(); err != nil {
				return 0, err
			}
			return 0, io.EOF
		}
		t.text = t.x.Text()
	}
	n := copy(p, t.text)
	t.text = t.text[n:]
	return n, nil
}
