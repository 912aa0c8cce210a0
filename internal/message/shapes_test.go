package message_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/message"
)

// doc is the attachment that must not get lost, b64 its encoded form.
var (
	doc = fixture.Noise(300)
	b64 = string(fixture.Base64(doc))
)

// file is a part's header and body with the attachment.
const fileHead = "Content-Type: application/msword; name=a.doc\r\nContent-Transfer-Encoding: base64\r\n\r\n"

// mixed is a top header with Content-Type as given, and a body.
func mixed(contentType, body string) string {
	return "Subject: s\r\nMIME-Version: 1.0\r\nContent-Type: " + contentType + "\r\n\r\n" + body
}

// shape is a mail that some program reads so that the attachment is there.
type shape struct {
	name string
	mail string
	path string // of the attachment
	file string // its name
	kind finding.Kind
}

// attachmentShapes are the ways past a filter that libraries leave open.
func attachmentShapes() []shape {
	text := "Content-Type: text/plain\r\n\r\nhello\r\n"
	two := "--b\r\n" + text + "--b\r\n" + fileHead + b64
	malformed := finding.MailMalformed
	return []shape{
		{"plain", mixed("multipart/mixed; boundary=b", two+"--b--\r\n"), "2", "a.doc", ""},
		{"whole_body", "Subject: s\r\n" + fileHead + b64, "1", "a.doc", ""},
		{"bad_header_line", mixed("multipart/mixed; boundary=b", "--b\r\nthis is no field\r\n"+fileHead+b64+"--b--\r\n"), "1", "a.doc", ""},
		{"bad_header_line_between", mixed("multipart/mixed; boundary=b", "--b\r\nContent-Type: application/msword; name=a.doc\r\n???\r\nContent-Transfer-Encoding: base64\r\n\r\n"+b64+"--b--\r\n"), "1", "a.doc", malformed},
		{"bad_top_header_line", "Subject: s\r\nno field at all\r\n" + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + two + "--b--\r\n", "2", "a.doc", ""},
		{"delimiter_with_junk", mixed("multipart/mixed; boundary=b", "--b junk\r\n"+text+"--b more junk\r\n"+fileHead+b64+"--b-- \r\n"), "2", "a.doc", malformed},
		{"delimiter_with_suffix", mixed("multipart/mixed; boundary=b", "--b\r\n"+text+"--b-x\r\n"+fileHead+b64+"--b--\r\n"), "2", "a.doc", malformed},
		{"junk_delimiter_inside_base64", mixed("multipart/mixed; boundary=\"._\"", "--._\r\n"+fileHead+b64[:78]+"--._-\r\n"+b64[78:]+"--._--\r\n"), "1~", "a.doc", malformed},
		{"lf_only", strings.ReplaceAll(mixed("multipart/mixed; boundary=b", two+"--b--\r\n"), "\r\n", "\n"), "2", "a.doc", ""},
		{"cr_only", strings.ReplaceAll(mixed("multipart/mixed; boundary=b", two+"--b--\r\n"), "\r\n", "\r"), "2", "a.doc", ""},
		{"crcrlf", strings.ReplaceAll(mixed("multipart/mixed; boundary=b", two+"--b--\r\n"), "\r\n", "\r\r\n"), "2", "a.doc", ""},
		{"lf_header_crlf_body", strings.ReplaceAll(mixed("multipart/mixed; boundary=b", ""), "\r\n", "\n") + two + "--b--\r\n", "2", "a.doc", ""},
		{"lf_delimiters_crlf_rest", mixed("multipart/mixed; boundary=b", strings.ReplaceAll(two, "--b\r\n", "--b\n")+"--b--\n"), "2", "a.doc", ""},
		{"no_close_delimiter", mixed("multipart/mixed; boundary=b", two), "2", "a.doc", ""},
		{"part_after_close", mixed("multipart/mixed; boundary=b", "--b\r\n"+text+"--b--\r\n--b\r\n"+fileHead+b64+"--b--\r\n"), "2", "a.doc", malformed},
		{"part_after_close_and_text", mixed("multipart/mixed; boundary=b", "--b\r\n"+text+"--b--\r\nepilogue\r\n\r\n--b\r\n"+fileHead+b64), "2", "a.doc", malformed},
		{"duplicate_boundary_first_used", mixed("multipart/mixed; boundary=b; boundary=c", two+"--b--\r\n"), "2", "a.doc", malformed},
		{"duplicate_boundary_last_used", mixed("multipart/mixed; boundary=c; boundary=b", two+"--b--\r\n"), "2", "a.doc", malformed},
		{"two_content_types_first_used", mixed("multipart/mixed; boundary=b\r\nContent-Type: multipart/mixed; boundary=c", two+"--b--\r\n"), "2", "a.doc", malformed},
		{"two_content_types_last_used", mixed("text/plain\r\nContent-Type: multipart/mixed; boundary=b", two+"--b--\r\n"), "2", "a.doc", malformed},
		{"other_boundary_inside_base64", mixed("multipart/mixed; boundary=b; boundary=....", "--b\r\n"+fileHead+b64[:78]+"--....\r\n"+b64[78:]+"--b--\r\n"), "1~", "a.doc", malformed},
		{"unquoted_boundary_with_specials", mixed("multipart/mixed; boundary=----=_N:xt/P(1)?", strings.ReplaceAll(two, "--b", "------=_N:xt/P(1)?")+"------=_N:xt/P(1)?--\r\n"), "2", "a.doc", ""},
		{"unquoted_boundary_with_blank", mixed("multipart/mixed; boundary=b c", strings.ReplaceAll(two, "--b", "--b c")), "2", "a.doc", malformed},
		{"unquoted_boundary_cut_at_blank", mixed("multipart/mixed; boundary=b c", two+"--b--\r\n"), "2", "a.doc", malformed},
		{"unterminated_boundary", mixed("multipart/mixed; boundary=\"b", two+"--b--\r\n"), "2", "a.doc", malformed},
		{"unterminated_boundary_then_parameter", mixed("multipart/mixed; boundary=\"b; type=x", two+"--b--\r\n"), "2", "a.doc", malformed},
		{"commented_boundary", mixed("multipart/mixed; (one) boundary (two) = b (three)", two+"--b--\r\n"), "2", "a.doc", malformed},
		{"commented_type", mixed("multipart(x)/mixed (y (nested)); boundary=b", two+"--b--\r\n"), "2", "a.doc", ""},
		{"double_semicolon", mixed("multipart/mixed;; boundary=b", two+"--b--\r\n"), "2", "a.doc", malformed},
		{"missing_semicolon", mixed("multipart/mixed boundary=b", two+"--b--\r\n"), "2", "a.doc", malformed},
		{"missing_semicolon_after_boundary", mixed("multipart/mixed; boundary=b charset=utf-8", two+"--b--\r\n"), "2", "a.doc", malformed},
		{"boundary_rfc2231", mixed("multipart/mixed; boundary*0=b; boundary*1=c", strings.ReplaceAll(two, "--b", "--bc")+"--bc--\r\n"), "2", "a.doc", ""},
		{"boundary_rfc2231_encoded", mixed("multipart/mixed; boundary*=us-ascii''b%20c", strings.ReplaceAll(two, "--b", "--b c")+"--b c--\r\n"), "2", "a.doc", ""},
		{"boundary_on_unindented_line", mixed("multipart/mixed;\r\nboundary=b", two+"--b--\r\n"), "2", "a.doc", ""},
		{"boundary_trailing_blank_in_header", mixed("multipart/mixed; boundary=\"b \"", two+"--b--\r\n"), "2", "a.doc", ""},
		{"boundary_trailing_blank_in_body", mixed("multipart/mixed; boundary=b", strings.ReplaceAll(two, "--b\r\n", "--b \t\r\n")+"--b-- \r\n"), "2", "a.doc", ""},
		{"no_boundary_parameter", mixed("multipart/mixed", two+"--b--\r\n"), "2", "a.doc", malformed},
		{"wrong_boundary_parameter", mixed("multipart/mixed; boundary=zzz", "--b\r\n"+fileHead+b64+"--b--\r\n"), "1", "a.doc", malformed},
		{"wrong_boundary_and_another_field_first", mixed("multipart/mixed; boundary=zzz", "--b\r\nX-Y : z\r\n"+fileHead+b64+"--b--\r\n"), "1", "a.doc", malformed},
		{"boundary_rfc2231_with_a_gap", mixed("multipart/mixed; boundary*0=b; boundary*2=c", "--b\r\nX-Y: z\r\n"+fileHead+b64+"--b--\r\n"), "1", "a.doc", malformed},
		{"boundary_rfc2231_in_utf16", mixed("multipart/mixed; boundary*=utf-16be''%00b", "--b\r\nX-Y: z\r\n"+fileHead+b64+"--b--\r\n"), "1", "a.doc", malformed},
		{"blanks_for_the_blank_line", "Subject: s\r\n" + strings.TrimSuffix(fileHead, "\r\n") + "\t\r\n" + b64 + "\r\n---\r\n", "1", "a.doc", malformed},
		{"empty_boundary_parameter", mixed("multipart/mixed; boundary=\"\"", two+"--b--\r\n"), "2", "a.doc", malformed},
		{"multipart_without_subtype", mixed("multipart; boundary=b", two+"--b--\r\n"), "2", "a.doc", ""},
		{"multipart_never_seen", mixed("multipart/x-whatever; boundary=b", two+"--b--\r\n"), "2", "a.doc", ""},
		{"multipart_upper_case_quoted", mixed("\"MULTIPART/MIXED\"; BOUNDARY=b", two+"--b--\r\n"), "2", "a.doc", ""},
		{"multipart_spaced", mixed("multipart / mixed ; boundary = \"b\"", two+"--b--\r\n"), "2", "a.doc", ""},
		{"multipart_in_base64", mixed("multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: base64", string(fixture.Base64([]byte(two+"--b--\r\n")))), "2~", "a.doc", malformed},
		{"multipart_in_qp", mixed("multipart/mixed; boundary=\"=b\"\r\nContent-Transfer-Encoding: quoted-printable", string(fixture.Encode([]byte(strings.ReplaceAll(two, "--b", "--=b")+"--=b--\r\n"), "quoted-printable", ""))), "2~", "a.doc", malformed},
		{"multipart_labelled_base64", mixed("multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: base64", two+"--b--\r\n"), "2", "a.doc", malformed},
		{"multipart_labelled_qp", mixed("multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: quoted-printable", two+"--b--\r\n"), "2", "a.doc", malformed},
		{"no_blank_line_before_base64", mixed("multipart/mixed; boundary=b", "--b\r\n"+strings.TrimSuffix(fileHead, "\r\n")+b64+"--b--\r\n"), "1", "a.doc", malformed},
		{"no_blank_line_but_one_after", mixed("multipart/mixed; boundary=b", "--b\r\n"+strings.TrimSuffix(fileHead, "\r\n")+b64+"\r\n--b--\r\n"), "1", "a.doc", malformed},
		{"nested_multipart", mixed("multipart/mixed; boundary=b", "--b\r\nContent-Type: multipart/related; boundary=bb\r\n\r\n--bb\r\n"+text+"--bb\r\n"+fileHead+b64+"--bb--\r\n--b--\r\n"), "1.2", "a.doc", ""},
		{"nested_with_same_boundary", mixed("multipart/mixed; boundary=b", "--b\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"+two+"--b--\r\n"), "3", "a.doc", malformed},
		{"inner_goes_on_after_outer_delimiter", mixed("multipart/mixed; boundary=b", "--b\r\nContent-Type: multipart/related; boundary=i\r\n\r\n--i\r\n"+text+"--b junk\r\n"+text+"--i\r\n"+fileHead+b64+"--i--\r\n--b--\r\n"), "1.2", "a.doc", malformed},
		{"rfc822", mixed("message/rfc822", "Subject: inner\r\n"+fileHead+b64), "1.1", "a.doc", ""},
		{"rfc822_as_text", mixed("text/rfc822", "Subject: inner\r\n"+fileHead+b64), "1.1", "a.doc", ""},
		{"rfc822_in_a_bounce", mixed("multipart/report; boundary=b", "--b\r\n"+text+"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; a\r\n\r\n"+
			"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n"+fileHead+b64+"--b--\r\n"), "3.1", "a.doc", ""},
		{"yenc", mixed("text/plain", "hello\r\n"+string(fixture.YEnc(doc, "a.doc"))), "1.1", "a.doc", ""},
		{"yenc_part", mixed("text/plain", strings.Replace(string(fixture.YEnc(doc, "a.doc")), "name=a.doc\r\n", "name=a.doc\r\n=ypart begin=1 end=9\r\n", 1)), "1.1", "a.doc", ""},
		{"yenc_without_an_end", mixed("text/plain", strings.Split(string(fixture.YEnc(doc, "a.doc")), "=yend")[0]), "1.1", "a.doc", ""},
		{"rfc822_in_base64", mixed("message/rfc822\r\nContent-Transfer-Encoding: base64", string(fixture.Base64([]byte("Subject: inner\r\n"+fileHead+b64)))), "1.1", "a.doc", malformed},
		{"rfc822_in_qp", mixed("message/rfc822\r\nContent-Transfer-Encoding: quoted-printable", string(fixture.Encode([]byte("Subject: inner=\r\n"+fileHead+b64), "quoted-printable", ""))), "1.1", "a.doc", malformed},
		{"rfc822_labelled_base64", mixed("message/rfc822\r\nContent-Transfer-Encoding: base64", "Subject: inner\r\n"+fileHead+b64), "1.1~", "a.doc", malformed},
		{"rfc822_in_uuencode", mixed("message/rfc822\r\nContent-Transfer-Encoding: x-uuencode", string(fixture.UUEncode([]byte("Subject: inner\r\n"+fileHead+b64), "m.eml"))), "1.1", "a.doc", malformed},
		{"digest_defaults_to_message", mixed("multipart/digest; boundary=b", "--b\r\n\r\nSubject: inner\r\n"+fileHead+b64+"--b--\r\n"), "1.1", "a.doc", ""},
		{"first_header_line_folded", mixed("multipart/mixed; boundary=b", "--b\r\n "+fileHead+b64+"--b--\r\n"), "1", "a.doc", ""},
		{"blank_before_colon", mixed("multipart/mixed; boundary=b", "--b\r\n"+strings.ReplaceAll(fileHead, ":", " :")+b64+"--b--\r\n"), "1", "a.doc", ""},
		{"nul_in_header", mixed("multipart/mixed; boundary=b", "--b\r\n"+strings.ReplaceAll(fileHead, "ent-", "ent\x00-")+b64+"--b--\r\n"), "1", "a.doc", ""},
		{"name_on_unindented_line", mixed("multipart/mixed; boundary=b", "--b\r\nContent-Transfer-Encoding: base64\r\nContent-Type: application/msword;\r\nname=\"a.doc\"\r\n\r\n"+b64+"--b--\r\n"), "1", "a.doc", ""},
		{"no_type_but_name", mixed("multipart/mixed; boundary=b", "--b\r\nContent-Type: name=a.doc\r\nContent-Transfer-Encoding: base64\r\n\r\n"+b64+"--b--\r\n"), "1", "a.doc", malformed},
		{"mbox_line_first", "From a@example.com Mon Nov 23 09:00:00 2026\r\n" + mixed("multipart/mixed; boundary=b", two+"--b--\r\n"), "2", "a.doc", ""},
	}
}

