package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"sekisho/internal/fixture"
)

// The decoders run in the child; these tests run them here, where thousands of archives cost no process each.

// shape is one variant of a format.
type shape struct {
	name     string
	format   Format
	file     []byte
	password string
	ended    bool // the format tells where it ends
}

func shapes() []shape {
	text := []byte(strings.Repeat("text ", 20))
	return []shape{
		{"7z", SevenZip, fixture.SevenZip{Files: plainSeven}.Bytes(), "", true},
		{"7z, packed header", SevenZip, fixture.SevenZip{Files: plainSeven, Encode: true}.Bytes(), "", true},
		{"7z, locked members", SevenZip, fixture.SevenZip{Files: lockedSeven("x"), Cycles: 1}.Bytes(), "x", true},
		{"7z, locked header", SevenZip, fixture.SevenZip{Files: plainSeven, Cycles: 1, LockHeader: "x"}.Bytes(), "x", true},
		{"RAR 5", RAR, fixture.RAR{Files: plainRAR}.Bytes(), "", false},
		{"RAR 5, volume", RAR, fixture.RAR{Files: plainRAR, Volume: 3}.Bytes(), "", false},
		{"RAR 5, locked members", RAR, fixture.RAR{Files: lockedRAR("x"), Count: 1}.Bytes(), "x", false},
		{"RAR 4", RAR, fixture.RAR{Files: plainRAR, Version: 4}.Bytes(), "", false},
		{"xz", XZ, fixture.FilteredXZ(text, 2, 0), "", true},
		{"LZMA", LZMA, fixture.LZMA(text), "", false},
		{"lzip", LZip, fixture.LZip(text), "", true},
	}
}

// read is what the child sends: members as describe tells them, and whether all went well. A decoder's panic kills the child: it is an error.
func (s shape) read(b []byte) (members []string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the child dies: %v", r)
		}
	}()
	from, err := s.source(b)
	for err == nil {
		var m *Member
		var r io.Reader
		if m, r, err = from.next(); err != nil {
			break
		}
		var content []byte
		var broken error
		if r != nil {
			content, broken = io.ReadAll(r)
		}
		if broken != nil {
			return members, broken
		}
		members = append(members, describe(m, string(content), nil))
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return members, err
}

func (s shape) source(b []byte) (source, error) {
	r := io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b)))
	switch s.format {
	case SevenZip:
		return openSeven(r, s.password)
	case RAR:
		return openRAR(r, s.password)
	}
	return &single{format: s.format, r: r}, nil
}

// TestCutAtEveryByte: what comes of the beginning of an archive is what stands there, and where the format has an end its absence is said.
func TestCutAtEveryByte(t *testing.T) {
	for _, s := range shapes() {
		t.Run(s.name, func(t *testing.T) {
			whole, err := s.read(s.file)
			if err != nil || len(whole) == 0 {
				t.Fatalf("%q, %v", whole, err)
			}
			for n := range s.file {
				got, err := s.read(s.file[:n])
				if err == nil && s.ended {
					t.Errorf("%d bytes of %d: no error", n, len(s.file))
				}
				if len(got) > len(whole) {
					t.Fatalf("%d bytes: %q", n, got)
				}
				for i, m := range got {
					if m != whole[i] {
						t.Errorf("%d bytes: %q, want %q", n, m, whole[i])
					}
				}
			}
		})
	}
}

// TestAChangedByteIsNoticed: formats with checksums deliver no content but the true one without an error.
func TestAChangedByteIsNoticed(t *testing.T) {
	for _, s := range shapes() {
		if s.format != SevenZip && s.format != RAR {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			whole, _ := s.read(s.file)
			known := map[string]bool{}
			for _, m := range whole {
				_, content, _ := strings.Cut(m, "=")
				known[content] = true
			}
			for at := range s.file {
				b := bytes.Clone(s.file)
				b[at] ^= 0x41
				got, _ := s.read(b)
				for _, m := range got {
					if _, content, _ := strings.Cut(m, "="); !known[content] {
						t.Errorf("byte %d: %q", at, m)
					}
				}
			}
		})
	}
}

// TestErrorsHaveAClass: what the child says is an *Error with a class of this package.
func TestErrorsHaveAClass(t *testing.T) {
	for _, s := range shapes() {
		for n := range s.file {
			from, err := s.source(s.file[:n])
			var r io.Reader
			for err == nil {
				if _, r, err = from.next(); err == nil && r != nil {
					_, err = io.Copy(io.Discard, struct{ io.Reader }{r})
				}
			}
			var e *Error
			if !errors.Is(err, io.EOF) && (!errors.As(err, &e) || e.Class < Damaged || e.Class > TooLarge) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s, %d bytes: %v", s.name, n, err)
			}
		}
	}
}

func TestWhatTheChildSaysOfAnArchive(t *testing.T) {
	plain := fixture.SevenZip{Files: plainSeven}.Bytes()
	sealed := fixture.SevenZip{Files: plainSeven, Cycles: 1, LockHeader: "x"}.Bytes()
	for _, tt := range []struct {
		name string
		shape
		class Class
	}{
		{"a locked header without a password", shape{format: SevenZip, file: sealed}, Locked},
		{"a locked header with another password", shape{format: SevenZip, file: sealed, password: "y"}, Damaged},
		{"no signature of 7z", shape{format: SevenZip, file: make([]byte, 99)}, Hopeless},
		{"no signature of RAR", shape{format: RAR, file: make([]byte, 99)}, Hopeless},
		{"RAR headers locked", shape{format: RAR, file: fixture.RAR{Files: plainRAR, Count: 1, LockHeader: "x"}.Bytes()}, Locked},
		{"a header beyond the end", shape{format: SevenZip, file: plain[:40]}, Hopeless},
		{"xz of another kind", shape{format: XZ, file: []byte("no xz file at all, but a longer text")}, Damaged},
		{"lzip of a dictionary beyond the format's", shape{format: LZip, file: []byte("LZIP\x01\x1E" + strings.Repeat("x", 40))}, Damaged},
		{"LZMA of two bytes", shape{format: LZMA, file: []byte("x\x00")}, Cut},
	} {
		_, err := tt.read(tt.file)
		var e *Error
		if !errors.As(err, &e) || e.Class != tt.class {
			t.Errorf("%s: %v, want class %d", tt.name, err, tt.class)
		}
	}
}

// TestPasswordsOnDamagedArchives: no word opens what is damaged where the proof lies, and none brings the child down.
func TestPasswordsOnDamagedArchives(t *testing.T) {
	for _, s := range shapes() {
		if s.password == "" {
			continue
		}
		for n := 0; n < len(s.file); n += 7 {
			r := io.NewSectionReader(bytes.NewReader(s.file[:n]), 0, int64(n))
			if s.format == RAR {
				info, err := ReadRAR(r, int64(n), 0)
				if err != nil || info.Pick < 0 {
					continue
				}
				if safely(func(w string) bool { return opensRAR(r, w, info.Pick) }, "wrong") {
					t.Errorf("%s, %d bytes: opens", s.name, n)
				}
				continue
			}
			if _, err := lockOfSeven(r); err == nil {
				t.Errorf("%s, %d bytes: a lock", s.name, n)
			}
		}
	}
}

func TestATryThatPanicsIsAWrongPassword(t *testing.T) {
	if safely(func(string) bool { panic("decoder") }, "x") || !safely(func(w string) bool { return w == "x" }, "x") {
		t.Error("safely")
	}
}
