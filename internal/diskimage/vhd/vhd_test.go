package vhd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"sekisho/internal/diskimage/medium"
	"sekisho/internal/fixture"
)

func open(b []byte) (*Disk, error) {
	return Open(medium.New(bytes.NewReader(b), int64(len(b))))
}

// content is the disk as it is read in pieces of n bytes.
func content(t *testing.T, d *Disk, n int) []byte {
	t.Helper()
	var out []byte
	p := make([]byte, n)
	for off := int64(0); off < d.Medium.Size; off += int64(n) {
		got, err := d.Medium.ReadAt(p, off)
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		out = append(out, p[:min(int64(got), d.Medium.Size-off)]...)
	}
	return out
}

// disk of five megabytes: the second block of a VHD has nothing in it.
func disk() []byte {
	b := make([]byte, 5<<20)
	copy(b, fixture.Noise(1<<20))
	copy(b[4<<20-100:], fixture.Noise(1000))
	return b
}

func TestOpen(t *testing.T) {
	want := disk()
	for _, tt := range []struct {
		format string
		b      []byte
	}{
		{"VHD fixed", fixture.VHDFixed(want)},
		{"VHD dynamic", fixture.VHDDynamic(want)},
		{"VHDX dynamic", fixture.VHDX{Disk: want}.Bytes()},
		{"VHDX dynamic", fixture.VHDX{Disk: want, Sector: 4096}.Bytes()},
		{"VHDX fixed", fixture.VHDX{Disk: want, Fixed: true}.Bytes()},
	} {
		if m := medium.New(bytes.NewReader(tt.b), int64(len(tt.b))); !Is(m) {
			t.Errorf("%s: not recognised", tt.format)
		}
		d, err := open(tt.b)
		if err != nil || d.Format != tt.format || d.Parent != "" || d.Log {
			t.Fatalf("%s: %+v, %v", tt.format, d, err)
		}
		for _, n := range []int{1 << 20, 65_000} {
			if got := content(t, d, n); !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes, not the %d of the disk", tt.format, len(got), len(want))
			}
		}
	}
}

// A table of a VHDX has an entry for a bitmap after each chunk of blocks: 4,096 of a MiB where sectors have 512 bytes.
func TestBlocksBehindABitmap(t *testing.T) {
	b := fixture.VHDX{Disk: make([]byte, 1<<20)}.Bytes()
	b = append(b, bytes.Repeat([]byte("x"), 1<<20)...)
	i := bytes.Index(b[2<<20:], []byte(itemSize))
	size := b[2<<20:][binary.LittleEndian.Uint32(b[2<<20+i+16:]):]
	binary.LittleEndian.PutUint64(size, 4097<<20)
	binary.LittleEndian.PutUint64(b[3<<20+8*4097:], 4<<20|6)
	d, err := open(b)
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Medium.At(4096<<20, 3); string(got) != "xxx" {
		t.Errorf("%q", got)
	}
}

func TestDifferencingDisksNameTheirParent(t *testing.T) {
	for _, tt := range []struct {
		b              []byte
		format, parent string
	}{
		{fixture.VHDDifferencing("親.vhd"), "VHD differencing", "親.vhd"},
		{fixture.VHDDifferencing(""), "VHD differencing", "?"},
		{fixture.VHDX{Parent: `.\base.vhdx`}.Bytes(), "VHDX differencing", `.\base.vhdx`},
	} {
		d, err := open(tt.b)
		if err != nil || d.Format != tt.format || d.Parent != tt.parent || d.Medium != nil {
			t.Errorf("%+v, %v", d, err)
		}
	}
}

