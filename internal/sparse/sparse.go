// Package sparse holds unpacked content of any size in little room and answers reads at any place of it. Content is cut into blocks of 4 KB. A block
// that is one byte repeated is kept as that byte, one that was there before as a reference to it; the others are kept as they are, up to a limit.
// What lies beyond the limit is not kept: it is read again where the content's source can be (deflated data from marks on the way, RFC 1951; plain data
// at once), and elsewhere it is out of reach, which is an error. Beside the store stand Measure, which tells filling from content, and Squeeze, which
// reads a text without its filling.
//
// # Limits
//
// A Store takes 4 bytes for each block of content, whatever is in it, and about 32 for each block kept; the kept blocks themselves go to the caller's
// Keeper, at most Options.Keep bytes of them. Reading again takes at most 64 marks of 64 KB and 1 MB of what was read last, and its Budget
// bounds the bytes that are decoded once more: reads at random are paid for like any others.
package sparse

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/maphash"
	"io"
)

// Block is the unit.
const Block = 4096

// ErrReach is the error of a read of what was not kept and cannot be read again.
var ErrReach = errors.New("sparse: out of reach")

// Keeper takes the blocks that are kept, one after the other, and gives them back.
type Keeper interface {
	io.Writer
	io.ReaderAt
}

// Options bound a Store. The zero value of a field is its default.
type Options struct {
	Keep   int64 // bytes of blocks that are kept
	Digest bool  // take a digest
}

const defaultKeep = 64 << 20 // far more than a document that is read from end to end has

// The references of blocks that are not kept; a kept block's is its place among them.
const (
	gone   = -1 - iota
	bytes0 // and the 255 below: a block of the byte bytes0-ref
)

// Store is an io.Writer and then an io.ReaderAt. It is not safe for concurrent use.
type Store struct {
	keep   Keeper
	o      Options
	refs   []int32          // of the blocks
	kept   int32            // blocks in keep
	known  map[uint64]int32 // place of a kept block by its hash
	seed   maphash.Seed
	same   []byte // the kept block that a new one is compared with
	tail   []byte // the last block, while it is not whole
	digest hash.Hash
	meter  Meter
	again  Again
	missed bool
}

var (
	_ io.Writer   = (*Store)(nil)
	_ io.ReaderAt = (*Store)(nil)
)

// New makes an empty store that keeps blocks in k.
func New(k Keeper, o Options) *Store {
	if o.Keep <= 0 {
		o.Keep = defaultKeep
	}
	s := &Store{keep: k, o: o, known: map[uint64]int32{}, seed: maphash.MakeSeed(), same: make([]byte, Block), tail: make([]byte, 0, Block)}
	if o.Digest {
		s.digest = sha256.New()
	}
	return s
}

// Write appends. An error is the Keeper's.
func (s *Store) Write(p []byte) (int, error) {
	for done := 0; done < len(p); {
		rest := p[done:]
		if len(s.tail) == 0 && len(rest) >= Block {
			if err := s.block(rest[:Block]); err != nil {
				return done, err
			}
			done += Block
			continue
		}
		n := min(len(rest), Block-len(s.tail))
		s.tail = append(s.tail, rest[:n]...)
		done += n
		if len(s.tail) == Block {
			if err := s.block(s.tail); err != nil {
				return done, err
			}
			s.tail = s.tail[:0]
		}
	}
	return len(p), nil
}

// Size is the number of bytes written.
func (s *Store) Size() int64 { return int64(len(s.refs))*Block + int64(len(s.tail)) }

// Kept is the number of bytes in the Keeper.
func (s *Store) Kept() int64 { return int64(s.kept) * Block }

// Filling is how many bytes lie in long runs of filling.
func (s *Store) Filling() int64 { return s.meter.Filling() }

