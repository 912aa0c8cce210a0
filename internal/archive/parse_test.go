package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"sekisho/internal/fixture"
)

func TestReadRAR(t *testing.T) {
	three := []fixture.RARFile{{Name: "a", Data: []byte("hello")}, {Name: "b", Data: []byte("hi"), Password: "x"}, {Name: "c", Data: bytes.Repeat([]byte("long "), 99), Password: "x"}}
	for _, version := range []int{4, 5} {
		archive := func(r fixture.RAR) []byte { r.Version = version; return r.Bytes() }
		for _, tt := range []struct {
			name string
			file []byte
			want string
		}{
			{"members", archive(fixture.RAR{Files: three, Count: 4}), "a:b locked:c locked: pick 1"},
			{"folder", archive(fixture.RAR{Files: []fixture.RARFile{{Name: "d", Folder: true}}}), "d folder: pick -1"},
			{"parts of members", archive(fixture.RAR{Files: []fixture.RARFile{{Name: "a", Before: true}, {Name: "b", After: true}}, More: true}), "a before:b after: pick -1"},
			{"a part proves no password", archive(fixture.RAR{Files: []fixture.RARFile{{Name: "a", Data: []byte("x"), Password: "x", After: true}}}), "a locked after: pick -1"},
			{"headers locked", archive(fixture.RAR{Files: three, LockHeader: "x", Count: 4}), "headers locked pick -1"},
			{"no end", archive(fixture.RAR{Files: three[:1], NoEnd: true}), "a: pick -1"},
			{"a header damaged", archive(fixture.RAR{Files: three, BadSum: 3, Count: 4}), "a: pick -1 broken"},
			{"first header damaged", archive(fixture.RAR{Files: three, BadSum: 1, Count: 4}), "pick -1 broken"},
			{"no first header", append(archive(fixture.RAR{})[:map[int]int{4: 7, 5: 8}[version]], make([]byte, 20)...), "class 2"},
			{"another format", []byte("Rar! or not Rar!"), "class 2"},
			{"signature alone", archive(fixture.RAR{})[:8], "pick -1"},
		} {
			info, err := ReadRAR(bytes.NewReader(tt.file), int64(len(tt.file)), 0)
			if version == 4 && tt.name == "signature alone" {
				tt.want = "class 2" // a byte of the next block
			}
			if got := rarText(info, err); got != tt.want {
				t.Errorf("RAR %d, %s: %q, want %q", version, tt.name, got, tt.want)
			}
		}
	}
}

func rarText(i *RARInfo, err error) string {
	var e *Error
	if errors.As(err, &e) {
		return fmt.Sprintf("class %d", e.Class)
	}
	var b strings.Builder
	if i.HeadersLocked {
		b.WriteString("headers locked ")
	}
	for _, m := range i.Members {
		b.WriteString(m.Name)
		for _, said := range []struct {
			is   bool
			word string
		}{{m.Encrypted, " locked"}, {m.Folder, " folder"}, {m.Before, " before"}, {m.After, " after"}} {
			if said.is {
				b.WriteString(said.word)
			}
		}
		b.WriteString(":")
	}
	if len(i.Members) > 0 {
		b.WriteByte(' ')
	}
	fmt.Fprintf(&b, "pick %d", i.Pick)
	if i.Broken != "" {
		b.WriteString(" broken")
	}
	return b.String()
}

func TestCostOfAPasswordIsReadFromTheHeaders(t *testing.T) {
	file := []fixture.RARFile{{Name: "a", Data: []byte("x"), Password: "x"}}
	rar := func(r fixture.RAR) int64 {
		b := r.Bytes()
		info, err := ReadRAR(bytes.NewReader(b), int64(len(b)), 0)
		if err != nil {
			t.Fatal(err)
		}
		return int64(info.Cost)
	}
	seven := func(cycles byte) int64 {
		b := fixture.SevenZip{Files: plainSeven, LockHeader: "x", Cycles: cycles}.Bytes()
		info, err := ReadSeven(bytes.NewReader(b), int64(len(b)), 0)
		if err != nil || !info.HeadersLocked {
			t.Fatal(info, err)
		}
		return int64(info.Cost)
	}
	for _, tt := range []struct {
		name       string
		less, more int64
	}{
		{"RAR 5 members", rar(fixture.RAR{Files: file, Count: 4}), rar(fixture.RAR{Files: file, Count: 14})},
		{"RAR 5 headers", rar(fixture.RAR{LockHeader: "x", Count: 4}), rar(fixture.RAR{LockHeader: "x", Count: 14})},
		{"RAR 4 members", 1, rar(fixture.RAR{Version: 4, Files: file})},
		{"RAR 4 headers", 1, rar(fixture.RAR{Version: 4, LockHeader: "x"})},
		{"7z header", seven(4), seven(12)},
		{"7z without rounds", int64(sevenKey{cycles: rawCycles}.cost()), seven(4)},
	} {
		if tt.less <= 0 || tt.more <= tt.less {
			t.Errorf("%s: %d and %d", tt.name, tt.less, tt.more)
		}
	}
}

