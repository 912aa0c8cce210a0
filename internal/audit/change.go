package audit

import "time"

// Change is a line of its own among the records: what a person changed in what decides about mail.
type Change struct {
	Schema int       `json:"schema"` // set by Change
	Event  string    `json:"event"`  // always "change", which no record of a message has; set by Change
	Time   time.Time `json:"ts"`     // in UTC; now, if zero
	Who    string    `json:"who"`
	Why    string    `json:"why"`
	What   string    `json:"what"`  // the command: "allow add"
	Entry  any       `json:"entry"` // what it was done to, as the command prints it in JSON
}

// Change appends one change as one line, as Write a record.
func (l *Log) Change(c Change) error {
	c.Schema, c.Event = Schema, "change"
	if c.Time.IsZero() {
		c.Time = time.Now()
	}
	c.Time = c.Time.UTC()
	var cut cutter
	for _, s := range []*string{&c.Who, &c.Why, &c.What} {
		cut.text(s)
	}
	line, err := marshal(c)
	if err != nil {
		return err
	}
	return l.write(line)
}
