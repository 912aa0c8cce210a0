//go:build race

package worker

// raced: the race detector's shadow memory would count against the limits, and its threads are not the runtime's alone.
const raced = true
