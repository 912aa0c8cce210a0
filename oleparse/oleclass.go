package oleparse

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// wellKnown names classes that attackers use, and those whose objects are told from files: what is made is the class of the storage's CLSID; the names
// beside it are for people.
var wellKnown = map[string]string{
	"{0003000C-0000-0000-C000-000000000046}": "Package",
	"{F20DA720-C02F-11CE-927B-0800095AE340}": "Package", // of OLE 2
	"{00000300-0000-0000-C000-000000000046}": "StdOleLink",
	"{0002CE02-0000-0000-C000-000000000046}": "Equation.3", // CVE-2017-11882, CVE-2018-0802
	"{00021700-0000-0000-C000-000000000046}": "Equation.2",
	"{25336920-03F9-11CF-8FD0-00AA00686F13}": "htmlfile",
	"{3050F4D8-98B5-11CF-BB82-00AA00BDCE0B}": "htafile", // CVE-2017-0199
	"{3050F3D9-98B5-11CF-BB82-00AA00BDCE0B}": "mhtmlfile",
	"{06290BD2-48AA-11D2-8432-006008C3FBFC}": "scriptletfile",
	"{06290BD3-48AA-11D2-8432-006008C3FBFC}": "script", // CVE-2017-8570
	"{ECABB0C7-7F19-11D2-978E-0000F8757E2A}": "soap",   // CVE-2017-8759
	"{AE24FDAE-03C6-11D1-8B76-0080C744F389}": "ScriptBridge.ScriptBridge",
	"{EAB22AC3-30C1-11CF-A7EB-0000C05BAE0B}": "Shell.Explorer.1",
	"{8856F961-340A-11D0-A96B-00C04FD705A2}": "Shell.Explorer.2",
	"{0E59F1D5-1FBE-11D0-8FF2-00A0D10038BC}": "MSScriptControl.ScriptControl",
	"{72C24DD5-D70A-438B-8A42-98424B88AFB8}": "WScript.Shell",
	"{13709620-C279-11CE-A49E-444553540000}": "Shell.Application",
	"{D27CDB6E-AE6D-11CF-96B8-444553540000}": "ShockwaveFlash.ShockwaveFlash",
	"{05741520-C4EB-440A-AC3F-9643BBC9F847}": "otkloadr.WRLoader", // CVE-2015-1641
	"{A08A033D-1A75-4AB6-A166-EAD02F547959}": "otkloadr.WRAssembly",
	"{BDD1F04B-858B-11D1-B16A-00C0F0283628}": "MSComctlLib.ListViewCtrl.2", // CVE-2012-0158
	"{996BF5E0-8044-4650-ADEB-0B013914E99C}": "MSComctlLib.ListViewCtrl.2",
	"{C74190B6-8589-11D1-B16A-00C0F0283628}": "MSComctlLib.TreeCtrl.2",
	"{9181DC5F-E07D-418A-ACA6-8EEA1ECB8E9E}": "MSComctlLib.TreeCtrl.2",
	"{1EFB6596-857C-11D1-B16A-00C0F0283628}": "MSComctlLib.TabStrip.2", // CVE-2012-1856
	"{66833FE6-8583-11D1-B16A-00C0F0283628}": "MSComctlLib.Toolbar.2",
	"{DD9DA666-8594-11D1-B16A-00C0F0283628}": "MSComctlLib.ImageComboCtl.2", // CVE-2014-1761
	"{44F9A03B-A3EC-4F3B-9364-08E0007F21DF}": "Control.TaskSymbol",
	"{D7053240-CE69-11CD-A777-00DD01143C57}": "Forms.CommandButton.1",
	"{4C599241-6926-101B-9992-00000B65C6F9}": "Forms.Image.1",
	"{978C9E23-D4B0-11CE-BF2D-00AA003F40D0}": "Forms.Label.1",
	"{8BD21D10-EC42-11CE-9E0D-00AA006002F3}": "Forms.TextBox.1",
	"{8BD21D20-EC42-11CE-9E0D-00AA006002F3}": "Forms.ListBox.1",
	"{8BD21D30-EC42-11CE-9E0D-00AA006002F3}": "Forms.ComboBox.1",
	"{8BD21D40-EC42-11CE-9E0D-00AA006002F3}": "Forms.CheckBox.1",
	"{8BD21D50-EC42-11CE-9E0D-00AA006002F3}": "Forms.OptionButton.1",
	"{8BD21D60-EC42-11CE-9E0D-00AA006002F3}": "Forms.ToggleButton.1",
	"{6E182020-F460-11CE-9BCD-00AA00608E01}": "Forms.Frame.1",
}

