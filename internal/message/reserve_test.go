package message

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
)

const mebibyte = 1 << 20

func wantContent(t *testing.T, b *Buffer, want []byte) {
	t.Helper()
	got, err := io.ReadAll(io.NewSectionReader(b, 0, b.Size()))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes of %d, equal %v, %v", len(got), len(want), bytes.Equal(got, want), err)
	}
}

// pattern is n bytes that no shift leaves alike.
func pattern(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return p
}

func TestSpoolThatCannotBeMadeIsMemory(t *testing.T) {
	r := NewReserve(4 * mebibyte)
	b := NewBuffer(filepath.Join(t.TempDir(), "gone"), mebibyte).Spare(r)
	content := pattern(3 * mebibyte)
	for rest := content; len(rest) > 0; rest = rest[min(len(rest), 65535):] {
		if _, err := b.Write(rest[:min(len(rest), 65535)]); err != nil {
			t.Fatal(err)
		}
	}
	wantContent(t, b, content)
	if r.left.Load() >= 4*mebibyte {
		t.Error("nothing was borrowed")
	}
	if err := b.Close(); err != nil || r.left.Load() != 4*mebibyte {
		t.Errorf("%d bytes left in the reserve, %v", r.left.Load(), err)
	}
}

func TestReserveIsBoundedOverAllBuffers(t *testing.T) {
	r, dir := NewReserve(2*mebibyte), filepath.Join(t.TempDir(), "gone")
	one, two := NewBuffer(dir, 0).Spare(r), NewBuffer(dir, 0).Spare(r)
	if _, err := one.Write(pattern(2 * mebibyte)); err != nil {
		t.Fatal(err)
	}
	if _, err := two.Write([]byte("x")); err == nil {
		t.Error("the second buffer got what is not there")
	}
	one.Close()
	three := NewBuffer(dir, 0).Spare(r)
	if _, err := three.Write([]byte("x")); err != nil {
		t.Errorf("what the first gave back is not to be had: %v", err)
	}
}

func TestWithoutAReserveTheSpoolsErrorComesBack(t *testing.T) {
	if _, err := NewBuffer(filepath.Join(t.TempDir(), "gone"), 0).Write([]byte("x")); err == nil {
		t.Error("no error")
	}
}

func TestSpoolThatFillsUpIsTakenBackIntoMemory(t *testing.T) {
	r, dir := NewReserve(8*mebibyte), t.TempDir()
	b := NewBuffer(dir, mebibyte).Spare(r)
	content := pattern(5 * mebibyte)
	if _, err := b.Write(content[:2*mebibyte]); err != nil {
		t.Fatal(err)
	}
	name := b.file.Name()
	b.file.Close()
	full, err := os.Open(name) // reads, but takes no more writes, as on a full disk
	if err != nil {
		t.Fatal(err)
	}
	b.file = full
	if n, err := b.Write(content[2*mebibyte:]); err != nil || n != 3*mebibyte {
		t.Fatal(n, err)
	}
	wantContent(t, b, content)
	if _, err := os.Stat(name); err == nil {
		t.Error("the spool file is still there")
	}
	b.reset()
	if b.Size() != 0 || r.left.Load() != 8*mebibyte {
		t.Errorf("after reset %d bytes, %d left in the reserve", b.Size(), r.left.Load())
	}
}

func TestDetachedSpoolIsNotTakenBack(t *testing.T) {
	b := NewBuffer(t.TempDir(), 0).Spare(NewReserve(8 * mebibyte))
	if _, err := b.Write([]byte("held")); err != nil {
		t.Fatal(err)
	}
	if _, ok := b.Detach(); !ok {
		t.Fatal("not detached")
	}
	b.file.Close()
	if _, err := b.Write([]byte("more")); err == nil {
		t.Error("no error")
	}
}
