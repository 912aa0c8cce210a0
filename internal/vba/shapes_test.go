package vba

import "testing"

// shapes are more honest projects, each of a kind that looks like something else to a reader of words: what it is called, and why it is not.
var shapes = []struct{ name, kind, source string }{
	{"picture from the clipboard by API", "xlsm", `
Private Declare PtrSafe Function OpenClipboard Lib "user32" (ByVal h As LongPtr) As Long
Private Declare PtrSafe Function GlobalLock Lib "kernel32" (ByVal h As LongPtr) As LongPtr
Private Declare PtrSafe Sub CopyMemory Lib "kernel32" Alias "RtlMoveMemory" (d As Any, ByVal s As LongPtr, ByVal n As LongPtr)
Sub Workbook_Open()
  Dim b(255) As Byte
  OpenClipboard 0
  CopyMemory b(0), GlobalLock(1), 256
End Sub`},
	{"window styles of a form", "xlsm", `
Private Declare PtrSafe Function FindWindow Lib "user32" Alias "FindWindowA" (ByVal c As String, ByVal n As String) As LongPtr
Private Declare PtrSafe Function SetWindowLong Lib "user32" Alias "SetWindowLongA" (ByVal h As LongPtr, ByVal i As Long, ByVal v As Long) As Long
Sub Auto_Open()
  SetWindowLong FindWindow("ThunderDFrame", "Form"), -16, &H84C80080
End Sub`},
	{"encoded address for a mail link", "xlsm", `
Sub Auto_Open()
  Dim s As String, i As Long, t As String
  For i = 1 To Len(Range("A1"))
    t = Mid(Range("A1"), i, 1)
    If t Like "[A-Za-z0-9]" Then s = s & t Else s = s & "%" & Right("0" & Hex(Asc(t)), 2)
  Next
  Range("B1").Formula = "=HYPERLINK(""mailto:a@example.test?subject=" & s & """)"
End Sub`},
	{"holidays from the calendar", "xls", `
Sub Workbook_Open()
  Dim d As Date
  For d = DateSerial(Year(Date), 1, 1) To DateSerial(Year(Date), 12, 31)
    If Weekday(d) = vbSunday Then Cells(d - DateSerial(Year(Date), 1, 0), 2).Interior.ColorIndex = 3
  Next d
End Sub`},
	{"JSON read with a regular expression", "xlsm", `
Sub Workbook_Activate()
  Dim re As Object, m As Object
  Set re = CreateObject("VBScript.RegExp")
  re.Global = True: re.Pattern = """name""\s*:\s*""([^""]*)"""
  For Each m In re.Execute(Sheet1.Range("A1").Value)
    Sheet1.Cells(Rows.Count, 2).End(xlUp).Offset(1) = m.SubMatches(0)
  Next
End Sub`},
	{"license by user name", "xlsm", `
Sub Auto_Open()
  If InStr(1, "anna;bert;carl", Environ("USERNAME"), vbTextCompare) = 0 Then
    MsgBox "Please ask the office for access."
    ThisWorkbook.Close False
  End If
End Sub`},
	{"field update and table of contents", "docm", `
Sub Document_Open()
  Dim t As TableOfContents
  For Each t In ActiveDocument.TablesOfContents: t.Update: Next
  ActiveDocument.Fields.Update
  Selection.GoTo What:=wdGoToBookmark, Name:="start"
End Sub`},
	{"Japanese forms", "xls", `
Sub Auto_Open()
  Dim 行 As Long
  Application.Caption = "経費精算書"
  For 行 = 5 To 30
    If Cells(行, 2).Value = "" Then Cells(行, 2).Value = "未入力"
  Next 行
  Call 初期表示
End Sub
Private Sub 初期表示()
  Worksheets("表紙").Activate: Range("A1").Select
End Sub`},
	{"export of charts on a button, menu at opening", "xlsm", `
Sub Auto_Open()
  Application.CommandBars("Cell").Controls.Add(Type:=msoControlButton, Before:=1).OnAction = "ExportCharts"
End Sub
Sub ExportCharts()
  Dim c As ChartObject
  For Each c In ActiveSheet.ChartObjects
    c.Chart.Export ThisWorkbook.Path & "\" & c.Name & ".png"
  Next
  Shell "explorer.exe """ & ThisWorkbook.Path & """", vbNormalFocus
End Sub`},
	{"timer of a slide show", "pptm", `
Sub OnSlideShowPageChange()
  Dim t As Single
  t = Timer
  Do While Timer < t + 1: DoEvents: Loop
  ActivePresentation.Slides(1).Shapes(1).TextFrame.TextRange.Text = Format(Now, "hh:nn:ss")
End Sub`},
	{"named Shell and Run of its own", "xlsm", `
Sub Workbook_Open()
  Dim shellLength As Double, runTotal As Long
  shellLength = Sheet1.Range("shell") * 2
  For runTotal = 1 To 10: Sheet1.Cells(runTotal, 1) = shellLength / runTotal: Next
End Sub`},
	{"checksum", "xlsm", `
Function Checksum(s As String) As Long
  Dim i As Long, c As Long
  For i = 1 To Len(s)
    c = (c * 31 Xor AscW(Mid$(s, i, 1))) And &HFFFFFF
  Next
  Checksum = c
End Function
Sub Auto_Open()
  Range("C1") = Checksum(Range("A1").Text) & Checksum("start")
End Sub`},
	{"settings in the registry", "dotm", `
Sub AutoNew()
  Dim n As String
  n = GetSetting("Letters", "User", "Name", Application.UserName)
  ActiveDocument.Bookmarks("name").Range.Text = n
  SaveSetting "Letters", "User", "Name", n
End Sub`},
	{"temporary file of its own", "xlsm", `
Sub Workbook_BeforeClose(Cancel As Boolean)
  Dim f As String
  f = Environ$("TEMP") & "\" & ThisWorkbook.Name & ".tmp"
  If Len(Dir(f)) > 0 Then Kill f
End Sub`},
	{"protection against opening twice", "xlsm", `
Sub Auto_Open()
  Dim x As Object
  On Error Resume Next
  Set x = GetObject(, "Excel.Application")
  If x.Workbooks.Count > 1 Then MsgBox "Another workbook is open."
End Sub`},
	{"labels and old flow", "xls", `
Sub Auto_Open()
10 On Error GoTo 90
20 i = i + 1: If i > 5 Then GoTo 99
30 Cells(i, 1) = i: GoTo 20
90 MsgBox Err.Description: Resume Next
99 End Sub`},
}

func TestHonestShapesAreNotSuspicious(t *testing.T) {
	for _, s := range shapes {
		p := project(s.source)
		p.Kind = s.kind
		r := judged(t, p)
		if r.Suspicious || len(r.Autoexec) != 1 || r.Unread || r.Truncated {
			t.Errorf("%s: %s %q, entry points %v", s.name, r.Why, r.Chain, r.Autoexec)
		}
	}
}

// The same projects with one line more are what they look like: the test above is not blind to any of them.
func TestHonestShapesWithALineMoreAreSuspicious(t *testing.T) {
	for _, s := range shapes {
		p := project(s.source)
		p.Kind = s.kind
		name := judged(t, p).Autoexec[0].Keyword
		if name == "" {
			t.Fatal(s.name)
		}
		p.Modules = append(p.Modules, Module{Name: "More", Stream: "VBA/More", Source: "Sub AutoExec()\nCreateObject(\"WScript.Shell\").Run ActiveCell.Value\nEnd Sub\n"})
		if r := judged(t, p); !r.Suspicious {
			t.Errorf("%s: %+v", s.name, r)
		}
	}
}
