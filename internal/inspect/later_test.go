package inspect

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/password"
)

// earlier tries words on a locked file within a new scan.
func earlier(t *testing.T, o Options, file []byte, words ...string) (*Scan, *Opened) {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	scan := s.Begin()
	opened, err := scan.Earlier(t.Context(), finding.Path{"earlier mail", "4ABC", "a.zip"}, "a.zip", bytes.NewReader(file), int64(len(file)), words...)
	if err != nil {
		t.Fatal(err)
	}
	return scan, opened
}

func TestAFileOfAnEarlierMailBelongsToThisScanWhenItOpens(t *testing.T) {
	macro, plain := fixture.DocVBA(downloader), fixture.DOCX()
	office := fixture.Crypt{Scheme: "agile", Password: "4459"}.Package(fixture.XLSM(downloader))
	const at = " earlier mail!/4ABC!/a.zip"
	for _, tc := range []struct {
		name     string
		file     []byte
		findings []string
		word     string
		left     bool
	}{
		{"hostile", zipOf(lockedEntry("a.doc", "4459", macro)), []string{"vba.present" + at + "!/a.doc", "vba.autoexec" + at + "!/a.doc!/Macros/VBA/ThisDocument",
			"vba.suspicious" + at + "!/a.doc!/Macros/VBA/ThisDocument"}, "4459", false},
		{"harmless: nothing says that it was locked", zipOf(lockedEntry("a.docx", "4459", plain)), nil, "4459", false},
		{"one of two opens", zipOf(lockedEntry("a.docx", "4459", plain), lockedEntry("b.docx", "other", plain)), nil, "4459", true},
		{"a locked workbook", office, []string{"vba.present" + at, "vba.autoexec" + at + "!/xl/vbaProject.bin/VBA/ThisWorkbook", "vba.suspicious" + at + "!/xl/vbaProject.bin/VBA/ThisWorkbook"}, "4459", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			scan, opened := earlier(t, Options{}, tc.file, "wrong", "4459")
			if opened == nil {
				t.Fatal("not opened")
			}
			r := scan.Result()
			if d := cmp.Diff(tc.findings, lines(r)); d != "" {
				t.Errorf("findings (-want +got):\n%s", d)
			}
			if opened.Word != tc.word || opened.Left != tc.left || len(opened.Findings) != len(tc.findings) || len(opened.Kinds) == 0 {
				t.Errorf("%+v", opened)
			}
			if r.Incomplete || r.Locked {
				t.Errorf("incomplete %v, locked %v", r.Incomplete, r.Locked)
			}
		})
	}
}

func TestAFileOfAnEarlierMailThatStaysLockedLeavesNoTrace(t *testing.T) {
	scan, opened := earlier(t, Options{}, zipOf(lockedEntry("a.doc", "4459", fixture.DocVBA(downloader)), entry("b.exe", exe())), "wrong")
	r := scan.Result()
	if opened != nil || len(r.Findings) > 0 || len(r.Files) > 0 || r.Locked || r.Incomplete {
		t.Errorf("%+v, %v, %v", opened, lines(r), tree(r))
	}
}

func TestFilesOfEarlierMailsShareTheBudget(t *testing.T) {
	file := zipOf(lockedEntry("a.txt", "4459", bytes.Repeat([]byte("x"), 600)))
	s, err := New(Options{Bytes: 1000})
	if err != nil {
		t.Fatal(err)
	}
	scan := s.Begin()
	for range 2 {
		if _, err := scan.Earlier(t.Context(), finding.Path{"a"}, "a.zip", bytes.NewReader(file), int64(len(file)), "4459"); err != nil {
			t.Fatal(err)
		}
	}
	r := scan.Result()
	if !r.Incomplete || len(lines(r)) == 0 || !strings.HasPrefix(lines(r)[0], string(finding.LimitSize)) {
		t.Errorf("%v, incomplete %v", lines(r), r.Incomplete)
	}
	full := s.Begin()
	full.count = full.o.Files
	if opened, err := full.Earlier(t.Context(), finding.Path{"a"}, "a.zip", bytes.NewReader(file), int64(len(file)), "4459"); err != nil || opened != nil || !full.Result().Incomplete {
		t.Errorf("%+v, %v: a file that nobody looked at leaves the scan complete", opened, err)
	}
}

