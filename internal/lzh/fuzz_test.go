package lzh

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"sekisho/internal/fixture"
)

// FuzzRead holds that every entry can be read or says why not, and that none is longer than it claims.
func FuzzRead(f *testing.F) {
	for i, method := range append([]string{"-lhd-", "-lhx-"}, methods...) {
		f.Add(fixture.LZH{Files: []fixture.LZHFile{{Name: "a", Dir: "d\xFF", Data: program(600), Method: method, Level: byte(i % 4)}, {Name: "b"}}}.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := Find(bytes.NewReader(b), int64(len(b))); err != nil {
			t.Fatalf("Find: %v", err)
		}
		a, err := Read(bytes.NewReader(b), int64(len(b)), Options{Entries: 20})
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("Read: %v", err)
			}
			return
		}
		for i := range a.Entries {
			drain(t, &a.Entries[i])
		}
	})
}

func drain(t *testing.T, e *Entry) {
	r, err := e.Open()
	if (err == nil) != (e.Check() == nil) {
		t.Errorf("Open: %v, Check: %v", err, e.Check())
	}
	var n int64
	if err == nil {
		n, err = io.Copy(io.Discard, io.LimitReader(r, 1<<20))
	}
	if n > max(e.Size, 0) {
		t.Errorf("%d bytes, claimed %d", n, e.Size)
	}
	for _, known := range []error{nil, ErrMethod, ErrCorrupt, ErrChecksum, io.ErrUnexpectedEOF} {
		if errors.Is(err, known) {
			return
		}
	}
	t.Errorf("%s: %v", e.Name, err)
}
