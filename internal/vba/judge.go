package vba

// The course of a judgement: parse, look for anything that could matter, run, decide. Most projects end at the second step.

import (
	"context"
	"slices"
	"strings"
)

// judge is the state of one judgement.
type judge struct {
	ctx    context.Context // whose end is looked at every checkEvery statements
	err    error           // its error
	in     *Project        // what is judged
	report *Report         // what is said
	tab    *symbols        // names of all modules
	mods   []module        // as parsed
	procs  []proc          // of all modules, in their order
	tokens int             // of all modules, bounded by tokensMax

	literals map[string]bool              // keywords that literals show
	forms    map[string]map[string]string // texts of UserForms by path and property, in lower case
	controls map[string]bool              // names of ActiveX controls on the document, in lower case
	puts     bool                         // Put writes to a file
	compiled bool                         // compiled code has an entry point that the source may not have
	hasForms bool                         // a module is a UserForm

	edges  [][]sym         // names that a procedure uses
	wild   map[int32]bool  // procedures that call what cannot be told
	hits   []hit           // uses of abilities, bounded by hitsMax
	places map[place]int32 // where they are, so that each place counts once
	shown  map[string]bool // evidence

	// what is left
	folded int // bytes of text made
	left   int // bytes of text read
	steps  int // statements repeated
	terms  int // operands evaluated beyond those that the source has
	folds  int // texts folded
	met    int // statements run, for checked
	chars  [2]characters
	odd    int // Chr of printable codes, long literals that do not read as text
}

// readFactor is how often folded text may be read over; searching it once and taking it apart in a loop are two.
const readFactor = 4

// Judge judges a project. The error is the context's.
func Judge(ctx context.Context, p *Project, o Options) (*Report, error) {
	return newJudge(ctx, p, o.withDefaults()).judgement()
}

func newJudge(ctx context.Context, p *Project, o Options) *judge {
	return &judge{ctx: ctx, in: p, report: &Report{}, tab: newSymbols(), folded: o.Folded, left: readFactor * o.Folded,
		literals: make(map[string]bool), mods: make([]module, len(p.Modules))}
}

// judgement goes through all steps.
func (j *judge) judgement() (*Report, error) {
	defer j.tab.release()
	j.readModules()
	if j.err != nil {
		return nil, j.err
	}
	j.entryPoints()
	// Most projects end here: none of their words can reach an ability, whatever is computed.
	if !j.tab.hot && len(j.literals) == 0 && !j.hasPCode() {
		j.addressesOnly()
		return j.report, nil
	}
	if err := j.run(); err != nil {
		return nil, err
	}
	j.pcode()
	j.decide()
	return j.report, nil
}

// readModules cuts the modules into procedures.
func (j *judge) readModules() {
	p := j.in
	// Modules get their names first: one may call another that stands behind it (MS-VBAL 4.2).
	for i := range p.Modules {
		j.mods[i].in = &p.Modules[i]
		j.terms -= len(p.Modules[i].Source) // more than it has operands
		if name := p.Modules[i].Name; name != "" {
			j.mods[i].name = j.tab.intern(name)
			j.tab.list[j.mods[i].name].module = int32(i)
		}
	}
	for i := range j.mods {
		if j.err = j.ctx.Err(); j.err != nil {
			return
		}
		// Past tokensMax nothing more is read, and the report says so: rules hold what was not read.
		if !j.parse(int32(i)) {
			j.report.Unread = true
			return
		}
		j.scanLiterals(int32(i))
		j.hasForms = j.hasForms || isForm(&j.mods[i])
	}
}

// hasPCode says whether compiled code of a module names what its source does not.
func (j *judge) hasPCode() bool {
	return slices.ContainsFunc(j.in.Modules, func(m Module) bool { return len(m.PCode) > 0 })
}

