package script

import (
	"strings"
)

// mark is a combination of words in a command line or a script of a shell that says what it does. Words stand in lower case.
type mark struct {
	all    []string // each of them
	any    []string // one of them, where there are any
	does   string
	strong bool
}

const (
	fetches = "fetches from the network"
	decodes = "decodes data"
	evals   = "runs code that it makes"
	starts  = "starts programs"
	stays   = "starts itself again after a restart"
	weakens = "switches protection off"
	inmem   = "loads code into memory"
)

// marks are the combinations. Installers and build scripts fetch and start, too: what is not strong is no alarm among sources.
var marks = [...]mark{
	{all: []string{"certutil"}, any: []string{"-decode", "/decode", "-urlcache", "/urlcache", "-decodehex"}, does: fetches + " or decodes data", strong: true},
	{all: []string{"bitsadmin"}, any: []string{"/transfer", "/addfile", "-transfer"}, does: fetches, strong: true},
	{all: []string{"mshta"}, any: []string{"http:", "https:", "javascript:", "vbscript:", `\\`}, does: starts, strong: true},
	{all: []string{"regsvr32"}, any: []string{"/i:http", "scrobj"}, does: starts, strong: true},
	{all: []string{"rundll32"}, any: []string{"javascript:", `\temp\`, "%temp%", "%tmp%", `\appdata\`, "%appdata%", "%localappdata%", "%programdata%", `\programdata\`, `\public\`, "%public%"}, does: starts, strong: true},
	{all: []string{"process call create"}, does: starts, strong: true},
	{all: []string{"downloadstring"}, any: []string{"iex", "invoke-expression"}, does: fetches + " and runs it", strong: true},
	{all: []string{"downloadstring"}, does: fetches},
	{any: []string{"downloadfile(", "downloaddata(", ".downloadfile", "net.webclient", "invoke-webrequest", "start-bitstransfer", "urldownloadtofile", "net.sockets.tcpclient"}, does: fetches},
	{all: []string{"frombase64string"}, any: []string{"iex", "invoke-expression", "[reflection.assembly]", "assembly]::load", ".invoke(", "invoke("}, does: evals, strong: true},
	{all: []string{"frombase64string"}, does: decodes},
	{any: []string{"invoke-expression", "|iex", "| iex", "iex(", "iex (", "iex $", "&(gcm ", ";iex "}, does: evals},
	{any: []string{"assembly]::load(", "virtualalloc", "getdelegateforfunctionpointer", "writeprocessmemory", "amsiutils", "amsiinitfailed"}, does: inmem, strong: true},
	{any: []string{"add-mppreference", "set-mppreference", "disableantispyware", "vssadmin delete", "wmic shadowcopy delete", "bcdedit /set {default} recoveryenabled"}, does: weakens, strong: true},
	{all: []string{`currentversion\run`}, any: []string{"reg add", "regwrite", "new-itemproperty", "set-itemproperty"}, does: stays},
	{all: []string{"schtasks", "/create"}, does: stays},
	{all: []string{"powershell"}, any: []string{"-windowstyle hidden", "-w hidden", "-win hidden", "-w 1", "-wi hi", "-windowstyle h"}, does: "hides its window"},
	{any: []string{"curl ", "curl.exe", "wget ", "iwr "}, all: []string{"http"}, does: fetches},
	{all: []string{"start-process"}, any: []string{"http", "invoke-webrequest", "$env:temp", "$env:appdata"}, does: starts},
	{all: []string{"cscript"}, any: []string{"%temp%", "%appdata%", "echo "}, does: starts},
	{all: []string{"wscript "}, any: []string{"%temp%", "%appdata%", `\appdata\`}, does: starts},
}

// commands judges a command line or the text of a shell's script, in lower case.
func (r *Report) commands(low string, depth int) {
	if len(low) < 8 || depth > decodeMax {
		return
	}
	for _, m := range marks {
		if m.in(low) {
			r.does(m.strong, m.does)
		}
	}
	r.encodedCommand(low)
}

func (m mark) in(low string) bool {
	for _, w := range m.all {
		if !strings.Contains(low, w) {
			return false
		}
	}
	for _, w := range m.any {
		if strings.Contains(low, w) {
			return true
		}
	}
	return len(m.any) == 0
}

const encodedLeast = 32 // characters of base64 that are a command: "calc" in UTF-16 has eight

// encodedCommand finds PowerShell's -EncodedCommand, of which any beginning will do.
func (r *Report) encodedCommand(low string) {
	if !strings.Contains(low, "powershell") && !strings.Contains(low, "pwsh") {
		return
	}
	words := strings.Fields(low)
	for i, w := range words[:max(0, len(words)-1)] {
		w = strings.Trim(w, `"'`)
		if len(w) > 1 && (w[0] == '-' || w[0] == '/') && (strings.HasPrefix("encodedcommand", w[1:]) || w[1:] == "ec") && looksBase64(strings.Trim(words[i+1], `"'`)) {
			r.does(true, "runs an encoded command")
			return
		}
	}
}

func looksBase64(s string) bool {
	if len(s) < encodedLeast {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; !isBase64(c) {
			return false
		}
	}
	return true
}

func isBase64(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/' || c == '='
}

// hiddenShell counts what PowerShell's scripts do to their words.
func (r *Report) hiddenShell(src string) {
	low := strings.ToLower(src)
	ticks := 0
	for i := 1; i+1 < len(src); i++ {
		if src[i] == '`' && nameStart(src[i-1]) && nameStart(src[i+1]) {
			ticks++
		}
	}
	if ticks >= wordsBroken || strings.Count(low, "[char]") >= wordsBroken || strings.Contains(low, "-bxor") && strings.Contains(low, "invoke") || formatted(low) {
		r.does(true, "hides its words")
	}
}

// formatted reports whether a command's name is put together by the format operator.
func formatted(low string) bool {
	low = strings.NewReplacer(" ", "", "'", `"`).Replace(low[:min(len(low), stringMax)])
	for _, w := range []string{`&("{`, `.("{`} {
		if _, rest, ok := strings.Cut(low, w); ok && strings.Contains(rest[:min(len(rest), 20)], "}{") {
			return true
		}
	}
	return false
}
