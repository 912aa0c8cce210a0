package hosts

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// filled is a table of n machines, half of them checked.
func filled(b *testing.B, n int) *Hosts {
	b.Helper()
	h := open(b, Options{})
	im := &Importer{Hosts: h}
	var csv strings.Builder
	csv.WriteString("host,ip,user\n")
	for i := range n {
		fmt.Fprintf(&csv, "PC-%06d,10.%d.%d.%d,user%d\n", i, i>>16&255, i>>8&255, i&255, i)
	}
	imported(b, im, folderOf(b, map[string]string{"m.csv": csv.String()}))
	err := h.write(context.Background(), func(w writer) error {
		for i := 0; i < n; i += 2 {
			if _, err := w.report(&Report{Host: fmt.Sprintf("PC-%06d", i), Scanned: scanned, Version: "2.4"}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return h
}

// BenchmarkTable is what the daemon does once a minute, and each command once.
func BenchmarkTable(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		h := filled(b, n)
		seen := Seen{Incidents: []Incident{burst("user7@example.co.jp", "10.0.0.7"), burstFrom("10.0.0.9")}}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				rows, err := h.Table(context.Background(), seen)
				if err != nil || len(rows) != n {
					b.Fatal(len(rows), err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	text := []byte(reportOf{lang: "ja", version: "2.4", processes: virus}.text())
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Parse("PC-1_20230320104551_emocheck.txt", text, time.UTC); err != nil {
			b.Fatal(err)
		}
	}
}
