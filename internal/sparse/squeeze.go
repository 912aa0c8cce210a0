package sparse

import (
	"hash/maphash"
	"io"
)

const (
	apartMost  = 64 // blocks between two equal ones; text of any period up to 64 bytes repeats itself in fewer
	repeatKept = 64 // repetitions that stay: a quarter of a megabyte
)

// Squeeze reads r without the middle of long repetitions, at most most bytes of what is left. It is for content in which the length of filling says
// nothing: markup, scripts. whole reports whether there is no more. The error is r's.
func Squeeze(r io.ReaderAt, size int64, most int) (b []byte, whole bool, err error) {
	s := &squeezer{seed: maphash.MakeSeed(), out: make([]byte, 0, min(size, int64(most)+Block, runLeast))}
	var block [Block]byte
	for at := int64(0); at < size; at += Block {
		p := block[:min(Block, size-at)]
		if n, err := r.ReadAt(p, at); n < len(p) {
			return s.out, false, err
		}
		if s.take(p); len(s.out)+len(s.held) > most {
			return s.out[:min(most, len(s.out))], false, nil
		}
	}
	s.out = append(s.out, s.held...)
	return s.out, true, nil
}

// squeezer follows blocks that equal those a fixed number before them.
type squeezer struct {
	seed  maphash.Seed
	seen  [apartMost]uint64 // hashes of the last blocks
	n     int               // blocks taken
	apart int               // how far back the equal blocks are, 0 for none
	equal int               // how many came
	held  []byte            // the last of them, not yet a whole period
	out   []byte
}

func (s *squeezer) take(p []byte) {
	h := maphash.Bytes(s.seed, p)
	if s.apart == 0 || s.seen[(s.n-s.apart)%apartMost] != h {
		s.out = append(s.out, s.held...)
		s.held, s.equal = s.held[:0], 0
		s.apart = s.back(h)
	}
	s.seen[s.n%apartMost] = h
	s.n++
	if s.apart == 0 {
		s.out = append(s.out, p...)
		return
	}
	if s.equal++; s.equal <= max(repeatKept, s.apart) {
		s.out = append(s.out, p...)
		return
	}
	if s.held = append(s.held, p...); len(s.held) == s.apart*Block {
		s.held = s.held[:0] // what follows a period follows the one before too
	}
}

// back is how many blocks ago the same one came, 0 for none of the last.
func (s *squeezer) back(h uint64) int {
	for i := 1; i < apartMost && i <= s.n; i++ {
		if s.seen[(s.n-i)%apartMost] == h {
			return i
		}
	}
	return 0
}
