package rtf

import (
	"strconv"
	"strings"
)

const (
	maxFields    = 16       // nested instructions; Word's own limit is twenty
	maxFieldText = 32 << 10 // one instruction; the longest sensible one is a page of addresses
)

// field is an instruction being read.
type field struct {
	text []byte
	mute bool // the field inside it was worked out: its stored result does not count
}

func (p *parser) openField() {
	if len(p.fields) < maxFields {
		p.fields = append(p.fields, field{})
	} else {
		p.deeper++
	}
}

// closeField judges an instruction. What a field inside another one yields is a part of the outer instruction.
func (p *parser) closeField() {
	n := len(p.fields) - 1
	switch {
	case p.deeper > 0:
		p.deeper--
		return
	case n < 0:
		return
	}
	text := string(p.fields[n].text)
	p.fields = p.fields[:n]
	p.judge(text)
	if n > 0 {
		yield := quoted(text)
		p.fields[n-1].mute = yield != ""
		p.fieldChars([]byte(yield))
	}
}

// fieldChars takes text of the instruction being read.
func (p *parser) fieldChars(b []byte) {
	if n := len(p.fields); n > 0 {
		f := &p.fields[n-1]
		f.text = appendMax(f.text, b, maxFieldText)
	}
}

// fieldResult takes the result of a field inside an instruction.
func (p *parser) fieldResult(b []byte) {
	if n := len(p.fields); n > 0 && !p.fields[n-1].mute {
		p.fieldChars(b)
	}
}

// judge looks at an instruction: its first word is the field's type (RTF 1.9.1, "Fields"; ECMA-376 part 1, 17.16.5).
func (p *parser) judge(text string) {
	args := words(text)
	if len(args) == 0 {
		return
	}
	switch strings.ToUpper(args[0]) {
	case "DDE", "DDEAUTO":
		p.command(strings.Join(args[1:], " "))
	case "INCLUDETEXT", "INCLUDEPICTURE", "IMPORT", "INCLUDE", "RD":
		if len(args) > 1 {
			p.link(LinkField, args[1])
		}
	case "LINK":
		if len(args) > 2 {
			p.link(LinkField, args[2])
		}
	}
}

// words splits an instruction at blanks; quotation marks hold a word together, and a backslash in them takes the next character as it is.
func words(s string) []string {
	var out []string
	for s = strings.TrimLeft(s, " \t"); s != ""; s = strings.TrimLeft(s, " \t") {
		var w string
		w, s = cutWord(s)
		out = append(out, w)
	}
	return out
}

func cutWord(s string) (word, rest string) {
	if s[0] != '"' {
		if i := strings.IndexAny(s, " \t\""); i > 0 {
			return s[:i], s[i:]
		}
		return s, ""
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

// quoted is what a QUOTE field yields: its words, numbers being characters (ECMA-376 part 1, 17.16.5.49). Nothing for another field.
func quoted(text string) string {
	args := words(text)
	if len(args) == 0 || !strings.EqualFold(args[0], "QUOTE") {
		return ""
	}
	var b strings.Builder
	for _, a := range args[1:] {
		if n, err := strconv.ParseUint(a, 0, 16); err == nil {
			b.WriteRune(rune(n))
		} else {
			b.WriteString(a)
		}
	}
	return b.String()
}

// remote reports whether a target lies on another machine: a URL with a host, or a UNC path. A moniker may stand before it.
func remote(s string) bool {
	low := strings.ToLower(strings.TrimLeft(s, " \t\"\x00"))
	for _, scheme := range []string{"http:", "https:", "ftp:", "file://", "mhtml:", "script:", "search-ms:", "ms-msdt:", "webdav:", "smb:"} {
		if strings.HasPrefix(low, scheme) {
			return !strings.HasPrefix(low, "file:///") || strings.HasPrefix(low, `file:////`)
		}
	}
	if strings.Contains(low, "://") && !strings.HasPrefix(low, "file:") {
		return true
	}
	return strings.HasPrefix(low, `\\`) && !strings.HasPrefix(low, `\\?\`) && !strings.HasPrefix(low, `\\.\`) || strings.HasPrefix(low, "//")
}
