package inspect

import (
	"bytes"
	"testing"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
)

// binaryBook is a workbook whose hidden macro sheet starts a program.
func binaryBook() fixture.XLBook {
	return fixture.XLMacro(1, []fixture.Ptg{fixture.PtgStr("calc"), fixture.PtgFuncVar(fixture.FnExec, 1)})
}

func TestMacrosOfEveryGeneration(t *testing.T) {
	bare := binaryBook()
	bare.Sheets, bare.Names[0].Tokens = bare.Sheets[1:], []fixture.Ptg{fixture.PtgRef(0, 0)}
	for name, c := range map[string]struct {
		file []byte
		kind string
	}{
		"BIFF8": {binaryBook().XLS(), KindXLS}, "BIFF5": {binaryBook().XLS5(), KindXLS}, "BIFF12": {binaryBook().XLSB(), KindXLSB},
		"BIFF4": {bare.BIFF(4), KindBIFF}, "BIFF3": {bare.BIFF(3), KindBIFF}, "BIFF2": {bare.BIFF(2), KindBIFF},
	} {
		kind, r := scanFile(t, Options{}, c.file)
		found := map[finding.Kind]bool{}
		for _, f := range r.Findings {
			found[f.Kind] = true
		}
		if kind != c.kind || !r.Files[0].HasXLM || !found[finding.XLMPresent] || !found[finding.XLMAutoexec] || !found[finding.XLMSuspicious] || r.Incomplete {
			t.Errorf("%s: kind %s, findings %v, incomplete %v", name, kind, lines(r), r.Incomplete)
		}
	}
}

// A signature further on does not hide a workbook, and other files are none.
func TestWhatIsABareWorkbook(t *testing.T) {
	book := append(append(binaryBook().BIFF(8), "%PDF-1.4"...), make([]byte, 512)...)
	copy(book[257:], "ustar")
	if kind := headKind(book); kind != KindBIFF {
		t.Errorf("with other signatures: %s", kind)
	}
	for _, head := range [][]byte{{9, 8}, bytes.Repeat([]byte{9, 8}, 64), append([]byte{9, 0, 4, 0}, make([]byte, 64)...)} {
		if kind := headKind(head); kind == KindBIFF {
			t.Errorf("%x is taken for a workbook", head[:2])
		}
	}
}
