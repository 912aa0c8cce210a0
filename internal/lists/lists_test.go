package lists

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// told gathers events.
type told struct {
	mu     sync.Mutex
	events []Event
}

func (t *told) tell(e Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.events = append(t.events, e)
}

func (t *told) last() (e Event, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.events) > 0 {
		e = t.events[len(t.events)-1]
	}
	return e, len(t.events)
}

// listOf opens one list with this content. look has its file looked at as often as it takes for a change to count.
func listOf(t *testing.T, src Source, content string) (l *Lists, tell *told, look func()) {
	t.Helper()
	dir := t.TempDir()
	if src.Name == "" {
		src.Name = "feed"
	}
	src.File = filepath.Join(dir, "list")
	write(t, src.File, content)
	tell = &told{}
	l, err := Open(t.Context(), Options{Sources: []Source{src}, Dir: filepath.Join(dir, "state"), Told: tell.tell})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l, tell, func() {
		for range 2 {
			l.look(context.Background(), l.list[0])
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func has(t *testing.T, l *Lists, kind Type, value string) bool {
	t.Helper()
	found, err := l.Match([]Subject{{kind, value}})
	if err != nil {
		t.Fatal(err)
	}
	return len(found) > 0
}

func TestWhatAListMatches(t *testing.T) {
	l, _, _ := listOf(t, Source{}, strings.Join([]string{
		hashA, md5C, sha1D, "bad.example", "*.star.example", "sato@mail.example", "@whole.example", "192.0.2.0/24", "2001:db8::/32", "203.0.113.9", "::ffff:198.51.100.0/120",
		"https://host.example/path/", "https://drive.google.com/uc?id=7", "https://192.0.2.200/x", "日本.example",
	}, "\n"))
	for _, tc := range []struct {
		kind  Type
		value string
		want  bool
	}{
		{SHA256, hashA, true}, {SHA256, strings.ToUpper(hashA), true}, {SHA256, hashB, false}, {Macro, hashA, false},
		{MD5, md5C, true}, {SHA1, sha1D, true}, {SHA256, "", false}, {SHA256, "zz", false},
		{Domain, "bad.example", true}, {Domain, "WWW.Bad.Example.", true}, {Domain, "a.b.c.d.e.f.g.h.i.bad.example", true}, {Domain, "notbad.example", false},
		{Domain, "bad.example.net", false}, {Domain, "example", false}, {Domain, "star.example", true}, {Domain, "x.star.example", true},
		{Domain, "xn--wgv71a.example", true}, {Domain, "日本.example", true},
		{Address, "SATO@mail.example", true}, {Address, "sato+x@mail.example", true}, {Address, "abe@mail.example", false}, {Address, "x@sub.bad.example", true},
		{Address, "anyone@whole.example", true}, {Address, "anyone@sub.whole.example", false}, {Domain, "whole.example", false}, {Address, "nobody", false},
		{IP, "192.0.2.77", true}, {IP, "::ffff:192.0.2.77", true}, {IP, "192.0.3.1", false}, {IP, "2001:db8:1::1", true}, {IP, "198.51.100.7", true}, {IP, "203.0.113.9", true}, {IP, "203.0.113.8", false},
		{IP, "fe80::1%eth0", false}, {IP, "junk", false},
		{URL, "http://HOST.example/other", true}, {URL, "https://drive.google.com/uc?id=7", true}, {URL, "https://drive.google.com/uc?id=8", false},
		{Domain, "drive.google.com", false}, {Domain, "192.0.2.5", true}, {URL, "http://[2001:db8::5]/", true}, {URL, "http://%zz/", false},
	} {
		if got := has(t, l, tc.kind, tc.value); got != tc.want {
			t.Errorf("%s %q: %t", tc.kind, tc.value, got)
		}
	}
}

func TestHostileValuesCostLittleAndMatchNothing(t *testing.T) {
	l, _, _ := listOf(t, Source{}, "bad.example\n192.0.2.0/24\n")
	for _, s := range []Subject{
		{Domain, strings.Repeat("a.", 1<<20)}, {Address, strings.Repeat("@", 1<<20)}, {URL, "http://" + strings.Repeat("a.", 1<<18) + "example/"},
		{Domain, strings.Repeat(".", 1<<20)}, {Address, "a@" + strings.Repeat("\xff", 1<<20)}, {Domain, "\x00bad.example\x00"}, {SHA256, strings.Repeat("a", 1<<20)},
	} {
		if items := s.items(l.prefixes); len(items) > 2*labelsMax+8 {
			t.Errorf("%s: %d look-ups", s.Type, len(items))
		}
		if found, err := l.Match([]Subject{s}); err != nil || len(found) > 0 {
			t.Errorf("%s %.20q: %v %v", s.Type, s.Value, found, err)
		}
	}
}

func TestAChangedFileIsReadWhenItStandsStill(t *testing.T) {
	l, tell, look := listOf(t, Source{Type: Domain}, "one.example\n")
	path := l.list[0].src.File
	if look(); !has(t, l, Domain, "one.example") {
		t.Fatal("the list is not in force")
	}
	_, before := tell.last()
	write(t, path, "one.example\ntwo.example\n")
	if l.look(t.Context(), l.list[0]); has(t, l, Domain, "two.example") {
		t.Error("read while it may still be written")
	}
	if look(); !has(t, l, Domain, "two.example") || !has(t, l, Domain, "one.example") {
		t.Error("the change is not in force")
	}
	if e, n := tell.last(); n != before+1 || e.Err != nil || e.Report.Entries != 2 {
		t.Errorf("%d events, %+v", n-before, e)
	}
}

func TestABrokenFileLeavesTheOldEntriesInForce(t *testing.T) {
	for name, replace := range map[string]func(t *testing.T, path string){
		"a page in its place": func(t *testing.T, path string) { write(t, path, "<html>\n<h1>Not found\n</html>\n") },
		"an empty file":       func(t *testing.T, path string) { write(t, path, "") },
		"a huge line":         func(t *testing.T, path string) { write(t, path, strings.Repeat("x", 1<<20)) },
		"binary":              func(t *testing.T, path string) { write(t, path, "\x7fELF\x00") },
		"no file":             func(t *testing.T, path string) { os.Remove(path) },
		"a folder": func(t *testing.T, path string) {
			if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
				t.Fatal(err)
			}
		},
		"a pipe": func(t *testing.T, path string) {
			if err := errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600)); err != nil {
				t.Fatal(err)
			}
		},
		"a link to a device": func(t *testing.T, path string) {
			if err := errors.Join(os.Remove(path), os.Symlink("/dev/zero", path)); err != nil {
				t.Fatal(err)
			}
		},
		"a link to itself": func(t *testing.T, path string) {
			if err := errors.Join(os.Remove(path), os.Symlink(path, path)); err != nil {
				t.Fatal(err)
			}
		},
		"a file with secrets": func(t *testing.T, path string) { write(t, path, "root:$6$verysecret:1::\nbin:!:2::\n") },
	} {
		t.Run(name, func(t *testing.T) {
			l, tell, look := listOf(t, Source{Type: Domain}, "one.example\n")
			replace(t, l.list[0].src.File)
			_, before := tell.last()
			look()
			e, n := tell.last()
			if n != before+1 || e.Err == nil || strings.Contains(fmt.Sprint(e.Err, e.Report), "verysecret") {
				t.Errorf("%d events: %+v", n-before, e)
			}
			if !has(t, l, Domain, "one.example") {
				t.Error("the old entries are gone")
			}
			if look(); name != "no file" {
				if _, again := tell.last(); again != n {
					t.Error("the same file is told again")
				}
			}
			os.Remove(l.list[0].src.File)
			write(t, l.list[0].src.File, "mended.example\n")
			if look(); !has(t, l, Domain, "mended.example") || has(t, l, Domain, "one.example") {
				t.Error("the mended file is not in force")
			}
		})
	}
}

