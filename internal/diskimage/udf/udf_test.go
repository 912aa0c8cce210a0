package udf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/diskimage/medium"
	"sekisho/internal/fixture"
)

var kinds = []string{"", fixture.UDFLong, fixture.UDFEmbedded, fixture.UDFContinued, fixture.UDFIndirect, fixture.UDFMetadata, fixture.UDFVirtual, fixture.UDFSparable}

func read(b []byte) (*medium.Listing, string, bool) {
	return Read(medium.New(bytes.NewReader(b), int64(len(b))), medium.Options{})
}

// lines are a volume's files: name and content.
func lines(l *medium.Listing) []string {
	var out []string
	for _, f := range l.Files {
		if f.Unread != "" {
			out = append(out, f.Name+" unread")
			continue
		}
		b, err := io.ReadAll(io.LimitReader(f.Content(), 1<<20))
		line := fmt.Sprintf("%s %.10q", f.Name, b)
		if len(b) > 10 {
			line += fmt.Sprintf(" %d", len(b))
		}
		if err != nil {
			line += " " + err.Error()
		}
		out = append(out, line)
	}
	return out
}

func file(name, data string) fixture.DiskFile {
	return fixture.DiskFile{Name: name, Data: []byte(data)}
}

func udf(kind string, files ...fixture.DiskFile) []byte {
	return fixture.ISO{UDF: files, UDFOnly: true, UDFKind: kind}.Bytes()
}

func TestRead(t *testing.T) {
	long := strings.Repeat("0123456789", 700)
	for _, kind := range kinds {
		if kind == fixture.UDFEmbedded {
			long = long[:1000]
		} else {
			long = strings.Repeat("0123456789", 700)
		}
		b := udf(kind, file("請求書.txt", "A"), file("sub/deep/long", long), file("sub/b", "B"), file("empty", ""))
		if m := medium.New(bytes.NewReader(b), int64(len(b))); !Is(m) {
			t.Errorf("%s: it has no recognition sequence", kind)
		}
		l, format, ok := read(b)
		want := []string{`請求書.txt "A"`, `empty ""`, `sub/b "B"`, fmt.Sprintf(`sub/deep/long "0123456789" %d`, len(long))}
		if diff := cmp.Diff(want, lines(l)); diff != "" || !ok || l.Problems != nil || l.Limit != "" {
			t.Errorf("%s: %s %v %v %s", kind, diff, ok, l.Problems, l.Limit)
		}
		if want := map[bool]string{false: "UDF 1.02", true: "UDF 2.50"}[kind == fixture.UDFMetadata]; format != want {
			t.Errorf("%s: %s", kind, format)
		}
		for _, f := range l.Files {
			if off := bytes.Index(b, []byte(long)); strings.HasSuffix(f.Name, "long") && f.Place != int64(off) && kind != fixture.UDFEmbedded {
				t.Errorf("%s: place %d, not %d", kind, f.Place, off)
			}
		}
	}
}

func TestNamedStreams(t *testing.T) {
	l, _, _ := read(udf(fixture.UDFLong, fixture.DiskFile{Name: "a", Data: []byte("A"), Stream: "hidden"}))
	if diff := cmp.Diff([]string{`a "A"`, `a:stream "hidden"`}, lines(l)); diff != "" {
		t.Error(diff)
	}
}

// find is where the descriptor with a tag stands that holds text, counted from the partition on.
func find(t *testing.T, b []byte, id int, text string) []byte {
	t.Helper()
	for at := 0; at+2048 <= len(b); at += 2048 {
		if d := b[at:][:2048]; int(le.Uint16(d)) == id && bytes.Contains(d, []byte(text)) {
			return d
		}
	}
	t.Fatalf("no descriptor %d with %q", id, text)
	return nil
}

