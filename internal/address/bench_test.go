package address

import "testing"

func BenchmarkFold(b *testing.B) {
	for _, s := range []string{"taro@example.co.jp", "Taro+list@Example.co.jp", "prvs=1234abcdef=taro@example.co.jp"} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Fold(s)
			}
		})
	}
}

func BenchmarkKey(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Key("taro@mail.example.co.jp")
	}
}

func BenchmarkHiderAddress(b *testing.B) {
	h := NewHider([]byte("0123456789abcdef0123456789abcdef"))
	b.ReportAllocs()
	for b.Loop() {
		h.Address("taro@example.co.jp")
	}
}
