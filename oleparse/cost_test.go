package oleparse

import (
	"bytes"
	"context"
	"testing"

	"sekisho/internal/fixture"
)

// hostile are files of about n bytes that make a reader work again and again for the same bytes.
func hostile(n int) map[string][]byte {
	lost := func(b []byte) []byte { // nothing points to anything: sources are looked for in the whole file
		put32(b, 48, 0x00FFFFFF)
		return b
	}
	object := fixture.PPTObject(fixture.OLE(), true)[48:]
	notOne := fixture.PPTObject(bytes.Repeat([]byte("x"), 5000), true)[48:]
	one := fixture.VBACompress([]byte("Attribut"))
	long := fixture.VBACompress(append([]byte("Attribut"), make([]byte, 4000)...))
	chunks := append(bytes.Clone(one), bytes.Repeat(long[1:], 60)...)
	vba := func(data []byte) []byte {
		return fixture.OLE(fixture.Storage("VBA", fixture.Stream("_VBA_PROJECT", nil), fixture.Stream("M", data)))
	}
	fill := func(b []byte) []byte { return bytes.Repeat(b, n/len(b)+1) }
	return map[string][]byte{
		"objects that are storages":      show(fill(object)),
		"objects that are none":          show(fill(notOne)),
		"heads of objects":               show(fill([]byte{0x10, 0x00, 0x11, 0x10, 0xFF, 0xFF, 0xFF, 0x7F, 9, 9, 9, 9, 0x78, 0x9C})),
		"heads of plain objects":         show(fill(append([]byte{0x00, 0x00, 0x11, 0x10, 0xFF, 0xFF, 0xFF, 0x7F}, magic...))),
		"lost sources":                   lost(fixture.OLE(fixture.Stream("s", fill(one)))),
		"lost sources of one chunk":      lost(fixture.OLE(fixture.Stream("s", fill(long)))),
		"lost sources that overlap":      lost(fixture.OLE(fixture.Stream("s", fill(one[:len(one)-1])))),
		"lost sources of many chunks":    lost(fixture.OLE(fixture.Stream("s", fill(chunks)))),
		"first words of lost sources":    lost(fixture.OLE(fixture.Stream("s", fill(attribut)))),
		"sources in a stream":            vba(fill(one)),
		"sources of one chunk":           vba(fill(long)),
		"first words in a stream":        vba(fill(attribut)),
		"plain chunks that never end":    vba(fill([]byte("\x01\xFF\x3FAttribut"))),
		"compressed chunks without ends": vba(fill([]byte("\x01\xFF\xBF\x00Attribut"))),
	}
}

// work is what reading costs: bytes read, and bytes that decompression made.
func work(t *testing.T, b []byte) (read, made int64, d *Document) {
	t.Helper()
	n := &counter{ReaderAt: bytes.NewReader(b)}
	s := newReading(context.Background(), Options{})
	s.compound(n, int64(len(b)), "", 0)
	if s.err != nil {
		t.Fatal(s.err)
	}
	whole := Options{}.withDefaults()
	return n.n, whole.Source - s.o.Source + whole.Unpacked - s.o.Unpacked + int64(s.objects), s.doc
}

func TestHostileFilesCostAsMuchAsTheirSize(t *testing.T) {
	const size = 128 << 10
	two := hostile(2 * size)
	for name, b := range hostile(size) {
		read, made, _ := work(t, b)
		read2, made2, d := work(t, two[name])
		if read > readsPerByte*int64(len(b))+readsAtLeast || read2 > 23*read/10+readsAtLeast {
			t.Errorf("%s: %d bytes read of %d, then %d of %d", name, read, len(b), read2, len(two[name]))
		}
		if made > 700*int64(len(b)) || made2 > 23*made/10+size { // a chunk of six bytes makes 4096
			t.Errorf("%s: %d bytes made of %d, then %d of %d", name, made, len(b), made2, len(two[name]))
		}
		if most := problemsMax; len(d.Problems) > most {
			t.Errorf("%s: %d problems", name, len(d.Problems))
		}
	}
}

func TestABudgetThatEndsLeavesTheFileUnread(t *testing.T) {
	b := fixture.PPTObject(fixture.OLE(), true)[48:]
	doc := bytes.Repeat(b, objectsMost)
	if d := readBytes(t, show(doc)); d.Unread() {
		t.Errorf("at the limit of objects: %v", d.Problems)
	}
	if d := readBytes(t, show(append(doc, b...))); !d.Unread() {
		t.Error("past the limit of objects: not unread")
	}
	m := fixture.VBAModuleOf("M", "x")
	one := fixture.VBACompress(m.Source)
	nodes := func(n int) []byte {
		return fixture.OLE(fixture.Storage("VBA", fixture.Stream("_VBA_PROJECT", nil), fixture.Stream("M", bytes.Repeat(append(one, 0, 0), n))))
	}
	most := int64(10 * len(m.Source))
	if d := readWith(t, nodes(9), Options{Source: most}); d.Unread() || len(modulesOf(d)) != 9 {
		t.Errorf("below the limit of source: %d modules, %v", len(modulesOf(d)), d.Problems)
	}
	if d := readWith(t, nodes(200), Options{Source: most}); !d.Unread() || len(modulesOf(d)) > 11 {
		t.Errorf("past the limit of source: %d modules", len(modulesOf(d)))
	}
}

func TestSearchShowsWhatStandsAround(t *testing.T) {
	const window = searchRoom / 2
	b := noise(5 * window)
	for _, at := range []int{0, 2, 4, window, 2*window - searchAhead - 1, 2*window - searchAhead, 2*window - 9, 2*window - 4, 2 * window, 2*window + 3, len(b) - 8} {
		c := bytes.Clone(b)
		copy(c[at:], attribut)
		n := 0
		_ = search(bytes.NewReader(c), attribut, func(got int64, lead, rest []byte) bool {
			n++
			if want := c[max(0, at-searchLead):at]; int(got) != at || !bytes.Equal(lead, want) || len(rest) < min(searchAhead, len(c)-at) || !bytes.HasPrefix(c[at:], rest) {
				t.Errorf("at %d: %d, %x before, %d behind", at, got, lead, len(rest))
			}
			return true
		})
		if n != 1 {
			t.Errorf("at %d: %d hits", at, n)
		}
	}
}

func BenchmarkHostile(b *testing.B) {
	for name, file := range hostile(1 << 20) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				if _, err := ReadOLE(context.Background(), bytes.NewReader(file), int64(len(file)), Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
