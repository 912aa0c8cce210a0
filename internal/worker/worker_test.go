package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	Main(testJobs())
	goleak.VerifyTestMain(m)
}

// testJobs are the deaths and lives of children.
func testJobs() map[string]Job {
	return map[string]Job{
		"copy":     copyJob,
		"broken":   brokenJob,
		"fault":    func([]byte, *Input, *Output) error { return &Fault{7, "seven"} },
		"panic":    func([]byte, *Input, *Output) error { panic("at the disco") },
		"overflow": func([]byte, *Input, *Output) error { return fmt.Errorf("%d", recurse(1)) },
		"panic amid": func(_ []byte, _ *Input, o *Output) error {
			return o.Item(nil, io.MultiReader(strings.NewReader("x"), readerFunc(func([]byte) (int, error) { panic("amid an item") })), nil)
		},
		"exit":   func([]byte, *Input, *Output) error { os.Exit(9); return nil },
		"memory": memoryJob,
		"spin": func([]byte, *Input, *Output) error {
			for n := uint(1); n != 0; n += 2 {
				_ = n
			}
			return nil
		},
		"sleep": func([]byte, *Input, *Output) error { time.Sleep(time.Hour); return nil },
		"garbage": func(_ []byte, _ *Input, o *Output) error {
			_, err := o.c.w.Write(bytes.Repeat([]byte{0xFF}, 99))
			return err
		},
		"limits": limitsJob,
		"asked to end": func(_ []byte, _ *Input, o *Output) error {
			for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
				if err := syscall.Kill(os.Getpid(), sig); err != nil {
					return err
				}
			}
			time.Sleep(50 * time.Millisecond) // the runtime's own answer to a signal comes late
			return o.Item([]byte("goes on"), nil, nil)
		},
		"double": func(_ []byte, in *Input, out *Output) error {
			for {
				b, err := in.Listen()
				if err != nil {
					return err
				}
				if err := out.Item(append(b, b...), nil, nil); err != nil {
					return err
				}
			}
		},
		"flood": func(_ []byte, _ *Input, o *Output) error {
			for {
				if err := o.Item(nil, bytes.NewReader(make([]byte, chunk)), nil); err != nil {
					return err
				}
			}
		},
	}
}

func recurse(n int) int {
	if n == 0 {
		return 0
	}
	return recurse(n+1) + 1
}

// copyJob sends the file as items of as many bytes as the argument says.
func copyJob(args []byte, in *Input, out *Output) error {
	step := int64(args[0]) << 8
	for at := int64(0); at < in.Size(); at += step {
		r := io.NewSectionReader(in, at, min(step, in.Size()-at))
		if err := out.Item(fmt.Append(nil, at), r, nil); err != nil {
			return err
		}
	}
	return nil
}

