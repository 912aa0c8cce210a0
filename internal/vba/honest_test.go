package vba

import (
	"fmt"
	"strings"
	"testing"
)

// honest are projects as offices write them: what starts by itself sets up, what acts waits for a person.
var honest = []struct {
	name, kind string
	modules    map[string]string
}{
	{"menu at opening", "xls", map[string]string{"ThisWorkbook": `
Private Sub Workbook_Open()
  Call MakeMenu
End Sub
Private Sub Workbook_BeforeClose(Cancel As Boolean)
  On Error Resume Next
  Application.CommandBars("Worksheet Menu Bar").Controls("Tools 2").Delete
End Sub`, "Module1": `
Sub MakeMenu()
  Dim c As CommandBarControl
  Set c = Application.CommandBars(1).Controls.Add(Type:=msoControlPopup, Temporary:=True)
  c.Caption = "&Report"
  With c.Controls.Add(msoControlButton)
    .Caption = "Export as CSV": .OnAction = "ExportCSV": .FaceId = 3
  End With
End Sub
Sub ExportCSV()
  Dim f As Integer, r As Long
  f = FreeFile
  Open InputBox("File") For Output As #f
  For r = 1 To 10: Print #f, Cells(r, 1).Value & "," & Cells(r, 2).Value: Next
  Close #f
End Sub`}},
	{"print setup", "xlsm", map[string]string{"ThisWorkbook": `
Private Sub Workbook_BeforePrint(Cancel As Boolean)
  With ActiveSheet.PageSetup
    .CenterFooter = "Page &P of &N": .LeftHeader = Chr(38) & "D" & Chr(10) & Environ("USERNAME")
  End With
End Sub
Private Sub Workbook_Open()
  Sheets("Start").Activate
  Application.ExecuteExcel4Macro "SHOW.TOOLBAR(""Ribbon"",False)"
  ActiveWindow.DisplayGridlines = False
  Application.SendKeys "^{F1}"
End Sub`}},
	{"clock by OnTime", "xlsm", map[string]string{"ThisWorkbook": `
Private Sub Workbook_Open(): StartClock: End Sub
Private Sub Workbook_BeforeClose(Cancel As Boolean)
  On Error Resume Next
  Application.OnTime NextTick, "Tick", , False
End Sub`, "Clock": `
Public NextTick As Date
Sub StartClock(): Tick: End Sub
Sub Tick()
  Sheet1.Range("A1").Value = Format(Now, "hh:nn:ss")
  NextTick = Now + TimeSerial(0, 0, 1)
  Application.OnTime NextTick, "Tick"
End Sub`}},
	{"database query on a button", "xlsm", map[string]string{"Sheet1": `
Private Sub CommandButton1_Click()
  Dim cn As Object, rs As Object, sql As String
  Set cn = CreateObject("ADODB.Connection")
  cn.Open "Provider=SQLOLEDB;Data Source=" & Range("server") & ";Integrated Security=SSPI;"
  sql = "SELECT o.Id, o.Amount " & _
        "FROM Orders o WHERE o.Created > '" & Format(Date - 30, "yyyy-mm-dd") & "'"
  Set rs = cn.Execute(sql)
  Range("A5").CopyFromRecordset rs
  rs.Close: cn.Close
End Sub`}},
	{"mails by Outlook on a button", "xlsm", map[string]string{"Module1": `
Sub SendAll()
  Dim o As Object, m As Object, i As Long, t As String
  Set o = CreateObject("Outlook.Application")
  For i = 2 To Cells(Rows.Count, 1).End(xlUp).Row
    Set m = o.CreateItem(0)
    t = "Dear " & Cells(i, 1) & "," & vbCrLf & vbCrLf & "please see https://portal.example.test/invoices" & vbCrLf
    With m
      .To = Cells(i, 2): .Subject = "Invoice " & Cells(i, 3): .Body = t
      .Attachments.Add ThisWorkbook.Path & "\invoices\" & Cells(i, 3) & ".pdf"
      .Display
    End With
  Next
End Sub`}},
	{"file dialog and other workbooks", "xlsm", map[string]string{"ThisWorkbook": `
Private Sub Workbook_Open()
  Dim wb As Workbook
  If Dir(ThisWorkbook.Path & "\prices.xlsx") <> "" Then
    Set wb = Workbooks.Open(ThisWorkbook.Path & "\prices.xlsx", ReadOnly:=True)
    wb.Sheets(1).Range("A1:C100").Copy ThisWorkbook.Sheets("Prices").Range("A1")
    wb.Close False
  End If
End Sub`, "Module1": `
Sub Pick()
  With Application.FileDialog(msoFileDialogFilePicker)
    .Filters.Add "Excel", "*.xlsx;*.xlsm"
    If .Show = -1 Then Workbooks.Open .SelectedItems(1)
  End With
End Sub`}},
	{"reading a text at opening", "xlsm", map[string]string{"ThisWorkbook": `
Private Sub Workbook_Open()
  Dim f As Integer, s As String
  f = FreeFile
  Open ThisWorkbook.Path & "\settings.ini" For Input As #f
  Do Until EOF(f)
    Line Input #f, s
    If Left(s, 5) = "user=" Then Sheet1.Range("B1") = Mid(s, 6)
  Loop
  Close #f
End Sub`}},
	{"log of who opened it", "xlsm", map[string]string{"ThisWorkbook": `
Private Sub Workbook_Open()
  Open ThisWorkbook.Path & "\usage.log" For Append As #1
  Print #1, Now & vbTab & Environ("username") & vbTab & Environ$("COMPUTERNAME")
  Close #1
  If Dir(Environ("TEMP") & "\report.tmp") <> "" Then Kill Environ("TEMP") & "\report.tmp"
End Sub`}},
	{"backup when closed", "xlsm", map[string]string{"ThisWorkbook": `
Private Sub Workbook_BeforeClose(Cancel As Boolean)
  Dim p As String
  p = ThisWorkbook.Path & "\backup\"
  If Dir(p, vbDirectory) = "" Then MkDir p
  ThisWorkbook.SaveCopyAs p & Format(Now, "yyyymmdd_hhnn_") & ThisWorkbook.Name
End Sub`}},
	{"harmless declarations", "xls", map[string]string{"Module1": `
#If VBA7 Then
Private Declare PtrSafe Function FindWindow Lib "user32" Alias "FindWindowA" (ByVal c As String, ByVal n As String) As LongPtr
Private Declare PtrSafe Sub Sleep Lib "kernel32" (ByVal ms As Long)
#Else
Private Declare Function FindWindow Lib "user32" Alias "FindWindowA" (ByVal c As String, ByVal n As String) As Long
Private Declare Sub Sleep Lib "kernel32" (ByVal ms As Long)
#End If
Private Declare Function GetUserName Lib "advapi32.dll" Alias "GetUserNameA" (ByVal b As String, n As Long) As Long
Private Declare Function GetTickCount Lib "kernel32" () As Long
Private Declare Sub CopyMemory Lib "kernel32" Alias "RtlMoveMemory" (d As Any, s As Any, ByVal n As Long)
Sub Auto_Open()
  Dim h, n As Long, s As String
  h = FindWindow("XLMAIN", Application.Caption)
  s = String(255, 0): n = 255
  GetUserName s, n
  Sleep 100
  Sheets(1).Cells(1, 1) = Left(s, n - 1) & " " & GetTickCount
End Sub`}},
	{"dictionary and regular expression", "xlsm", map[string]string{"ThisWorkbook": `
Private Sub Workbook_SheetActivate(ByVal Sh As Object)
  Dim d As Object, c As Range, re As Object
  Set d = CreateObject("Scripting.Dictionary")
  Set re = CreateObject("VBScript.RegExp")
  re.Pattern = "^[A-Z]{2}\d+$"
  For Each c In Sh.UsedRange.Columns(1).Cells
    If re.Test(c.Text) Then d(c.Text) = d(c.Text) + 1
  Next
End Sub`}},
	{"wrapper of CreateObject", "xlsm", map[string]string{"Tools": `
Public Function Make(ByVal progId As String) As Object
  Set Make = CreateObject(progId)
End Function`, "ThisWorkbook": `
Private Sub Workbook_Open()
  Dim d As Object
  Set d = Make("Scripting.Dictionary")
  d.Add "a", 1
End Sub`}},
	{"files listed by FSO", "xlsm", map[string]string{"ThisWorkbook": `
Private Sub Workbook_Open()
  Dim fso As Object, f As Object, r As Long
  Set fso = CreateObject("Scripting.FileSystemObject")
  For Each f In fso.GetFolder(ThisWorkbook.Path).Files
    r = r + 1: Sheet1.Cells(r, 1) = f.Name: Sheet1.Cells(r, 2) = f.DateLastModified
  Next
  Dim t: Set t = fso.OpenTextFile(ThisWorkbook.Path & "\list.txt", 1)
  Debug.Print t.ReadAll
End Sub`}},
	{"letter template", "dotm", map[string]string{"ThisDocument": `
Private Sub Document_New()
  UserForm1.Show
End Sub
Private Sub Document_Open()
  ActiveDocument.Fields.Update
End Sub`, "UserForm1": `Attribute VB_Base = "0{11111111-0000-0000-0000-000000000000}{22222222-0000-0000-0000-000000000000}"
Private Sub UserForm_Initialize()
  ComboBox1.AddItem "Mr": ComboBox1.AddItem "Ms"
  TextBox1.Text = GetSetting("Letter", "Data", "Name", "")
End Sub
Private Sub CommandButton1_Click()
  ActiveDocument.Bookmarks("Name").Range.Text = TextBox1.Text
  SaveSetting "Letter", "Data", "Name", TextBox1.Text
  ActiveDocument.SaveAs2 FileName:=Options.DefaultFilePath(wdDocumentsPath) & "\" & TextBox1.Text & ".docx"
  Unload Me
End Sub
Private Sub TextBox1_Change(): CommandButton1.Enabled = Len(TextBox1.Text) > 0: End Sub`}},
	{"estimate form", "xls", map[string]string{"Sheet1": `
Private Sub Worksheet_Change(ByVal Target As Range)
  If Target.Column <> 2 Then Exit Sub
  Application.EnableEvents = False
  Target.Offset(0, 1).Value = Target.Value * 1.1
  Application.EnableEvents = True
End Sub
Private Sub 印刷ボタン_Click()
  If MsgBox("見積書を印刷しますか？", vbYesNo + vbQuestion, "確認") = vbYes Then Call 見積書印刷
End Sub`, "Module1": `
Sub Auto_Open()
  MsgBox "マクロを有効にしてご利用ください。" & vbCrLf & "「コンテンツの有効化」を押してください。", vbInformation
  Worksheets("見積書").Select
End Sub
Sub 見積書印刷()
  Dim 保存先 As String
  保存先 = ThisWorkbook.Path & "\" & Format(Date, "yyyymmdd") & "_" & Range("得意先名").Value & "様.pdf"
  ActiveSheet.ExportAsFixedFormat Type:=xlTypePDF, Filename:=保存先
  Shell "explorer.exe " & ThisWorkbook.Path, vbNormalFocus
End Sub`}},
	{"ribbon add-in", "xlam", map[string]string{"Ribbon": `
Public rib As IRibbonUI
Sub OnRibbonLoad(ribbon As IRibbonUI)
  Set rib = ribbon
  rib.ActivateTab "tabTools"
End Sub
Sub BtnRun(control As IRibbonControl)
  Shell "notepad.exe " & ThisWorkbook.Path & "\readme.txt", 1
End Sub
Sub GetLabel(control As IRibbonControl, ByRef returnedVal)
  returnedVal = "Version " & 1.2
End Sub`, "ThisWorkbook": `
Private Sub Workbook_AddinInstall()
  MsgBox "Installed. Restart Excel."
End Sub`}},
	{"application events", "xlam", map[string]string{"ThisWorkbook": `
Private h As CAppEvents
Private Sub Workbook_Open(): Set h = New CAppEvents: Set h.App = Application: End Sub`, "CAppEvents": `
Public WithEvents App As Application
Private Sub App_SheetSelectionChange(ByVal Sh As Object, ByVal Target As Range)
  Application.StatusBar = "Sum: " & Application.Sum(Target)
End Sub
Private Sub App_WorkbookBeforeSave(ByVal Wb As Workbook, ByVal SaveAsUI As Boolean, Cancel As Boolean)
  Wb.Names.Add "saved", Now
End Sub`}},
	{"administrator's tools on buttons", "xlsm", map[string]string{"Module1": `
Sub PingAll()
  Dim sh As Object, e As Object
  Set sh = CreateObject("WScript.Shell")
  Set e = sh.Exec("ping -n 1 " & ActiveCell.Value)
  ActiveCell.Offset(0, 1).Value = e.StdOut.ReadAll
End Sub
Sub ListFiles()
  Shell "cmd.exe /c dir /b """ & Range("A1") & """ > """ & Environ("TEMP") & "\list.txt""", vbHide
End Sub
Sub Serial()
  Dim o
  For Each o In GetObject("winmgmts:\\.\root\cimv2").ExecQuery("SELECT * FROM Win32_BIOS")
    MsgBox o.SerialNumber
  Next
End Sub
Sub Update()
  Dim h As Object
  Set h = CreateObject("MSXML2.XMLHTTP")
  h.Open "GET", "https://api.example.test/rates.json", False: h.Send
  Range("B1") = h.ResponseText
End Sub
Sub Utf8Csv()
  With CreateObject("ADODB.Stream")
    .Charset = "UTF-8": .Open: .WriteText Range("A1").Text: .SaveToFile ThisWorkbook.Path & "\out.csv", 2
  End With
End Sub`}},
	{"serial number of the board at opening", "xlsm", map[string]string{"ThisWorkbook": `
Private Sub Workbook_Open()
  Dim o, s
  For Each o In GetObject("winmgmts:\\.\root\cimv2").ExecQuery("SELECT SerialNumber FROM Win32_BaseBoard")
    s = s & o.SerialNumber
  Next
  Sheet1.Range("A1") = s
End Sub`}},
	{"slide show with a counter", "pptm", map[string]string{"Module1": `
Sub OnSlideShowPageChange(ByVal w As SlideShowWindow)
  w.View.Slide.Shapes("Counter").TextFrame.TextRange.Text = w.View.CurrentShowPosition & "/" & ActivePresentation.Slides.Count
End Sub
Sub Auto_Open(): MsgBox "ready": End Sub`}},
	{"form shown, exported by its button", "xlsm", map[string]string{"ThisWorkbook": "Private Sub Workbook_Open()\n  frmMain.Show vbModeless\nEnd Sub", "frmMain": `Attribute VB_Base = "0{11111111-0000-0000-0000-000000000000}{22222222-0000-0000-0000-000000000000}"
Private Sub UserForm_Initialize()
  Dim i As Integer
  For i = 1 To 12: lstMonth.AddItem MonthName(i): Next
End Sub
Private Sub cmdExport_Click()
  Dim n As Integer: n = FreeFile
  Open txtFile.Text For Output As #n
  Write #n, lstMonth.Value, 1
  Close #n
  Call Shell("notepad " & txtFile.Text, 1)
End Sub`}},
	{"dashboard with controls", "xlsm", map[string]string{"Sheet1": `
Private Sub ComboBox1_GotFocus(): ComboBox1.DropDown: End Sub
Private Sub Image1_MouseMove(ByVal Button As Integer, ByVal Shift As Integer, ByVal X As Single, ByVal Y As Single)
  Image1.BorderColor = vbRed
End Sub
Private Sub Worksheet_Calculate(): Charts("Chart1").Refresh: End Sub
Private Sub ComboBox1_Change(): Range("A1").Value = ComboBox1.Value: PivotTables(1).RefreshTable: End Sub`}},
	{"sorting and searching", "xls", map[string]string{"Module1": `
Option Explicit
Const MAXROWS& = 5000
Function ShellSort(a() As Double) As Boolean
  Dim gap As Long, i As Long, j As Long, t As Double
  gap = UBound(a) \ 2
  Do While gap > 0
    For i = gap To UBound(a)
      t = a(i): j = i
      Do While j >= gap
        If a(j - gap) <= t Then Exit Do
        a(j) = a(j - gap): j = j - gap
      Loop
      a(j) = t
    Next
    gap = gap \ 2
  Loop
End Function
Sub Auto_Close()
  Application.CutCopyMode = False: Application.StatusBar = False
  ActiveWorkbook.Saved = True
End Sub`}},
	{"merged letters", "docm", map[string]string{"NewMacros": `
Sub AutoOpen()
  With ActiveDocument.MailMerge
    .OpenDataSource Name:=ActiveDocument.Path & "\addresses.xlsx", SQLStatement:="SELECT * FROM [Sheet1$]"
    .Destination = wdSendToNewDocument
  End With
  Selection.Find.Execute FindText:="^p^p", ReplaceWith:="^p", Replace:=wdReplaceAll
End Sub
Sub FileSaveAs()
  Dialogs(wdDialogFileSaveAs).Show
End Sub
Sub Merge(): ActiveDocument.MailMerge.Execute: End Sub`}},
	{"workbooks joined", "xlsm", map[string]string{"Module1": `
Sub JoinFolder()
  Dim p As String, f As String, wb As Workbook
  p = "\\server\share\monthly\": f = Dir(p & "*.xls*")
  Application.AutomationSecurity = msoAutomationSecurityForceDisable
  Do While f <> ""
    Set wb = Workbooks.Open(p & f, False, True)
    wb.Sheets(1).UsedRange.Copy ThisWorkbook.Sheets(1).Cells(Rows.Count, 1).End(xlUp).Offset(1)
    wb.Close False
    FileCopy p & f, p & "done\" & f
    f = Dir
  Loop
  Kill "\\server\share\monthly\*.tmp"
End Sub`}},
	{"modules exported by a developer", "xlam", map[string]string{"Dev": `
Sub ExportAll()
  Dim c As Object
  For Each c In ActiveWorkbook.VBProject.VBComponents
    c.Export "C:\src\" & c.Name & ".bas"
  Next
End Sub
Sub RunTests()
  Dim n: For Each n In Array("Test_A", "Test_B"): Application.Run n: Next
End Sub
Sub Test_A(): Debug.Assert Chr(65) & Chr(66) & Chr(67) = "ABC": End Sub
Sub Test_B(): Debug.Assert StrReverse("abc") = "cba": End Sub`}},
	{"base64 of a picture", "xlsm", map[string]string{"Module1": `
Const LOGO = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
Sub Logo()
  Dim n As Object: Set n = CreateObject("MSXML2.DOMDocument").createElement("x")
  n.DataType = "bin.base64": n.Text = LOGO
  Dim b() As Byte: b = n.nodeTypedValue
  Open Environ("TEMP") & "\logo.png" For Binary As #1: Put #1, , b: Close #1
  Sheet1.Shapes.AddPicture Environ("TEMP") & "\logo.png", False, True, 0, 0, 10, 10
End Sub`}},
}

