package main

import "testing"

func TestAnAttachmentIsRememberedUntilAReloadSwitchesItOff(t *testing.T) {
	d := startDaemon(t, "")
	s := d.session()
	for range 3 {
		d.send(s, inert(), discarded)
	}
	d.wants(`sekisho_inspect_cache_lookups_total{result="hit"} 2`, `sekisho_inspect_cache_lookups_total{result="miss"} 1`,
		`sekisho_findings_total{kind="vba.autoexec"} 3`, `sekisho_inspect_cache_limit_bytes 3.3554432e+07`)
	d.configure("inspect: {cache: 0}\n")
	d.hup("ok", 1)
	d.send(s, inert(), discarded)
	d.wants(`sekisho_inspect_cache_lookups_total{result="hit"} 2`, `sekisho_inspect_cache_lookups_total{result="miss"} 1`,
		`sekisho_findings_total{kind="vba.autoexec"} 4`, `sekisho_inspect_cache_bytes 0`)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	d.end()
}

// wants holds that the metrics have these lines.
func (d *daemonTest) wants(lines ...string) {
	d.t.Helper()
	for _, line := range lines {
		if !d.metric(line) {
			d.t.Errorf("no metric %s", line)
		}
	}
}
