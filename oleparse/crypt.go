package oleparse

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"strings"
	"time"

	"sekisho/internal/biff"
	"sekisho/internal/offcrypto"
)

// The passwords that programs try before they ask.
const (
	excelPassword = "VelvetSweatshop"       // MS-XLS 2.4.191, behaviour note: of workbooks in either format
	showPassword  = "/01Hannes Ruescher/01" // MS-OFFCRYPTO 2.4.2.3: of binary presentations only
)

// triesMax are the candidates tried on all of a document's locks, as embedded workbooks have locks of their own: half a second of the cheap ones. The
// number on a dear one is for Options.Passwords to bound.
const triesMax = 1 << 16

// door is one way in which a document is closed. Most have one.
type door struct {
	where    string
	scheme   string
	lock     *offcrypto.Lock
	err      error    // why there is no lock
	defaults []string // what the program tries by itself
	open     func(*offcrypto.Key)
}

// readEncryption says whether the document itself is encrypted, and opens it if it can.
func (c *compound) readEncryption() {
	if c.nest > 0 || len(c.entries) == 0 {
		return
	}
	c.views = make(map[int]func(int64) io.Reader)
	doc := c.r.doc
	for i, d := range c.doors(c.streams(c.root)) {
		if d.lock != nil {
			d.scheme = d.lock.Scheme
		}
		if i == 0 {
			doc.Encryption = d.scheme
		}
		opened := c.r.enter(&d)
		doc.Opened = opened && (i == 0 || doc.Opened)
		doc.Encrypted = true
	}
}

// doors lists what keeps the document closed.
func (c *compound) doors(names map[string]int) []door {
	var list []door
	for _, find := range []func(map[string]int) (door, bool){c.packageDoor, c.rightsDoor, c.wordDoor, c.bookDoor("Workbook"), c.bookDoor("Book"), c.showDoor} {
		if d, ok := find(names); ok {
			list = append(list, d)
		}
	}
	return list
}

// enter tries passwords on a door: first those that the program tries by itself.
func (r *reading) enter(d *door) bool {
	if d.lock == nil {
		if errors.Is(d.err, offcrypto.ErrUnsupported) && len(d.defaults) > 0 {
			r.problem(true, d.where, "%v: the default password was not tried", d.err)
		}
		return false
	}
	key, password, def := r.find(d.lock, d.where, d.defaults)
	if key == nil {
		return false
	}
	r.doc.Password, r.doc.Default = password, def
	d.open(key)
	return true
}

// find tries the defaults and the candidates on a lock.
func (r *reading) find(l *offcrypto.Lock, where string, defaults []string) (key *offcrypto.Key, password string, def bool) {
	for _, p := range defaults {
		switch k, err := l.Open(r.ctx, p); {
		case err == nil:
			return k, p, true
		case errors.Is(err, offcrypto.ErrCost):
			r.problem(true, where, "the default password was not tried: %v", err)
		case !errors.Is(err, offcrypto.ErrPassword):
			r.fail(err)
			return nil, "", false
		}
	}
	if key, password = r.candidate(l); key == nil {
		r.doc.Locked = true
	}
	return key, password, false
}

// candidate tries the candidates on a lock.
func (r *reading) candidate(l *offcrypto.Lock) (key *offcrypto.Key, password string) {
	for p := range r.candidates(l.Cost()) {
		if r.tries++; r.tries > triesMax {
			break
		}
		switch k, err := l.Open(r.ctx, p); {
		case err == nil:
			r.word = p
			return k, p
		case errors.Is(err, offcrypto.ErrCost):
			return nil, ""
		case !errors.Is(err, offcrypto.ErrPassword):
			r.fail(err)
			return nil, ""
		}
	}
	return nil, ""
}

// candidates are first the word that opened another lock of the document, then those of the caller.
func (r *reading) candidates(cost time.Duration) iter.Seq[string] {
	return func(yield func(string) bool) {
		if r.o.Passwords != nil && (r.word == "" || yield(r.word)) {
			r.o.Passwords(cost)(yield)
		}
	}
}

// plain returns the bytes of a stream from an offset as its program sees them: decrypted where the document is encrypted and was opened.
func (c *compound) plain(id int, from int64) io.Reader {
	if view := c.views[id]; view != nil {
		return view(from)
	}
	return c.open(id, from)
}

