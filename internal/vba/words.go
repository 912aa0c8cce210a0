package vba

// The closed lists: entry points, words of abilities, classes, constants. A keyword is what a report shows; a key is in lower case.
// Nothing here is taken from one document; what a list holds is what the programs and libraries document, or what published rules name.

// word is an entry of a closed list.
type word struct {
	keyword string  // as reports show it; one keyword may have several spellings
	ability Ability // "" for an entry point
	why     string  // what it does, as a person reads it
	rule    rule    // what makes it a risk
}

// rule says what makes the use of a word one that honest code which starts by itself does not have.
type rule uint8

const (
	soft      rule = iota // nothing: honest code does it unasked too
	hard                  // always
	byClass               // the class of the object it makes
	byTarget              // the path it writes to
	byDelete              // the path it deletes
	byKeys                // the keys it types
	byMacro4              // the Excel 4 expression it runs
	byMember              // the member it calls
	byRun                 // the procedure it starts
	byPath                // the path or address it opens
	byRemote              // the address it opens: a document there may have macros of its own, which then run unasked
	byFormula             // the functions of the project that the formula calls
	asMember              // always, behind a point
)

const (
	whyOpen     = "runs when the document is opened"
	whyClose    = "runs when the document is closed"
	whyNew      = "runs when a document is made from it"
	whyStart    = "runs when the program starts"
	whyExit     = "runs when the program ends"
	whySwitch   = "runs when the window is switched to or away from"
	whyCalc     = "runs when the workbook is calculated, as it is when it is opened"
	whyControl  = "runs by itself when the control is drawn or touched by the pointer"
	whyBrowser  = "runs by itself when an embedded browser loads"
	whyPresent  = "runs when the presentation is shown"
	whyWork     = "runs when a person works in the document, saves or prints it"
	whyRibbon   = "runs when the ribbon is loaded"
	whyMail     = "runs when the mail program starts or mail comes"
	whyRun      = "runs another program"
	whyObject   = "makes an object of any installed program"
	whyDownload = "fetches from the network"
	whyWrite    = "writes a file"
	whyDelete   = "deletes files"
	whyNative   = "calls native code"
	whyInject   = "writes and runs machine code in memory"
	whyHide     = "hides what is called"
	whyMacro4   = "runs Excel 4 macro functions"
	whySelf     = "changes macros or their security settings"
	whyKeys     = "types keys into other programs"
	whyRegistry = "changes the registry"
	whySystem   = "starts a system program that malware uses"
	whyWMI      = "reaches the system through WMI"
	whyBuild    = "puts text together from character codes"
)

