package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sekisho/internal/config"
)

const unitPath = "systemd/sekisho.service"

func readUnit(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(unitPath)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestUnitIsHardened(t *testing.T) {
	unit := readUnit(t)
	for _, line := range []string{
		"Type=notify", "ExecReload=/bin/kill -HUP $MAINPID", "User=sekisho", "StateDirectory=sekisho", "RuntimeDirectory=sekisho", "Restart=on-failure",
		"CapabilityBoundingSet=", "LockPersonality=yes", "MemoryDenyWriteExecute=yes", "NoNewPrivileges=yes", "PrivateDevices=yes", "PrivateTmp=yes",
		"ProtectClock=yes", "ProtectControlGroups=yes", "ProtectHome=yes", "ProtectHostname=yes", "ProtectKernelLogs=yes", "ProtectKernelModules=yes",
		"ProtectKernelTunables=yes", "ProtectProc=invisible", "ProtectSystem=strict", "RestrictNamespaces=yes", "RestrictRealtime=yes",
		"RestrictSUIDSGID=yes", "SystemCallArchitectures=native",
		"KillMode=mixed",     // a daemon that stops finishes its mail with its workers
		"OOMPolicy=continue", // the death of a worker is not the daemon's
	} {
		if !strings.Contains(unit, "\n"+line+"\n") {
			t.Errorf("the unit lacks %s", line)
		}
	}
}

// TestUnitWaitsForMessagesInWork: systemd kills after the default drain, and as late as config check believes.
func TestUnitWaitsForMessagesInWork(t *testing.T) {
	m := regexp.MustCompile(`(?m)^TimeoutStopSec=(\S+)$`).FindStringSubmatch(readUnit(t))
	if m == nil {
		t.Fatal("no TimeoutStopSec")
	}
	stop, err := time.ParseDuration(m[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		drain time.Duration
		warns bool
	}{{config.Default().Timeouts.Drain, false}, {stop, false}, {stop + time.Second, true}} {
		c := config.Default()
		c.Timeouts.Drain = tt.drain
		warned := false
		for _, p := range c.Check() {
			warned = warned || p.Key == "timeouts.drain"
		}
		if warned != tt.warns {
			t.Errorf("drain %v, TimeoutStopSec %v: config check warns: %v, want %v", tt.drain, stop, warned, tt.warns)
		}
	}
}

func TestSystemdAcceptsTheUnit(t *testing.T) {
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed here: the unit is not verified")
	}
	// The program is looked for; where the unit puts it is not where tests have it.
	unit := strings.ReplaceAll(readUnit(t), "/usr/local/sbin/sekisho", "/bin/true")
	file := filepath.Join(t.TempDir(), "sekisho.service")
	if err := os.WriteFile(file, []byte(unit), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), tool, "verify", file).CombinedOutput()
	if err != nil || strings.Contains(string(out), "sekisho.service") {
		t.Errorf("%v\n%s", err, out)
	}
	bad := strings.Replace(unit, "ProtectSystem=strict", "ProtectSystm=strict", 1)
	if err := os.WriteFile(file, []byte(bad), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, _ := exec.CommandContext(t.Context(), tool, "verify", file).CombinedOutput(); !strings.Contains(string(out), "ProtectSystm") {
		t.Errorf("a misspelt setting is not seen: %s", out)
	}
}
