package xlm

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// entries are the names that Excel runs by themselves (MS-XLS 2.4.150, built-in names; MS-OFFMACRO2's _xlnm. names).
var entries = [...]string{"Auto_Open", "Auto_Close", "Auto_Activate", "Auto_Deactivate"}

// Entry says which entry point a name is, "" for none. Excel goes by the beginning of the name, without regard to case, width and characters
// that are not seen.
func Entry(name string) string {
	if len(name) > 0 && name[0] > ' ' && name[0] < 0x7F && name[0]|0x20 != 'a' && name[0] != '_' {
		return "" // most names: no mark behind its first letter makes it another
	}
	s := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Mn, r) || unicode.IsSpace(r) || r == unicode.ReplacementChar {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(name))
	s = strings.TrimPrefix(s, "_xlnm.")
	for _, e := range entries {
		if strings.HasPrefix(s, strings.ToLower(e)) {
			return e
		}
	}
	return ""
}

// harmful lists procedures of Windows libraries that loaders call, in lower case, without the A or W of their character set.
var harmful = map[string]string{
	"urldownloadtofile": "URLDownloadToFile", "urldownloadtocachefile": "URLDownloadToCacheFile", "urlopenblockingstream": "URLOpenBlockingStream",
	"internetopen": "InternetOpen", "internetopenurl": "InternetOpenUrl", "internetreadfile": "InternetReadFile", "httpsendrequest": "HttpSendRequest",
	"shellexecute": "ShellExecute", "shellexecuteex": "ShellExecuteEx", "createprocess": "CreateProcess", "winexec": "WinExec", "system": "system",
	"_wsystem": "_wsystem", "loadlibrary": "LoadLibrary", "loadmodule": "LoadModule", "getprocaddress": "GetProcAddress",
	"virtualalloc": "VirtualAlloc", "virtualallocex": "VirtualAllocEx", "virtualprotect": "VirtualProtect", "heapcreate": "HeapCreate", "heapalloc": "HeapAlloc",
	"ntallocatevirtualmemory": "NtAllocateVirtualMemory", "zwallocatevirtualmemory": "ZwAllocateVirtualMemory", "writeprocessmemory": "WriteProcessMemory",
	"rtlmovememory": "RtlMoveMemory", "rtlcopymemory": "RtlCopyMemory", "memcpy": "memcpy", "memmove": "memmove", "createthread": "CreateThread",
	"createremotethread": "CreateRemoteThread", "rtlcreateuserthread": "RtlCreateUserThread", "ntcreatethreadex": "NtCreateThreadEx",
	"queueuserapc": "QueueUserAPC", "ntqueueapcthread": "NtQueueApcThread", "ntqueueapcthreadex": "NtQueueApcThreadEx", "ntwritevirtualmemory": "NtWriteVirtualMemory",
	"createfile": "CreateFile", "writefile": "WriteFile", "copyfile": "CopyFile", "movefile": "MoveFile", "createdirectory": "CreateDirectory",
	"shcreatedirectoryex": "SHCreateDirectoryEx", "regsetvalueex": "RegSetValueEx", "regcreatekeyex": "RegCreateKeyEx", "cocreateinstance": "CoCreateInstance",
	"openprocess": "OpenProcess", "zipfldr": "zipfldr", "execquery": "ExecQuery", "dllregisterserver": "DllRegisterServer",
	"enumsystemlocales": "EnumSystemLocales", "enumwindows": "EnumWindows", "callwindowproc": "CallWindowProc",
}

// harmless lists procedures that honest macros of their time called to ask for things and to arrange windows.
var harmless = setOf("gettickcount", "getsystemmetrics", "getactivewindow", "getfocus", "findwindow", "getwindow", "getwindowtext", "getwindowrect", "getdc", "releasedc",
	"getdevicecaps", "getversion", "getversionex", "getprivateprofilestring", "getprivateprofileint", "getprofilestring", "writeprivateprofilestring",
	"writeprofilestring", "getwindowsdirectory", "getsystemdirectory", "gettemppath", "getcurrentdirectory", "setcurrentdirectory", "getdrivetype",
	"getdiskfreespace", "getusername", "getcomputername", "wnetgetuser", "messagebeep", "messagebox", "sndplaysound", "mcisendstring", "showcursor", "setcursorpos",
	"getcursorpos", "getkeystate", "getasynckeystate", "sleep", "iszoomed", "isiconic", "showwindow", "movewindow", "setwindowpos", "setwindowtext",
	"bringwindowtotop", "setfocus", "iswindow", "getmodulehandle", "getmodulefilename", "getfreespace", "getlocaltime", "getsystemtime", "winhelp")

