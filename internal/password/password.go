// Package password finds the words in a mail that may open its locked files: what stands behind "パスワード", "password" or "Passwort", what the
// files' names hold, and, as a last resort, every short word. A [Finder] collects them and gives them out likeliest first.
//
// It reads two things out of a text that speaks of a password. Candidates are generous: everything near such a word, in every form in which a person
// would type it (without the full stop behind it, in half width, with its blanks). What the text *says* is strict: a password that the words name,
// never a warning, a policy or an announcement of another mail.
//
// # Limits
//
//   - Of one text 1 MiB is read, of all 4 MiB, of a line 4 KiB at once. 1,000 places that speak of a password are looked at. Texts beside the mail's own
//     count for themselves. [Finder.Cut] tells where a limit cut the mail's own.
//   - A word has 2 to 64 characters. Of a mail's own words 500 are given out, those of contexts first; time grows linearly with the text.
//   - Passwords in pictures, and those that the recipient must know ("your telephone number"), are not found.
package password

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// reading is what was read of the mail's own texts, or of others: who fills one up leaves the other as it is.
type reading struct {
	taken    int      // bytes
	mentions int      // places that speak of a password
	late     []string // texts whose words are taken when somebody asks for all: most mails hold nothing that is locked
}

// Source says where a word was found.
type Source uint8

// The sources, the likeliest first.
const (
	Given   Source = iota // by the person who scans (--password)
	Phrase                // in the text or subject, in a context that speaks of a password
	Earlier               // in another recent mail between the same parties
	List                  // in the configured list
	Name                  // in a file's name
	Token                 // any short word of the text
)

// String is the source in a finding's detail.
func (s Source) String() string {
	return [...]string{"given", "said in the mail", "said in another mail", "of the configured list", "in a file name", "a word of the mail"}[s]
}

// Word is one candidate.
type Word struct {
	Text   string
	Source Source
	Place  int // in the configured list, from 1
}

// String is the word in a finding's detail. The words of the configured list are the operator's secret: only their place is told.
func (w Word) String() string {
	if w.Source == List {
		return fmt.Sprintf("word %d %s", w.Place, w.Source)
	}
	return fmt.Sprintf("%.60q, %s", w.Text, w.Source)
}

// rank is how early a word is tried.
type rank uint8

const (
	given      rank = iota
	sure            // in a context, and looks like a password
	likely          // in a context, and may be one
	besideSure      // the same of a text that is not the mail's own
	besideLikely
	earlier
	listed
	named
	quotedSure   // in a context of the quoted history
	maybe        // in a context, but an ordinary word
	tokenOdd     // a word of the text that looks like a password
	tokenPlain   // any other
	quotedOthers // any word of the quoted history
	ranks
)

// beside is the rank of a word that stands in another text than the mail's own.
func (r rank) beside() rank {
	switch r {
	case sure:
		return besideSure
	case likely, quotedSure, maybe:
		return besideLikely
	}
	return r
}

// room is how many words of the rank are kept.
func (r rank) room() int {
	switch r {
	case given, earlier, listed: // which the sender does not fill
		return math.MaxInt
	case besideSure, besideLikely, named:
		return sideMax
	}
	return keptMax
}

// firstRank is the rank of words that are added as they are.
var firstRank = [...]rank{Given: given, Phrase: sure, Earlier: earlier, List: listed, Name: named, Token: tokenPlain}

// source is where words of a rank come from.
func (r rank) source() Source {
	return [...]Source{Given, Phrase, Phrase, Phrase, Phrase, Earlier, List, Name, Phrase, Phrase, Token, Token, Token}[r]
}

const (
	wordMin   = 2
	wordMax   = 64   // characters; longer ones are addresses and separators
	keptMax   = 1000 // words of a rank that are kept
	sideMax   = 100  // of a rank that other texts or names fill: they leave room for what the mail itself says
	minedMax  = 500  // words of the mail itself that are given out: a second of ZIP AES
	datesFrom = 2000 // a mail's date before that is none
)

