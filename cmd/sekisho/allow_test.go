package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/internal/lists"
	"sekisho/internal/trace"
)

// What --expires takes is what list shows.
func TestEndsReadAsTheyWereGiven(t *testing.T) {
	now := time.Now()
	for given, want := range map[string]string{"2099-03-31": "2099-03-31", "2099-12-31": "2099-12-31", "12h": stamp(now.Add(12 * time.Hour))} {
		end, err := until(given, now)
		if got := lastOf(end); err != nil || got != want {
			t.Errorf("%s: %s, want %s (%v)", given, got, want, err)
		}
	}
}

func TestRefusedValuesAreExplainedInBothLanguages(t *testing.T) {
	dir := traceState(t)
	for value, says := range map[string][2]string{
		"co.jp": {"too broad", "広すぎます"}, "=cmd": {"neither a hash", "いずれでもありません"}, "0.0.0.0/0": {"too broad", "広すぎます"}, "a@": {"not of this type", "種類が違います"},
		strings.Repeat("a.", 2000): {"too long", "長すぎます"},
	} {
		_, en := sekishoIn(t, dir, exitError, "block", "add", value, "--reason", "test")
		_, ja := sekishoIn(t, dir, exitError, "--lang", "ja", "block", "add", value, "--reason", "test")
		if !strings.Contains(en, says[0]) || !strings.Contains(ja, says[1]) {
			t.Errorf("%.20s: %q, %q", value, en, ja)
		}
	}
}

func TestAMailsFilesAreBlocked(t *testing.T) {
	files := []trace.File{
		{Name: "logo.png", Kind: "png", SHA256: "a1"}, {Name: "a.zip", Kind: "zip", SHA256: "b2"}, {Path: "2!/terms.pdf", Kind: "pdf", SHA256: "c3"},
		{Path: "2!/a.doc", Kind: "doc", SHA256: "d4", Macros: "e5"}, {Name: "again.zip", Kind: "zip", SHA256: "b2"}, {Name: "locked.zip", Kind: "zip"},
	}
	want := []lists.Item{{Type: lists.SHA256, Value: "b2"}, {Type: lists.Macro, Value: "e5"}}
	if got := marksOf(files); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

func TestBlockingByAFile(t *testing.T) {
	dir := traceState(t)
	name := filepath.Join(dir, "a.pdf")
	if err := os.WriteFile(name, []byte("%PDF-1.4\n%%EOF\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ := sekishoIn(t, dir, exitOK, "block", "add", "--from-file", name, "bad.example", "--reason", "wave")
	if !strings.Contains(out, "1  sha256 ") || !strings.Contains(out, "2  domain bad.example") {
		t.Errorf("%q", out)
	}
	mail := filepath.Join(dir, "a.eml")
	raw := "From: a@b.example\nContent-Type: application/pdf; name=b.pdf\nContent-Disposition: attachment; filename=b.pdf\n\n%PDF-1.4\n%another\n"
	if err := os.WriteFile(mail, []byte(raw), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _ := sekishoIn(t, dir, exitOK, "block", "add", "--from-file", mail, "--reason", "wave"); !strings.Contains(out, "3  sha256 ") || strings.Count(out, "sha256") != 1 {
		t.Errorf("%q", out)
	}
	if _, errs := sekishoIn(t, dir, exitOK, "block", "add", "--from-file", name, "--reason", "wave"); !strings.Contains(errs, "there is such an entry") {
		t.Errorf("%q", errs)
	}
	sekishoIn(t, dir, exitError, "block", "add", "--reason", "wave")
	sekishoIn(t, dir, exitError, "block", "add", "--from-file", filepath.Join(dir, "none"), "--reason", "wave")
}
