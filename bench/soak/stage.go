package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"sekisho/rules"
)

// nobody runs the daemon: for root no folder is read-only.
const nobody = 65534

// The memory that is configured, and what of the process the Go runtime's limit is not about, in MB.
const (
	goMemory      = 160
	programMemory = 48  // its own pages, read from its file
	workerMemory  = 256 // of one child (internal/worker)
)

// diskSize is what half an hour of records needs; the image is sparse.
const diskSize = 6 << 30

// stage is where everything is: one folder, in it a small disk with the state, and the configuration.
type stage struct {
	deadlines
	dir  string
	bin  string
	web  string // HOST:PORT of the metrics
	sink *sink
	log  *os.File // the daemon's
}

func (s *stage) disk() string   { return filepath.Join(s.dir, "disk") }
func (s *stage) state() string  { return filepath.Join(s.disk(), "state") }
func (s *stage) config() string { return filepath.Join(s.dir, "sekisho.yaml") }
func (s *stage) pack() string   { return filepath.Join(s.dir, "pack.yaml") }
func (s *stage) socket() string { return filepath.Join(s.dir, "run", "s") }

// newStage builds the daemon and makes the folder ready.
func newStage(ctx context.Context, d deadlines) (_ *stage, err error) {
	s := &stage{deadlines: d}
	if s.dir, err = os.MkdirTemp("", "soak"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if err := os.Chmod(s.dir, 0o711); err != nil {
		return nil, err
	}
	s.bin = filepath.Join(s.dir, "sekisho")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", s.bin, "sekisho/cmd/sekisho").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("soak: building the daemon: %w\n%s", err, out)
	}
	if err := s.mount(); err != nil {
		return nil, err
	}
	for _, dir := range []string{s.state(), filepath.Dir(s.socket())} {
		if err := errors.Join(os.Mkdir(dir, 0o750), os.Chown(dir, nobody, nobody)); err != nil {
			return nil, err
		}
	}
	if s.log, err = os.Create(filepath.Join(s.dir, "log")); err != nil {
		return nil, err
	}
	if s.sink, err = newSink(); err != nil {
		return nil, err
	}
	if s.web, err = freePort(); err != nil {
		return nil, err
	}
	return s, errors.Join(os.WriteFile(s.pack(), rules.DefaultYAML(), 0o644), s.configure(""))
}

// mount makes the disk: ext4 in a file, as a machine has it.
func (s *stage) mount() error {
	image := filepath.Join(s.dir, "image")
	if err := errors.Join(os.WriteFile(image, nil, 0o600), os.Truncate(image, diskSize), os.Mkdir(s.disk(), 0o755)); err != nil {
		return err
	}
	for _, args := range [][]string{{"mkfs.ext4", "-q", "-m", "0", "-N", "2000000", image}, {"mount", "-o", "loop", image, s.disk()}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("soak: no disk that can be filled: %s: %w\n%s", args[0], err, out)
		}
	}
	return nil
}

// configure writes the configuration: everything on. more is what a reload changes.
func (s *stage) configure(more string) error {
	text := fmt.Sprintf(`listen: unix:%s
state: %s
web: {listen: %q}
site: {local_domains: [us.example], internal_networks: [10.0.0.0/8], authserv_id: mx.us.example}
rules: {pack: %s}
limits: {inspect_time: %s, go_memory_bytes: %dMiB}
quarantine: {min_free_bytes: 16MB, max_bytes: 5GB, max_source_percent: 100, max_messages: 2000000}
timeouts: {read: %s, message: %s, hold: %s, drain: 10s}
notices: {postmaster: postmaster@us.example, from: sekisho@us.example, every: 5s, smtp: %q}
outbound: {mails: 1000000, carriers: 1000000}
log: {level: warn}
%s
`, s.socket(), s.state(), s.web, s.pack(), s.inspect, goMemory, s.read, s.message, s.hold, s.sink.addr(), more)
	return os.WriteFile(s.config(), []byte(text), 0o644)
}

// command is the built program on this stage.
func (s *stage) command(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, s.bin, append([]string{"-c", s.config()}, args...)...)
}

// close ends what still runs of this stage, after an error or a Ctrl-C, and removes everything.
func (s *stage) close() error {
	var errs []error
	for end := time.Now().Add(stopTimeout); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		left := s.processes()
		if len(left) == 0 {
			break
		}
		for _, pid := range left {
			_ = unix.Kill(pid, unix.SIGKILL) // one that has ended is looked for again
		}
	}
	if s.sink != nil {
		errs = append(errs, s.sink.close())
	}
	if s.log != nil {
		errs = append(errs, s.log.Close())
	}
	if err := unix.Unmount(s.disk(), unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
		errs = append(errs, err)
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
