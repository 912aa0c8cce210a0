package inspect

import (
	"context"
	"time"

	"sekisho/internal/budget"
	"sekisho/internal/xlm"
	"sekisho/zipinspect"
)

// paced is the context of a scan at work. Asking for its error, which every loop over content does, is a checkpoint of the message's budget.Work: a scan
// that has used much waits there while others have their turn.
type paced struct {
	context.Context
	s *Scan
}

// Err is the context's. Other goroutines ask for it behind Done only, when nothing waits any more.
func (c paced) Err() error {
	if err := c.Context.Err(); err != nil || !c.s.work.Due() {
		return err
	}
	defer c.s.watch.pause()()
	return c.s.work.Turn(c.Context)
}

// stopwatch ends a context after some time, in which waiting for others does not count: whether a file's time suffices depends on the file.
type stopwatch struct {
	left  time.Duration
	since time.Time
	timer *time.Timer
}

func (w *stopwatch) start(left time.Duration, end func()) {
	if w.left, w.since, w.timer = left, time.Now(), time.AfterFunc(left, end); left <= 0 {
		end() // now, not when the timer comes to it
	}
}

// stop returns the time that was left.
func (w *stopwatch) stop() time.Duration {
	w.timer.Stop()
	w.left -= time.Since(w.since)
	w.timer = nil
	return w.left
}

// pause stops the time, until the function that it returns is called.
func (w *stopwatch) pause() (goOn func()) {
	if w.timer == nil || !w.timer.Stop() { // not begun, or at its end
		return func() {}
	}
	w.left -= time.Since(w.since)
	return func() {
		w.since = time.Now()
		w.timer.Reset(w.left)
	}
}

// aside does what waits for a worker: others have the processor meanwhile. The worker's time counts.
func (s *Scan) aside(do func()) {
	s.work.Rest()
	defer s.work.Begin()
	do()
}

const (
	workFactor = 4         // times its size is what a document and what is read from it take: most of the corpus take less, few take eight times
	workFree   = 256 << 10 // below it a message takes what it needs: documents of 64 KB, which is most of them
)

// room takes memory for the inspection of f. It may wait.
func (s *Scan) room(ctx context.Context, f *File) error {
	if heavy(f) {
		defer s.watch.pause()()
		return s.work.Heavy(ctx)
	}
	return s.roomFor(ctx, f.Size)
}

// roomFor takes memory for work on content of that size.
func (s *Scan) roomFor(ctx context.Context, size int64) error {
	if size < workFree/workFactor {
		return nil
	}
	defer s.watch.pause()()
	return s.work.Room(ctx, size*workFactor)
}

// heavy reports whether f is of a format whose decoder takes memory by the file's word, or that a worker opens: heavy room comes before a worker.
func heavy(f *File) bool {
	switch f.Kind {
	case KindZstd, Kind7z, KindRAR, KindXZ, KindLZMA, KindLZip:
		return true
	}
	return f.joined.format != "" || f.archive != nil && hasHeavy(f.archive)
}

const oldZstd = 20 // APPNOTE 4.4.5

func hasHeavy(a *zipinspect.Archive) bool {
	for i := range a.Entries {
		switch a.Entries[i].Method {
		case zipinspect.LZMA, zipinspect.XZ, zipinspect.Zstd, oldZstd, zipinspect.PPMd:
			return true
		}
	}
	return false
}

// code is what is read as a whole, with no checkpoint on the way or few, and what a unit of it costs. Measured on the documents of bench's doubling.
type code struct {
	time  time.Duration
	bytes int64
}

var (
	codeVBA    = code{100 * time.Nanosecond, 16}        // a byte of a module's source
	codeCells  = code{40 * time.Microsecond, 600}       // a cell of a workbook with macro sheets
	codeScript = code{170 * time.Nanosecond, 4}         // a byte of a script or page
	codeText   = code{60 * time.Nanosecond, workFactor} // a byte of a mail's text
)

// before takes what n units of code will need. It may wait. done is called when they are read; between the two nothing waits for memory or workers.
func (s *Scan) before(ctx context.Context, c code, n int64) (done func(), err error) {
	defer s.watch.pause()()
	done = func() {}
	switch size := n * c.bytes; {
	case size < workFree:
	case size <= budget.OrdinaryMost:
		err = s.work.Room(ctx, size)
	default:
		done, err = s.work.Alone(ctx)
	}
	if err == nil && s.work.Ahead(time.Duration(n)*c.time) {
		if err = s.work.Turn(ctx); err != nil {
			done()
		}
	}
	return done, err
}

func (s *Scan) judging(ctx context.Context) func(int64) (func(), error) {
	return func(n int64) (func(), error) { return s.before(ctx, codeVBA, n) }
}

// cellsOf is how many cells of a workbook are judged.
func cellsOf(w *xlm.Workbook) (n int64) {
	for i := range w.Sheets {
		n += int64(len(w.Sheets[i].Cells))
	}
	return n
}
