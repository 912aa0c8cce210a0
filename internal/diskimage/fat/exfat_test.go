package fat

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
)

func TestReadExFAT(t *testing.T) {
	long := strings.Repeat("0123456789", 200)
	files := []fixture.DiskFile{file("a.txt", "A"), file("請求書 for the month of November.xls", long), file("sub/deep/c", "C"), file("empty", "")}
	for _, chained := range []bool{false, true} {
		v := fixture.ExFAT{Files: files, Chained: chained}
		b := v.Bytes()
		if Name(b) != "exFAT" {
			t.Errorf("it is called %q", Name(b))
		}
		want := []string{`a.txt "A"`, `請求書 for the month of November.xls "0123456789" 2000`, `empty ""`, `sub/deep/c "C"`}
		if diff := cmp.Diff(want, lines(read(b))); diff != "" {
			t.Errorf("chained %v: %s", chained, diff)
		}
		v.Deleted = true
		v.Files = files[:2]
		if diff := cmp.Diff(want[1:2], lines(read(v.Bytes()))); diff != "" {
			t.Errorf("chained %v, one deleted: %s", chained, diff)
		}
	}
}

func TestHostileExFAT(t *testing.T) {
	good := fixture.ExFAT{Files: []fixture.DiskFile{file("a", "A"), file("b", "B")}}.Bytes()
	root := 32 * 512
	for _, tt := range []struct {
		name   string
		change func(b []byte)
		want   []string
	}{
		{"nothing", func([]byte) {}, []string{`a "A"`, `b "B"`}},
		{"set that another begins in", func(b []byte) { b[root+1] = 9 }, []string{`b "B"`}},
		{"set without a stream", func(b []byte) { b[root+32] = 0xC1 }, []string{`b "B"`}},
		{"name longer than its entries", func(b []byte) { b[root+35] = 200 }, []string{"a" + strings.Repeat("\x00", 14) + ` "A"`, `b "B"`}},
		{"cluster outside", func(b []byte) { binary.LittleEndian.PutUint32(b[root+52:], 1<<31) }, []string{`a "" unexpected EOF`, `b "B"`}},
		{"folder that is the root", func(b []byte) { b[root+4] = 0x10; b[root+52] = 2 }, []string{`b "B"`}},
		{"entry of no use here", func(b []byte) { b[root] = 0x83 }, []string{`b "B"`}},
		{"end of the folder", func(b []byte) { b[root] = 0 }, nil},
		{"root outside", func(b []byte) { b[98] = 0xFF }, nil},
		{"millions of clusters", func(b []byte) { binary.LittleEndian.PutUint32(b[92:], 1<<32-1) }, []string{`a "A"`, `b "B"`}},
	} {
		b := bytes.Clone(good)
		tt.change(b)
		if diff := cmp.Diff(tt.want, lines(read(b))); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}
