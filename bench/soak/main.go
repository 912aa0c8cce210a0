// Command soak keeps the real daemon at full load while everything around it fails, and holds it to its accounts.
//
//	go run ./bench/soak endure --for 30m     reloads, outages, a full disk, clock jumps, bad peers, kill -9: no mail lost, nothing grows
//	go run ./bench/soak hostile --for 1m     every hostile file the tests know, beside ordinary mail that must not notice
//
// It builds ./cmd/sekisho, starts it as another user on a file system of its own, and is the MTA: a mail that meets a temporary failure or a
// lost connection stays in its queue and comes again. Exit status 0 means that every promise was kept, 1 that one was not, 2 that it could
// not be tried.
//
// # Limits
//
// Linux, root: it mounts a small disk image (in a mount namespace that ends with the process) and shifts the daemon's wall clock inside the
// daemon's own address space (amd64), so nothing of the machine is touched. All is on loopback and Unix sockets, below one temporary folder.
// Load is what the machine gives; figures of one run compare only with each other.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/sys/unix"
)

type commands struct {
	Endure  endure  `cmd:"" help:"Load with faults: accounts agree, memory stays flat."`
	Hostile hostile `cmd:"" help:"Hostile mail beside ordinary mail: the ordinary stays fast."`
}

// errBroken is a promise that was not kept; what it was is printed already.
var errBroken = errors.New("soak: a promise was not kept")

func main() {
	var c commands
	k := kong.Parse(&c, kong.Name("soak"), kong.UsageOnError(), kong.Exit(func(code int) {
		if code != 0 {
			code = 2
		}
		os.Exit(code)
	}))
	if err := private(); err != nil {
		fail(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k.BindTo(ctx, (*context.Context)(nil))
	if err := k.Run(); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	if errors.Is(err, errBroken) {
		os.Exit(1)
	}
	os.Exit(2)
}

// namespaced says that the process has its own mounts already.
const namespaced = "SEKISHO_SOAK_MOUNTS"

// private starts the process anew in a mount namespace, so that what it mounts is seen by nobody and ends with it, however it ends.
func private() error {
	if os.Getenv(namespaced) != "" {
		return nil
	}
	runtime.LockOSThread() // the namespace is the thread's until exec
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("soak: needs root and the right to mount, for a disk that it can fill: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("soak: making the mounts private: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return unix.Exec(self, os.Args, append(os.Environ(), namespaced+"=1"))
}
