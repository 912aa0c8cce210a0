package archive

import (
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"strings"

	"github.com/bodgit/sevenzip"
)

// seven reads a 7z archive in the child.
type seven struct {
	keys  sevenKeys
	files []*sevenzip.File
	open  io.ReadCloser // content of the member before
	all   bool          // the header is encrypted: whatever is in the archive is locked
}

// sevenKeys takes the place of the library's AES decoder: it says whether a member is encrypted, and derives each key once.
type sevenKeys struct {
	password string
	used     *sevenKey         // by the folder opened last
	cache    map[string][]byte // keys of the password, by cycles and salt
}

var errLocked = &Error{Locked, "archive: a password is needed"}

// decoder is a sevenzip.Decompressor.
func (k *sevenKeys) decoder(p []byte, _ uint64, in []io.ReadCloser) (io.ReadCloser, error) {
	key, ok := parseSevenKey(p)
	if !ok || len(in) != 1 {
		return nil, &Error{Damaged, "archive: properties of the encryption"}
	}
	k.used = &key
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

func (k *sevenKeys) register() {
	sevenzip.RegisterDecompressor([]byte{0x06, 0xF1, 0x07, 0x01}, k.decoder)
	for id, method := range ownMethods {
		sevenzip.RegisterDecompressor([]byte(id), func(p []byte, _ uint64, in []io.ReadCloser) (io.ReadCloser, error) {
			if len(in) != 1 {
				return nil, &Error{Damaged, "archive: a filter of several streams"}
			}
			return io.NopCloser(method(in[0], p)), nil
		})
	}
	for id, name := range missingMethods {
		sevenzip.RegisterDecompressor([]byte(id), func([]byte, uint64, []io.ReadCloser) (io.ReadCloser, error) {
			return nil, &Error{Unsupported, name}
		})
	}
}

// missingMethods are those of the LZMA SDK's Methods.txt that this version cannot read.
var missingMethods = map[string]string{
	"\x04\x01\x01": "Shrink", "\x04\x01\x06": "Implode", "\x04\xF7\x11\x05": "LZ5", "\x04\xF7\x11\x06": "Lizard",
	"\x06\xF1\x01\x01": "ZipCrypto", "\x06\xF1\x03\x03": "RAR29AES",
}

func openSeven(r *io.SectionReader, password string) (*seven, error) {
	s := &seven{}
	s.keys.set(password)
	s.keys.register()
	z, err := sevenzip.NewReaderWithPassword(r, r.Size(), password)
	if err != nil {
		return nil, sevenError(err)
	}
	s.files, s.all = z.File, s.keys.used != nil
	return s, nil
}

// sevenError gives the library's errors a class.
func sevenError(err error) error {
	var e *Error
	switch text := err.Error(); {
	case errors.As(err, &e):
		return e
	case strings.HasSuffix(text, "unsupported compression algorithm"):
		return &Error{Unsupported, "unknown method"}
	case text == "sevenzip: checksum error", text == "sevenzip: not a valid 7-zip file":
		return &Error{Hopeless, text}
	}
	return &Error{Damaged, err.Error()}
}

func (s *seven) next() (*Member, io.Reader, error) {
	if s.open != nil {
		s.open.Close() // where it ended early, the next member of the folder says so
		s.open = nil
	}
	if len(s.files) == 0 {
		return nil, nil, io.EOF
	}
	f := s.files[0]
	s.files = s.files[1:]
	m := &Member{Name: f.Name, Size: int64(f.UncompressedSize)}
	switch mode := f.Mode(); {
	case f.FileInfo().IsDir():
		m.Folder = true
		return m, nil, nil
	case mode&fs.ModeSymlink != 0 || f.Attributes&reparsePoint != 0:
		m.Link = true
	}
	return m, s.content(f, m), nil
}

const reparsePoint = 0x400 // MS-FSCC 2.6 FILE_ATTRIBUTE_REPARSE_POINT

// content opens a member; why it has none is written on it.
func (s *seven) content(f *sevenzip.File, m *Member) io.Reader {
	s.keys.used = nil
	r, err := f.Open()
	if m.Encrypted = s.all; s.keys.used != nil {
		m.Encrypted, m.Cost = true, s.keys.used.cost()+proof(m.Size)
	}
	if err == nil {
		s.open = r
		return &summed{r: r, left: int64(f.UncompressedSize), want: f.CRC32}
	}
	err = sevenError(err)
	var e *Error
	switch {
	case errors.As(err, &e) && e.Class == Unsupported:
		m.Unread = e.Text
	case errors.As(err, &e) && e.Class == Locked:
	default:
		return failed{err}
	}
	return nil
}

type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }

// summed reads a member and checks it: the library leaves that to others.
type summed struct {
	r    io.Reader
	left int64
	sum  uint32
	want uint32 // 0 where the archive has none
}

var (
	errSum   = &Error{Damaged, "archive: the checksum does not agree"}
	errShort = &Error{Damaged, "archive: less than the member's size"}
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
	case s.left > 0:
		return n, errShort
	case s.want != 0 && s.sum != s.want:
		return n, errSum
	}
	return n, io.EOF
}

// lockOfSeven tells whether a word opens the archive: its header where that is encrypted, else the smallest member that is.
func lockOfSeven(r *io.SectionReader) (func(string) bool, error) {
	s, err := openSeven(r, "")
	var e *Error
	if errors.As(err, &e) && e.Class == Locked {
		return func(word string) bool {
			_, err := openSeven(r, word)
			return err == nil
		}, nil
	}
	if err != nil {
		return nil, err
	}
	f := s.smallest()
	if f == nil {
		return nil, hopeless("no member can prove a password")
	}
	return func(word string) bool {
		s.keys.set(word)
		return s.proves(f)
	}, nil
}

// smallest is the encrypted member that is soonest read: the first of its folder, with a checksum.
func (s *seven) smallest() *sevenzip.File {
	var best *sevenzip.File
	folder := -1
	for _, f := range s.files {
		if f.UncompressedSize == 0 || f.Stream == folder {
			continue
		}
		folder = f.Stream
		if f.CRC32 == 0 || best != nil && best.UncompressedSize <= f.UncompressedSize {
			continue
		}
		m := &Member{}
		if s.content(f, m); m.Encrypted {
			best = f
		}
	}
	return best
}

func (s *seven) proves(f *sevenzip.File) bool {
	r, err := f.Open()
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, struct{ io.Reader }{&summed{r: r, left: int64(f.UncompressedSize), want: f.CRC32}})
	return err == nil
}
