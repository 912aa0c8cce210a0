package vba

import (
	"testing"
)

// folded runs an expression and returns the text that it is when it is put behind "<" and before ">".
func folded(t *testing.T, expr string) string {
	t.Helper()
	return evaluated(t, "Shell \"<\" & "+expr+" & \">\"")
}

// functionCases are the functions of the language by name, in lower case as builtins has them: each with what it yields for the arguments that
// code gives it, for those at the edge, and for those that cannot be told (a hole).
var functionCases = []struct {
	name, expr, want string
}{
	{"chr", `Chr(65)`, "A"},
	{"chr", `Chr$(34)`, `"`},
	{"chr", `Chr("66")`, "B"},
	{"chr", `Chr(66.4)`, "B"},
	{"chr", `Chr(&H43)`, "C"},
	{"chr", `Chr(Range("A1"))`, "…"},
	{"chr", `Chr(-70000)`, "…"},
	{"chr", `Chr(1114112)`, "…"},
	{"chrw", `ChrW(12354)`, "あ"},
	{"chrw", `ChrW(-224)`, "＠"},
	{"chrw", `ChrW$(&HFF20)`, "＠"},
	{"chrb", `ChrB(65)`, "A"},
	{"asc", `Asc("A")`, "65"},
	{"asc", `Asc("AB")`, "65"},
	{"asc", `Asc("")`, "…"},
	{"asc", `Asc(Range("A1"))`, "…"},
	{"ascw", `AscW("あ")`, "12354"},
	{"ascb", `AscB("a")`, "97"},

	{"mid", `Mid("abcdef", 2, 3)`, "bcd"},
	{"mid", `Mid("abcdef", 5)`, "ef"},
	{"mid", `Mid("abc", 4)`, ""},
	{"mid", `Mid("abc", 2, 99)`, "bc"},
	{"mid", `Mid("abc", 2, 0)`, ""},
	{"mid", `Mid(12345, 2, 2)`, "23"},
	{"mid", `Mid$("あいう", 2, 1)`, "い"},
	{"mid", `Mid("abc", x.y)`, "…"},
	{"mid", `Mid("abc", 1, x.y)`, "…"},
	{"mid", `Mid(x.y, 1)`, "…"},
	{"midb", `MidB("abcdef", 3, 4)`, "bc"},
	{"midb", `MidB("abcdef", 5)`, "cdef"},
	{"midb", `MidB("abcdef", 2, 2)`, "…"},
	{"midb", `MidB("abcdef", 1, 3)`, "…"},
	{"left", `Left("abc", 2)`, "ab"},
	{"left", `Left("abc", 0)`, ""},
	{"left", `Left("abc", 9)`, "abc"},
	{"left", `Left("あいう", 2)`, "あい"},
	{"left", `Left("abc", x.y)`, "…"},
	{"right", `Right("abc", 2)`, "bc"},
	{"right", `Right("abc", 0)`, ""},
	{"right", `Right("abc", 9)`, "abc"},
	{"right", `Right("あいう", 2)`, "いう"},
	{"right", `Right(x.y, 2)`, "…"},
	{"len", `Len("abc")`, "3"},
	{"len", `Len("あいう")`, "3"},
	{"len", `Len("")`, "0"},
	{"len", `Len(x.y)`, "…"},
	{"lenb", `LenB("abc")`, "6"},
	{"lenb", `LenB("あ")`, "2"},
	{"lenb", `LenB(x.y)`, "…"},

	{"replace", `Replace("a-b-c", "-", "")`, "abc"},
	{"replace", `Replace("aaa", "a", "bb")`, "bbbbbb"},
	{"replace", `Replace("abc", "x", "y")`, "abc"},
	{"replace", `Replace("abc", "", "y")`, "abc"},
	{"replace", `Replace("AbaB", "b", "")`, "AaB"},
	{"replace", `Replace("AbaB", "b", "", 1, -1, vbBinaryCompare)`, "AaB"},
	{"replace", `Replace("AbaB", "b", "", 1, -1, vbTextCompare)`, "Aa"},
	{"replace", `Replace("AbaB", "b", "x", , , 1)`, "Axax"},
	{"replace", `Replace("AbaB", "b", "x", 1, 1, 1)`, "AxaB"},
	{"replace", `Replace("xAyAz", "A", "", 1, 1)`, "xyAz"},
	{"replace", `Replace("xAyAz", "A", "", 3)`, "yz"},
	{"replace", `Replace("xAyAz", "A", "", 1, 0)`, "xAyAz"},
	{"replace", `Replace("あいあ", "あ", "う")`, "ういう"},
	{"replace", `Replace("abc", x.y, "")`, "…"},
	{"split", `Split("a b c")(1)`, "b"},
	{"split", `Split("a,b,c", ",")(2)`, "c"},
	{"split", `Split("a--b", "--")(1)`, "b"},
	{"split", `Split("a,b,c", ",", 2)(1)`, "b,c"},
	{"split", `Split("a,b,c", ",", -1)(2)`, "c"},
	{"split", `Split("abc", "")(0)`, "abc"},
	{"split", `UBound(Split("", ","))`, "-1"},
	{"split", `Split("a,b", ",")(7)`, "…"},
	{"split", `Split(x.y, ",")(0)`, "…"},
	{"split", `Split("a,b", x.y)(0)`, "…"},
	{"join", `Join(Array("a", "b"))`, "a b"},
	{"join", `Join(Array("a", "b"), "")`, "ab"},
	{"join", `Join(Array("a", 1, 2.5), "-")`, "a-1-2.5"},
	{"join", `Join(Array("a", x.y, "c"), "-")`, "a-…-c"},
	{"join", `Join(x.y, "-")`, "…"},
	{"filter", `Join(Filter(Array("ab", "cb", "ad"), "b"), "")`, "abcb"},
	{"filter", `Join(Filter(Array("ab", "cb", "ad"), "b", False), "")`, "ad"},
	{"filter", `Join(Filter(Array("ab", "CB", "ad"), "b", True, 1), "")`, "abCB"},
	{"filter", `Join(Filter(x.y, "b"), "")`, "…"},
	{"strreverse", `StrReverse("abc")`, "cba"},
	{"strreverse", `StrReverse("あい")`, "いあ"},
	{"strreverse", `StrReverse(x.y)`, "…"},
	{"strconv", `StrConv("aB", vbUpperCase)`, "AB"},
	{"strconv", `StrConv("aB", vbLowerCase)`, "ab"},
	{"strconv", `StrConv("hELLO wORLD", 3)`, "Hello World"},
	{"strconv", `StrConv(Array(72, 105), vbUnicode)`, "Hi"},
	{"strconv", `StrConv(StrConv("xyz", vbFromUnicode), vbUnicode)`, "xyz"},
	{"strconv", `UBound(StrConv("xyz", vbFromUnicode))`, "2"},
	{"strconv", `StrConv(x.y, 64)`, "…"},

	{"ucase", `UCase("aBc é")`, "ABC É"},
	{"lcase", `LCase$("AbC")`, "abc"},
	{"ucase", `UCase(x.y)`, "…"},
	{"trim", `Trim("  a b  ")`, "a b"},
	{"trim", `Trim(vbTab & "a")`, "\ta"},
	{"ltrim", `LTrim("  a ")`, "a "},
	{"rtrim", `RTrim(" a  ")`, " a"},
	{"space", `Space(3)`, "   "},
	{"space", `Space(0)`, ""},
	{"space", `Space(-1)`, "…"},
	{"string", `String(3, "ab")`, "aaa"},
	{"string", `String$(2, 65)`, "AA"},
	{"string", `String(2, 321)`, "AA"},
	{"string", `String(2, "é")`, "éé"},
	{"string", `String(2, "")`, ""},
	{"string", `String(x.y, "a")`, "…"},
	{"string", `String(2, x.y)`, "…"},
	{"array", `Array("p", "q")(1)`, "q"},
	{"array", `UBound(Array())`, "-1"},

	{"cstr", `CStr(12)`, "12"},
	{"cstr", `CStr(1.5)`, "1.5"},
	{"cvar", `CVar("v")`, "v"},
	{"cstr", `CStr(x.y)`, "…"},
	{"str", `Str(12)`, " 12"},
	{"str", `Str(-1.5)`, "-1.5"},
	{"str", `Trim(Str(7))`, "7"},
	{"str", `Str(x.y)`, "…"},
	{"format", `Format(7)`, "7"},
	{"format", `Format("ab")`, "ab"},
	{"format", `Format(7, "000")`, "…"},
	{"val", `Val("12.5kg")`, "12.5"},
	{"val", `Val(" 1 2 3x")`, "123"},
	{"val", `Val("&H1F")`, "31"},
	{"val", `Val("&O17")`, "15"},
	{"val", `Val("-7a")`, "-7"},
	{"val", `Val("abc")`, "0"},
	{"val", `Val(x.y)`, "…"},
	{"hex", `Hex(255)`, "FF"},
	{"hex", `Hex("16")`, "10"},
	{"hex", `Hex(-1)`, "FFFFFFFF"},
	{"hex", `Hex(x.y)`, "…"},
	{"oct", `Oct(8)`, "10"},
	{"oct", `Oct(x.y)`, "…"},
	{"cint", `CInt("7")`, "7"},
	{"cint", `CInt(2.5)`, "2"},
	{"cint", `CInt(3.5)`, "4"},
	{"clng", `CLng("&HFFFF&")`, "65535"},
	{"cbyte", `CByte("&H41")`, "65"},
	{"clngptr", `CLngPtr(9)`, "9"},
	{"clnglng", `CLngLng("9")`, "9"},
	{"cint", `CInt(x.y)`, "…"},
	{"int", `Int(2.7)`, "2"},
	{"int", `Int(-2.1)`, "-3"},
	{"fix", `Fix(-2.7)`, "-2"},
	{"abs", `Abs(-3)`, "3"},
	{"sqr", `Sqr(16)`, "4"},
	{"sgn", `Sgn(-9) & Sgn(0) & Sgn(3)`, "-101"},
	{"abs", `Abs(x.y)`, "…"},
	{"cdbl", `CDbl("1.5")`, "1.5"},
	{"csng", `CSng(2)`, "2"},
	{"ccur", `CCur("3.25")`, "3.25"},
	{"cdec", `CDec(4)`, "4"},
	{"round", `Round(2.6)`, "3"},
	{"round", `Round(2.5)`, "2"},
	{"round", `Round(0.125, 2)`, "0.12"},
	{"round", `Round(-1.26, 1)`, "-1.3"},
	{"round", `Round(1.5, 99)`, "…"},
	{"round", `Round(x.y)`, "…"},

	{"instr", `InStr("abcabc", "c")`, "3"},
	{"instr", `InStr(4, "abcabc", "c")`, "6"},
	{"instr", `InStr("abc", "x")`, "0"},
	{"instr", `InStr("あいう", "う")`, "3"},
	{"instr", `InStr(1, "ABC", "b", vbTextCompare)`, "2"},
	{"instr", `InStr(1, "ABC", "b", vbBinaryCompare)`, "0"},
	{"instr", `InStr(9, "abc", "a")`, "0"},
	{"instr", `InStr(0, "abc", "a")`, "…"},
	{"instr", `InStr(x.y, "a")`, "…"},
	{"instrrev", `InStrRev("a\b\c", "\")`, "4"},
	{"instrrev", `InStrRev("a\b\c", "\", 3)`, "2"},
	{"instrrev", `InStrRev("a\b\c", "\", -1)`, "4"},
	{"instrrev", `InStrRev("aXbx", "X", -1, vbTextCompare)`, "4"},
	{"instrrev", `InStrRev("abc", "x")`, "0"},
	{"instrrev", `InStrRev("abc", "a", 9)`, "0"},
	{"instrrev", `InStrRev("あいあ", "あ")`, "3"},
	{"instrrev", `InStrRev(x.y, "a")`, "…"},
	{"ubound", `UBound(Array(1, 2, 3))`, "2"},
	{"ubound", `UBound(x.y)`, "…"},
	{"lbound", `LBound(Array(1, 2, 3))`, "0"},
	{"lbound", `LBound(x.y)`, "…"},
	{"environ", `Environ("Temp")`, "%TEMP%"},
	{"environ", `Environ$("comspec")`, "%COMSPEC%"},
	{"environ", `Environ(1)`, "…"},
	{"curdir", `CurDir() & "\a"`, `%CD%\a`},
	{"iif", `IIf(1 < 2, "yes", "no")`, "yes"},
	{"iif", `IIf(1 > 2, "yes", "no")`, "no"},
	{"iif", `IIf(x.y, "yes", "no")`, "…"},
	{"choose", `Choose(2, "x", "y", "z")`, "y"},
	{"choose", `Choose(4, "x", "y", "z")`, "…"},
	{"choose", `Choose(x.y, "x")`, "…"},
	{"switch", `Switch(1 = 2, "x", 1 = 1, "y")`, "y"},
	{"switch", `Switch(1 = 2, "x")`, "…"},
	{"switch", `Switch(x.y, "x", True, "y")`, "…"},
	{"isempty", `IsEmpty(x.y)`, "…"},
	{"isarray", `IsArray(x.y)`, "…"},
}

