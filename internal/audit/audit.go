// Package audit writes one JSON record per message.
package audit

import "time"

// Record is one message's line.
type Record struct {
	Time        time.Time `json:"ts"`
	QueueID     string    `json:"queue_id"`
	Direction   string    `json:"direction"`
	ClientIP    string    `json:"client_ip"`
	SASLUser    string    `json:"sasl_user,omitempty"`
	MailFrom    string    `json:"mail_from"`
	Rcpts       []string  `json:"rcpt_to"`
	MessageID   string    `json:"message_id"`
	Subject     string    `json:"subject"`
	Size        int64     `json:"size"`
	SHA256      string    `json:"sha256"`
	Verdict     string    `json:"verdict"` // what the rules decided
	Done        string    `json:"done"`    // what was done: an action's word, "hold" for the MTA's queue
	Enforced    bool      `json:"enforced"`
	Rule        string    `json:"rule"`
	Rules       []string  `json:"rules"`
	Findings    any       `json:"findings"`    // []finding.Finding
	Attachments any       `json:"attachments"` // []filter.Attachment
	Incomplete  bool      `json:"incomplete"`
	Quarantine  string    `json:"quarantine_id,omitempty"`
	Released    string    `json:"released_id,omitempty"`
	Error       string    `json:"error,omitempty"`
	ElapsedMS   float64   `json:"elapsed_ms"`
}

// Log is an append-only file of records, safe for concurrent use; it reopens its file on Reopen (log rotation).
type Log struct{}

// Open opens or makes the file, 0640.
func Open(path string) (*Log, error) { panic("skeleton") }

// Write appends one record as one line. An error leaves the message's fate unchanged: the caller counts it.
func (l *Log) Write(r Record) error { panic("skeleton") }

// Reopen opens the path anew.
func (l *Log) Reopen() error { panic("skeleton") }

// Close closes the file.
func (l *Log) Close() error { panic("skeleton") }
