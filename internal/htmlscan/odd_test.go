package htmlscan

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestNamesOfTags(t *testing.T) {
	for in, want := range map[string]string{
		"<A>": "<a>", "<a/>": "<a>", "<br/>x": "<br>x", "<o:p>": "<o:p>", "<h1\n>": "<h1>", "<a\tb>": `<a b="">`, "<a\fb>": `<a b="">`, "</A\n>": "</a>", "</ a>": "</>",
		"<ab-c.d_e>": "<ab-c.d_e>", "<é>": "<é>", "<1>": "<1>", "<>": "<>", "< a>": "< a>", "<a<b>": "<a<b>", "</>": "</>",
	} {
		if got := dump(New(strings.NewReader(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestAttributes(t *testing.T) {
	for in, want := range map[string]string{
		`a=1`: `a="1"`, `A=1`: `a="1"`, `a = 1`: `a="1"`, `a="1"b="2"`: `a="1" b="2"`, `a='1' b='2'`: `a="1" b="2"`, `a=1/`: `a="1/"`, `a`: `a=""`, `a=`: `a=""`, `a=""`: `a=""`,
		`=a`: `=a=""`, `==a`: `=="a"`, `a/b`: `a="" b=""`, `a="b`: `a="b"`, `a="1" a="2"`: `a="1" a="2"`, "a=\n'1'": `a="1"`, `x:a=1`: `x:a="1"`, `a=b=c`: `a="b=c"`, `a="'"`: `a="'"`,
		`a='"'`: `a="\""`, `a=&quot;`: `a="&quot;"`, ``: ``, `/`: ``, ` / / `: ``, `a="x y" b`: `a="x y" b=""`, `a "b"`: `a="" "b"=""`,
	} {
		s := &Scanner{rest: []byte(" " + in)}
		var got []string
		for _, a := range s.Attrs() {
			got = append(got, fmt.Sprintf("%s=%q", a.Name, a.Value))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

// A ">" in quotes does not end a tag; a quote that no equals sign precedes is a character.
func TestWhereTagsEnd(t *testing.T) {
	for in, want := range map[string]string{
		`<a b=">">c`: `<a b=">">c`, `<a b='>'>c`: `<a b=">">c`, `<a b= ">">c`: `<a b=">">c`, "<a b=\n\t'>'>c": `<a b=">">c`, `<a ">">c`: `<a "="">">c`, `<a b=c">d`: `<a b="c\"">d`,
		`<a b="'>'">c`: `<a b="'>'">c`, `</a b=">">c`: `</a>c`, `<!x ">">c`: `">c`, `<?x a=">"?>c`: `c`,
	} {
		if got := dump(New(strings.NewReader(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Comments, as browsers and Office end them.
func TestComments(t *testing.T) {
	for in, want := range map[string]string{
		"<!---->a": "a", "<!-->a": "a", "<!--->a": "a", "<!----->a": "a", "<!--a-->b": "b", "<!-- - -- -> -->a": "a", "<!-- --!>a": "a", "<!----!>a": "a", "<!--!>a-->b": "b", "<!---!>a-->b": "b", "<!-- --!->a-->b": "b", "<!-- --!a-->b": "b", "<!--a--b-->c": "c", "<!--": "", "<!-": "", "<!": "", "<!--a": "", "<!--a-": "", "<!--a--": "",
		"<!--[IF x]>a<![ENDIF]-->b": "ab", "<!--[if x]-->a": "a", "<!--[i f]>a-->b": "b", "<!-- [if x]>a-->b": "b", "<![CDATA[a]]>b": "b",
	} {
		for _, r := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in))} {
			if got := dump(New(r)); got != want {
				t.Errorf("%q: %q, want %q", in, got, want)
			}
		}
	}
}

// What stands in scripts and style sheets is no text and no tag, up to the end tag of the same name.
func TestScriptsAndStyleSheets(t *testing.T) {
	for in, want := range map[string]string{
		"<script>a</script>b": "<script></script>b", "<SCRIPT x=1>a</SCRIPT >b": `<script x="1"></script>b`, "<script>'</style>'</script>a": "<script></script>a",
		"<script><!-- </script>a": "<script></script>a", "<script>'</a b=\"</script>c": "<script></script>c", "<style><!-- </style>a-->b": "<style></style>a-->b",
		"<script></scrip": "<script>", "<script></script": "<script>", "<script><</script>a": "<script></script>a", "<script>a<b></script>c": "<script></script>c", "<style>p>a{}</style>b": "<style></style>b", "<script>a": "<script>", "<script>a</scriptx>b</script>c": "<script></script>c",
		"</script>a": "</script>a", "<scripts>a": "<scripts>a", "<x:script>a": "<x:script>a",
	} {
		if got := dump(New(strings.NewReader(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// However the input is cut into pieces, tags and texts come out the same.
func TestPiecesDoNotMatter(t *testing.T) {
	var in strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&in, "<p id=%d>text &amp; %d</p><!-- %d -->", i, i, i)
	}
	want := dump(New(strings.NewReader(in.String())))
	for name, r := range map[string]io.Reader{
		"one byte": iotest.OneByteReader(strings.NewReader(in.String())), "half": iotest.HalfReader(strings.NewReader(in.String())), "error with data": iotest.DataErrReader(strings.NewReader(in.String())),
	} {
		if got := dump(New(r)); got != want {
			t.Errorf("%s: %d bytes, want %d", name, len(got), len(want))
		}
	}
}

func TestTextIsHandedOutInPieces(t *testing.T) {
	s := New(strings.NewReader(strings.Repeat("x", 200_000)))
	total := 0
	for s.Next() == Text {
		if len(s.Text()) > bufferSize+refMax {
			t.Errorf("a piece of %d bytes", len(s.Text()))
		}
		total += len(s.Text())
	}
	if total != 200_000 || s.Err() != nil {
		t.Errorf("%d bytes, %v", total, s.Err())
	}
}

// An error in the middle of whatever it is ends the input with that error.
func TestErrorsAnywhere(t *testing.T) {
	broken := errors.New("broken")
	for _, in := range []string{"text", "<", "<a", "<a b='", "</a", "<!", "<!--", "<!-- a", "<script>a", "<?a", "&am"} {
		s := New(io.MultiReader(strings.NewReader(in), iotest.ErrReader(broken)))
		for range 100 {
			s.Next()
		}
		if !errors.Is(s.Err(), broken) || s.Next() != EOF {
			t.Errorf("%q: %v", in, s.Err())
		}
	}
}

func TestTheFirstAttributeOfANameCounts(t *testing.T) {
	for tag, want := range map[string]string{
		` href=a HREF=b`: "a", ` x=1 HrEf="b c"`: "b c", ` xhref=1`: "", ` href`: "", ``: "", strings.Repeat(" x=1", attrsMax) + " href=a": "",
	} {
		s := Scanner{rest: []byte(tag)}
		if got := s.Attr("href"); got != want {
			t.Errorf("%.40q: %q, want %q", tag, got, want)
		}
	}
}

func TestAClosedScannersMemoryServesTheNextOne(t *testing.T) {
	for _, page := range []string{"<p class=x>one &am", "<script>unclosed", "<a href='never ends", "", "<b>two</b>"} {
		s := New(strings.NewReader(page))
		got := dump(s)
		if want := dump(&Scanner{in: bufio.NewReader(strings.NewReader(page))}); got != want {
			t.Errorf("%q: %s, with memory of its own %s", page, got, want)
		}
		s.Close()
	}
}
