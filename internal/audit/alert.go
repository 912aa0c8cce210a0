package audit

import (
	"context"
	"log/slog"
	"time"
)

// Alert is a line of its own among the records: what was found out now about a mail that was delivered, or held, before.
type Alert struct {
	Schema     int       `json:"schema"` // set by Alert
	Event      string    `json:"event"`  // always "alert", which no record of a message has; set by Alert
	Time       time.Time `json:"ts"`     // in UTC; now, if zero
	Kind       string    `json:"kind"`   // what was found out: password-later, outbound-burst
	QueueID    string    `json:"queue_id"`
	Quarantine string    `json:"quarantine_id,omitempty"` // of the mail that brought it to light
	Rule       string    `json:"rule"`
	File       string    `json:"file"`
	Findings   any       `json:"findings"` // []finding.Finding
	First      First     `json:"first"`
	Account    string    `json:"account,omitempty"` // of ours, that sends risky mail: outbound-burst
	Client     string    `json:"client,omitempty"`  // its machine's address
	Mails      int       `json:"mails,omitempty"`   // risky ones
	Recipients int       `json:"recipients,omitempty"`
	Truncated  bool      `json:"truncated,omitempty"` // set by Alert: something was cut
}

// First is the earlier mail that an alert is about.
type First struct {
	QueueID    string    `json:"queue_id"`
	Time       time.Time `json:"ts"`
	MailFrom   string    `json:"mail_from"`
	From       string    `json:"from"`
	Rcpts      []string  `json:"rcpt_to"`
	Subject    string    `json:"subject"`
	SHA256     string    `json:"sha256"`
	Quarantine string    `json:"quarantine_id,omitempty"` // where it waited for its password
	Held       bool      `json:"held"`                    // it is held now; else its recipients have it
}

// Alert appends one alert as one line, as Write a record.
func (l *Log) Alert(a Alert) error {
	line, err := encodeAlert(a)
	if err != nil {
		return err
	}
	return l.write(line)
}

func encodeAlert(a Alert) ([]byte, error) {
	a = a.bounded()
	line, err := marshal(a)
	if err == nil && len(line) > lineMax {
		a.Findings, a.Truncated = []any{}, true
		line, err = marshal(a)
	}
	return line, err
}

// bounded returns the alert with its strings cut, its lists never null and its own fields set.
func (a Alert) bounded() Alert {
	a.Schema, a.Event = Schema, "alert"
	if a.Time.IsZero() {
		a.Time = time.Now()
	}
	a.Time, a.First.Time = a.Time.UTC(), a.First.Time.UTC()
	var c cutter
	f := &a.First
	for _, s := range []*string{&a.QueueID, &a.Rule, &a.File, &a.Account, &a.Client, &f.QueueID, &f.MailFrom, &f.From, &f.Subject} {
		c.text(s)
	}
	f.Rcpts, a.Findings = c.list(f.Rcpts), orEmpty(a.Findings)
	a.Truncated = bool(c)
	return a
}

// Log writes the alert's line. It names recipients by number only, as a message's line does.
func (a Alert) Log(ctx context.Context, l *slog.Logger) {
	rcpts := len(a.First.Rcpts)
	a = a.bounded()
	id := a.QueueID
	if id == "" {
		id = noQueue
	}
	if a.Account+a.Client != "" {
		l.LogAttrs(ctx, slog.LevelWarn, id+":", slog.String("alert", a.Kind), slog.String("rule", a.Rule),
			slog.String("account", a.Account), slog.String("client", a.Client), slog.Int("mails", a.Mails), slog.Int("rcpts", a.Recipients))
		return
	}
	l.LogAttrs(ctx, slog.LevelWarn, id+":",
		slog.String("alert", a.Kind), slog.String("rule", a.Rule), slog.String("file", a.File), slog.String("first", a.First.QueueID),
		slog.String("from", "<"+a.First.MailFrom+">"), slog.Int("rcpts", rcpts), slog.Bool("held", a.First.Held))
}