func brokenJob(_ []byte, _ *Input, out *Output) error {
	content := io.MultiReader(strings.NewReader("half"), errReader{errors.New("damaged")})
	if err := out.Item([]byte("first"), content, func(err error) error { return &Fault{3, err.Error()} }); err != nil {
		return err
	}
	return out.Item([]byte("second"), strings.NewReader("whole"), nil)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

type errReader struct{ err error }

func (e errReader) Read([]byte) (int, error) { return 0, e.err }

func memoryJob(_ []byte, _ *Input, out *Output) error {
	var kept [][]byte
	for range 1000 {
		b := make([]byte, 16<<20)
		for i := range b {
			b[i] = 1
		}
		kept = append(kept, b)
	}
	return out.Item(kept[0][:1], nil, nil)
}

func limitsJob(_ []byte, _ *Input, out *Output) error {
	var size, core unix.Rlimit
	_ = unix.Getrlimit(unix.RLIMIT_FSIZE, &size)
	_ = unix.Getrlimit(unix.RLIMIT_CORE, &core)
	status, _ := os.ReadFile("/proc/self/status")
	oom, _ := os.ReadFile("/proc/self/oom_score_adj")
	_, after, _ := bytes.Cut(status, []byte("NoNewPrivs:\t"))
	text := fmt.Sprintf("oom %s fsize %d core %d privs %c group %v env %d", bytes.TrimSpace(oom), size.Max, core.Max, after[0], syscall.Getpgrp() == os.Getpid(), len(os.Environ()))
	return out.Item([]byte(text), nil, nil)
}

// collect runs a job to its end.
func collect(t *testing.T, g *Group, ctx context.Context, job string, args []byte, in []byte) (items []string, err error) {
	t.Helper()
	s, err := g.Start(ctx, job, args, bytes.NewReader(in), int64(len(in)))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for {
		record, err := s.Next()
		if errors.Is(err, io.EOF) {
			return items, nil
		}
		if err != nil {
			return items, err
		}
		content, err := io.ReadAll(s)
		var died *DiedError
		if errors.As(err, &died) {
			return items, err
		}
		item := string(record) + "=" + string(content)
		if err != nil {
			item += "!" + err.Error()
		}
		items = append(items, item)
	}
}

func TestChildReadsTheFileAndSendsItems(t *testing.T) {
	in := make([]byte, 300_000)
	for i := range in {
		in[i] = byte(i >> 3)
	}
	items, err := collect(t, New(Options{}).Group(), t.Context(), "copy", []byte{255}, in)
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	for _, item := range items {
		_, content, _ := strings.Cut(item, "=")
		got = append(got, content...)
	}
	if len(items) != 5 || !bytes.Equal(got, in) {
		t.Errorf("%d items of %d bytes", len(items), len(got))
	}
}

func TestFaultEndsAnItemNotTheWork(t *testing.T) {
	items, err := collect(t, New(Options{}).Group(), t.Context(), "broken", nil, nil)
	if want := []string{"first=half!damaged", "second=whole"}; err != nil || fmt.Sprint(items) != fmt.Sprint(want) {
		t.Errorf("%q, %v", items, err)
	}
}

func TestSkippedContentIsPassedOver(t *testing.T) {
	s, err := New(Options{}).Group().Start(t.Context(), "broken", nil, bytes.NewReader(nil), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, want := range []string{"first", "second"} {
		if b, err := s.Next(); err != nil || string(b) != want {
			t.Errorf("%q, %v, want %q", b, err, want)
		}
	}
	if _, err := s.Next(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

func TestDeathIsATypedError(t *testing.T) {
	for _, tt := range []struct {
		job         string
		memory, cpu bool
		text        string
	}{
		{job: "panic", text: "at the disco"},
		{job: "panic amid", text: "amid an item"},
		{job: "overflow", text: "stack exceeds"},
		{job: "exit", text: "exit status 9"},
		{job: "garbage", text: "makes no sense"},
		{job: "memory", memory: true},
		{job: "spin", cpu: true},
	} {
		t.Run(tt.job, func(t *testing.T) {
			if raced && tt.memory {
				t.Skip("no limit of memory under the race detector")
			}
			g := New(Options{Memory: 128 << 20, CPU: time.Second}).Group()
			_, err := collect(t, g, t.Context(), tt.job, nil, nil)
			var d *DiedError
			if !errors.As(err, &d) || d.Memory != tt.memory || d.CPU != tt.cpu || !strings.Contains(d.Text, tt.text) {
				t.Errorf("%#v", err)
			}
		})
	}
}

func TestFaultOfTheJobKeepsItsClass(t *testing.T) {
	_, err := collect(t, New(Options{}).Group(), t.Context(), "fault", nil, nil)
	var f *Fault
	if !errors.As(err, &f) || f.Class != 7 || f.Text != "seven" {
		t.Errorf("%#v", err)
	}
	if _, err := collect(t, New(Options{}).Group(), t.Context(), "no such", nil, nil); !errors.As(err, &f) {
		t.Errorf("%#v", err)
	}
}

func TestContextKillsAChild(t *testing.T) {
	for _, job := range []string{"sleep", "spin"} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := collect(t, New(Options{}).Group(), ctx, job, nil, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", job, err)
		}
	}
}

func TestCloseEndsAChildThatStillSends(t *testing.T) {
	s, err := New(Options{}).Group().Start(t.Context(), "flood", nil, bytes.NewReader(nil), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Next(); err != nil {
		t.Fatal(err)
	}
	pid := s.cmd.Process.Pid
	s.Close()
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the child lives: %v", err)
	}
	if _, err := s.Next(); !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
}

func TestChildAnswersWhatItIsTold(t *testing.T) {
	s, err := New(Options{}).Group().Start(t.Context(), "double", nil, bytes.NewReader(nil), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, word := range []string{"a", "", "bc"} {
		if err := s.Tell([]byte(word)); err != nil {
			t.Fatal(err)
		}
		if b, err := s.Next(); err != nil || string(b) != word+word {
			t.Errorf("%q, %v", b, err)
		}
	}
	if err := s.Tell(make([]byte, maxItem+1)); !errors.Is(err, errFrame) {
		t.Error(err)
	}
	s.Close()
	if err := s.Tell(nil); err != nil {
		t.Error("the death of a child is for Next to tell:", err)
	}
}

func TestErrorOfTheFileIsNotTheChilds(t *testing.T) {
	bad := errors.New("the disk")
	s, err := New(Options{}).Group().Start(t.Context(), "copy", []byte{1}, readerAt{bad}, 10)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = s.Next()
	if err == nil {
		_, err = io.ReadAll(s)
	}
	if !errors.Is(err, bad) {
		t.Error(err)
	}
}

type readerAt struct{ err error }

func (r readerAt) ReadAt([]byte, int64) (int, error) { return 0, r.err }

// systemd may send a signal to all processes of the service; docker and a terminal do.
func TestChildrenOutliveWhatAsksTheDaemonToStop(t *testing.T) {
	items, err := collect(t, New(Options{}).Group(), t.Context(), "asked to end", nil, nil)
	if err != nil || len(items) != 1 {
		t.Errorf("%q, %v", items, err)
	}
}

func TestChildIsConfined(t *testing.T) {
	t.Setenv("SEKISHO_SECRET", "not for children")
	if raced {
		t.Skip("the race detector has threads of its own")
	}
	items, err := collect(t, New(Options{}).Group(), t.Context(), "limits", nil, nil)
	if err != nil || len(items) != 1 || items[0] != "oom 1000 fsize 0 core 0 privs 1 group true env 3=" {
		t.Errorf("%q, %v", items, err)
	}
}

func TestMessagesWaitForAPlaceAndNestedWorkersDoNot(t *testing.T) {
	p := New(Options{Parallel: 1})
	g := p.Group()
	var streams []*Stream
	for range maxNested {
		s, err := g.Start(t.Context(), "sleep", nil, bytes.NewReader(nil), 0)
		if err != nil {
			t.Fatal(err)
		}
		streams = append(streams, s)
	}
	if _, err := g.Start(t.Context(), "sleep", nil, bytes.NewReader(nil), 0); !errors.Is(err, ErrNested) {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := p.Group().Start(ctx, "fault", nil, bytes.NewReader(nil), 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	for _, s := range streams {
		s.Close()
	}
	s, err := p.Group().Start(t.Context(), "fault", nil, bytes.NewReader(nil), 0)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
}

func TestPlacesGoToWhoseChildrenHaveUsedLeast(t *testing.T) {
	p := places{free: 1}
	if err := p.take(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	long, once, twice := p.stand(time.Second), p.stand(0), p.stand(0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.take(ctx, 0); err == nil || len(p.wait) != 3 {
		t.Errorf("%v, %d wait", err, len(p.wait))
	}
	for i, next := range []*waiter{once, twice, long} {
		p.give()
		select {
		case <-next.now:
		default:
			t.Fatalf("number %d is not served", i)
		}
	}
	p.give()
	if p.free != 1 || len(p.wait) != 0 {
		t.Errorf("%d free, %d wait", p.free, len(p.wait))
	}
}

// TestAMailFullOfArchivesCountsThemAll: an attacker gains no place by many short children in place of a long one.
func TestAMailFullOfArchivesCountsThemAll(t *testing.T) {
	g := New(Options{}).Group()
	last := time.Duration(0)
	for range 3 {
		s, err := g.Start(t.Context(), "fault", nil, bytes.NewReader(nil), 0)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = s.Next()
		s.Close()
		if g.used <= last {
			t.Errorf("%v after %v", g.used, last)
		}
		last = g.used
	}
}

func BenchmarkStart(b *testing.B) {
	g := New(Options{}).Group()
	for b.Loop() {
		s, err := g.Start(b.Context(), "fault", nil, bytes.NewReader(nil), 0)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Next(); err == nil {
			b.Fatal("no fault")
		}
		s.Close()
	}
}
