package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// module is a module in a folder of its own, with a reader that has a fault and two targets.
func module(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.org/m\n\ngo 1.24\n",
		"a.go":   "package m\n\nfunc read(b []byte) int {\n\tif len(b) > 3 {\n\t\tif b[0] == 'x' {\n\t\t\treturn 2\n\t\t}\n\t\treturn 1\n\t}\n\treturn 0\n}\n",
		"a_test.go": "package m\n\nimport \"testing\"\n\nfunc FuzzSound(f *testing.F) {\n\tf.Add([]byte(\"a\"))\n\tf.Fuzz(func(t *testing.T, b []byte) { read(b) })\n}\n\n" +
			"func FuzzFaulty(f *testing.F) {\n\tf.Add([]byte(\"abcd\"))\n\tf.Fuzz(func(t *testing.T, b []byte) {\n\t\tif read(b) == 0 {\n\t\t\tt.Error(\"a fault\")\n\t\t}\n\t})\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	return dir
}

func TestATargetThatFailsEndsTheRoundAndNamesItsInput(t *testing.T) {
	dir := module(t)
	var out bytes.Buffer
	o := options{turn: 3 * time.Second, total: time.Minute, parallel: 1, cache: filepath.Join(dir, "cache"), only: "Faulty", packages: []string{"./..."}, out: &out}
	err := run(t.Context(), o)
	if !errors.Is(err, errFailed) {
		t.Fatalf("%v\n%s", err, out.String())
	}
	_, path, ok := strings.Cut(strings.TrimSpace(out.String()), "failing input: ")
	b, err := os.ReadFile(path)
	if !ok || err != nil || !strings.HasPrefix(string(b), "go test fuzz v1\n") || !strings.Contains(out.String(), "round 1") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestRoundsGoOnWhereTheLastOneEndedAndTheBestIsKept(t *testing.T) {
	dir := module(t)
	var out bytes.Buffer
	o := options{turn: time.Second, total: 2 * time.Second, parallel: 1, cache: filepath.Join(dir, "cache"), only: "FuzzSound", packages: []string{"."}, out: &out}
	if err := run(t.Context(), o); err != nil || !strings.Contains(out.String(), "round 1  1/1  example.org/m FuzzSound") || !strings.Contains(out.String(), "nothing fails") {
		t.Fatalf("%v\n%s", err, out.String())
	}
	found, err := inputs(filepath.Join(o.cache, "example.org", "m", "FuzzSound"))
	if err != nil || len(found) == 0 {
		t.Fatalf("nothing found: %v\n%s", err, out.String())
	}
	o.keep = true
	for range 2 { // the second time there is nothing new
		if err := run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		kept, err := inputs(filepath.Join(dir, "testdata", "fuzz", "FuzzSound"))
		if err != nil || len(kept) == 0 || len(kept) > 2 { // one for each statement that the seed does not reach
			t.Fatalf("%d kept of %d: %v\n%s", len(kept), len(found), err, out.String())
		}
	}
}

func TestWhatScannersKnowIsNotKept(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"plain": `[]byte("PK\x03\x04")`, "macro": `[]byte("Sub AutoOpen()")`, "page": `string("<SCRIPT>")`, "program": `[]byte("MZ\x90")`, "long": strings.Repeat("x", keepBytes+1),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("go test fuzz v1\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := inputs(folder)
	if err != nil || len(list) != 1 || list[0].name != "plain" {
		t.Errorf("%v %v", list, err)
	}
}

func TestTheEndOfTheTimeIsNoFailure(t *testing.T) {
	for said, want := range map[string]bool{
		"fuzz: elapsed: 8s\n--- FAIL: FuzzRead (8.08s)\n    context deadline exceeded\nFAIL\n":                               true,
		"--- FAIL: FuzzRead (8.08s)\n    --- FAIL: FuzzRead (0.00s)\n        a_test.go:7: context deadline exceeded\nFAIL\n": false,
		"--- FAIL: FuzzRead (8.08s)\n    a fault\nFAIL\n":                                                                    false,
	} {
		if overtime.MatchString(said) != want {
			t.Errorf("%q", said)
		}
	}
}

func TestProgress(t *testing.T) {
	said := "fuzz: elapsed: 3s, execs: 10 (3/sec), new interesting: 1 (total: 7)\nfuzz: elapsed: 6s, execs: 25 (5/sec), new interesting: 2 (total: 8)\nPASS\n"
	for in, want := range map[string]string{said: "25 tries, 2 new, 8 in all", "PASS\n": "ended before its first try"} {
		if got := progress([]byte(in)); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
