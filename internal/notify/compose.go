package notify

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sekisho/internal/finding"
	"sekisho/internal/quarantine"
)

// letter is one notice.
type letter struct {
	to, id string
	reader reader
	items  []quarantine.Item
}

// compose writes a notice as a mail: an ASCII header, a base64 body in UTF-8, CRLF line ends.
func (n *Notifier) compose(l letter) []byte {
	var b bytes.Buffer
	field := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	count := l.reader.count
	subject := fmt.Sprintf("[Sekisho] %d %s held / ", count, plural(count, "mail", "mails")) +
		mime.BEncoding.Encode("utf-8", fmt.Sprintf("メール%d通を隔離", count))
	field("From", header(n.opts.From, "Sekisho"))
	field("To", header(l.to, ""))
	field("Subject", subject)
	field("Date", n.opts.Now().In(n.opts.Location).Format(time.RFC1123Z))
	field("Message-ID", "<"+l.id+">")
	field("Auto-Submitted", "auto-generated") // RFC 3834 5
	field("Precedence", "bulk")
	field("X-Auto-Response-Suppress", "All")
	field("MIME-Version", "1.0")
	field("Content-Type", "text/plain; charset=utf-8")
	field("Content-Transfer-Encoding", "base64")
	b.WriteString("\r\n")
	encode(&b, n.body(l))
	return b.Bytes()
}

// header writes an address for a field. One that a plain header cannot hold is left out, as RFC 5322's A.1.3 group does it.
func header(addr, name string) string {
	if strings.ContainsFunc(addr, func(r rune) bool { return r <= ' ' || r >= 0x7f }) || !strings.Contains(addr, "@") {
		return "undisclosed-recipients:;"
	}
	return (&mail.Address{Name: name, Address: addr}).String()
}

