package oleparse

import (
	"testing"

	"sekisho/internal/fixture"
)

func TestAWorkbooksRecordsAreOpenedByExcelsOwnPassword(t *testing.T) {
	// XORObfuscation of "VelvetSweatshop": key 0xB359, verifier 0x9A0A.
	pass := fixture.BIFFRecord{ID: 0x002F, Data: []byte{0, 0, 0x59, 0xB3, 0x0A, 0x9A}}
	d := readBytes(t, fixture.OLE(fixture.Stream("Workbook", fixture.BIFF(pass))))
	if !d.Encrypted || !d.Opened || !d.Default || d.Password != excelPassword || d.Encryption != "xor" {
		t.Errorf("%+v", d)
	}
	c := &compound{r: newReading(t.Context(), Options{})}
	if c.filePass(pass.Data, true) == nil || c.filePass(pass.Data[2:], false) == nil {
		t.Error("no cipher")
	}
	if c.filePass(pass.Data[:5], true) != nil || c.filePass([]byte{0, 0, 0x59, 0xB3, 0x0B, 0x9A}, true) != nil {
		t.Error("a cipher without its verifier")
	}
}
