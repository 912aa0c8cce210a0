package vba

// External procedures (MS-VBAL 5.2.3.5): judged by the library's and the function's own name, as the project may give them any other.

import "strings"

// natives lists functions of Windows that malware declares, in lower case and without the A or W of their names.
var natives = map[string]word{
	"shellexecute": {"ShellExecute", Execute, whyRun, hard}, "shellexecuteex": {"ShellExecute", Execute, whyRun, hard},
	"winexec": {"WinExec", Execute, whyRun, hard}, "createprocess": {"CreateProcess", Execute, whyRun, hard},
	"system": {"system", Execute, whyRun, hard}, "_wsystem": {"system", Execute, whyRun, hard},
	"urldownloadtofile": {"URLDownloadToFile", Download, whyDownload, hard}, "urldownloadtocachefile": {"URLDownloadToFile", Download, whyDownload, hard},
	"urlopenblockingstream": {"URLOpenBlockingStream", Download, whyDownload, hard}, "internetopen": {"InternetOpen", Download, whyDownload, hard},
	"internetopenurl": {"InternetOpenUrl", Download, whyDownload, hard}, "internetreadfile": {"InternetReadFile", Download, whyDownload, hard},
	"internetconnect": {"InternetConnect", Download, whyDownload, hard}, "httpsendrequest": {"HttpSendRequest", Download, whyDownload, hard},
	"winhttpopen": {"WinHttpOpen", Download, whyDownload, hard}, "winhttpsendrequest": {"WinHttpSendRequest", Download, whyDownload, hard},
	"virtualalloc": {"VirtualAlloc", Execute, whyInject, hard}, "virtualallocex": {"VirtualAlloc", Execute, whyInject, hard},
	"virtualprotect": {"VirtualProtect", Execute, whyInject, hard}, "virtualprotectex": {"VirtualProtect", Execute, whyInject, hard},
	"heapcreate": {"HeapCreate", Execute, whyInject, hard}, "writeprocessmemory": {"WriteProcessMemory", Execute, whyInject, hard},
	"ntallocatevirtualmemory": {"VirtualAlloc", Execute, whyInject, hard}, "zwallocatevirtualmemory": {"VirtualAlloc", Execute, whyInject, hard},
	"ntwritevirtualmemory": {"WriteProcessMemory", Execute, whyInject, hard}, "zwwritevirtualmemory": {"WriteProcessMemory", Execute, whyInject, hard},
	"createthread": {"CreateThread", Execute, whyInject, hard}, "createremotethread": {"CreateThread", Execute, whyInject, hard},
	"rtlcreateuserthread": {"CreateThread", Execute, whyInject, hard}, "ntcreatethreadex": {"CreateThread", Execute, whyInject, hard},
	"queueuserapc": {"QueueUserAPC", Execute, whyInject, hard}, "ntqueueapcthread": {"QueueUserAPC", Execute, whyInject, hard},
	"setthreadcontext": {"SetThreadContext", Execute, whyInject, hard}, "openprocess": {"OpenProcess", Execute, whyInject, soft},
	"createtimerqueuetimer": {"CreateTimerQueueTimer", Execute, whyInject, hard}, "createfiber": {"CreateFiber", Execute, whyInject, hard},
	"convertthreadtofiber": {"CreateFiber", Execute, whyInject, hard}, "graystring": {"GrayString", Execute, whyInject, hard},
	"loadlibrary": {"LoadLibrary", Execute, whyNative, soft}, "getprocaddress": {"GetProcAddress", Execute, whyNative, soft},
	"dispcallfunc": {"DispCallFunc", Execute, whyNative, soft}, "callwindowproc": {"CallWindowProc", Execute, whyNative, soft},
	"rtlmovememory": {"RtlMoveMemory", Write, whyNative, soft}, "settimer": {"SetTimer", Execute, whyNative, soft},
	"uuidfromstring": {"UuidFromString", Execute, whyInject, hard}, "rtlipv4stringtoaddress": {"RtlIpv4StringToAddress", Execute, whyInject, hard},
	"loadmodule": {"LoadModule", Execute, whyRun, hard}, "createprocessasuser": {"CreateProcess", Execute, whyRun, hard},
	"createprocesswithlogon": {"CreateProcess", Execute, whyRun, hard}, "createprocesswithtoken": {"CreateProcess", Execute, whyRun, hard},
	"rtlcreateuserprocess": {"CreateProcess", Execute, whyRun, hard}, "ntcreateuserprocess": {"CreateProcess", Execute, whyRun, hard},
	"shellexec_rundll": {"ShellExecute", Execute, whyRun, hard}, "realshellexecute": {"ShellExecute", Execute, whyRun, hard},
	"createservice": {"CreateService", Execute, whyRun, hard}, "startservice": {"StartService", Execute, whyRun, hard},
	"_popen": {"system", Execute, whyRun, hard}, "_wpopen": {"system", Execute, whyRun, hard}, "_spawnl": {"system", Execute, whyRun, hard},
	"_spawnlp": {"system", Execute, whyRun, hard}, "_spawnv": {"system", Execute, whyRun, hard}, "_execl": {"system", Execute, whyRun, hard},
	"_execlp": {"system", Execute, whyRun, hard}, "_execv": {"system", Execute, whyRun, hard},
	"ldrloaddll": {"LdrLoadDll", Execute, whyNative, hard}, "ntmapviewofsection": {"VirtualAlloc", Execute, whyInject, hard},
	"zwmapviewofsection": {"VirtualAlloc", Execute, whyInject, hard}, "ntprotectvirtualmemory": {"VirtualProtect", Execute, whyInject, hard},
	"zwprotectvirtualmemory": {"VirtualProtect", Execute, whyInject, hard}, "virtualallocexnuma": {"VirtualAlloc", Execute, whyInject, hard},
	"virtualalloc2": {"VirtualAlloc", Execute, whyInject, hard}, "queueuserworkitem": {"CreateThread", Execute, whyInject, hard},
	"createthreadpoolwait": {"CreateThread", Execute, whyInject, hard}, "createthreadpoolwork": {"CreateThread", Execute, whyInject, hard},
	"createthreadpooltimer": {"CreateThread", Execute, whyInject, hard}, "registerwaitforsingleobject": {"CreateThread", Execute, whyInject, hard},
	"linedda": {"Enum callback", Execute, whyInject, hard}, "certenumsystemstore": {"Enum callback", Execute, whyInject, hard},
	"cryptenumoidinfo": {"Enum callback", Execute, whyInject, hard}, "ftpgetfile": {"FtpGetFile", Download, whyDownload, hard},
	"httpopenrequest": {"HttpSendRequest", Download, whyDownload, hard}, "connect": {"connect", Download, whyDownload, hard},
	"wsaconnect": {"connect", Download, whyDownload, hard}, "_lwrite": {"WriteFile", Write, whyWrite, hard}, "_hwrite": {"WriteFile", Write, whyWrite, hard},
	"copyfileex": {"CopyFile", Write, whyWrite, soft}, "createhardlink": {"CopyFile", Write, whyWrite, soft},
	"writeprivateprofilestring": {"WritePrivateProfileString", Write, whyWrite, soft},
	"createfile":                {"CreateFile", Write, whyWrite, soft}, "writefile": {"WriteFile", Write, whyWrite, hard}, "_lcreat": {"_lcreat", Write, whyWrite, hard},
	"copyfile": {"CopyFile", Write, whyWrite, soft}, "movefile": {"MoveFile", Write, whyWrite, soft}, "movefileex": {"MoveFile", Write, whyWrite, soft},
	"shfileoperation": {"SHFileOperation", Write, whyDelete, soft}, "deletefile": {"DeleteFile", Write, whyDelete, soft},
	"regsetvalue": {"RegSetValue", Write, whyRegistry, hard}, "regsetvalueex": {"RegSetValue", Write, whyRegistry, hard},
	"regcreatekey": {"RegCreateKey", Write, whyRegistry, soft}, "regcreatekeyex": {"RegCreateKey", Write, whyRegistry, soft},
}

