package oleparse

import (
	"bytes"
	"io"
	"slices"
	"strings"
)

// Monikers by their CLSID (MS-OSHARED 2.3.7.2); the script moniker has another one inside.
var (
	urlMoniker    = []byte("\xE0\xC9\xEA\x79\xF9\xBA\xCE\x11\x8C\x82\x00\xAA\x00\x4B\xA9\x0B")
	fileMoniker   = []byte("\x03\x03\x00\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46")
	scriptMoniker = []byte("\xD3\x0B\x29\x06\xAA\x48\xD2\x11\x84\x32\x00\x60\x08\xC3\xFB\xFC")
)

// oleStreamMax bounds \x01Ole: a few monikers, each of a path or URL.
const oleStreamMax = 64 << 10

// monikersMax bounds the monikers of one stream: Office writes two, a composite one has three or four inside.
const monikersMax = 16

// links returns where a linked object lies (MS-OLEDS 2.3.3), the absolute sources first, nil for an object that is embedded.
func (c *compound) links(streams map[string]int) []string {
	id, ok := streams[oleStream]
	if !ok {
		return nil
	}
	return parseLinks(c.head(id, make([]byte, min(c.entries[id].size, oleStreamMax))), c.ansi())
}

// parseLinks finds the monikers by their CLSIDs, so that neither a size nor a composite around them hides one (MS-OSHARED 2.3.7.3).
func parseLinks(b []byte, page int) (list []string) {
	h := cursor{b: b}
	h.u32() // Version
	const linked = 1
	if flags := h.u32(); h.bad || flags&linked == 0 {
		return nil
	}
	script := bytes.Contains(b, scriptMoniker)
	for at := 8; at+16 <= len(b) && len(list) < monikersMax; {
		i := nextMoniker(b[at:])
		if i < 0 {
			break
		}
		at += i + 16
		m := cursor{b: b, pos: at}
		target := ""
		if bytes.Equal(b[at-16:at], fileMoniker) {
			target = m.file(page)
		} else {
			target = m.url()
		}
		if script && target != "" {
			target = "script:" + target
		}
		if target != "" {
			list = slices.Insert(list, 0, target) // the relative source comes first in the stream
		}
	}
	return slices.Compact(list)
}

// nextMoniker is the index of the next moniker that tells a place, -1 without one.
func nextMoniker(b []byte) int {
	u, f := bytes.Index(b, urlMoniker), bytes.Index(b, fileMoniker)
	if u < 0 || f >= 0 && f < u {
		return f
	}
	return u
}

// url reads a URLMoniker (MS-OSHARED 2.3.7.6); it ends with its NUL, or with the stream.
func (c *cursor) url() string {
	n := c.u32()
	s := c.b[c.pos:]
	if int64(n) < int64(len(s)) {
		s = s[:n]
	}
	return clean(cutString(utf16String(s[:len(s)&^1])))
}

// file reads a FileMoniker (MS-OSHARED 2.3.7.8): the path in UTF-16 where it has one.
func (c *cursor) file(page int) string {
	c.u16() // cAnti
	ansi := cutNUL(c.take(int64(c.u32())))
	c.take(24)                 // endServer, versionNumber, reserved1, reserved2
	if c.u32() > 6 && !c.bad { // cbUnicodePathSize
		n := int64(c.u32())
		c.u16() // usKeyValue
		if wide := clean(cutString(utf16String(c.take(n)))); wide != "" && !c.bad {
			return wide
		}
	}
	return clean(decodeText(page, ansi))
}

// clean drops what is no text.
func clean(s string) string {
	if !plainText(s) {
		return ""
	}
	return strings.TrimSpace(s)
}

// readFull is io.ReadFull that calls a short read none of an error.
func readFull(r io.Reader, b []byte) (int, error) {
	n, err := io.ReadFull(r, b)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return n, err
}
