// Package outbound counts what our own accounts and machines send, and tells when one of them has turned: Emotet sends its mails through the
// stolen account of the machine that it has taken, in answers to mails that it has stolen there (MITRE ATT&CK T1534, T1566.001).
//
// A mail is risky when it carries a file that starts by itself or hides, when it carries a locked file with the password beside it, or when it claims to
// be an answer, cites nothing, and links to a document. Locked files whose password follows in another mail, invoices, newsletters and notices are not. So
// many risky mails within one window, of one account or from one machine, are a burst: the same honest workbook to so many recipients one by one is one too; a
// macro that an allow entry names is not counted. A burst, or several different files that start by themselves, opens an incident, which stays until a person clears it.
//
// The clock is the time of the mails, so that a replay sees what the gateway would have seen.
//
// # Limits
//
// Counts are kept in memory; risky mails and incidents also in memory.db, so that a restart forgets no burst under way, only the plain counts.
// No mail that is not risky asks the database. Without a database everything works as long as the process lives.
//
// Each table of accounts, machines and addresses holds Options.Senders; who is new takes the place of one who did less of late, and is not counted when all
// did more: thousands of stolen accounts or client addresses push out nobody who is sending a burst. A sender takes half a kilobyte, one in a burst at most seven. Of
// one account's risky mails maxKept a day are kept as samples, of a machine's without a login maxKeptOfMachine; the counts go on. A machine is one address: who
// changes his IPv6 address with each mail is counted by his account only. Behind a server that many use (Options.Shared, this host) the machine is not known; there the
// reverse-path stands for the account where there is no login, and who forges another with each mail is not seen.
package outbound

import (
	"context"
	"database/sql"
	"net/netip"
	"sync"
	"time"

	"sekisho/internal/store"
)

// Options of a Monitor. The zero value of a field is its default.
type Options struct {
	Window   time.Duration  // 10 minutes
	Mails    int            // risky mails within it that are a burst; 10
	Carriers int            // different files that start by themselves within it that open an incident as well; 5
	Shared   []netip.Prefix // servers of ours through which many people send: webmail, an inner mail server

	// Exempt senders are counted and never judged: a program that sends what looks like a wave. Who takes it over sends unhindered.
	ExemptAccounts []string
	ExemptClients  []netip.Prefix

	Keep    time.Duration // how long incidents that were cleared are kept, and abuse of our addresses; 90 days
	Timeout time.Duration // for one question to the database: mail waits for it; 500 ms
	Senders int           // accounts, machines and addresses each that are counted; 20,000
}

func (o Options) withDefaults() Options {
	if o.Window <= 0 {
		o.Window = 10 * time.Minute
	}
	if o.Mails <= 0 {
		o.Mails = 10
	}
	if o.Carriers <= 1 {
		o.Carriers = 5
	}
	if o.Keep <= 0 {
		o.Keep = 90 * day
	}
	if o.Timeout <= 0 {
		o.Timeout = 500 * time.Millisecond
	}
	if o.Senders <= 0 {
		o.Senders = 20_000
	}
	return o
}

const day = 24 * time.Hour

// slowFactor times Options.Mails different files that start by themselves within a day are an incident too: who stays below the window's
// number sends more than a thousand a day, and nobody honest has thirty such files.
const slowFactor = 3

// Monitor counts, safe for concurrent use.
type Monitor struct {
	o        Options
	accounts *table
	clients  *table
	bounced  *table // by address of ours
	st       *store.Store

	mu      sync.Mutex
	db      *sql.DB
	opening bool
	tried   time.Time         // when the database was last opened
	open    map[key]*Incident // known to this process
	abuse   map[string]*abuse // not written yet
	wrote   time.Time         // when abuse was last written
}

// New makes a Monitor that remembers nothing beyond its process.
func New(o Options) *Monitor {
	o = o.withDefaults()
	return &Monitor{
		o: o, accounts: newTable(o), clients: newTable(o), bounced: newTable(o),
		open: map[key]*Incident{}, abuse: map[string]*abuse{},
	}
}

// Open makes a Monitor over the memory of a state folder, and brings the risky mails of the last day back. The store stays the caller's to close. With an error
// the Monitor works all the same, and tries the database again later.
func Open(ctx context.Context, st *store.Store, o Options) (*Monitor, error) {
	m := New(o)
	m.st = st
	return m, m.restore(ctx)
}

// Options returns the settings in force.
func (m *Monitor) Options() Options { return m.o }
