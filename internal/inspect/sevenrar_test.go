package inspect

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/archive"
	"sekisho/internal/fixture"
	"sekisho/internal/worker"
)

func withWorkers(o Options) Options {
	o.Archives = archive.New(worker.Options{})
	return o
}

func sevenOf(files ...fixture.SevenFile) []byte {
	return fixture.SevenZip{Files: files, Cycles: 4, Encode: true}.Bytes()
}

func rarOf(files ...fixture.RARFile) []byte { return fixture.RAR{Files: files, Count: 4}.Bytes() }

func arOf(name, content string) []byte {
	return fmt.Appendf(nil, "!<arch>\n%-16s%-12d%-6d%-6d%-8o%-10d`\n%s", name+"/", 0, 0, 0, 0o100644, len(content), content)
}

func cpioOf(name, content string) []byte {
	return fmt.Appendf(nil, "070707%012d%06o%035d%06o%011o%s\x00%s", 0, 0o100644, 0, len(name)+1, len(content), name, content)
}

func TestArchivesOfWorkers(t *testing.T) {
	doc := fixture.DocVBA(downloader)
	found := func(path string) []string {
		return []string{"vba.present " + path, "vba.autoexec " + path + "!/Macros/VBA/ThisDocument", "vba.suspicious " + path + "!/Macros/VBA/ThisDocument"}
	}
	text := []byte("plain text")
	withMacro, inRAR := fixture.SevenFile{Name: "a.doc", Data: doc, LZMA: true}, fixture.RARFile{Name: "a.doc", Data: doc}
	badHeader := fixture.SevenZip{Files: []fixture.SevenFile{withMacro}, BadHeader: true}.Bytes()
	junk := append([]byte("\x89PNG\r\n\x1A\n"), make([]byte, 5000)...)
	for _, tc := range []struct {
		name string
		file []byte
		want []string // findings
		tree []string
		held bool
	}{
		{"7z", sevenOf(withMacro), found("a.doc"), []string{" 7z", "a.doc doc"}, false},
		{"RAR", rarOf(inRAR), found("a.doc"), []string{" rar", "a.doc doc"}, false},
		{"RAR 4", fixture.RAR{Files: []fixture.RARFile{inRAR}, Version: 4}.Bytes(), found("a.doc"), []string{" rar", "a.doc doc"}, false},
		{"7z in RAR in 7z", sevenOf(fixture.SevenFile{Name: "x.rar", Data: rarOf(fixture.RARFile{Name: "y.7z", Data: sevenOf(withMacro)})}), found("x.rar!/y.7z!/a.doc"),
			[]string{" 7z", "x.rar rar", "x.rar!/y.7z 7z", "x.rar!/y.7z!/a.doc doc"}, false},
		{"LZMA alone", fixture.LZMA(doc), found("content"), []string{" lzma", "content doc"}, false},
		{"lzip", fixture.LZip(doc), found("content"), []string{" lz", "content doc"}, false},
		{"ar", arOf("a.doc", string(doc)), found("a.doc"), []string{" ar", "a.doc doc"}, false},
		{"cpio", cpioOf("a.doc", string(doc)), found("a.doc"), []string{" cpio", "a.doc doc"}, false},
		{"7z behind a program", append(exe(), sevenOf(withMacro)...), found("a.doc"), []string{" exe", "a.doc doc"}, false},
		{"RAR behind bytes", append(bytes.Repeat([]byte{1}, 999), rarOf(inRAR)...), found("a.doc"), []string{" rar", "a.doc doc"}, false},
		{"RAR behind a picture", append(junk, rarOf(inRAR)...), found("a.doc"), []string{" png", "a.doc doc"}, false},
		{"a signature in a program is no archive", append(append(exe(), "7z\xBC\xAF\x27\x1C Rar!\x1A\x07\x00"...), make([]byte, 99)...), nil, []string{" exe"}, false},

		{"7z, all locked", fixture.SevenZip{Files: []fixture.SevenFile{withMacro}, LockHeader: "s3cret", Cycles: 4}.Bytes(), []string{"archive.header-encrypted"},
			[]string{" 7z encrypted"}, false},
		{"RAR, one locked", rarOf(fixture.RARFile{Name: "open", Data: text}, fixture.RARFile{Name: "shut", Data: text, Password: "s3cret"}), []string{"archive.encrypted"},
			[]string{" rar encrypted", "open text", "shut data encrypted"}, false},
		{"RAR, headers locked", fixture.RAR{LockHeader: "s3cret", Count: 4, Files: []fixture.RARFile{inRAR}}.Bytes(), []string{"archive.header-encrypted"},
			[]string{" rar encrypted"}, false},

		{"7z that nothing opens", badHeader, []string{"archive.unread"}, []string{" 7z"}, false},
		{"RAR that nothing opens", append([]byte("Rar!\x1A\x07\x01\x00"), make([]byte, 99)...), []string{"archive.unread"}, []string{" rar"}, false},
		{"RAR that some open, first header damaged", fixture.RAR{Files: []fixture.RARFile{inRAR}, BadSum: 1}.Bytes(), []string{"scan.incomplete"}, []string{" rar"}, true},
		{"7z without a start header", append([]byte("7z\xBC\xAF\x27\x1C"), make([]byte, 99)...), []string{"scan.incomplete"}, []string{" 7z"}, true},
		{"RAR of before version 1.5", []byte("RE~^ and more of it"), []string{"archive.unread"}, []string{" rar"}, false},
		{"RAR, second header damaged", fixture.RAR{Files: []fixture.RARFile{{Name: "a", Data: text}, inRAR}, BadSum: 3}.Bytes(), []string{"scan.incomplete"},
			[]string{" rar", "a text"}, true},
		{"7z, content damaged", sevenOf(fixture.SevenFile{Name: "a", Data: text, BadSum: true}), []string{"scan.incomplete a"}, []string{" 7z", "a text"}, true},
		{"7z, method nobody has", sevenOf(fixture.SevenFile{Name: "a", Data: text, Method: "\x04\xF7\x11\x06"}), []string{"archive.unread"}, []string{" 7z", "a data"}, false},
		{"RAR, goes on in another volume", fixture.RAR{Files: []fixture.RARFile{{Name: "a", Data: text, Size: 99, After: true}}, More: true}.Bytes(), []string{"archive.unread"},
			[]string{" rar", "a text"}, false},
		{"RAR, begins in another volume", fixture.RAR{Files: []fixture.RARFile{{Name: "z", Data: text, Before: true}, {Name: "a", Data: text}}, Volume: 2}.Bytes(),
			[]string{"archive.unread"}, []string{" rar", "a text"}, false},
		{"RAR with a stream", rarOf(fixture.RARFile{Name: "a", Data: text}, fixture.RARFile{Stream: ":Zone.Identifier", Data: text}), []string{"archive.unread"},
			[]string{" rar", "a text"}, false},
		{"RAR with a stream that goes elsewhere", rarOf(fixture.RARFile{Name: "a", Data: text}, fixture.RARFile{Stream: `:..\..\Startup\x.lnk`, Data: text}),
			[]string{"scan.incomplete"}, []string{" rar", "a text"}, true},
		{"RAR cut short", rarOf(fixture.RARFile{Name: "a", Data: bytes.Repeat(text, 99)})[:200], []string{"archive.unread"}, []string{" rar", "a text"}, false},
		{"links and folders hold nothing", rarOf(fixture.RARFile{Name: "d", Folder: true}, fixture.RARFile{Name: "l", Link: "d"}), nil, []string{" rar"}, false},
		{"what only looks like LZMA", append([]byte("\x5D\x00\x00\x01\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x00"), bytes.Repeat([]byte("\xC3\x5A"), 400)...), nil, []string{" data"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, r := scanFile(t, withWorkers(Options{}), tc.file)
			var got []string
			for _, l := range lines(r) {
				if !strings.HasPrefix(l, "executable.file") {
					got = append(got, l)
				}
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("findings (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tc.tree, tree(r)); d != "" {
				t.Errorf("files (-want +got):\n%s", d)
			}
			if r.Incomplete != tc.held {
				t.Errorf("incomplete: %v", r.Incomplete)
			}
		})
	}
}

func TestAWordOfTheMessageOpensAnArchive(t *testing.T) {
	doc := fixture.DocVBA(downloader)
	seven := []fixture.SevenFile{{Name: "open", Data: []byte("text")}, {Name: "a.doc", Data: doc, Password: "4459"}}
	rar := []fixture.RARFile{{Name: "open", Data: []byte("text")}, {Name: "a.doc", Data: doc, Password: "4459"}}
	inside := []string{"archive.password-found", "vba.present a.doc", "vba.autoexec a.doc!/Macros/VBA/ThisDocument", "vba.suspicious a.doc!/Macros/VBA/ThisDocument"}
	listed := append([]string{"archive.encrypted"}, inside...)
	sealed := append([]string{"archive.header-encrypted"}, inside...)
	for _, tc := range []struct {
		name string
		file []byte
		want []string
		tree []string
	}{
		{"7z", sevenOf(seven...), listed, []string{" 7z encrypted", "open text", "a.doc doc encrypted"}},
		{"7z, all locked", fixture.SevenZip{Files: seven[1:], LockHeader: "4459", Cycles: 4}.Bytes(), sealed, []string{" 7z encrypted", "a.doc doc"}},
		{"RAR 5", rarOf(rar...), listed, []string{" rar encrypted", "open text", "a.doc doc encrypted"}},
		{"RAR 5, all locked", fixture.RAR{Files: rar[1:], LockHeader: "4459", Count: 4}.Bytes(), sealed, []string{" rar encrypted", "a.doc doc"}},
		{"RAR 4", fixture.RAR{Files: rar, Version: 4}.Bytes(), listed, []string{" rar encrypted", "open text", "a.doc doc encrypted"}},
		{"RAR 5 behind a program", append(exe(), rarOf(rar...)...), listed, []string{" exe encrypted", "open text", "a.doc doc encrypted"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, r := scanFile(t, withWorkers(Options{Passwords: []string{"wrong", "4459"}}), tc.file)
			got := lines(r)
			if d := cmp.Diff(sorted(tc.want), sorted(got)); d != "" {
				t.Errorf("findings (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tc.tree, tree(r)); d != "" {
				t.Errorf("files (-want +got):\n%s", d)
			}
			if r.Incomplete || r.Locked {
				t.Errorf("incomplete %v, locked %v", r.Incomplete, r.Locked)
			}
			if _, r := scanFile(t, withWorkers(Options{Passwords: []string{"wrong"}}), tc.file); r.Incomplete || !r.Locked {
				t.Errorf("without the password: incomplete %v, locked %v", r.Incomplete, r.Locked)
			}
		})
	}
}

// TestWithoutWorkersArchivesAreNamed: a program that was not given any opens none, and says so.
func TestWithoutWorkersArchivesAreNamed(t *testing.T) {
	locked := fixture.RARFile{Name: "a", Data: []byte("text"), Password: "x"}
	for name, file := range map[string][]byte{"7z": sevenOf(fixture.SevenFile{Name: "a", Data: []byte("text")}), "rar": rarOf(locked), "lz": fixture.LZip([]byte("text"))} {
		_, r := scanFile(t, Options{}, file)
		if got := lines(r); len(got) != 1 || got[0] != "archive.unread" || r.Files[0].Encrypted != (name == "rar") {
			t.Errorf("%s: %q, encrypted %v", name, got, r.Files[0].Encrypted)
		}
	}
}

// TestWorkersOfOneMessageAreFew: archives inside each other have a worker each, until there are too many.
func TestWorkersOfOneMessageAreFew(t *testing.T) {
	file := rarOf(fixture.RARFile{Name: "a", Data: []byte("text")})
	for range 4 {
		file = rarOf(fixture.RARFile{Name: "in.rar", Data: file})
	}
	_, r := scanFile(t, withWorkers(Options{}), file)
	if got := lines(r); !r.Incomplete || len(got) != 1 || !strings.HasPrefix(got[0], "limit.size") {
		t.Errorf("%q", got)
	}
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }
