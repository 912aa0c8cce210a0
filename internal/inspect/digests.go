package inspect

import (
	"context"
	"crypto/md5"  // what lists are made of, not a safeguard
	"crypto/sha1" // the same
	"crypto/sha256"
	"hash"
	"io"

	"sekisho/internal/finding"
	"sekisho/internal/message"
)

// Digests is a set of digests. They cost a pass over the content each, so that nobody computes what nobody looks up.
type Digests uint8

// The digests.
const (
	DigestSHA256 Digests = 1 << iota
	DigestSHA1
	DigestMD5
)

// FileDigests are those of one file that were asked for; the others are nil.
type FileDigests struct {
	Path              finding.Path
	SHA256, SHA1, MD5 []byte
}

// sums computes digests of what is written.
type sums struct{ sha256, sha1, md5 hash.Hash }

func (s *Scan) newSums() (h sums) {
	if s.want&DigestSHA256 != 0 {
		h.sha256 = sha256.New()
	}
	if s.want&DigestSHA1 != 0 {
		h.sha1 = sha1.New()
	}
	if s.want&DigestMD5 != 0 {
		h.md5 = md5.New()
	}
	return h
}

func (h sums) each(do func(hash.Hash)) {
	for _, one := range [...]hash.Hash{h.sha256, h.sha1, h.md5} {
		if one != nil {
			do(one)
		}
	}
}

func (h sums) write(p []byte) { h.each(func(one hash.Hash) { one.Write(p) }) }

// digested keeps the digests of a file. Their number is bounded by that of files.
func (s *Scan) digested(path finding.Path, h sums) {
	if s.want == 0 || len(s.digests) >= s.o.Files {
		return
	}
	d := FileDigests{Path: path}
	for _, one := range [...]struct {
		h  hash.Hash
		to *[]byte
	}{{h.sha256, &d.SHA256}, {h.sha1, &d.SHA1}, {h.md5, &d.MD5}} {
		if one.h != nil {
			*one.to = one.h.Sum(nil)
		}
	}
	s.digests = append(s.digests, d)
}

// digestPart keeps the digests of a part of a mail, of which the walk computes one.
func (s *Scan) digestPart(p *message.Part) {
	if s.want == 0 {
		return
	}
	h := s.newSums()
	known := h.sha256 != nil
	if h.sha256 = nil; h.sha1 != nil || h.md5 != nil {
		if _, err := io.Copy(sumsWriter{h}, io.NewSectionReader(p.Content, 0, p.Content.Size())); err != nil {
			return // whoever inspects the part comes upon the same error
		}
	}
	before := len(s.digests)
	s.digested(p.Path, h)
	if known && len(s.digests) > before {
		s.digests[before].SHA256 = p.SHA256[:]
	}
}

// digestFile keeps the digests of a file that is scanned by itself.
func (s *Scan) digestFile(ctx context.Context, f *File) error {
	if s.want == 0 {
		return nil
	}
	h := s.newSums()
	if _, err := io.Copy(sumsWriter{h}, f.reader(ctx)); err != nil {
		return err
	}
	s.digested(f.Path, h)
	return nil
}

type sumsWriter struct{ sums }

func (w sumsWriter) Write(p []byte) (int, error) {
	w.write(p)
	return len(p), nil
}
