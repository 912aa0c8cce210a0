package bench

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/address"
	"sekisho/internal/filter"
	"sekisho/internal/fixture"
	"sekisho/internal/inspect"
	"sekisho/internal/ledger"
	"sekisho/internal/message"
	"sekisho/internal/sender"
	"sekisho/internal/store"
	"sekisho/rules"
)

// firm is a site with the conversations of TestLong in internal/ledger: each has one of its correspondents, three to an organisation.
type firm struct {
	n    int
	at   time.Time
	site message.Site
}

func newFirm(n int) *firm {
	return &firm{n, time.Date(2026, 5, 11, 9, 0, 0, 0, time.UTC), message.Site{
		LocalDomains: []string{"us.example"}, InternalNetworks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, AuthservID: "mx.us.example",
	}}
}

func (o *firm) id(i int) string { return fmt.Sprintf("%08x.%06x@us.example", i, i*7919%0xFFFFFF) }

func (o *firm) partner(i int) string {
	i %= max(1, o.n/10)
	return fmt.Sprintf("person%d@company%d.example", i, i/3)
}

// sent are mails of ours that begin the conversations.
func (o *firm) sent() []ledger.Sent {
	list := make([]ledger.Sent, o.n)
	for i := range list {
		to := []string{o.partner(i)}
		list[i] = ledger.Sent{Time: time.Now().Add(-time.Hour), From: "clerk@us.example", MessageID: o.id(i), Subject: "matter " + strconv.Itoa(i), To: to, Rcpts: to}
	}
	return list
}

const quoted = "\r\n> On Monday Clerk <clerk@us.example> wrote:\r\n> Would Thursday suit you for the visit?\r\n> We are on the third floor, please ring.\r\n"

// mail is one of a day: of four, two answer ours, one is a stranger's, and one is ours.
func (o *firm) mail(r *rand.Rand, number uint64) (filter.Session, []byte) {
	i := r.IntN(o.n)
	partner, id := o.partner(i), fmt.Sprintf("%x.%x", number, r.Uint64())
	text := fixture.TextPart("Dear colleague,\r\n\r\nthank you, that suits us well.\r\n" + string(fixture.Base64(fixture.Noise(2000))) + quoted)
	m := fixture.Message("Person "+strconv.Itoa(i)+" <"+partner+">", "clerk@us.example", "Re: matter "+strconv.Itoa(i), text)
	e := message.Envelope{Time: o.at, MailFrom: partner, Rcpts: []string{"clerk@us.example"}, ClientIP: netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})}
	switch number % 4 {
	case 0, 1:
		m.Fields = append(m.Fields, "References: <"+o.id(i)+"> <other@company.example>", "In-Reply-To: <"+o.id(i)+">")
	case 2:
		e.MailFrom = fmt.Sprintf("s%x@stranger%x.example", r.Uint64(), i)
		m.Fields[0], m.Fields[2] = "From: Stranger <"+e.MailFrom+">", "Subject: a question"
	case 3:
		e = message.Envelope{Time: o.at, MailFrom: "clerk@us.example", Rcpts: []string{partner}, ClientIP: netip.MustParseAddr("10.0.0.9")}
		m.Fields[0], m.Fields[1], m.Fields[2] = "From: Clerk <clerk@us.example>", "To: "+partner, "Subject: matter "+strconv.Itoa(i)
	}
	domain := address.Domain(e.MailFrom)
	m.Fields[4] = "Message-ID: <" + id + "@" + domain + ">"
	m.Fields = append([]string{"Authentication-Results: mx.us.example; spf=pass smtp.mailfrom=" + domain + "; dmarc=pass header.from=" + domain}, m.Fields...)
	return filter.Session{Envelope: e}, m.Bytes()
}

