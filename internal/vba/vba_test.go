package vba

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func keywords(hits []Hit) string {
	var k []string
	for _, h := range hits {
		k = append(k, h.Keyword)
	}
	return strings.Join(k, " ")
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
		{"in both branches of a conditional", "#If VBA7 Then\nSub AutoNew()\n#Else\nSub AutoNew(x)\n#End If", "AutoNew AutoNew"},
		{"behind a type", "Private Type T\n  Sub As Long\n  x As String\nEnd Type\nSub AutoOpen()\nEnd Sub", "AutoOpen"},
		{"behind a type without end", "Type T\n  x As String\nSub AutoOpen()\nEnd Sub", "AutoOpen"},
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
		if got := keywords(judged(t, one(tc.source)).Autoexec); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestMainInAModuleNamedAsAnAutoMacroIsOne(t *testing.T) {
	for name, want := range map[string]string{"autoopen": "AutoOpen", "Document_Open": "", "Module1": ""} {
		p := one("Public Sub MAIN()\nEnd Sub")
		p.Modules[0].Name = name
		if got := keywords(judged(t, p).Autoexec); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestOfCustomUIOnlyWhatLoadsStarts(t *testing.T) {
	p := one("Sub a(x)\nEnd Sub\nSub b(x)\nEnd Sub\n")
	p.OnLoad, p.Callbacks = []string{"Book1.xlam!Module1.A"}, []string{"b"}
	if got := judged(t, p).Autoexec; len(got) != 1 || got[0].Line != 1 || got[0].Why != whyRibbon || got[0].Keyword != "a" {
		t.Errorf("%v", got)
	}
}

func TestAbilitiesAreFoundWhereCodeUsesThem(t *testing.T) {
	for _, tc := range []struct{ source, want string }{
		{`Shell "notepad"`, "Shell"},
		{`x = SHELL(cmd, 0)`, "Shell"},
		{`If Shell(cmd) = 0 Then Exit Sub`, "Shell"},
		{`VBA.Shell cmd`, "Shell"},
		{`VBA.Interaction.Shell cmd`, "Shell"},
		{`Shell (cmd)`, "Shell"},
		{`Shell (a) & b, 0`, "Shell"},
		{"Shell _\n  cmd", "Shell"},
		{"10 Shell cmd", "Shell"},
		{"here: Shell cmd", "Shell"},
		{"On x GoSub a: Shell cmd", "Shell"},
		{`Kill "C:\temp\x.txt"`, "Kill"},
		{`If ok Then Kill f`, "Kill"},
		{`If ok Then x = 1 Else If no Then Shell f`, "Shell"},
		{"If ok Then\nElse: Shell f\nEnd If", "Shell"},
		{`Set o = CreateObject("WScript.Shell")`, "WScript.Shell CreateObject"},
		{`Set o = CreateObject("wscript.shell.1")`, "WScript.Shell CreateObject"},
		{`Set o = CreateObject(x.y)`, "CreateObject"},
		{`Set o = GetObject("winmgmts:\\.\root\cimv2")`, "winmgmts GetObject"},
		{`o.Create "cmd /c dir"`, "cmd.exe"},
		{`s = "C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe -file a.ps1"`, "PowerShell"},
		{`CallByName o, "Run", 1, s`, "CallByName Run"},
		{`s = StrReverse("llehs")`, "StrReverse"},
		{`Open p For Output As #1`, "Open For Output"},
		{`If x Then Open p For Binary As #1: Put #1, , b`, "Open For Binary"},
		{`Open p For Append Access Write As #1`, "Open For Append"},
		{`Open "a.vbs" As #1: Put #1, 1, b`, "Open For Random"},
		{`Name "a.txt" As "b.vbs"`, "Name"},
		{`Set s = CreateObject("ADODB.Stream")`, "ADODB.Stream CreateObject"},
		{`s.SaveToFile p, 2`, "SaveToFile"},
		{`Set x = New MSXML2.XMLHTTP60: Set y = CreateObject("MSXML2.XMLHTTP.6.0")`, "MSXML2.XMLHTTP CreateObject"},
		{`Dim x As New WinHttpRequest`, "WinHttp.WinHttpRequest"},
		{`ExecuteExcel4Macro "1+1"`, "ExecuteExcel4Macro"},
		{`Application.ExecuteExcel4Macro s`, "ExecuteExcel4Macro"},
		{"f 1\nEnd Sub\nPrivate Declare PtrSafe Function f Lib \"urlmon\" Alias \"URLDownloadToFileA\" (ByVal p As Long) As Long", "URLDownloadToFile"},
		{"If x Then ' Shell \"a\"\nShell \"b\"", "Shell"},
		{`s = "a""b" & Shell("c")`, "Shell"},
		{`x = a(Shell("c")).b`, "Shell"},
		{`a(1, Shell("c")) = 2`, "Shell"},
		{`With CreateObject("Schedule.Service"): .Connect: End With`, "Schedule.Service CreateObject"},
		{"Dim x(Shell(c))", "Shell"},
		{"Select Case Shell(c)\nCase 1\nEnd Select", "Shell"},
		{"Do While Shell(c): Loop", "Shell"},
		{"For i = Shell(c) To 3: Next", "Shell"},
		{"For Each i In Shell(c): Next", "Shell"},
		{"Const c = 1: x.y = Shell(c)", "Shell"},
	} {
		r := judged(t, one("Sub a()\n"+tc.source+"\nEnd Sub"))
		got, want := strings.Fields(keywords(r.Abilities)), strings.Fields(tc.want)
		slices.Sort(got)
		slices.Sort(want)
		if got, want := strings.Join(got, " "), strings.Join(want, " "); got != want {
			t.Errorf("%s\n got %q, want %q", tc.source, got, want)
		}
	}
}

func TestOrdinaryCodeHasNoAbilities(t *testing.T) {
	for _, source := range []string{
		`Workbooks.Open "a.xlsx"`,
		`Open p For Input As #1`,
		`Open p For Binary Access Read As #1`,
		`Open p For Binary As #1: Get #1, , b`,
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
		`Application.Run "a"`,
		`Range("A1").Value = Environment`,
		`Set n = CreateObject("Scripting.FileSystemObject")`,
		`s = "cmd" & "x"`,
		`Attribute Shell.VB_Description = "powershell"`,
		`x = ShellSort(a)`,
		`Cells(1, 1) = "Powershelly"`,
		`Set f = fso.OpenTextFile("a.txt", 1)`,
		`If Open = 1 Then x = 2`,
	} {
		if r := judged(t, one("Sub a()\n"+source+"\nEnd Sub")); len(r.Abilities) > 0 || r.Suspicious {
			t.Errorf("%s\n %v %v", source, r.Abilities, r.Why)
		}
	}
}

func TestAbilitiesOfEntryPointsThatHonestCodeHas(t *testing.T) {
	for _, source := range []string{
		`Kill Environ("TEMP") & "\x.tmp"`, `MkDir p`, `SetAttr p, 0`, `SaveSetting "a", "b", "c", 1`, `ActiveWorkbook.SaveAs p`,
		`Open ThisWorkbook.Path & "\a.csv" For Output As #1`, `FileCopy "a.xlsx", "\\server\backup\"`, `fso.CopyFile a & ".xls", b`,
		`ExecuteExcel4Macro "GET.DOCUMENT(50)"`, `SendKeys "%{F11}~"`, `Application.SendKeys "^(ab)"`, `GetObject p & "\a.xlsx"`,
		`For Each x In GetObject("winmgmts:").ExecQuery("select * from Win32_Process"): Next`,
		`If StrReverse("abc") = "cba" Then x = 1`, `CallByName Me, "Refresh", VbMethod`, `Application.Run "Book2.xlsm!Other"`,
	} {
		if r := judged(t, one("Sub AutoOpen()\n"+source+"\nEnd Sub")); r.Suspicious || len(r.Abilities) == 0 {
			t.Errorf("%s\n %v %q %v", source, r.Why, r.Text, r.Abilities)
		}
	}
}

func TestWhatIsNotReachedIsNotSuspicious(t *testing.T) {
	for name, source := range map[string]string{
		"a button":      "Sub AutoOpen()\nx = 1\nEnd Sub\nPrivate Sub CommandButton1_Click()\nShell \"calc\"\nEnd Sub",
		"OnAction":      "Sub AutoOpen()\nb.OnAction = \"go\"\nEnd Sub\nSub go()\nShell \"calc\"\nEnd Sub",
		"OnKey":         "Sub AutoOpen()\nApplication.OnKey \"^q\", \"go\"\nEnd Sub\nSub go()\nShell \"calc\"\nEnd Sub",
		"text":          "Sub AutoOpen()\nMsgBox \"go\"\nEnd Sub\nSub go()\nShell \"calc\"\nEnd Sub",
		"declared only": "Declare Function VirtualAlloc Lib \"kernel32\" () As Long\nSub AutoOpen()\nEnd Sub",
		"form closed":   "Sub AutoOpen()\nEnd Sub\nPrivate Sub UserForm_Initialize()\nShell \"calc\"\nEnd Sub",
	} {
		if r := judged(t, one(source)); r.Suspicious || len(r.Autoexec) != 1 {
			t.Errorf("%s: %v %v", name, r.Why, r.Chain)
		}
	}
}

func TestEvidenceWithoutAnEntryPoint(t *testing.T) {
	fetch := "Sub b()\nDim h: Set h = CreateObject(\"MSXML2.XMLHTTP\")\nh.Open \"GET\", Range(\"A1\"), False\nh.send\n" +
		"With CreateObject(\"ADODB.Stream\")\n.Write h.responseBody\n.SaveToFile f\nEnd With\nShell f\nEnd Sub"
	for name, tc := range map[string]struct{ source, why string }{
		"class hidden":       {"Sub b()\nCreateObject(\"WScr\" & \"ipt.Sh\" & \"ell\").Run x\nEnd Sub", "hides"},
		"program hidden":     {"Sub b()\nShell \"po\" + \"wersh\" + \"ell -file a.ps1\"\nEnd Sub", "hides"},
		"encoded command":    {"Sub b()\nShell \"powershell -w hidden -enc aaaa\"\nEnd Sub", "command line"},
		"command in base64":  {"Sub b()\nShell f(\"cG93ZXJzaGVsbCAtdyBoaWRkZW4gLWM=\")\nEnd Sub", "hides"},
		"machine code":       {"Declare Function v Lib \"kernel32\" Alias \"VirtualAlloc\" () As Long\nDeclare Function c Lib \"kernel32\" Alias \"CreateThread\" () As Long\nSub b()\nx = v()\nc x\nEnd Sub", "machine code"},
		"downloader":         {fetch, "fetches"},
		"coded and unknown":  {"Sub b()\nCreateObject(z(Chr(65) & Chr(66) & Chr(67) & Chr(68) & Chr(69) & Chr(70) & Chr(71) & Chr(72) & Chr(73) & Chr(74), Cells(1, 1))).Run x\nEnd Sub", "coded"},
		"download, no start": {strings.Replace(fetch, "Shell f", "", 1), ""},
		"start, no download": {"Sub b()\nCreateObject(\"WScript.Shell\").Run \"ping\"\nOpen f For Output As #1\nEnd Sub", ""},
		"in two procedures":  {strings.Replace(fetch, "Shell f", "End Sub\nSub c()\nShell g", 1), ""},
		"one odd call":       {"Declare Function v Lib \"kernel32\" Alias \"VirtualAlloc\" () As Long\nSub b()\nx = v()\nEnd Sub", ""},
	} {
		r := judged(t, one(tc.source))
		if r.Suspicious != (tc.why != "") || !strings.Contains(r.Why, tc.why) || len(r.Autoexec) > 0 {
			t.Errorf("%s: %v %q %v", name, r.Suspicious, r.Why, r.Abilities)
		}
	}
}

func TestOrdinaryWorkThatStartsAProgramIsSuspicious(t *testing.T) {
	for _, w := range uses {
		for code, want := range map[string]bool{"CreateObject(\"WScript.Shell\").Run x": true, "Open f For Output As #1": false, "y = 1": false} {
			r := judged(t, one("Private Sub "+w.keyword+"()\n"+code+"\nEnd Sub\n"))
			if r.Suspicious != want || want != (keywords(r.Autoexec) == w.keyword) {
				t.Errorf("%s, %s: %v %v", w.keyword, code, r.Suspicious, r.Autoexec)
			}
		}
	}
}

func TestWhatACallerPassesDecides(t *testing.T) {
	wrapper := "Function Make(n)\nSet Make = CreateObject(n)\nEnd Function\nSub Start(s)\nShell s\nEnd Sub\n"
	for name, tc := range map[string]struct {
		source     string
		suspicious bool
	}{
		"nobody calls":           {wrapper + "Sub AutoOpen()\nEnd Sub", false},
		"ordinary class":         {wrapper + "Sub AutoOpen()\nMake(\"Scripting.Dictionary\").Add 1, 2\nEnd Sub", false},
		"shell":                  {wrapper + "Sub AutoOpen()\nMake(\"WScript\" & \".Shell\").Run x\nEnd Sub", true},
		"button passes":          {wrapper + "Sub AutoOpen()\nx = Make(\"Scripting.Dictionary\")\nEnd Sub\nSub b()\nStart 1\nEnd Sub", false},
		"unknown":                {wrapper + "Sub AutoOpen()\nMake Cells(1, 1)\nEnd Sub", true},
		"Run with arguments":     {wrapper + "Sub AutoOpen()\nApplication.Run \"Start\", \"calc\"\nEnd Sub", true},
		"without a visible call": {wrapper + "Sub AutoOpen()\nSetTimer 0, 0, 1, AddressOf Start\nEnd Sub", true},
	} {
		if r := judged(t, one(tc.source)); r.Suspicious != tc.suspicious {
			t.Errorf("%s: %v %q %q", name, r.Suspicious, r.Chain, r.Text)
		}
	}
}

func TestPCodeCountsAsIfCalled(t *testing.T) {
	p := one("Sub a()\nEnd Sub\n")
	p.Modules[0].PCode = []string{"AutoOpen", "CreateObject", "WScript.Shell", "http://example.test/a.exe"}
	r := judged(t, p)
	if !r.Suspicious || keywords(r.Autoexec) != "AutoOpen" || len(r.Evidence) != 1 || r.Evidence[0].Text != "http://example.test/a.exe" {
		t.Errorf("%+v", r)
	}
	p.Modules[0].PCode = []string{"AutoOpen", "MsgBox"}
	if r := judged(t, p); r.Suspicious {
		t.Errorf("%+v", r)
	}
}

func TestTheChainAndTheLineAreTold(t *testing.T) {
	r := judged(t, one("Attribute VB_Name = \"M\"\n\nSub AutoOpen()\n  Run1\nEnd Sub\nSub Run1()\n  x = _\n    1\n  Shell \"po\" & \"wershell -w hidden\"\nEnd Sub\n"))
	want := Hit{Keyword: "command line", Ability: Execute, Module: "VBA/Module1", Line: 9, Why: whySystem}
	if !cmp.Equal(r.Chain, []string{"AutoOpen", "Run1", "command line"}) || r.Hit != want || r.Text != "powershell -w hidden" {
		t.Errorf("%q %+v %q", r.Chain, r.Hit, r.Text)
	}
	if !cmp.Equal(r.Autoexec, []Hit{{Keyword: "AutoOpen", Module: "VBA/Module1", Line: 3, Why: whyOpen}}) {
		t.Errorf("%v", r.Autoexec)
	}
}

func TestEvidenceIsTold(t *testing.T) {
	r := judged(t, one(`Sub AutoOpen()
  u = "ht" & "tp://" & "example.test/x?y=1"
  Shell "cmd /c start " & Environ("APPDATA") & "\a.exe " & u
  MsgBox "see https://help.example.test/a). And <ftp://f.example.test>"
  p = "C:\Users\" & "x\b.dll"
  q = "C:\data\report.xlsx"
End Sub`))
	var got []string
	for _, e := range r.Evidence {
		got = append(got, fmt.Sprint(e.Line, " ", e.Type, " ", e.Text))
	}
	slices.Sort(got)
	want := []string{"2 url http://example.test/x?y=1", "3 command cmd /c start %APPDATA%\\a.exe http://example.test/x?y=1", "3 name %APPDATA%",
		"4 url ftp://f.example.test", "4 url https://help.example.test/a", "5 path C:\\Users\\x\\b.dll"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestTheListsAreInLowerCase(t *testing.T) {
	check := func(list, key, keyword, why string) {
		if key != strings.ToLower(key) || keyword == "" || why == "" || len(key) > 64 {
			t.Errorf("%s: %q: %q %q", list, key, keyword, why)
		}
	}
	for list, m := range map[string]map[string]word{"entries": entries, "uses": uses, "controls": controlEvents, "texts": texts, "natives": natives, "modes": openModes} {
		for key, w := range m {
			check(list, key, w.keyword, w.why)
		}
	}
	for list, m := range map[string]map[string]*word{"sinks": sinks, "names": names} {
		for key, w := range m {
			check(list, key, w.keyword, w.why)
		}
	}
	for key, w := range types {
		check("types", key, w.keyword, w.why)
	}
	for key := range builtins {
		check("builtins", key, "x", "x")
	}
	for _, l := range loud {
		for _, m := range l.marks {
			check(l.program, m, m, "x")
		}
	}
}
