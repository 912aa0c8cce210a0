package fat

import (
	"unicode/utf16"

	"sekisho/internal/diskimage/medium"
)

// isEx reports whether b begins an exFAT volume (exFAT 3.1.1, 3.1.2).
func isEx(b []byte) bool {
	return len(b) >= 512 && b[0] == 0xEB && string(b[3:11]) == "EXFAT   " && b[108] >= 9 && b[108] <= 12 && b[109] <= 25-b[108]
}

// exLayout reads the main boot sector (exFAT 3.1.5 to 3.1.15).
func exLayout(b []byte) volume {
	sector := uint(b[108])
	return volume{
		bits:     32,
		mask:     0xFFFFFFFF,
		fat:      int64(le.Uint32(b[80:])) << sector,
		heap:     int64(le.Uint32(b[88:])) << sector,
		clusters: int64(le.Uint32(b[92:])),
		cluster:  1 << (sector + uint(b[109])),
		root:     le.Uint32(b[96:]),
	}
}

// Entry types (exFAT 6.2.1, table 4), those in use.
const (
	typeEnd    = 0x00
	typeFile   = 0x85
	typeStream = 0xC0
	typeName   = 0xC1
)

func (v *volume) exWalk() {
	whole := v.clusters * v.cluster
	t := medium.NewTree(v.Listing, int64(v.root), folder{first: v.root, size: whole})
	t.Walk(func(in *medium.Folder[folder]) {
		r := &clusters{v: v, at: in.Data.first, left: min(in.Data.size, whole), contiguous: in.Data.contiguous}
		v.exEntries(t, in, v.Structures(r))
	})
}

// exSet is a file's directory entry set (exFAT 7.4, 7.6, 7.7).
type exSet struct {
	more   int // secondary entries that follow
	attr   uint16
	stream []byte
	name   []uint16
}

// exEntries reads a folder.
func (v *volume) exEntries(t *medium.Tree[folder], in *medium.Folder[folder], r *medium.Reader) {
	var s exSet
	for b := r.Next(readLen); b != nil && v.Limit == ""; b = r.Next(readLen) {
		for ; len(b) >= entryLen; b = b[entryLen:] {
			switch e := b[:entryLen]; e[0] {
			case typeEnd:
				return
			case typeFile:
				s = exSet{more: int(e[1]), attr: le.Uint16(e[4:])}
				continue
			default:
				s.add(e)
			}
			if s.more == 0 && s.stream != nil {
				v.exFile(t, in, &s)
				s = exSet{}
			}
		}
	}
}

// add takes a secondary entry.
func (s *exSet) add(e []byte) {
	if s.more == 0 || e[0]&0x40 == 0 {
		*s = exSet{}
		return
	}
	s.more--
	switch e[0] {
	case typeStream:
		s.stream = append([]byte(nil), e...)
	case typeName:
		for i := 2; i < entryLen; i += 2 {
			s.name = append(s.name, le.Uint16(e[i:]))
		}
	}
}

func (v *volume) exFile(t *medium.Tree[folder], in *medium.Folder[folder], s *exSet) {
	const noChain = 1 << 1 // exFAT 6.3.4.2
	name := string(utf16.Decode(s.name[:min(len(s.name), int(s.stream[3]))]))
	first, contiguous := le.Uint32(s.stream[20:]), s.stream[1]&noChain != 0
	size := int64(le.Uint64(s.stream[24:]) & (1<<63 - 1))
	if s.attr&attrFolder != 0 {
		if v.has(first) {
			t.Enter(in, name+"/", int64(first), folder{first, size, contiguous})
		}
		return
	}
	v.Add(medium.File{Name: in.Path + name, Size: size, Place: v.place(first), Content: v.content(first, size, contiguous)})
}
