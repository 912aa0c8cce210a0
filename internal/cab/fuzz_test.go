package cab

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"sekisho/internal/fixture"
)

// FuzzRead holds that every file can be read or says why not, and that no file is longer than it claims.
func FuzzRead(f *testing.F) {
	list := []fixture.CABFile{{Name: "a.exe", Data: program(3000)}, {Name: "b", Data: []byte("b")}}
	for _, method := range []uint16{0, 1, 2, 3 | 15<<8, 3 | 21<<8} {
		f.Add(fixture.CAB{Folders: []fixture.CABFolder{{Method: method, Files: list}}}.Bytes())
	}
	f.Add(fixture.CAB{Folders: []fixture.CABFolder{{Method: 3 | 16<<8, Files: list, Raw: []byte{1}}}, Reserve: 3, Prev: "p", Next: "n"}.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := Find(bytes.NewReader(b), int64(len(b))); err != nil {
			t.Fatalf("Find: %v", err)
		}
		a, err := Read(bytes.NewReader(b), int64(len(b)), Options{Files: 20})
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("Read: %v", err)
			}
			return
		}
		for i := range a.Files {
			drain(t, &a.Files[i])
		}
	})
}

func drain(t *testing.T, f *File) {
	r, err := f.Open()
	var n int64
	if err == nil {
		n, err = io.Copy(io.Discard, io.LimitReader(r, 1<<20))
	}
	if n > f.Size {
		t.Errorf("%d bytes, claimed %d", n, f.Size)
	}
	if err != nil && !errors.Is(err, ErrMethod) && !errors.Is(err, ErrPart) && !errors.Is(err, ErrCorrupt) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%s: %v", f.Name, err)
	}
}
