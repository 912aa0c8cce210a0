package trace

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"golang.org/x/text/unicode/norm"

	"sekisho/internal/address"
	"sekisho/internal/thread"
)

// keyKind says what a value is. The numbers are part of every hash in the database.
type keyKind byte

const (
	keySender keyKind = iota + 1 // envelope or From
	keyRcpt
	keySenderDomain
	keyRcptDomain
	keyMessageID
	keySubject
	keyDigest // of the mail or a file
	keyMacros
	keyName
	keyQueueID
	keyQuarantine // held as, or released from
	keyClient
	keyAccount
	keyRule
	keyVerdict // but accept
	keyEnd
)

// values gives what the record is found by as that kind.
func (r *Record) values(kind keyKind, give func(string)) {
	switch kind {
	case keySender:
		r.senders(func(a string) { give(r.fold(a)) })
	case keyRcpt:
		for i := range r.Rcpts {
			give(r.fold(r.Rcpts[i].Address))
		}
	case keySenderDomain:
		r.senders(func(a string) { r.domains(a, give) })
	case keyRcptDomain:
		last := ""
		for i := range r.Rcpts {
			if at := strings.LastIndexByte(r.Rcpts[i].Address, '@'); at >= 0 && r.Rcpts[i].Address[at:] != last {
				last = r.Rcpts[i].Address[at:]
				r.domains(last, give)
			}
		}
	case keyDigest:
		give(r.SHA256)
		for i := range r.Files {
			give(r.Files[i].SHA256)
		}
	case keyMacros:
		for i := range r.Files {
			give(r.Files[i].Macros)
		}
	case keyName:
		for i := range r.Files {
			give(foldName(r.Files[i].Name))
		}
	default:
		give(r.value(kind))
	}
}

// value is what a kind has one of.
func (r *Record) value(kind keyKind) string {
	switch kind {
	case keyMessageID:
		return foldID(r.MessageID)
	case keySubject:
		return foldSubject(r.Subject)
	case keyQueueID:
		return r.QueueID
	case keyQuarantine:
		if r.Quarantine != "" {
			return r.Quarantine
		}
		return r.Released
	case keyClient:
		return r.ClientIP
	case keyAccount:
		return r.account()
	case keyRule:
		return r.Rule
	case keyVerdict:
		if r.Verdict != "accept" {
			return r.Verdict
		}
	}
	return ""
}

func (r *Record) account() string {
	if r.Hidden {
		return r.Account
	}
	return strings.ToLower(r.Account)
}

func (r *Record) senders(give func(string)) {
	give(r.MailFrom)
	if r.From != r.MailFrom {
		give(r.From)
	}
}

// fold makes an address comparable; a hidden one was folded before it was hidden.
func (r *Record) fold(a string) string {
	if r.Hidden {
		return a
	}
	return address.Fold(a)
}

// domains gives an address's domain and the organisational domain that it belongs to.
func (r *Record) domains(a string, give func(string)) {
	if r.Hidden {
		give(a[strings.LastIndexByte(a, '@')+1:])
		return
	}
	d := address.Domain(a)
	give(d)
	if org := address.Org(d); org != d {
		give(org)
	}
}

// hash is the keyed hash of a value, of 32 bits: in a segment of two million keys one look-up in two thousand meets a stranger. The digest is cut, so that the key may stand before the value.
func (t *Trace) hash(kind keyKind, value string) uint64 {
	b := make([]byte, 0, 128)
	b = append(append(append(b, t.key...), byte(kind)), value...)
	sum := sha256.Sum256(b)
	return uint64(binary.BigEndian.Uint32(sum[:4]))
}

// hashes gives every hash by which the record is found.
func (t *Trace) hashes(r *Record, give func(uint64)) {
	for kind := keySender; kind < keyEnd; kind++ {
		r.values(kind, func(v string) {
			if v != "" {
				give(t.hash(kind, v))
			}
		})
	}
}

// foldID makes Message-IDs comparable: without the angle brackets, which people leave out.
func foldID(id string) string {
	return strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(id), "<"), ">"))
}

// foldText makes texts comparable: letter case, width (Unicode NFKC) and blanks do not count.
func foldText(s string) string {
	return strings.Join(strings.Fields(strings.ToLower(norm.NFKC.String(s))), " ")
}

func foldName(s string) string { return foldText(s[strings.LastIndexAny(s, `/\`)+1:]) }

// foldSubject is the base subject, as the memory of conversations has it.
func foldSubject(s string) string { return thread.ParseSubject(s).Base }
