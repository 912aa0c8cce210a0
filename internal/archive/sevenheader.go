package archive

// sevenHeader is a 7z header (7zFormat.txt, "Header"), as 7-Zip's own reader (7zIn.cpp) takes it.
type sevenHeader struct {
	folders []sevenFolder
	files   []sevenEntry
	locked  bool // it was encrypted itself
}

// sevenFolder is packed streams and what makes one stream of them. Its members lie in that one behind the other.
type sevenFolder struct {
	coders  []sevenCoder
	binds   []sevenBind
	packed  []uint64 // the inputs that the packed streams feed
	at      uint64   // where they begin
	sizes   []uint64 // of the packed streams
	unpack  []uint64 // of the coders' outputs
	members []sevenSum
	sum     sevenSum
}

type sevenCoder struct {
	method     string
	properties []byte
	in         uint64 // it has one output: 7zIn.cpp takes no others
}

// sevenBind is a BindPair: an input and the output that feeds it.
type sevenBind struct{ in, out uint64 }

// sevenSum is a size and a CRC, where there is one.
type sevenSum struct {
	size uint64
	crc  uint32
	has  bool
}

// sevenEntry is a file, and its place in a folder's stream.
type sevenEntry struct {
	name   string
	attrs  uint32
	empty  bool // without a stream: a folder, or
	file   bool // a file of no bytes, or
	anti   bool // what is to be deleted
	folder int
	offset uint64
	sevenSum
}

// 7zFormat.txt, "Property IDs".
const (
	sevenEnd           = 0x00
	sevenIsHeader      = 0x01
	sevenProperties    = 0x02
	sevenAdditional    = 0x03
	sevenMain          = 0x04
	sevenFiles         = 0x05
	sevenPackInfo      = 0x06
	sevenUnpackInfo    = 0x07
	sevenSubStreams    = 0x08
	sevenSize          = 0x09
	sevenCRC           = 0x0A
	sevenFolders       = 0x0B
	sevenUnpackSizes   = 0x0C
	sevenNumStreams    = 0x0D
	sevenEmptyStream   = 0x0E
	sevenEmptyFile     = 0x0F
	sevenAnti          = 0x10
	sevenNames         = 0x11
	sevenAttributes    = 0x15
	sevenEncodedHeader = 0x17
)

const (
	maxCoders  = 32      // 7zIn.cpp k_NumCoders_MAX is 64; archivers write five at most
	maxStreams = 32      // k_NumCodersStreams_in_Folder_MAX is 64; BCJ2 has four inputs
	maxFiles   = 200_000 // twenty times the files that inspect looks at in a message
	maxAttrs   = 1_000   // properties of the archive or of the files; there are a dozen
)

var (
	errHeader   = &Error{Damaged, "7z: a header that makes no sense"}
	errExternal = &Error{Unsupported, "7z: parts of the header lie elsewhere"}
)

// parseSeven reads a header. An encoded one has one folder and no files.
func parseSeven(b []byte) (h *sevenHeader, encoded bool, err error) {
	c := &sevenCursor{cursor: cursor{b: b}}
	h = &sevenHeader{}
	switch c.byte() {
	case sevenIsHeader:
		c.header(h)
	case sevenEncodedHeader:
		encoded = true
		h.folders = c.streams()
		if len(h.folders) != 1 {
			c.fail(errHeader)
		}
	default:
		c.fail(errHeader)
	}
	if (c.bad || c.at < len(b)) && c.err == nil { // a rest says that another reader may see something else
		c.err = errHeader
	}
	return h, encoded, c.err
}

// header is ReadHeader of 7zIn.cpp.
func (c *sevenCursor) header(h *sevenHeader) {
	id := c.byte()
	if id == sevenProperties {
		c.attributes()
		id = c.byte()
	}
	if id == sevenAdditional {
		c.streams()
		id = c.byte()
	}
	if id == sevenMain {
		h.folders = c.streams()
		id = c.byte()
	}
	if id == sevenFiles && !c.bad {
		h.files = c.files()
		id = c.byte()
	}
	if id != sevenEnd {
		c.fail(errHeader)
	}
	if !c.bad && !h.place() {
		c.fail(errHeader)
	}
}

// attributes passes over "ArchiveProperties".
func (c *sevenCursor) attributes() {
	for range maxAttrs {
		if c.byte() == sevenEnd || c.bad {
			return
		}
		c.skipData()
	}
	c.fail(errHeader)
}

// streams is ReadStreamsInfo.
func (c *sevenCursor) streams() []sevenFolder {
	var at uint64
	var sizes []uint64
	var folders []sevenFolder
	id := c.byte()
	if id == sevenPackInfo {
		at, sizes = c.packInfo()
		id = c.byte()
	}
	if id == sevenUnpackInfo {
		folders = c.unpackInfo()
		id = c.byte()
	}
	for i := range folders {
		f := &folders[i]
		n := len(f.packed)
		if n > len(sizes) {
			c.fail(errHeader)
			return nil
		}
		f.at, f.sizes, sizes = at, sizes[:n], sizes[n:]
		for _, s := range f.sizes {
			at += s
		}
		f.members = []sevenSum{f.sum}
	}
	if id == sevenSubStreams {
		c.subStreams(folders)
		id = c.byte()
	}
	if id != sevenEnd {
		c.fail(errHeader)
	}
	return folders
}

