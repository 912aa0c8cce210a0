package trace

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// mailbox is a made-up year of mail: the same records for the same seed.
type mailbox struct{ r *rand.Rand }

// few picks below n, small numbers much more often: a few partners write most of the mail.
func (m mailbox) few(n int) int {
	return int(float64(n) * m.r.Float64() * m.r.Float64() * m.r.Float64())
}

// record is the nth of total mails in 90 days.
func (m mailbox) record(n, total int) Record {
	sender := fmt.Sprintf("user%d@partner%d.example.com", m.few(50), m.few(200_000))
	x := Record{
		Time:    epoch.Add(time.Duration(n) * (90 * 24 * time.Hour / time.Duration(total))),
		QueueID: fmt.Sprintf("4Qz%09X", n), Direction: "in", Verdict: "accept", Done: "accept", MailFrom: sender, From: sender,
		MessageID: fmt.Sprintf("<%016x.%08x@mail.partner.example.com>", m.r.Uint64(), n),
		Subject:   fmt.Sprintf("Re: 【御見積】案件 %d のご連絡について", m.few(2_000_000)),
		Size:      int64(m.few(1 << 20)), SHA256: m.digest(), ClientIP: fmt.Sprintf("198.51.%d.%d", m.few(100), m.few(250)),
	}
	for range 1 + m.few(5) {
		x.Rcpts = append(x.Rcpts, Rcpt{fmt.Sprintf("staff%d@example.org", m.few(20_000)), "accept"})
	}
	if m.r.IntN(3) == 0 {
		x.Direction, x.Account = "out", fmt.Sprintf("staff%d", m.few(20_000))
	}
	if m.r.IntN(10) == 0 { // a company's logo
		x.Files = append(x.Files, File{Name: "image001.png", Kind: "png", SHA256: digest(m.few(5000))})
	}
	if m.r.IntN(4) == 0 {
		x.Files = append(x.Files, File{Name: fmt.Sprintf("見積書_%d.xlsx", m.few(3_000_000)), Kind: "xlsx", SHA256: m.digest()})
	}
	if m.r.IntN(200) == 0 {
		x.Verdict, x.Done, x.Rule = "quarantine", "quarantine", fmt.Sprintf("rule-%d", m.few(20))
		x.Quarantine, x.Findings = fmt.Sprintf("q%d", n), []string{"vba.autoexec", "vba.suspicious"}
		x.Files = append(x.Files, File{Name: "invoice.doc", Kind: "doc", SHA256: m.digest(), Macros: digest(m.few(1000))})
	}
	return x
}

func (m mailbox) digest() string {
	return fmt.Sprintf("%016x%016x%016x%016x", m.r.Uint64(), m.r.Uint64(), m.r.Uint64(), m.r.Uint64())
}

// TestEachKeyAtLength measures a trace of SEKISHO_LONG records (10,000,000 takes some ten minutes and five gigabytes in TMPDIR):
//
//	SEKISHO_LONG=10000000 go test ./internal/trace -run TestEachKeyAtLength -v -timeout 1h
func TestEachKeyAtLength(t *testing.T) {
	total := 10_000
	if s := os.Getenv("SEKISHO_LONG"); s != "" {
		var err error
		total, err = strconv.Atoi(s)
		must(t, err)
	}
	r := newRig(t, Options{MaxBytes: 1 << 40})
	asked := writeLong(t, r, total)
	for _, temper := range []string{"cold", "warm"} {
		for _, a := range asked {
			if temper == "cold" {
				r.cool()
			}
			begun, spent, n := time.Now(), cpu(), 0
			must(t, r.Search(context.Background(), a.q, func(*Record) bool { n++; return n < 50 }))
			took, used := time.Since(begun), cpu()-spent
			t.Logf("%s %-24s %3d found in %7.1f ms, %5.1f ms of processor", temper, a.name, n, took.Seconds()*1000, used.Seconds()*1000)
			if (n == 0) != (a.name == "nobody") {
				t.Errorf("%s: %d found", a.name, n)
			}
		}
	}
}

