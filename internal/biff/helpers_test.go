package biff

import (
	"strings"
	"testing"
)

func TestNumbersReadBackAsTheyWere(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 1: "1", -2.5: "-2.5", 0.1: "0.1", 1234567890123: "1234567890123", 1e21: "1E+21", 1e-7: "0.0000001", 1e-10: "1E-10", 1234567: "1234567"} {
		if got := number(v); got != want {
			t.Errorf("%v is %s, want %s", v, got, want)
		}
	}
	zero := 0.0
	for _, v := range []float64{1 / zero, -1 / zero, zero / zero} {
		if got := number(v); got != "#NUM!" {
			t.Errorf("%v is %s", v, got)
		}
	}
}

func TestRKNumbers(t *testing.T) {
	for n, want := range map[uint32]float64{0x3FF00000: 1, 0x3FF00001: 0.01, 30<<2 | 2: 30, 0xFFFFFFFE: -1, 12345<<2 | 3: 123.45} {
		if got := rk(n); got != want {
			t.Errorf("%#x is %v, want %v", n, got, want)
		}
	}
}

func TestErrorValuesHaveTheirNames(t *testing.T) {
	for n, want := range map[int]string{0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A", 43: "#GETTING_DATA", 99: "#N/A"} {
		if got := errorText(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}

func TestSheetNamesAreQuotedAsExcelDoes(t *testing.T) {
	for name, want := range map[string]string{
		"Sheet1": "Sheet1", "My sheet": "'My sheet'", "O'Neil": "'O''Neil'", "": "''", "1st": "'1st'", "A1": "'A1'", "ABC123": "'ABC123'",
		"ABCD123": "ABCD123", "R": "'R'", "c": "'c'", "rc": "'rc'", "R1C1": "'R1C1'", "R1": "'R1'", "C2": "'C2'", "Rate": "Rate", "Cost": "Cost",
		"日本": "日本", "a-b": "'a-b'", "a.b_c": "a.b_c", "Sheet1:Sheet3": "Sheet1:Sheet3",
	} {
		if got := quoteSheet(name); got != want {
			t.Errorf("%q is %s, want %s", name, got, want)
		}
	}
}

func TestVirtualPaths(t *testing.T) {
	for path, want := range map[string]string{
		"plain.xls":                       "plain.xls",
		"\x01\x01Cfolder\x03a.xls":        `C:\folder\a.xls`,
		"\x01\x01@server\x03share\x03a.x": `\\server\share\a.x`,
		"\x01\x02folder\x03a.xls":         `\folder\a.xls`,
		"\x01\x04\x04a.xls":               `..\..\a.xls`,
		"\x01\x05\x13http://host/a.xls":   "http://host/a.xls",
		"\x01\x06\x07\x08a.xls":           "a.xls",
		"\x01\x01":                        "",
		"\x01":                            "",
	} {
		if got := virtualPath(path); got != want {
			t.Errorf("%q is %q, want %q", path, got, want)
		}
	}
}

func TestWhichPathsLeadToAnotherHost(t *testing.T) {
	for path, want := range map[string]bool{
		`\\host\share\a.xls`: true, "//host/a": true, "http://host/a": true, "HTTPS://host/a": true, "ftp://host/a": true, `C:\a.xls`: false,
		"a.xls": false, `..\a.xls`: false, `\a.xls`: false, `\\.\pipe`: false, `\\?\C:\a.xls`: false,
	} {
		if got := remote(path); got != want {
			t.Errorf("%q: %v", path, got)
		}
	}
}

// A feed of quotes is no command; a program with switches, a path, or one that runs others is.
func TestWhichLinksAreCommands(t *testing.T) {
	for link, want := range map[string]bool{
		"cmd| /C calc": true, "MSEXCEL|\\..\\..\\Windows\\System32\\cmd.exe /c x": true, "mshta|x": true, "PowerShell|-c x": true, "C:\\x.exe|a": true,
		"\\\\host\\x|a": true, "prog|%TEMP%": true, "MTX|DATA": false, "REUTER|IDN": false, "Excel|[Book1.xls]Sheet1": false,
		"WINWORD|C:\\My Documents\\a.doc": false, "BLP|M": false,
	} {
		program, topic, _ := strings.Cut(link, "|")
		if got := isCommand(program, topic); got != want {
			t.Errorf("%q: %v", link, got)
		}
	}
}

func TestTablesOfFunctionsAreWhole(t *testing.T) {
	for name, table := range map[string][]string{"functions": ftab[:], "commands": cetab[:]} {
		seen := map[string]int{}
		for n, word := range table {
			if word == "" {
				continue
			}
			if first, twice := seen[word]; twice {
				t.Errorf("%s: %s is %d and %d", name, word, first, n)
			}
			seen[word] = n
			if strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.") != "" && word != "VBAActivate" {
				t.Errorf("%s: %q", name, word)
			}
		}
		if len(seen) < 390 {
			t.Errorf("%s: %d names", name, len(seen))
		}
	}
	for n, args := range fixedArgs {
		if args > 0 && ftab[n] == "" {
			t.Errorf("function %#x has %d arguments and no name", n, args)
		}
	}
}

func TestKindsOfParts(t *testing.T) {
	for head, want := range map[string]PartKind{
		"\x83\x01\x00\x80": BookPart, "\x81\x01\x00\x93": SheetPart, "\xE8\x02\x0E\x00": LinkPart, "\x83\x01\x05\x00": OtherPart, "\x83": OtherPart,
		"<?xml": OtherPart, "\x83\x81\x00\x00": OtherPart, "": OtherPart, "\x9F\x01\x08\x00": OtherPart,
	} {
		if got := KindOf([]byte(head)); got != want {
			t.Errorf("%q is %d, want %d", head, got, want)
		}
	}
}

// References are read as they were written, in every generation.
func TestReferencesOfEveryGeneration(t *testing.T) {
	for _, c := range []struct {
		gen  generation
		b    []byte
		want string
	}{
		{5, []byte{0x05, 0x00, 0x02}, "$C$6"}, {5, []byte{0x05, 0xC0, 0x02}, "C6"}, {5, []byte{0x05, 0x80, 0x02}, "$C6"}, {5, []byte{0x05, 0x40, 0x02}, "C$6"},
		{8, []byte{0x05, 0x00, 0x02, 0x00}, "$C$6"}, {8, []byte{0x05, 0x00, 0x02, 0xC0}, "C6"}, {8, []byte{0xFF, 0xFF, 0xFF, 0x00}, "$IV$65536"},
		{12, []byte{0x05, 0x00, 0x01, 0x00, 0x02, 0x00}, "$C$65542"}, {12, []byte{0xFF, 0xFF, 0x0F, 0x00, 0xFF, 0x7F}, "XFD$1048576"},
	} {
		cur := cursor{b: c.b}
		if got := cur.ref(c.gen).String(); got != c.want || cur.bad || len(cur.b) > 0 {
			t.Errorf("BIFF%d %x: %s, want %s", c.gen, c.b, got, c.want)
		}
	}
}

// What a cursor does not have is zero, and stays so.
func TestCursorPastItsEnd(t *testing.T) {
	c := cursor{b: []byte{1, 2, 3}}
	if c.u8() != 1 || c.u32() != 0 || !c.bad || c.u8() != 0 || c.u16() != 0 || c.f64() != 0 || c.wide32() != "" || c.take(-1) != nil {
		t.Errorf("%+v", c)
	}
	if c := (cursor{b: []byte{0xFF, 0xFF, 0xFF, 0xFF, 'x'}}); c.wide32() != "" || c.bad || len(c.b) != 1 {
		t.Errorf("a text that is not there: %+v", c)
	}
	if c := (cursor{b: []byte{0xFE, 0xFF, 0xFF, 0x7F, 'x', 0}}); c.wide32() != "" || !c.bad {
		t.Errorf("a text longer than the record: %+v", c)
	}
}

func TestTextOfUTF16(t *testing.T) {
	for in, want := range map[string]string{
		"a\x00b\x00": "ab", "\x42\x30": "あ", "\x3D\xD8\x00\xDE": "😀", "\x3D\xD8": "\uFFFD", "\x3D\xD8a\x00": "\uFFFDa", "a\x00b": "a", "\x00\x00": "\x00",
	} {
		if got := wideText([]byte(in)); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
	if got := narrowText([]byte("caf\xE9")); got != "café" {
		t.Errorf("%q", got)
	}
}
