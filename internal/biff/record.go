package biff

import (
	"encoding/binary"
	"io"
	"math"
	"sync"
)

// Records of BIFF2 to BIFF8 (MS-XLS 2.3.1). BIFF2 has the cells without the upper byte.
const (
	idBOF2, idBOF3, idBOF4, idBOF5 = 0x0009, 0x0209, 0x0409, 0x0809

	idEOF         = 0x000A
	idHeader      = 0x0014
	idFooter      = 0x0015
	idExternSheet = 0x0017
	idLbl         = 0x0018
	idLbl3        = 0x0218
	idNote        = 0x001C
	idExternName  = 0x0023
	idExternName3 = 0x0223
	idFilePass    = 0x002F
	idContinue    = 0x003C
	idCodePage    = 0x0042
	idBoundSheet  = 0x0085
	idSheetHeader = 0x008F // BIFF4: begins a sheet of a workspace
	idMulRk       = 0x00BD
	idRString     = 0x00D6
	idSST         = 0x00FC
	idLabelSst    = 0x00FD
	idInterface   = 0x00E1
	idRRDHead     = 0x0138
	idUsrExcl     = 0x0194
	idFileLock    = 0x0195
	idRRDInfo     = 0x0196
	idSupBook     = 0x01AE
	idTxO         = 0x01B6
	idFormula     = 0x0006
	idFormula3    = 0x0206
	idFormula4    = 0x0406
	idString      = 0x0207
	idString2     = 0x0007
	idNumber      = 0x0203
	idNumber2     = 0x0003
	idLabel       = 0x0204
	idLabel2      = 0x0004
	idBoolErr     = 0x0205
	idBoolErr2    = 0x0005
	idInteger2    = 0x0002
	idArray       = 0x0221
	idArray2      = 0x0021
	idRK          = 0x027E
	idShrFmla     = 0x04BC
)

// What a substream is (MS-XLS 2.4.21 BOF.dt).
const (
	dtGlobals   = 0x0005
	dtModule    = 0x0006
	dtSheet     = 0x0010
	dtChart     = 0x0020
	dtMacro     = 0x0040
	dtWorkspace = 0x0100
)

// readAhead is one read of the stream. All records that Excel writes fit in (MS-XLS 2.1.4: 8,228 bytes with their header); the body of a longer one is
// put together in memory of its own.
const readAhead = 16 << 10

// records walks the records of a stream (MS-XLS 2.1.4).
type records struct {
	src    io.Reader
	room   *[readAhead]byte
	buf    []byte // is room
	lo, hi int    // of what was read ahead, in buf
	cipher Cipher
	pos    int64 // in the stream, of what is read next
	at     int64 // of the record's header
	id     int
	left   int // of the body, not yet passed
	plain  []byte
	large  []byte // of a body longer than readAhead
	err    error  // the stream's; nil at its end
}

// readBuffers recycles the memory of reading: what a Result has of it is a copy.
var readBuffers = sync.Pool{New: func() any { return new([readAhead]byte) }}

func newRecords(r io.Reader) *records {
	room := readBuffers.Get().(*[readAhead]byte)
	return &records{src: r, room: room, buf: room[:]}
}

// release gives the buffer back.
func (s *records) release() {
	if s.room != nil {
		readBuffers.Put(s.room)
		s.room, s.buf, s.lo, s.hi, s.plain = nil, nil, 0, 0, nil
	}
}

// reset starts again at another place, with the buffer that is there.
func (s *records) reset(r io.Reader, pos int64) {
	s.src, s.pos = r, pos
	s.lo, s.hi, s.left, s.err = 0, 0, 0, nil
}

// forward goes on to a place further on, if it is near: it is false where the stream is better opened there.
func (s *records) forward(pos int64) bool {
	const near = 64 // opening a stream far inside costs a look at each sector before, which is a few bytes for some hundred
	s.left = 0
	if pos < s.pos || s.pos == 0 || pos-s.pos > max(pos/near, readAhead) {
		return false
	}
	return s.skip(int(pos - s.pos))
}

// fill reads until n bytes are there, which the buffer has room for. It is false where the stream ends before.
func (s *records) fill(n int) bool {
	if s.hi-s.lo >= n {
		return true
	}
	s.hi = copy(s.buf, s.buf[s.lo:s.hi])
	s.lo = 0
	got, err := io.ReadAtLeast(s.src, s.buf[s.hi:], n-s.hi)
	s.hi += got
	s.end(err)
	return s.hi >= n
}

