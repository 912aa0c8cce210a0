package vhd

import (
	"hash/crc32"
	"unicode/utf16"

	"sekisho/internal/diskimage/medium"
)

const fileX = "vhdxfile" // [MS-VHDX] 2.2.1

// Identifiers as they stand in the file ([MS-VHDX] 2.2.3.2, 2.6.2).
const (
	regionBAT      = "\x66\x77\xC2\x2D\x23\xF6\x00\x42\x9D\x64\x11\x5E\x9B\xFD\x4A\x08"
	regionMetadata = "\x06\xA2\x7C\x8B\x90\x47\x9A\x4B\xB8\xFE\x57\x5F\x05\x0F\x88\x6E"
	itemParameters = "\x37\x67\xA1\xCA\x36\xFA\x43\x4D\xB3\xB6\x33\xF0\xAA\x44\xE7\x6B"
	itemSize       = "\x24\x42\xA5\x2F\x1B\xCD\x76\x48\xB2\x11\x5D\xBE\xD8\x3B\xF4\xB8"
	itemSector     = "\x1D\xBF\x41\x81\x6F\xA9\x09\x47\xBA\x47\xF2\x33\xA8\xFA\xAB\x5F"
	itemParent     = "\x2D\x5F\xD3\xA8\x0B\xB3\x4D\x45\xAB\xF7\xD3\xD8\x48\x34\xAB\x0C"
)

const (
	regionTableLen = 64 << 10 // [MS-VHDX] 2.2.3

	maxRegions = 2047 // [MS-VHDX] 2.2.3.1
	maxItems   = 1023 // 2.6.1.1
)

// openX reads the headers, the region table and the metadata of a VHDX.
func openX(m *medium.Medium) (*Disk, error) {
	regions := regionTable(m)
	items := metadataItems(m, regions[regionMetadata])
	parameters, size, sector := m.At(items[itemParameters], 8), m.At(items[itemSize], 8), m.At(items[itemSector], 4)
	if regions[regionBAT] == 0 || parameters == nil || size == nil || sector == nil {
		return nil, ErrFormat
	}
	d := &Disk{Format: "VHDX dynamic", Sector: int64(le.Uint32(sector)), Log: pendingLog(m)}
	const leaveAllocated, hasParent = 1, 2 // 2.6.2.1
	switch flags := le.Uint32(parameters[4:]); {
	case flags&hasParent != 0:
		d.Format, d.Parent = "VHDX differencing", parentX(m, items[itemParent])
		return d, nil
	case flags&leaveAllocated != 0:
		d.Format = "VHDX fixed"
	}
	t := &blocksX{m: m, table: regions[regionBAT], size: int64(le.Uint32(parameters))}
	whole := int64(le.Uint64(size))
	if t.size < 1<<20 || t.size > 256<<20 || t.size&(t.size-1) != 0 || whole <= 0 || whole > maxSizeX || d.Sector != 512 && d.Sector != 4096 {
		return nil, ErrFormat
	}
	t.chunk = (d.Sector << 23) / t.size // 2.5: chunk ratio
	t.count = (whole + t.size - 1) / t.size
	d.Medium = m.Through(t, whole)
	return d, nil
}

const maxSizeX = 64 << 40 // 2.6.2.2

// pendingLog reports whether the current header has a log to be replayed ([MS-VHDX] 2.2.2: LogGuid).
func pendingLog(m *medium.Medium) bool {
	var newest uint64
	pending := false
	for _, at := range []int64{64 << 10, 128 << 10} {
		h := m.At(at, 80)
		if h == nil || string(h[:4]) != "head" || le.Uint64(h[8:]) < newest {
			continue
		}
		newest = le.Uint64(h[8:])
		pending = string(h[48:64]) != string(make([]byte, 16))
	}
	return pending
}

// regionTable is where the regions begin, by identifier ([MS-VHDX] 2.2.3), of the first of the two copies that is sound, else of one that is not.
func regionTable(m *medium.Medium) map[string]int64 {
	var best []byte
	for _, at := range []int64{256 << 10, 192 << 10} {
		h := m.At(at, regionTableLen)
		if h == nil || string(h[:4]) != "regi" {
			continue
		}
		if best == nil || sound(h) {
			best = h
		}
	}
	regions := map[string]int64{}
	if best == nil {
		return regions
	}
	for i := range min(le.Uint32(best[8:]), maxRegions) {
		e := best[16+32*i:][:32]
		remember(regions, string(e[:16]), int64(le.Uint64(e[16:])))
	}
	return regions
}

// sound reports whether a structure's CRC-32C is what it says, which is reckoned with zeros in its own place ([MS-VHDX] 2.2.3.1).
func sound(b []byte) bool {
	table := crc32.MakeTable(crc32.Castagnoli)
	sum := crc32.Update(0, table, b[:4])
	sum = crc32.Update(sum, table, make([]byte, 4))
	return crc32.Update(sum, table, b[8:]) == le.Uint32(b[4:])
}

// remember keeps the places of what is looked for.
func remember(places map[string]int64, id string, at int64) {
	switch id {
	case regionBAT, regionMetadata, itemParameters, itemSize, itemSector, itemParent:
		places[id] = at
	}
}

// metadataItems is where the metadata items lie ([MS-VHDX] 2.6.1).
func metadataItems(m *medium.Medium, region int64) map[string]int64 {
	items := map[string]int64{itemParameters: -1, itemSize: -1, itemSector: -1, itemParent: -1}
	h := m.At(region, 32)
	if h == nil || string(h[:8]) != "metadata" {
		return items
	}
	for i := range int64(min(le.Uint16(h[10:]), maxItems)) {
		e := m.At(region+32+32*i, 32)
		if e == nil {
			break
		}
		remember(items, string(e[:16]), region+int64(le.Uint32(e[16:])))
	}
	return items
}

// parentX is the parent's path in the parent locator ([MS-VHDX] 2.6.2.6): the relative one, else the absolute one.
func parentX(m *medium.Medium, at int64) string {
	name := "?"
	h := m.At(at, 20)
	if h == nil {
		return name
	}
	const maxPairs = 16 // 2.6.2.6.3 names five
	for i := range int64(min(le.Uint16(h[18:]), maxPairs)) {
		e := m.At(at+20+12*i, 12)
		if e == nil {
			break
		}
		switch key := wide(m.At(at+int64(le.Uint32(e)), int(le.Uint16(e[8:])))); {
		case key == "relative_path", key == "absolute_win32_path" && name == "?":
			name = wide(m.At(at+int64(le.Uint32(e[4:])), int(le.Uint16(e[10:]))))
		}
	}
	return name
}

func wide(b []byte) string {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = le.Uint16(b[2*i:])
	}
	return string(utf16.Decode(u))
}

// blocksX is a VHDX ([MS-VHDX] 2.5).
type blocksX struct {
	m                  *medium.Medium
	table, count, size int64
	chunk              int64 // payload blocks before a sector bitmap block in the table
}

// ReadAt implements io.ReaderAt.
func (t *blocksX) ReadAt(p []byte, off int64) (int, error) {
	return pieces(t.m, p, off, t.size, t.count, func(n int64) int64 {
		const present, partial = 6, 7 // 2.5.1.1
		b := t.m.Entry(t.table+8*(n+n/t.chunk), 8)
		if b == nil {
			return medium.Hole
		}
		e := le.Uint64(b)
		if state := e & 7; state != present && state != partial {
			return medium.Hole
		}
		return int64(e >> 20 << 20 & (1<<63 - 1))
	})
}
