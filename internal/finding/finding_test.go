package finding

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestPathPrintsWithOneReading(t *testing.T) {
	for _, tc := range []struct {
		name string
		path Path
		want string
	}{
		{"the file itself", nil, ""},
		{"part and members", Path{"2", "invoice.doc", "Macros/VBA/ThisDocument"}, "2!/invoice.doc!/Macros/VBA/ThisDocument"},
		{"Japanese, with an ideographic space", Path{"2", "請求書　控え.doc"}, "2!/請求書　控え.doc"},
		{"name that forges a separator", Path{"2", "a!/b"}, `2!/a\!/b`},
		{"name that ends in a backslash", Path{`a\`, "b"}, `a\\!/b`},
		{"bytes that are not UTF-8", Path{"\x83\x6e"}, `\x83n`},
		{"escape sequence", Path{"a\x1b[2J\n"}, `a\u{1b}[2J\u{a}`},
		{"right-to-left override", Path{"cod\u202excod.exe"}, `cod\u{202e}xcod.exe`},
		{"replacement character of its own", Path{"\uFFFD"}, "\uFFFD"},
		{"member without a name", Path{"2", ""}, `2!/\u{}`},
		{"only a member without a name", Path{""}, `\u{}`},
		{"name that looks like an escape", Path{`\u{}`}, `\\u{}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.path.String(); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			var back Path
			if err := back.UnmarshalText([]byte(tc.want)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.path, back); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPathRefusesBadEscapes(t *testing.T) {
	for _, s := range []string{`\`, `a\q`, `\x`, `\x8`, `\xzz`, `\u`, `\u{`, `\u{1`, `\u{zz}`, `\u{110000}`, `\u{d800}`, `\u{0000000041}`, `a!/\`} {
		var p Path
		if err := p.UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%s was read as %q", s, p)
		}
	}
}

func FuzzPathRoundTrip(f *testing.F) {
	f.Add("2\x00invoice.doc\x00Macros/VBA/ThisDocument")
	f.Add("a!/b\\\x00\x00\xff\u202e\u3000!")
	f.Add("\\u{41}\x00\\x41")
	f.Fuzz(func(t *testing.T, names string) {
		p := Path(strings.Split(names, "\x00"))
		s := p.String()
		if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r != '\u3000' && !unicode.IsPrint(r) }) {
			t.Fatalf("%q prints as %q", p, s)
		}
		var back Path
		if err := back.UnmarshalText([]byte(s)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, back); diff != "" {
			t.Error(diff)
		}
	})
}

// FuzzPathRead: what can be read prints as something that reads the same.
func FuzzPathRead(f *testing.F) {
	f.Add(`2!/a\!/b\\!/\u{202e}\xff!/\u{}`)
	f.Add(`a!b!/!`)
	f.Fuzz(func(t *testing.T, s string) {
		var p, back Path
		if p.UnmarshalText([]byte(s)) != nil {
			return
		}
		if err := back.UnmarshalText([]byte(p.String())); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, back); diff != "" {
			t.Error(diff)
		}
	})
}

func TestChildSharesNoMemory(t *testing.T) {
	p := make(Path, 1, 8)
	p[0] = "2"
	a, b := p.Child("a"), p.Child("b")
	if diff := cmp.Diff([]Path{{"2", "a"}, {"2", "b"}}, []Path{a, b}); diff != "" {
		t.Error(diff)
	}
}

func TestChildCutsLongNames(t *testing.T) {
	long := strings.Repeat("あ", NameMax)
	a, b := Path{}.Child(long + "a")[0], Path{}.Child(long + "b")[0]
	if len(a) > NameMax || !utf8.ValidString(a) || !strings.HasPrefix(a, "あああ") {
		t.Errorf("%d bytes: %q", len(a), a)
	}
	if a == b {
		t.Error("two names became one")
	}
	if whole := strings.Repeat("x", NameMax); (Path{}).Child(whole)[0] != whole {
		t.Error("a name of exactly NameMax was changed")
	}
	if raw := (Path{}).Child(strings.Repeat("\x80", 2*NameMax))[0]; len(raw) > NameMax {
		t.Errorf("%d bytes without a rune's edge", len(raw))
	}
}

func TestDetailIsShortAndPrintable(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"as it is", "AutoOpen", "AutoOpen"},
		{"control characters", "a\x1b[2J\r\nb", "a [2J  b"},
		{"bytes that are not UTF-8", "a\xff\xfeb", "a?b"},
		{"exactly the most", strings.Repeat("x", DetailMax), strings.Repeat("x", DetailMax)},
		{"one more", strings.Repeat("x", DetailMax+1), strings.Repeat("x", DetailMax-3) + "…"},
		{"cut at a rune's edge", strings.Repeat("あ", 100), strings.Repeat("あ", 65) + "…"},
	} {
		if got := New(VBAPresent, nil, "%s", tc.in).Detail; got != tc.want {
			t.Errorf("%s: got %q (%d bytes), want %q", tc.name, got, len(got), tc.want)
		}
	}
}

func FuzzDetail(f *testing.F) {
	f.Add("AutoOpen")
	f.Add(strings.Repeat("\xe3\x81", 300))
	f.Add(strings.Repeat("あ", 66) + "ab\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		d := New(VBAPresent, nil, "%s", s).Detail
		if len(d) > DetailMax || !utf8.ValidString(d) || strings.ContainsFunc(d, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q became %q", s, d)
		}
	})
}

func TestFindingJSON(t *testing.T) {
	f := New(VBAAutoexec, Path{"2", "invoice.doc"}, "%s", "AutoOpen")
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"kind":"vba.autoexec","severity":"suspicious","path":"2!/invoice.doc","detail":"AutoOpen"}`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
	var back Finding
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(f, back); diff != "" {
		t.Error(diff)
	}
}

func TestSeverityWords(t *testing.T) {
	for _, s := range []Severity{Info, Suspicious, Malicious} {
		text, _ := s.MarshalText()
		var back Severity
		if err := back.UnmarshalText(text); err != nil || back != s {
			t.Errorf("%s came back as %s: %v", s, back, err)
		}
	}
	var s Severity
	if s.UnmarshalText([]byte("grave")) == nil || Severity(9).String() != "severity(9)" {
		t.Errorf("unknown severities: %s, %s", s, Severity(9))
	}
}
