package vba

// Statements and procedures (MS-VBAL 4 and 5.1 to 5.3). No grammar is held: what is no declaration is a statement, and what a statement does its first
// words tell. So source that a compiler would refuse is read too, and what stands in it is judged.

// op says what the interpreter does with a statement.
type op uint8

const (
	opPlain  op = iota // MS-VBAL 5.4.2.1, 5.4.3: a call or an assignment
	opSkip             // no code: attributes, options, directives
	opIf               // MS-VBAL 5.4.2.8, 5.4.2.9
	opElseIf           // and what follows it in its block
	opElse
	opEndIf
	opFor     // MS-VBAL 5.4.2.3
	opForEach // MS-VBAL 5.4.2.4
	opNext    // ends both
	opDo      // MS-VBAL 5.4.2.6
	opLoop    // ends it
	opWhile   // MS-VBAL 5.4.2.2
	opWend    // ends it
	opSelect  // MS-VBAL 5.4.2.10
	opCase    // a branch of it
	opEndSelect
	opWith    // MS-VBAL 5.4.2.21
	opEndWith // ends it
	opExit    // of a loop
	opLeave   // MS-VBAL 5.4.2.17: the procedure
	opDim     // MS-VBAL 5.4.3.1, 5.4.3.3
	opConst   // MS-VBAL 5.4.3.2
	opOn      // MS-VBAL 5.4.2.13: its expression counts, its jumps do not
	opOpen    // MS-VBAL 5.4.5.1
)

// stmt is a statement: tokens [lo, hi) of its module without the word that op tells, where there is one.
type stmt struct {
	lo, hi uint32
	op     op
}

// param is a parameter of a procedure.
type param struct {
	name  sym
	array bool
}

// proc is a procedure (MS-VBAL 5.3.1), or the declarations of a module.
type proc struct {
	name     sym
	shown    string // as spelled
	mod      int32
	lo, hi   uint32 // statements of the module
	line     int32
	params   []param
	match    []uint32 // of each statement that opens or goes on with a block: the next one of the block
	entry    *word
	ran      bool
	queued   bool
	called   bool  // with arguments
	covered  bool  // every statement was looked at
	volatile bool  // Excel calculates it whenever it calculates anything
	executes bool  // it presses a button of a menu
	actions  []sym // what the buttons do that it makes
	hash     int   // #If blocks it begins in
	runsOn   bool  // the compiler may see the next procedure's statements as its own
}

// module is a module on its way.
type module struct {
	in      *Module      // its source
	name    sym          // as Name says it; the stream may have another
	base    string       // VB_Base
	toks    []token      // all of them, in order
	stmts   []stmt       // all of them, in order; procedures are ranges of them
	decl    int32        // its declarations, as a procedure
	seen    []bool       // statements whose words were looked at
	telling []uint32     // literals worth a second look
	base1   bool         // Option Base 1
	textual bool         // Option Compare Text
	unasked map[sym]bool // variables declared WithEvents, interfaces, default members: their procedures run without being named
}

// tokensMax bounds the tokens kept of a project: a module of honest code has one for each six bytes, a project of 5 MiB less than a million.
const tokensMax = 1 << 20

const tokensPerCheck = 1 << 12 // between two looks at the context: some ten thousandths of a second

// parser cuts a module into statements and procedures.
type parser struct {
	j     *judge
	m     *module
	index int32
	lex   lexer
	start uint32 // first token of the statement
	first bool   // of its line
	inner int    // If statements of this line (MS-VBAL 5.4.2.9)
	open  int32  // procedure that is open, -1 for none
	last  int32  // procedure that was open last, -1 for none
	typ   bool   // inside Type or Enum
	hash  int    // #If blocks that are open (MS-VBAL 3.4)
	typAt int    // those around Type
}

