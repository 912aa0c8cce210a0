// Package lists looks things up in long lists of hashes, macro fingerprints, domains and addresses that are kept in files, and in entries that a
// postmaster adds by hand.
//
// A list comes as text with one entry a line, as a column of CSV (RFC 4180), as an export of MISP (core format 2.4: JSON, or CSV) or as a STIX 2.1 bundle. It is
// read once, as a stream, into an index on disk: sorted keyed hashes of 80 bits. A list of ten million entries takes half a megabyte of memory, and one
// read of the disk a look-up. Files are looked at every few seconds and read anew when they have changed and stand still; the old entries are in force
// until the new ones are, and stay so when the file is broken: then it is told, with the line.
//
// Entries by hand (Book) lie in memory.db, are kept in memory, and are in force in every process within a second or two.
//
// # Limits
//
// A line or CSV record has 8 KiB, a JSON object 32 MiB, a list a hundred million entries, the book BookMax. A file of which more values cannot be read
// than can is another kind of file, and broken. One of 10^17 foreign values matches a list of ten million by accident; the hashes are keyed, so nobody can
// look for one. Nothing that comes in mail is ever stored here. A domain matches below itself, up to eight labels from the right. An entry that would
// match strangers is refused: public suffixes, networks shorter than /8 (IPv6: /16), and of a URL the host where everybody publishes.
package lists

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options of Lists. The zero value of a field is its default.
type Options struct {
	Sources []Source
	Book    *Book // entries by hand; nil for none
	// Dir holds the indexes between runs; one Lists at a time writes there, others keep what they have open. "" puts them into files without names.
	Dir string
	// Own gives a new file to the owner of Dir; nil leaves it.
	Own func(*os.File) error
	// Every is how often files are looked at, 3 s by default.
	Every time.Duration
	// Told hears of each reading: when a list was taken, or why not. nil for nobody.
	Told func(Event)
}

// Event is the outcome of reading one list.
type Event struct {
	List   string
	Report Report
	Took   time.Duration
	Err    error // why the file was not taken; the old entries stay in force
}

func (o Options) withDefaults() Options {
	if o.Every <= 0 {
		o.Every = 3 * time.Second
	}
	if o.Told == nil {
		o.Told = func(Event) {}
	}
	if o.Own == nil {
		o.Own = func(*os.File) error { return nil }
	}
	return o
}

// sourcesMax is the most lists: each costs a look-up per value of a mail.
const sourcesMax = 100

// Lists is safe for concurrent use.
type Lists struct {
	o    Options
	list []*list
}

// list is one source with its index.
type list struct {
	src Source

	mu  sync.RWMutex // of index
	idx *index       // nil while nothing could be read

	tried, seen stamp // the watcher's: what was read or refused last, what was there at the last look
	retry       int   // looks until what failed through no fault of the file is tried again; 0: not at all
	restless    int   // looks at which the file was another one than at the look before
}

// againLooks is after how many looks a failure of ours, such as a full disk or a file that may not be read, is tried again, and after how many a file that never
// stands still is told: a minute.
const againLooks = 20

// Open reads all lists. One that cannot be read is told, and empty until its file is mended: only settings are an error.
func Open(ctx context.Context, o Options) (*Lists, error) {
	o = o.withDefaults()
	if len(o.Sources) > sourcesMax {
		return nil, fmt.Errorf("lists: %d lists, more than %d", len(o.Sources), sourcesMax)
	}
	if o.Dir != "" {
		if err := errors.Join(o.mkdir(), o.tidy()); err != nil {
			return nil, fmt.Errorf("lists: %w", err)
		}
	}
	l := &Lists{o: o}
	for _, src := range o.Sources {
		if err := src.Check(); err != nil {
			return nil, errors.Join(err, l.Close())
		}
		src = src.withDefaults()
		if slices.ContainsFunc(l.list, func(other *list) bool { return other.src.Name == src.Name }) {
			return nil, errors.Join(fmt.Errorf("lists: two lists have the name %q", src.Name), l.Close())
		}
		one := &list{src: src}
		l.list = append(l.list, one)
		l.begin(ctx, one)
	}
	return l, nil
}

func (o Options) mkdir() error {
	if err := os.Mkdir(o.Dir, 0o750); err != nil {
		if errors.Is(err, os.ErrExist) {
			return nil
		}
		return err
	}
	d, err := os.Open(o.Dir)
	if err != nil {
		return err
	}
	return errors.Join(o.Own(d), d.Close())
}

