package inspect

import (
	"context"
	"io"
	"slices"

	"sekisho/internal/finding"
	"sekisho/internal/password"
)

// shortTokens is how many words a mail may have to be a short one, each of whose words may be a password: a greeting and a few sentences.
const shortTokens = 150

// Pending reports whether a locked file waits for Finish.
func (s *Scan) Pending() bool { return len(s.waiting) > 0 }

// Said are the passwords that the text of the message gives: those that it names, and what else stands near a word for password and looks like one.
func (s *Scan) Said() (list []string) {
	for _, said := range s.words.Said() {
		list = append(list, said.Word)
	}
	for _, w := range s.words.Near() {
		if !slices.Contains(list, w) {
			list = append(list, w)
		}
	}
	return list
}

// Others are the words of the message beside those of Said that may be a password: those near a word for one, and every short word of a short message.
func (s *Scan) Others() (list []string) {
	said, tokens := s.Said(), 0
	for _, w := range s.words.Words() {
		switch {
		case w.Source == password.Token:
			tokens++
		case w.Source != password.Phrase || slices.Contains(said, w.Text):
			continue
		}
		list = append(list, w.Text)
	}
	if tokens > shortTokens { // they come last
		list = list[:len(list)-tokens]
	}
	return list
}

// Opened is what a locked file of an earlier mail turned out to hold.
type Opened struct {
	Word       string // what opened it
	Findings   []finding.Finding
	Kinds      []string // of the files in it, its own first
	Incomplete bool
	Left       bool // something in it stays locked
}

// Earlier tries words on a locked file of an earlier mail, within this scan's budget. What opens is inspected below path and belongs to this
// scan; without the findings that merely say that it was locked, as it is no longer. nil means that no word opens it: then nothing is added but
// what makes the scan incomplete. The error is our own trouble, as of Part.
func (s *Scan) Earlier(ctx context.Context, path finding.Path, name string, r io.ReaderAt, size int64, words ...string) (*Opened, error) {
	o := *s.o
	o.TryTime = s.tryCost + (o.TryTime-s.tryCost)/2 // the rest is for other files
	sub := &Scan{scanner: s.scanner, o: &o, kinds: map[finding.Kind]bool{}, usage: s.usage, work: s.work}
	sub.words.Add(password.Phrase, words...)
	_, err := sub.File(ctx, path, name, r, size)
	still, ferr := sub.Finish(ctx)
	for _, l := range still {
		l.Content.Close()
	}
	if err == nil {
		err = ferr
	}
	s.usage = sub.usage
	if s.skipped = sub.skipped; len(sub.openers) == 0 {
		s.unsure(sub)
		return nil, err
	}
	return s.take(sub), err
}

// Untried reports whether the last call of Earlier left words untried, because a try costs too much.
func (s *Scan) Untried() bool { return s.skipped }

// unsure keeps what was not looked at in a file that no word opens: the message's budget is used up, or the file kills those who look.
func (s *Scan) unsure(sub *Scan) {
	for _, f := range sub.findings {
		if limits(f.Kind) {
			s.Add(f)
		}
	}
}

// take adds what an opened file holds.
func (s *Scan) take(sub *Scan) *Opened {
	o := &Opened{Word: sub.openers[0], Incomplete: sub.incomplete, Left: sub.locked}
	for _, f := range sub.findings {
		if !onlyLocked(f.Kind) {
			o.Findings = append(o.Findings, f)
			s.Add(f)
		}
	}
	for i := range sub.files {
		o.Kinds = append(o.Kinds, sub.files[i].Kind)
	}
	s.files = append(s.files, sub.files...)
	s.incomplete = s.incomplete || sub.incomplete
	return o
}

// onlyLocked are the kinds that say that a file was locked, or opened.
func onlyLocked(k finding.Kind) bool {
	switch k {
	case finding.ZipEncrypted, finding.ArchiveEncrypted, finding.ArchiveHeaderEncrypted, finding.OfficeEncrypted, finding.PDFEncrypted,
		finding.ArchivePasswordFound, finding.OfficePasswordFound:
		return true
	}
	return false
}