func TestShapesKeepTheAttachment(t *testing.T) {
	for _, s := range attachmentShapes() {
		t.Run(s.name, func(t *testing.T) {
			r := sameInChunks(t, []byte(s.mail), message.Limits{})
			for i, p := range r.parts {
				if bytes.Equal(r.content[i], doc) {
					if d := cmp.Diff([]string{s.path, s.file}, []string{p.Path, p.Name}); d != "" {
						t.Errorf("path and name:\n%s", d)
					}
					if !p.Attachment {
						t.Error("not an attachment")
					}
					wantKind(t, r, s.kind)
					return
				}
			}
			t.Errorf("attachment lost; parts %v findings %v", r.parts, r.findings)
		})
	}
}

// wantKind wants a finding of kind, or none at all where kind is "".
func wantKind(t *testing.T, r *recorder, kind finding.Kind) {
	t.Helper()
	for _, f := range r.findings {
		if f.Kind == kind {
			return
		}
	}
	if kind != "" || len(r.findings) > 0 {
		t.Errorf("findings %v, want %q", r.findings, kind)
	}
}

// encodingShapes are bodies that must decode to doc (or to want).
func encodingShapes() []struct{ name, cte, body, want string } {
	d := string(doc)
	flat := base64.StdEncoding.EncodeToString(doc)
	raw := base64.RawStdEncoding.EncodeToString(doc[:200])
	return []struct{ name, cte, body, want string }{
		{"base64", "base64", b64, d},
		{"base64_upper_case", "BASE64", b64, d},
		{"base64_commented", "base64 (x)", b64, d},
		{"base64_quoted", "\"base64\"", b64, d},
		{"base64_with_semicolon", "base64; x", b64, d},
		{"base64_then_word", "base64 please", b64, d},
		{"base64_second_word", "7bit, base64", b64, d},
		{"base64_second_word_without_comma", "8bit base64", b64, d},
		{"base64_duplicate", "base64\r\nContent-Transfer-Encoding: base64", b64, d},
		{"base64_conflicting_first", "base64\r\nContent-Transfer-Encoding: 7bit", b64, d},
		{"base64_conflicting_second", "7bit\r\nContent-Transfer-Encoding: base64", b64, d},
		{"base64_unknown_label", "x-strange", b64, d},
		{"base64_one_line", "base64", flat, d},
		{"base64_lines_of_75", "base64", cut(flat, 75), d},
		{"base64_lines_of_1", "base64", cut(flat, 1), d},
		{"base64_lf", "base64", strings.ReplaceAll(b64, "\r", ""), d},
		{"base64_cr", "base64", strings.ReplaceAll(b64, "\n", ""), d},
		{"base64_junk", "base64", "!@#$%^&*()\r\n" + strings.ReplaceAll(b64, "A", "A.\xff-"), d},
		{"base64_blanks", "base64", strings.ReplaceAll(b64, "A", " A\t"), d},
		{"base64_nul", "base64", strings.ReplaceAll(b64, "A", "A\x00"), d},
		{"base64_concatenated", "base64", string(fixture.Base64(doc[:100])) + string(fixture.Base64(doc[100:])), d},
		{"base64_concatenated_on_one_line", "base64", base64.StdEncoding.EncodeToString(doc[:100]) + base64.StdEncoding.EncodeToString(doc[100:]), d},
		{"base64_no_padding", "base64", raw, string(doc[:200])},
		{"base64_one_pad_of_two", "base64", raw + "=", string(doc[:200])},
		{"base64_three_pads", "base64", raw + "===", string(doc[:200])},
		{"base64_junk_at_end", "base64", raw + "==\r\n--\r\n", string(doc[:200])},
		{"qp", "quoted-printable", "a=3Db=0D=0Ac=\r\nd", "a=b\r\ncd"},
		{"qp_lower_case", "Quoted-Printable", "=e3=81=82", "あ"},
		{"qp_soft_break_with_blanks", "quoted-printable", "a= \t \r\nb=\nc", "abc"},
		{"qp_no_escapes", "quoted-printable", "a=b =zz =4 ==41", "a=b =zz =4 =A"},
		{"qp_soft_break_at_end", "quoted-printable", "abc=", "abc"},
		{"qp_long_line", "quoted-printable", strings.Repeat("=41b", 50000), strings.Repeat("Ab", 50000)},
		{"uuencode", "x-uuencode", string(fixture.UUEncode(doc, "a.doc")), d},
		{"uuencode_other_labels", "uuencode", "hello\r\n" + string(fixture.UUEncode(doc, "a.doc")) + "bye\r\n", d},
		{"uue", "x-uue", strings.ReplaceAll(string(fixture.UUEncode(doc, "a.doc")), "`", " "), d},
		{"uuencode_blanks_cut", "x-uue", trimLines(strings.ReplaceAll(string(fixture.UUEncode(make([]byte, 100), "z")), "`", " ")), string(make([]byte, 100))},
		{"binary", "binary", "\x00\x01\r\n\r\x02", "\x00\x01\r\n\r\x02"},
		{"unknown", "x-strange", "(raw) as it is!", "(raw) as it is!"},
	}
}

