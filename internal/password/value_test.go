package password

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestValuesOfALine(t *testing.T) {
	for _, tc := range []struct {
		line string
		want []string
	}{
		{"abc123です。", []string{"abc123"}},
		{"「a b」と『c』", []string{"a b", "c"}},
		{"【x1】(y2)[z3]<w4>", []string{"x1", "y2", "z3", "w4"}},
		{`"q" 'r' “s” ‘t’`, []string{"q", "r", "s", "t"}},
		{"= : x1", []string{"x1"}},
		{"ａｂｃ　ｄ", []string{"ａｂｃ", "ｄ"}},
		{"「never closed", []string{"never", "closed"}},
		{"(never", []string{"(never"}},
		{"P@ss-w0rd! x", []string{"P@ss-w0rd!", "x"}},
		{"пароль42 ñandú", []string{"пароль42", "ñandú"}},
		{"。、　", nil},
		{"", nil},
	} {
		var got []string
		for v, ok := nextValue(tc.line); ok; v, ok = nextValue(v.after) {
			got = append(got, v.text)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%q: %q, want %q", tc.line, got, tc.want)
		}
	}
}

func TestFormsInWhichAWordIsTyped(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"abc123", "abc123"},
		{"abc123。", "abc123 abc123。"},
		{"abc123.", "abc123 abc123."},
		{"\"abc\"", `abc "abc"`},
		{"(abc)", "abc (abc)"},
		{"ａｂ１", "ab1 ａｂ１"},
		{"ﾊﾟｽ1", "パス1 ﾊﾟｽ1"},
		{"x", ""},
		{"。。", "。。"},
		{strings.Repeat("x", wordMax+1), ""},
	} {
		var got []string
		forms(tc.text, func(w string) {
			if !slices.Contains(got, w) {
				got = append(got, w)
			}
		})
		if s := strings.Join(got, " "); s != tc.want {
			t.Errorf("%q: %q, want %q", tc.text, s, tc.want)
		}
	}
}

func TestWhatLooksLikeAPassword(t *testing.T) {
	for want, list := range map[strength][]string{
		unusual: {"abc123", "4459", "3FRuvAb4", "AGEVYQzJ", "P@ss-w0rd", "a-b-c-1", "１２３４", "Hg7", "#secret!", "2026a"},
		plain:   {"Tanaka", "sommer", "ABC", "Ünal", "hunter"},
		noWord: {"a", "x", "the", "separately", "12", "x9", "2026-05-13", "10:30", "03-1234-5678", "5/31", "1,000", "a@example.com", "https://a.example/x1", "www.example1.com", "report2.zip",
			"****", "xxxx", "----", "日本語", "abc日本", "...", strings.Repeat("a1", 40)},
	} {
		for _, w := range list {
			if got := strengthOf(w); got != want {
				t.Errorf("%q: %d, want %d", w, got, want)
			}
		}
	}
}

func TestFoldedText(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"PassWort", "passwort"}, {"ＰＡＳＳ", "pass"}, {"パスワード", "ハスワト"}, {"ﾊﾟｽﾜｰﾄﾞ", "ハスワト"}, {"パスワ－ド", "ハスワト"}, {"パスワ-ド", "ハスワト"}, {"contraseña", "contrasena"},
		{"pass-word", "pass-word"}, {"a\u00adb\u200bc", "abc"}, {"解凍", "解凍"}, {"ﬁn", "fin"}, {"É", "e"}, {"\xff", "\uFFFD"},
	} {
		var f folded
		if f.fold(tc.text); string(f.runes) != tc.want {
			t.Errorf("%q: %q, want %q", tc.text, string(f.runes), tc.want)
		}
		for i, at := range f.at {
			if i > 0 && at < f.at[i-1] || int(at) >= len(tc.text) {
				t.Errorf("%q: places %v", tc.text, f.at)
			}
		}
	}
}

func TestKeywordsOfALine(t *testing.T) {
	for _, tc := range []struct{ line, want string }{
		{"Password and PIN", "Password PIN"}, {"解凍パスワード", "パスワード"}, {"ZIPパス", "ZIPパス"}, {"Dateipasswort", "passwort"}, {"ＰＷ：", "ＰＷ"}, {"開封用キー", ""},
		{"passwords", ""}, {"compass", ""}, {"passenger", ""}, {"shipping", ""}, {"PW26", "PW"}, {"バイパス", ""}, {"公開鍵", ""}, {"暗号化", ""}, {"暗号は", "暗号"}, {"パスポート", "パス"},
		{"Mot de  passe", ""}, {"mot de passe", "mot de passe"}, {"비밀번호", "비밀번호"}, {"解压密码", "密码"}, {"", ""},
		{"pw pw pw pw pw pw", "pw pw pw pw"},
	} {
		var f folded
		f.fold(tc.line)
		var got []string
		for _, m := range mentions(&f) {
			got = append(got, tc.line[f.offset(m.start):f.offset(m.end)])
		}
		if s := strings.Join(got, " "); s != tc.want {
			t.Errorf("%q: %q, want %q", tc.line, s, tc.want)
		}
	}
}

