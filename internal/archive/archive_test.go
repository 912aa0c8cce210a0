package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/ulikunitz/xz"

	"sekisho/internal/fixture"
	"sekisho/internal/worker"
)

func TestMain(m *testing.M) {
	worker.Main(Jobs())
	goleak.VerifyTestMain(m)
}

// list opens an archive in a worker: "name=content", with what else is said of a member.
func list(t *testing.T, format Format, b []byte, off int64, password string) (members []string, err error) {
	t.Helper()
	s := New(worker.Options{}).Session()
	r, err := s.Open(t.Context(), Source{Format: format, Reader: bytes.NewReader(b), Size: int64(len(b)), Offset: off, Password: password})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for {
		m, err := r.Next()
		if errors.Is(err, io.EOF) {
			return members, nil
		}
		if err != nil {
			return members, err
		}
		content, err := io.ReadAll(r)
		members = append(members, describe(m, string(content), err))
	}
}

func describe(m *Member, content string, err error) string {
	text := m.Name + "=" + content
	for _, said := range []struct {
		is   bool
		word string
	}{{m.Folder, "folder"}, {m.Link, "link"}, {m.Encrypted, "locked"}, {m.Unread != "", m.Unread}} {
		if said.is {
			text += " " + said.word
		}
	}
	var e *Error
	if errors.As(err, &e) {
		text += fmt.Sprintf(" class %d", e.Class)
	}
	return text
}

var (
	plainSeven = []fixture.SevenFile{{Name: "a.txt", Data: []byte("hello")}, {Name: "二.txt", Data: bytes.Repeat([]byte("world "), 9), LZMA: true},
		{Name: "dir", Folder: true}, {Name: "empty"}}
	plainRAR = []fixture.RARFile{{Name: "a.txt", Data: []byte("hello")}, {Name: "二.txt", Data: []byte("world")}, {Name: "dir", Folder: true}, {Name: "empty"}}
)

func lockedSeven(password string) []fixture.SevenFile {
	return []fixture.SevenFile{{Name: "open", Data: []byte("open")}, {Name: "big", Data: bytes.Repeat([]byte("secret "), 99), LZMA: true, Password: password},
		{Name: "small", Data: []byte("secret"), Password: password}}
}

func lockedRAR(password string) []fixture.RARFile {
	return []fixture.RARFile{{Name: "open", Data: []byte("open")}, {Name: "big", Data: bytes.Repeat([]byte("secret "), 99), Password: password},
		{Name: "small", Data: []byte("secret"), Password: password}}
}

