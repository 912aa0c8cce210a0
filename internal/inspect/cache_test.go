package inspect

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/message"
	"sekisho/internal/password"
)

// attached is one attachment of a mail.
type attached struct {
	name, declared string
	data           []byte
}

func (a attached) part(t testing.TB, n int) *message.Part {
	t.Helper()
	b := message.NewBuffer(t.TempDir(), 1<<20)
	t.Cleanup(func() { b.Close() })
	if _, err := b.Write(a.data); err != nil {
		t.Fatal(err)
	}
	return &message.Part{
		Path: finding.Path{fmt.Sprint(n)}, Name: a.name, Type: a.declared, Attachment: true, SHA256: sha256.Sum256(a.data), Content: b,
	}
}

// everything is all that a mail with those attachments leaves in its scan, as text.
func everything(t testing.TB, s *Scanner, mail ...attached) string {
	t.Helper()
	scan := s.Begin()
	var kinds []string
	for i, a := range mail {
		kind, err := scan.Part(context.Background(), a.part(t, i+1))
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, kind)
	}
	locked := len(scan.waiting)
	finish(t, scan)
	b, err := json.MarshalIndent(struct {
		Kinds  []string
		Locked int
		Budget []int64
		Words  []password.Word
		Result Result
	}{kinds, locked, []int64{int64(scan.count), scan.bytes, scan.again.Left, int64(scan.tryCost)}, scan.words.Words(), scan.Result()}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// pair are two scanners with the same options, of which one remembers.
func pair(t testing.TB, o Options) (plain, cached *Scanner) {
	plain = scanner(t, o)
	o.Cache, o.Remember = &Cache{}, time.Hour
	return plain, scanner(t, o)
}

func cachedOptions() Options {
	return Options{Sums: true, Passwords: []string{"p"}, Digests: func() Digests { return DigestSHA1 }}
}

// TestCacheChangesNoResult has mails of all formats inspected again and again, in any order, under other names and types, beside others.
func TestCacheChangesNoResult(t *testing.T) {
	files := carriers(t)
	plain, cached := pair(t, cachedOptions())
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{"a.doc", "b.doc", "請求書.zip", "invoice.pdf.exe", "", "pw_1234.gz", "b.gz", "desktop.ini", "x.ini", "a.js", "b.js", "a/b.js", "a b          .js", "\u202Ea.js"}
	for range 2 * len(files) {
		var mail []attached
		for range 1 + random.IntN(4) {
			mail = append(mail, attached{names[random.IntN(len(names))], []string{"application/pdf", "text/plain"}[random.IntN(2)], files[random.IntN(len(files))]})
		}
		want := everything(t, plain, mail...)
		for range 2 {
			if got := everything(t, cached, mail...); got != want {
				t.Fatalf("with the cache %s\nwithout %s", got, want)
			}
		}
	}
	if st := cached.o.Cache.Stats(); st.Hits < uint64(len(files)) || st.Entries < len(files) {
		t.Errorf("hardly anything was remembered: %+v", st)
	}
}

func TestCacheAsksWhatTheResultDependsOn(t *testing.T) {
	doc := attached{"a.doc", "application/msword", fixture.DocVBA(downloader)}
	for name, tc := range map[string]struct {
		other attached
		hit   bool
	}{
		"the same":         {doc, true},
		"another stem":     {attached{"請求書 4459.doc", doc.declared, doc.data}, true},
		"another ending":   {attached{"a.pdf", doc.declared, doc.data}, false},
		"a deceiving name": {attached{"a.exe            .doc", doc.declared, doc.data}, false},
		"another type":     {attached{doc.name, "application/pdf", doc.data}, false},
		"another content":  {attached{doc.name, doc.declared, append(bytes.Clone(doc.data), 0)}, false},
		"no name, no type": {attached{data: doc.data}, false},
	} {
		t.Run(name, func(t *testing.T) {
			plain, cached := pair(t, cachedOptions())
			everything(t, cached, doc)
			if got, want := everything(t, cached, tc.other), everything(t, plain, tc.other); got != want {
				t.Errorf("with the cache %s\nwithout %s", got, want)
			}
			if st := cached.o.Cache.Stats(); st.Hits > 0 != tc.hit {
				t.Errorf("%+v", st)
			}
		})
	}
}

// TestCacheKeepsNothingThatDepends holds what is not remembered: what another message would not see in the same way.
func TestCacheKeepsNothingThatDepends(t *testing.T) {
	many := make([]fixture.ZIPEntry, maxFileFindings+1)
	for i := range many {
		many[i] = entry(fmt.Sprintf("%d.exe", i), exe())
	}
	for name, tc := range map[string]struct {
		data    []byte
		options func(*Options)
	}{
		"locked":                     {data: zipOf(lockedEntry("a.doc", "secret", fixture.DocVBA(quiet)))},
		"text for the mail itself":   {data: tnefOf(fixture.TNEFFile{Title: "a.doc", Data: []byte("x")})},
		"cut by the number of files": {zipOf(entry("a", exe()), entry("b", exe())), func(o *Options) { o.Files = 2 }},
		"cut by the size":            {zipOf(entry("a", bytes.Repeat([]byte("ab"), 1000))), func(o *Options) { o.Bytes = 1000 }},
		"cut by the depth":           {nested(3, exe()), func(o *Options) { o.Depth = 1 }},
		"more findings than listed":  {data: zipOf(many...)},
		"nothing to look into":       {data: []byte("\x89PNG\r\n\x1a\n")},
		"macro sources":              {fixture.DocVBA(quiet), func(o *Options) { o.Sources = true }},
		"switched off":               {fixture.DocVBA(quiet), func(o *Options) { o.Remember = 0 }},
		"more words than it keeps":   {data: zipOf(entry(strings.Repeat("x", 1<<15), exe()), entry(strings.Repeat("y", 1<<15), exe()), entry("z", exe()))},
	} {
		t.Run(name, func(t *testing.T) {
			o := cachedOptions()
			o.Cache, o.Remember = &Cache{}, time.Hour
			if tc.options != nil {
				tc.options(&o)
			}
			s := scanner(t, o)
			everything(t, s, attached{"a", "", tc.data})
			if st := o.Cache.Stats(); st.Entries != 0 || st.Bytes != 0 {
				t.Errorf("remembered: %+v", st)
			}
		})
	}
}

// TestCacheForgetsNoCosts: what is remembered uses a message's budget up like what is inspected.
func TestCacheForgetsNoCosts(t *testing.T) {
	archive := attached{"a.zip", "", zipOf(entry("a", bytes.Repeat([]byte("ab"), 500)), entry("b", exe()))}
	for name, change := range map[string]func(*Options){
		"files": func(o *Options) { o.Files = 8 },
		"bytes": func(o *Options) { o.Bytes = 5000 },
	} {
		t.Run(name, func(t *testing.T) {
			o := cachedOptions()
			change(&o)
			plain, cached := pair(t, o)
			mail := []attached{archive, archive, archive, archive, archive, archive}
			want := everything(t, plain, mail...)
			if !strings.Contains(want, string(finding.LimitFiles)) && !strings.Contains(want, string(finding.LimitSize)) {
				t.Fatal("no limit is met")
			}
			if got := everything(t, cached, mail...); got != want {
				t.Errorf("with the cache %s\nwithout %s", got, want)
			}
			if cached.o.Cache.Stats().Hits == 0 {
				t.Error("no hit")
			}
		})
	}
}

// TestNamesAreToldApartWhereTheySayMore: a file that is remembered under one name, and then comes under another with the same ending.
func TestNamesAreToldApartWhereTheySayMore(t *testing.T) {
	link := fixture.Link{Base: `C:\a.exe`, Arguments: "x"}.Bytes()
	for name, tc := range map[string]struct {
		data         []byte
		first, other string
		hit          bool
	}{
		"what a gzip file holds is named after it": {gz(t, "", exe()), "a.gz", "b.gz", false},
		"a gzip file that names it":                {gz(t, "a.exe", exe()), "a.gz", "b.gz", true},
		"a link is judged by its name":             {link, "a.lnk", "invoice.lnk", false},
		"a script":                                 {[]byte(encoded), "a.js", "b.js", true},
		"a folder in the name":                     {exe(), "a.txt", "b.exe/c.txt", false},
		"a marked name after one that may be":      {exe(), "\u05D0.\u202Bexe", "*.\u202Bexe", false},
		"a second ending":                          {exe(), "a.exe", "a.pdf.exe", false},
		"settings of a folder":                     {[]byte("[.ShellClassInfo]\nCLSID={1}"), "a.ini", "desktop.ini", false},
		"a name after none":                        {exe(), "", "a", false},
	} {
		t.Run(name, func(t *testing.T) {
			plain, cached := pair(t, cachedOptions())
			everything(t, cached, attached{tc.first, "", tc.data})
			if got, want := everything(t, cached, attached{tc.other, "", tc.data}), everything(t, plain, attached{tc.other, "", tc.data}); got != want {
				t.Errorf("with the cache %s\nwithout %s", got, want)
			}
			if st := cached.o.Cache.Stats(); st.Hits > 0 != tc.hit {
				t.Errorf("%+v", st)
			}
		})
	}
}

func TestCacheEndsWithTheHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, s := pair(t, cachedOptions())
		doc := attached{"a.doc", "", fixture.DocVBA(quiet)}
		everything(t, s, doc)
		time.Sleep(59 * time.Minute)
		everything(t, s, doc)
		time.Sleep(time.Minute) // since it was inspected; being asked for makes it no younger
		everything(t, s, doc)
		if st := s.o.Cache.Stats(); st.Hits != 1 || st.Misses != 2 {
			t.Errorf("%+v", st)
		}
	})
}

