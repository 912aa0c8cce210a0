package miltertest

import (
	"encoding/binary"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestApplyCountsPerNameWithoutCase(t *testing.T) {
	header := []Header{{"A", "1"}, {"B", "2"}, {"a", "3"}, {"A", "4"}}
	tests := map[string]struct {
		mods []Mod
		want []Header
	}{
		"remove the last of a name first": {[]Mod{{Code: 'm', Index: 3, Name: "a"}, {Code: 'm', Index: 1, Name: "A"}}, []Header{{"B", "2"}, {"a", "3"}}},
		"change one":                      {[]Mod{{Code: 'm', Index: 2, Name: "A", Value: "x"}}, []Header{{"A", "1"}, {"B", "2"}, {"a", "x"}, {"A", "4"}}},
		"change what is not there":        {[]Mod{{Code: 'm', Index: 9, Name: "A", Value: "x"}}, append(append([]Header(nil), header...), Header{"A", "x"})},
		"remove what is not there":        {[]Mod{{Code: 'm', Index: 9, Name: "A"}}, header},
		"insert on top":                   {[]Mod{{Code: 'i', Name: "X", Value: "y"}}, append([]Header{{"X", "y"}}, header...)},
		"insert beyond the end":           {[]Mod{{Code: 'i', Index: 99, Name: "X"}}, append(append([]Header(nil), header...), Header{"X", ""})},
		"append":                          {[]Mod{{Code: 'h', Name: "X"}}, append(append([]Header(nil), header...), Header{"X", ""})},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, Outcome{Mods: tt.mods}.Apply(header)); d != "" {
				t.Error(d)
			}
		})
	}
}

// answer is a reply frame.
func answer(code byte, data string) []byte {
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(1+len(data))), code), data...)
}

// agreed is the negotiation's answer.
func agreed(version, actions, protocol uint32) []byte {
	var b []byte
	for _, v := range []uint32{version, actions, protocol} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return answer('O', string(b))
}

// filter says its part, whatever it hears, and hangs up when the MTA does.
func filter(t *testing.T, part ...[]byte) net.Conn {
	t.Helper()
	near, far := net.Pipe()
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		for b := make([]byte, 1024); ; {
			if _, err := far.Read(b); err != nil {
				return
			}
		}
	}()
	said := make(chan struct{})
	go func() {
		defer close(said)
		for _, b := range part {
			far.Write(b) // fails where the test has seen enough
		}
		far.Close()
	}()
	t.Cleanup(func() { near.Close(); <-heard; <-said })
	return near
}

func TestNegotiationRefusesWhatWasNotOffered(t *testing.T) {
	for name, a := range map[string][]byte{
		"version":                    agreed(7, 0, 0),
		"actions":                    agreed(6, 1<<20, 0),
		"protocol":                   agreed(6, 0, 1<<25),
		"short":                      answer('O', "\x00\x00\x00\x06"),
		"another command":            answer('c', ""),
		"symbols without the action": answer('O', string(agreed(6, 0, 0)[5:])+"\x00\x00\x00\x00i\x00"),
		"cut symbols":                answer('O', string(agreed(6, ActSymList, 0)[5:])+"\x00\x00\x00\x00i"),
		"too long":                   {0xff, 0xff, 0xff, 0xff, 'O'},
	} {
		if _, err := New(filter(t, a), Postfix()); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestRepliesThatNoMTATakes(t *testing.T) {
	for name, a := range map[string][]byte{
		"unknown reply":                  answer('z', ""),
		"data after accept":              answer('a', "x"),
		"reply code without end":         answer('y', "550 5.7.1 no"),
		"reply code that is no failure":  answer('y', "250 fine\x00"),
		"single percent":                 answer('y', "550 5.7.1 50%\x00"),
		"modification not agreed on":     answer('q', "why\x00"),
		"modification with a NUL inside": answer('i', "\x00\x00\x00\x00N\x00a\x00b\x00"),
		"modification without end":       answer('i', "\x00\x00\x00\x00N\x00a"),
		"modification without value":     answer('i', "\x00\x00\x00\x00N\x00"),
		"cut modification":               answer('m', "\x00"),
	} {
		s, err := New(filter(t, agreed(6, ActAddHeader|ActChange, 0), a), Postfix())
		if err != nil {
			t.Fatal(err)
		}
		if o, err := s.End(); err == nil {
			t.Errorf("%s: taken as %+v", name, o)
		}
	}
}

func TestCloseReportsStrayReplies(t *testing.T) {
	s, err := New(filter(t, agreed(6, 0, 0), answer('a', ""), answer('c', "")), Postfix())
	if err != nil {
		t.Fatal(err)
	}
	if o, err := s.End(); err != nil || o.Code != 'a' {
		t.Fatal(o, err)
	}
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), "nothing waited for") {
		t.Errorf("Close: %v", err)
	}
}

// The null filter under the load that benchmarks send.
func TestLoadAgainstNull(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); Null(l) }()
	m := FromBytes("a@example.com", []string{"b@example.org"}, []byte("Subject: x\r\nTo: b@example.org\r\n\r\nbody\r\n"))
	if err := Load("unix", l.Addr().String(), Postfix(), 3, 10, m); err != nil {
		t.Error(err)
	}
	l.Close()
	<-done
}
