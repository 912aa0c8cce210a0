// Package lure looks for the phrases with which documents ask their reader to switch protection off: "Enable Content",
// 「コンテンツの有効化」. Honest manuals say the same, so a phrase is a weak sign by itself.
//
// Text is compared without regard to case, white space, punctuation, full or half width, and the voicing marks of kana, so that a phrase that a
// document cuts into lines, runs or boxes is found as well.
//
// # Limits
//
// A Matcher keeps a state of some bytes, however long the text is. Letters written as look-alikes of another script are not recognised, nor
// is text in pictures.
package lure

import (
	"io"
	"slices"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// phrases are what programs show on the bar or button, and what lures add to it. They are long enough not to stand in ordinary text by chance.
var phrases = [...]string{
	// English
	"enable content", "enable editing", "enable macros", "enable macro", "enable the macro", "enable the content", "macros must be enabled", "allow macros",
	"this document is protected", "document is protected by", "created in an earlier version of microsoft", "created in a previous version of microsoft",
	"created in earlier version of microsoft", "created with an earlier version of microsoft", "document was created in an online version",
	"created on ios device", "double click view", "double click to view", "double click the view button", "double click here to view",
	"copy the file to the following folder", "relaunch required",
	// Japanese
	"コンテンツの有効化", "コンテンツを有効化", "コンテンツを有効にする", "コンテンツを有効にし", "編集を有効にする", "編集を有効にし", "編集を有効化", "編集の有効化",
	"マクロを有効にする", "マクロを有効にし", "マクロを有効化", "マクロの有効化", "マクロを実行できるように",
	"この文書は保護されています", "このドキュメントは保護されています", "保護されたドキュメントです", "以前のバージョンのmicrosoft", "以前のバージョンのoffice",
	"次のフォルダーにコピー", "以下のフォルダーにコピー", "ダブルクリックして表示", "表示をダブルクリック",
	// Other languages that such mails were written in
	"inhalt aktivieren", "bearbeitung aktivieren", "makros aktivieren", "activer le contenu", "activer la modification", "habilitar contenido",
	"habilitar edición", "habilitar conteúdo", "habilitar edição", "abilita contenuto", "abilita modifica", "inhoud inschakelen", "bewerken inschakelen",
	"włącz zawartość", "włącz edycję", "включить содержимое", "разрешить редактирование",
}

// node is a state of the automaton (Aho and Corasick, 1975) over folded runes.
type node struct {
	ascii  [128]int32 // next state by ASCII letter or digit, failures worked in
	next   map[rune]int32
	fail   int32
	phrase int32 // the longest phrase that ends here, -1 for none
}

// automaton is built when the first Matcher is made; it never changes afterwards.
var automaton = sync.OnceValue(func() []node {
	nodes := []node{{next: map[rune]int32{}, phrase: -1}}
	for i, p := range phrases {
		at := int32(0)
		for _, r := range foldText(p) {
			to, ok := nodes[at].next[r]
			if !ok {
				to = int32(len(nodes))
				nodes[at].next[r] = to
				nodes = append(nodes, node{next: map[rune]int32{}, phrase: -1})
			}
			at = to
		}
		nodes[at].phrase = int32(i)
	}
	link(nodes)
	return nodes
})

// letters are the ASCII runes that text folds to.
const letters = "0123456789abcdefghijklmnopqrstuvwxyz"

// next is the state after r.
func next(nodes []node, at int32, r rune) int32 {
	for at != 0 && nodes[at].next[r] == 0 {
		at = nodes[at].fail
	}
	return nodes[at].next[r]
}

// link sets the failure links, nearest states first.
func link(nodes []node) {
	for queue := []int32{0}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		for _, c := range letters {
			nodes[at].ascii[c] = next(nodes, at, c)
		}
		for r, to := range nodes[at].next {
			if at != 0 {
				nodes[to].fail = next(nodes, nodes[at].fail, r)
			}
			if nodes[to].phrase < 0 {
				nodes[to].phrase = nodes[nodes[to].fail].phrase
			}
			queue = append(queue, to)
		}
	}
}

