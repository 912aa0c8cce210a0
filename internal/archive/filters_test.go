package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/flate"

	"sekisho/internal/fixture"
)

// The encoders make the addresses of branches absolute. The tests write the absolute form by the instruction's own bits, undo the filter, and read the
// address relative to the instruction as the processor does.

const (
	branchAt = 0x2000
	target   = 0x13570
)

func padded(instruction []byte) []byte {
	b := make([]byte, branchAt+64)
	copy(b[branchAt:], instruction)
	return b
}

func TestARMThumbBranch(t *testing.T) {
	v := uint32(target) >> 1
	b := padded([]byte{byte(v >> 11), 0xF0 | byte(v>>19)&7, byte(v), 0xF8 | byte(v>>8)&7})
	armt(b, 0)
	hi, lo := binary.LittleEndian.Uint16(b[branchAt:]), binary.LittleEndian.Uint16(b[branchAt+2:])
	off := (uint32(hi&0x7FF)<<11 | uint32(lo&0x7FF)) << 1
	if got := branchAt + 4 + off; got != target || hi>>11 != 0x1E || lo>>11 != 0x1F {
		t.Errorf("to %#x by %04x %04x", got, hi, lo)
	}
}

func TestItaniumBranch(t *testing.T) {
	for slot := range uint(3) {
		var bundle [16]byte
		bundle[0] = 0x16 // BBB
		v := uint64(target) >> 4
		in := uint64(5)<<37 | (v&0xFFFFF)<<13 | v>>20&1<<36
		at := 5 + 41*slot
		for bit := range uint(41) {
			bundle[(at+bit)/8] |= byte(in>>bit&1) << ((at + bit) % 8)
		}
		b := padded(bundle[:])
		ia64(b, 0)
		var got uint64
		for bit := range uint(41) {
			got |= uint64(b[branchAt+int(at+bit)/8]>>((at+bit)%8)&1) << bit
		}
		if off := (got>>13&0xFFFFF | got>>36&1<<20) << 4; branchAt+off != target || got>>37 != 5 {
			if slot > 0 { // in BBB only the template's slots count
				t.Errorf("slot %d: to %#x", slot, branchAt+off)
			}
		}
	}
}

func TestRISCVJump(t *testing.T) {
	v := uint32(target)
	b := padded([]byte{0xEF, byte(v>>13) & 0xF0, byte(v >> 9), byte(v >> 1)})
	riscv(b, 0)
	in := binary.LittleEndian.Uint32(b[branchAt:])
	imm := in>>31<<20 | in>>12&0xFF<<12 | in>>20&1<<11 | in>>21&0x3FF<<1
	if branchAt+imm != target || in&0xFFF != 0x0EF {
		t.Errorf("to %#x by %08x", branchAt+imm, in)
	}
}

func TestRISCVPair(t *testing.T) {
	const second = 0x000500E7 &^ 0xFFF00000 // jalr ra, 0(a0)
	var pair [8]byte
	low := uint32(second)
	binary.LittleEndian.PutUint32(pair[:], 0x17|2<<7|low<<12)
	binary.BigEndian.PutUint32(pair[4:], target)
	b := padded(pair[:])
	riscv(b, 0)
	auipc, jalr := binary.LittleEndian.Uint32(b[branchAt:]), binary.LittleEndian.Uint32(b[branchAt+4:])
	to := branchAt + auipc&0xFFFFF000 + uint32(int32(jalr)>>20)
	if to != target || auipc&0xFFF != 0x17|10<<7 || jalr&0xFFFFF != second {
		t.Errorf("to %#x by %08x %08x", to, auipc, jalr)
	}
}

func TestFiltersDoNotDependOnTheReads(t *testing.T) {
	data := make([]byte, 3*filterBuffer+7)
	for i := range data {
		data[i] = byte(i * i >> 3)
	}
	copy(data[filterBuffer-3:], "\xEF\x00\x12\x34\x17\x01\x34\x12\x00\x00\x12\x34") // over the buffer's end
	for id, method := range ownMethods {
		if id[0] == 4 {
			continue
		}
		whole, err := io.ReadAll(method(bytes.NewReader(data), nil))
		if err != nil || len(whole) != len(data) {
			t.Errorf("% x: %d bytes, %v", id, len(whole), err)
		}
		bytewise, err := io.ReadAll(method(iotest.OneByteReader(bytes.NewReader(data)), []byte{0, 0, 0, 0}))
		if err != nil || !bytes.Equal(whole, bytewise) {
			t.Errorf("% x: differs when read byte by byte, %v", id, err)
		}
		if _, err := io.ReadAll(method(iotest.ErrReader(io.ErrClosedPipe), nil)); err != io.ErrClosedPipe { //nolint:errorlint // passed on
			t.Errorf("% x: %v", id, err)
		}
	}
}

