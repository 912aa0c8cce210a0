package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// TestContradictions: each file has this problem, of this weight, at this key and place; text is in both languages.
func TestContradictions(t *testing.T) {
	dir := t.TempDir()
	tests := []struct{ name, text, want string }{ // want is "LINE:COLUMN error|warning KEY: part of the text"
		{"milter open to everybody", "listen: inet:8899@0.0.0.0\nallowed_peers: [0.0.0.0/0]\n", "2:1 error allowed_peers: lets everybody connect"},
		{"milter open to everybody by IPv6", "listen: inet6:8899@[::]\nallowed_peers: [10.0.0.0/8, ::/0]\n", "2:1 error allowed_peers: lets everybody connect"},
		{"milter on a network address", "listen: inet:8899@192.0.2.1\nallowed_peers: []\n", "2:1 error allowed_peers: is empty"},
		{"nobody may connect", "allowed_peers: []\n", "1:1 error allowed_peers: is empty"},
		{"open listener, closed list", "listen: inet:8899@192.0.2.1\n", " warning allowed_peers: holds this machine only"},
		{"listener without a host is open", "listen: inet:8899\n", " warning allowed_peers: holds this machine only"},
		{"socket path too long", "listen: unix:/" + strings.Repeat("x", 107) + "\n", "1:1 error listen: 108 bytes"},
		{"socket nobody can write to", "listen: unix:/run/s\nsocket: {mode: '0440'}\n", "2:10 error socket.mode: nobody could connect"},
		{"socket for all", "listen: unix:/run/s\nsocket: {mode: '0666'}\n", "2:10 warning socket.mode: every local user"},
		{"peers of a unix socket", "listen: unix:/run/s\nallowed_peers: [10.0.0.0/8]\n", "2:1 warning allowed_peers: has no effect"},
		{"mode of no socket", "socket: {mode: '0600'}\n", "1:10 warning socket.mode: has no effect"},
		{"group of no socket", "socket: {group: postfix}\n", "1:10 warning socket.group: has no effect"},
		{"no state", "state: ''\n", "1:1 error state: is empty"},
		{"state that moves about", "state: ./s\n", "1:1 warning state: depends on the folder"},
		{"web on the milter's port", "web: {listen: '127.0.0.1:8899'}\n", "1:7 error web.listen: the milter's own port"},
		{"web on the milter's port on any address", "web: {listen: ':8899'}\n", "1:7 error web.listen: the milter's own port"},
		{"web on the milter's port by another loopback name", "web: {listen: 'localhost:8899'}\n", "1:7 error web.listen: the milter's own port"},
		{"web open", "web: {listen: '0.0.0.0:9899'}\n", "1:7 warning web.listen: without TLS"},
		{"web without a port", "web: {listen: localhost}\n", "1:7 error web.listen: not HOST:PORT"},
		{"web file absent", "web: {config_file: " + dir + "/none}\n", "1:7 error web.config_file: no such file"},
		{"web file is a folder", "web: {config_file: " + dir + "}\n", "1:7 error web.config_file: is a folder"},
		{"web file without web", "web: {listen: '', config_file: x}\n", "1:19 warning web.config_file: has no effect"},
		{"no sessions", "sessions: {max: 0}\n", "1:12 error sessions.max: more than 0"},
		{"no time to read", "timeouts: {read: 0s}\n", "1:12 error timeouts.read: more than 0"},
		{"longer than the MTA waits", "timeouts: {message: 5m}\n", "1:12 warning timeouts.message: milter_content_timeout"},
		{"shorter than the MTA's client", "timeouts: {idle: 1m}\n", "1:12 warning timeouts.idle: slow clients"},
		{"drain longer than systemd waits", "timeouts: {drain: 10m}\n", "1:12 warning timeouts.drain: TimeoutStopSec"},
		{"no room for work", "limits: {work_memory_bytes: 8MiB}\n", "1:10 error limits.work_memory_bytes: less than 32MiB"},
		{"a runtime without room", "limits: {work_memory_bytes: 100MiB, go_memory_bytes: 150MiB}\n", "1:37 error limits.go_memory_bytes: is less than twice"},
		{"inspection longer than the message", "limits: {inspect_time: 4m}\n", "1:10 error limits.inspect_time: is more than timeouts.message"},
		{"no own domain", "mode: tag\n", " warning site.local_domains: no domain is ours"},
		{"address for a domain", "site: {local_domains: [a@example.jp]}\n", `1:8 error site.local_domains: "a@example.jp" is no domain`},
		{"pattern for a domain", "site: {local_domains: ['*.example.jp']}\n", `1:8 error site.local_domains: is no domain`},
		{"everybody is internal", "site: {internal_networks: [0.0.0.0/0]}\n", "1:8 error site.internal_networks: is everybody"},
		{"everybody is a relay", "site: {trusted_relays: ['::/0']}\n", "1:8 error site.trusted_relays: is everybody"},
		{"relay holds a network of ours", "site: {internal_networks: [10.1.0.0/16], trusted_relays: [10.0.0.0/8]}\n", "1:42 error site.trusted_relays: could name any client"},
		{"gateway is no name", "site: {gateway: 'mail example'}\n", "1:8 error site.gateway: is no host name"},
		{"nobody proves himself", "site: {local_domains: [a.example]}\n", " warning site.authserv_id: is empty"},
		{"authserv-id is no token", "site: {authserv_id: 'a; b'}\n", "1:8 error site.authserv_id: is no authserv-id"},
		{"no depth", "limits: {depth: 0}\n", "1:10 error limits.depth: more than 0"},
		{"too deep", "limits: {depth: 101}\n", "1:10 error limits.depth: more than 100 levels"},
		{"memory above unpacked", "limits: {memory_bytes: 1GiB}\n", "1:10 error limits.memory_bytes: more memory than"},
		{"header above message", "limits: {message_bytes: 1KiB}\n", " error limits.header_bytes: is more than limits.message_bytes"},
		{"message above unpacked", "limits: {unpacked_bytes: 2MiB}\n", " error limits.message_bytes: could not be inspected whole"},
		{"message above quarantine", "quarantine: {max_bytes: 1MiB}\n", " error limits.message_bytes: could never be held"},
		{"results without room", "inspect: {cache: 0, cache_bytes: 0}\n", "1:21 error inspect.cache_bytes: more than 0"},
		{"list of passwords absent", "passwords: {file: " + dir + "/none.txt}\n", "1:13 error passwords.file: no such file"},
		{"no time for passwords", "passwords: {time: 0s}\n", "1:13 error passwords.time: "},
		{"pack absent", "rules: {pack: " + dir + "/none.yaml}\n", "1:9 error rules.pack: no such file"},
		{"tag with a line end", "actions: {subject_tag: \"a\\nBcc: x\"}\n", `1:11 error actions.subject_tag: "a\nBcc: x"`},
		{"tag with CR", "actions: {subject_tag: \"a\\rb\"}\n", "1:11 error actions.subject_tag: control character"},
		{"tag too long", "actions: {subject_tag: " + strings.Repeat("x", 201) + "}\n", "1:11 error actions.subject_tag: more than 200"},
		{"tag in mode monitor", "mode: monitor\nactions: {subject_tag: x}\n", "2:11 warning actions.subject_tag: has no effect"},
		{"failure lets mail pass", "actions: {on_failure: accept}\n", "1:11 warning actions.on_failure: passes unjudged"},
		{"hold without enforcing", "mode: tag\nactions: {quarantine: hold}\n", "2:11 warning actions.quarantine: has no effect"},
		{"hold and notices to recipients", "actions: {quarantine: hold}\nnotices: {recipients: true}\n", "2:11 error notices.recipients: only the MTA can release"},
		{"hold and release", "actions: {quarantine: hold}\nrelease: {valid: 2h}\n", "2:11 warning release.valid: has no effect"},
		{"hold and retention", "actions: {quarantine: hold}\nquarantine: {retention: 5d}\n", "2:14 warning quarantine.retention: has no effect"},
		{"locked files without room", "locked: {max_bytes: 0}\n", "1:10 error locked.max_bytes: more than 0"},
		{"locked share above the whole", "locked: {max_sender_percent: 101}\n", "1:10 error locked.max_sender_percent: 1 to 100"},
		{"locked share below a message", "locked: {max_bytes: 100MiB}\n", " warning locked.max_sender_percent: is not remembered"},
		{"passwords for a month", "locked: {keep: 30d}\n", "1:10 warning locked.keep: 30d"},
		{"waiting for what is forgotten", "locked: {keep: 5m, hold: 10m}\n", "1:20 error locked.hold: is more than locked.keep"},
		{"waiting without a memory", "locked: {keep: 0s, hold: 10m}\n", "1:20 error locked.hold: is more than locked.keep"},
		{"waiting for hours", "locked: {hold: 2h}\n", "1:10 warning locked.hold: 2h late"},
		{"waiting in the MTA's queue", "actions: {quarantine: hold}\nlocked: {hold: 10m}\n", "2:10 error locked.hold: needs our own store"},
		{"a burst of one mail", "outbound: {mails: 1}\n", "1:12 error outbound.mails: 2 or more"},
		{"one file is nothing different", "outbound: {carriers: 1}\n", "1:12 error outbound.carriers: 2 or more"},
		{"a window without time", "outbound: {window: 0s}\n", "1:12 error outbound.window: more than 0"},
		{"a window beyond the memory", "outbound: {window: 2d}\n", "1:12 error outbound.window: for a day"},
		{"no machine is counted", "outbound: {shared_clients: [0.0.0.0/0]}\n", "1:12 warning outbound.shared_clients: no machine is counted"},
		{"no machine is held", "outbound: {exempt_clients: [\"::/0\"]}\n", "1:12 warning outbound.exempt_clients: no machine is ever held"},
		{"waiting in mode monitor", "mode: monitor\nlocked: {hold: 10m}\n", "2:10 warning locked.hold: has no effect"},
		{"no room for conversations", "ledger: {max_mails: 0}\n", "1:10 error ledger.max_mails: more than 0"},
		{"conversations outlive correspondents", "ledger: {keep: 900d}\n", "1:10 error ledger.keep: is more than ledger.keep_correspondents"},
		{"mail waits for seconds", "ledger: {timeout: 5s}\n", "1:10 warning ledger.timeout: up to 5s"},
		{"key without hashes", "ledger: {key_file: /etc/k}\n", "1:10 warning ledger.key_file: has no effect"},
		{"key somewhere", "ledger: {hash_addresses: true, key_file: k}\n", "1:32 error ledger.key_file: absolute"},
		{"share above the whole", "quarantine: {max_source_percent: 101}\n", "1:14 error quarantine.max_source_percent: 1 to 100"},
		{"share below a message", "quarantine: {max_bytes: 200MiB, max_source_percent: 10}\n", "1:33 warning quarantine.max_source_percent: less than one message"},
		{"expiry before the notice", "quarantine: {retention: 2d}\nnotices: {every: 3d}\n", "1:14 error quarantine.retention: before anybody hears"},
		{"expiry over a weekend", "quarantine: {retention: 12h}\n", "1:14 warning quarantine.retention: gone on Monday"},
		{"disk smaller than its reserve", "state: /tmp\nquarantine: {min_free_bytes: 9000TiB}\n", "2:14 error quarantine.min_free_bytes: nothing could ever be held"},
		{"disk smaller than the cap", "state: " + dir + "/new/er\nquarantine: {max_bytes: 9000TiB}\n", "2:14 warning quarantine.max_bytes: the disk is full before"},
		{"release into the milter", "release: {smtp: '127.0.0.1:8899'}\n", "1:11 error release.smtp: milter's own port"},
		{"release without a port", "release: {smtp: localhost}\n", "1:11 error release.smtp: not HOST:PORT"},
		{"release to itself is not honoured", "release: {clients: [192.0.2.1]}\n", "1:11 error release.clients: held again"},
		{"release from everybody", "release: {clients: [0.0.0.0/0, 127.0.0.1]}\n", "1:11 error release.clients: is everybody"},
		{"release mark for a month", "release: {valid: 30d}\n", "1:11 warning release.valid: stolen"},
		{"release name is none", "release: {helo: '[192.0.2.1]'}\n", "1:11 error release.helo: is no host name"},
		{"recipients unknown", "notices: {recipients: true}\n", "1:11 error notices.recipients: needs site.local_domains"},
		{"notices without a sender", "site: {local_domains: [a.example]}\nnotices: {recipients: true}\n", " error notices.from: need a From address"},
		{"notices in mode tag", "mode: tag\nsite: {local_domains: [a.example]}\nnotices: {recipients: true, from: a@a.example}\n", "3:11 warning notices.recipients: has no effect"},
		{"address with a name", "notices: {postmaster: 'P <p@a.example>'}\n", "1:11 error notices.postmaster: is no mail address"},
		{"address with a header", "notices: {from: \"p@a.example\\nBcc: x@y\"}\n", "1:11 error notices.from: is no mail address"},
		{"notices without a port", "notices: {smtp: localhost}\n", "1:11 error notices.smtp: not HOST:PORT"},
		{"flood of notices", "notices: {every: 1s}\n", "1:11 warning notices.every: flood"},
		{"nobody hears", "mode: enforce\n", " warning notices.postmaster: nobody hears"},
		{"audit folder absent", "audit: {file: " + dir + "/none/a.jsonl}\n", "1:9 error audit.file: no such file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			problems := parsed(t, tt.text).Check()
			for _, p := range problems {
				bilingual(t, p)
			}
			head, says, _ := strings.Cut(tt.want, ": ")
			found := slices.ContainsFunc(problems, func(p Problem) bool {
				weight := map[bool]string{true: "warning", false: "error"}[p.Warning]
				return fmt.Sprintf("%s %s %s", p.Pos, weight, p.Key) == head && strings.Contains(p.EN, strings.TrimPrefix(says, ": "))
			})
			if !found {
				t.Errorf("want %s\ngot  %+v", tt.want, problems)
			}
		})
	}
}

