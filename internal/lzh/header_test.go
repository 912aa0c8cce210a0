package lzh

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"sekisho/internal/fixture"
)

func all(level byte) []byte {
	return fixture.LZH{Files: []fixture.LZHFile{{Name: "one.txt", Dir: "dir\xFF", Data: []byte("first"), Level: level, Page: 932}, {Name: "two.txt", Wide: "二.txt",
		Data: program(300), Method: "-lh5-", Level: level}}}.Bytes()
}

// An archive cut anywhere has the entries whose headers are whole, each as far as it goes.
func TestCutAnywhere(t *testing.T) {
	for level := range byte(4) {
		whole := all(level)
		for n := range whole {
			a, err := Read(bytes.NewReader(whole[:n]), int64(n), Options{})
			if err != nil {
				if !errors.Is(err, ErrFormat) {
					t.Fatalf("level %d, %d bytes: %v", level, n, err)
				}
				continue
			}
			for i := range a.Entries {
				r, err := a.Entries[i].Open()
				if err == nil {
					_, err = io.Copy(io.Discard, r)
				}
				if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("level %d, %d bytes, %s: %v", level, n, a.Entries[i].Name, err)
				}
			}
		}
	}
}

// level2 is a header of level 2 with these extended headers, which are written as they are, and five bytes of data.
func level2(ext ...byte) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(24+len(ext)))
	b = append(b, "-lh0-\x05\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x20\x02\x00\x00M"...)
	return append(append(b, ext...), "12345"...)
}

func TestExtendedHeaders(t *testing.T) {
	sizes := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, 5), 4)
	for _, tt := range []struct {
		name string
		ext  []byte
		ok   bool
		want string
		size int64
	}{
		{"a name", []byte{6, 0, extName, 'a', 'b', 'c', 0, 0}, true, "abc", 5},
		{"none", []byte{0, 0}, true, "", 5},
		{"unknown ones", []byte{4, 0, 0x3F, 'x', 5, 0, 0x50, 1, 2, 4, 0, extName, 'a', 0, 0}, true, "a", 5},
		{"a comment without text", []byte{3, 0, 0x3F, 4, 0, extName, 'a', 0, 0}, true, "a", 5},
		{"sizes of 64 bits", append(append([]byte{19, 0, extSizes}, sizes...), 4, 0, extName, 'a', 0, 0), true, "a", 4},
		{"sizes cut short", []byte{5, 0, extSizes, 1, 2, 4, 0, extName, 'a', 0, 0}, true, "a", 5},
		{"a code page cut short", []byte{4, 0, extCodePage, 1, 4, 0, extName, 'a', 0, 0}, true, "a", 5},
		{"half a letter of UTF-16", []byte{6, 0, extWideName, 'a', 0, 'b', 0, 0}, true, "a", 5},
		{"too short to be one", []byte{2, 0, 0, 0}, false, "", 0},
		{"longer than the header", []byte{99, 0, extName, 'a', 0, 0}, false, "", 0},
		{"no end", []byte{4, 0, extName, 'a', 1, 0}, false, "", 0},
	} {
		b := level2(tt.ext...)
		a, err := Read(bytes.NewReader(b), int64(len(b)), Options{})
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if err == nil && (a.Entries[0].Name != tt.want || a.Entries[0].Size != tt.size) {
			t.Errorf("%s: %+v", tt.name, a.Entries[0])
		}
	}
}

func TestHeadersOfLevel0(t *testing.T) {
	whole := fixture.LZH{Files: []fixture.LZHFile{{Name: "name", Data: []byte("x")}}, NoEnd: true}.Bytes()
	for _, tt := range []struct {
		name   string
		change func(b []byte) []byte
		ok     bool
	}{
		{"as it is", func(b []byte) []byte { return b }, true},
		{"a wrong checksum, which only Find asks for", func(b []byte) []byte { b[1]++; return b }, true},
		{"without the checksum of the content", func(b []byte) []byte { b[0] -= 2; return append(b[:26:26], b[28:]...) }, true},
		{"a name longer than the header", func(b []byte) []byte { b[21] = 200; return b }, false},
		{"a header longer than the file", func(b []byte) []byte { b[0] = 250; return b }, false},
		{"a header that ends before its name", func(b []byte) []byte { b[0] = 10; return b }, false},
		{"another level", func(b []byte) []byte { b[20] = 4; return b }, false},
		{"another method's brackets", func(b []byte) []byte { b[2] = '+'; return b }, false},
	} {
		b := tt.change(bytes.Clone(whole))
		a, err := Read(bytes.NewReader(b), int64(len(b)), Options{})
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if err == nil {
			if got := contentOf(t, &a.Entries[0]); string(got) != "x" || a.Entries[0].Name != "name" {
				t.Errorf("%s: %q holds %q", tt.name, a.Entries[0].Name, got)
			}
		}
	}
}

// Sizes that no file has are not gone by.
func TestClaimedSizes(t *testing.T) {
	b := fixture.LZH{Files: []fixture.LZHFile{{Name: "a", Data: []byte("content"), Grow: 1 << 30}, {Name: "b"}}}.Bytes()
	a := read(t, b)
	r, err := a.Entries[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); string(got) != "content" || !errors.Is(err, ErrCorrupt) {
		t.Errorf("%q, %v", got, err)
	}
	b = bytes.Clone(b)
	b[10] = 0x7F // the packed size
	a = read(t, b)
	if len(a.Entries) != 1 {
		t.Errorf("%d entries", len(a.Entries))
	}
	if r, err = a.Entries[0].Open(); err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v", err)
	}
	// Extended headers that take more than the data there is.
	b = fixture.LZH{Files: []fixture.LZHFile{{Name: strings.Repeat("n", 100), Level: 1}}}.Bytes()
	b[7], b[8] = 50, 0
	if _, err := Read(bytes.NewReader(b), int64(len(b)), Options{}); !errors.Is(err, ErrFormat) {
		t.Errorf("%v", err)
	}
}
