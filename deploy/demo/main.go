// Command demo shows the main job in a minute: a real Postfix on loopback with sekisho in front, real mails through it, what was held and
// why, and one release. It is run by "make demo", from the top folder of the source, with ./sekisho built.
//
// # Limits
//
// Root is needed, for the reasons package mtatest gives. Debian or Ubuntu. Everything is in temporary folders and on loopback, and ends
// with this program, however that ends. The mails are made here and harmless: what makes them look hostile is their shape.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"sekisho/internal/mtatest"
)

// patience is how long the demo waits for one thing to happen. Each takes well under a second on an idle machine.
const patience = 30 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first Ctrl-C ends the demo after its present step, the second one at once
	err := run(ctx, os.Stdout)
	if ctx.Err() != nil { // Ctrl-C reaches Postfix and sekisho as well: their errors say nothing new
		err = errInterrupted
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

var errInterrupted = errors.New("interrupted; nothing is left running / 中断しました。動いているものは残っていません")

// demo is one run. Everything in closers is closed at its end, the last first.
type demo struct {
	out     io.Writer
	postfix *mtatest.Postfix
	daemon  *mtatest.Daemon
	closers []func() error
}

func run(ctx context.Context, out io.Writer) (err error) {
	d := &demo{out: out}
	d.say("intro")
	if os.Geteuid() != 0 {
		d.say("root")
		return mtatest.ErrNeedsRoot
	}
	defer func() {
		err = errors.Join(err, d.close())
		if err == nil {
			d.say("end")
		}
	}()
	for _, step := range []func(context.Context) error{d.start, d.mails, d.held, d.release, d.counters} {
		if err := step(ctx); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return errInterrupted
		}
	}
	return nil
}

func (d *demo) close() error {
	var errs []error
	for i := len(d.closers) - 1; i >= 0; i-- {
		errs = append(errs, d.closers[i]())
	}
	d.closers = nil
	return errors.Join(errs...)
}

// start starts Postfix, then sekisho on a socket inside the chroot of Postfix's smtpd.
func (d *demo) start(ctx context.Context) error {
	d.say("start")
	binary, err := filepath.Abs("sekisho")
	if err != nil {
		return err
	}
	if _, err := os.Stat(binary); err != nil {
		return fmt.Errorf("%w (make demo builds it)", err)
	}
	d.postfix, err = mtatest.RunPostfix(ctx, mtatest.PostfixOptions{Logf: d.note, Domains: []string{"example.co.jp", "partner.example"}})
	if err != nil {
		return err
	}
	d.closers = append(d.closers, d.postfix.Close)
	d.daemon, err = mtatest.RunDaemon(mtatest.DaemonOptions{
		Binary: binary,
		Listen: "unix:" + d.postfix.Socket("sekisho.sock"),
		Config: "mode: enforce\nsite: {local_domains: [example.co.jp], internal_networks: [" + inside + "/32], gateway: mx.sekisho.test, authserv_id: mx.sekisho.test}\n" +
			"release: {smtp: \"" + d.postfix.Release + "\"}\nquarantine: {min_free_bytes: 1MiB}\n",
	})
	if err != nil {
		return err
	}
	d.closers = append(d.closers, d.daemon.Close)
	d.note("Postfix %s (%s), port %s; sekisho on %s", d.postfix.Version, d.postfix.Source, d.postfix.Inbound, d.postfix.Socket("sekisho.sock"))
	return nil
}

