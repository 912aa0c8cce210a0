package load

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sekisho/internal/filter"
	"sekisho/internal/fixture"
	"sekisho/internal/inspect"
	"sekisho/internal/miltertest"
	"sekisho/rules"
)

// Mail is a mail of a workload.
type Mail struct {
	From   string
	Rcpts  []string
	Header []miltertest.Header // with the leading space
	Body   []byte
	Size   int64
	id     int // the place of Message-ID in Header
}

// Workload is a named set of mails.
type Workload struct {
	Name  string
	Mails []Mail
}

// What a workload is made of. Mails of business are 0.75 MB in the mean, of text 5 KB; a corpus gives as many macro mails as it has
// documents with macros.
const (
	mails       = 300
	fileMax     = 4 << 20 // of a corpus file: no ordinary mail has more
	pictureMin  = 100 << 10
	pictureSpan = 390 << 10
	sentences   = 32 // of a text, at most
	seed        = 20141115
)

// office are the kinds of files that are sent every day. Encrypted ones are left out of all workloads: trying passwords takes as long as it is
// allowed to, and no other filter tries any.
var office = []string{"doc", "xls", "ppt", "docx", "docm", "xlsx", "xlsm", "xlsb", "pptx", "pptm", "ppsm", "ppsx", "dotm", "zip", "pdf", "rtf"}

// file is an attachment.
type file struct {
	name string
	data []byte
}

// Workloads makes text, business and macro from the files below dir, "" for files of our own making. The same files give the same mails.
func Workloads(dir string) ([]Workload, error) {
	plain, macro, err := corpus(dir)
	if err != nil {
		return nil, err
	}
	return workloads(plain, macro, mails), nil
}

// workloads are n mails each, but for macro.
func workloads(plain, macro []file, n int) []Workload {
	g := &generator{rand: rand.New(rand.NewPCG(seed, seed))}
	text, business, macros := Workload{Name: "text"}, Workload{Name: "business"}, Workload{Name: "macro"}
	for range n {
		text.Mails = append(text.Mails, g.mail())
	}
	for i := range n {
		business.Mails = append(business.Mails, g.mail(g.office(plain, i)...))
	}
	for _, f := range macro {
		macros.Mails = append(macros.Mails, g.mail(f))
	}
	return []Workload{text, business, macros}
}

// corpus reads files that the line lets pass, and Office files with macros, each in the order of their paths.
func corpus(dir string) (plain, macro []file, err error) {
	if dir == "" {
		return ours()
	}
	scanner, err := inspect.New(inspect.Options{})
	if err != nil {
		return nil, nil, err
	}
	defer scanner.Close()
	line := filter.New(filter.Options{Scanner: scanner, Mode: rules.ModeEnforce})
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil || len(data) > fileMax {
			return err
		}
		res, err := line.File(context.Background(), e.Name(), bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return err
		}
		has := func(what func(inspect.FileReport) bool) bool { return slices.ContainsFunc(res.Files, what) }
		switch f := (file{e.Name(), data}); {
		case !slices.Contains(office, res.Kind) || has(func(f inspect.FileReport) bool { return f.Encrypted }):
		case has(func(f inspect.FileReport) bool { return f.HasVBA }):
			macro = append(macro, f)
		case res.Verdict.Action == rules.Accept:
			plain = append(plain, f)
		}
		return nil
	})
	if err == nil && (len(plain) == 0 || len(macro) == 0) {
		err = fmt.Errorf("load: %s has %d ordinary files and %d with macros: both are needed", dir, len(plain), len(macro))
	}
	return plain, macro, err
}

// ours is a corpus of our own making, for a machine without one.
func ours() (plain, macro []file, err error) {
	source := strings.Repeat("Function Sum"+strings.Repeat("x", 8)+"(a, b)\n  Sum = a + b\nEnd Function\n", 60)
	for i := range 20 {
		sub := fmt.Sprintf("Sub Report%d()\n  Range(\"A1\").Value = %d\nEnd Sub\n", i, i) + source
		macro = append(macro, file{fmt.Sprintf("report%d.doc", i), fixture.DocVBA(sub)}, file{fmt.Sprintf("sums%d.xls", i), fixture.XLSVBA(sub)},
			file{fmt.Sprintf("letter%d.docm", i), fixture.DOCM(sub)}, file{fmt.Sprintf("book%d.xlsm", i), fixture.XLSM(sub)})
	}
	plain = []file{{"letter.docx", fixture.DOCX()}, {"old.doc", fixture.DocPlain()}, {"book.xls", fixture.XLSPlain()}}
	return plain, macro, nil
}

