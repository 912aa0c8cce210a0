package worker

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Stream is a child at work, as its parent sees it.
type Stream struct {
	ctx    context.Context
	cmd    *exec.Cmd
	c      wire
	pipes  [2]*os.File
	last   lastWords
	in     io.ReaderAt
	size   int64
	cpu    time.Duration // the child's limit
	done   func(used time.Duration)
	inItem bool
	left   int   // bytes of the data frame that is being read
	end    error // once it is over: io.EOF, or why
}

// Next is the next item's record; what is left of the content before it is skipped. At the end of the work it is io.EOF. The other errors are the
// context's, the file's, a *Fault of the job and a *DiedError; after one there is nothing more.
func (s *Stream) Next() ([]byte, error) {
	for s.inItem {
		if _, err := io.Copy(io.Discard, s.content()); err != nil && s.end != nil {
			return nil, s.end
		}
	}
	kind, n, err := s.frame()
	if err != nil {
		return nil, err
	}
	switch kind {
	case frameQuit:
		return nil, s.quit(n)
	case frameItem:
		b, err := s.c.body(n)
		if err != nil {
			return nil, s.over(err)
		}
		s.inItem = true
		return b, nil
	}
	return nil, s.over(fmt.Errorf("%w: %q", errFrame, kind))
}

// quit is the end of the work, in an item where the job fell over.
func (s *Stream) quit(n int) error {
	b, err := s.c.body(n)
	if err != nil {
		return s.over(err)
	}
	if s.end = parseFault(b); s.end == nil {
		s.end = io.EOF
	}
	return s.end
}

// Tell gives the child what its job listens for. Where the child has died meanwhile, Next says so.
func (s *Stream) Tell(b []byte) error {
	if len(b) > maxItem {
		return fmt.Errorf("%w: %d bytes to tell", errFrame, len(b))
	}
	if s.end == nil {
		_ = s.c.send(frameTell, b)
	}
	return nil
}

// content is Stream without its other methods.
func (s *Stream) content() io.Reader { return struct{ io.Reader }{s} }

// Read reads the content of the item. At its end it is io.EOF, or the *Fault that the job met there; the next item can then be asked for.
func (s *Stream) Read(p []byte) (int, error) {
	for s.left == 0 {
		if !s.inItem {
			return 0, io.EOF
		}
		kind, n, err := s.frame()
		switch {
		case err != nil:
			return 0, err
		case kind == frameEnd:
			return 0, s.itemEnd(n)
		case kind == frameQuit:
			if err := s.quit(n); !errors.Is(err, io.EOF) {
				return 0, err
			}
			return 0, io.ErrUnexpectedEOF
		case kind != frameData:
			return 0, s.over(fmt.Errorf("%w: %q", errFrame, kind))
		}
		s.left = n
	}
	n, err := s.c.r.Read(p[:min(len(p), s.left)])
	if s.left -= n; err != nil {
		err = s.over(err)
	}
	return n, err
}

func (s *Stream) itemEnd(n int) error {
	b, err := s.c.body(n)
	if err != nil {
		return s.over(err)
	}
	s.inItem = false
	if err := parseFault(b); err != nil {
		return err
	}
	return io.EOF
}

// frame is the next frame that is no question.
func (s *Stream) frame() (kind byte, n int, err error) {
	for s.end == nil {
		kind, n, err := s.c.header(chunk)
		if err != nil {
			return 0, 0, s.over(err)
		}
		if kind != frameRead {
			return kind, n, nil
		}
		if err := s.answer(n); err != nil {
			return 0, 0, s.over(err)
		}
	}
	return 0, 0, s.end
}

// fileError is an error of the file that the child reads: not the child's fault.
type fileError struct{ error }

// answer gives the child a piece of the file.
func (s *Stream) answer(n int) error {
	b, err := s.c.body(n)
	if err != nil || n != 8 {
		return fmt.Errorf("%w: a question of %d bytes", errFrame, n)
	}
	off := int64(binary.LittleEndian.Uint64(b))
	if off < 0 || off >= s.size {
		return fmt.Errorf("%w: asks for %d", errFrame, off)
	}
	piece := make([]byte, min(chunk, s.size-off))
	got, err := s.in.ReadAt(piece, off)
	if err != nil && !errors.Is(err, io.EOF) {
		return fileError{err}
	}
	return s.c.send(frameBytes, piece[:got])
}

