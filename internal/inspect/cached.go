package inspect

import (
	"context"
	"slices"
	"strings"
	"time"

	"sekisho/internal/finding"
)

// outcome is what the inspection of one attachment did to its Scan. Paths are without the attachment's own.
type outcome struct {
	key      cacheKey
	made     time.Time
	kind     string
	findings []finding.Finding
	files    []FileReport
	digests  []FileDigests
	heard    []heard
	count    int   // files
	bytes    int64 // unpacked, filling counted as it is
	peak     int64 // the most that bytes came to, or was said to come to, on the way
	again    int64 // unpacked once more
	weight   int64 // size, once it is known
}

// heard is what the words of the message were told: the name of a file, or a text beside the mail's own.
type heard struct {
	text string
	name bool
	own  bool // the name of the attachment itself
}

// heardMost is how many bytes of words one outcome keeps: an attached mail with a longer text is read again.
const heardMost = 64 << 10

// beside gives the words of a text to the message's.
func (s *Scan) beside(text string) { s.hear(heard{text: text}) }

// hear gives words to the message's, and remembers that it did.
func (s *Scan) hear(h heard) {
	if s.listening {
		s.heard = append(s.heard, h)
	}
	if h.name {
		s.words.FileName(h.text)
	} else {
		s.words.Beside(h.text)
	}
}

// attachment inspects an attachment of the message itself, or takes what is remembered of it. Either way the Scan is the same afterwards, but for the
// time that it spent. Reports with macro sources are not remembered, nor is what has no path or digest to know it by.
func (s *Scan) attachment(ctx context.Context, f *File) error {
	cache := s.o.Cache
	if cache == nil || s.o.Remember <= 0 || s.o.Sources || f.sum == (digest{}) || len(f.Path) == 0 {
		return s.top(ctx, f, true)
	}
	key := cacheKey{sum: f.sum, name: f.called, declared: f.declared, read: f.read, want: s.want}
	o := cache.get(s.scanner.generation, key.typed(f))
	if o == nil {
		o = cache.get(s.scanner.generation, &key)
	}
	hit := o != nil && s.fits(ctx, f, o)
	cache.count(hit)
	if hit {
		f.Kind = o.kind
		s.recall(f, o)
		return nil
	}
	o, err := s.observe(ctx, f)
	if o != nil {
		if o.key = key; !f.asked {
			o.key = *key.typed(f)
		}
		cache.put(s.scanner.generation, o)
	}
	return err
}

// typed is the key of all files of the mail whose names end alike, where nothing but the ending was asked for.
func (k cacheKey) typed(f *File) *cacheKey {
	k.name, k.any = f.typed, true
	return &k
}

// fits reports whether the attachment would be inspected now as it was then: no limit of the message is met on the way.
func (s *Scan) fits(ctx context.Context, f *File, o *outcome) bool {
	return ctx.Err() == nil && s.spent < s.o.Time && s.count+o.count <= s.o.Files && o.peak < s.o.Bytes-s.bytes && o.again < s.again.Left &&
		len(s.findings)+len(o.findings) < maxFindings && len(s.digests)+len(o.digests) <= s.o.Files &&
		!slices.ContainsFunc(s.findings, func(g finding.Finding) bool { return beneath(f.Path, g.Path) })
}

// beneath reports whether p is base or a path in it.
func beneath(base, p finding.Path) bool {
	return len(p) >= len(base) && slices.Equal(p[:len(base)], base)
}

// recall does to the scan what the inspection did.
func (s *Scan) recall(f *File, o *outcome) {
	at := f.Path
	s.count += o.count
	s.bytes += o.bytes
	s.again.Left -= o.again
	for _, h := range o.heard {
		if h.own {
			h.text = f.called
		}
		s.hear(h)
	}
	for _, g := range o.findings {
		g.Path = slices.Concat(at, g.Path)
		s.Add(g)
	}
	prefix := at.String()
	for _, r := range o.files {
		r.Path = prefix + r.Path
		r.Modules = slices.Clone(r.Modules)
		s.files = append(s.files, r)
	}
	for _, d := range o.digests {
		d.Path = slices.Concat(at, d.Path)
		s.digests = append(s.digests, d)
	}
}

// mark is how far a scan was.
type mark struct {
	usage
	findings, files, digests int
	waiting, openers, taken  int
	incomplete               bool
}

func (s *Scan) mark() mark {
	return mark{
		usage: s.usage, findings: len(s.findings), files: len(s.files), digests: len(s.digests),
		waiting: len(s.waiting), openers: len(s.openers), taken: s.mail.taken, incomplete: s.incomplete,
	}
}