// cpu is the processor time that this process has had: what a busy machine does not change.
func cpu() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

type asked struct {
	name string
	q    Query
}

// writeLong writes the records as the daemon does, and returns questions about one from the middle.
func writeLong(t *testing.T, r *rig, total int) []asked {
	m := mailbox{rand.New(rand.NewPCG(1, 2))}
	var middle, odd Record
	begun := time.Now()
	var making time.Duration
	for n := 0; n < total; {
		from := time.Now()
		batch := make([]Record, 0, 500)
		for range min(500, total-n) {
			x := m.record(n, total)
			if n++; n == total/2 {
				middle = x
			}
			if n > total/2 && odd.Rule == "" && x.Rule != "" {
				odd = x
			}
			batch = append(batch, x)
		}
		making += time.Since(from)
		r.keep(batch...)
	}
	took := time.Since(begun) - making
	s, err := r.Stats(context.Background())
	must(t, err)
	t.Logf("%d records in %s: %.0f a second; %d bytes each, %d MB in all", total, took.Round(time.Second), float64(total)/took.Seconds(), s.Bytes/int64(total), s.Bytes>>20)
	var parts string
	must(t, r.db.QueryRow(`SELECT group_concat(n || ' ' || b, ', ') FROM (SELECT 'records' n, sum(length(body)) b FROM trace_records
		UNION ALL SELECT 'index', sum(length(block)) FROM trace_index)`).Scan(&parts))
	t.Log("bytes of", parts)
	late := middle.Time.Add(time.Hour)
	return []asked{
		{"nothing: the newest", Query{}},
		{"Message-ID", Query{MessageID: middle.MessageID}},
		{"queue id", Query{QueueID: middle.QueueID}},
		{"quarantine id", Query{Quarantine: odd.Quarantine}},
		{"digest of a mail", Query{Digests: []string{middle.SHA256}}},
		{"digest of a file", Query{Digests: []string{odd.Files[len(odd.Files)-1].SHA256}}},
		{"digest of a common file", Query{Digests: []string{digest(0)}}},
		{"macro fingerprint", Query{Macros: []string{odd.Files[len(odd.Files)-1].Macros}}},
		{"file name", Query{Name: "invoice.doc"}},
		{"subject", Query{Subject: middle.Subject}},
		{"sender", Query{Sender: middle.From}},
		{"sender's domain", Query{Sender: middle.From[strings.IndexByte(middle.From, '@'):]}},
		{"organisation of all", Query{Sender: "example.com"}},
		{"recipient", Query{Recipient: middle.Rcpts[0].Address}},
		{"nobody", Query{Recipient: "nobody@example.org"}},
		{"either side", Query{Address: middle.From}},
		{"client", Query{Client: middle.ClientIP}},
		{"account", Query{Account: "staff100"}},
		{"rule", Query{Rule: odd.Rule}},
		{"verdict", Query{Verdict: "quarantine"}},
		{"sender and recipient", Query{Sender: middle.From, Recipient: middle.Rcpts[0].Address}},
		{"two common keys", Query{Direction: "in", Client: "198.51.0.0", Name: "image001.png"}},
		{"an hour in the middle", Query{Since: middle.Time, Until: late}},
		{"recipient in that hour", Query{Recipient: middle.Rcpts[0].Address, Since: middle.Time, Until: late}},
		{"text within that hour", Query{Contains: "御見積", Since: middle.Time, Until: late}},
	}
}

// cool makes the next search read from the disk: the connections' pages go, and the file's from the system's memory.
func (r *rig) cool() {
	r.db.SetMaxIdleConns(0)
	r.db.SetMaxIdleConns(4)
	f, err := os.Open(r.st.Path("trace.db"))
	must(r.t, err)
	defer f.Close()
	must(r.t, f.Sync())
	must(r.t, unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED))
}
