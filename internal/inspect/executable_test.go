package inspect

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
)

func sortedLines(r Result) []string {
	l := lines(r)
	slices.Sort(l)
	return l
}

// headerOf is a header of DOS that leads to another one.
func headerOf(next string, flags uint16) []byte {
	b := make([]byte, 256)
	copy(b, "MZ")
	b[60] = 128
	copy(b[128:], next)
	binary.LittleEndian.PutUint16(b[128+22:], flags)
	return b
}

func TestPrograms(t *testing.T) {
	dos := make([]byte, 600)
	copy(dos, "MZ\x58\x00\x02\x00\x00\x00\x02\x00")
	for _, tt := range []struct {
		name string
		b    []byte
		want string
	}{
		{"a.dat", headerOf("PE\x00\x00", 2), "PE program"},
		{"a.dll", headerOf("PE\x00\x00", 0x2002), "PE library"},
		{"a.sys", headerOf("PE\x00\x00", 0x1002), "PE system file"},
		{"a.exe", headerOf("NE", 0), "16-bit Windows program"},
		{"a.vxd", headerOf("LE", 0), "virtual device driver or OS/2 program"},
		{"a.dat", dos, "DOS program"},
		{"a.scr", []byte("MZ\x00\x01\x02 and no header"), `program by its name, ".scr"`},
		{"a.com", []byte("\xB4\x09\xCD\x21\x00\x01\x02\x03"), "named as a program"},
		{"a", []byte("\x7FELF\x02\x01\x01" + strings.Repeat("\x00", 60)), "ELF"},
		{"a", []byte("\xCF\xFA\xED\xFE" + strings.Repeat("\x00", 60)), "Mach-O"},
		{"a", []byte("\xCA\xFE\xBA\xBE\x00\x00\x00\x02" + strings.Repeat("\x00", 60)), "Mach-O"},
		{"a.class", []byte("\xCA\xFE\xBA\xBE\x00\x00\x00\x34" + strings.Repeat("\x00", 60)), "Java class"},
		{"a.zip", zipOf(entry("META-INF/MANIFEST.MF", []byte("Main-Class: a")), entry("a.class", []byte("x"))), "Java archive"},
		{"a.zip", zipOf(entry("AndroidManifest.xml", nil), entry("classes.dex", nil)), "Android application"},
		{"a.zip", zipOf(entry("AppxManifest.xml", nil)), "Windows application package"},
	} {
		_, r := scanNamed(t, tt.name, tt.b)
		if got := detailOf(r, finding.ExecutableFile); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestWhatIsNoProgram(t *testing.T) {
	for name, b := range map[string][]byte{
		"a.dat": append([]byte("MZ\xFF\xFF\xFF\xFF"), make([]byte, 100)...), "b.txt": []byte("MZ is a mark"), "c.zip": zipOf(entry("META-INF/MANIFEST.MF", nil), entry("a.txt", nil)),
		"www.example.com": make([]byte, 100_000),
	} {
		if _, r := scanNamed(t, name, b); detailOf(r, finding.ExecutableFile) != "" {
			t.Errorf("%s: %v", name, r.Findings)
		}
	}
}

func TestInstallersAndHelp(t *testing.T) {
	if _, r := scanNamed(t, "a.dat", []byte("ITSF\x03\x00\x00\x00"+strings.Repeat("\x00", 80))); lines(r)[0] != "help.chm" {
		t.Errorf("%v", r.Findings)
	}
	msi := fixture.OLE(fixture.Stream("\u4840\u3B3F\u43F2\u4438", []byte("tables")))
	if kind, r := scanNamed(t, "a.dat", msi); kind != KindMSI || len(r.Findings) == 0 || lines(r)[0] != "msi.file" {
		t.Errorf("%s %v", kind, r.Findings)
	}
}
