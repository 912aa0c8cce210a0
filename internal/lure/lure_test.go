package lure

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/width"
)

func find(text string) []string {
	m := New()
	m.Write([]byte(text))
	return m.Found()
}

func TestEveryPhraseIsFoundHoweverItIsWritten(t *testing.T) {
	for _, p := range phrases {
		for _, text := range []string{
			p, strings.ToUpper(p), "前の文。" + p + "を押してください", strings.Join(strings.Split(p, ""), " \n"), "Click “" + p + "”.",
			width.Widen.String(p), width.Narrow.String(p), strings.ReplaceAll(p, " ", "\r\n\u3000"),
		} {
			if got := find(text); !slices.Contains(got, p) {
				t.Errorf("%q in %q: found %q", p, text, got)
			}
		}
	}
}

func TestAPhraseIsFoundAcrossPieces(t *testing.T) {
	text := []byte("xx コンテンツの有効化 yy Enable Editing")
	for cut := range text {
		m := New()
		m.Write(text[:cut])
		m.Write(text[cut:])
		if got := m.Found(); !slices.Equal(got, []string{"コンテンツの有効化", "enable editing"}) {
			t.Fatalf("cut at %d: %q", cut, got)
		}
	}
	m := New()
	for _, c := range text {
		m.Write([]byte{c})
	}
	if got := m.Found(); len(got) != 2 {
		t.Errorf("byte by byte: %q", got)
	}
}

func TestOrdinaryTextHasNoPhrase(t *testing.T) {
	for _, text := range []string{
		"", "The new rules enable managers to edit contents.", "編集後記 有効期限 コンテンツ一覧", "マクロ経済を有効に学ぶ", "enable", "\xff\xfe\x80", "Enabled editing of tables",
		strings.Repeat("enable ", 1000) + "conten" + "!x-t",
	} {
		if got := find(text); len(got) > 0 {
			t.Errorf("%q: found %q", text, got)
		}
	}
}

func TestAPhraseBehindTheBeginningOfAnotherIsFound(t *testing.T) {
	if got := find("enable enable editing"); !slices.Equal(got, []string{"enable editing"}) {
		t.Errorf("found %q", got)
	}
}

// plainly finds the phrases without an automaton: of those that end together the longest.
func plainly(text string) []string {
	folded := string(foldText(text))
	ends := map[int]string{}
	for _, p := range phrases {
		f := string(foldText(p))
		for from := 0; ; {
			i := strings.Index(folded[from:], f)
			if i < 0 {
				break
			}
			from += i + 1
			if at := from - 1 + len(f); len(f) > len(string(foldText(ends[at]))) {
				ends[at] = p
			}
		}
	}
	return slices.Compact(slices.Sorted(maps.Values(ends)))
}

func TestNoPhraseHasADigitAmongItsFirstLetters(t *testing.T) {
	for _, p := range phrases {
		head, digits := foldText(p)[:4], 0
		for _, r := range head {
			if '0' <= r && r <= '9' {
				digits++
			}
		}
		if digits > 0 {
			t.Errorf("%q has a digit among its first letters, which triples do not know", p)
		}
	}
}

func TestAStringIsReadAsBytesAre(t *testing.T) {
	text := strings.Repeat("a", 1022) + "コンテンツの有効化" + strings.Repeat("あ", 700) + "Enable content"
	m := New()
	if n, err := m.WriteString(text); n != len(text) || err != nil || !slices.Equal(m.Found(), []string{"コンテンツの有効化", "enable content"}) {
		t.Errorf("%d, %v, found %q", n, err, m.Found())
	}
}

func FuzzMatcher(f *testing.F) {
	f.Add([]byte("Enable\ncontent コンテンツの有効化"), 3)
	f.Add([]byte("enable conte\xe8\x8fnt"), 13)
	f.Add([]byte("włącz zawartość en1enable w3en able macros"), 2)
	f.Fuzz(func(t *testing.T, text []byte, cut int) {
		whole := find(string(text))
		cut = min(max(cut, 0), len(text))
		m := New()
		m.Write(text[:cut])
		m.Write(text[cut:])
		if !slices.Equal(whole, m.Found()) {
			t.Errorf("%q cut at %d: %q, whole %q", text, cut, m.Found(), whole)
		}
		if want := plainly(string(text)); !slices.Equal(slices.Sorted(slices.Values(whole)), want) {
			t.Errorf("%q: %q, want %q", text, whole, want)
		}
	})
}

func BenchmarkMatcher(b *testing.B) {
	for name, text := range map[string]string{
		"english":  strings.Repeat("The quick brown fox jumps over the lazy dog. ", 1000),
		"japanese": strings.Repeat("請求書をお送りいたしますのでご確認のほどお願いいたします。", 1000),
	} {
		b.Run(name, func(b *testing.B) {
			m := New()
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				m.Write([]byte(text))
			}
		})
	}
}

func TestTheTableFoldsAsFoldDoes(t *testing.T) {
	kinds := map[rune]int{}
	for r := range rune(utf8.MaxRune) {
		at, ok := place(r)
		if !ok {
			continue
		}
		to, want := folds()[at], foldText(string(r))
		switch {
		case len(want) == 0 && to == nothing, len(want) == 1 && to == want[0], len(want) > 1 && to == many:
			kinds[min(to, 1)]++
		default:
			t.Errorf("%U: %q in the table, fold gives %q", r, to, want)
		}
	}
	if len(kinds) != 3 {
		t.Errorf("not all kinds of runes: %v", kinds)
	}
}
