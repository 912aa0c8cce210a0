package oleparse

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

// Every module's source begins with Attribute VB_Name (MS-OVBA 2.3.4.3). In a container the signature byte and a chunk header stand before it, and
// in a compressed chunk a flag byte: nothing can be copied yet, so that the first eight characters are literals.
var attribut = []byte("Attribut")

// carve decompresses the source whose first characters are at an offset; open gives the bytes from an offset on. It is nil where there is none.
func (c *compound) carve(at int64, open func(from int64) io.Reader) ([]byte, error) {
	for _, before := range [...]int64{4, 3} {
		if at < before {
			continue
		}
		if start, _ := decompress(open(at-before), int64(len(attribut))); bytes.HasPrefix(start, attribut) {
			return c.source(open(at - before))
		}
	}
	return nil, errContainer
}

// search calls hit with each offset of pattern in r, in order, until it returns false.
func search(r io.Reader, pattern []byte, hit func(at int64) bool) error {
	buf := make([]byte, 2*window)
	var base int64
	have := 0
	for {
		n, err := io.ReadFull(r, buf[have:])
		have += n
		done := 0
		for {
			i := bytes.Index(buf[done:have], pattern)
			if i < 0 {
				break
			}
			if !hit(base + int64(done+i)) {
				return nil
			}
			done += i + 1
		}
		if err != nil {
			if err == io.ErrUnexpectedEOF {
				err = io.EOF
			}
			return err
		}
		keep := len(pattern) - 1
		copy(buf, buf[have-keep:have])
		base += int64(have - keep)
		have = keep
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

// carveStream reads every compressed source it finds in a stream and returns how many.
func (c *compound) carveStream(project, id int) (found int) {
	_ = search(c.open(id, 0), attribut, func(at int64) bool { // a stream that ends early was searched as far as it goes
		src, err := c.carve(at, func(from int64) io.Reader { return c.open(id, from) })
		if errors.Is(err, errContainer) {
			return true
		}
		if !c.takeModule(c.path(id)) {
			return false
		}
		if err != nil {
			c.note(true, c.path(id), "source: %v after %d bytes", err, len(src))
		}
		found++
		c.keep(project, moduleName(c.r.doc.Projects[project].CodePage, src), c.path(id), src)
		return true
	})
	return found
}

// carveFile looks for sources anywhere in a file whose directory cannot be trusted to be whole, and keeps those no project has.
func (c *compound) carveFile() {
	have := make(map[string]bool)
	for i := range c.r.doc.Projects {
		for j := range c.r.doc.Projects[i].Modules {
			have[c.r.doc.Projects[i].Modules[j].Source] = true
		}
	}
	project, page := -1, 0
	if n := len(c.r.doc.Projects); n > 0 {
		page = c.r.doc.Projects[n-1].CodePage
	}
	_ = search(io.NewSectionReader(c.src, 0, c.src.size), attribut, func(at int64) bool {
		src := c.carveAt(at)
		text := decodeSource(page, src)
		if text == "" || have[text] {
			return true
		}
		have[text] = true
		if project < 0 {
			project = len(c.r.doc.Projects)
			c.r.doc.Projects = append(c.r.doc.Projects, Project{Path: c.prefix, CodePage: page})
		}
		if c.takeModule(c.join("(lost)")) {
			c.keep(project, moduleName(page, src), c.join("(lost)"), src)
			return true
		}
		return false
	})
}

// carveAt decompresses a source at an offset of the file: straight on, or along the chain its sector belongs to where that gives more.
func (c *compound) carveAt(at int64) []byte {
	straight, err := c.carve(at, func(from int64) io.Reader { return io.NewSectionReader(c.src, from, c.src.size-from) })
	if err == nil {
		return straight
	}
	chained, _ := c.carve(at, func(from int64) io.Reader {
		sect := from>>c.h.shift - 1
		if sect < 0 {
			return bytes.NewReader(nil)
		}
		return &chain{c: c, unit: c.sector, cur: uint32(sect), off: from & (c.sector - 1), left: c.src.size}
	})
	if len(chained) > len(straight) {
		return chained
	}
	return straight
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
