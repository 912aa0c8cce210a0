package address

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
)

// Hider replaces addresses by keyed hashes (HMAC-SHA-256, RFC 2104) for a store that shall not hold them. Address and domain are hashed apart, so
// that it still shows who is of the same domain. The same key gives the same hashes, always: the text form is stored. Without the key a
// guess cannot be tried; with it, it can, so it is kept elsewhere than the hashes. A nil Hider, and one without a key, hides nothing.
type Hider struct{ key []byte }

// NewHider makes a Hider. An empty key hides nothing.
func NewHider(key []byte) *Hider { return &Hider{key: append([]byte(nil), key...)} }

// hiddenMark begins a hash. A colon stands in no domain and in no local part that is not quoted (RFC 5322 3.2.3).
const hiddenMark = "h:"

// hiddenBytes is how much of a hash is kept: 80 bits, so that among ten million addresses two with one hash are not to be expected (1 in 10^10).
const hiddenBytes = 10

var hiddenText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

func (h *Hider) hides() bool { return h != nil && len(h.key) > 0 }

// Address hides an address, folded: "h:LOCAL@h:DOMAIN". The first hash is over the whole address, so that the same name at two domains shows
// nothing. What has no domain is "h:HASH"; the null sender stays "".
func (h *Hider) Address(addr string) string {
	addr = Fold(addr)
	if !h.hides() || addr == "" {
		return addr
	}
	if domain := Domain(addr); domain != "" {
		return h.hash("address", addr) + "@" + h.Domain(domain)
	}
	return h.hash("address", addr)
}

// Domain hides a domain, as it stands behind the "@" of Address.
func (h *Hider) Domain(domain string) string {
	domain = ASCII(domain)
	if !h.hides() || domain == "" {
		return domain
	}
	return h.hash("domain", domain)
}

func (h *Hider) hash(use, text string) string {
	m := hmac.New(sha256.New, h.key)
	m.Write([]byte(use))
	m.Write([]byte{0})
	m.Write([]byte(text))
	var sum [sha256.Size]byte
	return hiddenMark + hiddenText.EncodeToString(m.Sum(sum[:0])[:hiddenBytes])
}
