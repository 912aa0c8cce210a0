package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"sekisho/internal/sparse"
	"sekisho/oleparse"
	"sekisho/zipinspect"
)

// ooxmlFile reads Office Open XML packages (ECMA-376 part 2), which the ZIP inspector has listed.
type ooxmlFile struct{}

var _ Inspector = ooxmlFile{}

func (ooxmlFile) Name() string { return "ooxml" }

func (ooxmlFile) Match(f *File) bool {
	switch f.Kind {
	case KindOPC, KindDOCX, KindXLSX, KindXLSB, KindPPTX, KindVSDX:
		return f.archive != nil
	}
	return false
}

// mainParts are the parts that make a package a document. Names are compared as Office does, without regard to case.
func mainParts() map[string]string {
	return map[string]string{
		"word/document.xml": KindDOCX, "xl/workbook.xml": KindXLSX, "xl/workbook.bin": KindXLSB, "ppt/presentation.xml": KindPPTX,
		"visio/document.xml": KindVSDX,
	}
}

// zipKind tells documents from other archives. A package whose main part has an unusual name has the list of content types and
// the relationships of its root.
func zipKind(a *zipinspect.Archive) string {
	parts, types, rels := mainParts(), false, false
	for i := range a.Entries {
		if a.Entries[i].Encrypted {
			continue // Office does not open it
		}
		switch name := partName(a.Entries[i].Name); name {
		case "[content_types].xml":
			types = true
		case "_rels/.rels":
			rels = true
		default:
			if k, ok := parts[name]; ok {
				return k
			}
		}
	}
	if types && rels {
		return KindOPC
	}
	return KindZip
}

func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/"))
}

func (o ooxmlFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	p := newParts(ctx, f, s)
	rooms := s.newRooms(ctx, f)
	defer rooms.close(f)
	doc, err := oleparse.ReadOOXML(ctx, p, oleparse.Options{Text: s.text(f), Storage: rooms.add})
	switch {
	case p.err != nil:
		return p.err
	case err != nil && !errors.Is(err, sparse.ErrReach):
		return err
	}
	if doc.Kind != "" {
		f.Kind = doc.Kind
	}
	p.own(doc)
	s.paddedParts(f)
	if err := s.document(ctx, f, doc); err != nil {
		return err
	}
	return o.embedded(ctx, f, s, p)
}

// own leaves in doc the projects that are a part of the package; those parts are done. A project deeper inside a part is that of an embedded
// file, which is inspected by itself.
func (p *parts) own(doc *oleparse.Document) {
	doc.Projects = slices.DeleteFunc(doc.Projects, func(q oleparse.Project) bool {
		_, ok := p.entries[q.Path]
		if ok {
			p.done[q.Path] = true
		}
		return !ok
	})
	for i := range doc.Files {
		p.files[doc.Files[i].Path] = &doc.Files[i]
	}
}

