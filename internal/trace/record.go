package trace

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sekisho/internal/address"
)

// Record is what is kept of one message.
type Record struct {
	ID         int64     `json:"id"` // in the order in which they came; set by the Trace
	Time       time.Time `json:"ts"`
	QueueID    string    `json:"queue_id"`
	Direction  string    `json:"direction"`
	Verdict    string    `json:"verdict"` // what the rules decided
	Done       string    `json:"done"`    // what was done: an action's word, "hold" for the MTA's queue, "wait" for a password
	Rule       string    `json:"rule"`
	MailFrom   string    `json:"mail_from"`
	From       string    `json:"from"` // address of the From field
	Rcpts      []Rcpt    `json:"rcpt_to"`
	MessageID  string    `json:"message_id"`
	Subject    string    `json:"subject"`
	Size       int64     `json:"size"`
	SHA256     string    `json:"sha256"`
	Files      []File    `json:"files"`
	Findings   []string  `json:"findings"` // kinds
	ClientIP   string    `json:"client_ip"`
	Account    string    `json:"sasl_user,omitempty"`
	Quarantine string    `json:"quarantine_id,omitempty"`
	Released   string    `json:"released_id,omitempty"`
	Incomplete bool      `json:"incomplete"`
	Hidden     bool      `json:"hidden,omitempty"` // its addresses are hashes
}

// Rcpt is a recipient and what was done with its copy.
type Rcpt struct {
	Address string `json:"address"`
	Done    string `json:"done"`
}

// File is an attachment or a file inside one.
type File struct {
	Path   string `json:"path,omitempty"` // of a file inside another
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	SHA256 string `json:"sha256,omitempty"`
	Macros string `json:"macro_sha256,omitempty"`
}

const (
	textMax     = 300      // bytes of a subject, name or path: what a line of a table shows, three times over
	idMax       = 998      // bytes of a Message-ID: the longest line (RFC 5322 2.1.1), for it must be found whole
	filesMax    = 100      // files of one message
	filesBytes  = 16 << 10 // bytes of their names and digests
	findingsMax = 50
	fileCost    = 80 // bytes of a file beside its names: two digests and what is around them
)

// bounded is the record with everything cut, and its addresses hidden.
func (r Record) bounded(hide func(string) string) Record {
	for _, s := range []*string{&r.QueueID, &r.Rule, &r.Subject, &r.Account, &r.Quarantine, &r.Released, &r.ClientIP} {
		*s = clip(*s, textMax)
	}
	r.MessageID = clip(strings.TrimSpace(r.MessageID), idMax)
	r.Files, r.Findings = fewer(r.Files), r.Findings[:min(len(r.Findings), findingsMax)]
	r.Rcpts = slices.Clone(r.Rcpts)
	plain := func(a string) string { return clip(a, textMax) }
	if r.Hidden = hide != nil; r.Hidden {
		plain = func(a string) string { return hidden(hide, a) }
		if strings.Contains(r.Account, "@") {
			r.Account = hidden(hide, r.Account)
		}
	}
	r.MailFrom, r.From = plain(r.MailFrom), plain(r.From)
	for i := range r.Rcpts {
		r.Rcpts[i].Address = plain(r.Rcpts[i].Address)
	}
	return r
}

// Stored is an address as a record has it.
func (t *Trace) Stored(r *Record, addr string) string {
	if r.Hidden && t.opts.Hide != nil {
		return hidden(t.opts.Hide, addr)
	}
	return addr
}

func hidden(hide func(string) string, a string) string {
	if a == "" {
		return "" // the null sender
	}
	return hide(address.Fold(a))
}

// fewer keeps the files that matter most: of many, those with macros, then those that are no picture or text.
func fewer(files []File) []File {
	files = slices.Clone(files)
	if len(files) > filesMax {
		slices.SortStableFunc(files, func(a, b File) int { return cmp.Compare(a.rank(), b.rank()) })
		files = files[:filesMax]
	}
	left := filesBytes
	for i := range files {
		f := &files[i]
		f.Path, f.Name, f.Kind = clip(f.Path, textMax), clip(f.Name, textMax), clip(f.Kind, textMax)
		if left -= fileCost + len(f.Path) + len(f.Name) + len(f.Kind); left < 0 {
			return files[:i]
		}
	}
	return files
}

func (f *File) rank() int {
	switch {
	case f.Macros != "":
		return 0
	case f.Common():
		return 2
	}
	return 1
}

// Common reports whether a file is of a kind that many mails share and nobody is harmed by: a company's logo names no campaign.
func (f *File) Common() bool {
	switch f.Kind {
	case "png", "jpg", "gif", "bmp", "tiff", "emf", "wmf", "svg", "text", "html", "xml", "empty", "ics", "message":
		return f.Macros == ""
	}
	return false
}

// clip cuts at a rune's edge and makes valid UTF-8.
func clip(s string, most int) string {
	if len(s) > most {
		for most > 0 && !utf8.RuneStart(s[most]) {
			most--
		}
		s = s[:most]
	}
	return strings.Clone(strings.ToValidUTF8(s, "\uFFFD"))
}
