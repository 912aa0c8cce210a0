package archive

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"sekisho/internal/fixture"
)

// rar4 is a block of RAR 4 by hand: what stands behind its size.
func rar4(kind byte, flags int, rest, data string) string {
	b := []byte{kind}
	b = binary.LittleEndian.AppendUint16(b, uint16(flags))
	b = binary.LittleEndian.AppendUint16(b, uint16(7+len(rest)))
	b = append(b, rest...)
	sum := binary.LittleEndian.AppendUint16(nil, uint16(crc32.ChecksumIEEE(b)))
	return string(sum) + string(b) + data
}

// file4 is the rest of a file header: sizes, host, checksum, time, version, method, length of the name, attributes.
func file4(packed uint32, high string, name string) string {
	b := binary.LittleEndian.AppendUint32(nil, packed)
	b = binary.LittleEndian.AppendUint32(b, packed)
	b = append(b, make([]byte, 4+1+4)...)
	b = append(b, 29, 0x30)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(name)))
	return string(b) + "\x20\x00\x00\x00" + high + name
}

// rar5 is a header of RAR 5 by hand: fields from its type on.
func rar5(fields, data string) string {
	head := append(binary.AppendUvarint(nil, uint64(len(fields))), fields...)
	return string(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(head))) + string(head) + data
}

