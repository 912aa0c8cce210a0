package inspect

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"sekisho/internal/archive"
	"sekisho/internal/budget"
	"sekisho/internal/finding"
	"sekisho/internal/links"
	"sekisho/internal/message"
	"sekisho/internal/password"
	"sekisho/internal/sparse"
)

// Options of a Scanner. The zero value of a field is its default.
type Options struct {
	Depth    int           // containers inside containers
	Files    int           // files in one message
	Bytes    int64         // bytes unpacked in one message
	Time     time.Duration // spent inside inspectors on one message
	TryTime  time.Duration // of processor time for passwords on one message, by estimate
	Memory   int64         // bytes one unpacked file keeps in memory before it spools
	Keep     int64         // bytes other than filling that are kept of one unpacked file where it can be unpacked again
	Padded   int64         // size from which a file that is nearly all filling is a finding
	SpoolDir string
	Journal  string         // crash memory; "" for none
	Sums     bool           // reports have the digests of files inside files; with a Journal always
	Sources  bool           // keep macro sources in the reports (scan --macros)
	Walk     message.Limits // for mails inside files

	// Digests says which digests of files are asked for, at the beginning of each scan; nil for none.
	Digests func() Digests

	Archives *archive.Opener // opens 7z, RAR and xz in other processes; nil: they are only named

	Cache      *Cache        // remembers what attachments held; nil for none
	Remember   time.Duration // how long it does; 0 for not at all
	CacheBytes int64         // that it takes

	Given     []string // passwords tried on locked files: those of the command line
	Passwords []string // and those of the configuration, which are not shown
}

const (
	defaultDepth  = 10               // honest mail has a mail in an archive in an archive, then a document with an object: five
	defaultFiles  = 10_000           // a zipped source tree or photo collection; a report of so many is 2 MB
	defaultBytes  = 512 << 20        // ten times the largest mail that gateways commonly let in; three seconds of inflating
	defaultTime   = 20 * time.Second // far below the 300 seconds an MTA waits for the answer to the final dot
	defaultTries  = 3 * time.Second  // seventy words on a document of today's Office, two thousand on a ZIP under AES
	defaultMemory = 4 << 20          // most documents stay in memory; ten nested ones are 40 MB
)

func (o Options) withDefaults() Options {
	if o.Depth <= 0 {
		o.Depth = defaultDepth
	}
	if o.Files <= 0 {
		o.Files = defaultFiles
	}
	if o.Bytes <= 0 {
		o.Bytes = defaultBytes
	}
	if o.Time <= 0 {
		o.Time = defaultTime
	}
	if o.TryTime <= 0 {
		o.TryTime = defaultTries
	}
	if o.Memory <= 0 {
		o.Memory = defaultMemory
	}
	if o.Keep <= 0 {
		o.Keep = defaultKeep
	}
	if o.Padded <= 0 {
		o.Padded = defaultPadded
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = defaultCache
	}
	if o.Walk.SpoolDir == "" {
		o.Walk.SpoolDir = o.SpoolDir
	}
	return o
}

// Scanner is built once and safe for concurrent use.
type Scanner struct {
	o       Options
	table   []Inspector
	journal *journal

	generation uint64 // in the cache
}

// New makes a Scanner. The error is the journal's.
func New(o Options) (*Scanner, error) {
	s := &Scanner{o: o.withDefaults(), table: inspectors()}
	if o.Journal != "" {
		j, err := openJournal(o.Journal, time.Now())
		if err != nil {
			return nil, fmt.Errorf("inspect: journal: %w", err)
		}
		s.journal = j
	}
	if o.Cache != nil {
		s.generation = o.Cache.renew(s.o.Remember, s.o.CacheBytes)
	}
	return s, nil
}

// sums reports whether the digests of files inside files are kept.
func (s *Scanner) sums() bool { return s.journal != nil || s.o.Sums }

// Close closes the journal.
func (s *Scanner) Close() error {
	if s.journal == nil {
		return nil
	}
	return s.journal.close()
}

