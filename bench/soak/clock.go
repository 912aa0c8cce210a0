package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// clock is the wall clock of one process. Go asks the kernel's vDSO for the time, not libc, and a time namespace has no wall clock of its own
// (time_namespaces(7)); so the function there is overwritten, before the process has run its first instruction, by one that adds an offset.
type clock struct {
	mem  *os.File // the process's memory
	cell int64    // where the offset is, in seconds
}

// The function, for x86-64: clock_gettime by system call; for CLOCK_REALTIME, which is 0, the offset is added to tv_sec.
var (
	clockHead = []byte{
		0xb8, 0xe4, 0, 0, 0, // mov eax, 228
		0x0f, 0x05, // syscall
		0x85, 0xff, // test edi, edi
		0x75, 0x0a, // jne to the end
		0x48, 0x8b, 0x0d, // mov rcx, [rip+…]
	}
	clockTail = []byte{
		0x48, 0x01, 0x0e, // add [rsi], rcx
		0xc3, // ret
	}
)

const (
	clockSymbol = "__vdso_clock_gettime"
	clockCell   = 24 // where the offset is in the function: behind its code, aligned, so that a write of it is never seen by halves
)

// takeClock overwrites the function of a process that is stopped at its start.
func takeClock(pid int) (*clock, error) {
	if runtime.GOARCH != "amd64" {
		return nil, fmt.Errorf("soak: clock jumps are made on amd64 only, this is %s", runtime.GOARCH)
	}
	mem, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", pid), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	at, err := vdsoClock(pid, mem)
	if err == nil {
		code := append(bytes.Clone(clockHead), 0, 0, 0, 0)
		binary.LittleEndian.PutUint32(code[len(clockHead):], uint32(clockCell-len(code)))
		code = append(code, clockTail...)
		_, err = mem.WriteAt(append(code, make([]byte, clockCell+8-len(code))...), at)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("soak: the daemon's clock cannot be shifted: %w", err), mem.Close())
	}
	return &clock{mem, at + clockCell}, nil
}

// vdsoClock finds the function.
func vdsoClock(pid int, mem io.ReaderAt) (int64, error) {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(maps)) {
		if !strings.HasSuffix(line, "[vdso]\n") {
			continue
		}
		from, to, _ := strings.Cut(strings.Fields(line)[0], "-")
		start, err1 := strconv.ParseInt(from, 16, 64)
		end, err2 := strconv.ParseInt(to, 16, 64)
		if err := errors.Join(err1, err2); err != nil {
			return 0, err
		}
		image := make([]byte, end-start)
		if _, err := mem.ReadAt(image, start); err != nil {
			return 0, err
		}
		offset, err := symbol(image)
		return start + offset, err
	}
	return 0, errors.New("the process has no vDSO")
}

func symbol(image []byte) (int64, error) {
	f, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		return 0, err
	}
	symbols, err := f.DynamicSymbols()
	if err != nil {
		return 0, err
	}
	for _, s := range symbols {
		if s.Name == clockSymbol && s.Size >= clockCell+8 && s.Value%8 == 0 {
			return int64(s.Value), nil
		}
	}
	return 0, fmt.Errorf("no room at %s", clockSymbol)
}

// set makes the process believe that it is d later than it is.
func (c *clock) set(d time.Duration) error {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(int64(d/time.Second)))
	_, err := c.mem.WriteAt(b[:], c.cell)
	return err
}

func (c *clock) close() error { return c.mem.Close() }
