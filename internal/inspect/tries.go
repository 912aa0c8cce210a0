package inspect

import (
	"context"
	"iter"
	"slices"
	"time"

	"sekisho/internal/finding"
	"sekisho/internal/password"
)

const (
	freeCost = 20 * time.Microsecond  // below it all words are tried, unmeasured: 500 of them are 10 ms
	slice    = 100 * time.Millisecond // of tries before somebody else may have the processor
	waitMax  = 5 * time.Second        // for a turn; a gateway so busy with passwords reads the mail instead
)

// trying is the state of the words of one message.
type trying struct {
	waited  time.Duration // for turns
	holding bool          // one of the turns is ours
	tried   int           // words of the current file
	words   int           // it could have tried
	last    string        // the word tried last
}

// tries are the words for a file on which one try takes about cost of processor time, the likeliest first: first those that opened another file of the
// message, then as many as fit Options.TryTime, of which a file takes half while others wait. The words end early where the budget, or the time to
// wait for one of the turns, does; the file's finding then says how many were tried. Break out of the loop with the word that opens; inspect behind the loop,
// not in it: a turn is held between the words.
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
		turn := s.turn(cost)
		defer turn.end()
		for _, w := range list {
			if ctx.Err() != nil || cost > freeCost && left < cost || !turn.next(ctx) {
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

// holder is a file's hold on the turns.
type holder struct {
	s    *Scan
	cost time.Duration
	used time.Duration
	held bool
}

func (s *Scan) turn(cost time.Duration) *holder { return &holder{s: s, cost: cost} }

// next reports whether the next try may begin; from time to time somebody else goes first.
func (h *holder) next(ctx context.Context) bool {
	if h.cost <= freeCost || !h.held && h.s.trying.holding { // a file inside one that is being tried
		return true
	}
	if h.used += h.cost; h.held && h.used < slice {
		return true
	}
	h.end()
	begun, t := time.Now(), &h.s.trying
	ctx, cancel := context.WithTimeout(ctx, waitMax-t.waited)
	defer cancel()
	ok := h.s.scanner.turns.take(ctx, h.cost)
	if t.waited += time.Since(begun); !ok {
		return false
	}
	h.held, h.s.trying.holding, h.used = true, true, h.cost
	return true
}

func (h *holder) end() {
	if h.held {
		h.held, h.s.trying.holding = false, false
		h.s.scanner.turns.give()
	}
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
