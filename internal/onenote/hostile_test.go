package onenote_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"testing"

	"sekisho/internal/fixture"
	"sekisho/internal/onenote"
)

const root = 172 // fcrFileNodeListRoot in the header

// TestHostileStructuresCostIsLinear holds that structures which lead to themselves or to each other are read a bounded number of times.
func TestHostileStructuresCostIsLinear(t *testing.T) {
	for _, tt := range []struct {
		name string
		file []byte
	}{
		{"a list that leads to itself", loop()},
		{"lists that cover each other", overlapping(2000)},
		{"property sets that cover each other", propertySets(3000)},
		{"references to one file", references(3000)},
		{"large counts", counts()},
		{"headers of embedded files everywhere", bytes.Repeat([]byte("\xE7\x16\xE3\xBD\x65\x26\x11\x45\xA4\xC4\x8D\x4D\x0B\x7A\x9E\xAC"), 20_000)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &counting{r: bytes.NewReader(tt.file)}
			doc, err := onenote.Read(context.Background(), r, int64(len(tt.file)), onenote.Options{})
			if limit := 40*int64(len(tt.file)) + 8<<20; err != nil || r.n > limit {
				t.Errorf("%d bytes read of %d, %v", r.n, len(tt.file), err)
			}
			var total int64
			for _, f := range doc.Files {
				total += f.Size
			}
			if total > 4*int64(len(tt.file)) {
				t.Errorf("%d bytes of files in %d", total, len(tt.file))
			}
		})
	}
}

// counting counts the bytes that are read.
type counting struct {
	r io.ReaderAt
	n int64
}

func (c *counting) ReadAt(b []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(b, off)
	c.n += int64(n)
	return n, err
}

var le = binary.LittleEndian

// section is a file whose root list has these nodes, before a tail.
func section(nodes, tail []byte) []byte {
	b := make([]byte, 1024)
	copy(b, "\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D\xAE\xB1\x53\x78\xD0\x29\x96\xD3")
	le.PutUint64(b[root:], 1024)
	le.PutUint32(b[root+8:], uint32(16+len(nodes)+20))
	b = le.AppendUint64(b, 0xA4567AB1F5F7F4C4)
	b = append(b, make([]byte, 8)...)
	b = append(b, nodes...)
	b = le.AppendUint64(b, 1024) // nextFragment: itself
	b = append(b, make([]byte, 12)...)
	return append(b, tail...)
}

// node is a file node with a reference of eight and four bytes.
func node(id, base uint32, at, n int, more ...byte) []byte {
	b := le.AppendUint32(nil, id|uint32(16+len(more))<<10|base<<27)
	b = le.AppendUint64(b, uint64(at))
	return append(le.AppendUint32(b, uint32(n)), more...)
}

func loop() []byte { return section(node(0x010, 2, 1024, 5000), nil) }

// overlapping has n lists each of which goes to the end of the file.
func overlapping(n int) []byte {
	var nodes, tail []byte
	start := 1024 + 16 + n*16 + 20
	for i := range n {
		nodes = append(nodes, node(0x010, 2, start+i*16, 1<<30)...)
		tail = append(le.AppendUint64(tail, 0xA4567AB1F5F7F4C4), make([]byte, 8)...)
	}
	return section(nodes, append(tail, make([]byte, 64)...))
}

// propertySets has n objects whose property sets go to the end of the file.
func propertySets(n int) []byte {
	var nodes []byte
	start := 1024 + 16 + n*26 + 20
	for i := range n {
		nodes = append(nodes, node(0x0A4, 1, start+i, 1<<30, make([]byte, 10)...)...)
	}
	return section(nodes, bytes.Repeat([]byte{0, 0, 0, 0x80, 1, 0, 0x22, 0x1C, 0, 0x1C, 0xFF, 0xFF, 0, 0}, n))
}

// references has n references to one file that goes to the end.
func references(n int) []byte {
	var nodes []byte
	start := 1024 + 16 + n*32 + 20
	for i := range n {
		nodes = append(nodes, node(0x094, 1, start+36*(i%300), 1<<30, bytes.Repeat([]byte{byte(i)}, 16)...)...)
	}
	data := append([]byte("\xE7\x16\xE3\xBD\x65\x26\x11\x45\xA4\xC4\x8D\x4D\x0B\x7A\x9E\xAC\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F"), make([]byte, 12)...)
	return section(nodes, append(bytes.Repeat(data, 300), fixture.Noise(1<<16)...))
}

// counts has structures that claim millions of members.
func counts() []byte {
	nodes := node(0x0A4, 1, 1024+16+26+20, 100, make([]byte, 10)...)
	return section(nodes, append([]byte{0xFF, 0xFF, 0xFF, 0x80}, bytes.Repeat([]byte{0xFF}, 200)...))
}