func cut(s string, n int) string {
	var b strings.Builder
	for len(s) > n {
		b.WriteString(s[:n] + "\r\n")
		s = s[n:]
	}
	return b.String() + s
}

func trimLines(s string) string {
	ls := strings.Split(s, "\r\n")
	for i := range ls {
		ls[i] = strings.TrimRight(ls[i], " ")
	}
	return strings.Join(ls, "\r\n")
}

func TestTransferEncodingsDecode(t *testing.T) {
	for _, s := range encodingShapes() {
		t.Run(s.name, func(t *testing.T) {
			mail := mixed("multipart/mixed; boundary=\"-b\"", "---b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: "+s.cte+"\r\n\r\n"+s.body+"\r\n---b--\r\n")
			r := sameInChunks(t, []byte(mail), message.Limits{})
			for _, c := range r.content {
				if strings.TrimRight(string(c), "\r\n") == strings.TrimRight(s.want, "\r\n") {
					return
				}
			}
			t.Errorf("not decoded: %d parts, first %q", len(r.content), clip(r.content[0]))
		})
	}
}

func TestUUEncodeInText(t *testing.T) {
	body := "see below\r\n" + string(fixture.UUEncode(doc, "a.doc")) + "and\r\n" + string(fixture.UUEncode(doc[:100], "\x83e\x83X\x83g.doc")) +
		"begin 644 nothing\r\nordinary text that is not uuencoded at all\r\nbegin the week\r\nend\r\n"
	r := sameInChunks(t, []byte("Subject: s\r\n\r\n"+body), message.Limits{})
	var have []string
	for i, p := range r.parts {
		have = append(have, fmt.Sprintf("%s %s %q %d", p.Path, p.Via, p.Name, len(r.content[i])))
	}
	want := []string{fmt.Sprintf("1 part \"\" %d", len(body)), `1.1 uuencode "a.doc" 300`, `1.2 uuencode "テスト.doc" 100`}
	if d := cmp.Diff(want, have); d != "" {
		t.Error(d)
	}
}

