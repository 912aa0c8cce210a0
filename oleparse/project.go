package oleparse

import (
	"errors"
	"io"
	"strings"
)

// readProjects reads every VBA project of the file, in whatever storage it lies (MS-OVBA 2.2.1).
func (c *compound) readProjects() {
	for _, id := range c.order {
		if c.entries[id].kind == typeStream {
			continue
		}
		if dir := c.find(id, typeStream, "dir"); dir >= 0 {
			c.readProject(id, dir)
		} else if c.isVBA(id) && c.find(id, typeStream, "_VBA_PROJECT") >= 0 {
			c.fault(c.path(id), "no dir stream")
			c.carveProject(c.project(id, dirStream{}), id, nil, true)
		}
	}
	if c.damaged {
		c.carveFile()
	}
}

// isVBA says whether a storage has the name of the one with dir and modules (MS-OVBA 2.2.2).
func (c *compound) isVBA(id int) bool { return strings.EqualFold(c.entries[id].name, "VBA") }

// readProject reads the project of the storage that holds dir.
func (c *compound) readProject(id, dir int) {
	data, err := decompress(c.open(dir, 0), c.r.dirs)
	c.r.dirs -= int64(len(data))
	if errors.Is(err, errLimit) {
		c.note(true, c.path(dir), "dir streams of more than %d bytes", dirsMax)
	}
	if !isDir(data) {
		if c.isVBA(id) {
			c.fault(c.path(dir), "not a dir stream: %q", data[:min(len(data), 8)])
			c.carveProject(c.project(id, dirStream{}), id, nil, true)
		}
		return
	}
	d := parseDir(data, c.r.o.Modules)
	p := c.project(id, d)
	k := c.readCaches(id, &d)
	streams := c.streams(id)
	claimed := map[int]bool{dir: true}
	for i := range d.modules {
		if !c.readModule(p, &d.modules[i], streams, claimed, k) {
			break
		}
	}
	damaged := true
	switch {
	case err != nil:
		c.fault(c.path(dir), "%v", err)
	case !d.ended:
		c.fault(c.path(dir), "records end before the terminator")
	case len(d.modules) < d.count:
		c.fault(c.path(dir), "%d of %d modules", len(d.modules), d.count)
	default:
		damaged = false
	}
	c.carveProject(p, id, claimed, damaged)
	c.readAround(p, id, &d)
}

// readAround reads what stands beside the VBA storage and what dir says about the project as a whole.
func (c *compound) readAround(project, storage int, d *dirStream) {
	p := &c.r.doc.Projects[project]
	for _, libid := range d.libids {
		ref := decodeText(p.CodePage, libid)
		p.References = append(p.References, ref)
		if target, ok := projectOf(ref); ok && isRemote(target) {
			c.addLink(Link{Path: p.Path, Type: LinkOther, Target: target, Remote: true})
		}
	}
	if outer := c.entries[storage].parent; outer != noParent {
		storage = outer
	}
	p.Forms = c.readForms(storage, p.CodePage)
	if t, ok := c.readProjectText(storage, p.CodePage); ok {
		t.tell(p)
		t.compareModules(p)
	}
}

// projectOf is the path of the other project that a reference names (MS-OVBA 2.1.1.12, ProjectReference); its code is loaded with this one.
func projectOf(libid string) (path string, ok bool) {
	const prefix = `*\A` // the letter says whose path it is: A to D
	if len(libid) <= len(prefix) || libid[:2] != prefix[:2] || libid[2] < 'A' || libid[2] > 'D' {
		return "", false
	}
	return libid[len(prefix):], true
}

// project appends a project to the document. Its path is that of the storage around VBA.
func (c *compound) project(id int, d dirStream) int {
	if c.isVBA(id) && c.entries[id].parent != noParent {
		id = c.entries[id].parent
	}
	doc := c.r.doc
	doc.Projects = append(doc.Projects, Project{Path: c.path(id), Name: decodeText(d.codePage, d.name), CodePage: d.codePage})
	if _, known := codePage(d.codePage); !known && d.codePage != 0 {
		c.note(false, c.path(id), "code page %d is read as %d", d.codePage, westEuropean)
	}
	return len(doc.Projects) - 1
}

// streams maps the names of a storage's streams, folded, to their entries; the first of a name wins.
func (c *compound) streams(storage int) map[string]int {
	if m := c.entries[storage].streams; m != nil {
		return m
	}
	m := make(map[string]int)
	c.entries[storage].streams = m
	for _, id := range c.entries[storage].kids {
		name := strings.ToUpper(c.entries[id].name) // MS-CFB 2.6.4 compares upper case
		if _, have := m[name]; !have && c.entries[id].kind == typeStream {
			m[name] = id
		}
	}
	return m
}

// readModule reads one module that dir names. It is false when no more may be read.
func (c *compound) readModule(project int, m *dirModule, streams map[string]int, claimed map[int]bool, k *caches) bool {
	if !c.takeModule(c.r.doc.Projects[project].Path) {
		return false
	}
	page := c.r.doc.Projects[project].CodePage
	name := m.nameUni
	if name == "" {
		name = decodeText(page, m.name)
	}
	id, ok := -1, false
	for _, s := range []string{m.streamUni, decodeText(page, m.stream), name} {
		if id, ok = streams[strings.ToUpper(s)]; ok {
			break
		}
	}
	if !ok {
		c.broken(c.r.doc.Projects[project].Path, "module %q has no stream", name)
		return true
	}
	claimed[id] = true
	src, err := c.source(c.open(id, max(0, m.offset)))
	if m.offset < 0 || errors.Is(err, errContainer) {
		c.fault(c.path(id), "no compressed source at offset %d", m.offset)
		if c.carveStream(project, id) == 0 {
			c.note(true, c.path(id), "source not found")
			c.keepCompiled(project, name, k, id)
		}
		return true
	}
	if err != nil {
		c.note(true, c.path(id), "source: %v after %d bytes", err, len(src))
	}
	c.readCache(k, id, m.offset, c.keep(project, name, c.path(id), src), page)
	return true
}

// keepCompiled adds a module that has no source left and only its p-code to tell of it.
func (c *compound) keepCompiled(project int, name string, k *caches, id int) {
	m := Module{Name: name, Stream: c.path(id)}
	p := &c.r.doc.Projects[project]
	if c.readCache(k, id, cacheMost, &m, p.CodePage); m.Stomped != "" {
		p.Modules = append(p.Modules, m)
	}
}

// source decompresses a module's source inside the limit of all sources.
func (c *compound) source(r io.Reader) ([]byte, error) {
	src, err := decompress(r, c.r.o.Source)
	c.r.o.Source -= int64(len(src))
	return src, err
}

// sourceLeft says whether any source may still be decompressed; else whatever is left goes unread.
func (c *compound) sourceLeft(where string) bool {
	if c.r.o.Source <= 0 {
		c.note(true, where, "more than the limit of source bytes")
	}
	return c.r.o.Source > 0
}

// takeModule counts a module; it is false when there were too many.
func (c *compound) takeModule(where string) bool {
	if c.r.o.Modules == 0 {
		c.note(true, where, "more modules than the limit")
		return false
	}
	c.r.o.Modules--
	return true
}

// keep adds a module with its decompressed source.
func (c *compound) keep(project int, name, stream string, src []byte) *Module {
	p := &c.r.doc.Projects[project]
	p.Modules = append(p.Modules, Module{Name: name, Stream: stream, Source: decodeSource(p.CodePage, src)})
	return &p.Modules[len(p.Modules)-1]
}
