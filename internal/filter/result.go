package filter

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/netip"
	"time"

	"sekisho/internal/finding"
	"sekisho/internal/inspect"
	"sekisho/internal/message"
	"sekisho/rules"
)

// Attachment is one of the message's own files, as DESIGN's attachments[].
type Attachment struct {
	Path     string `json:"path"`
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Declared string `json:"declared"`
	SHA256   string `json:"sha256"`
	Size     int64  `json:"size"`
}

// Result is what is known of a message at its end.
type Result struct {
	Kind         string // "message", or the file's kind
	Session      Session
	Client       netip.Addr // the true client, behind trusted relays; invalid when unknown
	Facts        rules.Facts
	Verdict      rules.Verdict
	Header       *message.Header
	Attachments  []Attachment
	Files        []inspect.FileReport
	Locked       []inspect.Locked // files that stayed locked
	ListsErr     error            // a list could not be asked: what it knows is not among the facts
	Memory       *Memory          // nil where nothing is remembered
	Conversation *Conversation    // nil for a file
	Sent         *Sent            // nil for mail from outside
	Raw          *message.Buffer  // nil for a file
	Size         int64
	SHA256       string // of the raw message, lower-case hex, once somebody has asked for the Digest
	Elapsed      time.Duration
}

// Digest is the SHA-256 of the raw message, while that is there; "" when the spool cannot be read. It is made when it is first asked for: most mail
// passes, and hashing a large one costs as much as reading it.
func (r *Result) Digest() string {
	if r.SHA256 != "" || r.Raw == nil {
		return r.SHA256
	}
	sum := sha256.New()
	if b, ok := r.Raw.Bytes(); ok {
		sum.Write(b)
	} else if _, err := io.Copy(sum, io.NewSectionReader(r.Raw, 0, r.Size)); err != nil {
		return ""
	}
	r.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return r.SHA256
}

// Close frees the raw message unless its spool file was detached, and the locked files.
func (r *Result) Close() error {
	for _, l := range r.Locked {
		l.Content.Close()
	}
	if r.Raw == nil {
		return nil
	}
	return r.Raw.Close()
}

// Schema is the version of Report. It rises when a field changes its meaning or goes; a new field does not raise it.
const Schema = 1

// Report is what scan and replay print of one mail or file: one JSON object a line.
type Report struct {
	Schema       int                     `json:"schema"`
	File         string                  `json:"file"`
	Kind         string                  `json:"kind"`
	SHA256       string                  `json:"sha256"`
	Size         int64                   `json:"size"`
	Verdict      rules.Action            `json:"verdict"`
	Rule         string                  `json:"rule"`
	Rules        []string                `json:"rules"`
	Incomplete   bool                    `json:"incomplete"`
	ElapsedMS    float64                 `json:"elapsed_ms"`
	Direction    message.Direction       `json:"direction"`
	Enforced     bool                    `json:"enforced"`
	PerRecipient map[string]rules.Action `json:"per_recipient"`
	Monitored    []string                `json:"monitored"`
	Findings     []finding.Finding       `json:"findings"`
	Attachments  []Attachment            `json:"attachments"`
	Files        []inspect.FileReport    `json:"files"`
}

// Report renders the result under a file's name. Lists are never null.
func (r *Result) Report(file string) Report {
	return Report{
		Schema: Schema, File: file, Kind: r.Kind, SHA256: r.Digest(), Size: r.Size,
		Verdict: r.Verdict.Action, Rule: r.Verdict.Rule, Rules: list(r.Verdict.Rules),
		Incomplete: r.Verdict.Incomplete, ElapsedMS: float64(r.Elapsed.Microseconds()) / 1000,
		Direction: r.Facts.Direction, Enforced: r.Verdict.Enforced,
		PerRecipient: perRecipient(r.Verdict), Monitored: list(r.Verdict.Monitored),
		Findings: list(r.Facts.Findings), Attachments: list(r.Attachments), Files: list(r.Files),
	}
}

func perRecipient(v rules.Verdict) map[string]rules.Action {
	if v.PerRecipient == nil {
		return map[string]rules.Action{}
	}
	return v.PerRecipient
}

func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
