package inspect

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
)

// What follows a compressed stream and is none withholds nothing, and is no damage.
func TestWhatFollowsACompressedStream(t *testing.T) {
	one, two := gz(t, "", []byte("one ")), gz(t, "", []byte("and two"))
	wrong := slices.Clone(one)
	wrong[len(wrong)-8] ^= 1
	skipped := []byte("\x5F\x2A\x4D\x18\x03\x00\x00\x00abc")
	for _, tc := range []struct {
		name string
		file []byte
		size int
	}{
		{"gzip and zeros", slices.Concat(one, make([]byte, 1000)), 4},
		{"gzip and junk", slices.Concat(one, []byte("junk that is no member")), 4},
		{"gzip and a single byte", slices.Concat(one, []byte{7}), 4},
		{"gzip and the beginning of a member", slices.Concat(one, two[:5]), 4},
		{"gzip members", slices.Concat(one, two), 11},
		{"gzip members and zeros", slices.Concat(one, two, make([]byte, 3)), 11},
		{"gzip with a wrong checksum", slices.Concat(wrong, two), 11},
		{"bzip2 and zeros", append([]byte(bz2Text), make([]byte, 1000)...), 14},
		{"bzip2 and junk", append([]byte(bz2Text), "junk that is no stream"...), 14},
		{"bzip2 streams", []byte(bz2Text + bz2Text), 28},
		{"Zstandard and junk", append(zst(t, []byte("text in zstd")), "junk that is no frame"...), 12},
		{"Zstandard and zeros", append(zst(t, []byte("text in zstd")), make([]byte, 100)...), 12},
		{"Zstandard behind frames that are skipped", slices.Concat(skipped, skipped, zst(t, []byte("text in zstd"))), 12},
		{"compress", fixture.LZW([]byte("text in compress"), 16, 0), 16},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := scanner(t, Options{}).Begin()
			if _, err := s.File(context.Background(), nil, "file", bytes.NewReader(tc.file), int64(len(tc.file))); err != nil {
				t.Fatal(err)
			}
			r := s.Result()
			if len(r.Findings) > 0 || r.Incomplete || len(r.Files) != 2 || r.Files[1].Kind != KindText || s.usage.bytes != int64(tc.size) {
				t.Errorf("%v, incomplete %v, %v, %d bytes", lines(r), r.Incomplete, tree(r), s.usage.bytes)
			}
		})
	}
}

func TestDamageInACompressedStreamIsSaid(t *testing.T) {
	var text []byte
	for i := range 20_000 {
		text = fmt.Appendf(text, "line %d of %d;", i*7919%9000, i%80)
	}
	zipped := gz(t, "", text)
	for i := range len(zipped) / 2 {
		zipped[len(zipped)/4+i] = 0xFF
	}
	packed := fixture.LZW(text[:600], 16, 0)
	packed[len(packed)/2] = 0xFF
	packed[len(packed)/2+1] = 0xFF
	for name, file := range map[string][]byte{"gzip": slices.Concat(zipped, zipped), "compress": packed} {
		if _, r := scanFile(t, Options{}, file); !r.Incomplete {
			t.Errorf("%s: %v", name, lines(r))
		}
	}
}

// A member of a type that nobody knows is unpacked like a regular file.
func TestTypesOfMembersInTar(t *testing.T) {
	for typ, files := range map[byte]int{'0': 2, 0: 2, '7': 2, 'A': 2, 'V': 2, 'M': 2, '5': 1, '2': 1} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		h := &tar.Header{Name: "a", Mode: 0o644, Format: tar.FormatUSTAR}
		if files == 2 {
			h.Size = 4
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		_, err := io.WriteString(w, "text"[:h.Size])
		if err := errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		head := b.Bytes()[:512]
		head[156] = typ
		sum := 8 * int(' ')
		for i, c := range head {
			if i < 148 || i >= 156 {
				sum += int(c)
			}
		}
		copy(head[148:], fmt.Sprintf("%06o\x00 ", sum))
		if _, r := scanFile(t, Options{}, b.Bytes()); len(r.Files) != files || len(r.Findings) > 0 {
			t.Errorf("type %q: %v, %v", typ, tree(r), lines(r))
		}
	}
}

func TestGzipNames(t *testing.T) {
	for name, want := range map[string]string{"plain.txt": "plain.txt", "請求書.js": "請求書.js", "\x90\xBF\x8B\x81\x8F\x91.js": "請求書.js", "a\xFF": "aÿ"} {
		latin := make([]rune, 0, len(name))
		for i := range len(name) {
			latin = append(latin, rune(name[i]))
		}
		if got := gzipName(string(latin)); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

// The fixtures were compared with gzip 1.12, which reads such files, and the reader with ncompress 5.0.
func TestLZW(t *testing.T) {
	var text []byte
	for i := range 20_000 {
		text = fmt.Appendf(text, "line %d of %d;", i*7919%9000, i%80)
	}
	for _, tc := range []struct {
		most  uint
		clear int
	}{{16, 0}, {16, 1000}, {16, 7}, {12, 0}, {12, 300}, {10, 0}, {10, 8}} {
		got, err := io.ReadAll(newLZW(bufio.NewReader(bytes.NewReader(fixture.LZW(text, tc.most, tc.clear)))))
		if !bytes.Equal(got, text) || err != nil {
			t.Errorf("%d bits, cleared behind %d: %d bytes, %v", tc.most, tc.clear, len(got), err)
		}
	}
	same := bytes.Repeat([]byte("a"), 5000) // each code is the one that it makes
	if got, err := io.ReadAll(newLZW(bufio.NewReader(bytes.NewReader(fixture.LZW(same, 16, 0))))); !bytes.Equal(got, same) || err != nil {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestLZWThatIsNone(t *testing.T) {
	for name, tc := range map[string]struct {
		file string
		err  error
	}{
		"nothing behind the header":  {"\x1F\x9D\x90", nil},
		"a header cut":               {"\x1F\x9D", io.ErrUnexpectedEOF},
		"too many bits":              {"\x1F\x9D\x91xx", errLZW},
		"a code before its time":     {"\x1F\x9D\x90\x61\xFE\x03", errLZW},
		"a string at the beginning":  {"\x1F\x9D\x10\x01\x01", errLZW},
		"nothing but an empty table": {"\x1F\x9D\x90\x00\x01", nil},
	} {
		if _, err := io.ReadAll(newLZW(bufio.NewReader(strings.NewReader(tc.file)))); !errors.Is(err, tc.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzLZW holds that what the writer makes of any text the reader turns into it again, and that any bytes end.
func FuzzLZW(f *testing.F) {
	f.Add([]byte("text text text"), uint8(16), uint16(3))
	f.Add(fixture.LZW(bytes.Repeat([]byte("ab"), 3000), 12, 0), uint8(10), uint16(0))
	f.Fuzz(func(t *testing.T, b []byte, most uint8, clear uint16) {
		if _, err := io.Copy(io.Discard, newLZW(bufio.NewReader(bytes.NewReader(b)))); err != nil && !errors.Is(err, errLZW) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%v", err)
		}
		most = 10 + most%7
		got, err := io.ReadAll(newLZW(bufio.NewReader(bytes.NewReader(fixture.LZW(b, uint(most), int(clear))))))
		if d := cmp.Diff(len(b), len(got)); !bytes.Equal(got, b) || err != nil {
			t.Errorf("%d bits, cleared behind %d: %s, %v", most, clear, d, err)
		}
	})
}
