package hosts

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"
)

// jsonReport is the JSON form; every value is a string in EmoCheck's own.
type jsonReport struct {
	ScanTime  string        `json:"scan_time"`
	Hostname  string        `json:"hostname"`
	Version   string        `json:"emocheck_version"`
	Infected  any           `json:"is_infected"`
	Processes []jsonProcess `json:"emotet_processes"`

	Address   string `json:"ip_address"` // not EmoCheck's
	IPAddress string `json:"ip"`
}

type jsonProcess struct {
	Name string `json:"process_name"`
	ID   any    `json:"process_id"` // a number where a tool rewrote the report
	Path string `json:"image_path"`
	Key  string `json:"registry_key"`
}

// parseJSON reads the JSON form. A file that has none of EmoCheck's keys is no report.
func parseJSON(b []byte, zone *time.Location) (*Report, error) {
	j, err := unmarshal(b)
	if err != nil {
		j = beginning(b)
	}
	infected, said := isYes(j.Infected)
	switch {
	case j.Version == "" && j.Infected == nil:
		return nil, ErrNotReport
	case !said:
		return nil, ErrUnfinished
	}
	r := &Report{
		Host: clip(j.Hostname, maxName+1), Scanned: parseTime(j.ScanTime, zone), Version: parseVersion(j.Version),
		Infected: infected || len(j.Processes) > 0,
	}
	for _, p := range j.Processes[:min(len(j.Processes), maxProcesses)] {
		r.Processes = append(r.Processes, Process{
			Name: clip(p.Name, maxText), ID: clip(asText(p.ID), maxText), Path: clip(p.Path, maxText), Key: clip(p.Key, maxText),
		})
	}
	for _, s := range []string{j.Address, j.IPAddress} {
		if a, err := netip.ParseAddr(strings.TrimSpace(s)); err == nil {
			r.Address = a.Unmap()
		}
	}
	return r, nil
}

// unmarshal reads JSON whose strings may be in code page 932: EmoCheck writes the bytes of names and paths as the machine has them and doubles each byte 0x5C,
// second halves of characters too. So escapes are undone on bytes, and the text is decoded behind them. A computer name is written without
// that care, and may end in such a byte: then the file is decoded first.
func unmarshal(b []byte) (jsonReport, error) {
	var j jsonReport
	if utf8.Valid(b) {
		return j, json.Unmarshal(b, &j)
	}
	err := json.Unmarshal(widen(b), &j)
	if err == nil {
		j.narrow()
		return j, nil
	}
	j = jsonReport{}
	return j, json.Unmarshal([]byte(systemText(b)), &j)
}

// beginning reads what stands before the place where a report is cut or broken: an infection that it has told is not lost with its end.
func beginning(b []byte) (j jsonReport) {
	d := json.NewDecoder(bytes.NewReader(bytes.ToValidUTF8(b, []byte("?"))))
	values := map[string]*string{"scan_time": &j.ScanTime, "hostname": &j.Hostname, "emocheck_version": &j.Version}
	if _, err := d.Token(); err != nil { // the opening brace
		return j
	}
	for range len(values) + 1 {
		key, err := d.Token()
		if err != nil {
			break
		}
		value, err := d.Token()
		if err != nil {
			break
		}
		name, _ := key.(string)
		text, _ := value.(string)
		if at := values[name]; at != nil {
			*at = text
		}
		if name == "is_infected" {
			j.Infected = value
		}
	}
	return j
}

// widen gives each byte as the character of its number (ISO 8859-1).
func widen(b []byte) []byte {
	out := make([]byte, 0, len(b)+len(b)/2)
	for _, c := range b {
		out = utf8.AppendRune(out, rune(c))
	}
	return out
}

// narrow undoes widen and decodes.
func (j *jsonReport) narrow() {
	texts := []*string{&j.ScanTime, &j.Hostname, &j.Version, &j.Address, &j.IPAddress}
	for i := range j.Processes {
		p := &j.Processes[i]
		texts = append(texts, &p.Name, &p.Path, &p.Key)
	}
	for _, s := range texts {
		b := make([]byte, 0, len(*s))
		for _, r := range *s {
			if r > 0xFF { // from an escape
				b = utf8.AppendRune(b, r)
			} else {
				b = append(b, byte(r))
			}
		}
		*s = systemText(b)
	}
}

// isYes reads is_infected: "yes" and "no", true and false where a tool rewrote the report.
func isYes(v any) (yes, said bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "yes", "true":
			return true, true
		case "no", "false":
			return false, true
		}
	}
	return false, false
}

func asText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		b, err := json.Marshal(v)
		if err == nil {
			return string(b)
		}
	}
	return ""
}