func TestBlocksOfRAR(t *testing.T) {
	const (
		main4 = "\x00\x00\x00\x00\x00\x00"
		main5 = "\x01\x00\x00"
		file5 = "\x02\x00\x00\x01\x00\x00\x01\x01a" // no flags; size 1, no attributes, stored, Unix, "a"
	)
	begin4 := rar4Mark + rar4(rar4Main, 0, main4, "")
	begin5 := rar5Mark + rar5(main5, "")
	a4 := rar4(rar4File, rar4Data, file4(1, "", "a"), "x")
	for _, tt := range []struct{ name, file, want string }{
		{"4: a comment inside the main header does not count", rar4Mark + string(func() []byte {
			b := []byte(rar4(rar4Main, 0x0002, main4+"comment", ""))
			binary.LittleEndian.PutUint16(b, uint16(crc32.ChecksumIEEE(b[2:13])))
			return b
		}()) + a4, "a: pick -1"},
		{"4: a block nobody knows", begin4 + rar4(0x79, 0, "", "") + a4, "a: pick -1"},
		{"4: with data", begin4 + rar4(0x7A, rar4Data, "\x03\x00\x00\x00", "xyz") + a4, "a: pick -1"},
		{"4: with data but no size", begin4 + rar4(0x7A, rar4Data, "\x03", "") + a4, "pick -1 broken"},
		{"4: with data beyond the end", begin4 + rar4(0x7A, rar4Data, "\xFF\xFF\xFF\xFF", "") + a4, "pick -1"},
		{"4: a large member", begin4 + rar4(rar4File, rar4Data|rar4Large, file4(1, "\x00\x00\x00\x00\x00\x00\x00\x00", "a"), "x") + a4, "a:a: pick -1"},
		{"4: a large member beyond the end", begin4 + rar4(rar4File, rar4Data|rar4Large, file4(1, "\xFF\xFF\xFF\xFF\x00\x00\x00\x00", "a"), "x") + a4, "a: pick -1"},
		{"4: a large member without its sizes", begin4 + rar4(rar4File, rar4Data|rar4Large, file4(1, "\x00", ""), "x"), "pick -1 broken"},
		{"4: a file header cut", begin4 + rar4(rar4File, rar4Data, file4(1, "", "")[:20], ""), "pick -1 broken"},
		{"4: a name in two forms", begin4 + rar4(rar4File, rar4Data, file4(1, "", "a\x00\x01\x02"), "x"), "a: pick -1"},
		{"4: a name longer than its header", begin4 + rar4(rar4File, rar4Data, strings.Replace(file4(1, "", "a"), "\x01\x00\x20", "\xFF\xFF\x20", 1), "x"), "a: pick -1"},
		{"4: a block shorter than a block", begin4 + "\x00\x00\x79\x00\x00\x06\x00", "pick -1 broken"},
		{"4: a block longer than the file", begin4 + "\x00\x00\x79\x00\x00\xFF\x00", "pick -1 broken"},
		{"4: some bytes of a block", begin4 + "\x00\x00\x79", "pick -1 broken"},
		{"4: the end", begin4 + rar4(rar4End, 0, "", "") + a4, "pick -1"},

		{"5: a time and a checksum", begin5 + rar5("\x02\x00\x06\x01\x00timesums\x00\x01\x01a", ""), "a: pick -1"},
		{"5: a header nobody knows", begin5 + rar5("\x7F\x02\x03", "xyz") + rar5(file5, ""), "a: pick -1"},
		{"5: data beyond the end", begin5 + rar5("\x02\x02\x7F\x00\x01\x00\x00\x01\x01a", "xyz") + rar5(file5, ""), "a: pick -1"},
		{"5: data of all bits", begin5 + rar5("\x02\x02\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x00\x01\x00\x00\x01\x01a", ""), "pick -1 broken"},
		{"5: extra area beyond the header", begin5 + rar5("\x02\x01\x7F\x00\x01\x00\x00\x01\x01a", ""), "pick -1 broken"},
		{"5: a record beyond the extra area", begin5 + rar5("\x02\x01\x02\x00\x01\x00\x00\x01\x01a\x7F\x01", ""), "a: pick -1"},
		{"5: a name beyond the header", begin5 + rar5("\x02\x00\x00\x01\x00\x00\x01\x7Fa", ""), ": pick -1"},
		{"5: a header without fields", begin5 + rar5("\x02", ""), "pick -1 broken"},
		{"5: a number that does not end", begin5 + rar5(strings.Repeat("\xFF", 20), ""), "pick -1 broken"},
		{"5: a header of no bytes", begin5 + rar5("", ""), "pick -1 broken"},
		{"5: a header of more than 2 MB", begin5 + "sums\xFF\xFF\xFF\x7F", "pick -1 broken"},
		{"5: a header beyond the end", begin5 + "sums\x7F\x02\x00", "pick -1 broken"},
	} {
		info, err := ReadRAR(strings.NewReader(tt.file), int64(len(tt.file)), 0)
		if got := rarText(info, err); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestStreamsOfRAR5(t *testing.T) {
	files := []fixture.RARFile{{Name: "a", Data: []byte("x")}, {Stream: ":hidden.exe", Data: []byte("y")}}
	b := fixture.RAR{Files: files}.Bytes()
	info, err := ReadRAR(bytes.NewReader(b), int64(len(b)), 0)
	if err != nil || len(info.Members) != 1 || fmt.Sprint(info.Streams) != "[:hidden.exe]" {
		t.Errorf("%+v, %v", info, err)
	}
}

// reads counts what is read of a file.
type reads struct {
	io.ReaderAt
	bytes, calls int
}

func (r *reads) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(p, off)
	r.bytes += n
	r.calls++
	return n, err
}

// TestHeadersCostNoMoreThanTheFile: the walks read each byte a few times at most.
func TestHeadersCostNoMoreThanTheFile(t *testing.T) {
	many := make([]fixture.RARFile, 3000)
	for i := range many {
		many[i] = fixture.RARFile{Name: fmt.Sprint(i), Data: []byte("x")}
	}
	marks := []byte(strings.Repeat(sevenMark+rar5Mark+rar4Mark, 10_000))
	parts := []byte(arMark + strings.Repeat(arMember("a", "x"), 3000))
	for _, tt := range []struct {
		name string
		file []byte
		walk func(r io.ReaderAt, size int64)
	}{
		{"RAR 4", fixture.RAR{Files: many, Version: 4}.Bytes(), func(r io.ReaderAt, size int64) { ReadRAR(r, size, 0) }},
		{"RAR 5", fixture.RAR{Files: many}.Bytes(), func(r io.ReaderAt, size int64) { ReadRAR(r, size, 0) }},
		{"signatures that are none", marks, func(r io.ReaderAt, size int64) { Find(r, size) }},
		{"ar", parts, func(r io.ReaderAt, size int64) { names(AR(r, size), parts) }},
	} {
		r := &reads{ReaderAt: bytes.NewReader(tt.file)}
		if tt.walk(r, int64(len(tt.file))); r.bytes > 4*len(tt.file) || r.calls > len(tt.file)/10 {
			t.Errorf("%s: %d bytes in %d reads of a file of %d", tt.name, r.bytes, r.calls, len(tt.file))
		}
	}
}

func TestMoreBlocksThanAreLookedAt(t *testing.T) {
	file := rar4Mark + strings.Repeat(rar4(0x79, 0, "", ""), maxBlocks) + rar4(rar4File, rar4Data, file4(1, "", "a"), "x")
	info, err := ReadRAR(strings.NewReader(file), int64(len(file)), 0)
	if err != nil || info.Broken == "" {
		t.Errorf("%+v, %v", info, err)
	}
}
