package message

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"sekisho/internal/fixture"
)

// decodeIn decodes text, cut by next.
func decodeIn(enc transfer, text string, next func() int) string {
	c := &common{limits: Limits{}.WithDefaults(), work: newWork()}
	l := &leaf{out: c.newSink()}
	l.dec.enc = enc
	for len(text) > 0 {
		n := min(next(), len(text))
		l.write([]byte(text[:n]))
		text = text[n:]
	}
	l.dec.close(l.out)
	b, _ := l.out.buf.Bytes()
	if want := sha256.Sum256(b); !bytes.Equal(want[:], l.out.hash.Sum(nil)) {
		return "the digest is of other bytes"
	}
	return string(b)
}

// TestBulkAndLenientBase64Agree decodes long texts of all line lengths, clean and with junk, in chunks of all sizes.
func TestBulkAndLenientBase64Agree(t *testing.T) {
	content := fixture.Noise(3*block + 100)
	flat := base64.StdEncoding.EncodeToString(content)
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, length := range []int{1, 3, 4, 60, 61, 64, 75, 76, 77, 998, len(flat)} {
		for _, eol := range []string{"\n", "\r\n", "\r", " \r\n", "\r\r\n"} {
			var b strings.Builder
			for rest := flat; rest != ""; {
				n := min(length, len(rest))
				b.WriteString(rest[:n] + eol)
				rest = rest[n:]
			}
			for _, chunk := range []int{1 << 30, 65535, 1000, 77, 2} {
				next := func() int { return 1 + rnd.IntN(chunk) }
				if got := decodeIn(base64Encoding, b.String(), next); got != string(content) {
					t.Fatalf("lines of %d ended %q in chunks up to %d: %d bytes, want %d", length, eol, chunk, len(got), len(content))
				}
			}
		}
	}
}

func TestJunkInTheMiddleLosesNothing(t *testing.T) {
	content := fixture.Noise(2 * block)
	text := string(fixture.Base64(content))
	for at := 0; at < len(text); at += 1009 {
		for _, junk := range []string{"\x00", "!", "\r\n\r\n", "-- "} {
			if got := decodeIn(base64Encoding, text[:at]+junk+text[at:], func() int { return 65535 }); got != string(content) {
				t.Fatalf("%q at %d: %d bytes", junk, at, len(got))
			}
		}
	}
}

func TestQuotedPrintableInChunks(t *testing.T) {
	text := "a=3D=\r\nb= \t\r\nc=\rd=E3=81=82 = x=4=zz=" + strings.Repeat(" ", 200) + "\r\ne="
	want := decodeIn(quotedPrintable, text, func() int { return len(text) })
	if !strings.HasPrefix(want, "a=bcdあ = x=4=zz=  ") || !strings.HasSuffix(want, " \r\ne") {
		t.Fatalf("decoded as %q", want)
	}
	for n := 1; n < 10; n++ {
		if got := decodeIn(quotedPrintable, text, func() int { return n }); got != want {
			t.Errorf("in chunks of %d: %q, want %q", n, got, want)
		}
	}
}

func TestUUEncodedBodyInChunks(t *testing.T) {
	content := fixture.Noise(1000)
	text := "before\r\n" + string(fixture.UUEncode(content, "a.doc")) + "after\r\n"
	for n := 1; n < 100; n += 7 {
		if got := decodeIn(uuencode, text, func() int { return n }); got != string(content) {
			t.Errorf("in chunks of %d: %d bytes", n, len(got))
		}
	}
}

func TestBeginLines(t *testing.T) {
	for line, want := range map[string]string{
		"begin 644 a.doc": "a.doc", "begin 0644 a b.doc ": "a b.doc", "begin  755 x": "x",
		"begin 644": "", "begin 64 x": "", "begin 999 x": "", "begin the week": "", " begin 644 x": "", "begin 644 ": "",
	} {
		if got, ok := uuBegin([]byte(line)); got != want || ok != (want != "") {
			t.Errorf("%q: %q %v", line, got, ok)
		}
	}
}

func TestUTF7(t *testing.T) {
	for in, want := range map[string]string{
		"Hi Mom +Jjo-!": "Hi Mom ☺!", "+ZeVnLIqe-": "日本語", "A+ImIDkQ.": "A≢Α.", "+-": "+", "a+": "a+", "+2D3eAA-": "😀", "a\xff": "a\uFFFD", "1 + 1": "1 + 1",
	} {
		if got := decodeUTF7([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestLimitsHaveDefaults(t *testing.T) {
	if l := (Limits{}).WithDefaults(); l.Depth != 50 || l.Parts != 2000 || l.Header != 256<<10 || l.Text != 1<<20 || l.Body <= 0 || l.Memory <= 0 {
		t.Error(fmt.Sprint(l))
	}
	if l := (Limits{Depth: 3, Memory: 7}).WithDefaults(); l.Depth != 3 || l.Memory != 7 {
		t.Error(fmt.Sprint(l))
	}
}
