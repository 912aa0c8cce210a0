package password

import (
	"strings"
	"testing"
	"time"
)

// saidIn is the password that a text names, "" for none.
func saidIn(text string) string {
	var f Finder
	f.Text(text)
	if s := f.Said(); len(s) > 0 {
		return s[0].Word
	}
	return ""
}

func TestWhatATextSays(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		// Japanese
		{"zip パスワード= 9697", "9697"},
		{"開封用パスワード 156094\n\n阿部", "156094"},
		{"PASS は 4953 になります", "4953"},
		{"ＰＡＳＳ：ａｂｃ１２３", "ａｂｃ１２３"},
		{"ﾊﾟｽﾜｰﾄﾞ：k8fj2", "k8fj2"},
		{"パスワ－ド：k8fj2", "k8fj2"},
		{"パス\u200bワード：k8\u200bfj2", "k8fj2"},
		{"解凍パスワードは「abc 123」です。", "abc 123"},
		{"解凍パスワードは【8k2x】です。", "8k2x"},
		{"直前のメールに添付したファイルの開封キーです。\r\n3FRuvAb4\r\n対象: x.zip", "3FRuvAb4"},
		{"直前のメールに添付したファイルの開封キーです。\r\nAGEVYQzJ\r\n対象: x.zip", "AGEVYQzJ"},
		{"暗号化ファイルです。開封キーは 779959 です。", "779959"},
		{"パスワード\n  abc123", "abc123"},
		{"パスワードは以下の通りです。\n\nabc123\n", "abc123"},
		{"添付ファイルのパスワードをお知らせします。\n\n　Zx81!k\n", "Zx81!k"},
		{"パスワード：| tr5Ka", "tr5Ka"},
		{"パスワード（解凍用）：1234", "1234"},
		{"パスワードは、P@ss-w0rd! です", "P@ss-w0rd"},
		{"【解凍パスワード】 4812", "4812"},
		{"暗証番号→0712", "0712"},
		{"4471 がパスワードです", "4471"},
		{"PW:1234(半角)", "1234"},
		{"ＰＷ　→　h3Lq", "h3Lq"},
		{"＊パスワード＊ k3k3", "k3k3"},
		{"解凍用パスワード：\r\n　　w8Nfq2\r\n\r\nよろしくお願いいたします。", "w8Nfq2"},
		{"解凍パスワードは下記です。\n【 Ab12cd 】", "Ab12cd"},
		{"パスワード………kx82", "kx82"},
		{"パスワードは「0513」（本日の日付4桁）です。", "0513"},
		{"※解凍用PW　kx82", ""},
		{"ZIPファイルのPWは kx82 です。", "kx82"},
		{"パスワードにつきましては「kx82」でございます。", "kx82"},
		{"先ほどお送りした添付ファイルのパスワードをお送りします。\n\nkx82hj\n\nよろしくお願いします。", "kx82hj"},
		// English
		{"Use password 4821 to open the file", "4821"},
		{"(password kx82)", "kx82"},
		{"unzip with pw: 4821", "4821"},
		{"Password:\u00a0kx82\u00a0", "kx82"},
		{"Password\u2003is\u202fkx82", "kx82"},
		{"pass: 060982", "060982"},
		{"Use bM7Xdzbv as password", "bM7Xdzbv"},
		{"Passcode for the archive JG3r", "JG3r"},
		{"password abc", "abc"},
		{"The password is 4459.", "4459"},
		{"Password: hunter", "hunter"},
		{"Password: \"correct horse 1\"", "correct horse 1"},
		{"password to open: X9x9", "X9x9"},
		{"Here is the password:\n\nkd93Fa\n\nBest", "kd93Fa"},
		{"x81k is the password.", "x81k"},
		{"Zip password - 7731", "7731"},
		{"PIN: 7731", "7731"},
		// Others
		{"Passwort lautet 4459", "4459"},
		{"Kennwort: Sommer24", "Sommer24"},
		{"Das Dateipasswort ist Hg7.", "Hg7"},
		{"Mot de passe : a1b2c3", "a1b2c3"},
		{"Mot de passe de l'archive : kx82", "kx82"},
		{"La password per aprire il file: kx82", "kx82"},
		{"password n9xPNzZULa", "n9xPNzZULa"},
		{"La contraseña es k3k3", "k3k3"},
		{"Senha: 8812", "8812"},
		{"wachtwoord: 8812a", "8812a"},
		{"Hasło: 8812a", "8812a"},
		{"解压密码：8812a", "8812a"},
		{"비밀번호: 8812a", "8812a"},
		{"Пароль: 8812a", "8812a"},
	} {
		if got := saidIn(tc.text); got != tc.want {
			t.Errorf("%q says %q, want %q", tc.text, got, tc.want)
		}
	}
}

