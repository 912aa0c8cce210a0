//go:build !crashtest

package main

// crashStep is nothing in a product build: see crash.go.
func crashStep() func(string) { return nil }
