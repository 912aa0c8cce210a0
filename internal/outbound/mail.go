package outbound

import (
	"encoding/binary"
	"hash/maphash"
	"net/netip"
	"slices"
	"strings"
	"time"

	"sekisho/internal/address"
)

// Mail is what is counted of one mail of ours.
type Mail struct {
	Time      time.Time
	QueueID   string
	MessageID string
	SHA256    string     // of the raw message
	Account   string     // SASL login; "" without
	Client    netip.Addr // the true client; invalid when it is not known
	MailFrom  string
	From      string // the From field's address: anybody writes what he likes there
	Rcpts     []string
	New       int  // recipients that none of ours has written to before; 0 when that is not known
	Answer    bool // the subject says that it is an answer
	Cites     bool // it cites another mail
	Files     []File
	Carriers  []Carrier
	Link      bool // a link to a document
}

// File is an attachment.
type File struct {
	Name, SHA256 string
}

// Carrier is a file that starts by itself or hides; one that stays locked hides where its password stands in the same mail.
type Carrier struct {
	Name    string
	Kind    string // of the finding that says so
	Content string // digest of what starts: of the macros where there are some, so that a form that is filled in stays the same
}

// Risky reports whether the mail counts toward a burst.
func (m *Mail) Risky() bool {
	return len(m.Carriers) > 0 || m.Link && m.orphan()
}

// orphan is an answer that cites nothing: mail programs cite, what steals texts mostly does not.
func (m *Mail) orphan() bool { return m.Answer && !m.Cites }

// Kind says what a sender is known by.
type Kind string

// The kinds of senders.
const (
	Account Kind = "account"
	Client  Kind = "client"
)

// key is one sender.
type key struct {
	kind Kind
	who  string
}

// maxWho is the longest name of an account: longer than any address.
const maxWho = 320

// senders are those whom the mail counts against.
func (m *Monitor) senders(mail *Mail) (keys []key) {
	client := mail.Client.Unmap()
	shared := m.shared(client)
	account := mail.Account
	if account == "" && shared {
		account = mail.MailFrom
	}
	if account = fold(account); account != "" {
		keys = append(keys, key{Account, account})
	}
	switch {
	case shared && account != "":
	case client.IsValid():
		keys = append(keys, key{Client, client.WithZone("").String()})
	default: // sendmail(1), as some MTAs hand it on
		keys = append(keys, key{Client, local})
	}
	return keys
}

// local stands for this host where no address does.
const local = "local"

func fold(who string) string {
	who = address.Fold(who)
	return strings.ToValidUTF8(who[:min(len(who), maxWho)], "")
}

func (m *Monitor) shared(client netip.Addr) bool {
	return !client.IsValid() || client.IsLoopback() || contains(m.o.Shared, client)
}

func contains(networks []netip.Prefix, client netip.Addr) bool {
	client = client.Unmap().WithZone("")
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(client) })
}

// sums are the digests of one mail by which others are compared. They need not be the same in the next process.
type sums struct {
	id       uint64   // of the mail: the same when the MTA brings it again
	to       uint64   // of its recipients
	files    []uint64 // of the attachments
	carriers []uint64 // of different content, at most maxDigests
}

// maxDigests bounds what is compared of one mail: more carriers in one mail are one mail's anyway.
const maxDigests = 8

// seed is the process's: who does not know it cannot make digests collide.
var seed = maphash.MakeSeed()

func digest(s string) uint64 { return maphash.String(seed, s) }

func (m *Mail) sums() (s sums) {
	for _, f := range m.Files[:min(len(m.Files), maxDigests)] {
		s.files = append(s.files, digest(f.SHA256))
	}
	for _, c := range m.Carriers {
		if d := digest(c.Content); !slices.Contains(s.carriers, d) && len(s.carriers) < maxDigests {
			s.carriers = append(s.carriers, d)
		}
	}
	s.to = m.to()
	s.id = m.id(s.to, s.files)
	return s
}

func (m *Mail) to() uint64 {
	rcpts := slices.Clone(m.Rcpts)
	slices.Sort(rcpts)
	return digest(strings.Join(rcpts, "\x00"))
}

// id is that of the mail's Message-ID, addressees and files: a mail that comes again after a temporary failure, or passes twice, is one mail.
func (m *Mail) id(to uint64, files []uint64) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	if m.MessageID != "" {
		h.WriteString(m.MessageID)
	} else {
		h.WriteString(m.SHA256)
	}
	for _, n := range append([]uint64{to}, files...) {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], n)
		h.Write(b[:])
	}
	return h.Sum64()
}
