package vba

// Uses of abilities. Where a word has a rule, its arguments decide whether honest code does that unasked; every use is told, risk or not.

import "strings"

// place is where a hit was found.
type place struct {
	mod, tok int32 // module and token
	keyword  string
}

// hit is a use of an ability.
type hit struct {
	Hit
	proc   int32  // procedure, pcodeProc for compiled code
	risk   bool   // honest code that starts by itself does not do it
	hidden bool   // the source hides the word
	did    bool   // code does it; else text says it
	passed bool   // on what a caller passes, who was not seen
	wmi    bool   // a risk only if WMI is used for more than questions
	open   bool   // what it is used on cannot be told
	text   string // what it is used on
}

// hitsMax bounds the list; a person reads the first few, and one word of each kind is always kept.
const hitsMax = 1000

// hit notes that the code at a token has an ability. The gravest use of one place counts.
func (r *run) hit(w *word, at int, risk bool, text string) *hit {
	if at < 0 {
		at = int(r.m.stmts[r.at].lo)
	}
	at = min(at, len(r.m.toks)-1)
	key := place{r.p.mod, int32(at), w.keyword}
	if i, ok := r.places[key]; ok {
		h := &r.hits[i]
		h.did = h.did || !r.saying
		if risk && !h.risk || h.text == "" || h.text == hole {
			h.risk, h.text = h.risk || risk, clip(text)
		}
		return h
	}
	// A full list takes grave uses a while longer: mild ones in front must not crowd them out.
	if len(r.hits) >= hitsMax && !risk || len(r.hits) >= 4*hitsMax {
		return &hit{}
	}
	r.places[key] = int32(len(r.hits))
	line := 1
	if at >= 0 {
		line = int(r.m.toks[at].line)
	}
	r.hits = append(r.hits, hit{proc: r.index, risk: risk, did: !r.saying, text: clip(text),
		Hit: Hit{Keyword: w.keyword, Ability: w.ability, Module: r.m.in.Stream, Line: line, Why: w.why}})
	return &r.hits[len(r.hits)-1]
}

// textMax bounds a text of the report: a command line of Windows has at most 8,191 characters, and the rest of a longer one says no more.
const textMax = 2048

// clip is a text as a report may show it: short, and valid UTF-8 also where the source was not.
func clip(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), textMax)], "")
}

// sink judges a call whose arguments decide.
func (r *run) sink(c callee, w *word, args []value) {
	r.serve(c.at)
	if args == nil || c.member && ownOnly[w.keyword] && !r.qualified(c) && r.tab.lowOf(r.before(c)) != "application" && !wordBasic(c.obj) {
		return // a variable, or a member of something else that has the name
	}
	if !r.afford(args...) {
		args = make([]value, len(args))
	}
	switch w.rule {
	case hard: // whatever it is used on
		r.passing(c.at, w, args[:min(1, len(args))], func() *hit { return r.hit(w, c.at, true, arg(args, 0).string()) })
	case byClass: // MS-VBAL 6.1.2.8.1.4, 6.1.2.8.1.9
		r.class(c, w, args)
	case byTarget: // MS-VBAL 6.1.2.5.2.3, and the FileSystemObject
		r.target(c.at, w, args)
	case byDelete: // MS-VBAL 6.1.2.5.2.4
		s := arg(args, 0).string()
		r.hit(w, c.at, deletesAll(s), s)
	case byKeys: // MS-VBAL 6.1.2.8
		s := arg(args, 0)
		r.passing(c.at, w, args, func() *hit { return r.hit(w, c.at, s.k != text || typesWords(s.s), s.string()) })
	case byMacro4:
		s := arg(args, 0)
		r.formula(s.string())
		r.passing(c.at, w, args, func() *hit { return r.hit(w, c.at, s.k != text || macro4Acts(s.s), s.string()) })
	case byMember: // MS-VBAL 6.1.2.8.1
		r.byName(c, w, args)
	case byRun:
		r.starts(c, w, args)
	case byPath:
		s := arg(args, 0).string()
		if risk := opensRisk(w.keyword, s); risk || w.keyword != "Save" { // Save mostly has no name
			r.hit(w, c.at, risk, s)
		}
	case byRemote:
		if s := arg(args, 0).string(); remote(w.keyword, s) {
			r.hit(w, c.at, true, s)
		}
	case byFormula:
		r.formula(arg(args, 0).string())
	default:
		r.hit(w, c.at, false, arg(args, 0).string())
	}
}

// wordBasic says whether the object is the one that has the statements of Word's old language as its methods.
func wordBasic(v value) bool { return v.o != nil && v.o.class == "wordbasic" }

// passing judges a use of what the caller passes: where the procedure is only looked at and not called, that waits for a call.
func (r *run) passing(at int, w *word, args []value, judge func() *hit) {
	if len(args) == 0 || !args[0].arg {
		judge().passed = false
		return
	}
	if h := r.hit(w, at, false, ""); !h.risk {
		h.passed = true
	}
}

