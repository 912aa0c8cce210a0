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
	if f.words != nil {
		return io.MultiWriter(f.lures, f.words)
	}
	return f.lures
}

// mailText keeps the beginning of the text of a file that is a mail's body.
type mailText struct{ text []byte }

func (m *mailText) Write(p []byte) (int, error) {
	m.text = append(m.text, p[:min(len(p), mailTextMax-len(m.text))]...)
	return len(p), nil
}

const mailTextMax = 1 << 20 // as message.Limits.Text

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
