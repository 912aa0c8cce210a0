package inspect

import (
	"bytes"
	"context"
	"io"

	"sekisho/internal/finding"
	"sekisho/internal/sparse"
	"sekisho/zipinspect"
)

// A padded file is one of defaultPadded bytes and more of which paddedReal at the most are anything but long runs of filling. Scanners that pass large
// files by begin at sizes like that, and what no scanner would pass by is not worth padding. Tables, disk images and pictures are made of runs like
// these and are no padded files, whatever they hold.
const (
	defaultPadded = 16 << 20
	paddedReal    = 10 // percent
)

// padded adds the finding file.padded.
func (s *Scan) padded(ctx context.Context, f *File) {
	if f.Size < s.o.Padded || !opened(f) {
		return
	}
	most := f.Size / 100 * paddedReal
	filling := int64(0)
	if store, ok := f.content.(*sparse.Store); ok {
		filling = store.Filling()
	} else if n, err := sparse.Measure(f.reader(ctx), f.Size, most); err == nil { // an error here was one before, or says the same as the time
		filling = n
	}
	switch real := f.Size - filling; {
	case real <= most:
		s.found(f, finding.New(finding.FilePadded, f.Path, "%d bytes, of which %d are no filling", f.Size, real))
	case f.packed > 0 && f.Size/f.packed >= denseRatio && !textual(f.Kind): // filling of a long period
		s.found(f, finding.New(finding.FilePadded, f.Path, "%d bytes, packed into %d", f.Size, f.packed))
	}
}

// By how much deflate packs what is nearly all repetition: paddedRatio is more than XML reaches with equal rows, and half of what zeros do;
// denseRatio is less than a period of 32 KB does, and more than a workbook of blank cells.
const (
	paddedRatio = 500
	denseRatio  = 100
)

// textual reports whether honest files of a kind repeat themselves.
func textual(kind string) bool {
	switch kind {
	case KindText, KindHTML, KindXML, KindSVG, KindRTF, KindSLK, KindMHT, KindScript, KindURL:
		return true
	}
	return false
}

// deflated is content whose size in the container is known.
type deflated interface {
	packed() int64
}

// paddedParts adds the finding for parts of a package by what its directory says: most of them are read by their beginning only. A picture may be all
// of one colour.
func (s *Scan) paddedParts(f *File) {
	for i := range f.archive.Entries {
		e := &f.archive.Entries[i]
		if !e.InCentral || !e.InLocal || e.Size < s.o.Padded || e.Compressed <= 0 || e.Size/e.Compressed < paddedRatio {
			continue
		}
		switch extension(e.Name) {
		case ".bmp", ".dib", ".emf", ".wmf", ".tif", ".tiff", ".png":
			continue
		}
		s.found(f, finding.New(finding.FilePadded, f.Path.Child(e.Name), "%d bytes, packed into %d", e.Size, e.Compressed))
	}
}

// opened reports whether a file is of a sort that people open or start: documents, programs, scripts.
func opened(f *File) bool {
	switch f.Kind {
	case KindOLE, KindDOC, KindXLS, KindPPT, KindMSG, KindMSI, KindPUB, KindVSD, KindOPC, KindRTF, KindSLK, KindBIFF, KindPDF, KindOneNote, KindMSO,
		KindHTML, KindXML, KindSVG, KindMHT, KindScript, KindLNK, KindURL, KindEXE, KindELF, KindMachO, KindCHM:
		return true
	case KindZip:
		return false
	case KindText, KindData:
		return runs(f.typed)
	}
	return f.archive != nil // docm, xlsm and so on
}

const squeezeFrom = 1 << 20 // smaller content is read as it is

// squeezed is the content of a text, at most most bytes of it, without the middle of long filling: what a padded page or script has is seen wherever
// it stands. whole reports whether that is all.
func (f *File) squeezed(ctx context.Context, most int) (b []byte, whole bool, err error) {
	if f.Size < squeezeFrom {
		b, err = f.peek(ctx, 0, make([]byte, min(f.Size, int64(most))))
		return b, int64(len(b)) == f.Size, err
	}
	return sparse.Squeeze(f.reader(ctx), f.Size, most)
}

// squeezedMost is how much of a text is held when it is squeezed.
const squeezedMost = 8 << 20

// text reads a text; of one that may be padded, without the filling.
func (f *File) text(ctx context.Context, s *Scan) (io.Reader, error) {
	if f.Size < s.o.Padded {
		return f.reader(ctx), nil
	}
	b, whole, err := f.squeezed(ctx, squeezedMost)
	if err != nil || !whole {
		return f.reader(ctx), err
	}
	return bytes.NewReader(b), nil
}

// unpackedAgain unpacks an entry of an archive once more; nil for methods that cannot be taken up on the way.
func unpackedAgain(ctx context.Context, e *zipinspect.Entry, s *Scan) sparse.Again {
	packed := e.Packed()
	if packed == nil {
		return nil
	}
	packed = io.NewSectionReader(contextReader{ctx, packed}, 0, packed.Size())
	switch e.Method {
	case zipinspect.Stored:
		return sparse.Plain(packed)
	case zipinspect.Deflated:
		return sparse.Inflated(packed, sparse.Deflate, &s.usage.again)
	case zipinspect.Deflate64:
		return sparse.Inflated(packed, sparse.Deflate64, &s.usage.again)
	}
	return nil
}
