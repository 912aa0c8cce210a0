package inspect

import (
	"fmt"
	"strings"

	"sekisho/internal/lnk"
)

// shortcut is a shortcut with the name it came under.
type shortcut struct {
	*lnk.Link
	name string
}

// argsShown is how many characters of the arguments the Explorer's dialog shows.
const argsShown = 259

// reasons says why the shortcut is one as attackers make it. Shortcuts to programs, documents, folders and file servers, as people send
// them to each other, have none.
func (c shortcut) reasons() []string {
	var why []string
	for _, reason := range []func() string{c.hosted, c.remote, c.hidden, c.addressed, c.disguised} {
		if r := reason(); r != "" {
			why = append(why, r)
		}
	}
	return why
}

// hosted: the target is a program that runs what its arguments say.
func (c shortcut) hosted() string {
	if strings.TrimSpace(c.Arguments) == "" {
		return ""
	}
	for _, t := range c.Targets() {
		if name := programName(t); runsArguments(name) && !everyday(name, strings.ToLower(c.Arguments)) && !ownScript(t, c.Arguments) ||
			opensBeside(name, strings.ToLower(c.Arguments)) {
			return fmt.Sprintf("%.30q runs its arguments", name)
		}
	}
	return ""
}

// programName is a path's program in lower case, without quotes, folders and ".exe".
func programName(path string) string {
	name := strings.ToLower(baseName(strings.Trim(path, "\" \t")))
	if name == "%comspec%" {
		return "cmd"
	}
	for _, ext := range []string{".exe", ".vbs", ".wsf"} { // Windows' own scripts run arguments, too
		name = strings.TrimSuffix(name, ext)
	}
	return name
}

// baseName is the last step of a path of either style.
func baseName(path string) string { return path[strings.LastIndexAny(path, `\/`)+1:] }

// runsArguments reports whether a program of Windows starts, fetches or registers what its arguments name.
func runsArguments(name string) bool {
	switch name {
	case "cmd", "powershell", "powershell_ise", "pwsh", "mshta", "wscript", "cscript", "rundll32", "regsvr32", "regsvcs", "regasm", "msiexec",
		"certutil", "curl", "bitsadmin", "forfiles", "conhost", "ftp", "tftp", "hh", "wmic", "ssh", "scp", "sftp", "msbuild", "installutil",
		"odbcconf", "pcalua", "schtasks", "at", "bash", "wsl", "python", "pythonw", "py", "node", "cmstp", "presentationhost", "msdt",
		"scriptrunner", "syncappvpublishingserver", "esentutl", "expand", "extrac32", "extexport", "finger", "ie4uinit", "infdefaultinstall",
		"register-cimprovider", "xwizard", "mavinject", "runonce", "verclsid", "winrm", "winrs", "dnscmd", "net", "reg", "regini", "sc",
		"stordiag", "atbroker", "gpscript", "appvlp", "bginfo", "cdb", "csc", "vbc", "jsc", "dfsvc", "diskshadow", "xcopy", "robocopy",
		"replace", "makecab", "findstr", "start", "wt", "tar", "desktopimgdownldr", "launch-vsdevshell", "autoit3", "psexec", "tttracer":
		return true
	}
	return false
}

