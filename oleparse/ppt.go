package oleparse

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"
)

// The record header of ExOleObjStg (MS-PPT 2.10.34) is looked for in the bytes: PowerPoint goes there by the persist directory, so that the records
// around it may lie about where it is.
var exOleObjStg = []byte{0x00, 0x11, 0x10} // upper half of recVer and recInstance, recType 0x1011

const (
	recordHeader = 8
	stgPlain     = 0x00 // MS-PPT 2.10.36, ExOleObjStgUncompressedAtom: recInstance 0
	stgZlib      = 0x10 // MS-PPT 2.10.35, ExOleObjStgCompressedAtom: recInstance 1
)

// readPowerPoint reads the compound files in a presentation's objects; its VBA project is one of them (MS-PPT 2.4.11).
func (c *compound) readPowerPoint() {
	if len(c.entries) == 0 {
		return
	}
	id := c.find(c.root, typeStream, "PowerPoint Document")
	if id < 0 {
		return
	}
	_ = search(c.open(id, 0), exOleObjStg, func(at int64) bool {
		if at > 0 {
			c.readObject(id, at-1)
		}
		return c.src.err == nil
	})
}

// readObject reads the ExOleObjStg at an offset, if it is one.
func (c *compound) readObject(id int, at int64) {
	var head [recordHeader + 12]byte
	r := c.open(id, at)
	n, _ := io.ReadFull(r, head[:])
	if n < len(head) {
		return
	}
	var body io.Reader
	switch {
	case head[0] == stgPlain && IsOLE(head[recordHeader:]):
		size := int64(binary.LittleEndian.Uint32(head[4:]))
		body = io.LimitReader(c.open(id, at+recordHeader), size)
	case head[0] == stgZlib && head[recordHeader+4]&0x0F == 8: // RFC 1950 2.2: CM 8
		z, err := zlib.NewReader(c.open(id, at+recordHeader+4)) // behind decompressedSize
		if err != nil {
			return
		}
		defer z.Close()
		body = z
	default:
		return
	}
	c.readNested(fmt.Sprintf("PowerPoint Document/ExOleObjStg@%#x", at), body)
}

// readNested reads a compound file that lies in a stream of this one.
func (c *compound) readNested(name string, body io.Reader) {
	c.r.embedded(c.join(name), body, c.nest+1)
}

// embedded unpacks a compound file to memory and reads it; anything else is left alone.
func (r *reading) embedded(name string, body io.Reader, nest int) {
	var head [8]byte
	if n, err := io.ReadFull(body, head[:]); n < len(head) || !IsOLE(head[:]) {
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			r.unreadable(name, err)
		}
		return
	}
	if nest > r.o.Depth {
		r.problem(true, name, "compound files nested deeper than %d", r.o.Depth)
		return
	}
	b := bytes.NewBuffer(append([]byte(nil), head[:]...))
	n, err := io.Copy(b, io.LimitReader(body, r.o.Unpacked))
	if err != nil {
		r.unreadable(name, err)
	} else if n == r.o.Unpacked {
		r.problem(true, name, "more than the limit of unpacked bytes")
	}
	r.o.Unpacked -= n
	r.compound(bytes.NewReader(b.Bytes()), int64(b.Len()), name, nest)
}

// unreadable notes content that could not be read, or the context's end.
func (r *reading) unreadable(name string, err error) {
	if cause := r.ctx.Err(); cause != nil {
		r.fail(cause)
		return
	}
	r.problem(true, name, "%q", err.Error())
}
