package hosts

import (
	"bytes"
	"errors"
	"net/netip"
	"path"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The errors of Parse that callers branch on.
var (
	ErrNotReport  = errors.New("hosts: not a report of EmoCheck")
	ErrUnfinished = errors.New("hosts: a report of EmoCheck without its result")
)

const (
	maxReport    = 1 << 20 // bytes: a real one has less than 4 KiB, one that lists every process of a server some hundred
	maxLines     = 20_000  // of a report; its result stands in the first ten, or behind some hundred processes
	maxProcesses = 20      // kept of a report: EmoCheck finds one or two
	maxText      = 520     // bytes of a field: 260 characters (MAX_PATH) of two
	maxName      = 255     // bytes of a computer name, as of a domain (RFC 1035 2.3.4); EmoCheck gives NetBIOS names of 15
	maxVersion   = 20
	firstYear    = 2000 // a time before it is none: EmoCheck is of 2020
)

// Process is what EmoCheck takes for Emotet.
type Process struct {
	Name string `json:"name"`
	ID   string `json:"pid"`
	Path string `json:"path"`
	Key  string `json:"registry_key,omitempty"` // since version 2.0
}

// Report is one report of EmoCheck.
type Report struct {
	Host      string     // computer name as written; "" when neither the report nor its file's name has one
	Scanned   time.Time  // zero when the report does not say
	Version   string     // "" when it does not say
	Infected  bool       // its result
	Processes []Process  // at most maxProcesses
	Address   netip.Addr // EmoCheck has none; some tools that collect reports add it
}

// Parse reads a report, whose words win over its file's name. Local times are taken as of zone. Whatever the bytes, it returns within one pass over them.
func Parse(name string, b []byte, zone *time.Location) (*Report, error) {
	b = unify(b[:min(len(b), maxReport)])
	r, err := parseText(b, zone)
	if trimmed := bytes.TrimSpace(b); len(trimmed) > 0 && trimmed[0] == '{' {
		r, err = parseJSON(trimmed, zone)
	}
	if err != nil {
		return nil, err
	}
	host, at := fromName(name, zone)
	if !isName(r.Host) {
		r.Host = host
	}
	if r.Scanned.IsZero() {
		r.Scanned = at
	}
	return r, nil
}

// fromName takes the computer's name and the time from HOST_YYYYMMDDhhmmss_emocheck.txt; version 0.0.1 wrote no name. Copies have words behind.
func fromName(name string, zone *time.Location) (host string, at time.Time) {
	name = path.Base(strings.ReplaceAll(systemText([]byte(name)), `\`, "/"))
	end := strings.LastIndex(strings.ToLower(name), "_emocheck")
	if end < 0 || end > len(name) {
		return "", at
	}
	name = name[:end]
	host, digits := "", name
	if i := strings.LastIndexByte(name, '_'); i >= 0 {
		host, digits = name[:i], name[i+1:]
	}
	at, err := time.ParseInLocation("20060102150405", digits, zone)
	if err != nil || at.Year() < firstYear {
		return "", time.Time{}
	}
	if !isName(host) {
		host = ""
	}
	return host, at
}

// isName reports whether a text can be a computer's name: what Windows refuses in one, and what would act on a terminal, is none.
func isName(s string) bool {
	if s = strings.TrimSpace(s); len(s) > maxName || Key(s) == "" {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar || strings.ContainsRune(`\/:*?"<>|,`, r) {
			return false
		}
	}
	return true
}

// Key makes computer names comparable: without case, width and domain.
func Key(name string) string {
	name = strings.ToLower(norm.NFKC.String(strings.TrimSpace(name)))
	if _, err := netip.ParseAddr(name); err == nil {
		return name
	}
	label, _, _ := strings.Cut(name, ".")
	return clip(label, maxName)
}

// parseTime reads the time of a report: strftime's "%Y-%m-%d %H:%M:%S" in EmoCheck, what else the tools make of it.
func parseTime(s string, zone *time.Location) time.Time {
	s = strings.TrimSpace(s)
	for _, layout := range []string{time.DateTime, "2006/01/02 15:04:05", "2006-01-02T15:04:05", time.RFC3339} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil && t.Year() >= firstYear {
			return t
		}
	}
	return time.Time{}
}

// parseVersion keeps what looks like a version.
func parseVersion(s string) string {
	s = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(s)), "v")
	if i := strings.IndexFunc(s, func(r rune) bool { return r != '.' && (r < '0' || r > '9') }); i >= 0 {
		s = s[:i]
	}
	return clip(s, maxVersion)
}