func TestCacheIsForgottenByAnotherScanner(t *testing.T) {
	_, old := pair(t, cachedOptions())
	doc := attached{"a.doc", "", fixture.DocVBA(quiet)}
	everything(t, old, doc)
	o := cachedOptions()
	o.Cache, o.Remember, o.Depth = old.o.Cache, time.Hour, 1
	everything(t, scanner(t, o), doc)
	everything(t, old, doc) // a message in work during the reload
	if st := o.Cache.Stats(); st.Hits != 0 || st.Misses != 3 || st.Entries != 1 {
		t.Errorf("%+v", st)
	}
}

// TestCacheIsBounded floods it: the bytes stay below the bound, and what is asked for all the time stays.
func TestCacheIsBounded(t *testing.T) {
	o := cachedOptions()
	o.Cache, o.Remember, o.CacheBytes = &Cache{}, time.Hour, 256<<10
	s := scanner(t, o)
	campaign := attached{"campaign.doc", "", fixture.DocVBA(downloader)}
	everything(t, s, campaign)
	for i := range 400 {
		everything(t, s, attached{fmt.Sprint(i, ".zip"), "", zipOf(entry(fmt.Sprint(i), exe()))})
		if i%20 == 0 {
			everything(t, s, campaign)
		}
	}
	st := o.Cache.Stats()
	if st.Bytes > o.CacheBytes || st.Bytes < o.CacheBytes/2 || st.Hits != 20 || st.Entries > 399 {
		t.Errorf("%+v", st)
	}
	everything(t, s, attached{"big.zip", "", zipOf(entry(strings.Repeat("n", 1000), exe()), entry(strings.Repeat("m", 1000), exe()))})
	if after := o.Cache.Stats(); after.Bytes > o.CacheBytes {
		t.Errorf("%+v", after)
	}
}

