package oleparse

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"sekisho/internal/fixture"
	"sekisho/internal/xlm"
)

func xlMacro() fixture.XLBook {
	b := fixture.XLMacro(1, []fixture.Ptg{fixture.PtgStr("calc"), fixture.PtgFuncVar(fixture.FnExec, 1)})
	b.DDE = []string{"cmd", " /C calc", "A0"}
	b.Strings = []string{"Enable Content"}
	return b
}

// checkMacro looks for what xlMacro made.
func checkMacro(t *testing.T, doc *Document, path, text string) {
	t.Helper()
	if len(doc.Workbooks) != 1 {
		t.Fatalf("%d workbooks, problems %v", len(doc.Workbooks), doc.Problems)
	}
	w := doc.Workbooks[0]
	if w.Path != path || len(w.Sheets) != 2 || w.Sheets[1].Kind != xlm.MacroSheet || w.Sheets[1].State != xlm.Hidden ||
		len(w.Sheets[1].Cells) != 1 || w.Sheets[1].Cells[0].Formula != `EXEC("calc")` {
		t.Errorf("workbook %+v", w)
	}
	if len(doc.DDE) != 1 || doc.DDE[0].Text != "cmd|' /C calc'!A0" {
		t.Errorf("DDE %+v", doc.DDE)
	}
	if !strings.Contains(text, "Enable Content") {
		t.Errorf("text %q", text)
	}
	if doc.Unread() {
		t.Errorf("problems %v", doc.Problems)
	}
}

func TestMacrosOfWorkbooks(t *testing.T) {
	b := xlMacro()
	for name, c := range map[string]struct {
		file       []byte
		kind, path string
	}{
		"BIFF8":    {b.XLS(), "xls", "Workbook"},
		"embedded": {fixture.OLE(fixture.Stream("WordDocument", fixture.WordHead(0)), fixture.Storage("ObjectPool", fixture.Storage("_1", fixture.Stream("Workbook", b.BIFF(8))))), "doc", "ObjectPool/_1/Workbook"},
	} {
		t.Run(name, func(t *testing.T) {
			var text strings.Builder
			doc, err := ReadOLE(context.Background(), bytes.NewReader(c.file), int64(len(c.file)), Options{Text: &text})
			if err != nil || doc.Kind != c.kind {
				t.Fatalf("kind %s, error %v", doc.Kind, err)
			}
			checkMacro(t, doc, c.path, text.String())
		})
	}
}

func TestMacrosOfXLSB(t *testing.T) {
	var text strings.Builder
	doc, err := ReadOOXML(context.Background(), parts(xlMacro().XLSBParts()), Options{Text: &text})
	if err != nil || doc.Kind != "xlsb" {
		t.Errorf("kind %s, error %v", doc.Kind, err)
	}
	checkMacro(t, doc, "xl/workbook.bin", text.String())
}

func TestMacroSheetOfXLSBByContentTypeAlone(t *testing.T) {
	list := xlMacro().XLSBParts()
	for i := range list {
		if strings.HasSuffix(list[i].Name, ".rels") || list[i].Name == "[Content_Types].xml" {
			list[i].Data = strings.ReplaceAll(strings.ReplaceAll(list[i].Data, "macrosheets/", "other/"), "xlMacrosheet", "worksheet")
		}
		list[i].Name = strings.ReplaceAll(list[i].Name, "macrosheets/", "other/")
	}
	if doc := readParts(t, list); len(doc.Workbooks) != 1 || doc.Workbooks[0].Sheets[1].Kind != xlm.MacroSheet {
		t.Errorf("workbooks %+v", doc.Workbooks)
	}
}

func TestBareWorkbook(t *testing.T) {
	b := fixture.XLBook{Sheets: []fixture.XLSheet{{Macro: true, Cells: []fixture.XLCell{{Tokens: []fixture.Ptg{fixture.PtgInt(1)}}}}}}
	file := b.BIFF(4)
	if !IsBIFF(file) {
		t.Fatal("not known as a workbook")
	}
	doc, err := ReadBIFF(context.Background(), bytes.NewReader(file), int64(len(file)), Options{})
	if err != nil || doc.Kind != "biff" || len(doc.Workbooks) != 1 || doc.Unread() {
		t.Errorf("document %+v, error %v", doc, err)
	}
}

// Macros of a workbook that Excel opens by itself are read, and of one that a password at hand opens.
func TestMacrosOfEncryptedWorkbooks(t *testing.T) {
	for _, scheme := range []string{"xor", "rc4", "rc4-cryptoapi"} {
		for _, password := range []string{fixture.VelvetSweatshop, "secret"} {
			c := fixture.Crypt{Scheme: scheme, Password: password}
			b := xlMacro()
			b.Records = []fixture.BIFFRecord{c.FilePass()}
			file := fixture.OLE(fixture.Stream("Workbook", c.Workbook(b.BIFF(8))))
			var text strings.Builder
			doc, err := ReadOLE(context.Background(), bytes.NewReader(file), int64(len(file)), Options{Text: &text, Passwords: words("secret")})
			if err != nil || !doc.Opened || doc.Password != password {
				t.Errorf("%s: opened %v with %q, error %v", scheme, doc.Opened, doc.Password, err)
			}
			checkMacro(t, doc, "Workbook", text.String())
		}
	}
}

// Sheets are found again without the file being read many times over.
func TestWorkbookOfManySheets(t *testing.T) {
	for _, size := range []int{3, 2000} {
		b := xlMacro()
		for i := range 300 {
			s := fixture.XLSheet{Name: "S" + string(rune('A'+i%26)), Macro: i%2 == 0}
			for row := range size {
				s.Cells = append(s.Cells, fixture.XLCell{Row: row, Value: "x"})
			}
			b.Sheets = append(b.Sheets, s)
		}
		file := b.XLS()
		doc, err := ReadOLE(context.Background(), bytes.NewReader(file), int64(len(file)), Options{})
		if err != nil || len(doc.Workbooks) != 1 {
			t.Fatalf("%d workbooks, error %v", len(doc.Workbooks), err)
		}
		for _, p := range doc.Problems {
			if strings.Contains(p.Text, "read more than") {
				t.Errorf("%d bytes: %v", len(file), p)
			}
		}
	}
}