func TestMembersComeInOrderWithTheirContent(t *testing.T) {
	world := strings.Repeat("world ", 9)
	seven := []string{"a.txt=hello", "二.txt=" + world, "dir= folder", "empty="}
	rar := []string{"a.txt=hello", "二.txt=world", "dir= folder", "empty="}
	stub := bytes.Repeat([]byte("MZ stub "), 100)
	for _, tt := range []struct {
		name   string
		format Format
		file   []byte
		off    int64
		want   []string
	}{
		{"7z", SevenZip, fixture.SevenZip{Files: plainSeven}.Bytes(), 0, seven},
		{"7z, packed header", SevenZip, fixture.SevenZip{Files: plainSeven, Encode: true}.Bytes(), 0, seven},
		{"7z, archive properties", SevenZip, fixture.SevenZip{Files: plainSeven, Properties: true}.Bytes(), 0, seven},
		{"7z, checksums of folders", SevenZip, fixture.SevenZip{Files: plainSeven, FolderSums: true}.Bytes(), 0, seven},
		{"7z of nothing", SevenZip, fixture.SevenZip{}.Bytes(), 0, nil},
		{"7z behind a stub", SevenZip, fixture.SevenZip{Files: plainSeven, Prefix: stub}.Bytes(), int64(len(stub)), seven},
		{"RAR 5", RAR, fixture.RAR{Files: plainRAR}.Bytes(), 0, rar},
		{"RAR 5 behind a stub", RAR, fixture.RAR{Files: plainRAR, Prefix: stub}.Bytes(), int64(len(stub)), rar},
		{"RAR 5 without an end", RAR, fixture.RAR{Files: plainRAR[:2], NoEnd: true}.Bytes(), 0, rar[:2]},
		{"RAR 5 volume that is not the first", RAR, fixture.RAR{Files: plainRAR, Volume: 3}.Bytes(), 0, rar},
		{"RAR 5 volume that begins amid a member", RAR,
			fixture.RAR{Files: append([]fixture.RARFile{{Name: "cut", Data: []byte("tail"), Before: true}}, plainRAR...), Volume: 2}.Bytes(), 0, rar},
		{"RAR 4", RAR, fixture.RAR{Files: plainRAR, Version: 4}.Bytes(), 0, rar},
		{"RAR 5 link", RAR, fixture.RAR{Files: []fixture.RARFile{{Name: "l", Link: "a.txt"}}}.Bytes(), 0, []string{"l= link"}},
		{"7z link", SevenZip, fixture.SevenZip{Files: []fixture.SevenFile{{Name: "l", Data: []byte("t"), Attrs: 0xA1FF8000}}}.Bytes(), 0, []string{"l=t link"}},
		{"7z, method unknown", SevenZip, fixture.SevenZip{Files: []fixture.SevenFile{{Name: "x", Data: []byte("x"), Method: "\x04\xF7\x11\x06"}}}.Bytes(), 0,
			[]string{"x= Lizard"}},
		{"7z, bad checksum", SevenZip, fixture.SevenZip{Files: []fixture.SevenFile{{Name: "x", Data: []byte("data"), BadSum: true}}}.Bytes(), 0,
			[]string{"x=data class 1"}},
		{"RAR 5, bad checksum", RAR, fixture.RAR{Files: []fixture.RARFile{{Name: "x", Data: []byte("data"), BadSum: true}}}.Bytes(), 0, []string{"x=data class 1"}},
		{"RAR 5, member goes on in the next volume", RAR, fixture.RAR{Files: []fixture.RARFile{{Name: "x", Data: []byte("data"), Size: 9, After: true}}, Volume: 1, More: true}.Bytes(), 0,
			[]string{"x=data class 3"}},
		{"RAR 5, dictionary too large", RAR, fixture.RAR{Files: []fixture.RARFile{{Name: "x", Data: bytes.Repeat([]byte{1}, 99), Method: 3, Dict: 14}}}.Bytes(), 0, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := list(t, tt.format, tt.file, tt.off, "")
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.want) && len(tt.want) > 0 {
				t.Errorf("%q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestLockedMembersAreListedAndOpenWithTheirPassword(t *testing.T) {
	secret := strings.Repeat("secret ", 99)
	for _, tt := range []struct {
		name   string
		format Format
		file   []byte
		sealed bool // the names are locked too
		want   []string
	}{
		{"7z", SevenZip, fixture.SevenZip{Files: lockedSeven("pässwörd"), Cycles: 6}.Bytes(), false, []string{"big=" + secret + " locked", "small=secret locked"}},
		{"7z, header locked", SevenZip, fixture.SevenZip{Files: lockedSeven("pässwörd"), Cycles: 6, LockHeader: "pässwörd"}.Bytes(), true,
			[]string{"open=open locked", "big=" + secret + " locked", "small=secret locked"}},
		{"7z, coders from the output on", SevenZip, fixture.SevenZip{Files: lockedSeven("pässwörd"), Cycles: 6, Reversed: true}.Bytes(), false,
			[]string{"big=" + secret + " locked", "small=secret locked"}},
		{"RAR 5", RAR, fixture.RAR{Files: lockedRAR("pässwörd"), Count: 4}.Bytes(), false, []string{"big=" + secret + " locked", "small=secret locked"}},
		{"RAR 5, headers locked", RAR, fixture.RAR{Files: lockedRAR(""), Count: 4, LockHeader: "pässwörd"}.Bytes(), true,
			[]string{"open=open locked", "big=" + secret + " locked", "small=secret locked"}},
		{"RAR 4", RAR, fixture.RAR{Files: lockedRAR("pässwörd"), Version: 4}.Bytes(), false, []string{"big=" + secret + " locked", "small=secret locked"}},
		{"RAR 4, headers locked", RAR, fixture.RAR{Files: lockedRAR(""), Version: 4, LockHeader: "pässwörd"}.Bytes(), true,
			[]string{"open=open locked", "big=" + secret + " locked", "small=secret locked"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := list(t, tt.format, tt.file, 0, "pässwörd")
			if err != nil || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.want) {
				t.Errorf("%q, %v, want %q", got, err, tt.want)
			}
			got, err = list(t, tt.format, tt.file, 0, "")
			var e *Error
			switch {
			case tt.sealed && (!errors.As(err, &e) || e.Class != Locked):
				t.Errorf("%q, %v", got, err)
			case !tt.sealed && (len(got) != 3 || got[0] != "open=open" || !strings.HasPrefix(got[1], "big= locked")):
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestOnlyTheRightPasswordOpens(t *testing.T) {
	for _, tt := range []struct {
		name   string
		format Format
		file   []byte
	}{
		{"7z", SevenZip, fixture.SevenZip{Files: lockedSeven("right"), Cycles: 6}.Bytes()},
		{"7z, packed header", SevenZip, fixture.SevenZip{Files: lockedSeven("right"), Cycles: 6, Encode: true}.Bytes()},
		{"7z, header locked", SevenZip, fixture.SevenZip{Files: plainSeven, Cycles: 6, LockHeader: "right"}.Bytes()},
		{"RAR 5", RAR, fixture.RAR{Files: lockedRAR("right"), Count: 4}.Bytes()},
		{"RAR 5, no check value", RAR, fixture.RAR{Files: lockedRAR("right"), Count: 4, NoCheck: true}.Bytes()},
		{"RAR 5, headers locked", RAR, fixture.RAR{Files: plainRAR, Count: 4, LockHeader: "right"}.Bytes()},
		{"RAR 4", RAR, fixture.RAR{Files: lockedRAR("right"), Version: 4}.Bytes()},
		{"RAR 4, headers locked", RAR, fixture.RAR{Files: plainRAR, Version: 4, LockHeader: "right"}.Bytes()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			from := Source{Format: tt.format, Reader: bytes.NewReader(tt.file), Size: int64(len(tt.file))}
			pick := 0
			if info, err := ReadRAR(from.Reader, from.Size, 0); err == nil {
				pick = info.Pick
			}
			lock := New(worker.Options{}).Session().Lock(t.Context(), from, pick, 0)
			defer lock.Close()
			for _, word := range []string{"", "wrong", "Right", "right ", "right", "wrong again", strings.Repeat("x", 1<<17)} {
				if ok, err := lock.Opens(word); err != nil || ok != (word == "right") {
					t.Errorf("%.20q: %v, %v", word, ok, err)
				}
			}
		})
	}
}

func TestNoPasswordProvesItselfOnAnArchiveWithoutContent(t *testing.T) {
	file := fixture.SevenZip{Files: plainSeven}.Bytes()
	lock := New(worker.Options{}).Session().Lock(t.Context(), Source{Format: SevenZip, Reader: bytes.NewReader(file), Size: int64(len(file))}, 0, 0)
	defer lock.Close()
	var e *Error
	if ok, err := lock.Opens("word"); ok || !errors.As(err, &e) || e.Class != Hopeless {
		t.Errorf("%v, %v", ok, err)
	}
}

func TestATryThatTakesTooLongIsGivenUp(t *testing.T) {
	file := fixture.RAR{Files: lockedRAR("right"), Version: 4}.Bytes()
	lock := New(worker.Options{}).Session().Lock(t.Context(), Source{Format: RAR, Reader: bytes.NewReader(file), Size: int64(len(file))}, 1, 0)
	defer lock.Close()
	lock.wait = 1 // a nanosecond
	for range 2 { // and the next has a child again
		if ok, err := lock.Opens("right"); ok || err != nil {
			t.Errorf("%v, %v", ok, err)
		}
	}
	lock.wait = 1 << 40
	if ok, err := lock.Opens("right"); !ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
}

func TestSingleFilesAreUnpacked(t *testing.T) {
	text := strings.Repeat("text ", 5000)
	var x bytes.Buffer
	w, err := xz.NewWriter(&x)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	alone := fixture.LZMA([]byte(text))
	lz := fixture.LZip([]byte(text))
	for _, tt := range []struct {
		name   string
		format Format
		file   []byte
		want   string
		class  string
	}{
		{"xz", XZ, x.Bytes(), text, ""},
		{"xz, two streams", XZ, append(bytes.Clone(x.Bytes()), x.Bytes()...), text + text, ""},
		{"xz, cut", XZ, x.Bytes()[:x.Len()/2], "", " class 3"},
		{"xz, filtered", XZ, fixture.FilteredXZ([]byte(text), 2, 0), text, ""},
		{"xz, filtered, more than the index says", XZ, fixture.FilteredXZ([]byte(text), 2, -9), "", " class 1"},
		{"xz, filtered, less than the index says", XZ, fixture.FilteredXZ([]byte(text), 1, 9), text, " class 1"},
		{"xz, filtered, cut", XZ, fixture.FilteredXZ([]byte(text), 1, 0)[:99], "", " class 4"},
		{"xz, filtered, two streams", XZ, append(fixture.FilteredXZ([]byte("x"), 1, 0), fixture.FilteredXZ([]byte(text), 1, 0)...), "", " class 4"},
		{"LZMA alone", LZMA, alone, text, ""},
		{"lzip", LZip, lz, text, ""},
		{"lzip, two members and something else", LZip, append(append(bytes.Clone(lz), lz...), "behind"...), text + text, ""},
		{"lzip, cut", LZip, lz[:len(lz)-3], text, " class 3"},
		{"lzip, no dictionary", LZip, append([]byte("LZIP\x01\x00"), lz[6:]...), "", " class 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := list(t, tt.format, tt.file, 0, "")
			if err != nil {
				got = append(got, describe(&Member{}, "", err))
			}
			if len(got) != 1 || !strings.HasSuffix(got[0], tt.class) || !strings.HasPrefix(got[0], "="+tt.want) && tt.want != "" {
				t.Errorf("%.80q (%d bytes), %v", got, len(strings.Join(got, "")), err)
			}
		})
	}
}

func TestWithoutAnOpenerThereIsNoSession(t *testing.T) {
	var o *Opener
	if s := o.Session(); s != nil {
		t.Error(s)
	}
}

func TestContextEndsTheReading(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	file := fixture.RAR{Files: plainRAR}.Bytes()
	_, err := New(worker.Options{}).Session().Open(ctx, Source{Format: RAR, Reader: bytes.NewReader(file), Size: int64(len(file))})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestMutantsKillTheWorkerAtMost: whatever the libraries make of damaged archives, the caller gets members and errors of this package.
func TestMutantsKillTheWorkerAtMost(t *testing.T) {
	seeds := []struct {
		format Format
		file   []byte
	}{
		{SevenZip, fixture.SevenZip{Files: plainSeven}.Bytes()}, {SevenZip, fixture.SevenZip{Files: lockedSeven("x"), Cycles: 2, Encode: true}.Bytes()},
		{RAR, fixture.RAR{Files: plainRAR}.Bytes()}, {RAR, fixture.RAR{Files: plainRAR, Version: 4}.Bytes()}, {LZip, fixture.LZip([]byte("some text"))},
	}
	s := New(worker.Options{}).Session()
	for i := range 60 {
		seed := seeds[i%len(seeds)]
		b := bytes.Clone(seed.file)
		for k := range 1 + i%3 {
			b[(8+i*7919+k*104729)%len(b)] ^= byte(1 + i*31)
		}
		r, err := s.Open(t.Context(), Source{Format: seed.format, Reader: bytes.NewReader(b), Size: int64(len(b)), Password: "x"})
		for err == nil {
			if _, err = r.Next(); err == nil {
				_, err = io.Copy(io.Discard, r)
			}
		}
		var e *Error
		if !errors.Is(err, io.EOF) && !errors.As(err, &e) {
			t.Errorf("mutant %d: %v", i, err)
		}
		if r != nil {
			r.Close()
		}
	}
}
