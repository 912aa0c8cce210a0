package e2e

import (
	"fmt"
	"os"
	"testing"
	"time"

	"sekisho/internal/mtatest"
)

func TestScratchServe(t *testing.T) {
	p := postfix(t)
	extra, _ := os.ReadFile("/tmp/hb/extra.yaml")
	d := behindPostfix(t, p, mtatest.DaemonOptions{Config: site + string(extra) + fmt.Sprintf("release: {smtp: %q}\n", p.Release)})
	os.WriteFile("/tmp/hb/env", []byte(fmt.Sprintf("IN=%s\nSUB=%s\nCFG=%s\nSTATE=%s\nBIN=%s\nWEB=%s\n", p.Inbound, p.Submission, d.Config, d.State, shared.binary, d.Web)), 0o644)
	os.WriteFile("/tmp/hb/run", nil, 0o644)
	for {
		if _, err := os.Stat("/tmp/hb/run"); err != nil {
			return
		}
		if _, err := os.Stat("/tmp/hb/kill"); err == nil {
			os.Remove("/tmp/hb/kill")
			d.Kill()
		}
		if _, err := os.Stat("/tmp/hb/start"); err == nil {
			os.Remove("/tmp/hb/start")
			d.Start()
		}
		os.WriteFile("/tmp/hb/log", []byte(d.Log()), 0o644)
		time.Sleep(300 * time.Millisecond)
	}
}
