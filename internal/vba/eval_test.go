package vba

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// evaluated runs code and returns what it hands to f.
func evaluated(t *testing.T, code string) string {
	t.Helper()
	p := one("Sub AutoOpen()\n" + code + "\nEnd Sub\n")
	r, err := Judge(context.Background(), p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Chain) == 0 {
		return "nothing"
	}
	return r.Text
}

func TestExpressions(t *testing.T) {
	for expr, want := range map[string]string{
		`"a" & "b" & 1 & 2.5`: "ab12.5", `"a" + "b"`: "ab", `1 + 2 & "x"`: "3x", `"1" + 2 & ""`: "3", `2 + 3 * 4 & ""`: "14", `(2 + 3) * 4 & ""`: "20",
		`2 ^ 3 ^ 2 & ""`: "64", `-2 ^ 2 & ""`: "-4", `7 \ 2 & "," & 7 Mod 4 & "," & 7 / 2`: "3,3,3.5", `10 - 3 - 2 & ""`: "5", `&HFF & "," & &O17 & "," & &HFFFF`: "255,15,-1",
		`(5 Xor 3) & "," & (5 And 3) & "," & (5 Or 3) & "," & (Not 5)`: "6,1,7,-6", `(1 = 1) & (1 <> 1) & ("a" < "b") & (2 >= 3)`: "-10-10",
		`Chr(65) & ChrW$(12354) & Chr$(&H42)`: "AあB", `Asc("A") & AscW("あ")`: "6512354", `ChrW(-224)`: "＠",
		`Mid("abcdef", 2, 3) & Mid("abc", 2) & Mid("abc", 9)`: "bcdbc", `Mid("あいう", 2, 1) & Left("あい", 1) & Right("あい", 1)`: "いあい",
		`Left("abc", 2) & Right("abc", 2) & Left("a", 9) & Right("a", 9)`: "abbcaa", `Len("abc") & Len("あ")`: "31",
		`Trim("  a ") & LTrim(" b ") & RTrim(" c ")`: "ab  c", `UCase("ab") & LCase("CD") & StrReverse("xyz")`: "ABcdzyx",
		`Replace("a-b-c", "-", "") & Replace("aBb", "b", "x", 1, -1, 1)`: "abcaxx", `Space(2) & String(3, "x") & String(2, 65)`: "  xxxAA",
		`Join(Array("a", "b"), "-") & Join(Split("c d"))`: "a-bc d", `Split("a,b,c", ",")(1) & Array(1, 2, 3)(2)`: "b3", `Join(Filter(Array("ab", "cd"), "a"), "")`: "ab",
		`InStr("abc", "c") & InStr(2, "abca", "a") & InStr("abc", "x") & InStrRev("abca", "a")`: "3404", `InStr(1, "ABC", "b", 1) & ""`: "2",
		`Val("12x") & Val("&H1F") & Val("x") & CInt("7") & CLng(2.5) & CByte("&H41")`: "123107265", `Hex(255) & Oct(8) & Int(2.7) & Fix(-2.7) & Abs(-3) & Sgn(-2)`: "FF102-23-1",
		`StrConv("ab", 1) & StrConv("CD", vbLowerCase) & StrConv(StrConv("ef", vbFromUnicode), vbUnicode)`: "ABcdef", `IIf(1 > 2, "a", "b") & Choose(2, "x", "y")`: "by",
		`Environ("Temp") & "\a"`: `%TEMP%\a`, `VBA.Strings.Chr(66) & VBA.Mid$("abc", 2, 1)`: "Bb", `"a" & vbNullString & nobody & vbTab & True`: "a\t-1",
		`"say ""x"""`: `say "x"`, `CStr(1.5) & Str(2) & Format(3)`: "1.5 23", `"a" & Range("A1").Value & "b"`: "a…b", `"x" & Sheets(1).Name & Now & "y"`: "x…y",
		`UBound(Split("a,b,c", ",")) & LBound(Array(1))`: "20", `Round(2.6) & Sqr(16) & 1e3 & .5`: "3410000.5", `"a" & [A1] & #1/2/2020# & "b"`: "a…b",
		`Application.StartupPath & "\x.xls"`: `%APPDATA%\Microsoft\Excel\XLSTART\x.xls`, `"a" _` + "\n  & \"b\"": "ab",
	} {
		if got := evaluated(t, "Shell "+expr); got != want {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
}

func TestStatements(t *testing.T) {
	for code, want := range map[string]string{
		"x = \"a\": x = x & \"b\"":                                                                      "ab",
		"Dim a(2)\na(0) = \"p\": a(1) = \"q\"\nx = Join(a, \"\")":                                       "pq",
		"Dim b(1 To 2) As Byte\nb(1) = 65: b(2) = 66\nx = StrConv(b, 64)":                               "AB",
		"ReDim c(0)\nc(0) = 65\nReDim Preserve c(1)\nc(1) = 66\nx = StrConv(c, 64)":                     "AB",
		"x = \"abcd\"\nMid(x, 2, 2) = \"XY\"":                                                           "aXYd",
		"For i = 3 To 1 Step -1\nx = x & Chr(64 + i)\nNext i":                                           "CBA",
		"For i = 1 To 0\nx = \"no\"\nNext\nx = x & \"y\"":                                               "y",
		"For Each v In Array(\"a\", \"b\")\nx = x & LCase(v)\nNext":                                     "ab",
		"Do\ni = i + 1\nx = x & Chr(64 + i)\nLoop Until i = 3":                                          "ABC",
		"Do While i < 2\ni = i + 1\nx = x & Chr(64 + i)\nLoop":                                          "AB",
		"While i < 2\ni = i + 1\nx = x & Chr(64 + i)\nWend":                                             "AB",
		"For i = 1 To 9\nIf i = 3 Then Exit For\nx = x & Chr(64 + i)\nNext":                             "AB",
		"For i = 1 To 2\nFor k = 1 To 2\nx = x & Chr(64 + i * k)\nNext\nNext":                           "ABBD",
		"If 1 = 2 Then\nx = \"a\"\nElseIf 2 = 2 Then\nx = \"b\"\nElse\nx = \"c\"\nEnd If":               "b",
		"If 1 = 2 Then x = \"a\" Else x = \"b\"":                                                        "b",
		"If 1 = 1 Then x = \"a\": x = x & \"b\" Else x = \"c\"":                                         "ab",
		"If 1 = 1 Then If 1 = 2 Then x = \"a\" Else x = \"b\"":                                          "b",
		"x = \"k\"\nIf Now > 3 Then MsgBox 1 Else Beep":                                                 "k",
		"Select Case 3\nCase 1, 2: x = \"a\"\nCase 3 To 4: x = \"b\"\nCase Else: x = \"c\"\nEnd Select": "b",
		"Select Case \"q\"\nCase \"p\": x = \"a\"\nCase Else: x = \"c\"\nEnd Select":                    "c",
		"Select Case 7\nCase Is > 5: x = \"a\"\nCase Else: x = \"c\"\nEnd Select":                       "a",
		"Const k = 2, m = \"z\"\nx = m & k":                                                             "z2",
		"Set o = New Collection\no.Tag = \"t\"\nx = o.Tag":                                              "t",
		"With New Collection\n.Tag = \"w\"\nx = .Tag\nEnd With":                                         "w",
		"Let x = \"l\"":                 "l",
		"Static x As String\nx = \"s\"": "s",
		"x$ = \"d\"\nx$ = x$ & \"e\"":   "de",
		"Grow x\nEnd Sub\nSub Grow(s)\ns = s & \"by reference\"\nEnd Sub\nSub AutoClose()\nx = \"by reference\"":                                                            "by reference",
		"x = Twice(\"a\")\nShell x\nEnd Sub\nFunction Twice(s)\nTwice = s & s\nEnd Function\nSub AutoClose()\nx = \"aa\"":                                                   "aa",
		"x = Pick(1)\nShell x\nEnd Sub\nFunction Pick(n)\nIf n = 1 Then\nPick = \"one\"\nExit Function\nEnd If\nPick = \"two\"\nEnd Function\nSub AutoClose()\nx = \"one\"": "one",
	} {
		if got := evaluated(t, code+"\nShell x"); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
}

func tokensOf(source string) string {
	var out []string
	l := lexer{src: source, line: 1, tab: newSymbols()}
	for {
		t, ok := l.next()
		if !ok {
			return strings.Join(out, " ")
		}
		kind := "p"
		switch {
		case t.sym > 0:
			kind = "w"
		case t.sym == tString:
			kind = "s"
		case t.sym == tNumber:
			kind = "n"
		case t.sym == tNamed:
			kind = "named"
		case t.sym == tLine, t.sym == tColon:
			kind = "|"
		}
		out = append(out, fmt.Sprint(t.line, kind, source[t.off:t.end]))
	}
}

func TestTokens(t *testing.T) {
	for source, want := range map[string]string{
		"a = b":                "1wa 1p= 1wb",
		"a: b":                 "1wa 1| 1wb",
		"a\nb\n":               "1wa 1| 2wb 2|",
		"a\r\nb":               "1wa 1| 2wb",
		"a _\n  b":             "1wa 2wb",
		"a_b _ c":              "1wa_b 1p_ 1wc",
		"a 'b\nc":              "1wa 1| 2wc",
		"a ' b _\nc\nd":        "1wa 2| 3wd",
		"x = \"a\"\"b\" & \"c": "1wx 1p= 1sa\"\"b 1p& 1sc",
		"x = &HFF + 1.5":       "1wx 1p= 1n&HFF 1p+ 1n1.5",
		"x = &HFF& & 2e3":      "1wx 1p= 1n&HFF& 1p& 1n2e3",
		"x$ = y%&\"a\"":        "1wx 1p= 1wy 1p& 1sa",
		"a&b":                  "1wa 1p& 1wb",
		"f(a&, 1&)":            "1wf 1p( 1wa 1p, 1n1 1p)",
		"a!b":                  "1wa 1p! 1wb",
		"a.5":                  "1wa 1p. 1n5",
		"x = .5":               "1wx 1p= 1n.5",
		"f a:=1":               "1wf 1wa 1named 1n1",
		"[A1] = é":             "1p[ 1wA1 1p] 1p= 1wé",
		"表示 = 1":               "1w表示 1p= 1n1",
		"\x00\xff":             "1p\x00 1p\xff",
		"a _":                  "1wa 1p_",
		"":                     "",
	} {
		if got := tokensOf(source); got != want {
			t.Errorf("%q\n got %q\nwant %q", source, got, want)
		}
	}
}