func TestUUEncodeOutsideTheParts(t *testing.T) {
	uu := string(fixture.UUEncode(doc, "a.doc"))
	for name, mail := range map[string]string{
		"preamble": mixed("multipart/mixed; boundary=b", uu+"--b\r\n\r\nx\r\n--b--\r\n"),
		"epilogue": mixed("multipart/mixed; boundary=b", "--b\r\n\r\nx\r\n--b--\r\n"+uu),
		"no_parts": mixed("multipart/mixed; boundary=b", uu),
		"no_end":   "\r\n" + strings.TrimSuffix(uu, "end\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			r := sameInChunks(t, []byte(mail), message.Limits{})
			last := len(r.parts) - 1
			if name == "preamble" {
				last = 0
			}
			if !bytes.Equal(r.content[last], doc) || r.parts[last].Name != "a.doc" {
				t.Errorf("lost: %v", r.parts)
			}
		})
	}
}

func TestYEncInText(t *testing.T) {
	var all []byte
	for i := range 256 {
		all = append(all, byte(i))
	}
	body := "see below\r\n" + string(fixture.YEnc(all, "all bytes.bin")) + "=ybegin without a file\r\n" + string(fixture.YEnc(nil, "empty"))
	r := sameInChunks(t, []byte("Subject: s\r\n\r\n"+body), message.Limits{})
	if len(r.parts) != 3 || r.parts[1].Via != message.ViaYEnc || r.parts[1].Name != "all bytes.bin" || string(r.content[1]) != string(all) || r.parts[2].Name != "empty" {
		t.Errorf("%d parts: %+v", len(r.parts), r.parts)
	}
}
