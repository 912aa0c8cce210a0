package thread

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/message"
)

func quotedIn(text string) []Person { return Read(&message.Header{}, text).Quoted }

// TestHeadersInEveryLanguage: a quoted header as programs write it in the languages of which no program's very lines are among quotations.
func TestHeadersInEveryLanguage(t *testing.T) {
	want := []Person{w("Anna Reyes", "anna@reyes.example", 0), to("", "aya@kitano.example", 0), to("", "bo@kitano.example", 0)}
	for lang, l := range map[string][5]string{
		"da": {"Fra", "Sendt", "Til", "Cc", "Emne"}, "no": {"Fra", "Dato", "Til", "Kopi", "Emne"}, "no_notes": {"Avsender", "Dato", "Mottaker", "Kopi", "Emne"},
		"fi": {"Lähettäjä", "Lähetetty", "Vastaanottaja", "Kopio", "Aihe"}, "sv": {"Avsändare", "Datum", "Mottagare", "Kopia", "Ämne"},
		"cs": {"Odesílatel", "Odesláno", "Komu", "Kopie", "Předmět"}, "pl": {"Nadawca", "Data", "Adresat", "DW", "Temat"}, "uk": {"Від", "Відправлено", "Кому", "Копія", "Тема"},
		"ru": {"От кого", "Дата отправки", "Получатель", "Копия", "Тема"}, "hu": {"Feladó", "Elküldve", "Címzett", "Másolat", "Tárgy"}, "ro": {"De la", "Trimis la", "Către", "Cc", "Subiect"},
		"el": {"Από", "Στάλθηκε", "Προς", "Κοιν", "Θέμα"}, "tr": {"Gönderen", "Gönderme Tarihi", "Alıcı", "Bilgi", "Konu"}, "vi": {"Từ", "Đã gửi", "Đến", "Cc", "Chủ đề"},
		"id": {"Dari", "Tanggal", "Kepada", "Tembusan", "Perihal"}, "th": {"จาก", "วันที่", "ถึง", "สำเนา", "เรื่อง"}, "he": {"מאת", "נשלח", "אל", "העתק", "נושא"}, "ar": {"من", "تاريخ الإرسال", "إلى", "نسخة", "الموضوع"},
		"de_notes": {"Absender", "Datum", "Empfänger", "Kopie", "Betreff"}, "fr_notes": {"Expéditeur", "Envoyé le", "Destinataire", "CCI", "Objet"}, "it_notes": {"Mittente", "Data", "Destinatario", "Ccn", "Oggetto"},
		"es_notes": {"Remitente", "Fecha", "Destinatario", "CCO", "Asunto"}, "nl": {"Afzender", "Datum", "Aan", "Kopie", "Onderwerp"}, "ja_notes": {"発信者", "送信時刻", "宛て先", "写し", "題名"},
		"zh_hant": {"寄件人", "傳送日期", "收件人", "副本", "主旨"}, "ko": {"보낸이", "날짜", "받는이", "참조", "제목"},
	} {
		text := fmt.Sprintf("%s: Anna Reyes <anna@reyes.example>\n%s: 2026-05-14 12:43\n%s: aya@kitano.example\n%s: bo@kitano.example\n%s: x\n\ntext", l[0], l[1], l[2], l[3], l[4])
		if d := cmp.Diff(want, quotedIn(text)); d != "" {
			t.Errorf("%s: %s", lang, d)
		}
	}
}

