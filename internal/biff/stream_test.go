package biff

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

// rec is a record as the stream has it.
func rec(id uint16, body ...byte) []byte {
	return append([]byte{byte(id), byte(id >> 8), byte(len(body)), byte(len(body) >> 8)}, body...)
}

func TestRecordsOneByteAtATime(t *testing.T) {
	stream := append(rec(1, 'a'), append(rec(2), rec(0x0FFF, 'b', 'c')...)...)
	s := newRecords(iotest.OneByteReader(bytes.NewReader(stream)))
	var got []string
	for s.next() {
		got = append(got, string(s.body()))
	}
	if len(got) != 3 || got[0] != "a" || got[1] != "" || got[2] != "bc" || s.err != nil {
		t.Errorf("%q, error %v", got, s.err)
	}
}

// Bodies of every length around what is read ahead come whole, and the record behind them is met.
func TestBodiesLongerThanTheReadAhead(t *testing.T) {
	for _, n := range []int{0, 1, readAhead - 9, readAhead - 8, readAhead - 4, readAhead, readAhead + 1, 0xFFFF} {
		body := bytes.Repeat([]byte{0xA5}, n)
		s := newRecords(bytes.NewReader(append(rec(7, body...), rec(9, 'x')...)))
		if !s.next() || !bytes.Equal(s.body(), body) {
			t.Errorf("%d bytes: not whole", n)
		}
		if s.peekID() != 9 {
			t.Errorf("%d bytes: next is %d", n, s.peekID())
		}
		if !s.next() || s.id != 9 || s.at != int64(4+n) || string(s.body()) != "x" || s.next() {
			t.Errorf("%d bytes: the record behind is %d at %d", n, s.id, s.at)
		}
		passed := newRecords(bytes.NewReader(append(rec(7, body...), rec(9, 'x')...)))
		if passed.next(); !passed.next() || passed.id != 9 {
			t.Errorf("%d bytes: passed over to %d", n, passed.id)
		}
	}
}

func TestBodiesThatTheStreamBreaksOff(t *testing.T) {
	for _, n := range []int{10, readAhead, 0xFFFF} {
		stream := rec(7, make([]byte, n)...)
		s := newRecords(bytes.NewReader(stream[:4+n/2]))
		if !s.next() || len(s.body()) != n/2 || s.next() || s.err != nil {
			t.Errorf("%d bytes, half of them there: error %v", n, s.err)
		}
	}
	s := newRecords(bytes.NewReader([]byte{7, 0, 1}))
	if s.next() {
		t.Error("a header of three bytes is a record")
	}
}

func TestErrorsOfTheStreamAreKept(t *testing.T) {
	broken := errors.New("checksum")
	for name, r := range map[string]io.Reader{
		"in a header":    io.MultiReader(bytes.NewReader(rec(1, 'a')[:3]), iotest.ErrReader(broken)),
		"in a body":      io.MultiReader(bytes.NewReader(rec(1, make([]byte, 100)...)[:50]), iotest.ErrReader(broken)),
		"in a long body": io.MultiReader(bytes.NewReader(rec(1, make([]byte, 0xFFF0)...)[:50000]), iotest.ErrReader(broken)),
		"between":        io.MultiReader(bytes.NewReader(rec(1, 'a')), iotest.ErrReader(broken)),
	} {
		s := newRecords(r)
		for s.next() {
			s.body()
		}
		if !errors.Is(s.err, broken) {
			t.Errorf("%s: %v", name, s.err)
		}
	}
}

// Going on to a near place reads the stream, which saves opening it anew; back or far away it does not.
func TestGoingForward(t *testing.T) {
	stream := append(rec(1, make([]byte, 100)...), rec(2, 'x')...)
	s := newRecords(bytes.NewReader(append(stream, make([]byte, 64<<10)...)))
	s.next()
	if !s.forward(104) || !s.next() || s.id != 2 {
		t.Errorf("near: record %d", s.id)
	}
	if s.forward(0) || s.forward(1<<30) {
		t.Error("back, or far away")
	}
	s.reset(bytes.NewReader(stream[104:]), 104)
	if !s.next() || s.at != 104 || string(s.body()) != "x" {
		t.Errorf("opened anew: record %d at %d", s.id, s.at)
	}
}

// shift is a cipher that adds one.
type shift struct{ ids []uint16 }

func (c *shift) Decrypt(id uint16, _ int64, b []byte) {
	c.ids = append(c.ids, id)
	for i := range b {
		b[i]++
	}
}

