package bench

import (
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sekisho/internal/budget"
	"sekisho/internal/fixture"
	"sekisho/internal/miltertest"
)

// heavyMail is a mail whose attachment unpacks to a document of size bytes, no two blocks of which are equal: about a second of a processor a gigabyte.
func heavyMail(size int64) miltertest.Mail {
	doc := fixture.PaddedOLE{File: fixture.DocVBA(macro), Size: size, Directory: fixture.End}.Content()
	doc.Fill = fixture.Noise(32_749)
	return attached("invoice.zip", fixture.ZipOf("a.doc", doc.Reader()))
}

func attached(name string, data []byte) miltertest.Mail {
	m := fixture.Message("Sato <sato@example.net>", "mori@example.org", "invoice", fixture.TextPart("See the file.\r\n"),
		fixture.FilePart(name, "application/octet-stream", data))
	return miltertest.FromBytes("sato@example.net", []string{"mori@example.org"}, m.Bytes())
}

func smallMail() miltertest.Mail {
	return miltertest.FromBytes("sato@example.net", []string{"mori@example.org"}, workloads()["text5K"].Bytes())
}

// crowd sends mails at once, each over a connection of its own, and counts the answers.
type crowd struct {
	wg   sync.WaitGroup
	done atomic.Int64
}

func (c *crowd) send(t testing.TB, l net.Listener, mails ...miltertest.Mail) {
	for _, m := range mails {
		c.wg.Go(func() {
			defer c.done.Add(1)
			s, err := dial(l)
			if err == nil {
				s.Timeout = time.Minute
				_, err = s.Send(m)
			}
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func dial(l net.Listener) (*miltertest.Session, error) {
	s, err := miltertest.Dial("unix", l.Addr().String(), miltertest.Postfix())
	if err != nil {
		return nil, err
	}
	if _, err := s.Connect("client.example.com", '4', 40000, "192.0.2.1"); err != nil {
		return nil, err
	}
	_, err = s.Helo("client.example.com")
	return s, err
}

// watched notes the most that a budget ever had in use, until stop is called.
func watched(m *budget.Budget) (stop func() budget.Stats) {
	end, most := make(chan struct{}), make(chan budget.Stats)
	go func() {
		var top budget.Stats
		for {
			s := m.Stats()
			top.Running, top.Used = max(top.Running, s.Running), max(top.Used, s.Used)
			select {
			case <-end:
				most <- top
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	return func() budget.Stats { close(end); return <-most }
}

// TestSmallMailPassesHeavyMail holds the order, not the time: beside eight heavy mails in work, small ones go through before the first of the heavy ones is
// far from done, and no more heavy ones than there are turns have a processor.
func TestSmallMailPassesHeavyMail(t *testing.T) {
	m := budget.New(budget.Options{Free: time.Millisecond})
	l := listen(t, serveUnder(t, m))
	stop := watched(m)
	var heavy crowd
	mail := heavyMail(96 << 20)
	heavy.send(t, l, slices.Repeat([]miltertest.Mail{mail}, 8)...)
	for end := time.Now().Add(30 * time.Second); m.Stats().WaitingTurn == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no heavy mail waits for a turn")
		}
	}
	s, err := dial(l)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := s.Send(smallMail()); err != nil {
			t.Fatal(err)
		}
	}
	if n := heavy.done.Load(); n > 4 {
		t.Errorf("%d of 8 heavy mails were done before 20 small ones", n)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	heavy.wg.Wait()
	most, now := stop(), m.Stats()
	if most.Running > now.Turns {
		t.Errorf("%d heavy mails had a processor, of %d turns", most.Running, now.Turns)
	}
	if now.Used != 0 || now.Running != 0 {
		t.Errorf("at the end %+v", now)
	}
}

// TestHostileMailsAtOnceStayInTheBudget sends 32 hostile mails at once to a gateway with the least memory: each is answered, and they never take more together.
func TestHostileMailsAtOnceStayInTheBudget(t *testing.T) {
	m := budget.New(budget.Options{Memory: budget.MemoryLeast, Free: time.Millisecond})
	l := listen(t, serveUnder(t, m))
	stop := watched(m)
	var mails []miltertest.Mail
	kinds := []miltertest.Mail{
		attached("overlapping.zip", fixture.ZipBombOverlapping(200, 1<<20)), attached("deep.zip", fixture.ZipBombNested(100, 1, 1<<20)),
		attached("macros.doc", growing["doc-vba"](16_000)), attached("lzma.zip", growing["zip-lzma"](4_000)),
	}
	for range 8 {
		mails = append(mails, kinds...)
	}
	var all crowd
	all.send(t, l, mails...)
	all.wg.Wait()
	most, now := stop(), m.Stats()
	if n := all.done.Load(); n != int64(len(mails)) {
		t.Errorf("%d answers", n)
	}
	if most.Used > now.Limit || most.Used == 0 {
		t.Errorf("%d bytes at once, of %d", most.Used, now.Limit)
	}
	if now.Used != 0 || now.Running != 0 || now.WaitingRoom+now.WaitingTurn != 0 {
		t.Errorf("at the end %+v", now)
	}
}

// BenchmarkTail sends small mails alone, then beside eight heavy ones that are sent over and over: p99 is what the sender of a small mail waits. Without a
// budget the heavy ones have what the runtime gives them.
func BenchmarkTail(b *testing.B) {
	for _, c := range []struct {
		name   string
		budget *budget.Budget
		heavy  int
	}{{"alone", budget.New(budget.Options{}), 0}, {"beside-heavy", budget.New(budget.Options{}), 8}, {"beside-heavy-without-budget", nil, 8}} {
		b.Run(c.name, func(b *testing.B) {
			l := listen(b, serveUnder(b, c.budget))
			stop := busy(b, l, c.heavy)
			defer stop()
			s, err := dial(l)
			if err != nil {
				b.Fatal(err)
			}
			mail := smallMail()
			var took []time.Duration
			for b.Loop() {
				begun := time.Now()
				if _, err := s.Send(mail); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(begun))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}

// busy keeps n heavy mails in work until it is told to stop.
func busy(b *testing.B, l net.Listener, n int) (stop func()) {
	var wg sync.WaitGroup
	var ended atomic.Bool
	var mail miltertest.Mail
	if n > 0 {
		mail = heavyMail(512 << 20)
	}
	for range n {
		wg.Go(func() {
			s, err := dial(l)
			if err != nil {
				b.Error(err)
				return
			}
			s.Timeout = time.Minute
			for !ended.Load() {
				if _, err := s.Send(mail); err != nil {
					b.Error(err)
					return
				}
			}
			if err := s.Close(); err != nil {
				b.Error(err)
			}
		})
	}
	time.Sleep(time.Second) // until they are all in work
	return func() { ended.Store(true); wg.Wait() }
}
