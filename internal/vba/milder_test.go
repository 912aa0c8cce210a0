package vba

import (
	"strings"
	"testing"
)

// milder are the decisions of the package comment where a judgement is milder than mraptor's: for each the code that is let be, and next to it what
// is one step further and is not. § stands for the code in a procedure that starts by itself.
var milder = []struct {
	decision   string
	kind       string
	let, grave []string // modules as project reads them
}{
	{"Click and Change of controls", "xlsm", []string{
		"Private Sub CommandButton1_Click()\nShell \"calc\"\nEnd Sub",
		"Private Sub CommandButton1_DblClick()\nShell \"calc\"\nEnd Sub",
		"Private Sub ComboBox1_Change()\nShell \"calc\"\nEnd Sub",
		"Private Sub ListBox1_KeyDown(ByVal k)\nShell \"calc\"\nEnd Sub",
		"Private Sub Worksheet_Change(ByVal t)\nShell \"calc\"\nEnd Sub",
		"Private Sub Worksheet_BeforeDoubleClick(ByVal t, c)\nShell \"calc\"\nEnd Sub",
	}, []string{
		"Private Sub CommandButton1_GotFocus()\nShell \"calc\"\nEnd Sub",
		"Private Sub Image1_MouseMove(ByVal x)\nShell \"calc\"\nEnd Sub",
		"Private Sub Workbook_Open()\nShell \"calc\"\nEnd Sub",
	}},
	{"Change in Word", "docm", nil, []string{
		"Attribute VB_Base = \"1Normal.ThisDocument\"\nPrivate Sub TextBox1_Change()\nShell \"calc\"\nEnd Sub",
		"Attribute VB_Base = \"0{00020906-0000-0000-C000-000000000046}\"\nPrivate Sub TextBox1_Change()\nShell \"calc\"\nEnd Sub",
	}},
	{"everyday classes", "xlsm", []string{
		"§Set d = CreateObject(\"Scripting.Dictionary\")",
		"§Set d = CreateObject(\"SCRIPTING.DICTIONARY\")",
		"§Set d = CreateObject(\"Scripting.FileSystemObject\")\nx = d.FileExists(\"a\")",
		"§Set d = CreateObject(\"ADODB.Connection\")\nd.Open \"Provider=x\"",
		"§Set d = CreateObject(\"Outlook.Application\")\nd.CreateItem(0).Display",
		"§Set d = New Collection",
		"§Set d = New Dictionary",
	}, []string{
		"§Set d = CreateObject(\"WScript.Shell\")",
		"§Set d = CreateObject(\"Scripting\" & x.y)",
		"§Set d = CreateObject(\"Unknown.Class\")",
		"§Set d = CreateObject(x.y)",
		"§Set d = New WshShell",
		"§Set d = CreateObject(\"Scripting.FileSystemObject\")\nd.CreateTextFile \"a.vbs\"",
	}},
	{"GetObject of a running program or a document", "xlsm", []string{
		"§Set d = GetObject(, \"Excel.Application\")",
		"§Set d = GetObject(\"\", \"Word.Application\")",
		"§Set d = GetObject(\"C:\\a\\b.xlsx\")",
		"§Set d = GetObject(ThisWorkbook.Path & \"\\b.docx\")",
	}, []string{
		"§Set d = GetObject(\"new:9BA05972-F6A8-11CF-A442-00A0C90A8F39\")",
		"§Set d = GetObject(\"script:http://a.test/x.sct\")",
		"§Set d = GetObject(\"http://a.test/x.doc\")",
		"§Set d = GetObject(, \"WScript.Shell\")",
		"§Set d = GetObject(x.y)",
	}},
	{"files named as data", "xlsm", []string{
		"§Open \"a.txt\" For Output As #1",
		"§Open ThisWorkbook.Path & \"\\a.csv\" For Append As #1",
		"§Open p & \".log\" For Output As #1",
		"§FileCopy \"a.xlsx\", \"b.xlsx\"",
		"§FileCopy a & \".csv\", x.y",
		"§Name \"a.txt\" As \"b.txt\"",
		"§fso.CreateTextFile \"a.json\"",
		"§fso.OpenTextFile \"a.vbs\", 1",
		"§fso.OpenTextFile \"a.txt\", 8, True",
		"§fso.CopyFile \"a.csv\", \"b.csv\"",
	}, []string{
		"§Open \"a.vbs\" For Output As #1",
		"§Open x.y For Output As #1",
		"§Open \"a.txt\" & \".bat\" For Append As #1",
		"§FileCopy \"a.txt\", \"a.exe\"",
		"§FileCopy \"a.exe\", \"b\"",
		"§Name \"a.txt\" As \"b.hta\"",
		"§fso.CreateTextFile \"a.js\"",
		"§fso.OpenTextFile \"a.cmd\", 2",
		"§fso.OpenTextFile \"a.cmd\", x.y",
		"§fso.MoveFile \"a.txt\", \"b.exe\"",
		"§Open \"C:\\x\\Startup\\a.txt\" For Output As #1",
	}},
	{"Open For Binary without Put", "xlsm", []string{
		"§Open \"a.exe\" For Binary As #1\nGet #1, , b",
		"§Open \"a.exe\" For Binary Access Read As #1",
		"§Open \"a.exe\" For Random Access Read As #1\nPut #2, , b",
		"§Open \"a.exe\" For Input As #1\nPut #2, , b",
	}, []string{
		"§Open \"a.exe\" For Binary As #1\nPut #1, , b",
		"§Open \"a.exe\" As #1\nPut #1, 1, b",
		"§Open \"a.exe\" For Binary Access Read Write As #1\nPut #1, 1, b",
		"§Open \"a.exe\" For Binary As #1\nWriteIt\nEnd Sub\nSub WriteIt()\nPut #1, , b",
	}},
	{"Kill", "xlsm", []string{
		"§Kill \"C:\\x\\report.tmp\"",
		"§Kill x.y",
		"§Kill \"C:\\x\\*.tmp\"",
		"§fso.DeleteFile p & \"\\a.log\"",
	}, []string{
		"§Kill \"C:\\x\\*.*\"",
		"§Kill \"C:\\Windows\\system.ini\"",
		"§Kill \"C:\\x\\a.exe\"",
		"§Kill Environ(\"windir\") & \"\\a.log\"",
		"§fso.DeleteFile \"C:\\x\\*\"",
	}},
	{"MkDir, RmDir, SetAttr, SaveSetting", "xlsm", []string{
		"§MkDir \"C:\\x\"", "§RmDir x.y", "§SetAttr \"a.txt\", vbHidden", "§SaveSetting \"a\", \"b\", \"c\", \"d\"",
	}, []string{
		"§MkDir \"C:\\x\\Microsoft\\Word\\Startup\"",
		"§x.RegWrite \"HKCU\\a\", 1",
	}},
	{"SaveAs", "xlsm", []string{
		"§ActiveWorkbook.SaveAs x.y",
		"§ActiveWorkbook.SaveAs \"C:\\x\\a.xlsx\"",
		"§ActiveDocument.SaveAs2 FileName:=\"a.docx\"",
		"§ThisWorkbook.SaveCopyAs x.y & \"\\a.xlsm\"",
	}, []string{
		"§ActiveWorkbook.SaveAs Application.StartupPath & \"\\a.xls\"",
		"§ActiveWorkbook.SaveAs \"C:\\x\\XLSTART\\a.xls\"",
		"§ActiveDocument.SaveAs2 FileName:=\"C:\\x\\a.hta\"",
	}},
	{"procedures of the system's libraries", "xlsm", []string{
		"Declare Sub Sleep Lib \"kernel32\" (ByVal n As Long)\n§Sleep 1",
		"Declare Function g Lib \"user32.dll\" Alias \"GetForegroundWindow\" () As Long\n§x = g()",
		"Declare Function g Lib \"USER32\" Alias \"EnumWindows\" (ByVal a, ByVal b) As Long\n§x = g(1, 2)",
		"Declare Sub CopyMemory Lib \"kernel32\" Alias \"RtlMoveMemory\" (d, s, ByVal n)\n§CopyMemory a, b, 4",
		"Declare Function LoadLibrary Lib \"kernel32\" Alias \"LoadLibraryA\" (ByVal n) As Long\n§LoadLibrary \"riched20.dll\"",
	}, []string{
		"Declare Sub f Lib \"kernel32\" Alias \"WinExec\" (ByVal n)\n§f 1",
		"Declare Sub f Lib \"kernel32\" Alias \"#123\" (ByVal n)\n§f 1",
		"Declare Sub f Lib \"other\" (ByVal n)\n§f 1",
		"Declare Sub f Lib \"C:\\x\\y.dll\" Alias \"Start\" (ByVal n)\n§f 1",
		"Declare Function g Lib \"user32\" Alias \"EnumPropsA\" (ByVal a, ByVal b) As Long\n§x = g(1, 2)",
	}},
	{"SendKeys of control keys", "xlsm", []string{
		"§SendKeys \"{ESC}\"", "§Application.SendKeys \"^{HOME}\"", "§SendKeys \"%fo~\", True",
	}, []string{
		"§SendKeys \"calc.exe~\"", "§Application.SendKeys \"power\" & \"shell\"", "§SendKeys x.y", "§SendKeys \"{c}{a}{l}{c}\"",
	}},
	{"Excel 4 functions that ask", "xlsm", []string{
		"§x = ExecuteExcel4Macro(\"GET.DOCUMENT(50)\")", "§Application.ExecuteExcel4Macro \"SHOW.TOOLBAR(\"\"Ribbon\"\",False)\"",
	}, []string{
		"§x = ExecuteExcel4Macro(\"EXEC(\"\"calc\"\")\")", "§Application.ExecuteExcel4Macro x.y", "§ExecuteExcel4Macro \"CA\" & \"LL(1)\"",
	}},
	{"WMI that is asked", "xlsm", []string{
		"§For Each o In GetObject(\"winmgmts:\").ExecQuery(\"SELECT * FROM Win32_BIOS\")\nNext",
		"§Set w = GetObject(\"winmgmts:\\\\.\\root\\cimv2\")\nFor Each o In w.ExecQuery(\"SELECT * FROM Win32_Process\")\nNext",
	}, []string{
		"§GetObject(\"winmgmts:Win32_Process\").Create \"calc\", Null, Null, p",
		"§Set w = GetObject(\"winmgmts:\")\nw.ExecMethod \"Win32_Process\", \"Create\", i",
		"§Set w = GetObject(\"winmgmts:\")\nw.Get(x.y).SpawnInstance_\nw.Put_",
	}},
	{"procedures that wait for a person", "xlsm", []string{
		"§b.OnAction = \"go\"\nEnd Sub\nSub go()\nShell \"calc\"",
		"§Application.OnKey \"{F5}\", \"go\"\nEnd Sub\nSub go()\nShell \"calc\"",
		"§x = 1\nEnd Sub\nSub go()\nShell \"calc\"",
	}, []string{
		"§go\nEnd Sub\nSub go()\nShell \"calc\"",
		"§Application.OnTime Now, \"go\"\nEnd Sub\nSub go()\nShell \"calc\"",
		"§Application.Run \"go\"\nEnd Sub\nSub go()\nShell \"calc\"",
		"§x = go\nEnd Sub\nFunction go()\nShell \"calc\"\nEnd Function\nSub z()",
	}},
}

