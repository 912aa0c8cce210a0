package message

// Field is one header field. Raw is every byte after the colon, leading space and folding included, without the last line end.
type Field struct{ Name, Raw string }

// Header is a header in order, duplicates kept.
type Header struct{ Fields []Field }

// Address is a mailbox of an address field.
type Address struct{ Name, Addr string } // decoded display name; addr-spec as written

// Get returns the first field of that name, unfolded and trimmed, undecoded; "" when there is none.
func (h *Header) Get(name string) string { panic("skeleton") }

// All returns every field of that name in order, unfolded and trimmed, undecoded.
func (h *Header) All(name string) []string { panic("skeleton") }

// Text returns the first field of that name decoded for reading: encoded-words, and raw 8-bit in whatever charset it plausibly is.
func (h *Header) Text(name string) string { panic("skeleton") }

// Addresses returns the mailboxes of every field of that name, groups flattened; what cannot be parsed strictly is read leniently.
func (h *Header) Addresses(name string) []Address { panic("skeleton") }
