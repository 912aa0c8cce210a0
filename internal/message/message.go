// Package message is one mail: its envelope, its header, a streaming and tolerant MIME walk over its bytes, and its text.
//
// (A helper completes this comment: RFC 5322, 2045-2047, 2231, 6531; # Limits.)
package message

import (
	"net/netip"
	"time"
)

// Envelope is the SMTP session's side of a mail, from the milter or from a session file. Strings are as the MTA gave them.
type Envelope struct {
	QueueID    string     `json:"queue_id,omitempty"`
	MailFrom   string     `json:"mail_from"` // reverse-path without angle brackets; "" is the null sender
	Rcpts      []string   `json:"rcpt_to"`   // accepted recipients, without angle brackets
	ClientIP   netip.Addr `json:"client_ip"` // invalid for sendmail(1) on some MTAs
	ClientName string     `json:"client_name,omitempty"`
	Helo       string     `json:"helo,omitempty"`
	TLS        bool       `json:"tls,omitempty"`
	SASLUser   string     `json:"sasl_user,omitempty"`
	SASLMethod string     `json:"sasl_method,omitempty"`
	Listener   string     `json:"listener,omitempty"`    // "smtp", "submission" where a session file says so
	DaemonName string     `json:"daemon_name,omitempty"` // the macro {daemon_name}
	Host       string     `json:"host,omitempty"`        // the macro j: the name the MTA writes into Received after "by"
	Time       time.Time  `json:"ts"`
}

// Direction says whose mail it is.
type Direction string

// The directions.
const (
	In       Direction = "in"       // from outside
	Out      Direction = "out"      // from one of ours to outside, or to anybody
	Internal Direction = "internal" // from one of ours to ours only
)
