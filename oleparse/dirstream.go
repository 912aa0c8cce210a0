package oleparse

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Records of the dir stream (MS-OVBA 2.3.4.2).
const (
	recSysKind       = 0x0001 // 2.3.4.2.1.1
	recCodePage      = 0x0003 // 2.3.4.2.1.5
	recProjectName   = 0x0004 // 2.3.4.2.1.6
	recVersion       = 0x0009 // 2.3.4.2.1.11
	recModules       = 0x000F // 2.3.4.2.3
	recEnd           = 0x0010 // 2.3.4.2
	recReferenceReg  = 0x000D // 2.3.4.2.2.5
	recReferenceProj = 0x000E // 2.3.4.2.2.6
	recReferenceOrig = 0x0033 // 2.3.4.2.2.4
	recReferenceCtl  = 0x002F // 2.3.4.2.2.3
	recReferenceExt  = 0x0030 // 2.3.4.2.2.3, Reserved3: its second half
	recModuleName    = 0x0019 // 2.3.4.2.3.2.1
	recStreamName    = 0x001A // 2.3.4.2.3.2.3
	recModuleEnd     = 0x002B // 2.3.4.2.3.2
	recModuleOffset  = 0x0031 // 2.3.4.2.3.2.5
	recStreamNameUni = 0x0032 // 2.3.4.2.3.2.3
	recModuleNameUni = 0x0047 // 2.3.4.2.3.2.2
)

// Values of PROJECTSYSKIND.SysKind (MS-OVBA 2.3.4.2.1.1).
const (
	sysMac   = 2
	sysWin64 = 3
)

// dirStream is what the dir stream says about a project.
type dirStream struct {
	sysKind  int
	codePage int
	name     []byte
	count    int // PROJECTMODULES.Count
	modules  []dirModule
	libids   [][]byte // of references
	ended    bool     // the terminator was reached
}

// dirModule is a MODULE record (MS-OVBA 2.3.4.2.3.2).
type dirModule struct {
	name, stream       []byte // in the code page
	nameUni, streamUni string
	offset             int64 // MODULEOFFSET.TextOffset, -1 when the record is missing
}

// isDir says whether decompressed data begins as a dir stream does, with PROJECTSYSKIND.
func isDir(b []byte) bool {
	return len(b) >= 10 && binary.LittleEndian.Uint16(b) == recSysKind && binary.LittleEndian.Uint32(b[2:]) == 4
}

// parseDir reads the records of a dir stream up to its terminator or to where it makes no sense any more.
func parseDir(b []byte, modules int) dirStream {
	var d dirStream
	for len(b) >= 6 {
		id, size := binary.LittleEndian.Uint16(b), int64(binary.LittleEndian.Uint32(b[2:]))
		if b = b[6:]; id == recEnd {
			d.ended = true
			break
		}
		if id == recVersion { // its Reserved field looks like a size, six bytes follow whatever it says
			size = 6
		}
		if size > int64(len(b)) || len(d.modules) > modules {
			break
		}
		d.take(id, b[:size])
		b = b[size:]
	}
	return d
}

func (d *dirStream) take(id uint16, v []byte) {
	switch id {
	case recSysKind:
		d.sysKind = le16(v)
	case recCodePage:
		d.codePage = le16(v)
	case recProjectName:
		d.name = v
	case recModules:
		d.count = le16(v)
	case recReferenceReg, recReferenceProj, recReferenceCtl, recReferenceExt:
		if len(v) >= 4 {
			d.reference(v[4:][:min(int64(binary.LittleEndian.Uint32(v)), int64(len(v)-4))])
		}
	case recReferenceOrig:
		d.reference(v)
	case recModuleName:
		d.module(true).name = v
	case recModuleNameUni:
		d.module(false).nameUni = utf16String(v)
	case recStreamName:
		d.module(false).stream = v
	case recStreamNameUni:
		d.module(false).streamUni = utf16String(v)
	case recModuleOffset:
		if len(v) >= 4 {
			d.module(false).offset = int64(binary.LittleEndian.Uint32(v))
		}
	}
}

// referencesMost bounds the references kept; the editor's list has some hundreds of libraries, a project uses about ten.
const referencesMost = 1024

// reference keeps the LIBID of a reference, once.
func (d *dirStream) reference(libid []byte) {
	if len(libid) == 0 || len(d.libids) >= referencesMost {
		return
	}
	if n := len(d.libids); n == 0 || !bytes.Equal(d.libids[n-1], libid) { // a control's halves often say the same
		d.libids = append(d.libids, libid)
	}
}

// module is the MODULE record being read; a MODULENAME begins the next one.
func (d *dirStream) module(begin bool) *dirModule {
	if begin || len(d.modules) == 0 {
		d.modules = append(d.modules, dirModule{offset: -1})
	}
	return &d.modules[len(d.modules)-1]
}

func le16(v []byte) int {
	if len(v) < 2 {
		return 0
	}
	return int(binary.LittleEndian.Uint16(v))
}

func utf16String(v []byte) string {
	var s strings.Builder
	s.Grow(len(v) / 2 * 3) // no character of one unit takes more
	for len(v) >= 2 {
		r := rune(binary.LittleEndian.Uint16(v))
		v = v[2:]
		if utf16.IsSurrogate(r) && len(v) >= 2 {
			if pair := utf16.DecodeRune(r, rune(binary.LittleEndian.Uint16(v))); pair != utf8.RuneError {
				r, v = pair, v[2:]
			}
		}
		s.WriteRune(r) // half a pair becomes U+FFFD
	}
	return s.String()
}