// everyday tells the arguments that Windows' own shortcuts and installers give such programs.
func everyday(name, args string) bool {
	args = strings.TrimSpace(args)
	switch name {
	case "rundll32":
		dll, rest, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(args, `"`, "")), ",")
		switch baseName(strings.TrimSpace(dll)) {
		case "shell32", "shell32.dll":
			return strings.HasPrefix(rest, "control_rundll") && !strings.ContainsAny(rest, `\/:`)
		case "printui", "printui.dll", "keymgr.dll", "devmgr.dll", "sysdm.cpl", "dfshim.dll":
			return !strings.Contains(rest, `\\`) && !strings.Contains(rest, "://")
		}
	case "cmd":
		return promptOf(args)
	case "msiexec":
		return !strings.Contains(args, "://") && !strings.Contains(args, `\`) && strings.Contains(args, "{")
	}
	return false
}

// promptOf reports whether arguments of the command processor open the prompt of an installed development kit: one batch file of it.
func promptOf(args string) bool {
	args = strings.TrimSpace(strings.ReplaceAll(args, `"`, ""))
	file, ok := strings.CutPrefix(args, "/k ")
	if !ok {
		file, ok = strings.CutPrefix(args, "/c ")
	}
	file = strings.TrimSpace(file)
	return ok && (local(file, `:\program files`) || local(file, `:\programdata\`)) && strings.Contains(file, ".bat") && !strings.ContainsAny(file, "&|<>^;") && !strings.Contains(file, `..\`) &&
		!strings.Contains(file, `\\`) && !strings.Contains(file, "://")
}

// local reports whether a path in lower case stands on a drive, in a folder of it.
func local(path, folder string) bool { return len(path) > 1 && strings.HasPrefix(path[1:], folder) }

// ownScript reports whether an interpreter's argument is a script of its own folder, such as the editor that comes with Python.
func ownScript(target, args string) bool {
	target, args = strings.ToLower(strings.Trim(target, `"`)), strings.ToLower(strings.Trim(args, `" `))
	switch programName(target) {
	case "python", "pythonw", "node":
		folder := target[:strings.LastIndexByte(target, '\\')+1]
		return local(folder, `:\`) && len(folder) > len(`c:\x\`) && strings.HasPrefix(args, folder) && !strings.Contains(args, `..`)
	}
	return false
}

// opensBeside reports whether the arguments let a program of Windows load a control panel, a console or a file that runs from beside the shortcut.
func opensBeside(name, args string) bool {
	file := strings.Trim(args, `" ,`)
	switch name {
	case "control", "mmc", "explorer":
		return (runs(file) || program(extension(file)) || extension(file) == ".dll") && !local(file, `:\windows\`) && !local(file, `:\program files`) && (name == "explorer" || strings.ContainsAny(file, `\%/`))
	case "chrome", "msedge", "brave":
		return strings.Contains(args, "--gpu-launcher") || strings.Contains(args, "--renderer-cmd-prefix") || strings.Contains(args, "--utility-cmd-prefix")
	}
	return false
}

// remote: the target, or the icon, stands on a machine of the internet. A server of the firm has a name of one word, or serves documents.
func (c shortcut) remote() string {
	for _, t := range c.Targets() {
		switch host := uncHost(t); {
		case webTarget(t):
			return fmt.Sprintf("target at an address: %.60q", t)
		case host == "":
		case webDAV(host, t), strings.Contains(host, ".") && (runs(t) || extension(t) == ".exe" || extension(t) == ".lnk" || isAddress(host)):
			return fmt.Sprintf("target on %.60q", host)
		}
	}
	for _, i := range []string{c.Icon, c.IconEnv} {
		if host := uncHost(i); webTarget(i) || host != "" && (webDAV(host, i) || isAddress(host)) {
			return fmt.Sprintf("icon at %.60q", i)
		}
	}
	return ""
}

// webTarget reports whether a target is an address that fetches something.
func webTarget(t string) bool {
	scheme, _, ok := strings.Cut(strings.ToLower(t), ":")
	switch scheme {
	case "http", "https", "ftp", "search-ms", "search", "file", "javascript", "vbscript", "ms-msdt", "ms-appinstaller", "ms-search":
		return ok
	}
	return false
}

// uncHost is the host of a UNC path, "" for another path.
func uncHost(t string) string {
	t = strings.ReplaceAll(t, "/", `\`)
	if !strings.HasPrefix(t, `\\`) || strings.HasPrefix(t, `\\?\`) || strings.HasPrefix(t, `\\.\`) {
		return ""
	}
	host, _, _ := strings.Cut(t[2:], `\`)
	return strings.ToLower(host)
}

// webDAV reports whether Windows fetches a UNC path over HTTP (MS-WDV: "@80", "@SSL", DavWWWRoot).
func webDAV(host, t string) bool {
	return strings.Contains(host, "@") || strings.Contains(strings.ToLower(t), `\davwwwroot\`)
}

// isAddress reports whether a host is an IPv4 address outside of the ranges that firms use inside.
func isAddress(host string) bool {
	if strings.Trim(host, "0123456789.") != "" || strings.Count(host, ".") != 3 {
		return false
	}
	return !strings.HasPrefix(host, "10.") && !strings.HasPrefix(host, "192.168.") && !private172(host) && !strings.HasPrefix(host, "169.254.")
}

func private172(host string) bool {
	var second int
	_, err := fmt.Sscanf(host, "172.%d.", &second)
	return err == nil && second >= 16 && second <= 31
}

const hiddenBlanks = 200 // what pushes the rest out of the Explorer's dialog

// hidden: the arguments go on where nobody sees them.
func (c shortcut) hidden() string {
	_, cut := collapse(c.Arguments)
	n := len([]rune(c.Arguments))
	java := programName(c.Target()) == "javaw" || programName(c.Target()) == "java" // class paths are long
	switch {
	case cut >= hiddenBlanks:
		return fmt.Sprintf("%d blanks in the arguments", cut)
	case n > argsShown && !java:
		return fmt.Sprintf("%d characters of arguments", n)
	}
	return ""
}

// addressed: the arguments fetch something, or hide what they say. Installed programs have addresses of their own.
func (c shortcut) addressed() string {
	target, args := strings.ToLower(c.Target()), strings.ToLower(c.Arguments)
	switch {
	case strings.Contains(args, "frombase64string"), strings.Contains(args, "-encodedcommand"):
		return "encoded command"
	case strings.Contains(args, `\davwwwroot\`), strings.Contains(args, "@ssl"), strings.Contains(args, "search-ms:"), strings.Contains(args, "javascript:"):
		return "arguments that fetch a file"
	case programName(target) == "explorer" && (strings.Contains(args, "://") || webDAVArgs(args)):
		return "arguments that fetch a file"
	case !installed(target) && (strings.Contains(args, "http://") || strings.Contains(args, "https://") || strings.Contains(args, "ftp://")):
		return "an address in the arguments"
	}
	return ""
}

func webDAVArgs(args string) bool {
	host := uncHost(strings.Trim(args, "\" ,"))
	return webDAV(host, args) || isAddress(host)
}

// installed reports whether a target is a program that was installed for itself, browsers included.
func installed(target string) bool {
	switch programName(target) {
	case "chrome", "chrome_proxy", "msedge", "msedge_proxy", "firefox", "iexplore", "brave", "opera", "vivaldi":
		return true
	}
	return strings.Contains(target, `\program files`) || strings.Contains(target, `%programfiles`)
}

// disguised: the name or the icon says document and the target is a program.
func (c shortcut) disguised() string {
	target := c.Target()
	switch {
	case extension(target) != ".exe" && !runs(target):
		return ""
	case documentExtension(extension(strings.TrimSuffix(strings.ToLower(c.name), ".lnk"))):
		return fmt.Sprintf("named like a document: %.60q", c.name)
	}
	for _, i := range []string{c.Icon, c.IconEnv} {
		if documentIcon(i) && !documentProgram(programName(target)) {
			return fmt.Sprintf("icon of a document: %.60q", i)
		}
	}
	return ""
}

// documentIcon reports whether an icon is that of a document's kind or of its program.
func documentIcon(icon string) bool {
	icon, _, _ = strings.Cut(strings.ToLower(icon), ",")
	return documentExtension(extension(icon)) || documentProgram(programName(icon))
}

func documentProgram(name string) bool {
	switch name {
	case "winword", "wordicon", "wordpad", "write", "excel", "xlicons", "powerpnt", "pptico", "onenote", "joticon", "outlook", "outicon",
		"acrord32", "acrobat", "pdfreader", "foxitreader", "foxitpdfreader":
		return true
	}
	return false
}