// parse reads a module; it is false when the tokens are used up.
func (j *judge) parse(index int32) bool {
	m := &j.mods[index]
	p := parser{j: j, m: m, index: index, open: -1, last: -1, first: true, lex: lexer{src: m.in.Source, line: 1, tab: j.tab}}
	m.toks = make([]token, 0, min(len(m.in.Source)/6+8, tokensMax))
	decl := int32(len(j.procs))
	m.decl = decl
	j.procs = append(j.procs, proc{mod: index, shown: m.in.Name})
	for {
		t, ok := p.lex.next()
		if !ok || t.sym == tLine {
			p.statement()
			p.endLine()
			p.first = true
			if !ok {
				break
			}
			continue
		}
		if t.sym == tColon {
			p.colon()
			continue
		}
		if t.sym == wRem && uint32(len(m.toks)) == p.start { // MS-VBAL 5.4.1: at the start of a statement only
			p.lex.comment()
			continue
		}
		// Before the token is kept, so that memory is bounded too.
		if j.tokens++; j.tokens > tokensMax {
			return false
		}
		if j.tokens%tokensPerCheck == 0 {
			if j.err = j.ctx.Err(); j.err != nil {
				return false
			}
		}
		m.toks = append(m.toks, t)
		p.token(t)
	}
	p.close()
	j.procs[decl].hi = uint32(len(m.stmts))
	if int(decl)+1 < len(j.procs) { // what is declared stands before the procedures (MS-VBAL 5.1)
		j.procs[decl].hi = j.procs[decl+1].lo
	}
	m.seen = make([]bool, len(m.stmts))
	return true
}

// token looks at a word behind which a statement ends in the middle of its line: Then and Else of an If in one line.
func (p *parser) token(t token) {
	n := uint32(len(p.m.toks))
	switch {
	case t.sym == wThen && n-p.start > 1 && (p.m.toks[p.start].sym == wIf || p.m.toks[p.start].sym == wElseIf):
		single := p.m.toks[p.start].sym == wIf && !p.endsLine()
		p.statement()
		p.first = false // what stands before a colon here is a call
		if single {
			p.inner++
		}
	case t.sym == wElse && p.inner > 0:
		p.m.toks = p.m.toks[:n-1]
		p.statement()
		p.m.toks = append(p.m.toks, t)
		p.statement()
	case t.sym == wElse && n-p.start == 1: // Else of a block; Case Else begins with Case
		p.statement()
	}
}

// endsLine says that nothing but white space and a comment follows in the line.
func (p *parser) endsLine() bool {
	s := p.lex
	s.blank()
	c := s.at()
	return c == 0 || c == '\n' || c == '\''
}

// colon ends a statement, or drops a label (MS-VBAL 5.4.1.1).
func (p *parser) colon() {
	if n := uint32(len(p.m.toks)); p.first && n-p.start == 1 && p.m.toks[p.start].sym >= wordCount {
		p.start = n
		p.first = false
		return
	}
	p.statement()
	p.first = false
}

// endLine closes the If statements of the line, which have no End If of their own (MS-VBAL 5.4.2.9).
func (p *parser) endLine() {
	for ; p.inner > 0; p.inner-- {
		p.emit(p.start, opEndIf)
	}
}

// emit notes a statement of the tokens from lo on.
func (p *parser) emit(lo uint32, o op) {
	p.m.stmts = append(p.m.stmts, stmt{lo, uint32(len(p.m.toks)), o})
	p.start = uint32(len(p.m.toks))
	if o != opSkip && p.open < 0 && p.last >= 0 { // behind an End Sub that the compiler does not see
		p.j.procs[p.last].hi = uint32(len(p.m.stmts))
	}
}

// directive follows #If (MS-VBAL 3.4.1). Which branch counts depends on the machine, so all of them are read: a procedure that begins outside of a
// block and ends inside of it may go on behind it.
func (p *parser) directive(t []token) {
	next := wNone
	if len(t) > 1 {
		next = t[1].sym
	}
	switch next {
	case wIf:
		p.hash++
		return
	case wElse, wElseIf, wEnd, wEndIf:
		if p.typAt >= p.hash {
			p.typ = false
		}
		if next == wEnd || next == wEndIf {
			p.hash--
		}
	}
}

