package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"sekisho/bench/load"
	"sekisho/bench/plot"
)

// curve is one picture: the cost of a message against one quantity.
type curve struct {
	file   string
	chart  plot.Chart
	xs     []float64
	series []course
	fill   func(ctx context.Context, state string, x float64) error // what the daemon remembers at x; nil: nothing, and one daemon serves all
}

// course is one line of a picture.
type course struct {
	name  string
	mails func(x float64) []load.Mail // what is sent at x
}

// slopeMost is the largest exponent that is called a straight line: measured times scatter.
const slopeMost = 1.1

// measured is a line with what came of it, as --json prints it.
type measured struct {
	Curve  string       `json:"curve"`
	Series string       `json:"series"`
	Points []plot.Point `json:"points"` // y in milliseconds of processor time a message
	Slope  float64      `json:"slope"`  // of the upper half, on logarithmic axes
}

// drawCurves measures all curves and writes their pictures to a folder.
func drawCurves(ctx context.Context, o options, folder string, out io.Writer) error {
	dir, err := os.MkdirTemp("", "peers")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var steep error
	for _, c := range curves(o) {
		list, err := c.measure(ctx, o, filepath.Join(dir, c.file))
		if err != nil {
			return fmt.Errorf("%s: %w", c.file, err)
		}
		for _, m := range list {
			if m.Slope > slopeMost {
				steep = errors.Join(steep, fmt.Errorf("%w: %s, %s grows by the power of %.2f", errSeen, c.file, m.Series, m.Slope))
			}
			if err := m.print(out, o.json); err != nil {
				return err
			}
			c.chart.Series = append(c.chart.Series, plot.Series{Name: fmt.Sprintf("%s (%.2f)", m.Series, m.Slope), Points: m.Points})
		}
		if err := c.draw(folder); err != nil {
			return err
		}
	}
	return steep
}

func (m measured) print(out io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(m)
	}
	for _, p := range m.Points {
		fmt.Fprintf(out, "%-8s %-28s %12.0f %12.3f ms\n", m.Curve, m.Series, p.X, p.Y)
	}
	_, err := fmt.Fprintf(out, "%-8s %-28s %12s %12.2f\n", m.Curve, m.Series, "slope", m.Slope)
	return err
}

func (c curve) draw(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(folder, c.file+".svg"))
	if err != nil {
		return err
	}
	return errors.Join(c.chart.Draw(f), f.Close())
}

// measure takes for each x the median of the rounds.
func (c curve) measure(ctx context.Context, o options, dir string) ([]measured, error) {
	daemons, err := c.daemons(ctx, o, dir)
	defer func() {
		for _, p := range slices.Compact(daemons) {
			p.stop()
		}
	}()
	if err != nil {
		return nil, err
	}
	list := make([]measured, len(c.series))
	for i, s := range c.series {
		list[i] = measured{Curve: c.file, Series: s.name}
		for j, x := range c.xs {
			var all []float64
			for round := range o.rounds {
				ms, err := cost(daemons[min(j, len(daemons)-1)], s.mails(x), o.cell, fmt.Sprintf("%s.%d.%d.%d", c.file, i, j, round))
				if err = errors.Join(err, ctx.Err()); err != nil {
					return nil, fmt.Errorf("%s at %.0f: %w", s.name, x, err)
				}
				o.logf("%s, %s, %.0f: %.3f ms", c.file, s.name, x, ms)
				all = append(all, ms)
			}
			slices.Sort(all)
			list[i].Points = append(list[i].Points, plot.Point{X: x, Y: all[len(all)/2]})
		}
		list[i].Slope = plot.Slope(list[i].Points)
	}
	return list, nil
}

// daemons starts one for each x, or one for all. On an error it returns those that run.
func (c curve) daemons(ctx context.Context, o options, dir string) (list []*process, err error) {
	o.network = "unix"
	for i, x := range c.xs {
		if c.fill == nil && i > 0 {
			break
		}
		home := filepath.Join(dir, fmt.Sprint(i))
		if c.fill != nil {
			state := filepath.Join(home, "state")
			o.logf("%s: filling with %.0f", c.file, x)
			if err := errors.Join(os.MkdirAll(state, 0o755), c.fill(ctx, state, x)); err != nil {
				return list, err
			}
		}
		p, err := start(ctx, "sekisho", home, o)
		if p != nil {
			list = append(list, p)
		}
		if err != nil {
			return list, err
		}
		p.settle(ctx)
	}
	return list, nil
}

// atLeast messages make a measurement: one may be met by a garbage collection.
const atLeast = 3

// cost is the daemon's processor time of a message in milliseconds, one connection.
func cost(p *process, mails []load.Mail, length time.Duration, run string) (float64, error) {
	job := load.Job{Open: load.Milter(p.network, p.addr), Mails: mails, Concurrency: 1, Least: 1, Run: run + ".warm"}
	if _, err := load.Drive(job); err != nil {
		return 0, err
	}
	before, err := p.usage()
	if err != nil {
		return 0, err
	}
	job.For, job.Least, job.Run = length, atLeast, run
	stats, err := load.Drive(job)
	if err != nil {
		return 0, err
	}
	if stats.Verdicts["accept"] != stats.Messages {
		return 0, fmt.Errorf("some are not accepted, so perhaps not read through: %v", stats.Verdicts)
	}
	after, err := p.usage()
	return (after.CPU - before.CPU) * 1000 / float64(stats.Messages), err
}
