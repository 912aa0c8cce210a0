package vba

import (
	"fmt"
	"strings"
	"testing"
)

// parsed reads one module.
func parsed(t *testing.T, source string) *judge {
	t.Helper()
	p := one(source)
	j := &judge{in: p, report: &Report{}, tab: newSymbols(), literals: make(map[string]bool), mods: []module{{in: &p.Modules[0]}}}
	if !j.parse(0) {
		t.Fatal("not read to the end")
	}
	return j
}

// statementsOf writes a module's statements as "operation tokens", those without code left out.
func statementsOf(j *judge) string {
	ops := map[op]string{opPlain: "plain", opIf: "If", opElseIf: "ElseIf", opElse: "Else", opEndIf: "EndIf", opFor: "For", opForEach: "Each", opNext: "Next", opDo: "Do", opLoop: "Loop",
		opWhile: "While", opWend: "Wend", opSelect: "Select", opCase: "Case", opEndSelect: "EndSelect", opWith: "With", opEndWith: "EndWith", opExit: "Exit", opLeave: "Leave",
		opDim: "Dim", opConst: "Const", opOn: "On", opOpen: "Open"}
	m := &j.mods[0]
	var out []string
	for _, s := range m.stmts {
		if s.op == opSkip {
			continue
		}
		words := []string{ops[s.op] + ":"}
		for _, tok := range m.toks[s.lo:s.hi] {
			words = append(words, m.in.Source[tok.off:tok.end])
		}
		out = append(out, strings.TrimSuffix(strings.Join(words, " "), ":"))
	}
	return strings.Join(out, " | ")
}

func TestStatementsAreCut(t *testing.T) {
	for source, want := range map[string]string{
		"a":                                 "plain: a",
		"a: b":                              "plain: b",
		"a:\nb":                             "plain: b",
		"a: b: c":                           "plain: b | plain: c",
		"10 a":                              "plain: a",
		"10: a":                             "plain: 10 | plain: a",
		"10":                                "plain: 10",
		":::a::":                            "plain: a",
		"x = 1: Rem y: z":                   "plain: x = 1",
		"x = Rem(1)":                        "plain: x = Rem ( 1 )",
		"If a Then":                         "If: a Then",
		"If a Then b":                       "If: a Then | plain: b | EndIf",
		"If a Then b Else c":                "If: a Then | plain: b | Else | plain: c | EndIf",
		"If a Then b: c Else d: e":          "If: a Then | plain: b | plain: c | Else | plain: d | plain: e | EndIf",
		"If a Then If b Then c Else d":      "If: a Then | If: b Then | plain: c | Else | plain: d | EndIf | EndIf",
		"If a Then 'x\nb\nEnd If":           "If: a Then | plain: b | EndIf",
		"If a Then\nb\nElseIf c Then\nElse": "If: a Then | plain: b | ElseIf: c Then | Else",
		"If a Then\nElse: b\nEndIf":         "If: a Then | Else | plain: b | EndIf",
		"For i = 1 To 2: a: Next":           "For: i = 1 To 2 | plain: a | Next",
		"For Each i In a\nNext i":           "Each: i In a | Next: i",
		"Do While a: b: Loop":               "Do: While a | plain: b | Loop",
		"Do\nLoop Until a":                  "Do | Loop: Until a",
		"While a\nWend":                     "While: a | Wend",
		"Select Case a\nCase 1: b\nCase Else: c\nEnd Select": "Select: a | Case: 1 | plain: b | Case: Else | plain: c | EndSelect",
		"With a\n.b\nEnd With":                               "With: a | plain: . b | EndWith",
		"Exit For: Exit Do":                                  "Exit | Exit",
		"Exit Sub: End":                                      "Leave: Sub | Leave",
		"Dim a, b As Long":                                   "Dim: a , b As Long",
		"ReDim Preserve a(1)":                                "Dim: Preserve a ( 1 )",
		"Public a As Long":                                   "Dim: a As Long",
		"Public Const a = 1":                                 "Const: a = 1",
		"Const a = 1":                                        "Const: a = 1",
		"Static a":                                           "Dim: a",
		"Global a, b":                                        "Dim: a , b",
		"On Error Resume Next":                               "On: Error Resume Next",
		"GoTo a: GoSub b: Return: Resume c":                  "",
		"Open a For Input As #1":                             "Open: a For Input As # 1",
		"Option Explicit\nOption Base 1":                     "",
		"Attribute VB_Name = \"a\"":                          "",
		"#If a Then\nb\n#Else\nc\n#End If":                   "plain: b | plain: c",
		"#Const a = 1\nb":                                    "plain: b",
		"Type t\na As Long\nEnd Type\nb":                     "plain: b",
		"Enum e\na = 1\nb\nEnd Enum\nc":                      "plain: c",
		"Public Enum e\na\nEnd Enum\nc":                      "plain: c",
		"Event e(a)\nb":                                      "plain: b",
		"Declare Sub a Lib \"b\" ()\nc":                      "plain: c",
		"Sub a()\nb\nEnd Sub":                                "plain: b",
		"Sub a(): b: End Sub":                                "plain: b",
		"Property Get a()\nb\nEnd Property":                  "plain: b",
		"Implements a\nb":                                    "plain: b",
		"a _\n  b _\n  , c":                                  "plain: a b , c",
		"":                                                   "",
	} {
		if got := statementsOf(parsed(t, source)); got != want {
			t.Errorf("%q\n got %s\nwant %s", source, got, want)
		}
	}
}

