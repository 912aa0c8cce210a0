package oleparse

// word is an entry of a closed list.
type word struct{ keyword, why string }

const (
	whyOpen     = "runs when the document is opened"
	whyClose    = "runs when the document is closed"
	whyNew      = "runs when a document is made from it"
	whyStart    = "runs when the program starts"
	whyExit     = "runs when the program ends"
	whySwitch   = "runs when the window is switched to or away from"
	whyControl  = "runs by itself when the control is drawn or touched by the pointer"
	whyBrowser  = "runs by itself when an embedded browser loads"
	whyPresent  = "runs when the presentation is shown"
	whyRun      = "runs another program"
	whyObject   = "makes an object of any installed program"
	whyDownload = "fetches from the network"
	whyWrite    = "writes a file"
	whyDelete   = "deletes files"
	whyNative   = "calls native code"
	whyInject   = "writes and runs machine code in memory"
	whyHide     = "hides what is called"
	whyHost     = "looks at the user's environment"
	whyMacro4   = "runs Excel 4 macro functions"
	whySelf     = "changes macros or their security settings"
	whyKeys     = "types keys into other programs"
	whyRegistry = "changes the registry"
	whySystem   = "a system program that malware starts"
	whyWMI      = "reaches the system through WMI"
	whyBuild    = "puts text together from character codes"
)

// autoexec lists procedures that a program runs by itself, in lower case: the auto macros of Word and Excel, and events of documents. Events that
// a person causes by working in the document (Worksheet_Change, a button's Click) are not here.
var autoexec = map[string]word{
	"autoexec":                     {"AutoExec", whyStart},
	"autoexit":                     {"AutoExit", whyExit},
	"autoopen":                     {"AutoOpen", whyOpen},
	"autoclose":                    {"AutoClose", whyClose},
	"autonew":                      {"AutoNew", whyNew},
	"auto_open":                    {"Auto_Open", whyOpen},
	"auto_close":                   {"Auto_Close", whyClose},
	"auto_activate":                {"Auto_Activate", whySwitch},
	"auto_deactivate":              {"Auto_Deactivate", whySwitch},
	"auto_add":                     {"Auto_Add", whyOpen},
	"auto_remove":                  {"Auto_Remove", whyClose},
	"document_open":                {"Document_Open", whyOpen},
	"document_close":               {"Document_Close", whyClose},
	"document_new":                 {"Document_New", whyNew},
	"document_beforeclose":         {"Document_BeforeClose", whyClose},         // Publisher
	"document_documentopened":      {"Document_DocumentOpened", whyOpen},       // Visio
	"document_documentcreated":     {"Document_DocumentCreated", whyNew},       // Visio
	"document_beforedocumentclose": {"Document_BeforeDocumentClose", whyClose}, // Visio
	"document_runmodeentered":      {"Document_RunModeEntered", whyOpen},       // Visio
	"workbook_open":                {"Workbook_Open", whyOpen},
	"workbook_activate":            {"Workbook_Activate", whyOpen},
	"workbook_windowactivate":      {"Workbook_WindowActivate", whyOpen},
	"workbook_windowresize":        {"Workbook_WindowResize", whyOpen},
	"workbook_deactivate":          {"Workbook_Deactivate", whySwitch},
	"workbook_windowdeactivate":    {"Workbook_WindowDeactivate", whySwitch},
	"workbook_beforeclose":         {"Workbook_BeforeClose", whyClose},
	"workbook_addininstall":        {"Workbook_AddinInstall", whyOpen},
	"workbook_addinuninstall":      {"Workbook_AddinUninstall", whyClose},
	"project_open":                 {"Project_Open", whyOpen}, // Microsoft Project
	"onslideshowpagechange":        {"OnSlideShowPageChange", whyPresent},
	"onslideshowterminate":         {"OnSlideShowTerminate", whyPresent},
}

