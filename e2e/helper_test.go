package e2e

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"sekisho/internal/mtatest"
)

// decodeLines reads JSON Lines.
func decodeLines[T any](t *testing.T, text string) []T {
	t.Helper()
	var all []T
	for line := range strings.Lines(text) {
		var v T
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		all = append(all, v)
	}
	return all
}

// withAttachment is a mail from outside with one file.
func withAttachment(subject, name string, content []byte) mtatest.Message {
	m := mailOf(subject)
	head, _, _ := strings.Cut(string(m.Raw), "\r\n\r\n")
	var b strings.Builder
	b.WriteString(head + "\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n")
	b.WriteString("--x\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"" + name + "\"\r\n\r\n")
	for text := base64.StdEncoding.EncodeToString(content); text != ""; {
		n := min(76, len(text)) // RFC 2045 6.8
		b.WriteString(text[:n] + "\r\n")
		text = text[n:]
	}
	b.WriteString("--x--\r\n")
	m.Raw = []byte(b.String())
	return m
}
