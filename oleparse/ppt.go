package oleparse

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/flate"
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

// readPowerPoint reads the compound files in presentations' objects; a presentation's VBA project is one of them (MS-PPT 2.4.11). An embedded
// presentation has its stream in a storage of its own.
func (c *compound) readPowerPoint() {
	for _, id := range c.order {
		if e := &c.entries[id]; e.kind == typeStream && strings.EqualFold(e.name, "PowerPoint Document") {
			c.readPresentation(id)
		}
	}
}

func (c *compound) readPresentation(id int) {
	if c.show != nil && id == c.showID {
		c.readShow(id)
		return
	}
	_ = search(c.plain(id, 0), exOleObjStg, func(at int64, lead, rest []byte) bool {
		if n := len(lead); n > 0 && isObject(lead[n-1], rest) && c.takeObject(id) {
			c.readObject(id, at-1, func(skip int64) io.Reader { return c.plain(id, at-1+skip) })
		}
		return c.src.err == nil
	})
}

// isObject says whether an ExOleObjStg begins with this first byte and goes on with rest.
func isObject(first byte, rest []byte) bool {
	const body = 7
	switch {
	case len(rest) < body+8:
		return false
	case first == stgPlain:
		return IsOLE(rest[body:])
	}
	return first == stgZlib && rest[body+4]&0x0F == 8 // RFC 1950 2.2: CM 8
}

// objectsMost bounds the objects unpacked of all presentations of a document, those that are none after all included; a deck of hundreds is large.
const objectsMost = 4096

// takeObject counts an object.
func (c *compound) takeObject(id int) bool {
	if c.r.objects++; c.r.objects == objectsMost+1 {
		c.note(true, c.path(id), "more than %d objects", objectsMost)
	}
	return c.r.objects <= objectsMost
}

// readObject reads the ExOleObjStg at an offset; open gives its bytes.
func (c *compound) readObject(id int, at int64, open func(skip int64) io.Reader) {
	var head [recordHeader]byte
	var unpacked [4]byte // the size
	if n, _ := io.ReadFull(open(0), head[:]); n < len(head) {
		return
	}
	size := int64(binary.LittleEndian.Uint32(head[4:]))
	body := io.LimitReader(open(recordHeader), size)
	name := fmt.Sprintf("%s/ExOleObjStg@%#x", c.path(id), at)
	if head[0] == stgPlain {
		c.readNested(name, body, size)
		return
	}
	_, _ = io.ReadFull(body, unpacked[:])
	if head[0] != stgZlib || c.r.inflate(body) != nil {
		return
	}
	var start [8]byte
	if _, err := io.ReadFull(c.r.inflater, start[:]); err == nil && IsOLE(start[:]) { // else these bytes only look like a record
		c.readNested(name, io.MultiReader(bytes.NewReader(start[:]), untorn{c.r.inflater}), int64(binary.LittleEndian.Uint32(unpacked[:])))
	}
}

// inflate begins a zlib stream; the tables of the last one are used again, they cost more than a small object does.
func (r *reading) inflate(body io.Reader) (err error) {
	if again, ok := r.inflater.(zlib.Resetter); ok {
		return again.Reset(body, nil)
	}
	r.inflater, err = zlib.NewReader(body)
	return err
}

// readNested reads a compound file of size bytes that lies in a stream of this one.
func (c *compound) readNested(name string, body io.Reader, size int64) {
	c.r.embedded(name, body, size, c.nest+1)
}

// embedded unpacks a compound file and reads it; anything else is left alone. That it ends badly after size bytes does not matter.
func (r *reading) embedded(name string, body io.Reader, size int64, nest int) {
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
	b, n, err := r.unpack(io.MultiReader(bytes.NewReader(head[:]), body), r.o.Unpacked)
	if n == r.o.Unpacked {
		r.problem(true, name, "more than the limit of unpacked bytes")
	} else if errors.Is(err, errTorn) && n < size {
		r.problem(false, name, "%v", err)
		r.dead++
		defer func() { r.dead-- }()
	} else if err != nil && n < size {
		r.unreadable(name, err)
	}
	r.o.Unpacked -= n
	r.compound(b, n, name, nest)
}

// errTorn is a zlib stream with something impossible in it, or one that ends before its storage does. PowerPoint unpacks a storage as a whole before it uses any of it, so that no program reads
// one that is torn; what is there is looked at all the same.
var errTorn = errors.New("torn zlib stream")

// untorn names the error of an inflater so.
type untorn struct{ r io.Reader }

func (u untorn) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	if corrupt := flate.CorruptInputError(0); errors.As(err, &corrupt) || errors.Is(err, zlib.ErrChecksum) {
		err = errTorn
	}
	return n, err
}

// unreadable notes content that could not be read, or the context's end.
func (r *reading) unreadable(name string, err error) {
	if cause := r.ctx.Err(); cause != nil {
		r.fail(cause)
		return
	}
	r.problem(true, name, "%q", err.Error())
}
