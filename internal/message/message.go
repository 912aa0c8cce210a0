// Package message is one mail: its envelope, its header, a streaming and tolerant MIME walk over its bytes, and its text.
//
// It reads RFC 5322 (messages), RFC 2045, 2046, 2047 and 2231 (MIME), RFC 2183 (Content-Disposition), RFC 6531 and 6532 (UTF-8 in headers) and
// POSIX uuencode, yEnc, and what programs write instead. The walk never fails on a broken mail: it reports what is broken, and yields every part
// that some mail program would show. Where programs disagree, about a delimiter line, a boundary or a transfer encoding, the reading of
// RFC 2046 comes first and the other one beside it, with "~" behind its part number, if its content differs.
//
// # Limits
//
// A walk is bounded by Limits: nesting, parts, header and message size; reaching one is a finding, and what lies beyond is not read. It
// takes memory for one header, for Limits.Memory of each part that is open (one, and at most four second readings) and for Limits.Text;
// time grows linearly with the message. Not read: the parts of a message/partial elsewhere, and a charset declared in HTML only. What is
// wrapped in S/MIME is a part like any other. Preamble and epilogue of a multipart count as shown for the uuencoded and yEnc files in them only. Part.Text of a longer text is its
// start; its Content is whole.
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
