package iso

import "sekisho/internal/diskimage/medium"

// File flags (ECMA-119 9.1.6).
const (
	flagDirectory = 1 << 1
	flagMore      = 1 << 7
)

// record is a directory record (ECMA-119 9.1). Numbers stand there in both byte orders; Windows and most others take the little-endian one.
type record struct {
	offset, size int64 // of the data
	flags        byte
	unit, gap    int64 // bytes, of an interleaved file
	id           []byte
	use          []byte // system use field
}

// record reads the record that b begins with.
func (v *volume) record(b []byte) (record, bool) {
	if len(b) <= recordLen {
		return record{}, false
	}
	n, id := int(b[0]), int(b[32])
	if n > len(b) || recordLen+id > n || id == 0 {
		return record{}, false
	}
	r := record{
		offset: (int64(le.Uint32(b[2:])) + int64(b[1])) * v.block, // 9.1.2: the extended attribute record lies before the data
		size:   int64(le.Uint32(b[10:])),
		flags:  b[25],
		unit:   int64(b[26]) * v.block,
		gap:    int64(b[27]) * v.block,
		id:     b[recordLen:][:id],
	}
	if at := recordLen + id + 1 - id&1; at < n { // 9.1.12: a byte of padding where the identifier's length is even
		r.use = b[at:n]
	}
	return r, true
}

// extents are where the data lies on a medium of limit bytes: in one piece, or in units with gaps between them (ECMA-119 6.4.3).
func (r *record) extents(limit int64) []medium.Extent {
	switch {
	case r.size == 0:
		return nil
	case r.unit == 0 || r.gap == 0:
		return []medium.Extent{{Offset: r.offset, Length: r.size}}
	}
	var list []medium.Extent
	for at, left := r.offset, r.size; left > 0 && at < limit; at += r.unit + r.gap {
		list = append(list, medium.Extent{Offset: at, Length: min(left, r.unit)})
		left -= r.unit
	}
	return list
}

// suspSkip finds the SP entry in the root's own record (SUSP 5.3).
func (v *volume) suspSkip(root record) {
	b := v.At(root.offset, 255)
	if r, ok := v.record(b); ok {
		for i := 0; i+7 <= len(r.use) && i <= 14; i += 14 { // 14: behind the entry of CD-ROM XA
			if string(r.use[i:i+2]) == "SP" && r.use[i+4] == 0xBE && r.use[i+5] == 0xEF {
				v.skip = int(r.use[i+6])
			}
		}
	}
}

const (
	maxContinuations = 8   // of one system use field; a name of 255 bytes needs one
	maxNameLen       = 255 // NAME_MAX of the systems that write Rock Ridge
)

// alternate is Rock Ridge's name (RRIP 4.1.4, NM), "" where there is none.
func (v *volume) alternate(use []byte) string {
	if len(use) < v.skip || v.name == joliet {
		return ""
	}
	name, use := []byte(nil), use[v.skip:]
	for range maxContinuations {
		var more []byte
		for len(use) >= 4 && int(use[2]) >= 4 && int(use[2]) <= len(use) {
			e := use[:use[2]]
			use = use[use[2]:]
			switch string(e[:2]) {
			case "NM":
				if len(e) > 5 && e[4]&6 == 0 && len(name)+len(e) < maxNameLen+5 { // not "." or ".."
					name = append(name, e[5:]...)
				}
			case "CE": // SUSP 5.1
				more = v.continuation(e)
			}
		}
		if use = more; use == nil {
			break
		}
	}
	return text(name)
}

// continuation reads a continuation area.
func (v *volume) continuation(e []byte) []byte {
	if len(e) < 28 {
		return nil
	}
	block, off, n := int64(le.Uint32(e[4:])), int64(le.Uint32(e[12:])), le.Uint32(e[20:])
	return v.At(block*v.block+off, int(min(n, sector)))
}