// entries lists procedures that a program runs by itself, in lower case: the auto macros of Word, Excel and PowerPoint, and events of
// documents. They count in every kind of document: kinds lie, and honest documents do not have another program's. Events that a person
// causes by working in the document (Worksheet_Change, Workbook_BeforePrint, a button's Click) are not here.
var entries = map[string]word{
	"autoexec":                       {keyword: "AutoExec", why: whyStart},
	"autoexit":                       {keyword: "AutoExit", why: whyExit},
	"autoopen":                       {keyword: "AutoOpen", why: whyOpen},
	"autoclose":                      {keyword: "AutoClose", why: whyClose},
	"autonew":                        {keyword: "AutoNew", why: whyNew},
	"auto_open":                      {keyword: "Auto_Open", why: whyOpen},
	"auto_ope":                       {keyword: "Auto_Ope", why: whyOpen}, // Excel takes names that begin so for a built-in one
	"auto_close":                     {keyword: "Auto_Close", why: whyClose},
	"auto_activate":                  {keyword: "Auto_Activate", why: whySwitch},
	"auto_deactivate":                {keyword: "Auto_Deactivate", why: whySwitch},
	"auto_add":                       {keyword: "Auto_Add", why: whyOpen},
	"auto_remove":                    {keyword: "Auto_Remove", why: whyClose},
	"auto_exec":                      {keyword: "Auto_Exec", why: whyStart},
	"auto_new":                       {keyword: "Auto_New", why: whyNew},
	"auto_exit":                      {keyword: "Auto_Exit", why: whyExit},
	"document_open":                  {keyword: "Document_Open", why: whyOpen},
	"documentopen":                   {keyword: "DocumentOpen", why: whyOpen},
	"document_close":                 {keyword: "Document_Close", why: whyClose},
	"documentbeforeclose":            {keyword: "DocumentBeforeClose", why: whyClose},
	"documentchange":                 {keyword: "DocumentChange", why: whySwitch},
	"document_new":                   {keyword: "Document_New", why: whyNew},
	"newdocument":                    {keyword: "NewDocument", why: whyNew},
	"document_contentcontrolonenter": {keyword: "Document_ContentControlOnEnter", why: whyControl},
	"document_beforeclose":           {keyword: "Document_BeforeClose", why: whyClose},         // Publisher
	"document_documentopened":        {keyword: "Document_DocumentOpened", why: whyOpen},       // Visio
	"document_documentcreated":       {keyword: "Document_DocumentCreated", why: whyNew},       // Visio
	"document_beforedocumentclose":   {keyword: "Document_BeforeDocumentClose", why: whyClose}, // Visio
	"document_runmodeentered":        {keyword: "Document_RunModeEntered", why: whyOpen},       // Visio
	"workbook_open":                  {keyword: "Workbook_Open", why: whyOpen},
	"workbook_close":                 {keyword: "Workbook_Close", why: whyClose},
	"workbook_activate":              {keyword: "Workbook_Activate", why: whyOpen},
	"workbook_windowactivate":        {keyword: "Workbook_WindowActivate", why: whyOpen},
	"workbook_windowresize":          {keyword: "Workbook_WindowResize", why: whyOpen},
	"workbook_deactivate":            {keyword: "Workbook_Deactivate", why: whySwitch},
	"workbook_windowdeactivate":      {keyword: "Workbook_WindowDeactivate", why: whySwitch},
	"workbook_sheetactivate":         {keyword: "Workbook_SheetActivate", why: whySwitch},
	"workbook_sheetcalculate":        {keyword: "Workbook_SheetCalculate", why: whyCalc},
	"worksheet_calculate":            {keyword: "Worksheet_Calculate", why: whyCalc},
	"workbook_beforeclose":           {keyword: "Workbook_BeforeClose", why: whyClose},
	"workbook_addininstall":          {keyword: "Workbook_AddinInstall", why: whyOpen},
	"workbook_addinuninstall":        {keyword: "Workbook_AddinUninstall", why: whyClose},
	"project_open":                   {keyword: "Project_Open", why: whyOpen}, // Microsoft Project
	"project_activate":               {keyword: "Project_Activate", why: whyOpen},
	"project_calculate":              {keyword: "Project_Calculate", why: whyCalc},
	"project_beforeclose":            {keyword: "Project_BeforeClose", why: whyClose},
	"presentation_open":              {keyword: "Presentation_Open", why: whyOpen},
	"onslideshowpagechange":          {keyword: "OnSlideShowPageChange", why: whyPresent},
	"onslideshowterminate":           {keyword: "OnSlideShowTerminate", why: whyPresent},
	"slideshowbegin":                 {keyword: "SlideShowBegin", why: whyPresent},
	"application_startup":            {keyword: "Application_Startup", why: whyMail},   // Outlook
	"application_newmail":            {keyword: "Application_NewMail", why: whyMail},   // Outlook
	"application_newmailex":          {keyword: "Application_NewMailEx", why: whyMail}, // Outlook
	"application_quit":               {keyword: "Application_Quit", why: whyMail},      // Outlook
	"form_open":                      {keyword: "Form_Open", why: whyOpen},             // Access
	"form_load":                      {keyword: "Form_Load", why: whyOpen},             // Access
}

