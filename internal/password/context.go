package password

import (
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	textMax    = 1 << 20 // bytes read of one text
	allMax     = 4 << 20 // of all, a quarter of a second: filling that no reader sees may stand before a password
	lineMax    = 4 << 10 // of one line
	mentionMax = 1000    // places of all texts: a mail that explains passwords at length has some dozens
	tailMax    = 200     // bytes behind a keyword in which its password stands
	headMax    = 100     // bytes before it
	nextLines  = 3       // lines behind it that are not empty
	tailValues = 12
	fieldsMax  = 4 // blanks inside a password: three
)

// Text takes plain text of the mail: a subject, a text part, the text of a web page with its cells parted by tabs.
func (f *Finder) Text(text string) { f.read(text, true) }

// Beside takes a text that is not the mail's own: an attached one, the mail in an attached mail. It gives words and says nothing.
func (f *Finder) Beside(text string) { f.read(text, false) }

func (f *Finder) read(text string, own bool) {
	r := &f.beside
	if own {
		r = &f.own
	}
	part := clip(text, min(textMax, allMax-r.taken))
	f.cut = f.cut || own && len(part) < len(text)
	if text = part; !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	if text == "" {
		return
	}
	r.taken += len(text)
	r.late = append(r.late, text)
	if f.sorted = nil; !mayMention(text) {
		return
	}
	f.mute, f.reading = !own, r
	defer func() { f.mute = false }()
	var folding folded
	meeting := meetingLine(text)
	eachLine(text, func(win []line) {
		f.mute = f.mute || meeting && meetingLine(win[0].text)
		f.line(win, &folding)
	})
}

// clip cuts s to n bytes, or some fewer where a letter would be cut.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for back := range min(n, utf8.UTFMax) {
		if utf8.RuneStart(s[n-back]) {
			return s[:n-back]
		}
	}
	return s[:n]
}

// line is a line that is not empty.
type line struct {
	text string // without the blanks around it
	at   int    // where it begins
	gap  bool   // an empty line stands before it
	old  bool   // of the quoted history
}

// eachLine gives f each line, with those behind it.
func eachLine(text string, f func(win []line)) {
	win := make([]line, 0, nextLines+1)
	old, gap, next := false, false, 0
	first := func() {
		old = old || history(win[0].text, func() string {
			if len(win) > 1 {
				return win[1].text
			}
			return ""
		})
		win[0].old = old || strings.HasPrefix(win[0].text, ">")
		f(win)
		win = win[:copy(win, win[1:])]
	}
	for next < len(text) {
		at := next
		s := upToLine(text[at:])
		next += len(s)
		if s = seen(s); s == "" {
			gap = true
			continue
		}
		win = append(win, line{text: s, at: at, gap: gap})
		if gap = false; len(win) > nextLines {
			first()
		}
	}
	for len(win) > 0 {
		first()
	}
}

// upToLine is the first line of s, or as many whole words of a longer one as are read at once.
func upToLine(s string) string {
	if end := strings.IndexByte(s[:min(len(s), lineMax)], '\n'); end >= 0 {
		return s[:end+1]
	}
	if len(s) <= lineMax {
		return s
	}
	if end := strings.LastIndexByte(s[:lineMax], ' '); end > 0 {
		return s[:end+1]
	}
	return clip(s, lineMax)
}

// History is where the quoted history of a text begins as mail programs write it, the text's length where there is none. Lines that are quoted with ">"
// among others do not count.
func History(text string) int {
	text = clip(text, textMax)
	for at := 0; at < len(text); {
		raw := upToLine(text[at:])
		next := at + len(raw)
		if mayBeHistory(raw) && history(seen(raw), func() string { return nextLine(text[next:]) }) {
			return at
		}
		at = next
	}
	return len(text)
}

// seen is a line as its reader sees it.
func seen(raw string) string { return strings.TrimSpace(visible(raw)) }

// nextLine is the first line of a text that is not empty.
func nextLine(text string) string {
	for text != "" {
		raw := upToLine(text)
		if s := seen(raw); s != "" {
			return s
		}
		text = text[len(raw):]
	}
	return ""
}

// mayBeHistory is a quick look before the slow one: such lines hold a colon, or begin with a dash or a "B". What is beyond ASCII may be a sign that nobody sees.
func mayBeHistory(raw string) bool {
	if strings.IndexByte(raw, ':') >= 0 || strings.Contains(raw, "：") {
		return true
	}
	s := strings.TrimLeft(raw, " \t\n\v\f\r")
	return s != "" && (s[0] == '-' || s[0] == 'B' || s[0] >= utf8.RuneSelf && !(0xE3 <= s[0] && s[0] <= 0xEC && !strings.HasPrefix(s, "　")))
}

