// Package thread reads what a mail says of its conversation: what it answers, whom it quotes, how much of it is the writer's own.
//
// It follows RFC 5322 3.6.4 (identification fields), RFC 5256 2.1 (base subject), RFC 3834 (automatic responses), RFC 2919 and 2369 (lists), RFC 8098
// (receipts), and what mail programs write above a quotation, in many languages. It believes nothing: who is really who is asked of the ledger.
package thread

// Clues is what one mail says of its conversation.
type Clues struct {
	MessageID string   // as ID folds it; "" when it has none
	Refs      []string // the mails that it cites: In-Reply-To, then References from the end; each once, at most MaxRefs
	Subject   string   // base subject: prefixes, list tags and blanks off, folded; "" when nothing is left
	Reply     bool     // the subject says that it is an answer (Re:, AW:, 返信:)
	Forward   bool     // … or forwarded (Fwd:, WG:, 転送:)
	Quoted    []Person // whom it quotes or forwards: attribution lines and quoted header blocks, the topmost first, at most MaxQuoted
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
