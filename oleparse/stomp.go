package oleparse

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// Office runs the compiled lines of a module, and not its source, when they were written by the very version that opens the file. The editor makes
// both from the same lines at once, so that in an honest file every name and literal of the compiled lines stands in the source. A module whose
// compiled lines name what its source lacks was changed by something else ("VBA stomping").

const (
	stompShown  = 6  // names in the evidence
	stompText   = 40 // bytes of a name in the evidence
	stompString = 3  // bytes of a literal that counts
	stompLeast  = 3  // what must be missing where neither a procedure nor a telling word is
)

// telling are names with which code reaches out of the document, or is reached.
var telling = []string{"shell", "createobject", "getobject", "callbyname", "urldownloadtofile", "shellexecute", "winexec", "virtualalloc", "rtlmovememory",
	"createprocess", "createthread", "exec", "run", "environ", "savetofile", "responsebody", "saveas", "kill", "filecopy", "executeexcel4macro", "autoopen",
	"auto_open", "document_open", "workbook_open", "autoclose", "auto_close", "document_close", "autoexec"}

// caches is what the p-code of one project's modules is read with.
type caches struct {
	d      dialect
	ids    [][]byte
	unsure bool // a Macintosh's, or VBA 5: few files of those were seen
	none   bool // no p-code that could run
}

// identifiersMost bounds a _VBA_PROJECT stream; the names of the largest honest projects take some 100 KB.
const identifiersMost = 4 << 20

// readCaches reads the table that the modules' p-code needs.
func (c *compound) readCaches(storage int, d *dirStream) *caches {
	k := &caches{d: dialect{wide: d.sysKind == sysWin64}, none: true}
	id := c.find(storage, typeStream, "_VBA_PROJECT")
	if id < 0 || len(d.modules) == 0 {
		return k
	}
	b := c.bytes(id, min(identifiersMost, c.r.caches))
	c.r.caches -= int64(len(b))
	k.ids, k.d.version = identifiers(b)
	k.d.vba7 = slices.ContainsFunc(k.ids, func(id []byte) bool { return string(id) == "VBA7" })
	k.unsure = d.sysKind == sysMac || !k.d.vba6()
	k.none = k.d.version == 0
	return k
}

// readCache reads the p-code in the first size bytes of a module's stream and compares it with the source.
func (c *compound) readCache(k *caches, id int, size int64, m *Module, page int) {
	size = min(size, cacheMost, c.r.caches)
	if k.none || size <= 0 {
		return
	}
	b := c.bytes(id, size)
	c.r.caches -= int64(len(b))
	p := k.read(b, page)
	if p == nil || len(p.procs)+len(p.names)+len(p.strings) == 0 {
		return
	}
	if m.Stomped, m.PCode = p.compare(m.Source); m.Stomped != "" && k.unsure && k.otherwise(b, m.Source, page) {
		m.Stomped, m.PCode = "", nil
	}
}

// read reads a cache as dir says that it is laid out, or for the other width of a machine where more lines make sense then: nothing that runs the
// p-code goes by what dir says.
func (k *caches) read(b []byte, page int) *pcode {
	p := readPCode(b, k.ids, k.d, page)
	if p == nil || p.odd == 0 || !k.d.vba6() {
		return p
	}
	d := k.d
	d.wide = !d.wide
	if other := readPCode(b, k.ids, d, page); other != nil && other.odd < p.odd {
		return other
	}
	return p
}

// shifts is how far the numbers of names may be off: VBA 7 added seven words to the language's own.
const shifts = 8

// otherwise says whether source and p-code agree if only the names are numbered a little differently from what we know.
func (k *caches) otherwise(b []byte, source string, page int) bool {
	d := k.d
	for d.shift = -shifts; d.shift <= shifts; d.shift++ {
		if p := readPCode(b, k.ids, d, page); d.shift != 0 && len(p.procs)+len(p.names) > 0 {
			if evidence, _ := p.compare(source); evidence == "" {
				return true
			}
		}
	}
	return false
}

// compare gives the evidence that source and p-code disagree, and what the p-code names then.
func (p *pcode) compare(source string) (evidence string, names []string) {
	words := make(wordSet, len(p.procs)+len(p.names))
	words.want(p.procs)
	words.want(p.names)
	literals := sourceWords(source, words)
	low := sync.OnceValue(func() string { return strings.ToLower(source) })
	lacks := func(list []string) (missing []string) {
		for _, n := range list {
			if key := strings.ToLower(n); !words[key] && !(odd(n) && strings.Contains(low(), key)) {
				missing = append(missing, n)
			}
		}
		return missing
	}
	procs := lacks(p.procs)
	missing := slices.Concat(procs, lacks(p.names))
	for _, s := range p.strings {
		if len(s) >= stompString && !literals[s] && !strings.Contains(source, s) {
			missing = append(missing, s)
		}
	}
	told := slices.ContainsFunc(missing, isTelling)
	switch n := len(missing); {
	case n == 0, n < stompLeast && len(procs) == 0 && !told, !p.whole() && (n < stompLeast || !told):
		return "", nil
	}
	return fmt.Sprintf("p-code has %s; the source has not", shown(missing)), slices.Concat(p.procs, p.names, p.acts, p.strings)
}