// generator makes mails in one order from one source of chance.
type generator struct {
	rand *rand.Rand
	n    int
}

// office is what an office sends: one or two documents, and photographs or a scanned page, two files of a hundred kilobytes to a megabyte.
func (g *generator) office(plain []file, i int) []file {
	files := []file{plain[(i*7919)%len(plain)]} // a prime: neighbours of the corpus do not meet
	if g.rand.IntN(2) == 0 {
		files = append(files, plain[(i*104729+1)%len(plain)])
	}
	if g.rand.IntN(3) > 0 {
		files = append(files, g.photo())
	}
	return append(files, g.scanned())
}

// photo is a JPEG picture by its head; the rest is noise, as of any compressed picture.
func (g *generator) photo() file {
	head := "\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x48\x00\x48\x00\x00"
	return file{fmt.Sprintf("IMG_%04d.jpg", g.rand.IntN(9999)), append([]byte(head), g.noise()...)}
}

// scanned is a PDF of one scanned page.
func (g *generator) scanned() file {
	var b bytes.Buffer
	at := []int{}
	object := func(s string) { at = append(at, b.Len()); fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", len(at), s) }
	b.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
	object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /XObject << /Im0 4 0 R >> >> >>")
	page := g.noise()
	object(fmt.Sprintf("<< /Type /XObject /Subtype /Image /Width 1240 /Height 1754 /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /DCTDecode /Length %d >>\nstream\n%s\nendstream", len(page), page))
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, offset := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return file{fmt.Sprintf("scan%03d.pdf", g.rand.IntN(999)), b.Bytes()}
}

func (g *generator) noise() []byte {
	b := make([]byte, pictureMin+g.rand.IntN(pictureSpan))
	for i := 0; i < len(b); i += 8 {
		for j, v := 0, g.rand.Uint64(); j < 8 && i+j < len(b); j, v = j+1, v>>8 {
			b[i+j] = byte(v)
		}
	}
	return b
}

// words are those of letters about nothing much, in the languages of the house.
var words = [2][]string{
	strings.Fields(`Thank you for the order and the drawing of last week; we will send report, figures and plan before Friday noon. Please tell Mr Sato
		that the meeting moved to room four and lunch is at twelve. Our colleague checks prices again and calls about delivery dates, samples, colours`),
	strings.Fields(`いつもお世話になっております。 先日の 打ち合わせの件ですが、 来週の 金曜日までに 報告書を お送りいたします。 会議は 午後二時から 第四会議室で 行います。
		ご確認の ほど よろしく お願いいたします。 見積もりの 数字は 担当の 佐藤が もう一度 調べております。 納期と 図面に ついて ご連絡ください。`),
}

func (g *generator) text(language int) string {
	var b strings.Builder
	for range 10 + g.rand.IntN(sentences-10) {
		line := 0
		for range 6 + g.rand.IntN(16) {
			w := words[language][g.rand.IntN(len(words[language]))]
			if line += len(w) + 1; line > 72 {
				b.WriteString("\r\n")
				line = len(w)
			}
			b.WriteString(w)
			if language == 0 {
				b.WriteByte(' ')
			}
		}
		b.WriteString("\r\n")
	}
	return b.String()
}

// mail makes one mail: from one of 40 partners to one of 60 of ours, in two languages, every third a reply with a quotation, every fourth with HTML beside the text.
func (g *generator) mail(files ...file) Mail {
	g.n++
	language := g.n % 2
	from, to := fmt.Sprintf("partner%02d@example.net", g.rand.IntN(40)), fmt.Sprintf("person%02d@example.org", g.rand.IntN(60))
	text := g.text(language)
	if g.n%3 == 0 {
		text += "\r\n> " + strings.ReplaceAll(strings.TrimSpace(g.text(language)), "\r\n", "\r\n> ") + "\r\n"
	}
	text += "\r\n-- \r\nPartner Ltd, 1 Example Street\r\nhttps://www.example.net/ tel. 00-1234-5678\r\n"
	top := g.body(text)
	if len(files) > 0 {
		top = multipart("mixed", fmt.Sprintf("=_mixed_%d", g.n), append([]part{top}, attachments(files)...)...)
	}
	return g.finish(from, to, top)
}

// part is a MIME entity: its header lines and its content.
type part struct{ head, body string }

func (g *generator) body(text string) part {
	plain := part{"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n", string(fixture.Base64([]byte(text)))}
	if g.n%2 == 0 { // English
		plain = part{"Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n", text}
	}
	if g.n%4 != 0 {
		return plain
	}
	page := "<html><head><style>p { margin: 0 }</style></head><body><p>" + strings.ReplaceAll(text, "\r\n", "</p>\r\n<p>") + "</p></body></html>\r\n"
	return multipart("alternative", fmt.Sprintf("=_alternative_%d", g.n), plain, part{"Content-Type: text/html; charset=us-ascii\r\n", page})
}

func attachments(files []file) (parts []part) {
	for _, f := range files {
		head := fmt.Sprintf("Content-Type: %s; name=%q\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=%q\r\n",
			typeOf(f.name), f.name, f.name)
		parts = append(parts, part{head, lines64(f.data)})
	}
	return parts
}

// lines64 is base64 in lines of 76, as mail programs write it.
func lines64(data []byte) string {
	all := base64.StdEncoding.EncodeToString(data)
	var b strings.Builder
	b.Grow(len(all) + len(all)/38 + 2)
	for line := range slices.Chunk([]byte(all), 76) {
		b.Write(line)
		b.WriteString("\r\n")
	}
	return b.String()
}

var types = map[string]string{
	".pdf": "application/pdf", ".jpg": "image/jpeg", ".doc": "application/msword", ".xls": "application/vnd.ms-excel", ".zip": "application/zip",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

func typeOf(name string) string {
	return cmp.Or(types[strings.ToLower(filepath.Ext(name))], "application/octet-stream")
}

func multipart(subtype, boundary string, parts ...part) part {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "--%s\r\n%s\r\n%s\r\n", boundary, p.head, p.body)
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return part{fmt.Sprintf("Content-Type: multipart/%s; boundary=%q\r\n", subtype, boundary), b.String()}
}

// finish puts the mail's own header before the entity: twelve fields, as a mail has that came over two hosts.
func (g *generator) finish(from, to string, top part) Mail {
	head := fmt.Sprintf("Received: from mail.example.net (mail.example.net [192.0.2.1])\r\n\tby mx.example.org (Postfix) with ESMTPS id 4BENCH%d\r\n\tfor <%s>; Mon, 23 Nov 2026 09:00:00 +0900 (JST)\r\n", g.n, to) +
		fmt.Sprintf("Received: from [10.0.0.7] (unknown [10.0.0.7])\r\n\tby mail.example.net (Postfix) with ESMTPSA id 4OUT%d;\r\n\tMon, 23 Nov 2026 08:59:58 +0900 (JST)\r\n", g.n) +
		fmt.Sprintf("From: =?utf-8?B?5L2Q6JekIOiKseWtkA==?= <%s>\r\nTo: <%s>\r\nSubject: Report %d\r\nDate: Mon, 23 Nov 2026 09:00:00 +0900\r\n", from, to, g.n) +
		"Message-ID: <set-by-the-driver@example.net>\r\nUser-Agent: Example Mail 1.0\r\nMIME-Version: 1.0\r\n"
	if g.n%3 == 0 {
		head += fmt.Sprintf("In-Reply-To: <%d@example.org>\r\nReferences: <%d@example.org>\r\n", g.n-1, g.n-1)
	}
	fields := strings.Split(strings.ReplaceAll(strings.TrimSuffix(head+top.head, "\r\n"), "\r\n\t", "\n\t"), "\r\n") // the MTA's fold is a bare line feed
	m := Mail{From: from, Rcpts: []string{to}, Body: []byte(top.body), Size: int64(len(head) + len(top.head) + 2 + len(top.body))}
	for i, line := range fields {
		name, value, _ := strings.Cut(line, ":")
		m.Header = append(m.Header, miltertest.Header{Name: name, Value: value})
		if name == "Message-ID" {
			m.id = i
		}
	}
	return m
}

// Parse is a mail of whoever wrote raw, with unfolded header fields, one of them a Message-ID.
func Parse(from, to string, raw []byte) Mail {
	p := miltertest.FromBytes(from, []string{to}, raw)
	m := Mail{From: from, Rcpts: p.Rcpts, Header: p.Header, Body: p.Body, Size: int64(len(raw))}
	m.id = slices.IndexFunc(m.Header, func(h miltertest.Header) bool { return h.Name == "Message-ID" })
	return m
}

// Bytes is the mail as a file.
func (m *Mail) Bytes() []byte { return m.file(m.Header) }

// Numbered is Bytes with the Message-ID that a Client sends.
func (m *Mail) Numbered(id string) []byte { return m.file(m.header(id)) }

func (m *Mail) file(header []miltertest.Header) []byte {
	var b bytes.Buffer
	for _, h := range header {
		fmt.Fprintf(&b, "%s:%s\r\n", h.Name, strings.ReplaceAll(h.Value, "\n", "\r\n"))
	}
	b.WriteString("\r\n")
	b.Write(m.Body)
	return b.Bytes()
}
