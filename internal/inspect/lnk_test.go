package inspect

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
)

// scanNamed scans a file by itself under a name.
func scanNamed(t testing.TB, name string, b []byte) (string, Result) {
	t.Helper()
	s := scanner(t, Options{}).Begin()
	kind, err := s.File(context.Background(), nil, name, bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	finish(t, s)
	return kind, s.Result()
}

func detailOf(r Result, k finding.Kind) string {
	for _, f := range r.Findings {
		if f.Kind == k {
			return f.Detail
		}
	}
	return ""
}

func TestShortcutsOfAttackers(t *testing.T) {
	const cmd = `C:\Windows\System32\cmd.exe`
	for _, tt := range []struct {
		name string
		file string
		link fixture.Link
		want string
	}{
		{"command processor", "a.lnk", fixture.Link{Base: cmd, Arguments: "/c ver"}, `"cmd" runs its arguments`},
		{"by its variable", "a.lnk", fixture.Link{Env: "%ComSpec%", Arguments: "/c ver"}, `"cmd" runs its arguments`},
		{"in the item list only", "a.lnk", fixture.Link{Items: [][]byte{fixture.LinkDrive(`C:\`), fixture.LinkEntry("powershell.exe", "", 0)}, Arguments: "-c 1"}, `"powershell" runs its arguments`},
		{"behind another target", "a.lnk", fixture.Link{Env: `C:\invoice.pdf`, Relative: `..\Windows\System32\mshta.exe`, Arguments: "x"}, `"mshta" runs its arguments`},
		{"library loader", "a.lnk", fixture.Link{Base: `C:\Windows\System32\rundll32.exe`, Arguments: `.\a.dll,Start`}, `"rundll32" runs its arguments`},
		{"control panel page of a file", "a.lnk", fixture.Link{Base: `C:\Windows\System32\rundll32.exe`, Arguments: `shell32.dll,Control_RunDLL D:\a.cpl`}, `"rundll32" runs its arguments`},
		{"blanks before the arguments", "a.lnk", fixture.Link{Base: `C:\a.exe`, Arguments: strings.Repeat(" ", 220) + "x"}, "219 blanks in the arguments"},
		{"long arguments", "a.lnk", fixture.Link{Base: `C:\a.exe`, Arguments: strings.Repeat("x", 300)}, "300 characters of arguments"},
		{"an address in the arguments", "a.lnk", fixture.Link{Base: `C:\a.exe`, Arguments: "http://example.test/a"}, "an address in the arguments"},
		{"Explorer on a web folder", "a.lnk", fixture.Link{Base: `C:\Windows\explorer.exe`, Arguments: `\\example.test@SSL\a\b.exe`}, `"explorer" runs its arguments; arguments that fetch a file`},
		{"program on a web folder", "a.lnk", fixture.Link{Net: `\\example.test@80\DavWWWRoot`, Suffix: "a.exe"}, `target on "example.test@80"`},
		{"program on a machine of the internet", "a.lnk", fixture.Link{Net: `\\203.0.113.9\s`, Suffix: "a.exe"}, `target on "203.0.113.9"`},
		{"address", "a.lnk", fixture.Link{Items: [][]byte{fixture.LinkAddress("http://example.test/a.hta")}}, `target at an address: "http://example.test/a.hta"`},
		{"icon on a machine of the internet", "a.lnk", fixture.Link{Base: `C:\a.txt`, Icon: `\\203.0.113.9\s\a.ico`}, `icon at "\\\\203.0.113.9\\s\\a.ico"`},
		{"program named like a document", "invoice.pdf.lnk", fixture.Link{Base: `C:\a.exe`}, `named like a document: "invoice.pdf.lnk"`},
		{"program with the icon of a document", "a.lnk", fixture.Link{Base: `C:\a.exe`, Icon: `C:\Program Files\Office\WINWORD.EXE,13`}, "icon of a document"},
		{"batch file and more", "a.lnk", fixture.Link{Base: cmd, Arguments: `/c "C:\Program Files\a\a.bat" & calc`}, `"cmd" runs its arguments`},
		{"script of another folder", "a.lnk", fixture.Link{Base: `C:\Python312\pythonw.exe`, Arguments: `docs\a.pyw`}, `"pythonw" runs its arguments`},
		{"script of Windows", "a.lnk", fixture.Link{Base: `C:\Windows\System32\SyncAppvPublishingServer.vbs`, Arguments: "n;calc"}, `"syncappvpublishingserver" runs its arguments`},
		{"control panel page beside it", "a.lnk", fixture.Link{Base: `C:\Windows\System32\control.exe`, Arguments: `.\docs\a.cpl`}, `"control" runs its arguments`},
		{"Explorer on a script", "a.lnk", fixture.Link{Base: `C:\Windows\explorer.exe`, Arguments: `docs\a.js`}, `"explorer" runs its arguments`},
		{"browser with a starter of its own", "a.lnk", fixture.Link{Base: `C:\Program Files\Google\Chrome\Application\chrome.exe`, Arguments: `--gpu-launcher="cmd /c calc"`}, `"chrome" runs its arguments`},
		{"encoded command", "a.lnk", fixture.Link{Base: `C:\a.exe`, Arguments: "[Convert]::FromBase64String('AA')"}, "encoded command"},
	} {
		kind, r := scanNamed(t, tt.file, tt.link.Bytes())
		if got := detailOf(r, finding.LNKSuspicious); !strings.HasPrefix(got, tt.want) || kind != KindLNK {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestHonestShortcuts(t *testing.T) {
	for _, tt := range []struct {
		name string
		file string
		link fixture.Link
	}{
		{"program", "App.lnk", fixture.Link{Base: `C:\Program Files\App\app.exe`, WorkingDir: `C:\Program Files\App`, Icon: `C:\Program Files\App\app.exe`}},
		{"program with an option", "App.lnk", fixture.Link{Base: `C:\Program Files\App\app.exe`, Arguments: "--profile default"}},
		{"program with its server", "App.lnk", fixture.Link{Base: `C:\Program Files\App\app.exe`, Arguments: "https://app.example.com/"}},
		{"document", "report.xlsx.lnk", fixture.Link{Base: `C:\Users\a\report.xlsx`, Relative: `.\report.xlsx`}},
		{"document on a file server", "report.lnk", fixture.Link{Net: `\\fileserver.corp.example\share`, Suffix: "report.xlsx"}},
		{"folder of the firm", "share.lnk", fixture.Link{Net: `\\fileserver\share`}},
		{"program on a file server", "app.lnk", fixture.Link{Net: `\\fileserver\apps`, Suffix: "app.exe"}},
		{"command processor", "Command Prompt.lnk", fixture.Link{Env: `%windir%\system32\cmd.exe`}},
		{"page of the control panel", "Mouse.lnk", fixture.Link{Base: `C:\Windows\System32\rundll32.exe`, Arguments: "shell32.dll,Control_RunDLL main.cpl"}},
		{"removal of a program", "Uninstall.lnk", fixture.Link{Base: `C:\Windows\System32\msiexec.exe`, Arguments: "/x {01234567-0123-0123-0123-012345678901}"}},
		{"page in a browser", "Mail.lnk", fixture.Link{Base: `C:\Users\a\AppData\Local\Google\Chrome\Application\chrome_proxy.exe`, Arguments: "--app=https://mail.example.com/"}},
		{"prompt of a development kit", "x64 Native Tools.lnk", fixture.Link{Base: `C:\Windows\System32\cmd.exe`, Arguments: `/k "C:\Program Files\Microsoft Visual Studio\2022\Community\VC\Auxiliary\Build\vcvars64.bat"`}},
		{"prompt of Anaconda", "Anaconda Prompt.lnk", fixture.Link{Env: `%windir%\System32\cmd.exe`, Arguments: `"/K" C:\ProgramData\anaconda3\Scripts\activate.bat C:\ProgramData\anaconda3`}},
		{"editor of Python", "IDLE.lnk", fixture.Link{Base: `C:\Users\a\AppData\Local\Programs\Python\Python312\pythonw.exe`, Arguments: `"C:\Users\a\AppData\Local\Programs\Python\Python312\Lib\idlelib\idle.pyw"`}},
		{"mouse by the control panel", "Mouse.lnk", fixture.Link{Base: `C:\Windows\System32\control.exe`, Arguments: "main.cpl"}},
		{"services", "Services.lnk", fixture.Link{Base: `C:\Windows\System32\mmc.exe`, Arguments: `C:\Windows\System32\services.msc`}},
		{"folder in the Explorer", "Users.lnk", fixture.Link{Base: `C:\Windows\explorer.exe`, Arguments: `/e,C:\Users`}},
		{"Word", "Word.lnk", fixture.Link{Base: `C:\Office\WINWORD.EXE`, Icon: `C:\Windows\Installer\{9}\wordicon.exe`}},
		{"blanks behind its end", "App.lnk", fixture.Link{Base: `C:\a.exe`, Tail: make([]byte, 512)}},
	} {
		_, r := scanNamed(t, tt.file, tt.link.Bytes())
		if diff := cmp.Diff([]string{"lnk.command"}, lines(r)); diff != "" {
			t.Errorf("%s: %s %q", tt.name, diff, detailOf(r, finding.LNKSuspicious))
		}
	}
}

func TestWhatAShortcutRunsIsReported(t *testing.T) {
	args := "/c" + strings.Repeat(" ", 300) + "echo hello"
	_, r := scanNamed(t, "a.lnk", fixture.Link{Base: `C:\Windows\System32\cmd.exe`, Arguments: args}.Bytes())
	if got := r.Files[0]; got.LNKTarget != `C:\Windows\System32\cmd.exe` || got.LNKArgs != args {
		t.Errorf("target %q, arguments %q", got.LNKTarget, got.LNKArgs)
	}
	if got := detailOf(r, finding.LNKCommand); got != `"C:\\Windows\\System32\\cmd.exe" "/c echo hello" (without 299 blanks)` {
		t.Error(got)
	}
	if _, r := scanNamed(t, "a.lnk", fixture.Link{Name: "nothing"}.Bytes()); len(r.Findings) > 0 {
		t.Errorf("a shortcut to nothing: %v", r.Findings)
	}
}

func TestWhatIsAppendedToAShortcutIsInspected(t *testing.T) {
	for _, tt := range []struct {
		name     string
		tail     []byte
		findings []string
		kind     string
	}{
		{"text", []byte("'xxxxxxxxxxxxxxxxx\r\nWScript.Echo \"hello\"\r\n"), []string{"lnk.command", "lnk.suspicious", "script.file appended"}, "script"},
		{"archive", zipOf(entry("a.exe", exe())), []string{"lnk.command", "executable.file a.exe", "lnk.suspicious"}, ""},
		{"document", fixture.DocVBA(quiet), []string{"lnk.command", "lnk.suspicious", "vba.present appended"}, "doc"},
	} {
		_, r := scanNamed(t, "a.lnk", fixture.Link{Base: `C:\a.exe`, Tail: tt.tail}.Bytes())
		missing := false
		for _, want := range tt.findings {
			missing = missing || !strings.Contains(strings.Join(lines(r), "\n"), want)
		}
		if missing || tt.kind != "" && r.Files[1].Kind != tt.kind {
			t.Errorf("%s: %q %q", tt.name, lines(r), tree(r))
		}
	}
}
