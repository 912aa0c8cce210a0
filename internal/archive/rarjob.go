package archive

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"

	"github.com/nwaples/rardecode/v2"
)

// maxDictionary of a RAR archive. WinRAR's own choice is 32 MB; the child's memory holds this one and some garbage.
const maxDictionary = 128 << 20

// rarSource reads a RAR archive in the child.
type rarSource struct {
	r   *rardecode.Reader
	cut bool // a member went on in another volume: nothing comes after it
}

// openRAR begins to read an archive.
func openRAR(r *io.SectionReader, password string) (*rarSource, error) {
	opts := []rardecode.Option{rardecode.MaxDictionarySize(maxDictionary)}
	if password != "" {
		opts = append(opts, rardecode.Password(password))
	}
	at, main, err := firstVolume(r)
	if err != nil {
		return nil, err
	}
	rd, err := rardecode.NewReader(io.NewSectionReader(&overlaid{r, main, at}, 0, r.Size()), opts...)
	if err != nil {
		return nil, rarError(err)
	}
	return &rarSource{r: rd}, nil
}

// rarError gives the library's errors a class.
func rarError(err error) error {
	class := Damaged
	switch {
	case errors.Is(err, io.EOF):
		return io.EOF
	case errors.Is(err, rardecode.ErrArchiveEncrypted), errors.Is(err, rardecode.ErrArchivedFileEncrypted), errors.Is(err, rardecode.ErrBadPassword):
		class = Locked
	case errors.Is(err, rardecode.ErrMultiVolume), errors.Is(err, rardecode.ErrUnexpectedArcEnd),
		errors.Is(err, rardecode.ErrBadVolumeNumber), errors.Is(err, io.ErrUnexpectedEOF):
		class = Cut
	case errors.Is(err, rardecode.ErrDictionaryTooLarge):
		class = TooLarge
	case errors.Is(err, rardecode.ErrNoSig), errors.Is(err, rardecode.ErrNoArchiveBlock):
		class = Hopeless
	case errors.Is(err, rardecode.ErrUnknownVersion), errors.Is(err, rardecode.ErrUnknownEncryptMethod):
		class = Unsupported
	}
	return &Error{class, err.Error()}
}

const maxForeign = 1000 // members in a row that begin in another volume; there is one at most, unless somebody plays

// next passes members that begin in the volume before, and ends before what begins here and goes on elsewhere.
func (s *rarSource) next() (*Member, io.Reader, error) {
	for range maxForeign {
		if s.cut {
			return nil, nil, io.EOF
		}
		h, err := s.r.Next()
		switch {
		case errors.Is(err, rardecode.ErrInvalidFileBlock):
			continue // its beginning is in the volume before: the headers said so already
		case errors.Is(err, rardecode.ErrMultiVolume):
			return nil, nil, io.EOF // the archive goes on in the next volume
		case err != nil:
			return nil, nil, rarError(err)
		}
		return s.member(h)
	}
	return nil, nil, &Error{Damaged, "archive: only parts of members"}
}

// member is a header of the library in the words of this package.
func (s *rarSource) member(h *rardecode.FileHeader) (*Member, io.Reader, error) {
	m := &Member{Name: h.Name, Size: h.UnPackedSize, Folder: h.IsDir, Encrypted: h.Encrypted || h.HeaderEncrypted}
	if h.UnKnownSize {
		m.Size = -1
	}
	m.Link = h.LinkType != rardecode.LinkTypeNone || h.Mode()&fs.ModeSymlink != 0
	if m.Folder {
		return m, nil, nil
	}
	return m, rarContent{s}, nil
}

// rarContent is the member's content, errors with their class.
type rarContent struct{ s *rarSource }

func (c rarContent) Read(p []byte) (int, error) {
	n, err := c.s.r.Read(p)
	if err != nil {
		err = rarError(err)
		var e *Error
		c.s.cut = c.s.cut || errors.As(err, &e) && e.Class == Cut
	}
	return n, err
}

// firstVolume is the main header of a RAR 5 volume made into that of a first one, and its place: the library reads one file, and wants that to be
// the first. Other archives have none.
func firstVolume(r io.ReaderAt) (at int64, main []byte, err error) {
	w := &rarWalk{r: r, size: 1 << 62, at: int64(len(rar5Mark))}
	b, head, err := w.header5()
	if err != nil || b == nil {
		var e *Error
		if errors.As(err, &e) {
			err = nil // the library has its own word for it
		}
		return 0, nil, err
	}
	c := &cursor{b: b, at: head}
	kind, flags := c.number(), c.number()
	for _, f := range []uint64{rar5Extra, rar5Data} {
		if flags&f != 0 {
			c.number() // the area's size
		}
	}
	if kind != rar5Main || c.bad || c.at >= len(b) || b[c.at]&rar5VolumeNumber == 0 {
		return 0, nil, nil
	}
	b[c.at] &^= rar5VolumeNumber
	binary.LittleEndian.PutUint32(b, crc32.ChecksumIEEE(b[4:]))
	return int64(len(rar5Mark)), b, nil
}

const rar5VolumeNumber = 0x02 // technote of RAR 5.0, "Main archive header": the field is there

// overlaid is a file of which some bytes were changed.
type overlaid struct {
	io.ReaderAt
	b  []byte
	at int64
}

func (o *overlaid) ReadAt(p []byte, off int64) (int, error) {
	n, err := o.ReaderAt.ReadAt(p, off)
	if from := max(off, o.at); from < off+int64(n) && from < o.at+int64(len(o.b)) {
		copy(p[from-off:n], o.b[from-o.at:])
	}
	return n, err
}

// opensRAR tells whether a word opens the archive: the member pick is read to its end and its checksum agrees, or, where there is none, the
// headers, which have checksums of their own and in RAR 5 a check value of the password.
func opensRAR(r *io.SectionReader, word string, pick int) bool {
	s, err := openRAR(r, word)
	if err != nil {
		return false
	}
	headers := false
	for n := range maxBlocks {
		h, err := s.r.Next()
		switch {
		case errors.Is(err, rardecode.ErrInvalidFileBlock):
			continue
		case err != nil:
			return headers && errors.Is(err, io.EOF) // nothing in it has content
		}
		headers = headers || h.HeaderEncrypted
		switch {
		case n < pick, h.IsDir, !h.Encrypted && !h.HeaderEncrypted, h.UnPackedSize == 0:
			continue
		}
		_, err = io.Copy(io.Discard, struct{ io.Reader }{s.r})
		return err == nil
	}
	return false
}
