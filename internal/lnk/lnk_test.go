package lnk

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
)

func read(t *testing.T, b []byte) *Link {
	t.Helper()
	l, err := Read(bytes.NewReader(b), int64(len(b)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func system(name string) [][]byte {
	return [][]byte{fixture.LinkFolder(fixture.LinkComputer), fixture.LinkDrive(`C:\`), fixture.LinkEntry("Windows", "", 0), fixture.LinkEntry(name, "", 0)}
}

func TestTargets(t *testing.T) {
	for _, tt := range []struct {
		name string
		link fixture.Link
		want []string
	}{
		{"none", fixture.Link{}, nil},
		{"item list", fixture.Link{Items: system("notepad.exe")}, []string{`C:\Windows\notepad.exe`}},
		{"item list, long name of Windows XP", fixture.Link{Items: [][]byte{fixture.LinkDrive(`D:\`), fixture.LinkEntry("LONG~1.EXE", "long name.exe", 3)}}, []string{`D:\long name.exe`}},
		{"item list, long name of Windows 7", fixture.Link{Items: [][]byte{fixture.LinkEntry("LONG~1.EXE", "請求書.exe", 8)}}, []string{"請求書.exe"}},
		{"item list, long name of Windows 10", fixture.Link{Items: [][]byte{fixture.LinkEntry("LONG~1.EXE", "long name.exe", 9)}}, []string{"long name.exe"}},
		{"item list, known folder", fixture.Link{Items: [][]byte{
			fixture.LinkFolder("\x77\x4E\xC1\x1A\xE7\x02\x5D\x4E\xB7\x44\x2E\xB1\xAE\x51\x98\xB7"), fixture.LinkEntry("cmd.exe", "cmd.exe", 9)}},
			[]string{`%SystemRoot%\System32\cmd.exe`}},
		{"item list, a class that nobody knows", fixture.Link{Items: [][]byte{fixture.LinkFolder(strings.Repeat("\x01", 16))}}, []string{"::{01010101-0101-0101-0101-010101010101}"}},
		{"item list, share", fixture.Link{Items: [][]byte{
			fixture.LinkItem(append([]byte{0xC3, 1, 0x81}, "\\\\srv\\share\x00Microsoft Network\x00"...)), fixture.LinkEntry("a.exe", "", 0)}}, []string{`\\srv\share\a.exe`}},
		{"item list, address", fixture.Link{Items: [][]byte{fixture.LinkAddress("https://example.test/a")}}, []string{"https://example.test/a"}},
		{"local path", fixture.Link{Base: `C:\資料\a.xlsx`}, []string{`C:\資料\a.xlsx`}},
		{"local path of 8 bits in Japanese", fixture.Link{Base: "C:\\\x8E\x91\x97\xBF\\a.xlsx", Narrow: true}, []string{`C:\資料\a.xlsx`}},
		{"local path of 8 bits in French", fixture.Link{Base: "C:\\\xE9t\xE9.txt", Narrow: true}, []string{`C:\été.txt`}},
		{"local path and suffix", fixture.Link{Base: `C:\dir`, Suffix: `a\b.exe`}, []string{`C:\dir\a\b.exe`}},
		{"share and suffix", fixture.Link{Net: `\\srv\share`, Suffix: `b.exe`}, []string{`\\srv\share\b.exe`}},
		{"relative path", fixture.Link{Relative: `..\a.exe`}, []string{`..\a.exe`}},
		{"environment", fixture.Link{Env: `%windir%\a.exe`}, []string{`%windir%\a.exe`}},
		{"environment of 8 bits", fixture.Link{EnvANSI: `%windir%\a.exe`}, []string{`%windir%\a.exe`}},
		{"environment before all", fixture.Link{Env: "e.exe", Base: "b.exe", Items: system("i.exe"), Relative: "r.exe"},
			[]string{"e.exe", "b.exe", `C:\Windows\i.exe`, "r.exe"}},
		{"environment that the flag does not name", fixture.Link{Env: "e.exe", Base: "b.exe", NoExpString: true}, []string{"b.exe", "e.exe"}},
		{"LinkInfo that is to be left out", fixture.Link{Base: "b.exe", Relative: "r.exe", NoLinkInfo: true}, []string{"r.exe", "b.exe"}},
		{"the same path twice", fixture.Link{Base: `C:\WINDOWS\a.exe`, Items: system("a.exe")}, []string{`C:\WINDOWS\a.exe`}},
		{"item list of Vista", fixture.Link{OtherItems: system("a.exe")}, []string{`C:\Windows\a.exe`}},
	} {
		l := read(t, tt.link.Bytes())
		if diff := cmp.Diff(tt.want, l.Targets()); diff != "" || len(l.Problems) > 0 {
			t.Errorf("%s: %s %v", tt.name, diff, l.Problems)
		}
		if first := append(tt.want, "")[0]; l.Target() != first {
			t.Errorf("%s: target %q", tt.name, l.Target())
		}
	}
}

func TestStrings(t *testing.T) {
	f := fixture.Link{Name: "説明", Relative: "r", WorkingDir: `C:\`, Arguments: "/c echo é", Icon: "shell32.dll", IconEnv: "%windir%\\i.dll", Machine: "host-1", Minimised: true}
	l := read(t, f.Bytes())
	got := []string{l.Name, l.Relative, l.WorkingDir, l.Arguments, l.Icon, l.IconEnv, l.Machine}
	if diff := cmp.Diff([]string{"説明", "r", `C:\`, "/c echo é", "shell32.dll", "%windir%\\i.dll", "host-1"}, got); diff != "" || l.Show != 7 {
		t.Error(diff, l.Show)
	}
	if l = read(t, fixture.Link{Arguments: "\x8E\x91", ANSI: true}.Bytes()); l.Arguments != "資" {
		t.Errorf("arguments of 8 bits: %q", l.Arguments)
	}
	if l = read(t, fixture.Link{Arguments: "a\x00b"}.Bytes()); l.Arguments != "a" {
		t.Errorf("arguments with a NUL: %q", l.Arguments)
	}
	if l = read(t, fixture.Link{KnownFolder: "\x77\x4E\xC1\x1A\xE7\x02\x5D\x4E\xB7\x44\x2E\xB1\xAE\x51\x98\xB7"}.Bytes()); l.Folder != `%SystemRoot%\System32` {
		t.Errorf("folder %q", l.Folder)
	}
}

func TestTail(t *testing.T) {
	f := fixture.Link{Relative: "a.exe", Arguments: strings.Repeat("x", 3000), Env: "a.exe"}
	own := int64(len(f.Bytes()))
	for _, tt := range []struct {
		name string
		link func(*fixture.Link)
		want int64
	}{
		{"nothing", func(*fixture.Link) {}, own},
		{"behind the terminal block", func(l *fixture.Link) { l.Tail = []byte("WScript.Echo 1") }, own},
		{"without a terminal block", func(l *fixture.Link) { l.NoTerminal, l.Tail = true, []byte("MZ\x90\x00 and more") }, own - 4},
		{"another block", func(l *fixture.Link) { l.NoTerminal, l.Tail = true, fixture.LinkBlock(0xA0000009, make([]byte, 100)) }, own - 4 + 108},
	} {
		g := f
		tt.link(&g)
		if l := read(t, g.Bytes()); l.Tail != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, l.Tail, tt.want)
		}
	}
}

func TestCutAnywhere(t *testing.T) {
	f := fixture.Link{Items: system("a.exe"), Base: "b", Net: `\\s\t`, Suffix: "c", Relative: "r", Arguments: "x", Env: "e", Machine: "m"}
	b := f.Bytes()
	for n := range b {
		l, err := Read(bytes.NewReader(b[:n]), int64(n), Options{})
		if n < headerSize {
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("%d bytes: %v", n, err)
			}
			continue
		}
		if err != nil || l.Tail > int64(n) {
			t.Fatalf("%d bytes: tail %d, %v", n, l.Tail, err)
		}
	}
}

func TestLimits(t *testing.T) {
	many := fixture.Link{}
	for range itemsMax + 1 {
		many.Items = append(many.Items, fixture.LinkEntry("a", "", 0))
	}
	blocks := fixture.Link{NoTerminal: true}
	for range blocksMax + 1 {
		blocks.Tail = append(blocks.Tail, fixture.LinkBlock(0xA0000009, nil)...)
	}
	large := fixture.Link{Base: strings.Repeat("x", linkInfoMax)}
	for name, f := range map[string]fixture.Link{"items": many, "blocks": blocks, "LinkInfo": large} {
		if l := read(t, f.Bytes()); len(l.Problems) != 1 {
			t.Errorf("%s: %v", name, l.Problems)
		}
	}
}

type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) { return 0, errors.New("disk") }

func TestReaderError(t *testing.T) {
	if _, err := Read(broken{}, 100, Options{}); err == nil || errors.Is(err, ErrFormat) {
		t.Errorf("error %v", err)
	}
}

// FuzzRead holds that a shortcut's own data end inside the file and that its strings come out of it.
func FuzzRead(f *testing.F) {
	for _, l := range []fixture.Link{
		{Items: system("a.exe"), Relative: "r", Arguments: "x", Tail: []byte("tail")}, {Base: "b", Suffix: "s"}, {Net: `\\s\t`, Suffix: "c", Narrow: true},
		{Env: "e", IconEnv: "i", Machine: "m", OtherItems: system("b")}, {ANSI: true, Name: "n", Icon: "i"},
		{Items: [][]byte{fixture.LinkAddress("x:y"), fixture.LinkEntry("a", "b", 9)}},
	} {
		f.Add(l.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := Read(bytes.NewReader(b), int64(len(b)), Options{})
		if err != nil {
			return
		}
		if l.Tail < headerSize || l.Tail > int64(len(b)) {
			t.Errorf("tail at %d of %d", l.Tail, len(b))
		}
		if n := len(l.Arguments); n > 3*len(b) { // one byte of a code page is three of UTF-8 at most
			t.Errorf("%d bytes of arguments from %d", n, len(b))
		}
	})
}