// controlClasses are those of wellKnown that are ActiveX controls and no documents.
var controlClasses = map[string]bool{
	"ScriptBridge.ScriptBridge": true, "Shell.Explorer.1": true, "Shell.Explorer.2": true, "MSScriptControl.ScriptControl": true,
	"ShockwaveFlash.ShockwaveFlash": true, "MSComctlLib.ListViewCtrl.2": true, "MSComctlLib.TreeCtrl.2": true, "MSComctlLib.TabStrip.2": true,
	"MSComctlLib.Toolbar.2": true, "MSComctlLib.ImageComboCtl.2": true, "Control.TaskSymbol": true,
}

// clsidString writes a packetized CLSID (MS-OLEDS 2.1.2), "" for none.
func clsidString(b []byte) string {
	if len(b) < 16 || string(b[:16]) == string(make([]byte, 16)) {
		return ""
	}
	le := binary.LittleEndian
	return fmt.Sprintf("{%08X-%04X-%04X-%X-%X}", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:16])
}

// compObj is what \x01CompObj tells (MS-OLEDS 2.3.8).
type compObj struct{ clsid, userType, progID string }

// compObjMax bounds \x01CompObj: six short strings.
const compObjMax = 4 << 10

func (c *compound) compObj(streams map[string]int) (o compObj) {
	id, ok := streams[compObjStream]
	if !ok {
		return o
	}
	return parseCompObj(c.head(id, make([]byte, min(c.entries[id].size, compObjMax))), c.ansi())
}

func parseCompObj(head []byte, page int) (o compObj) {
	b := cursor{b: head}
	b.take(12) // MS-OLEDS 2.3.7, CompObjHeader: the CLSID is the last part of Reserved2
	o.clsid = clsidString(b.take(16))
	o.userType = decodeText(page, cutNUL(b.take(int64(b.u32()))))
	b.clipboardFormat(1)
	o.progID = decodeText(page, cutNUL(b.take(int64(b.u32())))) // Reserved1
	if b.bad || b.u32() != 0x71B239F4 {                         // UnicodeMarker
		return o
	}
	if s := cutString(utf16String(b.take(2 * int64(b.u32())))); s != "" {
		o.userType = s
	}
	b.clipboardFormat(2)
	if s := cutString(utf16String(b.take(2 * int64(b.u32())))); s != "" && !b.bad { // Reserved2
		o.progID = s
	}
	return o
}

// clipboardFormat skips a ClipboardFormatOrAnsiString or ClipboardFormatOrUnicodeString (MS-OLEDS 2.3.1, 2.3.2).
func (c *cursor) clipboardFormat(width int64) {
	switch n := c.u32(); n {
	case 0:
	case 0xFFFFFFFF, 0xFFFFFFFE:
		c.u32()
	default:
		c.take(width * int64(n))
	}
}

func cutNUL(b []byte) []byte {
	for i, v := range b {
		if v == 0 {
			return b[:i]
		}
	}
	return b
}

func cutString(s string) string {
	s, _, _ = strings.Cut(s, "\x00")
	return s
}

// class names what an object's storage is made into.
func (c *compound) class(id int, streams map[string]int) string {
	own, told := clsidString(c.entries[id].clsid[:]), c.compObj(streams)
	if _, ok := streams[equationStream]; ok && wellKnown[own] == "" && wellKnown[told.clsid] == "" {
		return "Equation.3"
	}
	for _, s := range [...]string{wellKnown[own], wellKnown[told.clsid], told.progID, own, told.clsid, told.userType} {
		if s != "" && plainText(s) {
			return s
		}
	}
	return ""
}