// observe inspects an attachment and returns what that did, nil where it would not be the same in another message.
func (s *Scan) observe(ctx context.Context, f *File) (*outcome, error) {
	from := s.mark()
	s.incomplete, s.peak, s.heard, s.listening = false, s.bytes, nil, true
	err := s.top(ctx, f, true)
	var o *outcome
	if err == nil && ctx.Err() == nil && f.looked && s.repeats(&from) {
		o = s.outcome(f, &from)
	}
	s.incomplete, s.heard, s.listening = s.incomplete || from.incomplete, nil, false
	return o, err
}

// repeats reports whether what was done since would be done again: everything was looked at, nothing waits for a password or spoke for the mail itself,
// and with so few findings no file met the limit of findings on one.
func (s *Scan) repeats(from *mark) bool {
	return !s.incomplete && s.spent < s.o.Time && s.tryCost == from.tryCost && len(s.waiting) == from.waiting && len(s.openers) == from.openers &&
		s.mail.taken == from.taken && len(s.findings)-from.findings <= maxFileFindings
}

// outcome is what was done since, nil where it is more than one outcome keeps.
func (s *Scan) outcome(f *File, from *mark) *outcome {
	o := &outcome{
		kind: f.Kind, count: s.count - from.count, bytes: s.bytes - from.bytes, peak: s.peak - from.bytes, again: from.again.Left - s.again.Left,
	}
	for _, g := range s.findings[from.findings:] {
		if !beneath(f.Path, g.Path) {
			return nil
		}
		g.Path = within(f.Path, g.Path)
		o.findings = append(o.findings, g)
	}
	o.keepFiles(s.files[from.files:], f.Path.String())
	for _, d := range s.digests[from.digests:] {
		d.Path = within(f.Path, d.Path)
		o.digests = append(o.digests, d)
	}
	if !o.keepHeard(s.heard) {
		return nil
	}
	return o
}

// within is a path below base without it. Its names are copies, as all texts of an outcome: a piece of a large one would keep all of that.
func within(base, p finding.Path) finding.Path {
	rest := slices.Clone(p[len(base):])
	for i, name := range rest {
		rest[i] = strings.Clone(name)
	}
	return rest
}

func (o *outcome) keepFiles(list []FileReport, at string) {
	for _, r := range list {
		r.Path = strings.Clone(strings.TrimPrefix(r.Path, at))
		r.ExternalTemplate, r.LNKTarget, r.LNKArgs = strings.Clone(r.ExternalTemplate), strings.Clone(r.LNKTarget), strings.Clone(r.LNKArgs)
		r.Modules = slices.Clone(r.Modules)
		for i := range r.Modules {
			m := &r.Modules[i]
			m.Name, m.Stream = strings.Clone(m.Name), strings.Clone(m.Stream)
		}
		o.files = append(o.files, r)
	}
}

func (o *outcome) keepHeard(list []heard) bool {
	n := 0
	for _, h := range list {
		if h.own {
			h.text = ""
		}
		n += len(h.text)
		h.text = strings.Clone(h.text)
		o.heard = append(o.heard, h)
	}
	return n <= heardMost
}

// What the structs take, on machines of 64 bits; a test compares.
const (
	outcomeSize = 600 // with the map, which has the key again, and the list
	findingSize = 96
	reportSize  = 384
	moduleSize  = 96
	digestsSize = 96
	nameSize    = 24 // a string and a flag
)

// size is what the outcome takes in memory, about.
func (o *outcome) size() int64 {
	n := outcomeSize + 2*(len(o.key.name)+len(o.key.declared))
	for i := range o.findings {
		g := &o.findings[i]
		n += findingSize + len(g.Detail) + pathSize(g.Path)
	}
	for i := range o.files {
		r := &o.files[i]
		n += reportSize + len(r.Path) + len(r.SHA256) + len(r.ExternalTemplate) + len(r.LNKTarget) + len(r.LNKArgs) + len(r.MacroHash)
		for j := range r.Modules {
			m := &r.Modules[j]
			n += moduleSize + len(m.Name) + len(m.Stream) + len(m.SHA256)
		}
	}
	for i := range o.digests {
		d := &o.digests[i]
		n += digestsSize + len(d.SHA256) + len(d.SHA1) + len(d.MD5) + pathSize(d.Path)
	}
	for i := range o.heard {
		n += nameSize + len(o.heard[i].text)
	}
	return int64(n)
}

func pathSize(p finding.Path) (n int) {
	for _, name := range p {
		n += nameSize + len(name)
	}
	return n
}
