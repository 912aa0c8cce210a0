package zipinspect

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"sekisho/internal/fixture"
)

// xzStream is an .xz file written by hand: blocks of uncompressed LZMA2 chunks.
type xzStream struct {
	check  byte     // its type
	sizes  bool     // in the block headers
	blocks []string // content
	filter byte     // in place of LZMA2
	props  []byte   // in place of a dictionary of 4 KB
}

func (x xzStream) bytes() []byte {
	var b bytes.Buffer
	flags := []byte{0, x.check}
	b.Write(xzMagic)
	b.Write(flags)
	b.Write(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(flags)))
	for _, data := range x.blocks {
		x.block(&b, data)
	}
	index := []byte{0, byte(len(x.blocks))}
	for range x.blocks {
		index = append(index, 0x81, 0x01, 5) // any numbers: they are not asked
	}
	for len(index)%4 != 0 {
		index = append(index, 0)
	}
	b.Write(index)
	b.Write(make([]byte, 4+xzFooter))
	return b.Bytes()
}

func (x xzStream) block(b *bytes.Buffer, data string) {
	chunk := binary.BigEndian.AppendUint16([]byte{1}, uint16(len(data)-1)) // reset of the dictionary, uncompressed
	chunk = append(append(chunk, data...), 0)
	head := []byte{0, 0}
	if x.sizes {
		head = append(head, byte(len(chunk)), byte(len(data)))
		head[1] = 0xC0
	}
	filter, props := byte(xzLZMA2), []byte{0}
	if x.filter != 0 {
		filter = x.filter
	}
	if x.props != nil {
		props = x.props
	}
	head = append(append(head, filter, byte(len(props))), props...)
	for len(head)%4 != 0 {
		head = append(head, 0)
	}
	head[0] = byte(len(head) / 4)
	b.Write(binary.LittleEndian.AppendUint32(head, crc32.ChecksumIEEE(head)))
	for len(chunk)%4 != 0 {
		chunk = append(chunk, 0)
	}
	b.Write(chunk)
	b.Write(make([]byte, [...]int{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32}[x.check]))
}

func TestStreamsOfXZ(t *testing.T) {
	one := xzStream{check: 1, blocks: []string{"one "}}
	for _, tt := range []struct {
		name string
		file []byte
		want string
		err  error
	}{
		{"no block", xzStream{}.bytes(), "", nil},
		{"no check", xzStream{blocks: []string{"one"}}.bytes(), "one", nil},
		{"CRC64", xzStream{check: 4, blocks: []string{"a", "bc", "def", "ghij"}}.bytes(), "abcdefghij", nil},
		{"SHA-256", xzStream{check: 10, blocks: []string{"abc", "d"}}.bytes(), "abcd", nil},
		{"sizes in the headers", xzStream{check: 1, sizes: true, blocks: []string{"abc", "defgh"}}.bytes(), "abcdefgh", nil},
		{"two streams", bytes.Join([][]byte{one.bytes(), one.bytes()}, nil), "one one ", nil},
		{"two streams and padding", bytes.Join([][]byte{one.bytes(), make([]byte, 8), one.bytes(), make([]byte, 4)}, nil), "one one ", nil},
		{"a second stream cut", bytes.Join([][]byte{one.bytes(), one.bytes()[:8]}, nil), "one ", io.ErrUnexpectedEOF},
		{"a filter", xzStream{filter: 4, blocks: []string{"x"}}.bytes(), "", ErrMethod},
		{"two filters", xzFilter(3), "", ErrMethod},
		{"a dictionary of no size", xzStream{props: []byte{41}, blocks: []string{"x"}}.bytes(), "", ErrCorrupt},
		{"no dictionary", xzStream{props: []byte{}, blocks: []string{"x"}}.bytes(), "", ErrCorrupt},
		{"the largest dictionary", xzStream{props: []byte{40}, blocks: []string{"x"}}.bytes(), "x", nil},
		{"cut in the block header", one.bytes()[:14], "", io.ErrUnexpectedEOF},
		{"cut in the block", one.bytes()[:28], "o", io.ErrUnexpectedEOF},
		{"cut behind the block", one.bytes()[:xzHeader+12+8], "one ", io.ErrUnexpectedEOF},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := fixture.ZIPEntry{Name: "a", Data: []byte(tt.want), Method: XZ, Packed: tt.file}
			a := read(t, fixture.ZIP{Entries: []fixture.ZIPEntry{e}}.Bytes())
			r, err := a.Entries[0].Open()
			var b []byte
			if err == nil {
				defer r.Close()
				b, err = io.ReadAll(r)
			}
			if errors.Is(tt.err, io.ErrUnexpectedEOF) {
				tt.err = ErrCorrupt // the archive goes on
			}
			if string(b) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("%q, %v", b, err)
			}
		})
	}
}

