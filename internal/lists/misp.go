package lists

import (
	"encoding/json"
	"io"
	"strings"
)

// attribute is an attribute of a MISP event or object (MISP core format, 2.4).
type attribute struct {
	Type    string          `json:"type"`
	Value   string          `json:"value"`
	ToIDs   json.RawMessage `json:"to_ids"` // a truth value, written as such, as a number or as a text
	Deleted json.RawMessage `json:"deleted"`
}

// mispTypes are the attribute types that name something to be looked up (MISP core format 2.4.2.3), with the type of our entry. Of a composite one, each
// part has its own; Auto is not looked up.
var mispTypes = map[string][]Type{
	"sha256": {SHA256}, "sha1": {SHA1}, "md5": {MD5},
	"filename|sha256": {Auto, SHA256}, "filename|sha1": {Auto, SHA1}, "filename|md5": {Auto, MD5}, "malware-sample": {Auto, MD5},
	"domain": {Domain}, "hostname": {Domain}, "domain|ip": {Domain, IP}, "hostname|port": {Domain, Auto},
	"email": {Address}, "email-src": {Address}, "email-dst": {Address}, "email-reply-to": {Address},
	"ip-src": {IP}, "ip-dst": {IP}, "ip-src|port": {IP, Auto}, "ip-dst|port": {IP, Auto},
	"url": {URL},
}

// truth reads a truth value in any of the ways in which exports write it; absent when it is not there.
func truth(raw []byte, absent bool) bool {
	switch strings.ToLower(strings.Trim(string(raw), `"`)) {
	case "":
		return absent
	case "true", "1", "yes":
		return true
	}
	return false
}

// attribute takes one attribute.
func (r *reading) attribute(a attribute) error {
	types, known := mispTypes[a.Type]
	if !known || !truth(a.ToIDs, true) || truth(a.Deleted, false) {
		r.rep.Left++
		return nil
	}
	parts := []string{a.Value}
	if len(types) > 1 {
		parts = strings.SplitN(a.Value, "|", len(types)) // MISP core format 2.4.2.3: composite types
	}
	for i, t := range types {
		switch {
		case t == Auto:
		case i >= len(parts):
			r.bad(ErrForm)
		default:
			if err := r.value(t, parts[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// misp reads an event export in JSON, or one of the CSV forms.
func (r *reading) misp(f io.ReadSeeker, isJSON bool) error {
	if isJSON {
		return r.json(f)
	}
	return r.mispCSV(f)
}

// mispCSV reads the CSV export of attributes, known by its heading, or a feed's hashes.csv: a hash and the id of its event.
func (r *reading) mispCSV(f io.Reader) error {
	t, err := openTable(f)
	if err != nil {
		return err
	}
	line := 0
	r.at = func() int { return line }
	kind, value, ids := find(t.named, "type"), find(t.named, "value"), find(t.named, "to_ids")
	for first := true; ; first = false {
		var fields []string
		if fields, line, err = t.next(); err != nil || fields == nil {
			return err
		}
		if k, v := find(fields, "type"), find(fields, "value"); first && k >= 0 && v >= 0 {
			kind, value, ids = k, v, find(fields, "to_ids")
			continue
		}
		a := attribute{Type: "md5", Value: fields[0]}
		switch {
		case kind < 0 || value < 0:
			a.Type = guess(a.Value).String() // of a hash it is MISP's word too
		case max(kind, value, ids) >= len(fields):
			r.bad(errColumn)
			continue
		default:
			a.Type, a.Value = fields[kind], fields[value]
			if ids >= 0 {
				a.ToIDs = json.RawMessage(fields[ids])
			}
		}
		if err := r.attribute(a); err != nil {
			return err
		}
	}
}
