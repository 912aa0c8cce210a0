package archive

import (
	"bytes"
	"errors"
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
		sevenHeader(b)
		for _, err := range []error{rar, seven, find, volume} {
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

func checkRAR(t *testing.T, b []byte) (*RARInfo, error) {
	info, err := ReadRAR(bytes.NewReader(b), int64(len(b)), 0)
	if err == nil && (info.Pick >= len(info.Members) || len(info.Members) > len(b)/7) {
		t.Errorf("%d members, pick %d in %d bytes", len(info.Members), info.Pick, len(b))
	}
	return info, err
}