// A disk that was full once must not keep the new entries out until the file changes again.
func TestAFailureOfOursIsTriedAgain(t *testing.T) {
	l, tell, look := listOf(t, Source{Type: Domain}, "one.example\n")
	state := l.o.Dir
	if err := os.Rename(state, state+".away"); err != nil {
		t.Fatal(err)
	}
	write(t, l.list[0].src.File, "another.example\n")
	look()
	if e, _ := tell.last(); e.Err == nil || !has(t, l, Domain, "one.example") {
		t.Fatalf("%+v", e)
	}
	if err := os.Rename(state+".away", state); err != nil {
		t.Fatal(err)
	}
	for range againLooks / 2 {
		look()
	}
	if e, _ := tell.last(); e.Err != nil || !has(t, l, Domain, "another.example") || has(t, l, Domain, "one.example") {
		t.Errorf("%+v", e)
	}
}

func TestAFileThatNeverStandsStillIsTold(t *testing.T) {
	l, tell, _ := listOf(t, Source{Type: Domain}, "one.example\n")
	_, before := tell.last()
	for i := range againLooks {
		write(t, l.list[0].src.File, strings.Repeat("x", i+1)+".example\n")
		l.look(t.Context(), l.list[0])
	}
	if e, n := tell.last(); n != before+1 || !errors.Is(e.Err, errRestless) {
		t.Errorf("%d events: %+v", n-before, e)
	}
}

