package archive

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"
)

func xzOf(t *testing.T, n int) []byte {
	var b bytes.Buffer
	w, err := xz.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, n)); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// lzipOf is a member without data: its trailer tells sizes.
func lzipOf(content uint64) []byte {
	b := append([]byte("LZIP\x01\x0c"), make([]byte, 30)...)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint64(b, content)
	return binary.LittleEndian.AppendUint64(b, uint64(len(b)+8))
}

func TestClaims(t *testing.T) {
	one := xzOf(t, 100_000)
	cut, lying := one[:len(one)-1], bytes.Clone(one)
	lying[len(lying)-7] = 0xFF // Backward Size
	for name, tc := range map[string]struct {
		format Format
		file   []byte
		want   int64
	}{
		"xz":                    {XZ, one, 100_000},
		"xz of nothing":         {XZ, xzOf(t, 0), 0},
		"two streams":           {XZ, append(xzOf(t, 77), one...), 100_077},
		"padding":               {XZ, append(append(bytes.Clone(one), 0, 0, 0, 0, 0, 0, 0, 0), one...), 200_000},
		"padding at the end":    {XZ, append(bytes.Clone(one), 0, 0, 0, 0), 100_000},
		"cut":                   {XZ, cut, -1},
		"index of another size": {XZ, lying, -1},
		"something before":      {XZ, append([]byte("something else"), one...), -1},
		"zeros":                 {XZ, make([]byte, 100_000), -1},
		"empty":                 {XZ, nil, 0},
		"lzip":                  {LZip, lzipOf(1234), 1234},
		"two members":           {LZip, append(lzipOf(1234), lzipOf(1)...), 1235},
		"lzip, rubbish":         {LZip, lzipOf(1 << 60), -1},
		"lzip, cut":             {LZip, lzipOf(1)[:20], -1},
		"lzip, of no size":      {LZip, make([]byte, 100), -1},
		"streams without end":   {LZip, bytes.Repeat(lzipOf(1), claimsMost+1), -1},
		"padding without end":   {XZ, append(bytes.Clone(one), make([]byte, 2*claimPadding)...), -1},
		"7z":                    {SevenZip, one, -1},
	} {
		if got := Claim(Source{Format: tc.format, Reader: bytes.NewReader(tc.file), Size: int64(len(tc.file))}); got != tc.want {
			t.Errorf("%s: %d, want %d", name, got, tc.want)
		}
	}
}

// TestClaimsOfIndexes: indexes of xz by hand.
func TestClaimsOfIndexes(t *testing.T) {
	for _, tt := range []struct {
		name, index     string
		blocks, content int64
	}{
		{"no blocks", "\x00\x00\x00\x00", 0, 0},
		{"two blocks, padded to four bytes", "\x00\x02\x05\x64\x08\x01", 16, 101},
		{"no index", "\x01\x00\x00\x00", 0, -1},
		{"nothing", "", 0, -1},
		{"more records than bytes", "\x00\x7F\x05\x64", 0, -1},
		{"a record cut", "\x00\x01\x05", 0, -1},
		{"a block of more than 4 GB", "\x00\x01\xFF\xFF\xFF\xFF\x7F\x01", 0, -1},
		{"content beyond all", "\x00\x01\x05\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 0, -1},
		{"a number that does not end", "\x00" + strings.Repeat("\xFF", 20), 0, -1},
	} {
		in := io.NewSectionReader(strings.NewReader(tt.index), 0, int64(len(tt.index)))
		if blocks, content := xzIndex(in); content != tt.content || blocks != tt.blocks && content >= 0 {
			t.Errorf("%s: %d, %d", tt.name, blocks, content)
		}
	}
}
