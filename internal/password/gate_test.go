package password

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// Every keyword passes the gate in each form in which folding knows it.
func TestGateStopsNoKeyword(t *testing.T) {
	for _, list := range [][]string{strongWords[:], weakWords[:]} {
		for _, w := range list {
			for _, form := range []string{
				w, strings.ToUpper(w), width.Widen.String(w), width.Narrow.String(w), norm.NFD.String(w), "x " + w, "見積" + w + "の件",
				string([]rune(w)[:1]) + "\u0301" + string([]rune(w)[1:]), strings.ReplaceAll(w, "ー", "－"),
				strings.ReplaceAll(strings.ReplaceAll(w, "ー", "-"), "パ", "パ-"), "first line\r\n" + w + ": x\r\nthird line", "—" + w + "—",
			} {
				var f folded
				f.fold(form)
				if len(mentions(&f)) > 0 && !mayMention(form) {
					t.Errorf("%q of %q is stopped", form, w)
				}
			}
		}
	}
}

func TestGateStopsOrdinaryLines(t *testing.T) {
	for _, line := range []string{
		"", "Please find the invoice attached, with best regards from all of us at the office.", "いつもお世話になっております。見積書をお送りします。",
		"パートナー商事、パーツの一覧、ー", "compass, spinning, passenger, pinned, expwd", "a—b – c", "Read\u00a0more, den\u00a0", "Mit freundlichen Grüßen aus München", "Cordialement, à demain", "https://www.example.com/path/1234?id=5678",
	} {
		if mayMention(line) {
			t.Errorf("%q passes", line)
		}
	}
}

func TestPlacesOfListsFitAByte(t *testing.T) {
	if n := len(gates().lists); n > 256 {
		t.Errorf("%d lists", n)
	}
}

// A whole text passes the gate if one of its lines has a keyword.
func TestGateStopsNoTextWithAKeyword(t *testing.T) {
	for _, list := range [][]string{strongWords[:], weakWords[:]} {
		for _, w := range list {
			text := "Best regards, the compass\n\n> お世話になっております\n " + w + "\n—\n"
			if !mayMention(text) {
				t.Errorf("%q is stopped", text)
			}
		}
	}
}

func FuzzGate(f *testing.F) {
	for _, w := range []string{"パスワ－ド", "ＰＡＳＳ", "pass\u200bword", "contrasen\u0303a", "ﾊﾟｽﾜｰﾄﾞ", "鍵", "p\u0301w", "\xff\xfepw", "パ-ー一スワ", "xpass", "pass1", "Ｐass", "ﾊﾟ-ｽ"} {
		f.Add(w)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var l folded
		l.fold(line)
		if len(mentions(&l)) > 0 && !mayMention(line) {
			t.Errorf("%q is stopped", line)
		}
	})
}

func TestHistoryIsFoundAsTheContextsSeeIt(t *testing.T) {
	for _, text := range []string{
		"", "a\nb\n", "Hi\n\n-----Original Message-----\nx", "\u200b-----Original Message-----\n", "　----- 元のメッセージ -----\n", "差出人：a\n\n送信日時：b\n", "From: a\nand so on\n",
		"*Von:* a\n\n\n*Gesendet:* b", "On Monday, A wrote:\n> x", "A wrote:\n\n> x", "A wrote:\nx", "A a écrit :\n", "20日 a@b.example：\n", "\u00a0B\u00adegin forwarded message\n",
		strings.Repeat("x", 5000) + "\n-----Original", strings.Repeat("x ", 2500) + "-----Original", "\x85-----Original",
	} {
		if got, want := History(text), historyByLines(text); got != want {
			t.Errorf("%.60q: %d, want %d", text, got, want)
		}
	}
}

func FuzzHistory(f *testing.F) {
	for _, text := range []string{"Hi\n-----Original\n", "\u200bBegin forwarded message\nFrom: a\nSent：b", "x wrote:\n>y", "　From\t：\n\xe3\x81Date:"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, want := History(text), historyByLines(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	})
}

// historyByLines takes every line apart.
func historyByLines(text string) int {
	from := len(text)
	eachLine(clip(text, textMax), func(win []line) {
		next := func() string {
			if len(win) > 1 {
				return win[1].text
			}
			return ""
		}
		if from == len(text) && history(win[0].text, next) {
			from = win[0].at
		}
	})
	return from
}
