package message

import (
	"mime"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
)

// in encodes s.
func in(enc encoding.Encoding, s string) string {
	b, err := enc.NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return b
}

func percent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		const hex = "0123456789ABCDEF"
		b.WriteString("%" + string(hex[s[i]>>4]) + string(hex[s[i]&15]))
	}
	return b.String()
}

func TestParamsAsProgramsReadThem(t *testing.T) {
	for _, c := range []struct {
		name, field, value string
		want               map[string][]string
	}{
		{"plain", `text/plain; charset=utf-8`, "text/plain", map[string][]string{"charset": {"utf-8"}}},
		{"quoted", `a/b; name="x y; z.doc"`, "a/b", map[string][]string{"name": {"x y; z.doc"}}},
		{"unquoted_blank", `a/b; name=x y.doc; c=d`, "a/b", map[string][]string{"name": {"x y.doc", "x"}, "c": {"d"}}},
		{"copy_number_is_no_comment", `a/b; name=x(1).doc`, "a/b", map[string][]string{"name": {"x(1).doc"}}},
		{"comment_after_value", `a/b; name=x (1)`, "a/b", map[string][]string{"name": {"x (1)", "x", "x"}}},
		{"missing_end_quote", `a/b; name="x.doc`, "a/b", map[string][]string{"name": {"x.doc"}}},
		{"missing_end_quote_then_parameter", `a/b; name="x.doc; size=3`, "a/b", map[string][]string{"name": {"x.doc", "x.doc; size=3"}, "size": {"3"}}},
		{"quote_inside", `a/b; name="x "y" z.doc"; c=d`, "a/b", map[string][]string{"name": {`x "y" z.doc`, "x "}, "c": {"d"}}},
		{"text_after_quote", `a/b; name="x".doc`, "a/b", map[string][]string{"name": {"x", "x.doc"}}},
		{"escapes", `a/b; name="a\"b\\c"`, "a/b", map[string][]string{"name": {`a"b\c`}}},
		{"windows_path", `a/b; name="C:\new\a.doc"`, "a/b", map[string][]string{"name": {`C:newa.doc`, `C:\new\a.doc`}}},
		{"doubled_semicolons", `a/b;; ;name=x;`, "a/b", map[string][]string{"name": {"x"}}},
		{"missing_semicolon", `a/b name="x" charset=y`, "a/b", map[string][]string{"name": {"x"}, "charset": {"y"}}},
		{"comma_for_semicolon", `a/b, name=x`, "a/b", map[string][]string{"name": {"x"}}},
		{"no_value", `name=x.doc`, "", map[string][]string{"name": {"x.doc"}}},
		{"empty", ``, "", map[string][]string{}},
		{"semicolon_first", `; name=x`, "", map[string][]string{"name": {"x"}}},
		{"comments", `a (x;y) / (z) b (w); (q) name (r) = (s) x`, "a/b", map[string][]string{"name": {"(s) x", "x", "(s)"}}},
		{"bare_words", `attachment foo; bar; filename=x`, "attachment", map[string][]string{"filename": {"x"}}},
		{"duplicates", `a/b; name=x; name=y`, "a/b", map[string][]string{"name": {"x", "y"}}},
		{"unindented_line", "a/b;\r\nname=x", "a/b", map[string][]string{"name": {"x"}}},
		{"junk_line", "a/b; name=x\r\njunk here", "a/b", map[string][]string{"name": {"x"}}},
		{"folded_in_quotes", "a/b; name=\"x\r\n y.doc\"", "a/b", map[string][]string{"name": {"x y.doc"}}},
		{"blanks_around_equals", `a/b; name = "x"`, "a/b", map[string][]string{"name": {"x"}}},
		{"continued", `a/b; name*1=b; name*0=a; name*2="c d"`, "a/b", map[string][]string{"name": {"abc d"}}},
		{"extended", `a/b; name*=utf-8'ja'%41%zz`, "a/b", map[string][]string{"name": {"A%zz"}}},
		{"extended_without_charset", `a/b; name*=x%41`, "a/b", map[string][]string{"name": {"xA"}}},
		{"extended_continued", `a/b; name*0*=utf-8''%41; name*1=%42; name*2*=%43`, "a/b", map[string][]string{"name": {"A%42C"}}},
		{"long_number", `a/b; name*99999999999999999999=x`, "a/b", map[string][]string{"name": {"x"}}},
		{"iso_2022_jp_holds_a_quote", "a/b; name=\"\x1b$B!\"\";\x1b(B.doc\"; c=d", "a/b", map[string][]string{"name": {"\x1b$B!\"\";\x1b(B.doc"}, "c": {"d"}}},
		{"shift_jis_holds_a_backslash", "a/b; name=\"\x95\\\x8e\xa6\x95\\\"; c=d", "a/b", map[string][]string{"name": {"\x95\\\x8e\xa6\x95\\"}, "c": {"d"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			value, ps, _ := parseParams(c.field)
			have := map[string][]string{}
			for _, p := range ps {
				have[p.name] = p.values
			}
			if d := cmp.Diff(c.want, have); d != "" || value != c.value {
				t.Errorf("value %q, want %q; parameters:\n%s", value, c.value, d)
			}
		})
	}
}

func TestParamsReportWhatIsBroken(t *testing.T) {
	for field, want := range map[string][]string{
		`a/b; c=d`:      nil,
		`a/b; c=d;`:     nil,
		`a/b; c="d`:     {problemQuote},
		`a/b; c="d"e`:   {problemQuote},
		`a/b;; c=d`:     {problemSeparator},
		`a/b c=d`:       {problemSeparator},
		`a/b; c=d; c=e`: {problemDuplicate},
		`a/b; c`:        {problemBare},
	} {
		if _, _, problems := parseParams(field); !cmp.Equal(want, problems) {
			t.Errorf("%s: %q, want %q", field, problems, want)
		}
	}
}

func TestFileNames(t *testing.T) {
	const name = "請求書 表示.doc"
	jis, sjis, euc := in(japanese.ISO2022JP, name), in(japanese.ShiftJIS, name), in(japanese.EUCJP, name)
	b64 := func(s string) string { return encodeBase64(s) }
	for _, c := range []struct{ name, header, want string }{
		{"filename", "Content-Disposition: attachment; filename=\"a.doc\"", "a.doc"},
		{"name_only", "Content-Type: a/b; name=a.doc", "a.doc"},
		{"filename_before_name", "Content-Type: a/b; name=b.doc\r\nContent-Disposition: attachment; filename=a.doc", "a.doc"},
		{"extended_before_plain", "Content-Disposition: attachment; filename=b.doc; filename*=utf-8''a.doc", "a.doc"},
		{"rfc2231_utf8", "Content-Disposition: attachment; filename*=utf-8''" + percent(name), name},
		{"rfc2231_sjis", "Content-Disposition: attachment; filename*=shift_jis'ja'" + percent(sjis), name},
		{"rfc2231_iso_2022_jp", "Content-Disposition: attachment; filename*=iso-2022-jp''" + percent(jis), name},
		{"rfc2231_iso_2022_jp_raw", "Content-Disposition: attachment; filename*=\"iso-2022-jp''" + jis + "\"", name},
		{"rfc2231_cp932_continued", "Content-Disposition: attachment; filename*0*=cp932''" + percent(sjis[:5]) + ";\r\n filename*1*=" + percent(sjis[5:]), name},
		{"rfc2231_wrong_label", "Content-Disposition: attachment; filename*=us-ascii''" + percent(sjis), name},
		{"raw_utf8", "Content-Disposition: attachment; filename=\"" + name + "\"", name},
		{"raw_utf8_unquoted", "Content-Disposition: attachment; filename=" + name, name},
		{"raw_sjis", "Content-Disposition: attachment; filename=\"" + sjis + "\"", name},
		{"raw_sjis_unquoted", "Content-Disposition: attachment; filename=" + sjis + "; size=3", name},
		{"raw_euc_jp", "Content-Disposition: attachment; filename=\"" + euc + "\"", name},
		{"raw_iso_2022_jp", "Content-Disposition: attachment; filename=\"" + jis + "\"", name},
		{"encoded_word_in_quotes", "Content-Type: a/b; name=\"=?utf-8?B?" + b64(name) + "?=\"", name},
		{"encoded_word_bare", "Content-Type: a/b; name==?utf-8?B?" + b64(name) + "?=", name},
		{"encoded_words_folded", "Content-Type: a/b; name=\"=?iso-2022-jp?B?" + b64(in(japanese.ISO2022JP, "請求書")) + "?=\r\n =?iso-2022-jp?B?" + b64(in(japanese.ISO2022JP, " 表示.doc")) + "?=\"", name},
		{"encoded_word_in_extended", "Content-Disposition: attachment; filename*0=\"=?utf-8?B?" + b64(name)[:8] + "\"; filename*1=\"" + b64(name)[8:] + "?=\"", name},
		{"nul_and_line_ends_dropped", "Content-Disposition: attachment; filename=\"a\x00.d\r\n\toc\"", "a.d oc"},
		{"right_to_left_override_kept", "Content-Disposition: attachment; filename=\"a\u202ecod.exe\"", "a\u202ecod.exe"},
		{"empty_filename_falls_to_name", "Content-Type: a/b; name=a.doc\r\nContent-Disposition: attachment; filename=\"\"", "a.doc"},
		{"none", "Content-Type: a/b", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, _ := parseHeader(c.header + "\r\n")
			names := append(readEntity(h, "text/plain").names, "")
			if names[0] != c.want {
				t.Errorf("%q, want %q", names, c.want)
			}
		})
	}
}

