package xmlscan

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// dump writes all tokens, text pieces joined.
func dump(s *Scanner) string {
	var b strings.Builder
	text := false
	for k := s.Next(); k != EOF; k = s.Next() {
		if text && k != Text {
			b.WriteString("]")
		}
		switch k {
		case Start:
			fmt.Fprintf(&b, "<%s", qualified(s.Prefix(), s.Name()))
			for _, a := range s.Attrs() {
				fmt.Fprintf(&b, " %s=%q", qualified(a.Prefix, a.Name), a.Value)
			}
			b.WriteString(">")
		case End:
			fmt.Fprintf(&b, "</%s>", qualified(s.Prefix(), s.Name()))
		case Text:
			if !text {
				b.WriteString("[")
			}
			b.Write(s.Text())
		}
		text = k == Text
	}
	if text {
		b.WriteString("]")
	}
	return b.String()
}

func qualified(prefix, name []byte) string {
	if len(prefix) == 0 {
		return string(name)
	}
	return string(prefix) + ":" + string(name)
}

func TestTokens(t *testing.T) {
	for _, tt := range []struct {
		name, in, want string
		malformed      bool
	}{
		{"nothing", "", "", false},
		{"element with text", "<a>x</a>", "<a>[x]</a>", false},
		{"empty element ends itself", "<a/><b />", "<a></a><b></b>", false},
		{"prefix and attributes in both quotes", `<w:p w:a="1" b='2'/>`, `<w:p w:a="1" b="2"></w:p>`, false},
		{"blanks around the equals sign", "<a b\n = \t'c' />", `<a b="c"></a>`, false},
		{"bracket in a value", `<a b="x>y"/>`, `<a b="x>y"></a>`, false},
		{"slash in a value", `<a b="x/">y</a>`, `<a b="x/">[y]</a>`, false},
		{"other quote in a value", `<a b="it's" c='"'/>`, `<a b="it's" c="\""></a>`, false},
		{"references", "<a b='&lt;&#65;&#x42;'>&amp;&gt;&quot;&apos;&#x3042;</a>", `<a b="<AB">[&>"'あ]</a>`, false},
		{"reference is not resolved twice", "<a>&amp;lt;</a>", "<a>[&lt;]</a>", false},
		{"comment joins the text around it", "<a>x<!-- <b> -- > -->y</a>", "<a>[xy]</a>", false},
		{"instruction", "<?xml version='1.0'?><a><?b <c> ?></a>", "<a></a>", false},
		{"CDATA is not parsed", "<a>x<![CDATA[<b>&amp;]]]>y</a>", "<a>[x<b>&amp;]y]</a>", false},
		{"empty CDATA", "<a><![CDATA[]]></a>", "<a></a>", false},
		{"document type with a subset", `<!DOCTYPE a [<!ENTITY x "]>"><!-- ' ]> --><!ATTLIST a b CDATA "c">]><a/>`, "<a></a>", false},
		{"byte order mark", "\xEF\xBB\xBF<a/>", "<a></a>", false},

		{"entity of the document stays", "<a b='&x;'>&x;</a>", `<a b="&x;">[&x;]</a>`, true},
		{"ampersand alone", "<a>R&D & more</a>", "<a>[R&D & more]</a>", true},
		{"reference to no character", "<a>&#xD800;&#1114112;&#;&#x;&#9x;</a>", "<a>[&#xD800;&#1114112;&#;&#x;&#9x;]</a>", true},
		{"no quotes", "<a b=c d=e>x</a>", `<a b="c" d="e">[x]</a>`, true},
		{"no value", "<a b c='d'>x</a>", `<a b="" c="d">[x]</a>`, true},
		{"quote never closed swallows nothing", "<a b='x><c>y</c>", `<a b="x>"><c>[y]</c>`, true},
		{"tag never closed", "<a <b/>", "<a><b></b>", true},
		{"end tags that do not match", "<a></b></c>", "<a></b></c>", true},
		{"less-than sign as text", "<a>1 < 2 <3</a>", "<a>[1 < 2 <3]</a>", true},
		{"input ends in a tag", "<a><b c='d", `<a><b c="d">`, true},
		{"input ends in a comment", "<a><!-- x", "<a>", true},
		{"input ends in CDATA", "<a><![CDATA[x", "<a>[x]", true},
		{"input ends in a document type", "<!DOCTYPE a [", "", true},
		{"input ends in an instruction", "<?xml", "", true},
		{"input ends behind a bracket", "<", "[<]", true},
		{"element never closed", "<a>", "<a>", true},
		{"two attributes of one name", "<a b='1' b='2'/>", `<a b="1" b="2"></a>`, false},
		{"bytes that are not UTF-8", "<a>\xFF\xC0</a>", "<a>[\xFF\xC0]</a>", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := New(strings.NewReader(tt.in))
			if got := dump(s); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if tt.name != "end tags that do not match" && s.Malformed() != tt.malformed {
				t.Errorf("malformed = %v", s.Malformed())
			}
			if got := dump(New(iotest.OneByteReader(strings.NewReader(tt.in)))); got != tt.want {
				t.Errorf("byte by byte: %s", got)
			}
		})
	}
}

