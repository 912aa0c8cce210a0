package archive

import (
	"context"
	"errors"
	"io"
	"time"

	"sekisho/internal/worker"
)

// Lock tries passwords on an archive, in one child as long as that lives. It must be closed.
type Lock struct {
	s     *Session
	ctx   context.Context
	from  Source
	pick  int
	wait  time.Duration
	w     *worker.Stream // nil until it is needed
	close context.CancelFunc
}

// A wrong password makes noise of the data, on which a decoder may take long, take too much memory or fall over. A try that takes provedIn times what
// it should and provedMin is given up, and so is the child.
const (
	provedIn  = 10
	provedMin = 2 * time.Second
)

// Lock makes ready to try passwords. pick is the member to try them on (RARInfo.Pick); a 7z archive's is found in the child. A try takes about cost.
func (s *Session) Lock(ctx context.Context, from Source, pick int, cost time.Duration) *Lock {
	return &Lock{s: s, ctx: ctx, from: from, pick: pick, wait: provedMin + provedIn*cost}
}

// Opens reports whether a password opens the archive: a checksum or check value agrees. The error is the context's, the file's, or an *Error
// where no password can be tried.
func (l *Lock) Opens(password string) (bool, error) {
	if l.w == nil {
		if err := l.open(); err != nil {
			return false, err
		}
	}
	if err := l.w.Tell([]byte(password)); err != nil {
		return false, nil // longer than any password
	}
	timer := time.AfterFunc(l.wait, l.close)
	b, err := l.w.Next()
	timer.Stop()
	var died *worker.DiedError
	switch {
	case err == nil:
		return string(b) == yes, nil
	case errors.As(err, &died), errors.Is(err, context.Canceled) && l.ctx.Err() == nil:
		l.Close()
		return false, nil
	}
	return false, outside(err)
}

// open starts a child and waits until it is ready.
func (l *Lock) open() error {
	ctx, cancel := context.WithCancel(l.ctx)
	r, err := l.s.start(ctx, jobTry, l.from, request{Format: l.from.Format, Offset: l.from.Offset, Pick: l.pick})
	if err != nil {
		cancel()
		return err
	}
	l.w, l.close = r.w, cancel
	if _, err := l.w.Next(); err != nil {
		l.Close()
		if errors.Is(err, io.EOF) {
			err = errors.New("archive: a worker without a word")
		}
		return outside(err)
	}
	return nil
}

// Close ends the child.
func (l *Lock) Close() error {
	if l.w != nil {
		l.w.Close()
		l.close()
		l.w = nil
	}
	return nil
}

const yes = "yes"
