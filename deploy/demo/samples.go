package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"net/mail"
	"os"
	"path/filepath"
	"strings"

	"sekisho/internal/fixture"
	"sekisho/internal/mtatest"
)

// sample is one mail of the demo.
type sample struct {
	name    string // as the table shows it
	id      string // its Message-ID
	message mtatest.Message
	from    string // the client's address; "" for outside
}

// Who writes to whom. The domains are reserved (RFC 2606, RFC 6761).
const (
	partner   = "suzuki@partner.example"
	recipient = "tanaka@example.co.jp"
)

// manualMacro does nothing by itself: the middle case.
const manualMacro = "Function Total(r)\n  Total = 1\nEnd Function\n"

// Clients, as XCLIENT tells Postfix: one of ours, one from outside.
const (
	inside  = "198.51.100.7"
	outside = "192.0.2.25"
)

// conversation is a mail of ours, the partner's answer to it, and the answer of somebody who stole it from the partner's mailbox: the same words, the
// real Message-ID, the partner's name, another address.
func conversation(stolen []byte) []sample {
	const asked = "<demo-pumps@example.co.jp>"
	quoted := "\n-----Original Message-----\n差出人: 田中 <" + recipient + ">\n宛先: " + partner + "\n件名: ポンプの納期\n\n納期はいつになりますか。\n"
	proof := [2]string{"Authentication-Results", "mx.sekisho.test; spf=pass smtp.mailfrom=partner.example; dmarc=pass header.from=partner.example"}
	answers := [2]string{"In-Reply-To", asked}
	ours := letter{name: "we ask a partner / 取引先への質問", id: asked, from: "田中 <" + recipient + ">", to: partner, subject: "ポンプの納期", text: "納期はいつになりますか。\n"}
	answer := letter{name: "the partner answers / 取引先の返信", id: "<demo-answer@partner.example>", from: "鈴木 一郎 <" + partner + ">", to: recipient,
		subject: "Re: ポンプの納期", text: "来週の水曜です。\n" + quoted, more: [][2]string{proof, answers}}
	theft := letter{name: "a stranger answers in it / 盗まれた会話への返信", id: "<demo-theft@elsewhere.example>", from: "鈴木 一郎 <info@elsewhere.example>", to: recipient,
		subject: "Re: ポンプの納期", text: "資料をお送りします。\n" + quoted, file: "資料.xlsm", content: stolen, more: [][2]string{answers}}
	list := []sample{ours.sample(), answer.sample(), theft.sample()}
	list[0].from, list[0].message.From, list[0].message.To = inside, recipient, []string{partner}
	return list
}

// samples are the mails of testdata/mails, and those with documents, which are made here since scanners dislike such files in a repository.
func samples() ([]sample, error) {
	list, err := storedSamples(filepath.Join("testdata", "mails", "*.eml"))
	if err != nil {
		return nil, err
	}
	docm := string(fixture.DOCM(""))
	locked := fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: "見積書.docx", Data: fixture.DOCX(), Method: 8, Password: "1126"}}}
	hostile := func(password string) []byte {
		return fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: "請求書.doc", Data: fixture.DocVBA(""), Method: 8, Password: password}}}.Bytes()
	}
	shortcut := fixture.Link{Base: `C:\Windows\System32\cmd.exe`, Arguments: "/c calc.exe", Icon: "%ProgramFiles%/doc.ico"}
	padded := fixture.Padded{Size: paddedSize, Parts: []fixture.PaddedPart{{Data: fixture.DocVBA("")}}}
	hidden := fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: "readme.txt", Data: []byte("hello\n")}, {Name: "invoice.doc", Data: fixture.DocVBA(""), Unlisted: true}}}
	list = append(list, conversation(fixture.XLSM(manualMacro))...)
	return append(list,
		made("ordinary document, docx / 通常の文書", "議事録", "minutes.docx", fixture.DOCX()),
		made("workbook with a macro, no autostart / 手動マクロ", "集計表", "summary.xlsm", fixture.XLSM(manualMacro)),
		made("locked zip, PPAP / パスワード付き zip", "見積書", "estimate.zip", locked.Bytes()),
		made("reply with autostart macro / 返信を装う自動実行マクロ", "Re: 請求書の件", "請求書.doc", fixture.DocVBA("")),
		made("the same inside a zip / zip 内の同種文書", "Re: ご連絡", "20261123.zip", fixture.Zip("scan/請求書.docm", docm)),
		made("zip hides a file from its list / 一覧に出ない zip 内ファイル", "資料", "files.zip", hidden.Bytes()),
		made("shortcut in a zip / zip 内のショートカット", "写真", "photo.zip", fixture.Zip("photo.jpg.lnk", string(shortcut.Bytes()))),
		made("document of 300 MB in a small zip / 300 MB に水増しした文書", "明細", "detail.zip", fixture.ZipOf("detail.doc", padded.Reader())),
		written("locked zip, password in the text / 本文にパスワード", "Re: 請求書", "添付をご確認ください。\nパスワード：Kx93ab\n", "invoice.zip", hostile("Kx93ab")),
		made("locked zip, its password comes later / パスワードは別便", "ご請求", "later.zip", hostile("Qv71zt")),
		written("the password of the harmless zip / 無害な zip のパスワード", "Re: 見積書", "先ほどのファイルのパスワードは 1126 です。\n", "", nil),
		written("the password of the hostile zip / 悪性 zip のパスワード", "Re: ご請求", "先ほどのファイルのパスワードは Qv71zt です。\n", "", nil),
	), nil
}

