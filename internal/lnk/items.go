package lnk

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// items makes a path of an item list (2.2.1). What an item holds is the shell's own business; the layouts are those that forensic
// readers (libfwsi) have written down.
func (p *parser) items(b []byte) string {
	var path string
	for n := 0; len(b) >= 2; n++ {
		size := int(binary.LittleEndian.Uint16(b))
		if size < 3 { // 2.2.1, TerminalID
			break
		}
		if n >= itemsMax {
			p.problem("more than %d items", itemsMax)
			break
		}
		path = join(path, p.item(part(b, 0, size)))
		b = b[min(size, len(b)):]
	}
	return path
}

// join puts one more step behind a path. A drive and a share begin anew.
func join(path, step string) string {
	switch {
	case step == "":
		return path
	case path == "", strings.HasPrefix(step, `\\`), len(step) >= 2 && step[1] == ':' && step[0] != ':':
		return step
	case strings.HasSuffix(path, `\`):
		return path + step
	}
	return path + `\` + step
}

// item is the step that one item adds, its size included.
func (p *parser) item(b []byte) string {
	if len(b) < 4 {
		return ""
	}
	switch kind := b[2]; {
	case kind == 0x1F: // a folder of the shell's root, by its class
		return folder(guid(part(b, 4, 20)))
	case kind == 0x2E: // a folder below the computer, by its class
		return folder(guid(part(b, 4, 20)))
	case kind&0x70 == 0x20: // a drive
		return p.o.Code(cutNUL(part(b, 3, 26)))
	case kind&0x70 == 0x30: // a folder or file
		return p.entry(b, kind&4 != 0)
	case kind&0x70 == 0x40 && kind != 0x46 && kind != 0x47: // a domain, server or share; the network as such adds nothing
		return p.o.Code(cutNUL(part(b, 5, len(b))))
	case kind == 0x61:
		return p.uri(b)
	case kind == 0x71: // a page of the control panel
		return folder(guid(part(b, 14, 30)))
	case kind == 0x74 && string(part(b, 6, 10)) == "CFSF": // a folder or file inside another item
		return p.entry(b[min(len(b), 10):], false)
	}
	return ""
}

// entry is the name of a folder or file: that of its extension block, else the one of DOS.
func (p *parser) entry(b []byte, wide bool) string {
	if s := longName(b); s != "" {
		return s
	}
	if b = part(b, 14, len(b)); wide {
		return wideText(b)
	}
	return p.o.Code(cutNUL(b))
}

const entryExtension = 0xBEEF0004

// longName is the name in the extension block, whose place the item's last two bytes tell; where they do not, its signature does.
func longName(b []byte) string {
	for at := 14; at+18 <= len(b); at += 2 {
		if binary.LittleEndian.Uint32(b[at+4:]) != entryExtension {
			continue
		}
		from := at + 20
		version := binary.LittleEndian.Uint16(b[at+2:])
		if version < 3 {
			return ""
		}
		if version >= 7 {
			from += 18
		}
		if version >= 8 {
			from += 4
		}
		if version >= 9 {
			from += 4
		}
		return wideText(part(b, from, len(b)))
	}
	return ""
}

// uri is an address: flags, the size of data in between, then the text.
func (p *parser) uri(b []byte) string {
	if len(b) < 8 {
		return ""
	}
	wide := b[3]&0x80 != 0
	b = part(b, 6+int(binary.LittleEndian.Uint16(b[4:])), len(b))
	if wide {
		return wideText(b)
	}
	return p.o.Code(cutNUL(b))
}

// guid prints a class identifier as Windows does, "" for one that is cut off.
func guid(b []byte) string {
	if len(b) < 16 {
		return ""
	}
	le := binary.LittleEndian
	return fmt.Sprintf("%08X-%04X-%04X-%X-%X", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:16])
}

// folder is a path for a class identifier: its name as far as it is known, else "::{…}".
func folder(id string) string {
	switch id {
	case "":
		return ""
	case "20D04FE0-3AEA-1069-A2D8-08002B30309D", "208D2C60-3AEA-1069-A2D7-08002B30309D", "F02C1A0D-BE21-4350-88B0-7367FC96EF3C":
		return "" // the computer and the network: what follows is a drive or a server
	case "450D8FBA-AD25-11D0-98A8-0800361B1103", "FDD39AD0-238F-46AF-ADB4-6C85480369C7", "A8CDFF1C-4878-43BE-B5FD-F8091C1C60D0",
		"D3162B92-9365-467A-956B-92703ACA08AF":
		return `%USERPROFILE%\Documents`
	case "B4BFCC3A-DB2C-424C-B029-7FE99A87C641", "00021400-0000-0000-C000-000000000046":
		return `%USERPROFILE%\Desktop`
	case "374DE290-123F-4565-9164-39C4925E467B", "088E3905-0323-4B02-9826-5D99428E115F":
		return `%USERPROFILE%\Downloads`
	case "5E6C858F-0E22-4760-9AFE-EA3317B67173", "59031A47-3F72-44A7-89C5-5595FE6B30EE":
		return "%USERPROFILE%"
	case "F1B32785-6FBA-4FCF-9D55-7B8E7F157091":
		return "%LOCALAPPDATA%"
	case "3EB685DB-65F9-4CF6-A03A-E3EF65729F3D":
		return "%APPDATA%"
	case "905E63B6-C1BF-494E-B29C-65B732D3D21A", "6D809377-6AF0-444B-8957-A3773F02200E":
		return "%ProgramFiles%"
	case "7C5A40EF-A0FB-4BFC-874A-C0F2E0B9FA8E":
		return "%ProgramFiles(x86)%"
	case "F38BF404-1D43-42F2-9305-67DE0B28FC23":
		return "%SystemRoot%"
	case "1AC14E77-02E7-4E5D-B744-2EB1AE5198B7":
		return `%SystemRoot%\System32`
	case "D65231B0-B2F1-4857-A4CE-A8E7C6EA7D27":
		return `%SystemRoot%\SysWOW64`
	}
	return "::{" + id + "}"
}

// specialFolder names the folders of 2.5.9 (CSIDL) in which programs lie.
func specialFolder(id uint32) string {
	switch id {
	case 0x00, 0x10:
		return `%USERPROFILE%\Desktop`
	case 0x05:
		return `%USERPROFILE%\Documents`
	case 0x1A:
		return "%APPDATA%"
	case 0x1C:
		return "%LOCALAPPDATA%"
	case 0x24:
		return "%SystemRoot%"
	case 0x25:
		return `%SystemRoot%\System32`
	case 0x26:
		return "%ProgramFiles%"
	case 0x29:
		return `%SystemRoot%\SysWOW64`
	case 0x2A:
		return "%ProgramFiles(x86)%"
	case 0x28:
		return "%USERPROFILE%"
	}
	return ""
}