// uses lists procedures that come with a person's ordinary work in the document, saving or printing it, not with a button. They are
// no entry points, but one that starts programs is suspicious; the Worksheet events that honest forms live by are left out.
var uses = map[string]word{
	"workbook_beforesave":           {keyword: "Workbook_BeforeSave", why: whyWork},
	"workbook_aftersave":            {keyword: "Workbook_AfterSave", why: whyWork},
	"workbook_beforeprint":          {keyword: "Workbook_BeforePrint", why: whyWork},
	"workbook_newsheet":             {keyword: "Workbook_NewSheet", why: whyWork},
	"workbook_sheetchange":          {keyword: "Workbook_SheetChange", why: whyWork},
	"workbook_sheetselectionchange": {keyword: "Workbook_SheetSelectionChange", why: whyWork},
	"worksheet_selectionchange":     {keyword: "Worksheet_SelectionChange", why: whyWork},
	"worksheet_activate":            {keyword: "Worksheet_Activate", why: whyWork},
	"workbook_sheetdeactivate":      {keyword: "Workbook_SheetDeactivate", why: whyWork},
	"documentbeforesave":            {keyword: "DocumentBeforeSave", why: whyWork},
	"documentbeforeprint":           {keyword: "DocumentBeforePrint", why: whyWork},
	"document_contentcontrolonexit": {keyword: "Document_ContentControlOnExit", why: whyWork},
	"windowselectionchange":         {keyword: "WindowSelectionChange", why: whyWork},
	"fileopen":                      {keyword: "FileOpen", why: whyWork}, // Word runs a macro in place of its command of that name
	"filenew":                       {keyword: "FileNew", why: whyWork},
	"fileclose":                     {keyword: "FileClose", why: whyWork},
	"fileexit":                      {keyword: "FileExit", why: whyWork},
	"filesave":                      {keyword: "FileSave", why: whyWork},
	"filesaveas":                    {keyword: "FileSaveAs", why: whyWork},
	"fileprint":                     {keyword: "FilePrint", why: whyWork},
	"fileprintdefault":              {keyword: "FilePrintDefault", why: whyWork},
	"toolsmacro":                    {keyword: "ToolsMacro", why: whyWork},
	"viewvbcode":                    {keyword: "ViewVBCode", why: whyWork},
}

// autoModules are the module names whose Main Word runs.
var autoModules = map[string]bool{"autoexec": true, "autoexit": true, "autoopen": true, "autoclose": true, "autonew": true}

// controlEvents lists events of ActiveX controls that come without a deliberate act, by what follows the control's name.
var controlEvents = map[string]word{
	"layout":              {keyword: "_Layout", why: whyControl},
	"painted":             {keyword: "_Painted", why: whyControl},
	"painting":            {keyword: "_Painting", why: whyControl},
	"resize":              {keyword: "_Resize", why: whyControl},
	"gotfocus":            {keyword: "_GotFocus", why: whyControl},
	"lostfocus":           {keyword: "_LostFocus", why: whyControl},
	"mousemove":           {keyword: "_MouseMove", why: whyControl},
	"mousehover":          {keyword: "_MouseHover", why: whyControl},
	"mouseenter":          {keyword: "_MouseEnter", why: whyControl},
	"mouseleave":          {keyword: "_MouseLeave", why: whyControl},
	"onconnecting":        {keyword: "_OnConnecting", why: whyControl},
	"onconnected":         {keyword: "_OnConnected", why: whyControl},
	"ondisconnected":      {keyword: "_OnDisconnected", why: whyControl},
	"readystatechange":    {keyword: "_ReadyStateChange", why: whyControl},
	"beforenavigate2":     {keyword: "_BeforeNavigate2", why: whyBrowser},
	"beforescriptexecute": {keyword: "_BeforeScriptExecute", why: whyBrowser},
	"documentcomplete":    {keyword: "_DocumentComplete", why: whyBrowser},
	"downloadbegin":       {keyword: "_DownloadBegin", why: whyBrowser},
	"downloadcomplete":    {keyword: "_DownloadComplete", why: whyBrowser},
	"filedownload":        {keyword: "_FileDownload", why: whyBrowser},
	"navigatecomplete2":   {keyword: "_NavigateComplete2", why: whyBrowser},
	"navigateerror":       {keyword: "_NavigateError", why: whyBrowser},
	"progresschange":      {keyword: "_ProgressChange", why: whyBrowser},
	"propertychange":      {keyword: "_PropertyChange", why: whyBrowser},
	"setsecurelockicon":   {keyword: "_SetSecureLockIcon", why: whyBrowser},
	"statustextchange":    {keyword: "_StatusTextChange", why: whyBrowser},
	"titlechange":         {keyword: "_TitleChange", why: whyBrowser},
}

