package sender

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// isCJK reports whether a letter belongs to the scripts that write names without blanks.
func isCJK(r rune) bool {
	return r >= 0x1100 && (isHan(r) || isKana(r) || unicode.Is(unicode.Hangul, r))
}

// isHan takes in the signs that stand for a Han sign or between two: 々, 〆, and ノ ツ ヶ ケ as in 一ノ瀬 and 三ケ尻.
func isHan(r rune) bool { return r == '々' || r == '〆' || r == 'ヶ' || unicode.Is(unicode.Han, r) }

func isKana(r rune) bool { return r >= 0x3041 && r <= 0x30FF }

// cjkName folds a word of a name: variant characters (髙橋, 高橋) and katakana as hiragana. "" when it is a title, and company when it is no word of a person.
func cjkName(word string) (name string, company bool) {
	for range 3 { // 営業部長様: three are as many as people write
		word = word[:len(word)-titleAt(word)]
	}
	for i, r := range word {
		for _, w := range cjkOthers[r] {
			if strings.HasPrefix(word[i:], w) {
				return "", true
			}
		}
	}
	return word, false
}

// titleAt is the length of the title that a word ends with, 0 without one.
func titleAt(word string) int {
	last, _ := utf8.DecodeLastRuneInString(word)
	for _, t := range cjkTitles[last] {
		if strings.HasSuffix(word, t) && !(t == "君" && utf8.RuneCountInString(word) < 4) { // 王昭君 is a name
			return len(t)
		}
	}
	return 0
}

// cjkKeys are the keys of a group of words: a name without blanks, a name in two words in either order, or one that is spaced out.
func cjkKeys(group []string) []string {
	switch len(group) {
	case 0:
		return nil
	case 1:
		if fullName(group[0]) {
			return []string{foldCJK(group[0])}
		}
		return nil
	case 2:
		list := pair(group[0], group[1])
		if len(list) > 0 {
			list = append(list, pair(group[1], group[0])...)
		}
		return append(list, longNames(group)...)
	}
	if total := strings.Join(group, ""); spacedOut(group) {
		return cjkKeys([]string{total})
	}
	var list []string
	for i := 1; i < len(group); i++ {
		list = append(list, pair(group[i-1], group[i])...)
	}
	return append(list, longNames(group)...)
}

// pair is the key of family and given name. Either has one sign at least; more than four Han signs has none.
func pair(family, given string) []string {
	if last, _ := utf8.DecodeLastRuneInString(given); utf8.RuneCountInString(given) >= 3 && last != '部' && strings.ContainsRune(cjkEnds, last) {
		return nil // 小松 塗装店
	}
	if !nameWord(family, 4) || !nameWord(given, 3) {
		return nil
	}
	return []string{foldCJK(family + given)}
}

// longNames are the words of a group that are a whole name each, beside a company's: "トヨタ 山田太郎".
func longNames(group []string) []string {
	var list []string
	for _, w := range group {
		if utf8.RuneCountInString(w) >= 4 && fullName(w) {
			list = append(list, foldCJK(w))
		}
	}
	return list
}

// spacedOut reports whether a name is written with blanks between its signs: "山 田 太 郎".
func spacedOut(group []string) bool {
	for _, w := range group {
		if utf8.RuneCountInString(w) > 1 {
			return false
		}
	}
	return len(group) <= 6
}

// nameWord reports whether a word can be a family or given name: at most max Han signs, or kana as long as names are.
func nameWord(w string, max int) bool {
	han, kana := 0, 0
	for _, r := range w {
		if isKana(r) && r != 'ヶ' {
			kana++
		} else {
			han++
		}
	}
	return han <= max && han+kana <= maxWord && !strings.Contains(w, "の")
}

// maxWord is the longest family or given name: Japanese ones in kana have up to eight signs, foreign ones some more.
const maxWord = 10

// fullName reports whether a word without blanks can be a whole name: one to six Han signs, then perhaps kana (鈴木さくら), three signs at least; or
// three to four syllables of Hangul.
func fullName(w string) bool {
	n := utf8.RuneCountInString(w)
	if n < 3 || n > 8 {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(w)
	if strings.ContainsRune(cjkEnds, last) {
		return false
	}
	han, kana, hangul := 0, 0, 0
	for i, r := range w {
		switch {
		case unicode.Is(unicode.Hangul, r):
			hangul++
		case isHan(r) || strings.ContainsRune("ノツケ", r) && kana == 0 && i > 0:
			if kana > 0 {
				return false
			}
			han++
		case isKana(r):
			kana++
		default:
			return false
		}
	}
	if hangul > 0 {
		return hangul == n && n <= 4
	}
	return han >= 1 && han <= 6 && !strings.Contains(w, "の")
}

// foldCJK folds what people and programs write for one another: variant characters in names, katakana and hiragana.
func foldCJK(w string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'ァ' && r <= 'ヶ' {
			return r - 'ァ' + 'ぁ'
		}
		if f, ok := variants[r]; ok {
			return f
		}
		return r
	}, w)
}

// variants are forms of one character that are written for each other in names: what a mail program's or office's character set could not show.
var variants = pairs(`
	髙高 﨑崎 嵜崎 碕崎 邊辺 邉辺 澤沢 齋斎 齊斉 濵浜 濱浜 廣広 眞真 國国 櫻桜 惠恵 德徳 冨富 嶋島 嶌島 條条 龍竜 瀧滝 藪薮 檜桧 淵渕 曾曽 會会 當当 實実 壽寿
	榮栄 榎榎 圓円 塩塩 鹽塩 奧奥 應応 櫛櫛 龜亀 舘館 顏顔 學学 嶽岳 莊荘 櫟櫟 藏蔵 靜静 釋釈 將将 晉晋 愼慎 槇槙 齒歯 聲声 攝摂 淺浅 戰戦 藝芸 雙双 增増 祿禄 禮礼 萬万 彌弥
	與与 譽誉 來来 賴頼 亞亜 爲為 鐵鉄 傳伝 燈灯 德徳 發発 濟済 豐豊 邦邦 步歩 每毎 黑黒 橫横 祐祐 緖緒 郞郎 朗朗 隆隆 瀨瀬 都都 辻辻 桒桑 髙高 栁柳 𠮷吉 𣘺橋 靍鶴 靏鶴 槗橋 舩船 辯弁 佛仏`)

func pairs(list string) map[rune]rune {
	m := map[rune]rune{}
	for _, w := range strings.Fields(list) {
		from, size := utf8.DecodeRuneInString(w)
		to, _ := utf8.DecodeRuneInString(w[size:])
		if from != to {
			m[from] = to
		}
	}
	return m
}