// mails sends the samples and prints what became of each.
func (d *demo) mails(ctx context.Context) error {
	d.say("mails")
	list, err := samples()
	if err != nil {
		return err
	}
	rows := [][]string{{"mail / メール", "verdict / 判定", "rule / ルール", "SMTP", "delivered / 配送"}}
	for _, s := range list {
		if ctx.Err() != nil {
			return errInterrupted
		}
		row, err := d.send(s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		rows = append(rows, row)
	}
	table(d.out, rows)
	return nil
}

// send sends one sample and waits for its record, and for its delivery where it is delivered.
func (d *demo) send(s sample) ([]string, error) {
	client := cmp.Or(s.from, outside)
	reply, err := mtatest.SendMail(d.postfix.Inbound, s.message, "ADDR="+client, "NAME=mail.example.net")
	if err != nil {
		return nil, err
	}
	record, err := d.record(s)
	if err != nil {
		return nil, err
	}
	delivered := "–"
	if record.Done == "accept" || record.Done == "tag" {
		got, err := d.postfix.Sink.Wait("Message-ID: "+s.id, patience)
		if err != nil {
			return nil, err
		}
		delivered = "X-Sekisho-Verdict: " + got.Field("X-Sekisho-Verdict")
	}
	return []string{s.name, record.Verdict, record.Rule, fmt.Sprint(reply.Code), delivered}, nil
}

func (d *demo) record(s sample) (mtatest.Record, error) {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		records, err := d.daemon.Records()
		if err != nil {
			return mtatest.Record{}, err
		}
		for _, r := range records {
			if r.MessageID == s.id || "<"+r.MessageID+">" == s.id {
				return r, nil
			}
		}
	}
	return mtatest.Record{}, fmt.Errorf("no audit record of %s", s.id)
}

// held prints the quarantine list and explains one message.
func (d *demo) held(context.Context) error {
	d.say("held")
	if err := d.command("quarantine", "list"); err != nil {
		return err
	}
	id, err := d.anyHeld()
	if err != nil {
		return err
	}
	d.say("show")
	return d.command("quarantine", "show", id)
}

// anyHeld is the id of the first message that was held.
func (d *demo) anyHeld() (string, error) {
	records, err := d.daemon.Records()
	if err != nil {
		return "", err
	}
	for _, r := range records {
		if r.Quarantine != "" && r.Done == "quarantine" {
			return r.Quarantine, nil
		}
	}
	return "", errors.New("nothing was held")
}

// release releases one message and shows what arrived.
func (d *demo) release(context.Context) error {
	d.say("release")
	id, err := d.anyHeld()
	if err != nil {
		return err
	}
	before := len(d.postfix.Sink.All())
	if err := d.command("quarantine", "release", id, "--reason", "demo: the sender was asked by telephone"); err != nil {
		return err
	}
	for end := time.Now().Add(patience); len(d.postfix.Sink.All()) == before; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			return errors.New("the released mail did not arrive")
		}
	}
	return d.arrived(id, d.postfix.Sink.All()[before])
}

// arrived compares the delivered mail with what was sent.
func (d *demo) arrived(id string, got mtatest.Delivery) error {
	list, err := samples()
	if err != nil {
		return err
	}
	for _, s := range list {
		if s.id != got.Field("Message-ID") {
			continue
		}
		same := endsWith(got.Raw, s.message.Raw)
		d.note("%s → MAIL FROM:<%s> RCPT TO:%v, %d bytes, as sent / 送信時と同一: %v", id, got.From, got.To, len(s.message.Raw), same)
		if !same {
			return errors.New("the released mail is not what was sent")
		}
		return nil
	}
	return fmt.Errorf("an unknown mail arrived: %q", got.Field("Message-ID"))
}

// counters shows a few metrics.
func (d *demo) counters(context.Context) error {
	d.say("metrics")
	text, err := d.daemon.Get("/metrics")
	if err != nil {
		return err
	}
	printMatching(d.out, text, "sekisho_messages_total", "sekisho_quarantine_acts_total", "sekisho_release_marks_total")
	return nil
}

// command runs a sekisho command and shows it with its output.
func (d *demo) command(args ...string) error {
	fmt.Fprint(d.out, "  $ sekisho")
	for _, a := range args {
		if len(a) > 20 {
			a = fmt.Sprintf("%q", a)
		}
		fmt.Fprint(d.out, " "+a)
	}
	fmt.Fprintln(d.out)
	out, _, err := d.daemon.Run(args...)
	indent(d.out, out)
	return err
}
