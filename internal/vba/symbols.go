package vba

// Names (MS-VBAL 3.3.5). The lists of words are asked once for each name of a project, not for each place it stands at.

import (
	"strings"
	"sync"

	"golang.org/x/text/width"
)

// sym is an identifier of a project, without case (MS-VBAL 3.3.5.1).
type sym int32

// Words of the language that the parser asks for.
const (
	wNone sym = iota
	wAddressOf
	wAnd
	wAs
	wAttribute
	wByRef
	wByVal
	wCall
	wCase
	wClose
	wConst
	wDeclare
	wDim
	wDo
	wEach
	wElse
	wElseIf
	wEnd
	wEndIf
	wEnum
	wEqv
	wEvent
	wExit
	wFor
	wFriend
	wFunction
	wGet
	wGlobal
	wGoSub
	wGoTo
	wIf
	wImp
	wImplements
	wIn
	wIs
	wLet
	wLib
	wAlias
	wLike
	wLoop
	wLSet
	wMe
	wMod
	wName
	wNew
	wNext
	wNot
	wNothing
	wOn
	wOpen
	wOption
	wOptional
	wOr
	wParamArray
	wPreserve
	wPrint
	wPrivate
	wProperty
	wPtrSafe
	wPublic
	wPut
	wReDim
	wRem
	wResume
	wReturn
	wRSet
	wSelect
	wSet
	wStatic
	wStep
	wString
	wSub
	wThen
	wTo
	wType
	wTypeOf
	wUntil
	wWend
	wWhile
	wWith
	wWithEvents
	wWrite
	wXor
	wAccess
	wRead
	wMid
	wVBBase
	wordCount
)

// reserved spells them (MS-VBAL 3.3.5.2).
var reserved = map[string]sym{
	"addressof": wAddressOf, "and": wAnd, "as": wAs, "attribute": wAttribute, "byref": wByRef, "byval": wByVal, "call": wCall,
	"case": wCase, "close": wClose, "const": wConst, "declare": wDeclare, "dim": wDim, "do": wDo, "each": wEach, "else": wElse,
	"elseif": wElseIf, "end": wEnd, "endif": wEndIf, "enum": wEnum, "eqv": wEqv, "event": wEvent, "exit": wExit, "for": wFor,
	"friend": wFriend, "function": wFunction, "get": wGet, "global": wGlobal, "gosub": wGoSub, "goto": wGoTo, "if": wIf, "imp": wImp,
	"implements": wImplements, "in": wIn, "is": wIs, "let": wLet, "lib": wLib, "alias": wAlias, "like": wLike, "loop": wLoop,
	"lset": wLSet, "me": wMe, "mod": wMod, "name": wName, "new": wNew, "next": wNext, "not": wNot, "nothing": wNothing, "on": wOn,
	"open": wOpen, "option": wOption, "optional": wOptional, "or": wOr, "paramarray": wParamArray, "preserve": wPreserve,
	"print": wPrint, "private": wPrivate, "property": wProperty, "ptrsafe": wPtrSafe, "public": wPublic, "put": wPut, "redim": wReDim,
	"rem": wRem, "resume": wResume, "return": wReturn, "rset": wRSet, "select": wSelect, "set": wSet, "static": wStatic, "step": wStep,
	"string": wString, "sub": wSub, "then": wThen, "to": wTo, "type": wType, "typeof": wTypeOf, "until": wUntil, "wend": wWend,
	"while": wWhile, "with": wWith, "withevents": wWithEvents, "write": wWrite, "xor": wXor, "access": wAccess, "read": wRead,
	"mid": wMid, "vb_base": wVBBase,
}

// symbol is what is known of an identifier.
type symbol struct {
	low    string  // its spelling in lower case and narrow forms
	fn     builtin // of the language
	sink   *word   // an ability that its arguments decide
	name   *word   // an ability by being named
	decl   *word   // external procedure of the project (MS-VBAL 5.2.3.5)
	procs  []int32 // procedures of the name
	module int32   // module of the name, -1 for none
	bare   *value  // what it is to the language or the program, when the project does not declare it
	host   bool    // it is something to the program
	simple bool    // assigned somewhere: a variable
	heard  []int32 // modules that handle the events of a variable of the name
}

// symbols are a project's identifiers.
type symbols struct {
	ids  map[string]sym // by folded spelling
	list []symbol       // by number
	hot  bool           // a word that can reach an ability is among them
	buf  [64]byte       // of a name in lower case, so that looking up makes no string
}

// symbolRoom is for how many names there is room at first, and symbolsKept how many there may be in memory that is used again.
const (
	symbolRoom  = 256
	symbolsKept = 4096
)

// symbolTables recycles the memory of names: a report has only strings of them.
var symbolTables = sync.Pool{New: func() any {
	return &symbols{ids: make(map[string]sym, symbolRoom), list: make([]symbol, 0, wordCount+symbolRoom)}
}}

// newSymbols begins a project's names with the words of the language, whose numbers are fixed.
func newSymbols() *symbols {
	t := symbolTables.Get().(*symbols)
	t.list = t.list[:wordCount]
	return t
}

// release gives the memory back.
func (t *symbols) release() {
	if cap(t.list) > symbolsKept {
		return
	}
	clear(t.ids)
	clear(t.list)
	t.list, t.hot = t.list[:0], false
	symbolTables.Put(t)
}

// intern returns the identifier's number.
func (t *symbols) intern(text string) sym {
	var key []byte
	if len(text) > len(t.buf) {
		key = []byte(strings.ToLower(width.Fold.String(text)))
	} else {
		ascii := true
		for i := range len(text) {
			t.buf[i] = lower(text[i])
			ascii = ascii && text[i] < 0x80
		}
		if key = t.buf[:len(text)]; !ascii { // wide and narrow forms are the same (MS-VBAL 3.3.5.1.2)
			key = []byte(strings.ToLower(width.Fold.String(text)))
		}
	}
	if id, ok := t.ids[string(key)]; ok {
		return id
	}
	return t.add(string(key))
}

// add looks a new name up in the lists, once for a project; from then on its number tells all.
func (t *symbols) add(low string) sym {
	id, ok := reserved[low]
	if !ok {
		id = sym(len(t.list))
		t.list = append(t.list, symbol{})
	}
	t.ids[low] = id
	s := &t.list[id]
	*s = symbol{low: low, fn: builtins[low], module: -1, host: hostName(low)}
	if v, ok := constants[low]; ok {
		s.bare = &v
	} else if t, ok := hostTexts[low]; ok {
		v := str(t)
		s.bare = &v
	}
	if low == "wordbasic" {
		s.bare = &value{k: object, o: &thing{class: low}}
	}
	if w, ok := sinks[low]; ok {
		s.sink, t.hot = w, true
	}
	if w, ok := names[low]; ok {
		s.name, t.hot = w, true
	}
	// New of a listed class, or an external procedure, needs no listed word.
	if _, ok := types[low]; ok || low == "declare" {
		t.hot = true
	}
	return id
}

// known returns the number of an identifier that the project uses, wNone for another one.
func (t *symbols) known(low string) sym { return t.ids[low] }
