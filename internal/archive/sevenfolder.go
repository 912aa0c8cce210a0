package archive

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/bodgit/sevenzip"
)

// openFolder is a folder's unpacked stream. The library gets an archive of that folder alone, with a header of ours: what is unusual in an archive's
// header (the order of coders, properties, parts that are missing) is no matter for it, and what is hostile in it does not come that far.
func openFolder(archive *io.SectionReader, f *sevenFolder) (io.ReadCloser, error) {
	order, ok := f.order()
	if !ok {
		return nil, errHeader
	}
	var packed uint64
	for _, n := range f.sizes {
		if packed += n; n > uint64(archive.Size()) {
			return nil, &Error{Cut, "7z: packed streams beyond the end"}
		}
	}
	room := uint64(archive.Size())
	if f.at > room || packed > room-f.at {
		return nil, &Error{Cut, "7z: packed streams beyond the end"}
	}
	header := f.header(order)
	start := binary.LittleEndian.AppendUint64(nil, packed)
	start = binary.LittleEndian.AppendUint64(start, uint64(len(header)))
	start = binary.LittleEndian.AppendUint32(start, crc32.ChecksumIEEE(header))
	head := append([]byte(sevenMark), 0, 4)
	head = binary.LittleEndian.AppendUint32(head, crc32.ChecksumIEEE(start))
	r := &joint{append(head, start...), io.NewSectionReader(archive, int64(f.at), int64(packed)), header}
	z, err := sevenzip.NewReader(r, r.size())
	if err != nil {
		return nil, sevenError(err)
	}
	content, err := z.File[0].Open()
	if err != nil {
		return nil, sevenError(err)
	}
	return content, nil
}

// joint is the three parts of such an archive, one behind the other.
type joint struct {
	head   []byte
	packed *io.SectionReader
	tail   []byte
}

func (j *joint) size() int64 { return int64(len(j.head)) + j.packed.Size() + int64(len(j.tail)) }

func (j *joint) ReadAt(p []byte, off int64) (n int, err error) {
	for _, part := range []*io.SectionReader{section(j.head), j.packed, section(j.tail)} {
		if off < part.Size() && n < len(p) {
			got, err := part.ReadAt(p[n:min(len(p), n+int(min(part.Size()-off, int64(len(p)))))], off)
			n, off = n+got, off+int64(got)
			if off < part.Size() && n < len(p) {
				return n, err
			}
		}
		off -= part.Size()
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func section(b []byte) *io.SectionReader {
	return io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b)))
}

// header writes the folder, its coders in the given order, and one file that is all of its stream.
func (f *sevenFolder) header(order []int) []byte {
	b := []byte{sevenIsHeader, sevenMain, sevenPackInfo, 0}
	b = appendNumber(b, uint64(len(f.sizes)))
	b = append(b, sevenSize)
	for _, n := range f.sizes {
		b = appendNumber(b, n)
	}
	b = append(b, sevenEnd, sevenUnpackInfo, sevenFolders, 1, 0)
	b = append(f.appendFolder(b, order), sevenUnpackSizes)
	for _, coder := range order {
		b = appendNumber(b, f.unpack[coder])
	}
	return append(b, sevenEnd, sevenEnd, sevenFiles, 1, sevenNames, 5, 0, 'x', 0, 0, 0, sevenEnd, sevenEnd)
}

// appendFolder writes "Folder": coders, BindPairs and PackedStreams, with the indexes that the new order gives.
func (f *sevenFolder) appendFolder(b []byte, order []int) []byte {
	b = appendNumber(b, uint64(len(order)))
	place := make([]uint64, len(order))  // of a coder's output in the new order
	inputs := make([]uint64, len(order)) // and of its first input
	var at uint64
	for i, coder := range order {
		c := &f.coders[coder]
		place[coder], inputs[coder] = uint64(i), at
		at += c.in
		flags := byte(len(c.method)) | 0x10
		if len(c.properties) > 0 {
			flags |= 0x20
		}
		b = append(append(b, flags), c.method...)
		b = append(appendNumber(b, c.in), 1)
		if len(c.properties) > 0 {
			b = append(appendNumber(b, uint64(len(c.properties))), c.properties...)
		}
	}
	moved := func(in uint64) uint64 {
		coder := 0
		for in >= f.firstInput(coder)+f.coders[coder].in {
			coder++
		}
		return inputs[coder] + in - f.firstInput(coder)
	}
	for _, bind := range f.binds {
		b = appendNumber(appendNumber(b, moved(bind.in)), place[bind.out])
	}
	if len(f.packed) > 1 {
		for _, in := range f.packed {
			b = appendNumber(b, moved(in))
		}
	}
	return b
}

// appendNumber writes a REAL_UINT64 in all its nine bytes, a small one in one.
func appendNumber(b []byte, v uint64) []byte {
	if v < 0x80 {
		return append(b, byte(v))
	}
	return binary.LittleEndian.AppendUint64(append(b, 0xFF), v)
}

// out is the coder whose output is the folder's.
func (f *sevenFolder) out() (coder int, ok bool) {
	for i := range f.coders {
		bound := false
		for _, b := range f.binds {
			bound = bound || b.out == uint64(i)
		}
		if !bound {
			return i, true
		}
	}
	return 0, false
}

// order lists the coders so that each comes behind those that feed it. ok is false where they do not all lead to the folder's output.
func (f *sevenFolder) order() (list []int, ok bool) {
	first, ok := f.out()
	seen := make([]bool, len(f.coders))
	var visit func(coder int) // each coder once: no deeper than there are coders
	visit = func(coder int) {
		if seen[coder] {
			ok = false // it feeds two, or itself
			return
		}
		seen[coder] = true
		in := f.firstInput(coder)
		for _, b := range f.binds {
			if b.in >= in && b.in < in+f.coders[coder].in {
				visit(int(b.out))
			}
		}
		list = append(list, coder)
	}
	if ok {
		visit(first)
	}
	return list, ok && len(list) == len(f.coders)
}

// firstInput is the index of a coder's first input among those of the folder.
func (f *sevenFolder) firstInput(coder int) (n uint64) {
	for i := range coder {
		n += f.coders[i].in
	}
	return n
}
