package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"syscall"

	"sekisho/internal/config"
	"sekisho/internal/store"
	"sekisho/rules"
)

// fileStamp tells two contents of a file apart without reading it. The zero stamp is a file that cannot be looked at.
type fileStamp struct {
	inode, size  uint64
	mtime, ctime int64
}

func stampOf(name string) fileStamp {
	var st syscall.Stat_t
	if err := syscall.Stat(name, &st); err != nil {
		return fileStamp{}
	}
	return fileStamp{uint64(st.Ino), uint64(st.Size), st.Mtim.Nano(), st.Ctim.Nano()}
}

// packReader reads a pack's files, and notes each with its stamp from before it was read.
type packReader struct{ stamps map[string]fileStamp }

func (r *packReader) read(name string) ([]byte, error) {
	r.stamps[name] = stampOf(name)
	f, err := store.OpenRegular(resolved(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, rules.PackMax+1)) // one more: Load says that it is too large
}

// resolved follows links, which an administrator may use for a pack; what they lead to has to be a regular file.
func resolved(name string) string {
	if path, err := filepath.EvalSymlinks(name); err == nil {
		return path
	}
	return name
}

// readPack loads the pack of that name, "" for the built-in one. The stamps are there even if it has faults: one of these files will be mended.
func readPack(name string) (*rules.Pack, map[string]fileStamp, error) {
	if name == "" {
		return rules.Default(), nil, nil
	}
	r := packReader{map[string]fileStamp{}}
	p, err := rules.LoadFile(name, r.read)
	return p, r.stamps, err
}

// pack loads the rule pack of the configuration, the built-in one where it names none.
func pack(c *config.Config) (*rules.Pack, error) {
	p, _, err := packOf(c)
	return p, err
}

func packOf(c *config.Config) (*rules.Pack, map[string]fileStamp, error) {
	p, stamps, err := readPack(c.Rules.Pack)
	if err != nil {
		err = fmt.Errorf("rules.pack: %w", err)
	}
	return p, stamps, err
}

// passes refuses a pack that fails its own tests by facts; those by mails are for sekisho rules test.
func passes(p *rules.Pack) error {
	var errs []error
	for _, f := range p.Test().Failures {
		errs = append(errs, f)
	}
	return errors.Join(errs...)
}

// packWatch notices that a file of the pack in force changed.
type packWatch struct {
	done map[string]fileStamp // as the pack in force, or the one refused last, was read
	last map[string]fileStamp // at the last look
}

// changed reports whether a file is another one than the pack was read from, and has been so since the last look: an editor may still be
// writing it.
func (w *packWatch) changed() bool {
	now := make(map[string]fileStamp, len(w.done))
	for name := range w.done {
		now[name] = stampOf(name)
	}
	rests := maps.Equal(now, w.last)
	w.last = now
	return rests && !maps.Equal(now, w.done)
}
