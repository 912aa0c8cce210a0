package oleparse

import (
	"bytes"
	"encoding/binary"
	"testing"

	"sekisho/internal/fixture"
)

func TestKindIsToldByWhatIsInside(t *testing.T) {
	for _, tc := range []struct {
		want  string
		nodes []fixture.Node
	}{
		{"doc", []fixture.Node{fixture.Stream("WordDocument", nil)}},
		{"doc", []fixture.Node{fixture.Stream("WORDDOCUMENT", nil)}},
		{"xls", []fixture.Node{fixture.Stream("Workbook", nil)}},
		{"xls", []fixture.Node{fixture.Stream("Book", nil)}},
		{"ppt", []fixture.Node{fixture.Stream("PowerPoint Document", nil)}},
		{"vsd", []fixture.Node{fixture.Stream("VisioDocument", nil)}},
		{"msg", []fixture.Node{fixture.Stream("__properties_version1.0", nil)}},
		{"msi", []fixture.Node{fixture.Stream("\u4840\u3B3F\u43F2\u4438", nil)}},
		{"pub", []fixture.Node{fixture.Storage("Quill"), fixture.Stream("Contents", nil)}},
		{"ole", []fixture.Node{fixture.Stream("Contents", nil)}},
		{"ole", nil},
		{"ole", []fixture.Node{fixture.Storage("inner", fixture.Stream("WordDocument", nil))}},
		{"xls", []fixture.Node{fixture.Stream("Workbook", nil), fixture.Stream("__properties_version1.0", nil)}},
	} {
		if d := readBytes(t, fixture.OLE(tc.nodes...)); d.Kind != tc.want {
			t.Errorf("%v: %q, want %q", d.Streams, d.Kind, tc.want)
		}
	}
}

func TestKindIsToldByTheRootClassWhereNoStreamTellsIt(t *testing.T) {
	for class, want := range classes {
		b := fixture.OLE(fixture.Stream("data", nil))
		binary.LittleEndian.PutUint32(b[entryAt(t, b, "Root Entry")+80:], class)
		if d := readBytes(t, b); d.Kind != want {
			t.Errorf("%08X: %q, want %q", class, d.Kind, want)
		}
	}
}

func TestEncryptionIsToldByEachFormatsOwnMark(t *testing.T) {
	drm := fixture.OLE(fixture.Stream("\x09DRMContent", nil))
	filePass := fixture.BIFFRecord{ID: 0x002F, Data: make([]byte, 6)}
	sheet := fixture.BIFFRecord{ID: 0x0085, Data: make([]byte, 8)}
	book := func(name string, r ...fixture.BIFFRecord) []byte {
		return fixture.OLE(fixture.Stream(name, fixture.BIFF(r...)))
	}
	for _, tc := range []struct {
		name string
		file []byte
		want bool
	}{
		{"doc, fEncrypted", fixture.DocEncrypted(), true},
		{"doc, other flags", fixture.OLE(fixture.Stream("WordDocument", fixture.WordHead(0xFEFF))), false},
		{"doc, no FIB", fixture.OLE(fixture.Stream("WordDocument", bytes.Repeat([]byte{0xFF}, 100))), false},
		{"doc, cut FIB", fixture.OLE(fixture.Stream("WordDocument", fixture.WordHead(0x0100)[:11])), false},
		{"xls, FilePass", fixture.XLSEncrypted(), true},
		{"xls of BIFF5, FilePass", book("Book", filePass), true},
		{"xls, FilePass behind another record", book("Workbook", fixture.BIFFRecord{ID: 0x0086}, filePass), true},
		{"xls, FilePass behind the sheets", book("Workbook", sheet, filePass), false},
		{"xls, plain", book("Workbook", sheet), false},
		{"ppt, headerToken", fixture.PPTEncrypted(), true},
		{"ppt, plain", fixture.PPTVBA(""), false},
		{"package in a compound file", fixture.OOXMLEncrypted(), true},
		{"rights management", drm, true},
		{"an encrypted document only inside", fixture.OLE(fixture.Storage("x", fixture.Stream("EncryptedPackage", nil))), false},
	} {
		if d := readBytes(t, tc.file); d.Encrypted != tc.want {
			t.Errorf("%s: %v", tc.name, d.Encrypted)
		}
	}
}
