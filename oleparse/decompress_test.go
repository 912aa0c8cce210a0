package oleparse

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand"
	"strings"
	"testing"

	"sekisho/internal/fixture"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// vectors are the examples of MS-OVBA 3.2.1 to 3.2.3.
var vectors = []struct{ name, text, packed string }{
	{"no compression", "abcdefghijklmnopqrstuv.", "01 19 B0 00 61 62 63 64 65 66 67 68 00 69 6A 6B 6C 6D 6E 6F 70 00 71 72 73 74 75 76 2E"},
	{"normal compression", "#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa",
		"01 2F B0 00 23 61 61 61 62 63 64 65 82 66 00 70 61 67 68 69 6A 01 38 08 61 6B 6C 00 30 6D 6E 6F 70 06 71 02 70 04 10 72 73 74 75 76 10 77 78 79 7A 00 3C"},
	{"maximum compression", strings.Repeat("a", 73), "01 03 B0 02 61 45 00"},
}

func TestDecompressAgreesWithTheSpecification(t *testing.T) {
	for _, v := range vectors {
		got, err := decompress(bytes.NewReader(unhex(t, v.packed)), 1<<20)
		if err != nil || string(got) != v.text {
			t.Errorf("%s: %q, %v", v.name, got, err)
		}
	}
}

// Which of several equal matches a compressor takes is its own choice; how many bytes that costs is not.
func TestTheFixturesCompressorPacksLikeTheSpecification(t *testing.T) {
	for _, v := range vectors {
		if got, want := fixture.VBACompress([]byte(v.text)), unhex(t, v.packed); len(got) != len(want) || got[4] != want[4] {
			t.Errorf("%s: % x\nwant % x", v.name, got, want)
		}
	}
}

func TestDecompressUndoesCompressionOfAnyLength(t *testing.T) {
	random := make([]byte, 3*chunkSize)
	rand.New(rand.NewSource(1)).Read(random)
	for _, data := range [][]byte{
		nil, {0}, []byte("ab"), bytes.Repeat([]byte("a"), chunkSize), bytes.Repeat([]byte("ab"), chunkSize), random,
		append(bytes.Repeat([]byte("x = x + 1\r\n"), 1000), "End Sub"...),
	} {
		got, err := decompress(bytes.NewReader(fixture.VBACompress(data)), 1<<20)
		// MS-OVBA 2.4.1.3.10 fills an uncompressed chunk with zeros
		if err != nil || !bytes.HasPrefix(got, data) || len(bytes.Trim(got[len(data):], "\x00")) > 0 {
			t.Errorf("%d bytes give %d, %v", len(data), len(got), err)
		}
	}
}

func TestDecompressKeepsWhatADamagedContainerGives(t *testing.T) {
	good := fixture.VBACompress([]byte("MsgBox 1"))[1:]
	for _, tc := range []struct {
		name string
		data []byte
		want string
		err  error
	}{
		{"no signature byte", unhex(t, "02 03 B0 02 61 45 00"), "", errContainer},
		{"nothing at all", nil, "", errContainer},
		{"signature byte alone", []byte{1}, "", nil},
		{"half a chunk header", []byte{1, 0x19}, "", nil},
		{"chunk cut short", unhex(t, "01 19 B0 00 61 62 63"), "abc", errChunk},
		{"copy token cut short", unhex(t, "01 02 B0 02 61 45"), "a", errChunk},
		{"copy token before any byte", unhex(t, "01 02 B0 01 00 00"), "", errChunk},
		{"copy from before the chunk", unhex(t, "01 03 B0 02 61 45 10"), "a", errChunk},
		{"copy past the chunk's size", unhex(t, "01 06 B0 06 61 FF 0F FF 0F 00 00"), strings.Repeat("a", 4096), errChunk},
		{"wrong chunk signature", append(unhex(t, "01 00 80 00"), good...), "MsgBox 1", errChunk},
		{"raw chunk cut short", unhex(t, "01 FF 3F 61 62"), "ab", errChunk},
		{"raw chunk of another size", append(unhex(t, "01 01 30 61 62"), good...), "abMsgBox 1", errChunk},
		{"zeros behind the last chunk", append(append([]byte{1}, good...), make([]byte, 40)...), "MsgBox 1", nil},
		{"damage in the first chunk of two", append(unhex(t, "01 02 B0 01 00 00"), good...), "MsgBox 1", errChunk},
	} {
		got, err := decompress(bytes.NewReader(tc.data), 1<<20)
		if string(got) != tc.want || !errors.Is(err, tc.err) {
			t.Errorf("%s: %q, %v; want %q, %v", tc.name, got, err, tc.want, tc.err)
		}
	}
}

func TestDecompressStopsAtItsLimit(t *testing.T) {
	packed := fixture.VBACompress(bytes.Repeat([]byte("a"), 10*chunkSize))
	for _, limit := range []int64{0, 1, chunkSize, chunkSize + 1} {
		got, err := decompress(bytes.NewReader(packed), limit)
		if int64(len(got)) != limit || !errors.Is(err, errLimit) {
			t.Errorf("limit %d: %d bytes, %v", limit, len(got), err)
		}
	}
	if got, err := decompress(bytes.NewReader(packed), 10*chunkSize); len(got) != 10*chunkSize || err != nil {
		t.Errorf("at the limit: %d bytes, %v", len(got), err)
	}
}

func FuzzDecompress(f *testing.F) {
	for _, v := range vectors {
		f.Add(unhex(f, v.packed))
	}
	f.Add(fixture.VBACompress(bytes.Repeat([]byte("Sub AutoOpen()\r\nEnd Sub\r\n"), 400)))
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 1 << 16
		out, err := decompress(bytes.NewReader(data), limit)
		if len(out) > limit {
			t.Fatalf("%d bytes of at most %d", len(out), limit)
		}
		if chunks := len(data)/3 + 1; len(out) > chunks*chunkSize {
			t.Fatalf("%d bytes of %d", len(out), len(data))
		}
		if errors.Is(err, errContainer) != (len(data) == 0 || data[0] != 1) {
			t.Fatalf("signature byte: %v", err)
		}
		data = data[:min(len(data), 1<<13)] // the fixture's compressor takes quadratic time
		back, err := decompress(bytes.NewReader(fixture.VBACompress(data)), 1<<20)
		if err != nil || !bytes.HasPrefix(back, data) {
			t.Fatalf("round trip: %v", err)
		}
	})
}

func BenchmarkDecompress(b *testing.B) {
	text := bytes.Repeat([]byte("    If Cells(i, 3).Value > limit Then total = total + Cells(i, 4).Value\r\n"), 2000)
	packed := fixture.VBACompress(text)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decompress(bytes.NewReader(packed), 1<<20); err != nil {
			b.Fatal(err)
		}
	}
}
