package password

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzText(f *testing.F) {
	for _, s := range []string{
		"パスワード：abc123。\nPassword: \"a b\"\n> Use X1 as password", "開封キーです。\r\n「3FRuvAb4」\r\nPIN(1): <x>", "ＰＷ＝ａｂｃ１\u200b２ Kennwort lautet [k3]", "password:\n((\n[", "Meeting ID\npasscode 1\xff2",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var x Finder
		x.Text(s)
		seen := visible(strings.ToValidUTF8(s, "\uFFFD"))
		for _, said := range x.Said() {
			if said.Word == "" || !strings.Contains(seen, said.Word) || !strings.Contains(seen, said.Behind) {
				t.Errorf("%q is not in the text", said)
			}
			if place(&x, said.Word) < 0 {
				t.Errorf("%q is said and not tried", said)
			}
		}
		list := x.Words()
		if len(list) > minedMax {
			t.Errorf("%d words", len(list))
		}
		once := map[string]bool{}
		for _, w := range list {
			if n := utf8.RuneCountInString(w.Text); once[w.Text] || n > 4*wordMax {
				t.Errorf("%q", w.Text)
			}
			once[w.Text] = true
		}
		if at := History(s); at < 0 || at > len(s) {
			t.Errorf("history at %d of %d", at, len(s))
		}
	})
}

func BenchmarkText(b *testing.B) {
	mail := "お世話になっております。\r\n見積書を送付いたします。ご確認のほどよろしくお願いいたします。\r\n\r\nパスワード：abc123\r\n\r\n株式会社例 営業部 田中\r\nTEL 03-1234-5678\r\n"
	for name, text := range map[string]string{
		"mail": mail, "long": strings.Repeat(mail, 1000), "words": strings.Repeat("a1 (b2) c:3 ", 20000), "brackets": strings.Repeat("(", 250_000), "keywords": strings.Repeat("password: x1\n", 20000),
	} {
		b.Run("all/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				var f Finder
				f.Text(text)
				f.Words()
			}
		})
		b.Run("said/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				var f Finder
				f.Text(text)
				f.Said()
			}
		})
	}
}
