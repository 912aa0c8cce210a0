package hosts

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"sekisho/internal/store"
)

const (
	maxFiles = 2_000_000      // of one import: ten reports of each machine that may be kept
	batch    = 200            // reports, or rows, between two commits: the daemon waits some milliseconds for one of them
	ahead    = 26 * time.Hour // a machine in another zone: UTC-12 to UTC+14
)

// Summary is what an import did.
type Summary struct {
	Files       int `json:"files"`       // looked at
	Reports     int `json:"reports"`     // of EmoCheck
	New         int `json:"new"`         // reports that told something new
	Infected    int `json:"infected"`    // reports of an infection
	Inventories int `json:"inventories"` // CSV files
	Machines    int `json:"machines"`    // rows of them
	Forgotten   int `json:"forgotten"`   // machines that no inventory has any more

	Foreign    int `json:"foreign"`    // neither report nor inventory
	Unfinished int `json:"unfinished"` // reports without a result
	Nameless   int `json:"nameless"`   // reports, and rows of inventories, without a computer name
	Undated    int `json:"undated"`    // clean reports without a time, or from the future
	TooLarge   int `json:"too_large"`
	Unread     int `json:"unread"` // errors of the file system
	Full       int `json:"full"`   // machines for which there was no room
}

// Trouble reports whether something was not taken that a person should look at.
func (s Summary) Trouble() bool {
	return s.Unfinished+s.Nameless+s.Undated+s.TooLarge+s.Unread+s.Full > 0
}

// Importer takes reports and inventories in. Its zero value but for Hosts works.
type Importer struct {
	Hosts   *Hosts
	Replace bool                         // the inventories of this import are all machines that there are
	Step    func(path string)            // hears of each file before it is read
	Problem func(path string, err error) // hears of what was not taken

	sum   Summary
	known map[string]bool // computers that are kept
	seen  map[string]bool // computers of the inventories of this import
	todo  []item
	room  int64 // bytes that the archive under way may still unpack
}

// item is what is read and not written yet: a report, or a row of an inventory.
type item struct {
	path    string
	report  *Report
	machine Machine
}

// Run imports files and folders with everything below them. Links are not followed. A second time it changes nothing. What one file is worth does not keep the others; the
// error is our own trouble.
func (im *Importer) Run(ctx context.Context, paths []string) (Summary, error) {
	if im.Step == nil {
		im.Step = func(string) {}
	}
	if im.Problem == nil {
		im.Problem = func(string, error) {}
	}
	var err error
	if im.known, err = im.Hosts.known(ctx); err != nil {
		return im.sum, fmt.Errorf("hosts: import: %w", err)
	}
	im.seen = map[string]bool{}
	for _, root := range paths {
		if err := im.walk(ctx, root); err != nil {
			return im.sum, fmt.Errorf("hosts: import: %w", err)
		}
	}
	err = im.flush(ctx)
	if err == nil && im.Replace && len(im.seen) > 0 {
		im.sum.Forgotten, err = im.Hosts.forgetOthers(ctx, im.seen)
	}
	if err != nil {
		return im.sum, fmt.Errorf("hosts: import: %w", err)
	}
	return im.sum, nil
}

// Count tells how many files Run will find, for a bar: those in archives are not among them. Trouble is for Run to say.
func Count(ctx context.Context, paths []string) (n int) {
	for _, root := range paths {
		err := filepath.WalkDir(root, func(_ string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				n++
			}
			return ctx.Err()
		})
		if err != nil || n > maxFiles {
			break
		}
	}
	return n
}

func (im *Importer) walk(ctx context.Context, root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && path == root:
			return err // a wrong path is said, not counted
		case err != nil:
			im.unread(path, err)
			return nil
		case d.IsDir():
			return nil
		}
		if err := im.step(path); err != nil {
			return err
		}
		return im.file(ctx, path, root, d)
	})
}

// step counts a file.
func (im *Importer) step(path string) error {
	if im.sum.Files >= maxFiles {
		return fmt.Errorf("more than %d files", maxFiles)
	}
	im.sum.Files++
	im.Step(path)
	return nil
}

// found is a file as it was found, in a folder or in an archive.
type found struct {
	path    string // for people
	name    string
	folder  string    // its own, below what was given: tools that collect files make one a machine
	written time.Time // last
}

// file reads one file; a link, a pipe or a device is a foreign one.
func (im *Importer) file(ctx context.Context, path, root string, d fs.DirEntry) error {
	if !d.Type().IsRegular() {
		im.sum.Foreign++
		return nil
	}
	f, err := store.OpenRegular(path)
	if err != nil {
		im.unread(path, err)
		return nil
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		im.unread(path, err)
		return nil
	}
	at := found{path: path, name: filepath.Base(path), folder: folder(path, root), written: fi.ModTime()}
	if strings.EqualFold(filepath.Ext(path), ".zip") {
		return im.archive(ctx, at, f, fi.Size())
	}
	return im.reader(ctx, at, f)
}

// reader reads a file whole, unless it is larger than any that counts.
func (im *Importer) reader(ctx context.Context, at found, r io.Reader) error {
	most := int64(maxReport)
	if tabular(at.name) {
		most = maxInventory
	}
	b, err := io.ReadAll(io.LimitReader(r, most+1)) // its size is not believed: it may grow, or be an archive's claim
	im.room -= int64(len(b))
	switch {
	case err != nil:
		im.unread(at.path, err)
	case int64(len(b)) > most:
		im.large(at)
	default:
		return im.content(ctx, at, b)
	}
	return nil
}

