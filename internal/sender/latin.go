package sender

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// token is a word of a name in an alphabet.
type token struct {
	word   string // folded
	wide   string // with ä ö ü ø å spelled ae oe ue oe aa; "" when it is the same
	upper  bool   // in capitals, as many write the family name
	dotted bool   // an abbreviation
	comma  bool   // a comma stands behind it
}

// tokens takes a segment's words apart by script: groups of Chinese, Japanese and Korean words, companies between them, and words in alphabets.
func (s segment) tokens() (cjk [][]string, latin []token) {
	var t tokens
	for i := 0; i < len(s.text); {
		r, size := utf8.DecodeRuneInString(s.text[i:])
		if !isLetter(r) {
			if i += size; (r == ',' || r == '、') && len(t.latin) > 0 {
				t.latin[len(t.latin)-1].comma = true
			}
			continue
		}
		word := s.text[i : i+wordLen(s.text[i:])]
		hyphen := i > 0 && s.text[i-1] == '-'
		i += len(word)
		if len(t.latin) >= maxTokens || len(t.group) >= maxTokens {
			return t.cjk, nil
		}
		switch {
		case hyphen && honorifics[strings.ToLower(word)]: // Yamada-san
		case strings.IndexFunc(word, isCJK) >= 0:
			t.sign(word)
		default:
			t.latin = append(t.latin, newToken(word, i < len(s.text) && s.text[i] == '.'))
		}
	}
	return append(t.cjk, t.group), t.latin
}

// tokens collects the words of a segment.
type tokens struct {
	cjk     [][]string
	group   []string
	latin   []token
	company bool // the next word belongs to a company's form that stands alone at the beginning
}

// sign adds a word with Chinese, Japanese or Korean signs in it.
func (t *tokens) sign(word string) {
	name, other := cjkName(word)
	switch signs := strings.IndexFunc(name, isCJK) >= 0; {
	case other:
	case name == "": // a title
		return
	case !signs: // Yamada様
		t.latin = append(t.latin, newToken(name, false))
		return
	case strings.IndexFunc(name, func(r rune) bool { return isLetter(r) && !isCJK(r) }) >= 0:
		other = true // ABC商事
	}
	if other || t.company {
		t.cjk, t.group = append(t.cjk, t.group), nil
		t.company = other && companyForms[word] && len(t.cjk) == 1 && len(t.cjk[0]) == 0
		return
	}
	t.group = append(t.group, name)
}

// maxTokens bounds the words of a segment that is still a name.
const maxTokens = 10

func isLetter(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || r == 'ー'
}

// wordLen is the length of the word that s begins with. An apostrophe, and dots between single letters, are within a word.
func wordLen(s string) int {
	letters := 0
	for i, r := range s {
		switch {
		case isLetter(r):
			letters++
		case (r == '\'' || r == '’') && i+len(string(r)) < len(s):
		case r == '.' && letters == 1 && initials(s[i:]):
			letters = 0
		default:
			return i
		}
	}
	return len(s)
}

// initials reports whether a dot is followed by one letter and then by another dot, or nothing: K.K., S.p.A.
func initials(s string) bool {
	r, size := utf8.DecodeRuneInString(s[1:])
	if !unicode.IsLetter(r) {
		return false
	}
	rest := s[1+size:]
	if rest == "" {
		return true
	}
	next, _ := utf8.DecodeRuneInString(rest)
	return !isLetter(next)
}

func newToken(word string, dotted bool) token {
	t := token{dotted: dotted || strings.Contains(word, "."), upper: utf8.RuneCountInString(word) > 1 && word == strings.ToUpper(word)}
	if word = strings.ToLower(word); strings.ContainsAny(word, ".'’") {
		word = inWords.Replace(word)
	}
	if t.word = foldAccents(word); isASCII(word) {
		return t
	}
	if wide := umlauts.Replace(word); wide != word {
		t.wide = foldAccents(wide)
	}
	return t
}

// inWords are signs within a word that are written or not.
var inWords = strings.NewReplacer(".", "", "'", "", "’", "")

// umlauts are the spellings of a keyboard that has no such letters.
var umlauts = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ø", "oe", "å", "aa")

