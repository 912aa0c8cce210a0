package filter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/inspect"
	"sekisho/internal/ledger"
	"sekisho/internal/lists"
	"sekisho/internal/message"
	"sekisho/internal/outbound"
	"sekisho/internal/store"
	"sekisho/rules"
)

// memory answers for the memory of conversations.
type memory struct {
	warm  bool
	err   error
	ours  []string // Message-IDs that one of ours sent
	known []string // whom one of ours has written to
	asked int
}

func (m *memory) Ask(_ context.Context, q ledger.Question) (a ledger.Answer, err error) {
	m.asked++
	a.Warm = m.warm
	for _, id := range q.Refs {
		switch {
		case strings.Contains(fmt.Sprint(m.ours), id):
			a.Cited.Ours++
		case strings.HasSuffix(id, "@our.example"):
			a.Cited.Forged++
		}
	}
	for _, addr := range q.Quoted {
		p := ledger.Partner{Address: addr}
		if strings.Contains(fmt.Sprint(m.known), addr) {
			p.Begun = 1
		}
		a.Quoted = append(a.Quoted, p)
	}
	return a, m.err
}
func (*memory) LearnSent(context.Context, ledger.Sent) error         { return nil }
func (*memory) LearnReceived(context.Context, ledger.Received) error { return nil }

// office is a filter that counts what our own send.
type office struct {
	*testing.T
	f   *Filter
	mon *outbound.Monitor
	mem *memory
	now time.Time
	n   int
}

func newOffice(t *testing.T) *office {
	o := &office{T: t, mon: outbound.New(outbound.Options{}), mem: &memory{warm: true}, now: noon}
	o.f = newFilter(t, func(opts *Options, _ *inspect.Options) {
		opts.Outbound, opts.Conversations = o.mon, o.mem
		opts.Site.LocalDomains = []string{"our.example"}
	})
	return o
}

// sends has hanako send a mail, with a subject and fields of its own, and returns what became of it.
func (o *office) sends(to, subject, text string, files ...fixture.Mail) (*Result, Remembered) {
	o.Helper()
	env := message.Envelope{MailFrom: hanako, Rcpts: strings.Split(to, ","), ClientIP: netip.MustParseAddr("192.0.2.20"), SASLUser: "hanako"}
	return o.pass(env, fixture.Message(hanako, to, subject, append([]fixture.Mail{fixture.TextPart(text)}, files...)...))
}

func (o *office) pass(env message.Envelope, m fixture.Mail, fields ...string) (*Result, Remembered) {
	o.Helper()
	o.n++
	o.now = o.now.Add(time.Second)
	env.Time = o.now
	for i := range m.Fields {
		if strings.HasPrefix(m.Fields[i], "Message-ID:") {
			m.Fields[i] = fmt.Sprintf("Message-ID: <%d@our.example>", o.n)
		}
	}
	m.Fields = append(m.Fields, fields...)
	res, err := o.f.Message(o.Context(), Session{Envelope: env}, bytes.NewReader(m.Bytes()))
	if err != nil {
		o.Fatal(err)
	}
	o.Cleanup(func() { res.Close() })
	out, err := o.f.Remember(o.Context(), res, res.Verdict.Action < rules.Disarm, "")
	if err != nil {
		o.Fatal(err)
	}
	return res, out
}

func macro(i int) fixture.Mail {
	return fixture.FilePart("a.doc", "application/msword", fixture.DocVBA(fmt.Sprintf("Sub AutoOpen()\n  x = %d\nEnd Sub\n", i)))
}

func partner(i int) string { return fmt.Sprintf("p%d@partner.example", i) }