// statement ends the statement at the last token.
func (p *parser) statement() {
	lo := p.start
	t := p.m.toks[lo:]
	if len(t) > 1 && t[0].sym == tNumber { // a line number
		lo, t = lo+1, t[1:]
	}
	if len(t) == 0 {
		return
	}
	switch first := t[0].sym; first {
	case wAttribute: // MS-VBAL 4.2: written by the editor
		if len(t) > 3 && t[1].sym == wVBBase {
			p.m.base = p.text(t[3])
		}
		if len(t) > 3 && t[2].sym == punct('.') && p.j.tab.lowOf(t[3].sym) == "vb_usermemid" { // the default member, the enumerator (MS-VBAL 5.2.4.1.1)
			p.m.unnamed(t[1].sym)
		}
		p.emit(lo, opSkip)
		return
	case punct('#'): // MS-VBAL 3.4
		p.directive(t)
		p.emit(lo, opSkip)
		return
	case wImplements: // MS-VBAL 5.2.4.2; the name may follow that of a library
		for i := 1; i < len(t); i++ {
			p.m.unnamed(t[i].sym)
		}
		p.emit(lo, opSkip)
		return
	case wOption:
		p.m.option(p.j.tab, t[1:])
		p.emit(lo, opSkip)
		return
	}
	if !p.definition(lo, t) {
		op, n := operation(t)
		if op == opOpen && p.writes(t) || t[0].sym == wName {
			p.j.tab.hot = true
		}
		p.emit(lo+n, op)
	}
}

// writes says whether the Open statement is for a mode that writes; Random is the default.
func (p *parser) writes(t []token) bool {
	for i := range t {
		if t[i].sym == wFor && i+1 < len(t) {
			_, ok := openModes[p.j.tab.lowOf(t[i+1].sym)]
			return ok
		}
	}
	return true
}

// text is a token as the source spells it.
func (p *parser) text(t token) string { return p.m.in.Source[t.off:t.end] }

// definition reads what MS-VBAL 5.2 and 5.3 declare; false for a statement.
func (p *parser) definition(lo uint32, t []token) bool {
	i := 0
	for i < len(t) && isModifier(t[i].sym) {
		i++
	}
	if i+1 >= len(t) {
		return p.typ && p.skip(lo) // a member of an Enum
	}
	switch next := t[i+1].sym; t[i].sym {
	case wEnd:
		switch next {
		case wSub, wFunction, wProperty: // MS-VBAL 5.3.1.1
			if p.open >= 0 {
				p.j.procs[p.open].runsOn = p.hash > p.j.procs[p.open].hash
			}
			p.close()
			return p.skip(lo)
		case wType, wEnum: // MS-VBAL 5.2.3.3, 5.2.3.4
			p.typ = false
			return p.skip(lo)
		}
		return false
	case wType, wEnum:
		p.typ, p.typAt = p.open < 0, p.hash
		return p.skip(lo)
	case wDeclare: // MS-VBAL 5.2.3.5
		p.declare(t[i+1:])
		return p.skip(lo)
	case wEvent: // MS-VBAL 5.2.4.3
		return p.skip(lo)
	case wSub, wFunction: // MS-VBAL 5.3.1.1, 5.3.1.2
		p.procedure(t[i+1:])
		return p.skip(lo)
	case wProperty: // MS-VBAL 5.3.1.7
		if i+2 < len(t) && (next == wGet || next == wLet || next == wSet) {
			p.procedure(t[i+2:])
			return p.skip(lo)
		}
	}
	if p.typ {
		return p.skip(lo)
	}
	if i > 0 && t[i].sym != wConst { // Public x As String
		p.events(t[i:])
		p.emit(lo+uint32(i), opDim)
		return true
	}
	return false
}

// skip notes a statement that is no code: a declaration that the parser itself has read.
func (p *parser) skip(lo uint32) bool {
	p.emit(lo, opSkip)
	return true
}

// isModifier says whether a word may stand before a declaration (MS-VBAL 5.2.3, 5.3.1.1).
func isModifier(s sym) bool {
	return s == wPublic || s == wPrivate || s == wFriend || s == wStatic || s == wGlobal
}

