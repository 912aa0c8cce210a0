package message

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

const mark = "From a@example.org Mon May 11 09:00:00 2026\n"

func readMbox(t *testing.T, r io.Reader) []string {
	t.Helper()
	var got []string
	err := Mbox(r, func(n int, r io.Reader) error {
		b, err := io.ReadAll(r)
		got = append(got, string(b))
		if n != len(got) {
			t.Errorf("message %d has number %d", len(got), n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestMbox(t *testing.T) {
	long := strings.Repeat("x", 200<<10)
	tests := []struct {
		name, in string
		want     []string
	}{
		{"empty file", "", nil},
		{"one", mark + "A: 1\n\nbody\n", []string{"A: 1\n\nbody\n"}},
		{"two", mark + "A: 1\n\nbody\n\n" + mark + "B: 2\n\nbody\n", []string{"A: 1\n\nbody\n\n", "B: 2\n\nbody\n"}},
		{"CRLF", strings.ReplaceAll(mark+"A: 1\n\nb\n\n"+mark+"B: 2\n", "\n", "\r\n"), []string{"A: 1\r\n\r\nb\r\n\r\n", "B: 2\r\n"}},
		{"From inside text without an empty line before", mark + "A: 1\n\ntext\nFrom here on\n", []string{"A: 1\n\ntext\nFrom here on\n"}},
		{"quoted From stays", mark + "A: 1\n\n>From me\n", []string{"A: 1\n\n>From me\n"}},
		{"line longer than the buffer", mark + "A: 1\n\n" + long + "\n\n" + mark + "B: 2\n", []string{"A: 1\n\n" + long + "\n\n", "B: 2\n"}},
		{"piece of a long line is no mark", mark + "A: 1\n\n" + long[:64<<10-1] + "\n\n" + "xFrom y\n", []string{"A: 1\n\n" + long[:64<<10-1] + "\n\nxFrom y\n"}},
		{"mark longer than the buffer", "From " + long + "\nA: 1\n", []string{"A: 1\n"}},
		{"no line end at the end", mark + "A: 1\n\nb", []string{"A: 1\n\nb"}},
		{"junk before the first mark", "junk\n\n" + mark + "A: 1\n", []string{"A: 1\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, readMbox(t, strings.NewReader(tt.in))); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.want, readMbox(t, iotest.OneByteReader(strings.NewReader(tt.in)))); diff != "" {
				t.Error("one byte at a time:", diff)
			}
		})
	}
}

func TestMboxPassesOverWhatIsNotRead(t *testing.T) {
	n := 0
	err := Mbox(strings.NewReader(mark+"A: 1\n\n"+mark+"B: 2\n"), func(int, io.Reader) error { n++; return nil })
	if err != nil || n != 2 {
		t.Errorf("got %d messages, %v", n, err)
	}
}

func TestMboxGivesTheReadersError(t *testing.T) {
	broken := errors.New("broken disk")
	err := Mbox(io.MultiReader(strings.NewReader(mark+"A: 1\n"), iotest.ErrReader(broken)), func(_ int, r io.Reader) error {
		_, err := io.Copy(io.Discard, r)
		return err
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestIsMbox(t *testing.T) {
	if !IsMbox([]byte(mark)) || IsMbox([]byte("From: a@example.org\n")) || IsMbox([]byte("From here on\n")) {
		t.Error("an mbox begins with a From line that has a time")
	}
}

func FuzzMbox(f *testing.F) {
	f.Add([]byte(mark + "A: 1\n\nbody\n\n" + mark + "B: 2\n"))
	f.Add([]byte("From " + strings.Repeat("a", 70<<10)))
	f.Fuzz(func(t *testing.T, in []byte) {
		total := 0
		err := Mbox(bytes.NewReader(in), func(_ int, r io.Reader) error {
			n, err := io.Copy(io.Discard, r)
			total += int(n)
			return err
		})
		if err != nil || total > len(in) {
			t.Errorf("%d of %d bytes given, %v", total, len(in), err)
		}
	})
}
