package load

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net"
	"net/textproto"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"sekisho/internal/fixture"
	"sekisho/internal/miltertest"
	"sekisho/internal/mtatest"
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

func TestASlowFilterGetsEveryMailAndNoTwoHaveOneID(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go miltertest.Null(l)
	g := &generator{rand: rand.New(rand.NewPCG(1, 2))}
	job := Job{Open: Milter("unix", l.Addr().String()), Mails: []Mail{g.mail(), g.mail(), g.mail()}, Concurrency: 2, Least: 7, Run: "a"}
	ids := sync.Map{}
	job.Each = func(id string, r Reply) {
		if _, twice := ids.LoadOrStore(id, true); twice || r.Code != "c" || r.Trips != 1 || r.Last.Before(r.End) || r.End.Before(r.Begun) {
			t.Errorf("%s (twice: %v): %+v", id, twice, r)
		}
	}
	s, err := Drive(job)
	if err != nil {
		t.Fatal(err)
	}
	if s.Messages != 7 || s.Replies["c"] != 7 {
		t.Errorf("%d messages, replies %v; want 7, all of them to go on", s.Messages, s.Replies)
	}
}

func TestSMTPCarriesTheMailAsItIs(t *testing.T) {
	sink, err := mtatest.NewSink()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sink.Close() })
	nc, err := net.Dial("tcp", sink.Addr)
	if err != nil {
		t.Fatal(err)
	}
	c := mta{nc, textproto.NewConn(nc)} // the sink knows no XCLIENT
	if err := errors.Join(c.want(220), c.command(250, "EHLO client.example.com")); err != nil {
		t.Fatal(err)
	}
	g := &generator{rand: rand.New(rand.NewPCG(1, 2))}
	m := g.mail()
	m.Body = []byte("..\r\n.one\r\nno end")
	if r, err := c.Send(&m, "a.1"); err != nil || r.Code != "250" {
		t.Fatal(r, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	got := sink.All()
	if len(got) != 1 {
		t.Fatalf("%d mails", len(got))
	}
	m.Header[m.id].Value = " <a.1@example.net>"
	if want := string(m.Bytes()) + "\r\n"; string(got[0].Raw) != want || got[0].From != m.From || got[0].To[0] != m.Rcpts[0] {
		t.Errorf("%q, want %q", got[0].Raw, want)
	}
}
