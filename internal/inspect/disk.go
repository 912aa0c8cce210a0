package inspect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"sekisho/internal/diskimage"
	"sekisho/internal/finding"
)

// diskFile opens images of discs and disks. Windows mounts them by a double click.
type diskFile struct{}

var _ Inspector = diskFile{}

func (diskFile) Name() string { return "disk" }

func (diskFile) Match(f *File) bool {
	switch f.Kind {
	case KindISO, KindUDF, KindIMG, KindVHD, KindVHDX:
		return true
	}
	return f.volume
}

func (d diskFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	img, err := diskimage.Read(f.reader(ctx), f.Size, diskimage.Options{})
	switch {
	case errors.Is(err, diskimage.ErrFormat):
		if !f.volume {
			s.found(f, finding.New(finding.ArchiveUnread, f.Path, "begins like a disk image, but nothing in it can be listed"))
		}
		return nil
	case err != nil:
		return err
	}
	d.describe(f, img, s)
	return s.entries(ctx, f, diskEntries(img))
}

// describe adds what the image itself tells.
func (diskFile) describe(f *File, img *diskimage.Image, s *Scan) {
	var files, hidden, locked names
	for _, e := range img.Files {
		files.add(e.Name)
		if e.Encrypted {
			locked.add(e.Name)
		}
	}
	s.found(f, finding.New(finding.ImageDisk, f.Path, "%s, %s", img.Format, fileNames(files)))
	for _, name := range img.Hidden {
		hidden.add(name)
	}
	if hidden.n > 0 {
		s.found(f, finding.New(finding.ArchiveListingMismatch, f.Path, "files in one listing of the image and not in the one that Windows shows: %s", hidden.String()))
	}
	switch {
	case img.Encrypted != "":
		s.report(f).Encrypted = true
		s.found(f, finding.New(finding.ArchiveEncrypted, f.Path, "the volume, by %s", img.Encrypted))
	case locked.n > 0:
		s.report(f).Encrypted = true
		s.found(f, finding.New(finding.ArchiveEncrypted, f.Path, "%s", locked.String()))
	}
	if len(img.Unopened) > 0 {
		s.found(f, finding.New(finding.ArchiveUnread, f.Path, "not opened: %q", strings.Join(img.Unopened, ", ")))
	}
	if img.Limit != "" {
		s.limit(f, finding.LimitFiles, "the image has more %s than the limit", img.Limit)
	}
	for _, p := range img.Problems {
		if p.Unread {
			s.found(f, finding.New(finding.ScanIncomplete, f.Path, "%q", p.Text))
			break
		}
	}
}

// fileNames says how many files there are and what the first are called.
func fileNames(l names) string {
	if l.n == 0 {
		return "no files"
	}
	return fmt.Sprintf("%d files: %s%s", l.n, strings.Join(l.first, ", "), others(l.n-len(l.first)))
}

// diskEntries are the files of the image as members of an archive.
func diskEntries(img *diskimage.Image) iter.Seq2[archived, error] {
	return func(yield func(archived, error) bool) {
		for _, e := range img.Files {
			a := archived{name: e.Name, locked: e.Encrypted, open: func() (io.ReadCloser, error) {
				if e.Unread != "" {
					return nil, fmt.Errorf("not read: %s", e.Unread)
				}
				return io.NopCloser(e.Content()), nil
			}}
			if !yield(a, nil) {
				return
			}
		}
	}
}

// diskVolume looks behind the beginning: for the volume descriptor of an optical disc, as the first 16 sectors are free for any use, and Windows goes by
// the descriptor alone (ECMA-119 6.2.1), and for the footer that alone makes a file a virtual disk, whose first sector is as free.
func (f *File) diskVolume(ctx context.Context) error {
	switch f.Kind {
	case KindEmpty, KindISO, KindUDF, KindVHD, KindVHDX:
		return nil
	}
	b, err := f.look(ctx, volume, 7)
	if err != nil {
		return err
	}
	f.volume = len(b) == 7 && (string(b) == "\x00BEA01\x01" || slices.Contains([]byte{0, 1, 2, 255}, b[0]) && string(b[1:]) == "CD001\x01")
	footer, err := f.footer(ctx)
	if footer && f.Kind == KindIMG {
		f.Kind = KindVHD
	}
	f.volume = f.volume || footer
	return err
}

// footer reports whether the file ends as a VHD does.
func (f *File) footer(ctx context.Context) (bool, error) {
	if f.Size < vhdTail {
		return false, nil
	}
	b, err := f.look(ctx, f.Size-vhdTail, 8)
	return string(b) == "conectix", err
}

// diskKind recognises the images that have no signature of their own: raw CD sectors, and boot sectors and partition tables by what they say.
func (f *File) diskKind(ctx context.Context) error {
	kind, err := diskimage.Kind(f.reader(ctx), f.Size)
	switch kind {
	case "optical":
		f.Kind = KindISO
	case "disk":
		f.Kind = KindIMG
	}
	return err
}
