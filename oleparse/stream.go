package oleparse

import "io"

// wayEvery is how many sectors lie between those of a stream that are remembered for the next seek.
const wayEvery = 16

// way holds every wayEvery-th sector of the stream that was sought in last, as far as it is known.
type way struct {
	id int
	at []uint32
}

// chain follows the sectors of one stream (MS-CFB 2.3, 2.4).
type chain struct {
	c    *compound
	mini bool
	unit int64  // bytes of a sector
	cur  uint32 // sector of the next byte
	off  int64  // of the next byte, in it
	left int64  // bytes to come
	end  error  // what then comes, however often it is asked for
}

// open returns the bytes of a stream from an offset. Streams below the cutoff lie in the mini stream. A size is believed only as far as the file could
// hold it. A chain that ends early gives errShort, a file that ends early errCut; what was there has been delivered by then.
func (c *compound) open(id int, from int64) io.Reader {
	e := &c.entries[id]
	s := &chain{c: c, unit: c.sector, cur: e.start, end: io.EOF, left: min(e.size, c.sectors<<c.h.shift) - from}
	if s.mini = e.size < miniCutoff; s.mini {
		s.unit = 1 << miniShift
	}
	if s.off = from; from >= s.unit && s.left > 0 {
		s.seek(id, from/s.unit)
		s.off = from % s.unit
	}
	return s
}

// seek follows the chain by so many sectors.
func (s *chain) seek(id int, sectors int64) {
	w := &s.c.way
	if w.id != id || len(w.at) == 0 {
		*w = way{id, []uint32{s.cur}}
	}
	known := min(sectors/wayEvery, int64(len(w.at)-1))
	s.cur = w.at[known]
	for n := known * wayEvery; n < sectors; {
		if s.cur >= maxRegSect || s.c.src.charge(4) != nil {
			s.cur = freeSect
			return
		}
		s.cur = s.follow(s.cur)
		if n++; n%wayEvery == 0 {
			w.at = append(w.at, s.cur)
		}
	}
}

func (s *chain) follow(sect uint32) uint32 {
	if !s.mini {
		return s.c.next(sect)
	}
	if int64(sect) < int64(len(s.c.minifat)) {
		return s.c.minifat[sect]
	}
	return freeSect
}

// place is the file offset of a sector.
func (s *chain) place(sect uint32) (int64, bool) {
	if !s.mini {
		return s.c.place(sect)
	}
	if sect >= maxRegSect {
		return 0, false
	}
	at := int64(sect) << miniShift
	i := at >> s.c.h.shift
	if i >= int64(len(s.c.mini)) {
		return 0, false
	}
	big, ok := s.c.place(s.c.mini[i])
	return big + at&(s.c.sector-1), ok
}

func (s *chain) Read(p []byte) (int, error) {
	if s.left <= 0 {
		err := s.end
		s.end = io.EOF
		return 0, err
	}
	at, n, ok := s.run(int(min(int64(len(p)), s.left)))
	if !ok {
		s.left = 0
		return 0, errShort
	}
	m, err := s.c.src.ReadAt(p[:n], at)
	s.left -= int64(m)
	if m == n {
		return m, nil
	}
	if s.left = 0; err == io.EOF {
		err = errCut
	}
	if s.c.faults == 0 && m > 0 { // a caller who needs no more than there is must not lose the error; a damaged file has said so already
		s.end = err
		return m, nil
	}
	return m, err
}

// run finds the longest stretch of the file, up to want bytes, that holds the stream's next bytes, and moves behind it.
func (s *chain) run(want int) (at int64, n int, ok bool) {
	if at, ok = s.place(s.cur); !ok || s.off >= s.unit {
		return 0, 0, false
	}
	at += s.off
	n = int(s.unit - s.off)
	for n < want {
		s.cur, s.off = s.follow(s.cur), 0
		next, ok := s.place(s.cur)
		if !ok || next != at+int64(n) || s.c.src.charge(4) != nil {
			return at, n, true
		}
		n += int(s.unit)
	}
	if s.off = s.unit - int64(n-want); s.off == s.unit {
		s.cur, s.off = s.follow(s.cur), 0
	}
	return at, want, true
}

// head reads the first bytes of a stream, fewer where there are fewer.
func (c *compound) head(id int, b []byte) []byte {
	n, _ := io.ReadFull(c.open(id, 0), b)
	return b[:n]
}

// bytes are those of a stream, most at the most, as far as they can be read. A size is believed only as far as the file could hold it.
func (c *compound) bytes(id int, most int64) []byte {
	return c.head(id, make([]byte, max(0, min(most, c.entries[id].size, c.sectors<<c.h.shift))))
}
