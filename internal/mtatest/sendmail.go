package mtatest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// SendmailOptions sets up a Sendmail. The zero value takes mail for anybody from 127.0.0.1 and for example.co.jp from all, with the filter on sekisho/sekisho.sock.
type SendmailOptions struct {
	NoMilter bool
	Logf     func(string, ...any) // progress, such as fetching; default silent
}

// Sendmail is a running Sendmail. All mail goes to the Sink.
type Sendmail struct {
	Version string
	Dir     string // the temporary folder; Dir/queue is the queue
	Inbound string // the port 25, {daemon_name} MTA
	Sink    *Sink

	jail   *jail
	proc   *proc
	binary string
}

// sendmailMc is the input of m4 (Sendmail's cf/README). The client's name is not looked up: there is no DNS here.
const sendmailMc = `divert(0)dnl
OSTYPE(‘linux’)dnl
define(‘confDOMAIN_NAME’, ‘mx.sekisho.test’)dnl
define(‘confPID_FILE’, ‘/mta/sendmail.pid’)dnl
define(‘QUEUE_DIR’, ‘/mta/queue’)dnl
define(‘STATUS_FILE’, ‘/mta/status’)dnl
define(‘confDEF_USER_ID’, ‘smmta:smmta’)dnl
define(‘confTRUSTED_USER’, ‘smmta’)dnl
define(‘confTO_IDENT’, ‘0s’)dnl
define(‘confDONT_PROBE_INTERFACES’, ‘True’)dnl
define(‘confMIN_QUEUE_AGE’, ‘1s’)dnl
define(‘confQUEUE_LA’, ‘1000’)dnl
define(‘confREFUSE_LA’, ‘1000’)dnl
define(‘SMART_HOST’, ‘relay:[%[1]s]’)dnl
define(‘RELAY_MAILER_ARGS’, ‘TCP $h %[2]s’)dnl
undefine(‘ALIAS_FILE’)dnl
FEATURE(‘no_default_msa’)dnl
FEATURE(‘nocanonify’)dnl
FEATURE(‘accept_unresolvable_domains’)dnl
FEATURE(‘accept_unqualified_senders’)dnl
RELAY_DOMAIN(‘example.co.jp’)dnl
DAEMON_OPTIONS(‘Name=MTA, Family=inet, Addr=127.0.0.1, Port=%[3]s’)dnl
%[4]sMAILER(‘smtp’)dnl
`

// m4Quotes turns the readable quotes of sendmailMc into the ones of m4.
var m4Quotes = strings.NewReplacer("‘", "`", "’", "'")

// milterMc attaches the filter: F=T answers 4xx when it is away; the times are to connect, send, read, and for the whole end of message.
const milterMc = "INPUT_MAIL_FILTER(`sekisho', `S=local:/mta/sekisho/sekisho.sock, F=T, T=C:10s;S:30s;R:60s;E:2m')dnl\n"

// StartSendmail starts a Sendmail that ends with the test.
func StartSendmail(tb testing.TB, o SendmailOptions) *Sendmail {
	tb.Helper()
	if o.Logf == nil {
		o.Logf = tb.Logf
	}
	s, err := RunSendmail(tb.Context(), o)
	s = must(tb, s, err)
	tb.Logf("real Sendmail %s (Debian's package, unpacked) at %s", s.Version, s.Inbound)
	return s
}

// RunSendmail starts a Sendmail. The caller calls Close.
func RunSendmail(ctx context.Context, o SendmailOptions) (*Sendmail, error) {
	if o.Logf == nil {
		o.Logf = func(string, ...any) {}
	}
	root, err := SendmailSet.Fetch(ctx, o.Logf)
	if err != nil {
		return nil, err
	}
	s := &Sendmail{}
	if s.binary, err = firstProgram(root, "usr/libexec/sendmail/sendmail", "usr/lib/sm.bin/sendmail", "usr/sbin/sendmail-mta"); err != nil {
		return nil, err
	}
	if s.jail, err = newJail(filepath.Join(root, "usr")); err != nil {
		return nil, err
	}
	s.Dir = s.jail.dir
	if err := s.start(o); err != nil {
		log := tail(s.Log().String(), 4000)
		return nil, errors.Join(fmt.Errorf("mtatest: sendmail: %w\n%s", err, log), s.Close())
	}
	return s, nil
}

