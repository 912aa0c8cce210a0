package inspect

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"sekisho/internal/finding"
	"sekisho/oleparse"
)

// macros adds the VBA projects: the sources to the report, and one finding each for being there, starting alone, and being able to do harm.
func (s *Scan) macros(f *File, doc *oleparse.Document) {
	var present names
	var auto, bad keywords
	for i := range doc.Projects {
		for j := range doc.Projects[i].Modules {
			m := &doc.Projects[i].Modules[j]
			present.add(m.Name)
			auto.add(m.Stream, m.Autoexec)
			bad.add(m.Stream, m.Suspicious)
			r := s.report(f)
			r.Modules = append(r.Modules, s.module(m))
		}
	}
	if len(doc.Projects) == 0 {
		return
	}
	s.report(f).HasVBA = true
	s.found(f, finding.New(finding.VBAPresent, f.Path, "modules %s", present.String()))
	auto.report(s, f, finding.VBAAutoexec)
	bad.report(s, f, finding.VBASuspicious)
	s.stomped(f, doc)
}

func (s *Scan) module(m *oleparse.Module) Module {
	sum := sha256.Sum256([]byte(m.Source))
	out := Module{Name: m.Name, Stream: m.Stream, Len: len(m.Source), SHA256: hex.EncodeToString(sum[:])}
	if s.o.Sources {
		out.Source = m.Source
	}
	return out
}

// keywords are the hits of a document, each word once, with the stream of the first.
type keywords struct {
	stream string
	words  []string
	seen   map[string]bool
}

func (k *keywords) add(stream string, hits []oleparse.Hit) {
	for _, h := range hits {
		if k.seen == nil {
			k.stream, k.seen = stream, map[string]bool{}
		}
		if !k.seen[h.Keyword] {
			k.seen[h.Keyword] = true
			k.words = append(k.words, h.Keyword)
		}
	}
}

func (k *keywords) report(s *Scan, f *File, kind finding.Kind) {
	if len(k.words) > 0 {
		s.found(f, finding.New(kind, f.Path.Child(k.stream), "%s", strings.Join(k.words, ", ")))
	}
}
