package quarantine

import (
	"fmt"
	"io"
	"testing"

	"sekisho/internal/message"
	"sekisho/internal/store"
)

// BenchmarkPut holds mails of several sizes, from memory and from the spool, alone and several at once.
func BenchmarkPut(b *testing.B) {
	for _, size := range []int{5 << 10, 750 << 10} {
		content := mail + words(size/40)
		for name, memory := range map[string]int64{"memory": 1 << 30, "spool": 0} {
			for _, workers := range []int{1, 8} {
				b.Run(fmt.Sprintf("%dKB/%s/%d", size>>10, name, workers), func(b *testing.B) {
					st, err := store.Open(b.Context(), b.TempDir())
					if err != nil {
						b.Fatal(err)
					}
					defer st.Close()
					q, err := Open(b.Context(), st, Options{SourceShare: 1, MaxBytes: -1, MaxMessages: -1})
					if err != nil {
						b.Fatal(err)
					}
					b.SetBytes(int64(len(content)))
					b.SetParallelism(workers)
					b.RunParallel(func(pb *testing.PB) {
						for pb.Next() {
							buf := message.NewBuffer(st.Path(SpoolFolder), memory)
							io.WriteString(buf, content)
							if _, err := q.Put(b.Context(), item(), buf); err != nil {
								b.Error(err)
							}
							buf.Close()
						}
					})
				})
			}
		}
	}
}
