package oleparse

import "io"

// compound is one compound file.
type compound struct {
	r       *reading
	src     *source
	prefix  string // path of the file itself, "" for the document
	nest    int    // how many compound files it lies in
	h       header
	sector  int64
	sectors int64
	fat     []uint32
	minifat []uint32
	mini    []uint32 // sectors of the mini stream
	entries []entry
	root    int
	order   []int // entries of the tree in order
	way     way
	faults  int
	damaged bool                               // the directory is not whole: look for lost modules
	views   map[int]func(from int64) io.Reader // plain views of encrypted streams
	show    []persist                          // objects of an encrypted presentation that was opened
	showID  int                                // its stream
	page    int                                // of names outside UTF-16, 0 before it was looked for
}

// fault notes damage that hides nothing from us.
func (c *compound) fault(where, format string, args ...any) { c.note(false, where, format, args...) }

// broken notes damage, or a limit, behind which there may be more.
func (c *compound) broken(where, format string, args ...any) {
	c.damaged = true
	c.note(true, where, format, args...)
}

func (c *compound) note(unread bool, where, format string, args ...any) {
	c.faults++
	if c.prefix != "" {
		where = c.prefix + "/" + where
	}
	c.r.problem(unread, where, format, args...)
}

// compound reads the compound file in ra with all its projects. What it finds goes to the document.
func (r *reading) compound(ra io.ReaderAt, size int64, prefix string, nest int) *compound {
	c := &compound{r: r, src: newSource(r.ctx, ra, size), prefix: prefix, nest: nest}
	c.src.spare = &r.spare
	if c.readHeader() {
		c.readFAT()
		if c.readDirectory() {
			c.layOut()
			c.readMiniFAT()
		}
		c.list()
		c.readEncryption()
		c.readProjects()
		c.readWorkbooks()
		c.readPowerPoint()
		c.readObjects()
		c.readMessages()
		c.readWord()
		c.readSlides()
	}
	if c.src.spent {
		c.broken("file", "sectors are read more than %d times", readsPerByte)
	}
	r.fail(c.src.err)
	return c
}

// streamsMax bounds the bytes of all stream paths: long names in deep storages multiply.
const streamsMax = 4 << 20

// list puts the streams' paths into the document.
func (c *compound) list() {
	total := 0
	for _, id := range c.order {
		if c.entries[id].kind != typeStream {
			continue
		}
		p := c.path(id)
		if total += len(p); total > streamsMax {
			c.fault("directory", "paths of more than %d bytes", streamsMax)
			return
		}
		c.r.doc.Streams = append(c.r.doc.Streams, p)
	}
}
