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

// machine is an automaton (Aho and Corasick, 1975) over folded runes.
type machine struct {
	nodes []node
	class [utf8.RuneSelf]uint8 // of ASCII: 0 for what folding leaves out
	first [1 << 16 / 64]uint64 // runes beyond ASCII with which a phrase begins, a bit each
	quiet [1 << 16 / 64]uint64 // runes of three bytes, as they stand, that leave the first state as it is
	steps []uint16             // next state by state and class, failures worked in; ends is set where a phrase ends there
	three [triples / 64]uint64 // beginnings of phrases: three letters, a bit for each
	short []triple             // of a state less than three letters into a phrase those letters, noTriple of any other
}

// node is a state.
type node struct {
	wide   []edge // by runes beyond ASCII
	fail   int32
	phrase int32 // the longest phrase that ends here, -1 for none
}

type edge struct {
	r  rune
	to int32
}

const (
	letters    = "0123456789abcdefghijklmnopqrstuvwxyz" // the ASCII runes that text folds to
	classShift = 6                                      // so many bits hold a class
	ends       = 1 << 15
)

// automaton is built when the first Matcher is made; it never changes afterwards.
var automaton = sync.OnceValue(func() *machine {
	m := &machine{nodes: []node{{phrase: -1}}}
	tree := []map[rune]int32{{}}
	for i, p := range phrases {
		at := int32(0)
		for _, r := range foldText(p) {
			to, ok := tree[at][r]
			if !ok {
				to = int32(len(tree))
				tree[at][r] = to
				tree, m.nodes = append(tree, map[rune]int32{}), append(m.nodes, node{phrase: -1})
			}
			at = to
		}
		m.nodes[at].phrase = int32(i)
	}
	m.link(tree)
	m.calm()
	return m
})

// triple is the last three letters of a text, five bits each: 1 to 26, 31 for a digit. Most text leads no further than two letters into a phrase. There it is read
// by triples, which needs no automaton: what follows does not wait for what is before, and what folding leaves out is no jump.
type triple uint16

const (
	triples         = 1 << 15
	noTriple triple = triples
	digit           = 31
)

// letter is a byte of text for triples.
type letter struct {
	value triple
	shift uint8 // 5, or 0 for what folding leaves out
}

var ascii = func() (t [256]letter) {
	for i := range 26 {
		t['a'+i] = letter{triple(i + 1), 5}
		t['A'+i] = t['a'+i]
	}
	for c := '0'; c <= '9'; c++ {
		t[c] = letter{digit, 5}
	}
	return t
}()

// state is where the automaton is behind the letters of t.
func (m *machine) state(t triple) (state int32) {
	for shift := 10; shift >= 0; shift -= 5 {
		switch v := t >> shift & 31; v {
		case 0:
		case digit:
			state = 0 // no phrase has one among its first letters
		default:
			state = int32(m.steps[state<<classShift|int32(m.class['a'+v-1])] &^ ends)
		}
	}
	return state
}

// begin notes the first letters of phrases, state being that behind the letters of t.
func (m *machine) begin(tree []map[rune]int32, state int32, t triple, depth int) {
	if depth == 3 {
		m.three[t/64] |= 1 << (t % 64)
		return
	}
	m.short[state] = t
	for r, to := range tree[state] {
		if 'a' <= r && r <= 'z' {
			m.begin(tree, to, t<<5|ascii[r].value, depth+1)
		}
	}
}

// link sets failures, nearest states first, then the steps.
func (m *machine) link(tree []map[rune]int32) {
	next := func(at int32, r rune) int32 {
		for at != 0 && tree[at][r] == 0 {
			at = m.nodes[at].fail
		}
		return tree[at][r]
	}
	for queue := []int32{0}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		for r, to := range tree[at] {
			if at != 0 {
				m.nodes[to].fail = next(m.nodes[at].fail, r)
			}
			if n := &m.nodes[to]; n.phrase < 0 {
				n.phrase = m.nodes[n.fail].phrase
			}
			if r >= utf8.RuneSelf {
				if at == 0 {
					m.first[r/64] |= 1 << (r % 64)
				}
				m.nodes[at].wide = append(m.nodes[at].wide, edge{r, to})
			}
			queue = append(queue, to)
		}
	}
	m.steps = make([]uint16, len(tree)<<classShift)
	for i, c := range letters {
		class := uint8(i + 1)
		m.class[c], m.class[unicode.ToUpper(c)] = class, class
		for at := range tree {
			to := next(int32(at), c)
			step := uint16(to)
			if m.nodes[to].phrase >= 0 {
				step |= ends
			}
			m.steps[at<<classShift|int(class)] = step
		}
	}
	m.short = slices.Repeat([]triple{noTriple}, len(tree))
	m.begin(tree, 0, 0, 0)
}

// calm fills in which runes lead nowhere: ideographs and those of the table.
func (m *machine) calm() {
	for r := rune(0x1000); r < 1<<16; r++ {
		to := r
		if at, ok := place(r); ok {
			to = folds()[at]
		} else if r < 0x4E00 || r > 0x9FFF {
			continue
		}
		if to == nothing || to >= utf8.RuneSelf && m.next(0, to) == 0 {
			m.quiet[r/64] |= 1 << (r % 64)
		}
	}
}

// past is how much of p leaves the first state as it is, in runes of three bytes, as most of a Japanese text are.
func (m *machine) past(p []byte) (n int) {
	for ; n+2 < len(p) && 0xE1 <= p[n] && p[n] < 0xF0 && p[n+1]&0xC0 == 0x80 && p[n+2]&0xC0 == 0x80; n += 3 {
		if r := uint16(p[n])<<12 | uint16(p[n+1]&0x3F)<<6 | uint16(p[n+2]&0x3F); m.quiet[r/64]>>(r%64)&1 == 0 {
			break
		}
	}
	return n
}

