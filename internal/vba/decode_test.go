package vba

import (
	"encoding/base64"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestNumbersAreReadAsTheLanguageReadsThem(t *testing.T) {
	for s, want := range map[string]float64{
		"0": 0, "12": 12, " 12 ": 12, "1.5": 1.5, ".5": .5, "5.": 5, "-3": -3, "1E2": 100, "1e-2": .01, "&H41": 65, "&h41": 65, "&HFF&": 255,
		"&HFFFF": -1, "&HFFFF&": 65535, "&H0FFFF": -1, "&H10000": 65536, "&HFFFFFFFF": -1, "&H7FFFFFFF": math.MaxInt32, "&HFFFFFFFF^": math.MaxUint32,
		"&H100000000": 1 << 32, "&HFF%": 255, "&O17": 15, "&17": 15, "&O177777": -1,
	} {
		if got, ok := parseNumber(s); !ok || got != want {
			t.Errorf("%q: %v %v, want %v", s, got, ok, want)
		}
	}
	for _, s := range []string{"", " ", "a", "1a", "12 3", "&", "&H", "&HG", "&O9", "Inf", "NaN", "infinity", "0x10", "1_000", "--1", strings.Repeat("1", 40), "#1/2/2020#", "1e999", "0x1p4", "e5", "5e", "5-"} {
		if got, ok := parseNumber(s); ok {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestIntegersAreRoundedAndBounded(t *testing.T) {
	for n, want := range map[float64]int{0: 0, 1.5: 2, 2.5: 2, -1.5: -2, -2.5: -2, 1e9: 1e9, 1 << 53: 1 << 53} {
		if got, ok := num(n).integer(); !ok || got != want {
			t.Errorf("%v: %d %v", n, got, ok)
		}
	}
	for _, n := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e300, -1e17} {
		if got, ok := num(n).integer(); ok {
			t.Errorf("%v: %d", n, got)
		}
	}
}

func TestValuesAsText(t *testing.T) {
	for _, tc := range []struct {
		v    value
		want string
	}{
		{value{}, hole}, {value{k: object, o: &thing{}}, hole}, {value{k: empty}, ""}, {num(0), "0"}, {num(-7), "-7"}, {num(1.25), "1.25"}, {num(1e15), "1E+15"},
		{num(123456789012345), "123456789012345"}, {flag(true), "-1"}, {flag(false), "0"}, {str("a"), "a"},
		{value{k: array, a: &elements{v: []value{num(72), num(105)}}}, "Hi"},
		{value{k: array, a: &elements{v: []value{num(72), num(0), num(105), num(0)}}}, "Hi"},
		{value{k: array, a: &elements{v: []value{num(72), num(300)}}}, hole},
		{value{k: array, a: &elements{v: []value{num(72), str("x")}}}, hole},
		{value{k: array, a: &elements{}}, hole},
	} {
		if got := tc.v.string(); got != tc.want {
			t.Errorf("%+v: %q, want %q", tc.v, got, tc.want)
		}
	}
}

func TestBytesAsText(t *testing.T) {
	for b, want := range map[string]string{
		"abc": "abc", "a\x00b\x00": "ab", "a\x00": "a\x00", "a\x00b": "a\x00b", "a\x00\x00\x00": "a\x00\x00\x00", "\xe9t\xe9": "été", "\x00a\x00b": "\x00a\x00b", "": "",
	} {
		if got := latin([]byte(b)); got != want {
			t.Errorf("%q: %q, want %q", b, got, want)
		}
	}
}

func TestHexadecimalAndBase64(t *testing.T) {
	for s, want := range map[string]string{"4869": "Hi", "4A4b": "JK", "00": "\x00"} {
		if got, ok := hexBytes(s); !ok || string(got) != want {
			t.Errorf("%q: %q %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "4", "4G", "486", "zz", "48 69"} {
		if got, ok := hexBytes(s); ok {
			t.Errorf("%q: %q", s, got)
		}
	}
	for s, want := range map[string]string{"SGk=": "Hi", "SGk": "Hi", "SG\r\nk =": "Hi", "SGVsbG8h": "Hello!"} {
		if got, ok := base64Bytes(s); !ok || string(got) != want {
			t.Errorf("%q: %q %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "=", "S", "SG-k", "Hello!"} {
		if got, ok := base64Bytes(s); ok {
			t.Errorf("%q: %q", s, got)
		}
	}
}

func TestOnlyWhatReadsAsTextIsDecoded(t *testing.T) {
	const plain = "cmd.exe /c start calc.exe"
	code := base64.StdEncoding.EncodeToString([]byte(plain))
	wide := base64.StdEncoding.EncodeToString([]byte(strings.Join(strings.Split(plain, ""), "\x00") + "\x00"))
	for name, tc := range map[string]struct{ s, want string }{
		"base64":              {code, plain},
		"base64, filled":      {code + "==", plain},
		"base64 in text":      {"data:text/plain;base64," + code + "!", plain},
		"base64 of UTF-16":    {wide, plain},
		"hexadecimal":         {hexOf(plain), plain},
		"great hexadecimal":   {strings.ToUpper(hexOf(plain)), plain},
		"reversed address":    {reversed("http://a.test"), "http://a.test"},
		"reversed shell":      {reversed("WScript.Shell"), "WScript.Shell"},
		"reversed program":    {reversed("calc.exe"), "calc.exe"},
		"too short":           {base64.StdEncoding.EncodeToString([]byte("abcdefgh")), ""},
		"a word":              {"InternationalizationOfApplications", ""},
		"random bytes":        {base64.StdEncoding.EncodeToString([]byte("\x01\x80\xff\x02\x90\xfe\x03\x04\x05\x06\x07\x08\x0e\x0f\x10")), ""},
		"a picture":           {"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk", ""},
		"a number":            {"12345678901234567890123", ""},
		"a path":              {`C:\Users\Public\Documents\report`, ""},
		"the last of several": {strings.Repeat("aaaaaaaaaaaaaaaa ", 31) + code, plain},
		"too many":            {strings.Repeat("aaaaaaaaaaaaaaaa ", 32) + code, ""},
	} {
		got := decodedText(tc.s)
		if tc.want == "" && slices.ContainsFunc(got, func(s string) bool { return len(s) > 0 && !strings.Contains(s, "i") }) || tc.want != "" && !slices.Contains(got, tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestPathsAreClassedByWhatWindowsDoesWithThem(t *testing.T) {
	for s, want := range map[string]pathClass{
		`C:\a\report.xlsx`: pathPlain, `report.CSV`: pathPlain, `"C:\a b\x.txt"`: pathPlain, "x.log ": pathPlain, "a.b.pdf": pathPlain,
		`C:\a\x.exe`: pathProgram, `x.VBS`: pathProgram, "x.exe.": pathOpen, "x.js ": pathProgram, "a.txt.scr": pathProgram, "x.xll\x00": pathProgram,
		`C:\u\Start Menu\Programs\Startup\x.txt`: pathProgram, `%APPDATA%\Microsoft\Excel\XLSTART\book.xlsx`: pathProgram, `a\Microsoft\Templates\x`: pathProgram,
		"": pathOpen, "a": pathOpen, `C:\a`: pathOpen, "x.": pathOpen, "x.abc": pathOpen, "…": pathOpen, "…\\a.txt": pathPlain, `C:\a.b\c`: pathOpen,
	} {
		if got := pathOf(s); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
	for ext := range plainExtensions {
		if programExtensions[ext] || pathOf("a."+ext) != pathPlain {
			t.Errorf("%s", ext)
		}
	}
	for ext := range programExtensions {
		if pathOf(`C:\a.`+strings.ToUpper(ext)) != pathProgram {
			t.Errorf("%s", ext)
		}
	}
}

func TestKeysThatTypeText(t *testing.T) {
	for s, want := range map[string]bool{
		"": false, "~": false, "{ENTER}": false, "^c": false, "%{F4}": false, "+{TAB}{DOWN 3}": false, "^(ac)": false, "%fo": false, "abc": false,
		"abcd": true, "cmd{ENTER}": false, "powershell~": true, "calc.exe{ENTER}": true, "a" + hole: true, "}}}abcd": true, "{{}abcd": true, "{p}{o}{w}{e}{r}": true, "{a 5}{b 5}": false, "{F4}{F5}{HOME 2}": false, "{": false, "{}}": false, "{open": true,
	} {
		if got := typesWords(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestPatternsThatDeleteMoreThanAFile(t *testing.T) {
	for s, want := range map[string]bool{
		`C:\x\report.tmp`: false, `C:\x\*.tmp`: false, "*.log": false, "": false, "…": false, `…\a.csv`: false,
		`C:\x\*.*`: true, `C:\x\*`: true, `C:\Windows\a.txt`: true, `%WinDir%\a.log`: true, `%SystemRoot%\x.ini`: true, `C:\x\a.exe`: true, `C:\x\*.dll`: true,
	} {
		if got := deletesAll(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestExcel4ExpressionsThatAct(t *testing.T) {
	for s, want := range map[string]bool{
		`GET.DOCUMENT(50)`: false, `SHOW.TOOLBAR("Ribbon",False)`: false, "1+1": false, "": false, `PAGE.SETUP("x")`: false,
		`EXEC("calc")`: true, `exec ("calc")`: true, `CALL("u","f","J")`: true, `REGISTER.ID("a","b")`: true, `FOPEN("a")`: true, `=FWRITELN(1,"a")`: true,
		`RUN("a!b")`: true, `FILE.DELETE("a")`: true, `DIRECTORY("a")`: true, `INITIATE("a","b")`: true, `EXECUTE(1,"a")`: true, `SEND.KEYS("a")`: true, `SAVE.AS("a")`: true, hole + "(1)": true,
	} {
		if got := macro4Acts(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestWordsOfAText(t *testing.T) {
	for s, want := range map[string]string{
		"WScript.Shell": "WScript.Shell", "wscript.shell.1": "WScript.Shell", "MSXML2.XMLHTTP.6.0": "MSXML2.XMLHTTP", "WinHttp.WinHttpRequest.5.1": "WinHttp.WinHttpRequest",
		"a powershell b": "PowerShell", "powershell.exe": "PowerShell", `C:\x\powershell.exe -x`: "PowerShell", "cmd /c": "cmd.exe", "cmd": "", "cmd x": "", "CMD.EXE": "cmd.exe",
		"xpowershell": "", "powershelly": "", "": "", ".": "", "...": "", "certutil -decode": "certutil", "x.certutil.y": "certutil", strings.Repeat("a", 70): "",
	} {
		var got []string
		wordsOf(s, func(w word) { got = append(got, w.keyword) })
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
	for key, w := range texts {
		found := false
		wordsOf("x "+strings.ToUpper(key)+" y", func(v word) { found = found || v.keyword == w.keyword })
		if !found {
			t.Errorf("%s is not found", key)
		}
	}
}
