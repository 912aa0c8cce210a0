package oleparse

import (
	"bufio"
	"encoding/binary"
	"io"
)

// Kinds of compressed RTF (MS-OXRTFCP 2.1.3.1.1, COMPTYPE).
const (
	rtfCompressed = 0x75465A4C // "LZFu"
	rtfPlain      = 0x414C454D // "MELA"
)

const (
	lzfuWindow = 4096
	lzfuStart  = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier" +
		"{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx" // MS-OXRTFCP 2.1.2.1
)

// lzfu decompresses RTF (MS-OXRTFCP 2.2.1). It ends at the end marker or with its input, whatever RAWSIZE says, and gives at most 17 bytes for
// two: no text grows without being sent.
type lzfu struct {
	in     *bufio.Reader
	plain  io.Reader // not compressed
	window [lzfuWindow]byte
	at     uint // where the next byte goes
	flags  byte // of the run of eight tokens under way
	tokens int  // left in it
	from   uint // the copy under way
	copied int  // bytes left of it
	begun  bool
	ended  bool
}

// newLZFu returns the RTF in r, as it is where it is not compressed.
func newLZFu(r io.Reader) io.Reader { return &lzfu{in: bufio.NewReader(r)} }

// DecompressRTF returns the RTF in r, which is the value of PidTagRtfCompressed (MS-OXRTFCP). It gives at most 17 bytes for two.
func DecompressRTF(r io.Reader) io.Reader { return newLZFu(r) }

// begin reads the header (MS-OXRTFCP 2.1.3.1.1).
func (z *lzfu) begin() error {
	var head [16]byte
	n, err := readFull(z.in, head[:])
	z.begun, z.ended = true, n < len(head)
	if binary.LittleEndian.Uint32(head[8:]) == rtfPlain {
		z.plain = io.LimitReader(z.in, int64(binary.LittleEndian.Uint32(head[4:])))
	}
	z.at = uint(copy(z.window[:], lzfuStart))
	return err
}

func (z *lzfu) Read(p []byte) (n int, err error) {
	if !z.begun {
		if err := z.begin(); err != nil {
			return 0, err
		}
	}
	if z.plain != nil {
		return z.plain.Read(p)
	}
	for n < len(p) && !z.ended {
		if z.copied > 0 {
			p[n] = z.put(z.window[z.from])
			z.from, z.copied = (z.from+1)%lzfuWindow, z.copied-1
			n++
			continue
		}
		b, literal, err := z.token()
		if err != nil && err != io.EOF {
			return n, err
		}
		if z.ended = z.ended || err == io.EOF; literal && !z.ended {
			p[n] = z.put(b)
			n++
		}
	}
	if n == 0 && z.ended {
		return 0, io.EOF
	}
	return n, nil
}

func (z *lzfu) put(b byte) byte {
	z.window[z.at] = b
	z.at = (z.at + 1) % lzfuWindow
	return b
}

// token reads one token: a byte, or a reference into the window that starts a copy (MS-OXRTFCP 2.2.1.4).
func (z *lzfu) token() (b byte, literal bool, err error) {
	if z.tokens == 0 {
		if z.flags, err = z.in.ReadByte(); err != nil {
			return 0, false, err
		}
		z.tokens = 8
	}
	reference := z.flags&1 != 0
	z.flags, z.tokens = z.flags>>1, z.tokens-1
	if b, err = z.in.ReadByte(); err != nil || !reference {
		return b, true, err
	}
	low, err := z.in.ReadByte()
	v := uint(b)<<8 | uint(low)
	z.from, z.copied = v>>4, int(v&15)+2
	z.ended = z.from == z.at
	return 0, false, err
}
