package sender

import (
	"slices"
	"strings"
	"testing"
)

// keysOf are the keys of names, joined for comparing.
func keysOf(name string) string { return strings.Join(ParseName(name).Keys, "|") }

// TestKeysOfNamesInAlphabets: what exactly is stored, because it stays.
func TestKeysOfNamesInAlphabets(t *testing.T) {
	for name, want := range map[string]string{
		"Taro Yamada":                       "taro yamada",
		"Mary Ann Smith":                    "ann mary smith|mary smith",
		"SMITH Mary Ann":                    "ann mary smith|ann smith|mary smith",
		"Smith, Mary Ann":                   "ann mary smith|mary smith",
		"García López, María":               "garcia lopez|garcia lopez maria",
		"Jürgen Müller":                     "jurgen muller|juergen mueller",
		"Øystein Åse":                       "ase oystein|aase oeystein",
		"Łukasz Żółć":                       "lukasz zolc",
		"Weiß, Strauß":                      "strauss weiss",
		"İbrahim Yılmaz":                    "ibrahim yilmaz",
		"J.R.R. Tolkien Reuel":              "jrr reuel tolkien|jrr reuel|jrr tolkien",
		"D’Angelo, Anna":                    "anna dangelo",
		"Ludwig van Beethoven":              "beethoven ludwig van|beethoven ludwig",
		"Александр Пушкин":                  "александр пушкин",
		"Νίκος Παπαδόπουλος":                "νικος παπαδοπουλος",
		"Σωκράτης":                          "",
		"محمد علي":                          "علي محمد",
		"Nguyễn Văn A":                      "nguyen van",
		"Example Ltd. / Taro Yamada":        "taro yamada",
		"Taro Yamada, Example Ltd., Sales":  "taro yamada",
		"Example Holdings K.K. Taro Yamada": "taro yamada",
		"Esempio S.p.A. Anna Bianchi":       "anna bianchi",
		"Esempio S.r.l.":                    "",
		"Taro Yamada Two Three Four Five":   "",
		"Yamada Taro1":                      "",
		"one two three four five six seven eight nine ten eleven twelve": "",
	} {
		if got := keysOf(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestKeysOfNamesInSigns(t *testing.T) {
	for name, want := range map[string]string{
		"山田 太郎":            "山田太郎|太郎山田",
		"山田太郎":             "山田太郎",
		"林 学":              "林学|学林",
		"林学":               "",
		"勅使河原 健":           "勅使河原健|勅使河原",
		"佐々木 希":            "佐々木希|希佐々木",
		"一ノ瀬 はるか":          "一の瀬はるか|はるか一の瀬",
		"鈴木さくら":            "鈴木さくら",
		"齋藤 邉":             "斎藤辺|辺斎藤",
		"𠮷田 太郎":            "吉田太郎|太郎吉田",
		"ジョン・スミス":          "じょんすみす|すみすじょん",
		"日立製作所 山田太郎":       "山田太郎",
		"トヨタ 山田太郎":         "山田太郎",
		"ABC商事 山田 太郎":      "山田太郎|太郎山田",
		"山田太郎 Taro Yamada": "山田太郎|taro yamada",
		"株式会社 南北 営業本部 部長代理 山田 太郎": "山田太郎|太郎山田",
		"山田商店 株式会社 山田太郎":          "山田太郎",
		"김철수":                     "김철수",
		"김 철수":                    "김철수|철수김",
		"삼성전자":                    "",
		"王小明 总经理":                 "王小明",
		"有限公司":                    "",
		"山 田 太 郎":                 "山田太郎",
		"一 二 三 四 五 六 七 八":         "一二|二三|三四|四五|五六|六七|七八",
		"山":                       "",
		"々々々":                     "々々々",
	} {
		if got := keysOf(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// TestWhatIsSeenIsWhatIsRead: signs that no one sees, or that look like others, change nothing.
func TestWhatIsSeenIsWhatIsRead(t *testing.T) {
	want := keysOf("Taro Yamada")
	for _, name := range []string{
		"Ta\u00adro Yama\u200dda", "Taro\u3000Yamada", "Taro\u00a0Yamada", "Taro\tYamada", "\ufeffTaro Yamada", "Taro \u202eYamada", "Tаrо Yаmаdа", "Τaro Yamada", "𝐓𝐚𝐫𝐨 𝐘𝐚𝐦𝐚𝐝𝐚", "Ｔaro Yamada\x00",
		"Taro\ufe0f Yamada", "T\u0430ro Yamada", "Taro\xff Yamada",
	} {
		if got := keysOf(name); got != want {
			t.Errorf("%+q: %q, want %q", name, got, want)
		}
	}
}

// TestLongNames: a name is cut, its parts are counted.
func TestLongNames(t *testing.T) {
	for name, s := range map[string]string{
		"words":    strings.Repeat("taro yamada ", 1000),
		"signs":    strings.Repeat("山田 太郎 ", 1000),
		"brackets": strings.Repeat("(山田 太郎) ", 1000),
		"depth":    strings.Repeat("(", 1000),
		"bars":     strings.Repeat("Taro Yamada|山田 太郎/", 1000),
		"at signs": strings.Repeat("a@b.jp ", 1000),
		"titles":   strings.Repeat("様", 1000),
		"commas":   strings.Repeat("Taro,", 1000),
	} {
		n := ParseName(s)
		if len(n.Keys) > maxKeys || len(n.Addresses) > maxInName || len(n.Beside) > maxSegments {
			t.Errorf("%s: %d keys, %d addresses, %d beside", name, len(n.Keys), len(n.Addresses), len(n.Beside))
		}
	}
}

// TestLooks: what stands for a Latin letter, and what does not.
func TestLooks(t *testing.T) {
	for label, want := range map[string]string{
		"apple": "apple", "аpple": "apple", "ａpple": "apple", "ápple": "apple", "αpple": "apple", "раураl": "paypal", "ｅхаｍｐlе": "example", "日本": "日本", "привет": "привет", "東京一番": "東京一番", "ａ日": "a日",
		"straße": "strasse", "øre": "ore", "a‐b": "a-b",
	} {
		if got := latinLabel(label); got != want {
			t.Errorf("%q: %q, want %q", label, got, want)
		}
	}
	for label, want := range map[string]string{
		"modern": "modem", "vvater": "water", "cloud": "doud", "g00gle": "google", "paypa1": "paypal", "paypai": "paypal", "a-b-c": "abc", "": "",
	} {
		if got := skeleton(label); got != want {
			t.Errorf("%q: %q, want %q", label, got, want)
		}
	}
	for domain, want := range map[string]string{
		"xn--wgv71a.example": "日本.example", "xn--.example": "xn--.example", "xn--\xff.example": "xn--\xff.example", "EXAMPLE.com": "example.com", "xn--" + strings.Repeat("a", 100): "xn--" + strings.Repeat("a", 100),
	} {
		if got := unicodeDomain(domain); got != want && !(strings.Contains(domain, "\xff") && got != "") {
			t.Errorf("%q: %q, want %q", domain, got, want)
		}
	}
}

// TestHomoglyphsAreLettersOfOthers: a letter of ASCII is never written as another one, and every stand-in is one.
func TestHomoglyphsAreLettersOfOthers(t *testing.T) {
	for from, to := range homoglyphs {
		if from < 0x80 || to >= 0x80 {
			t.Errorf("%q is written as %q", from, to)
		}
	}
	for from, to := range variants {
		if _, again := variants[to]; again {
			t.Errorf("%q is written as %q, which is written as another", from, to)
		}
	}
}

// TestWordListsDoNotContradict: a word that is cut off as a title would never be seen as a post.
func TestWordListsDoNotContradict(t *testing.T) {
	for w := range legalForms {
		if organisations[w] && w != "gmbh" || roles[w] {
			t.Errorf("%q is a legal form and a post or organisation", w)
		}
	}
	for _, list := range []map[string]bool{titles, forms, honorifics, roles, organisations, legalForms, services} {
		for w := range list {
			if foldAccents(strings.ToLower(w)) != w {
				t.Errorf("%q is not folded: it would never be found", w)
			}
		}
	}
	for w := range forms {
		if !titles[w] {
			t.Errorf("%q is a form of address and no title", w)
		}
	}
	for _, l := range cjkTitles {
		if !slices.IsSortedFunc(l, func(a, b string) int { return len(b) - len(a) }) {
			t.Errorf("%q: a shorter title hides a longer one", l)
		}
	}
}
