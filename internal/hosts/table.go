package hosts

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// State is what a row says, worst first. The words are stable: JSON, CSV and metrics have them.
type State string

// The states.
const (
	Infected     State = "infected"     // EmoCheck's newest report says so
	Suspected    State = "suspected"    // the gateway saw it send as infected ones do, and nobody has cleared it
	Impersonated State = "impersonated" // our name is abused elsewhere: no sign of an infection here
	Unchecked    State = "unchecked"    // EmoCheck has not been run there
	Clean        State = "clean"        // EmoCheck found nothing, the gateway neither
)

// States gives every state, worst first.
func States() []State { return []State{Infected, Suspected, Impersonated, Unchecked, Clean} }

// LooksInfected reports whether somebody has to go there.
func (s State) LooksInfected() bool { return s == Infected || s == Suspected }

// Sample is one mail of an incident: who received what.
type Sample struct {
	Time         time.Time `json:"ts"`
	Account      string    `json:"account,omitempty"`
	Client       string    `json:"client_ip,omitempty"`
	MailFrom     string    `json:"mail_from"`
	From         string    `json:"from,omitempty"` // address of the From field
	Rcpts        []string  `json:"rcpt_to"`
	More         int       `json:"more,omitempty"` // recipients that are not listed
	Subject      string    `json:"subject,omitempty"`
	MessageID    string    `json:"message_id,omitempty"`
	QueueID      string    `json:"queue_id,omitempty"`
	SHA256       string    `json:"sha256,omitempty"`
	Files        []string  `json:"files,omitempty"`
	Delivered    bool      `json:"delivered"`               // its recipients have it
	QuarantineID string    `json:"quarantine_id,omitempty"` // the gateway holds it
}

// Incident is a time in which an account or an address of ours sent as infected ones do.
type Incident struct {
	Who        string    `json:"who"`             // the account or the address that the hold lies on
	Account    bool      `json:"account"`         // Who is an account, else an address
	Names      []string  `json:"names,omitempty"` // of the client, by DNS or by its own word: hints
	First      time.Time `json:"first"`
	Last       time.Time `json:"last"`
	Why        string    `json:"why"`      // as package outbound says it
	Findings   []string  `json:"findings"` // kinds
	Mails      int       `json:"mails"`
	Recipients int       `json:"recipients"`
	Samples    []Sample  `json:"samples,omitempty"`

	Cleared    time.Time `json:"cleared,omitzero"`
	ClearedBy  string    `json:"cleared_by,omitempty"`
	ClearedWhy string    `json:"cleared_why,omitempty"`
}

// Clients are the addresses that it came from.
func (i Incident) Clients() []string {
	if !i.Account {
		return []string{i.Who}
	}
	var clients []string
	for _, s := range i.Samples {
		if s.Client != "" && !slices.Contains(clients, s.Client) {
			clients = append(clients, s.Client)
		}
	}
	return clients
}

// Open reports whether nobody has cleared it.
func (i Incident) Open() bool { return i.Cleared.IsZero() }

// Impersonation is an address of ours that others use: bounces and answers came to mail that we never sent.
type Impersonation struct {
	Address string    `json:"address"`
	Mails   int       `json:"mails"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
}

// Seen is what the gateway saw, from package outbound.
type Seen struct {
	Incidents    []Incident
	Impersonated []Impersonation
}

// Check is EmoCheck's word on a machine.
type Check struct {
	Infected  bool         `json:"infected"` // the newest report
	Scanned   time.Time    `json:"scanned"`
	Version   string       `json:"version,omitempty"`
	Processes []Process    `json:"processes,omitempty"` // of the newest report of an infection
	Since     time.Time    `json:"infected_since,omitzero"`
	Until     time.Time    `json:"infected_until,omitzero"` // when a clean one came later: the newest report of the infection
	Name      string       `json:"-"`
	Address   []netip.Addr `json:"-"`
}

// Row is everything about one machine, or about an account or address that leads to none.
type Row struct {
	State     State    `json:"state"`
	Host      string   `json:"host"`
	Addresses []string `json:"addresses"`
	Accounts  []string `json:"accounts"`

	Since time.Time `json:"since,omitzero"` // of what State says
	Last  time.Time `json:"last,omitzero"`

	EmoCheck *Check `json:"emocheck"`                 // nil: not checked yet
	Before   bool   `json:"checked_before,omitempty"` // it was checked before the gateway saw what is still open: that says nothing

	Incidents    []Incident      `json:"incidents"`
	Impersonated []Impersonation `json:"impersonated"`
	Hints        []string        `json:"hints,omitempty"` // machines that it may be
}

// Who names the row: the machine, else the account, else the address.
func (r Row) Who() string {
	for _, s := range append([]string{r.Host}, append(slices.Clone(r.Accounts), r.Addresses...)...) {
		if s != "" {
			return s
		}
	}
	return ""
}

// Is reports whether a row is of that machine, account or address.
func (r Row) Is(who string) bool {
	if r.Host != "" && Key(r.Host) == Key(who) {
		return true
	}
	if a, err := netip.ParseAddr(strings.TrimSpace(who)); err == nil {
		return slices.Contains(r.Addresses, a.Unmap().String()) || r.holds(a.Unmap().String())
	}
	account := Account(who)
	return r.holds(account) || slices.ContainsFunc(r.Accounts, func(a string) bool { return sameAccount(a, account) })
}

// holds reports whether an incident is on that account or address.
func (r Row) holds(who string) bool {
	return who != "" && slices.ContainsFunc(r.Incidents, func(i Incident) bool { return i.Who == who })
}

// sameAccount compares two accounts as Account gives them: a bare login is the local part of an address.
func sameAccount(a, b string) bool {
	if a == b {
		return true
	}
	la, da, _ := strings.Cut(a, "@")
	lb, db, _ := strings.Cut(b, "@")
	return la == lb && (da == "" || db == "")
}

// settle says what the row amounts to.
func (r *Row) settle() {
	open := slices.DeleteFunc(slices.Clone(r.Incidents), func(i Incident) bool { return !i.Open() })
	first, last := span(open)
	c := r.EmoCheck
	r.Before = c != nil && !c.Infected && len(open) > 0 && c.Scanned.Before(last)
	switch {
	case c != nil && c.Infected:
		r.State, r.Since, r.Last = Infected, earlier(c.Since, first), later(c.Scanned, last)
	case len(open) > 0:
		r.State, r.Since, r.Last = Suspected, first, last
	case len(r.Impersonated) > 0:
		r.State = Impersonated
		for _, i := range r.Impersonated {
			r.Since, r.Last = earlier(r.Since, i.First), later(r.Last, i.Last)
		}
	case c == nil:
		r.State = Unchecked
	default:
		r.State, r.Last = Clean, c.Scanned
	}
}

func span(incidents []Incident) (first, last time.Time) {
	for _, i := range incidents {
		first, last = earlier(first, i.First), later(last, i.Last)
	}
	return first, last
}

// earlier and later know the zero time as none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// order is for people: the worst first, then the newest, then by name.
func order(rows []Row) {
	rank := map[State]int{}
	for i, s := range States() {
		rank[s] = i
	}
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(rank[a.State], rank[b.State]), b.Last.Compare(a.Last), cmp.Compare(a.Who(), b.Who()))
	})
}