// sinks lists functions, statements and members whose arguments say what they do, in lower case.
var sinks = map[string]*word{
	"shell":                {"Shell", Execute, whyRun, hard},
	"createobject":         {"CreateObject", Execute, whyObject, byClass},
	"getobject":            {"GetObject", Execute, whyObject, byClass},
	"kill":                 {"Kill", Write, whyDelete, byDelete},
	"sendkeys":             {"SendKeys", Execute, whyKeys, byKeys},
	"executeexcel4macro":   {"ExecuteExcel4Macro", Execute, whyMacro4, byMacro4},
	"callbyname":           {"CallByName", Hide, whyHide, byMember},
	"run":                  {"Run", Execute, whyRun, byRun},
	"open":                 {"Documents.Open", Download, whyDownload, byRemote},
	"openxml":              {"Documents.Open", Download, whyDownload, byRemote},
	"add":                  {"AddIns.Add", Download, whyDownload, byRemote},
	"load":                 {"Load", Download, whyDownload, byRemote}, // MSXML
	"evaluate":             {"Evaluate", Hide, whyHide, byFormula},
	"toolsmacro":           {"ToolsMacro", Hide, whyHide, byRun}, // WordBasic
	"onaction":             {"OnAction", Hide, whyHide, byRun},
	"save":                 {"Save", Write, whyWrite, byPath},
	"ontime":               {"OnTime", Hide, whyHide, byRun},
	"onsheetactivate":      {"OnSheetActivate", Hide, whyHide, byRun}, // properties of Excel 5 that events start
	"onsheetdeactivate":    {"OnSheetDeactivate", Hide, whyHide, byRun},
	"onwindow":             {"OnWindow", Hide, whyHide, byRun},
	"oncalculate":          {"OnCalculate", Hide, whyHide, byRun},
	"ondata":               {"OnData", Hide, whyHide, byRun},
	"filecopy":             {"FileCopy", Write, whyWrite, byTarget},
	"copyfile":             {"CopyFile", Write, whyWrite, byTarget},
	"movefile":             {"MoveFile", Write, whyWrite, byTarget},
	"createtextfile":       {"CreateTextFile", Write, whyWrite, byTarget},
	"opentextfile":         {"OpenTextFile", Write, whyWrite, byTarget},
	"openastextstream":     {"OpenAsTextStream", Write, whyWrite, byTarget},
	"savetofile":           {"SaveToFile", Write, whyWrite, byTarget},
	"deletefile":           {"DeleteFile", Write, whyDelete, byDelete},
	"saveas":               {"SaveAs", Write, whyWrite, byPath},
	"saveas2":              {"SaveAs", Write, whyWrite, byPath},
	"savecopyas":           {"SaveAs", Write, whyWrite, byPath},
	"saveasrtf":            {"SaveAs", Write, whyWrite, byPath},
	"attachedtemplate":     {"AttachedTemplate", Download, whyDownload, byPath},
	"mkdir":                {"MkDir", Write, whyWrite, byPath},
	"rmdir":                {"RmDir", Write, whyDelete, byPath},
	"setattr":              {"SetAttr", Write, whyWrite, byPath},
	"privateprofilestring": {"PrivateProfileString", Write, whyRegistry, byPath},
	"navigate":             {"Navigate", Download, whyDownload, soft},
	"navigate2":            {"Navigate", Download, whyDownload, soft},
}

// names lists members and functions that count wherever code uses them, in lower case.
var names = map[string]*word{
	"macscript":              {"MacScript", Execute, whyRun, hard},
	"applescripttask":        {"AppleScriptTask", Execute, whyRun, hard},
	"ddeinitiate":            {"DDEInitiate", Execute, whyRun, hard},
	"ddeexecute":             {"DDEExecute", Execute, whyRun, hard},
	"registerxll":            {"RegisterXLL", Execute, whyNative, hard},
	"followhyperlink":        {"FollowHyperlink", Download, whyDownload, hard},
	"doverb":                 {"DoVerb", Execute, whyRun, hard},
	"follow":                 {"Follow", Download, whyDownload, asMember},
	"verb":                   {"DoVerb", Execute, whyRun, asMember},
	"execscript":             {"execScript", Execute, whyRun, hard},
	"transformnode":          {"transformNode", Execute, whyRun, hard}, // a style sheet may have scripts
	"transformnodetoobject":  {"transformNode", Execute, whyRun, hard},
	"createmhtmlbody":        {"CreateMHTMLBody", Download, whyDownload, hard},
	"createdocumentfromurl":  {"createDocumentFromUrl", Download, whyDownload, hard},
	"installproduct":         {"InstallProduct", Execute, whyRun, hard},
	"xlexcel4macrosheet":     {"xlExcel4MacroSheet", Execute, whyMacro4, hard},
	"xlexcel4intlmacrosheet": {"xlExcel4MacroSheet", Execute, whyMacro4, hard},
	"excel4macrosheets":      {"Excel4MacroSheets", Execute, whyMacro4, hard},
	"excel4intlmacrosheets":  {"Excel4MacroSheets", Execute, whyMacro4, hard},
	"strreverse":             {"StrReverse", Hide, whyHide, soft},
	"savesetting":            {"SaveSetting", Write, whyRegistry, soft},
	"regwrite":               {"RegWrite", Write, whyRegistry, hard},
	"vbcomponents":           {"VBComponents", Write, whySelf, hard},
	"addfromstring":          {"AddFromString", Write, whySelf, hard},
	"addfromfile":            {"AddFromFile", Write, whySelf, hard},
	"insertlines":            {"InsertLines", Write, whySelf, hard},
	"macrocopy":              {"MacroCopy", Write, whySelf, hard},
	"organizercopy":          {"OrganizerCopy", Write, whySelf, hard},
	"altstartuppath":         {"AltStartupPath", Write, whySelf, hard},
	"virusprotection":        {"VirusProtection", Write, whySelf, hard},
	"automationsecurity":     {"AutomationSecurity", Write, whySelf, soft},
	"shellexecute":           {"ShellExecute", Execute, whyRun, hard},
	"win32_process":          {"Win32_Process", Execute, whyWMI, hard},
	"getspecialfolder":       {"GetSpecialFolder", Write, whyWrite, soft},
	"responsebody":           {"ResponseBody", Download, whyDownload, hard},
	"execmethod":             {"ExecMethod", Execute, whyWMI, hard},
	"registertaskdefinition": {"RegisterTaskDefinition", Execute, whyRun, hard},
	"exec":                   {"Exec", Execute, whyRun, soft},
}