func TestWhereTheQuotedHistoryBegins(t *testing.T) {
	const own = "Yes, please.\n\n"
	for _, tc := range []struct {
		name, text string
		quoted     bool
	}{
		{"Outlook", "-----Original Message-----\nFrom: x", true},
		{"Outlook in Japanese", "-----元のメッセージ-----\n差出人: x", true},
		{"Outlook's header alone", "From: x <x@example.com>\nSent: Monday\nTo: y", true},
		{"in Japanese", "差出人: x\n送信日時: 2026年", true},
		{"with a full-width colon", "差出人： x\n送信日時： 2026年", true},
		{"in bold", "*From:* x\n*Sent:* Monday", true},
		{"Gmail", "On Mon, May 11, 2026 X wrote:\n> a", true},
		{"Gmail in Japanese", "2026年5月11日 X <x@example.com>:\n> a", true},
		{"Gmail in German", "Am Mo. schrieb X:\n> a", false},
		{"Thunderbird in German", "Am 11.05.26 um 10:00 schrieb:\n> a", true},
		{"forwarded", "---------- Forwarded message ---------\nFrom: x", true},
		{"a line", "________________________________\nImportant", false},
		{"a word", "From: here to there\nit is far", false},
		{"a date", "2026年5月11日:\n会議", false},
		{"nothing", "Best regards", false},
	} {
		want := len(own + tc.text)
		if tc.quoted {
			want = len(own)
		}
		if got := History(own + tc.text); got != want {
			t.Errorf("%s: at %d, want %d", tc.name, got, want)
		}
	}
}

func TestMeetingsAndOtherTextsSayNothing(t *testing.T) {
	var f Finder
	f.Text("Join: https://zoom.us/j/1\nPasscode: k3k3k3")
	if len(f.Said()) > 0 || place(&f, "k3k3k3") < 0 {
		t.Errorf("%v, %v", f.Said(), f.Words())
	}
	f.Beside("Password: j4j4")
	if len(f.Said()) > 0 || place(&f, "j4j4") > place(&f, "Join:") {
		t.Errorf("%v, %v", f.Said(), f.Words())
	}
	f.Text("Password: h5h5")
	if s := f.Said(); len(s) != 1 || s[0] != (Said{"h5h5", "Password"}) {
		t.Errorf("%v", s)
	}
}

func TestFindAndNear(t *testing.T) {
	var f Finder
	f.Text("Password: h5h5 (not j4j4)\nother k3k3")
	f.Add(List, "a", "b")
	if w := f.Find("b"); w.Source != List || w.Place != 2 {
		t.Errorf("%+v", w)
	}
	if w := f.Find("nowhere"); w.Text != "nowhere" {
		t.Errorf("%+v", w)
	}
	if near := f.Near(); len(near) == 0 || near[0] != "h5h5" {
		t.Errorf("%v", near)
	}
}

// Who fills other texts leaves the mail's own as it is, whatever comes first.
func TestTextsBesideDoNotDrownTheMailsOwn(t *testing.T) {
	noise := func(form string) string {
		var b strings.Builder
		for i := range 40_000 {
			fmt.Fprintf(&b, form, i*7919)
		}
		return b.String()
	}
	for _, own := range []string{"Password: k3k3", "open it with k3k3"} {
		var f Finder
		for range 5 {
			f.Beside(noise("Password: a%db\n"))
			f.Beside(noise("b%dc "))
		}
		for i := range 2000 {
			f.FileName(fmt.Sprintf("n%d-%d.txt", i, i))
		}
		f.Text(own)
		if n := place(&f, "k3k3"); n < 0 || len(f.Said()) == 0 && strings.HasPrefix(own, "P") || f.Cut() {
			t.Errorf("%q: word %d, said %v, cut %v", own, n, f.Said(), f.Cut())
		}
	}
}

func TestOnlySoMuchTextIsRead(t *testing.T) {
	var f Finder
	for range 3 * allMax / textMax {
		f.Text(strings.Repeat("x ", textMax))
	}
	f.Text("Password: k3k3")
	if f.own.taken != allMax || len(f.Said()) > 0 || !f.Cut() {
		t.Errorf("%d bytes taken, cut %v", f.own.taken, f.Cut())
	}
}
