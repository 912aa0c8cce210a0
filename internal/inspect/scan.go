package inspect

import (
	"context"
	"io"
	"time"

	"sekisho/internal/finding"
	"sekisho/internal/message"
)

// Options of a Scanner. The zero value of a field is its default.
type Options struct {
	Depth    int           // containers inside containers
	Files    int           // files in one message
	Bytes    int64         // bytes unpacked in one message
	Time     time.Duration // spent inside inspectors on one message
	Memory   int64         // bytes one unpacked file keeps in memory before it spools
	SpoolDir string
	Journal  string         // crash memory; "" for none
	Sources  bool           // keep macro sources in the reports (scan --macros)
	Walk     message.Limits // for mails inside files
}

// Scanner is built once and safe for concurrent use.
type Scanner struct{}

// New makes a Scanner. The error is the journal's.
func New(o Options) (*Scanner, error) { panic("skeleton") }

// Close closes the journal.
func (s *Scanner) Close() error { panic("skeleton") }

// Begin starts the scan of one message (or one file).
func (s *Scanner) Begin() *Scan { panic("skeleton") }

// Scan is one message's budget and results. Not safe for concurrent use.
type Scan struct{}

// Part inspects one part of the message. A recovered panic is a finding. The error is the context's or the spool's: the scan is then incomplete
// and the caller goes on with the next part.
func (s *Scan) Part(ctx context.Context, p *message.Part) (kind string, err error) {
	panic("skeleton")
}

// File inspects a file by itself (scan FILE): path is nil for the scanned file.
func (s *Scan) File(ctx context.Context, path finding.Path, name string, r io.ReaderAt, size int64) (kind string, err error) {
	panic("skeleton")
}

// Add takes a finding of the walk; limit findings make the scan incomplete.
func (s *Scan) Add(f finding.Finding) { panic("skeleton") }

// Result is what the scan found so far.
type Result struct {
	Findings   []finding.Finding
	Files      []FileReport
	Incomplete bool
}

// Result returns what the scan found so far.
func (s *Scan) Result() Result { panic("skeleton") }
