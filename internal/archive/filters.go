package archive

import (
	"encoding/binary"
	"errors"
	"io"

	"sekisho/internal/inflate"
)

// ownMethods are methods of the LZMA SDK's Methods.txt that the library lacks or reads a byte short.
var ownMethods = map[string]func(r io.Reader, properties []byte) io.Reader{
	"\x02\x03\x02":     filtered(swap(2)),
	"\x02\x03\x04":     filtered(swap(4)),
	"\x03\x03\x04\x01": filtered(ia64),
	"\x03\x03\x07\x01": filtered(armt),
	"\x0B":             filtered(riscv),
	"\x04\x01\x08":     func(r io.Reader, _ []byte) io.Reader { return inflate.NewReader(r, inflate.Deflate) },
	"\x04\x01\x09":     func(r io.Reader, _ []byte) io.Reader { return inflate.NewReader(r, inflate.Deflate64) },
}

// convert undoes a filter in place on code that begins at pc. It returns how many bytes are done: the others are seen again with more behind them.
type convert func(b []byte, pc uint32) int

const filterBuffer = 4 << 10

// filter is a reader of what a filter's encoder was given.
type filter struct {
	r     io.Reader
	undo  convert
	pc    uint32
	buf   []byte // read, from at on not delivered, from done on not undone
	at    int
	done  int
	ended error
}

// filtered makes a reader of a filter; its properties may hold where the code begins.
func filtered(undo convert) func(io.Reader, []byte) io.Reader {
	return func(r io.Reader, properties []byte) io.Reader {
		f := &filter{r: r, undo: undo}
		if len(properties) == 4 { // BranchMisc.cpp: the address of the first byte
			f.pc = binary.LittleEndian.Uint32(properties)
		}
		return f
	}
}

func (f *filter) Read(p []byte) (int, error) {
	for f.at == f.done && f.ended == nil {
		f.more()
	}
	n := copy(p, f.buf[f.at:f.done])
	if f.at += n; n == 0 && len(p) > 0 {
		return 0, f.ended
	}
	return n, nil
}

// more reads and undoes the next bytes. What is too short for an instruction at the end stays as it is.
func (f *filter) more() {
	rest := copy(f.buf[:cap(f.buf)], f.buf[f.done:])
	if f.buf == nil {
		f.buf = make([]byte, filterBuffer)
	}
	n, err := io.ReadFull(f.r, f.buf[rest:filterBuffer])
	f.buf = f.buf[:rest+n]
	f.at, f.done = 0, f.undo(f.buf, f.pc)
	f.pc += uint32(f.done)
	if err != nil {
		f.done = len(f.buf)
		if f.ended = err; errors.Is(err, io.ErrUnexpectedEOF) {
			f.ended = io.EOF
		}
	}
}

// swap turns words of n bytes around (SwapCoder).
func swap(n int) convert {
	return func(b []byte, _ uint32) int {
		i := 0
		for ; i+n <= len(b); i += n {
			for j := range n / 2 {
				b[i+j], b[i+n-1-j] = b[i+n-1-j], b[i+j]
			}
		}
		return i
	}
}

// armt undoes the branches of ARM Thumb: BL in two half words (Bra.c ARMT_Convert).
func armt(b []byte, pc uint32) int {
	i := 0
	for ; i+4 <= len(b); i += 2 {
		if b[i+1]&0xF8 != 0xF0 || b[i+3]&0xF8 != 0xF8 {
			continue
		}
		src := uint32(b[i+1]&7)<<19 | uint32(b[i])<<11 | uint32(b[i+3]&7)<<8 | uint32(b[i+2])
		dest := (src<<1 - (pc + uint32(i) + 4)) >> 1
		b[i+1] = 0xF0 | byte(dest>>19)&7
		b[i] = byte(dest >> 11)
		b[i+3] = 0xF8 | byte(dest>>8)&7
		b[i+2] = byte(dest)
		i += 2
	}
	return i
}

