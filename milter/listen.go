package milter

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
)

// ErrInUse says that somebody answers on the socket.
var ErrInUse = errors.New("milter: socket is in use")

// probeTimeout is how long a socket found in our place may take to answer. A live one does at once, or its backlog is full.
const probeTimeout = 2 * time.Second

// ListenOptions are for unix sockets.
type ListenOptions struct {
	Mode  fs.FileMode // 0 means 0660: the MTA joins our group, or we name its group
	Group string      // name or number; "" leaves the process's
}

// Listen opens a listener in the notation of Sendmail's and libmilter's: unix:PATH (or local:PATH), inet:PORT@HOST, inet6:PORT@[HOST].
// Without a host it is loopback. Call it before the process gives up its privileges: the socket's folder may be the MTA's.
func Listen(spec string, o ListenOptions) (net.Listener, error) {
	kind, rest, ok := strings.Cut(spec, ":")
	if !ok || rest == "" {
		return nil, fmt.Errorf("milter: listen %q: want unix:/path or inet:PORT@HOST", spec)
	}
	switch kind {
	case "unix", "local":
		return listenUnix(rest, o)
	case "inet":
		return listenTCP("tcp4", rest, "127.0.0.1")
	case "inet6":
		return listenTCP("tcp6", rest, "::1")
	}
	return nil, fmt.Errorf("milter: listen %q: want unix:/path or inet:PORT@HOST", spec)
}

func listenTCP(network, rest, host string) (net.Listener, error) {
	port, at, ok := strings.Cut(rest, "@")
	if ok {
		host = strings.Trim(at, "[]")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil || host == "" {
		return nil, fmt.Errorf("milter: listen %q: want PORT@HOST", rest)
	}
	l, err := net.Listen(network, net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("milter: %w", err)
	}
	return l, nil
}

// listenUnix makes the socket under a name beside its own, gives it mode and group, and puts it in place: nobody meets it half made.
func listenUnix(path string, o ListenOptions) (net.Listener, error) {
	if err := checkStale(path); err != nil {
		return nil, err
	}
	making := path + "~"
	if err := os.Remove(making); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("milter: %w", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: making, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("milter: %w", err)
	}
	l.SetUnlinkOnClose(false)
	u := &unixListener{UnixListener: l, path: path}
	if err := u.place(making, o); err != nil {
		l.Close()
		os.Remove(making)
		return nil, fmt.Errorf("milter: %w", err)
	}
	return u, nil
}

// checkStale lets a socket go that nobody answers on. Anything else in its place is somebody's.
func checkStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("milter: %w", err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("milter: %s exists and is no socket", path)
	}
	nc, err := net.DialTimeout("unix", path, probeTimeout)
	if err == nil {
		nc.Close()
		return fmt.Errorf("%w: %s", ErrInUse, path)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("milter: %s: %w", path, err)
	}
	return nil
}

// unixListener removes its socket when it closes, unless another process has put its own there.
type unixListener struct {
	*net.UnixListener
	path string
	made fs.FileInfo
}

func (u *unixListener) place(making string, o ListenOptions) error {
	if o.Group != "" {
		gid, err := groupID(o.Group)
		if err != nil {
			return err
		}
		if err := os.Lchown(making, -1, gid); err != nil {
			return err
		}
	}
	mode := o.Mode
	if mode == 0 {
		mode = 0o660
	}
	if err := os.Chmod(making, mode.Perm()); err != nil {
		return err
	}
	var err error
	if u.made, err = os.Lstat(making); err != nil {
		return err
	}
	return os.Rename(making, u.path)
}

func groupID(name string) (int, error) {
	if id, err := strconv.Atoi(name); err == nil {
		return id, nil
	}
	g, err := user.LookupGroup(name)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(g.Gid)
}

// Close implements net.Listener.
func (u *unixListener) Close() error {
	if now, err := os.Lstat(u.path); err == nil && os.SameFile(now, u.made) {
		os.Remove(u.path)
	}
	return u.UnixListener.Close()
}

// Addr names the socket's place.
func (u *unixListener) Addr() net.Addr { return &net.UnixAddr{Name: u.path, Net: "unix"} }

// socketName is FileDescriptorName= of the milter's socket unit (systemd.socket(5)).
const socketName = "milter"

// Inherited returns the listeners that the service manager passed (sd_listen_fds(3)): those named "milter", or all when none is. None at all
// means that the process was started without socket activation.
func Inherited() ([]net.Listener, error) {
	named, err := activation.ListenersWithNames()
	if err != nil {
		return nil, fmt.Errorf("milter: socket activation: %w", err)
	}
	if ls := named[socketName]; len(ls) > 0 {
		return ls, nil
	}
	var all []net.Listener
	for _, ls := range named {
		for _, l := range ls {
			if l != nil { // a descriptor that is no stream listener
				all = append(all, l)
			}
		}
	}
	return all, nil
}
