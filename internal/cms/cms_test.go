package cms_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"

	"sekisho/internal/cms"
	"sekisho/internal/fixture"
)

const entity = "Content-Type: text/plain\r\n\r\nsome text, and so on, and so on\r\n"

func read(t testing.TB, b []byte) *cms.Message {
	t.Helper()
	m, err := cms.Read(context.Background(), bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func content(t testing.TB, m *cms.Message) string {
	t.Helper()
	b, err := io.ReadAll(m.Open())
	if err != nil {
		t.Error(err)
	}
	return string(b)
}

func TestContents(t *testing.T) {
	nested := fixture.BERLong(0x24, fixture.BERLong(0x24, fixture.BER(4, []byte("some")), fixture.BER(4)), fixture.BER(0x24, fixture.BER(4, []byte(" text"))))
	inPieces := fixture.BERLong(0x30, fixture.BER(6, []byte(fixture.CMSSigned)), fixture.BERLong(0xA0, fixture.BERLong(0x30, fixture.BER(2, []byte{1}), fixture.BER(0x31),
		fixture.BERLong(0x30, fixture.BER(6, []byte(fixture.CMSData)), fixture.BERLong(0xA0, nested)), fixture.BER(0x31))))
	signed := fixture.CMS(fixture.CMSSigned, []byte(entity))
	for _, tt := range []struct {
		name string
		b    []byte
		kind cms.Kind
		want string
	}{
		{"signed", signed, cms.Signed, entity},
		{"signed, in pieces", fixture.CMSStreamed(fixture.CMSSigned, []byte(entity), 7), cms.Signed, entity},
		{"pieces in pieces", inPieces, cms.Signed, "some text"},
		{"digested", fixture.CMS(fixture.CMSDigested, []byte(entity)), cms.Signed, entity},
		{"authenticated", fixture.CMSStreamed(fixture.CMSAuth, []byte(entity), 1000), cms.Signed, entity},
		{"compressed", fixture.CMS(fixture.CMSCompressed, fixture.Deflated([]byte(entity))), cms.Compressed, entity},
		{"compressed, in pieces", fixture.CMSStreamed(fixture.CMSCompressed, fixture.Deflated([]byte(entity)), 3), cms.Compressed, entity},
		{"detached", fixture.CMS(fixture.CMSSigned, nil), cms.Signed, ""},
		{"enveloped", fixture.CMS(fixture.CMSEnveloped, []byte("x")), cms.Encrypted, ""},
		{"enveloped and authenticated", fixture.CMS(fixture.CMSAuthEnv, []byte("x")), cms.Encrypted, ""},
		{"encrypted", fixture.CMS(fixture.CMSEncrypted, []byte("x")), cms.Encrypted, ""},
		{"cut off in the content", signed[:bytes.Index(signed, []byte("so on"))], cms.Signed, "Content-Type: text/plain\r\n\r\nsome text, and "},
		{"a list in place of octets", bytes.Replace(fixture.CMS(fixture.CMSSigned, []byte("\x00\x01")), []byte("\x04\x02\x00\x01"), []byte("\x30\x02\x05\x00"), 1), cms.Signed, ""},
		{"another type", fixture.CMS("\x2A\x03", []byte("x")), cms.Other, ""},
		{"no CMS", []byte("text"), cms.Other, ""},
		{"empty", nil, cms.Other, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := read(t, tt.b)
			if got := content(t, m); m.Kind != tt.kind || got != tt.want || m.Cut {
				t.Errorf("%q %q, want %q %q", m.Kind, got, tt.kind, tt.want)
			}
			if tt.kind != cms.Other && !cms.Is(tt.b) {
				t.Error("its beginning is not known")
			}
		})
	}
}

func TestIs(t *testing.T) {
	for name, b := range map[string][]byte{
		"certificate":   fixture.BER(0x30, fixture.BER(0x30, fixture.BER(2, []byte{1}))),
		"text":          []byte("0 words"),
		"sequence":      {0x30, 0x80},
		"short":         {0x30},
		"too long":      {0x30, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1},
		"OID cut off":   append([]byte{0x30, 0x80, 0x06, 0x09}, fixture.CMSSigned[:4]...),
		"another OID":   fixture.CMS("\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01", nil),
		"high tag":      {0x3F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
		"PKCS #12 file": fixture.BER(0x30, fixture.BER(2, []byte{3}), fixture.BER(0x30)),
	} {
		if cms.Is(b) {
			t.Errorf("%s is called CMS", name)
		}
	}
}

func TestIsMIME(t *testing.T) {
	for s, want := range map[string]bool{
		entity: true, "X: 1\r\n folded\r\nMIME-Version: 1.0\r\n\r\n": true, "%PDF-1.7\n": false, "From: a\r\n\r\nContent-Type: x": false,
		"words and: more": false, "": false, ":\nContent-Type: a": false,
	} {
		if got := cms.IsMIME([]byte(s)); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestDeepPiecesEnd(t *testing.T) {
	b := fixture.BER(4, []byte("x"))
	for range 100 {
		b = fixture.BERLong(0x24, b)
	}
	m := read(t, fixture.BERLong(0x30, fixture.BER(6, []byte(fixture.CMSSigned)), fixture.BERLong(0xA0, fixture.BERLong(0x30, fixture.BER(2, []byte{1}), fixture.BER(0x31),
		fixture.BERLong(0x30, fixture.BER(6, []byte(fixture.CMSData)), fixture.BERLong(0xA0, b))))))
	if got := content(t, m); got != "" || !m.Cut {
		t.Errorf("content %q, cut %v", got, m.Cut)
	}
}

func TestTooManyPieces(t *testing.T) {
	m := read(t, fixture.CMSStreamed(fixture.CMSSigned, make([]byte, 1<<18+1), 1))
	if !m.Cut || m.Size() != 1<<18 {
		t.Errorf("cut %v, %d bytes", m.Cut, m.Size())
	}
}

func TestArmor(t *testing.T) {
	b := fixture.CMS(fixture.CMSSigned, fixture.Noise(3000))
	for _, text := range []string{
		string(fixture.Armored("PKCS7", "", b)), string(fixture.Armored("CMS", "", b)), string(fixture.Armored("PGP MESSAGE", "Version: 1\r\nComment: a: b\r\n\r\n", b)),
		base64.StdEncoding.EncodeToString(b), string(fixture.Base64(b)), strings.TrimRight(base64.StdEncoding.EncodeToString(b), "="),
		strings.Replace(string(fixture.Armored("PGP MESSAGE", "\r\n", b)), "-----END", "=AbCd\r\n-----END", 1) + "\r\nsignature below",
	} {
		if cms.Armor([]byte(text)) == "" {
			t.Errorf("not known: %.60q", text)
		}
		got, err := io.ReadAll(cms.Dearmor(strings.NewReader(text)))
		if err != nil || !bytes.Equal(got, b) {
			t.Errorf("%.60q: %d of %d bytes, %v", text, len(got), len(b), err)
		}
	}
	for _, text := range []string{"", "words", "MIME-Version: 1.0", "MIIB", "-----BEGIN CERTIFICATE-----\r\nMIIB", "-----BEGIN PGP SIGNATURE-----", base64.StdEncoding.EncodeToString(fixture.BER(0x30, make([]byte, 300)))} {
		if a := cms.Armor([]byte(text)); a != "" {
			t.Errorf("%q is %s", text, a)
		}
	}
}

func TestErrorsAreTheReaders(t *testing.T) {
	b := fixture.CMS(fixture.CMSSigned, []byte(entity))
	broken := errors.New("disk")
	if _, err := cms.Read(context.Background(), failing{broken}, int64(len(b))); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if _, err := cms.ReadPGP(context.Background(), failing{broken}, int64(len(b))); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := cms.Read(ctx, bytes.NewReader(b), int64(len(b))); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }
