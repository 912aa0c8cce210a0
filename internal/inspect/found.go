package inspect

import "sekisho/internal/finding"

const (
	maxFileFindings = 100   // nobody reads more of one file
	maxFindings     = 1_000 // nor of one message; 200 KB of record
)

// limits are the kinds that say that something was not looked at.
func limits(k finding.Kind) bool {
	switch k {
	case finding.LimitDepth, finding.LimitFiles, finding.LimitSize, finding.LimitTime, finding.ScanIncomplete, finding.ParserError:
		return true
	}
	return false
}

// Add takes a finding of the walk; limit findings make the scan incomplete.
func (s *Scan) Add(f finding.Finding) {
	s.incomplete = s.incomplete || limits(f.Kind)
	if s.kinds[f.Kind] && len(s.findings) >= maxFindings {
		s.more(nil, "more than %d findings in the message; the rest is not listed", maxFindings)
		return
	}
	s.kinds[f.Kind] = true
	s.findings = append(s.findings, f)
}

// found adds a finding on f.
func (s *Scan) found(f *File, what finding.Finding) {
	if what.Kind == finding.ArchivePasswordFound || what.Kind == finding.OfficePasswordFound {
		s.openers = append(s.openers, s.trying.last)
	}
	if s.kinds[what.Kind] && f.found >= maxFileFindings {
		s.incomplete = s.incomplete || limits(what.Kind)
		s.more(f.Path, "more than %d findings in the file; the rest is not listed", maxFileFindings)
		return
	}
	f.found++
	s.Add(what)
}

// more says once that findings were left out. Rules may ask where a finding is, so the result is incomplete.
func (s *Scan) more(p finding.Path, format string, n int) {
	s.incomplete = true
	if !s.capped {
		s.capped = true
		s.findings = append(s.findings, finding.New(finding.ScanIncomplete, p, format, n))
	}
}