func TestEncodings(t *testing.T) {
	const text = "マクロ"
	enc := func(e interface{ String(string) (string, error) }, s string) string {
		out, err := e.String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	doc := func(encoding string) string {
		return "<?xml version='1.0' encoding='" + encoding + "'?><a b='" + text + "'/>"
	}
	le := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder()
	be := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder()
	for name, in := range map[string]string{
		"UTF-8":                        doc("UTF-8"),
		"UTF-16 with a mark":           "\xFF\xFE" + enc(le, doc("UTF-16")),
		"UTF-16BE with a mark":         "\xFE\xFF" + enc(be, doc("UTF-16")),
		"UTF-16 without a mark":        enc(le, doc("UTF-16")),
		"UTF-16BE without a mark":      enc(be, doc("UTF-16")),
		"UTF-16 that says it is UTF-8": "\xFF\xFE" + enc(le, doc("utf-8")),
		"UTF-8 that says it is UTF-16": doc("utf-16"),
		"UTF-16 behind a line end":     enc(le, "\r\n <a b='"+text+"'/>"),
		"UTF-32 with a mark":           enc(utf32.UTF32(utf32.LittleEndian, utf32.UseBOM).NewEncoder(), doc("UCS-4")),
		"UTF-32BE with a mark":         enc(utf32.UTF32(utf32.BigEndian, utf32.UseBOM).NewEncoder(), doc("UCS-4")),
		"UTF-32 without a mark":        enc(utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM).NewEncoder(), doc("UCS-4")),
		"UTF-32BE behind a line end":   enc(utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM).NewEncoder(), "\n<a b='"+text+"'/>"),
		"EBCDIC":                       enc(charmap.CodePage037.NewEncoder(), "<?xml version='1.0' encoding='ibm037'?><a b='&#12510;&#12463;&#12525;'/>"),
		"HZ":                           "<?xml version='1.0' encoding='hz-gb-2312'?><a b='&#12510;&#12463;&#12525;'/>",
		"encoding that hides":          "<?xml version='1.0' encoding='iso-2022-kr'?><a b='&#12510;&#12463;&#12525;'/>",
		"Shift_JIS":                    enc(japanese.ShiftJIS.NewEncoder(), doc("Shift_JIS")),
		"EUC-JP":                       enc(japanese.EUCJP.NewEncoder(), doc("euc-jp")),
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in)), iotest.DataErrReader(strings.NewReader(in))} {
				if got, want := strings.TrimLeft(dump(New(r)), "[\r\n ]"), `<a b="マクロ"></a>`; got != want {
					t.Errorf("got %s", got)
				}
			}
		})
	}
	s := New(strings.NewReader(enc(charmap.Windows1252.NewEncoder(), "<?xml encoding='martian'?><a/>")))
	if name, known := s.Encoding(); name != "martian" || known || dump(s) != "<a></a>" {
		t.Errorf("unknown encoding: %q, %v", name, known)
	}
}

func TestSpaces(t *testing.T) {
	s := New(strings.NewReader(`<a xmlns="one" xmlns:p="two"><p:b xmlns:p="three" xmlns=""><c/></p:b><p:d/><q:e/></a><a/>`))
	want := []string{"a one", "b three", "c ", "d two", "e ", "a "}
	var got []string
	for k := s.Next(); k != EOF; k = s.Next() {
		if k == Start {
			got = append(got, string(s.Name())+" "+string(s.Space()))
		}
	}
	if strings.Join(got, ",") != strings.Join(want, ",") {
		t.Errorf("got %q", got)
	}
}