func TestEveryLockedFormatOpensLater(t *testing.T) {
	doc := fixture.DocVBA(downloader)
	aes := lockedEntry("a.doc", "4459", doc)
	aes.AES = 3
	for name, file := range map[string][]byte{
		"ZIP, ZipCrypto": zipOf(lockedEntry("a.doc", "4459", doc)),
		"ZIP, AES":       zipOf(aes),
		"7z":             sevenOf(fixture.SevenFile{Name: "a.doc", Data: doc, Password: "4459"}),
		"7z, all locked": fixture.SevenZip{Files: []fixture.SevenFile{{Name: "a.doc", Data: doc, Password: "4459"}}, LockHeader: "4459", Cycles: 4}.Bytes(),
		"RAR":            rarOf(fixture.RARFile{Name: "a.doc", Data: doc, Password: "4459"}),
		"Office":         fixture.Crypt{Scheme: "agile", Password: "4459"}.Package(fixture.XLSM(downloader)),
		"old Office":     fixture.Crypt{Scheme: "rc4", Password: "4459"}.DocVBA(downloader),
		"PDF":            fixture.PDF{Objects: fixture.PDFEmbedding("a.doc", doc), Lock: &fixture.PDFLock{Revision: 6, User: "4459", Owner: "o"}}.Bytes(),
		"ZIP in a ZIP":   zipOf(lockedEntry("b.zip", "4459", zipOf(lockedEntry("a.doc", "4459", doc)))),
	} {
		t.Run(name, func(t *testing.T) {
			scan, opened := earlier(t, withWorkers(Options{}), file, "wrong1", "wrong2", "4459")
			if r := scan.Result(); opened == nil || opened.Word != "4459" || opened.Left || r.Incomplete {
				t.Fatalf("%+v, incomplete %v, %v", opened, r.Incomplete, lines(r))
			}
			kinds := map[finding.Kind]bool{}
			for _, f := range opened.Findings {
				kinds[f.Kind] = true
				if onlyLocked(f.Kind) {
					t.Errorf("%s is among what it holds", f.Kind)
				}
			}
			if !kinds[finding.VBASuspicious] {
				t.Errorf("%v", lines(scan.Result()))
			}
			scan, opened = earlier(t, withWorkers(Options{}), file, "wrong1", "wrong2")
			if r := scan.Result(); opened != nil || len(r.Findings) > 0 || r.Incomplete {
				t.Errorf("without the password: %+v, %v", opened, lines(r))
			}
		})
	}
}

func TestAFileThatKillsTheScannerIsNotPassedBy(t *testing.T) {
	file := zipOf(lockedEntry("a.txt", "4459", []byte("text")))
	o := Options{Journal: filepath.Join(t.TempDir(), "journal")}
	for range maxCrashes {
		s, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		s.journal.enter(sha256.Sum256(file)) // and never comes back
		if err := s.journal.live.Close(); err != nil {
			t.Fatal(err)
		}
	}
	scan, opened := earlier(t, o, file, "4459")
	if r := scan.Result(); opened != nil || !r.Incomplete {
		t.Errorf("%+v, incomplete %v", opened, r.Incomplete)
	}
}

func TestOnlyTheWordsOfAShortMailAreAllTried(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	scan := s.Begin()
	scan.Passwords(password.Phrase, "s3cret")
	scan.Passwords(password.Name, "file1")
	scan.Passwords(password.Token, "4459", "xyz1")
	if d := cmp.Diff([]string{"s3cret"}, scan.Said()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"4459", "xyz1"}, scan.Others()); d != "" {
		t.Error(d)
	}
	for i := range shortTokens {
		scan.Passwords(password.Token, fmt.Sprint("word", i))
	}
	if d := cmp.Diff([]string(nil), scan.Others(), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("of a long mail: %s", d)
	}
}

// Entries under other passwords do not keep the one that the mail gives from the rest.
func TestEntriesUnderOtherPasswordsHideNone(t *testing.T) {
	var list []fixture.ZIPEntry
	for i := range 8 {
		e := lockedEntry(fmt.Sprint(i, ".txt"), fmt.Sprint("other", i), []byte("x"))
		e.AES = 3
		list = append(list, e)
	}
	real := lockedEntry("a.txt", "4459", []byte("the longest of them"))
	real.AES = 3
	scan, opened := earlier(t, Options{}, zipOf(append(list, real)...), "4459", "wrong1")
	if r := scan.Result(); opened == nil || opened.Word != "4459" || !opened.Left || r.Incomplete {
		t.Errorf("%+v, %v", opened, lines(r))
	}
}

// Nothing of an empty file tells whether a password is right.
func TestAnEmptyFileProvesNoPassword(t *testing.T) {
	var words []string
	for i := range 3000 {
		words = append(words, fmt.Sprint("word", i))
	}
	if _, opened := earlier(t, Options{}, zipOf(lockedEntry("empty", "4459", nil), lockedEntry("a.txt", "4459", []byte("text"))), words...); opened != nil {
		t.Errorf("%+v", opened)
	}
}

// A file on which one try is dear does not use up the time of the next.
func TestADearFileLeavesTimeForTheNext(t *testing.T) {
	s, err := New(Options{TryTime: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	scan := s.Begin()
	for range 3 {
		before := scan.tryCost
		sub := lockedEntry("a.txt", "4459", []byte("text"))
		sub.AES = 3
		file := zipOf(sub)
		var words []string
		for i := range 20_000 {
			words = append(words, fmt.Sprint("word", i))
		}
		if _, err := scan.Earlier(t.Context(), finding.Path{"a"}, "a.zip", bytes.NewReader(file), int64(len(file)), words...); err != nil {
			t.Fatal(err)
		}
		if spent, left := scan.tryCost-before, time.Second-before; spent == 0 || spent > left/2 {
			t.Errorf("%s of %s for one file", spent, left)
		}
	}
}

func TestPendingUntilFinish(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	scan := s.Begin()
	file := zipOf(lockedEntry("a.txt", "4459", []byte("text")))
	if _, err := scan.File(t.Context(), nil, "a.zip", bytes.NewReader(file), int64(len(file))); err != nil {
		t.Fatal(err)
	}
	if !scan.Pending() {
		t.Error("nothing waits")
	}
	still, err := scan.Finish(context.Background())
	if err != nil || len(still) != 1 || scan.Pending() {
		t.Errorf("%d still locked, %v", len(still), err)
	}
	for _, l := range still {
		l.Content.Close()
	}
}
