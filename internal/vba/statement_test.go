package vba

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// places are the statements of MS-VBAL 5.4 with § where an expression may stand: wherever code can call, the call is judged, in its own line.
var places = []struct{ clause, code string }{
	{"5.4.2.1 Call", "Call §"},
	{"5.4.2.1 Call, argument", "Call f(§)"},
	{"5.4.2.1 call without Call", "f §"},
	{"5.4.2.1 second argument", "f 1, §"},
	{"5.4.2.1 named argument", "f a:=1, b:=§"},
	{"5.4.2.1 argument in parentheses", "f (§)"},
	{"5.4.2.1 argument of a member", "a.b.c §"},
	{"5.4.2.1 argument of a member's index", "a.b(§).c"},
	{"5.4.2.1 argument behind an omitted one", "f , , §"},
	{"5.4.2.1 argument by value", "f ByVal §"},
	{"5.4.2.2 While", "While §\nWend"},
	{"5.4.2.3 For, from", "For i = § To 3\nNext"},
	{"5.4.2.3 For, to", "For i = 1 To §\nNext"},
	{"5.4.2.3 For, Step", "For i = 1 To 3 Step §\nNext"},
	{"5.4.2.3 For, variable of an array", "For a(§) = 1 To 3\nNext"},
	{"5.4.2.4 For Each", "For Each i In §\nNext"},
	{"5.4.2.6 Do While", "Do While §\nLoop"},
	{"5.4.2.6 Do Until", "Do Until §\nLoop"},
	{"5.4.2.6 Loop While", "Do\nLoop While §"},
	{"5.4.2.6 Loop Until", "Do\nLoop Until §"},
	{"5.4.2.8 If", "If § Then\nEnd If"},
	{"5.4.2.8 ElseIf", "If a Then\nElseIf § Then\nEnd If"},
	{"5.4.2.9 If in one line", "If § Then b"},
	{"5.4.2.9 Then", "If a Then x = §"},
	{"5.4.2.9 Else", "If a Then x = 1 Else x = §"},
	{"5.4.2.9 Then of several", "If a Then b: c: x = § Else d"},
	{"5.4.2.9 nested in Else", "If a Then b Else If c Then d Else x = §"},
	{"5.4.2.10 Select", "Select Case §\nCase 1\nEnd Select"},
	{"5.4.2.10 Case", "Select Case a\nCase §\nEnd Select"},
	{"5.4.2.10 Case in a list", "Select Case a\nCase 1, §, 3\nEnd Select"},
	{"5.4.2.10 Case To", "Select Case a\nCase 1 To §\nEnd Select"},
	{"5.4.2.10 Case Is", "Select Case a\nCase Is > §\nEnd Select"},
	{"5.4.2.10 Case Else", "Select Case a\nCase 1\nCase Else\nx = §\nEnd Select"},
	{"5.4.2.10 Case with its statement", "Select Case a\nCase 1: x = §\nEnd Select"},
	{"5.4.2.13 On GoTo", "On § GoTo here\nhere:"},
	{"5.4.2.16 On GoSub", "On § GoSub here\nhere:"},
	{"5.4.2.20 RaiseEvent", "RaiseEvent e(§)"},
	{"5.4.2.21 With", "With §\nEnd With"},
	{"5.4.2.21 member of With", "With a\n.b = §\nEnd With"},
	{"5.4.2.21 call of With", "With a\n.b §\nEnd With"},
	{"5.4.2.23 Assert", "Debug.Assert §"},
	{"5.4.3.1 Dim", "Dim a(§)"},
	{"5.4.3.1 Dim To", "Dim a(1 To §) As Long"},
	{"5.4.3.2 Const", "Const a = §"},
	{"5.4.3.2 second Const", "Const a = 1, b As String = §"},
	{"5.4.3.3 ReDim", "ReDim a(§)"},
	{"5.4.3.3 ReDim Preserve", "ReDim Preserve a(1 To §)"},
	{"5.4.3.3 second ReDim", "ReDim a(1), b(§)"},
	{"5.4.3.5 Mid", "Mid(a, 1, §) = \"b\""},
	{"5.4.3.5 Mid, value", "Mid$(a, 1) = §"},
	{"5.4.3.6 LSet", "LSet a = §"},
	{"5.4.3.7 RSet", "RSet a = §"},
	{"5.4.3.8 Let", "Let a = §"},
	{"5.4.3.8 Let without Let", "a = §"},
	{"5.4.3.8 index of what is assigned", "a(§) = 1"},
	{"5.4.3.8 member of what is assigned", "a(§).b = 1"},
	{"5.4.3.8 second index", "a(1, §) = 1"},
	{"5.4.3.9 Set", "Set a = §"},
	{"5.4.3.9 Set of a member", "Set a.b = §"},
	{"5.4.4.3 Error", "Error §"},
	{"5.4.5.1 Open", "Open § For Input As #1"},
	{"5.4.5.8 Print", "Print #1, §"},
	{"5.4.5.8 Print, second", "Print #1, a; §; Tab(3)"},
	{"5.4.5.9 Write", "Write #1, §, 2"},
	{"5.4.5.11 Put", "Put #1, , §"},
	{"5.4.5.12 Get", "Get #1, §, a"},
	{"5.6.5 literal behind it", "x = § & \"a\""},
	{"5.6.6 parentheses", "x = ((§))"},
	{"5.6.7 TypeOf", "x = TypeOf § Is Long"},
	{"5.6.9.3 sum", "x = 1 + §"},
	{"5.6.9.3 sign", "x = -§"},
	{"5.6.9.4 text", "x = \"a\" & §"},
	{"5.6.9.5 comparison", "x = a <> §"},
	{"5.6.9.6 Like", "x = a Like §"},
	{"5.6.9.7 Is", "x = a Is §"},
	{"5.6.9.8 Not", "x = Not §"},
	{"5.6.9.8 Imp", "x = a Imp b Eqv c Xor §"},
	{"5.6.12 argument of a function's member", "x = f(1).g(§)"},
	{"5.6.13 index of an index", "x = a(1)(§)"},
	{"5.6.14 dictionary", "x = a!b(§)"},
	{"a line's second statement", "a: b: x = §"},
	{"a line behind a label", "here: x = §"},
	{"a line behind a number", "10 x = §"},
	{"a line behind a number and a label", "10 here: x = §"},
	{"a continued line", "x = _\n  a & _\n  §"},
}