func TestSwap(t *testing.T) {
	for n, want := range map[int]string{2: "badcf", 4: "dcbae"} {
		in := "abcde"
		if n == 2 {
			in = "abcdf"
		}
		if got, err := io.ReadAll(filtered(swap(n))(bytes.NewReader([]byte(in)), nil)); err != nil || string(got) != want {
			t.Errorf("%d: %q, %v", n, got, err)
		}
	}
}

// TestFilteredMembers: the library hands the stream to the filters of this package.
func TestFilteredMembers(t *testing.T) {
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, 6)
	if err == nil {
		_, err = io.WriteString(w, "deflated")
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ method, data, want string }{
		{"\x02\x03\x02", "ehll o", "hello "}, {"\x04\x01\x08", packed.String(), "deflated"}, {"\x04\x01\x09", packed.String(), "deflated"},
	} {
		file := fixture.SevenZip{Files: []fixture.SevenFile{{Name: "x", Data: []byte(tt.want), Method: tt.method, Packed: []byte(tt.data)}}}.Bytes()
		if got, err := list(t, SevenZip, file, 0, ""); err != nil || len(got) != 1 || got[0] != "x="+tt.want {
			t.Errorf("% x: %q, %v", tt.method, got, err)
		}
	}
}

// TestRISCVLooksAlike: what the encoder changed since it looked like its own form becomes what it was, and the rest stays.
func TestRISCVLooksAlike(t *testing.T) {
	first, second := uint32(0x12345517), uint32(0x678505E7) // auipc a0; jalr a1 from a0
	for _, tt := range []struct {
		name          string
		first, second uint32
		want          [2]uint32
	}{
		{"no pair", first, second + 0x80000 + 4, [2]uint32{first, second + 0x80000 + 4}},
		{"auipc to x0 that is no pair", 0x00000017, second, [2]uint32{0x00000017, second}},
	} {
		var b [16]byte
		binary.LittleEndian.PutUint32(b[:], tt.first)
		binary.LittleEndian.PutUint32(b[4:], tt.second)
		n := riscvAUIPC(b[:8], 0)
		if got := [2]uint32{binary.LittleEndian.Uint32(b[:]), binary.LittleEndian.Uint32(b[4:])}; got != tt.want || n == 8 {
			t.Errorf("%s: %08x, %d bytes", tt.name, got, n)
		}
	}
}

func TestKeysOfSeven(t *testing.T) {
	raw := sevenKey{cycles: rawCycles, salt: []byte("salt")}
	if got := raw.key("ab"); string(got[:8]) != "salta\x00b\x00" || len(got) != 32 || got[8] != 0 {
		t.Errorf("% x", got)
	}
	sum := sha256.Sum256([]byte("a\x00\x00\x00\x00\x00\x00\x00\x00\x00a\x00\x01\x00\x00\x00\x00\x00\x00\x00"))
	if got := (sevenKey{cycles: 1}).key("a"); !bytes.Equal(got, sum[:]) {
		t.Errorf("two rounds: % x", got)
	}
}

func TestDataThatIsNoWholeBlockIsNotDecrypted(t *testing.T) {
	for _, n := range []int{0, 1, 15, 16, 17, 4096, 4097, 8191} {
		r, err := newCBC(bytes.NewReader(make([]byte, n)), make([]byte, 32), make([]byte, 16))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(iotest.OneByteReader(r)); err != nil || len(got) != n&^15 {
			t.Errorf("%d bytes: %d, %v", n, len(got), err)
		}
	}
	if _, err := newCBC(nil, make([]byte, 7), nil); err == nil {
		t.Error("a key of seven bytes")
	}
}
