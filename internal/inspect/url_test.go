package inspect

import (
	"testing"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
)

func wideOf(s string, mark bool) []byte {
	b := []byte(s)
	out := make([]byte, 0, 2*len(b)+2)
	if mark {
		out = append(out, 0xFF, 0xFE)
	}
	for _, c := range b {
		out = append(out, c, 0)
	}
	return out
}

func TestFilesThatLeadToAnAddress(t *testing.T) {
	const ini = "[InternetShortcut]\r\nURL=file://203.0.113.9/share/a.txt\r\n"
	for _, tt := range []struct {
		name, file string
		b          []byte
		want       string
	}{
		{"internet shortcut", "a.url", []byte(ini), `"file://203.0.113.9/share/a.txt"`},
		{"behind properties", "a.url", []byte("[{000214A0-0000-0000-C000-000000000046}]\r\nProp3=19,11\r\n" + ini), `"file://203.0.113.9/share/a.txt"`},
		{"without its name", "file", []byte(ini), `"file://203.0.113.9/share/a.txt"`},
		{"in UTF-16", "file", wideOf(ini, true), `"file://203.0.113.9/share/a.txt"`},
		{"in UTF-16 without a mark", "file", wideOf(ini, false), `"file://203.0.113.9/share/a.txt"`},
		{"with a mark of UTF-8", "file", []byte("\xEF\xBB\xBF" + ini), `"file://203.0.113.9/share/a.txt"`},
		{"behind other text, by its name", "a.url", []byte("some words\r\n" + ini), `"file://203.0.113.9/share/a.txt"`},
		{"pinned site", "a.website", []byte("[InternetShortcut]\nURL=https://example.test/\n"), `"https://example.test/"`},
		{"icon on a server", "a.url", []byte("[InternetShortcut]\nIconFile=\\\\203.0.113.9\\a\\b.ico\n"), `"icon \\\\203.0.113.9\\a\\b.ico"`},
		{"command of the Explorer", "a.scf", []byte("[Shell]\r\nCommand=2\r\nIconFile=\\\\203.0.113.9\\a.ico\r\n"), `"icon \\\\203.0.113.9\\a.ico"`},
		{"library", "a.library-ms", []byte(`<?xml version="1.0"?><libraryDescription><url>\\203.0.113.9\DavWWWRoot</url></libraryDescription>`), `"\\\\203.0.113.9\\DavWWWRoot"`},
		{"settings", "a.SettingContent-ms", []byte(`<PCSettings><DeepLink>cmd.exe /c ver</DeepLink></PCSettings>`), `"cmd.exe /c ver"`},
		{"web query", "a.iqy", []byte("WEB\r\n1\r\nhttp://example.test/a\r\n"), `"http://example.test/a"`},
		{"settings of a folder", "x/desktop.ini", []byte("[.ShellClassInfo]\r\nIconResource=\\\\203.0.113.9\\a.dll,0\r\n"), `"icon \\\\203.0.113.9\\a.dll,0"`},
	} {
		kind, r := scanNamed(t, tt.file, tt.b)
		if got := detailOf(r, finding.URLFile); got != tt.want || kind != KindURL || len(r.Findings) != 1 {
			t.Errorf("%s: %s %v, want %s", tt.name, kind, r.Findings, tt.want)
		}
	}
}

func TestTextThatLeadsNowhere(t *testing.T) {
	for _, tt := range []struct{ name, file, text string }{
		{"settings of a program", "a.ini", "[Main]\nURL=https://example.test/\n"},
		{"settings of a folder", "desktop.ini", "[.ShellClassInfo]\r\nIconResource=C:\\Windows\\a.dll,0\r\n"},
		{"text about shortcuts", "a.txt", "Write this into a file:\n[InternetShortcut]\nURL=https://example.test/\n"},
		{"text by such a name", "teams.url", "https://example.test/"},
	} {
		if _, r := scanNamed(t, tt.file, []byte(tt.text)); len(r.Findings) > 0 {
			t.Errorf("%s: %v", tt.name, r.Findings)
		}
	}
	mail := fixture.Message("a@example.com", "b@example.com", "s", fixture.TextPart("[InternetShortcut]\r\nURL=https://example.test/\r\n"))
	if _, r := scanMail(t, t.Context(), Options{}, mail.Bytes()); len(r.Findings) > 0 {
		t.Errorf("the text of a mail: %v", r.Findings)
	}
}