func TestACallIsJudgedWhereverAnExpressionStands(t *testing.T) {
	for _, p := range places {
		for kind, call := range map[string]string{"call": `Shell("one")`, "member": `VBA.Shell("one")`, "in text": `(a & Shell("one"))`} {
			source := "Sub AutoOpen()\n" + strings.Replace(p.code, "§", call, 1) + "\nKill \"behind.exe\"\nEnd Sub\n"
			want := 1 + strings.Count(source[:strings.Index(source, "Shell")], "\n")
			if strings.Contains(p.code, "_\n") { // a logical line begins where its first word stands, a word where it stands itself
				want = 1 + strings.Count(source[:strings.Index(source, call)], "\n")
			}
			r := judged(t, one(source))
			var got []string
			for _, h := range r.Abilities {
				got = append(got, fmt.Sprint(h.Keyword, " ", h.Line))
			}
			slices.Sort(got)
			behind := 1 + strings.Count(source[:strings.Index(source, "Kill")], "\n")
			if d := fmt.Sprint(got); d != fmt.Sprintf("[Kill %d Shell %d]", behind, want) {
				t.Errorf("%s, %s: %s, want Shell in line %d and Kill in line %d", p.clause, kind, d, want, behind)
			}
			if !r.Suspicious {
				t.Errorf("%s, %s: not suspicious", p.clause, kind)
			}
		}
	}
}

