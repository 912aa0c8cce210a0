package oleparse

import (
	"slices"
	"strings"
)

// judgement collects the hits of one module.
type judgement struct {
	m        *Module
	seen     map[word]bool
	chars    int    // Chr calls for characters a person would have typed
	charLine int    // of the first
	base     string // VB_Base
	low      [64]byte
}

// judge looks for entry points and abilities in the source. It goes over it once.
func (m *Module) judge() {
	j := &judgement{m: m, seen: make(map[word]bool)}
	s := scanner{src: m.Source, line: 1}
	var buf []token
	for more := true; more; {
		buf, more = s.statement(buf[:0])
		if len(buf) > 0 {
			j.statement(buf)
		}
	}
	if j.chars >= manyChars {
		j.suspicious(chrHeavy, j.charLine)
	}
}

// manyChars is how many Chr calls with a printable code a module must have: honest code builds line ends and quotes, which do not count.
const manyChars = 10

func (j *judgement) autoexec(w word, line int) { j.add(&j.m.Autoexec, w, line) }

func (j *judgement) suspicious(w word, line int) { j.add(&j.m.Suspicious, w, line) }

// add keeps the first hit of each keyword.
func (j *judgement) add(list *[]Hit, w word, line int) {
	if !j.seen[w] {
		j.seen[w] = true
		*list = append(*list, Hit{Keyword: w.keyword, Line: line, Why: w.why})
	}
}

// key is the text in lower case, "" for one longer than any entry of the lists; it is valid until the next call.
func (j *judgement) key(s string) []byte {
	if len(s) > len(j.low) {
		return nil
	}
	for i := range len(s) {
		j.low[i] = lower(s[i])
	}
	return j.low[:len(s)]
}

func (j *judgement) statement(t []token) {
	if t[0].is("attribute") { // MS-OVBA 2.3.4.3: not code
		if len(t) > 3 && t[1].is("vb_base") {
			j.base = t[3].text
		}
		return
	}
	calls := !j.definition(t)
	if calls {
		j.open(t)
	}
	for i := range t {
		switch {
		case t[i].kind == tokenString:
			j.text(t[i])
		case t[i].kind == tokenWord && calls:
			j.word(t, i)
		}
	}
}

// definition looks at a procedure's first line (MS-VBAL 5.3.1) and at external declarations (MS-VBAL 5.2.3.5). It is true for a definition, in
// whose line nothing is called.
func (j *judgement) definition(t []token) bool {
	i := 0
	for i < len(t) && (t[i].is("public") || t[i].is("private") || t[i].is("friend") || t[i].is("static") || t[i].is("global")) {
		i++
	}
	if i+1 >= len(t) {
		return false
	}
	if t[i].is("declare") && slices.ContainsFunc(t, func(t token) bool { return t.is("lib") }) {
		j.suspicious(declareLib, t[0].line)
		return false
	}
	if !t[i].is("sub") && !t[i].is("function") {
		return false
	}
	j.procedure(t[i+1])
	return true
}

// procedure decides whether a program would run a procedure of this name by itself.
func (j *judgement) procedure(name token) {
	if w, ok := autoexec[string(j.key(name.text))]; ok {
		j.autoexec(w, name.line)
		return
	}
	// Word runs Main in a module that has the name of an auto macro.
	if w, ok := autoexec[string(j.key(j.m.Name))]; ok && name.is("main") && strings.HasPrefix(w.keyword, "Auto") {
		j.autoexec(w, name.line)
		return
	}
	cut := strings.LastIndexByte(name.text, '_')
	if cut <= 0 || j.isForm() || ofDocument(name.text[:cut]) {
		return
	}
	w, ok := controlEvents[string(j.key(name.text[cut+1:]))]
	if !ok && j.isWord() && equalFold(name.text[cut+1:], "change") { // in a letter nobody works with a text box
		w, ok = word{"_Change", whyControl}, true
	}
	if ok {
		j.autoexec(w, name.line)
	}
}

// ofDocument says whether the part of an event's name before the underscore is the document's own and not a control's.
func ofDocument(object string) bool {
	for _, s := range [...]string{"worksheet", "workbook", "chart", "document", "userform", "class"} {
		if equalFold(object, s) {
			return true
		}
	}
	return false
}

// isForm says whether the module is a UserForm: its events come only after code has shown it. VB_Base then names two classes.
func (j *judgement) isForm() bool { return strings.Count(j.base, "{") == 2 }

// isWord says whether the module is Word's document.
func (j *judgement) isWord() bool {
	return strings.Contains(j.base, "{00020906-") || strings.HasPrefix(j.base, "1Normal.") || strings.HasPrefix(j.base, "0Normal.")
}

