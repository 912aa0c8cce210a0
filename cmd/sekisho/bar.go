package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// bar shows how much of a known amount of bytes is done, on a terminal.
type bar struct {
	w     io.Writer // nil: off
	total int64
	shown time.Time
	began time.Time
}

func newBar(w io.Writer) bar {
	if !isTerminal(w) {
		return bar{}
	}
	return bar{w: w, began: time.Now()}
}

const barWidth = 24

// step shows how far it is, and how many mails were met.
func (b *bar) step(done int64, mails int) {
	if b.w == nil || time.Since(b.shown) < barEvery {
		return
	}
	b.shown = time.Now()
	part := 1.0
	if b.total > 0 {
		part = min(1, float64(done)/float64(b.total))
	}
	full := int(part * barWidth)
	left := ""
	if spent := b.shown.Sub(b.began); part > 0.02 && part < 1 {
		left = " " + (time.Duration(float64(spent) * (1 - part) / part)).Round(time.Second).String()
	}
	fmt.Fprintf(b.w, "\r\x1b[K[%s%s] %3.0f %%  %s / %s  %d%s", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), 100*part, amount(done), amount(b.total), mails, left)
}

func (b *bar) clear() {
	if b.w != nil && !b.shown.IsZero() {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}