// events notes variables whose object's events come here (MS-VBAL 5.2.3.1).
func (p *parser) events(t []token) {
	for i := range t {
		if t[i].sym == wWithEvents && i+1 < len(t) && t[i+1].sym > 0 {
			p.m.unnamed(t[i+1].sym)
			s := &p.j.tab.list[t[i+1].sym]
			if n := len(s.heard); n == 0 || s.heard[n-1] != p.index {
				s.heard = append(s.heard, p.index)
			}
		}
	}
}

// option reads an Option (MS-VBAL 5.2.1).
func (m *module) option(tab *symbols, t []token) {
	switch {
	case len(t) < 2:
	case tab.lowOf(t[0].sym) == "base":
		m.base1 = m.in.Source[t[1].off:t[1].end] == "1"
	case tab.lowOf(t[0].sym) == "compare":
		m.textual = tab.lowOf(t[1].sym) != "binary"
	}
}

// unnamed notes a name whose procedures run without being named.
func (m *module) unnamed(name sym) {
	if m.unasked == nil {
		m.unasked = make(map[sym]bool)
	}
	m.unasked[name] = true
}

// procedure begins a procedure; t begins with its name.
func (p *parser) procedure(t []token) {
	if p.open >= 0 {
		p.j.procs[p.open].runsOn = true
	}
	p.close()
	p.typ = false
	if len(t) > 1 && t[0].sym == punct('[') {
		t = t[1:]
	}
	if len(t) == 0 || t[0].sym < 0 {
		return
	}
	x := proc{name: t[0].sym, shown: p.text(t[0]), mod: p.index, line: t[0].line, lo: uint32(len(p.m.stmts)) + 1, params: params(t[1:]), hash: p.hash}
	p.open = int32(len(p.j.procs))
	p.last = p.open
	p.j.procs = append(p.j.procs, x)
	s := &p.j.tab.list[x.name]
	s.procs = append(s.procs, p.open)
}

// close ends the procedure that is open.
func (p *parser) close() {
	if p.open >= 0 {
		x := &p.j.procs[p.open]
		x.hi = max(x.lo, uint32(len(p.m.stmts)))
		p.open = -1
	}
}

// params reads a parameter list (MS-VBAL 5.3.1.5).
func params(t []token) []param {
	var list []param
	depth := 0
	for i := range t {
		switch t[i].sym {
		case punct('('):
			if depth++; depth == 2 && len(list) > 0 {
				list[len(list)-1].array = true
			}
		case punct(')'):
			if depth--; depth == 0 {
				return list
			}
		}
		if depth != 1 || t[i].sym <= 0 || i == 0 {
			continue
		}
		if before := t[i-1].sym; before == punct('(') || before == punct(',') || isPassing(before) {
			if !isPassing(t[i].sym) {
				list = append(list, param{name: t[i].sym})
			}
		}
	}
	return list
}

// isPassing says whether a word before a parameter's name says how it is passed (MS-VBAL 5.3.1.5).
func isPassing(s sym) bool { return s == wByVal || s == wByRef || s == wOptional || s == wParamArray }

// declare reads an external procedure (MS-VBAL 5.2.3.5); t begins behind Declare.
func (p *parser) declare(t []token) {
	for len(t) > 0 && (t[0].sym == wPtrSafe || t[0].sym == wSub || t[0].sym == wFunction) {
		t = t[1:]
	}
	if len(t) < 3 || t[0].sym < 0 {
		return
	}
	lib, alias := "", p.text(t[0])
	for i := 1; i+1 < len(t) && t[i].sym != punct('('); i++ {
		if t[i+1].sym != tString {
			continue
		}
		switch t[i].sym {
		case wLib:
			lib = p.text(t[i+1])
		case wAlias:
			alias = p.text(t[i+1])
		}
	}
	s := &p.j.tab.list[t[0].sym]
	s.decl = graver(s.decl, external(lib, alias))
}
