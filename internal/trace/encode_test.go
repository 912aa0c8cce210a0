package trace

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// ms is how exactly times are kept.
func ms(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()).UTC() }

func TestRecordsComeBackAsTheyWere(t *testing.T) {
	empty := Record{Rcpts: []Rcpt{}, Files: []File{}, Findings: []string{}}
	null := empty
	null.Rcpts, null.Done = []Rcpt{{"", "accept"}, {"", ""}}, "tag"
	other := infected()
	other.Direction, other.Done, other.Incomplete, other.Hidden, other.MailFrom = "sideways", "eaten", true, true, other.From
	for name, r := range map[string]Record{"infected": infected(), "empty": empty, "empty recipients": null, "unknown words": other} {
		got, err := decode(7, r.Time.UnixMilli(), encode(&r))
		r.ID, r.Time = 7, ms(r.Time)
		if name == "empty recipients" {
			r.Rcpts[1].Done = "tag" // as the message
		}
		if diff := cmp.Diff(&r, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestWhatANewerProgramWroteIsPassedOver(t *testing.T) {
	want := infected()
	body := append([]byte{250, 3, 'n', 'e', 'w'}, encode(&want)...)
	body = append(body, 251, 0)
	want.ID = 1
	got, err := decode(1, want.Time.UnixMilli(), body)
	if diff := cmp.Diff(&want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

// The numbers of tags and words are in every database.
func TestTagsAndWordsStay(t *testing.T) {
	if tagFromToo != 26 || keyVerdict != 15 || words[4] != "accept" || words[12] != "doc" || words[35] != "message" {
		t.Error("a tag, key or word has moved: old records would be misread")
	}
	for i, w := range words {
		if len(w) == 1 || i > 255 {
			t.Errorf("%q cannot be told from a place in the list", w)
		}
	}
}

func TestRecordsAreBounded(t *testing.T) {
	long := strings.Repeat("あ", 5000) + "\xff"
	r := Record{QueueID: long, Rule: long, MailFrom: long, From: long, MessageID: " " + long, Subject: long, Account: long, Quarantine: long, ClientIP: long}
	for i := range 20_000 {
		f := File{Name: long, Path: long, Kind: "png", SHA256: digest(i)}
		if i == 19_999 {
			f.Kind, f.Macros = "doc", digest(1)
		}
		r.Files = append(r.Files, f)
		r.Findings = append(r.Findings, "vba.autoexec")
	}
	r.Rcpts = []Rcpt{{long, "accept"}}
	given := r.Rcpts[0].Address
	b := r.bounded(nil)
	if n := len(encode(&b)); n > 30<<10 {
		t.Errorf("%d bytes of a hostile mail", n)
	}
	if b.Files[0].Macros == "" {
		t.Error("the one file that matters was left out")
	}
	if r.Rcpts[0].Address != given {
		t.Error("the caller's record was changed")
	}
	for _, s := range []string{b.Subject, b.MessageID, b.Files[0].Name, b.Rcpts[0].Address} {
		if !utf8.ValidString(s) || len(s) > idMax+3 {
			t.Errorf("%d bytes, valid %t", len(s), utf8.ValidString(s))
		}
	}
	many := Record{}
	for i := range 3000 {
		many.Rcpts = append(many.Rcpts, Rcpt{fmt.Sprintf("r%d@example.org", i), "accept"})
	}
	if b := many.bounded(nil); len(b.Rcpts) != 3000 {
		t.Errorf("%d recipients are left", len(b.Rcpts))
	}
}

// FuzzDecode: bytes of any sort never stop a search, and what was written comes back whatever was in it.
func FuzzDecode(f *testing.F) {
	r := infected()
	f.Add(encode(&r), "subject", "<id@x>")
	f.Add([]byte{tagRcptDone, 1, 4, tagFileKind, 1, 200, tagSize, 0, tagSHA256, 1, 0}, "\xff", "")
	f.Add(binary.AppendUvarint([]byte{tagSubject}, 1<<63), "", "")
	f.Fuzz(func(t *testing.T, body []byte, subject, id string) {
		r, err := decode(1, 0, body)
		if r == nil || err == nil && len(body) > 0 && r.Rcpts == nil {
			t.Fatal("no record")
		}
		again := r.bounded(nil)
		b := encode(&again)
		if _, err := decode(1, 0, b); err != nil {
			t.Errorf("what was written does not read: %v", err)
		}
		x := infected()
		x.Subject, x.MessageID, x.MailFrom = subject, id, subject
		x = x.bounded(nil)
		got, err := decode(0, x.Time.UnixMilli(), encode(&x))
		if diff := cmp.Diff(&x, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
		for kind := keySender; kind < keyEnd; kind++ {
			r.values(kind, func(string) {})
		}
	})
}