// results are statements with what x holds behind them.
var results = []struct{ clause, code, want string }{
	{"5.4.2.2 While", "While Len(x) < 3\nx = x & \"a\"\nWend", "aaa"},
	{"5.4.2.2 While that is false", "x = \"k\"\nWhile 1 = 2\nx = \"n\"\nWend", "k"},
	{"5.4.2.3 For", "For i = 1 To 3\nx = x & i\nNext i", "123"},
	{"5.4.2.3 For Step", "For i = 1 To 7 Step 3\nx = x & i\nNext", "147"},
	{"5.4.2.3 For Step backwards", "For i = 3 To 1 Step -1\nx = x & i\nNext", "321"},
	{"5.4.2.3 For of a part", "For i = 0 To 1 Step 0.5\nx = x & i & \",\"\nNext", "0,0.5,1,"},
	{"5.4.2.3 For that never runs", "x = \"k\"\nFor i = 2 To 1\nx = \"n\"\nNext", "k"},
	{"5.4.2.3 For nested", "For i = 1 To 2\nFor k = 1 To 2\nx = x & i & k & \" \"\nNext k\nNext i", "11 12 21 22 "},
	{"5.4.2.4 For Each of an array", "For Each v In Array(\"a\", 2, \"c\")\nx = x & v\nNext", "a2c"},
	{"5.4.2.4 For Each of Split", "For Each v In Split(\"a;b\", \";\")\nx = x & UCase(v)\nNext v", "AB"},
	{"5.4.2.4 For Each of nothing", "x = \"k\"\nFor Each v In Array()\nx = \"n\"\nNext", "k"},
	{"5.4.2.5 Exit For", "For i = 1 To 9\nx = x & Chr(64 + i)\nIf i = 2 Then Exit For\nNext\nx = x & \"!\"", "AB!"},
	{"5.4.2.5 Exit For of the inner loop", "For i = 1 To 2\nFor k = 1 To 9\nIf k = 2 Then Exit For\nx = x & Chr(64 + i)\nNext\nNext", "AB"},
	{"5.4.2.6 Do Until", "Do Until Len(x) = 2\nx = x & \"d\"\nLoop", "dd"},
	{"5.4.2.6 Do While", "Do While Len(x) < 2\nx = x & \"d\"\nLoop", "dd"},
	{"5.4.2.6 Loop While", "Do\nx = x & \"d\"\nLoop While Len(x) < 2", "dd"},
	{"5.4.2.6 Loop Until", "Do\nx = x & \"d\"\nLoop Until True", "d"},
	{"5.4.2.6 Do without a condition", "Do\nx = x & \"d\"\nIf Len(x) = 3 Then Exit Do\nLoop", "ddd"},
	{"5.4.2.7 Exit Do", "Do While True\nx = x & \"d\"\nExit Do\nLoop", "d"},
	{"5.4.2.8 If", "If 1 = 1 Then\nx = \"a\"\nElse\nx = \"b\"\nEnd If", "a"},
	{"5.4.2.8 Else", "If 1 = 2 Then\nx = \"a\"\nElse\nx = \"b\"\nEnd If", "b"},
	{"5.4.2.8 ElseIf", "If 1 = 2 Then\nx = \"a\"\nElseIf 1 = 1 Then\nx = \"b\"\nElseIf 1 = 1 Then\nx = \"c\"\nElse\nx = \"d\"\nEnd If", "b"},
	{"5.4.2.8 If in If", "If True Then\nIf False Then\nx = \"a\"\nElse\nx = \"b\"\nEnd If\nElse\nx = \"c\"\nEnd If", "b"},
	{"5.4.2.8 EndIf in one word", "If 1 = 2 Then\nx = \"a\"\nEndIf\nx = x & \"b\"", "b"},
	{"5.4.2.8 comment behind Then", "If 1 = 2 Then ' when\nx = \"a\"\nElse ' otherwise\nx = \"b\"\nEnd If", "b"},
	{"5.4.2.9 one line", "If 2 > 1 Then x = \"a\" Else x = \"b\"", "a"},
	{"5.4.2.9 one line, Else", "If 2 < 1 Then x = \"a\" Else x = \"b\"", "b"},
	{"5.4.2.9 one line, more statements", "If 2 < 1 Then x = \"a\": x = x & \"b\" Else x = \"c\": x = x & \"d\"", "cd"},
	{"5.4.2.9 one line, nothing behind Then", "If 2 < 1 Then Else x = \"c\"", "c"},
	{"5.4.2.10 Case", "Select Case 2\nCase 1\nx = \"a\"\nCase 2\nx = \"b\"\nCase 2\nx = \"c\"\nEnd Select", "b"},
	{"5.4.2.10 Case list", "Select Case 2\nCase 1, 2\nx = \"a\"\nCase Else\nx = \"b\"\nEnd Select", "a"},
	{"5.4.2.10 Case To", "Select Case \"m\"\nCase \"a\" To \"n\"\nx = \"a\"\nCase Else\nx = \"b\"\nEnd Select", "a"},
	{"5.4.2.10 Case outside", "Select Case 9\nCase 1 To 3\nx = \"a\"\nCase Else\nx = \"b\"\nEnd Select", "b"},
	{"5.4.2.10 Case Is", "Select Case 9\nCase Is >= 9: x = \"a\"\nCase Else: x = \"b\"\nEnd Select", "a"},
	{"5.4.2.10 Case Is not", "Select Case 9\nCase Is < 9, Is <> 9: x = \"a\"\nCase Else: x = \"b\"\nEnd Select", "b"},
	{"5.4.2.10 no Case", "x = \"k\"\nSelect Case 9\nCase 1: x = \"a\"\nEnd Select", "k"},
	{"5.4.2.17 Exit Sub", "x = \"a\"\nShell x\nExit Sub\nx = \"b\"", "a"},
	{"5.4.2.21 With", "With New Collection\n.a = \"p\": .b = .a & \"q\"\nx = .b\nEnd With", "pq"},
	{"5.4.2.21 With in With", "With New Collection\n.a = \"p\"\nWith New Collection\n.a = \"q\"\nx = .a\nEnd With\nx = x & .a\nEnd With", "qp"},
	{"5.4.2.22 End", "x = \"a\"\nShell x\nEnd\nx = \"b\"", "a"},
	{"5.4.3.1 Dim", "Dim x As String, y As Long\nx = x & \"a\" & y", "a"},
	{"5.4.3.1 Dim of an array", "Dim a(1) As String\na(0) = \"p\"\na(1) = \"q\"\nx = a(1) & a(0)", "qp"},
	{"5.4.3.1 Dim To", "Dim a(5 To 6)\na(5) = \"p\"\na(6) = \"q\"\nx = a(6) & LBound(a) & UBound(a)", "q56"},
	{"5.4.3.2 Const", "Const a = \"p\", b As String = \"q\", c = a & b\nx = c", "pq"},
	{"5.4.3.3 ReDim", "ReDim a(1)\na(0) = \"p\"\nReDim a(1)\nx = a(0) & \"k\"", "k"},
	{"5.4.3.3 ReDim Preserve", "ReDim a(1)\na(0) = \"p\"\nReDim Preserve a(5)\na(5) = \"q\"\nx = a(0) & a(5)", "pq"},
	{"5.4.3.5 Mid", "x = \"abcdef\"\nMid(x, 2, 2) = \"XYZ\"", "aXYdef"},
	{"5.4.3.5 Mid without length", "x = \"abcdef\"\nMid(x, 5) = \"XYZ\"", "abcdXY"},
	{"5.4.3.5 Mid$", "x = \"abc\"\nMid$(x, 1, 1) = \"Z\"", "Zbc"},
	{"5.4.3.8 Let", "Let x = \"a\" & 1", "a1"},
	{"5.4.3.8 element", "a = Array(1, 2)\na(1) = \"q\"\nx = a(1)", "q"},
	{"5.4.3.9 Set", "Set o = New Collection\no.a = \"p\"\nSet q = o\nx = q.a", "p"},
	{"5.6.5 numbers", "x = 1 & 1.5 & &HA & &O10 & 1E2 & .5", "11.51081000.5"},
	{"3.3.2 hexadecimal of 16 bits", "x = &HFFFF & \",\" & &HFFFF& & \",\" & &H7FFF & \",\" & &H8000", "-1,65535,32767,-32768"},
	{"3.3.2 hexadecimal of 32 bits", "x = &HFFFFFFFF & \",\" & &H10000 & \",\" & &H80000000", "-1,65536,-2147483648"},
	{"3.3.2 octal", "x = &O177777 & \",\" & &O17 & \",\" & &O177777&", "-1,15,65535"},
	{"5.6.9.3 powers first", "x = 2 * 3 ^ 2 & \",\" & -3 ^ 2 & \",\" & 2 ^ -1", "18,-9,0.5"},
	{"5.6.9.3 from the left", "x = 8 / 4 / 2 & \",\" & 8 - 4 - 2 & \",\" & 100 \\ 7 \\ 2", "1,2,7"},
	{"5.6.9.3 \\ before Mod before +", "x = 20 \\ 3 Mod 4 + 1 & \"\"", "3"},
	{"5.6.9.3 rounded for \\", "x = 7.5 \\ 2 & \",\" & -7 Mod 3 & \",\" & 7.6 Mod 5", "4,-1,3"},
	{"5.6.9.3 text as a number", "x = \"3\" * \"4\" & \",\" & \"3\" + 4 & \",\" & \"3\" + \"4\" & \",\" & \"3\" - \"1\"", "12,7,34,2"},
	{"5.6.9.4 & behind +", "x = 1 + 2 & 3 + 4", "37"},
	{"5.6.9.4 nothing", "x = nobody & \"a\" & Empty & vbNullString", "a"},
	{"5.6.9.5 comparisons", "x = (1 < 2) & (2 <= 1) & (1 <> 2) & (\"a\" > \"b\") & (3 >= 3) & (\"2\" = 2)", "-10-10-1-1"},
	{"5.6.9.8 logic", "x = (6 And 3) & (6 Or 3) & (6 Xor 3) & (Not 0) & (6 Eqv 3) & (6 Imp 3)", "275-1-6-5"},
	{"5.6.9.8 Not before And", "x = (Not 1 And 3) & \",\" & (Not 1 = 2)", "2,-1"},
	{"5.6.13 array of arrays", "a = Array(Array(1, 2), Array(\"p\", \"q\"))\nx = a(1)(0)", "p"},
	{"5.6.16.5 evaluated by the program", "x = \"a\" & [B2] & \"c\"", "a…c"},
}

