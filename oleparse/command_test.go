package oleparse

import "testing"

// A package may link to a document by its path; only what starts a program is a command.
func TestCommandsThatStartPrograms(t *testing.T) {
	for command, want := range map[string]bool{
		`calc.exe`: true, `C:\Windows\System32\cmd.exe /c x`: true, `"C:\My files\a.VBS"`: true, `cmd /c x`: true, `PowerShell -c x`: true, `mshta http://example.test/`: true, `start a.bat`: true,
		`C:\Windows\mshta a.txt`: true, ` rundll32 a,b`: true,
		``: false, ` `: false, `C:\docs\report.docx`: false, `C:\docs\my report.xlsx`: false, `cmd`: false, `powershell`: false, `C:\exe\a.txt`: false, `notes about cmd`: false, `a.exe.txt`: false,
	} {
		if got := startsProgram(command); got != want {
			t.Errorf("%q: %v", command, got)
		}
	}
}

func TestNamesOfPaths(t *testing.T) {
	for path, want := range map[string][2]string{
		`C:\dir\a.txt`: {"a.txt", ".txt"}, "dir/b": {"b", "dir/b"}, "C:c.d.e": {"c.d.e", ".e"}, "": {"", ""}, `\`: {"", `\`}, ".x": {".x", ".x"},
	} {
		if base, ext := baseName(path), extension(path); base != want[0] || ext != want[1] {
			t.Errorf("%q: %q, %q", path, base, ext)
		}
	}
}

func TestHexadecimalDigits(t *testing.T) {
	for c := range 256 {
		want := -1
		switch {
		case c >= '0' && c <= '9':
			want = c - '0'
		case c >= 'a' && c <= 'f':
			want = c - 'a' + 10
		case c >= 'A' && c <= 'F':
			want = c - 'A' + 10
		}
		if got := hexDigit(byte(c)); got != want {
			t.Errorf("%q: %d, want %d", rune(c), got, want)
		}
	}
}