// scanLiterals looks at the module's literals once, so that folded text can be compared with what the source shows.
func (j *judge) scanLiterals(index int32) {
	m := &j.mods[index]
	for i, t := range m.toks {
		if t.sym == wPut {
			j.puts = true
		}
		if t.sym != tString || t.end-t.off < 4 {
			continue
		}
		s := m.in.Source[t.off:t.end]
		if len(s) >= 100 && !strings.Contains(s, " ") {
			j.odd += manyChars
		}
		if j.literal(s) {
			m.telling = append(m.telling, uint32(i))
		}
	}
}

// addressesOnly looks for the addresses and paths in the literals of a project that has no ability.
func (j *judge) addressesOnly() {
	j.places, j.shown = make(map[place]int32), make(map[string]bool)
	for i := range j.mods {
		r := &run{judge: j, m: &j.mods[i]}
		for _, at := range r.m.telling {
			r.addresses(unquote(r.text(int(at))), int(at))
		}
	}
}

// fold takes n bytes of what may still be made; it is false when there is not enough.
func (j *judge) fold(n int) bool {
	if n < 0 || n > j.folded {
		j.report.Truncated = j.report.Truncated || n > 0 && j.folded > 0
		j.folded = 0
		return n == 0
	}
	j.folded -= n
	return true
}

// read takes n bytes of what may still be read.
func (j *judge) read(n int) bool {
	if n > j.left {
		j.left = 0
		return n == 0
	}
	j.left -= n
	return true
}

// run runs the declarations, then the entry points, then whatever was not called by them, procedures without parameters first.
func (j *judge) run() error {
	j.places, j.shown, j.wild = make(map[place]int32), make(map[string]bool), make(map[int32]bool)
	j.edges = make([][]sym, len(j.procs))
	j.readForms()
	// Declarations first: constants and objects made As New are known to every procedure. Then what starts by itself, so that a procedure is
	// first run with the arguments it gets there.
	globals := make(map[sym]value)
	order := make([]int32, 0, len(j.procs))
	for _, want := range [...]func(p *proc) bool{
		func(p *proc) bool { return p.name == wNone },
		func(p *proc) bool { return p.entry != nil },
		func(p *proc) bool { return len(p.params) == 0 },
		func(p *proc) bool { return true },
	} {
		for i := range j.procs {
			if p := &j.procs[i]; !p.queued && want(p) {
				p.queued = true
				order = append(order, int32(i))
			}
		}
	}
	for _, i := range order {
		if err := j.ctx.Err(); err != nil {
			return err
		}
		if p := &j.procs[i]; !p.ran {
			vars := make(map[sym]value, 8)
			for _, q := range p.params {
				vars[q.name] = value{arg: true}
			}
			r := &run{judge: j, globals: globals}
			r.proc(i, vars)
		}
	}
	return j.err
}

// readForms takes the texts of UserForms.
func (j *judge) readForms() {
	if len(j.in.Forms) > 0 {
		j.forms = make(map[string]map[string]string, len(j.in.Forms))
		for _, c := range j.in.Forms {
			j.forms[strings.ToLower(c.Path)] = c.Texts
		}
	}
	if len(j.in.Controls) > 0 {
		j.controls = make(map[string]bool, len(j.in.Controls))
		for _, c := range j.in.Controls {
			j.controls[strings.ToLower(c)] = true
		}
	}
}

// edge notes that the procedure uses a name.
func (r *run) edge(name sym) {
	if name > 0 {
		r.edges[r.index] = append(r.edges[r.index], name)
	}
}

// with is the object of the innermost With.
func (r *run) with() value {
	if n := len(r.withs); n > 0 {
		return r.withs[n-1]
	}
	return value{}
}

