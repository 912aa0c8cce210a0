package message

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
)

func encodeBase64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func TestHeaderKeepsOrderAndBytes(t *testing.T) {
	for _, c := range []struct {
		name, block string
		want        []Field
		tail        int
	}{
		{"order_and_duplicates", "B: 1\r\nA:2\r\nb: 3 \r\n", []Field{{"B", " 1"}, {"A", "2"}, {"b", " 3 "}}, -1},
		{"folding_kept_raw", "A: 1\r\n 2\r\n\t3\r\n", []Field{{"A", " 1\r\n 2\r\n\t3"}}, -1},
		{"lf", "A: 1\n 2\nB: 3\n", []Field{{"A", " 1\n 2"}, {"B", " 3"}}, -1},
		{"cr", "A: 1\rB: 3\r", []Field{{"A", " 1"}, {"B", " 3"}}, -1},
		{"crcrlf", "A: 1\r\r\nB: 3\r\r\n", []Field{{"A", " 1"}, {"B", " 3"}}, -1},
		{"no_last_line_end", "A: 1\r\nB: 3", []Field{{"A", " 1"}, {"B", " 3"}}, -1},
		{"line_without_colon_continues", "A: 1\r\nname=x\r\nB: 2\r\n", []Field{{"A", " 1\r\nname=x"}, {"B", " 2"}}, -1},
		{"parameter_with_colon_continues", "A: 1;\r\nname=\"x:y\"\r\n", []Field{{"A", " 1;\r\nname=\"x:y\""}}, 7},
		{"tail_of_lines_without_colon", "A: 1\r\nQUJD\r\nREVG\r\n", []Field{{"A", " 1\r\nQUJD\r\nREVG"}}, 6},
		{"junk_before_the_first_field", "junk\r\nA: 1\r\n", []Field{{"A", " 1"}}, -1},
		{"first_line_folded", " A: 1\r\nB: 2\r\n", []Field{{"A", " 1"}, {"B", " 2"}}, -1},
		{"mbox_line", "From a Mon Nov 23 09:00:00 2026\r\nA: 1\r\n", []Field{{"A", " 1"}}, -1},
		{"blank_before_colon", "A : 1\r\nB\t: 2\r\n", []Field{{"A", " 1"}, {"B", " 2"}}, -1},
		{"nul_in_name", "A\x00B: 1\x002\r\n", []Field{{"AB", " 1\x002"}}, -1},
		{"empty_name", "A: 1\r\n: 2\r\n", []Field{{"A", " 1\r\n: 2"}}, 6},
		{"blank_in_name", "A: 1\r\nb c: 2\r\n", []Field{{"A", " 1\r\nb c: 2"}}, 6},
		{"eight_bit_name", "A: 1\r\n\xe9: 2\r\n", []Field{{"A", " 1\r\n\xe9: 2"}}, 6},
		{"blank_line_continues", "A: 1\r\n \r\n 2\r\n", []Field{{"A", " 1\r\n \r\n 2"}}, 6},
		{"empty", "", []Field{}, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, tail := parseHeader(c.block)
			if d := cmp.Diff(c.want, h.Fields); d != "" || tail != c.tail {
				t.Errorf("tail %d, want %d; fields:\n%s", tail, c.tail, d)
			}
		})
	}
}

func TestGetAndAll(t *testing.T) {
	h, _ := parseHeader("Received: a\r\nSubject:  x\r\n\ty \x00z \r\nsubject: second\r\nLost: a\r\nb\r\n")
	if got := h.Get("SUBJECT"); got != "x\ty z" {
		t.Errorf("Get: %q", got)
	}
	if d := cmp.Diff([]string{"x\ty z", "second"}, h.All("Subject")); d != "" {
		t.Error(d)
	}
	if h.Get("None") != "" || h.All("None") != nil {
		t.Error("a field that is not there")
	}
	if got := h.Get("Lost"); got != "a b" {
		t.Errorf("unindented continuation: %q", got)
	}
}

