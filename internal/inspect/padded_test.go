package inspect

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
)

// small makes what is large in mail small enough for many tests.
func small() Options { return Options{Memory: 16 << 10, Padded: 1 << 20, Bytes: 100 << 20} }

// has reports whether r has a finding of that kind whose path begins so.
func has(r Result, kind finding.Kind, path string) bool {
	return slices.ContainsFunc(r.Findings, func(f finding.Finding) bool { return f.Kind == kind && strings.HasPrefix(f.Path.String(), path) })
}

var places = []fixture.Place{fixture.Head, fixture.Middle, fixture.End}

// paddedDocs are documents with a macro, spread over size bytes.
func paddedDocs(size int64) map[string]fixture.Padded {
	docs := map[string]fixture.Padded{}
	for i := range 27 {
		p := fixture.PaddedOLE{File: fixture.DocVBA(downloader), Size: size, Directory: places[i%3], FAT: places[i/3%3], Streams: places[i/9]}
		docs[fmt.Sprintf("directory %d, FAT %d, streams %d.doc", p.Directory, p.FAT, p.Streams)] = p.Content()
	}
	for _, at := range places {
		docs[fmt.Sprintf("ZIP directory %d.docm", at)] = fixture.PaddedZIP(fixture.DOCM(downloader), size, at)
	}
	docs["beginning of nothing.docm"] = fixture.Padded{Size: size, Parts: []fixture.PaddedPart{{At: size - int64(len(fixture.DOCM(downloader))), Data: fixture.DOCM(downloader)}}}
	docs["appended.doc"] = fixture.Padded{Size: size, Parts: []fixture.PaddedPart{{At: 0, Data: fixture.DocVBA(downloader)}}}
	return docs
}

func TestPaddedDocumentsAreInspected(t *testing.T) {
	for name, doc := range paddedDocs(4 << 20) {
		for how, pack := range map[string]func(io.Reader) []byte{
			"zip": func(r io.Reader) []byte { return fixture.ZipOf(name, r) },
			"gz":  func(r io.Reader) []byte { return fixture.GzipOf(name, r) },
			"not packed": func(r io.Reader) []byte {
				b, err := io.ReadAll(r)
				if err != nil {
					t.Fatal(err)
				}
				return b
			},
		} {
			path := ""
			if how != "not packed" {
				path = name
			}
			_, r := scanFile(t, small(), pack(doc.Reader()))
			if !has(r, finding.VBAAutoexec, path) || !has(r, finding.FilePadded, path) || r.Incomplete {
				t.Errorf("%s, %s: incomplete %v, %v", name, how, r.Incomplete, r.Findings)
			}
		}
	}
}

func TestX(t *testing.T) { _ = bytes.MinRead }
