// Package vhd reads virtual hard disks: VHD (Microsoft, "Virtual Hard Disk Image Format Specification", 2006) and VHDX ([MS-VHDX] 7.0), fixed and dynamic ones. The
// disk that a file describes is read where something refers to it: block tables are looked up entry by entry, and a block that is not stored reads as zeros.
//
// # Limits
//
// Nothing is allocated from a number in the file. A differencing disk holds only what differs from its parent, which is another file: it is named as such
// and not read. The log of a VHDX that was not closed properly is not replayed, and Disk.Log says that there is one. At most 2,048 regions and 1,024
// metadata items are looked at, the most that [MS-VHDX] allows. Check sums are asked for where there is a copy to choose; the bitmaps of dynamic VHDs are not either,
// which tell what was written: the rest of a block is zeros by itself.
package vhd

import (
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf16"

	"sekisho/internal/diskimage/medium"
)

var be, le = binary.BigEndian, binary.LittleEndian

// Disk is a virtual hard disk.
type Disk struct {
	Format string // "VHD fixed", "VHD dynamic", "VHD differencing", "VHDX dynamic" …
	Parent string // the file that a differencing disk belongs to, as it says; "?" where it does not
	Fixed  bool   // the disk is the file itself, without its end
	Log    bool   // writes wait in the log of a VHDX
	Sector int64  // logical
	Medium *medium.Medium
}

// ErrFormat is for what begins as a virtual disk and is none.
var ErrFormat = errors.New("vhd: not a virtual hard disk")

const (
	footerLen = 512
	cookie    = "conectix"
)

// Types of a VHD ("Disk Type").
const (
	fixed        = 2
	dynamic      = 3
	differencing = 4
)

// Is reports whether m says that it is a virtual hard disk: VHDX at its beginning, VHD at its end or, a dynamic one, at its beginning.
func Is(m *medium.Medium) bool {
	return string(m.At(0, 8)) == fileX || footer(m) != nil
}

// footer is the footer of a VHD, or the copy of it that a dynamic one begins with ("Hard Disk Footer Format").
func footer(m *medium.Medium) []byte {
	for _, at := range []int64{m.Size - footerLen, m.Size - footerLen + 1, 0} { // before 2004 it had 511 bytes
		if b := m.At(at, footerLen-1); b != nil && string(b[:8]) == cookie {
			return b
		}
	}
	return nil
}

// Open reads what describes the disk.
func Open(m *medium.Medium) (*Disk, error) {
	if string(m.At(0, 8)) == fileX {
		return openX(m)
	}
	b := footer(m)
	if b == nil {
		return nil, ErrFormat
	}
	size := int64(be.Uint64(b[48:])) // current size
	switch kind := be.Uint32(b[60:]); kind {
	case fixed:
		return &Disk{Format: "VHD fixed", Fixed: true, Sector: 512, Medium: m.Section(0, max(0, m.Size-footerLen))}, nil
	case dynamic, differencing:
		return openDynamic(m, int64(be.Uint64(b[16:])), size, kind)
	}
	return nil, ErrFormat
}

// openDynamic reads the dynamic disk header ("Dynamic Disk Header Format") at off.
func openDynamic(m *medium.Medium, off, size int64, kind uint32) (*Disk, error) {
	h := m.At(off, 1024)
	if h == nil || string(h[:8]) != "cxsparse" {
		return nil, ErrFormat
	}
	d := &Disk{Format: "VHD dynamic", Sector: 512}
	if kind == differencing {
		d.Format, d.Parent = "VHD differencing", parentName(h[64:576])
		return d, nil
	}
	t := &blocks{m: m, table: int64(be.Uint64(h[16:])), count: int64(be.Uint32(h[28:])), size: int64(be.Uint32(h[32:]))}
	if t.size < 512 || t.size&(t.size-1) != 0 || size <= 0 || t.table <= 0 {
		return nil, ErrFormat
	}
	t.bitmap = (t.size/512/8 + 511) &^ 511
	d.Medium = m.Through(t, min(size, t.count*t.size))
	return d, nil
}

// parentName decodes the parent's name, which is in UTF-16 of big-endian order.
func parentName(b []byte) string {
	var u []uint16
	for ; len(b) >= 2 && (b[0] != 0 || b[1] != 0); b = b[2:] {
		u = append(u, be.Uint16(b))
	}
	if len(u) == 0 {
		return "?"
	}
	return string(utf16.Decode(u))
}

// blocks is a dynamic VHD ("Block Allocation Table and Data Blocks").
type blocks struct {
	m                  *medium.Medium
	table, count, size int64
	bitmap             int64 // bytes before the data of a block
}

// ReadAt implements io.ReaderAt.
func (t *blocks) ReadAt(p []byte, off int64) (int, error) {
	return pieces(t.m, p, off, t.size, t.count, func(n int64) int64 {
		const unused = 0xFFFFFFFF
		b := t.m.Entry(t.table+4*n, 4)
		if b == nil || be.Uint32(b) == unused {
			return medium.Hole
		}
		return int64(be.Uint32(b))*512 + t.bitmap
	})
}

// pieces reads p from a disk that lies in count blocks of size bytes, each where place says, or nowhere.
func pieces(m *medium.Medium, p []byte, off, size, count int64, place func(block int64) int64) (n int, err error) {
	for n < len(p) {
		block, in := (off+int64(n))/size, (off+int64(n))%size
		if block >= count {
			return n, io.EOF
		}
		part := p[n:][:min(int64(len(p)-n), size-in)]
		at := place(block)
		if at < 0 {
			clear(part)
			n += len(part)
			continue
		}
		got, err := m.ReadAt(part, at+in)
		if n += got; got < len(part) {
			if err == nil {
				err = io.EOF
			}
			return n, err
		}
	}
	return n, nil
}
