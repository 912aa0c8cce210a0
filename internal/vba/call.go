package vba

// Names and what hangs on them (MS-VBAL 5.6.10 to 5.6.15): variables, procedures, functions of the language, texts of forms, members of objects.

import (
	"slices"
	"strings"
)

// callee is a name with what stands before it.
type callee struct {
	name   sym    // of the variable, procedure, function or member
	at     int    // its token
	obj    value  // the object whose member it is
	member bool   // it is one
	form   string // path of the UserForm or control whose property it is
}

// unquote is a literal's text (MS-VBAL 3.3.4).
func unquote(s string) string {
	if strings.Contains(s, `""`) {
		return strings.ReplaceAll(s, `""`, `"`)
	}
	return s
}

// peek is the word or mark n tokens on, wNone behind the end of the statement.
func (r *run) peek(n int) sym {
	if i := r.pos + n; i < r.end {
		return r.m.toks[i].sym
	}
	return wNone
}

// text is a token as the source spells it.
func (r *run) text(i int) string {
	t := r.m.toks[i]
	return r.m.in.Source[t.off:t.end]
}

// named evaluates a name and what hangs on it.
func (r *run) named() value {
	c := callee{name: r.peek(0), at: r.pos}
	r.pos++
	v, form, ok := r.link(c)
	if !ok {
		return value{}
	}
	return r.postfix(v, form)
}

// link evaluates a name with its arguments; at the end of a statement's callee it is false, and the name waits for them.
func (r *run) link(c callee) (v value, form string, ok bool) {
	if r.pos == r.stop {
		r.pending = c
		return value{}, "", false
	}
	if r.peek(0) != punct('(') {
		v, form = r.value(c)
		return v, form, true
	}
	if v, ok := r.variable(c); ok {
		return v, c.form, true
	}
	return r.invoke(c, r.group()), "", true
}

// group evaluates the arguments in the parentheses at the cursor.
func (r *run) group() []value {
	r.pos++
	args := r.arguments()
	r.closing()
	if args == nil {
		args = []value{}
	}
	return args
}

// postfix evaluates members and indexes of a value (MS-VBAL 5.6.12 to 5.6.15).
func (r *run) postfix(v value, form string) value {
	for {
		switch s := r.peek(0); {
		case (s == punct('.') || s == punct('!')) && r.peek(1) > 0:
			c := callee{name: r.peek(1), at: r.pos + 1, obj: v, member: true, form: form}
			r.pos += 2
			var ok bool
			if v, form, ok = r.link(c); !ok {
				return value{}
			}
		case s == punct('('):
			v, form = index(v, r.group()), ""
		default:
			return v
		}
	}
}

// index is the element of an array by the first index (MS-VBAL 5.6.13). Of anything else nothing is known: collections, cells, fields.
func index(v value, args []value) value {
	if v.k == array && len(args) > 0 {
		if i, ok := args[0].integer(); ok {
			e, _ := v.a.index(i)
			return e
		}
	}
	return value{}
}

// variable is the variable of the name, if there is one.
func (r *run) variable(c callee) (value, bool) {
	if c.member {
		if c.obj.o != nil {
			v, ok := c.obj.o.props[c.name]
			return v, ok
		}
		return value{}, false
	}
	v, ok := r.vars[c.name]
	if !ok {
		v, ok = r.globals[c.name]
	}
	if ok {
		v.ref = c.name
	}
	return v, ok
}

// value is a name without parentheses, and its path if it is a UserForm or a control of one.
func (r *run) value(c callee) (value, string) {
	if v, ok := r.variable(c); ok {
		return v, ""
	}
	s := &r.tab.list[c.name]
	if !c.member || c.form != "" {
		if form, ok := r.control(c, s.low); ok {
			return value{}, form
		}
	}
	if c.form != "" {
		if t, ok := r.forms[c.form][s.low]; ok {
			r.folds++
			return str(t), ""
		}
	}
	return r.invoke(c, nil), ""
}

// control is the path of a UserForm or control that the name means; a control is also named by itself in its form's module.
func (r *run) control(c callee, low string) (string, bool) {
	if len(r.forms) == 0 {
		return "", false
	}
	r.terms += (len(c.form) + len(low)) / bytesPerTerm
	path := low
	switch {
	case c.form != "":
		path = c.form + "." + low
	case c.name == wMe:
		path = r.tab.list[r.m.name].low
	}
	if _, ok := r.forms[path]; ok {
		return path, true
	}
	path = r.tab.list[r.m.name].low + "." + low
	_, ok := r.forms[path]
	return path, ok && c.form == ""
}

