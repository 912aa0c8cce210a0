package oleparse

import (
	"bytes"
	"encoding/binary"
)

// operands is what follows each operation of VBA 7, by its number: "." nothing; n a name; N a name and a word; 1, 2, 4 so many words; c a
// context; f a procedure, v a variable, d a type; r a name, a word and a type; x bytes; s a string; q a word and bytes.
const operands = "...............................nnnn1NNNnnn1NNNnnn1NNNnnNNnnNNnnN" + // 0
	"NNNNN.1..nn..........11...c.2.........1...........1.fNNN........" + // 64
	"..........1......1..1.ff.nn..114...n.1x.n44.124124.12424.s......" + // 128
	"..rrrr...1..nxx1....n............1.qrrxxn..1..1..2.d.v.....n...." + // 192
	".....n.." // 256

// Operations whose meaning matters here.
const (
	opOnError   = 204
	opOpen      = 207
	opPrint     = 213
	opPut       = 226
	opReparse   = 230
	opResume    = 232
	opWriteChan = 249
)

// since7 translates an operation's number from the table of an older VBA: numbers from upTo on are by shift smaller.
type since7 struct{ upTo, shift int }

var (
	vba5Operations   = [...]since7{{171, 11}, {168, 10}, {166, 9}, {152, 8}, {113, 7}, {72, 3}, {69, 1}}
	narrowOperations = [...]since7{{179, 3}, {176, 2}, {174, 1}}
)

func (d dialect) operation(n int) int {
	list := narrowOperations[:]
	switch {
	case !d.vba6():
		list = vba5Operations[:]
	case d.wide:
		return n
	}
	for _, s := range list {
		if n >= s.upTo {
			return n + s.shift
		}
	}
	return n
}

// wordsOfVBA is how many names are part of the language and not in a project's table.
const wordsOfVBA = 0x100

// name is the index of a name in the project's table, -1 for a word of the language.
func (d dialect) name(id int) int {
	n := id>>1 - wordsOfVBA + d.shift
	if n < 0 || !d.vba7 {
		return n
	}
	n -= 4
	if d.wide {
		n -= 3
	}
	return n
}

const (
	pcodeLines = 65534   // a module has no more
	pcodeKept  = 4096    // names and strings of a module
	cacheMost  = 8 << 20 // bytes of a module's cache; the largest honest ones have one megabyte
	cachesMost = 64 << 20
)

// pcode is what the compiled lines of a module name.
type pcode struct {
	procs   []string // that it defines
	names   []string // that it calls, reads and writes
	strings []string // literals, and lines that were kept as text because they do not compile
	acts    []string // statements that work on files
	lines   int      // with any operation
	odd     int      // of those, not understood: their names and literals are left out
}

// whole says that the lines were understood; in honest modules all are.
func (p *pcode) whole() bool { return p.odd*10 <= p.lines }

// pcodeReader reads one module's cache.
type pcodeReader struct {
	d        dialect
	ids      [][]byte
	page     int
	big      bool
	b        []byte
	indirect []byte // declarations
	p        pcode
	seen     map[kept]bool
	named    [2][]bool // names that are kept, by number: those of procs and of names
	dry      bool      // nothing is kept
}

// kept is a text in one of the lists.
type kept struct {
	list *[]string
	text string
}

// readPCode reads the compiled lines in a module's PerformanceCache; nil where there are none.
func readPCode(b []byte, ids [][]byte, d dialect, page int) *pcode {
	if len(b) < 0x40 || d.version == 0 {
		return nil
	}
	r := &pcodeReader{d: d, ids: ids, page: page, b: b, big: binary.LittleEndian.Uint16(b[2:]) > 0xFF, seen: make(map[kept]bool)}
	at, ok := r.tables()
	c := r.cursor(b, at)
	if !ok || c.u16() != 0xCAFE {
		return nil
	}
	c.skip(2)
	n := c.u16()
	lines := at + 6 + 12*n + 10
	left := len(b) // lines do not share bytes
	for range min(n, pcodeLines) {
		c.skip(4)
		size := c.u16()
		c.skip(2)
		from := lines + int(c.u32())
		if left -= size; c.bad || left < 0 {
			r.p.odd += r.p.lines + 1
			break
		}
		if size > 0 {
			r.line(from, size)
		}
	}
	return &r.p
}

func (r *pcodeReader) cursor(b []byte, at int) *cacheCursor {
	return &cacheCursor{b: b, at: at, big: r.big}
}

// at32 reads a number at an offset.
func (r *pcodeReader) at32(at int64) int64 {
	if at < 0 || at+4 > int64(len(r.b)) {
		return -1
	}
	c := r.cursor(r.b, int(at))
	return c.u32()
}