func TestLog(t *testing.T) {
	if d, err := open(fixture.VHDX{Disk: disk(), Log: true}.Bytes()); err != nil || !d.Log {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestFooterOfABrokenEnd(t *testing.T) {
	b := fixture.VHDDynamic(disk())
	if d, err := open(b[:len(b)-512]); err != nil || d.Format != "VHD dynamic" {
		t.Errorf("the copy at the beginning: %+v, %v", d, err)
	}
	b = fixture.VHDFixed(disk())
	if d, err := open(b[:len(b)-1]); err != nil || d.Format != "VHD fixed" {
		t.Errorf("a footer of 511 bytes: %+v, %v", d, err)
	}
}

func TestHostileNumbers(t *testing.T) {
	vhd, vhdx := fixture.VHDDynamic(disk()), fixture.VHDX{Disk: disk()}.Bytes()
	value := func(b []byte, id string) []byte {
		i := bytes.Index(b[2<<20:], []byte(id))
		return b[2<<20:][binary.LittleEndian.Uint32(b[2<<20+i+16:]):]
	}
	for _, tt := range []struct {
		name   string
		b      []byte
		change func(b []byte)
		opens  bool
	}{
		{"no dynamic header", vhd, func(b []byte) { b[512] = 'x'; copy(b[len(b)-512:], b[:512]) }, false},
		{"header outside", vhd, func(b []byte) { b[len(b)-512+16] = 0x7F }, false},
		{"blocks of three bytes", vhd, func(b []byte) { binary.BigEndian.PutUint32(b[512+32:], 3) }, false},
		{"blocks of two gigabytes", vhd, func(b []byte) { binary.BigEndian.PutUint32(b[512+32:], 1<<31) }, true},
		{"table outside", vhd, func(b []byte) { b[512+17] = 1 }, true},
		{"four billion blocks", vhd, func(b []byte) { binary.BigEndian.PutUint32(b[512+28:], 1<<32-1); b[len(b)-512+49] = 0x7F }, true},
		{"no size", vhd, func(b []byte) { clear(b[len(b)-512+48:][:8]) }, false},
		{"unknown type", vhd, func(b []byte) { b[len(b)-512+63] = 9 }, false},
		{"block outside of the file", vhd, func(b []byte) { b[1536] = 0x7F }, true},
		{"no region table", vhdx, func(b []byte) { b[192<<10], b[256<<10] = 0, 0 }, false},
		{"one region table", vhdx, func(b []byte) { b[192<<10] = 0 }, true},
		{"region table that is not sound", vhdx, func(b []byte) { clear(b[192<<10+16:][:64]) }, true},
		{"region tables that are not sound", vhdx, func(b []byte) { b[192<<10+4]++; b[256<<10+4]++ }, true},
		{"four billion regions", vhdx, func(b []byte) { binary.LittleEndian.PutUint32(b[192<<10+8:], 1<<32-1) }, true},
		{"no metadata", vhdx, func(b []byte) { b[2<<20] = 0 }, false},
		{"disk of an exabyte", vhdx, func(b []byte) { value(b, itemSize)[7] = 0x10 }, false},
		{"disk of nothing", vhdx, func(b []byte) { clear(value(b, itemSize)[:8]) }, false},
		{"blocks of three bytes", vhdx, func(b []byte) { binary.LittleEndian.PutUint32(value(b, itemParameters), 3) }, false},
		{"sectors of no bytes", vhdx, func(b []byte) { binary.LittleEndian.PutUint32(value(b, itemSector), 0) }, false},
		{"block outside of the file", vhdx, func(b []byte) { b[3<<20+7] = 0x7F }, true},
	} {
		b := bytes.Clone(tt.b)
		tt.change(b)
		d, err := open(b)
		if (err == nil) != tt.opens || err != nil && err != ErrFormat {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if err == nil {
			p := make([]byte, 4096)
			if n, err := d.Medium.ReadAt(p, 0); err != nil && err != io.EOF {
				t.Errorf("%s: %d, %v", tt.name, n, err)
			}
		}
	}
	for _, b := range [][]byte{nil, []byte("conectix"), []byte("vhdxfile"), make([]byte, 4096)} {
		if _, err := open(b); err != ErrFormat {
			t.Errorf("%q: %v", b[:min(len(b), 8)], err)
		}
	}
}

// FuzzOpen holds that a disk that opens can be read anywhere. Files begin with a VHD's footer, or with what stands at the places of a VHDX.
func FuzzOpen(f *testing.F) {
	small := make([]byte, 4096)
	dynamic := fixture.VHDDynamic(small)
	f.Add(false, dynamic[:3000], uint32(100))
	f.Add(false, fixture.VHDDifferencing("p"), uint32(0))
	x := fixture.VHDX{Disk: append([]byte("disk"), small...)}.Bytes()
	f.Add(true, append(append(bytes.Clone(x[192<<10:][:80]), x[2<<20:][:256]...), x[2<<20+64<<10:][:64]...), uint32(1<<20))
	f.Fuzz(func(t *testing.T, isX bool, b []byte, off uint32) {
		if isX {
			whole := bytes.Clone(x)
			copy(whole[192<<10:], b[:min(len(b), 80)])
			b = b[min(len(b), 80):]
			copy(whole[2<<20:], b[:min(len(b), 256)])
			copy(whole[2<<20+64<<10:], b[min(len(b), 256):])
			b = whole
		}
		m := medium.New(bytes.NewReader(b), int64(len(b)))
		d, err := Open(m)
		if err != nil || d.Parent != "" {
			return
		}
		p := make([]byte, 3000)
		n, err := d.Medium.ReadAt(p, int64(off))
		if n < len(p) && err == nil || err != nil && err != io.EOF && err != io.ErrUnexpectedEOF || m.Err() != nil {
			t.Errorf("%d bytes at %d of %d, %v", n, off, d.Medium.Size, err)
		}
	})
}