// Finder collects words. The zero value is ready.
type Finder struct {
	words   [ranks][]Word
	best    map[string]rank // of every word kept
	said    []Said
	own     reading
	beside  reading
	reading *reading // the text's that is being read
	cut     bool     // not all of the mail's own texts was read
	dated   bool     // a text says that the password is a date
	mute    bool     // the text that is being read says nothing: it is not the mail's own, or invites to a meeting, whose passcode opens no file
	date    time.Time
	sorted  []Word // of Words, until more is added
}

// Add takes words as they are.
func (f *Finder) Add(from Source, words ...string) {
	for _, w := range words {
		f.keep(firstRank[from], w)
	}
}

// keep keeps a word under the best rank that it was seen with.
func (f *Finder) keep(r rank, word string) {
	if f.mute {
		r = r.beside()
	}
	if word == "" || len(f.words[r]) >= r.room() {
		return
	}
	if f.best == nil {
		f.best = map[string]rank{}
	}
	if old, ok := f.best[word]; ok && old <= r {
		return
	}
	f.best[word] = r
	f.sorted = nil
	f.words[r] = append(f.words[r], Word{Text: word, Source: r.source(), Place: len(f.words[r]) + 1})
}

// Date is when the mail was sent: some texts say that the password is that date.
func (f *Finder) Date(t time.Time) { f.date, f.sorted = t, nil }

// Words returns every word once, the likeliest first. The list is the Finder's.
func (f *Finder) Words() []Word {
	if f.sorted == nil {
		f.sort()
	}
	return f.sorted
}

func (f *Finder) sort() {
	if f.dated && f.date.Year() >= datesFrom {
		for _, layout := range [...]string{"20060102", "0102", "060102", "2006-01-02", "2006/01/02", "02012006", "01022006", "2006.01.02", "02.01.2006"} {
			f.keep(likely, f.date.Format(layout))
		}
	}
	for _, r := range [...]*reading{&f.own, &f.beside} {
		for _, text := range r.late {
			eachLine(text, func(win []line) { f.tokens(win[0].text, win[0].old) })
		}
		r.late = nil
	}
	mined := 0
	for r := range ranks {
		for _, w := range f.words[r] {
			ours := r == given || r == earlier || r == listed
			if f.best[w.Text] != r || !ours && mined >= minedMax {
				continue
			}
			if !ours {
				mined++
			}
			f.sorted = append(f.sorted, w)
		}
	}
}

// Find returns the word with where it was found.
func (f *Finder) Find(text string) Word {
	r, ok := f.best[text]
	if !ok {
		return Word{Text: text, Source: Token}
	}
	i := slices.IndexFunc(f.words[r], func(w Word) bool { return w.Text == text })
	return f.words[r][i]
}

// Said is a password that a text names, and the word before it that says so.
type Said struct{ Word, Behind string }

// Said returns the passwords that the texts name, in their order. What the quoted history names is not among them.
func (f *Finder) Said() []Said { return f.said }

// Cut reports whether the mail's own texts are longer, or speak more of passwords, than is read.
func (f *Finder) Cut() bool { return f.cut }

const nearMax = 32 // that stand near a keyword and are worth remembering

// Near returns the words that look like passwords and stand near a word for one, Said's among them.
func (f *Finder) Near() (list []string) {
	for _, r := range [...]rank{sure, besideSure} {
		for _, w := range f.words[r][:min(len(f.words[r]), nearMax-len(list))] {
			list = append(list, w.Text)
		}
	}
	return list
}

const saidMax = 16 // a list of passwords for as many files

func (f *Finder) says(word, behind string) {
	s := Said{word, behind}
	if len(f.said) < saidMax && !slices.Contains(f.said, s) {
		f.said = append(f.said, s)
	}
}

// byLength puts the longest first.
func byLength(a, b []rune) int { return cmp.Compare(len(b), len(a)) }
