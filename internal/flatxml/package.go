package flatxml

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"sekisho/internal/xmlscan"
)

const (
	partsMax    = 1<<16 - 1 // APPNOTE 4.4.22
	inheritsMax = 8 << 10   // bytes, written again into each part; thirty name spaces of Office are 3 KB, and Word declares one there
)

// Sink takes the parts of a package.
type Sink interface {
	// Part begins a part; what is written belongs to it until the next one begins.
	Part(name, contentType string) (io.Writer, error)
}

// Parts writes the parts of a Flat OPC document to the sink. cut says that there are more than the limit, or that a tag was too long. The error is the
// sink's or the reader's.
func Parts(r io.Reader, to Sink) (cut bool, err error) {
	p := &packager{x: xmlscan.New(r), to: to}
	for k := p.x.Next(); k != xmlscan.EOF; k = p.x.Next() {
		if k != xmlscan.Start {
			continue
		}
		if err := p.start(); err != nil {
			return p.cut, err
		}
		if p.cut {
			return true, nil
		}
	}
	return p.x.Cut(), p.x.Err()
}

// packager is on its way between the parts.
type packager struct {
	x          *xmlscan.Scanner
	to         Sink
	name, kind string
	n          int
	cut        bool
	declared   []declaration // by the elements around a part's content
}

// declaration is an attribute xmlns with where it stands.
type declaration struct {
	depth       int
	name, value string
}

// start takes an element outside the contents: package, part, xmlData, binaryData.
func (p *packager) start() error {
	depth := p.x.Depth()
	p.inherit(depth)
	switch name := string(p.x.Name()); {
	case name == "part":
		p.name, p.kind = string(p.x.Attr("name")), string(p.x.Attr("contentType"))
	case depth > 1 && name == "xmlData":
		w, err := p.begin()
		if err != nil || w == nil {
			return err
		}
		return p.markup(w, depth)
	case depth > 1 && name == "binaryData":
		w, err := p.begin()
		if err != nil || w == nil {
			return err
		}
		_, err = io.Copy(w, &decoder{text: &run{x: p.x}})
		return err
	}
	return nil
}

func (p *packager) begin() (io.Writer, error) {
	if p.n++; p.n > partsMax {
		p.cut = true
		return nil, nil
	}
	return p.to.Part(p.name, p.kind)
}

// inherit notes the declarations of the current tag and forgets those of elements that have ended.
func (p *packager) inherit(depth int) {
	for len(p.declared) > 0 && p.declared[len(p.declared)-1].depth >= depth {
		p.declared = p.declared[:len(p.declared)-1]
	}
	size := 0
	for _, d := range p.declared {
		size += len(d.name) + len(d.value)
	}
	for _, a := range p.x.Attrs() {
		name := qualified(a.Prefix, a.Name)
		if size += len(name) + len(a.Value); isDeclaration(a) && size <= inheritsMax {
			p.declared = append(p.declared, declaration{depth, name, string(a.Value)})
		}
	}
}

func isDeclaration(a xmlscan.Attr) bool {
	return string(a.Prefix) == "xmlns" || len(a.Prefix) == 0 && string(a.Name) == "xmlns"
}

func qualified(prefix, name []byte) string {
	if len(prefix) == 0 {
		return string(name)
	}
	return string(prefix) + ":" + string(name)
}

// markup writes the elements inside the current one as a document of their own. xmlscan has put its characters into UTF-8.
func (p *packager) markup(w io.Writer, depth int) error {
	b := bytes.NewBufferString(xmlHead)
	for k := p.x.Next(); k != xmlscan.EOF; k = p.x.Next() {
		switch k {
		case xmlscan.Start:
			p.tag(b, p.x.Depth() == depth+1)
		case xmlscan.Text:
			escape(b, p.x.Text(), "<>&\r")
		case xmlscan.End:
			if p.x.Depth() <= depth {
				_, err := w.Write(b.Bytes())
				return err
			}
			b.WriteString("</")
			tagName(b, p.x.Prefix(), p.x.Name())
			b.WriteByte('>')
		}
		if b.Len() >= flushAt {
			if _, err := w.Write(b.Bytes()); err != nil {
				return err
			}
			b.Reset()
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

const (
	xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	flushAt = 32 << 10
)

// tag writes the current start tag; a root gets the name spaces that are declared around it and not by itself.
func (p *packager) tag(b *bytes.Buffer, root bool) {
	b.WriteByte('<')
	tagName(b, p.x.Prefix(), p.x.Name())
	var seen map[string]bool
	if root {
		seen = make(map[string]bool, len(p.declared))
	}
	for _, a := range p.x.Attrs() {
		b.WriteByte(' ')
		tagName(b, a.Prefix, a.Name)
		quoted(b, a.Value)
		if root && isDeclaration(a) {
			seen[qualified(a.Prefix, a.Name)] = true
		}
	}
	for i := len(p.declared) - 1; i >= 0 && root; i-- { // the innermost counts
		if d := &p.declared[i]; !seen[d.name] {
			seen[d.name] = true
			attribute(b, d.name, d.value)
		}
	}
	b.WriteByte('>')
}

func tagName(b *bytes.Buffer, prefix, name []byte) {
	if len(prefix) > 0 {
		b.Write(prefix)
		b.WriteByte(':')
	}
	b.Write(name)
}

func attribute(b *bytes.Buffer, name, value string) {
	b.WriteByte(' ')
	b.WriteString(name)
	quoted(b, []byte(value))
}

// quoted writes what follows an attribute's name.
func quoted(b *bytes.Buffer, value []byte) {
	b.WriteString(`="`)
	escape(b, value, "<>&\"\r\n\t")
	b.WriteByte('"')
}

// escape writes characters, those of the set as references, so that a reader gets the same ones back (XML 2.4, 2.11, 3.3.3).
func escape(b *bytes.Buffer, text []byte, set string) {
	for len(text) > 0 {
		i := bytes.IndexAny(text, set)
		if i < 0 {
			b.Write(text)
			return
		}
		b.Write(text[:i])
		b.WriteString("&#")
		b.WriteString(strconv.Itoa(int(text[i])))
		b.WriteByte(';')
		text = text[i+1:]
	}
}

// ContentTypes is the content types stream (ECMA-376-2 7.2.3) of parts and their types, in pairs.
func ContentTypes(pairs []string) []byte {
	b := bytes.NewBufferString(xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">`)
	for i := 0; i+1 < len(pairs); i += 2 {
		b.WriteString("<Override")
		attribute(b, "PartName", "/"+strings.TrimLeft(pairs[i], "/"))
		attribute(b, "ContentType", pairs[i+1])
		b.WriteString("/>")
	}
	b.WriteString("</Types>")
	return b.Bytes()
}
