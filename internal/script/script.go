// Package script reads the scripts that Windows runs on a double click, and the ones in web pages: JScript, VBScript, PowerShell and batch files,
// alone or in the markup of Windows Script Files, scriptlets, HTML applications, HTML and SVG. It resolves Microsoft's Script Encoder, folds what
// scripts do to hide their words (joined strings, characters by number, base64, variables of the command processor) and says what they
// could do to the machine; of web pages, whether they build a file and hand it to the reader.
//
// It does not run anything: every statement is read once, as if it ran once. ECMA-262 and MS-VBAL are followed as far as words and strings go.
//
// # Limits
//
//   - Folding makes no more than twice the script's length and a megabyte; what does not fold counts as it is written.
//   - Between two looks at the context lie a thousand tokens or 64 texts.
//   - Functions that scripts define themselves are not followed: a decoder in a loop yields nothing.
//   - 64 levels of nested brackets are read as such, 50,000 different names are kept.
//   - A payload that is encrypted with a key of more than a few bytes is told, not opened.
package script

import (
	"bytes"
	"context"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Text converts a script to UTF-8: UTF-16 with a byte order mark or without, and what a false mark hides from those who go by it. Other
// encodings stay as they are: all that matters is ASCII.
func Text(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("\xFF\xFE")):
		if !wide(b[2:], 1) { // cmd.exe passes over the mark
			return string(b[2:])
		}
	case bytes.HasPrefix(b, []byte("\xFE\xFF")):
		if !wide(b[2:], 0) {
			return string(b[2:])
		}
	case wide(b, 1):
		b = append([]byte("\xFF\xFE"), b...)
	case wide(b, 0):
		b = append([]byte("\xFE\xFF"), b...)
	default:
		return string(bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF")))
	}
	out, _, err := transform.Bytes(unicode.BOMOverride(transform.Nop), b)
	if err != nil {
		return string(b)
	}
	return string(out)
}

const wideSample = 512 // bytes that decide whether text is UTF-16

// wide reports whether every second byte, from the one at high on, is mostly zero.
func wide(b []byte, high int) bool {
	b = b[:min(len(b), wideSample)&^1]
	zeros := 0
	for i := high; i < len(b); i += 2 {
		if b[i] == 0 {
			zeros++
		}
	}
	return len(b) > 0 && zeros*4 >= len(b)/2 // Japanese between the ASCII of a script
}

// Report is what a script could do.
type Report struct {
	Does   []string // in a few words each
	Strong bool     // no honest tool does so: it fetches and runs, decodes and runs, or hides its words
	Host   bool     // it uses objects of Windows' script hosts
	Run    bool     // it makes an object that starts programs
	Web    bool     // it uses objects of browsers, or modules, as scripts of web pages and programs do
	Copies bool     // it puts text into the clipboard
}

// Suspicious reports whether the script does anything to the machine.
func (r *Report) Suspicious() bool { return len(r.Does) > 0 }

func (r *Report) does(strong bool, what string) {
	r.Strong = r.Strong || strong
	for _, d := range r.Does {
		if d == what {
			return
		}
	}
	r.Does = append(r.Does, what)
}

// Judge reads one script. The error is the context's, which is asked on the way.
func Judge(ctx context.Context, src string, lang Language) (*Report, error) {
	r := &Report{}
	switch lang {
	case Batch:
		r.batch(ctx, src)
	default:
		r.code(ctx, fold(ctx, src, lang), lang)
		if lang == PowerShell {
			r.commands(strings.ToLower(strings.ReplaceAll(src, "`", "")), 0)
			r.hiddenShell(src)
		}
	}
	return r, ctx.Err()
}

const (
	decodeMax = 3       // base64 in base64
	stringMax = 1 << 16 // bytes of a text that is searched: a command line has 8,191 at most, a script in a script some thousands
)

// code judges folded code, as far as it comes before the context's end.
func (r *Report) code(ctx context.Context, f *folded, lang Language) {
	r.Host = f.has("activexobject") || f.has("createobject") || f.has("wscript") || f.has("getobject")
	r.Web = webWords(f)
	r.Copies = f.has("clipboard") || f.has("clipboarddata") || f.has("execcommand")
	var run, net, write bool
	for i, s := range f.strings {
		if i%textsPerCheck == 0 && ctx.Err() != nil {
			return
		}
		low := strings.ToLower(s[:min(len(s), stringMax)])
		run, net, write = run || runClass(low), net || netClass(low), write || strings.Contains(low, "adodb.stream")
		r.commands(low, 0)
		r.encoded(s, 0)
	}
	host := r.Host || lang == VBScript
	if host {
		r.objects(f, run, net, write)
	}
	r.evasive(f, lang)
}

