package archive

// files is the part "FilesInfo".
func (c *sevenCursor) files() []sevenEntry {
	n := c.count(maxFiles)
	list := make([]sevenEntry, n)
	for range maxAttrs {
		id := c.byte()
		if c.bad || id == sevenEnd {
			return list
		}
		p := &sevenCursor{cursor: cursor{b: c.bytes(c.number())}}
		p.property(id, list)
		if p.bad {
			c.fail(errHeader)
		}
		if p.err != nil {
			c.err = p.err
		}
	}
	c.fail(errHeader)
	return list
}

// property reads one property of all files (7zFormat.txt, "FilesInfo"): kEmptyStream, kEmptyFile, kAnti, kNames, kAttributes. Times nobody asks for.
func (c *sevenCursor) property(id byte, list []sevenEntry) {
	switch id {
	case sevenEmptyStream:
		for i, v := range c.bits(len(list)) {
			list[i].empty = v
		}
	case sevenEmptyFile:
		c.ofEmpty(list, func(e *sevenEntry) *bool { return &e.file })
	case sevenAnti:
		c.ofEmpty(list, func(e *sevenEntry) *bool { return &e.anti })
	case sevenNames:
		c.inside()
		for i := range list {
			list[i].name = c.name()
		}
	case sevenAttributes:
		defined := c.defined(len(list))
		c.inside()
		for i, has := range defined {
			if has {
				list[i].attrs = c.uint32()
			}
		}
	}
}

// inside reads the byte that says whether the values follow.
func (c *sevenCursor) inside() {
	if c.byte() != 0 {
		c.fail(errExternal)
	}
}

// ofEmpty reads a BitField of the entries without a stream.
func (c *sevenCursor) ofEmpty(list []sevenEntry, field func(*sevenEntry) *bool) {
	n := 0
	for i := range list {
		if list[i].empty {
			n++
		}
	}
	values := c.bits(n)
	for i := range list {
		if e := &list[i]; e.empty {
			*field(e), values = values[0], values[1:]
		}
	}
}

// place gives each file with a stream its folder and place there. ok is false where there are more files than streams.
func (h *sevenHeader) place() (ok bool) {
	folder, member := 0, 0
	var at uint64
	for i := range h.files {
		e := &h.files[i]
		if e.empty {
			continue
		}
		for folder < len(h.folders) && member == len(h.folders[folder].members) {
			folder, member, at = folder+1, 0, 0
		}
		if folder == len(h.folders) {
			return false
		}
		e.folder, e.offset, e.sevenSum = folder, at, h.folders[folder].members[member]
		at += e.size
		member++
	}
	return true
}
