package filter

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sekisho/internal/fixture"
	"sekisho/internal/inspect"
	"sekisho/internal/message"
)

// remembering is a filter whose scanner remembers attachments.
func remembering(t testing.TB) (*Filter, *inspect.Cache) {
	c := &inspect.Cache{}
	return newFilter(t, func(_ *Options, io *inspect.Options) { io.Cache, io.Remember, io.Sums = c, time.Hour, true }), c
}

// said is all that a mail's result says.
func said(t testing.TB, f *Filter, raw []byte) string {
	t.Helper()
	res, err := f.Message(t.Context(), Session{Envelope: message.Envelope{Rcpts: []string{"mori@example.org"}}}, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Close()
	report := res.Report("")
	report.ElapsedMS = 0
	var locked []string
	for _, l := range res.Locked {
		locked = append(locked, l.Path.String()+" "+l.Kind)
	}
	facts := res.Facts
	facts.Envelope = message.Envelope{}
	b, err := json.Marshal([]any{report, facts, res.Verdict, locked})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestMailsOfACampaignAreJudgedAlike runs mails again and again, in any order, and compares with a filter that remembers nothing. With SEKISHO_CORPUS it
// also takes every mail (*.eml) below that folder.
func TestMailsOfACampaignAreJudgedAlike(t *testing.T) {
	mails := campaignMails()
	if folder := os.Getenv("SEKISHO_CORPUS"); folder != "" {
		mails = append(mails, mailsBelow(t, folder)...)
	} else {
		t.Log("SEKISHO_CORPUS names no folder: only mails of our own are compared")
	}
	plain := newFilter(t, func(_ *Options, io *inspect.Options) { io.Sums = true })
	f, cache := remembering(t)
	want := map[int]string{}
	for range 2 {
		for _, i := range rand.New(rand.NewPCG(3, 4)).Perm(len(mails)) {
			if want[i] == "" {
				want[i] = said(t, plain, mails[i])
			}
			if got := said(t, f, mails[i]); got != want[i] {
				t.Errorf("mail %d: with the cache\n%s\nwithout\n%s", i, got, want[i])
			}
		}
	}
	if st := cache.Stats(); st.Hits < 20 {
		t.Errorf("hardly anything was remembered: %+v", st)
	}
}

// campaignMails bring the same files under other names and types, with other words, beside other files.
func campaignMails() (list [][]byte) {
	doc, locked := fixture.DocVBA(autoOpen), fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: "a.doc", Data: fixture.DocVBA(autoOpen), Method: 8, Password: "4459"}}}.Bytes()
	inner := fixture.Message("a@example.com", "b@example.com", "s", fixture.TextPart("パスワード: 4459"), fixture.FilePart("a.doc", "application/msword", doc)).Bytes()
	archive := fixture.Zip("readme.txt", "password: 4459", "a.exe", "MZ\x90\x00")
	for _, text := range []string{"ご確認ください。", "パスワードは 4459 です。", "password: wrong"} {
		for _, name := range []string{"請求書.doc", "invoice.pdf.exe", "a.zip", ""} {
			for _, declared := range []string{"application/octet-stream", "application/pdf"} {
				list = append(list,
					fixture.Message("Sato <sato@example.net>", "mori@example.org", "請求書", fixture.TextPart(text), fixture.FilePart(name, declared, doc)).Bytes(),
					fixture.Message("Sato <sato@example.net>", "mori@example.org", "x", fixture.TextPart(text), fixture.FilePart(name, declared, archive),
						fixture.FilePart("b.zip", declared, locked), fixture.FilePart(name, declared, archive)).Bytes(),
					fixture.Message("Sato <sato@example.net>", "mori@example.org", "x", fixture.TextPart(text), fixture.FilePart("m.eml", declared, inner),
						fixture.FilePart("b.zip", declared, locked)).Bytes())
			}
		}
	}
	return list
}

func mailsBelow(t *testing.T, folder string) (list [][]byte) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".eml") {
			return err
		}
		b, err := os.ReadFile(path)
		list = append(list, b)
		return err
	})
	if err != nil || len(list) == 0 {
		t.Fatalf("%d mails below %s: %v", len(list), folder, err)
	}
	return list
}

// TestNobodysMailJudgesAnothers: what a stranger sends first changes nothing of what is found when it comes again, be it in a mail that was cut short.
func TestNobodysMailJudgesAnothers(t *testing.T) {
	f, cache := remembering(t)
	doc := fixture.FilePart("a.doc", "application/msword", fixture.DocVBA(autoOpen))
	mail := fixture.Message("Sato <sato@example.net>", "mori@example.org", "x", fixture.TextPart("x"), doc).Bytes()
	want := said(t, newFilter(t, func(_ *Options, io *inspect.Options) { io.Sums = true }), mail)
	for _, first := range [][]byte{
		mail[:len(mail)*3/4],
		fixture.Message("x@example.com", "mori@example.org", "x", fixture.FilePart("harmless.txt", "text/plain", fixture.DocVBA(autoOpen))).Bytes(),
		fixture.Message("x@example.com", "mori@example.org", "x", fixture.FilePart("a.doc", "text/plain", fixture.DocVBA(autoOpen))).Bytes(),
	} {
		said(t, f, first)
		if got := said(t, f, mail); got != want {
			t.Errorf("after another mail\n%s\nalone\n%s", got, want)
		}
	}
	if st := cache.Stats(); st.Hits != 2 {
		t.Errorf("%+v", st)
	}
}
