package lzh

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"sekisho/internal/fixture"
)

// TestEveryByteDamaged: entries that follow from damage end with an error of this package, and claim no more than they give.
func TestEveryByteDamaged(t *testing.T) {
	for level := range byte(4) {
		whole := all(level)
		for i := range whole {
			for _, v := range []byte{0, 1, 0x7F, 0x80, 0xFF} {
				b := bytes.Clone(whole)
				b[i] = v
				a, err := Read(bytes.NewReader(b), int64(len(b)), Options{})
				if err != nil {
					continue
				}
				for j := range a.Entries {
					drainOf(t, &a.Entries[j], 1<<16)
				}
			}
		}
	}
}

// drainOf reads an entry: at most what it claims, and of that so much.
func drainOf(t *testing.T, e *Entry, most int64) {
	t.Helper()
	r, err := e.Open()
	if err != nil {
		if !errors.Is(err, ErrMethod) {
			t.Errorf("%q: %v", e.Name, err)
		}
		return
	}
	n, err := io.Copy(io.Discard, io.LimitReader(r, most))
	known := err == nil || errors.Is(err, ErrChecksum) || errors.Is(err, ErrCorrupt) || errors.Is(err, io.ErrUnexpectedEOF)
	if !known || n > e.Size {
		t.Errorf("%q: %d of %d bytes, %v", e.Name, n, e.Size, err)
	}
}

// TestPackedDataDamaged: each method on damaged and cut data ends, with an error or with the wrong checksum.
func TestPackedDataDamaged(t *testing.T) {
	data := program(3000)
	for _, method := range methods {
		whole := fixture.LZH{Files: []fixture.LZHFile{{Name: "a", Data: data, Method: method}}}.Bytes()
		start := read(t, whole).Entries[0].offset
		for i := start; i < int64(len(whole))-1; i += 3 {
			b := bytes.Clone(whole)
			b[i] ^= 0x55
			e := read(t, b).Entries[0]
			r, err := e.Open()
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err == nil && !bytes.Equal(got, data) {
				t.Fatalf("%s, byte %d: another content, and nothing is said", method, i)
			}
			cut := read(t, whole[:i])
			if r, err = cut.Entries[0].Open(); err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(r); err == nil || !bytes.HasPrefix(data, got) {
				t.Fatalf("%s, %d bytes: %d bytes, %v", method, i, len(got), err)
			}
		}
	}
}

func TestNamesInHeaders(t *testing.T) {
	wide := func(s string) []byte {
		var b []byte
		for _, r := range s {
			b = append(b, byte(r), byte(r>>8))
		}
		return b
	}
	for _, tt := range []struct {
		name string
		h    func(h *header)
		want string
	}{
		{"ASCII", func(h *header) { h.extra(extName, []byte("a.txt")) }, "a.txt"},
		{"with folders", func(h *header) { h.extra(extName, []byte("a.txt")); h.extra(extDir, []byte("x\xFFy\xFF")) }, "x/y/a.txt"},
		{"with a folder that has no end", func(h *header) { h.extra(extName, []byte("a.txt")); h.extra(extDir, []byte("x")) }, "x/a.txt"},
		{"with a backslash", func(h *header) { h.extra(extName, []byte(`x\a.txt`)) }, "x/a.txt"},
		{"Shift_JIS whose second byte is a backslash", func(h *header) { h.extra(extName, []byte("\x95\x5C.txt")) }, "表.txt"},
		{"half width", func(h *header) { h.extra(extName, []byte("\xB1\xB2.txt")) }, "ｱｲ.txt"},
		{"CP437", func(h *header) { h.extra(extName, []byte("\x81.txt")) }, "ü.txt"},
		{"UTF-8, said", func(h *header) { h.extra(extName, []byte("\x95.txt")); h.extra(extCodePage, []byte{0xE9, 0xFD, 0, 0}) }, "\uFFFD.txt"},
		{"UTF-16", func(h *header) { h.extra(extName, []byte("old")); h.extra(extWideName, wide("請求書")) }, "請求書"},
		{"UTF-16 with folders", func(h *header) { h.extra(extWideName, wide("a")); h.extra(extWideDir, wide("請\uFFFF求\uFFFF")) }, "請/求/a"},
		{"UTF-16 of nothing", func(h *header) { h.extra(extName, []byte("a")); h.extra(extWideName, nil) }, "a"},
		{"the last one counts", func(h *header) { h.extra(extName, []byte("a")); h.extra(extName, []byte("b")) }, "b"},
	} {
		var h header
		tt.h(&h)
		e := h.entry(&Archive{})
		if e.Name != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, e.Name, tt.want)
		}
	}
}

