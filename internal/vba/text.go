package vba

// What text says: words of programs and classes, command lines, addresses, paths. Text is looked at when it is complete: as a literal, an argument, or
// what a variable holds at last.

import (
	"strings"
	"unicode/utf8"
)

// texts lists what counts inside text, in lower case: class names and system programs. A soft one counts when the source hides it, a hard one
// also as the class of CreateObject.
var texts = map[string]word{
	"wscript.shell":                 {"WScript.Shell", Execute, whyRun, hard},
	"shell.application":             {"Shell.Application", Execute, whyRun, hard},
	"adodb.stream":                  {"ADODB.Stream", Write, whyWrite, hard},
	"msxml2.xmlhttp":                {"MSXML2.XMLHTTP", Download, whyDownload, hard},
	"msxml2.serverxmlhttp":          {"MSXML2.ServerXMLHTTP", Download, whyDownload, hard},
	"microsoft.xmlhttp":             {"Microsoft.XMLHTTP", Download, whyDownload, hard},
	"microsoft.serverxmlhttp":       {"Microsoft.ServerXMLHTTP", Download, whyDownload, hard},
	"winhttp.winhttprequest":        {"WinHttp.WinHttpRequest", Download, whyDownload, hard},
	"internetexplorer.application":  {"InternetExplorer.Application", Download, whyDownload, hard},
	"schedule.service":              {"Schedule.Service", Execute, whyRun, hard},
	"winmgmts":                      {"winmgmts", Execute, whyWMI, hard},
	"wbemscripting.swbemlocator":    {"WbemScripting.SWbemLocator", Execute, whyWMI, hard},
	"win32_process":                 {"Win32_Process", Execute, whyWMI, hard},
	"win32_processstartup":          {"Win32_ProcessStartup", Execute, whyWMI, hard},
	"msscriptcontrol.scriptcontrol": {"MSScriptControl.ScriptControl", Execute, whyRun, hard},
	"scriptcontrol":                 {"ScriptControl", Execute, whyRun, hard},
	"activexobject":                 {"ActiveXObject", Execute, whyRun, hard},
	"htafile":                       {"htafile", Execute, whyRun, hard},
	"urldownloadtofile":             {"URLDownloadToFile", Download, whyDownload, soft},
	"urldownloadtofilea":            {"URLDownloadToFile", Download, whyDownload, soft},
	"shellexecute":                  {"ShellExecute", Execute, whyRun, soft},
	"powershell":                    {"PowerShell", Execute, whySystem, soft},
	"powershell.exe":                {"PowerShell", Execute, whySystem, soft},
	"pwsh":                          {"PowerShell", Execute, whySystem, soft},
	"cmd.exe":                       {"cmd.exe", Execute, whySystem, soft},
	"mshta":                         {"mshta", Execute, whySystem, soft},
	"rundll32":                      {"rundll32", Execute, whySystem, soft},
	"regsvr32":                      {"regsvr32", Execute, whySystem, soft},
	"certutil":                      {"certutil", Execute, whySystem, soft},
	"bitsadmin":                     {"bitsadmin", Execute, whySystem, soft},
	"wscript.exe":                   {"wscript.exe", Execute, whySystem, soft},
	"cscript.exe":                   {"cscript.exe", Execute, whySystem, soft},
	"schtasks":                      {"schtasks", Execute, whySystem, soft},
	"wmic":                          {"wmic", Execute, whySystem, soft},
	"msiexec":                       {"msiexec", Execute, whySystem, soft},
	"curl.exe":                      {"curl.exe", Download, whyDownload, soft},
	"installutil":                   {"InstallUtil", Execute, whySystem, soft},
	"msbuild":                       {"MSBuild", Execute, whySystem, soft},
	"forfiles":                      {"forfiles", Execute, whySystem, soft},
}

