// Package audit writes one JSON record per message (JSON Lines: RFC 8259 objects, one a line), alerts about earlier ones among them, and
// shapes the daemon's log lines.
//
// # Limits
//
// Whole records go to a file opened with O_APPEND by one write(2), so that those of several processes never mix. With Gather they lie in memory for gatherWait,
// or until they are gatherMost bytes: a killed process loses these. What is held is in the quarantine all the same. Every string of a record is cut
// to textMax bytes, the recipients to rcptMax; a record that is still longer than lineMax loses its findings, attachments and facts; each cut sets
// "truncated". Bytes that are not UTF-8 become U+FFFD, and control and formatting characters are written as \uXXXX: printing the file cannot act
// on a terminal. The package does not rotate: an outside tool renames the file and asks for Reopen.
package audit

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Schema is the number of the record's shape. It grows when a field changes its meaning or goes away, not when one is added.
const Schema = 1

// Record is one message's line.
type Record struct {
	Schema      int       `json:"schema"` // set by Write
	Time        time.Time `json:"ts"`     // in UTC; now, if zero
	QueueID     string    `json:"queue_id"`
	Direction   string    `json:"direction"`
	ClientIP    string    `json:"client_ip"`
	SASLUser    string    `json:"sasl_user,omitempty"`
	MailFrom    string    `json:"mail_from"`
	Rcpts       []string  `json:"rcpt_to"`
	MessageID   string    `json:"message_id"`
	Subject     string    `json:"subject"`
	Size        int64     `json:"size"`
	SHA256      string    `json:"sha256"`
	Verdict     string    `json:"verdict"` // what the rules decided
	Done        string    `json:"done"`    // what was done: an action's word, "hold" for the MTA's queue, "split"
	Enforced    bool      `json:"enforced"`
	Rule        string    `json:"rule"`
	Rules       []string  `json:"rules"`
	Monitored   []string  `json:"monitored,omitempty"` // rules under monitor that matched
	Findings    any       `json:"findings"`            // []finding.Finding
	Attachments any       `json:"attachments"`         // []filter.Attachment
	Incomplete  bool      `json:"incomplete"`
	Facts       *Facts    `json:"facts,omitempty"`
	Quarantine  string    `json:"quarantine_id,omitempty"`

	PerRecipient map[string]string `json:"per_recipient,omitempty"` // what was done for each where that differs; Done is then "split"
	Undivided    bool              `json:"undivided,omitempty"`     // held for all, though the verdict was for some: the MTA cannot leave recipients out

	Released  string  `json:"released_id,omitempty"`
	Error     string  `json:"error,omitempty"`
	ElapsedMS float64 `json:"elapsed_ms"`
	Truncated bool    `json:"truncated,omitempty"` // set by Write: something was cut
}

// Log is an append-only file of records, safe for concurrent use; it reopens its file on Reopen (log rotation).
type Log struct {
	path string

	out   sync.Mutex // of who writes; taken before mu
	file  *os.File
	torn  bool   // the file ends inside a record: a crash, or a full disk
	spare []byte // the buffer that was written last

	mu     sync.Mutex // never held over I/O: a slow disk keeps no mail
	lost   func(records int, err error)
	buf    []byte // records that gather
	timed  bool   // they are written in a moment
	closed bool
}

const (
	gatherWait = 100 * time.Millisecond // a reader does not notice it, and a thousand mails a second cost ten writes
	gatherMost = 64 << 10               // some dozens of records
)

// Open opens or makes the file, 0640. A file made by root belongs to the owner of its folder, so that the daemon can go on with it.
func Open(path string) (*Log, error) {
	l := &Log{path: path}
	f, torn, err := open(path)
	if err != nil {
		return nil, err
	}
	l.file, l.torn = f, torn
	return l, nil
}

// Gather has records written some at a time from now on. lost hears of those that could not be, and asks the log nothing.
func (l *Log) Gather(lost func(records int, err error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = lost
}

// Write appends one record as one line. An error leaves the message's fate unchanged: the caller counts it.
func (l *Log) Write(r Record) error {
	line, err := encode(r)
	if err != nil {
		return err
	}
	if !l.gathers() {
		return l.write(line)
	}
	if full, err := l.gather(line); err != nil {
		return err
	} else if full {
		l.flush() // who fills the buffer waits for the disk: so it is bounded
	}
	return nil
}

// gather keeps a line to be written in a moment. full asks the caller to write at once.
func (l *Log) gather(line []byte) (full bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false, fmt.Errorf("audit: %w", os.ErrClosed)
	}
	l.buf = append(l.buf, line...)
	full = len(l.buf) >= gatherMost
	if !full && !l.timed {
		l.timed = true
		time.AfterFunc(gatherWait, func() {
			l.mu.Lock()
			l.timed = false
			l.mu.Unlock()
			l.flush()
		})
	}
	return full, nil
}

