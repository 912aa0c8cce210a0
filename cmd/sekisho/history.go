package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sekisho/internal/audit"
	"sekisho/internal/finding"
	"sekisho/internal/message"
	"sekisho/rules"
)

// recordMax is the longest line of an audit log that is read: a record has 1 MiB at most.
const recordMax = 2 << 20

// factNames are the facts that records of earlier versions lack.
var factNames = []string{"auth", "client_name", "files", "from", "helo", "links", "lists", "locked", "outbound", "tls", "warm"}

// record is a line of the audit log, as far as rules need it.
type record struct {
	audit.Record
	Findings []finding.Finding `json:"findings"`
	Event    string            `json:"event"` // of lines that are no message's record
}

// skip tells records that no rule decided: alerts, failures of ours, releases.
func (r *record) skip() bool {
	return r.Event != "" || r.Released != "" || r.SHA256 == "" && r.Size == 0
}

// facts are the message's facts as far as they are recorded.
func (r *record) facts() rules.Facts {
	f := rules.Facts{
		Envelope:  message.Envelope{QueueID: r.QueueID, MailFrom: r.MailFrom, Rcpts: r.Rcpts, SASLUser: r.SASLUser, Time: r.Time},
		Direction: message.Direction(r.Direction), Subject: r.Subject, Findings: r.Findings, Incomplete: r.Incomplete,
	}
	if ip, err := netip.ParseAddr(r.ClientIP); err == nil {
		f.Envelope.ClientIP = ip
	}
	if a := r.Facts; a != nil {
		f.Envelope.ClientName, f.Envelope.Helo, f.Envelope.TLS = a.ClientName, a.Helo, a.TLS
		f.From, f.Locked, f.Files, f.Links = a.From, a.Locked, a.Files, a.Links
		r.memory(&f)
	}
	return f
}

// memory sets the facts that come from what was known of other mail.
func (r *record) memory(f *rules.Facts) {
	f.Warm, f.Auth, f.Lists, f.Outbound = r.Facts.Warm, r.Facts.Auth, r.Facts.Lists, r.Facts.Outbound
}

// remind adds to the facts of a message that was inspected anew what its record knows beyond that; r may be nil.
func (r *record) remind(f *rules.Facts) {
	if r == nil {
		return
	}
	for _, x := range r.Findings {
		if remembered(x.Kind) && !slices.ContainsFunc(f.Findings, func(y finding.Finding) bool { return y.Kind == x.Kind }) {
			f.Findings = append(f.Findings, x)
		}
	}
	if r.Facts != nil {
		r.memory(f)
	}
}

// eachRecord gives every line of the audit log, the rotated files first. Lines that cannot be read are counted.
func eachRecord(d *desk, give func(*record) error) (unread int, err error) {
	name := d.cfg.Audit.File
	if name == "" {
		name = d.st.Path("audit.jsonl")
	}
	files, err := filepath.Glob(globEscape(name) + "*")
	if err != nil {
		return 0, err
	}
	slices.SortStableFunc(files, func(a, b string) int { return modified("", a).Compare(modified("", b)) })
	for _, f := range files {
		n, err := readRecords(f, give)
		unread += n
		if err != nil {
			return unread, err
		}
	}
	return unread, nil
}

// globEscape keeps a path from being a pattern.
func globEscape(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(s)
}

func readRecords(name string, give func(*record) error) (unread int, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(f)
		if err != nil {
			return 1, nil
		}
		defer z.Close()
		r = z
	}
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, recordMax)
	for sc.Scan() {
		if len(strings.TrimSpace(sc.Text())) == 0 {
			continue
		}
		var rec record
		if err := json.Unmarshal(sc.Bytes(), &rec); err != nil {
			unread++
			continue
		}
		if err := give(&rec); err != nil {
			return unread, err
		}
	}
	if err := sc.Err(); err != nil { // a line that is no record, or the end of a damaged file
		if errors.Is(err, os.ErrPermission) {
			return unread, err
		}
		unread++
	}
	return unread, nil
}
