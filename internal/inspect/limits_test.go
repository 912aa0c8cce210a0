package inspect

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
)

func nested(n int, inner []byte) []byte {
	for i := range n {
		inner = zipOf(entry(fmt.Sprintf("%d.zip", i), inner))
	}
	return inner
}

func TestLimitsAreFindings(t *testing.T) {
	var many []fixture.ZIPEntry
	for i := range 20 {
		many = append(many, entry(fmt.Sprint(i), fixture.Noise(1000)))
	}
	small := zipOf(entry("x", []byte("x")))
	tests := []struct {
		name string
		o    Options
		file []byte
		want []string
	}{
		{"nested to the limit", Options{Depth: 3}, nested(3, small), nil},
		{"nested deeper", Options{Depth: 2}, nested(3, small), []string{"limit.depth 2.zip!/1.zip!/0.zip"}},
		{"nested at 100", Options{}, nested(100, small), []string{"limit.depth " + deep(99, 11)}},
		{"files to the limit", Options{Files: 21}, zipOf(many...), nil},
		{"more files", Options{Files: 20}, zipOf(many...), []string{"limit.files 19"}},
		{"bytes to the limit", Options{Bytes: 20_000}, zipOf(many...), nil},
		{"more bytes", Options{Bytes: 19_999}, zipOf(many...), []string{"limit.size"}},
		{"locked files count", Options{Files: 1}, zipOf(fixture.ZIPEntry{Name: "a", Password: "p"}), []string{"zip.encrypted", "limit.files a"}},
		{"folders in a tar count", Options{Files: 1}, tarOf(t, "x", nil), []string{"limit.files"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, r := scanFile(t, tt.o, tt.file)
			if d := cmp.Diff(tt.want, lines(r)); d != "" {
				t.Errorf("findings (-want +got):\n%s", d)
			}
			if limited := len(tt.want) > 0; r.Incomplete != limited {
				t.Errorf("incomplete is %v", r.Incomplete)
			}
		})
	}
}

// deep is the path through n archives of nested.
func deep(from, n int) string {
	var p finding.Path
	for i := range n {
		p = p.Child(fmt.Sprintf("%d.zip", from-i))
	}
	return p.String()
}

func TestLimitOfOneFileSparesTheNextPart(t *testing.T) {
	s := scanner(t, Options{Depth: 1}).Begin()
	for _, b := range [][]byte{nested(3, nil), zipOf(entry("a.doc", fixture.DocVBA(quiet)))} {
		if _, err := s.File(context.Background(), finding.Path{"1"}, "", bytes.NewReader(b), int64(len(b))); err != nil {
			t.Fatal(err)
		}
	}
	if got := lines(s.Result()); !slices.Contains(got, "vba.present 1!/a.doc") {
		t.Errorf("findings %v", got)
	}
}

func TestTimeIsSharedAndALimit(t *testing.T) {
	s := scanner(t, Options{Time: 20 * time.Millisecond})
	s.table = append(s.table, trap{"TRAP", func(ctx context.Context, f *File, _ *Scan) error {
		<-ctx.Done()
		_, err := f.peek(ctx, 0, make([]byte, 1))
		return err
	}})
	scan := s.Begin()
	for _, b := range []string{"TRAP 1", "TRAP 2", "TRAP 3"} {
		if _, err := scan.File(context.Background(), finding.Path{b}, "", strings.NewReader(b), int64(len(b))); err != nil {
			t.Fatalf("a time-out is no error of ours: %v", err)
		}
	}
	if d := cmp.Diff([]string{"limit.time TRAP 1"}, lines(scan.Result())); d != "" || !scan.Result().Incomplete {
		t.Errorf("findings (-want +got):\n%s", d)
	}
}