// encode writes base64 in lines of 76 characters (RFC 2045 6.8).
func encode(b *bytes.Buffer, text string) {
	const line = 76 / 4 * 3
	text = strings.ReplaceAll(text, "\n", "\r\n")
	for len(text) > 0 {
		n := min(line, len(text))
		b.WriteString(base64.StdEncoding.EncodeToString([]byte(text[:n])) + "\r\n")
		text = text[n:]
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// body is the text of a notice.
func (n *Notifier) body(l letter) string {
	var b strings.Builder
	count := l.reader.count
	if l.reader.name == Postmaster {
		fmt.Fprintf(&b, "Sekisho holds %d new %s. Nothing below is a link; show a mail before you release it.\n",
			count, plural(count, "mail", "mails"))
		fmt.Fprintf(&b, "関所は新たに%d通のメールを隔離しました。以下にリンクはありません。解放する前に内容を確認してください。\n", count)
	} else {
		fmt.Fprintf(&b, "%d %s to you %s held because of what %s. If you expect %s, give the id to your postmaster.\n",
			count, plural(count, "mail", "mails"), plural(count, "is", "are"), plural(count, "it contains", "they contain"), plural(count, "it", "them"))
		fmt.Fprintf(&b, "あなた宛てのメール%d通を、内容に危険のおそれがあるため隔離しています。心当たりがある場合は、ID を添えて管理者に連絡してください。\n", count)
	}
	for _, it := range l.items {
		b.WriteString("\n")
		n.describe(&b, l.reader, it)
	}
	if more := count - len(l.items); more > 0 {
		fmt.Fprintf(&b, "\nand %d more / ほか%d通\n", more, more)
	}
	return b.String()
}

// describe writes one mail. A recipient sees nobody else's address and no command.
func (n *Notifier) describe(b *strings.Builder, r reader, it quarantine.Item) {
	line := func(label, value string) { fmt.Fprintf(b, "%s %s\n", label, value) }
	boss := r.name == Postmaster
	line("id / ID:", it.ID)
	line("time / 日時:", it.Held.In(n.opts.Location).Format("2006-01-02 15:04 -0700"))
	line("from / 差出人:", show(it.From)+"  <"+show(it.Envelope.MailFrom)+">")
	if boss {
		line("to / 宛先:", recipients(it.Envelope.Rcpts))
	}
	line("subject / 件名:", show(it.Subject))
	if boss {
		line("rule / 規則:", show(it.Verdict.Rule))
	}
	n.why(b, it)
	if boss {
		for _, e := range it.Earlier {
			line("earlier mail / 先のメール:", n.earlier(e))
		}
		commands(line, it)
	}
}

// earlier says who has, or would have got, the hostile file of an earlier mail.
func (n *Notifier) earlier(e quarantine.Earlier) string {
	state := "delivered / 配送済み"
	if e.Held {
		state = "held back / 配送停止"
	}
	return fmt.Sprintf("%s %s %s %s, %s: %s", show(e.QueueID), e.Time.In(n.opts.Location).Format("2006-01-02 15:04"), show(e.From), show(e.File), state,
		recipients(e.Rcpts))
}

// commands writes what the postmaster types.
func commands(line func(label, value string), it quarantine.Item) {
	line("show / 確認:", "sekisho quarantine show "+it.ID)
	if it.Where != quarantine.InMTA {
		line("release / 解放:", "sekisho quarantine release "+it.ID+` --reason "…"`)
		return
	}
	if cmd := quarantine.MTACommand(it); cmd != "" {
		line("release / 解放:", cmd)
	}
}

// maxRcptsShown is how many recipients a line names: the first say whom a mail was meant for.
const maxRcptsShown = 5

func recipients(rcpts []string) string {
	shown := make([]string, 0, maxRcptsShown)
	for _, r := range rcpts[:min(len(rcpts), maxRcptsShown)] {
		shown = append(shown, show(r))
	}
	if more := len(rcpts) - len(shown); more > 0 {
		shown = append(shown, fmt.Sprintf("and %d more / ほか%d件", more, more))
	}
	return strings.Join(shown, ", ")
}

// maxReasons is how many kinds of finding are put in words; show has all.
const maxReasons = 3

// why says in words what the rule and its findings mean.
func (n *Notifier) why(b *strings.Builder, it quarantine.Item) {
	for _, lang := range []string{"en", "ja"} {
		label := map[string]string{"en": "why:", "ja": "理由:"}[lang]
		if title, _ := n.opts.Explain(it.Verdict.Rule, lang); title != "" {
			fmt.Fprintf(b, "%s %s\n", label, title)
		}
		seen := map[finding.Kind]bool{}
		for _, f := range it.Verdict.Why {
			words := f.Kind.Explain(lang)
			if seen[f.Kind] || words == "" || len(seen) == maxReasons {
				continue
			}
			seen[f.Kind] = true
			fmt.Fprintf(b, "%s %s\n", label, words)
		}
	}
}

// maxShown is how many characters of a field are shown: what a line of a terminal holds twice over.
const maxShown = 150

// show makes what a stranger wrote safe to look at: one line, nothing invisible, nothing to click.
func show(s string) string {
	if s == "" {
		return "-"
	}
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > maxShown {
			b.WriteString("…")
			break
		}
		switch {
		case unicode.IsPrint(r) && r != utf8.RuneError, r == '\u3000':
			b.WriteRune(r)
		default: // controls, bidirectional and other formatting, line separators, private use
			fmt.Fprintf(&b, `\u{%x}`, r)
		}
	}
	return defang(b.String())
}

// clickable is what mail programs make links of: a scheme's colon, a dot or an at sign between two characters of a name.
var clickable = regexp.MustCompile(`(:)//|\pL(:)[\pL\pN]|[^\s]([.@])[^\s]`)

// defang puts brackets around the joints of links and addresses, so that no mail program makes them clickable.
func defang(s string) string {
	var b strings.Builder
	for {
		at := clickable.FindStringSubmatchIndex(s)
		if at == nil {
			b.WriteString(s)
			return b.String()
		}
		joint := max(at[2], at[4], at[6]) // the one group that took part; the others are -1
		b.WriteString(s[:joint] + "[" + s[joint:joint+1] + "]")
		s = s[joint+1:]
	}
}