// ownOnly are words that are functions and statements of the language; a member of the name is something else.
var ownOnly = map[string]bool{"Shell": true, "Kill": true, "FileCopy": true, "MkDir": true, "RmDir": true, "SetAttr": true, "SendKeys": true}

// before is the name whose member the callee is.
func (r *run) before(c callee) sym {
	if c.at >= 2 {
		return r.m.toks[c.at-2].sym
	}
	return wNone
}

// class judges the object that CreateObject and GetObject make.
func (r *run) class(c callee, w *word, args []value) {
	v := arg(args, 0)
	if w.keyword == "GetObject" && (v.k == empty || v.s == "" && v.k == text) && len(args) > 1 {
		v = args[1]
	}
	r.passing(c.at, w, []value{v}, func() *hit { return r.object(c, w, v) })
}

// object judges an object of a class.
func (r *run) object(c callee, w *word, v value) *hit {
	s := strings.ToLower(v.string())
	h := r.hit(w, c.at, false, v.string())
	switch known, risk, ok := classOf(s); {
	case ordinary[s]:
		r.forget(w, c.at)
	case ok:
		h = r.hit(&known, c.at, risk, v.string())
		h.wmi = strings.HasPrefix(s, "winmgmts") && !strings.Contains(s, hole)
	case strings.Contains(s, hole) || v.k != text:
		h.risk, h.open = w.keyword != "GetObject" || !namesDocument(s), true
	case w.keyword == "GetObject":
		h.risk = moniker(s)
	default:
		h.risk = true
	}
	return h
}

// moniker says whether a display name is one that makes an object otherwise than from a file or a directory service.
func moniker(s string) bool {
	scheme, _, ok := strings.Cut(s, ":")
	return ok && len(scheme) > 1 && !directories[scheme] && !strings.HasPrefix(s, `\\`)
}

var directories = map[string]bool{"ldap": true, "winnt": true, "gc": true, "iis": true, "nds": true, "adsi": true}

// classOf finds a ProgID or moniker in the list, with any version behind it.
func classOf(s string) (word, bool, bool) {
	for key := s; key != ""; {
		if len(key) > wordMax { // hashing it again for each of its points would cost the square of its length
		} else if w, ok := texts[key]; ok && w.rule != soft {
			return w, true, true
		}
		cut := strings.LastIndexAny(key, ".:")
		if cut < 0 {
			break
		}
		key = key[:cut]
	}
	if strings.HasPrefix(s, "winmgmts") {
		return texts["winmgmts"], true, true
	}
	return word{}, false, false
}

// forget takes back a hit that turned out ordinary.
func (r *run) forget(w *word, at int) {
	key := place{r.p.mod, int32(at), w.keyword}
	if i, ok := r.places[key]; ok && !r.hits[i].risk {
		r.hits[i].Keyword = ""
	}
}

// byName is CallByName: a call of the member that it names.
func (r *run) byName(c callee, w *word, args []value) {
	name := arg(args, 1)
	if name.arg {
		return
	}
	if name.k != text || strings.Contains(name.s, hole) {
		r.hit(w, c.at, true, name.string()).open = true
		r.wild[r.index] = true
		return
	}
	r.hit(w, c.at, false, name.s)
	low := strings.ToLower(name.s)
	r.edge(r.tab.known(low))
	var rest []value
	if len(args) > 3 {
		rest = args[3:]
	}
	if w := sinks[low]; w != nil {
		r.sink(callee{name: c.name, at: c.at, obj: arg(args, 0), member: true}, w, append([]value{}, rest...))
	} else if w := names[low]; w != nil {
		r.hit(w, c.at, w.rule != soft, arg(rest, 0).string())
	}
}

// starts is Run, OnTime and the like: a call of the procedure they name, or of a program.
func (r *run) starts(c callee, w *word, args []value) {
	if len(args) == 0 {
		return
	}
	if o := c.obj.o; o != nil && strings.Contains(o.class, "shell") {
		r.hit(w, c.at, true, args[0].string())
		return
	}
	v, rest := args[0], args[1:]
	if w.keyword == "OnAction" { // for a person to click on, unless code does
		if id := r.procedure(args[0]); id > 0 {
			r.p.actions = append(r.p.actions, id)
		}
		return
	}
	if w.keyword == "OnTime" {
		v, rest = arg(args, 1), nil
		for _, a := range args {
			if id := r.procedure(a); id > 0 {
				v = a
			}
		}
	}
	if id := r.procedure(v); id > 0 {
		r.edge(id)
		r.call(r.tab.list[id].procs, rest)
		return
	}
	if strings.Contains(v.string(), hole) && !v.arg && (!c.member || r.before(c) > 0) { // of a variable: it may be the program; not of CreateObject(…)
		r.wild[r.index] = true
	}
	r.hit(w, c.at, false, v.string())
}