// Bombs are decided before much is unpacked: what is allocated in all stays small beside what they grow to, and beside the limit of bytes.
func TestBombs(t *testing.T) {
	var claimed []fixture.ZIPEntry
	for i := range 600 {
		claimed = append(claimed, entry(fmt.Sprint(i), make([]byte, 1<<20)))
	}
	tests := []struct {
		name string
		file []byte
		path string
	}{
		{"like 42.zip: 16^4 leaves of 128 MB", fixture.ZipBombNested(4, 16, 128<<20), ""},
		{"overlapping: 2000 times 1 MB", fixture.ZipBombOverlapping(2000, 1<<20), ""},
		{"600 times 1 MB of zeros", zipOf(claimed...), ""},
		{"gzip of zeros", fixture.GzipOf("", fixture.Padded{Size: 600 << 20}.Reader()), ""},
		{"bomb in an honest archive", zipOf(entry("a.txt", fixture.Noise(1<<20)), entry("b.zip", fixture.ZipBombNested(1, 4, 128<<20))), "b.zip"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, r := scanFile(t, Options{Bytes: 128 << 20}, tt.file)
			runtime.ReadMemStats(&after)
			i := slices.IndexFunc(r.Findings, func(f finding.Finding) bool { return f.Kind == finding.ArchiveBomb })
			if i < 0 || !r.Incomplete || !strings.HasPrefix(r.Findings[i].Path.String(), tt.path) {
				t.Errorf("incomplete %v, findings %v", r.Incomplete, r.Findings)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 32<<20 {
				t.Errorf("%d MB allocated", got>>20)
			}
		})
	}
}

func TestDamagedNumbersAreNoBomb(t *testing.T) {
	b := fixture.Zip("a.txt", "hello hello hello")
	i := bytes.Index(b, []byte("PK\x01\x02"))
	copy(b[i+24:], "\xFF\xFF\xFF\x7F") // uncompressed size
	_, r := scanFile(t, Options{}, b)
	if d := cmp.Diff([]string{"archive.listing-mismatch"}, lines(r)); d != "" {
		t.Errorf("findings (-want +got):\n%s", d)
	}
}

func TestCompressibleFilesAreNoBombs(t *testing.T) {
	log := bytes.Repeat([]byte("2026-11-23 10:00:00 INFO nothing happened\n"), 500_000)
	_, r := scanFile(t, Options{}, zipOf(entry("a.log", log), entry("zeros", make([]byte, 50<<20))))
	if len(r.Findings) > 0 || r.Incomplete {
		t.Errorf("findings %v", r.Findings)
	}
}

func TestFindingsAreCappedButEveryKindIsKept(t *testing.T) {
	s := scanner(t, Options{}).Begin()
	p := finding.Path{"1"}
	for range maxFindings + 500 {
		s.Add(finding.New(finding.MailMalformed, p, "again"))
	}
	s.Add(finding.New(finding.VBAAutoexec, p, "last"))
	r := s.Result()
	if len(r.Findings) != maxFindings+2 || !r.Incomplete {
		t.Errorf("%d findings, incomplete %v", len(r.Findings), r.Incomplete)
	}
	if f := r.Findings[maxFindings]; f.Kind != finding.ScanIncomplete {
		t.Errorf("the cap is not told: %+v", f)
	}
	if f := r.Findings[maxFindings+1]; f.Kind != finding.VBAAutoexec {
		t.Errorf("the grave one was pushed out by %+v", f)
	}
}

func TestFindingsOfOneFileAreCapped(t *testing.T) {
	s := scanner(t, Options{}).Begin()
	f := &File{Path: finding.Path{"1"}, report: -1}
	for i := range 3 * maxFileFindings {
		s.found(f, finding.New(finding.ArchiveUnread, f.Path, "%d", i))
	}
	s.found(f, finding.New(finding.VBAAutoexec, f.Path, "last"))
	s.found(&File{Path: finding.Path{"2"}}, finding.New(finding.ArchiveUnread, finding.Path{"2"}, "another file"))
	r := s.Result()
	if got := len(r.Findings); got != maxFileFindings+3 || !r.Incomplete {
		t.Errorf("%d findings, incomplete %v", got, r.Incomplete)
	}
}

func TestWalkFindingsThatLimit(t *testing.T) {
	for _, k := range finding.Kinds() {
		s := scanner(t, Options{}).Begin()
		s.Add(finding.New(k, nil, ""))
		want := strings.HasPrefix(string(k), "limit.") || k == finding.ScanIncomplete || k == finding.ParserError
		if s.Result().Incomplete != want {
			t.Errorf("%s: incomplete is %v", k, s.Result().Incomplete)
		}
	}
}
