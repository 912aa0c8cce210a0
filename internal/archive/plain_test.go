package archive

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// odc is a member with the octal header of POSIX.1.
func odc(name, content string, mode int) string {
	return fmt.Sprintf("070707%06o%06o%06o%06o%06o%06o%06o%011o%06o%011o", 1, 2, mode, 0, 0, 1, 0, 0, len(name)+1, len(content)) + name + "\x00" + content
}

func TestShapesOfCPIO(t *testing.T) {
	end := odc(cpioTrailer, "", 0)
	for _, tt := range []struct{ name, file, want string }{
		{"octal", odc("a", "hello", 0o100644) + odc("d", "", 0o040755) + odc("b", "x", 0o100644) + end, "a=hello;b=x;"},
		{"with sums", strings.Replace(newc("a", "hello", 0o100644), "070701", "070702", 1), "a=hello;"},
		{"mixed", newc("a", "hell", 0o100644) + odc("b", "x", 0o100644), "a=hell;b=x;"},
		{"a mode of zero is a file", newc("a", "hello", 0), "a=hello;"},
		{"a letter in an octal number", strings.Replace(odc("a", "x", 0o100644), "000002", "00000x", 1) + end, "a=x;"}, // not one that matters
		{"a letter in the size", odc("a", "x", 0o100644)[:75] + "z" + "a\x00x", "!"},
		{"a letter in the hexadecimal header", newc("a", "x", 0o100644)[:20] + "z" + newc("a", "x", 0o100644)[21:], "!"},
		{"a hexadecimal header cut", newc("a", "x", 0o100644)[:100], "!"},
		{"a name of more than a megabyte", strings.Replace(newc("a", "x", 0o100644), "00000002", "00200000", 1), "!"},
	} {
		file := []byte(tt.file)
		if got := names(CPIO(bytes.NewReader(file), int64(len(file))), file); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestIsCPIO(t *testing.T) {
	for _, tt := range []struct {
		b    string
		want bool
	}{
		{newc("a", "", 0), true}, {odc("a", "", 0), true}, {newc("a", "", 0)[:109], false}, {odc("a", "", 0)[:75], false},
		{"070701" + strings.Repeat("a phone number?", 20), false}, {strings.Repeat("070707", 20), true}, {strings.Repeat("x", 200), false}, {"", false},
	} {
		if got := IsCPIO([]byte(tt.b)); got != tt.want {
			t.Errorf("%.20q: %v", tt.b, got)
		}
	}
}

func TestNamesOfAR(t *testing.T) {
	for _, tt := range []struct{ name, file, want string }{
		{"a name of BSD longer than its member", arMember("#1/9", "short"), "#1/9=short;"},
		{"no length of BSD", arMember("#1/x", "short"), "#1/x=short;"},
		{"a length below zero", arMember("#1/-1", "short"), "#1/-1=short;"},
		{"a name of BSD up to its zero", arMember("#1/8", "name\x00\x00\x00\x00hello"), "name=hello;"},
		{"a table without line ends", arMember("//", "name") + arMember("/0", "x"), "=x;"},
		{"a size below zero", strings.Replace(arMember("a", "hello"), "5 ", "-5", 1), "!"},
		{"an odd member at the end", arMember("a", "hello")[:65], "a=hello;"},
		{"symbols of 64 bits", arMember("/SYM64/", "x") + arMember("a", "y"), "a=y;"},
	} {
		file := []byte(arMark + tt.file)
		if got := names(AR(bytes.NewReader(file), int64(len(file))), file); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestManyMembersThatAreNoFilesHideNone: the walk ends at its limit and says so.
func TestManyMembersThatAreNoFilesHideNone(t *testing.T) {
	ar := []byte(arMark + strings.Repeat(arMember("/", ""), maxParts) + arMember("evil.doc", "x"))
	cpio := []byte(strings.Repeat(odc("d", "", 0o040755), maxParts) + odc("evil.doc", "x", 0o100644))
	for name, list := range map[string]func(func(*Part, error) bool){
		"ar": AR(bytes.NewReader(ar), int64(len(ar))), "cpio": CPIO(bytes.NewReader(cpio), int64(len(cpio))),
	} {
		if err := walkError(list); classOf(err) != TooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheCallerMayStop(t *testing.T) {
	file := arMark + arMember("a", "x") + arMember("b", "y")
	n := 0
	for range AR(strings.NewReader(file), int64(len(file))) {
		n++
		break
	}
	if n != 1 {
		t.Error(n)
	}
}