// ia64Slots tells by a bundle's template which of its three instructions may be branches (BraIA64.c kBranchTable).
const ia64Slots = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x04\x06\x06\x00\x00\x07\x07\x04\x04\x00\x00\x04\x04\x00\x00"

// ia64 undoes the branches of Itanium (BraIA64.c IA64_Convert).
func ia64(b []byte, pc uint32) int {
	i := 0
	for ; i+16 <= len(b); i += 16 {
		slots := ia64Slots[b[i]&0x1F]
		for slot := range 3 {
			if slots>>slot&1 != 0 {
				ia64Slot(b[i:i+16], uint(5+41*slot), pc+uint32(i))
			}
		}
	}
	return i
}

// ia64Slot undoes one slot of 41 bits where it is a call (Itanium manual, volume 3, format B3: opcode 5, 20 bits of address and a sign).
func ia64Slot(bundle []byte, bit uint, pc uint32) {
	var word [8]byte
	copy(word[:6], bundle[bit/8:])
	v := binary.LittleEndian.Uint64(word[:])
	in := v >> (bit % 8)
	if in>>37&15 != 5 || in>>9&7 != 0 { // br.call to an address relative to the bundle; bits 9 to 11 are reserved
		return
	}
	src := uint32(in>>13)&0xFFFFF | uint32(in>>36)&1<<20
	dest := (src<<4 - pc) >> 4
	in &^= 0x8FFFFF << 13
	in |= uint64(dest&0xFFFFF)<<13 | uint64(dest&0x100000)<<(36-20)
	v = v&(1<<(bit%8)-1) | in<<(bit%8)
	binary.LittleEndian.PutUint64(word[:], v)
	copy(bundle[bit/8:], word[:6])
}

// riscv undoes JAL and AUIPC pairs of RISC-V (xz riscv.c, which 7-Zip has taken over).
func riscv(b []byte, pc uint32) int {
	i := 0
	for ; i+8 <= len(b); i += 2 {
		switch {
		case b[i] == 0xEF:
			if b[i+1]&0x0D == 0 { // rd is ra or t0
				riscvJAL(b[i:i+4], pc+uint32(i))
				i += 4 - 2
			}
		case b[i]&0x7F == 0x17:
			i += riscvAUIPC(b[i:i+8], pc+uint32(i)) - 2
		}
	}
	return i
}

// riscvJAL makes the address relative again, and puts its bits where the instruction has them.
func riscvJAL(b []byte, pc uint32) {
	addr := uint32(b[1]&0xF0)<<13 | uint32(b[2])<<9 | uint32(b[3])<<1
	addr -= pc
	b[1] = b[1]&0x0F | byte(addr>>8)&0xF0
	b[2] = byte(addr>>16)&0x0F | byte(addr>>7)&0x10 | byte(addr<<4)&0xE0
	b[3] = byte(addr>>4)&0x7F | byte(addr>>13)&0x80
}

// riscvAUIPC returns how many bytes it has looked at.
func riscvAUIPC(b []byte, pc uint32) int {
	first, second := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	if first&0xE80 != 0 { // rd is neither x0 nor x2: a pair that the encoder changed since it looked like one of its own
		if (first<<8^(second-3))&0xF8003 != 0 {
			return 6
		}
		first, second = 0x17|2<<7|second<<12, first&0xFFFFF000+second>>20
	} else { // the encoder's own form: the address in the other byte order
		rs1 := first >> 27
		if (first-0x3117)<<18 >= rs1&0x1D {
			return 4
		}
		addr := binary.BigEndian.Uint32(b[4:]) - pc
		first, second = 0x17|rs1<<7|(addr+0x800)&0xFFFFF000, first>>12|addr<<20
	}
	binary.LittleEndian.PutUint32(b, first)
	binary.LittleEndian.PutUint32(b[4:], second)
	return 8
}