func TestDamagedHeadersOfXZ(t *testing.T) {
	whole := xzStream{check: 1, sizes: true, blocks: []string{"abcd"}}.bytes()
	for i := range xzHeader + 16 {
		b := bytes.Clone(whole)
		b[i] ^= 0x81
		a := read(t, fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: "a", Data: []byte("abcd"), Method: XZ, Packed: b}}}.Bytes())
		r, err := a.Entries[0].Open()
		if err == nil {
			_, err = io.ReadAll(r)
			r.Close()
		}
		if err == nil {
			t.Errorf("byte %d: the damage is not seen", i)
		}
	}
}

func TestNumbersOfXZ(t *testing.T) {
	for _, tt := range []struct {
		b    string
		want uint64
		ok   bool
	}{
		{"\x00", 0, true}, {"\x7F", 127, true}, {"\x80\x01", 128, true}, {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 1<<63 - 1, true},
		{"\x80", 0, false}, {strings.Repeat("\xFF", 10), 0, false}, {"", 0, false},
	} {
		if v, err := varint(strings.NewReader(tt.b)); v != tt.want || (err == nil) != tt.ok {
			t.Errorf("% x: %d, %v", tt.b, v, err)
		}
	}
	for bits, want := range map[byte]int64{0: 4 << 10, 1: 6 << 10, 2: 8 << 10, 18: 2 << 20, 39: 3 << 30, 40: 1<<32 - 1} {
		if got := xzDictionary(bits); got != want {
			t.Errorf("dictionary %d: %d, want %d", bits, got, want)
		}
	}
}

// An index may claim any number of records: those that the file does not hold cost nothing.
func TestIndexOfXZ(t *testing.T) {
	for name, tt := range map[string]struct {
		b  string
		ok bool
	}{
		"empty":     {"\x00\x00\x00" + strings.Repeat("\x00", 4+xzFooter), true},
		"cut":       {"\x00\x00\x00", false},
		"too many":  {"\xFF\xFF\xFF\xFF\x0F", false},
		"not there": {"\xFF\x7F\x01\x01", false},
	} {
		x := &xzReader{in: &xzSource{Reader: bufio.NewReader(strings.NewReader(tt.b))}}
		if err := x.index(); (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDictionaryIsWhatTheDataCanFill(t *testing.T) {
	for _, tt := range []struct {
		size, compressed, said, n int64
		want                      int
	}{
		{10_000, 100, 1 << 20, 100, 10_000},                 // no more than the content
		{1 << 40, 1 << 30, 1 << 32, 1 << 30, maxDictionary}, // no more than we give
		{1 << 40, 10, 1 << 32, 10, 10 * lzmaRatio},          // no more than ten bytes make
		{10, 10, 1 << 20, 10, 4096},                         // the least there is
		{0, -1, 1 << 16, 1 << 20, 1 << 16},                  // nobody knows the size
	} {
		e := Entry{Size: tt.size, Compressed: tt.compressed}
		if got := e.dictionary(tt.said, tt.n); got != tt.want {
			t.Errorf("%+v: %d", tt, got)
		}
	}
}
