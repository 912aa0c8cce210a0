package message

import "sync/atomic"

// Reserve is memory that buffers share when the spool cannot be written: a full disk must not stop mail that needs no store. It is safe
// for concurrent use; a nil Reserve is empty.
type Reserve struct{ left atomic.Int64 }

// NewReserve makes a reserve of n bytes.
func NewReserve(n int64) *Reserve {
	r := &Reserve{}
	r.left.Store(n)
	return r
}

// take reports whether n bytes were there to be had.
func (r *Reserve) take(n int64) bool {
	if r == nil {
		return false
	}
	if r.left.Add(-n) >= 0 {
		return true
	}
	r.left.Add(n)
	return false
}

// spareStep is how much a buffer borrows at a time.
const spareStep = 1 << 20

// borrow makes sure that memory and what is borrowed hold size bytes.
func (b *Buffer) borrow(size int64) bool {
	need := size - b.memory - b.spared
	if need <= 0 {
		return true
	}
	need = (need + spareStep - 1) / spareStep * spareStep
	if !b.spare.take(need) {
		return false
	}
	b.spared += need
	return true
}

func (b *Buffer) giveBack() {
	if b.spared > 0 {
		b.spare.left.Add(b.spared)
		b.spared = 0
	}
}
