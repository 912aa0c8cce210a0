package archive

import (
	"errors"
	"io"
	"io/fs"

	"github.com/nwaples/rardecode/v2"
)

// maxDictionary of a RAR archive. WinRAR's own choice is 32 MB; the child's memory holds this one and some garbage.
const maxDictionary = 128 << 20

// rarSource reads a RAR archive in the child.
type rarSource struct {
	r *rardecode.Reader
}

func openRAR(r *io.SectionReader, password string) (*rarSource, error) {
	opts := []rardecode.Option{rardecode.MaxDictionarySize(maxDictionary)}
	if password != "" {
		opts = append(opts, rardecode.Password(password))
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	rd, err := rardecode.NewReader(r, opts...)
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
	case errors.Is(err, rardecode.ErrMultiVolume), errors.Is(err, rardecode.ErrUnexpectedArcEnd), errors.Is(err, io.ErrUnexpectedEOF):
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

func (s *rarSource) next() (*Member, io.Reader, error) {
	for range maxForeign {
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

func (s *rarSource) member(h *rardecode.FileHeader) (*Member, io.Reader, error) {
	m := &Member{Name: h.Name, Size: h.UnPackedSize, Folder: h.IsDir, Encrypted: h.Encrypted || h.HeaderEncrypted}
	if h.UnKnownSize {
		m.Size = -1
	}
	m.Link = h.LinkType != rardecode.LinkTypeNone || h.Mode()&fs.ModeSymlink != 0
	if m.Folder {
		return m, nil, nil
	}
	return m, rarContent{s.r}, nil
}

// rarContent is the member's content, errors with their class.
type rarContent struct{ r io.Reader }

func (c rarContent) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if err != nil {
		err = rarError(err)
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
	for n := 0; ; n++ {
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
}
