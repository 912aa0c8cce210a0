package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"sekisho/internal/fixture"
)

func TestScanTriesEveryPasswordGiven(t *testing.T) {
	file := filepath.Join(t.TempDir(), "locked.doc")
	if err := os.WriteFile(file, fixture.Crypt{Scheme: "rc4", Password: "a,b c"}.DocVBA(""), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		flags []string
		want  string
	}{
		{nil, "office.encrypted"},
		{[]string{"--password", "other"}, "office.encrypted"},
		{[]string{"--password", "other", "--password", "a,b c"}, "office.password-found"},
	} {
		var out, errs bytes.Buffer
		run(context.Background(), append(append([]string{"scan", "--json"}, tc.flags...), file), streams{&out, &errs})
		if !strings.Contains(out.String(), `"`+tc.want+`"`) || errs.Len() > 0 {
			t.Errorf("%q: %s, %s", tc.flags, out.String(), errs.String())
		}
	}
}

// TestAPipeIsRefused: opening one waits for who writes into it.
func TestAPipeIsRefused(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	if f, err := openRegular(name); err == nil {
		f.Close()
		t.Error("opened")
	}
}
