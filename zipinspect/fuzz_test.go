package zipinspect

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"testing"

	"sekisho/internal/fixture"
)

func unicodePath(name, real string) []byte {
	b := binary.LittleEndian.AppendUint16(nil, 0x7075)
	b = binary.LittleEndian.AppendUint16(b, uint16(5+len(real)))
	b = append(b, 1)
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(name)))
	return append(b, real...)
}

// FuzzRead holds that what archive/zip lists we list, with the content that it gives, and that every entry can be opened or says why not.
func FuzzRead(f *testing.F) {
	two := []fixture.ZIPEntry{{Name: "a.txt", Data: []byte("hello"), Method: 8}, {Name: "b", Data: []byte("x"), Descriptor: true}}
	for _, z := range []fixture.ZIP{
		{Entries: two}, {Entries: two, Zip64: true}, {Entries: two, Prefix: []byte("MZ")}, {Entries: two, Prefix: []byte("MZ"), Absolute: true},
		{Entries: two, Comment: string(fixture.Zip("c", "1"))}, {Entries: two, Trailing: make([]byte, 100)}, {Entries: two, NoEnd: true},
		{Entries: []fixture.ZIPEntry{{Name: "a", Password: "p"}, {Name: "b", AES: 2}, {Name: "c", Unlisted: true}, {Name: "d", At: 1}}},
		{Entries: []fixture.ZIPEntry{{Name: "e", Password: "p", AES: 3, Method: 8, Data: []byte("hello")}, {Name: "f", Password: "p", AES: 1, AE1: true},
			{Name: "g", Password: "p", Method: 8, Descriptor: true, Unlisted: true}, {Name: "h", Flags: 1, Data: []byte("bare")}}},
		{Entries: []fixture.ZIPEntry{{Name: "l", Method: 14, Flags: 2, Packed: fixture.ZipLZMA([]byte("hello"), true)}, {Name: "x", Method: 95, Packed: fixture.XZ([]byte("x"))}}},
		{Entries: []fixture.ZIPEntry{{Name: "x", Extra: unicodePath("x", "y")}, {Name: "z", Data: []byte("PK"), Method: 93}}},
	} {
		f.Add(z.Bytes())
	}
	f.Add(fixture.ZipBombOverlapping(5, 1000))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := Read(bytes.NewReader(b), int64(len(b)), Options{})
		if err != nil && !errors.Is(err, ErrFormat) {
			t.Fatalf("Read: %v", err)
		}
		listed := map[string][]*Entry{}
		for i := 0; a != nil && i < len(a.Entries); i++ {
			e := &a.Entries[i]
			listed[e.RawName] = append(listed[e.RawName], e)
			if i < 20 {
				drain(t, e)
			}
		}
		if z, err := zip.NewReader(bytes.NewReader(b), int64(len(b))); err == nil {
			for i, file := range z.File {
				if same := listed[file.Name]; len(same) == 0 {
					t.Errorf("archive/zip lists %q, we do not", file.Name)
				} else if i < 20 {
					sameContent(t, file, same)
				}
			}
		}
	})
}

// sameContent holds that one of our entries by the name has what archive/zip unpacks, if it does without an error. It is known to know nothing of
// encryption: it unpacks what is locked as it lies there.
func sameContent(t *testing.T, file *zip.File, ours []*Entry) {
	const most = 1 << 20
	r, err := file.Open()
	if err != nil || file.Flags&1 != 0 {
		return
	}
	defer r.Close()
	want, err := io.ReadAll(io.LimitReader(r, most))
	if err != nil || len(want) == 0 {
		return
	}
	var all [][]byte
	for _, e := range ours {
		z, err := e.Open()
		if err != nil {
			continue
		}
		got, _ := io.ReadAll(io.LimitReader(z, most))
		z.Close()
		if bytes.Equal(got, want) {
			return
		}
		all = append(all, got)
	}
	t.Errorf("archive/zip has %q in %q, we have %q", want, file.Name, all)
}

func drain(t *testing.T, e *Entry) {
	if _, err := e.Bare(); err != nil {
		t.Errorf("Bare: %v", err)
	}
	r, err := e.Open()
	if errors.Is(err, ErrEncrypted) {
		if err := e.Verify([]byte("p"), 1<<16); err != nil && !errors.Is(err, ErrPassword) && !errors.Is(err, ErrMethod) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("Verify: %v", err)
		}
		if r, err = e.OpenPassword([]byte("p")); errors.Is(err, ErrPassword) || errors.Is(err, io.ErrUnexpectedEOF) {
			return
		}
	}
	if err != nil {
		if !errors.Is(err, ErrEncrypted) && !errors.Is(err, ErrMethod) && !errors.Is(err, ErrCorrupt) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("Open: %v", err)
		}
		return
	}
	defer r.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(r, 1<<20))
	if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrChecksum) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("read: %v", err)
	}
	if r.Rest() < 0 {
		t.Errorf("rest %d", r.Rest())
	}
}
