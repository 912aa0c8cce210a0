package medium

import "io"

// File is one file of a file system.
type File struct {
	Name      string           // with its folders, joined with "/"
	Size      int64            // as the file system says
	Place     int64            // of its first byte on the medium, negative where it lies inside a structure or is empty
	Encrypted bool             // by the file system
	Unread    string           // why this version cannot read the content, "" where it can
	Content   func() io.Reader // nil where it is encrypted or unread
}

// Problem is something that is not as the format wants it, or not read by this version.
type Problem struct {
	Text   string
	Unread bool // a program may show files there that are not listed
}

// Listing is what a file system holds.
type Listing struct {
	Files    []File
	Problems []Problem
	Limit    string // what ended the listing early: "entries", "names", "depth", "extents", "structures"; else ""

	o       Options
	entries int
	names   int
	extents int
}

// List is an empty listing.
func List(o Options) *Listing { return &Listing{o: o.WithDefaults()} }

// Fresh is an empty listing under the same limits.
func (l *Listing) Fresh() *Listing { return List(l.o) }

const maxProblems = 100 // one tells; the rest is for the reader's curiosity

// Problem notes one.
func (l *Listing) Problem(unread bool, text string) {
	if len(l.Problems) < maxProblems {
		l.Problems = append(l.Problems, Problem{text, unread})
	}
}

// Stop notes the limit that ends the listing; the first counts.
func (l *Listing) Stop(limit string) {
	if l.Limit == "" {
		l.Limit = limit
	}
}

// Add lists a file, if there is room.
func (l *Listing) Add(f File) bool {
	if !l.room(f.Name) {
		return false
	}
	l.Files = append(l.Files, f)
	return true
}

// Keep counts n extents that a file will hold on to.
func (l *Listing) Keep(n int) bool {
	if l.extents += n; l.extents > l.o.Extents {
		l.Stop("extents")
		return false
	}
	return true
}

// room counts a file or folder in.
func (l *Listing) room(name string) bool {
	switch {
	case l.entries >= l.o.Entries:
		l.Stop("entries")
		return false
	case l.names+len(name) > l.o.Names:
		l.Stop("names")
		return false
	}
	l.entries++
	l.names += len(name)
	return true
}

// Folder is a folder to be read: D is what the file system needs for it.
type Folder[D any] struct {
	Path  string // "" or ends with "/"
	Depth int
	Data  D
}

// Tree walks the folders of a file system, each place once: folders that contain each other end there.
type Tree[D any] struct {
	*Listing
	queue []Folder[D]
	seen  map[int64]bool
}

// NewTree begins with the root folder at place.
func NewTree[D any](l *Listing, place int64, root D) *Tree[D] {
	return &Tree[D]{l, []Folder[D]{{Data: root}}, map[int64]bool{place: true}}
}

// Branch is a tree with its own listing that visits no place of t again.
func (t *Tree[D]) Branch(l *Listing) *Tree[D] { return &Tree[D]{Listing: l, seen: t.seen} }

// Seen reports whether the folder at place was queued.
func (t *Tree[D]) Seen(place int64) bool { return t.seen[place] }

// Enter queues a folder found in another; name ends with what stands before the names in it, "/".
func (t *Tree[D]) Enter(in *Folder[D], name string, place int64, data D) {
	if t.seen[place] {
		return
	}
	f := Folder[D]{in.Path + name, in.Depth + 1, data}
	if f.Depth > t.o.Depth {
		t.Stop("depth")
		return
	}
	if t.room(f.Path) {
		t.seen[place] = true
		t.queue = append(t.queue, f)
	}
}

// Walk reads the folders until there is no further one.
func (t *Tree[D]) Walk(read func(in *Folder[D])) {
	for len(t.queue) > 0 {
		in := t.queue[0]
		t.queue = t.queue[1:]
		read(&in)
	}
}
