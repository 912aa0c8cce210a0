// Package thread reads what a mail says of its conversation: what it answers, whom it quotes, how much of it is the writer's own.
//
// It follows RFC 5322 3.6.4 (identification fields), RFC 5256 2.1 (base subject), RFC 3834 (automatic responses), RFC 2919 and 2369 (lists), RFC 8098
// (receipts), and what mail programs write above a quotation, in many languages. It believes nothing: who is really who is asked of the ledger. Every
// word here is the sender's own claim, List-Id and Auto-Submitted too: they may excuse a mail from being learned, never from being looked at.
//
// # Limits
//
// Of the text the first maxText bytes are read, of a Message-ID maxID, of a subject maxSubject, of a line maxLine. There are at most MaxRefs references and
// MaxQuoted persons; time grows linearly with header and text. A quotation whose header lines were retyped, translated into a language that is not in
// the tables, or joined with the text around is not seen, nor is a person of whom neither name nor address stands there.
package thread

import (
	"slices"

	"sekisho/internal/message"
)

// Limits of Clues.
const (
	MaxRefs   = 50 // references kept: conversations are shorter, and RFC 5322 3.6.4 lets programs drop the middle ones
	MaxQuoted = 50 // persons kept: the writers and addressees of a dozen mails
)

const (
	maxText = 1 << 20 // of the text, as much as is kept of a part of a mail
	maxLine = 1000    // bytes of a line that are looked at: attribution lines are short, and To lists are cut
)

// Clues is what one mail says of its conversation.
type Clues struct {
	MessageID string   // as ID folds it; "" when it has none
	Refs      []string // the mails that it cites: In-Reply-To, then References from the end; each once, at most MaxRefs, the first of References kept
	Subject   string   // base subject: prefixes, list tags and blanks off, folded; "" when it is so common that it identifies no conversation
	Reply     bool     // the subject says that it is an answer (Re:, AW:, 返信:)
	Forward   bool     // … or forwarded (Fwd:, WG:, 転送:)
	Quoted    []Person // whom it quotes or forwards: attribution lines and quoted header blocks, the topmost first, at most MaxQuoted of each text
	OneLine   bool     // one short line of the writer's own over a long quotation
	Robot     Robot    // who or what writes, by the header
}

// Person is whom a quotation names.
type Person struct {
	Name, Addr string // as written, decoded; Addr "" when only a name stands there
	Depth      int    // 0 for the mail that is answered, 1 for the one that it answered …
	Recipient  bool   // named as an addressee of the quoted mail, not as its writer
}

// Robot is a kind of mail that no person wrote by hand to its recipients.
type Robot uint8

// The kinds.
const (
	Human     Robot = iota
	List            // a mailing list's or newsletter's traffic
	Automatic       // an automatic response or notice (RFC 3834)
	Receipt         // a delivery or read report
)

// Read reads a mail's header and its own shown texts, quotations included: a program shows one form of a mail, and another may say more.
func Read(h *message.Header, texts ...string) Clues {
	s := ParseSubject(h.Text("Subject"))
	c := Clues{MessageID: ID(h.Get("Message-ID")), Refs: refs(h), Reply: s.Reply, Forward: s.Forward, Robot: robot(h, s)}
	if !s.Generic() {
		c.Subject = s.Base
	}
	names := &names{h: h}
	for i, text := range texts {
		r := reader{own: own{names: names}}
		r.read(clip(text, maxText))
		c.OneLine = r.own.oneLine(r.blocks) || c.OneLine
		if i == 0 {
			c.Quoted = r.persons
			continue
		}
		for _, p := range r.persons {
			if !slices.ContainsFunc(c.Quoted, func(q Person) bool { return q.Addr == p.Addr && q.Name == p.Name && q.Recipient == p.Recipient }) {
				c.Quoted = append(c.Quoted, p)
			}
		}
	}
	return c
}
