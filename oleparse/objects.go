package oleparse

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// Streams of an object's storage, in upper case as streams() has them.
const (
	oleStream      = "\x01OLE"         // MS-OLEDS 2.3.3
	compObjStream  = "\x01COMPOBJ"     // MS-OLEDS 2.3.8
	nativeStream   = "\x01OLE10NATIVE" // MS-OLEDS 2.3.6
	objInfoStream  = "\x03OBJINFO"     // MS-DOC 2.1.4, ObjInfo Stream
	ocxNameStream  = "\x03OCXNAME"     // name of a control in Word
	ocxDataStream  = "\x03OCXDATA"     // its properties
	equationStream = "EQUATION NATIVE" // the equation editor's own format
	controlsStream = "CTLS"            // MS-XLS 2.1.7, Control Stream
	vbFrameStream  = "\x03VBFRAME"     // MS-OVBA 2.3.5
)

// objectsMax bounds Document.Objects: a large presentation or thesis has some hundreds of equations and charts.
const objectsMax = 4096

// filesMax bounds Document.Files: a message may have about 2,000 attachments.
const filesMax = 4096

// readObjects lists what is embedded in the file and what it links to. A file inside a package part is left to whoever inspects that part.
func (c *compound) readObjects() {
	if c.r.inPackage {
		return
	}
	for _, id := range c.order {
		if c.entries[id].kind == typeStream {
			continue
		}
		streams := c.streams(id)
		if c.isObject(id, streams) {
			c.readObjectStorage(id, streams)
		}
		if at, ok := streams[controlsStream]; ok && c.entries[at].size > 0 {
			c.addObject(Object{Path: c.path(at), Kind: ObjectControl})
		}
	}
}

// isObject says whether a storage is an object's: by the place where Word, Excel and Publisher put them, by what PowerPoint wrapped it in, or by
// the streams that OLE itself writes.
func (c *compound) isObject(id int, streams map[string]int) bool {
	if _, ok := streams[nativeStream]; ok {
		return true
	}
	e := &c.entries[id]
	if id == c.root {
		return c.isBareObject(streams)
	}
	parent := c.entries[e.parent].name
	if strings.EqualFold(parent, "ObjectPool") || isObjectName(e.name) { // MS-DOC 2.1.4
		return len(e.kids) > 0
	}
	if isMessage(streams) {
		return false
	}
	if isAttachedObject(e.name) {
		return true
	}
	if isForm(streams) || strings.EqualFold(parent, "Quill") { // Publisher's text has a class too
		return false
	}
	for _, s := range [...]string{oleStream, compObjStream, objInfoStream} {
		if _, ok := streams[s]; ok {
			return true
		}
	}
	return false
}

// isBareObject says whether the whole file is one object: a storage of a presentation that is no VBA project, or a storage saved by itself. A
// document that is opened as a file has OLE's streams too.
func (c *compound) isBareObject(streams map[string]int) bool {
	if c.nest > 0 {
		return len(c.entries[c.root].kids) > 0 && c.find(c.root, typeStorage, "VBA") < 0
	}
	if _, ok := streams[equationStream]; ok {
		return true
	}
	if _, ok := streams[oleStream]; !ok || c.kind() != "ole" {
		return false
	}
	for name := range streams {
		if !isObjectSupport(name) {
			return true
		}
	}
	return c.links(streams) != nil
}

// isObjectName knows the storages of a workbook's objects (MS-XLS 2.1.7.5 and Link Storage): MBD or LNK and eight hexadecimal digits.
func isObjectName(name string) bool {
	if len(name) != 11 || !strings.EqualFold(name[:3], "MBD") && !strings.EqualFold(name[:3], "LNK") {
		return false
	}
	return strings.Trim(strings.ToUpper(name[3:]), "0123456789ABCDEF") == ""
}

// isForm says whether a storage is a UserForm's, or that of a container on one (MS-OFORMS 2.1.1.1): code's business.
func isForm(streams map[string]int) bool {
	_, f := streams["F"]
	_, o := streams["O"]
	_, frame := streams[vbFrameStream]
	return f && o || frame
}

// isObjectSupport names the streams that are no file of their own: those of OLE, of the container, property sets and the parts of Office documents
// that are read where they lie.
func isObjectSupport(name string) bool {
	if name == "" || name[0] < ' ' {
		return true
	}
	switch name {
	case "WORDDOCUMENT", "0TABLE", "1TABLE", "DATA", "WORKBOOK", "BOOK", "POWERPOINT DOCUMENT", "CURRENT USER", "PICTURES", "VISIODOCUMENT",
		equationStream, controlsStream, "F", "O", "X", "PROJECT", "PROJECTWM":
		return true
	}
	return false
}

