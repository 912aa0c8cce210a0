package oleparse

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func judged(name, source string) *Module {
	m := &Module{Name: name, Source: source}
	m.judge()
	return m
}

func TestEntryPointsAreDefinitionsOfTheListedNames(t *testing.T) {
	form := "Attribute VB_Base = \"0{11111111-0000-0000-0000-000000000000}{22222222-0000-0000-0000-000000000000}\"\n"
	word := "Attribute VB_Base = \"1Normal.ThisDocument\"\n"
	for _, tc := range []struct{ name, source, want string }{
		{"plain", "Sub AutoOpen()\nEnd Sub", "AutoOpen"},
		{"other case", "SUB autoopen()\nEnd Sub", "AutoOpen"},
		{"with modifiers", "Public Static Sub Auto_Open()\nEnd Sub", "Auto_Open"},
		{"private event", "Private Sub Document_Open()\nEnd Sub", "Document_Open"},
		{"function", "Function AutoExec()\nEnd Function", "AutoExec"},
		{"with arguments", "Private Sub Workbook_BeforeClose(Cancel As Boolean)\nEnd Sub", "Workbook_BeforeClose"},
		{"over continued lines", "Private _\n  Sub _ \n  Workbook_Open _\n  ()\nEnd Sub", "Workbook_Open"},
		{"second statement of a line", "Dim x: Sub AutoClose()\nEnd Sub", "AutoClose"},
		{"in a conditional", "#If VBA7 Then\nSub AutoNew()\n#End If", "AutoNew"},
		{"auto macro's module with Main", "", ""},
		{"control drawn", "Private Sub Frame1_Layout()\nEnd Sub", "_Layout"},
		{"control touched", "Private Sub ListView1_MouseMove(ByVal x)\nEnd Sub", "_MouseMove"},
		{"control of a Japanese name", "Private Sub 枠_GotFocus()\nEnd Sub", "_GotFocus"},
		{"text box in a letter", word + "Private Sub TextBox1_Change()\nEnd Sub", "_Change"},

		{"call", "Sub Button1_Click()\n  AutoOpen\n  Call Workbook_Open\nEnd Sub", ""},
		{"comment", "' Sub AutoOpen()\nRem Sub AutoOpen()\nRem: Sub AutoOpen()", ""},
		{"continued comment", "' what was _\nSub AutoOpen()", ""},
		{"text", "x = \"Sub AutoOpen()\"", ""},
		{"longer name", "Sub AutoOpenAll()\nEnd Sub\nSub MyAutoOpen()\nEnd Sub\nSub AutoOpen2()\nEnd Sub", ""},
		{"end and exit", "End Sub\nExit Sub", ""},
		{"declaration", "Declare Sub AutoOpen Lib \"x\" ()", ""},
		{"button", "Private Sub CommandButton1_Click()\nEnd Sub", ""},
		{"worksheet event", "Private Sub Worksheet_Change(ByVal t As Range)\nEnd Sub\nPrivate Sub Worksheet_Activate()\nEnd Sub", ""},
		{"combo box in a sheet", "Private Sub ComboBox1_Change()\nEnd Sub", ""},
		{"event of a form", form + "Private Sub TextBox1_GotFocus()\nEnd Sub\nPrivate Sub UserForm_Layout()\nEnd Sub", ""},
		{"event of the form itself", "Private Sub UserForm_Resize()\nEnd Sub", ""},
		{"underscore first", "Sub Layout()\nEnd Sub", ""},
	} {
		if got := strings.Join(keywords(judged("Module1", tc.source).Autoexec), " "); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestMainInAModuleNamedAsAnAutoMacroIsOne(t *testing.T) {
	if got := keywords(judged("autoopen", "Public Sub MAIN()\nEnd Sub").Autoexec); !cmp.Equal(got, []string{"AutoOpen"}) {
		t.Errorf("%v", got)
	}
	if got := judged("Document_Open", "Sub Main()\nEnd Sub").Autoexec; got != nil {
		t.Errorf("event's name: %v", got)
	}
}

func TestEveryListedEntryPointIsFound(t *testing.T) {
	for key, w := range autoexec {
		if strings.ToLower(w.keyword) != key {
			t.Errorf("%q is listed as %q", w.keyword, key)
		}
		hits := judged("M", "Sub "+strings.ToUpper(key)+"()\nEnd Sub").Autoexec
		if !cmp.Equal(hits, []Hit{{w.keyword, 1, w.why}}) {
			t.Errorf("%s: %v", w.keyword, hits)
		}
	}
	for key, w := range controlEvents {
		if hits := judged("M", "\nSub Thing_1_"+key+"()\nEnd Sub").Autoexec; !cmp.Equal(hits, []Hit{{w.keyword, 2, w.why}}) {
			t.Errorf("%s: %v", w.keyword, hits)
		}
	}
}

func TestAbilitiesAreFoundWhereCodeUsesThem(t *testing.T) {
	for _, tc := range []struct{ source, want string }{
		{`Shell "notepad"`, "Shell"},
		{`x = SHELL(cmd, 0)`, "Shell"},
		{`If Shell(cmd) = 0 Then Exit Sub`, "Shell"},
		{`VBA.Shell cmd`, "Shell"},
		{"Shell _\n  cmd", "Shell"},
		{`Kill "C:\temp\x.txt"`, "Kill"},
		{`If ok Then Kill f`, "Kill"},
		{`p = Environ("TEMP")`, "Environ"},
		{`p = Environ$("TEMP")`, "Environ"},
		{`Set o = CreateObject("WScript.Shell")`, "CreateObject WScript.Shell"},
		{`Set o = CreateObject("wscript.shell.1")`, "CreateObject WScript.Shell"},
		{`Set o = CreateObject(a & b)`, "CreateObject"},
		{`Set o = GetObject("winmgmts:\\.\root\cimv2")`, "GetObject winmgmts"},
		{`o.Create "cmd /c dir"`, "cmd.exe"},
		{`s = "C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe -enc AA"`, "PowerShell"},
		{`CallByName o, "Run", 1, s`, "CallByName"},
		{`s = StrReverse("llehs")`, "StrReverse"},
		{`Open p For Output As #1`, "Open For Output"},
		{`If x Then Open p For Binary As #1`, "Open For Binary"},
		{`Open p For Append Access Write As #1`, "Open For Append"},
		{`Set s = CreateObject("ADODB.Stream")`, "CreateObject ADODB.Stream"},
		{`s.SaveToFile p, 2`, "SaveToFile"},
		{`Set x = New MSXML2.XMLHTTP60: Set y = CreateObject("MSXML2.XMLHTTP.6.0")`, "CreateObject MSXML2.XMLHTTP"},
		{`Set x = CreateObject("WinHttp.WinHttpRequest.5.1")`, "CreateObject WinHttp.WinHttpRequest"},
		{`ExecuteExcel4Macro "1+1"`, "ExecuteExcel4Macro"},
		{`Application.ExecuteExcel4Macro s`, "ExecuteExcel4Macro"},
		{`Private Declare PtrSafe Function URLDownloadToFile Lib "urlmon" Alias "URLDownloadToFileA" (ByVal p As Long) As Long`, "Declare Lib URLDownloadToFile"},
		{`Declare Function F Lib "urlmon" Alias "URLDownloadToFileW" () As Long`, "Declare Lib URLDownloadToFile"},
		{`Sub f(Optional s = "powershell")`, "PowerShell"},
		{"x = " + strings.Repeat("Chr(104) & ", 12) + `""`, "Chr"},
		{"x = " + strings.Repeat("ChrW$(&H68) & ", 12) + `""`, "Chr"},
		{"If x Then ' Shell \"a\"\nShell \"b\"", "Shell"},
		{`s = "a""b" & Shell("c")`, "Shell"},
	} {
		if got := strings.Join(keywords(judged("M", tc.source).Suspicious), " "); got != tc.want {
			t.Errorf("%s\n got %q, want %q", tc.source, got, tc.want)
		}
	}
}

func TestOrdinaryCodeIsNotSuspicious(t *testing.T) {
	for _, source := range []string{
		`Workbooks.Open "a.xlsx"`,
		`Open p For Input As #1`,
		`Print #1, "x": Close #1`,
		`' Shell "notepad"`,
		`Rem CreateObject("WScript.Shell")`,
		`MsgBox "Shell could not start. CreateObject failed, Kill it."`,
		`x = "a" & Chr(13) & Chr(10) & Chr(34) & "b" & Chr(65)`,
		strings.Repeat("x = x & Chr(34) & Chr(13) & Chr(10) & Chr(9) & Chr(32)\n", 50),
		strings.Repeat("x = x & Chr(i)\n", 50),
		`Set d = CreateObject("Scripting.Dictionary")`,
		`Set x = GetObject(, "Excel.Application")`,
		`Dim shell As Object`,
		`shell.Visible = True`,
		`Set shell = d`,
		`Sheet1.Shell.Kill "x"`,
		`game.Kill 3`,
		`Kill = 1`,
		`Property Get Environ(n)`,
		`Sub Kill(x)`,
		`Application.Run "Other"`,
		`Range("A1").Value = Environment`,
		`Set n = CreateObject("Scripting.FileSystemObject")`,
		`s = "cmd" & "wscript"`,
		`Attribute Shell.VB_Description = "powershell"`,
		`x = ShellSort(a)`,
		`Cells(1, 1) = "Powershelly"`,
	} {
		if m := judged("M", source); m.Suspicious != nil || m.Autoexec != nil {
			t.Errorf("%s\n %v %v", source, m.Suspicious, m.Autoexec)
		}
	}
}

func TestAHitTellsTheFirstLine(t *testing.T) {
	m := judged("M", "Attribute VB_Name = \"M\"\n\nSub AutoOpen()\n  x = _\n    1\n  Shell \"a\"\n  Shell \"b\"\nEnd Sub\n")
	if !cmp.Equal(m.Autoexec, []Hit{{"AutoOpen", 3, whyOpen}}) || !cmp.Equal(m.Suspicious, []Hit{{"Shell", 6, whyRun}}) {
		t.Errorf("%v %v", m.Autoexec, m.Suspicious)
	}
}

func TestLongLinesAreReadOnce(t *testing.T) {
	const n = 1 << 20 // where a line were read again for each of its tokens the test would not end
	for _, unit := range []string{" ", "_ ", "a.", "cmd ", "\"", "\" ", "Open For ", "' _", "Chr(", ": ", "_\n", "é", "\"a.b\" & ", "Declare "} {
		judged("M", strings.Repeat(unit, n/len(unit)))
		judged("M", "x = \""+strings.Repeat(unit, n/len(unit)))
	}
}

func TestTheListsAreInLowerCase(t *testing.T) {
	check := func(key string, w word) {
		if key != strings.ToLower(key) || w.keyword == "" || w.why == "" || len(key) > len(judgement{}.low) {
			t.Errorf("%q: %+v", key, w)
		}
	}
	for _, list := range []map[string]word{autoexec, controlEvents, calls, objects, names, texts, openModes} {
		for key, w := range list {
			check(key, w)
		}
	}
	for key := range ordinaryClasses {
		check(key, word{"x", "x"})
	}
}

func tokensOf(source string) (got []string) {
	s := scanner{src: source, line: 1}
	for more := true; more; {
		var buf []token
		buf, more = s.statement(nil)
		for _, t := range buf {
			got = append(got, fmt.Sprintf("%d%c%s", t.line, "ewsnp"[t.kind], t.text))
		}
		got = append(got, "|")
	}
	return got
}

func TestTokens(t *testing.T) {
	for _, tc := range []struct{ source, want string }{
		{"a = b", "1wa 1p= 1wb |"},
		{"a: b", "1wa | 1wb |"},
		{"a\nb\n", "1wa | 2wb | |"},
		{"a _\n  b", "1wa 2wb |"},
		{"a_b _ c", "1wa_b 1p_ 1wc |"},
		{"a 'b\nc", "1wa | 2wc |"},
		{"x = \"a\"\"b\" & \"c", "1wx 1p= 1sa\"\"b 1p& 1sc |"},
		{"x = &HFF + 1.5", "1wx 1p= 1n&HFF 1p+ 1n1 1p. 1n5 |"},
		{"remark = 1", "1wremark 1p= 1n1 |"},
		{"Rem x: y", "|"},
		{"[A1] = é", "1p[ 1wA1 1p] 1p= 1wé |"},
		{"表示 = 1", "1w表示 1p= 1n1 |"},
		{"\x00\xff", "1p\x00 1p\xff |"},
		{"a _", "1wa 1p_ |"},
		{"", "|"},
	} {
		if got := strings.Join(tokensOf(tc.source), " "); got != tc.want {
			t.Errorf("%q\n got %q\nwant %q", tc.source, got, tc.want)
		}
	}
}

func FuzzJudge(f *testing.F) {
	f.Add("Sub AutoOpen()\n  Shell \"cmd /c\" & Chr(104) ' x\nEnd Sub")
	f.Add("x = \"a\"\"b\" _\n & &HFF: Rem y _\n z")
	f.Add("Declare Sub 表示 Lib \"a.b.c.d\" ()")
	f.Fuzz(func(t *testing.T, source string) {
		m := judged("AutoOpen", source)
		lines := strings.Count(source, "\n") + 1
		for _, h := range append(m.Autoexec, m.Suspicious...) {
			if h.Line < 1 || h.Line > lines || h.Keyword == "" || h.Why == "" {
				t.Fatalf("%+v of %d lines", h, lines)
			}
		}
		more := judged("AutoOpen", source+"\nSub AutoExec()\n")
		if strings.Count(source, "_") == 0 && !strings.Contains(fmt.Sprint(more.Autoexec), "AutoExec") {
			t.Fatal("a definition behind it is not seen")
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	source := strings.Repeat("    If Cells(i, 3).Value > limit Then total = total + Cells(i, 4).Value ' sum\n    x = \"C:\\Temp\\report.xlsx\" & y\n", 2000)
	b.SetBytes(int64(len(source)))
	b.ReportAllocs()
	for b.Loop() {
		judged("Module1", source)
	}
}
