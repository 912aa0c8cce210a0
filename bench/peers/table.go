package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// table prints the cells; the ratio is that of messages a second to the null milter's, where it ran.
func table(out io.Writer, cells []cell) error {
	base := map[string]float64{}
	for _, c := range cells {
		if c.Filter == "null" {
			base[fmt.Sprint(c.Workload, c.Concurrency)] = c.PerSec
		}
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "workload\tat once\tfilter\tmessages/s\tof null\tCPU ms\tpeak MB\tp50 ms\tp90\tp99\tend p50\tend p99\tround trips\t")
	for _, c := range cells {
		fmt.Fprintf(w, "%s\t%d\t%s\t%.0f\t%s\t%.3f\t%.0f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.1f\t\n", c.Workload, c.Concurrency, c.Filter, c.PerSec,
			ratio(c.PerSec, base[fmt.Sprint(c.Workload, c.Concurrency)]), c.CPU, float64(c.Peak)/1e6, c.Whole.P50, c.Whole.P90, c.Whole.P99, c.End.P50, c.End.P99, c.Trips)
	}
	return w.Flush()
}

func ratio(a, b float64) string {
	if b == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", a/b)
}
