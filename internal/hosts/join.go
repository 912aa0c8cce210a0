package hosts

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// Join makes the table. It is pure: the same machines, checks and incidents give the same rows in the same order.
func Join(machines []Machine, checks map[string]Check, seen Seen) []Row {
	j := newJoiner(machines, checks)
	for _, i := range accountsFirst(seen.Incidents) {
		r := j.ofIncident(i)
		r.Incidents = append(r.Incidents, i)
	}
	for _, i := range seen.Impersonated {
		r := j.ofAccount(i.Address)
		r.Impersonated = append(r.Impersonated, i)
	}
	rows := make([]Row, 0, len(j.rows))
	for _, r := range j.rows {
		r.settle()
		rows = append(rows, *r)
	}
	order(rows)
	return rows
}

// joiner leads from what the gateway knows to rows.
type joiner struct {
	rows    []*Row
	hosts   map[string]*Row       // by Key
	address map[netip.Addr][]*Row // what the inventory or a report says
	account map[string][]*Row     // by account, and by the local part of it
	strays  map[string]*Row       // rows of accounts and addresses that lead to no machine
	from    map[string][]*Row     // rows of accounts, by an address that they sent from and that leads to no machine
}

func newJoiner(machines []Machine, checks map[string]Check) *joiner {
	j := &joiner{
		hosts: map[string]*Row{}, address: map[netip.Addr][]*Row{}, account: map[string][]*Row{}, strays: map[string]*Row{}, from: map[string][]*Row{},
	}
	for _, m := range machines {
		r := j.machine(m.Host)
		for _, a := range m.Addresses {
			j.addAddress(r, a)
		}
		for _, a := range m.Accounts {
			j.addAccount(r, a)
		}
	}
	cut := j.cutNames()
	for _, host := range slices.Sorted(maps.Keys(checks)) {
		c := checks[host]
		if full := cut[host]; j.hosts[host] == nil && full != "" {
			host = full
		}
		j.check(host, c)
	}
	return j
}

// netBIOSName is the length at which Windows cuts a computer's name (MS-NBTE 2.2.1: 15 characters and a suffix), which EmoCheck reports.
const netBIOSName = 15

// cutNames leads from cut names to the one machine of the inventory that has such a name; where there are two, to none.
func (j *joiner) cutNames() map[string]string {
	cut := map[string]string{}
	for full := range j.hosts {
		if r := []rune(full); len(r) > netBIOSName {
			short := string(r[:netBIOSName])
			if _, twice := cut[short]; twice {
				full = ""
			}
			cut[short] = full
		}
	}
	return cut
}

// machine is the row of a computer.
func (j *joiner) machine(name string) *Row {
	key := Key(name)
	r := j.hosts[key]
	if r == nil {
		r = j.row()
		r.Host = name
		j.hosts[key] = r
	}
	return r
}

// check puts EmoCheck's word on a machine's row. Where a cut name and the full one both have reports, the newer counts.
func (j *joiner) check(host string, c Check) {
	r := j.hosts[host]
	if r == nil {
		r = j.machine(c.Name)
	}
	if r.EmoCheck == nil || c.Scanned.After(r.EmoCheck.Scanned) {
		r.EmoCheck = &c
	}
	for _, a := range c.Address {
		if len(j.address[a]) == 0 { // the inventory knows better
			j.addAddress(r, a)
		}
	}
}

func (j *joiner) row() *Row {
	r := &Row{Addresses: []string{}, Accounts: []string{}, Incidents: []Incident{}, Impersonated: []Impersonation{}}
	j.rows = append(j.rows, r)
	return r
}

func (j *joiner) addAddress(r *Row, a netip.Addr) {
	if !slices.Contains(r.Addresses, a.String()) {
		r.Addresses = append(r.Addresses, a.String())
		j.address[a] = append(j.address[a], r)
	}
}

func (j *joiner) addAccount(r *Row, account string) {
	if account = Account(account); slices.Contains(r.Accounts, account) {
		return
	}
	r.Accounts = append(r.Accounts, account)
	local, _, _ := strings.Cut(account, "@")
	j.account[local] = append(j.account[local], r)
}

// accountsFirst puts accounts before the addresses that they sent from.
func accountsFirst(list []Incident) []Incident {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Incident) int {
		switch {
		case a.Account == b.Account:
			return 0
		case a.Account:
			return -1
		}
		return 1
	})
	return list
}

// ofIncident finds the machine: by the addresses it sent from where they are one machine's, else by the account where only one machine has it. What leads to several
// machines, or to none, has a row of its own, an account and the address that only it sent from together.
func (j *joiner) ofIncident(i Incident) *Row {
	if r := j.byClients(i.Clients()); r != nil {
		return r
	}
	if !i.Account {
		r := j.ofAddress(i.Who)
		j.hint(r, i)
		return r
	}
	r := j.ofAccount(i.Who)
	for _, c := range i.Clients() {
		if !slices.Contains(j.from[c], r) {
			j.from[c] = append(j.from[c], r)
		}
	}
	j.hint(r, i)
	return r
}

// ofAddress is the row of an address that leads to no machine: that of the only account that sent from it, else its own. A machine that an account led to does
// not get the address: it may be a hotel's.
func (j *joiner) ofAddress(who string) *Row {
	r := j.strays[who]
	if rows := j.from[who]; r == nil && len(rows) == 1 {
		r = rows[0]
	}
	if r == nil {
		r = j.stray(who)
	}
	if r.Host == "" && !slices.Contains(r.Addresses, who) {
		r.Addresses = append(r.Addresses, who)
	}
	return r
}

func (j *joiner) byClients(clients []string) *Row {
	var found *Row
	for _, c := range clients {
		a, err := netip.ParseAddr(c)
		rows := j.address[a.Unmap()]
		if err != nil || len(rows) != 1 || found != nil && rows[0] != found {
			return nil
		}
		found = rows[0]
	}
	return found
}

// ofAccount is the row of the one machine that has the account, else the account's own.
func (j *joiner) ofAccount(account string) *Row {
	account = Account(account)
	if rows := j.having(account); len(rows) == 1 {
		return rows[0]
	}
	r := j.stray(account)
	if !slices.Contains(r.Accounts, account) {
		r.Accounts = append(r.Accounts, account)
	}
	return r
}

func (j *joiner) having(account string) (rows []*Row) {
	local, _, _ := strings.Cut(account, "@")
	for _, r := range j.account[local] {
		if !slices.Contains(rows, r) && slices.ContainsFunc(r.Accounts, func(a string) bool { return sameAccount(a, account) }) {
			rows = append(rows, r)
		}
	}
	return rows
}

func (j *joiner) stray(who string) *Row {
	r := j.strays[who]
	if r == nil {
		r = j.row()
		j.strays[who] = r
	}
	return r
}

// maxHints is as many machines as a person looks at.
const maxHints = 10

// hint names the machines that a row may be of: those that share the account or the address, and those with a name that the client had.
func (j *joiner) hint(r *Row, i Incident) {
	if r.Host != "" {
		return
	}
	add := func(host string) {
		if host != "" && len(r.Hints) < maxHints && !slices.Contains(r.Hints, host) {
			r.Hints = append(r.Hints, host)
		}
	}
	for _, c := range i.Clients() {
		if a, err := netip.ParseAddr(c); err == nil {
			for _, m := range j.address[a.Unmap()] {
				add(m.Host)
			}
		}
	}
	if i.Account {
		for _, m := range j.having(Account(i.Who)) {
			add(m.Host)
		}
	}
	for _, name := range i.Names {
		if m := j.hosts[Key(name)]; m != nil {
			add(m.Host)
		}
	}
}
