package inspect

import (
	"fmt"
	"io"
	"strings"

	"sekisho/internal/finding"
	"sekisho/internal/lure"
)

// text takes the text of the document in f, in UTF-8 and in pieces, for the phrases that ask the reader to switch protection off.
func (s *Scan) text(f *File) io.Writer {
	if f.lures == nil {
		f.lures = lure.New()
	}
	return f.lures
}

// luresFound adds what text has found.
func (s *Scan) luresFound(f *File) {
	if f.lures == nil {
		return
	}
	var quoted []string
	for _, phrase := range f.lures.Found() {
		quoted = append(quoted, fmt.Sprintf("%q", phrase))
	}
	if f.lures = nil; len(quoted) > 0 {
		s.found(f, finding.New(finding.OfficeLure, f.Path, "%s", strings.Join(quoted, ", ")))
	}
}
