// Package diskimage opens images of discs and disks: ISO 9660, Joliet and UDF (also in raw sectors of 2,352 bytes), FAT, exFAT and NTFS by themselves or
// behind a partition table (MBR, GPT), and all of them inside VHD and VHDX.
//
// Windows mounts files called .iso and .img as optical discs (UDF, else Joliet, else ISO 9660) and .vhd and .vhdx as disks, by a double click; a FAT
// image needs a program like 7-Zip. Read lists what any of them shows: the files of the view that Windows takes, then those of the
// other views that are not among them; and where a file is a disc to one program and a disk to another, the files of both.
//
// # Limits
//
// What is listed and read as structures is bounded by package medium. At most 32 partitions are looked at. An image with a prefix before its first sector is
// not found: no program opens one. HFS+, and partitions of a type that Windows does not read, are named and not opened; so is a
// differencing VHD, whose content is in its parent. The log of a VHDX that was not closed is not replayed. BitLocker is reported.
package diskimage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"sekisho/internal/diskimage/fat"
	"sekisho/internal/diskimage/iso"
	"sekisho/internal/diskimage/medium"
	"sekisho/internal/diskimage/ntfs"
	"sekisho/internal/diskimage/udf"
	"sekisho/internal/diskimage/vhd"
)

// ErrFormat is for what is no disk image of those above.
var ErrFormat = errors.New("diskimage: not a disk image")

// Options bound a read.
type Options = medium.Options

// File is a file in the image.
type File = medium.File

// Image is what was read of a file.
type Image struct {
	Format    string // "Joliet + ISO 9660", "VHD dynamic: GPT: NTFS"; of several views the first is shown by Windows
	Files     []File
	Problems  []medium.Problem
	Unopened  []string // what is recognised and not opened by this version: "partition 2: HFS+"
	Encrypted string   // what encrypts a volume of the image: "BitLocker"; else ""
	Hidden    []string // files of the one view that the view which Windows shows does not have
	Limit     string   // what ended a listing early; else ""
}

// reader makes an Image of a file.
type reader struct {
	o      Options
	sector int64 // of the disk, in bytes
	img    Image
}

// Read lists the image of size bytes in r. The error is ErrFormat, or r's.
func Read(r io.ReaderAt, size int64, o Options) (*Image, error) {
	m := medium.New(r, size)
	d := &reader{o: o, sector: 512}
	d.img.Format = d.file(m)
	switch {
	case m.Err() != nil:
		return nil, fmt.Errorf("diskimage: %w", m.Err())
	case d.img.Format == "":
		return nil, ErrFormat
	case m.Over():
		d.limit("structures")
	}
	return &d.img, nil
}

// file reads what lies in the file itself. Windows goes by the name: what is a virtual disk as .vhd may be a disc besides as .iso.
func (d *reader) file(m *medium.Medium) string {
	v, err := vhd.Open(m)
	if err != nil {
		return d.disk(m)
	}
	format := d.virtual(v)
	if v.Fixed {
		return format // its beginning is the disk's
	}
	return joined(format, d.disc(m, ""))
}

// virtual reads a virtual disk.
func (d *reader) virtual(v *vhd.Disk) string {
	if v.Parent != "" {
		d.img.Unopened = append(d.img.Unopened, "what differs from "+v.Parent)
		return v.Format
	}
	if v.Log {
		d.img.Problems = append(d.img.Problems, medium.Problem{Text: "VHDX: a log waits to be replayed", Unread: true})
	}
	d.sector = v.Sector
	format := d.disk(v.Medium)
	if format == "" && !blank(v.Medium) {
		d.img.Unopened = append(d.img.Unopened, "no file system known")
	}
	return prefixed(v.Format, format)
}

// disk reads a disc or disk: what begins with it, and its partitions. Whoever wants to be misread has both.
func (d *reader) disk(m *medium.Medium) string {
	format := d.volume(m, "")
	if raw, ok := cooked(m); ok {
		format = joined(format, prefixed("sectors of 2,352 bytes", d.disc(raw, "")))
	}
	return joined(format, d.partitions(m))
}

