package load

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sekisho/internal/miltertest"
)

// Job is one run of a workload.
type Job struct {
	Network, Addr string
	Mails         []Mail
	Concurrency   int
	For           time.Duration // no message begins later, but for the first Least
	Least         int           // messages at the least: all of Mails, that a slow filter gets the same ones as a fast one
	Most          int           // no more messages than that; 0 for no limit
	Run           string        // makes Message-IDs differ between runs
}

// Stats is what a run brought.
type Stats struct {
	Messages int            `json:"messages"`
	Bytes    int64          `json:"bytes"`
	Seconds  float64        `json:"seconds"`
	PerSec   float64        `json:"per_second"`
	Whole    Quantiles      `json:"whole_ms"`    // first header frame to last reply
	End      Quantiles      `json:"end_ms"`      // end of message to last reply
	Replies  map[string]int `json:"replies"`     // last reply, by the milter protocol's letter
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

// connection is one SMTP client's milter connection and what it measured.
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
	s, err := miltertest.Dial(c.job.Network, c.job.Addr, miltertest.Postfix())
	if err != nil {
		return err
	}
	defer s.Drop()
	s.Timeout = 5 * time.Minute // Postfix: milter_content_timeout
	s.Macros('C', "j", "mx.example.org", "{daemon_name}", "mx.example.org", "v", "Postfix 3.7.11")
	if _, err := s.Connect("client.example.com", '4', 40000, "192.0.2.1"); err != nil {
		return err
	}
	if _, err := s.Helo("client.example.com"); err != nil {
		return err
	}
	for {
		n := int(c.next.Add(1) - 1)
		if n >= c.job.Least && time.Now().After(until) || c.job.Most > 0 && n >= c.job.Most {
			break
		}
		if err := c.send(s, n); err != nil {
			return fmt.Errorf("load: message %d: %w", n, err)
		}
	}
	return s.Close()
}

// send sends the n-th message of the run.
func (c *connection) send(s *miltertest.Session, n int) error {
	m := &c.job.Mails[n%len(c.job.Mails)]
	trips := s.RoundTrips
	begun, end, out, err := s.Timed(m.numbered(c.job.Run, n))
	if err != nil {
		return err
	}
	now := time.Now()
	c.whole, c.end = append(c.whole, now.Sub(begun)), append(c.end, now.Sub(end))
	c.stats.Messages++
	c.stats.Bytes += m.Size
	c.stats.Trips += float64(s.RoundTrips - trips)
	c.stats.Replies[string(rune(out.Code))]++
	c.stats.Verdicts[verdict(out)]++
	return nil
}

// verdict is the first word of the verdict's header field.
func verdict(o miltertest.Outcome) string {
	for _, m := range o.Mods {
		if m.Name == "X-Sekisho-Verdict" {
			word, _, _ := strings.Cut(strings.TrimSpace(m.Value), ";")
			return word
		}
	}
	return ""
}

func (m *Mail) numbered(run string, n int) miltertest.Mail {
	id := run + "." + strconv.Itoa(n)
	header := slices.Clone(m.Header)
	header[m.id].Value = " <" + id + "@example.net>"
	return miltertest.Mail{From: m.From, Rcpts: m.Rcpts, Header: header, Body: m.Body, Macros: map[byte][]string{
		'M': {"{mail_addr}", m.From, "{mail_host}", "example.net", "{mail_mailer}", "smtp"},
		'R': {"{rcpt_addr}", m.Rcpts[0], "{rcpt_host}", "example.org", "{rcpt_mailer}", "local"},
		'N': {"i", id}, 'E': {"i", id},
	}}
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