// BenchmarkMemory runs a day's mails through the whole filter without the memory of conversations and with it, each mail through both, and reports what the memory
// adds. SEKISHO_LONG_DIR and SEKISHO_LONG name the folder that TestLong of internal/ledger has filled, and how many mails are in it.
func BenchmarkMemory(b *testing.B) {
	n, dir := 5000, os.Getenv("SEKISHO_LONG_DIR")
	if dir != "" {
		var err error
		if n, err = strconv.Atoi(os.Getenv("SEKISHO_LONG")); err != nil {
			b.Fatal(err)
		}
	}
	o := newFirm(n)
	talks := o.memory(b, dir)
	scanner, err := inspect.New(inspect.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { scanner.Close() })
	filters := [2]*filter.Filter{
		filter.New(filter.Options{Scanner: scanner, Site: o.site, Mode: rules.ModeEnforce}),
		filter.New(filter.Options{Scanner: scanner, Site: o.site, Mode: rules.ModeEnforce, Conversations: talks}),
	}
	for _, workers := range []int{1, 2, 4} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			c := &comparison{}
			var wg sync.WaitGroup
			for w := range workers {
				wg.Go(func() {
					r := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) // what was learned before teaches nothing
					for i := w; i < b.N; i += workers {
						s, mail := o.mail(r, uint64(i))
						c.add(b, filters, s, mail, i/4%2)
					}
				})
			}
			wg.Wait()
			c.report(b)
		})
	}
}

// memory opens the memory of a folder, or makes a small one.
func (o *firm) memory(b *testing.B, dir string) *ledger.Conversations {
	b.Helper()
	fresh := dir == ""
	if fresh {
		dir = b.TempDir()
	}
	st, err := store.Open(b.Context(), dir)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { st.Close() })
	talks, err := ledger.OpenConversations(b.Context(), st, ledger.ConversationOptions{Neighbours: sender.Neighbours})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { talks.Close() })
	talks.SetLocal(func(a string) bool { return strings.HasSuffix(a, "@us.example") })
	if fresh {
		if _, err := talks.ImportSent(b.Context(), o.sent()); err != nil {
			b.Fatal(err)
		}
	}
	return talks
}

// comparison is how long the same mails took two filters.
type comparison struct {
	mu   sync.Mutex
	took [2][]time.Duration
	late int // mails that the memory did not answer, or not learn, in time
}

// add runs a mail through both. Which is first alternates: the second finds what is read in the caches.
func (c *comparison) add(b *testing.B, filters [2]*filter.Filter, s filter.Session, mail []byte, first int) {
	var took [2]time.Duration
	var errs [2]error
	for _, i := range []int{first, 1 - first} {
		took[i], errs[i] = pass(b.Context(), filters[i], s, mail)
	}
	if errs[0] != nil {
		b.Error(errs[0])
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, d := range took {
		c.took[i] = append(c.took[i], d)
	}
	if errs[1] != nil {
		c.late++
	}
}

// pass runs one mail through a filter, to what is learned of it.
func pass(ctx context.Context, f *filter.Filter, s filter.Session, mail []byte) (time.Duration, error) {
	begun := time.Now()
	res, err := f.Message(ctx, s, bytes.NewReader(mail))
	if err != nil {
		return 0, err
	}
	_, err = f.Remember(ctx, res, true, "")
	if err == nil && res.Conversation != nil {
		err = res.Conversation.Err
	}
	took := time.Since(begun)
	res.Raw.Close()
	return took, err
}

func (c *comparison) report(b *testing.B) {
	for i, name := range []string{"without", "with"} {
		slices.Sort(c.took[i])
		for _, q := range []float64{.5, .99} {
			b.ReportMetric(c.at(i, q), fmt.Sprintf("%s-p%.0f-µs", name, 100*q))
		}
	}
	b.ReportMetric(c.at(1, .5)-c.at(0, .5), "added-p50-µs")
	b.ReportMetric(c.at(1, .99)-c.at(0, .99), "added-p99-µs")
	b.ReportMetric(float64(c.late), "late")
}

func (c *comparison) at(i int, q float64) float64 {
	return float64(c.took[i][int(q*float64(len(c.took[i])-1))].Nanoseconds()) / 1000
}
