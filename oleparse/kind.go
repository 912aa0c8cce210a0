package oleparse

import (
	"encoding/binary"
	"strings"
)

// mainStreams says what a compound file is by the stream its program opens, in the order of this list.
var mainStreams = [...]struct{ stream, kind string }{
	{"WordDocument", "doc"},             // MS-DOC 2.1.1
	{"Workbook", "xls"},                 // MS-XLS 2.1.2
	{"Book", "xls"},                     // BIFF5
	{"PowerPoint Document", "ppt"},      // MS-PPT 2.1.2
	{"VisioDocument", "vsd"},            // Visio 2000 to 2010
	{"__properties_version1.0", "msg"},  // MS-OXMSG 2.4
	{"\u4840\u3B3F\u43F2\u4438", "msi"}, // the mangled name of a database's table list
}

// classes says what a compound file is by the class of its root storage.
var classes = map[uint32]string{ // Data1 of the CLSID; the other fields are C000-000000000046 or the like
	0x00020900: "doc", 0x00020906: "doc", // Word.Document.6, .8
	0x00020810: "xls", 0x00020820: "xls", // Excel.Sheet.5, .8
	0x64818D10: "ppt", 0x64818D11: "ppt", // PowerPoint.Show.8, SlideShow.8
	0x00021A13: "vsd", 0x00021A14: "vsd", // Visio.Drawing.5, .6
	0x00021201: "pub",                    // Publisher.Document
	0x00020D0B: "msg", 0x0006F046: "msg", // MS-OXMSG 2.4: mail item, template
	0x000C1082: "msi", 0x000C1084: "msi", 0x000C1086: "msi", // transform, installer, patch
}

// kind says what the compound file is: by what is in it, then by its root class.
func (c *compound) kind() string {
	if len(c.entries) == 0 {
		return "ole"
	}
	names := c.streams(c.root)
	for _, m := range mainStreams {
		if _, ok := names[strings.ToUpper(m.stream)]; ok {
			return m.kind
		}
	}
	if c.find(c.root, typeStorage, "Quill") >= 0 { // Publisher's text storage
		return "pub"
	}
	if k := classes[binary.LittleEndian.Uint32(c.entries[c.root].clsid[:])]; k != "" {
		return k
	}
	return "ole"
}

// headLen is enough of a stream for what is told at its beginning.
const headLen = 4096

// wordEncrypted looks at FibBase.fEncrypted (MS-DOC 2.5.2).
func wordEncrypted(b []byte) bool {
	const flags, fEncrypted = 0x0A, 0x0100
	if len(b) < flags+2 {
		return false
	}
	ident := binary.LittleEndian.Uint16(b)
	return (ident == 0xA5EC || ident == 0xA5DC) && binary.LittleEndian.Uint16(b[flags:])&fEncrypted != 0 // Word 97, Word 6
}

// filePass is the data of the FilePass record, nil where none is among the first records (MS-XLS 2.4.117); it stands before anything that is encrypted.
func filePass(b []byte) []byte {
	const filePass, boundSheet, eof = 0x002F, 0x0085, 0x000A
	for len(b) >= 4 {
		id, size := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		if id == filePass {
			return b[4:min(len(b), 4+size)]
		}
		if id == boundSheet || id == eof || len(b) < 4+size {
			return nil
		}
		b = b[4+size:]
	}
	return nil
}

// showEncrypted looks at CurrentUserAtom.headerToken (MS-PPT 2.3.2): this value says that the document has a CryptSession10Container.
func showEncrypted(b []byte) bool {
	const headerToken = 12
	return len(b) >= headerToken+4 && binary.LittleEndian.Uint32(b[headerToken:]) == 0xF3D1C4DF
}