// loud lists, for a program, what in its command line says that it fetches, hides or runs what was just made.
var loud = []struct {
	program string // in lower case, as it is named in the command line
	marks   []string
}{
	{"powershell", []string{" -e ", "-enc", " -ec ", "hidden", "-nop", "bypass", "iex", "invoke-expression", "invoke-webrequest", "downloadstring", "downloadfile",
		"downloaddata", "webclient", "frombase64", "-w 1 ", "start-bitstransfer", "http"}},
	{"pwsh", []string{"-enc", "hidden", "iex", "downloadstring", "webclient"}},
	{"mshta", []string{"http", "javascript:", "vbscript:", "%temp%", "%appdata%"}},
	{"certutil", []string{"-urlcache", "/urlcache", "-decode", "/decode"}},
	{"regsvr32", []string{"http", "scrobj", "%temp%", "%appdata%", "/i:"}},
	{"rundll32", []string{"javascript:", "%temp%", "%appdata%", "%programdata%", "programdata", "%public%"}},
	{"bitsadmin", []string{"/transfer", "/addfile"}},
	{"wmic", []string{"process call create", "/format:"}},
	{"msiexec", []string{"http"}},
	{"schtasks", []string{"/create"}},
	{"curl", []string{" -o ", " --output ", "-lo "}},
	{"wscript", []string{"%temp%", "%appdata%", "programdata", "//e:"}},
	{"cscript", []string{"%temp%", "%appdata%", "programdata", "//e:"}},
}

// commandLine is a command line that honest macros do not have.
var commandLine = word{"command line", Execute, whySystem, hard}

// finder looks up the words of a text: each run of letters, digits, underscores and points, its first two parts, and each part.
type finder struct {
	buf   [64]byte
	found func(w word)
}

// look looks one word up, in lower case, without making a string of it. No listed word is longer than the buffer.
func (f *finder) look(s string) bool {
	if len(s) > len(f.buf) || len(s) < 4 {
		return false
	}
	for i := range len(s) {
		f.buf[i] = lower(s[i])
	}
	w, ok := texts[string(f.buf[:len(s)])]
	if ok {
		f.found(w)
	}
	return ok
}

// run looks up one run. A class name may carry a version behind its two parts.
func (f *finder) run(s string) {
	for s != "" {
		first := strings.IndexByte(s, '.')
		if first < 0 {
			f.look(s)
			return
		}
		second := strings.IndexByte(s[first+1:], '.')
		if second < 0 {
			second = len(s) - first - 1
		}
		if f.look(s[:first+1+second]) {
			return
		}
		f.look(s[:first])
		s = s[first+1:]
	}
}

// bareProgram is a system program by a name that is also a word of its own, where an argument follows: "curl -o x", "wscript x.vbs".
func bareProgram(name, behind string) (word, bool) {
	if !strings.HasPrefix(behind, " ") || len(name) != 4 && len(name) != 7 {
		return word{}, false
	}
	switch low := strings.ToLower(name); low {
	case "wscript", "cscript":
		return texts[low+".exe"], true
	case "curl":
		arg := strings.TrimLeft(strings.ToLower(behind[:min(len(behind), 16)]), " ")
		return texts["curl.exe"], strings.HasPrefix(arg, "-") || strings.HasPrefix(arg, "http")
	}
	return word{}, false
}

// wordsOf finds the listed words in a text.
func wordsOf(s string, found func(w word)) {
	f := finder{found: found}
	for s != "" {
		n := 0
		for n < len(s) && (isNameByte(s[n]) || s[n] == '.') {
			n++
		}
		if w, ok := bareProgram(s[:n], s[n:]); ok {
			found(w)
		} else if n > 3 {
			f.run(s[:n])
		} else if n == 3 && strings.EqualFold(s[:n], "cmd") && strings.HasPrefix(strings.TrimLeft(s[n:min(len(s), n+8)], " "), "/") {
			found(texts["cmd.exe"])
		}
		s = s[min(n+1, len(s)):]
	}
}

