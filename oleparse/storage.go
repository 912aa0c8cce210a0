package oleparse

import (
	"bytes"
	"io"
	"math"
)

// Storage is room for a compound file that lies packed in another file. It is written from its beginning to its end and then read.
type Storage interface {
	io.Writer
	io.ReaderAt
}

// inMemory is the Storage of a caller who gives none.
type inMemory struct{ bytes.Buffer }

func (m *inMemory) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(m.Bytes()).ReadAt(p, off)
}

// unpackedMost is how much of a part is unpacked: the caller bounds what his reader delivers into his own room.
func (r *reading) unpackedMost() int64 {
	if r.o.Storage != nil {
		return math.MaxInt64 - 1
	}
	return r.o.Unpacked
}

// unpack copies up to most bytes of body.
func (r *reading) unpack(body io.Reader, most int64) (s Storage, n int64, err error) {
	if s = new(inMemory); r.o.Storage != nil {
		s = r.o.Storage()
	}
	room := searches.Get().(*[searchRoom]byte)
	defer searches.Put(room)
	n, err = io.CopyBuffer(struct{ io.Writer }{s}, io.LimitReader(body, most), room[:])
	return s, n, err
}
