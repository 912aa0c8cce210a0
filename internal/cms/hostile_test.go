package cms_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"sekisho/internal/cms"
	"sekisho/internal/fixture"
)

// signedWith is signed data with other elements before its content.
func signedWith(content []byte, before ...[]byte) []byte {
	parts := append([][]byte{fixture.BER(2, []byte{1})}, before...)
	parts = append(parts, fixture.BERLong(0x30, fixture.BER(6, []byte(fixture.CMSData)), fixture.BERLong(0xA0, content)))
	return fixture.BERLong(0x30, fixture.BER(6, []byte(fixture.CMSSigned)), fixture.BERLong(0xA0, fixture.BERLong(0x30, parts...)))
}

func within(tag byte, times int, b []byte) []byte {
	for range times {
		b = fixture.BERLong(tag, b)
	}
	return b
}

// TestWhatStandsBeforeTheContent: it is passed, or Cut says that it was not; signed data never looks as if its content were elsewhere.
func TestWhatStandsBeforeTheContent(t *testing.T) {
	octets := fixture.BER(4, []byte("text"))
	null := fixture.BER(5)
	for _, tt := range []struct {
		name   string
		before [][]byte
		want   string
		cut    bool
	}{
		{"algorithms", [][]byte{fixture.BER(0x31, null)}, "text", false},
		{"algorithms of indefinite length", [][]byte{fixture.BERLong(0x31, null, null)}, "text", false},
		{"fifteen deep", [][]byte{within(0x31, 15, null)}, "text", false},
		{"seventeen deep", [][]byte{within(0x31, 17, null)}, "", true},
		{"a thousand deep", [][]byte{within(0x31, 1000, null)}, "", true},
		{"ten thousand algorithms", [][]byte{fixture.BERLong(0x31, bytes.Repeat(null, 10_000))}, "text", false},
		{"a hundred thousand algorithms", [][]byte{fixture.BERLong(0x31, bytes.Repeat(null, 100_000))}, "", true},
		{"ten elements that have no place there", [][]byte{bytes.Repeat(null, 10)}, "text", false},
		{"a hundred", [][]byte{bytes.Repeat(null, 100)}, "", true},
		{"a tag of many bytes", [][]byte{fixture.BER(0x31), {0xBF, 0x81, 0x01, 0}}, "text", false},
		{"a length of eight bytes", [][]byte{{0x31, 0x88, 0, 0, 0, 0, 0, 0, 0, 0}}, "text", false},
	} {
		m := read(t, signedWith(octets, tt.before...))
		if got := content(t, m); m.Kind != cms.Signed || got != tt.want || m.Cut != tt.cut {
			t.Errorf("%s: %s %q, cut %v", tt.name, m.Kind, got, m.Cut)
		}
	}
}

// TestElementsThatLie: lengths beyond the file, and structures that break off, give what is there.
func TestElementsThatLie(t *testing.T) {
	oid := fixture.BER(6, []byte(fixture.CMSSigned))
	for name, b := range map[string][]byte{
		"no content":                      fixture.BER(0x30, oid),
		"content of another tag":          fixture.BER(0x30, oid, fixture.BER(4, []byte("x"))),
		"a number in place of a sequence": fixture.BER(0x30, oid, fixture.BER(0xA0, fixture.BER(2, []byte{1}))),
		"nothing in the sequence":         fixture.BER(0x30, oid, fixture.BER(0xA0, fixture.BER(0x30))),
		"lengths of all bits":             append(append([]byte{0x30, 0x88, 255, 255, 255, 255, 255, 255, 255, 255}, oid...), 0xA0, 0x88, 255, 255, 255, 255, 255, 255, 255, 255),
		"a length of nine bytes":          append(append([]byte{0x30, 0x80}, oid...), 0xA0, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1),
		"algorithms without an end":       signedWith(nil, []byte{0x31, 0x80, 5}),
		"an identifier without its bytes": {0x30, 0x80, 6, 0x84, 0xFF, 0xFF, 0xFF, 0xFF},
		"octets of indefinite length":     signedWith([]byte{4, 0x80, 'x', 0, 0}, fixture.BER(0x31)),
	} {
		if m := read(t, b); m.Size() > 1 || m.Cut {
			t.Errorf("%s: %s, %d bytes, cut %v", name, m.Kind, m.Size(), m.Cut)
		}
	}
	if m := read(t, signedWith([]byte{4, 0x84, 0x7F, 0xFF, 0xFF, 0xFF, 'e', 'n', 'd'}, fixture.BER(0x31))); !strings.HasPrefix(content(t, m), "end") {
		t.Errorf("octets longer than the file: %q", content(t, m))
	}
}

