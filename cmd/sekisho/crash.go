//go:build crashtest

package main

import (
	"os"
	"syscall"
)

// crashStep kills the process, as a power cut would, at the step of dispose or of the quarantine that SEKISHO_TEST_CRASH names. It exists
// in binaries built with -tags crashtest only.
func crashStep() func(string) {
	at := os.Getenv("SEKISHO_TEST_CRASH")
	return func(step string) {
		if at != "" && step == at {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until the signal arrives
		}
	}
}
