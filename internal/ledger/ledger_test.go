package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"sekisho/internal/store"
)

func TestMain(m *testing.M) {
	if fi, err := os.Stat("/dev/shm"); err == nil && fi.IsDir() && os.Getenv("TMPDIR") == "" {
		os.Setenv("TMPDIR", "/dev/shm") // many small databases, without waiting for a disk
	}
	goleak.VerifyTestMain(m)
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// rig is a ledger in a folder of its own.
type rig struct {
	*testing.T
	*Ledger
	st *store.Store
}

func newRig(t *testing.T, o Options) *rig {
	t.Helper()
	st, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	l, err := Open(st, o)
	if err != nil {
		t.Fatal(err)
	}
	return &rig{t, l, st}
}

// mailFrom is a mail to hanako from an address, by way of a network.
func mailFrom(addr, network string) Mail {
	return Mail{
		QueueID: "4ABC", SHA256: strings.Repeat("ab", 32), Time: noon, From: addr, MailFrom: addr, Rcpts: []string{"hanako@our.example"},
		Subject: "見積書", Source: network,
	}
}

func partner() Mail { return mailFrom("taro@partner.example", "192.0.2.0/24") }

func zipOf(size int) []Locked {
	return []Locked{{Path: []string{"2"}, Name: "見積書.zip", Content: strings.NewReader(strings.Repeat("x", size)), Size: int64(size)}}
}

// remember fails the test unless it is remembered.
func (r *rig) remember(m Mail, files []Locked, words ...string) {
	r.Helper()
	if _, err := r.Remember(r.Context(), m, files, words); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) waitingFor(m Mail) []File {
	r.Helper()
	files, _, err := r.Waiting(r.Context(), m)
	if err != nil {
		r.Fatal(err)
	}
	return files
}

func (r *rig) wordsFor(m Mail) []string {
	r.Helper()
	words, err := r.Words(r.Context(), m)
	if err != nil {
		r.Fatal(err)
	}
	return words
}

// onDisk are the names in the folder.
func (r *rig) onDisk() []string {
	r.Helper()
	entries, err := os.ReadDir(r.st.Path(Folder))
	if err != nil {
		r.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestAFileComesBackByteForByte(t *testing.T) {
	r := newRig(t, Options{})
	content := bytes.Repeat([]byte("PK\x03\x04 locked "), 1000)
	m := partner()
	m.Quarantine = "20261123-aaaaaaaa"
	r.remember(m, []Locked{{Path: []string{"2", "内\xff.zip"}, Name: "a.zip", Content: bytes.NewReader(content), Size: int64(len(content))}})
	files := r.waitingFor(partner())
	if len(files) != 1 {
		t.Fatalf("%d files", len(files))
	}
	f := files[0]
	if d := cmp.Diff(m, f.Mail); d != "" {
		t.Error(d)
	}
	if f.Name != "a.zip" || f.Size != int64(len(content)) || len(f.Path) != 2 || f.Path[0] != "2" {
		t.Errorf("%+v", f)
	}
	c, err := r.Content(f)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if fi, err := c.Stat(); err != nil || fi.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
}

func TestOnlyTheSamePartiesFindEachOther(t *testing.T) {
	first := Mail{Time: noon, From: "taro@sales.partner.co.jp", MailFrom: "bounce-17@mail.partner.co.jp",
		Rcpts: []string{"Hanako@our.example", "jiro@our.example"}, Source: "192.0.2.0/24"}
	free := first
	free.From, free.MailFrom = "taro@gmail.com", "taro@gmail.com"
	tests := []struct {
		name     string
		first    Mail
		from, mf string
		rcpts    []string
		want     bool
	}{
		{"the same address", first, "taro@sales.partner.co.jp", "", []string{"hanako@our.example"}, true},
		{"case and a dot do not matter", first, "TARO@Sales.Partner.CO.JP.", "", []string{"HANAKO@OUR.example"}, true},
		{"a colleague of the same organisation", first, "jiro@partner.co.jp", "x@elsewhere.example", []string{"jiro@our.example"}, true},
		{"the reverse-path alone", first, "", "bounce-18@partner.co.jp", []string{"jiro@our.example"}, true},
		{"one common recipient among others", first, "taro@partner.co.jp", "", []string{"saburo@our.example", "jiro@our.example"}, true},
		{"another organisation below the same suffix", first, "taro@other.co.jp", "", []string{"hanako@our.example"}, false},
		{"no common recipient", first, "taro@sales.partner.co.jp", "", []string{"saburo@our.example"}, false},
		{"the recipient writes back", first, "hanako@our.example", "hanako@our.example", []string{"taro@sales.partner.co.jp"}, false},
		{"free mail, the same address", free, "Taro@gmail.com", "", []string{"hanako@our.example"}, true},
		{"free mail, a stranger", free, "jiro@gmail.com", "jiro@gmail.com", []string{"hanako@our.example"}, false},
		{"no sender at all", first, "", "", []string{"hanako@our.example"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, Options{})
			r.remember(tt.first, zipOf(10), "s3cret")
			second := Mail{Time: noon.Add(time.Minute), From: tt.from, MailFrom: tt.mf, Rcpts: tt.rcpts}
			if files, words := r.waitingFor(second), r.wordsFor(second); (len(files) == 1) != tt.want || (len(words) == 1) != tt.want {
				t.Errorf("%d files and %d words, want them %v", len(files), len(words), tt.want)
			}
		})
	}
}

func TestTimeEndsEverything(t *testing.T) {
	r := newRig(t, Options{Keep: time.Hour})
	r.remember(partner(), zipOf(10), "s3cret")
	later := partner()
	later.Time = noon.Add(59 * time.Minute)
	if len(r.waitingFor(later)) != 1 || len(r.wordsFor(later)) != 1 {
		t.Error("forgotten too early")
	}
	later.Time = noon.Add(time.Hour)
	if len(r.waitingFor(later)) != 0 || len(r.wordsFor(later)) != 0 {
		t.Error("found after its time")
	}
	if err := r.Expire(t.Context(), later.Time); err != nil {
		t.Fatal(err)
	}
	s, err := r.Stats(t.Context())
	if err != nil || s.Files != 0 || s.Bytes != 0 || len(r.onDisk()) != 0 {
		t.Errorf("%+v, %v, files %v", s, err, r.onDisk())
	}
}

func TestClearForgetsEverything(t *testing.T) {
	r := newRig(t, Options{})
	for range expireBatch + 10 {
		r.remember(partner(), nil, "word")
	}
	r.remember(partner(), zipOf(10))
	if err := r.Clear(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s, err := r.Stats(t.Context()); err != nil || s.Files != 0 || s.Bytes != 0 || len(r.onDisk()) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestForgetTellsWhichMailsAreDone(t *testing.T) {
	r := newRig(t, Options{})
	m := partner()
	m.Quarantine = "20261123-aaaaaaaa"
	r.remember(m, slices.Concat(zipOf(10), zipOf(20)), "s3cret")
	files := r.waitingFor(partner())
	done, err := r.Forget(t.Context(), files[:1])
	if err != nil || len(done) != 0 {
		t.Fatalf("%v, %v", done, err)
	}
	done, err = r.Forget(t.Context(), files) // the first once more, as two mails at once would
	if err != nil || len(done) != 1 || done[0].Quarantine != m.Quarantine {
		t.Fatalf("%v, %v", done, err)
	}
	if len(r.waitingFor(partner())) != 0 || len(r.onDisk()) != 0 {
		t.Error("a file is left")
	}
	if w := r.wordsFor(partner()); len(w) != 1 {
		t.Errorf("the mail's own words went with its files: %q", w)
	}
}

func TestWordsAreBounded(t *testing.T) {
	r := newRig(t, Options{})
	list := []string{strings.Repeat("x", maxWord+1), "bad\xff"}
	for i := range 2 * maxWords {
		list = append(list, fmt.Sprint("word", i))
	}
	r.remember(partner(), nil, list...)
	r.remember(partner(), nil, "newer", "word1")
	got := r.wordsFor(partner())
	if len(got) != maxWords+1 || got[0] != "newer" || slices.Contains(got, "bad\xff") {
		t.Errorf("%d words, the first %q", len(got), got[0])
	}
}

func TestNothingToRememberLeavesNothing(t *testing.T) {
	r := newRig(t, Options{})
	nobody := partner()
	nobody.Rcpts = nil
	r.remember(partner(), nil)
	r.remember(nobody, zipOf(10))
	if s, err := r.Stats(t.Context()); err != nil || s.Bytes != 0 || len(r.onDisk()) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestAStoreOutOfReachIsAnErrorSoon(t *testing.T) {
	r := newRig(t, Options{})
	r.remember(partner(), nil, "word")
	r.st.Close()
	_, werr := r.Words(t.Context(), partner())
	_, _, ferr := r.Waiting(t.Context(), partner())
	_, rerr := r.Remember(t.Context(), partner(), zipOf(10), nil)
	if werr == nil || ferr == nil || rerr == nil {
		t.Errorf("words %v, files %v, remember %v", werr, ferr, rerr)
	}
	if n := len(r.onDisk()); n != 0 {
		t.Errorf("%d files without a row", n)
	}
}

func TestAnEndedContextLeavesNothing(t *testing.T) {
	r := newRig(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Remember(ctx, partner(), zipOf(10), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if n := len(r.onDisk()); n != 0 {
		t.Errorf("%d files without a row", n)
	}
}

func TestWaitedKnowsTheVeryFile(t *testing.T) {
	r := newRig(t, Options{})
	first := partner()
	first.Quarantine = "20261123-aaaaaaaa"
	r.remember(first, zipOf(10))
	r.remember(partner(), zipOf(20)) // did not wait
	other := partner()
	other.Rcpts = []string{"jiro@our.example"}
	for _, tt := range []struct {
		name string
		m    Mail
		size int
		want int
	}{
		{"it comes back", partner(), 10, 1}, {"another file", partner(), 11, 0}, {"one that did not wait", partner(), 20, 0}, {"to somebody else", other, 10, 0},
	} {
		ids, err := r.Waited(t.Context(), tt.m, zipOf(tt.size))
		if err != nil || len(ids) != tt.want || tt.want == 1 && ids[0] != first.Quarantine {
			t.Errorf("%s: %q, %v", tt.name, ids, err)
		}
	}
}

func TestMoreFilesThanAnybodyExchangesAreTold(t *testing.T) {
	r := newRig(t, Options{})
	var files []Locked
	for range maxFiles {
		files = append(files, zipOf(1)...)
	}
	for n := 0; n < MaxWaiting; n += maxFiles {
		r.remember(partner(), files)
	}
	if files, more, err := r.Waiting(t.Context(), partner()); len(files) != MaxWaiting || more || err != nil {
		t.Errorf("%d files, more %v, %v", len(files), more, err)
	}
	r.remember(partner(), zipOf(1))
	if files, more, err := r.Waiting(t.Context(), partner()); len(files) != MaxWaiting || !more || err != nil {
		t.Errorf("%d files, more %v, %v", len(files), more, err)
	}
}

// What every mail waits for. The result stands in docs/design.
func BenchmarkWaiting(b *testing.B) {
	st, err := store.Open(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	l, err := Open(st, Options{})
	if err != nil {
		b.Fatal(err)
	}
	for i := range 3000 {
		m := mailFrom(fmt.Sprintf("a@partner%d.example", i), fmt.Sprintf("192.0.%d.0/24", i%200))
		if _, err := l.Remember(b.Context(), m, zipOf(10), nil); err != nil {
			b.Fatal(err)
		}
	}
	for name, m := range map[string]Mail{"none": partner(), "one": mailFrom("b@partner17.example", "")} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := l.Waiting(b.Context(), m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestSweepRemovesWhatACrashLeft(t *testing.T) {
	r := newRig(t, Options{})
	r.remember(partner(), zipOf(10))
	if err := os.WriteFile(r.st.Path(Folder, "LEFTOVER"), []byte("x"), 0o640); err != nil {
		t.Fatal(err)
	}
	n, err := r.Sweep(t.Context())
	if err != nil || n != 1 || len(r.onDisk()) != 1 {
		t.Errorf("%d removed, %v, left %v", n, err, r.onDisk())
	}
	if len(r.waitingFor(partner())) != 1 {
		t.Error("a file with a row went too")
	}
}

func TestAMailWithoutQueueIDIsNamedByItsDigest(t *testing.T) {
	m := Mail{SHA256: strings.Repeat("0123456789abcdef", 4)}
	if m.Ref() != "0123456789abcdef" || (Mail{QueueID: "4ABC"}).Ref() != "4ABC" || (Mail{}).Ref() != "" {
		t.Error(m.Ref())
	}
}
