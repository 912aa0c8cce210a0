package load

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Job is one run of a workload.
type Job struct {
	Open        func() (Client, error) // a connection
	Mails       []Mail
	Concurrency int
	For         time.Duration            // no message begins later, but for the first Least
	Least       int                      // messages at the least: all of Mails, that a slow filter gets the same ones as a fast one
	Most        int                      // no more messages than that; 0 for no limit
	Run         string                   // makes Message-IDs differ between runs
	Each        func(id string, r Reply) // told of every message, from many goroutines; may be nil
}

// Client sends messages over one connection that it keeps.
type Client interface {
	Send(m *Mail, id string) (Reply, error) // id is the Message-ID without brackets and host, and the queue id
	Close() error
}

// Reply is what became of one message.
type Reply struct {
	Begun, End, Last time.Time // the first header frame, the end of the message, the last reply
	Code             string    // the last reply: the milter protocol's letter, or SMTP's number
	Verdict          string    // X-Sekisho-Verdict
	Trips            int       // waits for a reply
}

// Stats is what a run brought.
type Stats struct {
	Messages int            `json:"messages"`
	Bytes    int64          `json:"bytes"`
	Seconds  float64        `json:"seconds"`
	PerSec   float64        `json:"per_second"`
	Whole    Quantiles      `json:"whole_ms"`    // first header frame to last reply
	End      Quantiles      `json:"end_ms"`      // end of message to last reply
	Replies  map[string]int `json:"replies"`     // last reply, as in Reply
	Verdicts map[string]int `json:"verdicts"`    // X-Sekisho-Verdict, "" for none
	Trips    float64        `json:"round_trips"` // a message
}

// Quantiles are in milliseconds.
type Quantiles struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// connection is one client and what it measured.
type connection struct {
	job        *Job
	next       *atomic.Int64
	whole, end []time.Duration
	stats      Stats
}

// Drive runs a job. The error is the first of any connection.
func Drive(j Job) (Stats, error) {
	var (
		next  atomic.Int64
		wg    sync.WaitGroup
		conns = make([]connection, j.Concurrency)
		errs  = make([]error, j.Concurrency)
		begun = time.Now()
	)
	for i := range conns {
		conns[i] = connection{job: &j, next: &next, stats: Stats{Replies: map[string]int{}, Verdicts: map[string]int{}}}
		wg.Go(func() { errs[i] = conns[i].run(begun.Add(j.For)) })
	}
	wg.Wait()
	return sum(conns, time.Since(begun)), errors.Join(errs...)
}

func (c *connection) run(until time.Time) error {
	client, err := c.job.Open()
	if err != nil {
		return err
	}
	for {
		n := int(c.next.Add(1) - 1)
		if n >= c.job.Least && time.Now().After(until) || c.job.Most > 0 && n >= c.job.Most {
			return client.Close()
		}
		m, id := &c.job.Mails[n%len(c.job.Mails)], c.job.Run+"."+strconv.Itoa(n)
		r, err := client.Send(m, id)
		if err != nil {
			return errors.Join(fmt.Errorf("load: message %d: %w", n, err), client.Close())
		}
		c.note(m, r)
		if c.job.Each != nil {
			c.job.Each(id, r)
		}
	}
}

func (c *connection) note(m *Mail, r Reply) {
	c.whole, c.end = append(c.whole, r.Last.Sub(r.Begun)), append(c.end, r.Last.Sub(r.End))
	c.stats.Messages++
	c.stats.Bytes += m.Size
	c.stats.Trips += float64(r.Trips)
	c.stats.Replies[r.Code]++
	c.stats.Verdicts[r.Verdict]++
}

func sum(conns []connection, took time.Duration) Stats {
	s := Stats{Replies: map[string]int{}, Verdicts: map[string]int{}, Seconds: took.Seconds()}
	var whole, end []time.Duration
	for i := range conns {
		c := &conns[i]
		whole, end = append(whole, c.whole...), append(end, c.end...)
		s.Messages += c.stats.Messages
		s.Bytes += c.stats.Bytes
		s.Trips += c.stats.Trips
		for k, v := range c.stats.Replies {
			s.Replies[k] += v
		}
		for k, v := range c.stats.Verdicts {
			s.Verdicts[k] += v
		}
	}
	s.PerSec = float64(s.Messages) / s.Seconds
	s.Trips /= max(1, float64(s.Messages))
	s.Whole, s.End = quantiles(whole), quantiles(end)
	return s
}

func quantiles(d []time.Duration) Quantiles {
	if len(d) == 0 {
		return Quantiles{}
	}
	slices.Sort(d)
	at := func(q float64) float64 {
		return float64(d[min(len(d)-1, int(q*float64(len(d))))].Microseconds()) / 1000
	}
	return Quantiles{at(0.50), at(0.90), at(0.99), at(1)}
}
