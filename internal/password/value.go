package password

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// value is a piece of text that may be a password, and what stands behind it.
type value struct {
	text   string
	quoted bool
	after  string
}

// closers of the brackets and quotes that people put around a password.
var closers = map[rune]rune{
	'「': '」', '『': '』', '【': '】', '〔': '〕', '〈': '〉', '《': '》', '“': '”', '„': '“', '‘': '’', '«': '»', '(': ')', '（': '）', '[': ']', '［': '］', '<': '>', '＜': '＞',
	'"': '"', '\'': '\'', '`': '`', '＂': '＂', '*': '*', '｢': '｣', '{': '}',
}

// typed reports whether people type r in passwords without quotes around them: not kana or ideographs, nor the punctuation between them.
func typed(r rune) bool {
	switch {
	case r <= ' ' || r == 0x7F || unicode.IsSpace(r):
		return false
	case r < 0x80:
		return true
	case strings.ContainsRune("（）［］｛｝：＝，．；＜＞｜＂。、「」…“”„‘’«»→⇒－―", r):
		return false
	case 0xFF01 <= r && r <= 0xFF5E, 0xA1 <= r && r <= 0xFF: // full-width ASCII, Latin-1
		return true
	}
	return r < 0x0E00 && unicode.IsLetter(r)
}

// nextValue takes the first value of s: what stands in quotes, or a run of typed characters.
func nextValue(s string) (v value, ok bool) {
	for i, r := range s {
		if c, is := closers[r]; is {
			if v, ok := quotedValue(s[i+utf8.RuneLen(r):], c); ok {
				return v, true
			}
		}
		if typed(r) && !strings.ContainsRune(`:=|>`, r) {
			end := runEnd(s, i)
			return value{text: s[i:end], after: s[end:]}, true
		}
	}
	return v, false
}

func runEnd(s string, from int) int {
	for i, r := range s[from:] {
		if !typed(r) {
			return from + i
		}
	}
	return len(s)
}

const quotedMax = 4 * wordMax // bytes looked for the closing quote

func quotedValue(s string, closer rune) (v value, ok bool) {
	end := strings.IndexRune(s[:min(len(s), quotedMax)], closer)
	if end < 0 {
		return v, false
	}
	v = value{text: strings.TrimSpace(s[:end]), quoted: true, after: s[end+utf8.RuneLen(closer):]}
	return v, v.text != ""
}

const (
	leading  = ":=|>-→/_~ \t　"
	trailing = ".,;:!?)]}>\"'`*|。、，．）」("
)

// core leaves out the punctuation around a word that belongs to the sentence.
func core(s string) string {
	c := strings.Trim(strings.TrimRight(s, trailing), "\"'`*")
	if c = strings.TrimLeft(c, "([{<"); c == "" {
		return s
	}
	return c
}

// forms are the ways in which a reader may type what stands there: without the punctuation, as it stands, and both in half width.
func forms(s string, f func(string)) {
	s = strings.TrimSpace(s)
	for _, w := range [...]string{core(s), s} {
		if n := utf8.RuneCountInString(w); n < wordMin || n > wordMax {
			continue
		}
		if !norm.NFKC.IsNormalString(w) {
			f(norm.NFKC.String(w))
		}
		f(w)
	}
}

// strength says how much a word looks like a password.
type strength uint8

const (
	noWord  strength = iota // an address, a file's name, a date, a filler of the language
	plain                   // letters as in any word
	unusual                 // digits, symbols, or letters as no word has them
)

