package load

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ticks is USER_HZ: the kernel counts processor time for user space in hundredths of a second on every Linux.
const ticks = 100

// Usage is what processes have used up.
type Usage struct {
	CPU  float64 // seconds, user and system, finished children included
	Peak int64   // bytes: sum of the peaks of resident memory
}

// UsageOf adds up the processes and their living descendants.
func UsageOf(pids ...int) (u Usage, err error) {
	for _, pid := range descendants(pids) {
		cpu, err := cpuOf(pid)
		if err != nil {
			continue // it ended
		}
		u.CPU += cpu
		u.Peak += status(pid, "VmHWM:")
	}
	if u.CPU == 0 && u.Peak == 0 {
		return u, fmt.Errorf("load: no process of %v is alive", pids)
	}
	return u, nil
}

// ResetPeak sets the peaks back to what is in use (proc(5), clear_refs 5).
func ResetPeak(pids ...int) {
	for _, pid := range descendants(pids) {
		_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0) // one that ended has no peak
	}
}

// stat is the fields of /proc/PID/stat from the third on: what is before may hold spaces.
func stat(pid int) []string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
}

func cpuOf(pid int) (float64, error) {
	f := stat(pid)
	if len(f) < 15 {
		return 0, os.ErrNotExist
	}
	sum := 0
	for _, s := range f[11:15] { // utime, stime, cutime, cstime
		n, err := strconv.Atoi(s)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return float64(sum) / ticks, nil
}

func status(pid int, field string) int64 {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, field); ok {
			n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return n << 10
		}
	}
	return 0
}

// descendants is pids with all processes below them.
func descendants(pids []int) []int {
	kids := map[int][]int{}
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if f := stat(pid); len(f) > 1 {
			parent, _ := strconv.Atoi(f[1])
			kids[parent] = append(kids[parent], pid)
		}
	}
	list := append([]int(nil), pids...)
	for i := 0; i < len(list); i++ {
		list = append(list, kids[list[i]]...)
	}
	return list
}
