package inspect

import (
	"fmt"
	"io"
	"strings"

	"sekisho/internal/finding"
	"sekisho/internal/lure"
)

// text takes the text of the document in f, in UTF-8 and in pieces: for the phrases that ask the reader to switch protection off and, where it is short, for
// the password of a file beside it.
func (s *Scan) text(f *File) io.Writer {
	if f.lures == nil {
		f.lures = lure.New()
	}
	if f.words == nil {
		f.words = &mailText{hint: true}
	}
	return io.MultiWriter(f.lures, f.words)
}

// mailText keeps the beginning of the text of a file: of a mail's body or, as a hint, of a short document.
type mailText struct {
	text []byte
	hint bool
}

func (m *mailText) Write(p []byte) (int, error) {
	most := mailTextMax
	if m.hint {
		most = hintMax + 1
	}
	m.text = append(m.text, p[:min(len(p), most-len(m.text))]...)
	return len(p), nil
}

const mailTextMax = 1 << 20 // as message.Limits.Text

// luresFound adds what text has found.
func (s *Scan) luresFound(f *File) {
	if f.lures == nil {
		return
	}
	if f.words.hint && len(f.words.text) <= hintMax {
		s.beside(string(f.words.text))
	}
	var quoted []string
	for _, phrase := range f.lures.Found() {
		quoted = append(quoted, fmt.Sprintf("%q", phrase))
	}
	if f.lures = nil; len(quoted) > 0 {
		s.found(f, finding.New(finding.OfficeLure, f.Path, "%s", strings.Join(quoted, ", ")))
	}
}