func TestFunctionsOfTheLanguageYieldWhatTheSpecificationSays(t *testing.T) {
	tried := make(map[string]bool)
	for _, tc := range functionCases {
		tried[tc.name] = true
		if got := folded(t, tc.expr); got != "<"+tc.want+">" {
			t.Errorf("%s: %q, want %q", tc.expr, got, tc.want)
		}
	}
	for name := range builtins {
		if !tried[name] {
			t.Errorf("%s has no case", name)
		}
	}
}

// Without an argument each function yields something that is not taken for text, and what stands behind it is still judged.
func TestFunctionsWithoutArgumentsHideNothing(t *testing.T) {
	for name := range builtins {
		for _, args := range []string{"()", "(,)", "(,,,,,,,)", "(x.y, x.y, x.y, x.y, x.y, x.y)", "(-1)", "(1E300)", "(-1, -1, -1, -1)", "(Nothing, Null, Empty)"} {
			r := judged(t, one("Sub AutoOpen()\nx = "+name+args+"\nShell \"cmd /c calc\"\nEnd Sub"))
			if !r.Suspicious || r.Text != "cmd /c calc" {
				t.Errorf("%s%s: %+v", name, args, r)
			}
		}
	}
}

// A function is reached by its own name, with a type character, and through its libraries (MS-VBAL 6.1.2), but not as a member of another object.
func TestFunctionsAreReachedByTheirLibraries(t *testing.T) {
	for expr, want := range map[string]string{
		`StrReverse("cba")`:               "abc",
		`VBA.StrReverse("cba")`:           "abc",
		`VBA.Strings.StrReverse("cba")`:   "abc",
		`Strings.StrReverse("cba")`:       "abc",
		`vba.strings.strreverse("cba")`:   "abc",
		`VBA.Conversion.Hex(10)`:          "A",
		`VBA.Interaction.Environ("X")`:    "%X%",
		`VBA.Math.Abs(-1)`:                "1",
		`VBA.[_HiddenModule].Array(3)(0)`: "3",
		`x.StrReverse("cba")`:             "…",
		`Sheet1.Mid("abc", 2)`:            "…",
	} {
		if got := folded(t, expr); got != "<"+want+">" {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
}

// A procedure of the project with the name of a function is called in its place (MS-VBAL 5.6.10).
func TestProceduresHideFunctionsOfTheSameName(t *testing.T) {
	r := judged(t, one("Function StrReverse(s)\nStrReverse = \"own\" & s\nEnd Function\nSub AutoOpen()\nShell StrReverse(\"x\")\nEnd Sub"))
	if r.Text != "ownx" {
		t.Errorf("%q", r.Text)
	}
}