// next is the state after r, a rune beyond ASCII.
func (m *machine) next(at int32, r rune) int32 {
	for ; at != 0 || r < 1<<16 && m.first[r/64]>>(r%64)&1 != 0; at = m.nodes[at].fail {
		for _, e := range m.nodes[at].wide {
			if e.r == r {
				return e.to
			}
		}
	}
	return 0
}

// Matcher takes a text in UTF-8 in pieces of any size. Make it with New.
type Matcher struct {
	m     *machine
	state int32
	part  [utf8.UTFMax]byte // a rune cut by the end of a piece
	parts int
	found []int32
}

var (
	_ io.Writer       = (*Matcher)(nil)
	_ io.StringWriter = (*Matcher)(nil)
)

// New makes a Matcher.
func New() *Matcher { return &Matcher{m: automaton()} }

// Write takes the next piece. It never fails.
func (m *Matcher) Write(p []byte) (int, error) {
	n := len(p)
	for m.parts > 0 && len(p) > 0 {
		m.part[m.parts], p = p[0], p[1:]
		for m.parts++; m.parts > 0 && utf8.FullRune(m.part[:m.parts]); { // of what is no UTF-8 one byte is left out
			r, size := utf8.DecodeRune(m.part[:m.parts])
			m.parts = copy(m.part[:], m.part[size:m.parts])
			m.rune(r)
		}
	}
	for len(p) > 0 {
		if p[0] < utf8.RuneSelf {
			p = p[m.ascii(p):]
			continue
		}
		if m.state == 0 {
			if n := m.m.past(p); n > 0 {
				p = p[n:]
				continue
			}
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

// WriteString takes the next piece without a copy of the whole.
func (m *Matcher) WriteString(s string) (int, error) {
	var piece [1 << 10]byte
	for rest := s; rest != ""; {
		n := copy(piece[:], rest)
		_, _ = m.Write(piece[:n]) // it never fails
		rest = rest[n:]
	}
	return len(s), nil
}

// Found returns the phrases that the text holds, as listed here, each once, in the order of their first appearance.
func (m *Matcher) Found() []string {
	out := make([]string, len(m.found))
	for i, p := range m.found {
		out[i] = phrases[p]
	}
	return out
}

// ascii reads what p begins with of ASCII, and says how much that is.
func (m *Matcher) ascii(p []byte) int {
	a, state := m.m, m.state
	for i := 0; ; {
		if t := a.short[state]; t != noTriple {
			i, t = a.skim(p, i, t)
			state = a.state(t)
		}
		if i == len(p) || p[i] >= utf8.RuneSelf {
			m.state = state
			return i
		}
		if class := a.class[p[i]]; class != 0 {
			step := a.steps[state<<classShift|int32(class)]
			if state = int32(step &^ ends); step&ends != 0 {
				m.enter(state)
			}
		}
		i++
	}
}

// skim goes on to where a phrase may begin, three letters of which are read then, to the end of ASCII or of p.
func (m *machine) skim(p []byte, i int, t triple) (int, triple) {
	for ; i < len(p) && p[i] < utf8.RuneSelf; i++ {
		c := ascii[p[i]]
		t = (t<<(c.shift&7) | c.value) & (triples - 1)
		if m.three[t/64]>>(t%64)&1 != 0 {
			return i + 1, t
		}
	}
	return i, t
}

func (m *Matcher) rune(r rune) {
	if 0x4E00 <= r && r <= 0x9FFF { // its own fold
		m.enter(m.m.next(m.state, r))
		return
	}
	at, ok := place(r)
	if !ok {
		fold(r, m.folded)
		return
	}
	switch to := folds()[at]; to {
	case many:
		fold(r, m.folded)
	case nothing:
	default:
		m.folded(to)
	}
}

// folded takes a folded rune.
func (m *Matcher) folded(r rune) {
	if r < utf8.RuneSelf {
		m.enter(int32(m.m.steps[m.state<<classShift|int32(m.m.class[r])] &^ ends))
		return
	}
	m.enter(m.m.next(m.state, r))
}

// Runes that are folded by a table: the alphabets and the kana, and the half-width and full-width forms. Ideographs, which are between them, need none.
const (
	foldsMax  = 0x3100
	formsFrom = 0xFF00
	foldsSize = foldsMax + 0x100
)

// place is where the fold of a rune stands in the table.
func place(r rune) (at rune, ok bool) {
	switch {
	case r < foldsMax:
		return r, true
	case formsFrom <= r && r < formsFrom+0x100:
		return r - formsFrom + foldsMax, true
	}
	return 0, false
}

// What a rune folds to where that is not one rune.
const (
	nothing rune = 0
	many    rune = -1
)

// folds is built when the first rune of the table is met and never changes afterwards.
var folds = sync.OnceValue(func() *[foldsSize]rune {
	var table [foldsSize]rune
	for r := range rune(formsFrom + 0x100) {
		at, ok := place(r)
		if !ok {
			continue
		}
		fold(r, func(to rune) {
			if table[at] != nothing {
				to = many
			}
			table[at] = to
		})
	}
	return &table
})

// enter goes to a state and notes the phrase that ends there.
func (m *Matcher) enter(state int32) {
	m.state = state
	if p := m.m.nodes[state].phrase; p >= 0 && !slices.Contains(m.found, p) {
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
