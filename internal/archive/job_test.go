package archive

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"sekisho/internal/fixture"
	"sekisho/internal/worker"
)

func sourceOf(format Format, b []byte) Source {
	return Source{Format: format, Reader: bytes.NewReader(b), Size: int64(len(b))}
}

func TestFormatsWithoutPasswords(t *testing.T) {
	for _, format := range []Format{XZ, LZMA, LZip, "rot13", ""} {
		lock := New(worker.Options{}).Session().Lock(t.Context(), sourceOf(format, fixture.LZip([]byte("x"))), 0, 0)
		if ok, err := lock.Opens("word"); ok || classOf(err) != Hopeless {
			t.Errorf("%s: %v, %v", format, ok, err)
		}
		lock.Close()
	}
}

func TestAnUnknownFormatIsHopeless(t *testing.T) {
	r, err := New(worker.Options{}).Session().Open(t.Context(), sourceOf("rot13", []byte("x")))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Next(); classOf(err) != Hopeless {
		t.Error(err)
	}
}

// TestErrorsOfTheFileReachTheCaller: the disk's error is neither damage nor a wrong password.
func TestErrorsOfTheFileReachTheCaller(t *testing.T) {
	for _, format := range []Format{SevenZip, RAR, XZ, LZMA, LZip} {
		from := Source{Format: format, Reader: readerAt{iotest.ErrReader(os.ErrDeadlineExceeded)}, Size: 1000}
		s := New(worker.Options{}).Session()
		r, err := s.Open(t.Context(), from)
		if err == nil {
			_, err = r.Next()
			if err == nil {
				_, err = io.Copy(io.Discard, r)
			}
			r.Close()
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %v", format, err)
		}
		if format == SevenZip {
			lock := s.Lock(t.Context(), from, 0, 0)
			if ok, err := lock.Opens("word"); ok || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("lock of %s: %v, %v", format, ok, err)
			}
			lock.Close()
		}
	}
}

func TestContextEndsTheTries(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	file := fixture.SevenZip{Files: lockedSeven("right"), Cycles: 2}.Bytes()
	lock := New(worker.Options{}).Session().Lock(ctx, sourceOf(SevenZip, file), 0, 0)
	defer lock.Close()
	if ok, err := lock.Opens("wrong"); ok || err != nil {
		t.Fatal(ok, err)
	}
	cancel()
	if ok, err := lock.Opens("right"); ok || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", ok, err)
	}
}

// TestNamesAreCutAndCleaned: what the child sends is UTF-8 of a bounded size.
func TestNamesAreCutAndCleaned(t *testing.T) {
	long := strings.Repeat("長", maxName)
	for _, tt := range []struct {
		name string
		file []byte
		f    Format
		want string
	}{
		{"7z", fixture.SevenZip{Files: []fixture.SevenFile{{Name: long, Data: []byte("x")}}}.Bytes(), SevenZip, strings.ToValidUTF8(long[:maxName], "\uFFFD")},
		{"RAR 5", fixture.RAR{Files: []fixture.RARFile{{Name: "a\xFFb", Data: []byte("x")}}}.Bytes(), RAR, "a\uFFFDb"},
	} {
		got, err := list(t, tt.f, tt.file, 0, "")
		if err != nil || len(got) != 1 || got[0] != tt.want+"=x" {
			t.Errorf("%s: %.40q, %v", tt.name, got, err)
		}
	}
}

// TestMembersNobodyReads: the caller may pass a member over, or leave amid one.
func TestMembersNobodyReads(t *testing.T) {
	big := bytes.Repeat([]byte("content "), 100_000)
	for format, file := range map[Format][]byte{
		SevenZip: fixture.SevenZip{Files: []fixture.SevenFile{{Name: "a", Data: big}, {Name: "b", Data: big, LZMA: true}, {Name: "c", Data: []byte("end")}}}.Bytes(),
		RAR:      fixture.RAR{Files: []fixture.RARFile{{Name: "a", Data: big}, {Name: "b", Data: big}, {Name: "c", Data: []byte("end")}}}.Bytes(),
	} {
		r, err := New(worker.Options{}).Session().Open(t.Context(), sourceOf(format, file))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for {
			m, err := r.Next()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					t.Errorf("%s: %v", format, err)
				}
				break
			}
			names = append(names, m.Name)
			switch m.Name {
			case "b":
				if _, err := io.ReadFull(r, make([]byte, 100)); err != nil {
					t.Errorf("%s: %v", format, err)
				}
			case "c":
				if b, err := io.ReadAll(r); err != nil || string(b) != "end" {
					t.Errorf("%s: %q, %v", format, b, err)
				}
			}
		}
		if fmt.Sprint(names) != "[a b c]" {
			t.Errorf("%s: %q", format, names)
		}
		r.Close()
	}
}

