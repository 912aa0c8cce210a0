package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// byteBar shows on a terminal how much of a known amount of bytes is done.
type byteBar struct {
	w            io.Writer // nil: off
	total        int64
	began, shown time.Time
}

func newByteBar(w io.Writer) byteBar {
	if !isTerminal(w) {
		return byteBar{}
	}
	return byteBar{w: w, began: time.Now()}
}

const (
	barEvery = time.Second / 8 // a person sees no more
	barSoon  = 0.02            // of the work, before which the time that is left is a guess
)

// step shows how far it is, and how many mails were met.
func (b *byteBar) step(done int64, mails int) {
	if b.w == nil || time.Since(b.shown) < barEvery {
		return
	}
	b.shown = time.Now()
	part := 1.0
	if b.total > 0 {
		part = min(1, float64(done)/float64(b.total))
	}
	left := ""
	if part > barSoon && part < 1 {
		left = " " + time.Duration(float64(b.shown.Sub(b.began))*(1-part)/part).Round(time.Second).String()
	}
	full := int(part * barWidth)
	fmt.Fprintf(b.w, "\r\x1b[K[%s%s] %3.0f %% %s / %s  %d%s", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), 100*part, amount(done), amount(b.total), mails, left)
}

func (b *byteBar) clear() {
	if b.w != nil && !b.shown.IsZero() {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}
