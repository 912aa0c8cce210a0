package miltertest

import "strings"

// FromBytes is a whole mail with unfolded header fields as an MTA sends it: each field with its leading space, then the body.
func FromBytes(from string, rcpts []string, raw []byte) Mail {
	m := Mail{From: from, Rcpts: rcpts, Macros: map[byte][]string{'M': {"i", "4TEST"}}}
	head, body, _ := strings.Cut(string(raw), "\r\n\r\n")
	for line := range strings.SplitSeq(head, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		m.Header = append(m.Header, Header{Name: name, Value: value})
	}
	m.Body = []byte(body)
	return m
}
