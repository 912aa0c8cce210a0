package ledger

import (
	"database/sql"
	"encoding/binary"
	"time"
)

// class says why a row is kept: the lower, the longer.
type class int64

const (
	mailOurs     class = 1
	mailTheirs   class = 2 // from a party of a conversation of ours
	mailStranger class = 3

	partnerOurs     class = 1
	partnerKnown    class = 2 // we wrote to it
	partnerStranger class = 3

	// usagePartner tells the counts of partners from those of mails.
	usagePartner class = 10
)

const (
	mailRobot = 1
	mailWide  = 2

	partnerOrg  = 1
	partnerList = 2
)

// letter is a mail that is remembered.
type letter struct {
	id, at  int64
	class   class
	flags   int64
	subject int64
	source  int64
	parties parties
}

// contact is an address or an organisation with what the database keeps of it.
type contact struct {
	Partner
	id, flags, source int64
	class             class
	keys              []byte

	was         class // as it is counted, 0 for not at all
	first, last int64
	indexed     int  // so much of keys is in the index
	changed     bool // it is to be written
}

func (p *contact) scan(rows *sql.Rows) error {
	err := rows.Scan(&p.id, &p.Address, &p.class, &p.flags, &p.source, &p.first, &p.last, &p.Received, &p.Begun, &p.Answered,
		&p.Passed, &p.Unproven, &p.keys)
	p.First, p.Last, p.Ours, p.was = time.Unix(p.first, 0), time.Unix(p.last, 0), p.class == partnerOurs, p.class
	if p.class < partnerStranger {
		p.indexed = len(p.keys)
	}
	return err
}

// coarse is how exactly the last mail is kept of those of ours: their rows would change with each mail, and nothing asks for more.
const coarse = int64(time.Hour / time.Second)

// seen widens the time from the first mail to the last.
func (p *contact) seen(at int64) {
	if p.class == partnerOurs && p.first <= at && at < p.last+coarse {
		return
	}
	if p.first == 0 || at < p.first {
		p.first = at
	}
	p.last = max(p.last, at)
	p.changed = true
}

// addKey notes a key, if it is new and there is room.
func (p *contact) addKey(key int64, most int) {
	for k := p.keys; len(k) >= partySize; k = k[partySize:] {
		if int64(binary.BigEndian.Uint64(k)) == key {
			return
		}
	}
	if len(p.keys) >= most*partySize {
		return
	}
	p.keys = binary.BigEndian.AppendUint64(p.keys, uint64(key))
	p.changed = true
}
