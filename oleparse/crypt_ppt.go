package oleparse

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"sort"

	"sekisho/internal/offcrypto"
)

// persist is a persist object of an encrypted presentation (MS-PPT 2.1.2). Its record header and body are one block of the cipher.
type persist struct {
	id   uint32
	at   int64
	head [recordHeader]byte // decrypted
	open func(skip int64) io.Reader
}

// Records of the PowerPoint Document stream that are never encrypted (MS-PPT 2.3.7).
const (
	rtUserEdit     = 0x0FF5 // 2.3.3
	rtPersistDir   = 0x1772 // 2.3.4
	rtCryptSession = 0x2F14 // 2.3.7
	rtExOleObjStg  = 0x1011 // 2.10.34

	userEditLen  = recordHeader + 32 // with encryptSessionPersistIdRef
	userEditHead = 12                // in CurrentUserAtom: headerToken, then offsetToCurrentEdit
	persistsMax  = 1 << 16           // objects: a presentation of a thousand slides has some thousand
)

// showDoor is an encrypted presentation (MS-PPT 2.3.7).
func (c *compound) showDoor(names map[string]int) (d door, ok bool) {
	user, ok := names["CURRENT USER"]
	if !ok {
		return d, false
	}
	head := c.head(user, make([]byte, userEditHead+8))
	marked := showEncrypted(head)
	id, ok := names["POWERPOINT DOCUMENT"]
	if !ok || len(head) < userEditHead+8 {
		return door{err: offcrypto.ErrFormat}, marked
	}
	session, list := c.persists(id, int64(binary.LittleEndian.Uint32(head[userEditHead+4:])))
	if session == nil {
		return door{err: offcrypto.ErrFormat}, marked
	}
	d = door{where: "PowerPoint Document", defaults: []string{showPassword}, open: func(k *offcrypto.Key) { c.openShow(id, k, list) }}
	d.lock, d.err = offcrypto.ParseRC4(session)
	return d, true
}

// persists reads the user edit at an offset and its persist object directory (MS-PPT 2.3.3, 2.3.4). session is the data of the CryptSession10Container that
// the edit refers to, nil where it does not.
func (c *compound) persists(id int, edit int64) (session []byte, list []persist) {
	b := make([]byte, userEditLen)
	if n, _ := io.ReadFull(c.open(id, edit), b); n < userEditLen || binary.LittleEndian.Uint16(b[2:]) != rtUserEdit {
		return nil, nil
	}
	dir, ref := int64(binary.LittleEndian.Uint32(b[20:])), binary.LittleEndian.Uint32(b[36:])
	at := c.persistDirectory(id, dir)
	for k, off := range at {
		if k == ref {
			session = c.cryptSession(id, off)
			continue
		}
		list = append(list, persist{id: k, at: off})
	}
	sort.Slice(list, func(i, j int) bool {
		return list[i].at < list[j].at || list[i].at == list[j].at && list[i].id < list[j].id
	})
	return session, list
}

// persistDirectory maps persist object identifiers to offsets (MS-PPT 2.3.4, 2.3.5).
func (c *compound) persistDirectory(id int, dir int64) map[uint32]int64 {
	r := bufio.NewReader(c.open(id, dir))
	word := func() (uint32, bool) {
		var w [4]byte
		_, err := io.ReadFull(r, w[:])
		return binary.LittleEndian.Uint32(w[:]), err == nil
	}
	at := make(map[uint32]int64)
	first, _ := word()
	left, ok := word()
	if !ok || first>>16 != rtPersistDir {
		return at
	}
	for left >= 4 {
		run, ok := word()
		left -= 4
		first, count := run&0xFFFFF, run>>20 // persistId, cPersist
		for i := uint32(0); i < count && left >= 4 && ok; i++ {
			var off uint32
			off, ok = word()
			left -= 4
			at[first+i] = int64(off)
		}
		if !ok {
			break
		}
		if len(at) > persistsMax {
			c.r.problem(true, c.path(id), "more than %d persist objects", persistsMax)
			break
		}
	}
	return at
}

// cryptSession is the data of a CryptSession10Container at an offset.
func (c *compound) cryptSession(id int, at int64) []byte {
	b := c.headAt(id, at, recordHeader)
	if len(b) < recordHeader || binary.LittleEndian.Uint16(b[2:]) != rtCryptSession {
		return nil
	}
	return c.headAt(id, at+recordHeader, int(min(binary.LittleEndian.Uint32(b[4:]), headLen)))
}

func (c *compound) headAt(id int, at int64, n int) []byte {
	b := make([]byte, n)
	n, _ = io.ReadFull(c.open(id, at), b)
	return b[:n]
}

// openShow decrypts the objects' headers in one pass along the stream and gives the stream its plain view.
func (c *compound) openShow(id int, k *offcrypto.Key, list []persist) {
	r := bufio.NewReader(c.open(id, 0))
	var pos int64
	for i := range list {
		p := &list[i]
		n, err := r.Discard(int(p.at - pos))
		pos += int64(n)
		b, _ := r.Peek(recordHeader) // not taken: another object may begin inside
		if err != nil || len(b) < recordHeader {
			list = list[:i]
			break
		}
		_, _ = io.ReadFull(k.Object(bytes.NewReader(b), p.id, 0), p.head[:])
		p.open = func(skip int64) io.Reader { return k.Object(c.open(id, p.at+skip), p.id, skip) }
	}
	c.show, c.showID = slices.Clip(list), id
	c.views[id] = func(from int64) io.Reader { return &showView{c: c, key: k, r: c.open(id, from), pos: from} }
}

// showView is the document stream with every object decrypted up to where it says it ends, or the next one begins.
type showView struct {
	c    *compound
	key  *offcrypto.Key
	r    io.Reader // the stream, at pos
	pos  int64
	cur  io.Reader // of the piece
	left int64     // of the piece, -1 without an end
}

func (v *showView) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if v.left == 0 {
		v.piece()
	}
	if v.left > 0 {
		p = p[:min(int64(len(p)), v.left)]
	}
	n, err := v.cur.Read(p)
	v.pos += int64(n)
	if v.left > 0 {
		v.left -= int64(n)
	}
	return n, err
}

// piece finds out what stands at pos: the inside of an object, or plain bytes up to the next one.
func (v *showView) piece() {
	list := v.c.show
	i := sort.Search(len(list), func(i int) bool { return list[i].at > v.pos })
	end := int64(-1)
	if i < len(list) {
		end = list[i].at
	}
	v.cur = v.r
	if i > 0 {
		o := &list[i-1]
		stop := o.at + recordHeader + int64(binary.LittleEndian.Uint32(o.head[4:]))
		if v.pos < stop {
			v.cur = v.key.Object(v.r, o.id, v.pos-o.at)
			if end < 0 || stop < end {
				end = stop
			}
		}
	}
	if v.left = -1; end >= 0 {
		v.left = end - v.pos
	}
}

// readShow reads the compound files among an encrypted presentation's objects. Its persist directory is where PowerPoint finds them, each under a key of its
// own, so that objects which overlap in the stream do not hide each other.
func (c *compound) readShow(id int) {
	for i := range c.show {
		if p := &c.show[i]; binary.LittleEndian.Uint16(p.head[2:]) == rtExOleObjStg && c.src.err == nil {
			c.readObject(id, p.at, p.open)
		}
	}
}