// objects judges by the objects of Windows that a script makes.
func (r *Report) objects(f *folded, run, net, write bool) {
	write = write || f.has("createtextfile") || f.has("savetofile") || f.has("copyfile") || f.has("writefile")
	eval := f.has("eval") || f.has("execute") || f.has("executeglobal") || f.has("executestatement")
	if r.Run = run; run {
		r.does(net || write, "starts programs")
	}
	net = net && (!r.Web || run || write) // libraries for web pages fetch so in old browsers
	if net {
		r.does(write || eval || run, "fetches from the network")
	}
	if write && (net || run || f.has("savetofile")) {
		r.does(false, "writes files")
	}
	if eval && (run || net || write || f.chars >= charsMany && !r.Web) {
		r.does(true, "runs code that it makes")
	}
}

// runClass reports whether a text names a class that starts programs.
func runClass(low string) bool {
	for _, c := range []string{"wscript.shell", "shell.application", "shellbrowserwindow", "win32_processstartup", "mmc20.application", "schedule.service",
		"72c24dd5-d70a-438b-8a42-98424b88afb8", "13709620-c279-11ce-a49e-444553540000", "c08afd90-f2a1-11d1-8455-00a0c91f3880", "win32_process"} {
		if strings.Contains(low, c) {
			return c != "win32_process" || !strings.Contains(low, "select ")
		}
	}
	return false
}

// netClass reports whether a text names a class that fetches.
func netClass(low string) bool {
	for _, c := range []string{"msxml2.xmlhttp", "msxml2.serverxmlhttp", "microsoft.xmlhttp", "winhttp.winhttprequest", "internetexplorer.application",
		"urlmon", "winhttprequest"} {
		if strings.Contains(low, c) {
			return true
		}
	}
	return false
}

// webWords reports whether code uses what only browsers, programs of Node.js and modules have.
func webWords(f *folded) bool {
	for _, w := range []string{"document", "window", "module", "exports", "require", "import", "export", "define", "console", "jquery", "process", "navigator",
		"describe", "globalthis", "addeventlistener", "angular", "react", "vue", "self"} {
		if f.names[w] > 0 {
			return true
		}
	}
	return false
}

const (
	charsMany   = 16 // characters by number: more than line ends, tabs and quotes need
	hexNames    = 20 // names as obfuscators make them
	wordsBroken = 8  // marks inside of words: honest scripts have none
)

// evasive judges how a script hides its words.
func (r *Report) evasive(f *folded, lang Language) {
	if f.chars >= charsMany && (r.Host || lang == PowerShell) {
		r.does(r.Suspicious(), "makes its words of numbers")
	}
	sealed := f.sealed()
	if lang == VBScript && sealed > 0 && (f.has("execute") || f.has("executeglobal") || f.has("eval")) {
		r.does(true, "runs code that it makes")
	}
	if lang != JScript || r.Web && !r.Run {
		return
	}
	if sealed >= sealedWords && f.decodesText() {
		r.does(true, "hides its words")
	}
	odd := 0
	for n := range f.names {
		if strings.HasPrefix(n, "_0x") {
			odd++
		}
	}
	if odd >= hexNames {
		r.does(r.Host, "hides its names")
	}
	if f.has("eval") && (f.has("unescape") || f.has("atob") || f.has("fromcharcode")) {
		r.does(true, "runs code that it makes")
	}
}

const (
	sealedWords = 4  // encoded words of a script: the alphabets of honest decoders are fewer
	sealedLong  = 64 // characters of an encoded text
)

// sealed counts encoded words, a long one as many.
func (f *folded) sealed() int {
	n := 0
	for _, s := range f.strings {
		s = s[:min(len(s), sampleMax)]
		switch {
		case len(s) < 8 || !looksHex(s) && !mixed(s):
		case len(s) >= sealedLong && looksHex(s):
			n += sealedWords
		default:
			n++
		}
	}
	return n
}

// looksHex reports whether a text is of hexadecimal digits of both sorts, in pairs.
func looksHex(s string) bool {
	return len(s)%2 == 0 && strings.Trim(s, "0123456789abcdefABCDEF") == "" && strings.ContainsAny(s, "abcdefABCDEF") && s != "0123456789abcdef" && s != "0123456789ABCDEF"
}

// encoded judges what base64 in a text says.
func (r *Report) encoded(s string, depth int) {
	if depth >= decodeMax || len(s) < 24 || len(s) > stringMax || strings.ContainsAny(s, " \t<>(){};") {
		return
	}
	b, ok := fromBase64(s)
	if !ok {
		return
	}
	t := Text(b)
	if !printable(t) {
		return
	}
	before := len(r.Does)
	low := strings.ToLower(t)
	r.commands(low, depth+1)
	if runClass(low) || netClass(low) {
		r.does(true, "starts programs or fetches from the network")
	}
	if len(r.Does) > before {
		r.does(true, "hides it in base64")
	}
	r.encoded(strings.TrimSpace(t), depth+1)
}

// printable reports whether text reads as such.
func printable(s string) bool {
	odd := 0
	for _, c := range s {
		if c == utf8.RuneError || c < ' ' && c != '\t' && c != '\r' && c != '\n' {
			odd++
		}
	}
	return odd*20 <= len(s) && len(s) > 3
}