const paddedSize = 300 << 20 // as in the wave of March 2023

// storedSamples are the mails of a folder, in the order of their names.
func storedSamples(pattern string) ([]sample, error) {
	files, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no mails at %s: run the demo from the top folder of the source", pattern)
	}
	var list []sample
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		raw = bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
		m, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		id := m.Header.Get("Message-ID")
		if id == "" {
			return nil, fmt.Errorf("%s: no Message-ID, by which the demo follows a mail", f)
		}
		list = append(list, sample{name: filepath.Base(f), id: id, message: envelope(raw)})
	}
	return list, nil
}

func envelope(raw []byte) mtatest.Message {
	m := mtatest.Message{From: partner, To: []string{recipient}, Raw: raw}
	if bytes.ContainsFunc(raw, func(r rune) bool { return r > 0x7f }) {
		m.Params = "BODY=8BITMIME"
	}
	return m
}

// made is a mail with one attachment.
func made(name, subject, file string, content []byte) sample {
	return written(name, subject, "お世話になっております。添付をご確認ください。\n", file, content)
}

// written is a mail of the partner with that text, and one attachment unless file is "".
func written(name, subject, text, file string, content []byte) sample {
	return letter{name: name, id: fmt.Sprintf("<demo-%x@partner.example>", subject+file), from: "鈴木 <" + partner + ">", to: recipient,
		subject: subject, text: text, file: file, content: content}.sample()
}

// letter is a mail to be written.
type letter struct {
	name, id, from, to, subject, text, file string
	content                                 []byte
	more                                    [][2]string // further fields, above the others
}

func (l letter) sample() sample {
	name, addr, _ := strings.Cut(l.from, " <")
	fields := append(l.more, [][2]string{
		{"From", mime.BEncoding.Encode("utf-8", name) + " <" + addr},
		{"To", l.to},
		{"Subject", mime.BEncoding.Encode("utf-8", l.subject)},
		{"Date", "Mon, 23 Nov 2026 10:00:00 +0900"},
		{"Message-ID", l.id},
		{"MIME-Version", "1.0"},
		{"Content-Type", `multipart/mixed; boundary="=_demo"`},
	}...)
	var b strings.Builder
	for _, f := range fields {
		b.WriteString(f[0] + ": " + f[1] + "\r\n")
	}
	b.WriteString("\r\n--=_demo\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	b.WriteString(lines(base64.StdEncoding.EncodeToString([]byte(l.text))))
	if l.file != "" {
		attach(&b, l.file, l.content)
	}
	b.WriteString("--=_demo--\r\n")
	return sample{name: l.name, id: l.id, message: envelope([]byte(b.String()))}
}

func attach(b *strings.Builder, file string, content []byte) {
	b.WriteString("--=_demo\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n")
	b.WriteString("Content-Disposition: attachment;\r\n filename*=utf-8''" + percent(file) + "\r\n\r\n")
	b.WriteString(lines(base64.StdEncoding.EncodeToString(content)))
}

// percent writes a name as RFC 2231 4 wants it.
func percent(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// lines breaks base64 into lines of 76 (RFC 2045 6.8).
func lines(s string) string {
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + "\r\n")
		s = s[76:]
	}
	return b.String() + s + "\r\n"
}