func TestHostileDescriptors(t *testing.T) {
	for _, tt := range []struct {
		name    string
		kind    string
		change  func(t *testing.T, b []byte)
		want    []string
		problem string
	}{
		{"entry that is none", "", func(t *testing.T, b []byte) { find(t, b, tagFile, "\x01\x00\x00\x00\x08")[0] = 9 }, []string{"a unread", `b "B"`}, ""},
		{"size beyond the extents", "", func(t *testing.T, b []byte) { find(t, b, tagFile, "\x01\x00\x00\x00\x08")[60] = 1 }, []string{`a "A" unexpected EOF`, `b "B"`}, ""},
		{"attributes beyond the block", "", func(t *testing.T, b []byte) { find(t, b, tagFile, "\x01\x00\x00\x00\x08")[169] = 0xFF }, []string{"a unread", `b "B"`}, ""},
		{"descriptors in a form that is none", "", func(t *testing.T, b []byte) { find(t, b, tagFile, "\x01\x00\x00\x00\x08")[34] = 5 }, []string{"a unread", `b "B"`}, ""},
		{"partition that is none", "", func(t *testing.T, b []byte) { find(t, b, tagFile, "\x01\x00\x00\x00\x08")[184] = 9 }, []string{`a "\x00"`, `b "B"`}, ""},
		{"content not recorded", "", func(t *testing.T, b []byte) { find(t, b, tagFile, "\x01\x00\x00\x00\x08")[179] = 0x40 }, []string{`a "\x00"`, `b "B"`}, ""},
		{"deleted", "", func(t *testing.T, b []byte) { find(t, b, tagIdentifier, "")[40+18] = deleted }, []string{`b "B"`}, ""},
		{"folder that breaks off", "", func(t *testing.T, b []byte) { find(t, b, tagIdentifier, "")[40] = 0x77 }, nil, "UDF: a folder breaks off"},
		{"identifier longer than the folder", "", func(t *testing.T, b []byte) { find(t, b, tagIdentifier, "")[40+37] = 0xF0 }, nil, ""},
		{"folder that is the root", "", func(t *testing.T, b []byte) { root(t, b, find(t, b, tagIdentifier, "")[40:]) }, []string{`b "B"`}, ""},
		{"no anchor", "", func(_ *testing.T, b []byte) { b[256*2048] = 7 }, nil, "UDF: no volume descriptors"},
		{"no file set", "", func(t *testing.T, b []byte) { find(t, b, tagFileSet, "")[0] = 9 }, nil, "UDF: no root folder"},
		{"no table", fixture.UDFVirtual, func(_ *testing.T, b []byte) { b[len(b)-2048] = 9 }, nil, "UDF: no virtual allocation table"},
		{"no metadata file", fixture.UDFMetadata, func(t *testing.T, b []byte) { find(t, b, tagFile, "")[0] = 9 }, nil, "UDF: no metadata file"},
		{"map of an unknown kind", fixture.UDFSparable, func(_ *testing.T, b []byte) { copy(b[34*2048+440+5:], "*UDF Unknown") }, nil, "UDF: a partition map of an unknown kind"},
		{"indirect entry to itself", fixture.UDFIndirect, func(t *testing.T, b []byte) {
			d := find(t, b, tagIndirect, "")
			le.PutUint32(d[40:], le.Uint32(find(t, b, tagIdentifier, "")[40+24:]))
		}, []string{"a unread", `b "B"`}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := udf(tt.kind, file("a", "A"), file("b", "B"))
			tt.change(t, b)
			l, _, ok := read(b)
			if diff := cmp.Diff(tt.want, lines(l)); diff != "" {
				t.Error(diff)
			}
			if tt.problem == "" {
				if l.Problems != nil || !ok {
					t.Errorf("%v, %v", l.Problems, ok)
				}
			} else if len(l.Problems) == 0 || l.Problems[0].Text != tt.problem || !l.Problems[0].Unread {
				t.Errorf("problems %v", l.Problems)
			}
		})
	}
}

// root makes the identifier descriptor lead to the root folder.
func root(t *testing.T, b, fid []byte) {
	t.Helper()
	copy(fid[20:30], find(t, b, tagFileSet, "")[400:410])
}

// Windows passes over an anchor whose CRC is wrong, and so must who wants to see what Windows shows.
func TestAnchorThatIsNotSound(t *testing.T) {
	b := udf("", file("a", "A"))
	other := udf("", file("evil", "E"))
	n := len(b)/2048 + 1 // the other volume lies behind the first: all its numbers move
	both := append(append(bytes.Clone(b), make([]byte, 2048)...), other...)
	last := make([]byte, 2048)
	copy(last, b[256*2048:])
	at := len(both) / 2048
	le.PutUint32(last[20:], uint32(n+32))
	both = append(both, seal(last, at)...)
	for i := 32; i < 36; i++ {
		d := both[(n+i)*2048:][:2048]
		if tag(d) == tagPartition {
			le.PutUint32(d[188:], uint32(n+272))
		}
		seal(d, n+i)
	}
	if l, _, _ := read(both); lines(l)[0] != `a "A"` {
		t.Errorf("the first anchor counts: %v", lines(l))
	}
	both[256*2048+8]++
	both[256*2048+4]++ // the check sum of the tag is right
	if l, _, _ := read(both); lines(l)[0] != `evil "E"` {
		t.Errorf("the first anchor is not sound: %v", lines(l))
	}
	if l, _, ok := read(both[:len(b)]); !ok || lines(l)[0] != `a "A"` {
		t.Errorf("there is no other: %v", lines(l))
	}
}

