package mtatest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
)

// Tap stands on the milter socket between the MTA and the filter, and counts round trips: each time the MTA has spoken, waits, and gets an
// answer is one. What the filter says in one go, modifications included, is one answer.
type Tap struct {
	l  net.Listener
	to string
	wg sync.WaitGroup

	mu    sync.Mutex
	asked map[net.Conn]bool // MTA-side connections whose last bytes came from the MTA
	trips int
}

// NewTap listens on the Unix socket path and passes connections on to the filter's socket.
func NewTap(path, filter string) (*Tap, error) {
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("mtatest: tap: %w", err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	t := &Tap{l: l, to: filter, asked: map[net.Conn]bool{}}
	t.wg.Go(t.serve)
	return t, nil
}

// Trips is the number of round trips so far.
func (t *Tap) Trips() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.trips
}

// Close ends the tap and its connections.
func (t *Tap) Close() error {
	err := t.l.Close()
	t.mu.Lock()
	for c := range t.asked {
		c.Close()
	}
	t.mu.Unlock()
	t.wg.Wait()
	return err
}

func (t *Tap) serve() {
	for {
		mta, err := t.l.Accept()
		if err != nil {
			return
		}
		filter, err := net.Dial("unix", t.to)
		if err != nil {
			mta.Close()
			continue
		}
		t.mu.Lock()
		t.asked[mta] = false
		t.mu.Unlock()
		t.wg.Go(func() { t.copy(mta, filter, mta, true) })
		t.wg.Go(func() { t.copy(filter, mta, mta, false) })
	}
}

// copy passes one direction on until either side ends, and then ends both.
func (t *Tap) copy(from, to, mta net.Conn, asks bool) {
	defer from.Close()
	defer to.Close()
	buf := make([]byte, 128<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			t.note(mta, asks)
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (t *Tap) note(mta net.Conn, asks bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !asks && t.asked[mta] {
		t.trips++
	}
	t.asked[mta] = asks
}