// volume reads the file systems that begin with m, under the folder path: that of a disk and that of a disc have room for each other.
func (d *reader) volume(m *medium.Medium, path string) string {
	format, name := d.disc(m, path), system(m)
	switch name {
	case "":
	case "BitLocker":
		d.img.Encrypted = name
	case "HFS+":
		d.img.Unopened = append(d.img.Unopened, path+name)
	case "NTFS":
		d.add(ntfs.Read(m, d.o), path)
	default:
		d.add(fat.Read(m, d.o), path)
	}
	return joined(format, name)
}

// system is the file system of a disk's volume, by its boot sector.
func system(m *medium.Medium) string {
	b := m.At(0, 512)
	switch {
	case b == nil:
		return ""
	case bitLocker(b):
		return "BitLocker"
	case hfsPlus(m):
		return "HFS+"
	}
	if name := fat.Name(b); name != "" {
		return name
	}
	if ntfs.Boot(m) != nil {
		return "NTFS"
	}
	return ""
}

// bootable reports whether the first sector ends as those of volumes and partition tables do.
func bootable(m *medium.Medium) bool { return string(m.At(510, 2)) == "\x55\xAA" }

// disc reads an optical volume: the view that Windows shows and what the others have besides.
func (d *reader) disc(m *medium.Medium, path string) string {
	views := iso.Read(m, d.o)
	if udf.Is(m) {
		l, name, ok := udf.Read(m, d.o)
		v := iso.View{Name: name, Listing: l}
		if ok {
			views = append([]iso.View{v}, views...)
		} else {
			views = append(views, v)
		}
	}
	if len(views) == 0 {
		return ""
	}
	d.add(views[0].Listing, path)
	names := []string{views[0].Name}
	for _, v := range views[1:] {
		names = append(names, v.Name)
		d.besides(views[0].Listing, v, path)
	}
	return strings.Join(names, " + ")
}

// add takes a listing over.
func (d *reader) add(l *medium.Listing, path string) {
	for _, f := range l.Files {
		f.Name = path + f.Name
		d.img.Files = append(d.img.Files, f)
	}
	for _, p := range l.Problems {
		p.Text = path + p.Text
		d.img.Problems = append(d.img.Problems, p)
	}
	if l.Limit != "" {
		d.limit(l.Limit)
	}
}

func (d *reader) limit(what string) {
	if d.img.Limit == "" {
		d.img.Limit = what
	}
}

func prefixed(what, format string) string {
	if format == "" {
		return what
	}
	return what + ": " + format
}

func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ", " + b
}

// bitLocker reports whether b is the boot sector of an encrypted volume: its signature in place of NTFS's, or the identifier of BitLocker To Go, which looks
// like FAT32 to systems that do not know it (as libbde and dislocker document it).
func bitLocker(b []byte) bool {
	return string(b[3:11]) == "-FVE-FS-" || string(b[0x1A8:0x1B8]) == "\x3B\xD6\x67\x49\x29\x2E\xD8\x4A\x83\x99\xF6\xA3\x39\xE3\xD0\x01"
}

// hfsPlus reports whether an HFS+ or HFSX volume header stands there (Apple TN1150, "Volume Header": signature, version, blockSize).
func hfsPlus(m *medium.Medium) bool {
	b := m.At(1024, 44)
	if b == nil || string(b[:4]) != "H+\x00\x04" && string(b[:4]) != "HX\x00\x05" {
		return false
	}
	block := binary.BigEndian.Uint32(b[40:])
	return block >= 512 && block&(block-1) == 0
}

// Kind tells "optical" and "disk" images that no signature at a fixed place announces, "" for what is neither: raw CD sectors, a
// FAT volume by its numbers, and a partition table that leads to a file system.
func Kind(r io.ReaderAt, size int64) (string, error) {
	m := medium.New(r, size)
	kind := ""
	if _, ok := cooked(m); ok {
		kind = "optical"
	} else if name := system(m); name == "HFS+" || bootable(m) && (name != "" || partitioned(m)) {
		kind = "disk"
	}
	if err := m.Err(); err != nil {
		return "", fmt.Errorf("diskimage: %w", err)
	}
	return kind, nil
}
