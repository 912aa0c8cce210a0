package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/singleflight"
	"golang.org/x/sys/unix"
)

// checkTime is how long a check may take: a disk that does not answer within it does not work.
const checkTime = 3 * time.Second

// Check is one condition of being ready.
type Check struct {
	Name string // short and stable: monitors read it
	Run  func(ctx context.Context) error
}

// State is the answer of /readyz, with the status 200 if ready and 503 if not.
type State struct {
	Ready  bool     `json:"ready"`
	Checks []Result `json:"checks"`
}

// Result is one check's.
type Result struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Reason string `json:"reason,omitempty"`
}

// readiness runs the checks. Requests that come while a check runs share its result.
type readiness struct {
	checks []Check
	runs   singleflight.Group
}

func newReadiness(checks []Check) *readiness { return &readiness{checks: checks} }

// ServeHTTP answers /readyz.
func (r *readiness) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	s := r.state()
	w.Header().Set("Content-Type", "application/json")
	if !s.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	if req.Method == http.MethodHead {
		return
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return // the client went away
	}
}

// state runs all checks side by side.
func (r *readiness) state() State {
	s := State{Ready: true, Checks: make([]Result, len(r.checks))}
	results := make([]<-chan singleflight.Result, len(r.checks))
	for i, c := range r.checks {
		results[i] = r.runs.DoChan(c.Name, func() (any, error) { return nil, guarded(c) })
	}
	ctx, cancel := context.WithTimeout(context.Background(), checkTime)
	defer cancel()
	for i, c := range r.checks {
		err := await(ctx, results[i])
		s.Checks[i] = Result{Name: c.Name, OK: err == nil}
		if err != nil {
			s.Ready, s.Checks[i].Reason = false, err.Error()
		}
	}
	return s
}

// await waits for a result while the context lasts, and takes one that is there in any case.
func await(ctx context.Context, result <-chan singleflight.Result) error {
	select {
	case r := <-result:
		return r.Err
	case <-ctx.Done():
	}
	select {
	case r := <-result:
		return r.Err
	default:
		return errors.New("no answer in " + checkTime.String())
	}
}

// guarded runs a check; a panic is its failure.
func guarded(c Check) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), checkTime)
	defer cancel()
	return c.Run(ctx)
}

// Writable is a check that makes, writes and removes a file in a folder.
func Writable(dir string) func(context.Context) error {
	return func(context.Context) error {
		f, err := os.CreateTemp(dir, ".ready-*")
		if err != nil {
			return err
		}
		_, err = f.Write([]byte("sekisho\n"))
		return errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
}

// Free is a check that a folder's file system has more than least bytes free for an ordinary user.
func Free(dir string, least int64) func(context.Context) error {
	return func(context.Context) error {
		var st unix.Statfs_t
		if err := unix.Statfs(dir, &st); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		if free := int64(st.Bavail) * st.Bsize; free < least {
			return fmt.Errorf("%s: %d bytes free, at least %d wanted", dir, free, least)
		}
		return nil
	}
}