// firstProgram finds a program that releases put in different places, as a path inside root.
func firstProgram(root string, candidates ...string) (string, error) {
	for _, c := range candidates {
		if _, err := os.Stat(filepath.Join(root, c)); err == nil {
			return "/" + c, nil
		}
	}
	return "", fmt.Errorf("mtatest: none of %q in the unpacked packages", candidates)
}

func (s *Sendmail) start(o SendmailOptions) error {
	ports, err := freePorts(1)
	if err != nil {
		return err
	}
	s.Inbound = ports[0]
	if s.Sink, err = NewSink(); err != nil {
		return err
	}
	if err := errors.Join(s.makeDirs(), s.configure(o)); err != nil {
		return err
	}
	// -d0.1 prints the version; -bt reads standard input, which is empty.
	out, err := s.jail.run(nil, s.binary, "-C/mta/etc/sendmail.cf", "-d0.1", "-bt")
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(out, "\n")
	s.Version = strings.TrimPrefix(strings.TrimSpace(first), "Version ")
	if s.proc, err = startProc(s.jail.cmd(s.binary, "-C/mta/etc/sendmail.cf", "-bD", "-q2s")); err != nil {
		return err
	}
	return awaitTCP(s.Inbound, s.proc.done)
}

func (s *Sendmail) makeDirs() error {
	queue, sock := filepath.Join(s.Dir, "queue"), filepath.Join(s.Dir, "sekisho")
	return errors.Join(os.Mkdir(queue, 0o700), os.Chown(queue, smmtaID, smmtaID),
		os.Mkdir(sock, 0o755), os.Chown(sock, NobodyID, NobodyID),
		os.Mkdir(filepath.Join(s.Dir, "etc", "mail"), 0o755))
}

// configure makes sendmail.cf with m4 and the package's cf files.
func (s *Sendmail) configure(o SendmailOptions) error {
	host, port, err := net.SplitHostPort(s.Sink.Addr)
	if err != nil {
		return err
	}
	_, in, err := net.SplitHostPort(s.Inbound)
	if err != nil {
		return err
	}
	filter := milterMc
	if o.NoMilter {
		filter = ""
	}
	mc := m4Quotes.Replace(fmt.Sprintf(sendmailMc, host, port, in, filter))
	if err := os.WriteFile(filepath.Join(s.Dir, "etc", "sendmail.mc"), []byte(mc), 0o644); err != nil {
		return err
	}
	// The header of the file wants uname, date and sed, which are not in this root: m4 complains on standard error, nothing else.
	cf, err := s.jail.output(nil, "/usr/bin/m4", "-D_CF_DIR_=/usr/share/sendmail/cf/", "/usr/share/sendmail/cf/m4/cf.m4", "/mta/etc/sendmail.mc")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.Dir, "etc", "sendmail.cf"), []byte(cf), 0o644)
}

// Close stops everything and removes the temporary folder.
func (s *Sendmail) Close() error {
	var errs []error
	if s.proc != nil {
		s.proc.stop()
	}
	if s.Sink != nil {
		errs = append(errs, s.Sink.Close())
	}
	return errors.Join(append(errs, s.jail.close())...)
}

// Log is the mail log.
func (s *Sendmail) Log() *Log { return s.jail.log }

// Socket is where the filter listens.
func (s *Sendmail) Socket() string { return filepath.Join(s.Dir, "sekisho", "sekisho.sock") }

// Mailq is what mailq(1) prints, quarantined mail included (-qQ).
func (s *Sendmail) Mailq() (string, error) {
	all, err := s.jail.run(nil, s.binary, "-C/mta/etc/sendmail.cf", "-bp")
	if err != nil {
		return all, err
	}
	held, err := s.jail.run(nil, s.binary, "-C/mta/etc/sendmail.cf", "-bp", "-qQ")
	return all + held, err
}
