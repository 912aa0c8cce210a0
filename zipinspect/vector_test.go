package zipinspect

import (
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"
)

// Archives that other programs made of one file: 7-Zip 26.02 and Info-ZIP's zip 3.0.
var vectors = []struct {
	name, encryption string
	method           uint16
	archive          string
}{
	{"7-Zip, AES-256", "AES-256", Deflated, "UEsDBDMAAQBjAAAAIQAAAAAARwAAAFEAAAAFAAsAYS50eHQBmQcAAgBBRQMIANdCTM+vYzVhc8F1jTVOB8Qd1LrnMfHM6l5fs4cbxoSo" +
		"wTeuuVHpOcwkDvYgzl7p7YrDMd0It77mfUWbxJK4KuB+edCyM6ebUEsBAj8DMwABAGMAAAAhAAAAAABHAAAAUQAAAAUACwAAAAAAAAAggKSBAAAAAGEudHh0AZkHAAIAQUUD" +
		"CABQSwUGAAAAAAEAAQA+AAAAdQAAAAAA"},
	{"7-Zip, AES-128 stored", "AES-128", Stored, "UEsDBDMAAQBjAIMYIlwAAAAAZQAAAFEAAAAFAAsAYS50eHQBmQcAAgBBRQEAAF8GawV0KiOWohfye34M9qY51mBrv4xoMFfmAaPx" +
		"j5KQuEUqsxRDn5fdE1ZTA/8e6jHEIoW9uSYtakUdKY3nGGFMv/uKWT3rQDvDR4Px6Z4Ar0s86Cdc24kGP1vVXq+LJ3FTNsa3UEsBAj8DMwABAGMAgxgiXAAAAABlAAAAUQAA" +
		"AAUALwAAAAAAAAAggKSBAAAAAGEudHh0CgAgAAAAAAABABgAAJfYdJR73AEAAAAAAAAAAAAAAAAAAAAAAZkHAAIAQUUBAABQSwUGAAAAAAEAAQBiAAAAkwAAAAAA"},
	{"Info-ZIP, streamed: the check byte is the time's", "ZipCrypto", Deflated, "UEsDBBQACQAIAIMYIlwVssXALQAAAFEAAAAFAAAAYS50eHSVjuI90hQMrGmUhBBj77do" +
		"XkPuu6TUflKqPiZS3H0Mncv1rDH149dRyQTurSJQSwcIFbLFwC0AAABRAAAAUEsBAh4DFAAJAAgAgxgiXBWyxcAtAAAAUQAAAAUAAAAAAAAAAQAAAKSBAAAAAGEudHh0UEsF" +
		"BgAAAAABAAEAMwAAAGAAAAAAAA=="},
	{"7-Zip, LZMA", "", LZMA, "UEsDBD8AAgAOAIMYIlwVssXAMwAAAFEAAAAFAAAAYS50eHQaAgUAXQAQAAAAKhoIogKpZrR/lP1HxKflsZ6/cGYvbDD6DxR+fEr+1/wdjnv//2GY" +
		"AABQSwECPwM/AAIADgCDGCJcFbLFwDMAAABRAAAABQAkAAAAAAAAACCApIEAAAAAYS50eHQKACAAAAAAAAEAGAAAl9h0lHvcAQAAAAAAAAAAAAAAAAAAAABQSwUGAAAAAAEA" +
		"AQBXAAAAVgAAAAAA"},
}

func vector(t *testing.T, encoded string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestArchivesOfOtherPrograms(t *testing.T) {
	want := strings.Repeat("The barrier opens at dawn. ", 3)
	want = want[:len(want)-1] + "\n"
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			a := read(t, vector(t, v.archive))
			e := &a.Entries[0]
			if len(a.Entries) != 1 || len(a.Mismatches) > 0 || e.Encryption != v.encryption || e.Method != v.method || e.Name != "a.txt" {
				t.Fatalf("%+v, %v", e, a.Mismatches)
			}
			if bare, err := e.Bare(); bare || err != nil {
				t.Errorf("bare %v, %v", bare, err)
			}
			open := e.Open
			if e.Encrypted {
				if err := e.Verify([]byte("pass word"), 1<<20); err != nil {
					t.Errorf("Verify: %v", err)
				}
				if err := e.Verify([]byte("password"), 1<<20); !errors.Is(err, ErrPassword) {
					t.Errorf("Verify of another: %v", err)
				}
				open = func() (*Reader, error) { return e.OpenPassword([]byte("pass word")) }
			}
			r, err := open()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if got, err := io.ReadAll(r); string(got) != want || err != nil || r.Rest() != 0 {
				t.Errorf("%q, %v, rest %d", got, err, r.Rest())
			}
		})
	}
}

// Whatever byte of an encrypted archive is another, the password opens the same content or none.
func TestEveryByteOfAnEncryptedArchiveDamaged(t *testing.T) {
	want := "The barrier opens at dawn."
	for _, v := range vectors[:3] {
		whole := vector(t, v.archive)
		for i := range whole {
			b := append([]byte(nil), whole...)
			b[i] ^= 0x41
			for _, e := range read(t, b).Entries {
				if e.Verify([]byte("pass word"), 1<<20) != nil {
					continue
				}
				r, err := e.OpenPassword([]byte("pass word"))
				if err != nil {
					continue // a method not supported
				}
				got, err := io.ReadAll(r)
				r.Close()
				if err == nil && len(got) > 0 && !strings.HasPrefix(string(got), want) && e.Method == v.method {
					t.Errorf("%s, byte %d: %q", v.name, i, got)
				}
			}
		}
	}
}
