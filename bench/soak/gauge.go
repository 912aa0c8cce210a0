package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/quarantine"
)

// sample is what the daemon holds at a moment.
type sample struct {
	life       int
	age        time.Duration // of the life
	rss        float64       // MB
	descr      float64
	goroutines float64
	spool      float64
}

// series are the figures of a sample that must not grow.
var series = []struct {
	name  string
	value func(sample) float64
	more  float64 // what a later median may exceed an earlier one by
	times float64 // beside this factor
}{
	{"memory, MB", func(s sample) float64 { return s.rss }, 16, 1.25},          // the collector's swing
	{"descriptors", func(s sample) float64 { return s.descr }, 16, 1},          // connections at work
	{"goroutines", func(s sample) float64 { return s.goroutines }, 24, 1},      // two or three a connection
	{"spool files", func(s sample) float64 { return s.spool }, 2 * workers, 1}, // mails in work
}

const (
	sampleEvery = time.Second
	warmUp      = 15 * time.Second // of a life: caches and pools fill
	thirdsFrom  = 30 * time.Second // a life shorter than this beyond its warm-up is compared with other lives only
)

// watch samples until ctx ends.
func (t *trial) watch(ctx context.Context) (all []sample) {
	for pause(ctx, sampleEvery) {
		t.mu.Lock()
		d, life := t.daemon, t.life
		t.mu.Unlock()
		if d == nil {
			continue
		}
		if s, err := t.sample(d); err == nil { // an error is a daemon that ends, or has no file to spare
			s.life = life
			all = append(all, s)
			t.mu.Lock()
			t.last = s
			t.mu.Unlock()
		}
	}
	return all
}

func (t *trial) sample(d *daemon) (s sample, err error) {
	s.age = time.Since(d.born)
	if s.rss, err = rss(d.pid); err != nil {
		return s, err
	}
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", d.pid))
	if err != nil {
		return s, err
	}
	s.descr = float64(len(fds))
	if s.goroutines, err = t.metric("go_goroutines"); err != nil {
		return s, err
	}
	s.spool, err = t.spooled()
	return s, err
}

// spooled counts the files of mails in work.
func (t *trial) spooled() (float64, error) {
	spool, err := os.ReadDir(filepath.Join(t.state(), quarantine.SpoolFolder))
	return float64(len(spool)), err
}

// rss is a process's resident memory in MB (proc(5), statm).
func rss(pid int) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(b), &size, &resident); err != nil {
		return 0, err
	}
	return float64(resident*int64(os.Getpagesize())) / (1 << 20), nil
}

var scraper = http.Client{Timeout: 3 * time.Second}

// metric sums the series of a name.
func (s *stage) metric(name string) (total float64, err error) {
	r, err := scraper.Get("http://" + s.web + "/metrics")
	if err != nil {
		return 0, err
	}
	defer r.Body.Close()
	sc := bufio.NewScanner(r.Body)
	for sc.Scan() {
		rest, ok := strings.CutPrefix(sc.Text(), name)
		if !ok || rest == "" || rest[0] != ' ' && rest[0] != '{' {
			continue
		}
		v, err := strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64)
		if err != nil {
			return 0, err
		}
		total += v
	}
	return total, sc.Err()
}

func median(s []sample, value func(sample) float64) float64 {
	v := make([]float64, len(s))
	for i := range s {
		v[i] = value(s[i])
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// grown is a figure whose later median is too far above its earlier one.
type grown struct {
	What   string  `json:"what"`
	Within string  `json:"within"` // "life 3", or "lives"
	First  float64 `json:"first"`
	Last   float64 `json:"last"`
	Bad    bool    `json:"bad"`
}

// flat compares the medians of first and last thirds: of each life that is long enough, and of all lives.
func flat(all []sample) (list []grown) {
	lives := map[int][]sample{}
	var warm []sample
	for _, s := range all {
		if s.age > warmUp {
			lives[s.life] = append(lives[s.life], s)
			warm = append(warm, s)
		}
	}
	for life := 0; len(lives) > 0; life++ {
		l := lives[life]
		delete(lives, life)
		if n := len(l); n > 0 && l[n-1].age-l[0].age > thirdsFrom {
			list = append(list, thirds(fmt.Sprint("life ", life), l)...)
		}
	}
	return append(list, thirds("lives", warm)...)
}

func thirds(within string, s []sample) (list []grown) {
	if len(s) < 3 {
		return nil
	}
	for _, x := range series {
		g := grown{What: x.name, Within: within, First: median(s[:len(s)/3], x.value), Last: median(s[len(s)-len(s)/3:], x.value)}
		g.Bad = g.Last > g.First*x.times+x.more
		list = append(list, g)
	}
	return list
}