// TestABurstIsHeldFromTheTenthMailOn, with files of all kinds that Emotet sends.
func TestABurstIsHeldFromTheTenthMailOn(t *testing.T) {
	o := newOffice(t)
	opened := 0
	for i := 1; i <= 12; i++ {
		text, file := "ご確認ください。", macro(i)
		switch i % 3 {
		case 1:
			text, file = "パスワード: Xk92mQ", lockedZip("a.zip", "other", fmt.Sprint(i, ".doc"), fixture.DocPlain())
		case 2:
			text, file = "https://files.example.net/invoice.doc をご覧ください。", fixture.TextPart("敬具")
		}
		res, out := o.sends(partner(i), "Re: 見積書の件", text, file)
		if !res.Sent.Seen.Risky {
			t.Fatalf("mail %d is not risky: %v", i, res.Facts.Findings)
		}
		if got, want := kinds(res)[finding.OutboundBurst], i >= 10; got != want {
			t.Errorf("mail %d: burst %v", i, got)
		}
		if i >= 10 && (res.Verdict.Action != rules.Quarantine || res.Verdict.Rule != "outbound-burst") {
			t.Errorf("mail %d: %+v", i, res.Verdict)
		}
		if res.Facts.Outbound["risky"] != i || res.Facts.Outbound["mails"] != i {
			t.Errorf("mail %d: %v", i, res.Facts.Outbound)
		}
		if opened += len(out.Incidents); i >= 11 && !kinds(res)[finding.OutboundHost] {
			t.Errorf("mail %d: no incident is open", i)
		}
	}
	if opened != 2 {
		t.Errorf("%d incidents", opened)
	}
}

