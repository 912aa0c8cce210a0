package inspect

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"sekisho/internal/finding"
	"sekisho/internal/onenote"
)

// oneNoteFile reads OneNote sections (MS-ONESTORE). Its embedded files are files inside it.
type oneNoteFile struct{}

var _ Inspector = oneNoteFile{}

func (oneNoteFile) Name() string { return "onenote" }

func (oneNoteFile) Match(f *File) bool { return f.Kind == KindOneNote }

func (oneNoteFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	doc, err := onenote.Read(ctx, f.reader(ctx), f.Size, onenote.Options{Text: s.text(f)})
	s.report(f).OneNoteEmbedded = len(doc.Files)
	if err != nil {
		return err
	}
	if doc.Encrypted {
		s.report(f).Encrypted = true
		s.found(f, finding.New(finding.OfficeEncrypted, f.Path, "a password opens at least one page"))
	}
	for _, p := range doc.Problems {
		if p.Unread {
			s.incomplete = true
			s.found(f, finding.New(finding.OfficeUnreadable, f.Path, "offset %d: %s", p.Offset, p.Text))
			break
		}
	}
	return oneNoteFiles(ctx, f, s, doc)
}

// oneNoteFiles inspects the embedded files. Pictures and recordings are what pages are made of; only what else is attached is a finding.
func oneNoteFiles(ctx context.Context, f *File, s *Scan, doc *onenote.Document) error {
	var attached sightings
	var err error
	for i := range doc.Files {
		e := &doc.Files[i]
		name := oneNoteName(e, i)
		var kind string
		kind, err = s.carried(ctx, f, name, oneNoteNames(e), io.NewSectionReader(f.reader(ctx), e.Offset, e.Size))
		if !shownInPage(kind, name) {
			attached.add(name, fmt.Sprintf("%.80q %s %d bytes", name, kind, e.Size))
		}
		if err != nil {
			break
		}
	}
	attached.report(s, f, finding.OneNoteEmbedded)
	return err
}

// oneNoteName is an embedded file's name in paths: the page's, else its number and the extension of its data.
func oneNoteName(e *onenote.File, n int) string {
	if len(e.Names) > 0 {
		return e.Names[0]
	}
	return fmt.Sprintf("file %d%s", n+1, e.Ext)
}

// oneNoteNames are the names that a file goes by; the extension of its data is one.
func oneNoteNames(e *onenote.File) []string {
	if strings.Trim(e.Ext, ".") == "" {
		return e.Names
	}
	return append(slices.Clone(e.Names), e.Ext)
}

// shownInPage reports whether OneNote shows or plays such a file by itself instead of handing it to Windows.
func shownInPage(kind, name string) bool {
	switch kind {
	case KindEmpty, KindPNG, KindJPEG, KindGIF, KindBMP, KindTIFF, KindEMF, KindWMF:
		return true
	case KindData:
		switch extension(name) {
		case ".wma", ".wav", ".mp3", ".m4a", ".wmv", ".mp4", ".avi", ".mov", ".heic", ".webp", ".ico":
			return true
		}
	}
	return false
}
