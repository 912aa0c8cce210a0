package thread

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"sekisho/internal/message"
)

// What "one short line over a long quotation" means. Of the lines above (and between) the quotation those count that are no greeting, no bare link and
// not the signature; that begins at "-- ", at a ruled line, at the writer's own name or, once something was said, at a closing formula.
const (
	ownLines    = 2   // the sentence may be broken once
	ownWidth    = 120 // columns, wide characters two: a sentence or two
	quotedLines = 3   // a quotation of so many lines is long
	quotedWidth = 160 // … or of so many columns, since HTML has paragraphs for lines
	quotedMails = 2   // … or a conversation
	formula     = 36  // columns of the longest greeting or closing line
)

// own tells the writer's own words from those quoted.
type own struct {
	names *names

	lines, width int
	last         [2]counted // what the last lines added, nearest first
	signed       bool       // the signature began
	quotation    bool       // … a quotation
	headed       bool       // the line before was an attribution
	rest         bool       // all that follows is quoted

	quotedLines, quotedWidth int
}

type counted struct{ lines, width int }

// names are those by which a writer may sign: the display name and its words, folded, without blanks. They are made when the first line is met that may be one.
type names struct {
	h    *message.Header
	list []string
	made bool
}

// has reports whether a line is one of the names.
func (n *names) has(text string) bool {
	if !n.made {
		n.made = true
		for _, from := range n.h.Addresses("From") {
			words := strings.FieldsFunc(from.Name, func(r rune) bool { return !unicode.IsLetter(r) })
			for _, w := range append(words, from.Name, from.Addr) {
				if w = bare(w); utf8.RuneCountInString(w) > 1 && len(n.list) < MaxQuoted {
					n.list = append(n.list, w)
				}
			}
		}
	}
	return slices.Contains(n.list, bare(text))
}

// bare folds a name and takes its blanks out.
func bare(s string) string { return strings.ReplaceAll(fold(clip(s, maxName)), " ", "") }

// head is an attribution; header is a quoted header.
func (o *own) head(quotes int) {
	o.quotation = true
	o.headed = quotes == 0
}

func (o *own) header(quotes int) {
	o.quotation = true
	o.rest = o.rest || quotes == 0
}

// undo takes the last n lines back, which turned out to be no text.
func (o *own) undo(n int) {
	for _, c := range o.last[:n] {
		o.lines -= c.lines
		o.width -= c.width
	}
	o.last = [2]counted{}
}

func (o *own) line(l line) {
	if l.text == "" {
		return
	}
	switch {
	case l.quotes > 0:
		o.headed, o.signed = false, false // what follows is said below the quotation
		o.quote(l.text)
	case o.headed || separates(l.text): // nothing marks the quotation: it goes on to the end
		o.headed, o.rest = false, true
		o.quote(l.text)
	case o.rest:
		o.quote(l.text)
	default:
		c := o.count(l.text)
		o.lines += c.lines
		o.width += c.width
		o.last = [2]counted{c, o.last[0]}
	}
}

func (o *own) quote(text string) {
	o.quotation = true
	if o.quotedLines < quotedLines && !separates(text) {
		o.quotedLines++
		o.quotedWidth += columns(text, quotedWidth)
	}
}

// count measures a line of the writer's own.
func (o *own) count(text string) counted {
	if o.signed || o.lines > ownLines || o.width > ownWidth {
		return counted{}
	}
	w := columns(text, ownWidth+1)
	switch {
	case o.lines > 0 && o.signs(text, w):
		o.signed = true
		return counted{}
	case w <= formula && greets(text), link(text):
		return counted{}
	}
	return counted{1, w}
}

// signs reports whether a signature begins: RFC 3676 4.3, a ruled line, the writer's name, a closing formula.
func (o *own) signs(text string, w int) bool {
	if text == "--" || ruled(text) {
		return true
	}
	return w <= formula && (begins(text, closings) || o.names.has(text))
}

// oneLine is the answer, blocks being the mails that are quoted.
func (o *own) oneLine(blocks int) bool {
	short := o.lines > 0 && o.lines <= ownLines && o.width <= ownWidth
	return short && o.quotation && (o.quotedLines >= quotedLines || o.quotedWidth >= quotedWidth || blocks >= quotedMails)
}

