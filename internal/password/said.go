package password

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// said is the password that the context names. Without one that looks like it, nothing is said: "password policy", 「パスワードは別途お送りします」. Where it may stand, in
// this order: behind the keyword ("Passwort lautet X"), before it ("use X as password", 「X がパスワードです」), on the line below.
func (c *context) said() (word string, ok bool) {
	if c.other() || c.latin && c.code() {
		return "", false
	}
	rest, link := c.qualified()
	if word, ok = c.behind(rest, link); ok {
		return word, true
	}
	if word, ok = c.inFront(); ok {
		return word, true
	}
	return c.onNextLine(rest, link)
}

// others are words on a line with a password that opens no file.
var others = [...]string{"one-time", "one time", "onetime", "ワンタイム", "otp", "einmal", "verification", "認証コード", "確認コード", "wi-fi", "wifi", "boarding", "forgot",
	"never", "most common", "do not use", "don't use", "such as", "e.g.", "例:", "例えば", "危険", "のような", "推測され"}

// other reports whether the line speaks of other passwords, or a weak word of something else.
func (c *context) other() bool {
	low := strings.ToLower(norm.NFKC.String(clip(c.line, tailMax)))
	for _, w := range others {
		if strings.Contains(low, w) {
			return true
		}
	}
	if !c.weak || !c.latin {
		return false
	}
	before := lastWord(c.head)
	return latinWord(before) && !weakBefore[strings.Trim(before, trailing)]
}

// code reports whether the keyword is part of a name in a program, a path or an address: passwd.c, --password, user:password@host, --- PASS: TestX.
func (c *context) code() bool {
	r, size := utf8.DecodeRuneInString(c.tail)
	on := size < len(c.tail) && c.tail[size] > ' ' // not the end of a sentence
	prev, _ := utf8.DecodeLastRuneInString(c.head)
	return on && strings.ContainsRune("/_.@\\&%+$#~0123456789", r) || c.head != "" && strings.ContainsRune("/_.@\\&%+$#~=?{", prev) ||
		strings.HasSuffix(strings.TrimRight(c.head, " "), "--")
}

func latinWord(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s) // RuneError is no letter
	return apart(unicode.ToLower(r))
}

// weakBefore are the words before "pass" or "PIN" that leave it a password.
var weakBefore = words("with use zip file the your archive rar 7z excel word pdf and is for open unzip decrypt re fw fwd und die der das datei le la el il")

// link is what ties a keyword to its password.
type link uint8

const (
	nothing link = iota // a blank
	verb                // is, lautet, は
	sign                // a colon, an equals sign
	below               // 以下の通り, as follows
)

// signs tie a word to a keyword.
const signs = ":：=＝→⇒|｜\t>＞…‥・"

// bound are the words of a language between a keyword and its password ("Passcode for the archive JG3r"), and how they tie them. A word that is not here ends
// the search: what follows "password reset" is no password.
var bound = map[string]link{
	"is": verb, "are": verb, "lautet": verb, "ist": verb, "est": verb, "es": verb, "è": verb, "é": verb, "e": verb, "jest": verb, "to": nothing, "er": verb, "är": verb, "on": nothing,
	"for": nothing, "the": nothing, "this": nothing, "your": nothing, "of": nothing, "open": nothing, "unzip": nothing, "extract": nothing, "decrypt": nothing, "unlock": nothing,
	"file": nothing, "files": nothing, "archive": nothing, "attachment": nothing, "attached": nothing, "document": nothing, "zip": nothing, "it": nothing, "zip-file": nothing,
	"below": below, "follows": below, "following": below, "as": nothing, "here": nothing, "für": nothing, "zum": nothing, "zur": nothing, "öffnen": nothing, "die": nothing, "der": nothing,
	"das": nothing, "den": nothing, "datei": nothing, "archiv": nothing, "anhang": nothing, "entpacken": nothing, "de": nothing, "pour": nothing, "ouvrir": nothing, "le": nothing, "du": nothing,
	"fichier": nothing, "l'archive": nothing, "per": nothing, "aprire": nothing, "il": nothing, "del": nothing, "dell'archivio": nothing, "para": nothing, "abrir": nothing,
	"el": nothing, "archivo": nothing, "o": nothing, "do": nothing, "arquivo": nothing, "voor": nothing, "het": nothing, "bestand": nothing, "do-pliku": nothing, "pliku": nothing,
	"до": nothing, "архиву": nothing, "к": nothing, "архива": nothing, "-": sign, "–": sign, "—": sign,
}

