// Package sender reads who a mail says that it is from: the authentication results of our own gateway, the display name, and domains that look like others.
//
// It follows RFC 8601 (Authentication-Results), RFC 7489 3.1 (identifier alignment), Unicode UTS #39 (confusables) and RFC 5891 (A-labels). It is pure: nothing is asked of the network.
//
// # Limits
//
// Authentication: the gateway must insert its fields at the top, as RFC 8601 4 says, and name itself in them. Fields appended at the end stand below
// the sender's Received and do not count; Exchange Online writes no authserv-id, and Received-SPF has none. A gateway should remove what comes in
// under its own authserv-id (RFC 8601 5). If it does not, a sender who puts such a field at his top is still not believed on any method that the gateway
// itself states of that mail; on one that it never states he is. ARC is reported and decides nothing. At most maxOurs fields of maxField
// bytes are read, and maxHops Received fields of our own.
//
// Names: maxDisplay bytes are read and at most maxKeys keys made. There is no dictionary: two unknown words in an alphabet are a person, so a company
// "Red Hat" is one, and a reading is not known from the signs (山田 is not Yamada) unless both are written. One word is never a person.
//
// Domains: what is compared is the label that was registered. Of labels below six letters only homographs count, and other suffixes. A
// provider's domain is never alike to another. In Chinese, Japanese and Korean labels only equal ones are found under another suffix.
package sender

// Result is what our own gateway found out about a sender.
type Result string

// The results.
const (
	Unknown Result = "unknown" // our gateway says nothing: it does not check, or its authserv-id is not configured
	None    Result = "none"    // nothing is published, or nothing aligned passed
	Fail    Result = "fail"    // DMARC failed, or SPF failed hard and nothing else passed
	Pass    Result = "pass"    // DMARC passed, or an SPF or DKIM pass is aligned with the From address
)

// Auth is the authentication of one mail.
type Auth struct {
	Result                Result
	SPF, DKIM, DMARC, ARC string // the words of our Authentication-Results fields, "" where a method is absent
	Domain                string // the domain whose pass is aligned with From
}

// Name is a display name taken apart.
type Name struct {
	Keys      []string // by which the same person is known again, whatever order, title, company or width the name is written in
	Addresses []string // addresses that stand in the name itself, folded
	Beside    []string // what stands beside the person, folded, without blanks: in brackets, between bars, behind "via"
	Via       bool     // says that a service or list writes for the person ("via …", "(… 経由)", さんが共有)
}