func TestAttributesByName(t *testing.T) {
	s := New(strings.NewReader(`<sldId id="256" r:id="rId2"/>`))
	s.Next()
	if p, q, a := s.Plain("id"), s.Prefixed("id"), s.Attr("id"); string(p) != "256" || string(q) != "rId2" || string(a) != "256" {
		t.Errorf("plain %q, prefixed %q, any %q", p, q, a)
	}
	if s.Attr("none") != nil {
		t.Error("an attribute that is not there")
	}
	s.Next()
	if s.Kind() != End || s.Attrs() != nil {
		t.Error("an end tag has attributes")
	}
}

func TestDepthCountsTheElementItself(t *testing.T) {
	s := New(strings.NewReader("<a><b/>x</a></a></a><c/>"))
	var got []int
	for k := s.Next(); k != EOF; k = s.Next() {
		got = append(got, s.Depth())
	}
	if fmt.Sprint(got) != "[1 2 2 1 1 0 0 1 1]" {
		t.Error(got)
	}
}

func TestLimits(t *testing.T) {
	long := strings.Repeat("x", tagMax)
	for name, in := range map[string]string{
		"attribute of more than a tag": "<a b='" + long + long + ">' c='d'/><e/>",
		"too many attributes":          "<a" + strings.Repeat(" b='1'", attrsMax+1) + "/><e/>",
		"too many name spaces":         strings.Repeat("<a xmlns='u'>", spacesMax+1) + "<e/>",
		"name of more than a tag":      "<" + long + long + "/><e/>",
	} {
		t.Run(name, func(t *testing.T) {
			s := New(strings.NewReader(in))
			if got := dump(s); !s.Cut() || !strings.HasSuffix(got, "<e></e>") {
				t.Errorf("cut = %v, ends in %.40q", s.Cut(), got[max(0, len(got)-40):])
			}
		})
	}
}

func TestTextIsWholeAcrossPieces(t *testing.T) {
	for _, unit := range []string{"あ", "x&amp;y", "&#x3042;", "😀b", "&lt;"} {
		in := strings.Repeat(unit, 3*textMax/len(unit)+1)
		want := strings.NewReplacer("&amp;", "&", "&#x3042;", "あ", "&lt;", "<").Replace(in)
		s := New(strings.NewReader("<a>" + in + "</a>"))
		var got []byte
		for k := s.Next(); k != EOF; k = s.Next() {
			if k == Text {
				if got = append(got, s.Text()...); len(s.Text()) > textMax {
					t.Errorf("%s: a piece of %d bytes", unit, len(s.Text()))
				}
			}
		}
		if string(got) != want || s.Malformed() {
			t.Errorf("%s: torn", unit)
		}
		cdata := New(strings.NewReader("<a><![CDATA[" + in + "]]></a>"))
		if got := dump(cdata); got != "<a>["+in+"]</a>" {
			t.Errorf("%s: CDATA torn", unit)
		}
	}
}