// TestGoodFilesHaveNoErrors: set-ups of real sites pass; the number of warnings is exact.
func TestGoodFilesHaveNoErrors(t *testing.T) {
	ours := "state: /tmp\nsite: {local_domains: [example.co.jp, .example.co.jp, 例え.jp], internal_networks: [10.0.0.0/8], trusted_relays: [10.0.0.25], authserv_id: mx.example.co.jp}\n" +
		"quarantine: {max_bytes: 2GiB, min_free_bytes: 1MiB, max_source_percent: 50}\n"
	// In the hold queue the quarantine's caps are without effect, which is told.
	for name, text := range map[string]string{
		"single host":          ours + "notices: {postmaster: postmaster@example.co.jp}\n",
		"socket in the chroot": ours + "listen: unix:/var/spool/postfix/sekisho/s.sock\nsocket: {mode: '0660', group: postfix}\nmode: monitor\n",
		"milter for two MTAs":  ours + "listen: inet:8899@192.0.2.1\nallowed_peers: [192.0.2.0/28]\nmode: tag\n",
		"notices to recipients": ours + "notices: {recipients: true, postmaster: 検疫@例え.jp}\n" +
			"release: {smtp: 'mx.example.co.jp:25', clients: [192.0.2.9]}\n",
		"hold queue": ours + "actions: {quarantine: hold}\nnotices: {postmaster: p@example.co.jp}\n",
		"web off":    ours + "web: {listen: ''}\nmode: monitor\n",
	} {
		c := parsed(t, text)
		for _, p := range c.Check() {
			if name == "hold queue" && strings.HasPrefix(p.Key, "quarantine.") {
				continue
			}
			t.Errorf("%s: %s", name, p.Text("en"))
		}
	}
}

