// Package sender reads who a mail says that it is from: the authentication results of our own gateway, the display name, and domains that look like others.
//
// It follows RFC 8601 (Authentication-Results), RFC 7489 3.1 (identifier alignment), Unicode UTS #39 (confusables) and RFC 5891 (A-labels). It is pure: nothing is asked of the network.
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
	Via       bool     // says that a service or list writes for the person ("via …", "(… 経由)", さんが共有)
}