// proceduresOf writes a module's procedures: name, line, and parameters with () for an array.
func proceduresOf(j *judge) string {
	var out []string
	for _, p := range j.procs[1:] {
		s := fmt.Sprint(p.shown, " ", p.line)
		for _, q := range p.params {
			s += " " + j.tab.list[q.name].low
			if q.array {
				s += "()"
			}
		}
		out = append(out, s)
	}
	return strings.Join(out, " | ")
}

func TestProceduresAndTheirParameters(t *testing.T) {
	for source, want := range map[string]string{
		"Sub a()\nEnd Sub":            "a 1",
		"Sub a\nEnd Sub":              "a 1",
		"\nPrivate Sub A(x)\nEnd Sub": "A 2 x",
		"Public Static Function a$(ByVal x As String) As Long": "a 1 x",
		"Friend Property Let a(x, y)\nEnd Property":            "a 1 x y",
		"Property Get a()\nEnd Property\nProperty Set a(v)":    "a 1 | a 3 v",
		"Sub a(ByRef x(), ByVal y As Long, ParamArray z())":    "a 1 x() y z()",
		"Sub a(Optional ByVal x As Long = 3, Optional y = 2)":  "a 1 x y",
		"Sub a(x As Some.Class, y%)":                           "a 1 x y",
		"Sub a( _\n x, _\n y)":                                 "a 1 x y",
		"Sub [a b]()\nEnd Sub":                                 "a 1",
		"Sub a()\nEnd Sub\nSub b()\nEnd Sub":                   "a 1 | b 3",
		"Sub a()\nSub b()\nEnd Sub":                            "a 1 | b 2",
		"Function 表(値)\nEnd Function":                          "表 1 値",
		"Sub Step()\nEnd Sub\nSub Access(Name)":                "Step 1 | Access 3 name",
		"Sub":                                                  "",
		"Sub 1()":                                              "",
		"Function":                                             "",
		"Property Get":                                         "",
		"End Sub":                                              "",
		"Exit Sub":                                             "",
		"x = \"Sub a()\"":                                      "",
		"' Sub a()":                                            "",
	} {
		if got := proceduresOf(parsed(t, source)); got != want {
			t.Errorf("%q: %q, want %q", source, got, want)
		}
	}
}

