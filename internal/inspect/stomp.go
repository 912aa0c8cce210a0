package inspect

import (
	"sekisho/internal/finding"
	"sekisho/oleparse"
)

// stomped adds a finding for each module whose source and p-code disagree, with what the p-code names.
func (s *Scan) stomped(f *File, doc *oleparse.Document) {
	for i := range doc.Projects {
		for j := range doc.Projects[i].Modules {
			if m := &doc.Projects[i].Modules[j]; m.Stomped != "" {
				s.found(f, finding.New(finding.VBAStomped, f.Path.Child(m.Stream), "%s", m.Stomped))
			}
		}
	}
}
