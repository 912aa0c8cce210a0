package mtatest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const sighup = syscall.SIGHUP

// mainCf is main.cf (postconf(5)). Macros and protocol are Postfix's defaults, as the documented set-up has them. Backoff times are
// short so that mail that the filter deferred comes again within a test's patience.
const mainCf = `compatibility_level = 3.6
queue_directory = /mta/queue
data_directory = /mta/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /usr/share/postfix
shlib_directory = /usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file =
myhostname = mx.sekisho.test
mydomain = sekisho.test
myorigin = example.co.jp
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
local_recipient_maps =
alias_maps =
alias_database =
relay_transport = smtp:[%[1]s]:%[2]s
default_transport = smtp:[%[1]s]:%[2]s
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated reject_unauth_destination
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_tls_security_level = none
smtp_tls_security_level = none
smtp_host_lookup = native
smtpd_peername_lookup = yes
milter_default_action = tempfail
milter_command_timeout = 30s
queue_run_delay = 5s
minimal_backoff_time = 5s
maximal_backoff_time = 10s
message_size_limit = 67108864
mailbox_size_limit = 0
always_add_missing_headers = no
smtputf8_enable = yes
message_strip_characters = \0
`

// services are the lines of master.cf (master(5)) without the listeners. As Debian has it, all that can be chrooted is.
const services = `pickup unix n - y 5 1 pickup
cleanup unix n - y - 0 cleanup
qmgr unix n - n 5 1 qmgr
rewrite unix - - y - - trivial-rewrite
bounce unix - - y - 0 bounce
defer unix - - y - 0 bounce
trace unix - - y - 0 bounce
verify unix - - y - 1 verify
flush unix n - y 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - y - - smtp
relay unix - - y - - smtp
showq unix n - y - - showq
error unix - - y - - error
retry unix - - y - - error
discard unix - - y - - discard
anvil unix - - y - 1 anvil
scache unix - - y - 1 scache
`

// listener is one smtpd service of master.cf.
type listener struct {
	addr, name string
	options    []string
}

func (p *Postfix) listeners() []listener {
	return []listener{
		// Postfix decides on rewriting before XCLIENT: without the option every client of a test would be this host.
		{p.Inbound, "smtpd", []string{"local_header_rewrite_clients="}},
		{p.Submission, "submission", []string{"smtpd_sasl_auth_enable=yes", "smtpd_recipient_restrictions=permit_sasl_authenticated,reject",
			"milter_macro_daemon_name=ORIGINATING"}},
		{p.Filtered, "filtered", []string{"content_filter=smtp:" + bracket(p.cf.addr)}},
		{p.Reinject, "reinject", []string{"content_filter=", "milter_macro_daemon_name=REINJECT"}},
		// Without the last option cleanup(8) completes addresses and adds a Date in mail from this host (ADDRESS_REWRITING_README).
		// These are the options of docs/install.md, and the daemon's name.
		{p.Release, "release", []string{"content_filter=", "milter_macro_daemon_name=RELEASE", "local_header_rewrite_clients=",
			"smtpd_recipient_restrictions=permit_mynetworks,reject", "smtpd_client_restrictions=permit_mynetworks,reject", "mynetworks=127.0.0.0/8",
			"receive_override_options=no_unknown_recipient_checks"}},
	}
}

// bracket writes host:port as Postfix wants a next hop without MX lookup: [host]:port.
func bracket(addr string) string {
	host, port, _ := net.SplitHostPort(addr)
	return "[" + host + "]:" + port
}

func (p *Postfix) writeConfig(o PostfixOptions) error {
	host, port, err := net.SplitHostPort(p.Sink.Addr)
	if err != nil {
		return err
	}
	main := fmt.Sprintf(mainCf, host, port) + "relay_domains = " + strings.Join(o.Domains, " ") + "\n"
	main += "smtpd_milters = " + o.Milter + "\nnon_smtpd_milters = " + o.Milter + "\n" + strings.Join(o.Main, "\n") + "\n"
	var master strings.Builder
	for _, l := range p.listeners() {
		fmt.Fprintf(&master, "%s inet n - y - - smtpd\n  -o syslog_name=postfix/%s\n", l.addr, l.name)
		for _, opt := range l.options {
			fmt.Fprintf(&master, "  -o %s\n", opt)
		}
	}
	master.WriteString(services)
	dir := filepath.Join(p.Dir, "etc", "postfix")
	return errors.Join(os.Mkdir(dir, 0o755),
		os.WriteFile(filepath.Join(dir, "main.cf"), []byte(main), 0o644),
		os.WriteFile(filepath.Join(dir, "master.cf"), []byte(master.String()), 0o644),
		os.WriteFile(filepath.Join(dir, "dynamicmaps.cf"), nil, 0o644))
}
