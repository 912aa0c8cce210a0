package xlm

import (
	"strings"
	"testing"
)

func TestWhichFileNamesLeadOutOfTheHouse(t *testing.T) {
	for in, want := range map[string]bool{
		"http://host/a.xls": true, "HTTPS://host/a": true, "ftp://host/a": true, `\\host@SSL\share\a`: true, `\\host\DavWWWRoot\a`: true, "//host@80/a": true,
		`\\server\share\a.xls`: false, `C:\a.xls`: false, "a.xls": false, "": false, "file:///c:/a": false, "httpx": false,
	} {
		if got := remote(in); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func TestWhereLoadersPutTheirLibraries(t *testing.T) {
	for in, want := range map[string]bool{
		`..\a`: true, `c:\users\x\a`: true, `c:/programdata/a`: true, `c:\windows\temp\a`: true, `%appdata%\a`: true, `\\host\a`: true, "http://host/a": true, `c:\perflogs\a`: true,
		`c:\excel\library\a`: false, "a": false, `c:\mytools\a`: false, "": false,
	} {
		if got := dropped(in); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func TestWhichFilesRun(t *testing.T) {
	for in, want := range map[string]bool{
		"a.exe": true, `C:\x\A.DLL`: true, "a.vbs ": true, `"a.hta"`: true, "a.xls.js": true, "a.txt": false, "a": false, "": false, "exe": false, "a.xls": false, "a.exe.txt": false,
	} {
		if got := runs(in); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func TestCommandsInTexts(t *testing.T) {
	for in, want := range map[string]string{
		"regsvr32 -s a.ocx": "regsvr32", "C:\\Windows\\RUNDLL32.EXE a,b": "rundll32", "PowerShell -e x": "powershell", "cmd /c x": "cmd /c", "wmic process": "wmic",
		"the wmic": "", "command": "", "cmd": "", "": "", "Total": "", "explorer.exe c:\\x": "explorer.exe",
	} {
		if got := commandIn(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Lists are looked up in lower case, procedures without the letter of their character set.
func TestListsAreInTheirCase(t *testing.T) {
	for p, shown := range harmful {
		if p != strings.ToLower(p) || !strings.EqualFold(p, shown) {
			t.Errorf("%q is shown as %q", p, shown)
		}
		if harmless[p] {
			t.Errorf("%q is harmful and harmless", p)
		}
	}
	for _, list := range []map[string]bool{harmless, systemLibraries, companions, shells} {
		for w := range list {
			if w != strings.ToLower(w) || strings.HasSuffix(w, ".dll") {
				t.Errorf("%q", w)
			}
		}
	}
	for w := range macroOnly {
		if w != strings.ToUpper(w) {
			t.Errorf("%q", w)
		}
		if _, computes := builtinOf(w); computes {
			t.Errorf("%q is a function of worksheets too", w)
		}
	}
	for _, w := range commands {
		if w != strings.ToLower(w) || len(w) < 5 {
			t.Errorf("%q", w)
		}
	}
}

// Each procedure that loaders call is found, in each character set and whatever its case.
func TestEveryHarmfulProcedureIsFound(t *testing.T) {
	for p, shown := range harmful {
		for _, suffix := range []string{"", "A", "W"} {
			for _, call := range []string{`CALL("kernel32","` + shown + suffix + `","J")`, `REGISTER("KERNEL32.DLL","` + strings.ToUpper(p) + suffix + `","J")`} {
				if r := judged(t, bookOf(t, `A1: =`+call)); len(r.Suspicious) == 0 || !strings.EqualFold(r.Suspicious[0].Keyword, p+suffix) {
					t.Errorf("%s: %+v", call, r.Suspicious)
				}
			}
		}
	}
}

// Procedures that ask Windows for something are no alarm, in its libraries of 16 and of 32 bits.
func TestEveryHarmlessProcedureIsQuiet(t *testing.T) {
	for p := range harmless {
		for _, suffix := range []string{"", "A"} {
			if r := judged(t, bookOf(t, `A1: =CALL("USER32","`+p+suffix+`","J")`, `A2: =CALL("kernel.exe","`+p+suffix+`","I")`)); len(r.Suspicious) > 0 {
				t.Errorf("%s: %+v", p+suffix, r.Suspicious)
			}
		}
	}
	if r := judged(t, bookOf(t, `A1: =CALL("C:\ProgramData\user32x.dll","GetVersion","J")`)); len(r.Suspicious) != 1 {
		t.Errorf("of a library that only looks like one: %+v", r.Suspicious)
	}
}

// What reaches out of the workbook, and how far it may.
func TestWhatReachesOut(t *testing.T) {
	for _, tt := range []struct{ formula, keyword string }{
		{`FOPEN("a.vbs",3)`, "FOPEN"}, {`FOPEN("a.vbs",1)`, "FOPEN"}, {`FOPEN("a.vbs",2)`, ""}, {`FOPEN("a.txt",3)`, ""}, {`FOPEN("a.exe",GET.WORKSPACE(1))`, "FOPEN"},
		{`OPEN("http://host/a.xls")`, "OPEN"}, {`OPEN("a.xls")`, ""}, {`OPEN.TEXT("https://host/a.txt")`, "OPEN.TEXT"}, {`SAVE.AS("C:\XLSTART\a.xls")`, "SAVE.AS"}, {`SAVE.AS("a.xll")`, "SAVE.AS"},
		{`SAVE.AS("a.xls")`, ""}, {`INITIATE("powershell","x")`, "INITIATE"}, {`INITIATE("a.exe","x")`, "INITIATE"}, {`INITIATE("Excel","System")`, ""}, {`POKE(1,"a","cmd /c x")`, "cmd /c"},
		{`EXECUTE(1,"[exec mshta x]")`, "mshta"}, {`SEND.KEYS("%{F4}")`, ""}, {`EXEC("calc")`, "EXEC"}, {`VBA.INSERT.FILE("a.bas")`, "VBA.INSERT.FILE"}, {`FWRITE(1,"x")`, "FWRITE"},
		{`CALL("a.dll","go","J")`, "CALL"}, {`CALL("SOLVER.DLL","go","J")`, ""}, {`REGISTER.ID("kernel32","WinExec")`, "WinExec"}, {`CALL()`, "CALL"}, {`REGISTER()`, ""},
	} {
		r := judged(t, bookOf(t, `A1: =`+tt.formula))
		switch {
		case tt.keyword == "" && len(r.Suspicious) > 0:
			t.Errorf("%s: %+v", tt.formula, r.Suspicious)
		case tt.keyword != "" && !found(r, tt.keyword, ""):
			t.Errorf("%s: %+v, want %s", tt.formula, r.Suspicious, tt.keyword)
		}
	}
}

// One keyword is told once a place, with the text that is known best, and a person reads the first ones.
func TestHitsAreCounted(t *testing.T) {
	r := judged(t, bookOf(t, `A1: =EXEC(x)`, `A2: =x="calc"`, `A3: =IF(GET.WORKSPACE(1),GOTO(A1),GOTO(A1))`))
	if len(r.Suspicious) != 1 {
		t.Errorf("%+v", r.Suspicious)
	}
	r = judged(t, bookOf(t, lines(200, `A#: =EXEC("calc#")`)...))
	if len(r.Suspicious) != hitsMax || r.Suspicious[0].Text != `EXEC("calc1")` {
		t.Errorf("%d hits", len(r.Suspicious))
	}
	r = judged(t, bookOf(t, `A1: =EXEC("`+strings.Repeat("x", 5000)+`")`))
	if n := len(r.Suspicious[0].Text); n != hitText+len(gap) {
		t.Errorf("%d bytes", n)
	}
}

// Letters spelled by their codes are told where a name starts by itself; line ends and quotes do not count.
func TestManyCharacterCodes(t *testing.T) {
	for n, want := range map[int]bool{manyChars - 1: false, manyChars: true} {
		w := bookOf(t, append([]string{`A1: =HALT()`}, lines(n, `C#: =CHAR(99)`)...)...)
		if got := found(judged(t, w), "CHAR", "codes"); got != want {
			t.Errorf("%d codes: %v", n, got)
		}
		w.Names = nil
		if found(judged(t, w), "CHAR", "") {
			t.Errorf("%d codes where nothing starts", n)
		}
	}
	if r := judged(t, bookOf(t, lines(100, `A#: =ALERT(CHAR(10)&CHAR(13)&CHAR(34))`)...)); len(r.Suspicious) > 0 {
		t.Errorf("%+v", r.Suspicious)
	}
}
