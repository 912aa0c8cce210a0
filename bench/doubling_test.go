package bench

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"sekisho/internal/fixture"
	"sekisho/internal/inspect"
)

// growing makes a document of each format in any size: n units of content, which no packing shortens much.
var growing = map[string]func(n int) []byte{
	"doc-vba":  func(n int) []byte { return fixture.DocVBA(procedures(n)) },
	"xlsm-vba": func(n int) []byte { return fixture.XLSM(procedures(n)) },
	"ppt-vba":  func(n int) []byte { return fixture.PPTVBA(procedures(n)) },
	"docx": func(n int) []byte {
		return fixture.Package(fixture.WordParts(numbered(n, `<w:p><w:r><w:t>Paragraph %d of %d.</w:t></w:r></w:p>`)))
	},
	"xls-xlm": func(n int) []byte {
		cells := make([][]fixture.Ptg, n)
		for i := range cells {
			cells[i] = []fixture.Ptg{fixture.PtgStr(fmt.Sprint("cell ", i)), fixture.PtgInt(uint16(i)), fixture.PtgOp(0x08)} // &
		}
		return fixture.XLMacro(0, cells...).XLS()
	},
	"xlsm-xlm": func(n int) []byte {
		sheet := fixture.MacroSheet{Name: "Macro1", Cells: numbered(n, `<row r="%d"><c r="A%[1]d"><f>"a"&amp;%[2]d</f></c></row>`)}
		return fixture.Package(fixture.MacroBook("", sheet))
	},
	"rtf-object": func(n int) []byte {
		return fixture.RTF(fixture.RTFObject(fixture.OLE1("Word.Document.8", fixture.Noise(40*n))))
	},
	"rtf-text": func(n int) []byte { return fixture.RTF(numbered(n, `\par Paragraph %d of {\b %d}.`)) },
	"onenote": func(n int) []byte {
		return fixture.OneNote([]string{numbered(n, "Line %d of %d. ")}, fixture.OneNoteFile{Name: "a.bin", Data: fixture.Noise(40 * n)})
	},
	"flat-opc": func(n int) []byte { return fixture.FlatOPC(fixture.DOCMParts(procedures(n))) },
	"slk": func(n int) []byte {
		return []byte("ID;PX\r\nO;E\r\n" + numbered(n, "C;Y%d;X1;E\"a\"&%d\r\n") + "E\r\n")
	},
	"zip-members": func(n int) []byte {
		z := fixture.ZIP{}
		for i := range n / 10 {
			z.Entries = append(z.Entries, fixture.ZIPEntry{Name: fmt.Sprintf("folder/file %d.dat", i), Data: fixture.Noise(400), Method: 8})
		}
		return z.Bytes()
	},
	"zip-lzma": func(n int) []byte {
		return fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: "a.csv", Data: lines(n), Packed: fixture.ZipLZMA(lines(n), true), Method: 14, Flags: 2}}}.Bytes()
	},
	"cab-mszip": func(n int) []byte { return cabinet(1, n) },
	"cab-lzx":   func(n int) []byte { return cabinet(3|18<<8, n) },
	"lzh": func(n int) []byte {
		return fixture.LZH{Files: []fixture.LZHFile{{Name: "a.csv", Method: "-lh5-", Data: lines(n)}}}.Bytes()
	},
	"iso": func(n int) []byte { return fixture.ISO{Files: disk(n)}.Bytes() },
	"ntfs": func(n int) []byte {
		return fixture.NTFS{Files: []fixture.NTFSFile{{Name: "a.bin", Data: fixture.Noise(40 * n)}}}.Bytes()
	},
	"pdf": func(n int) []byte {
		objects := []fixture.PDFObject{{Text: "<< /Type /Catalog >>"}}
		for i := range n / 10 {
			objects = append(objects, fixture.PDFObject{Text: fmt.Sprintf("<< /Type /Annot /Contents (note %d) /Rect [0 0 %d 10] >>", i, i), Stream: fixture.Noise(100)})
		}
		return fixture.PDF{Objects: objects}.Bytes()
	},
	"tnef": func(n int) []byte {
		return fixture.TNEF{Attached: []fixture.TNEFFile{{Title: "a.bin", Data: fixture.Noise(40 * n)}}}.Bytes()
	},
	"p7m": func(n int) []byte {
		return fixture.CMSStreamed(fixture.CMSSigned, []byte("Content-Type: text/plain\r\n\r\n"+string(lines(n))), 1000)
	},
	"html": func(n int) []byte {
		return []byte("<html><body><table>" + numbered(n, "<tr><td>%d</td><td>of %d</td></tr>\n") + "</table></body></html>")
	},
	"script": func(n int) []byte { return []byte(numbered(n, "var part%d = 'text of ' + %d;\n")) },
	"lnk": func(n int) []byte {
		return fixture.Link{Base: `C:\Windows\notepad.exe`, Tail: fixture.Noise(40 * n)}.Bytes()
	},
}

// lines are rows of a table.
func lines(n int) []byte { return []byte(numbered(n, "%d;row of %d;2026-11-23;open\r\n")) }

func cabinet(method uint16, n int) []byte {
	return fixture.CAB{Folders: []fixture.CABFolder{{Method: method, Files: []fixture.CABFile{{Name: "a.csv", Data: lines(n)}}}}}.Bytes()
}

func disk(n int) (files []fixture.DiskFile) {
	for i := range n / 10 {
		files = append(files, fixture.DiskFile{Name: fmt.Sprintf("F%d.DAT", i), Data: fixture.Noise(400)})
	}
	return files
}

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i+1, n)
	}
	return b.String()
}

func procedures(n int) string {
	return numbered(n/4, "Sub Part%d()\n  If Range(\"A%[1]d\").Value = %[2]d Then Range(\"B%[1]d\").Value = \"row \" & %[1]d & Chr(65 + %[1]d Mod 26)\nEnd Sub\n")
}

// names of the files that Windows goes by.
var names = map[string]string{"script": "a.js", "lnk": "a.lnk"}

// units is the smallest document measured.
const units = 5000

// BenchmarkDoubling inspects documents of 1, 2 and 4 times a size. The cost is linear where cpu-ns/unit stays the same; MB/cpu-s falls with it where
// larger documents are packed better.
func BenchmarkDoubling(b *testing.B) {
	scanner, err := inspect.New(inspect.Options{SpoolDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	for name, build := range growing {
		for _, times := range []int{1, 2, 4} {
			b.Run(fmt.Sprintf("%s/x%d", name, times), func(b *testing.B) {
				doc := build(units * times)
				b.SetBytes(int64(len(doc)))
				before := cpu(b)
				for b.Loop() {
					scan := scanner.Begin()
					if _, err := scan.File(context.Background(), nil, names[name], bytes.NewReader(doc), int64(len(doc))); err != nil {
						b.Fatal(err)
					}
					if r := scan.Result(); r.Incomplete || len(r.Files) == 0 {
						b.Fatalf("incomplete %v, %d files, %v", r.Incomplete, len(r.Files), r.Findings)
					}
				}
				used := cpu(b) - before
				b.ReportMetric(float64(len(doc))*float64(b.N)/1e6/used.Seconds(), "MB/cpu-s")
				b.ReportMetric(float64(used.Nanoseconds())/float64(b.N*units*times), "cpu-ns/unit")
			})
		}
	}
}