// block takes a whole block.
func (s *Store) block(b []byte) error {
	period := repeats(b)
	s.meter.add(period > 0, Block)
	if period == 1 {
		s.note(b, bytes0-int32(b[0]), false)
		return nil
	}
	h := maphash.Bytes(s.seed, b)
	if at, ok := s.known[h]; ok {
		if same, err := s.equal(b, at); same || err != nil {
			s.note(b, at, false)
			return err
		}
	}
	if s.Kept()+Block > s.o.Keep {
		s.note(b, gone, true)
		return nil
	}
	if _, err := s.keep.Write(b); err != nil {
		return fmt.Errorf("sparse: keeping a block: %w", err)
	}
	s.known[h] = s.kept
	s.note(b, s.kept, true)
	s.kept++
	return nil
}

// note enters a block. The digest has a new block's bytes, and for the others what they are.
func (s *Store) note(b []byte, ref int32, whole bool) {
	s.refs = append(s.refs, ref)
	if s.digest == nil {
		return
	}
	var head [5]byte
	binary.LittleEndian.PutUint32(head[:], uint32(ref))
	if whole {
		head[4] = 1
	}
	s.digest.Write(head[:])
	if whole {
		s.digest.Write(b)
	}
}

func (s *Store) equal(b []byte, at int32) (bool, error) {
	if n, err := s.keep.ReadAt(s.same, int64(at)*Block); n < Block {
		return false, fmt.Errorf("sparse: kept block: %w", err)
	}
	return bytes.Equal(b, s.same), nil
}

// Sum is the digest of the content: equal for what is equal, and taken without hashing filling.
func (s *Store) Sum() (sum [sha256.Size]byte) {
	h := sha256.New()
	if s.digest != nil {
		h.Write(s.digest.Sum(nil))
	}
	h.Write(s.tail)
	h.Sum(sum[:0])
	return sum
}

// From says where blocks that were not kept are read again.
func (s *Store) From(a Again) { s.again = a }

// Missed reports whether something was read that was out of reach.
func (s *Store) Missed() bool { return s.missed }

// ReadAt is io.ReaderAt. What is out of reach is ErrReach.
func (s *Store) ReadAt(p []byte, off int64) (int, error) {
	size := s.Size()
	switch {
	case off < 0:
		return 0, fmt.Errorf("sparse: read at %d", off)
	case off >= size:
		return 0, io.EOF
	}
	want := p[:min(int64(len(p)), size-off)]
	for n := 0; n < len(want); {
		m, err := s.run(want[n:], off+int64(n))
		if n += m; err != nil {
			return n, err
		}
	}
	if len(want) < len(p) {
		return len(want), io.EOF
	}
	return len(want), nil
}

// run reads as far as the blocks from off on are of one sort and lie together.
func (s *Store) run(p []byte, off int64) (int, error) {
	i, in := int(off/Block), int(off%Block)
	if i == len(s.refs) {
		return copy(p, s.tail[in:]), nil
	}
	ref, step := s.refs[i], int32(0)
	if ref >= 0 {
		step = 1
	}
	n := Block - in
	for j := i + 1; n < len(p) && j < len(s.refs) && s.refs[j] == ref+step*int32(j-i); j++ {
		n += Block
	}
	p = p[:min(n, len(p))]
	switch {
	case ref == gone:
		return s.reread(p, off)
	case ref < 0:
		fill(p, byte(bytes0-ref))
		return len(p), nil
	}
	got, err := s.keep.ReadAt(p, int64(ref)*Block+int64(in))
	if got < len(p) {
		return got, fmt.Errorf("sparse: kept block: %w", err)
	}
	return got, nil
}

func (s *Store) reread(p []byte, off int64) (n int, err error) {
	if s.again == nil {
		err = ErrReach
	} else {
		n, err = s.again.readAt(p, off)
	}
	s.missed = s.missed || errors.Is(err, ErrReach)
	return n, err
}

// fill makes every byte of p b.
func fill(p []byte, b byte) {
	if len(p) == 0 {
		return
	}
	p[0] = b
	for n := 1; n < len(p); n *= 2 {
		copy(p[n:], p[:n])
	}
}