// TestCutAtEveryByte: the beginning of a message gives the beginning of its content, or says that it is encrypted.
func TestCutAtEveryByte(t *testing.T) {
	literal := fixture.PGPLiteral("a.js", []byte(entity))
	for name, tt := range map[string]struct {
		b    []byte
		read func(testing.TB, []byte) *cms.Message
		want string
	}{
		"signed":                   {fixture.CMS(fixture.CMSSigned, []byte(entity)), read, entity},
		"signed, in pieces":        {fixture.CMSStreamed(fixture.CMSSigned, []byte(entity), 7), read, entity},
		"authenticated, in pieces": {fixture.CMSStreamed(fixture.CMSAuth, []byte(entity), 7), read, entity},
		"compressed":               {fixture.CMS(fixture.CMSCompressed, fixture.Deflated([]byte(entity))), read, entity},
		"enveloped":                {fixture.CMS(fixture.CMSEnveloped, []byte(entity)), read, ""},
		"literal":                  {fixture.PGPPacket(11, literal), readPGP, entity},
		"literal in parts":         {fixture.PGPParts(11, literal, 4), readPGP, entity},
		"PGP, compressed":          {fixture.PGPPacket(8, append([]byte{1}, rawDeflate(t, fixture.PGPPacket(11, literal))...)), readPGP, string(fixture.PGPPacket(11, literal))},
		"PGP, encrypted":           {fixture.PGPEncrypted(), readPGP, ""},
	} {
		whole := tt.read(t, tt.b).Kind
		for n := range tt.b {
			m := tt.read(t, tt.b[:n])
			got, err := io.ReadAll(m.Open())
			if err != nil && !errors.Is(err, io.EOF) || !strings.HasPrefix(tt.want, string(got)) || m.Kind != whole && m.Kind != cms.Other {
				t.Errorf("%s, %d bytes: %s %q, %v", name, n, m.Kind, got, err)
			}
			cms.Is(tt.b[:n])
			cms.IsPGP(tt.b[:n])
		}
	}
}

func TestPacketsThatLie(t *testing.T) {
	for name, b := range map[string][]byte{
		"an old length without its bytes":   {0x86, 0xFF},
		"a length of five without its own":  {0xCB, 255, 1},
		"a length of two without its own":   {0xCB, 200},
		"a marker to the end":               append([]byte{0xAB, 'P', 'G', 'P'}, fixture.PGPPacket(11, fixture.PGPLiteral("a", nil))...),
		"a marker in parts":                 append(fixture.PGPParts(10, []byte("PGP"), 1), fixture.PGPPacket(11, fixture.PGPLiteral("a", nil))...),
		"no packet":                         []byte("text"),
		"a packet of the reserved type":     {0xC0, 1, 2, 3},
		"an old packet of the same":         {0x80, 1, 2, 3},
		"an empty compressed one":           {0xC8, 0, 0},
		"compressed in a way nobody has":    {0xC8, 5, 9, 1, 2, 3, 4},
		"a literal whose name is cut":       {0xCB, 4, 'b', 200, 'n', 'a'},
		"parts that begin behind the file":  {0xCB, 254},
		"a literal with no room for a date": {0xCB, 3, 'b', 0, 1},
	} {
		m := readPGP(t, b)
		if got, err := io.ReadAll(m.Open()); len(got) > 0 || err != nil || m.Kind == cms.Encrypted {
			t.Errorf("%s: %s %q, %v", name, m.Kind, got, err)
		}
		if cms.IsPGP(b) {
			t.Errorf("%s is called PGP", name)
		}
	}
	many := append([]byte{0xCB}, bytes.Repeat([]byte{224, 'b'}, 1<<18+1)...)
	if m := readPGP(t, many); !m.Cut {
		t.Error("more parts than are looked at, and nothing is said")
	}
}

