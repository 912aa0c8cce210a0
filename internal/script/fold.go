package script

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Folding works out what expressions of constants yield: joined strings, characters by their numbers, and the functions with which scripts
// take their strings apart. It reads a script once from front to end, as if every statement ran once.

const (
	depthMax  = 64      // nested brackets that are read as such; people nest a dozen
	namesMax  = 50_000  // names kept: a large library has some thousands
	arrayMin  = 16      // numbers that make an array content and no table of a few options
	foldSlack = 1 << 20 // bytes that folding may make beyond twice the script's length
	wordMax   = 80      // the longest string that is looked up as a word

	tokensPerCheck = 1 << 10 // between two looks at the context: some ten thousandths of a second
	textsPerCheck  = 1 << 6  // the same, of texts that are judged
)

// value is what an expression yields.
type value struct {
	known bool
	bytes bool // of an array of numbers
	num   bool // n is its number
	re    bool // a regular expression
	told  bool // of a variable, which is noted by itself
	s     []byte
	n     int64
	list  []value // of an array
}

func known(s string) value { return value{known: true, s: []byte(s)} }

// folded is what a script says once it is folded.
type folded struct {
	names   map[string]int  // words of the code, in lower case
	strings []string        // texts, as far as they fold
	arrays  [][]byte        // arrays of numbers from 0 to 255
	words   map[string]bool // short strings, in lower case
	chars   int             // characters made of their numbers
	code    int             // bytes of the script that are no texts and numbers
}

// has reports whether the script uses a word: as a name, or as a text that names a property.
func (f *folded) has(word string) bool { return f.names[word] > 0 || f.words[word] }

type folder struct {
	lexer
	ctx    context.Context // at whose end the script ends
	met    int             // tokens
	err    error
	tok    token
	depth  int
	budget int
	vars   map[string]*value
	out    *folded
}

// fold folds a script, as far as it comes before the context's end.
func fold(ctx context.Context, src string, lang Language) *folded {
	f := &folder{ctx: ctx, lexer: lexer{src: src, lang: lang}, budget: 2*len(src) + foldSlack, vars: map[string]*value{},
		out: &folded{names: map[string]int{}, words: map[string]bool{}}}
	for f.advance(); f.tok.sort != end; {
		f.note(f.expr())
	}
	for _, w := range slices.Sorted(maps.Keys(f.vars)) { // in an order, so that the same script always says the same
		f.note(*f.vars[w])
	}
	f.out.code = len(src) - f.data
	return f.out
}

func (f *folder) advance() {
	if f.met++; f.met%tokensPerCheck == 0 && f.err == nil {
		f.err = f.ctx.Err()
	}
	if f.err != nil {
		f.tok = token{}
		return
	}
	f.tok = f.next()
}

func (f *folder) is(p string) bool { return f.tok.sort == punct && f.tok.s == p }

// note keeps a text that an expression yields, short ones once.
func (f *folder) note(v value) {
	if v.told {
		return
	}
	for _, e := range v.list {
		f.note(e)
	}
	switch {
	case v.bytes:
		if len(v.s) >= arrayMin {
			f.out.arrays = append(f.out.arrays, v.s)
		}
	case v.known && len(v.s) > 1 && !v.num && !v.re:
		f.noteText(string(v.s))
	}
}

func (f *folder) noteText(s string) {
	if len(s) <= wordMax {
		low := strings.ToLower(s)
		if f.out.words[low] || len(f.out.words) >= namesMax {
			return
		}
		f.out.words[low] = true
	}
	f.out.strings = append(f.out.strings, s)
}

// expr reads operands and what joins them.
func (f *folder) expr() value {
	left := f.operand()
	for own := false; f.joins(); {
		minus := f.is("-")
		f.advance()
		right := f.operand()
		if !textual(left) || !textual(right) || minus || left.num && right.num || !f.spend(len(right.s)) {
			left, own = f.join(left, right, minus), false
			continue
		}
		if !own { // what a variable holds stays as it is
			left.s, own = append(make([]byte, 0, 2*(len(left.s)+len(right.s))), left.s...), true
		}
		left = value{known: true, s: append(left.s, right.s...)}
	}
	return left
}

// textual reports whether a value joins to a text.
func textual(v value) bool { return v.known && !v.bytes && !v.re }

// joins reports whether the next token joins two operands to one text.
func (f *folder) joins() bool {
	return f.is("+") || f.is("-") || f.is("&") && f.lang == VBScript || f.is("^") || f.is("*")
}

// join yields a sum or a difference. Of texts that do not join, the first is noted and the second goes on.
func (f *folder) join(a, b value, minus bool) value {
	if a.num && b.num {
		if minus {
			b.n = -b.n
		}
		return value{num: true, known: true, n: a.n + b.n}
	}
	f.note(a)
	if textual(b) && !b.num {
		return b
	}
	f.note(b)
	return value{}
}

// spend takes n bytes from what folding may make.
func (f *folder) spend(n int) bool {
	f.budget -= n
	return f.budget >= 0
}

// operand reads one operand with what follows it.
func (f *folder) operand() value {
	v := f.primary()
	for {
		switch {
		case f.is("."):
			f.advance()
			if f.tok.sort != name {
				return v
			}
			v = f.method(v)
		case f.is("[") && f.lang != VBScript && f.enter():
			f.advance()
			v = f.index(v, f.list("]"))
			f.depth--
		case f.is("(") && f.enter(): // a call of what is not known
			f.advance()
			f.noteAll(f.list(")"))
			f.depth--
			v = value{}
		default:
			return v
		}
	}
}

func (f *folder) enter() bool {
	if f.depth >= depthMax {
		return false
	}
	f.depth++
	return true
}

