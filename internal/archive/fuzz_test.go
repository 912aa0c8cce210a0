package archive

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"sekisho/internal/fixture"
)

// FuzzHeaders: whatever the bytes, the parsers of headers end, name parts that lie in the file, and have no error but their own.
func FuzzHeaders(f *testing.F) {
	for _, version := range []int{4, 5} {
		f.Add(fixture.RAR{Files: plainRAR, Version: version}.Bytes())
		f.Add(fixture.RAR{Files: lockedRAR("x"), Version: version, Count: 1, Volume: 2, More: true}.Bytes())
		f.Add(fixture.RAR{Version: version, Count: 1, LockHeader: "x", Prefix: []byte("MZ")}.Bytes())
	}
	f.Add(fixture.SevenZip{Files: lockedSeven("x"), Cycles: 1}.Bytes())
	f.Add(fixture.SevenZip{Files: plainSeven, LockHeader: "x", Cycles: 1}.Bytes())
	for _, z := range []fixture.SevenZip{{Files: plainSeven, Properties: true}, {Files: lockedSeven("x"), FolderSums: true}, {Files: plainSeven, Encode: true}} {
		b := z.Bytes()
		h, err := sevenNext(io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b))))
		if err != nil {
			f.Fatal(err)
		}
		header, err := io.ReadAll(h)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(header)
	}
	f.Add([]byte(arMark + arMember("//", "a long name/\n") + arMember("/0", "x") + arMember("#1/3", "abcd")))
	f.Add([]byte(newc("a", "hello", 0o100644) + newc(cpioTrailer, "", 0)))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, size := bytes.NewReader(b), int64(len(b))
		_, rar := checkRAR(t, b)
		_, seven := ReadSeven(r, size, 0)
		_, off, find := Find(r, size)
		if off > size {
			t.Errorf("found at %d of %d", off, size)
		}
		_, _, volume := firstVolume(r)
		for _, err := range []error{rar, seven, find, volume, checkSeven(t, b)} {
			var e *Error
			if err != nil && !errors.As(err, &e) {
				t.Error(err)
			}
		}
		for _, list := range []func(func(*Part, error) bool){AR(r, size), CPIO(r, size)} {
			for p, err := range list {
				if err == nil && (p.Size < 0 || p.Offset < 0 || p.Size > 0 && p.Offset+p.Size > size) {
					t.Fatalf("%d bytes at %d of %d", p.Size, p.Offset, size)
				}
			}
		}
	})
}

// checkSeven: files lie in their folders, and the header that the library gets is read as what it was made from.
func checkSeven(t *testing.T, b []byte) error {
	h, encoded, err := parseSeven(b)
	if err != nil {
		return err
	}
	for _, e := range h.files {
		if !e.empty && (e.folder >= len(h.folders) || e.offset+e.size > h.folders[e.folder].sum.size) {
			t.Errorf("%d bytes at %d of folder %d", e.size, e.offset, e.folder)
		}
	}
	for i := range h.folders {
		f := &h.folders[i]
		order, ok := f.order()
		if !ok {
			continue
		}
		again, _, err := parseSeven(f.header(order))
		if err != nil || len(again.files) != 1 || again.files[0].size != f.sum.size || len(again.folders[0].packed) != len(f.packed) {
			t.Errorf("folder %d: %v", i, err)
		}
	}
	if encoded && len(h.files) > 0 {
		t.Error("files in an encoded header")
	}
	return nil
}

func checkRAR(t *testing.T, b []byte) (*RARInfo, error) {
	info, err := ReadRAR(bytes.NewReader(b), int64(len(b)), 0)
	if err == nil && (info.Pick >= len(info.Members) || len(info.Members) > len(b)/7) {
		t.Errorf("%d members, pick %d in %d bytes", len(info.Members), info.Pick, len(b))
	}
	return info, err
}