// tables finds the declarations and where the lines' directory begins.
func (r *pcodeReader) tables() (at int, ok bool) {
	const directory = 0x3C // what is added to the offset that a header holds
	var head, table int64
	if r.d.vba6() {
		table, head = r.at32(0x11)+10, r.at32(0x19)
		if r.d.wide {
			table += 2
		}
	} else {
		c := r.cursor(r.b, 11)
		c.skip(c.u32())
		c.skip(64)
		c.block(16, false)
		c.skip(c.u32())
		c.skip(6)
		c.skip(c.u32())
		if c.bad {
			return 0, false
		}
		table, head = r.at32(int64(c.at)+8)+10, r.at32(int64(c.at)+77)
	}
	if size := r.at32(table); size > 0 && table+4+size <= int64(len(r.b)) {
		r.indirect = r.b[table+4 : table+4+size]
	}
	if head < 0 || head+directory+6 > int64(len(r.b)) {
		return 0, false
	}
	return int(head) + directory, true
}

// line reads one line: first whether it makes sense, then what it names.
func (r *pcodeReader) line(from, size int) {
	r.p.lines++
	if from < 0 || from > len(r.b) || size > len(r.b)-from {
		r.p.odd++
		return
	}
	code := r.b[from : from+size]
	if r.dry = true; !r.operations(code) {
		r.p.odd++
		return
	}
	r.dry = false
	r.operations(code)
}

// operations reads the operations of a line; it is false where they do not end with it.
func (r *pcodeReader) operations(code []byte) bool {
	c := r.cursor(code, 0)
	for c.at < len(code) && !c.bad {
		v := c.u16()
		op := r.d.operation(v & 0x3FF)
		if op >= len(operands) {
			return false
		}
		r.operands(c, op, v>>10)
	}
	return !c.bad
}

// operands reads what follows an operation.
func (r *pcodeReader) operands(c *cacheCursor, op, kind int) {
	switch operands[op] {
	case 'n':
		r.name(c.u16(), op, kind)
	case 'N':
		r.name(c.u16(), op, kind)
		c.skip(2)
	case '1':
		c.skip(2)
	case '2', 'd':
		c.skip(4)
	case '4':
		c.skip(8)
	case 'c':
		if c.skip(4); r.d.wide {
			c.skip(4)
		}
	case 'r':
		r.name(c.u16(), op, kind)
		c.skip(6)
	case 'f':
		r.declared(0, c.u32())
	case 'v':
		r.declared(1, c.u32())
		if kind&0x10 != 0 {
			c.skip(2)
		}
	case 'x', 's', 'q':
		r.bytes(c, op)
	}
	switch op {
	case opOpen:
		r.keep(&r.p.acts, "Open")
	case opPrint:
		r.keep(&r.p.acts, "Print #")
	case opPut:
		r.keep(&r.p.acts, "Put")
	case opWriteChan:
		r.keep(&r.p.acts, "Write #")
	}
}

// bytes reads operands of a length of their own.
func (r *pcodeReader) bytes(c *cacheCursor, op int) {
	kind := operands[op]
	if kind == 'q' {
		c.skip(2)
	}
	n := c.u16()
	b := c.take(n)
	if n&1 != 0 {
		c.skip(1)
	}
	if !r.dry && (kind == 's' || op == opReparse) && len(bytes.TrimSpace(b)) > 0 {
		r.keep(&r.p.strings, decodeText(r.page, b))
	}
}

// name keeps a name that an operation uses.
func (r *pcodeReader) name(id, op, kind int) {
	if r.dry || (op == opOnError || op == opResume) && kind != 0 { // GoTo 0, Resume Next: no name
		return
	}
	r.keepName(1, id)
}

// declared keeps the name of a declaration.
func (r *pcodeReader) declared(list int, at int64) {
	if !r.dry && at+4 <= int64(len(r.indirect)) {
		c := r.cursor(r.indirect, int(at)+2)
		r.keepName(list, c.u16())
	}
}

// keepName keeps a name in procs (0) or in names (1).
func (r *pcodeReader) keepName(list, id int) {
	n := r.d.name(id)
	if n < 0 || n >= len(r.ids) {
		return
	}
	if r.named[list] == nil {
		r.named[list] = make([]bool, len(r.ids))
	}
	if r.named[list][n] { // nearly always: code uses a name over and over
		return
	}
	r.named[list][n] = true
	r.keep([...]*[]string{&r.p.procs, &r.p.names}[list], decodeText(r.page, r.ids[n]))
}

// keep adds a text to one of the lists, once.
func (r *pcodeReader) keep(list *[]string, s string) {
	if k := (kept{list, s}); !r.dry && !r.seen[k] && len(r.seen) < pcodeKept {
		r.seen[k] = true
		*list = append(*list, s)
	}
}
