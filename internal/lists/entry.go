package lists

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"sekisho/internal/address"
)

// Entry is one entry by hand.
//
// One that blocks names a file, macro, address, domain or network. One that allows sets the findings of one file's macros aside: in mail from Sender to
// Rcpt, for the file whose fingerprint is Value. It is never about a sender alone.
type Entry struct {
	ID      int64
	Use     Use // Block or Allow
	Type    Type
	Value   string
	Sender  string // of Allow: an address, or "@" and a domain
	Rcpt    string // the same
	Owner   string // who answers for it
	Reason  string
	Made    time.Time
	Expires time.Time // zero for never: Block only
}

// The longest texts of an entry: a name, and a few sentences.
const (
	ownerMax  = 100
	reasonMax = 500
)

// AllowMax is how long an entry may allow something: who still needs it after a year looks at it again.
const AllowMax = 366 * 24 * time.Hour

// Why an entry is refused.
var (
	ErrOwner    = errors.New("lists: an entry needs an owner")
	ErrReason   = errors.New("lists: an entry needs a reason")
	ErrExpiry   = errors.New("lists: an entry that allows something ends within a year, and not in the past")
	ErrSender   = errors.New("lists: an entry that allows something needs a sender")
	ErrRcpt     = errors.New("lists: an entry that allows something needs a recipient")
	ErrMacro    = errors.New("lists: an entry that allows something names a macro: a whole sender is never allowed, since Emotet writes in the names of real correspondents")
	ErrStranger = errors.New("lists: everybody can have an address in this domain: give a whole address")
	ErrKnown    = errors.New("lists: there is such an entry")
	ErrNone     = errors.New("lists: there is no such entry")
	ErrFull     = fmt.Errorf("lists: more than %d entries by hand: use a list in a file", BookMax)
)

// normal returns the entry as it is compared, or why it is refused.
func (e Entry) normal(now time.Time) (Entry, error) {
	e.Owner, e.Reason = cut(e.Owner, ownerMax), cut(e.Reason, reasonMax)
	switch {
	case e.Owner == "":
		return e, ErrOwner
	case e.Reason == "":
		return e, ErrReason
	}
	e.Made = now.UTC().Truncate(time.Second)
	if !e.Expires.IsZero() {
		e.Expires = e.Expires.UTC().Truncate(time.Second)
		if !e.Expires.After(now) {
			return e, ErrExpiry
		}
	}
	if e.Use == Allow {
		return e.allowing(now)
	}
	e.Use, e.Sender, e.Rcpt = Block, "", ""
	items, err := Parse(e.Type, e.Value)
	if err != nil {
		return e, fmt.Errorf("lists: %w", err)
	}
	e.Type, e.Value = items[0].Type, items[0].Value
	return e, nil
}

func (e Entry) allowing(now time.Time) (Entry, error) {
	if e.Value == "" || e.Type != Macro {
		return e, ErrMacro
	}
	if e.Expires.IsZero() || e.Expires.Sub(now) > AllowMax {
		return e, ErrExpiry
	}
	items, err := digest(Macro, strings.TrimSpace(e.Value))
	if err != nil {
		return e, fmt.Errorf("lists: %w: a fingerprint has 64 hexadecimal digits", err)
	}
	e.Value = items[0].Value
	if e.Sender, err = party(e.Sender, ErrSender); err != nil {
		return e, err
	}
	if strings.HasPrefix(e.Sender, "@") && address.Org(e.Sender[1:]) == "" {
		return e, ErrStranger
	}
	e.Rcpt, err = party(e.Rcpt, ErrRcpt)
	return e, err
}

func party(text string, missing error) (string, error) {
	if text == "" || text == "*" {
		return "", missing
	}
	items, err := mailbox(strings.TrimSpace(text))
	if err != nil {
		return "", fmt.Errorf("lists: %w: an address, or @ and a domain", err)
	}
	return items[0].Value, nil
}

// cut keeps a text short and printable.
func cut(s string, most int) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
	s = strings.TrimSpace(s)
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// Expired reports whether the entry has no effect any more.
func (e *Entry) Expired(now time.Time) bool { return !e.Expires.IsZero() && !e.Expires.After(now) }

func (e *Entry) item() Item { return Item{e.Type, e.Value} }

// covers reports whether a party of an entry is an address, or its domain.
func covers(party, addr string) bool {
	if strings.HasPrefix(party, "@") {
		at := strings.LastIndexByte(addr, '@')
		return at > 0 && addr[at:] == party
	}
	return addr == party
}