// separators begin the quoted history, as mail programs write them.
var separators = [...]string{"-----Original", "----- Original", "-----元のメッセージ", "----- 元のメッセージ", "-----Ursprüngliche", "---------- Forwarded", "---------- 転送", "-----Message d'origine",
	"-----Mensaje original", "-----Messaggio originale", "-----Mensagem original", "Begin forwarded message"}

// history reports whether the quoted history begins with a line.
func history(line string, next func() string) bool {
	for _, s := range separators {
		if strings.HasPrefix(line, s) {
			return true
		}
	}
	switch {
	case field(line, writers[:]):
		return field(next(), senders[:])
	case strings.HasSuffix(line, "wrote:"):
		return strings.HasPrefix(line, "On ") || strings.HasPrefix(next(), ">")
	case strings.HasSuffix(line, "schrieb:"), strings.HasSuffix(line, "écrit :"), strings.HasSuffix(line, "escribió:"), strings.HasSuffix(line, "ha scritto:"), strings.HasSuffix(line, "escreveu:"):
		return true
	case strings.HasPrefix(line, "20") && (strings.HasSuffix(line, ":") || strings.HasSuffix(line, "：")):
		return strings.Contains(line, "@")
	}
	return false
}

// The first two fields of a quoted header, as Outlook and others write it above the mail that is answered.
var (
	writers = [...]string{"from", "差出人", "送信者", "von", "de", "da", "发件人", "보낸 사람"}
	senders = [...]string{"sent", "date", "to", "送信日時", "日時", "送信日", "宛先", "gesendet", "datum", "envoyé", "enviado", "inviato", "date", "发送时间", "보낸 날짜"}
)

// field reports whether a line is one of the fields.
func field(line string, names []string) bool {
	head := line[:min(len(line), fieldMax)]
	end := strings.IndexByte(head, ':')
	if wide := strings.Index(head, "："); end < 0 || wide >= 0 && wide < end {
		end = wide
	}
	return end > 0 && slices.Contains(names, strings.ToLower(strings.Trim(head[:end], "* \t　\u00a0")))
}

const fieldMax = 32 // bytes: the longest name, in bold

// meetingLine reports whether a line belongs to the invitation of a conference service.
func meetingLine(line string) bool {
	for _, w := range [...]string{"Meeting ID", "meeting ID", "ミーティングID", "ミーティング ID", "会議 ID", "会議ID", "Besprechungs-ID", "zoom.us/", "teams.microsoft.com/", ".webex.com/"} {
		if strings.Contains(line, w) {
			return true
		}
	}
	return false
}

// line looks for what speaks of a password in the first line.
func (f *Finder) line(win []line, folding *folded) {
	if !mayMention(win[0].text) {
		return
	}
	if f.reading.mentions >= mentionMax {
		f.cut = f.cut || f.reading == &f.own
		return
	}
	folding.fold(win[0].text)
	list := mentions(folding)
	for k, m := range list {
		f.reading.mentions++
		start, end := folding.offset(m.start), folding.offset(m.end)
		c := context{mention: m, line: win[0].text, next: win[1:], old: win[0].old}
		c.head, c.key, c.tail = c.line[:start], c.line[start:end], c.line[end:]
		if c.last = k+1 == len(list); !c.last {
			c.tail = c.line[end:folding.offset(list[k+1].start)]
		}
		f.mentioned(&c)
	}
}

// mentioned takes what a context says, and its candidates.
func (f *Finder) mentioned(c *context) {
	word, ok := c.said()
	if ok {
		f.candidate(word, sure, c.old)
	}
	if ok && !c.old && !f.mute {
		f.says(word, c.key)
	}
	f.around(c)
}

// context is what stands around a keyword.
type context struct {
	mention
	line, head, key, tail string
	next                  []line // lines behind it
	last                  bool   // no other keyword stands behind it on the line
	old                   bool   // in the quoted history
}