// systemLibraries are Windows' own, 16-bit ones included, without their extension.
var systemLibraries = setOf("kernel", "kernel32", "kernelbase", "user", "user32", "gdi", "gdi32", "shell", "shell32", "shlwapi", "ntdll", "advapi32", "urlmon", "wininet", "winhttp",
	"ole32", "oleaut32", "msvcrt", "ws2_32", "wsock32", "mmsystem", "winmm", "mpr", "version", "comctl32", "comdlg32", "secur32", "netapi32", "psapi", "zipfldr", "ieframe",
	"advpack", "scrobj", "mshtml", "setupapi", "crypt32", "rpcrt4", "dbghelp", "iphlpapi", "lsapi", "ieadvpack", "url", "shdocvw", "pcwutl", "shimgvw")

// companions are libraries that came with Excel and that its own add-ins call.
var companions = setOf("solver", "solver32", "solvr32", "xlquery", "xlquery32", "xlodbc", "xlodbc32", "analys32.xll", "analysis.xll", "analysf", "xlcall", "xlcall32", "ctl3d", "ctl3d32")

// shells are names under which programs that run others answer, or are started, by DDE.
var shells = setOf("cmd", "command", "powershell", "pwsh", "mshta", "wscript", "cscript", "rundll32", "regsvr32", "certutil", "msiexec", "explorer", "bitsadmin", "wmic")

// setOf makes a set.
func setOf(words ...string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, w := range words {
		set[w] = true
	}
	return set
}

// commands lists what in a text tells of a program run, in lower case.
var commands = [...]string{
	"regsvr32", "rundll32", "powershell", "mshta", "cmd.exe", "cmd /c", "cmd /k", "cmd.exe /c", "wscript.exe", "cscript.exe", "certutil", "bitsadmin", "wmic ", "msiexec",
	"urldownloadtofile", "shellexecute", "createprocess", "virtualalloc", "writeprocessmemory", "createthread", "wscript.shell", "shell.application",
	"javascript:", "vbscript:", "schtasks", "msxml2.xmlhttp", "adodb.stream", "winmgmts:", "explorer.exe ",
}

// macroOnly lists functions that only macro sheets have and that lead, write or reach out: a formula that is put together and holds one is code.
var macroOnly = setOf("EXEC", "CALL", "REGISTER", "REGISTER.ID", "RUN", "GOTO", "HALT", "RETURN", "FORMULA", "FORMULA.FILL", "FORMULA.ARRAY", "SET.VALUE", "SET.NAME",
	"DEFINE.NAME", "FOPEN", "FWRITE", "FWRITELN", "FREAD", "FREADLN", "FCLOSE", "INITIATE", "EXECUTE", "POKE", "SEND.KEYS", "ALERT", "CLOSE", "FILE.CLOSE", "FILE.DELETE",
	"FILES", "QUIT", "GET.WORKSPACE", "GET.WINDOW", "GET.DOCUMENT", "GET.CELL", "GET.NOTE", "GET.OBJECT", "ON.TIME", "WAIT", "WHILE", "NEXT", "FOR", "FOR.CELL", "END.IF",
	"ELSE", "ELSE.IF", "WORKBOOK.HIDE", "WORKBOOK.UNHIDE", "WORKBOOK.DELETE", "WORKBOOK.ACTIVATE", "APP.MAXIMIZE", "APP.MINIMIZE", "ECHO", "ERROR", "EVALUATE", "DIRECTORY",
	"CREATE.DIRECTORY", "SAVE.AS", "VBA.INSERT.FILE", "ARGUMENT", "SELECT", "ACTIVE.CELL", "TEXTREF", "ABSREF", "DEREF", "INPUT")
