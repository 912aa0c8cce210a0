package inspect

import (
	"context"
	"iter"
	"slices"
	"time"

	"sekisho/internal/finding"
	"sekisho/internal/password"
)

const freeCost = 20 * time.Microsecond // below it all words are tried, unmeasured: 500 of them are 10 ms

// trying is the state of the words of one message.
type trying struct {
	tried int    // words of the current file
	words int    // it could have tried
	last  string // the word tried last
}

// tries are the words for a file on which one try takes about cost of processor time, the likeliest first: first those that opened another file of the
// message, then as many as fit Options.TryTime, of which a file takes half while others wait. The words end early where the budget does; the
// file's finding then says how many were tried. Break out of the loop with the word that opens.
//
//	for w := range s.tries(ctx, cost) {
//		if plain = open(w.Text); plain != nil {
//			s.openedBy(f, finding.ArchivePasswordFound, w)
//			break
//		}
//	}
//
// Cost is an estimate from what the file says of itself (rounds, spin count), not a measurement, so that the same mail has the same result everywhere.
func (s *Scan) tries(ctx context.Context, cost time.Duration) iter.Seq[password.Word] {
	return func(yield func(password.Word) bool) {
		list := s.candidates()
		t := &s.trying
		t.tried, t.words = 0, max(t.words, len(list))
		left := s.o.TryTime - s.tryCost
		if len(s.waiting) > 0 {
			left /= 2
		}
		for _, w := range list {
			if ctx.Err() != nil || cost > freeCost && left < cost {
				return
			}
			if cost > freeCost {
				left -= cost
				s.tryCost += cost
			}
			t.tried++
			t.last = w.Text
			if !yield(w) {
				return
			}
		}
	}
}

// openedBy reports the word that opened a file.
func (s *Scan) openedBy(f *File, kind finding.Kind, w password.Word) {
	s.trying.last = w.Text
	s.found(f, finding.New(kind, f.Path, "%s", w))
}

// candidates are the words, the one that opened a file last first.
func (s *Scan) candidates() []password.Word {
	all := s.words.Words()
	if len(s.openers) == 0 {
		return all
	}
	last := s.openers[len(s.openers)-1]
	i := slices.IndexFunc(all, func(w password.Word) bool { return w.Text == last })
	if i < 0 {
		return all
	}
	return slices.Concat(all[i:i+1], all[:i], all[i+1:])
}

// earlierMost is as many passwords as one mail names: those of the newest other mail are tried, or the file is not looked into.
const earlierMost = 16

// until is how many words are tried until the likeliest of a source are among them.
func (s *Scan) until(from password.Source, most int) (n int) {
	for i, w := range s.candidates() {
		if w.Source == from && most > 0 {
			n, most = i+1, most-1
		}
	}
	return n
}

// untried says on the finding about a locked file's encryption that not all words were tried on it.
func (s *Scan) untried(f *File) {
	t := &s.trying
	if t.tried >= t.words {
		return
	}
	s.skipped = s.skipped || t.tried < s.until(password.Phrase, len(s.candidates()))
	if n := s.until(password.Earlier, earlierMost); t.tried < n {
		s.limit(f, finding.LimitTime, "a try costs too much: %d of %d passwords of other mails tried", t.tried, n)
	}
	for i := len(s.findings) - 1; i >= 0; i-- {
		switch g := &s.findings[i]; g.Kind {
		case finding.ZipEncrypted, finding.ArchiveEncrypted, finding.ArchiveHeaderEncrypted, finding.OfficeEncrypted, finding.PDFEncrypted:
			if slices.Equal(g.Path, f.Path) {
				*g = finding.New(g.Kind, g.Path, "%d of %d words tried; %s", t.tried, t.words, g.Detail)
				return
			}
		}
	}
}
