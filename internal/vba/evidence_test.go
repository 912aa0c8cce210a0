package vba

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// shownBy are the pieces of evidence of code in an entry point, as "type text", sorted.
func shownBy(t *testing.T, code string) []string {
	t.Helper()
	var out []string
	for _, e := range judged(t, one("Sub AutoOpen()\n"+code+"\nEnd Sub\n")).Evidence {
		out = append(out, e.Type+" "+e.Text)
	}
	slices.Sort(out)
	return out
}

// TestEveryTypeOfEvidence has a code for each form that evidence takes, and for what looks like it and is none.
func TestEveryTypeOfEvidence(t *testing.T) {
	for _, tc := range []struct{ name, code, want string }{
		{"address", `x = "http://example.test/a"`, `[url http://example.test/a]`},
		{"address put together", `x = "ht" & "tp" & "s://" & "example.test" & "/a"`, `[url https://example.test/a]`},
		{"address reversed", `x = StrReverse("a/tset.elpmaxe//:ptth")`, `[url http://example.test/a]`},
		{"address that stands reversed", `x = "a/tset.elpmaxe//:ptth" & y.z`, `[url http://example.test/a]`},
		{"address in base64", `f "` + base64.StdEncoding.EncodeToString([]byte("http://example.test/abc.bin")) + `"`, `[url http://example.test/abc.bin]`},
		{"address in hexadecimal", `f "` + hexOf("http://example.test/abc.bin") + `"`, `[url http://example.test/abc.bin]`},
		{"address in base64 of base64", `f "` + base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte("http://example.test/a")))) + `"`, `[url http://example.test/a]`},
		{"two addresses", `x = "http://a.test/1,http://b.test/2" & y`, `[url http://a.test/1 url http://b.test/2]`},
		{"list of addresses", `x = "http://a.test/1@http://b.test/2*http://c.test/3|http://d.test/" & y`, `[url http://a.test/1 url http://b.test/2 url http://c.test/3 url http://d.test/]`},
		{"redirection", `x = "http://a.test/?u=http://b.test/2" & y`, `[url http://a.test/?u=http://b.test/2]`},
		{"two addresses and a blank", `x = "http://a.test/1 http://b.test/2" & y`, `[url http://a.test/1 url http://b.test/2]`},
		{"address in quotes", `x = "<a href='ftp://a.test/x'>"`, `[url ftp://a.test/x]`},
		{"address with a hole", `x = "http://" & y.z & ".test/a.exe"`, `[url http://.test/a.exe url http://….test/a.exe]`},
		{"address of which nothing is known", `x = "http://" & y.z`, `[url http://…]`},
		{"no scheme", `x = "://a.test"`, `[]`},
		{"no host", `x = "http://"`, `[]`},
		{"slashes", `x = "a // b"`, `[]`},

		{"program by drive", `x = "C:\Users\Public\a.exe"`, `[path C:\Users\Public\a.exe]`},
		{"program by share", `x = "\\server\share\a.dll"`, `[path \\server\share\a.dll]`},
		{"program by variable", `x = "%APPDATA%\a.vbs" & y`, `[path %APPDATA%\a.vbs]`},
		{"program by Environ", `x = Environ("TEMP") & "\a.scr"`, `[name %TEMP% path %TEMP%\a.scr]`},
		{"start folder", `x = "C:\x\Startup\a.txt"`, `[path C:\x\Startup\a.txt]`},
		{"data", `x = "C:\Users\Public\a.xlsx"`, `[]`},
		{"no extension", `x = "C:\Users\Public\a"`, `[]`},
		{"program without a folder", `x = "update.exe"`, `[]`},

		{"command", `Shell "cmd.exe /c dir"`, `[command cmd.exe /c dir]`},
		{"command in text", `x = "powershell -file a.ps1" & y`, `[command powershell -file a.ps1]`},
		{"command of curl", `x = "curl -o a http://a.test/1"`, `[command curl -o a http://a.test/1 url http://a.test/1]`},
		{"command of Windows in parts", `x = "mshta" & " " & "javascript:1"`, `[command mshta javascript:1]`},
		{"short command", `x = "cmd /c dir"`, `[command cmd /c dir]`},
		{"the letters only", `x = "cmdx /c dir"`, `[]`},

		{"variable of the environment", `x = Environ("UserProfile")`, `[name %USERPROFILE%]`},
		{"the same once", `x = Environ("TEMP") & Environ("temp")`, `[name %TEMP%]`},
		{"by number", `x = Environ(3)`, `[]`},
		{"not known", `x = Environ(y.z)`, `[]`},
	} {
		if got := fmt.Sprint(shownBy(t, tc.code+"\nShell y.z")); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestEvidenceIsOfTheLineThatYieldsIt(t *testing.T) {
	p := one("Sub a()\nEnd Sub\n")
	p.Modules = append(p.Modules, Module{Name: "Two", Stream: "VBA/Two", Source: "Sub AutoOpen()\n\nx = 1: y = _\n  \"http://\" & _\n  \"a.test/b\"\nShell y\nEnd Sub\n"})
	r := judged(t, p)
	if len(r.Evidence) != 1 || r.Evidence[0].Module != "VBA/Two" || r.Evidence[0].Line < 3 || r.Evidence[0].Line > 5 {
		t.Errorf("%+v", r.Evidence)
	}
}

func TestEvidenceThatIsPartOfOtherEvidenceIsLeftOut(t *testing.T) {
	got := shownBy(t, "x = \"http://a.test/\"\nx = x & \"b\"\ny = x & \"/c.exe\"\nShell y")
	if fmt.Sprint(got) != "[url http://a.test/b/c.exe]" {
		t.Errorf("%q", got)
	}
}

// A project without any ability still tells its addresses, so that a reader sees where its hyperlinks lead.
func TestAddressesAreToldWithoutAnyAbility(t *testing.T) {
	r := judged(t, one("Sub a()\nx = \"http://a.test/1\"\ny = \"\\\\server\\share\\a.exe\"\nz = \"C:\\data\\a.csv\"\nEnd Sub"))
	var got []string
	for _, e := range r.Evidence {
		got = append(got, fmt.Sprint(e.Line, " ", e.Type, " ", e.Text))
	}
	if fmt.Sprint(got) != `[2 url http://a.test/1 3 path \\server\share\a.exe]` || len(r.Abilities) > 0 || r.Suspicious {
		t.Errorf("%q %v", got, r.Abilities)
	}
}

func TestEvidenceIsShortAndValid(t *testing.T) {
	for name, code := range map[string]string{
		"long":          "x = \"http://a.test/\" & String(9000, \"a\")",
		"long of é":     "x = \"http://a.test/\" & String(9000, \"é\")",
		"not UTF-8":     "x = \"http://a.test/\xff\xfe\" & y",
		"controls":      "x = \"http://a.test/\" & Chr(7) & Chr(0) & \"b\"",
		"long command":  "Shell \"cmd.exe /c \" & String(9000, \"x\")",
		"long as class": "CreateObject \"a.\" & String(9000, \"x\")",
	} {
		r := judged(t, one("Sub AutoOpen()\n"+code+"\nShell x\nEnd Sub\n"))
		texts := []string{r.Text}
		for _, e := range r.Evidence {
			texts = append(texts, e.Text)
		}
		for _, s := range texts {
			if len(s) > textMax || !utf8.ValidString(s) {
				t.Errorf("%s: %d bytes, valid %v", name, len(s), utf8.ValidString(s))
			}
		}
		if len(r.Evidence) == 0 && name != "long as class" {
			t.Errorf("%s: nothing is told", name)
		}
	}
}

func TestFormTextsAndPropertiesAreEvidenceWhereCodeReadsThem(t *testing.T) {
	p := one("Sub AutoOpen()\nShell UserForm1.Tag & UserForm1.Frame1.Caption\nEnd Sub\n")
	p.Forms = []Control{
		{"UserForm1", map[string]string{"tag": "cmd.exe /c "}},
		{"UserForm1.Frame1", map[string]string{"caption": "start http://a.test/x"}},
		{"UserForm1.Frame2", map[string]string{"caption": "http://never.test/x"}},
	}
	r := judged(t, p)
	if r.Text != "cmd.exe /c start http://a.test/x" {
		t.Errorf("%q", r.Text)
	}
	for _, e := range r.Evidence {
		if strings.Contains(e.Text, "never") {
			t.Errorf("%+v", e)
		}
	}
}

func TestControlsOfAFormAreReadInItsOwnModule(t *testing.T) {
	for name, tc := range map[string]struct{ module, code, want string }{
		"by name in its module":  {"UserForm1", "Shell Label1.Caption", "calc.exe"},
		"by Me in its module":    {"UserForm1", "Shell Me.Label1.Caption", "calc.exe"},
		"by the form elsewhere":  {"Module1", "Shell UserForm1.Label1.Caption", "calc.exe"},
		"in other case":          {"Module1", "Shell USERFORM1.LABEL1.CAPTION", "calc.exe"},
		"with With":              {"Module1", "With UserForm1.Label1\nx = .Caption\nEnd With\nShell UserForm1.Label1.Caption", "calc.exe"},
		"other property":         {"Module1", "Shell UserForm1.Label1.Tag", ""},
		"other control":          {"Module1", "Shell UserForm1.Label9.Caption", ""},
		"by name in other place": {"Module1", "Shell \"<\" & Label1.Caption", "<…"},
	} {
		p := one("")
		p.Modules[0] = Module{Name: tc.module, Stream: "s", Source: "Sub AutoOpen()\n" + tc.code + "\nEnd Sub\n"}
		p.Forms = []Control{{"UserForm1", nil}, {"UserForm1.Label1", map[string]string{"caption": "calc.exe"}}}
		if r := judged(t, p); r.Text != tc.want {
			t.Errorf("%s: %q, want %q", name, r.Text, tc.want)
		}
	}
}

func TestAFullListOfEvidenceTakesNoMore(t *testing.T) {
	var s strings.Builder
	for i := range 3 * evidenceMax {
		fmt.Fprintf(&s, "x = \"http://a%d.test/x\"\n", i)
	}
	r, err := Judge(context.Background(), one("Sub AutoOpen()\n"+s.String()+"Shell x\nEnd Sub\n"), Options{})
	if err != nil || len(r.Evidence) != evidenceMax || r.Evidence[0].Text != "http://a0.test/x" {
		t.Errorf("%v, %d", err, len(r.Evidence))
	}
}