// words looks at a statement's words and literals when it is met first.
func (r *run) words(s stmt) {
	r.due = r.due[:0]
	if s.op == opSkip {
		return
	}
	for i := int(s.lo); i < int(s.hi); i++ {
		t := r.m.toks[i]
		if t.sym == tString {
			if _, ok := slices.BinarySearch(r.m.telling, uint32(i)); ok {
				r.found(unquote(r.text(i)), i, false, 0)
			}
			continue
		}
		if t.sym <= wNone {
			continue
		}
		w := &r.tab.list[t.sym] // a procedure may have a word of the language for its name
		if len(w.procs) > 0 || w.module >= 0 || w.heard != nil && r.p.name != wNone {
			r.edges[r.index] = append(r.edges[r.index], t.sym)
		}
		if member := i > 0 && r.m.toks[i-1].sym == punct('.'); w.name != nil && (member || len(w.procs) == 0 && w.name.rule != asMember) {
			r.hit(w.name, i, w.name.rule != soft, "")
		}
		r.p.volatile = r.p.volatile || w.low == "volatile"
		r.p.executes = r.p.executes || w.low == "execute"
		if w.sink != nil && len(w.procs) == 0 && r.called(i, int(s.hi)) {
			r.due = append(r.due, i)
		}
		if w.decl != nil && w.decl.keyword != "" {
			r.hit(w.decl, i, w.decl.rule == hard, "")
		}
		if i+3 < int(s.hi) && w.fn != nil && strings.HasPrefix(w.low, "chr") && r.m.toks[i+2].sym == tNumber && r.m.toks[i+1].sym == punct('(') {
			r.oddChar(i + 2)
		}
	}
}

// manyChars is how many Chr calls with a printable code code must have to hide text: honest code builds line ends and quotes, which do not count.
const manyChars = 10

// oddChar counts the code of a printable character that could have been written as text.
func (r *run) oddChar(at int) {
	if n, ok := parseNumber(r.text(at)); ok && n > 34 && n < 127 && n != 39 {
		r.odd++
	}
}

// called says whether the word at i is called with an argument: it is not declared, defined or assigned there.
func (r *run) called(i, hi int) bool {
	if i+1 >= hi {
		return false
	}
	if i > 0 {
		switch r.m.toks[i-1].sym {
		case wDim, wAs, wNew, wConst, wAddressOf:
			return false
		}
	}
	switch s := r.m.toks[i+1].sym; {
	case s == tString, s == tNumber, s == punct('('):
		return true
	default:
		return s >= wordCount || s == wMe || s == wMid
	}
}

// serve notes that a call was judged with its arguments.
func (r *run) serve(at int) {
	for i := range r.due {
		if r.due[i] == at {
			r.due[i] = -1
		}
	}
}

// unserved judges calls that evaluation did not come to, as if with arguments that cannot be told.
func (r *run) unserved() {
	for _, at := range r.due {
		if at >= 0 {
			w := r.tab.list[r.m.toks[at].sym].sink
			r.sink(callee{name: r.m.toks[at].sym, at: at}, w, []value{{}, {}})
		}
	}
	r.due = r.due[:0]
}

// pcode takes what compiled code names that the source does not, as if an entry point used it.
func (j *judge) pcode() {
	for i := range j.mods {
		m := &j.mods[i]
		if len(m.in.PCode) == 0 || len(m.toks) == 0 {
			continue
		}
		r := &run{judge: j, p: &proc{mod: int32(i)}, index: pcodeProc, m: m}
		m.stmts = append(m.stmts, stmt{})
		r.at = uint32(len(m.stmts) - 1)
		for _, s := range m.in.PCode {
			low := strings.ToLower(s)
			if w, ok := entries[low]; ok {
				j.compiled = true
				j.report.Autoexec = append(j.report.Autoexec, Hit{Keyword: w.keyword, Module: m.in.Stream, Line: 1, Why: w.why})
			} else if w, ok := names[low]; ok {
				r.hit(w, 0, w.rule != soft, s)
			} else if w, ok := sinks[low]; ok {
				r.hit(w, 0, w.rule == hard || w.rule == byClass, s)
			} else if w := external("kernel32", s); w.keyword != "" {
				r.hit(w, 0, w.rule == hard, s)
			}
			r.found(s, 0, true, 0)
		}
	}
}

// pcodeProc stands for compiled code that the source does not show: what it does starts by itself if anything does.
const pcodeProc = -1
