package oleparse

import "strings"

// endField works a field out and notes what it does.
func (w *wordText) endField() {
	f, ok := w.fields.end()
	if !ok || len(f.args) == 0 {
		return
	}
	switch f.verb {
	case "DDE", "DDEAUTO": // ECMA-376-1 17.16.5 has both no more; Word still does
		w.c.addCommand(w.path, strings.Join(f.args, " "))
	case "INCLUDETEXT", "INCLUDEPICTURE", "IMPORT", "INCLUDE", "RD":
		w.link(LinkOther, f.args[0])
	case "MACROBUTTON":
		w.c.addCallback(f.args[0])
	case "LINK":
		if len(f.args) > 1 {
			w.link(LinkOLE, f.args[1])
		}
	}
}

func (w *wordText) link(t LinkType, target string) {
	w.c.addLink(Link{Path: w.path, Type: t, Target: target, Remote: isRemote(target)})
}

func (c *compound) addCommand(path, text string) {
	if len(c.r.doc.DDE) < commandsMax {
		c.r.doc.DDE = append(c.r.doc.DDE, Command{Path: path, Text: text})
	}
}

// addCallback notes a procedure that a click starts: "Project.Module.Procedure", "Show.ppt!Procedure".
func (c *compound) addCallback(name string) {
	name = name[strings.LastIndexByte(name, '!')+1:]
	if doc := c.r.doc; name != "" && len(doc.Callbacks) < callbacksMax {
		doc.Callbacks = append(doc.Callbacks, name)
	}
}

// assocMax bounds SttbfAssoc: eighteen strings of at most 255 characters.
const assocMax = 16 << 10

// Places of paths in SttbfAssoc (MS-DOC 2.9.276).
const (
	assocTemplate = 0x01
	assocData     = 0x08 // of a mail merge
	assocHeader   = 0x09
)

// readAssociated notes the template and the sources of a mail merge that lie on another machine; others are there or Word does without.
func (c *compound) readAssociated(id, table int, f *fib) {
	b := c.readSpan(table, f.assoc, assocMax)
	for _, a := range [...]struct {
		at  int
		typ LinkType
	}{{assocTemplate, LinkTemplate}, {assocData, LinkOther}, {assocHeader, LinkOther}} {
		if target := clean(sttbString(b, a.at, f)); isRemote(target) {
			c.addLink(Link{Path: c.path(id), Type: a.typ, Target: target, Remote: true})
		}
	}
}

// sttbString is a string of an STTB (MS-DOC 2.2.4): 0xFFFF, number of strings, size of extra data, then each with its length before it. That of
// Word 6 has its size, then strings with a length of one byte.
func sttbString(b []byte, i int, f *fib) string {
	c := cursor{b: b}
	extended := c.u16() == 0xFFFF && !f.old
	extra := int64(0)
	if extended {
		c.u16()
		extra = int64(c.u16())
	}
	for ; ; i-- {
		var s []byte
		if extended {
			s = c.take(2 * int64(c.u16()))
		} else {
			s = c.take(int64(c.u8()))
		}
		switch {
		case c.bad:
			return ""
		case i > 0:
			c.take(extra)
		case extended:
			return utf16String(s)
		default:
			return decodeText(f.page, s)
		}
	}
}
