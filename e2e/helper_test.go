package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net"
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

// replaceLine replaces the one line that begins with head.
func replaceLine(t *testing.T, text, head, line string) string {
	t.Helper()
	lines := strings.Split(text, "\n")
	found := 0
	for i, l := range lines {
		if strings.HasPrefix(l, head) {
			lines[i] = line
			found++
		}
	}
	if found != 1 {
		t.Fatalf("%d lines begin with %q", found, head)
	}
	return strings.Join(lines, "\n")
}

// make2KiB is 2 KiB of text lines.
func make2KiB() []byte { return bytes.Repeat([]byte("0123456789 abcdefghijklmnopqr\r\n"), 66) }

// freePort is a loopback TCP port that nobody uses now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