// Matcher takes a text in UTF-8 in pieces of any size. Make it with New.
type Matcher struct {
	nodes []node
	state int32
	part  [utf8.UTFMax]byte // a rune cut by the end of a piece
	parts int
	found []int32
}

var _ io.Writer = (*Matcher)(nil)

// New makes a Matcher.
func New() *Matcher { return &Matcher{nodes: automaton()} }

// Write takes the next piece. It never fails.
func (m *Matcher) Write(p []byte) (int, error) {
	n := len(p)
	for m.parts > 0 && len(p) > 0 {
		m.part[m.parts], p = p[0], p[1:]
		m.parts++
		if utf8.FullRune(m.part[:m.parts]) {
			r, _ := utf8.DecodeRune(m.part[:m.parts])
			m.parts = 0
			m.rune(r)
		}
	}
	for len(p) > 0 {
		if c := p[0]; c < utf8.RuneSelf {
			m.ascii(c)
			p = p[1:]
			continue
		}
		if !utf8.FullRune(p) {
			m.parts = copy(m.part[:], p)
			break
		}
		r, size := utf8.DecodeRune(p)
		m.rune(r)
		p = p[size:]
	}
	return n, nil
}

// Found returns the phrases that the text holds, as listed here, each once, in the order of their first appearance.
func (m *Matcher) Found() []string {
	out := make([]string, len(m.found))
	for i, p := range m.found {
		out[i] = phrases[p]
	}
	return out
}

// ascii is rune for the common case.
func (m *Matcher) ascii(c byte) {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	if '0' <= c && c <= '9' || 'a' <= c && c <= 'z' {
		m.enter(m.nodes[m.state].ascii[c])
	}
}

func (m *Matcher) rune(r rune) {
	if r < foldsMax {
		switch to := folds()[r]; to {
		case many:
		case nothing:
			return
		default:
			m.enter(next(m.nodes, m.state, to))
			return
		}
	}
	fold(r, func(r rune) { m.enter(next(m.nodes, m.state, r)) })
}

// foldsMax ends the alphabets and the kana; ideographs, which follow, need no table.
const foldsMax = 0x3100

// What a rune folds to where that is not one rune.
const (
	nothing rune = 0
	many    rune = -1
)

// folds is what each rune below foldsMax folds to. It is built when the first of them is met and never changes afterwards.
var folds = sync.OnceValue(func() *[foldsMax]rune {
	var table [foldsMax]rune
	for r := range rune(foldsMax) {
		fold(r, func(to rune) {
			if table[r] != nothing {
				to = many
			}
			table[r] = to
		})
	}
	return &table
})

// enter goes to a state and notes the phrase that ends there.
func (m *Matcher) enter(state int32) {
	m.state = state
	if p := m.nodes[state].phrase; p >= 0 && !slices.Contains(m.found, p) {
		m.found = append(m.found, p)
	}
}

// fold calls f with what is left of a rune for comparison: compatibility decomposition (UAX 15) without marks, letters and digits only, in lower case.
func fold(r rune, f func(rune)) {
	if 0x4E00 <= r && r <= 0x9FFF { // CJK unified ideographs are their own fold
		f(r)
		return
	}
	var b [utf8.UTFMax]byte
	text := b[:utf8.EncodeRune(b[:], r)]
	if d := norm.NFKD.Properties(text).Decomposition(); d != nil {
		text = d
	}
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		text = text[size:]
		if (unicode.IsLetter(r) || unicode.IsDigit(r)) && r != 'ー' {
			f(unicode.ToLower(r))
		}
	}
}

func foldText(s string) []rune {
	var out []rune
	for _, r := range s {
		fold(r, func(r rune) { out = append(out, r) })
	}
	return out
}