func TestReadSeven(t *testing.T) {
	good := fixture.SevenZip{Files: plainSeven, Encode: true}.Bytes()
	damaged := func(at int) []byte {
		b := bytes.Clone(good)
		b[at] ^= 1
		return b
	}
	empty := append([]byte("7z\xBC\xAF\x27\x1C\x00\x04\x8D\x9B\xD5\x0F"), make([]byte, 20)...)
	for _, tt := range []struct {
		name string
		file []byte
		want string
	}{
		{"plain header", fixture.SevenZip{Files: plainSeven}.Bytes(), "open"},
		{"packed header", good, "open"},
		{"locked members", fixture.SevenZip{Files: lockedSeven("x"), Encode: true, Cycles: 3}.Bytes(), "open"},
		{"locked header", fixture.SevenZip{Files: plainSeven, LockHeader: "x", Cycles: 3}.Bytes(), "locked"},
		{"empty archive", empty, "open"},
		{"no start header", append(append([]byte(sevenMark), make([]byte, 26)...), good[32:]...), "class 1"},
		{"signature", damaged(0), "class 2"},
		{"start header", damaged(20), "class 2"},
		{"header", damaged(len(good) - 1), "class 2"},
		{"cut", good[:len(good)-1], "class 2"},
		{"signature alone", good[:20], "class 2"},
	} {
		info, err := ReadSeven(bytes.NewReader(tt.file), int64(len(tt.file)), 0)
		var e *Error
		got := "open"
		switch {
		case errors.As(err, &e):
			got = fmt.Sprintf("class %d", e.Class)
		case err != nil:
			got = err.Error()
		case info.HeadersLocked:
			got = "locked"
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestErrorsOfTheFileAreReturned(t *testing.T) {
	broken := readerAt{iotest.ErrReader(os.ErrClosed)}
	_, rar := ReadRAR(broken, 100, 0)
	_, seven := ReadSeven(broken, 100, 0)
	_, _, find := Find(broken, 100)
	for name, err := range map[string]error{"rar": rar, "7z": seven, "find": find, "ar": walkError(AR(broken, 100)), "cpio": walkError(CPIO(broken, 100))} {
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func walkError(list func(func(*Part, error) bool)) (found error) {
	for _, err := range list {
		found = err
	}
	return found
}

type readerAt struct{ io.Reader }

func (r readerAt) ReadAt(p []byte, _ int64) (int, error) { return r.Read(p) }

func TestFind(t *testing.T) {
	rar := fixture.RAR{Files: plainRAR}.Bytes()
	seven := fixture.SevenZip{Files: plainSeven}.Bytes()
	stub := bytes.Repeat([]byte{'M'}, 5000)
	for _, tt := range []struct {
		name   string
		file   []byte
		format Format
		off    int64
	}{
		{"at the beginning", rar, RAR, 0},
		{"RAR behind a stub", append(bytes.Clone(stub), rar...), RAR, 5000},
		{"7z behind a stub", append(bytes.Clone(stub), seven...), SevenZip, 5000},
		{"RAR 4, locked", append(bytes.Clone(stub), fixture.RAR{Version: 4, LockHeader: "x"}.Bytes()...), RAR, 5000},
		{"behind signatures that are none", append([]byte("7z\xBC\xAF\x27\x1C Rar!\x1A\x07\x00 Rar!\x1A\x07\x01\x00 "), seven...), SevenZip, 24},
		{"the first of two", append(append(bytes.Clone(stub), rar...), seven...), RAR, 5000},
		{"over the end of a buffer", append(make([]byte, findBuffer-3), rar...), RAR, findBuffer - 3},
		{"in the second buffer", append(make([]byte, findBuffer+99), seven...), SevenZip, findBuffer + 99},
		{"too far", append(make([]byte, maxStub), rar...), "", 0},
		{"an archive of nothing is no reason to look", append(bytes.Clone(stub), fixture.RAR{}.Bytes()...), "", 0},
		{"nothing", stub, "", 0},
	} {
		format, off, err := Find(bytes.NewReader(tt.file), int64(len(tt.file)))
		if format != tt.format || format != "" && off != tt.off || err != nil {
			t.Errorf("%s: %q at %d, %v", tt.name, format, off, err)
		}
	}
}

func TestSevenKeyProperties(t *testing.T) {
	for _, tt := range []struct {
		name string
		p    string
		ok   bool
	}{
		{"IV of 16", "\x53\x0F0123456789abcdef", true}, {"IV of 8", "\x53\x0701234567", true}, {"salt and IV", "\xD3\x1F010123456789abcdef", true},
		{"neither", "\x13", true}, {"no rounds", "\x7F\x0F0123456789abcdef", true},
		{"nothing", "", false}, {"cut", "\x53\x0F0123", false}, {"too long", "\x53\x0701234567x", false}, {"one byte", "\x53", false},
		{"more rounds than programs do", "\x59\x0F0123456789abcdef", false},
	} {
		if _, ok := parseSevenKey([]byte(tt.p)); ok != tt.ok {
			t.Errorf("%s: %v", tt.name, ok)
		}
	}
}

func names(list func(func(*Part, error) bool), file []byte) (out string) {
	for p, err := range list {
		if err != nil {
			return out + "!"
		}
		out += fmt.Sprintf("%s=%s;", p.Name, file[p.Offset:p.Offset+p.Size])
	}
	return out
}

func arMember(name, content string) string {
	s := fmt.Sprintf("%-16s%-12d%-6d%-6d%-8o%-10d`\n%s", name, 0, 0, 0, 0o100644, len(content), content)
	return s + strings.Repeat("\n", len(content)&1)
}

func TestAR(t *testing.T) {
	for _, tt := range []struct{ name, file, want string }{
		{"GNU", arMember("a.txt/", "hello") + arMember("b", "hi"), "a.txt=hello;b=hi;"},
		{"long names of System V", arMember("//", "a long name of a file.txt/\nanother/\n") + arMember("/0", "x") + arMember("/27", "y"), "a long name of a file.txt=x;another=y;"},
		{"long names of BSD", arMember("#1/8", "name.txthello"), "name.txt=hello;"},
		{"symbols are no file", arMember("/", "symbols") + arMember("__.SYMDEF", "x") + arMember("a", "x"), "a=x;"},
		{"a name beyond the table", arMember("/99", "x"), "/99=x;"},
		{"cut", arMember("a", "hello")[:62], "a=he;"},
		{"no size", strings.Replace(arMember("a", "hello"), "5 ", "x ", 1), "!"},
		{"junk ends it", arMember("a", "x") + "junk", "a=x;"},
	} {
		file := []byte(arMark + tt.file)
		if got := names(AR(bytes.NewReader(file), int64(len(file))), file); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func newc(name, content string, mode int) string {
	pad := func(n int) string { return strings.Repeat("\x00", (4-n%4)%4) }
	h := "070701" + fmt.Sprintf("%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name)+1, 0)
	h += name + "\x00"
	return h + pad(len(h)) + content + pad(len(content))
}

func TestCPIO(t *testing.T) {
	end := newc(cpioTrailer, "", 0)
	for _, tt := range []struct{ name, file, want string }{
		{"two files and a folder", newc("a", "hello", 0o100644) + newc("d", "", 0o040755) + newc("b", "x", 0o100644) + end, "a=hello;b=x;"},
		{"without an end", newc("a", "hello", 0o100644), "a=hello;"},
		{"zeros at the end", newc("a", "hello", 0o100644) + strings.Repeat("\x00", 200), "a=hello;"},
		{"junk", newc("a", "hell", 0o100644) + strings.Repeat("junk", 99), "a=hell;!"},
		{"a link holds nothing", newc("l", "a", 0o120777) + end, ""},
		{"a size beyond all", strings.Replace(newc("a", "hello", 0o100644), "00000005", "ffffffff", 1), "a=hello\x00\x00\x00;"},
	} {
		file := []byte(tt.file)
		if got := names(CPIO(bytes.NewReader(file), int64(len(file))), file); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
