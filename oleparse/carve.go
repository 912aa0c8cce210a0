package oleparse

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

// Every module's source begins with Attribute VB_Name (MS-OVBA 2.3.4.3). In a container the signature byte and a chunk header stand before it, and
// in a compressed chunk a flag byte: nothing can be copied yet, so that the first eight characters are literals.
var attribut = []byte("Attribut")

// containerBefore says how many bytes before its first characters a source's container begins, 0 where there is none: the signature, the chunk's header
// and, in a compressed chunk, flags that announce eight literals (MS-OVBA 2.4.1.1.1, 2.4.1.1.5, 2.4.1.1.7).
func containerBefore(lead []byte) int64 {
	n := len(lead)
	switch {
	case n >= 4 && lead[n-4] == containerByte && lead[n-2]&0x80 != 0 && lead[n-1] == 0:
		return 4
	case n >= 3 && lead[n-3] == containerByte && lead[n-1]&0x80 == 0:
		return 3
	}
	return 0
}

const (
	searchLead  = 4  // bytes before a hit that are shown
	searchAhead = 32 // bytes from it on that are shown, fewer only at the end
	searchRoom  = 64 << 10
)

// searches recycles the memory of searches; what hit is shown of it is valid during the call.
var searches = sync.Pool{New: func() any { return new([searchRoom]byte) }}

// search calls hit with each offset of pattern in r, in order, until it returns false; lead are the bytes before it, rest those from it on.
func search(r io.Reader, pattern []byte, hit func(at int64, lead, rest []byte) bool) error {
	room := searches.Get().(*[searchRoom]byte)
	defer searches.Put(room)
	buf := room[:]
	var base int64 // offset of buf
	have, done := 0, 0
	for {
		n, err := io.ReadFull(r, buf[have:])
		have += n
		last := have // where a hit may begin
		if err == nil {
			last = have - searchAhead
		}
		for done < last {
			i := bytes.Index(buf[done:min(have, last+len(pattern)-1)], pattern)
			if i < 0 {
				done = last
				break
			}
			at := done + i
			if !hit(base+int64(at), buf[max(0, at-searchLead):at], buf[at:have]) {
				return nil
			}
			done = at + 1
		}
		if err != nil {
			if err == io.ErrUnexpectedEOF {
				err = io.EOF
			}
			return err
		}
		from := done - searchLead
		copy(buf, buf[from:have])
		base += int64(from)
		have, done = have-from, searchLead
	}
}

// carveProject looks for sources in the streams of a VBA storage that dir does not claim. Where dir is damaged, a stream that yields none may
// be a module we could not read.
func (c *compound) carveProject(project, storage int, claimed map[int]bool, damaged bool) {
	for _, id := range c.entries[storage].kids {
		e := &c.entries[id]
		if e.kind != typeStream || claimed[id] || isSupport(e.name) {
			continue
		}
		switch found := c.carveStream(project, id); {
		case found > 0:
			c.fault(c.path(id), "source of a module that dir does not name")
		case damaged:
			c.note(true, c.path(id), "no source found, and dir is damaged")
		}
	}
}

// isSupport names the streams of a VBA storage that hold no module (MS-OVBA 2.2.2 to 2.2.6).
func isSupport(name string) bool {
	name = strings.ToUpper(name)
	return name == "DIR" || name == "_VBA_PROJECT" || strings.HasPrefix(name, "__SRP_")
}

// carveStream reads every compressed source it finds in a stream and returns how many. No byte belongs to two of them.
func (c *compound) carveStream(project, id int) (found int) {
	var next int64
	_ = search(c.open(id, 0), attribut, func(at int64, lead, _ []byte) bool { // a stream that ends early was searched as far as it goes
		before := containerBefore(lead)
		if before == 0 || at < next {
			return true
		}
		if !c.takeModule(c.path(id)) || !c.sourceLeft(c.path(id)) {
			return false
		}
		src, sound, err := c.carve(c.open(id, at-before))
		if next = at + sound; err != nil {
			c.note(true, c.path(id), "source: %v after %d bytes", err, len(src))
		}
		found++
		c.keep(project, moduleName(c.r.doc.Projects[project].CodePage, src), c.path(id), src)
		return true
	})
	return found
}

// carve decompresses a source up to its first fault, inside the limit of all sources.
func (c *compound) carve(r io.Reader) (src []byte, sound int64, err error) {
	src, sound, err = unpack(r, c.r.o.Source, true)
	c.r.o.Source -= int64(len(src))
	return src, sound, err
}

// carveFile looks for sources anywhere in a file whose directory cannot be trusted to be whole, and keeps those no project has.
func (c *compound) carveFile() {
	have := make(map[string]bool)
	for i := range c.r.doc.Projects {
		for j := range c.r.doc.Projects[i].Modules {
			have[c.r.doc.Projects[i].Modules[j].Source] = true
		}
	}
	l := &lost{c: c, have: have, project: -1}
	if n := len(c.r.doc.Projects); n > 0 {
		l.page = c.r.doc.Projects[n-1].CodePage
	}
	_ = search(io.NewSectionReader(c.src, 0, c.src.size), attribut, l.hit) // what cannot be read is known by its source
}

// lost collects the sources that no project has.
type lost struct {
	c       *compound
	have    map[string]bool
	project int // -1 before the first
	page    int // code page of the last project that was read
	next    int64
}

func (l *lost) hit(at int64, lead, _ []byte) bool {
	c := l.c
	before := containerBefore(lead)
	if before == 0 || at < l.next {
		return true
	}
	if !c.sourceLeft(c.join("(lost)")) {
		return false
	}
	src, sound := c.carveAt(at - before)
	l.next = at + sound
	text := decodeSource(l.page, src)
	if text == "" || l.have[text] {
		return true
	}
	l.have[text] = true
	if !c.takeModule(c.join("(lost)")) {
		return false
	}
	if l.project < 0 {
		l.project = len(c.r.doc.Projects)
		c.r.doc.Projects = append(c.r.doc.Projects, Project{Path: c.prefix, CodePage: l.page})
	}
	c.keep(l.project, moduleName(l.page, src), c.join("(lost)"), src)
	return true
}

// carveAt decompresses a source at an offset of the file: straight on, or along the chain its sector belongs to where that gives more.
func (c *compound) carveAt(at int64) (src []byte, sound int64) {
	src, sound, err := c.carve(io.NewSectionReader(c.src, at, c.src.size-at))
	sect := at>>c.h.shift - 1
	if err == nil || sect < 0 {
		return src, sound
	}
	chained, _, _ := c.carve(&chain{c: c, unit: c.sector, cur: uint32(sect), off: at & (c.sector - 1), left: c.src.size})
	if len(chained) > len(src) {
		return chained, sound
	}
	return src, sound
}

func (c *compound) join(name string) string {
	if c.prefix == "" {
		return name
	}
	return c.prefix + "/" + name
}

// moduleName is the value of Attribute VB_Name.
func moduleName(page int, src []byte) string {
	_, rest, ok := bytes.Cut(src[:min(len(src), 256)], []byte(`VB_Name = "`)) // a name has at most 31 characters
	if !ok {
		return ""
	}
	name, _, _ := bytes.Cut(rest, []byte(`"`))
	return decodeText(page, name)
}
