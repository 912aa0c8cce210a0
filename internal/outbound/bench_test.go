package outbound

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
)

// BenchmarkCountPlain is what every mail of ours pays.
func BenchmarkCountPlain(b *testing.B) {
	m := New(Options{})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			p := &post{account: fmt.Sprint("user", i%1000), client: netip.AddrFrom4([4]byte{172, 16, byte(i % 4), byte(i)}), n: i}
			if _, err := m.Count(context.Background(), p.plain(noon)); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkCountFull is the same while every table is full of others.
func BenchmarkCountFull(b *testing.B) {
	m := New(Options{Senders: 1000})
	b.ReportAllocs()
	for i := range b.N {
		p := &post{account: fmt.Sprint("bot", i), client: netip.AddrFrom4([4]byte{203, byte(i >> 16), byte(i >> 8), byte(i)}), n: i}
		if _, err := m.Count(context.Background(), p.fresh(noon)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRisky is a risky mail with its questions to the database and its record there.
func BenchmarkRisky(b *testing.B) {
	ctx := context.Background()
	st := openStore(b, b.TempDir())
	m, err := Open(ctx, st, Options{})
	if err != nil {
		b.Fatal(err)
	}
	for i := range b.N {
		p := &post{account: fmt.Sprint("user", i%1000), client: pc, n: i}
		s, err := m.Count(ctx, p.fresh(noon))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := m.Keep(ctx, s, true); err != nil {
			b.Fatal(err)
		}
	}
}