func TestMilderThanMraptorOnlyWhereItIsSaid(t *testing.T) {
	for _, m := range milder {
		check := func(source string, want bool) {
			t.Helper()
			if strings.Contains(source, "§") {
				source = strings.Replace(source, "§", "Sub Auto_Open()\n", 1) + "\nEnd Sub\n"
			}
			p := project(source)
			p.Kind = m.kind
			if r := judged(t, p); r.Suspicious != want {
				t.Errorf("%s: suspicious %v: %q %q\n%s", m.decision, r.Suspicious, r.Why, r.Text, source)
			}
		}
		for _, s := range m.let {
			check(s, false)
		}
		for _, s := range m.grave {
			check(s, true)
		}
	}
}

// Where it is not milder: every ability of the published classes, used unasked, is suspicious in each of the usual spellings.
func TestSpellingsOfAnAbilityAreAllOfThem(t *testing.T) {
	for _, code := range []string{
		"Shell x", "Shell(x)", "Call Shell(x)", "y = Shell(x)", "VBA.Shell x", "VBA.Interaction.Shell x", "Interaction.Shell x", "shell x", "SHELL x",
		"Shell$ x", "[Shell] x", "Shell PathName:=x", "Shell x, 0: y = 1", "y = 1: Shell x", "If True Then Shell x", "Shell _\nx", "Shell\tx", "1 Shell x", "a: Shell x",
		"Set y = CreateObject(\"WScript.Shell\"): y.Run x", "CreateObject(\"WScript.Shell\").Exec x", "With CreateObject(\"WScript.Shell\"): .Run x: End With",
		"VBA.CreateObject(\"WScript.Shell\").Run x", "Application.CreateObject(\"WScript.Shell\").Run x", "CreateObject(Class:=\"WScript.Shell\").Run x",
		"Dim y As New WshShell: y.Run x", "Dim y As New IWshRuntimeLibrary.WshShell: y.Run x", "Set y = New WshShell: y.Run x",
		"CallByName CreateObject(\"WScript.Shell\"), \"Run\", VbMethod, x", "CallByName y, z, 1, x",
	} {
		if r := judged(t, one("Sub AutoOpen()\n"+code+"\nEnd Sub")); !r.Suspicious {
			t.Errorf("%s: %+v", code, r)
		}
	}
}
