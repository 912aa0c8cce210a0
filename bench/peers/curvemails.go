package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sekisho/bench/load"
	"sekisho/bench/plot"
	"sekisho/internal/fixture"
	"sekisho/internal/ledger"
	"sekisho/internal/sender"
	"sekisho/internal/store"
)

func curves(o options) []curve {
	const cpu = "CPU ms a message  一通あたりの CPU 時間(ミリ秒)"
	sizes := []float64{1e3, 4e3, 16e3, 64e3, 256e3, 1e6, 4e6, 16e6, 64e6}
	counts := []float64{1, 3, 10, 30, 100, 300, 1000, 3000, 10000}
	depths := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9} // limits.depth is 10
	rows := []float64{1e3, 1e4, 1e5, 1e6}
	if o.curvesFar {
		rows = append(rows, 1e7)
	}
	return []curve{
		{"size", plot.Chart{Title: "Cost against the size of the attachment", TitleJA: "添付ファイルの大きさと処理時間", X: "attachment  添付ファイル", Y: cpu, Unit: plot.Bytes}, sizes, []course{
			{name: "photograph", mails: attached("photo.jpg", photograph)},
			{name: "Word document", mails: attached("letter.docx", letter)},
			{name: "PDF of pages", mails: attached("pages.pdf", pages)},
		}, nil},
		{"parts", plot.Chart{Title: "Cost against the number of parts", TitleJA: "パート数と処理時間", X: "MIME parts  MIME パート数", Y: cpu}, counts, []course{
			{name: "text parts", mails: parted(func(i int) fixture.Mail { return fixture.TextPart(fmt.Sprintf("part %d of many\r\n", i)) })},
			{name: "pictures", mails: parted(func(i int) fixture.Mail {
				return fixture.FilePart(fmt.Sprintf("p%d.jpg", i), "image/jpeg", photograph(500))
			})},
		}, nil},
		{"nesting", plot.Chart{Title: "Cost against the depth of nesting", TitleJA: "入れ子の深さと処理時間", X: "levels  入れ子の段数", Y: cpu}, depths, []course{
			{name: "ZIP in ZIP", mails: zipped},
			{name: "mail in mail", mails: forwarded},
		}, nil},
		{"ledger", plot.Chart{Title: "Cost against what is remembered", TitleJA: "記憶しているメールの数と処理時間", X: "mails in the ledger  台帳のメール数", Y: cpu}, rows, []course{
			{name: "answers to ours", mails: answers},
			{name: "from strangers", mails: strangers},
		}, remember},
	}
}

const (
	bencher = "sato@example.net"
	ourOwn  = "mori@example.org"
)

func one(parts ...fixture.Mail) []load.Mail {
	m := fixture.Message("Sato <"+bencher+">", ourOwn, "report", parts...)
	return []load.Mail{load.Parse(bencher, ourOwn, m.Bytes())}
}

func attached(name string, make func(size int) []byte) func(float64) []load.Mail {
	return func(x float64) []load.Mail {
		return one(fixture.TextPart("The file is attached.\r\n"), fixture.FilePart(name, "application/octet-stream", make(int(x))))
	}
}

// photograph is a JPEG by its head.
func photograph(size int) []byte {
	head := "\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x48\x00\x48\x00\x00"
	return append([]byte(head), fixture.Noise(max(0, size-len(head)))...)
}

// letter is a Word document of paragraphs that pack as text does, of about that size.
func letter(size int) []byte {
	empty := len(fixture.DOCX())
	var b strings.Builder
	for noise := fixture.Noise(max(0, size-empty)); len(noise) > 0; noise = noise[min(40, len(noise)):] {
		fmt.Fprintf(&b, "<w:p><w:r><w:t>%x</w:t></w:r></w:p>", noise[:min(40, len(noise))]) // two letters a byte, which pack to one
	}
	return fixture.Package(fixture.WordParts(b.String()))
}

// pages is a PDF with a scanned page of a hundred kilobytes each, or one smaller page.
func pages(size int) []byte {
	objects := []fixture.PDFObject{{Text: "<< /Type /Catalog >>"}}
	for left := size - 500; left > 0; left -= 100e3 {
		objects = append(objects, fixture.PDFObject{Text: "<< /Type /XObject /Subtype /Image /Filter /DCTDecode >>", Stream: fixture.Noise(min(left, 100e3))})
	}
	return fixture.PDF{Objects: objects}.Bytes()
}

