package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"sekisho/internal/mtatest"
)

// box starts a filter of Debian's packages: prepare writes its configuration and starts its programs, the last of them at the socket w/s.
func box(ctx context.Context, o options, set mtatest.Set, prepare func(*mtatest.Box) error) (*process, error) {
	b, err := mtatest.NewBox(ctx, set, o.logf)
	if err != nil {
		return nil, err
	}
	if err := prepare(b); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return &process{network: "unix", addr: filepath.Join(b.Work, "s"), pids: b.Pids(), log: b.Log, stops: []func(){func() { _ = b.Close() }}}, nil
}

// clamd has one signature, the words signed: what is measured is how it takes mail and files apart. Its memory of
// clean files is off, as ours is.
const (
	clamdConf = `Foreground yes
User nobody
LocalSocket /mta/w/clamd
LocalSocketMode 666
DatabaseDirectory /mta/db
TemporaryDirectory /mta/w
DisableCache yes
`
	clamavMilterConf = `Foreground yes
User nobody
MilterSocket unix:/mta/w/s
MilterSocketMode 666
ClamdSocket unix:/mta/w/clamd
TemporaryDirectory /mta/w
`
	signed = "the bench's words that no mail of a workload has"
)

func startClamAV(ctx context.Context, _ string, o options) (*process, error) {
	return box(ctx, o, mtatest.ClamAVSet, func(b *mtatest.Box) error {
		err := errors.Join(b.Write("db/bench.ndb", fmt.Sprintf("Sekisho.Bench-1:0:*:%x\n", signed)), b.Write("clamd.conf", clamdConf), b.Write("clamav-milter.conf", clamavMilterConf))
		if err != nil {
			return err
		}
		if err := b.Start("w/clamd", "/usr/sbin/clamd", "-c", "/mta/clamd.conf"); err != nil {
			return err
		}
		return b.Start("w/s", "/usr/sbin/clamav-milter", "-c", "/mta/clamav-milter.conf")
	})
}

// rspamd has Debian's rules. What would ask the network or a Redis is off; there is no network in its box.
const (
	rspamdConf = `.include "$CONFDIR/common.conf"
options {
	.include "$CONFDIR/options.inc"
	dns { nameserver = ["127.0.0.1"]; timeout = 0.1s; retransmits = 1; }
}
logging { type = "console"; level = "error"; }
`
	// As the package sets it up: a proxy worker that hands mail to scanners.
	rspamdWorkers = `worker "rspamd_proxy" {
	milter = yes;
	timeout = 120s;
	count = 1;
	bind_socket = "/mta/w/s mode=0666";
	upstream "local" { default = yes; hosts = "127.0.0.1:11333"; }
}
worker "normal" {
	.include "$CONFDIR/worker-normal.inc"
	bind_socket = "127.0.0.1:11333";
}
`
	// Its fastest way: each proxy worker scans what it gets.
	rspamdSelf = `worker "rspamd_proxy" {
	milter = yes;
	timeout = 120s;
	bind_socket = "/mta/w/s mode=0666";
	count = %d;
	upstream "local" { default = yes; self_scan = yes; }
}
`
)

var rspamdOff = []string{"arc", "asn", "classifier-bayes", "dkim", "dkim_signing", "dmarc", "fuzzy_check", "greylist", "history_redis", "mx_check", "neural", "phishing",
	"ratelimit", "rbl", "replies", "reputation", "spf", "url_redirector", "whitelist"}

func startRspamd(ctx context.Context, _ string, o options) (*process, error) {
	return startRspamdWith(ctx, o, rspamdWorkers)
}

func startRspamdSelf(ctx context.Context, _ string, o options) (*process, error) {
	return startRspamdWith(ctx, o, fmt.Sprintf(rspamdSelf, runtime.NumCPU()))
}

func startRspamdWith(ctx context.Context, o options, workers string) (*process, error) {
	return box(ctx, o, mtatest.RspamdSet, func(b *mtatest.Box) error {
		etc := filepath.Join(b.Dir, "etc", "rspamd")
		if err := os.CopyFS(etc, os.DirFS(filepath.Join(b.Root, "etc", "rspamd"))); err != nil {
			return err
		}
		errs := []error{b.Write("etc/rspamd/rspamd.conf", rspamdConf+workers)}
		for _, module := range rspamdOff {
			errs = append(errs, b.Write("etc/rspamd/local.d/"+module+".conf", "enabled = false;\n"))
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
		return b.Start("w/s", "/usr/bin/rspamd", "-f", "-c", "/etc/rspamd/rspamd.conf", "-u", "nobody", "-g", "nobody",
			"--var=DBDIR=/mta/w", "--var=RUNDIR=/mta/w", "--var=LOGDIR=/mta/w")
	})
}

//go:embed ole.py
var olePy string

func startOlefile(ctx context.Context, _ string, o options) (*process, error) {
	return startPython(ctx, o, "")
}

func startOlevba(ctx context.Context, _ string, o options) (*process, error) {
	if o.olevba == "" {
		return nil, errors.New("oletools is in no package of Debian: --olevba names a folder of Python modules that has it")
	}
	if _, err := os.Stat(filepath.Join(o.olevba, "oletools", "olevba.py")); err != nil {
		return nil, err
	}
	return startPython(ctx, o, o.olevba)
}

func startPython(ctx context.Context, o options, site string) (*process, error) {
	return box(ctx, o, mtatest.PythonSet, func(b *mtatest.Box) error {
		if site != "" {
			if err := os.CopyFS(filepath.Join(b.Dir, "site"), os.DirFS(site)); err != nil {
				return err
			}
		}
		if err := b.Write("ole.py", olePy); err != nil {
			return err
		}
		return b.Start("w/s", "/usr/bin/python3", "/mta/ole.py")
	})
}