// packInfo is ReadPackInfo. The packed streams' own checksums nobody looks at.
func (c *sevenCursor) packInfo() (at uint64, sizes []uint64) {
	at = sevenStart + min(c.number(), 1<<62)
	n := c.count(maxFiles)
	for range maxAttrs {
		switch id := c.byte(); {
		case c.bad || id == sevenEnd:
			return at, sizes
		case id == sevenSize:
			sizes = c.numbers(n)
		case id == sevenCRC:
			c.digests(pointers(make([]sevenSum, n)))
		default:
			c.skipData()
		}
	}
	c.fail(errHeader)
	return at, sizes
}

// numbers are n numbers, nil where they are not all there.
func (c *sevenCursor) numbers(n int) (list []uint64) {
	for range n {
		if list = append(list, c.number()); c.bad {
			return nil
		}
	}
	return list
}

// pointers are the places of checksums to be read.
func pointers(list []sevenSum) []*sevenSum {
	out := make([]*sevenSum, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}

// unpackInfo is ReadUnpackInfo.
func (c *sevenCursor) unpackInfo() (folders []sevenFolder) {
	c.want(sevenFolders)
	n := c.count(maxFiles)
	if c.byte() != 0 {
		c.fail(errExternal)
	}
	for range n {
		if folders = append(folders, c.folder()); c.bad {
			return nil
		}
	}
	c.want(sevenUnpackSizes)
	for i := range folders {
		f := &folders[i]
		f.unpack = c.numbers(len(f.coders))
		if out, ok := f.out(); ok && !c.bad {
			f.sum.size = f.unpack[out]
		}
	}
	for range maxAttrs {
		switch id := c.byte(); {
		case c.bad || id == sevenEnd:
			return folders
		case id == sevenCRC:
			var list []*sevenSum
			for i := range folders {
				list = append(list, &folders[i].sum)
			}
			c.digests(list)
		default:
			c.skipData()
		}
	}
	c.fail(errHeader)
	return folders
}

// folder is ReadFolder.
func (c *sevenCursor) folder() (f sevenFolder) {
	var inputs uint64
	for range c.count(maxCoders) {
		coder := c.coder()
		inputs += coder.in
		f.coders = append(f.coders, coder)
	}
	if c.bad || len(f.coders) == 0 || inputs > maxStreams || inputs < uint64(len(f.coders))-1 {
		c.fail(errHeader)
		return f
	}
	bound := map[uint64]bool{}
	for range len(f.coders) - 1 {
		b := sevenBind{c.number(), c.number()}
		if b.in >= inputs || b.out >= uint64(len(f.coders)) || bound[b.in] {
			c.fail(errHeader)
			return f
		}
		bound[b.in] = true
		f.binds = append(f.binds, b)
	}
	free := int(inputs) - len(f.binds)
	if free == 1 {
		for in := range inputs {
			if !bound[in] {
				f.packed = append(f.packed, in)
			}
		}
		return f
	}
	for _, in := range c.numbers(free) {
		if in >= inputs || bound[in] {
			c.fail(errHeader)
			return f
		}
		bound[in] = true
		f.packed = append(f.packed, in)
	}
	return f
}

// coder is a coder's method, properties and number of inputs.
func (c *sevenCursor) coder() (coder sevenCoder) {
	flags := c.byte()
	coder.method, coder.in = string(c.bytes(uint64(flags&15))), 1
	if flags&0x10 != 0 { // "Is Complex Coder"
		if coder.in = c.number(); c.number() != 1 || coder.in > maxStreams {
			c.fail(errHeader)
		}
	}
	if flags&0x20 != 0 { // "There Are Attributes"
		coder.properties = c.bytes(c.number())
	}
	if flags&0xC0 != 0 {
		c.fail(errHeader)
	}
	return coder
}

// subStreams is ReadSubStreamsInfo: how a folder's stream is divided among its files.
func (c *sevenCursor) subStreams(folders []sevenFolder) {
	id := c.byte()
	for n := 0; id != sevenNumStreams && id != sevenCRC && id != sevenSize && id != sevenEnd; n++ {
		if c.skipData(); c.bad || n > maxAttrs {
			c.fail(errHeader)
			return
		}
		id = c.byte()
	}
	if id == sevenNumStreams {
		total := 0
		for i := range folders {
			n := c.count(maxFiles)
			if total += n; c.bad || total > maxFiles {
				c.fail(errHeader)
				return
			}
			folders[i].divide(n)
		}
		id = c.byte()
	}
	if id == sevenSize {
		for i := range folders {
			c.memberSizes(&folders[i])
		}
		id = c.byte()
	}
	for n := 0; !c.bad && id != sevenEnd; n++ {
		if n == maxAttrs {
			c.fail(errHeader)
		}
		if id == sevenCRC {
			c.digests(unknown(folders))
		} else {
			c.skipData()
		}
		id = c.byte()
	}
}

// divide makes room for n members. A folder of one has that one's checksum.
func (f *sevenFolder) divide(n int) {
	if n != 1 {
		f.members = make([]sevenSum, n)
	}
}

// memberSizes reads the sizes of all members but the last, which has the rest.
func (c *sevenCursor) memberSizes(f *sevenFolder) {
	left := f.sum.size
	for i := range f.members {
		m := &f.members[i]
		if m.size = left; i < len(f.members)-1 {
			m.size = c.number()
		}
		if m.size > left {
			c.fail(errHeader)
		}
		left -= m.size
	}
}

// unknown are the members whose checksum is not their folder's.
func unknown(folders []sevenFolder) (list []*sevenSum) {
	for i := range folders {
		if f := &folders[i]; len(f.members) != 1 || !f.sum.has {
			list = append(list, pointers(f.members)...)
		}
	}
	return list
}
