package oleparse

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"strings"
)

var errProps = errors.New("not a property block")

// A layout lists the bits of a property mask from the lowest on, as MS-OFORMS does: "-" no property or one that is only its bit; a digit the bytes of a
// number; p two numbers of four bytes in the extra data; s a string and a an array of strings, whose length stands among the numbers and whose
// characters in the extra data. What follows "=" is the name we keep it by.
const (
	formLayout = "- 4 4 4 - - 4=flags 1 1 1 p p p 4 - 2=icon 1 1 4 s=caption 2=font 2=picture 4 1 - 1 4 4" // MS-OFORMS 2.2.10.2

	siteLayout = "s=name s=tag 4=id 4 4=bits 4=size 2 2=class p 2 - s=controltiptext s s=controlsource s=rowsource" // 2.2.10.12.2

	morphLayout = "4 4 4 4 1 1 1 1 p 2 4 2 2 2 2 2 1 1 1 - 1 1 s=value s=caption 4 4 4 2 2 2 - - s=groupname" // 2.2.5.2

	buttonLayout = "4 4 4 s=caption 4 p 1 2 2 - 2"          // 2.2.1.2
	labelLayout  = "4 4 4 s=caption 4 p 1 4 2 2 2 2 2"      // 2.2.4.2
	tabLayout    = "4 4 4 - p a=items 1 - 4 4 - 4 4 - - " + // 2.2.9.2
		"a=tips - a=names 4 - 4 a=tags 4 a=accelerators 2"
)

const (
	formNoClasses = 1 << 15 // MS-OFORMS 2.4.3, FORM_FLAG_DONTSAVECLASSTABLE
	siteStreamed  = 1 << 4  // 2.4.4, SITE_FLAG fStreamed: the control lies in the o stream
	siteDefault   = 0x33    // the flags of a site that has none
)

// props is one property block: a mask, the numbers, then strings and pairs (MS-OFORMS 2.1.1.2).
type props struct {
	b      []byte // from the version on; alignment counts from there
	pos    int
	have   map[string]bool
	number map[string]uint32
	text   map[string]string
	list   map[string][]string
}

// late is what lies in the extra data block.
type late struct {
	kind, key string
	size      uint32
}

// readProps reads a property block whose version has this major number (0 for a site, which has the other order).
func readProps(r io.Reader, major byte, layout string) (*props, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	if head[0] != 0 || head[1] != major {
		return nil, errProps
	}
	p := &props{b: make([]byte, 4+int(binary.LittleEndian.Uint16(head[2:]))), pos: 4, // at most 64 KiB
		have: map[string]bool{}, number: map[string]uint32{}, text: map[string]string{}, list: map[string][]string{}}
	if _, err := io.ReadFull(r, p.b[4:]); err != nil {
		return nil, err
	}
	return p, p.parse(strings.Fields(layout))
}

func (p *props) parse(fields []string) error {
	mask := uint64(p.u(4))
	if len(fields) > 32 { // MorphData alone has more properties than a mask has bits
		mask |= uint64(p.u(4)) << 32
	}
	var extra []late
	for bit, f := range fields {
		if mask>>bit&1 == 0 {
			continue
		}
		kind, key, _ := strings.Cut(f, "=")
		p.have[key] = true
		switch kind {
		case "1", "2", "4":
			p.number[key] = p.u(int(kind[0] - '0'))
		case "s", "a":
			extra = append(extra, late{kind, key, p.u(4)})
		case "p":
			extra = append(extra, late{kind: kind})
		}
	}
	for _, l := range extra {
		p.align(4)
		switch l.kind {
		case "p":
			p.pos += 8
		case "s":
			p.text[l.key] = p.str(l.size)
		case "a":
			p.list[l.key] = p.array(l.size)
		}
	}
	if p.pos > len(p.b) {
		return errShort
	}
	return nil
}

func (p *props) align(n int) { p.pos = (p.pos + n - 1) &^ (n - 1) }

// u reads a number of n bytes at its natural alignment; past the end it is 0, and pos tells.
func (p *props) u(n int) uint32 {
	p.align(n)
	p.pos += n
	if p.pos > len(p.b) {
		return 0
	}
	var v uint32
	for i := range n {
		v |= uint32(p.b[p.pos-n+i]) << (8 * i)
	}
	return v
}

// str reads the characters of a string by its CountOfBytesWithCompressionFlag (MS-OFORMS 2.4.14.2): the first bit says that the upper bytes of
// UTF-16 were left out.
func (p *props) str(size uint32) string {
	n := int(size & 0x7FFFFFFF)
	if n > len(p.b)-p.pos {
		p.pos = len(p.b) + 1
		return ""
	}
	b := p.b[p.pos : p.pos+n]
	p.pos += n
	if size>>31 == 0 {
		return utf16String(b)
	}
	r := make([]rune, n)
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}

// array reads strings that take size bytes (MS-OFORMS 2.4.14.5).
func (p *props) array(size uint32) (list []string) {
	if int64(size) > int64(len(p.b)-p.pos) {
		p.pos = len(p.b) + 1
		return nil
	}
	end := p.pos + int(size)
	for p.pos+4 <= end {
		list = append(list, p.str(p.u(4)))
		p.align(4)
	}
	p.pos = max(p.pos, end)
	return list
}

// readSites reads the sites of a form's controls (MS-OFORMS 2.2.10.6). Those before a fault are returned with it.
func readSites(r *bufio.Reader, classes bool) (sites []*props, err error) {
	le := binary.LittleEndian
	var b [8]byte
	if classes { // CountOfSiteClassInfo, then SiteClassInfo (2.2.10.10.1)
		if _, err := io.ReadFull(r, b[:2]); err != nil {
			return nil, err
		}
		for range le.Uint16(b[:]) {
			if _, err := io.ReadFull(r, b[:4]); err != nil {
				return nil, err
			}
			if _, err := r.Discard(int(le.Uint16(b[2:]))); err != nil {
				return nil, err
			}
		}
	}
	if _, err := io.ReadFull(r, b[:8]); err != nil { // CountOfSites, CountOfBytes
		return nil, err
	}
	count := int64(le.Uint32(b[:]))
	if err := skipDepths(r, count); err != nil {
		return nil, err
	}
	for range min(count, formControls) {
		s, err := readProps(r, 0, siteLayout)
		if err != nil {
			return sites, err
		}
		if !s.have["bits"] {
			s.number["bits"] = siteDefault
		}
		sites = append(sites, s)
	}
	return sites, nil
}

// skipDepths passes SiteDepthsAndTypes (MS-OFORMS 2.2.10.7), padded to four bytes.
func skipDepths(r *bufio.Reader, count int64) error {
	n := 0
	for count > 0 {
		b, err := r.Peek(2)
		if err != nil {
			return err
		}
		take := 2
		if many := b[1]; many&0x80 != 0 {
			take = 3
			count -= int64(many&0x7F) - 1
		}
		count--
		if _, err := r.Discard(take); err != nil {
			return err
		}
		n += take
	}
	_, err := r.Discard(-n & 3)
	return err
}