func TestSizesOfOutcomesAreNotTooSmall(t *testing.T) {
	for name, tc := range map[string]struct{ counted, real uintptr }{
		"outcome": {outcomeSize, unsafe.Sizeof(outcome{}) + 2*unsafe.Sizeof(cacheKey{}) + 100},
		"finding": {findingSize, unsafe.Sizeof(finding.Finding{})},
		"report":  {reportSize, unsafe.Sizeof(FileReport{})},
		"module":  {moduleSize, unsafe.Sizeof(Module{})},
		"digests": {digestsSize, unsafe.Sizeof(FileDigests{})},
		"name":    {nameSize, unsafe.Sizeof(heard{})},
	} {
		if tc.counted < tc.real {
			t.Errorf("%s: %d counted, %d in truth", name, tc.counted, tc.real)
		}
	}
}

// FuzzCache holds that a mail with an attachment twice has the same result with and without what is remembered.
func FuzzCache(f *testing.F) {
	for _, b := range carriers(f) {
		f.Add(b, "a.doc", "application/pdf")
	}
	o := cachedOptions()
	o.Bytes, o.Files = 1<<20, 200
	plain, cached := pair(f, o)
	f.Fuzz(func(t *testing.T, b []byte, name, declared string) {
		other := "x" + extension(name)
		mail := []attached{{name, declared, b}, {"b", "", b}, {name, declared, b}, {other, declared, b}}
		want, turned := everything(t, plain, mail...), everything(t, plain, mail[3], mail[0])
		for range 2 {
			if got := everything(t, cached, mail[3], mail[0]); got != turned {
				t.Fatalf("with the cache %s\nwithout %s", got, turned)
			}
			if got := everything(t, cached, mail...); got != want {
				t.Fatalf("with the cache %s\nwithout %s", got, want)
			}
		}
	})
}

// BenchmarkCache is what one attachment costs: without the memory, as one that is not in it, and as one that is.
func BenchmarkCache(b *testing.B) {
	doc := attached{"a.doc", "", fixture.DocVBA(downloader)}
	for _, bb := range []struct {
		name          string
		keep          time.Duration
		alwaysAnother bool
	}{{"off", 0, false}, {"miss", time.Hour, true}, {"hit", time.Hour, false}} {
		b.Run(bb.name, func(b *testing.B) {
			s := scanner(b, Options{Cache: &Cache{}, Remember: bb.keep})
			p, n := doc.part(b, 1), uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				if n++; bb.alwaysAnother {
					binary.LittleEndian.PutUint64(p.SHA256[:], n)
				}
				scan := s.Begin()
				if _, err := scan.Part(b.Context(), p); err != nil {
					b.Fatal(err)
				}
				finish(b, scan)
			}
		})
	}
}