// What MS-XLS 2.2.10 leaves in clear text is not decrypted, nor is the place in the sheet list.
func TestWhatIsNeverEncrypted(t *testing.T) {
	c := &shift{}
	for _, id := range []uint16{idBOF2, idBOF3, idBOF4, idBOF5, idFilePass, idUsrExcl, idFileLock, idInterface, idRRDInfo, idRRDHead} {
		s := newRecords(bytes.NewReader(rec(id, 1, 2, 3)))
		s.cipher = c
		if s.next(); !bytes.Equal(s.body(), []byte{1, 2, 3}) {
			t.Errorf("record %#x was decrypted", id)
		}
	}
	for id, want := range map[uint16]string{idLabel: "bcdefg", idBoundSheet: "abcdfg", idEOF: ""} {
		body := []byte("abcdef")[:len(want)]
		s := newRecords(bytes.NewReader(rec(id, body...)))
		s.cipher = c
		if s.next(); string(s.body()) != want {
			t.Errorf("record %#x: not %q", id, want)
		}
	}
	if len(c.ids) != 2 {
		t.Errorf("decrypted %v", c.ids)
	}
}

func TestGenerationsAndKindsOfSubstreams(t *testing.T) {
	for _, tt := range []struct {
		id   int
		body []byte
		gen  generation
		dt   int
	}{
		{idBOF2, []byte{2, 0, 0x40, 0}, 2, dtMacro}, {idBOF3, []byte{3, 0, 0x10, 0, 0, 0}, 3, dtSheet}, {idBOF4, []byte{4, 0, 0, 1, 0, 0}, 4, dtWorkspace},
		{idBOF5, []byte{0, 5, 5, 0}, 5, dtGlobals}, {idBOF5, []byte{0, 6, 6, 0}, 8, dtModule}, {idBOF5, []byte{0, 7, 0x20, 0}, 8, dtChart}, {idBOF5, nil, 5, 0},
	} {
		if g, dt := bof(tt.id, tt.body); g != tt.gen || dt != tt.dt {
			t.Errorf("%#x %x: BIFF%d, %#x", tt.id, tt.body, g, dt)
		}
	}
	if _, ok := isBOF(idEOF); ok {
		t.Error("EOF begins a substream")
	}
}

// continuedFrom is the cursor of a record and its Continue records.
func continuedFrom(bodies ...[]byte) *continued {
	stream := rec(idSST, bodies[0]...)
	for _, b := range bodies[1:] {
		stream = append(stream, rec(idContinue, b...)...)
	}
	c := &continued{rs: newRecords(bytes.NewReader(append(stream, rec(idEOF)...)))}
	c.rs.next()
	return c.begin()
}

func TestNumbersAcrossRecords(t *testing.T) {
	c := continuedFrom([]byte{1}, nil, []byte{2, 3}, []byte{4, 5, 6}, []byte{7})
	if a, b, d := c.u8(), c.u16(), c.u32(); a != 1 || b != 0x0302 || d != 0x07060504 || c.bad {
		t.Errorf("%#x, %#x, %#x, bad %v", a, b, d, c.bad)
	}
	if c.u8() != 0 || !c.bad || c.u32() != 0 || c.more() {
		t.Error("goes on past the last Continue")
	}
}

func TestSkippingAcrossRecords(t *testing.T) {
	c := continuedFrom([]byte{1, 2}, []byte{3, 4}, []byte{5, 6})
	if c.skip(5); c.u8() != 6 || c.bad {
		t.Error("not at the last byte")
	}
	if c.skip(1 << 40); !c.bad {
		t.Error("skipped what is not there")
	}
}

// Each Continue says anew how wide its characters are (MS-XLS 2.5.293).
func TestTextAcrossRecords(t *testing.T) {
	for want, bodies := range map[string][][]byte{
		"abcd":   {{4, 0, 0, 'a', 'b'}, {0, 'c', 'd'}},
		"abあい":   {{4, 0, 0, 'a', 'b'}, {1, 0x42, 0x30, 0x44, 0x30}},
		"あab":    {{3, 0, 1, 0x42, 0x30}, {0, 'a', 'b'}},
		"ab":     {{9, 0, 0, 'a', 'b'}},
		"a":      {{2, 0, 0, 'a'}, {}},
		"abcdef": {{6, 0, 0}, {0, 'a', 'b', 'c'}, {0, 'd', 'e', 'f'}},
	} {
		if got := continuedFrom(bodies...).unicode(); got != want {
			t.Errorf("%x: %q, want %q", bodies, got, want)
		}
	}
}

// Runs of formats and phonetic text stand behind the characters (MS-XLS 2.5.293).
func TestRichTextIsPassedOver(t *testing.T) {
	runs := []byte{2, 0, 0x08, 2, 0, 'a', 'b', 1, 0, 5, 0, 2, 0, 6, 0, 'x'}
	ext := []byte{2, 0, 0x0D, 1, 0, 3, 0, 0, 0, 0x42, 0x30, 0x44, 0x30, 1, 0, 5, 0, 9, 9, 9, 'x'}
	for want, b := range map[string][]byte{"ab": runs, "あい": ext} {
		c := continuedFrom(b)
		if got := string(c.appendRich(nil)); got != want || c.u8() != 'x' {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