func TestReaderFailsInTheContent(t *testing.T) {
	broken := errors.New("disk")
	b := fixture.PGPPacket(11, fixture.PGPLiteral("a", make([]byte, 10_000)))
	for n := range 3 {
		r := &failingLater{bytes.NewReader(b), n, broken}
		m, err := cms.ReadPGP(context.Background(), r, int64(len(b)))
		if err == nil {
			_, err = io.Copy(io.Discard, m.Open())
		}
		if !errors.Is(err, broken) {
			t.Errorf("after %d reads: %v", n, err)
		}
	}
}

// failingLater reads n times.
type failingLater struct {
	r   io.ReaderAt
	n   int
	err error
}

func (f *failingLater) ReadAt(p []byte, off int64) (int, error) {
	if f.n--; f.n < 0 {
		return 0, f.err
	}
	return f.r.ReadAt(p, off)
}

// counting counts what is read.
type counting struct {
	r     io.ReaderAt
	bytes int
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.bytes += n
	return n, err
}

// TestReadingCostsNoMoreThanTheFile: pieces and what stands before them are each read about once.
func TestReadingCostsNoMoreThanTheFile(t *testing.T) {
	for name, b := range map[string][]byte{
		"small pieces":    fixture.CMSStreamed(fixture.CMSSigned, make([]byte, 200_000), 2),
		"large pieces":    fixture.CMSStreamed(fixture.CMSSigned, make([]byte, 2_000_000), 5000),
		"pieces deep":     signedWith(within(0x24, 15, bytes.Repeat(fixture.BER(4, []byte("x")), 10_000))),
		"elements before": signedWith(nil, within(0x31, 15, bytes.Repeat(fixture.BER(5), 10_000))),
	} {
		c := &counting{r: bytes.NewReader(b)}
		if _, err := cms.Read(context.Background(), c, int64(len(b))); err != nil || c.bytes > 2*len(b)+4096 {
			t.Errorf("%s: %d bytes read of %d, %v", name, c.bytes, len(b), err)
		}
	}
}

func TestTextsOfArmor(t *testing.T) {
	long := fixture.Noise(20_000)
	oneLine := strings.NewReplacer("\r\n", "", "\n", "").Replace(string(fixture.Base64(long)))
	for _, tt := range []struct{ name, text, want string }{
		{"one line longer than the buffer", oneLine, string(long)},
		{"between lines of a header that look like data", "-----BEGIN PKCS7-----\nKey: AAAA\n\nQUJD\n-----END PKCS7-----\nQUJD", "ABC"},
		{"padding amid the text", "QQ==\nQUI=\nQUJD", "AABABC"},
		{"a digit too many", "QUJDR", "ABC"},
		{"other characters", "QU JD\x00\xFF!QUJD", "ABCABC"},
		{"nothing", "", ""},
		{"lines without text", "\n\n\n", ""},
	} {
		for name, r := range map[string]io.Reader{"": strings.NewReader(tt.text), " byte by byte": iotest.OneByteReader(strings.NewReader(tt.text))} {
			if got, err := io.ReadAll(cms.Dearmor(r)); err != nil || string(got) != tt.want {
				t.Errorf("%s%s: %.40q (%d bytes), %v", tt.name, name, got, len(got), err)
			}
		}
	}
}