func TestWhatATextDoesNotSay(t *testing.T) {
	for _, text := range []string{
		"パスワードは別途お送りします。",
		"ファイルは暗号化済みです。パスワードは続けてお送りします。\n--\n遠藤 真理 / 大和鋼材株式会社",
		"解凍パスワードは後ほどお送りします。\n\nTanaka2",
		"マクロの有効化を求めるファイルが届いた場合は開かずに転送してください。暗号化 ZIP とパスワードが同じメールで届く場合も要注意です。",
		"パスワードは8文字以上で設定してください",
		"パスワードは 2026年5月末に失効します",
		"パスワードの有効期限は 2026/05/31 です",
		"パスワードを変更する場合はこちら\nhttps://example.jp/a1",
		"パスワードをお忘れの方\nA1b2c3",
		"ワンタイムパスワード：482913",
		"ミーティング ID: 812 3456\nパスコード: 8Fk2x1",
		"パスワードは英数字 10 桁です",
		"パスワード：別途連絡",
		"ファイルのパスワードは社員番号です。",
		"パスポート 1234",
		"バイパス: 1234a",
		"Reset your password",
		"Password policy 2026",
		"Your password expires in 14 days.",
		"Never send your password by mail.",
		"Password: see below",
		"Password: separately",
		"Password: at least 12 characters",
		"Password: ********",
		"Password: <your employee number>",
		"The password will be sent in another mail.\n\nHelen1",
		"Forgot your password? https://example.com/r1",
		"Password reset request #48213",
		"Your one-time password is 482913",
		"Your boarding pass: AB1234",
		"The compass 1234",
		"Password help",
		"Passwords a1b2c3",
		"The password for 2026-report.zip will follow.",
		"The password is 12 characters long",
		"Das Passwort folgt separat.\n\nHans7",
		"wir melden uns, Passwort: folgt",
		"bitte Passwort ändern",
		"> Password: a1b2c3",
		"See you\n\n-----Original Message-----\nFrom: x\nPassword: a1b2c3",
		"Password: alice@example.com",
		"Password: https://example.com/x",
		"pw 2026",
		"Shipping 1234",
		"--- PASS: TestIssue11 (0.00s)",
		"src/passwd/sha2/x1.c and lib/passwd.c",
		"mysql --password X1y2 -u root",
		"https://user:password@x1.example.com/a1",
		"$PWD X1y2",
		"id_passphrase.pub",
		"user, pass: host",
		"ID: tanaka パスワード: 初期パスワード",
		"パスワード: お客様の電話番号下4桁",
		"パスワードを3回間違えるとロックされます",
		"パスワード変更のお願い\n2026年5月",
		"パスワード管理規程 Ver2.1",
		"パスワード付きZIPファイル2件",
		"例：パスワード「123456」は危険です",
		"暗号化 ABC123",
		"The most common password is 123456",
		"Never use \"password: 123456\"",
		"User ID\nPassword\nLogin",
		"Season Pass: 2026",
		"Mot de passe oublié ? 12345",
	} {
		if got := saidIn(text); got != "" {
			t.Errorf("%q says %q", text, got)
		}
	}
}

// place is where a word stands in the list, -1 for nowhere.
func place(f *Finder, word string) int {
	for i, w := range f.Words() {
		if w.Text == word {
			return i
		}
	}
	return -1
}

func TestCandidatesOfAContextComeFirst(t *testing.T) {
	filler := strings.Repeat("Zahlung 4711 bis Ende Mai, Rechnung R2-D2 anbei. ", 40)
	for _, tc := range []struct{ text, want string }{
		{"パスワード：abc123。", "abc123"},
		{"パスワード：abc123。", "abc123。"},
		{"Password: P@ss-w0rd!", "P@ss-w0rd!"},
		{"Password: P@ss-w0rd!", "P@ss-w0rd"},
		{"Password: correct horse battery", "correct horse battery"},
		{"パスワード：ａｂｃ１２", "abc12"},
		{"パスワード：ａｂｃ１２", "ａｂｃ１２"},
		{"合言葉は「ひらけごま」", "ひらけごま"},
		{"パスワード：<abc1>", "abc1"},
		{"Password (for a.zip:1234)", "1234"},
		{"パスワードは下記のとおりです。\nA.zip\n\nk3k3", "k3k3"},
		{"Bitte mit Hannover öffnen, als Passwort", "Hannover"},
		{"The password for all files, as agreed, is still summer", "summer"},
	} {
		var f Finder
		f.Text(filler)
		f.Text(tc.text + "\n" + filler)
		if n := place(&f, tc.want); n < 0 || n > 20 {
			t.Errorf("%q: %q is word %d", tc.text, tc.want, n)
		}
	}
}

