package load

import (
	"bytes"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sekisho/internal/fixture"
	"sekisho/internal/miltertest"
)

func TestQuantilesAreOfTheSortedTimes(t *testing.T) {
	var d []time.Duration
	for _, n := range rand.Perm(1000) {
		d = append(d, time.Duration(n)*time.Millisecond)
	}
	if got, want := quantiles(d), (Quantiles{500, 900, 990, 999}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := quantiles(nil); got != (Quantiles{}) {
		t.Errorf("of nothing: %+v", got)
	}
	if got, want := quantiles(d[:1]), (Quantiles{0, 0, 0, 0}); got != want {
		t.Errorf("of one: %+v, want %+v", got, want)
	}
}

func TestTheSameCorpusGivesTheSameBytes(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string][]byte{"letter.docx": fixture.DOCX(), "b/book.xls": fixture.XLSPlain(), "sums.doc": fixture.DocVBA("Sub A()\nEnd Sub\n")} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"", dir} {
		plain, macro, err := corpus(dir)
		if err != nil {
			t.Fatal(err)
		}
		again, macroAgain, err := corpus(dir)
		if err != nil {
			t.Fatal(err)
		}
		one, two := workloads(plain, macro, 10), workloads(again, macroAgain, 10)
		for i, w := range one {
			if len(w.Mails) == 0 {
				t.Errorf("%s is empty", w.Name)
			}
			for j := range w.Mails {
				if a, b := w.Mails[j].Bytes(), two[i].Mails[j].Bytes(); !bytes.Equal(a, b) || int64(len(a)) != w.Mails[j].Size {
					t.Fatalf("%s, mail %d: %d bytes once, %d twice, said to be %d", w.Name, j, len(a), len(b), w.Mails[j].Size)
				}
			}
		}
	}
}

func TestASlowFilterGetsEveryMailAndNoMailHasTheIDOfAnother(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go miltertest.Null(l)
	g := &generator{rand: rand.New(rand.NewPCG(1, 2))}
	job := Job{Network: "unix", Addr: l.Addr().String(), Mails: []Mail{g.mail(), g.mail(), g.mail()}, Concurrency: 2, Least: 7, Run: "a"}
	s, err := Drive(job)
	if err != nil {
		t.Fatal(err)
	}
	if s.Messages != 7 || s.Replies["c"] != 7 {
		t.Errorf("%d messages, replies %v; want 7, all of them to go on", s.Messages, s.Replies)
	}
	if a, b := job.Mails[0].numbered("a", 0), job.Mails[0].numbered("a", 3); a.Header[job.Mails[0].id] == b.Header[job.Mails[0].id] {
		t.Errorf("two messages have the Message-ID %q", a.Header[job.Mails[0].id].Value)
	}
}