// controlEvents lists events of ActiveX controls that come without a deliberate act, by what follows the control's name.
var controlEvents = map[string]word{
	"layout":              {"_Layout", whyControl},
	"painted":             {"_Painted", whyControl},
	"painting":            {"_Painting", whyControl},
	"resize":              {"_Resize", whyControl},
	"gotfocus":            {"_GotFocus", whyControl},
	"lostfocus":           {"_LostFocus", whyControl},
	"mousemove":           {"_MouseMove", whyControl},
	"mousehover":          {"_MouseHover", whyControl},
	"mouseenter":          {"_MouseEnter", whyControl},
	"mouseleave":          {"_MouseLeave", whyControl},
	"onconnecting":        {"_OnConnecting", whyControl},
	"beforenavigate2":     {"_BeforeNavigate2", whyBrowser},
	"beforescriptexecute": {"_BeforeScriptExecute", whyBrowser},
	"documentcomplete":    {"_DocumentComplete", whyBrowser},
	"downloadbegin":       {"_DownloadBegin", whyBrowser},
	"downloadcomplete":    {"_DownloadComplete", whyBrowser},
	"filedownload":        {"_FileDownload", whyBrowser},
	"navigatecomplete2":   {"_NavigateComplete2", whyBrowser},
	"navigateerror":       {"_NavigateError", whyBrowser},
	"progresschange":      {"_ProgressChange", whyBrowser},
	"propertychange":      {"_PropertyChange", whyBrowser},
	"setsecurelockicon":   {"_SetSecureLockIcon", whyBrowser},
	"statustextchange":    {"_StatusTextChange", whyBrowser},
	"titlechange":         {"_TitleChange", whyBrowser},
}

// calls lists statements and functions of the language itself, in lower case: they count where they are called and not where a variable or
// another object's member has the name.
var calls = map[string]word{
	"shell":   {"Shell", whyRun},
	"kill":    {"Kill", whyDelete},
	"environ": {"Environ", whyHost},
}

// objects lists functions that make an object of the class they are told.
var objects = map[string]word{
	"createobject": {"CreateObject", whyObject},
	"getobject":    {"GetObject", whyObject},
}

// ordinaryClasses are made by honest workbooks all the time; what they can do beyond computing is found by its own name (CreateTextFile).
var ordinaryClasses = map[string]bool{
	"scripting.dictionary":         true,
	"scripting.filesystemobject":   true,
	"vbscript.regexp":              true,
	"system.collections.arraylist": true,
	"excel.application":            true,
	"word.application":             true,
	"powerpoint.application":       true,
	"outlook.application":          true,
	"access.application":           true,
	"adodb.connection":             true,
	"adodb.recordset":              true,
	"adodb.command":                true,
	"adox.catalog":                 true,
	"msxml2.domdocument":           true,
	"msxml2.domdocument.6.0":       true,
	"htmlfile":                     true,
}

// names lists members and functions that count wherever code uses them, in lower case.
var names = map[string]word{
	"macscript":               {"MacScript", whyRun},
	"applescripttask":         {"AppleScriptTask", whyRun},
	"callbyname":              {"CallByName", whyHide},
	"strreverse":              {"StrReverse", whyHide},
	"executeexcel4macro":      {"ExecuteExcel4Macro", whyMacro4},
	"ddeinitiate":             {"DDEInitiate", whyRun},
	"shellexecute":            {"ShellExecute", whyRun},
	"shellexecutea":           {"ShellExecute", whyRun},
	"shellexecutew":           {"ShellExecute", whyRun},
	"shellexecuteexa":         {"ShellExecute", whyRun},
	"shellexecuteexw":         {"ShellExecute", whyRun},
	"winexec":                 {"WinExec", whyRun},
	"createprocess":           {"CreateProcess", whyRun},
	"createprocessa":          {"CreateProcess", whyRun},
	"createprocessw":          {"CreateProcess", whyRun},
	"followhyperlink":         {"FollowHyperlink", whyDownload},
	"urldownloadtofile":       {"URLDownloadToFile", whyDownload},
	"urldownloadtofilea":      {"URLDownloadToFile", whyDownload},
	"urldownloadtofilew":      {"URLDownloadToFile", whyDownload},
	"urldownloadtocachefile":  {"URLDownloadToFile", whyDownload},
	"urldownloadtocachefilea": {"URLDownloadToFile", whyDownload},
	"urldownloadtocachefilew": {"URLDownloadToFile", whyDownload},
	"internetopenurl":         {"InternetOpenUrl", whyDownload},
	"internetopenurla":        {"InternetOpenUrl", whyDownload},
	"internetopenurlw":        {"InternetOpenUrl", whyDownload},
	"internetreadfile":        {"InternetReadFile", whyDownload},
	"savetofile":              {"SaveToFile", whyWrite},
	"createtextfile":          {"CreateTextFile", whyWrite},
	"regwrite":                {"RegWrite", whyRegistry},
	"sendkeys":                {"SendKeys", whyKeys},
	"vbcomponents":            {"VBComponents", whySelf},
	"addfromstring":           {"AddFromString", whySelf},
	"accessvbom":              {"AccessVBOM", whySelf},
	"vbawarnings":             {"VBAWarnings", whySelf},
	"automationsecurity":      {"AutomationSecurity", whySelf},
	"virtualalloc":            {"VirtualAlloc", whyInject},
	"virtualallocex":          {"VirtualAlloc", whyInject},
	"virtualprotect":          {"VirtualProtect", whyInject},
	"writeprocessmemory":      {"WriteProcessMemory", whyInject},
	"createthread":            {"CreateThread", whyInject},
	"createremotethread":      {"CreateRemoteThread", whyInject},
	"queueuserapc":            {"QueueUserAPC", whyInject},
	"heapcreate":              {"HeapCreate", whyInject},
}

