package pdf

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// kept is an object that is looked at once all are known.
type kept struct {
	num   int64
	marks mark
	o     object
}

const (
	keptNodes  = 1 << 18 // of all objects kept; what is more is looked at without knowing what starts it
	listMax    = 4096    // scripts, actions, links of one sort: nobody reads more
	scriptsMax = 8 << 20 // bytes of all scripts
	chainMax   = 1024    // actions that one event starts, with those that follow them
)

// room reports whether there is room for one more of a sort. Each sort has its own, so that many harmless ones hide nothing.
func (f *File) room(sort string) bool {
	f.sorts[sort]++
	return f.sorts[sort] <= listMax
}

// Read looks at the objects. In a locked file strings and streams cannot be read; what stands in names is found all the same.
func (f *File) Read() (*Document, error) {
	f.doc = &Document{}
	f.packed, f.kept, f.nodes, f.fileList = packed{left: readLeast}, nil, 0, nil
	f.auto, f.files, f.scripts = map[int64]string{}, map[int64]*Embedded{}, map[int64]string{}
	f.sorts = map[string]int{}
	f.bytes, f.text = f.o.Bytes, scriptsMax
	for _, m := range f.marked {
		if f.src.err != nil {
			break
		}
		f.readMarked(m)
	}
	f.startedByThemselves()
	for i := range f.kept {
		f.visit(&f.kept[i].o, seen{num: f.kept[i].num, event: f.auto[f.kept[i].num]})
	}
	f.kept = nil
	f.embedded()
	if f.src.spent {
		f.problem(true, 0, "objects inside each other")
	}
	f.doc.Problems = f.problems
	return f.doc, f.failed()
}

// readMarked reads one object again.
func (f *File) readMarked(m marked) {
	e := f.entries[m.entry]
	if m.stream && m.marks&markObjStm != 0 {
		if s, ok := f.stream(e); ok {
			f.unpackObjects(&s)
		}
	}
	l := f.lexer(e)
	o, _ := l.body()
	if m.stream && m.marks&markFile != 0 && o.is("Type", "EmbeddedFile") {
		f.file(int64(e.num))
	}
	if o.kind == isName { // an action's type or a stream's may be a reference to it, and nobody writes so
		f.problem(true, e.at, "a name stands by itself")
	}
	f.consider(kept{int64(e.num), m.marks, o}, l.nodes)
}

// consider keeps an object of interest, or looks at it at once.
func (f *File) consider(k kept, nodes int) {
	switch {
	case k.marks == 0:
	case k.marks == markURI || f.nodes+nodes > keptNodes:
		f.visit(&k.o, seen{num: k.num})
	default:
		f.nodes += nodes
		f.kept = append(f.kept, k)
	}
}

// startedByThemselves follows what the document and its pages start: actions and those that are next after them (ISO 32000-1 12.6.2, 12.6.3).
func (f *File) startedByThemselves() {
	var queue []int64
	started := map[string]int{}
	add := func(event string, o *object) {
		for _, num := range references(o, nil) {
			if _, known := f.auto[num]; !known && started[event] < chainMax {
				started[event]++
				f.auto[num] = event
				queue = append(queue, num)
			}
		}
	}
	for i := range f.kept {
		if f.kept[i].marks&markAuto != 0 {
			eachAuto(&f.kept[i].o, add)
		}
	}
	for len(queue) > 0 {
		num := queue[0]
		queue = queue[1:]
		o := f.indirect(num)
		next := object{}
		switch {
		case o.kind == isDict && o.is("Type", "Page"): // an array for a place in the document, not an action
			delete(f.auto, num)
		case o.get("S").kind == isName:
			next = o.get("Next")
		case o.get("Type").kind != isName: // events with their actions
			next = o
		}
		add(f.auto[num], &next)
	}
}

// eventOf is the event that a key stands for: opening the document, what happens to a page or field, and the document's scripts by name, which run
// when it is opened (ISO 32000-1 12.6.4.16).
func eventOf(key string) string {
	switch key {
	case "OpenAction", "AA", "JavaScript":
		return key
	}
	return ""
}