// Begin starts the scan of one message (or one file).
func (s *Scanner) Begin() *Scan {
	scan := &Scan{scanner: s, o: &s.o, work: s.o.Walk.Budget.Work(), kinds: map[finding.Kind]bool{}}
	scan.words.Add(password.Given, s.o.Given...)
	scan.again.Left = againMost * s.o.Bytes
	scan.words.Add(password.List, s.o.Passwords...)
	if s.o.Digests != nil {
		scan.want = s.o.Digests()
	}
	return scan
}

// Scan is one message's budget and results. Not safe for concurrent use.
type Scan struct {
	scanner *Scanner
	o       *Options
	usage
	work       *budget.Work // its share in Options.Walk.Budget
	watch      stopwatch    // of Options.Time
	findings   []finding.Finding
	kinds      map[finding.Kind]bool // found at least once
	files      []FileReport
	incomplete bool
	capped     bool
	words      password.Finder // candidates for locked files
	listening  bool            // what words are told of is kept in heard
	heard      []heard
	mail       mailSays
	waiting    []waiting // locked files
	trying     trying
	locked     bool // one of them stayed locked
	skipped    bool // on one of them not all words that the mail calls passwords were tried
	workers    *archive.Session
	openers    []string     // words that opened a file
	active     map[int]bool // files that were in ActiveMime
	want       Digests
	digests    []FileDigests
	units      map[int][][]byte // of macro fingerprints, by report
}

// Part inspects one part of the message. A recovered panic is a finding. The error is the context's or the spool's: the scan is then incomplete
// and the caller goes on with the next part.
func (s *Scan) Part(ctx context.Context, p *message.Part) (kind string, err error) {
	defer s.work.End()
	s.work.Begin()
	if done, err := s.before(ctx, codeText, int64(len(p.Text))); err == nil { // else the part says so
		s.partText(p, !p.Attachment)
		done()
	}
	f := s.partFile(p, nil)
	if p.Attachment {
		err = s.attachment(ctx, f)
	} else {
		err = s.top(ctx, f, false)
	}
	return f.Kind, err
}

// partFile is a part of the mail in the file parent, nil for the message itself.
func (s *Scan) partFile(p *message.Part, parent *File) *File {
	s.digestPart(p)
	f := &File{Path: p.Path, called: p.Name, typed: p.Name, Size: p.Content.Size(), declared: p.Type, content: p.Content, sum: p.SHA256, parent: parent, read: p.Text != "", report: -1}
	if parent != nil {
		f.depth = parent.depth + 1
	} else if plain(p.Name) {
		f.typed = "*" + extension(p.Name)
	}
	return f
}

// File inspects a file by itself (scan FILE): path is nil for the scanned file.
func (s *Scan) File(ctx context.Context, path finding.Path, name string, r io.ReaderAt, size int64) (kind string, err error) {
	f := &File{Path: path, called: name, typed: name, Size: size, content: r, report: -1}
	if err := s.digestFile(ctx, f); err != nil {
		s.found(f, finding.New(finding.ScanIncomplete, path, "the file cannot be read"))
		return KindData, err
	}
	if s.scanner.journal != nil {
		h := sha256.New()
		if _, err := io.Copy(h, f.reader(ctx)); err != nil {
			s.found(f, finding.New(finding.ScanIncomplete, path, "the file cannot be read"))
			return KindData, err
		}
		h.Sum(f.sum[:0])
	}
	err = s.top(ctx, f, true)
	return f.Kind, err
}

// top inspects a file of the message itself and keeps the time. What ended it early is a finding by now; only our own trouble is an error.
func (s *Scan) top(ctx context.Context, f *File, listed bool) error {
	return s.timed(ctx, f, func(ctx context.Context) error { return s.file(ctx, f, listed) })
}

func (s *Scan) timed(ctx context.Context, f *File, work func(context.Context) error) error {
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	defer s.work.End()
	s.work.Begin()
	s.watch.start(s.o.Time-s.spent, cancel)
	err := work(paced{within, s})
	s.spent = s.o.Time - s.watch.stop()
	switch {
	case err == nil, errors.Is(err, errStop):
		return nil
	case ctx.Err() == nil && within.Err() != nil:
		s.limit(f, finding.LimitTime, "after %s", s.o.Time)
		return nil
	}
	s.found(f, finding.New(finding.ScanIncomplete, f.Path, "scanning broke off: %q", err.Error()))
	return err
}