// fillers are words that stand where a password could and are none.
var fillers = words(`is the a an to for of in on at and or not no be will was has have it its this that these your our my you we they below above following follows
	as with by from separately separate another next previous mail email e-mail message sms phone call reset policy policies protected protection protect manager change changed
	changes expired expires expiry expiration recovery help hint rules rule generator security secure update updates required requirement requirements attached attachment sent
	send same forgotten forgot please see here none n/a na tbd later soon unchanged yes must should can may cannot could would do does don't never always if when where how why
	what which all any only required: new old current confirmation confirm field fields box list notice note notes file files archive document documents zip link click login
	username user name account service settings tips best length strength character characters digits letters open open: opening available provided given known information info
	correct wrong incorrect invalid valid entered enter use using used need needed needs via under upon after before within during since until also again only safe own
	ist das die der den dem und oder nicht wird folgt separat getrennt gesondert im in per mail sie ihr ihre ihnen kommt lautet bitte siehe unten oben wurde werden kann
	le la les de du des et ou est sera par pour un une il elle vous votre suit séparément ci-dessous
	il lo gli i e o è per un una sarà del della vostra seguente sotto el los las y es en con por su será separado aparte siguiente abajo
	o os as é em no na um uma por sua seu senhas abaixo het een en is wordt volgt apart hieronder
	fax tel mobile url http https www re fw fwd subject from: date regards thanks thank hello dear hi`)

// strengthOf judges a word by its characters.
func strengthOf(s string) strength {
	n := utf8.RuneCountInString(s)
	if n < wordMin || n > wordMax || fillers[strings.ToLower(core(s))] || address(s) || strings.HasPrefix(s, "--") {
		return noWord
	}
	var c counts
	for _, r := range norm.NFKC.String(s) {
		c.count(r)
	}
	switch {
	case c.letters+c.digits == 0, c.other > 0, dateOrTime(s, c), masked(s):
		return noWord
	case c.digits > 0 && c.letters > 0 && n >= 3, c.letters == 0 && c.digits >= 3, c.inner >= 1, c.symbols > 0 && n >= 5:
		return unusual
	case c.letters < n:
		return noWord
	}
	return plain
}

// counts are the characters of a word by class.
type counts struct {
	letters, digits, symbols, other int
	inner                           int // capitals behind a small letter, or small ones behind two capitals
	upper                           int // capitals right before
	low                             bool
	dashes, colons, slashes, dots   int
}

func (c *counts) count(r rune) {
	switch {
	case unicode.IsSpace(r):
		c.low = false
	case unicode.IsDigit(r):
		c.digits++
	case isKanjiOrKana(r):
		c.other++
	case unicode.IsUpper(r):
		if c.letters++; c.low {
			c.inner++
		}
		c.upper, c.low = c.upper+1, false
		return
	case unicode.IsLetter(r):
		if c.letters++; c.upper > 1 {
			c.inner++
		}
		c.low = true
	default:
		c.symbol(r)
	}
	c.upper = 0
}

func (c *counts) symbol(r rune) {
	switch r {
	case '-':
		c.dashes++
	case ':':
		c.colons++
	case '/':
		c.slashes++
	case '.':
		c.dots++
	default:
		c.symbols++
	}
	c.low = false
}

// dateOrTime reports whether s is digits as in dates, times, telephone numbers or amounts.
func dateOrTime(s string, c counts) bool {
	return c.letters == 0 && c.digits > 0 && (c.dashes+c.colons+c.slashes+c.dots > 0 || strings.ContainsAny(s, ",%¥$€#"))
}

// address reports whether s is a mail address, a URL or the name of a file.
func address(s string) bool {
	low := strings.ToLower(core(s))
	if strings.Contains(low, "://") || strings.HasPrefix(low, "www.") || strings.HasPrefix(low, "mailto:") {
		return true
	}
	if at := strings.LastIndexByte(low, '@'); at > 0 && strings.IndexByte(low[at:], '.') > 1 && !strings.ContainsAny(low, "!#$%^&*") {
		return true
	}
	switch dot := strings.LastIndexByte(low, '.'); {
	case dot <= 0:
		return false
	case extensions[low[dot+1:]]:
		return true
	}
	return false
}

// extensions are those of files that mails speak of.
var extensions = words("zip 7z rar lzh cab tar gz iso img exe doc docx docm xls xlsx xlsm xlsb ppt pptx pdf txt csv jpg png html htm com net org jp de")

// masked reports whether s stands for a password that is not shown.
func masked(s string) bool {
	return strings.Trim(s, "*xX●・•._-?＊") == ""
}