// readObjectStorage adds one object with the files in it.
func (c *compound) readObjectStorage(id int, streams map[string]int) {
	o := Object{Path: c.path(id), Kind: ObjectEmbedded, Class: c.class(id, streams)}
	if o.Path == "" {
		o.Path = "Root Entry"
	}
	if c.isControl(streams, o.Class) {
		o.Kind, o.Name = ObjectControl, c.controlName(streams)
		c.readControl(id, streams, o.Name)
	}
	o.Fault = c.equationFault(id, o.Class, streams)
	c.readNative(&o, streams)
	for i, target := range c.links(streams) {
		if i == 0 {
			o.Kind, o.Target = ObjectLinked, target
		}
		c.addLink(Link{Path: o.Path, Type: LinkOLE, Target: target, Remote: isRemote(target)})
	}
	c.addObject(o)
	if strings.HasPrefix(o.Class, "Shell.Explorer.") {
		c.readExplorer(id)
	}
	for _, kid := range c.entries[id].kids {
		e := &c.entries[kid]
		if e.kind == typeStream && e.size > 0 && !isObjectSupport(strings.ToUpper(e.name)) {
			c.addFile(c.path(kid), "", c.from(kid, 0, e.size))
		}
	}
}

// shellLink begins a shortcut (MS-SHLLINK 2.1).
var shellLink = []byte("\x4C\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46")

// readExplorer hands out the shortcut in the data of an embedded Explorer: a click on it runs what it points to.
func (c *compound) readExplorer(id int) {
	for _, kid := range c.entries[id].kids {
		e := &c.entries[kid]
		if e.kind != typeStream {
			continue
		}
		if at := int64(bytes.Index(c.head(kid, make([]byte, min(e.size, headLen))), shellLink)); at > 0 {
			c.addFile(c.path(kid), "", c.from(kid, at, e.size-at))
		}
	}
}

// isControl knows an ActiveX control by Word's streams for one, or by its class.
func (c *compound) isControl(streams map[string]int, class string) bool {
	_, name := streams[ocxNameStream]
	_, data := streams[ocxDataStream]
	if name || data || strings.HasPrefix(class, "Forms.") || controlClasses[class] {
		return true
	}
	const fOCX = 0x1000 // MS-DOC, ODTPersist1
	return c.objInfo(streams)&fOCX != 0
}

// controlName is the name by which Word's macros know a control; its events are procedures named after it.
func (c *compound) controlName(streams map[string]int) string {
	id, ok := streams[ocxNameStream]
	if !ok {
		return ""
	}
	name := clean(cutString(utf16String(c.head(id, make([]byte, min(c.entries[id].size, nameMax))))))
	if doc := c.r.doc; name != "" && len(doc.Controls) < callbacksMax {
		doc.Controls = append(doc.Controls, name)
	}
	return name
}

// objInfo is the ODTPersist1 of an object in Word, 0 without one.
func (c *compound) objInfo(streams map[string]int) uint16 {
	id, ok := streams[objInfoStream]
	if !ok {
		return 0
	}
	b := cursor{b: c.head(id, make([]byte, 2))}
	return b.u16()
}

func (c *compound) addObject(o Object) {
	if len(c.r.doc.Objects) >= objectsMax {
		return // they are counted, and their files are handed out
	}
	c.r.doc.Objects = append(c.r.doc.Objects, o)
}

// addLink notes a link. Where there is no room, one that leads to another machine takes the last place.
func (c *compound) addLink(l Link) {
	doc := c.r.doc
	if n := len(doc.Links); n < linksMax {
		doc.Links = append(doc.Links, l)
	} else if last := &doc.Links[n-1]; l.Remote && (!last.Remote || l.Type == LinkTemplate) {
		*last = l
	}
}

// addFile hands a file to the caller and reports whether there was room for it.
func (c *compound) addFile(path, name string, open func() (io.Reader, error)) bool {
	if len(c.r.doc.Files) >= filesMax {
		c.r.problem(true, path, "more than %d embedded files", filesMax)
		return false
	}
	c.r.doc.Files = append(c.r.doc.Files, File{Path: path, Name: name, Open: open})
	return true
}

// from opens size bytes of a stream from an offset, each time anew. It reads under the limits of the file that the stream lies in.
func (c *compound) from(id int, at, size int64) func() (io.Reader, error) {
	return func() (io.Reader, error) {
		if c.src.err != nil {
			return nil, fmt.Errorf("oleparse: %w", c.src.err)
		}
		return io.LimitReader(c.plain(id, at), size), nil
	}
}