// ties are the same in Japanese, Chinese and Korean, the longest of a beginning first; below for those after which the password stands on a line of its own.
var ties = [...]struct {
	text string
	link link
}{
	{"につきましては", verb}, {"については", verb}, {"は", verb}, {"が", verb}, {"の方は", verb}, {"のほうは", verb}, {"も", verb}, {"为", verb}, {"是", verb}, {"為", verb}, {"는", verb}, {"은", verb},
	{"以下", below}, {"下記", below}, {"次", below}, {"こちら", below}, {"右記", verb}, {"如下", below}, {"아래와 같습니다", below}, {"下のもの", below},
	{"の通り", below}, {"のとおり", below}, {"のもの", below}, {"のパスワード", below}, {"をご使用ください", below}, {"をお使いください", below}, {"をご利用ください", below},
	{"をご利用下さい", below}, {"をご入力ください", below}, {"を入力してください", below}, {"をお知らせします", below}, {"をお知らせいたします", below}, {"をお送りします", below},
	{"をお送りいたします", below}, {"をご連絡します", below}, {"をご連絡いたします", below}, {"を連絡します", below}, {"のご連絡", below}, {"のお知らせ", below},
	{"です", below}, {"でございます", below}, {"となります", below}, {"になります", below}, {"となっております", below}, {"、", nothing}, {"。", nothing}, {",", nothing}, {".", nothing},
}

const tiesMax = 12 // words or phrases between a keyword and its password

// qualified passes over what stands between the keyword and its password, and says what ties them.
func (c *context) qualified() (rest string, tie link) {
	rest = clip(c.tail, tailMax)
	for range tiesMax {
		trimmed := strings.TrimLeft(rest, " 　")
		n, l := c.tie(trimmed)
		if n == 0 {
			return trimmed, tie
		}
		rest, tie = trimmed[n:], max(tie, l)
		if l == sign {
			return strings.TrimLeft(rest, signs+" 　"), tie
		}
	}
	return rest, tie
}

// tie is the length of what stands at the beginning of s and belongs to no password.
func (c *context) tie(s string) (n int, l link) {
	r, size := utf8.DecodeRuneInString(s)
	switch {
	case s == "":
		return 0, nothing
	case strings.ContainsRune(signs, r):
		return size, sign
	case r == '(', r == '（':
		return c.bracket(s)
	case strings.ContainsRune("」』】〕》\"”*＊])）", r): // the keyword stands in quotes itself
		return size, nothing
	}
	for _, t := range ties {
		if strings.HasPrefix(s, t.text) {
			return len(t.text), t.link
		}
	}
	end := strings.IndexAny(s, " \t　:：=＝")
	if end < 0 {
		end = len(s)
	}
	l, ok := bound[strings.ToLower(s[:end])]
	if !ok {
		return 0, nothing
	}
	return end, l
}

// bracket passes over a remark in brackets, not over a password in them.
func (c *context) bracket(s string) (n int, l link) {
	r, size := utf8.DecodeRuneInString(s)
	v, ok := quotedValue(s[size:], closers[r])
	if !ok || strengthOf(v.text) == unusual {
		return 0, nothing
	}
	return len(s) - len(v.after), nothing
}

// behind takes the value that follows on the line.
func (c *context) behind(rest string, tie link) (string, bool) {
	r, _ := utf8.DecodeRuneInString(rest)
	if _, quote := closers[r]; rest == "" || !typed(r) && !quote {
		return "", false
	}
	v, ok := nextValue(rest)
	if !ok || c.weak && tie == nothing && !v.quoted {
		return "", false
	}
	v = split(v)
	word := core(v.text)
	switch strengthOf(word) {
	case unusual:
		return word, ends(v.after) || told[lastWord(c.head)] || tie == sign && !counted(v.after) || tie == verb && mixed(word) && !counted(v.after)
	case plain:
		switch {
		case tie == sign && (!c.weak || strings.TrimSpace(c.head) == "") || v.quoted && tie != nothing && !c.weak:
			return word, ends(v.after) && !strings.Contains(word, " ")
		case tie == nothing && !c.weak: // a line of its own: "password abc"
			return word, v.after == "" && len(word) <= 4 && strings.Count(c.line, " ") <= 2 && !strings.ContainsAny(v.text, trailing)
		}
	}
	return "", false
}