func TestDefaultsHaveNoErrors(t *testing.T) {
	if ps := Default().Check(); Errors(ps) {
		t.Errorf("%+v", ps)
	}
	if !Errors([]Problem{{Warning: true}, {}}) || Errors([]Problem{{Warning: true}}) {
		t.Error("Errors does not tell an error from a warning")
	}
}

// bilingual checks that a problem has a Japanese text of its own, with its values filled in.
func bilingual(t *testing.T, p Problem) {
	t.Helper()
	if !strings.ContainsFunc(p.JA, func(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) }) {
		t.Errorf("%s: no Japanese: %q", p.Key, p.JA)
	}
	if strings.Contains(p.EN+p.JA, "%!") {
		t.Errorf("%s: a value is missing: %q %q", p.Key, p.EN, p.JA)
	}
	if ja := p.Text("ja"); !strings.Contains(ja, "エラー: ") && !strings.Contains(ja, "警告: ") {
		t.Errorf("no weight in %q", ja)
	}
}

func TestProblemsComeInTheOrderOfTheFile(t *testing.T) {
	problems := parsed(t, "release: {smtp: x}\nlog: {level: info}\nsessions: {max: 0}\nweb: {listen: x}\n").Check()
	if !slices.IsSortedFunc(problems, func(a, b Problem) int { return a.Pos.Line - b.Pos.Line }) {
		t.Errorf("%+v", problems)
	}
}
