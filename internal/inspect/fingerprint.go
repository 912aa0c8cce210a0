package inspect

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sekisho/internal/xlm"
	"sekisho/oleparse"
)

// The macro fingerprint of a file names its macros and not the document around them: SHA-256 over the sorted SHA-256 digests of its units, so that
// neither order nor names count. A unit is a VBA module, a UserForm's texts, or an Excel 4.0 macro sheet; one without content is left out. What a
// unit's digest is over is defined in docs/json.md; two files with one fingerprint run the same code, but for the names of modules and sheets.

// fingerprint adds units to the fingerprint of f.
func (s *Scan) fingerprint(f *File, units ...[]byte) {
	if len(units) == 0 {
		return
	}
	if s.units == nil {
		s.units = map[int][][]byte{}
	}
	r := s.report(f)
	all := append(s.units[f.report], units...)
	slices.SortFunc(all, bytes.Compare)
	s.units[f.report] = all
	sum := sha256.Sum256(bytes.Join(all, nil))
	r.MacroHash = hex.EncodeToString(sum[:])
}

// projectUnits are the digests of a VBA project's modules and forms.
func projectUnits(p *oleparse.Project) (units [][]byte) {
	for i := range p.Modules {
		m := &p.Modules[i]
		source := plainSource(m.Source)
		if source == "" && m.Stomped == "" {
			continue
		}
		h := unit("vba", source)
		for _, word := range m.PCode { // which runs in the source's place
			h.Write([]byte(strconv.Quote(word)))
		}
		units = append(units, h.Sum(nil))
	}
	for _, form := range p.Forms {
		h, texts := unit("form", ""), false
		for _, property := range slices.Sorted(maps.Keys(form.Texts)) {
			if text := form.Texts[property]; text != "" {
				texts = true
				fmt.Fprintf(h, "%q %q\n", property, text)
			}
		}
		if texts {
			units = append(units, h.Sum(nil))
		}
	}
	return units
}

func unit(sort, content string) hash.Hash {
	h := sha256.New()
	h.Write([]byte(sort + "\n" + content))
	return h
}

// plainSource is a module's source without what the editor or a re-save changes: attributes, blank lines, runs of blanks, letter case outside strings.
func plainSource(source string) string {
	var b strings.Builder
	continued := false // MS-VBAL 3.2.2: a line goes on behind " _", so that a blank one ends it
	for line := range strings.Lines(strings.ReplaceAll(source, "\r", "\n")) {
		line = strings.Trim(line, " \t\n")
		if !continued && (line == "" || isAttribute(line)) {
			continue
		}
		plainLine(&b, line)
		b.WriteByte('\n')
		continued = line == "_" || strings.HasSuffix(line, " _") || strings.HasSuffix(line, "\t_")
	}
	return b.String()
}

// plainLine writes a line in lower case and with each run of blanks as one, but for strings (MS-VBAL 3.3.4) and foreign names (3.3.5.3: "[…]").
func plainLine(b *strings.Builder, line string) {
	var within byte // what ends the string or name
	blank := false
	for i := range len(line) {
		c := line[i]
		if within != 0 {
			if b.WriteByte(c); c == within {
				within = 0
			}
			continue
		}
		space := c == ' ' || c == '\t'
		switch {
		case space && blank:
			continue
		case space:
			c = ' '
		case c == '"':
			within = '"'
		case c == '[':
			within = ']'
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		blank = space
		b.WriteByte(c)
	}
}

// isAttribute reports whether a line is an attribute and nothing else (MS-VBAL 4.2): a name and constants.
func isAttribute(line string) bool {
	word, rest, _ := strings.Cut(line, " ")
	name, values, ok := strings.Cut(rest, "=")
	if !strings.EqualFold(word, "Attribute") || !ok || strings.Trim(name, " ") == "" {
		return false
	}
	if strings.ContainsAny(name, "\"':()") {
		return false
	}
	for {
		var more bool
		if values, more, ok = constant(strings.TrimLeft(values, " \t")); !ok || !more {
			return ok
		}
	}
}

// constant takes a string, a number or a truth value from the front of s; more says that a comma follows.
func constant(s string) (rest string, more, ok bool) {
	if strings.HasPrefix(s, `"`) {
		_, rest, ok = strings.Cut(s[1:], `"`)
		if strings.HasPrefix(rest, `"`) { // a quotation mark in the string: it is kept, which harms nobody
			return "", false, false
		}
	} else {
		word := s[:len(s)-len(strings.TrimLeft(s, "+-.&0123456789abcdefhrltuABCDEFHRLTUsS"))]
		rest, ok = s[len(word):], word != ""
	}
	rest = strings.TrimLeft(rest, " \t")
	after, more := strings.CutPrefix(rest, ",")
	return after, more, ok && (more || rest == "")
}

// bookUnits are the digests of a workbook's macro sheets, and of the names of its macros.
func bookUnits(w *xlm.Workbook) (units [][]byte) {
	for i := range w.Sheets {
		s := &w.Sheets[i]
		if s.Kind != xlm.MacroSheet || len(s.Cells) == 0 {
			continue
		}
		units = append(units, sheetUnit(s))
	}
	if len(units) == 0 {
		return nil
	}
	for i := range w.Names {
		if n := &w.Names[i]; n.Macro || strings.HasPrefix(strings.ToLower(n.Name), "auto_") {
			units = append(units, unit("name", strings.ToLower(n.Name)+"\n="+n.Formula).Sum(nil))
		}
	}
	return units
}

// sheetUnit is the digest of a sheet's cells by row and column. The value saved with a formula changes with each calculation, a constant does not.
func sheetUnit(s *xlm.Sheet) []byte {
	cells := slices.Clone(s.Cells)
	slices.SortStableFunc(cells, func(a, b xlm.Cell) int {
		if a.Row != b.Row {
			return a.Row - b.Row
		}
		return a.Col - b.Col
	})
	h := unit("xlm", "")
	for i := range cells {
		c := &cells[i]
		text := "=" + c.Formula
		if c.Formula == "" {
			text = "'" + c.Value
		}
		fmt.Fprintf(h, "%d %d %q\n", c.Row, c.Col, text)
	}
	return h.Sum(nil)
}
