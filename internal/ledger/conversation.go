package ledger

import "time"

// Question is what is asked of the memory about one mail from outside. All addresses are folded (address.Fold).
type Question struct {
	Time    time.Time
	From    string
	Names   []string // keys of the display name (sender.Name)
	Refs    []string // Message-IDs that it cites, the nearest first
	Subject string   // base subject; "" is asked nothing
	Quoted  []string // addresses it quotes
	Rcpts   []string // envelope recipients
	Via     []string // addresses of what may have handed it on: a mailing list
	Alike   []string // keys by which a domain that looks like From's is found (sender.Neighbours)
}

// Answer is what the memory knows. The zero value is that of a memory that knows nothing.
type Answer struct {
	Warm     bool      // the memory is full enough that what is not in it means something
	Cited    Citations // what the mail cites
	Subject  Citations // mail of ours under its subject
	From     Partner   // its address
	Org      Partner   // all addresses of its organisational domain together; zero for providers
	Quoted   []Partner // as Question.Quoted
	Namesake []Partner // others known under its display name: correspondents, and people of ours
	Alike    []string  // known domains of correspondents that look like From's, where that is none of theirs; names are missing where addresses are hashed
}

// Citations sums up the mails of ours that a mail cites.
type Citations struct {
	Ours     int  // that are remembered
	Theirs   int  // … and of mails from parties of these conversations, of which it cites the ids
	Robot    int  // … and of automatic mails of ours: nobody is a party of them
	Party    bool // the writer was an addressee, or in To or Cc, of one of them
	Copied   bool // … but came there only by an answer of ours to all: neither known by it nor foreign to it
	OrgParty bool // … or shares an addressee's organisational domain
	Via      bool // one of Question.Via was an addressee of one of them, or shares an addressee's organisational domain
	Listed   bool // one of them went to a mailing list, or to more people than are kept
	Forged   int  // ids at a domain of ours, which the memory covers, that were never sent
}

// Partner is what is known of an address, or of an organisation.
type Partner struct {
	Address     string // "" when it is not known, or kept as a hash
	Ours        bool   // one of our own
	First, Last time.Time
	Received    int // mails from it that were accepted
	Begun       int // mails of ours to it that were no answers
	Answered    int // answers of ours to it alone or first; answers to all do not count for those who were in Cc
	Passed      int // mails from it with an aligned pass
	Unproven    int // … and without
}

// Sent is a mail of ours, to be learned.
type Sent struct {
	Time      time.Time
	From      string
	Names     []string // keys of the display name
	MessageID string
	Refs      []string
	Subject   string
	Rcpts     []string // envelope recipients
	To, Cc    []string
	Reply     bool // its subject says that it is an answer: of one without Refs nobody can tell whom it answers
	Robot     bool // automatic, list traffic or receipt: nobody becomes a correspondent by it
}

// Received is a mail from outside that was accepted, to be learned.
type Received struct {
	Time      time.Time
	From      string
	Names     []string
	MessageID string
	Refs      []string
	Subject   string
	Rcpts     []string
	To, Cc    []string
	Source    string // the network it came from, as filter.Result.Source
	Passed    bool   // an aligned pass of authentication
	Failed    bool
	Known     bool // its writer is a party of the thread that it cites
}
