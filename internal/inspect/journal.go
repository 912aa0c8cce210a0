package inspect

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// journal is the crash memory: stack overflow and memory exhaustion end a Go process without a word, so a file's digest is noted before it
// is opened and struck out afterwards. What is still noted when a process is gone was open when it died.
//
// Each Scanner notes in a live file of its own beside the journal, "<journal>.live-…", which it keeps locked. Whoever opens the journal
// takes the live files whose lock is free, counts one crash for each digest in them and deletes them. So a reload, or a command beside a
// running daemon, is never taken for a crash. The notes need no fsync: they must outlive the process, not the machine's power.
type journal struct {
	path string
	live *os.File

	mu      sync.Mutex
	free    []int64        // slots of the live file
	slots   int64          // slots in use or free
	open    map[digest]int // scans at work on it
	crashes map[digest]crash
}

type digest = [32]byte

// crash is what the journal remembers of one digest.
type crash struct {
	count uint32
	last  int64 // Unix time
}

const (
	maxCrashes    = 2                   // one may be another file's fault: files at work beside the guilty one are counted too
	maxRemembered = 4096                // records kept, the newest: 176 KB, and each cost a crash
	maxSlots      = 4096                // files open at once: sessions times depth; the rest goes unnoted
	rememberFor   = 30 * 24 * time.Hour // a campaign's lifetime; by then the fault may be mended
	slotSize      = 32
	recordSize    = 32 + 4 + 8
	livePattern   = ".live-"
)

// openJournal reads the journal and settles what dead processes left.
func openJournal(path string, now time.Time) (*journal, error) {
	j := &journal{path: path, open: map[digest]int{}, crashes: map[digest]crash{}}
	unlock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := j.load(now); err != nil {
		return nil, err
	}
	if err := j.settle(now); err != nil {
		return nil, err
	}
	j.live, err = os.CreateTemp(filepath.Dir(path), filepath.Base(path)+livePattern)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(owned(j.live), lock(j.live, syscall.LOCK_NB)); err != nil {
		return nil, errors.Join(err, j.live.Close(), os.Remove(j.live.Name()))
	}
	return j, nil
}

// close strikes the live file out.
func (j *journal) close() error {
	return errors.Join(os.Remove(j.live.Name()), j.live.Close())
}

// enter notes d, unless it is known for crashes; done strikes it out again and, as nothing happened, forgets a crash counted against it.
// A disk that cannot be written leaves the file unnoted: a scan is worth more than its note.
func (j *journal) enter(d digest) (done func(), crashes uint32) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if c := j.crashes[d]; c.count >= maxCrashes {
		return func() {}, c.count
	}
	slot := int64(-1)
	if j.open[d]++; j.open[d] == 1 {
		slot = j.note(d)
	}
	return func() { j.leave(d, slot) }, 0
}

// note writes d into a free slot, -1 when there is none.
func (j *journal) note(d digest) int64 {
	slot := j.slots
	if n := len(j.free); n > 0 {
		slot, j.free = j.free[n-1], j.free[:n-1]
	} else if j.slots == maxSlots {
		return -1
	} else {
		j.slots++
	}
	if _, err := j.live.WriteAt(d[:], slot*slotSize); err != nil {
		j.free = append(j.free, slot)
		return -1
	}
	return slot
}

func (j *journal) leave(d digest, slot int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.open[d]--; j.open[d] == 0 {
		delete(j.open, d)
	}
	if slot >= 0 {
		var zero digest
		if _, err := j.live.WriteAt(zero[:], slot*slotSize); err == nil {
			j.free = append(j.free, slot)
		}
	}
	if _, ok := j.crashes[d]; ok && j.open[d] == 0 {
		delete(j.crashes, d)
		if unlock, err := lockFile(j.path + ".lock"); err == nil {
			defer unlock()
			_ = j.save() // at worst the crash stays remembered
		}
	}
}

// load reads the records that are not too old.
func (j *journal) load(now time.Time) error {
	b, err := readHead(j.path, maxRemembered*recordSize)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for ; len(b) >= recordSize; b = b[recordSize:] {
		c := crash{binary.LittleEndian.Uint32(b[32:]), int64(binary.LittleEndian.Uint64(b[36:]))}
		if now.Sub(time.Unix(c.last, 0)) < rememberFor {
			j.crashes[digest(b[:32])] = c
		}
	}
	return err
}

// settle counts a crash for each digest that a dead process left noted. Two processes that died count twice.
func (j *journal) settle(now time.Time) error {
	dir, base := filepath.Dir(j.path), filepath.Base(j.path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), base+livePattern) {
			if err := j.bury(filepath.Join(dir, e.Name()), now); err != nil {
				return err
			}
		}
	}
	return nil
}

// bury takes over a live file if its process is dead. The journal is written before the file goes: died in
// between, a crash counts twice rather than never.
func (j *journal) bury(path string, now time.Time) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if lock(f, syscall.LOCK_NB) != nil {
		return nil // alive
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSlots*slotSize))
	if err != nil {
		return err
	}
	seen := map[digest]bool{{}: true}
	for ; len(b) >= slotSize; b = b[slotSize:] {
		if d := digest(b[:slotSize]); !seen[d] {
			seen[d] = true
			j.crashes[d] = crash{j.crashes[d].count + 1, now.Unix()}
		}
	}
	if err := j.save(); err != nil {
		return err
	}
	return os.Remove(path)
}

// save writes the records, the newest maxRemembered of them, to a new file and moves it into place.
func (j *journal) save() error {
	for len(j.crashes) > maxRemembered {
		j.forgetOldest()
	}
	b := make([]byte, 0, len(j.crashes)*recordSize)
	for d, c := range j.crashes {
		b = append(b, d[:]...)
		b = binary.LittleEndian.AppendUint32(b, c.count)
		b = binary.LittleEndian.AppendUint64(b, uint64(c.last))
	}
	f, err := os.CreateTemp(filepath.Dir(j.path), filepath.Base(j.path)+".new-")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, owned(f), f.Close()); err == nil {
		err = os.Rename(f.Name(), j.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

func (j *journal) forgetOldest() {
	var oldest digest
	first := int64(1<<63 - 1)
	for d, c := range j.crashes {
		if c.last < first {
			oldest, first = d, c.last
		}
	}
	delete(j.crashes, oldest)
}

func readHead(path string, n int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, n))
}

// lockFile takes the lock file at path for a moment; it stays, or two processes could hold two files of one name.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(owned(f), lock(f, 0)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil
}

// lock takes an exclusive lock that ends with the open file, and so with the process.
func lock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|how)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// owned gives a file that root made to the owner of its folder: the daemon must be able to use it.
func owned(f *os.File) error {
	if os.Geteuid() != 0 {
		return nil
	}
	i, err := os.Stat(filepath.Dir(f.Name()))
	if err != nil {
		return err
	}
	if st, ok := i.Sys().(*syscall.Stat_t); ok {
		if err := f.Chown(int(st.Uid), int(st.Gid)); err != nil {
			return fmt.Errorf("owner of %s: %w", f.Name(), err)
		}
	}
	return nil
}