func TestConflictingNamesAreAllKept(t *testing.T) {
	h, _ := parseHeader("Content-Type: a/b; name=a.txt; name=b.exe\r\nContent-Disposition: attachment; filename=c.doc; filename*=''d.js\r\n")
	if d := cmp.Diff([]string{"d.js", "c.doc", "a.txt", "b.exe"}, readEntity(h, "").names); d != "" {
		t.Error(d)
	}
}

func TestTransferEncodingLabels(t *testing.T) {
	for field, want := range map[string]transfer{
		"7bit": identity, "": identity, "BASE64": base64Encoding, `"base64"`: base64Encoding, "base64 (x)": base64Encoding, "(x) base64": base64Encoding,
		"base64;": base64Encoding, "Quoted-Printable": quotedPrintable, "x-uuencode": uuencode, "x-uue": uuencode, "uuencode": uuencode, "rot13": unknownEncoding,
	} {
		h, _ := parseHeader("Content-Transfer-Encoding: " + field + "\r\n")
		if e := readEntity(h, ""); e.enc != want {
			t.Errorf("%q is %d, want %d", field, e.enc, want)
		}
	}
}

func TestTypes(t *testing.T) {
	for field, want := range map[string]string{
		"Text/HTML": "text/html", "text": "text/plain", "multipart": "multipart/mixed", "": "text/plain", "; charset=x": "text/plain",
		`"text/html"`: "text/html", "text / html": "text/html", "text/html charset=x": "text/html", "application/": "application", "boundary=b": "multipart/mixed",
		"text/plain\r\nContent-Type: multipart/mixed; boundary=b": "multipart/mixed", "a/b\r\nContent-Type: c/d": "a/b",
		"text/plain\r\nContent-Type: message/rfc822": "message/rfc822",
	} {
		h, _ := parseHeader("Content-Type: " + field + "\r\n")
		if e := readEntity(h, "text/plain"); e.typ != want {
			t.Errorf("%q is %q, want %q", field, e.typ, want)
		}
	}
}