// told are the words before a keyword behind which its password follows: "use password X to open it".
var told = words("use using with enter type")

func lastWord(s string) string {
	f := strings.Fields(strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(s), "the "), "this "))
	if len(f) == 0 {
		return ""
	}
	return f[len(f)-1]
}

// split cuts a run where the sentence goes on without a blank: 「1234(半角)」.
func split(v value) value {
	if i := strings.IndexAny(v.text, "(<["); i > 0 && !v.quoted {
		v.after, v.text = v.text[i:]+v.after, v.text[:i]
	}
	return v
}

// endings are what follows a password in a sentence that ends with it.
var endings = [...]string{"です", "でございます", "となります", "になります", "となっております", "だ。", "を", "で", "と", "に", "から", "(", "（", "）", ")", "」", "』", "】", "]", "\"", "”", "。", "、", ".", ",", ";", "!",
	"！", "/", "／", "※", "<", "입니다", "|", "\t"}

// ends reports whether nothing that belongs to the value follows it.
func ends(after string) bool {
	trimmed := strings.TrimLeft(after, " 　")
	if trimmed == "" {
		return true
	}
	for _, e := range endings {
		if strings.HasPrefix(trimmed, e) {
			return true
		}
	}
	return false
}

// counted reports whether a number counts something: 8文字, 90 days.
func counted(after string) bool {
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(after, " 　"))
	return isKanjiOrKana(r) && !ends(after)
}

// mixed reports whether letters and digits stand together.
func mixed(s string) bool {
	return strings.ContainsFunc(s, unicode.IsDigit) && strings.ContainsFunc(s, unicode.IsLetter)
}

// joins stand between a password and the keyword behind it, folded and without blanks.
var joins = words("as asthe asa is isthe isyour isthepasswordasthe als istdas als das come como comme jako som が をが を は isthezip isthefile isthearchive を解凍 が解凍 が開封 を開封 をzip がzip が、解凍 と入力")

// inFront takes the value before the keyword: "use X as password", 「X がパスワードです」.
func (c *context) inFront() (string, bool) {
	head := c.head
	if len(head) > headMax {
		return "", false
	}
	var last value
	for v, ok := nextValue(head); ok; v, ok = nextValue(v.after) {
		if s := strengthOf(core(v.text)); s == unusual || v.quoted && s == plain {
			last = v
		}
	}
	if last.text == "" || c.weak && !last.quoted && !mixed(last.text) {
		return "", false
	}
	between := strings.Join(strings.Fields(strings.ToLower(last.after)), "")
	if !joins[strings.Trim(between, "\"'」』")] {
		return "", false
	}
	return core(last.text), true
}

// later are words of lines that announce a password in another message.
var later = [...]string{"別途", "別メール", "別便", "後ほど", "のちほど", "後送", "追って", "続けて", "続いて", "次のメール", "2通目", "別の", "separate", "another", "next mail", "next e", "gesondert", "getrennt", "séparé",
	"変更", "再設定", "リセット", "忘れ", "reset", "expire", "不要"}

// onNextLine takes a line of its own below one that ends with the keyword or says that the password follows.
func (c *context) onNextLine(rest string, tie link) (string, bool) {
	if !c.last || len(c.next) == 0 || strings.Trim(rest, " 　。.、,:：」』】)）]*_-=") != "" {
		return "", false
	}
	low := strings.ToLower(c.line)
	for _, w := range later {
		if strings.Contains(low, w) {
			return "", false
		}
	}
	line := strings.Trim(c.next[0].text, "> \t　■●◆・*→")
	v, ok := nextValue(line)
	if !ok || strings.Trim(v.after, " 　。.、,") != "" || !strings.HasPrefix(strings.TrimLeft(strings.TrimSuffix(line, v.after), "「『【\"'“[(<（＜ 　"), v.text[:min(1, len(v.text))]) {
		return "", false
	}
	switch strengthOf(core(v.text)) {
	case unusual:
		return core(v.text), !c.weak || tie != nothing
	case plain:
		return core(v.text), (tie == below || tie == sign) && !c.next[0].gap && !c.weak && !strings.Contains(v.text, " ")
	}
	return "", false
}