// Blocks are matched as MS-VBAL 5.4.2 nests them; what is open at the end leads behind the procedure, and what opens nothing leads nowhere.
func TestBlocksAreMatched(t *testing.T) {
	for source, want := range map[string]string{
		"If a Then\nb\nEnd If":                        "0>2 2>0",
		"If a Then\nElseIf b Then\nElse\nEnd If":      "0>1 1>2 2>3 3>0",
		"For i = 1 To 2\nFor Each k In a\nNext\nNext": "0>3 1>2 2>1 3>0",
		"Do\nWhile a\nWend\nLoop":                     "0>3 1>2 2>1 3>0",
		"Select Case a\nCase 1\nCase 2\nEnd Select":   "0>1 1>2 2>3 3>0",
		"With a\nIf b Then\nEnd If\nEnd With":         "0>3 1>2 2>1 3>0",
		"If a Then":                                   "0>1",
		"If a Then\nNext":                             "0>2",
		"End If":                                      "",
		"Else":                                        "",
		"For i = 1 To 2\nIf a Then\nNext\nEnd If":     "0>4 1>3 3>1",
		"If a Then b Else c":                          "0>2 2>4 4>0",
		"Select Case a\nCase 1\nIf b Then\nElse\nEnd If\nEnd Select": "0>1 1>5 2>3 3>4 4>2 5>0",
	} {
		j := parsed(t, "Sub z()\n"+source+"\nEnd Sub")
		p := &j.procs[1]
		j.mods[0].blocks(p)
		var got []string
		for i, to := range p.match {
			o := j.mods[0].stmts[int(p.lo)+i].op
			if closes(o) == opPlain && to == p.hi { // neither opens nor goes on with a block
				continue
			}
			got = append(got, fmt.Sprintf("%d>%d", i, to-p.lo))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q: %s, want %s", source, s, want)
		}
	}
}

func TestTokensByClause(t *testing.T) {
	for _, tc := range []struct{ clause, source, want string }{
		{"3.2.1 lines end at LF", "a\n\nb", "1wa 1| 2| 3wb"},
		{"3.2.2 white space", "a\t\u3000\u00a0\x19b", "1wa 1wb"},
		{"3.2.2 continuation", "a _\nb", "1wa 2wb"},
		{"3.2.2 continuation with blanks behind", "a _  \t\nb", "1wa 2wb"},
		{"3.2.2 no continuation without white space", "a_\nb", "1wa_ 1| 2wb"},
		{"3.2.2 several", "a _\n _\n _\nb", "1wa 4wb"},
		{"3.3.1 comment", "a ' b: c\nd", "1wa 1| 2wd"},
		{"3.3.1 comment at the end of the source", "a 'b", "1wa"},
		{"3.3.1 comment that goes on", "' a _\nb\nc", "2| 3wc"},
		{"3.3.2 integers", "x = 1% + 2& + 3@ + 4^ ", "1wx 1p= 1n1 1p+ 1n2& 1n3 1p+ 1n4 1p^"},
		{"3.3.2 hexadecimal", "&HfF &h0& &o17", "1n&HfF 1n&h0& 1n&o17"},
		{"3.3.2 no hexadecimal", "&HG", "1p& 1wHG"},
		{"3.3.2 floating point", "1.5 1E+5 1e-5 1.e2 .5E1", "1n1.5 1n1E+5 1n1e-5 1n1.e2 1n.5E1"},
		{"3.3.2 e that is no exponent", "1e", "1n1 1we"},
		{"3.3.3 date", "#1/31/2020# #1:30:00 PM#", "1n#1/31/2020# 1n#1:30:00 PM#"},
		{"3.3.3 no date", "#1, a", "1p# 1n1 1p, 1wa"},
		{"3.3.4 text", "\"a\" \"\" \"a\"\"b\"", "1sa 1s 1sa\"\"b"},
		{"3.3.4 text without end", "\"a\nb", "1sa 1| 2wb"},
		{"3.3.4 text does not go on", "\"a _\nb", "1sa _ 1| 2wb"},
		{"3.3.5 names", "a1_b É 表示 a①", "1wa1_b 1wÉ 1w表示 1wa①"},
		{"3.3.5 no name", "_a 1a", "1p_ 1wa 1n1 1wa"},
		{"3.3.5.3 foreign names", "a.[b c] a![d]", "1wa 1p. 1wb c 1wa 1p! 1wd"},
		{"3.3.5.3 foreign function", "[Shell]", "1wShell"},
		{"3.3.5.3 left to the program", "[A1:B2]", "1p[ 1wA1 1| 1wB2 1p]"},
		{"3.3.5.3 type characters", "a$ b% c! d# e@", "1wa 1wb 1wc 1wd 1we"},
		{"3.3.5.3 ampersand as a type", "f(a&) b& = 1", "1wf 1( 1wa 1) 1wb 1p= 1n1"},
		{"marks", "a:=1:b", "1wa 1named:= 1n1 1| 1wb"},
	} {
		want := strings.NewReplacer("1(", "1p(", "1)", "1p)", "1named:=", "1named", "1n2& 1n3", "1n2 1p+ 1n3").Replace(tc.want)
		if got := tokensOf(tc.source); got != want {
			t.Errorf("%s: %q\n got %q\nwant %q", tc.clause, tc.source, got, want)
		}
	}
}

