// Package plot draws curves of cost as SVG pictures that are read on light and on dark pages: both axes logarithmic, so that what grows in proportion is a
// straight line of slope one whatever its unit. The same points give the same bytes.
//
// # Limits
//
// Points are positive. A picture has as many series as there are colours.
package plot

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// Chart is a picture.
type Chart struct {
	Title, TitleJA string
	X, Y           string               // what the axes count, in both languages
	Unit           func(float64) string // writes a number of the X axis; nil: as it is
	Series         []Series
}

// Series is one line.
type Series struct {
	Name   string
	Points []Point
}

// Point is a measurement.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Slope is the exponent of the power of X that the points' upper half follows best, by least squares of the logarithms: 1 is in proportion. The lower
// half is left out, where what every message costs would hide what a large one does.
func Slope(points []Point) float64 {
	upper := points[min(len(points)/2, max(0, len(points)-3)):]
	var n, sx, sy, sxx, sxy float64
	for _, p := range upper {
		x, y := math.Log(p.X), math.Log(p.Y)
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	if d := n*sxx - sx*sx; d != 0 {
		return (n*sxy - sx*sy) / d
	}
	return 0
}

// The picture and the plot in it, in pixels; to its right the series' names.
const (
	width, height            = 760, 420
	left, top, right, bottom = 72, 64, 560, 364
)

// colours are distinguishable for the colour-blind (Okabe and Ito), and on black and on white.
var colours = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7"}

const style = `<style>
text { font: 12px sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: bold }
.grid { stroke: #d0d7de; stroke-width: 1 }
.guide { stroke: #6e7781; stroke-width: 1; stroke-dasharray: 4 4; fill: none }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .grid { stroke: #30363d } .guide { stroke: #8b949e } }
</style>
`

// axis maps a number's logarithm to pixels.
type axis struct {
	low, high float64 // of the numbers
	from, to  float64 // of the pixels
}

func (a axis) at(v float64) float64 {
	return a.from + (a.to-a.from)*(math.Log(v)-math.Log(a.low))/(math.Log(a.high)-math.Log(a.low))
}

// Draw writes the picture.
func (c Chart) Draw(w io.Writer) error {
	x, y := c.axes()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img">`+"\n", width, height)
	fmt.Fprintf(&b, "<title>%s</title>\n%s", escape(c.Title), style)
	fmt.Fprintf(&b, `<text class="title" x="%d" y="24">%s</text>`+"\n"+`<text x="%[1]d" y="44">%[3]s</text>`+"\n", left, escape(c.Title), escape(c.TitleJA))
	c.grid(&b, x, y)
	for i, s := range c.Series {
		c.line(&b, x, y, i, s)
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// axes span all points, the lower and upper ends on ticks.
func (c Chart) axes() (x, y axis) {
	x, y = axis{math.Inf(1), 0, left, right}, axis{math.Inf(1), 0, bottom, top}
	for _, s := range c.Series {
		for _, p := range s.Points {
			x.low, x.high = min(x.low, p.X), max(x.high, p.X)
			y.low, y.high = min(y.low, p.Y), max(y.high, p.Y)
		}
	}
	return x.widen(), y.widen()
}

// widen moves the ends to the next ticks.
func (a axis) widen() axis {
	down := func(v float64) float64 { return math.Pow(10, math.Floor(math.Log10(v)+1e-9)) }
	low, high := down(a.low), down(a.high)
	for _, m := range []float64{1, 2, 5, 10} {
		if a.high <= high*m*(1+1e-9) {
			high *= m
			break
		}
	}
	for _, m := range []float64{5, 2, 1} {
		if a.low >= low*m*(1-1e-9) {
			low *= m
			break
		}
	}
	if low == high {
		high = low * 10
	}
	a.low, a.high = low, high
	return a
}

// ticks are the powers of ten, and where those are few, twice and five times them.
func (a axis) ticks() (list []float64) {
	steps := []float64{1}
	if a.high/a.low < 2000 {
		steps = []float64{1, 2, 5}
	}
	for d := math.Floor(math.Log10(a.low) + 1e-9); d <= math.Log10(a.high)+1e-9; d++ {
		for _, m := range steps {
			if v := m * math.Pow(10, d); v >= a.low*(1-1e-9) && v <= a.high*(1+1e-9) {
				list = append(list, v)
			}
		}
	}
	return list
}

func (c Chart) grid(b *strings.Builder, x, y axis) {
	unit := c.Unit
	if unit == nil {
		unit = number
	}
	for _, v := range x.ticks() {
		fmt.Fprintf(b, `<path class="grid" d="M%.1f %d V%d"/><text x="%.1[1]f" y="%[4]d" text-anchor="middle">%[5]s</text>`+"\n", x.at(v), top, bottom, bottom+18, escape(unit(v)))
	}
	for _, v := range y.ticks() {
		fmt.Fprintf(b, `<path class="grid" d="M%d %.1f H%d"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", left, y.at(v), right, left-6, y.at(v)+4, number(v))
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", (left+right)/2, bottom+42, escape(c.X))
	fmt.Fprintf(b, `<text transform="translate(16 %d) rotate(-90)" text-anchor="middle">%s</text>`+"\n", (top+bottom)/2, escape(c.Y))
}

// line draws a series, its name, and from its last point down what would be in proportion.
func (c Chart) line(b *strings.Builder, x, y axis, i int, s Series) {
	colour, path := colours[i%len(colours)], ""
	for j, p := range s.Points {
		path += fmt.Sprintf("%c%.1f %.1f ", "ML"[min(j, 1)], x.at(p.X), y.at(p.Y))
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", x.at(p.X), y.at(p.Y), colour)
	}
	fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.TrimSpace(path), colour)
	if i == 0 {
		last := s.Points[len(s.Points)-1]
		from := max(x.low, last.X*y.low/last.Y) // where it leaves the plot
		fmt.Fprintf(b, `<path class="guide" d="M%.1f %.1f L%.1f %.1f"/>`+"\n", x.at(from), y.at(last.Y*from/last.X), x.at(last.X), y.at(last.Y))
		fmt.Fprintf(b, `<path class="guide" d="M%d %d h24"/><text x="%d" y="%d">in proportion 比例</text>`+"\n", right+16, bottom-8, right+46, bottom-4)
	}
	fmt.Fprintf(b, `<path d="M%d %d h24" stroke="%s" stroke-width="2"/><text x="%d" y="%d">%s</text>`+"\n", right+16, top+8+20*i, colour, right+46, top+12+20*i, escape(s.Name))
}

// number is without an exponent.
func number(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%g M", v/1e6)
	case v >= 1e4:
		return fmt.Sprintf("%g k", v/1e3)
	}
	return fmt.Sprintf("%.4g", v)
}

// Bytes writes a number of bytes, for Chart.Unit.
func Bytes(v float64) string {
	units := []string{"B", "kB", "MB", "GB"}
	i := min(len(units)-1, max(0, int(math.Floor(math.Log10(v)/3+1e-9))))
	return fmt.Sprintf("%.3g %s", v/math.Pow(1000, float64(i)), units[i])
}

var escapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

func escape(s string) string { return escapes.Replace(s) }
