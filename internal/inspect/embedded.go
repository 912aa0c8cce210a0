package inspect

import (
	"bytes"
	"context"
	"io"
	"slices"

	"sekisho/internal/finding"
	"sekisho/oleparse"
)

// packed inspects the files that lie in a document's streams: packages, attachments, other programs' documents. A stream without a file name is
// one only when its content is more than the document's own data.
func (s *Scan) packed(ctx context.Context, f *File, doc *oleparse.Document) error {
	for i := range doc.Files {
		if err := s.packedFile(ctx, f, &doc.Files[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Scan) packedFile(ctx context.Context, f *File, e *oleparse.File) error {
	r, err := e.Open()
	switch {
	case err != nil && ours(ctx, err):
		return err
	case err != nil:
		s.found(f, finding.New(finding.ScanIncomplete, f.Path.Child(e.Path), "%q", err.Error()))
		return nil
	}
	if e.Name != "" {
		_, err := s.carried(ctx, f.holder(e.Path), e.Name, append(slices.Clone(e.Also), e.Name), r)
		return err
	}
	head := make([]byte, partHead)
	n, err := io.ReadFull(&unpacking{ctx, s, f, r, 0}, head)
	if err != nil && ours(ctx, err) {
		return err
	}
	if kind := headKind(head[:n]); passive(kind) && kind != KindHTML { // an object of class htmlfile runs its scripts
		return nil
	}
	return s.member(ctx, f, e.Path, io.MultiReader(bytes.NewReader(head[:n]), r))
}

// holder is a stream of f with a file in it: one more step in the path, and no container of its own.
func (f *File) holder(stream string) *File {
	return &File{Path: f.Path.Child(stream), Kind: f.Kind, Size: f.Size, parent: f, depth: f.depth, report: -1}
}
