package diskimage

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"sekisho/internal/diskimage/iso"
	"sekisho/internal/diskimage/medium"
)

var le = binary.LittleEndian

const maxPartitions = 32 // of one disk; Windows gives a new one four

// partition is a part of a disk that a table names.
type partition struct {
	from, size int64
	foreign    string // its type, where that is none Windows reads
	reserved   bool   // holds no file system
}

// partitions reads the file systems behind a partition table and returns the format of all, "" where there is no table with one that is recognised.
func (d *reader) partitions(m *medium.Medium) string {
	name, list := table(m, d.sector)
	unopened := d.img.Unopened
	var formats []string
	for i, p := range list {
		part := m.Section(p.from, p.size)
		if p.from <= 0 || part.Size < 512 || p.reserved { // one that begins with the disk is the disk
			continue
		}
		path := ""
		if len(list) > 1 {
			path = fmt.Sprintf("partition %d/", i+1)
		}
		format := d.volume(part, path)
		if format == "" && !blank(part) {
			d.img.Unopened = append(d.img.Unopened, strings.TrimSpace(fmt.Sprintf("partition %d: %s", i+1, p.foreign)))
			continue
		}
		if format != "" && !slices.Contains(formats, format) {
			formats = append(formats, format)
		}
	}
	if len(formats) == 0 && name != "GPT" {
		d.img.Unopened = unopened // what looks like an MBR may be anything that ends a sector so
		return ""
	}
	return prefixed(name, strings.Join(formats, ", "))
}

// blank reports whether nothing was ever written where a file system begins.
func blank(m *medium.Medium) bool {
	b := m.At(0, int(min(4096, m.Size)))
	return !slices.ContainsFunc(b, func(c byte) bool { return c != 0 })
}

// table reads the partition tables. A GPT shows by itself how large sectors are. It stands at both ends of the disk, and the first sector may hold partitions of
// its own beside the one that stands for it: systems differ in which they go by.
func table(m *medium.Medium, sector int64) (name string, list []partition) {
	name = "MBR"
	for _, size := range []int64{512, 4096} {
		for _, at := range []int64{1, m.Size/size - 1} {
			if more, ok := gpt(m, size, at); ok {
				name = "GPT"
				list = united(list, more)
			}
		}
	}
	return name, united(list, mbr(m, sector))
}

// united appends the partitions that begin elsewhere.
func united(list, more []partition) []partition {
	for _, p := range more {
		if len(list) < maxPartitions && !slices.ContainsFunc(list, func(q partition) bool { return q.from == p.from }) {
			list = append(list, p)
		}
	}
	return list
}

// gpt reads the GUID partition table whose header is in the sector at (UEFI 2.10 5.3.2, 5.3.3).
func gpt(m *medium.Medium, sector, at int64) ([]partition, bool) {
	h := m.At(at*sector, 92)
	if h == nil || string(h[:8]) != "EFI PART" {
		return nil, false
	}
	entries, count, step := int64(le.Uint64(h[72:])), le.Uint32(h[80:]), int64(le.Uint32(h[84:]))
	if entries < 0 || entries > m.Size/sector || step < 128 || step > 4096 {
		return nil, true
	}
	const maxEntries = 1024 // tools write 128
	var list []partition
	for i := range min(int64(count), maxEntries) {
		e := m.At(entries*sector+i*step, 56)
		if e == nil || len(list) == maxPartitions {
			break
		}
		first, last := int64(le.Uint64(e[32:])), int64(le.Uint64(e[40:]))
		if string(e[:16]) == string(make([]byte, 16)) || first < 1 || last < first || first > m.Size/sector {
			continue
		}
		list = append(list, partition{
			from:     first * sector,
			size:     min(last-first+1, m.Size/sector+1) * sector,
			foreign:  "no file system known",
			reserved: string(e[:4]) == "\x16\xE3\xC9\xE3", // E3C9E316-0B5C-4DB8-817D-F92DF00215AE: Microsoft reserved partition
		})
	}
	return list, true
}

// mbr reads the master boot record and the chain of extended ones (UEFI 2.10 5.2.1).
func mbr(m *medium.Medium, sector int64) []partition {
	var list []partition
	var extended int64
	for _, e := range records(m, 0) {
		if e.extended() {
			extended = e.first * sector
			continue
		}
		if e.kind != protective {
			list = append(list, e.partition(0, sector))
		}
	}
	for at, seen := extended, map[int64]bool{}; at > 0 && !seen[at] && len(list) < maxPartitions; {
		seen[at] = true
		next := int64(0)
		for _, e := range records(m, at) {
			if e.extended() {
				next = extended + e.first*sector
			} else {
				list = append(list, e.partition(at, sector))
			}
		}
		at = next
	}
	return list
}

const protective = 0xEE // UEFI 2.10 5.2.3: stands for a GPT

// mbrEntry is one of the four entries of a record.
type mbrEntry struct {
	kind        byte
	first, size int64 // sectors
}

func (e mbrEntry) extended() bool { return e.kind == 0x05 || e.kind == 0x0F || e.kind == 0x85 }

func (e mbrEntry) partition(base, sector int64) partition {
	return partition{from: base + e.first*sector, size: e.size * sector, foreign: fmt.Sprintf("type 0x%02X", e.kind)}
}

// records are the entries in use of the record at off, none where one of them says that it is no partition table.
func records(m *medium.Medium, off int64) []mbrEntry {
	b := m.At(off, 512)
	if b == nil || b[510] != 0x55 || b[511] != 0xAA {
		return nil
	}
	var list []mbrEntry
	for e := b[446:510]; len(e) > 0; e = e[16:] {
		if e[0]&0x7F != 0 { // active or not
			return nil
		}
		if x := (mbrEntry{e[4], int64(le.Uint32(e[8:])), int64(le.Uint32(e[12:]))}); x.kind != 0 && x.first != 0 && x.size != 0 {
			list = append(list, x)
		}
	}
	return list
}

// partitioned reports whether a partition table leads to a file system.
func partitioned(m *medium.Medium) bool {
	_, list := table(m, 512)
	for _, p := range list {
		if part := m.Section(p.from, p.size); p.from > 0 && !p.reserved && (system(part) != "" || iso.Is(part)) {
			return true
		}
	}
	return false
}