// packageDoor is a package in a compound file (MS-OFFCRYPTO 2.3.4). What kind of package it is, is not told outside: Excel's default counts for all.
func (c *compound) packageDoor(names map[string]int) (d door, ok bool) {
	id, ok := names["ENCRYPTEDPACKAGE"]
	if !ok {
		return d, false
	}
	d = door{where: "EncryptionInfo", defaults: []string{excelPassword}, open: func(k *offcrypto.Key) { c.openPackage(id, k) }}
	info, ok := names["ENCRYPTIONINFO"]
	if !ok { // 2.2: rights management transforms the package too
		d.err = offcrypto.ErrForeign
		if c.find(c.root, typeStorage, "\x06DataSpaces") >= 0 {
			d.scheme = schemeDRM
		}
		return d, true
	}
	b, _ := io.ReadAll(io.LimitReader(c.open(info, 0), offcrypto.InfoMax)) // a header that is cut fails to parse
	d.lock, d.err = offcrypto.ParseInfo(b)
	return d, true
}

const schemeDRM = "drm"

func (c *compound) openPackage(id int, k *offcrypto.Key) {
	size := c.entries[id].size
	_, plausible, err := k.Package(c.open(id, 0), size)
	if err != nil {
		c.r.problem(true, "EncryptedPackage", "%q", err.Error())
		return
	}
	if !plausible {
		c.r.problem(false, "EncryptedPackage", "its size is not that of the stream")
	}
	c.r.doc.Package = &File{Path: c.path(id), Open: func() (io.Reader, error) {
		plain, _, err := k.Package(c.open(id, 0), size)
		return plain, err
	}}
}

// rightsDoor is a document under rights management (MS-OFFCRYPTO 2.2.10): only its server's key opens it.
func (c *compound) rightsDoor(names map[string]int) (d door, ok bool) {
	_, ok = names["\x09DRMCONTENT"]
	return door{scheme: schemeDRM, err: offcrypto.ErrForeign}, ok
}

// bookDoor is an encrypted workbook (MS-XLS 2.2.10). Its records are decrypted by those who read them, see filePass.
func (c *compound) bookDoor(stream string) func(map[string]int) (door, bool) {
	return func(names map[string]int) (d door, ok bool) {
		id, ok := names[strings.ToUpper(stream)]
		if !ok {
			return d, false
		}
		head := c.head(id, make([]byte, headLen))
		b := filePass(head)
		if b == nil {
			return d, false
		}
		d = door{where: stream, defaults: []string{excelPassword}, open: c.openSummary}
		d.lock, d.err = offcrypto.ParseFilePass(b, isBIFF8(head))
		return d, true
	}
}

// isBIFF8 looks at the version in the first BOF (MS-XLS 2.4.21); the workbooks before it have none or another one.
func isBIFF8(b []byte) bool {
	return len(b) >= 6 && binary.LittleEndian.Uint16(b) == 0x0809 && binary.LittleEndian.Uint16(b[4:]) == 0x0600
}

// filePass opens a workbook stream for the reader of its records.
func (c *compound) filePass(b []byte, biff8 bool) biff.Cipher {
	l, err := offcrypto.ParseFilePass(b, biff8)
	if err != nil {
		return nil
	}
	key, _, _ := c.r.find(l, "FilePass", []string{excelPassword})
	if key == nil {
		return nil
	}
	return key.Records()
}

// bareFilePass opens a workbook without a compound file around it.
func (r *reading) bareFilePass(b []byte, biff8 bool) (cipher biff.Cipher) {
	d := door{where: "FilePass", defaults: []string{excelPassword}, open: func(k *offcrypto.Key) { cipher = k.Records() }}
	if d.lock, d.err = offcrypto.ParseFilePass(b, biff8); d.lock != nil {
		r.doc.Encryption = d.lock.Scheme
	}
	r.enter(&d)
	return cipher
}

// Word documents (MS-DOC 2.5.2, FibBase). Those before Word 97 have a shorter one and know XOR only.
const (
	wordIdent, wordOldIdent = 0xA5EC, 0xA5DC
	fibFlags, fibKey        = 0x0A, 0x0E
	fEncrypted              = 0x0100
	fWhichTblStm            = 0x0200
	fObfuscated             = 0x8000
	fibPlain, fibOldPlain   = 68, 52 // bytes of the WordDocument stream that stay plain (MS-DOC 2.2.6.1)
)

