package rtf_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"sekisho/internal/fixture"
	"sekisho/internal/rtf"
)

// FuzzRead holds that a file yields no more than its size can hold, that text is UTF-8, and that what is appended in front of a document as harmless text
// hides no object.
func FuzzRead(f *testing.F) {
	ole := fixture.OLE1("Payload", []byte(payload))
	for _, body := range []string{
		fixture.RTFObject(ole), fixture.RTFObject(fixture.OLE1Package("a.bat", `C:\a.bat`, []byte("echo"))), fixture.RTFObject(fixture.OLE1Link("htmlfile", "http://example.com/a")),
		`{\objdata ` + hex.EncodeToString(ole)[:31] + `{\*\x 1}\'41\bin3 abc` + `{\objdata 0102}03}`, `{\field{\*\fldinst DDEAUTO "c:\\\\a" {\field{\*\fldinst QUOTE 65}}}{\fldrslt x}}`,
		`\u12354\'3f\uc0\u-10179\u-8704{\f1 \'82\'a0}`, `{\*\template \\\\host\\a.dot}\bin999 `, `{\object{\*\objclass Equation.3}{\*\oleclsid {0002CE02-0000-0000-C000-000000000046}}`,
		fixture.RTFObject(fixture.OLE1("", fixture.EquationFile())), strings.Repeat("{", 500),
	} {
		f.Add(fixture.RTF(body))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var text bytes.Buffer
		var total int64
		objects := 0
		doc, err := rtf.Read(context.Background(), bytes.NewReader(b), int64(len(b)), rtf.Options{Text: &text, MaxText: 1 << 16, Objects: 50,
			Object: func(_ *rtf.Object, r io.Reader) error {
				n, err := io.Copy(io.Discard, r)
				total += n
				objects++
				return err
			}})
		if err != nil {
			t.Fatal(err)
		}
		if total > 6*(int64(len(b))+1<<19) || objects > 50 || text.Len() > 1<<16 {
			t.Errorf("%d bytes of %d objects, %d of text, from %d", total, objects, text.Len(), len(b))
		}
		if text.Len() < 1<<16 && !utf8.Valid(text.Bytes()) {
			t.Errorf("text %q", text.Bytes())
		}
		again, err := rtf.Read(context.Background(), bytes.NewReader(append([]byte(`{\rtf1\par x}`), b...)), int64(len(b))+13, rtf.Options{})
		if err != nil || again.Objects < doc.Objects {
			t.Errorf("%d objects, %d behind other text, %v", doc.Objects, again.Objects, err)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	noise := fixture.Noise(1 << 20)
	for _, bb := range []struct {
		name string
		file []byte
	}{
		{"object", fixture.RTF(fixture.RTFObject(fixture.OLE1("Word.Document.8", noise)))},
		{"object in words", fixture.RTF(`{\objdata ` + strings.Repeat(`0\par 1{\*\x 41}`, 1<<16) + `}`)},
		{"picture", fixture.RTF(`{\pict\wmetafile8 ` + hex.EncodeToString(noise) + `}`)},
		{"text", fixture.RTF(strings.Repeat(`\pard\plain\f0\fs20 The quick brown fox jumps over the lazy dog. \par`+"\r\n", 1<<14))},
		{"Japanese", fixture.RTF(strings.Repeat(`\u12371\'82\'b1\u12428\'82\'ea`, 1<<15))},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(bb.file)))
			b.ReportAllocs()
			for b.Loop() {
				o := rtf.Options{Object: func(_ *rtf.Object, r io.Reader) error {
					_, err := io.Copy(io.Discard, r)
					return err
				}}
				if _, err := rtf.Read(context.Background(), bytes.NewReader(bb.file), int64(len(bb.file)), o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
