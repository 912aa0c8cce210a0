package sparse

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// lines is text whose lines differ.
func lines(n int) []byte {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%07d 10:00:00 INFO nothing happened\n", i)
	}
	return []byte(b.String()[:n])
}

func TestFillingIsWhatRepeatsItself(t *testing.T) {
	const mb = 1 << 20
	for name, tc := range map[string]struct {
		data []byte
		want int64
	}{
		"zeros":               {make([]byte, mb), mb},
		"blanks":              {bytes.Repeat([]byte(" "), mb), mb},
		"a short pattern":     {pattern(mb, 7), mb},
		"a line":              {pattern(mb, 1000), mb},
		"a period too long":   {pattern(mb, 3000), 0},
		"noise":               {noise(mb), 0},
		"lines that differ":   {lines(mb), 0},
		"short runs":          {bytes.Repeat(join(make([]byte, 200<<10), noise(8<<10)), 5), 0},
		"content, filling":    {join(noise(64<<10), make([]byte, mb)), mb},
		"filling, content":    {join(make([]byte, mb), noise(64<<10)), mb},
		"two sorts":           {join(make([]byte, 200<<10), bytes.Repeat([]byte{1}, 200<<10)), 400 << 10},
		"less than a run":     {make([]byte, 200<<10), 0},
		"less than one block": {make([]byte, 100), 0},
	} {
		s, _ := stored(t, tc.data, 10_000, Options{})
		if got := s.Filling(); got != tc.want {
			t.Errorf("%s: stored %d, want %d", name, got, tc.want)
		}
		if got, err := Measure(bytes.NewReader(tc.data), int64(len(tc.data)), 1<<40); got != tc.want || err != nil {
			t.Errorf("%s: measured %d, want %d, %v", name, got, tc.want, err)
		}
	}
}

func TestMeasuringGivesUpOnContent(t *testing.T) {
	data := join(noise(300<<10), make([]byte, 10<<20))
	for most, want := range map[int64]int64{300 << 10: 10 << 20, 200 << 10: 0} {
		if got, err := Measure(bytes.NewReader(data), int64(len(data)), most); got != want || err != nil {
			t.Errorf("at most %d: %d, %v", most, got, err)
		}
	}
	if _, err := Measure(&broken{}, 1<<20, 1<<40); err == nil {
		t.Error("the reader's error is lost")
	}
}
