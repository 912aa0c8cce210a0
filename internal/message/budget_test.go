package message

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"sekisho/internal/budget"
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

// write writes in the pieces in which a milter does.
func write(t *testing.T, b *Buffer, content []byte) {
	t.Helper()
	for rest := content; len(rest) > 0; rest = rest[min(len(rest), 65535):] {
		if _, err := b.Write(rest[:min(len(rest), 65535)]); err != nil {
			t.Fatal(err)
		}
	}
}

func wantUsed(t *testing.T, m *budget.Budget, want int64) {
	t.Helper()
	if got := m.Stats().Used; got != want {
		t.Errorf("%d bytes taken, want %d", got, want)
	}
}

// spent is a budget of which no content may take anything, but for what the disk's failure lets it.
func spent(t *testing.T) *budget.Budget {
	t.Helper()
	m := budget.New(budget.Options{Memory: budget.MemoryLeast})
	for m.Keep(64<<10, false) {
	}
	return m
}

func TestMemoryIsTakenBeforeItIsUsedAndGivenBack(t *testing.T) {
	for _, tt := range []struct {
		name string
		size int
		want int64
	}{
		{"a first slice is every buffer's", firstSlice, 0},
		{"one more is asked for", firstSlice + 1, 256 << 10},
		{"what was grown out of is not counted any more", 300 << 10, mebibyte},
		{"a buffer in the spool has nothing", 3 * mebibyte, 0},
	} {
		m := budget.New(budget.Options{})
		b := NewBuffer(t.TempDir(), 2*mebibyte).Under(m)
		content := pattern(tt.size)
		write(t, b, content)
		wantContent(t, b, content)
		t.Log(tt.name)
		wantUsed(t, m, tt.want)
		b.Close()
		wantUsed(t, m, 0)
	}
}

func TestWhereTheBudgetIsSpentBuffersSpool(t *testing.T) {
	m := spent(t)
	used := m.Stats().Used
	for _, tt := range []struct {
		size   int
		memory bool
	}{{firstSlice, true}, {firstSlice + 1, false}, {mebibyte, false}} {
		b := NewBuffer(t.TempDir(), 2*mebibyte).Under(m)
		content := pattern(tt.size)
		write(t, b, content)
		wantContent(t, b, content)
		if _, memory := b.Bytes(); memory != tt.memory {
			t.Errorf("%d bytes: in memory %v", tt.size, memory)
		}
		wantUsed(t, m, used)
		b.Close()
	}
}

func TestResetKeepsWhatIsTaken(t *testing.T) {
	m := budget.New(budget.Options{})
	b := NewBuffer(t.TempDir(), 2*mebibyte).Under(m)
	write(t, b, pattern(mebibyte))
	b.reset()
	wantUsed(t, m, mebibyte)
	write(t, b, pattern(mebibyte))
	wantUsed(t, m, mebibyte)
	b.Close()
	wantUsed(t, m, 0)
}

func TestSpoolThatCannotBeMadeIsMemory(t *testing.T) {
	m := budget.New(budget.Options{})
	b := NewBuffer(filepath.Join(t.TempDir(), "gone"), mebibyte).Under(m)
	content := pattern(3 * mebibyte)
	write(t, b, content)
	wantContent(t, b, content)
	wantUsed(t, m, 4*mebibyte)
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	wantUsed(t, m, 0)
}

func TestWithoutASpoolMemoryIsBoundedOverAllBuffers(t *testing.T) {
	m, dir := spent(t), filepath.Join(t.TempDir(), "gone")
	one, two := NewBuffer(dir, 0).Under(m), NewBuffer(dir, 0).Under(m)
	if _, err := one.Write(pattern(6 * mebibyte)); err != nil {
		t.Fatal(err)
	}
	if _, err := two.Write(pattern(6 * mebibyte)); err == nil {
		t.Error("the second buffer got what is not there")
	}
	one.Close()
	three := NewBuffer(dir, 0).Under(m)
	if _, err := three.Write(pattern(6 * mebibyte)); err != nil {
		t.Errorf("what the first gave back is not to be had: %v", err)
	}
	if m.Stats().Used > m.Stats().Limit {
		t.Errorf("%+v", m.Stats())
	}
}

func TestWithoutABudgetTheSpoolsErrorComesBack(t *testing.T) {
	if _, err := NewBuffer(filepath.Join(t.TempDir(), "gone"), 0).Write([]byte("x")); err == nil {
		t.Error("no error")
	}
}

func TestSpoolThatFillsUpIsTakenBackIntoMemory(t *testing.T) {
	for _, size := range []int{5 * mebibyte, smallBuffer / 2} {
		m, dir := budget.New(budget.Options{}), t.TempDir()
		b := NewBuffer(dir, 0).Under(m)
		content := pattern(size)
		write(t, b, content[:size/2])
		name := b.file.Name()
		b.file.Close()
		full, err := os.Open(name) // reads, but takes no more writes, as on a full disk
		if err != nil {
			t.Fatal(err)
		}
		b.file = full
		if n, err := b.Write(content[size/2:]); err != nil || n != size-size/2 {
			t.Fatal(n, err)
		}
		wantContent(t, b, content)
		if _, err := os.Stat(name); err == nil {
			t.Error("the spool file is still there")
		}
		b.reset()
		if b.Size() != 0 {
			t.Errorf("%d bytes after reset", b.Size())
		}
		wantUsed(t, m, 0)
	}
}

func TestDetachedSpoolIsNotTakenBack(t *testing.T) {
	b := NewBuffer(t.TempDir(), 0).Under(budget.New(budget.Options{}))
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