// TestErrorsOfTheReaderGoThroughTheDecoders: at each byte.
func TestErrorsOfTheReaderGoThroughTheDecoders(t *testing.T) {
	data := program(500)
	for _, method := range methods {
		b := fixture.LZH{Files: []fixture.LZHFile{{Name: "a", Data: data, Method: method}}}.Bytes()
		e := read(t, b).Entries[0]
		packed := b[e.offset : e.offset+e.Compressed]
		for n := range min(len(packed), 60) {
			r := io.MultiReader(bytes.NewReader(packed[:n]), iotest.ErrReader(io.ErrClosedPipe))
			src := &counter{r: r}
			dec, err := newDecoder(method, bufio.NewReader(src))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(&content{e: &e, src: src, dec: dec, left: e.Size})
			if !errors.Is(err, io.ErrClosedPipe) || !bytes.HasPrefix(data, got) {
				t.Errorf("%s, %d bytes: %d bytes, %v", method, n, len(got), err)
			}
		}
	}
}

// TestLongWordsOfCodes: words that the table does not hold.
func TestLongWordsOfCodes(t *testing.T) {
	var lens []uint8
	for n := 1; n < maxCode; n++ {
		lens = append(lens, uint8(n))
	}
	lens = append(lens, maxCode, maxCode)
	var c code
	if !c.build(lens) {
		t.Fatal("no code")
	}
	for sym := range lens {
		ones := min(sym, maxCode)
		word := uint16(0xFFFF) << (maxCode - ones)
		b := bits{r: in([]byte{byte(word >> 8), byte(word)})}
		if got := b.symbol(&c); got != sym || b.err != nil {
			t.Errorf("%d ones: symbol %d, %v", ones, got, b.err)
		}
	}
	if c.build([]uint8{2, 2}) { // a code with words left over
		b := bits{r: in([]byte{0xFF, 0xFF})}
		if b.symbol(&c); !errors.Is(b.err, errCode) {
			t.Errorf("a word that is none: %v", b.err)
		}
	}
}

func TestMethodsThatAreNone(t *testing.T) {
	for _, m := range []string{"-lh2-", "-lh3-", "-lh8-", "-lhx-", "-lz2-", "-pm0-", "-pm2-", "-lh", ""} {
		if err := (&Entry{Method: m}).Check(); !errors.Is(err, ErrMethod) {
			t.Errorf("%q: %v", m, err)
		}
	}
	for b, want := range map[string]bool{"-lh5-": true, "-lzs-": true, "-pm2-": true, "-lx5-": false, "-pn2-": false, "-lh5": false, "+lh5-": false, "-lh5+": false} {
		if got := isMethod([]byte(b)); got != want {
			t.Errorf("%q: %v", b, got)
		}
	}
}

// TestChecksumIsThatOfTheContent: by the classic value of CRC-16/ARC.
func TestChecksumIsThatOfTheContent(t *testing.T) {
	if got := crc16(0, []byte("123456789")); got != 0xBB3D {
		t.Errorf("%04x", got)
	}
	whole := crc16(0, []byte(strings.Repeat("0123456789", 9)))
	for n := range 90 {
		b := []byte(strings.Repeat("0123456789", 9))
		if got := crc16(crc16(0, b[:n]), b[n:]); got != whole {
			t.Errorf("in two parts at %d: %04x, want %04x", n, got, whole)
		}
	}
}
