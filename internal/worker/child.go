package worker

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
)

// Job is work for a child: it reads in and sends what it finds. Its error goes back to the parent; a *Fault keeps its class.
type Job func(args []byte, in *Input, out *Output) error

const (
	envMark = "SEKISHO_WORKER" // memory and processor time of the child, in bytes and seconds
	argMark = "(worker)"       // what ps shows
)

// Main does nothing in an ordinary process. In a child it does the job and exits. It comes first in main, and in the TestMain of packages that
// start workers.
func Main(jobs map[string]Job) {
	limits, marked := os.LookupEnv(envMark)
	if !marked || len(os.Args) != 2 || os.Args[1] != argMark {
		return
	}
	// A service manager, or a person, may ask all processes of the service to end or to read their settings anew: the daemon finishes the messages in
	// work, and ends its children itself.
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	os.Exit(child(limits, jobs, os.Stdin, os.Stdout))
}

// Exit codes of a child; 2 is the runtime's.
const (
	exitDone  = 0
	exitSetup = 3
	exitPipe  = 4
)

func child(limits string, jobs map[string]Job, r io.Reader, w io.Writer) int {
	if err := confine(limits); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitSetup
	}
	c := &wire{r: bufio.NewReader(r), w: w}
	if c.send(frameHello, []byte(helloText)) != nil {
		return exitPipe
	}
	h, err := c.job()
	if err != nil {
		return exitPipe
	}
	err = run(jobs, h, c)
	if c.send(frameQuit, faultBytes(err)) != nil {
		return exitPipe
	}
	return exitDone
}

func (w *wire) job() (hello, error) {
	kind, n, err := w.header(maxJob + chunk)
	if err != nil {
		return hello{}, err
	}
	b, err := w.body(n)
	if err != nil {
		return hello{}, err
	}
	h, ok := parseHello(b)
	if kind != frameJob || !ok {
		return hello{}, errFrame
	}
	return h, nil
}

func run(jobs map[string]Job, h hello, c *wire) (err error) {
	job := jobs[h.job]
	if job == nil {
		return &Fault{classOther, fmt.Sprintf("worker: no job %q", h.job)}
	}
	defer func() {
		if r := recover(); r != nil {
			err = &Fault{classPanic, fmt.Sprint(r)}
		}
	}()
	return job(h.args, &Input{c: c, size: h.size}, &Output{c})
}

// confine sets the limits of the process: "memory:seconds".
func confine(limits string) error {
	memory, seconds, _ := strings.Cut(limits, ":")
	m, err := strconv.ParseUint(memory, 10, 63)
	if err != nil {
		return fmt.Errorf("worker: limits: %w", err)
	}
	s, err := strconv.ParseUint(seconds, 10, 32)
	if err != nil {
		return fmt.Errorf("worker: limits: %w", err)
	}
	debug.SetMemoryLimit(int64(m) / 4 * 3) // the collector's garbage must not be what breaks the limit
	debug.SetMaxStack(int(m) / 8)
	return setLimits(m, s)
}

// Input is the file, as the parent gives it out. It is an io.ReaderAt, for one goroutine.
type Input struct {
	c      *wire
	size   int64
	blocks [cached]block
	next   int
	asked  error // the pipe's error: nothing works after it
}

// block is a piece of the file that is kept: decoders read little at a time, and BCJ2 at four places in turn.
type block struct {
	at   int64
	data []byte // nil for none
}

const cached = 8 // blocks of a chunk: half a megabyte

// Size is the file's.
func (in *Input) Size() int64 { return in.size }

// ReadAt is io.ReaderAt.
func (in *Input) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("worker: a negative offset")
	}
	for n < len(p) && off < in.size {
		b, err := in.block(off - off%chunk)
		if err != nil {
			return n, err
		}
		got := 0
		if at := int(off % chunk); at < len(b) {
			got = copy(p[n:], b[at:])
		}
		if got == 0 {
			break
		}
		n, off = n+got, off+int64(got)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (in *Input) block(at int64) ([]byte, error) {
	for _, b := range in.blocks {
		if b.data != nil && b.at == at {
			return b.data, nil
		}
	}
	b, err := in.ask(at)
	if err != nil {
		return nil, err
	}
	in.blocks[in.next] = block{at, b}
	in.next = (in.next + 1) % cached
	return b, nil
}

func (in *Input) ask(at int64) ([]byte, error) {
	if in.asked != nil {
		return nil, in.asked
	}
	var kind byte
	var n int
	in.asked = in.c.send(frameRead, binary.LittleEndian.AppendUint64(nil, uint64(at)))
	if in.asked == nil {
		kind, n, in.asked = in.c.header(chunk)
	}
	if in.asked == nil && kind != frameBytes {
		in.asked = errFrame
	}
	if in.asked != nil {
		return nil, in.asked
	}
	var b []byte
	b, in.asked = in.c.body(n)
	return b, in.asked
}

// Listen waits for what the parent tells. Its error ends the job.
func (in *Input) Listen() ([]byte, error) {
	if in.asked != nil {
		return nil, in.asked
	}
	kind, n, err := in.c.header(maxItem)
	if err == nil && kind != frameTell {
		err = errFrame
	}
	if in.asked = err; err != nil {
		return nil, err
	}
	return in.c.body(n)
}

// Output takes what a job finds.
type Output struct{ c *wire }

// Item sends a record and its content; content may be nil. fault is asked for the content's error, so that the job can say what class it is of. The
// error returned is the pipe's, and ends the job.
func (o *Output) Item(record []byte, content io.Reader, fault func(error) error) error {
	if len(record) > maxItem {
		return fmt.Errorf("%w: an item of %d bytes", errFrame, len(record))
	}
	if err := o.c.send(frameItem, record); err != nil {
		return err
	}
	broken, err := o.content(content)
	if err != nil {
		return err
	}
	if broken != nil {
		broken = fault(broken)
	}
	return o.c.send(frameEnd, faultBytes(broken))
}

func (o *Output) content(r io.Reader) (broken, err error) {
	if r == nil {
		return nil, nil
	}
	buf := make([]byte, chunk)
	for idle := 0; idle < maxIdle; {
		n, broken := r.Read(buf)
		if idle++; n > 0 {
			idle = 0
			if err := o.c.send(frameData, buf[:n]); err != nil {
				return nil, err
			}
		}
		switch {
		case errors.Is(broken, io.EOF):
			return nil, nil
		case broken != nil:
			return broken, nil
		}
	}
	return io.ErrNoProgress, nil
}

const maxIdle = 100 // as bufio: a reader that gives nothing so often is stuck
