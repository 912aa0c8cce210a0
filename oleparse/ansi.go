package oleparse

// propertiesHead is enough of a property set for the table of its first section and the code page near its start.
const propertiesHead = 4 << 10

// ansi is the code page of names that are not in UTF-16: the one that the document's properties are in, else western European.
func (c *compound) ansi() int {
	if c.page != 0 {
		return c.page
	}
	c.page = westEuropean
	if len(c.entries) == 0 {
		return c.page
	}
	streams := c.streams(c.root)
	for _, name := range [...]string{"\x05SUMMARYINFORMATION", "\x05DOCUMENTSUMMARYINFORMATION"} {
		if id, ok := streams[name]; ok {
			if page := propertiesPage(c.head(id, make([]byte, min(c.entries[id].size, propertiesHead)))); page != 0 {
				c.page = page
				break
			}
		}
	}
	return c.page
}

// propertiesPage is the CodePage property of a property set (MS-OLEPS 2.18.2, 2.21), 0 where it has none that names of files are in.
func propertiesPage(b []byte) int {
	head := cursor{b: b}
	head.take(44) // ByteOrder to FMTID0
	start := int64(head.u32())
	set := cursor{b: b}
	set.take(start)
	set.u32() // Size
	n := set.u32()
	for range min(n, uint32(len(b)/8)) {
		id, at := set.u32(), set.u32()
		if id != 1 { // CODEPAGE_PROPERTY_IDENTIFIER
			continue
		}
		value := cursor{b: b}
		value.take(start + int64(at))
		value.u32() // VT_I2
		page := int(value.u16())
		if _, known := codePage(page); value.bad || !known || page == utf16Page {
			return 0
		}
		return page
	}
	return 0
}

const utf16Page = 1200
