package biff

import (
	"bufio"
	"errors"
	"io"
)

// Records of BIFF12 (MS-XLSB 2.3.1).
const (
	brtRowHdr          = 0
	brtCellRk          = 2
	brtCellError       = 3
	brtCellBool        = 4
	brtCellReal        = 5
	brtCellSt          = 6
	brtCellIsst        = 7
	brtFmlaString      = 8
	brtFmlaNum         = 9
	brtFmlaBool        = 10
	brtFmlaError       = 11
	brtSSTItem         = 19
	brtName            = 39
	brtCellRString     = 62
	brtBeginSheet      = 129
	brtEndSheet        = 130
	brtBeginBook       = 131
	brtBundleSh        = 156
	brtSupBookSrc      = 355
	brtSupSelf         = 357
	brtSupSame         = 358
	brtBeginSupBook    = 360
	brtPlaceholderName = 361
	brtExternSheet     = 362
	brtArrFmla         = 426
	brtShrFmla         = 427
	brtSupNameStart    = 577
	brtSupAddin        = 667
)

// record12Most bounds the part of one record that is looked at. The longest text of a cell has 64 KiB, the longest formula 24 KiB with what
// stands behind it; only a list of external sheets may be longer.
const record12Most = 1 << 20

// records12 walks the records of a part (MS-XLSB 2.1.4).
type records12 struct {
	r    *bufio.Reader
	id   int
	left int // of the body, not yet passed
	long bool
	buf  []byte
	err  error // the part's; nil at its end
}

func newRecords12(r io.Reader) *records12 {
	return &records12{r: bufio.NewReaderSize(r, readAhead)}
}

// next goes to the next record. It is false at the end of the part.
func (s *records12) next() bool {
	if s.left > 0 {
		if _, err := s.r.Discard(s.left); err != nil {
			return s.end(err)
		}
	}
	s.left, s.long = 0, false
	id, size := 0, 0
	for i := range 2 { // MS-XLSB 2.1.4: the number in one or two bytes
		v, err := s.r.ReadByte()
		if err != nil {
			return s.end(err)
		}
		if id |= int(v&0x7F) << (7 * i); v < 0x80 {
			break
		}
	}
	for i := range 4 { // the length in one to four
		v, err := s.r.ReadByte()
		if err != nil {
			return s.end(err)
		}
		if size |= int(v&0x7F) << (7 * i); v < 0x80 {
			break
		}
	}
	s.id, s.left = id, size
	return true
}

func (s *records12) end(err error) bool {
	if !errors.Is(err, io.EOF) && s.err == nil {
		s.err = err
	}
	s.left = 0
	return false
}

// body returns the record's body as far as the part has it, and record12Most bytes at most. It is valid until the next call.
func (s *records12) body() []byte {
	n := min(s.left, record12Most)
	s.long = n < s.left
	if n <= readAhead {
		b, err := s.r.Peek(n)
		if err != nil {
			s.end(err)
			return b
		}
		_, _ = s.r.Discard(n) // it was peeked
		s.left -= n
		return b
	}
	s.buf = s.buf[:0]
	for len(s.buf) < n { // grown by what is really there
		at := len(s.buf)
		s.buf = append(s.buf, make([]byte, min(n-at, readAhead))...)
		got, err := io.ReadFull(s.r, s.buf[at:])
		s.left -= got
		if err != nil {
			s.buf = s.buf[:at+got]
			s.end(err)
			return s.buf
		}
	}
	return s.buf
}

// PartKind is what a part of an XLSB package is, by its first record.
type PartKind uint8

// The kinds of parts.
const (
	OtherPart PartKind = iota
	BookPart           // MS-XLSB 2.1.7.62
	SheetPart          // of any kind: worksheet, chart sheet, dialog sheet, macro sheet
	LinkPart           // MS-XLSB 2.1.7.25, external link
)

// KindOf says what a part is that begins with head.
func KindOf(head []byte) PartKind {
	if len(head) < 3 {
		return OtherPart
	}
	id, rest := int(head[0]), head[1:]
	if id >= 0x80 {
		id, rest = id&0x7F|int(head[1]&0x7F)<<7, head[2:]
		if head[1] >= 0x80 {
			return OtherPart
		}
	}
	switch size := rest[0]; {
	case id == brtBeginBook && size == 0:
		return BookPart
	case id == brtBeginSheet && size == 0:
		return SheetPart
	case id == brtBeginSupBook && size > 0:
		return LinkPart
	}
	return OtherPart
}
