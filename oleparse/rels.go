package oleparse

import (
	"path"
	"strings"

	"sekisho/internal/xmlscan"
)

// role is what relationships use a part for.
type role uint8

const (
	roleVBA        role = 1 << iota
	roleChunk           // altChunk (ECMA-376-1 17.17.2.1)
	roleControl         // ActiveX: the control's part and the storage it saved itself in
	roleMacroSheet      // Excel 4 macros (MS-XLSX 2.1.2, 2.1.3)
	roleData            // custom XML data (ECMA-376-1 22.5): any markup, which the program does not read as its own
	roleOther
)

// rel is a relationship (ECMA-376-2 6.5.3.4).
type rel struct {
	typ      string // the last segment of its type, in lower case
	target   string // as written
	key      string // of the part it leads to, "" for none
	external bool
}

const (
	relsKept = 1 << 16  // a workbook of 65,530 hyperlinks in a sheet has their http ones besides, which are not kept
	relBytes = 16 << 20 // of their Ids and targets
	linksMax = 1024     // nobody reads more

	targetMax = 8 << 10 // Internet Explorer's addresses have 2,083 characters, ordinary paths 260
	identMax  = 1 << 10 // of Ids, procedures, ProgIDs, bookmarks: identifiers have at most 255 characters
)

// readRels reads a relationships part; it belongs to the part whose name it bears (ECMA-376-2 6.5.2).
func (k *opc) readRels(p *opcPart) {
	p.done = true
	dir, base := path.Split(p.key)
	dir = path.Dir(strings.TrimSuffix(dir, "/")) // without _rels
	source := k.byKey[path.Join(dir, strings.TrimSuffix(base, ".rels"))]
	root := p.key == relsPart
	k.elements(p, func() bool {
		if string(k.x.Name()) != "Relationship" {
			return true
		}
		r := k.relationship(p, dir)
		if root && (r.typ == "officedocument" || r.typ == "document") && k.main == "" {
			k.main = r.key
		}
		return source == nil || k.keep(source, r)
	})
}

