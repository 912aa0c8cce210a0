package mtatest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// PostfixOptions sets up a Postfix. The zero value is a plain relay with the filter on sekisho/sekisho.sock.
type PostfixOptions struct {
	Milter    string               // the filter as Postfix names it; default unix:sekisho/sekisho.sock, inside the chroot of smtpd
	NoMilter  bool                 // no filter at all
	Main      []string             // further lines of main.cf, "name = value"
	Domains   []string             // relay_domains: ours; default example.co.jp
	Logf      func(string, ...any) // progress, such as fetching; default silent
	UsePacked bool                 // never the machine's own Postfix programs
	Deny      func(Delivery) error // the sink's decision on each mail
}

func (o PostfixOptions) withDefaults() PostfixOptions {
	if o.Milter == "" {
		o.Milter = "unix:sekisho/sekisho.sock"
	}
	if o.NoMilter {
		o.Milter = ""
	}
	if len(o.Domains) == 0 {
		o.Domains = []string{"example.co.jp"}
	}
	if o.Logf == nil {
		o.Logf = func(string, ...any) {}
	}
	return o
}

// Postfix is a running Postfix. Mail for anybody goes to the Sink; mail to foreign domains is taken from mynetworks (loopback), from
// logged-in users, and at Inbound only for the relay domains when the client is made a foreign one by XCLIENT.
type Postfix struct {
	Version string // mail_version of the real thing
	Source  string // where its programs come from
	Dir     string // the temporary folder; Dir/queue is the queue, Dir/etc/postfix the configuration

	Inbound    string // the port 25: chrooted smtpd, {daemon_name} smtpd's default
	Submission string // the port 587: SASL PLAIN demanded, {daemon_name} ORIGINATING
	Filtered   string // like Inbound, but its mail goes through an after-queue content filter, which gives it back at Reinject
	Reinject   string // where the content filter gives mail back: passes the milter again, {daemon_name} REINJECT
	Release    string // where the quarantine gives released mail back: passes the milter again, {daemon_name} RELEASE

	Sink *Sink

	jail *jail
	proc *proc
	sasl *sasl
	cf   *secondPass
}

// StartPostfix starts a Postfix that ends with the test.
func StartPostfix(tb testing.TB, o PostfixOptions) *Postfix {
	tb.Helper()
	if o.Logf == nil {
		o.Logf = tb.Logf
	}
	p, err := RunPostfix(tb.Context(), o)
	p = must(tb, p, err)
	tb.Logf("real Postfix %s (%s) at %s", p.Version, p.Source, p.Inbound)
	return p
}

// RunPostfix starts a Postfix. The caller calls Close.
func RunPostfix(ctx context.Context, o PostfixOptions) (*Postfix, error) {
	o = o.withDefaults()
	p := &Postfix{}
	usr, err := p.programs(ctx, o)
	if err != nil {
		return nil, err
	}
	if p.jail, err = newJail(usr); err != nil {
		return nil, err
	}
	p.Dir = p.jail.dir
	if err := p.start(o); err != nil {
		log := tail(p.Log().String(), 4000)
		return nil, errors.Join(fmt.Errorf("mtatest: postfix: %w\n%s", err, log), p.Close())
	}
	return p, nil
}

// programs chooses the /usr that holds Postfix.
func (p *Postfix) programs(ctx context.Context, o PostfixOptions) (usr string, err error) {
	if !o.UsePacked && PostfixSet.complete("/") == nil {
		p.Source = "the machine's programs"
		return "/usr", nil
	}
	root, err := PostfixSet.Fetch(ctx, o.Logf)
	p.Source = "Debian's package, unpacked"
	return filepath.Join(root, "usr"), err
}

func (p *Postfix) start(o PostfixOptions) error {
	ports, err := freePorts(6)
	if err != nil {
		return err
	}
	p.Inbound, p.Submission, p.Filtered, p.Reinject, p.Release = ports[0], ports[1], ports[2], ports[3], ports[4]
	if p.Sink, err = NewSink(); err != nil {
		return err
	}
	p.Sink.Deny(o.Deny)
	if p.cf, err = newSecondPass(ports[5], p.Reinject); err != nil {
		return err
	}
	if err := errors.Join(p.makeQueue(), p.writeConfig(o)); err != nil {
		return err
	}
	if p.sasl, err = newSASL(p.Queue("private/auth")); err != nil {
		return err
	}
	if p.Version, err = p.jail.output(nil, "/usr/sbin/postconf", "-h", "mail_version"); err != nil {
		return err
	}
	p.Version = strings.TrimSpace(p.Version)
	// master -s: in the foreground, as "postfix start-fg" does.
	if p.proc, err = startProc(p.jail.cmd("/usr/lib/postfix/sbin/master", "-s", "-c", "/etc/postfix")); err != nil {
		return err
	}
	for _, addr := range ports[:5] {
		if err := awaitTCP(addr, p.proc.done); err != nil {
			return err
		}
	}
	return nil
}

// Close stops everything and removes the temporary folder.
func (p *Postfix) Close() error {
	var errs []error
	if p.proc != nil {
		p.proc.stop()
	}
	if p.sasl != nil {
		errs = append(errs, p.sasl.close())
	}
	if p.cf != nil {
		errs = append(errs, p.cf.close())
	}
	if p.Sink != nil {
		errs = append(errs, p.Sink.Close())
	}
	return errors.Join(append(errs, p.jail.close())...)
}

