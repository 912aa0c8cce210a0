package main

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"

	"sekisho/internal/fixture"
	"sekisho/internal/miltertest"
)

// side is where a mail comes from: a connection belongs to one.
type side int

const (
	outside side = iota
	inside       // one of ours writes
)

// kind is a sort of mail. All of a kind have one body, and differ in their header.
type kind struct {
	name   string
	side   side
	weight int    // how many of a hundred mails from outside
	answer bool   // it cites a mail of ours that was delivered
	body   []byte // with its own boundary
}

const (
	macroText = "Sub AutoOpen()\n  CreateObject(\"WScript.Shell\").Run \"calc\"\nEnd Sub\n"
	boundary  = "=_soak"
	typeField = "multipart/mixed; boundary=\"" + boundary + "\""
)

// kinds are what a gateway sees all day, and what it is for.
func kinds() []*kind {
	doc := fixture.DocVBA(macroText)
	text := fixture.TextPart("Dear colleague,\r\n\r\nthank you, that suits us well.\r\n" + string(fixture.Base64(fixture.Noise(2000))))
	word := fixture.TextPart("The password is Xk92mQ\r\n")
	file := func(name string, data []byte) fixture.Mail {
		return fixture.FilePart(name, "application/octet-stream", data)
	}
	locked := func(name string, data []byte) []byte {
		return fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: name, Data: data, Method: 8, Password: "Xk92mQ"}}}.Bytes()
	}
	jpeg := append([]byte("\xff\xd8\xff\xe0"), fixture.Noise(60<<10)...)
	return []*kind{
		{name: "text", weight: 56, body: parts(text)},
		{name: "business", weight: 30, body: parts(text, file("photo.jpg", jpeg), file("report.docx", fixture.DOCX()))},
		{name: "locked", weight: 3, body: parts(word, file("plan.zip", locked("plan.txt", []byte("on Monday"))))},
		{name: "7z", weight: 1, body: parts(text, file("plan.7z", fixture.SevenZip{Files: []fixture.SevenFile{{Name: "plan.txt", Data: []byte("on Monday")}}}.Bytes()))},
		{name: "large", weight: 2, body: parts(text, file("film.bin", fixture.Noise(2<<20)))},
		{name: "macro", weight: 5, body: parts(text, file("invoice.doc", doc))},
		{name: "locked-macro", weight: 2, body: parts(word, file("invoice.zip", locked("invoice.doc", doc)))},
		{name: "broken", weight: 1, body: []byte("--" + boundary + "\r\nContent-Type: multipart/mixed\r\n\r\nno boundary")},
		{name: "ours", side: inside, body: parts(text)},
		{name: "reply", answer: true, body: parts(text)},
		{name: "stolen", answer: true, body: parts(text, file("invoice.doc", doc))},
	}
}

// parts is a body of these parts.
func parts(p ...fixture.Mail) []byte {
	m := fixture.Mail{Boundary: boundary, Parts: p}
	_, body, _ := strings.Cut(string(m.Bytes()), "\r\n\r\n")
	return []byte(body)
}

// letter is one mail. Everything about it follows from these.
type letter struct {
	id int
	of int // the mail of ours that it answers
	*kind
}

const idField = "X-Soak"

func (l letter) messageID() string { return messageID(l.id, l.kind) }

func messageID(id int, k *kind) string {
	domain := "firm" + strconv.Itoa(id) + ".example"
	if k.side == inside {
		domain = "us.example"
	}
	return "soak." + strconv.Itoa(id) + "@" + domain
}

func partner(id int) string { return fmt.Sprintf("anna%d@partner%d.example", id, id) }
func clerk(id int) string   { return fmt.Sprintf("clerk%d@us.example", id%1000) }

// ends are who writes to whom.
func (l letter) ends() (from, to string) {
	switch {
	case l.side == inside:
		return clerk(l.id), partner(l.id)
	case l.name == "reply":
		return partner(l.of), clerk(l.of)
	case l.answer: // somebody else in the name of the partner
		return fmt.Sprintf("thief%d@stolen%d.example", l.id, l.id), clerk(l.of)
	}
	return fmt.Sprintf("otto%d@firm%d.example", l.id, l.id), clerk(l.id)
}

func (l letter) client() string { return clients[l.side] }

// clients are the machine that mail comes from, by side.
var clients = [2]string{outside: "198.51.100.7", inside: "10.0.0.9"}

// mail is the letter as the MTA sends it.
func (l letter) mail() miltertest.Mail {
	from, to := l.ends()
	fields := [][2]string{
		{"From", "<" + from + ">"}, {"To", "<" + to + ">"}, {"Subject", "matter " + strconv.Itoa(l.id)},
		{"Date", "Mon, 23 Nov 2026 09:00:00 +0900"}, {"Message-ID", "<" + l.messageID() + ">"}, {idField, strconv.Itoa(l.id)},
		{"MIME-Version", "1.0"}, {"Content-Type", typeField},
	}
	if l.answer {
		fields = append(fields, [2]string{"In-Reply-To", "<soak." + strconv.Itoa(l.of) + "@us.example>"})
	}
	m := miltertest.Mail{From: from, Rcpts: []string{to}, Body: l.body, Macros: map[byte][]string{'M': {"i", "Q" + strconv.Itoa(l.id)}}}
	for _, f := range fields {
		m.Header = append(m.Header, miltertest.Header{Name: f[0], Value: " " + f[1]})
	}
	return m
}

// raw is a mail's bytes.
func raw(m miltertest.Mail) []byte {
	var b []byte
	for _, h := range m.Header {
		b = append(append(append(append(b, h.Name...), ':'), h.Value...), "\r\n"...)
	}
	return append(append(b, "\r\n"...), m.Body...)
}

func sum(l letter) string { return fmt.Sprintf("%x", sha256.Sum256(raw(l.mail()))) }

// envelope is what replay is told of a letter.
func (l letter) envelope() map[string]any {
	from, to := l.ends()
	return map[string]any{"client_ip": l.client(), "client_name": clientName, "helo": clientName, "mail_from": from, "rcpt_to": []string{to}, "queue_id": "Q" + strconv.Itoa(l.id)}
}

const clientName = "client.example.com"