// relationship reads the relationship of the current tag, gives the part it leads to its role, and notes a link.
func (k *opc) relationship(p *opcPart, dir string) rel {
	typ := strings.TrimRight(string(k.x.Plain("Type")), "/ ")
	r := rel{typ: strings.ToLower(typ[strings.LastIndexByte(typ, '/')+1:]), target: short(k.x.Plain("Target"), targetMax)}
	target, _, _ := strings.Cut(r.target, "#")
	if strings.HasPrefix(target, "/") || strings.HasPrefix(target, `\`) {
		dir = "/"
	}
	r.key = partKey(dir + "/" + target)
	r.external = strings.EqualFold(string(k.x.Plain("TargetMode")), "External") || k.byKey[r.key] == nil && isRemote(r.target)
	if r.external {
		r.key = ""
		k.external(p, &r)
	}
	for to := k.byKey[r.key]; to != nil; to = to.same {
		to.roles |= roleOf(r.typ)
	}
	return r
}

func roleOf(typ string) role {
	switch typ {
	case "vbaproject":
		return roleVBA
	case "afchunk":
		return roleChunk
	case "control", "activexcontrolbinary":
		return roleControl
	case "xlmacrosheet", "xlintlmacrosheet":
		return roleMacroSheet
	case "customxml":
		return roleData
	}
	return roleOther
}

// short is the beginning of b: what a file tells is kept only as far as it can mean something.
func short(b []byte, most int) string { return string(b[:min(len(b), most)]) }

// keep remembers a relationship under its Id. Plain hyperlinks, of which there may be very many, are not needed.
func (k *opc) keep(source *opcPart, r rel) bool {
	switch r.typ {
	case "hyperlink":
		if hasScheme(r.target, "http", "https", "mailto") {
			return true
		}
		source.odd = true
	case "slidelayout", "slidemaster", "theme", "image", "tags", "customxml":
	default:
		source.odd = true
	}
	id := short(k.x.Plain("Id"), identMax)
	k.rels++
	if k.relBytes += len(id) + len(r.target); k.rels > relsKept || k.relBytes > relBytes {
		return false
	}
	if source.rels == nil {
		source.rels = make(map[string]*rel)
	}
	source.rels[id] = &r
	return true
}

// external notes what lies outside the package and is fetched when the document is opened. Hyperlinks are followed by a click only.
func (k *opc) external(p *opcPart, r *rel) {
	typ := LinkOther
	switch r.typ {
	case "hyperlink":
		return
	case "attachedtemplate":
		typ = LinkTemplate
	case "frame":
		typ = LinkFrame
	case "oleobject", "package":
		typ = LinkOLE
	}
	k.link(p.name, typ, r.target)
}

// link notes a link, once.
func (k *opc) link(where string, typ LinkType, target string) {
	l := Link{Path: where, Type: typ, Target: target, Remote: isRemote(target)}
	doc := k.r.doc
	for i := len(doc.Links) - 1; i >= max(0, len(doc.Links)-8); i-- { // a slide's links come in rows of equal ones
		if doc.Links[i] == l {
			return
		}
	}
	if n := len(doc.Links); n < linksMax {
		doc.Links = append(doc.Links, l)
	} else if last := &doc.Links[n-1]; l.Remote && (!last.Remote || l.Type == LinkTemplate) {
		*last = l
	}
}

// hasScheme says whether a target begins with one of these schemes.
func hasScheme(target string, schemes ...string) bool {
	scheme, _, ok := strings.Cut(target, ":")
	if ok {
		for _, s := range schemes {
			if strings.EqualFold(scheme, s) {
				return true
			}
		}
	}
	return false
}

// isRemote says whether Office would go to another machine, or to another program's protocol, for a target: a URI with a host, a UNC path, "mhtml:"
// and the like around one, or an ms- scheme. Local files, relative names and parts of the package are not remote.
func isRemote(target string) bool {
	t := strings.Map(func(r rune) rune {
		switch {
		case r <= ' ' || r == 0x7F || r == 0xA0:
			return -1
		case r == '\\':
			return '/'
		}
		return r
	}, unescapeURI(target))
	return remote(strings.ToLower(t), 0)
}

// schemesMax is how many schemes may stand before each other: "mhtml:" and one more are what was seen.
const schemesMax = 4

func remote(t string, nested int) bool {
	if strings.HasPrefix(t, "//") {
		return remoteHost(t[2:])
	}
	scheme, rest, ok := strings.Cut(t, ":")
	if !ok || len(scheme) < 2 || nested == schemesMax || !isScheme(scheme) { // one letter is a drive
		return false
	}
	switch {
	case scheme == "file":
		rest = strings.TrimLeft(rest, "/")
		// After "file:" two slashes stand before a host, three before a drive or a rooted path, and Word writes three and then a UNC path.
		slashes := len(t) - len("file:") - len(rest)
		return (slashes == 2 || slashes >= 4) && remoteHost(rest)
	case strings.HasPrefix(scheme, "ms-"), scheme == "mhtml", scheme == "search-ms":
		return true
	case scheme == "mailto", scheme == "urn", scheme == "data", scheme == "javascript", scheme == "cid":
		return false
	}
	if i := strings.Index(rest, "//"); i >= 0 {
		return strings.Trim(rest[i:], "/") != ""
	}
	return remote(rest, nested+1)
}

// isScheme says whether s has the letters of a scheme (RFC 3986 3.1).
func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (i == 0 || (c < '0' || c > '9') && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return true
}

// remoteHost says whether what stands behind two slashes names another machine.
func remoteHost(s string) bool {
	host, rest, _ := strings.Cut(s, "/")
	switch host {
	case "?", ".": // a device path; only UNC leads away
		device, _, _ := strings.Cut(rest, "/")
		return device == "unc"
	case "", "localhost", "127.0.0.1":
		return false
	}
	return len(host) != 2 || host[1] != ':' && host[1] != '|' // a drive
}

// relOf is the relationship that the current tag refers to, nil for none.
func (p *opcPart) relOf(x *xmlscan.Scanner) *rel {
	for _, name := range [...]string{"id", "embed", "link"} {
		if id := x.Prefixed(name); id != nil {
			if r := p.rels[string(id)]; r != nil {
				return r
			}
		}
	}
	return nil
}
