package oleparse

import (
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Properties of messages and attachments (MS-OXPROPS).
const (
	tagBody         = 0x1000 // PidTagBody
	tagRTF          = 0x1009 // PidTagRtfCompressed
	tagDisplayName  = 0x3001 // PidTagDisplayName
	tagData         = 0x3701 // PidTagAttachDataBinary, PidTagAttachDataObject
	tagExtension    = 0x3703 // PidTagAttachExtension
	tagShortName    = 0x3704 // PidTagAttachFilename
	tagLongName     = 0x3707 // PidTagAttachLongFilename
	tagInternetPage = 0x3FDE // PidTagInternetCodepage
	tagLocale       = 0x3FF1 // PidTagMessageLocaleId
	tagPage         = 0x3FFD // PidTagMessageCodepage
)

// Types of properties (MS-OXCDATA 2.11.1).
const (
	typeInteger = 0x0003
	typeObject  = 0x000D
	typeString8 = 0x001E
	typeString  = 0x001F
	typeBinary  = 0x0102
)

const (
	propertiesName = "__PROPERTIES_VERSION1.0" // MS-OXMSG 2.4
	attachPrefix   = "__ATTACH_VERSION1.0_#"   // MS-OXMSG 2.2.2
	namesStorage   = "__nameid_version1.0"     // MS-OXMSG 2.2.3
)

// readMessages reads the message with its attachments (MS-OXMSG 2.1), and the messages attached to it, which are storages of the same file.
func (c *compound) readMessages() {
	if c.r.inPackage || len(c.entries) == 0 {
		return
	}
	if _, ok := c.streams(c.root)[propertiesName]; !ok {
		return
	}
	for _, id := range c.order {
		e := &c.entries[id]
		if e.kind == typeStream {
			continue
		}
		streams := c.streams(id)
		if strings.HasPrefix(strings.ToUpper(e.name), attachPrefix) {
			c.readAttachment(id, streams)
		} else if _, ok := streams[propertiesName]; ok {
			c.readMessage(id, streams)
		}
	}
}

// substg is the stream of a property (MS-OXMSG 2.2.1.1), in upper case.
func substg(tag, typ int) string { return fmt.Sprintf("__SUBSTG1.0_%04X%04X", tag, typ) }

// readMessage hands on a message's text, and its RTF, which may hold objects. HTML has neither: Outlook runs no scripts.
func (c *compound) readMessage(id int, streams map[string]int) {
	if strings.HasPrefix(strings.ToUpper(c.entries[id].name), "__RECIP") {
		return
	}
	page := c.messagePage(id)
	if text := c.property(streams, tagBody, page, textMax); text != "" {
		c.r.text(text)
	}
	if s, ok := streams[substg(tagRTF, typeBinary)]; ok {
		c.addFile(c.path(s), "", func() (io.Reader, error) { return newLZFu(c.open(s, 0)), nil })
	}
	c.readReminder(id, streams, page)
}

// readAttachment hands out an attachment's data. An attached message or object is a storage, which is read where it lies.
func (c *compound) readAttachment(id int, streams map[string]int) {
	data, ok := streams[substg(tagData, typeBinary)]
	if !ok {
		return
	}
	c.addFile(c.path(id), c.attachmentName(id, streams), c.from(data, 0, c.entries[data].size))
}

// nameMax bounds a property that is a name.
const nameMax = 2 << 10

// attachmentName is the name that Outlook saves an attachment under.
func (c *compound) attachmentName(id int, streams map[string]int) string {
	page := c.messagePage(c.entries[id].parent)
	for _, tag := range [...]int{tagLongName, tagShortName, tagDisplayName} {
		if name := baseName(c.property(streams, tag, page, nameMax)); name != "" {
			return name
		}
	}
	return "attachment" + c.property(streams, tagExtension, page, nameMax)
}

// property is the text of a property, in UTF-16 or in the message's code page.
func (c *compound) property(streams map[string]int, tag, page int, most int64) string {
	if id, ok := streams[substg(tag, typeString)]; ok {
		b := c.head(id, make([]byte, min(c.entries[id].size, most)))
		return strings.TrimRight(utf16String(b), "\x00")
	}
	if id, ok := streams[substg(tag, typeString8)]; ok {
		b := c.head(id, make([]byte, min(c.entries[id].size, most)))
		return strings.TrimRight(decodeText(page, b), "\x00")
	}
	return ""
}

// messagePage is the code page of a message's strings (MS-OXMSG 2.1.3.2 leaves it to the message's properties).
func (c *compound) messagePage(id int) int {
	if id == noParent {
		return westEuropean
	}
	numbers := c.numbers(id)
	for _, page := range [...]int{numbers[tagPage], lidPage(numbers[tagLocale]), numbers[tagInternetPage]} {
		if _, known := codePage(page); known && page != utf16Page {
			return page
		}
	}
	return westEuropean
}

// propertiesMax bounds a property stream: a message has some hundreds of properties, of 16 bytes each.
const propertiesMax = 64 << 10

// numbers reads the integers among a message's properties (MS-OXMSG 2.4.1, 2.4.2): a header of 32 bytes, 24 in an attached message, then one entry a
// property.
func (c *compound) numbers(id int) map[int]int {
	at, ok := c.streams(id)[propertiesName]
	if !ok {
		return nil
	}
	b := c.head(at, make([]byte, min(c.entries[at].size, propertiesMax)))
	head := 32
	if id != c.root {
		head = 24
	}
	list := make(map[int]int)
	for ; head+16 <= len(b); head += 16 {
		if binary.LittleEndian.Uint16(b[head:]) == typeInteger {
			list[int(binary.LittleEndian.Uint16(b[head+2:]))] = int(int32(binary.LittleEndian.Uint32(b[head+8:])))
		}
	}
	return list
}

// lidReminderFile is PidLidReminderFileParameter (MS-OXPROPS): a sound that Outlook fetches by itself when the reminder is due
// (CVE-2023-23397).
const lidReminderFile = 0x851F

// readReminder adds the sound of a reminder that lies on another machine.
func (c *compound) readReminder(id int, streams map[string]int, page int) {
	tag := c.namedTag(lidReminderFile)
	if tag == 0 {
		return
	}
	if target := clean(c.property(streams, tag, page, nameMax)); isRemote(target) {
		c.addLink(Link{Path: c.path(id), Type: LinkOther, Target: target, Remote: true})
	}
}

// namedTag is the identifier that this file gives to a property with a number for its name (MS-OXMSG 2.2.3.1.2), 0 where it has none.
func (c *compound) namedTag(name uint32) int {
	names := c.find(c.root, typeStorage, namesStorage)
	if names < 0 {
		return 0
	}
	id := c.find(names, typeStream, "__substg1.0_00030102")
	if id < 0 {
		return 0
	}
	b := c.head(id, make([]byte, min(c.entries[id].size, propertiesMax)))
	for ; len(b) >= 8; b = b[8:] {
		if kind := binary.LittleEndian.Uint16(b[4:]); kind&1 == 0 && binary.LittleEndian.Uint32(b) == name {
			return 0x8000 + int(binary.LittleEndian.Uint16(b[6:]))
		}
	}
	return 0
}

// isMessage says whether a storage is a message attached to another.
func isMessage(streams map[string]int) bool {
	_, ok := streams[propertiesName]
	return ok
}

// isAttachedObject says whether a storage is the data of an attachment (MS-OXMSG 2.2.2.2): an object, unless it is a message.
func isAttachedObject(name string) bool {
	hex, ok := strings.CutPrefix(strings.ToUpper(name), "__SUBSTG1.0_")
	v, err := strconv.ParseUint(hex, 16, 32)
	return ok && err == nil && v == tagData<<16|typeObject
}
