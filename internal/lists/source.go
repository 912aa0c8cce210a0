package lists

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Use is what a match means.
type Use string

// The uses.
const (
	Block Use = "block"
	Allow Use = "allow" // of files only: a sender's name is no proof of what a file holds
	Note  Use = "note"  // a fact for rules, no more
)

// Source is a list in a file. The zero value of Type, Format and Use is Auto, "auto" and Block.
type Source struct {
	Name   string
	File   string
	Type   Type
	Format string // auto, lines, csv, misp, stix
	Column string // of CSV: its heading, or its number from 1; "" for the first
	Use    Use
}

// The formats.
const (
	formatAuto  = "auto"
	formatLines = "lines"
	formatCSV   = "csv"
	formatMISP  = "misp"
	formatSTIX  = "stix"
)

// Formats returns the words of all formats.
func Formats() []string { return []string{formatAuto, formatLines, formatCSV, formatMISP, formatSTIX} }

func (s Source) withDefaults() Source {
	if s.Format == "" {
		s.Format = formatAuto
	}
	if s.Use == "" {
		s.Use = Block
	}
	return s
}

// nameMax keeps a name short enough for a table and a file's name.
const nameMax = 40

// Check says what is wrong with the settings of a source.
func (s Source) Check() error {
	s = s.withDefaults()
	switch {
	case s.Name == "" || len(s.Name) > nameMax || strings.Trim(s.Name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "":
		return fmt.Errorf("lists: name %q: use up to %d of a-z, 0-9, - and _", s.Name, nameMax)
	case s.Name == string(Block) || s.Name == string(Allow):
		return fmt.Errorf("lists: the name %q is taken: it stands for all lists of this use", s.Name)
	case s.File == "":
		return fmt.Errorf("lists: %s: which file?", s.Name)
	case s.Use == Allow && s.Type != Auto && !s.Type.File():
		return fmt.Errorf("lists: %s: only files can be allowed by a list, by hash or macro: the name of a sender, domain or network is no proof of what comes from it", s.Name)
	}
	return nil
}

// takes reports whether the list takes entries of a type.
func (s Source) takes(t Type) bool {
	if s.Use == Allow && !t.File() {
		return false
	}
	return s.Type == Auto || s.Type == t || s.Type == Domain && t == IP // an address in the place of a domain
}

// how are the settings that an index depends on.
func (s Source) how() string {
	b, _ := json.Marshal([]any{s.Type, s.Format, s.Column, s.Use, s.File}) // texts and a word: it cannot fail
	return string(b)
}

// stamp tells whether a file is still the one that was read.
type stamp struct {
	Dev   uint64 `json:"dev"`
	Ino   uint64 `json:"ino"`
	Size  int64  `json:"size"`
	MTime int64  `json:"mtime"` // nanoseconds
}

func stampOf(fi fs.FileInfo) stamp {
	st := stamp{Size: fi.Size(), MTime: fi.ModTime().UnixNano()}
	if sys, ok := fi.Sys().(*syscall.Stat_t); ok {
		st.Dev, st.Ino = uint64(sys.Dev), sys.Ino
	}
	return st
}

var errKind = errors.New("not a regular file")

// openSource opens a list. A link is followed, as configurations are often put in place by one; a pipe does not block, and is refused as all
// else that is no regular file.
func openSource(path string) (*os.File, stamp, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, stamp{}, err
	}
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = &fs.PathError{Op: "read", Path: path, Err: errKind}
	}
	if err != nil {
		return nil, stamp{}, errors.Join(err, f.Close())
	}
	return f, stampOf(fi), nil
}
