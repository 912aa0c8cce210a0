package fat

import (
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"

	"sekisho/internal/diskimage/medium"
)

const (
	entryLen = 32
	readLen  = 128 * entryLen // of a folder in one piece
)

// Attributes ("Directory Structure", DIR_Attr).
const (
	attrVolume = 0x08
	attrFolder = 0x10
	attrLong   = 0x0F
)

// entries reads a folder. The first entry that was never used ends it.
func (v *volume) entries(t *medium.Tree[folder], in *medium.Folder[folder], r *medium.Reader) {
	var long longName
	for b := r.Next(readLen); b != nil && v.Limit == ""; b = r.Next(readLen) {
		for ; len(b) >= entryLen; b = b[entryLen:] {
			e := b[:entryLen]
			switch {
			case e[0] == 0:
				return
			case e[0] == 0xE5: // deleted
				long = longName{}
			case e[11]&0x3F == attrLong:
				long.add(e)
			default:
				v.entry(t, in, e, long.name(e))
				long = longName{}
			}
		}
	}
}

// entry lists the file or folder of a short entry.
func (v *volume) entry(t *medium.Tree[folder], in *medium.Folder[folder], e []byte, name string) {
	if name == "" {
		name = shortName(e)
	}
	first := uint32(le.Uint16(e[26:]))
	if v.bits == 32 {
		first |= uint32(le.Uint16(e[20:])) << 16
	}
	switch attr := e[11]; {
	case attr&attrVolume != 0, e[0] == '.' && attr&attrFolder != 0:
	case attr&attrFolder != 0:
		if v.has(first) {
			t.Enter(in, name+"/", int64(first), folder{first: first})
		}
	default:
		size := int64(le.Uint32(e[28:]))
		v.Add(medium.File{Name: in.Path + name, Size: size, Place: v.place(first), Content: v.content(first, size, false)})
	}
}

// longName collects the entries of a long name, which stand before the short one, the last part first ("FAT Long Directory Entries").
type longName struct {
	parts [20][]uint16 // LDIR_Ord counts to 20: 255 characters of 13 an entry
	n     int          // parts that the name has
	next  int          // the part that must follow
	sum   byte
}

func (l *longName) add(e []byte) {
	ord := int(e[0] &^ 0x40)
	if e[0]&0x40 != 0 && ord >= 1 && ord <= len(l.parts) {
		*l = longName{n: ord, next: ord, sum: e[13]}
	}
	if l.n == 0 || ord != l.next || e[13] != l.sum {
		*l = longName{}
		return
	}
	l.next--
	var part []uint16
	for _, at := range []struct{ from, n int }{{1, 5}, {14, 6}, {28, 2}} {
		for i := range at.n {
			part = append(part, le.Uint16(e[at.from+2*i:]))
		}
	}
	l.parts[ord-1] = part
}

// name is the long name where it is whole and belongs to the short entry e, else "".
func (l *longName) name(e []byte) string {
	if l.n == 0 || l.next != 0 || l.sum != checksum(e[:11]) {
		return ""
	}
	var u []uint16
	for _, p := range l.parts[:l.n] {
		u = append(u, p...)
	}
	for i, c := range u {
		if c == 0 {
			u = u[:i]
			break
		}
	}
	return string(utf16.Decode(u))
}

// checksum of a short name ("FAT Long Directory Entries", ChkSum).
func checksum(short []byte) byte {
	var sum byte
	for _, c := range short {
		sum = sum<<7 | sum>>1
		sum += c
	}
	return sum
}

// shortName is NAME.EXT. Bits 3 and 4 of DIR_NTRes say that Windows shows the parts in lower case.
func shortName(e []byte) string {
	b := append([]byte(nil), e[:11]...)
	if b[0] == 0x05 { // stands for 0xE5, which would mean deleted
		b[0] = 0xE5
	}
	base, ext := oem(b[:8]), oem(b[8:])
	if e[12]&0x08 != 0 {
		base = strings.ToLower(base)
	}
	if e[12]&0x10 != 0 {
		ext = strings.ToLower(ext)
	}
	if ext == "" {
		return base
	}
	return base + "." + ext
}

// oem decodes the system's character set: CP932 in Japan, CP437 where that does not read.
func oem(b []byte) string {
	raw := strings.TrimRight(string(b), " ")
	if s, err := japanese.ShiftJIS.NewDecoder().String(raw); err == nil && !strings.ContainsRune(s, '\uFFFD') {
		return s
	}
	s, err := charmap.CodePage437.NewDecoder().String(raw)
	if err != nil {
		return raw
	}
	return s
}
