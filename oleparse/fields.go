package oleparse

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	fieldsDeep = 64       // Word allows 20 fields inside each other
	fieldMax   = 64 << 10 // bytes of one instruction or value; Word's dialogue takes 255
	fieldBytes = 4 << 20  // of all values put into other fields: REF can double them
	bookmarks  = 1024     // of SET; forms have some dozens
)

// field is a field being read (ECMA-376-1 17.16.2): between begin and separate its instruction, then its result.
type field struct {
	instr, result []byte
	separated     bool
}

// fieldMemory is what fields of a document leave behind: the bookmarks that SET gives a text, and how many bytes were put into other fields.
type fieldMemory struct {
	marks map[string]string
	spent int
}

// fields is the fields around the place at hand, innermost last. An instruction may be the work of fields inside it: QUOTE makes characters from
// their codes, SET and REF carry text from one place to another.
type fields struct {
	stack  []field
	deeper int // fields beyond fieldsDeep
	memory *fieldMemory
}

// instruction is a field worked out.
type instruction struct {
	verb string // upper case
	args []string
}

func (f *fields) depth() int { return len(f.stack) + f.deeper }

func (f *fields) begin() {
	if len(f.stack) == fieldsDeep {
		f.deeper++
		return
	}
	f.stack = append(f.stack, field{})
}

func (f *fields) separate() {
	if n := len(f.stack); n > 0 && f.deeper == 0 {
		f.stack[n-1].separated = true
	}
}

// code takes characters of an instruction.
func (f *fields) code(b []byte) {
	if n := len(f.stack); n > 0 && !f.stack[n-1].separated {
		add(&f.stack[n-1].instr, b)
	}
}

// text takes characters of the document: of a field's result, or of an instruction that is written as text.
func (f *fields) text(b []byte) {
	if n := len(f.stack); n > 0 {
		if top := &f.stack[n-1]; top.separated {
			add(&top.result, b)
		} else {
			add(&top.instr, b)
		}
	}
}

func add[T string | []byte](to *[]byte, b T) {
	*to = append(*to, b[:min(len(b), fieldMax-len(*to))]...)
}

// end takes the end of the innermost field; ok says whether there was one.
func (f *fields) end() (in instruction, ok bool) {
	n := len(f.stack)
	switch {
	case f.deeper > 0:
		f.deeper--
		return in, true
	case n == 0:
		return in, false
	}
	top := f.stack[n-1]
	f.stack = f.stack[:n-1]
	words := splitInstruction(string(top.instr))
	if len(words) > 0 {
		in = instruction{strings.ToUpper(words[0]), words[1:]}
	}
	value := f.value(in, string(top.result))
	if n > 1 && f.memory.spent < fieldBytes {
		f.memory.spent += len(value)
		f.text([]byte(value))
	}
	return in, true
}

// value is what the field stands for in the field around it.
func (f *fields) value(in instruction, result string) string {
	switch in.verb {
	case "QUOTE": // 17.16.5.49
		return quoted(in.args)
	case "SET": // 17.16.5.57
		if len(in.args) > 1 && len(f.memory.marks) < bookmarks {
			if f.memory.marks == nil {
				f.memory.marks = make(map[string]string)
			}
			text := strings.Join(in.args[1:], " ")
			f.memory.marks[strings.ToUpper(in.args[0][:min(len(in.args[0]), identMax)])] = text[:min(len(text), targetMax)]
		}
		return ""
	case "REF": // 17.16.5.50
		if len(in.args) > 0 {
			if text, ok := f.memory.marks[strings.ToUpper(in.args[0])]; ok {
				return text
			}
		}
	default: // a bookmark's name alone is a REF
		if text, ok := f.memory.marks[in.verb]; ok && len(in.args) == 0 {
			return text
		}
	}
	return result
}

// quoted is the value of QUOTE: a number is the code of a character.
func quoted(args []string) string {
	var b strings.Builder
	for _, a := range args {
		if n, err := strconv.ParseInt(a, 0, 32); err == nil && n > 0 && n <= utf8.MaxRune {
			b.WriteRune(rune(n))
		} else {
			b.WriteString(a)
		}
	}
	return b.String()
}

// splitInstruction splits an instruction into words (17.16.3): quotes keep blanks together, a backslash quotes a character, and one before a letter
// or sign that stands alone is a switch, which is left out with the argument of a general switch (17.16.4).
func splitInstruction(s string) []string {
	var words []string
	for {
		if s = strings.TrimLeft(s, " \t\r\n\u00a0"); s == "" {
			return words
		}
		if isSwitch(s) {
			general := strings.IndexByte("*#@", s[1]) >= 0
			s = s[2:]
			if general {
				_, s = nextWord(strings.TrimLeft(s, " "))
			}
			continue
		}
		var w string
		w, s = nextWord(s)
		words = append(words, w)
	}
}

// isSwitch says whether s begins with one; a path begins with two backslashes.
func isSwitch(s string) bool {
	return len(s) > 1 && s[0] == '\\' && s[1] != '\\' && (len(s) == 2 || strings.IndexByte(" \t\r\n\"", s[2]) >= 0 || strings.IndexByte("*#@", s[1]) >= 0)
}

// nextWord takes a word off s. The characters that Word puts for quotes while one types count as quotes.
func nextWord(s string) (word, rest string) {
	var b strings.Builder
	inQuotes := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && (s[i+1] == '\\' || s[i+1] == '"'):
			i++
			b.WriteByte(s[i])
		case c == '"':
			if !inQuotes && b.Len() > 0 {
				return b.String(), s[i:]
			}
			if inQuotes {
				return b.String(), s[i+1:]
			}
			inQuotes = true
		case !inQuotes && (c == ' ' || c == '\t' || c == '\r' || c == '\n'):
			return b.String(), s[i:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}
