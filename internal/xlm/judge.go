package xlm

import (
	"slices"
	"strings"
)

// judge collects hits.
type judge struct {
	scanned int // bytes of texts that were searched
	rep     *Report
	b       *book
	o       Options
	at      addr   // the formula that is being worked out
	where   string // in place of at, of a name
	parsed  map[*Name]*formula
	seen    map[string]int // keyword and place → index in Suspicious
	bytes   int            // of Formulas
}

const (
	hitsMax    = 64   // a person reads the first few
	hitText    = 1024 // bytes of a hit's text
	lineMax    = 2048 // bytes of one formula in the list
	linesMax   = 1 << 20
	scannedMax = 32 << 20 // bytes of texts searched for words; the readers keep 16 MB
)

// place names what is being judged.
func (j *judge) place() string {
	if j.where != "" {
		return j.where
	}
	return j.b.where(j.at)
}

// suspicious notes a hit, each keyword once a place; a text that tells more replaces one that tells less.
func (j *judge) suspicious(keyword, text string) {
	text = clip(text, hitText)
	where := j.place()
	key := keyword + "\x00" + where
	if i, ok := j.seen[key]; ok {
		if h := &j.rep.Suspicious[i]; strings.Count(text, gap) < strings.Count(h.Text, gap) {
			h.Text = text
		}
		return
	}
	if len(j.rep.Suspicious) < hitsMax {
		j.seen[key] = len(j.rep.Suspicious)
		j.rep.Suspicious = append(j.rep.Suspicious, Hit{Keyword: keyword, Where: where, Text: text})
	}
}

// clip cuts a text for people, between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + gap
}

// command judges a call of one of Excel's own functions that reach out of the workbook.
func (j *judge) command(m *machine, n *node, args []value) {
	arg := func(i int) string {
		if i < len(args) {
			return args[i].partly()
		}
		return ""
	}
	switch n.text {
	case "EXEC", "VBA.INSERT.FILE":
		j.suspicious(n.text, show(n, args))
	case "FWRITE", "FWRITELN":
		if m.auto && !m.folding {
			j.suspicious(n.text, show(n, args))
		}
	case "FOPEN":
		if how := arg(1); runs(arg(0)) && (how == "1" || how == "3" || how == gap) { // access 1 reads and writes, 3 makes the file
			j.suspicious(n.text, show(n, args))
		}
	case "OPEN", "OPEN.TEXT":
		if remote(arg(0)) {
			j.suspicious(n.text, show(n, args))
		}
	case "SAVE.AS":
		if s := strings.ToLower(arg(0)); strings.Contains(s, "xlstart") || runs(s) {
			j.suspicious(n.text, show(n, args))
		}
	}
	for _, v := range args {
		if w := commandIn(v.partly()); w != "" {
			j.suspicious(w, show(n, args))
		}
	}
	if server := strings.ToLower(arg(0)); n.text == "INITIATE" && (commandIn(server+" "+arg(1)) != "" || runs(server) || shells[server]) {
		j.suspicious(n.text, show(n, args))
	}
}

// library judges a call, or the registration, of a library's procedure. Add-ins call their own libraries from macros that somebody starts.
func (j *judge) library(m *machine, a api, text string) {
	proc := strings.ToLower(strings.TrimSpace(a.proc))
	short := proc
	if n := len(proc) - 1; n > 0 && (proc[n] == 'a' || proc[n] == 'w') {
		short = proc[:n]
	}
	for _, p := range [...]string{proc, short} {
		if harmful[p] != "" {
			j.suspicious(clip(a.proc, 64), text)
			return
		}
	}
	dll := strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(strings.TrimSpace(a.dll)), ".dll"), ".exe")
	switch {
	case (harmless[proc] || harmless[short]) && systemLibraries[dll]:
		return
	case companions[dll[strings.LastIndexAny(dll, `\/:`)+1:]]:
		return
	case a.dll != "" && !strings.Contains(a.dll, gap) && !systemLibraries[dll] && !dropped(dll) && !(m.auto && !m.folding):
		return
	}
	keyword, _, _ := strings.Cut(text, "(")
	j.suspicious(strings.ToUpper(keyword), text)
}

// calls judges a call of a name that REGISTER defined.
func (j *judge) calls(m *machine, a api, n *node, list []*node, at addr) value {
	args := m.scalars(list, at)
	j.library(m, a, show(&node{text: clip(a.proc, 64), args: list}, args))
	return value{}
}

// built judges a text that becomes a formula. Honest macros enter formulas for worksheets all the time: what counts is code that is put together.
func (j *judge) built(m *machine, n *node, v value, to area, placed bool, at addr) {
	s := v.partly()
	if w := commandIn(s); w != "" {
		j.suspicious(w, n.text+"("+quote(s)+")")
	}
	if v.kind != text || !strings.HasPrefix(s, "=") && n.text != "EVALUATE" {
		if v.kind == unknown && placed && j.b.macroSheet(to.sheet) && m.hides(n.args[0], at, hidesMax) {
			j.suspicious(n.text, n.src)
		}
		return
	}
	f := m.b.parse(s, base{row: to.row, col: to.col, r1c1: n.text != "EVALUATE"})
	if name := codeIn(f); name != "" && n.args[0].op != opText {
		j.suspicious(n.text, s)
	}
	for _, name := range calledIn(f) {
		if name == "EXEC" || name == "CALL" || name == "REGISTER" {
			j.suspicious(n.text, s)
		}
	}
	if m.deeper() { // what it would do, where nothing puts it into a cell
		was := m.folding
		m.folding = true
		m.eval(f.root, at)
		m.folding = was
		m.depth--
	}
}

