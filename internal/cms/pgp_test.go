package cms_test

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"io"
	"testing"

	"sekisho/internal/cms"
	"sekisho/internal/fixture"
)

func readPGP(t testing.TB, b []byte) *cms.Message {
	t.Helper()
	m, err := cms.ReadPGP(context.Background(), bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func rawDeflate(t testing.TB, b []byte) []byte {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, -1)
	if err == nil {
		_, err = w.Write(b)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestPGP(t *testing.T) {
	file := bytes.Repeat([]byte("content "), 1000)
	literal := fixture.PGPLiteral("a.js", file)
	packet := string(fixture.PGPPacket(11, literal))
	onePass := append([]byte{3, 0, 8, 1}, make([]byte, 9)...)
	for _, tt := range []struct {
		name      string
		b         []byte
		kind      cms.Kind
		file      string // name
		want      string
		ambiguous bool // its beginning alone does not tell
	}{
		{"for a key", fixture.PGPEncrypted(), cms.Encrypted, "", "", false},
		{"for a password", append(fixture.PGPPacket(3, []byte{4, 9, 3, 8, 1, 2, 3, 4, 5, 6, 7, 8, 96}), fixture.PGPPacket(18, []byte{1, 2, 3, 4})...), cms.Encrypted, "", "", false},
		{"encrypted only", fixture.PGPPacket(9, []byte{1, 2, 3, 4}), cms.Encrypted, "", "", true},
		{"literal", []byte(packet), cms.Literal, "a.js", string(file), false},
		{"literal in parts", fixture.PGPParts(11, literal, 9), cms.Literal, "a.js", string(file), false},
		{"signed", append(fixture.PGPPacket(4, onePass), packet...), cms.Literal, "a.js", string(file), false},
		{"old format", append([]byte{0x90, 13}, append(onePass, packet...)...), cms.Literal, "a.js", string(file), false},
		{"old format to the end", append([]byte{0xAF}, literal...), cms.Literal, "a.js", string(file), false},
		{"deflated", fixture.PGPPacket(8, append([]byte{1}, rawDeflate(t, []byte(packet))...)), cms.Compressed, "", packet, false},
		{"zlib", append([]byte{0xA3, 2}, fixture.Deflated([]byte(packet))...), cms.Compressed, "", packet, false},
		{"compressed by nothing", fixture.PGPPacket(8, append([]byte{0}, packet...)), cms.Compressed, "", packet, false},
		{"compressed in parts", fixture.PGPParts(8, append([]byte{1}, rawDeflate(t, []byte(packet))...), 4), cms.Compressed, "", packet, true}, // parts this short are against RFC 9580 4.2.1.4
		{"key", fixture.PGPPacket(6, []byte{4, 1, 2, 3, 4, 1}), cms.Other, "", "", true},
		{"signature", fixture.PGPPacket(2, []byte{4, 0, 1, 8}), cms.Other, "", "", true},
		{"nothing", nil, cms.Other, "", "", true},
		{"cut in the head of a literal", fixture.PGPPacket(11, []byte("b")), cms.Other, "", "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := readPGP(t, tt.b)
			if got := content(t, m); tt.kind != cms.Other && (m.Kind != tt.kind || m.Name != tt.file || got != tt.want) || m.Kind != tt.kind {
				t.Errorf("%q %q, %d bytes, want %q %q, %d bytes", m.Kind, m.Name, len(got), tt.kind, tt.file, len(tt.want))
			}
			if cms.IsPGP(tt.b) == tt.ambiguous {
				t.Errorf("its beginning is known: %v", !tt.ambiguous)
			}
		})
	}
}

func TestIsNotPGP(t *testing.T) {
	for name, b := range map[string][]byte{
		"noise": fixture.Noise(4096), "text": []byte("text"), "JPEG": []byte("\xFF\xD8\xFF\xE0\x00\x10JFIF\x00"), "UTF-8": []byte("\xE3\x81\x93\xE3\x82\x93"),
		"Shift_JIS": []byte("\x82\xB1\x82\xF1\x82\xC9\x82\xBF\x82\xCD"), "compressed of nothing": {0xA3, 1, 0, 0, 0, 0}, "empty packet": {0xA0, 0, 0, 1, 2, 3, 4, 5}, "key without data": fixture.PGPPacket(1, make([]byte, 20)),
	} {
		if cms.IsPGP(b) {
			t.Errorf("%s is called PGP", name)
		}
	}
	for i := range 1 << 16 { // a beginning of two bytes must not do
		if b := append([]byte{byte(i >> 8), byte(i)}, fixture.Noise(100)...); cms.IsPGP(b) {
			t.Errorf("%x is called PGP", b[:2])
		}
	}
}

func TestTooManyRecipients(t *testing.T) {
	var b []byte
	for range 300 {
		b = append(b, fixture.PGPPacket(10, []byte("PGP"))...)
	}
	if m := readPGP(t, b); !m.Cut {
		t.Error("nothing is said")
	}
}

// FuzzRead holds that nothing panics, that a read of memory has no error, and that what is not compressed is not more than the file.
func FuzzRead(f *testing.F) {
	for _, b := range [][]byte{
		fixture.CMS(fixture.CMSSigned, []byte(entity)), fixture.CMSStreamed(fixture.CMSSigned, []byte(entity), 7), fixture.CMSStreamed(fixture.CMSAuth, []byte(entity), 7),
		fixture.CMS(fixture.CMSCompressed, fixture.Deflated([]byte(entity))), fixture.CMS(fixture.CMSEnveloped, nil), fixture.PGPEncrypted(),
		fixture.PGPParts(11, fixture.PGPLiteral("a", make([]byte, 600)), 9), fixture.PGPPacket(8, append([]byte{2}, fixture.Deflated([]byte("x"))...)),
		fixture.Armored("PGP MESSAGE", "Version: 1\r\n\r\n", fixture.PGPEncrypted()),
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, m := range []*cms.Message{read(t, b), readPGP(t, b)} {
			if m.Size() < 0 || m.Size() > int64(len(b)) {
				t.Errorf("%d bytes of %d", m.Size(), len(b))
			}
			if n, err := io.Copy(io.Discard, io.LimitReader(m.Open(), 1<<20)); m.Kind != cms.Compressed && (err != nil || n != m.Size()) {
				t.Errorf("%d bytes of %d, %v", n, m.Size(), err)
			}
		}
		cms.Is(b)
		cms.IsPGP(b)
		if got, err := io.ReadAll(cms.Dearmor(bytes.NewReader(b))); err != nil || len(got) > len(b) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	})
}
