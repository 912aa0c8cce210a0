package oleparse

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"
)

func readHTML(t *testing.T, page string) (*Document, string) {
	t.Helper()
	var text bytes.Buffer
	d, err := ReadHTML(context.Background(), strings.NewReader(page), Options{Text: &text})
	if err != nil {
		t.Fatal(err)
	}
	return d, text.String()
}

// mark is a part of a field as Word writes it, in a comment that browsers do not read.
func mark(element, code string) string {
	return "<!--[if supportFields]><span\nstyle='mso-element:" + element + "'></span>" + code + "<![endif]-->"
}

func TestCommandsOfWebPages(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       []string
	}{
		{"field", mark("field-begin", ` DDEAUTO c:\\windows\\cmd.exe "/k calc" `+"<span style='mso-element:field-separator'></span>") + "x" + mark("field-end", ""), []string{`c:\windows\cmd.exe /k calc`}},
		{"field in elements and references", mark("field-begin", ` D<b>D&#69;</b>AUTO cmd &quot;/k calc&quot;`) + mark("field-end", ""), []string{`cmd /k calc`}},
		{"field never ended", mark("field-begin", ` DDE cmd x`), []string{`cmd x`}},
		{"field in quotes of another", "<p style=\"color:red;MSO-ELEMENT: field-begin\">DDE cmd x", []string{`cmd x`}},
		{"instruction in a style", `<span style='font:"a;b";mso-field-code:"DDE \0022cmd\0022 \0022/c; x\0022 c\:\\\\y"'>y</span>`, []string{`cmd /c; x c:\y`}},
		{"ordinary field", mark("field-begin", ` PAGE `) + mark("field-end", "") + `<span style='mso-field-code:"DATE \\@ DDE"'>`, nil},
		{"words about it", "<p>DDEAUTO cmd x</p><p title=mso-element:field-begin>DDE cmd x</p>", nil},
		{"cell", `<table><tr><td>1<td> =cmd|'/c calc'!A0 </table>`, []string{`cmd|/c calc!A0`}},
		{"cell in pieces", `<table><tr><th>=c<b>md</b>&#124;'/c <i>calc'</i>!A0</th></tr></table>`, []string{`cmd|/c calc!A0`}},
		{"cell without an end", `<td>+cmd|'/c calc'!A0`, []string{`cmd|/c calc!A0`}},
		{"formula beside a value", `<td x:num="0" x:fmla="=cmd|'/c calc'!A0">0</td>`, []string{`cmd|/c calc!A0`}},
		{"texts of cells", `<td>=A1+B1</td><td>a|b!c</td><td>- a|b!c</td><td>see =cmd|'/c calc'!A0</td><p>see <b>=cmd|'/c calc'!A0</b></p>`, nil},
		{"paragraph, which Excel makes a cell", `<p>=cmd|'/c calc'!A0</p>`, []string{`cmd|/c calc!A0`}},
		{"a cell too long for a formula", `<td>=cmd|'/c calc'!A0+` + strings.Repeat("1+", pieceMax) + `1</td>`, nil},
		{"script", `<table><tr><td><script>=cmd|'/c calc'!A0</script></td></table>`, nil},
	} {
		d, _ := readHTML(t, "<html>"+tt.body)
		if diff := cmp.Diff(tt.want, commands(d)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestWhatAWebPageFetches(t *testing.T) {
	const settings = `<!--[if gte mso 9]><xml><w:WordDocument><w:AttachedTemplate HRef="%"></w:AttachedTemplate></w:WordDocument></xml><![endif]-->`
	for _, tt := range []struct {
		name, body string
		want       []Link
	}{
		{"template", strings.Replace(settings, "%", "http://example.test/a.dotm", 1), []Link{{Type: LinkTemplate, Target: "http://example.test/a.dotm", Remote: true}}},
		{"local template", strings.Replace(settings, "%", `file:///C:\Users\a\Normal.dotm`, 1), nil},
		{"macros elsewhere", `<link rel=Edit-Time-Data href="http://example.test/editdata.mso">`, []Link{{Type: LinkOther, Target: "http://example.test/editdata.mso", Remote: true}}},
		{"macros beside it", `<link rel=Edit-Time-Data href="a_files/editdata.mso">`, nil},
		{"what pages have", `<link rel=stylesheet href="http://example.test/a.css"><a href="http://example.test/">`, nil},
	} {
		d, _ := readHTML(t, tt.body)
		if diff := cmp.Diff(tt.want, d.Links); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestTextOfWebPages(t *testing.T) {
	const want = "マクロを有効にする\nb&c"
	const page = `<html><meta charset="%"><p>マクロを<b>有効</b>にする</p><!-- a --><p>b&amp;c`
	for name, file := range map[string]string{
		"UTF-8": page, "declared": "<meta http-equiv=Content-Type content='text/html; charset=shift_jis'><p>\x83\x7D\x83\x4E\x83\x8D\x82\xF0<b>\x97\x4C\x8C\xF8</b>\x82\xC9\x82\xB7\x82\xE9</p>b&amp;c",
		"unknown": strings.Replace(page, "%", "none-such", 1), "lying": strings.Replace(page, "%", "utf-16", 1),
	} {
		if _, got := readHTML(t, file); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(page)
	if err != nil {
		t.Fatal(err)
	}
	if _, got := readHTML(t, wide); got != want {
		t.Errorf("UTF-16: %q", got)
	}
}

func TestOurOwnTroubleWithAPageIsAnError(t *testing.T) {
	want := errors.New("broken")
	if _, err := ReadHTML(context.Background(), iotest.ErrReader(want), Options{}); !errors.Is(err, want) {
		t.Errorf("error %v", err)
	}
}
