// Package e2e holds the end-to-end tests: the built sekisho as a daemon, without root's powers, between a real Postfix or a real Sendmail
// (package mtatest) and a mailbox that keeps every byte.
//
// # Limits
//
// Root and Debian or Ubuntu, as package mtatest says; without them the tests fail, they are not skipped. Only loopback is used.
package e2e
