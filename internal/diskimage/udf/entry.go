package udf

import (
	"bytes"
	"io"

	"sekisho/internal/diskimage/medium"
)

// File types (ECMA-167 4/14.6.6).
const (
	typeFolder = 4
	typeLink   = 12
	typeVAT    = 248 // UDF 2.2.11
)

// entry is a file entry or an extended one (ECMA-167 4/14.9, 4/14.17).
type entry struct {
	kind    byte
	size    int64 // information length
	place   int64 // of the entry
	extents []medium.Extent
	inline  []byte  // embedded content
	streams address // of the stream directory ICB
}

const maxIndirect = 16 // strategy 4096 writes a new entry for each change of a file on write-once media

// entry reads the ICB at a.
func (v *volume) entry(a address) (entry, bool) {
	for range maxIndirect {
		b := v.descriptor(a)
		if b == nil {
			return entry{}, false
		}
		if le.Uint16(b) != tagIndirect {
			return v.parse(b, a)
		}
		a = long(b[36:]) // 4/14.7
	}
	return entry{}, false
}

// parse reads the file entry b at a.
func (v *volume) parse(b []byte, a address) (entry, bool) {
	e := entry{kind: b[27], size: int64(le.Uint64(b[56:]) & (1<<63 - 1)), place: v.locate(a.part, int64(a.block))}
	fixed := int64(176)
	switch le.Uint16(b) {
	case tagFile:
	case tagExtended:
		fixed = 216
		e.streams = long(b[152:])
	default:
		return entry{}, false
	}
	attributes, n := int64(le.Uint32(b[fixed-8:])), int64(le.Uint32(b[fixed-4:])) // 4/14.9.21, 4/14.9.22
	from := fixed + attributes
	if from > int64(len(b)) {
		return entry{}, false
	}
	ads := b[from:min(from+n, int64(len(b)))]
	switch form := le.Uint16(b[34:]) & 7; form { // 4/14.6.8, flags
	case formShort, formLong, formExtended:
		e.extents = v.descriptors(ads, form, a.part)
	case formEmbedded:
		e.inline = ads
	default:
		return entry{}, false
	}
	return e, v.Keep(len(e.extents) + len(e.inline)/16)
}

// content opens the content of an entry.
func (e *entry) content(m *medium.Medium) func() io.Reader {
	extents, size := e.extents, e.size
	if inline := e.inline; inline != nil {
		return func() io.Reader { return bytes.NewReader(inline[:min(size, int64(len(inline)))]) }
	}
	return func() io.Reader { return m.Chain(extents, size) }
}

// first is where the content begins on the medium.
func (e *entry) first() int64 {
	if len(e.extents) == 0 || e.size == 0 {
		return -1
	}
	return e.extents[0].Offset
}

// Forms of allocation descriptors (ECMA-167 4/14.6.8).
const (
	formShort    = 0
	formLong     = 1
	formExtended = 2
	formEmbedded = 3
)

const maxContinued = 1024 // blocks of allocation descriptors of one file: of 512 bytes they hold maxExtents

// descriptors reads allocation descriptors (ECMA-167 4/14.14). Short ones are in the partition that they stand in.
func (v *volume) descriptors(b []byte, form, part uint16) []medium.Extent {
	var list []medium.Extent
	step := map[uint16]int{formShort: 8, formLong: 16, formExtended: 20}[form]
	for range maxContinued {
		next, ok := v.part(&list, b, form, part, step)
		if !ok {
			return list
		}
		if b = v.continued(next); b == nil {
			return list
		}
	}
	v.Stop("extents")
	return list
}

// part reads descriptors up to the one that says where they go on.
func (v *volume) part(list *[]medium.Extent, b []byte, form, part uint16, step int) (next address, ok bool) {
	for ; len(b) >= step; b = b[step:] {
		a := allocation(b, form, part)
		n := int64(a.length & (1<<30 - 1))
		switch kind := a.length >> 30; { // 4/14.14.1.1
		case n == 0:
			return next, false
		case kind == 3:
			return a, true
		case kind == 0:
			*list = v.scatter(*list, a, n)
		default: // not recorded
			*list = append(*list, medium.Extent{Offset: medium.Hole, Length: n})
		}
		if len(*list) > maxExtents {
			v.Stop("extents")
			return next, false
		}
	}
	return next, false
}

const maxExtents = 1 << 16 // of one file: a terabyte in the largest ones

func allocation(b []byte, form, part uint16) address {
	switch form {
	case formShort:
		return address{le.Uint32(b), le.Uint32(b[4:]), part}
	case formExtended:
		return address{le.Uint32(b), le.Uint32(b[12:]), le.Uint16(b[16:])}
	}
	return long(b)
}

// continued reads an allocation extent descriptor (ECMA-167 4/14.5).
func (v *volume) continued(a address) []byte {
	b := v.descriptor(a)
	if b == nil || le.Uint16(b) != tagExtent {
		return nil
	}
	n := int64(le.Uint32(b[20:]))
	return b[24:min(24+n, int64(len(b)))]
}
