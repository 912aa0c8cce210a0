package bench

import (
	"archive/zip"
	"bytes"
	"io"
	"path"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"
)

// BenchmarkFloor inflates those parts of the corpus' packages that cannot be told from their beginning, and does nothing else: no reader of the same
// documents is faster on the same inflater. x-olevba compares with what olevba took for all files that are not encrypted.
func BenchmarkFloor(b *testing.B) {
	var streams [][]byte
	var olevba float64
	for _, s := range samples(b) {
		if !s.Locked {
			olevba += s.Olevba
		}
		if s.Kind == "ooxml" {
			streams = append(streams, needed(s.data)...)
		}
	}
	var size int64
	d := flate.NewReader(nil)
	before := cpu(b)
	for b.Loop() {
		for _, p := range streams {
			if err := d.(flate.Resetter).Reset(bytes.NewReader(p), nil); err != nil {
				b.Fatal(err)
			}
			n, _ := io.Copy(io.Discard, d) // as far as it goes: some are damaged
			size += n
		}
	}
	used := (cpu(b) - before).Seconds()
	b.ReportMetric(used/float64(b.N), "cpu-s")
	b.ReportMetric(float64(size)/1e6/float64(b.N), "MB-inflated")
	b.ReportMetric(float64(len(streams)), "parts")
	b.ReportMetric(olevba/(used/float64(b.N)), "x-olevba")
}

// needed are the deflated parts that hold text, formulas, fields, relationships or macros, by their usual names.
func needed(data []byte) (streams [][]byte) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil
	}
	for _, e := range z.File {
		at, err := e.DataOffset()
		if err != nil || e.Method != zip.Deflate || !holds(strings.ToLower(e.Name)) {
			continue
		}
		if end := at + int64(e.CompressedSize64); end <= int64(len(data)) {
			streams = append(streams, data[at:end])
		}
	}
	return streams
}

func holds(name string) bool {
	switch path.Ext(name) {
	case ".rels", ".vml":
		return true
	case ".bin":
		return !strings.Contains(name, "printersettings")
	case ".xml":
		for _, passed := range []string{"docprops/", "/theme/", "/slidelayouts/", "/slidemasters/", "notesmasters/", "handoutmasters/", "/pivot", "/tables/", "/externallinks/",
			"styles", "fonttable", "numbering", "settings", "calcchain", "presprops", "viewprops", "customxml/item"} {
			if strings.Contains(name, passed) {
				return false
			}
		}
		return true
	}
	return false
}
