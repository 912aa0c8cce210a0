package ledger

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"slices"
	"strconv"
	"sync"

	"sekisho/internal/address"
)

// What is hashed: the same text under two of them has nothing in common.
const (
	hashOurs    = 's' // Message-ID of ours
	hashTheirs  = 'r' // Message-ID from outside: it cannot take the place of one of ours
	hashSubject = 't'
	hashAddress = 'a'
	hashOrg     = 'o'
	hashName    = 'n'
	hashAlike   = 'l'
	hashDomain  = 'd' // right-hand side of a Message-ID
	hashSource  = 'w'
	hashCheck   = 'c'
)

// hasher makes ids: the first 64 bits of HMAC-SHA-256 (RFC 2104). Of 20 million mails two have the same id with a probability of
// n²/2⁶⁵, one in 100,000; the loser is then not remembered. A guessed Message-ID meets one of them with a probability of n/2⁶⁴, one in 10¹²,
// and without the key nobody can look for one.
type hasher struct{ work *sync.Pool }

// maxHashed is how many bytes of a text count: a line of a header (RFC 5322 2.1.1).
const maxHashed = 998

// hashing is the work on one text: the state after the key is made once, not for each of the hundred texts of a mail.
type hashing struct {
	hash.Hash
	text []byte
}

func newHasher(key []byte) hasher {
	key = slices.Clone(key)
	return hasher{&sync.Pool{New: func() any { return &hashing{Hash: hmac.New(sha256.New, key)} }}}
}

func (h hasher) of(kind byte, s string) int64 {
	w := h.work.Get().(*hashing)
	defer h.work.Put(w)
	w.Reset()
	w.text = append(append(w.text[:0], kind), s[:min(len(s), maxHashed)]...)
	w.Write(w.text)
	w.text = w.Sum(w.text[:0])
	return int64(binary.BigEndian.Uint64(w.text))
}

func (h hasher) all(kind byte, list []string, most int) []int64 {
	list = list[:min(len(list), most)]
	ids := make([]int64, len(list))
	for i, s := range list {
		ids[i] = h.of(kind, s)
	}
	return ids
}

// parties are the ids of addresses, without a role.
func (h hasher) parties(list []string) []int64 {
	ids := make([]int64, len(list))
	for i, a := range list {
		ids[i] = int64(uint64(h.of(hashAddress, a)) &^ uint64(roleMask))
	}
	return ids
}

// org is the id of an address's organisation, 0 where it has none.
func (h hasher) org(addr string) int64 {
	if org := address.Org(address.Domain(addr)); org != "" {
		return h.of(hashOrg, org)
	}
	return 0
}

// role is what somebody is in a mail. It takes the two lowest bits of a party's id.
type role uint8

const (
	addressee role = iota // or the writer, of mail from outside
	copied                // came along in an answer of ours to all
	org                   // an addressee's organisation
	roleMask
)

// parties are the people of a mail as they are stored.
type parties []byte

const partySize = 8

func (p *parties) add(id int64, r role) {
	*p = binary.BigEndian.AppendUint64(*p, uint64(id)&^uint64(roleMask)|uint64(r))
}

func (p parties) has(id int64, r role) bool {
	want := uint64(id)&^uint64(roleMask) | uint64(r)
	for ; len(p) >= partySize; p = p[partySize:] {
		if binary.BigEndian.Uint64(p) == want {
			return true
		}
	}
	return false
}

// ids is the list for json_each.
func ids(list ...int64) string {
	b := []byte{'['}
	for i, id := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, id, 10)
	}
	return string(append(b, ']'))
}