func TestALinkIsFollowed(t *testing.T) {
	l, _, look := listOf(t, Source{Type: Domain}, "one.example\n")
	path := l.list[0].src.File
	write(t, path+".new", "two.example\n")
	if err := errors.Join(os.Remove(path), os.Symlink(path+".new", path)); err != nil {
		t.Fatal(err)
	}
	if look(); !has(t, l, Domain, "two.example") {
		t.Error("a configuration that is put in place by a link is not read")
	}
}

func TestTheIndexOfAnEarlierRunIsUsedAndNeverABadOne(t *testing.T) {
	dir := t.TempDir()
	src := Source{Name: "feed", File: filepath.Join(dir, "list"), Type: Domain}
	write(t, src.File, "one.example\n")
	open := func(src Source) (*Lists, Event) {
		tell := &told{}
		l, err := Open(t.Context(), Options{Sources: []Source{src}, Dir: filepath.Join(dir, "state"), Told: tell.tell})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		e, _ := tell.last()
		return l, e
	}
	open(src)
	if l, e := open(src); e.Took != 0 || !has(t, l, Domain, "one.example") {
		t.Errorf("read again: %+v", e)
	}
	other := src
	other.Type = Auto
	if _, e := open(other); e.Took == 0 {
		t.Error("an index of other settings was used")
	}
	index := filepath.Join(dir, "state", "feed.index")
	good, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"cut": good[:len(good)-1], "empty": nil, "another file": make([]byte, len(good)),
		"a changed head": slices.Concat(good[:40], []byte{good[40] ^ 1}, good[41:]), "a changed table": slices.Concat(good[:headSize], []byte{good[headSize] ^ 1}, good[headSize+1:]),
	} {
		write(t, index, string(bad))
		if l, e := open(other); e.Err != nil || e.Took == 0 || !has(t, l, Domain, "one.example") {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestSettingsThatCannotBe(t *testing.T) {
	for name, src := range map[string]Source{
		"no name":             {File: "f"},
		"a path as name":      {Name: "../x", File: "f"},
		"a name of all":       {Name: "block", File: "f"},
		"no file":             {Name: "a"},
		"a sender is allowed": {Name: "a", File: "f", Type: Address, Use: Allow},
		"a domain is allowed": {Name: "a", File: "f", Type: Domain, Use: Allow},
	} {
		if l, err := Open(t.Context(), Options{Sources: []Source{src}}); err == nil {
			l.Close()
			t.Errorf("%s: opened", name)
		}
	}
	same := Source{Name: "a", File: filepath.Join(t.TempDir(), "f")}
	if _, err := Open(t.Context(), Options{Sources: []Source{same, same}}); err == nil {
		t.Error("two lists of one name")
	}
	if _, err := Open(t.Context(), Options{Sources: make([]Source, sourcesMax+1)}); err == nil {
		t.Error("too many lists")
	}
}

func TestRunEndsAndListsAreAskedMeanwhile(t *testing.T) {
	dir := t.TempDir()
	src := Source{Name: "feed", File: filepath.Join(dir, "f"), Type: Domain}
	write(t, src.File, "one.example\n")
	news := make(chan struct{}, 100)
	l, err := Open(t.Context(), Options{Sources: []Source{src}, Every: time.Millisecond, Told: func(Event) { news <- struct{}{} }})
	if err != nil {
		t.Fatal(err)
	}
	<-news
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { l.Run(ctx) })
	wg.Go(func() {
		for ctx.Err() == nil {
			if found, err := l.Match([]Subject{{Domain, "one.example"}}); err != nil || len(found) != 1 {
				t.Errorf("%v %v", found, err)
			}
		}
	})
	for i := range 5 {
		write(t, src.File, "one.example\n"+strings.Repeat("# changed\n", i+1))
		<-news
	}
	cancel()
	wg.Wait()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if found, err := l.Match([]Subject{{Domain, "one.example"}}); err != nil || len(found) != 0 {
		t.Errorf("after Close: %v %v", found, err)
	}
}

func TestManyEntriesAreSortedInRuns(t *testing.T) {
	s, err := newSorter(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	h := newHasher(newKey())
	const n = 3*runHashes + 5
	for i := range n {
		if err := s.add(h.sum(Item{SHA1, fmt.Sprint(i % (n - 10))})); err != nil { // ten of them twice
			t.Fatal(err)
		}
	}
	var last hash
	seen := 0
	err = s.sorted(func(k hash) error {
		if seen > 0 && string(k[:]) <= string(last[:]) {
			return errors.New("not in order")
		}
		last = k
		seen++
		return nil
	})
	if err != nil || seen != n-10 {
		t.Errorf("%v, %d hashes, want %d", err, seen, n-10)
	}
}

func TestWantsFollowsTheFile(t *testing.T) {
	l, _, look := listOf(t, Source{}, "one.example\n")
	if l.Wants(SHA256) || !l.Wants(Domain) {
		t.Error("wants what it does not have, or does not want what it has")
	}
	write(t, l.list[0].src.File, hashA+"\n")
	if look(); !l.Wants(SHA256) || l.Wants(Domain) {
		t.Error("what is wanted does not follow the file")
	}
}

func TestAMatchNamesListAndEntry(t *testing.T) {
	l, _, _ := listOf(t, Source{Name: "cert", Use: Note}, "bad.example\n")
	found, err := l.Match([]Subject{{Domain, "good.example"}, {Domain, "www.bad.example"}})
	want := []Match{{List: "cert", Use: Note, Item: Item{Domain, "bad.example"}, Subject: 1}}
	if d := cmp.Diff(want, found); err != nil || d != "" {
		t.Errorf("%v\n%s", err, d)
	}
}

func TestWhatAKilledProcessLeftIsRemoved(t *testing.T) {
	dir := t.TempDir()
	src := Source{Name: "feed", File: filepath.Join(dir, "list"), Type: Domain}
	write(t, src.File, "one.example\n")
	state := filepath.Join(dir, "state")
	if err := os.Mkdir(state, 0o750); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"feed.123.tmp", "gone.index", "notes"} {
		write(t, filepath.Join(state, name), "x")
	}
	l, err := Open(t.Context(), Options{Sources: []Source{src}, Dir: state})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	entries, err := os.ReadDir(state)
	if err != nil || len(entries) != 2 || entries[0].Name() != "feed.index" || entries[1].Name() != "notes" {
		t.Errorf("%v %v", entries, err)
	}
}