// invoke calls what the name means: a procedure of the project, a function of the language, a member of an object.
func (r *run) invoke(c callee, args []value) value {
	s := &r.tab.list[c.name]
	// A listed word counts before a procedure of its name: which of them VBA calls depends on modules and options that the source may disguise.
	if s.sink != nil {
		r.sink(c, s.sink, args)
	}
	if s.decl != nil {
		r.external(c, s.decl, args)
	}
	for _, a := range args {
		r.search(a, c.at)
		r.formNamed(a)
	}
	if c.member && c.obj.o != nil {
		if v, ok := r.method(c, s.low, args); ok {
			return v
		}
	}
	// In a function its own name is its result, not a call (MS-VBAL 5.3.1.6); recursion is not followed.
	if len(s.procs) > 0 && c.name != r.self {
		return r.call(s.procs, args)
	}
	if s.fn != nil && (!c.member || c.obj.k == unknown && r.qualified(c)) {
		if (through[s.low] || slices.ContainsFunc(args, isArray) && !bounds[s.low]) && !r.afford(args...) {
			return value{}
		}
		v := s.fn(r, args)
		if v.k != unknown {
			r.folds++
		}
		return v
	}
	return r.bare(c, s, args)
}

func isArray(v value) bool { return v.k == array }

// formNamed notes a form that is named by text: UserForms.Add("UserForm1").
func (r *run) formNamed(v value) {
	if !r.hasForms || v.k != text || len(v.s) > 255 {
		return
	}
	if id := r.tab.known(strings.ToLower(v.s)); id > 0 && r.tab.list[id].module >= 0 && isForm(&r.mods[r.tab.list[id].module]) {
		r.edge(id)
	}
}

// qualified says whether the object before a member is a library of the language: VBA.Chr, Strings.Mid.
func (r *run) qualified(c callee) bool {
	return c.at >= 2 && libraries[r.tab.lowOf(r.m.toks[c.at-2].sym)]
}

// wordMax is longer than every word of the language and of libraries: the lists need not be asked for a longer name.
const wordMax = 64

// lowOf is a word in lower case, "" for a mark or literal and for a name that is longer than any word.
func (t *symbols) lowOf(s sym) string {
	if s > 0 && len(t.list[s].low) <= wordMax {
		return t.list[s].low
	}
	return ""
}

// bare is a name that the project does not declare.
func (r *run) bare(c callee, s *symbol, args []value) value {
	switch {
	case s.bare != nil && (args == nil || s.bare.k == text || s.bare.k == object):
		return *s.bare
	case c.member && s.low == "createelement":
		return value{k: object, o: &thing{}}
	case c.member || args != nil || s.module >= 0:
		return value{}
	case s.simple || !s.host && !r.controls[s.low] && r.peek(0) != punct('.') && r.peek(0) != punct('!'):
		return value{k: empty} // MS-VBAL 5.2.2.1: declared by being used
	}
	return value{}
}

// hostName says whether the object model has a property or constant of the name.
func hostName(low string) bool {
	if hostNames[low] {
		return true
	}
	for _, p := range [...]string{"vb", "xl", "wd", "mso", "pp", "ac", "ol", "ad", "db", "vis", "fm"} {
		if strings.HasPrefix(low, p) {
			return true
		}
	}
	return false
}

// create evaluates New (MS-VBAL 5.6.8); the cursor stands on the class.
func (r *run) create() value {
	at, class := r.pos, ""
	for r.peek(0) > 0 {
		if last := r.tab.list[r.peek(0)].low; class == "shell32" {
			class += "." + last
		} else {
			class = last
		}
		if r.pos++; r.peek(0) != punct('.') {
			break
		}
		r.pos++
	}
	return r.newObject(class, at)
}

// newObject makes an object of an early bound class.
func (r *run) newObject(class string, at int) value {
	if w, ok := types[class]; ok {
		r.hit(&w.word, at, w.ofRisk, w.word.keyword)
	}
	return value{k: object, o: &thing{class: class}}
}

// method is a member of an object whose state matters: XML elements that decode (MSXML nodeTypedValue), streams that convert.
func (r *run) method(c callee, low string, args []value) (value, bool) {
	o := c.obj.o
	get := func(name string) value { return o.props[r.tab.known(name)] }
	set := func(name string, v value) {
		if o.props == nil {
			o.props = make(map[sym]value)
		}
		o.props[r.tab.intern(name)] = v
	}
	switch low {
	case "createelement":
		return value{k: object, o: &thing{}}, true
	case "nodetypedvalue":
		return r.decoded(get("datatype").string(), get("text")), true
	case "writetext", "write":
		if len(args) > 0 {
			set("content", args[0])
		}
		return value{}, true
	case "readtext", "read":
		return get("content"), true
	}
	return value{}, false
}

// decoded is what MSXML makes of the text of a node whose data type is bin.base64 or bin.hex.
func (r *run) decoded(typ string, v value) value {
	switch {
	case v.k != text || !r.afford(v):
	case strings.Contains(typ, "base64"):
		if b, ok := base64Bytes(v.s); ok {
			r.folds++
			return r.made(latin(b))
		}
	case strings.Contains(typ, "hex"):
		if b, ok := hexBytes(v.s); ok {
			r.folds++
			return r.made(latin(b))
		}
	}
	return value{}
}