// openModes are the modes that write (MS-VBAL 5.4.5.1.1).
var openModes = map[string]word{
	"output": {"Open For Output", Write, whyWrite, byTarget},
	"append": {"Open For Append", Write, whyWrite, byTarget},
	"binary": {"Open For Binary", Write, whyWrite, byTarget},
	"random": {"Open For Random", Write, whyWrite, byTarget},
}

// class is what an object can do, by its ProgID or by its name in a type library.
type class struct {
	word
	ofRisk bool // honest code that starts by itself does not make it
}

// types lists classes by the name that New takes, in lower case.
var types = map[string]class{
	"wshshell":               {word{"WScript.Shell", Execute, whyRun, hard}, true},
	"iwshshell":              {word{"WScript.Shell", Execute, whyRun, hard}, true},
	"iwshshell3":             {word{"WScript.Shell", Execute, whyRun, hard}, true},
	"shell32.shell":          {word{"Shell.Application", Execute, whyRun, hard}, true},
	"shellbrowserwindow":     {word{"Shell.Application", Execute, whyRun, hard}, true},
	"shellwindows":           {word{"Shell.Application", Execute, whyRun, hard}, true},
	"xmlhttprequest":         {word{"MSXML2.XMLHTTP", Download, whyDownload, hard}, true},
	"freethreadedxmlhttp60":  {word{"MSXML2.XMLHTTP", Download, whyDownload, hard}, true},
	"xmlhttp":                {word{"MSXML2.XMLHTTP", Download, whyDownload, hard}, true},
	"xmlhttp26":              {word{"MSXML2.XMLHTTP", Download, whyDownload, hard}, true},
	"xmlhttp30":              {word{"MSXML2.XMLHTTP", Download, whyDownload, hard}, true},
	"xmlhttp40":              {word{"MSXML2.XMLHTTP", Download, whyDownload, hard}, true},
	"xmlhttp50":              {word{"MSXML2.XMLHTTP", Download, whyDownload, hard}, true},
	"xmlhttp60":              {word{"MSXML2.XMLHTTP", Download, whyDownload, hard}, true},
	"serverxmlhttp":          {word{"MSXML2.ServerXMLHTTP", Download, whyDownload, hard}, true},
	"serverxmlhttp30":        {word{"MSXML2.ServerXMLHTTP", Download, whyDownload, hard}, true},
	"serverxmlhttp40":        {word{"MSXML2.ServerXMLHTTP", Download, whyDownload, hard}, true},
	"serverxmlhttp60":        {word{"MSXML2.ServerXMLHTTP", Download, whyDownload, hard}, true},
	"winhttprequest":         {word{"WinHttp.WinHttpRequest", Download, whyDownload, hard}, true},
	"internetexplorer":       {word{"InternetExplorer.Application", Download, whyDownload, hard}, true},
	"internetexplorermedium": {word{"InternetExplorer.Application", Download, whyDownload, hard}, true},
	"stream":                 {word{"ADODB.Stream", Write, whyWrite, hard}, true},
	"swbemlocator":           {word{"WbemScripting.SWbemLocator", Execute, whyWMI, hard}, true},
	"scriptcontrol":          {word{"ScriptControl", Execute, whyRun, hard}, true},
	"taskscheduler":          {word{"Schedule.Service", Execute, whyRun, hard}, true},
}