// procedure is the procedure that a text names: "Go", "Module1.Go", "'Book 1.xlsm'!Go", "'Go ""x""'"; wNone for none.
func (r *run) procedure(v value) sym {
	if v.k != text || len(v.s) > 512 {
		return wNone
	}
	s := v.s
	if i := strings.LastIndexByte(s, '!'); i >= 0 {
		s = s[i+1:]
	}
	s, _, _ = strings.Cut(strings.Trim(s, "'\" "), " ")
	s, _, _ = strings.Cut(s, "(")
	s = s[strings.LastIndexByte(s, '.')+1:]
	if id := r.tab.known(strings.ToLower(s)); id > 0 && len(r.tab.list[id].procs) > 0 {
		return id
	}
	return wNone
}

// target judges where a file is written.
func (r *run) target(at int, w *word, args []value) {
	v := arg(args, 0)
	switch w.keyword {
	case "OpenTextFile", "OpenAsTextStream":
		mode := 1
		if w.keyword == "OpenAsTextStream" {
			args = append([]value{{}}, args...)
			v = value{}
		}
		if len(args) > 1 {
			if n, ok := args[1].integer(); ok && args[1].k == number {
				mode = n
			} else if args[1].k != empty {
				mode = 2
			}
		}
		if mode == 1 {
			return
		}
	case "FileCopy", "CopyFile", "MoveFile":
		if to := arg(args, 1); pathOf(to.string()) != pathPlain && pathOf(v.string()) != pathProgram {
			if pathOf(to.string()) == pathProgram || pathOf(v.string()) != pathPlain {
				v = to
			}
		}
	}
	r.passing(at, w, []value{v}, func() *hit {
		s := v.string()
		h := r.hit(w, at, pathOf(s) != pathPlain, s)
		h.open = pathOf(s) == pathOpen
		return h
	})
}

// open runs the Open statement (MS-VBAL 5.4.5.1).
func (r *run) open() {
	at := r.pos
	path := r.expr()
	for r.pos < r.end && r.peek(0) != wFor {
		r.pos++
	}
	w, ok := openModes[r.tab.lowOf(r.peek(1))]
	if r.peek(0) != wFor || r.peek(1) <= 0 {
		w, ok = openModes["random"], true
	}
	if !ok || r.peek(2) == wAccess && r.peek(3) == wRead && r.peek(4) != wWrite || r.peek(2) == wRead {
		return
	}
	r.search(path, at)
	if (w.keyword == "Open For Binary" || w.keyword == "Open For Random") && !r.puts {
		return // nothing is written without Put
	}
	r.target(at, &w, []value{path})
}

// file runs the statements for files (MS-VBAL 5.4.5): what they write is searched.
func (r *run) file() {
	first := r.peek(0)
	if first == wClose {
		return
	}
	var parts []value
	for r.pos++; r.pos < r.end; {
		start := r.pos
		if r.peek(0) == punct('#') || r.peek(0) == punct(',') || r.peek(0) == punct(';') || r.peek(0) == wAs {
			r.pos++
			continue
		}
		v := r.expr()
		r.search(v, start)
		parts = append(parts, v)
		if r.pos == start {
			r.pos++
		}
	}
	if n := len(parts); first == wGet && n > 0 { // what the variable then holds stands in a file
		r.assign(parts[n-1].ref, value{})
	}
	if first == wName && len(parts) > 1 { // MS-VBAL 5.4.5.13
		w := *sinks["filecopy"]
		w.keyword = "Name"
		r.target(int(r.m.stmts[r.at].lo), &w, parts[1:2])
	}
}

// external judges the call of a declared procedure.
func (r *run) external(c callee, w *word, args []value) {
	if w.keyword == "RtlMoveMemory" {
		for _, a := range args {
			r.assign(a.ref, value{})
		}
	}
	if w.keyword == "" {
		return
	}
	s := ""
	for _, a := range args {
		if a.k == text {
			s = strings.TrimSpace(s + " " + a.s)
		}
	}
	r.hit(w, c.at, w.rule == hard || harms(w, args), s)
}

// harms says whether a function that honest code declares too is called on a file that honest code does not touch with it.
func harms(w *word, args []value) bool {
	for _, a := range args {
		if a.k != text {
			continue
		}
		low := strings.ToLower(a.s)
		if w.keyword == "LoadLibrary" && (strings.HasPrefix(low, `\\`) || strings.Contains(low, "%temp%") || strings.Contains(low, "%appdata%") || strings.Contains(low, `\public\`)) {
			return true
		}
		if w.ability == Write && pathOf(a.s) == pathProgram {
			return true
		}
	}
	return false
}

// formula notes the functions of the project that a formula calls: Excel works it out at once.
func (r *run) formula(s string) {
	for n := 0; n < formulaCalls; n++ {
		i := strings.IndexByte(s, '(')
		if i < 0 {
			return
		}
		from := i
		for from > 0 && (isNameByte(s[from-1]) || s[from-1] >= 0x80) {
			from--
		}
		if id := r.tab.known(strings.ToLower(s[from:i])); id > 0 && len(r.tab.list[id].procs) > 0 {
			r.edge(id)
		}
		s = s[i+1:]
	}
}

// formulaCalls bounds the calls of a formula: Excel allows 64 of them in one another.
const formulaCalls = 256
