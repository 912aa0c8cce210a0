package sender

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"sekisho/internal/address"
)

// TestOnePersonWhateverIsWritten: each line is one person in several writings.
func TestOnePersonWhateverIsWritten(t *testing.T) {
	for _, same := range [][]string{
		{"山田 太郎", "山田太郎", "山田　太郎", "山 田 太 郎", "太郎 山田", "山田太郎 様", "山田太郎さん", "山田太郎部長", "営業部 課長 山田 太郎", "（株）南北商事 山田太郎",
			"㈱南北 山田　太郎", "株式会社南北 山田太郎", "山田太郎（株式会社南北）", "山田太郎＠営業部", "山田太郎/南北商事", "【南北】山田太郎", "山田太郎 (FileShare)", "山\u200b田太郎",
			"南北商事株式会社 営業部長 山田太郎", "'山田太郎' 経由 Docs", "山田太郎（Taro Yamada）", "株式会社 南北 山田太郎"},
		{"Taro Yamada", "YAMADA Taro", "Yamada, Taro", "taro yamada", "Ｔａｒｏ　Ｙａｍａｄａ", "Mr. Taro Yamada", "Taro Yamada, Ph.D.", "Taro YAMADA (Example Corp.)",
			"Example Corp. Taro Yamada", "Taro Yamada | Example Inc.", "Taro Yamada - Example", "Yamada-san, Taro", "Taro Yamada-San", "Sales Dept. Taro Yamada", "Taro Yamada via Docs", "Taro Yamadа",
			"Tarō Yamada", "taro.yamada", "taro_yamada", "⭐Taro Yamada⭐", "Taro Yamada, Director", "Taro Yamada san", "Taro Q. Yamada", "Taro Yamada 様", "Taro Yamada様", "Taro Yamada, Example Trading Ltd.", "Taro Yamada (山田太郎)", "Taro Yamada Example Corp."},
		{"Jürgen Müller", "Juergen Mueller", "Jurgen Muller", "Müller, Jürgen", "Herr Dipl.-Ing. Jürgen Müller", "Prof. Dr. rer. nat. Jürgen Müller"},
		{"Jean-Pierre Dupont", "Jean Pierre Dupont", "DUPONT Jean-Pierre", "Dupont, Jean-Pierre", "M. Jean-Pierre Dupont"},
		{"髙橋 一郎", "高橋一郎", "⭐髙橋 一郎⭐", "高橋・一郎", "高橋_一郎"},
		{"田中学", "田中 学", "田中学 先生"},
		{"王昭君", "王 昭君"},
		{"長谷部 誠", "長谷部誠", "長谷部 誠 様"},
		{"阿部 寛", "営業部 阿部 寛", "阿部寛（営業部）"},
		{"Chan Taiman", "Taiman Chan", "CHAN, Taiman"},
		{"Pan Jianwei", "Jianwei Pan", "Dr. Jianwei Pan"},
		{"Do Van Minh", "Minh Do Van"},
		{"やまだ はなこ", "ヤマダ ハナコ", "ﾔﾏﾀﾞ ﾊﾅｺ"},
		{"Иван Петров", "Петров Иван", "ПЕТРОВ, Иван"},
		{"김철수", "김 철수", "김철수 부장님"},
		{"王小明", "王 小明", "王小明 经理"},
		{"Sean O'Brien", "Sean O’Brien", "OBRIEN Sean"},
		{"Ludwig van Beethoven", "Beethoven, Ludwig van", "Ludwig Beethoven"},
	} {
		first := ParseName(same[0])
		for _, s := range same[1:] {
			if n := ParseName(s); !n.Same(first) {
				t.Errorf("%q %q is not %q %q", s, n.Keys, same[0], first.Keys)
			}
		}
	}
}

// TestNobody: posts, companies, family names alone and sentences are no people.
func TestNobody(t *testing.T) {
	for _, s := range []string{
		"", " ", "info", "Support", "Support Team", "Sales Dept.", "No Reply", "no-reply", "MAILER-DAEMON", "Mail Delivery System", "Administrator", "postmaster", "Webmaster Team",
		"山田", "山田様", "営業部", "総務部", "経理", "株式会社南北", "㈱南北", "南北商事株式会社", "受付係", "お客様センター", "東京電力", "写真の宮", "今月のおすすめ工具", "日本郵便",
		"ヨドバシカメラ", "自動送信", "請求書", "重要なお知らせ", "Yamada", "Taro", "T. Yamada", "Amazon Web Services", "Google Calendar", "Microsoft Account", "Example Inc.", "Example Corp",
		"Muster GmbH", "Example Trading Company", "Bank of Example", "7-Eleven", "12345", "Buchhaltung", "a b c d e f g h i j k l m n o p", "Taro 様",
		"the quick brown fox jumps over the lazy dog", "営業部 山田", "株式会社南北 山田", "小松 塗装店", "編集者一同会", "利用者", "Do not reply", "No Reply", "Herr Müller", "みなと会計事務所", "Google Drive", "'山田'",
	} {
		if n := ParseName(s); len(n.Keys) > 0 {
			t.Errorf("%q is %q", s, n.Keys)
		}
	}
}

// TestDifferentPeople: no two of these are one.
func TestDifferentPeople(t *testing.T) {
	people := []string{"山田 太郎", "山田 次郎", "鈴木 太郎", "Taro Yamada", "Jiro Yamada", "Taro Suzuki", "営業部 田中 太郎", "John Smith (Example)", "Jane Smith (Example)", "Example Corp. Ann Lee",
		"Maria Jose Garcia", "Maria Jose Lopez", "Taro Tanaka / Example Foods Inc."}
	for i, a := range people {
		for _, b := range people[:i] {
			if x, y := ParseName(a), ParseName(b); x.Same(y) {
				t.Errorf("%q is %q: %q %q", a, b, x.Keys, y.Keys)
			}
		}
	}
}