// eachAuto calls fn for what stands behind an event.
func eachAuto(o *object, fn func(event string, o *object)) {
	for key, v := range o.pairs {
		if event := eventOf(key); event != "" {
			fn(event, v)
		}
	}
	for i := range o.list {
		eachAuto(&o.list[i], fn)
	}
}

// references are the numbers that o refers to.
func references(o *object, list []int64) []int64 {
	if o.kind == isRef {
		return append(list, o.n)
	}
	for i := range o.list {
		list = references(&o.list[i], list)
	}
	return list
}

// seen says where an object stands.
type seen struct {
	num   int64
	event string
}

// visit looks at a value and what is in it.
func (f *File) visit(o *object, at seen) {
	if o.kind == isDict {
		f.dictionary(o, at)
	}
	for key, v := range o.pairs {
		inner := at
		if event := eventOf(key); event != "" {
			inner.event = event
		}
		f.visit(v, inner)
	}
	if o.kind == isArray {
		for i := range o.list {
			f.visit(&o.list[i], at)
		}
	}
}

// dictionary takes what can hurt, by its key; OnInstantiate is the script of a 3D stream (ISO 32000-1 table 300).
func (f *File) dictionary(o *object, at seen) {
	for key, v := range o.pairs {
		switch key {
		case "JS", "OnInstantiate":
			f.script(v, at)
		case "URI":
			f.link(v)
		case "EF":
			f.specification(o, v)
		case "XFA":
			f.form(v)
		case "S":
			f.action(o, v.text, at)
		}
	}
}

// script takes JavaScript: a string, or a stream (ISO 32000-1 12.6.4.16).
func (f *File) script(v *object, at seen) {
	if f.room("script " + at.event) {
		f.doc.Scripts = append(f.doc.Scripts, Script{at.event, f.scriptText(v)})
	}
}

// scriptText is the text of a script, as far as scripts may be kept.
func (f *File) scriptText(v *object) string {
	if text, known := f.scripts[v.n]; v.kind == isRef && known { // fields share their scripts
		return text
	}
	o := f.resolve(*v)
	b := []byte(o.text)
	if v.kind == isRef && o.kind == isDict {
		if s, ok := f.numberedStream(v.n); ok {
			b = f.load(&f.scratch, &s, int64(f.text))
		}
	}
	b = b[:min(len(b), f.text)]
	f.text -= len(b)
	text := textString(b)
	if v.kind == isRef {
		f.scripts[v.n] = text
	}
	return text
}

// numberedStream is the last stream of a number.
func (f *File) numberedStream(num int64) (s stream, ok bool) {
	list := f.numbered(num)
	for i := len(list) - 1; i >= 0 && !ok; i-- {
		s, ok = f.stream(f.entries[list[i]])
	}
	return s, ok
}

// link takes the address of a URI action (ISO 32000-1 12.6.4.7).
func (f *File) link(v *object) {
	o := f.resolve(*v)
	if o.kind != isString || o.text == "" {
		return
	}
	address, sort := textString([]byte(o.text)), "link"
	if strings.HasPrefix(address, "http:") || strings.HasPrefix(address, "https:") {
		sort = "web link"
	}
	if f.room(sort) {
		f.doc.Links = append(f.doc.Links, address)
	}
}

// action takes an action that leads out of the file (ISO 32000-1 12.6.4).
func (f *File) action(o *object, name string, at seen) {
	switch name {
	case "Launch", "GoToR", "GoToE", "SubmitForm", "ImportData":
	default:
		return
	}
	if !f.room(name + " " + at.event) {
		return
	}
	a := Action{Type: name, Event: at.event}
	a.Target = f.fileName(o.get("F"))
	for key, v := range o.pairs {
		if key != "Win" && key != "Mac" && key != "Unix" {
			continue
		}
		p := f.resolve(*v) // ISO 32000-1 table 204
		if target := f.fileName(p.get("F")); target != "" {
			a.Target = target
		}
		params := f.resolve(p.get("P"))
		a.Params = textString([]byte(params.text))
	}
	f.doc.Actions = append(f.doc.Actions, a)
}

