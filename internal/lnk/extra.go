package lnk

import "encoding/binary"

// Signatures of the extra data blocks that matter (2.5).
const (
	sigEnvironment   = 0xA0000001
	sigTracker       = 0xA0000003
	sigSpecialFolder = 0xA0000005
	sigDarwin        = 0xA0000006
	sigIcon          = 0xA0000007
	sigKnownFolder   = 0xA000000B
	sigIDList        = 0xA000000C
)

// extra reads ExtraData (2.5): blocks until one that is shorter than its own size field. What is no block is no part of the shortcut.
func (p *parser) extra() {
	for n := 0; ; n++ {
		head := p.peek(8)
		if len(head) < 4 {
			return
		}
		size := int64(binary.LittleEndian.Uint32(head))
		switch {
		case size < 4: // 2.5.2, TerminalBlock
			p.off += 4
			return
		case len(head) < 8 || size < 8 || size > p.size-p.off || binary.LittleEndian.Uint32(head[4:])>>16 != 0xA000:
			p.problem("no extra data block where one is expected")
			return
		case n >= blocksMax:
			p.problem("more than %d blocks of extra data", blocksMax)
			return
		}
		p.block(binary.LittleEndian.Uint32(head[4:]), p.peek(min(size, blockRead)))
		p.off += size
	}
}

// block reads one block, its size and signature included.
func (p *parser) block(sig uint32, b []byte) {
	switch l := p.link; sig {
	case sigEnvironment: // 2.5.4
		l.Env = p.both(b)
	case sigDarwin: // 2.5.3
		l.Darwin = p.both(b)
	case sigIcon: // 2.5.5
		l.IconEnv = p.both(b)
	case sigTracker: // 2.5.10, MachineID
		l.Machine = p.o.Code(cutNUL(part(b, 16, 32)))
	case sigSpecialFolder: // 2.5.9
		if b = part(b, 8, 12); len(b) == 4 && l.Folder == "" {
			l.Folder = specialFolder(binary.LittleEndian.Uint32(b))
		}
	case sigKnownFolder: // 2.5.6
		if b = part(b, 8, 24); len(b) == 16 {
			l.Folder = folder(guid(b))
		}
	case sigIDList: // 2.5.11
		l.OtherList = p.items(b[8:])
	}
}

// both reads a path of 260 characters that is given twice: the wide one counts (2.5.4, TargetAnsi and TargetUnicode).
func (p *parser) both(b []byte) string {
	if s := wideText(part(b, 268, 788)); s != "" {
		return s
	}
	return p.o.Code(cutNUL(part(b, 8, 268)))
}

// part is b[from:to] as far as b goes.
func part(b []byte, from, to int) []byte {
	to = min(to, len(b))
	if from >= to {
		return nil
	}
	return b[from:to]
}
