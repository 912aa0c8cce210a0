package mtatest

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDocumentedReleaseListenerIsTheTestedOne holds the recipe of docs/install.md and the listener of the tests together. What differs is
// the place of the socket, the log's name, and the daemon's name, by which tests tell the listeners.
func TestDocumentedReleaseListenerIsTheTestedOne(t *testing.T) {
	block := regexp.MustCompile(`(?m)^    127\.0\.0\.1:10025 inet n - y - - smtpd\n((?:        -o .*\n)+)`)
	p := &Postfix{Release: "release", cf: &secondPass{}}
	var tested []string
	for _, l := range p.listeners() {
		if l.addr == "release" {
			tested = l.options
		}
	}
	tested = slices.DeleteFunc(slices.Clone(tested), func(o string) bool { return strings.HasPrefix(o, "milter_macro_daemon_name=") })
	slices.Sort(tested)
	for _, page := range []string{"../../docs/install.md", "../../docs/ja/install.md"} {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		m := block.FindSubmatch(b)
		if m == nil {
			t.Fatalf("%s has no release listener", page)
		}
		var documented []string
		for line := range strings.Lines(string(m[1])) {
			o := strings.TrimPrefix(strings.TrimSpace(line), "-o ")
			if !strings.HasPrefix(o, "syslog_name=") && !strings.HasPrefix(o, "smtpd_milters=") {
				documented = append(documented, o)
			}
		}
		slices.Sort(documented)
		if diff := cmp.Diff(tested, documented); diff != "" {
			t.Errorf("%s (-tested +documented):\n%s", page, diff)
		}
	}
}