// Log is the mail log.
func (p *Postfix) Log() *Log { return p.jail.log }

// Queue is a path below the queue folder, which is also the chroot of smtpd.
func (p *Postfix) Queue(elem ...string) string {
	return filepath.Join(append([]string{p.Dir, "queue"}, elem...)...)
}

// Socket is where a filter listens so that the chrooted smtpd reaches it as unix:sekisho/NAME. The folder belongs to NobodyID and
// Postfix's group may enter it, as the documented set-up has it.
func (p *Postfix) Socket(name string) string { return p.Queue("sekisho", name) }

// Queued is one message of postqueue -j.
type Queued struct {
	Name       string `json:"queue_name"` // active, deferred, hold, incoming, maildrop
	ID         string `json:"queue_id"`
	Sender     string `json:"sender"`
	Recipients []struct {
		Address string `json:"address"`
		Delay   string `json:"delay_reason"`
	} `json:"recipients"`
}

// Mailq lists the queue.
func (p *Postfix) Mailq() ([]Queued, error) {
	out, err := p.jail.output(nil, "/usr/sbin/postqueue", "-j")
	if err != nil {
		return nil, err
	}
	var list []Queued
	for dec := json.NewDecoder(strings.NewReader(out)); dec.More(); {
		var q Queued
		if err := dec.Decode(&q); err != nil {
			return list, fmt.Errorf("mtatest: postqueue: %w", err)
		}
		list = append(list, q)
	}
	return list, nil
}

// WaitQueueEmpty waits until nothing is left to deliver. Held mail does not count.
func (p *Postfix) WaitQueueEmpty(limit time.Duration) error {
	for end := time.Now().Add(limit); ; time.Sleep(100 * time.Millisecond) {
		list, err := p.Mailq()
		if err != nil {
			return err
		}
		busy := 0
		for _, q := range list {
			if q.Name != "hold" {
				busy++
			}
		}
		if busy == 0 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("mtatest: still queued after %v: %+v", limit, list)
		}
	}
}

// Flush makes the queue manager try everything now.
func (p *Postfix) Flush() error { return p.tool("postqueue", "-f") }

// Unhold moves a held message back (postsuper -H). The filter sees it no more.
func (p *Postfix) Unhold(id string) error { return p.tool("postsuper", "-H", id) }

// Delete deletes a message from the queue.
func (p *Postfix) Delete(id string) error { return p.tool("postsuper", "-d", id) }

// Content is a queued message's bytes as Postfix has them, with LF line ends (postcat -bhq).
func (p *Postfix) Content(id string) (string, error) {
	return p.jail.output(nil, "/usr/sbin/postcat", "-bhq", id)
}

// Sendmail hands a message to sendmail(1), which non_smtpd_milters filter. Raw may have LF line ends.
func (p *Postfix) Sendmail(m Message) error {
	args := append([]string{"/usr/sbin/sendmail", "-i", "-f", m.From, "--"}, m.To...)
	_, err := p.jail.run(strings.NewReader(string(m.Raw)), args...)
	return err
}

func (p *Postfix) tool(name string, args ...string) error {
	_, err := p.jail.run(nil, append([]string{"/usr/sbin/" + name}, args...)...)
	return err
}

// SetMain changes main.cf with postconf -e and reloads. New smtpd processes see it; ones that serve a connection go on as before.
func (p *Postfix) SetMain(settings ...string) error {
	if err := p.tool("postconf", append([]string{"-e"}, settings...)...); err != nil {
		return err
	}
	mark := p.Log().Mark()
	if err := p.proc.cmd.Process.Signal(sighup); err != nil {
		return err
	}
	_, err := p.Log().Wait(mark, `master\[\d+\]: reload`, startLimit)
	return err
}

// makeQueue lays out the queue as Postfix's postfix-files has it, and Debian's chroot of smtpd.
func (p *Postfix) makeQueue() error {
	dirs := []struct {
		name     string
		mode     os.FileMode
		uid, gid int
	}{
		{"", 0o755, 0, 0}, {"etc", 0o755, 0, 0}, {"pid", 0o755, 0, 0},
		{"active", 0o700, postfixID, 0}, {"bounce", 0o700, postfixID, 0}, {"corrupt", 0o700, postfixID, 0},
		{"defer", 0o700, postfixID, 0}, {"deferred", 0o700, postfixID, 0}, {"flush", 0o700, postfixID, 0},
		{"hold", 0o700, postfixID, 0}, {"incoming", 0o700, postfixID, 0}, {"saved", 0o700, postfixID, 0},
		{"trace", 0o700, postfixID, 0}, {"private", 0o700, postfixID, 0},
		{"maildrop", 0o730, postfixID, postdropID}, {"public", 0o710, postfixID, postdropID},
		{"sekisho", 0o2750, NobodyID, postfixID}, {"../data", 0o700, postfixID, 0},
	}
	for _, d := range dirs {
		path := p.Queue(d.name)
		if err := errors.Join(os.Mkdir(path, 0o755), os.Chown(path, d.uid, d.gid), os.Chmod(path, modeBits(d.mode))); err != nil {
			return err
		}
	}
	for name, text := range etcFiles() {
		if err := os.WriteFile(p.Queue("etc", name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// modeBits turns the octal set-group-ID bit into Go's.
func modeBits(m os.FileMode) os.FileMode {
	if m&0o2000 != 0 {
		return m&^0o2000 | os.ModeSetgid
	}
	return m
}