// foldAccents takes accents off letters in Latin, Greek and Cyrillic, and writes letters of other alphabets in a Latin word as the ones they look like.
func foldAccents(word string) string {
	ascii, other := true, false
	for _, r := range word {
		ascii = ascii && r < utf8.RuneSelf
	}
	if ascii {
		return word
	}
	var b strings.Builder
	for _, r := range norm.NFD.String(word) {
		switch {
		case r >= 0x300 && r <= 0x36F:
		case folds[r] != "":
			b.WriteString(folds[r])
		default:
			b.WriteRune(r)
			other = other || r >= 0x370
		}
	}
	folded := b.String()
	if other && strings.IndexFunc(folded, func(r rune) bool { return r >= 'a' && r <= 'z' }) >= 0 {
		return lookLatin(folded)
	}
	return folded
}

// folds are letters that do not decompose.
var folds = map[rune]string{
	'ß': "ss", 'ø': "o", 'æ': "ae", 'œ': "oe", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ı': "i", 'ħ': "h", 'ŋ': "ng",
}

// latinKeys are the keys of words in an alphabet: all words, sorted; and first and last, where there are more than two.
func latinKeys(list []token) []string {
	parts := commaParts(list)
	if len(parts) == 0 {
		return nil
	}
	first := parts[0]
	var keys []string
	if len(parts) > 1 && len(first) <= 2 && len(parts[1]) <= 3 { // "Yamada, Taro"
		inverted := append(slices.Clone(parts[1]), first...)
		if len(first) == 1 {
			return nameKeys(inverted)
		}
		keys = sorted(inverted)
	}
	return append(nameKeys(first), keys...)
}

// commaParts are the words between commas that can be of a person: companies, posts and titles are off.
func commaParts(list []token) [][]token {
	var parts [][]token
	for start, i := 0, 0; i < len(list); i++ {
		if !list[i].comma && i < len(list)-1 {
			continue
		}
		if part := personal(list[start : i+1]); len(part) > 0 {
			parts = append(parts, part)
		}
		start = i + 1
	}
	return parts
}

// personal leaves the words that are a person's.
func personal(list []token) []token {
	list = offCompany(list)
	lead := 0
	for lead < len(list) && roles[list[lead].word] {
		lead++
	}
	list = list[lead:]
	words := make([]token, 0, len(list))
	for _, t := range list {
		if roles[t.word] && !titles[t.word] || organisations[t.word] {
			return nil
		}
		if utf8.RuneCountInString(t.word) > 1 && strings.IndexFunc(t.word, unicode.IsDigit) < 0 {
			words = append(words, t)
		}
	}
	return offTitles(words)
}

// offCompany takes off a company's name before its legal form, and behind a name of two words. A company alone is nobody.
func offCompany(list []token) []token {
	for i := len(list) - 1; i >= 0; i-- {
		t := list[i]
		if !legalForms[t.word] || len(t.word) < 3 && !t.upper && !t.dotted {
			continue
		}
		if rest := list[i+1:]; len(rest) > 0 {
			return rest
		}
		list = list[:i]
		if i < 3 {
			return nil
		}
		return list[:2]
	}
	return list
}

// offTitles takes titles off while two words stay: first those that are nothing else.
func offTitles(list []token) []token {
	list = slices.DeleteFunc(list, func(t token) bool { return forms[t.word] })
	if n := len(list); n > 2 && honorifics[list[n-1].word] {
		list = list[:n-1]
	}
	for i := len(list) - 1; i >= 0 && len(list) > 2; i-- {
		if titles[list[i].word] {
			list = slices.Delete(list, i, i+1)
		}
	}
	return list
}

// nameKeys are the keys of one name.
func nameKeys(list []token) []string {
	if len(list) < 2 || len(list) > 5 { // with particles ("van der") people have five words at most
		return nil
	}
	keys := sorted(list)
	if len(list) == 2 {
		return keys
	}
	keys = append(keys, sorted([]token{list[0], list[len(list)-1]})...)
	if i := family(list); i == 0 {
		keys = append(keys, sorted([]token{list[0], list[1]})...)
	}
	return keys
}

// family is the place of the only word in capitals, -1 without one.
func family(list []token) int {
	at := -1
	for i, t := range list {
		if t.upper {
			if at >= 0 {
				return -1
			}
			at = i
		}
	}
	return at
}

// sorted is the key of words in any order; two of them where there are umlauts, spelled as Mueller and as Muller.
func sorted(list []token) []string {
	words, wide := make([]string, 0, 5), false
	for _, t := range list {
		words = append(words, t.word)
		wide = wide || t.wide != ""
	}
	slices.Sort(words)
	keys := []string{strings.Join(words, " ")}
	if wide {
		for i, t := range list {
			words[i] = t.word
			if t.wide != "" {
				words[i] = t.wide
			}
		}
		slices.Sort(words)
		keys = append(keys, strings.Join(words, " "))
	}
	return keys
}