func TestAddressesInNames(t *testing.T) {
	for name, want := range map[string][]string{
		"taro@partner.example":                      {"taro@partner.example"},
		"Taro Yamada taro@partner.co.jp":            {"taro@partner.co.jp"},
		"Taro Yamada <Taro+x@Partner.co.jp>":        {"taro@partner.co.jp"},
		"taro＠partner．co．jp":                        {"taro@partner.co.jp"},
		"taro @ partner . co . jp":                  {"taro@partner.co.jp"},
		"taro@partner. co.jp":                       {"taro@partner.co.jp"},
		"t a r o @ p a r t n e r . c o . j p":       {"taro@partner.co.jp"},
		"taro[at]partner[dot]com":                   {"taro@partner.com"},
		"taro (at) partner.com":                     {"taro@partner.com"},
		"山田（taro@partner.example）":                  {"taro@partner.example"},
		"山田taro@partner.example様":                   {"taro@partner.example"},
		"ta\u200bro@partner.example":                {"taro@partner.example"},
		"a@b.example, c@d.example":                  {"a@b.example", "c@d.example"},
		"'taro@partner.example' via list":           {"taro@partner.example"},
		"a@b.jp a@b.jp c@b.jp d@b.jp e@b.jp f@b.jp": {"a@b.jp", "c@b.jp", "d@b.jp", "e@b.jp"},
		"Bugzilla@Mozilla":                          nil,
		"foo.fo- private":                           nil,
		"山田太郎＠営業部":                                  nil,
		"山田太郎＠営業部.大阪":                               nil,
		"Taro at partner.com":                       nil,
		"Taro@Partner. Tokyo":                       nil,
		"Meet @ 10.30":                              nil,
		"@taro":                                     nil,
		"v1.2@3":                                    nil,
		"@":                                         nil,
	} {
		if got := ParseName(name).Addresses; !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestVia(t *testing.T) {
	for name, want := range map[string]bool{
		"Helen Moss via genba": true, "山田太郎 経由": true, "山田太郎 (Google 経由)": true, "山田太郎 (Google Docs)": true, "坂本 徹 (FileShare)": true, "山田さんが共有": true,
		"Docs on behalf of Taro Yamada": true, "Taro Yamada (via Example)": true, "Taro Yamada - Google Drive": true, "Taro Yamada shared a file": true,
		"Taro Yamada": false, "Via Roma": false, "Octavia Moss": false, "山田太郎 (南北商事)": false, "Google Docs": false,
	} {
		if got := ParseName(name).Via; got != want {
			t.Errorf("%q: %t", name, got)
		}
	}
}

// TestWhatStandsBesideAPerson: a service that names itself in the name and writes from its own domain hides nothing.
func TestWhatStandsBesideAPerson(t *testing.T) {
	for _, c := range []struct {
		name, domain string
		want         bool
	}{
		{"坂本 徹 (FileShare)", "mail.fileshare.example", true},
		{"Helen Moss via genba", "ml.genba.example", true},
		{"Helen Moss via Shop Floor", "lists.shop-floor.example", true},
		{"山田太郎（南北商事）", "南北商事.jp", true},
		{"Taro Yamada | Example", "example.co.jp", true},
		{"山田太郎 (Docs 経由)", "docs.example", true},
		{"坂本 徹 (FileShare Docs)", "fileshare.example", true},
		{"坂本 徹 (FileShare)", "evil.example", false},
		{"坂本 徹 (FileShare)", "are.example", false},
		{"Evil", "evil.example", false},
		{"Taro Yamada (gmail)", "gmail.com", false},
		{"Taro Yamada", "", false},
		{"佐藤 太郎 (Jira)", "acme.atlassian.net", true},
		{"森 花子 (Cybozu Office)", "cybozu.com", true},
		{"佐藤 太郎 (Teams)", "email.teams.microsoft.com", true},
		{"佐藤 太郎 (Jira)", "evil.example", false},
		{"佐藤 太郎 (Jira)", "cybozu.com", false},
	} {
		if n := ParseName(c.name); n.Names(c.domain) != c.want {
			t.Errorf("%q from %s: %q", c.name, c.domain, n.Beside)
		}
	}
}

func FuzzParseName(f *testing.F) {
	for _, s := range []string{"山田 太郎 (Example)", "Yamada, Taro", "株式会社 南北 営業部 課長 山田 太郎様", "t a r o @ p . c o . j p", "Prof. Dr. Müller, Ph.D.", "a via b", "((((", "S.p.A. Taro Yamada", "김 철수 부장님"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		n := ParseName(a)
		if len(n.Keys) > maxKeys || len(n.Addresses) > maxInName || len(n.Beside) > maxSegments {
			t.Fatalf("%q: %+v", a, n)
		}
		for _, k := range n.Keys {
			if utf8.RuneCountInString(k) < 2 || !utf8.ValidString(k) || strings.TrimSpace(k) != k {
				t.Errorf("%q: key %q", a, k)
			}
		}
		for _, addr := range n.Addresses {
			if address.Fold(addr) != addr || !strings.Contains(address.Domain(addr), ".") {
				t.Errorf("%q: address %q", a, addr)
			}
		}
		if m := ParseName(b); m.Same(n) != n.Same(m) {
			t.Errorf("%q and %q: the same one way only", a, b)
		}
	})
}