func parted(part func(i int) fixture.Mail) func(float64) []load.Mail {
	return func(x float64) []load.Mail {
		parts := make([]fixture.Mail, int(x))
		for i := range parts {
			parts[i] = part(i)
		}
		return one(parts...)
	}
}

func zipped(x float64) []load.Mail {
	name, data := "letter.docx", letter(100e3)
	for i := range int(x) {
		data = fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: name, Data: data, Method: 8}}}.Bytes()
		name = fmt.Sprintf("level%d.zip", i)
	}
	return one(fixture.TextPart("The file is attached.\r\n"), fixture.FilePart(name, "application/zip", data))
}

func forwarded(x float64) []load.Mail {
	m := fixture.Message("Sato <"+bencher+">", ourOwn, "report", fixture.TextPart("The file is attached.\r\n"),
		fixture.FilePart("letter.docx", "application/octet-stream", letter(100e3)))
	for range int(x) {
		inner := fixture.Mail{Fields: []string{"Content-Type: message/rfc822"}, Body: m.Bytes()}
		m = fixture.Message("Sato <"+bencher+">", ourOwn, "report", fixture.TextPart("See below.\r\n"), inner)
	}
	return []load.Mail{load.Parse(bencher, ourOwn, m.Bytes())}
}

// The memory of a made-up site: each mail of ours begins a conversation with one of a tenth as many partners.
const (
	asked   = 1000  // different mails that are sent
	batch   = 10000 // mails of ours that are learned at once
	between = 7919  // a prime: neighbours are not asked one after the other
)

func ourID(i int) string { return fmt.Sprintf("%08x.%06x@example.org", i, i*between%0xFFFFFF) }

func partner(i, x int) string {
	i %= max(1, x/10)
	return fmt.Sprintf("person%d@company%d.example", i, i/3)
}

func remember(ctx context.Context, state string, x float64) (err error) {
	st, err := store.Open(ctx, state)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	c, err := ledger.OpenConversations(ctx, st, ledger.ConversationOptions{Neighbours: sender.Neighbours})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(c.Close(), err) }()
	c.SetLocal(func(a string) bool { return strings.HasSuffix(a, "@example.org") })
	now := time.Now().Add(-time.Hour)
	for from := 0; from < int(x); from += batch {
		var mails []ledger.Sent
		for i := from; i < min(from+batch, int(x)); i++ {
			to := partner(i, int(x))
			mails = append(mails, ledger.Sent{Time: now, From: fmt.Sprintf("clerk%d@example.org", i%500), MessageID: ourID(i), Subject: fmt.Sprintf("matter %d", i),
				To: []string{to}, Rcpts: []string{to}})
		}
		if _, err := c.ImportSent(ctx, mails); err != nil {
			return err
		}
	}
	return nil
}

// answers are partners' to mails of ours from all over the memory.
func answers(x float64) (mails []load.Mail) {
	for n := range asked {
		i := n * between % int(x)
		from, to := partner(i, int(x)), fmt.Sprintf("clerk%d@example.org", i%500)
		m := fixture.Message(from, to, fmt.Sprintf("Re: matter %d", i))
		m.Fields = append(m.Fields, "In-Reply-To: <"+ourID(i)+">", "References: <"+ourID(i)+">", "Content-Type: text/plain; charset=utf-8")
		m.Body = []byte("Thank you, Thursday at ten is fine.\r\n")
		mails = append(mails, load.Parse(from, to, m.Bytes()))
	}
	return mails
}

func strangers(x float64) (mails []load.Mail) {
	for n := range asked {
		from, to := fmt.Sprintf("new%d@elsewhere%d.example", n, n), fmt.Sprintf("clerk%d@example.org", n%500)
		m := fixture.Message(from, to, fmt.Sprintf("Opening hours %d", n))
		m.Fields = append(m.Fields, "Content-Type: text/plain; charset=utf-8")
		m.Body = []byte("We are open from nine to five.\r\n")
		mails = append(mails, load.Parse(from, to, m.Bytes()))
	}
	return mails
}
