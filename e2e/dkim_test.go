package e2e

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// signer signs mail with DKIM (RFC 6376), rsa-sha256, simple/simple: any changed byte of the body or of a signed field breaks it.
type signer struct{ key *rsa.PrivateKey }

func newSigner(t *testing.T) signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return signer{key}
}

// signedFields is the h= tag. A name that occurs twice in the header is signed from the bottom (RFC 6376 5.4.2).
var signedFields = []string{"From", "To", "Subject", "Date", "Message-ID"}

// sign puts a DKIM-Signature on top. The signature's own field is folded, as real ones are.
func (s signer) sign(t *testing.T, raw []byte) []byte {
	t.Helper()
	head, body, ok := strings.Cut(string(raw), "\r\n\r\n")
	if !ok {
		t.Fatal("no body")
	}
	bodyHash := sha256.Sum256([]byte(simpleBody(body)))
	field := "DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; d=partner.example;\r\n\ts=test; h=" + strings.Join(signedFields, ":") +
		";\r\n\tbh=" + base64.StdEncoding.EncodeToString(bodyHash[:]) + ";\r\n\tb="
	sum := headerHash(fields(head), signedFields, field)
	sig, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return []byte(field + base64.StdEncoding.EncodeToString(sig) + "\r\n" + string(raw))
}

// verify checks the topmost DKIM-Signature of a mail as it was delivered.
func (s signer) verify(raw []byte) error {
	head, body, _ := strings.Cut(string(raw), "\r\n\r\n")
	all := fields(head)
	for _, f := range all {
		if !strings.EqualFold(nameOf(f), "DKIM-Signature") {
			continue
		}
		tags := tagsOf(f)
		if sum := sha256.Sum256([]byte(simpleBody(body))); tags["bh"] != base64.StdEncoding.EncodeToString(sum[:]) {
			return errors.New("dkim: the body hash differs")
		}
		sig, err := base64.StdEncoding.DecodeString(tags["b"])
		if err != nil {
			return fmt.Errorf("dkim: %w", err)
		}
		sum := headerHash(all, strings.Split(tags["h"], ":"), emptyB.ReplaceAllString(strings.TrimSuffix(f, "\r\n"), "$1"))
		return rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA256, sum[:], sig)
	}
	return errors.New("dkim: no signature")
}

// emptyB finds the value of the b= tag, which counts as empty in what is signed (RFC 6376 3.7). It is the last tag here.
var emptyB = regexp.MustCompile(`(?s)(;\s*b=).*$`)

// simpleBody is the body with exactly one CRLF at its end (RFC 6376 3.4.3).
func simpleBody(body string) string {
	for strings.HasSuffix(body, "\r\n\r\n") {
		body = strings.TrimSuffix(body, "\r\n")
	}
	if body == "" || !strings.HasSuffix(body, "\r\n") {
		body += "\r\n"
	}
	return body
}

// fields splits a header into whole fields, each with its folding and its final CRLF (RFC 6376 3.4.1 changes nothing in them).
func fields(head string) []string {
	var all []string
	for line := range strings.SplitAfterSeq(head+"\r\n", "\r\n") {
		switch {
		case line == "":
		case len(all) > 0 && (line[0] == ' ' || line[0] == '\t'):
			all[len(all)-1] += line
		default:
			all = append(all, line)
		}
	}
	return all
}

func nameOf(field string) string {
	name, _, _ := strings.Cut(field, ":")
	return strings.TrimRight(name, " \t")
}

func tagsOf(field string) map[string]string {
	_, value, _ := strings.Cut(field, ":")
	tags := map[string]string{}
	for part := range strings.SplitSeq(value, ";") {
		k, v, _ := strings.Cut(part, "=")
		tags[strings.TrimSpace(k)] = strings.Join(strings.Fields(v), "")
	}
	return tags
}

// headerHash is the hash over the signed fields, each name taken from the bottom up, and the signature's own field without its final CRLF.
func headerHash(all, names []string, own string) [sha256.Size]byte {
	var b strings.Builder
	used := map[int]bool{}
	for _, name := range names {
		for i := len(all) - 1; i >= 0; i-- {
			if !used[i] && strings.EqualFold(nameOf(all[i]), name) {
				used[i] = true
				b.WriteString(all[i])
				break
			}
		}
	}
	b.WriteString(own)
	return sha256.Sum256([]byte(b.String()))
}

// The verifier must not be one that is always content.
func TestVerifierSeesEveryChange(t *testing.T) {
	s := newSigner(t)
	raw := s.sign(t, oddMail("verifier"))
	if err := s.verify(raw); err != nil {
		t.Fatalf("untouched: %v", err)
	}
	if err := s.verify([]byte("Received: from x\r\n" + string(raw))); err != nil {
		t.Errorf("with a Received field on top: %v", err)
	}
	for _, change := range [][2]string{
		{"Subject:verifier", "Subject: verifier"}, {"To:  tanaka", "To: tanaka"}, {"\r\n\tsuzuki", "\r\n suzuki"}, {"trailing \r\n", "trailing\r\n"},
		{"\tX", "X"}, {"\r\nFrom:", "\r\nfrom:"},
	} {
		changed := strings.Replace(string(raw), change[0], change[1], 1)
		if changed == string(raw) {
			t.Errorf("%q does not occur", change[0])
		} else if s.verify([]byte(changed)) == nil {
			t.Errorf("%q for %q still verifies", change[1], change[0])
		}
	}
}

// oddMail has everything that careless handling of a header or a body would smooth: no space after a colon, two spaces, folding by tab, blanks
// at line ends, a tab, and empty lines at the end.
func oddMail(subject string) []byte {
	return []byte("From: \"Suzuki\"\r\n\tsuzuki@partner.example <suzuki@partner.example>\r\nTo:  tanaka@example.co.jp\r\nSubject:" + subject +
		"\r\nDate: Mon, 23 Nov 2026 10:00:00 +0900\r\nMessage-ID: <" + idOf(subject) + "@partner.example>\r\nX-Other: a\r\nx-other:b\r\n\r\n" +
		"trailing \r\n\tX\r\n.\r\n..dots\r\nFrom here\r\n\r\n\r\n")
}