// literal looks at text as it stands in the source; false for one that says nothing.
func (j *judge) literal(s string) bool {
	found := false
	wordsOf(s, func(w word) {
		j.literals[w.keyword] = true
		found = true
	})
	if len(s) > 0 && s[0] == '=' && strings.Contains(s, "(") {
		found = true
	}
	if !found && len(s) >= 8 {
		found = strings.Contains(s, "://") || strings.Contains(s, `:\`) || strings.HasPrefix(s, `\\`) || encodedText(s)
	}
	return found
}

// search looks at text that an expression yields. What the source does not show as it stands is hidden.
func (r *run) search(v value, at int) {
	if v.k == text && !v.lit && len(v.s) >= 3 && r.read(2*len(v.s)) {
		r.terms += v.work()
		if at < 0 {
			at = int(r.m.stmts[r.at].lo)
		}
		r.found(v.s, at, true, 0)
		if strings.Contains(v.s, hole) {
			r.found(strings.ReplaceAll(v.s, hole, ""), at, true, 0)
		}
	}
}

// decodings bounds text encoded in text that is encoded.
const decodings = 2

// found looks at a text: its words, addresses, paths and commands, and what it is when decoded.
func (r *run) found(s string, at int, folded bool, depth int) {
	program, last := false, ""
	if strings.HasPrefix(s, "=") {
		r.formula(s)
	}
	r.saying = true
	defer func() { r.saying = false }()
	wordsOf(s, func(w word) {
		if w.keyword == last {
			return
		}
		last = w.keyword
		hidden := folded && !r.literals[w.keyword]
		program = program || w.why == whySystem || w.keyword == "curl.exe"
		// a query names the class too
		risk := hidden || whole(s, w) || w.keyword == "ActiveXObject" || w.keyword == "Win32_Process" && !strings.Contains(strings.ToLower(s), "select ") || w.keyword == "Win32_ProcessStartup"
		h := r.hit(&w, at, risk, s)
		h.hidden = h.hidden || hidden
	})
	// A command line is evidence as a whole; its words alone say little.
	if program {
		r.command(s, at, folded)
	}
	r.addresses(s, at)
	// What is encoded is looked at as if it stood there, hidden.
	if depth < decodings {
		for _, t := range decodedText(s) {
			if r.read(len(t)) {
				r.found(t, at, true, depth+1)
			}
		}
	}
}

// whole says whether the text is nothing but the name of a class, which is a class to be made of it whatever becomes of the text on the way.
func whole(s string, w word) bool {
	return w.rule == hard && len(s) <= len(w.keyword)+4 && strings.HasPrefix(strings.ToLower(s), strings.ToLower(w.keyword)) && strings.Contains(s, ".")
}

// command looks at a command line.
func (r *run) command(s string, at int, folded bool) {
	r.evidenceAt("command", s, at)
	low := strings.ToLower(clip(s)) + " "
	// cmd leaves out carets, PowerShell backticks, both quotes inside of words.
	clean := strings.NewReplacer("^", "", "`", "", `"`, "").Replace(low)
	for _, l := range loud {
		if !strings.Contains(clean, l.program) {
			continue
		}
		for _, m := range l.marks {
			if strings.Contains(clean, m) {
				r.hit(&commandLine, at, true, s)
				return
			}
		}
	}
}

// addresses notes the URLs, UNC paths and paths of programs in a text.
func (r *run) addresses(s string, at int) {
	for rest, n := s, 0; n < 16; n++ {
		i := strings.Index(rest, "://")
		if i < 0 {
			break
		}
		from := i
		for from > 0 && isLetter(rest[from-1]) {
			from--
		}
		to := i + 3 + strings.IndexFunc(rest[i+3:]+" ", endsAddress)
		to -= joinedAddress(rest[from:to])
		if from < i && to > i+4 {
			r.evidenceAt("url", rest[from:to], at)
		}
		rest = rest[to:]
	}
	t := strings.TrimSpace(s)
	if len(t) > 4 && len(t) < 300 && (t[0] == '\\' && t[1] == '\\' || t[1] == ':' || t[0] == '%') && pathOf(t) == pathProgram {
		r.evidenceAt("path", t, at)
	}
}

// joinedAddress is how much of an address is another one behind a mark, as lists of them have it: "http://a.test/1@http://b.test/2". The address that
// a redirection carries belongs to it.
func joinedAddress(s string) int {
	first := strings.Index(s, "://") + 3
	next := strings.Index(s[first:], "://")
	if next < 0 {
		return 0
	}
	for next += first; next > first && isLetter(s[next-1]); next-- {
	}
	if next == first || strings.IndexByte("=/?&:%", s[next-1]) >= 0 {
		return 0
	}
	return len(s) - next + 1
}

// endsAddress says whether a character ends an address in text: blanks, quotes, brackets, and what separates addresses in lists.
func endsAddress(c rune) bool {
	return c <= ' ' || c == '"' || c == '\'' || c == '<' || c == '>' || c == ')' || c == '(' || c == '|' || c == ';' || c == utf8.RuneError
}

// evidenceMax bounds the list.
const evidenceMax = 200

// evidence notes a piece of evidence at the cursor.
func (r *run) evidence(typ, s string) { r.evidenceAt(typ, s, r.pos-1) }

// evidenceAt notes a piece of evidence at a token, once a project for each text.
func (r *run) evidenceAt(typ, s string, at int) {
	e := Evidence{Type: typ, Text: clip(strings.ToValidUTF8(s, "?")), Module: r.m.in.Stream}
	key := typ + e.Text
	if len(r.report.Evidence) >= evidenceMax || r.shown[key] {
		return
	}
	r.shown[key] = true
	e.Line = int(r.m.toks[max(0, min(at, len(r.m.toks)-1))].line)
	r.report.Evidence = append(r.report.Evidence, e)
}

// Classes of paths by what a file of that name is to Windows.
type pathClass uint8

const (
	pathOpen    pathClass = iota // cannot be told
	pathPlain                    // data that honest macros write
	pathProgram                  // something that Windows or Office runs
)

// plainExtensions are those of data that honest macros write.
var plainExtensions = map[string]bool{
	"txt": true, "log": true, "csv": true, "tsv": true, "ini": true, "xml": true, "json": true, "htm": true, "html": true, "dat": true, "tmp": true,
	"bak": true, "xls": true, "xlsx": true, "xlsm": true, "xlsb": true, "doc": true, "docx": true, "docm": true, "pdf": true, "rtf": true, "ppt": true,
	"pptx": true, "pptm": true, "mdb": true, "accdb": true, "jpg": true, "jpeg": true, "png": true, "gif": true, "bmp": true, "emf": true, "wmf": true,
	"msg": true, "eml": true, "ics": true, "vcf": true, "prn": true, "asc": true, "cfg": true, "kml": true, "gpx": true, "dxf": true, "tex": true,
	"md": true, "yaml": true, "yml": true, "sql": true, "bas": true, "frm": true, "cls": true, "svg": true, "zip": true, "out": true, "err": true,
	"ods": true, "odt": true, "db": true, "dbf": true, "lst": true, "ps": true, "exp": true, "rpt": true, "oft": true, "nc": true, "mid": true, "edi": true,
}

// programExtensions are those that Windows or Office runs, or trusts as if it did.
var programExtensions = map[string]bool{
	"exe": true, "dll": true, "scr": true, "com": true, "pif": true, "bat": true, "cmd": true, "vbs": true, "vbe": true, "js": true, "jse": true,
	"wsf": true, "wsh": true, "wsc": true, "sct": true, "hta": true, "ps1": true, "psm1": true, "cpl": true, "msi": true, "msp": true, "ocx": true,
	"jar": true, "lnk": true, "url": true, "inf": true, "reg": true, "xll": true, "wll": true, "dotm": true, "dot": true, "xlam": true, "xla": true,
	"sys": true, "drv": true, "chm": true, "xsl": true, "csproj": true, "application": true, "library-ms": true, "searchconnector-ms": true,
}

// startFolders are folders whose files are run or trusted.
var startFolders = [...]string{`\startup\`, `\xlstart`, `\programs\startup`, `\office\recent\`, `\microsoft\templates`, `\word\startup`}

// pathOf classes a path by its folder, then by its last extension: that is what Windows goes by. Blanks and quotes around it do not count.
func pathOf(s string) pathClass {
	low := strings.ToLower(strings.Trim(s, " \"\x00\r\n"))
	for _, f := range startFolders {
		if strings.Contains(low, f) {
			return pathProgram
		}
	}
	cut := strings.LastIndexByte(low, '.')
	if cut < 0 {
		return pathOpen
	}
	switch ext := strings.TrimRight(low[cut+1:], " "); {
	case plainExtensions[ext]:
		return pathPlain
	case programExtensions[ext]:
		return pathProgram
	}
	return pathOpen
}

// deletesAll says whether the pattern of Kill takes more than a file of the macro's own.
func deletesAll(s string) bool {
	low := strings.ToLower(s)
	return strings.HasSuffix(low, "*.*") || strings.HasSuffix(low, `\*`) || strings.Contains(low, `\windows\`) || strings.Contains(low, "%windir%") ||
		strings.Contains(low, "%systemroot%") || pathOf(s) == pathProgram
}

// typesWords says whether SendKeys types text and not keys that steer the program. A key of one character in braces is typed too: {a}, {{}, {a 5}.
func typesWords(s string) bool {
	letters, told := 0, !strings.Contains(s, hole)
	for s != "" {
		c, n := utf8.DecodeRuneInString(s)
		s = s[n:]
		if c != '{' {
			if !strings.ContainsRune("~^%+()", c) {
				letters++
			}
			continue
		}
		_, n = utf8.DecodeRuneInString(s) // "{}}" is a brace
		end := strings.IndexByte(s[n:], '}')
		if end < 0 {
			continue
		}
		name, _, _ := strings.Cut(s[:n+end], " ")
		if utf8.RuneCountInString(name) == 1 {
			letters++
		}
		s = s[n+end+1:]
	}
	return letters > lettersMax || !told
}

// lettersMax is how many characters honest code types: a shortcut behind Alt (Alt, f, o), not a word.
const lettersMax = 3

// macro4Acts says whether an Excel 4 expression does more than ask or set up the screen.
func macro4Acts(s string) bool {
	up := strings.ToUpper(strings.ReplaceAll(s, " ", ""))
	for _, f := range [...]string{"EXEC(", "CALL(", "REGISTER", "FOPEN(", "FWRITE", "RUN(", "FILE.DELETE(", "DIRECTORY(", "INITIATE(", "EXECUTE(", "SEND.KEYS(", "SAVE.AS("} {
		if strings.Contains(up, f) {
			return true
		}
	}
	return strings.HasPrefix(up, hole)
}

// namesDocument says whether GetObject opens a file of Office.
func namesDocument(s string) bool { return pathOf(s) == pathPlain }

// macroExtensions are those of documents that may hold macros.
var macroExtensions = map[string]bool{
	"doc": true, "docm": true, "dot": true, "dotm": true, "xls": true, "xlsm": true, "xlsb": true, "xlt": true, "xltm": true, "xla": true, "xlam": true,
	"ppt": true, "pptm": true, "pps": true, "ppsm": true, "pot": true, "potm": true, "ppa": true, "ppam": true, "slk": true, "rtf": true,
}

// remote says whether what is opened comes from the network and may have macros: Office runs those of a document that code opens.
func remote(keyword, s string) bool {
	low := strings.ToLower(strings.TrimSpace(s))
	_, rest, ok := strings.Cut(low, "://")
	if strings.HasPrefix(low, `\\`) { // WebDAV by its name in Windows
		rest, ok = low, strings.Contains(low, "@ssl") || strings.Contains(low, "davwwwroot") || strings.Contains(low, "@80")
	}
	if !ok || strings.HasPrefix(low, "url;") || strings.HasPrefix(low, "text;") {
		return false
	}
	rest = rest[strings.IndexAny(rest, `/\`)+1:]
	rest, _, _ = strings.Cut(rest, "?")
	cut := strings.LastIndexByte(rest, '.')
	if cut < 0 {
		return keyword == "Documents.Open"
	}
	return macroExtensions[rest[cut+1:]] || pathOf(rest) == pathProgram || pathOf(rest) == pathOpen && keyword == "Documents.Open"
}

// opensRisk says whether a path or address is one that honest macros do not use unasked.
func opensRisk(keyword, s string) bool {
	low := strings.ToLower(s)
	switch keyword {
	case "AttachedTemplate":
		return strings.Contains(low, "://") || strings.HasPrefix(low, `\\`)
	case "PrivateProfileString":
		return strings.Contains(low, "hkey_")
	case "SaveAs", "Save":
		return pathOf(s) == pathProgram
	}
	for _, f := range startFolders {
		if strings.Contains(low, f) {
			return true
		}
	}
	return false
}
