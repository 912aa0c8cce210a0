package plot

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

func powers(exponent, fixed float64) (points []Point) {
	for x := 1000.0; x <= 64e6; x *= 4 {
		points = append(points, Point{x, fixed + 1e-6*math.Pow(x, exponent)})
	}
	return points
}

func TestSlopeIsOfWhatLargeOnesCost(t *testing.T) {
	for _, c := range []struct {
		name     string
		points   []Point
		from, to float64
	}{
		{"in proportion", powers(1, 0), 0.999, 1.001},
		{"squared", powers(2, 0), 1.999, 2.001},
		{"squared behind what every message costs", powers(2, 1e5), 1.3, 2},
		{"in proportion behind it", powers(1, 10), 0.1, 1},
		{"the same for all", []Point{{1, 5}, {10, 5}, {100, 5}}, -0.001, 0.001},
		{"two points", []Point{{1, 1}, {10, 10}}, 0.999, 1.001},
		{"one point", []Point{{1, 1}}, 0, 0},
	} {
		if got := Slope(c.points); got < c.from || got > c.to {
			t.Errorf("%s: %.3f, want %g to %g", c.name, got, c.from, c.to)
		}
	}
}

func TestAPictureIsWellFormedAndTheSameTwice(t *testing.T) {
	chart := Chart{Title: `cost & "size"`, TitleJA: "費用と大きさ", X: "size", Y: "ms", Unit: Bytes, Series: []Series{{"<docx>", powers(1, 3)}, {"pdf", powers(0.5, 1)}}}
	var one, two strings.Builder
	if err := errors.Join(chart.Draw(&one), chart.Draw(&two)); err != nil {
		t.Fatal(err)
	}
	if one.String() != two.String() {
		t.Error("two pictures of the same points differ")
	}
	dec, texts, circles := xml.NewDecoder(strings.NewReader(one.String())), 0, 0
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "circle" {
			circles++
		} else if ok && e.Name.Local == "text" {
			texts++
		}
	}
	if circles != len(chart.Series[0].Points)*2 || texts < 10 {
		t.Errorf("%d circles, %d texts", circles, texts)
	}
	if s := one.String(); strings.Contains(s, "NaN") || strings.Contains(s, "%!") || strings.Contains(s, "Inf") {
		t.Errorf("a number is none:\n%s", s)
	}
}

func TestTicksAreRoundAndWithinTheAxis(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		ticks     []float64
	}{
		{1, 10, []float64{1, 2, 5, 10}},
		{1.5, 7, []float64{1, 2, 5, 10}},
		{1000, 1e6, []float64{1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6}},
		{0.3, 4000, []float64{1, 10, 100, 1000}},
		{5, 5, []float64{5}},
	} {
		a := axis{low: c.low, high: c.high}.widen()
		if a.low > c.low || a.high < c.high || a.low >= a.high {
			t.Errorf("%g to %g: axis %g to %g", c.low, c.high, a.low, a.high)
		}
		got := a.ticks()
		for i := range got {
			if len(c.ticks) > 1 && (len(got) != len(c.ticks) || math.Abs(got[i]/c.ticks[i]-1) > 1e-9) {
				t.Errorf("%g to %g: %v, want %v", c.low, c.high, got, c.ticks)
				break
			}
		}
	}
}

func TestNumbersAreShort(t *testing.T) {
	for v, want := range map[float64]string{1: "1 B", 1000: "1 kB", 64e6: "64 MB", 2e9: "2 GB"} {
		if got := Bytes(v); got != want {
			t.Errorf("%g: %q, want %q", v, got, want)
		}
	}
	for v, want := range map[float64]string{0.05: "0.05", 5: "5", 1000: "1000", 1e5: "100 k", 1e6: "1 M"} {
		if got := number(v); got != want {
			t.Errorf("%g: %q, want %q", v, got, want)
		}
	}
}
