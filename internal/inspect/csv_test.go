package inspect

import (
	"context"
	"strings"
	"testing"

	"sekisho/internal/fixture"
)

func TestCellsThatStartAProgramAreFound(t *testing.T) {
	tests := []struct {
		name, csv string
		link      string // in the detail, "" for no finding
	}{
		{"plain", "a,b\r\n=cmd|'/C calc'!A0,1\r\n", `cmd|/C calc!A0`},
		{"first cell", "=cmd|'/C calc'!A0", `cmd|/C calc!A0`},
		{"old sign", "1;+cmd|'/C calc'!A0;2", `cmd|/C calc!A0`},
		{"minus in a sum", "x\t-2+3+cmd|'/C calc'!A0\ty", `cmd|/C calc!A0`},
		{"function behind an at", `@SUM(1+9)*cmd|'/C calc'!A0`, `cmd|/C calc!A0`},
		{"quoted cell", `a,"=cmd|'/C calc'!A0",b`, `cmd|/C calc!A0`},
		{"quotes in a quoted cell", `a,"=cmd|'/C ""calc, x"";y'!A0",b`, `cmd|/C \"calc, x\";y!A0`},
		{"separator of another country in the command", "a,=cmd|'/C a;b'!A0,b", `cmd|/C a;b!A0`},
		{"blanks before it", "a,   =cmd|'/C calc'!A0,b", `cmd|/C calc!A0`},
		{"Excel by its path", `=MSEXCEL|'\..\..\..\Windows\System32\cmd.exe /c calc.exe'!''`, `cmd.exe /c calc.exe!`},
		{"lone carriage returns", "a\r=cmd|'/C calc'!A0\rb", `cmd|/C calc!A0`},
		{"byte order mark", "\xEF\xBB\xBF=cmd|'/C calc'!A0", `cmd|/C calc!A0`},
		{"UTF-16", string(utf16le("a,=cmd|'/C calc'!A0\r\n")), `cmd|/C calc!A0`},
		{"separator told in the first line", "SEP=^\r\na^=cmd|'/C calc'!A0^b", `cmd|/C calc!A0`},
		{"separator told in UTF-16", string(utf16le("sep=#\r\na#=cmd|'/C calc'!A0#b")), `cmd|/C calc!A0`},
		{"list that begins as SYLK", "ID;P;Name\r\n1;2;=cmd|'/C calc'!A0", `cmd|/C calc!A0`},

		{"prose about it", "They put =cmd|'/C calc'!A0 into a cell, and Excel asks!\n", ""},
		{"cell that holds it as a text", `a,'=cmd|'/C calc'!A0,b`, ""},
		{"list with bars", "- yes|no!maybe\n- foo|bar\n+49|123!\n@name|x!\n", ""},
		{"table", "| a | b! |\n| - | - |\n", ""},
		{"ordinary formulas", "=SUM(A1:A3)\n=HYPERLINK(\"http://example.com/a|b!c\")\n", ""},
		{"reference to another sheet", "='a|b'!A1,=Sheet1!A1\n", ""},
		{"program text", "x = a|b!=c;\n=a|b!c ? 1 : 0\n=(flags|MASK)!0\n", ""},
		{"numbers", "-1|2!\n", ""},
		{"address", "@a|b!c d e\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, r := scanFile(t, Options{}, []byte(tt.csv))
			got := ""
			if len(r.Findings) > 0 {
				got = r.Findings[0].Detail
			}
			if (got == "") != (tt.link == "") || !strings.Contains(strings.ReplaceAll(got, `\\`, `\`), tt.link) || r.Files[0].DDE != (tt.link != "") {
				t.Errorf("detail %s, dde %v", got, r.Files[0].DDE)
			}
		})
	}
}

// Rows behind those of a sheet are none of Excel's, and of many links some are enough.
func TestOnlySoManyCellsAreRead(t *testing.T) {
	link := "=cmd|'/C calc'!A0\n"
	for text, want := range map[string]int{strings.Repeat("\n", csvRows-1) + link: 1, strings.Repeat("\n", csvRows) + link: 0, strings.Repeat(link, 1000): csvHits} {
		if _, r := scanFile(t, Options{}, []byte(text)); len(r.Findings) != want {
			t.Errorf("%d bytes: %d findings", len(text), len(r.Findings))
		}
	}
}

func TestTheTextOfAMailIsNoList(t *testing.T) {
	text := "=cmd|'/C calc'!A0\r\n"
	m := fixture.Message("a@example.com", "b@example.com", "s", fixture.TextPart(text))
	if _, r := scanFile(t, Options{}, m.Bytes()); len(r.Findings) > 0 {
		t.Errorf("%v", r.Findings)
	}
	m = fixture.Message("a@example.com", "b@example.com", "s", fixture.TextPart("x"), fixture.FilePart("a.csv", "text/csv", []byte(text)))
	if _, r := scanFile(t, Options{}, m.Bytes()); len(r.Findings) != 1 {
		t.Errorf("%v", r.Findings)
	}
}

func TestSYLKIsReadAsAWorkbook(t *testing.T) {
	slk := "ID;PWXL;N;E\r\nO;E\r\nNN;NAuto_open;ER101C1;KOut;F\r\nC;X1;Y101;K0;EEXEC(\"ca\"&\"lc\")\r\nC;X1;Y102;K0;EHALT()\r\nE\r\n"
	kind, r := scanFile(t, Options{Sources: true}, []byte(slk))
	if kind != KindSLK || !r.Files[0].HasXLM || len(r.Files[0].XLM) != 2 {
		t.Errorf("%s %+v", kind, r.Files)
	}
	if got := strings.Join(lines(r), ", "); got != "xlm.present, xlm.autoexec, xlm.suspicious" {
		t.Error(got)
	}
	_, r = scanFile(t, Options{}, []byte("ID;P\nC;Y1;X1;E=cmd|'/C calc'!R1C1\nE\n"))
	if got := strings.Join(lines(r), ", "); got != "office.dde" {
		t.Error(got)
	}
}

func TestSYLKPastItsLimitIsIncomplete(t *testing.T) {
	_, r := scanFile(t, Options{}, []byte("ID;P\nC;K\""+strings.Repeat("x", 70<<10)+"\"\n"))
	if !r.Incomplete {
		t.Error("complete")
	}
}

// FuzzCells holds that a cell which starts a program is found behind any text without quotes, at each separator.
func FuzzCells(f *testing.F) {
	f.Add("a,b\r\n1;2\t3")
	f.Add("=cmd|'/c x'!A0,+1|2!3")
	f.Add("-@=|'!\xff\x00")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, `"`) || utf16([]byte(text)) {
			return
		}
		for _, sep := range []byte(csvSeparators) {
			c := &cells{sep: sep}
			if err := c.read(strings.NewReader(text + "\n1" + string(sep) + "=cmd|'/c calc'!A0")); err != nil {
				t.Fatal(err)
			}
			if n := len(c.links); n == 0 || n < csvHits && c.links[n-1] != "cmd|/c calc!A0" {
				t.Errorf("%q behind %q", c.links, text)
			}
		}
	})
}

func TestAListIsOneByItsName(t *testing.T) {
	const link = "a\n=cmd|'/C calc'!A0\n"
	for _, first := range []string{"GIF89a,", "%PDF-1.7,", "MZ\x90\x00,", "<html>,", "<?xml ,", "{\\rtf1,", "From: a\nReceived: b\n\n", "\x00\x01\x02,"} {
		for name, want := range map[string]bool{"a.CSV": true, "a.tsv": true, "a.gif": false} {
			s := scanner(t, Options{}).Begin()
			file := strings.NewReader(first + link)
			if _, err := s.File(context.Background(), nil, name, file, file.Size()); err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(strings.Join(lines(s.Result()), " "), "office.dde"); got != want {
				t.Errorf("%s that begins with %q: %v", name, first, lines(s.Result()))
			}
		}
	}
}
