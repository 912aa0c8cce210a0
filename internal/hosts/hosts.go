// Package hosts joins what the gateway saw of our machines and accounts with what EmoCheck said on them: one row for every machine.
//
// EmoCheck is JPCERT/CC's detection tool for Emotet. It leaves a report on the machine, HOST_YYYYMMDDhhmmss_emocheck.txt or .json, in English, Japanese or
// French. There is no specification of them: Parse reads what the sources of versions 0.0.1 to 2.0 write, and those after it, which are not
// public, as long as they keep to the words. A CSV inventory says which computer name has which address and accounts.
//
// Join is pure. A machine is infected when its newest report says so. It is suspected when the gateway saw it, or an account of it, send as infected ones do
// and nobody has cleared that. It is impersonated when bounces and answers come to mail that we never sent: then somebody elsewhere uses our
// names, which is no sign of an infection here. An incident is put on a machine's row only where the inventory or a report leads to one
// machine; a name that the client gave of itself, or that DNS gives, is a hint to a person and decides nothing.
//
// # Limits
//
// A report is believed as far as the machine it comes from: one that is infected can write what it likes, under any computer name. Hence the gateway's word
// is never taken back by a report: an incident stays until a person clears it, and a report of an infection is not undone by a clean one of the same second.
// A clean report from the future is not kept, else it would outlive every later one.
//
// Nothing an outsider sends is remembered here: everything comes from a person's import. A file has at most maxReport bytes, an inventory maxInventory, an
// import maxFiles files; of a report maxProcesses processes with maxText bytes a field are kept. A machine has two reports, the newest clean one and the newest of an
// infection, and at most maxLinks addresses and accounts. There are at most Options.Machines machines: a full table refuses newcomers and says so,
// it forgets nobody. Computer names are compared by their first label without case, so pc1.a.example and pc1.b.example are one machine.
package hosts

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"sekisho/internal/store"
)

// Options are the settings. The zero value of a field is its default.
type Options struct {
	Machines int              // most machines that are kept; 200,000, more PCs than all but a handful of organisations own
	Zone     *time.Location   // of the machines' clocks: reports tell local time without a zone; time.Local
	Now      func() time.Time // time.Now
}

func (o Options) withDefaults() Options {
	if o.Machines <= 0 {
		o.Machines = 200_000
	}
	if o.Zone == nil {
		o.Zone = time.Local
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Hosts is the table of machines of a state folder, safe for concurrent use.
type Hosts struct {
	db   *sql.DB
	opts Options
}

// Open opens the table. The store stays the caller's to close.
func Open(ctx context.Context, st *store.Store, o Options) (*Hosts, error) {
	db, err := st.Database(ctx, store.Memory)
	if err != nil {
		return nil, fmt.Errorf("hosts: open: %w", err)
	}
	return &Hosts{db: db, opts: o.withDefaults()}, nil
}