func TestEveryShortWordIsALastResort(t *testing.T) {
	var f Finder
	f.Text("Siehe Datei, Kunde: x9y9; (Ort Köln)\n> alt77")
	for _, w := range []string{"x9y9", "Köln", "Datei", "alt77"} {
		if place(&f, w) < 0 {
			t.Errorf("%q is missing: %v", w, f.Words())
		}
	}
	if a, b, c := place(&f, "x9y9"), place(&f, "Datei"), place(&f, "alt77"); a > b || b > c {
		t.Errorf("order %d, %d, %d", a, b, c)
	}
}

func TestOrderOfSources(t *testing.T) {
	var f Finder
	f.Text("the rest\nPassword: k3k3")
	f.FileName("in/pw_1234.zip")
	f.Add(List, "company")
	f.Add(Earlier, "yesterday")
	f.Add(Given, "typed")
	last := -1
	for _, w := range []string{"typed", "k3k3", "yesterday", "company", "1234", "rest"} {
		n := place(&f, w)
		if n <= last {
			t.Errorf("%q is word %d", w, n)
		}
		last = n
	}
	if f.FileName("bill (pass=k4-ab).zip"); place(&f, "k4-ab") < 0 {
		t.Error("the name's word with a hyphen is missing")
	}
	if place(&f, "pw_1234") < 0 {
		t.Error("the name without its extension is missing")
	}
}

func TestAWordIsListedOnceUnderItsBestSource(t *testing.T) {
	var f Finder
	f.Text("a1b2")
	f.Text("Password: a1b2")
	n := 0
	for _, w := range f.Words() {
		if w.Text == "a1b2" {
			if n++; w.Source != Phrase {
				t.Errorf("%+v", w)
			}
		}
	}
	if n != 1 {
		t.Errorf("%d times", n)
	}
}

func TestTheMailsDateWhereTheTextSaysSo(t *testing.T) {
	for _, tc := range []struct {
		text string
		want bool
	}{
		{"パスワードは本日の日付(8桁)です", true},
		{"Das Passwort ist das heutige Datum", true},
		{"パスワードは別途", false},
		{"本日送付します", false},
	} {
		var f Finder
		f.Date(time.Date(2026, 5, 13, 9, 0, 0, 0, time.UTC))
		f.Text(tc.text)
		if got := place(&f, "20260513") >= 0 && place(&f, "0513") >= 0; got != tc.want {
			t.Errorf("%q: %v", tc.text, got)
		}
	}
}

func TestWordsOfTheListAreNotShown(t *testing.T) {
	var f Finder
	f.Add(List, "first", "second")
	f.Add(Given, "typed")
	if got := f.Words()[2].String(); got != "word 2 of the configured list" {
		t.Error(got)
	}
	if got := f.Words()[0].String(); got != `"typed", given` {
		t.Error(got)
	}
}

func TestALongLineIsReadToItsEnd(t *testing.T) {
	for _, filling := range []string{"ab ", "あ", "x", "\x93"} {
		if got := saidIn(strings.Repeat(filling, 3*lineMax) + " Password: k3k3"); got != "k3k3" {
			t.Errorf("behind %q: %q", filling, got)
		}
	}
}

func TestBytesThatAreNoTextEnd(t *testing.T) {
	if s := strings.Repeat("\x93", 3*lineMax); History(s) != len(s) {
		t.Error("history in noise")
	}
}

func TestTheNumberOfWordsIsBounded(t *testing.T) {
	var f Finder
	var text strings.Builder
	for i := range 30_000 {
		text.WriteString("w" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + string(rune('0'+i%10)) + " ")
		if i%50 == 0 {
			text.WriteString("\nPassword: q" + string(rune('a'+i%26)) + string(rune('0'+i/50%10)) + "\n")
		}
	}
	f.Text(text.String())
	if n := len(f.Words()); n > minedMax {
		t.Errorf("%d words", n)
	}
}

func TestBracketsWithoutAWordBelowTheKeyword(t *testing.T) {
	for _, line := range []string{"(", "[[", "「", "(>", `("`, "( ."} {
		var f Finder
		f.Text("password:\n" + line)
		if said := f.Said(); len(said) > 0 {
			t.Errorf("%q: %v", line, said)
		}
	}
}