// fileName is the name in a file specification (ISO 32000-1 7.11).
func (f *File) fileName(v object) string {
	o := f.resolve(v)
	if o.kind == isString {
		return textString([]byte(o.text))
	}
	if names := f.names(&o); len(names) > 0 {
		return names[0]
	}
	return ""
}

// names are those of a file specification dictionary, the one that programs show first.
func (f *File) names(o *object) (list []string) {
	for _, key := range []string{"UF", "F", "DOS", "Unix", "Mac"} {
		v := f.resolve(o.get(key))
		if n := textString([]byte(v.text)); v.kind == isString && n != "" && !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	return list
}

// specification takes a file specification with a file in it.
func (f *File) specification(o, ef *object) {
	streams := f.resolve(*ef)
	names := f.names(o)
	for _, v := range streams.pairs {
		if v.kind != isRef {
			continue
		}
		e := f.file(v.n)
		for _, n := range names {
			if e != nil && !slices.Contains(e.Names, n) && len(e.Names) < namesMax {
				e.Names = append(e.Names, n)
			}
		}
	}
}

const namesMax = 16 // of one file: five of its specification, and twice that for revisions

// file is the embedded file of a number, nil where there are too many.
func (f *File) file(num int64) *Embedded {
	if e := f.files[num]; e != nil {
		return e
	}
	if len(f.fileList) >= f.o.Files {
		f.problem(true, 0, "too many embedded files")
		return nil
	}
	e := &Embedded{Object: num}
	f.files[num] = e
	f.fileList = append(f.fileList, num)
	return e
}

// versionsMax is how many streams of one number are handed out: revisions of one embedded file.
const versionsMax = 8

// embedded makes the list of embedded files.
func (f *File) embedded() {
	for _, num := range f.fileList {
		list := f.numbered(num)
		for _, i := range list[max(0, len(list)-versionsMax):] {
			s, ok := f.stream(f.entries[i])
			if !ok || f.Locked() {
				continue
			}
			f.filters(&s.dict) // a problem of theirs belongs to this reading
			e := *f.files[num]
			e.open = func() io.Reader { return f.open(&s, false) }
			f.doc.Files = append(f.doc.Files, e)
		}
	}
}

// form looks for scripts in a form's XML (ISO 32000-1 12.7.8): a stream, or an array of names and streams.
func (f *File) form(v *object) {
	o := f.resolve(*v)
	refs := []object{*v}
	if o.kind == isArray {
		refs = o.list
	}
	if len(refs) > formParts {
		f.problem(true, 0, "a form of too many parts")
	}
	for _, r := range refs[:min(len(refs), formParts)] {
		if r.kind != isRef {
			continue
		}
		s, ok := f.numberedStream(r.n)
		if !ok {
			continue
		}
		if b := f.whole(&f.scratch, &s); hasScript(b) && f.room("form") {
			f.doc.Scripts = append(f.doc.Scripts, Script{Event: "XFA"})
		}
	}
}

const formParts = 64 // the standard's parts and their names are twenty

// hasScript reports whether XML of a form holds JavaScript; calculations in FormCalc are none.
func hasScript(b []byte) bool {
	for {
		i := bytes.Index(b, []byte("<script"))
		if i < 0 {
			return false
		}
		b = b[i+len("<script"):]
		tag, _, _ := bytes.Cut(b, []byte(">"))
		if bytes.Contains(bytes.ToLower(tag), []byte("javascript")) {
			return true
		}
	}
}

// textString is a text string's value (ISO 32000-2 7.9.2.2): UTF-16, UTF-8 or PDFDocEncoding, which is read as Latin-1.
func textString(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("\xFE\xFF")), bytes.HasPrefix(b, []byte("\xFF\xFE")):
		high := b[0] == 0xFE
		units := make([]uint16, 0, len(b)/2)
		for i := 2; i+1 < len(b); i += 2 {
			u := uint16(b[i])<<8 | uint16(b[i+1])
			if !high {
				u = u<<8 | u>>8
			}
			units = append(units, u)
		}
		return string(utf16.Decode(units))
	case utf8.Valid(b): // ASCII mostly; some producers leave the mark out
		return strings.TrimPrefix(string(b), "\uFEFF")
	}
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}