// Wide and narrow forms, and cases, of a name are one name (MS-VBAL 3.3.5.1.2); a long name is as good as a short one.
func TestNamesThatAreOne(t *testing.T) {
	long := strings.Repeat("é", 40)
	for _, same := range [][]string{{"abc", "ABC", "Abc", "ａｂｃ", "ＡＢＣ"}, {"アイ", "ｱｲ"}, {"É", "é"}, {long, strings.ToUpper(long)}, {"Shell", "ｓｈｅｌｌ"}, {strings.Repeat("a", 200), strings.Repeat("A", 200)}} {
		tab := newSymbols()
		for _, s := range same[1:] {
			if tab.intern(s) != tab.intern(same[0]) {
				t.Errorf("%q is not %q", s, same[0])
			}
		}
	}
	tab := newSymbols()
	if tab.intern("abc") == tab.intern("abd") || tab.intern("a"+long) == tab.intern("b"+long) {
		t.Error("different names are one")
	}
	if tab.hot || tab.intern("Shell") == wNone || !tab.hot || tab.known("nobody") != wNone || tab.lowOf(tab.intern("ABC")) != "abc" {
		t.Error("a name of an ability is not noted")
	}
	for low, id := range reserved {
		if got := tab.intern(strings.ToUpper(low)); got != id || id <= wNone || id >= wordCount {
			t.Errorf("%s: %d, want %d", low, got, id)
		}
	}
}

// Only the first word of a line may be a label (MS-VBAL 5.4.1.1): behind Then and Else a name before a colon is a call.
func TestACallBeforeAColonIsNoLabel(t *testing.T) {
	for _, code := range []string{"If y.z Then Other: x = 1", "If y.z Then x = 1 Else Other: x = 1", "If y.z Then: Other: x = 1", "Do: Other: Loop", "x = 1: Other: x = 2", "10 x = 1: Other: x = 2", "here: Other: x = 1"} {
		if r := judged(t, one("Sub AutoOpen()\n"+code+"\nEnd Sub\nSub Other()\nShell \"calc\"\nEnd Sub")); !r.Suspicious {
			t.Errorf("%s: %+v", code, r)
		}
	}
	if r := judged(t, one("Sub AutoOpen()\nOther: x = 1\nEnd Sub\nSub Other()\nShell \"calc\"\nEnd Sub")); r.Suspicious {
		t.Errorf("a label is taken for a call: %+v", r)
	}
}
