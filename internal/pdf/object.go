package pdf

// kind is what an object is (ISO 32000-1 7.3).
type kind uint8

const (
	isNull kind = iota // and every other keyword, true and false among them
	isNumber
	isString
	isName
	isArray
	isDict
	isRef
)

// object is a value: of a dictionary, list holds keys and values in turn as they stand.
type object struct {
	kind kind
	n    int64 // of a number; the object's number of a reference
	gen  int64
	text string
	list []object
}

const (
	depthMax = 100     // arrays and dictionaries inside each other; honest ones have ten
	nodesMax = 1 << 17 // of one object: what is larger is a list of pages or a table of glyphs
)

// body reads the value of an indirect object and stops before the keyword that ends it. ended says that there is one.
func (l *lexer) body() (o object, ended bool) {
	list, t := l.items(0, tokenEnd)
	l.pos = t.at
	if len(list) > 0 {
		o = list[0]
	}
	return o, t.kind != tokenEnd
}

// value reads one object inside an object stream, where no keyword ends it.
func (l *lexer) value() object {
	o, _ := l.item(l.next(), 0)
	return o
}

// items reads objects up to the token that ends them, which it returns.
func (l *lexer) items(depth int, end tokenKind) (list []object, t token) {
	for {
		t = l.next()
		switch {
		case t.kind == tokenEnd, t.kind == end:
			return list, t
		case t.kind == tokenDictEnd && end == tokenArrayEnd: // the array's end is missing
			l.pos = t.at
			return list, t
		case t.kind == tokenArrayEnd, t.kind == tokenDictEnd:
			continue
		case t.kind == tokenWord && t.text == "R" && fold(&list):
			continue
		case t.kind == tokenWord && ends(t.text):
			l.pos = t.at
			return list, t
		}
		o, ok := l.item(t, depth)
		if l.nodes++; l.nodes > nodesMax || !ok {
			l.cut = true
			continue
		}
		list = append(list, o)
	}
}

// ends tells the keywords that end an object, whatever is missing before them.
func ends(word string) bool {
	switch word {
	case "obj", "endobj", "stream", "endstream", "xref", "trailer", "startxref":
		return true
	}
	return false
}

// fold makes a reference of the two numbers before an R (ISO 32000-1 7.3.10).
func fold(list *[]object) bool {
	n := len(*list)
	if n < 2 || (*list)[n-1].kind != isNumber || (*list)[n-2].kind != isNumber {
		return false
	}
	*list = append((*list)[:n-2], object{kind: isRef, n: (*list)[n-2].n, gen: (*list)[n-1].n})
	return true
}

// item reads the object that begins with t. ok is false for one that is too deep.
func (l *lexer) item(t token, depth int) (o object, ok bool) {
	switch t.kind {
	case tokenNumber:
		return object{kind: isNumber, n: t.n}, true
	case tokenString:
		return object{kind: isString, text: t.text}, true
	case tokenName:
		return object{kind: isName, text: t.text}, true
	case tokenArray, tokenDict:
		if depth >= depthMax {
			l.pass()
			return o, false
		}
		end, k := tokenArrayEnd, isArray
		if t.kind == tokenDict {
			end, k = tokenDictEnd, isDict
		}
		list, _ := l.items(depth+1, end)
		return object{kind: k, list: list}, true
	}
	return object{text: t.text}, true
}

// pass reads over what is too deep.
func (l *lexer) pass() {
	for open := 1; open > 0; {
		switch t := l.next(); {
		case t.kind == tokenEnd, t.kind == tokenWord && ends(t.text):
			l.pos = t.at
			return
		case t.kind == tokenArray, t.kind == tokenDict:
			open++
		case t.kind == tokenArrayEnd, t.kind == tokenDictEnd:
			open--
		}
	}
}

// pairs yields the entries of a dictionary. A key may come twice: programs differ on which counts, so all are given.
func (o *object) pairs(yield func(key string, v *object) bool) {
	if o.kind != isDict {
		return
	}
	for i := 0; i+1 < len(o.list); i++ {
		if o.list[i].kind == isName {
			if !yield(o.list[i].text, &o.list[i+1]) {
				return
			}
			i++
		}
	}
}

// get is the last value of a key, null where there is none.
func (o *object) get(keys ...string) (v object) {
	o.pairs(func(key string, found *object) bool {
		for _, k := range keys {
			if k == key {
				v = *found
			}
		}
		return true
	})
	return v
}

// is reports whether a key has the name for one of its values.
func (o *object) is(key, name string) bool {
	for k, v := range o.pairs {
		if k == key && v.kind == isName && v.text == name {
			return true
		}
	}
	return false
}

// mark says which names stand in an object: those that make it worth a second look.
type mark uint16

const (
	markObjStm mark = 1 << iota
	markXRef
	markFile   // a file embedded, or a specification of one
	markScript // JavaScript
	markAction // an action that leads out of the file
	markURI
	markAuto // what starts actions by itself
	markForm // XFA
)

// markOf is the mark of a name.
func markOf(name string) mark {
	switch name {
	case "ObjStm", "First": // programs differ on whether an object stream needs its type
		return markObjStm
	case "XRef":
		return markXRef
	case "EmbeddedFile", "EF":
		return markFile
	case "JS", "OnInstantiate":
		return markScript
	case "Launch", "GoToR", "GoToE", "SubmitForm", "ImportData":
		return markAction
	case "URI":
		return markURI
	case "OpenAction", "AA", "JavaScript":
		return markAuto
	case "XFA":
		return markForm
	}
	return 0
}
