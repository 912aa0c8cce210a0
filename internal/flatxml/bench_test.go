package flatxml

import (
	"bytes"
	"io"
	"testing"

	"sekisho/internal/fixture"
)

type nowhere struct{}

func (nowhere) Part(string, string) (io.Writer, error) { return io.Discard, nil }

func BenchmarkParts(b *testing.B) {
	for name, data := range map[string]string{
		"binary": string(fixture.Noise(4 << 20)),
		"markup": "<d>" + string(bytes.Repeat([]byte(`<w:p><w:r w:rsid="00AB12CD"><w:t>some text here</w:t></w:r></w:p>`), 60_000)) + "</d>",
	} {
		file := fixture.FlatOPC([]fixture.Part{{Name: "[Content_Types].xml"}, {Name: "x", Data: data}})
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				if _, err := Parts(bytes.NewReader(file), nowhere{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
