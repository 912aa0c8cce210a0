package worker

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const nice = 10

const openFiles = 16 // three pipes and what the runtime waits with

// setLimits is for the child itself, before it has seen a byte of the file.
func setLimits(memory, seconds uint64) error {
	for _, l := range []struct {
		what int
		max  uint64
	}{
		{unix.RLIMIT_DATA, memory}, // private writable memory: the runtime reserves far more address space than it uses, which RLIMIT_AS would count
		{unix.RLIMIT_CPU, seconds},
		{unix.RLIMIT_FSIZE, 0},
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_NOFILE, openFiles},
	} {
		if raced && l.what == unix.RLIMIT_DATA {
			continue
		}
		if err := unix.Setrlimit(l.what, &unix.Rlimit{Cur: l.max, Max: l.max}); err != nil {
			return fmt.Errorf("worker: setrlimit %d: %w", l.what, err)
		}
	}
	// What a worker does is never urgent: it takes a tenth of what the daemon takes where both want a processor (setpriority(2), sched(7)). It is
	// alone in its process group, whose threads all count.
	if err := unix.Setpriority(unix.PRIO_PGRP, 0, nice); err != nil {
		return fmt.Errorf("worker: setpriority: %w", err)
	}
	// Where memory runs out for all, the kernel takes a worker first, not the daemon (proc(5)). Raising is anybody's right; a kernel that has no such
	// file chooses by itself.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	// Without cgo the runtime can make the call on each of its threads; a new thread inherits.
	if _, _, errno := syscall.AllThreadsSyscall(syscall.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0); errno != 0 && errno != syscall.ENOTSUP {
		return fmt.Errorf("worker: no_new_privs: %w", errno)
	}
	return nil
}
