package oleparse

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
)

func commands(d *Document) []string {
	var out []string
	for _, c := range d.DDE {
		out = append(out, c.Text)
	}
	return out
}

func TestFieldsThatStartPrograms(t *testing.T) {
	field := fixture.WordField
	const cmd = `c:\windows\system32\cmd.exe /k calc.exe`
	for _, tc := range []struct {
		name, body string
		want       []string
	}{
		{"complex field", field("!", ` DDEAUTO c:\\windows\\system32\\cmd.exe "/k calc.exe" `), []string{cmd}},
		{"simple field", `<w:p><w:fldSimple w:instr=" DDEAUTO c:\\windows\\system32\\cmd.exe &quot;/k calc.exe&quot; "><w:r><w:t>!</w:t></w:r></w:fldSimple></w:p>`, []string{cmd}},
		{"mixed case", field("", `dDeAuTo c:\\windows\\system32\\cmd.exe "/k calc.exe"`), []string{cmd}},
		{"DDE", field("", `DDE cmd "/c calc" a`), []string{"cmd /c calc a"}},
		{"split over runs", field("", " D", "D", "EAU", `TO c:\\windows\\system32\\cm`, `d.exe "/k `, `calc.exe"`), []string{cmd}},
		{"switches are left out", field("", `DDEAUTO cmd "/c calc" \a \* MERGEFORMAT`), []string{"cmd /c calc"}},
		{"no blank before a quote", field("", `DDEAUTO"cmd""/c calc"`), []string{"cmd /c calc"}},
		{"foreign mark inside", strings.Replace(field("", `DDE cmd x`), `<w:r><w:instrText`, `<w:r><z:fldChar xmlns:z="urn:z" w:fldCharType="end"/></w:r><w:r><w:instrText`, 1), []string{"cmd x"}},
		{"foreign attribute before", strings.ReplaceAll(field("", `DDE cmd x`), `<w:fldChar`, `<w:fldChar xmlns:z="urn:z" z:fldCharType="none"`), []string{"cmd x"}},
		{"no result", fixture.FieldStart + fixture.FieldCode(`DDEAUTO cmd x`) + fixture.FieldEnd, []string{"cmd x"}},
		{"never ended", fixture.FieldStart + fixture.FieldCode(`DDEAUTO cmd x`), []string{"cmd x"}},
		{"other prefix", strings.ReplaceAll(field("", `DDEAUTO cmd x`), "w:", "y:"), []string{"cmd x"}},
		{"instruction as text", fixture.FieldStart + `<w:r><w:t>DDEAUTO cmd x</w:t></w:r>` + fixture.FieldEnd, []string{"cmd x"}},
		{"over two paragraphs", `<w:p>` + fixture.FieldStart + fixture.FieldCode(`DDEAUTO `) + `</w:p><w:p>` + fixture.FieldCode(`cmd x`) + fixture.FieldEnd + `</w:p>`, []string{"cmd x"}},
		{"QUOTE with codes", fixture.FieldStart + field("", "QUOTE 68 68 0x45") + fixture.FieldCode(` cmd "/c calc"`) + fixture.FieldEnd, []string{"cmd /c calc"}},
		{"QUOTE inside the word", fixture.FieldStart + fixture.FieldCode("D") + field("", `QUOTE "D"`) + fixture.FieldCode(`E cmd x`) + fixture.FieldEnd, []string{"cmd x"}},
		{"SET and REF", field("", `SET c "`, `cmd.exe"`) + fixture.FieldStart + fixture.FieldCode("DDE ") + field("", "REF c") + fixture.FieldCode(" x") + fixture.FieldEnd, []string{"cmd.exe x"}},
		{"SET of QUOTE, bookmark alone", fixture.FieldStart + fixture.FieldCode(`SET C "`) + field("", "QUOTE 99 109 100") + fixture.FieldCode(`"`) + fixture.FieldEnd +
			fixture.FieldStart + fixture.FieldCode("DDE ") + field("", "c") + fixture.FieldCode(" x") + fixture.FieldEnd, []string{"cmd x"}},
		{"result of another field", fixture.FieldStart + fixture.FieldCode(`DDE `) + field("cmd", "IF 1 = 1 a") + fixture.FieldCode(" x") + fixture.FieldEnd, []string{"cmd x"}},
		{"in the result of a field", fixture.FieldStart + fixture.FieldCode("PAGE") + fixture.FieldSeparate + field("", "DDE cmd x") + fixture.FieldEnd, []string{"cmd x"}},

		{"ordinary fields", field("1", "PAGE") + field("x", `HYPERLINK "http://example.com/dde"`) + field("y", `TOC \o "1-3"`) + field("z", " DATE \\@ \"DDE\""), nil},
		{"nothing to start", field("", "DDEAUTO"), nil},
		{"words about it", `<w:p><w:r><w:t>DDEAUTO cmd x</w:t></w:r></w:p>`, nil},
		{"result that looks like one", field("DDEAUTO cmd x", "PAGE"), nil},
		{"ends without a start", fixture.FieldEnd + fixture.FieldSeparate + fixture.FieldCode("DDE cmd x"), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, commands(readParts(t, fixture.WordParts(tc.body)))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFieldsAreReadInEveryStory(t *testing.T) {
	body := `<w:p>` + fixture.WordField("", "DDEAUTO cmd x") + `</w:p>`
	for name, root := range map[string]string{"word/header1.xml": "hdr", "word/footer1.xml": "ftr", "word/footnotes.xml": "footnotes", "word/endnotes.xml": "endnotes",
		"word/comments.xml": "comments", "word/glossary/document.xml": "glossaryDocument", "any/name.bin": "hdr"} {
		d := readParts(t, fixture.WordParts("", fixture.WordPart(name, root, body)))
		if len(d.DDE) != 1 || d.DDE[0].Path != name {
			t.Errorf("%s: %v", name, d.DDE)
		}
	}
}

func TestFieldsThatFetch(t *testing.T) {
	d := readParts(t, fixture.WordParts(fixture.WordField("", `INCLUDEPICTURE "http://example.com/a.png" \* MERGEFORMATINET`)+
		fixture.WordField("", `INCLUDETEXT "\\\\host\\share\\a.doc"`)+fixture.WordField("", `LINK Excel.Sheet.8 "C:\\a.xls" "Sheet1!R1C1" \a \f 0`)+
		fixture.WordField("", "MACROBUTTON Module1.Go text")))
	want := []Link{
		{"word/document.xml", LinkOther, "http://example.com/a.png", true},
		{"word/document.xml", LinkOther, `\\host\share\a.doc`, true},
		{"word/document.xml", LinkOLE, `C:\a.xls`, false},
	}
	if diff := cmp.Diff(want, d.Links); diff != "" || fmt.Sprint(d.Callbacks) != "[Module1.Go]" {
		t.Errorf("%v (-want +got):\n%s", d.Callbacks, diff)
	}
}

func TestInstructionsAreSplitAsWordDoes(t *testing.T) {
	for in, want := range map[string]string{
		"":                         "",
		`  a  b	c`:                 `a|b|c`,
		`a "b c" d`:                `a|b c|d`,
		`a "b \"c\" \\d"`:          `a|b "c" \d`,
		`c:\\a\\b \\\\h\\s`:        `c:\a\b|\\h\s`,
		`a \* MERGEFORMAT b`:       `a|b`,
		`a \o "1-3" \h`:            `a|1-3`,
		`a \@ "yyyy MM" b`:         `a|b`,
		`a "b`:                     `a|b`,
		`a \`:                      `a|\`,
		`a ""`:                     `a|`,
		`a \d:x`:                   `a|\d:x`,
		"a\u00a0b":                 "a\u00a0b",
		strings.Repeat(`"a"`, 3):   "a|a|a",
		`a\"b`:                     `a"b`,
		`\* MERGEFORMAT \@ "x" \a`: "",
	} {
		if got := strings.Join(splitInstruction(in), "|"); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestFieldsThatDoubleEndAtTheirLimit(t *testing.T) {
	body := fixture.WordField("", `SET a0 "xxxxxxxxxxxxxxxx"`)
	for i := range 200 {
		ref := fixture.WordField("", fmt.Sprint("REF a", i))
		body += fixture.FieldStart + fixture.FieldCode(fmt.Sprintf(`SET a%d "`, i+1)) + ref + ref + fixture.FieldCode(`"`) + fixture.FieldEnd
	}
	var f fields
	f.memory = &fieldMemory{}
	d := readParts(t, fixture.WordParts(body))
	if d.Unread() || len(d.DDE) > 0 {
		t.Errorf("%v", d.Problems)
	}
	for range 300 {
		f.begin()
		f.code([]byte(strings.Repeat("x", fieldMax)))
	}
	for range 300 {
		f.end()
	}
	if _, ok := f.end(); ok || f.memory.spent > fieldBytes+fieldMax || f.depth() != 0 {
		t.Errorf("%d bytes, depth %d", f.memory.spent, f.depth())
	}
}