// systemLibraries are those whose other functions honest code declares.
var systemLibraries = map[string]bool{
	"user32": true, "kernel32": true, "gdi32": true, "gdiplus": true, "comdlg32": true, "comctl32": true, "winmm": true, "winspool.drv": true,
	"oleaut32": true, "ole32": true, "olepro32": true, "version": true, "mpr": true, "advapi32": true, "shell32": true, "shlwapi": true,
	"imm32": true, "uxtheme": true, "psapi": true, "netapi32": true, "oleacc": true, "hhctrl.ocx": true, "wininet": true, "sensapi": true,
	"dwmapi": true, "iphlpapi": true, "ws2_32": true, "wsock32": true, "secur32": true, "crypt32": true, "winscard": true, "setupapi": true,
	"msimg32": true, "wtsapi32": true, "userenv": true, "credui": true, "shcore": true, "msvcrt": true, "ntdll": true, "mapi32": true, "msvfw32": true,
	"sqlite3": true, "vba6": true, "vbe7": true, "vbe6": true, "msvbvm60": true, "libc.dylib": true, "odbc32": true, "odbccp32": true,
}

// enumerators are those whose callback lists what honest code wants to know; any other one runs machine code through its callback.
var enumerators = map[string]bool{
	"enumwindows": true, "enumchildwindows": true, "enumthreadwindows": true, "enumdesktopwindows": true, "enumprinters": true, "enumfonts": true,
	"enumfontfamilies": true, "enumfontfamiliesex": true, "enumdisplaymonitors": true, "enumdisplaysettings": true, "enumdisplaysettingsex": true,
	"enumdisplaydevices": true, "enumprocesses": true, "enumprocessmodules": true, "enumprocessmodulesex": true, "enumclipboardformats": true,
	"enumjobs": true, "enumports": true, "enumforms": true,
}

// inSystem says whether a folder is where Windows keeps its libraries.
func inSystem(folder string) bool {
	return strings.HasSuffix(folder, `\windows\system32`) || strings.HasSuffix(folder, `\windows\syswow64`) || strings.HasSuffix(folder, `\windows\system`)
}

// graver is the word of two procedures of one name that can do more.
func graver(a, b *word) *word {
	if a != nil && (a.rule == hard || b.keyword == "") {
		return a
	}
	return b
}

// external is what a declared procedure can do (MS-VBAL 5.2.3.5); a word without a keyword can do nothing of interest.
func external(lib, name string) *word {
	low := strings.ToLower(name)
	key := strings.TrimSuffix(strings.TrimSuffix(low, "a"), "w")
	for _, k := range [...]string{low, strings.TrimSuffix(low, "a"), key} {
		if w, ok := natives[k]; ok {
			return &w
		}
	}
	if strings.HasPrefix(low, "enum") && !enumerators[low] && !enumerators[key] {
		return &word{"Enum callback", Execute, whyInject, hard}
	}
	lib = strings.ToLower(lib)
	if i := strings.LastIndexAny(lib, `\/`); i >= 0 && inSystem(lib[:i]) {
		lib = lib[i+1:]
	}
	if systemLibraries[strings.TrimSuffix(strings.TrimSpace(lib), ".dll")] && !strings.HasPrefix(name, "#") {
		return &word{}
	}
	return &word{"Declare Lib", Execute, whyNative, hard}
}
