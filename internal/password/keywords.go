package password

import (
	"slices"
	"strings"
	"sync"
)

// strongWords mean a password by themselves. Those of Latin letters may end a compound (Dateipasswort), the others stand anywhere.
var strongWords = [...]string{
	// Japanese
	"パスワード", "パスコード", "パスフレーズ", "ピンコード", "解凍パス", "開封パス", "復号パス", "展開パス", "解除パス", "閲覧パス", "zipパス", "暗証番号", "暗証コード",
	"解凍キー", "開封キー", "復号キー", "復元キー", "解除キー", "展開キー", "閲覧キー", "開錠キー", "解錠キー", "暗号キー", "解凍鍵", "開封鍵", "復号鍵", "解凍コード", "開封コード",
	"復号コード", "解除コード", "解錠コード", "解凍番号", "開封番号", "解除番号", "合言葉", "合い言葉", "あいことば", "パスワ",
	// English
	"password", "passcode", "passphrase", "passwd", "pass word", "pass code", "pass phrase", "pass-word", "pincode", "pin code", "pin-code", "decryption key",
	"unlock code", "unlock key", "extraction code", "opening key", "archive key",
	// German, Dutch, the northern languages
	"passwort", "pass-wort", "kennwort", "losungswort", "entsperrcode", "geheimzahl", "wachtwoord", "paswoord", "toegangscode", "lösenord", "adgangskode", "kodeord", "passord", "salasana",
	// French, Italian, Spanish, Portuguese, Romanian
	"mot de passe", "motdepasse", "parola d'ordine", "parola chiave", "contraseña", "clave de acceso", "palabra clave", "senha", "palavra-passe", "palavra passe",
	"código de acesso", "parola",
	// Polish, Czech, Croatian, Hungarian, Turkish, Russian, Greek, Indonesian, Vietnamese
	"hasło", "haslo", "heslo", "lozinka", "jelszó", "şifre", "пароль", "κωδικός", "kata sandi", "mật khẩu",
	// Chinese, Korean, Thai
	"密码", "密碼", "口令", "提取码", "提取碼", "解压码", "비밀번호", "암호", "패스워드", "비번", "รหัสผ่าน",
}

// weakWords are short and mean other things too: they count as words of their own, and say a password only with a sign behind them.
var weakWords = [...]string{"pass", "pw", "p/w", "pwd", "psw", "pswd", "pword", "pin", "mdp", "clave", "パス", "鍵", "暗号", "access code", "zugangscode", "code d'accès", "codice di accesso"}

// keyword is a word that speaks of a password, folded.
type keyword struct {
	runes []rune
	weak  bool
	latin bool // its last letter is of a script that writes words apart
}

// keywordTable has the keywords by their first rune, the longest first. It never changes once it is built.
type keywordTable struct {
	first [1024]bool // by the low bits of a first rune: a quick no
	words map[rune][]keyword
}

var keywords = sync.OnceValue(func() *keywordTable {
	t := &keywordTable{words: map[rune][]keyword{}}
	table := t.words
	add := func(words []string, weak bool) {
		for _, w := range words {
			r := foldString(w)
			t.first[r[0]%1024] = true
			table[r[0]] = append(table[r[0]], keyword{r, weak, apart(r[len(r)-1])})
		}
	}
	add(strongWords[:], false)
	add(weakWords[:], true)
	for _, list := range table {
		slices.SortStableFunc(list, func(a, b keyword) int { return byLength(a.runes, b.runes) })
	}
	return t
})

// apart reports whether r is a letter of a script that writes blanks between words.
func apart(r rune) bool { return 'a' <= r && r <= 'z' || 0xDF <= r && r < 0x0E00 }

// mention is a keyword in a folded line.
type mention struct {
	keyword
	start, end int
}

const lineMentions = 4 // in one line; a longer list is a table of another kind

// mentions finds the keywords of a line, without overlap.
func mentions(line *folded) []mention {
	var list []mention
	table := keywords()
	for i := 0; i < len(line.runes) && len(list) < lineMentions; {
		if !table.first[line.runes[i]%1024] {
			i++
			continue
		}
		m, ok := mentionAt(table.words[line.runes[i]], line.runes, i)
		if !ok {
			i++
			continue
		}
		list = append(list, m)
		i = m.end
	}
	return list
}

func mentionAt(list []keyword, text []rune, i int) (mention, bool) {
	for _, k := range list {
		end := i + len(k.runes)
		if end > len(text) || !slices.Equal(text[i:end], k.runes) {
			continue
		}
		next, prev := rune(0), rune(0)
		if end < len(text) {
			next = text[end]
		}
		if i > 0 {
			prev = text[i-1]
		}
		switch {
		case k.latin && apart(next), k.weak && k.latin && apart(prev):
			continue // inside another word
		case k.weak && !k.latin && (isKanjiOrKana(prev) || isKanji(next)):
			continue // バイパス, 公開鍵, 暗号化
		case text[end-1] == 'ス' && next == 'ワ':
			continue // the beginning of パスワード, which is a keyword itself
		}
		return mention{k, i, end}, true
	}
	return mention{}, false
}

func isKanji(r rune) bool { return 0x3400 <= r && r <= 0x9FFF }

func isKanjiOrKana(r rune) bool { return 0x3041 <= r && r <= 0x30FF || isKanji(r) }

// set is a closed list of folded words.
type set map[string]bool

func words(list string) set {
	s := set{}
	for _, w := range strings.Fields(list) {
		s[w] = true
	}
	return s
}
