package main

import (
	"errors"
	"strings"
	"testing"

	"sekisho/bench/load"
)

func TestVerdictsAreEqualOnlyInEverything(t *testing.T) {
	said := func(text string) map[string]ruling {
		m, err := rulings(strings.NewReader(text), func(r ruling) string { return r.File + r.MessageID })
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	want := said(`{"file":"a","sha256":"1","verdict":"tag","rule":"r","rules":["r"],"findings":[{"kind":"vba.present","severity":"info","path":"2","detail":"x"},{"kind":"sender.new"}]}`)
	for _, c := range []struct {
		name, got          string
		once, order, other int // at 16 at once: equal, by order, unequal
	}{
		{"the same", `{"message_id":"a","sha256":"1","verdict":"tag","rule":"r","rules":["r"],"findings":[{"kind":"vba.present","severity":"info","path":"2","detail":"x"},{"kind":"sender.new"}]}`, 1, 0, 0},
		{"a sender known by then", `{"message_id":"a","sha256":"1","verdict":"accept","findings":[{"kind":"vba.present","severity":"info","path":"2","detail":"x"},{"kind":"sender.known"}]}`, 0, 1, 0},
		{"another detail", `{"message_id":"a","sha256":"1","verdict":"tag","rule":"r","rules":["r"],"findings":[{"kind":"vba.present","severity":"info","path":"2","detail":"y"},{"kind":"sender.new"}]}`, 0, 0, 1},
		{"other bytes", `{"message_id":"a","sha256":"2","verdict":"tag","rule":"r","rules":["r"],"findings":[{"kind":"vba.present","severity":"info","path":"2","detail":"x"},{"kind":"sender.new"}]}`, 0, 0, 1},
		{"no record", `{"message_id":"b"}`, 0, 0, 1},
	} {
		got := said(c.got)
		if r := compare(want, got, 16); r.Equal != c.once || r.Order != c.order || r.Unequal != c.other {
			t.Errorf("%s: %+v", c.name, r)
		}
		if r := compare(want, got, 1); r.Equal != c.once || r.Unequal != c.order+c.other {
			t.Errorf("%s, one at once: %+v", c.name, r)
		}
	}
}

func TestAStallIsSeen(t *testing.T) {
	c := func(way string, p50, p99 float64) cell {
		return cell{Way: way, Filter: "sekisho", Workload: "text", Stats: load.Stats{Whole: load.Quantiles{P50: p50, P99: p99}}}
	}
	for _, row := range []struct {
		name     string
		tcp      cell
		stalling bool
	}{{"a little later", c("tcp", 2, 9), false}, {"every message", c("tcp", 42, 50), true}, {"every twentieth", c("tcp", 2, 45), true}} {
		if err := stalls([]cell{c("unix", 1, 5), row.tcp}); errors.Is(err, errSeen) != row.stalling {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

func TestDeferredMessagesAreCounted(t *testing.T) {
	if n := deferred(load.Stats{Replies: map[string]int{"250": 5, "451": 2, "t": 1, "554": 3, "a": 9}}); n != 3 {
		t.Error(n)
	}
}
