package config

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Check finds settings that contradict each other, the machine or themselves, in the order of the file. What would lose, expose or misjudge mail
// is an error; what merely has no effect is a warning, so that switching to mode monitor in a hurry is never refused.
func (c *Config) Check() []Problem {
	k := &checker{Config: c, standard: Default().leaves(), now: c.leaves()}
	for _, check := range []func(){
		k.listener, k.peers, k.state, k.web, k.sessions, k.site, k.limits, k.inspect, k.rules, k.passwords, k.lists,
		k.locked, k.ledger, k.outbound, k.actions, k.hold, k.quarantine, k.release, k.notices, k.audit, k.trace,
	} {
		check()
	}
	slices.SortStableFunc(k.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column))
	})
	return k.problems
}

// stopTime is TimeoutStopSec of deploy/systemd/sekisho.service.
const stopTime = 240 * time.Second

// checker gathers problems.
type checker struct {
	*Config
	standard, now map[string]leaf
	problems      []Problem
}

// fail adds an error; the same args go into both texts.
func (k *checker) fail(key, en, ja string, args ...any) { k.add(key, false, en, ja, args) }

// warn adds a warning.
func (k *checker) warn(key, en, ja string, args ...any) { k.add(key, true, en, ja, args) }

func (k *checker) add(key string, warning bool, en, ja string, args []any) {
	k.problems = append(k.problems, Problem{
		Key: key, Warning: warning, Pos: k.source.at[key], EN: fmt.Sprintf(en, args...), JA: fmt.Sprintf(ja, args...),
	})
}

// changed reports whether a key differs from its default.
func (k *checker) changed(key string) bool { return k.standard[key].text() != k.now[key].text() }

// positive demands values above zero.
func (k *checker) positive(list []string) {
	for _, key := range list {
		if v := k.now[key].v; v.CanInt() && v.Int() <= 0 {
			k.fail(key, "must be more than 0", "0 より大きい値にしてください")
		}
	}
}

// atMost demands that one duration or number is not above another.
func (k *checker) atMost(small, large, enWhy, jaWhy string) {
	s, l := k.now[small], k.now[large]
	if s.v.Int() > l.v.Int() {
		k.fail(small, "%[1]s is more than %[2]s (%[3]s): "+enWhy, "%[1]s は %[2]s(%[3]s)を超えています。"+jaWhy, s.text(), large, l.text())
	}
}

func (k *checker) sessions() {
	k.positive([]string{"sessions.max", "timeouts.idle", "timeouts.read", "timeouts.write", "timeouts.message", "timeouts.hold", "timeouts.drain"})
	// Postfix keeps one connection per smtpd process and milter_content_timeout is 300 s; Sendmail waits 5 min (T=E:5m).
	const mta = 300 * time.Second
	if k.Timeouts.Message+k.Timeouts.Hold >= mta {
		k.warn("timeouts.message", "with timeouts.hold this is %[1]s, and MTAs give up at %[2]s: set Postfix' milter_content_timeout higher",
			"timeouts.hold と合わせて %[1]s になり、MTA は %[2]s で待つのをやめます。Postfix の milter_content_timeout を延ばしてください",
			formatDuration(k.Timeouts.Message+k.Timeouts.Hold), formatDuration(mta))
	}
	if k.Timeouts.Idle < mta {
		k.warn("timeouts.idle", "%[1]s is less than the %[2]s an MTA waits for its client: slow clients would lose the filter",
			"%[1]s は、MTA がクライアントを待つ %[2]s より短く、遅いクライアントのメールが検査されなくなります",
			formatDuration(k.Timeouts.Idle), formatDuration(mta))
	}
	if k.Timeouts.Drain > stopTime {
		k.warn("timeouts.drain", "systemd kills the service after %[1]s (TimeoutStopSec)",
			"systemd は %[1]s(TimeoutStopSec)でサービスを強制終了します", formatDuration(stopTime))
	}
	k.atMost("limits.inspect_time", "timeouts.message", "the message would be given up before its inspection ends",
		"検査が終わる前に処理が打ち切られます")
}

