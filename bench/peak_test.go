package bench

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// peakMax is what scanning may take, all in all.
const peakMax = 64 // MB

// BenchmarkPeak has the command scan the Office files of a corpus: all in one process, then the largest by themselves. peak-MB is the most memory that a
// process had at once, the program's own pages included. Run it alone: Linux gives a child the peak of the process that started it.
func BenchmarkPeak(b *testing.B) {
	dir, all := listed(b)
	var paths []string
	for _, s := range all {
		paths = append(paths, filepath.Join(dir, s.Path))
	}
	bin := build(b, b.TempDir())
	b.Run("all", func(b *testing.B) { peak(b, bin, paths) })
	b.Run("each", func(b *testing.B) {
		var runs [][]string
		for i, s := range all {
			if s.Size >= eachFrom {
				runs = append(runs, paths[i:i+1])
			}
		}
		peak(b, bin, runs...)
	})
}

// eachFrom leaves out the files whose size says that they cost less than others.
const eachFrom = 256 << 10

// peak reports the most of any run.
func peak(b *testing.B, bin string, runs ...[]string) {
	var worst, used float64
	var of string
	for range b.N {
		for _, paths := range runs {
			mb, cpu := scan(b, bin, paths)
			if used += cpu; mb > worst {
				worst, of = mb, paths[0]
			}
		}
	}
	if worst > peakMax {
		b.Errorf("more than %d MB at once", peakMax)
	}
	b.Logf("%d runs, most for %s", len(runs), filepath.Base(of))
	b.ReportMetric(worst, "peak-MB")
	b.ReportMetric(used/float64(b.N), "cpu-s")
}

// scan runs the command and returns its peak and its CPU seconds, process start included.
func scan(b *testing.B, bin string, paths []string) (mb, cpu float64) {
	own := highWater(b)
	cmd := exec.Command(bin, append([]string{"scan", "--json"}, paths...)...)
	cmd.Env = append(os.Environ(), "GOGC=", "GOMEMLIMIT=") // nothing but what the program does itself
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) { // 1: another verdict than accept
		b.Fatal(err)
	}
	u := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if u.Maxrss <= own {
		b.Fatalf("this process has had %d MB itself: run the benchmark alone", own>>10)
	}
	return float64(u.Maxrss) / 1024, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
}

// highWater is the most memory that this process has had, in KiB (proc(5), VmHWM).
func highWater(b *testing.B) (kib int64) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	_, line, _ := bytes.Cut(status, []byte("VmHWM:"))
	if _, err := fmt.Sscan(string(line), &kib); err != nil {
		b.Fatal(err)
	}
	return kib
}
