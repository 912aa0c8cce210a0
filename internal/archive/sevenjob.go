package archive

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/bodgit/sevenzip"
)

// seven reads a 7z archive in the child.
type seven struct {
	r      *io.SectionReader
	h      *sevenHeader
	keys   sevenKeys
	nextup int // the entry that comes next
	folder int // the one that is open, -1 for none
	stream io.ReadCloser
	at     uint64 // how far its stream was read
}

// sevenKeys takes the place of the library's AES decoder: it derives each key once.
type sevenKeys struct {
	password string
	cache    map[string][]byte // keys of the password, by cycles and salt
}

var errLocked = &Error{Locked, "archive: a password is needed"}

// decoder is a sevenzip.Decompressor.
func (k *sevenKeys) decoder(p []byte, _ uint64, in []io.ReadCloser) (io.ReadCloser, error) {
	key, ok := parseSevenKey(p)
	if !ok || len(in) != 1 {
		return nil, &Error{Damaged, "archive: properties of the encryption"}
	}
	if k.password == "" {
		return nil, errLocked
	}
	id := string(p[:1]) + string(key.salt)
	if k.cache[id] == nil {
		if k.cache == nil {
			k.cache = map[string][]byte{}
		}
		k.cache[id] = key.key(k.password)
	}
	return newCBC(in[0], k.cache[id], key.iv)
}

// set changes the password.
func (k *sevenKeys) set(password string) { k.password, k.cache = password, nil }

// register hands the methods of this package to the library, whose table is that of the process: a child opens one archive.
func (k *sevenKeys) register() {
	sevenzip.RegisterDecompressor([]byte(methodAES), k.decoder)
	for id, method := range ownMethods {
		sevenzip.RegisterDecompressor([]byte(id), func(p []byte, _ uint64, in []io.ReadCloser) (io.ReadCloser, error) {
			if len(in) != 1 {
				return nil, &Error{Damaged, "archive: a filter of several streams"}
			}
			return io.NopCloser(method(in[0], p)), nil
		})
	}
}

// libraryMethods are those that the library reads, by the LZMA SDK's Methods.txt and 7-Zip ZS.
var libraryMethods = []string{
	"\x00", "\x03", "\x0A", "\x21", "\x03\x01\x01", "\x03\x03\x01\x03", "\x03\x03\x01\x1B", "\x03\x03\x02\x05", "\x03\x03\x05\x01",
	"\x03\x03\x08\x05", "\x03\x04\x01", "\x04\x02\x02", "\x04\xF7\x11\x01", "\x04\xF7\x11\x02", "\x04\xF7\x11\x04", methodAES,
}

// missingMethods are names of others.
var missingMethods = map[string]string{
	"\x04\x01\x01": "Shrink", "\x04\x01\x06": "Implode", "\x04\xF7\x11\x05": "LZ5", "\x04\xF7\x11\x06": "Lizard",
	"\x06\xF1\x01\x01": "ZipCrypto", "\x06\xF1\x03\x03": "RAR29AES",
}

// foreign names the first method of the folder that this version cannot read, "" for none.
func (f *sevenFolder) foreign() string {
	for _, c := range f.coders {
		if ownMethods[c.method] == nil && !slices.Contains(libraryMethods, c.method) {
			if name := missingMethods[c.method]; name != "" {
				return name
			}
			return fmt.Sprintf("method %X", c.method)
		}
	}
	return ""
}

const maxEncodings = 4 // of a header: 7-Zip writes one

// openSeven reads the header, which may be packed and encrypted itself.
func openSeven(r *io.SectionReader, password string) (*seven, error) {
	s := &seven{r: r, folder: -1, h: &sevenHeader{}}
	s.keys.set(password)
	s.keys.register()
	next, err := sevenNext(r)
	if err != nil || next == nil {
		return s, err
	}
	b, err := sevenBytes(next, sevenSum{uint64(next.Size()), next.sum, true})
	locked := false
	for range maxEncodings {
		if err != nil {
			return nil, err
		}
		var encoded bool
		if s.h, encoded, err = parseSeven(b); err != nil || !encoded {
			s.h.locked = locked
			return s, err
		}
		f := &s.h.folders[0]
		needs, _ := f.locked()
		locked = locked || needs
		if needs && password == "" {
			return nil, errLocked
		}
		if method := f.foreign(); method != "" {
			return nil, &Error{Unsupported, "7z: the header is packed by " + method}
		}
		var packed io.ReadCloser
		if packed, err = openFolder(r, f); err == nil {
			b, err = sevenBytes(packed, f.sum)
			packed.Close()
		}
	}
	return nil, errHeader
}

// sevenBytes reads a header and checks it.
func sevenBytes(r io.Reader, want sevenSum) ([]byte, error) {
	if want.size > maxHeader {
		return nil, &Error{TooLarge, "7z: a header of more than 64 MB"}
	}
	return io.ReadAll(&summed{r: io.LimitReader(r, int64(want.size)), left: int64(want.size), want: want})
}