// file finds out what f is and hands it to the inspectors that match. listed files have a report whatever they are.
func (s *Scan) file(ctx context.Context, f *File, listed bool) error {
	if err := s.enter(ctx, f); err != nil {
		return err
	}
	if err := s.identify(ctx, f); err != nil {
		return err
	}
	if (f.Kind == KindMessage || f.Kind == KindMHT) && !listed {
		f.Kind, f.mime = KindText, 0 // text that quotes a header, not a mail attached as a file
	}
	if f.listed = listed; listed {
		s.report(f)
		s.tally(f)
		defer s.disguises(f)
		if err := s.hints(ctx, f); err != nil {
			return err
		}
		defer s.padded(ctx, f)
	}
	defer s.settle(f)
	if !s.matched(f) {
		return nil
	}
	f.looked = true
	s.report(f)
	if f.depth > s.o.Depth && (f.Kind != KindText || f.tailEnd) { // text holds no files
		s.limit(f, finding.LimitDepth, "more than %d containers around it", s.o.Depth)
		return nil
	}
	return s.noted(f, func() error { return s.inspect(ctx, f) })
}

func (s *Scan) matched(f *File) bool {
	for _, i := range s.scanner.table {
		if i.Match(f) {
			return true
		}
	}
	return false
}

// noted runs fn with the file in the journal.
func (s *Scan) noted(f *File, fn func() error) error {
	if s.scanner.journal == nil {
		return fn()
	}
	done, crashes := s.scanner.journal.enter(f.sum)
	if crashes >= maxCrashes {
		s.found(f, finding.New(finding.ScanIncomplete, f.Path, "not opened: the scanner died %d times with this file", crashes))
		return nil
	}
	err := fn()
	done()
	return err
}

// inspect asks every inspector that matches: a program with an archive behind it is both.
func (s *Scan) inspect(ctx context.Context, f *File) error {
	if err := s.room(ctx, f); err != nil {
		return err
	}
	for _, i := range s.scanner.table {
		if !i.Match(f) {
			continue
		}
		err := s.guard(f, func() error { return i.Inspect(ctx, f, s) })
		s.report(f).Kind = f.Kind
		s.luresFound(f)
		if err != nil && !errors.Is(err, sparse.ErrReach) { // which the file's content reports
			return err
		}
	}
	return nil
}

// guard makes a panic the finding parser.error.
func (s *Scan) guard(f *File, fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			s.found(f, finding.New(finding.ParserError, f.Path, "%q", fmt.Sprint(r)))
		}
	}()
	return fn()
}

// report is the file's report, made when it is first asked for. It is valid until the next one is made.
func (s *Scan) report(f *File) *FileReport {
	if f.report < 0 {
		f.report = len(s.files)
		s.files = append(s.files, FileReport{Path: f.Path.String(), Kind: f.Kind})
		switch {
		case f.whole != nil:
			s.files[f.report].SHA256 = hex.EncodeToString(f.whole)
		case f.sum != (digest{}) && !f.sketch:
			s.files[f.report].SHA256 = hex.EncodeToString(f.sum[:])
		}
	}
	return &s.files[f.report]
}

// Result is what the scan found so far.
type Result struct {
	Findings   []finding.Finding
	Files      []FileReport
	Incomplete bool
	Locked     bool          // something is encrypted and stayed so
	Digests    []FileDigests // of files by Options.Digests
	Links      []links.Link  // of the mail's own text, quoted history left out
	Texts      []string      // the mail's own texts as their reader sees them, quotations included; the first of them, cut
}

// Result returns what the scan found so far.
func (s *Scan) Result() Result {
	return Result{
		Findings: s.findings, Files: s.files, Incomplete: s.incomplete, Locked: s.locked, Digests: s.digests, Links: s.mail.links, Texts: s.mail.texts,
	}
}
