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
		"Mit freundlichen Grüßen aus München", "Cordialement, à demain", "https://www.example.com/path/1234?id=5678",
	} {
		if mayMention(line) {
			t.Errorf("%q passes", line)
		}
	}
}

func FuzzGate(f *testing.F) {
	for _, w := range []string{"パスワ－ド", "ＰＡＳＳ", "pass\u200bword", "contrasen\u0303a", "ﾊﾟｽﾜｰﾄﾞ", "鍵", "p\u0301w", "\xff\xfepw"} {
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