func honestProject(kind string, modules map[string]string) *Project {
	p := &Project{Kind: kind, OnLoad: []string{"OnRibbonLoad", "GetLabel"}, Callbacks: []string{"BtnRun"}}
	for name, source := range modules {
		p.Modules = append(p.Modules, Module{Name: name, Stream: "VBA/" + name, Source: "Attribute VB_Name = \"" + name + "\"\n" + source + "\n"})
	}
	return p
}

func TestHonestProjectsAreNotSuspicious(t *testing.T) {
	for _, h := range honest {
		if r := judged(t, honestProject(h.kind, h.modules)); r.Suspicious {
			t.Errorf("%s: %s: %v %q", h.name, r.Why, r.Chain, r.Text)
		}
	}
}

// What waits for a person in an honest project is suspicious once the project starts it by itself: the tests above are not blind.
func TestWhatWaitsInHonestProjectsIsSuspiciousUnasked(t *testing.T) {
	for _, name := range []string{"administrator's tools on buttons PingAll", "administrator's tools on buttons Update", "administrator's tools on buttons ListFiles",
		"menu at opening ExportCSV", "estimate form 見積書印刷", "ribbon add-in BtnRun", "modules exported by a developer ExportAll"} {
		at := strings.LastIndexByte(name, ' ')
		for _, h := range honest {
			if h.name != name[:at] {
				continue
			}
			p := honestProject(h.kind, h.modules)
			p.Modules = append(p.Modules, Module{Name: "Start", Stream: "VBA/Start", Source: fmt.Sprintf("Sub AutoOpen()\n  %s\nEnd Sub\n", name[at+1:])})
			if r := judged(t, p); !r.Suspicious {
				t.Errorf("%s: %+v", name, r)
			}
		}
	}
}
