package xlm

import "context"

// machine works formulas out and follows macros. One way through the macros uses it at a time.
type machine struct {
	ctx     context.Context
	b       *book
	j       *judge
	left    int  // work still allowed in all
	budget  int  // work still allowed on this way
	cut     bool // a limit was met
	inert   bool // a worksheet's cell is worked out, which Excel lets reach out in no way
	folding bool // no macro runs: cells are worked out where a formula asks for them
	depth   int  // formulas inside formulas, and macros inside macros
	version int  // counts what macros write
	writes  int  // cells written in all
	kept    int  // bytes of values kept
	ranOnes int  // cells whose last value is kept
	mem     *memory
	first   *memory // of the first way
	f       *frame  // the macro that runs, nil for none
	auto    bool    // this way begins at a name that starts by itself
	queue   []start
	ways    int            // of the queue that were followed
	forked  map[addr]bool  // cells at which a second way was begun
	ran     map[place]bool // formulas that ran on any way
	handles map[int]api    // what REGISTER returned
	aliases map[string]api
	naming  map[*Name]bool // names that are being worked out
	active  *area          // the selection, nil where it is not known
}

// start is where a way through the macros begins.
type start struct {
	at   addr
	mem  *memory
	auto bool
}

// frame is one macro that runs, and what its formulas have decided.
type frame struct {
	args  []value
	taken int // arguments that ARGUMENT has taken
	loops []loop
	once  map[addr]bool // loops whose condition is not known, which ran once
	jump  *addr
	done  bool // RETURN
	halt  bool // HALT
	ret   value
}

// loop is a WHILE, FOR or FOR.CELL that has begun.
type loop struct {
	at        addr
	name      string
	cur, end  float64
	step      float64
	cells     area
	isFor     bool
	isForCell bool
}

const (
	valuesMax = 16 << 20 // bytes of texts and arrays that names, cells and results keep
	stepWork  = 4        // of going on to the next cell
	ranMax    = 1 << 15  // values of formulas that ran, 10 MB; a loop runs few formulas often
	waysMax   = 64       // ways through the macros: names that start, their divisions at conditions that are not known
	loopsMax  = 64       // loops inside loops
	wayWork   = 1 << 19  // of one way: a loop of six formulas decodes 9,000 characters with it
	allWork   = 1 << 21  // of all ways, about half a second
	foldWork  = 1 << 21  // of working every formula out once, besides a share for each
)

// newMachine begins with nothing written and nothing known of the selection.
func newMachine(ctx context.Context, b *book, j *judge) *machine {
	return &machine{ctx: ctx, b: b, j: j, left: allWork, forked: map[addr]bool{}, ran: map[place]bool{}, handles: map[int]api{}, aliases: map[string]api{},
		naming: map[*Name]bool{}}
}

// run follows the macros from every start that is queued.
func (m *machine) run() {
	for ; m.ways < len(m.queue); m.ways++ {
		if m.ways == waysMax {
			m.cut = true
			return
		}
		s := m.queue[m.ways]
		m.mem, m.auto, m.budget, m.active, m.depth = s.mem, s.auto, wayWork, nil, 0
		if m.mem == nil {
			m.mem = newMemory(nil)
		}
		if m.first == nil {
			m.first = m.mem
		}
		m.follow(s.at, nil)
	}
}

// begin queues a way, each start once.
func (m *machine) begin(s start) {
	if !m.forked[s.at] {
		m.forked[s.at] = true
		m.queue = append(m.queue, s)
	}
}

// fork divides the way at a condition that is not known: the other way begins at to with what was written so far.
func (m *machine) fork(to addr) {
	if m.folding || m.forked[to] {
		return
	}
	if len(m.queue) >= waysMax {
		m.cut = true
		return
	}
	below := m.mem
	m.begin(start{at: to, mem: newMemory(below), auto: m.auto})
	m.mem = newMemory(below)
}

// follow runs a macro from its first formula at or below at to its RETURN, and returns what that gives.
func (m *machine) follow(at addr, args []value) value {
	outer := m.f
	f := &frame{args: args, once: map[addr]bool{}}
	m.f = f
	defer func() { m.f = outer }()
	for {
		next, ok := m.b.next(at)
		if !ok || !m.spend(stepWork) {
			return f.ret
		}
		f.jump = nil
		m.step(next)
		switch {
		case f.halt:
			if outer != nil {
				outer.halt = true
			}
			return f.ret
		case f.done:
			return f.ret
		case f.jump != nil:
			at = *f.jump
		default:
			at = addr{next.sheet, next.row + 1, next.col}
		}
	}
}

// current is the cell as this way sees it.
func (m *machine) current(at addr) *cell {
	if c := m.mem.cell(at); c != nil {
		return c
	}
	return m.b.cell(at)
}

// step runs one cell.
func (m *machine) step(at addr) {
	c := m.current(at)
	if c == nil || c.source == "" { // a row in which another way wrote a formula
		return
	}
	f := m.b.formula(c)
	if c.by != "" {
		m.j.ownCode(m, at, c)
	}
	if f.bad {
		m.j.unreadable(m.b.where(at), f)
	}
	m.j.at = at
	v, isStatement := m.statement(f.root, at)
	if !isStatement {
		v = m.assign(f.root, at)
	}
	if v.kind != reference {
		v = m.single(v, at)
	} else {
		v = m.at(v.area.first())
	}
	m.ran[placeOf(at)] = true
	if old := m.mem.cells[at]; old != nil { // written, or run before on this way
		if m.keep(v) {
			old.v = v
		}
		return
	}
	if m.ranOnes++; m.ranOnes > ranMax || !m.keep(v) {
		m.cut = true
		return
	}
	m.mem.cells[at] = &cell{f: c.f, source: c.source, at: c.at, v: v}
}

// keep counts a value that is to be kept, and says whether there is room for it.
func (m *machine) keep(v value) bool {
	n := len(v.str) + len(v.elems)*128
	if m.kept+n > valuesMax {
		return false
	}
	m.kept += n
	return true
}

// assign is name=expression, which a macro sheet takes for an assignment, or any other formula.
func (m *machine) assign(n *node, at addr) value {
	if n.op == opChain && n.ops[0] == '=' && n.args[0].op == opName {
		v := m.scalar(n.args[1], at)
		m.setVariable(n.args[0].text, v)
		return v
	}
	return m.eval(n, at)
}

// macro runs the macro at a cell with arguments and gives what it returns. Where nothing runs, only the arguments are worked out.
func (m *machine) macro(to addr, args []*node, at addr) value {
	values := m.args(args, at)
	if m.folding || m.f == nil || to.sheet == noSheet || !m.deeper() {
		return value{}
	}
	defer func() { m.depth-- }()
	return m.follow(to, values)
}

// args works arguments out; references stay references.
func (m *machine) args(list []*node, at addr) []value {
	out := make([]value, len(list))
	for i, n := range list {
		out[i] = m.eval(n, at)
	}
	return out
}