// around collects the candidates of a context, the nearest first.
func (f *Finder) around(c *context) {
	f.dated = f.dated || dateWord(c.line)
	tail := clip(c.tail, tailMax)
	n := 0
	for v, ok := nextValue(tail); ok && n < tailValues; v, ok = nextValue(v.after) {
		f.value(v, c.old)
		n++
	}
	if rest := strings.TrimLeft(tail, leading+"は：＝"); len(strings.Fields(rest)) <= fieldsMax {
		f.candidate(rest, sentenceOr(likely, rest), c.old) // with its blanks
	}
	f.before(c)
	if c.last {
		for _, l := range c.next {
			f.below(l.text, c.old)
		}
	}
}

// below takes a line behind one that speaks of a password.
func (f *Finder) below(line string, old bool) {
	line = strings.TrimLeft(line, "> \t　■●◆・*-→")
	if n := len(strings.Fields(line)); n > fieldsMax || len(line) > tailMax {
		return
	}
	if v, ok := nextValue(line); ok {
		f.value(v, old)
	}
	f.candidate(line, sentenceOr(likely, line), old)
}

// sentenceOr is the rank of a line near a keyword: Japanese there goes on with the sentence.
func sentenceOr(r rank, line string) rank {
	if strings.ContainsFunc(line, isKanjiOrKana) {
		return maybe
	}
	return r
}

const headValues = 3

// before takes the last values in front of a keyword: "use X as password".
func (f *Finder) before(c *context) {
	head := c.head
	if len(head) > headMax {
		head = head[len(head)-headMax:]
		for len(head) > 0 && !utf8.RuneStart(head[0]) {
			head = head[1:]
		}
	}
	var last []value
	for v, ok := nextValue(head); ok; v, ok = nextValue(v.after) {
		last = append(last, v)
	}
	for _, v := range last[max(0, len(last)-headValues):] {
		f.value(v, c.old)
	}
}

// value adds a value near a keyword by what it looks like.
func (f *Finder) value(v value, old bool) {
	r := maybe
	switch s := strengthOf(core(v.text)); {
	case s == unusual:
		r = sure
	case s == plain, v.quoted:
		r = likely
	}
	f.candidate(v.text, r, old)
	if strings.ContainsAny(v.text, pieces) { // file.zip:1234
		for piece := range strings.FieldsFuncSeq(v.text, func(r rune) bool { return strings.ContainsRune(pieces, r) }) {
			f.candidate(piece, likely, old)
		}
	}
}

const pieces = ":=/|,; " // part the words of a value

func (f *Finder) candidate(s string, r rank, old bool) {
	if old && r < quotedSure {
		r = quotedSure
	}
	forms(strings.TrimLeft(s, " \t　"), func(w string) { f.keep(r, w) })
}

// dateWord reports whether a line speaks of a day: 「パスワードは本日の日付」.
func dateWord(line string) bool {
	low := strings.ToLower(line)
	for _, w := range [...]string{"日付", "本日", "送信日", "今日", "年月日", "date", "today", "datum", "heutige", "8桁", "yyyymmdd", "mmdd"} {
		if strings.Contains(low, w) {
			return true
		}
	}
	return false
}

// tokens takes the words of a line as a last resort.
func (f *Finder) tokens(line string, old bool) {
	for field := range strings.FieldsSeq(line) {
		f.token(field, old)
		for v, ok := nextValue(field); ok; v, ok = nextValue(v.after) {
			if v.text != field {
				f.token(v.text, old)
			}
		}
	}
}

func (f *Finder) token(s string, old bool) {
	if _, seen := f.best[s]; seen || len(s) > sentence && strings.ContainsFunc(s[:sentence], isKanjiOrKana) {
		return
	}
	r := tokenPlain
	switch {
	case old:
		r = quotedOthers
	case strengthOf(core(s)) == unusual:
		r = tokenOdd
	}
	if len(f.words[r]) >= keptMax {
		return
	}
	forms(s, func(w string) { f.keep(r, w) })
}

const sentence = 36 // bytes: twelve Japanese characters without a blank are a sentence

// FileName takes the name of a file: "pw_1234.zip".
func (f *Finder) FileName(name string) {
	name = clip(name[strings.LastIndexAny(name, `/\`)+1:], lineMax)
	stem := name
	if dot := strings.LastIndexByte(name, '.'); dot > 0 {
		stem = name[:dot]
	}
	for _, separators := range [...]string{"_-. ()[]（）　+,=@&", "_ ()[]（）　=:："} { // a password may hold the others
		n := 0
		for piece := range strings.FieldsFuncSeq(stem, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
			if n++; n > namePieces {
				break
			}
			forms(piece, func(w string) { f.keep(named, w) })
		}
	}
	forms(stem, func(w string) { f.keep(named, w) })
}

const namePieces = 16