// gathers reports whether records are written some at a time.
func (l *Log) gathers() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost != nil
}

// flush writes what has gathered.
func (l *Log) flush() {
	l.out.Lock()
	defer l.out.Unlock()
	l.flushed()
}

// flushed is flush where l.out is held.
func (l *Log) flushed() {
	l.mu.Lock()
	lines, lost := l.buf, l.lost
	if len(lines) > 0 {
		l.buf, l.spare = l.spare, nil
	}
	l.mu.Unlock()
	if len(lines) == 0 || l.file == nil {
		return
	}
	if n, err := l.put(lines); err != nil {
		lost(bytes.Count(lines[n:], []byte{'\n'}), err)
	}
	if cap(lines) <= 4*gatherMost { // one large record does not stay
		l.spare = lines[:0]
	}
}

// write appends a line of its own at once, behind what has gathered.
func (l *Log) write(line []byte) error {
	l.out.Lock()
	defer l.out.Unlock()
	if l.file == nil {
		return fmt.Errorf("audit: %w", os.ErrClosed)
	}
	l.flushed()
	_, err := l.put(line)
	return err
}

// put writes whole lines, and tells how many bytes of them are written. l.out is held.
func (l *Log) put(lines []byte) (n int, err error) {
	data := lines
	if l.torn { // one write(2) still: the line end closes what was torn
		data = append([]byte{'\n'}, lines...)
	}
	n, err = l.file.Write(data)
	if n > 0 {
		l.torn = data[n-1] != '\n'
	}
	if err != nil {
		err = fmt.Errorf("audit: %w", err)
	}
	return max(0, n-(len(data)-len(lines))), err
}

// Reopen opens the path anew. If that fails the old file stays in use.
func (l *Log) Reopen() error {
	f, torn, err := open(l.path)
	if err != nil {
		return err
	}
	l.out.Lock()
	defer l.out.Unlock()
	if l.file == nil {
		f.Close()
		return fmt.Errorf("audit: %w", os.ErrClosed)
	}
	l.flushed()
	if sameFile(l.file, f) { // what we know of it is surer than its last byte, which another writer may be adding to
		torn = l.torn
	}
	l.file.Close()
	l.file, l.torn = f, torn
	return nil
}

func sameFile(a, b *os.File) bool {
	ai, err := a.Stat()
	if err != nil {
		return false
	}
	bi, err := b.Stat()
	return err == nil && os.SameFile(ai, bi)
}

// Close writes what has gathered and closes the file.
func (l *Log) Close() error {
	l.out.Lock()
	defer l.out.Unlock()
	if l.file == nil {
		return nil
	}
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.flushed()
	err := l.file.Close()
	l.file = nil
	return err
}

// open opens the file for appending and reports whether its last record lacks its line end.
func open(path string) (f *os.File, torn bool, err error) {
	flags := os.O_WRONLY | os.O_APPEND | noFollow(path)
	f, err = os.OpenFile(path, flags|os.O_CREATE|os.O_EXCL, 0o640)
	switch {
	case err == nil:
		err = adopt(f, path)
	case os.IsExist(err):
		if f, err = os.OpenFile(path, flags, 0); err == nil {
			torn = endsTorn(path)
		}
	}
	if err != nil {
		if f != nil {
			f.Close()
		}
		return nil, false, fmt.Errorf("audit: %w", err)
	}
	return f, torn, nil
}

// noFollow refuses a symbolic link when root writes into a folder of somebody else: its owner could point the link anywhere.
func noFollow(path string) int {
	if os.Geteuid() != 0 || owner(filepath.Dir(path)).uid == 0 {
		return 0
	}
	return syscall.O_NOFOLLOW
}

// adopt gives a new file its mode whatever the umask, and to the owner of the folder when root made it.
func adopt(f *os.File, path string) error {
	if err := f.Chmod(0o640); err != nil {
		return err
	}
	if o := owner(filepath.Dir(path)); os.Geteuid() == 0 && o.uid != 0 {
		return f.Chown(o.uid, o.gid)
	}
	return nil
}

type ids struct{ uid, gid int }

// owner returns who owns a folder, root where that is not to be known.
func owner(dir string) ids {
	info, err := os.Stat(dir)
	if err != nil {
		return ids{}
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ids{}
	}
	return ids{int(st.Uid), int(st.Gid)}
}

// endsTorn reports whether a regular file ends without a line end. One that cannot be read is taken to be whole.
func endsTorn(path string) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var last [1]byte
	_, err = f.ReadAt(last[:], info.Size()-1)
	return err == nil && last[0] != '\n'
}