// ordinary are classes that honest code makes all the time; what they can do beyond computing is found by its own name (CreateTextFile).
var ordinary = map[string]bool{
	"scripting.dictionary": true, "scripting.filesystemobject": true, "vbscript.regexp": true, "system.collections.arraylist": true,
	"system.collections.sortedlist": true, "system.collections.queue": true, "system.collections.stack": true, "system.random": true,
	"excel.application": true, "excel.sheet": true, "excel.chart": true, "word.application": true, "word.document": true,
	"powerpoint.application": true, "outlook.application": true, "access.application": true, "publisher.application": true,
	"visio.application": true, "onenote.application": true, "msproject.application": true,
	"adodb.connection": true, "adodb.recordset": true, "adodb.command": true, "adodb.error": true, "adox.catalog": true, "dao.dbengine": true,
	"dao.dbengine.35": true, "dao.dbengine.36": true, "dao.dbengine.120": true, "jro.jetengine": true,
	"msxml2.domdocument": true, "msxml2.domdocument.3.0": true, "msxml2.domdocument.4.0": true, "msxml2.domdocument.6.0": true,
	"microsoft.xmldom": true, "msxml.domdocument": true, "htmlfile": true, "mscomdlg.commondialog": true, "forms.dataobject": true,
	"new:{1c3b4210-f441-11ce-b9ea-00aa006b1a69}": true, // MSForms.DataObject, the clipboard
	"sapi.spvoice": true, "acroexch.app": true, "acroexch.pddoc": true, "acroexch.avdoc": true, "notes.notessession": true,
	"lotus.notessession": true, "notes.notesuiworkspace": true, "mapi.session": true, "cdo.message": true, "cdo.configuration": true,
	"collection": true, "wscript.network": true, "addin": true,
}

// libraries are the names that may stand before a function of the language, in lower case.
var libraries = map[string]bool{
	"vba": true, "strings": true, "conversion": true, "interaction": true, "information": true, "math": true, "filesystem": true,
	"_hiddenmodule": true, "global": true,
}

// constants are those of the language that text is built with (MS-VBAL 6.1.1).
var constants = map[string]value{
	"vbcrlf": str("\r\n"), "vbnewline": str("\r\n"), "vbcr": str("\r"), "vblf": str("\n"), "vbtab": str("\t"), "vbnullstring": str(""),
	"vbnullchar": str("\x00"), "vbback": str("\b"), "vbformfeed": str("\f"), "vbverticaltab": str("\v"), "empty": {k: empty}, "null": {}, "nothing": {},
	"true": num(-1), "false": num(0), "vbunicode": num(64), "vbfromunicode": num(128), "vbuppercase": num(1), "vblowercase": num(2),
	"vbbinarycompare": num(0), "vbtextcompare": num(1), "vbmethod": num(1), "vbget": num(2), "vblet": num(4), "vbset": num(8),
	"vbhide": num(0), "vbnormalfocus": num(1), "vbminimizedfocus": num(2), "vbmaximizedfocus": num(3), "vbobjecterror": num(-2147221504),
}

// hostTexts are properties of the programs that yield a folder.
var hostTexts = map[string]string{
	"startuppath": `%APPDATA%\Microsoft\Excel\XLSTART`, "templatespath": `%APPDATA%\Microsoft\Templates`,
}

// hostNames are words of the object model and functions that stand for something when no variable has the name.
var hostNames = map[string]bool{
	"activecell": true, "activesheet": true, "activeworkbook": true, "activedocument": true, "activewindow": true, "activepresentation": true,
	"activechart": true, "activeprinter": true, "application": true, "selection": true, "thisworkbook": true, "thisdocument": true, "now": true,
	"date": true, "time": true, "timer": true, "rnd": true, "err": true, "me": true, "worksheets": true, "workbooks": true, "sheets": true,
	"documents": true, "cells": true, "rows": true, "columns": true, "range": true, "freefile": true, "dir": true, "command": true,
	"userform": true, "normaltemplate": true, "activeexplorer": true, "names": true, "debug": true, "erl": true, "environ": true,
	"inputbox": true, "date$": true, "names$": true, "system": true, "options": true, "tasks": true, "addins": true, "charts": true,
	"windows": true, "username": true, "presentations": true, "slideshowwindows": true, "curdir": true, "doevents": true, "error": true,
}
