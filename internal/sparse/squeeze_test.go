package sparse

import (
	"bytes"
	"testing"
)

func squeeze(t *testing.T, data []byte, most int) ([]byte, bool) {
	t.Helper()
	b, whole, err := Squeeze(bytes.NewReader(data), int64(len(data)), most)
	if err != nil {
		t.Fatal(err)
	}
	return b, whole
}

func TestTheMiddleOfARepetitionIsLeftOut(t *testing.T) {
	head, tail := lines(100_001), lines(50_000)
	for _, period := range []int{1, 2, 3, 5, 42, 60, 64, 256, 4096} {
		unit := noise(period)
		data := join(head, bytes.Repeat(unit, 4<<20/period), tail)
		got, whole := squeeze(t, data, 1<<20)
		if !whole || !bytes.HasPrefix(got, head) || !bytes.HasSuffix(got, tail) {
			t.Errorf("period of %d: whole %v, %d bytes", period, whole, len(got))
			continue
		}
		middle := got[len(head) : len(got)-len(tail)]
		if n := len(middle) / period; !bytes.Equal(middle, bytes.Repeat(unit, n)) || n < runLeast/period {
			t.Errorf("period of %d: %d bytes of it are left, or others", period, len(middle))
		}
	}
}

func TestContentIsNotSqueezed(t *testing.T) {
	for name, data := range map[string][]byte{
		"nothing": nil, "noise": noise(300_000), "lines": lines(1 << 20), "short runs": join(make([]byte, 200_000), noise(10), make([]byte, 200_000)), "less than a block": noise(7),
	} {
		if got, whole := squeeze(t, data, 1<<20); !whole || !bytes.Equal(got, data) {
			t.Errorf("%s: whole %v, %d of %d bytes", name, whole, len(got), len(data))
		}
		if got, whole := squeeze(t, data, len(data)/2); len(data) > 0 && (whole || !bytes.HasPrefix(data, got) || len(got) > len(data)/2) {
			t.Errorf("half of %s: whole %v, %d of %d bytes", name, whole, len(got), len(data))
		}
	}
}

func TestSqueezingReturnsTheReadersError(t *testing.T) {
	if _, _, err := Squeeze(badSource{}, 1<<20, 1<<20); err == nil {
		t.Error("no error")
	}
}