func TestWhatIsRisky(t *testing.T) {
	link := "https://files.example.net/invoice.doc をご覧ください。"
	for _, tc := range []struct {
		name, subject, text string
		file                fixture.Mail
		fields              []string
		risky               bool
	}{
		{"macro that starts by itself", "集計表", "", macro(1), nil, true},
		{"macro that waits", "集計表", "", fixture.FilePart("a.doc", "application/msword", fixture.DocVBA("Sub Total()\nx = 1\nEnd Sub\n")), nil, false},
		{"script", "手順", "", fixture.FilePart("a.js", "text/javascript", []byte(`var s = new ActiveXObject("WScript.Shell"); s.Run("calc");`)), nil, true},
		{"locked file, password in the same mail", "資料", "パスワード: Xk92mQ", lockedZip("a.zip", "other", "a.doc", fixture.DocPlain()), nil, true},
		{"its password opens it, and it is harmless", "資料", "パスワード: Xk92mQ", harmlessZip("Xk92mQ"), nil, false},
		{"its password opens it, and it is not", "資料", "パスワード: Xk92mQ", hostileZip("Xk92mQ"), nil, true},
		{"PPAP: locked file, password later", "資料", "パスワードは別途お送りします。", harmlessZip("Xk92mQ"), nil, false},
		{"PPAP: the password", "資料", "パスワード: Xk92mQ", fixture.TextPart("敬具"), nil, false},
		{"link to a document in an answer to nothing", "Re: 資料", link, fixture.TextPart(""), nil, true},
		{"link to a document of our own in an answer to nothing", "Re: 資料", "https://www.our.example/catalogue.pdf", fixture.TextPart(""), nil, false},
		{"… and to another's", "Re: 資料", "https://www.our.example/catalogue.pdf " + link, fixture.TextPart(""), nil, true},
		{"link to a document in an answer", "Re: 資料", link, fixture.TextPart(""), []string{"In-Reply-To: <1@partner.example>"}, false},
		{"link to a document in a new mail", "資料", link, fixture.TextPart(""), nil, false},
		{"PDF", "請求書", "", fixture.FilePart("a.pdf", "application/pdf", []byte("%PDF-1.4\n%%EOF\n")), nil, false},
		{"calendar invitation", "会議", "", fixture.Mail{Fields: []string{"Content-Type: text/calendar; method=REQUEST"}, Body: []byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")}, nil, false},
	} {
		o := newOffice(t)
		env := message.Envelope{MailFrom: hanako, Rcpts: []string{taro}, SASLUser: "hanako"}
		res, _ := o.pass(env, fixture.Message(hanako, taro, tc.subject, fixture.TextPart(tc.text), tc.file), tc.fields...)
		if got := res.Sent.Seen.Risky; got != tc.risky {
			t.Errorf("%s: risky %v, want %v\n%s", tc.name, got, tc.risky, paths(res))
		}
		if k := kinds(res); k[finding.OutboundBurst] || k[finding.OutboundCarrier] || k[finding.OutboundHost] {
			t.Errorf("%s: one mail is too much: %s", tc.name, paths(res))
		}
	}
}

// TestAFormThatIsFilledInStaysTheSame: what counts is the macro, not the document around it.
func TestAFormThatIsFilledInStaysTheSame(t *testing.T) {
	o := newOffice(t)
	for i := range 8 {
		project := fixture.VBAProject{Name: "Project", Modules: []fixture.VBAModule{fixture.VBAModuleOf("ThisDocument", "Sub AutoOpen()\n  x = 1\nEnd Sub\n")}}
		form := fixture.OLE(fixture.Stream("WordDocument", fixture.WordHead(0)), fixture.Stream("1Table", make([]byte, 64)),
			fixture.Storage("Macros", project.Nodes()...), fixture.Stream("Data", fmt.Append(nil, "parent ", i)))
		res, out := o.sends(partner(i), "申込書", "", fixture.FilePart("form.doc", "application/msword", form))
		if c := res.Sent.Seen.Counts; c.Risky != i+1 || c.DifferentCarriers != 1 || kinds(res)[finding.OutboundCarrier] || len(out.Incidents) != 0 {
			t.Fatalf("mail %d: %+v\n%s", i, c, paths(res))
		}
	}
}

func TestOnlyMailOfOursIsCounted(t *testing.T) {
	o := newOffice(t)
	for i := range 12 {
		env := message.Envelope{MailFrom: taro, Rcpts: []string{hanako}, ClientIP: netip.MustParseAddr("192.0.2.7")}
		res, _ := o.pass(env, fixture.Message(taro, hanako, "Re: x", fixture.TextPart(""), macro(i)))
		if res.Facts.Outbound != nil || res.Sent != nil {
			t.Fatalf("mail from outside: %v", res.Facts.Outbound)
		}
	}
	raw := fixture.Message(hanako, taro, "x", fixture.TextPart(""), macro(1)).Bytes()
	s := Session{Envelope: message.Envelope{MailFrom: hanako, Rcpts: []string{taro}, SASLUser: "hanako", Time: o.now}, Released: "ID"}
	for range 12 {
		res, err := o.f.Message(t.Context(), s, bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Close()
		if res.Sent != nil {
			t.Fatal("a released mail is counted")
		}
	}
}

// TestAMacroThatSomebodyVouchesForCountsNothing, unless another file comes with it.
func TestAMacroThatSomebodyVouchesForCountsNothing(t *testing.T) {
	o := newOffice(t)
	st, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	db, err := st.Database(t.Context(), store.Memory)
	if err != nil {
		t.Fatal(err)
	}
	if o.f.o.Book, err = lists.OpenBook(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	first, _ := o.sends(taro, "申込書", "", macro(0))
	if !first.Sent.Seen.Risky {
		t.Fatal("not risky before somebody vouches for it")
	}
	_, err = o.f.o.Book.Add(t.Context(), lists.Entry{Use: lists.Allow, Type: lists.Macro, Value: first.Files[0].MacroHash, Sender: hanako, Rcpt: taro,
		Owner: "mori", Reason: "the form", Expires: time.Now().Add(time.Hour)}, time.Now(), false)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		if res, _ := o.sends(partner(i), "申込書", "", macro(0)); res.Sent.Seen.Risky || res.Facts.Outbound["risky"] != 1 {
			t.Fatalf("mail %d: %+v", i, res.Sent.Seen.Counts)
		}
	}
	if res, _ := o.sends(taro, "申込書", "", macro(0), macro(1)); !res.Sent.Seen.Risky {
		t.Error("another macro beside it")
	}
}

func TestNewRecipients(t *testing.T) {
	many := make([]string, 200)
	for i := range many {
		many[i] = partner(i)
	}
	for _, tc := range []struct {
		name string
		mem  memory
		to   string
		want int
	}{
		{"one of two is known", memory{warm: true, known: []string{"taro@partner.example"}}, taro + ",new@partner.example", 1},
		{"in another spelling", memory{warm: true, known: []string{"taro@partner.example"}}, "Taro@Partner.Example", 0},
		{"colleagues", memory{warm: true}, "jiro@our.example", 0},
		{"more than are asked for", memory{warm: true}, strings.Join(many, ","), strangersMax},
		{"memory too young", memory{}, taro, 0},
		{"memory away", memory{warm: true, err: errors.New("away")}, taro, 0},
	} {
		o := newOffice(t)
		*o.mem = tc.mem
		res, _ := o.sends(tc.to, "x", "")
		if got := res.Facts.Outbound["new_recipients"]; got != tc.want {
			t.Errorf("%s: %d, want %d", tc.name, got, tc.want)
		}
	}
}