// seal makes a descriptor sound.
func seal(b []byte, at int) []byte {
	le.PutUint32(b[12:], uint32(at))
	for crc := range 1 << 16 {
		if le.PutUint16(b[8:], uint16(crc)); sound(b, int64(at)) {
			break
		}
	}
	b[4] = 0
	for i, c := range b[:16] {
		if i != 4 {
			b[4] += c
		}
	}
	return b
}

func TestNewestDescriptorCounts(t *testing.T) {
	b := udf("", file("a", "A"))
	old := b[34*2048:][:2048]
	d := bytes.Clone(old)
	le.PutUint32(old[16:], 2)
	seal(old, 34)
	copy(d[212:], "\x00\x02") // an older one with other blocks
	le.PutUint32(d[248+4:], 9999)
	copy(b[36*2048:], b[35*2048:36*2048])
	seal(b[36*2048:][:2048], 36)
	copy(b[35*2048:], seal(d, 35))
	if l, _, _ := read(b); strings.Join(lines(l), " ") != `a "A"` {
		t.Errorf("%v %v", lines(l), l.Problems)
	}
}

func TestNothing(t *testing.T) {
	for _, b := range [][]byte{nil, make([]byte, 1<<20)} {
		if m := medium.New(bytes.NewReader(b), int64(len(b))); Is(m) {
			t.Error("a volume in nothing")
		}
		if l, _, ok := read(b); ok || len(l.Problems) != 1 {
			t.Errorf("%v %v", ok, l)
		}
	}
}

func TestDecode(t *testing.T) {
	for in, want := range map[string]string{"": "", "\x08caf\xE9": "café", "\x10\x8A\xCB": "請", "\xFEa": "a", "\x99raw": "raw"} {
		if got := decode([]byte(in)); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

// An extent of a gigabyte in a partition whose blocks are mapped one by one costs no more than the medium has blocks.
func TestScatteredBlocksAreBounded(t *testing.T) {
	b := udf(fixture.UDFSparable, file("a", "A"))
	d := find(t, b, tagFile, "\x01\x00\x00\x00\x08")
	binary.LittleEndian.PutUint32(d[176:], 1<<30-1)
	if l, _, _ := read(b); l.Limit != "structures" {
		t.Errorf("limit %q, files %d", l.Limit, len(l.Files))
	}
}

func TestDescriptorsThatGoOnInACircle(t *testing.T) {
	b := udf(fixture.UDFContinued, file("a", "A"), file("b", "B"))
	d := find(t, b, tagExtent, "")
	copy(d[20:], "\x08\x00\x00\x00\x00\x08\x00\xC0")
	le.PutUint32(d[28:], uint32(bytes.Index(b, d)/2048-272))
	if l, _, _ := read(b); l.Limit != "extents" || len(l.Files) == 0 {
		t.Errorf("limit %q, files %v", l.Limit, lines(l))
	}
}

// FuzzRead holds that every file listed can be read to its end and is no larger than it says. The volume is given from sector 32 on.
func FuzzRead(f *testing.F) {
	const start = 32 * 2048
	for _, kind := range kinds {
		f.Add(udf(kind, fixture.DiskFile{Name: "a", Data: []byte("A"), Stream: "S"}, file("sub/b", strings.Repeat("x", 5000)))[start:])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		b = append(make([]byte, start), b...)
		m := medium.New(bytes.NewReader(b), int64(len(b)))
		l, _, _ := Read(m, medium.Options{Entries: 50})
		if len(l.Files) > 50 || m.Err() != nil {
			t.Errorf("%d files, %v", len(l.Files), m.Err())
		}
		for _, file := range l.Files {
			if file.Unread != "" {
				continue
			}
			n, err := io.Copy(io.Discard, io.LimitReader(file.Content(), 1<<20))
			if err != nil && err != io.ErrUnexpectedEOF || n > file.Size {
				t.Errorf("%q: %d of %d bytes, %v", file.Name, n, file.Size, err)
			}
		}
	})
}
