package message

import "sync"

// work is memory that walks hand on to each other, so that a small mail makes little garbage. A walk gives it back in Close.
type work struct {
	header  []byte // of the part whose header is being read
	carry   []byte
	scratch []byte
	frames  []frame
	sinks   []*sink // free
	leaves  []*leaf // free
	digests [][32]byte
}

// What a mail may leave behind for the next: ordinary mails need less, and what an extraordinary one has taken goes with it.
const (
	keepBytes = 64 << 10
	keepItems = 16
)

// works recycles it. Strings and buffers of a mail do not stay in it.
var works sync.Pool

func newWork() *work {
	if w, ok := works.Get().(*work); ok {
		return w
	}
	return &work{header: make([]byte, 0, 4<<10), carry: make([]byte, 0, carryStep)}
}

// free gives the memory back.
func (w *work) free() {
	for _, s := range w.sinks {
		if s.buf != nil {
			s.buf.Close()
		}
		s.buf, s.c, s.scratch = nil, nil, nil
	}
	clear(w.frames[:cap(w.frames)])
	w.header, w.carry, w.scratch = kept(w.header, keepBytes), kept(w.carry, keepBytes), kept(w.scratch, keepBytes)
	w.frames, w.digests = kept(w.frames, keepItems), kept(w.digests, keepItems)
	w.sinks = w.sinks[:min(len(w.sinks), keepItems)]
	w.leaves = w.leaves[:min(len(w.leaves), keepItems)]
	works.Put(w)
}

// kept is s without content, nil when it holds more than most items.
func kept[T any](s []T, most int) []T {
	if cap(s) > most {
		return nil
	}
	return s[:0]
}

// last takes the last item of a list.
func last[T any](list *[]*T) (item *T, ok bool) {
	n := len(*list)
	if n == 0 {
		return nil, false
	}
	item = (*list)[n-1]
	*list = (*list)[:n-1]
	return item, true
}