// FuzzParams: a value written by the rules is read back whatever stands before it, results are bounded by the input, names are UTF-8.
func FuzzParams(f *testing.F) {
	f.Add("a/b; c=d", "x y.doc")
	f.Add("a/b; name*0*=utf-8''%E3; name*1*=%81%82; name=\"x", `C:\a"b`)
	f.Add("a/b; name=\"\x1b$B!\"\x1b(B\"", "\x95\\")
	f.Fuzz(func(t *testing.T, field, value string) {
		_, ps, problems := parseParams(field)
		total := 0
		for i := range ps {
			for _, v := range ps[i].values {
				total += len(v)
			}
			for _, v := range ps[i].texts() {
				if !utf8.ValidString(v) {
					t.Errorf("name %q is not UTF-8", v)
				}
			}
		}
		if total > 8*len(field)+8 || len(problems) > 4 {
			t.Errorf("%d bytes and %d problems from %d", total, len(problems), len(field))
		}
		if strings.ContainsAny(value, "\r\n\x00\x1b") || !utf8.ValidString(value) {
			return
		}
		quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
		_, ps, _ = parseParams("a/b; name=" + quoted)
		if len(ps) != 1 || ps[0].values[0] != value {
			t.Errorf("%s read as %v", quoted, ps)
		}
	})
}

// FuzzMediaType holds parameters against package mime: in a field that it reads, with each parameter once, we see the same type and have its values among
// our readings. It is known to read otherwise where a value is extended (RFC 2231): those it decodes, we do where they are asked for; where there is a
// comment, which it takes for text; where some backslashes of one value stand before characters that need none, of which it drops some; and outside ASCII, where it refuses what mail programs write.
func FuzzMediaType(f *testing.F) {
	for _, s := range []string{"multipart/mixed; boundary=b", `a/b; name="c;d\\"e" ; x=y`, "text/plain;charset=utf-8; format=flowed", "A/B; C=D", "a/b;c=\"\"", `a/b; name="C:\x\y"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, field string) {
		typ, want, err := mime.ParseMediaType(field)
		if err != nil || len(field) > 1000 || !strings.Contains(typ, "/") || strings.ContainsAny(field, "*()\r\n") || needless.MatchString(field) || strings.ContainsFunc(field, func(r rune) bool { return r >= utf8.RuneSelf || r < ' ' && r != '\t' }) {
			return
		}
		h, _ := parseHeader("Content-Type: " + field + "\r\n")
		if e := readEntity(h, "text/plain"); e.typ != typ && ordinary.MatchString(typ) {
			t.Errorf("%q is %q, package mime has %q", field, e.typ, typ)
		}
		_, ps, _ := parseParams(field)
		for name, value := range want {
			i := slices.IndexFunc(ps, func(p param) bool { return p.name == name })
			if i < 0 || !slices.Contains(ps[i].values, value) {
				t.Errorf("%q: %s is %q in package mime, we have %+v", field, name, value, ps)
			}
		}
	})
}

var (
	needless = regexp.MustCompile(`\\[^"\\]`)
	ordinary = regexp.MustCompile(`^[a-z0-9.+-]+/[a-z0-9.+-]+$`)
)
