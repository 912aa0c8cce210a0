// Package password finds the words in a mail that may open its locked files: what stands behind "パスワード", "password" or "Passwort", and, as a
// last resort, every short word.
package password

import "strings"

// Source says where a word was found; it is also the order in which words are tried.
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
	return [...]string{"given", "said in the mail", "said in another mail", "from the configured list", "in a file name", "a word of the mail"}[s]
}

// Word is one candidate.
type Word struct {
	Text   string
	Source Source
}

// Finder collects words. The zero value is ready.
type Finder struct {
	words [Token + 1][]string
	seen  map[string]bool
}

// Add takes words as they are.
func (f *Finder) Add(from Source, words ...string) {
	if f.seen == nil {
		f.seen = map[string]bool{}
	}
	for _, w := range words {
		if w != "" && !f.seen[w] {
			f.seen[w] = true
			f.words[from] = append(f.words[from], w)
		}
	}
}

// Text takes plain text of the mail: a subject, a text part.
func (f *Finder) Text(text string) {
	for _, w := range strings.Fields(text) {
		f.Add(Token, w)
	}
}

// Words returns every word once, the likeliest first.
func (f *Finder) Words() []Word {
	var list []Word
	for from, words := range f.words {
		for _, w := range words {
			list = append(list, Word{w, Source(from)})
		}
	}
	return list
}
