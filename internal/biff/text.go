package biff

import "unicode/utf8"

// passing looks at the records that carry text, in whatever substream; the rest is passed over by its header.
func (b *book) passing() {
	if b.gen < 8 && (b.rs.id == idExternSheet || b.rs.id == idExternName || b.rs.id == idExternName3) {
		b.oldLink()
		return
	}
	if b.o.Text == nil || b.o.TextMost <= 0 {
		return
	}
	switch b.rs.id {
	case idSST:
		b.stringTable()
	case idTxO:
		b.textBox()
	case idHeader, idFooter, idLabel, idLabel2, idRString, idNote:
		b.writeText(b.inline())
	}
}

// oldLink reads the links that sheets before BIFF8 have of their own.
func (b *book) oldLink() {
	if b.rs.id == idExternSheet {
		b.oldExternSheet()
	} else {
		b.externName()
	}
}

// stringTable notes the place of the string table (MS-XLS 2.4.265 SST) and writes its texts where somebody wants them.
func (b *book) stringTable() {
	if b.sst < 0 {
		b.sst = b.rs.at
	}
	if b.o.Text == nil || b.o.TextMost <= 0 {
		return
	}
	c := b.body.begin()
	c.u32()
	for n := c.u32(); n > 0 && !c.bad && b.o.TextMost > 0 && b.beat(); n-- {
		at := len(b.out)
		b.out = c.appendRich(b.out)
		b.wrote(at)
	}
}

// textBox reads the text of a drawing object, which stands in the Continue behind it (MS-XLS 2.4.329 TxO).
func (b *book) textBox() {
	c := b.body.begin()
	c.skip(10)
	n := c.u16()
	c.b = nil
	if n == 0 || c.bad || !c.more() {
		return
	}
	flags := c.u8()
	b.writeText(c.chars(n, flags&1 != 0))
}

// inline reads the text of a header, a footer, a note or a cell that has its own.
func (b *book) inline() string {
	c := b.body.begin()
	switch b.rs.id {
	case idLabel, idRString:
		c.skip(6)
	case idLabel2:
		c.skip(7)
		return b.bytes(c.b[min(1, len(c.b)):])
	case idNote:
		if b.gen >= 8 { // the text is that of a drawing object
			return ""
		}
		c.skip(4)
	default:
		if b.gen < 8 {
			c.skip(1)
			return b.bytes(c.b)
		}
	}
	if len(c.b) == 0 {
		return ""
	}
	if b.gen >= 8 {
		return c.unicode()
	}
	return b.bytes(c.b[min(2, len(c.b)):])
}

// writeText hands on a text.
func (b *book) writeText(s string) {
	at := len(b.out)
	b.out = append(b.out, s...)
	b.wrote(at)
}

// wrote ends the text that was appended from at on, inside the limit.
func (b *book) wrote(at int) {
	n := int64(len(b.out) - at)
	if n == 0 {
		return
	}
	if n > b.o.TextMost {
		b.out = whole(b.out[:at+int(b.o.TextMost)])
	}
	b.out = append(b.out, '\n')
	b.o.TextMost -= n + 1
	if len(b.out) >= flushAt {
		b.flush()
	}
}

// whole is b without the piece of a character at its end.
func whole(b []byte) []byte {
	for range utf8.UTFMax {
		if r, size := utf8.DecodeLastRune(b); r != utf8.RuneError || size != 1 {
			break
		}
		b = b[:len(b)-1]
	}
	return b
}

// flushAt is how much text is gathered before it is handed on.
const flushAt = 16 << 10

// flush hands on the text that was gathered.
func (b *book) flush() {
	if len(b.out) > 0 && b.o.Text != nil {
		_, _ = b.o.Text.Write(b.out) // the writer's trouble is its owner's
	}
	b.out = b.out[:0]
}
