package mtatest

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
)

// sasl answers Postfix's smtpd in Dovecot's authentication protocol, version 1: PLAIN, any user, one password.
type sasl struct {
	l    net.Listener
	wg   sync.WaitGroup
	mu   sync.Mutex
	open map[net.Conn]bool
}

// SASLPassword is every user's password at the submission port.
const SASLPassword = "sekisho-test"

func newSASL(path string) (*sasl, error) {
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("mtatest: sasl: %w", err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	s := &sasl{l: l, open: map[net.Conn]bool{}}
	s.wg.Go(s.serve)
	return s, nil
}

func (s *sasl) serve() {
	for {
		c, err := s.l.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.open[c] = true
		s.mu.Unlock()
		s.wg.Go(func() { s.talk(c) })
	}
}

func (s *sasl) talk(c net.Conn) {
	defer c.Close()
	fmt.Fprintf(c, "VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t%032d\nDONE\n", 1)
	for in := bufio.NewScanner(c); in.Scan(); {
		f := strings.Split(in.Text(), "\t")
		if len(f) < 3 || f[0] != "AUTH" {
			continue
		}
		user, ok := plainUser(f[3:])
		if ok {
			fmt.Fprintf(c, "OK\t%s\tuser=%s\n", f[1], user)
		} else {
			fmt.Fprintf(c, "FAIL\t%s\treason=authentication failed\n", f[1])
		}
	}
}

// plainUser takes the user from the initial response of PLAIN (RFC 4616 2): authzid NUL authcid NUL passwd.
func plainUser(params []string) (string, bool) {
	for _, p := range params {
		resp, ok := strings.CutPrefix(p, "resp=")
		if !ok {
			continue
		}
		b, err := base64.StdEncoding.DecodeString(resp)
		f := strings.Split(string(b), "\x00")
		if err == nil && len(f) == 3 && f[2] == SASLPassword {
			return f[1], true
		}
	}
	return "", false
}

func (s *sasl) close() error {
	err := s.l.Close()
	s.mu.Lock()
	for c := range s.open {
		c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
	return err
}
