package tnef

// Types of property values (MS-OXCDATA 2.11.1).
const (
	typeUnspecified = 0x0000
	typeNull        = 0x0001
	typeInteger16   = 0x0002
	typeInteger32   = 0x0003
	typeFloat32     = 0x0004
	typeFloat64     = 0x0005
	typeCurrency    = 0x0006
	typeFloatTime   = 0x0007
	typeError       = 0x000A
	typeBoolean     = 0x000B
	typeObject      = 0x000D
	typeInteger64   = 0x0014
	typeString8     = 0x001E
	typeString      = 0x001F
	typeTime        = 0x0040
	typeGUID        = 0x0048
	typeServerID    = 0x00FB
	typeBinary      = 0x0102
	manyValues      = 0x1000
)

// Properties (MS-OXPROPS).
const (
	tagSubject       = 0x0037 // PidTagSubject
	tagBody          = 0x1000 // PidTagBody
	tagRTF           = 0x1009 // PidTagRtfCompressed
	tagHTML          = 0x1013 // PidTagHtml, PidTagBodyHtml
	tagDisplayName   = 0x3001 // PidTagDisplayName
	tagData          = 0x3701 // PidTagAttachDataBinary, PidTagAttachDataObject
	tagExtension     = 0x3703 // PidTagAttachExtension
	tagShortName     = 0x3704 // PidTagAttachFilename
	tagLongName      = 0x3707 // PidTagAttachLongFilename
	tagPathname      = 0x3708 // PidTagAttachPathname
	tagLongPathname  = 0x370D // PidTagAttachLongPathname
	tagTransportName = 0x370C // PidTagAttachTransportName
	tagInternetPage  = 0x3FDE // PidTagInternetCodepage
	tagMessagePage   = 0x3FFD // PidTagMessageCodepage
	namedFirst       = 0x8000

	lidReminderFile = 0x851F // PidLidReminderFileParameter: Outlook fetches it when the reminder is due (CVE-2023-23397)
)

// value is a property's value, or one of many.
type value struct {
	typ uint16
	Span
}

// fixedSize is the size of a value in the stream, padded to four bytes (MS-OXTNEF 2.1.3.4.2); 0 for a type with a length, -1 for an unknown one.
func fixedSize(typ uint16) int64 {
	switch typ {
	case typeNull, typeInteger16, typeInteger32, typeFloat32, typeError, typeBoolean:
		return 4
	case typeUnspecified, typeFloat64, typeCurrency, typeFloatTime, typeInteger64, typeTime:
		return 8
	case typeGUID:
		return 16
	case typeObject, typeString8, typeString, typeBinary, typeServerID:
		return 0
	}
	return -1
}

// list is a property list being read.
type list struct {
	p       *parser
	at, end int64
	bad     bool
}

// number is the next 32-bit integer.
func (l *list) number() uint32 {
	b := l.p.bytes(l.at, 4)
	if len(b) < 4 || l.at+4 > l.end {
		l.bad = true
		return 0
	}
	l.at += 4
	return le.Uint32(b)
}

// skip passes n bytes with the padding to four.
func (l *list) skip(n int64) {
	l.at += (n + 3) &^ 3
	l.bad = l.bad || l.at > l.end+3 // the padding of the last value may be missing
}

// eachProperty reads a property list (MS-OXTNEF 2.1.3.4) and calls visit for each value. named is the number that a named property has for its name.
func (p *parser) eachProperty(s Span, visit func(id uint16, named uint32, v value)) {
	l := &list{p: p, at: s.Offset, end: s.Offset + s.Size}
	for n := l.number(); n > 0 && !l.bad && l.at < l.end; n-- {
		if p.properties++; p.properties > p.o.Properties {
			p.problem(true, l.at, "too many properties")
			return
		}
		at := l.at
		tag := l.number()
		typ, id := uint16(tag), uint16(tag>>16)
		var named uint32
		if id >= namedFirst {
			named = l.name()
		}
		if fixedSize(typ&^manyValues) < 0 {
			p.problem(p.dataMissing(), at, "property of an unknown type") // no program can know where the next one begins
			return
		}
		l.values(typ, func(v value) { visit(id, named, v) })
	}
	if l.bad {
		p.problem(false, min(l.at, p.size), "property list is cut off")
	}
}