// end keeps the stream's error.
func (s *records) end(err error) {
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF && s.err == nil {
		s.err = err
	}
}

// skip passes n bytes.
func (s *records) skip(n int) bool {
	for {
		k := min(n, s.hi-s.lo)
		s.lo += k
		s.pos += int64(k)
		if n -= k; n == 0 {
			return true
		}
		if !s.fill(1) {
			return false
		}
	}
}

// next goes to the next record. It is false at the end of the stream.
func (s *records) next() bool {
	if !s.skip(s.left) || !s.fill(recordHead) {
		s.left = 0
		return false
	}
	h := s.buf[s.lo:]
	s.at = s.pos
	s.id = int(binary.LittleEndian.Uint16(h))
	s.left = int(binary.LittleEndian.Uint16(h[2:]))
	s.lo += recordHead
	s.pos += recordHead
	return true
}

const recordHead = 4

// peekID is the next record's number, once the body was taken. It reads nothing that would move the body: take has read so far.
func (s *records) peekID() int {
	if s.left > 0 || s.hi-s.lo < recordHead {
		return -1
	}
	return int(binary.LittleEndian.Uint16(s.buf[s.lo:]))
}

// body returns the record's body, decrypted, as far as the stream has it. It is valid until the next call.
func (s *records) body() []byte {
	b := s.take()
	if s.cipher == nil || clear(s.id) || len(b) == 0 {
		return b
	}
	s.plain = append(s.plain[:0], b...)
	s.cipher.Decrypt(uint16(s.id), s.at+recordHead, s.plain)
	if s.id == idBoundSheet { // MS-XLS 2.2.10: lbPlyPos is in clear text
		copy(s.plain[:min(4, len(b))], b)
	}
	return s.plain
}

// take passes the body and returns it as the stream has it. The next record's header is read with it.
func (s *records) take() []byte {
	n := s.left
	s.left = 0
	if n+recordHead <= len(s.buf) {
		s.fill(n + recordHead)
		b := s.buf[s.lo:min(s.lo+n, s.hi)]
		s.skip(len(b))
		return b
	}
	if s.large == nil {
		s.large = make([]byte, math.MaxUint16)
	}
	got := copy(s.large, s.buf[s.lo:s.hi])
	s.lo, s.hi = 0, 0
	more, err := io.ReadFull(s.src, s.large[got:n])
	s.end(err)
	s.pos += int64(got + more)
	s.fill(recordHead)
	return s.large[:got+more]
}

// clear says whether a record is never encrypted (MS-XLS 2.2.10).
func clear(id int) bool {
	switch id {
	case idBOF2, idBOF3, idBOF4, idBOF5, idFilePass, idUsrExcl, idFileLock, idInterface, idRRDInfo, idRRDHead:
		return true
	}
	return false
}

// isBOF says whether a record begins a substream, and of which generation; 5 may turn out to be 8.
func isBOF(id int) (generation, bool) {
	switch id {
	case idBOF2:
		return 2, true
	case idBOF3:
		return 3, true
	case idBOF4:
		return 4, true
	case idBOF5:
		return 5, true
	}
	return 0, false
}

// bof reads a BOF (MS-XLS 2.4.21).
func bof(id int, body []byte) (g generation, dt int) {
	g, _ = isBOF(id)
	c := cursor{b: body}
	version := c.u16()
	dt = c.u16()
	if g == 5 && version >= 0x0600 {
		g = 8
	}
	return g, dt
}

// Is says whether a file that begins with head is a bare stream of records: BOF with a length and a kind that some version of Excel wrote, and
// then the header of another record.
func Is(head []byte) bool {
	const shortest, longest = 4, 20 // BIFF2 writes 4 bytes, BIFF8 16
	if len(head) < recordHead+shortest+recordHead {
		return false
	}
	c := cursor{b: head}
	id, size := c.u16(), c.u16()
	g, ok := isBOF(id)
	if !ok || size < shortest || size > longest || g == 2 && size > 8 {
		return false
	}
	body := c.take(size)
	next, most := c.u16(), c.u16()
	if c.bad || next == 0 || next > 0x08FF || most > 0x2100 { // no record of a workbook is numbered above, none of these versions is longer
		return false
	}
	switch _, dt := bof(id, body); dt {
	case dtSheet, dtChart, dtMacro:
		return true
	case dtGlobals:
		return g == 5
	case dtWorkspace:
		return g == 4
	}
	return false
}
