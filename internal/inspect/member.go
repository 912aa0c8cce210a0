package inspect

import (
	"context"
	"errors"
	"io"
	"sync"

	"sekisho/internal/finding"
)

const copyBuffer = 32 << 10 // deflate's window: decoders deliver no more at once

// copyBuffers recycles the memory of copying.
var copyBuffers = sync.Pool{New: func() any { return new([copyBuffer]byte) }}

// member unpacks a file inside f from r and inspects it, also when its data breaks off: programs deliver that much. Where the file was cut
// there is no more to be had; damage in the middle may be read otherwise by another program and makes the scan incomplete.
func (s *Scan) member(ctx context.Context, f *File, name string, r io.Reader) error {
	return s.fill(ctx, f, f.child(name), r)
}

// fill is member for a child that the caller made.
func (s *Scan) fill(ctx context.Context, f, child *File, r io.Reader) error {
	u := s.newUnpacked(ctx, r, child.depth)
	defer u.close(child)
	u.sums = s.newSums()
	broken, err := s.unpack(u, &unpacking{ctx, s, f, r, 0})
	if err != nil {
		child.Kind = KindData
		s.report(child)
		return err
	}
	child.content, child.Size, child.sum, child.sketch = u.content(), u.Size(), u.sum(), u.store != nil
	child.whole = u.wholeSum()
	s.digested(child.Path, u.sums)
	if d, ok := r.(deflated); ok {
		child.packed = d.packed()
	}
	if broken != nil {
		s.found(child, finding.New(finding.ScanIncomplete, child.Path, "unpacked %d bytes, then: %q", child.Size, broken.Error()))
	}
	return s.file(ctx, child, true)
}

// unpack copies to what was unpacked. broken is the format's error, err everybody else's.
func (s *Scan) unpack(to *unpacked, r *unpacking) (broken, err error) {
	room := copyBuffers.Get().(*[copyBuffer]byte)
	defer copyBuffers.Put(room)
	buf := room[:]
	for {
		n, err := r.Read(buf)
		if _, werr := to.Write(buf[:n]); werr != nil {
			return nil, werr
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil, nil
		case ours(r.ctx, err):
			return nil, err
		default:
			return err, nil
		}
	}
}

// lockedMember lists a member that cannot be opened without a password.
func (s *Scan) lockedMember(ctx context.Context, f *File, name string) error {
	child := f.child(name)
	if err := s.enter(ctx, child); err != nil {
		return err
	}
	child.Kind = KindData
	s.report(child).Encrypted = true
	s.tally(child)
	s.disguises(child)
	return nil
}