// shown lists the first few of what is missing, the telling ones before the others.
func shown(missing []string) string {
	slices.SortStableFunc(missing, func(a, b string) int {
		switch x, y := isTelling(a), isTelling(b); {
		case x && !y:
			return -1
		case y && !x:
			return 1
		}
		return 0
	})
	var list []string
	for _, s := range missing[:min(len(missing), stompShown)] {
		list = append(list, fmt.Sprintf("%q", strings.ToValidUTF8(s[:min(len(s), stompText)], "")))
	}
	return strings.Join(list, ", ")
}

func isTelling(s string) bool {
	s = strings.ToLower(s)
	return slices.Contains(telling, s) || strings.Contains(s, "://") || strings.Contains(s, ".exe") || strings.Contains(s, "powershell")
}

// inWord says whether a character is part of a word; the wide blank of East Asian code is none (MS-VBAL 3.2.1).
func inWord(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || r >= 0x80 && !unicode.IsSpace(r)
}

// odd says that a name is more than one word: it stands in brackets in the source (MS-VBAL 3.3.5.3, FOREIGN-NAME).
func odd(name string) bool {
	return strings.ContainsFunc(name, func(r rune) bool { return !inWord(r) })
}

// wordSet says of words in lower case whether they were met. Of a source's many words only those count that are asked for.
type wordSet map[string]bool

func (w wordSet) want(list []string) {
	for _, n := range list {
		w[strings.ToLower(n)] = false
	}
}

// meet notes a word of a source, and reports whether it is Rem.
func (w wordSet) meet(word string) (rem bool) {
	var short [64]byte
	if len(word) > len(short) || !ascii(word) {
		word = strings.ToLower(word)
		if _, ok := w[word]; ok {
			w[word] = true
		}
		return word == "rem"
	}
	low := short[:len(word)]
	for i := range low {
		if low[i] = word[i]; 'A' <= low[i] && low[i] <= 'Z' {
			low[i] += 'a' - 'A'
		}
	}
	if met, ok := w[string(low)]; ok && !met {
		w[string(low)] = true
	}
	return string(low) == "rem"
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// sourceWords notes the words of a source, and lists its literals with quotes in them, without those of comments (MS-VBAL 3.3.1, 3.3.4); others are found by
// looking for them.
func sourceWords(source string, words wordSet) (literals map[string]bool) {
	literals = make(map[string]bool)
	comment := false
	for line := range strings.Lines(source) {
		line = strings.TrimRight(line, "\n")
		if !comment {
			comment = lineWords(line, words, literals)
		}
		comment = comment && strings.HasSuffix(line, " _") // MS-VBAL 3.2.2: a comment goes on behind a line continuation too
	}
	return literals
}

// lineWords adds those of one line; it is true when the line ends in a comment.
func lineWords(line string, words wordSet, literals map[string]bool) bool {
	for first := true; line != ""; first = false {
		switch i := strings.IndexFunc(line, func(r rune) bool { return r == '"' || r == '\'' || inWord(r) }); {
		case i < 0:
			return false
		case line[i] == '\'':
			return true
		case line[i] == '"':
			line = literal(line[i+1:], literals)
		default:
			line = line[i:]
			end := strings.IndexFunc(line, func(r rune) bool { return !inWord(r) })
			if end < 0 {
				end = len(line)
			}
			if words.meet(line[:end]) && first {
				return true
			}
			line = line[end:]
		}
	}
	return false
}

// literal adds the string whose characters begin line and returns what follows it; two quotes are one character (MS-VBAL 3.3.4).
func literal(line string, literals map[string]bool) string {
	if _, rest, _ := strings.Cut(line, `"`); !strings.HasPrefix(rest, `"`) {
		return rest
	}
	var s strings.Builder
	for {
		text, rest, closed := strings.Cut(line, `"`)
		s.WriteString(text)
		if line = rest; !closed || !strings.HasPrefix(line, `"`) {
			break
		}
		s.WriteByte('"')
		line = line[1:]
	}
	literals[s.String()] = true
	return line
}
