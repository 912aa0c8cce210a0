package diskimage

import (
	"io"

	"sekisho/internal/diskimage/medium"
)

// rawSectors delivers the user data of a CD image that has its sectors whole (ECMA-130 14: 12 bytes of synchronisation, 4 of header, data, correction).
type rawSectors struct {
	m          *medium.Medium
	from, step int64 // of the user data of a sector
}

const (
	userData = 2048
	syncMark = "\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x00" // ECMA-130 14.1
)

// cooked is the medium without what stands around the data, where a volume is found so: 2,448 is with subchannels, 24 in mode 2 form 1 with its
// subheader (CD-ROM XA).
func cooked(m *medium.Medium) (*medium.Medium, bool) {
	if b := m.At(0, len(syncMark)); string(b) != syncMark {
		return nil, false
	}
	for _, step := range []int64{2352, 2448} {
		for _, from := range []int64{16, 24} {
			if b := m.At(16*step+from, 6); b != nil && string(b[1:]) == "CD001" {
				return m.Through(&rawSectors{m, from, step}, (m.Size+step-from-1)/step*userData), true
			}
		}
	}
	return nil, false
}

// ReadAt implements io.ReaderAt.
func (r *rawSectors) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) && err == nil {
		at := off + int64(n)
		in := at % userData
		part := p[n:][:min(int64(len(p)-n), userData-in)]
		var got int
		got, err = r.m.ReadAt(part, at/userData*r.step+r.from+in)
		n += got
		if got == len(part) {
			err = nil
		} else if err == nil {
			err = io.EOF
		}
	}
	return n, err
}