func (im *Importer) unread(path string, err error) {
	im.sum.Unread++
	im.Problem(path, err)
}

// large counts what would be a report by its name. Other large files of a folder are nobody's business.
func (im *Importer) large(at found) {
	if !strings.Contains(strings.ToLower(at.name), "_emocheck") && !tabular(at.name) {
		im.sum.Foreign++
		return
	}
	im.sum.TooLarge++
	im.Problem(at.path, ErrTooLarge)
}

// tabular reports whether a file may be an inventory by its name.
func tabular(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv", ".tsv":
		return true
	}
	return false
}

// folder is the name of a file's folder below the root.
func folder(path, root string) string {
	dir := filepath.Dir(path)
	if rel, err := filepath.Rel(root, dir); err != nil || rel == "." || rel == ".." {
		return ""
	}
	return filepath.Base(dir)
}

// content takes a file as what it is.
func (im *Importer) content(ctx context.Context, at found, b []byte) error {
	r, err := Parse(at.name, b, im.Hosts.opts.Zone)
	switch {
	case err == nil:
		return im.report(ctx, at, r)
	case errors.Is(err, ErrUnfinished):
		im.sum.Unfinished++
		im.Problem(at.path, err)
	case tabular(at.name):
		return im.inventory(ctx, at.path, b)
	default:
		im.sum.Foreign++
	}
	return nil
}

// The reasons why a report or a row is not taken.
var (
	ErrNameless = errors.New("hosts: no computer name, neither in it nor in the name of its file or folder")
	ErrUndated  = errors.New("hosts: a clean report without a time that has been")
	ErrTooLarge = errors.New("hosts: larger than any report")
)

func (im *Importer) report(ctx context.Context, at found, r *Report) error {
	im.sum.Reports++
	if r.Infected {
		im.sum.Infected++
	}
	if r.Host == "" && isName(at.folder) {
		r.Host = at.folder
	}
	if r.Host == "" {
		im.sum.Nameless++
		im.Problem(at.path, ErrNameless)
		return nil
	}
	if !im.date(r, at.written) {
		im.sum.Undated++
		im.Problem(at.path, ErrUndated)
		return nil
	}
	return im.later(ctx, item{path: at.path, report: r})
}

// date finds a time for a report that has none, or one from the future: a machine's clock may be wrong, an infected one's is what it likes. When its file was
// written is the next best; a copy has the time of copying, so that is not enough to call a machine clean.
func (im *Importer) date(r *Report, written time.Time) bool {
	future := im.Hosts.opts.Now().Add(ahead)
	if !r.Scanned.IsZero() && r.Scanned.Before(future) {
		return true
	}
	if !r.Infected {
		return false
	}
	r.Scanned = written
	if !written.Before(future) {
		r.Scanned = im.Hosts.opts.Now()
	}
	return true
}

func (im *Importer) inventory(ctx context.Context, path string, b []byte) error {
	skipped, err := ParseInventory(b, func(m Machine) error {
		return im.later(ctx, item{path: path, machine: m})
	})
	var bad *csv.ParseError
	switch {
	case errors.Is(err, ErrNotInventory):
		im.sum.Foreign++
		return nil
	case errors.As(err, &bad):
		im.unread(path, err)
	case err != nil:
		return err
	}
	im.sum.Inventories++
	if skipped > 0 {
		im.sum.Nameless += skipped
		im.Problem(path, ErrNameless)
	}
	return nil
}

// later writes in batches.
func (im *Importer) later(ctx context.Context, it item) error {
	if im.todo = append(im.todo, it); len(im.todo) < batch {
		return nil
	}
	return im.flush(ctx)
}

// flush writes what has been read.
func (im *Importer) flush(ctx context.Context) error {
	if len(im.todo) == 0 {
		return nil
	}
	err := im.Hosts.write(ctx, func(w writer) error {
		for _, it := range im.todo {
			if err := im.keep(w, it); err != nil {
				return err
			}
		}
		return nil
	})
	im.todo = im.todo[:0]
	return err
}

// keep refuses a machine that is not known yet when the table is full.
func (im *Importer) keep(w writer, it item) error {
	name := it.machine.Host
	if it.report != nil {
		name = it.report.Host
	}
	key := Key(name)
	if !im.known[key] && len(im.known) >= im.Hosts.opts.Machines {
		im.sum.Full++
		im.Problem(it.path, ErrFull)
		return nil
	}
	im.known[key] = true
	if it.report != nil {
		return im.keepReport(w, it.report)
	}
	return im.keepMachine(w, key, it.machine)
}

func (im *Importer) keepReport(w writer, r *Report) error {
	told, err := w.report(r)
	if told {
		im.sum.New++
	}
	return err
}

// keepMachine takes the place of what earlier imports said of a machine; rows of this one add up.
func (im *Importer) keepMachine(w writer, key string, m Machine) error {
	if !im.seen[key] {
		im.seen[key] = true
		if err := w.unlink(key); err != nil {
			return err
		}
	}
	im.sum.Machines++
	return w.machine(m)
}