// embedded looks at every part that oleparse did not finish: objects, controls, packages, and what has no business in a package.
func (o ooxmlFile) embedded(ctx context.Context, f *File, s *Scan, p *parts) error {
	for _, name := range p.names {
		e := p.entries[name]
		var err error
		switch file := p.files[name]; {
		case file != nil:
			err = o.file(ctx, f, e, file, s)
		case !p.done[name]:
			err = o.part(ctx, f, e, s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// file inspects a part that oleparse hands out.
func (o ooxmlFile) file(ctx context.Context, f *File, e *zipinspect.Entry, file *oleparse.File, s *Scan) error {
	r, err := file.Open()
	if err != nil {
		return o.part(ctx, f, e, s)
	}
	if p, ok := r.(*part); ok {
		defer p.Close()
		r = p.r // member counts
	}
	return s.member(ctx, f, e.Name, r)
}

const partHead = 512 // enough for headKind to know what has a signature

func (ooxmlFile) part(ctx context.Context, f *File, e *zipinspect.Entry, s *Scan) error {
	if usualPart(e.Name) && !readable(e.Method) {
		return nil
	}
	if e.Encrypted {
		return s.lockedMember(ctx, f, e.Name)
	}
	r, err := openEntry(e)
	if err != nil {
		return (zipFile{}).member(ctx, f, e, s)
	}
	defer r.Close()
	head := make([]byte, partHead)
	n, err := io.ReadFull(&unpacking{ctx, s, f, r, 0}, head)
	if err != nil && ours(ctx, err) {
		return err
	}
	if usualPart(e.Name) && passivePart(head[:n]) {
		return nil // oleparse reads the markup
	}
	return s.member(ctx, f, e.Name, begun{io.MultiReader(bytes.NewReader(head[:n]), r), r})
}

// begun is an entry of which the beginning was read.
type begun struct {
	io.Reader
	e entryReader
}

var _ again = begun{}

func (b begun) again(ctx context.Context, s *Scan) sparse.Again { return b.e.again(ctx, s) }

// usualPart reports whether Office names its own parts so. Others are listed as files whatever they hold.
func usualPart(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".xml", ".rels", ".bin", ".vml", ".png", ".jpg", ".jpeg", ".jpe", ".gif", ".emf", ".wmf", ".tif", ".tiff", ".bmp", ".svg", ".wdp",
		".odttf", ".fntdata", ".ttf", ".dat", ".psmdcp", ".sigs", ".thmx", ".wav", ".mp3", ".mp4", ".m4a", ".wmv", ".avi":
		return true
	}
	return false
}

// passive reports whether a part of that kind is content of the document and no file of its own.
func passive(kind string) bool {
	switch kind {
	case KindEmpty, KindData, KindText, KindXML, KindHTML, KindPNG, KindJPEG, KindGIF, KindBMP, KindTIFF, KindEMF, KindWMF:
		return true
	}
	return false
}

// parts is the package for oleparse.
type parts struct {
	files   map[string]*oleparse.File // parts that it hands back
	done    map[string]bool           // parts that nobody needs to look at again
	ctx     context.Context
	s       *Scan
	f       *File
	entries map[string]*zipinspect.Entry
	names   []string // in the archive's order
	err     error    // what must end the scan, whatever oleparse makes of it
}

var _ oleparse.Parts = (*parts)(nil)

// newParts takes every entry. Of two with one name programs open the first or the last: the second gets the name that a program would cut at
// the NUL.
func newParts(ctx context.Context, f *File, s *Scan) *parts {
	p := &parts{ctx: ctx, s: s, f: f, entries: map[string]*zipinspect.Entry{}, files: map[string]*oleparse.File{}, done: map[string]bool{}}
	for i := range f.archive.Entries {
		e := &f.archive.Entries[i]
		if e.Directory && e.Compressed <= 0 {
			continue
		}
		name := e.Name
		if _, taken := p.entries[name]; taken {
			name = fmt.Sprintf("%s\x00%d", e.Name, i)
		}
		p.entries[name] = e
		p.names = append(p.names, name)
	}
	return p
}

func (p *parts) Names() []string { return p.names }

func (p *parts) Open(name string) (io.ReadCloser, error) {
	e, ok := p.entries[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	z, err := e.Open()
	if err != nil {
		return nil, err
	}
	r := entryReader{z}
	return &part{p: p, u: unpacking{p.ctx, p.s, p.f, r, 0}, r: r, name: name}, nil
}

// part is one part's content under the budget. Its beginning is kept, so that what it is need not be found out by opening it again.
type part struct {
	p     *parts
	u     unpacking
	r     entryReader
	name  string
	head  [partHead]byte
	n     int
	ended bool
}

func (r *part) Read(b []byte) (int, error) {
	n, err := r.u.Read(b)
	if r.n < partHead {
		r.n += copy(r.head[r.n:], b[:n])
	}
	if err != nil {
		r.ended = true
		if ours(r.p.ctx, err) && r.p.err == nil {
			r.p.err = err
		}
	}
	return n, err
}

// Close notes whether the part is done: content of the document, which oleparse has read as far as it matters.
func (r *part) Close() error {
	if (r.n == partHead || r.ended) && usualPart(r.name) && passivePart(r.head[:r.n]) {
		r.p.done[r.name] = true
	}
	return r.r.Close()
}

func passivePart(head []byte) bool {
	return bytes.HasPrefix(head, []byte("<?xml ")) || passive(headKind(head))
}