func (f *folder) noteAll(list []value) {
	for _, v := range list {
		f.note(v)
	}
}

// primary reads the beginning of an operand; any other token is passed over.
func (f *folder) primary() value {
	t := f.tok
	f.advance()
	switch t.sort {
	case text:
		return known(t.s)
	case number:
		return value{known: true, num: true, n: t.n, s: []byte(t.s)}
	case pattern:
		return value{known: true, re: true, s: []byte(t.s)}
	case name:
		return f.word(t.s)
	case punct:
		return f.bracket(t.s)
	}
	return value{}
}

func (f *folder) bracket(p string) value {
	switch {
	case p == "(" && f.enter():
		defer func() { f.depth-- }()
		list := f.list(")")
		if len(list) == 0 {
			return value{}
		}
		f.noteAll(list[:len(list)-1])
		return list[len(list)-1]
	case p == "[" && f.enter():
		defer func() { f.depth-- }()
		return array(f.list("]"))
	case p == "-" && f.enter():
		defer func() { f.depth-- }()
		v := f.operand()
		v.n = -v.n
		return v
	}
	return value{}
}

// list reads expressions up to the closing bracket, or to one that is not ours.
func (f *folder) list(until string) []value {
	var l listing
	for f.tok.sort != end && !f.is(until) {
		switch {
		case f.is(","), f.is(";"), f.tok.sort == line:
			f.advance()
			continue
		case f.is("}"), f.is(")"), f.is("]"):
			return l.values()
		}
		v := f.expr()
		if v.list != nil { // lists of lists are not kept: they may hold themselves
			f.note(v)
			v = value{}
		}
		if !l.add(v) {
			f.note(v)
		}
	}
	if f.is(until) {
		f.advance()
	}
	return l.values()
}

const listMax = 1 << 16 // elements kept one by one; further texts go on in the last one, as they do when they are joined

// listing collects a list. Numbers of a byte's size are kept as such as long as there is nothing else.
type listing struct {
	run  []int16
	list []value
}

func (l *listing) add(v value) bool {
	if v.num && v.n >= -128 && v.n < 256 && len(l.list) == 0 {
		l.run = append(l.run, int16(v.n))
		return true
	}
	l.list = l.values()
	l.run = nil
	if len(l.list) < listMax {
		l.list = append(l.list, v)
		return true
	}
	last := &l.list[len(l.list)-1]
	if !textual(v) || !textual(*last) {
		return false
	}
	last.s = append(last.s[:len(last.s):cap(last.s)], v.s...)
	return true
}

// values are what was collected: many numbers are one value.
func (l *listing) values() []value {
	switch {
	case l.run == nil:
		return l.list
	case len(l.run) >= arrayMin:
		b := make([]byte, len(l.run))
		for i, n := range l.run {
			b[i] = byte(n)
		}
		return []value{{known: true, bytes: true, s: b}}
	}
	var list []value
	for _, n := range l.run {
		list = append(list, value{known: true, num: true, n: int64(n), s: strconv.AppendInt(nil, int64(n), 10)})
	}
	return list
}

// array is an array's value.
func array(list []value) value {
	if len(list) == 1 && list[0].bytes {
		return list[0]
	}
	return value{list: list}
}

// word reads what follows a name: an assignment, the arguments of a function.
func (f *folder) word(w string) value {
	low := strings.ToLower(w)
	if len(f.out.names) < namesMax || f.out.names[low] > 0 {
		f.out.names[low]++
	}
	switch {
	case f.is("=") && f.enter():
		defer func() { f.depth-- }()
		f.advance()
		if f.goesOn(w) {
			return f.extend(low, f.expr())
		}
		return f.assign(low, f.expr())
	case f.is("+=") && f.enter():
		defer func() { f.depth-- }()
		f.advance()
		return f.extend(low, f.expr())
	case f.is("(") && f.enter():
		f.advance()
		args := f.list(")")
		f.depth--
		return f.call(low, args)
	case f.is("`") && f.lang == PowerShell:
		f.advance()
	}
	if v := f.vars[low]; v != nil {
		w := *v
		w.told = true
		return w
	}
	return value{}
}

// goesOn takes "w +" or "w &" where the next tokens are these: the variable w gets more of itself.
func (f *folder) goesOn(w string) bool {
	if f.tok.sort != name || !strings.EqualFold(f.tok.s, w) {
		return false
	}
	before, tok := f.lexer, f.tok
	f.advance()
	if f.is("+") || f.is("&") && f.lang == VBScript {
		f.advance()
		return true
	}
	f.lexer, f.tok = before, tok
	return false
}

// assign sets a variable. Where the new text goes on from the old one, that is no text of its own.
func (f *folder) assign(w string, v value) value {
	if f.lang == VBScript && f.tok.sort != line && f.tok.sort != end { // a comparison, most likely
		f.note(v)
		return value{}
	}
	old := f.vars[w]
	if old != nil && (!v.known || len(old.s) > len(v.s) || string(v.s[:len(old.s)]) != string(old.s)) {
		f.note(*old)
	}
	if !v.known && v.list == nil {
		delete(f.vars, w)
		return v
	}
	if len(f.vars) < namesMax {
		f.vars[w] = &v
	}
	return value{}
}

// extend appends to a variable.
func (f *folder) extend(w string, v value) value {
	old := f.vars[w]
	switch {
	case !v.known || v.num || v.bytes:
		f.note(v)
	case old == nil || !old.known || old.bytes:
		if len(f.vars) < namesMax {
			f.vars[w] = &value{known: true, s: v.s[:len(v.s):len(v.s)]}
		}
	case f.spend(len(v.s)):
		old.s = append(old.s, v.s...)
	}
	return value{}
}