// TestEveryVerbIsOne: each word for "wrote" makes an attribution, with the address and with a name alone.
func TestEveryVerbIsOne(t *testing.T) {
	for _, verb := range verbs {
		line, want := "14.05.2026 12:43, Anna Reyes"+verb, "Anna Reyes"
		if strings.HasSuffix(verb, " ") { // Quoting NAME
			line = "2026-05-14 12:43 " + verb + "Anna Reyes"
		}
		if got := quotedIn(line + ":\n> x"); len(got) != 1 || got[0].Name != want {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

// TestNamesAndAddresses: as they stand in quoted lists.
func TestNamesAndAddresses(t *testing.T) {
	for list, want := range map[string][]Person{
		`"Lang, Uwe" <u@x.example>, b@x.example`:      {{Name: "Lang, Uwe", Addr: "u@x.example"}, {Addr: "b@x.example"}},
		`Lang (Sales, 2F) <u@x.example>, b@x.example`: {{Name: "Lang (Sales, 2F)", Addr: "u@x.example"}, {Addr: "b@x.example"}},
		"u@x.example (Uwe Lang)":                      {{Name: "Uwe Lang", Addr: "u@x.example"}},
		"<u@x.example> (Uwe Lang)":                    {{Name: "Uwe Lang", Addr: "u@x.example"}},
		"U@x.example <u@x.example>":                   {{Addr: "U@x.example"}},
		"u@x.example <mailto:u@x.example>":            {{Addr: "u@x.example"}},
		"山田<y@x.example>、近藤<k@x.example>":             {{Name: "山田", Addr: "y@x.example"}, {Name: "近藤", Addr: "k@x.example"}},
		"Anna <u@x.example.>":                         {{Name: "Anna", Addr: "u@x.example"}},
		"root@localhost or u@x.example":               {{Name: "root@localhost or", Addr: "u@x.example"}},
		"(Anna)":                                      {{Name: "Anna"}},
		"123":                                         nil,
		", ,":                                         nil,
		`"Anna`:                                       {{Name: "Anna"}},
		"a@" + strings.Repeat("x", maxAddress) + ".example": {{Name: clip("a@"+strings.Repeat("x", maxAddress)+".example", maxName)}},
		strings.Repeat("n", maxName+1):                      {{Name: strings.Repeat("n", maxName)}},
	} {
		if d := cmp.Diff(want, people(list)); d != "" {
			t.Errorf("%.60q: %s", list, d)
		}
	}
	if got := people(strings.Repeat("a@b.example, ", 2*MaxQuoted)); len(got) != MaxQuoted {
		t.Errorf("%d persons", len(got))
	}
	if got := people(strings.Repeat(";", maxPieces-1) + "a@b.example"); len(got) != 1 {
		t.Errorf("the last of %d pieces: %v", maxPieces, got)
	}
	if got := people(strings.Repeat(";", maxPieces) + "a@b.example"); len(got) != 0 {
		t.Errorf("behind %d pieces: %v", maxPieces, got)
	}
}

// TestAttributionsAreBounded: one more of anything is read as text.
func TestAttributionsAreBounded(t *testing.T) {
	const real = "On 2026-05-14 12:43 Anna <anna@reyes.example> wrote:\n> x\n"
	for name, c := range map[string]struct {
		text string
		want int
	}{
		"lines that end like one":     {strings.Repeat("see below:\n", maxTries-1) + real, 1},
		"and one more":                {strings.Repeat("see below:\n", maxTries) + real, 0},
		"a long one":                  {"On 2026-05-14 12:43 " + strings.Repeat("x ", (maxAttribution-70)/2) + "Anna <anna@reyes.example> wrote:\n> x\n", 1},
		"too long":                    {"On 2026-05-14 12:43 " + strings.Repeat("x ", maxAttribution/2) + "Anna <anna@reyes.example> wrote:\n> x\n", 0},
		"too long over two lines":     {"On 2026-05-14 12:43 " + strings.Repeat("x ", maxAttribution/2-10) + "\nAnna Reyes Garcia y Maria wrote:\n", 0},
		"of another quotation's line": {"> On Thu, May 14, 2026 at 12:43 PM\nAnna Reyes wrote:\n", 0},
		"behind an empty line":        {"On Thu, May 14, 2026 at 12:43 PM\n\nAnna Reyes wrote:\n", 0},
		"too short":                   {"a:b:\n> x", 0},
		"a year that is none":         {"In 1234 Anna Reyes wrote:\nx", 0},
		"a time that is none":         {"At 1:234 Anna Reyes wrote:\nx", 0},
	} {
		if got := quotedIn(c.text); len(got) != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestHeaderBlocksAreBounded: a block of maxBlock lines is one, its label has maxLabel bytes, and a list of addressees ends at maxLine.
func TestHeaderBlocksAreBounded(t *testing.T) {
	block := func(lines int) string {
		return "From: Anna <anna@reyes.example>\nTo: a@b.example," + strings.Repeat("\na@b.example,", lines-3) + "\nSubject: x\n"
	}
	if got := quotedIn(block(maxBlock)); len(got) != MaxQuoted {
		t.Errorf("%d persons", len(got))
	}
	if got := quotedIn("From: Anna <anna@reyes.example>\nSubject: x\n" + strings.Repeat("Cc: a@b.example\n", 2*maxBlock)); len(got) == 0 {
		t.Error("nobody, since the block was long")
	}
	if got := quotedIn("Fr" + strings.Repeat(" ", maxLabel) + "om: Anna <anna@reyes.example>\nSubject: x\n"); len(got) != 0 {
		t.Errorf("a label of %d bytes: %+v", maxLabel, got)
	}
	if got := quotedIn("Cc: b@b.example\nFrom: Anna <anna@reyes.example>\nCc: c@b.example\nDate: 1\n"); len(got) != 3 {
		t.Errorf("two Cc fields: %+v", got)
	}
	if got := quotedIn("From: Anna <anna@reyes.example>\nFrom: Bo <bo@reyes.example>\nDate: 1\n"); len(got) != 1 || got[0].Name != "Anna" {
		t.Errorf("the first writer counts: %+v", got)
	}
}

// TestManyReferences: of more than twice MaxRefs the nearest and the conversation's first are kept.
func TestManyReferences(t *testing.T) {
	for _, n := range []int{MaxRefs, MaxRefs + 1, 2 * MaxRefs, 2*MaxRefs + 1, 5 * MaxRefs} {
		var ids strings.Builder
		for i := range n {
			fmt.Fprintf(&ids, "<%d@x> ", i)
		}
		got := Read(header("References: "+ids.String()), "").Refs
		if len(got) != MaxRefs || got[0] != fmt.Sprintf("%d@x", n-1) || got[MaxRefs-2] != fmt.Sprintf("%d@x", n-MaxRefs+1) || got[MaxRefs-1] != "0@x" {
			t.Errorf("of %d: %d, %s … %s, %s", n, len(got), got[0], got[len(got)-2], got[len(got)-1])
		}
	}
	bare := strings.Repeat("a@b ", MaxRefs*maxID/4)
	if got := Read(header("References: "+bare+"a"), "").Refs; len(got) != 0 {
		t.Errorf("words of %d bytes: %v", len(bare), got)
	}
	if got := ID("<" + strings.Repeat("a", maxID-2) + "@b>"); len(got) != maxID {
		t.Errorf("an id of maxID bytes: %d", len(got))
	}
	if got := ID("<" + strings.Repeat("a", maxID-1) + "@b>"); got != "" {
		t.Errorf("one byte more: %d", len(got))
	}
}

// TestTextBehindTheLimitIsNotRead: maxText of the text, maxLine of a line.
func TestTextBehindTheLimitIsNotRead(t *testing.T) {
	const real = "On 2026-05-14 12:43 Anna <anna@reyes.example> wrote:\n"
	if got := quotedIn(strings.Repeat("\n", maxText-len(real)) + real); len(got) != 1 {
		t.Errorf("at the limit: %+v", got)
	}
	if got := quotedIn(strings.Repeat("\n", maxText) + real); len(got) != 0 {
		t.Errorf("behind it: %+v", got)
	}
	to := "To: " + strings.Repeat("x", maxLine-len("To: a@b.example, ")-1) + ", a@b.example"
	if got := quotedIn("From: Anna <anna@reyes.example>\nDate: 1\n" + to + ", z@b.example\n"); len(got) == 0 || got[len(got)-1].Addr == "z@b.example" {
		t.Errorf("behind maxLine: %+v", got)
	}
}

// TestAnAnswerFromNobody: an automatic answer that is none by its fields is one by its subject and the null reverse-path.
func TestAnAnswerFromNobody(t *testing.T) {
	subject := "Subject: Automatic reply: Drills"
	for want, fields := range map[Robot][]string{Automatic: {"Return-Path: <>", subject}, Human: {"Return-Path: <a@x>", subject}} {
		if got := Read(header(fields...), "").Robot; got != want {
			t.Errorf("%q: %d", fields, got)
		}
	}
	if got := Read(header("Return-Path: <>"), "").Robot; got != Human {
		t.Errorf("the null reverse-path alone: %d", got)
	}
}
