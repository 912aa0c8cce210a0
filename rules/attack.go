package rules

import "regexp"

// attackPattern is the form of a technique of MITRE ATT&CK, with or without a sub-technique, or of a tactic.
var attackPattern = regexp.MustCompile(`^T(A[0-9]{4}|[0-9]{4}(\.[0-9]{3})?)$`)

// attack checks the form only: the matrix grows every half year, and a pack may name what this version does not know.
func (b *builder) attack(ls []located) (ids []string) {
	for _, l := range ls {
		if !attackPattern.MatchString(l.Text) {
			b.faultf(l, "%q is no id of MITRE ATT&CK: they look like T1566.001", l.Text)
		}
		ids = append(ids, l.Text)
	}
	return ids
}