// columns is the width of a text, wide characters two, up to limit.
func columns(s string, limit int) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x1100 {
			if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
				n++
			}
		}
		if n >= limit {
			return limit
		}
	}
	return n
}

// ruled reports whether a line is drawn with one sign.
func ruled(text string) bool {
	r, size := utf8.DecodeRuneInString(text)
	return len(text) >= 3*size && strings.ContainsRune("-_=*~#+─━－＿＝―・", r) && strings.Trim(text, string(r)+" ") == ""
}

// separates reports whether a line parts a mail from the one it answers: "-----Original Message-----" in any language, "Begin forwarded message:".
func separates(text string) bool {
	if begins(text, separators) {
		return true
	}
	if len(text) > maxName || !strings.HasPrefix(text, "--") || !strings.HasSuffix(text, "--") {
		return false
	}
	return strings.IndexFunc(text, unicode.IsLetter) >= 0
}

// link reports whether a line is nothing but a link.
func link(text string) bool {
	text = strings.TrimLeft(text, "<")
	return (strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://")) && strings.IndexByte(text, ' ') < 0
}

// greets reports whether a line greets: by its beginning, by the title at its end, or as one or two words before a comma.
func greets(text string) bool {
	for _, title := range honorifics {
		if strings.HasSuffix(text, title) {
			return true
		}
	}
	name, comma := strings.CutSuffix(text, ",")
	return comma && len(strings.Fields(name)) <= 2 || begins(text, greetings)
}

// begins reports whether a text begins with one of the phrases, whatever its case.
func begins(text string, phrases []string) bool {
	for _, p := range phrases {
		if len(text) >= len(p) && (text[0]|0x20 == p[0]|0x20) && strings.EqualFold(text[:len(p)], p) {
			return true
		}
	}
	return false
}

var (
	honorifics = []string{"様", "さま", "さん", "殿", "御中", "各位", "先生", "님", "您好", "様。", "様、", "さん、"}
	greetings  = []string{"hi", "hello", "dear", "hey ", "good morning", "good afternoon", "good day", "hallo", "guten ", "sehr geehrte", "lieber ", "liebe ", "moin", "bonjour",
		"salut", "cher ", "chère ", "madame", "ciao", "buongiorno", "buonasera", "gentile", "egregio", "hola", "buenos ", "buenas ", "estimad", "olá", "ola ", "bom dia", "boa tarde",
		"prezad", "beste ", "goedemorgen", "hej", "dzień dobry", "witam", "dobrý den", "здравствуйте", "добрый день", "merhaba", "sayın", "お世話", "いつもお世話", "いつも大変", "大変お世話", "お疲れ",
		"こんにちは", "おはようございます", "拝啓", "前略", "平素", "你好", "您好", "尊敬的", "안녕하세요", "xin chào"}
	closings = []string{"best regards", "kind regards", "regards", "with best", "with kind", "best,", "best wishes", "thanks", "thank you", "many thanks", "cheers", "sincerely", "yours", "br,",
		"mit freundlich", "mit besten", "freundliche", "viele grüße", "beste grüße", "liebe grüße", "gruß", "mfg", "vg", "danke", "vielen dank", "cordialement", "bien à vous", "merci", "salutations",
		"cordiali", "distinti", "saluti", "un saluto", "grazie", "saludos", "un saludo", "atentamente", "gracias", "atenciosamente", "att", "obrigado", "abraço", "met vriendelijke", "groet", "bedankt",
		"med vänlig", "hälsning", "med venlig", "vennlig hilsen", "mvh", "ystävällisin", "pozdrawiam", "z poważaniem", "s pozdravem", "с уважением", "спасибо", "saygılar", "iyi çalışmalar",
		"よろしくお願い", "宜しくお願い", "宜しく御願い", "どうぞよろしく", "何卒", "以上", "敬具", "草々", "ありがとうございました", "此致", "祝", "谢谢", "謝謝", "감사합니다", "sent from my", "iphoneから送信", "von meinem", "envoyé de mon"}
	separators = []string{"begin forwarded message", "anfang der weitergeleiteten", "début du message", "inizio messaggio", "mensaje reenviado", "início da mensagem", "転送されたメッセージ", "以下転送"}
)
