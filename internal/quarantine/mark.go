package quarantine

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
)

// MarkField is the name of the header field that carries a release mark.
const MarkField = "X-Sekisho-Release"

// MarkResult says what became of a release mark: ok, forged, replayed, expired, content, recipient, client.
type MarkResult string

// The results. The client's address is checked by the milter.
const (
	MarkOK        MarkResult = "ok"
	MarkForged    MarkResult = "forged"    // not ours: malformed, unknown, or the MAC differs
	MarkReplayed  MarkResult = "replayed"  // used before, or withdrawn
	MarkExpired   MarkResult = "expired"   // too old
	MarkContent   MarkResult = "content"   // not the message that it was made for
	MarkRecipient MarkResult = "recipient" // not the envelope that it was made for: another sender, or a recipient that is not in it
	MarkClient    MarkResult = "client"    // not from the release client
)

// MarkResults are all of them, the label values of the metric.
func MarkResults() []MarkResult {
	return []MarkResult{MarkOK, MarkForged, MarkReplayed, MarkExpired, MarkContent, MarkRecipient, MarkClient}
}

// mark is a parsed field value: "v1 id=…; tx=…; exp=…; mac=…", always in this order.
type mark struct {
	id  string // quarantine id
	tx  string // nonce of the release transaction
	exp int64  // Unix seconds
	mac []byte
}

// maxMark bounds a field value: the longest that we write has 119 bytes.
const maxMark = 200

// String is the field's value.
func (m mark) String() string {
	return "v1 id=" + m.id + "; tx=" + m.tx + "; exp=" + strconv.FormatInt(m.exp, 10) +
		"; mac=" + base64.RawURLEncoding.EncodeToString(m.mac)
}

// parseMark reads a field value. It accepts only what String writes.
func parseMark(s string) (m mark, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) > maxMark {
		return mark{}, false
	}
	rest, ok := strings.CutPrefix(s, "v1 ")
	parts := strings.Split(rest, "; ")
	if !ok || len(parts) != 4 {
		return mark{}, false
	}
	var vals [4]string
	for i, name := range []string{"id=", "tx=", "exp=", "mac="} {
		if vals[i], ok = strings.CutPrefix(parts[i], name); !ok {
			return mark{}, false
		}
	}
	m = mark{id: vals[0], tx: vals[1]}
	var err1, err2 error
	m.exp, err1 = strconv.ParseInt(vals[2], 10, 64)
	m.mac, err2 = base64.RawURLEncoding.DecodeString(vals[3])
	if err1 != nil || err2 != nil || !ValidID(m.id) || m.String() != s {
		return mark{}, false
	}
	return m, true
}

// newTx draws the nonce of a release transaction.
func newTx() string { return rand.Text() }

// envelope is the part of a transaction that a mark is bound to.
type envelope struct {
	mailFrom string
	rcpts    []string
}

// canonical orders the recipients and folds the case of domains, which an MTA may change (RFC 5321 2.4); the local part is kept.
func (e envelope) canonical() envelope {
	c := envelope{mailFrom: canonicalPath(e.mailFrom)}
	for _, r := range e.rcpts {
		c.rcpts = append(c.rcpts, canonicalPath(r))
	}
	slices.Sort(c.rcpts)
	c.rcpts = slices.Compact(c.rcpts)
	return c
}

func canonicalPath(p string) string {
	at := strings.LastIndexByte(p, '@')
	if at < 0 {
		return p
	}
	return p[:at] + strings.ToLower(p[at:])
}

// sign is the MAC (RFC 2104, with SHA-256) over all that a mark is bound to. Every field is preceded by its length, so that no two
// sets of fields are the same bytes.
func sign(key []byte, m mark, sha256hex string, e envelope) []byte {
	h := hmac.New(sha256.New, key)
	field := func(s string) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	e = e.canonical()
	for _, s := range []string{"sekisho-release v1", m.id, m.tx, strconv.FormatInt(m.exp, 10), sha256hex, e.mailFrom} {
		field(s)
	}
	for _, r := range e.rcpts {
		field(r)
	}
	return h.Sum(nil)
}