func (k *checker) site() {
	s := k.Site
	if len(s.LocalDomains) == 0 {
		k.warn("site.local_domains", "no domain is ours: only networks and authentication tell outgoing mail from incoming",
			"自組織のドメインが未設定です。送信と受信はネットワークと認証だけで見分けます")
	}
	for _, d := range s.LocalDomains {
		if !isDomain(strings.TrimPrefix(d, ".")) { // ".example.jp" takes in the subdomains
			k.fail("site.local_domains", "%[1]q is no domain name", "%[1]q はドメイン名ではありません", d)
		}
	}
	k.narrow("site.internal_networks", s.InternalNetworks)
	k.narrow("site.trusted_relays", s.TrustedRelays)
	for _, r := range s.TrustedRelays {
		for _, n := range s.InternalNetworks {
			if r.Bits() <= n.Bits() && r.Contains(n.Addr()) {
				k.fail("site.trusted_relays", "%[1]s holds the internal network %[2]s: every machine there could name any client in a Received field",
					"%[1]s は内部ネットワーク %[2]s を含みます。そこの機器はどれも Received で送信元を偽れます", r, n)
			}
		}
	}
	if s.Gateway != "" && !isDomain(s.Gateway) {
		k.fail("site.gateway", "%[1]q is no host name", "%[1]q はホスト名ではありません", s.Gateway)
	}
	if s.AuthservID == "" && len(s.LocalDomains) > 0 {
		k.warn("site.authserv_id", "is empty: no sender proves who he is, so macros of known correspondents are held like strangers'",
			"空のため送信者認証の結果を使えず、連絡のある相手のマクロも見知らぬ相手のものと同様に隔離します")
	}
	if s.AuthservID != "" && !isToken(s.AuthservID) {
		k.fail("site.authserv_id", "%[1]q is no authserv-id (RFC 8601 2.2)", "%[1]q は authserv-id ではありません(RFC 8601 2.2)", s.AuthservID)
	}
}

// narrow refuses a network of everybody.
func (k *checker) narrow(key string, list []netip.Prefix) {
	for _, p := range list {
		if p.Bits() == 0 {
			k.fail(key, "%[1]s is everybody", "%[1]s はすべてのアドレスです", p)
		}
	}
}

func (k *checker) limits() {
	k.positive([]string{"limits.message_bytes", "limits.header_bytes", "limits.memory_bytes", "limits.parts", "limits.depth",
		"limits.files", "limits.unpacked_bytes", "limits.inspect_time"})
	k.atMost("limits.memory_bytes", "limits.unpacked_bytes", "more memory than may be unpacked at all",
		"展開してよい総量より多くメモリーに置くことになります")
	k.atMost("limits.header_bytes", "limits.message_bytes", "a header is part of its message", "ヘッダーはメールの一部です")
	k.atMost("limits.message_bytes", "limits.unpacked_bytes", "a message of one plain attachment could not be inspected whole",
		"添付が一つだけのメールでも検査しきれません")
	k.atMost("limits.message_bytes", "quarantine.max_bytes", "such a message could never be held", "そのようなメールを隔離できません")
	const leastWork = 32 << 20 // budget.MemoryLeast
	if n := k.Limits.WorkMemoryBytes; n != 0 && n < leastWork {
		k.fail("limits.work_memory_bytes", "less than %[1]s is too little for one heavy inspection", "%[1]s 未満では重い検査が一つも行えません", Size(leastWork))
	}
	if g := k.Limits.GoMemoryBytes; g != 0 && g < 2*max(k.Limits.WorkMemoryBytes, leastWork) {
		k.fail("limits.go_memory_bytes", "is less than twice limits.work_memory_bytes: the runtime would do little but collect garbage",
			"limits.work_memory_bytes の 2 倍未満です。ガベージコレクションに時間を取られます")
	}
	const deep = 100 // each level costs stack, buffers and a share of the time; real mail has at most five
	if k.Limits.Depth > deep {
		k.fail("limits.depth", "more than %[1]d levels: a mail could exhaust memory", "%[1]d 段を超えています。メモリーを使い果たすおそれがあります", deep)
	}
}

func (k *checker) inspect() { k.positive([]string{"inspect.cache_bytes"}) }

func (k *checker) rules() { k.exists("rules.pack", k.Rules.Pack) }

func (k *checker) passwords() {
	k.exists("passwords.file", k.Passwords.File)
	k.positive([]string{"passwords.time"})
}

// lists looks at what package lists does not: whether the files are there. One that is not may come.
func (k *checker) lists() {
	for _, l := range k.Lists {
		k.exists("lists", l.File)
	}
}

func (k *checker) trace() {
	k.positive([]string{"trace.max_bytes"})
	const usual = 400 // bytes of an ordinary message's record and index: docs/design/line.md
	if n := int64(k.Trace.MaxBytes) / usual; k.Trace.Keep > 0 && k.Trace.MaxBytes > 0 && n < 100_000 {
		k.warn("trace.max_bytes", "has room for the records of some %[1]d messages: older ones go", "記録できるのはおよそ %[1]d 通分です。古い記録から消えます", n)
	}
}

func (k *checker) audit() { k.parent("audit.file", k.Audit.File) }