func TestErrorOfTheReaderIsKept(t *testing.T) {
	bad := errors.New("bad sector")
	for _, in := range []string{"", "<a>x", "<?xml encoding='shift_jis'?><a>x", "<a b='"} {
		s := New(io.MultiReader(strings.NewReader(in), iotest.ErrReader(bad)))
		dump(s)
		if !errors.Is(s.Err(), bad) {
			t.Errorf("%q: err = %v", in, s.Err())
		}
	}
	s := New(stuck{})
	if s.Next() != EOF || !errors.Is(s.Err(), io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing: %v", s.Err())
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestSteadyStateAllocatesNothing(t *testing.T) {
	in := office(1000)
	s := New(bytes.NewReader(in))
	r := bytes.NewReader(in)
	if n := testing.AllocsPerRun(5, func() {
		r.Reset(in)
		s.Reset(r)
		for k := s.Next(); k != EOF; k = s.Next() {
			if k == Start {
				s.Attr("val")
			}
		}
	}); n > 2 {
		t.Errorf("%v allocations", n)
	}
}

func TestResetForgets(t *testing.T) {
	s := New(strings.NewReader("<!DOCTYPE x><a xmlns='u' b=1><" + strings.Repeat("x", 2*tagMax)))
	dump(s)
	s.Reset(strings.NewReader("<a/>"))
	if got := dump(s); got != "<a></a>" || s.Malformed() || s.Cut() || s.DTD() || s.Space() != nil || s.Err() != nil {
		t.Errorf("%s: malformed %v, cut %v, dtd %v", got, s.Malformed(), s.Cut(), s.DTD())
	}
}

// office is markup as Word writes it.
func office(runs int) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>`)
	for i := range runs {
		fmt.Fprintf(&b, `<w:p w:rsidR="00%06X" w:rsidRDefault="00A77B3E"><w:pPr><w:pStyle w:val="Normal"/><w:spacing w:after="0" w:line="240"/></w:pPr>`+
			`<w:r><w:rPr><w:rFonts w:ascii="Calibri" w:hAnsi="Calibri"/><w:b/></w:rPr><w:t xml:space="preserve">Text of run %d &amp; more </w:t></w:r></w:p>`, i, i)
	}
	b.WriteString(`</w:body></w:document>`)
	return b.Bytes()
}

func BenchmarkNext(b *testing.B) {
	in := office(5000)
	for _, mode := range []string{"tokens", "attributes"} {
		b.Run(mode, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			s, r := &Scanner{}, bytes.NewReader(nil)
			for b.Loop() {
				r.Reset(in)
				s.Reset(r)
				for k := s.Next(); k != EOF; k = s.Next() {
					if mode == "attributes" && k == Start {
						s.Attrs()
					}
				}
			}
		})
	}
}

// reference is dump by encoding/xml; ok says that it has no objection, and that the two mean the same by names and line ends.
func reference(in []byte) (out string, ok bool) {
	var b strings.Builder
	d := xml.NewDecoder(bytes.NewReader(in))
	text, err := false, error(nil)
	name := func(n xml.Name) string {
		ok = ok && !strings.Contains(n.Local, ":")
		return qualified([]byte(n.Space), []byte(n.Local))
	}
	ok = bytes.IndexByte(in, '\r') < 0 && bytes.IndexByte(in, 0) < 0
	for {
		var t xml.Token
		if t, err = d.RawToken(); err != nil {
			break
		}
		data, isText := t.(xml.CharData)
		switch t := t.(type) {
		case xml.Directive:
			ok = ok && bytes.HasPrefix(t, []byte("DOCTYPE ")) // it takes others for markup as well
			continue
		case xml.Comment, xml.ProcInst:
			continue
		}
		if isText && len(data) == 0 {
			continue
		}
		if text && !isText {
			b.WriteString("]")
		} else if !text && isText {
			b.WriteString("[")
		}
		text = isText
		switch t := t.(type) {
		case xml.StartElement:
			fmt.Fprintf(&b, "<%s", name(t.Name))
			for _, a := range t.Attr {
				fmt.Fprintf(&b, " %s=%q", name(a.Name), a.Value)
			}
			b.WriteString(">")
		case xml.EndElement:
			fmt.Fprintf(&b, "</%s>", name(t.Name))
		case xml.CharData:
			b.Write(t)
		}
	}
	if text {
		b.WriteString("]")
	}
	return b.String(), ok && err == io.EOF
}

func TestAgreesWithEncodingXML(t *testing.T) {
	in := office(2000)
	want, ok := reference(in)
	if got := dump(New(bytes.NewReader(in))); !ok || got != want {
		t.Error("another reading of well-formed input")
	}
}

func FuzzNext(f *testing.F) {
	f.Add(office(2))
	for _, s := range []string{`<a b="1" c='&lt;'>x<!-- y --><![CDATA[z]]></a>`, `<!DOCTYPE a [<!ENTITY b "c">]><a/>`, "\xFF\xFE<\x00a\x00/\x00>\x00",
		"<a b=c <d>&#x;</a>", "<?xml encoding='shift_jis'?><a>\x83}\x83N\x83\x8D</a>", `<a xmlns:b="c"><b:d b:e="f"/></a>`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		s := New(bytes.NewReader(in))
		got := dump(s)
		if s.Err() != nil {
			t.Fatal(s.Err())
		}
		if again := dump(New(iotest.HalfReader(bytes.NewReader(in)))); again != got {
			t.Fatalf("read in halves: %q, at once: %q", again, got)
		}
		if want, ok := reference(in); ok && s.encoding == "" && got != want {
			t.Fatalf("got %q\nencoding/xml %q", got, want)
		}
	})
}

func TestSkimStopsWhereAWordStands(t *testing.T) {
	row := `<row r="1"><c><v>1</v></c></row>`
	words := [][]byte{[]byte("|"), []byte("</d")}
	for _, tt := range []struct{ name, in, want string }{
		{"at the end tag", "<d>" + strings.Repeat(row, 9000) + "</d><e/>", "</d><e></e>"},
		{"in the text behind a tag", "<d>" + strings.Repeat(row, 9000) + "<f>x|y</f></d>", "<f>[x|y]</f></d>"},
		{"in a value", "<d>" + row + `<f a="|"/></d>`, `<f a="|"></f></d>`},
		{"in the text at hand", "<d>x|y</d>", "[x|y]</d>"},
		{"never", "<d>" + row, ""},
		{"not inside CDATA", "<d><![CDATA[x|<]]></d>", "[x|<]</d>"},
		{"before a CDATA section", "<d>" + row + "<f><![CDATA[1<x|y]]></f></d>", "<f>[1<x|y]</f></d>"},
		{"before a comment", "<d>" + strings.Repeat(row, 9000) + "<f><!-- < -->x|y</f></d>", "<f>[x|y]</f></d>"},
		{"before an instruction in a text", "<d>" + row + "<f>1+<?a <b?>x|y</f></d>", "<f>[1+x|y]</f></d>"},
		{"not before a mark that no bracket precedes", "<d>" + strings.Repeat("<c><f>a!b?c</f></c>", 9000) + "<f><!-- -->x|y</f></d>", "<f>[x|y]</f></d>"},
		{"nor in an empty element", "<d/>" + row + "|", "</d>" + `<row r="1"><c><v>[1]</v></c></row>[|]`},
	} {
		s := New(iotest.HalfReader(strings.NewReader(tt.in)))
		s.Next()
		if tt.name == "not inside CDATA" {
			s.Next()
			s.Skim(words)
			if got := "[" + string(s.Text()) + "]" + dump(s); got != tt.want {
				t.Errorf("%s: %s", tt.name, got)
			}
			continue
		}
		s.Skim(words)
		if got := dump(s); got != tt.want && !(tt.name == "never" && strings.HasSuffix(row, got)) {
			t.Errorf("%s: %.200s", tt.name, got)
		}
	}
	long := New(strings.NewReader("<d>" + strings.Repeat("x", 20*bufferSize) + "</d>"))
	long.Next()
	long.Skim(words)
	if len(long.buf) > 2*bufferSize {
		t.Errorf("a buffer of %d bytes", len(long.buf))
	}
}

func TestAnAttributeOfAnotherNameSpaceHidesNone(t *testing.T) {
	for in, want := range map[string]string{
		`<a xmlns:w="w" xmlns:z="z"><w:b z:c="1" w:c="2"/></a>`:         "2",
		`<a xmlns="w" xmlns:w="w" xmlns:z="z"><b z:c="1" w:c="2"/></a>`: "2",
		`<a xmlns:w="w" xmlns:z="z"><w:b c="1" z:c="3" w:c="2"/></a>`:   "2",
		`<a xmlns="w" xmlns:z="z"><b z:c="1" c="2"/></a>`:               "2",
		`<a xmlns:z="z"><b z:c="1"/></a>`:                               "1",
		`<a><w:b c="1" w:c="2"/></a>`:                                   "2",
	} {
		s := New(strings.NewReader(in))
		s.Next()
		s.Next()
		if got := string(s.Attr("c")); got != want {
			t.Errorf("%s: %q", in, got)
		}
	}
	s := New(strings.NewReader("<a" + strings.Repeat(" z:c='1'", sameMax) + " c='2'/>"))
	if s.Next(); string(s.Attr("c")) != "1" || !s.Cut() {
		t.Errorf("%q, cut %v", s.Attr("c"), s.Cut())
	}
}
