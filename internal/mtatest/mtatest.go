// Package mtatest runs real mail servers for tests and for the demo: Postfix, Sendmail and Prometheus from Debian's packages.
//
// The packages are fetched with apt-get, checked by apt's signatures, and unpacked (never installed) below .cache/debs of the module.
// A server runs in a mount and a process namespace of its own, in a root folder that holds the unpacked /usr and a small /etc made
// here; its queue, configuration and log live in a temporary folder, and it listens on loopback ports only. The machine's own mail
// server, its queue, its users and its files are neither read nor changed. One exception, read-only: where Postfix is installed on the
// machine, its programs are used in place of the package's.
//
// Root is needed for the namespaces, for chroot(2), and because Postfix and Sendmail start as root and drop to their users. Everything ends with Close,
// with the test, or when the calling program dies in any way: the kernel then kills process 1 of the namespace, and with it all the rest.
//
// # Limits
//
// Debian and Ubuntu with a merged /usr only (Debian 12, Ubuntu 22.04 and later). A package that cannot be fetched is an error, never a
// skipped test. Ports are chosen free before the server binds them, so another program may take one in between: the start then fails.
// No DNS: recipients are routed to the Sink by address. No TLS.
package mtatest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// startLimit is how long a server may take until it answers. A cold start takes under a second; a busy two-core machine needs more.
const startLimit = 30 * time.Second

// stopLimit is how long a server may take to end after SIGTERM, before SIGKILL.
const stopLimit = 5 * time.Second

// ErrNeedsRoot says why these servers do not start for another user.
var ErrNeedsRoot = errors.New("mtatest: root is needed, for mount and process namespaces, chroot and the mail servers' own users")

// closer is what every server of this package is.
type closer interface{ Close() error }

// must turns a failed start into a failed test and ties the server's life to the test's.
func must[T closer](tb testing.TB, s T, err error) T {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("mtatest: stop: %v", err)
		}
	})
	return s
}

// moduleRoot is the folder of go.mod, found upwards from the working folder.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("mtatest: no go.mod above the working folder")
		}
		dir = parent
	}
}

// freePorts finds n loopback TCP ports that nobody uses. All are held open until all are found, so they differ.
func freePorts(n int) ([]string, error) {
	var addrs []string
	for range n {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("mtatest: free port: %w", err)
		}
		defer l.Close()
		addrs = append(addrs, l.Addr().String())
	}
	return addrs, nil
}

// awaitTCP waits until something listens on addr, or until died closes.
func awaitTCP(addr string, died <-chan struct{}) error {
	deadline := time.Now().Add(startLimit)
	for time.Now().Before(deadline) {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			return c.Close()
		}
		select {
		case <-died:
			return fmt.Errorf("mtatest: the server ended before it listened on %s", addr)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("mtatest: nothing listens on %s after %v", addr, startLimit)
}
