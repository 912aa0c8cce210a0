package inspect

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"

	"sekisho/internal/finding"
	"sekisho/internal/message"
	"sekisho/internal/sparse"
	"sekisho/oleparse"
)

// unpacked is content that came out of a file: in memory while it is small, then in a sparse store whose blocks, beyond memory, are spooled.
type unpacked struct {
	s       *Scan
	ctx     context.Context
	r       io.Reader // what it comes from, nil for nothing that can be asked again
	memory  int64
	counted bool            // against the budget
	filling int64           // bytes of it that were given back there
	b       *message.Buffer // all of it, or the store's blocks
	store   *sparse.Store
	sums    sums      // digests of what was written, where they are asked for
	whole   hash.Hash // SHA-256 of content that is larger than memory, for its report; nil beyond wholeMost
}

const (
	defaultKeep = 64 << 20 // of content that can be unpacked again: a document that is read from end to end has less
	keepRest    = 4        // times as much of other content: what an archive of sources holds
	againMost   = 2        // times Options.Bytes are unpacked again: a second pass over all of it, and as much in single reads
)

// again is a reader whose content can be unpacked once more.
type again interface {
	again(ctx context.Context, s *Scan) sparse.Again // nil where it cannot
}

// newUnpacked is room for what r gives, depth containers deep. All containers around it are unpacked at the same time: the deeper ones, which are hardly
// ever large, get less memory, so that ten of them take three times what one may.
func (s *Scan) newUnpacked(ctx context.Context, r io.Reader, depth int) *unpacked {
	u := &unpacked{s: s, ctx: ctx, r: r, counted: true, memory: s.o.Memory >> min(4, max(0, depth-1)/2*2)}
	u.b = u.buffer()
	return u
}

func (u *unpacked) buffer() *message.Buffer {
	return message.NewBuffer(u.s.o.SpoolDir, u.memory).Under(u.s.o.Walk.Budget)
}

// Write is io.Writer. An error is the file system's.
func (u *unpacked) Write(p []byte) (int, error) {
	if u.store == nil && u.b.Size()+int64(len(p)) > u.memory {
		if err := u.spill(); err != nil {
			return 0, err
		}
	}
	var n int
	var err error
	if u.store == nil {
		n, err = u.b.Write(p)
	} else {
		n, err = u.store.Write(p)
		u.giveBack()
	}
	if err != nil {
		err = &ioError{fmt.Errorf("inspect: unpacking: %w", err)}
	}
	u.sums.write(p)
	u.wholly(p)
	return n, err
}

// wholeMost is how much of a file is read for the digest in its report: a tenth of a second. Documents that are padded to more are known by their macros.
const wholeMost = 32 << 20

// wholly goes on with the digest of a file that does not fit into memory.
func (u *unpacked) wholly(p []byte) {
	switch {
	case u.whole == nil:
	case u.Size() > wholeMost:
		u.whole = nil
	default:
		u.whole.Write(p)
	}
}

// wholeSum is that digest, nil where there is none.
func (u *unpacked) wholeSum() []byte {
	if u.whole == nil {
		return nil
	}
	return u.whole.Sum(nil)
}

// giveBack takes filling off the budget.
func (u *unpacked) giveBack() {
	if !u.counted {
		return
	}
	n := u.store.Filling() - u.filling
	u.s.bytes -= n - n/fillingShare
	u.filling += n
}

// spill moves what is in memory to a store.
func (u *unpacked) spill() error {
	small := u.b
	defer small.Close()
	o := sparse.Options{Keep: u.s.o.Keep * keepRest, Digest: u.s.scanner.sums()}
	var from sparse.Again
	if r, ok := u.r.(again); ok {
		switch from = r.again(u.ctx, u.s); {
		case sparse.IsPlain(from): // it costs no more to read than a spool file
			o.Keep = u.memory
		case from != nil:
			o.Keep = u.s.o.Keep
		}
	}
	u.b = u.buffer()
	u.store = sparse.New(u.b, o)
	if from != nil {
		u.store.From(from)
	}
	to := io.Writer(u.store)
	if u.s.scanner.sums() {
		u.whole = sha256.New()
		to = io.MultiWriter(to, u.whole)
	}
	_, err := io.Copy(to, io.NewSectionReader(small, 0, small.Size()))
	return err
}

// ReadAt is io.ReaderAt.
func (u *unpacked) ReadAt(p []byte, off int64) (int, error) { return u.content().ReadAt(p, off) }

func (u *unpacked) content() io.ReaderAt {
	if u.store != nil {
		return u.store
	}
	return u.b
}

// Size is the number of bytes written.
func (u *unpacked) Size() int64 {
	if u.store != nil {
		return u.store.Size()
	}
	return u.b.Size()
}

// sum is the digest of the content, zero where none is kept.
func (u *unpacked) sum() (sum [sha256.Size]byte) {
	switch b, whole := u.b.Bytes(); {
	case !u.s.scanner.sums():
	case u.store != nil:
		sum = u.store.Sum()
	case whole:
		sum = sha256.Sum256(b)
	}
	return sum
}

// Close frees the content.
func (u *unpacked) Close() error { return u.b.Close() }

// close frees the content of f and says what of it could not be read.
func (u *unpacked) close(f *File) {
	if u.store != nil && u.store.Missed() {
		u.s.found(f, finding.New(finding.ScanIncomplete, f.Path, "structures out of reach: %d of %d bytes are kept", u.store.Kept(), u.Size()))
	}
	u.b.Close()
}

// rooms are where oleparse unpacks compound files that lie in a document.
type rooms struct {
	s     *Scan
	ctx   context.Context
	depth int
	list  []*unpacked
}

func (s *Scan) newRooms(ctx context.Context, f *File) *rooms {
	return &rooms{s: s, ctx: ctx, depth: f.depth + 1}
}

func (r *rooms) add() oleparse.Storage {
	u := r.s.newUnpacked(r.ctx, nil, r.depth)
	u.counted = false // here; parts are counted where they are read, and oleparse bounds the rest
	r.list = append(r.list, u)
	return u
}

func (r *rooms) close(f *File) {
	for _, u := range r.list {
		u.close(f)
	}
}