// dataMissing reports whether the attachment under way has no data yet, which may stand among its properties.
func (p *parser) dataMissing() bool {
	n := len(p.attached)
	return n > 0 && len(p.attached[n-1].contents) == 0
}

// name passes the name of a named property (MS-OXTNEF 2.1.3.4.1, PropertyName): the identifier of its set, then a number or a string.
func (l *list) name() uint32 {
	l.skip(16)
	switch l.number() {
	case 0:
		return l.number()
	case 1:
		l.skip(int64(l.number()))
	default:
		l.bad = true
	}
	return 0
}

// values reads the values of one property. Those with a length, and those of which there may be many, have their number before them.
func (l *list) values(typ uint16, visit func(value)) {
	size, n := fixedSize(typ&^manyValues), uint32(1)
	if size == 0 || typ&manyValues != 0 {
		n = l.number()
	}
	for ; n > 0 && !l.bad && l.at < l.end; n-- {
		v := value{typ, Span{l.at, size}}
		if size == 0 {
			v.Size = int64(l.number())
			v.Offset = l.at
		}
		if l.bad {
			return
		}
		l.skip(v.Size)
		v.Size = min(v.Size, l.end-v.Offset)
		if v.Size >= 0 {
			visit(v)
		}
	}
}

// integer is the value of a property of 32 bits.
func (p *parser) integer(v value) int {
	if b := p.bytes(v.Offset, 4); v.typ == typeInteger32 && len(b) == 4 {
		return int(le.Uint32(b))
	}
	return 0
}

// messageProperty takes a property of the message.
func (p *parser) messageProperty(id uint16, named uint32, v value) {
	switch {
	case id == tagMessagePage:
		p.messagePage = p.integer(v)
	case id == tagInternetPage:
		p.webPage = p.integer(v)
	case id == tagSubject:
		p.subject = v
	case id == tagBody:
		p.body = v
	case id == tagHTML:
		p.html = v
	case id == tagRTF && v.typ == typeBinary:
		p.msg.RTF = v.Span
	case id >= namedFirst && named == lidReminderFile:
		p.addLink(v)
	}
}

// linksMax bounds the references: an honest message has none.
const linksMax = 100

func (p *parser) addLink(v value) {
	if len(p.links) >= linksMax {
		p.problem(true, v.Offset, "too many references")
		return
	}
	p.links = append(p.links, v)
}

// attachmentProperty takes a property of an attachment.
func (p *parser) attachmentProperty(a *attachment, id uint16, v value) {
	switch id {
	case tagLongName:
		a.long = v
	case tagShortName:
		a.short = v
	case tagDisplayName:
		a.display = v
	case tagTransportName:
		a.transport = v
	case tagExtension:
		a.extension = v
	case tagPathname, tagLongPathname: // MS-OXCMSG 2.2.2.13: Outlook opens the file from there
		p.addLink(v)
	case tagData:
		p.attachmentData(a, v)
	}
}

// Interfaces by which the data of an object is read (MS-OXTNEF 2.1.3.4.3). What follows is a TNEF stream, a compound file, a stream of bytes.
const (
	interfaceSize = 16
	iidMessage    = "\x07\x03\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46"
	iidStorage    = "\x0B\x00\x00\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46"
)

func (p *parser) attachmentData(a *attachment, v value) {
	if v.typ&^manyValues != typeObject {
		p.add(a, Data, v.Span)
		return
	}
	b := p.bytes(v.Offset, interfaceSize)
	if v.Size < interfaceSize || len(b) < interfaceSize {
		p.add(a, Data, v.Span)
		return
	}
	rest := Span{v.Offset + interfaceSize, v.Size - interfaceSize}
	switch string(b) {
	case iidMessage:
		p.add(a, Nested, rest)
	case iidStorage:
		p.add(a, Storage, rest)
	default:
		p.add(a, Data, rest)
	}
}
