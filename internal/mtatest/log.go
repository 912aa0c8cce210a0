package mtatest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Log is what a server wrote to /dev/log, one line an entry, without syslog's priority and time.
type Log struct {
	conn *net.UnixConn
	done chan struct{}

	mu    sync.Mutex
	lines []string
	news  chan struct{} // closed and replaced at each line
}

// logLines caps a log: a test that logs more is in a loop. The newest lines are dropped then.
const logLines = 200_000

func newLog(path string) (*Log, error) {
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return nil, fmt.Errorf("mtatest: log: %w", err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	l := &Log{conn: conn, done: make(chan struct{}), news: make(chan struct{})}
	go l.read()
	return l, nil
}

var syslogHead = regexp.MustCompile(`^<\d+>(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d )?`)

func (l *Log) read() {
	defer close(l.done)
	buf := make([]byte, 64<<10)
	for {
		n, err := l.conn.Read(buf)
		if err != nil {
			return
		}
		l.add(strings.TrimRight(syslogHead.ReplaceAllString(string(buf[:n]), ""), "\n\x00"))
	}
}

func (l *Log) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lines) < logLines {
		l.lines = append(l.lines, line)
	}
	close(l.news)
	l.news = make(chan struct{})
}

// Mark is the position of the next line, for Wait and Since.
func (l *Log) Mark() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.lines)
}

// Since is the log from a mark on.
func (l *Log) Since(mark int) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.lines[min(mark, len(l.lines)):]...)
}

// String is the whole log.
func (l *Log) String() string { return strings.Join(l.Since(0), "\n") }

// Wait waits until a line after mark matches the pattern, and returns the match and its groups.
func (l *Log) Wait(mark int, pattern string, limit time.Duration) ([]string, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	timeout := time.After(limit)
	for {
		l.mu.Lock()
		lines, news := l.lines, l.news
		l.mu.Unlock()
		for ; mark < len(lines); mark++ {
			if m := re.FindStringSubmatch(lines[mark]); m != nil {
				return m, nil
			}
		}
		select {
		case <-news:
		case <-timeout:
			return nil, fmt.Errorf("mtatest: no log line matches %q after %v", pattern, limit)
		}
	}
}

func (l *Log) close() error {
	err := l.conn.Close()
	<-l.done
	return err
}