// over ends the stream: it says why there is nothing more.
func (s *Stream) over(err error) error {
	if s.end != nil {
		return s.end
	}
	s.stop()
	var file fileError
	switch {
	case errors.As(err, &file):
		s.end = file.error
	case s.ctx.Err() != nil:
		s.end = s.ctx.Err()
	case errors.Is(err, errFrame):
		s.end = &DiedError{Text: err.Error()}
	default:
		s.end = s.last.death(s.cmd.ProcessState, s.cpu)
	}
	return s.end
}

// Close ends the child, whatever it is doing.
func (s *Stream) Close() error {
	s.stop()
	if s.end == nil {
		s.end = os.ErrClosed
	}
	return nil
}

// stop kills the child and waits until it is gone. A second call does nothing.
func (s *Stream) stop() {
	if s.done == nil {
		return
	}
	kill(s.cmd)
	_ = s.cmd.Wait() // its word is in ProcessState
	s.pipes[0].Close()
	s.pipes[1].Close()
	s.done(s.cmd.ProcessState.UserTime() + s.cmd.ProcessState.SystemTime())
	s.done = nil
}

// kill ends the child's whole process group.
func kill(c *exec.Cmd) {
	if err := syscall.Kill(-c.Process.Pid, syscall.SIGKILL); err != nil {
		_ = c.Process.Kill() // it has not come to have a group
	}
}

const self = "/proc/self/exe" // the binary that runs, also when the file was replaced by a newer one

func start(ctx context.Context, o Options, h hello) (*Stream, error) {
	if len(h.args) > maxJob {
		return nil, fmt.Errorf("%w: arguments of %d bytes", ErrStart, len(h.args))
	}
	s := &Stream{ctx: ctx, cmd: exec.CommandContext(ctx, self, argMark), cpu: (o.CPU + time.Second - 1).Truncate(time.Second)}
	c := s.cmd
	c.Args[0] = "sekisho"
	c.Env = []string{
		fmt.Sprintf("%s=%d:%d", envMark, o.Memory, s.cpu/time.Second),
		"GOTRACEBACK=none", "GOMAXPROCS=1", // one parser, one thread
	}
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { kill(c); return nil }
	c.WaitDelay = time.Second
	c.Stderr = &s.last
	if err := s.connect(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w: %w", ErrStart, err)
	}
	s.done = func(time.Duration) {}
	if err := s.greet(h); err != nil {
		return nil, err
	}
	return s, nil
}

// connect starts the child with its pipes.
func (s *Stream) connect() error {
	in, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer in.Close()
	read, out, err := os.Pipe()
	if err != nil {
		write.Close()
		return err
	}
	defer out.Close()
	s.cmd.Stdin, s.cmd.Stdout = in, out
	s.pipes = [2]*os.File{write, read}
	s.c = wire{r: bufio.NewReaderSize(read, chunk), w: write}
	if err := s.cmd.Start(); err != nil {
		write.Close()
		read.Close()
		return err
	}
	return nil
}

// greet makes sure that the child is a worker, and gives it its work.
func (s *Stream) greet(h hello) error {
	kind, n, err := s.c.header(len(helloText))
	if err == nil && kind == frameHello {
		var b []byte
		if b, err = s.c.body(n); err == nil && string(b) == helloText {
			err = s.c.send(frameJob, h.bytes())
			if err == nil {
				return nil
			}
		}
	}
	if err == nil {
		err = errFrame
	}
	err = s.over(err)
	if s.ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("%w: %w", ErrStart, err)
}

// lastWords keeps the beginning of what a child writes when it dies.
type lastWords struct{ b bytes.Buffer }

const maxWords = 1 << 10 // the runtime's message stands first

func (l *lastWords) Write(p []byte) (int, error) {
	l.b.Write(p[:min(len(p), maxWords-l.b.Len())])
	return len(p), nil
}

// death says how the child ended.
func (l *lastWords) death(p *os.ProcessState, cpu time.Duration) *DiedError {
	text, _, _ := strings.Cut(l.b.String(), "\n")
	if text == "" {
		text = p.String()
	}
	status, _ := p.Sys().(syscall.WaitStatus)
	return &DiedError{
		// The runtime does not always notice that it got no memory; a fault in code of Go itself would be a panic.
		Memory: strings.Contains(text, "out of memory") || strings.Contains(text, "cannot allocate memory") || strings.HasPrefix(text, "SIGSEGV"),
		CPU:    status.Signal() == syscall.SIGKILL && p.UserTime()+p.SystemTime() >= cpu/2, // the kernel's two clocks differ
		Text:   text,
	}
}
