package hosts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"sekisho/zipinspect"
)

const (
	maxEntries  = 200_000  // of one archive: as many as machines
	maxNames    = 64 << 20 // bytes of their names
	maxUnpacked = 1 << 30  // bytes of one archive: 5 KB for each entry, and what else lies in the folder
)

// archive reads a ZIP of a collected folder. Archives in it, and what is encrypted, are foreign files.
func (im *Importer) archive(ctx context.Context, at found, r io.ReaderAt, size int64) error {
	a, err := zipinspect.Read(r, size, zipinspect.Options{Entries: maxEntries, Names: maxNames})
	if errors.Is(err, zipinspect.ErrFormat) {
		im.sum.Foreign++
		return nil
	}
	if err == nil && a.Limit != "" {
		err = fmt.Errorf("more %s than are read", a.Limit)
	}
	if err != nil {
		im.unread(at.path, err)
	}
	if a == nil {
		return nil
	}
	im.room = maxUnpacked
	for i := range a.Entries {
		if err := im.entry(ctx, at, &a.Entries[i]); err != nil {
			return err
		}
	}
	return nil
}

func (im *Importer) entry(ctx context.Context, at found, e *zipinspect.Entry) error {
	if e.Directory || ctx.Err() != nil {
		return ctx.Err()
	}
	name := strings.ReplaceAll(e.Name, `\`, "/")
	in := found{path: at.path + "!/" + name, name: path.Base(name), written: at.written}
	if dir := path.Dir(name); dir != "." && dir != "/" {
		in.folder = path.Base(dir)
	}
	if err := im.step(in.path); err != nil {
		return err
	}
	if im.room <= 0 {
		im.unread(in.path, fmt.Errorf("the archive unpacks to more than %d bytes", maxUnpacked))
		return nil
	}
	if e.Encrypted {
		im.sum.Foreign++
		return nil
	}
	r, err := e.Open()
	if err != nil {
		im.unread(in.path, err)
		return nil
	}
	defer r.Close()
	return im.reader(ctx, in, r)
}
