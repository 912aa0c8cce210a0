package inspect

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"sekisho/internal/finding"
	"sekisho/internal/vba"
	"sekisho/oleparse"
)

// macros adds the VBA projects: the sources to the report, and one finding each for being there, starting alone, what they can do, and what
// makes one suspicious.
func (s *Scan) macros(f *File, doc *oleparse.Document) {
	var present names
	var auto, able keywords
	var bad []*vba.Report
	locked, unlisted := "", names{}
	for i := range doc.Projects {
		p := &doc.Projects[i]
		for j := range p.Modules {
			present.add(p.Modules[j].Name)
			r := s.report(f)
			r.Modules = append(r.Modules, s.module(&p.Modules[j]))
		}
		s.fingerprint(f, projectUnits(p)...)
		if p.Protected || p.Password || p.Hidden {
			locked = "; the project is locked against viewing"
		}
		for _, name := range p.Unlisted {
			unlisted.add(name)
		}
		if p.Report == nil {
			continue
		}
		auto.add(p.Report.Autoexec)
		s.evidence(f, p.Report.Evidence)
		if p.Report.Suspicious {
			bad = append(bad, p.Report)
		} else {
			able.add(p.Report.Abilities)
		}
	}
	if len(doc.Projects) == 0 {
		return
	}
	s.report(f).HasVBA = true
	if unlisted.n > 0 {
		locked += "; the editor does not show " + unlisted.String()
	}
	s.found(f, finding.New(finding.VBAPresent, f.Path, "modules %s%s", present.String(), locked))
	auto.report(s, f, finding.VBAAutoexec)
	able.report(s, f, finding.VBAAbility)
	for _, r := range bad {
		s.found(f, finding.New(finding.VBASuspicious, f.Path.Child(r.Hit.Module), "%s", chain(r)))
	}
	s.stomped(f, doc)
}

// chain is how a suspicious project comes to what it does: `AutoOpen → Run1 → Shell "powershell …"`.
func chain(r *vba.Report) string {
	var b strings.Builder
	for i, name := range r.Chain {
		switch {
		case i >= 3 && i < len(r.Chain)-1: // the entry point, two more, and the end
			if i == 3 {
				b.WriteString(" → …")
			}
			continue
		case i > 0:
			b.WriteString(" → ")
		}
		b.WriteString(plainName(name, i == len(r.Chain)-1))
	}
	if r.Text != "" {
		text, _, _ := strings.Cut(r.Text, "\x00")
		fmt.Fprintf(&b, " %q", strings.ToValidUTF8(text[:min(len(text), 120)], ""))
	}
	return b.String()
}

// plainName is a procedure's name as it is where that is harmless to print, else quoted; keywords are our own.
func plainName(s string, keyword bool) string {
	for i := range len(s) {
		if c := s[i]; !keyword && (c >= 0x80 || c < '0' || i >= 32) {
			return fmt.Sprintf("%.34q", s)
		}
	}
	return s
}

// evidence adds what code yields to the report, with the sources.
func (s *Scan) evidence(f *File, found []vba.Evidence) {
	if !s.o.Sources {
		return
	}
	r := s.report(f)
	for _, e := range found {
		r.Evidence = append(r.Evidence, Evidence{Type: e.Type, Text: e.Text, Module: e.Module, Line: e.Line})
	}
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

func (k *keywords) add(hits []vba.Hit) {
	for _, h := range hits {
		if k.seen == nil {
			k.stream, k.seen = h.Module, map[string]bool{}
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