// sevenError gives the library's errors a class.
func sevenError(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Damaged, strings.TrimPrefix(err.Error(), "sevenzip: read error: ")}
}

// next is the next file; a folder and what is to be deleted have no content (7zFormat.txt, kEmptyStream, kAnti).
func (s *seven) next() (*Member, io.Reader, error) {
	if s.nextup == len(s.h.files) {
		return nil, nil, io.EOF
	}
	e := &s.h.files[s.nextup]
	s.nextup++
	m := &Member{Name: e.name, Size: int64(e.size)}
	switch {
	case e.anti, e.empty && !e.file:
		m.Folder = true
		return m, nil, nil
	case e.empty:
		m.Encrypted = s.h.locked
		return m, nil, nil
	}
	m.Link = e.attrs&reparsePoint != 0 || e.attrs&unixAttributes != 0 && e.attrs>>16&0xF000 == 0xA000
	f := &s.h.folders[e.folder]
	var cost time.Duration
	m.Encrypted, cost = f.locked()
	m.Cost, m.Unread = cost+proof(m.Size), f.foreign()
	if m.Unread != "" || m.Encrypted && s.keys.password == "" {
		return m, nil, nil
	}
	m.Encrypted = m.Encrypted || s.h.locked
	return m, &summed{r: &sevenContent{s: s, e: e, left: e.size}, left: m.Size, want: e.sevenSum}, nil
}

const (
	reparsePoint   = 0x400  // MS-FSCC 2.6 FILE_ATTRIBUTE_REPARSE_POINT
	unixAttributes = 0x8000 // p7zip: st_mode in the upper half
)

// sevenContent is a member's part of its folder's stream, which is opened when somebody reads.
type sevenContent struct {
	s    *seven
	e    *sevenEntry
	left uint64
}

func (c *sevenContent) Read(p []byte) (int, error) {
	if c.left == c.e.size {
		if err := c.s.seek(c.e); err != nil {
			return 0, err
		}
	}
	n, err := c.s.stream.Read(p[:min(uint64(len(p)), c.left)])
	c.left -= uint64(n)
	c.s.at += uint64(n)
	if err == nil && c.left == 0 {
		err = io.EOF
	}
	return n, err
}

// seek opens the member's folder, where it is not open, and goes to the member's beginning.
func (s *seven) seek(e *sevenEntry) error {
	if s.folder != e.folder || s.at > e.offset {
		s.close()
		stream, err := openFolder(s.r, &s.h.folders[e.folder])
		if err != nil {
			return err
		}
		s.folder, s.stream, s.at = e.folder, stream, 0
	}
	n, err := io.CopyN(io.Discard, s.stream, int64(e.offset-s.at))
	s.at += uint64(n)
	if errors.Is(err, io.EOF) {
		err = errShort
	}
	return err
}

// close ends the folder that is open.
func (s *seven) close() {
	if s.stream != nil {
		s.stream.Close() // where the stream ended early, the member said so
	}
	s.folder, s.stream = -1, nil
}

// summed reads what has a size and a checksum, and says at the end whether they agree.
type summed struct {
	r    io.Reader
	left int64
	sum  uint32
	want sevenSum
}

var (
	errSum   = &Error{Damaged, "archive: the checksum does not agree"}
	errShort = &Error{Damaged, "archive: not the member's size"}
)

func (s *summed) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.sum = crc32.Update(s.sum, crc32.IEEETable, p[:n])
	s.left -= int64(n)
	switch {
	case err == nil:
		return n, nil
	case !errors.Is(err, io.EOF):
		return n, sevenError(err)
	case s.left != 0:
		return n, errShort
	case s.want.has && s.sum != s.want.crc:
		return n, errSum
	}
	return n, io.EOF
}

// lockOfSeven tells whether a word opens the archive: its header where that is encrypted, else the smallest member that is.
func lockOfSeven(r *io.SectionReader) (func(string) bool, error) {
	s, err := openSeven(r, "")
	if errors.Is(err, errLocked) {
		return func(word string) bool {
			_, err := openSeven(r, word)
			return err == nil
		}, nil
	}
	if err != nil {
		return nil, err
	}
	e := s.smallest()
	if e == nil {
		return nil, hopeless("no member can prove a password")
	}
	return func(word string) bool {
		s.keys.set(word)
		s.close()
		content := &sevenContent{s: s, e: e, left: e.size}
		_, err := io.Copy(io.Discard, struct{ io.Reader }{&summed{r: content, left: int64(e.size), want: e.sevenSum}})
		return err == nil
	}, nil
}

// smallest is the encrypted member that is soonest read: the first of its folder, with a checksum.
func (s *seven) smallest() (best *sevenEntry) {
	for i := range s.h.files {
		e := &s.h.files[i]
		if e.empty || e.offset > 0 || e.size == 0 || !e.has || best != nil && best.size <= e.size {
			continue
		}
		f := &s.h.folders[e.folder]
		if locked, _ := f.locked(); locked && f.foreign() == "" {
			best = e
		}
	}
	return best
}