// tidy removes what a killed process left half written, and indexes of lists that are no more.
func (o Options) tidy() error {
	entries, err := os.ReadDir(o.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name, isIndex := strings.CutSuffix(e.Name(), ".index")
		known := slices.ContainsFunc(o.Sources, func(s Source) bool { return s.Name == name })
		if strings.HasSuffix(e.Name(), ".tmp") || isIndex && !known {
			err = errors.Join(err, os.Remove(filepath.Join(o.Dir, e.Name())))
		}
	}
	return err
}

// begin takes the index of an earlier run, which is brought up to date later, or reads the list's file.
func (l *Lists) begin(ctx context.Context, one *list) {
	if l.o.Dir != "" {
		f, err := os.Open(l.path(one))
		if err == nil {
			idx, err := openIndex(f)
			switch {
			case err == nil && idx.How == one.src.how():
				one.idx, one.tried = idx, idx.Source
				l.told(one, idx.Report, 0, nil)
				return
			case err == nil:
				idx.Close()
			}
		}
	}
	l.load(ctx, one)
}

func (l *Lists) path(one *list) string { return filepath.Join(l.o.Dir, one.src.Name+".index") }

// Run looks after the files until ctx ends.
func (l *Lists) Run(ctx context.Context) {
	tick := time.NewTicker(l.o.Every)
	defer tick.Stop()
	for {
		for _, one := range l.list {
			l.look(ctx, one)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look reads a list's file when it has changed and has stood still for one look.
func (l *Lists) look(ctx context.Context, one *list) {
	defer func() {
		if p := recover(); p != nil {
			l.told(one, Report{}, 0, fmt.Errorf("lists: panic: %v", p))
		}
	}()
	fi, err := os.Stat(one.src.File)
	if err != nil { // it is told once, and read when it comes back
		if (one.tried != stamp{}) {
			one.tried, one.seen = stamp{}, stamp{}
			l.told(one, Report{}, 0, err)
		}
		return
	}
	now := stampOf(fi)
	switch {
	case now == one.tried && one.retry == 0:
		return
	case now == one.tried:
		if one.retry--; one.retry > 0 {
			return
		}
	case now != one.seen:
		one.seen = now
		if one.restless++; one.restless%againLooks == 0 {
			l.told(one, Report{}, 0, errRestless)
		}
		return
	}
	l.load(ctx, one)
}

var errRestless = errors.New("the file changes all the time: have it written beside and renamed")

// faulty reports whether the file itself is to blame, so that it fails until it is another one.
func faulty(err error) bool {
	var file *FileError
	return errors.As(err, &file) || errors.Is(err, errKind)
}

// load reads a list's file and puts it in force.
func (l *Lists) load(ctx context.Context, one *list) {
	begun := time.Now()
	idx, err := l.build(ctx, one)
	if ctx.Err() != nil { // the process ends
		if idx != nil {
			idx.Close()
		}
		return
	}
	one.retry, one.restless = 0, 0
	if err != nil {
		if !faulty(err) {
			one.retry = againLooks
		}
		l.told(one, Report{}, time.Since(begun), err)
		return
	}
	one.mu.Lock()
	old := one.idx
	one.idx = idx
	one.mu.Unlock()
	if old != nil {
		old.Close() // it was only read
	}
	l.told(one, idx.Report, time.Since(begun), nil)
}

func (l *Lists) told(one *list, r Report, took time.Duration, err error) {
	if err != nil {
		err = fmt.Errorf("lists: %s: %s: %w", one.src.Name, one.src.File, err)
	}
	l.o.Told(Event{List: one.src.Name, Report: r, Took: took, Err: err})
}

// build makes the index of a list's file as it is now.
func (l *Lists) build(ctx context.Context, one *list) (*index, error) {
	in, at, err := openSource(one.src.File)
	if err != nil {
		if fi, err := os.Stat(one.src.File); err == nil {
			one.tried = stampOf(fi) // a pipe, say: once is enough
		}
		return nil, err
	}
	defer in.Close()
	one.tried = at
	out, err := os.CreateTemp(l.o.Dir, one.src.Name+".*.tmp")
	if err != nil {
		return nil, err
	}
	if err = l.o.Own(out); err == nil {
		err = fill(ctx, out, in, one.src, at, l.o.Dir)
	}
	if err == nil && l.o.Dir != "" {
		err = os.Rename(out.Name(), l.path(one))
	} else {
		err = errors.Join(err, os.Remove(out.Name()))
	}
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	return openIndex(out)
}

// fill reads in and writes its index to out.
func fill(ctx context.Context, out, in *os.File, src Source, at stamp, dir string) error {
	sorter, err := newSorter(dir)
	if err != nil {
		return err
	}
	defer sorter.Close()
	h := &head{Key: newKey(), Source: at, How: src.how()}
	hasher := newHasher(h.Key)
	r := &reading{ctx: ctx, src: src, emit: func(it Item) error {
		h.note(it)
		return sorter.add(hasher.sum(it))
	}}
	if err := r.read(in); err != nil {
		return err
	}
	if fi, err := in.Stat(); err != nil || stampOf(fi) != at {
		return errors.Join(err, errChanged)
	}
	h.Report = r.rep
	return writeIndex(out, h, sorter.n, sorter.sorted)
}

var errChanged = errors.New("the file changed while it was read")

// Close closes the indexes. Run has ended by then.
func (l *Lists) Close() error {
	var errs []error
	for _, one := range l.list {
		one.mu.Lock()
		if one.idx != nil {
			errs = append(errs, one.idx.Close())
			one.idx = nil
		}
		one.mu.Unlock()
	}
	return errors.Join(errs...)
}

// Match is a list that holds a subject, or an entry by hand that names it.
type Match struct {
	List    string // "" for an entry by hand
	Use     Use
	Item    Item // the entry, as it is compared
	Subject int  // index of what was looked up
	Entry   *Entry
}

// Wants reports whether any list or entry by hand has entries of a type. It changes as files do.
func (l *Lists) Wants(t Type) bool {
	for _, one := range l.list {
		one.mu.RLock()
		has := one.idx != nil && one.idx.Types&(1<<t) != 0
		one.mu.RUnlock()
		if has {
			return true
		}
	}
	return l.o.Book != nil && l.o.Book.wants(t)
}

// Empty reports whether there is nothing that could match: the path of a mail then costs nothing.
func (l *Lists) Empty() bool {
	return len(l.list) == 0 && (l.o.Book == nil || len(l.o.Book.page.Load().block) == 0)
}

// Match looks subjects up in every list, each once a list and subject. The error is the disk's; what was found in spite of it is returned.
func (l *Lists) Match(subjects []Subject) (found []Match, err error) {
	now := time.Now()
	for i, s := range subjects {
		items := s.items(l.prefixes)
		for _, one := range l.list {
			it, failed := one.match(items)
			err = errors.Join(err, failed)
			if it != nil {
				found = append(found, Match{List: one.src.Name, Use: one.src.Use, Item: *it, Subject: i})
			}
		}
		if l.o.Book == nil {
			continue
		}
		if e := l.o.Book.blocked(items, now); e != nil {
			found = append(found, Match{Use: Block, Item: e.item(), Subject: i, Entry: e})
		}
	}
	return found, err
}

// match returns the first of items that the list holds.
func (one *list) match(items []Item) (*Item, error) {
	one.mu.RLock()
	defer one.mu.RUnlock()
	if one.idx == nil || one.idx.Count == 0 {
		return nil, nil
	}
	h := newHasher(one.idx.Key)
	for i := range items {
		if one.idx.Types&(1<<items[i].Type) == 0 {
			continue
		}
		ok, err := one.idx.has(h.sum(items[i]))
		if err != nil {
			return nil, fmt.Errorf("lists: %s: %w", one.src.Name, err)
		}
		if ok {
			return &items[i], nil
		}
	}
	return nil, nil
}

// prefixes visits the lengths of network prefixes that any list has, longest first.
func (l *Lists) prefixes(is4 bool, visit func(bits int)) {
	var have [129]bool
	for _, one := range l.list {
		one.mu.RLock()
		if one.idx != nil {
			if is4 {
				merge(have[:], one.idx.Bits4[:])
			} else {
				merge(have[:], one.idx.Bits6[:])
			}
		}
		one.mu.RUnlock()
	}
	if l.o.Book != nil {
		l.o.Book.prefixes(is4, have[:])
	}
	for bits, there := range slices.Backward(have[:]) {
		if there {
			visit(bits)
		}
	}
}

func merge(into, from []bool) {
	for i, b := range from {
		into[i] = into[i] || b
	}
}