// texts lists what counts inside string literals, in lower case: class names, system programs, and the names above when they are passed
// as text (an Alias, CallByName).
var texts = map[string]word{
	"wscript.shell":                 {"WScript.Shell", whyRun},
	"shell.application":             {"Shell.Application", whyRun},
	"adodb.stream":                  {"ADODB.Stream", whyWrite},
	"msxml2.xmlhttp":                {"MSXML2.XMLHTTP", whyDownload},
	"msxml2.serverxmlhttp":          {"MSXML2.ServerXMLHTTP", whyDownload},
	"microsoft.xmlhttp":             {"Microsoft.XMLHTTP", whyDownload},
	"winhttp.winhttprequest":        {"WinHttp.WinHttpRequest", whyDownload},
	"internetexplorer.application":  {"InternetExplorer.Application", whyDownload},
	"schedule.service":              {"Schedule.Service", whyRun},
	"winmgmts":                      {"winmgmts", whyWMI},
	"wbemscripting.swbemlocator":    {"WbemScripting.SWbemLocator", whyWMI},
	"win32_process":                 {"Win32_Process", whyWMI},
	"win32_processstartup":          {"Win32_ProcessStartup", whyWMI},
	"msscriptcontrol.scriptcontrol": {"MSScriptControl.ScriptControl", whyRun},
	"scriptcontrol":                 {"ScriptControl", whyRun},
	"powershell":                    {"PowerShell", whySystem},
	"pwsh":                          {"PowerShell", whySystem},
	"cmd.exe":                       {"cmd.exe", whySystem},
	"mshta":                         {"mshta", whySystem},
	"rundll32":                      {"rundll32", whySystem},
	"regsvr32":                      {"regsvr32", whySystem},
	"certutil":                      {"certutil", whySystem},
	"bitsadmin":                     {"bitsadmin", whySystem},
	"wscript.exe":                   {"wscript.exe", whySystem},
	"cscript.exe":                   {"cscript.exe", whySystem},
	"schtasks":                      {"schtasks", whySystem},
	"wmic":                          {"wmic", whySystem},
	"msiexec":                       {"msiexec", whySystem},
	"curl.exe":                      {"curl.exe", whyDownload},
}

// Found by their shape rather than by one word.
var (
	declareLib = word{"Declare Lib", whyNative}
	chrHeavy   = word{"Chr", whyBuild}
	openModes  = map[string]word{ // MS-VBAL 5.4.5.1.1, the modes that write
		"output": {"Open For Output", whyWrite},
		"append": {"Open For Append", whyWrite},
		"binary": {"Open For Binary", whyWrite},
		"random": {"Open For Random", whyWrite},
	}
)
