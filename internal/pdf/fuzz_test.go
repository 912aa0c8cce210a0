package pdf_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"

	"sekisho/internal/fixture"
	"sekisho/internal/pdf"
)

// FuzzRead holds that nothing panics, that a read has no error of its own, that lists keep to their limits, that what filters give is counted, that a file
// is read a bounded number of times, and that reading twice gives the same.
func FuzzRead(f *testing.F) {
	for _, file := range []fixture.PDF{
		{Objects: fixture.PDFEmbedding("a.txt", []byte("content"))},
		objects("/OpenAction 9 0 R", fixture.PDFPacked(9, "<< /S /JavaScript /JS 10 0 R >>", "(packed)"), text("<< /S /Launch /Win << /F (cmd.exe) /P (/c) >> >>")),
		objects("/AcroForm << /XFA 2 0 R >>", deflated("", "<script contentType='javascript'>"), text("<< /S /URI /URI (http://example.test) >>")),
		objects("", text("<< /EF << /F 3 0 R >> >>"), fixture.PDFObject{Text: "<< /Filter [/A85 /LZW /RL /AHx] /DecodeParms [null << /Predictor 12 >>] >>", Stream: []byte("x~>")}),
		objects("", deflated("/Type /XRef /W [1 2 1]", "\x01\x00\x10\x00")),
	} {
		f.Add(file.Bytes(), "")
	}
	for revision := 2; revision <= 6; revision++ {
		f.Add(sealed(&fixture.PDFLock{Revision: revision, User: "user", Owner: "owner"}), "user")
	}
	f.Fuzz(func(t *testing.T, b []byte, password string) {
		const limit = 1 << 20
		var counted int64
		o := pdf.Options{Objects: 1000, Files: 20, Bytes: limit, Unpack: func(r io.Reader) io.Reader { return &counting{r, &counted} }}
		source := &metered{Reader: bytes.NewReader(b)}
		file, err := pdf.Open(context.Background(), source, int64(len(b)), o)
		if err != nil {
			t.Fatal(err)
		}
		if file.Locked() {
			file.Try(password)
		}
		first, err := file.Read()
		if err != nil {
			t.Fatal(err)
		}
		second, err := file.Read()
		if err != nil || len(first.Scripts) != len(second.Scripts) || len(first.Files) != len(second.Files) || len(first.Actions) != len(second.Actions) {
			t.Errorf("%d and %d scripts, %d and %d files, %v", len(first.Scripts), len(second.Scripts), len(first.Files), len(second.Files), err)
		}
		if len(first.Files) > 20*8 || len(first.Scripts) > 5*4096 {
			t.Errorf("%d files, %d scripts", len(first.Files), len(first.Scripts))
		}
		if most := 2 * (20*int64(len(b)) + 32<<20); source.n > most {
			t.Errorf("%d bytes read of %d", source.n, len(b))
		}
		for i := range first.Files {
			if _, err := io.Copy(io.Discard, io.LimitReader(first.Files[i].Open(), limit)); err != nil {
				t.Error(err)
			}
		}
	})
}

// metered counts what is read.
type metered struct {
	*bytes.Reader
	n int64
}

func (m *metered) ReadAt(p []byte, off int64) (int, error) {
	n, err := m.Reader.ReadAt(p, off)
	m.n += int64(n)
	return n, err
}

// counting ends what goes on for too long, as the scan's budget does.
type counting struct {
	r io.Reader
	n *int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if *c.n += int64(n); *c.n > 64<<20 {
		return n, io.EOF
	}
	return n, err
}

// BenchmarkRead shows that the cost grows with the objects, not with the data in streams, and linearly.
func BenchmarkRead(b *testing.B) {
	for _, n := range []int{100, 1000, 10000} {
		for name, length := range map[string]string{"lengths": "", "no lengths": "-"} {
			file := objects("")
			for range n {
				file.Objects = append(file.Objects, fixture.PDFObject{Text: "<< /Type /XObject /Subtype /Image /Width 10 /Height 10 >>", Stream: fixture.Noise(10 << 10), Length: length},
					text("<< /Type /Annot /Subtype /Link /Rect [0 0 1 1] /A << /S /URI /URI (https://example.test/) >> >>"))
			}
			data := file.Bytes()
			b.Run(fmt.Sprintf("%d objects, %s", 2*n, name), func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					read(b, data)
				}
			})
		}
	}
}
