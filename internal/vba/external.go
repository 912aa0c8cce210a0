package vba

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
	"createfile": {"CreateFile", Write, whyWrite, soft}, "writefile": {"WriteFile", Write, whyWrite, hard}, "_lcreat": {"_lcreat", Write, whyWrite, hard},
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
	if i := strings.LastIndexAny(lib, `\/`); i >= 0 {
		lib = lib[i+1:]
	}
	if systemLibraries[strings.TrimSuffix(strings.TrimSpace(lib), ".dll")] && !strings.HasPrefix(name, "#") {
		return &word{}
	}
	return &word{"Declare Lib", Execute, whyNative, hard}
}