// open finds Open for a mode that writes (MS-VBAL 5.4.5.1).
func (j *judgement) open(t []token) {
	at := slices.IndexFunc(t, func(t token) bool { return t.is("open") })
	if at < 0 || at > 0 && !t[at-1].is("then") && !t[at-1].is("else") {
		return
	}
	for i := at + 1; i+1 < len(t); i++ {
		if t[i].is("for") {
			if w, ok := openModes[string(j.key(t[i+1].text))]; ok {
				j.suspicious(w, t[at].line)
			}
		}
	}
}

// word looks up one identifier.
func (j *judgement) word(t []token, i int) {
	k := j.key(t[i].text)
	if w, ok := objects[string(k)]; ok && !j.ordinary(t[i+1:]) {
		j.suspicious(w, t[i].line)
	} else if w, ok := names[string(k)]; ok {
		j.suspicious(w, t[i].line)
	} else if w, ok := calls[string(k)]; ok && called(t, i) {
		j.suspicious(w, t[i].line)
	} else if len(t[i].text) <= 4 && (t[i].is("chr") || t[i].is("chrw") || t[i].is("chrb")) && oddChar(t[i+1:]) {
		if j.chars++; j.chars == 1 {
			j.charLine = t[i].line
		}
	}
}

// ordinary says whether the arguments name, as text, a class that honest code makes every day and that does nothing by itself.
func (j *judgement) ordinary(t []token) bool {
	for i := range min(4, len(t)) { // (, path or nothing, comma, class
		if t[i].kind == tokenString && ordinaryClasses[string(j.key(t[i].text))] {
			return true
		}
	}
	return false
}

// called says whether the word at i is a call of the language's own function: it has an argument, is not declared there, and is no other object's member.
func called(t []token, i int) bool {
	if i > 0 && t[i-1].punct('.') && (i < 2 || !t[i-2].is("vba") && !t[i-2].is("interaction") && !t[i-2].is("filesystem")) {
		return false
	}
	if i > 0 && (t[i-1].is("get") || t[i-1].is("let") || t[i-1].is("dim") || t[i-1].is("as") || t[i-1].is("const") || t[i-1].is("set") || t[i-1].is("new")) {
		return false
	}
	rest := t[i+1:]
	if len(rest) > 0 && rest[0].punct('$') {
		rest = rest[1:]
	}
	return len(rest) > 0 && (rest[0].kind == tokenString || rest[0].kind == tokenNumber || rest[0].punct('(') ||
		rest[0].kind == tokenWord && !rest[0].is("as") && !rest[0].is("then"))
}

// oddChar says whether the argument is the code of a printable character that could have been written as text, quotes left out.
func oddChar(t []token) bool {
	if len(t) > 0 && t[0].punct('$') {
		t = t[1:]
	}
	if len(t) < 2 || !t[0].punct('(') || t[1].kind != tokenNumber {
		return false
	}
	switch s := t[1].text; s {
	case "34", "39", "32": // quotes, space
		return false
	default:
		return len(s) >= 2 && (s[0] == '&' || len(s) > 2 || s >= "33")
	}
}

// text looks up the words of a string literal: each run of letters, digits, underscores and points, its first two parts, and each part.
func (j *judgement) text(t token) {
	if w, ok := names[string(j.key(t.text))]; ok { // an Alias, or for CallByName
		j.suspicious(w, t.line)
	}
	for s := t.text; s != ""; {
		n := 0
		for n < len(s) && isNameByte(s[n]) {
			n++
		}
		if n > 0 {
			j.run(s[:n], t.line)
		}
		if equalFold(s[:n], "cmd") && strings.HasPrefix(strings.TrimLeft(s[n:], " "), "/") {
			j.suspicious(texts["cmd.exe"], t.line)
		}
		s = s[min(n+1, len(s)):]
	}
}

func isNameByte(c byte) bool {
	c = lower(c)
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '.'
}

// run looks up one run of a text. A class name may carry a version behind its two parts.
func (j *judgement) run(s string, line int) {
	first, rest, more := strings.Cut(s, ".")
	for second := ""; more; first = second {
		second, rest, more = strings.Cut(rest, ".")
		if j.lookUp(s[:len(first)+1+len(second)], line) {
			return
		}
		j.lookUp(first, line)
		s = s[len(first)+1:]
	}
	j.lookUp(first, line)
}

func (j *judgement) lookUp(s string, line int) bool {
	k := j.key(s)
	w, ok := texts[string(k)]
	if ok {
		j.suspicious(w, line)
	}
	return ok
}