// ownCode notes a formula that a macro wrote and that then runs.
func (j *judge) ownCode(m *machine, at addr, c *cell) {
	j.at, j.where = at, ""
	j.line(m.b.where(at), c.source+" (written by "+c.by+")")
	if codeIn(m.b.formula(c)) != "" {
		j.suspicious("FORMULA", "="+c.source)
	}
}

// unreadable judges a formula that could not be read or worked out by the functions it names.
func (j *judge) unreadable(where string, f *formula) {
	for _, name := range calledIn(f) {
		if name == "EXEC" || name == "CALL" || name == "REGISTER" || name == "REGISTER.ID" {
			was := j.where
			j.where = where
			j.suspicious(name, f.src)
			j.where = was
		}
	}
}

// literal judges a text that stands in a cell or gives a cell's value.
func (j *judge) literal(s string) {
	if j.scanned += len(s); j.scanned > scannedMax {
		return
	}
	if w := commandIn(s); w != "" {
		j.suspicious(w, quote(s))
	}
}

// line adds a formula to the list for people.
func (j *judge) line(where, src string) {
	s := where + ": =" + clip(src, lineMax)
	if len(j.rep.Formulas) < j.o.Formulas && j.bytes+len(s) <= linesMax {
		j.bytes += len(s)
		j.rep.Formulas = append(j.rep.Formulas, s)
	}
}

// commandIn is the first word of commands in a text, "" for none.
func commandIn(s string) string {
	if len(s) < 5 {
		return ""
	}
	low := strings.ToLower(s)
	for _, w := range commands {
		if strings.Contains(low, w) {
			return strings.TrimSpace(w)
		}
	}
	return ""
}

// remote says whether a file name leads out of the house: to the web, also by WebDAV. Servers of a firm's own are honest.
func remote(s string) bool {
	s = strings.ToLower(strings.ReplaceAll(s, "/", `\`))
	if host, ok := strings.CutPrefix(s, `\\`); ok {
		host, _, _ = strings.Cut(host, `\`)
		return strings.Contains(host, "@") || strings.Contains(s, `\davwwwroot`)
	}
	return strings.HasPrefix(s, `http:\`) || strings.HasPrefix(s, `https:\`) || strings.HasPrefix(s, `ftp:\`)
}

// dropped says whether a library lies where loaders put theirs.
func dropped(path string) bool {
	path = strings.ReplaceAll(path, "/", `\`)
	for _, dir := range [...]string{`..\`, `\temp\`, `\tmp\`, `\programdata\`, `\appdata\`, `\users\`, `\public\`, `\perflogs\`, `%`} {
		if strings.Contains(path, dir) {
			return true
		}
	}
	return strings.HasPrefix(path, `\\`) || strings.Contains(path, `:\\`) // a share, an address
}

// runs says whether a file of that name is a program or a script.
func runs(s string) bool {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return false
	}
	switch strings.ToLower(strings.TrimRight(s[i+1:], " .\"")) {
	case "exe", "dll", "ocx", "scr", "com", "bat", "cmd", "pif", "vbs", "vbe", "js", "jse", "wsf", "wsh", "hta", "ps1", "lnk", "cpl", "msi", "inf", "reg", "sct", "url", "xll", "xlam":
		return true
	}
	return false
}

// walk calls f with a node and all below it.
func walk(n *node, f func(*node)) {
	f(n)
	for _, a := range n.args {
		walk(a, f)
	}
}

// calledIn are the functions that a formula names.
func calledIn(f *formula) []string {
	var out []string
	walk(f.root, func(n *node) {
		if n.op == opCall && !slices.Contains(out, n.text) {
			out = append(out, n.text)
		}
	})
	if f.bad {
		out = append(out, namesBefore(f.src)...)
	}
	return out
}

// codeIn is a function in a formula that only macros have, "" for none.
func codeIn(f *formula) string {
	for _, name := range calledIn(f) {
		if macroOnly[name] {
			return name
		}
	}
	return ""
}

// hidesMax is how many cells away the letters of a text are looked for.
const hidesMax = 3

// hides says whether an expression, or the cells it is made of, spell a text in a way that honest macros do not.
func (m *machine) hides(n *node, at addr, far int) bool {
	found := false
	walk(n, func(n *node) {
		switch {
		case found || !m.spend(1):
		case n.op == opCall:
			switch n.text {
			case "CHAR", "MID", "UNICHAR", "BITXOR", "HEX2DEC", "CODE":
				found = true
			}
		case n.op == opArea && n.area.single() && far > 0:
			a := n.area.first()
			a.sheet = m.b.sheet(n.sheet, at.sheet)
			if c := m.current(a); c != nil && c.source != "" {
				found = m.hides(m.b.formula(c).root, a, far-1)
			}
		}
	})
	return found
}

// namesBefore are the words before an opening parenthesis in a formula that could not be read, at most 64.
func namesBefore(src string) []string {
	var out []string
	src = src[:min(len(src), formulaMax)]
	for i := strings.IndexByte(src, '('); i >= 0 && len(out) < 64; i = strings.IndexByte(src, '(') {
		from := i
		for from > 0 && wordEnd(src[from-1:from]) == 1 {
			from--
		}
		if from < i {
			out = append(out, functionName(src[from:i]))
		}
		src = src[i+1:]
	}
	return out
}
