package rtf

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWords(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"", nil},
		{" \t ", nil},
		{"DDE a b", []string{"DDE", "a", "b"}},
		{"  DDE\ta  ", []string{"DDE", "a"}},
		{`LINK "a b" "c"d`, []string{"LINK", "a b", "c", "d"}},
		{`"C:\\a\\b" \d`, []string{`C:\a\b`, `\d`}},
		{`"say \"x\""`, []string{`say "x"`}},
		{`"no end`, []string{"no end"}},
		{`a"b"c`, []string{"a", "b", "c"}},
		{`"end\`, []string{`end\`}},
		{`""`, []string{""}},
	} {
		if diff := cmp.Diff(tt.want, words(tt.in)); diff != "" {
			t.Errorf("%q: %s", tt.in, diff)
		}
	}
}

func TestQuoted(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"QUOTE 68 68 69", "DDE"},
		{"quote 0x44 \"a b\" 0104", "Da bD"},
		{"QUOTE", ""},
		{"QUOTE 70000 -1", "70000-1"},
		{"REF a", ""},
		{"", ""},
	} {
		if got := quoted(tt.in); got != tt.want {
			t.Errorf("%q: %q", tt.in, got)
		}
	}
}

func TestRemote(t *testing.T) {
	for s, want := range map[string]bool{
		"https://example.com/a":        true,
		"HTTP:example.com":             true,
		"  ftp://host/a":               true,
		`\\host\share\a`:               true,
		`\\host@SSL\a`:                 true,
		"//host/a":                     true,
		"file://host/a":                true,
		"file:////host/a":              true,
		"mhtml:http://example.com!x":   true,
		"script:https://example.com/a": true,
		"ms-word:ofe|u|https://a/b":    true,
		"":                             false,
		`C:\a\b.dot`:                   false,
		"Normal.dotm":                  false,
		"file:///C:/a":                 false,
		`\\?\C:\a`:                     false,
		`\\.\pipe\a`:                   false,
		`..\a.dot`:                     false,
	} {
		if got := remote(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

// TestEveryCharsetHasItsPage holds that a font's character set decodes one letter that only its code page has there.
func TestEveryCharsetHasItsPage(t *testing.T) {
	for charset, want := range map[int]string{
		0: "\xE9é", 77: "\x8Eé", 78: "\x93\xFA日", 128: "\x93\xFA日", 129: "\xB0\xA1가", 130: "\xB0\xA1가", 134: "\xB0\xA1啊", 136: "\xA4\x40一",
		161: "\xE1α", 162: "\xFEş", 163: "\xD5Ơ", 177: "\xE0א", 178: "\xC7ا", 186: "\xE6ę", 204: "\xCAК", 222: "\xA1ก", 238: "\xB9ą", 254: "\x82é", 255: "\x82é",
	} {
		i := strings.IndexFunc(want, func(r rune) bool { return r > 0x7F && r != '\uFFFD' })
		letter := []rune(want[i:])
		last := string(letter[len(letter)-1])
		raw := strings.TrimSuffix(want, last)
		got, err := codePage(charsetPage(charset)).NewDecoder().String(raw)
		if err != nil || got != last {
			t.Errorf("charset %d: %q, not %q (%v)", charset, got, last, err)
		}
	}
	if charsetPage(2) != 0 || charsetPage(1) != 0 {
		t.Error("symbols and the default have no page of their own")
	}
}

func TestDigits(t *testing.T) {
	for i := range 256 {
		want, err := hex.DecodeString("0" + string(rune(i)))
		if got := hexValues[i]; err != nil && got != 0xFF || err == nil && got != want[0] {
			t.Errorf("%q: %d", rune(i), got)
		}
	}
}

// TestTablesAgree holds that no destination stands in both tables, and that words with a meaning of their own are in neither.
func TestTablesAgree(t *testing.T) {
	seen := map[string]bool{"bin": true, "u": true, "uc": true, "par": true, "f": true, "rtf": true, "private": true, "pxe": true}
	for _, w := range append(shown(), hidden()...) {
		if seen[w] {
			t.Errorf("%q twice", w)
		}
		seen[w] = true
	}
}

// TestWindowsMeetAnywhere holds that it does not matter where a window of the file ends.
func TestWindowsMeetAnywhere(t *testing.T) {
	tail := `{\object\objupdate{\*\objclass A\'2e3}{\*\objdata 01050000\'zz 02000000\a- 02000000 {\*\x 00}4200\bin0 {\b 00000000}00000000\bin4 ` +
		"\x03\x00\x00\x00" + `616263}}\u12371?\'93x{\*\template \\\\host\\a}`
	read := func(pad int) (*Document, []Object, string) {
		b := []byte(`{\rtf1 ` + strings.Repeat(" ", pad) + tail)
		var objects []Object
		var text, contents bytes.Buffer
		doc, err := Read(context.Background(), bytes.NewReader(b), int64(len(b)), Options{Text: &text, Object: func(o *Object, r io.Reader) error {
			content, err := io.ReadAll(r)
			objects = append(objects, *o)
			contents.Write(content)
			return err
		}})
		if err != nil {
			t.Fatal(err)
		}
		return doc, objects, contents.String() + strings.TrimLeft(text.String(), " ")
	}
	doc, objects, text := read(0)
	if len(objects) != 2 || objects[0].Class != "B" || objects[0].Declared != "A.3" || !objects[0].Update || !strings.HasPrefix(text, "abc") {
		t.Fatalf("%+v, %q", objects, text)
	}
	for pad := window - len(tail) - 8; pad < window; pad++ {
		d, o, s := read(pad)
		if diff := cmp.Diff(doc, d) + cmp.Diff(objects, o) + cmp.Diff(text, s); diff != "" {
			t.Fatalf("%d blanks before: %s", pad, diff)
		}
	}
}

// TestEquationInAnySplit holds that the class of a compound file is seen however its bytes come.
func TestEquationInAnySplit(t *testing.T) {
	file := make([]byte, 4096)
	copy(file, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")
	file[30], file[48] = 9, 3
	copy(file[2048+80:], "\x02\xCE\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46")
	for _, n := range []int{1, 3, 7, 16, 500, 511, 512, 513, 2000, 4096} {
		o := &Object{}
		w := &classWatch{r: bytes.NewReader(file), o: o}
		if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, w, make([]byte, n)); err != nil || !o.Equation || o.Root != clsidEquation3 {
			t.Errorf("%d bytes at once: %v, %v", n, o.Equation, err)
		}
	}
	file[2048+80]++
	o := &Object{}
	if _, err := io.Copy(io.Discard, &classWatch{r: bytes.NewReader(file), o: o}); err != nil || o.Equation {
		t.Errorf("another class: %v, %v", o.Equation, err)
	}
}

func TestAttackedClasses(t *testing.T) {
	for class, want := range map[string]string{
		"MSComctlLib.ListViewCtrl.2":             "CVE-2012-0158",
		"mscomctllib.treectrl.2":                 "CVE-2012-0158",
		"{bdd1f04b-858b-11d1-b16a-00c0f0283628}": "CVE-2012-0158",
		"BDD1F04B-858B-11D1-B16A-00C0F0283628":   "CVE-2012-0158",
		"MSComctlLib.Toolbar.2":                  "CVE-2012-1856",
		"otkloadr.WRAssembly.1":                  "CVE-2015-1641",
		"Control.TaskSymbol.1":                   "CVE-2015-1642",
		"ShockwaveFlash.ShockwaveFlash.10":       "CVE-2018-4878",
		"Word.Document.8":                        "",
		"Equation.3":                             "",
		"":                                       "",
	} {
		o := &Object{Declared: class}
		if o.judge(); o.Attacked != want {
			t.Errorf("%q: %q", class, o.Attacked)
		}
	}
}
