package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// bases finds one filter's cells.
func bases(cells []cell, filter string) map[place]cell {
	m := map[place]cell{}
	for _, c := range cells {
		if c.Filter == filter {
			m[c.place()] = c
		}
	}
	return m
}

// table prints the cells. "of null" is messages a second to the null milter's; "sekisho/it" is sekisho's messages a second to this filter's, and
// "CPU sekisho/it" its processor time a message.
func table(out io.Writer, cells []cell) error {
	null, ours := bases(cells, "null"), bases(cells, "sekisho")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "way\tworkload\tat once\tfilter\tmessages/s\tof null\tsekisho/it\tCPU ms\tCPU sekisho/it\tpeak MB\tp50 ms\tp90\tp99\tend p50\tend p99\t")
	for _, c := range cells {
		n, s := null[c.place()], ours[c.place()]
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%.1f\t%s\t%s\t%.3f\t%s\t%.0f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t\n", c.Way, c.Workload, c.Concurrency, c.Filter, c.PerSec,
			ratio(c.PerSec, n.PerSec), ratio(s.PerSec, c.PerSec), c.CPU, ratio(s.CPU, c.CPU), float64(c.Peak)/1e6,
			c.Whole.P50, c.Whole.P90, c.Whole.P99, c.End.P50, c.End.P99)
	}
	return w.Flush()
}

// ratio is empty where one of the two did not run.
func ratio(a, b float64) string {
	if a == 0 || b == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", a/b)
}
