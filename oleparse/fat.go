package oleparse

import "encoding/binary"

// readFAT loads the FAT through the DIFAT (MS-CFB 2.3, 2.5). The counts in the header are compared, not believed: what the DIFAT names and the
// file holds is loaded, and never more sectors than a FAT for this file can have.
func (c *compound) readFAT() {
	per := int(c.sector / 4)
	most := int(c.sectors)/per + 1
	loaded := 0
	buf := make([]byte, c.sector)
	list := c.difat(most)
	c.fat = make([]uint32, 0, min(len(list), most)*per)
	for i, sect := range list {
		if i >= most {
			break
		}
		n := c.loadSector(buf, sect)
		if n == 0 {
			c.fault("FAT", "sector %#x of the FAT is not in the file", sect)
		} else {
			loaded++
		}
		c.fat = appendSectors(c.fat, buf[:n], per)
	}
	if loaded < int(min(c.h.numFAT, uint32(most))) { // Office keeps spare FAT sectors for a file that may grow
		c.fault("FAT", "%d sectors where the header counts %d", loaded, c.h.numFAT)
	}
}

// difat lists the FAT's sectors: those in the header, then those of the DIFAT chain, at most a little more than most.
func (c *compound) difat(most int) []uint32 {
	var list []uint32
	take := func(s uint32) { // free places between used ones keep the position of what follows
		if s < maxRegSect || len(list) < int(min(c.h.numFAT, uint32(most))) {
			list = append(list, s)
		}
	}
	for _, s := range c.h.difat {
		take(s)
	}
	buf := make([]byte, c.sector)
	next, sects := c.h.difatStart, uint32(0)
	for ; next < maxRegSect && len(list) <= most; sects++ {
		n := c.loadSector(buf, next)
		if n < len(buf) || int64(sects) >= c.sectors {
			c.fault("DIFAT", "chain breaks at sector %#x", next)
			break
		}
		for i := 0; i+8 <= n; i += 4 {
			take(binary.LittleEndian.Uint32(buf[i:]))
		}
		next = binary.LittleEndian.Uint32(buf[n-4:])
	}
	if sects != c.h.numDIFAT {
		c.fault("DIFAT", "%d sectors where the header counts %d", sects, c.h.numDIFAT)
	}
	for len(list) > 0 && list[len(list)-1] >= maxRegSect {
		list = list[:len(list)-1]
	}
	return list
}

// loadSector reads a regular sector; a last sector that is cut short is read as far as it goes.
func (c *compound) loadSector(buf []byte, sect uint32) int {
	at, ok := c.place(sect)
	if !ok {
		return 0
	}
	n, _ := c.src.ReadAt(buf, at)
	return n
}

// appendSectors appends the sector numbers in b, filled up to per with free ones where b is short.
func appendSectors(list []uint32, b []byte, per int) []uint32 {
	for i := 0; i < per; i++ {
		s := uint32(freeSect)
		if 4*i+4 <= len(b) {
			s = binary.LittleEndian.Uint32(b[4*i:])
		}
		list = append(list, s)
	}
	return list
}

// place is the file offset of a regular sector.
func (c *compound) place(sect uint32) (int64, bool) {
	if sect >= maxRegSect || int64(sect) >= c.sectors {
		return 0, false
	}
	return (int64(sect) + 1) << c.h.shift, true
}

// chain lists the sectors of a chain in the FAT (MS-CFB 2.3), most at the most. A cycle or a number outside the file ends it; whole says that
// it ended as it should.
func (c *compound) chain(start uint32, most int64) (list []uint32, whole bool) {
	seen := make([]uint64, c.sectors/64+1) // 1/4096 of the file
	for start != endOfChain && int64(len(list)) < most {
		if _, ok := c.place(start); !ok || c.src.charge(4) != nil {
			return list, false
		}
		if seen[start/64]&(1<<(start%64)) != 0 {
			return list, false
		}
		seen[start/64] |= 1 << (start % 64)
		list = append(list, start)
		start = c.next(start)
	}
	return list, true
}

func (c *compound) next(sect uint32) uint32 {
	if int(sect) < len(c.fat) {
		return c.fat[sect]
	}
	return freeSect
}

// readMiniFAT loads the mini FAT and the place of the mini stream's sectors (MS-CFB 2.4, 2.6.2).
func (c *compound) readMiniFAT() {
	list, whole := c.chain(c.h.miniStart, c.sectors)
	if none := c.h.miniStart >= maxRegSect; !whole && !(none && c.h.numMini == 0) {
		c.fault("mini FAT", "chain breaks after %d sectors", len(list))
	}
	if uint32(len(list)) != c.h.numMini {
		c.fault("mini FAT", "%d sectors where the header counts %d", len(list), c.h.numMini)
	}
	buf := make([]byte, c.sector)
	for _, s := range list {
		n := c.loadSector(buf, s)
		c.minifat = appendSectors(c.minifat, buf[:n], int(c.sector/4))
	}
	root := &c.entries[c.root]
	if len(list) == 0 && root.size == 0 {
		return
	}
	if c.mini, whole = c.chain(root.start, c.sectors); !whole {
		c.fault("mini stream", "chain breaks after %d sectors", len(c.mini))
	}
}
