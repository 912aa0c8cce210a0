package tnef

import (
	"fmt"
	"slices"
)

// Levels of attributes (MS-OXTNEF 2.1.3.2).
const (
	levelMessage    = 1
	levelAttachment = 2
)

// Identifiers of attributes (MS-OXTNEF 2.1.3.3.1); the type beside them is not asked.
const (
	attSubject      = 0x8004
	attMessageClass = 0x8008
	attBody         = 0x800C
	attAttachData   = 0x800F
	attAttachTitle  = 0x8010
	attTransport    = 0x9001 // attAttachTransportFilename
	attRendData     = 0x9002 // attAttachRendData
	attMsgProps     = 0x9003
	attAttachment   = 0x9005
	attOemCodepage  = 0x9007
)

// holdsContent tells the attributes of which a cut one is worth reading.
func holdsContent(id uint16) bool {
	return id == attAttachData || id == attAttachment || id == attMsgProps || id == attBody
}

// resumes tells the attributes at which reading goes on behind damage.
func resumes(id uint16) bool { return id == attRendData || id == attAttachData || id == attAttachment }

// attribute takes one attribute.
func (p *parser) attribute(id uint16, s Span) {
	narrow := value{typeString8, s}
	switch id {
	case attOemCodepage: // MS-OXTNEF 2.1.3.3.5: the primary code page, then the secondary
		if b := p.bytes(s.Offset, 4); s.Size >= 4 && len(b) == 4 {
			p.oemPage = int(le.Uint32(b))
		}
	case attMessageClass:
		p.class = narrow
	case attSubject:
		p.subject = narrow
	case attBody:
		p.body = narrow
	case attMsgProps:
		p.eachProperty(s, p.messageProperty)
	case attRendData, attAttachTitle, attTransport, attAttachData, attAttachment:
		p.attachmentAttribute(id, s)
	}
}

// attachmentAttribute takes one attribute of an attachment. attAttachRendData begins an attachment (MS-OXTNEF 2.1.3.3.15); where it is missing, what
// comes first does.
func (p *parser) attachmentAttribute(id uint16, s Span) {
	if id == attRendData || len(p.attached) == 0 {
		if len(p.attached) >= p.o.Files {
			p.full = true
			p.problem(true, s.Offset, "too many attachments")
		} else {
			p.attached = append(p.attached, attachment{})
		}
	}
	if p.full {
		return
	}
	a := &p.attached[len(p.attached)-1]
	switch id {
	case attRendData:
		b := p.bytes(s.Offset, rendSize)
		a.mac = s.Size >= rendSize && len(b) == rendSize && b[10]&flagMacBinary != 0
	case attAttachTitle:
		a.title = value{typeString8, s}
	case attTransport:
		a.transport = value{typeString8, s}
	case attAttachData:
		p.add(a, Data, s)
	case attAttachment:
		p.eachProperty(s, func(id uint16, named uint32, v value) { p.attachmentProperty(a, id, v) })
	}
}

// attAttachRendData: type, position, width, height, flags (MS-OXTNEF 2.1.3.3.15).
const (
	rendSize      = 14
	flagMacBinary = 1
)

// contentsMax bounds the contents of one attachment: an honest one has its data once.
const contentsMax = 8

func (p *parser) add(a *attachment, k Kind, s Span) {
	switch {
	case s.Size <= 0:
	case len(a.contents) >= contentsMax:
		p.problem(true, s.Offset, "an attachment of too many contents")
	default:
		a.contents = append(a.contents, content{k, s})
	}
}

// finish turns what was noted into the message, now that the code page is known.
func (p *parser) finish() {
	m := p.msg
	m.Class, m.Subject = p.text(p.class, nameMax), p.text(p.subject, p.o.Text)
	m.Body = p.text(p.body, p.o.Text)
	m.HTML = p.text(p.html, p.o.Text)
	for _, l := range p.links {
		if target := p.text(l, nameMax); target != "" {
			m.Links = append(m.Links, target)
		}
	}
	for i := range p.attached {
		p.file(i+1, &p.attached[i])
	}
}

func (p *parser) file(number int, a *attachment) {
	var names []string
	for _, v := range [...]value{a.long, a.title, a.short, a.transport, a.display} {
		if n := baseName(p.text(v, nameMax)); n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	if len(names) == 0 {
		names = []string{fmt.Sprintf("attachment %d%s", number, baseName(p.text(a.extension, nameMax)))}
	}
	for _, c := range a.contents {
		f := File{names, c.kind, number, c.Span}
		if a.mac && c.kind == Data {
			p.dataFork(&f)
		}
		p.msg.Files = append(p.msg.Files, f)
	}
}

// macHeader is the header of MacBinary: the name's length at 1, the data fork's at 83; bytes 0, 74 and 82 are zero.
const macHeader = 128

// dataFork leaves what a Windows program saves of a MacBinary file: the data fork (MS-OXTNEF 2.1.3.3.15, fMacBinary).
func (p *parser) dataFork(f *File) {
	b := p.bytes(f.Offset, macHeader)
	if f.Size < macHeader || len(b) < macHeader || b[0] != 0 || b[74] != 0 || b[82] != 0 || b[1] == 0 || b[1] > 63 {
		return
	}
	size := int64(b[83])<<24 | int64(b[84])<<16 | int64(b[85])<<8 | int64(b[86])
	f.Span = Span{f.Offset + macHeader, min(size, f.Size-macHeader)}
}
