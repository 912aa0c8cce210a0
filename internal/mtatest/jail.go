package mtatest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// The users that the jail's own /etc/passwd knows. The numbers are free on ordinary machines, and files with them live in the temporary folder only.
const (
	postfixID  = 64101
	postdropID = 64102
	smmtaID    = 64103
	smmspID    = 64104
	NobodyID   = 65534 // the user that tests run the filter as
)

// jail is a root folder of its own for programs that expect Debian's paths. Inside, /usr is the unpacked one, /etc is dir/etc and
// /mta is dir. It exists in the mount namespace of each program only.
type jail struct {
	usr string // the /usr to show
	dir string // the temporary folder
	log *Log   // /dev/log
}

// enter builds the root on a tmpfs and starts the program in it. It runs as process 1 of a new process namespace, in a new mount
// namespace; the first line keeps every mount from leaving it. The shell stays process 1: a program that changes its user loses the
// death signal (prctl(2), PR_SET_PDEATHSIG), the shell does not, and its death is the namespace's end.
const enter = `set -eu
mount --make-rprivate /
mount -t tmpfs -o mode=755 mtatest "$MTA_DIR/root"
cd "$MTA_DIR/root"
mkdir usr etc dev proc mta tmp var run
for d in bin sbin lib lib64; do ln -s usr/$d $d; done
chmod 1777 tmp
mount --bind "$MTA_USR" usr
mount -o remount,bind,ro usr
mount --bind "$MTA_DIR/etc" etc
mount --bind "$MTA_DIR" mta
mount -t proc proc proc
for n in null zero random urandom; do : >dev/$n; mount --bind /dev/$n dev/$n; done
ln -s /mta/log.sock dev/log
exec 3<&0
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$(command -v chroot)" "$PWD" "$@" <&3 3<&- &
pid=$!
trap 'kill -TERM $pid' TERM
trap 'kill -HUP $pid' HUP
rc=0
while :; do
	wait $pid && rc=0 || rc=$?
	kill -0 $pid 2>/dev/null || exit $rc
done
`

// newJail makes the temporary folder. Its path is short because a Unix socket's must be (unix(7): 108 bytes).
func newJail(usr string) (*jail, error) {
	if os.Geteuid() != 0 {
		return nil, ErrNeedsRoot
	}
	dir, err := os.MkdirTemp("", "mta")
	if err != nil {
		return nil, fmt.Errorf("mtatest: %w", err)
	}
	j := &jail{usr: usr, dir: dir}
	if err := j.populate(); err != nil {
		return nil, errors.Join(fmt.Errorf("mtatest: %w", err), os.RemoveAll(dir))
	}
	if j.log, err = newLog(filepath.Join(dir, "log.sock")); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return j, nil
}

func (j *jail) populate() error {
	if err := os.Chmod(j.dir, 0o755); err != nil {
		return err
	}
	for _, d := range []string{"root", "etc"} {
		if err := os.Mkdir(filepath.Join(j.dir, d), 0o755); err != nil {
			return err
		}
	}
	for name, text := range etcFiles() {
		if err := os.WriteFile(filepath.Join(j.dir, "etc", name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func etcFiles() map[string]string {
	users := []struct {
		name string
		id   int
	}{{"root", 0}, {"postfix", postfixID}, {"postdrop", postdropID}, {"smmta", smmtaID}, {"smmsp", smmspID}, {"nobody", NobodyID}, {"mail", 8}}
	var passwd, group strings.Builder
	for _, u := range users {
		fmt.Fprintf(&passwd, "%s:x:%d:%d::/:/usr/sbin/nologin\n", u.name, u.id, u.id)
		fmt.Fprintf(&group, "%s:x:%d:\n", u.name, u.id)
	}
	return map[string]string{
		"passwd": passwd.String(), "group": group.String(),
		"hosts":         "127.0.0.1 localhost mx.sekisho.test\n",
		"nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\nservices: files\naliases: files\n",
		"services":      "smtp 25/tcp mail\nsubmission 587/tcp\ndomain 53/udp\n",
		"resolv.conf":   "",
		"host.conf":     "multi on\n",
	}
}

func (j *jail) cmd(args ...string) *exec.Cmd {
	cmd := exec.Command("/bin/sh", append([]string{"-c", enter, "enter"}, args...)...)
	cmd.Env = []string{"MTA_DIR=" + j.dir, "MTA_USR=" + j.usr, "PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID, Pdeathsig: syscall.SIGKILL}
	return cmd
}

// toolLimit bounds one short program (postqueue, m4, promtool).
const toolLimit = time.Minute

// run runs a short program in the jail to its end and returns what it printed on both outputs.
func (j *jail) run(stdin io.Reader, args ...string) (string, error) {
	var out strings.Builder
	err := j.finish(stdin, &out, &out, args)
	if err != nil {
		err = fmt.Errorf("%w: %s", err, tail(out.String(), 2000))
	}
	return out.String(), err
}

// output is run with standard output only.
func (j *jail) output(stdin io.Reader, args ...string) (string, error) {
	var out, diag strings.Builder
	err := j.finish(stdin, &out, &diag, args)
	if err != nil {
		err = fmt.Errorf("%w: %s", err, tail(diag.String(), 2000))
	}
	return out.String(), err
}

func (j *jail) finish(stdin io.Reader, stdout, stderr io.Writer, args []string) error {
	cmd := j.cmd(args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	p, err := startProc(cmd)
	if err != nil {
		return err
	}
	select {
	case <-p.done:
	case <-time.After(toolLimit):
		p.kill()
		return fmt.Errorf("mtatest: %s: no end after %v", args[0], toolLimit)
	}
	if p.err != nil {
		return fmt.Errorf("mtatest: %s: %w", strings.Join(args, " "), p.err)
	}
	return nil
}

// close ends the log and removes the temporary folder.
func (j *jail) close() error {
	return errors.Join(j.log.close(), os.RemoveAll(j.dir))
}

// proc is a running program.
type proc struct {
	cmd  *exec.Cmd
	done chan struct{} // closed at its end; err is then set
	err  error
}

// startProc starts cmd and waits for it on one locked thread: PR_SET_PDEATHSIG means the death of the thread that forked, not of the process.
func startProc(cmd *exec.Cmd) (*proc, error) {
	return startOn(cmd, func() error { runtime.LockOSThread(); return nil }, runtime.UnlockOSThread)
}

// startOffline is startProc in a new network namespace, in which there is the loopback device and nothing else. Its thread is never unlocked: it
// ends with the program.
func startOffline(cmd *exec.Cmd) (*proc, error) {
	return startOn(cmd, func() error { runtime.LockOSThread(); return leaveNetwork() }, func() {})
}

// startOn starts cmd on the thread that lock has locked and prepared.
func startOn(cmd *exec.Cmd, lock func() error, unlock func()) (*proc, error) {
	p := &proc{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		defer unlock()
		err := lock()
		if err == nil {
			err = cmd.Start()
		}
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("mtatest: start: %w", err)
	}
	return p, nil
}

// stop ends the program with SIGTERM, after stopLimit with SIGKILL.
func (p *proc) stop() {
	select {
	case <-p.done:
		return
	default:
	}
	p.cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it may have ended by itself
	select {
	case <-p.done:
	case <-time.After(stopLimit):
		p.kill()
	}
}

func (p *proc) kill() {
	p.cmd.Process.Kill() //nolint:errcheck // it may have ended by itself
	<-p.done
}
