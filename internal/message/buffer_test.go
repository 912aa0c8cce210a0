package message_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"sekisho/internal/fixture"
	"sekisho/internal/message"
)

// fill writes content in pieces.
func fill(t *testing.T, b *message.Buffer, content []byte, piece int) {
	t.Helper()
	for len(content) > 0 {
		n := min(piece, len(content))
		if _, err := b.Write(content[:n]); err != nil {
			t.Fatal(err)
		}
		content = content[n:]
	}
}

func TestBufferHoldsWhatWasWritten(t *testing.T) {
	for _, c := range []struct {
		name         string
		size, memory int
		piece        int
		inMemory     bool
	}{
		{"empty", 0, 100, 1, true},
		{"small", 99, 100, 7, true},
		{"exactly_the_memory", 100, 100, 100, true},
		{"one_more", 101, 100, 50, false},
		{"one_write_over_the_memory", 5000, 100, 5000, false},
		{"grows_through_the_slabs", 3 << 20, 5 << 20, 4000, true},
		{"beyond_the_slabs", 6 << 20, 8 << 20, 65535, true},
		{"no_memory", 10, 0, 3, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			b := message.NewBuffer(dir, int64(c.memory))
			content := fixture.Noise(c.size)
			fill(t, b, content, c.piece)
			if b.Size() != int64(c.size) {
				t.Errorf("size %d", b.Size())
			}
			if err := iotest.TestReader(io.NewSectionReader(b, 0, b.Size()), content); err != nil && c.size < 10000 {
				t.Error(err)
			}
			got := make([]byte, c.size)
			if n, err := b.ReadAt(got, 0); n != c.size || err != nil && err != io.EOF || !bytes.Equal(got, content) {
				t.Errorf("read %d, %v", n, err)
			}
			mem, ok := b.Bytes()
			if ok != c.inMemory || ok && !bytes.Equal(mem, content) {
				t.Errorf("in memory: %v, want %v", ok, c.inMemory)
			}
			if err := b.Close(); err != nil {
				t.Error(err)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestBufferReadsAtOffsets(t *testing.T) {
	for _, memory := range []int64{0, 1000} {
		b := message.NewBuffer(t.TempDir(), memory)
		fill(t, b, []byte("0123456789"), 3)
		p := make([]byte, 4)
		if n, err := b.ReadAt(p, 8); n != 2 || err != io.EOF || string(p[:n]) != "89" {
			t.Errorf("at 8: %d %v", n, err)
		}
		if n, err := b.ReadAt(p, 10); n != 0 || err != io.EOF {
			t.Errorf("at the end: %d %v", n, err)
		}
		if _, err := b.ReadAt(p, -1); err == nil || err == io.EOF {
			t.Errorf("before the start: %v", err)
		}
		b.Close()
	}
}

func TestBufferGivesItsSpoolAway(t *testing.T) {
	dir := t.TempDir()
	b := message.NewBuffer(dir, 10)
	content := fixture.Noise(1000)
	fill(t, b, content[:600], 100)
	path, ok := b.Detach()
	if !ok || filepath.Dir(path) != dir {
		t.Fatalf("Detach: %q %v", path, ok)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	moved := filepath.Join(dir, "taken")
	if err := os.Rename(path, moved); err != nil {
		t.Fatal(err)
	}
	fill(t, b, content[600:], 100)
	p := make([]byte, 1000)
	if _, err := b.ReadAt(p, 0); err != nil && err != io.EOF || !bytes.Equal(p, content) {
		t.Errorf("reading after Detach: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(moved); err != nil || !bytes.Equal(got, content) {
		t.Errorf("the file after Close: %d bytes, %v", len(got), err)
	}
}

func TestBufferInMemoryHasNothingToDetach(t *testing.T) {
	b := message.NewBuffer(t.TempDir(), 10)
	fill(t, b, []byte("x"), 1)
	if path, ok := b.Detach(); ok || path != "" {
		t.Errorf("Detach: %q", path)
	}
}

func TestBufferKeepsItsFirstError(t *testing.T) {
	b := message.NewBuffer(filepath.Join(t.TempDir(), "gone"), 4)
	fill(t, b, []byte("1234"), 4)
	_, first := b.Write([]byte("5"))
	_, second := b.Write([]byte("6"))
	if !errors.Is(first, os.ErrNotExist) || second != first {
		t.Errorf("errors %v, %v", first, second)
	}
	if b.Size() != 4 {
		t.Errorf("size %d", b.Size())
	}
}

func TestBufferIsOfNoUseAfterClose(t *testing.T) {
	b := message.NewBuffer(t.TempDir(), 1)
	fill(t, b, []byte("12345"), 1)
	b.Close()
	if _, err := b.Write([]byte("6")); !errors.Is(err, message.ErrClosed) {
		t.Errorf("Write: %v", err)
	}
	if _, err := b.ReadAt(make([]byte, 1), 0); !errors.Is(err, message.ErrClosed) {
		t.Errorf("ReadAt: %v", err)
	}
	if _, ok := b.Bytes(); ok {
		t.Error("Bytes")
	}
	if err := b.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func TestClosedMemoryIsNotSharedByTwo(t *testing.T) {
	a := message.NewBuffer("", 1<<20)
	fill(t, a, bytes.Repeat([]byte{1}, 100_000), 1000)
	a.Close()
	b, c := message.NewBuffer("", 1<<20), message.NewBuffer("", 1<<20)
	fill(t, b, bytes.Repeat([]byte{2}, 100_000), 1000)
	fill(t, c, bytes.Repeat([]byte{3}, 100_000), 1000)
	mem, _ := b.Bytes()
	if !bytes.Equal(mem, bytes.Repeat([]byte{2}, 100_000)) {
		t.Error("two buffers share memory")
	}
}

// spooled is a buffer in a spool file, and the file's name.
func spooled(t *testing.T, dir string) (*message.Buffer, string) {
	t.Helper()
	b := message.NewBuffer(dir, 1)
	_, err := b.Write([]byte("a mail"))
	names, globErr := filepath.Glob(filepath.Join(dir, "spool-*"))
	if err := errors.Join(err, globErr); err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	return b, names[0]
}

// A folder that cannot be written at the moment keeps the name of a spool file; nobody should have to wait for its bytes.
func TestASpoolFileThatCannotBeRemovedIsEmptied(t *testing.T) {
	dir := t.TempDir()
	b, name := spooled(t, dir)
	other := filepath.Join(dir, "other")
	if err := errors.Join(os.Link(name, other), os.Remove(name), os.MkdirAll(filepath.Join(name, "x"), 0o700)); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err == nil {
		t.Error("no error")
	}
	if fi, err := os.Stat(other); err != nil || fi.Size() != 0 {
		t.Errorf("%v, %v", fi, err)
	}
}

func TestASpoolFileThatSomebodyTookOverKeepsItsBytes(t *testing.T) {
	dir := t.TempDir()
	b, name := spooled(t, dir)
	other := filepath.Join(dir, "other")
	if err := os.Rename(name, other); err != nil {
		t.Fatal(err)
	}
	_ = b.Close() // that its name is gone is an error
	if got, err := os.ReadFile(other); err != nil || string(got) != "a mail" {
		t.Errorf("%q, %v", got, err)
	}
}