func TestStatementsDoWhatTheSpecificationSays(t *testing.T) {
	for _, tc := range results {
		if got := evaluated(t, tc.code+"\nShell x"); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.clause, got, tc.want)
		}
	}
}

// unknowns are conditions that the source does not tell: what stands in either branch is judged, and what a loop makes is not lost.
var unknowns = []struct{ name, code string }{
	{"If", "If y.z Then\nShell \"one.exe\"\nElse\nKill \"two.exe\"\nEnd If"},
	{"ElseIf", "If y.z Then\nElseIf y.w Then\nShell \"one.exe\"\nElse\nKill \"two.exe\"\nEnd If"},
	{"If in one line", "If y.z Then Shell \"one.exe\" Else Kill \"two.exe\""},
	{"known and false", "If 1 = 2 Then\nShell \"one.exe\"\nElse\nKill \"two.exe\"\nEnd If"},
	{"known and true", "If 1 = 1 Then\nShell \"one.exe\"\nElse\nKill \"two.exe\"\nEnd If"},
	{"Select", "Select Case y.z\nCase 1: Shell \"one.exe\"\nCase Else: Kill \"two.exe\"\nEnd Select"},
	{"Select of a known value", "Select Case 1\nCase 2: Shell \"one.exe\"\nCase Else: Kill \"two.exe\"\nEnd Select"},
	{"Case that is not known", "Select Case 1\nCase y.z: Shell \"one.exe\"\nCase 1: Kill \"two.exe\"\nEnd Select"},
	{"While", "While y.z\nShell \"one.exe\"\nWend\nKill \"two.exe\""},
	{"While that is false", "While False\nShell \"one.exe\"\nWend\nKill \"two.exe\""},
	{"Do Until that is true", "Do Until True\nShell \"one.exe\"\nLoop\nKill \"two.exe\""},
	{"For that never runs", "For i = 2 To 1\nShell \"one.exe\"\nNext\nKill \"two.exe\""},
	{"For of what is not known", "For i = y.z To y.w\nShell \"one.exe\"\nNext\nKill \"two.exe\""},
	{"For Each of what is not known", "For Each i In y.z\nShell \"one.exe\"\nNext\nKill \"two.exe\""},
	{"For Each of nothing", "For Each i In Array()\nShell \"one.exe\"\nNext\nKill \"two.exe\""},
	{"Exit For that is not known", "For i = 1 To 2\nIf y.z Then Exit For\nShell \"one.exe\"\nNext\nKill \"two.exe\""},
	{"behind Exit For", "For i = 1 To 2\nExit For\nShell \"one.exe\"\nNext\nKill \"two.exe\""},
	{"behind Exit Do", "Do\nExit Do\nShell \"one.exe\"\nLoop\nKill \"two.exe\""},
	{"behind Exit Sub", "Kill \"two.exe\"\nExit Sub\nShell \"one.exe\""},
	{"behind End", "Kill \"two.exe\"\nEnd\nShell \"one.exe\""},
	{"behind Stop", "Kill \"two.exe\"\nStop\nShell \"one.exe\""},
	{"behind GoTo", "GoTo there\nShell \"one.exe\"\nthere: Kill \"two.exe\""},
	{"behind On Error GoTo", "On Error GoTo there\nShell \"one.exe\"\nExit Sub\nthere: Kill \"two.exe\"\nResume Next"},
	{"On Error Resume Next", "On Error Resume Next: Shell \"one.exe\": On Error GoTo 0: Kill \"two.exe\""},
	{"GoSub", "GoSub there\nShell \"one.exe\"\nExit Sub\nthere: Kill \"two.exe\"\nReturn"},
	{"block without end", "If y.z Then\nShell \"one.exe\"\nWith a\nKill \"two.exe\""},
	{"end without block", "End If\nNext\nShell \"one.exe\"\nLoop\nWend\nEnd Select\nEnd With\nElse\nKill \"two.exe\""},
	{"blocks that cross", "For i = 1 To 2\nIf y.z Then\nNext\nShell \"one.exe\"\nEnd If\nKill \"two.exe\""},
	{"Next of two", "For i = 1 To 2\nFor k = 1 To 2\nShell \"one.exe\"\nNext k, i\nKill \"two.exe\""},
	{"#If", "#If Mac Then\nShell \"one.exe\"\n#Else\nKill \"two.exe\"\n#End If"},
	{"#Const", "#Const a = 1\n#If a Then\nShell \"one.exe\"\n#ElseIf VBA7 Then\nKill \"two.exe\"\n#End If"},
}

func TestBothBranchesCountWhereAConditionIsNotKnown(t *testing.T) {
	for _, tc := range unknowns {
		r := judged(t, one("Sub AutoOpen()\n"+tc.code+"\nEnd Sub\n"))
		got := strings.Fields(keywords(r.Abilities))
		slices.Sort(got)
		if fmt.Sprint(got) != "[Kill Shell]" || !r.Suspicious {
			t.Errorf("%s: %v, suspicious %v", tc.name, got, r.Suspicious)
		}
	}
}

// Text of which a condition decides is told in one of its forms, never left out.
func TestTextFromEitherBranchIsTold(t *testing.T) {
	r := judged(t, one("Sub AutoOpen()\nIf y.z Then\nx = \"cmd.exe /c one\"\nElse\nx = \"cmd.exe /c two\"\nEnd If\nShell x\nEnd Sub\n"))
	var all []string
	for _, e := range r.Evidence {
		all = append(all, e.Text)
	}
	if s := fmt.Sprint(r.Text, all); !strings.Contains(s, "one") && !strings.Contains(s, "two") {
		t.Errorf("%q", s)
	}
}
