// Package mailstore finds the mails in what people keep: Maildirs and their sub-folders (Maildir++), mboxes of any dialect, folders of single messages
// (.eml, MH), and mail logs beside them, compressed with gzip, bzip2 or Zstandard or not. What a file is, its content says; of a mail the header is read.
//
// # Limits
//
// Links are not followed, and nothing but regular files is opened. Folders are walked maxDepth deep, a few hundred entries at a time, so that memory
// does not grow with the store. Of a header maxHeader bytes are read, of an mbox's line maxLine. A damaged compressed file gives what stands before the
// damage. An mbox without quoting whose mails have no Content-Length is read as mbox programs do: a "From " line behind an empty one begins a mail. Not
// read: xz, Outlook's PST, Dovecot's dbox, Lotus NSF.
package mailstore

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	maxDepth  = 30      // folders in folders: mail programs show fewer
	maxHeader = 1 << 18 // bytes: what message.Limits reads of one
	maxLine   = 1 << 16 // bytes of a line that are looked at as one
	batch     = 512     // folder entries in memory
)

// File is a file that may hold mail.
type File struct {
	Path    string
	Size    int64
	ModTime time.Time
	Sent    bool // its folder, or itself, has a name for sent mail in some language
	Draft   bool // … for drafts, or its Maildir flag says so
}

// Walk calls fn with every regular file at a path or below it, in the order of the file system. A folder that cannot be read is given to failed, and the
// walk goes on.
func Walk(ctx context.Context, path string, fn func(File) error, failed func(path string, err error)) error {
	fi, err := os.Stat(path) // what a person names may be a link
	if err != nil {
		return err
	}
	w := walker{ctx: ctx, fn: fn, failed: failed}
	if !fi.IsDir() {
		return w.file(filepath.Dir(path), path, fi)
	}
	return w.folder(path, 0)
}

type walker struct {
	ctx    context.Context
	fn     func(File) error
	failed func(string, error)
}

func (w *walker) folder(path string, depth int) error {
	if depth > maxDepth {
		w.failed(path, errors.New("mailstore: too many folders in folders"))
		return nil
	}
	d, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		w.failed(path, err)
		return nil
	}
	defer d.Close()
	for {
		list, err := d.ReadDir(batch)
		for _, e := range list {
			if err := w.entry(path, e, depth); err != nil {
				return err
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				w.failed(path, err)
			}
			return nil
		}
	}
}

func (w *walker) entry(dir string, e fs.DirEntry, depth int) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	path := filepath.Join(dir, e.Name())
	switch {
	case e.IsDir() && e.Name() == "tmp" && isMaildir(dir): // deliveries that are not complete
		return nil
	case e.IsDir():
		return w.folder(path, depth+1)
	case !e.Type().IsRegular():
		return nil
	}
	fi, err := e.Info()
	if err != nil { // gone meanwhile
		return nil
	}
	return w.file(dir, path, fi)
}

func (w *walker) file(dir, path string, fi fs.FileInfo) error {
	f := File{Path: path, Size: fi.Size(), ModTime: fi.ModTime()}
	name := filepath.Base(path)
	folder := filepath.Base(dir)
	if folder == "cur" || folder == "new" {
		folder = filepath.Base(filepath.Dir(dir))
		_, flags, _ := strings.Cut(name, ":2,")
		f.Draft = strings.Contains(flags, "D")
	}
	for _, n := range []string{folder, name} {
		kind := folderKind(n)
		f.Sent = f.Sent || kind == sentFolder
		f.Draft = f.Draft || kind == draftFolder
	}
	return w.fn(f)
}

func isMaildir(dir string) bool {
	fi, err := os.Lstat(filepath.Join(dir, "cur"))
	return err == nil && fi.IsDir()
}