func TestTextDecodes(t *testing.T) {
	const s = "見積書のご送付について"
	jis, sjis, euc := in(japanese.ISO2022JP, s), in(japanese.ShiftJIS, s), in(japanese.EUCJP, s)
	for _, c := range []struct{ name, raw, want string }{
		{"ascii", "hello = world?", "hello = world?"},
		{"b", "=?UTF-8?B?" + encodeBase64(s) + "?=", s},
		{"q", "=?utf-8?q?a=e3=81=82_b?=", "aあ b"},
		{"q_with_blanks", "=?utf-8?Q?a b?= c", "a b c"},
		{"language", "=?utf-8*ja?B?" + encodeBase64(s) + "?=", s},
		{"iso_2022_jp", "=?ISO-2022-JP?B?" + encodeBase64(jis) + "?=", s},
		{"iso_2022_jp_1", "=?iso-2022-jp-1?B?" + encodeBase64(jis) + "?=", s},
		{"iso_2022_jp_2", "=?iso-2022-jp-2?B?" + encodeBase64(jis) + "?=", s},
		{"iso_2022_jp_3", "=?iso-2022-jp-3?B?" + encodeBase64(strings.ReplaceAll(jis, "\x1b$B", "\x1b$(O")) + "?=", s},
		{"iso_2022_jp_ms", "=?iso-2022-jp-ms?B?" + encodeBase64(jis) + "?=", s},
		{"cp50220", "=?cp50220?B?" + encodeBase64(jis) + "?=", s},
		{"cp50221_half_width", "=?cp50221?B?" + encodeBase64("\x1b(I1\x1b(B") + "?=", "ｱ"},
		{"shift_jis", "=?Shift_JIS?B?" + encodeBase64(sjis) + "?=", s},
		{"cp932", "=?cp932?B?" + encodeBase64("\x87\x40\x8a\x94") + "?=", "①株"},
		{"windows_31j", "=?windows-31j?B?" + encodeBase64(sjis) + "?=", s},
		{"ms_kanji", "=?MS_Kanji?B?" + encodeBase64(sjis) + "?=", s},
		{"x_sjis", "=?x-sjis?B?" + encodeBase64(sjis) + "?=", s},
		{"eucjp", "=?eucjp?B?" + encodeBase64(euc) + "?=", s},
		{"gb2312_by_the_library", "=?gb2312?B?" + encodeBase64("\xc4\xe3\xba\xc3") + "?=", "你好"},
		{"utf_7", "=?utf-7?Q?+MEIwRA-_a+-b?=", "あい a+b"},
		{"unknown_charset", "=?x-nobody-knows?B?" + encodeBase64(sjis) + "?=", s},
		{"wrong_label_utf8", "=?utf-8?B?" + encodeBase64(sjis) + "?=", s},
		{"wrong_label_sjis", "=?shift_jis?B?" + encodeBase64(s) + "?=", s},
		{"wrong_label_ascii", "=?us-ascii?B?" + encodeBase64(euc) + "?=", s},
		{"wrong_label_iso_2022_jp", "=?utf-8?B?" + encodeBase64(jis) + "?=", s},
		{"joined", "=?utf-8?B?" + encodeBase64(s[:9]) + "?=\r\n =?utf-8?B?" + encodeBase64(s[9:]) + "?=", s},
		{"character_split_between_words", "=?utf-8?B?" + encodeBase64(s[:10]) + "?= =?UTF-8?B?" + encodeBase64(s[10:]) + "?=", s},
		{"character_split_b_and_q", "=?utf-8?B?" + encodeBase64("\xe3\x81") + "?= =?utf-8?Q?=82?=", "あ"},
		{"base64_split_between_words", "=?utf-8?B?" + encodeBase64(s)[:10] + "?= =?utf-8?B?" + encodeBase64(s)[10:] + "?=", s},
		{"words_of_two_charsets", "=?utf-8?B?" + encodeBase64("あ") + "?= =?shift_jis?B?" + encodeBase64(in(japanese.ShiftJIS, "い")) + "?=", "あい"},
		{"text_between_words", "=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c"},
		{"in_quotes", "\"=?utf-8?B?" + encodeBase64(s) + "?=\" <a@example.com>", "\"" + s + "\" <a@example.com>"},
		{"no_end", "=?utf-8?B?" + encodeBase64(s), s},
		{"not_words", "=?x =?a?b =?a?z?c?= ?=", "=?x =?a?b =?a?z?c?= ?="},
		{"raw_utf8", s, s},
		{"raw_sjis", sjis, s},
		{"raw_euc_jp", euc, s},
		{"raw_iso_2022_jp", jis, s},
		{"raw_windows_1252", in(charmap.Windows1252, "Grüße aus München – für Sie"), "Grüße aus München – für Sie"},
		{"raw_and_word", sjis + " =?utf-8?Q?=e3=81=82?=", s + " あ"},
		{"half_width_sjis", "\xc3\xbd\xc4\xb7\xbc\xbd\xc4", "ﾃｽﾄｷｼｽﾄ"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := Header{Fields: []Field{{"Subject", " " + c.raw}}}
			if got := h.Text("subject"); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	const name = "山田 太郎"
	sjis := in(japanese.ShiftJIS, name)
	for _, c := range []struct {
		name, raw string
		want      []Address
	}{
		{"bare", "a@example.com", []Address{{"", "a@example.com"}}},
		{"named", "A B <a@example.com>, \"C, D\" <c@example.com>", []Address{{"A B", "a@example.com"}, {"C, D", "c@example.com"}}},
		{"group", "People: a@example.com, B <b@example.com>;", []Address{{"", "a@example.com"}, {"B", "b@example.com"}}},
		{"comment", "a@example.com (A B)", []Address{{"A B", "a@example.com"}}},
		{"encoded_word", "=?utf-8?B?" + encodeBase64(name) + "?= <a@example.com>", []Address{{name, "a@example.com"}}},
		{"encoded_word_in_quotes", "\"=?utf-8?B?" + encodeBase64(name) + "?=\" <a@example.com>", []Address{{name, "a@example.com"}}},
		{"encoded_comma", "=?utf-8?Q?A,=20B?= <a@example.com>", []Address{{"A, B", "a@example.com"}}},
		{"raw_sjis", "\"" + sjis + "\" <a@example.com>", []Address{{name, "a@example.com"}}},
		{"address_in_name", "\"x@example.net\" <a@example.com>", []Address{{"x@example.net", "a@example.com"}}},
		{"two_angles", "<x@example.net> <a@example.com>", []Address{{"<x@example.net>", "a@example.com"}}},
		{"semicolons", "a@example.com; b@example.com", []Address{{"", "a@example.com"}, {"", "b@example.com"}}},
		{"no_close", "A <a@example.com", []Address{{"A", "a@example.com"}}},
		{"route", "=?utf-8?Q?A?= <@x,@y:a@example.com>", []Address{{"A", "a@example.com"}}},
		{"docomo_dots", "a..b.@example.com", []Address{{"", "a..b.@example.com"}}},
		{"unquoted_dot", "A. B: C <a@example.com>", []Address{{"C", "a@example.com"}}},
		{"no_address", "undisclosed-recipients:;", nil},
		{"only_a_name", "Foo Bar", []Address{{"Foo Bar", ""}}},
		{"utf8_address", "用户@example.com", []Address{{"", "用户@example.com"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := Header{Fields: []Field{{"To", " " + c.raw}}}
			if d := cmp.Diff(c.want, h.Addresses("to")); d != "" {
				t.Error(d)
			}
		})
	}
	h := Header{Fields: []Field{{"To", " a@example.com"}, {"To", " b@example.com"}}}
	if got := h.Addresses("To"); len(got) != 2 {
		t.Errorf("two fields: %v", got)
	}
}

// FuzzHeader: fields in order cover their bytes once, and a header written back reads the same.
func FuzzHeader(f *testing.F) {
	f.Add("A: 1\r\n 2\r\nno colon\r\nB : =?utf-8?Q?x?=\r\n")
	f.Add("From a b\nX:\x00\r\r\n\ty\r: z")
	f.Add(" folded: first\r\nTo: \"a\" <b@c>, d: e;\r\n")
	f.Fuzz(func(t *testing.T, block string) {
		h, tail := parseHeader(block)
		if tail >= len(block) {
			t.Errorf("tail %d of %d", tail, len(block))
		}
		var b strings.Builder
		rest := block
		for _, field := range h.Fields {
			i := strings.Index(rest, field.Raw)
			if i < 0 {
				t.Fatalf("field %q is not in order in %q", field, block)
			}
			rest = rest[i+len(field.Raw):]
			b.WriteString(field.Name + ":" + field.Raw + "\r\n")
			h.Text(field.Name)
			h.Addresses(field.Name)
		}
		again, _ := parseHeader(b.String())
		if d := cmp.Diff(h.Fields, again.Fields); d != "" {
			t.Error(d)
		}
	})
}