// wordDoor is an encrypted Word document (MS-DOC 2.2.6).
func (c *compound) wordDoor(names map[string]int) (d door, ok bool) {
	id, ok := names["WORDDOCUMENT"]
	if !ok {
		return d, false
	}
	fib := c.head(id, make([]byte, fibPlain))
	if !wordEncrypted(fib) || len(fib) < fibKey+4 {
		return d, wordEncrypted(fib)
	}
	flags, key := binary.LittleEndian.Uint16(fib[fibFlags:]), binary.LittleEndian.Uint32(fib[fibKey:])
	d.where = "WordDocument"
	if old := binary.LittleEndian.Uint16(fib) == wordOldIdent; old || flags&fObfuscated != 0 {
		d.lock = offcrypto.ParseWordXOR(key)
		d.open = func(k *offcrypto.Key) { c.openWord(names, k, flags, 0, old) }
		return d, true
	}
	d.open = func(k *offcrypto.Key) { c.openWord(names, k, flags, int64(key), false); c.openSummary(k) }
	table, have := names[tableStream(flags)]
	if !have {
		d.err = offcrypto.ErrFormat
		return d, true
	}
	d.lock, d.err = offcrypto.ParseRC4(c.head(table, make([]byte, min(key, headLen))))
	return d, true
}

func tableStream(flags uint16) string {
	if flags&fWhichTblStm != 0 {
		return "1TABLE"
	}
	return "0TABLE"
}

// openWord gives the three streams their plain views (MS-DOC 2.2.6.2): WordDocument behind the FIB's beginning, the table stream behind the
// encryption header, Data.
func (c *compound) openWord(names map[string]int, k *offcrypto.Key, flags uint16, header int64, old bool) {
	fib := int64(fibPlain)
	if old {
		fib = fibOldPlain
	}
	for name, plain := range map[string]int64{"WORDDOCUMENT": fib, tableStream(flags): header, "DATA": 0} {
		if id, ok := names[name]; ok {
			c.views[id] = func(from int64) io.Reader { return k.Stream(c.open(id, from), from, plain) }
		}
	}
}

// openSummary reads the storages and streams that RC4 CryptoAPI moves into the stream "encryption" (MS-OFFCRYPTO 2.3.5.4): Excel puts the VBA project
// and embedded objects there (MS-XLS 2.2.10). Each is encrypted as one block.
func (c *compound) openSummary(k *offcrypto.Key) {
	id := c.find(c.root, typeStream, summaryStream)
	if id < 0 {
		return
	}
	head := make([]byte, 8)
	if n, _ := io.ReadFull(k.Object(c.open(id, 0), 0, 0), head); n < len(head) { // encrypted too, whatever the specification's figure seems to say
		return
	}
	at, size := int64(binary.LittleEndian.Uint32(head)), int64(binary.LittleEndian.Uint32(head[4:]))
	list, _ := io.ReadAll(io.LimitReader(k.Object(c.open(id, at), 0, 0), min(size, summaryMax)))
	for n, left := 0, list[min(len(list), 4):]; len(left) >= descriptorLen && n < descriptorsMax; n++ {
		e := left[:descriptorLen]
		name := 2 * (int(e[10]) + 1)
		if len(left) < descriptorLen+name {
			return
		}
		from, size := int64(binary.LittleEndian.Uint32(e)), int64(binary.LittleEndian.Uint32(e[4:]))
		body := k.Object(c.open(id, from), uint32(binary.LittleEndian.Uint16(e[8:])), 0)
		title := utf16String(bytes.TrimSuffix(left[descriptorLen:descriptorLen+name], []byte{0, 0}))
		c.readNested(summaryStream+"/"+title, io.LimitReader(body, size), size)
		left = left[descriptorLen+name:]
	}
}

const (
	summaryStream  = "encryption" // MS-XLS 2.1.7.6, MS-DOC 2.1.8; PowerPoint's, EncryptedSummary, has properties only
	summaryMax     = 1 << 20      // bytes of descriptors
	descriptorLen  = 16           // MS-OFFCRYPTO 2.3.5.3, before StreamName
	descriptorsMax = 1024         // a workbook's embedded objects; each costs a walk along the stream
)