// TestHeadersOfFilteredBlocks: headers of xz's blocks that say something else than is there.
func TestHeadersOfFilteredBlocks(t *testing.T) {
	good := fixture.FilteredXZ([]byte("text"), 1, 0)
	change := func(at int, b ...byte) []byte {
		out := bytes.Clone(good)
		copy(out[at:], b)
		binary.LittleEndian.PutUint32(out[20:], crc32.ChecksumIEEE(out[12:20])) // of the block's header
		return out
	}
	for _, tt := range []struct {
		name  string
		b     []byte
		class Class
	}{
		{"as it is", good, 0},
		{"a filter nobody has", change(14, 0x7F), Unsupported},
		{"a filter with properties it should not have", change(14, 0x04, 0x01), Unsupported},
		{"no index", change(len(good)-8, 0xFF, 0xFF, 0xFF, 0x7F), Damaged},
		{"no footer", good[:len(good)-2], Unsupported},
		{"an index of no blocks", change(len(good)-12-8, 0, 0), Damaged},
	} {
		_, err := shape{format: XZ}.read(tt.b)
		if classOf(err) != tt.class || (err == nil) != (tt.class == 0) {
			t.Errorf("%s: %v, want class %d", tt.name, err, tt.class)
		}
	}
}

// TestMembersOfAFolderComeApart: a member that lies before the one read last begins its folder anew, with the same content.
func TestMembersOfAFolderComeApart(t *testing.T) {
	file := fixture.SevenZip{Files: []fixture.SevenFile{{Name: "a", Data: []byte("first")}, {Name: "b", Data: []byte("second"), LZMA: true}, {Name: "c", Data: []byte("third")}}}.Bytes()
	s, err := openSeven(io.NewSectionReader(bytes.NewReader(file), 0, int64(len(file))), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{2, 1, 0, 0, 2, 1} {
		e := &s.h.files[i]
		b, err := io.ReadAll(&summed{r: &sevenContent{s: s, e: e, left: e.size}, left: int64(e.size), want: e.sevenSum})
		if err != nil || string(b) != []string{"first", "second", "third"}[i] {
			t.Errorf("%d: %q, %v", i, b, err)
		}
	}
}

// TestJointReads: the archive made for the library is its parts, however it is read.
func TestJointReads(t *testing.T) {
	packed := io.NewSectionReader(strings.NewReader("packed"), 0, 6)
	j := &joint{[]byte("head "), packed, []byte(" tail")}
	const want = "head packed tail"
	for from := range want {
		for n := range len(want) + 3 {
			b := make([]byte, n)
			got, err := j.ReadAt(b, int64(from))
			most := min(n, len(want)-from)
			if string(b[:got]) != want[from:from+most] || (err != nil) != (most < n) {
				t.Errorf("%d bytes at %d: %q, %v", n, from, b[:got], err)
			}
		}
	}
	if n, err := j.ReadAt(make([]byte, 1), 100); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("behind the end: %d, %v", n, err)
	}
}

func TestOverlaidBytes(t *testing.T) {
	o := &overlaid{strings.NewReader("0123456789"), []byte("abc"), 4}
	const want = "0123abc789"
	for from := range want {
		for n := range len(want) + 2 {
			b := make([]byte, n)
			got, _ := o.ReadAt(b, int64(from))
			if string(b[:got]) != want[from:min(len(want), from+n)] {
				t.Errorf("%d bytes at %d: %q", n, from, b[:got])
			}
		}
	}
}
