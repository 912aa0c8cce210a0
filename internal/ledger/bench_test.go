package ledger

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/store"
)

// world is a made-up site: its n conversations have two mails of ours each on average, with n/10 correspondents in n/30 organisations.
type world struct{ n int }

func (w world) id(i int) string { return fmt.Sprintf("%08x.%06x@us.example", i, i*7919%0xFFFFFF) }

func (w world) partner(i int) string {
	i %= max(1, w.n/10)
	return fmt.Sprintf("person%d@company%d.example", i, i/3)
}

func (w world) sent(i int, now time.Time) Sent {
	to := w.partner(i)
	return Sent{
		Time: now, From: "clerk" + strconv.Itoa(i%500) + "@us.example", MessageID: w.id(i), Subject: "matter " + strconv.Itoa(i),
		To: []string{to}, Rcpts: []string{to}, Names: []string{"clerk" + strconv.Itoa(i%500)},
	}
}

func (w world) question(i int, now time.Time) Question {
	return Question{
		Time: now, From: w.partner(i), Names: []string{"person " + strconv.Itoa(i)}, Refs: []string{w.id(i), "x" + w.id(i), "other@company.example"},
		Subject: "matter " + strconv.Itoa(i), Quoted: []string{"clerk1@us.example", w.partner(i + 1)}, Alike: neighbours("company" + strconv.Itoa(i) + ".example"),
	}
}

func (w world) received(i int, now time.Time) Received {
	return Received{
		Time: now, From: w.partner(i), Names: []string{"person " + strconv.Itoa(i)}, MessageID: fmt.Sprintf("in%d@company.example", i),
		Refs: []string{w.id(i)}, To: []string{"clerk1@us.example"}, Source: "192.0.2.0/24", Passed: true, Known: true,
	}
}

// neighbours stands for sender.Neighbours: each letter left out.
func neighbours(domain string) []string {
	list := []string{domain}
	for i := range domain {
		list = append(list, domain[:i]+"*"+domain[i+1:])
	}
	return list
}

func openBench(tb testing.TB, dir string) *Conversations {
	tb.Helper()
	st, err := store.Open(context.Background(), dir)
	if err != nil {
		tb.Fatal(err)
	}
	c, err := OpenConversations(context.Background(), st, ConversationOptions{Timeout: 30 * time.Second, Neighbours: neighbours})
	if err != nil {
		tb.Fatal(err)
	}
	c.SetLocal(func(a string) bool { return strings.HasSuffix(a, "@us.example") })
	tb.Cleanup(func() {
		c.Close()
		st.Close()
	})
	return c
}

var benchTime = time.Date(2026, 5, 11, 9, 0, 0, 0, time.UTC)

func BenchmarkLearnSent(b *testing.B) {
	c, w := openBench(b, b.TempDir()), world{100_000}
	for i := 0; b.Loop(); i++ {
		if err := c.LearnSent(b.Context(), w.sent(i, benchTime)); err != nil {
			b.Fatal(err)
		}
	}
}

// A mail from outside changes none of the days that are counted.
func BenchmarkLearnReceived(b *testing.B) {
	c, w := openBench(b, b.TempDir()), world{10_000}
	fill(b, c, w)
	for i := 0; b.Loop(); i++ {
		m := w.received(i%w.n, benchTime)
		m.MessageID += strconv.Itoa(i)
		err := c.LearnReceived(b.Context(), m)
		if err == nil && i%maxBatch == 0 { // the queue has an end
			err = c.Flush(b.Context())
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLearnSentByMany(b *testing.B) {
	c, w := openBench(b, b.TempDir()), world{100_000}
	var mu sync.Mutex
	n := 0
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			mu.Lock()
			n++
			i := n
			mu.Unlock()
			if err := c.LearnSent(b.Context(), w.sent(i, benchTime)); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkHash(b *testing.B) {
	h := newHasher(make([]byte, 32))
	b.ReportAllocs()
	for b.Loop() {
		h.of(hashOurs, "0000002a.0012f1@us.example")
	}
}

func BenchmarkAsk(b *testing.B) {
	c, w := openBench(b, b.TempDir()), world{20_000}
	fill(b, c, w)
	for i := 0; b.Loop(); i++ {
		a, err := c.Ask(b.Context(), w.question(i%w.n, benchTime))
		if err != nil || !a.Cited.Party || a.From.Begun == 0 {
			b.Fatal(a, err)
		}
	}
}

// fill writes the rows of a world in the order in which their ids fall, which is none: as the mails of years would.
func fill(tb testing.TB, c *Conversations, w world) {
	tb.Helper()
	ctx := context.Background()
	const chunk = 1_000_000
	for from := 0; from < w.n; from += chunk {
		err := c.tx(ctx, false, func(tx *txn) error {
			if _, err := tx.Exec(`PRAGMA cache_size = -400000`); err != nil {
				return err
			}
			return fillChunk(ctx, c, tx, w, from, min(w.n, from+chunk))
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
}

func fillChunk(ctx context.Context, c *Conversations, tx *txn, w world, from, to int) error {
	b := newBatch(c, tx)
	for i := from; i < to; i++ {
		s := w.sent(i, benchTime.Add(-time.Duration(i%390)*day))
		if i < max(1, w.n/10) { // makes the correspondent
			if err := b.sent(ctx, &s); err != nil {
				return err
			}
			continue
		}
		m := &letter{id: b.sentID(&s), at: s.Time.Unix(), class: mailOurs, subject: b.subjectID(s.Subject)}
		m.parties.add(c.hash.of(hashAddress, s.From), addressee)
		m.parties.add(c.hash.of(hashAddress, s.To[0]), addressee)
		m.parties.add(c.hash.org(s.To[0]), org)
		if err := b.insert(ctx, m); err != nil {
			return err
		}
	}
	err := b.flush(ctx)
	c.known.Store(b.coverage())
	return err
}
